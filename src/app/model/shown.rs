//! How the page stands: what plays, what is open, and what stands on the filled button.

use super::super::log::LogView;
use super::super::{Invocations, Message, Model, Speed, Theme, Tried};
use crate::metrics::positions::LANES_MAX;

impl Model {
    /// Whether time passes.
    pub const fn is_playing(&self) -> bool {
        self.playing
    }

    /// Whether the page waits for the engine: it is asked for an instant that has not arrived.
    pub fn is_waiting(&self) -> bool {
        let starved = self.playing && !self.run.done && self.cursor >= self.received();
        self.goal.is_some() || self.incoming.is_some() || starved
    }

    /// The speed of playback.
    pub const fn speed(&self) -> Speed {
        self.speed
    }

    /// Light or dark.
    pub const fn theme(&self) -> Theme {
        self.theme
    }

    /// Whether the page is laid out for a room.
    pub const fn is_presenting(&self) -> bool {
        self.present
    }

    /// Whether the sheet is open.
    pub const fn sheet_is_open(&self) -> bool {
        self.sheet
    }

    /// Whether the log of each shard is shown instead of the stream.
    pub const fn shows_log(&self) -> bool {
        self.log
    }

    /// Where the consumer that is shown stands on each shard at the cursor.
    pub fn log_view(&self) -> Option<LogView> {
        LogView::of(self.shown(), self.timeline(), self.frames(), LANES_MAX)
    }

    /// What stands where the verdict stands otherwise.
    pub const fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    /// Seconds of watching: what moving marks follow. It stands still while nothing plays.
    pub const fn motion_seconds(&self) -> f64 {
        self.watched_ms / 1_000.0
    }

    /// What consumers' code did in the run that is shown.
    pub const fn invocations(&self) -> &Invocations {
        &self.run.invocations
    }

    /// What came of the last event that was run through code outside of a run.
    pub const fn tried(&self) -> Option<&Tried> {
        self.tried.as_ref()
    }

    /// What the engine said about the whole run, as JSON, once it is done.
    pub fn summary(&self) -> Option<&str> {
        self.run.summary.as_deref()
    }
}
