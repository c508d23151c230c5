//! Invocations of the engine's module that wait for a consumer's code: out as questions, back as answers.

use std::collections::VecDeque;
use std::fmt::Write as _;
use streamgauge::engine::{Answer, Invocation, Outcome};
use streamgauge::scenario::{HandlerKind, Responses, Scenario};
use streamgauge::session::question::{Question, Questions};
use streamgauge::session::{Session, response};
use streamgauge::text::quoted;
use streamgauge::units::Span;

/// The questions of a run.
pub struct Desk {
    questions: Questions,
    waiting: VecDeque<Invocation>,
    asked: Option<Invocation>,
}

impl Desk {
    pub fn new(scenario: &Scenario) -> Self {
        Self { questions: Questions::new(scenario), waiting: VecDeque::new(), asked: None }
    }

    /// Takes the invocations that have begun. What a scenario leaves to a program succeeds, since the box has none.
    /// Whether code is to be asked.
    pub fn collect(&mut self, session: &mut Session) -> bool {
        for invocation in session.take_invocations() {
            let consumer = &session.scenario().consumers[invocation.id.consumer() as usize];
            if consumer.handler.is_code() {
                self.waiting.push_back(invocation);
            } else {
                let accepted = session.accept(invocation.id, Outcome::Succeeded);
                debug_assert!(accepted.is_ok(), "a question that was just asked is open");
            }
        }
        !self.waiting.is_empty()
    }

    /// The next question: a line of JSON about it, then the event. None where nobody waits.
    pub fn ask(&mut self, scenario: &Scenario) -> Option<Vec<u8>> {
        let invocation = self.waiting.pop_front()?;
        let Question { event, id, context, env, now, timeout_ms, memory_mb, seed: [a, b, c, d] } =
            self.questions.ask(scenario, &invocation);
        let consumer = invocation.id.consumer();
        let of = &scenario.consumers[consumer as usize];
        let items = of.failures.responses == Responses::ItemFailures;
        let mut out = format!(
            r#"{{"consumer":{consumer},"shard":{},"number":{},"attempt":{},"records":{},"environment":{},"cold":{},"started":{},"ends":{},"module":{},"items":{items},"window":{},"now":{now},"timeout":{timeout_ms},"memory":{memory_mb},"seed":[{a},{b},{c},{d}],"id":"{id}""#,
            invocation.id.shard(),
            invocation.id.number(),
            invocation.attempt,
            invocation.records.len(),
            invocation.environment,
            invocation.cold,
            invocation.started.micros(),
            invocation.ends.micros(),
            of.handler == HandlerKind::Module,
            invocation.window.is_some(),
        );
        // Writing into a string cannot fail.
        let _ = writeln!(out, r#","context":{},"env":{}}}"#, quoted(&context), quoted(&env));
        self.asked = Some(invocation);
        let mut out = out.into_bytes();
        out.extend(event);
        Some(out)
    }

    /// Keeps the state of a window that came with the answer to the question asked last.
    pub fn keep_state(&mut self, state: Option<String>) {
        if let Some(invocation) = &self.asked {
            self.questions.keep_state(invocation, state);
        }
    }

    /// Takes the answer to the question asked last; `failed` lists the sequence numbers that it names, a line each.
    pub fn answer(&mut self, session: &mut Session, kind: u32, failed: &str, took: Span, init: Span) {
        let Some(invocation) = self.asked.take() else { return };
        let outcome = match kind {
            0 => Outcome::Succeeded,
            1 => Outcome::Failed,
            _ => response::failed_from(failed.lines(), &invocation),
        };
        // What was asked before a fault took it away needs no answer any more.
        let _ = session.accept(invocation.id, Answer { outcome, took, init });
    }
}
