//! Somebody outside says what the function of a delivery stream does: a program, JavaScript, or a compiled module.

use super::{designed, every};
use crate::common::{javascript_engine, scenario};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use streamgauge::engine::firehose::{GivenRecord, TransformAnswer, Transformation, Verdict};
use streamgauge::engine::{Answer, Invocation, Outcome};
use streamgauge::scenario::{Draft, Owner};
use streamgauge::session::code::Code;
use streamgauge::session::{Comparison, FirehoseRun, Handler, Pump, Run, Session, Trace};
use streamgauge::units::{SimTime, Span};

/// A handler of delivery streams alone.
struct Transforms<F>(F);

impl<F: FnMut(&Transformation) -> TransformAnswer> Handler for Transforms<F> {
    fn handle(&mut self, _: &Invocation) -> Answer {
        Outcome::Succeeded.into()
    }

    fn transform(&mut self, of: &Transformation) -> TransformAnswer {
        self.0(of)
    }
}

/// A finished run of a delivery stream on records of 1,000 bytes, one every 10 ms, whose function a program decides.
fn decided(length_s: u64, settings: &Value, of: impl FnMut(&Transformation) -> TransformAnswer) -> FirehoseRun {
    let (scenario, firehose) = designed(length_s, &every(10_000, 1_000), settings);
    let mut run = FirehoseRun::new(&scenario, &firehose);
    assert_eq!(run.run_with(&mut Transforms(of)), Pump::Finished);
    assert!(run.ledger().balances(), "{:?}", run.ledger());
    run
}

fn answer(of: &Transformation, verdict: impl Fn(&GivenRecord) -> Verdict) -> TransformAnswer {
    TransformAnswer { records: Some(of.records.iter().map(verdict).collect()), ..TransformAnswer::failed() }
}

/// A function that a program decides, in batches of a second, delivered every ten.
fn function(more: &Value) -> Value {
    let mut transform = json!({ "memory_mb": 1_024, "interval_s": 1, "handler": "host" });
    let fields = transform.as_object_mut().expect("fields");
    fields.extend(more.as_object().expect("fields").clone());
    json!({ "transform": transform, "buffering": { "interval_s": 10 } })
}

#[test]
fn each_record_goes_where_its_answer_says() {
    let mut told = BTreeMap::new();
    let run = decided(100, &function(&json!({})), |of| {
        for given in &of.records {
            // Each record comes once, in the order in which it was offered.
            assert_eq!(told.insert(given.record.number, given.record.arrived), None);
        }
        assert!(of.records.is_sorted_by_key(|given| given.record.number));
        answer(of, |given| match given.record.number % 4 {
            0 => Verdict::Dropped,
            1 => Verdict::Failed,
            _ => Verdict::Ok { bytes: 300, partition: None },
        })
    });
    let ledger = run.ledger();
    let done = ledger.accepted - ledger.in_transform;
    assert!(done >= 9_700 && told.len() as u64 >= done, "{done}");
    assert_eq!((ledger.dropped, ledger.set_aside[0]), (done.div_ceil(4), (done + 2) / 4));
    let bytes: u64 = run.frames().iter().map(|frame| frame.delivered_bytes).sum();
    assert_eq!(bytes, ledger.delivered * 300);
    // The producer gathers for 100 ms, then the delivery stream has them.
    for (number, arrived) in told {
        let offered = u64::from(number) * 10_000;
        assert!((offered..=offered + 100_000).contains(&arrived), "{number}: {arrived}");
    }
}

/// A program that answers what the model says gives the same run as the model.
#[test]
fn a_program_that_does_what_the_model_does_gives_the_same_run() {
    let by = |handler: &str| {
        let more = json!({ "handler": handler, "fixed_ms": 700, "per_record_ms": 1, "spread": 0.5, "error_rate": 0.4 });
        decided(100, &function(&more), TransformAnswer::unchanged).digest()
    };
    assert_eq!(by("host"), by("model"));
}

