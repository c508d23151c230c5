//! How much of the open shards' time was used.

use super::timeline::{Metric, ShardMetric};
use super::view::View;
use crate::limits;
use crate::units::SimTime;

/// A shard that takes less than this share of what it accepts idles: four such shards merged into one would still leave
/// it a fifth of its room.
pub const IDLE_BELOW: f64 = 0.2;

/// The time of open shards, in shard-seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// In which shards were open.
    pub open_s: f64,
    /// In which an open shard took less than [`IDLE_BELOW`] of its records and of its bytes.
    pub idle_s: f64,
}

impl Usage {
    /// Over the first `frames` frames.
    pub fn of(timeline: View<'_>, frames: usize) -> Self {
        let mut usage = Self::default();
        let together = together(timeline);
        for shard in 0..timeline.shards() {
            let info = timeline.shard(shard);
            let (records, bytes) = (
                timeline.shard_column(ShardMetric::Stored, shard),
                timeline.shard_column(ShardMetric::StoredBytes, shard),
            );
            let mut start = SimTime::ZERO;
            for frame in 0..frames.min(timeline.frames()) {
                let end = timeline.end_of(frame);
                let (from, to) = (start.max(info.created_at), info.closed_at.unwrap_or(end).min(end));
                start = end;
                if to <= from {
                    continue;
                }
                let seconds = to.since(from).seconds_f64();
                usage.open_s += seconds;
                if share(records[frame] / together, bytes[frame]) < IDLE_BELOW * seconds {
                    usage.idle_s += seconds;
                }
            }
        }
        usage
    }

    /// The idle share of the open time.
    pub fn idle_share(&self) -> f64 {
        if self.open_s > 0.0 { self.idle_s / self.open_s } else { 0.0 }
    }
}

/// User records in a Kinesis record, on average over the run: what the KPL puts together counts once against the limit.
pub fn together(timeline: View<'_>) -> f64 {
    let total = |metric| timeline.total(metric, timeline.frames());
    let entries = total(Metric::IncomingRecords);
    if entries > 0.0 { (total(Metric::Stored) / entries).max(1.0) } else { 1.0 }
}

/// Seconds of a full shard that so many Kinesis records of so many bytes are, by whichever limit binds.
pub fn share(records: f64, bytes: f64) -> f64 {
    let by_records = records / limits::SHARD_RECORDS_PER_SECOND.per_second_f64();
    by_records.max(bytes / limits::SHARD_WRITE_BYTES_PER_SECOND.get() as f64)
}
