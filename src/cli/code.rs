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
/// second, `deliver.0=transform.js` and `designs.0=transform.js` for the function of a delivery stream,
/// `then.0.consumers.0=handler.js` and `designs.0.consumers.0=handler.js` for a consumer of another stream.
#[derive(Clone, Debug)]
pub struct Given {
    /// The group of the document, such as `consumers.0`, in which the code stands, or that of its delivery stream.
    group: String,
    file: PathBuf,
}

impl std::str::FromStr for Given {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((place, file)) = text.split_once('=') else {
            return Ok(Self { group: "consumers.0".to_owned(), file: text.into() });
        };
        let group = if place.parse::<u32>().is_ok() { format!("consumers.{place}") } else { place.to_owned() };
        let steps: Vec<&str> = group.split('.').collect();
        let in_lists = steps.len().is_multiple_of(2)
            && steps[steps.len() - 2] != "then"
            && steps.chunks(2).all(|step| LISTS.contains(&step[0]) && step[1].parse::<u32>().is_ok());
        if !in_lists {
            return Err(format!(
                "{place} names no function: try 0, deliver.0, designs.0, then.0.consumers.0 or designs.0.consumers.0"
            ));
        }
        Ok(Self { group, file: file.into() })
    }
}

/// Lists of a document in which functions stand, or what has them.
const LISTS: [&str; 4] = ["consumers", "deliver", "then", "designs"];

/// The group of the document in which the code of what is named stands.
///
/// # Errors
/// In a sentence: an item that does not exist, or one that has no function.
fn group_of(draft: &Draft, group: &str) -> Result<String, String> {
    let steps: Vec<&str> = group.split('.').collect();
    let mut path = String::new();
    for step in steps.chunks(2) {
        let (list, place) = (format!("{path}{}", step[0]), step[1]);
        let least = usize::from(step[0] == "consumers");
        let count = draft.get(&list).and_then(Value::as_array).map_or(least, Vec::len);
        if place.parse().is_ok_and(|place: usize| place >= count) {
            let what = if list == "consumers" { "consumer ".to_owned() } else { format!("{list}.") };
            return Err(match count {
                0 => format!("there is no {what}{place}: the scenario has none"),
                _ => format!("there is no {what}{place}; the first of {count} is 0"),
            });
        }
        path = format!("{list}.{place}.");
    }
    match steps[steps.len() - 2] {
        "consumers" => Ok(group.to_owned()),
        "deliver" => Ok(format!("{group}.firehose.transform")),
        "designs" if draft.get(&format!("{group}.kind")).and_then(Value::as_str) == Some("firehose") => {
            Ok(format!("{group}.firehose.transform"))
        }
        _ => Err(format!("{group} has several functions: name one of them, such as {group}.consumers.0")),
    }
}

/// Writes the code of the named files into the scenario.
///
/// # Errors
/// In a sentence: a file that cannot be read, a consumer or delivery stream that does not exist.
pub fn write(draft: &mut Draft, given: &[Given]) -> Result<(), String> {
    for Given { group, file } in given {
        let path = group_of(draft, group)?;
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
    asking.map(|(owner, _)| Problem::new(format!("{}.handler", owner.path(scenario)), message)).collect()
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

/// What came of the code of functions that run with the first design: streams beside it run in a comparison.
pub fn of_a_run<'a>(scenario: &Scenario, code: &'a Code) -> Vec<(Owner, &'a Report)> {
    let own = scenario.streams().len() as u32;
    code.reports().filter(|(owner, _)| owner.stream().is_none_or(|stream| stream < own)).collect()
}

/// What came of the code, for people.
pub fn report(scenario: &Scenario, reports: &[(Owner, &Report)]) -> String {
    let mut out = String::new();
    for (owner, report) in reports {
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

/// The same as JSON: a list of functions; what is no consumer of the first stream is named by the path of its group.
pub fn document(scenario: &Scenario, reports: &[(Owner, &Report)]) -> Value {
    let of = reports.iter().map(|(owner, report)| {
        let ended: serde_json::Map<_, _> = ended(report).map(|(word, count)| (word.to_owned(), count.into())).collect();
        let lines = report
            .lines
            .iter()
            .map(|(at, line)| json!({"at_s": at.seconds_f64(), "level": line.level, "text": line.text}));
        let (name, place) = match owner {
            Owner::Consumer { stream: 0, place } => ("consumer", json!(place)),
            _ => ("function", json!(owner.path(scenario))),
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