#[test]
fn an_invocation_that_fails_is_tried_three_more_times() {
    let mut attempts = Vec::new();
    let run = decided(100, &function(&json!({ "fixed_ms": 100, "per_record_ms": 0 })), |of| {
        attempts.push((of.records[0].record.number, of.attempt, of.started, of.ends));
        match of.records[0].record.number {
            0 => TransformAnswer::failed(),
            _ if of.attempt < 3 => TransformAnswer::failed(),
            _ => TransformAnswer::unchanged(of),
        }
    });
    let of_first: Vec<u32> = attempts.iter().filter(|each| each.0 == 0).map(|each| each.1).collect();
    assert_eq!(of_first, [1, 2, 3, 4]);
    let second = attempts.iter().find(|each| each.0 > 0).expect("a second batch").0;
    let of_second: Vec<u32> = attempts.iter().filter(|each| each.0 == second).map(|each| each.1).collect();
    assert_eq!(of_second, [1, 2, 3]);
    // The first batch is all that failed.
    assert_eq!(run.ledger().set_aside, [u64::from(second), 0, 0]);
    for pair in attempts.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        assert_eq!(pair[0].3, pair[1].2, "it is tried again at once");
        assert_eq!(pair[0].3.since(pair[0].2), Span::from_millis(100));
    }
}

/// With the code's own time an invocation takes what it took, after its environment has loaded; what takes longer than the
/// timeout has failed.
#[test]
fn the_time_of_an_invocation_may_be_the_codes_own() {
    let settings = function(&json!({ "duration_from": "code", "timeout_s": 2, "retries": 0, "parallel": 1 }));
    let (mut begun, mut cold) = (Vec::new(), 0);
    let run = decided(100, &settings, |of| {
        begun.push(of.started.micros());
        cold += u32::from(of.cold);
        assert_eq!((of.environment, of.started), (0, of.ends));
        let took = if of.id.number() == 5 { 3_000_000 } else { 250_000 };
        let init = if of.cold { 400_000 } else { 0 };
        let (took, init) = (Span::from_micros(took), Span::from_micros(init));
        TransformAnswer { took, init, ..TransformAnswer::unchanged(of) }
    });
    assert_eq!(cold, 1);
    let invoked: u64 = run.frames().iter().map(|frame| frame.invoked_us).sum();
    assert_eq!(invoked, begun.len() as u64 * 250_000 + 400_000 + 1_750_000);
    // The batch that waited while one timed out begins when that ends.
    assert_eq!(begun[6] - begun[5], 2_000_000);
    // A batch is of a second, and the sixth fails.
    assert!((95..=105).contains(&run.ledger().set_aside[0]), "{:?}", run.ledger());
}

/// Environments: as many as there are invocations at a time, and one that was idle for too long is made anew.
#[test]
fn environments_are_used_again_until_they_were_idle_for_too_long() {
    let settings = json!({
        "transform": { "memory_mb": 512, "interval_s": 1, "handler": "host", "fixed_ms": 3_500, "per_record_ms": 0 },
    });
    let traffic = json!({
        "curve": [{ "kind": "steps", "steps": [[0, 100], [30, 0], [1_000, 100]] }],
        "sizes": { "kind": "fixed", "bytes": 1_000 },
    });
    let (scenario, firehose) = designed(1_030, &traffic, &settings);
    let mut seen = Vec::new();
    let mut run = FirehoseRun::new(&scenario, &firehose);
    let mut handler = Transforms(|of: &Transformation| {
        seen.push((of.started, of.environment, of.cold));
        TransformAnswer::unchanged(of)
    });
    assert_eq!(run.run_with(&mut handler), Pump::Finished);
    let half = |late: bool| {
        let of = seen.iter().filter(|each| (each.0 > SimTime::from_micros(900_000_000)) == late);
        let cold = of.clone().filter(|each| each.2).count();
        (cold, of.map(|each| each.1).collect::<BTreeSet<u32>>().len())
    };
    // Four batches are with the function at a time, before and after the pause of more than ten minutes.
    assert_eq!((half(false), half(true)), ((4, 4), (4, 4)));
}

/// The partitions that the answers name: beyond those that may be active records are set aside.
#[test]
fn the_answer_names_partitions() {
    let mut settings = function(&json!({}));
    settings["partitioning"] = json!({ "partitions": 1, "active_max": 5 });
    settings["buffering"] = json!({ "interval_s": 30 });
    let run = decided(100, &settings, |of| {
        answer(of, |given| {
            let name = given.record.number % 8;
            Verdict::Ok { bytes: 1_000, partition: (name > 0).then(|| format!("customer {name}").into()) }
        })
    });
    let ledger = run.ledger();
    // One place for what names none, four for others; the fifth, sixth and seventh name find none.
    let asked = ledger.accepted - ledger.in_transform;
    assert_eq!(ledger.set_aside, [0, asked / 8 * 3, 0], "{ledger:?}");
    assert!(run.frames().iter().all(|frame| frame.state.partitions <= 5));
    // Three intervals of five partitions.
    assert_eq!(run.objects().0, 15);
}

