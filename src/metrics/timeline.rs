//! Frames of fixed width as columns: one number a frame for each stream-level metric, and one a frame and shard
//! for each shard-level metric. Names are CloudWatch's where CloudWatch has one.

mod block;

pub use block::BlockError;

use super::note::{Note, NoteKind, ShardInfo};
use super::positions::{ConsumerPosition, Positions};
use super::view::View;
use crate::engine::Engine;
use crate::scenario::Scenario;
use crate::units::{SimTime, Span};

/// Declares a metric enum with its table, so that a column, its name, its unit and its meaning are written once. From
/// one of them on, each consumer has columns of its own.
macro_rules! metrics {
    ($(#[$doc:meta])* $name:ident, of each consumer from $first:ident { $($(#[$vdoc:meta])* $variant:ident = $cw:literal, $unit:literal, $kind:ident;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every metric, in the order of its columns.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// How many metrics there are.
            pub const COUNT: usize = Self::ALL.len();
            /// How many of them, the first ones, concern what consumers share.
            pub const OF_STREAM: usize = Self::$first as usize;

            /// How many columns there are with so many consumers.
            pub const fn columns(consumers: usize) -> usize {
                Self::OF_STREAM + consumers * (Self::COUNT - Self::OF_STREAM)
            }

            /// Whether each consumer has a column of its own.
            pub const fn is_of_consumer(self) -> bool {
                self.index() >= Self::OF_STREAM
            }

            /// Position of the column that one of the consumers sees: those that they share come first, then consumer
            /// by consumer its own.
            pub const fn place(self, consumer: usize) -> usize {
                let own = if self.is_of_consumer() { consumer * (Self::COUNT - Self::OF_STREAM) } else { 0 };
                self.index() + own
            }

            /// The name shown and exported; CloudWatch's where it has one.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $cw,)* }
            }

            /// The unit of one value.
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)* }
            }

            /// Whether values add up over frames or describe the end of one.
            pub const fn kind(self) -> MetricKind {
                match self { $(Self::$variant => MetricKind::$kind,)* }
            }

            /// Its position among all metrics.
            pub const fn index(self) -> usize {
                self as usize
            }
        }
    };
}

/// How the values of a metric relate to their frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Counted during the frame; sums over frames make sense.
    Count,
    /// Read at the end of the frame.
    Gauge,
    /// A statistic over the frame; NaN where the frame has nothing to say.
    Statistic,
}

