//! What a running system lets people change: which operation makes it, and what is in force at an instant.

use crate::scenario::{Draft, fields};
use crate::units::SimTime;
use serde_json::Value;

/// A change that a running system allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'p> {
    /// Kind of the operation that makes it.
    pub kind: &'static str,
    /// Field of the operation.
    pub field: &'static str,
    /// What the field changes in the document.
    pub group: String,
    /// The field inside that group; none where the field is no group.
    pub within: Option<&'p str>,
    /// Index of the consumer that it concerns, if it concerns one.
    pub consumer: Option<u64>,
}

impl Change<'_> {
    /// Whether an operation is one that makes it.
    pub fn is_made_by(&self, operation: &Value) -> bool {
        operation["kind"].as_str() == Some(self.kind)
            && self.consumer.is_none_or(|consumer| consumer_of(operation) == consumer)
    }
}

/// Kinds of operations that name a consumer.
pub const CONCERN_A_CONSUMER: &[&str] = &["update_mapping", "deploy_function", "kill_workers", "freeze_consumer"];

/// The consumer that an operation names; the first where it names none.
pub fn consumer_of(operation: &Value) -> u64 {
    operation["consumer"].as_u64().unwrap_or(0)
}

/// The operation that changes what stands at a path, if one does. The path may lie in an operation itself.
pub fn change_during_run<'p>(draft: &Draft, path: &'p str) -> Option<Change<'p>> {
    fields::children("operations.0").into_iter().filter(|child| child.stays).find_map(|child| {
        let kind = child.only.first()?;
        let own = path.strip_prefix("operations.").and_then(|rest| rest.split_once('.'));
        let rest = match own {
            Some((_, own)) => own.strip_prefix(child.name)?,
            None => below(path, child.field.path)?,
        };
        let within = if rest.is_empty() { None } else { Some(rest.strip_prefix('.')?) };
        // What an operation changes stands with the consumer that it names.
        let group = match own {
            Some((index, _)) => {
                let consumer = draft.get(&format!("operations.{index}")).map_or(0, consumer_of);
                child.field.path.replace('*', &consumer.to_string())
            }
            None => path[..path.len() - rest.len()].to_owned(),
        };
        let index = group.strip_prefix("consumers.").and_then(|rest| rest.split('.').next());
        let consumer = index.and_then(|index| index.parse().ok());
        Some(Change { kind, field: child.name, group, within, consumer })
    })
}

/// What is left of a path below the place that a pattern names, where an index stands for each `*`.
fn below<'p>(path: &'p str, pattern: &str) -> Option<&'p str> {
    let mut rest = path;
    for part in pattern.split_inclusive('*') {
        rest = match part.strip_suffix('*') {
            Some(before) => rest.strip_prefix(before)?.trim_start_matches(|c: char| c.is_ascii_digit()),
            None => rest.strip_prefix(part)?,
        };
    }
    Some(rest)
}

/// Where the value stands that is in force at an instant: in the last operation that names it, else in the
/// document itself.
pub fn path_in_force(draft: &Draft, path: &str, at: SimTime) -> String {
    let Some(change) = change_during_run(draft, path) else { return path.to_owned() };
    let operations = draft.get("operations").and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
    let applied = |operation: &Value| {
        operation["at_s"].as_f64().is_some_and(|at_s| at_s <= at.seconds_f64() + 1.0)
            && change.is_made_by(operation)
            && operation.get(change.field).is_some()
    };
    match operations.iter().rposition(applied) {
        Some(index) => {
            let within = change.within.map_or_else(String::new, |within| format!(".{within}"));
            format!("operations.{index}.{}{within}", change.field)
        }
        None => path.to_owned(),
    }
}
