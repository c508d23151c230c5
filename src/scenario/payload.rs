//! What records carry: kinds of payloads, each a template with a few fields that are made for every record.
//!
//! A template is JSON as one types it. Words in braces are made: `{number}` and `{key}` of the record, `{time}` at
//! which it was offered, `{1..500}` for a whole number in a range, `{new|paid|sent}` for one of a list. A text that is
//! nothing but a number in braces becomes a number; a template that is itself a text is no JSON at all.

use super::Problem;
use super::document::Reader;
use super::walk::join;
use crate::limits;
use crate::units::Ratio;
use serde_json::{Map, Value};

/// One kind of payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Its part of all records, against the shares of the other kinds.
    pub share: Ratio,
    /// What a record of this kind carries.
    pub data: Data,
}

impl Default for Payload {
    /// What every record carries where a document says nothing of payloads.
    fn default() -> Self {
        let value = serde_json::from_str(DEFAULT).unwrap_or(Value::Null);
        Self { share: Ratio::ONE, data: Template::default().data(&value, "") }
    }
}

/// The template of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// A JSON value.
    Json(Node),
    /// A plain text, which is no JSON.
    Plain(Vec<Piece>),
}

/// A value of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written.
    Number(Box<str>),
    /// A text, with what is made inside it.
    Text(Vec<Piece>),
    /// A number that is made.
    Made(Made),
    /// A list.
    List(Vec<Node>),
    /// Fields by name.
    Fields(Vec<(Box<str>, Node)>),
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The same in every record.
    Plain(Box<str>),
    /// Made for each.
    Made(Made),
}

/// What is made for each record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What.
    pub what: Making,
    /// Its place among everything that its kind makes, from one: two ranges in one payload are drawn apart.
    pub place: u32,
}

/// How a part of a payload is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Making {
    /// `{number}`: the record's number.
    Number,
    /// `{key}`: its partition key.
    Key,
    /// `{time}`: when it was offered, in milliseconds since 1970.
    Time,
    /// `{1..500}`: a whole number, both ends included.
    Between {
        /// The smallest.
        low: i64,
        /// The largest.
        high: i64,
    },
    /// `{new|paid|sent}`: one of these, each as likely.
    OneOf {
        /// Two or more.
        texts: Vec<Box<str>>,
    },
}

impl Making {
    /// Whether it is a number where it stands alone.
    const fn is_number(&self) -> bool {
        matches!(self, Self::Number | Self::Time | Self::Between { .. })
    }
}

/// The template of a document that has none.
pub(super) const DEFAULT: &str = r#"{"record":"{number}","device":"{key}","reading":"{0..100}"}"#;

/// The kinds of payloads of a document; one where it has none.
pub(super) fn read(read: &mut Reader<'_>) -> Vec<Payload> {
    let count = read.items("traffic.payloads");
    let of = |read: &mut Reader<'_>, index: usize| {
        let path = format!("traffic.payloads.{index}.data");
        let mut template = Template::default();
        let data = template.data(&read.json(&path), &path);
        let found = template.problems;
        if read.sound(&path).is_some() {
            found.into_iter().for_each(|problem| read.wrong(&problem.path, problem.message));
        }
        Payload { share: read.ratio(&format!("traffic.payloads.{index}.share")), data }
    };
    let payloads: Vec<Payload> = (0..count.max(1)).map(|index| of(read, index)).collect();
    if payloads.iter().all(|payload| payload.share == Ratio::ZERO) {
        read.wrong("traffic.payloads.0.share", "every share is 0; choose more for one of them".to_owned());
    }
    payloads
}

/// The kinds as they stand in a document.
pub(super) fn write(payloads: &[Payload]) -> Value {
    let of = |payload: &Payload| {
        let mut group = super::canonical::Group::at("traffic.payloads.0");
        group.number("share", payload.share.millionths().into());
        group.value(
            "data",
            match &payload.data {
                Data::Json(node) => value(node),
                Data::Plain(pieces) => text(pieces).into(),
            },
        );
        group.done()
    };
    payloads.iter().map(of).collect()
}

/// A template that is being read.
#[derive(Default)]
struct Template {
    /// How much is made so far.
    made: u32,
    problems: Vec<Problem>,
}

impl Template {
    fn data(&mut self, value: &Value, path: &str) -> Data {
        match value {
            Value::String(text) => Data::Plain(self.pieces(text, path)),
            other => Data::Json(self.node(other, path, 0)),
        }
    }

