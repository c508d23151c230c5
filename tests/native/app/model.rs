//! What each action does to the page.

use super::fixture;
use serde_json::json;
use streamgauge::app::form::operations_to_add;
use streamgauge::app::{Action, BoxEvent, Effect, Model, Speed, Start};
use streamgauge::metrics::{Metric, ShardMetric, Timeline};
use streamgauge::session::{Pump, Session};

fn start() -> Start {
    fixture::start("sudden-popularity")
}

fn model() -> Model {
    Model::new(&start()).0
}

fn edit(model: &mut Model, path: &str, text: &str) -> Vec<Effect> {
    model.update(Action::Edit { path: path.to_owned(), text: text.to_owned() })
}

/// The run that was asked for.
fn opened(effects: &[Effect]) -> u32 {
    let run =
        effects.iter().find_map(|effect| if let Effect::OpenRun { run, .. } = effect { Some(*run) } else { None });
    run.expect("a run was opened")
}

/// Frames of one stream as they leave the box.
fn block_of(stream: usize, timeline: &Timeline, from: usize, to: usize) -> Vec<f64> {
    std::iter::once(stream as f64).chain(timeline.encode(from, to)).collect()
}

/// Frames `from..to` of the model's scenario, as the box would send them.
fn send(model: &mut Model, run: u32, from: usize, to: usize) -> Vec<Effect> {
    let whole: Timeline = fixture::timeline(model.scenario());
    model.update(Action::Box(BoxEvent::Frames { run, block: block_of(0, &whole, from, to), rows: String::new() }))
}

fn finish(model: &mut Model, run: u32) {
    model.update(Action::Box(BoxEvent::Done { run, summary: "{}".to_owned(), rows: String::new() }));
}

/// Half a second in front of the screen.
fn watch(model: &mut Model) -> Vec<Effect> {
    (0..10).flat_map(|_| model.update(Action::Tick { elapsed_ms: 50.0 })).collect()
}

#[test]
fn time_passes_over_what_has_arrived_and_waits_at_its_end() {
    let mut model = model();
    assert_eq!(model.button(), "Run");
    let effects = model.update(Action::RunOrPause);
    assert!(effects.contains(&Effect::StartClock));
    let run = opened(&effects);
    watch(&mut model);
    assert_eq!((model.cursor().seconds_f64(), model.is_waiting()), (0.0, true));
    assert_eq!(send(&mut model, run, 0, 20), [Effect::GrantCredit(1)]);
    watch(&mut model);
    assert_eq!(model.cursor().seconds_f64(), 20.0, "half a second at 60× is 30 s, but 20 s have arrived");
    send(&mut model, run, 20, 1_500);
    finish(&mut model, run);
    watch(&mut model);
    assert_eq!(model.cursor().seconds_f64(), 50.0);
    model.update(Action::SetSpeed(Speed::Fast));
    let effects = watch(&mut model);
    assert!(effects.contains(&Effect::StopClock) && model.is_at_end());
    assert_eq!(model.button(), "Run again");
    let effects = model.update(Action::RunOrPause);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::OpenRun { .. })), "the same run is shown again");
    assert_eq!(model.cursor().seconds_f64(), 0.0);
}

#[test]
fn the_slider_goes_back_and_on_at_once() {
    let mut model = model();
    let run = opened(&model.update(Action::Seek { seconds: 700.0 }));
    assert!(model.is_waiting());
    send(&mut model, run, 0, 1_000);
    assert_eq!(model.cursor().seconds_f64(), 700.0);
    model.update(Action::Seek { seconds: 130.0 });
    assert_eq!((model.cursor().seconds_f64(), model.frontier().seconds_f64()), (130.0, 700.0));
    model.update(Action::Step(-1));
    assert_eq!(model.cursor().seconds_f64(), 129.0);
    assert!(!model.is_playing());
}

