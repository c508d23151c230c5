//! The groups of the stores that consumers write to.

use super::{Group, Source};
use crate::scenario::{Draft, fields};
use serde_json::{Value, json};

/// The store that a consumer is made to write to, where there is none of that name: one with all defaults.
pub fn first_store(draft: &Draft, path: &str, text: &str) -> Option<(String, Value)> {
    let named = path.starts_with("consumers.") && fields::pattern(path) == "consumers.*.writes_to";
    let stores = draft.get("stores").and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
    let known = || stores.iter().any(|store| store["name"].as_str() == Some(text));
    (named && !text.is_empty() && !known()).then(|| (format!("stores.{}", stores.len()), json!({ "name": text })))
}

impl Source<'_> {
    pub(super) fn stores(&self) -> Vec<Group> {
        (0..self.scenario.stores.len()).map(|index| self.store(index)).collect()
    }

    fn store(&self, index: usize) -> Group {
        let store = &self.scenario.stores[index];
        let main = ["connections", "write_units", "records_per_write", "write_ms"];
        let group = format!("stores.{index}");
        let is_main = |path: &String| main.iter().any(|name| path.ends_with(&format!(".{name}")));
        let (knobs, mut more): (Vec<String>, Vec<String>) = self.others(&group).into_iter().partition(is_main);
        more.insert(0, format!("{group}.kind"));
        more.insert(0, format!("{group}.name"));
        Group {
            title: store.name.clone(),
            small: store.kind.name().to_owned(),
            knobs: self.knobs(knobs.iter().map(String::as_str)),
            more_label: "Kind, line, times, price".to_owned(),
            more: self.knobs(more.iter().map(String::as_str)),
            ..Group::default()
        }
    }
}
