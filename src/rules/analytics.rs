//! The rules of analytics applications.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        title: "Analytics application",
        rule: "Each shard belongs to the subtask of its number, counted round. It is read up to a limit, worked on at the speed \
               of its subtask, and read again after an interval; subtasks of a processing unit share its speed, shards of a \
               subtask share that. New shards are noticed at the next look. An application that is killed is started again \
               after the time given, at its last checkpoint: what was read since is read again, and each record counts once. \
               The bill has the processing units, one more for the orchestration, and the running storage of the former.",
        departure: "Managed Service for Apache Flink hands records on to the subtask of their group, so that reading and \
                    adding up are spread apart; here the subtask of the shard does both. A checkpoint is written for each shard \
                    by itself and takes no time. How fast a processing unit is depends on the query; the figure is a \
                    setting. Results that were emitted between a checkpoint and a failure are not emitted again.",
        names: &[
            "ANALYTICS_KPUS_MAX",
            "ANALYTICS_ORCHESTRATION_KPUS",
            "ANALYTICS_KPU_STORAGE_GB",
            "ANALYTICS_KPU_RECORDS",
            "ANALYTICS_READ_INTERVAL",
            "ANALYTICS_DISCOVERY",
            "ANALYTICS_CHECKPOINT",
        ],
        prices: &[],
    },
    Rule {
        title: "Queries over windows",
        rule: "Windows begin at whole multiples of their slide on the clock. A record counts in the windows that its event time \
               is in: when it arrived, or when it was offered. The watermark is the newest event time of the shard that is \
               furthest behind, less the allowed lateness; when it reaches the end of a window the groups are emitted at \
               that instant, and the delay is counted from the end. A record all of whose windows are over is dropped as \
               late. A shard of which nothing came for a time, and where nothing waits, does not hold windows up; one that \
               was read to its end gives its place to those that came from it. Measures are exact, to the millionth: what is no \
               number is NULL, as in SQL. Equal values of an order go by the name of the group.",
        departure: "The watermark moves with each batch, and not five times a second. Windows without a record emit nothing. A mean \
                    is cut off at the millionth. The page computes results in a run of their own beside the one in \
                    view, for scenarios without code; it keeps the first 20 rows of a window.",
        names: &["ANALYTICS_SHARD_IDLE"],
        prices: &[],
    },
];
