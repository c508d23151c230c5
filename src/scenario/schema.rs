//! The JSON schema of a scenario document (draft 2020-12), made from the field table.
//!
//! It knows types, ranges, words and names. What fields say about each other, and how many decimals a number may
//! have, only `Draft::check` knows.

use super::fields::{self, Child, Default, Field, Kind, Number, number_value};
use serde_json::{Map, Value, json};

/// The schema as a JSON value.
pub fn schema() -> Value {
    let mut root = group("");
    let about = "A scenario of Streamgauge: a traffic spike on a streaming architecture. Everything has a default \
                 except traffic.curve.";
    let head = [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("$id", json!("urn:streamgauge:scenario:1")),
        ("title", json!("Streamgauge scenario")),
        ("description", json!(about)),
    ];
    let mut out: Map<String, Value> = head.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    out.append(&mut root);
    // A name for the schema itself, so that editors can complete a file that says which schema it follows.
    if let Some(Value::Object(properties)) = out.get_mut("properties") {
        properties.insert("$schema".to_owned(), json!({ "type": "string" }));
    }
    Value::Object(out)
}

/// The schema of what may stand in a group.
fn group(path: &str) -> Map<String, Value> {
    let children = fields::children(path);
    let Some(selector) = fields::selector(path) else {
        return object(path, &children, None);
    };
    let kinds = selector.field.choices().iter().map(|choice| {
        let here: Vec<Child> = children.iter().copied().filter(|child| child.exists_with(choice.value)).collect();
        let mut kind = object(path, &here, Some((selector, choice.value)));
        kind.insert("title".to_owned(), json!(choice.label));
        kind.insert("description".to_owned(), json!(choice.about));
        Value::Object(kind)
    });
    [("oneOf".to_owned(), Value::Array(kinds.collect()))].into_iter().collect()
}

/// An object with these fields and no others, its selector fixed to one word where it has one.
fn object(path: &str, children: &[Child], selected: Option<(Child, &str)>) -> Map<String, Value> {
    let mut required: Vec<&str> = children.iter().filter(|child| child.required()).map(|child| child.name).collect();
    let mut properties = Map::new();
    for child in children {
        let fixed = selected.filter(|(selector, _)| selector.name == child.name);
        if let Some((selector, word)) = fixed {
            // Without the selector the group is of its default kind, so only the others have to name theirs.
            let is_default = matches!(selector.field.default, Default::Text(default) if default == word);
            if !is_default && !required.contains(&child.name) {
                required.push(child.name);
            }
            properties.insert(child.name.to_owned(), json!({ "const": word, "description": child.field.about }));
        } else {
            properties.insert(child.name.to_owned(), node(path, child));
        }
    }
    let mut out = Map::new();
    out.insert("type".to_owned(), json!("object"));
    out.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        out.insert("required".to_owned(), json!(required));
    }
    out.insert("additionalProperties".to_owned(), json!(false));
    out
}

/// The schema of one field.
fn node(group_path: &str, child: &Child) -> Value {
    let field = child.field;
    let mut out = match field.kind {
        Kind::Number(range) => number(range),
        Kind::Choice(choices) => {
            let words: Vec<&str> = choices.iter().map(|choice| choice.value).collect();
            [("enum".to_owned(), json!(words))].into_iter().collect()
        }
        Kind::Text(most) => {
            [("type".to_owned(), json!("string")), ("maxLength".to_owned(), json!(most))].into_iter().collect()
        }
        Kind::Json(types) => [("type".to_owned(), json!(types))].into_iter().collect(),
        Kind::Group => {
            let path = super::walk::join(group_path, child.name);
            group(&path)
        }
        // A chain of streams goes on as it began.
        Kind::List(..) if field.path == "then" && !group_path.is_empty() => {
            [("$ref".to_owned(), json!("#/properties/then"))].into_iter().collect()
        }
        Kind::List(least, most) => list(group(&format!("{}.0", field.path)), least, most),
        Kind::Rows(rows) => {
            let columns = rows.columns.iter().map(|(name, range)| {
                let mut column = number(*range);
                column.insert("title".to_owned(), json!(name));
                Value::Object(column)
            });
            let row = json!({
                "type": "array",
                "prefixItems": columns.collect::<Vec<_>>(),
                "items": false,
                "minItems": rows.required,
            });
            list(row.as_object().cloned().unwrap_or_default(), 1, rows.max_rows)
        }
    };
    if field.default == Default::Nothing {
        let kind = out.remove("type").unwrap_or(json!("number"));
        out.insert("type".to_owned(), json!([kind, "null"]));
    }
    out.insert("title".to_owned(), json!(field.label));
    out.insert("description".to_owned(), json!(describe(field)));
    // A field that an operation leaves out stays as it was: that is no default.
    if !child.stays
        && !matches!(field.default, Default::Empty)
        && let Some(default) = field.default_value()
    {
        out.insert("default".to_owned(), default);
    }
    Value::Object(out)
}

fn number(range: Number) -> Map<String, Value> {
    let kind = if range.decimals == 0 { "integer" } else { "number" };
    let ends = [("minimum", range.min), ("maximum", range.max)];
    let ends = ends.map(|(name, end)| (name.to_owned(), number_value(range, end)));
    [("type".to_owned(), json!(kind))].into_iter().chain(ends).collect()
}

fn list(items: Map<String, Value>, least: usize, most: usize) -> Map<String, Value> {
    let value = json!({ "type": "array", "items": items, "minItems": least, "maxItems": most });
    value.as_object().cloned().unwrap_or_default()
}

/// The sentence about a field, with its unit and the limit it meets.
fn describe(field: &Field) -> String {
    let mut text = field.about.to_owned();
    if !field.unit.is_empty() {
        text.push_str(&format!(" Unit: {}.", field.unit));
    }
    if let Kind::Number(number) = field.kind
        && number.decimals > 0
    {
        text.push_str(&format!(" At most {} decimals.", number.decimals));
    }
    if let Some(limit) = field.limit() {
        text.push_str(&format!(" Limit: {} ({}, {}).", limit.value_text(), limit.source.text, limit.source.date));
    }
    text
}
