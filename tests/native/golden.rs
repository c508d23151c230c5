//! Golden scenarios: folders with a scenario and what its run must give, to the digit.
//!
//! Where a change of meaning is wanted, `STREAMGAUGE_GOLDEN=refresh` in front of the test command writes the expected
//! files anew; the difference is then part of the commit and says what the change did.

use super::common::javascript_engine;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use streamgauge::scenario::Draft;
use streamgauge::session::code::{Code, Report};
use streamgauge::session::{Comparison, Pump, Run, Session};

/// Metrics that are kept of each run.
const METRICS: [&str; 13] = [
    "Offered",
    "IncomingRecords",
    "IncomingBytes",
    "WriteProvisionedThroughputExceeded",
    "PutCalls",
    "Retried",
    "PutPayloadUnits",
    "Invocations",
    "Errors",
    "Duration",
    "GetRecords.Calls",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
];

#[test]
fn every_golden_scenario_gives_what_is_written_beside_it() {
    let refresh = std::env::var("STREAMGAUGE_GOLDEN").is_ok_and(|value| value == "refresh");
    let mut differences = Vec::new();
    let folders = folders();
    assert!(folders.len() >= 13, "{folders:?}");
    for folder in folders {
        let found = result(&folder);
        let file = folder.join("expected.json");
        if refresh {
            let text = serde_json::to_string_pretty(&found).expect("a value is JSON") + "\n";
            fs::write(&file, text).expect("the folder can be written");
            continue;
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match fs::read_to_string(&file) {
            Ok(text) => {
                let expected: Value = serde_json::from_str(&text).expect("the expected file is JSON");
                differ(&name, &expected, &found, &mut differences);
            }
            Err(_) => differences.push(format!("{name}: has no expected.json")),
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences; where they are wanted, refresh with STREAMGAUGE_GOLDEN=refresh\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn a_difference_is_named_by_its_path() {
    let expected = json!({"digest": "a", "ledger": {"offered": 3, "stored": 2}, "findings": ["hot-key"]});
    let found = json!({"digest": "b", "ledger": {"offered": 3, "stored": 1}, "findings": ["hot-key", "expired"]});
    let mut differences = Vec::new();
    differ("name", &expected, &found, &mut differences);
    let lines = [
        "name.digest: expected \"a\", found \"b\"",
        "name.findings.1: expected nothing, found \"expired\"",
        "name.ledger.stored: expected 2, found 1",
    ];
    assert_eq!(differences, lines);
}

fn folders() -> Vec<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let entries = fs::read_dir(all).expect("the folder exists");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    folders
}

/// The part of a run's summary that is kept.
fn result(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("scenario.json")).expect("the folder has a scenario");
    let draft = Draft::from_value(serde_json::from_str(&text).expect("the scenario is JSON"));
    let scenario = draft.check().unwrap_or_else(|problems| panic!("{}: {problems:?}", folder.display()));
    let mut session = Session::new(scenario.clone());
    let code = || Code::new(&scenario, || Ok(javascript_engine().clone())).unwrap_or_else(|error| panic!("{error}"));
    let mut own = code();
    assert_eq!(session.run_with(&mut own), Pump::Finished);
    let mut found = kept(&session.summary());
    let mut all = code();
    if !scenario.designs.is_empty() {
        let mut comparison = Comparison::new(&scenario);
        assert_eq!(comparison.run_with(&mut all), Ok(()));
        found["designs"] = comparison.runs().iter().map(kept_design).collect();
    }
    let code = if scenario.designs.is_empty() { own } else { all };
    let reports = code.reports().map(|(consumer, report)| {
        let Report { invocations, ended, fuel, longest_ns, witness, .. } = report;
        let witness = witness.to_string();
        json!({"consumer": consumer.number(), "invocations": invocations, "ended": ended, "fuel": fuel, "longest_ns": longest_ns, "witness": witness})
    });
    let reports: Vec<Value> = reports.collect();
    if !reports.is_empty() {
        found["code"] = reports.into();
    }
    found
}

/// What is kept of another design.
fn kept_design(run: &Run) -> Value {
    let summary = run.summary();
    match run {
        Run::Stream(_) => kept(&summary),
        Run::Direct(_) | Run::Firehose(_) => kept_of_other(&summary),
    }
}

/// What is kept of a design that is no stream, or of a delivery stream behind one.
fn kept_of_other(summary: &Value) -> Value {
    json!({
        "digest": summary["digest"],
        "traffic_digest": summary["traffic_digest"],
        "ledger": summary["ledger"],
        "metrics": summary["metrics"],
        "latency": summary["latency"],
        "month_usd": summary["bill"]["month_usd"],
        "findings": summary["findings"].as_array().map(|list| list.iter().map(|each| each["id"].clone()).collect::<Value>()),
    })
}

/// What is kept of a stream, and of those that follow it.
fn kept(summary: &Value) -> Value {
    let metrics = METRICS.map(|name| {
        let mut metric = summary["metrics"][name].as_object().unwrap_or_else(|| panic!("{name} is a metric")).clone();
        metric.remove("unit");
        (name.to_owned(), Value::Object(metric))
    });
    let ids =
        |list: &Value, field: &str| list.as_array().expect("a list").iter().map(|each| each[field].clone()).collect();
    let findings: Vec<Value> = ids(&summary["findings"], "id");
    let lines = summary["bill"]["lines"].as_array().expect("a list").iter();
    let line = |line: &Value| (line["name"].as_str().expect("a line has a name").to_owned(), line["month_usd"].clone());
    let mut kept = json!({
        "digest": summary["digest"],
        "traffic_digest": summary["traffic_digest"],
        "ledger": summary["ledger"],
        "metrics": Map::from_iter(metrics),
        "latency": summary["latency"],
        "bill": {
            "run_usd": summary["bill"]["run_usd"],
            "month_usd": summary["bill"]["month_usd"],
            "month_lines_usd": lines.map(line).collect::<Map<_, _>>(),
        },
        "findings": findings,
    });
    let consumers = summary["consumers"].as_array().expect("a list");
    if consumers.len() > 1 {
        let of = |consumer: &Value| {
            let mut kept =
                json!({"name": consumer["name"], "ledger": consumer["ledger"], "latency": consumer["latency"]});
            if let Some(query) = consumer["analytics"].as_object() {
                let mut query = query.clone();
                // The newest windows stand for all.
                let newest = query.get_mut("newest").and_then(Value::as_array_mut).expect("a list");
                newest.drain(..newest.len().saturating_sub(2));
                kept["analytics"] = query.into();
            }
            kept
        };
        kept["consumers"] = consumers.iter().map(of).collect();
    }
    if let Some(streams) = summary["then"].as_array() {
        kept["then"] = streams.iter().map(self::kept).collect();
    }
    if let Some(streams) = summary["deliver"].as_array() {
        kept["deliver"] = streams.iter().map(kept_of_other).collect();
    }
    kept
}

/// Notes every leaf in which two values differ, with its path.
fn differ(path: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    let children = |value: &Value| -> Option<Map<String, Value>> {
        match value {
            Value::Object(fields) => Some(fields.clone()),
            Value::Array(items) => Some((0..).map(|i: u32| i.to_string()).zip(items.iter().cloned()).collect()),
            _ => None,
        }
    };
    match (children(expected), children(found)) {
        (Some(a), Some(b)) => {
            let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let [a, b] = [&a, &b].map(|fields| fields.get(name).unwrap_or(&Value::Null));
                differ(&format!("{path}.{name}"), a, b, differences);
            }
        }
        _ if expected == found => {}
        _ => {
            let text = |value: &Value| if value.is_null() { "nothing".to_owned() } else { value.to_string() };
            differences.push(format!("{path}: expected {}, found {}", text(expected), text(found)));
        }
    }
}
