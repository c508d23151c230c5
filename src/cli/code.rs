//! A consumer's JavaScript over a whole run: every batch of the run goes through the code as Lambda would hand it over,
//! and what the code answers decides what becomes of the batch.
//!
//! How long an invocation takes is the scenario's; the code's own virtual time is told beside it.

use super::handle;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use streamgauge::engine::sequence::EPOCH_SECONDS;
use streamgauge::engine::{Invocation, Outcome};
use streamgauge::handlers::{Environment, HandlerEngine, LogLine, Request, Settings, Status};
use streamgauge::limits::grouped;
use streamgauge::scenario::{HandlerKind, Problem, Responses, Scenario};
use streamgauge::session::{Handler, event, response};
use streamgauge::units::SimTime;

/// Lines of the log that are kept of a consumer's code, the first ones.
const LINES_MAX: usize = 100;

/// Which consumer has which code, as somebody typed it: `handler.js`, or `1=handler.js` for the second consumer.
#[derive(Clone, Debug)]
pub struct Given {
    consumer: usize,
    file: PathBuf,
}

impl std::str::FromStr for Given {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (consumer, file) = match text.split_once('=') {
            Some((place, file)) => {
                (place.parse().map_err(|_| format!("{place} is not the place of a consumer"))?, file)
            }
            None => (0, text),
        };
        Ok(Self { consumer, file: file.into() })
    }
}

/// The code of some consumers, with its environments: one for each shard that a consumer reads.
pub struct Code {
    engine: HandlerEngine,
    scenario: Scenario,
    of: BTreeMap<u32, Ran>,
    environments: BTreeMap<(u32, u32), Environment>,
    /// The state of the tumbling window that is open on a shard.
    states: BTreeMap<(u32, u32), Value>,
}

/// The code of one consumer, and what came of it.
struct Ran {
    file: PathBuf,
    settings: Settings,
    timeout_ms: u64,
    invocations: u64,
    ended: BTreeMap<&'static str, u64>,
    fuel: u64,
    longest_ns: u64,
    lines: Vec<(SimTime, LogLine)>,
    lines_more: u64,
}

impl Code {
    /// Reads the code and loads each once, so that what does not load is told before the run.
    ///
    /// # Errors
    /// In a sentence: a file that cannot be read, code that does not load, a consumer that does not exist.
    pub fn load(scenario: &Scenario, given: &[Given]) -> Result<Self, String> {
        let engine = handle::engine()?;
        let mut of = BTreeMap::new();
        for Given { consumer, file } in given {
            let count = scenario.consumers.len();
            let settings = scenario.consumers.get(*consumer);
            let settings = settings.ok_or(format!("there is no consumer {consumer}; the first of {count} is 0"))?;
            let code = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let timeout_ms = settings.timeout().micros() / 1_000;
            let settings = Settings { code, memory_mb: settings.memory_mb.into(), env: "{}".to_owned(), node: 22 };
            let first = Environment::new(&engine, settings.clone(), at_ns(SimTime::ZERO), [0; 4]);
            if first.init().status != Status::Succeeded {
                return Err(format!("{} does not load: {}", file.display(), first.init().reply));
            }
            let ran = Ran {
                file: file.clone(),
                settings,
                timeout_ms,
                invocations: 0,
                ended: BTreeMap::new(),
                fuel: 0,
                longest_ns: 0,
                lines: Vec::new(),
                lines_more: 0,
            };
            of.insert(*consumer as u32, ran);
        }
        Ok(Self { engine, scenario: scenario.clone(), of, environments: BTreeMap::new(), states: BTreeMap::new() })
    }

    /// What came of the code, for people.
    pub fn report(&self) -> String {
        let mut out = String::new();
        for (consumer, ran) in &self.of {
            let title = self.scenario.title_of(*consumer as usize);
            let ended = ran.ended.iter().map(|(word, count)| format!("{word} {}", grouped(*count)));
            let _ = writeln!(
                out,
                "Code of {title}, {}: {} invocations ({}), at most {:.3} ms of its own time, {} fuel in all.",
                ran.file.display(),
                grouped(ran.invocations),
                ended.collect::<Vec<_>>().join(", "),
                ran.longest_ns as f64 / 1e6,
                grouped(ran.fuel)
            );
            for (at, line) in &ran.lines {
                let _ = writeln!(out, "  {at} {} {}", line.level, line.text.trim_end());
            }
            if ran.lines_more > 0 {
                let _ = writeln!(out, "  and {} more lines", grouped(ran.lines_more));
            }
        }
        out
    }