/// A stream that a function with code and Firehose with a transform read: both are asked with the same records.
fn read_twice(handler: &str, code: &str) -> Value {
    json!({
        "length_s": 30,
        "traffic": {
            "curve": [{ "kind": "constant", "per_s": 50 }],
            "keys": { "kind": "uniform", "count": 40 },
            "sizes": { "kind": "fixed", "bytes": 120 },
            "payloads": [{ "data": { "id": "{number}", "at": "{time}" } }],
        },
        "stream": { "shards": 2 },
        "consumers": [
            { "kind": "lambda", "handler": "javascript", "code":
              "exports.handler = async (e) => { for (const r of e.Records) console.log(r.kinesis.sequenceNumber, r.kinesis.partitionKey, r.kinesis.data); };" },
            { "kind": "poller", "idle_ms": 1_000, "fixed_ms": 0, "per_record_ms": 0 },
        ],
        "deliver": [{ "consumer": 1, "firehose": {
            "transform": { "memory_mb": 1_769, "interval_s": 1, "handler": handler, "code": code, "duration_from": "code" },
            "buffering": { "interval_s": 5 },
        } }],
    })
}

#[test]
fn the_function_of_a_delivery_stream_sees_the_records_that_a_consumer_sees() {
    let document = read_twice(
        "javascript",
        r#"
        exports.handler = async (event) => {
          if (!event.sourceKinesisStreamArn) throw new Error("no source");
          for (const { recordId, data, kinesisRecordMetadata: of } of event.records) {
            if (recordId !== of.sequenceNumber + "000000") throw new Error(recordId);
            console.log(of.sequenceNumber, of.partitionKey, data);
          }
          return { records: event.records.map(({ recordId, data }) => ({ recordId, result: "Ok", data })) };
        };"#,
    );
    let mut session = Session::new(scenario(&document));
    let mut code = Code::new(session.scenario(), || Ok(javascript_engine().clone())).expect("it loads");
    assert_eq!(session.run_with(&mut code), Pump::Finished);
    let lines = |owner: Owner| -> BTreeSet<String> {
        let (_, report) = code.reports().find(|(of, _)| *of == owner).expect("it has code");
        assert_eq!(report.ended[0], report.invocations);
        report.lines.iter().map(|(_, line)| line.text.clone()).collect()
    };
    let (consumer, transform) =
        (lines(Owner::Consumer { stream: 0, place: 0 }), lines(Owner::Deliver { stream: 0, place: 0 }));
    // Of each the first hundred lines are kept.
    assert!(consumer.len() == 100 && consumer.intersection(&transform).count() > 80, "{consumer:?} {transform:?}");
    let ledger = session.deliver()[0].ledger();
    assert!(session.balances() && ledger.delivered > 1_000 && ledger.aside() == 0, "{ledger:?}");

    // The trace repeats the run without the code.
    let trace: Trace = session.trace();
    assert!(!trace.transforms.is_empty());
    let mut again = Session::replay(session.scenario().clone(), &trace);
    assert_eq!(again.pump(SimTime::from_micros(30_000_000), u32::MAX), Pump::Finished);
    assert_eq!(again.digest(), session.digest());
    assert_eq!(again.trace().transforms, session.trace().transforms);
}

/// The designs in step come to their end with everything that stands behind them, however small the steps are: also where
/// the last thing that happens is an invocation.
#[test]
fn designs_in_step_wait_for_their_functions_to_the_end() {
    let mut document = read_twice("host", "");
    document["consumers"][0] = json!({ "kind": "lambda" });
    let transform = json!({ "memory_mb": 512, "interval_s": 1, "handler": "host", "fixed_ms": 900 });
    document["deliver"][0]["firehose"]["transform"] = transform.clone();
    document["designs"] = json!([{ "kind": "firehose", "firehose": { "transform": transform } }]);
    let checked = scenario(&document);
    let mut whole = Comparison::new(&checked);
    let mut asked = 0;
    let mut handler = Transforms(|of: &Transformation| {
        asked += 1;
        TransformAnswer::unchanged(of)
    });
    assert_eq!(whole.run_with(&mut handler), Ok(()));
    for budget in [1, 97, 5_000, 1_000_000] {
        let mut other = Comparison::new(&checked);
        let mut answered = 0;
        loop {
            match other.pump(budget) {
                Pump::Finished => break,
                Pump::Full => panic!("it is full"),
                Pump::Spent | Pump::Reached | Pump::Waiting(_) => {
                    for of in other.take_transformations() {
                        answered += 1;
                        other.accept_transform(of.id, TransformAnswer::unchanged(&of));
                    }
                }
            }
        }
        assert_eq!(answered, asked, "{budget}");
        for (one, other) in whole.runs().iter().zip(other.runs()) {
            assert_eq!(one.digest(), other.digest(), "{budget}");
        }
    }
}

