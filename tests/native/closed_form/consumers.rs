//! Several consumers of one stream: each with its own speed, position, share of the limits, and bill.

use crate::common::session;
use serde_json::{Value, json};
use streamgauge::metrics::{Ledger, Metric};
use streamgauge::session::Session;

/// So many records a second, evenly, for ten minutes on two shards.
fn read_by(per_s: u64, consumers: Value, operations: Value) -> Session {
    session(&json!({
        "length_s": 600,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": per_s}], "arrivals": "even",
            "keys": {"kind": "uniform", "count": 1_000, "explicit_hash_key": "even"},
        },
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 2},
        "consumers": consumers,
        "operations": operations,
    }))
}

fn total(session: &Session, consumer: usize, metric: Metric) -> f64 {
    session.seen_by(consumer).total(metric, session.timeline().frames())
}

#[test]
fn each_consumer_has_the_backlog_of_its_own_speed() {
    // 200 records/s; batches of 10 that take 100 ms a shard are 200 records/s, of 200 ms 100, of 400 ms 50.
    let function =
        |name: &str, fixed_ms: u64| json!({"name": name, "batch_size": 10, "fixed_ms": fixed_ms, "per_record_ms": 0});
    let consumers = json!([function("quick", 10), function("half", 200), function("quarter", 400)]);
    let session = read_by(200, consumers, json!([]));
    for (consumer, per_s) in [(0, 200.0), (1, 100.0), (2, 50.0)] {
        let ledger = Ledger::after(session.seen_by(consumer), 600);
        assert!(ledger.balances(), "{ledger:?}");
        let expected = 600.0 * per_s;
        let done = ledger.processed as f64;
        assert!((done - expected).abs() < 0.01 * expected + 300.0, "consumer {consumer}: {done} of {expected}");
        let age = session.seen_by(consumer).gauge(Metric::IteratorAgeMs, 600) / 1e3;
        // What is worked on at the end arrived when so much had been offered.
        let expected = 600.0 - done / 200.0;
        assert!((age - expected).abs() < 2.5, "consumer {consumer}: {age} s, {expected} expected");
    }
    // Each finding of a consumer names it; those that keep up have none.
    let late: Vec<String> = session
        .findings()
        .into_iter()
        .filter(|finding| finding.id == "falling-behind")
        .map(|finding| finding.cause)
        .collect();
    assert_eq!(late, ["half: The function is slower than the shard", "quarter: The function is slower than the shard"]);
    let remedies: Vec<String> = session
        .findings()
        .into_iter()
        .filter(|finding| finding.id == "falling-behind")
        .filter_map(|finding| Some(finding.remedy_try?.edits[0].0.clone()))
        .collect();
    assert!(
        remedies
            .iter()
            .zip(1..)
            .all(|(path, index)| { path.starts_with(&format!("consumers.{index}.")) || path == "stream.shards" }),
        "{remedies:?}"
    );
}

#[test]
fn five_pollers_use_the_calls_of_a_shard_and_a_sixth_is_refused() {
    let poller = json!({"kind": "poller", "sleeps": "always", "idle_ms": 1_000, "fixed_ms": 0, "per_record_ms": 0});
    for (count, refused) in [(1, false), (5, false), (10, true)] {
        let session = read_by(100, vec![poller.clone(); count].into(), json!([]));
        let all = (0..count).map(|consumer| total(&session, consumer, Metric::ConsumerReadsRefused)).sum::<f64>();
        assert_eq!(all > 0.0, refused, "{count} pollers: {all} refused");
        // A shard answers five calls a second, whoever asks; a burst of five more at the start.
        let answered = total(&session, 0, Metric::GetRecordsCalls);
        assert!(answered <= 2.0 * (5.0 * 600.0 + 5.0), "{count} pollers: {answered}");
        let each: f64 = (0..count).map(|consumer| total(&session, consumer, Metric::ConsumerReads)).sum();
        assert_eq!(each, answered);
        assert!(session.balances());
    }
}

#[test]
fn equal_consumers_without_limits_have_equal_results() {
    for one in [json!({"batch_size": 20, "batching_window_s": 2}), json!({"kind": "poller", "idle_ms": 700})] {
        let mut one = one;
        one["read_limits"] = json!("lifted");
        let session = read_by(300, json!([one, one]), json!([]));
        for metric in Metric::ALL {
            let bits =
                |consumer| session.seen_by(consumer).column(*metric).iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(0), bits(1), "{metric:?}");
        }
        assert!(total(&session, 1, Metric::Processed) > 170_000.0);
    }
}

#[test]
fn a_deploy_concerns_one_consumer() {
    let one = json!({"read_limits": "lifted", "batch_size": 100, "fixed_ms": 50, "per_record_ms": 0});
    let deploy = json!([{"at_s": 300, "kind": "deploy_function", "consumer": 1, "fixed_ms": 2_000}]);
    let before = read_by(400, json!([one, one]), json!([]));
    let after = read_by(400, json!([one, one]), deploy);
    assert_eq!(total(&before, 0, Metric::DurationMs), total(&after, 0, Metric::DurationMs));
    assert_eq!(total(&before, 0, Metric::Processed), total(&after, 0, Metric::Processed));
    // From then on 50 records/s a shard of 200.
    let left = Ledger::after(after.seen_by(1), 600);
    assert!((left.waiting as f64 - 300.0 * 300.0).abs() < 1_500.0, "{left:?}");
}

#[test]
fn each_function_is_billed_by_itself() {
    let consumers = json!([
        {"name": "small", "memory_mb": 128, "fixed_ms": 10, "per_record_ms": 0},
        {"kind": "poller"},
        {"name": "large", "memory_mb": 1_024, "fixed_ms": 30, "per_record_ms": 0},
    ]);
    let session = read_by(100, consumers, json!([]));
    let bill = session.bill();
    let of = |name: &str| bill.lines.iter().filter(|line| line.name.starts_with(name)).collect::<Vec<_>>();
    assert!(of("Poller").is_empty());
    for (title, consumer, gb) in [("small: ", 0, 0.125), ("large: ", 2, 1.0)] {
        let lines = of(title);
        assert_eq!(lines.len(), 2, "{:?}", bill.lines);
        assert_eq!(lines[0].quantity, total(&session, consumer, Metric::Invocations));
        let gb_s = total(&session, consumer, Metric::DurationMs) / 1e3 * gb;
        assert!((lines[1].quantity - gb_s).abs() < 1e-6 * gb_s, "{title}{} of {gb_s}", lines[1].quantity);
    }
    // Read once by each: what leaves the stream is three times what came in, but for what lies ahead at the end.
    let read = total(&session, 0, Metric::ReadBytes) / total(&session, 0, Metric::StoredBytes);
    assert!((2.9..=3.0).contains(&read), "{read}");
}
