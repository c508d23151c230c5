//! What is wrong with a draft: one problem each, at its field, in plain words.

use std::fmt;

/// One thing that keeps a draft from being a scenario.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Dotted path of the field, with indices from zero: `traffic.curve.0.base_per_s`. Empty where the problem
    /// belongs to the text as a whole; `line 12` for an imported table.
    pub path: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl Problem {
    /// A problem at a path.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}

/// The one of `known` that somebody who wrote `word` most likely meant; none where nothing is near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    let allowed = (word.chars().count() / 3).max(1) + 1;
    let near = |name: &'a str| {
        let name_plain = plain(name);
        let stem = name_plain.split('_').next().unwrap_or(&name_plain);
        // `base` for `base_per_s` is no misspelling, it is the name without its unit.
        let distance = if stem == word { 0 } else { edits(&word, &name_plain) };
        (distance, name)
    };
    known.into_iter().map(near).filter(|(distance, _)| *distance <= allowed).min().map(|(_, name)| name)
}

/// Letters to insert, delete or replace to turn one word into the other.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let here = (diagonal + usize::from(a != *b)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = here;
        }
    }
    row[to.len()]
}
