//! The working half of a lane: one invocation at a time, and what becomes of a batch that fails.
//!
//! A failed batch is tried again in place and blocks its part. Where the mapping says so it is split in two, or goes
//! on from the record that the function named; when its retries are used up, or its records are too old, it is given
//! up and the part goes on behind it.

use super::fact::{Fact, Observer};
use super::failure::{Condition, FailureCause};
use super::invocation::{Answer, Invocation, InvocationId, InvokedRecord, Outcome};
use super::lambda::{self, Start};
use super::lane::{Desk, Lane};
use super::tries::{Tries, TryEnd};
use crate::scenario::{HandlerKind, Responses};
use crate::units::{Ratio, SimTime, Span};

/// One of the parts of a lane. Positions are sequence indices of the shard's log.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Everything before it is done.
    pub position: u64,
    /// End of the batch that runs or waits for another try; the position when there is none.
    pub batch_end: u64,
    /// Where it goes on behind the batch and its other pieces: records beyond them that expired meanwhile lie before.
    pub resume: u64,
    pub phase: Phase,
    /// When it has something to do next, µs; `u64::MAX` while it waits for its parents, or is at its end.
    pub next_at: u64,
    /// When the batching window began, µs.
    pub window_from: u64,
    /// Records in the running invocation.
    pub records: u32,
    /// How often the batch was tried again of what its retries allow: a split counts as none.
    pub retries: u32,
    /// How often in a row its invocation was refused.
    pub refusals: u32,
    /// What is left of batches that were split, the next piece last.
    pieces: Vec<Piece>,
    /// Until when the environment of the running invocation starts, µs.
    pub starts_until: u64,
    /// Number of that environment.
    environment: u32,
    /// What became of the last batch that failed.
    pub tries: Tries,
}

/// A piece of a batch that was split: it begins where the one before it ends.
#[derive(Clone, Copy, Debug)]
struct Piece {
    end: u64,
    attempts: u32,
    retries: u32,
}

/// What a part is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The shards that this one came from are not read to their end yet.
    AwaitingParents,
    /// Polling and gathering.
    Gathering,
    /// An invocation begins, and the host is asked how long it takes and what comes of it.
    Asked { begun: Begun, answer: Option<Answer> },
    /// An invocation runs.
    Running { id: u64, started: u64, attempt: u32, verdict: Verdict },
    /// The batch failed or was refused, and waits for another try.
    Backoff { attempts: u32 },
    /// The shard is closed and everything in it is done, since `at`.
    Ended { at: u64 },
}

/// What is known of an invocation when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    pub id: u64,
    pub attempt: u32,
    /// How long its environment starts, if that is new, µs.
    init: Option<u64>,
    verdict: Verdict,
}

/// What is known of a running invocation's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Succeeds,
    /// Fails from the record with this place in the batch on: from the first, as a whole.
    Fails(FailureCause, u32),
    /// The host has not answered yet.
    Open,
}

impl Verdict {
    pub const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Succeeds,
            Outcome::Failed => Self::Fails(FailureCause::Handler, 0),
            Outcome::FailedFrom(place) => Self::Fails(FailureCause::Items, place),
        }
    }
}

impl Part {
    pub fn new(phase: Phase, next_at: u64) -> Self {
        Self {
            position: 0,
            batch_end: 0,
            resume: 0,
            phase,
            next_at,
            window_from: 0,
            records: 0,
            retries: 0,
            refusals: 0,
            pieces: Vec::new(),
            starts_until: 0,
            environment: 0,
            tries: Tries::default(),
        }
    }

    /// Has no batch, and nothing to do before `position`.
    pub fn stand_at(&mut self, position: u64) {
        (self.position, self.batch_end, self.resume) = (position, position, position);
    }

