//! Tumbling windows: a shard's records in order, cut at even instants, with a state that goes from one invocation to the
//! next and a last invocation when the window is over.
//!
//! Boundaries follow from the arrival of records. A window is over when a record of a later one is read, when its shard
//! has ended, or when its end is past and nothing was added for a while. Then the function is invoked once more, without
//! records, until that succeeds: nothing else of the shard is done meanwhile.

use super::fact::{Fact, Observer};
use super::invocation::InvokedWindow;
use super::lane::{Desk, Lane};
use super::record::Log;
use super::sequence::EPOCH_SECONDS;
use crate::limits;
use crate::scenario::Tumbling as Settings;
use crate::units::{Bytes, MICROS_PER_SECOND, SimTime};

/// The window of a lane that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    start: u64,
    /// Records that arrive then or later are not in it, µs.
    end: u64,
    /// When the last batch of it was made, µs.
    added: u64,
    /// Bytes of the state that the function gave back last.
    state: u64,
    /// The last invocation of it is due or runs, and whether that ends it early.
    closing: Option<bool>,
}

impl Window {
    /// The window of a record that arrived at an instant.
    pub fn of(arrived: u64, settings: Settings) -> Self {
        // Windows begin at whole multiples of their length since 1970, as other clocks have them.
        let length = settings.window.micros();
        let before = EPOCH_SECONDS * MICROS_PER_SECOND % length;
        let end = ((arrived + before) / length + 1) * length - before;
        Self { start: end.saturating_sub(length), end, added: 0, state: 0, closing: None }
    }

    /// Whether its last invocation is due or runs.
    pub const fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// When it is over if nothing is added to it any more, µs.
    const fn over_at(&self, settings: Settings) -> u64 {
        let quiet = self.added + settings.wait.micros();
        if quiet > self.end { quiet } else { self.end }
    }

    /// As a handler sees it.
    pub fn seen(&self) -> InvokedWindow {
        InvokedWindow {
            start: SimTime::from_micros(self.start),
            end: SimTime::from_micros(self.end),
            state: Bytes::new(self.state),
            is_final: self.closing.is_some(),
            is_early: self.closing == Some(true),
        }
    }
}

impl Lane {
    /// Where the records of one window end, from `position` on.
    pub(super) fn window_end(&self, position: u64, log: &Log, settings: Settings) -> u64 {
        if !settings.is_on() || position >= self.source.fetched {
            return self.source.fetched;
        }
        let window = self.window.unwrap_or_else(|| Window::of(log.get(position).arrived, settings));
        log.seen_by(window.end, position, self.source.fetched - position)
    }

    /// A batch is about to be made of the record at `position` and others of its window.
    pub(super) fn enter_window(&mut self, position: u64, desk: &Desk<'_, impl Observer>) {
        let settings = desk.settings.tumbling;
        if settings.is_on() {
            let arrived = desk.log(self.shard).get(position).arrived;
            let window = self.window.get_or_insert_with(|| Window::of(arrived, settings));
            window.added = desk.now;
        }
    }

    /// A batch was processed: each of its records adds to the state.
    pub(super) fn add_to_window(&mut self, records: u64, settings: Settings) {
        if let Some(window) = &mut self.window {
            window.state += records * settings.state_per_record.get();
        }
    }

    /// Begins the last invocation of a window that is over. Gives the instant at which an open window will be, if it
    /// begins none; `u64::MAX` where there is no window.
    pub(super) fn close_window(&mut self, desk: &mut Desk<'_, impl Observer>) -> Option<u64> {
        let settings = desk.settings.tumbling;
        let Some(window) = &mut self.window else { return Some(u64::MAX) };
        let position = self.parts[0].position;
        let arrived = |at: u64| desk.stream.shards[self.shard as usize].log.get(at).arrived;
        let next = (position < self.source.fetched).then(|| arrived(position));
        let passed = next.map_or(self.source.at_end, |arrived| arrived >= window.end);
        let early = window.state > limits::TUMBLING_STATE_MAX.get();
        let over_at = window.over_at(settings);
        // What was read of it comes first.
        let over = passed || next.is_none() && desk.now >= over_at;
        if !over && !early {
            // The batch that is being gathered has an end of its own.
            return Some(if next.is_some() { u64::MAX } else { over_at });
        }
        window.closing = Some(!over);
        self.parts[0].stand_at(position);
        self.invoke_final(desk);
        None
    }

    /// The last invocation of a window has succeeded.
    pub(super) fn window_closed(&mut self, desk: &mut Desk<'_, impl Observer>) {
        let Some(window) = &mut self.window else { return };
        let early = window.closing == Some(true);
        let end = SimTime::from_micros(window.end);
        if early {
            // The same window goes on with a fresh state.
            (window.state, window.closing) = (0, None);
        } else {
            self.window = None;
        }
        desk.say(Fact::WindowEnded { reader: self.reader, shard: self.shard, end, early });
    }

    /// Whether what runs, or waits for another try, is the last invocation of a window.
    pub(super) fn is_closing(&self) -> bool {
        self.window.is_some_and(|window| window.is_closing())
    }
}
