//! The simulation: traffic, producer, stream and consumer, moved through simulated time.
//!
//! The engine asks and never calls. [`Engine::advance`] runs up to an instant, or stops where the outcome of an
//! invocation is needed that nobody has given; [`Engine::take_invocations`] hands the questions out and
//! [`Engine::accept`] takes the answers, in any order and at any pace. It knows no clock, no screen, no price.
//!
//! Nothing on the path of a record touches the heap of events: arrivals come from a stream of times, and only
//! what happens once a call or once a batch is an event in the agenda.

pub mod agenda;
pub mod arrivals;
pub mod draws;
pub mod fact;
pub mod invocation;
pub mod mapping;
pub mod producer;
pub mod record;
pub mod rng;
pub mod sequence;
pub mod stream;

pub use fact::{Digest, Fact, LossCause, Observer, WriteLimit};
pub use invocation::{Invocation, InvocationId, InvokedRecord, Outcome};
pub use mapping::LaneState;
pub use record::Record;
pub use sequence::SequenceNumber;

use crate::limits;
use crate::scenario::{Operation, PlannedOperation, Scenario, Sizes};
use crate::units::SimTime;
use agenda::Agenda;
use arrivals::{ArrivalTimes, SizeRule};
use draws::{KeyDraw, SizeDraw};
use mapping::Mapping;
use producer::{Bench, Group, Producer};
use rng::{Actor, Rng};
use std::fmt;
use stream::Stream;

/// A simulation in some state.
#[derive(Clone, Debug)]
pub struct Engine {
    now: u64,
    end: u64,
    times: ArrivalTimes,
    keys: KeyDraw,
    sizes: SizeDraw,
    draws: Rng,
    /// Number of the next record.
    number: u32,
    producer: Producer,
    stream: Stream,
    mapping: Mapping,
    agenda: Agenda<Event>,
    operations: Vec<PlannedOperation>,
    /// Operations applied so far, planned or not.
    applied: u32,
    /// Arrivals and events so far.
    worked: u64,
    /// Whether something of the instant `now` has happened, and something of it may be still to come.
    amid: bool,
    /// Records that the logs keep together before the run stops.
    keep_max: u64,
}

/// What the agenda holds: everything that happens at most once a call or once a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A planned operation, by its place in the scenario.
    Operation(u32),
    /// A group of rejected records is put again.
    Retry(Group),
    /// A lane polls or its window ends; void unless the number is the lane's latest.
    Wake(u32, u32),
    /// The running invocation of a lane ends.
    InvocationEnd(u32),
    /// A failed batch is tried again.
    InvokeAgain(u32),
    /// The oldest record of a shard may have reached the end of its retention.
    Expire(u32),
}

