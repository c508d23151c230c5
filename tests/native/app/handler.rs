//! The handler view as data: which invocations it lists, what it says of one, and what each thing does.

use super::fixture::{self, start};
use serde_json::{Value, json};
use streamgauge::app::{Action, BoxEvent, Effect, Model, picture};
use streamgauge::metrics::Timeline;
use streamgauge::scenario::{HandlerKind, Owner};
use streamgauge::session::Comparison;

const CODE: &str = "export const handler = async (event) => {\n  JSON.parse(event.Records[0].kinesis.data);\n};\n";

fn model() -> Model {
    Model::new(&start("sudden-popularity")).0
}

fn act(model: &mut Model, what: &str, text: &str) -> Vec<Effect> {
    model.update(Action::Handler { what: what.to_owned(), text: text.to_owned() })
}

/// An invocation as the box tells it.
fn row(shard: u32, number: u64, second: u64, attempt: u32) -> Value {
    json!({
        "consumer": 0, "shard": shard, "number": number, "attempt": attempt, "records": 100, "environment": shard,
        "cold": number == 0, "started": second * 1_000_000, "ends": second * 1_000_000 + 53_200, "took": 53_200,
        "init": if number == 0 { 20_000 } else { 0 }, "status": 0, "capped": false, "kind": 0, "reply": "null",
        "memory": 1_638_400, "fuel": 53_200_000, "logs": [[1_000_000, "INFO", format!("began {number}")]], "logs_more": 0,
        "sample": { "place": 0, "fields": ["user-3980", "495", "eyJpZCI6IkEtMTA5MyIsInByaWNlIjpudWxsfQ==", "1545084660.75"] },
    })
}

/// The same, failed at the second line of the code.
fn thrown(shard: u32, number: u64, second: u64, attempt: u32) -> Value {
    let mut row = row(shard, number, second, attempt);
    let error = json!({
        "errorType": "TypeError", "errorMessage": "cannot read property 'cents' of null",
        "trace": ["TypeError: cannot read property 'cents' of null", "    at handler (/var/task/index.mjs:2:8)"],
    });
    row["status"] = json!(1);
    row["kind"] = json!(1);
    row["reply"] = json!(error.to_string());
    row["logs"] = json!([[52_000_000, "ERROR", format!("Invoke Error \t{error}")]]);
    row
}

/// A model whose run has these invocations.
fn run(rows: &[Value]) -> Model {
    run_of(model(), rows)
}

fn run_of(mut model: Model, rows: &[Value]) -> Model {
    act(&mut model, "source", CODE);
    let effects = model.update(Action::RunOrPause);
    let opened =
        effects.iter().find_map(|effect| if let Effect::OpenRun { run, .. } = effect { Some(*run) } else { None });
    let run = opened.expect("a run was opened");
    let whole: Timeline = fixture::timeline(model.scenario());
    let block = std::iter::once(0.0).chain(whole.encode(0, 1_500)).collect();
    let rows = json!({ "rows": rows, "more": 0 }).to_string();
    model.update(Action::Box(BoxEvent::Frames { run, block, rows }));
    model.update(Action::Seek { seconds: 600.0 });
    model
}

fn texts(value: &Value) -> String {
    let line = |line: &Value| line[1].as_str().or(line.as_str()).unwrap_or_default().replace('\u{a0}', " ");
    value.as_array().expect("it is a list").iter().map(line).collect::<Vec<_>>().join("\n")
}

fn ids(view: &Value) -> Vec<&str> {
    view["rows"].as_array().expect("it is a list").iter().filter_map(|row| row[0].as_str()).collect()
}

