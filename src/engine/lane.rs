//! A reader's way through one shard: what it has read, what it works on, and where it stands.
//!
//! A reader at instant t sees the records that arrived before t. That one rule is why readers can be moved after
//! the writing side, a slice of time at a stretch, with the same result as event by event.
//!
//! A lane has a source, which reads, and one or several parts, which work: as many as the mapping's
//! parallelization factor. Each partition key belongs to one part, so that its records stay in order.

use super::fact::{Fact, Observer};
use super::fault::Slow;
use super::filter::Filter;
use super::invocation::{Answer, Invocation, InvocationId};
use super::kcl::{self, Lease};
use super::lambda::Lambda;
use super::lease_table::LeaseTable;
use super::part::{Part, Phase, Verdict};
use super::record::{Log, Record, Stored};
use super::rng::{Actor, Rng, split_mix};
use super::source::Source;
use super::stream::Stream;
use super::tumbling::Window;
use super::{mapping, poller};
use crate::scenario::{Consumer as Settings, ConsumerKind, ReadSource};
use crate::units::SimTime;
use std::sync::Arc;

/// One shard as one reader sees it. Positions are sequence indices of the shard's log.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Which reader: the consumers of the scenario first, then the other pollers.
    pub(super) reader: u32,
    /// Whether it is one of the other pollers, whose work takes no time.
    passes: bool,
    pub(super) shard: u32,
    pub(super) source: Source,
    pub(super) parts: Vec<Part>,
    /// Whether some of the records that it reads are not for each of its parts.
    pub(super) sparse: bool,
    /// What keeps records from all of them.
    filter: Option<Arc<Filter>>,
    /// Whether its function is slow, by injection.
    pub(super) slow: Slow,
    /// The tumbling window that is open, of a mapping with one part.
    pub(super) window: Option<Window>,
    /// The lease of a KCL application, which has one part.
    pub(super) lease: Option<Lease>,
    /// Records that it will not meet again: processed, expired, discarded or filtered out.
    pub(super) done: u64,
    /// Number of its next invocation.
    pub(super) next_id: u64,
    pub(super) rng: Rng,
    /// The records of a batch that do not lie side by side in the log, for whoever looks at them.
    pub(super) batch: Vec<Stored>,
}

/// Which reader a lane belongs to.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub seed: u64,
    pub reader: u32,
    /// Its number for the generators.
    pub actor: u32,
    pub passes: bool,
    pub limited: bool,
    pub source: ReadSource,
    /// Whether workers hold leases of its shards.
    pub leased: bool,
    pub starts_at: u64,
    /// Invocations of one shard at a time.
    pub parts: u32,
    pub filter: Option<Arc<Filter>>,
}

/// The state of a lane for gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneState {
    /// Stored records that wait for an invocation.
    pub waiting: u64,
    /// Records in the running invocations.
    pub in_flight: u64,
    /// When the oldest record that is not processed arrived.
    pub oldest_arrival: Option<SimTime>,
    /// Records that lie before the starting position: not read, by choice.
    pub skipped: u64,
}

/// What a lane works with.
#[derive(Debug)]
pub(super) struct Desk<'a, O> {
    /// Now, µs.
    pub now: u64,
    pub seed: u64,
    pub stream: &'a mut Stream,
    pub settings: &'a Settings,
    pub lambda: &'a mut Lambda,
    /// The lease table of a KCL application; other readers never look at theirs.
    pub table: &'a mut LeaseTable,
    /// No record's data takes more of a payload than this.
    pub payload_per_record: u64,
    /// Invocations that the host has to answer.
    pub asked: &'a mut Vec<Invocation>,
    pub observer: &'a mut O,
}

impl<O: Observer> Desk<'_, O> {
    /// Tells a fact.
    #[inline]
    pub fn say(&mut self, fact: Fact<'_>) {
        self.observer.observe(SimTime::from_micros(self.now), fact);
    }

    /// The log of a shard.
    #[inline]
    pub fn log(&self, shard: u32) -> &Log {
        &self.stream.shards[shard as usize].log
    }
}

