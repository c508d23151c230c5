//! Links: what goes in comes out, for ten thousand scenarios; and whatever else is put in gives an answer.

use crate::scenario::any_chain;
use md5::{Digest, Md5};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use streamgauge::link::{self, Code, DICTIONARY, Link, LinkError, Qr, decode, encode};
use streamgauge::scenario::{Draft, document, presets};

fn document_of(link: &str) -> Result<Draft, LinkError> {
    match decode(link)? {
        Link::Document(draft) => Ok(draft),
        Link::Preset(short) => panic!("a document was expected, and it is {short:?}"),
    }
}

fn preset(id: &str) -> Draft {
    presets::draft(id).expect("it exists")
}

/// Code as somebody could write it, with what texts have that is hard to carry.
fn code() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[a-z ]{0,40}",
        2 => ".{0,40}",
        1 => Just("\"\\\u{0}\n\r\u{2028}\u{1F9A6}é{}[],".to_owned()),
        1 => Just("for (const record of event.Records) {\n".to_owned()),
    ];
    let short = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    // Up to 64 KiB.
    let long = (short.clone(), 1..4_000usize).prop_map(|(text, times)| {
        let times = times.min(65_536 / text.len().max(1)).max(1);
        text.repeat(times)
    });
    prop_oneof![6 => short, 1 => long]
}

#[test]
fn ten_thousand_scenarios_come_back_as_they_were() {
    // The longest of all tests, so it takes every core that it can have.
    std::thread::scope(|scope| {
        let parts = [(); 4].map(|()| scope.spawn(|| come_back_as_they_were(2_500)));
        for part in parts {
            part.join().expect("each comes back");
        }
    });
}

fn come_back_as_they_were(cases: u32) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let given = (any_chain::chained(), prop::option::of(code()), any::<bool>());
    let result = runner.run(&given, |(scenario, code, inside)| {
        let mut draft = document::of(&scenario);
        if let Some(code) = code {
            let path = if inside { "then.0.consumers.0" } else { "consumers.0" };
            draft.set(&format!("{path}.handler"), "javascript".into());
            draft.set(&format!("{path}.code"), code.into());
            match encode(&draft) {
                Ok(link) => prop_assert_eq!(document_of(&link), Ok(draft)),
                Err(LinkError::TooLong { characters }) => prop_assert!(characters > link::CHARACTERS_MAX),
                Err(error) => prop_assert!(false, "{}", error),
            }
        } else {
            let opened = document_of(&encode(&draft).expect("it is short"));
            prop_assert_eq!(opened.as_ref(), Ok(&draft));
            prop_assert_eq!(opened.expect("it opened").check(), Ok(scenario));
        }
        Ok(())
    });
    result.expect("each comes back");
}

#[test]
fn presets_make_short_links() {
    for preset in presets::ALL {
        let link = encode(&preset.draft()).expect("a preset fits");
        assert_eq!(document_of(&link), Ok(preset.draft()), "{}", preset.id);
        if preset.table_file().is_none() {
            // One that has designs beside its own says more.
            let most = if preset.compares() { 450 } else { 320 };
            assert!(link.len() < most, "{}: {} characters", preset.id, link.len());
        }
    }
    assert!(encode(&preset("sudden-popularity")).expect("it fits").len() < 60);
}

/// Decodes, and demands that the answer comes at once.
#[expect(clippy::disallowed_methods, reason = "a link that takes long would hold up the page")]
fn answer(text: &str) -> Result<Link, LinkError> {
    // The least of some tries, because other programs run beside this one.
    let mut least = Duration::MAX;
    let mut answer = None;
    for _ in 0..5 {
        let start = Instant::now();
        answer = Some(decode(text));
        least = least.min(start.elapsed());
        if least < Duration::from_millis(10) {
            break;
        }
    }
    assert!(least < Duration::from_millis(10), "{least:?} for {} bytes", text.len());
    let answer = answer.expect("it was asked");
    if let Err(error) = &answer {
        assert!(error.to_string().ends_with('.') && error.advice().ends_with('.'));
    }
    answer
}