#[test]
fn the_next_event_is_reached_when_it_has_arrived() {
    let mut model = model();
    let run = opened(&model.update(Action::JumpToNextEvent));
    send(&mut model, run, 0, 100);
    assert_eq!(model.cursor().seconds_f64(), 0.0);
    send(&mut model, run, 100, 1_500);
    let loss = model.events()[0].at;
    assert_eq!(model.cursor(), loss);
    finish(&mut model, run);
    for _ in 0..3 {
        model.update(Action::JumpToNextEvent);
    }
    assert!(model.is_at_end());
}

#[test]
fn what_can_change_live_becomes_an_operation_and_the_picture_stays() {
    let mut model = model();
    let run = opened(&model.update(Action::RunOrPause));
    send(&mut model, run, 0, 1_500);
    finish(&mut model, run);
    model.update(Action::Seek { seconds: 500.0 });
    let effects = edit(&mut model, "consumers.0.per_record_ms", "0.5");
    let again = opened(&effects);
    assert_eq!(
        model.draft().get("operations"),
        Some(&json!([{ "at_s": 500, "kind": "deploy_function", "per_record_ms": 0.5 }]))
    );
    assert_eq!((model.cursor().seconds_f64(), model.frontier().seconds_f64()), (500.0, 500.0));
    assert_eq!(model.timeline().frames(), 1_500, "the old run stays in view");
    send(&mut model, again, 0, 499);
    assert_eq!(model.timeline().frames(), 1_500);
    send(&mut model, again, 499, 600);
    assert_eq!(model.timeline().frames(), 600);
    assert!(model.events().iter().any(|event| event.text.ends_with("a record")));
    // A second change at the same moment joins the first, and of a group the rest stays as it was.
    edit(&mut model, "operations.0.fixed_ms", "10");
    edit(&mut model, "producer.retry.kind", "again");
    let operations = model.draft().get("operations").unwrap();
    assert_eq!(operations[0], json!({ "at_s": 500, "kind": "deploy_function", "per_record_ms": 0.5, "fixed_ms": 10 }));
    assert_eq!(operations[1]["kind"], json!("deploy_producer"));
    assert_eq!(operations[1]["retry"]["kind"], json!("again"));
    assert!(model.problems().is_empty(), "{:?}", model.problems());
}

#[test]
fn shards_that_are_added_during_the_run_are_a_call_to_the_service() {
    let mut model = model();
    let run = opened(&model.update(Action::RunOrPause));
    send(&mut model, run, 0, 1_500);
    watch(&mut model);
    edit(&mut model, "stream.shards", "4");
    let operation = &model.draft().get("operations").expect("there is one")[0];
    assert_eq!((&operation["kind"], &operation["target_shards"]), (&json!("update_shard_count"), &json!(4)));
    assert_eq!(model.draft().get("stream.shards"), Some(&json!(2)));
    assert!(model.problems().is_empty(), "{:?}", model.problems());
    assert!(model.events().iter().any(|event| event.text == "UpdateShardCount to 4"));
}

#[test]
fn everything_else_starts_over() {
    let mut model = model();
    let run = opened(&model.update(Action::RunOrPause));
    send(&mut model, run, 0, 1_500);
    watch(&mut model);
    let effects = edit(&mut model, "stream.byte_burst_mib", "2");
    assert!(effects.contains(&Effect::CloseRun) && effects.contains(&Effect::StopClock));
    assert_eq!((model.cursor().seconds_f64(), model.timeline().frames()), (0.0, 0));
    assert_eq!(model.preset(), None);
    assert!(model.verdict().head_text().ends_with("Will two shards hold?"), "{}", model.verdict().head_text());
    // Frames of the run that was given up are not wanted any more.
    assert_eq!(model.update(Action::Box(BoxEvent::Frames { run, block: vec![0.0; 3], rows: String::new() })), []);
}

#[test]
fn a_bad_field_keeps_its_text_and_is_named_where_it_stands() {
    let mut model = model();
    edit(&mut model, "stream.shards", "two");
    assert_eq!(model.problems()[0].path, "stream.shards");
    let effects = model.update(Action::RunOrPause);
    assert!(effects.iter().all(|effect| matches!(effect, Effect::Announce(_))));
    assert!(
        model.message().unwrap().sub.starts_with("Shards: write a number from 1 to 1,000"),
        "{:?}",
        model.message()
    );
    edit(&mut model, "stream.shards", "5000");
    assert_eq!(model.problems().len(), 1);
    edit(&mut model, "stream.shards", "3");
    assert!(model.problems().is_empty() && model.message().is_none());
}

