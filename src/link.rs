//! A scenario in a link: the whole document, code included, packed behind the `#` of an address, and read back.
//!
//! ```text
//! #k1.<base64url of the compressed document>.<CRC-32 of what stands before the last full stop, in six characters>
//! #s=<id of a preset>&<path>=<value>&…
//! ```
//!
//! The first form is raw deflate of the document as compact JSON, with a frozen dictionary before it; `k1` names the
//! form and the dictionary, and another dictionary would be `k2`. The second is short, and can be read and written by
//! people. What stands behind the `#` is never sent to a server.
//!
//! A link is a stranger's text, so it is looked at from the cheapest check to the dearest: length, characters,
//! checksum, size when unpacked, depth and number of values. The scenario's own checks come after that and belong to
//! whoever opens it: a [`Draft`] may be anything.

mod answer;
mod bounds;
mod code;
mod envelope;
mod pack;
mod qr;
mod shortcut;

pub use answer::{made, opened};
pub use code::Code;
pub use pack::DICTIONARY;
pub use qr::Qr;
pub use shortcut::{OVERRIDES_MAX, Shortcut};

use crate::scenario::{Draft, document};
use std::fmt;

/// Longest link that is made or read, in characters from the `#` on.
pub const CHARACTERS_MAX: usize = 64 * 1024;
/// Largest document that is unpacked, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 1024 * 1024;
/// How deep its JSON may be nested.
pub const DEPTH_MAX: usize = 32;
/// How many values its JSON may have.
pub const VALUES_MAX: usize = 20_000;

/// What a link opens.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// A document, not yet checked.
    Document(Draft),
    /// A preset with some fields changed.
    Preset(Shortcut),
}

/// Why a text opens nothing, or a document becomes no link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// It does not begin as a link does.
    NotALink,
    /// It would be, or is, so many characters long.
    TooLong {
        /// Characters from the `#` on.
        characters: usize,
    },
    /// Its end is missing.
    CutOff,
    /// Some of its characters are not those with which it was made.
    Damaged,
    /// It is of a form or version that came after this program.
    Newer,
    /// It is whole, but what it holds is no document, or larger or deeper than any scenario.
    NoScenario,
    /// It names a preset that does not exist.
    UnknownPreset(
        /// The name.
        String,
    ),
}

/// The link of a document: the text from the `#` on.
///
/// # Errors
/// [`LinkError::TooLong`] with the length that it would have; [`LinkError::NoScenario`] where the document has more
/// bytes, depth or values than a link may hold. Both are for a file.
pub fn encode(draft: &Draft) -> Result<String, LinkError> {
    let text = draft.value().to_string();
    if !bounds::hold(text.as_bytes()) {
        return Err(LinkError::NoScenario);
    }
    let link = envelope::wrap(&pack::pack(text.as_bytes()));
    if link.len() > CHARACTERS_MAX { Err(LinkError::TooLong { characters: link.len() }) } else { Ok(link) }
}

/// What a link opens: the text from the `#` on, the same without it, or a whole address.
///
/// Blanks and line ends that a mail program put into it do no harm, nor does a full stop or bracket behind it.
///
/// # Errors
/// Whatever the text is, there is an answer: see [`LinkError`].
pub fn decode(text: &str) -> Result<Link, LinkError> {
    let text = text.rsplit_once('#').map_or(text, |(_, fragment)| fragment);
    if text.len() > CHARACTERS_MAX {
        return Err(LinkError::TooLong { characters: text.chars().count() });
    }
    if let Some(named) = text.trim().strip_prefix("s=") {
        return Shortcut::read(named).map(Link::Preset);
    }
    let json = pack::unpack(&envelope::unwrap(text)?).ok_or(LinkError::NoScenario)?;
    if !bounds::hold(&json) {
        return Err(LinkError::NoScenario);
    }
    let value: serde_json::Value = serde_json::from_slice(&json).map_err(|_| LinkError::NoScenario)?;
    if value["streamgauge"].as_u64().is_some_and(|version| version > document::VERSION) {
        return Err(LinkError::Newer);
    }
    Ok(Link::Document(Draft::from_value(value)))
}

impl LinkError {
    /// What to do about it, in a sentence or two.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NotALink => "Links to a scenario have #k1. or #s= in them. Copy the whole address and open it again.",
            Self::TooLong { .. } => {
                "Send the scenario as a file instead: Save writes it, and dropping it here opens it."
            }
            Self::CutOff => "A mail or chat program has shortened it. Ask for it again, as a file if it is long.",
            Self::Damaged => "It was changed on its way, or copied in part. Ask for it again, as a file if it is long.",
            Self::Newer => "Reload the page; if that does not help, open the link with a newer version.",
            Self::NoScenario => "Ask for the scenario as a file: Save writes it, and dropping it here opens it.",
            Self::UnknownPreset(_) => "Choose a scenario in the list at the top.",
        }
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotALink => f.write_str("This is not a link to a scenario."),
            Self::TooLong { characters } => {
                let (is, most) =
                    (crate::limits::grouped(*characters as u64), crate::limits::grouped(CHARACTERS_MAX as u64));
                write!(f, "This link is too long: {is} characters, where {most} are allowed.")
            }
            Self::CutOff => f.write_str("This link is cut off: its end is missing."),
            Self::Damaged => f.write_str("This link is damaged: its checksum does not fit."),
            Self::Newer => f.write_str("This link was made by a newer version of Streamgauge."),
            Self::NoScenario => f.write_str("What this link holds is not a scenario, or too large for a link."),
            Self::UnknownPreset(id) => write!(f, "There is no preset called “{id}”."),
        }
    }
}

impl std::error::Error for LinkError {}
