//! Compares a document with the field table: types, ranges, words, names. What fields say about each other is
//! `document`'s business.

use super::Problem;
use super::fields::{self, Child, Field, Kind, Number, Rows};
use super::printer;
use super::problem::nearest;
use serde_json::{Map, Value};

/// After so many bad rows of one list the rest are only counted.
pub(super) const ROW_PROBLEMS_MAX: usize = 20;

/// Everything that the field table has against a document.
pub(super) fn problems(value: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    let root = fields::field("").expect("the table begins with the document itself");
    walk(value, "", root, &mut problems);
    problems
}

/// Checks the value of one field and what stands inside it.
fn walk(value: &Value, path: &str, field: &Field, problems: &mut Vec<Problem>) {
    let mut wrong = |message: String| {
        let says = super::request::refusal(field, path, value);
        let says = says.map_or_else(String::new, |says| format!(". The service says: {says}"));
        problems.push(Problem::new(path, message + &says));
    };
    match field.kind {
        _ if value.is_null() && field.default == fields::Default::Nothing => {}
        Kind::Number(number) => {
            if let Err(message) = scaled(value, number, field.unit) {
                wrong(message);
            }
        }
        Kind::Choice(choices) => {
            let words = || choices.iter().map(|choice| choice.value);
            let known = value.as_str().is_some_and(|text| words().any(|word| word == text));
            if !known {
                let hint = value.as_str().and_then(|text| nearest(text, words()));
                let hint = hint.map_or(String::new(), |word| format!("did you mean \"{word}\"? "));
                let list = words().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
                wrong(format!("{} is unknown; {hint}choose one of {list}", short(value)));
            }
        }
        Kind::Text(most) => match value.as_str().map(|text| text.chars().count()) {
            None => wrong(format!("{} is not a text; write it in quotation marks", short(value))),
            Some(length) if length > most => {
                wrong(format!("has {length} characters; shorten it to at most {most}"));
            }
            Some(_) => {}
        },
        Kind::Group => match value.as_object() {
            Some(map) => walk_group(map, path, problems),
            None => wrong(format!("{} is not a group of fields; write {{ … }} here", short(value))),
        },
        Kind::List(least, most) => match value.as_array() {
            None => wrong(format!("{} is not a list; write [ … ] here", short(value))),
            Some(list) => {
                if list.len() < least {
                    wrong(format!("is empty; write at least {least} item here"));
                }
                if list.len() > most {
                    wrong(format!("has {} items; at most {most} are allowed", list.len()));
                }
                for (i, item) in list.iter().enumerate().take(most) {
                    let path = join(path, &i.to_string());
                    if let Some(field) = fields::field(&path) {
                        walk(item, &path, field, problems);
                    }
                }
            }
        },
        Kind::Rows(rows) => walk_rows(value, path, &rows, problems),
        Kind::Json(types) => {
            let given = match value {
                Value::Array(_) => "array",
                Value::Object(_) => "object",
                Value::String(_) => "string",
                _ => "",
            };
            if !types.contains(&given) {
                let wanted = types.iter().map(|name| match *name {
                    "array" => "a list, [ … ]",
                    "object" => "a group, { … }",
                    _ => "a text",
                });
                let wanted = wanted.collect::<Vec<_>>().join(" or ");
                wrong(format!("{} does not stand here; write {wanted}", short(value)));
            }
        }
    }
}

/// Checks the names inside a group, and the fields behind them.
fn walk_group(map: &Map<String, Value>, path: &str, problems: &mut Vec<Problem>) {
    let children = fields::children(path);
    let selected = selected_in(map, &children);
    let exists = |child: &Child| selected.as_deref().is_none_or(|selected| child.exists_with(selected));
    for (name, value) in map {
        let here = join(path, name);
        match children.iter().find(|child| child.name == name) {
            Some(child) if exists(child) => walk(value, &here, child.field, problems),
            Some(child) => {
                let selector = children.iter().find(|child| child.field.selects && !child.stays);
                let selector = selector.map_or("kind", |child| child.name);
                let kinds = child.only.iter().map(|kind| format!("\"{kind}\"")).collect::<Vec<_>>().join(" or ");
                let message = format!(
                    "belongs to the {selector} {kinds}, not to \"{}\"; remove it or change {selector}",
                    selected.as_deref().unwrap_or_default()
                );
                problems.push(Problem::new(here, message));
            }
            None => {
                let known = || children.iter().filter(|child| exists(child)).map(|child| child.name);
                let hint = match nearest(name, known()) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("the fields here are {}", known().collect::<Vec<_>>().join(", ")),
                };
                problems.push(Problem::new(here, format!("there is no field of this name; {hint}")));
            }
        }
    }
    for child in children.iter().filter(|child| child.required() && !map.contains_key(child.name) && exists(child)) {
        // A field that only some kinds have is not missed while the kind is unknown.
        if matches!(child.field.kind, Kind::Group) {
            walk_group(&Map::new(), &join(path, child.name), problems);
        } else if child.only.is_empty() || selected.is_some() {
            let message = format!("is missing; {}", how_to_write(child.field));
            problems.push(Problem::new(join(path, child.name), message));
        }
    }
}

