//! Code decides in every stream: in the first design, in those that follow its stream, and in the designs beside it.

use crate::common::{javascript_engine, scenario};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use streamgauge::engine::firehose::{TransformAnswer, Transformation, Verdict};
use streamgauge::engine::{Answer, Invocation, Outcome};
use streamgauge::scenario::{Owner, Scenario};
use streamgauge::session::code::Code;
use streamgauge::session::{Comparison, Handler, Pump, Run, Session};

/// What a stream with everything behind it is made of: a function, a poller whose records are delivered, and two streams
/// that follow the function, of which the first has one behind it.
fn design(handler: &str) -> Value {
    let lambda = json!({ "kind": "lambda", "batch_size": 20, "handler": handler, "fixed_ms": 20, "max_retries": 2 });
    let deliver = json!([{ "consumer": 1, "firehose": {
        "transform": { "memory_mb": 512, "interval_s": 1, "handler": handler },
        "buffering": { "interval_s": 5 },
    } }]);
    let poller = json!({ "kind": "poller", "fixed_ms": 0, "per_record_ms": 0 });
    let last = json!({ "consumer": 0, "consumers": [lambda], "per_record": 0.5 });
    json!({
        "stream": { "shards": 2 },
        "consumers": [lambda, poller],
        "deliver": deliver,
        "then": [
            { "consumer": 0, "consumers": [lambda, poller], "deliver": deliver, "then": [last] },
            { "consumer": 0, "consumers": [lambda], "per_record": 0.25 },
        ],
    })
}

/// Two designs that are equal, with a delivery stream between them.
fn equal_designs(handler: &str) -> Scenario {
    let mut document = json!({
        "length_s": 60,
        "seed": 5,
        "traffic": {
            "curve": [{ "kind": "spike", "base_per_s": 20, "factor": 10, "start_s": 10, "rise_s": 2, "hold_s": 10, "fall_s": 5 }],
            "keys": { "kind": "zipf", "count": 50, "exponent": 1.1 },
            "sizes": { "kind": "fixed", "bytes": 100 },
        },
    });
    for (name, value) in design(handler).as_object().expect("parts") {
        document[name] = value.clone();
    }
    let mut copy = design(handler);
    copy["kind"] = "stream".into();
    copy["name"] = "Copy".into();
    let firehose = json!({ "transform": { "memory_mb": 512, "interval_s": 2, "handler": handler } });
    document["designs"] = json!([{ "kind": "firehose", "name": "Beside", "firehose": firehose }, copy]);
    scenario(&document)
}

/// Fails every batch with a certain key, and drops every fifth record that is to be transformed; counts by owner.
#[derive(Default)]
struct Judge {
    asked: BTreeMap<Owner, u64>,
}

impl Handler for Judge {
    fn handle(&mut self, of: &Invocation) -> Answer {
        *self.asked.entry(of.id.owner()).or_default() += 1;
        match of.records.iter().position(|given| given.record.key % 40 == 7) {
            Some(_) if of.attempt == 1 => Outcome::Failed.into(),
            _ => Outcome::Succeeded.into(),
        }
    }

    fn transform(&mut self, of: &Transformation) -> TransformAnswer {
        *self.asked.entry(of.id.owner()).or_default() += 1;
        let verdict = |given: &streamgauge::engine::firehose::GivenRecord| match given.record.number % 5 {
            0 => Verdict::Dropped,
            _ => Verdict::Ok { bytes: 50, partition: None },
        };
        TransformAnswer { records: Some(of.records.iter().map(verdict).collect()), ..TransformAnswer::failed() }
    }
}

fn consumer(stream: u32) -> Owner {
    Owner::Consumer { stream, place: 0 }
}

fn deliver(stream: u32) -> Owner {
    Owner::Deliver { stream, place: 0 }
}

