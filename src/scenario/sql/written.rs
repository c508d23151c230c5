//! A query written out: as SQL, as the heads of its columns, and as the fields beside a text.

#[cfg(not(target_arch = "wasm32"))]
use super::super::Problem;
use super::super::filter::NUMERIC_SCALE;
use super::super::query::{Comparison, Having, KEY, Measure, Operand, Query, Top, With};
#[cfg(not(target_arch = "wasm32"))]
use super::super::walk::join;
use crate::units::Span;
#[cfg(not(target_arch = "wasm32"))]
use serde_json::Value as Json;
use sqlparser::keywords::ALL_KEYWORDS;

/// A query as SQL that says the same.
pub fn text(query: &Query) -> String {
    let group = query.group.as_ref().map(operand_text);
    let measures = || query.measures.iter().map(measure_text);
    let columns: Vec<String> = group.iter().cloned().chain(measures()).collect();
    let seconds = |span: Span| format!("INTERVAL '{}' SECOND", number_text(i128::from(span.micros())));
    let window = if query.slide == query.size {
        format!("TUMBLE(ts, {})", seconds(query.size))
    } else {
        format!("HOP(ts, {}, {})", seconds(query.slide), seconds(query.size))
    };
    let mut out = format!("SELECT {} FROM stream", columns.join(", "));
    let comparison = |of: &Comparison| {
        let with = match &of.with {
            With::Number(number) => number_text(i128::from(*number)),
            With::Text(text) => format!("'{}'", text.replace('\'', "''")),
        };
        format!("{} {} {with}", operand_text(&of.of), of.is.word())
    };
    if !query.filter.is_empty() {
        out += &format!(" WHERE {}", query.filter.iter().map(comparison).collect::<Vec<_>>().join(" AND "));
    }
    out += &format!(" GROUP BY {}", group.into_iter().chain([window]).collect::<Vec<_>>().join(", "));
    let named = |measure: u32| query.measures.get(measure as usize).map_or_else(String::new, measure_text);
    let having = |of: &Having| format!("{} {} {}", named(of.measure), of.is.word(), number_text(i128::from(of.with)));
    if !query.having.is_empty() {
        out += &format!(" HAVING {}", query.having.iter().map(having).collect::<Vec<_>>().join(" AND "));
    }
    if let Some(Top { measure, descending, rows }) = query.top {
        let order = if descending { "DESC" } else { "ASC" };
        out += &format!(" ORDER BY {} {order} LIMIT {rows}", named(measure));
    }
    out
}

/// What a measure is called at the head of a column.
pub fn measure_text(measure: &Measure) -> String {
    let of = if measure.of.is_empty() { "*".to_owned() } else { path_text(&measure.of) };
    format!("{}({of})", measure.function.word().to_ascii_uppercase())
}

/// What groups are made by, as SQL has it.
pub fn operand_text(of: &Operand) -> String {
    match of {
        Operand::Key => KEY.to_owned(),
        Operand::Field(path) => path_text(path),
    }
}

/// A number in millionths with the decimals that it has.
pub fn number_text(millionths: i128) -> String {
    let scale = i128::from(NUMERIC_SCALE);
    let (sign, whole, rest) = (if millionths < 0 { "-" } else { "" }, millionths / scale, millionths % scale);
    let decimals = format!("{:06}", rest.unsigned_abs());
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{decimals}", whole.unsigned_abs())
}

fn path_text(path: &[Box<str>]) -> String {
    let name = |name: &str| {
        let mut letters = name.chars();
        let simple = letters.next().is_some_and(|first| first.is_ascii_lowercase() || first == '_')
            && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
        let is_word = ALL_KEYWORDS.contains(&&*name.to_ascii_uppercase());
        if simple && !is_word { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
    };
    path.iter().map(|part| name(part)).collect::<Vec<_>>().join(".")
}

/// Writes what the queries inside a document say into the fields beside them.
#[cfg(not(target_arch = "wasm32"))]
pub fn write_plans(value: &mut Json, path: &str, problems: &mut Vec<Problem>) {
    match value {
        Json::Array(list) => {
            for (index, item) in list.iter_mut().enumerate() {
                write_plans(item, &join(path, &index.to_string()), problems);
            }
        }
        Json::Object(map) => {
            let text = map.get("query").and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
            if map.get("kind").and_then(Json::as_str) == Some("analytics")
                && let Some(text) = text
            {
                match super::query(&text) {
                    Ok(query) => super::super::query::write_into(map, &query),
                    Err(message) => problems.push(Problem::new(join(path, "query"), message)),
                }
            }
            for (name, item) in map.iter_mut() {
                write_plans(item, &join(path, name), problems);
            }
        }
        _ => {}
    }
}
