//! A buffer is delivered at its size or after its interval, never earlier, and later only by the stated latency.

use super::{Closed, Seen, designed, every, run, seen};
use crate::common::repeatable;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use streamgauge::engine::firehose::{SetAside, Trigger};

/// What the accepted records make of buffers with this size and interval: a loop over them that knows nothing else.
fn model(seen: &Seen, end: u64, full: u64, interval: u64, partitions: u32) -> Vec<Closed> {
    let mut open: BTreeMap<u32, Closed> = BTreeMap::new();
    let mut closed = Vec::new();
    let last = (end, None);
    for (at, entry) in seen.accepted.iter().map(|(at, entry)| (*at, Some(entry))).chain([last]) {
        let mut due: Vec<Closed> = open.values().filter(|buffer| buffer.opened + interval <= at).copied().collect();
        due.sort_by_key(|buffer| buffer.opened);
        for buffer in due {
            open.remove(&buffer.partition);
            let at = buffer.opened + interval;
            closed.extend((at < end).then_some(Closed { at, by: Trigger::Interval, ..buffer }));
        }
        let Some(entry) = entry else { continue };
        let partition = if partitions > 0 { entry.key % partitions } else { 0 };
        let fresh = Closed { at: 0, partition, records: 0, bytes: 0, opened: at, by: Trigger::Size };
        let buffer = open.entry(partition).or_insert(fresh);
        buffer.records += 1;
        buffer.bytes += u64::from(entry.size);
        if buffer.bytes >= full {
            closed.push(Closed { at, ..*buffer });
            open.remove(&partition);
        }
    }
    closed
}

proptest! {
    #![proptest_config(repeatable(60))]

    #[test]
    fn buffers_are_delivered_as_a_naive_model_says(
        seed in 0..1_000u64,
        (rate, bytes) in (1..400u32, 1..60_000u64),
        (size_mib, interval_s) in (1..6u64, 0..61u64),
        kind in 0..3usize,
        (latency_ms, pace) in (0..3_000u64, 1..100u64),
        (batch, linger_ms) in (1..500u64, 0..400u64),
        partitions in prop_oneof![2 => Just(0u32), 1 => 1..9u32],
        stored in 1..2_000u64,
    ) {
        let kind = ["splunk", "http", "s3"][kind];
        let partitions = if kind == "s3" { partitions } else { 0 };
        // A partition has a buffer of 64 MiB at least, which these streams reach by their interval only.
        let size_mib = if partitions > 0 { 64 } else { size_mib.min(5) };
        let traffic = json!({
            "curve": [{ "kind": "constant", "per_s": rate }],
            "sizes": { "kind": "log_normal", "median_bytes": bytes, "cap_bytes": 500_000 },
            "keys": { "kind": "zipf", "count": 50 },
        });
        let settings = json!({
            "producer": { "batch": batch, "linger_ms": linger_ms },
            "quota": { "mib_per_s": 1_000 },
            "buffering": { "size_mib": size_mib, "interval_s": interval_s },
            "partitioning": { "partitions": partitions },
            "format": { "compression": stored as f64 / 1_000.0 },
            "destination": { "kind": kind, "latency_ms": latency_ms, "mib_per_s": pace, "parallel": 1_000 },
        });
        let (mut scenario, firehose) = designed(60, &traffic, &settings);
        scenario.seed = seed;
        let seen = seen(&scenario, &firehose);
        let interval = firehose.stream.interval().micros();
        let expected = model(&seen, 60_000_000, size_mib << 20, interval, partitions);
        // What happens at one instant in several partitions has no order here.
        let sorted = |closed: &[Closed]| {
            let mut closed = closed.to_vec();
            closed.sort_by_key(|buffer| (buffer.at, buffer.partition));
            closed
        };
        prop_assert_eq!(sorted(&seen.closed), sorted(&expected));
        // Of every buffer that was closed early enough to be delivered, when.
        let moved = |bytes: u64| latency_ms * 1_000 + (bytes * 1_000_000).div_ceil(pace << 20);
        let stored_of = |bytes: u64| bytes * stored / 1_000;
        let mut due: Vec<(u64, u64)> =
            expected.iter().map(|buffer| (buffer.at + moved(stored_of(buffer.bytes)), buffer.records)).collect();
        due.retain(|(at, _)| *at < 60_000_000);
        due.sort_unstable();
        let mut found: Vec<(u64, u64)> = seen.delivered.iter().map(|each| (each.at, each.records)).collect();
        found.sort_unstable();
        prop_assert_eq!(found, due);
        for each in &seen.delivered {
            prop_assert!(each.closed <= each.opened + interval);
            prop_assert_eq!(each.at - each.closed, moved(each.stored));
        }
    }
}

