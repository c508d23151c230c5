//! Objects and the bill of steady sources, by closed form.

use super::{every, run};
use serde_json::json;
use streamgauge::session::FirehoseRun;

fn month_usd(run: &FirehoseRun, name: &str) -> f64 {
    let bill = run.bill();
    let line = bill.lines.iter().find(|line| line.name == name).unwrap_or_else(|| panic!("{name} in {bill:#?}"));
    line.month_quantity * line.unit_price.get() as f64 / 1e12
}

fn near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-9, "{found}, {expected} expected");
}

const WEEK: u64 = 7 * 86_400;

#[test]
fn a_week_by_interval_is_an_object_every_five_minutes() {
    let run = run(WEEK, &every(1_000_000, 700), &json!({ "producer": { "linger_ms": 0 } }));
    let (objects, mean_bytes, backups) = run.objects();
    // The last one is due at the very end.
    assert_eq!((objects, backups), (WEEK / 300 - 1, 0));
    near(mean_bytes, 300.0 * 700.0);
    let month = 720.0 / 168.0;
    near(month_usd(&run, "Firehose ingestion"), WEEK as f64 * 5_120.0 / f64::from(1 << 30) * 0.029 * month);
    near(month_usd(&run, "S3 PUT requests"), objects as f64 * 0.000_005 * month);
    assert_eq!(run.bill().lines.len(), 2);
    // A record waits for the others: from 300 s down to 1 s, then 0.2 s and 210,000 bytes at 50 MiB/s.
    let mean = run.recorder().late().mean().expect("delivered").seconds_f64();
    near((mean * 1e4).round(), ((150.5f64 + 0.2 + 210_000.0 / f64::from(50 << 20)) * 1e4).round());
}

#[test]
fn a_week_by_size_is_an_object_every_five_mebibytes() {
    // 64 KiB every 2 s: 80 of them are 5 MiB after 160 s, which is less than the interval.
    let run = run(WEEK, &every(2_000_000, 64 << 10), &json!({ "producer": { "linger_ms": 0 } }));
    let records = WEEK / 2;
    let (objects, mean_bytes, _) = run.objects();
    assert_eq!(objects, records / 80);
    near(mean_bytes, f64::from(5 << 20));
    // 65,536 bytes are 13 units of 5 KiB.
    let gb = records as f64 * 13.0 * 5_120.0 / f64::from(1 << 30);
    near(month_usd(&run, "Firehose ingestion"), gb * 0.029 * 720.0 / 168.0);
}

/// Conversion is paid for what comes, partitioning for what is delivered, each object of a short interval three times.
#[test]
fn what_is_done_with_the_records_is_paid() {
    let settings = json!({
        "producer": { "linger_ms": 0 },
        "buffering": { "interval_s": 50 },
        "format": { "conversion": "on", "compression": 0.25 },
        "partitioning": { "partitions": 3 },
        "transform": { "memory_mb": 512, "fixed_ms": 200, "per_record_ms": 10, "interval_s": 10, "size_ratio": 0.5 },
    });
    // A record of 1,000 bytes a second; with one key there is one partition. A batch is closed 10 s after its first.
    let mut traffic = every(1_000_000, 1_000);
    traffic["keys"] = json!({ "kind": "one" });
    let run = run(86_400, &traffic, &settings);
    let frames = run.frames();
    let invocations: u64 = frames.iter().map(|frame| frame.invocations).sum();
    assert_eq!(invocations, 8_639);
    near(month_usd(&run, "Lambda requests"), 8_639.0 * 0.2e-6 * 30.0);
    near(month_usd(&run, "Lambda duration"), 8_639.0 * 0.3 * 0.5 * 0.000_016_666_7 * 30.0);
    let gb = 86_400.0 * 5_120.0 / f64::from(1 << 30);
    near(month_usd(&run, "Firehose format conversion"), gb * 0.018 * 30.0);
    let (objects, mean_bytes, _) = run.objects();
    // Ten records come to the buffer at a time, at 10.3 s and then every 10 s: the interval of 50 s holds five of them.
    near(mean_bytes, 50.0 * 500.0 * 0.25);
    near(month_usd(&run, "Firehose partitioned objects"), objects as f64 * 0.000_005 * 30.0);
    near(month_usd(&run, "S3 PUT requests"), objects as f64 * 3.0 * 0.000_005 * 30.0);
    let delivered = run.ledger().delivered as f64 * 500.0 / f64::from(1 << 30);
    near(month_usd(&run, "Firehose partitioning"), delivered * 0.02 * 30.0);
}

/// 700 TB a month: 500 at the first price, the rest at the second.
#[test]
fn a_large_month_is_billed_in_tiers() {
    // 291 MiB/s for a second, in records of 1,000 KiB, are 200 units each.
    let tib = 700.0;
    let per_s = tib * f64::from(1 << 20) / (720.0 * 3_600.0) * 1_048_576.0 / 1_024_000.0;
    let traffic = json!({
        "curve": [{ "kind": "constant", "per_s": (per_s * 1_000.0).round() / 1_000.0 }],
        "arrivals": "even",
        "sizes": { "kind": "fixed", "bytes": 1_024_000 },
    });
    let run = run(100, &traffic, &json!({ "quota": { "mib_per_s": 2_000 }, "producer": { "linger_ms": 0 } }));
    let taken = run.ledger().accepted as f64 * 1_024_000.0 / f64::from(1 << 30) * 25_920.0;
    near(month_usd(&run, "Firehose ingestion"), 500.0 * 1_024.0 * 0.029);
    near(month_usd(&run, "Firehose ingestion over 500 TB"), (taken - 500.0 * 1_024.0) * 0.025);
    assert!((taken / 1_024.0 - tib).abs() < 8.0, "{taken}");
}
