//! Where the figures of the limits come from.

use super::Source;

pub(super) const K: Source = Source {
    tag: "K",
    text: "API model of Kinesis Data Streams, 2013-12-02, as shipped in botocore",
    date: "2026-08-07",
};
pub(super) const L: Source =
    Source { tag: "L", text: "API model of Lambda, 2015-03-31, as shipped in botocore", date: "2026-08-07" };
pub(super) const Q: Source =
    Source { tag: "Q", text: "Kinesis Data Streams Developer Guide, “Quotas and limits”", date: "2026" };
pub(super) const LR: Source = Source {
    tag: "LR",
    text: "AWS Big Data Blog, “10x larger record sizes”, and the guide on large records",
    date: "2025-10-28",
};
pub(super) const D22: Source = Source {
    tag: "D22",
    text: "Kinesis Data Streams Developer Guide, “Troubleshooting producers”, public sources",
    date: "2022",
};
pub(super) const LL: Source = Source {
    tag: "D22",
    text: "Kinesis Data Streams Developer Guide, “Low-latency processing”, public sources",
    date: "2022",
};
pub(super) const FAQ: Source = Source { tag: "FAQ", text: "Kinesis Data Streams FAQ", date: "2025-11" };
pub(super) const LK: Source =
    Source { tag: "LK", text: "AWS Lambda Developer Guide, “Using Lambda with Kinesis”", date: "2026" };
pub(super) const LG: Source =
    Source { tag: "LG", text: "AWS Lambda Developer Guide, “Lambda quotas”", date: "2023" };
pub(super) const LE: Source = Source {
    tag: "LE",
    text: "AWS Lambda Developer Guide, “Understanding the Lambda execution environment lifecycle”",
    date: "2026",
};
pub(super) const LS: Source =
    Source { tag: "LS", text: "AWS Lambda Developer Guide, “Scaling behaviour”", date: "2026" };
pub(super) const LSN: Source = Source {
    tag: "LSN",
    text: "snapshots recorded on AWS in LocalStack's tests of Lambda with Kinesis; the figure is inferred from them",
    date: "2025-11-25",
};
pub(super) const ST: Source =
    Source { tag: "ST", text: "retry module of the AWS SDK for JavaScript v3 (smithy-typescript)", date: "2026-08" };
pub(super) const BC: Source =
    Source { tag: "BC", text: "retry module of the AWS SDK for Python (botocore)", date: "2026-08" };
pub(super) const KPL: Source =
    Source { tag: "KPL", text: "source of the Kinesis Producer Library (amazon-kinesis-producer)", date: "2026-03" };
pub(super) const KCL: Source =
    Source { tag: "KCL", text: "source of the Kinesis Client Library 3, its configurations", date: "2026-07" };
pub(super) const M: Source = Source {
    tag: "M",
    text: "Kinesis Data Streams Developer Guide, “How do I choose the capacity mode and size of my stream”",
    date: "2025-11",
};
pub(super) const R87: Source = Source {
    tag: "R87",
    text: "users' reports: issue 87 of amazon-kinesis-scaling-utils (above 45 s), pull request 12255 of druid (a late \
           start)",
    date: "2022",
};
pub(super) const WN: Source = Source {
    tag: "WN",
    text: "AWS What's New, “Amazon Kinesis Data Streams on-demand scale-down”",
    date: "2026-07-24",
};
pub(super) const OURS: Source =
    Source { tag: "SG", text: "a bound of this simulator; the service has none here or a wider one", date: "2026-11" };
pub(super) const LF: Source = Source {
    tag: "LF",
    text: "AWS Lambda Developer Guide, “Control which events Lambda sends to your function” and “Using event filtering with \
           a Kinesis event source”",
    date: "2026",
};
pub(super) const EB: Source = Source {
    tag: "EB",
    text: "Amazon EventBridge User Guide, “Comparison operators for use in event patterns”",
    date: "2026",
};
pub(super) const LW: Source = Source {
    tag: "LW",
    text: "AWS Lambda Developer Guide, “Implementing stateful Kinesis Data Streams processing in Lambda”",
    date: "2026",
};
pub(super) const LC: Source = Source {
    tag: "LC",
    text: "AWS Lambda Developer Guide, “Configuring reserved concurrency for a function”",
    date: "2024",
};
pub(super) const DDB: Source = Source {
    tag: "DDB",
    text: "Amazon DynamoDB Developer Guide, “Burst and adaptive capacity” and “Read and write operations”",
    date: "2024",
};
pub(super) const TYPICAL: Source = Source {
    tag: "EST",
    text: "an estimate of this simulator: a usual setting, or a usual figure from practice",
    date: "2026-11",
};
pub(super) const ALB: Source =
    Source { tag: "ALB", text: "the default of Application Load Balancers, from practice", date: "2026-11" };
pub(super) const FPM: Source = Source {
    tag: "FPM",
    text: "public guides on sizing PHP-FPM (pm.max_children), and its default backlog",
    date: "2026-11",
};
pub(super) const MYSQL: Source =
    Source { tag: "RDS", text: "defaults of RDS for MySQL, as recorded in a public parameter group", date: "2026-11" };
pub(super) const FL: Source =
    Source {
        tag: "FL", text: "Amazon Data Firehose Developer Guide, “Quota” and its notes on billing", date: "2026"
    };
pub(super) const FH: Source = Source {
    tag: "F23",
    text: "Amazon Data Firehose Developer Guide, and the API model of Firehose as shipped in botocore",
    date: "2026",
};
pub(super) const KDA: Source = Source {
    tag: "KDA",
    text: "Amazon Kinesis Data Analytics Developer Guide, “Quotas”, public sources",
    date: "2023",
};
pub(super) const MSF: Source = Source {
    tag: "MSF",
    text: "prices of Managed Service for Apache Flink, as quoted in a public catalogue of plans",
    date: "2026-09-20",
};
pub(super) const FLINK: Source = Source {
    tag: "FLINK",
    text: "a usual default of Apache Flink and its Kinesis connector, from practice",
    date: "2026-11",
};
pub(super) const KVS: Source =
    Source {
        tag: "KVS", text: "Amazon Kinesis Video Streams Developer Guide, “Quotas”, public sources", date: "2023"
    };
