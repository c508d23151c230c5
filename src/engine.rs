//! The simulation: traffic, producer, stream and readers, moved through simulated time.
//!
//! The engine asks and never calls. [`Engine::advance`] runs up to an instant, or stops where the outcome of an
//! invocation is needed that nobody has given; [`Engine::take_invocations`] hands the questions out and
//! [`Engine::accept`] takes the answers, in any order and at any pace. It knows no clock, no screen, no price.
//!
//! Time goes by in slices. In each, the writing side goes first: arrivals, puts, retries, in order of time. Then the
//! readers follow, shard by shard, or in order of time where they share a function's concurrency. Nothing that readers
//! do reaches the writers within a slice, so the result is that of one event after the other, and the path of a record meets neither a heap of events nor a cold cache. What
//! concerns both sides, a *change*, happens between two slices.

pub mod agenda;
pub mod arrivals;
mod batch;
pub mod control;
mod digest;
pub mod direct;
pub mod draws;
pub mod fact;
mod failure;
mod fan_out;
mod fault;
mod filter;
pub mod firehose;
mod giving_up;
mod host;
pub mod invocation;
mod kcl;
mod kpl;
mod kpl_aggregate;
mod lambda;
pub mod lane;
mod lease_table;
mod mapping;
pub mod offers;
mod order;
mod part;
pub mod payload;
mod policy;
mod poller;
mod position;
pub mod producer;
pub mod put;
pub mod readers;
pub mod record;
pub mod rng;
mod sdk;
pub mod sequence;
mod sorted;
mod source;
pub mod stream;
mod tries;
mod tumbling;
pub mod video;
mod waiting;

pub use digest::Digest;
pub use fact::{By, Fact, LossCause, Observer, WriteLimit};
pub use failure::{Condition, FailureCause, GivenUp};
pub use invocation::{Answer, Invocation, InvocationId, InvokedRecord, InvokedWindow, Outcome};
pub use lambda::ConcurrencyCap;
pub use lane::LaneState;
pub use position::{Doing, LanePosition, LeasePosition, PartPosition, WorkerState};
pub use record::Record;
pub use sequence::SequenceNumber;
pub use tries::{TRIES_MAX, Tried, TryEnd};

use crate::limits;
use crate::scenario::{Operation, PlannedOperation, PutCall, Scenario};
use crate::units::{SimTime, Span};
use agenda::Agenda;
use control::{Control, Office};
use fault::Slow;
pub use offers::Offer;
use offers::Offers;
use producer::Producer;
use put::Bench;
use readers::Readers;
use std::fmt;
use stream::Stream;
use waiting::Group;

/// Arrivals and retries in one slice, about.
const SLICE_RECORDS: u32 = 4_096;
/// Longest slice, µs, so that readers which poll and find nothing do not make it long to compute.
const SLICE_SPAN: u64 = 10_000_000;

/// A simulation in some state.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Where the readers stand.
    now: u64,
    /// Where the writing side stands: everything of it before this has happened. Ahead of `now` only while an
    /// outcome is missing.
    written: u64,
    end: u64,
    offers: Offers,
    producer: Producer,
    stream: Stream,
    readers: Readers,
    control: Control,
    /// Groups of rejected records that are put again.
    retries: Agenda<Group>,
    changes: Agenda<Change>,
    operations: Vec<PlannedOperation>,
    /// Operations applied so far, planned or not.
    applied: u32,
    /// Arrivals, retries and flushes so far.
    worked: u64,
    /// Records that the logs keep together before the run stops.
    keep_max: u64,
}

/// What concerns writers and readers alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A planned operation, by its place in the scenario.
    Operation(u32),
    /// A call to the control plane has taken its time, or its next wave has.
    Wave,
    /// On-demand mode looks at the load.
    Watch,
    /// On-demand mode splits what it has planned.
    Grow,
    /// The scaling policy looks at its metric.
    Policy,
    /// The workers of a KCL application look at its leases; where it says so, again a failover time later.
    Leases {
        /// Index of the consumer.
        consumer: u32,
        /// How long until they look again.
        every: Option<Span>,
    },
    /// The workers of a KCL application renew their leases, and so long later again.
    Renewals {
        /// Index of the consumer.
        consumer: u32,
        /// How long until they do it again.
        every: Span,
    },
    /// Another retention takes effect.
    Retention(Span),
}

