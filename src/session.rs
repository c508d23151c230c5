//! A run in one object: engine, recorder, digest and trace. Every host holds one: the command line, the tests,
//! the box in the page, and programs that use this crate.
//!
//! ```no_run
//! use streamgauge::engine::{Invocation, Outcome};
//! use streamgauge::scenario::presets;
//! use streamgauge::session::Session;
//!
//! let mut draft = presets::by_id("sudden-popularity").expect("the preset exists").draft();
//! draft.set("consumers.0.handler", "host".into());
//! let scenario = draft.check().expect("presets are valid");
//! let mut session = Session::new(scenario);
//! session.run_with(&mut |invocation: &Invocation| {
//!     if invocation.records.iter().any(|r| r.record.key == 13) { Outcome::Failed } else { Outcome::Succeeded }
//! });
//! assert!(session.ledger().balances());
//! ```

mod chain;
#[cfg(not(target_arch = "wasm32"))]
pub mod code;
mod compare;
mod direct;
pub mod event;
pub mod failure;
mod firehose;
mod positions;
mod queries;
pub mod question;
mod questions;
pub mod response;
#[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
pub mod results;
mod summary;
mod video;

use crate::cost::{Bill, bill, findings};
use crate::engine::firehose::{TransformAnswer, Transformation};
use crate::engine::{Answer, Digest, Engine, Invocation, InvocationId, Outcome, Step};
use crate::metrics::{Finding, Histogram, Ledger, Outlook, Recorder, View};
use crate::scenario::{Operation, PlannedOperation, Scenario};
use crate::units::SimTime;
use chain::Taps;
pub use compare::{Behind, Binding, Comparison, Measure, Run, Tally, behind, tally};
pub use direct::DirectRun;
pub use firehose::FirehoseRun;
use queries::Queries;
use std::collections::BTreeMap;
use std::fmt;
pub use video::{VideoRun, VideoTrack};

/// A run of a scenario.
#[derive(Clone, Debug)]
pub struct Session {
    scenario: Scenario,
    /// Its number among the streams that run.
    number: u32,
    engine: Engine,
    observers: (Recorder, (Digest, (Taps, Queries))),
    /// The streams that follow, in the order of the scenario: each stands at the end of the closed frames.
    then: Vec<Session>,
    /// The delivery streams, in the order of the scenario: each stands at the end of the closed frames.
    deliver: Vec<FirehoseRun>,
    trace: Trace,
    /// Answers known beforehand.
    known: BTreeMap<InvocationId, Answer>,
    /// The same for the functions of delivery streams, the next ones last.
    known_transforms: Vec<(InvocationId, TransformAnswer)>,
    /// Operations by hand that are still to come, from the trace that is replayed or for the next whole instant; the
    /// next one last.
    coming: Vec<PlannedOperation>,
    questions: Vec<Invocation>,
    transformations: Vec<Transformation>,
}

/// What came from outside during a run: with it the run can be repeated without a handler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Answers by invocation, of each stream in the order in which they were accepted.
    pub answers: Vec<(InvocationId, Answer)>,
    /// Operations that were applied by hand, with their instants.
    pub operations: Vec<PlannedOperation>,
    /// The same for the functions of the delivery streams.
    pub transforms: Vec<(InvocationId, TransformAnswer)>,
}

/// The code of a scenario's functions, as a program that uses this crate gives it.
pub trait Handler {
    /// Decides what comes of an invocation: an [`Outcome`], or an [`Answer`] with the time that it took where the
    /// scenario has `"duration_from": "code"`. Wall-clock time spent here does not enter the simulation.
    fn handle(&mut self, invocation: &Invocation) -> Answer;

    /// Decides what becomes of records that the function of a delivery stream transforms: unless a handler says more,
    /// they go on as they are.
    fn transform(&mut self, transformation: &Transformation) -> TransformAnswer {
        TransformAnswer::unchanged(transformation)
    }
}

impl<A: Into<Answer>, F: FnMut(&Invocation) -> A> Handler for F {
    fn handle(&mut self, invocation: &Invocation) -> Answer {
        self(invocation).into()
    }
}

