//! The service's own errors: names as the service spells them, messages as far as they are known.
//!
//! Messages come from emulators whose tests ran against the service, and from its API model; where no text was
//! found, the message is ours and says what to do. `<…>` stands for nothing here: every message is filled in.

use crate::limits;
use crate::text::clock;
use crate::units::{SimTime, Span};
use std::fmt;

/// Name of the simulated stream in messages.
pub const STREAM_NAME: &str = "streamgauge";
/// Account of the simulated stream in messages.
pub const ACCOUNT: &str = "111122223333";

/// An error that a call to the service is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceError {
    /// The stream is being changed already.
    NotActive,
    /// There is no open shard with this index.
    ShardNotFound {
        /// Index of the shard.
        shard: u32,
    },
    /// A hash key at which the shard cannot be split.
    SplitKey {
        /// Index of the shard.
        shard: u32,
        /// The key.
        key: u128,
        /// Lowest hash key of the shard.
        start: u128,
        /// Highest hash key of the shard.
        end: u128,
    },
    /// Two shards whose ranges do not touch.
    NotAdjacent {
        /// Index of the one.
        shard: u32,
        /// Index of the other.
        adjacent: u32,
    },
    /// A target of more than twice or less than half of the open shards.
    TargetOutOfRange {
        /// The target.
        target: u32,
        /// Open shards.
        open: u32,
    },
    /// `UpdateShardCount` too often in 24 hours.
    TooManyUpdates,
    /// More shards than the account may have.
    ShardLimit {
        /// Open shards.
        open: u32,
        /// Shards that the request would add.
        more: u32,
        /// The quota in force.
        limit: u32,
    },
    /// Data that are larger than a record of the stream may have beside its key.
    DataTooLarge {
        /// Bytes of data.
        bytes: u64,
        /// Bytes of data that fit.
        room: u64,
    },
    /// A call that only provisioned streams know.
    OnDemand,
    /// A call that needs On-demand Advantage.
    NotAdvantage,
    /// The capacity mode was switched too often in 24 hours.
    TooManySwitches,
    /// The stream has as many registered consumers as it takes.
    TooManyConsumers {
        /// How many it takes.
        most: u32,
    },
    /// A read with an iterator that is too old.
    ExpiredIterator {
        /// When the iterator was issued.
        created: SimTime,
        /// When it was used.
        now: SimTime,
    },
    /// An iterator at an instant that is still to come.
    TimestampInFuture {
        /// The instant that was asked for.
        at: SimTime,
        /// When it was asked for, from the start of the run.
        now: Span,
    },
    /// Reserved concurrency that leaves the account's other functions too little.
    UnreservedConcurrency,
    /// A retention that is too short, in hours.
    RetentionTooShort {
        /// Hours.
        hours: u32,
    },
    /// A retention that is no change, in hours.
    RetentionUnchanged {
        /// Hours.
        hours: u32,
    },
}

impl ServiceError {
    /// The name, as SDKs see it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotActive => "ResourceInUseException",
            Self::ExpiredIterator { .. } => "ExpiredIteratorException",
            Self::ShardNotFound { .. } => "ResourceNotFoundException",
            Self::SplitKey { .. }
            | Self::NotAdjacent { .. }
            | Self::TargetOutOfRange { .. }
            | Self::RetentionTooShort { .. }
            | Self::TimestampInFuture { .. }
            | Self::RetentionUnchanged { .. } => "InvalidArgumentException",
            Self::UnreservedConcurrency => "InvalidParameterValueException",
            Self::TooManyUpdates | Self::ShardLimit { .. } | Self::TooManySwitches | Self::TooManyConsumers { .. } => {
                "LimitExceededException"
            }
            Self::OnDemand | Self::NotAdvantage | Self::DataTooLarge { .. } => "ValidationException",
        }
    }

    /// The message.
    pub fn message(self) -> String {
        let in_stream = format!("in stream {STREAM_NAME} under account {ACCOUNT}");
        match self {
            Self::NotActive => {
                format!("Stream {STREAM_NAME} under account {ACCOUNT} not ACTIVE, instead in state UPDATING")
            }
            Self::ShardNotFound { shard } => format!("Could not find shard {} {in_stream}.", shard_id(shard)),
            Self::SplitKey { shard, key, start, end } => format!(
                "NewStartingHashKey {key} used in SplitShard() on shard {} {in_stream} is not both greater than one plus \
                 the shard's StartingHashKey {start} and less than the shard's EndingHashKey {end}.",
                shard_id(shard)
            ),
            Self::NotAdjacent { shard, adjacent } => format!(
                "Shards {} and {} {in_stream} are not an adjacent pair of shards eligible for merging",
                shard_id(shard),
                shard_id(adjacent)
            ),
            Self::TargetOutOfRange { target, open } => format!(
                "TargetShardCount {target} is more than double or less than half of the {open} open shards; choose {} \
                 to {}.",
                open.div_ceil(2),
                open.saturating_mul(2)
            ),
            Self::DataTooLarge { bytes, room } => format!(
                "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim={bytes} cap={bytes}]' at 'data' \
                 failed to satisfy constraint: Member must have length less than or equal to {room}"
            ),
            Self::TooManyUpdates => format!(
                "UpdateShardCount has been called {} times in the last 24 hours, the most that is allowed.",
                limits::UPDATE_SHARD_COUNT_CALLS
            ),
            Self::ShardLimit { open, more, limit } => format!(
                "This request would exceed the shard limit for the account {ACCOUNT}. Current shard count for the \
                 account: {open}. Limit: {limit}. Number of additional shards that would have resulted from this \
                 request: {more}."
            ),
            Self::OnDemand => "This call is not supported for streams in on-demand capacity mode.".to_owned(),
            Self::NotAdvantage => "Warm throughput needs On-demand Advantage for the account.".to_owned(),
            Self::TooManySwitches => {
                format!("The capacity mode can be switched {} times in 24 hours.", limits::MODE_SWITCHES_PER_DAY)
            }
            Self::TooManyConsumers { most } => {
                format!("{most} consumers can be registered with stream {STREAM_NAME} under account {ACCOUNT}.")
            }
            // The service writes dates; a run has none.
            Self::ExpiredIterator { created, now } => format!(
                "Iterator expired. The iterator was created at time {} while right now it is {} which is further in the \
                 future than the tolerated delay of {} milliseconds.",
                clock(created.seconds_f64()),
                clock(now.seconds_f64()),
                limits::ITERATOR_LIFE.micros() / 1_000
            ),
            Self::TimestampInFuture { at, now } => format!(
                "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. \
                 timestampInMillis: {}, currentTimestampInMillis: {}",
                at.micros() / 1_000,
                now.micros() / 1_000
            ),
            Self::UnreservedConcurrency => format!(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution \
                 below its minimum value of [{}].",
                limits::LAMBDA_UNRESERVED_MIN
            ),
            Self::RetentionTooShort { hours } => format!(
                "Minimum allowed retention period is {} hours. Requested retention period ({hours} hours) is too short.",
                limits::RETENTION_MIN.micros() / 3_600_000_000
            ),
            Self::RetentionUnchanged { hours } => format!(
                "Requested retention period ({hours} hours) for stream {STREAM_NAME} is the existing retention period."
            ),
        }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.message())
    }
}

/// The id of a shard as the service writes it: `shardId-000000000003`.
pub fn shard_id(index: u32) -> String {
    format!("shardId-{index:012}")
}
