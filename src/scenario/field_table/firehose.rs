//! Rows of the field table: delivery streams.

use super::reading::{DURATIONS, HANDLERS};
use super::{
    Choice, DAY, Default, Field, JITTERS, Kind, MICROS_PER_SECOND, Number, ON_OFF_PLAIN, SECONDS, SHARE, Span, l,
    millis, whole, word,
};

const KINDS: &[Choice] = &[
    word("s3", "S3", "Objects in a bucket; tried again for 24 hours."),
    word("redshift", "Redshift", "Objects in a bucket, copied into a cluster, one COPY at a time."),
    word("opensearch", "OpenSearch", "Bulk requests to a domain."),
    word("splunk", "Splunk", "Events to an indexer that acknowledges them."),
    word("http", "HTTP endpoint", "Requests to an endpoint that acknowledges them."),
];

const FAULTS: &[Choice] = &[
    word("destination_outage", "Outage of the destination", "It refuses everything for a while, on purpose."),
    word("destination_slow", "Slow destination", "Each delivery takes longer for a while, on purpose."),
];

/// Time of a step.
const TIME: Number = millis(0, l::FIREHOSE_TRANSFORM_TIMEOUT, 1_000);

const fn seconds(span: Span) -> u64 {
    span.micros() / MICROS_PER_SECOND
}

