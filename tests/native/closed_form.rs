//! Where a formula says what must come out, it comes out.

mod backoff;
mod buckets;
mod consumers;
mod fan_out;
mod kcl;
mod lambda;
mod lease_table;
mod money;
mod positions;
mod producers;
mod queueing;
mod reading;
mod retention;
mod timetables;
mod traffic;

use crate::common::{scenario, session};
use serde_json::json;
use streamgauge::metrics::{Metric, ShardMetric};

/// One shard, one key, 5,000 records/s of 100 bytes for a minute: whatever the number of shards, one shard's
/// 1,000 records/s and its burst of 1,000 are accepted, and not a record more.
#[test]
fn one_key_gets_one_shards_rate_and_its_burst() {
    for shards in [1, 2, 7] {
        let session = session(&json!({
            "length_s": 60,
            "traffic": {
                "curve": [{"kind": "constant", "per_s": 5_000}],
                "arrivals": "even",
                "keys": {"kind": "one"},
                "sizes": {"kind": "fixed", "bytes": 100},
            },
            "producer": {"call": "PutRecords", "batch": 500, "linger_ms": 100, "retry": {"kind": "ignore"}},
            "stream": {"shards": shards},
            "consumers": [{"batch_size": 1_000, "fixed_ms": 10, "per_record_ms": 0.1}],
        }));
        let ledger = session.ledger();
        assert_eq!(ledger.offered, 300_000);
        // The last call is made 100 µs before the end: the buckets refill until then.
        assert!((60_900..=61_000).contains(&ledger.stored), "{shards} shards: {ledger:?}");
        assert_eq!(ledger.lost_ignored + ledger.stored + ledger.at_producer, 300_000);
        let timeline = session.timeline();
        let stored = |shard| timeline.shard_total(ShardMetric::Stored, shard, 60);
        assert_eq!((0..shards).filter(|shard| stored(*shard) > 0.0).count(), 1);
        for frame in 1..59 {
            let stored = timeline.column(Metric::Stored)[frame];
            assert!((stored - 1_000.0).abs() <= 100.0, "second {frame}: {stored}");
        }
        assert!(ledger.balances());
    }
}

/// Counts of a curve are those of its integral.
#[test]
fn offered_records_are_the_integral_of_the_curve() {
    let cases = [
        (json!([{"kind": "constant", "per_s": 1_000}]), 600_000),
        (json!([{"kind": "constant", "per_s": 0.5}]), 300),
        (json!([{"kind": "ramp", "from_per_s": 0, "to_per_s": 100, "start_s": 100, "over_s": 100}]), 45_000),
        (
            json!([{"kind": "spike", "base_per_s": 50, "factor": 100, "start_s": 120, "rise_s": 12, "hold_s": 300,
                    "fall_s": 45}]),
            50 * 600 + 4_950 * 300 + 4_950 * 57 / 2,
        ),
        (json!([{"kind": "steps", "steps": [[10, 7], [20, 0], [500, 3]]}]), 370),
        (
            json!([{"kind": "constant", "per_s": 10}, {"kind": "series", "rows": [[0, 60, 17], [90, 30, 1_001]]}]),
            6_000 + 1_018,
        ),
    ];
    for (curve, expected) in cases {
        let checked = scenario(&json!({"length_s": 600, "traffic": {"curve": curve, "arrivals": "even"}}));
        let mut session = streamgauge::session::Session::new(checked);
        let _ = session.run();
        let offered = session.ledger().offered;
        assert!(offered.abs_diff(expected) <= 1, "{curve}: {offered}, expected {expected}");
    }
}
