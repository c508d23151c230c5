//! A reader's way through one shard: what it has read, what it works on, and where it stands.
//!
//! A reader at instant t sees the records that arrived before t. That one rule is why readers can be moved after
//! the writing side, a slice of time at a stretch, with the same result as event by event.

use super::fact::{Fact, FailureCause, Observer};
use super::invocation::{Invocation, InvocationId, Outcome};
use super::lambda::{self, Lambda, Start};
use super::record::Log;
use super::rng::{Actor, Rng};
use super::stream::Stream;
use super::{mapping, poller};
use crate::errors::ServiceError;
use crate::limits;
use crate::scenario::{Consumer as Settings, ConsumerKind, HandlerKind};
use crate::units::{Ratio, SimTime, Span};

/// One shard as one reader sees it. Positions are sequence indices of the shard's log.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Which reader: 0 is the consumer of the scenario.
    pub(super) reader: u32,
    pub(super) shard: u32,
    /// Everything before it is done: the checkpoint.
    pub(super) position: u64,
    /// Everything before it has been read.
    pub(super) fetched: u64,
    /// End of the batch that runs or waits for another try; the position when there is none.
    pub(super) batch_end: u64,
    /// Records beyond a running batch that expired meanwhile lie before this.
    expired_to: u64,
    pub(super) phase: Phase,
    /// When it has something to do next, µs; `u64::MAX` while it waits for its parents, or is at its end.
    pub(super) next_at: u64,
    /// When the batching window began, µs.
    pub(super) window_from: u64,
    /// When the base interval allows the next poll, and when the limits do, µs.
    pub(super) poll_base: u64,
    pub(super) poll_soon: u64,
    /// When the iterator was issued that its next read has, µs; `None` before the first.
    iterator: Option<u64>,
    /// Whether the last answer did not reach the tip.
    pub(super) behind: bool,
    /// Whether the last answer was the last one of a closed shard.
    pub(super) at_end: bool,
    /// Records that arrived before this instant lie before its starting position, µs; zero once it is behind it.
    pub(super) starts_at: u64,
    /// Records before its starting position, and whether that was told.
    skipped: u64,
    skipped_told: bool,
    /// Number of its next invocation.
    next_id: u64,
    /// How often its batch was refused in a row.
    throttles: u32,
    pub(super) rng: Rng,
    /// Decides which answers are empty, and how pauses vary.
    reading: Rng,
}

/// What a lane is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The shards that this one came from are not read to their end yet.
    AwaitingParents,
    /// Polling and gathering.
    Gathering,
    /// An invocation runs.
    Running { id: u64, started: u64, attempt: u32, verdict: Verdict },
    /// The batch failed or was refused, and waits for another try.
    Backoff { attempts: u32 },
    /// The shard is closed and everything in it is done, since `at`.
    Ended { at: u64 },
}

/// What is known of a running invocation's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Succeeds,
    FailsByInjection,
    Fails,
    TimesOut,
    /// The host has not answered yet.
    Open,
}

/// The state of a lane for gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneState {
    /// Stored records that wait for an invocation.
    pub waiting: u64,
    /// Records in the running invocation.
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
    pub stream: &'a mut Stream,
    pub settings: &'a Settings,
    pub lambda: &'a mut Lambda,
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
}

impl Lane {
    /// A lane at the oldest record of its shard that arrived at `starts_at` or later; its first poll is due at
    /// `first_poll`.
    pub(super) fn new(seed: u64, reader: u32, shard: u32, starts_at: u64, first_poll: u64) -> Self {
        Self {
            reader,
            shard,
            position: 0,
            fetched: 0,
            batch_end: 0,
            expired_to: 0,
            phase: Phase::Gathering,
            next_at: first_poll,
            window_from: 0,
            poll_base: first_poll,
            poll_soon: 0,
            iterator: None,
            behind: false,
            at_end: false,
            starts_at,
            skipped: 0,
            skipped_told: false,
            next_id: 0,
            throttles: 0,
            rng: Rng::of(seed, Actor::Function { reader, shard }),
            reading: Rng::of(seed, Actor::Reading { reader, shard }),
        }
    }

    /// A lane of a shard that came from others, which are read first.
    pub(super) fn child(seed: u64, reader: u32, shard: u32, starts_at: u64) -> Self {
        let mut lane = Self::new(seed, reader, shard, starts_at, u64::MAX);
        lane.phase = Phase::AwaitingParents;
        lane
    }

