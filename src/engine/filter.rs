//! Filter criteria, compiled: what a pattern says of each kind of payload is decided once, and what remains is a few
//! comparisons a record. No JSON text is made, and nothing is allocated.

use super::payload::Payloads;
use super::record::Record;
use crate::scenario::filter::{Literal, NUMERIC_SCALE, Pattern, Test, millionths};
use crate::scenario::payload::{Data, Made, Making, Node, Piece};
use crate::scenario::{Consumer, Scenario};

/// The filter criteria of one mapping.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    payloads: Payloads,
    /// For each kind of payload: which of its records pass, and whether it is JSON that a pattern on data can read.
    of_kind: Vec<(Condition, bool)>,
}

/// What has to hold of a record.
#[derive(Clone, Debug, PartialEq)]
enum Condition {
    Always,
    Never,
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Holds(Leaf, Test),
}

/// A value that differs from record to record.
#[derive(Clone, Debug, PartialEq)]
enum Leaf {
    Number(Made),
    Text(Vec<Piece>),
}

impl Filter {
    /// The filter of a consumer; none where it lets everything through.
    pub fn new(scenario: &Scenario, consumer: &Consumer) -> Option<Self> {
        if consumer.filters.is_empty() {
            return None;
        }
        let key = Node::Text(vec![Piece::Made(Made { what: Making::Key, place: 0 })]);
        let of_kind = scenario.traffic.payloads.iter().map(|payload| {
            let data = if let Data::Json(node) = &payload.data { Some(node) } else { None };
            let is_read = data.is_some() || !consumer.filters.iter().any(reads_data);
            (any(consumer.filters.iter().map(|pattern| at_top(pattern, data, &key))), is_read)
        });
        Some(Self { payloads: Payloads::new(scenario), of_kind: of_kind.collect() })
    }

    /// Whether a record is for the function.
    #[inline]
    pub fn passes(&self, record: &Record) -> bool {
        self.holds(&self.of_kind[self.payloads.kind(record.number)].0, record)
    }

    /// Whether a record that does not pass could not be read.
    pub fn is_unreadable(&self, record: &Record) -> bool {
        !self.of_kind[self.payloads.kind(record.number)].1
    }

    fn holds(&self, condition: &Condition, record: &Record) -> bool {
        match condition {
            Condition::Always => true,
            Condition::Never => false,
            Condition::All(of) => of.iter().all(|condition| self.holds(condition, record)),
            Condition::Any(of) => of.iter().any(|condition| self.holds(condition, record)),
            Condition::Holds(Leaf::Number(made), test) => self.number_holds(made, test, record),
            Condition::Holds(Leaf::Text(pieces), test) => self.text_holds(pieces, test, record),
        }
    }

    fn number_holds(&self, made: &Made, test: &Test, record: &Record) -> bool {
        let is = |literal: &Literal| match literal {
            Literal::Number(number) => {
                let mut equal = Comparison::new(number);
                self.payloads.spell(made, record, &mut |part| equal.take(part));
                equal.is_equal()
            }
            _ => false,
        };
        match test {
            Test::Is(literal) => is(literal),
            Test::IsNot(literals) => !literals.iter().any(is),
            Test::Numeric { low, high } => {
                let whole = self.payloads.whole(made, record).unwrap_or(0);
                is_between(whole.saturating_mul(NUMERIC_SCALE), *low, *high)
            }
            Test::Exists(there) => *there,
            Test::Begins(_) | Test::Ends(_) | Test::IgnoringCase(_) => false,
        }
    }

    fn text_holds(&self, pieces: &[Piece], test: &Test, record: &Record) -> bool {
        let compared = |mut comparison: Comparison<'_>| {
            self.payloads.spell_all(pieces, record, &mut |part| comparison.take(part));
            (comparison.begins(), comparison.is_equal())
        };
        let is = |literal: &Literal| matches!(literal, Literal::Text(text) if compared(Comparison::new(text)).1);
        match test {
            Test::Is(literal) => is(literal),
            Test::IsNot(literals) => !literals.iter().any(is),
            Test::Begins(text) => compared(Comparison::new(text)).0,
            Test::IgnoringCase(text) => compared(Comparison { ignoring_case: true, ..Comparison::new(text) }).1,
            Test::Ends(text) => {
                let mut length = 0;
                self.payloads.spell_all(pieces, record, &mut |part| length += part.len());
                let before = length.checked_sub(text.len());
                before.is_some_and(|skip| compared(Comparison { skip, ..Comparison::new(text) }).1)
            }
            Test::Exists(there) => *there,
            Test::Numeric { .. } => false,
        }
    }
}

/// Whether a pattern looks at the data.
fn reads_data(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Fields(fields) => fields.iter().any(|(name, inner)| match name.as_ref() {
            "data" => true,
            "$or" => reads_data(inner),
            _ => false,
        }),
        Pattern::Or(patterns) => patterns.iter().any(reads_data),
        Pattern::Tests(_) => false,
    }
}

