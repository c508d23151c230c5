//! The producer: gathers records into calls, puts them, and treats what was rejected as its policy says.

use super::Event;
use super::agenda::Agenda;
use super::fact::{Fact, LossCause, Observer};
use super::record::{Record, bytes_of};
use super::rng::{Actor, Rng};
use super::stream::Stream;
use crate::limits;
use crate::scenario::{Producer as Settings, PutCall, RetryPolicy, Scenario};
use crate::units::SimTime;

/// One application that puts records. A call takes no simulated time: it is answered at the instant at which it
/// is made.
#[derive(Clone, Debug)]
pub struct Producer {
    settings: Settings,
    rng: Rng,
    /// Records of the call that is being gathered.
    pending: Vec<Record>,
    pending_bytes: u64,
    /// When the oldest record of the call has waited long enough; `u64::MAX` without one.
    flush_at: u64,
    waiting: WaitingRoom,
    /// Retry tokens of the SDK.
    tokens: u64,
    /// The call that is being made; kept for its memory.
    call: Vec<Record>,
}

impl Producer {
    /// The producer of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            settings: scenario.producer,
            rng: Rng::of(scenario.seed, Actor::Producer),
            pending: Vec::new(),
            pending_bytes: 0,
            flush_at: u64::MAX,
            waiting: WaitingRoom::new(scenario.producer.call),
            tokens: limits::SDK_RETRY_TOKENS,
            call: Vec::new(),
        }
    }

    /// Records in its memory.
    pub fn held(&self) -> u64 {
        self.pending.len() as u64 + self.waiting.len
    }

    /// When the call that is being gathered must be made; `u64::MAX` while there is none.
    #[inline]
    pub const fn flush_at(&self) -> u64 {
        self.flush_at
    }

    /// Treats rejected records by another policy from now on.
    pub fn deploy(&mut self, retry: RetryPolicy) {
        self.settings.retry = retry;
    }

    /// Takes a record from the traffic.
    #[inline]
    pub fn offer(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) {
        bench.say(Fact::Offered { record: &record });
        if self.held() >= self.settings.buffer {
            return bench.say(Fact::Lost { record: &record, cause: LossCause::BufferFull });
        }
        match self.settings.call {
            PutCall::PutRecord => {
                self.call.clear();
                self.call.push(record);
                self.put(1, bench);
            }
            PutCall::PutRecords { batch, linger } => {
                let bytes = u64::from(bytes_of(record.size));
                if self.pending_bytes + bytes > limits::PUT_RECORDS_BYTES_MAX.get() {
                    self.flush(bench);
                }
                if self.pending.is_empty() {
                    self.flush_at = bench.now + linger.micros();
                }
                self.pending.push(record);
                self.pending_bytes += bytes;
                if self.pending.len() >= batch as usize || linger.micros() == 0 {
                    self.flush(bench);
                }
            }
        }
    }

    /// Makes the call that was being gathered.
    pub fn flush(&mut self, bench: &mut Bench<'_, impl Observer>) {
        std::mem::swap(&mut self.call, &mut self.pending);
        self.pending.clear();
        (self.pending_bytes, self.flush_at) = (0, u64::MAX);
        self.put(1, bench);
    }

    /// Puts a group of rejected records again.
    pub fn retry(&mut self, group: Group, bench: &mut Bench<'_, impl Observer>) {
        self.call.clear();
        self.waiting.release(group, &mut self.call);
        self.put(group.attempts + 1, bench);
    }

    /// Puts everything in `call`.
    fn put(&mut self, attempt: u32, bench: &mut Bench<'_, impl Observer>) {
        bench.say(Fact::PutCalled { entries: self.call.len() as u32, attempt });
        let stored = match self.settings.call {
            PutCall::PutRecord => put_record(&mut self.call, attempt, bench),
            PutCall::PutRecords { .. } => put_records(&mut self.call, attempt, bench),
        };
        if self.settings.call == PutCall::PutRecord && stored > 0 {
            let refund = if attempt > 1 { limits::SDK_RETRY_COST } else { limits::SDK_SUCCESS_REFUND };
            self.tokens = (self.tokens + refund).min(limits::SDK_RETRY_TOKENS);
        }
        if !self.call.is_empty() {
            self.rejected(attempt, bench);
        }
    }

    /// Decides what becomes of the records that are left in `call` after an attempt.
    fn rejected(&mut self, attempt: u32, bench: &mut Bench<'_, impl Observer>) {
        match self.settings.retry {
            RetryPolicy::Ignore => self.lose_all(LossCause::Ignored, bench),
            RetryPolicy::SdkOnly if self.settings.call != PutCall::PutRecord => {
                // The SDK sees a 200: it has nothing to repeat.
                self.lose_all(LossCause::Ignored, bench);
            }
            RetryPolicy::SdkOnly => {
                if u64::from(attempt) >= limits::SDK_ATTEMPTS || self.tokens < limits::SDK_RETRY_COST {
                    return self.lose_all(LossCause::Exhausted, bench);
                }
                self.tokens -= limits::SDK_RETRY_COST;
                let base = limits::SDK_BACKOFF_BASE_THROTTLED.micros();
                let bound = backoff(base, limits::SDK_BACKOFF_CAP.micros(), attempt);
                // The SDK waits whole milliseconds, rounded down.
                let wait = self.rng.below(bound) / 1_000 * 1_000;
                self.wait(wait, attempt, bench);
            }
            RetryPolicy::Again { max_attempts, base, cap, max_age } => {
                if attempt >= max_attempts {
                    return self.lose_all(LossCause::Exhausted, bench);
                }
                if let Some(max_age) = max_age {
                    self.call.retain(|record| {
                        let young = bench.now - record.offered <= max_age.micros();
                        if !young {
                            bench.say(Fact::Lost { record, cause: LossCause::TooOld });
                        }
                        young
                    });
                }
                if !self.call.is_empty() {
                    let bound = backoff(base.micros(), cap.micros(), attempt);
                    let wait = self.rng.below(bound + 1);
                    self.wait(wait, attempt, bench);
                }
            }
        }
    }

    fn wait(&mut self, wait: u64, attempts: u32, bench: &mut Bench<'_, impl Observer>) {
        let group = self.waiting.admit(&self.call, attempts);
        bench.agenda.push(bench.now + wait, Event::Retry(group));
    }

    fn lose_all(&mut self, cause: LossCause, bench: &mut Bench<'_, impl Observer>) {
        for record in &self.call {
            bench.say(Fact::Lost { record, cause });
        }
    }
}

