//! What the page shows of rules, constants and fields only when somebody asks: a file of its own, which the command
//! line writes when the site is built and the page fetches. The page's module does without these texts.

use serde_json::Value;

/// The fetched file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handbook(Value);

/// One mechanism on the model page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section<'a> {
    /// What it is.
    pub title: &'a str,
    /// Whether one of its constants is modelled rather than documented.
    pub estimated: bool,
    /// The rule as built.
    pub rule: &'a str,
    /// Where it departs from the service; may be empty.
    pub departure: &'a str,
    /// Its constants and prices: about, value, source.
    pub rows: Vec<[&'a str; 3]>,
}

impl Handbook {
    /// Reads the file; `None` where it is no JSON.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    /// What a field does, its range and the limit it meets.
    pub fn title(&self, path: &str) -> &str {
        text(&self.0["fields"][path])
    }

    /// What a handler can and cannot do: titles with their sentences.
    pub fn handlers(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        list(&self.0["handlers"]).iter().map(|part| (text(&part[0]), list(&part[1]).iter().map(text).collect()))
    }

    /// Every mechanism.
    pub fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        list(&self.0["rules"]).iter().map(|rule| Section {
            title: text(&rule["title"]),
            estimated: rule["estimated"] == Value::Bool(true),
            rule: text(&rule["rule"]),
            departure: text(&rule["departure"]),
            rows: list(&rule["rows"]).iter().map(|row| [0, 1, 2].map(|cell| text(&row[cell]))).collect(),
        })
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The file, from the tables that engine, form and bill run on.
#[cfg(not(target_arch = "wasm32"))]
pub fn document() -> Value {
    use crate::scenario::fields;
    use serde_json::json;
    let rule = |rule: &crate::rules::Rule| {
        let limits = rule.limits().map(|limit| {
            let mark = if limit.estimated { ", estimated" } else { "" };
            // The texts mark the names of calls for the documentation; here they stand for themselves.
            let about = limit.about.trim().replace('`', "");
            json!([about, limit.value_text(), format!("{}, {}{mark}", limit.source.text, limit.source.date)])
        });
        let prices = rule.prices().iter().map(|price| {
            let value = format!("{} a {}", price.text(), price.unit);
            json!([format!("{}, {}", price.name, price.region), value, format!("{}, {}", price.source, price.dated)])
        });
        json!({
            "title": rule.title,
            "estimated": rule.is_estimated(),
            "rule": rule.rule,
            "departure": rule.departure,
            "rows": limits.chain(prices).collect::<Vec<_>>(),
        })
    };
    let fields: serde_json::Map<_, _> =
        fields::all().iter().map(|field| (field.path.to_owned(), json!(title_of(field)))).collect();
    json!({
        "rules": crate::rules::ALL.iter().map(rule).collect::<Vec<_>>(),
        "fields": fields,
        "handlers": crate::rules::handlers::about(),
    })
}

/// What a field does, its range and the limit it meets, in one text.
#[cfg(not(target_arch = "wasm32"))]
fn title_of(field: &crate::scenario::fields::Field) -> String {
    let mut title = field.about.to_owned();
    if let Some(number) = field.number() {
        let percent = super::form::is_share(number);
        let range = if percent { "0 to 100 %".to_owned() } else { format!("{} {}", number.range_text(), field.unit) };
        title.push_str(&format!(" Range: {}.", range.trim_end()));
    }
    if let Some(limit) = field.limit() {
        title.push_str(&format!(" Limit: {} ({}). {}", limit.value_text(), limit.source.text, limit.about));
    }
    title
}
