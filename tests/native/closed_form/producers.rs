//! What the KPL, the SDK's modes, several hosts and lost answers do to simple traffic, against plain arithmetic.

use crate::common::{scenario, session};
use serde_json::{Value, json};
use streamgauge::engine::{Engine, Fact, LossCause, Observer, Step};
use streamgauge::metrics::Metric;
use streamgauge::scenario::{HashKeys, Keys};
use streamgauge::session::Session;
use streamgauge::units::SimTime;

fn run(traffic: &Value, producer: &Value, rest: &Value) -> Session {
    let mut parts = json!({"length_s": 60, "traffic": traffic, "producer": producer});
    parts.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
    let session = session(&parts);
    assert!(session.ledger().balances(), "{:?}", session.ledger());
    session
}

fn sum(session: &Session, metric: Metric) -> f64 {
    session.timeline().total(metric, session.timeline().frames())
}

fn even(per_s: u32, bytes: u32) -> Value {
    json!({
        "curve": [{"kind": "constant", "per_s": per_s}], "arrivals": "even",
        "keys": {"kind": "uniform", "count": 1_000}, "sizes": {"kind": "fixed", "bytes": bytes},
    })
}

#[test]
fn a_thousand_small_records_a_second_become_about_ten_large_ones() {
    // The guide's example: 1,000 records/s of 512 bytes pack into about ten Kinesis records/s of 50 KB.
    let kpl = run(&even(1_000, 512), &json!({"call": "KPL"}), &json!({"stream": {"shards": 1}}));
    let per_s = sum(&kpl, Metric::IncomingRecords) / 60.0;
    assert!((10.0..12.0).contains(&per_s), "{per_s} Kinesis records/s");
    assert_eq!(sum(&kpl, Metric::Throttled), 0.0);
    // 51,200 bytes take three payload units of 25 KB with their key; alone, each record takes one.
    let units = sum(&kpl, Metric::PutUnits) / sum(&kpl, Metric::IncomingRecords);
    assert!((1.9..=3.0).contains(&units), "{units} units each");
    // Per user record: data, about seven bytes of tags, and a part of its key's place in the table.
    let bytes = sum(&kpl, Metric::StoredBytes) / sum(&kpl, Metric::Stored);
    assert!((519.0..540.0).contains(&bytes), "{bytes} bytes each");
    // 100 ms of buffering at most, then 50 ms until the call goes.
    let stored = kpl.recorder().offer_latency(0).mean().expect("some").millis_f64()
        - kpl.recorder().put_latency(0).mean().expect("some").millis_f64();
    assert!((50.0..151.0).contains(&stored), "{stored} ms from offer to store");
}

#[test]
fn aggregation_lifts_the_limit_on_records_and_leaves_the_one_on_bytes() {
    let alone = run(&even(3_000, 100), &json!({"call": "PutRecords"}), &json!({"stream": {"shards": 1}}));
    assert!((sum(&alone, Metric::Stored) / 60.0 - 1_000.0).abs() < 20.0);
    let kpl = run(&even(3_000, 100), &json!({"call": "KPL"}), &json!({"stream": {"shards": 1}}));
    assert_eq!(sum(&kpl, Metric::Throttled), 0.0);
    assert!((sum(&kpl, Metric::Stored) / 60.0 - 3_000.0).abs() < 15.0);
    // 3,000 records of 1,000 bytes are too many bytes however they are packed.
    let heavy = run(&even(3_000, 1_000), &json!({"call": "KPL"}), &json!({"stream": {"shards": 1}}));
    let bytes = sum(&heavy, Metric::StoredBytes) / 60.0;
    assert!((bytes / 1_048_576.0 - 1.0).abs() < 0.03, "{bytes} bytes/s");
}

