//! A delivery stream of Data Firehose: what puts into it, its quotas, its buffer, its function, its destination.
//!
//! The function, partitions and the conversion of the format are off by default, and each is switched on by one field.
//! What depends on the destination has `null` as its default, which takes what the service has there.

use super::Jitter;
use super::canonical::Group;
use super::document::Reader;
use super::groups::{Written, groups};
use super::handler::{HandlerKind, Handling};
use super::prices::{HOME, Prices};
use crate::limits;
use crate::units::{Bytes, MICROS_PER_SECOND, Ratio, SimTime, Span};
use serde_json::Value;

/// A delivery stream and what is done to its destination on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firehose {
    /// Its settings.
    pub stream: DeliveryStream,
    /// Who decides what its function does with the records.
    pub handling: Handling,
    /// Injected faults of the destination, in order of time.
    pub faults: Vec<Fault>,
}

/// Something that is done to the destination on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When it begins.
    pub at: SimTime,
    /// How long it lasts.
    pub span: Span,
    /// What it is.
    pub kind: FaultKind,
}

/// What is done to the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It refuses everything.
    Outage,
    /// A delivery takes so many times as long, in thousandths.
    Slow {
        /// At least 1,000.
        factor_milli: u32,
    },
}

/// Where a delivery stream delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationKind {
    /// Objects in a bucket.
    S3,
    /// Objects in a bucket, copied into a cluster, one `COPY` at a time.
    Redshift,
    /// Bulk requests to a domain.
    OpenSearch,
    /// Events to an indexer that acknowledges them.
    Splunk,
    /// Requests to an endpoint that acknowledges them.
    Http,
}

impl DestinationKind {
    const WORDS: [(Self, &'static str); 5] = [
        (Self::S3, "s3"),
        (Self::Redshift, "redshift"),
        (Self::OpenSearch, "opensearch"),
        (Self::Splunk, "splunk"),
        (Self::Http, "http"),
    ];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::S3 => "S3",
            Self::Redshift => "Redshift",
            Self::OpenSearch => "OpenSearch",
            Self::Splunk => "Splunk",
            Self::Http => "the HTTP endpoint",
        }
    }

    /// Smallest and largest size of the buffer.
    pub const fn sizes(self) -> (Bytes, Bytes) {
        let most = match self {
            Self::S3 | Self::Redshift => limits::FIREHOSE_BUFFER_MAX,
            Self::OpenSearch => limits::FIREHOSE_BUFFER_OPENSEARCH_MAX,
            Self::Splunk => limits::FIREHOSE_BUFFER_SPLUNK_MAX,
            Self::Http => limits::FIREHOSE_BUFFER_HTTP_MAX,
        };
        (Bytes::MIB, most)
    }

    /// Longest interval of the buffer.
    pub const fn interval_max(self) -> Span {
        if matches!(self, Self::Splunk) { limits::FIREHOSE_INTERVAL_SPLUNK_MAX } else { limits::FIREHOSE_INTERVAL_MAX }
    }
}

impl Written for DestinationKind {
    fn read(read: &Reader<'_>, path: &str) -> Self {
        let word = read.text(path);
        Self::WORDS.iter().find(|(_, known)| *known == word).map_or(Self::S3, |(kind, _)| *kind)
    }
    fn write(&self, group: &mut Group, name: &str) {
        let word = Self::WORDS.iter().find(|(kind, _)| kind == self).map_or("s3", |(_, word)| word);
        group.word(name, word);
    }
}

