//! A query against the payloads of the traffic: fields that there are not, sums of what is never a number.

use super::super::Scenario;
use super::super::document::Reader;
use super::super::payload::{Data, Node};
use super::super::problem::nearest;
use super::{Function, KEY, Operand, Path, With, at, is_number, is_text};

/// The paths of all values in a payload, as a query writes them.
fn paths(node: &Node, before: &str, found: &mut Vec<String>) {
    if let Node::Fields(fields) = node {
        for (name, inner) in fields {
            let here = if before.is_empty() { name.to_string() } else { format!("{before}.{name}") };
            paths(inner, &here, found);
        }
    } else if !before.is_empty() {
        found.push(before.to_owned());
    }
}

/// Reports fields that no payload of the traffic has, and sums of what is never a number.
pub(in crate::scenario) fn fit(read: &mut Reader<'_>, scenario: &Scenario) {
    for (index, consumer) in scenario.consumers.iter().enumerate() {
        let Some(query) = &consumer.plan else { continue };
        let of = |name: &str| format!("consumers.{index}.{name}");
        // A query as a text has its problems there.
        let by_text = !consumer.query.is_empty();
        let place = |name: &str| if by_text { of("query") } else { of(name) };
        let payloads = &scenario.traffic.payloads;
        let mut look = |path: &Path, kind: Option<fn(&Node) -> bool>, what: &str, place: String| {
            let found: Vec<&Node> = payloads.iter().filter_map(|payload| at(payload, path)).collect();
            let name = path.join(".");
            if found.is_empty() {
                let mut known = vec![KEY.to_owned()];
                payloads.iter().for_each(|payload| {
                    if let Data::Json(node) = &payload.data {
                        paths(node, "", &mut known);
                    }
                });
                let hint = nearest(&name, known.iter().map(String::as_str));
                let hint = hint.map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
                let known = known.join(", ");
                read.wrong(&place, format!("no payload has a field \"{name}\"; {hint}choose one of {known}"));
            } else if kind.is_some_and(|kind| !found.iter().any(|node| kind(node))) {
                read.wrong(&place, format!("\"{name}\" is {what} in no payload; choose another field"));
            }
        };
        if let Some(Operand::Field(path)) = &query.group {
            look(path, None, "", place("group_by"));
        }
        for (item, measure) in query.measures.iter().enumerate().filter(|(_, measure)| !measure.of.is_empty()) {
            let kind = (measure.function != Function::Count).then_some(is_number as fn(&Node) -> bool);
            look(&measure.of, kind, "a number", place(&format!("measures.{item}")));
        }
        for (item, comparison) in query.filter.iter().enumerate() {
            if let Operand::Field(path) = &comparison.of {
                let (kind, what): (fn(&Node) -> bool, _) = match comparison.with {
                    With::Number(_) => (is_number, "a number"),
                    With::Text(_) => (is_text, "a text"),
                };
                look(path, Some(kind), what, place(&format!("where.{item}")));
            }
        }
    }
}
