//! A consumer's code over a whole run: what stands in the scenario, or in files that are named beside it.

use super::handle;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use streamgauge::handlers::{Environment, Settings, Status, event};
use streamgauge::limits::grouped;
use streamgauge::scenario::{Draft, HandlerKind, Problem, Scenario};
use streamgauge::session::code::{Code, Report};

/// Which consumer has which code, as somebody typed it: `handler.js`, or `1=handler.wasm` for the second consumer.
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

/// Writes the code of the named files into the scenario.
///
/// # Errors
/// In a sentence: a file that cannot be read, a consumer that does not exist.
pub fn write(draft: &mut Draft, given: &[Given]) -> Result<(), String> {
    for Given { consumer, file } in given {
        let count = draft.get("consumers").and_then(Value::as_array).map_or(1, Vec::len);
        if *consumer >= count {
            return Err(format!("there is no consumer {consumer}; the first of {count} is 0"));
        }
        let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let is_module = file.extension().is_some_and(|extension| extension == "wasm");
        let (handler, field, text) = if is_module {
            ("module", "module", event::encoded(&bytes))
        } else {
            let text = String::from_utf8(bytes).map_err(|error| format!("{}: {error}", file.display()))?;
            ("javascript", "code", text)
        };
        draft.set(&format!("consumers.{consumer}.{field}"), text.into());
        draft.set(&format!("consumers.{consumer}.handler"), handler.into());
    }
    Ok(())
}

/// Problems of consumers that leave their outcomes to a program.
pub fn asks_a_program(scenario: &Scenario) -> Vec<Problem> {
    let message = "\"host\" needs a program that uses this crate and brings the handler, or --handler with a file; \
                   choose \"model\" here";
    let asks = |index: &usize| scenario.consumers[*index].handler == HandlerKind::Host;
    let places = (0..scenario.consumers.len()).filter(asks);
    places.map(|index| Problem::new(format!("consumers.{index}.handler"), message)).collect()
}

/// Prepares the code of a scenario, and loads each JavaScript once, so that what does not load is told before the run.
///
/// # Errors
/// In a sentence: code that does not load.
pub fn load(scenario: &Scenario) -> Result<Code, String> {
    for (index, consumer) in scenario.consumers.iter().enumerate() {
        if consumer.handler == HandlerKind::JavaScript {
            let code = consumer.code.to_string();
            let settings = Settings { code, memory_mb: consumer.memory_mb.into(), env: "{}".to_owned(), node: 22 };
            let first = Environment::new(&handle::engine()?, settings, 0, [0; 4]);
            if first.init().status != Status::Succeeded {
                return Err(format!("The code of {} does not load: {}", scenario.title_of(index), first.init().reply));
            }
        }
    }
    Code::new(scenario, handle::engine)
}

/// In how many ways how many invocations ended.
fn ended(report: &Report) -> impl Iterator<Item = (&'static str, u64)> {
    let words = (0..).map_while(Status::by_number).map(Status::words);
    words.zip(report.ended).filter(|(_, count)| *count > 0)
}

/// What came of the code, for people.
pub fn report(scenario: &Scenario, code: &Code) -> String {
    let mut out = String::new();
    for (consumer, report) in code.reports() {
        let ended: Vec<String> = ended(report).map(|(word, count)| format!("{word} {}", grouped(count))).collect();
        let _ = writeln!(
            out,
            "Code of {}: {} invocations ({}), at most {:.3} ms of its own time, {} fuel in all.",
            scenario.title_of(consumer as usize),
            grouped(report.invocations),
            ended.join(", "),
            report.longest_ns as f64 / 1e6,
            grouped(report.fuel)
        );
        for (at, line) in &report.lines {
            let _ = writeln!(out, "  {at} {} {}", line.level, line.text.trim_end());
        }
        if report.lines_more > 0 {
            let _ = writeln!(out, "  and {} more lines", grouped(report.lines_more));
        }
    }
    out
}

/// The same as JSON: a list of consumers.
pub fn document(code: &Code) -> Value {
    let of = code.reports().map(|(consumer, report)| {
        let ended: serde_json::Map<_, _> = ended(report).map(|(word, count)| (word.to_owned(), count.into())).collect();
        let lines = report
            .lines
            .iter()
            .map(|(at, line)| json!({"at_s": at.seconds_f64(), "level": line.level, "text": line.text}));
        json!({
            "consumer": consumer,
            "invocations": report.invocations,
            "ended": ended,
            "fuel": report.fuel,
            "longest_ms": report.longest_ns as f64 / 1e6,
            "witness": report.witness.to_string(),
            "log": lines.collect::<Vec<_>>(),
            "log_lines_more": report.lines_more,
        })
    });
    of.collect()
}