#[test]
fn a_table_becomes_the_traffic_and_the_rest_stays() {
    let mut model = model();
    edit(&mut model, "stream.shards", "3");
    let text = "timestamp,requests\n2024-01-01T00:00:00Z,60\n2024-01-01T00:01:00Z,120\n".to_owned();
    model.update(Action::OpenFile { name: "day.csv".to_owned(), text });
    assert!(model.message().is_none(), "{:?}", model.message());
    assert_eq!((model.length().seconds_f64(), model.scenario().stream.shards), (120.0, 3));
    assert!(model.verdict().head_text().starts_with("2\u{a0}min as recorded: 180\u{a0}records, up to 2 a second."));
}

#[test]
fn a_broken_file_changes_nothing_and_says_why() {
    let mut model = model();
    model.update(Action::OpenFile { name: "x.json".to_owned(), text: "{ \"stream\": { \"shards\": 0 } }".to_owned() });
    let message = model.message().unwrap();
    assert_eq!(message.head, "x.json cannot be read as a scenario.");
    assert!(!message.points.is_empty());
    assert_eq!(model.scenario().stream.shards, 2);
    model.update(Action::OpenFile { name: "notes.csv".to_owned(), text: "hello".to_owned() });
    assert_eq!(model.message().unwrap().head, "notes.csv cannot be read as a series.");
}

#[test]
fn an_engine_that_stops_leaves_what_has_arrived() {
    let mut model = model();
    let run = opened(&model.update(Action::RunOrPause));
    send(&mut model, run, 0, 300);
    watch(&mut model);
    let at = model.cursor();
    let effects = model.update(Action::Box(BoxEvent::Failed { message: "It ran out of memory.".to_owned() }));
    assert!(effects.contains(&Effect::RestartBox));
    assert_eq!(model.message().unwrap().head, "The engine stopped.");
    assert_eq!((model.cursor(), model.timeline().frames()), (at, 300));
    let again = opened(&model.update(Action::RunOrPause));
    assert!(again > run && model.message().is_none());
    send(&mut model, again, 0, 400);
    assert_eq!((model.cursor(), model.timeline().frames()), (at, 400));
}

/// A box that was ended is followed by another one, in which the run comes again as far and goes on.
#[test]
fn a_run_outlives_its_box_and_not_for_ever() {
    let mut model = model();
    let mut run = opened(&model.update(Action::RunOrPause));
    send(&mut model, run, 0, 300);
    watch(&mut model);
    let at = model.cursor();
    let stop = || Action::Box(BoxEvent::Stopped { reason: "It did not answer.".to_owned() });
    for _ in 0..2 {
        assert_eq!(model.update(stop()), []);
        assert_eq!((model.cursor(), model.timeline().frames()), (at, 300));
        let again = opened(&model.update(Action::Box(BoxEvent::Ready)));
        assert!(again > run && model.is_playing());
        run = again;
    }
    send(&mut model, run, 0, 400);
    assert_eq!((model.cursor(), model.timeline().frames()), (at, 400));
    model.update(stop());
    assert_eq!(model.message().unwrap().head, "The engine stopped.");
    assert!(!model.is_playing());
    assert_eq!(model.update(Action::Box(BoxEvent::Ready)), []);
}

#[test]
fn a_page_can_start_at_a_moment() {
    let (mut model, effects) = Model::new(&Start { at_seconds: Some(520.0), ..start() });
    let run = opened(&effects);
    send(&mut model, run, 0, 1_500);
    assert_eq!(model.cursor().seconds_f64(), 520.0);
    assert!(model.verdict().head_text().starts_with("Two shards take 2,000"), "{}", model.verdict().head_text());
}