#[test]
fn a_limiter_at_the_shards_own_rate_meets_no_throttling_and_one_above_it_does() {
    let at = |percent: u32| {
        let producer = json!({"call": "KPL", "aggregation": "off", "rate_percent": percent});
        run(&even(2_000, 100), &producer, &json!({"stream": {"shards": 1}}))
    };
    let (own, above) = (at(95), at(150));
    // Only of the first burst something comes back: a call is collected while the limiter lets more pass, and the shard's
    // bucket holds no more than a second's worth meanwhile.
    assert!(sum(&own, Metric::Throttled) < 1_000.0 * 0.15, "{}", sum(&own, Metric::Throttled));
    assert!((sum(&own, Metric::Stored) / 60.0 - 950.0).abs() < 30.0);
    // Half as much again as the shard takes is sent, so a third of it comes back.
    let share = sum(&above, Metric::Throttled) / (sum(&above, Metric::Throttled) + sum(&above, Metric::Stored));
    assert!((share - 1.0 / 3.0).abs() < 0.04, "{share}");
}

#[test]
fn records_of_the_kpl_live_as_long_as_their_time_to_live() {
    // Twice what the shard takes for two minutes: the line grows until its first is 30 s old, and from then on half of
    // what came 30 s before is given up.
    let kpl = json!({"call": "KPL", "aggregation": "off", "rate_percent": 100});
    let session = run(&even(2_000, 100), &kpl, &json!({"stream": {"shards": 1}, "length_s": 120}));
    let held = session.ledger().at_producer as f64;
    assert!((held / (2_000.0 * 30.0) - 1.0).abs() < 0.02, "{held} held");
    let lost = sum(&session, Metric::LostTooOld);
    assert!((lost / (2_000.0 * 120.0 - 1_000.0 * 121.0 - held) - 1.0).abs() < 0.02, "{lost} lost");
}

/// The attempts after which records were given up.
#[derive(Default)]
struct GivenUp(Vec<u16>);

impl Observer for GivenUp {
    fn observe(&mut self, _: SimTime, fact: Fact<'_>) {
        if let Fact::Lost { record, cause: LossCause::Exhausted } = fact {
            self.0.push(record.attempt);
        }
    }
}

#[test]
fn attempts_of_the_sdk_are_those_of_its_mode() {
    for (mode, attempts) in [("standard", 3), ("standard_2026", 3), ("python_standard", 3), ("legacy", 5)] {
        let scenario = scenario(&json!({
            "length_s": 60, "traffic": even(4_000, 100), "stream": {"shards": 1},
            "producer": {"call": "PutRecord", "retry": {"kind": "sdk", "mode": mode}},
        }));
        let (mut engine, mut given_up) = (Engine::new(&scenario), GivenUp::default());
        assert_eq!(engine.advance(engine.end(), u32::MAX, &mut given_up), Step::Reached);
        let GivenUp(given_up) = given_up;
        assert_eq!(given_up.iter().max(), Some(&attempts), "{mode}");
        // Without a budget nobody gives up before the last attempt; with one, most do.
        let early = given_up.iter().filter(|attempt| **attempt < attempts).count();
        assert_eq!(early == 0, mode == "legacy", "{mode}: {early} of {}", given_up.len());
    }
}

#[test]
fn the_adaptive_mode_settles_below_what_the_shard_takes_and_wastes_few_calls() {
    let at = |mode: &str| {
        let producer = json!({"call": "PutRecord", "retry": {"kind": "sdk", "mode": mode}});
        run(&even(2_000, 100), &producer, &json!({"stream": {"shards": 1}}))
    };
    let (standard, adaptive) = (at("standard"), at("adaptive"));
    let wasted = |session: &Session| sum(session, Metric::Throttled) / sum(session, Metric::PutCalls);
    assert!(wasted(&standard) > 0.5, "{}", wasted(&standard));
    assert!(wasted(&adaptive) < 0.05, "{}", wasted(&adaptive));
    let rate = sum(&adaptive, Metric::Stored) / 60.0;
    assert!((650.0..=1_020.0).contains(&rate), "{rate} records/s");
}

