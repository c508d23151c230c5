//! The charts as a table: the same numbers in rows, for whoever reads better than sees.

use super::reading::Reading;
use super::words::{clock, int, rate_text, span_text};
use crate::metrics::{Metric, View};

/// Heads of the columns.
pub const HEADS: [&str; 10] = [
    "Time",
    "Offered/s",
    "Accepted/s",
    "Throttled/s",
    "Processed/s",
    "Iterator age",
    "MillisBehindLatest",
    "Backlog",
    "Put to processed, p50",
    "p99",
];

/// At most `most` rows, evenly over the first `frames` frames; rates are means since the row before.
pub fn rows(timeline: View<'_>, frames: usize, most: usize) -> Vec<[String; 10]> {
    let frames = frames.min(timeline.frames());
    let step = frames.div_ceil(most.max(1)).max(1);
    let row = |end: usize| {
        let reading = Reading::new(timeline, end);
        let covered = step as f64 * timeline.width().seconds_f64();
        let rate = |metric| rate_text(reading.rate(metric, covered));
        let latency =
            |metric| reading.statistic(metric, covered).map_or("–".to_owned(), |ms| span_text(ms / 1_000.0));
        [
            clock(reading.at().seconds_f64()),
            rate(Metric::Offered),
            rate(Metric::Stored),
            rate(Metric::Throttled),
            rate(Metric::Processed),
            span_text(reading.age()),
            span_text(reading.behind()),
            int(reading.backlog()),
            latency(Metric::PutLatencyP50Ms),
            latency(Metric::PutLatencyP99Ms),
        ]
    };
    (1..=frames).filter(|end| end % step == 0 || *end == frames).map(row).collect()
}
