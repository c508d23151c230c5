//! Designs side by side: what the box sends of each, what the view says and draws of it, what people change.

use super::fixture::start;
use serde_json::{Value, json};
use streamgauge::app::compare::{PLOTS, Side};
use streamgauge::app::form::Control;
use streamgauge::app::picture::Size;
use streamgauge::app::{Action, BoxEvent, Effect, Model};
use streamgauge::scenario::{Plan, document, packed};
use streamgauge::session::{Comparison, Pump};
use streamgauge::units::Span;

const SIZE: Size = Size { width: 380.0, height: 230.0, rem: 1.0, room: false };

/// A minute and a half: twenty requests a second, then four hundred, which the stream takes and the database does not.
fn document() -> String {
    json!({
        "name": "Small", "seed": 5, "length_s": 90,
        "traffic": {
            "curve": [{ "kind": "spike", "base_per_s": 20, "factor": 20, "start_s": 20, "rise_s": 2, "hold_s": 30, "fall_s": 3 }],
            "sizes": { "kind": "fixed", "bytes": 200 },
        },
        "stream": { "shards": 2 },
        "consumers": [{ "fixed_ms": 20, "per_record_ms": 2 }],
        "designs": [
            { "kind": "direct", "name": "All <in> one", "direct": {
                "client": { "timeout_s": 3, "attempts": 2 },
                "application": { "instances": 1, "workers": 20, "backlog": 50 },
                "request": { "cpu_ms": 4, "reads": 1, "writes": 1 },
                "database": { "vcpus": 1, "read_ms": 5, "write_ms": 5 } } },
            { "kind": "stream", "name": "Slower", "stream": { "shards": 1 }, "consumers": [{ "fixed_ms": 20, "per_record_ms": 20 }] },
            { "kind": "firehose", "firehose": { "buffering": { "interval_s": 10 }, "transform": { "memory_mb": 128, "interval_s": 5 } } },
        ],
    })
    .to_string()
}

/// The page with a file open.
pub fn dropped(text: &str) -> Model {
    let mut model = Model::new(&start("")).0;
    model.update(Action::OpenFile { name: "small.json".to_owned(), text: text.to_owned() });
    model
}

/// The page with such a file open.
pub fn opened(text: &str) -> Model {
    let model = dropped(text);
    assert!(model.compares(), "a scenario with designs opens side by side");
    model
}

fn model() -> Model {
    opened(&document())
}

fn act(model: &mut Model, what: &str, place: usize) -> Vec<Effect> {
    model.update(Action::Compare { what: what.to_owned(), place })
}

/// Runs what the model asks for as the box does, with so much work a turn, and returns the runs.
pub fn run(model: &mut Model, effects: &[Effect], budget: u32) -> Comparison {
    let opened = effects.iter().find_map(|effect| match effect {
        Effect::OpenRun { run, scenario, .. } => Some((*run, scenario.clone())),
        _ => None,
    });
    let (run, packed) = opened.expect("a run was opened");
    let scenario = packed::unpack(&packed).expect("the box reads what the page packs");
    let mut designs = Comparison::new(&scenario);
    let mut taken = vec![0; designs.runs().iter().map(|run| run.parts()).sum()];
    loop {
        let end = designs.pump(budget);
        let ahead: Vec<usize> =
            designs.runs().iter().map(|run| run.block(0, 0, usize::MAX).map_or(0, |(frames, _)| frames)).collect();
        let apart = ahead.iter().max().unwrap_or(&0) - ahead.iter().min().unwrap_or(&0);
        assert!(apart <= 5, "the designs run in step, and these have {ahead:?} frames");
        let mut place = 0;
        for of in designs.runs() {
            for part in 0..of.parts() {
                while let Some((count, block)) = of.block(part, taken[place], 4_096) {
                    taken[place] += count;
                    let block = std::iter::once(place as f64).chain(block).collect();
                    let effects = model.update(Action::Box(BoxEvent::Frames { run, block, rows: String::new() }));
                    assert_eq!(effects, [Effect::GrantCredit(1)], "the block is taken");
                }
                place += 1;
            }
        }
        match end {
            Pump::Finished => break,
            Pump::Spent | Pump::Reached => {}
            stop => panic!("{stop:?}"),
        }
    }
    let summary = designs.essence_text();
    assert!(serde_json::from_str::<Value>(&summary).is_ok(), "{summary}");
    model.update(Action::Box(BoxEvent::Done { run, summary, rows: String::new() }));
    designs
}

