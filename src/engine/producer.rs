//! The producer: gathers records into calls, puts them, and treats what was rejected as its policy says.

mod kill;
mod short;

use super::agenda::Agenda;
use super::fact::{Fact, LossCause, Observer};
use super::host::Host;
use super::kpl::Kpl;
use super::order::Line;
use super::put::{Bench, backoff, charged_alone, lose, put_entry, put_records, stored_of, strikes};
use super::record::{Record, bytes_of};
use super::rng::{Actor, Rng};
use super::waiting::{FixedWaits, Group, Queues, WaitingRoom};
use crate::limits;
use crate::scenario::{Jitter, Producer as Settings, PutCall, RetryPolicy, Scenario, SdkMode};
use crate::units::{Ratio, Span};

/// An application on one or more hosts that puts records. A call takes no simulated time: it is answered at the instant
/// at which it is made, or not at all.
#[derive(Clone, Debug)]
pub struct Producer {
    settings: Settings,
    rng: Rng,
    /// Draws whether an answer is lost.
    answers: Rng,
    hosts: Vec<Host>,
    /// The host that takes the next record.
    turn: usize,
    /// Whether one host puts, every call is answered at once, and nothing holds records back: the short way.
    plain: bool,
    /// When the first host sends the call that it gathers, or has a token for one that it holds back, or its KPL has
    /// something to do; `u64::MAX` while none does.
    hosts_due: u64,
    /// Records in calls that are being gathered.
    gathered: u64,
    waiting: WaitingRoom,
    /// Single records that wait a fixed time.
    queues: Queues,
    /// Records behind earlier ones of their key, where order is kept.
    line: Line,
    kpl: Option<Box<Kpl>>,
    /// Records in the waiting room and the queues that the stream has stored without the producer's knowing.
    held_stored: u64,
    /// Waits, where they are not drawn and nothing else is waited for.
    fixed: Option<FixedWaits>,
    /// The call that is being made; kept for its memory.
    call: Vec<Record>,
}

/// What became of a single record that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is stored, or given up.
    Settled,
    /// It waits for another try.
    Waits,
}

