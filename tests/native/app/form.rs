//! The scenario column as data.

use streamgauge::app::form::{Control, Group, Source, first_values, read};
use streamgauge::app::handbook::{self, Handbook};
use streamgauge::app::hints::HintTone;
use streamgauge::app::live::change_during_run;
use streamgauge::metrics::Timeline;
use streamgauge::scenario::{Draft, presets};
use streamgauge::units::{SimTime, Span};

fn groups(draft: &Draft, at_s: u64) -> Vec<Group> {
    let scenario = draft.check().unwrap();
    let timeline = Timeline::new(scenario.length, Span::from_secs(1), scenario.stream.shards as usize, 1);
    let cursor = SimTime::from_micros(at_s * 1_000_000);
    let handbook = Handbook::read(&handbook::document().to_string());
    let handbook = handbook.as_ref();
    Source { draft, raw: &[], problems: &[], scenario: &scenario, timeline: timeline.seen_by(0), cursor, handbook }
        .groups()
}

#[test]
fn every_preset_has_a_form_without_two_equal_ids() {
    for preset in presets::ALL {
        let groups = groups(&preset.draft(), 0);
        let titles: Vec<_> = groups.iter().map(|group| group.title.as_str()).collect();
        let scenario = preset.scenario();
        let consumers: Vec<_> = (0..scenario.consumers.len()).map(|index| scenario.title_of(index)).collect();
        let consumers: Vec<_> = consumers.iter().map(String::as_str).collect();
        let deliver: Vec<_> = scenario.deliver.iter().map(|deliver| deliver.title()).collect();
        let stores: Vec<_> = scenario.stores.iter().map(|store| store.name.as_str()).collect();
        let stores = if stores.is_empty() { vec!["Destination"] } else { stores };
        let first = &["Traffic", "Keys and sizes", "Producer", "Stream"][..];
        assert_eq!(titles, [first, &consumers, &deliver, &stores, &["Prices"]].concat());
        let mut ids: Vec<_> =
            groups.iter().flat_map(|group| group.knobs.iter().chain(&group.more)).map(|k| &k.id).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{}", preset.id);
    }
}

#[test]
fn the_limits_are_said_beside_the_knobs() {
    let groups = groups(&presets::by_id("sudden-popularity").unwrap().draft(), 0);
    let hints: Vec<_> =
        groups.iter().flat_map(|group| &group.hints).map(|hint| (hint.text.as_str(), hint.tone)).collect();
    assert!(hints.contains(&("Ignored entries are lost.", HintTone::Bad)));
    assert!(hints.contains(&("Room for 2,000 records/s, peak is 5,000.", HintTone::Bad)));
    assert!(hints.contains(&("Processes 556 records/s a shard; a full shard brings 1,000.", HintTone::Late)));
}

#[test]
fn readers_that_share_and_a_timestamp_show_when_they_are_there() {
    let mut draft = presets::by_id("sudden-popularity").unwrap().draft();
    let paths = |draft: &Draft, group: usize| {
        let groups = groups(draft, 0);
        groups[group].more.iter().map(|knob| knob.path.clone()).collect::<Vec<_>>()
    };
    let has = |paths: &[String], path: &str| paths.iter().any(|found| found == path);
    assert!(has(&paths(&draft, 3), "stream.other_pollers.count"));
    assert!(!has(&paths(&draft, 3), "stream.other_pollers.idle_ms"));
    assert!(!has(&paths(&draft, 4), "consumers.0.starting_at_s"));
    draft.set("stream.other_pollers.count", 5.into());
    draft.set("consumers.0.starting_position", "AT_TIMESTAMP".into());
    assert!(has(&paths(&draft, 3), "stream.other_pollers.idle_ms"));
    assert!(has(&paths(&draft, 4), "consumers.0.starting_at_s"));
    let hints = groups(&draft, 0)[3].hints.clone();
    assert_eq!(hints[1].text, "All pollers ask a shard 6 times a second; it answers 5.");
    assert_eq!(hints[1].tone, HintTone::Late);
}

