//! A run of a direct design in one object: engine, recorder and digest.

use super::{Pump, summary};
use crate::cost::{Bill, direct_bill};
use crate::engine::direct::{Cause, DirectEngine};
use crate::engine::{Digest, Step};
use crate::metrics::Finding;
use crate::metrics::direct::{COLUMNS, Column, DirectFrame, DirectLedger, DirectRecorder};
use crate::metrics::direct_findings::direct_findings;
use crate::metrics::timeline::MetricKind;
use crate::scenario::{Direct, Scenario};
use crate::units::SimTime;
use serde_json::{Map, Value, json};

/// A run of a direct design on the traffic of a scenario.
#[derive(Clone, Debug)]
pub struct DirectRun {
    scenario: Scenario,
    direct: Direct,
    engine: DirectEngine,
    observers: (DirectRecorder, Digest),
}

impl DirectRun {
    /// A run at its start.
    pub fn new(scenario: &Scenario, direct: &Direct) -> Self {
        Self {
            scenario: scenario.clone(),
            direct: *direct,
            engine: DirectEngine::new(scenario, direct),
            observers: (DirectRecorder::new(scenario), Digest::default()),
        }
    }

    /// Runs until everything before `until` has happened, or until about `budget` events have.
    pub fn pump(&mut self, until: SimTime, budget: u32) -> Pump {
        let until = until.min(self.engine.end());
        let enough = self.engine.worked() + u64::from(budget);
        while let Some(frame_end) = self.observers.0.frame_end() {
            let left = enough.saturating_sub(self.engine.worked()) as u32;
            match self.engine.advance(frame_end.min(until), left, &mut self.observers) {
                Step::Spent => return Pump::Spent,
                Step::Full => return Pump::Full,
                Step::Waiting(_) | Step::Reached => {}
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

    /// Runs to the end, or until more attempts are under way than are kept.
    pub fn run(&mut self) -> Pump {
        loop {
            match self.pump(self.engine.end(), u32::MAX) {
                Pump::Spent | Pump::Reached => {}
                end => return end,
            }
        }
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
    pub const fn direct(&self) -> &Direct {
        &self.direct
    }

    /// The engine, to look at.
    pub const fn engine(&self) -> &DirectEngine {
        &self.engine
    }

    /// What was counted.
    pub const fn recorder(&self) -> &DirectRecorder {
        &self.observers.0
    }

    /// The closed frames.
    pub fn frames(&self) -> &[DirectFrame] {
        self.observers.0.frames()
    }

    /// The account of every request at the end of the closed frames.
    pub fn ledger(&self) -> DirectLedger {
        self.observers.0.ledger()
    }

    /// The determinism witness. Its digest of the traffic is that of every other design on the same arrivals.
    pub const fn digest(&self) -> Digest {
        self.observers.1
    }

    /// The bill of the closed frames.
    pub fn bill(&self) -> Bill {
        direct_bill(&self.scenario, &self.direct, self.observers.0.width(), self.frames())
    }
}

impl DirectRun {
    /// What the closed frames show.
    pub fn findings(&self) -> Vec<Finding> {
        direct_findings(&self.direct, self.observers.0.width(), self.frames())
    }

    /// The result so far as one JSON object, in the manner of [`Session::summary`](super::Session::summary).
    pub fn summary(&self) -> Value {
        let (ledger, recorder) = (self.ledger(), self.recorder());
        let by_cause = |counts: &[u64; Cause::COUNT]| {
            let causes = Cause::ALL.iter().zip(counts).filter(|(_, count)| **count > 0);
            causes.map(|(cause, count)| (cause.name().to_owned(), json!(count))).collect::<Map<_, _>>()
        };
        let mut attempts_failed = [0; Cause::COUNT];
        for frame in self.frames() {
            attempts_failed.iter_mut().zip(frame.attempts_failed).for_each(|(all, more)| *all += more);
        }
        let metric = |(name, unit, kind, of): &Column| {
            let values = || self.frames().iter().map(of).filter(|value| !value.is_nan());
            let highest = values().fold(0.0, f64::max);
            let value = match kind {
                MetricKind::Count => json!({"unit": unit, "sum": values().sum::<f64>()}),
                MetricKind::Gauge => json!({"unit": unit, "last": values().next_back(), "max": highest}),
                MetricKind::Statistic => json!({"unit": unit, "max": highest}),
            };
            ((*name).to_owned(), value)
        };
        json!({
            "digest": format!("{:016x}", self.digest().get()),
            "traffic_digest": format!("{:016x}", self.digest().traffic()),
            "ledger": {
                "offered": ledger.offered,
                "answered": ledger.answered,
                "failed": by_cause(&ledger.failed),
                "failures": ledger.failures(),
                "in_flight": ledger.in_flight,
                "attempts": ledger.attempts,
                "retries": ledger.retries,
                "attempts_failed": by_cause(&attempts_failed),
                "background": {
                    "handed_over": ledger.handed_over, "done": ledger.done, "dropped": ledger.dropped,
                    "pending": ledger.pending,
                },
                "balances": ledger.balances(),
            },
            "latency": {
                "answered": summary::latency(recorder.answered()),
                "failed": summary::latency(recorder.failed()),
                "background": summary::latency(recorder.late()),
            },
            "metrics": COLUMNS.iter().map(metric).collect::<Map<_, _>>(),
            "bill": summary::bill(&self.bill()),
            "findings": self.findings().iter().map(summary::finding).collect::<Vec<_>>(),
        })
    }
}
