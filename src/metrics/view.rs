//! A timeline as one of its consumers sees it: the columns that all share, and that consumer's own.

use super::positions::ConsumerPosition;
use super::timeline::{Metric, ShardMetric, Timeline};
use std::ops::Deref;

/// A timeline, and whose columns are meant where each consumer has its own.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(super) timeline: &'a Timeline,
    /// Index of the consumer, in the order of the scenario.
    pub consumer: usize,
}

impl<'a> View<'a> {
    /// A stream-level column.
    pub fn column(self, metric: Metric) -> &'a [f64] {
        self.timeline.column(metric.place(self.consumer), None)
    }

    /// A shard-level column.
    pub fn shard_column(self, metric: ShardMetric, shard: usize) -> &'a [f64] {
        self.timeline.column(metric.place(self.consumer), Some(shard))
    }

    /// The sum of a stream-level column over the first `frames` frames.
    pub fn total(self, metric: Metric, frames: usize) -> f64 {
        let column = self.column(metric);
        column[..frames.min(column.len())].iter().sum()
    }

    /// The sum of a shard-level column over the first `frames` frames.
    pub fn shard_total(self, metric: ShardMetric, shard: usize, frames: usize) -> f64 {
        let column = self.shard_column(metric, shard);
        column[..frames.min(column.len())].iter().sum()
    }

    /// Where the consumer stood at the end of the first `frames` frames: the lanes that mattered most. `None` where
    /// that is not known, as before the first frame.
    pub fn positions(self, frames: usize) -> Option<ConsumerPosition> {
        self.timeline.positions(frames, self.consumer)
    }

    /// A gauge at the end of the first `frames` frames; zero before the first.
    pub fn gauge(self, metric: Metric, frames: usize) -> f64 {
        if frames == 0 { 0.0 } else { self.column(metric).get(frames - 1).copied().unwrap_or(0.0) }
    }
}

impl Deref for View<'_> {
    type Target = Timeline;

    fn deref(&self) -> &Timeline {
        self.timeline
    }
}
