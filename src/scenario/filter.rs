//! Filter criteria of an event source mapping: patterns as Lambda takes them, read, checked and written.
//!
//! A pattern mirrors the record: names lead to lists of tests, of which one has to hold; every name has to. Source of
//! the operators: AWS Lambda Developer Guide, “Control which events Lambda sends to your function”.

use super::Problem;
use super::document::Reader;
use super::printer::compact;
use super::problem::nearest;
use super::walk::join;
use crate::limits;
use serde_json::{Map, Value, json};

/// A pattern, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Every field holds; a field named `$or` holds where one of its patterns does.
    Fields(Vec<(Box<str>, Pattern)>),
    /// One of these tests holds for the value.
    Tests(Vec<Test>),
    /// One of these patterns holds.
    Or(Vec<Pattern>),
}

/// A test of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// It is this.
    Is(Literal),
    /// `anything-but`: it is there, and none of these.
    IsNot(Vec<Literal>),
    /// `prefix`.
    Begins(Box<str>),
    /// `suffix`.
    Ends(Box<str>),
    /// `equals-ignore-case`.
    IgnoringCase(Box<str>),
    /// `numeric`: between two ends, in millionths.
    Numeric {
        /// The lower end, and whether it is included.
        low: Option<(i64, bool)>,
        /// The upper end, and whether it is included.
        high: Option<(i64, bool)>,
    },
    /// `exists`: there is a value, or there is none.
    Exists(bool),
}

/// A value in a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written: 300 and 300.0 are two, as they are for the service.
    Number(Box<str>),
    /// A text.
    Text(Box<str>),
}

/// Millionths in one: the precision of `numeric`.
pub const NUMERIC_SCALE: i64 = 1_000_000;

/// The words of the tests that are written as groups.
const OPERATORS: [&str; 6] = ["prefix", "suffix", "equals-ignore-case", "anything-but", "numeric", "exists"];