proptest! {
    #![proptest_config(Config { cases: 3_000, ..Config::default() })]

    #[test]
    fn any_text_gives_an_answer(bytes: Vec<u8>, text in ".{0,200}", letters in "[A-Za-z0-9_-]{0,300}") {
        let _ = answer(&String::from_utf8_lossy(&bytes));
        let _ = answer(&text);
        let without_sum = format!("#k1.{letters}.AAAAAA");
        prop_assert!(answer(&without_sum).is_err());
        let _ = answer(&format!("#s={text}&{letters}={text}"));
        // Whole by its checksum, and anything inside.
        let _ = answer(&sealed(&letters));
    }

    #[test]
    fn a_damaged_link_opens_nothing(place: prop::sample::Index, letter in "[A-Za-z0-9_.-]") {
        let link = encode(&preset("hot-key")).expect("it fits");
        let place = place.index(link.len());
        let mut damaged = link.clone();
        damaged.replace_range(place..=place, &letter);
        if damaged != link {
            prop_assert!(answer(&damaged).is_err());
        }
    }
}

/// A link with the right checksum around any letters.
fn sealed(letters: &str) -> String {
    use base64::Engine as _;
    let body = format!("k1.{letters}");
    let sum = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(crc32fast::hash(body.as_bytes()).to_be_bytes());
    format!("#{body}.{sum}")
}

/// A link that holds any bytes, packed without the dictionary.
fn holding(bytes: &[u8]) -> String {
    use base64::Engine as _;
    let packed = miniz_oxide::deflate::compress_to_vec(bytes, 9);
    sealed(&base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(packed))
}

#[test]
fn a_link_that_is_cut_anywhere_says_so() {
    let link = encode(&preset("many-consumers")).expect("it fits");
    for end in 0..link.len() {
        let error = answer(&link[..end]).expect_err("a part is no link");
        let expected = if end < 3 { LinkError::NotALink } else { LinkError::CutOff };
        assert_eq!(error, expected, "{}", &link[..end]);
    }
    for bit in 0..8 * link.len() {
        let mut bytes = link.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(answer(&text).is_err(), "{text}");
    }
}

#[test]
fn what_programs_put_around_a_link_does_no_harm() {
    let draft = preset("hot-key");
    let link = encode(&draft).expect("it fits");
    let (first, second) = link.split_at(40);
    for text in [
        format!("https://example.org/gauge/?present{link}"),
        link[1..].to_owned(),
        format!("{link}."),
        format!("{link})."),
        format!("  {first}\r\n {second}\n"),
    ] {
        assert_eq!(document_of(&text), Ok(draft.clone()), "{text}");
    }
}

#[test]
fn an_error_says_which_it_is() {
    let link = encode(&preset("hot-key")).expect("it fits");
    for (text, error) in [
        (String::new(), LinkError::NotALink),
        ("#top".to_owned(), LinkError::NotALink),
        ("#k0.AAAA.AAAAAA".to_owned(), LinkError::NotALink),
        ("#kitchen.AAAA.AAAAAA".to_owned(), LinkError::NotALink),
        (link.replace("#k1", "#k2"), LinkError::Newer),
        (link.replace("#k1", "#k17"), LinkError::Newer),
        (link.replacen('.', ".A", 1), LinkError::Damaged),
        (format!("#k1.{}.AAAAAA", "A".repeat(70_000)), LinkError::TooLong { characters: 70_010 }),
        ("#s=hot".to_owned(), LinkError::UnknownPreset("hot".to_owned())),
        (holding(b"{\"streamgauge\": 2}"), LinkError::Newer),
        (holding(b"{"), LinkError::NoScenario),
        (holding(b"\xff"), LinkError::NoScenario),
        (sealed("AAAA"), LinkError::NoScenario),
        (sealed("A"), LinkError::Damaged),
    ] {
        assert_eq!(answer(&text), Err(error), "{text:.80}");
    }
    // Whole, but with bytes behind the end of what is packed.
    let mut packed = miniz_oxide::deflate::compress_to_vec(b"{}", 9);
    packed.push(0);
    use base64::Engine as _;
    let longer = sealed(&base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(packed));
    assert_eq!(answer(&longer), Err(LinkError::NoScenario));
}

