//! The bill, added up by hand.

use crate::common::session;
use serde_json::json;
use streamgauge::cost::Bill;
use streamgauge::metrics::Metric;

/// 1,000 records/s of a kibibyte on one shard: 10.80 for the shard and 36.29 for PUT payload units in 30 days.
#[test]
fn a_full_shard_costs_what_the_price_page_says() {
    let session = session(&json!({
        "length_s": 3_600,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": 1_000}],
            "arrivals": "even",
            "keys": {"kind": "one"},
            "sizes": {"kind": "fixed", "bytes": 1_008},
        },
        "producer": {"call": "PutRecords", "batch": 100, "linger_ms": 100},
        "stream": {"shards": 1},
        "consumers": [{"batch_size": 1_000, "fixed_ms": 10, "per_record_ms": 0.1}],
    }));
    let ledger = session.ledger();
    assert_eq!(ledger.offered, 3_600_000);
    assert_eq!(ledger.lost(), 0);
    let bill = session.bill();
    assert_eq!(bill.price_book, "us-east-1, list price");
    let line = |name| bill.lines.iter().find(|line| line.name == name).expect("the line exists");
    assert_eq!(line("Shard-hours").month_cents, 1_080);
    assert_eq!(line("Shard-hours").run_e4, 150);
    assert_eq!(line("PUT payload units").month_cents, 3_629);
    assert_eq!(line("PUT payload units").run_e4, 504);
    let said = bill.extrapolation.replace('\u{a0}', " ");
    assert!(said.contains("extrapolated from this run of 1 h"), "{said}");
    assert!(said.contains("720 h"), "{said}");
    let summary = session.summary();
    assert_eq!(summary["bill"]["extrapolation"], bill.extrapolation);
    let cents: u64 = bill.lines.iter().map(|line| line.month_cents).sum();
    assert_eq!(bill.month_total_cents, cents);
}

/// Records above 25 KiB take several units, each record for itself.
#[test]
fn put_payload_units_are_counted_by_record() {
    for (bytes, units) in [(1, 1.0), (25_584, 1.0), (25_585, 2.0), (51_184, 2.0), (51_185, 3.0), (1_048_560, 41.0)] {
        let session = session(&json!({
            "length_s": 60,
            "traffic": {
                "curve": [{"kind": "constant", "per_s": 0.5}],
                "arrivals": "even",
                "sizes": {"kind": "fixed", "bytes": bytes},
            },
            "producer": {"call": "PutRecord"},
            "stream": {"shards": 1},
        }));
        assert_eq!(session.timeline().total(Metric::PutUnits, 60), 30.0 * units, "{bytes} bytes");
    }
}

/// One record a second, each in an invocation of 250 ms with 512 MB: an eighth of a gigabyte-second each.
#[test]
fn gigabyte_seconds_are_memory_times_duration() {
    let session = session(&json!({
        "length_s": 100,
        "traffic": {"curve": [{"kind": "constant", "per_s": 1}], "arrivals": "even", "keys": {"kind": "one"}},
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 1},
        "consumers": [{"memory_mb": 512, "fixed_ms": 250, "per_record_ms": 0}],
    }));
    let invocations = session.timeline().total(Metric::Invocations, 100);
    assert_eq!(invocations, 99.0, "each poll but the first finds one record");
    let bill = session.bill();
    let line = |name| bill.lines.iter().find(|line| line.name == name).expect("the line exists");
    let duration = line("Lambda duration");
    assert_eq!(duration.quantity, 99.0 * 0.25 * 0.5);
    // 12.375 GB-s × 0.0000166667 = 0.00020625…; in 30 days 25,920 times as much: 320,760 GB-s, 5.346 dollars.
    assert_eq!(duration.run_e4, 2);
    assert!((duration.month_quantity - 320_760.0).abs() < 1e-6);
    assert_eq!(duration.month_cents, 535);
    let requests = line("Lambda requests");
    assert_eq!(requests.quantity, 99.0);
    // 99 × 25,920 = 2,566,080 requests at 0.20 a million.
    assert_eq!(requests.month_cents, 51);
    assert_eq!(line("Shard-hours").month_cents, 1_080);
    // Nothing is rounded away: 251 ms at 128 MB are 251 ms.
    assert_eq!(session.timeline().total(Metric::DurationMs, 100), 99.0 * 250.0);
}

