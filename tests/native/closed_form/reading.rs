//! What readers that share a shard get, and what their answers say.

use crate::common::session;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use streamgauge::engine::{Engine, Fact, Observer};
use streamgauge::metrics::{Ledger, Metric};
use streamgauge::session::Session;
use streamgauge::units::SimTime;

/// Two shards at 100 records/s, read by a loop whose work takes no time.
fn polled(parts: &[(&str, Value)]) -> Session {
    let mut document = json!({
        "length_s": 300,
        "traffic": {"curve": [{"kind": "constant", "per_s": 100}], "keys": {"kind": "uniform", "count": 1_000}},
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 2},
        "consumers": [{"kind": "poller", "sleeps": "always", "idle_ms": 1_000, "fixed_ms": 0, "per_record_ms": 0}],
    });
    for (pointer, value) in parts {
        let (group, name) = pointer.rsplit_once('.').expect("a group and a field");
        let pointer =
            group.split('.').filter(|part| !part.is_empty()).map(|part| format!("/{part}")).collect::<String>();
        document.pointer_mut(&pointer).expect("a group of the document")[name] = value.clone();
    }
    session(&document)
}

fn total(session: &Session, metric: Metric) -> f64 {
    session.timeline().total(metric, usize::MAX)
}

/// AWS: about 200 ms with one consumer, about a second with five, since a shard answers five calls a second.
#[test]
fn one_poller_is_done_in_a_fifth_of_a_second_and_five_in_a_second() {
    let lone = polled(&[("consumers.0.idle_ms", json!(200))]);
    let latency = lone.recorder().put_latency(0);
    let millis = |permille| latency.quantile(permille).expect("records were processed").millis_f64();
    // The bucket holds exactly five calls a second, so none is refused; the histogram is right to 0.4 %.
    assert_eq!(total(&lone, Metric::ReadThrottled), 0.0);
    assert!(millis(1_000) <= 200.8, "{}", millis(1_000));
    assert!((millis(500) - 100.0).abs() < 3.0, "{}", millis(500));
    let shared = polled(&[("stream.other_pollers", json!({"count": 4, "idle_ms": 1_000}))]);
    let latency = shared.recorder().put_latency(0);
    let millis = |permille| latency.quantile(permille).expect("records were processed").millis_f64();
    assert_eq!(total(&shared, Metric::ReadThrottled), 0.0);
    assert!(millis(1_000) <= 1_105.0 && millis(990) >= 950.0, "{} {}", millis(1_000), millis(990));
    assert!((millis(500) - 525.0).abs() < 15.0, "{}", millis(500));
}

/// Refused calls by reader and shard.
#[derive(Debug, Default)]
struct Refused(BTreeMap<(u32, u32), u32>);

impl Observer for Refused {
    fn observe(&mut self, _: SimTime, fact: Fact<'_>) {
        if let Fact::ReadThrottled { reader, shard } = fact {
            *self.0.entry((reader, shard)).or_default() += 1;
        }
    }
}

/// Ten loops that ask once a second get five answers a second, and nobody is refused for ever.
#[test]
fn all_pollers_of_a_shard_share_five_calls_a_second() {
    let session =
        polled(&[(".length_s", json!(1_800)), ("stream.other_pollers", json!({"count": 9, "idle_ms": 1_000}))]);
    let (calls, refused) = (total(&session, Metric::GetRecordsCalls), total(&session, Metric::ReadThrottled));
    // Five a second on each of two shards, and the five with which each bucket begins.
    assert!((calls - 18_000.0).abs() <= 10.0, "{calls}");
    // Each asks once in a second and a twentieth on average.
    let asked = 2.0 * 1_800.0 / 1.05;
    assert!(((calls + refused) / (10.0 * asked) - 1.0).abs() < 0.01, "{calls} and {refused} of {asked}");
    let (mine, mine_refused) = (total(&session, Metric::ConsumerReads), total(&session, Metric::ConsumerReadsRefused));
    assert!(((mine + mine_refused) / asked - 1.0).abs() < 0.01, "{mine} and {mine_refused}");
    // 9.5 calls meet 5, and nobody is refused much more often than the others.
    let mut counted = Refused::default();
    let mut engine = Engine::new(session.scenario());
    let _ = engine.advance(engine.end(), u32::MAX, &mut counted);
    assert_eq!(counted.0.values().sum::<u32>(), refused as u32);
    for (reader, refused) in &counted.0 {
        let share = f64::from(*refused) / (asked / 2.0);
        assert!((0.3..0.65).contains(&share), "{reader:?}: {share} refused; {counted:?}");
    }
    let ledger = session.ledger();
    assert!(ledger.balances() && ledger.processed > 179_000, "{ledger:?}");
}

/// Each of five readers reads 0.5 MiB/s: 2.5 of the shard's 2.
#[test]
fn all_pollers_of_a_shard_share_two_mebibytes_a_second() {
    let run = |others: u32| {
        polled(&[
            ("stream.shards", json!(1)),
            ("traffic.curve", json!([{"kind": "constant", "per_s": 512}])),
            ("traffic.sizes", json!({"kind": "fixed", "bytes": 1_008})),
            ("stream.other_pollers", json!({"count": others, "idle_ms": 1_000})),
        ])
    };
    let (three, four) = (run(2), run(4));
    let read = |session: &Session| total(session, Metric::ReadBytes) / 300.0 / 1_048_576.0;
    assert!((read(&three) - 1.5).abs() < 0.02, "{} MiB/s", read(&three));
    assert!((1.9..=2.01).contains(&read(&four)), "{} MiB/s", read(&four));
    assert!(total(&four, Metric::ConsumerReadsRefused) > 50.0);
}

