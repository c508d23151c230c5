//! What an analytics application computes: windows, groups, measures, conditions, an order.
//!
//! In a document it stands as fields, or as SQL that says the same. SQL is read natively only (`sql`): a page that finds
//! a text without the fields beside it says where they come from.

mod fit;

pub(super) use fit::fit;

use super::canonical::Group;
use super::document::Reader;
use super::filter::{NUMERIC_SCALE, millionths};
use super::payload::{Data, Making, Node, Piece};
use super::problem::nearest;
use super::{Payload, printer};
use crate::limits;
use crate::units::Span;
use serde_json::{Value, json};

/// The word by which a query names the partition key.
pub const KEY: &str = "partition_key";

/// What is computed of a stream, window by window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Length of a window.
    pub size: Span,
    /// From the beginning of one window to that of the next: its length, or a whole part of it.
    pub slide: Span,
    /// What makes groups; `None` for one of all records.
    pub group: Option<Operand>,
    /// What is computed of each group of each window; at least one.
    pub measures: Vec<Measure>,
    /// Records that count: all of these hold.
    pub filter: Vec<Comparison>,
    /// Groups that are emitted: all of these hold.
    pub having: Vec<Having>,
    /// Which groups are emitted, where it is not all of them.
    pub top: Option<Top>,
}

/// Names of a field of the payload, from the outside in.
pub type Path = Vec<Box<str>>;

/// What a record is grouped by or compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Its partition key.
    Key,
    /// A field of its payload.
    Field(Path),
}

/// One number of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// How it comes about.
    pub function: Function,
    /// Of which field; empty where every record counts.
    pub of: Path,
}

/// How a measure comes about. What is no number counts for none but `Count`, which counts what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Records.
    Count,
    /// Their sum.
    Sum,
    /// Their mean, cut off at the millionth.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

/// How two values stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// `=`
    Equal,
    /// `<>`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// A condition on a record. A value of another kind, or none, fulfils no condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What is compared.
    pub of: Operand,
    /// How it has to stand.
    pub is: Is,
    /// To what.
    pub with: With,
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum With {
    /// A number, in millionths.
    Number(i64),
    /// A text.
    Text(Box<str>),
}

/// A condition on a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Having {
    /// Place of the measure.
    pub measure: u32,
    /// How it has to stand.
    pub is: Is,
    /// To what, in millionths.
    pub with: i64,
}

/// The first groups of a window in the order of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Top {
    /// Place of the measure.
    pub measure: u32,
    /// Whether the largest come first.
    pub descending: bool,
    /// How many.
    pub rows: u32,
}

impl Default for Query {
    /// Records a minute.
    fn default() -> Self {
        Self {
            size: Span::from_secs(60),
            slide: Span::from_secs(60),
            group: None,
            measures: vec![Measure { function: Function::Count, of: Path::new() }],
            filter: Vec::new(),
            having: Vec::new(),
            top: None,
        }
    }
}

impl Operand {
    /// As it stands in a document.
    pub fn text(&self) -> String {
        match self {
            Self::Key => KEY.to_owned(),
            Self::Field(path) => path.join("."),
        }
    }

    /// What a text in a document names.
    pub(super) fn of(text: &str) -> Self {
        if text == KEY { Self::Key } else { Self::Field(path(text)) }
    }
}

impl Function {
    const ALL: [Self; 5] = [Self::Count, Self::Sum, Self::Avg, Self::Min, Self::Max];

    /// The word in a document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    /// The function of this name, in small letters or large ones.
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.word().eq_ignore_ascii_case(word))
    }
}

impl Measure {
    /// As SQL writes it.
    pub fn text(&self) -> String {
        let of = if self.of.is_empty() { "*".to_owned() } else { self.of.join(".") };
        format!("{}({of})", self.function.word())
    }
}

impl Is {
    const ALL: [Self; 6] = [Self::Equal, Self::Unequal, Self::Less, Self::AtMost, Self::More, Self::AtLeast];

    /// As SQL writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "<>",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|is| is.word() == word)
    }

    /// Whether two values stand like this.
    #[inline]
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// The names in a text such as `order.price`.
pub(super) fn path(text: &str) -> Path {
    text.split('.').filter(|name| !name.is_empty()).map(Box::from).collect()
}

/// The fields that say what a query says.
const FIELDS: [&str; 9] =
    ["window_s", "slide_s", "group_by", "measures", "where", "having", "order_by", "order", "top"];

/// The query of one consumer of a document.
pub(super) fn read(read: &mut Reader<'_>, of: &impl Fn(&str) -> String) -> Query {
    let fields = fields(read, of);
    let text = read.text(&of("query")).to_owned();
    if text.is_empty() {
        return fields;
    }
    let written = FIELDS.iter().any(|name| read.is_written(&of(name)));
    let (query, problem) = of_text(&text, fields, written);
    if let Some(problem) = problem {
        read.wrong(&of("query"), problem);
    }
    query
}

