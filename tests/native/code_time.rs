//! Invocations whose length is the code's: they run as if the scenario had known it.

use super::common::scenario;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use streamgauge::engine::{Answer, Invocation, Outcome};
use streamgauge::metrics::Metric;
use streamgauge::session::{Pump, Session};
use streamgauge::units::Span;

fn document(consumer: &Value) -> Value {
    let mut consumer = consumer.clone();
    let fields = [("batch_size", json!(20)), ("parallelization_factor", json!(2)), ("timeout_s", json!(2))];
    for (name, value) in fields {
        consumer[name] = value;
    }
    json!({
        "seed": 3,
        "length_s": 60,
        "traffic": { "curve": [{ "kind": "spike", "base_per_s": 50, "factor": 6, "start_s": 10, "hold_s": 20 }] },
        "stream": { "shards": 3 },
        "consumers": [consumer],
    })
}

fn asked(by: &str) -> Value {
    json!({ "handler": "host", "responses": "items", "duration_from": by, "fixed_ms": 100, "per_record_ms": 3, "init_ms": 400 })
}

/// Every 13th fails.
fn outcome(invocation: &Invocation) -> Outcome {
    match invocation.id.number() % 13 {
        5 => Outcome::FailedFrom(0),
        7 => Outcome::Failed,
        _ => Outcome::Succeeded,
    }
}

fn plainly(invocation: &Invocation) -> Answer {
    let took = Span::from_millis(100) + Span::from_millis(3) * invocation.records.len() as u64;
    Answer { took, ..outcome(invocation).into() }
}

/// Long and short, by a number that is the same in each run.
fn unevenly(invocation: &Invocation) -> Answer {
    let mixed = invocation.id.number().wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(invocation.id.shard());
    Answer { took: Span::from_micros(mixed % 900_001), init: Span::from_millis(50), ..outcome(invocation).into() }
}

#[test]
fn an_answer_with_a_time_is_a_time_in_the_scenario() {
    let mut told = Session::new(scenario(&document(&asked("code"))));
    let mut known = Session::new(scenario(&document(&asked("model"))));
    assert_eq!(told.run_with(&mut plainly), Pump::Finished);
    assert_eq!(known.run_with(&mut |invocation: &Invocation| outcome(invocation)), Pump::Finished);
    assert_eq!(told.digest(), known.digest());
    assert!(told.timeline().total(Metric::Errors, told.timeline().frames()) > 5.0);
}

/// The pace of a run and its replay from a trace make no difference.
#[test]
fn answers_with_times_give_one_run_at_any_pace() {
    let scenario = scenario(&document(&asked("code")));
    let mut whole = Session::new(scenario.clone());
    assert_eq!(whole.run_with(&mut unevenly), Pump::Finished);
    let mut slow = Session::new(scenario.clone());
    loop {
        match slow.pump(slow.engine().end(), 7) {
            Pump::Finished => break,
            Pump::Full => panic!("it is a small run"),
            _ => {
                for invocation in slow.take_invocations() {
                    let answer = unevenly(&invocation);
                    slow.accept(invocation.id, answer).expect("it was asked for");
                }
                assert!(slow.balances());
            }
        }
    }
    assert_eq!(whole.digest(), slow.digest());
    let mut again = Session::replay(scenario, &whole.trace());
    let end = again.run_with(&mut |_: &Invocation| -> Outcome { panic!("the trace knows every answer") });
    assert_eq!((end, again.digest()), (Pump::Finished, whole.digest()));
}

/// What fails after as long as its timeout has timed out, and takes no longer than that.
#[test]
fn code_that_takes_too_long_times_out() {
    let mut late = Session::new(scenario(&document(&asked("code"))));
    let end = late.run_with(&mut |_: &Invocation| Answer { took: Span::from_secs(9), ..Outcome::Succeeded.into() });
    assert_eq!(end, Pump::Finished);
    let timeline = late.timeline();
    let ended = timeline.total(Metric::Errors, timeline.frames());
    assert!(ended > 0.0);
    let took = timeline.total(Metric::DurationMs, timeline.frames());
    assert!(late.findings().iter().any(|finding| finding.id == "function-times-out"), "{:?}", late.findings());
    // Those that were still running have not failed.
    assert!(took >= 2_000.0 * ended, "{took} ms in {ended} invocations");
    assert_eq!(late.ledger().processed, 0);
}

/// One environment works at a time on each part of a shard; it is new once, and again after a deploy.
#[test]
fn an_invocation_says_which_environment_it_runs_in() {
    let mut document = document(&asked("code"));
    document["operations"] = json!([{ "at_s": 30, "kind": "deploy_function" }]);
    let mut session = Session::new(scenario(&document));
    let (mut busy, mut cold, mut most) = (Vec::<(u32, u64)>::new(), 0, BTreeSet::new());
    let end = session.run_with(&mut |invocation: &Invocation| {
        let answer = plainly(invocation);
        let starts = if invocation.cold { Span::from_millis(400) } else { Span::ZERO };
        let now = invocation.started.micros();
        busy.retain(|(_, until)| *until > now);
        assert!(busy.iter().all(|(environment, _)| *environment != invocation.environment), "one at a time");
        busy.push((invocation.environment, now + starts.micros() + answer.took.micros()));
        cold += u32::from(invocation.cold);
        most.insert(invocation.environment);
        answer
    });
    assert_eq!(end, Pump::Finished);
    // Three shards with two parts each; a deploy makes new ones, which take the numbers of those that are gone.
    assert!(most.len() <= 12 && most.iter().copied().eq(0..most.len() as u32), "{most:?}");
    assert!(cold > most.len() as u32 / 2 && cold <= 12, "{cold} cold starts");
}
