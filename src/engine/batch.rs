//! The records of a part's batch: as a run, by their places, and which of them are poison.

use super::fact::Observer;
use super::lane::{Desk, Lane};
use super::record::{Log, Record, Run, Stored};
use super::rng::split_mix;
use crate::scenario::Poison;
use crate::units::Ratio;

impl Lane {
    /// A part's records from one place up to another. Those that do not lie side by side are copied to `batch`.
    pub(super) fn run<'a>(&self, part: usize, from: u64, to: u64, log: &'a Log, batch: &'a mut Vec<Stored>) -> Run<'a> {
        if !self.sparse {
            return log.run(from, to);
        }
        batch.clear();
        self.stretches(part, from, to, log, |from, to| batch.extend((from..to).map(|at| *log.stored(at))));
        Run { from, first: batch, rest: &[] }
    }

    /// Where the Kinesis record begins that holds the record with a place in the batch: sequence numbers name no less.
    /// A place beyond the batch is its beginning: a response that names a record which is not there fails the whole
    /// batch.
    pub(super) fn place_of(&self, part: usize, from: u64, end: u64, place: u32, log: &Log) -> u64 {
        let (mut left, mut found) = (u64::from(place), None);
        if place < self.parts[part].records {
            self.stretches(part, from, end, log, |from, to| {
                if found.is_none() && left < to - from {
                    found = Some(log.last_entry(from + left + 1).max(from));
                }
                left = left.saturating_sub(to - from);
            });
        }
        found.unwrap_or(from).max(from)
    }

    /// Where a batch is split in two: none where it has one record.
    pub(super) fn middle(&self, part: usize, from: u64, end: u64, log: &Log) -> Option<u64> {
        // Kinesis records that hold several user records are not divided.
        if !self.sparse {
            let entries = log.entries_between(from, end);
            return (entries > 1).then(|| log.after_entries(from, entries / 2));
        }
        let mut ends = Vec::new();
        self.stretches(part, from, end, log, |_, to| ends.push(to));
        (ends.len() > 1).then(|| ends[ends.len() / 2 - 1])
    }

    /// The place in the batch of its first record on which the function fails.
    pub(super) fn first_poisoned(&self, part: usize, poison: Poison, desk: &Desk<'_, impl Observer>) -> Option<u32> {
        let (from, end) = (self.parts[part].position, self.parts[part].batch_end);
        let log = desk.log(self.shard);
        let (mut place, mut found) = (0, None);
        self.stretches(part, from, end, log, |from, to| {
            let is_poison = |at: &u64| poisoned(desk.seed, poison, log.get(*at));
            found = found.or_else(|| (from..to).find(is_poison).map(|at| place + (at - from) as u32));
            place += (to - from) as u32;
        });
        found
    }
}

/// Whether the function fails on a record: the same each time that it meets it.
fn poisoned(seed: u64, poison: Poison, record: &Record) -> bool {
    let share = u64::from(poison.rate.millionths());
    poison.key.is_some_and(|key| key == record.key)
        || share > 0
            && split_mix(split_mix(seed) ^ u64::from(record.number)) % u64::from(Ratio::ONE.millionths()) < share
}
