//! The price book: what one unit costs, where the figure comes from, and when it was taken down.

use crate::units::PicoUsd;

/// A price with its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
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

/// List prices of one region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceBook {
    /// Name shown with every bill.
    pub name: &'static str,
    /// A shard of a provisioned stream for an hour.
    pub shard_hour: Price,
    /// A PUT payload unit: 25 KB of a record, or the rest of it.
    pub put_unit: Price,
    /// An invocation.
    pub lambda_request: Price,
    /// A gigabyte of memory for a second, x86, first tier.
    pub lambda_gb_second: Price,
}

const PRICE_LIST: &str = "AWS price list, as recorded by infracost";

/// us-east-1, list prices without free tier or discount.
pub const US_EAST_1: PriceBook = PriceBook {
    name: "us-east-1, list price",
    shard_hour: Price {
        name: "Shard-hours",
        unit: "shard-hour",
        usd: PicoUsd::new(15_000_000_000),
        source: PRICE_LIST,
        dated: "2024-07",
    },
    put_unit: Price {
        name: "PUT payload units",
        unit: "unit of 25 KB",
        usd: PicoUsd::new(14_000),
        source: PRICE_LIST,
        dated: "2024-07",
    },
    lambda_request: Price {
        name: "Lambda requests",
        unit: "request",
        usd: PicoUsd::new(200_000),
        source: PRICE_LIST,
        dated: "2024-11",
    },
    lambda_gb_second: Price {
        name: "Lambda duration",
        unit: "GB-second",
        usd: PicoUsd::new(16_666_700),
        source: PRICE_LIST,
        dated: "2024-11",
    },
};
