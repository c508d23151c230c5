//! The producer: gathers records into calls, puts them, and treats what was rejected as its policy says.

use super::agenda::Agenda;
use super::fact::{Fact, LossCause, Observer};
use super::record::{Record, bytes_of};
use super::rng::{Actor, Rng};
use super::stream::Stream;
use super::waiting::{Group, Queues, WaitingRoom};
use crate::limits;
use crate::scenario::{Jitter, Producer as Settings, PutCall, RetryPolicy, Scenario};
use crate::units::{SimTime, Span};

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
    /// Single records that wait a fixed time.
    queues: Queues,
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
            queues: Queues::new(),
            tokens: limits::SDK_RETRY_TOKENS,
            call: Vec::new(),
        }
    }

    /// Records in its memory.
    pub fn held(&self) -> u64 {
        self.pending.len() as u64 + self.waiting.len + self.queues.len()
    }

    /// When the producer has something to do by itself: a record to put again, or a call that has been gathered long
    /// enough; µs, `u64::MAX` for never.
    #[inline]
    pub fn due(&self) -> u64 {
        self.flush_at.min(self.queues.due())
    }

    /// Does what is due.
    #[inline(always)]
    pub fn act(&mut self, bench: &mut Bench<'_, impl Observer>) {
        if self.queues.due() <= bench.now {
            if let Some((_, mut record)) = self.queues.release_next() {
                record.attempt += 1;
                self.put_one(record, bench);
            }
        } else {
            self.flush(bench);
        }
    }

    /// Treats rejected records by another policy from now on.
    pub fn deploy(&mut self, retry: RetryPolicy, agenda: &mut Agenda<Group>) {
        // What waits already stands before what will wait, also where both are due at one instant.
        while let Some((due, record)) = self.queues.release_next() {
            let group = self.waiting.admit(&[record], record.attempt);
            agenda.push(due, group);
        }
        self.settings.retry = retry;
    }

    /// Takes a record from the traffic.
    #[inline(always)]
    pub fn offer(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) {
        bench.observer.offered(bench.at(), &record);
        if self.held() >= self.settings.buffer {
            return lose(record, LossCause::BufferFull, bench);
        }
        match self.settings.call {
            PutCall::PutRecord => self.put_one(record, bench),
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
        if self.settings.call == PutCall::PutRecord
            && let Some(mut record) = self.call.pop()
        {
            record.attempt = group.attempts + 1;
            return self.put_one(record, bench);
        }
        self.put(group.attempts + 1, bench);
    }

    /// `PutRecord` for one record: rounded up to the next kibibyte by itself.
    #[inline(always)]
    fn put_one(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) {
        let attempt = record.attempt;
        bench.observer.put_called(bench.at(), 1, attempt);
        let unit = bench.stream.unit();
        // The unit is a power of two.
        let charged = (bytes_of(record.size) + (unit - 1)) & !(unit - 1);
        if put_entry(record, charged, bench).is_ok() {
            if self.tokens < limits::SDK_RETRY_TOKENS {
                let refund = if attempt > 1 { limits::SDK_RETRY_COST } else { limits::SDK_SUCCESS_REFUND };
                self.tokens = (self.tokens + refund).min(limits::SDK_RETRY_TOKENS);
            }
        } else {
            self.rejected_one(record, bench);
        }
    }

    /// Decides what becomes of a single record that was rejected.
    #[inline(always)]
    fn rejected_one(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) {
        if let Some(wait) = self.fixed_wait(record.attempt) {
            let old = |max_age: Span| bench.now - record.offered > max_age.micros();
            if let RetryPolicy::Again { max_attempts, max_age, .. } = self.settings.retry {
                if record.attempt >= max_attempts {
                    return lose(record, LossCause::Exhausted, bench);
                }
                if max_age.is_some_and(old) {
                    return lose(record, LossCause::TooOld, bench);
                }
            }
            return self.queues.admit(bench.now, wait, record);
        }
        self.rejected_alone(record, bench);
    }

    #[inline(never)]
    fn rejected_alone(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) {
        self.call.clear();
        self.call.push(record);
        self.rejected(record.attempt, bench);
    }

    /// The wait after so many attempts, where it is not drawn.
    fn fixed_wait(&self, attempts: u32) -> Option<u64> {
        match self.settings.retry {
            RetryPolicy::Again { base, cap, multiplier_milli, jitter: Jitter::None, .. } => {
                Some(backoff(base.micros(), cap.micros(), multiplier_milli, attempts))
            }
            _ => None,
        }
    }

    /// Puts everything in `call`.
    fn put(&mut self, attempt: u32, bench: &mut Bench<'_, impl Observer>) {
        bench.observer.put_called(bench.at(), self.call.len() as u32, attempt);
        put_records(&mut self.call, attempt, bench);
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
                let bound = backoff(base, limits::SDK_BACKOFF_CAP.micros(), 2_000, attempt);
                // The SDK waits whole milliseconds, rounded down.
                let wait = self.rng.below(bound) / 1_000 * 1_000;
                self.wait(wait, attempt, bench);
            }
            RetryPolicy::Again { max_attempts, base, cap, max_age, multiplier_milli, jitter } => {
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
                    let bound = backoff(base.micros(), cap.micros(), multiplier_milli, attempt);
                    let wait = match jitter {
                        Jitter::Full => self.rng.below(bound + 1),
                        Jitter::Equal => bound / 2 + self.rng.below(bound - bound / 2 + 1),
                        Jitter::None => bound,
                    };
                    self.wait(wait, attempt, bench);
                }
            }
        }
    }

    fn wait(&mut self, wait: u64, attempts: u32, bench: &mut Bench<'_, impl Observer>) {
        let group = self.waiting.admit(&self.call, attempts);
        bench.agenda.push(bench.now + wait, group);
    }

    fn lose_all(&mut self, cause: LossCause, bench: &mut Bench<'_, impl Observer>) {
        for record in &self.call {
            bench.say(Fact::Lost { record, cause });
        }
    }
}