/// What a text says, where fields beside it say `fields`, and what is wrong with that.
#[cfg(not(target_arch = "wasm32"))]
fn of_text(text: &str, fields: Query, written: bool) -> (Query, Option<String>) {
    match super::sql::query(text) {
        Ok(query) if written && query != fields => {
            let message = "the fields beside it say another thing; remove them, or the query. streamgauge plan FILE \
                           writes them anew";
            (query, Some(message.to_owned()))
        }
        Ok(query) => (query, None),
        Err(message) => (fields, Some(message)),
    }
}

/// The page has no reader of SQL: it runs the fields.
#[cfg(target_arch = "wasm32")]
fn of_text(_: &str, fields: Query, written: bool) -> (Query, Option<String>) {
    let message = "SQL is read on the command line: streamgauge plan FILE writes what it says into the fields";
    (fields, (!written).then(|| message.to_owned()))
}

/// What the fields say.
fn fields(read: &mut Reader<'_>, of: &impl Fn(&str) -> String) -> Query {
    let size = read.span(&of("window_s"));
    let slide = read.maybe(&of("slide_s")).map_or(size, Span::from_micros);
    if let Some(message) = overlap(size, slide) {
        read.wrong(&of("slide_s"), message);
    }
    let group = match read.text(&of("group_by")) {
        "" => None,
        text => Some(Operand::of(text)),
    };
    let measures = list(read, &of("measures"), measure);
    let filter = list(read, &of("where"), comparison);
    let count = measures.len() as u32;
    let having = list(read, &of("having"), |item| having(item, count));
    let measure = read.small(&of("order_by"));
    if measure >= count.max(1) {
        read.wrong(&of("order_by"), format!("there are {count} measures, counted from 0; choose less than {count}"));
    }
    let descending = read.text(&of("order")) != "ascending";
    let top = read.maybe(&of("top")).map(|rows| Top { measure, descending, rows: rows as u32 });
    Query { size, slide, group, measures, filter, having, top }
}

/// What is wrong with windows of one length at every so long.
pub(super) fn overlap(size: Span, slide: Span) -> Option<String> {
    if slide == Span::ZERO || !size.micros().is_multiple_of(slide.micros()) {
        return Some("a window is a whole number of slides long; choose a whole part of its length".to_owned());
    }
    let most = limits::ANALYTICS_OVERLAP_MAX;
    (size.micros() / slide.micros() > most)
        .then(|| format!("each record would be in more than {most} windows; choose more"))
}

/// The items of a list, each as `item` reads it, with what it says of others.
fn list<T>(read: &mut Reader<'_>, path: &str, item: impl Fn(&[Value]) -> Result<T, String>) -> Vec<T> {
    let Value::Array(list) = read.json(path) else { return Vec::new() };
    let most =
        if path.ends_with("measures") { limits::ANALYTICS_MEASURES_MAX } else { limits::ANALYTICS_COMPARISONS_MAX };
    if list.len() as u64 > most {
        read.wrong(path, format!("has {} items; at most {most} are allowed", list.len()));
    }
    if list.is_empty() && path.ends_with("measures") {
        read.wrong(path, "is empty; write [[\"count\"]]".to_owned());
    }
    let mut found = Vec::new();
    for (index, value) in list.iter().enumerate() {
        match item(value.as_array().map_or(&[], Vec::as_slice)) {
            Ok(item) => found.push(item),
            Err(message) => read.wrong(&format!("{path}.{index}"), message),
        }
    }
    found
}

fn measure(item: &[Value]) -> Result<Measure, String> {
    const FORM: &str = "takes [\"count\"], or a function and a field such as [\"sum\", \"price\"]";
    let texts: Option<Vec<&str>> = item.iter().map(Value::as_str).collect();
    let texts = texts.ok_or(FORM)?;
    let (word, of) = match texts[..] {
        [word] => (word, Path::new()),
        [word, of] => (word, path(of)),
        _ => return Err(FORM.to_owned()),
    };
    let function = Function::of(word).ok_or_else(|| {
        let hint = nearest(word, Function::ALL.map(Function::word));
        let hint = hint.map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
        format!("\"{word}\" is no function; {hint}choose one of count, sum, avg, min, max")
    })?;
    if of.is_empty() && function != Function::Count {
        return Err(format!("{word} needs a field; write [\"{word}\", \"price\"]"));
    }
    Ok(Measure { function, of })
}

