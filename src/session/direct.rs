//! A run of a direct design in one object: engine, recorder and digest.

use super::Pump;
use crate::cost::{Bill, direct_bill};
use crate::engine::direct::DirectEngine;
use crate::engine::{Digest, Step};
use crate::metrics::direct::{DirectFrame, DirectLedger, DirectRecorder};
use crate::scenario::{Direct, Scenario};
use crate::units::SimTime;

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
