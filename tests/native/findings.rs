//! Findings about uneven load, rounding and money: each where it belongs, and silent where it does not.

use crate::common::session;
use serde_json::{Value, json};
use streamgauge::metrics::Finding;
use streamgauge::session::Session;

/// A run of ten minutes, one record a Poisson arrival, with some parts of its own.
fn run(traffic: Value, producer: Value, stream: Value) -> Session {
    session(&json!({
        "length_s": 600,
        "traffic": traffic,
        "producer": producer,
        "stream": stream,
        "consumers": [{"batch_size": 1_000, "fixed_ms": 10, "per_record_ms": 0.1}],
    }))
}

fn find(session: &Session, id: &str) -> Option<Finding> {
    session.findings().into_iter().find(|finding| finding.id == id)
}

fn found(session: &Session, id: &str) -> Finding {
    find(session, id).unwrap_or_else(|| panic!("{id} in {:?}", session.findings()))
}

fn plain(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

fn traffic(per_s: u64, keys: Value, bytes: u64) -> Value {
    json!({"curve": [{"kind": "constant", "per_s": per_s}], "keys": keys, "sizes": {"kind": "fixed", "bytes": bytes}})
}

/// 1,800 of 3,000 records/s have one key; a split frees the others in its shard and no more.
#[test]
fn a_hot_key_is_told_from_its_neighbours() {
    let keys = json!({"kind": "hot", "count": 10_000, "share": 0.6});
    let run = run(traffic(3_000, keys, 200), json!({}), json!({"shards": 4}));
    let finding = found(&run, "hot-key");
    let evidence = plain(&finding.evidence);
    assert!(evidence.starts_with("60 % of the records carry one partition key"), "{evidence}");
    assert!(evidence.contains("1,000 of 1,800 records/s"), "{evidence}");
    // About a quarter of the other 40 %.
    assert!(evidence.contains("has 10 % with it; a split frees these 305 records/s"), "{evidence}");
    assert!(finding.remedy.contains("more shards do not help"), "{}", finding.remedy);
    assert!(find(&run, "hot-shard").is_none());
}

/// The busiest key fits into a shard, its shard's keys together do not: a split helps.
#[test]
fn a_hot_shard_says_what_a_split_does() {
    let keys = json!({"kind": "hot", "count": 10_000, "share": 0.4});
    let run = run(traffic(2_000, keys, 200), json!({}), json!({"shards": 4}));
    assert!(find(&run, "hot-key").is_none());
    let finding = found(&run, "hot-shard");
    let (evidence, remedy) = (plain(&finding.evidence), plain(&finding.remedy));
    // 800 and a quarter of 1,200 records/s.
    assert!(
        evidence.contains("It gets 55 % of the records") && evidence.contains("72 % of them are one key"),
        "{evidence}"
    );
    assert!(remedy.contains("leaves 950 records/s in the fuller half, which takes 1,000"), "{remedy}");
    let remedy_try = finding.remedy_try.expect("a split can be tried");
    assert!(remedy_try.label.starts_with("Try splitting shard"), "{}", remedy_try.label);
    assert_eq!(remedy_try.edits[0].1[0]["kind"], "split_shard");
}

/// Few keys of equal weight, too many for two shards: a split is not enough, and the finding says so.
#[test]
fn a_split_that_is_not_enough_is_not_advised() {
    let keys = json!({"kind": "zipf", "count": 3, "exponent": 0.1});
    let run = run(traffic(2_900, keys, 200), json!({}), json!({"shards": 6}));
    let told = find(&run, "hot-shard").map(|finding| plain(&finding.remedy));
    if let Some(remedy) = told {
        assert!(remedy.contains("above the 1,000"), "{remedy}");
    }
}

/// Which of the two write limits binds stands in the evidence.
#[test]
fn the_limit_that_binds_is_named() {
    let keys = json!({"kind": "uniform", "count": 100_000});
    let small = run(traffic(5_000, keys.clone(), 100), json!({}), json!({"shards": 2}));
    let evidence = plain(&found(&small, "too-few-shards").evidence);
    assert!(evidence.contains("records bind; bytes reach only 11 % of 1 MiB/s"), "{evidence}");
    let large = run(traffic(500, keys, 10_000), json!({}), json!({"shards": 2}));
    let evidence = plain(&found(&large, "too-few-shards").evidence);
    assert!(evidence.contains("500 records/s meet 2 × 104; bytes bind"), "{evidence}");
}

/// 600 records on the minute and none between: the minute's average uses a sixth of the room.
#[test]
fn bursts_that_the_minute_hides_are_found() {
    let curve = json!([{"kind": "bursts", "every_s": 60, "records": 10_000, "within_ms": 1_000}]);
    let traffic = json!({"curve": curve, "keys": {"kind": "uniform", "count": 100_000}, "sizes": {"kind": "fixed", "bytes": 100}});
    let run = run(traffic, json!({}), json!({"shards": 2}));
    let evidence = plain(&found(&run, "micro-bursts").evidence);
    assert!(evidence.contains("the offered records are 8 % of the room"), "{evidence}");
}

/// 1,116 bytes are charged as 2,048: a shard takes 512 of them a second instead of 939.
#[test]
fn rounding_of_put_record_takes_room() {
    let keys = json!({"kind": "uniform", "count": 100_000});
    let alone = run(traffic(1_500, keys.clone(), 1_100), json!({"call": "PutRecord"}), json!({"shards": 2}));
    let evidence = plain(&found(&alone, "rounding-loss").evidence);
    assert!(evidence.contains("46 % of the bytes that a shard is charged"), "{evidence}");
    assert!(evidence.contains("512 records/s of 1,116 bytes instead of 939"), "{evidence}");
    let evidence = plain(&found(&alone, "too-few-shards").evidence);
    assert!(evidence.contains("meet 2 × 512"), "{evidence}");
    let together = run(traffic(1_500, keys, 1_100), json!({"call": "PutRecords"}), json!({"shards": 2}));
    assert!(find(&together, "rounding-loss").is_none());
}

/// 2,000 small records a second on two shards: 21.60 for the shards, 72.58 for units that are 99 % rounding.
#[test]
fn rounding_that_is_most_of_the_bill_is_found() {
    let keys = json!({"kind": "uniform", "count": 100_000});
    let run = run(traffic(1_600, keys, 200), json!({}), json!({"shards": 2}));
    let finding = found(&run, "paid-rounding");
    let evidence = plain(&finding.evidence);
    assert!(evidence.contains("> 99 % of them are rounding: 216 bytes are billed as 25 KB"), "{evidence}");
    assert!(finding.remedy.contains("Larger calls do not help"), "{}", finding.remedy);
}

/// Ten shards for what two would carry: 8 × 10.80 dollars in 30 days.
#[test]
fn idle_shards_are_counted_in_hours_and_money() {
    let keys = json!({"kind": "uniform", "count": 100_000});
    let idle = run(traffic(1_200, keys.clone(), 100), json!({}), json!({"shards": 10}));
    let finding = found(&idle, "idle-shards");
    let (evidence, remedy) = (plain(&finding.evidence), plain(&finding.remedy));
    assert!(evidence.starts_with("Of 1.67 shard-hours ") && evidence.ends_with("were under 20 % use."), "{evidence}");
    assert_eq!(remedy, "Two shards would carry the peak with 20 % room, for $86.40 less in 30 days.");
    let used = run(traffic(1_200, keys, 100), json!({}), json!({"shards": 2}));
    assert!(find(&used, "idle-shards").is_none());
}

/// The same arrivals in three modes, and advice only where another one is a tenth cheaper.
#[test]
fn the_cheapest_mode_is_named_with_its_price() {
    let keys = json!({"kind": "uniform", "count": 100_000});
    let sparse = run(traffic(100, keys.clone(), 100), json!({}), json!({"shards": 10}));
    let finding = found(&sparse, "cheaper-mode");
    assert_eq!(finding.cause, "On-demand Standard would be cheaper");
    assert!(finding.evidence.contains("Provisioned with ten shards $"), "{}", finding.evidence);
    let summary = sparse.summary();
    let compared = summary["bill"]["same_arrivals_month_usd"].as_object().expect("it is compared");
    assert_eq!(compared["provisioned"], summary["bill"]["month_usd"]);
    assert!(compared["on_demand"].as_f64() < compared["provisioned"].as_f64());
    // The commitment alone is 101.25 dollars a day.
    assert!(compared["on_demand_advantage"].as_f64() > Some(3_000.0));
    let steady = run(traffic(1_000, keys, 2_000), json!({}), json!({"mode": "on_demand", "shards": 4}));
    assert_eq!(found(&steady, "cheaper-mode").cause, "Provisioned would be cheaper");
}
