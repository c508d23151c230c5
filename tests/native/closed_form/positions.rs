//! Where a consumer begins, and what becomes of the records before that.

use crate::common::{scenario, session};
use serde_json::{Value, json};
use streamgauge::metrics::{Ledger, Metric};
use streamgauge::scenario::Draft;
use streamgauge::session::Session;

/// 100 records a second, evenly, for five minutes; the consumer begins after 100 s.
fn begun(consumer: &Value, operations: &Value) -> Session {
    let mut own = json!({"start_s": 100, "fixed_ms": 0, "per_record_ms": 0});
    own.as_object_mut().expect("an object").extend(consumer.as_object().expect("an object").clone());
    session(&json!({
        "length_s": 300,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": 100}], "arrivals": "even",
            "keys": {"kind": "uniform", "count": 500},
        },
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 2, "reshard_s": 10},
        "consumers": [own],
        "operations": operations,
    }))
}

fn check(session: &Session, skipped: u64, what: &str) {
    let timeline = session.timeline();
    for frames in 0..=timeline.frames() {
        let ledger = Ledger::after(timeline, frames);
        assert!(ledger.balances(), "{what} after {frames} s: {ledger:?}");
    }
    let ledger = session.ledger();
    assert_eq!(ledger.skipped, skipped, "{what}");
    assert!(ledger.processed >= 30_000 - skipped - 250 && ledger.expired == 0, "{what}: {ledger:?}");
}

#[test]
fn what_lies_before_the_position_is_not_read_by_choice() {
    let poller = json!({"kind": "poller", "idle_ms": 500});
    for (kind, consumer) in [("lambda", json!({"batch_size": 10_000})), ("poller", poller)] {
        for (position, at, skipped) in
            [("TRIM_HORIZON", 0, 0), ("LATEST", 0, 10_000), ("AT_TIMESTAMP", 40, 4_000), ("AT_TIMESTAMP", 0, 0)]
        {
            let mut own = consumer.clone();
            own["starting_position"] = position.into();
            own["starting_at_s"] = at.into();
            let session = begun(&own, &json!([]));
            check(&session, skipped, &format!("{kind} {position} {at}"));
            let ages = session.timeline().column(Metric::IteratorAgeMs);
            let waits = skipped / 100;
            for (frame, age) in ages.iter().enumerate().take(100) {
                // Before the consumer begins only what it will read waits, from its first record on.
                let expected = if position == "LATEST" { 0 } else { (frame as u64 + 1).saturating_sub(waits) };
                assert!((age / 1e3 - expected as f64).abs() < 0.1, "{kind} {position} {at}, {frame} s: {age}");
            }
            assert!(ages[110..].iter().all(|age| (1.0..2_000.0).contains(age)), "{kind} {position} {at}");
        }
    }
}

/// Reading from the beginning of the run at LATEST is reading everything: nothing lies before.
#[test]
fn latest_at_the_start_reads_everything() {
    let [latest, oldest] = ["LATEST", "TRIM_HORIZON"]
        .map(|position| begun(&json!({"start_s": 0, "starting_position": position}), &json!([])));
    assert_eq!(latest.digest(), oldest.digest());
    assert_eq!(latest.ledger().skipped, 0);
}

/// Shards that are made before the consumer begins are passed over up to its position, their parents too; those that
/// are made later are read from their beginning.
#[test]
fn children_are_read_from_their_beginning() {
    let double = |at: u32| json!([{"at_s": at, "kind": "update_shard_count", "target_shards": 4}]);
    for (at, position, timestamp, skipped) in [
        (50, "LATEST", 0, 10_000),
        (50, "AT_TIMESTAMP", 40, 4_000),
        (50, "AT_TIMESTAMP", 80, 8_000),
        (95, "LATEST", 0, 10_000),
        (150, "LATEST", 0, 10_000),
        (150, "AT_TIMESTAMP", 40, 4_000),
    ] {
        let consumer = json!({"starting_position": position, "starting_at_s": timestamp, "batch_size": 1_000});
        let session = begun(&consumer, &double(at));
        assert_eq!(session.timeline().shards(), 6);
        check(&session, skipped, &format!("{position} {timestamp}, doubled at {at}"));
    }
}

/// What is not to be read is not kept, and does not expire.
#[test]
fn a_consumer_that_begins_late_at_the_tip_keeps_nothing_before() {
    let late = session(&json!({
        "length_s": 100_000,
        "traffic": {"curve": [{"kind": "constant", "per_s": 2}], "arrivals": "even"},
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 1},
        "consumers": [{"start_s": 95_000, "starting_position": "LATEST"}],
    }));
    let ledger = late.ledger();
    assert_eq!((ledger.skipped, ledger.expired), (190_000, 0));
    assert!(late.engine().stream().kept() < 10, "{}", late.engine().stream().kept());
}

#[test]
fn a_timestamp_that_is_still_to_come_is_refused_as_the_service_does() {
    let document = json!({
        "traffic": {"curve": [{"kind": "constant", "per_s": 1}]},
        "consumers": [{"start_s": 10, "starting_position": "AT_TIMESTAMP", "starting_at_s": 11}],
    });
    let problems = Draft::from_value(document).check().expect_err("it lies ahead");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path, "consumers.0.starting_at_s");
    assert_eq!(
        problems[0].message,
        "InvalidArgumentException: The timestampInMillis parameter cannot be greater than the \
         currentTimestampInMillis. timestampInMillis: 11000, currentTimestampInMillis: 10000; choose less"
    );
    // Of another position it says nothing.
    let _ = scenario(&json!({
        "traffic": {"curve": [{"kind": "constant", "per_s": 1}]},
        "consumers": [{"starting_position": "LATEST", "starting_at_s": 11}],
    }));
}
