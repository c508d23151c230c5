//! The Kinesis Producer Library: user records are aggregated by shard into Kinesis records, held back by a rate limiter
//! for each shard, collected into `PutRecords` calls, and put again until they are too old.
//!
//! Each host runs a library of its own. A user record passes four rooms: the aggregate of its shard, the line in front
//! of that shard's limiter, the call that is being collected, and, after a call that was not answered, the time until
//! the library notices. The shard map is up to date at every instant; the real one learns of a split by a put that
//! lands elsewhere, and such records are put again here as there.

use super::agenda::Agenda;
use super::fact::{Fact, LossCause, Observer};
use super::kpl_aggregate::{Aggregate, Entry};
use super::put::Bench;
use super::record::Record;
use super::rng::Rng;
use super::sorted::Sorted;
use crate::limits;
use crate::scenario::{Kpl as Settings, Timeouts};
use crate::units::MICROS_PER_SECOND;
use std::collections::VecDeque;

/// The libraries of all hosts.
#[derive(Clone, Debug)]
pub(super) struct Kpl {
    settings: Settings,
    timeouts: Timeouts,
    /// Draws whether an answer is lost.
    answers: Rng,
    hosts: Vec<Host>,
    timers: Agenda<Timer>,
    /// Records of calls that were not answered, until their host notices; by the number in their timer.
    unanswered: Sorted<Vec<Record>>,
    serial: u32,
    /// User records in all rooms, and how many of them the stream has stored without their host's knowing.
    held: u64,
    held_stored: u64,
}

#[derive(Clone, Copy, Debug)]
enum Timer {
    /// The aggregate of a shard has waited long enough; stale where the number is another by now.
    Aggregate { host: u8, shard: u32, serial: u32 },
    /// The limiters of a host are looked at.
    Drain { host: u8 },
    /// A call has been collected long enough.
    Collect { host: u8, serial: u32 },
    /// A call should have been answered by now.
    Answer { serial: u32 },
}

#[derive(Clone, Debug, Default)]
struct Host {
    aggregates: Sorted<Aggregate>,
    limiters: Sorted<Limiter>,
    /// Whether the limiters will be looked at.
    draining: bool,
    call: Vec<Entry>,
    call_bytes: u64,
    /// Bytes in the call by the shard that they are for.
    call_by_shard: Sorted<u64>,
    call_due: u64,
    call_serial: u32,
}

/// Token buckets in front of one shard, in the library: a second's worth deep and filled at a share of the shard's own
/// rates, which is above one by default.
#[derive(Clone, Debug)]
struct Limiter {
    line: VecDeque<Entry>,
    buckets: Buckets,
}

#[derive(Clone, Debug)]
struct Buckets {
    records: u64,
    bytes: u64,
    filled_at: u64,
}

/// Units of a record and of a byte, so that a percent of the shard's rate is a whole number of units a microsecond.
const RECORD: u64 = 100 * MICROS_PER_SECOND * 1_000 / limits::SHARD_RECORDS_PER_SECOND.milli();
const BYTE: u64 = 100 * MICROS_PER_SECOND;
const RECORDS_FULL: u64 = limits::SHARD_RECORDS_PER_SECOND.milli() / 1_000 * RECORD;
const BYTES_RATE: u64 = limits::SHARD_WRITE_BYTES_PER_SECOND.get();
const BYTES_FULL: u64 = BYTES_RATE * BYTE;

impl Limiter {
    const fn new(now: u64) -> Self {
        Self { line: VecDeque::new(), buckets: Buckets { records: RECORDS_FULL, bytes: BYTES_FULL, filled_at: now } }
    }
}

impl Buckets {
    /// Lets a Kinesis record of so many bytes pass, or not.
    fn pass(&mut self, now: u64, bytes: u64, percent: u64) -> bool {
        // A bucket of one percent is full after 100 s.
        let passed = (now - self.filled_at).min(100 * MICROS_PER_SECOND);
        self.filled_at = now;
        self.records = (self.records + passed * percent).min(RECORDS_FULL);
        self.bytes = (u128::from(self.bytes) + u128::from(passed * percent) * u128::from(BYTES_RATE))
            .min(u128::from(BYTES_FULL)) as u64;
        // A record larger than the bucket passes when the bucket is full.
        let wanted = (bytes * BYTE).min(BYTES_FULL);
        let passes = self.records >= RECORD && self.bytes >= wanted;
        if passes {
            (self.records, self.bytes) = (self.records - RECORD, self.bytes - wanted);
        }
        passes
    }
}

