//! The functions of the delivery streams behind a stream: their questions, and the answers.

use super::{FirehoseRun, Pump, Session};
use crate::engine::firehose::{TransformAnswer, Transformation};
use crate::engine::{AcceptError, InvocationId};
use crate::scenario::{Owner, Scenario};
use crate::units::SimTime;

/// The delivery streams of a scenario at their start.
pub(super) fn runs(scenario: &Scenario) -> Vec<FirehoseRun> {
    let run = |(place, deliver): (u32, &crate::scenario::Deliver)| {
        let mut run = FirehoseRun::behind_stream(scenario, &deliver.firehose);
        run.belong_to(Owner::Deliver(place));
        run
    };
    (0..).zip(&scenario.deliver).map(run).collect()
}

impl Session {
    /// The invocations of delivery streams' functions that wait for an answer and have not been taken yet.
    pub fn take_transformations(&mut self) -> Vec<Transformation> {
        self.transformations.extend(self.deliver.iter_mut().flat_map(FirehoseRun::take_transformations));
        std::mem::take(&mut self.transformations)
    }

    /// Gives the answer to an invocation of a delivery stream's function.
    ///
    /// # Errors
    /// When no invocation with this id waits for one.
    pub fn accept_transform(&mut self, id: InvocationId, answer: TransformAnswer) -> Result<(), AcceptError> {
        let Owner::Deliver(place) = id.owner() else { return Err(AcceptError) };
        let run = self.deliver.get_mut(place as usize).ok_or(AcceptError)?;
        run.accept(id, answer.clone())?;
        self.trace.transforms.push((id, answer));
        Ok(())
    }

    /// Moves a delivery stream; what the trace that is replayed knows is answered on the way.
    pub(super) fn pump_delivery(&mut self, place: usize, until: SimTime, budget: u32) -> Pump {
        loop {
            let stop = self.deliver[place].pump(until, budget);
            let Pump::Waiting(id) = stop else { return stop };
            // They were accepted in about the order in which they are asked.
            let known = |known: &[(InvocationId, TransformAnswer)], id| known.iter().rposition(|(of, _)| *of == id);
            if known(&self.known_transforms, id).is_none() {
                return stop;
            }
            for transformation in self.deliver[place].take_transformations() {
                match known(&self.known_transforms, transformation.id) {
                    Some(known) => {
                        let (_, answer) = self.known_transforms.remove(known);
                        let accepted = self.accept_transform(transformation.id, answer);
                        debug_assert!(accepted.is_ok(), "a question that was just asked is open");
                    }
                    None => self.transformations.push(transformation),
                }
            }
        }
    }
}