/// The whole run of a model with all its designs, and with these invocations.
fn whole_run(model: &mut Model, rows: &[Value]) {
    let effects = model.update(Action::RunOrPause);
    let opened =
        effects.iter().find_map(|effect| if let Effect::OpenRun { run, .. } = effect { Some(*run) } else { None });
    let run = opened.expect("a run was opened");
    let mut designs = Comparison::new(model.scenario());
    assert_eq!(designs.run(), Ok(()));
    let parts = designs.runs().iter().flat_map(|run| (0..run.parts()).map(move |part| (run, part)));
    let mut rows = json!({ "rows": rows, "more": 0 }).to_string();
    for (place, (of, part)) in parts.enumerate() {
        let (_, frames) = of.block(part, 0, usize::MAX).expect("it has frames");
        let block = std::iter::once(place as f64).chain(frames).collect();
        model.update(Action::Box(BoxEvent::Frames { run, block, rows: std::mem::take(&mut rows) }));
    }
    model.update(Action::Seek { seconds: 600.0 });
}

#[test]
fn a_source_text_becomes_the_handler_and_a_sample_brings_its_records() {
    let mut model = model();
    assert_eq!((model.shows_handler(), &*model.handler_code()), (false, ""));
    assert!(model.handler_view()["note"].as_str().is_some_and(|note| note.starts_with("No code decides here")));
    act(&mut model, "source", CODE);
    assert!(model.shows_handler() && model.problems().is_empty());
    assert_eq!(model.scenario().consumers[0].handler, HandlerKind::JavaScript);
    assert_eq!(&*model.handler_code(), CODE);
    assert_eq!(model.draft().get("traffic.payloads"), None);
    act(&mut model, "sample", "exports.handler = async () => 1;");
    assert_eq!(model.handler_view()["title"], "index.js");
    assert!(model.draft().get("traffic.payloads").is_some() && model.problems().is_empty(), "{:?}", model.problems());
    // What somebody said of the records stays.
    let own = json!([{ "share": 1, "data": "mine" }]);
    model.update(Action::Set(vec![("traffic.payloads".to_owned(), own.clone())]));
    act(&mut model, "sample", CODE);
    assert_eq!(model.draft().get("traffic.payloads"), Some(&own));
}

#[test]
fn who_writes_a_handler_begins_with_one_that_runs() {
    let mut model = model();
    model.update(Action::WriteHandler(Owner::Consumer { stream: 0, place: 0 }));
    assert!(
        model.shows_handler() && model.problems().is_empty() && model.handler_code().contains("export const handler")
    );
    // Code that is there is left alone.
    act(&mut model, "code", CODE);
    model.update(Action::WriteHandler(Owner::Consumer { stream: 0, place: 0 }));
    assert_eq!(&*model.handler_code(), CODE);
    model.update(Action::ToggleHandler);
    assert!(!model.shows_handler());
    assert_eq!(Action::for_key("h"), Some(Action::ToggleHandler));
}