metrics! {
    /// A stream-level column.
    Metric, of each consumer from Processed {
        /// Records offered to the producer.
        Offered = "Offered", "records", Count;
        /// User records stored by the stream, those that are stored once more included.
        Stored = "UserRecordsStored", "records", Count;
        /// Kinesis records stored: the same, unless the KPL puts many user records into one.
        IncomingRecords = "IncomingRecords", "records", Count;
        /// Bytes stored: data and partition keys.
        StoredBytes = "IncomingBytes", "bytes", Count;
        /// Kibibytes stored, each record rounded up: what on-demand mode bills as data in.
        StoredKib = "IncomingKib", "KiB", Count;
        /// User records that a shard rejected; every rejected attempt counts.
        Throttled = "UserRecordsThrottled", "records", Count;
        /// Kinesis records that a shard rejected; every rejected attempt counts.
        WriteThrottled = "WriteProvisionedThroughputExceeded", "records", Count;
        /// Put calls made by the producer.
        PutCalls = "PutCalls", "calls", Count;
        /// Records put again.
        Retried = "Retried", "records", Count;
        /// PUT payload units of 25 KB billed.
        PutUnits = "PutPayloadUnits", "units", Count;
        /// Lost: the producer did not look at a failed entry, or its SDK does not retry it.
        LostIgnored = "LostIgnored", "records", Count;
        /// Lost: all attempts used.
        LostExhausted = "LostRetriesExhausted", "records", Count;
        /// Lost: older than the producer's retry age.
        LostTooOld = "LostTooOld", "records", Count;
        /// Lost: the producer's buffer was full.
        LostBufferFull = "LostBufferFull", "records", Count;
        /// Lost: the producer's host died with them.
        LostHostDied = "LostHostDied", "records", Count;
        /// Put calls whose answer did not reach the producer, because the scenario says so.
        Unanswered = "UnansweredCalls", "calls", Count;
        /// User records stored that were stored before: their producer had no answer.
        Duplicates = "Duplicates", "records", Count;
        /// User records stored after a later one of their key.
        Overtaken = "Overtaken", "records", Count;
        /// Number of the key that has most of them so far.
        OvertakenKey = "Overtaken.Key", "", Gauge;
        /// How many it has.
        OvertakenMost = "Overtaken.OfKey", "records", Gauge;
        /// Records in the producer's memory: in an unsent call or waiting for another try.
        AtProducer = "AtProducer", "records", Gauge;
        /// Open shards.
        OpenShards = "OpenShards", "shards", Gauge;
        /// Read calls that were answered, of all readers.
        GetRecordsCalls = "GetRecords.Calls", "calls", Count;
        /// Read calls that were refused.
        ReadThrottled = "ReadProvisionedThroughputExceeded", "calls", Count;
        /// Records returned by read calls.
        ReadRecords = "GetRecords.Records", "records", Count;
        /// Bytes returned by read calls.
        ReadBytes = "GetRecords.Bytes", "bytes", Count;
        /// Subscriptions of consumers with enhanced fan-out, renewals included.
        Subscriptions = "SubscribeToShard.Success", "calls", Count;
        /// Events that subscriptions pushed.
        PushedEvents = "SubscribeToShardEvent.Success", "events", Count;
        /// Records in them.
        PushedRecords = "SubscribeToShardEvent.Records", "records", Count;
        /// Bytes in them.
        PushedBytes = "SubscribeToShardEvent.Bytes", "bytes", Count;
        /// Records processed by the function.
        Processed = "Processed", "records", Count;
        /// Stored records that wait for an invocation.
        Waiting = "Waiting", "records", Gauge;
        /// Records in a running invocation.
        InFlight = "InFlight", "records", Gauge;
        /// Records that aged out of retention before they were processed.
        Expired = "Expired", "records", Count;
        /// Records before the consumer's starting position: not read, by choice.
        Skipped = "Skipped", "records", Gauge;
        /// Records that match none of the mapping's patterns: read, and passed over by choice.
        FilteredOut = "FilteredOutEventCount", "records", Count;
        /// Those of them whose data is no JSON, as the patterns need it.
        Unreadable = "FilteredOut.NotJson", "records", Count;
        /// Tumbling windows that ended.
        Windows = "TumblingWindows", "windows", Count;
        /// Ends of windows before their time, for the size of their state.
        EarlyWindows = "TumblingWindows.Early", "windows", Count;
        /// Records that the mapping gave up after retries or age.
        Discarded = "Discarded", "records", Count;
        /// Batches that the mapping gave up: reports to its on-failure destination, where it has one.
        GivenUp = "BatchesGivenUp", "batches", Count;
        /// Records in invocations that tried a batch again.
        Redelivered = "Redelivered", "records", Count;
        /// Records processed that had been processed before: duplicates after a worker's death. Those that are
        /// processed for the first time count above.
        Reprocessed = "Reprocessed", "records", Count;
        /// Shards that a worker's death left idle.
        LeasesLost = "LeasesLost", "leases", Count;
        /// Leases that living workers lost, since the table refused to renew them.
        LeasesExpired = "LeasesExpired", "leases", Count;
        /// Write units of a lease table: checkpoints, renewals, takeovers.
        LeaseWrites = "LeaseTable.ConsumedWriteCapacityUnits", "units", Count;
        /// Read units of a lease table: scans.
        LeaseReads = "LeaseTable.ConsumedReadCapacityUnits", "units", Count;
        /// Calls that a lease table refused for lack of capacity.
        LeaseRefused = "LeaseTable.ThrottledRequests", "calls", Count;
        /// Checkpoints written into a lease table.
        Checkpoints = "Checkpoints", "writes", Count;
        /// Invocations started.
        Invocations = "Invocations", "invocations", Count;
        /// Invocations that failed.
        Errors = "Errors", "invocations", Count;
        /// Invocations that named the records that failed: no errors of the function.
        ItemFailures = "BatchItemFailures", "invocations", Count;
        /// Invocations that Lambda refused; the mapping asks again.
        Throttles = "Throttles", "invocations", Count;
        /// Those of them that were refused because a function gains environments only so fast.
        ScalingThrottles = "Throttles.ScalingRate", "invocations", Count;
        /// Those of them that were refused because the scenario throttles the account.
        InjectedThrottles = "Throttles.Injected", "invocations", Count;
        /// Execution environments that the scenario took away.
        EnvironmentsLost = "EnvironmentsLost", "environments", Count;
        /// Invocations that failed with them.
        LostInvocations = "Errors.EnvironmentLost", "invocations", Count;
        /// Invocations that failed because they took longer than the timeout.
        Timeouts = "Timeouts", "invocations", Count;
        /// Execution environments made.
        ColdStarts = "ColdStarts", "environments", Count;
        /// Time that their starts take, of those that began.
        InitDurationMs = "InitDuration", "ms", Count;
        /// Billed duration of the invocations that ended, whole milliseconds each; the start of a new environment is part of
        /// it.
        DurationMs = "Duration", "ms", Count;
        /// Invocations running.
        Concurrency = "ConcurrentExecutions", "invocations", Gauge;
        /// Execution environments, busy or idle.
        Environments = "Environments", "environments", Gauge;
        /// Those of them that are still starting for the invocation that has them.
        Starting = "Environments.Starting", "environments", Gauge;
        /// Environments that the scaling rate would let the function make at once.
        ScalingRoom = "Environments.ScalingRoom", "environments", Gauge;
        /// Workers of a KCL application that are up.
        WorkersUp = "WorkersUp", "workers", Gauge;
        /// Shards with records to come whose lease no worker of it holds.
        LeasesFree = "LeasesFree", "leases", Gauge;
        /// Read calls of the consumer that were answered; `GetRecords.Calls` counts those of all readers, as CloudWatch does.
        ConsumerReads = "ConsumerReads", "calls", Count;
        /// Read calls of the consumer that were refused.
        ConsumerReadsRefused = "ConsumerReadsRefused", "calls", Count;
        /// Answers to the consumer that brought nothing although records lay ahead, by injection.
        EmptyAnswers = "EmptyAnswers", "calls", Count;
        /// Read calls of the consumer with an iterator that was older than five minutes.
        IteratorsExpired = "ExpiredIteratorException", "calls", Count;
        /// Writes that the consumer's store has done.
        Writes = "Store.Writes", "writes", Count;
        /// Records in them.
        Written = "Store.Records", "records", Count;
        /// Those of them that were written before: duplicates, unless the store is idempotent.
        WrittenAgain = "Store.RecordsAgain", "records", Count;
        /// Write units of a key-value table that they took.
        WriteUnits = "Store.ConsumedWriteCapacityUnits", "units", Count;
        /// Writes that the store refused, in an outage or since too many waited.
        WritesRefused = "Store.WritesRefused", "writes", Count;
        /// Writes that a key-value table throttled.
        WritesThrottled = "Store.WriteThrottleEvents", "writes", Count;
        /// Writes that were given up while they waited, since their invocation ended.
        WritesGivenUp = "Store.WritesGivenUp", "writes", Count;
        /// Connections of the store in use, by all who write to it.
        StoreConnections = "Store.ConnectionsInUse", "connections", Gauge;
        /// Writes that wait for one of them.
        StoreWaiting = "Store.WritesWaiting", "writes", Gauge;
        /// Wait of a write for a connection, median of the writes done in the frame.
        WriteWaitP50Ms = "Store.Wait.p50", "ms", Statistic;
        /// Wait of a write for a connection, 99th percentile.
        WriteWaitP99Ms = "Store.Wait.p99", "ms", Statistic;
        /// What the last answer to the consumer said, of the shard that is furthest behind: age of the oldest record
        /// ahead of it; zero when it has read all there was.
        MillisBehindLatest = "MillisBehindLatest", "ms", Gauge;
        /// Age of the oldest stored record that is not processed yet; zero when there is none.
        IteratorAgeMs = "IteratorAgeMilliseconds", "ms", Gauge;
        /// Put to processed, median of the records processed in the frame.
        PutLatencyP50Ms = "PutToProcessed.p50", "ms", Statistic;
        /// Put to processed, 99th percentile.
        PutLatencyP99Ms = "PutToProcessed.p99", "ms", Statistic;
        /// Offered to processed, median.
        OfferLatencyP50Ms = "OfferedToProcessed.p50", "ms", Statistic;
        /// Offered to processed, 99th percentile.
        OfferLatencyP99Ms = "OfferedToProcessed.p99", "ms", Statistic;
    }
}