#[test]
fn while_it_plays_the_sentence_is_told_at_most_every_five_seconds() {
    let mut model = model();
    let run = opened(&model.update(Action::RunOrPause));
    send(&mut model, run, 0, 1_500);
    let told = (0..40).flat_map(|_| watch(&mut model)).filter(|effect| matches!(effect, Effect::Announce(_))).count();
    assert!((3..=6).contains(&told), "told {told} times in 20 s");
}

#[test]
fn a_preset_made_of_a_table_opens_when_the_table_has_come() {
    let start = Start { preset: "world-cup-1998".to_owned(), at_seconds: Some(600.0), ..start() };
    let (mut model, effects) = Model::new(&start);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::FetchTable { .. })));
    let text = "timestamp,requests\n2024-01-01T00:00:00Z,60\n2024-01-01T00:20:00Z,120\n";
    let table =
        |text: Option<&str>| Action::Table { preset: "world-cup-1998".to_owned(), text: text.map(str::to_owned) };
    let run = opened(&model.update(table(Some(text))));
    assert_eq!(model.preset(), Some("world-cup-1998"));
    send(&mut model, run, 0, 1_200);
    assert_eq!(model.cursor().seconds_f64(), 600.0);
    // A table that comes after something else was opened is not wanted any more.
    model.update(Action::ChoosePreset("world-cup-1998".to_owned()));
    model.update(Action::ChoosePreset("hot-key".to_owned()));
    assert_eq!(model.update(table(Some(text))), []);
    assert_eq!(model.preset(), Some("hot-key"));
}

/// The run does not know what it costs: another price changes the bill and nothing else.
#[test]
fn a_price_is_set_without_starting_over() {
    let (mut model, _) = Model::new(&start());
    let effects = model.update(Action::Edit { path: "prices.region".to_owned(), text: "ap-northeast-1".to_owned() });
    let quiet = |effect: &Effect| matches!(effect, Effect::Announce(_) | Effect::SaveSoon);
    assert!(effects.iter().all(quiet), "{effects:?}");
    assert_eq!(model.scenario().prices.region, "ap-northeast-1");
}

/// Rules and what the fields say are fetched once, when somebody asks, and again where they could not be had.
#[test]
fn the_handbook_is_fetched_when_somebody_asks() {
    let (mut model, _) = Model::new(&start());
    assert!(model.handbook().is_none() && !model.awaits_handbook());
    assert_eq!(model.update(Action::AskHandbook), [Effect::FetchHandbook]);
    assert!(model.update(Action::AskHandbook).is_empty() && model.awaits_handbook());
    model.update(Action::Handbook(None));
    assert_eq!(model.update(Action::AskHandbook), [Effect::FetchHandbook]);
    model.update(Action::Handbook(Some(streamgauge::app::handbook::document().to_string())));
    let handbook = model.handbook().expect("it has come");
    assert_eq!(handbook.sections().count(), streamgauge::rules::ALL.len());
    assert!(handbook.title("stream.shards").contains("Limit: 1,000 records/s"), "{}", handbook.title("stream.shards"));
}

#[test]
fn what_no_knob_makes_is_added_at_the_instant_in_view_and_makes_sense_there() {
    let mut with_workers = model();
    with_workers.update(Action::Set(vec![("consumers.0.kind".to_owned(), json!("kcl"))]));
    let offered = operations_to_add(Some(with_workers.scenario()));
    assert!(offered.len() >= 6, "{offered:?}");
    assert!(!operations_to_add(None).iter().any(|(kind, _)| *kind == "kill_workers"));
    for (kind, words) in offered {
        let mut model = model();
        if kind == "kill_workers" {
            model.update(Action::Set(vec![("consumers.0.kind".to_owned(), json!("kcl"))]));
        }
        let run = opened(&model.update(Action::RunOrPause));
        send(&mut model, run, 0, 300);
        model.update(Action::Seek { seconds: 200.0 });
        let effects = model.update(Action::AddOperation(kind));
        opened(&effects);
        let [planned] = &model.scenario().operations[..] else { panic!("{words}: {:?}", model.scenario().operations) };
        assert_eq!(planned.at.seconds_f64(), 200.0, "{words}");
        model.update(Action::RemoveOperation("operations.0".to_owned()));
        assert!(model.scenario().operations.is_empty(), "{words}");
    }
}

