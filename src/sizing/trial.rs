//! One run of a search: pumped in pieces, stopped as soon as it is of no use, and what it came to.

use super::{DONE_OF_HUNDRED, Job, Plan, UNDONE_ONE_IN};
use crate::engine::{Invocation, Outcome};
use crate::metrics::{Histogram, Ledger, Metric};
use crate::scenario::{ConsumerKind, Scenario};
use crate::session::{Handler, Pump, Session};
use crate::units::{Ratio, SimTime, Span};

/// A run is looked at about so often.
const LOOKS: u64 = 200;

/// When a run is of no use any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// When it has lost more records than this; `None` lets it lose.
    pub lost: Option<u64>,
    /// When its lag is certain to be longer than this.
    pub lag: Option<Span>,
    /// Whether to count how long records wait until they are stored.
    pub watches_puts: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At its end.
    Complete,
    /// It had lost more than it may.
    Lost,
    /// Its lag was certain to be too long.
    Late,
    /// More records waited than a run can hold.
    Full,
    /// Its fields contradict each other, so that it never began.
    Refused,
}

impl End {
    /// A word for machines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Lost => "lost",
            Self::Late => "late",
            Self::Full => "full",
            Self::Refused => "refused",
        }
    }
}

/// What a run of one design came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The design, by its place in the plan.
    pub candidate: usize,
    /// How the run ended.
    pub end: End,
    /// When it ended, in simulated time.
    pub at: SimTime,
    /// Records lost up to then: at the producer, and the most that a consumer let expire or gave up.
    pub lost: u64,
    /// Within so much 99 of 100 records were done by the slowest consumer. What waits in the stream at the end counts
    /// with the age of the oldest of it, what is lost or still at the producer was done by none. `None` where they are
    /// fewer, or more than a tenth is not done: then the run says too little of lag and cost.
    pub lag: Option<Span>,
    /// Within so much 99 of 100 records were stored, where that was counted.
    pub wait: Option<Span>,
    /// Records that were neither done nor lost when it ended, at the consumer that had most of them.
    pub open: u64,
    /// 30 days, in cents; zero where the run did not come to its end.
    pub month_cents: u64,
    /// The determinism witness of the run.
    pub digest: u64,
}

/// A run that is under way.
#[derive(Clone, Debug)]
pub struct Attempt {
    session: Session,
    stop: Stop,
    /// Records that are offered in the whole run, where a lag can be certain before its end.
    offered: Option<u64>,
    /// How far apart looks are, in whole frames, and when the next is.
    every: Span,
    next: SimTime,
}

impl Attempt {
    /// A run at its start; `offered` counts the records of its traffic.
    pub fn new(mut scenario: Scenario, stop: Stop, offered: u64) -> Self {
        scenario.designs.clear();
        // Where nothing is done twice, no consumer is done with more records than are offered.
        let once = |kind| matches!(kind, ConsumerKind::Lambda | ConsumerKind::Poller(_));
        let counted = scenario.producer.timeouts.rate == Ratio::ZERO
            && scenario.operations.is_empty()
            && scenario.consumers.iter().all(|consumer| once(consumer.kind));
        let mut session = Session::new(scenario);
        session.leave_queries();
        if stop.watches_puts {
            session.watch_puts();
        }
        let (frame, length) = (session.timeline().width(), session.scenario().length);
        let every = frame * (length.micros() / LOOKS / frame.micros()).max(1);
        Self { session, stop, offered: counted.then_some(offered), every, next: SimTime::ZERO + every }
    }

    /// Runs a job of a search to its end; what a scenario leaves to a program succeeds.
    pub fn run(plan: &Plan, job: &Job) -> Trial {
        Self::run_with(plan, job, &mut |_: &Invocation| Outcome::Succeeded)
    }

    /// The same with a handler.
    pub fn run_with(plan: &Plan, job: &Job, handler: &mut impl Handler) -> Trial {
        let Ok(scenario) = plan.draft(job.candidate).check() else { return Trial::refused(job.candidate) };
        let mut attempt = Self::new(scenario, job.stop, plan.offered());
        loop {
            if let Some(end) = attempt.pump(u32::MAX, handler) {
                return attempt.trial(job.candidate, end);
            }
        }
    }

    /// Does about so many arrivals and events; says how the run ended once it has.
    pub fn pump(&mut self, budget: u32, handler: &mut impl Handler) -> Option<End> {
        match self.session.pump(self.next, budget) {
            Pump::Spent => None,
            Pump::Waiting(_) => {
                self.session.ask(handler);
                None
            }
            Pump::Reached => {
                self.next += self.every;
                self.useless()
            }
            Pump::Finished => Some(End::Complete),
            Pump::Full => Some(End::Full),
        }
    }

