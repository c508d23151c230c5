//! Enhanced fan-out: what a subscription brings, when, how fast, and what it costs.

use crate::common::session;
use serde_json::{Value, json};
use streamgauge::metrics::Metric;
use streamgauge::scenario::Draft;
use streamgauge::session::Session;

/// Records of a kibibyte on two shards, pushed to consumers whose work takes no time; others poll beside them.
fn pushed(per_s: f64, consumers: usize, others: u32, more: &[(&str, Value)]) -> Session {
    let consumer = json!({"kind": "poller", "source": "SubscribeToShard", "fixed_ms": 0, "per_record_ms": 0});
    let mut document = json!({
        "length_s": 310,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": per_s}],
            "keys": {"kind": "uniform", "count": 1_000},
            "sizes": {"kind": "fixed", "bytes": 1_008},
        },
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 2, "other_pollers": {"count": others, "idle_ms": 200}},
        "consumers": vec![consumer; consumers],
    });
    for (pointer, value) in more {
        let (group, name) = pointer.rsplit_once('/').expect("a group and a field");
        let group = document.pointer_mut(group).expect("a group of the document");
        match name.parse::<usize>() {
            Ok(index) => group[index] = value.clone(),
            Err(_) => group[name] = value.clone(),
        }
    }
    session(&document)
}

fn total(session: &Session, metric: Metric) -> f64 {
    session.timeline().total(metric, usize::MAX)
}

/// AWS: about 70 ms, whatever the number of consumers; and what others ask of the shard is all the same.
#[test]
fn pushed_records_are_seen_after_seventy_milliseconds_whatever_others_do() {
    for (consumers, others) in [(1, 0), (5, 0), (20, 9)] {
        let session = pushed(100.0, consumers, others, &[]);
        for (consumer, permille) in (0..consumers).flat_map(|consumer| [1, 500, 1_000].map(|part| (consumer, part))) {
            let latency = session.recorder().put_latency(consumer);
            let millis = latency.quantile(permille).expect("records were processed").millis_f64();
            assert!((millis - 70.0).abs() < 0.4, "{consumers} and {others}: {millis} ms");
        }
        assert_eq!(total(&session, Metric::ReadThrottled) > 100.0, others > 5, "{others} others");
        let ledger = session.ledger();
        assert!(ledger.balances() && ledger.stored - ledger.processed < 20, "{ledger:?}");
    }
}

/// Two mebibytes a second of each shard: a backlog of 60 s at 0.75 MiB/s is read at the difference.
#[test]
fn a_backlog_is_pushed_at_two_mebibytes_a_second() {
    let rate = 768.0;
    let started =
        json!({"kind": "poller", "source": "SubscribeToShard", "start_s": 60, "fixed_ms": 0, "per_record_ms": 0});
    let more = [
        ("/consumers/0", started),
        ("/traffic/arrivals", json!("even")),
        ("/traffic/keys", json!({"kind": "one"})),
        ("/stream/shards", json!(1)),
        ("/length_s", json!(180)),
    ];
    let session = pushed(rate, 1, 0, &more);
    let pushed = session.timeline().column(Metric::PushedBytes);
    let mebibytes = |from: usize, to: usize| pushed[from..to].iter().sum::<f64>() / 1_048_576.0;
    assert_eq!(mebibytes(0, 60), 0.0);
    // A second's worth is there at once.
    assert!((mebibytes(60, 90) - 62.0).abs() < 0.1, "{}", mebibytes(60, 90));
    // (60 s × 0.75 MiB/s − 2 MiB) ÷ 1.25 MiB/s.
    let caught_up = 60 + (43.0f64 / 1.25).ceil() as usize;
    let behind = session.timeline().column(Metric::MillisBehindLatest);
    assert!(behind[caught_up - 2] > 0.0 && behind[caught_up + 1] == 0.0, "{:?}", &behind[caught_up - 4..caught_up + 4]);
    assert!((mebibytes(caught_up + 1, 180) / (179 - caught_up) as f64 - 0.75).abs() < 0.01);
}

/// A subscription is over after five minutes; nothing is late or lost by it.
#[test]
fn subscriptions_are_renewed_every_five_minutes() {
    let calls = |length: u32| {
        let session = pushed(10.0, 1, 0, &[("/length_s", json!(length))]);
        let worst = session.recorder().put_latency(0).quantile(1_000).expect("records were processed").millis_f64();
        assert!((worst - 70.0).abs() < 0.4, "{worst} ms");
        total(&session, Metric::Subscriptions)
    };
    // Two shards, each with a first call and its renewals.
    assert_eq!([299, 310, 599, 610].map(calls), [2.0, 4.0, 4.0, 6.0]);
}

