//! Prices that a scenario puts in the place of the table's.

use super::document::Reader;
use super::fields::{self, Kind};
use crate::units::PicoUsd;
use serde_json::{Map, Value};

/// Prices by their ids, in the order of the field table; only those that the scenario sets.
pub type Prices = Vec<(&'static str, PicoUsd)>;

/// Reads the prices that a document sets.
pub(super) fn read(read: &Reader<'_>) -> Prices {
    let set = |child: fields::Child| {
        let pico = read.maybe(child.field.path)?;
        Some((child.name, PicoUsd::new(u128::from(pico))))
    };
    fields::children("prices").into_iter().filter_map(set).collect()
}

/// The group in a canonical document; empty where nothing is set.
pub(super) fn write(prices: &Prices) -> Value {
    let mut group = Map::new();
    for (id, usd) in prices {
        if let Some(Kind::Number(number)) = fields::field(&format!("prices.{id}")).map(|field| field.kind) {
            group.insert((*id).to_owned(), fields::number_value(number, usd.get() as u64));
        }
    }
    group.into()
}
