//! A run of a delivery stream in one object: engine, recorder and digest.

use super::{Handler, Pump, summary};
use crate::cost::{Bill, firehose_bill};
use crate::engine::firehose::{FirehoseEngine, Origin, PutLoss, PutQuota, SetAside, TransformAnswer, Transformation};
use crate::engine::{AcceptError, Digest, Invocation, InvocationId, Offer, Outcome, Step};
use crate::metrics::Finding;
use crate::metrics::firehose::{FIREHOSE_COLUMNS, FirehoseColumn, FirehoseFrame, FirehoseLedger, FirehoseRecorder};
use crate::metrics::firehose_findings::firehose_findings;
use crate::metrics::timeline::MetricKind;
use crate::scenario::{Firehose, Owner, Scenario};
use crate::units::SimTime;
use serde_json::{Map, Value, json};

/// A run of a delivery stream on the traffic of a scenario, or on what the reader of a data stream has read.
#[derive(Clone, Debug)]
pub struct FirehoseRun {
    scenario: Scenario,
    firehose: Firehose,
    engine: FirehoseEngine,
    observers: (FirehoseRecorder, Digest),
}

impl FirehoseRun {
    /// A run at its start; a producer puts the traffic of the scenario.
    pub fn new(scenario: &Scenario, firehose: &Firehose) -> Self {
        Self::with(scenario, firehose, FirehoseEngine::new(scenario, firehose))
    }

    /// A run at its start whose source is the stream of a scenario; what its reader has read is given to it.
    pub(super) fn behind_stream(scenario: &Scenario, firehose: &Firehose) -> Self {
        let mut quiet = scenario.clone();
        quiet.traffic.parts.clear();
        let engine = FirehoseEngine::behind_stream(&quiet, firehose, scenario.stream.retention);
        Self::with(scenario, firehose, engine)
    }

    fn with(scenario: &Scenario, firehose: &Firehose, engine: FirehoseEngine) -> Self {
        let observers = (FirehoseRecorder::new(scenario), Digest::default());
        Self { scenario: scenario.clone(), firehose: firehose.clone(), engine, observers }
    }

    /// Takes what the reader of its source has read, in order of time.
    pub(super) fn give(&mut self, offers: Vec<Offer>, origins: Vec<Origin>) {
        self.engine.give(offers, origins);
    }

    /// Says whose function it is that transforms the records: its invocations have that owner.
    pub(super) const fn belong_to(&mut self, owner: Owner) {
        self.engine.belong_to(owner);
    }

    /// The invocations of the function that wait for an answer and have not been taken yet.
    pub fn take_transformations(&mut self) -> Vec<Transformation> {
        self.engine.take_transformations()
    }

    /// Gives the answer to an invocation of the function.
    ///
    /// # Errors
    /// When no invocation with this id waits for one.
    pub fn accept(&mut self, id: InvocationId, answer: TransformAnswer) -> Result<(), AcceptError> {
        self.engine.accept(id, answer)
    }

    /// Runs until everything before `until` has happened, or until about `budget` arrivals and events have.
    pub fn pump(&mut self, until: SimTime, budget: u32) -> Pump {
        let until = until.min(self.engine.end());
        let enough = self.engine.worked() + u64::from(budget);
        while let Some(frame_end) = self.observers.0.frame_end() {
            let left = enough.saturating_sub(self.engine.worked()) as u32;
            match self.engine.advance(frame_end.min(until), left, &mut self.observers) {
                Step::Spent => return Pump::Spent,
                Step::Full => return Pump::Full,
                Step::Waiting(id) => return Pump::Waiting(id),
                Step::Reached => {}
            }
            if self.engine.now() == frame_end {
                self.observers.0.close_frame(self.engine.state());
            } else if self.engine.now() >= until {
                return Pump::Reached;
            }
            if self.engine.now() >= until && !self.finished() {
                return Pump::Reached;
            }
        }
        Pump::Finished
    }

    /// Runs to the end, or until more is under way than is kept, asking `handler` what the function does.
    pub fn run_with(&mut self, handler: &mut impl Handler) -> Pump {
        loop {
            match self.pump(self.engine.end(), u32::MAX) {
                Pump::Spent | Pump::Reached => {}
                Pump::Waiting(_) => {
                    for question in self.take_transformations() {
                        let answer = handler.transform(&question);
                        let accepted = self.accept(question.id, answer);
                        debug_assert!(accepted.is_ok(), "a question that was just asked is open");
                    }
                }
                end @ (Pump::Finished | Pump::Full) => return end,
            }
        }
    }

    /// Runs to the end, or until more is under way than is kept. Where the scenario leaves it open what the function
    /// does, every record goes on as it is.
    pub fn run(&mut self) -> Pump {
        self.run_with(&mut |_: &Invocation| Outcome::Succeeded)
    }

