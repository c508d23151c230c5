//! The real program: what it prints, where, and its exit status.

use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use streamgauge::scenario::{Draft, presets, schema};
use streamgauge::session::Session;

fn streamgauge(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_streamgauge")).args(arguments).output().expect("the program starts")
}

fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).join("scenario.json");
    path.to_str().expect("a plain path").to_owned()
}

/// A file with this text, in the folder that Cargo sets aside for tests.
fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a writable folder");
    path
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// The one JSON object of a run.
fn run_json(arguments: &[&str]) -> Value {
    let output = streamgauge(&[&["run", "--json"], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[test]
fn the_presets_are_listed_and_printed() {
    let list = streamgauge(&["presets"]);
    assert!(list.status.success());
    for preset in presets::ALL {
        assert!(stdout(&list).contains(preset.id));
        let one = streamgauge(&["presets", preset.id]);
        let draft = Draft::parse(&stdout(&one)).expect("JSON");
        assert_eq!(draft, preset.draft());
    }
    let unknown = streamgauge(&["presets", "hot"]);
    assert_eq!((unknown.status.code(), stdout(&unknown).as_str()), (Some(2), ""));
    assert!(stderr(&unknown).contains("sudden-popularity"));
}

#[test]
fn designs_are_printed_below_each_other_and_side_by_side() {
    let run = stdout(&streamgauge(&["run", &golden("direct")]));
    for part in
        ["── Direct: digest ", "── Remedies: digest ", "  failed: the client gave up", "attempts, retries included"]
    {
        assert!(run.contains(part), "{part} in {run}");
    }
    assert!(!run.contains("does not balance"), "{run}");
    let json = run_json(&[&golden("direct")]);
    assert_eq!(json["direct"].as_array().expect("two direct designs").len(), 2);
    let compared = streamgauge(&["compare", &golden("direct")]);
    assert!(compared.status.success(), "{}", stderr(&compared));
    let text = stdout(&compared);
    for part in ["Data Streams", "Two shards", "Direct", "Remedies", "The client waits, p99", "Costs, 30 days", "●"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let compared = streamgauge(&["compare", "--json", &golden("direct")]);
    let json: Value = serde_json::from_slice(&compared.stdout).expect("one JSON object");
    let traffic = json["traffic_digests"].as_array().expect("a list");
    assert!(traffic.len() == 4 && traffic.iter().all(|digest| *digest == traffic[0]), "{traffic:?}");
    let measures = json["measures"].as_array().expect("a list");
    for measure in measures {
        assert_eq!(measure["values"].as_array().expect("a list").len(), 4, "{measure}");
    }
}

#[test]
fn delivery_streams_are_printed_with_the_stream_that_they_read_and_beside_it() {
    let firehose = golden("firehose");
    let run = stdout(&streamgauge(&["run", &firehose]));
    for part in [
        "── Archive, read by Poller 2: digest ",
        "── Redshift: digest ",
        "    under the error prefix: processing failed",
        "    under the error prefix: the destination did not take them",
        " objects of ",
        "from offered to delivered",
        "Firehose ingestion",
        "30 days of all streams together",
    ] {
        assert!(run.contains(part), "{part} in {run}");
    }
    assert!(!run.contains("does not balance"), "{run}");
    let json = run_json(&[&firehose]);
    assert_eq!(json["firehose"].as_array().expect("three designs").len(), 3);
    assert_eq!(json["deliver"][0]["ledger"]["balances"], true);
    let compared = streamgauge(&["compare", "--json", &firehose]);
    let json: Value = serde_json::from_slice(&compared.stdout).expect("one JSON object");
    assert_eq!(json["designs"], json!(["Data Streams", "S3", "Redshift", "Endpoint"]));
    let traffic = json["traffic_digests"].as_array().expect("a list");
    assert!(traffic.iter().all(|digest| *digest == traffic[0]), "{traffic:?}");
}

#[test]
fn the_schema_is_printed() {
    let output = streamgauge(&["schema"]);
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).expect("JSON"), schema::schema());
}

/// What comes if it goes on so is said for people and for programs.
#[test]
fn the_time_to_loss_is_printed() {
    let expiry = golden("expiry");
    let report = stdout(&streamgauge(&["run", &expiry]));
    assert!(report.contains("\nTime to loss: none left, records expire.\n"), "{report}");
    assert_eq!(run_json(&[&expiry])["time_to_loss_s"], json!(0.0));
    let held = run_json(&[&golden("lone-poller")]);
    assert_eq!((&held["time_to_loss_s"], &held["caught_up_in_s"]), (&Value::Null, &Value::Null));
    let latest = stdout(&streamgauge(&["run", &golden("latest")]));
    assert!(latest.contains("before the starting position  18,084    20 %"), "{latest}");
}

#[test]
fn a_good_file_is_called_good() {
    let output = streamgauge(&["check", &golden("spike-ignored")]);
    assert!(output.status.success());
    assert_eq!(stdout(&output), "spike-ignored: no problems. It offers about 91,500 records in 1 min.\n");
}

#[test]
fn a_bad_file_gets_every_problem_and_nothing_else() {
    let text = r#"{ "traffic": { "curve": [{ "kind": "spike", "base_per_s": -1 }] }, "stream": { "shard": 4 } }"#;
    let path = file("bad.json", text);
    let path = path.to_str().expect("a plain path");
    let expected = "traffic.curve.0.base_per_s: -1 is too small; choose 0 to 10,000,000 records/s\n\
                    stream.shard: there is no field of this name; did you mean \"shards\"?\n";
    for arguments in [&["check", path][..], &["run", path], &["run", "--json", path]] {
        let output = streamgauge(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("", expected), "{arguments:?}");
    }
}

#[test]
fn what_is_no_scenario_is_said_in_one_line() {
    let not_json = file("not.json", "{ \"seed\": 7,");
    let not_text = file("not.txt", "");
    std::fs::write(&not_text, [0xff, 0xfe, 0x00]).expect("a writable folder");
    for what in [not_json.to_str(), not_text.to_str(), Some("no-such-preset"), Some(env!("CARGO_TARGET_TMPDIR"))] {
        let output = streamgauge(&["run", what.expect("a plain path")]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(stdout(&output), "");
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    }
}

#[test]
fn a_handler_of_the_host_is_refused() {
    let mut draft = presets::ALL[0].draft();
    draft.set("consumers.0.handler", json!("host"));
    let path = file("host.json", &draft.to_json());
    let output = streamgauge(&["run", path.to_str().expect("a plain path")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("consumers.0.handler: "));
}

#[test]
fn a_run_is_one_json_object_and_repeats() {
    let path = golden("operations");
    let object = run_json(&[&path]);
    for name in ["digest", "ledger", "metrics", "latency", "bill", "findings"] {
        assert!(!object[name].is_null(), "{name} is missing");
    }
    assert_eq!(object["ledger"]["balances"], json!(true));
    let text = std::fs::read_to_string(&path).expect("a golden scenario");
    let mut session = Session::new(Draft::parse(&text).expect("JSON").check().expect("whole"));
    let _ = session.run();
    assert_eq!(object, session.summary());
    let other = run_json(&[&path, "--seed", "99"]);
    assert_eq!(other["seed"], json!(99));
    assert_ne!(other["digest"], object["digest"]);
    let too_large = streamgauge(&["run", &path, "--seed", "18446744073709551615"]);
    assert_eq!(too_large.status.code(), Some(2));
    assert!(stderr(&too_large).starts_with("seed: "));
}

#[test]
fn a_scenario_may_come_through_a_pipe() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_streamgauge"))
        .args(["run", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let text = std::fs::read(golden("spike-ignored")).expect("a golden scenario");
    child.stdin.take().expect("a pipe").write_all(&text).expect("the program reads");
    let output = child.wait_with_output().expect("the program ends");
    let report = stdout(&output);
    for part in ["spike-ignored: 1 min, seed 11", "Records", "The account balances.", "Latency", "Bill", "Findings"] {
        assert!(report.contains(part), "{part} is missing in:\n{report}");
    }
    assert!(report.lines().all(|line| line.chars().count() <= 110 && line == line.trim_end()));
}

#[test]
fn the_world_cup_day_offers_every_request_and_balances() {
    let object = run_json(&["world-cup-1998"]);
    assert_eq!(object["ledger"]["offered"], json!(36_780_275));
    assert_eq!(object["ledger"]["balances"], json!(true));
}

#[test]
fn each_consumer_has_a_block_of_the_report_and_a_part_of_the_json() {
    let output = streamgauge(&["run", &golden("two-consumers")]);
    let text = stdout(&output);
    let blocks = text.matches("from put to processed").count();
    assert_eq!((blocks, text.matches("The account balances.").count()), (2, 2), "{text}");
    for words in [
        "\nAlerts: ",
        "\nArchive: ",
        "\nAlerts ",
        "\nArchive ",
        "before the starting position",
        "Alerts: Lambda duration",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let json = run_json(&[&golden("two-consumers")]);
    let [alerts, archive] = json["consumers"].as_array().expect("a list").as_slice() else { panic!("two consumers") };
    assert_eq!((&alerts["name"], &archive["name"]), (&json!("Alerts"), &json!("Archive")));
    assert_eq!(alerts["ledger"]["processed"], json["ledger"]["processed"], "the first is that of the whole");
    assert!(archive["ledger"]["skipped"].as_u64() > Some(10_000), "{archive}");
    assert!(archive["metrics"]["Invocations"]["sum"].as_f64() > Some(0.0));
    assert_eq!(archive["metrics"].get("Offered"), None, "what is the stream's stands once");
    assert_eq!(json["ledger"]["balances"], json!(true));
}

#[test]
fn a_handler_of_the_host_is_refused_at_its_consumer() {
    let text = json!({
        "streamgauge": 1, "length_s": 5, "traffic": {"curve": [{"kind": "constant", "per_s": 1}]},
        "consumers": [{}, {"handler": "host"}],
    });
    let output = streamgauge(&["run", file("two-handlers.json", &text.to_string()).to_str().expect("a plain path")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("consumers.1.handler: "), "{}", stderr(&output));
}

/// Nothing exists on the page only: positions are printed for people and as JSON, and both are the same.
#[test]
fn where_consumers_stand_at_the_end_is_printed() {
    let json = run_json(&["many-consumers"]);
    let text = streamgauge(&["run", "many-consumers"]);
    let text = stdout(&text);
    assert!(text.contains("Age of the oldest") && text.contains("2 of 2 workers up; shards of each: 2, 2."), "{text}");
    let consumers = json["consumers"].as_array().expect("a list");
    assert_eq!(consumers.len(), 5);
    for consumer in consumers {
        let shards = consumer["positions"]["shards"].as_array().expect("a list");
        let sum = |name: &str| shards.iter().map(|shard| shard[name].as_u64().expect("a count")).sum::<u64>();
        let ledger = &consumer["ledger"];
        assert_eq!(
            sum("waiting") + sum("in_flight"),
            ledger["waiting"].as_u64().unwrap() + ledger["in_flight"].as_u64().unwrap()
        );
        for shard in shards {
            let row = ["checkpoint", "read", "tip"]
                .map(|name| streamgauge::text::int(shard[name].as_f64().expect("a count")));
            assert!(text.lines().any(|line| row.iter().all(|place| line.contains(place.as_str()))), "{shard}");
        }
    }
    assert_eq!(consumers[1]["positions"]["workers"][0], json!({"up": true, "leases": 2}));
    let blocked = &consumers[0]["positions"]["shards"][1];
    assert_eq!(
        (blocked["blocked"].clone(), blocked["parts"][0]["doing"].clone()),
        (json!(true), json!("waits_to_retry"))
    );
    let tried = blocked["parts"][0]["tried"].as_array().expect("a list");
    assert!(tried.iter().any(|tried| tried["how"] == "split" && tried["why"] == "poison"), "{blocked}");
}

#[test]
fn a_handler_runs_on_one_event() {
    let code = file("handler.js", "let n = 0; exports.handler = async (event) => [event.Records.length, ++n];");
    let event = file(
        "handler-event.json",
        r#"{"Records":[{"kinesis":{"partitionKey":"k","sequenceNumber":"7","data":"b3JkZXI=","approximateArrivalTimestamp":1.5}}]}"#,
    );
    let (code, event) = (code.to_str().expect("a plain path"), event.to_str().expect("a plain path"));
    let output = streamgauge(&["handle", code, "--event", event, "--times", "2", "--memory", "1769"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let outcomes: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!([&outcomes[1]["reply"], &outcomes[2]["reply"]], [&json!([1, 1]), &json!([1, 2])]);
    assert_eq!(outcomes[1]["fuel"], outcomes[1]["duration_ns"]);
    let module = file("handler.wasm", "this is no module");
    let refused = streamgauge(&["handle", module.to_str().expect("a plain path"), "--event", event]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("This module cannot run here"), "{}", stderr(&refused));
}
