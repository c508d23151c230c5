//! All designs in step: each is moved on by the same stretch of simulated time, so that they can be watched together.

use super::{Comparison, Run};
use crate::engine::firehose::{TransformAnswer, Transformation};
use crate::engine::{AcceptError, Answer, Invocation, InvocationId};
use crate::scenario::{Consumer, Firehose, HandlerKind, Owner, Scenario};
use crate::session::{FirehoseRun, Pump, Session};
use crate::units::{SimTime, Span};

/// No design is further ahead of another than so many frames.
const FRAMES_AHEAD: u64 = 4;

impl Run {
    /// The instant that has been reached.
    fn now(&self) -> SimTime {
        match self {
            Self::Stream(session) => session.engine().now(),
            Self::Direct(run) => run.engine().now(),
            Self::Firehose(run) => run.engine().now(),
        }
    }

    /// The instant at which the run ends.
    fn end(&self) -> SimTime {
        match self {
            Self::Stream(session) => session.engine().end(),
            Self::Direct(run) => run.engine().end(),
            Self::Firehose(run) => run.engine().end(),
        }
    }

    /// Width of a frame.
    fn width(&self) -> Span {
        match self {
            Self::Stream(session) => session.timeline().width(),
            Self::Direct(run) => run.recorder().width(),
            Self::Firehose(run) => run.recorder().width(),
        }
    }

    /// Whether it has come to its end.
    pub fn finished(&self) -> bool {
        match self {
            Self::Stream(session) => session.all_finished(),
            Self::Direct(run) => run.finished(),
            Self::Firehose(run) => run.finished(),
        }
    }

    /// How many parts with frames of their own it has: a stream, those that follow it, and the delivery streams behind
    /// them; or one.
    pub fn parts(&self) -> usize {
        match self {
            Self::Stream(session) => session.streams().iter().map(|stream| 1 + stream.deliver().len()).sum(),
            Self::Direct(_) | Self::Firehose(_) => 1,
        }
    }

    /// Closed frames of a part from `from` on, as many as have about so many bytes: how many they are, and the block in
    /// which they leave the box. Nothing where there are none.
    pub fn block(&self, part: usize, from: usize, bytes: usize) -> Option<(usize, Vec<f64>)> {
        match self {
            Self::Stream(session) => {
                let streams = session.streams();
                let Some(stream) = streams.get(part) else {
                    let mut part = part - streams.len();
                    for stream in streams {
                        if let Some(run) = stream.deliver().get(part) {
                            return delivered(run, from, bytes);
                        }
                        part -= stream.deliver().len();
                    }
                    return None;
                };
                let timeline = stream.timeline();
                let to = timeline.frames().min(from + timeline.frames_in(bytes));
                (to > from).then(|| (to - from, timeline.encode(from, to)))
            }
            Self::Direct(run) => {
                let recorder = run.recorder();
                let to = recorder.frames().len().min(from + recorder.frames_in(bytes));
                (to > from).then(|| (to - from, recorder.encode(from, to)))
            }
            Self::Firehose(run) => delivered(run, from, bytes),
        }
    }
}

/// Such a block of a delivery stream.
fn delivered(run: &FirehoseRun, from: usize, bytes: usize) -> Option<(usize, Vec<f64>)> {
    let recorder = run.recorder();
    let to = recorder.frames().len().min(from + recorder.frames_in(bytes));
    (to > from).then(|| (to - from, recorder.encode(from, to)))
}

impl Comparison {
    /// A scenario with its own design alone, as every run of it is.
    pub fn alone(scenario: Scenario) -> Self {
        Self { titles: Vec::new(), runs: vec![Run::Stream(Box::new(Session::new(scenario)))] }
    }

    /// Moves all designs on by about so many arrivals and events each, and never one of them far ahead of the others.
    pub fn pump(&mut self, budget: u32) -> Pump {
        let under_way = self.runs.iter().filter(|run| !run.finished());
        let Some(last) = under_way.map(|run| run.now()).min() else { return Pump::Finished };
        let ahead = self.runs.iter().map(|run| run.width().micros() * FRAMES_AHEAD).max().unwrap_or(0);
        let alone = self.runs.len() == 1;
        for run in self.runs.iter_mut().filter(|run| !run.finished()) {
            let until = if alone { run.end() } else { last + Span::from_micros(ahead) };
            match run.pump(until, budget) {
                Pump::Spent | Pump::Reached | Pump::Finished => {}
                stop @ (Pump::Waiting(_) | Pump::Full) => return stop,
            }
        }
        if self.runs.iter().all(Run::finished) { Pump::Finished } else { Pump::Spent }
    }