impl Kpl {
    pub(super) fn new(settings: Settings, timeouts: Timeouts, answers: Rng, hosts: u32) -> Self {
        Self {
            settings,
            timeouts,
            answers,
            hosts: (0..hosts).map(|_| Host { call_due: u64::MAX, ..Host::default() }).collect(),
            timers: Agenda::new(),
            unanswered: Sorted::default(),
            serial: 0,
            held: 0,
            held_stored: 0,
        }
    }

    /// User records in the libraries' memory.
    pub(super) const fn held(&self) -> u64 {
        self.held
    }

    /// Those of them that the stream has stored without the producer's knowing.
    pub(super) const fn held_stored(&self) -> u64 {
        self.held_stored
    }

    /// When a library has something to do, µs.
    #[inline]
    pub(super) const fn due(&self) -> u64 {
        self.timers.next_at()
    }

    /// Takes a user record from its application.
    pub(super) fn offer(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) {
        self.held += 1;
        self.enter(record, bench.now + self.settings.buffered.micros(), bench);
    }

    /// Does what is due.
    pub(super) fn act(&mut self, bench: &mut Bench<'_, impl Observer>) {
        let Some((_, timer)) = self.timers.pop() else { return };
        match timer {
            Timer::Aggregate { host, shard, serial } => {
                let aggregates = &mut self.hosts[usize::from(host)].aggregates;
                if aggregates
                    .get_mut(shard)
                    .is_some_and(|aggregate| aggregate.serial == serial && aggregate.due <= bench.now)
                    && let Some(aggregate) = aggregates.remove(shard)
                {
                    self.limit(host, shard, aggregate.seal(), bench);
                }
            }
            Timer::Drain { host } => self.drain(host, bench),
            Timer::Collect { host, serial } => {
                let of = &self.hosts[usize::from(host)];
                if of.call_serial == serial && of.call_due <= bench.now {
                    self.put(host, bench);
                }
            }
            Timer::Answer { serial } => {
                for record in self.unanswered.remove(serial).unwrap_or_default() {
                    self.again(record, bench);
                }
            }
        }
    }

    /// The hosts that are meant die: everything in their rooms is taken out.
    pub(super) fn take_of(&mut self, is_one: impl Fn(u8) -> bool, into: &mut Vec<Record>) {
        let before = into.len();
        for (host, of) in (0..).zip(&mut self.hosts).filter(|(host, _)| is_one(*host)) {
            let _: u8 = host;
            let dead = std::mem::replace(of, Host { call_due: u64::MAX, draining: of.draining, ..Host::default() });
            of.call_serial = dead.call_serial + 1;
            dead.aggregates.into_values().for_each(|aggregate| into.extend(aggregate.records));
            let lines = dead.limiters.into_values().flat_map(|limiter| limiter.line);
            lines.chain(dead.call).for_each(|entry| into.extend(entry.records));
        }
        for records in self
            .unanswered
            .iter_mut()
            .map(|(_, records)| records)
            .filter(|records| records.first().is_some_and(|r| is_one(r.host)))
        {
            into.append(records);
        }
        for record in &into[before..] {
            self.held -= 1;
            self.held_stored -= u64::from(record.copies > 0);
        }
    }