metrics! {
    /// A shard-level column.
    ShardMetric, of each consumer from Processed {
        /// Records whose first attempt went to this shard.
        Offered = "Offered", "records", Count;
        /// Records stored.
        Stored = "UserRecordsStored", "records", Count;
        /// Bytes stored: data and partition keys.
        StoredBytes = "IncomingBytes", "bytes", Count;
        /// Rejected attempts.
        Throttled = "UserRecordsThrottled", "records", Count;
        /// Refused read calls.
        ReadThrottled = "ReadProvisionedThroughputExceeded", "calls", Count;
        /// Records processed.
        Processed = "Processed", "records", Count;
        /// Stored records that wait for an invocation.
        Waiting = "Waiting", "records", Gauge;
        /// Records in the running invocation.
        InFlight = "InFlight", "records", Gauge;
        /// Time during which an invocation ran, in the frame.
        BusyMs = "Busy", "ms", Count;
        /// Age of the oldest stored record that is not processed yet; zero when there is none.
        IteratorAgeMs = "IteratorAgeMilliseconds", "ms", Gauge;
    }
}

/// The run as columns. Frame `i` covers `i × width` to `(i + 1) × width`, the last one possibly less.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    width: Span,
    length: Span,
    consumers: usize,
    /// The columns of [`Metric`], each at its place.
    stream: Vec<Vec<f64>>,
    shards: Vec<ShardColumns>,
    /// The rare things, with the frame in which they happened.
    notes: Vec<(usize, Note)>,
    /// Where consumers stood at the end of each frame.
    positions: Positions,
}

