//! The sentence at the cursor.

use super::fixture;
use streamgauge::app::verdict::{Tone, pieces, question, verdict};
use streamgauge::scenario::RetryPolicy;
use streamgauge::units::Span;

fn said(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

fn heads(scenario: &streamgauge::scenario::Scenario, at: &[usize]) -> Vec<(String, String)> {
    let timeline = fixture::timeline(scenario);
    let one = |frames: &usize| {
        let verdict = verdict(scenario, timeline.seen_by(0), *frames);
        (said(&verdict.head_text()), said(&verdict.sub_text()))
    };
    at.iter().map(one).collect()
}

#[test]
fn before_the_run_it_asks() {
    let verdict = question(&fixture::scenario(), "25 min of traffic pass in 25 s.");
    assert_eq!(said(&verdict.head_text()), "50 records a second, then 5,000 for 10 min. Will two shards hold?");
    assert_eq!(said(&verdict.sub_text()), "Press Run. 25 min of traffic pass in 25 s. Nothing is sent anywhere.");
}

#[test]
fn a_spike_that_is_ignored_is_told_from_start_to_end() {
    let said = heads(&fixture::scenario(), &[60, 520, 900, 1_450, 1_500]);
    assert_eq!(said[0].0, "All 50 records a second pass. Nothing is late, nothing is lost.");
    assert_eq!(said[0].1, "Each shard could take 1,000 a second. The spike begins at 2:00.");
    assert_eq!(said[1].0, "Two shards take 2,000 of 5,000 records a second; 3,000 are lost.");
    assert!(said[1].1.starts_with("What is accepted waits 2 min 5"), "{}", said[1].1);
    assert!(said[1].1.ends_with("1,110 a second are processed, the backlog grows by 890."), "{}", said[1].1);
    assert!(said[2].0.starts_with("The spike is over. Work is 5 min 4"), "{}", said[2].0);
    assert!(
        said[2].1.contains("the backlog is gone in 6 min") && said[2].1.ends_with("lost records do not come back."),
        "{}",
        said[2].1
    );
    assert!(
        said[3].0.starts_with("Caught up. 1.8") && said[3].0.ends_with("million records are gone for good."),
        "{}",
        said[3].0
    );
    assert!(
        said[4].0.starts_with("Two shards lost 1.8") && said[4].0.contains("of all; the rest was up to 8 min"),
        "{}",
        said[4].0
    );
    assert!(said[4].1.starts_with("The producer ignored every failed entry from 2:0"), "{}", said[4].1);
}

#[test]
fn enough_room_holds() {
    let mut scenario = fixture::scenario();
    scenario.stream.shards = 6;
    scenario.consumers[0].duration.per_record = Span::from_micros(700);
    let said = heads(&scenario, &[400, 1_500]);
    assert_eq!(said[0].0, "5,000 records a second pass: nothing lost, nothing late.");
    assert_eq!(said[1].0, "It holds: nothing lost, nothing late.");
    assert!(
        said[1].1.starts_with("Six shards took the peak of 5,000 records/s; the oldest record never"),
        "{}",
        said[1].1
    );
}

#[test]
fn what_waits_at_the_producer_is_said() {
    let mut scenario = fixture::scenario();
    let millis = Span::from_millis;
    scenario.producer.retry = RetryPolicy::Again {
        max_attempts: 100,
        base: millis(100),
        cap: millis(5_000),
        max_age: None,
        multiplier_milli: 2_000,
        jitter: streamgauge::scenario::Jitter::Full,
    };
    scenario.producer.buffer = 10_000_000;
    scenario.consumers[0].duration.per_record = Span::from_micros(100);
    let said = heads(&scenario, &[400, 1_500]);
    assert!(said[0].0.starts_with("Two shards take 2,000 of 5,000 records a second; 8"), "{}", said[0].0);
    assert!(said[0].0.ends_with("wait at the producer."), "{}", said[0].0);
    assert!(said[1].0.starts_with("Nothing was lost. Work was up to"), "{}", said[1].0);
}

#[test]
fn marks_become_tones() {
    let pieces = pieces("{lost:3,000 are lost} of all.");
    assert_eq!((pieces[0].tone, pieces[1].tone), (Tone::Lost, Tone::Plain));
    assert_eq!(pieces[1].text, " of all.");
}
