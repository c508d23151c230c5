//! Put calls: each record of a call against the shard that owns its key.

use super::agenda::Agenda;
use super::fact::{Fact, LossCause, Observer};
use super::record::{Record, bytes_of};
use super::rng::Rng;
use super::stream::Stream;
use super::waiting::Group;
use crate::scenario::Timeouts;
use crate::units::{Ratio, SimTime};

/// What an actor works with at one instant.
#[derive(Debug)]
pub struct Bench<'a, O> {
    /// Now, µs.
    pub now: u64,
    /// The stream that it uses.
    pub stream: &'a mut Stream,
    /// Where it notes what comes later.
    pub agenda: &'a mut Agenda<Group>,
    /// Who is told.
    pub observer: &'a mut O,
}

impl<O: Observer> Bench<'_, O> {
    /// Now.
    #[inline]
    pub const fn at(&self) -> SimTime {
        SimTime::from_micros(self.now)
    }

    /// A put call with so many entries is made.
    #[inline(always)]
    pub fn call(&mut self, entries: u32, attempt: u16) {
        self.stream.put_calls += 1;
        self.observer.put_called(self.at(), entries, u32::from(attempt));
    }

    /// Tells a fact.
    pub fn say(&mut self, fact: Fact<'_>) {
        self.observer.observe(SimTime::from_micros(self.now), fact);
    }
}

/// Bytes that a record of `PutRecord` is charged: its own, rounded up to the next unit by itself.
#[inline(always)]
pub(super) fn charged_alone(record: &Record, bench: &Bench<'_, impl Observer>) -> u32 {
    let unit = bench.stream.unit();
    // The unit is a power of two.
    (bytes_of(record.size) + (unit - 1)) & !(unit - 1)
}

/// `PutRecords` for everything in `call`; what was rejected stays in it, in order, and what was stored too where the
/// producer does not learn of it. Bytes are rounded up on the sum of the call: the rest to the next kibibyte is charged
/// to the shard that stored its last record.
pub(super) fn put_records(
    call: &mut Vec<Record>,
    attempt: u16,
    lost_answer: bool,
    bench: &mut Bench<'_, impl Observer>,
) {
    let unit = u64::from(bench.stream.unit());
    let (mut kept, mut bytes, mut last) = (0, 0u64, None);
    for i in 0..call.len() {
        let mut record = call[i];
        record.attempt = attempt;
        let charged = bytes_of(record.size);
        match put_entry(record, charged, bench) {
            Ok(shard) => {
                bytes += u64::from(charged);
                last = Some(shard);
                if lost_answer {
                    record.copies = record.copies.saturating_add(1);
                    call[kept] = record;
                    kept += 1;
                }
            }
            Err(()) => {
                call[kept] = record;
                kept += 1;
            }
        }
    }
    if let Some(shard) = last {
        let rest = bytes.next_multiple_of(unit) - bytes;
        bench.stream.shards[shard as usize].charge_rounding(bench.now, rest as u32);
    }
    call.truncate(kept);
}

/// One record of a call against its shard.
#[inline(always)]
pub(super) fn put_entry(mut record: Record, charged: u32, bench: &mut Bench<'_, impl Observer>) -> Result<u32, ()> {
    let shard = bench.stream.owner(record.key);
    let of = &mut bench.stream.shards[shard as usize];
    if record.attempt == 1 {
        of.first_attempts += 1;
    }
    match of.admit(bench.now, charged, 1) {
        Ok(()) => {
            record.arrived = bench.now;
            of.log.push(record);
            bench.observer.stored(bench.at(), shard, &record, bytes_of(record.size));
            Ok(shard)
        }
        Err(limit) => {
            bench.observer.throttled(bench.at(), shard, &record, limit);
            Err(())
        }
    }
}

/// The longest wait after so many attempts: the base, multiplied by so many thousandths with each, up to the cap.
pub(super) const fn backoff(base: u64, cap: u64, multiplier_milli: u32, attempts: u16) -> u64 {
    let mut bound = base;
    let mut attempt = 1;
    while attempt < attempts && bound < cap && multiplier_milli > 1_000 {
        bound = (bound as u128 * multiplier_milli as u128 / 1_000) as u64;
        attempt += 1;
    }
    if bound < cap { bound } else { cap }
}

/// How many of some records the stream has stored without the producer's knowing.
pub(super) fn stored_of(records: &[Record]) -> u64 {
    records.iter().filter(|record| record.copies > 0).count() as u64
}

/// Whether the answer to a call is lost.
pub(super) fn strikes(timeouts: Timeouts, answers: &mut Rng) -> bool {
    let rate = u64::from(timeouts.rate.millionths());
    rate > 0 && answers.below(u64::from(Ratio::ONE.millionths())) < rate
}

/// The producer lets go of a record. Where the stream has it all the same, nothing is lost. Apart and by value, so that
/// where none is lost a record stays in registers.
#[cold]
#[inline(never)]
pub(super) fn lose(record: Record, cause: LossCause, bench: &mut Bench<'_, impl Observer>) {
    if record.copies == 0 {
        bench.observer.lost(bench.at(), &record, cause);
    }
}
