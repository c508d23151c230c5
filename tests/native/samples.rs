//! The sample handlers of the page: each answers its event as written down, and each event is one of Lambda's.

use super::common::javascript_engine;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use streamgauge::handlers::{Environment, Request, Settings, Status};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn index() -> Value {
    serde_json::from_str(&text("www/handlers/samples/index.json")).expect("the index is JSON")
}

fn list<'a>(index: &'a Value, name: &str) -> &'a [Value] {
    index[name].as_array().expect("the index has this list")
}

fn event(id: &str) -> String {
    text(&format!("www/handlers/samples/events/{id}.json"))
}

/// What comes of a handler on an event: how it ended, its reply, and what it logged.
fn run(code: &str, event: &str) -> Value {
    let settings = Settings { code: code.to_owned(), memory_mb: 128, env: "{}".to_owned(), node: 22 };
    let mut environment = Environment::new(javascript_engine(), settings, 0, [1, 2, 3, 4]);
    let context = r#"{"awsRequestId":"request-1","functionName":"handler"}"#;
    let request =
        Request { event: event.as_bytes(), now: 0, timeout_ms: 3_000, seed: [5, 6, 7, 8], id: "request-1", context };
    let outcome = environment.invoke(&request);
    let reply: Value = serde_json::from_str(&outcome.reply).expect("a reply is JSON");
    if outcome.status == Status::Succeeded {
        let logs: Vec<_> = outcome.logs.iter().map(|line| json!([line.level, line.text])).collect();
        json!({"reply": reply, "logs": logs})
    } else {
        json!({"error": reply["errorType"]})
    }
}

#[test]
fn each_sample_answers_its_event_as_written_down() {
    let file = root().join("tests/handlers/samples.json");
    let index = index();
    let all: serde_json::Map<String, Value> = list(&index, "samples")
        .iter()
        .map(|sample| {
            let file = sample["file"].as_str().expect("a sample has a file");
            let id = sample["event"].as_str().expect("a sample has an event");
            (file.to_owned(), run(&text(&format!("www/handlers/samples/{file}")), &event(id)))
        })
        .collect();
    let found = Value::Object(all);
    if std::env::var_os("STREAMGAUGE_GOLDEN").is_some_and(|word| word == "refresh") {
        let text = serde_json::to_string_pretty(&found).expect("a value can be written");
        fs::write(&file, text + "\n").expect("the folder can be written to");
    }
    let expected: Value = serde_json::from_str(&text("tests/handlers/samples.json")).expect("it is JSON");
    assert_eq!(found, expected);
}

#[test]
fn the_samples_that_fail_are_those_that_are_meant_to() {
    let index = index();
    for sample in list(&index, "samples") {
        let file = sample["file"].as_str().expect("a sample has a file");
        for id in list(&index, "events").iter().map(|event| event["id"].as_str().expect("an event has an id")) {
            let code = text(&format!("www/handlers/samples/{file}"));
            let found = run(&code, &event(id));
            if sample["event"] == id {
                assert_eq!(found.get("error").is_some(), file == "orders-that-throw.mjs", "{file} on {id}: {found}");
            }
        }
    }
    // The repaired handler names the record that the other throws at, and the good batch satisfies both.
    let [throws, reports] =
        ["orders-that-throw.mjs", "orders-that-report.mjs"].map(|file| text(&format!("www/handlers/samples/{file}")));
    let batch: Value = serde_json::from_str(&event("poison-record")).expect("it is JSON");
    let third = &batch["Records"][2]["kinesis"]["sequenceNumber"];
    let repaired = run(&reports, &event("poison-record"));
    assert_eq!(repaired["reply"], json!({"batchItemFailures": [{"itemIdentifier": third}]}));
    assert_eq!(run(&throws, &event("kinesis-batch"))["reply"], Value::Null);
    assert_eq!(run(&reports, &event("kinesis-batch"))["reply"], json!({"batchItemFailures": []}));
}

#[test]
fn the_index_lists_every_file_and_nothing_else() {
    let index = index();
    let names = |folder: &str, skipped: &str| {
        let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
        let names = entries.filter_map(|entry| entry.expect("it can be read").file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.contains('.') && !name.contains(skipped)).collect();
        names.sort();
        names
    };
    let mut samples: Vec<&str> = list(&index, "samples").iter().filter_map(|one| one["file"].as_str()).collect();
    samples.sort_unstable();
    assert_eq!(names("www/handlers/samples", "index.json"), samples);
    let mut events: Vec<String> =
        list(&index, "events").iter().filter_map(|one| Some(format!("{}.json", one["id"].as_str()?))).collect();
    events.sort_unstable();
    assert_eq!(names("www/handlers/samples/events", "\0"), events);
    for one in list(&index, "samples").iter().chain(list(&index, "modules")) {
        let [title, about] = ["title", "about"].map(|name| one[name].as_str().unwrap_or_default());
        assert!(!title.is_empty() && about.ends_with('.') && about.len() <= 90, "{one}");
    }
}
