//! The mapping of the naive model: one lane a shard, which polls, gathers, invokes and tries again.

use super::happened::What;
use super::model::{Due, Model, counted, longest_wait};
use super::shard::Kept;
use streamgauge::engine::FailureCause;
use streamgauge::engine::rng::{Actor, Rng};
use streamgauge::scenario::{HandlerKind, Scenario};

const SECOND: u64 = 1_000_000;
const MIB: u64 = 1_048_576;

pub struct Lane {
    pub phase: Phase,
    /// Records of the batch that runs or waits for another try: the first so many of the shard's.
    pub batch: usize,
    window_from: u64,
    last_poll: Option<u64>,
    first_poll: u64,
    behind: bool,
    /// Whether nothing more comes: the shard is closed and read to its end.
    at_end: bool,
    rng: Rng,
    reading: Rng,
    /// Pauses after the last poll: at ease, and while there is more to read.
    pauses: [u64; 2],
    next_id: u64,
    /// How often in a row its batch was refused.
    pub refusals: u32,
}

/// Another poller on one shard.
pub struct Other {
    reader: u32,
    pub next: u64,
    /// Index of the first record that it has not read.
    place: u64,
    reading: Rng,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    AwaitingParents,
    Ended,
    Gathering,
    Running { id: u64, started: u64, attempt: u32, fails: Option<FailureCause> },
    Backoff { attempts: u32 },
}

impl Lane {
    pub fn new(shard: u32, count: u32, scenario: &Scenario) -> Self {
        let seed = scenario.seed;
        Self {
            phase: Phase::Gathering,
            batch: 0,
            window_from: 0,
            last_poll: None,
            first_poll: scenario.consumers[0].start.micros() + SECOND * u64::from(shard) / u64::from(count),
            behind: false,
            at_end: false,
            rng: Rng::of(seed, Actor::Function { reader: 0, shard }),
            reading: Rng::of(seed, Actor::Reading { reader: 0, shard }),
            pauses: [0; 2],
            next_id: 0,
            refusals: 0,
        }
    }

    /// The first poll is at this instant.
    pub fn begin(&mut self, at: u64) {
        self.first_poll = at;
    }

    /// Its invocation is refused, which is no attempt.
    pub fn refused(&mut self, attempt: u32) {
        self.refusals += 1;
        self.phase = Phase::Backoff { attempts: attempt - 1 };
    }

    /// Its invocation begins; what chance has in it comes from here.
    pub fn begins(&mut self) -> &mut Rng {
        self.refusals = 0;
        &mut self.rng
    }

    /// Once a second; five times a second while there is more to read.
    pub fn next_poll(&self) -> u64 {
        self.last_poll.map_or(self.first_poll, |last| last + self.pauses[usize::from(self.behind)])
    }
}

impl Other {
    pub fn new(reader: u32, shard: u32, count: u32, scenario: &Scenario) -> Self {
        let pollers = scenario.stream.other_pollers;
        let idle = pollers.idle.micros();
        let by_shard = idle * u64::from(shard) / u64::from(count);
        Self {
            reader,
            next: by_shard + idle * u64::from(reader) / u64::from(1 + pollers.count),
            place: 0,
            reading: Rng::of(scenario.seed, Actor::Reading { reader, shard }),
        }
    }
}