#[test]
fn stores_break_and_lose_connections_where_there_are_some() {
    let mut model = model();
    let about_stores = |model: &Model| -> Vec<&'static str> {
        let offered = operations_to_add(Some(model.scenario())).into_iter().map(|(kind, _)| kind);
        offered.filter(|kind| ["store_outage", "slow_store", "lose_connections"].contains(kind)).collect()
    };
    assert!(about_stores(&model).is_empty());
    model.update(Action::ChoosePreset("slow-store".to_owned()));
    let planned = model.scenario().operations.len();
    let offered = about_stores(&model);
    assert_eq!(offered.len(), 3);
    for kind in offered {
        model.update(Action::AddOperation(kind));
        assert!(model.problems().is_empty(), "{kind}: {:?}", model.problems());
    }
    assert_eq!(model.scenario().operations.len(), planned + 3);
    // A table has no connections to lose.
    model.update(Action::ChoosePreset("slow-store".to_owned()));
    model.update(Action::Set(vec![("stores.0".to_owned(), json!({ "name": "Orders", "kind": "key_value" }))]));
    assert_eq!(about_stores(&model), ["store_outage", "slow_store"], "{:?}", model.problems());
}

#[test]
fn a_consumer_is_added_shown_and_removed() {
    let mut model = model();
    assert!(model.readers().is_empty(), "one needs no choice");
    model.update(Action::AddConsumer);
    assert_eq!(model.scenario().consumers.len(), 2);
    assert_eq!(model.scenario().consumers[0], model.scenario().consumers[1]);
    assert_eq!(model.consumer(), 1, "what was added is shown");
    let titles: Vec<String> = model.readers().into_iter().map(|reader| reader.title).collect();
    assert_eq!(titles, ["Lambda 1", "Lambda 2"]);

    // The fixture's flows for the first; nothing for the second.
    let run = opened(&model.update(Action::RunOrPause));
    let alone = fixture::timeline(model.scenario());
    let mut both = Timeline::new(model.length(), alone.width(), alone.shards(), 2);
    for frame in 0..alone.frames() {
        let mut stream = vec![0.0; Metric::columns(2)];
        for metric in Metric::ALL {
            stream[metric.index()] = alone.seen_by(0).column(*metric)[frame];
        }
        both.push(&stream, &vec![0.0; ShardMetric::columns(2) * alone.shards()]);
    }
    model.update(Action::Box(BoxEvent::Frames { run, block: block_of(0, &both, 0, 1_500), rows: String::new() }));
    finish(&mut model, run);
    model.update(Action::Seek { seconds: 600.0 });
    let readers = model.readers();
    assert!(readers[0].late && readers[0].state.contains(" wait, oldest "), "{readers:?}");
    assert_eq!((readers[1].late, readers[1].state.as_str()), (false, "nothing waits"));
    assert_eq!(model.reading().backlog(), 0.0);
    let before = model.run_state();
    model.update(Action::ShowConsumer(0));
    assert_ne!(model.run_state(), before, "what is drawn is drawn anew");
    assert!(model.reading().backlog() > 0.0 && model.reading().ledger().processed > 0);

    // A change of the second during the run names it, and leaves the first alone.
    edit(&mut model, "consumers.1.per_record_ms", "0.5");
    edit(&mut model, "consumers.0.per_record_ms", "0.7");
    let operations = model.draft().get("operations").cloned().unwrap();
    assert_eq!(
        operations,
        json!([
            { "at_s": 600, "kind": "deploy_function", "consumer": 1, "per_record_ms": 0.5 },
            { "at_s": 600, "kind": "deploy_function", "per_record_ms": 0.7 },
        ])
    );
    let texts: Vec<String> = model.form().operations().into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(texts.len(), 2);
    assert!(texts[0].starts_with("Lambda 2: ") && texts[1].starts_with("Lambda 1: "), "{texts:?}");

    // Without the first, the operation of the second is that of the first.
    model.update(Action::RemoveConsumer(0));
    assert_eq!(
        model.draft().get("operations"),
        Some(&json!([{ "at_s": 600, "kind": "deploy_function", "consumer": 0, "per_record_ms": 0.5 }]))
    );
    assert_eq!((model.scenario().consumers.len(), model.consumer()), (1, 0));
    assert!(model.problems().is_empty() && model.readers().is_empty());
}

