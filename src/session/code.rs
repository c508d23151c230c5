//! A scenario's own code on this machine: every batch goes through it as Lambda would hand it over, and what it answers
//! decides what becomes of the batch. The page's box has the same in `www/handlers/code.js`, step by step; a test compares
//! them.

use super::question::{Question, Questions};
use super::{Handler, response};
use crate::engine::firehose::{TransformAnswer, Transformation};
use crate::engine::{Answer, Invocation, InvocationId, Outcome};
use crate::handlers::{
    self, Environment, HandlerEngine, Limits, LogLine, ModuleEngine, ModuleEnvironment, ModuleRequest, Request,
    Settings, Status,
};
use crate::scenario::{HandlerKind, Handling, Owner, Responses, Scenario};
use crate::units::{SimTime, Span};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Lines of the log that are kept of a function's code, the first ones.
const LINES_MAX: usize = 100;

/// The code of a scenario's functions, with its environments.
#[derive(Debug)]
pub struct Code {
    scenario: Scenario,
    questions: Questions,
    of: BTreeMap<u32, Loaded>,
    environments: BTreeMap<(u32, u32), Place>,
    /// Environments with this number or a higher one keep nothing from one invocation to the next.
    kept: u32,
}

/// What a function's code is made of, and what came of it so far.
#[derive(Debug)]
struct Loaded {
    handling: Handling,
    engine: Engine,
    report: Report,
}

#[derive(Debug)]
enum Engine {
    JavaScript(HandlerEngine),
    Module(ModuleEngine),
}

#[derive(Debug)]
enum Place {
    JavaScript(Box<Environment>),
    Module(Box<ModuleEnvironment>),
}

/// What came of one function's code in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How often it was invoked.
    pub invocations: u64,
    /// How often it ended in which way, by [`Status`] as a number.
    pub ended: [u64; 6],
    /// Fuel of all invocations, without that of loading.
    pub fuel: u64,
    /// Its longest own time, in nanoseconds.
    pub longest_ns: u64,
    /// The first lines of its log.
    pub lines: Vec<(SimTime, LogLine)>,
    /// How many lines there were more.
    pub lines_more: u64,
    /// A witness of everything it answered and logged, in order.
    pub witness: Witness,
}

/// Two FNV-1a sums of 32 bits over the same bytes, from different beginnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness([u32; 2]);

impl Default for Witness {
    fn default() -> Self {
        Self([0x811c_9dc5, 0x1234_5678])
    }
}

impl Witness {
    fn take(&mut self, bytes: &[u8]) {
        for sum in &mut self.0 {
            *sum = bytes.iter().fold(*sum, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
        }
    }
}

impl std::fmt::Display for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:08x}{:08x}", self.0[0], self.0[1])
    }
}

impl Report {
    fn take(&mut self, at: SimTime, outcome: &handlers::Outcome) {
        self.invocations += 1;
        self.ended[outcome.status as usize] += 1;
        self.fuel += outcome.fuel;
        self.longest_ns = self.longest_ns.max(outcome.duration);
        self.witness.take(&[outcome.status as u8]);
        self.witness.take(outcome.reply.as_bytes());
        for line in outcome.init.iter().flat_map(|init| &init.logs).chain(&outcome.logs) {
            self.witness.take(line.level.as_bytes());
            self.witness.take(line.text.as_bytes());
            if self.lines.len() < LINES_MAX {
                self.lines.push((at, line.clone()));
            } else {
                self.lines_more += 1;
            }
        }
        self.lines_more += outcome.dropped;
    }
}

impl Code {
    /// Prepares the code of every function that has some. `javascript` gives the engine for JavaScript, and is called
    /// where there is any.
    ///
    /// # Errors
    /// In a sentence: a module that cannot be run, or no engine.
    pub fn new(scenario: &Scenario, javascript: impl Fn() -> Result<HandlerEngine, String>) -> Result<Self, String> {
        let mut of = BTreeMap::new();
        let mut engine = None;
        for (owner, handling) in Owner::all(scenario) {
            let made = match handling.kind {
                HandlerKind::Model | HandlerKind::Host => continue,
                HandlerKind::JavaScript => {
                    let known = match engine.take() {
                        Some(known) => known,
                        None => javascript()?,
                    };
                    Engine::JavaScript(engine.insert(known).clone())
                }
                HandlerKind::Module => {
                    let bytes = handlers::event::decoded(&handling.module).unwrap_or_default();
                    let refused = |sentence| format!("The module of {} is refused. {sentence}", owner.title(scenario));
                    Engine::Module(ModuleEngine::new(&bytes).map_err(refused)?)
                }
            };
            of.insert(owner.number(), Loaded { handling, engine: made, report: Report::default() });
        }
        let kept = Limits::standard().environments_kept / (of.len() as u32).max(1);
        Ok(Self {
            scenario: scenario.clone(),
            questions: Questions::default(),
            of,
            environments: BTreeMap::new(),
            kept,
        })
    }

