//! The one table of every field of a scenario document: label, unit, range, default, sentence, limit.
//!
//! Checking a draft, its JSON schema and the page's form all read this table. Numbers are kept as whole numbers
//! of their last decimal: 1.5 with three decimals is 1,500. That makes them microseconds, thousandths of a
//! record per second or millionths of a share without another conversion.

use super::field_table::FIELDS;
use crate::limits::{self, Limit, grouped};

/// Fields of an operation are the fields they change, and a delivery stream has the same fields everywhere: where they
/// stand, which fields they are, with which kind.
const ALIASES: &[(&str, &str, &[&str])] = &[
    ("operations.*.batch_size", "consumers.*.batch_size", &["update_mapping"]),
    ("operations.*.batching_window_s", "consumers.*.batching_window_s", &["update_mapping"]),
    ("operations.*.bisect", "consumers.*.bisect", &["update_mapping"]),
    ("operations.*.max_retries", "consumers.*.max_retries", &["update_mapping"]),
    ("operations.*.max_record_age_s", "consumers.*.max_record_age_s", &["update_mapping"]),
    ("operations.*.responses", "consumers.*.responses", &["update_mapping"]),
    ("operations.*.on_failure", "consumers.*.on_failure", &["update_mapping"]),
    ("operations.*.fixed_ms", "consumers.*.fixed_ms", &["deploy_function"]),
    ("operations.*.per_record_ms", "consumers.*.per_record_ms", &["deploy_function"]),
    ("operations.*.spread", "consumers.*.spread", &["deploy_function"]),
    ("operations.*.error_rate", "consumers.*.error_rate", &["deploy_function"]),
    ("operations.*.poison_rate", "consumers.*.poison_rate", &["deploy_function"]),
    ("operations.*.poison_key", "consumers.*.poison_key", &["deploy_function"]),
    ("operations.*.retry", "producer.retry", &["deploy_producer"]),
    ("operations.*.target_shards", "stream.shards", &["update_shard_count"]),
    ("operations.*.retention_h", "stream.retention_h", &["update_retention"]),
    ("operations.*.mode", "stream.mode", &["update_stream_mode"]),
    ("deliver.*.firehose", "designs.*.firehose", &[]),
    ("operations.*.warm_mib", "stream.warm_mib", &["update_warm_throughput"]),
];

/// Items of these lists are streams that have some parts of a document for themselves, each with those of its kinds that
/// are one.
const INSIDE: [(&str, &[&str]); 2] = [("then.*", &[]), ("designs.*", &["stream"])];

/// One field of the document, or one group or list that holds fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// Dotted path with `*` for an index; empty for the document itself.
    pub path: &'static str,
    /// A few words for a form.
    pub label: &'static str,
    /// Unit of a number as it is written in the document; may be empty.
    pub unit: &'static str,
    /// What may stand here.
    pub kind: Kind,
    /// What holds where nothing is written.
    pub default: Default,
    /// One sentence about it.
    pub about: &'static str,
    /// Name of the limit it meets, in `limits`; see [`Field::limit`].
    pub limit_name: Option<&'static str>,
    /// The values of the group's selector with which this field exists; empty where it always does.
    pub only: &'static [&'static str],
    /// Whether this field selects which others exist beside it.
    pub selects: bool,
}

/// What may stand at a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A number.
    Number(Number),
    /// One of a few words.
    Choice(&'static [Choice]),
    /// Text for people, of at most so many characters.
    Text(usize),
    /// An object with fields.
    Group,
    /// A list of objects, between so many and so many.
    List(usize, usize),
    /// A list of short rows of numbers.
    Rows(Rows),
    /// Any JSON of one of these types, as a schema names them: what is in it has rules of its own.
    Json(&'static [&'static str]),
}

/// The range of a number, in units of its last decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Smallest.
    pub min: u64,
    /// Largest.
    pub max: u64,
    /// What one press of a key on a form changes.
    pub step: u64,
    /// Decimals that may be written.
    pub decimals: u32,
}

/// One word of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As it stands in the document.
    pub value: &'static str,
    /// As a form shows it.
    pub label: &'static str,
    /// One sentence about it.
    pub about: &'static str,
}

/// A list of rows, each a list of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Name and range of each column.
    pub columns: &'static [(&'static str, Number)],
    /// How many of the columns must be there.
    pub required: usize,
    /// Most rows; there is always at least one.
    pub max_rows: usize,
}

/// What holds where nothing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// It has to be written.
    Required,
    /// A number, in units of its last decimal.
    Number(u64),
    /// A word or a text.
    Text(&'static str),
    /// Nothing: the mechanism is off. `null` says the same.
    Nothing,
    /// An empty group or list; its fields have defaults of their own.
    Empty,
}

/// A field as it stands inside a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Child {
    /// Name inside the group.
    pub name: &'static str,
    /// The field.
    pub field: &'static Field,
    /// The values of the group's selector with which it exists; empty where it always does.
    pub only: &'static [&'static str],
    /// Whether leaving it out means "as it was" (fields of an operation) rather than the field's default.
    pub stays: bool,
}

impl Child {
    /// Whether it exists where the group's selector has this value.
    pub fn exists_with(&self, selected: &str) -> bool {
        self.only.is_empty() || self.only.contains(&selected)
    }