#[test]
fn bombs_and_towers_are_refused_at_once() {
    let mebi = link::DOCUMENT_BYTES_MAX;
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let wide = |values: usize| format!("[{}1]", "1,".repeat(values - 2));
    for bad in [
        vec![b' '; mebi + 1],
        vec![0; 40 * mebi],
        deep(link::DEPTH_MAX + 1).into_bytes(),
        deep(400_000).into_bytes(),
        "[".repeat(mebi).into_bytes(),
        wide(link::VALUES_MAX + 1).into_bytes(),
        format!("{{{}}}", "\"a\":{},".repeat(90_000)).into_bytes(),
    ] {
        assert_eq!(answer(&holding(&bad)), Err(LinkError::NoScenario), "{} bytes", bad.len());
    }
    for good in [deep(link::DEPTH_MAX), wide(link::VALUES_MAX), format!("\"{}\"", "a".repeat(mebi - 2))] {
        assert!(answer(&holding(good.as_bytes())).is_ok(), "{} bytes", good.len());
    }
}

#[test]
fn what_cannot_be_opened_is_not_made() {
    let with = |value: Value| encode(&Draft::from_value(value));
    let wide = Value::from(vec![1; link::VALUES_MAX]);
    assert_eq!(with(json!({ "rows": wide })), Err(LinkError::NoScenario));
    assert_eq!(with(Value::from("a".repeat(link::DOCUMENT_BYTES_MAX))), Err(LinkError::NoScenario));
    // What no compressor makes shorter.
    let mut noise = 1u64;
    let mut letter = || {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + (noise >> 33) as u8 % 90)
    };
    let text: String = (0..65_536).map(|_| letter()).collect();
    let Err(LinkError::TooLong { characters }) = with(json!({ "consumers": [{ "code": text }] })) else {
        panic!("it is too long")
    };
    assert!((65_537..100_000).contains(&characters), "{characters}");
}

#[test]
fn a_short_link_names_a_preset_and_what_it_changes() {
    let Ok(Link::Preset(short)) = decode(
        "#s=hot-key&stream.shards=4&name=A%20day%2C%201998&traffic.keys.share=0.25&seed=12&nonsense=1&stream.shard=2&producer.batch",
    ) else {
        panic!("it is a short link")
    };
    let mut draft = preset(short.preset);
    short.apply(&mut draft);
    assert_eq!(draft.get("stream.shards"), Some(&json!(4)));
    assert_eq!(draft.get("name"), Some(&json!("A day, 1998")));
    assert_eq!(draft.get("traffic.keys.share"), Some(&json!(0.25)));
    let ignored: Vec<&str> = short.ignored.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(ignored, ["nonsense", "stream.shard"]);
    // A field without a value is a problem of the document, like any other.
    assert_eq!(draft.check().expect_err("the batch is no number")[0].path, "producer.batch");
    // A year as a name is a name, and a path as long as it likes is no field.
    let Ok(Link::Preset(short)) = decode(&format!("#s=hot-key&name=1998&{}name=1", "then.0.".repeat(5_000))) else {
        panic!("it is a short link")
    };
    assert_eq!((short.set, short.ignored.len()), (vec![("name".to_owned(), json!("1998"))], 1));
    let many = format!("#s=hot-key{}", "&seed=1".repeat(link::OVERRIDES_MAX + 1));
    let Ok(Link::Preset(short)) = decode(&many) else { panic!("it is a short link") };
    assert_eq!((short.set.len(), short.ignored.len()), (link::OVERRIDES_MAX, 1));
}

