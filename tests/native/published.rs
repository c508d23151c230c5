//! Published experiments and reports, as golden scenarios with their outcomes asserted.

use serde_json::Value;
use std::path::Path;
use streamgauge::hash_key::HashRange;
use streamgauge::metrics::{Metric, NoteKind};
use streamgauge::scenario::Draft;
use streamgauge::session::{Pump, Session};

fn golden(name: &str) -> Session {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}/scenario.json"));
    let text = std::fs::read_to_string(file).expect("the scenario exists");
    let mut session = Session::new(Draft::parse(&text).expect("it is JSON").check().expect("it has no problems"));
    assert_eq!(session.run(), Pump::Finished);
    session
}

fn throttled(session: &Session, from_s: usize, to_s: usize) -> f64 {
    session.timeline().column(Metric::Throttled)[from_s..to_s].iter().sum()
}

fn refusals(session: &Session) -> Vec<String> {
    let name = |what: &NoteKind| match what {
        NoteKind::Refused { name, .. } => Some(name.clone()),
        _ => None,
    };
    session.timeline().notes().filter_map(|note| name(&note.what)).collect()
}

/// AWS Big Data Blog, 2025-10-28: four shards, 50 records/s of 10 KiB, and a growing share of records of 2 MiB.
/// Throttling rises sharply between 2 % and 5 %.
#[test]
fn large_records_are_throttled_sharply_more_between_two_and_five_percent() {
    let share_throttled = |session: &Session| {
        let of = |metric| session.timeline().total(metric, session.timeline().frames());
        of(Metric::WriteThrottled) / of(Metric::Offered)
    };
    let (two, five) =
        (share_throttled(&golden("large-share-two-percent")), share_throttled(&golden("large-share-five-percent")));
    // 2 % are 2.5 MiB/s for room of 4; 5 % are 5.5 MiB/s, and a quarter of the large records finds no room.
    assert!(two < 0.000_5, "{two} at 2 %");
    assert!(five > 0.05 * 0.2, "{five} at 5 %");
    // Between them nothing falls, and nearly all of the rise is there.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/large-share-two-percent/scenario.json");
    let text = std::fs::read_to_string(path).expect("the golden scenario is there");
    let shares = [0.0, 0.01, 0.02, 0.03, 0.04, 0.05].map(|share| {
        let mut draft = Draft::parse(&text).expect("it is JSON");
        draft.set("traffic.sizes.large_share", share.into());
        let mut session = Session::new(draft.check().expect("it has no problems"));
        assert_eq!(session.run(), Pump::Finished);
        share_throttled(&session)
    });
    assert!(shares.windows(2).all(|pair| pair[0] <= pair[1] + 1e-3), "{shares:?}");
    assert!(shares[5] - shares[2] > 20.0 * (shares[2] - shares[0]), "{shares:?}");
}

/// The price page's example: 48 hours at 100 MiB/s, read once, cost 2,071.75 dollars in Standard, where its 19.20 for
/// stream-hours are those of ten streams, and 823.44 in Advantage.
#[test]
fn forty_eight_hours_cost_what_the_price_page_says() {
    for (name, streams, published) in [("standard", 10.0, 2_071.75), ("advantage", 1.0, 823.44)] {
        let session = golden(&format!("forty-eight-hours-{name}"));
        assert_eq!(session.ledger().lost(), 0);
        let paid = session.bill().run_total_e4 as f64 / 1e4 * streams;
        assert!((paid / published - 1.0).abs() < 0.02, "{name}: {paid}, published {published}");
    }
}

/// AWS, 3 November 2025: from 2 to 28 MiB/s in ten minutes, then past 60 MiB/s within fifteen. On-demand Standard was
/// throttled at both steps, a stream warmed to 100 MiB/s not at all.
#[test]
fn on_demand_is_throttled_at_both_steps_and_a_warm_stream_never() {
    let standard = golden("on-demand-ramp");
    assert!(throttled(&standard, 300, 2_000) > 100_000.0);
    // Between the steps it has caught up with the first.
    assert_eq!(throttled(&standard, 1_900, 2_100), 0.0);
    assert!(throttled(&standard, 2_100, 3_600) > 10_000.0);
    let warm = golden("warm-throughput");
    assert_eq!(throttled(&warm, 0, 3_600), 0.0);
    assert_eq!(warm.timeline().gauge(Metric::OpenShards, 1), 100.0);
}

