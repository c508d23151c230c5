//! Stores that consumers write to, and what a consumer says of its writes.

use super::canonical::Group;
use super::document::Reader;
use super::problem::nearest;
use super::{Consumer, DurationLaw, Operation};
use crate::limits;
use crate::units::{PicoUsd, Span};
use serde_json::Value;

/// A store behind a stream's consumers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// What consumers call it.
    pub name: String,
    /// What it is.
    pub kind: StoreKind,
    /// Writes at the same time; `None` for any number.
    pub connections: Option<u32>,
    /// Writes that may wait for a connection; further ones are refused.
    pub waiting: u32,
    /// Time of a write before its first record.
    pub time: Span,
    /// Time for each record of a write.
    pub per_record: Span,
    /// How the time of a write varies: exponential, or not at all.
    pub law: DurationLaw,
    /// Records in one write at most.
    pub records: u32,
    /// Write units a second of a key-value table; `None` where it takes all that comes.
    pub units: Option<u32>,
    /// Whether a record that is written once more changes nothing.
    pub idempotent: bool,
    /// Price of an hour; `None` for what is usual.
    pub hour: Option<PicoUsd>,
    /// Price of a million writes; `None` for what is usual.
    pub million: Option<PicoUsd>,
}

/// What a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// A relational database: connections, statements.
    Relational,
    /// A key-value table: write units a second.
    KeyValue,
    /// A search index: bulk requests, a queue with a bound.
    Search,
    /// An object store: any number of puts.
    Object,
    /// An HTTP endpoint.
    Http,
}

impl StoreKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Relational, Self::KeyValue, Self::Search, Self::Object, Self::Http];
    const WORDS: [(Self, &'static str); 5] = [
        (Self::Relational, "relational"),
        (Self::KeyValue, "key_value"),
        (Self::Search, "search"),
        (Self::Object, "object"),
        (Self::Http, "http"),
    ];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relational => "database",
            Self::KeyValue => "key-value table",
            Self::Search => "search index",
            Self::Object => "object store",
            Self::Http => "HTTP endpoint",
        }
    }

    /// Whether it has connections for which writes wait.
    pub const fn has_connections(self) -> bool {
        matches!(self, Self::Relational | Self::Search | Self::Http)
    }

    /// Usual time of a write.
    const fn time(self) -> Span {
        match self {
            Self::Relational => limits::STORE_RELATIONAL_TIME,
            Self::KeyValue => limits::STORE_KEY_VALUE_TIME,
            Self::Search => limits::STORE_SEARCH_TIME,
            Self::Object => limits::STORE_OBJECT_TIME,
            Self::Http => limits::STORE_HTTP_TIME,
        }
    }
}

/// What is done to a store on purpose, for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// It refuses every write, and those that it works on fail.
    Outage,
    /// A write that begins takes so many times as long, in thousandths.
    Slow {
        /// At least 1,000.
        factor_milli: u32,
    },
    /// It has so many connections less, as soon as they are free.
    Connections {
        /// How many.
        lost: u32,
    },
}

/// The writes of a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writing {
    /// Place of the store in the list.
    pub store: u32,
    /// Writes of one invocation at the same time.
    pub parallel: u32,
}

impl Store {
    /// Time of a write of so many records, before any chance.
    pub fn work(&self, records: u64) -> Span {
        self.time + self.per_record * records
    }

    /// Records that it takes in a second at most, in full writes; `None` where nothing bounds that.
    pub fn records_per_second(&self) -> Option<f64> {
        let seconds = self.work(self.records.into()).seconds_f64();
        let by_connections = self.connections.map(|count| f64::from(count) * f64::from(self.records) / seconds);
        let by_units = self.units.map(f64::from);
        [by_connections, by_units].into_iter().flatten().reduce(f64::min)
    }
}

/// The stores of a document.
pub(super) fn read(read: &mut Reader<'_>) -> Vec<Store> {
    (0..read.items("stores")).map(|index| one(read, index)).collect()
}

fn one(read: &mut Reader<'_>, index: usize) -> Store {
    let of = |name: &str| format!("stores.{index}.{name}");
    let name = read.text(&of("name")).to_owned();
    if name.is_empty() {
        read.wrong(&of("name"), "is empty; consumers name the store that they write to".to_owned());
    } else if names(read).iter().position(|known| *known == name) != Some(index) {
        read.wrong(&of("name"), format!("\"{name}\" is the name of another store; choose another"));
    }
    let word = read.text(&of("kind"));
    let kind = StoreKind::WORDS.iter().find(|(_, known)| *known == word).map_or(StoreKind::Relational, |of| of.0);
    let dollars = |name: &str| read.maybe(&of(name)).map(|pico| PicoUsd::new(pico.into()));
    Store {
        kind,
        connections: kind.has_connections().then(|| read.small(&of("connections"))),
        waiting: read.small(&of("waiting_max")),
        time: read.maybe(&of("write_ms")).map_or(kind.time(), Span::from_micros),
        per_record: read.span(&of("per_record_ms")),
        law: if read.text(&of("law")) == "exponential" { DurationLaw::Exponential } else { DurationLaw::Uniform },
        records: read.small(&of("records_per_write")).max(1),
        units: read.maybe(&of("write_units")).filter(|_| kind == StoreKind::KeyValue).map(|units| units as u32),
        idempotent: read.text(&of("idempotent")) == "on",
        hour: dollars("usd_per_hour"),
        million: dollars("usd_per_million"),
        name,
    }
}

