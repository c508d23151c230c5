//! When rejected records are put again: instants that a person can work out.

use crate::common::scenario;
use serde_json::{Value, json};
use streamgauge::engine::{Engine, Fact, Observer, Step};
use streamgauge::units::SimTime;

/// Instants and attempts of all calls.
#[derive(Default)]
struct Calls(Vec<(u64, u32)>);

impl Observer for Calls {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        if let Fact::PutCalled { attempt, .. } = fact {
            self.0.push((at.micros(), attempt));
        }
    }
}

/// 3,000 records at the first microsecond for one shard, which takes 1,000 at once and one more each millisecond.
fn calls(call: Value, retry: Value) -> Vec<(u64, u32)> {
    let mut producer = call;
    producer["retry"] = retry;
    producer["retry"]["kind"] = json!("again");
    let scenario = scenario(&json!({
        "length_s": 60,
        "traffic": {
            "curve": [{"kind": "series", "rows": [[0, 0.000001, 3_000]]}],
            "keys": {"kind": "one"},
            "sizes": {"kind": "fixed", "bytes": 10},
        },
        "producer": producer,
        "stream": {"shards": 1, "byte_burst_mib": 10},
    }));
    let (mut engine, mut calls) = (Engine::new(&scenario), Calls::default());
    assert_eq!(engine.advance(engine.end(), u32::MAX, &mut calls), Step::Reached);
    assert_eq!(engine.at_producer(), 0);
    calls.0
}

#[test]
fn without_jitter_a_backoff_is_waited_to_the_microsecond() {
    for call in [json!({"call": "PutRecord"}), json!({"call": "PutRecords", "batch": 500, "linger_ms": 0.001})] {
        let retry = json!({"max_attempts": 6, "base_ms": 100.003, "multiplier": 1.5, "jitter": "none", "cap_ms": 300});
        let found = calls(call.clone(), retry);
        let mut at = 0;
        // 225,006.75 is rounded down, and so is everything that grows from it.
        for (attempt, wait) in (2..).zip([100_003, 150_004, 225_006, 300_000, 300_000]) {
            at += wait;
            let instants = found.iter().filter(|call| call.1 == attempt).map(|call| call.0);
            let (first, last) = (instants.clone().min(), instants.max());
            assert_eq!((first, last), (Some(at), Some(at)), "attempt {attempt} of {call}");
        }
        assert!(found.iter().all(|call| call.1 <= 6));
    }
}

#[test]
fn a_multiplier_of_one_keeps_the_backoff() {
    let retry = json!({"max_attempts": 100, "base_ms": 10, "multiplier": 1, "jitter": "none", "cap_ms": 300});
    let found = calls(json!({"call": "PutRecord"}), retry);
    // Ten milliseconds bring room for ten: the attempts take all of them, in order of time.
    for attempt in 1..=100u32 {
        let expected = if attempt == 1 { 3_000 } else { 2_000 - 10 * (attempt as usize - 2) };
        let at = u64::from(attempt - 1) * 10_000;
        assert_eq!(found.iter().filter(|call| **call == (at, attempt)).count(), expected, "attempt {attempt}");
    }
}

#[test]
fn jitter_waits_its_share_of_a_backoff() {
    let cases = [("full", 0.0, 50.0, 28.87), ("equal", 50.0, 75.0, 14.43)];
    for (jitter, least, mean, deviation) in cases {
        let retry = json!({"max_attempts": 2, "base_ms": 100, "jitter": jitter});
        let found = calls(json!({"call": "PutRecord"}), retry);
        let waits = found.iter().filter(|call| call.1 == 2).map(|call| call.0 as f64 / 1_000.0);
        let waits: Vec<f64> = waits.collect();
        assert_eq!(waits.len(), 2_000);
        assert!(waits.iter().all(|wait| (least..=100.0).contains(wait)), "{jitter}");
        assert!(waits.iter().any(|wait| *wait < least + 1.0) && waits.iter().any(|wait| *wait > 99.0), "{jitter}");
        let found = waits.iter().sum::<f64>() / 2_000.0;
        assert!((found - mean).abs() < 4.0 * deviation / 2_000f64.sqrt(), "{jitter}: {found}");
    }
}
