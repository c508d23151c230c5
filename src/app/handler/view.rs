//! The handler view as plain data, which the view's script draws: no markup, no decisions left.

use super::{Subject, seen};
use crate::app::form::{Control, Knob};
use crate::app::invocations::{Row, Tried};
use crate::app::model::Model;
use crate::handlers::Status;
use crate::scenario::HandlerKind;
use crate::text::{clock, int};
use crate::words::capital;
use serde_json::{Value, json};

/// Rows that are listed.
const ROWS_MAX: usize = 150;
/// Tries of one batch whose lines are shown together.
const TRIES_SHOWN: usize = 3;

impl Model {
    /// Everything that the view shows, except for the code.
    pub fn handler_view(&self) -> Value {
        let rows = self.rows();
        let subject = self.subject();
        let handling = &subject.handling;
        let (listed, more) = self.listed(&rows);
        let selected = self.selected(&rows, &listed);
        let bad = rows.iter().filter(|row| row.failed()).count();
        let unseen = self.invocations().more;
        let count =
            format!("{} so far, {} failed; newest first", int((rows.len() as u64 + unseen) as f64), int(bad as f64));
        let (title, about, note) = words(&subject);
        let whose = self.whose(&subject);
        // Both do not fit beside the buttons.
        let about = if whose.contains(';') { "" } else { about };
        let size = handling.code_bytes();
        let size = if size > 0 { format!("{:.1} KB in the scenario", size as f64 / 1e3) } else { String::new() };
        let (memory, by_code) = (subject.memory_mb, handling.waits_for_code());
        let logs = selected.map(|row| self.logs(row, &rows)).unwrap_or_default();
        json!({
            "title": title, "whose": whose, "transform": subject.transforms(), "about": about, "note": note, "size": size,
            "remedy": self.handler_remedy().map(|(_, label)| label).unwrap_or_default(),
            "failed": self.handler.failed,
            "count": if rows.is_empty() { String::new() } else { count },
            "rows": listed.iter().map(|row| line_of(row, by_code)).collect::<Vec<_>>(),
            "more": self.more_text(&rows, &listed, more + unseen),
            "selected": selected.map(id_of),
            "eventHead": selected.map(seen::event_head).unwrap_or_default(),
            "event": selected.map_or_else(|| vec![json!("Select an invocation to see its event.")], seen::event),
            "logHead": if selected.is_some() { "virtual time" } else { "" },
            "logs": logs,
            "marks": self.marks(&rows),
            "mapping": self.mapping(&rows),
            "tried": self.tried().map(|tried| tried_of(tried, memory)),
        })
    }

    /// Whose function it is, where that is not the consumer that the page shows anyway; and what the page shows, where
    /// that is another design.
    fn whose(&self, subject: &Subject) -> String {
        if self.handler.owner != Some(subject.owner) {
            return String::new();
        }
        let title = capital(&subject.owner.title(self.scenario()));
        let own = self.scenario.streams().len() as u32;
        match subject.owner.stream() {
            Some(stream) if stream < own => title,
            _ => format!("{title}; what stands above is {}", self.scenario.design_titles()[0]),
        }
    }

