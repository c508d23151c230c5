//! Writes a document as text that people can read and a version control system can compare.

use serde_json::Value;

/// Longest line that an object or list may fill before it is broken into several.
const LINE: usize = 100;

/// The value as indented JSON with a line break at the end. Lists of numbers stay on one line.
pub fn print(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, 0, &mut out);
    out.push('\n');
    out
}

/// Writes `value` at a depth; `before` is what stands on the line already.
fn write(value: &Value, depth: usize, before: usize, out: &mut String) {
    let flat = flat(value);
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
            for (i, (name, item)) in map.iter().enumerate() {
                let name = Value::from(name.as_str()).to_string();
                out.push_str(&format!("{indent}{name}: "));
                write(item, depth + 1, indent.len() + name.len() + 2, out);
                out.push_str(if i + 1 < map.len() { ",\n" } else { "\n" });
            }
            out.push_str(&format!("{close}}}"));
        }
        Value::Array(list) if !list.is_empty() => {
            out.push_str("[\n");
            for (i, item) in list.iter().enumerate() {
                out.push_str(&indent);
                write(item, depth + 1, indent.len(), out);
                out.push_str(if i + 1 < list.len() { ",\n" } else { "\n" });
            }
            out.push_str(&format!("{close}]"));
        }
        _ => out.push_str(&flat),
    }
}

/// The value on one line, with a blank after each comma and colon.
fn flat(value: &Value) -> String {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let items = map.iter().map(|(name, item)| format!("{}: {}", Value::from(name.as_str()), flat(item)));
            format!("{{ {} }}", items.collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(flat).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
