//! The moments that the time axis marks.

use super::fixture;
use streamgauge::app::event::EventKind;
use streamgauge::app::events::events;
use streamgauge::metrics::Timeline;
use streamgauge::scenario::{Consumer, Operation, PlannedOperation};
use streamgauge::units::{SimTime, Span};

#[test]
fn a_throttle_that_loses_at_once_is_one_mark() {
    let scenario = fixture::scenario();
    let kinds: Vec<_> =
        events(&scenario, fixture::timeline(&scenario).seen_by(0)).iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::FirstLoss, EventKind::LatestWork, EventKind::CaughtUp]);
}

#[test]
fn the_latest_work_is_marked_only_when_the_age_has_turned() {
    let scenario = fixture::scenario();
    let whole = fixture::timeline(&scenario);
    let mut part = Timeline::new(scenario.length, Span::from_secs(1), 2, 1);
    part.append(&whole.encode(0, 700)).unwrap();
    let kinds: Vec<_> = events(&scenario, part.seen_by(0)).iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::FirstLoss]);
}

#[test]
fn operations_are_marked_by_what_they_change() {
    let mut scenario = fixture::scenario();
    let at = SimTime::from_micros(300_000_000);
    scenario.operations = vec![PlannedOperation {
        at,
        operation: Operation::UpdateMapping {
            consumer: 0,
            batch_size: 500,
            batching_window: Span::ZERO,
            failures: Consumer::default().failures,
        },
    }];
    let empty = Timeline::new(scenario.length, Span::from_secs(1), 2, 1);
    let events = events(&scenario, empty.seen_by(0));
    assert_eq!((events[0].at, events[0].kind, events[0].text.as_str()), (at, EventKind::Operation, "batch size 500"));
}

#[test]
fn shards_that_come_and_calls_that_are_refused_are_marked() {
    let scenario =
        streamgauge::scenario::presets::draft("naive-scaling").expect("a preset").check().expect("no problem");
    let mut session = streamgauge::session::Session::new(scenario.clone());
    let _ = session.run();
    let marked = events(&scenario, session.timeline());
    let texts = |kind| -> Vec<&str> {
        marked.iter().filter(|event| event.kind == kind).map(|event| event.text.as_str()).collect()
    };
    assert_eq!(texts(EventKind::Shards)[..4], ["2 → 4 shards", "4 → 8 shards", "8 → 16 shards", "16 → 32 shards"]);
    let refused = texts(EventKind::Refused);
    assert_eq!(refused[0], "ResourceInUseException");
    // The calls of the day are used up: one mark for all that is refused since.
    assert!(refused.last().is_some_and(|text| text.starts_with("LimitExceededException × ")), "{refused:?}");
}