impl Producer {
    /// The producer of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let settings = scenario.producer;
        let answers = Rng::of(scenario.seed, Actor::Answers);
        let kpl = match settings.call {
            PutCall::Kpl(kpl) => Some(Box::new(Kpl::new(kpl, settings.timeouts, answers.clone(), settings.hosts))),
            _ => None,
        };
        Self {
            settings,
            rng: Rng::of(scenario.seed, Actor::Producer),
            answers,
            hosts: vec![Host::new(); settings.hosts as usize],
            turn: 0,
            plain: settings.is_plain(),
            hosts_due: u64::MAX,
            gathered: 0,
            waiting: WaitingRoom::new(settings.call),
            queues: Queues::new(),
            line: Line::default(),
            kpl,
            held_stored: 0,
            fixed: FixedWaits::of(&settings),
            call: Vec::new(),
        }
    }

    /// Records in its memory.
    pub fn held(&self) -> u64 {
        let held = self.gathered + self.waiting.len + self.queues.len();
        if self.plain { held } else { held + self.line.len() + self.kpl.as_ref().map_or(0, |kpl| kpl.held()) }
    }

    /// Records in its memory that the stream has stored all the same: their calls were not answered.
    pub fn held_stored(&self) -> u64 {
        self.held_stored + self.kpl.as_ref().map_or(0, |kpl| kpl.held_stored())
    }

    /// When the hosts have something to do, looked at anew.
    fn next_of_hosts(&self) -> u64 {
        let hosts = self.hosts.iter().map(|host| host.flush_at.min(host.wake_at)).min().unwrap_or(u64::MAX);
        self.kpl.as_ref().map_or(hosts, |kpl| hosts.min(kpl.due()))
    }

    /// When a record is put again that waited a fixed time, and when a host has something to do; µs, `u64::MAX` for never.
    #[inline(always)]
    pub fn dues(&self) -> (u64, u64) {
        (self.queues.due(), self.hosts_due)
    }

    /// Puts the record again that waited a fixed time and is due next.
    #[inline(never)]
    pub fn put_next_due(&mut self, bench: &mut Bench<'_, impl Observer>) {
        let Some((_, mut record)) = self.queues.release_next() else { return };
        record.attempt += 1;
        self.put_one(record, bench);
    }

    /// Does what the hosts have to do.
    #[inline(never)]
    pub fn act(&mut self, bench: &mut Bench<'_, impl Observer>) {
        if let Some(host) = self.hosts.iter().position(|host| host.wake_at <= bench.now) {
            self.wake(host, bench);
        } else if let Some(host) = self.hosts.iter().position(|host| host.flush_at <= bench.now) {
            self.flush(host, bench);
        } else if let Some(kpl) = &mut self.kpl {
            kpl.act(bench);
        }
        self.hosts_due = self.next_of_hosts();
    }

    /// Treats rejected records by another policy from now on.
    pub fn deploy(&mut self, retry: RetryPolicy, agenda: &mut Agenda<Group>) {
        // What waits already stands before what will wait, also where both are due at one instant.
        while let Some((due, record)) = self.queues.release_next() {
            let group = self.waiting.admit(&[record], record.attempt);
            agenda.push(due, group);
        }
        self.queues = Queues::new();
        self.settings.retry = retry;
        self.plain &= self.settings.is_plain();
        self.fixed = FixedWaits::of(&self.settings);
    }

    /// Takes a record from the traffic.
    #[inline(always)]
    pub fn offer(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) {
        bench.observer.offered(bench.at(), &record);
        if self.held() >= self.settings.buffer {
            return lose(record, LossCause::BufferFull, bench);
        }
        match self.settings.call {
            PutCall::PutRecords { batch, linger } if self.plain => self.gather(0, record, batch, linger, bench),
            _ => self.offer_to_hosts(record, bench),
        }
    }

    #[inline(never)]
    fn offer_to_hosts(&mut self, mut record: Record, bench: &mut Bench<'_, impl Observer>) {
        let Some(host) = self.next_host(bench.now) else { return lose(record, LossCause::HostDied, bench) };
        record.host = host as u8;
        match self.settings.call {
            PutCall::PutRecord if self.settings.ordered => {
                if let Some(record) = self.line.join(record) {
                    self.put_one(record, bench);
                }
            }
            PutCall::PutRecord => self.put_one(record, bench),
            PutCall::PutRecords { batch, linger } => self.gather(host, record, batch, linger, bench),
            PutCall::Kpl(_) => {
                if let Some(kpl) = &mut self.kpl {
                    kpl.offer(record, bench);
                    self.hosts_due = self.hosts_due.min(kpl.due());
                }
            }
        }
    }

    /// A record joins the call that its host gathers.
    #[inline(never)]
    fn gather(&mut self, host: usize, record: Record, batch: u32, linger: Span, bench: &mut Bench<'_, impl Observer>) {
        let bytes = u64::from(bytes_of(record.size));
        if self.hosts[host].pending_bytes + bytes > limits::PUT_RECORDS_BYTES_MAX.get() {
            self.flush(host, bench);
        }
        let of = &mut self.hosts[host];
        if of.pending.is_empty() {
            of.flush_at = bench.now + linger.micros();
            self.hosts_due = self.hosts_due.min(of.flush_at);
        }
        of.pending.push(record);
        of.pending_bytes += bytes;
        self.gathered += 1;
        if of.pending.len() >= batch as usize || linger.micros() == 0 {
            self.flush(host, bench);
        }
    }

    /// The hosts take turns; one that is down is passed over.
    fn next_host(&mut self, now: u64) -> Option<usize> {
        let hosts = self.hosts.len();
        let host = (0..hosts).map(|i| (self.turn + i) % hosts).find(|host| self.hosts[*host].down_until <= now)?;
        self.turn = (host + 1) % hosts;
        Some(host)
    }

    /// Makes the calls of a host that had to wait for a token and have one now.
    fn wake(&mut self, host: usize, bench: &mut Bench<'_, impl Observer>) {
        while let Some(group) = self.hosts[host].held_back.front().copied() {
            let wait = self.hosts[host].client.limiter.acquire(bench.now);
            if wait > 0 {
                self.hosts[host].wake_at = bench.now + wait;
                return;
            }
            self.hosts[host].held_back.pop_front();
            self.put_group(group, true, bench);
        }
        self.hosts[host].wake_at = u64::MAX;
    }

    /// Makes the call that a host was gathering.
    fn flush(&mut self, host: usize, bench: &mut Bench<'_, impl Observer>) {
        let of = &mut self.hosts[host];
        std::mem::swap(&mut self.call, &mut of.pending);
        of.pending.clear();
        (of.pending_bytes, of.flush_at) = (0, u64::MAX);
        self.gathered -= self.call.len() as u64;
        self.hosts_due = self.next_of_hosts();
        self.put(1, false, bench);
    }

    /// Puts a group of records again that waited.
    #[inline(never)]
    pub fn retry(&mut self, group: Group, bench: &mut Bench<'_, impl Observer>) {
        self.put_group(group, false, bench);
    }

    fn put_group(&mut self, group: Group, cleared: bool, bench: &mut Bench<'_, impl Observer>) {
        self.call.clear();
        self.held_stored -= self.waiting.release(group, &mut self.call);
        if self.settings.call == PutCall::PutRecord
            && let Some(mut record) = self.call.pop()
        {
            record.attempt = group.attempts + 1;
            if self.plain {
                return self.put_one(record, bench);
            }
            return self.put_in_order(record, cleared, bench);
        }
        self.put(group.attempts + 1, cleared, bench);
    }

    /// `PutRecord` for one record.
    #[inline(always)]
    fn put_one(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) {
        if !self.plain {
            self.put_in_order(record, false, bench);
        } else if !self.put_plain(record, bench) {
            self.rejected_one(record, bench);
        }
    }

    /// `PutRecord` for one record the short way; false where it was rejected.
    #[inline(always)]
    fn put_plain(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) -> bool {
        bench.call(1, record.attempt);
        let stored = put_entry(record, charged_alone(&record, bench), bench).is_ok();
        if stored {
            self.hosts[0].client.succeeded(record.attempt);
        }
        stored
    }

    /// Puts a record, and then those that stood behind it where order is kept.
    #[inline(never)]
    fn put_in_order(&mut self, mut record: Record, cleared: bool, bench: &mut Bench<'_, impl Observer>) {
        let mut fate = self.put_alone(record, cleared, bench);
        while self.settings.ordered {
            if fate == Fate::Waits {
                return self.line.waits(&record);
            }
            let Some(next) = self.line.settled(&record) else { return };
            fate = self.put_alone(next, false, bench);
            record = next;
        }
    }

    /// `PutRecord` for one record, whatever can happen to it.
    fn put_alone(&mut self, mut record: Record, cleared: bool, bench: &mut Bench<'_, impl Observer>) -> Fate {
        let attempt = record.attempt;
        if self.settings.retry.is_adaptive() && !cleared {
            self.call.clear();
            self.call.push(record);
            if self.held_back(attempt, bench) {
                return Fate::Waits;
            }
        }
        bench.call(1, attempt);
        let lost_answer = self.settings.timeouts.rate != Ratio::ZERO && self.answer_is_lost(1, bench);
        let stored = put_entry(record, charged_alone(&record, bench), bench).is_ok();
        if lost_answer {
            record.copies += u8::from(stored && record.copies < u8::MAX);
            self.call.clear();
            self.call.push(record);
            return self.failed(attempt, Failure::Unanswered, bench);
        }
        if stored {
            self.succeeded(record.host, attempt, bench.now);
            return Fate::Settled;
        }
        self.rejected_one(record, bench)
    }

    /// Decides what becomes of a single record that was rejected.
    #[inline(always)]
    fn rejected_one(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) -> Fate {
        match self.fixed {
            Some(fixed) => self.rejected_by(&fixed, record, bench),
            None => self.rejected_alone(record, bench),
        }
    }

    /// The same where waits are fixed. Records wait in queues only where every answer comes, so none of them is stored
    /// without the producer's knowing.
    #[inline(always)]
    fn rejected_by(&mut self, fixed: &FixedWaits, record: Record, bench: &mut Bench<'_, impl Observer>) -> Fate {
        let cause = if record.attempt >= fixed.max_attempts {
            LossCause::Exhausted
        } else if bench.now - record.offered > fixed.max_age {
            LossCause::TooOld
        } else {
            self.queues.admit(bench.now, fixed.after(record.attempt), record);
            return Fate::Waits;
        };
        lose(record, cause, bench);
        Fate::Settled
    }

    #[inline(never)]
    fn rejected_alone(&mut self, record: Record, bench: &mut Bench<'_, impl Observer>) -> Fate {
        self.call.clear();
        self.call.push(record);
        self.failed(record.attempt, Failure::Throttled, bench)
    }

    /// Puts everything in `call`, of one host.
    fn put(&mut self, attempt: u16, cleared: bool, bench: &mut Bench<'_, impl Observer>) {
        let Some(host) = self.call.first().map(|record| record.host) else { return };
        if self.settings.retry.is_adaptive() && !cleared && self.held_back(attempt, bench) {
            return;
        }
        let entries = self.call.len() as u32;
        bench.call(entries, attempt);
        let lost_answer = self.settings.timeouts.rate != Ratio::ZERO && self.answer_is_lost(entries, bench);
        put_records(&mut self.call, attempt, lost_answer, bench);
        if lost_answer {
            self.failed(attempt, Failure::Unanswered, bench);
            return;
        }
        // The SDK sees a 200, whatever became of the entries.
        self.succeeded(host, attempt, bench.now);
        if !self.call.is_empty() {
            self.failed(attempt, Failure::Throttled, bench);
        }
    }

    /// Lets what is in `call` wait where the adaptive mode's limiter says so.
    fn held_back(&mut self, attempt: u16, bench: &mut Bench<'_, impl Observer>) -> bool {
        let Some(host) = self.call.first().map(|record| usize::from(record.host)) else { return false };
        let of = &mut self.hosts[host];
        let wait = if of.held_back.is_empty() { of.client.limiter.acquire(bench.now) } else { 1 };
        if wait > 0 {
            self.held_stored += stored_of(&self.call);
            of.held_back.push_back(self.waiting.admit(&self.call, attempt - 1));
            if of.held_back.len() == 1 {
                of.wake_at = bench.now + wait;
                self.hosts_due = self.hosts_due.min(of.wake_at);
            }
        }
        wait > 0
    }

    fn answer_is_lost(&mut self, entries: u32, bench: &mut Bench<'_, impl Observer>) -> bool {
        let lost = strikes(self.settings.timeouts, &mut self.answers);
        if lost {
            bench.say(Fact::Unanswered { entries });
        }
        lost
    }

    /// A call was answered well.
    #[inline(always)]
    fn succeeded(&mut self, host: u8, attempt: u16, now: u64) {
        let client = &mut self.hosts[usize::from(host)].client;
        client.succeeded(attempt);
        if self.settings.retry.is_adaptive() {
            client.limiter.answered(now, false);
        }
    }

    /// Decides what becomes of the records that are left in `call` after an attempt.
    fn failed(&mut self, attempt: u16, failure: Failure, bench: &mut Bench<'_, impl Observer>) -> Fate {
        let Some(host) = self.call.first().map(|record| usize::from(record.host)) else { return Fate::Settled };
        let throttled = failure == Failure::Throttled;
        let notices = if throttled { 0 } else { self.settings.timeouts.after.micros() };
        let whole = !throttled || self.settings.call == PutCall::PutRecord;
        let mode = match self.settings.retry {
            RetryPolicy::SdkOnly { mode } => Some(mode),
            RetryPolicy::Ignore if !throttled => Some(SdkMode::Standard),
            _ => None,
        };
        if self.settings.retry.is_adaptive() && whole {
            self.hosts[host].client.limiter.answered(bench.now, throttled);
        }
        match (self.settings.retry, mode) {
            (RetryPolicy::Again { max_attempts, base, cap, max_age, multiplier_milli, jitter }, _) => {
                if u32::from(attempt) >= max_attempts {
                    return self.lose_all(LossCause::Exhausted, bench);
                }
                if let Some(max_age) = max_age {
                    self.call.retain(|record| {
                        let young = bench.now - record.offered <= max_age.micros();
                        if !young {
                            lose(*record, LossCause::TooOld, bench);
                        }
                        young
                    });
                }
                if self.call.is_empty() {
                    return Fate::Settled;
                }
                let bound = backoff(base.micros(), cap.micros(), multiplier_milli, attempt);
                let wait = match jitter {
                    Jitter::Full => self.rng.below(bound + 1),
                    Jitter::Equal => bound / 2 + self.rng.below(bound - bound / 2 + 1),
                    Jitter::None => bound,
                };
                self.wait(notices + wait, attempt, bench)
            }
            (_, Some(mode)) if whole => match self.hosts[host].client.again(mode, attempt, throttled, &mut self.rng) {
                Some(wait) => self.wait(notices + wait, attempt, bench),
                None => self.lose_all(LossCause::Exhausted, bench),
            },
            // Nobody looks at the entries, or the SDK sees a 200 and has nothing to repeat.
            _ => self.lose_all(LossCause::Ignored, bench),
        }
    }

    fn wait(&mut self, wait: u64, attempts: u16, bench: &mut Bench<'_, impl Observer>) -> Fate {
        self.held_stored += stored_of(&self.call);
        let group = self.waiting.admit(&self.call, attempts);
        bench.agenda.push(bench.now + wait, group);
        Fate::Waits
    }

    fn lose_all(&mut self, cause: LossCause, bench: &mut Bench<'_, impl Observer>) -> Fate {
        for record in &self.call {
            lose(*record, cause, bench);
        }
        Fate::Settled
    }
}

/// Why records have to be put again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// A shard rejected them.
    Throttled,
    /// The call was not answered.
    Unanswered,
}
