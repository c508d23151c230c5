//! The short link: a preset by its name, and some fields of it by their paths.

use super::{DEPTH_MAX, LinkError, bounds};
use crate::scenario::fields::{self, Default, Kind};
use crate::scenario::{Draft, Problem, presets};
use serde_json::Value;

/// How many fields a short link may change.
pub const OVERRIDES_MAX: usize = 64;

/// A preset with some fields changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Shortcut {
    /// Id of the preset; it exists.
    pub preset: &'static str,
    /// Paths of fields and their values, in the order in which they stand in the link.
    pub set: Vec<(String, Value)>,
    /// What was left out, each at its path.
    pub ignored: Vec<Problem>,
}

impl Shortcut {
    /// Reads what stands behind `#s=`.
    pub(super) fn read(text: &str) -> Result<Self, LinkError> {
        let mut parts = text.split('&').filter(|part| !part.is_empty());
        let id = plain(parts.next().unwrap_or_default());
        let Some(preset) = presets::by_id(&id) else {
            return Err(LinkError::UnknownPreset(id.chars().take(60).collect()));
        };
        let mut read = Self { preset: preset.id, set: Vec::new(), ignored: Vec::new() };
        for part in parts.by_ref().take(OVERRIDES_MAX) {
            let (path, value) = part.split_once('=').unwrap_or((part, ""));
            let path = plain(path);
            match value_at(&path, &plain(value)) {
                Some(value) => read.set.push((path, value)),
                None => {
                    let path: String = path.chars().take(60).collect();
                    read.ignored.push(Problem::new(path, "a scenario has no such field"));
                }
            }
        }
        if parts.next().is_some() {
            let message = format!("a short link changes at most {OVERRIDES_MAX} fields; the rest was left out");
            read.ignored.push(Problem::new("", message));
        }
        Ok(read)
    }

    /// Writes the changes into the preset's document.
    pub fn apply(&self, draft: &mut Draft) {
        for (path, value) in &self.set {
            draft.set(path, value.clone());
        }
    }
}

/// What a text means at a path; `None` where no field is.
fn value_at(path: &str, text: &str) -> Option<Value> {
    if path.is_empty() || path.split('.').count() > DEPTH_MAX {
        return None;
    }
    let field = fields::field(path)?;
    if text.is_empty() && field.default == Default::Nothing {
        return Some(Value::Null);
    }
    let as_text = matches!(field.kind, Kind::Text(_) | Kind::Choice(_)) || !bounds::hold(text.as_bytes());
    let read = if as_text { None } else { serde_json::from_str(text).ok() };
    Some(read.unwrap_or_else(|| Value::from(text)))
}

/// A text without percent signs: `%20` is a blank. What is no such sign stays as it is.
fn plain(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((16 * high + low) as u8);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