#[test]
fn the_function_of_a_delivery_stream_has_a_handler_too() {
    let mut model = model();
    let (path, firehose) = ("deliver.0.firehose.transform", Owner::Design(0));
    model.update(Action::AddDelivery);
    model.update(Action::Compare { what: "firehose".to_owned(), place: 0 });
    for owner in [Owner::Deliver { stream: 0, place: 0 }, firehose] {
        model.update(Action::WriteHandler(owner));
        assert!(model.shows_handler() && !model.compares() && model.problems().is_empty(), "{:?}", model.problems());
        let handling = owner.handling(model.scenario()).expect("it is there");
        assert_eq!((handling.kind, &handling.code), (HandlerKind::JavaScript, &model.handler_code()));
        assert!(handling.code.contains("recordId") && model.handler_view()["transform"] == true);
    }
    assert_eq!(model.handler_view()["whose"], "The function of Firehose; what stands above is Data Streams");
    assert_eq!(model.draft().get(&format!("{path}.memory_mb")), Some(&json!(512)));
    // What code there was stays, and each has its own.
    act(&mut model, "code", "exports.handler = () => 1;");
    model.update(Action::WriteHandler(Owner::Deliver { stream: 0, place: 0 }));
    assert!(model.handler_code().contains("export const handler"));
    assert_eq!(model.handler_view()["mapping"].as_array().map(Vec::len), Some(3));
    // Its invocations, and no others.
    let mut transformed = row(0, 0, 3, 1);
    transformed["consumer"] = json!(Owner::Deliver { stream: 0, place: 0 }.number());
    transformed["kind"] = json!(3);
    transformed["verdicts"] = json!([40, 8, 2]);
    whole_run(&mut model, &[row(0, 7, 2, 1), transformed]);
    let view = model.handler_view();
    assert_eq!(ids(&view), ["0-0"]);
    assert_eq!(view["rows"][0][6], "2 failed, 8 dropped");
    let event = texts(&view["event"]);
    assert!(event.contains("\"recordId\": \"495\"") && event.contains("kinesisRecordMetadata"), "{event}");
    assert!(view["eventHead"].as_str().is_some_and(|head| !head.contains("shard")));
    // Another consumer is shown, and its handler with it.
    model.update(Action::ShowConsumer(0));
    assert_eq!((model.handler_view()["transform"] == true, model.handler_view()["whose"].as_str()), (false, Some("")));
    // A copy of the first design beside it has its code, which is written there on its own.
    model.update(Action::Compare { what: "copy".to_owned(), place: 0 });
    assert!(model.problems().is_empty(), "{:?}", model.problems());
    let code = |path: &str| model.draft().get(&format!("{path}.code")).cloned();
    assert!(code(path).is_some() && code(path) == code(&format!("designs.1.{path}")));
    // What is gone is not shown any more.
    model.update(Action::WriteHandler(firehose));
    model.update(Action::Compare { what: "remove".to_owned(), place: 1 });
    assert_eq!(model.handler_view()["transform"], false);
}

#[test]
fn a_consumer_of_any_stream_has_a_handler_too() {
    let mut model = model();
    model.update(Action::AddStream(0));
    model.update(Action::WriteHandler(Owner::Consumer { stream: 0, place: 0 }));
    act(&mut model, "code", CODE);
    // A copy beside the first has the code of all its streams; what is changed there stays there.
    model.update(Action::Compare { what: "copy".to_owned(), place: 0 });
    model.update(Action::Edit { path: "designs.0.name".to_owned(), text: "Other".to_owned() });
    let (follows, beside) = (Owner::Consumer { stream: 1, place: 0 }, Owner::Consumer { stream: 2, place: 0 });
    model.update(Action::WriteHandler(beside));
    assert!(!model.compares() && model.problems().is_empty(), "{:?}", model.problems());
    assert_eq!(&*model.handler_code(), CODE);
    let view = model.handler_view();
    assert_eq!(
        (view["whose"].as_str(), view["transform"] == true),
        (Some("Lambda of Other; what stands above is Data Streams"), false)
    );
    assert_eq!(view["mapping"].as_array().map(Vec::len), Some(3));
    act(&mut model, "code", "exports.handler = () => 1;");
    let code = |model: &Model, path: &str| model.draft().get(&format!("{path}.code")).cloned();
    assert_eq!(code(&model, "consumers.0"), Some(json!(CODE)));
    assert_eq!(code(&model, "designs.0.consumers.0"), Some(json!("exports.handler = () => 1;")));
    // Its invocations, and no others; nothing that is said of the first design.
    let mut other = row(0, 0, 3, 1);
    other["consumer"] = json!(beside.number());
    whole_run(&mut model, &[row(0, 7, 2, 1), other]);
    let view = model.handler_view();
    assert_eq!((ids(&view), view["remedy"].as_str()), (vec!["0-0"], Some("")));
    // Of a stream that follows: the page shows it.
    model.update(Action::WriteHandler(follows));
    assert_eq!((model.stream(), model.handler_view()["whose"].as_str()), (1, Some("")));
    assert!(code(&model, "then.0.consumers.0").is_some() && model.problems().is_empty(), "{:?}", model.problems());
}