/// A number as text in millionths; nothing where it is no number, or too large to be compared.
pub fn millionths(text: &str) -> Option<i64> {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (negative, digits) = digits.strip_prefix('-').map_or((false, digits), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let shift = exponent.parse::<i32>().ok()? + 6;
    let mut value: i128 = 0;
    // Digits beyond the millionths are cut off.
    let places = whole.len() as i32 + shift;
    let all = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat(b'0'));
    for digit in all.take(usize::try_from(places.min(40)).unwrap_or(0)) {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    i64::try_from(if negative { -value } else { value }).ok()
}

/// The patterns of one consumer of a document.
pub(super) fn read(read: &mut Reader<'_>, path: &str) -> Vec<Pattern> {
    let Some(Value::Array(list)) = read.sound(path).cloned() else { return Vec::new() };
    let mut found = Vec::new();
    let patterns = list.iter().enumerate().map(|(index, value)| {
        let path = join(path, &index.to_string());
        let length = compact(value).chars().count() as u64;
        if length > limits::FILTER_PATTERN_MAX {
            let most = limits::grouped(limits::FILTER_PATTERN_MAX);
            found.push(Problem::new(&*path, format!("has {length} characters; shorten it to at most {most}")));
        }
        pattern(value, &path, 0, &mut found)
    });
    let patterns = patterns.collect();
    found.into_iter().for_each(|problem| read.wrong(&problem.path, problem.message));
    patterns
}

/// Reports more patterns than the account allows a mapping.
pub(super) fn fit_account(read: &mut Reader<'_>, index: usize, count: usize, most: u32) {
    if count > most as usize {
        let message = format!(
            "has {count} patterns, and a mapping may have {most}; remove some, or raise the account’s \
             filters_per_mapping, which the service does on request up to {}",
            limits::FILTERS_RAISED_MAX
        );
        read.wrong(&format!("consumers.{index}.filter_criteria"), message);
    }
}

/// What may stand at the top of a pattern for a Kinesis record.
const TOP: [&str; 3] = ["data", "partitionKey", "$or"];

fn pattern(value: &Value, path: &str, depth: u64, found: &mut Vec<Problem>) -> Pattern {
    let mut wrong = |message: String| {
        found.push(Problem::new(path, message));
        Pattern::Tests(Vec::new())
    };
    match value {
        Value::Object(_) if depth > limits::PAYLOAD_DEPTH_MAX => {
            wrong(format!("lies more than {} levels deep; write it flatter", limits::PAYLOAD_DEPTH_MAX))
        }
        Value::Object(map) if map.is_empty() => wrong("is empty, and matches nothing; name a field".to_owned()),
        Value::Object(map) => {
            let field = |(name, value): (&String, &Value)| {
                let here = join(path, name);
                if depth == 0 && !TOP.contains(&name.as_str()) {
                    let hint = nearest(name, TOP).unwrap_or("data");
                    let message = format!("records are not filtered by \"{name}\"; did you mean \"{hint}\"?");
                    found.push(Problem::new(&*here, message));
                }
                let is_or = name.as_str() == "$or";
                let inner = match value {
                    _ if is_or => either(value, &here, depth, found),
                    Value::Array(_) if depth == 0 && name == "data" => {
                        let message = "is a list, and the data are JSON; write { \"data\": { … } }";
                        found.push(Problem::new(&*here, message));
                        Pattern::Tests(Vec::new())
                    }
                    value => pattern(value, &here, depth + 1, found),
                };
                (name.as_str().into(), inner)
            };
            Pattern::Fields(map.iter().map(field).collect())
        }
        Value::Array(_) if depth == 0 => wrong("is no pattern; write { \"data\": { … } }".to_owned()),
        Value::Array(list) if list.is_empty() => wrong("is an empty list; write what the value may be".to_owned()),
        Value::Array(list) => {
            let item = |(index, item): (usize, &Value)| {
                test(item).map_err(|message| found.push(Problem::new(join(path, &index.to_string()), message))).ok()
            };
            Pattern::Tests(list.iter().enumerate().filter_map(item).collect())
        }
        _ if depth == 0 => wrong("is no pattern; write { \"data\": { … } }".to_owned()),
        other => wrong(format!("is no list; write [{}]", compact(other))),
    }
}

/// The patterns of an `$or`, which stand at its own level.
fn either(value: &Value, path: &str, depth: u64, found: &mut Vec<Problem>) -> Pattern {
    match value {
        Value::Array(list) if list.len() > 1 && list.iter().all(Value::is_object) => {
            let item = |(index, item): (usize, &Value)| pattern(item, &join(path, &index.to_string()), depth, found);
            Pattern::Or(list.iter().enumerate().map(item).collect())
        }
        _ => {
            found.push(Problem::new(path, "takes a list of two patterns or more; write [{ … }, { … }]"));
            Pattern::Or(Vec::new())
        }
    }
}

fn literal(value: &Value) -> Option<Literal> {
    Some(match value {
        Value::Null => Literal::Null,
        Value::Bool(value) => Literal::Bool(*value),
        Value::Number(_) => Literal::Number(compact(value).into()),
        Value::String(text) => Literal::Text(text.as_str().into()),
        Value::Array(_) | Value::Object(_) => return None,
    })
}

fn test(value: &Value) -> Result<Test, String> {
    let Value::Object(map) = value else {
        return literal(value).map(Test::Is).ok_or_else(|| "is a list in a list; write its values here".to_owned());
    };
    let mut entries = map.iter();
    let (Some((name, given)), None) = (entries.next(), entries.next()) else {
        return Err(format!("takes one operator; write one of {}", OPERATORS.join(", ")));
    };
    let text = || given.as_str().map(Box::from).ok_or_else(|| format!("{name} takes a text"));
    match name.as_str() {
        "prefix" => Ok(Test::Begins(text()?)),
        "suffix" => Ok(Test::Ends(text()?)),
        "equals-ignore-case" => Ok(Test::IgnoringCase(text()?)),
        "exists" => given.as_bool().map(Test::Exists).ok_or_else(|| "exists takes true or false".to_owned()),
        "anything-but" => {
            let list = given.as_array().cloned().unwrap_or_else(|| vec![given.clone()]);
            let literals: Option<Vec<Literal>> = list.iter().map(literal).collect();
            let literals = literals.filter(|literals| !literals.is_empty());
            literals.map(Test::IsNot).ok_or_else(|| "anything-but takes a value or a list of values".to_owned())
        }
        "numeric" => numeric(given),
        other => {
            let hint = nearest(other, OPERATORS).map(|near| format!("did you mean \"{near}\"? "));
            let known = OPERATORS.join(", ");
            Err(format!("\"{other}\" is no operator; {}choose one of {known}", hint.unwrap_or_default()))
        }
    }
}

/// `["=", 5]`, or one or two comparisons such as `[">", 0, "<=", 100]`.
fn numeric(given: &Value) -> Result<Test, String> {
    const FORM: &str = "numeric takes [\"=\", 5], or one or two comparisons such as [\">\", 0, \"<=\", 100]";
    let list = given.as_array().filter(|list| list.len() == 2 || list.len() == 4).ok_or(FORM)?;
    let (mut low, mut high) = (None, None);
    for pair in list.chunks(2) {
        let number = pair[1].as_number().map(|_| compact(&pair[1])).ok_or(FORM)?;
        let most = limits::FILTER_NUMBER_MAX as i64 * NUMERIC_SCALE;
        let number = millionths(&number).filter(|number| (-most..=most).contains(number));
        let number = number
            .ok_or_else(|| format!("numbers lie between −{0} and {0}", limits::grouped(limits::FILTER_NUMBER_MAX)))?;
        let (end, included) = match pair[0].as_str() {
            Some("=") if list.len() == 2 => {
                return Ok(Test::Numeric { low: Some((number, true)), high: Some((number, true)) });
            }
            Some(">") => (&mut low, false),
            Some(">=") => (&mut low, true),
            Some("<") => (&mut high, false),
            Some("<=") => (&mut high, true),
            _ => return Err(FORM.to_owned()),
        };
        if end.replace((number, included)).is_some() {
            return Err(FORM.to_owned());
        }
    }
    if let (Some((low, _)), Some((high, _))) = (low, high)
        && low >= high
    {
        return Err("numeric ends below where it begins; turn it round".to_owned());
    }
    Ok(Test::Numeric { low, high })
}

/// A pattern as it stands in a document.
pub(super) fn write(pattern: &Pattern) -> Value {
    match pattern {
        Pattern::Fields(fields) => {
            let field = |(name, inner): &(Box<str>, Pattern)| (name.to_string(), write(inner));
            Value::Object(fields.iter().map(field).collect::<Map<_, _>>())
        }
        Pattern::Tests(tests) => tests.iter().map(write_test).collect(),
        Pattern::Or(patterns) => patterns.iter().map(write).collect(),
    }
}

fn write_test(test: &Test) -> Value {
    let number = |end: i64| match end % NUMERIC_SCALE {
        0 => Value::from(end / NUMERIC_SCALE),
        _ => Value::from(end as f64 / NUMERIC_SCALE as f64),
    };
    match test {
        Test::Is(literal) => write_literal(literal),
        Test::IsNot(literals) => json!({ "anything-but": literals.iter().map(write_literal).collect::<Vec<_>>() }),
        Test::Begins(text) => json!({ "prefix": text }),
        Test::Ends(text) => json!({ "suffix": text }),
        Test::IgnoringCase(text) => json!({ "equals-ignore-case": text }),
        Test::Exists(there) => json!({ "exists": there }),
        Test::Numeric { low: Some((low, true)), high: Some((high, true)) } if low == high => {
            json!({ "numeric": ["=", number(*low)] })
        }
        Test::Numeric { low, high } => {
            let mut list = Vec::new();
            for (end, words) in [(low, [">", ">="]), (high, ["<", "<="])] {
                if let Some((end, included)) = end {
                    list.extend([Value::from(words[usize::from(*included)]), number(*end)]);
                }
            }
            json!({ "numeric": list })
        }
    }
}

fn write_literal(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => (*value).into(),
        Literal::Number(number) => serde_json::from_str(number).unwrap_or(Value::Null),
        Literal::Text(text) => text.as_ref().into(),
    }
}
