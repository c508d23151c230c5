//! The two workloads natively, with all outputs on: one JSON line a run, in the words of the shared benchmark.
//!
//! `cargo bench -- [overload|day] [scale] [rounds]`

use serde_json::{Value, json};
use std::time::Instant;
use streamgauge::scenario::Draft;
use streamgauge::session::{Pump, Session};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let word = |place: usize, default: &str| words.get(place).cloned().unwrap_or_else(|| default.to_owned());
    let scale: f64 = word(1, "1").parse().expect("the scale is a number");
    let rounds: u32 = word(2, "1").parse().expect("the rounds are a number");
    let name = word(0, "overload");
    for _ in 0..rounds {
        println!("{}", run(&name, scale));
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the wall clock; it never enters the run")]
/// One run of a workload, cut or compressed to a part of it as the shared benchmark does.
fn run(name: &str, scale: f64) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench");
    let text = std::fs::read_to_string(format!("{folder}/{name}.json")).expect("the workload exists");
    let mut draft = Draft::parse(&text).expect("it is JSON");
    scale_to(&mut draft, name == "overload", scale);
    let mut session = Session::new(draft.check().expect("it has no problems"));
    let start = Instant::now();
    assert_eq!(session.run(), Pump::Finished);
    let wall = start.elapsed().as_secs_f64();
    line("streamgauge-native", name, scale, wall, &session.essence())
}

/// The first workload becomes shorter in all its phases, the second ends earlier.
fn scale_to(draft: &mut Draft, phases: bool, scale: f64) {
    let scaled = |draft: &Draft, path: &str| draft.get(path).and_then(Value::as_f64).map(|value| value * scale);
    if let Some(length) = scaled(draft, "length_s") {
        draft.set("length_s", json!(length));
    }
    let rows = draft.get("traffic.curve.0.intervals").and_then(Value::as_array).cloned().unwrap_or_default();
    let length = draft.get("length_s").and_then(Value::as_f64).unwrap_or(0.0);
    let rows = rows.into_iter().map(|row| {
        let at = row[0].as_f64().unwrap_or(0.0) * if phases { scale } else { 1.0 };
        (at, row[1].clone())
    });
    let rows: Vec<Value> = rows.filter(|(at, _)| *at < length).map(|(at, gap)| json!([at, gap])).collect();
    draft.set("traffic.curve.0.intervals", Value::Array(rows));
}

/// The essence of a run in the words of the shared benchmark.
fn line(engine: &str, name: &str, scale: f64, wall: f64, essence: &Value) -> Value {
    let number = |group: &str, field: &str| essence[group][field].as_f64().unwrap_or(f64::NAN);
    let latency = &essence["latency"]["offered_to_processed"];
    let (stored, throttled) = (number("ledger", "stored"), number("work", "throttled"));
    let (ended, running) = (number("work", "invocations_ended"), number("work", "invocations_running"));
    let attempts = stored + throttled;
    let empty_polls = number("work", "reads") - ended - running;
    let records = number("ledger", "offered");
    json!({
        "engine": engine,
        "model": if name == "overload" { 1 } else { 2 },
        "scale": scale,
        "records": records,
        "attempts": attempts,
        "rejects": throttled,
        "dropped": essence["ledger"]["lost"]["all"],
        "delivered": essence["ledger"]["processed"],
        "batches": ended,
        "empty_polls": empty_polls,
        "queued": essence["ledger"]["waiting"],
        "hist_sum": latency["checksum"],
        "events": attempts + ended + empty_polls,
        "wall_s": wall,
        "ns_per_rec": wall / records * 1e9,
        "digest": essence["digest"],
    })
}