    /// Whether any function has code.
    pub fn is_some(scenario: &Scenario) -> bool {
        Owner::all(scenario).any(|(_, handling)| handling.kind.is_code())
    }

    /// What came of the code of each function that has some.
    pub fn reports(&self) -> impl Iterator<Item = (Owner, &Report)> {
        self.of.iter().map(|(owner, loaded)| (Owner::of_number(*owner), &loaded.report))
    }

    /// One invocation of the code.
    fn invoke(&mut self, of: &Invoked, question: &Question) -> Ended {
        let key = (of.id.consumer(), of.environment);
        let loaded = self.of.get_mut(&of.id.consumer()).expect("only these functions ask");
        let known = self.environments.remove(&key).filter(|_| !of.cold);
        let Question { event, id, context, env, timeout_ms, memory_mb, seed, .. } = question;
        let (now, timeout_ms) = (question.now * 1_000, *timeout_ms);
        let (outcome, init, place) = match &loaded.engine {
            Engine::JavaScript(engine) => {
                let (mut place, mut init) = match known {
                    Some(Place::JavaScript(place)) => (place, 0),
                    _ => {
                        let code = loaded.handling.code.to_string();
                        let settings = Settings { code, memory_mb: *memory_mb, env: env.clone(), node: 22 };
                        let place = Box::new(Environment::new(engine, settings, now, *seed));
                        let took = place.init().duration;
                        (place, took)
                    }
                };
                let outcome = place.invoke(&Request { event, now, timeout_ms, seed: *seed, id, context });
                init += outcome.init.as_ref().map_or(0, |again| again.duration);
                (outcome, init, Place::JavaScript(place))
            }
            Engine::Module(engine) => {
                let mut place = match known {
                    Some(Place::Module(place)) => place,
                    _ => Box::new(ModuleEnvironment::new(engine, *memory_mb)),
                };
                let outcome = place.invoke(&ModuleRequest { batch: event, now, timeout_ms, seed: *seed, id });
                (outcome, 0, Place::Module(place))
            }
        };
        if of.environment < self.kept {
            self.environments.insert(key, place);
        }
        loaded.report.take(of.started, &outcome);
        // A new environment loads the code while it starts; one that has to do it again does so within the invocation.
        let micros = |ns: u64| Span::from_micros(ns.div_ceil(1_000));
        let (took, init) = if of.cold { (outcome.duration, init) } else { (outcome.duration + init, 0) };
        Ended {
            took: micros(took),
            init: micros(init),
            reply: (outcome.status == Status::Succeeded).then_some(outcome.reply),
        }
    }
}

/// Which invocation it is, and where it runs.
struct Invoked {
    id: InvocationId,
    environment: u32,
    cold: bool,
    started: SimTime,
}

/// How an invocation of code ended.
struct Ended {
    took: Span,
    init: Span,
    /// What it replied, if it succeeded.
    reply: Option<String>,
}

impl Handler for Code {
    fn handle(&mut self, invocation: &Invocation) -> Answer {
        let owner = invocation.id.owner();
        let known = self.of.contains_key(&owner.number());
        let Some((stream, settings)) = owner.consumer(&self.scenario).filter(|_| known) else {
            return Outcome::Succeeded.into();
        };
        let items = settings.failures.responses == Responses::ItemFailures;
        let question = self.questions.ask(stream, settings, invocation);
        let Invocation { id, environment, cold, started, .. } = *invocation;
        let Ended { took, init, reply } = self.invoke(&Invoked { id, environment, cold, started }, &question);
        let answer = |outcome| Answer { outcome, took, init };
        let Some(text) = reply else { return answer(Outcome::Failed) };
        let reply: Value = serde_json::from_str(&text).unwrap_or_default();
        // The state goes on as the code wrote it, to the letter.
        let state = serde_json::from_str::<BTreeMap<&str, &RawValue>>(&text).ok();
        let state = state.and_then(|members| Some(members.get("state")?.get().to_owned()));
        self.questions.keep_state(invocation, state);
        let reads = items || invocation.window.is_some();
        answer(if reads { response::outcome(&reply, invocation) } else { Outcome::Succeeded })
    }

    fn transform(&mut self, of: &Transformation) -> TransformAnswer {
        let known = self.of.get(&of.id.consumer()).map(|loaded| loaded.handling.kind);
        let (Some(kind), Some((stream, firehose))) = (known, of.id.owner().firehose(&self.scenario)) else {
            return TransformAnswer::unchanged(of);
        };
        let question = self.questions.ask_transform(stream, firehose, of);
        let Transformation { id, environment, cold, started, .. } = *of;
        let Ended { took, init, reply } = self.invoke(&Invoked { id, environment, cold, started }, &question);
        let read = |text: String| {
            let reply: Value = serde_json::from_str(&text).unwrap_or_default();
            match kind {
                HandlerKind::Module => response::verdicts_of_module(&reply, of),
                _ => response::verdicts(&reply, of),
            }
        };
        TransformAnswer { records: reply.map(read), took, init }
    }
}