groups! {
    /// The settings of a delivery stream.
    #[derive(Copy)]
    DeliveryStream in "designs.0.firehose";
    /// What puts into a delivery stream with `PutRecordBatch`. With a data stream as the source there is none.
    FirehoseProducer producer {
        /// Records in a full call, 1 to 500.
        batch: u32 = "batch",
        /// How long the oldest record of a call waits for company.
        linger: Span = "linger_ms",
        /// Records that fit in its memory; beyond it new ones are lost.
        buffer: u32 = "buffer",
        /// Attempts at one record, the first included.
        attempts: u32 = "attempts",
        /// Wait before the second attempt; it doubles.
        backoff: Span = "backoff_ms",
        /// The wait never grows beyond this.
        backoff_max: Span = "backoff_max_s",
        /// Which part of the wait is waited.
        jitter: Jitter = "jitter",
    }
    /// What a delivery stream takes in; records and requests go with the bytes.
    Quota quota {
        /// MiB a second; `None` for the quota of the region.
        mib: Option<u32> = "mib_per_s",
        /// While records are throttled the quotas double after so long a time, and again; `None` for never.
        scale_after: Option<Span> = "scale_after_s",
    }
    /// When a buffer is delivered: at its size or after its interval, whatever comes first.
    Buffering buffering {
        /// MiB before compression; `None` for the destination's default.
        mib: Option<u32> = "size_mib",
        /// Seconds since its first record; `None` for the destination's default.
        interval_s: Option<u32> = "interval_s",
    }
    /// The function that transforms the records: its limits, and a model of what it does.
    Transform transform {
        /// Its memory; `None` for no function.
        memory_mb: Option<u32> = "memory_mb",
        /// Bytes of a batch in KiB; `None` for the destination's default.
        buffer_kib: Option<u32> = "buffer_kib",
        /// A batch is handed over this long after its first record.
        interval: Span = "interval_s",
        /// Time of an invocation before its first record.
        fixed: Span = "fixed_ms",
        /// Time for each record.
        per_record: Span = "per_record_ms",
        /// Half width of a random factor around the duration.
        spread: Ratio = "spread",
        /// An invocation that takes longer has failed.
        timeout: Span = "timeout_s",
        /// Invocations at the same time.
        parallel: u32 = "parallel",
        /// Attempts at a batch after the first.
        retries: u32 = "retries",
        /// Share of the invocations that fail, on purpose.
        error_rate: Ratio = "error_rate",
        /// Share of the records for which it answers `Dropped`.
        dropped: Ratio = "dropped_share",
        /// Share of the records for which it answers `ProcessingFailed`.
        failed: Ratio = "failed_share",
        /// Bytes that it gives back for each byte, in thousandths.
        size_milli: u32 = "size_ratio",
    }
    /// Dynamic partitioning by key.
    Partitioning partitioning {
        /// Different partitions; 0 for no partitioning.
        count: u32 = "partitions",
        /// Partitions that may be active at the same time.
        active_max: u32 = "active_max",
    }
    /// The form of what is delivered.
    Format format {
        /// Whether JSON becomes Parquet or ORC.
        converts: bool = "conversion",
        /// Bytes that are stored for each byte, in thousandths.
        stored_milli: u32 = "compression",
    }
    /// Where it delivers. `None` takes what is usual for the kind.
    Destination destination {
        /// What it is.
        kind: DestinationKind = "kind",
        /// Time of a delivery before its first byte, ms.
        latency_ms: Option<u32> = "latency_ms",
        /// MiB that one delivery moves in a second.
        mib_per_s: Option<u32> = "mib_per_s",
        /// Deliveries at the same time.
        parallel: Option<u32> = "parallel",
        /// A delivery is tried again for so many seconds after its first failure.
        retry_s: Option<u32> = "retry_s",
        /// Seconds between two tries.
        retry_every_s: Option<u32> = "retry_every_s",
    }
}

impl DeliveryStream {
    /// Whether records go into partitions.
    pub const fn is_partitioned(&self) -> bool {
        self.partitioning.count > 0
    }

    /// Size at which a buffer is delivered.
    pub fn buffer_bytes(&self) -> Bytes {
        match self.buffering.mib {
            Some(mib) => Bytes::from_mib(mib.into()),
            None if self.is_partitioned() || self.format.converts => limits::FIREHOSE_BUFFER_PARTITIONED,
            None => limits::FIREHOSE_BUFFER,
        }
    }

    /// Time after which it is delivered in any case. Without buffering that is a little more than nothing.
    pub fn interval(&self) -> Span {
        match self.buffering.interval_s {
            Some(0) => limits::FIREHOSE_ZERO_BUFFERING,
            Some(seconds) => Span::from_secs(seconds.into()),
            None => limits::FIREHOSE_INTERVAL.min(self.destination.kind.interval_max()),
        }
    }

    /// Bytes of a batch for the function.
    pub const fn transform_bytes(&self) -> Bytes {
        match self.transform.buffer_kib {
            Some(kib) => Bytes::new((kib as u64) << 10),
            None if matches!(self.destination.kind, DestinationKind::Splunk) => limits::FIREHOSE_TRANSFORM_SPLUNK,
            None => limits::FIREHOSE_TRANSFORM_BUFFER,
        }
    }

    /// What it takes in a second in a region: records, requests and bytes.
    pub fn quotas(&self, prices: &Prices) -> (u64, u64, Bytes) {
        let large = prices.region == HOME;
        let (records, requests, bytes) = if large {
            (
                limits::FIREHOSE_RECORDS_PER_SECOND,
                limits::FIREHOSE_REQUESTS_PER_SECOND,
                limits::FIREHOSE_BYTES_PER_SECOND,
            )
        } else {
            (
                limits::FIREHOSE_SMALL_RECORDS_PER_SECOND,
                limits::FIREHOSE_SMALL_REQUESTS_PER_SECOND,
                limits::FIREHOSE_SMALL_BYTES_PER_SECOND,
            )
        };
        let Some(mib) = self.quota.mib else { return (records, requests, bytes) };
        let raised = Bytes::from_mib(mib.into());
        let with = |quota: u64| quota * raised.get() / bytes.get();
        (with(records), with(requests), raised)
    }

