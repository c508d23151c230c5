//! JavaScript handlers on the native host: each script of `tests/handlers` ends as written in `expected.json` there,
//! which a test of the page's own host reads as well.

use super::common::javascript_engine;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::PathBuf;
use streamgauge::handlers::event::{self, Batch, Record, TransformRecord, packed, transform_json};
use streamgauge::handlers::{Environment, HandlerEngine, Limits, Outcome, Request, Settings, Status, cpu_ns};

const NOW: u64 = 1_700_000_000_000_000_000;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/handlers")
}

const BATCH: Batch<'_> = Batch {
    shard: "shardId-000000000006",
    region: "us-east-2",
    role: "arn:aws:iam::123456789012:role/lambda-role",
    stream: "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream",
    more: "",
};

/// Keys, sequence numbers and data of so many records.
fn fields(count: u64) -> Vec<(String, String, String)> {
    let of = |id: u64| {
        let data =
            json!({"id": id, "user": format!("user-{id}"), "amount": id as f64 * 1.5, "note": "gr\u{fc}\u{df}e"});
        (
            format!("key-{id}"),
            format!("495903382714902566085596925383615710959215759891365888{id:02}"),
            data.to_string(),
        )
    };
    (0..count).map(of).collect()
}

fn records(fields: &[(String, String, String)]) -> Vec<Record<'_>> {
    fields
        .iter()
        .map(|(key, sequence, data)| Record { key, sequence, data: data.as_bytes(), arrival_ms: 1_545_084_650_987 })
        .collect()
}

fn event(count: u64) -> Vec<u8> {
    packed(&BATCH, &records(&fields(count)))
}

fn environment(code: &str, memory_mb: u64, node: u32) -> Environment {
    let env = r#"{"AWS_REGION":"us-east-2"}"#.to_owned();
    Environment::new(javascript_engine(), Settings { code: code.to_owned(), memory_mb, env, node }, NOW, [1, 2, 3, 4])
}

fn request(event: &[u8], timeout_ms: u64, turn: i32) -> Request<'_> {
    let context = r#"{"awsRequestId":"request-1","functionName":"orders"}"#;
    Request { event, now: NOW + 500_000, timeout_ms, seed: [5, 6, 7, turn], id: "request-1", context }
}

/// An outcome as it is written down.
fn shown(outcome: &Outcome) -> Value {
    let mut first = Map::new();
    first.insert("status".to_owned(), json!(outcome.status as i32));
    first.insert("fuel".to_owned(), json!(outcome.fuel));
    first.insert("duration".to_owned(), json!(outcome.duration));
    first.insert("memory".to_owned(), json!(outcome.memory));
    // Long texts by their length and their beginning: the rest says nothing more.
    let short = |text: &str| match text.char_indices().nth(600) {
        Some((end, _)) => format!("{} ({} characters)", &text[..end], text.chars().count()),
        None => text.to_owned(),
    };
    first.insert("reply".to_owned(), json!(short(&outcome.reply)));
    for (name, flag) in [("capped", outcome.capped), ("dead", outcome.dead)] {
        if flag {
            first.insert(name.to_owned(), json!(true));
        }
    }
    if outcome.dropped > 0 {
        first.insert("dropped".to_owned(), json!(outcome.dropped));
    }
    if !outcome.logs.is_empty() {
        let lines = outcome.logs.iter().take(12).map(|line| json!([line.at, line.level, short(&line.text)]));
        first.insert("logs".to_owned(), Value::Array(lines.collect()));
        first.insert("lines".to_owned(), json!(outcome.logs.len()));
    }
    if let Some(init) = &outcome.init {
        first.insert("init".to_owned(), shown(init));
    }
    Value::Object(first)
}

/// Runs a script as its first line says, and returns what came of it.
fn run(name: &str) -> Value {
    let code = fs::read_to_string(folder().join(format!("{name}.js"))).expect("the script was listed");
    let settings = code.lines().next().and_then(|line| line.strip_prefix("// "));
    let settings: Value = settings.and_then(|line| serde_json::from_str(line).ok()).unwrap_or_else(|| json!({}));
    let of = |field: &str, default: u64| settings[field].as_u64().unwrap_or(default);
    let mut environment = environment(&code, of("memory", 128), of("node", 22) as u32);
    let event = match of("pad", 0) {
        0 => event(of("records", 2)),
        bytes => format!(r#"{{"pad":"{}"}}"#, "x".repeat(bytes as usize)).into_bytes(),
    };
    let mut outcomes = vec![shown(environment.init())];
    for turn in 0..of("times", 1) {
        outcomes.push(shown(&environment.invoke(&request(&event, of("timeout", 3_000), turn as i32))));
    }
    Value::Array(outcomes)
}

fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the scripts are there");
    let names = entries.filter_map(|entry| entry.expect("a folder can be read").file_name().into_string().ok());
    let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(".js").map(str::to_owned)).collect();
    names.sort();
    names
}

