//! Retention: what expires when, and whether what is predicted comes.

use crate::common::{scenario, session};
use serde_json::{Value, json};
use streamgauge::app::verdict::verdict;
use streamgauge::engine::{Engine, Fact, Observer};
use streamgauge::metrics::{Finding, Metric, Outlook, findings};
use streamgauge::scenario::presets;
use streamgauge::session::{Pump, Session};
use streamgauge::units::SimTime;

const DAY: f64 = 86_400.0;

/// One shard at 2 records/s, and a function that takes so many ms for each.
fn slow(length_s: u32, per_record_ms: u32, operations: &Value) -> Value {
    json!({
        "length_s": length_s,
        "traffic": {"curve": [{"kind": "constant", "per_s": 2}], "arrivals": "even", "keys": {"kind": "one"}},
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 1},
        "consumers": [{"batch_size": 10, "fixed_ms": 0, "per_record_ms": per_record_ms}],
        "operations": operations,
    })
}

fn outlook(session: &Session, at_s: f64) -> Outlook {
    let width = session.timeline().width().seconds_f64();
    Outlook::after(session.scenario(), session.timeline(), (at_s / width) as usize)
}

fn found(session: &Session, at_s: f64, id: &str) -> Option<Finding> {
    let width = session.timeline().width().seconds_f64();
    let all = findings(session.scenario(), session.timeline(), (at_s / width) as usize);
    all.into_iter().find(|finding| finding.id == id)
}

/// Expired records with their instants in seconds, in the order in which they are told.
#[derive(Default)]
struct Expiries(Vec<(f64, u64)>);

impl Observer for Expiries {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        if let Fact::Expired { records, .. } = fact {
            self.0.push((at.seconds_f64(), records));
        }
    }
}

fn expiries(parts: &Value) -> Vec<(f64, u64)> {
    let mut engine = Engine::new(&scenario(parts));
    let mut expiries = Expiries::default();
    let _ = engine.advance(engine.end(), u32::MAX, &mut expiries);
    expiries.0
}

/// Nothing is processed. After 40 h the retention of 48 h is lowered to 24: what is older goes at that instant, told
/// once.
#[test]
fn lowering_the_retention_takes_what_is_older_at_once() {
    let mut parts = slow(180_000, 1, &json!([{"at_s": 144_000, "kind": "update_retention", "retention_h": 24}]));
    parts["stream"]["retention_h"] = 48.into();
    parts["consumers"][0]["error_rate"] = 1.into();
    let expired = expiries(&parts);
    let (first, rest) = expired.split_first().expect("records expire");
    assert_eq!(first.0, 144_000.0);
    // 16 hours of two records a second, less the batch in an invocation's hands.
    assert!(first.1.abs_diff(2 * 57_600) <= 11, "{first:?}");
    assert!(rest.iter().map(|(at, _)| *at).is_sorted());
    assert!(rest.iter().all(|(at, records)| *at > 144_000.0 && *records <= 11), "{:?}", &rest[..3]);
    let session = session(&parts);
    let evidence = found(&session, 180_000.0, "expired").expect("records expired").evidence.replace('\u{a0}', " ");
    assert!(evidence.contains("before the event source mapping had worked them off"), "{evidence}");
    assert!(evidence.contains("went when the retention was lowered to 24 h at 40:00:00"), "{evidence}");
}

/// After 30 h with 24, six hours' worth is gone; raising saves what is left, and only that.
#[test]
fn raising_the_retention_saves_what_has_not_expired() {
    let mut parts = slow(216_000, 1, &json!([{"at_s": 108_000, "kind": "update_retention", "retention_h": 72}]));
    parts["consumers"][0]["error_rate"] = 1.into();
    let expired = expiries(&parts);
    // Raising takes a minute.
    assert!(expired.iter().all(|(at, _)| (DAY - 1.0..=108_060.0).contains(at)), "{:?}", expired.last());
    let total: u64 = expired.iter().map(|(_, records)| records).sum();
    assert!(total.abs_diff(2 * 21_660) <= 11, "{total}");
    let ledger = session(&parts).ledger();
    assert_eq!((ledger.expired, ledger.balances()), (total, true));
}