/// What is known of one shard.
#[derive(Clone, Debug, PartialEq)]
struct ShardColumns {
    info: ShardInfo,
    /// The columns of [`ShardMetric`], each at its place, as long as those of the stream; zero before the shard was
    /// made.
    columns: Vec<Vec<f64>>,
}

impl Timeline {
    /// An empty timeline for a run of `length` that begins with `shards` even shards and has so many consumers, in
    /// frames of `width`.
    pub fn new(length: Span, width: Span, shards: usize, consumers: usize) -> Self {
        let part = |index: usize| index as f64 / shards as f64;
        let shard = |index: usize| ShardColumns {
            info: ShardInfo {
                parents: [None; 2],
                range: [part(index), part(index + 1)],
                created_at: SimTime::ZERO,
                closed_at: None,
            },
            columns: vec![Vec::new(); ShardMetric::columns(consumers)],
        };
        Self {
            width,
            length,
            consumers,
            stream: vec![Vec::new(); Metric::columns(consumers)],
            shards: (0..shards).map(shard).collect(),
            notes: Vec::new(),
            positions: Positions::default(),
        }
    }

    /// The frame width for a run: one second where that gives at most 7,200 frames and a bounded number of
    /// cells, the next round width otherwise.
    pub fn width_for(length: Span, shards: usize) -> Span {
        const FRAMES_MAX: u64 = 8_640;
        const CELLS_MAX: u64 = 2_000_000;
        let frames_max = FRAMES_MAX.min(CELLS_MAX / (shards as u64 + 4)).max(100);
        const WIDTHS_S: [u64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200];
        let fits = |s: &u64| length.micros().div_ceil(Span::from_secs(*s).micros()) <= frames_max;
        Span::from_secs(WIDTHS_S.into_iter().find(fits).unwrap_or(14_400))
    }