    /// Time of a delivery before its first byte.
    pub fn latency(&self) -> Span {
        let usual = match self.destination.kind {
            DestinationKind::S3 => limits::FIREHOSE_S3_LATENCY,
            DestinationKind::Redshift => limits::FIREHOSE_COPY_LATENCY,
            DestinationKind::OpenSearch | DestinationKind::Splunk | DestinationKind::Http => {
                limits::FIREHOSE_BULK_LATENCY
            }
        };
        self.destination.latency_ms.map_or(usual, |ms| Span::from_millis(ms.into()))
    }

    /// Bytes that one delivery moves in a second.
    pub fn pace(&self) -> Bytes {
        let usual = match self.destination.kind {
            DestinationKind::S3 => limits::FIREHOSE_S3_PACE,
            DestinationKind::Redshift => limits::FIREHOSE_COPY_PACE,
            DestinationKind::OpenSearch | DestinationKind::Splunk | DestinationKind::Http => limits::FIREHOSE_BULK_PACE,
        };
        self.destination.mib_per_s.map_or(usual, |mib| Bytes::from_mib(mib.into()))
    }

    /// Deliveries at the same time.
    pub fn parallel(&self) -> u32 {
        let usual = match self.destination.kind {
            DestinationKind::Redshift => 1,
            DestinationKind::S3 => limits::FIREHOSE_S3_PARALLEL as u32,
            DestinationKind::OpenSearch | DestinationKind::Splunk | DestinationKind::Http => {
                limits::FIREHOSE_BULK_PARALLEL as u32
            }
        };
        self.destination.parallel.unwrap_or(usual)
    }

    /// How long after its first failure a delivery is tried again. With a data stream as the source of S3 the retention
    /// of that stream counts instead.
    pub fn retry_window(&self) -> Span {
        let usual = match self.destination.kind {
            DestinationKind::S3 => limits::FIREHOSE_S3_RETRY,
            DestinationKind::Redshift => limits::FIREHOSE_COPY_RETRY,
            DestinationKind::OpenSearch | DestinationKind::Splunk | DestinationKind::Http => limits::FIREHOSE_RETRY,
        };
        self.destination.retry_s.map_or(usual, |seconds| Span::from_secs(seconds.into()))
    }

    /// Time between a failure and the next try.
    pub fn retry_every(&self) -> Span {
        let usual = match self.destination.kind {
            DestinationKind::Redshift => limits::FIREHOSE_COPY_RETRY_EVERY,
            _ => limits::FIREHOSE_RETRY_EVERY,
        };
        self.destination.retry_every_s.map_or(usual, |seconds| Span::from_secs(seconds.into()))
    }
}

impl Firehose {
    /// Reads the group at a path and checks its fields against each other.
    pub(super) fn read(read: &mut Reader<'_>, path: &str, length: Span) -> Self {
        let stream = DeliveryStream::groups(read, path);
        let faults = faults(read, path, length);
        for (name, message) in stream.problems() {
            read.wrong(&format!("{path}.{name}"), message);
        }
        let of = |name: &str| format!("{path}.transform.{name}");
        let handling = Handling::read(read, &of);
        handling.fits(read, &of);
        if handling.kind != HandlerKind::Model && stream.transform.memory_mb.is_none() {
            read.wrong(&of("memory_mb"), "a handler needs a function; choose its memory".to_owned());
        }
        Self { stream, handling, faults }
    }

    /// Whether what the function does is asked outside of the engine.
    pub fn asks(&self) -> bool {
        self.stream.transform.memory_mb.is_some() && self.handling.kind != HandlerKind::Model
    }

    /// The group in a canonical document.
    pub(super) fn write(&self) -> Value {
        let mut group = self.stream.write_groups();
        let fault = |fault: &Fault| {
            let mut group = Group::at("designs.0.firehose.operations.0");
            group.time("at_s", fault.at);
            group.word(
                "kind",
                match fault.kind {
                    FaultKind::Outage => "destination_outage",
                    FaultKind::Slow { .. } => "destination_slow",
                },
            );
            group.span("for_s", fault.span);
            if let FaultKind::Slow { factor_milli } = fault.kind {
                group.number("factor", factor_milli.into());
            }
            group.done()
        };
        let mut transform = Group::at("designs.0.firehose.transform");
        self.handling.write(&mut transform);
        if let (Value::Object(fields), Value::Object(more)) = (&mut group["transform"], transform.done()) {
            fields.extend(more);
        }
        group["operations"] = self.faults.iter().map(fault).collect();
        group
    }

