//! Writes a document as text that people can read and a version control system can compare.

use super::fields;
use crate::text::quoted;
use serde_json::{Map, Value};

/// Longest line that an object or list may fill before it is broken into several.
const LINE: usize = 100;

/// A document as indented JSON with a line break at the end: known fields in the order of their table, then the
/// others by name. Lists of numbers stay on one line.
pub fn print(document: &Value) -> String {
    let mut out = String::new();
    write(document, "", 0, 0, &mut out);
    out.push('\n');
    out
}

/// A value as JSON without blanks. `Value` can write itself, but brings errors and formats along that nobody meets and
/// the page would have to load.
pub fn compact(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(",");
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => if *value { "true" } else { "false" }.to_owned(),
        // Shortest digits that read back the same, by the standard library's way, which is there already.
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(whole)) => whole.to_string(),
            (None, None) => format!("{:?}", number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => quoted(text),
        Value::Array(list) => format!("[{}]", joined(list.iter().map(compact).collect())),
        Value::Object(map) => {
            let item = |(name, item): (&String, &Value)| format!("{}:{}", quoted(name), compact(item));
            format!("{{{}}}", joined(map.iter().map(item).collect()))
        }
    }
}

/// Writes the value at a path and a depth; `before` is what stands on the line already.
fn write(value: &Value, path: &str, depth: usize, before: usize, out: &mut String) {
    let flat = flat(value, path);
    let nested = matches!(value, Value::Object(map) if map.values().any(|v| v.is_object() || v.is_array()))
        || matches!(value, Value::Array(list) if list.iter().any(|v| v.is_array() || v.is_object()));
    // The document itself and everything with parts of its own is broken, whatever its length.
    if depth > 0 && !nested && before + flat.len() <= LINE || !(value.is_object() || value.is_array()) {
        out.push_str(&flat);
        return;
    }
    let indent = "  ".repeat(depth + 1);
    let close = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push_str("{\n");
            for (i, (name, item)) in ordered(map, path).into_iter().enumerate() {
                let path = below(path, name);
                let name = quoted(name);
                out.push_str(&format!("{indent}{name}: "));
                write(item, &path, depth + 1, indent.len() + name.len() + 2, out);
                out.push_str(if i + 1 < map.len() { ",\n" } else { "\n" });
            }
            out.push_str(&format!("{close}}}"));
        }
        Value::Array(list) if !list.is_empty() => {
            out.push_str("[\n");
            for (i, item) in list.iter().enumerate() {
                out.push_str(&indent);
                write(item, &below(path, "0"), depth + 1, indent.len(), out);
                out.push_str(if i + 1 < list.len() { ",\n" } else { "\n" });
            }
            out.push_str(&format!("{close}]"));
        }
        _ => out.push_str(&flat),
    }
}

/// The value on one line, with a blank after each comma and colon.
fn flat(value: &Value, path: &str) -> String {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let item = |(name, item)| format!("{}: {}", quoted(name), flat(item, &below(path, name)));
            format!("{{ {} }}", ordered(map, path).into_iter().map(item).collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => {
            let path = below(path, "0");
            format!("[{}]", list.iter().map(|item| flat(item, &path)).collect::<Vec<_>>().join(", "))
        }
        other => compact(other),
    }
}

/// The fields of the group at a path in the order in which they are written.
fn ordered<'a>(map: &'a Map<String, Value>, path: &str) -> Vec<(&'a str, &'a Value)> {
    let known = fields::children(path);
    let mut entries: Vec<(&str, &Value)> = map.iter().map(|(name, item)| (name.as_str(), item)).collect();
    let place = |name: &str| known.iter().position(|child| child.name == name).unwrap_or(usize::MAX);
    entries.sort_by_key(|(name, _)| place(name));
    entries
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