    /// What the run has come to.
    pub fn trial(&self, candidate: usize, end: End) -> Trial {
        let session = &self.session;
        let complete = end == End::Complete;
        let lags = session.streams().into_iter().map(lag);
        // The slowest of all; nothing where one of them has none.
        let lag = lags.reduce(|a, b| Some(a?.max(b?))).flatten();
        Trial {
            candidate,
            end,
            at: session.engine().now(),
            lost: lost(session),
            lag: lag.filter(|_| complete),
            wait: session.put_waits().filter(|_| complete).map(|waits| waits.quantile(990).unwrap_or(Span::ZERO)),
            open: session.streams().into_iter().map(|stream| ledgers(stream).map(open).max().unwrap_or(0)).sum(),
            month_cents: if complete { session.month_total_cents() } else { 0 },
            digest: session.digest().get(),
        }
    }

    /// The run, to look at.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    fn useless(&self) -> Option<End> {
        if self.stop.lost.is_some_and(|most| lost(&self.session) > most) {
            return Some(End::Lost);
        }
        let (lag, offered) = (self.stop.lag?, self.offered?);
        let most = offered - in_hundred(offered);
        let consumers = 0..self.session.scenario().consumers.len();
        consumers.into_iter().any(|consumer| self.late(consumer, lag) > most).then_some(End::Late)
    }

    /// Records that will have exceeded a lag, whatever comes: those that were done after it, and those that are older
    /// than it and not done.
    fn late(&self, consumer: usize, lag: Span) -> u64 {
        let (seen, now) = (self.session.seen_by(consumer), self.session.engine().now());
        let done = self.session.recorder().offer_latency(consumer).above(lag);
        // Longer by more than the width of a bin, so that they will be counted in one above it.
        let older = lag + Span::from_micros(lag.micros() / 64);
        let old = now.micros().saturating_sub(older.micros()) / seen.width().micros();
        let ledger = Ledger::after(seen, seen.frames());
        let offered = seen.total(Metric::Offered, (old as usize).min(seen.frames())) as u64;
        done + offered.saturating_sub(ledger.processed + ledger.filtered + ledger.skipped)
    }
}

impl Trial {
    /// A design that is no scenario.
    pub const fn refused(candidate: usize) -> Self {
        Self {
            candidate,
            end: End::Refused,
            at: SimTime::ZERO,
            lost: 0,
            lag: None,
            wait: None,
            open: 0,
            month_cents: 0,
            digest: 0,
        }
    }
}

/// The account of a stream as each of its consumers stands to it.
fn ledgers(session: &Session) -> impl Iterator<Item = Ledger> + '_ {
    let frames = session.timeline().frames();
    (0..session.scenario().consumers.len()).map(move |consumer| Ledger::after(session.seen_by(consumer), frames))
}

/// Records lost in all streams of a run.
fn lost(session: &Session) -> u64 {
    let of = |stream: &Session| {
        let read = ledgers(stream).map(|ledger| ledger.expired + ledger.discarded).max();
        stream.ledger().lost() + read.unwrap_or(0)
    };
    session.streams().into_iter().map(of).sum()
}

const fn open(ledger: Ledger) -> u64 {
    ledger.at_producer + ledger.waiting + ledger.in_flight
}

/// How many of so many records have to be done: 99 of 100, rounded up.
pub(super) const fn in_hundred(records: u64) -> u64 {
    (records * DONE_OF_HUNDRED).div_ceil(100)
}

/// With how many of so many records each consumer is done where a run says something of its lag.
pub(super) const fn done_at_least(records: u64) -> u64 {
    records - records / UNDONE_ONE_IN
}

/// Within how much 99 of 100 records of one stream were done, by its slowest consumer.
fn lag(session: &Session) -> Option<Span> {
    let of = |(consumer, ledger): (usize, Ledger)| {
        let mut seen: Histogram = session.recorder().offer_latency(consumer);
        let behind = ledger.waiting + ledger.in_flight;
        let all = seen.count() + open(ledger) + ledger.lost() + ledger.expired + ledger.discarded;
        if all == 0 {
            return Some(Span::ZERO);
        }
        if seen.count() < done_at_least(all) {
            return None;
        }
        seen.add_many(oldest(session, consumer).micros(), u32::try_from(behind).unwrap_or(u32::MAX));
        seen.of_rank(in_hundred(all))
    };
    ledgers(session).enumerate().map(of).reduce(|a, b| Some(a?.max(b?))).flatten()
}

/// How long ago the oldest record in the stream was offered that a consumer has not done.
fn oldest(session: &Session, consumer: usize) -> Span {
    let engine = session.engine();
    let of = |shard: u32| {
        let from = engine.lane(consumer as u32, shard).oldest_arrival?;
        let log = &engine.stream().shards[shard as usize].log;
        let behind = (log.head()..log.tail()).map(|index| log.get(index)).filter(|of| of.arrived >= from.micros());
        behind.map(|of| of.offered).min()
    };
    let oldest = (0..engine.shards()).filter_map(of).min();
    oldest.map_or(Span::ZERO, |offered| Span::from_micros(engine.now().micros() - offered))
}
