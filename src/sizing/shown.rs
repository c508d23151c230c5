//! What a view of a search shows: designs by name, the result in a sentence, and which fields could be varied as well.

use super::{End, Plan, Search, Trial, report, value_text};
use crate::limits::grouped;
use crate::scenario::fields::{self, Kind};
use crate::scenario::{Draft, Scenario, StreamMode};
use crate::words::{capital, dollars_cents, shards};
use serde_json::{Value, json};

/// Letters with what they speak of, as the verdict of a run has them: `lost`, `done`, `wait`, `strong`, or nothing.
pub type Pieces = Vec<(&'static str, String)>;

/// The parts of a document in which fields can be varied.
const PARTS: [&str; 4] = ["producer", "stream", "consumers", "then"];

/// What the field of a range is called, with its consumer where there are several.
pub fn title(scenario: &Scenario, path: &str) -> String {
    let label = fields::field(path).map_or(path, |field| field.label);
    let mut parts = path.split('.');
    match (parts.next(), parts.next().and_then(|index| index.parse().ok())) {
        (Some("consumers"), Some(index)) => scenario.with_title(index, label.to_owned()),
        (Some("then"), Some(index)) => format!("{}: {label}", scenario.hop_title(index)),
        (Some("producer"), _) => format!("Producer: {label}"),
        _ => label.to_owned(),
    }
}

/// The unit of the field of a range; empty where it has none.
pub fn unit(path: &str) -> &'static str {
    fields::field(path).map_or("", |field| field.unit)
}

/// A value as a table shows it: choices by their labels.
pub fn value(path: &str, value: &Value) -> String {
    let choices = fields::field(path).map_or(&[][..], |field| field.choices());
    let chosen = choices.iter().find(|choice| Some(choice.value) == value.as_str());
    chosen.filter(|choice| !choice.label.is_empty()).map_or_else(|| value_text(value), |choice| choice.label.to_owned())
}

/// A value with its name and unit: `5 shards`, `Memory 512 MB`.
fn named(scenario: &Scenario, path: &str, of: &Value) -> String {
    let (title, unit, text) = (title(scenario, path), unit(path), value(path, of));
    match unit {
        "" if path == "stream.mode" => text,
        "" => format!("{title} {text}"),
        _ if title.eq_ignore_ascii_case(unit) && text == "1" => format!("1\u{a0}{}", unit.trim_end_matches('s')),
        _ if title.eq_ignore_ascii_case(unit) => format!("{text}\u{a0}{unit}"),
        _ => format!("{title} {text}\u{a0}{unit}"),
    }
}

/// What is varied in a design, in a line: `5 shards, BatchSize 100 records`.
pub fn name(plan: &Plan, candidate: usize) -> String {
    listed(plan, candidate, |_| true)
}

fn listed(plan: &Plan, candidate: usize, wanted: impl Fn(&str) -> bool) -> String {
    let values = plan.ranges().0.iter().zip(plan.values(candidate));
    let each =
        values.filter_map(|(range, of)| Some(named(plan.scenario(), &range.path, of?)).filter(|_| wanted(&range.path)));
    each.collect::<Vec<_>>().join(", ")
}

/// What a person should know of a plan before the search.
pub fn notes(plan: &Plan) -> Vec<String> {
    let mut notes = Vec::new();
    if plan.ranges().0.is_empty() {
        notes.push(
            "Nothing in this scenario is worth varying by itself. Choose a field to vary, and write the values to try."
                .to_owned(),
        );
    }
    if !plan.scenario().designs.is_empty() {
        notes.push(
            "Of the designs side by side the first is sized, the stream. The others have no search: change them in \
             their own fields and run again."
                .to_owned(),
        );
    }
    notes
}

/// What is asked, before a search.
pub fn question(plan: &Plan) -> Pieces {
    match plan.len() {
        1 => vec![("", "There is one design only: vary something.".to_owned())],
        many => vec![("", format!("Which of {} designs is the cheapest?", grouped(many as u64)))],
    }
}

/// The result in a sentence for the back row.
pub fn head(plan: &Plan, search: &Search) -> Pieces {
    let plain = |text: &str| ("", text.to_owned());
    let partial = !search.is_finished();
    let Some(best) = search.best() else {
        let count = if partial { search.trials().count() } else { plan.len() };
        let of = match (count, partial) {
            (0, _) => return vec![plain("No design was run.")],
            (1, _) => "The one design misses ".to_owned(),
            (_, true) => format!("None of the {} designs that were run meets ", grouped(count as u64)),
            (_, false) => format!("None of {} designs meets ", grouped(count as u64)),
        };
        return vec![("", of), ("lost", "the goal".to_owned()), plain(".")];
    };
    let (subject, verb) = subject(plan, best.candidate);
    let subject = if partial { format!("So far: {subject}") } else { capital(&subject) };
    let mut said = vec![
        ("", format!("{subject} {verb} it for ")),
        ("strong", dollars_cents(best.month_cents)),
        plain(" in 30\u{a0}days: 99\u{a0}% done within "),
        ("done", report::within(best.lag)),
    ];
    if best.lost > 0 {
        said.extend([plain(", "), ("lost", format!("{} lost", grouped(best.lost)))]);
    }
    said.push(plain("."));
    said
}

