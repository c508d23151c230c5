//! The bill of a delivery stream: what it takes in, rounded record by record, and what is done with it.

use super::quantities::Quantity;
use super::{Bill, BillLine, Grid, Month};
use crate::limits;
use crate::metrics::firehose::FirehoseFrame;
use crate::scenario::{Firehose, Scenario};
use crate::text;
use crate::units::Span;

const GB: f64 = (1u64 << 30) as f64;
/// Prices of ingestion, each up to so many GB of 30 days.
const TIERS: [(&str, f64); 3] = [
    ("firehose_gb", limits::FIREHOSE_FIRST_TIER.get() as f64 / GB),
    ("firehose_second_gb", limits::FIREHOSE_SECOND_TIER.get() as f64 / GB),
    ("firehose_third_gb", f64::INFINITY),
];

/// The bill of frames of this width, and its extrapolation to 30 days.
pub fn firehose_bill(scenario: &Scenario, firehose: &Firehose, width: Span, frames: &[FirehoseFrame]) -> Bill {
    let grid = Grid { width, length: scenario.length, frames: frames.len() };
    let month = Month::of(scenario, grid);
    let column = |of: &dyn Fn(&FirehoseFrame) -> f64| frames.iter().map(of).collect::<Vec<f64>>();
    let mut lines = Vec::new();
    let mut line = |price: &'static str, run: f64, whole: f64, cause: String| {
        let quantity = Quantity { price, consumer: None, frames: Vec::new(), month_more: 0.0 };
        lines.extend(super::line(scenario, &quantity, cause, run, whole));
    };
    let used = |column: &[f64]| (column.iter().sum::<f64>(), month.quantity(grid, column));

    let unit = limits::FIREHOSE_BILLED.get() as f64 / GB;
    let (taken, taken_month) = used(&column(&|frame| frame.billed as f64 * unit));
    let records: u64 = frames.iter().map(|frame| frame.accepted).sum();
    let mut from = 0.0;
    for (price, to) in TIERS {
        let part = |whole: f64| whole.min(to) - whole.min(from);
        if from == 0.0 || part(taken_month) > 0.0 {
            let cause = format!("{} records, each up to 5 KB", text::int(records as f64));
            line(price, part(taken), part(taken_month), cause);
        }
        from = to;
    }
    let stream = &firehose.stream;
    if stream.format.converts {
        line("firehose_conversion_gb", taken, taken_month, format!("of {} records", text::int(records as f64)));
    }
    let delivered = column(&|frame| frame.delivered_bytes as f64 / GB);
    let objects: u64 = frames.iter().map(|frame| frame.objects.0).sum();
    if stream.is_partitioned() {
        let (run, whole) = used(&delivered);
        line("firehose_partition_gb", run, whole, "as it is delivered".to_owned());
        let (run, whole) = used(&column(&|frame| frame.objects.0 as f64));
        line("firehose_partition_object", run, whole, format!("{} objects", text::int(objects as f64)));
    }
    let each =
        if stream.interval() < limits::FIREHOSE_MULTIPART_BELOW { limits::FIREHOSE_MULTIPART_REQUESTS } else { 1 };
    let puts = column(&|frame| (frame.objects.0 * each + frame.backups) as f64);
    let (run, whole) = used(&puts);
    if run > 0.0 {
        let backups: u64 = frames.iter().map(|frame| frame.backups).sum();
        let mut cause = format!("{} objects", text::int((objects + backups) as f64));
        if each > 1 {
            cause.push_str(&format!(", {each} requests for each that is delivered"));
        }
        line("s3_put", run, whole, cause);
    }
    if let Some(memory_mb) = stream.transform.memory_mb {
        let (run, whole) = used(&column(&|frame| frame.invocations as f64));
        line("lambda_request", run, whole, format!("{} invocations of the function", text::int(run)));
        let gb = f64::from(memory_mb) / 1_024.0;
        let (run, whole) = used(&column(&|frame| frame.invoked_us as f64 / 1e6 * gb));
        line("lambda_gb_second", run, whole, format!("{memory_mb} MB for {} s", text::int(run / gb)));
    }
    Bill {
        run_total_e4: lines.iter().map(|line: &BillLine| line.run_e4).sum(),
        month_total_cents: lines.iter().map(|line| line.month_cents).sum(),
        lines,
        extrapolation: month.sentence(grid),
        price_book: format!("{}, list price", scenario.prices.region),
        compared: Vec::new(),
    }
}