/// Where [`Session::pump`] stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Pump {
    /// The asked instant was reached.
    Reached,
    /// The run is over.
    Finished,
    /// The budget is used up; pump again.
    Spent,
    /// An outcome is missing for this invocation; accept it and pump again.
    Waiting(InvocationId),
    /// More records wait than are kept: the run cannot go on.
    Full,
}

/// An operation by hand in a place where it is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApplyError;

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the run is over: start it again to change something")
    }
}

impl std::error::Error for ApplyError {}

impl Session {
    /// A run at its start.
    pub fn new(scenario: Scenario) -> Self {
        let engine = Engine::new(&scenario);
        let behind = (Taps::new(&scenario), Queries::new(&scenario));
        let observers = (Recorder::new(&scenario), (Digest::default(), behind));
        let then = scenario.then.iter().map(|hop| Self::new(hop.scenario.clone())).collect();
        let deliver =
            scenario.deliver.iter().map(|each| FirehoseRun::behind_stream(&scenario, &each.firehose)).collect();
        let mut session = Self {
            scenario,
            number: 0,
            engine,
            observers,
            then,
            deliver,
            trace: Trace::default(),
            known: BTreeMap::new(),
            known_transforms: Vec::new(),
            coming: Vec::new(),
            questions: Vec::new(),
            transformations: Vec::new(),
        };
        session.belong_to(0);
        session
    }

    /// A run that repeats another one from its trace. Invocations beyond the trace are asked as usual.
    pub fn replay(scenario: Scenario, trace: &Trace) -> Self {
        let mut session = Self::new(scenario);
        session.coming = trace.operations.iter().rev().copied().collect();
        session.know(trace);
        session
    }

    /// Runs until everything before `until` has happened, or until about `budget` arrivals and events have.
    pub fn pump(&mut self, until: SimTime, budget: u32) -> Pump {
        let until = until.min(self.engine.end());
        let enough = self.worked() + u64::from(budget);
        loop {
            if let Some(stop) = self.follow(enough) {
                return stop;
            }
            // The budget is for all frames together; a frame without an event costs nothing of it.
            let left = enough.saturating_sub(self.worked()) as u32;
            let frame_end = self.observers.0.frame_end();
            let next_operation = self.coming.last().map(|planned| planned.at);
            let target = [frame_end, next_operation].into_iter().flatten().fold(until, SimTime::min);
            let step = self.engine.advance(target, left, &mut self.observers);
            self.answer_known();
            match step {
                Step::Spent => return Pump::Spent,
                Step::Full => return Pump::Full,
                Step::Waiting(id) => match id.in_stream(self.number) {
                    id if self.known.contains_key(&id) => continue,
                    id => return Pump::Waiting(id),
                },
                Step::Reached => {}
            }
            if frame_end == Some(self.engine.now()) {
                self.observers.0.close_frame(&self.engine);
                self.observers.1.1.1.close_frame(&self.engine);
                let mut handed_on = self.observers.1.1.0.hand_on();
                for (session, (offers, _)) in self.then.iter_mut().zip(&mut handed_on) {
                    session.engine.give(offers);
                }
                for (run, (offers, origins)) in self.deliver.iter_mut().zip(handed_on) {
                    run.give(offers, origins);
                }
            }
            if next_operation == Some(self.engine.now())
                && let Some(planned) = self.coming.pop()
            {
                self.apply_now(planned.operation);
            }
            let reached = self.engine.now() >= until && self.coming.last().is_none_or(|next| next.at > until);
            if reached || self.finished() {
                let end = if self.finished() { Pump::Finished } else { Pump::Reached };
                return self.follow(enough).unwrap_or(end);
            }
        }
    }

    /// Moves the streams that follow to the end of the closed frames; says where one of them stopped before.
    fn follow(&mut self, enough: u64) -> Option<Pump> {
        let until = self.observers.0.frame_start();
        let streams = self.then.len();
        (0..streams + self.deliver.len()).find_map(|place| {
            let left = enough.saturating_sub(self.worked()) as u32;
            let stop = match place.checked_sub(streams) {
                Some(delivery) => self.pump_delivery(delivery, until, left),
                None => self.then[place].pump(until, left),
            };
            match stop {
                Pump::Reached | Pump::Finished => None,
                stop => Some(stop),
            }
        })
    }

