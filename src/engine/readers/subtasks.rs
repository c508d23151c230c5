//! The subtasks of analytics applications: which shards each has, and a start from the last checkpoint.
//!
//! A shard belongs to the subtask of its number, counted round. The application looks for new shards now and then; that
//! is also when the speed of a subtask is divided anew among the shards that it works on.

use super::super::fact::{Fact, Observer};
use super::super::stream::Stream;
use super::Readers;
use crate::scenario::{Analytics, ConsumerKind};
use crate::units::{SimTime, Span};

impl Readers {
    /// The settings of a consumer that is an analytics application.
    fn analytics(&self, consumer: u32) -> Option<Analytics> {
        match self.shared.settings[..self.consumers as usize].get(consumer as usize)?.kind {
            ConsumerKind::Analytics(analytics) => Some(analytics),
            _ => None,
        }
    }

    /// How often a consumer looks for new shards, if it is an analytics application.
    pub fn discovery(&self, consumer: u32) -> Option<Span> {
        self.analytics(consumer).map(|of| of.discovery)
    }

    /// An analytics application looks for shards: each that it does not have yet goes to its subtask.
    pub(super) fn look_for_shards(&mut self, consumer: u32, now: u64) {
        let Some(of) = self.analytics(consumer) else { return };
        let mut active = vec![0u32; of.parallelism as usize];
        for (shard, lanes) in (0..).zip(&mut self.lanes) {
            let lane = &mut lanes[consumer as usize];
            let subtask = shard % of.parallelism;
            if lane.lease.is_some_and(|lease| lease.owner.is_none() && lease.free_at <= now) {
                lane.lease_to(subtask, of.checkpoint, now);
            }
            active[subtask as usize] += u32::from(lane.is_active());
        }
        for (shard, lanes) in (0..).zip(&mut self.lanes) {
            if let Some(lease) = &mut lanes[consumer as usize].lease {
                lease.shares = active[(shard % of.parallelism) as usize];
            }
        }
    }

    /// An analytics application fails and is started again, from its last checkpoint, after so long. Gives how long
    /// that is.
    pub(super) fn start_again(
        &mut self,
        consumer: u32,
        down: Span,
        now: u64,
        stream: &mut Stream,
        observer: &mut impl Observer,
    ) -> Option<Span> {
        let of = self.analytics(consumer)?;
        observer.observe(SimTime::from_micros(now), Fact::WorkersDied { reader: consumer, workers: of.parallelism });
        for lanes in &mut self.lanes {
            let mut desk = self.shared.desk(consumer as usize, now, stream, observer);
            lanes[consumer as usize].lose_lease(now.saturating_add(down.micros()), &mut desk);
        }
        Some(down)
    }
}
