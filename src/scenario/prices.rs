//! The price table: what one unit costs, where, the source of the figure, and when it was taken down; and what a
//! scenario puts in its place. List prices, without free tier or discount.
//!
//! The table is the file `prices.csv`, read while this crate is compiled. A GB is 2³⁰ bytes: that is how AWS's own
//! example of 48 hours at 100 MiB/s adds up.

use super::document::Reader;
use super::fields::{self, Kind};
use crate::text::for_people;
use crate::units::PicoUsd;
use crate::words;
use serde_json::{Map, Value};

/// A price with its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Where it holds.
    pub region: &'static str,
    /// Path of the field that puts another one in its place.
    pub path: &'static str,
    /// Name in a scenario, inside `prices`.
    pub id: &'static str,
    /// What is charged, in the service's words.
    pub name: &'static str,
    /// What the field is written in: dollars for one unit.
    pub field_unit: &'static str,
    /// One unit of it.
    pub unit: &'static str,
    /// Price of one unit.
    pub usd: PicoUsd,
    /// Where the figure comes from.
    pub source: &'static str,
    /// When it was taken down.
    pub dated: &'static str,
}

impl Price {
    /// The price of one unit in dollars, with all its decimals: `$0.015`, `$0.000000014`.
    pub fn text(&self) -> String {
        words::dollars_exact(self.usd)
    }
}

/// Every price, region by region; the first region has them all and stands in for the others.
pub static ALL: &[Price] = &TABLE;

const TABLE: [Price; ROWS] = parse(include_str!("prices.csv"));

/// Rows of the file, without its head.
const ROWS: usize = lines(include_str!("prices.csv")) - 1;

/// The region whose prices are known best.
pub const HOME: &str = TABLE[0].region;

/// How many things have a price.
pub(super) const KINDS: usize = {
    let mut kinds = 0;
    while kinds < ROWS && same(TABLE[kinds].region, HOME) {
        kinds += 1;
    }
    kinds
};

/// The price of each of them at home.
pub(super) const AT_HOME: [Price; KINDS] = {
    let mut prices = [TABLE[0]; KINDS];
    let mut kind = 0;
    while kind < KINDS {
        prices[kind] = TABLE[kind];
        kind += 1;
    }
    prices
};

const fn same(a: &str, b: &str) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a.as_bytes()[at] == b.as_bytes()[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

const fn lines(text: &str) -> usize {
    let (mut at, mut lines) = (0, 0);
    while at < text.len() {
        lines += (text.as_bytes()[at] == b'\n') as usize;
        at += 1;
    }
    lines
}

const fn parse(text: &'static str) -> [Price; ROWS] {
    let nothing = Price {
        region: "",
        path: "",
        id: "",
        name: "",
        field_unit: "",
        unit: "",
        usd: PicoUsd::new(0),
        source: "",
        dated: "",
    };
    let mut rows = [nothing; ROWS];
    let (_, mut rest) = cut(text, b'\n');
    let mut row = 0;
    while row < ROWS {
        let (line, after) = cut(rest, b'\n');
        let (region, line) = cut(line, b';');
        let (path, line) = cut(line, b';');
        let (name, line) = cut(line, b';');
        let (field_unit, line) = cut(line, b';');
        let (dollars, line) = cut(line, b';');
        let (source, dated) = cut(line, b';');
        let (id, unit, source) = (cut(path, b'.').1, cut(field_unit, b'/').1, for_people(source_of(source)));
        rows[row] = Price { region, path, id, name, field_unit, unit, usd: usd(dollars), source, dated };
        rest = after;
        row += 1;
    }
    rows
}

/// Where the figures of the table come from, by the words that it has for them.
const SOURCES: [(&str, &str); 9] = [
    ("infracost", "AWS price list, as recorded by infracost"),
    ("blog", "AWS Big Data Blog, “On-demand Advantage saves 60 %”"),
    ("launch", "AWS Big Data Blog, “launches On-demand Advantage”: 60 % below the price of Standard"),
    ("yevice", "AWS bulk price list, as recorded by the tests of yevice"),
    ("calculator", "a public price calculator: two vCPUs of m5.large"),
    ("weak", "a transcription of AWS's pages by others: approximate"),
    ("flink", "prices of Managed Service for Apache Flink, as quoted in a public catalogue of plans"),
    ("video", "prices of Kinesis Video Streams, as quoted in a public catalogue of plans"),
    ("estimate", "an estimate of this simulator"),
];

const fn source_of(word: &str) -> &'static str {
    let mut at = 0;
    while !same(SOURCES[at].0, word) {
        at += 1;
    }
    SOURCES[at].1
}

/// The text before the next mark, and the text after it.
const fn cut(text: &'static str, mark: u8) -> (&'static str, &'static str) {
    let mut at = 0;
    while at < text.len() && text.as_bytes()[at] != mark {
        at += 1;
    }
    let (before, after) = text.split_at(at);
    if after.is_empty() { (before, after) } else { (before, after.split_at(1).1) }
}

/// Dollars with up to twelve decimals.
const fn usd(text: &'static str) -> PicoUsd {
    let (whole, decimals) = cut(text, b'.');
    let (mut pico, mut at) = (0, 0);
    while at < whole.len() + 12 {
        let digit = if at < whole.len() {
            whole.as_bytes()[at]
        } else if at - whole.len() < decimals.len() {
            decimals.as_bytes()[at - whole.len()]
        } else {
            b'0'
        };
        pico = pico * 10 + (digit - b'0') as u128;
        at += 1;
    }
    PicoUsd::new(pico)
}

/// The price at home of the thing with an id.
pub fn by_id(id: &str) -> Option<&'static Price> {
    ALL.iter().find(|price| price.id == id)
}

/// The price that holds in a region; the one at home where none is known there.
pub fn in_region(region: &str, id: &str) -> Option<&'static Price> {
    ALL.iter().find(|price| price.region == region && price.id == id).or_else(|| by_id(id))
}

/// The prices of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// Where the stream is.
    pub region: &'static str,
    /// Its own prices by their ids, in the order of the table.
    pub own: Vec<(&'static str, PicoUsd)>,
}

impl Default for Prices {
    fn default() -> Self {
        Self { region: HOME, own: Vec::new() }
    }
}

/// Reads the prices that a document sets.
pub(super) fn read(read: &Reader<'_>) -> Prices {
    let chosen = read.text("prices.region");
    let own = |price: &Price| {
        let pico = read.maybe(price.path)?;
        Some((price.id, PicoUsd::new(u128::from(pico))))
    };
    Prices {
        region: ALL.iter().map(|price| price.region).find(|region| *region == chosen).unwrap_or(HOME),
        own: AT_HOME.iter().filter_map(own).collect(),
    }
}

/// The group in a canonical document.
pub(super) fn write(prices: &Prices) -> Value {
    let mut group = Map::new();
    group.insert("region".to_owned(), prices.region.into());
    for (id, usd) in &prices.own {
        if let Some(Kind::Number(number)) = fields::field(&format!("prices.{id}")).map(|field| field.kind) {
            group.insert((*id).to_owned(), fields::number_value(number, usd.get() as u64));
        }
    }
    group.into()
}
