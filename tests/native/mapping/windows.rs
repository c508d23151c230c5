//! Tumbling windows: which records a batch may have, when a window ends, what its end waits for and costs.

use super::{total, with};
use crate::common::{scenario, session};
use serde_json::{Value, json};
use streamgauge::engine::{Invocation, InvokedWindow, Outcome};
use streamgauge::metrics::Metric;
use streamgauge::scenario::Draft;
use streamgauge::session::{Pump, Session, response};
use streamgauge::units::SimTime;

/// Ten records a second, evenly, to one shard, and a mapping with windows of half a minute and these settings.
fn steady(length_s: u32, settings: &Value) -> Value {
    let mapping = json!({"handler": "host", "tumbling_window_s": 30, "fixed_ms": 5, "per_record_ms": 0});
    json!({
        "length_s": length_s,
        "traffic": {"curve": [{"kind": "intervals", "intervals": [[0, 100_000]]}], "arrivals": "even"},
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 1},
        "consumers": [with(mapping, settings)],
    })
}

/// The run of a document, with every invocation; those that `fails` picks fail.
fn run(document: &Value, mut fails: impl FnMut(&Invocation) -> bool) -> (Session, Vec<Invocation>) {
    let (mut session, mut all) = (Session::new(scenario(document)), Vec::new());
    let end = session.run_with(&mut |invocation: &Invocation| {
        all.push(invocation.clone());
        if fails(invocation) { Outcome::Failed } else { Outcome::Succeeded }
    });
    assert_eq!(end, Pump::Finished);
    (session, all)
}

fn window(invocation: &Invocation) -> InvokedWindow {
    invocation.window.expect("the mapping has windows")
}

/// Batches of 25 that fill, three hundred records a window: twelve invocations and a last one for each, in order, and
/// the state grows with each of them.
#[test]
fn a_window_is_its_batches_and_one_invocation_more() {
    let settings = json!({"batch_size": 25, "batching_window_s": 300, "state_bytes_per_record": 16});
    let (session, all) = run(&steady(600, &settings), |_| false);
    let whole: Vec<&Invocation> = all.iter().filter(|of| window(of).end < SimTime::from_micros(600_000_000)).collect();
    assert_eq!(whole.len(), 19 * 13);
    for (index, of) in whole.iter().enumerate() {
        let (seen, place) = (window(of), index % 13);
        let start = SimTime::from_micros(index as u64 / 13 * 30_000_000);
        assert_eq!((seen.start, seen.is_final, seen.is_early), (start, place == 12, false), "{of:?}");
        assert_eq!(of.records.len(), if seen.is_final { 0 } else { 25 });
        assert!(of.records.iter().all(|of| (seen.start..seen.end).contains(&SimTime::from_micros(of.record.arrived))));
        assert_eq!(seen.state.get(), 16 * 25 * place as u64);
    }
    // The nineteenth ends with the first record of the twentieth; the bill has what was invoked and nothing else.
    assert_eq!(total(&session, Metric::Windows), 19.0);
    assert_eq!(total(&session, Metric::Invocations), all.len() as f64);
    assert!(session.ledger().balances());
}

/// Without a record of a later window, the end waits: for the end of the window, or two minutes after the last batch,
/// whichever is later.
#[test]
fn a_window_to_which_nothing_is_added_ends_after_a_wait() {
    for (at, window_s, wait, expected) in [(40, 30, 120, 160), (40, 300, 120, 300), (40, 30, 5, 60), (40, 60, 0, 60)] {
        let mut document = steady(400, &json!({"tumbling_window_s": window_s, "window_wait_s": wait}));
        document["traffic"]["curve"] =
            json!([{"kind": "bursts", "every_s": 3_600, "start_s": at, "records": 5, "within_ms": 0}]);
        let (session, all) = run(&document, |_| false);
        let [first, last] = &all[..] else { panic!("{all:?}") };
        assert_eq!((first.records.len(), last.records.len(), window(last).is_final), (5, 0, true));
        let waited = last.started.seconds_f64() - f64::from(expected);
        // The batch begins with the poll that finds the burst, within a second of it.
        assert!((-1e-6..=1.0).contains(&waited), "{window_s} {wait}: {waited}");
        assert_eq!(total(&session, Metric::Windows), 1.0);
    }
}