#[test]
fn a_module_is_taken_and_has_no_editor() {
    let mut model = model();
    act(&mut model, "module", "AGFzbQEAAAA=");
    assert_eq!(model.scenario().consumers[0].handler, HandlerKind::Module);
    let view = model.handler_view();
    assert_eq!((view["title"].as_str(), view["note"] == ""), (Some("module.wasm"), false));
    act(&mut model, "refused", "This module cannot run here: it imports env.memory, which is not there");
    assert!(model.message().is_some_and(|message| message.sub.starts_with("It imports env.memory")));
    act(&mut model, "unreadable", "orders.wasm");
    assert!(model.message().is_some_and(|message| message.head == "orders.wasm could not be read."));
}

#[test]
fn rows_stand_newest_first_and_follow_the_slider() {
    let mut model =
        run(&[row(0, 0, 10, 1), row(1, 0, 11, 1), row(0, 1, 500, 1), thrown(1, 1, 501, 1), row(0, 2, 700, 1)]);
    let view = model.handler_view();
    assert_eq!(ids(&view), ["1-1", "0-1", "1-0", "0-0"]);
    assert_eq!(view["rows"][0], json!(["1-1", "8:21", "1", "100", "1", "53", "threw", true]));
    assert_eq!(view["count"], "4 so far, 1 failed; newest first");
    assert_eq!(view["selected"], "1-1", "one that failed is looked at first");
    model.update(Action::Seek { seconds: 12.0 });
    let view = model.handler_view();
    assert_eq!((ids(&view), &view["selected"]), (vec!["1-0", "0-0"], &json!("1-0")));
    // What was selected comes back with its instant.
    model.update(Action::Seek { seconds: 600.0 });
    act(&mut model, "select", "0-1");
    assert_eq!(model.handler_view()["selected"], "0-1");
    model.update(Action::Seek { seconds: 100.0 });
    assert_eq!(model.handler_view()["selected"], "1-0");
    model.update(Action::Seek { seconds: 600.0 });
    assert_eq!(model.handler_view()["selected"], "0-1");
}

#[test]
fn rows_are_filtered_by_how_they_ended_and_by_what_they_said() {
    let mut rows: Vec<Value> = (0..400).map(|number| row(0, number, 100 + number, 1)).collect();
    rows.extend([thrown(1, 0, 20, 1), thrown(1, 1, 30, 2)]);
    let mut model = run(&rows);
    let view = model.handler_view();
    assert_eq!((ids(&view).len(), view["more"].as_str()), (150, Some("and 252 more")));
    act(&mut model, "filter", "failed");
    let view = model.handler_view();
    assert_eq!((ids(&view), view["more"].as_str(), &view["failed"]), (vec!["1-1", "1-0"], Some(""), &json!(true)));
    act(&mut model, "filter", "all");
    act(&mut model, "search", "Began 77");
    assert_eq!(ids(&model.handler_view()), ["0-77"]);
    act(&mut model, "search", "CENTS");
    assert_eq!(ids(&model.handler_view()), ["1-1", "1-0"]);
    act(&mut model, "search", "nothing of the kind");
    assert_eq!(model.handler_view()["more"], "None of them.");
}