    /// Arrivals and events so far, in all streams.
    fn worked(&self) -> u64 {
        let deliver = self.deliver.iter().map(FirehoseRun::worked).sum::<u64>();
        self.engine.worked() + deliver + self.then.iter().map(Self::worked).sum::<u64>()
    }

    /// This stream and all that follow, each before those that follow it.
    pub fn streams(&self) -> Vec<&Self> {
        std::iter::once(self).chain(self.then.iter().flat_map(Self::streams)).collect()
    }

    /// The streams that follow, each a run of its own: in the order of the scenario.
    pub fn then(&self) -> &[Self] {
        &self.then
    }

    /// The delivery streams that take what its pollers read, in the order of the scenario.
    pub fn deliver(&self) -> &[FirehoseRun] {
        &self.deliver
    }

    /// Stops with [`Pump::Full`] when more records wait than this, for a host with less memory.
    pub fn keep_at_most(&mut self, records: u64) {
        self.engine.keep_at_most(records);
        self.then.iter_mut().for_each(|session| session.keep_at_most(records));
        self.deliver.iter_mut().for_each(|run| run.keep_at_most(records));
    }

    /// Keeps from now on how long records wait from being offered until they are stored: what a client waits.
    pub fn watch_puts(&mut self) {
        self.observers.1.1.0.put_waits.get_or_insert_default();
    }

    /// From offered to stored, since somebody asked for it with [`watch_puts`](Self::watch_puts).
    pub fn put_waits(&self) -> Option<&Histogram> {
        self.observers.1.1.0.put_waits.as_deref()
    }

    /// Changes something at the instant that has been reached, or a microsecond later where a part of that instant
    /// has happened already: a replay could not find its middle again.
    ///
    /// # Errors
    /// When the run is over.
    pub fn apply(&mut self, operation: Operation) -> Result<(), ApplyError> {
        let at = self.engine.next_whole_instant();
        if self.finished() || at >= self.engine.end() {
            return Err(ApplyError);
        }
        if at == self.engine.now() {
            self.apply_now(operation);
        } else {
            let place = self.coming.partition_point(|planned| planned.at > at);
            self.coming.insert(place, PlannedOperation { at, operation });
        }
        Ok(())
    }

    /// Runs to the end, or until the logs are full, asking `handler` for every outcome.
    pub fn run_with(&mut self, handler: &mut impl Handler) -> Pump {
        loop {
            match self.pump(self.engine.end(), u32::MAX) {
                Pump::Spent | Pump::Reached => {}
                Pump::Waiting(_) => self.ask(handler),
                end @ (Pump::Finished | Pump::Full) => return end,
            }
        }
    }

    /// Asks `handler` about everything that waits for it.
    pub fn ask(&mut self, handler: &mut impl Handler) {
        for invocation in self.take_invocations() {
            let answer = handler.handle(&invocation);
            // What was asked before a fault took it away needs no answer any more.
            let _ = self.accept(invocation.id, answer);
        }
        for transformation in self.take_transformations() {
            let answer = handler.transform(&transformation);
            let accepted = self.accept_transform(transformation.id, answer);
            debug_assert!(accepted.is_ok(), "a question that was just asked is open");
        }
    }

    /// Runs to the end, or until the logs are full; every outcome that the scenario leaves open is a success.
    pub fn run(&mut self) -> Pump {
        self.run_with(&mut |_: &Invocation| Outcome::Succeeded)
    }

    /// Whether the end of the run has been reached.
    pub fn finished(&self) -> bool {
        self.observers.0.frame_end().is_none()
    }

    /// Whether the end has been reached by all streams that follow, too, and by the delivery streams.
    pub fn all_finished(&self) -> bool {
        let behind = self.then.iter().all(Self::all_finished) && self.deliver.iter().all(FirehoseRun::finished);
        self.finished() && behind
    }

    /// The summary of a consumer, with what came of its query where it has one.
    #[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
    fn with_query(&self, consumer: usize, mut summary: serde_json::Value) -> serde_json::Value {
        if let Some(query) = self.query_document(consumer) {
            summary["analytics"] = query;
        }
        summary
    }

