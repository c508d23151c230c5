//! What a run asks of those who decide for its functions, and the answers: of its own consumers and delivery streams,
//! and of the streams that follow.

use super::{FirehoseRun, Pump, Session, Trace};
use crate::engine::firehose::{TransformAnswer, Transformation};
use crate::engine::{AcceptError, Answer, Invocation, InvocationId};
use crate::scenario::Owner;
use crate::units::SimTime;

impl Session {
    /// Its number among the streams that run: zero, unless it follows another one or stands beside other designs.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Numbers this stream and those that follow it, so that their questions tell them apart.
    pub(super) fn belong_to(&mut self, number: u32) {
        self.number = number;
        for (place, run) in (0..).zip(&mut self.deliver) {
            run.belong_to(Owner::Deliver { stream: number, place });
        }
        let mut next = number + 1;
        for session in &mut self.then {
            session.belong_to(next);
            next += session.streams().len() as u32;
        }
    }

    /// The stream with a number, if it is this one or follows it.
    fn numbered(&mut self, number: u32) -> Option<&mut Self> {
        if self.number == number {
            return Some(self);
        }
        self.then.iter_mut().find_map(|session| session.numbered(number))
    }

    /// The invocations that wait for an outcome and have not been taken yet, also those of the streams that follow.
    pub fn take_invocations(&mut self) -> Vec<Invocation> {
        let mut taken = std::mem::take(&mut self.questions);
        self.take_own(&mut taken);
        taken.extend(self.then.iter_mut().flat_map(Self::take_invocations));
        taken
    }

    fn take_own(&mut self, taken: &mut Vec<Invocation>) {
        for mut invocation in self.engine.take_invocations() {
            invocation.id = invocation.id.in_stream(self.number);
            taken.push(invocation);
        }
    }

    /// Gives the outcome of an invocation, or an answer with the time that it took.
    ///
    /// # Errors
    /// When no running invocation with this id waits for one.
    pub fn accept(&mut self, id: InvocationId, answer: impl Into<Answer>) -> Result<(), AcceptError> {
        let Owner::Consumer { stream, .. } = id.owner() else { return Err(AcceptError) };
        let session = self.numbered(stream).ok_or(AcceptError)?;
        let answer = answer.into();
        session.engine.accept(id.in_stream(0), answer)?;
        session.trace.answers.push((id, answer));
        Ok(())
    }

    /// The invocations of delivery streams' functions that wait for an answer and have not been taken yet, also those
    /// behind the streams that follow.
    pub fn take_transformations(&mut self) -> Vec<Transformation> {
        let mut taken = std::mem::take(&mut self.transformations);
        taken.extend(self.deliver.iter_mut().flat_map(FirehoseRun::take_transformations));
        taken.extend(self.then.iter_mut().flat_map(Self::take_transformations));
        taken
    }

    /// Gives the answer to an invocation of a delivery stream's function.
    ///
    /// # Errors
    /// When no invocation with this id waits for one.
    pub fn accept_transform(&mut self, id: InvocationId, answer: TransformAnswer) -> Result<(), AcceptError> {
        let Owner::Deliver { stream, place } = id.owner() else { return Err(AcceptError) };
        let session = self.numbered(stream).ok_or(AcceptError)?;
        let run = session.deliver.get_mut(place as usize).ok_or(AcceptError)?;
        run.accept(id, answer.clone())?;
        session.trace.transforms.push((id, answer));
        Ok(())
    }

    /// What came from outside so far, in this stream and in those that follow.
    pub fn trace(&self) -> Trace {
        let mut trace = self.trace.clone();
        for session in &self.then {
            let behind = session.trace();
            trace.answers.extend(behind.answers);
            trace.transforms.extend(behind.transforms);
        }
        trace
    }

    /// Takes the answers of a trace, to give them when they are asked for.
    pub(super) fn know(&mut self, trace: &Trace) {
        let own = |id: &InvocationId| id.owner().stream() == Some(self.number);
        self.known = trace.answers.iter().filter(|(id, _)| own(id)).copied().collect();
        self.known_transforms = trace.transforms.iter().rev().filter(|(id, _)| own(id)).cloned().collect();
        self.then.iter_mut().for_each(|session| session.know(trace));
    }

    /// Answers from the trace that is replayed; everything else stays a question.
    pub(super) fn answer_known(&mut self) {
        if self.known.is_empty() {
            return;
        }
        let mut taken = Vec::new();
        self.take_own(&mut taken);
        for invocation in taken {
            match self.known.get(&invocation.id).copied() {
                // What was asked before a fault took it away needs no answer any more.
                Some(answer) => drop(self.accept(invocation.id, answer)),
                None => self.questions.push(invocation),
            }
        }
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
