//! A query, compiled against the payloads of the traffic: what it says of each kind of payload is decided once. No JSON
//! text is made, and nothing is allocated but the name of a group that is new.

use crate::engine::Record;
use crate::engine::payload::Payloads;
use crate::limits;
use crate::scenario::Scenario;
use crate::scenario::filter::{NUMERIC_SCALE, millionths};
use crate::scenario::payload::{Made, Making, Node, Payload, Piece};
use crate::scenario::query::{self, Comparison, Function, Is, Operand, Query, With};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What a group is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// There is one group of all records.
    All,
    /// The records have no such field, or it is null, a list or an object.
    Null,
    /// A number, in millionths.
    Number(i64),
    /// A text.
    Text(Box<str>),
    /// The number of a partition key.
    Key(u32),
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It belongs to the group with this number.
    Group(u32),
    /// It is not one of those that count.
    Passed,
    /// Its group is new, and there is no room for another one.
    NoRoom,
}

/// A query that knows the payloads.
#[derive(Clone, Debug)]
pub struct Compiled {
    payloads: Payloads,
    /// Whether the kind of a payload decides about anything.
    looks: bool,
    kinds: Vec<Kind>,
    /// Groups by one of the values of a payload.
    groups: Groups,
    by_key: bool,
    /// For each measure the place of its field among the values; none for a count of records.
    pub places: Vec<Option<usize>>,
    fields: usize,
    /// The values of the record that was looked at last.
    values: Vec<Option<i64>>,
    text: Vec<u8>,
}

/// What the query makes of one kind of payload.
#[derive(Clone, Debug)]
struct Kind {
    /// The conditions that differ from record to record; none where no record of the kind counts.
    filter: Option<Vec<(Leaf, Is, With)>>,
    group: Leaf,
    /// One for each field that a measure looks at.
    values: Vec<Leaf>,
}

/// A value of a payload.
#[derive(Clone, Debug)]
enum Leaf {
    /// There is none that counts.
    Nothing,
    /// The same number in each, in millionths.
    Number(i64),
    /// A number that is made.
    Made(Made),
    /// A text.
    Text(Vec<Piece>),
    /// One of a few texts, which are groups already: their numbers.
    OneOf(Made, Vec<u32>),
}

/// The names of groups, numbered as they came.
#[derive(Clone, Debug, Default)]
struct Groups {
    names: Vec<Name>,
    numbers: BTreeMap<i64, u32>,
    texts: BTreeMap<Box<[u8]>, u32>,
    /// The group of those without a value.
    null: Option<u32>,
}

impl Groups {
    /// The number of a new group; none where there are as many as an application can hold.
    fn add(&mut self, name: Name) -> Option<u32> {
        let number = self.names.len() as u32;
        (u64::from(number) < limits::ANALYTICS_STATE_MAX).then(|| {
            self.names.push(name);
            number
        })
    }

    fn number(&mut self, number: i64) -> Option<u32> {
        if let Some(group) = self.numbers.get(&number) {
            return Some(*group);
        }
        let group = self.add(Name::Number(number))?;
        self.numbers.insert(number, group);
        Some(group)
    }

    fn text(&mut self, text: &[u8]) -> Option<u32> {
        if let Some(group) = self.texts.get(text) {
            return Some(*group);
        }
        let group = self.add(Name::Text(String::from_utf8_lossy(text).into()))?;
        self.texts.insert(text.into(), group);
        Some(group)
    }

    fn null(&mut self) -> Option<u32> {
        if self.null.is_none() {
            self.null = self.add(Name::Null);
        }
        self.null
    }
}

impl Compiled {
    /// A query for the traffic of a scenario.
    pub fn new(scenario: &Scenario, query: &Query) -> Self {
        let mut fields: Vec<(&[Box<str>], bool)> = Vec::new();
        let mut places = Vec::new();
        for measure in &query.measures {
            // What is counted has to be there; what is added up has to be a number.
            let field = (&measure.of[..], measure.function != Function::Count);
            places.push((!measure.of.is_empty()).then(|| {
                fields.iter().position(|known| *known == field).unwrap_or_else(|| {
                    fields.push(field);
                    fields.len() - 1
                })
            }));
        }
        let mut groups = Groups::default();
        let path = match &query.group {
            Some(Operand::Field(path)) => Some(&path[..]),
            Some(Operand::Key) => None,
            None => {
                groups.add(Name::All);
                None
            }
        };
        let kind = |payload: &Payload| Kind {
            filter: conditions(payload, &query.filter),
            group: path.map_or(Leaf::Number(0), |path| group(query::at(payload, path), &mut groups)),
            values: fields.iter().map(|(path, numeric)| value(query::at(payload, path), *numeric)).collect(),
        };
        let kinds: Vec<Kind> = scenario.traffic.payloads.iter().map(kind).collect();
        Self {
            payloads: Payloads::new(scenario),
            looks: path.is_some() || !fields.is_empty() || !query.filter.is_empty(),
            kinds,
            groups,
            by_key: query.group == Some(Operand::Key),
            fields: fields.len(),
            places,
            values: Vec::new(),
            text: Vec::new(),
        }
    }

    /// Fields whose values are added up.
    pub const fn fields(&self) -> usize {
        self.fields
    }