/// What an actor works with at one instant.
#[derive(Debug)]
pub struct Bench<'a, O> {
    /// Now, µs.
    pub now: u64,
    /// The stream that it uses.
    pub stream: &'a mut Stream,
    /// Where it notes what comes later.
    pub agenda: &'a mut Agenda<Event>,
    /// Who is told.
    pub observer: &'a mut O,
}

impl<O: Observer> Bench<'_, O> {
    /// Tells a fact.
    #[inline]
    pub fn say(&mut self, fact: Fact<'_>) {
        self.observer.observe(SimTime::from_micros(self.now), fact);
    }
}

/// `PutRecord` for the one record in `call`: rounded up to the next kibibyte by itself.
fn put_record(call: &mut Vec<Record>, attempt: u32, bench: &mut Bench<'_, impl Observer>) -> u32 {
    let unit = limits::THROTTLE_ROUNDING.get() as u32;
    let Some(record) = call.first_mut() else { return 0 };
    record.attempt = attempt;
    let stored = put_entry(record, bytes_of(record.size).next_multiple_of(unit), bench).is_ok();
    if stored {
        call.clear();
    }
    u32::from(stored)
}

/// `PutRecords` for everything in `call`; what was rejected stays in it, in order. Bytes are rounded up on the
/// sum of the call: the rest to the next kibibyte is charged to the shard that stored its last record.
fn put_records(call: &mut Vec<Record>, attempt: u32, bench: &mut Bench<'_, impl Observer>) -> u32 {
    let unit = limits::THROTTLE_ROUNDING.get();
    let (mut kept, mut bytes, mut last) = (0, 0u64, None);
    for i in 0..call.len() {
        let mut record = call[i];
        record.attempt = attempt;
        let charged = bytes_of(record.size);
        match put_entry(&mut record, charged, bench) {
            Ok(shard) => {
                bytes += u64::from(charged);
                last = Some(shard);
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
    let stored = call.len() - kept;
    call.truncate(kept);
    stored as u32
}

/// One record of a call against its shard.
#[inline]
fn put_entry(record: &mut Record, charged: u32, bench: &mut Bench<'_, impl Observer>) -> Result<u32, ()> {
    let shard = bench.stream.owner(record.key);
    match bench.stream.shards[shard as usize].admit(bench.now, charged) {
        Ok(()) => {
            record.arrived = bench.now;
            bench.stream.store(shard, *record);
            let retention = bench.stream.retention();
            let state = &mut bench.stream.shards[shard as usize];
            if state.expiry_at == u64::MAX {
                state.expiry_at = bench.now + retention;
                bench.agenda.push(state.expiry_at, Event::Expire(shard));
            }
            bench.say(Fact::Stored { shard, record });
            Ok(shard)
        }
        Err(limit) => {
            bench.say(Fact::Throttled { shard, record, limit });
            Err(())
        }
    }
}

/// The longest wait after so many attempts: the base doubles with each, up to the cap.
const fn backoff(base: u64, cap: u64, attempts: u32) -> u64 {
    let doublings = if attempts > 32 { 31 } else { attempts - 1 };
    let bound = base.saturating_mul(1 << doublings);
    if bound < cap { bound } else { cap }
}

/// Records of one call that wait for the same retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The first of its blocks.
    first: u32,
    records: u32,
    attempts: u32,
}

/// Rejected records between two attempts: blocks of places that lie side by side, chained for larger groups and
/// used again when they are free.
#[derive(Clone, Debug)]
struct WaitingRoom {
    /// Places of all blocks, block after block.
    places: Vec<Record>,
    /// Places in a block: one where calls have one record, several where a chain of single places would cost a
    /// look elsewhere in memory for each record.
    block: usize,
    /// For each block the next of its group, or the next free one.
    next: Vec<Option<u32>>,
    /// First free block.
    free: Option<u32>,
    len: u64,
}

impl WaitingRoom {
    fn new(call: PutCall) -> Self {
        let block = match call {
            PutCall::PutRecord => 1,
            PutCall::PutRecords { .. } => 16,
        };
        Self { places: Vec::new(), block, next: Vec::new(), free: None, len: 0 }
    }

    fn admit(&mut self, records: &[Record], attempts: u32) -> Group {
        let mut first = None;
        for chunk in records.rchunks_exact(self.block) {
            first = Some(self.fill(chunk, first));
        }
        // The chunk that is not full comes first in the chain and in the group.
        let rest = records.rchunks_exact(self.block).remainder();
        if !rest.is_empty() {
            first = Some(self.fill(rest, first));
        }
        self.len += records.len() as u64;
        let first = first.expect("a group has at least one record");
        Group { first, records: records.len() as u32, attempts }
    }

    /// Puts a chunk into a free block, before the block `next` of its group.
    fn fill(&mut self, chunk: &[Record], next: Option<u32>) -> u32 {
        let block = self.free.unwrap_or(self.next.len() as u32);
        if self.free.is_none() {
            self.places.resize(self.places.len() + self.block, Record::default());
            self.next.push(None);
        }
        self.free = self.next[block as usize];
        self.next[block as usize] = next;
        let start = block as usize * self.block;
        self.places[start..start + chunk.len()].copy_from_slice(chunk);
        block
    }

    fn release(&mut self, group: Group, into: &mut Vec<Record>) {
        let mut left = group.records as usize;
        let mut block = Some(group.first);
        while let Some(index) = block {
            let start = index as usize * self.block;
            let records = if left.is_multiple_of(self.block) { self.block } else { left % self.block };
            into.extend_from_slice(&self.places[start..start + records]);
            left -= records;
            block = self.next[index as usize];
            self.next[index as usize] = self.free;
            self.free = Some(index);
        }
        self.len -= u64::from(group.records);
    }
}
