//! The writes of an invocation: it is not over before they are.
//!
//! When its own work is done it asks its store for one write after the other, or for several at a time. A refusal fails
//! it as a thrown error would, and its timeout cuts a wait; what the store works on by then is written all the same. So
//! a batch that is tried again writes some records twice, and those are counted.

use super::fact::{Fact, Observer};
use super::failure::FailureCause;
use super::lane::{Desk, Lane};
use super::part::{Phase, Verdict};
use super::record::Log;
use super::stores::{Write, WriteRefusal};
use crate::limits;
use crate::units::Span;

/// Stretches of a shard's log that are remembered as written; only what was given up lies between two of them.
const STRETCHES_MAX: usize = 64;

/// How far the invocation of a part is with its writes, and what was written before.
#[derive(Clone, Debug, Default)]
pub(super) struct Writes {
    /// Where the next write begins.
    at: u64,
    /// Writes that wait or are worked on.
    under_way: u32,
    /// When the invocation is cut, µs.
    deadline: u64,
    /// What of the log the store has, as stretches in order.
    written: Vec<(u64, u64)>,
}

impl Writes {
    /// An invocation begins.
    pub fn begin(&mut self, at: u64, deadline: u64) {
        (self.at, self.under_way, self.deadline) = (at, 0, deadline);
    }

    /// A stretch is written. Calls `again` for what of it was written before.
    fn add(&mut self, from: u64, to: u64, mut again: impl FnMut(u64, u64)) {
        let first = self.written.partition_point(|stretch| stretch.1 < from);
        let last = self.written.partition_point(|stretch| stretch.0 <= to);
        let (mut low, mut high) = (from, to);
        for (start, end) in self.written.drain(first..last) {
            if start.max(from) < end.min(to) {
                again(start.max(from), end.min(to));
            }
            (low, high) = (low.min(start), high.max(end));
        }
        self.written.insert(first, (low, high));
        if self.written.len() > STRETCHES_MAX {
            self.written.remove(0);
        }
    }
}

impl Lane {
    /// The own work of an invocation is done, or one of its writes is, or its time is over. Whether it is over.
    #[inline]
    pub(super) fn has_written(&mut self, part: usize, desk: &mut Desk<'_, impl Observer>) -> bool {
        desk.settings.writes.is_none() || self.write_on(part, desk)
    }

    fn write_on(&mut self, part: usize, desk: &mut Desk<'_, impl Observer>) -> bool {
        let (Some(writing), Phase::Running { id, verdict, .. }) = (desk.settings.writes, self.parts[part].phase) else {
            return true;
        };
        let (from, end) = (self.parts[part].position, self.parts[part].batch_end);
        let log = &desk.stream.shards[self.shard as usize].log;
        let limit = match verdict {
            Verdict::Succeeds | Verdict::Open => end,
            // The handler has dealt with what comes before.
            Verdict::Fails(FailureCause::Poison | FailureCause::Items, place) => {
                self.place_of(part, from, end, place, log)
            }
            Verdict::Fails(..) => {
                self.stop_writing(part, desk);
                return true;
            }
        };
        let most = desk.stores.records(writing.store);
        loop {
            let Writes { at, under_way, deadline, .. } = self.parts[part].writes;
            if under_way == 0 && at >= limit {
                return true;
            }
            if desk.now >= deadline {
                return self.fail_writing(part, FailureCause::TimedOut, desk);
            }
            if under_way >= writing.parallel || at >= limit {
                self.parts[part].next_at = deadline;
                return false;
            }
            let log = &desk.stream.shards[self.shard as usize].log;
            let at = self.seek(part, at, log);
            let (next, records) = self.piece(part, at, limit, most, log);
            self.parts[part].writes.at = next;
            if records == 0 {
                continue;
            }
            let units = if desk.stores.counts_units(writing.store) { self.units(part, at, next, log) } else { 0 };
            let (reader, shard, now) = (self.reader, self.shard, desk.now);
            let (part_of, from, to, units) = (part as u32, at, next, units as u32);
            let write = Write { reader, shard, part: part_of, id, from, to, records, units, asked: now, began: now };
            if let Err(why) = desk.stores.ask(writing.store, write) {
                desk.say(Fact::WriteRefused { reader, shard, why });
                return self.fail_writing(part, FailureCause::Store, desk);
            }
            self.parts[part].writes.under_way += 1;
        }
    }

