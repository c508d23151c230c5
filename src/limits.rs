//! Every quota and bound that scenario and engine use: one typed constant each, with its unit, source and date.
//!
//! What the page and the model table show about a limit is read from [`ALL`], never typed a second time. AWS
//! writes "MB" and "KB" loosely; where the sources show that binary units are meant, they are used here.

mod sources;

use crate::text::for_people;
use crate::units::{Bytes, Rate, Span};
use sources::{
    BC, D22, DDB, EB, FAQ, K, KCL, KPL, L, LC, LE, LF, LG, LK, LL, LR, LS, LSN, LW, M, OURS, Q, R87, ST, WN,
};

/// A count of records, calls, tokens, attempts and the like.
pub type Count = u64;

/// The value of a limit, as its constant has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number of things.
    Count(Count),
    /// A number of bytes, or of bytes per second where the unit says so.
    Bytes(Bytes),
    /// Things per second.
    Rate(Rate),
    /// A length of time.
    Span(Span),
}

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Short tag, as in the fact sheet.
    pub tag: &'static str,
    /// The document in words.
    pub text: &'static str,
    /// Date of the copy that was read: year, and where known month and day.
    pub date: &'static str,
}

impl Source {
    const fn for_people(self) -> Self {
        Self { tag: for_people(self.tag), text: for_people(self.text), date: for_people(self.date) }
    }
}

/// One limit with everything that is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Name of the constant in this module.
    pub name: &'static str,
    /// Sentences that say what it limits; also the documentation of the constant.
    pub about: &'static str,
    /// The value.
    pub value: Value,
    /// What the value counts, for instance `records/s`.
    pub unit: &'static str,
    /// Where the figure comes from.
    pub source: Source,
    /// True where the figure is modelled or inferred rather than documented.
    pub estimated: bool,
}

impl Limit {
    /// The value with its unit, for people: `1,000 records/s`, `10 MiB`, `500 ms`.
    pub fn value_text(&self) -> String {
        match self.value {
            Value::Count(n) => format!("{} {}", grouped(n), self.unit).trim_end().to_owned(),
            Value::Rate(rate) => {
                let (whole, rest) = (rate.milli() / 1_000, rate.milli() % 1_000);
                let fraction = if rest == 0 { String::new() } else { format!(".{rest:03}") };
                format!("{}{} {}", grouped(whole), fraction.trim_end_matches('0'), self.unit)
            }
            Value::Bytes(bytes) => {
                let n = bytes.get();
                let suffix = self.unit.strip_prefix("bytes").unwrap_or(self.unit);
                if n >= 1 << 20 && n.is_multiple_of(1 << 20) {
                    format!("{} MiB{suffix}", grouped(n >> 20))
                } else if n >= 1 << 10 && n.is_multiple_of(1 << 10) {
                    format!("{} KiB{suffix}", grouped(n >> 10))
                } else {
                    format!("{} bytes{suffix}", grouped(n))
                }
            }
            Value::Span(span) => span_text(span),
        }
    }
}

/// A whole number with commas between thousands: `2,000,000`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A span in the largest unit that leaves it whole.
fn span_text(span: Span) -> String {
    let micros = span.micros();
    let units = [(86_400_000_000, "days"), (3_600_000_000, "h"), (1_000_000, "s"), (1_000, "ms"), (1, "µs")];
    // A single day reads better as 24 h, the way the service writes it.
    let fits = |per: u64| micros.is_multiple_of(per) && (per != 86_400_000_000 || micros >= 2 * per);
    let (per, unit) = units.into_iter().find(|(per, _)| fits(*per)).unwrap_or((1, "µs"));
    format!("{} {unit}", grouped(micros / per))
}

/// The limit whose constant has this name.
pub fn by_name(name: &str) -> Option<&'static Limit> {
    ALL.iter().find(|limit| limit.name == name)
}