#[test]
fn code_is_found_wherever_it_stands_and_has_a_name_of_its_own() {
    let with = |path: &str, code: &str| {
        let mut draft = preset("sudden-popularity");
        draft.set(path, code.into());
        draft
    };
    let of = |draft: &Draft| Code::of(draft.value());
    assert_eq!(of(&preset("many-consumers")), None);
    assert_eq!(of(&with("consumers.0.code", "")), None);
    let code = of(&with("consumers.0.code", "exports.handler = () => {};")).expect("there is code");
    assert_eq!((code.consumers, code.bytes), (1, 27));
    assert_eq!(code.fingerprint, "acorn-autumn-igloo-bucket", "it stays the same for ever");
    let mut all = vec![code.fingerprint];
    for (path, text) in [
        ("consumers.0.code", "exports.handler = () => {} ;"),
        ("consumers.0.module", "exports.handler = () => {};"),
        ("then.0.consumers.0.code", "exports.handler = () => {};"),
        ("then.0.then.0.consumers.0.module", "AGFzbQ"),
    ] {
        let code = of(&with(path, text)).expect("there is code");
        assert_eq!((code.consumers, code.bytes), (1, text.len()), "{path}");
        assert_eq!(code.fingerprint.split('-').count(), 4);
        all.push(code.fingerprint);
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 5);
    // What is not code does not change it.
    let mut other = with("consumers.0.code", "exports.handler = () => {};");
    other.set("seed", 99.into());
    assert_eq!(of(&other).expect("there is code").fingerprint, "acorn-autumn-igloo-bucket");
}

#[test]
fn the_words_are_plain_and_all_different() {
    let words: Vec<&str> = include_str!("../../src/link/words.txt").lines().collect();
    assert_eq!(words.len(), 256);
    assert!(words.is_sorted_by(|a, b| a < b));
    assert!(words.iter().all(|word| (2..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase())));
}

/// Links that are out in the world were packed with exactly these bytes. Whoever finds this test failing must not edit
/// it: another dictionary is another form, `k2`.
#[test]
fn the_dictionary_is_frozen() {
    assert_eq!(DICTIONARY.len(), 8_192);
    assert_eq!(digest(DICTIONARY), "82c805fcf639a600f0a0842c45282e20");
}

fn digest(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The corpus: each line has the digest of what the link opens, and the link. Lines are added and never changed.
#[test]
fn links_of_every_release_open_what_they_always_opened() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/links");
    let mut count = 0;
    let mut problems = Vec::new();
    for entry in folder.read_dir().expect("the folder exists") {
        let text = std::fs::read_to_string(entry.expect("it can be read").path()).expect("it is text");
        for line in text.lines().filter(|line| !line.starts_with("//") && !line.is_empty()) {
            count += 1;
            let (expected, link) = line.split_once(' ').expect("a digest, a blank, a link");
            let opened = match decode(link).unwrap_or_else(|error| panic!("{error} {link}")) {
                Link::Document(draft) => draft,
                Link::Preset(short) => {
                    let mut draft = preset(short.preset);
                    short.apply(&mut draft);
                    assert_eq!(draft.check().err(), None, "{link}");
                    Draft::from_value(json!({ "preset": short.preset, "set": short.set }))
                }
            };
            let found = digest(opened.value().to_string().as_bytes());
            if found != expected {
                problems.push(format!("{found} {link}"));
            }
        }
    }
    assert!(count >= 10, "{count} links");
    assert!(problems.is_empty(), "other digests:\n{}", problems.join("\n"));
}

