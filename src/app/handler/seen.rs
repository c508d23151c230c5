//! One invocation as the view shows it: its outcome in a word, its event, and its lines as Lambda prints them.

use crate::app::invocations::{Row, Sample};
use crate::handlers::event::decoded;
use crate::handlers::{LogLine, Status};
use crate::scenario::Owner;
use crate::text::{clock, int, span_text};
use crate::units::Span;
use serde_json::{Value, json};

/// Lines of one invocation that are shown.
const LINES_MAX: usize = 200;
/// Letters of one line that are shown.
const LETTERS_MAX: usize = 2_000;
/// Letters of a record's base64 that are shown.
const DATA_MAX: usize = 28;

/// How it ended, in a word or two.
pub(super) fn outcome(row: &Row) -> String {
    match row.status {
        Status::Succeeded if row.items => match &row.sample {
            Some(sample) => format!("record {} failed", sample.place + 1),
            None => "records failed".to_owned(),
        },
        Status::Succeeded => match row.verdicts {
            Some([_, dropped, failed]) if dropped + failed > 0 => {
                let counts = [(failed, "failed"), (dropped, "dropped")];
                let counts = counts.into_iter().filter(|(count, _)| *count > 0);
                counts.map(|(count, word)| format!("{} {word}", int(count.into()))).collect::<Vec<_>>().join(", ")
            }
            _ => "ok".to_owned(),
        },
        Status::Failed => {
            let kind = row.error().map(|(kind, _)| kind).unwrap_or_default();
            let loading = ["Runtime.UserCodeSyntaxError", "Runtime.ImportModuleError", "Runtime.HandlerNotFound"];
            if loading.contains(&kind.as_str()) { "did not load" } else { "threw" }.to_owned()
        }
        Status::TimedOut if row.capped => "out of fuel".to_owned(),
        Status::TimedOut => "timed out".to_owned(),
        Status::OutOfMemory => "out of memory".to_owned(),
        Status::Exited => "exited".to_owned(),
        Status::Crashed => "crashed".to_owned(),
    }
}

/// Milliseconds: whole ones, or tenths where it is less than ten.
pub(super) fn millis(span: Span) -> String {
    let micros = span.micros();
    if micros < 10_000 { format!("{:.1}", micros as f64 / 1e3) } else { int((micros as f64 / 1e3).round()) }
}

/// An error in one line.
pub(super) fn error_text(row: &Row) -> Option<String> {
    let (kind, message) = row.error()?;
    let first = message.lines().next().unwrap_or_default();
    let first = first.strip_prefix(&kind).map_or(first, |rest| rest.trim_start_matches(": "));
    Some(if kind.is_empty() { first.to_owned() } else { format!("{kind}: {first}") })
}

/// Whether it transformed records of a delivery stream.
pub(super) const fn transforms(row: &Row) -> bool {
    Owner::of_number(row.consumer).transforms()
}

/// Where the row's record stands, in words.
pub(super) fn event_head(row: &Row) -> String {
    let place = row.sample.as_ref().map_or(0, |sample| sample.place) + 1;
    let (at, records) = (clock(row.started.seconds_f64()), int(row.records.into()));
    if transforms(row) {
        format!("{at}, record {place} of {records}")
    } else {
        format!("{at}, shard {}, record {place} of {records}", row.shard)
    }
}

/// The event with the one record that is shown of it, and its data in plain.
pub(super) fn event(row: &Row) -> Vec<Value> {
    let Some(sample) = &row.sample else {
        return vec![json!("So many invocations have shown theirs that this one’s records were not kept.")];
    };
    let plain = json!([if row.failed() { "x" } else { "b" }, format!("    ↳ {}", plain(sample))]);
    if transforms(row) {
        let mut lines = vec![json!(["b", format!("{{ \"records\": [ … {} records", int(row.records.into()))])];
        lines.push(json!(format!("  {{ \"recordId\": {},", json!(sample.sequence_number))));
        lines.push(json!(format!("    \"approximateArrivalTimestamp\": {},", sample.arrival.replace('.', ""))));
        if !sample.partition_key.is_empty() {
            let key = json!(sample.partition_key);
            lines.push(json!(format!("    \"kinesisRecordMetadata\": {{ \"partitionKey\": {key}, … }},")));
        }
        lines.push(json!(format!("    \"data\": \"{}\"", shortened(&sample.data, DATA_MAX))));
        lines.extend([plain, json!("  } ] }")]);
        return lines;
    }
    let mut lines = vec![json!(["b", format!("{{ \"Records\": [ … {} records", int(row.records.into()))])];
    lines.extend(
        [
            "  { \"eventSource\": \"aws:kinesis\",".to_owned(),
            "    \"eventName\": \"aws:kinesis:record\",".to_owned(),
            "    \"kinesis\": {".to_owned(),
            format!("      \"partitionKey\": {},", json!(sample.partition_key)),
            format!("      \"sequenceNumber\": {},", json!(sample.sequence_number)),
            format!("      \"approximateArrivalTimestamp\": {},", sample.arrival),
            format!("      \"data\": \"{}\"", shortened(&sample.data, DATA_MAX)),
        ]
        .map(Value::String),
    );
    lines.extend([plain, json!("    } } ] }")]);
    lines
}

