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
    /// The backoff after one attempt, after two, and so on, µs.
    backoffs: Vec<u64>,
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
            backoffs: backoffs(scenario.producer.retry),
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
    #[inline]
    pub fn act(&mut self, bench: &mut Bench<'_, impl Observer>) {
        if self.queues.due() <= bench.now {
            if let Some(mut record) = self.queues.release() {
                record.attempt += 1;
                self.put_one(record, bench);
            }
        } else {
            self.flush(bench);
        }
    }

    /// Treats rejected records by another policy from now on.
    pub fn deploy(&mut self, retry: RetryPolicy) {
        self.settings.retry = retry;
        self.backoffs = backoffs(retry);
    }

    /// Takes a record from the traffic.
    #[inline]
    pub fn offer(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) {
        bench.observer.offered(bench.at(), &record);
        if self.held() >= self.settings.buffer {
            return bench.say(Fact::Lost { record: &record, cause: LossCause::BufferFull });
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
    #[inline]
    fn put_one(&mut self, mut record: Record, bench: &mut Bench<'_, impl Observer>) {
        const UNIT: u32 = limits::THROTTLE_ROUNDING.get() as u32;
        let attempt = record.attempt;
        bench.observer.put_called(bench.at(), 1, attempt);
        let charged = bytes_of(record.size).next_multiple_of(UNIT);
        if put_entry(&mut record, charged, bench).is_ok() {
            let refund = if attempt > 1 { limits::SDK_RETRY_COST } else { limits::SDK_SUCCESS_REFUND };
            self.tokens = (self.tokens + refund).min(limits::SDK_RETRY_TOKENS);
        } else {
            self.rejected_one(record, bench);
        }
    }

    /// Decides what becomes of a single record that was rejected.
    #[inline]
    fn rejected_one(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) {
        // A wait that is not drawn needs no place in the agenda.
        if let RetryPolicy::Again { max_attempts, max_age, jitter: Jitter::None, .. } = self.settings.retry {
            let old = |max_age: Span| bench.now - record.offered > max_age.micros();
            if record.attempt >= max_attempts {
                return bench.say(Fact::Lost { record: &record, cause: LossCause::Exhausted });
            }
            if max_age.is_some_and(old) {
                return bench.say(Fact::Lost { record: &record, cause: LossCause::TooOld });
            }
            let wait = self.backoffs[record.attempt as usize - 1];
            return self.queues.admit(bench.now, wait, record);
        }
        self.call.clear();
        self.call.push(record);
        self.rejected(record.attempt, bench);
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
                // The SDK waits whole milliseconds, rounded down.
                let wait = self.rng.below(self.backoffs[attempt as usize - 1]) / 1_000 * 1_000;
                self.wait(wait, attempt, bench);
            }
            RetryPolicy::Again { max_attempts, jitter, max_age, .. } => {
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
                    let backoff = self.backoffs[attempt as usize - 1];
                    let wait = match jitter {
                        Jitter::Full => self.rng.below(backoff + 1),
                        Jitter::Equal => backoff / 2 + self.rng.below(backoff - backoff / 2 + 1),
                        Jitter::None => backoff,
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
    call.truncate(kept);
}

/// One record of a call against its shard.
#[inline]
fn put_entry(record: &mut Record, charged: u32, bench: &mut Bench<'_, impl Observer>) -> Result<u32, ()> {
    let shard = bench.stream.owner(record.key);
    match bench.stream.shards[shard as usize].admit(bench.now, charged) {
        Ok(()) => {
            record.arrived = bench.now;
            bench.stream.store(shard, *record);
            bench.observer.stored(bench.at(), shard, record);
            Ok(shard)
        }
        Err(limit) => {
            bench.observer.throttled(bench.at(), shard, record, limit);
            Err(())
        }
    }
}

/// The backoff after each attempt that another one can follow.
fn backoffs(policy: RetryPolicy) -> Vec<u64> {
    let (attempts, base, multiplier_milli, cap) = match policy {
        RetryPolicy::Ignore => return Vec::new(),
        RetryPolicy::SdkOnly => {
            (limits::SDK_ATTEMPTS as u32, limits::SDK_BACKOFF_BASE_THROTTLED, 2_000, limits::SDK_BACKOFF_CAP)
        }
        RetryPolicy::Again { max_attempts, base, multiplier_milli, cap, .. } => {
            (max_attempts, base, multiplier_milli, cap)
        }
    };
    let grown = |wait: &u64| Some((wait * u64::from(multiplier_milli) / 1_000).min(cap.micros()));
    std::iter::successors(Some(base.min(cap).micros()), grown).take((attempts as usize).saturating_sub(1)).collect()
}
