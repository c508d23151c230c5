//! The handler view without a browser: whose code it shows, which invocations it lists, and what each thing does that
//! somebody does in it.

mod seen;
mod view;

use super::action::Effect;
use super::invocations::Row;
use super::model::Model;
use super::picture::{self, Size};
use crate::scenario::{HandlerKind, Handling, Owner};
use crate::words::capital;
use serde_json::{Value, json};
use std::sync::Arc;

/// What somebody begins with who writes a handler.
const STARTER: &str = r#"export const handler = async (event) => {
  for (const record of event.Records) {
    const text = Buffer.from(record.kinesis.data, "base64").toString("utf8");
    console.log(record.kinesis.partitionKey, JSON.parse(text));
  }
};
"#;

/// The same for the function of a delivery stream.
const TRANSFORM_STARTER: &str = r#"export const handler = async (event) => ({
  records: event.records.map(({ recordId, data }) => {
    const text = Buffer.from(data, "base64").toString("utf8");
    console.log(JSON.parse(text));
    return { recordId, result: "Ok", data };
  }),
});
"#;

/// Memory of a delivery stream's function that somebody begins to write, in MB.
const TRANSFORM_MEMORY_MB: u32 = 512;

/// What the samples work on: orders, one in some thousands of which has no price.
fn orders() -> Value {
    json!([
        { "share": 0.9995, "data": { "id": "A-{number}", "price": { "cents": "{200..9000}" } } },
        { "share": 0.0005, "data": { "id": "A-{number}", "price": null } }
    ])
}

/// What the view keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HandlerState {
    /// Whether it is shown.
    open: bool,
    /// Whether only invocations that failed are listed.
    failed: bool,
    /// Only invocations are listed whose logs or errors hold this text.
    search: String,
    /// Shard and number of the invocation that was selected.
    selected: Option<(u32, u64)>,
    /// Whose function is shown, where it is not the consumer that the page shows.
    owner: Option<Owner>,
}

/// The function that the view is about.
pub(super) struct Subject {
    pub owner: Owner,
    pub handling: Handling,
    pub memory_mb: u32,
}

impl Subject {
    /// Whether it transforms the records of a delivery stream.
    pub const fn transforms(&self) -> bool {
        self.owner.transforms()
    }
}

impl HandlerState {
    /// The view as the page starts.
    pub fn new(open: bool) -> Self {
        Self { open, ..Self::default() }
    }
}

impl Model {
    /// Whether the handler view is shown.
    pub const fn shows_handler(&self) -> bool {
        self.handler.open
    }

    /// The function that is shown: the one that somebody chose, or that of the consumer that the page shows.
    pub(super) fn subject(&self) -> Subject {
        let chosen = self.handler.owner.filter(|owner| owner.handling(&self.scenario).is_some());
        let shown = Owner::Consumer { stream: self.stream() as u32, place: self.consumer() as u32 };
        let owner = chosen.unwrap_or(shown);
        let transform = owner.firehose(&self.scenario).map(|(_, firehose)| firehose.stream.transform.memory_mb);
        let consumer = owner.consumer(&self.scenario).map_or(&self.shown().consumers[self.consumer()], |(_, of)| of);
        Subject {
            owner,
            handling: owner.handling(&self.scenario).unwrap_or_else(|| consumer.handling()),
            memory_mb: transform.map_or(consumer.memory_mb, |set| set.unwrap_or(TRANSFORM_MEMORY_MB)),
        }
    }

    /// The document's code of the function that is shown.
    pub fn handler_code(&self) -> Arc<str> {
        self.subject().handling.code
    }

    /// Path of a field of the function that is shown.
    fn handler_path(&self, field: &str) -> String {
        format!("{}.{field}", self.subject().owner.path(&self.scenario))
    }

    /// Opens the view, or closes it.
    pub(super) fn toggle_handler(&mut self) -> Vec<Effect> {
        self.handler.open = !self.handler.open;
        Vec::new()
    }

    /// Opens the view for a function, and gives it something to begin with where it has no code.
    pub(super) fn write_handler(&mut self, owner: Owner) -> Vec<Effect> {
        // On a phone the sheet with the fields would lie over it.
        (self.handler.open, self.handler.selected, self.sheet) = (true, None, false);
        match owner {
            Owner::Consumer { stream, place } if (stream as usize) < self.scenario.streams().len() => {
                (self.stream, self.consumer, self.handler.owner) = (stream as usize, place as usize, None);
                self.find_events();
            }
            _ => {
                // The view is part of the workbench.
                (self.handler.owner, self.compare.open) = (Some(owner), false);
            }
        }
        if self.subject().handling.kind.is_code() { Vec::new() } else { self.begin_code() }
    }

    /// The view is about the consumer that is shown again.
    pub(super) fn show_consumers_handler(&mut self) {
        (self.handler.owner, self.handler.selected) = (None, None);
    }