#[test]
fn an_invocation_is_told_as_lambda_prints_it() {
    let mut model = run(&[row(0, 0, 10, 1), thrown(1, 0, 61, 1), thrown(1, 1, 62, 2), row(1, 2, 70, 3)]);
    let memory = model.scenario().consumers[0].memory_mb;
    act(&mut model, "select", "0-0");
    let view = model.handler_view();
    assert_eq!(view["eventHead"], "0:10, shard 0, record 1 of 100");
    let event = texts(&view["event"]);
    assert!(
        event.contains("\"partitionKey\": \"user-3980\"") && event.contains("↳ {\"id\":\"A-1093\",\"price\":null}"),
        "{event}"
    );
    let report = format!(
        "0:10 START Version: $LATEST\n0:10 INFO began 0\n0:10 END\n0:10 REPORT Duration: 53.20 ms  Billed Duration: 54 ms  \
         Memory Size: {memory} MB  Max Memory Used: 2 MB"
    );
    assert_eq!(texts(&view["logs"]), report);
    // The tries before it stand above it, each with what came after.
    act(&mut model, "select", "1-1");
    let logs = texts(&model.handler_view()["logs"]);
    assert!(logs.contains("try 1 failed; try 2 came after 950 ms"), "{logs}");
    assert!(
        logs.contains(
            "1:02 ERROR Invoke Error  TypeError: cannot read property 'cents' of null\n      at handler (index.mjs:2:8)"
        ),
        "{logs}"
    );
    assert!(logs.ends_with("try 2 failed; try 3 came after 7.9 s"), "{logs}");
    assert_eq!(logs.matches("START").count(), 2);
}

#[test]
fn where_the_code_decides_how_long_it_takes_loading_it_is_billed() {
    let mut model = model();
    model.update(Action::Set(vec![("consumers.0.duration_from".to_owned(), json!("code"))]));
    let model = run_of(model, &[row(0, 0, 10, 1)]);
    assert!(model.scenario().consumers[0].waits_for_code());
    let logs = texts(&model.handler_view()["logs"]);
    assert!(logs.contains("Billed Duration: 74 ms") && logs.ends_with("Init Duration: 20.00 ms"), "{logs}");
}

#[test]
fn faults_that_were_injected_go_when_code_decides() {
    let mut model = model();
    let path = "consumers.0.poison_key".to_owned();
    model.update(Action::Set(vec![(path.clone(), json!(4_711)), ("consumers.0.error_rate".to_owned(), json!(0.5))]));
    act(&mut model, "source", CODE);
    let consumer = &model.scenario().consumers[0];
    assert_eq!((consumer.poison, consumer.injected_error_rate.millionths()), (None, 0));
    // Who injects one into code that is there wants it.
    model.update(Action::Set(vec![(path, json!(7))]));
    act(&mut model, "code", "export const handler = async () => {};");
    assert!(model.scenario().consumers[0].poison.is_some());
}

#[test]
fn the_line_that_failed_is_marked_with_what_it_said() {
    let mut model = run(&[thrown(1, 0, 61, 1), thrown(1, 1, 62, 2), row(1, 2, 70, 3)]);
    let text = "TypeError: cannot read property 'cents' of null. 2 times, last at 1:02.";
    assert_eq!(model.handler_view()["marks"], json!([{ "line": 2, "text": text }]));
    model.update(Action::Seek { seconds: 61.0 });
    let text = "TypeError: cannot read property 'cents' of null. Once, last at 1:01.";
    assert_eq!(model.handler_view()["marks"], json!([{ "line": 2, "text": text }]));
    model.update(Action::Seek { seconds: 30.0 });
    assert_eq!(model.handler_view()["marks"], json!([]));
    // Other code has not failed yet.
    act(&mut model, "code", "export const handler = async () => 1;\n");
    assert_eq!((model.handler_view()["marks"].clone(), ids(&model.handler_view()).len()), (json!([]), 0));
}