/// Declares the constants and the list of them together, so that neither can lack what the other has.
macro_rules! limits {
    ($all:ident: $($(#[doc = $doc:literal])+ $name:ident: $kind:ident = $value:expr, $unit:literal, $source:expr, $sure:ident;)+) => {
        $($(#[doc = $doc])+ pub const $name: $kind = $value;)+

        /// The limits of this file, in its order.
        pub(super) const $all: &[Limit] = &[$(Limit {
            name: stringify!($name),
            about: for_people(concat!($($doc),+).trim_ascii()),
            value: Value::$kind($name),
            unit: $unit,
            source: $source.for_people(),
            estimated: is_estimated!($sure),
        }),+];
    };
}

/// The last column of the table below.
macro_rules! is_estimated {
    (documented) => {
        false
    };
    (estimated) => {
        true
    };
}

mod analytics;
mod direct;
mod firehose;
mod video;
pub use {analytics::*, direct::*, firehose::*, video::*};

/// Every limit, file by file.
pub static ALL: &[Limit] = &direct::joined::<{ direct::count(OWN) }>(OWN);

limits! { OWN:
    // A shard.
    /// Records that one shard accepts per second, in the long run.
    SHARD_RECORDS_PER_SECOND: Rate = Rate::per_second(1_000), "records/s", K, documented;
    /// Depth of a shard's bucket of records. No burst beyond one second's worth is documented.
    SHARD_RECORDS_BURST: Count = 1_000, "records", K, estimated;
    /// Bytes that one shard accepts per second, in the long run: data before base64, and partition key.
    SHARD_WRITE_BYTES_PER_SECOND: Bytes = Bytes::MIB, "bytes/s", K, documented;
    /// Depth of a shard's bucket of bytes, read strictly: one second's worth.
    SHARD_BYTE_BURST_STRICT: Bytes = Bytes::MIB, "bytes", K, estimated;
    /// Depth of a shard's bucket of bytes as the tank that AWS describes for large records. Whether it holds for
    /// a stream whose records are limited to 1 MiB is not documented.
    SHARD_BYTE_BURST_TANK: Bytes = Bytes::from_mib(10), "bytes", LR, estimated;
    /// What is charged to the byte bucket is rounded up to this: each record of `PutRecord`, the sum of the whole
    /// call of `PutRecords`.
    THROTTLE_ROUNDING: Bytes = Bytes::KIB, "bytes", D22, documented;
    /// Bytes that all polling readers of one shard together may read per second.
    SHARD_READ_BYTES_PER_SECOND: Bytes = Bytes::from_mib(2), "bytes/s", Q, documented;
    /// `GetRecords` calls to one shard per second, all polling readers together.
    SHARD_READ_CALLS_PER_SECOND: Rate = Rate::per_second(5), "calls/s", Q, documented;
    /// Records in one answer of `GetRecords`.
    GET_RECORDS_RECORDS_MAX: Count = 10_000, "records", K, documented;
    /// Bytes in one answer of `GetRecords`.
    GET_RECORDS_BYTES_MAX: Bytes = Bytes::from_mib(10), "bytes", K, documented;
    /// After a full answer of `GetRecords`, calls within this time are throttled.
    GET_RECORDS_REST_AFTER_FULL: Span = Span::from_secs(5), "s", K, documented;

    // Iterators.
    /// A shard iterator is good for so long from its issue; each answer of `GetRecords` brings a new one.
    ITERATOR_LIFE: Span = Span::from_secs(300), "s", K, documented;
    /// `GetShardIterator` calls to one shard per second.
    SHARD_ITERATOR_CALLS_PER_SECOND: Rate = Rate::per_second(5), "calls/s", Q, documented;

    // Other applications that poll.
    /// Applications beside the consumer that may poll each shard.
    OTHER_POLLERS_MAX: Count = 20, "pollers", OURS, documented;
    /// Other pollers sleep so long after an answer, unless set otherwise: what older guides to the KCL describe.
    OTHER_POLLERS_IDLE: Span = Span::from_secs(1), "s", LL, documented;
    /// Shortest sleep of other pollers.
    OTHER_POLLERS_IDLE_MIN: Span = Span::from_millis(10), "ms", OURS, documented;
    /// Where several poll a shard, pauses between reads are longer at random by up to one part in so many.
    POLLERS_SPREAD: Count = 10, "parts", OURS, estimated;

    // Enhanced fan-out.
    /// Bytes that one registered consumer gets of one shard per second; no other reader shares them.
    FAN_OUT_BYTES_PER_SECOND: Bytes = Bytes::from_mib(2), "bytes/s", K, documented;
    /// A pushed record is seen so long after it arrived, whatever the number of consumers: documented as “about”.
    FAN_OUT_DELAY: Span = Span::from_millis(70), "ms", LL, estimated;
    /// Consumers that can be registered with a provisioned or an On-demand Standard stream.
    FAN_OUT_CONSUMERS: Count = 20, "consumers", Q, documented;
    /// Consumers that can be registered with an On-demand Advantage stream.
    FAN_OUT_CONSUMERS_ADVANTAGE: Count = 50, "consumers", Q, documented;
    /// `SubscribeToShard` pushes for so long, then it is called again.
    FAN_OUT_SUBSCRIPTION: Span = Span::from_secs(300), "s", K, documented;
    // The Kinesis Client Library.
    /// `idleTimeBetweenReads` unless set otherwise.
    KCL_IDLE: Span = Span::from_millis(1_500), "ms", KCL, documented;
    /// `idleTimeBetweenReads` at least.
    KCL_IDLE_MIN: Span = Span::from_millis(200), "ms", KCL, documented;
    /// `failoverTimeMillis` unless set otherwise: a lease that was not renewed for so long can be taken.
    KCL_FAILOVER: Span = Span::from_secs(10), "s", KCL, documented;
    /// From one checkpoint of a shard to the next. The library leaves that to the application.
    KCL_CHECKPOINT: Span = Span::from_secs(60), "s", OURS, estimated;
    /// `shardSyncIntervalMillis` unless set otherwise.
    KCL_SHARD_SYNC: Span = Span::from_secs(60), "s", KCL, documented;
    /// `parentShardPollIntervalMillis` unless set otherwise.
    KCL_PARENT_POLL: Span = Span::from_secs(10), "s", KCL, documented;
    /// Workers of one application.
    KCL_WORKERS_MAX: Count = 1_000, "workers", OURS, documented;

    /// Leases are renewed so often in a failover time.
    KCL_RENEWALS: Count = 3, "renewals", KCL, documented;
    /// Read and write units of a provisioned lease table unless set otherwise.
    KCL_TABLE_UNITS: Count = 10, "units/s", KCL, documented;
    /// Bytes of one lease in its table, for scans. No figure is published.
    KCL_LEASE_BYTES: Bytes = Bytes::new(512), "bytes", KCL, estimated;
    /// A refused checkpoint is tried again with the first batch that ends so long afterwards. The library leaves that to
    /// the application.
    KCL_CHECKPOINT_RETRY: Span = Span::from_secs(1), "s", KCL, estimated;
    /// DynamoDB keeps unused capacity of so long a time for a burst.
    DYNAMODB_BURST: Span = Span::from_secs(300), "s", DDB, documented;
    /// Bytes that a read unit covers; a read that need not be consistent takes half of one.
    DYNAMODB_READ_UNIT: Bytes = Bytes::new(4_096), "bytes", DDB, documented;
    /// Units that a table may be given.
    DYNAMODB_UNITS_MAX: Count = 40_000, "units/s", OURS, documented;

    // Put calls.
    /// Records in one `PutRecords` call.
    PUT_RECORDS_COUNT_MAX: Count = 500, "records", K, documented;
    /// Bytes in one `PutRecords` call, partition keys included.
    PUT_RECORDS_BYTES_MAX: Bytes = Bytes::from_mib(10), "bytes", K, documented;
    /// Data and partition key of one record, by default.
    RECORD_BYTES_MAX: Bytes = Bytes::MIB, "bytes", K, documented;
    /// The most that `MaxRecordSizeInKiB` of a stream can allow a record.
    RECORD_BYTES_SETTABLE_MAX: Bytes = Bytes::from_mib(10), "bytes", K, documented;
    /// Characters of a partition key.
    PARTITION_KEY_CHARS_MAX: Count = 256, "characters", K, documented;
    /// Length of the partition keys that the simulated producer makes: `device-` and nine digits.
    PARTITION_KEY_BYTES: Bytes = Bytes::new(16), "bytes", OURS, documented;
    /// What a PUT payload unit holds; each record is billed as the next whole number of them. The service writes
    /// 25 KB; read as 25 × 1,024 bytes, as its other kilobytes are.
    PUT_PAYLOAD_UNIT: Bytes = Bytes::new(25 * 1_024), "bytes", FAQ, documented;

    // Retention.
    /// Shortest time that a record stays readable.
    RETENTION_MIN: Span = Span::from_hours(24), "h", K, documented;
    /// Time that a record stays readable unless set otherwise.
    RETENTION_DEFAULT: Span = Span::from_hours(24), "h", K, documented;
    /// Up to here longer retention costs one price, beyond it another.
    EXTENDED_RETENTION: Span = Span::from_hours(7 * 24), "h", FAQ, documented;
    /// Longest time that a record stays readable.
    RETENTION_MAX: Span = Span::from_hours(8_760), "h", K, documented;

    // Resharding.
    /// A split or a merge takes this long, and a wave of them in `UpdateShardCount` too.
    RESHARD_SPAN: Span = Span::from_secs(30), "s", R87, estimated;
    /// Splits or merges that `UpdateShardCount` does at the same time. Only that the time grows with the stream is
    /// documented.
    RESHARD_WAVE: Count = 10, "shards", OURS, estimated;
    /// Calls of `UpdateShardCount` in 24 hours, rolling, for one stream.
    UPDATE_SHARD_COUNT_CALLS: Count = 10, "calls in 24 h", K, documented;
    /// `UpdateShardCount` reaches at most this many times the open shards; at least one part of as many of them.
    UPDATE_SHARD_COUNT_FACTOR: Count = 2, "times", K, documented;
    /// Switches between the capacity modes in 24 hours.
    MODE_SWITCHES_PER_DAY: Count = 2, "switches in 24 h", Q, documented;
    /// A change of mode, of retention or of warm throughput takes this long.
    MODE_SWITCH_SPAN: Span = Span::from_secs(60), "s", K, estimated;

    // On-demand.
    /// Shards of a new on-demand stream: 4 MiB and 4,000 records a second.
    ON_DEMAND_SHARDS: Count = 4, "shards", Q, documented;
    /// A shard with more than this coming in is split.
    ON_DEMAND_SPLIT_ABOVE: Bytes = Bytes::new(500 * 1_024), "bytes/s", M, documented;
    /// The same in records: half of what a shard accepts, as the bytes are half of its bytes.
    ON_DEMAND_SPLIT_ABOVE_RECORDS: Rate = Rate::per_second(500), "records/s", M, estimated;
    /// Time from the load to the new shards: documented as “within”.
    ON_DEMAND_SCALE_SPAN: Span = Span::from_secs(900), "s", M, estimated;
    /// How often the load of an on-demand stream is looked at.
    ON_DEMAND_WATCH: Span = Span::from_secs(60), "s", OURS, estimated;
    /// On-demand Advantage commits an account to this much data in, and to as much out.
    ADVANTAGE_COMMITMENT: Bytes = Bytes::from_mib(25), "bytes/s", M, documented;
    /// Lowering the warm throughput keeps what the last such time needed.
    WARM_LOOKS_BACK: Span = Span::from_hours(1), "h", WN, documented;
    /// Highest write throughput of an on-demand stream in the largest Regions.
    ON_DEMAND_WRITE_MAX: Bytes = Bytes::from_mib(10 * 1_024), "bytes/s", Q, documented;

    // The SDK's own retries: JavaScript v3, standard mode.
    /// Attempts of one call, the first included.
    SDK_ATTEMPTS: Count = 3, "attempts", ST, documented;
    /// Longest wait before the first retry; doubles with each retry, and a random share of it is waited.
    SDK_BACKOFF_BASE: Span = Span::from_millis(100), "ms", ST, documented;
    /// The same where the call was throttled.
    SDK_BACKOFF_BASE_THROTTLED: Span = Span::from_millis(500), "ms", ST, documented;
    /// The longest wait never grows beyond this.
    SDK_BACKOFF_CAP: Span = Span::from_secs(20), "s", ST, documented;
    /// Tokens that a client may spend on retries.
    SDK_RETRY_TOKENS: Count = 500, "tokens", ST, documented;
    /// Tokens that one retry costs; its success gives them back.
    SDK_RETRY_COST: Count = 5, "tokens", ST, documented;
    /// Tokens that a success without a retry adds, up to the capacity.
    SDK_SUCCESS_REFUND: Count = 1, "tokens", ST, documented;

    /// Tokens that a retry costs after an answer that did not come.
    SDK_RETRY_COST_TIMEOUT: Count = 10, "tokens", ST, documented;
    /// Longest wait before the first retry with the SDK's new defaults of 2026.
    SDK_2026_BACKOFF_BASE: Span = Span::from_millis(50), "ms", ST, documented;
    /// The same where the call was throttled.
    SDK_2026_BACKOFF_BASE_THROTTLED: Span = Span::from_secs(1), "s", ST, documented;
    /// Tokens that a retry costs then, unless the call was throttled.
    SDK_2026_RETRY_COST: Count = 14, "tokens", ST, documented;
    /// Longest wait before the first retry of the SDK for Python, standard or legacy.
    PYTHON_BACKOFF_BASE: Span = Span::from_secs(1), "s", BC, documented;
    /// Attempts of one call in the legacy mode, the first included.
    LEGACY_ATTEMPTS: Count = 5, "attempts", BC, documented;
    /// Adaptive mode: what throttling leaves of the rate at which calls were sent.
    ADAPTIVE_BETA_PERCENT: Count = 70, "%", ST, documented;
    /// Adaptive mode: steepness of the cubic curve along which the rate comes back, in hundredths.
    ADAPTIVE_SCALE_PERCENT: Count = 40, "hundredths", ST, documented;
    /// Adaptive mode: weight of the newest half second in the measured rate.
    ADAPTIVE_SMOOTH_PERCENT: Count = 80, "%", ST, documented;
    /// Adaptive mode: the rate never falls below this.
    ADAPTIVE_RATE_MIN: Rate = Rate::from_milli(500), "calls/s", ST, documented;

    // The Kinesis Producer Library.
    /// `RecordMaxBufferedTime` unless set otherwise.
    KPL_BUFFERED: Span = Span::from_millis(100), "ms", KPL, documented;
    /// Nothing is sent on earlier than this after something was added, whatever the deadline.
    KPL_BUFFER_MIN: Span = Span::from_millis(50), "ms", KPL, documented;
    /// `AggregationMaxSize` unless set otherwise.
    KPL_AGGREGATION_BYTES: Bytes = Bytes::new(51_200), "bytes", KPL, documented;
    /// Bytes of an aggregated record beside its message: four of a magic number, sixteen of an MD5.
    KPL_AGGREGATE_BYTES: Bytes = Bytes::new(20), "bytes", KPL, documented;
    /// Partition key of an aggregated record, which is put with an `ExplicitHashKey`.
    KPL_AGGREGATE_KEY_BYTES: Bytes = Bytes::new(1), "bytes", KPL, documented;
    /// `CollectionMaxSize` unless set otherwise.
    KPL_COLLECTION_BYTES: Bytes = Bytes::from_mib(5), "bytes", KPL, documented;
    /// A call is sent when it has so much for one shard.
    KPL_SHARD_BYTES: Bytes = Bytes::new(256 * 1_024), "bytes", KPL, documented;
    /// `RateLimit` unless set otherwise: what one host sends to a shard, of the shard's own limits.
    KPL_RATE_PERCENT: Count = 150, "%", KPL, documented;
    /// How often the library looks whether what its limiters hold back may go.
    KPL_DRAIN: Span = Span::from_millis(25), "ms", KPL, documented;
    /// `RecordTtl` unless set otherwise.
    KPL_TTL: Span = Span::from_secs(30), "s", KPL, documented;
    /// `RequestTimeout` unless set otherwise.
    KPL_REQUEST_TIMEOUT: Span = Span::from_secs(6), "s", KPL, documented;

    // The event source mapping.
    /// `BatchSize` at most.
    MAPPING_BATCH_MAX: Count = 10_000, "records", L, documented;
    /// `BatchSize` unless set otherwise.
    MAPPING_BATCH_DEFAULT: Count = 100, "records", L, documented;
    /// `MaximumBatchingWindowInSeconds` at most.
    MAPPING_WINDOW_MAX: Span = Span::from_secs(300), "s", L, documented;
    /// A mapping that has caught up polls each shard this often; while more records are there it goes on at once.
    MAPPING_POLL_INTERVAL: Span = Span::from_secs(1), "s", LK, documented;
    /// `ParallelizationFactor` at most.
    MAPPING_PARALLELIZATION_MAX: Count = 10, "invocations a shard", L, documented;
    /// `MaximumRetryAttempts` at most.
    MAPPING_RETRIES_MAX: Count = 10_000, "retries", L, documented;
    /// `MaximumRecordAgeInSeconds` at least, where there is one.
    MAPPING_RECORD_AGE_MIN: Span = Span::from_secs(60), "s", LSN, documented;
    /// `MaximumRecordAgeInSeconds` at most.
    MAPPING_RECORD_AGE_MAX: Span = Span::from_hours(168), "s", L, documented;
    /// Wait before a failed batch is tried again for the first time; it doubles with each failure. No figure is
    /// published: a function that always fails was invoked eight times in 60 s, which doubling from 0.45 s gives.
    MAPPING_RETRY_BASE: Span = Span::from_millis(450), "ms", LSN, estimated;
    /// The wait between tries of a failed batch never grows beyond this. Measured up to 32 s only.
    MAPPING_RETRY_CAP: Span = Span::from_secs(60), "s", LSN, estimated;

    // Tumbling windows.
    /// `TumblingWindowInSeconds` at most.
    MAPPING_TUMBLING_MAX: Span = Span::from_secs(900), "s", L, documented;
    /// A window to which nothing is added is over so long afterwards: documented as “up to”.
    TUMBLING_WAIT: Span = Span::from_secs(120), "s", LW, estimated;
    /// The state of a window may have so many bytes in each shard; beyond it the window ends early.
    TUMBLING_STATE_MAX: Bytes = Bytes::MIB, "bytes", LW, documented;

    // Filter criteria.
    /// Patterns of one mapping, unless the account’s quota is raised.
    FILTERS_MAX: Count = 5, "patterns", LF, documented;
    /// Patterns of one mapping after a request to raise the quota.
    FILTERS_RAISED_MAX: Count = 10, "patterns", LF, documented;
    /// Length of one pattern.
    FILTER_PATTERN_MAX: Count = 4_096, "characters", L, documented;
    /// Numbers in `numeric` lie between this and its negative, and are compared to the millionth.
    FILTER_NUMBER_MAX: Count = 5_000_000_000, "", EB, documented;

    // Lambda.
    /// Bytes of a synchronous invocation's request. Data is sent as base64, which takes four bytes for three.
    LAMBDA_PAYLOAD_MAX: Bytes = Bytes::from_mib(6), "bytes", LG, documented;
    /// Base64 turns this many bytes of data …
    BASE64_FROM: Count = 3, "bytes", LG, documented;
    /// … into this many.
    BASE64_TO: Count = 4, "bytes", LG, documented;
    /// Executions at the same time, all functions of an account in a Region together, by default.
    LAMBDA_CONCURRENCY: Count = 1_000, "executions", LG, documented;
    /// Execution environments that a function may gain in each interval of ten seconds.
    LAMBDA_SCALE_STEP: Count = 1_000, "environments in 10 s", LS, documented;
    /// The interval of that step. What it allows comes back evenly, and what is not used is not saved up.
    LAMBDA_SCALE_SPAN: Span = Span::from_secs(10), "s", LS, documented;
    /// An account keeps at least so much concurrency for functions that reserve none.
    LAMBDA_UNRESERVED_MIN: Count = 100, "executions", LC, documented;
    /// Memory that comes with one vCPU.
    LAMBDA_VCPU_MB: Count = 1_769, "MB", LG, documented;
    /// An environment may take so long to start; beyond it the start is made again inside the invocation.
    LAMBDA_INIT_MAX: Span = Span::from_secs(10), "s", LE, documented;
    /// An idle environment lives so long, unless set otherwise. No figure is published.
    LAMBDA_IDLE_LIFE: Span = Span::from_secs(600), "s", LE, estimated;
    /// Wait of a mapping after the first invocation that was refused; it doubles. No figure is published.
    THROTTLE_RETRY_BASE: Span = Span::from_millis(500), "ms", LK, estimated;
    /// The wait after refused invocations never grows beyond this. No figure is published.
    THROTTLE_RETRY_CAP: Span = Span::from_secs(10), "s", LK, estimated;
    /// The service's own default of a function's timeout.
    LAMBDA_TIMEOUT_DEFAULT: Span = Span::from_secs(3), "s", L, documented;
    /// Longest time that an invocation may take.
    LAMBDA_TIMEOUT_MAX: Span = Span::from_secs(900), "s", L, documented;
    /// Least memory of a function.
    LAMBDA_MEMORY_MIN_MB: Count = 128, "MB", LG, documented;
    /// Most memory of a function.
    LAMBDA_MEMORY_MAX_MB: Count = 10_240, "MB", LG, documented;

    /// Units of fuel that the code of a handler uses in a microsecond with a whole processor.
    HANDLER_FUEL_PER_MICROSECOND: Count = 1_000, "units", OURS, estimated;

    // Bounds of the simulator. They keep every run finite and every number exact.
    /// Shortest run.
    RUN_LENGTH_MIN: Span = Span::from_secs(1), "s", OURS, documented;
    /// Longest run.
    RUN_LENGTH_MAX: Span = Span::from_hours(31 * 24), "days", OURS, documented;
    /// Open shards of the stream. The quota of an account is 20,000 in the largest Regions.
    SHARDS_MAX: Count = 1_000, "shards", OURS, documented;
    /// Shards that one run may make in all, closed ones included.
    SHARDS_EVER_MAX: Count = 4_000, "shards", OURS, documented;
    /// Different partition keys.
    KEYS_MAX: Count = 1_000_000, "keys", OURS, documented;
    /// Records offered in one run.
    OFFERED_MAX: Count = 2_000_000_000, "records", OURS, documented;
    /// Highest rate of one part of the curve.
    OFFERED_RATE_MAX: Rate = Rate::per_second(10_000_000), "records/s", OURS, documented;
    /// Peak of a spike as a multiple of its base.
    SPIKE_FACTOR_MAX: Count = 100_000, "times", OURS, documented;
    /// Parts that a curve may add up.
    CURVE_PARTS_MAX: Count = 16, "parts", OURS, documented;
    /// Steps of one part of the curve.
    CURVE_STEPS_MAX: Count = 10_000, "steps", OURS, documented;
    /// Rows of an imported series: a month of minutes and some.
    SERIES_ROWS_MAX: Count = 100_000, "rows", OURS, documented;
    /// Records that a producer may hold.
    PRODUCER_BUFFER_MAX: Count = 10_000_000, "records", OURS, documented;
    /// Hosts of a producer.
    PRODUCER_HOSTS_MAX: Count = 200, "hosts", OURS, documented;
    /// Concurrency that an account may be given; the service raises its own figure on request.
    LAMBDA_CONCURRENCY_MAX: Count = 100_000, "executions", OURS, documented;
    /// Consumers of one stream.
    CONSUMERS_MAX: Count = 50, "consumers", OURS, documented;
    /// Streams that follow one another behind the first, and streams into which the consumers of one put.
    HOPS_MAX: Count = 4, "streams", OURS, documented;
    /// Longest time that the oldest record of a call waits for company.
    LINGER_MAX: Span = Span::from_secs(60), "s", OURS, documented;
    /// Attempts that a producer may make for one record.
    PRODUCER_ATTEMPTS_MAX: Count = 100, "attempts", OURS, documented;
    /// Longest backoff of a producer.
    PRODUCER_BACKOFF_MAX: Span = Span::from_secs(300), "s", OURS, documented;
    /// Growth of a producer's backoff from one retry to the next.
    PRODUCER_MULTIPLIER_MAX: Count = 10, "times", OURS, documented;
    /// Exponent of Zipf-distributed keys.
    ZIPF_EXPONENT_MAX: Count = 4, "", OURS, documented;
    /// Records whose payloads the reports of one run may carry, all together.
    REPORT_RECORDS_MAX: Count = 1_000, "records", OURS, documented;
    /// Kinds of payloads.
    PAYLOAD_KINDS_MAX: Count = 16, "kinds", OURS, documented;
    /// How deep the fields of a payload, or of a pattern, may lie.
    PAYLOAD_DEPTH_MAX: Count = 8, "levels", OURS, documented;
    /// Numbers that a payload makes lie between this and its negative.
    PAYLOAD_NUMBER_MAX: Count = 1_000_000_000_000, "", OURS, documented;
    /// Standard deviation of the logarithm of a log-normal size.
    SIZE_SIGMA_MAX: Count = 4, "", OURS, documented;
    /// Records that all shards of a run together keep for their reader; beyond it the run stops and says so.
    LOG_RECORDS_MAX: Count = 24_000_000, "records", OURS, documented;
    /// Source text of a handler.
    HANDLER_SOURCE_MAX: Bytes = Bytes::new(64 << 10), "bytes", OURS, documented;
    /// A compiled handler that is uploaded.
    HANDLER_MODULE_MAX: Bytes = Bytes::new(4 << 20), "bytes", OURS, documented;
    /// Operations in one run.
    OPERATIONS_MAX: Count = 1_000, "operations", OURS, documented;
}