    /// The invocation fails for its writes.
    fn fail_writing(&mut self, part: usize, cause: FailureCause, desk: &mut Desk<'_, impl Observer>) -> bool {
        if let Phase::Running { verdict, .. } = &mut self.parts[part].phase {
            *verdict = Verdict::Fails(cause, 0);
        }
        self.stop_writing(part, desk);
        true
    }

    /// The invocation ends before its writes do: those that wait are given up.
    pub(super) fn stop_writing(&mut self, part: usize, desk: &mut Desk<'_, impl Observer>) {
        let (Some(writing), Phase::Running { id, .. }) = (desk.settings.writes, self.parts[part].phase) else { return };
        let (reader, shard) = (self.reader, self.shard);
        if self.parts[part].writes.under_way > 0 {
            for _ in 0..desk.stores.leave(writing.store, (reader, shard, id)) {
                desk.say(Fact::WriteRefused { reader, shard, why: WriteRefusal::Waited });
            }
        }
    }

    /// The write that begins at a record: where the next one begins, and how many records it has.
    fn piece(&self, part: usize, mut at: u64, limit: u64, most: u32, log: &Log) -> (u64, u32) {
        if !self.sparse {
            let end = limit.min(at + u64::from(most));
            return (end, (end - at) as u32);
        }
        let mut records = 0;
        while at < limit && records < u64::from(most) {
            let end = self.unit_end(at, log);
            records += end - at;
            at = self.seek(part, end, log);
        }
        (at, records as u32)
    }

    /// Write units of a write: each record is an item, and a unit covers so many bytes of it.
    fn units(&self, part: usize, from: u64, to: u64, log: &Log) -> u64 {
        let mut units = 0;
        let of = |at: u64| u64::from(log.get(at).size).div_ceil(limits::DYNAMODB_WRITE_UNIT.get()).max(1);
        self.stretches(part, from, to, log, |from, to| units += (from..to).map(of).sum::<u64>());
        units
    }

    /// A write is done.
    pub(super) fn wrote(&mut self, write: Write, now: u64, log: &Log) -> Fact<'static> {
        let part = write.part as usize;
        let mut writes = std::mem::take(&mut self.parts[part].writes);
        let mut again = 0;
        writes.add(write.from, write.to, |from, to| {
            // What the log has forgotten cannot be looked at any more: it all counts, up to the records of the write.
            let known = !self.sparse || from < log.head();
            again += if known { to - from } else { self.count(part, self.seek(part, from, log), to, log) };
        });
        let of = &mut self.parts[part];
        of.writes = writes;
        if matches!(of.phase, Phase::Running { id, .. } if id == write.id) {
            of.writes.under_way -= 1;
            of.next_at = now;
        }
        Fact::Written {
            reader: write.reader,
            shard: write.shard,
            records: write.records,
            again: again.min(write.records.into()) as u32,
            units: write.units,
            waited: Span::from_micros(write.began - write.asked),
        }
    }

    /// A write is lost in an outage: the invocation fails now, if it still runs.
    pub(super) fn write_lost(&mut self, write: Write, now: u64) {
        let of = &mut self.parts[write.part as usize];
        if let Phase::Running { id, verdict, .. } = &mut of.phase
            && *id == write.id
        {
            *verdict = Verdict::Fails(FailureCause::Store, 0);
            of.next_at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written twice is found, whatever the order, as a set of single places finds it.
    #[test]
    fn stretches_know_what_was_written_before() {
        let (mut writes, mut places) = (Writes::default(), std::collections::BTreeSet::new());
        let mut state = 1u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let from = (state >> 40) % 100;
            let to = from + 1 + (state >> 33) % 7;
            let mut again = 0;
            writes.add(from, to, |from, to| again += to - from);
            let before = (from..to).filter(|at| !places.insert(*at)).count();
            assert_eq!(again, before as u64, "{from}..{to}");
            assert!(writes.written.windows(2).all(|pair| pair[0].1 < pair[1].0), "{:?}", writes.written);
            if places.len() > 90 {
                (writes, places) = (Writes::default(), std::collections::BTreeSet::new());
            }
        }
    }
}
