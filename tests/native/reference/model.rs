//! Producer, stream and mapping once more, as plainly as they can be written: lists that are searched, buckets that
//! are refilled, one event a record. It shares no code with the engine but the generator of random numbers.

use super::control::{Change, Control};
use super::happened::{Happened, What};
use super::lambda::Lambda;
use super::lane::{Lane, Other, Phase};
use super::shard::{Kept, Shard};
use streamgauge::engine::rng::{Actor, Rng};
use streamgauge::engine::{LossCause, WriteLimit};
use streamgauge::scenario::{Jitter, PutCall, RetryPolicy, Scenario, SdkMode, StartingPosition};

/// A record as the traffic offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    pub at: u64,
    pub number: u32,
    pub key: u32,
    pub size: u32,
    /// The host that has it, and how often it is stored without the host's knowing.
    pub host: usize,
    pub copies: u8,
}

/// A host of the producer.
#[derive(Clone, Debug, Default)]
pub struct Host {
    pending: Vec<Offer>,
    flush_at: Option<u64>,
    tokens: u64,
    down_until: u64,
}

/// What is due at some time.
#[derive(Clone, Debug)]
pub enum Due {
    Change(Change),
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
    pub lambda: Lambda,
    /// The other pollers of each shard.
    pub others: Vec<Vec<Other>>,
    pub control: Control,
    /// Whether an invocation that is asked about succeeds.
    pub succeeds: &'a dyn Fn(u64) -> bool,
    hosts: Vec<Host>,
    turn: usize,
    /// Records that stand behind an earlier one of their key, in the order in which they came.
    behind: Vec<Offer>,
    producer_rng: Rng,
    answers: Rng,
    pub applied: u32,
}

/// Bytes that count: data and the 16 characters of the key.
pub fn counted(size: u32) -> u64 {
    u64::from(size) + 16
}