/// An invocation is billed in whole milliseconds, rounded up.
#[test]
fn durations_are_billed_in_whole_milliseconds() {
    let session = session(&json!({
        "length_s": 50,
        "traffic": {"curve": [{"kind": "constant", "per_s": 1}], "arrivals": "even", "keys": {"kind": "one"}},
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 1},
        "consumers": [{"memory_mb": 128, "fixed_ms": 3, "per_record_ms": 0.001}],
    }));
    assert_eq!(session.timeline().total(Metric::DurationMs, 50), 49.0 * 4.0);
}

/// AWS's own example: 48 hours at 100 MiB/s with one reader cost 2,071.75 dollars in Standard and 823.44 in Advantage.
/// A run of five minutes at that rate stands for the 48 hours; the bill is linear in time.
#[test]
fn the_published_example_of_48_hours_is_met_within_two_percent() {
    // Its 19.20 for stream-hours are those of ten streams; the commitment of Advantage is the account's.
    for (mode, streams, published) in [("on_demand", 10, 2_071.75), ("on_demand_advantage", 1, 823.44)] {
        let session = session(&json!({
            "length_s": 300,
            "traffic": {
                "curve": [{"kind": "constant", "per_s": 10_240 / streams}],
                "arrivals": "even",
                "keys": {"kind": "uniform", "count": 100_000},
                "sizes": {"kind": "fixed", "bytes": 10_224},
            },
            "producer": {"call": "PutRecords", "batch": 400, "linger_ms": 20},
            "stream": {"mode": mode, "shards": 200},
            "consumers": [{"kind": "poller", "fixed_ms": 0, "per_record_ms": 0, "idle_ms": 200}],
        }));
        assert_eq!(session.ledger().lost(), 0);
        let bill = session.bill();
        let two_days = bill.month_total_cents as f64 / 100.0 * 48.0 / 720.0 * f64::from(streams);
        assert!((two_days / published - 1.0).abs() < 0.02, "{mode}: {two_days}, published {published}: {bill:#?}");
    }
}

/// One reader, 1,000 records/s of up to 1 KB for 720 hours: 28.80 for the stream, 2,472 GiB in and out for 0.12.
#[test]
fn on_demand_standard_costs_what_the_worked_check_says() {
    let session = session(&json!({
        "length_s": 600,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": 1_000}],
            "arrivals": "even",
            "keys": {"kind": "uniform", "count": 10_000},
            "sizes": {"kind": "fixed", "bytes": 1_008},
        },
        "stream": {"mode": "on_demand", "shards": 4},
        "consumers": [{"kind": "poller", "fixed_ms": 0, "per_record_ms": 0}],
    }));
    let month = session.bill().month_total_cents as f64 / 100.0;
    assert!((month / 325.44 - 1.0).abs() < 0.005, "{month}");
    // An idle Advantage stream pays the commitment: 25 MiB/s in and out, 101.25 dollars a day.
    let idle = crate::common::session(&json!({
        "length_s": 600,
        "traffic": {"curve": [{"kind": "constant", "per_s": 1}]},
        "stream": {"mode": "on_demand_advantage", "shards": 4},
        "consumers": [{"kind": "poller"}],
    }));
    let day = idle.bill().month_total_cents as f64 / 100.0 / 30.0;
    assert!((day / 101.25 - 1.0).abs() < 0.005, "{day}");
}

/// Retention above a day is paid for; a scenario's own price takes the place of the table's.
#[test]
fn longer_retention_and_own_prices_are_on_the_bill() {
    let run = |stream: serde_json::Value, prices: serde_json::Value| {
        session(&json!({
            "length_s": 3_600,
            "traffic": {"curve": [{"kind": "constant", "per_s": 100}], "arrivals": "even"},
            "stream": stream,
            "prices": prices,
        }))
        .bill()
    };
    let find = |bill: &Bill, name: &str| bill.lines.iter().find(|line| line.name == name).cloned();
    let bill = run(json!({"shards": 4, "retention_h": 168}), json!({"shard_hour": 0.02}));
    let shards = find(&bill, "Shard-hours").expect("it is billed");
    assert!((shards.quantity - 4.0).abs() < 1e-9);
    assert_eq!((shards.dated.as_str(), shards.run_e4), ("your price", 800));
    let extended = find(&bill, "Extended retention").expect("it is billed");
    assert_eq!(extended.run_e4, 800);
    assert!(find(&bill, "Long-term retention").is_none());
    let bill = run(json!({"shards": 4, "retention_h": 192}), json!({}));
    // A day beyond the seventh of 100 × 528 bytes a second, in GB-months.
    let long = find(&bill, "Long-term retention").expect("it is billed");
    let expected = 100.0 * 528.0 * 86_400.0 / (1u64 << 30) as f64;
    assert!((long.month_quantity / expected - 1.0).abs() < 0.01, "{long:?}, expected {expected}");
}

