//! Rules of delivery streams.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        title: "Firehose: what it takes in",
        rule: "A producer gathers records into PutRecordBatch calls. Records, requests and bytes a second have a quota by \
               Region, each a token bucket. A call beyond the requests is refused as a whole, otherwise its entries one by \
               one, with ServiceUnavailableException; the producer puts them again after a wait that doubles, until its \
               attempts or its memory are used up. While records are refused the quotas double after a delay, and again.",
        departure: "That Firehose raises its quotas by itself is documented, after how long is not: it is a setting. The \
                    network takes no time.",
        names: &[
            "FIREHOSE_RECORDS_PER_SECOND",
            "FIREHOSE_REQUESTS_PER_SECOND",
            "FIREHOSE_BYTES_PER_SECOND",
            "FIREHOSE_SMALL_RECORDS_PER_SECOND",
            "FIREHOSE_SMALL_REQUESTS_PER_SECOND",
            "FIREHOSE_SMALL_BYTES_PER_SECOND",
            "FIREHOSE_BURST",
            "FIREHOSE_SCALE_AFTER",
            "FIREHOSE_RECORD_MAX",
            "FIREHOSE_BATCH_MAX",
            "FIREHOSE_BATCH_BYTES_MAX",
        ],
        prices: &[],
    },
    Rule {
        title: "Firehose: a stream as the source",
        rule: "A poller of the stream reads for it and shares the limits of the shards with the other readers; what it has read \
               is in the delivery stream at once, without quota. What S3 does not take is kept as long as the retention of \
               the stream.",
        departure: "Firehose reads once a second and from LATEST: those are settings of the poller. What is kept waits in the \
                    delivery stream and not in the stream. Records packed by the KPL come as they are.",
        names: &[],
        prices: &[],
    },
    Rule {
        title: "Firehose: buffer",
        rule: "A buffer begins with its first record. It is delivered when its bytes, before compression, reach its size, or \
               when its interval is over, whatever comes first. An interval of 0 delivers within seconds. Where deliveries \
               wait for the destination, the buffer grows up to the largest that the destination takes. At the end of a run \
               what is in buffers stays there, and the ledger says so.",
        departure: "By how much Firehose raises a buffer when it lags is not documented: here to the largest at once.",
        names: &[
            "FIREHOSE_BUFFER",
            "FIREHOSE_BUFFER_MAX",
            "FIREHOSE_BUFFER_OPENSEARCH_MAX",
            "FIREHOSE_BUFFER_SPLUNK_MAX",
            "FIREHOSE_BUFFER_HTTP_MAX",
            "FIREHOSE_INTERVAL",
            "FIREHOSE_INTERVAL_MAX",
            "FIREHOSE_INTERVAL_SPLUNK_MAX",
            "FIREHOSE_ZERO_BUFFERING",
        ],
        prices: &[],
    },
    Rule {
        title: "Firehose: function",
        rule: "Records wait for the function in a batch of their own, up to its size or its interval. Where an \
               invocation fails, runs longer than its timeout, or would get more than the payload holds, it is repeated at \
               once, and then the whole batch comes under processing-failed. By the model an invocation takes the times of \
               the scenario, and of its records a share is dropped, as it was meant, and a share has failed. Where code \
               decides it answers for each record: Ok with its data, Dropped, or ProcessingFailed; a record without an \
               answer has failed. Its environments live on as those of a consumer do.",
        departure: "By the model environments are warm. The account’s concurrency is not shared with it. A record with two \
                    answers, or with data that is not base64, has failed. The records that a compiled module names have \
                    failed, and the others go on as they are. How many run at the same time without a stream as the source \
                    is estimated.",
        names: &[
            "FIREHOSE_TRANSFORM_BUFFER",
            "FIREHOSE_TRANSFORM_SPLUNK",
            "FIREHOSE_TRANSFORM_MAX_KIB",
            "FIREHOSE_TRANSFORM_PAYLOAD",
            "FIREHOSE_TRANSFORM_INTERVAL",
            "FIREHOSE_TRANSFORM_TIMEOUT",
            "FIREHOSE_TRANSFORM_RETRIES",
            "FIREHOSE_TRANSFORM_PARALLEL",
        ],
        prices: &[],
    },
    Rule {
        title: "Firehose: partitions and conversion",
        rule: "Each partition has a buffer of its own, and is active from its first record until it is delivered. Records for \
               a partition beyond the limit come under the error prefix. Partitions and conversion of the format need \
               larger buffers and lead to S3 only.",
        departure: "Keys are dealt to partitions in turn, unless the answer of the function has partitionKeys: what they \
                    say together is the partition. Conversion changes the price and, by the setting for compression, \
                    the size; it never fails. The gigabyte a second of one partition does not bind.",
        names: &["FIREHOSE_PARTITIONS_ACTIVE", "FIREHOSE_BUFFER_PARTITIONED_MIN", "FIREHOSE_BUFFER_PARTITIONED"],
        prices: &[],
    },
    Rule {
        title: "Firehose: destinations",
        rule: "A delivery takes a latency and its bytes at a pace; so many run at the same time, others wait in order. What \
               fails is tried again at a distance, the last time at the very end of its window, counted from its first \
               failure. Then S3 has lost it, with a stream as the source once the retention of the stream is over; of \
               Redshift a manifest names the objects; what the others did not take comes under the error prefix, which has \
               a buffer of its own. Into Redshift one COPY runs at a time and takes all objects that wait.",
        departure: "Latencies, paces and how many run at a time are estimates. An attempt that began before an outage comes \
                    to its end. The bucket of the error prefix has no outage. Duplicates by a lost acknowledgement are left out.",
        names: &[
            "FIREHOSE_S3_RETRY",
            "FIREHOSE_COPY_RETRY",
            "FIREHOSE_COPY_RETRY_EVERY",
            "FIREHOSE_RETRY",
            "FIREHOSE_RETRY_MAX",
            "FIREHOSE_RETRY_EVERY",
            "FIREHOSE_S3_LATENCY",
            "FIREHOSE_COPY_LATENCY",
            "FIREHOSE_BULK_LATENCY",
            "FIREHOSE_S3_PACE",
            "FIREHOSE_COPY_PACE",
            "FIREHOSE_BULK_PACE",
            "FIREHOSE_S3_PARALLEL",
            "FIREHOSE_BULK_PARALLEL",
        ],
        prices: &[],
    },
    Rule {
        title: "Firehose: how late",
        rule: "What a client waits is exact for each record. Records that were offered within a thousandth of the interval \
               count together, with their mean, when they are delivered.",
        departure: "",
        names: &[],
        prices: &[],
    },
    Rule {
        title: "Firehose: the bill",
        rule: "Each record is billed as a multiple of 5 KB, in three tiers of 30 days; conversion for the same bytes, \
               partitioning for those that are delivered and for its objects; each object is a PUT, of a short interval a \
               multipart upload; the function by its invocations and their time.",
        departure: "Without storage, delivery into a VPC, and the destinations themselves. The prices of Firehose come from a \
                    transcription.",
        names: &[
            "FIREHOSE_BILLED",
            "FIREHOSE_FIRST_TIER",
            "FIREHOSE_SECOND_TIER",
            "FIREHOSE_MULTIPART_BELOW",
            "FIREHOSE_MULTIPART_REQUESTS",
        ],
        prices: &[],
    },
];