    /// The same as JSON: a list of consumers.
    pub fn document(&self) -> Value {
        let line =
            |(at, line): &(SimTime, LogLine)| json!({"at_s": at.seconds_f64(), "level": line.level, "text": line.text});
        let of = |(consumer, ran): (&u32, &Ran)| {
            json!({
                "consumer": consumer,
                "invocations": ran.invocations,
                "ended": ran.ended,
                "fuel": ran.fuel,
                "longest_ms": ran.longest_ns as f64 / 1e6,
                "log": ran.lines.iter().map(line).collect::<Vec<_>>(),
                "log_lines_more": ran.lines_more,
            })
        };
        self.of.iter().map(of).collect()
    }

    /// One invocation of the code: how it ended, and its answer.
    fn invoke(&mut self, invocation: &Invocation) -> (Status, Value) {
        let (consumer, shard) = (invocation.id.consumer(), invocation.id.shard());
        let key = (consumer, shard);
        let ran = self.of.get_mut(&consumer).expect("only these consumers ask");
        let number = invocation.id.number() as i32;
        let seed = [self.scenario.seed as i32, consumer as i32, shard as i32, number];
        let now = at_ns(invocation.started);
        let environment = self
            .environments
            .entry(key)
            .or_insert_with(|| Environment::new(&self.engine, ran.settings.clone(), now, seed));
        let state = self.states.get(&key).cloned().unwrap_or_else(|| json!({}));
        let event = event::of_invocation(&self.scenario, invocation, &state).to_string();
        let id = format!("{consumer:08x}-0000-4000-8000-{shard:04x}{number:08x}");
        let name = self.scenario.title_of(consumer as usize);
        let context = json!({"awsRequestId": id, "functionName": name, "functionVersion": "$LATEST"}).to_string();
        let timeout_ms = ran.timeout_ms;
        let request = Request { event: event.as_bytes(), now, timeout_ms, seed, id: &id, context: &context };
        let outcome = environment.invoke(&request);
        ran.take(invocation.started, &outcome);
        (outcome.status, serde_json::from_str(&outcome.reply).unwrap_or_default())
    }
}

impl Ran {
    fn take(&mut self, at: SimTime, outcome: &streamgauge::handlers::Outcome) {
        let word = match outcome.status {
            Status::Succeeded => "succeeded",
            Status::Failed => "failed",
            Status::TimedOut => "timed out",
            Status::OutOfMemory => "out of memory",
            Status::Exited => "exited",
            Status::Crashed => "crashed",
        };
        self.invocations += 1;
        *self.ended.entry(word).or_default() += 1;
        self.fuel += outcome.fuel;
        self.longest_ns = self.longest_ns.max(outcome.duration);
        for line in &outcome.logs {
            if self.lines.len() < LINES_MAX {
                self.lines.push((at, line.clone()));
            } else {
                self.lines_more += 1;
            }
        }
        self.lines_more += outcome.dropped;
    }
}

impl Handler for Code {
    fn handle(&mut self, invocation: &Invocation) -> Outcome {
        let (status, reply) = self.invoke(invocation);
        let key = (invocation.id.consumer(), invocation.id.shard());
        if status != Status::Succeeded {
            return Outcome::Failed;
        }
        if let Some(window) = invocation.window {
            match reply.get("state") {
                Some(state) if !window.is_final && !window.is_early => self.states.insert(key, state.clone()),
                _ => self.states.remove(&key),
            };
        }
        let items = self.scenario.consumers[key.0 as usize].failures.responses == Responses::ItemFailures;
        if items || invocation.window.is_some() { response::outcome(&reply, invocation) } else { Outcome::Succeeded }
    }
}

/// Lets the consumers with code ask for their outcomes; those that ask and have none are problems.
pub fn decide(scenario: &mut Scenario, given: &[Given]) -> Vec<Problem> {
    for one in given {
        if let Some(consumer) = scenario.consumers.get_mut(one.consumer) {
            consumer.handler = HandlerKind::Host;
        }
    }
    let has_code = |index: usize| given.iter().any(|one| one.consumer == index);
    let asks = |index: &usize| scenario.consumers[*index].handler == HandlerKind::Host && !has_code(*index);
    let message = "\"host\" needs a program that uses this crate and brings the handler, or --handler with a file of \
                   JavaScript; choose \"model\" here";
    let places = (0..scenario.consumers.len()).filter(asks);
    places.map(|index| Problem::new(format!("consumers.{index}.handler"), message)).collect()
}

/// An instant of the run in nanoseconds since 1970.
fn at_ns(at: SimTime) -> u64 {
    (EPOCH_SECONDS * 1_000_000 + at.micros()) * 1_000
}