    /// The invocations of consumers that wait for an outcome and have not been taken yet.
    pub fn take_invocations(&mut self) -> Vec<Invocation> {
        let taken = self.runs.iter_mut().map(|run| match run {
            Run::Stream(session) => session.take_invocations(),
            Run::Direct(_) | Run::Firehose(_) => Vec::new(),
        });
        taken.flatten().collect()
    }

    /// The invocations of delivery streams' functions that wait for an answer and have not been taken yet.
    pub fn take_transformations(&mut self) -> Vec<Transformation> {
        let taken = self.runs.iter_mut().map(|run| match run {
            Run::Stream(session) => session.take_transformations(),
            Run::Firehose(run) => run.take_transformations(),
            Run::Direct(_) => Vec::new(),
        });
        taken.flatten().collect()
    }

    /// Gives the outcome of an invocation. What was asked before a fault took it away needs none any more.
    pub fn accept(&mut self, id: InvocationId, answer: Answer) {
        if let Some(session) = self.session_of(id.owner()) {
            let _ = session.accept(id, answer);
        }
    }

    /// Gives the answer to an invocation of a delivery stream's function.
    pub fn accept_transform(&mut self, id: InvocationId, answer: TransformAnswer) {
        let accepted = match id.owner() {
            owner @ (Owner::Consumer { .. } | Owner::Deliver { .. }) => {
                self.session_of(owner).map_or(Err(AcceptError), |session| session.accept_transform(id, answer))
            }
            Owner::Design(place) => match self.runs.get_mut(place as usize + 1) {
                Some(Run::Firehose(run)) => run.accept(id, answer),
                _ => Err(AcceptError),
            },
        };
        debug_assert!(accepted.is_ok(), "a question that was just asked is open");
    }

    /// The scenario of the own design.
    fn scenario(&self) -> Option<&Scenario> {
        match self.runs.first()? {
            Run::Stream(session) => Some(session.scenario()),
            Run::Direct(_) | Run::Firehose(_) => None,
        }
    }

    /// The scenario of a stream, by its number.
    fn stream(&self, number: u32) -> Option<&Scenario> {
        let sessions = self.runs.iter().filter_map(|run| match run {
            Run::Stream(session) => Some(session.streams()),
            Run::Direct(_) | Run::Firehose(_) => None,
        });
        sessions.flatten().find(|session| session.number() == number).map(Session::scenario)
    }

    /// The consumer with this owner, and the scenario of its stream.
    pub fn consumer(&self, owner: Owner) -> Option<(&Scenario, &Consumer)> {
        let Owner::Consumer { stream, place } = owner else { return None };
        let stream = self.stream(stream)?;
        Some((stream, stream.consumers.get(place as usize)?))
    }

    /// The delivery stream with this owner, and the scenario whose records it gets.
    pub fn firehose(&self, owner: Owner) -> Option<(&Scenario, &Firehose)> {
        match owner {
            Owner::Consumer { .. } => None,
            Owner::Deliver { stream, place } => {
                let stream = self.stream(stream)?;
                Some((stream, &stream.deliver.get(place as usize)?.firehose))
            }
            Owner::Design(place) => match self.runs.get(place as usize + 1)? {
                Run::Firehose(run) => Some((self.scenario()?, run.firehose())),
                Run::Stream(_) | Run::Direct(_) => None,
            },
        }
    }

    /// Who decides what a function does.
    pub fn handler(&self, owner: Owner) -> Option<HandlerKind> {
        let consumer = self.consumer(owner).map(|(_, consumer)| consumer.handler);
        consumer.or_else(|| Some(self.firehose(owner)?.1.handling.kind))
    }

    /// The run of a stream design whose question it is: what follows the stream of an earlier one has higher numbers
    /// than that, and lower ones than the next.
    fn session_of(&mut self, owner: Owner) -> Option<&mut Session> {
        let number = owner.stream()?;
        let sessions = self.runs.iter_mut().rev().filter_map(|run| match run {
            Run::Stream(session) => Some(&mut **session),
            Run::Direct(_) | Run::Firehose(_) => None,
        });
        sessions.into_iter().find(|session| session.number() <= number)
    }

    /// What the box says when all runs are over: the essence of the first, and of several the digests and the numbers
    /// of each.
    pub fn essence_text(&self) -> String {
        let Some(Run::Stream(own)) = self.runs.first() else { return String::new() };
        let mut text = own.essence_text();
        if self.runs.len() > 1 {
            text.pop();
            let mut before = ",\"designs\":[";
            for run in &self.runs {
                let digest = run.digest();
                text.push_str(&format!(
                    "{before}{{\"digest\":\"{:016x}\",\"traffic\":\"{:016x}\",\"tally\":",
                    digest.get(),
                    digest.traffic()
                ));
                run.tally().write(&mut text);
                text.push('}');
                before = ",";
            }
            text.push_str("]}");
        }
        text
    }
}