    /// The rows that are listed, and how many others there are at least.
    fn listed<'r>(&self, rows: &[&'r Row]) -> (Vec<&'r Row>, u64) {
        let state = &self.handler;
        let holds = |text: &str| text.to_lowercase().contains(&state.search);
        let found =
            |row: &Row| state.search.is_empty() || holds(&row.reply) || row.logs.iter().any(|line| holds(&line.text));
        let fits = |row: &&&Row| (!state.failed || row.failed()) && found(row);
        let mut fitting = rows.iter().filter(fits).copied();
        let listed: Vec<&Row> = fitting.by_ref().take(ROWS_MAX).collect();
        // To search all logs takes too long to do it only for a number.
        let more = if state.search.is_empty() { fitting.count() } else { 0 };
        (listed, more as u64)
    }

    fn more_text(&self, rows: &[&Row], listed: &[&Row], more: u64) -> String {
        if rows.is_empty() {
            return match (self.subject().handling.kind.is_code(), self.is_first_visit()) {
                (true, true) => "Each invocation stands here once the run has begun.".to_owned(),
                (true, false) => "No invocation so far.".to_owned(),
                (false, _) => String::new(),
            };
        }
        match (listed.len(), more) {
            (0, _) => "None of them.".to_owned(),
            (ROWS_MAX, 0) if !self.handler.search.is_empty() => "Older ones are not listed.".to_owned(),
            (_, 0) => String::new(),
            (_, more) => format!("and {} more", int(more as f64)),
        }
    }

    /// The invocation that is looked at: the selected one if it has begun, or the last one that failed, or the last.
    fn selected<'r>(&self, rows: &[&'r Row], listed: &[&'r Row]) -> Option<&'r Row> {
        let chosen = self.handler.selected;
        let chosen = rows.iter().find(|row| chosen == Some((row.shard, row.number)));
        chosen.or_else(|| listed.iter().find(|row| row.failed())).or(listed.first()).copied()
    }

    /// The lines of an invocation, after those of the tries before it.
    fn logs(&self, row: &Row, rows: &[&Row]) -> Vec<Value> {
        let subject = self.subject();
        let (memory, by_code) = (subject.memory_mb, subject.handling.waits_for_code());
        let of_shard: Vec<&&Row> = rows.iter().filter(|other| other.shard == row.shard).collect();
        let place = of_shard.iter().position(|other| other.number == row.number).unwrap_or(0);
        let before =
            of_shard[place..].windows(2).take_while(|pair| pair[1].attempt < pair[0].attempt && pair[1].failed());
        // Batches of a delivery stream overtake each other.
        let before = if subject.transforms() { 0 } else { before.count() };
        let first = place + before.min(TRIES_SHOWN - 1);
        let mut lines = Vec::new();
        for at in (place..=first).rev() {
            let (row, next) = (of_shard[at], at.checked_sub(1).map(|next| *of_shard[next]));
            let start = row.started.seconds_f64();
            lines.extend(seen::lines(row, memory, by_code, |ns| format!("{} ", clock(start + ns as f64 / 1e9))));
            lines.extend(seen::next_try(row, next).map(|text| json!(["b", format!("     {text}")])));
            if at > place {
                lines.push(json!(""));
            }
        }
        lines
    }

    /// The lines of the code at which it failed last: in the run, and when one event was tried.
    fn marks(&self, rows: &[&Row]) -> Vec<Value> {
        let mut marks = Vec::new();
        if let Some(row) = rows.iter().find(|row| row.failed()) {
            let times = rows.iter().filter(|other| other.failed() && same_error(other, row)).count();
            let times = if times == 1 { "once".to_owned() } else { format!("{} times", int(times as f64)) };
            let place = row.error_place().zip(seen::error_text(row));
            marks.extend(place.map(|((line, _), text)| {
                json!({"line": line, "text": format!("{text}. {}, last at {}.", crate::words::capital(&times), clock(row.started.seconds_f64()))})
            }));
        }
        if let Some(Tried::Came(row)) = self.tried() {
            let place = row.error_place().zip(seen::error_text(row));
            let there = |line: u32| marks.iter().any(|mark| mark["line"] == line);
            let place = place.filter(|((line, _), _)| !there(*line));
            marks.extend(place.map(
                |((line, _), text)| json!({"line": line, "text": format!("{text}. In the event that was tried.")}),
            ));
        }
        marks
    }

    /// The settings of the mapping, or of the delivery stream, that a handler has to do with.
    fn mapping(&self, rows: &[&Row]) -> Vec<Value> {
        let subject = self.subject();
        if !subject.handling.kind.is_code() {
            return Vec::new();
        }
        let source = self.form();
        let knob = |name: &str| source.knob(&self.handler_path(name));
        let duration = knob("duration_from");
        let on = |knob: &Option<Knob>| knob.as_ref().is_some_and(is_on);
        let whose = if on(&duration) {
            "on: fuel and waits, estimated"
        } else {
            "off: the times of the scenario, in the list and the logs, too"
        };
        let duration = duration.map(|knob| choice(&knob, "The code decides how long it takes", whose));
        if subject.transforms() {
            let retries = knob("retries").map(|knob| number(&knob, "then its records go under the error prefix"));
            let interval = knob("interval_s").map(|knob| number(&knob, "s, or the size of a batch"));
            return [retries, interval, duration].into_iter().flatten().collect();
        }
        let (responses, retries) = (knob("responses"), knob("max_retries"));
        let names = |row: &&Row| row.status == Status::Succeeded && row.reply.contains("\"itemIdentifier\"");
        let reports = match on(&responses) {
            true => "on: only the failed record and what follows come again",
            false if rows.iter().any(names) => "off: the code names failed records, and that is ignored",
            false => "off: one failure repeats the whole batch",
        };
        let forever = matches!(&retries, Some(Knob { control: Control::Number { text, .. }, .. }) if text.is_empty());
        let until = if forever {
            "empty is −1: until the record expires"
        } else {
            "then it is given up, or sent to the destination"
        };
        [
            responses.map(|knob| choice(&knob, "ReportBatchItemFailures", reports)),
            retries.map(|knob| number(&knob, until)),
            duration,
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// What the code is called, what runs it, and what stands instead of an editor.
fn words(subject: &Subject) -> (&'static str, &'static str, &'static str) {
    match subject.handling.kind {
        HandlerKind::JavaScript if subject.handling.code.contains("exports.") => {
            ("index.js", "Node.js handler, runs in the page, in virtual time", "")
        }
        HandlerKind::JavaScript => ("index.mjs", "Node.js handler, runs in the page, in virtual time", ""),
        HandlerKind::Module => (
            "module.wasm",
            "compiled handler, runs in the page, in virtual time",
            "A module of WebAssembly decides each batch. Its source is no part of the scenario.\nUpload another one, choose \
             one of the compiled samples, or a sample in JavaScript to have an editor here.",
        ),
        HandlerKind::Model if subject.transforms() => (
            "No code",
            "",
            "No code decides here: the scenario says which shares of the records are dropped and fail, and how long it \
             takes.\nWrite a handler, choose a sample, or drop a source file or a module of WebAssembly on the page.",
        ),
        HandlerKind::Model => (
            "No code",
            "",
            "No code decides here: batches succeed but for the errors that the scenario injects, and take as long as it \
             says.\nWrite a handler, choose a sample, or drop a source file or a module of WebAssembly on the page.",
        ),
        HandlerKind::Host => {
            ("No code", "", "The program that runs this scenario decides each batch. Here, choose a sample instead.")
        }
    }
}

fn is_on(knob: &Knob) -> bool {
    matches!(&knob.control, Control::Choice { options, chosen } if options.get(1).is_some_and(|(value, _)| value == chosen))
}

fn choice(knob: &Knob, label: &str, note: &str) -> Value {
    let Control::Choice { options, .. } = &knob.control else { return Value::Null };
    let values: Vec<&str> = options.iter().map(|(value, _)| *value).collect();
    json!({"path": knob.path, "label": label, "note": note, "choices": values, "on": is_on(knob)})
}

fn number(knob: &Knob, note: &str) -> Value {
    let Control::Number { text, .. } = &knob.control else { return Value::Null };
    let note = knob.problem.as_deref().unwrap_or(note);
    json!({"path": knob.path, "label": knob.label, "note": note, "text": text})
}

fn same_error(one: &Row, other: &Row) -> bool {
    one.status == other.status && one.error_place() == other.error_place() && one.error() == other.error()
}

fn id_of(row: &Row) -> String {
    format!("{}-{}", row.shard, row.number)
}

fn line_of(row: &Row, by_code: bool) -> Value {
    let at = clock(row.started.seconds_f64());
    let (records, attempt, ms) =
        (int(row.records.into()), int(row.attempt.into()), seen::millis(seen::lasted(row, by_code)));
    json!([id_of(row), at, row.shard.to_string(), records, attempt, ms, seen::outcome(row), row.failed()])
}

/// What came of one event: a head and lines.
fn tried_of(tried: &Tried, memory: u32) -> Value {
    let row = match tried {
        Tried::Asked => return json!({"head": "running…", "lines": []}),
        Tried::Refused(sentence) => return json!({"head": "", "lines": [["x", sentence]]}),
        Tried::Came(row) => row,
    };
    let mut lines = Vec::new();
    if row.status == Status::Succeeded {
        let reply: Value = serde_json::from_str(&row.reply).unwrap_or_else(|_| json!(row.reply));
        let text = serde_json::to_string_pretty(&reply).unwrap_or_default();
        lines.extend(text.lines().map(|line| json!(["b", line])));
    } else if let Some(error) = seen::error_text(row) {
        lines.push(json!(["x", error]));
        lines.extend(row.error_place().map(|(line, column)| json!(["x", format!("at line {line}, column {column}")])));
    }
    lines.push(json!(""));
    lines.extend(seen::lines(row, memory, true, |ns| format!("{:>8.1} ms  ", ns as f64 / 1e6)));
    json!({"head": format!("{}, {} ms", seen::outcome(row), seen::millis(row.took)), "lines": lines})
}