    #[cfg(all(target_arch = "wasm32", not(feature = "size-module")))]
    fn with_query(&self, _: usize, summary: serde_json::Value) -> serde_json::Value {
        summary
    }

    /// What came of the query of a consumer over the closed frames, if it is an analytics application.
    #[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
    pub fn query_document(&self, consumer: usize) -> Option<serde_json::Value> {
        self.observers.1.1.1.document(consumer)
    }

    /// Keeps the first rows only of each window, for a host that shows windows from long ago.
    #[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
    pub fn keep_first_rows(&mut self, rows: usize) {
        self.observers.1.1.1.keep_first(rows);
        self.then.iter_mut().for_each(|session| session.keep_first_rows(rows));
    }

    /// Computes no queries from now on, for a host that shows no results.
    pub fn leave_queries(&mut self) {
        self.observers.1.1.1 = Queries::default();
        self.then.iter_mut().for_each(Self::leave_queries);
    }

    /// The analytics applications among the consumers, with what came of their queries over the closed frames.
    #[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
    pub fn analytics(&self) -> &[crate::metrics::analytics::Analytics] {
        self.observers.1.1.1.all()
    }

    /// The scenario of this run.
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The engine, to look at.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What was counted, with its latency histograms.
    pub const fn recorder(&self) -> &Recorder {
        &self.observers.0
    }

    /// The closed frames, as the first consumer sees them.
    pub const fn timeline(&self) -> View<'_> {
        self.seen_by(0)
    }

    /// The closed frames, as one of the consumers sees them.
    pub const fn seen_by(&self, consumer: usize) -> View<'_> {
        self.observers.0.timeline().seen_by(consumer)
    }

    /// The determinism witness: equal for equal scenarios and outcomes, on every machine, at any pace.
    pub fn digest(&self) -> Digest {
        let streams = self.then.iter().fold(self.observers.1.0, |digest, session| digest.with(session.digest()));
        self.deliver.iter().fold(streams, |digest, run| digest.with(run.digest()))
    }

    /// The account of every record at the end of the closed frames; of those that are stored, as the first consumer
    /// stands to them.
    pub fn ledger(&self) -> Ledger {
        Ledger::after(self.timeline(), self.timeline().frames())
    }

    /// Whether the account balances for every consumer, in this stream and those that follow; and whether those were
    /// offered all that was put into them.
    pub fn balances(&self) -> bool {
        let frames = self.timeline().frames();
        (0..self.timeline().consumers()).all(|consumer| Ledger::after(self.seen_by(consumer), frames).balances())
            && self.then.iter().enumerate().all(|(stream, session)| {
                // While it is being moved it has not met everything yet.
                let there = session.engine.now() >= self.observers.0.frame_start();
                session.balances() && (!there || session.ledger().offered == self.observers.1.1.0.handed_on(stream))
            })
            && (self.then.len()..).zip(&self.deliver).all(|(place, run)| {
                let (there, ledger) = (run.now() >= self.observers.0.frame_start(), run.ledger());
                ledger.balances() && (!there || ledger.offered == self.observers.1.1.0.handed_on(place))
            })
    }

    /// The bill of the closed frames.
    pub fn bill(&self) -> Bill {
        bill(&self.scenario, self.timeline(), self.timeline().frames())
    }

    /// 30 days of this stream and those that follow, in cents.
    pub fn month_total_cents(&self) -> u64 {
        let deliver = self.deliver.iter().map(|run| run.bill().month_total_cents).sum::<u64>();
        self.bill().month_total_cents + deliver + self.then.iter().map(Self::month_total_cents).sum::<u64>()
    }

    /// What would come for a consumer if it went on as in the last closed frames.
    pub fn outlook(&self, consumer: usize) -> Outlook {
        Outlook::after(&self.scenario, self.seen_by(consumer), self.timeline().frames())
    }

    /// What the closed frames show, and what the bill does once the run is over.
    pub fn findings(&self) -> Vec<Finding> {
        findings(&self.scenario, self.timeline(), self.timeline().frames())
    }

    fn apply_now(&mut self, operation: Operation) {
        self.trace.operations.push(PlannedOperation { at: self.engine.now(), operation });
        self.engine.apply(operation, &mut self.observers);
    }
}
