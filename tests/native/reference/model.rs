//! Producer, stream and mapping once more, as plainly as they can be written: lists that are searched, buckets that
//! are refilled, one event a record. It shares no code with the engine but the generator of random numbers.

use super::happened::{Happened, What};
use super::lane::{Lane, Other, Phase};
use super::shard::{Kept, Shard};
use streamgauge::engine::rng::{Actor, Rng};
use streamgauge::engine::{LossCause, WriteLimit};
use streamgauge::scenario::{Jitter, Operation, PutCall, RetryPolicy, Scenario, StartingPosition};

/// A record as the traffic offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    pub at: u64,
    pub number: u32,
    pub key: u32,
    pub size: u32,
}

/// What is due at some time.
#[derive(Clone, Debug)]
pub enum Due {
    Operation(usize),
    Retry {
        records: Vec<Offer>,
        attempts: u32,
    },
    Wake(u32),
    InvocationEnd(u32),
    InvokeAgain(u32),
    Expire(u32),
    /// Another poller, by its shard and its place there, reads.
    Other(u32, usize),
}

/// An invocation as a host would see it: shard, id, attempt, and index and number of its records.
pub type Asked = (u32, u64, u32, Vec<(u64, u32)>);

pub struct Model<'a> {
    pub scenario: Scenario,
    pub now: u64,
    agenda: Vec<(u64, u64, Due)>,
    order: u64,
    pub facts: Vec<Happened>,
    pub asked: Vec<Asked>,
    pub shards: Vec<Shard>,
    pub lanes: Vec<Lane>,
    /// The other pollers of each shard.
    pub others: Vec<Vec<Other>>,
    /// Whether an invocation that is asked about succeeds.
    pub succeeds: &'a dyn Fn(u64) -> bool,
    pending: Vec<Offer>,
    flush_at: Option<u64>,
    tokens: u64,
    producer_rng: Rng,
    applied: u32,
}

/// Bytes that count: data and the 16 characters of the key.
pub fn counted(size: u32) -> u64 {
    u64::from(size) + 16
}

impl<'a> Model<'a> {
    pub fn new(scenario: &Scenario, succeeds: &'a dyn Fn(u64) -> bool) -> Self {
        let count = scenario.stream.shards;
        let mut model = Self {
            scenario: scenario.clone(),
            now: 0,
            agenda: Vec::new(),
            order: 0,
            facts: Vec::new(),
            asked: Vec::new(),
            shards: (0..count).map(|shard| Shard::new(shard, count, scenario.stream.byte_burst.get())).collect(),
            lanes: (0..count).map(|shard| Lane::new(shard, count, scenario)).collect(),
            others: (0..count)
                .map(|shard| {
                    let readers = 1..=scenario.stream.other_pollers.count;
                    readers.map(|reader| Other::new(reader, shard, count, scenario)).collect()
                })
                .collect(),
            succeeds,
            pending: Vec::new(),
            flush_at: None,
            tokens: 500,
            producer_rng: Rng::of(scenario.seed, Actor::Producer),
            applied: 0,
        };
        for (index, planned) in scenario.operations.iter().enumerate() {
            model.note(planned.at.micros(), Due::Operation(index));
        }
        for shard in 0..count {
            model.note(model.lanes[shard as usize].next_poll(), Due::Wake(shard));
            for place in 0..model.others[shard as usize].len() {
                model.note(model.others[shard as usize][place].next, Due::Other(shard, place));
            }
        }
        model
    }

    /// Lets everything before the end of the scenario happen.
    pub fn run(&mut self, offers: &[Offer]) {
        let mut offers = offers.iter();
        let mut next_offer = offers.next();
        loop {
            let next_due = (0..self.agenda.len()).min_by_key(|&i| (self.agenda[i].0, self.agenda[i].1));
            // At one instant: what is due, then the call that has waited long enough, then new records.
            let candidates = [
                next_due.map(|i| (self.agenda[i].0, 0)),
                self.flush_at.map(|at| (at, 1)),
                next_offer.map(|offer| (offer.at, 2)),
            ];
            let Some((at, kind)) = candidates.into_iter().flatten().min() else { return };
            if at >= self.scenario.length.micros() {
                return;
            }
            self.now = at;
            match (kind, next_due, next_offer) {
                (0, Some(i), _) => {
                    let (_, _, due) = self.agenda.remove(i);
                    self.happen(due);
                }
                (1, ..) => self.flush(),
                (_, _, Some(offer)) => {
                    self.offer(*offer);
                    next_offer = offers.next();
                }
                _ => unreachable!("the candidate exists"),
            }
        }
    }

