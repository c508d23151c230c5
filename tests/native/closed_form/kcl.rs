//! KCL applications: what workers, leases and checkpoints do to a stream's records.

use crate::common::session;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use streamgauge::engine::{Engine, Fact, Observer};
use streamgauge::metrics::{Ledger, Metric, Outlook, ShardMetric};
use streamgauge::session::Session;
use streamgauge::units::SimTime;

/// Evenly spaced records on even shards, read by an application.
pub(super) fn application(per_s: u32, shards: u32, length: u32, kcl: &Value, operations: &Value) -> Session {
    session(&json!({
        "length_s": length,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": per_s}],
            "arrivals": "even",
            "keys": {"kind": "uniform", "count": 4_000, "explicit_hash_key": "even"},
            "sizes": {"kind": "fixed", "bytes": 100},
        },
        "producer": {"call": "PutRecord"},
        "stream": {"shards": shards},
        "consumers": [kcl],
        "operations": operations,
    }))
}

fn total(session: &Session, metric: Metric) -> f64 {
    session.timeline().total(metric, usize::MAX)
}

/// When batches began, by shard; and how often each record was processed.
#[derive(Debug, Default)]
struct Worked {
    began: BTreeMap<u32, Vec<u64>>,
    again: u64,
    processed: BTreeMap<u32, u32>,
}

impl Observer for Worked {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::InvocationStarted { shard, .. } => self.began.entry(shard).or_default().push(at.micros()),
            Fact::Reprocessed { records, .. } => self.again += records,
            Fact::Processed { batch, .. } => {
                batch.iter().for_each(|record| *self.processed.entry(record.number).or_default() += 1);
            }
            _ => {}
        }
    }
}

fn worked(session: &Session) -> Worked {
    let (mut engine, mut worked) = (Engine::new(session.scenario()), Worked::default());
    let _ = engine.advance(engine.end(), u32::MAX, &mut worked);
    worked
}

/// A worker of two dies: its two shards stand idle for the failover time, and go on from their checkpoints.
#[test]
fn a_dead_workers_shards_stand_idle_and_go_on_from_the_checkpoint() {
    let kcl = json!({"kind": "kcl", "workers": 2, "worker_per_s": 1_000, "checkpoint_s": 40, "failover_s": 10});
    let kill = json!([{"at_s": 100, "kind": "kill_workers", "workers": 1, "down_s": 300}]);
    let session = application(400, 4, 600, &kcl, &kill);
    for frames in 0..=session.timeline().frames() {
        let ledger = Ledger::after(session.timeline(), frames);
        assert!(ledger.balances(), "frame {frames}: {ledger:?}");
    }
    let worked = worked(&session);
    let pause = |shard: u32| {
        let began = &worked.began[&shard];
        let before = began.iter().rev().find(|at| **at < 100_000_000).expect("it worked before");
        let after = began.iter().find(|at| **at >= 100_000_000).expect("it works after");
        (*before, *after)
    };
    let idle: Vec<u32> = (0..4).filter(|shard| pause(*shard).1 >= 110_000_000).collect();
    assert_eq!(idle.len(), 2, "{:?}", [0, 1, 2, 3].map(pause));
    for shard in idle {
        assert!(pause(shard).1 < 110_100_000 && pause(shard).0 > 97_000_000, "{:?}", pause(shard));
    }
    // Checkpoints every 40 s and a batch every 1.5 s: the last ones were some 18 s ago, at 100 records/s and shard.
    let again = total(&session, Metric::Reprocessed);
    assert!((2_000.0..=2.0 * 100.0 * 41.5).contains(&again), "{again}");
    assert_eq!(again as u64, worked.again);
    assert_eq!(session.ledger().reprocessed, worked.again);
    assert_eq!(total(&session, Metric::LeasesLost), 2.0);
    // Each record is processed for the first time once, and none is left out.
    assert!(worked.processed.values().all(|times| *times == 1));
    assert_eq!(worked.processed.len() as u64, session.ledger().processed);
    assert!(session.ledger().stored - session.ledger().processed < 1_500, "{:?}", session.ledger());
    assert!(session.findings().iter().any(|finding| finding.id == "workers-died"));
}

/// With a checkpoint after each batch, only the batch that ran is done again, and that counts once.
#[test]
fn checkpoints_after_each_batch_leave_nothing_to_do_again() {
    let kcl = json!({"kind": "kcl", "workers": 2, "worker_per_s": 1_000, "checkpoint_s": 0});
    let kill = json!([{"at_s": 100, "kind": "kill_workers", "workers": 2, "down_s": 50}]);
    let session = application(400, 4, 400, &kcl, &kill);
    assert_eq!(total(&session, Metric::Reprocessed), 0.0);
    let timeline = session.timeline();
    let processed = timeline.column(Metric::Processed);
    // Nobody is up for 50 s.
    assert_eq!(processed[101..149].iter().sum::<f64>(), 0.0);
    assert!(session.ledger().balances() && processed[150..170].iter().sum::<f64>() > 8_000.0, "{:?}", session.ledger());
}