    /// Puts a user record into the aggregate of its shard, which is sealed when it is full.
    fn enter(&mut self, record: Record, deadline: u64, bench: &mut Bench<'_, impl Observer>) {
        let (host, shard) = (record.host, bench.stream.owner(record.key));
        if !self.settings.aggregates {
            return self.limit(host, shard, Aggregate::new(0, record, deadline).seal(), bench);
        }
        let Settings { aggregate_bytes, aggregate_count, .. } = self.settings;
        let aggregates = &mut self.hosts[usize::from(host)].aggregates;
        let mut full = None;
        let aggregate = match aggregates.get_mut(shard) {
            Some(aggregate) => {
                if aggregate.bytes_with(&record) > u64::from(aggregate_bytes) {
                    self.serial += 1;
                    let next = Aggregate::new(self.serial, record, deadline);
                    full = Some(std::mem::replace(aggregate, next));
                } else {
                    aggregate.add(record, deadline);
                }
                aggregate
            }
            None => {
                self.serial += 1;
                aggregates.get_or(shard, || Aggregate::new(self.serial, record, deadline))
            }
        };
        let sealed = aggregate.records.len() as u64 >= u64::from(aggregate_count)
            || aggregate.data_bytes() >= u64::from(aggregate_bytes);
        let due = aggregate.deadline.max(bench.now + limits::KPL_BUFFER_MIN.micros());
        let serial = aggregate.serial;
        if !sealed && due < aggregate.due {
            aggregate.due = due;
            self.timers.push(due, Timer::Aggregate { host, shard, serial });
        }
        if let Some(full) = full {
            self.limit(host, shard, full.seal(), bench);
        }
        if sealed && let Some(aggregate) = self.hosts[usize::from(host)].aggregates.remove(shard) {
            self.limit(host, shard, aggregate.seal(), bench);
        }
    }

    /// A Kinesis record meets the limiter of its shard.
    fn limit(&mut self, host: u8, shard: u32, entry: Entry, bench: &mut Bench<'_, impl Observer>) {
        let of = &mut self.hosts[usize::from(host)];
        let limiter = of.limiters.get_or(shard, || Limiter::new(bench.now));
        if limiter.line.is_empty() && limiter.buckets.pass(bench.now, entry.data, u64::from(self.settings.rate_percent))
        {
            return self.collect(host, shard, entry, bench);
        }
        limiter.line.push_back(entry);
        self.drain_later(host, bench.now);
    }

    fn drain_later(&mut self, host: u8, now: u64) {
        let of = &mut self.hosts[usize::from(host)];
        if !of.draining {
            of.draining = true;
            let step = limits::KPL_DRAIN.micros();
            self.timers.push((now / step + 1) * step, Timer::Drain { host });
        }
    }

    /// Lets what the limiters of a host allow pass, and lets go of what has become too old in line.
    fn drain(&mut self, host: u8, bench: &mut Bench<'_, impl Observer>) {
        let (percent, ttl) = (u64::from(self.settings.rate_percent), self.settings.ttl.micros());
        let of = &mut self.hosts[usize::from(host)];
        of.draining = false;
        let (mut passed, mut old) = (Vec::new(), Vec::new());
        let mut waits = false;
        for (shard, limiter) in of.limiters.iter_mut() {
            while let Some(entry) = limiter.line.front() {
                let is_old = entry.records.iter().any(|record| bench.now >= record.offered + ttl);
                if !is_old && !limiter.buckets.pass(bench.now, entry.data, percent) {
                    break;
                }
                let Some(entry) = limiter.line.pop_front() else { break };
                if is_old { old.push(entry) } else { passed.push((*shard, entry)) }
            }
            waits |= !limiter.line.is_empty();
        }
        if waits {
            self.drain_later(host, bench.now);
        }
        for (shard, entry) in passed {
            self.collect(host, shard, entry, bench);
        }
        for record in old.into_iter().flat_map(|entry| entry.records) {
            self.again(record, bench);
        }
    }

    /// A Kinesis record joins the call that is being collected.
    fn collect(&mut self, host: u8, shard: u32, entry: Entry, bench: &mut Bench<'_, impl Observer>) {
        let of = &mut self.hosts[usize::from(host)];
        let bytes = u64::from(entry.bytes());
        if of.call_bytes + bytes > self.settings.collect_bytes.get() && !of.call.is_empty() {
            self.put(host, bench);
        }
        let of = &mut self.hosts[usize::from(host)];
        let for_shard = of.call_by_shard.get_or(shard, || 0);
        *for_shard += bytes;
        let full = *for_shard >= limits::KPL_SHARD_BYTES.get();
        of.call_bytes += bytes;
        let due = entry.deadline.max(bench.now + limits::KPL_BUFFER_MIN.micros());
        of.call.push(entry);
        if full || of.call.len() >= self.settings.collect_count as usize {
            return self.put(host, bench);
        }
        if due < of.call_due {
            of.call_due = due;
            self.timers.push(due, Timer::Collect { host, serial: of.call_serial });
        }
    }