/// A state above 1 MiB ends the window early, again and again, and the finding says so.
#[test]
fn a_state_that_grows_too_large_ends_the_window_early() {
    // A hundred records are a little more than the limit: with batches of ten it is exceeded at the tenth.
    let settings = json!({"batch_size": 10, "batching_window_s": 300, "state_bytes_per_record": 10_486});
    let (session, all) = run(&steady(300, &settings), |_| false);
    let early: Vec<&Invocation> = all.iter().filter(|of| window(of).is_early).collect();
    // Three hundred records a window: after a hundred, after two hundred, and at the third the window is over as well.
    assert_eq!((early.len(), total(&session, Metric::EarlyWindows)), (29, 29.0));
    assert!(early.iter().all(|of| window(of).is_final && window(of).state.get() == 1_048_600));
    let finding = session.findings().into_iter().find(|finding| finding.id == "windows-end-early");
    assert!(finding.expect("it is found").evidence.starts_with("29 times"));
    let (session, _) = run(&steady(300, &json!({"state_bytes_per_record": 100})), |_| false);
    assert_eq!(total(&session, Metric::EarlyWindows), 0.0);
}

/// A last invocation that fails is tried without end, whatever the retries, and nothing of the next window is done
/// meanwhile.
#[test]
fn a_last_invocation_that_fails_holds_its_shard_up() {
    let settings = json!({"max_retries": 1, "max_record_age_s": 60, "bisect": "on"});
    let (session, all) = run(&steady(120, &settings), |of| window(of).is_final);
    let first = all.iter().position(|of| window(of).is_final).expect("the first window is over");
    assert!(all.len() > first + 5 && all[first..].iter().all(|of| window(of).is_final && of.records.is_empty()));
    let attempts: Vec<u32> = all[first..].iter().map(|of| of.attempt).collect();
    assert!(attempts.iter().zip(1..).all(|(attempt, expected)| *attempt == expected), "{attempts:?}");
    let ledger = session.ledger();
    assert!((ledger.processed, ledger.discarded) == (300, 0) && ledger.balances(), "{ledger:?}");
}

/// When a shard is closed its window ends at once, and its children begin with windows of their own.
#[test]
fn a_reshard_ends_the_window_early_on_the_clock() {
    let mut document = steady(200, &json!({"tumbling_window_s": 900}));
    document["stream"]["reshard_s"] = 10.into();
    document["operations"] = json!([{"at_s": 50, "kind": "split_shard", "shard": 0}]);
    let (session, all) = run(&document, |_| false);
    let last = all.iter().position(|of| window(of).is_final).expect("the parent's window is over");
    assert!((60.0..62.0).contains(&all[last].started.seconds_f64()), "{:?}", all[last]);
    assert!(all[..last].iter().all(|of| of.id.shard() == 0) && all[last + 1..].iter().all(|of| of.id.shard() > 0));
    assert_eq!(total(&session, Metric::Windows), 1.0);
    assert!(session.ledger().waiting < 20);
}

/// An answer without a state fails the invocation; one with it may name items besides.
#[test]
fn an_answer_needs_a_state() {
    let (_, all) = run(&steady(5, &json!({})), |_| false);
    let of = &all[0];
    let second = of.records.get(1).or(of.records.first()).expect("a record").sequence_number.to_string();
    for (answer, expected) in [
        (json!(null), Outcome::Failed),
        (json!({}), Outcome::Failed),
        (json!({"batchItemFailures": []}), Outcome::Failed),
        (json!({"state": {}}), Outcome::Succeeded),
        (json!({"state": null, "batchItemFailures": []}), Outcome::Succeeded),
        (
            json!({"state": {"n": 1}, "batchItemFailures": [{"itemIdentifier": second}]}),
            Outcome::FailedFrom((of.records.len() > 1).into()),
        ),
    ] {
        assert_eq!(response::outcome(&answer, of), expected, "{answer}");
    }
}

/// Windows with filters, poison and partial responses: everything is accounted for, and no batch crosses an end.
#[test]
fn windows_go_with_everything_else() {
    let filter = json!([{"data": {"reading": [{"numeric": ["<", 60]}]}}]);
    let settings = json!({
        "handler": "model", "filter_criteria": filter, "poison_rate": 0.02, "bisect": "on", "responses": "items", "max_retries": 2,
    });
    let session = session(&steady(600, &settings));
    let ledger = session.ledger();
    assert!(ledger.balances() && ledger.discarded > 20 && ledger.filtered > 2_000, "{ledger:?}");
    assert!(total(&session, Metric::Windows) >= 18.0);
}

#[test]
fn a_factor_above_one_is_refused() {
    let document = steady(60, &json!({"parallelization_factor": 2}));
    let problems = Draft::from_value(document).check().expect_err("one at a time");
    assert_eq!(problems[0].path, "consumers.0.parallelization_factor");
}