/// Another poller may fall behind and miss records: that is not the consumer's loss.
#[test]
fn a_slow_neighbour_does_not_unbalance_the_ledger() {
    let session = polled(&[
        (".length_s", json!(90_000)),
        ("traffic.curve", json!([{"kind": "constant", "per_s": 1}])),
        (".stream", json!({"shards": 1, "other_pollers": {"count": 2, "idle_ms": 60_000, "limit": 1}})),
        ("consumers.0.idle_ms", json!(60_000)),
    ]);
    for frames in 0..=session.timeline().frames() {
        assert!(Ledger::after(session.timeline(), frames).balances());
    }
    let ledger = session.ledger();
    assert_eq!(ledger.expired, 0);
    assert!(ledger.processed + 200 > ledger.stored, "{ledger:?}");
    // What the neighbours have not read is kept for them, for a day and not longer.
    let kept = session.engine().stream().kept();
    assert!((84_000..=86_500).contains(&kept), "{kept}");
}

/// A share of the answers is empty although records lie ahead: nothing is lost, and the answers say so.
#[test]
fn empty_answers_delay_and_lose_nothing() {
    let plain = polled(&[]);
    let holey = polled(&[("stream.empty_answers", json!(0.25))]);
    assert_eq!(total(&plain, Metric::EmptyAnswers), 0.0);
    assert_eq!(plain.timeline().column(Metric::MillisBehindLatest).iter().copied().fold(0.0, f64::max), 0.0);
    let (empty, reads) = (total(&holey, Metric::EmptyAnswers), total(&holey, Metric::ConsumerReads));
    // 600 answers: three standard deviations are 32.
    assert!((empty - 150.0).abs() < 32.0 && (reads - 600.0).abs() <= 2.0, "{empty} of {reads}");
    let worst = holey.timeline().column(Metric::MillisBehindLatest).iter().copied().fold(0.0, f64::max);
    assert!((900.0..6_000.0).contains(&worst), "{worst} ms");
    assert_eq!(holey.digest().traffic(), plain.digest().traffic());
    let (a, b) = (plain.ledger(), holey.ledger());
    assert!(a.balances() && b.balances() && b.processed + 500 > a.processed, "{a:?} {b:?}");
}

/// A reader of at most 40 records a second of 50 falls behind by a fifth of a second each second, and says so.
#[test]
fn millis_behind_latest_is_the_age_of_the_next_record() {
    let session = polled(&[
        ("stream.shards", json!(1)),
        ("traffic.curve", json!([{"kind": "constant", "per_s": 50}])),
        ("traffic.arrivals", json!("even")),
        ("consumers.0.limit", json!(40)),
    ]);
    let behind = session.timeline().column(Metric::MillisBehindLatest);
    // At second n the nth answer has brought record 40 × n − 1; the next came at 0.8 s × n.
    for (second, millis) in behind.iter().enumerate().skip(1) {
        let (read, at) = (40.0 * second as f64, second as f64);
        assert!((millis - (at - read / 50.0) * 1_000.0).abs() <= 21.0, "second {second}: {millis}");
    }
}

/// A poller whose work takes longer than five minutes finds its iterator too old each time, takes a new one and goes on;
/// exactly five minutes are not too long.
#[test]
fn an_iterator_lives_for_five_minutes() {
    let run = |fixed_ms: u32, kind: &str| {
        let mut consumer = json!({"kind": kind, "fixed_ms": fixed_ms, "per_record_ms": 0});
        if kind == "poller" {
            consumer["idle_ms"] = 1_000.into();
        }
        polled(&[
            (".length_s", json!(6_000)),
            ("traffic.curve", json!([{"kind": "constant", "per_s": 5}])),
            (".consumers", json!([consumer])),
        ])
    };
    let (good, late) = (run(300_000, "poller"), run(300_001, "poller"));
    assert_eq!(
        (total(&good, Metric::IteratorsExpired), total(&run(400_000, "lambda"), Metric::IteratorsExpired)),
        (0.0, 0.0)
    );
    // An expiry after each invocation that has ended, on each of two shards.
    let expired = total(&late, Metric::IteratorsExpired);
    assert!((36.0..=38.0).contains(&expired), "{expired}");
    assert_eq!(total(&late, Metric::ReadThrottled), 0.0);
    for session in [&good, &late] {
        let ledger = session.ledger();
        assert!(ledger.balances() && ledger.expired == 0 && ledger.processed > 26_500, "{ledger:?}");
    }
    let finding = late.findings().into_iter().find(|finding| finding.id == "iterators-expire").expect("they expire");
    assert!(finding.evidence.starts_with(&format!("{expired} GetRecords calls")), "{}", finding.evidence);
}

/// The service's message, with the times of the run.
#[test]
fn the_answer_to_an_old_iterator_is_the_services() {
    struct First(Option<String>);
    impl Observer for First {
        fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
            if let Fact::IteratorExpired { error, .. } = fact {
                self.0.get_or_insert(format!("{} {error}", at.micros()));
            }
        }
    }
    let session = polled(&[
        (".length_s", json!(1_200)),
        ("stream.shards", json!(1)),
        ("traffic.arrivals", json!("even")),
        ("consumers.0.fixed_ms", json!(400_000)),
    ]);
    let mut first = First(None);
    let mut engine = Engine::new(session.scenario());
    let _ = engine.advance(engine.end(), u32::MAX, &mut first);
    let expected = "401000000 ExpiredIteratorException: Iterator expired. The iterator was created at time 0:01 while right \
                    now it is 6:41 which is further in the future than the tolerated delay of 300000 milliseconds.";
    assert_eq!(first.0.as_deref(), Some(expected));
}
