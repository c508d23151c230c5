//! The code of functions over a whole run: what stands in the scenario, or in files that are named beside it.

use super::handle;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use streamgauge::handlers::{Environment, Settings, Status, event};
use streamgauge::limits::grouped;
use streamgauge::scenario::{Draft, HandlerKind, Owner, Problem, Scenario};
use streamgauge::session::code::{Code, Report};

/// Which function has which code, as somebody typed it: `handler.js` for the first consumer, `1=handler.wasm` for the
/// second, `deliver.0=transform.js` and `designs.0=transform.js` for the function of a delivery stream.
#[derive(Clone, Debug)]
pub struct Given {
    owner: Owner,
    file: PathBuf,
}

impl std::str::FromStr for Given {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((place, file)) = text.split_once('=') else {
            return Ok(Self { owner: Owner::Consumer(0), file: text.into() });
        };
        let (kind, number): (fn(u32) -> Owner, &str) = match place.split_once('.') {
            None => (Owner::Consumer, place),
            Some(("consumers", number)) => (Owner::Consumer, number),
            Some(("deliver", number)) => (Owner::Deliver, number),
            Some(("designs", number)) => (Owner::Design, number),
            Some(_) => return Err(format!("{place} names no function: try 0, deliver.0 or designs.0")),
        };
        let number =
            number.parse().map_err(|_| format!("{place} is not the place of a consumer or delivery stream"))?;
        Ok(Self { owner: kind(number), file: file.into() })
    }
}

/// Writes the code of the named files into the scenario.
///
/// # Errors
/// In a sentence: a file that cannot be read, a consumer or delivery stream that does not exist.
pub fn write(draft: &mut Draft, given: &[Given]) -> Result<(), String> {
    for Given { owner, file } in given {
        let path = owner.path();
        let mut steps = path.split('.');
        let (list, place) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
        let least = usize::from(list == "consumers");
        let count = draft.get(list).and_then(Value::as_array).map_or(least, Vec::len);
        if place.parse().is_ok_and(|place: usize| place >= count) {
            let what = if list == "consumers" { "consumer ".to_owned() } else { format!("{list}.") };
            return Err(match count {
                0 => format!("there is no {what}{place}: the scenario has none"),
                _ => format!("there is no {what}{place}; the first of {count} is 0"),
            });
        }
        let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let is_module = file.extension().is_some_and(|extension| extension == "wasm");
        let (handler, field, text) = if is_module {
            ("module", "module", event::encoded(&bytes))
        } else {
            let text = String::from_utf8(bytes).map_err(|error| format!("{}: {error}", file.display()))?;
            ("javascript", "code", text)
        };
        draft.set(&format!("{path}.{field}"), text.into());
        draft.set(&format!("{path}.handler"), handler.into());
    }
    Ok(())
}

/// Problems of functions that leave their outcomes to a program.
pub fn asks_a_program(scenario: &Scenario) -> Vec<Problem> {
    let message = "\"host\" needs a program that uses this crate and brings the handler, or --handler with a file; \
                   choose \"model\" here";
    let asking = Owner::all(scenario).filter(|(_, handling)| handling.kind == HandlerKind::Host);
    asking.map(|(owner, _)| Problem::new(format!("{}.handler", owner.path()), message)).collect()
}

/// Prepares the code of a scenario, and loads each JavaScript once, so that what does not load is told before the run.
///
/// # Errors
/// In a sentence: code that does not load.
pub fn load(scenario: &Scenario) -> Result<Code, String> {
    for (owner, handling) in Owner::all(scenario) {
        if handling.kind == HandlerKind::JavaScript {
            let code = handling.code.to_string();
            let memory_mb = owner.memory_mb(scenario);
            let settings = Settings { code, memory_mb, env: "{}".to_owned(), node: 22 };
            let first = Environment::new(&handle::engine()?, settings, 0, [0; 4]);
            if first.init().status != Status::Succeeded {
                return Err(format!("The code of {} does not load: {}", owner.title(scenario), first.init().reply));
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
    for (owner, report) in code.reports() {
        let ended: Vec<String> = ended(report).map(|(word, count)| format!("{word} {}", grouped(count))).collect();
        let _ = writeln!(
            out,
            "Code of {}: {} invocations ({}), at most {:.3} ms of its own time, {} fuel in all.",
            owner.title(scenario),
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

/// The same as JSON: a list of functions; what is no consumer's is named by the path of its group.
pub fn document(code: &Code) -> Value {
    let of = code.reports().map(|(owner, report)| {
        let ended: serde_json::Map<_, _> = ended(report).map(|(word, count)| (word.to_owned(), count.into())).collect();
        let lines = report
            .lines
            .iter()
            .map(|(at, line)| json!({"at_s": at.seconds_f64(), "level": line.level, "text": line.text}));
        let (name, place) = match owner {
            Owner::Consumer(place) => ("consumer", json!(place)),
            Owner::Deliver(_) | Owner::Design(_) => ("function", json!(owner.path())),
        };
        json!({
            name: place,
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
