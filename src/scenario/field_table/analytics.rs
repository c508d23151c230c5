//! Rows of the field table: an analytics application and its query.

use super::{Choice, DAY, Default, Field, Kind, MICROS_PER_SECOND, Number, RATE, Span, l, millis, whole, word};

const TIMES: &[Choice] = &[
    word("arrival", "Arrival", "When the stream stored it: ApproximateArrivalTimestamp."),
    word("offered", "Offered", "When it was offered to the producer; a record that was put again is out of order."),
];
const ORDERS: &[Choice] =
    &[word("descending", "Largest first", "The largest come first."), word("ascending", "Smallest first", "Or last.")];

/// Seconds to the microsecond, up to a day.
const fn day(min: u64) -> Number {
    Number { min, max: DAY, step: MICROS_PER_SECOND, decimals: 6 }
}

/// Slots of all processing units.
const SUBTASKS_MAX: u64 = l::ANALYTICS_KPUS_MAX * l::ANALYTICS_SLOTS_MAX;

#[rustfmt::skip]
pub(super) const FIELDS: &[Field] = &[
    Field::num("consumers.*.parallelism", "Parallelism", "subtasks", whole(1, SUBTASKS_MAX, 1), 1, "Subtasks that read and compute; each has the shards whose number it is, counted round.").only(&["analytics"]).limit_is("ANALYTICS_KPUS_MAX"),
    Field::num("consumers.*.parallelism_per_kpu", "ParallelismPerKPU", "subtasks", whole(1, l::ANALYTICS_SLOTS_MAX, 1), 1, "Subtasks that share a processing unit.").only(&["analytics"]).limit_is("ANALYTICS_SLOTS_MAX"),
    Field::num("consumers.*.kpu_per_s", "Speed of a KPU", "records/s", Number { min: 1_000, ..RATE }, l::ANALYTICS_KPU_RECORDS * 1_000, "Records per second of one processing unit. No figure is published.").only(&["analytics"]).limit_is("ANALYTICS_KPU_RECORDS"),
    Field::num("consumers.*.read_interval_ms", "Between reads", "ms", millis(0, Span::from_secs(300), 100_000), l::ANALYTICS_READ_INTERVAL.micros(), "From one read of a shard to the next.").only(&["analytics"]).limit_is("ANALYTICS_READ_INTERVAL"),
    Field::num("consumers.*.discovery_s", "Shard discovery", "s", day(MICROS_PER_SECOND), l::ANALYTICS_DISCOVERY.micros(), "How often the application looks for new shards.").only(&["analytics"]).limit_is("ANALYTICS_DISCOVERY"),
    Field::num("consumers.*.checkpoint_interval_s", "Checkpoint interval", "s", day(MICROS_PER_SECOND), l::ANALYTICS_CHECKPOINT.micros(), "Where the application is started again, it reads from its last checkpoint on.").only(&["analytics"]).limit_is("ANALYTICS_CHECKPOINT"),
    Field::choice("consumers.*.event_time", "Event time", TIMES, Default::Text("arrival"), "Which time of a record decides about its windows.").only(&["analytics"]),
    Field::num("consumers.*.lateness_s", "Allowed lateness", "s", day(0), 0, "How far the watermark stays behind the newest record: so late a record may come and still count.").only(&["analytics"]),
    Field::num("consumers.*.shard_idle_s", "Idle shards wait", "s", day(0), l::ANALYTICS_SHARD_IDLE.micros(), "A shard of which nothing came for so long, and nothing waits, does not hold windows up; 0 where each always does.").only(&["analytics"]).limit_is("ANALYTICS_SHARD_IDLE"),

    Field::new("consumers.*.query", "Query", Kind::Text(l::ANALYTICS_QUERY_MAX.get() as usize), Default::Text(""), "SQL such as SELECT ticker, COUNT(*) FROM stream GROUP BY ticker, TUMBLE(ts, INTERVAL '10' SECOND); the fields below say the same.").only(&["analytics"]).limit_is("ANALYTICS_QUERY_MAX"),
    Field::num("consumers.*.window_s", "Window", "s", Number { min: 100_000, max: l::ANALYTICS_WINDOW_MAX.micros(), step: MICROS_PER_SECOND, decimals: 6 }, 60 * MICROS_PER_SECOND, "Length of a window; windows begin at whole multiples of the slide on the clock.").only(&["analytics"]).limit_is("ANALYTICS_WINDOW_MAX"),
    Field::num("consumers.*.slide_s", "Slide", "s", Number { min: 100_000, max: l::ANALYTICS_WINDOW_MAX.micros(), step: MICROS_PER_SECOND, decimals: 6 }, 0, "From the beginning of one window to that of the next, a whole part of its length; null for windows that do not overlap.").optional().only(&["analytics"]).limit_is("ANALYTICS_OVERLAP_MAX"),
    Field::new("consumers.*.group_by", "Group by", Kind::Text(200), Default::Text(""), "partition_key, or a field of the payload; empty for one group of all records.").only(&["analytics"]),
    Field::new("consumers.*.measures", "Measures", Kind::Json(&["array"]), Default::Text("[[\"count\"]]"), "What is computed of each group: [\"count\"], or count, sum, avg, min or max with a field, such as [\"sum\", \"price\"].").only(&["analytics"]).limit_is("ANALYTICS_MEASURES_MAX"),
    Field::new("consumers.*.where", "Where", Kind::Json(&["array"]), Default::Text("[]"), "Records that count: all of these hold, such as [\"price\", \">\", 5].").only(&["analytics"]).limit_is("ANALYTICS_COMPARISONS_MAX"),
    Field::new("consumers.*.having", "Having", Kind::Json(&["array"]), Default::Text("[]"), "Groups that are emitted: all of these hold, each with the place of a measure, such as [0, \">=\", 10].").only(&["analytics"]),
    Field::num("consumers.*.order_by", "Order by", "", whole(0, l::ANALYTICS_MEASURES_MAX - 1, 1), 0, "Place of the measure that decides which groups are first.").only(&["analytics"]),
    Field::choice("consumers.*.order", "Order", ORDERS, Default::Text("descending"), "Which groups are first.").only(&["analytics"]),
    Field::num("consumers.*.top", "Top", "rows", whole(1, l::ANALYTICS_TOP_MAX, 1), 0, "How many groups of a window are emitted, the first in order; null for all.").optional().only(&["analytics"]).limit_is("ANALYTICS_TOP_MAX"),
];