#[rustfmt::skip]
pub(super) const FIELDS: &[Field] = &[
    Field::new("deliver", "Delivery streams", Kind::List(0, l::HOPS_MAX as usize), Default::Empty, "Delivery streams of Firehose that take what pollers of the stream read.").limit_is("HOPS_MAX"),
    Field::group("deliver.*", "Delivery stream", "It takes what a poller of the stream reads."),
    Field::new("deliver.*.name", "Name", Kind::Text(60), Default::Text(""), "What it is called."),
    Field::num("deliver.*.consumer", "Read by", "", whole(0, l::CONSUMERS_MAX - 1, 1), 0, "Place of the poller that reads for it, in the list, from zero."),

    Field::group("designs.*.firehose", "Firehose", "A delivery stream of Data Firehose.").only(&["firehose"]),
    Field::group("designs.*.firehose.producer", "Producer", "What puts into it with PutRecordBatch."),
    Field::num("designs.*.firehose.producer.batch", "Records a call", "records", whole(1, l::FIREHOSE_BATCH_MAX, 10), l::FIREHOSE_BATCH_MAX, "Records in a full PutRecordBatch call.").limit_is("FIREHOSE_BATCH_MAX"),
    Field::num("designs.*.firehose.producer.linger_ms", "Linger", "ms", millis(0, l::LINGER_MAX, 10_000), 100_000, "How long the oldest record of a call waits for company.").limit_is("LINGER_MAX"),
    Field::num("designs.*.firehose.producer.buffer", "Local buffer", "records", whole(1, l::PRODUCER_BUFFER_MAX, 10_000), 400_000, "Records that fit in the producer's memory; beyond it new ones are lost.").limit_is("PRODUCER_BUFFER_MAX"),
    Field::num("designs.*.firehose.producer.attempts", "Attempts", "attempts", whole(1, l::PRODUCER_ATTEMPTS_MAX, 1), 10, "At one record, the first included; 1 does not look at the answer.").limit_is("PRODUCER_ATTEMPTS_MAX"),
    Field::num("designs.*.firehose.producer.backoff_ms", "First wait", "ms", millis(1_000, l::PRODUCER_BACKOFF_MAX, 100_000), l::SDK_BACKOFF_BASE.micros(), "Wait before the second attempt; it doubles.").limit_is("SDK_BACKOFF_BASE"),
    Field::num("designs.*.firehose.producer.backoff_max_s", "Longest wait", "s", Number { min: 1_000, max: l::PRODUCER_BACKOFF_MAX.micros(), step: MICROS_PER_SECOND, decimals: 6 }, l::SDK_BACKOFF_CAP.micros(), "The wait never grows beyond this.").limit_is("SDK_BACKOFF_CAP"),
    Field::choice("designs.*.firehose.producer.jitter", "Jitter", JITTERS, Default::Text("full"), "Which part of the wait is waited."),

    Field::group("designs.*.firehose.quota", "Quotas", "What it takes in by Direct PUT; records and requests go with the bytes."),
    Field::num("designs.*.firehose.quota.mib_per_s", "Quota", "MiB/s", whole(1, l::FIREHOSE_QUOTA_MAX, 1), 0, "Null for the quota of the region.").optional().limit_is("FIREHOSE_BYTES_PER_SECOND"),
    Field::num("designs.*.firehose.quota.scale_after_s", "Raised after", "s", Number { min: 0, max: DAY, step: 60_000_000, decimals: 6 }, l::FIREHOSE_SCALE_AFTER.micros(), "While records are throttled the quotas double after so long a time, and again; 0 for never.").limit_is("FIREHOSE_SCALE_AFTER"),

    Field::group("designs.*.firehose.buffering", "Buffer", "It is delivered at its size or after its interval, whatever comes first."),
    Field::num("designs.*.firehose.buffering.size_mib", "Size", "MiB", whole(1, l::FIREHOSE_BUFFER_MAX.get() >> 20, 1), 0, "Before compression; null for 5 MiB, with partitions or conversion 128 MiB.").optional().limit_is("FIREHOSE_BUFFER"),
    Field::num("designs.*.firehose.buffering.interval_s", "Interval", "s", whole(0, seconds(l::FIREHOSE_INTERVAL_MAX), 60), 0, "Since its first record; null for the destination's default; 0 delivers within seconds.").optional().limit_is("FIREHOSE_INTERVAL"),

    Field::group("designs.*.firehose.transform", "Transform", "A function that transforms the records."),
    Field::num("designs.*.firehose.transform.memory_mb", "Memory", "MB", whole(l::LAMBDA_MEMORY_MIN_MB, l::LAMBDA_MEMORY_MAX_MB, 64), 0, "Null for no function.").optional().limit_is("LAMBDA_MEMORY_MAX_MB"),
    Field::choice("designs.*.firehose.transform.handler", "Outcome", HANDLERS, Default::Text("model"), "Who decides what becomes of the records."),
    Field::new("designs.*.firehose.transform.code", "Code", Kind::Text(l::HANDLER_SOURCE_MAX.get() as usize), Default::Text(""), "The source of a handler, as Lambda takes it: it answers for each record with Ok, Dropped or ProcessingFailed.").limit_is("HANDLER_SOURCE_MAX"),
    Field::new("designs.*.firehose.transform.module", "Module", Kind::Text(l::HANDLER_MODULE_MAX.get() as usize / 3 * 4 + 4), Default::Text(""), "A compiled handler: WebAssembly in base64. The records that it names have failed, the others go on as they are.").limit_is("HANDLER_MODULE_MAX"),
    Field::choice("designs.*.firehose.transform.duration_from", "Time of an invocation", DURATIONS, Default::Text("model"), "Where the length of an invocation comes from, where code decides."),
    Field::num("designs.*.firehose.transform.buffer_kib", "Batch", "KiB", whole(205, l::FIREHOSE_TRANSFORM_MAX_KIB, 128), 0, "Bytes of a batch; null for 1 MiB, on the way to Splunk 256 KiB.").optional().limit_is("FIREHOSE_TRANSFORM_BUFFER"),
    Field::num("designs.*.firehose.transform.interval_s", "Interval", "s", Number { min: MICROS_PER_SECOND, max: l::FIREHOSE_INTERVAL_MAX.micros(), step: 10_000_000, decimals: 6 }, l::FIREHOSE_TRANSFORM_INTERVAL.micros(), "A batch is handed over this long after its first record.").limit_is("FIREHOSE_TRANSFORM_INTERVAL"),
    Field::num("designs.*.firehose.transform.fixed_ms", "Per invocation", "ms", TIME, 100_000, "Time of an invocation before its first record.").limit_is("FIREHOSE_TRANSFORM_TIMEOUT"),
    Field::num("designs.*.firehose.transform.per_record_ms", "Per record", "ms", TIME, 100, "Time for each record.").limit_is("FIREHOSE_TRANSFORM_TIMEOUT"),
    Field::num("designs.*.firehose.transform.spread", "Spread", "", SHARE, 0, "Half width of a random factor around the duration, from 0 to 1."),
    Field::num("designs.*.firehose.transform.timeout_s", "Timeout", "s", Number { min: MICROS_PER_SECOND, max: l::FIREHOSE_TRANSFORM_TIMEOUT.micros(), step: MICROS_PER_SECOND, decimals: 6 }, l::FIREHOSE_TRANSFORM_TIMEOUT.micros(), "An invocation that takes longer has failed.").limit_is("FIREHOSE_TRANSFORM_TIMEOUT"),
    Field::num("designs.*.firehose.transform.parallel", "At a time", "invocations", whole(1, l::FIREHOSE_PARALLEL_MAX, 1), l::FIREHOSE_TRANSFORM_PARALLEL, "Invocations at the same time.").limit_is("FIREHOSE_TRANSFORM_PARALLEL"),
    Field::num("designs.*.firehose.transform.retries", "Retries", "retries", whole(0, 300, 1), l::FIREHOSE_TRANSFORM_RETRIES, "Attempts at a batch after the first; then its records go under the error prefix.").limit_is("FIREHOSE_TRANSFORM_RETRIES"),
    Field::num("designs.*.firehose.transform.error_rate", "Injected errors", "of all", SHARE, 0, "Share of invocations that fail on purpose, from 0 to 1."),
    Field::num("designs.*.firehose.transform.dropped_share", "Dropped", "of all", SHARE, 0, "Share of the records for which it answers Dropped: they are not delivered, as it was meant."),
    Field::num("designs.*.firehose.transform.failed_share", "ProcessingFailed", "of all", SHARE, 0, "Share of the records for which it answers ProcessingFailed: they go under the error prefix."),
    Field::num("designs.*.firehose.transform.size_ratio", "Gives back", "×", Number { min: 1, max: 30_000, step: 100, decimals: 3 }, 1_000, "Bytes that it gives back for each byte."),

    Field::group("designs.*.firehose.partitioning", "Partitions", "Dynamic partitioning by key."),
    Field::num("designs.*.firehose.partitioning.partitions", "Partitions", "partitions", whole(0, l::FIREHOSE_PARTITIONS_MAX, 10), 0, "Different ones, to which the keys are dealt in turn; 0 for no partitioning.").limit_is("FIREHOSE_PARTITIONS_MAX"),
    Field::num("designs.*.firehose.partitioning.active_max", "Active at a time", "partitions", whole(1, l::FIREHOSE_PARTITIONS_MAX, 100), l::FIREHOSE_PARTITIONS_ACTIVE, "Records for further ones go under the error prefix.").limit_is("FIREHOSE_PARTITIONS_ACTIVE"),

    Field::group("designs.*.firehose.format", "Format", "The form of what is delivered."),
    Field::choice("designs.*.firehose.format.conversion", "Conversion", ON_OFF_PLAIN, Default::Text("off"), "Whether JSON becomes Parquet or ORC; only on the way to S3."),
    Field::num("designs.*.firehose.format.compression", "Stored", "×", Number { min: 1, max: 10_000, step: 50, decimals: 3 }, 1_000, "Bytes that are stored for each byte."),

    Field::group("designs.*.firehose.destination", "Destination", "Where it delivers."),
    Field::choice("designs.*.firehose.destination.kind", "Destination", KINDS, Default::Text("s3"), "What it is."),
    Field::num("designs.*.firehose.destination.latency_ms", "Latency", "ms", whole(0, 600_000, 100), 0, "Time of a delivery before its first byte; null for what is usual.").optional().limit_is("FIREHOSE_BULK_LATENCY"),
    Field::num("designs.*.firehose.destination.mib_per_s", "Pace", "MiB/s", whole(1, l::FIREHOSE_QUOTA_MAX, 5), 0, "What one delivery moves in a second; null for what is usual.").optional().limit_is("FIREHOSE_BULK_PACE"),
    Field::num("designs.*.firehose.destination.parallel", "At a time", "deliveries", whole(1, l::FIREHOSE_PARALLEL_MAX, 1), 0, "Deliveries at the same time; others wait. Null for what is usual.").optional().limit_is("FIREHOSE_BULK_PARALLEL"),
    Field::num("designs.*.firehose.destination.retry_s", "Tried again for", "s", whole(0, seconds(l::FIREHOSE_RETRY_MAX), 60), 0, "After the first failure of a delivery; then it goes to the backup. Null for the default.").optional().limit_is("FIREHOSE_RETRY_MAX"),
    Field::num("designs.*.firehose.destination.retry_every_s", "Tried again every", "s", whole(1, seconds(l::FIREHOSE_RETRY_MAX), 30), 0, "Time between a failure and the next try; null for what is usual.").optional().limit_is("FIREHOSE_RETRY_EVERY"),

    Field::new("designs.*.firehose.operations", "Operations", Kind::List(0, l::FIREHOSE_FAULTS_MAX as usize), Default::Empty, "What is done to the destination on purpose.").limit_is("FIREHOSE_FAULTS_MAX"),
    Field::group("designs.*.firehose.operations.*", "Operation", "A fault of the destination."),
    Field::num("designs.*.firehose.operations.*.at_s", "At", "s", SECONDS, 0, "When it begins.").required(),
    Field::choice("designs.*.firehose.operations.*.kind", "What", FAULTS, Default::Required, "What happens.").selects(),
    Field::num("designs.*.firehose.operations.*.for_s", "For", "s", Number { min: 1_000_000, step: 60_000_000, ..SECONDS }, 3_600_000_000, "How long it lasts."),
    Field::num("designs.*.firehose.operations.*.factor", "Slower by", "×", Number { min: 1_000, max: 1_000_000, step: 1_000, decimals: 3 }, 10_000, "How many times as long a delivery takes that begins then.").only(&["destination_slow"]),
];
