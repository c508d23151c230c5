//! Runs one handler on one event: what a developer wants to see before a scenario carries the code.

use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use streamgauge::handlers::event::{Record, binary, decoded};
use streamgauge::handlers::{
    Environment, HandlerEngine, ModuleEngine, ModuleEnvironment, ModuleRequest, Outcome, QUICKJS, Request, Settings,
};

/// What to run, and on what.
#[derive(clap::Args)]
pub struct Arguments {
    /// A source file of JavaScript, or a module of WebAssembly (.wasm)
    code: PathBuf,
    /// The event as Lambda hands it over, a file of JSON
    #[arg(long, value_name = "FILE")]
    event: PathBuf,
    /// How often to invoke the same environment
    #[arg(long, value_name = "N", default_value_t = 1)]
    times: u32,
    /// Memory of the function, in MB
    #[arg(long, value_name = "MB", default_value_t = 128, value_parser = clap::value_parser!(u64).range(128..=10_240))]
    memory: u64,
    /// Timeout of the function, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 3_000, value_parser = clap::value_parser!(u64).range(1..=900_000))]
    timeout: u64,
    /// Version of Node: 22 takes callbacks, 24 takes what is returned without a promise
    #[arg(long, value_name = "VERSION", default_value_t = 22, value_parser = clap::value_parser!(u32).range(22..=24))]
    node: u32,
}

/// The instant at which the first invocation begins, in nanoseconds since 1970: always the same, as everything here.
const START: u64 = 1_700_000_000_000_000_000;

/// Runs the handler and gives its outcomes as JSON.
pub fn handle(arguments: &Arguments) -> Result<String, String> {
    let read = |path: &PathBuf| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let event = read(&arguments.event)?;
    let code = read(&arguments.code)?;
    let module = arguments.code.extension().is_some_and(|extension| extension == "wasm");
    let outcomes = if module { compiled(arguments, &code, &event)? } else { javascript(arguments, &code, &event)? };
    Ok(format!("{:#}\n", Value::Array(outcomes)))
}

fn javascript(arguments: &Arguments, code: &[u8], event: &[u8]) -> Result<Vec<Value>, String> {
    let code = str::from_utf8(code).map_err(|error| format!("{}: {error}", arguments.code.display()))?;
    serde_json::from_slice::<Value>(event).map_err(|error| format!("{}: {error}", arguments.event.display()))?;
    let engine = engine()?;
    let &Arguments { memory: memory_mb, node, .. } = arguments;
    let settings = Settings { code: code.to_owned(), memory_mb, env: "{}".to_owned(), node };
    let mut environment = Environment::new(&engine, settings, START, [1, 2, 3, 4]);
    let mut outcomes = vec![shown(environment.init())];
    for turn in 0..arguments.times {
        let id = id(turn);
        let context = json!({"awsRequestId": id, "functionName": "handler", "functionVersion": "$LATEST"}).to_string();
        let seed = [5, 6, 7, turn.cast_signed()];
        let timeout_ms = arguments.timeout;
        let request = Request { event, now: START, timeout_ms, seed, id: &id, context: &context };
        outcomes.push(shown(&environment.invoke(&request)));
    }
    Ok(outcomes)
}

/// The JavaScript engine from where npm has put it, prepared as `package.json` says.
pub fn engine() -> Result<HandlerEngine, String> {
    const PACKAGED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/quickjs-wasi/inlined.wasm");
    let file = std::env::var_os("STREAMGAUGE_QUICKJS").map_or_else(|| PathBuf::from(PACKAGED), PathBuf::from);
    let module = fs::read(&file).map_err(|error| {
        format!(
            "{}: {error}. Type `npm ci && npm run quickjs` in the folder of Streamgauge, or let STREAMGAUGE_QUICKJS \
             name the inlined.wasm that comes of it, from {QUICKJS}.",
            file.display()
        )
    })?;
    HandlerEngine::new(&module).map_err(|error| format!("{}: {error}", file.display()))
}

fn compiled(arguments: &Arguments, code: &[u8], event: &[u8]) -> Result<Vec<Value>, String> {
    let engine = ModuleEngine::new(code).map_err(|sentence| format!("{}: {sentence}", arguments.code.display()))?;
    let batch = batch(event).map_err(|problem| format!("{}: {problem}", arguments.event.display()))?;
    let mut environment = ModuleEnvironment::new(&engine, arguments.memory);
    let invoke = |turn: u32| {
        let timeout_ms = arguments.timeout;
        let seed = [5, 6, 7, turn.cast_signed()];
        shown(&environment.invoke(&ModuleRequest { batch: &batch, now: START, timeout_ms, seed, id: &id(turn) }))
    };
    Ok((0..arguments.times).map(invoke).collect())
}

fn id(turn: u32) -> String {
    format!("00000000-0000-4000-8000-{turn:012}")
}

/// The records of an event, for a compiled module.
fn batch(event: &[u8]) -> Result<Vec<u8>, String> {
    let event: Value = serde_json::from_slice(event).map_err(|error| error.to_string())?;
    let records = event["Records"].as_array().ok_or("an event has a list of Records")?;
    let mut fields = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let kinesis = &record["kinesis"];
        let text = |name: &str| kinesis[name].as_str().ok_or(format!("Records.{at}.kinesis.{name} is no text"));
        let data = decoded(text("data")?).ok_or(format!("Records.{at}.kinesis.data is no base64"))?;
        let arrival = kinesis["approximateArrivalTimestamp"].as_f64().unwrap_or(0.0);
        fields.push((text("partitionKey")?, text("sequenceNumber")?, data, (arrival * 1_000.0).round() as u64));
    }
    let records =
        fields.iter().map(|(key, sequence, data, arrival_ms)| Record { key, sequence, data, arrival_ms: *arrival_ms });
    let records: Vec<Record<'_>> = records.collect();
    Ok(binary(&records))
}

/// An outcome as it is printed.
fn shown(outcome: &Outcome) -> Value {
    let lines = outcome.logs.iter().map(|line| json!({"at_ns": line.at, "level": line.level, "text": line.text}));
    json!({
        "status": format!("{:?}", outcome.status),
        "reply": serde_json::from_str::<Value>(&outcome.reply).unwrap_or_default(),
        "capped": outcome.capped,
        "fuel": outcome.fuel,
        "duration_ns": outcome.duration,
        "memory_bytes": outcome.memory,
        "logs": lines.collect::<Vec<_>>(),
        "lines_dropped": outcome.dropped,
        "init": outcome.init.as_deref().map(shown),
        "environment_ended": outcome.dead,
    })
}