/// Runs the scripts that are wanted on two threads, and compares or writes down what came of them.
fn check(wanted: impl Fn(&str) -> bool) {
    let names: Vec<String> = names().into_iter().filter(|name| wanted(name)).collect();
    let (left, right) = names.split_at(names.len() / 2);
    let all = |names: &[String]| names.iter().map(|name| (name.clone(), run(name))).collect::<Vec<_>>();
    let found: Vec<(String, Value)> = std::thread::scope(|scope| {
        let other = scope.spawn(|| all(right));
        let mut found = all(left);
        found.extend(other.join().expect("no script makes the host panic"));
        found
    });
    let mut problems = Vec::new();
    for (name, found) in found {
        let file = folder().join("expected").join(format!("{name}.json"));
        if std::env::var_os("STREAMGAUGE_GOLDEN").is_some_and(|word| word == "refresh") {
            let text = serde_json::to_string_pretty(&found).expect("a value can be written");
            fs::write(&file, text + "\n").expect("the folder can be written to");
            continue;
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        let expected: Value = serde_json::from_str(&expected).unwrap_or_default();
        if found != expected {
            problems.push(format!("{name}:\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn friendly_handlers_end_as_on_lambda() {
    check(|name| !name.starts_with("hostile-"));
}

#[test]
fn hostile_handlers_end_as_on_lambda() {
    check(|name| name.starts_with("hostile-"));
}

#[test]
fn events_that_the_page_test_needs_are_written_down() {
    let file = folder().join("events.json");
    let found = json!({
        "1": String::from_utf8_lossy(&event(1)), "2": String::from_utf8_lossy(&event(2)), "3": String::from_utf8_lossy(&event(3))
    });
    if std::env::var_os("STREAMGAUGE_GOLDEN").is_some_and(|word| word == "refresh") {
        fs::write(&file, serde_json::to_string_pretty(&found).expect("it is a value") + "\n")
            .expect("it can be written");
    }
    let written: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap_or_default()).unwrap_or_default();
    assert_eq!(written, found);
}

#[test]
fn packed_records_become_the_event_of_the_lambda_guide() {
    let odd = [("line\nend", "1"), ("\"quoted\"", "2"), ("\u{e9}\\n\u{1f30d}", "3"), ("{", "4")];
    let records =
        odd.map(|(key, sequence)| Record { key, sequence, data: &[0, 255, 10], arrival_ms: 1_545_084_650_987 });
    let batch =
        Batch { more: r#"{"window":{"start":"a","end":"b"},"state":{},"isFinalInvokeForWindow":false}"#, ..BATCH };
    let mut environment = environment("exports.handler = async (event) => event;", 1_769, 22);
    let packed = environment.invoke(&request(&packed(&batch, &records), 3_000, 0));
    assert_eq!(packed.status, Status::Succeeded, "{}", packed.reply);
    let plain = event::json(&batch, &records);
    let read = |text: &str| serde_json::from_str::<Value>(text).expect("it is JSON");
    assert_eq!(read(&packed.reply), read(&plain));
    // The same without the key that needs two lines: then keys stand as they are.
    let rest = environment.invoke(&request(&event::packed(&batch, &records[1..]), 3_000, 0));
    assert_eq!(read(&rest.reply), read(&event::json(&batch, &records[1..])));
    let also = environment.invoke(&request(plain.as_bytes(), 3_000, 0));
    assert_eq!(also.reply, packed.reply);
    // A hundred records cost less than half of what they cost as JSON.
    let fields = fields(100);
    let hundred = self::records(&fields);
    let mut idle = self::environment("exports.handler = async () => 0;", 1_769, 22);
    let plain = idle.invoke(&request(event::json(&BATCH, &hundred).as_bytes(), 3_000, 0));
    let packed = idle.invoke(&request(&event::packed(&BATCH, &hundred), 3_000, 0));
    assert!(packed.fuel * 2 < plain.fuel, "{} and {}", packed.fuel, plain.fuel);
    // The example of the guide, member for member.
    let example = json!({"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "1",
        "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
        "data": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==", "approximateArrivalTimestamp": 1_545_084_650.987},
        "eventSource": "aws:kinesis", "eventVersion": "1.0",
        "eventID": "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
        "eventName": "aws:kinesis:record", "invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda-role",
        "awsRegion": "us-east-2", "eventSourceARN": "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream"});
    let record = Record {
        key: "1",
        sequence: "49590338271490256608559692538361571095921575989136588898",
        data: b"Hello, this is a test.",
        arrival_ms: 1_545_084_650_987,
    };
    assert_eq!(read(&event::json(&BATCH, &[record])), json!({"Records": [example]}));
}

#[test]
fn a_transformation_gets_firehoses_event() {
    let record =
        TransformRecord { id: "r1", data: b"x", arrival_ms: 7, kinesis: Some(("shardId-000000000000", "k", "99")) };
    let event = transform_json("i", "arn:d", Some("arn:s"), "us-east-1", &[record]);
    let code = r#"exports.handler = async (event) => ({ records: event.records.map((record) =>
        ({ recordId: record.recordId, result: "Ok", data: Buffer.from(record.data, "base64").toString().toUpperCase(),
           from: record.kinesisRecordMetadata.partitionKey })) });"#;
    let outcome = environment(code, 1_769, 22).invoke(&request(event.as_bytes(), 3_000, 0));
    let reply: Value = serde_json::from_str(&outcome.reply).expect("it is JSON");
    assert_eq!(reply, json!({"records": [{"recordId": "r1", "result": "Ok", "data": "X", "from": "k"}]}));
}

#[test]
fn environments_share_nothing_and_repeat_themselves() {
    let code = "let n = 0; globalThis.mark ??= Math.random(); exports.handler = async () => [++n, globalThis.mark, Math.random()];";
    let event = event(2);
    let mut first = environment(code, 128, 22);
    let mut second = environment(code, 128, 22);
    let one = first.invoke(&request(&event, 3_000, 1));
    let two = first.invoke(&request(&event, 3_000, 2));
    assert_ne!(one.reply, two.reply);
    assert_eq!(second.invoke(&request(&event, 3_000, 1)), one);
    assert_eq!(second.invoke(&request(&event, 3_000, 2)), two);
}

#[test]
fn more_memory_means_less_time_until_a_whole_processor() {
    let code = "exports.handler = async () => { let n = 0; for (let i = 0; i < 1e5; i++) n += i; return n; };";
    let run = |memory| environment(code, memory, 22).invoke(&request(&event(1), 900_000, 0));
    let [small, middle, whole, beyond] = [128, 256, 1_769, 10_240].map(run);
    assert_eq!([small.fuel, middle.fuel, whole.fuel], [beyond.fuel; 3]);
    let limits = Limits::standard();
    assert_eq!(small.duration, cpu_ns(small.fuel, 128, &limits));
    assert_eq!((whole.duration, beyond.duration), (whole.fuel, whole.fuel));
    assert!(small.duration > 13 * whole.duration && small.duration < 14 * whole.duration);
    assert_eq!(middle.duration / 1_000, small.duration / 2_000);
}

#[test]
fn a_timeout_is_as_long_as_the_function_has() {
    let code = "exports.handler = async () => new Promise((resolve) => setTimeout(resolve, 60000, 'late'));";
    let event = event(1);
    let mut environment = environment(code, 128, 22);
    let late = environment.invoke(&request(&event, 3_000, 0));
    assert_eq!((late.status, late.duration, late.capped), (Status::TimedOut, 3_000_000_000, false));
    assert!(late.reply.contains("Task timed out after 3.00 seconds"), "{}", late.reply);
    let done = environment.invoke(&request(&event, 61_000, 0));
    assert_eq!((done.status, done.reply.as_str()), (Status::Succeeded, "\"late\""));
    assert!(done.init.is_some() && done.duration > 59_999_000_000 && done.duration < 60_100_000_000);
    // Work counts as time, too: this much is more than a hundredth of a second of a small share of a processor.
    let code = "exports.handler = async () => { for (let i = 0; i < 1e6; i++); };";
    let busy = self::environment(code, 128, 22).invoke(&request(&event, 10, 0));
    assert_eq!((busy.status, busy.duration, busy.capped), (Status::TimedOut, 10_000_000, false));
    assert!(busy.reply.contains("after 0.01 seconds"));
}

#[test]
fn an_engine_that_the_page_does_not_use_is_refused_with_what_to_do() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/quickjs-wasi/quickjs.wasm");
    let module = fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let error = HandlerEngine::new(&module).expect_err("as it comes, it takes other fuel").to_string();
    assert!(error.contains("npm run quickjs"), "{error}");
}