#[test]
fn the_page_is_told_in_sentences() {
    let base = "https://example.org/gauge/";
    let mut draft = preset("sudden-popularity");
    draft.set("consumers.0.code", "exports.handler = () => {};".into());
    let made = link::made(base, &draft.to_json());
    assert!(made["link"].as_str().expect("a link").starts_with("https://example.org/gauge/#k1."));
    assert_eq!(
        made["carries"],
        "It carries the whole scenario, with 0.1 KB of code in 1 consumer, fingerprint acorn-autumn-igloo-bucket."
    );
    assert!(
        made["size"].as_str().expect("a sentence").ends_with("characters: short enough for mail, chat and a QR code.")
    );
    assert_eq!(made["long"], false);
    assert!(made["side"].as_u64().expect("a code") >= 29);
    let opened = link::opened(made["link"].as_str().expect("a link"));
    assert_eq!(opened["document"], *draft.value());
    assert_eq!(opened["code"], "0.1 KB of code in 1 consumer, fingerprint acorn-autumn-igloo-bucket");

    let short = link::made(base, "#s=hot-key");
    assert_eq!(short["link"], "https://example.org/gauge/#s=hot-key");
    let opened = link::opened("#s=hot-key&seed=8&sed=9");
    assert_eq!(opened["preset"], "hot-key");
    assert_eq!(opened["set"], json!([["seed", 8]]));
    assert_eq!(opened["ignored"], json!(["sed: a scenario has no such field."]));

    let long = link::made(base, &preset("world-cup-1998").to_json());
    assert_eq!((&long["long"], &long["qr"]), (&json!(true), &Value::Null));
    let failed = link::opened("#k2.A.AAAAAA");
    assert_eq!(failed["error"], "This link was made by a newer version of Streamgauge.");
    assert!(failed["advice"].is_string());
    // More values than a link may have.
    let rows: Vec<_> = (0..6_000).map(|row| json!([60 * row, 60, 1, 512])).collect();
    let mut large = preset("hot-key");
    large.set("traffic.curve", json!([{ "kind": "series", "rows": rows }]));
    assert!(link::made(base, &large.to_json())["error"].is_string());
}

/// Code of functions that transform, behind the stream and in a design, stands in a link as a consumer's does: it is
/// counted, and other code has another fingerprint.
#[test]
fn code_that_transforms_is_told_of_a_link() {
    let code = |of: &[(&str, &str)]| {
        let mut draft = preset("sudden-popularity");
        for (path, text) in of {
            draft.set(path, (*text).into());
        }
        let made = link::made("", &draft.to_json());
        link::opened(made["link"].as_str().expect("a link"))["code"].clone()
    };
    const TEXT: &str = "exports.handler = () => {};";
    let paths = [
        "consumers.0.code",
        "deliver.0.firehose.transform.code",
        "designs.0.firehose.transform.code",
        "designs.0.firehose.transform.module",
    ];
    let words = paths.map(|path| code(&[(path, TEXT)]).as_str().expect("it has code").to_owned());
    assert!(
        words.iter().skip(1).all(|words| words.starts_with("0.1 KB of code in 1 transform, fingerprint ")),
        "{words:?}"
    );
    let fingerprints: BTreeSet<&str> = words.iter().filter_map(|words| words.split(' ').next_back()).collect();
    // Where it stands behind the stream or in a design makes no other code of it.
    assert_eq!(fingerprints.len(), 3, "{words:?}");
    let all = code(&paths.map(|path| (path, TEXT)));
    assert!(
        all.as_str().is_some_and(|all| all.starts_with("0.2 KB of code in 1 consumer and 2 transforms, ")),
        "{all}"
    );
}

#[test]
fn a_code_has_a_quiet_zone_and_its_three_corners() {
    let code = Qr::of("https://example.org/#s=hot-key").expect("it fits");
    assert_eq!((code.size - 8 - 17) % 4, 0);
    // The upper edge of the first finder pattern, behind four light modules.
    assert!(code.path.starts_with("M4 4h7v1h-7z"), "{}", code.path);
    assert_eq!(Qr::of(&"a".repeat(4_000)), None);
}