#[test]
fn a_knob_shows_what_is_in_force_at_the_cursor() {
    let mut draft = presets::by_id("sudden-popularity").unwrap().draft();
    draft.set("operations.0", serde_json::json!({ "at_s": 100, "kind": "update_mapping", "batch_size": 700 }));
    let text = |at_s| {
        let groups = groups(&draft, at_s);
        let knob = groups[4].knobs[0].clone();
        let Control::Number { text, .. } = knob.control else { panic!("a number") };
        (text, knob.path)
    };
    assert_eq!(text(50), ("100".to_owned(), "consumers.0.batch_size".to_owned()));
    assert_eq!(text(100), ("700".to_owned(), "operations.0.batch_size".to_owned()));
}

#[test]
fn shares_are_percent_and_numbers_may_be_grouped() {
    assert_eq!(read("traffic.keys.share", "60 %").unwrap(), serde_json::json!(0.6));
    assert_eq!(read("producer.buffer", "400,000").unwrap(), serde_json::json!(400_000));
    assert!(read("stream.shards", "many").unwrap_err().message.contains("1 to 1,000"));
}

#[test]
fn steps_are_one_line_of_text() {
    let mut draft = presets::by_id("sudden-popularity").unwrap().draft();
    let (path, steps) = first_values("traffic.curve.0.kind", "steps").unwrap();
    draft.set("traffic.curve.0.kind", serde_json::json!("steps"));
    draft.set(&path, steps.clone());
    let groups = groups(&draft, 0);
    let knob = groups[0].knobs.iter().find(|knob| knob.path == path).unwrap();
    let Control::Rows(text) = &knob.control else { panic!("rows") };
    assert_eq!(text, "0 50; 120 5000; 720 50");
    assert_eq!(read(&path, text).unwrap(), steps);
    assert!(read(&path, "0 50; 120").is_err());
}

#[test]
fn only_what_a_running_system_allows_changes_while_it_runs() {
    let draft = Draft::from_value(serde_json::json!({}));
    assert_eq!(change_during_run(&draft, "consumers.0.batch_size").unwrap().kind, "update_mapping");
    assert_eq!(change_during_run(&draft, "producer.retry.max_attempts").unwrap().within, Some("max_attempts"));
    assert_eq!(change_during_run(&draft, "stream.shards").unwrap().kind, "update_shard_count");
    assert_eq!(change_during_run(&draft, "stream.byte_burst_mib"), None);
    assert_eq!(change_during_run(&draft, "traffic.curve.0.base_per_s"), None);
}

#[test]
fn consumers_stand_in_order_and_operations_belong_to_one() {
    let mut draft = presets::by_id("sudden-popularity").unwrap().draft();
    draft.set("consumers.1", serde_json::json!({ "kind": "poller", "name": "Archive", "limit": 500 }));
    draft.set("consumers.2", serde_json::json!({ "batch_size": 7 }));
    let operation = serde_json::json!({ "at_s": 10, "kind": "update_mapping", "consumer": 2, "batch_size": 9 });
    draft.set("operations.0", operation);
    let text = |at_s: u64, path: &str| {
        let groups = groups(&draft, at_s);
        let knob = groups.iter().flat_map(|group| &group.knobs).find(|knob| knob.id == path).unwrap();
        let Control::Number { text, .. } = &knob.control else { panic!("a number") };
        text.clone()
    };
    let titles: Vec<String> = groups(&draft, 0).into_iter().map(|group| group.title).collect();
    assert_eq!(titles[3..7], ["Stream", "Lambda 1", "Archive", "Lambda 3"]);
    let first = text(0, "f-consumers-0-batch_size");
    assert_eq!((text(0, "f-consumers-1-limit").as_str(), text(0, "f-consumers-2-batch_size").as_str()), ("500", "7"));
    assert_eq!(text(20, "f-consumers-2-batch_size"), "9");
    assert_eq!(text(20, "f-consumers-0-batch_size"), first, "the operation concerns another");
    assert_eq!(change_during_run(&draft, "operations.0.batch_size").unwrap().group, "consumers.2.batch_size");
    // One alone looks as it always did, with a button for another.
    draft.remove("consumers.2");
    draft.remove("consumers.1");
    draft.remove("operations");
    let group = groups(&draft, 0).remove(4);
    assert_eq!((group.title.as_str(), group.small.as_str()), ("Lambda", "polls each shard"));
    assert_eq!(group.consumer, Some((0, false)));
    assert!(!group.more.iter().any(|knob| knob.path.ends_with("name")));
}