/// One record processor for each shard: eight workers on four shards do what four do.
#[test]
fn workers_beyond_the_number_of_shards_gain_nothing() {
    let processed = |workers: u32| {
        let kcl = json!({"kind": "kcl", "workers": workers, "worker_per_s": 100, "limit": 50, "kcl_idle_ms": 200});
        let session = application(2_000, 4, 300, &kcl, &json!([]));
        let ids: Vec<_> = session.findings().iter().map(|finding| finding.id).collect();
        assert_eq!(ids.contains(&"more-workers-than-shards"), workers > 4, "{ids:?}");
        assert_eq!(ids.contains(&"too-few-workers"), workers < 4, "{ids:?}");
        session.ledger().processed as f64
    };
    let all = [1, 2, 4, 8].map(processed);
    for (workers, processed) in [1.0, 2.0, 4.0, 4.0].into_iter().zip(all) {
        // Each shard waits for its first records, and the last batches have not ended.
        let expected = workers * 100.0 * 300.0;
        assert!(processed <= expected * 1.001 && processed > expected * 0.96, "{workers}: {processed}");
    }
    assert_eq!(all[2], all[3]);
}

/// A worker that comes back takes leases one at a time until all have as many.
#[test]
fn leases_are_stolen_one_at_a_time() {
    let kcl =
        json!({"kind": "kcl", "workers": 2, "worker_per_s": 100, "limit": 50, "kcl_idle_ms": 200, "checkpoint_s": 0});
    let kill = json!([{"at_s": 100, "kind": "kill_workers", "workers": 1, "down_s": 100}]);
    let session = application(2_000, 8, 400, &kcl, &kill);
    let timeline = session.timeline();
    let processed = timeline.column(Metric::Processed);
    let rate = |from: usize, to: usize| processed[from..to].iter().sum::<f64>() / (to - from) as f64;
    // Two workers at 100 records/s, one of them, and two again from the first stolen lease on.
    assert!((rate(20, 100) - 200.0).abs() < 10.0, "{}", rate(20, 100));
    assert!((rate(130, 200) - 100.0).abs() < 10.0, "{}", rate(130, 200));
    assert!((rate(260, 400) - 200.0).abs() < 10.0, "{}", rate(260, 400));
}

/// A new shard is noticed at the next sync, and begun when its parents are found done.
#[test]
fn new_shards_wait_for_the_sync_and_for_their_parents() {
    let kcl = json!({"kind": "kcl", "workers": 2, "worker_per_s": 1_000});
    let split = json!([{"at_s": 100, "kind": "split_shard", "shard": 0}]);
    let session = application(200, 2, 400, &kcl, &split);
    // Split at 130 s, noticed at 180 s.
    let began = worked(&session).began;
    for child in [2, 3] {
        let first = began[&child][0];
        assert!((180_000_000..190_100_000).contains(&first), "{child}: {first}");
    }
    assert!(session.ledger().balances() && session.ledger().stored - session.ledger().processed < 800);
}

/// Ten minutes' outage at 80 % utilisation: the backlog of 60,000 records is gone after 2,400 s, as was predicted.
#[test]
fn the_predicted_time_to_catch_up_is_the_time_it_takes() {
    for consumer in [
        json!({"kind": "kcl", "workers": 1, "worker_per_s": 125, "limit": 100, "kcl_idle_ms": 200, "checkpoint_s": 0}),
        json!({"kind": "poller", "limit": 100, "idle_ms": 200, "fixed_ms": 0, "per_record_ms": 8}),
        json!({"source": "SubscribeToShard", "batch_size": 100, "fixed_ms": 0, "per_record_ms": 8}),
    ] {
        let freeze = json!([{"at_s": 300, "kind": "freeze_consumer", "for_s": 600}]);
        let session = application(100, 1, 4_000, &consumer, &freeze);
        let timeline = session.timeline();
        let processed = timeline.column(Metric::Processed);
        assert_eq!(processed[302..899].iter().sum::<f64>(), 0.0, "{consumer}");
        let caught_up = |from: usize| {
            let ages = &timeline.shard_column(ShardMetric::IteratorAgeMs, 0)[from..];
            ages.iter().position(|age| *age < 2_000.0).expect("it catches up") as f64
        };
        for frame in [1_000, 1_500, 2_000] {
            let predicted =
                Outlook::after(session.scenario(), timeline, frame).caught_up_in.expect("there is a backlog");
            let simulated = caught_up(frame);
            assert!((predicted / simulated - 1.0).abs() < 0.05, "{consumer} at {frame}: {predicted} s, {simulated} s");
        }
        assert!((caught_up(900) / 2_400.0 - 1.0).abs() < 0.05, "{consumer}: {}", caught_up(900));
        assert!(session.ledger().balances(), "{:?}", session.ledger());
    }
}

/// Nothing is pushed to a worker that is dead: its shard waits for the failover time, and is read on from the checkpoint.
#[test]
fn a_pushed_application_outlives_its_workers() {
    let kcl =
        json!({"kind": "kcl", "source": "SubscribeToShard", "workers": 1, "worker_per_s": 500, "checkpoint_s": 0});
    let session =
        application(50, 2, 120, &kcl, &json!([{"at_s": 30, "kind": "kill_workers", "workers": 1, "down_s": 5}]));
    let processed = session.timeline().column(Metric::Processed);
    assert_eq!(processed[31..39].iter().sum::<f64>(), 0.0, "{processed:?}");
    let ledger = session.ledger();
    assert!(ledger.balances() && ledger.waiting < 20 && ledger.processed > 5_900, "{ledger:?}");
}