/// Why [`Engine::advance`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// It is the asked instant; everything before it has happened.
    Reached,
    /// An invocation ends at this instant and its outcome is missing: accept it, then go on.
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
        let mut mapping = Mapping::new(scenario);
        if let Some(largest) = largest_size(scenario) {
            mapping.expect_sizes_up_to(largest);
        }
        let mut agenda = Agenda::new();
        // Operations come first in line: at one instant, a change acts on everything else that happens then.
        for (index, planned) in (0..).zip(&scenario.operations) {
            agenda.push(planned.at.micros(), Event::Operation(index));
        }
        for (shard, at) in mapping.first_polls() {
            agenda.push(at, Event::Wake(shard, 0));
        }
        Self {
            now: 0,
            end: scenario.length.micros(),
            times: ArrivalTimes::new(scenario),
            keys: KeyDraw::new(scenario.traffic.keys),
            sizes: SizeDraw::new(scenario.traffic.sizes),
            draws: Rng::of(scenario.seed, Actor::Records),
            number: 0,
            producer: Producer::new(scenario),
            stream: Stream::new(scenario),
            mapping,
            agenda,
            operations: scenario.operations.clone(),
            applied: 0,
            worked: 0,
            amid: false,
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
        SimTime::from_micros(if self.amid { self.now + 1 } else { self.now })
    }

    /// The end of the run.
    pub const fn end(&self) -> SimTime {
        SimTime::from_micros(self.end)
    }

    /// Runs until everything before `until` has happened, or until about `budget` arrivals and events have. An
    /// instant that lies behind is reached already.
    pub fn advance(&mut self, until: SimTime, budget: u32, observer: &mut impl Observer) -> Step {
        let before = self.now;
        let step = self.run(until.micros().clamp(before, self.end), budget, observer);
        self.amid = match step {
            Step::Reached => self.amid && self.now == before,
            Step::Waiting(_) | Step::Spent | Step::Full => true,
        };
        step
    }

    fn run(&mut self, until: u64, budget: u32, observer: &mut impl Observer) -> Step {
        let mut left = budget;
        loop {
            if self.stream.kept() > self.keep_max {
                return Step::Full;
            }
            // At one instant events come before the flush and the flush before the arrival, so that the order
            // does not depend on where a call of this function happened to stop.
            while self.times.next_at() < self.next_event_at().min(until) {
                if left == 0 {
                    return Step::Spent;
                }
                left -= 1;
                self.worked += 1;
                self.offer(observer);
            }
            let next = self.next_event_at();
            if next >= until {
                self.now = until;
                return Step::Reached;
            }
            if left == 0 {
                return Step::Spent;
            }
            left -= 1;
            self.worked += 1;
            if self.agenda.next_at() == next {
                if let Some(id) = self.missing_outcome() {
                    self.now = next;
                    return Step::Waiting(id);
                }
                self.happen(observer);
            } else {
                self.now = next;
                let (producer, mut bench) = self.at_the_bench(observer);
                producer.flush(&mut bench);
            }
        }
    }

    /// Arrivals and events since the start of the run: what a budget counts.
    pub const fn worked(&self) -> u64 {
        self.worked
    }

    /// When the next event or flush is due.
    #[inline]
    fn next_event_at(&self) -> u64 {
        self.agenda.next_at().min(self.producer.flush_at())
    }

    /// The invocations that have begun since the last call and need an outcome from outside.
    pub fn take_invocations(&mut self) -> Vec<Invocation> {
        self.mapping.take_asked()
    }

    /// Gives the outcome of a running invocation.
    ///
    /// # Errors
    /// When no running invocation with this id waits for one.
    pub fn accept(&mut self, id: InvocationId, outcome: Outcome) -> Result<(), AcceptError> {
        self.mapping.accept(id, outcome).then_some(()).ok_or(AcceptError)
    }

    /// Changes something now.
    pub fn apply(&mut self, operation: Operation, observer: &mut impl Observer) {
        match operation {
            Operation::UpdateMapping { batch_size, batching_window } => {
                self.mapping.update(batch_size, batching_window);
            }
            Operation::DeployFunction { duration, injected_error_rate } => {
                self.mapping.deploy(duration, injected_error_rate);
            }
            Operation::DeployProducer { retry } => self.producer.deploy(retry),
        }
        observer.observe(self.now(), Fact::OperationApplied { index: self.applied });
        self.applied += 1;
    }

    /// Records in the producer's memory.
    pub fn at_producer(&self) -> u64 {
        self.producer.held()
    }

    /// Invocations that run.
    pub fn concurrency(&self) -> u64 {
        self.mapping.running()
    }

    /// Number of shards.
    pub fn shards(&self) -> u32 {
        self.stream.shards.len() as u32
    }

    /// How a shard and its lane stand.
    pub fn lane(&self, shard: u32) -> LaneState {
        self.mapping.lane_state(shard, &self.stream.shards[shard as usize].log)
    }

    /// The stream, to look at.
    pub const fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The next record arrives at the producer.
    #[inline]
    fn offer(&mut self, observer: &mut impl Observer) {
        self.now = self.times.next_at();
        let draw = self.draws.next_u64();
        let size = match self.times.take() {
            SizeRule::Drawn => self.sizes.size(draw as u32),
            SizeRule::Given(bytes) => bytes,
        };
        let key = self.keys.key((draw >> 32) as u32);
        let record = Record { offered: self.now, arrived: 0, number: self.number, key, size, attempt: 1 };
        self.number += 1;
        let (producer, mut bench) = self.at_the_bench(observer);
        producer.offer(record, &mut bench);
    }

    /// The outcome that the next event needs and nobody has given.
    fn missing_outcome(&mut self) -> Option<InvocationId> {
        match self.agenda.peek() {
            Some((_, Event::InvocationEnd(shard))) => self.mapping.lacks_outcome(shard),
            _ => None,
        }
    }

    /// Lets the next event of the agenda happen.
    fn happen(&mut self, observer: &mut impl Observer) {
        let Some((at, event)) = self.agenda.pop() else { return };
        self.now = at;
        if let Event::Operation(index) = event {
            let planned = self.operations[index as usize];
            return self.apply(planned.operation, observer);
        }
        let Self { now, producer, stream, mapping, agenda, .. } = self;
        let bench = &mut Bench { now: *now, stream, agenda, observer };
        match event {
            Event::Operation(_) => {}
            Event::Retry(group) => producer.retry(group, bench),
            Event::Wake(shard, wake) => mapping.wake(shard, wake, bench),
            Event::InvocationEnd(shard) => mapping.end(shard, bench),
            Event::InvokeAgain(shard) => mapping.invoke_again(shard, bench),
            Event::Expire(shard) => {
                let expiry_at = &mut bench.stream.shards[shard as usize].expiry_at;
                // An older event may be left over from before an earlier one was needed.
                if *expiry_at == bench.now {
                    *expiry_at = u64::MAX;
                }
                mapping.expire(shard, bench);
            }
        }
    }

    #[inline]
    fn at_the_bench<'a, O: Observer>(&'a mut self, observer: &'a mut O) -> (&'a mut Producer, Bench<'a, O>) {
        let Self { now, producer, stream, agenda, .. } = self;
        (producer, Bench { now: *now, stream, agenda, observer })
    }
}

/// The largest data size that can occur, where the scenario tells.
fn largest_size(scenario: &Scenario) -> Option<u32> {
    use crate::scenario::Part;
    let has_sizes = |part: &Part| match part {
        Part::Series(series) => series.rows.iter().any(|row| row.bytes.is_some()),
        _ => false,
    };
    if scenario.traffic.parts.iter().any(has_sizes) {
        return None;
    }
    Some(match scenario.traffic.sizes {
        Sizes::Fixed { bytes } => bytes,
        Sizes::Uniform { max, .. } => max,
        Sizes::LogNormal { cap, .. } => cap,
    })
}