fn ran(model: &mut Model) -> Comparison {
    let effects = model.update(Action::RunOrPause);
    run(model, &effects, 3_000)
}

#[test]
fn in_step_every_design_does_what_it_does_alone_and_the_page_says_what_the_command_line_says() {
    let mut model = model();
    let stepped = ran(&mut model);
    model.update(Action::Seek { seconds: 90.0 });
    assert!(model.is_at_end());

    let mut alone = Comparison::new(model.scenario());
    alone.run().expect("all come to their end");
    let digests = |of: &Comparison| of.runs().iter().map(|run| run.digest().get()).collect::<Vec<u64>>();
    assert_eq!(digests(&stepped), digests(&alone));
    let told: Vec<&str> = model.endings().iter().map(|ending| ending.digest.as_str()).collect();
    assert_eq!(told, digests(&alone).iter().map(|digest| format!("{digest:016x}")).collect::<Vec<_>>());

    assert_eq!(model.tallies(), Some(alone.tallies()));
    let measures = model.measures().expect("the run is over");
    assert_eq!(measures, alone.measures());
    let numbers = model.compare_numbers();
    for measure in measures {
        assert!(numbers.contains(measure.name), "{}", measure.name);
        for text in &measure.texts {
            let first = text.split(" (").next().expect("a text has a beginning");
            assert!(numbers.contains(&format!(">{}</b>", first.replace('<', "&lt;"))), "{text} in {numbers}");
        }
    }
    for sentence in alone.sentences() {
        assert!(numbers.contains(&sentence.replace('<', "&lt;").replace('>', "&gt;")), "{sentence}");
    }
}

#[test]
fn accounts_and_columns_agree_with_the_runs() {
    let mut model = model();
    let designs = ran(&mut model);
    for (side, tally) in model.sides().iter().zip(designs.tallies()) {
        let (_, total) = side.grid();
        let account = side.account(total);
        assert_eq!(account.offered, tally.offered);
        assert_eq!((account.failed, account.lost_later), (tally.failed, tally.lost_later));
        assert_eq!(account.offered, account.done + account.waiting + account.failed + account.lost_later);
        let columns = side.columns();
        assert!(columns.rates.iter().chain([&columns.late, &columns.waiting]).all(|column| column.len() == total));
        let sum = |rates: &[f64]| rates.iter().sum::<f64>().round() as u64;
        // A mean over some seconds moves records, and loses none but at the end.
        assert!(sum(&columns.rates[0]).abs_diff(account.offered) <= account.offered / 50);
        assert!(sum(&columns.rates[2]).abs_diff(account.failed) <= account.failed / 50);
    }
}

#[test]
fn the_sentence_follows_the_run() {
    let mut model = model();
    let head = |model: &Model| model.verdict().head_text();
    assert_eq!(head(&model), "One spike, four designs, the same arrivals. Which one holds?");
    assert_eq!(model.button(), "Run all");
    ran(&mut model);
    let at = |model: &mut Model, seconds: f64| {
        model.update(Action::Seek { seconds });
        head(model)
    };
    assert_eq!(at(&mut model, 15.0), "In the calm all four do the same work.");
    let spike = at(&mut model, 45.0);
    assert!(spike.starts_with("All <in> one fails ") && spike.contains("a second; Slower is "), "{spike}");
    assert!(spike.ends_with("Data Streams and Firehose keep up."), "{spike}");
    let end = at(&mut model, 90.0);
    assert!(end.starts_with("Data Streams lost none; All <in> one failed "), "{end}");
    assert!(end.contains("Slower lost none, up to "), "{end}");
    // One thing is said of each design at every instant, and never nothing.
    for seconds in 0..=90 {
        assert!(!at(&mut model, f64::from(seconds)).is_empty());
    }
}

