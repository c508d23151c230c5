//! The scenario column as data: the knobs of the document, each with its unit, its range and the limit it meets.
//!
//! Labels, ranges and choices come from the field table of the scenario; only what binds them together, and the
//! sentences about limits, is written here.

mod changes;
mod consumer;
mod delivery;
mod follower;
pub mod stores;

use super::handbook::Handbook;
use super::hints::{self, Hint};
use super::live::path_in_force;
use super::words;
use crate::metrics::View;
use crate::scenario::fields::{self, Kind, Number};
use crate::scenario::printer::compact;
use crate::scenario::{Draft, Owner, Problem, Scenario};
use crate::text;
use crate::units::SimTime;
pub use changes::{Change, Changes, operations_to_add};
use serde_json::Value;

/// One part of the architecture, in the order of the flow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Its name.
    pub title: String,
    /// A fact about it, in a few words.
    pub small: String,
    /// The knobs that matter most.
    pub knobs: Vec<Knob>,
    /// Sentences about limits.
    pub hints: Vec<Hint>,
    /// What the rest is about, as the label of what opens it; empty where there is no rest.
    pub more_label: String,
    /// The other knobs.
    pub more: Vec<Knob>,
    /// Index of the consumer that it is, and whether there are others.
    pub consumer: Option<(usize, bool)>,
    /// Whose function it is, if its handler can be written.
    pub handler: Option<Owner>,
    /// Place of the stream that follows, if it is one.
    pub stream: Option<usize>,
    /// Place of the delivery stream, if it is one.
    pub delivery: Option<usize>,
    /// What is done to it on purpose during the run.
    pub changes: Option<Changes>,
}

/// One field.
#[derive(Clone, Debug, PartialEq)]
pub struct Knob {
    /// Unique on the page; ties the label to the field.
    pub id: String,
    /// Path in the document, or in the operation that is in force.
    pub path: String,
    /// What it is.
    pub label: String,
    /// Unit, after the field.
    pub unit: String,
    /// How it is set.
    pub control: Control,
    /// What it does, its range and the limit it meets, for whoever asks.
    pub title: String,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// How a knob is set.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// A number in a field.
    Number {
        /// As it stands in the field.
        text: String,
        /// What holds where the field is empty, if that depends on other fields.
        usual: String,
        /// Whether it has buttons for less and more.
        spin: bool,
    },
    /// One of a few words.
    Choice {
        /// Value and words of each.
        options: Vec<(&'static str, &'static str)>,
        /// Value of the chosen one.
        chosen: String,
    },
    /// Rows of numbers in one line, such as `0 50; 120 5000`.
    Rows(String),
    /// A text that is shown, not set.
    Shown(String),
}

/// The consumers of a draft as they are written; one with all defaults where there is no list.
pub(super) fn consumers(draft: &Draft) -> Vec<Value> {
    let list = draft.get("consumers").and_then(Value::as_array).cloned();
    list.filter(|list| !list.is_empty()).unwrap_or_else(|| vec![Value::Object(serde_json::Map::new())])
}

/// What the form is made from.
pub struct Source<'a> {
    /// The document as typed.
    pub draft: &'a Draft,
    /// Texts that cannot be read.
    pub raw: &'a [(String, String)],
    /// What is wrong.
    pub problems: &'a [Problem],
    /// The last draft that could be run.
    pub scenario: &'a Scenario,
    /// What has arrived of the run.
    pub timeline: View<'a>,
    /// The instant in view: operations up to it are in force.
    pub cursor: SimTime,
    /// What the fields say for whoever asks, once it has come.
    pub handbook: Option<&'a Handbook>,
}

/// A share from 0 to 1 is shown and typed in percent.
pub(super) fn is_share(number: Number) -> bool {
    number.decimals == 6 && number.max == number.scale()
}