/// What a pattern says of records with these data, or with none that can be read.
fn at_top(pattern: &Pattern, data: Option<&Node>, key: &Node) -> Condition {
    match pattern {
        Pattern::Or(patterns) => any(patterns.iter().map(|pattern| at_top(pattern, data, key))),
        Pattern::Fields(fields) => all(fields.iter().map(|(name, inner)| match name.as_ref() {
            "$or" => at_top(inner, data, key),
            "partitionKey" => of_value(inner, Some(key)),
            // Where the data is no JSON the record is dropped.
            _ => data.map_or(Condition::Never, |data| of_value(inner, Some(data))),
        })),
        Pattern::Tests(_) => Condition::Never,
    }
}

/// What a part of a pattern says of the value in its place, if there is one.
fn of_value(pattern: &Pattern, value: Option<&Node>) -> Condition {
    match pattern {
        Pattern::Or(patterns) => any(patterns.iter().map(|pattern| of_value(pattern, value))),
        Pattern::Fields(fields) => all(fields.iter().map(|(name, inner)| {
            if name.as_ref() == "$or" {
                return of_value(inner, value);
            }
            let inside = match value {
                Some(Node::Fields(fields)) => fields.iter().find(|(field, _)| field == name).map(|(_, node)| node),
                _ => None,
            };
            of_value(inner, inside)
        })),
        Pattern::Tests(tests) => any(tests.iter().map(|test| of_test(test, value))),
    }
}

/// What a test says of a value. One of a list is enough; a group of fields is no value.
fn of_test(test: &Test, value: Option<&Node>) -> Condition {
    let is = |literal: Literal| {
        decided(match test {
            Test::Is(wanted) => *wanted == literal,
            Test::IsNot(others) => !others.contains(&literal),
            Test::Numeric { low, high } => match &literal {
                Literal::Number(number) => millionths(number).is_some_and(|number| is_between(number, *low, *high)),
                _ => false,
            },
            Test::Exists(there) => *there,
            Test::Begins(_) | Test::Ends(_) | Test::IgnoringCase(_) => false,
        })
    };
    match value {
        None | Some(Node::Fields(_)) => decided(*test == Test::Exists(false)),
        Some(Node::List(list)) => any(list.iter().map(|item| of_test(test, Some(item)))),
        Some(Node::Null) => is(Literal::Null),
        Some(Node::Bool(value)) => is(Literal::Bool(*value)),
        Some(Node::Number(number)) => is(Literal::Number(number.clone())),
        Some(Node::Made(made)) => Condition::Holds(Leaf::Number(made.clone()), test.clone()),
        Some(Node::Text(pieces)) => Condition::Holds(Leaf::Text(pieces.clone()), test.clone()),
    }
}

const fn decided(holds: bool) -> Condition {
    if holds { Condition::Always } else { Condition::Never }
}

fn all(of: impl Iterator<Item = Condition>) -> Condition {
    let open: Vec<Condition> = of.filter(|condition| *condition != Condition::Always).collect();
    match &open[..] {
        [] => Condition::Always,
        _ if open.contains(&Condition::Never) => Condition::Never,
        _ => Condition::All(open),
    }
}

fn any(of: impl Iterator<Item = Condition>) -> Condition {
    let open: Vec<Condition> = of.filter(|condition| *condition != Condition::Never).collect();
    match &open[..] {
        [] => Condition::Never,
        _ if open.contains(&Condition::Always) => Condition::Always,
        _ => Condition::Any(open),
    }
}

fn is_between(number: i64, low: Option<(i64, bool)>, high: Option<(i64, bool)>) -> bool {
    low.is_none_or(|(end, included)| number > end || included && number == end)
        && high.is_none_or(|(end, included)| number < end || included && number == end)
}

/// A text that comes in parts, compared with another one.
struct Comparison<'a> {
    with: &'a [u8],
    /// How much of it was met.
    met: usize,
    /// Bytes that come first and do not count.
    skip: usize,
    ignoring_case: bool,
    /// Nothing was different so far.
    same: bool,
    /// More came than it has.
    longer: bool,
}

impl<'a> Comparison<'a> {
    const fn new(with: &'a str) -> Self {
        Self { with: with.as_bytes(), met: 0, skip: 0, ignoring_case: false, same: true, longer: false }
    }

    #[inline]
    fn take(&mut self, part: &[u8]) {
        let skipped = self.skip.min(part.len());
        self.skip -= skipped;
        let part = &part[skipped..];
        let rest = &self.with[self.met..];
        let length = rest.len().min(part.len());
        let (ours, theirs) = (&rest[..length], &part[..length]);
        self.same &= if self.ignoring_case { ours.eq_ignore_ascii_case(theirs) } else { ours == theirs };
        self.met += length;
        self.longer |= part.len() > length;
    }

    const fn is_equal(&self) -> bool {
        self.begins() && !self.longer
    }

    const fn begins(&self) -> bool {
        self.same && self.met == self.with.len()
    }
}