fn comparison(item: &[Value]) -> Result<Comparison, String> {
    const FORM: &str = "takes a field, a comparison and a value such as [\"price\", \">\", 5]";
    let [Value::String(of), Value::String(is), with] = item else { return Err(FORM.to_owned()) };
    let of = Operand::of(of);
    let is = Is::of(is).ok_or("compares by one of =, <>, <, <=, > and >=")?;
    let with = match with {
        Value::Number(_) => With::Number(number(with)?),
        Value::String(text) => With::Text(text.as_str().into()),
        _ => return Err("compares with a number or a text".to_owned()),
    };
    key_is_text(&of, &with)?;
    Ok(Comparison { of, is, with })
}

/// A partition key is compared with texts.
pub(super) fn key_is_text(of: &Operand, with: &With) -> Result<(), String> {
    match (of, with) {
        (Operand::Key, With::Number(_)) => Err(format!("{KEY} is a text; compare it with one")),
        _ => Ok(()),
    }
}

fn having(item: &[Value], measures: u32) -> Result<Having, String> {
    const FORM: &str = "takes the place of a measure, a comparison and a number such as [0, \">=\", 10]";
    let [measure, Value::String(is), with] = item else { return Err(FORM.to_owned()) };
    let measure = measure.as_u64().filter(|place| *place < u64::from(measures));
    let measure = measure.ok_or_else(|| format!("there are {measures} measures, counted from 0"))? as u32;
    let is = Is::of(is).ok_or("compares by one of =, <>, <, <=, > and >=")?;
    Ok(Having { measure, is, with: number(with)? })
}

fn number(value: &Value) -> Result<i64, String> {
    let number = value.as_number().and_then(|_| millionths(&printer::compact(value)));
    number.ok_or_else(|| "compares with a number that is not too large".to_owned())
}

/// A number in millionths as it stands in a document.
fn number_value(number: i64) -> Value {
    match number % NUMERIC_SCALE {
        0 => (number / NUMERIC_SCALE).into(),
        _ => (number as f64 / NUMERIC_SCALE as f64).into(),
    }
}

/// Its fields in the group of its consumer.
pub(super) fn write(group: &mut Group, of: &Query) {
    group.span("window_s", of.size);
    group.maybe("slide_s", (of.slide != of.size).then_some(of.slide.micros()));
    group.value("group_by", of.group.as_ref().map_or_else(String::new, Operand::text).into());
    let measure = |measure: &Measure| match &measure.of[..] {
        [] => json!([measure.function.word()]),
        path => json!([measure.function.word(), path.join(".")]),
    };
    group.value("measures", of.measures.iter().map(measure).collect());
    let comparison = |of: &Comparison| {
        let with = match &of.with {
            With::Number(number) => number_value(*number),
            With::Text(text) => text.as_ref().into(),
        };
        json!([of.of.text(), of.is.word(), with])
    };
    group.value("where", of.filter.iter().map(comparison).collect());
    let having = |of: &Having| json!([of.measure, of.is.word(), number_value(of.with)]);
    group.value("having", of.having.iter().map(having).collect());
    let Top { measure, descending, .. } = of.top.unwrap_or(Top { measure: 0, descending: true, rows: 0 });
    group.number("order_by", measure.into());
    group.word("order", if descending { "descending" } else { "ascending" });
    group.maybe("top", of.top.map(|top| top.rows.into()));
}

/// Writes its fields into the group of its consumer, in the place of those that are there.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn write_into(consumer: &mut serde_json::Map<String, Value>, of: &Query) {
    let mut group = Group::at("consumers.0");
    write(&mut group, of);
    if let Value::Object(fields) = group.done() {
        consumer.extend(fields);
    }
}

/// The value at a path of a payload, if it has one.
pub fn at<'a>(payload: &'a Payload, path: &[Box<str>]) -> Option<&'a Node> {
    let Data::Json(node) = &payload.data else { return None };
    path.iter().try_fold(node, |node, name| match node {
        Node::Fields(fields) => fields.iter().find(|(field, _)| field == name).map(|(_, node)| node),
        _ => None,
    })
}

/// Whether a value of a payload is a number.
pub fn is_number(node: &Node) -> bool {
    match node {
        Node::Number(_) => true,
        Node::Made(made) => matches!(made.what, Making::Number | Making::Time | Making::Between { .. }),
        _ => false,
    }
}

/// Whether a value of a payload is a text.
pub fn is_text(node: &Node) -> bool {
    matches!(node, Node::Text(_)) || matches!(node, Node::Made(_)) && !is_number(node)
}

/// The texts of a template that are the same in every record; nothing where some of it is made.
pub fn constant(pieces: &[Piece]) -> Option<String> {
    let mut all = String::new();
    for piece in pieces {
        let Piece::Plain(text) = piece else { return None };
        all.push_str(text);
    }
    Some(all)
}
