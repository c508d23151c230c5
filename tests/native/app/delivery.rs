//! Delivery streams behind a stream on the page: what arrives of them, and what is said at the cursor.

use serde_json::json;
use streamgauge::app::form::Control;
use streamgauge::app::{Action, BoxEvent, Effect, Model};
use streamgauge::limits;
use streamgauge::metrics::firehose::FirehoseLedger;
use streamgauge::scenario::{Plan, packed};
use streamgauge::session::{Comparison, Pump, Run};

/// Two minutes of a hundred records a second, delivered every half minute into S3, of which half are dropped by a
/// function, and into an endpoint that is out from the first minute on.
fn document() -> String {
    json!({
        "name": "Delivered", "seed": 3, "length_s": 120,
        "traffic": { "curve": [{ "kind": "constant", "per_s": 100 }] },
        "stream": { "shards": 1 },
        "consumers": [
            { "kind": "poller", "fixed_ms": 0, "per_record_ms": 0 },
            { "kind": "poller", "fixed_ms": 0, "per_record_ms": 0 },
        ],
        "deliver": [
            { "consumer": 0, "firehose": {
                "buffering": { "interval_s": 30 }, "transform": { "memory_mb": 128, "interval_s": 5, "dropped_share": 0.5 } } },
            { "name": "Partner", "consumer": 1, "firehose": {
                "buffering": { "interval_s": 10 }, "destination": { "kind": "http", "retry_s": 20 },
                "operations": [{ "at_s": 60, "kind": "destination_outage", "for_s": 600 }] } },
        ],
        "designs": [{ "kind": "stream", "stream": { "shards": 2 }, "consumers": [{ "kind": "poller", "fixed_ms": 0, "per_record_ms": 0 }],
            "deliver": [{ "consumer": 0, "firehose": { "buffering": { "interval_s": 60 } } }] }],
    })
    .to_string()
}

fn ran() -> (Model, Comparison) {
    ran_of(&document())
}

fn ran_of(document: &str) -> (Model, Comparison) {
    let mut model = super::compare::opened(document);
    assert!(model.problems().is_empty() && model.delivers(), "{:?}", model.problems());
    let effects = model.update(Action::RunOrPause);
    let opened = effects.iter().find_map(|effect| match effect {
        Effect::OpenRun { run, scenario, .. } => Some((*run, scenario.clone())),
        _ => None,
    });
    let (run, packed) = opened.expect("a run was opened");
    let mut designs = Comparison::new(&packed::unpack(&packed).expect("the box reads what the page packs"));
    while designs.pump(5_000) != Pump::Finished {}
    let parts = designs.runs().iter().flat_map(|of| (0..of.parts()).map(move |part| (of, part)));
    for (place, (of, part)) in parts.enumerate() {
        let (_, block) = of.block(part, 0, usize::MAX).expect("frames");
        let block = std::iter::once(place as f64).chain(block).collect();
        let effects = model.update(Action::Box(BoxEvent::Frames { run, block, rows: String::new() }));
        assert_eq!(effects, [Effect::GrantCredit(1)], "part {place} is taken");
    }
    let summary = designs.essence_text();
    model.update(Action::Box(BoxEvent::Done { run, summary, rows: String::new() }));
    (model, designs)
}

#[test]
fn what_the_page_says_of_deliveries_is_what_the_run_did() {
    let (mut model, designs) = ran();
    let Run::Stream(session) = &designs.runs()[0] else { panic!("a stream") };
    for seconds in [0.0, 45.0, 120.0] {
        model.update(Action::Seek { seconds });
        let deliveries = model.deliveries();
        assert_eq!(deliveries.iter().map(|one| one.title.as_str()).collect::<Vec<_>>(), ["Firehose", "Partner"]);
        for (delivery, run) in deliveries.iter().zip(session.deliver()) {
            let frames = &run.frames()[..run.frames().len().min(seconds as usize)];
            let ledger = FirehoseLedger::after(frames);
            let count = |name: &str| {
                let row = delivery.rows.iter().find(|[row, ..]| row == name).unwrap_or_else(|| panic!("{name}"));
                row[1].replace(|sign: char| !sign.is_ascii_digit(), "").parse::<u64>().expect("a number")
            };
            assert_eq!(count("Delivered"), ledger.delivered);
            assert_eq!(count("In the buffer"), ledger.buffered);
            let all: u64 = delivery.rows.iter().map(|[name, ..]| count(name)).sum();
            assert_eq!(all, ledger.offered, "every record is somewhere at {seconds} s");
        }
    }
    // At the end everything is said that the command line says.
    let deliveries = model.deliveries();
    for (delivery, run) in deliveries.iter().zip(session.deliver()) {
        assert_eq!((&delivery.bill, &delivery.findings), (&run.bill(), &run.findings()));
        assert!(
            delivery.said.iter().any(|sentence| sentence.starts_with("From read to delivered")),
            "{:?}",
            delivery.said
        );
    }
    assert!(deliveries[0].rows.iter().any(|[name, ..]| name == "Dropped by the function"));
    assert!(deliveries[1].rows.iter().any(|[name, ..]| name.starts_with("Error prefix: ")), "{:?}", deliveries[1].rows);
    // The headline says what did not come where it should, up to the cursor.
    let aside = session.deliver()[1].ledger().aside();
    let sentence =
        format!("{} records of Partner lie aside in S3, under the error prefix, and not in", limits::grouped(aside));
    model.update(Action::ToggleCompare);
    let said = |model: &Model| model.verdict().sub_text().replace('\u{a0}', " ");
    assert!(aside > 100 && said(&model).contains(&sentence), "{}", said(&model));
    let head = |model: &Model| model.verdict().head_text().replace('\u{a0}', " ");
    let expected = format!("The stream holds, but {} records were not delivered.", limits::grouped(aside));
    assert_eq!(head(&model), expected);
    model.update(Action::Seek { seconds: 45.0 });
    assert!(!said(&model).contains("error prefix"), "{}", said(&model));
    model.update(Action::Seek { seconds: 120.0 });
    model.update(Action::ToggleCompare);
    // Of designs side by side a month costs what it does natively, deliveries included.
    let months =
        |tallies: Vec<streamgauge::session::Tally>| tallies.iter().map(|of| of.month_cents).collect::<Vec<_>>();
    assert_eq!(model.tallies().map(months), Some(months(designs.tallies())));
}