    /// Whether the end of the run has been reached.
    pub fn finished(&self) -> bool {
        self.observers.0.frame_end().is_none()
    }

    /// The scenario whose traffic it gets.
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The design.
    pub const fn firehose(&self) -> &Firehose {
        &self.firehose
    }

    /// The engine, to look at.
    pub const fn engine(&self) -> &FirehoseEngine {
        &self.engine
    }

    /// Stops with [`Pump::Full`] when more pieces than this are kept, for a host with less memory.
    pub fn keep_at_most(&mut self, pieces: u64) {
        self.engine.keep_at_most(pieces);
    }

    /// What was counted.
    pub const fn recorder(&self) -> &FirehoseRecorder {
        &self.observers.0
    }

    /// The closed frames.
    pub fn frames(&self) -> &[FirehoseFrame] {
        self.observers.0.frames()
    }

    /// The account of every record at the end of the closed frames.
    pub fn ledger(&self) -> FirehoseLedger {
        self.observers.0.ledger()
    }

    /// The determinism witness. Its digest of the traffic is that of every other design on the same arrivals.
    pub const fn digest(&self) -> Digest {
        self.observers.1
    }

    /// The bill of the closed frames.
    pub fn bill(&self) -> Bill {
        firehose_bill(&self.scenario, &self.firehose, self.observers.0.width(), self.frames())
    }

    /// What the closed frames show.
    pub fn findings(&self) -> Vec<Finding> {
        firehose_findings(&self.firehose, self.observers.0.width(), self.frames())
    }

    /// Objects in the bucket, their bytes on the average, and objects under its error prefix.
    pub fn objects(&self) -> (u64, f64, u64) {
        let sum = |of: &dyn Fn(&FirehoseFrame) -> u64| self.frames().iter().map(of).sum::<u64>();
        let (objects, bytes) = (sum(&|frame| frame.objects.0), sum(&|frame| frame.objects.1));
        (objects, bytes as f64 / objects.max(1) as f64, sum(&|frame| frame.backups))
    }

    /// The result so far as one JSON object, in the manner of [`Session::summary`](super::Session::summary).
    pub fn summary(&self) -> Value {
        let (ledger, recorder) = (self.ledger(), self.recorder());
        let named = |names: &[&'static str], counts: &[u64]| {
            let causes = names.iter().zip(counts).filter(|(_, count)| **count > 0);
            causes.map(|(name, count)| ((*name).to_owned(), json!(count))).collect::<Map<_, _>>()
        };
        let metric = |(name, unit, kind, of): &FirehoseColumn| {
            let values = || self.frames().iter().map(of).filter(|value| !value.is_nan());
            let highest = values().fold(0.0, f64::max);
            let value = match kind {
                MetricKind::Count => json!({"unit": unit, "sum": values().sum::<f64>()}),
                MetricKind::Gauge => json!({"unit": unit, "last": values().next_back(), "max": highest}),
                MetricKind::Statistic => json!({"unit": unit, "max": highest}),
            };
            ((*name).to_owned(), value)
        };
        let mut throttled = [0; PutQuota::COUNT];
        for frame in self.frames() {
            throttled.iter_mut().zip(frame.throttled).for_each(|(all, more)| *all += more);
        }
        let (objects, mean_bytes, backups) = self.objects();
        json!({
            "digest": format!("{:016x}", self.digest().get()),
            "traffic_digest": format!("{:016x}", self.digest().traffic()),
            "ledger": {
                "offered": ledger.offered,
                "at_producer": ledger.at_producer,
                "lost_at_producer": named(&PutLoss::ALL.map(PutLoss::name), &ledger.lost_put),
                "accepted": ledger.accepted,
                "in_transform": ledger.in_transform,
                "dropped": ledger.dropped,
                "buffered": ledger.buffered,
                "in_delivery": ledger.in_delivery,
                "delivered": ledger.delivered,
                "set_aside": named(&SetAside::ALL.map(SetAside::name), &ledger.set_aside),
                "lost": ledger.lost,
                "balances": ledger.balances(),
            },
            "throttled": named(&PutQuota::ALL.map(PutQuota::name), &throttled),
            "objects": { "count": objects, "mean_bytes": mean_bytes, "backups": backups },
            "latency": {
                "offered_to_accepted": summary::latency(recorder.waits()),
                "offered_to_delivered": summary::latency(recorder.late()),
            },
            "metrics": FIREHOSE_COLUMNS.iter().map(metric).collect::<Map<_, _>>(),
            "bill": summary::bill(&self.bill()),
            "findings": self.findings().iter().map(summary::finding).collect::<Vec<_>>(),
        })
    }

    /// Arrivals and events so far.
    pub(super) const fn worked(&self) -> u64 {
        self.engine.worked()
    }

    /// How far it is at least: no frame before this is open.
    pub(super) const fn now(&self) -> SimTime {
        self.engine.now()
    }
}