    /// Whether it has to be written: by itself, or for a field inside it that has to be.
    pub fn required(&self) -> bool {
        let inside = || matches!(self.field.kind, Kind::Group) && children(self.field.path).iter().any(Self::required);
        !self.stays && (self.field.default == Default::Required || inside())
    }
}

impl Number {
    /// Units of the last decimal in one.
    pub const fn scale(&self) -> u64 {
        10u64.pow(self.decimals)
    }

    /// A number in units of the last decimal as a plain number, for forms and JSON.
    pub const fn as_f64(&self, scaled: u64) -> f64 {
        scaled as f64 / self.scale() as f64
    }

    /// A number in units of the last decimal as people write it: `2,678,400`, `1.5`.
    pub fn text(&self, scaled: u64) -> String {
        let (whole, rest) = (scaled / self.scale(), scaled % self.scale());
        let digits = format!("{rest:0width$}", width = self.decimals as usize);
        let fraction = if rest == 0 { String::new() } else { format!(".{}", digits.trim_end_matches('0')) };
        format!("{}{fraction}", grouped(whole))
    }

    /// The range in words: `1 to 1,000`.
    pub fn range_text(&self) -> String {
        let (min, max) = (self.text(self.min), self.text(self.max));
        if min == max { min } else { format!("{min} to {max}") }
    }
}

impl Field {
    /// The limit that this field meets.
    pub fn limit(&self) -> Option<&'static Limit> {
        self.limit_name.and_then(limits::by_name)
    }

    /// The range of a number.
    pub fn number(&self) -> Option<Number> {
        if let Kind::Number(number) = self.kind { Some(number) } else { None }
    }

    /// The words of a choice; empty for everything else.
    pub fn choices(&self) -> &'static [Choice] {
        if let Kind::Choice(choices) = self.kind { choices } else { &[] }
    }

    /// The default as JSON; `None` for what has to be written.
    pub fn default_value(&self) -> Option<serde_json::Value> {
        use serde_json::{Value, json};
        match (self.default, self.kind) {
            (Default::Required, _) => None,
            (Default::Number(scaled), Kind::Number(number)) => Some(number_value(number, scaled)),
            (Default::Number(scaled), _) => Some(json!(scaled)),
            (Default::Text(text), Kind::Json(_)) => serde_json::from_str(text).ok(),
            (Default::Text(text), _) => Some(json!(text)),
            (Default::Nothing, _) => Some(Value::Null),
            (Default::Empty, Kind::Group) => Some(json!({})),
            (Default::Empty, _) => Some(json!([])),
        }
    }
}

/// A number in units of the last decimal as JSON; whole numbers without a point.
pub fn number_value(number: Number, scaled: u64) -> serde_json::Value {
    if scaled.is_multiple_of(number.scale()) {
        serde_json::Value::from(scaled / number.scale())
    } else {
        serde_json::Value::from(number.as_f64(scaled))
    }
}

/// Every field, in the order of a canonical document.
pub fn all() -> &'static [Field] {
    FIELDS
}

/// The field at a path; an index matches `*`.
pub fn field(path: &str) -> Option<&'static Field> {
    let path = pattern(path);
    FIELDS.iter().find(|field| field.path == path)
}

/// What may stand inside the group at a path.
pub fn children(path: &str) -> Vec<Child> {
    let group = pattern(path);
    let own = FIELDS.iter().filter_map(|field| {
        let name = name_in(&group, field.path)?;
        Some(Child { name, field, only: field.only, stays: false })
    });
    let borrowed = ALIASES.iter().filter_map(|(alias, target, only)| {
        Some(Child { name: name_in(&group, alias)?, field: field(target)?, only, stays: true })
    });
    let within = INSIDE.iter().find(|(list, _)| group == *list);
    let inside = within.into_iter().flat_map(|(_, only)| {
        super::hop::OWN.iter().filter_map(|name| {
            let field = FIELDS.iter().find(|field| field.path == *name)?;
            Some(Child { name, field, only, stays: false })
        })
    });
    own.chain(borrowed).chain(inside).collect()
}

/// The field of the group at a path that selects which others exist.
pub fn selector(path: &str) -> Option<Child> {
    children(path).into_iter().find(|child| child.field.selects && !child.stays)
}

/// The table's pattern for a path: indices become `*`, and fields of an operation become the fields they change.
pub fn pattern(path: &str) -> String {
    let is_index = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = path.split('.').map(|part| if is_index(part) { "*" } else { part }).collect();
    let mut path = parts.join(".");
    // A stream further down, or in another design, has the fields of the first one.
    while let Some(rest) = INSIDE.iter().find_map(|(list, _)| path.strip_prefix(list)?.strip_prefix('.')) {
        let part = rest.split('.').next().unwrap_or_default();
        if !super::hop::OWN.contains(&part) {
            break;
        }
        path = rest.to_owned();
    }
    for (alias, target, _) in ALIASES {
        if let Some(rest) = path.strip_prefix(alias)
            && (rest.is_empty() || rest.starts_with('.'))
        {
            return format!("{target}{rest}");
        }
    }
    path
}

/// The last part of `path` where it stands directly inside `group`.
fn name_in(group: &str, path: &'static str) -> Option<&'static str> {
    let rest = if group.is_empty() { path } else { path.strip_prefix(group)?.strip_prefix('.')? };
    (!rest.is_empty() && rest != "*" && !rest.contains('.')).then_some(rest)
}