/// Where deliveries wait for the destination, buffers grow up to what the destination may get.
#[test]
fn buffers_grow_while_deliveries_wait() {
    // A record of 256 KiB every 50 ms: 1 MiB every 200 ms. The endpoint takes 1 s for each request and 10 MiB/s.
    let settings = json!({
        "buffering": { "size_mib": 1, "interval_s": 600 },
        "producer": { "linger_ms": 0 },
        "destination": { "kind": "http", "latency_ms": 1_000, "mib_per_s": 10, "parallel": 1 },
    });
    let (scenario, firehose) = designed(600, &every(50_000, 256 << 10), &settings);
    let seen = seen(&scenario, &firehose);
    let most = seen.closed.iter().map(|closed| closed.bytes >> 20).max();
    assert_eq!(most, Some(64));
    // So 5 MiB a second go through an endpoint that takes less than one request of 1 MiB a second.
    let delivered: u64 = seen.delivered.iter().map(|each| each.stored >> 20).sum();
    assert!(delivered > 5 * 600 - 2 * 64 - 1, "{delivered} MiB");
}

/// With so many at a time, each with a latency and a pace, a destination takes so much and no more.
#[test]
fn a_destination_takes_what_its_requests_move() {
    for (parallel, latency_ms, pace) in [(1, 500, 4), (3, 2_000, 2), (7, 0, 1)] {
        let settings = json!({
            "quota": { "mib_per_s": 200 },
            "buffering": { "size_mib": 5, "interval_s": 60 },
            "producer": { "linger_ms": 0 },
            "destination": { "kind": "splunk", "latency_ms": latency_ms, "mib_per_s": pace, "parallel": parallel },
        });
        // 40 MiB/s are offered.
        let run = run(120, &every(12_500, 512 << 10), &settings);
        let delivered: u64 = run.frames().iter().map(|frame| frame.delivered_bytes).sum();
        let capacity = 5.0 * f64::from(parallel) / (f64::from(latency_ms) / 1_000.0 + 5.0 / f64::from(pace));
        let found = delivered as f64 / f64::from(1 << 20) / 120.0;
        assert!((found / capacity - 1.0).abs() < 0.06, "{found} MiB/s of {capacity}");
        let busy = run.frames().iter().map(|frame| u64::from(frame.state.deliveries)).max();
        assert_eq!(busy, Some(parallel as u64));
    }
}

/// Partitions beyond those that may be active come under the error prefix.
#[test]
fn partitions_beyond_the_limit_are_set_aside() {
    let traffic = json!({
        "curve": [{ "kind": "constant", "per_s": 50 }],
        "keys": { "kind": "uniform", "count": 600 },
        "sizes": { "kind": "fixed", "bytes": 1_000 },
    });
    let settings = json!({
        "partitioning": { "partitions": 600, "active_max": 200 },
        "buffering": { "size_mib": 64, "interval_s": 900 },
    });
    let (scenario, firehose) = designed(120, &traffic, &settings);
    let (seen, run) = (seen(&scenario, &firehose), run(120, &traffic, &settings));
    let mut active = std::collections::BTreeSet::new();
    let mut aside = 0;
    for (_, entry) in &seen.accepted {
        let fits = active.contains(&entry.key) || active.len() < 200;
        if fits {
            active.insert(entry.key);
        }
        aside += u64::from(!fits);
    }
    let ledger = run.ledger();
    assert!(aside > 1_000);
    assert_eq!(ledger.set_aside, [0, aside, 0]);
    assert_eq!(run.frames().last().expect("frames").state.partitions, 200);
    assert_eq!(run.summary()["ledger"]["set_aside"][SetAside::Partitions.name()], aside);
}
