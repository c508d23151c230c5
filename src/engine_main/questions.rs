//! Invocations of the engine's module that wait for code: out as questions, back as answers.

use std::collections::VecDeque;
use std::fmt::Write as _;
use streamgauge::engine::firehose::{TransformAnswer, Transformation};
use streamgauge::engine::{Answer, Invocation, Outcome};
use streamgauge::scenario::{HandlerKind, Responses};
use streamgauge::session::question::{Question, Questions};
use streamgauge::session::{Comparison, response};
use streamgauge::text::quoted;
use streamgauge::units::Span;

/// The questions of a run.
#[derive(Default)]
pub struct Desk {
    questions: Questions,
    waiting: VecDeque<Waiting>,
    asked: Option<Waiting>,
}

/// An invocation whose code is to be run.
enum Waiting {
    Consumer(Invocation),
    Transform(Transformation),
}

impl Desk {
    /// Takes the invocations that have begun. What a scenario leaves to a program succeeds, since the box has none.
    /// Whether code is to be asked.
    pub fn collect(&mut self, designs: &mut Comparison) -> bool {
        for invocation in designs.take_invocations() {
            if designs.handler(invocation.id.owner()).is_some_and(HandlerKind::is_code) {
                self.waiting.push_back(Waiting::Consumer(invocation));
            } else {
                designs.accept(invocation.id, Outcome::Succeeded.into());
            }
        }
        for transformation in designs.take_transformations() {
            if designs.handler(transformation.id.owner()).is_some_and(HandlerKind::is_code) {
                self.waiting.push_back(Waiting::Transform(transformation));
            } else {
                let unchanged = TransformAnswer::unchanged(&transformation);
                designs.accept_transform(transformation.id, unchanged);
            }
        }
        !self.waiting.is_empty()
    }

    /// The next question: a line of JSON about it, then the event. None where nobody waits.
    pub fn ask(&mut self, designs: &Comparison) -> Option<Vec<u8>> {
        let waiting = self.waiting.pop_front()?;
        let (question, items, window) = match &waiting {
            Waiting::Consumer(invocation) => {
                let (stream, settings) = designs.consumer(invocation.id.owner())?;
                let items = settings.failures.responses == Responses::ItemFailures;
                (self.questions.ask(stream, settings, invocation), items, invocation.window.is_some())
            }
            Waiting::Transform(of) => {
                let (stream, firehose) = designs.firehose(of.id.owner())?;
                (self.questions.ask_transform(stream, firehose, of), false, false)
            }
        };
        let Question { event, id, context, env, now, timeout_ms, memory_mb, seed: [a, b, c, d] } = question;
        // Id, attempt, records, environment, whether that is new, start and end.
        let (of, attempt, records, environment, cold, started, ends) = match &waiting {
            Waiting::Consumer(of) => {
                (of.id, of.attempt, of.records.len(), of.environment, of.cold, of.started, of.ends)
            }
            Waiting::Transform(of) => {
                (of.id, of.attempt, of.records.len(), of.environment, of.cold, of.started, of.ends)
            }
        };
        let mut out = format!(
            r#"{{"consumer":{},"shard":{},"number":{},"attempt":{attempt},"records":{records},"environment":{environment},"cold":{cold},"started":{},"ends":{},"module":{},"transform":{},"items":{items},"window":{window},"now":{now},"timeout":{timeout_ms},"memory":{memory_mb},"seed":[{a},{b},{c},{d}],"id":"{id}""#,
            of.consumer(),
            of.shard(),
            of.number(),
            started.micros(),
            ends.micros(),
            designs.handler(of.owner()) == Some(HandlerKind::Module),
            matches!(waiting, Waiting::Transform(_)),
        );
        // Writing into a string cannot fail.
        let _ = writeln!(out, r#","context":{},"env":{}}}"#, quoted(&context), quoted(&env));
        self.asked = Some(waiting);
        let mut out = out.into_bytes();
        out.extend(event);
        Some(out)
    }

    /// Keeps the state of a window that came with the answer to the question asked last.
    pub fn keep_state(&mut self, state: Option<String>) {
        if let Some(Waiting::Consumer(invocation)) = &self.asked {
            self.questions.keep_state(invocation, state);
        }
    }

    /// Takes the answer to the question asked last; `said` lists the records that it names, a line each.
    pub fn answer(&mut self, designs: &mut Comparison, kind: u32, said: &str, took: Span, init: Span) {
        match self.asked.take() {
            Some(Waiting::Consumer(invocation)) => {
                let outcome = match kind {
                    0 => Outcome::Succeeded,
                    1 => Outcome::Failed,
                    _ => response::failed_from(said.lines(), &invocation),
                };
                designs.accept(invocation.id, Answer { outcome, took, init });
            }
            Some(Waiting::Transform(of)) => {
                let records = match kind {
                    1 => None,
                    3 => Some(response::verdicts_of_lines(said, &of)),
                    _ => Some(response::verdicts_but_failed(said.lines(), &of)),
                };
                designs.accept_transform(of.id, TransformAnswer { records, took, init });
            }
            None => {}
        }
    }
}
