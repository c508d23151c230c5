//! What is known of a run before it and in its middle: no bill is below its floor, and no run is stopped that matters.

use crate::scenario::any;
use crate::{common, common::repeatable};
use proptest::prelude::*;
use serde_json::{Value, json};
use streamgauge::cost::Floor;
use streamgauge::engine::arrivals::ArrivalTimes;
use streamgauge::engine::{Invocation, Outcome};
use streamgauge::metrics::Ledger;
use streamgauge::scenario::{Scenario, presets};
use streamgauge::session::{Pump, Session};
use streamgauge::sizing::{Attempt, End, Stop, Trial};
use streamgauge::units::Span;

fn attempt(scenario: &Scenario, stop: Stop) -> Trial {
    let mut attempt = Attempt::new(scenario.clone(), stop, ArrivalTimes::count(scenario));
    loop {
        if let Some(end) = attempt.pump(50_000, &mut |_: &Invocation| Outcome::Succeeded) {
            return attempt.trial(0, end);
        }
    }
}

fn case(parts: &Value) -> Scenario {
    let mut document = json!({
        "length_s": 300,
        "traffic": {"curve": [{"kind": "spike", "base_per_s": 20, "factor": 30, "start_s": 60, "rise_s": 5, "hold_s": 60, "fall_s": 5}]},
        "stream": {"shards": 4},
    });
    for (name, value) in parts.as_object().expect("parts of a document") {
        document[name] = value.clone();
    }
    common::scenario(&document)
}

#[test]
fn arrivals_are_counted_as_they_are_offered() {
    for curve in [
        json!({"kind": "constant", "per_s": 123.4}),
        json!({"kind": "bursts", "every_s": 7, "records": 300, "within_ms": 2000}),
        json!({"kind": "series", "rows": [[0, 10, 77, 9000], [20, 60, 1300]]}),
    ] {
        for arrivals in ["poisson", "even"] {
            let scenario = case(&json!({"traffic": {"curve": [curve], "arrivals": arrivals}}));
            let mut session = Session::new(scenario.clone());
            assert_eq!(session.run(), Pump::Finished);
            assert_eq!(ArrivalTimes::count(&scenario), session.ledger().offered, "{curve} {arrivals}");
        }
    }
}

#[test]
fn shards_and_commitments_are_known_to_the_cent() {
    // One line each: the floor leaves a cent to the rounding of a line, and nothing else.
    for (stream, month) in [(json!({"shards": 4}), 4.0 * 720.0 * 0.015), (json!({"mode": "on_demand"}), 720.0 * 0.04)] {
        let scenario = case(&json!({"stream": stream, "consumers": [{"kind": "poller"}]}));
        let cents = Floor::new(&scenario, 0).cents(&scenario);
        assert_eq!(cents, (month * 100.0_f64).round() as u64 - 1, "{stream}");
    }
}

#[test]
fn no_bill_is_below_its_floor() {
    let consumers = |more: Value| {
        let mut consumer = json!({"batch_size": 40, "fixed_ms": 25, "per_record_ms": 3, "spread": 0.4, "init_ms": 300});
        for (name, value) in more.as_object().expect("fields of a consumer") {
            consumer[name] = value.clone();
        }
        json!([consumer])
    };
    let steady = json!({"curve": [{"kind": "constant", "per_s": 400}], "sizes": {"kind": "fixed", "bytes": 1000}});
    let mut near = 0;
    for parts in [
        json!({}),
        json!({"traffic": steady.clone(), "consumers": consumers(json!({}))}),
        json!({"traffic": steady.clone(), "stream": {"mode": "on_demand"}}),
        json!({"traffic": steady.clone(), "stream": {"mode": "on_demand_advantage", "warm_mib": 20}}),
        json!({"traffic": steady.clone(), "stream": {"shards": 3, "retention_h": 200}}),
        json!({"traffic": steady.clone(), "producer": {"call": "KPL"}, "consumers": consumers(json!({}))}),
        json!({"consumers": consumers(json!({"cpu_share": 0.7, "memory_mb": 300, "architecture": "arm64"}))}),
        json!({"consumers": consumers(json!({"duration_law": "exponential", "source": "SubscribeToShard"}))}),
        json!({"prices": {"region": "ap-northeast-1", "shard_hour": 0.05}}),
        json!({"traffic": steady, "length_s": 100, "operations": [{"at_s": 30, "kind": "update_shard_count", "target_shards": 2}]}),
    ] {
        let scenario = case(&parts);
        let trial = attempt(&scenario, Stop::default());
        let offered = ArrivalTimes::count(&scenario);
        let floor = Floor::new(&scenario, offered - offered / 10).cents(&scenario);
        assert!(trial.end == End::Complete && trial.lag.is_some(), "{parts}: {trial:?}");
        assert!(floor <= trial.month_cents, "{parts}: {floor} of {}", trial.month_cents);
        near += u32::from(floor * 10 >= trial.month_cents * 6);
    }
    // A floor of zero would be sound, too: most of them are of use.
    assert!(near >= 6, "{near}");
}

