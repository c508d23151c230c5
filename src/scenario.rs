//! Everything that determines a run, checked and inert: traffic, producer, stream, consumer, operations, seed.
//!
//! A [`Scenario`] exists only in a valid state. It is made by `document::check`, which turns a draft (the
//! JSON as somebody typed it) into either a scenario or every problem at once, each at its field. Inner types
//! carry no serde derives: the file form is a promise of its own and is converted by hand at the edge.

mod canonical;
pub mod capacity;
pub mod csv_series;
mod curve;
pub mod document;
pub mod draft;
mod field_table;
pub mod fields;
pub mod packed;
pub mod presets;
pub mod prices;
pub mod printer;
pub mod problem;
mod producer;
mod request;
pub mod schema;
mod sizes;
mod stream;
mod timestamp;
pub mod traffic;
mod walk;

pub use draft::Draft;
pub use problem::Problem;
pub use producer::{Jitter, Kpl, Producer, PutCall, RetryPolicy, SdkMode, Timeouts};
pub use stream::{Autoscaler, OtherPollers, PolicyMetric, Stream, StreamMode};
pub use traffic::{Arrivals, Draws, HashKeys, Keys, Part, Series, SeriesRow, Sizes, Traffic};

use crate::hash_key::HashKey;
use crate::units::{Ratio, SimTime, Span};

/// Everything that determines a run. Two equal scenarios give the same digest on every machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// A title for people; it does not influence the run.
    pub name: String,
    /// One or two sentences that say what this scenario shows; may be empty.
    pub about: String,
    /// The one source of randomness.
    pub seed: u64,
    /// How long the run lasts.
    pub length: Span,
    /// The curve of records offered, with their keys and sizes.
    pub traffic: Traffic,
    /// What puts the records.
    pub producer: Producer,
    /// The data stream they are put into.
    pub stream: Stream,
    /// The event source mapping that reads it, with its function.
    pub consumer: Consumer,
    /// Changes during the run, in order of time.
    pub operations: Vec<PlannedOperation>,
    /// Prices in the place of the table's, by their ids.
    pub prices: prices::Prices,
}

/// A Lambda event source mapping that polls the stream, and the function behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// How it reads.
    pub kind: ConsumerKind,
    /// When it begins.
    pub start: Span,
    /// Where in the stream it begins.
    pub position: StartingPosition,
    /// Whether its reads meet the limits of a shard. Without them a run says what the readers would take.
    pub read_limits: bool,
    /// `BatchSize`, 1 to 10,000.
    pub batch_size: u32,
    /// `MaximumBatchingWindowInSeconds` as a span, 0 to 300 s.
    pub batching_window: Span,
    /// Memory of the function in MB; it sets the price of a second.
    pub memory_mb: u32,
    /// Who decides what an invocation does.
    pub handler: HandlerKind,
    /// How long an invocation takes.
    pub duration: DurationModel,
    /// Share of invocations that fail. A fault that is injected, and called so wherever it shows.
    pub injected_error_rate: Ratio,
}

impl Consumer {
    /// Records in one batch at most.
    pub const fn batch_max(&self) -> u32 {
        match self.kind {
            ConsumerKind::Lambda => self.batch_size,
            ConsumerKind::Poller(poller) => poller.limit,
        }
    }

    /// What it is called on the page.
    pub const fn name(&self) -> &'static str {
        match self.kind {
            ConsumerKind::Lambda => "Lambda",
            ConsumerKind::Poller(_) => "Poller",
        }
    }
}

/// How a consumer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsumerKind {
    /// A Lambda event source mapping with its function.
    Lambda,
    /// A loop around `GetRecords`.
    Poller(Poller),
}

/// A loop around `GetRecords`: reads, works on what it read, reads again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poller {
    /// `Limit`: records in one answer at most, 1 to 10,000.
    pub limit: u32,
    /// How long it sleeps after an answer without records, or after each.
    pub idle: Span,
    /// Whether it sleeps after each answer, as the KCL does, or only after one without records.
    pub always_sleeps: bool,
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

/// Who decides the outcome of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerKind {
    /// The engine: it succeeds unless the injected error rate says otherwise.
    Model,
    /// The host: the engine hands the invocation out and waits for an outcome.
    Host,
}

/// How long an invocation takes: `(fixed + per_record × records)`, times a random factor within `1 ± spread`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurationModel {
    /// Time of an invocation before its first record.
    pub fixed: Span,
    /// Time for each record.
    pub per_record: Span,
    /// Half width of the uniform random factor around one.
    pub spread: Ratio,
}

/// An operation and the instant at which it is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedOperation {
    /// When.
    pub at: SimTime,
    /// What.
    pub operation: Operation,
}

/// A change during the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `UpdateEventSourceMapping`: the next batch is built with these settings.
    UpdateMapping {
        /// New `BatchSize`.
        batch_size: u32,
        /// New batching window.
        batching_window: Span,
    },
    /// A deploy of the function: the next invocation takes this long and fails this often.
    DeployFunction {
        /// New duration model.
        duration: DurationModel,
        /// New injected error rate.
        injected_error_rate: Ratio,
    },
    /// A deploy of the producer: rejected records are treated like this from now on.
    DeployProducer {
        /// New policy.
        retry: RetryPolicy,
    },
    /// Hosts of the producer die with what they hold.
    KillHosts {
        /// How many.
        hosts: u32,
        /// How long until they are back.
        down: Span,
    },
    /// `SplitShard`.
    SplitShard {
        /// Index of the shard.
        shard: u32,
        /// Where the upper child begins; `None` for the middle.
        new_starting_hash_key: Option<HashKey>,
    },
    /// `MergeShards`.
    MergeShards {
        /// Index of the one shard.
        shard: u32,
        /// Index of the other, whose range touches.
        adjacent: u32,
    },
    /// `UpdateShardCount` with uniform scaling.
    UpdateShardCount {
        /// Open shards afterwards.
        target: u32,
    },
    /// `IncreaseStreamRetentionPeriod` or `DecreaseStreamRetentionPeriod`.
    UpdateRetention {
        /// How long a record stays readable from then on.
        retention: Span,
    },
    /// `UpdateStreamMode`.
    UpdateStreamMode {
        /// The new mode.
        mode: StreamMode,
    },
    /// `UpdateStreamWarmThroughput`.
    UpdateWarmThroughput {
        /// MiB/s.
        mib: u32,
    },
}

impl Operation {
    /// Whether it can change which shards there are.
    pub const fn reshards(&self) -> bool {
        matches!(
            self,
            Self::SplitShard { .. }
                | Self::MergeShards { .. }
                | Self::UpdateShardCount { .. }
                | Self::UpdateStreamMode { .. }
                | Self::UpdateWarmThroughput { .. }
        )
    }
}