    /// The group of a record. Its values are [`values`](Self::values) then.
    #[inline]
    pub fn look(&mut self, record: &Record) -> Seen {
        if !self.looks {
            return Seen::Group(if self.by_key { record.key } else { 0 });
        }
        let Self { payloads, kinds, groups, values, text, .. } = self;
        let kind = &kinds[payloads.kind(record.number)];
        let Some(filter) = &kind.filter else { return Seen::Passed };
        if !filter.iter().all(|(leaf, is, with)| holds(payloads, leaf, *is, with, record, text)) {
            return Seen::Passed;
        }
        values.clear();
        values.extend(kind.values.iter().map(|leaf| number(payloads, leaf, record)));
        if self.by_key {
            return Seen::Group(record.key);
        }
        let group = match &kind.group {
            Leaf::Nothing => groups.null(),
            Leaf::Number(group) => Some(*group as u32),
            Leaf::Made(_) => {
                let number = number(payloads, &kind.group, record).unwrap_or(0);
                groups.number(number)
            }
            Leaf::OneOf(made, numbers) => Some(numbers[payloads.choice(made, record)]),
            Leaf::Text(pieces) => {
                text.clear();
                payloads.spell_all(pieces, record, &mut |part| text.extend_from_slice(part));
                groups.text(text)
            }
        };
        group.map_or(Seen::NoRoom, Seen::Group)
    }

    /// The values of the record that was looked at last.
    pub fn values(&self) -> &[Option<i64>] {
        &self.values
    }

    /// Two groups in the order of their names.
    pub fn order(&self, a: u32, b: u32) -> Ordering {
        let names = &self.groups.names;
        if self.by_key { a.cmp(&b) } else { names[a as usize].cmp(&names[b as usize]) }
    }

    /// What a group is called.
    pub fn name(&self, group: u32) -> Name {
        if self.by_key { Name::Key(group) } else { self.groups.names[group as usize].clone() }
    }
}

/// The number of a leaf in a record.
#[inline]
fn number(payloads: &Payloads, leaf: &Leaf, record: &Record) -> Option<i64> {
    match leaf {
        Leaf::Number(number) => Some(*number),
        Leaf::Made(made) => payloads.whole(made, record).map(|whole| whole.saturating_mul(NUMERIC_SCALE)),
        Leaf::Nothing | Leaf::Text(_) | Leaf::OneOf(..) => None,
    }
}

fn holds(payloads: &Payloads, leaf: &Leaf, is: Is, with: &With, record: &Record, text: &mut Vec<u8>) -> bool {
    match (with, leaf) {
        (With::Number(with), _) => number(payloads, leaf, record).is_some_and(|number| is.holds(number.cmp(with))),
        (With::Text(with), Leaf::Text(pieces)) => {
            text.clear();
            payloads.spell_all(pieces, record, &mut |part| text.extend_from_slice(part));
            is.holds(text[..].cmp(with.as_bytes()))
        }
        _ => false,
    }
}

/// The conditions of a query as far as a kind of payload leaves them open; none where they never hold.
fn conditions(payload: &Payload, filter: &[Comparison]) -> Option<Vec<(Leaf, Is, With)>> {
    let mut open = Vec::new();
    for Comparison { of, is, with } in filter {
        let key = [Piece::Made(Made { what: Making::Key, place: 0 })];
        let leaf = match (of, with) {
            (Operand::Key, _) => Leaf::Text(key.to_vec()),
            (Operand::Field(path), With::Number(_)) => value(query::at(payload, path), true),
            (Operand::Field(path), With::Text(_)) => match query::at(payload, path) {
                Some(Node::Text(pieces)) => Leaf::Text(pieces.clone()),
                Some(Node::Made(made)) if query::is_text(&Node::Made(made.clone())) => {
                    Leaf::Text(vec![Piece::Made(made.clone())])
                }
                _ => Leaf::Nothing,
            },
        };
        if matches!(leaf, Leaf::Nothing) {
            return None;
        }
        open.push((leaf, *is, with.clone()));
    }
    Some(open)
}

/// A field of a measure: a number, or anything that is there, which then counts as 0.
fn value(node: Option<&Node>, numeric: bool) -> Leaf {
    match node {
        None | Some(Node::Null) => Leaf::Nothing,
        Some(_) if !numeric => Leaf::Number(0),
        Some(Node::Number(number)) => millionths(number).map_or(Leaf::Nothing, Leaf::Number),
        Some(Node::Made(made)) if query::is_number(&Node::Made(made.clone())) => Leaf::Made(made.clone()),
        Some(_) => Leaf::Nothing,
    }
}

/// What decides about the group: a number is that of a group that is known.
fn group(node: Option<&Node>, groups: &mut Groups) -> Leaf {
    // A template has few texts: there is room for them.
    let known = |group: Option<u32>| group.map_or(Leaf::Nothing, |group| Leaf::Number(i64::from(group)));
    match node {
        None | Some(Node::Null | Node::List(_) | Node::Fields(_)) => Leaf::Nothing,
        Some(Node::Bool(value)) => known(groups.text(if *value { b"true" } else { b"false" })),
        Some(Node::Number(number)) => millionths(number).map_or(Leaf::Nothing, |number| known(groups.number(number))),
        Some(Node::Made(made)) if query::is_number(&Node::Made(made.clone())) => Leaf::Made(made.clone()),
        Some(Node::Made(made)) => Leaf::Text(vec![Piece::Made(made.clone())]),
        Some(Node::Text(pieces)) => match (query::constant(pieces), &pieces[..]) {
            (Some(text), _) => known(groups.text(text.as_bytes())),
            (None, [Piece::Made(made)]) if matches!(made.what, Making::OneOf { .. }) => match &made.what {
                Making::OneOf { texts } => {
                    Leaf::OneOf(made.clone(), texts.iter().filter_map(|text| groups.text(text.as_bytes())).collect())
                }
                _ => Leaf::Nothing,
            },
            (None, _) => Leaf::Text(pieces.clone()),
        },
    }
}
