//! Quotas, defaults and estimates of Data Firehose.

use super::sources::{FH, FL, OURS, TYPICAL};
use super::{Count, Limit, Value};
use crate::text::for_people;
use crate::units::{Bytes, Span};

limits! { FIREHOSE:
    /// Records a second that a delivery stream takes by Direct PUT in the largest Regions.
    FIREHOSE_RECORDS_PER_SECOND: Count = 500_000, "records/s", FL, documented;
    /// Requests a second there, PutRecord and PutRecordBatch together.
    FIREHOSE_REQUESTS_PER_SECOND: Count = 2_000, "requests/s", FL, documented;
    /// Bytes a second there.
    FIREHOSE_BYTES_PER_SECOND: Bytes = Bytes::from_mib(5), "bytes/s", FL, documented;
    /// Records a second in other Regions.
    FIREHOSE_SMALL_RECORDS_PER_SECOND: Count = 100_000, "records/s", FL, documented;
    /// Requests a second in other Regions.
    FIREHOSE_SMALL_REQUESTS_PER_SECOND: Count = 1_000, "requests/s", FL, documented;
    /// Bytes a second in other Regions.
    FIREHOSE_SMALL_BYTES_PER_SECOND: Bytes = Bytes::MIB, "bytes/s", FL, documented;
    /// How much of a quota may come at once: so long a time’s worth.
    FIREHOSE_BURST: Span = Span::from_secs(1), "s", TYPICAL, estimated;
    /// While records are throttled a delivery stream doubles its quotas after so long a time. That it raises them is
    /// documented, the delay is not.
    FIREHOSE_SCALE_AFTER: Span = Span::from_secs(300), "s", TYPICAL, estimated;
    /// Highest quota that a scenario may ask for, MiB a second.
    FIREHOSE_QUOTA_MAX: Count = 10_000, "MiB/s", OURS, documented;
    /// Largest record of a Direct PUT, before base64.
    FIREHOSE_RECORD_MAX: Bytes = Bytes::new(1_000 << 10), "bytes", FL, documented;
    /// Records of one PutRecordBatch.
    FIREHOSE_BATCH_MAX: Count = 500, "records", FL, documented;
    /// Bytes of one PutRecordBatch.
    FIREHOSE_BATCH_BYTES_MAX: Bytes = Bytes::from_mib(4), "bytes", FL, documented;
    /// Each record is billed as a multiple of this.
    FIREHOSE_BILLED: Bytes = Bytes::new(5 << 10), "bytes", FL, documented;
    /// Bytes of 30 days at the first price of ingestion.
    FIREHOSE_FIRST_TIER: Bytes = Bytes::new(500 << 40), "bytes", FL, estimated;
    /// Bytes of 30 days after which the last price of ingestion holds.
    FIREHOSE_SECOND_TIER: Bytes = Bytes::new(2_000 << 40), "bytes", FL, estimated;

    /// Size of a buffer where nothing else is said.
    FIREHOSE_BUFFER: Bytes = Bytes::from_mib(5), "bytes", FH, documented;
    /// Largest buffer for S3 and Redshift.
    FIREHOSE_BUFFER_MAX: Bytes = Bytes::from_mib(128), "bytes", FH, documented;
    /// Largest buffer for OpenSearch.
    FIREHOSE_BUFFER_OPENSEARCH_MAX: Bytes = Bytes::from_mib(100), "bytes", FH, documented;
    /// Largest buffer for Splunk.
    FIREHOSE_BUFFER_SPLUNK_MAX: Bytes = Bytes::from_mib(5), "bytes", FH, documented;
    /// Largest buffer for an HTTP endpoint.
    FIREHOSE_BUFFER_HTTP_MAX: Bytes = Bytes::from_mib(64), "bytes", FH, documented;
    /// Smallest buffer with dynamic partitioning or conversion of the format.
    FIREHOSE_BUFFER_PARTITIONED_MIN: Bytes = Bytes::from_mib(64), "bytes", FH, documented;
    /// Buffer with dynamic partitioning or conversion of the format where nothing else is said.
    FIREHOSE_BUFFER_PARTITIONED: Bytes = Bytes::from_mib(128), "bytes", FH, estimated;
    /// Interval of a buffer where nothing else is said.
    FIREHOSE_INTERVAL: Span = Span::from_secs(300), "s", FH, documented;
    /// Longest interval.
    FIREHOSE_INTERVAL_MAX: Span = Span::from_secs(900), "s", FH, documented;
    /// Longest interval for Splunk, and its default.
    FIREHOSE_INTERVAL_SPLUNK_MAX: Span = Span::from_secs(60), "s", FH, documented;
    /// Without buffering a record is delivered within seconds: after this.
    FIREHOSE_ZERO_BUFFERING: Span = Span::from_secs(2), "s", FH, estimated;
    /// Below this interval objects are written by multipart upload.
    FIREHOSE_MULTIPART_BELOW: Span = Span::from_secs(60), "s", FH, documented;
    /// Requests of a multipart upload: it is begun, gets one part, and is completed.
    FIREHOSE_MULTIPART_REQUESTS: Count = 3, "requests", TYPICAL, estimated;
    /// Partitions that are active at the same time.
    FIREHOSE_PARTITIONS_ACTIVE: Count = 500, "partitions", FL, documented;
    /// Partitions that a scenario may have.
    FIREHOSE_PARTITIONS_MAX: Count = 5_000, "partitions", OURS, documented;

    /// Bytes of a batch for the function.
    FIREHOSE_TRANSFORM_BUFFER: Bytes = Bytes::MIB, "bytes", FH, documented;
    /// Bytes of a batch for the function on the way to Splunk.
    FIREHOSE_TRANSFORM_SPLUNK: Bytes = Bytes::new(256 << 10), "bytes", FH, documented;
    /// Largest batch for the function, in KiB.
    FIREHOSE_TRANSFORM_MAX_KIB: Count = 3 << 10, "KiB", FH, documented;
    /// Bytes of an invocation, and of its answer, in base64.
    FIREHOSE_TRANSFORM_PAYLOAD: Bytes = Bytes::from_mib(6), "bytes", FH, documented;
    /// A batch is handed to the function this long after its first record.
    FIREHOSE_TRANSFORM_INTERVAL: Span = Span::from_secs(60), "s", FH, documented;
    /// Longest invocation of the function.
    FIREHOSE_TRANSFORM_TIMEOUT: Span = Span::from_secs(300), "s", FH, documented;
    /// Attempts at a batch after the first.
    FIREHOSE_TRANSFORM_RETRIES: Count = 3, "retries", FH, documented;
    /// Invocations at the same time. Documented for each shard of a stream that is the source.
    FIREHOSE_TRANSFORM_PARALLEL: Count = 5, "invocations", FL, estimated;

    /// How long S3 is tried again before what it does not take is lost.
    FIREHOSE_S3_RETRY: Span = Span::from_hours(24), "h", FH, documented;
    /// How long a COPY into Redshift is tried again.
    FIREHOSE_COPY_RETRY: Span = Span::from_secs(3_600), "s", FH, documented;
    /// Time between two tries of a COPY.
    FIREHOSE_COPY_RETRY_EVERY: Span = Span::from_secs(300), "s", FH, documented;
    /// How long OpenSearch, Splunk and an endpoint are tried again; documented for OpenSearch.
    FIREHOSE_RETRY: Span = Span::from_secs(300), "s", FH, estimated;
    /// Longest time for which a destination is tried again.
    FIREHOSE_RETRY_MAX: Span = Span::from_secs(7_200), "s", FH, documented;
    /// Time between two tries of any other delivery.
    FIREHOSE_RETRY_EVERY: Span = Span::from_secs(30), "s", TYPICAL, estimated;
    /// Time of a delivery to S3 before its first byte.
    FIREHOSE_S3_LATENCY: Span = Span::from_millis(200), "ms", TYPICAL, estimated;
    /// Time of a COPY before its first byte.
    FIREHOSE_COPY_LATENCY: Span = Span::from_secs(5), "s", TYPICAL, estimated;
    /// Time of a request to OpenSearch, Splunk or an endpoint before its first byte, acknowledgement included.
    FIREHOSE_BULK_LATENCY: Span = Span::from_millis(500), "ms", TYPICAL, estimated;
    /// Bytes a second of one delivery to S3.
    FIREHOSE_S3_PACE: Bytes = Bytes::from_mib(50), "bytes/s", TYPICAL, estimated;
    /// Bytes a second of a COPY.
    FIREHOSE_COPY_PACE: Bytes = Bytes::from_mib(20), "bytes/s", TYPICAL, estimated;
    /// Bytes a second of one request to OpenSearch, Splunk or an endpoint.
    FIREHOSE_BULK_PACE: Bytes = Bytes::from_mib(5), "bytes/s", TYPICAL, estimated;
    /// Deliveries to S3 at the same time.
    FIREHOSE_S3_PARALLEL: Count = 100, "deliveries", TYPICAL, estimated;
    /// Requests to OpenSearch, Splunk or an endpoint at the same time.
    FIREHOSE_BULK_PARALLEL: Count = 10, "deliveries", TYPICAL, estimated;
    /// Deliveries at the same time that a scenario may ask for.
    FIREHOSE_PARALLEL_MAX: Count = 1_000, "deliveries", OURS, documented;
    /// Injected faults of one destination.
    FIREHOSE_FAULTS_MAX: Count = 50, "faults", OURS, documented;
    /// Records that are with a producer or on the way to the function, and other pieces that are kept, at the same time;
    /// beyond it the run stops and says so.
    FIREHOSE_KEPT_MAX: Count = 12_000_000, "pieces", OURS, documented;
}