impl Model<'_> {
    pub fn gather(&mut self, shard: u32) {
        let i = shard as usize;
        loop {
            let consumer = self.scenario.consumers[0].clone();
            let window = consumer.batching_window.micros();
            let read: Vec<Kept> = self.shards[i].kept.iter().copied().filter(|record| record.read).collect();
            let next_poll = self.lanes[i].next_poll();
            let at_end = self.lanes[i].at_end;
            let may_poll = next_poll <= self.now && !at_end;
            let payload: u64 = read.iter().map(base64).sum();
            let full = read.len() >= consumer.batch_size as usize || payload >= 6 * MIB;
            let window_ends = self.lanes[i].window_from + window;
            // Without a window a lane that is behind reads on first, if it may.
            let reads_on = window == 0 && self.lanes[i].behind && may_poll;
            if full || (!read.is_empty() && (self.now >= window_ends || at_end) && !reads_on) {
                let mut sum = 0;
                let fits = read.iter().take(consumer.batch_size as usize).take_while(|record| {
                    sum += base64(record);
                    sum <= 6 * MIB
                });
                self.lanes[i].batch = fits.count().max(1);
                return self.invoke(shard, 1);
            }
            if at_end && read.is_empty() {
                return self.lane_ended(shard);
            }
            if may_poll {
                self.poll(shard);
            } else {
                let at = if read.is_empty() { next_poll } else { next_poll.min(window_ends) };
                return self.note(at, Due::Wake(shard));
            }
        }
    }

    fn poll(&mut self, shard: u32) {
        let (now, i) = (self.now, shard as usize);
        let first = self.lanes[i].last_poll.replace(now).is_none();
        let skipped = self.shards[i].skipped;
        if first && skipped > 0 {
            self.say(What::Skipped { shard, records: skipped });
        }
        let shared = self.scenario.stream.other_pollers.count > 0;
        let lane = &mut self.lanes[i];
        lane.pauses = [SECOND, SECOND / 5].map(|pause| longer(pause, shared, &mut lane.reading));
        let state = &mut self.shards[i];
        if !state.may_read(now, self.scenario.stream.other_pollers.count > 0) {
            self.lanes[i].behind = true;
            return self.say(What::ReadThrottled { shard });
        }
        state.read_calls.take(now, 1);
        let had_none = state.kept.iter().all(|record| !record.read);
        let ahead = |kept: &[Kept]| kept.iter().find(|record| !record.read && record.arrived < now).copied();
        let share = u64::from(self.scenario.stream.empty_answers.millionths());
        let lies_ahead = ahead(&state.kept).is_some();
        let withheld = lies_ahead && share > 0 && self.lanes[i].reading.below(1_000_000) < share;
        let (mut records, mut bytes) = (0, 0);
        for record in state.kept.iter_mut().filter(|record| !record.read && record.arrived < now) {
            let too_large = records > 0 && bytes + counted(record.size) > 10 * MIB;
            if records == 10_000 || too_large || withheld {
                break;
            }
            record.read = true;
            records += 1;
            bytes += counted(record.size);
        }
        state.read_debt.add(bytes);
        let next = ahead(&state.kept);
        let all_read = state.kept.iter().all(|record| record.read);
        self.lanes[i].at_end = state.closed_at.is_some_and(|at| at <= now) && all_read;
        self.lanes[i].behind = next.is_some();
        let behind = next.map_or(0, |next| now - next.arrived);
        if had_none && records > 0 {
            self.lanes[i].window_from = now;
        }
        self.say(What::Read { shard, records, bytes, behind, withheld });
    }

    /// The poller at a place in the list of a shard's others reads, or what it has not read expires.
    pub fn poll_other(&mut self, shard: u32, place: usize) {
        let (now, i) = (self.now, shard as usize);
        let pollers = self.scenario.stream.other_pollers;
        let (state, other) = (&mut self.shards[i], &mut self.others[i][place]);
        let idle = pollers.idle.micros();
        let reader = other.reader;
        if !state.may_read(now, self.scenario.stream.other_pollers.count > 0) {
            other.next = now + longer(idle, true, &mut other.reading);
            let next = other.next;
            self.say(What::OtherRead { reader, shard, answer: None });
            return self.note(next, Due::Other(shard, place));
        }
        state.read_calls.take(now, 1);
        let ahead: Vec<Kept> =
            state.all.iter().filter(|r| r.index >= other.place && r.arrived < now).copied().collect();
        let share = u64::from(self.scenario.stream.empty_answers.millionths());
        let withheld = !ahead.is_empty() && share > 0 && other.reading.below(1_000_000) < share;
        let (mut records, mut bytes) = (0, 0);
        for record in ahead.iter().filter(|_| !withheld) {
            if records == pollers.limit || records > 0 && bytes + counted(record.size) > 10 * MIB {
                break;
            }
            records += 1;
            bytes += counted(record.size);
        }
        other.place += u64::from(records);
        other.next = now + longer(idle, true, &mut other.reading);
        let next = other.next;
        state.read_debt.add(bytes);
        self.say(What::OtherRead { reader, shard, answer: Some((records, bytes)) });
        self.note(next, Due::Other(shard, place));
    }

    /// What the other pollers have not read in time is gone for them.
    pub fn expire_others(&mut self, shard: u32) {
        let (now, retention) = (self.now, self.scenario.stream.retention.micros());
        for place in 0..self.others[shard as usize].len() {
            let other = &mut self.others[shard as usize][place];
            let old = |r: &&Kept| r.index >= other.place && r.arrived + retention <= now;
            let records = self.shards[shard as usize].all.iter().filter(old).count() as u64;
            other.place += records;
            let reader = other.reader;
            if records > 0 {
                self.say(What::OtherExpired { reader, shard, records });
            }
        }
    }

    fn invoke(&mut self, shard: u32, attempt: u32) {
        let consumer = self.scenario.consumers[0].clone();
        let batch = self.lanes[shard as usize].batch as u64;
        let Some((ends, too_long, init)) = self.environment(shard, batch, attempt) else { return };
        let lane = &mut self.lanes[shard as usize];
        let rate = u64::from(consumer.injected_error_rate.millionths());
        let injected = rate > 0 && lane.rng.below(1_000_000) < rate;
        let fails = match (too_long, injected) {
            (true, _) => Some(FailureCause::TimedOut),
            (false, true) => Some(FailureCause::Injected),
            (false, false) => None,
        };
        let (id, started) = (lane.next_id, self.now);
        lane.next_id += 1;
        lane.phase = Phase::Running { id, started, attempt, fails };
        let batch = &self.shards[shard as usize].kept[..lane.batch];
        let records = batch.len() as u32;
        if consumer.handler == HandlerKind::Host && fails.is_none() {
            self.asked.push((shard, id, attempt, batch.iter().map(|record| (record.index, record.number)).collect()));
        }
        if let Some(init) = init {
            self.say(What::EnvironmentMade { shard, init });
        }
        self.say(What::Started { shard, id, records, attempt, ends });
        self.note(ends, Due::InvocationEnd(shard));
    }

    pub fn invocation_end(&mut self, shard: u32) {
        let i = shard as usize;
        let Phase::Running { id, started, attempt, fails } = self.lanes[i].phase else { unreachable!("it runs") };
        self.lambda.ended(shard, self.now);
        let by_host = self.scenario.consumers[0].handler == HandlerKind::Host;
        if fails.is_none() && (!by_host || (self.succeeds)(id)) {
            let done = self.shards[i].kept.drain(..self.lanes[i].batch);
            let numbers = done.map(|record| record.number).collect();
            self.say(What::Processed { shard, id, started, numbers });
            return self.go_on(shard);
        }
        self.say(What::Failed { shard, id, started, cause: fails.unwrap_or(FailureCause::Handler) });
        self.lanes[i].phase = Phase::Backoff { attempts: attempt };
        self.note(self.now + longest_wait(450_000, 60_000_000, attempt), Due::InvokeAgain(shard));
        self.expire(shard);
    }

    pub fn invoke_again(&mut self, shard: u32) {
        let lane = &self.lanes[shard as usize];
        let Phase::Backoff { attempts } = lane.phase else { unreachable!("it waits for this") };
        if lane.batch > 0 { self.invoke(shard, attempts + 1) } else { self.go_on(shard) }
    }

    fn go_on(&mut self, shard: u32) {
        let lane = &mut self.lanes[shard as usize];
        lane.batch = 0;
        lane.phase = Phase::Gathering;
        lane.window_from = self.now;
        self.gather(shard);
    }

    /// Everything that is too old goes, except what an invocation has in its hands.
    pub fn expire(&mut self, shard: u32) {
        let (now, retention) = (self.now, self.scenario.stream.retention.micros());
        let (state, lane) = (&mut self.shards[shard as usize], &mut self.lanes[shard as usize]);
        let held = if matches!(lane.phase, Phase::Running { .. }) { lane.batch } else { 0 };
        let expired = state.kept.iter().skip(held).take_while(|record| record.arrived + retention <= now).count();
        state.kept.drain(held..held + expired);
        if held == 0 {
            lane.batch = lane.batch.saturating_sub(expired);
        }
        if expired > 0 {
            self.say(What::Expired { shard, records: expired as u64 });
        }
    }
}

/// A pause, longer by up to a tenth where several poll.
fn longer(pause: u64, shared: bool, rng: &mut Rng) -> u64 {
    pause + if shared { rng.below(pause / 10 + 1) } else { 0 }
}

/// Bytes of a record's data in base64.
fn base64(record: &Kept) -> u64 {
    u64::from(record.size).div_ceil(3) * 4
}