    pub const fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running { .. } | Phase::Asked { .. })
    }

    /// Its oldest record that no running invocation has.
    #[inline]
    pub fn oldest_free(&self) -> u64 {
        match self.phase {
            Phase::Running { .. } | Phase::Asked { .. } => self.resume,
            _ if self.position == self.batch_end && self.pieces.is_empty() => self.position.max(self.resume),
            _ => self.position,
        }
    }

    /// Its oldest record that is not done.
    pub fn oldest(&self) -> u64 {
        if self.is_running() { self.position } else { self.oldest_free() }
    }

    /// Ends of the pieces that come next, in order.
    pub fn pieces_ends(&self) -> impl Iterator<Item = u64> {
        self.pieces.iter().rev().map(|piece| piece.end)
    }

    /// The oldest record that no running invocation has is gone; the next one is at `next`.
    pub fn drop_oldest(&mut self, next: u64) {
        if self.is_running() {
            self.resume = next;
            return;
        }
        self.position = next;
        while self.batch_end < next {
            self.batch_end = self.pieces.pop().map_or(next, |piece| piece.end);
        }
        self.resume = self.resume.max(next);
    }

    /// Nothing from `before` to `fetched` is to be had any more.
    pub fn pass_over(&mut self, before: u64, fetched: u64) {
        if self.resume == before {
            self.resume = fetched;
        }
        if self.position == before {
            self.position = fetched;
            self.batch_end = self.batch_end.max(fetched);
        }
    }
}

impl Lane {
    /// Starts work on a part's records up to an index, for the first time.
    /// False where all of them are too old for the mapping, and given up.
    pub(super) fn invoke_next(&mut self, part: usize, end: u64, desk: &mut Desk<'_, impl Observer>) -> bool {
        let resume = self.seek(part, end, desk.log(self.shard));
        let window = self.window;
        self.enter_window(self.parts[part].position, desk);
        let of = &mut self.parts[part];
        (of.batch_end, of.resume, of.retries) = (end, resume, 0);
        let begun = self.invoke(part, 1, desk);
        if !begun {
            self.window = window;
            self.go_on_from(part, resume, desk.now);
        }
        begun
    }

    /// Invokes the function without records, at the end of a window.
    pub(super) fn invoke_final(&mut self, desk: &mut Desk<'_, impl Observer>) {
        self.parts[0].retries = 0;
        self.invoke(0, 1, desk);
    }

    /// A failed batch is tried again, unless it is gone meanwhile.
    pub(super) fn invoke_again(&mut self, part: usize, desk: &mut Desk<'_, impl Observer>) {
        let of = &self.parts[part];
        let Phase::Backoff { attempts } = of.phase else { return };
        let begun = (of.batch_end > of.position || self.is_closing()) && self.invoke(part, attempts + 1, desk);
        if !begun {
            self.leave_batch(part, desk);
        }
    }

