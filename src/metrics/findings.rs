//! Sentences that explain a run: cause, evidence, remedy. Each follows from the timeline up to a frame and
//! from the scenario, never from a guess.

use super::timeline::Timeline;
use crate::scenario::Scenario;

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// A short name for machines: `hot-shard`, `failed-entries-ignored`, `falling-behind`, …
    pub id: &'static str,
    /// What it is about, which decides its sign and colour.
    pub tone: Tone,
    /// The cause, as a heading.
    pub cause: String,
    /// The evidence, with its numbers.
    pub evidence: String,
    /// What would help.
    pub remedy: String,
    /// The change that tries the remedy.
    pub remedy_try: Option<Try>,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Records were throttled or lost.
    Lost,
    /// Work is late.
    Late,
    /// Money is wasted.
    Cost,
    /// Nothing broke.
    Good,
}

/// A change to the scenario that tries a remedy.
#[derive(Clone, Debug, PartialEq)]
pub struct Try {
    /// The words on the button.
    pub label: String,
    /// Paths in the scenario document and their new values.
    pub edits: Vec<(&'static str, serde_json::Value)>,
}

/// The findings after the first `frames` frames, most important first.
pub fn findings(scenario: &Scenario, timeline: &Timeline, frames: usize) -> Vec<Finding> {
    let _ = (scenario, timeline, frames);
    Vec::new()
}