/// Why [`Engine::advance`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// It is the asked instant; everything before it has happened.
    Reached,
    /// An invocation ends at this instant and its outcome is missing: accept it, then go on. Of several, the one that
    /// ends first.
    Waiting(InvocationId),
    /// The budget is used up; call again.
    Spent,
    /// More records wait in the logs than the engine keeps. The run cannot go on.
    Full,
}

/// An outcome for an invocation that does not run, or that has one already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptError;

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no running invocation waits for this outcome")
    }
}

impl std::error::Error for AcceptError {}

impl Engine {
    /// A simulation at the start of its scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let mut readers = Readers::new(scenario);
        if let Some(largest) = largest_size(scenario) {
            readers.expect_sizes_up_to(largest);
        }
        let mut changes = Agenda::new();
        for (index, planned) in (0..).zip(&scenario.operations) {
            changes.push(planned.at.micros(), Change::Operation(index));
        }
        for consumer in 0..scenario.consumers.len() as u32 {
            if let Some(kcl) = readers.application(consumer) {
                let every = Some(kcl.failover);
                changes.push(0, Change::Leases { consumer, every });
                let every = Span::from_micros((kcl.failover.micros() / limits::KCL_RENEWALS).max(1));
                changes.push(every.micros(), Change::Renewals { consumer, every });
            } else if let Some(every) = readers.discovery(consumer) {
                changes.push(0, Change::Leases { consumer, every: Some(every) });
            }
        }
        let control = Control::new(scenario, &mut changes);
        Self {
            now: 0,
            written: 0,
            end: scenario.length.micros(),
            offers: Offers::new(scenario),
            producer: Producer::new(scenario),
            stream: Stream::new(scenario),
            readers,
            control,
            retries: Agenda::new(),
            changes,
            operations: scenario.operations.clone(),
            applied: 0,
            worked: 0,
            keep_max: limits::LOG_RECORDS_MAX,
        }
    }

    /// Stops with [`Step::Full`] when the logs keep more records than this, for a host with less memory.
    pub fn keep_at_most(&mut self, records: u64) {
        self.keep_max = records.min(limits::LOG_RECORDS_MAX);
    }

    /// The instant that has been reached: everything before it has happened.
    pub const fn now(&self) -> SimTime {
        SimTime::from_micros(self.now)
    }

    /// The first instant from now on of which nothing has happened yet: where a change is the same change again
    /// in a replay, whatever the pace of the two runs.
    pub const fn next_whole_instant(&self) -> SimTime {
        SimTime::from_micros(self.written)
    }

    /// The end of the run.
    pub const fn end(&self) -> SimTime {
        SimTime::from_micros(self.end)
    }

    /// Runs until everything before `until` has happened, or until about `budget` arrivals and events have. An
    /// instant that lies behind is reached already.
    pub fn advance(&mut self, until: SimTime, budget: u32, observer: &mut impl Observer) -> Step {
        let until = until.micros().clamp(self.now, self.end);
        let enough = self.worked().saturating_add(u64::from(budget));
        loop {
            if self.now < self.written {
                if let Some((at, id)) = self.readers.advance(self.written, &mut self.stream, observer) {
                    self.now = at;
                    return Step::Waiting(id);
                }
                self.now = self.written;
            }
            if self.stream.kept() > self.keep_max {
                return Step::Full;
            }
            if self.now >= until {
                return Step::Reached;
            }
            if self.worked() >= enough {
                return Step::Spent;
            }
            // At one instant a change acts on everything else that happens then.
            while self.changes.next_at() == self.now
                && let Some((_, change)) = self.changes.pop()
            {
                self.change(change, observer);
            }
            let slice_end = until.min(self.changes.next_at()).min(self.now + SLICE_SPAN);
            let records = (enough - self.worked()).min(u64::from(SLICE_RECORDS)) as u32;
            self.written = self.write(slice_end, records, observer);
        }
    }

    /// Lets the writing side do everything before `end`, or about so many records, and says how far that is.
    fn write(&mut self, mut end: u64, records: u32, observer: &mut impl Observer) -> u64 {
        let mut left = records;
        loop {
            // At one instant groups that are put again come first, then single records, the hosts, the arrival.
            let (arrival, retry) = (self.offers.next_at(), self.retries.next_at());
            let (queued, hosts) = self.producer.dues();
            let (mut now, mut count) = (queued.min(hosts).min(retry).min(arrival), 1);
            if now >= end {
                return end;
            }
            let others = retry.min(hosts);
            if now < others && self.producer.is_short() {
                let Self { offers, producer, stream, retries, .. } = self;
                let until = end.min(others);
                (count, now) = producer.run_short(until, left, offers, stream, retries, observer);
            } else {
                self.next_of_writers(now, observer);
            }
            self.worked += u64::from(count);
            left -= count;
            if left == 0 {
                // What else happens at this instant belongs to the slice.
                (end, left) = (end.min(now + 1), u32::MAX);
            }
        }
    }

    /// Arrivals and events since the start of the run: what a budget counts.
    pub const fn worked(&self) -> u64 {
        self.worked + self.readers.worked()
    }

    /// The invocations that have begun since the last call and need an outcome from outside.
    pub fn take_invocations(&mut self) -> Vec<Invocation> {
        self.readers.take_asked()
    }

    /// Gives the outcome of a running invocation.
    ///
    /// # Errors
    /// When no running invocation with this id waits for one.
    pub fn accept(&mut self, id: InvocationId, answer: impl Into<Answer>) -> Result<(), AcceptError> {
        self.readers.accept(id, answer.into()).then_some(()).ok_or(AcceptError)
    }

    /// Changes something now. What concerns a consumer that the scenario does not have changes nothing.
    pub fn apply(&mut self, operation: Operation, observer: &mut impl Observer) {
        let index = self.applied;
        self.applied += 1;
        observer.observe(self.now(), Fact::OperationApplied { index });
        match operation {
            Operation::UpdateMapping { consumer, batch_size, batching_window, failures } => {
                if let Some(settings) = self.readers.settings(consumer) {
                    (settings.batch_size, settings.batching_window) = (batch_size, batching_window);
                    settings.failures = failures;
                }
            }
            Operation::DeployFunction { consumer, duration, injected_error_rate, poison } => {
                self.readers.deploy(consumer, self.now);
                if let Some(settings) = self.readers.settings(consumer) {
                    settings.poison = poison;
                    (settings.duration, settings.injected_error_rate) = (duration, injected_error_rate);
                }
            }
            Operation::DeployProducer { retry } => self.producer.deploy(retry, &mut self.retries),
            Operation::KillHosts { hosts, down } => {
                let Self { now, producer, stream, retries, .. } = self;
                producer.kill(hosts, down, &mut Bench { now: *now, stream, agenda: retries, observer });
            }
            Operation::KillWorkers { consumer, workers, down } => {
                let Self { now, stream, readers, changes, .. } = self;
                if let Some(failover) = readers.kill_workers(consumer, workers, down, *now, stream, observer) {
                    for later in [failover, down] {
                        let at = now.saturating_add(later.micros()).max(*now + 1);
                        changes.push(at, Change::Leases { consumer, every: None });
                    }
                }
            }
            Operation::ThrottleAccount { concurrency, span } => {
                self.readers.throttle_account(concurrency, self.now.saturating_add(span.micros()));
            }
            Operation::LoseEnvironments { share } => self.readers.lose_environments(share, self.now, observer),
            Operation::SlowFunction { consumer, factor_milli, span } => {
                let until = self.now.saturating_add(span.micros());
                self.readers.slow_down(consumer, Slow { factor_milli, until });
            }
            Operation::FreezeConsumer { consumer, span } => {
                self.readers.freeze(consumer, self.now.saturating_add(span.micros()));
            }
            call => {
                let Self { now, stream, readers, changes, control, .. } = self;
                let office = &mut Office { now: *now, stream, readers, changes, observer };
                if let Err(error) = control.call(call, office) {
                    observer.observe(self.now(), Fact::Refused { by: By::Operation(index), error });
                }
            }
        }
    }

    /// Offers records that come from outside, in order of time and not before [`now`](Self::now): those of a stream
    /// that has no traffic of its own.
    pub fn give(&mut self, offers: impl IntoIterator<Item = Offer>) {
        self.offers.give(offers);
    }

    /// Records that were offered.
    pub fn offered(&self) -> u64 {
        u64::from(self.offers.taken())
    }

    /// Records in the producer's memory that are not stored.
    pub fn at_producer(&self) -> u64 {
        self.producer.held() - self.producer.held_stored()
    }

    /// Invocations of a consumer that run.
    pub fn concurrency(&self, consumer: u32) -> u64 {
        self.readers.running(consumer)
    }

    /// Execution environments of a consumer's function, busy or idle.
    pub fn environments(&self, consumer: u32) -> u64 {
        self.readers.environments(consumer, self.now)
    }

    /// Number of shards.
    pub fn shards(&self) -> u32 {
        self.stream.shards.len() as u32
    }

    /// How a shard stands for a consumer.
    pub fn lane(&self, consumer: u32, shard: u32) -> LaneState {
        self.readers.state(consumer, shard, &self.stream)
    }

    /// When a consumer had read a shard to its end, if it has.
    pub fn lane_ended_at(&self, consumer: u32, shard: u32) -> Option<SimTime> {
        self.readers.lane(consumer, shard).ended_at().map(SimTime::from_micros)
    }

    /// The control plane, to look at.
    pub const fn control(&self) -> &Control {
        &self.control
    }

    /// The stream, to look at.
    pub const fn stream(&self) -> &Stream {
        &self.stream
    }

    /// What the writing side does next, at `now`, where records do not go the short way.
    #[inline(never)]
    fn next_of_writers(&mut self, now: u64, observer: &mut impl Observer) {
        let Self { offers, producer, stream, retries, .. } = self;
        let (queued, hosts) = producer.dues();
        let bench = &mut Bench { now, stream, agenda: retries, observer };
        if bench.agenda.next_at() == now {
            if let Some((_, group)) = bench.agenda.pop() {
                producer.retry(group, bench);
            }
        } else if queued == now {
            producer.put_next_due(bench);
        } else if hosts == now {
            producer.act(bench);
        } else {
            producer.offer(offers.take(), bench);
        }
    }

    fn change(&mut self, change: Change, observer: &mut impl Observer) {
        if let Change::Operation(index) = change {
            return self.apply(self.operations[index as usize].operation, observer);
        }
        if let Change::Leases { consumer, every } = change {
            if let Some(every) = every {
                self.changes.push(self.now + every.micros(), change);
            }
            return self.readers.take_leases(consumer, self.now, observer);
        }
        if let Change::Renewals { consumer, every } = change {
            self.changes.push(self.now + every.micros(), change);
            let Self { now, stream, readers, .. } = self;
            return readers.renew_leases(consumer, every, *now, stream, observer);
        }
        if let Change::Retention(retention) = change {
            self.stream.set_retention(retention, self.now);
            return observer.observe(self.now(), Fact::RetentionChanged { retention });
        }
        let Self { now, stream, readers, changes, control, .. } = self;
        let office = &mut Office { now: *now, stream, readers, changes, observer };
        match change {
            Change::Wave => control.wave(office),
            Change::Watch => control.watch(office),
            Change::Grow => control.grow(office),
            Change::Policy => control.look_as_policy(office),
            Change::Operation(_) | Change::Retention(_) | Change::Leases { .. } | Change::Renewals { .. } => {}
        }
    }
}

/// The largest data size that can occur, where the scenario tells.
fn largest_size(scenario: &Scenario) -> Option<u64> {
    use crate::scenario::Part;
    let has_sizes = |part: &Part| match part {
        Part::Series(series) => series.rows.iter().any(|row| row.bytes.is_some()),
        _ => false,
    };
    if scenario.traffic.parts.iter().any(has_sizes) {
        return None;
    }
    let largest = u64::from(scenario.traffic.sizes.largest());
    Some(match scenario.producer.call {
        PutCall::Kpl(kpl) if kpl.aggregates => largest.max(u64::from(kpl.aggregate_bytes)),
        _ => largest,
    })
}