impl Lane {
    /// A lane at the oldest record of its shard that arrived at its reader's `starts_at` or later; its first poll is
    /// due at `first_poll`. A child waits for the shards that it came from.
    pub(super) fn new(who: Who, shard: u32, first_poll: Option<u64>) -> Self {
        let Who { seed, reader, actor, passes, parts, leased, .. } = who;
        let filter = who.filter.clone();
        let first_poll_at = first_poll.unwrap_or(u64::MAX);
        let phase = if first_poll.is_some() { Phase::Gathering } else { Phase::AwaitingParents };
        Self {
            reader,
            passes,
            shard,
            source: Source::new(&who, shard, first_poll_at),
            parts: vec![Part::new(phase, first_poll_at); parts as usize],
            sparse: parts > 1 || filter.is_some(),
            filter,
            slow: Slow::default(),
            window: None,
            lease: leased.then(Lease::default),
            done: 0,
            next_id: 0,
            rng: Rng::of(seed, Actor::Function { reader: actor, shard }),
            batch: Vec::new(),
        }
    }

    /// Whether some records may still turn out to lie before its starting position.
    pub(super) const fn may_skip(&self) -> bool {
        self.source.starts_at > 0
    }

    /// Leaves what lies before its starting position behind.
    pub(super) fn skip(&mut self, log: &Log, to: u64) {
        self.source.skip(log, to);
        for part in &mut self.parts {
            part.stand_at(self.source.fetched);
        }
        if let Some(lease) = &mut self.lease {
            lease.pass(self.source.fetched);
        }
    }

    /// The parents are done: polling begins.
    pub(super) fn begin(&mut self, at: u64) {
        for part in self.parts.iter_mut().filter(|part| part.phase == Phase::AwaitingParents) {
            part.phase = Phase::Gathering;
            (self.source.poll_base, part.next_at) = (at, at);
        }
    }

    /// When the shard's end was reached, if everything in it is done.
    pub(super) fn ended_at(&self) -> Option<u64> {
        self.parts.iter().try_fold(0, |latest, part| match part.phase {
            Phase::Ended { at } => Some(at.max(latest)),
            _ => None,
        })
    }

    /// Invocations that run.
    pub(super) fn running(&self) -> usize {
        self.parts.iter().filter(|part| part.is_running()).count()
    }

    /// Everything before it is done: the checkpoint.
    #[inline]
    pub(super) fn position(&self) -> u64 {
        let position = self.parts.iter().map(|part| part.position).min().unwrap_or(0);
        self.lease.map_or(position, |lease| position.min(lease.checkpoint))
    }

    /// The state for gauges.
    pub(super) fn state(&self, log: &Log) -> LaneState {
        let running = self.parts.iter().filter(|part| part.is_running());
        let mut in_flight = running.map(|part| u64::from(part.records)).sum();
        let mut oldest = self.parts.iter().map(|part| part.oldest()).min().unwrap_or(0);
        if let (Some(lease), [part]) = (self.lease, &self.parts[..]) {
            // What is read once more is done.
            let again = lease.done_to.clamp(part.position, part.batch_end) - part.position;
            in_flight = if part.is_running() { in_flight - again } else { 0 };
            oldest = oldest.max(lease.done_to);
        }
        let oldest_arrival = (oldest < log.tail()).then(|| SimTime::from_micros(log.get(oldest).arrived));
        let skipped = self.source.skipped;
        LaneState { waiting: log.tail() - skipped - self.done - in_flight, in_flight, oldest_arrival, skipped }
    }

    /// Takes an answer; false if the invocation does not run or has one already.
    pub(super) fn accept(&mut self, asked: InvocationId, given: Answer) -> bool {
        self.parts.iter_mut().any(|part| match &mut part.phase {
            Phase::Running { id, verdict: verdict @ Verdict::Open, .. } if *id == asked.number() => {
                *verdict = Verdict::of(given.outcome);
                true
            }
            Phase::Asked { begun, answer: answer @ None } if begun.id == asked.number() => {
                *answer = Some(given);
                true
            }
            _ => false,
        })
    }

    /// When the lane has something to do next: a step of its own, or a record that expires; µs.
    #[inline]
    pub(super) fn due(&self, stream: &Stream) -> u64 {
        let log = &stream.shards[self.shard as usize].log;
        let due = self.parts.iter().fold(u64::MAX, |due, part| {
            let oldest = part.oldest_free();
            let expiry = if oldest < log.tail() { stream.expiry(log.get(oldest).arrived) } else { u64::MAX };
            due.min(part.next_at).min(expiry)
        });
        if self.source.push.is_none() {
            return due;
        }
        due.min(self.source.wakes_at(self.waiting_part().is_some(), stream))
    }

    /// The first part that waits for records; none where nobody holds the lease.
    fn waiting_part(&self) -> Option<usize> {
        let held = self.lease.is_none_or(|lease| lease.owner.is_some());
        self.parts.iter().position(|part| held && part.phase == Phase::Gathering)
    }

