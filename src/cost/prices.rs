//! The price table: what one unit costs in us-east-1, where the figure comes from, and when it was taken down. A
//! scenario can put a price of its own in the place of each, by its id.

use crate::text::for_people;
use crate::units::PicoUsd;

/// A price with its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Name in a scenario: `prices.shard_hour`.
    pub id: &'static str,
    /// What is charged, in the service's words.
    pub name: &'static str,
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
        let pico = self.usd.get();
        let decimals = format!("{:012}", pico % 1_000_000_000_000);
        format!("${}.{:0<2}", pico / 1_000_000_000_000, decimals.trim_end_matches('0'))
    }
}

/// Name shown with every bill.
pub const BOOK: &str = "us-east-1, list price";

const LIST: &str = "AWS price list, as recorded by infracost";
const BLOG: &str = "AWS Big Data Blog, “On-demand Advantage saves 60 %”";
const BLOG_OUT: &str = "AWS Big Data Blog, “launches On-demand Advantage”: 60 % below the price of Standard";

/// A millionth of a dollar in the table's unit.
const MICRO: u128 = 1_000_000;

const fn price(
    id: &'static str,
    name: &'static str,
    unit: &'static str,
    pico: u128,
    source: &'static str,
    dated: &'static str,
) -> Price {
    Price { id, name, unit, usd: PicoUsd::new(pico), source: for_people(source), dated }
}

/// List prices of us-east-1, without free tier or discount. A GB is 2³⁰ bytes: that is how AWS's own example of
/// 48 hours at 100 MiB/s adds up.
pub const ALL: &[Price] = &[
    price("shard_hour", "Shard-hours", "shard-hour", 15_000 * MICRO, LIST, "2024-07"),
    price("put_unit", "PUT payload units", "unit of 25 KB", 14_000, LIST, "2024-07"),
    price("extended_shard_hour", "Extended retention", "shard-hour", 20_000 * MICRO, LIST, "2024-07"),
    price("long_gb_month", "Long-term retention", "GB-month", 23_000 * MICRO, LIST, "2024-07"),
    price("long_read_gb", "Long-term retrieval", "GB", 21_000 * MICRO, LIST, "2024-07"),
    price("stream_hour", "On-demand stream-hours", "stream-hour", 40_000 * MICRO, LIST, "2026-03"),
    price("in_gb", "On-demand data in", "GB", 80_000 * MICRO, LIST, "2026-03"),
    price("out_gb", "On-demand data out", "GB", 40_000 * MICRO, LIST, "2024-07"),
    price("extended_gb_month", "On-demand extended retention", "GB-month", 100_000 * MICRO, LIST, "2026-03"),
    price("advantage_in_gb", "Advantage data in", "GB", 32_000 * MICRO, BLOG, "2026-03"),
    price("advantage_out_gb", "Advantage data out", "GB", 16_000 * MICRO, BLOG_OUT, "2025-11"),
    price("advantage_gb_month", "Advantage retention", "GB-month", 23_000 * MICRO, BLOG, "2026-03"),
    price("lambda_request", "Lambda requests", "request", 200_000, LIST, "2024-11"),
    price("lambda_gb_second", "Lambda duration", "GB-second", 16_666_700, LIST, "2024-11"),
];

/// The price with an id.
pub fn by_id(id: &str) -> Option<&'static Price> {
    ALL.iter().find(|price| price.id == id)
}
