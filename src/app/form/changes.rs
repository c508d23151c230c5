//! Lists of what is done on purpose during a run to one part of the scenario: to a direct design, to the destination of
//! a delivery stream, to another stream.

use super::{Knob, Source};
use crate::scenario::fields::{self, Child, Choice, Field, Kind};
use crate::scenario::{ConsumerKind, Scenario};
use crate::text::clock;
use serde_json::Value;

/// Such a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Its path in the document.
    pub list: String,
    /// What is planned, in the order of the document.
    pub planned: Vec<Change>,
    /// What can be added at the instant in view: kinds, with their words; nothing where the list is full.
    pub offered: Vec<(&'static str, &'static str)>,
}

/// One change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Its path in the document.
    pub path: String,
    /// When it is, and what it is.
    pub words: String,
    /// The fields that its kind has.
    pub knobs: Vec<Knob>,
}

/// Kinds of operations that no knob makes, with their words: what can be added at the instant in view. Workers die,
/// stores break and lose connections where the scenario has some; without one, what any stream can meet.
pub fn operations_to_add(scenario: Option<&Scenario>) -> Vec<(&'static str, &'static str)> {
    let choices = fields::field("operations.0.kind").map_or(&[] as &[_], fields::Field::choices);
    let offered = [
        "kill_hosts",
        "kill_workers",
        "freeze_consumer",
        "slow_function",
        "throttle_account",
        "lose_environments",
        "store_outage",
        "slow_store",
        "lose_connections",
        "split_shard",
        "merge_shards",
        "update_shard_count",
        "update_retention",
        "update_stream_mode",
    ];
    let consumers = scenario.map_or(&[] as &[_], |scenario| &scenario.consumers);
    let stores = scenario.map_or(&[] as &[_], |scenario| &scenario.stores);
    let has = |kind: &str| match kind {
        "kill_workers" => consumers.iter().any(|one| matches!(one.kind, ConsumerKind::Kcl(_))),
        "store_outage" | "slow_store" => !stores.is_empty(),
        "lose_connections" => stores.iter().any(|store| store.connections.is_some()),
        _ => true,
    };
    let fits = |choice: &&fields::Choice| offered.contains(&choice.value) && has(choice.value);
    choices.iter().filter(fits).map(|choice| (choice.value, choice.label)).collect()
}

impl Source<'_> {
    /// The list that stands at a path.
    pub(in crate::app) fn changes(&self, list: &str) -> Changes {
        let first = format!("{list}.0");
        let kinds = fields::field(&format!("{first}.kind")).map_or(&[] as &[_], Field::choices);
        let count = self.draft.get(list).and_then(Value::as_array).map_or(0, Vec::len);
        let most = match fields::field(list).map(|field| field.kind) {
            Some(Kind::List(_, most)) => most,
            _ => 0,
        };
        // Of a stream's operations knobs make some, and others name what only a person can choose.
        let of_stream = operations_to_add(None);
        let of_stream = |kind: &Choice| {
            fields::pattern(&first) != fields::pattern("operations.0") || of_stream.iter().any(|of| of.0 == kind.value)
        };
        let children = fields::children(&first);
        let needs_more = |kind: &Choice| {
            let names = |child: &Child| !child.only.is_empty() && child.exists_with(kind.value) && child.required();
            children.iter().any(names)
        };
        let offered = kinds.iter().filter(|kind| of_stream(kind) && !needs_more(kind) && count < most);
        Changes {
            planned: (0..count).map(|index| self.change(format!("{list}.{index}"), kinds)).collect(),
            offered: offered.map(|kind| (kind.value, kind.label)).collect(),
            list: list.to_owned(),
        }
    }

    fn change(&self, path: String, kinds: &[Choice]) -> Change {
        let value = |name: &str| self.draft.get(&format!("{path}.{name}"));
        let kind = value("kind").and_then(Value::as_str).unwrap_or_default();
        let label = kinds.iter().find(|choice| choice.value == kind).map_or(kind, |choice| choice.label);
        let at = value("at_s").and_then(Value::as_f64).unwrap_or(0.0);
        let children =
            fields::children(&path).into_iter().filter(|child| child.name != "kind" && child.exists_with(kind));
        let knobs = children.filter_map(|child| self.knob(&format!("{path}.{}", child.name))).collect();
        Change { words: format!("{} {label}", clock(at)), knobs, path }
    }
}