    /// What the lane's subscription has to do, if anything is due.
    #[inline(never)]
    fn wake(&mut self, desk: &mut Desk<'_, impl Observer>) {
        self.source.subscribe(desk);
        if let Some(part) = self.waiting_part().filter(|_| self.source.pushed_at(desk.stream) <= desk.now) {
            self.parts[part].next_at = self.parts[part].next_at.min(desk.now);
        }
    }

    /// Does what is due at the desk's instant. Gives the invocation whose outcome is missing, if that is what the
    /// lane needs to go on.
    pub(super) fn step(&mut self, desk: &mut Desk<'_, impl Observer>) -> Option<InvocationId> {
        if self.source.push.is_some() {
            self.wake(desk);
        }
        let first = (0..self.parts.len()).min_by_key(|part| self.parts[*part].next_at).unwrap_or(0);
        let due = desk.now >= self.parts[first].next_at;
        let missing = match self.parts[first].phase {
            Phase::Running { id, verdict: Verdict::Open, .. } => Some(id),
            Phase::Asked { begun, answer: None } => Some(begun.id),
            _ => None,
        };
        if let Some(id) = missing.filter(|_| due) {
            return Some(InvocationId::new(self.reader, self.shard, id));
        }
        self.expire(desk);
        if due {
            match self.parts[first].phase {
                Phase::Gathering => self.gather(first, desk),
                Phase::Running { .. } => self.end(first, desk),
                Phase::Asked { .. } => self.answered(first, desk),
                Phase::Backoff { .. } => self.invoke_again(first, desk),
                Phase::AwaitingParents | Phase::Ended { .. } => self.parts[first].next_at = u64::MAX,
            }
        }
        None
    }

    #[inline]
    pub(super) fn gather(&mut self, part: usize, desk: &mut Desk<'_, impl Observer>) {
        if desk.now < self.source.frozen_until {
            self.parts[part].next_at = self.source.frozen_until;
            return;
        }
        match desk.settings.kind {
            ConsumerKind::Poller(poller) if self.passes => poller::pass(self, poller, desk),
            ConsumerKind::Lambda => mapping::gather(self, part, desk),
            ConsumerKind::Poller(poller) => poller::gather(self, poller, desk),
            ConsumerKind::Kcl(kcl) => kcl::gather(self, kcl.limit, kcl.idle, desk),
            ConsumerKind::Analytics(of) => kcl::gather(self, of.limit, of.interval, desk),
        }
    }

    /// One read; what it brings is there for every part that waits for records.
    pub(super) fn read(&mut self, limit: u64, desk: &mut Desk<'_, impl Observer>) -> bool {
        let before = self.source.fetched;
        let answered = self.source.read(limit, desk);
        if self.source.fetched > before {
            self.filter_out(before, desk);
            for index in 0..self.parts.len() {
                self.meet(index, before, desk);
            }
        }
        answered
    }

    /// Passes over what was read beyond `before` and does not match the mapping's patterns.
    fn filter_out(&mut self, before: u64, desk: &mut Desk<'_, impl Observer>) {
        let Some(filter) = &self.filter else { return };
        let log = desk.log(self.shard);
        let (mut records, mut unreadable) = (0, 0);
        for record in log.run(before, self.source.fetched).iter().filter(|record| !filter.passes(record)) {
            records += 1;
            unreadable += u64::from(filter.is_unreadable(record));
        }
        if records > 0 {
            self.done += records;
            let (reader, shard) = (self.reader, self.shard);
            desk.say(Fact::FilteredOut { reader, shard, records, unreadable });
        }
    }

    /// Shows a part what was read beyond `before`.
    fn meet(&mut self, index: usize, before: u64, desk: &Desk<'_, impl Observer>) {
        let next = self.seek(index, before, desk.log(self.shard));
        let (fetched, part) = (self.source.fetched, &mut self.parts[index]);
        let waits = part.phase == Phase::Gathering;
        if part.position == before {
            part.position = next;
            (part.batch_end, part.window_from) = (next, if next < fetched { desk.now } else { part.window_from });
        }
        if part.resume == before {
            part.resume = next;
        }
        if waits && next < fetched {
            part.next_at = part.next_at.min(desk.now);
        }
    }