/// Answers that are not as they should be, record by record.
#[test]
fn what_an_answer_lacks_or_says_twice_has_failed() {
    let settings = |code: &str| {
        json!({
            "length_s": 5,
            "traffic": every(10_000, 60),
            "designs": [{ "kind": "firehose", "firehose": {
                "transform": { "memory_mb": 1_769, "interval_s": 1, "handler": "javascript", "code": code, "retries": 1 },
                "buffering": { "interval_s": 1 },
            } }],
        })
    };
    let ledger = |code: &str| {
        let checked = scenario(&settings(code));
        let mut comparison = Comparison::new(&checked);
        let mut of = Code::new(&checked, || Ok(javascript_engine().clone())).expect("it loads");
        assert_eq!(comparison.run_with(&mut of), Ok(()));
        let Run::Firehose(run) = &comparison.runs()[1] else { panic!("a delivery stream") };
        let ledger = run.ledger();
        assert!(ledger.balances());
        (ledger.dropped > 0, ledger.delivered + ledger.in_delivery + ledger.buffered, ledger.aside())
    };
    let each =
        |answer: &str| format!("exports.handler = async (e) => ({{ records: e.records.map((r) => ({answer})) }});");
    let (_, all, failed) = ledger(&each("{ ...r, result: 'Ok' }"));
    assert!(all >= 290 && failed == 0, "{all} {failed}");
    for wrong in [
        each("{ ...r, result: 'ok' }"),
        each("{ recordId: r.recordId, result: 'Ok' }"),
        each("{ recordId: r.recordId, result: 'Ok', data: 'not base64' }"),
        each("{ recordId: r.recordId, result: 'Ok', data: 'abc' }"),
        each("{ ...r, result: 'ProcessingFailed' }"),
        each("{ ...r, recordId: r.recordId + '0', result: 'Ok' }"),
        each("7"),
        "exports.handler = async (e) => ({ records: [...e.records, ...e.records].map((r) => ({ ...r, result: 'Ok' })) });".to_owned(),
        "exports.handler = async (e) => e;".to_owned(),
        "exports.handler = async (e) => null;".to_owned(),
        "exports.handler = async (e) => { throw new Error('no'); };".to_owned(),
        "exports.handler = async (e) => ({ records: 'x'.repeat(7e6) });".to_owned(),
    ] {
        assert_eq!(ledger(&wrong), (false, 0, all), "{wrong}");
    }
    assert_eq!(ledger(&each("{ ...r, result: 'Dropped' }")), (true, 0, 0));
    // Every second one is forgotten.
    let half = "exports.handler = async (e) => ({ records: e.records.filter((_, i) => i % 2).map((r) => ({ ...r, result: 'Ok' })) });";
    let (_, kept, failed) = ledger(half);
    assert!(kept + failed == all && kept.abs_diff(failed) < 30, "{kept} {failed}");
}

#[test]
fn a_handler_stands_where_somebody_is_asked() {
    let problems = |document: &Value| -> Vec<String> {
        let mut document = document.clone();
        document["traffic"] = json!({ "curve": [{ "kind": "constant", "per_s": 50 }] });
        let problems = Draft::from_value(document).check().err().unwrap_or_default();
        problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
    };
    let design =
        |transform: &Value| json!({ "designs": [{ "kind": "firehose", "firehose": { "transform": transform } }] });
    assert_eq!(
        problems(&design(&json!({ "handler": "javascript" }))),
        [
            "designs.0.firehose.transform.memory_mb: a handler needs a function; choose its memory",
            "designs.0.firehose.transform.code: there is no code; write a handler here, or choose \"model\"",
        ]
    );
    let inner = json!([{ "consumer": 0, "firehose": { "transform": { "memory_mb": 128, "handler": "host" } } }]);
    let poller = json!([{ "kind": "poller", "fixed_ms": 0, "per_record_ms": 0 }]);
    let own = json!({ "consumers": poller, "deliver": inner });
    assert_eq!(problems(&own), Vec::<String>::new());
    // In every stream, be it beside the first or behind it.
    let beside = json!({ "designs": [{ "kind": "stream", "consumers": poller, "deliver": inner }] });
    assert_eq!(problems(&beside), Vec::<String>::new());
    let behind = json!({ "then": [{ "consumer": 0, "consumers": poller, "deliver": inner }] });
    assert_eq!(problems(&behind), Vec::<String>::new());
}