/// Reads what was typed into the field at a path.
pub fn read(path: &str, text: &str) -> Result<Value, Problem> {
    let Some(field) = fields::field(path) else { return Err(Problem::new(path, "there is no such field")) };
    let number = match field.kind {
        Kind::Number(number) => number,
        Kind::Rows(rows) => return read_rows(path, text, rows.required),
        Kind::Json(_) => {
            let message = "this is not JSON; write for instance {\"type\": \"order\"}";
            return serde_json::from_str(text).map_err(|_| Problem::new(path, message));
        }
        Kind::Text(_) if text.trim().is_empty() && field.default == fields::Default::Nothing => return Ok(Value::Null),
        _ => return Ok(Value::from(text)),
    };
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != ',' && *c != '%').collect();
    if plain.is_empty() && field.default == fields::Default::Nothing {
        return Ok(Value::Null);
    }
    let factor = if is_share(number) { 100.0 } else { 1.0 };
    match text::number(&plain) {
        Some(typed) if typed.is_finite() && typed >= 0.0 => {
            let scaled = (typed / factor * number.scale() as f64).round();
            // Beyond the range the number is kept as it is, so that the check can say what the range is.
            if scaled > 9e15 { Ok(Value::from(typed)) } else { Ok(fields::number_value(number, scaled as u64)) }
        }
        _ => {
            let (low, high) = (number.as_f64(number.min) * factor, number.as_f64(number.max) * factor);
            let range = format!("{} to {}", words::field_number(low), words::field_number(high));
            Err(Problem::new(path, format!("write a number from {range}")))
        }
    }
}

/// Reads rows of numbers: rows apart by semicolons, numbers by blanks.
fn read_rows(path: &str, text: &str, columns: usize) -> Result<Value, Problem> {
    let number = |word: &str| text::number(&word.replace(',', "")).filter(|number| *number >= 0.0);
    let row = |row: &str| -> Option<Vec<f64>> {
        let numbers: Option<Vec<f64>> = row.split_whitespace().map(number).collect();
        numbers.filter(|numbers| numbers.len() == columns)
    };
    let rows = text.split(';').filter(|part| !part.trim().is_empty());
    let rows: Option<Vec<Vec<f64>>> = rows.map(row).collect();
    let whole = |number: f64| if number.fract() == 0.0 { Value::from(number as u64) } else { Value::from(number) };
    let row_value = |row: Vec<f64>| Value::Array(row.into_iter().map(whole).collect());
    let value = |rows: Vec<Vec<f64>>| Value::Array(rows.into_iter().map(row_value).collect());
    let message = "write a time in seconds and a rate for each step, such as 0 50; 120 5000; 720 50";
    rows.filter(|rows| !rows.is_empty()).map(value).ok_or_else(|| Problem::new(path, message))
}

/// Rows of numbers as [`read_rows`] reads them.
fn rows_text(value: Option<&Value>) -> String {
    let rows = value.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
    let row = |row: &Value| {
        let numbers = row.as_array().map_or(&[] as &[Value], Vec::as_slice);
        numbers.iter().map(compact).collect::<Vec<_>>().join(" ")
    };
    rows.iter().map(row).collect::<Vec<_>>().join("; ")
}

/// What else a new shape of a part needs to make sense: steps to begin with, a whole day for a day wave.
pub fn first_values(path: &str, text: &str) -> Option<(String, Value)> {
    let group = path.strip_suffix(".kind").filter(|group| fields::pattern(group) == "traffic.curve.*")?;
    match text {
        "steps" => Some((format!("{group}.steps"), serde_json::json!([[0, 50], [120, 5_000], [720, 50]]))),
        "day_wave" => Some(("length_s".to_owned(), Value::from(86_400))),
        _ => None,
    }
}

