//! What the page asks the link's module, answered as JSON: all sentences about a link are made here, not in the page.

use super::{Code, Link, LinkError, Qr, decode, encode};
use crate::limits::grouped;
use crate::scenario::Draft;
use serde_json::{Value, json};

/// Up to so many characters an address is called short enough for something, in words.
const TIERS: [(usize, &str); 3] = [
    (1_000, "short enough for mail, chat and a QR code"),
    (2_000, "short enough for chat; some mail programs cut it"),
    (8_000, "short enough for most programs, too long for some chats and mails"),
];
/// What is said about longer ones.
const LONG: &str = "too long for many programs: send the file instead";

/// The link of a scenario: `base` is the address of the page, `what` its document as JSON or a fragment that is there
/// already. The answer has `link`, `size`, `carries`, and where they make sense `long`, `qr` and `side`; or `error`
/// and `advice`.
pub fn made(base: &str, what: &str) -> Value {
    let made = if what.starts_with('#') {
        decode(what).map(|_| (what.to_owned(), "a preset of this page, by its name".to_owned()))
    } else {
        Draft::parse(what)
            .map_err(|_| LinkError::NoScenario)
            .and_then(|draft| encode(&draft).map(|link| (link, carries(Code::of(draft.value())))))
    };
    let (fragment, carries) = match made {
        Ok(made) => made,
        Err(error) => return told(&error),
    };
    let link = format!("{base}{fragment}");
    let length = link.chars().count();
    let tier = TIERS.iter().find(|(most, _)| length <= *most).map(|(_, words)| *words);
    let size = format!("{} characters: {}.", grouped(length as u64), tier.unwrap_or(LONG));
    let qr = Some(&link).filter(|_| length <= TIERS[0].0).and_then(|link| Qr::of(link));
    let mut answer =
        json!({ "link": link, "size": size, "carries": format!("It carries {carries}."), "long": tier.is_none() });
    if let Some(Qr { size, path }) = qr {
        answer["qr"] = path.into();
        answer["side"] = size.into();
    }
    answer
}

/// What a link opens: `document` as JSON text with `code` where it carries code, or `preset` with `set` and `ignored`;
/// or `error` and `advice`.
pub fn opened(link: &str) -> Value {
    match decode(link) {
        Ok(Link::Document(draft)) => {
            let code = Code::of(draft.value());
            json!({ "document": draft.value(), "code": code.map(|code| code_words(&code)) })
        }
        Ok(Link::Preset(short)) => {
            let ignored = short.ignored.iter().map(|problem| format!("{problem}.")).collect::<Vec<_>>();
            json!({ "preset": short.preset, "set": short.set, "ignored": ignored })
        }
        Err(error) => told(&error),
    }
}

fn told(error: &LinkError) -> Value {
    json!({ "error": error.to_string(), "advice": error.advice() })
}

fn carries(code: Option<Code>) -> String {
    code.map_or_else(
        || "the whole scenario".to_owned(),
        |code| format!("the whole scenario, with {}", code_words(&code)),
    )
}

/// `0.9 KB of code in 1 consumer, fingerprint otter-lamp-fern-kite`.
fn code_words(code: &Code) -> String {
    let Code { consumers, transforms, bytes, fingerprint } = code;
    let tenths = bytes.div_ceil(100);
    let counted = [(consumers, "consumer"), (transforms, "transform")];
    let counted = counted.into_iter().filter(|(count, _)| **count > 0);
    let words = counted.map(|(count, word)| format!("{count} {word}{}", if *count == 1 { "" } else { "s" }));
    let places = words.collect::<Vec<_>>().join(" and ");
    format!("{}.{} KB of code in {places}, fingerprint {fingerprint}", tenths / 10, tenths % 10)
}