    /// The first record from `at` on that belongs to a part and was read; the end of what was read where there is none.
    #[inline]
    pub(super) fn seek(&self, part: usize, mut at: u64, log: &Log) -> u64 {
        if self.sparse {
            while at < self.source.fetched && !self.is_for(part, log.get(at)) {
                at = self.unit_end(at, log);
            }
        }
        at
    }

    /// Where what begins at `at` ends that goes into batches as one: a Kinesis record, or a user record where those are
    /// filtered one by one.
    #[inline]
    pub(super) fn unit_end(&self, at: u64, log: &Log) -> u64 {
        if self.filter.is_some() { at + 1 } else { log.entry_end(at) }
    }

    /// Whether a record is for a part.
    fn is_for(&self, part: usize, record: &Record) -> bool {
        self.part_of(record.key) == part && self.filter.as_ref().is_none_or(|filter| filter.passes(record))
    }

    /// Which part has the records of a key: the same for all time.
    fn part_of(&self, key: u32) -> usize {
        (split_mix(u64::from(key)) % self.parts.len() as u64) as usize
    }

    /// The records of a part from one place up to another, as stretches of the log.
    #[inline]
    pub(super) fn stretches(&self, part: usize, from: u64, to: u64, log: &Log, mut each: impl FnMut(u64, u64)) {
        if !self.sparse {
            return each(from, to);
        }
        let mut at = from;
        while at < to {
            let end = self.unit_end(at, log);
            each(at, end);
            at = self.seek(part, end, log);
        }
    }

    /// Bytes of data of what begins at `at` and goes into batches as one, and where it ends.
    pub(super) fn data_of(&self, at: u64, log: &Log) -> (u64, u64) {
        if self.filter.is_some() { (u64::from(log.get(at).size), at + 1) } else { log.data_of(at) }
    }

    /// How many records of a part lie between two places.
    #[inline]
    pub(super) fn count(&self, part: usize, from: u64, to: u64, log: &Log) -> u64 {
        let mut records = 0;
        self.stretches(part, from, to, log, |from, to| records += to - from);
        records
    }

    /// Drops what is older than the retention, except what is in a running invocation.
    #[inline]
    pub(super) fn expire(&mut self, desk: &mut Desk<'_, impl Observer>) {
        let log = &desk.stream.shards[self.shard as usize].log;
        let retention = desk.stream.retention();
        let has_old = |part: &Part| {
            let oldest = part.oldest_free();
            oldest < log.tail() && log.get(oldest).arrived + retention <= desk.now
        };
        if self.parts.iter().any(has_old) {
            self.expire_old(desk);
        }
    }

    #[cold]
    fn expire_old(&mut self, desk: &mut Desk<'_, impl Observer>) {
        let retention = desk.stream.retention();
        let log = &desk.stream.shards[self.shard as usize].log;
        let is_old = |index: u64| log.get(index).arrived + retention <= desk.now;
        // What a KCL application reads once more it has processed.
        let done_to = self.lease.map_or(0, |lease| lease.done_to);
        let mut expired = 0;
        for index in 0..self.parts.len() {
            let mut next = self.parts[index].oldest_free();
            while next < self.source.fetched && is_old(next) {
                // The user records of a Kinesis record arrived together, and stay with one part.
                let end = if self.sparse { self.unit_end(next, log) } else { next + 1 };
                expired += if next >= done_to { end - next } else { 0 };
                let after = self.seek(index, end, log);
                self.parts[index].drop_oldest(after);
                next = self.parts[index].oldest_free();
            }
        }
        let before = self.source.fetched;
        let mut fetched = before;
        // What nobody has read yet belongs to no part: everything older is in somebody's hands, or gone.
        while fetched < log.tail() && is_old(fetched) {
            fetched += 1;
        }
        if fetched > before {
            expired += fetched.max(done_to) - before.max(done_to);
            self.source.fetched = fetched;
            for part in &mut self.parts {
                part.pass_over(before, fetched);
            }
        }
        if expired > 0 {
            self.done += expired;
            let (reader, shard) = (self.reader, self.shard);
            desk.say(Fact::Expired { reader, shard, records: expired });
        }
    }

    /// Whether nothing more can come: the shard is closed and everything in it is done.
    pub(super) fn end_of_shard(&mut self, part: usize, now: u64) -> bool {
        let part = &mut self.parts[part];
        let ended = self.source.at_end && part.position == self.source.fetched;
        if ended {
            part.phase = Phase::Ended { at: now };
            part.next_at = u64::MAX;
            let end = part.position;
            if let Some(lease) = &mut self.lease {
                lease.pass(end);
            }
        }
        ended
    }
}