    /// Invokes the function with the part's batch, or with what of it is not too old; false where nothing is left.
    fn invoke(&mut self, part: usize, attempt: u32, desk: &mut Desk<'_, impl Observer>) -> bool {
        if desk.now < self.source.frozen_until {
            let of = &mut self.parts[part];
            (of.phase, of.next_at) = (Phase::Backoff { attempts: attempt - 1 }, self.source.frozen_until);
            return true;
        }
        if self.give_up_old(part, desk) {
            return false;
        }
        let settings = desk.settings;
        let start = desk.lambda.begin(self.reader, desk.now);
        let of = &mut self.parts[part];
        if let Start::Throttled(cap) = start {
            let (reader, shard, function) = (self.reader, self.shard, &settings.function);
            desk.say(Fact::InvocationThrottled { reader, shard, cap });
            of.phase = Phase::Backoff { attempts: attempt - 1 };
            let wait = doubled(function.throttle_wait, function.throttle_wait_max, of.refusals);
            of.refusals += 1;
            self.wait(part, wait, desk);
            return true;
        }
        of.refusals = 0;
        let (from, end) = (of.position, of.batch_end);
        let log = &desk.stream.shards[self.shard as usize].log;
        let records = self.count(part, from, end, log);
        let waits = settings.waits_for_code();
        let needs = match (settings.worker_milli(), self.lease) {
            _ if waits => 0,
            (Some(speed), Some(lease)) => lease.takes(records, speed),
            _ => desk.lambda.duration(settings, records, &mut self.rng),
        };
        let cold = matches!(start, Start::Cold(_));
        let init = cold.then(|| lambda::init(settings, &mut self.rng));
        let rate = u64::from(settings.injected_error_rate.millionths());
        // A rate of zero draws nothing: most runs have none, and batches are many.
        let fails = rate > 0 && self.rng.below(u64::from(Ratio::ONE.millionths())) < rate;
        let poisoned = settings.poison.and_then(|poison| self.first_poisoned(part, poison, desk));
        let verdict = match (fails, poisoned, settings.handler) {
            (true, ..) => Verdict::Fails(FailureCause::Injected, 0),
            (false, Some(place), _) => Verdict::Fails(FailureCause::Poison, place),
            (false, None, HandlerKind::Model) => Verdict::Succeeds,
            (false, None, HandlerKind::Host | HandlerKind::JavaScript | HandlerKind::Module) => Verdict::Open,
        };
        let begun = Begun { id: self.next_id, attempt, init, verdict };
        self.next_id += 1;
        let of = &mut self.parts[part];
        of.records = records as u32;
        of.environment = match start {
            Start::Warm(number) | Start::Cold(number) if settings.is_mapping() => number,
            _ => self.shard,
        };
        let verdict = if waits {
            (of.phase, of.next_at) = (Phase::Asked { begun, answer: None }, desk.now);
            Verdict::Open
        } else {
            self.begin_invocation(part, begun, needs, desk)
        };
        if verdict == Verdict::Open {
            self.ask(part, begun, desk);
        }
        true
    }

    /// Hands an invocation out for its outcome.
    fn ask(&self, part: usize, begun: Begun, desk: &mut Desk<'_, impl Observer>) {
        let of = &self.parts[part];
        let log = &desk.stream.shards[self.shard as usize].log;
        let mut records = Vec::with_capacity(of.records as usize);
        let record = |at: u64| InvokedRecord::new(self.shard, at, *log.get(at));
        self.stretches(part, of.position, of.batch_end, log, |from, to| records.extend((from..to).map(record)));
        desk.asked.push(Invocation {
            id: InvocationId::new(self.reader, self.shard, begun.id),
            attempt: begun.attempt,
            started: SimTime::from_micros(desk.now),
            ends: SimTime::from_micros(of.next_at),
            environment: of.environment,
            cold: begun.init.is_some(),
            window: self.window.map(|window| window.seen()),
            records,
        });
    }

    /// The host has said how long the invocation takes that begins at this instant, and what comes of it.
    pub(super) fn answered(&mut self, part: usize, desk: &mut Desk<'_, impl Observer>) {
        let Phase::Asked { mut begun, answer: Some(Answer { outcome, took, init }) } = self.parts[part].phase else {
            return;
        };
        begun.init = begun.init.map(|starts| starts + init.micros());
        if begun.verdict == Verdict::Open {
            let timed_out = outcome == Outcome::Failed && took >= desk.settings.timeout();
            begun.verdict = if timed_out { Verdict::Fails(FailureCause::TimedOut, 0) } else { Verdict::of(outcome) };
        }
        self.begin_invocation(part, begun, took.micros(), desk);
    }

