//! Bounds and estimates of analytics applications.

use super::sources::{FLINK, KDA, MSF, OURS, TYPICAL};
use super::{Count, Limit, Value};
use crate::text::for_people;
use crate::units::{Bytes, Span};

limits! { ANALYTICS:
    /// Kinesis processing units of an application, by default; the service raises it on request.
    ANALYTICS_KPUS_MAX: Count = 32, "KPUs", KDA, documented;
    /// Kinesis processing units that an application is billed for besides, for its orchestration.
    ANALYTICS_ORCHESTRATION_KPUS: Count = 1, "KPUs", MSF, documented;
    /// Running storage that comes with a processing unit, in GB.
    ANALYTICS_KPU_STORAGE_GB: Count = 50, "GB", MSF, documented;
    /// Records per second that a processing unit reads, groups and adds up.
    ANALYTICS_KPU_RECORDS: Count = 10_000, "records/s", TYPICAL, estimated;
    /// Parallel subtasks of a processing unit.
    ANALYTICS_SLOTS_MAX: Count = 8, "subtasks", OURS, documented;
    /// From one read of a shard to the next.
    ANALYTICS_READ_INTERVAL: Span = Span::from_millis(200), "ms", FLINK, estimated;
    /// From one look for new shards to the next.
    ANALYTICS_DISCOVERY: Span = Span::from_secs(10), "s", FLINK, estimated;
    /// From one checkpoint to the next.
    ANALYTICS_CHECKPOINT: Span = Span::from_secs(60), "s", FLINK, estimated;
    /// A shard of which nothing came for so long, and nothing waits, does not hold windows up.
    ANALYTICS_SHARD_IDLE: Span = Span::from_secs(10), "s", TYPICAL, estimated;
    /// Longest window.
    ANALYTICS_WINDOW_MAX: Span = Span::from_hours(24), "h", OURS, documented;
    /// Windows that a record is in at most.
    ANALYTICS_OVERLAP_MAX: Count = 1_000, "windows", OURS, documented;
    /// Measures of a query.
    ANALYTICS_MEASURES_MAX: Count = 8, "measures", OURS, documented;
    /// Comparisons of a query in WHERE, and in HAVING.
    ANALYTICS_COMPARISONS_MAX: Count = 16, "comparisons", OURS, documented;
    /// Rows of a window that a query with an order keeps.
    ANALYTICS_TOP_MAX: Count = 1_000, "rows", OURS, documented;
    /// Characters of a query.
    ANALYTICS_QUERY_MAX: Bytes = Bytes::new(4_096), "bytes", OURS, documented;
    /// Groups that an application holds, those of all its open windows together; records of others are not counted, and
    /// the result says how many.
    ANALYTICS_STATE_MAX: Count = 2_000_000, "groups", OURS, documented;
    /// Rows of results that a run keeps to be shown, the newest; all are counted.
    ANALYTICS_ROWS_KEPT: Count = 20_000, "rows", OURS, documented;
}
