//! `streamgauge size`: the real program, against the library and against what its own links run.

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use streamgauge::scenario::Draft;
use streamgauge::sizing::{Attempt, Effort, Goal, Plan, Ranges, Search};

const SCENARIO: &str = r#"{
  "length_s": 60,
  "traffic": { "curve": [{ "kind": "constant", "per_s": 1500 }] },
  "stream": { "shards": 8 },
  "consumers": [{ "fixed_ms": 20, "per_record_ms": 1 }]
}"#;
const RANGES: [&str; 2] = ["stream.shards=1..8+1", "consumers.0.batch_size=50,100"];

fn streamgauge(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_streamgauge")).args(arguments).output().expect("the program starts")
}

/// A file in the folder that Cargo sets aside for tests.
fn file(name: &str) -> String {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).to_str().expect("a plain path").to_owned()
}

fn sized(more: &[&str]) -> Output {
    let scenario = file("sized.json");
    std::fs::write(&scenario, SCENARIO).expect("a writable folder");
    let vary = RANGES.iter().flat_map(|range| ["--vary", range]);
    let arguments: Vec<&str> =
        ["size", &scenario, "--goal", "lag=5s"].into_iter().chain(vary).chain(more.iter().copied()).collect();
    streamgauge(&arguments)
}

#[test]
fn the_program_finds_what_the_library_finds_with_any_number_of_threads() {
    let ranges = Ranges::read(RANGES).expect("sound");
    let plan = Plan::new(&Draft::parse(SCENARIO).expect("JSON"), ranges).expect("sound");
    let goal = Goal::read(["lag=5s"]).expect("sound");
    let mut search = Search::new(&plan, goal, Effort::Frontier { times: 2 });
    while let Some(job) = search.next_job() {
        search.accept(Attempt::run(&plan, &job));
    }
    let best = search.best().expect("eight shards are enough");
    let mut texts = Vec::new();
    for jobs in ["1", "3", "9"] {
        let output = sized(&["--json", "--jobs", jobs]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        texts.push(output.stdout);
    }
    assert!(texts[0] == texts[1] && texts[0] == texts[2], "the same with any number of threads");
    let found: Value = serde_json::from_slice(&texts[0]).expect("one JSON object");
    assert_eq!(found["run"], json!(search.trials().count()));
    assert_eq!(found["frontier"].as_array().map(Vec::len), Some(search.frontier().len()));
    let cheapest = &found["cheapest"];
    assert_eq!(cheapest["digest"], json!(format!("{:016x}", best.digest)));
    assert_eq!(cheapest["month_usd"], json!(best.month_cents as f64 / 100.0));
    // Its link opens the run that was found.
    let link = cheapest["link"].as_str().expect("a link");
    let run = streamgauge(&["run", link, "--json"]);
    let run: Value = serde_json::from_slice(&run.stdout).expect("one JSON object");
    assert_eq!(run["digest"], cheapest["digest"]);
    assert_eq!(run["bill"]["month_usd"], cheapest["month_usd"]);
}

#[test]
fn people_get_a_table_the_reasons_and_a_file() {
    let taken = file("taken.json");
    let output = sized(&["--write", &taken]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for part in [
        "Goal: nothing lost, 99 % of all records done within 5 s.",
        "stream.shards",
        "99 % done within",
        "30 days",
        "●",
        "Around the cheapest",
        "instead of",
        "streamgauge run '#k1.",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let draft = Draft::parse(&std::fs::read_to_string(taken).expect("it was written")).expect("JSON");
    let shards = draft.get("stream.shards").and_then(Value::as_u64).expect("a number");
    assert!((2..=3).contains(&shards), "{text}");
    let preset = streamgauge(&[
        "size",
        "poison-record",
        "--vary",
        "consumers.0.batch_size=100",
        "--goal",
        "lag=1s",
        "--cheapest",
    ]);
    let text = String::from_utf8(preset.stdout).expect("UTF-8");
    assert!(preset.status.success() && text.contains("No design meets the goal."), "{text}");
}

#[test]
fn every_problem_is_told_and_nothing_runs() {
    let output = sized(&["--vary", "stream.shard=1..4", "--goal", "speed=4", "--vary", "consumers.0.batch_size=10"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    for part in ["goal: \"speed=4\"", "consumers.0.batch_size: is varied twice"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let output = sized(&["--vary", "stream.shard=1..4"]);
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.code() == Some(2) && text.contains("did you mean \"shards\"?"), "{text}");
    assert!(output.stdout.is_empty() && !sized(&["--all", "--cheapest"]).status.success());
}