    /// An invocation begins that needs so many microseconds. Gives what is known of its outcome.
    fn begin_invocation(
        &mut self,
        part: usize,
        begun: Begun,
        needs: u64,
        desk: &mut Desk<'_, impl Observer>,
    ) -> Verdict {
        let Begun { id, attempt, init, mut verdict } = begun;
        let needs = self.slow.stretched(needs, desk.now);
        let timeout = desk.settings.timeout().micros();
        if needs > timeout {
            verdict = Verdict::Fails(FailureCause::TimedOut, 0);
        }
        let of = &mut self.parts[part];
        of.starts_until = desk.now + init.unwrap_or(0);
        of.next_at = of.starts_until + needs.min(timeout);
        of.phase = Phase::Running { id, started: desk.now, attempt, verdict };
        let (reader, shard, records) = (self.reader, self.shard, of.records);
        let ends = SimTime::from_micros(of.next_at);
        if let Some(init) = init {
            desk.say(Fact::EnvironmentMade { reader, shard, init: Span::from_micros(init) });
        }
        let at = SimTime::from_micros(desk.now);
        desk.observer.batch(at, Fact::InvocationStarted { reader, shard, id, records, attempt, ends });
        verdict
    }

    /// The running invocation ends.
    pub(super) fn end(&mut self, part: usize, desk: &mut Desk<'_, impl Observer>) {
        let Phase::Running { id, started, attempt, verdict } = self.parts[part].phase else { return };
        let (reader, shard) = (self.reader, self.shard);
        let lost = matches!(verdict, Verdict::Fails(FailureCause::EnvironmentLost, _));
        desk.lambda.end(reader, (started, self.parts[part].environment), desk.now, lost);
        let started = SimTime::from_micros(started);
        let (from, end) = (self.parts[part].position, self.parts[part].batch_end);
        let by_item = desk.settings.failures.responses == Responses::ItemFailures;
        let (cause, place) = match verdict {
            // Where the mapping does not ask for the failed items, what the function returns is ignored.
            Verdict::Fails(FailureCause::Items, _) if !by_item => {
                return self.succeed(part, id, started, desk);
            }
            Verdict::Fails(FailureCause::Poison, place) if by_item => (FailureCause::Poison, place),
            Verdict::Fails(FailureCause::Items, place) => (FailureCause::Items, place),
            Verdict::Fails(cause, _) => (cause, 0),
            Verdict::Succeeds | Verdict::Open => return self.succeed(part, id, started, desk),
        };
        // Everything before the first record that failed is done.
        let log = &desk.stream.shards[shard as usize].log;
        let checkpoint = self.place_of(part, from, end, place, log);
        let at = SimTime::from_micros(desk.now);
        let mut batch = std::mem::take(&mut self.batch);
        let done = self.run(part, from, checkpoint, log, &mut batch);
        let by_item = by_item && matches!(cause, FailureCause::Items | FailureCause::Poison);
        let records = done.len() as u64;
        self.done += records;
        desk.observer.observe(at, Fact::InvocationFailed { reader, shard, id, started, cause, by_item, done });
        self.batch = batch;
        self.add_to_window(records, desk.settings.tumbling);
        self.parts[part].position = checkpoint;
        self.fail(part, attempt, from, cause, by_item, desk);
    }

    /// The whole batch is done.
    fn succeed(&mut self, part: usize, id: u64, started: SimTime, desk: &mut Desk<'_, impl Observer>) {
        let (from, end) = (self.parts[part].position, self.parts[part].batch_end);
        let fresh = self.lease.as_mut().map_or(from, |lease| lease.processed(end)).clamp(from, end);
        self.parts[part].succeeded(desk.now);
        if fresh > from {
            desk.say(Fact::Reprocessed { reader: self.reader, shard: self.shard, records: fresh - from });
        }
        let mut batch = std::mem::take(&mut self.batch);
        let log = &desk.stream.shards[self.shard as usize].log;
        let run = self.run(part, fresh, end, log, &mut batch);
        let records = run.len() as u64;
        self.done += records;
        let at = SimTime::from_micros(desk.now);
        desk.observer.processed(at, self.reader, self.shard, id, started, run);
        self.batch = batch;
        if self.is_closing() {
            self.window_closed(desk);
        } else {
            self.add_to_window(records, desk.settings.tumbling);
        }
        if let Some(every) = desk.settings.checkpoint_interval() {
            self.checkpoint(end, every, desk);
        }
        self.leave_batch(part, desk);
    }