#[test]
fn a_consumer_less_is_no_trap_while_a_field_cannot_be_read() {
    let mut model = model();
    model.update(Action::AddConsumer);
    let run = opened(&model.update(Action::RunOrPause));
    let alone = fixture::timeline(model.scenario());
    let mut both = Timeline::new(model.length(), alone.width(), alone.shards(), 2);
    both.push(&vec![1.0; Metric::columns(2)], &vec![1.0; ShardMetric::columns(2) * alone.shards()]);
    model.update(Action::Box(BoxEvent::Frames { run, block: block_of(0, &both, 0, 1), rows: String::new() }));
    model.update(Action::ShowConsumer(1));
    edit(&mut model, "stream.shards", "none");
    model.update(Action::RemoveConsumer(1));
    assert_eq!((model.consumer(), model.timeline().consumers()), (0, 1));
    assert!(model.findings().is_empty());
}

/// A run of a chain of streams: each is shown with its own account, and a remedy changes the stream that it is about.
#[test]
fn streams_that_follow_are_shown_one_at_a_time() {
    let mut model = model();
    let document = include_str!("../../golden/chain/scenario.json");
    model.update(Action::OpenFile { name: "chain.json".to_owned(), text: document.to_owned() });
    assert_eq!(model.streams(), ["First stream", "Enriched", "Alarms"]);
    let titles: Vec<String> = model.form().groups().into_iter().map(|group| group.title).collect();
    assert!(titles.contains(&"Enriched".to_owned()), "{titles:?}");

    let run = opened(&model.update(Action::RunOrPause));
    let mut session = Session::new(model.scenario().clone());
    assert_eq!(session.run(), Pump::Finished);
    let frames = session.timeline().frames();
    for (place, stream) in session.streams().into_iter().enumerate() {
        assert_eq!(model.frames(), 0, "nothing is shown before all have come as far");
        let block = block_of(place, &stream.timeline(), 0, frames);
        assert_eq!(
            model.update(Action::Box(BoxEvent::Frames { run, block, rows: String::new() })),
            [Effect::GrantCredit(1)]
        );
    }
    finish(&mut model, run);
    model.update(Action::Seek { seconds: 300.0 });
    for (place, stream) in session.streams().into_iter().enumerate() {
        model.update(Action::ShowStream(place));
        assert_eq!(model.reading().ledger(), stream.ledger());
        assert_eq!(model.findings(), stream.findings());
        assert_eq!(model.shown().consumers.len(), stream.scenario().consumers.len());
    }

    // The second stream is too small, and its producer ignores that: the remedy is tried there and not on the first.
    model.update(Action::ShowStream(1));
    let retries = model.findings().iter().position(|finding| {
        finding.remedy_try.as_ref().is_some_and(|remedy| remedy.edits.iter().any(|(path, _)| path.contains("retry")))
    });
    let before = model.draft().get("producer").cloned();
    model.update(Action::TryFinding(retries.expect("there is a remedy")));
    assert_eq!(model.draft().get("producer").cloned(), before);
    assert!(model.draft().get("then.0.producer.retry").is_some());
    assert!(model.problems().is_empty(), "{:?}", model.problems());
    assert_eq!(model.stream(), 1);

    // What goes takes with it what follows from it.
    model.update(Action::RemoveStream(0));
    assert!(model.streams().is_empty() && model.stream() == 0);
    model.update(Action::AddStream(1));
    assert_eq!(model.draft().get("then"), Some(&json!([{ "consumer": 1 }])));
    model.update(Action::RemoveConsumer(0));
    assert_eq!(model.draft().get("then"), Some(&json!([{ "consumer": 0 }])));
    model.update(Action::AddConsumer);
    model.update(Action::RemoveConsumer(0));
    assert_eq!(model.draft().get("then"), Some(&json!([])));
}