/// What is below that sentence: the rest of the design and how it compares with the one as it stands; or what keeps the
/// nearest design from the goal, and what to do.
pub fn sub(plan: &Plan, search: &Search) -> String {
    let Some(best) = search.best() else {
        return [reasons(plan, search).join(" "), remedy(search).to_owned()].join(" ").trim_start().to_owned();
    };
    // Who chooses shards has the mode in which they are chosen.
    let subject = subject_path(plan, best.candidate);
    let told = |path: &str| Some(path) == subject || (path == "stream.mode" && subject == Some("stream.shards"));
    let rest = listed(plan, best.candidate, |path| !told(path));
    let mut said = if rest.is_empty() { String::new() } else { format!("With {rest}. ") };
    if best.lost == 0 {
        said.push_str("Nothing is lost. ");
    }
    if let Some(wait) = best.wait {
        said.push_str(&format!("99\u{a0}% is stored within {}. ", report::within(Some(wait))));
    }
    said.push_str(&match plan.current() {
        Some(current) if current == best.candidate => "That is the design as it stands.".to_owned(),
        Some(current) => match search.trial(current) {
            Some(trial) if search.goal().met_by(trial) => {
                format!("The design as it stands costs {}.", dollars_cents(trial.month_cents))
            }
            Some(trial) if trial.end == End::Complete => {
                let cost = dollars_cents(trial.month_cents);
                format!("The design as it stands costs {cost}: {}.", report::verdict(search, trial))
            }
            Some(trial) => format!("The design as it stands: {}.", report::verdict(search, trial)),
            None => format!("The design as it stands costs {} at least.", dollars_cents(search.floor(current))),
        },
        None => String::new(),
    });
    said.trim_end().to_owned()
}

/// Why the best design is the best, or what keeps the nearest from the goal, with fields by their names.
pub fn reasons(plan: &Plan, search: &Search) -> Vec<String> {
    let all = report::reasons_named(plan, search, &|path, value| named(plan.scenario(), path, value));
    all.iter().map(|reason| capital(reason)).collect()
}

/// What a run came to, in a few words.
pub fn outcome(search: &Search, trial: &Trial) -> String {
    if search.goal().met_by(trial) { "meets the goal".to_owned() } else { report::verdict(search, trial) }
}

/// What a design is called first, and its verb.
fn subject(plan: &Plan, candidate: usize) -> (String, &'static str) {
    let draft = plan.draft(candidate);
    match subject_path(plan, candidate) {
        Some("stream.mode") => ("on-demand mode".to_owned(), "does"),
        Some("stream.shards") => {
            let count = draft.get_or_default("stream.shards").and_then(|count| count.as_u64()).unwrap_or(1);
            (shards(count), if count == 1 { "does" } else { "do" })
        }
        Some(path) => (listed(plan, candidate, |other| other == path), "does"),
        None => ("this design".to_owned(), "does"),
    }
}

/// The range after which a design is called: its mode where it is on-demand, else its shards, else the first.
fn subject_path(plan: &Plan, candidate: usize) -> Option<&str> {
    let ranges = plan.ranges().0.iter().map(|range| range.path.as_str()).zip(plan.values(candidate));
    let own: Vec<(&str, &Value)> = ranges.filter_map(|(path, value)| Some((path, value?))).collect();
    let mode = own.iter().find(|(path, mode)| *path == "stream.mode" && **mode != StreamMode::Provisioned.word());
    let found = mode.or_else(|| own.iter().find(|(path, _)| *path == "stream.shards")).or_else(|| own.first());
    found.map(|(path, _)| *path)
}

/// What to do where no design meets the goal.
fn remedy(search: &Search) -> &'static str {
    let goal = search.goal();
    let quickest = search.trials().filter(|trial| goal.allows(trial)).filter_map(|trial| trial.lag).min();
    match quickest {
        Some(lag) if lag > goal.lag => {
            "Allow more time, or vary towards more: shards, ParallelizationFactor, memory, larger batches."
        }
        None if search.trials().next().is_some() => {
            "Vary towards more shards, vary how the producer tries again, or ask for less."
        }
        _ => "Allow a higher cost, or vary towards cheaper values.",
    }
}

/// Every field of a document that can be varied: its path, its name, unit and range, and values to begin with.
pub fn variable(plan: &Plan) -> Vec<Value> {
    let (draft, scenario) = (plan.document(), plan.scenario());
    let mut paths = Vec::new();
    for part in PARTS {
        inside(draft, part, &mut paths);
    }
    let told = |path: &String| {
        let field = fields::field(path)?;
        let now = draft.get_or_default(path)?;
        let values: Vec<String> = match field.kind {
            Kind::Choice(choices) => choices.iter().map(|choice| choice.value.to_owned()).collect(),
            _ if now.is_null() => Vec::new(),
            _ => vec![now.to_string()],
        };
        Some(json!({
            "path": path,
            "label": title(scenario, path),
            "unit": field.unit,
            "range": field.number().map(|number| number.range_text()),
            "now": value(path, &now),
            "values": values.join(","),
        }))
    };
    paths.iter().filter_map(told).collect()
}

/// The numbers and choices at a path and inside it that exist.
fn inside(draft: &Draft, path: &str, paths: &mut Vec<String>) {
    let Some(field) = fields::field(path) else { return };
    match field.kind {
        Kind::Number(_) | Kind::Choice(_) => paths.push(path.to_owned()),
        Kind::Group => {
            let chosen = fields::selector(path).map(|selector| {
                let at = format!("{path}.{}", selector.name);
                (selector.name, draft.get(&at).cloned().or_else(|| selector.field.default_value()))
            });
            for child in fields::children(path) {
                let exists = chosen.as_ref().is_none_or(|(name, value)| {
                    *name == child.name
                        || value.as_ref().and_then(Value::as_str).is_none_or(|word| child.exists_with(word))
                });
                if exists && !matches!(child.name, "operations" | "deliver") {
                    inside(draft, &format!("{path}.{}", child.name), paths);
                }
            }
        }
        Kind::List(..) => {
            let many = draft.get(path).and_then(Value::as_array).map_or(usize::from(path == "consumers"), Vec::len);
            (0..many).for_each(|index| inside(draft, &format!("{path}.{index}"), paths));
        }
        _ => {}
    }
}