    /// The frame width for a run of a scenario, with room for the shards that it may come to have, and for what each
    /// consumer has of each.
    pub fn width_of(scenario: &Scenario) -> Span {
        let open = scenario.stream.open_at_start() as usize;
        let reshards =
            scenario.stream.scales() || scenario.operations.iter().any(|planned| planned.operation.reshards());
        let shards = if reshards { (4 * open).max(64) } else { open };
        Self::width_for(scenario.length, shards * (1 + scenario.consumers.len()) / 2)
    }

    /// Width of a frame.
    pub const fn width(&self) -> Span {
        self.width
    }

    /// Length of the whole run.
    pub const fn length(&self) -> Span {
        self.length
    }

    /// Number of shards with columns: every shard there ever was.
    pub const fn shards(&self) -> usize {
        self.shards.len()
    }

    /// Number of consumers with columns.
    pub const fn consumers(&self) -> usize {
        self.consumers
    }

    /// The timeline as one of the consumers sees it.
    pub const fn seen_by(&self, consumer: usize) -> View<'_> {
        View { timeline: self, consumer }
    }

    /// What is known of a shard.
    pub fn shard(&self, shard: usize) -> &ShardInfo {
        &self.shards[shard].info
    }

    /// The shards that were open at an instant, in order of their ranges.
    pub fn open_at(&self, at: SimTime) -> Vec<usize> {
        let mut open: Vec<usize> = (0..self.shards()).filter(|shard| self.shard(*shard).is_open_at(at)).collect();
        open.sort_by(|a, b| self.shard(*a).range[0].total_cmp(&self.shard(*b).range[0]));
        open
    }

    /// The rare things that happened, in order of time.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().map(|(_, note)| note)
    }

    /// Notes what happened in the frame that comes next.
    pub fn note(&mut self, note: Note) {
        match note.what {
            NoteKind::Opened { parents, range, .. } => {
                let columns = vec![vec![0.0; self.frames()]; ShardMetric::columns(self.consumers)];
                let info = ShardInfo { parents, range, created_at: note.at, closed_at: None };
                self.shards.push(ShardColumns { info, columns });
            }
            NoteKind::Closed { shard } => {
                if let Some(of) = self.shards.get_mut(shard as usize) {
                    of.info.closed_at = Some(note.at);
                }
            }
            _ => {}
        }
        self.notes.push((self.frames(), note));
    }

    /// Frames recorded so far.
    pub fn frames(&self) -> usize {
        self.stream[0].len()
    }

    /// Frames that the whole run has.
    pub fn frames_total(&self) -> usize {
        self.length.micros().div_ceil(self.width.micros()) as usize
    }

    /// The end of frame `frame`, cut at the end of the run.
    pub fn end_of(&self, frame: usize) -> SimTime {
        SimTime::from_micros((self.width.micros() * (frame as u64 + 1)).min(self.length.micros()))
    }

    /// The column of a metric as a consumer sees it; of a shard, if one is given.
    pub(super) fn column(&self, place: usize, shard: Option<usize>) -> &[f64] {
        &shard.map_or(&self.stream, |shard| &self.shards[shard].columns)[place]
    }

    /// Appends one frame: `stream` in the order of [`Metric::place`], `shards` shard by shard in the order of
    /// [`ShardMetric::place`].
    pub fn push(&mut self, stream: &[f64], shards: &[f64]) {
        let of_shard = ShardMetric::columns(self.consumers);
        assert_eq!(stream.len(), Metric::columns(self.consumers), "one value for each stream-level column");
        assert_eq!(shards.len(), of_shard * self.shards(), "one value for each column of each shard");
        for (column, value) in self.stream.iter_mut().zip(stream) {
            column.push(*value);
        }
        let columns = self.shards.iter_mut().flat_map(|shard| &mut shard.columns);
        for (column, value) in columns.zip(shards) {
            column.push(*value);
        }
    }

    /// Appends where each consumer stood at the end of the last frame.
    pub(super) fn push_positions(&mut self, engine: &Engine, lanes_of_each: usize) {
        self.positions.push(engine, self.consumers as u32, lanes_of_each);
    }

    /// Where a consumer stood after so many frames; `None` where that is not known.
    pub(super) fn positions(&self, frames: usize, consumer: usize) -> Option<ConsumerPosition> {
        let last = frames.checked_sub(1)?;
        self.positions.of(last, self.end_of(last), consumer)
    }
}
