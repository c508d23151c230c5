//! How invocations fail, and what an event source mapping gives up.

use crate::units::SimTime;

/// Why an invocation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureCause {
    /// The handler said so.
    Handler,
    /// The scenario's error rate made it fail: a fault that is injected.
    Injected,
    /// The batch has a poison record: a fault that is injected.
    Poison,
    /// The handler named the records that failed.
    Items,
    /// It took longer than the function's timeout.
    TimedOut,
    /// Its execution environment was lost: a fault that is injected.
    EnvironmentLost,
    /// The store that it writes to refused a write, or was gone.
    Store,
}

impl FailureCause {
    /// Every cause, in the order of their numbers.
    pub const ALL: [Self; 7] =
        [Self::Handler, Self::Injected, Self::Poison, Self::Items, Self::TimedOut, Self::EnvironmentLost, Self::Store];
}

/// Why an event source mapping gave records up; as failure destinations spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Its retries were used up.
    RetryAttemptsExhausted,
    /// They were older than the mapping takes.
    RecordAgeExceeded,
}

impl Condition {
    /// The word of the service.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Self::RecordAgeExceeded => "RecordAgeExceeded",
        }
    }
}

/// Records that an event source mapping gave up together: what it tells a failure destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// Which reader.
    pub reader: u32,
    /// Index of the shard.
    pub shard: u32,
    /// How many.
    pub records: u64,
    /// Why.
    pub condition: Condition,
    /// How often the function had been invoked with them.
    pub invocations: u32,
    /// How the last invocation failed, and whether it named the records that failed; none where it is not said.
    pub failure: Option<(FailureCause, bool)>,
    /// Sequence index and arrival of the first.
    pub first: (u64, SimTime),
    /// Sequence index and arrival of the last.
    pub last: (u64, SimTime),
}