#[test]
fn what_is_drawn_shares_its_scales_and_has_no_number_that_is_none() {
    let mut model = model();
    for seconds in [0.0, 10.0, 40.0, 90.0] {
        if seconds == 10.0 {
            ran(&mut model);
        }
        model.update(Action::Seek { seconds });
        let board = model.board();
        assert_eq!(board.designs(), 4);
        for design in 0..4 {
            let plots = (0..PLOTS.len()).map(|plot| board.plot(design, plot, SIZE));
            let flow = model.compare_flow(design, SIZE, None, board.age());
            for drawn in plots.chain([board.bar(design, SIZE), flow]) {
                assert!(!drawn.is_empty() && !drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
            }
        }
        let labels = |design| {
            let plot = board.plot(design, 1, SIZE);
            plot.matches("</text>").count()
        };
        assert!(labels(0) == labels(1) && labels(1) == labels(2) && labels(2) == labels(3));
    }
    // Of people's words nothing becomes markup.
    let skeleton = model.compare_skeleton();
    assert!(skeleton.contains("All &lt;in&gt; one") && !skeleton.contains("<in>"));
    for named in ["flow 0", "flow 2", "plot 1 2", "bar 2", "numbers"] {
        assert!(skeleton.contains(&format!("data-p=\"{named}\"")), "{named}");
    }
}

#[test]
fn blocks_that_do_not_continue_a_design_are_refused() {
    let mut model = model();
    let effects = model.update(Action::RunOrPause);
    let Some(Effect::OpenRun { run, .. }) = effects.first() else { panic!("{effects:?}") };
    for block in [vec![], vec![7.0, 0.0, 1.0], vec![1.0, 5.0, 1.0], vec![1.0, 0.0, 1e18], vec![1.0, f64::NAN, 2.0, 3.0]]
    {
        let mut model = self::model();
        model.update(Action::RunOrPause);
        let effects = model.update(Action::Box(BoxEvent::Frames { run: *run, block, rows: String::new() }));
        assert!(effects.contains(&Effect::RestartBox), "{effects:?}");
    }
}

#[test]
fn a_design_is_changed_in_its_own_fields() {
    let mut model = model();
    assert_eq!(model.design_form(), None);
    act(&mut model, "form", 1);
    let (title, groups) = model.design_form().expect("its fields are shown");
    assert_eq!(title, "All <in> one");
    let titles: Vec<&str> = groups.iter().map(|group| group.title.as_str()).collect();
    for part in ["Client", "Database", "Read replicas", "Cache", "Autoscaling", "Background"] {
        assert!(titles.contains(&part), "{part} in {titles:?}");
    }
    // Every field of the group in the document can be set.
    let knobs = groups.iter().flat_map(|group| group.knobs.iter().chain(&group.more));
    let paths: Vec<&str> = knobs.map(|knob| knob.path.as_str()).collect();
    assert!(paths.iter().all(|path| path.starts_with("designs.0.")), "{paths:?}");
    let written = document::of(model.scenario());
    let direct = written.get("designs.0.direct").and_then(Value::as_object).expect("it is direct");
    for (part, fields) in direct {
        // Who decides is chosen in the handler view.
        let names = fields.as_object().into_iter().flat_map(|fields| fields.keys());
        for name in names.filter(|name| !["handler", "duration_from"].contains(&name.as_str())) {
            let path = format!("designs.0.direct.{part}.{name}");
            assert!(paths.contains(&path.as_str()), "{path} cannot be set");
        }
    }

    let before = ran(&mut model).tallies();
    model.update(Action::Edit { path: "designs.0.direct.database.vcpus".to_owned(), text: "8".to_owned() });
    assert!(model.problems().is_empty() && model.compares());
    let after = ran(&mut model).tallies();
    assert!(after[1].failed < before[1].failed && after[0] == before[0] && after[2] == before[2]);
    model.update(Action::Edit { path: "designs.0.direct.database.vcpus".to_owned(), text: "0".to_owned() });
    let (_, groups) = model.design_form().expect("its fields are shown");
    let wrong = groups.iter().flat_map(|group| &group.knobs).find(|knob| knob.problem.is_some()).expect("one is wrong");
    assert_eq!(wrong.label, "vCPUs");
    assert!(matches!(&wrong.control, Control::Number { text, .. } if text == "0"));
    act(&mut model, "form", 2);
    let (title, groups) = model.design_form().expect("those of another stream");
    assert_eq!(title, "Slower");
    assert!(groups.iter().any(|group| group.knobs.iter().any(|knob| knob.path == "designs.1.stream.shards")));
    act(&mut model, "form", 3);
    let (title, groups) = model.design_form().expect("those of a delivery stream");
    assert_eq!(title, "Firehose");
    let knobs = groups.iter().flat_map(|group| group.knobs.iter().chain(&group.more));
    let paths: Vec<&str> = knobs.map(|knob| knob.path.as_str()).collect();
    for (part, fields) in written.get("designs.2.firehose").and_then(Value::as_object).expect("its parts") {
        // Who decides is chosen in the handler view.
        let names = fields.as_object().into_iter().flat_map(|fields| fields.keys());
        for name in names.filter(|name| !["handler", "duration_from"].contains(&name.as_str())) {
            let path = format!("designs.2.firehose.{part}.{name}");
            assert!(paths.contains(&path.as_str()), "{path} cannot be set");
        }
    }
    act(&mut model, "done", 0);
    assert_eq!(model.design_form(), None);
}

/// One vCPU of database, a read and a write of 5 ms, two vCPUs of application, 400 requests a second: each remedy helps as
/// far as the next bound.
#[test]
fn remedies_are_switched_on_one_by_one_and_the_sentence_says_what_binds_then() {
    let mut model = model();
    act(&mut model, "form", 1);
    let mut after = |path: &str, value: &str| {
        let path = format!("designs.0.direct.{path}");
        model.update(Action::Edit { path, text: value.to_owned() });
        assert!(model.problems().is_empty(), "{:?}", model.problems());
        ran(&mut model);
        model.update(Action::Seek { seconds: 90.0 });
        model.compare_numbers()
    };
    let binds = |said: &str, what: &str| assert!(said.contains(&format!("; {what}.</li>")), "{said}");
    let said = after("database.read_ms", "5");
    binds(&said, "the primary of the database binds: 100 requests a second, and 200 if it had only to write");
    binds(&after("cache.hit_ratio", "100"), "the primary’s writes bind: 200 requests a second is all");
    after("cache.hit_ratio", "0");
    binds(&after("replicas.count", "3"), "the primary’s writes bind: 200 requests a second is all");
    let said = after("request.cpu_ms", "20");
    binds(&said, "the vCPUs of its instances bind: 100 requests a second with all that were up");
    after("request.cpu_ms", "4");
    let said = after("database.write_ms", "1");
    assert!(!said.contains(" bind: ") && !said.contains(" binds: "), "{said}");
}

#[test]
fn a_design_is_opened_in_the_place_of_the_first() {
    let mut model = model();
    let before = ran(&mut model).tallies();
    act(&mut model, "open", 2);
    assert!(!model.compares() && model.problems().is_empty());
    assert_eq!(model.scenario().stream.shards, 1);
    model.update(Action::ToggleCompare);
    let after = ran(&mut model).tallies();
    assert_eq!([&after[0], &after[1], &after[2]], [&before[2], &before[1], &before[0]]);
    // A direct design has no workbench.
    act(&mut model, "open", 1);
    assert!(model.compares() && model.design_form().is_some());
    // The first one is just shown.
    act(&mut model, "open", 0);
    assert!(!model.compares());
}

#[test]
fn anything_can_be_compared_with_something_at_most_four_at_a_time() {
    let mut model = model();
    model.update(Action::ChoosePreset("sudden-popularity".to_owned()));
    assert!(!model.compares());
    model.update(Action::for_key("c").expect("c compares"));
    assert!(model.compares());
    assert_eq!(model.verdict().head_text(), "One design. Add another, and both get the same arrivals.");
    for what in ["copy", "direct", "firehose"] {
        assert!(!model.compare_offers().is_empty());
        act(&mut model, what, 0);
        assert!(model.problems().is_empty() && model.design_form().is_some(), "{:?}", model.problems());
    }
    assert_eq!(model.designs(), ["Data Streams", "Data Streams 2", "Direct", "Firehose"]);
    assert!(model.compare_offers().is_empty());
    act(&mut model, "direct", 0);
    assert_eq!(model.designs().len(), 4);
    assert!(matches!(model.sides()[..], [Side::Stream(..), Side::Stream(..), Side::Direct(..), Side::Firehose(..)]));
    for _ in 0..3 {
        act(&mut model, "remove", 1);
    }
    assert_eq!(model.designs().len(), 1);
    act(&mut model, "remove", 0);
    assert!(model.draft().get("designs").is_none() && model.problems().is_empty());
}

/// What is done on purpose to a design stands in its form: it is added at the instant in view, changed by its fields,
/// and taken back, each in the list of its own design.
#[test]
fn faults_of_designs_are_added_changed_and_taken_back_in_the_form() {
    let mut model = model();
    let list = |model: &Model| {
        let (_, groups) = model.design_form().expect("a design is open");
        groups.into_iter().find_map(|group| group.changes).expect("it has a list")
    };
    for (place, path, kinds) in [
        (1, "designs.0.direct.operations", &["database_outage", "database_slow", "lose_instances", "empty_cache"][..]),
        (3, "designs.2.firehose.operations", &["destination_outage", "destination_slow"]),
    ] {
        act(&mut model, "form", place);
        let changes = list(&model);
        assert_eq!((changes.list.as_str(), changes.planned.len()), (path, 0));
        assert_eq!(changes.offered.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), kinds);
        model.update(Action::AddChange(path.to_owned(), kinds[1]));
        model.update(Action::AddChange(path.to_owned(), kinds[0]));
        let planned = list(&model).planned;
        let names = |knobs: &[streamgauge::app::form::Knob]| {
            knobs.iter().map(|knob| knob.path.rsplit('.').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&planned[0].knobs), ["at_s", "for_s", "factor"]);
        assert_eq!(names(&planned[1].knobs), ["at_s", "for_s"]);
        model.update(Action::Edit { path: format!("{path}.1.for_s"), text: "7".to_owned() });
        model.update(Action::RemoveOperation(format!("{path}.0")));
        let left = list(&model).planned;
        assert_eq!(left.len(), 1);
        assert!(left[0].words.starts_with("0:00 "), "{}", left[0].words);
        let plan = &model.scenario().designs[place - 1].plan;
        let spans: Vec<Span> = match plan {
            Plan::Direct(direct) => direct.faults.iter().map(|fault| fault.span).collect(),
            Plan::Firehose(firehose) => firehose.faults.iter().map(|fault| fault.span).collect(),
            Plan::Stream(_) => Vec::new(),
        };
        assert_eq!(spans, [Span::from_secs(7)]);
        act(&mut model, "done", 0);
    }
    // Each plot has the stretch behind it, and the first one says what it is.
    let faults: Vec<usize> = model.sides().iter().map(|side| side.faults().len()).collect();
    assert_eq!(faults, [0, 1, 0, 1]);
    let size = Size { width: 300.0, height: 60.0, rem: 1.0, room: false };
    let plot = |design, plot| model.board().plot(design, plot, size);
    assert!(plot(1, 0).contains("database fails over") && !plot(1, 1).contains("database fails over"));
    assert!(plot(3, 0).contains("S3 takes nothing"));
}

