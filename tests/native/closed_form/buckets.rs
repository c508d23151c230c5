//! Write limits in the long run: rate and burst of both buckets, and the two rules of rounding.

use crate::common::session;
use serde_json::{Value, json};
use streamgauge::metrics::Metric;
use streamgauge::session::Session;

/// One shard, one key, so many records of `bytes` data a second for `length` seconds; failures are ignored.
fn flood(producer: Value, per_s: u32, bytes: u32, burst_mib: u32, length: u32) -> Session {
    let mut producer = producer;
    producer["retry"] = json!({"kind": "ignore"});
    session(&json!({
        "length_s": length,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": per_s}],
            "arrivals": "even",
            "keys": {"kind": "one"},
            "sizes": {"kind": "fixed", "bytes": bytes},
        },
        "producer": producer,
        "stream": {"shards": 1, "byte_burst_mib": burst_mib},
        "consumers": [{"batch_size": 1_000, "fixed_ms": 1, "per_record_ms": 0.01}],
    }))
}

const MIB: f64 = 1_048_576.0;

#[test]
fn put_record_rounds_each_record_up() {
    // 1,110 bytes and a key of 16 are 1.1 KB: charged as 2 KiB, so 512 a second and 512 of burst.
    let session = flood(json!({"call": "PutRecord"}), 1_000, 1_110, 1, 120);
    let stored = session.ledger().stored;
    assert!(stored.abs_diff(512 * 121) <= 2, "{stored}");
    assert!(session.findings().iter().any(|finding| finding.id == "failed-entries-ignored"));
    let timeline = session.timeline();
    for second in 2..119 {
        assert!((timeline.column(Metric::Stored)[second] - 512.0).abs() <= 1.0);
    }
    // A record of exactly a kibibyte is not rounded.
    let exact = flood(json!({"call": "PutRecord"}), 1_000, 1_008, 1, 60).ledger();
    assert_eq!((exact.stored, exact.lost()), (60_000, 0));
    // One byte more is.
    let above = flood(json!({"call": "PutRecord"}), 1_000, 1_009, 1, 60).ledger();
    assert!(above.stored.abs_diff(512 * 61) <= 2, "{above:?}");
}

#[test]
fn put_records_rounds_the_call() {
    // 900/s × 1,126 bytes and less than a kibibyte a call: below 1 MiB/s, so nothing is throttled.
    let calls = json!({"call": "PutRecords", "batch": 500, "linger_ms": 100});
    let session = flood(calls, 900, 1_110, 1, 120);
    assert_eq!(session.timeline().total(Metric::Throttled, 120), 0.0);
    assert_eq!(session.ledger().lost(), 0);
    // Calls of one record are rounded like PutRecord.
    let ones = flood(json!({"call": "PutRecords", "batch": 1, "linger_ms": 0}), 1_000, 1_110, 1, 120).ledger();
    let single = flood(json!({"call": "PutRecord"}), 1_000, 1_110, 1, 120).ledger();
    // A record that is admitted is charged without its rounding first: at most one fits more.
    assert!(ones.stored > single.stored, "{ones:?}");
    assert!(ones.stored.abs_diff(single.stored) < single.stored, "{ones:?} {single:?}");
    // Offered more than fits, the shard takes its bytes in full: 1 MiB/s and the burst.
    let over = flood(json!({"call": "PutRecords", "batch": 500, "linger_ms": 500}), 999, 2_000, 1, 120);
    let bytes = over.timeline().total(Metric::StoredBytes, 120);
    // Each of 240 calls may waste a record's room and a rounding, and the last half second comes too late.
    let (limit, wasted) = (121.0 * MIB, 240.0 * (2_016.0 + 1_023.0) + 0.51 * MIB);
    assert!(bytes <= limit && bytes > limit - wasted, "{bytes} of {limit}");
}

#[test]
fn the_record_limit_is_its_rate_and_one_second_of_burst() {
    for producer in [json!({"call": "PutRecord"}), json!({"call": "PutRecords", "batch": 100, "linger_ms": 100})] {
        let session = flood(producer, 2_500, 50, 10, 90);
        let stored = session.ledger().stored;
        assert!((1_000 * 91 - 100..=1_000 * 91).contains(&stored), "{stored}");
    }
}