    /// Leaves what lies before its starting position behind. The log holds everything that arrived before `to`. A
    /// lane reads nothing before all of that is done.
    pub(super) fn skip(&mut self, log: &Log, to: u64) {
        let next = log.seen_by(self.starts_at, self.position, u64::MAX);
        self.skipped += next - self.position;
        (self.position, self.fetched, self.batch_end, self.expired_to) = (next, next, next, next);
        if to >= self.starts_at {
            self.starts_at = 0;
        }
    }

    /// The parents are done: polling begins.
    pub(super) fn begin(&mut self, at: u64) {
        if self.phase == Phase::AwaitingParents {
            self.phase = Phase::Gathering;
            (self.poll_base, self.next_at) = (at, at);
        }
    }

    pub(super) const fn ended_at(&self) -> Option<u64> {
        if let Phase::Ended { at } = self.phase { Some(at) } else { None }
    }

    pub(super) const fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running { .. })
    }

    /// The state for gauges.
    pub(super) fn state(&self, log: &Log) -> LaneState {
        let running = self.is_running();
        let in_flight = if running { self.batch_end - self.position } else { 0 };
        let next = if running { self.batch_end.max(self.expired_to) } else { self.position };
        let oldest = if running { self.position } else { next };
        let oldest_arrival = (oldest < log.tail()).then(|| SimTime::from_micros(log.get(oldest).arrived));
        // Between a batch that failed and what follows, records may have expired while it ran.
        let gone = if running || next == self.batch_end { 0 } else { self.expired_to.saturating_sub(self.batch_end) };
        LaneState { waiting: log.tail() - next - gone, in_flight, oldest_arrival, skipped: self.skipped }
    }

    /// Takes an outcome; false if the invocation does not run or has one already.
    pub(super) fn accept(&mut self, asked: InvocationId, outcome: Outcome) -> bool {
        match &mut self.phase {
            Phase::Running { id, verdict: verdict @ Verdict::Open, .. } if *id == asked.number() => {
                *verdict = match outcome {
                    Outcome::Succeeded => Verdict::Succeeds,
                    Outcome::Failed => Verdict::Fails,
                };
                true
            }
            _ => false,
        }
    }

    /// When the lane has something to do next: a step of its own, or a record that expires; µs.
    #[inline]
    pub(super) fn due(&self, stream: &Stream) -> u64 {
        let log = &stream.shards[self.shard as usize].log;
        let oldest = if self.is_running() { self.batch_end.max(self.expired_to) } else { self.position };
        let expiry = if oldest < log.tail() { stream.expiry(log.get(oldest).arrived) } else { u64::MAX };
        self.next_at.min(expiry)
    }

    /// Does what is due at the desk's instant. Gives the invocation whose outcome is missing, if that is what the
    /// lane needs to go on.
    pub(super) fn step(&mut self, desk: &mut Desk<'_, impl Observer>) -> Option<InvocationId> {
        if desk.now >= self.next_at
            && let Phase::Running { id, verdict: Verdict::Open, .. } = self.phase
        {
            return Some(InvocationId::new(id, self.shard));
        }
        self.expire(desk);
        if desk.now >= self.next_at {
            match self.phase {
                Phase::Gathering => self.gather(desk),
                Phase::Running { .. } => self.end(desk),
                Phase::Backoff { attempts } => self.invoke_again(attempts, desk),
                Phase::AwaitingParents | Phase::Ended { .. } => self.next_at = u64::MAX,
            }
        }
        None
    }

    #[inline]
    fn gather(&mut self, desk: &mut Desk<'_, impl Observer>) {
        match desk.settings.kind {
            ConsumerKind::Poller(poller) if self.reader > 0 => poller::pass(self, poller, desk),
            ConsumerKind::Lambda => mapping::gather(self, desk),
            ConsumerKind::Poller(_) => poller::gather(self, desk),
        }
    }

    /// The running invocation ends.
    fn end(&mut self, desk: &mut Desk<'_, impl Observer>) {
        let Phase::Running { id, started, attempt, verdict } = self.phase else { return };
        let (reader, shard) = (self.reader, self.shard);
        desk.lambda.end(reader, started, desk.now);
        let started = SimTime::from_micros(started);
        if verdict == Verdict::Succeeds {
            let at = SimTime::from_micros(desk.now);
            let batch = desk.stream.shards[shard as usize].log.run(self.position, self.batch_end);
            desk.observer.processed(at, reader, shard, id, started, batch);
            self.go_on_from(self.batch_end.max(self.expired_to), desk.now);
            return self.gather(desk);
        }
        let cause = match verdict {
            Verdict::FailsByInjection => FailureCause::Injected,
            Verdict::TimesOut => FailureCause::TimedOut,
            _ => FailureCause::Handler,
        };
        desk.say(Fact::InvocationFailed { reader, shard, id, started, cause });
        self.phase = Phase::Backoff { attempts: attempt };
        self.next_at = desk.now + doubled(limits::MAPPING_RETRY_BASE, limits::MAPPING_RETRY_CAP, attempt - 1);
        self.expire(desk);
    }

    /// A failed batch is tried again, unless it expired meanwhile.
    fn invoke_again(&mut self, attempts: u32, desk: &mut Desk<'_, impl Observer>) {
        if self.batch_end > self.position {
            self.invoke(attempts + 1, desk);
        } else {
            self.go_on_from(self.position, desk.now);
            self.gather(desk);
        }
    }

    /// Drops what is older than the retention, except what is in a running invocation.
    fn expire(&mut self, desk: &mut Desk<'_, impl Observer>) {
        let log = &desk.stream.shards[self.shard as usize].log;
        let retention = desk.stream.retention();
        let running = self.is_running();
        let mut next = if running { self.batch_end.max(self.expired_to) } else { self.position };
        let mut expired = 0;
        loop {
            // Records beyond a batch that ran then and failed since have been counted already.
            if !running && next == self.batch_end {
                next = next.max(self.expired_to);
            }
            if next >= log.tail() || log.get(next).arrived + retention > desk.now {
                break;
            }
            (next, expired) = (next + 1, expired + 1);
        }
        if running {
            self.expired_to = next;
        } else {
            self.position = next;
            self.batch_end = self.batch_end.max(next);
            self.expired_to = self.expired_to.max(next);
        }
        self.fetched = self.fetched.max(next);
        if expired > 0 {
            let (reader, shard) = (self.reader, self.shard);
            desk.say(Fact::Expired { reader, shard, records: expired });
        }
    }

    /// Starts work on the records up to an index, for the first time.
    pub(super) fn invoke_next(&mut self, end: u64, desk: &mut Desk<'_, impl Observer>) {
        self.batch_end = end;
        self.invoke(1, desk);
    }

    /// Invokes the function with the lane's batch.
    fn invoke(&mut self, attempt: u32, desk: &mut Desk<'_, impl Observer>) {
        let settings = desk.settings;
        let start = desk.lambda.begin(self.reader, desk.now);
        if let Start::Throttled(cap) = start {
            let (reader, shard, function) = (self.reader, self.shard, &settings.function);
            desk.say(Fact::InvocationThrottled { reader, shard, cap });
            self.phase = Phase::Backoff { attempts: attempt - 1 };
            self.next_at = desk.now + doubled(function.throttle_wait, function.throttle_wait_max, self.throttles);
            self.throttles += 1;
            return;
        }
        self.throttles = 0;
        let records = self.batch_end - self.position;
        let needs = desk.lambda.duration(settings, records, &mut self.rng);
        let timeout = settings.timeout().micros();
        let init = if start == Start::Cold { lambda::init(settings, &mut self.rng) } else { 0 };
        let rate = u64::from(settings.injected_error_rate.millionths());
        // A rate of zero draws nothing: most runs have none, and batches are many.
        let fails = rate > 0 && self.rng.below(u64::from(Ratio::ONE.millionths())) < rate;
        let verdict = match (fails, settings.handler) {
            _ if needs > timeout => Verdict::TimesOut,
            (true, _) => Verdict::FailsByInjection,
            (false, HandlerKind::Model) => Verdict::Succeeds,
            (false, HandlerKind::Host) => Verdict::Open,
        };
        let id = self.next_id;
        self.next_id += 1;
        self.next_at = desk.now + init + needs.min(timeout);
        self.phase = Phase::Running { id, started: desk.now, attempt, verdict };
        let (reader, shard, ends) = (self.reader, self.shard, SimTime::from_micros(self.next_at));
        if start == Start::Cold {
            desk.say(Fact::EnvironmentMade { reader, shard, init: Span::from_micros(init) });
        }
        desk.say(Fact::InvocationStarted { reader, shard, id, records: records as u32, attempt, ends });
        if verdict == Verdict::Open {
            let batch = desk.stream.shards[shard as usize].log.run(self.position, self.batch_end);
            let started = SimTime::from_micros(desk.now);
            desk.asked.push(Invocation::new(id, shard, attempt, started, ends, self.position, batch));
        }
    }

    /// Leaves a batch behind: gathering goes on from `position`.
    pub(super) fn go_on_from(&mut self, position: u64, now: u64) {
        self.position = position;
        self.batch_end = position;
        self.expired_to = position;
        self.fetched = self.fetched.max(position);
        self.phase = Phase::Gathering;
        self.window_from = now;
    }

    /// One `GetRecords` call: up to `limit` records or 10 MiB from where the last one ended. False where the call
    /// was refused, which returns nothing.
    pub(super) fn read(&mut self, limit: u64, desk: &mut Desk<'_, impl Observer>) -> bool {
        let (reader, shard) = (self.reader, self.shard);
        if self.skipped > 0 && !self.skipped_told {
            self.skipped_told = true;
            desk.say(Fact::Skipped { reader, shard, records: self.skipped });
        }
        // Lambda's pollers read on while the function works, so that only other loops find theirs too old.
        if desk.settings.kind != ConsumerKind::Lambda && !self.has_iterator(desk) {
            return false;
        }
        let state = &mut desk.stream.shards[shard as usize];
        if desk.settings.read_limits && !state.may_read(desk.now) {
            // The lane still knows nothing of the tip.
            self.behind = true;
            desk.say(Fact::ReadThrottled { reader, shard });
            return false;
        }
        self.iterator = Some(desk.now);
        let log = &state.log;
        let empty = u64::from(desk.stream.empty_answers.millionths());
        // Nothing is drawn where nothing lies ahead.
        let withheld = empty > 0
            && log.seen_by(desk.now, self.fetched, 1) > self.fetched
            && self.reading.below(u64::from(Ratio::ONE.millionths())) < empty;
        let limit = if withheld { 0 } else { limit.min(limits::GET_RECORDS_RECORDS_MAX) };
        let most = log.after_entries(self.fetched, limit) - self.fetched;
        let mut end = log.seen_by(desk.now, self.fetched, most);
        let mut bytes = log.bytes_between(self.fetched, end);
        while bytes > limits::GET_RECORDS_BYTES_MAX.get() && log.last_entry(end) > self.fetched {
            end = log.last_entry(end);
            bytes = log.bytes_between(self.fetched, end);
        }
        let records = log.entries_between(self.fetched, end) as u32;
        let tip = log.seen_by(desk.now, end, 1);
        self.behind = end < tip;
        let arrived = if self.behind { log.get(end).arrived } else { desk.now };
        let behind = Span::from_micros(desk.now - arrived);
        self.at_end = state.closed_at <= desk.now && end == log.tail();
        if desk.settings.read_limits {
            state.charge_read(desk.now, bytes, desk.stream.shared);
        }
        if self.fetched == self.position && records > 0 {
            self.window_from = desk.now;
        }
        self.fetched = end;
        desk.say(Fact::Read { reader, shard, records, bytes, behind, withheld });
        true
    }

    /// Whether the next read has an iterator that is good: where the one it had expired, a new one is taken after the
    /// last record read. False where that call is refused.
    fn has_iterator(&mut self, desk: &mut Desk<'_, impl Observer>) -> bool {
        let issued = self.iterator.unwrap_or(desk.now);
        if desk.now - issued > limits::ITERATOR_LIFE.micros() {
            let (created, now) = (SimTime::from_micros(issued), SimTime::from_micros(desk.now));
            let (reader, shard, error) = (self.reader, self.shard, ServiceError::ExpiredIterator { created, now });
            desk.say(Fact::IteratorExpired { reader, shard, error });
            let state = &mut desk.stream.shards[shard as usize];
            if desk.settings.read_limits && !state.may_take_iterator(desk.now) {
                return false;
            }
            self.iterator = Some(desk.now);
        }
        true
    }

    /// A pause, in µs. Where several poll a shard it is longer at random by up to a tenth: keeping step, it would
    /// always be the same one that is refused.
    pub(super) fn pause(&mut self, micros: u64, stream: &Stream) -> u64 {
        let varies = if stream.shared { self.reading.below(micros / limits::POLLERS_SPREAD + 1) } else { 0 };
        micros + varies
    }

    /// Whether nothing more can come: the shard is closed and everything in it is done.
    pub(super) fn end_of_shard(&mut self, now: u64) -> bool {
        let ended = self.at_end && self.position == self.fetched;
        if ended {
            self.phase = Phase::Ended { at: now };
            self.next_at = u64::MAX;
        }
        ended
    }
}

/// A wait that doubles with each time before, up to a cap; µs.
fn doubled(base: Span, cap: Span, times: u32) -> u64 {
    base.micros().saturating_mul(1 << times.min(31)).min(cap.micros())
}
