//! The parallelization factor: order is kept for each key, many keys gain by it, one hot key does not.

use crate::common::{repeatable, scenario, session};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use streamgauge::engine::record::Run;
use streamgauge::engine::{Engine, Fact, Invocation, Observer, Outcome};
use streamgauge::metrics::Metric;
use streamgauge::session::{Pump, Session};
use streamgauge::units::SimTime;

/// 300 records/s to one shard whose function takes 10 ms for each: three times what one invocation at a time can do.
fn busy(factor: u32, keys: &Value) -> Value {
    json!({
        "length_s": 300,
        "traffic": {"curve": [{"kind": "constant", "per_s": 300}], "arrivals": "even", "keys": keys},
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 1},
        "consumers": [{"batch_size": 10, "fixed_ms": 0, "per_record_ms": 10, "parallelization_factor": factor}],
    })
}

fn processed(document: &Value) -> f64 {
    session(document).timeline().total(Metric::Processed, usize::MAX)
}

#[test]
fn many_keys_gain_by_the_factor_and_one_key_does_not() {
    let many = json!({"kind": "uniform", "count": 1_000});
    let (one, ten) = (processed(&busy(1, &many)), processed(&busy(10, &many)));
    assert!((one - 30_000.0).abs() < 300.0, "{one}");
    assert!(ten > 89_000.0, "{ten}");
    let (alone, with_ten) =
        (processed(&busy(1, &json!({"kind": "one"}))), processed(&busy(10, &json!({"kind": "one"}))));
    assert!((alone - with_ten).abs() <= 20.0, "{alone} {with_ten}");
}

/// The records of a key in the order in which they are processed, by number.
#[derive(Default)]
struct Order {
    newest: BTreeMap<u32, u32>,
    processed: u64,
    together: usize,
    running: usize,
}

impl Order {
    fn meet(&mut self, batch: Run<'_>) {
        for record in batch.iter() {
            self.processed += 1;
            let newest = self.newest.entry(record.key).or_default();
            assert!(record.number >= *newest, "record {} of key {} comes late", record.number, record.key);
            *newest = record.number;
        }
    }
}

impl Observer for Order {
    fn observe(&mut self, _: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::InvocationStarted { .. } => self.running += 1,
            Fact::Processed { batch, .. } => {
                self.running -= 1;
                self.meet(batch);
            }
            Fact::InvocationFailed { done, .. } => {
                self.running -= 1;
                self.meet(done);
            }
            _ => {}
        }
        self.together = self.together.max(self.running);
    }
}

proptest! {
    #![proptest_config(repeatable(48))]

    /// Whatever fails, is split or is answered in part: records of one key are processed in their order, each once,
    /// no more than factor invocations of a shard run at a time, and the ledger balances at the end.
    #[test]
    fn order_per_key_is_kept(
        factor in 1..=10u32, batch in 1..=40u32, keys in 1..=60u32, bisect in any::<bool>(), items in any::<bool>(),
        poison in 0..=20u32, errors in 0..=30u32, retries in prop::option::of(0..=3u32), window in 0..=2u32,
        aged in any::<bool>(), seed in 0..1_000u32,
    ) {
        let document = json!({
            "seed": seed,
            "length_s": 120,
            "traffic": {"curve": [{"kind": "constant", "per_s": 60}], "keys": {"kind": "uniform", "count": keys}},
            "producer": {"call": "PutRecord"},
            "stream": {"shards": 1},
            "consumers": [{
                "batch_size": batch, "batching_window_s": window, "fixed_ms": 20, "per_record_ms": 4, "spread": 0.5,
                "parallelization_factor": factor, "bisect": if bisect { "on" } else { "off" },
                "responses": if items { "items" } else { "whole" }, "max_retries": retries,
                "max_record_age_s": if aged { Some(60) } else { None },
                "poison_rate": f64::from(poison) / 1_000.0, "error_rate": f64::from(errors) / 100.0,
            }],
        });
        let mut order = Order::default();
        let _ = Engine::new(&scenario(&document)).advance(SimTime::from_micros(u64::MAX), u32::MAX, &mut order);
        prop_assert!(order.together <= factor as usize, "{} at a time", order.together);
        let session = session(&document);
        let ledger = session.ledger();
        prop_assert!(ledger.balances(), "{:?}", ledger);
        prop_assert_eq!(ledger.processed, order.processed);
        // Waiting, by the ledger, is what the engine's shard still has and nobody is done with.
        let waiting = session.timeline().gauge(Metric::Waiting, session.timeline().frames());
        prop_assert_eq!(ledger.stored, ledger.processed + ledger.discarded + ledger.in_flight + waiting as u64);
    }

    /// A handler that names failed records gets the same run whatever the pace at which it is asked.
    #[test]
    fn pacing_does_not_matter(factor in 1..=4u32, bisect in any::<bool>(), budget in 1..500u32, seed in 0..100u32) {
        let document = json!({
            "seed": seed,
            "length_s": 60,
            "traffic": {"curve": [{"kind": "constant", "per_s": 50}], "keys": {"kind": "uniform", "count": 30}},
            "producer": {"call": "PutRecord"},
            "stream": {"shards": 2},
            "consumers": [{
                "handler": "host", "batch_size": 20, "fixed_ms": 30, "per_record_ms": 3, "responses": "items",
                "parallelization_factor": factor, "bisect": if bisect { "on" } else { "off" }, "max_retries": 2,
            }],
        });
        let answer = |invocation: &Invocation| {
            let bad = invocation.records.iter().position(|record| record.record.number % 41 == 7);
            bad.map_or(Outcome::Succeeded, |place| Outcome::FailedFrom(place as u32))
        };
        let mut whole = Session::new(scenario(&document));
        prop_assert_eq!(whole.run_with(&mut |invocation: &Invocation| answer(invocation)), Pump::Finished);
        let mut paced = Session::new(scenario(&document));
        loop {
            match paced.pump(SimTime::from_micros(u64::MAX), budget) {
                Pump::Finished => break,
                Pump::Waiting(_) => for invocation in paced.take_invocations() {
                    paced.accept(invocation.id, answer(&invocation)).expect("it was asked");
                },
                _ => {}
            }
        }
        prop_assert_eq!(whole.digest(), paced.digest());
        prop_assert!(whole.ledger().balances());
        let mut again = Session::replay(scenario(&document), &paced.trace());
        prop_assert_eq!(again.run_with(&mut |_: &Invocation| -> Outcome { panic!("the trace knows every answer") }), Pump::Finished);
        prop_assert_eq!(again.digest(), paced.digest());
    }
}