#[test]
fn each_owner_has_a_number_and_a_place_of_its_own() {
    let scenario = equal_designs("host");
    let hosts = Owner::all(&scenario).filter(|(_, handling)| handling.kind.word() == "host");
    let found: Vec<_> = hosts.map(|(owner, _)| (owner.path(&scenario), owner.title(&scenario))).collect();
    assert_eq!(found.len(), 13, "{found:#?}");
    let paths: Vec<&str> = found.iter().map(|(path, _)| &**path).collect();
    assert_eq!(
        paths,
        [
            "consumers.0",
            "deliver.0.firehose.transform",
            "then.0.consumers.0",
            "then.0.deliver.0.firehose.transform",
            "then.0.then.0.consumers.0",
            "then.1.consumers.0",
            "designs.1.consumers.0",
            "designs.1.deliver.0.firehose.transform",
            "designs.1.then.0.consumers.0",
            "designs.1.then.0.deliver.0.firehose.transform",
            "designs.1.then.0.then.0.consumers.0",
            "designs.1.then.1.consumers.0",
            "designs.0.firehose.transform",
        ]
    );
    // Nobody has to guess which is meant.
    let mut titles: Vec<&String> = found.iter().map(|(_, title)| title).collect();
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), 13, "{found:#?}");
    let streams = scenario.all_streams();
    for (owner, _) in Owner::all(&scenario) {
        assert_eq!(Owner::of_number(owner.number()), owner);
        // Its stream is the one at its path.
        let stream = owner.consumer(&scenario).map(|(stream, _)| stream);
        let stream = stream.or_else(|| owner.firehose(&scenario).map(|(stream, _)| stream)).expect("it has one");
        let place = owner.stream().unwrap_or(0) as usize;
        assert!(std::ptr::eq(stream, streams[place].stream), "{owner:?}");
        assert!(owner.stream().is_none() || owner.path(&scenario).starts_with(&streams[place].path), "{owner:?}");
    }
}

#[test]
fn equal_designs_are_asked_the_same_and_do_the_same() {
    let scenario = equal_designs("host");
    let mut comparison = Comparison::new(&scenario);
    let mut judge = Judge::default();
    assert_eq!(comparison.run_with(&mut judge), Ok(()));
    let [Run::Stream(own), Run::Firehose(beside), Run::Stream(copy)] = comparison.runs() else {
        panic!("three designs")
    };
    assert_eq!(own.digest(), copy.digest());
    assert!(own.streams().iter().chain(&copy.streams()).all(|stream| stream.balances()));
    assert!(beside.ledger().dropped > 100);
    // Streams 0 to 3 are those of the first design, 4 to 7 those of its copy.
    for stream in 0..4 {
        let asked = judge.asked[&consumer(stream)];
        assert!(asked > 10, "{:?}", judge.asked);
        assert_eq!(asked, judge.asked[&consumer(stream + 4)]);
    }
    for stream in [0, 1] {
        assert_eq!(judge.asked[&deliver(stream)], judge.asked[&deliver(stream + 4)]);
    }
    assert_eq!(judge.asked.len(), 13);
    // What is answered counts in each of them: batches that failed are tried again, records that were dropped are gone.
    for stream in own.streams() {
        assert!(stream.ledger().balances());
        for run in stream.deliver() {
            assert!(run.ledger().dropped > 0 && run.ledger().balances(), "{:?}", run.ledger());
        }
    }
    // Without the answers it is another run.
    let mut without = Comparison::new(&scenario);
    assert_eq!(without.run(), Ok(()));
    assert_ne!(without.runs()[2].digest(), copy.digest());
}

#[test]
fn in_whatever_turns_the_designs_are_moved_they_do_the_same() {
    let scenario = equal_designs("host");
    let mut whole = Comparison::new(&scenario);
    assert_eq!(whole.run_with(&mut Judge::default()), Ok(()));
    for budget in [1, 61, 1_000, 1_000_000] {
        let (mut other, mut judge) = (Comparison::new(&scenario), Judge::default());
        loop {
            match other.pump(budget) {
                Pump::Finished => break,
                Pump::Full => panic!("it is full"),
                Pump::Spent | Pump::Reached | Pump::Waiting(_) => {}
            }
            // Answers in another order than the questions.
            for invocation in other.take_invocations().into_iter().rev() {
                other.accept(invocation.id, judge.handle(&invocation));
            }
            for of in other.take_transformations().into_iter().rev() {
                other.accept_transform(of.id, judge.transform(&of));
            }
        }
        for (one, other) in whole.runs().iter().zip(other.runs()) {
            assert_eq!(one.digest(), other.digest(), "{budget}");
        }
    }
}

#[test]
fn a_trace_repeats_the_streams_that_follow_without_their_code() {
    let scenario = Scenario { designs: Vec::new(), ..equal_designs("host") };
    let (mut session, mut judge) = (Session::new(scenario.clone()), Judge::default());
    assert_eq!(session.run_with(&mut judge), Pump::Finished);
    let trace = session.trace();
    let owners = |owner: Owner| trace.answers.iter().filter(|(id, _)| id.owner() == owner).count() as u64;
    assert!((0..4).all(|stream| owners(consumer(stream)) == judge.asked[&consumer(stream)]), "{:?}", judge.asked);
    let mut again = Session::replay(scenario.clone(), &trace);
    let mut nobody = Judge::default();
    assert_eq!(again.run_with(&mut nobody), Pump::Finished);
    assert_eq!((nobody.asked, again.digest()), (BTreeMap::new(), session.digest()));
    assert_eq!(again.trace(), trace);
    // What the trace lacks of a stream that follows is asked.
    let mut lacking = trace;
    lacking.answers.retain(|(id, _)| id.owner() != consumer(2));
    let mut rest = Judge::default();
    let mut again = Session::replay(scenario, &lacking);
    assert_eq!(again.run_with(&mut rest), Pump::Finished);
    assert_eq!(rest.asked.into_iter().collect::<Vec<_>>(), [(consumer(2), judge.asked[&consumer(2)])]);
    assert_eq!(again.digest(), session.digest());
}