    /// What becomes of a batch that failed and began at `began`, from its checkpoint on.
    fn fail(
        &mut self,
        part: usize,
        attempt: u32,
        began: u64,
        cause: FailureCause,
        by_item: bool,
        desk: &mut Desk<'_, impl Observer>,
    ) {
        let settings = desk.settings;
        let (from, end) = (self.parts[part].position, self.parts[part].batch_end);
        let log = &desk.stream.shards[self.shard as usize].log;
        // A response that named a record has divided the batch there already.
        let middle = (settings.failures.bisect && from == began).then(|| self.middle(part, from, end, log)).flatten();
        // Without its last invocation a window does not end: it is tried until it succeeds.
        let closes = self.is_closing();
        let of = &mut self.parts[part];
        let exhausted =
            middle.is_none() && !closes && settings.failures.max_retries.is_some_and(|most| of.retries >= most);
        let how = match (middle, exhausted) {
            (Some(_), _) => TryEnd::Split(cause),
            (None, true) => TryEnd::GivenUp(Condition::RetryAttemptsExhausted),
            (None, false) => TryEnd::Retried(cause),
        };
        of.tries.ended((began, end), from, attempt, how, desk.now);
        if let Some(middle) = middle {
            of.pieces.push(Piece { end, attempts: attempt, retries: of.retries });
            of.batch_end = middle;
        } else if exhausted {
            of.phase = Phase::Backoff { attempts: attempt };
            let invocations = of.retries + 1;
            self.give_up(part, end, Condition::RetryAttemptsExhausted, invocations, Some((cause, by_item)), desk);
            return self.leave_batch(part, desk);
        } else {
            of.retries += 1;
        }
        of.phase = Phase::Backoff { attempts: attempt };
        // A piece of a batch that was split has failed as often as the batch, and waits as long.
        let wait = doubled(settings.retry_base, settings.retry_cap, of.retries.saturating_sub(1));
        self.wait(part, wait, desk);
        self.expire(desk);
    }

    /// A part's batch is tried again so many microseconds from now, or when its first record is too old for that.
    fn wait(&mut self, part: usize, micros: u64, desk: &Desk<'_, impl Observer>) {
        let of = &mut self.parts[part];
        of.next_at = desk.now + micros;
        if let Some(age) = desk.settings.failures.max_record_age
            && of.batch_end > of.position
        {
            let too_old = desk.log(self.shard).get(of.position).arrived + age.micros();
            of.next_at = of.next_at.min(too_old.max(desk.now));
        }
    }

    /// Leaves a batch behind: the next piece of it, or gathering goes on.
    fn leave_batch(&mut self, part: usize, desk: &mut Desk<'_, impl Observer>) {
        while let Some(Piece { end, attempts, retries }) = self.parts[part].pieces.pop() {
            let from = self.parts[part].batch_end.max(self.parts[part].position);
            let position = self.seek(part, from, desk.log(self.shard)).min(end);
            let of = &mut self.parts[part];
            (of.position, of.batch_end, of.retries) = (position, end, retries);
            of.phase = Phase::Backoff { attempts };
            if position < end && self.invoke(part, attempts + 1, desk) {
                return;
            }
        }
        let from = self.parts[part].resume.max(self.parts[part].position);
        self.go_on_from(part, from, desk.now);
        self.gather(part, desk);
    }

    /// Gathering goes on from `position`.
    pub(super) fn go_on_from(&mut self, part: usize, position: u64, now: u64) {
        let of = &mut self.parts[part];
        of.stand_at(position);
        of.phase = Phase::Gathering;
        of.window_from = now;
    }
}

/// A wait that doubles with each time before, up to a cap; µs.
fn doubled(base: Span, cap: Span, times: u32) -> u64 {
    base.micros().saturating_mul(1 << times.min(31)).min(cap.micros())
}