impl<'a> Model<'a> {
    pub fn new(scenario: &Scenario, succeeds: &'a dyn Fn(u64) -> bool) -> Self {
        let count = scenario.stream.open_at_start();
        let mut model = Self {
            scenario: scenario.clone(),
            now: 0,
            agenda: Vec::new(),
            order: 0,
            facts: Vec::new(),
            asked: Vec::new(),
            shards: (0..count).map(|shard| Shard::new(shard, count, scenario.stream.byte_burst.get())).collect(),
            lanes: (0..count).map(|shard| Lane::new(shard, count, scenario)).collect(),
            lambda: Lambda::new(),
            others: (0..count)
                .map(|shard| {
                    let readers = 1..=scenario.stream.other_pollers.count;
                    readers.map(|reader| Other::new(reader, shard, count, scenario)).collect()
                })
                .collect(),
            control: Control::default(),
            succeeds,
            hosts: vec![Host { tokens: 500, ..Host::default() }; scenario.producer.hosts as usize],
            turn: 0,
            behind: Vec::new(),
            producer_rng: Rng::of(scenario.seed, Actor::Producer),
            answers: Rng::of(scenario.seed, Actor::Answers),
            applied: 0,
        };
        model.plan_changes();
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
                self.hosts.iter().filter_map(|host| host.flush_at).min().map(|at| (at, 1)),
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
                (1, ..) => {
                    let host = self.hosts.iter().position(|host| host.flush_at == Some(at));
                    self.flush(host.expect("a host sends now"));
                }
                (_, _, Some(offer)) => {
                    self.offer(*offer);
                    next_offer = offers.next();
                }
                _ => unreachable!("the candidate exists"),
            }
        }
    }

    /// Records in the producer's memory.
    fn memory(&self) -> Vec<&Offer> {
        let waiting = self.agenda.iter().flat_map(|(_, _, due)| match due {
            Due::Retry { records, .. } => records.as_slice(),
            _ => &[],
        });
        let pending = self.hosts.iter().flat_map(|host| &host.pending);
        pending.chain(waiting).chain(&self.behind).collect()
    }

    /// Those of them that are not stored.
    pub fn held_unstored(&self) -> u64 {
        self.memory().iter().filter(|record| record.copies == 0).count() as u64
    }

    pub fn note(&mut self, at: u64, due: Due) {
        // At one instant changes come first, then writers, then the mapping shard by shard, then other pollers.
        let order = match due {
            Due::Other(_, place) => u64::MAX - 1_000 + place as u64,
            Due::Change(_) => self.order,
            Due::Retry { .. } => (1 << 40) + self.order,
            Due::Wake(shard) | Due::InvocationEnd(shard) | Due::InvokeAgain(shard) | Due::Expire(shard) => {
                u64::from(1 + shard) << 44 | self.order
            }
        };
        self.agenda.push((at, order, due));
        self.order += 1;
    }

    pub fn note_change(&mut self, at: u64, change: Change) {
        self.note(at, Due::Change(change));
    }

    pub fn say(&mut self, what: What) {
        self.facts.push(Happened { at: self.now, what });
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Change(change) => self.change(change),
            Due::Retry { records, attempts } => {
                let first = records[0];
                self.put(records, attempts + 1);
                self.go_on_behind(first);
            }
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

    /// The first hosts that are up die; what they hold is lost unless it is stored.
    pub fn kill(&mut self, hosts: u32, down: u64) {
        let up = (0..self.hosts.len()).filter(|host| self.hosts[*host].down_until <= self.now);
        let dying: Vec<usize> = up.take(hosts as usize).collect();
        self.say(What::HostsDied { hosts: dying.len() as u32 });
        let mut gone: Vec<Offer> = self.memory().into_iter().copied().collect();
        gone.retain(|record| dying.contains(&record.host));
        self.agenda.retain(|(_, _, due)| match due {
            Due::Retry { records, .. } => !dying.contains(&records[0].host),
            _ => true,
        });
        self.behind.retain(|record| !dying.contains(&record.host));
        for host in dying {
            self.hosts[host] = Host { tokens: 500, down_until: self.now + down, ..Host::default() };
        }
        gone.sort_by_key(|record| record.number);
        self.lose(&gone, LossCause::HostDied);
    }

    fn lose(&mut self, records: &[Offer], cause: LossCause) {
        for record in records.iter().filter(|record| record.copies == 0) {
            self.say(What::Lost { number: record.number, cause });
        }
    }

    fn offer(&mut self, mut offer: Offer) {
        self.say(What::Offered { number: offer.number, key: offer.key, size: offer.size });
        if self.memory().len() as u64 >= self.scenario.producer.buffer {
            return self.say(What::Lost { number: offer.number, cause: LossCause::BufferFull });
        }
        let hosts = self.hosts.len();
        let up = |host: &usize| self.hosts[*host].down_until <= self.now;
        let Some(host) = (self.turn..self.turn + hosts).map(|turn| turn % hosts).find(up) else {
            return self.say(What::Lost { number: offer.number, cause: LossCause::HostDied });
        };
        self.turn = host + 1;
        offer.host = host;
        match self.scenario.producer.call {
            PutCall::PutRecord if self.scenario.producer.ordered && self.waits_before(offer) => self.behind.push(offer),
            PutCall::PutRecord => self.put(vec![offer], 1),
            PutCall::PutRecords { batch, linger } => {
                let gathered: u64 = self.hosts[host].pending.iter().map(|record| counted(record.size)).sum();
                if gathered + counted(offer.size) > 10 * 1_048_576 {
                    self.flush(host);
                }
                let of = &mut self.hosts[host];
                if of.pending.is_empty() {
                    of.flush_at = Some(self.now + linger.micros());
                }
                of.pending.push(offer);
                if of.pending.len() == batch as usize || linger.micros() == 0 {
                    self.flush(host);
                }
            }
            PutCall::Kpl(_) => panic!("the model knows no KPL"),
        }
    }

    /// Whether an earlier record of its key and host waits for another try.
    fn waits_before(&self, offer: Offer) -> bool {
        self.agenda.iter().any(|(_, _, due)| match due {
            Due::Retry { records, .. } => (records[0].host, records[0].key) == (offer.host, offer.key),
            _ => false,
        })
    }

    /// Puts what stands behind a record that has been put, as far as it goes.
    fn go_on_behind(&mut self, first: Offer) {
        while self.scenario.producer.ordered && !self.waits_before(first) {
            let same = |record: &Offer| (record.host, record.key) == (first.host, first.key);
            let Some(place) = self.behind.iter().position(same) else { return };
            let next = self.behind.remove(place);
            self.put(vec![next], 1);
        }
    }

    fn flush(&mut self, host: usize) {
        let of = &mut self.hosts[host];
        of.flush_at = None;
        let records = std::mem::take(&mut of.pending);
        self.put(records, 1);
    }

    fn put(&mut self, records: Vec<Offer>, attempt: u32) {
        self.say(What::PutCalled { entries: records.len() as u32, attempt });
        let single = self.scenario.producer.call == PutCall::PutRecord;
        let Some(host) = records.first().map(|record| record.host) else { return };
        let rate = self.scenario.producer.timeouts.rate.millionths();
        let unanswered = rate > 0 && self.answers.below(1_000_000) < u64::from(rate);
        if unanswered {
            self.say(What::Unanswered { entries: records.len() as u32 });
        }
        let (mut rejected, mut stored_bytes, mut last) = (Vec::new(), 0, None);
        for mut record in records {
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
            shard.came_records += 1;
            shard.came_bytes += if limit.is_some() { charged } else { bytes };
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
            let consumer = self.scenario.consumers[0].clone();
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
            self.say(What::Stored { shard: owner, number, attempt, copies: record.copies, bytes: bytes as u32 });
            self.expect_expiry(owner, now + self.scenario.stream.retention.micros());
            if unanswered {
                record.copies += 1;
                rejected.push(record);
            }
        }
        if let (Some(owner), false) = (last, single) {
            let unit = if self.scenario.stream.rounds_up { 1_024 } else { 1 };
            let rest = stored_bytes.div_ceil(unit) * unit - stored_bytes;
            self.shards[owner as usize].bytes.take(self.now, rest);
        }
        if !unanswered && (!single || rejected.is_empty()) {
            let tokens = &mut self.hosts[host].tokens;
            *tokens = (*tokens + if attempt == 1 { 1 } else { 5 }).min(500);
        }
        if !rejected.is_empty() {
            self.rejected(rejected, attempt, single, unanswered);
        }
    }

    /// One event for all records that a shard stored at one instant, unless it lies behind the end.
    pub fn expect_expiry(&mut self, shard: u32, expires: u64) {
        let is_it = |due: &Due| matches!(due, Due::Expire(of) if *of == shard);
        let noted = self.agenda.iter().any(|(at, _, due)| *at == expires && is_it(due));
        if expires < self.scenario.length.micros() && !noted {
            self.note(expires, Due::Expire(shard));
        }
    }

    fn rejected(&mut self, mut records: Vec<Offer>, attempt: u32, single: bool, unanswered: bool) {
        let host = records[0].host;
        let notices = if unanswered { self.scenario.producer.timeouts.after.micros() } else { 0 };
        let mode = match self.scenario.producer.retry {
            RetryPolicy::Ignore if unanswered => Some(SdkMode::Standard),
            RetryPolicy::Ignore => None,
            RetryPolicy::SdkOnly { mode } if single || unanswered => Some(mode),
            RetryPolicy::SdkOnly { .. } => None,
            RetryPolicy::Again { .. } => Some(SdkMode::Standard),
        };
        let Some(mode) = mode else { return self.lose(&records, LossCause::Ignored) };
        let wait = match self.scenario.producer.retry {
            RetryPolicy::Ignore | RetryPolicy::SdkOnly { .. } => {
                // Attempts, cap, then for throttled and for unanswered calls: base and cost.
                let (attempts, cap, throttled, lost) = match mode {
                    SdkMode::Standard => (3, 20_000_000, (500_000, 5), (100_000, 10)),
                    SdkMode::Standard2026 => (3, 20_000_000, (1_000_000, 5), (50_000, 14)),
                    SdkMode::PythonStandard => (3, 20_000_000, (1_000_000, 5), (1_000_000, 10)),
                    SdkMode::Legacy => (5, 3_600_000_000, (1_000_000, 0), (1_000_000, 0)),
                    SdkMode::Adaptive => panic!("the model knows no rate limiter"),
                };
                let (base, cost) = if unanswered { lost } else { throttled };
                let tokens = &mut self.hosts[host].tokens;
                if attempt >= attempts || *tokens < cost {
                    return self.lose(&records, LossCause::Exhausted);
                }
                *tokens -= cost;
                let drawn = self.producer_rng.below(longest_wait(base, cap, attempt));
                // JavaScript waits whole milliseconds.
                if matches!(mode, SdkMode::Standard | SdkMode::Standard2026) { drawn / 1_000 * 1_000 } else { drawn }
            }
            RetryPolicy::Again { max_attempts, base, cap, max_age, multiplier_milli, jitter } => {
                if attempt >= max_attempts {
                    return self.lose(&records, LossCause::Exhausted);
                }
                if let Some(max_age) = max_age {
                    let is_old = |record: &Offer| self.now - record.at > max_age.micros();
                    let (old, young): (Vec<Offer>, Vec<Offer>) = records.iter().partition(|record| is_old(record));
                    self.lose(&old, LossCause::TooOld);
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
        self.note(self.now + notices + wait, Due::Retry { records, attempts: attempt });
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