    /// Code of one's own, where there was none.
    fn begin_code(&mut self) -> Vec<Effect> {
        let code = match &*self.handler_code() {
            "" if self.subject().transforms() => TRANSFORM_STARTER.to_owned(),
            "" => STARTER.to_owned(),
            code => code.to_owned(),
        };
        self.use_source(code, false)
    }

    /// Does what somebody did in the view: a word, and a text with it.
    pub(super) fn act_in_handler(&mut self, what: &str, text: String) -> Vec<Effect> {
        match what {
            "filter" => self.handler.failed = text == "failed",
            "search" => self.handler.search = text.to_lowercase(),
            "select" => {
                let selected = text.split_once('-');
                self.handler.selected =
                    selected.and_then(|(shard, number)| Some((shard.parse().ok()?, number.parse().ok()?)));
            }
            "write" => return self.begin_code(),
            "code" | "source" => return self.use_source(text, false),
            "sample" => return self.use_source(text, true),
            "module" => return self.use_module(text, false),
            "brought" => return self.use_module(text, true),
            "try" => {
                let event = Some(text).filter(|text| !text.trim().is_empty());
                return self.try_event(self.subject().owner.number(), event);
            }
            "remedy" => {
                if let Some((index, _)) = self.handler_remedy() {
                    return self.try_finding(index);
                }
            }
            "unreadable" => self.tell(format!("{text} could not be read."), "Try it again."),
            "refused" => {
                let why = text.strip_prefix("This module cannot run here: ").unwrap_or(&text);
                self.tell("This module cannot run here.", capital(why));
            }
            _ => {
                if let Some(path) = what.strip_prefix("knob ") {
                    return self.edit(path, &text);
                }
            }
        }
        Vec::new()
    }

    /// What a scenario injects where nothing but the model decides: it goes when code takes over. A delivery stream that
    /// has no function gets one.
    fn injected(&self) -> Vec<(String, Value)> {
        let subject = self.subject();
        if subject.handling.kind.is_code() {
            return Vec::new();
        }
        let none = [("error_rate", json!(0)), ("poison_rate", json!(0)), ("poison_key", Value::Null)];
        let of = none.map(|(field, value)| (self.handler_path(field), value));
        let mut values: Vec<_> = of.into_iter().filter(|(path, _)| self.draft.get(path).is_some()).collect();
        let firehose = subject.owner.firehose(&self.scenario);
        if firehose.is_some_and(|(_, of)| of.stream.transform.memory_mb.is_none()) {
            values.push((self.handler_path("memory_mb"), json!(TRANSFORM_MEMORY_MB)));
        }
        values
    }

    /// Makes a source text the handler. What a sample needs of the records, it gets where nothing was said of them.
    fn use_source(&mut self, code: String, sample: bool) -> Vec<Effect> {
        self.handler.open = true;
        let mut values = self.injected();
        values.extend([
            (self.handler_path("handler"), json!(HandlerKind::JavaScript.word())),
            (self.handler_path("code"), json!(code)),
        ]);
        values.extend(self.records_for(sample));
        self.set_all(&values)
    }

    /// The records that a sample works on, where nothing was said of them.
    fn records_for(&self, sample: bool) -> Option<(String, Value)> {
        let free = sample && self.draft.get("traffic.payloads").is_none();
        free.then(|| ("traffic.payloads".to_owned(), orders()))
    }

    fn use_module(&mut self, module: String, sample: bool) -> Vec<Effect> {
        self.handler.open = true;
        let mut values = self.injected();
        values.extend([
            (self.handler_path("handler"), json!(HandlerKind::Module.word())),
            (self.handler_path("module"), json!(module)),
        ]);
        values.extend(self.records_for(sample));
        self.set_all(&values)
    }

    /// The remedy of a finding about batches that fail: its place among the findings, and its words.
    fn handler_remedy(&self) -> Option<(usize, String)> {
        const ABOUT: [&str; 4] = ["responses", "bisect", "max_retries", "on_failure"];
        let concerns = |path: &str| ABOUT.iter().any(|field| path.rsplit('.').next() == Some(field));
        // Findings are about the stream that the page shows.
        let findings = if self.handler.owner.is_some() { Vec::new() } else { self.findings() };
        findings.into_iter().enumerate().find_map(|(index, finding)| {
            let remedy = finding.remedy_try?;
            remedy.edits.iter().any(|(path, _)| concerns(path)).then_some((index, remedy.label))
        })
    }

    /// The strip of invocations: the markup inside an `<svg>` of this size.
    pub fn invocation_strip(&self, size: Size) -> String {
        picture::calls(&self.rows(), self.length(), size)
    }

    /// The invocations up to the cursor of the consumer that is shown, the latest first.
    fn rows(&self) -> Vec<&Row> {
        self.invocations().until(self.subject().owner, self.cursor())
    }
}