    /// Whether the destination refuses everything at an instant, and how many thousandths as long a delivery takes that
    /// begins then.
    pub fn destination_at(&self, at: SimTime) -> (bool, u64) {
        let on = self.faults.iter().filter(|fault| fault.at <= at && at < fault.at + fault.span);
        on.fold((false, 1_000), |(out, milli), fault| match fault.kind {
            FaultKind::Outage => (true, milli),
            FaultKind::Slow { factor_milli } => (out, milli.max(factor_milli.into())),
        })
    }
}

impl DeliveryStream {
    /// What the fields say against each other: names inside the group, and sentences.
    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let Self { producer, transform, partitioning, format, destination, .. } = self;
        let mib = |bytes: Bytes| bytes.get() >> 20;
        let (mut least, most) = destination.kind.sizes();
        let name = destination.kind.name();
        let shaped = self.is_partitioned() || format.converts;
        if shaped && destination.kind == DestinationKind::S3 {
            least = limits::FIREHOSE_BUFFER_PARTITIONED_MIN;
        }
        if let Some(size) = self.buffering.mib.map(|size| Bytes::from_mib(size.into()))
            && !(least..=most).contains(&size)
        {
            let why = if size < least && shaped { "partitions and conversion need" } else { "the buffer takes" };
            let message = format!("{} MiB for {name}: {why} {} to {} MiB", mib(size), mib(least), mib(most));
            found.push(("buffering.size_mib", message));
        }
        let interval_max = destination.kind.interval_max();
        if self.buffering.interval_s.is_some_and(|seconds| Span::from_secs(seconds.into()) > interval_max) {
            let message = format!("is too long for {name}; choose 0 to {} s", interval_max.seconds_f64());
            found.push(("buffering.interval_s", message));
        }
        if destination.kind != DestinationKind::S3 {
            let only = |what: &str| format!("{what} only on the way to S3; switch it off, or choose \"s3\"");
            if self.is_partitioned() {
                found.push(("partitioning.partitions", only("records are partitioned")));
            }
            if format.converts {
                found.push(("format.conversion", only("the format is converted")));
            }
        } else if destination.retry_s.is_some() {
            let hours = limits::FIREHOSE_S3_RETRY.micros() / (3_600 * MICROS_PER_SECOND);
            found.push(("destination.retry_s", format!("S3 is tried again for {hours} h; remove it")));
        }
        if destination.kind == DestinationKind::Redshift && destination.parallel.is_some_and(|parallel| parallel > 1) {
            found.push(("destination.parallel", "one COPY runs at a time; choose 1".to_owned()));
        }
        if partitioning.active_max > limits::FIREHOSE_PARTITIONS_MAX as u32 {
            found.push(("partitioning.active_max", format!("choose {} or fewer", limits::FIREHOSE_PARTITIONS_MAX)));
        }
        if producer.backoff > producer.backoff_max {
            let message = format!("is less than the first wait; choose {} s or more", producer.backoff.seconds_f64());
            found.push(("producer.backoff_max_s", message));
        }
        if u64::from(transform.dropped.millionths()) + u64::from(transform.failed.millionths())
            > u64::from(Ratio::ONE.millionths())
        {
            found.push(("transform.failed_share", "is more than what is not dropped; choose less".to_owned()));
        }
        // Base64 makes four bytes of three.
        let answer = self.transform_bytes().get() * u64::from(transform.size_milli) / 1_000 * 4 / 3;
        if answer > limits::FIREHOSE_TRANSFORM_PAYLOAD.get() {
            let message = format!(
                "the answer to a full batch would have {} MiB in base64; choose less, for at most {} MiB",
                answer.div_ceil(1 << 20),
                mib(limits::FIREHOSE_TRANSFORM_PAYLOAD)
            );
            found.push(("transform.size_ratio", message));
        }
        found
    }
}

/// The faults in order of time.
fn faults(read: &mut Reader<'_>, path: &str, length: Span) -> Vec<Fault> {
    let mut found = Vec::new();
    for index in 0..read.items(&format!("{path}.operations")) {
        let of = |name: &str| format!("{path}.operations.{index}.{name}");
        let at = read.at(&of("at_s"));
        if at.micros() >= length.micros() {
            let message = format!("is after the end of the run; choose less than {} s", length.seconds_f64());
            read.wrong(&of("at_s"), message);
        }
        let kind = match read.text(&of("kind")) {
            "destination_outage" => FaultKind::Outage,
            "destination_slow" => FaultKind::Slow { factor_milli: read.small(&of("factor")) },
            _ => continue,
        };
        found.push(Fault { at, span: read.span(&of("for_s")), kind });
    }
    found.sort_by_key(|fault| fault.at);
    found
}