/// The names of all stores, as they are written.
fn names(read: &Reader<'_>) -> Vec<String> {
    (0..read.items("stores")).map(|index| read.text(&format!("stores.{index}.name")).to_owned()).collect()
}

/// Where a name stands among the stores; a problem at the path if nowhere.
pub(super) fn named(read: &mut Reader<'_>, path: &str) -> Option<u32> {
    let (name, all) = (read.text(path).to_owned(), names(read));
    let found = all.iter().position(|known| *known == name && !name.is_empty());
    if found.is_none() {
        let known: Vec<&str> = all.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let hint = match nearest(&name, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if known.is_empty() => "write it into the list of stores".to_owned(),
            None => format!("the stores are {}", known.join(", ")),
        };
        read.wrong(path, format!("there is no store \"{name}\"; {hint}"));
    }
    found.map(|index| index as u32)
}

/// What a consumer says of its writes; nothing where it writes nowhere.
pub(super) fn writing(read: &mut Reader<'_>, of: &impl Fn(&str) -> String) -> Option<Writing> {
    let path = of("writes_to");
    if read.text(&path).is_empty() {
        return None;
    }
    Some(Writing { store: named(read, &path)?, parallel: read.small(&of("writes_at_a_time")).max(1) })
}

/// A store as it stands in a canonical document.
pub(super) fn write(of: &Store) -> Value {
    let mut group = Group::at("stores.0");
    let word = StoreKind::WORDS.iter().find(|(kind, _)| *kind == of.kind).map_or("relational", |(_, word)| word);
    group.word("name", &of.name);
    group.word("kind", word);
    if let Some(connections) = of.connections {
        group.number("connections", connections.into());
        group.number("waiting_max", of.waiting.into());
    }
    group.span("write_ms", of.time);
    group.span("per_record_ms", of.per_record);
    group.word("law", if of.law == DurationLaw::Exponential { "exponential" } else { "fixed" });
    group.number("records_per_write", of.records.into());
    if of.kind == StoreKind::KeyValue {
        group.maybe("write_units", of.units.map(u64::from));
    }
    group.word("idempotent", if of.idempotent { "on" } else { "off" });
    let pico = |price: PicoUsd| price.get() as u64;
    group.maybe("usd_per_hour", of.hour.map(pico));
    group.maybe("usd_per_million", of.million.map(pico));
    group.done()
}

/// A consumer's writes, in its group of a canonical document.
pub(super) fn write_writing(group: &mut Group, of: &Consumer, stores: &[Store]) {
    if of.plan.is_none() {
        group.word("writes_to", of.writes.map_or("", |writes| stores[writes.store as usize].name.as_str()));
        group.number("writes_at_a_time", of.writes.map_or(1, |writes| writes.parallel).into());
    }
}

/// What an operation does to a store; nothing where it is of another kind, or about no store.
pub(super) fn operation(
    read: &mut Reader<'_>,
    of: &impl Fn(&str) -> String,
    kind: &str,
    stores: &[Store],
) -> Option<Operation> {
    if !["store_outage", "slow_store", "lose_connections"].contains(&kind) {
        return None;
    }
    let store = named(read, &of("store"))?;
    let (span, has) = (read.span(&of("for_s")), stores[store as usize].connections);
    let what = match kind {
        "store_outage" => StoreFault::Outage,
        "slow_store" => StoreFault::Slow { factor_milli: read.small(&of("factor")) },
        _ => {
            let connections = read.small(&of("connections"));
            match has {
                Some(most) if connections > most => {
                    read.wrong(&of("connections"), format!("there are {most}; choose as many or fewer"));
                }
                Some(_) => {}
                None => read.wrong(&of("kind"), "the store counts no connections; remove this operation".to_owned()),
            }
            StoreFault::Connections { lost: connections }
        }
    };
    Some(Operation::BreakStore { store, what, span })
}

/// An operation on a store in its group of a canonical document.
pub(super) fn write_operation(group: &mut Group, name: &str, what: StoreFault, span: Span) {
    group.word(
        "kind",
        match what {
            StoreFault::Outage => "store_outage",
            StoreFault::Slow { .. } => "slow_store",
            StoreFault::Connections { .. } => "lose_connections",
        },
    );
    group.word("store", name);
    match what {
        StoreFault::Outage => {}
        StoreFault::Slow { factor_milli } => group.number("factor", factor_milli.into()),
        StoreFault::Connections { lost } => group.number("connections", lost.into()),
    }
    group.span("for_s", span);
}