/// A function gets batches of what is pushed while it works.
#[test]
fn a_mapping_that_is_subscribed_processes_everything() {
    let mapping = json!({
        "source": "SubscribeToShard", "fixed_ms": 200, "per_record_ms": 0.1, "batch_size": 1_000,
        "parallelization_factor": 2,
    });
    let split = json!([{"at_s": 100, "kind": "split_shard", "shard": 1}, {"at_s": 200, "kind": "merge_shards", "shard": 0, "adjacent_shard": 2}]);
    let session = pushed(500.0, 1, 0, &[("/consumers/0", mapping), ("/operations", split)]);
    let ledger = session.ledger();
    assert!(ledger.balances() && ledger.stored - ledger.processed < 400, "{ledger:?}");
    let pushed = total(&session, Metric::PushedRecords) as u64;
    assert!(pushed >= ledger.processed && pushed <= ledger.stored, "{pushed} {ledger:?}");
    // Pushed within 70 ms, and at most two batches of some 215 ms follow; a child waits for its parents' last ones.
    let worst = session.recorder().put_latency(0).quantile(1_000).expect("records were processed").millis_f64();
    assert!(worst < 70.0 + 4.0 * 260.0, "{worst} ms");
    assert_eq!(total(&session, Metric::GetRecordsCalls), 0.0);
}

/// Twenty consumers, fifty with Advantage; the twenty-first is refused at its field.
#[test]
fn no_more_consumers_are_registered_than_a_stream_takes() {
    let problems = |mode: &str, registered: usize, polling: usize| {
        let mut consumers = vec![json!({}); polling];
        consumers.extend(vec![json!({"source": "SubscribeToShard"}); registered]);
        let document = json!({
            "traffic": {"curve": [{"kind": "constant"}]}, "stream": {"mode": mode}, "consumers": consumers,
        });
        let problems = Draft::from_value(document).check().err().unwrap_or_default();
        problems.into_iter().map(|problem| (problem.path, problem.message)).collect::<Vec<_>>()
    };
    for (mode, most) in [("provisioned", 20), ("on_demand", 20), ("on_demand_advantage", 50)] {
        assert_eq!(problems(mode, most, 50 - most), [], "{mode}");
    }
    let found = problems("provisioned", 21, 3);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "consumers.23.source");
    assert!(found[0].1.starts_with("LimitExceededException: 20 consumers"), "{}", found[0].1);
}

/// An hour: two shards' hours for each consumer, and each gigabyte pushed.
#[test]
fn fan_out_is_billed_by_shard_hours_and_by_what_is_pushed() {
    let line = |session: &Session, name: &str| {
        session.bill().lines.iter().find(|line| line.name == name).map(|line| (line.quantity, line.run_e4))
    };
    let hour = [("/length_s", json!(3_600)), ("/traffic/arrivals", json!("even"))];
    let session = pushed(100.0, 1, 0, &hour);
    let gb = total(&session, Metric::PushedBytes) / f64::from(1 << 30);
    assert!((gb - 3_600.0 * 100.0 / 1_048_576.0).abs() < 1e-4, "{gb} GB");
    let (hours, cost) = line(&session, "Enhanced fan-out consumers").expect("the line exists");
    assert!((hours - 2.0).abs() < 1e-9 && cost == 300, "{hours} {cost}");
    let (quantity, cost) = line(&session, "Enhanced fan-out data").expect("the line exists");
    assert!((quantity - gb).abs() < 1e-9 && cost == (gb * 130.0).round() as u64, "{quantity} {cost}");
    let on_demand = pushed(100.0, 1, 0, &[&hour[..], &[("/stream/mode", json!("on_demand"))]].concat());
    assert_eq!(line(&on_demand, "Enhanced fan-out consumers"), None);
    let (quantity, _) = line(&on_demand, "On-demand fan-out data").expect("the line exists");
    assert!((quantity - gb).abs() < 1e-6, "{quantity} {gb}");
    // Nobody pays for what nobody has.
    let polled = pushed(100.0, 1, 0, &[("/consumers/0/source", json!("GetRecords")), ("/length_s", json!(60))]);
    assert_eq!(line(&polled, "Enhanced fan-out data"), None);
}