/// The data of a record as text; bytes that are none are counted.
fn plain(sample: &Sample) -> String {
    // Data that was cut off ends within a group of four letters.
    let whole = sample.data.len() - sample.data.len() % 4;
    let bytes = decoded(sample.data.get(..whole).unwrap_or_default()).unwrap_or_default();
    let text = match str::from_utf8(&bytes) {
        Ok(text) => text,
        // A letter may have been cut, too.
        Err(error) if error.valid_up_to() > 0 => str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        Err(_) => return format!("{} bytes that are no text", int(bytes.len() as f64)),
    };
    shortened(text, 300)
}

fn shortened(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How long it lasted in the run: as the scenario says, or as the code took.
pub(super) fn lasted(row: &Row, by_code: bool) -> Span {
    if by_code { row.took } else { Span::from_micros(row.ends.micros().saturating_sub(row.started.micros())) }
}

/// The lines of an invocation as Lambda prints them; `at` writes the time of a line.
pub(super) fn lines(row: &Row, memory_mb: u32, by_code: bool, at: impl Fn(u64) -> String) -> Vec<Value> {
    let begin = at(0);
    let mut lines = vec![json!(format!("{begin}START Version: $LATEST"))];
    for line in row.logs.iter().take(LINES_MAX) {
        lines.extend(logged(row, line, &at(line.at)));
    }
    let more = row.logs_more + row.logs.len().saturating_sub(LINES_MAX) as u64;
    if more > 0 {
        lines.push(json!(format!("… and {} more lines", int(more as f64))));
    }
    let end = at(lasted(row, by_code).micros() * 1_000);
    let told = row.logs.iter().any(|line| line.text.contains("Invoke Error"));
    if let Some(error) = error_text(row).filter(|_| !told) {
        lines.push(json!(["x", format!("{end}{error}")]));
    }
    lines.push(json!(format!("{end}END")));
    lines.push(json!(format!("{end}REPORT {}", report(row, memory_mb, by_code))));
    lines
}

/// One line of the log. What the runtime reports of an error as JSON is laid out for people.
fn logged(row: &Row, line: &LogLine, at: &str) -> Vec<Value> {
    let bad = line.level == "ERROR";
    let text = shortened(&line.text, LETTERS_MAX);
    let error = row.error().filter(|_| bad && line.text.starts_with("Invoke Error"));
    if let Some((kind, message)) = error {
        let reply: Value = serde_json::from_str(&row.reply).unwrap_or_default();
        let frames = reply["trace"].as_array().into_iter().flatten().skip(1).filter_map(Value::as_str);
        let frames = frames.take(6).map(|frame| json!(format!("      {}", frame.trim().replace("/var/task/", ""))));
        let mut lines = vec![json!(["x", format!("{at}ERROR Invoke Error  {kind}: {message}")])];
        lines.extend(frames);
        return lines;
    }
    let text = format!("{at}{} {text}", line.level);
    vec![if bad { json!(["x", text]) } else { json!(text) }]
}

/// Duration, what is billed of it, and memory.
fn report(row: &Row, memory_mb: u32, by_code: bool) -> String {
    let two = |span: Span| format!("{:.2} ms", span.micros() as f64 / 1e3);
    let (lasted, loading) = (lasted(row, by_code), if by_code { row.init.micros() } else { 0 });
    let billed = (lasted.micros() + loading).div_ceil(1_000).max(1);
    let used = row.memory.div_ceil(1 << 20);
    let init = if row.cold && by_code { format!("  Init Duration: {}", two(row.init)) } else { String::new() };
    format!(
        "Duration: {}  Billed Duration: {billed} ms  Memory Size: {memory_mb} MB  Max Memory Used: {used} MB{init}",
        two(lasted)
    )
}

/// What came after a try that failed, as far as it is known.
pub(super) fn next_try(row: &Row, next: Option<&Row>) -> Option<String> {
    if !row.failed() || transforms(row) {
        return None;
    }
    let attempt = row.attempt;
    Some(match next {
        Some(next) if next.attempt > attempt => {
            let waited = next.started.micros().saturating_sub(row.ends.micros());
            format!("try {attempt} failed; try {} came after {}", next.attempt, span_text(waited as f64 / 1e6))
        }
        Some(_) => format!("try {attempt} was the last; the shard went on"),
        None => format!("try {attempt} failed; nothing of this shard has come since"),
    })
}