/// A delivery stream is added behind the stream with a poller that reads for it, and goes with that poller.
#[test]
fn a_delivery_stream_is_added_with_its_poller_and_goes_with_it() {
    let mut model = Model::new(&start("")).0;
    model.update(Action::AddDelivery);
    let scenario = model.scenario();
    assert_eq!((scenario.consumers.len(), scenario.deliver.len(), scenario.deliver[0].consumer), (2, 1, 1));
    let group = model.form().groups().into_iter().find(|group| group.delivery == Some(0)).expect("it has a group");
    let changes = group.changes.expect("its destination may break");
    assert_eq!(changes.offered.len(), 2);
    model.update(Action::AddChange(changes.list, "destination_outage"));
    assert_eq!(model.scenario().deliver[0].firehose.faults.len(), 1);
    let told = streamgauge::app::events::events(model.scenario(), model.timeline());
    assert!(told.iter().any(|event| event.text.starts_with("Firehose: S3 takes nothing for 1\u{a0}h")), "{told:?}");
    // Another one has the same poller; a consumer before it that goes moves it.
    model.update(Action::AddDelivery);
    assert_eq!(model.scenario().deliver[1].consumer, 1);
    model.update(Action::RemoveConsumer(0));
    assert_eq!(model.scenario().deliver.iter().map(|of| of.consumer).collect::<Vec<_>>(), [0, 0]);
    model.update(Action::RemoveDelivery(0));
    assert_eq!(model.scenario().deliver.len(), 1);
    model.update(Action::AddConsumer);
    model.update(Action::RemoveConsumer(0));
    assert!(model.scenario().deliver.is_empty());
}