/// The code sees in each stream what lies there: what follows has records of its own.
#[test]
fn javascript_decides_in_streams_that_follow_and_in_other_designs() {
    let mut document = json!({
        "length_s": 20,
        "traffic": { "curve": [{ "kind": "constant", "per_s": 50 }], "sizes": { "kind": "fixed", "bytes": 90 } },
    });
    let see = "exports.handler = async (event, context) => {
        console.log(context.functionName, event.Records.map((r) => Buffer.from(r.kinesis.data, 'base64').length).join());
    };";
    let lambda = |code: &str| json!({ "batch_size": 10, "handler": "javascript", "code": code, "max_retries": 1 });
    document["consumers"] = json!([lambda(see)]);
    document["then"] = json!([{ "consumer": 0, "size_bytes": 150, "consumers": [lambda(see)] }]);
    document["designs"] = json!([
        { "kind": "stream", "name": "Throws", "consumers": [lambda("exports.handler = async () => { throw new Error('no'); };")] },
    ]);
    let scenario = scenario(&document);
    let mut comparison = Comparison::new(&scenario);
    let mut code = Code::new(&scenario, || Ok(javascript_engine().clone())).expect("it loads");
    assert_eq!(comparison.run_with(&mut code), Ok(()));
    let reports: BTreeMap<Owner, _> = code.reports().collect();
    let line = |owner: Owner| reports[&owner].lines[0].1.text.clone();
    assert!(line(consumer(0)).starts_with("function-1 90,90"), "{}", line(consumer(0)));
    assert!(line(consumer(1)).starts_with("function-1-of-stream-2 150,150"), "{}", line(consumer(1)));
    let [Run::Stream(own), Run::Stream(throws)] = comparison.runs() else { panic!("two designs") };
    let (fine, given_up) = (own.ledger(), throws.ledger());
    assert!(fine.processed > 900 && fine.discarded == 0, "{fine:?}");
    assert!(given_up.processed == 0 && given_up.discarded > 500, "{given_up:?}");
}

#[test]
fn the_command_line_gives_code_to_any_function() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a writable folder");
        path.display().to_string()
    };
    let mut document = json!({ "length_s": 20, "traffic": { "curve": [{ "kind": "constant", "per_s": 50 }] } });
    document["then"] = json!([{ "consumer": 0, "consumers": [{}] }]);
    document["designs"] = json!([{ "kind": "stream", "consumers": [{}] }, { "kind": "direct" }]);
    let file = write("everywhere.json", &document.to_string());
    let code = write("everywhere.js", "exports.handler = async () => {};");
    let streamgauge = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_streamgauge")).args(arguments).output().expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let given = |place: &str| format!("{place}={code}");
    let both = [given("then.0.consumers.0"), given("designs.0.consumers.0")];
    let [behind, beside] = [&*both[0], &*both[1]];
    let (status, out, err) = streamgauge(&["compare", &file, "--handler", behind, "--handler", beside, "--json"]);
    assert_eq!((status, &*err), (Some(0), ""));
    let found: Value = serde_json::from_str(&out).expect("one JSON object");
    let names: Vec<&Value> =
        found["handlers"].as_array().expect("a list").iter().map(|each| &each["function"]).collect();
    assert_eq!(names, ["then.0.consumers.0", "designs.0.consumers.0"]);
    assert!(
        found["handlers"].as_array().is_some_and(|all| all.iter().all(|each| each["invocations"].as_u64() > Some(10)))
    );
    // A run is of the first design, with what follows it.
    let (_, out, _) = streamgauge(&["run", &file, "--handler", behind, "--handler", beside]);
    assert!(out.contains("Code of Lambda of Second stream: ") && !out.contains("Data Streams 2"), "{out}");
    for (place, words) in [
        ("designs.1", "designs.1 has several functions: name one of them, such as designs.1.consumers.0"),
        ("designs.2.consumers.0", "there is no designs.2; the first of 2 is 0"),
        ("then.0.then.0.consumers.0", "there is no then.0.then.0: the scenario has none"),
        ("stores.0", "stores.0 names no function"),
    ] {
        let (status, _, err) = streamgauge(&["compare", &file, "--handler", &given(place)]);
        assert!(status != Some(0) && err.contains(words), "{err}");
    }
}