    fn node(&mut self, value: &Value, path: &str, depth: u64) -> Node {
        if depth > limits::PAYLOAD_DEPTH_MAX {
            let message = format!("lies more than {} levels deep; write it flatter", limits::PAYLOAD_DEPTH_MAX);
            self.problems.push(Problem::new(path, message));
            return Node::Null;
        }
        match value {
            Value::Null => Node::Null,
            Value::Bool(value) => Node::Bool(*value),
            Value::Number(_) => Node::Number(super::printer::compact(value).into()),
            Value::String(text) => match self.pieces(text, path) {
                mut pieces if matches!(&pieces[..], [Piece::Made(made)] if made.what.is_number()) => {
                    match pieces.pop() {
                        Some(Piece::Made(made)) => Node::Made(made),
                        _ => Node::Null,
                    }
                }
                pieces => Node::Text(pieces),
            },
            Value::Array(list) => {
                let item = |(index, item): (usize, &Value)| self.node(item, &join(path, &index.to_string()), depth + 1);
                Node::List(list.iter().enumerate().map(item).collect())
            }
            Value::Object(map) => {
                let item = |(name, item): (&String, &Value)| {
                    (name.as_str().into(), self.node(item, &join(path, name), depth + 1))
                };
                Node::Fields(map.iter().map(item).collect())
            }
        }
    }

    /// A text with words in braces; a doubled brace is a brace.
    fn pieces(&mut self, text: &str, path: &str) -> Vec<Piece> {
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find('{') {
            plain.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('{') {
                plain.push('{');
                rest = after;
                continue;
            }
            let Some((word, after)) = rest.split_once('}') else {
                self.problems.push(Problem::new(path, "a brace is open; close it, or double it to keep it"));
                break;
            };
            rest = after;
            match making(word) {
                Ok(what) => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Plain(std::mem::take(&mut plain).into()));
                    }
                    self.made += 1;
                    pieces.push(Piece::Made(Made { what, place: self.made }));
                }
                Err(message) => self.problems.push(Problem::new(path, message)),
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Plain(plain.into()));
        }
        pieces
    }
}

/// What a word in braces makes.
fn making(word: &str) -> Result<Making, String> {
    match word {
        "number" => return Ok(Making::Number),
        "key" => return Ok(Making::Key),
        "time" => return Ok(Making::Time),
        _ => {}
    }
    if let Some((low, high)) = word.split_once("..")
        && let (Ok(low), Ok(high)) = (low.trim().parse::<i64>(), high.trim().parse::<i64>())
    {
        let most = limits::PAYLOAD_NUMBER_MAX as i64;
        return if low > high {
            Err(format!("{{{word}}} begins above its end; turn it round"))
        } else if low < -most || high > most {
            Err(format!("{{{word}}} is too wide; stay within {}", limits::grouped(most as u64)))
        } else {
            Ok(Making::Between { low, high })
        };
    }
    if word.contains('|') {
        return Ok(Making::OneOf { texts: word.split('|').map(Box::from).collect() });
    }
    Err(format!("{{{word}}} makes nothing; write {{number}}, {{key}}, {{time}}, {{1..500}} or {{new|paid|sent}}"))
}

fn value(node: &Node) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(value) => (*value).into(),
        Node::Number(number) => serde_json::from_str(number).unwrap_or(Value::Null),
        Node::Text(pieces) => text(pieces).into(),
        Node::Made(made) => braced(&made.what).into(),
        Node::List(list) => list.iter().map(value).collect(),
        Node::Fields(fields) => {
            let item = |(name, node): &(Box<str>, Node)| (name.to_string(), value(node));
            Value::Object(fields.iter().map(item).collect::<Map<_, _>>())
        }
    }
}

fn text(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Plain(text) => text.replace('{', "{{"),
        Piece::Made(made) => braced(&made.what),
    };
    pieces.iter().map(piece).collect()
}

fn braced(making: &Making) -> String {
    match making {
        Making::Number => "{number}".to_owned(),
        Making::Key => "{key}".to_owned(),
        Making::Time => "{time}".to_owned(),
        Making::Between { low, high } => format!("{{{low}..{high}}}"),
        Making::OneOf { texts } => format!("{{{}}}", texts.join("|")),
    }
}