    /// Makes the call.
    fn put(&mut self, host: u8, bench: &mut Bench<'_, impl Observer>) {
        let of = &mut self.hosts[usize::from(host)];
        let entries = std::mem::take(&mut of.call);
        (of.call_bytes, of.call_due, of.call_serial) = (0, u64::MAX, of.call_serial + 1);
        of.call_by_shard.clear();
        if entries.is_empty() {
            return;
        }
        let attempt = entries.iter().flat_map(|entry| &entry.records).map(|record| record.attempt).max().unwrap_or(1);
        bench.call(entries.len() as u32, attempt);
        let lost_answer = super::put::strikes(self.timeouts, &mut self.answers);
        if lost_answer {
            bench.say(Fact::Unanswered { entries: entries.len() as u32 });
        }
        let unit = u64::from(bench.stream.unit());
        let (mut bytes, mut last, mut later) = (0, None, Vec::new());
        for mut entry in entries {
            let owner = bench.stream.owner(entry.records[0].key);
            // A split since the aggregate was begun: what belongs elsewhere is put again.
            let stream = &*bench.stream;
            let (here, elsewhere) = entry.records.into_iter().partition(|record| stream.owner(record.key) == owner);
            entry.records = here;
            let elsewhere: Vec<Record> = elsewhere;
            later.extend(elsewhere);
            let charged = entry.bytes();
            let of = &mut bench.stream.shards[owner as usize];
            of.first_attempts += entry.records.iter().filter(|record| record.attempt == 1).count() as u64;
            let admitted = of.admit(bench.now, charged, entry.records.len() as u32);
            for record in &mut entry.records {
                record.arrived = bench.now;
            }
            match admitted {
                Ok(()) => {
                    if self.settings.aggregates {
                        bench.stream.store_aggregate(owner, &entry.records, charged);
                    } else {
                        bench.stream.shards[owner as usize].log.push(entry.records[0]);
                    }
                    (bytes, last) = (bytes + u64::from(charged), Some(owner));
                    let mut of_first = charged;
                    for mut record in entry.records {
                        bench.observer.stored(bench.at(), owner, &record, std::mem::take(&mut of_first));
                        if lost_answer {
                            self.held_stored += u64::from(record.copies == 0);
                            record.copies = record.copies.saturating_add(1);
                            later.push(record);
                        } else {
                            self.held -= 1;
                            self.held_stored -= u64::from(record.copies > 0);
                        }
                    }
                }
                Err(limit) => {
                    for record in entry.records {
                        bench.observer.throttled(bench.at(), owner, &record, limit);
                        if self.settings.fail_if_throttled && !lost_answer {
                            self.lose(record, LossCause::Ignored, bench);
                        } else {
                            later.push(record);
                        }
                    }
                }
            }
        }
        if let Some(shard) = last {
            let rest = bytes.next_multiple_of(unit) - bytes;
            bench.stream.shards[shard as usize].charge_rounding(bench.now, rest as u32);
        }
        if lost_answer {
            self.serial += 1;
            self.unanswered.get_or(self.serial, || later);
            self.timers.push(bench.now + self.timeouts.after.micros(), Timer::Answer { serial: self.serial });
        } else {
            for record in later {
                self.again(record, bench);
            }
        }
    }

    /// A user record is put again, unless it is too old.
    fn again(&mut self, mut record: Record, bench: &mut Bench<'_, impl Observer>) {
        if bench.now >= record.offered + self.settings.ttl.micros() {
            return self.lose(record, LossCause::TooOld, bench);
        }
        record.attempt = record.attempt.saturating_add(1);
        self.enter(record, bench.now + self.settings.buffered.micros() / 2, bench);
    }

    fn lose(&mut self, record: Record, cause: LossCause, bench: &mut Bench<'_, impl Observer>) {
        self.held -= 1;
        self.held_stored -= u64::from(record.copies > 0);
        super::put::lose(record, cause, bench);
    }
}
