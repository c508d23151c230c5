//! The moments of a run that the time axis marks: first throttle, first loss, latest work, caught up, operations.

use crate::units::SimTime;

/// A marked moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, at the end of the frame in which it happened.
    pub at: SimTime,
    /// What.
    pub kind: EventKind,
    /// The words beside the mark.
    pub text: String,
}

/// What happened, which decides the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A shard rejected a record for the first time.
    FirstThrottle,
    /// A record was lost for the first time.
    FirstLoss,
    /// The oldest waiting record was older than at any other time.
    LatestWork,
    /// The consumer had caught up after it was behind.
    CaughtUp,
    /// Somebody changed something.
    Operation,
    /// Something was done on purpose to a part beside the stream.
    Injected,
    /// Shards were made and closed.
    Shards,
    /// The service refused a call.
    Refused,
}
