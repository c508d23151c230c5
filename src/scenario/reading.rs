//! How records come to a consumer, and where in the stream it begins.

use crate::units::{SimTime, Span};

/// How records come to a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadSource {
    /// It asks for them; all that ask share the limits of a shard.
    GetRecords,
    /// Enhanced fan-out: they are pushed to it, at a rate of its own.
    SubscribeToShard {
        /// From the arrival of a record until the consumer sees it.
        delay: Span,
    },
}

impl ReadSource {
    /// The word of enhanced fan-out in a document.
    pub const PUSHED: &str = "SubscribeToShard";

    /// The word in a document, which is the service's.
    pub const fn word(self) -> &'static str {
        match self {
            Self::GetRecords => "GetRecords",
            Self::SubscribeToShard { .. } => Self::PUSHED,
        }
    }

    /// Whether records are pushed.
    pub const fn is_pushed(self) -> bool {
        matches!(self, Self::SubscribeToShard { .. })
    }
}

/// Where in the stream a consumer begins, as iterator types say it. What lies before is not read, by choice. Shards
/// that are opened later are read from their beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingPosition {
    /// At the oldest record that is kept.
    TrimHorizon,
    /// Behind the newest record at the instant at which it begins.
    Latest,
    /// At the first record that arrived then or later.
    AtTimestamp(SimTime),
}

impl StartingPosition {
    /// The word in a document, which is the service's.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TrimHorizon => "TRIM_HORIZON",
            Self::Latest => "LATEST",
            Self::AtTimestamp(_) => "AT_TIMESTAMP",
        }
    }

    /// What arrived before this instant is not read by a consumer that begins at `start`.
    pub const fn from(self, start: Span) -> SimTime {
        match self {
            Self::TrimHorizon => SimTime::ZERO,
            Self::Latest => SimTime::from_micros(start.micros()),
            Self::AtTimestamp(at) => at,
        }
    }
}