/// The kind that is selected in a group, by what is written or by default; `None` where it is none of the words.
pub(super) fn selected_in(map: &Map<String, Value>, children: &[Child]) -> Option<String> {
    let selector = children.iter().find(|child| child.field.selects && !child.stays)?;
    let written = map.get(selector.name).cloned().or_else(|| selector.field.default_value());
    let written = written.as_ref().and_then(Value::as_str)?;
    selector.field.choices().iter().any(|choice| choice.value == written).then(|| written.to_owned())
}

/// Checks a list of rows of numbers, each by itself.
fn walk_rows(value: &Value, path: &str, rows: &Rows, problems: &mut Vec<Problem>) {
    let names = rows.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let Some(list) = value.as_array() else {
        let message = format!("{} is not a list; write rows of [{names}]", short(value));
        problems.push(Problem::new(path, message));
        return;
    };
    if list.is_empty() || list.len() > rows.max_rows {
        let message = format!("has {} rows; write 1 to {} rows of [{names}]", list.len(), rows.max_rows);
        problems.push(Problem::new(path, message));
    }
    let mut found = Vec::new();
    for (i, row) in list.iter().enumerate() {
        let here = join(path, &i.to_string());
        match row.as_array() {
            Some(cells) if (rows.required..=rows.columns.len()).contains(&cells.len()) => {
                for ((name, number), cell) in rows.columns.iter().zip(cells) {
                    if let Err(message) = scaled(cell, *number, "") {
                        found.push(Problem::new(here.as_str(), format!("{name} {message}")));
                    }
                }
            }
            Some(cells) => {
                let message = format!("has {} numbers; write a row of [{names}]", cells.len());
                found.push(Problem::new(here, message));
            }
            None => found.push(Problem::new(here, format!("{} is no row; write [{names}]", short(row)))),
        }
    }
    problems.extend(shortened(found, path));
}

/// The first problems of a list, and a last one that counts the others.
pub(super) fn shortened(mut found: Vec<Problem>, path: &str) -> Vec<Problem> {
    if found.len() > ROW_PROBLEMS_MAX {
        let more = found.len() - ROW_PROBLEMS_MAX;
        found.truncate(ROW_PROBLEMS_MAX);
        found.push(Problem::new(
            path,
            format!("these rows have {more} more problems than are shown; correct those first"),
        ));
    }
    found
}

/// A JSON number in units of its last decimal, or what is wrong with it.
pub(super) fn scaled(value: &Value, number: Number, unit: &str) -> Result<u64, String> {
    let range = number.range_text();
    let range = if unit.is_empty() || unit == "×" { range } else { format!("{range} {unit}") };
    let counts = number.decimals == 0 && !matches!(unit, "" | "s" | "ms" | "h" | "MB" | "MiB" | "bytes");
    let Some(given) = value.as_number() else {
        return Err(format!("{} is not a number; choose {range}", short(value)));
    };
    let said = || printer::compact(value);
    let low = || Err(format!("{} is too {}; choose {range}", said(), if counts { "few" } else { "small" }));
    let high = || Err(format!("{} is too {}; choose {range}", said(), if counts { "many" } else { "large" }));
    let scale = number.scale();
    let scaled = if let Some(whole) = given.as_u64() {
        match whole.checked_mul(scale) {
            Some(scaled) => scaled,
            None => return high(),
        }
    } else {
        let float = given.as_f64().unwrap_or(f64::NAN);
        if float < 0.0 {
            return low();
        }
        let rounded = (float * scale as f64).round();
        if rounded.is_nan() || rounded >= u64::MAX as f64 {
            return high();
        }
        // The reader of JSON may be off by a last bit; anything further off has more decimals than we keep.
        if (rounded / scale as f64 - float).abs() > float * 1e-15 {
            return Err(match number.decimals {
                0 => format!("{} is not a whole number; choose {range}", said()),
                n => format!("{} has too many decimals; write at most {n}", said()),
            });
        }
        rounded as u64
    };
    match scaled {
        _ if scaled < number.min => low(),
        _ if scaled > number.max => high(),
        _ => Ok(scaled),
    }
}

/// What to write where a field is missing.
fn how_to_write(field: &Field) -> String {
    match field.kind {
        Kind::Choice(choices) => {
            let words = choices.iter().map(|choice| format!("\"{}\"", choice.value)).collect::<Vec<_>>();
            format!("choose one of {}", words.join(", "))
        }
        Kind::Number(number) => format!("write a number from {} {}", number.range_text(), field.unit).trim().to_owned(),
        Kind::Rows(rows) => {
            let names = rows.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            format!("write rows of [{names}]")
        }
        _ if field.path == "traffic.curve" => {
            "say what is offered, for instance [{ \"kind\": \"constant\", \"per_s\": 50 }]".to_owned()
        }
        _ => "write it".to_owned(),
    }
}

/// A value as a message quotes it: short enough for one line.
fn short(value: &Value) -> String {
    match value {
        Value::Object(_) => "a group of fields".to_owned(),
        Value::Array(list) if list.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Null => "null".to_owned(),
        other => {
            let text = printer::compact(other);
            if text.chars().count() <= 40 { text } else { format!("{}…", text.chars().take(39).collect::<String>()) }
        }
    }
}

/// A path with one more part.
pub(super) fn join(path: &str, part: &str) -> String {
    if path.is_empty() { part.to_owned() } else { format!("{path}.{part}") }
}