#[test]
fn what_is_not_done_counts_as_late() {
    let scenario = presets::draft("poison-record").expect("a preset");
    let with = |key: Value| {
        let mut draft = scenario.clone();
        draft.set("length_s", 200.into());
        draft.set("consumers.0.poison_key", key);
        attempt(&draft.check().expect("sound"), Stop::default())
    };
    let (poisoned, clean) = (with(json!(4711)), with(Value::Null));
    assert!(poisoned.lag.is_none() && poisoned.lost == 0 && poisoned.open > 1_000, "{poisoned:?}");
    assert!(clean.lag.is_some_and(|lag| lag < Span::from_secs(5)) && clean.open < 400, "{clean:?}");
    // A backlog of a tenth or less counts with its age.
    let late = case(&json!({
        "length_s": 400, "traffic": {"curve": [{"kind": "constant", "per_s": 200}]}, "stream": {"shards": 1},
        "consumers": [{"batch_size": 100, "fixed_ms": 20, "per_record_ms": 2}],
        "operations": [{"at_s": 370, "kind": "freeze_consumer", "for_s": 600}],
    }));
    let frozen = attempt(&late, Stop::default());
    let lag = frozen.lag.expect("nine tenths are done").seconds_f64();
    assert!((29.0..32.0).contains(&lag) && frozen.open > 5_000, "{frozen:?}");
}

proptest! {
    #![proptest_config(repeatable(24))]

    #[test]
    fn a_run_is_stopped_only_where_its_end_would_say_the_same(scenario in any::scenario(), lag_ms in 1..200_000u64) {
        let lag = Span::from_millis(lag_ms);
        let whole = attempt(&scenario, Stop::default());
        let stopped = attempt(&scenario, Stop { lost: Some(0), lag: Some(lag), watches_puts: false });
        prop_assume!(whole.end == End::Complete);
        match stopped.end {
            End::Lost => prop_assert!(whole.lost >= stopped.lost && stopped.lost > 0),
            End::Late => prop_assert!(whole.lag.is_none_or(|of| of > lag), "{:?} {:?}", whole, stopped),
            _ => prop_assert_eq!(stopped, whole),
        }
    }

    #[test]
    fn the_lag_of_a_run_is_that_of_its_records(scenario in any::scenario()) {
        let mut scenario = scenario;
        scenario.then.clear();
        scenario.consumers.truncate(1);
        let trial = attempt(&scenario, Stop::default());
        prop_assume!(trial.end == End::Complete);
        let mut session = Session::new(scenario);
        let _ = session.run();
        let ledger: Ledger = session.ledger();
        let done = session.recorder().offer_latency(0);
        let missed = ledger.offered + ledger.duplicates - ledger.processed - ledger.skipped - ledger.filtered;
        let all = done.count() + missed;
        // The bins of all that was done, walked by hand.
        let behind = ledger.waiting + ledger.in_flight;
        let undone = behind + ledger.at_producer + ledger.lost() + ledger.expired + ledger.discarded;
        prop_assert_eq!(undone, missed);
        prop_assert!(undone * 10 <= all || trial.lag.is_none());
        // What waits at the end can only make it longer.
        let mut left = (all - all / 100).saturating_sub(behind);
        let bin = done.bins().find(|(_, count)| {
            let here = left <= u64::from(*count);
            left = left.saturating_sub((*count).into());
            here
        });
        match (trial.lag, bin) {
            (Some(lag), Some((edge, _))) => {
                prop_assert!(lag.micros() >= edge && (behind > 0 || lag.micros() <= edge + edge / 64));
            }
            (Some(lag), None) => prop_assert!(all == 0 && lag == Span::ZERO),
            (None, _) => prop_assert!(undone * 10 > all || bin.is_none() || undone > behind + all / 100),
        }
        prop_assert_eq!(trial.lost, ledger.lost() + ledger.expired + ledger.discarded);
    }
}
