//! Tumbling windows of an event source mapping: how long they are, and what a function keeps between its invocations.

use super::canonical::Group;
use super::document::{self, Reader};
use crate::units::{Bytes, MICROS_PER_SECOND, Span};

/// The tumbling windows of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tumbling {
    /// `TumblingWindowInSeconds` as a span, up to 900 s; zero for none.
    pub window: Span,
    /// A window that is past is over when no record was added to it for so long.
    pub wait: Span,
    /// What each record adds to the state.
    pub state_per_record: Bytes,
}

impl Tumbling {
    /// Whether there are windows.
    pub const fn is_on(&self) -> bool {
        self.window.micros() > 0
    }
}

impl Default for Tumbling {
    /// None.
    fn default() -> Self {
        document::consumer_by_default().tumbling
    }
}

/// Reads the windows of one consumer of a document.
pub(super) fn read(read: &mut Reader<'_>, of: &impl Fn(&str) -> String) -> Tumbling {
    let tumbling = Tumbling {
        window: Span::from_secs(read.number(&of("tumbling_window_s"))),
        wait: read.span(&of("window_wait_s")),
        state_per_record: Bytes::new(read.number(&of("state_bytes_per_record"))),
    };
    if tumbling.is_on() && read.number(&of("parallelization_factor")) > 1 {
        let message =
            "a mapping with tumbling windows has one invocation of a shard at a time; choose 1, or no windows";
        read.wrong(&of("parallelization_factor"), message.to_owned());
    }
    tumbling
}

/// Its fields in the group of its consumer.
pub(super) fn write(group: &mut Group, of: &Tumbling) {
    group.number("tumbling_window_s", of.window.micros() / MICROS_PER_SECOND);
    group.span("window_wait_s", of.wait);
    group.number("state_bytes_per_record", of.state_per_record.get());
}