#[test]
fn one_event_is_run_and_its_end_is_told() {
    let mut model = model();
    act(&mut model, "try", "{}");
    assert!(texts(&model.handler_view()["tried"]["lines"]).contains("no code"), "without code nothing is run");
    act(&mut model, "source", CODE);
    let effects = act(&mut model, "try", " ");
    let [Effect::TryCode { id, consumer: 0, event: None, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(model.handler_view()["tried"]["head"], "running…");
    let mut result = row(0, 0, 0, 1);
    result["reply"] = json!("{\"batchItemFailures\":[]}");
    model.update(Action::Box(BoxEvent::Tried { id: *id, result: result.to_string() }));
    let tried = model.handler_view()["tried"].clone();
    assert_eq!(tried["head"], "ok, 53 ms");
    let lines = texts(&tried["lines"]);
    assert!(
        lines.starts_with("{\n  \"batchItemFailures\": []\n}") && lines.contains("     1.0 ms  INFO began 0"),
        "{lines}"
    );
    let effects = act(&mut model, "try", "{\"Records\":[]}");
    let [Effect::TryCode { id, event: Some(event), .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(event, "{\"Records\":[]}");
    model.update(Action::Box(BoxEvent::Tried { id: *id, result: thrown(0, 0, 0, 1).to_string() }));
    let view = model.handler_view();
    assert_eq!(view["tried"]["head"], "threw, 53 ms");
    let text = "TypeError: cannot read property 'cents' of null. In the event that was tried.";
    assert_eq!(view["marks"], json!([{ "line": 2, "text": text }]));
}

#[test]
fn the_mapping_is_set_where_the_code_stands() {
    let mut model = model();
    assert_eq!(model.handler_view()["mapping"], json!([]), "without code there is nothing to set here");
    act(&mut model, "source", CODE);
    let mapping = model.handler_view()["mapping"].clone();
    assert_eq!(
        (&mapping[0]["label"], &mapping[0]["on"], &mapping[0]["choices"]),
        (&json!("ReportBatchItemFailures"), &json!(false), &json!(["whole", "items"]))
    );
    let path = mapping[0]["path"].as_str().expect("it has a path");
    act(&mut model, &format!("knob {path}"), "items");
    assert_eq!(model.handler_view()["mapping"][0]["on"], true);
    let path = mapping[1]["path"].as_str().expect("it has a path");
    assert_eq!((&mapping[1]["text"], path), (&json!(""), "consumers.0.max_retries"));
    act(&mut model, &format!("knob {path}"), "3");
    assert_eq!(model.scenario().consumers[0].failures.max_retries, Some(3));
    act(&mut model, &format!("knob {path}"), "3 or so");
    let note = model.handler_view()["mapping"][1]["note"].clone();
    assert!(note.as_str().is_some_and(|note| note.starts_with("Write a number")), "{note}");
}

#[test]
fn a_report_that_nobody_reads_is_told_beside_its_switch() {
    let mut named = row(0, 0, 10, 1);
    named["reply"] = json!(r#"{"batchItemFailures":[{"itemIdentifier":"495"}]}"#);
    let mut model = run(&[named]);
    let note = |model: &Model| model.handler_view()["mapping"][0]["note"].clone();
    assert_eq!(note(&model), "off: the code names failed records, and that is ignored");
    let path = model.handler_view()["mapping"][0]["path"].as_str().expect("it has a path").to_owned();
    act(&mut model, &format!("knob {path}"), "items");
    assert_eq!(note(&model), "on: only the failed record and what follows come again");
}

#[test]
fn the_strip_has_a_stroke_for_each_pixel_in_which_something_began() {
    let model = run(&[row(0, 0, 10, 1), row(0, 1, 11, 1), row(0, 2, 300, 1), thrown(1, 0, 400, 1)]);
    let size = picture::Size { width: 1_500.0, height: 60.0, rem: 1.0, room: false };
    let strip = model.invocation_strip(size);
    let strokes = |colour: &str| {
        let path =
            strip.split("<path").find(|path| path.contains(colour) && path.contains("stroke=")).expect("it is drawn");
        path.matches('M').count() + path.matches('m').count()
    };
    // The run has a pixel for each second.
    assert_eq!((strokes("--done"), strokes("--lost")), (3, 1), "{strip}");
    assert!(strip.contains("6:40 first failure") && strip.contains("shard 1"));
    let narrow = model.invocation_strip(picture::Size { width: 150.0, ..size });
    assert!(narrow.len() < strip.len());
    assert_eq!(model.invocation_strip(picture::Size { width: 0.0, ..size }), "");
}