/// A consumer that stands still: the time to loss is what is left of the retention.
#[test]
fn a_consumer_that_stands_still_has_what_is_left_of_the_retention() {
    let mut parts = slow(100_000, 1, &json!([]));
    parts["consumers"][0]["error_rate"] = 1.into();
    let session = session(&parts);
    for at in [600.0, 30_000.0, 80_000.0] {
        let outlook = outlook(&session, at);
        let time = outlook.time_to_loss.expect("the backlog grows older");
        assert!((time - (DAY - at)).abs() <= 16.0 && (outlook.growth - 1.0).abs() < 0.01, "{at}: {outlook:?}");
        // The run is 27 h 46 min long, so it is near from the beginning.
        assert!(outlook.loss_is_near);
    }
    let width = session.timeline().width().seconds_f64();
    let first = session.timeline().column(Metric::Expired).iter().position(|records| *records > 0.0);
    assert!((first.expect("records expire") as f64 * width - DAY).abs() <= width);
    assert_eq!(outlook(&session, 90_000.0).time_to_loss, Some(0.0));
    let text = found(&session, 30_000.0, "will-lose").expect("it will lose");
    assert!(text.evidence.replace('\u{a0}', " ").contains("the retention is 24 h"), "{}", text.evidence);
    let edits = text.remedy_try.expect("the retention can be raised").edits;
    assert_eq!(edits, [("stream.retention_h".to_owned(), json!(48))]);
    let frames = (80_000.0 / width) as usize;
    let sub = verdict(session.scenario(), session.timeline(), frames).sub_text().replace('\u{a0}', " ");
    assert!(sub.contains("The first record expires in 1 h 46 min."), "{sub}");
    // With it nothing is lost in the run.
    parts["stream"]["retention_h"] = 48.into();
    assert_eq!(crate::common::session(&parts).ledger().expired, 0);
    assert_eq!(found(&session, 90_000.0, "will-lose"), None);
}

/// Half of what comes is processed: the age grows by half a second each second, and reaches 24 h after 48.
#[test]
fn the_predicted_loss_comes_when_it_was_predicted() {
    let session = session(&slow(180_000, 1_000, &json!([])));
    let width = session.timeline().width().seconds_f64();
    let first = session.timeline().column(Metric::Expired).iter().position(|records| *records > 0.0);
    let first = first.expect("records expire") as f64 * width;
    assert!((first - 2.0 * DAY).abs() < 120.0, "{first}");
    for at in [20_000.0, 60_000.0, 100_000.0, 150_000.0] {
        let outlook = outlook(&session, at);
        let time = outlook.time_to_loss.expect("the backlog grows older");
        assert!(((at + time) / first - 1.0).abs() < 0.02, "{at}: {time}, and it came at {first}");
        assert!((outlook.growth - 0.5).abs() < 0.02, "{outlook:?}");
    }
    // A short run with the same function is far from it.
    let short = crate::common::session(&slow(3_000, 1_000, &json!([])));
    assert!(!short.outlook(0).loss_is_near);
    assert_eq!(found(&short, 3_000.0, "will-lose"), None);
}

/// Ten minutes of outage at 80 % utilisation: the backlog is gone in backlog ÷ spare capacity, forty minutes.
#[test]
fn the_predicted_catch_up_comes_when_it_was_predicted() {
    // An invocation that hangs for ten minutes.
    let session = session(&json!({
        "length_s": 4_500,
        "traffic": {"curve": [{"kind": "constant", "per_s": 400}], "keys": {"kind": "one"}},
        "producer": {"call": "PutRecords", "batch": 40, "linger_ms": 100},
        "stream": {"shards": 1},
        "consumers": [{"batch_size": 100, "fixed_ms": 0, "per_record_ms": 2}],
        "operations": [
            {"at_s": 300, "kind": "deploy_function", "fixed_ms": 600_000},
            {"at_s": 310, "kind": "deploy_function", "fixed_ms": 0},
        ],
    }));
    let (timeline, late) = (session.timeline(), 3_000.0);
    let ages = timeline.column(Metric::IteratorAgeMs);
    let caught_up = ages.iter().rposition(|age| *age > late).expect("it was late") as f64 + 1.0;
    // 600 s × 400/s ÷ (500 − 400)/s after the outage.
    assert!((caught_up / (900.0 + 2_400.0) - 1.0).abs() < 0.05, "{caught_up}");
    for at in [1_000.0, 1_500.0, 2_400.0] {
        let outlook = outlook(&session, at);
        let time = outlook.caught_up_in.expect("it catches up");
        let (predicted, took) = (time, caught_up - at);
        assert!((predicted / took - 1.0).abs() < 0.05, "at {at}: {predicted} predicted, {took} taken");
        assert!(found(&session, at, "catching-up").is_some());
        assert_eq!(outlook.time_to_loss, None);
    }
    // A preset that ends with a backlog: its age still grows, and the backlog is gone long before it expires.
    let mut slow = Session::new(presets::by_id("slow-consumer").expect("the preset exists").scenario());
    assert_eq!(slow.run(), Pump::Finished);
    assert_eq!(slow.outlook(0).time_to_loss, None);
    assert!(slow.outlook(0).caught_up_in.is_some());
    // While it hangs nothing is caught up, and afterwards there is nothing to say.
    assert_eq!(outlook(&session, 600.0).caught_up_in, None);
    assert_eq!(session.outlook(0).caught_up_in, None);
    assert_eq!(session.summary()["time_to_loss_s"], Value::Null);
}