    /// Records in the producer's memory.
    pub fn held(&self) -> u64 {
        let waiting = self.agenda.iter().map(|(_, _, due)| match due {
            Due::Retry { records, .. } => records.len(),
            _ => 0,
        });
        (self.pending.len() + waiting.sum::<usize>()) as u64
    }

    pub fn note(&mut self, at: u64, due: Due) {
        // At one instant the readers of a shard read in their order.
        let order = match due {
            Due::Other(_, place) => u64::MAX - 1_000 + place as u64,
            _ => self.order,
        };
        self.agenda.push((at, order, due));
        self.order += 1;
    }

    pub fn say(&mut self, what: What) {
        self.facts.push(Happened { at: self.now, what });
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Operation(index) => {
                let consumer = &mut self.scenario.consumer;
                match self.scenario.operations[index].operation {
                    Operation::UpdateMapping { batch_size, batching_window } => {
                        consumer.batch_size = batch_size;
                        consumer.batching_window = batching_window;
                    }
                    Operation::DeployFunction { duration, injected_error_rate } => {
                        consumer.duration = duration;
                        consumer.injected_error_rate = injected_error_rate;
                    }
                    Operation::DeployProducer { retry } => self.scenario.producer.retry = retry,
                    other => panic!("the compared scenarios keep their shards: {other:?}"),
                }
                self.say(What::Operation { index: self.applied });
                self.applied += 1;
            }
            Due::Retry { records, attempts } => self.put(records, attempts + 1),
            Due::Wake(shard) => {
                if matches!(self.lanes[shard as usize].phase, Phase::Gathering) {
                    self.gather(shard);
                }
            }
            Due::InvocationEnd(shard) => self.invocation_end(shard),
            Due::InvokeAgain(shard) => self.invoke_again(shard),
            Due::Expire(shard) => {
                self.expire(shard);
                self.expire_others(shard);
            }
            Due::Other(shard, place) => self.poll_other(shard, place),
        }
    }

    fn offer(&mut self, offer: Offer) {
        self.say(What::Offered { number: offer.number, key: offer.key, size: offer.size });
        if self.held() >= self.scenario.producer.buffer {
            return self.say(What::Lost { number: offer.number, cause: LossCause::BufferFull });
        }
        match self.scenario.producer.call {
            PutCall::PutRecord => self.put(vec![offer], 1),
            PutCall::PutRecords { batch, linger } => {
                let gathered: u64 = self.pending.iter().map(|record| counted(record.size)).sum();
                if gathered + counted(offer.size) > 10 * 1_048_576 {
                    self.flush();
                }
                if self.pending.is_empty() {
                    self.flush_at = Some(self.now + linger.micros());
                }
                self.pending.push(offer);
                if self.pending.len() == batch as usize || linger.micros() == 0 {
                    self.flush();
                }
            }
        }
    }

    fn flush(&mut self) {
        self.flush_at = None;
        let records = std::mem::take(&mut self.pending);
        self.put(records, 1);
    }

    fn put(&mut self, records: Vec<Offer>, attempt: u32) {
        self.say(What::PutCalled { entries: records.len() as u32, attempt });
        let single = self.scenario.producer.call == PutCall::PutRecord;
        let (mut rejected, mut stored_bytes, mut last) = (Vec::new(), 0, None);
        for record in records {
            let bytes = counted(record.size);
            let unit = if self.scenario.stream.rounds_up { 1_024 } else { 1 };
            let charged = if single { bytes.div_ceil(unit) * unit } else { bytes };
            let owner = self.shards.iter().position(|shard| shard.owns(record.key)).expect("ranges cover the space");
            let (shard, now) = (&mut self.shards[owner], self.now);
            let limit = if !shard.records.has(now, 1) {
                Some(WriteLimit::Records)
            } else if !shard.bytes.has(now, charged) {
                Some(WriteLimit::Bytes)
            } else {
                None
            };
            let (number, owner) = (record.number, owner as u32);
            if let Some(limit) = limit {
                rejected.push(record);
                self.say(What::Throttled { shard: owner, number, attempt, limit });
                continue;
            }
            shard.records.take(now, 1);
            shard.bytes.take(now, charged);
            let size = record.size;
            let index = shard.stored;
            let kept = Kept { number, size, arrived: now, index, read: false };
            let consumer = self.scenario.consumer;
            let from = match consumer.position {
                StartingPosition::TrimHorizon => 0,
                StartingPosition::Latest => consumer.start.micros(),
                StartingPosition::AtTimestamp(at) => at.micros(),
            };
            if now < from {
                shard.skipped += 1;
            } else {
                shard.kept.push(kept);
            }
            shard.all.push(kept);
            shard.stored += 1;
            (stored_bytes, last) = (stored_bytes + bytes, Some(owner));
            self.say(What::Stored { shard: owner, number, attempt });
            self.expect_expiry(owner);
        }
        if let (Some(owner), false) = (last, single) {
            let unit = if self.scenario.stream.rounds_up { 1_024 } else { 1 };
            let rest = stored_bytes.div_ceil(unit) * unit - stored_bytes;
            self.shards[owner as usize].bytes.take(self.now, rest);
        }
        if single && rejected.is_empty() {
            self.tokens = (self.tokens + if attempt == 1 { 1 } else { 5 }).min(500);
        }
        if !rejected.is_empty() {
            self.rejected(rejected, attempt, single);
        }
    }

    /// One event for all records that a shard stored at one instant, unless it lies behind the end.
    fn expect_expiry(&mut self, shard: u32) {
        let expires = self.now + self.scenario.stream.retention.micros();
        let is_it = |due: &Due| matches!(due, Due::Expire(of) if *of == shard);
        let noted = self.agenda.iter().any(|(at, _, due)| *at == expires && is_it(due));
        if expires < self.scenario.length.micros() && !noted {
            self.note(expires, Due::Expire(shard));
        }
    }

    fn rejected(&mut self, mut records: Vec<Offer>, attempt: u32, single: bool) {
        let lose = |model: &mut Self, records: &[Offer], cause| {
            records.iter().for_each(|record| model.say(What::Lost { number: record.number, cause }));
        };
        let wait = match self.scenario.producer.retry {
            RetryPolicy::Ignore => return lose(self, &records, LossCause::Ignored),
            RetryPolicy::SdkOnly if !single => return lose(self, &records, LossCause::Ignored),
            RetryPolicy::SdkOnly => {
                if attempt >= 3 || self.tokens < 5 {
                    return lose(self, &records, LossCause::Exhausted);
                }
                self.tokens -= 5;
                let longest = longest_wait(500_000, 20_000_000, attempt);
                self.producer_rng.below(longest) / 1_000 * 1_000
            }
            RetryPolicy::Again { max_attempts, base, cap, max_age, multiplier_milli, jitter } => {
                if attempt >= max_attempts {
                    return lose(self, &records, LossCause::Exhausted);
                }
                if let Some(max_age) = max_age {
                    let is_old = |record: &Offer| self.now - record.at > max_age.micros();
                    let (old, young): (Vec<Offer>, Vec<Offer>) = records.iter().partition(|record| is_old(record));
                    lose(self, &old, LossCause::TooOld);
                    records = young;
                }
                if records.is_empty() {
                    return;
                }
                let longest = grown_wait(base.micros(), cap.micros(), multiplier_milli, attempt);
                match jitter {
                    Jitter::Full => self.producer_rng.below(longest + 1),
                    Jitter::Equal => longest / 2 + self.producer_rng.below(longest.div_ceil(2) + 1),
                    Jitter::None => longest,
                }
            }
        };
        self.note(self.now + wait, Due::Retry { records, attempts: attempt });
    }
}

/// The base, multiplied for each attempt after the first, and never more than the cap.
fn grown_wait(base: u64, cap: u64, thousandths: u32, attempts: u32) -> u64 {
    let grow = |wait: u64, _| (u128::from(wait) * u128::from(thousandths) / 1_000).min(u128::from(cap)) as u64;
    (1..attempts).fold(base.min(cap), grow)
}

/// The base, doubled for each attempt after the first, and never more than the cap.
pub fn longest_wait(base: u64, cap: u64, attempts: u32) -> u64 {
    (1..attempts).fold(base.min(cap), |wait, _| (wait * 2).min(cap))
}
