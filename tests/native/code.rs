//! JavaScript that decides the batches of a whole run, on the command line.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use streamgauge::engine::{Invocation, Outcome};
use streamgauge::scenario::Draft;
use streamgauge::session::{Pump, Session};

/// A file with this text, in the folder that Cargo sets aside for tests.
fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a writable folder");
    path
}

/// A run of a scenario with code for its consumers.
fn run(name: &str, scenario: &Value, given: &[(&str, &str)], more: &[&str]) -> Output {
    let scenario = file(&format!("{name}.json"), &scenario.to_string());
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamgauge"));
    command.arg("run").arg(scenario).args(more);
    for (place, code) in given {
        let code = file(&format!("{name}-{}.js", place.replace('=', "")), code);
        command.arg("--handler").arg(format!("{place}{}", code.display()));
    }
    command.output().expect("the program starts")
}

fn summary(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

fn small() -> Value {
    json!({
        "length_s": 40,
        "seed": 11,
        "traffic": {
            "curve": [{ "kind": "constant", "per_s": 100 }],
            "keys": { "kind": "uniform", "count": 200 },
            "sizes": { "kind": "fixed", "bytes": 100 },
            "payloads": [{ "data": { "id": "{number}", "device": "{key}" } }],
        },
        "stream": { "shards": 2 },
        "consumers": [{ "batch_size": 20, "responses": "items", "memory_mb": 1769 }],
    })
}

/// The code sees the records that a closure sees, and what it answers has the same effect: the runs are the same.
#[test]
fn code_decides_as_a_closure_does() {
    let code = r#"
        const seen = new Map();
        exports.handler = async (event) => {
          const batchItemFailures = [];
          for (const { kinesis: { data, partitionKey, sequenceNumber } } of event.Records) {
            const { id, device } = JSON.parse(Buffer.from(data, "base64").toString("utf8"));
            if (device !== partitionKey) throw new Error(`${device} is not ${partitionKey}`);
            const times = (seen.get(sequenceNumber) ?? 0) + 1;
            seen.set(sequenceNumber, times);
            if (id % 50 === 7 && times < 3) batchItemFailures.push({ itemIdentifier: sequenceNumber });
          }
          return { batchItemFailures };
        };"#;
    let found = summary(&run("closure", &small(), &[("", code)], &["--json"]));

    let mut draft = Draft::from_value(small());
    draft.set("consumers.0.handler", "host".into());
    let mut session = Session::new(draft.check().expect("no problems"));
    // The state of a module is that of its environment.
    let (mut seen, mut invocations) = (BTreeMap::<(u32, String), u32>::new(), 0u64);
    let end = session.run_with(&mut |invocation: &Invocation| {
        invocations += 1;
        if invocation.cold {
            seen.retain(|(environment, _), _| *environment != invocation.environment);
        }
        let mut first = None;
        for (place, of) in (0..).zip(&invocation.records) {
            let times = seen.entry((invocation.environment, of.sequence_number.to_string())).or_insert(0);
            *times += 1;
            if of.record.number % 50 == 7 && *times < 3 {
                first = first.or(Some(place));
            }
        }
        first.map_or(Outcome::Succeeded, Outcome::FailedFrom)
    });
    assert_eq!(end, Pump::Finished);
    assert_eq!(found["digest"], session.summary()["digest"]);
    assert_eq!(found["handlers"][0]["ended"], json!({ "succeeded": invocations }));
    assert!(found["metrics"]["Invocations"]["sum"].as_f64() > Some(150.0), "{}", found["metrics"]["Invocations"]);
    assert!(found["handlers"][0]["fuel"].as_u64() > Some(1_000_000));
}

/// A tumbling window's state goes from one invocation to the next: the counts of all windows are the records done.
#[test]
fn a_window_s_state_goes_through_the_code() {
    let mut scenario = small();
    scenario["traffic"]["arrivals"] = "even".into();
    scenario["producer"] = json!({ "call": "PutRecord" });
    scenario["consumers"] =
        json!([{ "batch_size": 20, "tumbling_window_s": 10, "window_wait_s": 5, "memory_mb": 1769 }]);
    let code = r#"
        export const handler = async (event) => {
          const count = (event.state.count ?? 0) + event.Records.length;
          if (event.isFinalInvokeForWindow) console.log(`window of ${event.shardId} from ${event.window.start}: ${count}`);
          return { state: { count } };
        };"#;
    let found = summary(&run("window", &scenario, &[("0=", code)], &["--json"]));
    let lines = found["handlers"][0]["log"].as_array().expect("a list");
    let counted = |line: &Value| line["text"].as_str()?.trim_end().rsplit(' ').next()?.parse::<u64>().ok();
    let windows: Vec<u64> = lines.iter().filter_map(counted).collect();
    // Two shards have three windows each that are over before the end of the run.
    assert_eq!((windows.len(), lines.len()), (6, 6), "{lines:?}");
    let (sum, processed) = (windows.iter().sum::<u64>(), found["ledger"]["processed"].as_u64().expect("a count"));
    // A record comes every ten milliseconds; what the fourth windows hold has not been told.
    assert!((2_998..=3_000).contains(&sum) && processed > sum, "{sum} of {processed}");
}

#[test]
fn code_that_fails_is_told_and_its_batches_are_tried_again() {
    let code = r#"exports.handler = async (event) => { console.error("no"); while (event.Records.length > 19) {} };"#;
    let mut scenario = small();
    scenario["length_s"] = json!(10);
    let output = run("failing", &scenario, &[("", code)], &[]);
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    assert!(output.status.success() && text.contains("timed out"), "{text}");
    assert!(text.contains("Code of Lambda: ") && text.contains(" ERROR no"), "{text}");

    let refused = |given: &[(&str, &str)]| {
        let output = run("refused", &scenario, given, &[]);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    assert!(refused(&[("", "exports.handler = (")]).contains("does not load"));
    assert!(refused(&[("3=", "exports.handler = 1")]).contains("there is no consumer 3"));
}

/// Files with code for delivery streams: behind the stream, and a design.
#[test]
fn the_function_of_a_delivery_stream_takes_a_file() {
    let transform = json!({ "memory_mb": 512, "interval_s": 2 });
    let firehose = json!({ "transform": transform, "buffering": { "interval_s": 5 } });
    let mut scenario = small();
    scenario["consumers"] = json!([{ "kind": "poller", "fixed_ms": 0, "per_record_ms": 0 }]);
    scenario["deliver"] = json!([{ "consumer": 0, "firehose": firehose }]);
    scenario["designs"] = json!([{ "kind": "firehose", "firehose": firehose }]);
    let answer = |of: &str| {
        format!("exports.handler = async (e) => ({{ records: e.records.map((r, i) => ({{ ...r, result: {of} }})) }});")
    };
    let (drops, fails) = (answer("i % 2 ? 'Ok' : 'Dropped'"), answer("'ProcessingFailed'"));
    let found = summary(&run("transforms", &scenario, &[("deliver.0=", &drops), ("designs.0=", &fails)], &["--json"]));
    let (behind, beside) = (&found["deliver"][0]["ledger"], &found["firehose"][0]["ledger"]);
    let number = |value: &Value| value.as_u64().expect("a number");
    assert!(number(&behind["dropped"]) > 1_500 && behind["balances"] == true, "{behind}");
    assert!(number(&beside["set_aside"]["processing_failed"]) > 3_000 && beside["dropped"] == 0, "{beside}");
    let paths: Vec<&Value> = found["handlers"].as_array().expect("a list").iter().map(|of| &of["function"]).collect();
    assert_eq!(paths, ["deliver.0.firehose.transform", "designs.0.firehose.transform"]);

    let refused = |given: &str| {
        let output = run("refused-transform", &scenario, &[(given, "exports.handler = 1")], &[]);
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    let (code, text) = refused("deliver.1=");
    assert!(code == Some(1) && text.contains("there is no deliver.1; the first of 1 is 0"), "{text}");
    let (code, text) = refused("then.0=");
    assert!(code == Some(2) && text.contains("names no function"), "{text}");
    let (code, text) = refused("deliver.0=");
    assert!(code == Some(1) && text.contains("The code of the function of Firehose does not load"), "{text}");
}