#[test]
fn the_byte_limit_is_its_rate_and_the_set_burst() {
    for burst in [1, 2, 10] {
        // 500 records/s of 20 KB: ten times what a shard takes.
        let session = flood(json!({"call": "PutRecord"}), 500, 20_464, burst, 30);
        let bytes = session.timeline().total(Metric::StoredBytes, 30);
        let limit = f64::from(30 + burst) * MIB;
        assert!(bytes <= limit && bytes > limit - 3.0 * 20_480.0, "{bytes} of {limit}");
        // The burst is gone after so many seconds as it is deep, over what comes in beyond the rate.
        let rate = |second: usize| session.timeline().column(Metric::StoredBytes)[second];
        assert!(rate(29) <= MIB + 20_480.0 && rate(29) >= MIB - 20_480.0);
    }
}

#[test]
fn a_bucket_that_rested_is_full_again_and_no_fuller() {
    let session = session(&json!({
        "length_s": 120,
        "traffic": {
            "curve": [{"kind": "steps", "steps": [[0, 5_000], [10, 0], [60, 5_000], [70, 0]]}],
            "arrivals": "even",
            "keys": {"kind": "one"},
            "sizes": {"kind": "fixed", "bytes": 10},
        },
        "producer": {"call": "PutRecord", "retry": {"kind": "ignore"}},
        "stream": {"shards": 1},
    }));
    let column = session.timeline().column(Metric::Stored);
    let [first, second]: [f64; 2] = [column[..11].iter().sum(), column[60..].iter().sum()];
    assert!((first - 11_000.0).abs() <= 1.0 && (second - 11_000.0).abs() <= 1.0, "{first} {second}");
}

#[test]
fn without_rounding_bytes_count_as_they_are() {
    for producer in [json!({"call": "PutRecord"}), json!({"call": "PutRecords", "batch": 1, "linger_ms": 0})] {
        let mut stored = Vec::new();
        for rounding in ["none", "documented"] {
            stored.push(session(&json!({
                "length_s": 120,
                "traffic": {
                    "curve": [{"kind": "constant", "per_s": 1_000}],
                    "arrivals": "even",
                    "keys": {"kind": "one"},
                    "sizes": {"kind": "fixed", "bytes": 1_110},
                },
                "producer": producer,
                "stream": {"shards": 1, "rounding": rounding},
                "consumers": [{"batch_size": 1_000, "fixed_ms": 1, "per_record_ms": 0.01}],
            })));
        }
        // 1,126 bytes each: the bytes of 121 seconds, less at most a record.
        let [exact, rounded] = [&stored[0], &stored[1]].map(|session| session.ledger().stored);
        let most = 121.0 * MIB / 1_126.0;
        assert!((most - 2.0..=most).contains(&(exact as f64)), "{exact} of {most}");
        assert!(exact > rounded + 1_000, "{exact} {rounded}");
    }
}

/// A record of ten mebibytes empties the tank; it takes ten seconds to fill up again.
#[test]
fn the_largest_records_pass_one_by_one() {
    let session = session(&json!({
        "length_s": 600,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": 0.2}],
            "arrivals": "even",
            "keys": {"kind": "one"},
            "sizes": {"kind": "fixed", "bytes": 10 * 1_048_576 - 16},
        },
        "producer": {"call": "PutRecord", "retry": {"kind": "ignore"}},
        "stream": {"shards": 1, "byte_burst_mib": 10, "max_record_kib": 10_240},
        "consumers": [{"batch_size": 10, "fixed_ms": 10, "per_record_ms": 1}],
    }));
    let ledger = session.ledger();
    assert_eq!((ledger.offered, ledger.stored, ledger.lost_ignored), (120, 60, 60));
    // Each answer of GetRecords holds one, and the limit on read bytes is never in the way.
    assert_eq!(ledger.processed, 60);
}