/// The report of a policy that checks every 45 s while resharding takes longer: it doubles on numbers that its last
/// call has outdated, overshoots, and uses up the ten calls of the day.
#[test]
fn the_naive_policy_overshoots_and_the_mended_one_does_not() {
    let (naive, mended) = (golden("policy-naive"), golden("policy-mended"));
    let most = |session: &Session| session.timeline().column(Metric::OpenShards).iter().copied().fold(0.0, f64::max);
    // The peak of 6,000 records/s needs six shards.
    assert_eq!(most(&naive), 64.0);
    let names = refusals(&naive);
    assert!(names.iter().filter(|name| *name == "LimitExceededException").count() > 10);
    assert!(names.iter().filter(|name| *name == "ResourceInUseException").count() > 10);
    // Out of calls while the spike still lasts, it loses records; the mended one has as good as none to lose.
    assert!(naive.ledger().lost() > 100_000);
    assert!(mended.ledger().lost() < 100, "{}", mended.ledger().lost());
    assert!(refusals(&mended).is_empty());
    let timeline = mended.timeline();
    let targets = timeline.notes().filter_map(|note| match note.what {
        NoteKind::Policy { target, .. } => Some(target),
        _ => None,
    });
    assert_eq!(targets.max(), Some(10));
    assert!(mended.findings().iter().all(|finding| finding.id != "policy-overshoots"));
    assert!(naive.findings().iter().any(|finding| finding.id == "policy-overshoots"));
}

/// The report of shards that were added to a backlog: it drained no faster, since old records stay in the parents.
#[test]
fn shards_that_are_added_to_a_backlog_do_not_drain_it() {
    let (added, left_alone) = (golden("policy-on-age"), {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/policy-on-age/scenario.json");
        let mut draft = Draft::parse(&std::fs::read_to_string(file).expect("it exists")).expect("it is JSON");
        draft.set("stream.autoscaler", serde_json::json!({"kind": "none"}));
        let mut session = Session::new(draft.check().expect("it has no problems"));
        assert_eq!(session.run(), Pump::Finished);
        session
    });
    // The first shard is closed at 270 s. Until its backlog is done, the stream processes what one function does.
    let processed =
        |session: &Session, to: usize| -> f64 { session.timeline().column(Metric::Processed)[270..to].iter().sum() };
    let backlog = added.timeline().shard_column(streamgauge::metrics::ShardMetric::Waiting, 0)[270];
    assert!(backlog > 30_000.0, "{backlog}");
    let (with, without) = (processed(&added, 360), processed(&left_alone, 360));
    assert!((with / without - 1.0).abs() < 0.01, "{with} with more shards, {without} without");
    let finding = added.findings().into_iter().find(|finding| finding.id == "backlog-in-parents").expect("it is found");
    assert!(finding.evidence.contains("stay there"), "{}", finding.evidence);
}

/// Every call is refused with the service's name for it, and nothing is half done.
#[test]
fn refused_calls_have_the_services_names_and_change_nothing() {
    let session = golden("refused-calls");
    let expected = [
        "ResourceNotFoundException",
        "InvalidArgumentException",
        "InvalidArgumentException",
        "InvalidArgumentException",
        "InvalidArgumentException",
        "ValidationException",
        "InvalidArgumentException",
        "ResourceInUseException",
        "ValidationException",
        "LimitExceededException",
    ];
    assert_eq!(refusals(&session), expected);
    let stream = session.engine().stream();
    assert_eq!(stream.open(), [0, 1, 2, 3]);
    for (index, shard) in (0..).zip(&stream.shards) {
        assert_eq!(shard.range, HashRange::even(index, 4));
    }
    let messages: Vec<Value> = session.summary()["notes"].as_array().expect("a list").clone();
    let has = |text: &str| messages.iter().any(|note| note["message"].as_str().is_some_and(|said| said.contains(text)));
    assert!(has("Could not find shard shardId-000000000007 in stream"));
    assert!(has("is not both greater than one plus the shard's StartingHashKey 0"));
    assert!(has("are not an adjacent pair of shards eligible for merging"));
}

/// Raising the retention saves what has not expired yet; lowering it takes the rest at once.
#[test]
fn retention_that_is_lowered_takes_old_records_at_once() {
    let session = golden("retention-lowered");
    let expired = |second: u64| {
        let timeline = session.timeline();
        let frames = (second * 1_000_000 / timeline.width().micros()) as usize;
        timeline.total(Metric::Expired, frames)
    };
    assert_eq!(expired(129_990), 0.0);
    // One record a second: those older than a day at 130,000 s.
    assert!((expired(130_050) - 43_625.0).abs() < 60.0, "{}", expired(130_050));
    assert_eq!(expired(180_000), 93_600.0);
}

/// The shared benchmark's counters, at a tenth of its size.
#[test]
fn the_overload_workload_gives_the_counters_that_other_engines_give() {
    let session = golden("overload-tenth");
    let ledger = session.ledger();
    assert_eq!((ledger.offered, ledger.lost(), ledger.processed, ledger.waiting), (200_000, 91_926, 72_576, 31_838));
    let essence = session.essence();
    assert_eq!(essence["work"]["throttled"], 406_976.0);
    assert_eq!(essence["work"]["invocations_ended"], 750.0);
    assert_eq!(essence["latency"]["offered_to_processed"]["checksum"], 37_383_710);
}