impl Source<'_> {
    /// The whole column.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups = vec![self.traffic(), self.keys_and_sizes(), self.producer(), self.stream()];
        let count = consumers(self.draft).len();
        groups.extend((0..count).map(|index| self.consumer(index, count)));
        groups.extend((0..self.scenario.then.len()).map(|place| self.follower(place)));
        groups.extend(self.scenario.deliver.iter().enumerate().map(|(place, each)| self.delivery(place, each)));
        groups.extend(if self.scenario.stores.is_empty() { vec![self.destination()] } else { self.stores() });
        groups.push(self.prices());
        groups
    }

    /// The changes during the run: index, time and words.
    pub fn operations(&self) -> Vec<(usize, SimTime, String)> {
        let events = super::events::events(self.scenario, self.timeline);
        let marks = events.into_iter().filter(|event| event.kind == super::event::EventKind::Operation);
        marks.enumerate().map(|(index, event)| (index, event.at, event.text)).collect()
    }

    pub(super) fn chosen(&self, path: &str) -> String {
        let value = self.draft.get_or_default(&path_in_force(self.draft, path, self.cursor));
        value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The knob of a path, with the table's words.
    pub(super) fn knob(&self, path: &str) -> Option<Knob> {
        let field = fields::field(path)?;
        let in_force = path_in_force(self.draft, path, self.cursor);
        let value = self.draft.get_or_default(&in_force);
        let raw = self.raw.iter().find(|(path, _)| *path == in_force).map(|(_, text)| text);
        let (control, unit) = match field.kind {
            Kind::Number(number) => {
                let (factor, unit) = if is_share(number) { (100.0, "%") } else { (1.0, field.unit) };
                let number_text = |value: f64| words::field_number(value * factor);
                let text = match value.as_ref() {
                    Some(Value::Null) | None => String::new(),
                    Some(value) => value.as_f64().map_or_else(|| compact(value), number_text),
                };
                let spin = number.decimals == 0 && path.ends_with("stream.shards");
                let usual = self.usual(path).filter(|_| text.is_empty()).unwrap_or_default();
                let text = raw.cloned().unwrap_or(text);
                (Control::Number { text, usual, spin }, if spin { "" } else { unit })
            }
            Kind::Choice(choices) => {
                let chosen = self.chosen(path);
                // A series comes from a table, never from a choice.
                let offered = choices.iter().filter(|choice| choice.value != "series" || chosen == "series");
                let options = offered.map(|choice| (choice.value, choice.label)).collect();
                (Control::Choice { options, chosen }, "")
            }
            Kind::Rows(rows) if rows.required == rows.columns.len() => {
                (Control::Rows(raw.cloned().unwrap_or_else(|| rows_text(value.as_ref()))), "")
            }
            Kind::Rows(_) => {
                let rows = value.as_ref().and_then(Value::as_array).map_or(0, Vec::len);
                (Control::Shown(words::int(rows as f64)), "")
            }
            Kind::Json(_) => {
                let text = value.as_ref().map_or_else(String::new, compact);
                (Control::Rows(raw.cloned().unwrap_or(text)), "")
            }
            // A text for the machine, or a name; other texts for people are too long for a line of the column.
            Kind::Text(_)
                if field.default == fields::Default::Nothing
                    || field.path.ends_with(".name")
                    || field.path.ends_with(".writes_to") =>
            {
                let text = value.as_ref().and_then(Value::as_str).unwrap_or_default();
                (Control::Rows(raw.cloned().unwrap_or_else(|| text.to_owned())), "")
            }
            Kind::Text(_) | Kind::Group | Kind::List(..) => return None,
        };
        let problem = self.problems.iter().find(|problem| {
            problem.path == in_force || problem.path.strip_prefix(&in_force).is_some_and(|rest| rest.starts_with('.'))
        });
        Some(Knob {
            id: format!("f-{}", path.replace('.', "-")),
            label: field.label.to_owned(),
            unit: unit.to_owned(),
            control,
            title: self.handbook.map_or_else(String::new, |handbook| handbook.title(field.path).to_owned()),
            problem: problem.map(|problem| words::capital(&problem.message)),
            path: in_force,
        })
    }

    fn knobs<'p>(&self, paths: impl IntoIterator<Item = &'p str>) -> Vec<Knob> {
        paths.into_iter().filter_map(|path| self.knob(path)).collect()
    }

    /// The knob of the field that selects the kind of a group, under the group's own name.
    fn kind_of(&self, group: &str) -> Option<Knob> {
        let label = fields::field(group)?.label.to_owned();
        self.knob(&format!("{group}.kind")).map(|knob| Knob { label, ..knob })
    }

    /// The fields that exist in a group with its present kind, without the selector.
    fn others(&self, group: &str) -> Vec<String> {
        let Some(selector) = fields::selector(group) else { return Vec::new() };
        let selected = self.chosen(&format!("{group}.{}", selector.name));
        let children = fields::children(group).into_iter();
        let for_people =
            |field: &fields::Field| matches!(field.kind, Kind::Text(_)) && field.default != fields::Default::Nothing;
        let settable = |field: &fields::Field| !field.selects && !for_people(field);
        let there = children.filter(|child| !child.stays && settable(child.field) && child.exists_with(&selected));
        there.map(|child| format!("{group}.{}", child.name)).collect()
    }

    fn traffic(&self) -> Group {
        let parts = self.draft.get("traffic.curve").and_then(Value::as_array).map_or(0, Vec::len);
        let (mut knobs, mut more) = (Vec::new(), Vec::new());
        for part in 0..parts {
            let group = format!("traffic.curve.{part}");
            if let Some(shape) = self.knob(&format!("{group}.kind")) {
                let label = if parts > 1 { format!("{} {}", shape.label, part + 1) } else { shape.label.clone() };
                knobs.push(Knob { label, ..shape });
            }
            for path in self.others(&group) {
                let name = path.rsplit('.').next().unwrap_or_default();
                let lesser = ["start_s", "rise_s", "fall_s", "peak_at_s"].contains(&name);
                if lesser { &mut more } else { &mut knobs }.extend(self.knob(&path));
            }
        }
        more.extend(self.knobs(["traffic.arrivals", "length_s", "seed"]));
        Group {
            title: table_label("traffic"),
            small: hints::offered_in_all(self.scenario),
            knobs,
            hints: hints::traffic(self.scenario),
            more_label: "Times, arrivals, length, seed".to_owned(),
            more,
            ..Group::default()
        }
    }

    fn keys_and_sizes(&self) -> Group {
        let mut knobs: Vec<Knob> = Vec::new();
        let sizes = self.others("traffic.sizes");
        knobs.extend(self.knobs(sizes.iter().map(String::as_str)));
        knobs.extend(self.kind_of("traffic.keys"));
        let keys = self.others("traffic.keys");
        let (count, own): (Vec<_>, Vec<_>) = keys
            .iter()
            .map(String::as_str)
            .partition(|path| path.ends_with(".count") || path.ends_with(".explicit_hash_key"));
        knobs.extend(self.knobs(own));
        let mut more: Vec<Knob> = self.knobs(count);
        more.extend(self.kind_of("traffic.sizes"));
        more.extend(self.payloads());
        Group {
            title: "Keys and sizes".to_owned(),
            knobs,
            hints: hints::keys_and_sizes(self.scenario),
            more_label: "Number of keys, spread of sizes, payloads".to_owned(),
            more,
            ..Group::default()
        }
    }

    /// Kinds of payloads with their shares, and a place for one more once there is one.
    fn payloads(&self) -> Vec<Knob> {
        let count = self.draft.get("traffic.payloads").and_then(Value::as_array).map_or(0, Vec::len);
        let of = |index: usize, name: &str| self.knob(&format!("traffic.payloads.{index}.{name}"));
        let mut knobs = Vec::new();
        for index in 0..count.max(1) {
            let numbered = |knob: Knob| Knob { label: format!("{} {}", knob.label, index + 1), ..knob };
            let both = [of(index, "data"), of(index, "share").filter(|_| count > 1)];
            knobs.extend(both.into_iter().flatten().map(|knob| if count > 1 { numbered(knob) } else { knob }));
        }
        let another = of(count, "data").filter(|_| count > 0);
        knobs.extend(another.map(|knob| Knob {
            label: "Another payload".to_owned(),
            control: Control::Rows(String::new()),
            ..knob
        }));
        knobs
    }

    fn producer(&self) -> Group {
        let kpl = self.chosen("producer.call") == "KPL";
        let mut knobs = self.knobs(["producer.call", "producer.hosts"]);
        let call = self.others("producer");
        let mut more = Vec::new();
        if kpl {
            let main = ["producer.aggregation", "producer.buffered_ms"];
            knobs.extend(self.knobs(main));
            let rest = call.iter().map(String::as_str).filter(|path| !main.contains(path));
            more.extend(self.knobs(rest.filter(|path| *path != "producer.hosts")));
        } else {
            knobs.extend(self.knob("producer.retry.kind"));
            let retry = self.others("producer.retry");
            let first = |path: &&str| path.ends_with("max_attempts") || path.ends_with("retry.mode");
            let (main, rest): (Vec<_>, Vec<_>) = retry.iter().map(String::as_str).partition(first);
            knobs.extend(self.knobs(main));
            more.extend(self.knobs(call.iter().map(String::as_str).filter(|path| *path != "producer.hosts")));
            more.extend(self.knobs(rest));
        }
        Group {
            title: table_label("producer"),
            small: hints::call(self.scenario),
            knobs,
            hints: hints::producer(self.scenario, self.cursor),
            more_label: if kpl { "Sizes, rate, age, buffer" } else { "Batch, buffer, backoff, answers" }.to_owned(),
            more,
            ..Group::default()
        }
    }

    fn stream(&self) -> Group {
        Group {
            title: table_label("stream"),
            small: self.scenario.stream.mode.name().to_ascii_lowercase(),
            knobs: self.knobs(["stream.shards"]),
            hints: hints::stream(self.scenario),
            more_label: "Mode, retention, scaling, readers".to_owned(),
            more: self.stream_more(),
            ..Group::default()
        }
    }

    /// What is rarely set: only what means something in the mode that is in force.
    fn stream_more(&self) -> Vec<Knob> {
        let mode = self.chosen("stream.mode");
        let mut more = self.knobs([
            "stream.mode",
            "stream.retention_h",
            "stream.byte_burst_mib",
            "stream.max_record_kib",
            "stream.rounding",
        ]);
        more.extend(self.knobs(["stream.other_pollers.count"]));
        if self.scenario.stream.other_pollers.count > 0 {
            more.extend(self.knobs(["stream.other_pollers.idle_ms", "stream.other_pollers.limit"]));
        }
        more.extend(self.knobs(["stream.empty_answers"]));
        match mode.as_str() {
            "provisioned" => {
                more.extend(self.knobs(["stream.reshard_s"]));
                more.extend(self.kind_of("stream.autoscaler"));
                let policy = self.others("stream.autoscaler");
                more.extend(self.knobs(policy.iter().map(String::as_str)));
            }
            "on_demand_advantage" => more.extend(self.knobs(["stream.scale_after_s", "stream.warm_mib"])),
            _ => more.extend(self.knobs(["stream.scale_after_s"])),
        }
        more
    }

    fn destination(&self) -> Group {
        Group {
            title: "Destination".to_owned(),
            hints: vec![Hint::plain("Database, one write a record. Its time is part of the function’s time a record.")],
            ..Group::default()
        }
    }

    fn prices(&self) -> Group {
        let own = fields::children("prices").into_iter().map(|child| child.field.path);
        Group {
            title: table_label("prices"),
            knobs: self.knobs(["prices.region"]),
            more_label: "Your own prices".to_owned(),
            // Of what, the label says; the column is too narrow to say it twice.
            more: self.knobs(own.filter(|path| *path != "prices.region")).into_iter().map(in_dollars).collect(),
            ..Group::default()
        }
    }
}

fn in_dollars(knob: Knob) -> Knob {
    Knob { unit: "USD".to_owned(), ..knob }
}

fn table_label(path: &str) -> String {
    fields::field(path).map_or_else(String::new, |field| field.label.to_owned())
}
