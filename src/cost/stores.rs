//! The bill of the stores that consumers write to: hours, writes, write units.

use super::quantities::Quantity;
use super::{BillLine, Month};
use crate::limits;
use crate::metrics::{Metric, View};
use crate::scenario::{Scenario, StoreKind, WriteStore};
use crate::text;
use crate::units::PicoUsd;

const HOUR_S: f64 = 3_600.0;

/// The lines of all stores.
pub(super) fn lines(scenario: &Scenario, timeline: View<'_>, frames: usize, month: Month) -> Vec<BillLine> {
    let mut lines = Vec::new();
    for (place, store) in (0..).zip(&scenario.stores) {
        let sum = |metric: Metric| -> Vec<f64> {
            let mut column = vec![0.0; timeline.frames()];
            for (index, consumer) in scenario.consumers.iter().enumerate() {
                if consumer.writes.is_some_and(|writes| writes.store == place) {
                    let own = timeline.seen_by(index).column(metric);
                    column.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
                }
            }
            column
        };
        let end = |frame: usize| timeline.end_of(frame).seconds_f64();
        let hours = |units: f64| -> Vec<f64> {
            let start = |frame: usize| frame.checked_sub(1).map_or(0.0, end);
            (0..timeline.frames()).map(|frame| (end(frame) - start(frame)) / HOUR_S * units).collect()
        };
        let one = Line { scenario, timeline, frames, month, store };
        lines.extend(match (store.hour, store.kind, store.units) {
            (Some(usd), ..) => one.own("hours", "hour", usd, &hours(1.0)),
            (None, StoreKind::Relational, _) => {
                let vcpus = limits::STORE_VCPUS;
                one.of_table("database_vcpu_hour", &hours(vcpus as f64), &format!("{vcpus} vCPUs"))
            }
            (None, StoreKind::KeyValue, Some(units)) => {
                let said = format!("{} write units", text::int(units.into()));
                one.of_table("lease_write_hour", &hours(units.into()), &said)
            }
            _ => None,
        });
        lines.extend(match (store.million, store.kind, store.units) {
            (Some(usd), ..) => one.own("writes", "write", PicoUsd::new(usd.get() / 1_000_000), &sum(Metric::Writes)),
            (None, StoreKind::KeyValue, None) => one.of_table("store_write", &sum(Metric::WriteUnits), "write units"),
            (None, StoreKind::Object, _) => one.of_table("s3_put", &sum(Metric::Writes), "puts"),
            _ => None,
        });
    }
    lines
}

/// What a line is made from.
struct Line<'a> {
    scenario: &'a Scenario,
    timeline: View<'a>,
    frames: usize,
    month: Month,
    store: &'a WriteStore,
}

impl Line<'_> {
    fn amounts(&self, column: &[f64]) -> (f64, f64) {
        (column[..self.frames].iter().sum(), self.month.quantity(self.timeline, column))
    }

    /// At a price of the table.
    fn of_table(&self, price: &'static str, column: &[f64], said: &str) -> Option<BillLine> {
        let (run, month) = self.amounts(column);
        let quantity = Quantity { price, consumer: None, frames: Vec::new(), month_more: 0.0 };
        let cause = match price {
            "store_write" | "s3_put" => format!("{} {said}", text::int(run)),
            _ => said.to_owned(),
        };
        let line = super::line(self.scenario, &quantity, cause, run, month)?;
        (month > 0.0).then(|| BillLine { name: format!("{}: {}", self.store.name, line.name), ..line })
    }

    /// At a price that the scenario gives this store.
    fn own(&self, what: &str, unit: &'static str, usd: PicoUsd, column: &[f64]) -> Option<BillLine> {
        let (run, month) = self.amounts(column);
        let amount = |quantity: f64| PicoUsd::new((quantity * usd.get() as f64).round() as u128);
        (month > 0.0 && usd.get() > 0).then(|| BillLine {
            name: format!("{}: {what}", self.store.name),
            cause: format!("{} {what}", crate::words::short(run)),
            quantity: run,
            month_quantity: month,
            unit,
            unit_price: usd,
            dated: "your price".to_owned(),
            run_e4: amount(run).rounded(4) as u64,
            month_cents: amount(month).rounded(2) as u64,
        })
    }
}
