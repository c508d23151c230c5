//! Laws of queues: drain time, Little's law, utilisation.

use crate::common::{scenario, session};
use serde_json::json;
use streamgauge::engine::{Engine, Fact, Observer, Step};
use streamgauge::metrics::{Metric, ShardMetric};
use streamgauge::units::SimTime;

/// 1,000 records/s for a minute, then 200; one shard that does 500/s. The backlog falls by 300 a second.
#[test]
fn a_backlog_drains_in_backlog_over_spare_capacity() {
    for batch in [50, 100, 400] {
        let session = session(&json!({
            "length_s": 240,
            "traffic": {
                "curve": [{"kind": "steps", "steps": [[0, 1_000], [60, 200]]}],
                "arrivals": "even",
                "keys": {"kind": "one"},
                "sizes": {"kind": "fixed", "bytes": 100},
            },
            "producer": {"call": "PutRecords", "batch": 50, "linger_ms": 50},
            "stream": {"shards": 1},
            "consumers": [{"batch_size": batch, "fixed_ms": 0, "per_record_ms": 2}],
        }));
        let timeline = session.timeline();
        let backlog = |frame: usize| timeline.column(Metric::Waiting)[frame] + timeline.column(Metric::InFlight)[frame];
        let (at_peak, batch) = (backlog(59), f64::from(batch));
        // 60 s at 500/s are not processed, nor what the first second before the first poll would have allowed.
        assert!((at_peak - 30_500.0).abs() <= batch + 60.0, "{at_peak}");
        for frame in 60..150 {
            let expected = at_peak - 300.0 * (frame as f64 - 59.0);
            assert!((backlog(frame) - expected).abs() <= batch + 60.0, "frame {frame}: {} {expected}", backlog(frame));
        }
        // Caught up: what arrives between two polls is all that is left.
        let left = 200.0 + batch;
        let drained = (60..240).find(|frame| backlog(*frame) <= left).expect("it drains");
        let expected = 60.0 + (at_peak - left) / 300.0;
        assert!((drained as f64 - expected).abs() <= 1.0 + batch / 300.0, "{drained} {expected}");
        assert!((200..240).all(|frame| backlog(frame) <= left + 60.0));
    }
}

/// The integral over time of the number of records between put and processed: each record counts from the instant at
/// which it comes to the end of the run, less from the instant at which it goes.
struct InSystem {
    end: u64,
    integral: u128,
    processed: u64,
}

impl Observer for InSystem {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::Stored { .. } => self.integral += u128::from(self.end - at.micros()),
            Fact::Processed { batch, .. } => {
                self.integral -= u128::from(self.end - at.micros()) * batch.len() as u128;
                self.processed += batch.len() as u64;
            }
            _ => {}
        }
    }
}

/// Mean records in the system = rate × mean latency.
#[test]
fn littles_law_holds() {
    for (fixed, per_record, window) in [(20, 1.0, 0), (200, 0.1, 0), (5, 2.0, 2)] {
        let checked = scenario(&json!({
            "length_s": 900,
            "traffic": {
                "curve": [{"kind": "constant", "per_s": 300}],
                "arrivals": "poisson",
                "keys": {"kind": "uniform", "count": 1_000},
            },
            "stream": {"shards": 2},
            "consumers": [{
                "batch_size": 100, "batching_window_s": window, "fixed_ms": fixed, "per_record_ms": per_record,
                "spread": 0.5,
            }],
        }));
        let mut engine = Engine::new(&checked);
        let mut system = InSystem { end: engine.end().micros(), integral: 0, processed: 0 };
        assert_eq!(engine.advance(engine.end(), u32::MAX, &mut system), Step::Reached);
        let seconds = engine.end().seconds_f64();
        let mean = system.integral as f64 / engine.end().micros() as f64;
        let mut session = streamgauge::session::Session::new(checked);
        let _ = session.run();
        let latency = session.recorder().put_latency(0);
        assert_eq!(latency.count(), system.processed);
        let wait = latency.mean().expect("records were processed").seconds_f64();
        let by_law = system.processed as f64 / seconds * wait;
        assert!((mean / by_law - 1.0).abs() < 0.01, "{mean} in the system, {by_law} by the law");
    }
}

/// Busy share of time = throughput × time per record.
#[test]
fn the_utilisation_law_holds() {
    // No fixed time: each record takes 2 ms, however the batches fall.
    let run = |fixed: u32, per_record: f64, spread: f64| {
        session(&json!({
            "length_s": 600,
            "traffic": {
                "curve": [{"kind": "constant", "per_s": 600}],
                "arrivals": "poisson",
                "keys": {"kind": "uniform", "count": 5_000},
            },
            "stream": {"shards": 3},
            "consumers": [{"batch_size": 100, "fixed_ms": fixed, "per_record_ms": per_record, "spread": spread}],
        }))
    };
    // A spread of ±80 % over some 1,200 batches leaves a standard error of 1.3 % of the mean.
    for (spread, tolerance) in [(0.0, 0.001), (0.8, 0.05)] {
        let session = run(0, 2.0, spread);
        let timeline = session.timeline();
        for shard in 0..3 {
            let busy = timeline.shard_total(ShardMetric::BusyMs, shard, 600);
            let processed = timeline.shard_total(ShardMetric::Processed, shard, 600);
            assert!(
                (busy / (processed * 2.0) - 1.0).abs() < tolerance,
                "shard {shard}: {busy} ms for {processed} records"
            );
            assert!((0.35..0.45).contains(&(busy / 600_000.0)), "three shards share 600 × 2 ms/s: {busy}");
        }
    }
    // With a fixed time each invocation adds it once.
    let session = run(40, 1.0, 0.0);
    let timeline = session.timeline();
    let total = |metric| timeline.total(metric, 600);
    let busy: f64 = (0..3).map(|shard| timeline.shard_total(ShardMetric::BusyMs, shard, 600)).sum();
    let by_law = total(Metric::Invocations) * 40.0 + total(Metric::Processed);
    assert!((busy / by_law - 1.0).abs() < 0.01, "{busy} ms, {by_law} ms by the law");
    // What is billed is what was busy, each invocation rounded up to a whole millisecond.
    let billed = total(Metric::DurationMs);
    assert!(billed >= busy - 1_000.0 && billed <= busy + total(Metric::Invocations), "{billed} ms billed, {busy} busy");
}

/// Offered beyond what a shard's function can do: it is busy all the time, and does its rate.
#[test]
fn a_saturated_function_does_its_rate_and_not_more() {
    let session = session(&json!({
        "length_s": 300,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": 900}],
            "keys": {"kind": "one"},
            "sizes": {"kind": "fixed", "bytes": 100},
        },
        "stream": {"shards": 1},
        "consumers": [{"batch_size": 100, "fixed_ms": 50, "per_record_ms": 1.5}],
    }));
    let timeline = session.timeline();
    // Batches of 100 in 200 ms.
    for frame in 5..300 {
        let (processed, busy) =
            (timeline.column(Metric::Processed)[frame], timeline.shard_column(ShardMetric::BusyMs, 0));
        assert!((processed - 500.0).abs() <= 100.0, "second {frame}: {processed}");
        assert!((busy[frame] - 1_000.0).abs() < 1e-6, "second {frame}: busy {} ms", busy[frame]);
    }
    let processed = timeline.total(Metric::Processed, 300);
    assert!((processed / 300.0 - 500.0).abs() < 5.0, "{processed}");
}
