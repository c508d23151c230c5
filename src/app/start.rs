//! How the page starts.

use super::action::Theme;

/// How the page starts: from its address and what was remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Id of a preset; the first one where it is unknown.
    pub preset: String,
    /// Light or dark.
    pub theme: Theme,
    /// Laid out for a room.
    pub present: bool,
    /// The moment to show, in seconds; runs up to it without a press on Run.
    pub at_seconds: Option<f64>,
    /// The sheet is open.
    pub sheet: bool,
    /// The log of each shard is shown instead of the stream.
    pub log: bool,
    /// The handler view is open.
    pub handler: bool,
    /// The designs are shown side by side.
    pub compare: bool,
    /// The link in the address.
    pub link: Option<String>,
    /// What was kept of somebody's own work, and when, in words; empty where nothing was.
    pub work: String,
    /// When it was kept, in words.
    pub work_at: String,
    /// What was kept of the work before it.
    pub earlier: String,
}