/// A design that is opened takes its delivery streams with it.
#[test]
fn deliveries_of_a_design_change_places_with_it() {
    let (mut model, _) = ran();
    model.update(Action::Compare { what: "open".to_owned(), place: 1 });
    assert!(model.problems().is_empty(), "{:?}", model.problems());
    assert_eq!((model.scenario().deliver.len(), model.scenario().stream.shards), (1, 2));
    let Plan::Stream(other) = &model.scenario().designs[0].plan else { panic!("a stream") };
    assert_eq!(other.deliver.len(), 2);
}

/// A field that is empty says what holds instead, which is its destination's.
#[test]
fn an_empty_field_of_a_delivery_stream_says_what_its_destination_has() {
    let (model, _) = ran();
    let usual = |path: &str| {
        let groups = model.form().groups();
        let knob = groups.iter().flat_map(|group| group.knobs.iter().chain(&group.more)).find(|knob| knob.path == path);
        let Some(Control::Number { text, usual, .. }) = knob.map(|knob| knob.control.clone()) else { panic!("{path}") };
        (text, usual)
    };
    let of = |text: &str, usual: &str| (text.to_owned(), usual.to_owned());
    assert_eq!(usual("deliver.0.firehose.buffering.interval_s"), of("30", ""));
    assert_eq!(usual("deliver.0.firehose.buffering.size_mib"), of("", "5"));
    // Behind a stream S3 is tried again for as long as the stream keeps the records.
    assert_eq!(usual("deliver.0.firehose.destination.retry_s"), of("", ""));
    assert_eq!(usual("deliver.1.firehose.destination.retry_s"), of("20", ""));
    let [s3, http] = [0, 1].map(|place| &model.scenario().deliver[place].firehose.stream);
    for (place, stream) in [(0, s3), (1, http)] {
        let path = |field: &str| format!("deliver.{place}.firehose.destination.{field}");
        assert_eq!(usual(&path("parallel")), of("", &stream.parallel().to_string()));
        let latency = stream.latency().micros() / 1_000;
        assert_eq!(usual(&path("latency_ms")).1.replace(',', ""), latency.to_string());
    }
    assert_ne!(s3.parallel(), http.parallel());
    // Its reader does no work, so that it has no speed.
    let groups = model.form().groups();
    let hint = groups.iter().find(|group| group.consumer == Some((0, true))).map(|group| &*group.hints[0].text);
    assert_eq!(hint, Some("Does no work with what it reads; a full shard brings 1,000."));
}

/// Where the one reader was late, too, nobody reads that nothing was lost.
#[test]
fn a_reader_that_is_late_takes_nothing_from_what_was_not_delivered() {
    let mut late: serde_json::Value = serde_json::from_str(&document()).expect("a document");
    let mut partner = late["deliver"][1].take();
    partner["consumer"] = json!(0);
    late["deliver"] = json!([partner]);
    late["consumers"].as_array_mut().expect("a list").truncate(1);
    late["operations"] = json!([{ "at_s": 85, "kind": "freeze_consumer", "consumer": 0, "for_s": 25 }]);
    let (mut model, designs) = ran_of(&late.to_string());
    let Run::Stream(session) = &designs.runs()[0] else { panic!("a stream") };
    model.update(Action::ToggleCompare);
    model.update(Action::Seek { seconds: 120.0 });
    let aside = limits::grouped(session.deliver()[0].ledger().aside());
    let head = |model: &Model| model.verdict().head_text().replace('\u{a0}', " ");
    let expected = format!("{aside} records were not delivered. Work was up to ");
    assert!(head(&model).starts_with(&expected), "{}", head(&model));
    model.update(Action::Seek { seconds: 109.0 });
    let said = head(&model);
    assert!(said.contains(" records were not delivered, and work is ") && said.ends_with("falling behind."), "{said}");
}