#[test]
fn an_answer_that_does_not_come_stores_twice() {
    let producer = json!({
        "call": "PutRecords", "batch": 10, "timeout_rate": 0.1, "timeout_ms": 500,
        "retry": {"kind": "again", "max_attempts": 20, "base_ms": 10},
    });
    let session = run(&even(500, 100), &producer, &json!({"stream": {"shards": 2}}));
    let (calls, unanswered) = (sum(&session, Metric::PutCalls), sum(&session, Metric::Unanswered));
    assert!((unanswered / calls - 0.1).abs() < 0.015, "{unanswered} of {calls}");
    // Nothing is throttled, so every unanswered call stores its records; all but the last few are stored again.
    let duplicates = sum(&session, Metric::Duplicates);
    assert_eq!(sum(&session, Metric::Throttled), 0.0);
    assert!(duplicates <= unanswered * 10.0 && duplicates > unanswered * 10.0 - 100.0, "{duplicates}");
    assert_eq!(session.ledger().lost(), 0);
}

#[test]
fn order_is_kept_by_key_only_where_it_is_asked_for() {
    let at = |order: &str| {
        let producer = json!({
            "call": "PutRecord", "order": order, "retry": {"kind": "again", "max_attempts": 50, "base_ms": 50},
        });
        let spike = json!({"curve": [{"kind": "spike", "base_per_s": 300, "factor": 6, "start_s": 5, "hold_s": 10}],
            "keys": {"kind": "zipf", "count": 100}});
        run(&spike, &producer, &json!({"stream": {"shards": 1}}))
    };
    let (free, kept) = (at("none"), at("by_key"));
    assert!(sum(&free, Metric::Overtaken) > 1_000.0);
    assert_eq!(sum(&kept, Metric::Overtaken), 0.0);
    assert_eq!(kept.ledger().lost(), 0);
    let ids = |session: &Session| session.findings().iter().map(|finding| finding.id).collect::<Vec<_>>();
    assert!(ids(&free).contains(&"overtaken") && !ids(&kept).contains(&"overtaken"));
}

#[test]
fn a_host_dies_with_what_it_gathers_and_the_others_take_its_share() {
    // Four hosts gather 100 records/s each for a second: at 30.5 s each holds fifty.
    let producer = json!({"hosts": 4, "call": "PutRecords", "linger_ms": 1_000, "batch": 500});
    let kill = json!({
        "stream": {"shards": 2},
        "operations": [{"at_s": 30.5, "kind": "kill_hosts", "hosts": 1, "down_s": 10}],
    });
    let session = run(&even(400, 100), &producer, &kill);
    let lost = sum(&session, Metric::LostHostDied);
    assert!((45.0..=55.0).contains(&lost), "{lost}");
    assert_eq!(session.ledger().lost(), lost as u64);
    // With nobody up, every record that comes is lost.
    let all = json!({
        "stream": {"shards": 2},
        "operations": [{"at_s": 30, "kind": "kill_hosts", "hosts": 4, "down_s": 5}],
    });
    let lost = sum(&run(&even(400, 100), &producer, &all), Metric::LostHostDied);
    assert!((2_000.0..=2_400.0).contains(&lost), "{lost}");
}

#[test]
fn explicit_hash_keys_override_the_partition_key() {
    let keys = Keys::Uniform { count: 16 };
    let of = |keys: &Value| scenario(&json!({"traffic": {"curve": [{"kind": "constant"}], "keys": keys}}));
    let even = of(&json!({"kind": "uniform", "count": 16, "explicit_hash_key": "even"})).traffic;
    assert_eq!((even.keys, even.hash_keys), (keys, HashKeys::Even));
    let tops: Vec<u128> = (0..16).map(|key| even.hash_key(key).get() >> 124).collect();
    assert_eq!(tops, (0..16).collect::<Vec<u128>>());
    // The highest hash key belongs to the last of any number of shards.
    let top = "340282366920938463463374607431768211455";
    let producer = json!({"call": "PutRecords"});
    let traffic = json!({"curve": [{"kind": "constant", "per_s": 100}],
        "keys": {"kind": "uniform", "count": 50, "explicit_hash_key": top}});
    let session = run(&traffic, &producer, &json!({"stream": {"shards": 7}}));
    let stored = |shard| session.timeline().shard_total(streamgauge::metrics::ShardMetric::Stored, shard, 60);
    assert_eq!((0..6).map(stored).sum::<f64>(), 0.0);
    assert!(stored(6) > 5_000.0);
}