/// A region's own prices hold where they are known; where they are not, those of us-east-1 do, and the line says so.
#[test]
fn a_region_has_its_own_prices_and_says_which_it_borrows() {
    let bill = |prices: serde_json::Value| {
        session(&json!({
            "length_s": 3_600,
            "traffic": {"curve": [{"kind": "constant", "per_s": 100}], "arrivals": "even"},
            "stream": {"shards": 2},
            "prices": prices,
        }))
        .bill()
    };
    let line =
        |bill: &Bill, name: &str| bill.lines.iter().find(|line| line.name == name).expect("it is billed").clone();
    let tokyo = bill(json!({"region": "ap-northeast-1", "lambda_request": 0.000_001}));
    assert_eq!(tokyo.price_book, "ap-northeast-1, list price");
    // 2 × 0.0195; 360,000 units × 0.0215 a million.
    assert_eq!(line(&tokyo, "Shard-hours").run_e4, 390);
    assert_eq!(line(&tokyo, "PUT payload units").run_e4, 77);
    assert_eq!(line(&tokyo, "PUT payload units").dated, "2026-11");
    assert_eq!(line(&tokyo, "Lambda duration").dated, "2024-11, us-east-1");
    assert!(line(&tokyo, "Lambda duration").cause.ends_with("; price of us-east-1"));
    assert_eq!(line(&tokyo, "Lambda requests").dated, "your price");
    let ohio = bill(json!({"region": "us-east-2"}));
    assert_eq!(line(&ohio, "Shard-hours").dated, "2024-07");
    assert_eq!(line(&ohio, "PUT payload units").dated, "2024-07, us-east-1");
    assert_eq!(ohio.run_total_e4, bill(json!({})).run_total_e4);
}

/// Each line says with numbers what it was spent on: idle shards, rounding, rejected attempts, retention.
#[test]
fn every_line_names_its_cause_with_quantities() {
    let cause = |stream: serde_json::Value, name: &str| {
        let bill = session(&json!({
            "length_s": 600,
            "traffic": {
                "curve": [{"kind": "steps", "steps": [[0, 100], [300, 3_000], [400, 100]]}],
                "arrivals": "even",
                "keys": {"kind": "uniform", "count": 10_000},
                "sizes": {"kind": "fixed", "bytes": 1_100},
            },
            "producer": {"call": "PutRecords", "batch": 100, "linger_ms": 100},
            "stream": stream,
            "consumers": [{"kind": "poller", "fixed_ms": 0, "per_record_ms": 0}],
        }))
        .bill();
        let line = bill.lines.iter().find(|line| line.name == name).unwrap_or_else(|| panic!("{name} is billed"));
        line.cause.replace('\u{a0}', " ")
    };
    // 25 records/s of a thousand for 500 of 600 s in every shard.
    assert_eq!(cause(json!({"shards": 4}), "Shard-hours"), "4 × 10:00, 83 % of it under 20 % use");
    // 350,000 records of 1,116 bytes fill 15,258 units.
    let units = cause(json!({"shards": 4}), "PUT payload units");
    assert!(units.ends_with(" × 25 KB, 96 % of it rounding: by bytes 15,258 would do"), "{units}");
    let units = cause(json!({"shards": 2}), "PUT payload units");
    assert!(units.contains(" rejected attempts cost nothing"), "{units}");
    let data = cause(json!({"mode": "on_demand", "shards": 4}), "On-demand data in");
    // 2 KiB for each record of 1,116 bytes.
    assert_eq!(data, "0.67 GB, 46 % of it rounding to 1 KB: 0.36 GB by bytes");
    let kept = cause(json!({"shards": 4, "retention_h": 336}), "Long-term retention");
    assert!(kept.contains("kept from 7 d of age to 14 d"), "{kept}");
    let extended = cause(json!({"shards": 4, "retention_h": 336}), "Extended retention");
    assert!(extended.contains("kept beyond 24 h, up to 7 d"), "{extended}");
}
