//! What an event source mapping gives up of a batch, and what it reports of that.

use super::fact::{Fact, Observer};
use super::failure::{Condition, FailureCause, GivenUp};
use super::invocation::InvokedRecord;
use super::lane::{Desk, Lane};
use crate::scenario::OnFailure;
use crate::units::SimTime;

impl Lane {
    /// Gives up those records at the head of a batch that are older than the mapping takes. True if none is left.
    pub(super) fn give_up_old(&mut self, part: usize, desk: &mut Desk<'_, impl Observer>) -> bool {
        let Some(age) = desk.settings.failures.max_record_age else { return false };
        let (from, end) = (self.parts[part].position, self.parts[part].batch_end);
        // The last invocation of a window has no records.
        if from == end {
            return false;
        }
        let log = desk.log(self.shard);
        let mut young = end;
        self.stretches(part, from, end, log, |from, to| {
            let old = |at: &u64| log.get(*at).arrived + age.micros() <= desk.now;
            young = young.min((from..to).find(|at| !old(at)).unwrap_or(end));
        });
        if young > from {
            let invocations = self.parts[part].retries;
            self.parts[part].tries.too_old(from, young, desk.now);
            self.give_up(part, young, Condition::RecordAgeExceeded, invocations, None, desk);
        }
        young == end
    }

    /// Gives up a part's records up to `end`.
    pub(super) fn give_up(
        &mut self,
        part: usize,
        end: u64,
        condition: Condition,
        invocations: u32,
        failure: Option<(FailureCause, bool)>,
        desk: &mut Desk<'_, impl Observer>,
    ) {
        let from = self.parts[part].position;
        let log = &desk.stream.shards[self.shard as usize].log;
        let (mut last, mut records) = (from, 0);
        self.stretches(part, from, end, log, |from, to| (last, records) = (to - 1, records + to - from));
        let arrival = |at: u64| SimTime::from_micros(log.get(at).arrived);
        let given_up = GivenUp {
            reader: self.reader,
            shard: self.shard,
            records,
            condition,
            invocations,
            failure,
            first: (from, arrival(from)),
            last: (last, arrival(last)),
        };
        let mut reported = Vec::new();
        if desk.settings.failures.on_failure == OnFailure::S3 {
            let of = |at: u64| InvokedRecord::new(self.shard, at, *log.get(at));
            self.stretches(part, from, end, log, |from, to| reported.extend((from..to).map(of)));
        }
        let next = if end == self.parts[part].batch_end { end } else { self.seek(part, end, log) };
        self.done += records;
        self.parts[part].position = next;
        desk.say(Fact::Discarded { given_up, records: &reported });
    }
}