/// A single record is lost. Apart and by value, so that where none is lost a record stays in registers.
#[cold]
#[inline(never)]
fn lose(record: Record, cause: LossCause, bench: &mut Bench<'_, impl Observer>) {
    bench.say(Fact::Lost { record: &record, cause });
}

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

    /// Tells a fact.
    pub fn say(&mut self, fact: Fact<'_>) {
        self.observer.observe(SimTime::from_micros(self.now), fact);
    }
}

/// `PutRecords` for everything in `call`; what was rejected stays in it, in order. Bytes are rounded up on the
/// sum of the call: the rest to the next kibibyte is charged to the shard that stored its last record.
fn put_records(call: &mut Vec<Record>, attempt: u32, bench: &mut Bench<'_, impl Observer>) {
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
fn put_entry(mut record: Record, charged: u32, bench: &mut Bench<'_, impl Observer>) -> Result<u32, ()> {
    let shard = bench.stream.owner(record.key);
    match bench.stream.shards[shard as usize].admit(bench.now, charged) {
        Ok(()) => {
            record.arrived = bench.now;
            bench.stream.store(shard, record);
            bench.observer.stored(bench.at(), shard, &record);
            Ok(shard)
        }
        Err(limit) => {
            bench.observer.throttled(bench.at(), shard, &record, limit);
            Err(())
        }
    }
}

/// The longest wait after so many attempts: the base, multiplied by so many thousandths with each, up to the cap.
const fn backoff(base: u64, cap: u64, multiplier_milli: u32, attempts: u32) -> u64 {
    let mut bound = base;
    let mut attempt = 1;
    while attempt < attempts && bound < cap && multiplier_milli > 1_000 {
        bound = (bound as u128 * multiplier_milli as u128 / 1_000) as u64;
        attempt += 1;
    }
    if bound < cap { bound } else { cap }
}
