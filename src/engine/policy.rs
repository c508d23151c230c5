//! A scaling policy at work: what it looks at, and what it asks for.

use super::control::Office;
use super::fact::Observer;
use crate::limits;
use crate::scenario::{Autoscaler, PolicyMetric};
use std::collections::VecDeque;

/// A scaling policy at work.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub settings: Autoscaler,
    /// The metric at each look that it does not see yet, oldest first, with the instant of the look.
    pending: VecDeque<(u64, u64)>,
    /// Looks in a row that said: out, in.
    agree: (u32, u32),
    /// It does nothing before this instant, µs.
    pub quiet_until: u64,
    /// Records and bytes stored, and records rejected, up to the last look.
    seen: (u64, u64, u64),
}

impl Policy {
    /// A policy that has seen nothing yet.
    pub(super) const fn new(settings: Autoscaler) -> Self {
        Self { settings, pending: VecDeque::new(), agree: (0, 0), quiet_until: 0, seen: (0, 0, 0) }
    }

    /// The target to ask for, if the metric as far as it is known says so.
    pub(super) fn look(&mut self, office: &Office<'_, impl Observer>) -> Option<u32> {
        let value = self.measure(office);
        self.pending.push_back((office.now, value));
        let known = office.now.checked_sub(self.settings.delay.micros())?;
        let mut latest = None;
        while let Some((_, value)) = self.pending.front().filter(|(at, _)| *at <= known) {
            latest = Some(*value);
            self.pending.pop_front();
        }
        let value = latest?;
        let settings = self.settings;
        let (out, inward) = (value > u64::from(settings.out_above), value < u64::from(settings.in_below));
        self.agree = (if out { self.agree.0 + 1 } else { 0 }, if inward { self.agree.1 + 1 } else { 0 });
        if office.now < self.quiet_until {
            return None;
        }
        let open = office.stream.open().len() as u32;
        let target = if self.agree.0 >= settings.periods {
            open + (open * settings.out_percent).div_ceil(100)
        } else if self.agree.1 >= settings.periods {
            open - open * settings.in_percent / 100
        } else {
            return None;
        };
        let target = target.clamp(settings.min_shards, settings.max_shards);
        (target != open).then_some(target)
    }

    /// The metric since the last look, in its unit.
    fn measure(&mut self, office: &Office<'_, impl Observer>) -> u64 {
        let mut all = (0, 0, 0);
        for shard in &office.stream.shards {
            let (records, bytes) = shard.stored();
            all = (all.0 + records, all.1 + bytes, all.2 + shard.rejected_entries());
        }
        let (records, bytes, rejected) = (all.0 - self.seen.0, all.1 - self.seen.1, all.2 - self.seen.2);
        self.seen = all;
        let seconds = self.settings.period.seconds_f64();
        let open = office.stream.open().len() as f64 * seconds;
        match self.settings.metric {
            PolicyMetric::Utilization => {
                let by_records = records as f64 / (limits::SHARD_RECORDS_PER_SECOND.per_second_f64() * open);
                let by_bytes = bytes as f64 / (limits::SHARD_WRITE_BYTES_PER_SECOND.get() as f64 * open);
                (by_records.max(by_bytes) * 100.0) as u64
            }
            PolicyMetric::Throttled => rejected,
            PolicyMetric::IteratorAge => office.readers.oldest_age(office.now, office.stream) / 1_000_000,
        }
    }
}
