//! What engine and session promise to every host.

use crate::common::{bits, scenario};
use serde_json::json;
use streamgauge::engine::{Digest, Engine, Fact, Invocation, InvocationId, Observer, Outcome, Step};
use streamgauge::metrics::Metric;
use streamgauge::scenario::{Consumer, Operation, RetryPolicy, Scenario, SdkMode};
use streamgauge::session::{Pump, Session};
use streamgauge::units::{SimTime, Span};

const NO_LIMIT: u32 = u32::MAX;
const END: SimTime = SimTime::from_micros(u64::MAX);

/// One shard at 10 records/s, whose function is asked about and takes 300 ms.
fn asked() -> Scenario {
    scenario(&json!({
        "length_s": 30,
        "traffic": {"curve": [{"kind": "constant", "per_s": 10}], "arrivals": "even"},
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 1},
        "consumers": [{"handler": "host", "fixed_ms": 300, "per_record_ms": 0}],
    }))
}

fn waiting(engine: &mut Engine) -> InvocationId {
    match engine.advance(END, NO_LIMIT, &mut ()) {
        Step::Waiting(id) => id,
        other => panic!("{other:?} where an outcome is missing"),
    }
}

#[test]
fn the_engine_waits_exactly_where_the_missing_outcome_is_needed() {
    let mut engine = Engine::new(&asked());
    // The first record arrives at 0, after the poll of that instant; the next poll finds ten.
    let id = waiting(&mut engine);
    let taken = engine.take_invocations();
    assert_eq!(taken.len(), 1);
    let Invocation { id: asked, attempt, started, ends, records, .. } = &taken[0];
    assert_eq!(taken[0].window, None);
    assert_eq!((*asked, *attempt, records.len()), (id, 1, 10));
    assert_eq!((*started, *ends), (SimTime::from_micros(1_000_000), SimTime::from_micros(1_300_000)));
    assert_eq!(engine.now(), *ends);
    // It ran ahead: everything that arrived while the invocation ran is stored, and more.
    let kept = engine.stream().kept();
    assert!(kept >= 13, "{kept}");
    // Asking again changes nothing.
    assert_eq!(waiting(&mut engine), id);
    assert_eq!(engine.now(), *ends);
    assert_eq!(engine.stream().kept(), kept);
    engine.accept(id, Outcome::Succeeded).expect("it runs");
    assert_ne!(waiting(&mut engine), id);
    assert_eq!(engine.now(), SimTime::from_micros(2_300_000));
}

#[test]
fn an_invocation_is_handed_out_once() {
    let mut engine = Engine::new(&asked());
    assert!(engine.take_invocations().is_empty());
    let id = waiting(&mut engine);
    assert_eq!(engine.take_invocations().iter().map(|invocation| invocation.id).collect::<Vec<_>>(), [id]);
    assert!(engine.take_invocations().is_empty());
    assert_eq!(waiting(&mut engine), id);
    assert!(engine.take_invocations().is_empty());
}

#[test]
fn an_outcome_is_accepted_once_and_only_while_its_invocation_runs() {
    let mut engine = Engine::new(&asked());
    let first = waiting(&mut engine);
    engine.accept(first, Outcome::Failed).expect("it runs");
    let state = format!("{engine:?}");
    // It has an outcome now: a second one is refused and changes nothing.
    assert!(engine.accept(first, Outcome::Succeeded).is_err());
    assert_eq!(format!("{engine:?}"), state);
    let second = waiting(&mut engine);
    assert_ne!(first, second, "the failed batch is tried again under a new id");
    let state = format!("{engine:?}");
    // The first one is over.
    assert!(engine.accept(first, Outcome::Succeeded).is_err());
    assert_eq!(format!("{engine:?}"), state);
    // An id of another run, of a shard that this run does not have.
    let mut other = Engine::new(&scenario(&json!({
        "length_s": 30,
        "traffic": {"curve": [{"kind": "constant", "per_s": 100}], "keys": {"kind": "uniform", "count": 100}},
        "stream": {"shards": 9},
        "consumers": [{"handler": "host"}],
    })));
    let foreign = loop {
        let id = waiting(&mut other);
        if id.shard() > 0 {
            break id;
        }
        other.accept(id, Outcome::Succeeded).expect("it runs");
    };
    assert!(engine.accept(foreign, Outcome::Succeeded).is_err());
    assert_eq!(format!("{engine:?}"), state);
    engine.accept(second, Outcome::Succeeded).expect("it runs");
}

#[test]
fn an_outcome_may_come_long_before_it_is_needed() {
    let mut engine = Engine::new(&asked());
    assert_eq!(engine.advance(SimTime::from_micros(1_000_001), NO_LIMIT, &mut ()), Step::Reached);
    let invocation = engine.take_invocations().pop().expect("it has begun");
    engine.accept(invocation.id, Outcome::Succeeded).expect("it runs");
    assert!(engine.accept(invocation.id, Outcome::Succeeded).is_err());
    let next = waiting(&mut engine);
    assert_eq!(next.number(), invocation.id.number() + 1);
}

#[test]
fn time_never_runs_backwards() {
    let mut engine = Engine::new(&asked());
    let second = SimTime::from_micros(900_000);
    assert_eq!(engine.advance(second, NO_LIMIT, &mut ()), Step::Reached);
    assert_eq!(engine.advance(SimTime::ZERO, NO_LIMIT, &mut ()), Step::Reached);
    assert_eq!(engine.now(), second);
    let mut session = Session::new(asked());
    assert_eq!(session.pump(second, NO_LIMIT), Pump::Reached);
    assert_eq!(session.pump(SimTime::ZERO, NO_LIMIT), Pump::Reached);
    assert_eq!(session.engine().now(), second);
}

#[test]
fn a_budget_is_spent_and_nothing_is_lost() {
    let mut scenario = asked();
    scenario.consumers[0].handler = streamgauge::scenario::HandlerKind::Model;
    let mut whole = Session::new(scenario.clone());
    assert_eq!(whole.run(), Pump::Finished);
    let (mut session, mut spent) = (Session::new(scenario), 0);
    loop {
        match session.pump(END, 1) {
            Pump::Spent => spent += 1,
            Pump::Finished => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(spent >= 300, "{spent}");
    assert_eq!(session.digest(), whole.digest());
    assert_eq!(bits(&session.timeline()), bits(&whole.timeline()));
}

#[test]
fn nothing_can_be_applied_after_the_end() {
    let mut session = Session::new(asked());
    let operation = Operation::DeployProducer { retry: RetryPolicy::SdkOnly { mode: SdkMode::Standard } };
    session.apply(operation).expect("the run has not even begun");
    assert_eq!(session.run(), Pump::Finished);
    let (digest, trace) = (session.digest(), session.trace());
    assert!(session.apply(operation).is_err());
    assert_eq!((session.digest(), session.trace()), (digest, trace.clone()));
    assert_eq!(trace.operations.len(), 1);
    assert_eq!(session.pump(END, NO_LIMIT), Pump::Finished);
    assert_eq!(session.digest(), digest);
}

/// An operation by hand may come in the middle of an instant, where a budget ended or an outcome is awaited.
#[test]
fn a_replay_repeats_operations_wherever_they_were_applied() {
    let mut session = Session::new(asked());
    let mut applied = 0;
    loop {
        match session.pump(END, 3) {
            Pump::Spent | Pump::Reached => {}
            Pump::Waiting(_) => {
                for invocation in session.take_invocations() {
                    session.accept(invocation.id, Outcome::Succeeded).expect("it runs");
                }
            }
            Pump::Finished => break,
            Pump::Full => panic!("a small run"),
        }
        let batch_size = 3 + applied % 7;
        let operation = Operation::UpdateMapping {
            consumer: 0,
            batch_size,
            batching_window: Span::from_millis(100),
            failures: Consumer::default().failures,
        };
        applied += u32::from(session.apply(operation).is_ok());
    }
    assert_eq!(session.trace().operations.len(), applied as usize);
    let mut replayed = Session::replay(asked(), &session.trace());
    assert_eq!(replayed.pump(END, NO_LIMIT), Pump::Finished);
    assert_eq!(replayed.trace(), session.trace());
    assert_eq!(replayed.digest(), session.digest());
    assert_eq!(bits(&replayed.timeline()), bits(&session.timeline()));
}

#[test]
fn an_interrupted_trace_asks_for_the_rest() {
    let mut session = Session::new(asked());
    assert_eq!(session.run(), Pump::Finished);
    let mut trace = session.trace();
    trace.answers.truncate(5);
    let mut replayed = Session::replay(asked(), &trace);
    let Pump::Waiting(id) = replayed.pump(END, NO_LIMIT) else { panic!("the sixth outcome is not known") };
    assert_eq!(id, session.trace().answers[5].0);
    assert_eq!(replayed.take_invocations().iter().map(|invocation| invocation.id).collect::<Vec<_>>(), [id]);
    replayed.accept(id, Outcome::Succeeded).expect("it runs");
    assert_eq!(replayed.run(), Pump::Finished);
    assert_eq!(replayed.digest(), session.digest());
}

#[test]
fn a_run_whose_logs_are_full_stops_and_says_so() {
    let stuck = scenario(&json!({
        "length_s": 60,
        "traffic": {"curve": [{"kind": "constant", "per_s": 500}], "arrivals": "even"},
        "producer": {"call": "PutRecords", "batch": 100, "linger_ms": 100},
        "stream": {"shards": 1},
        "consumers": [{"error_rate": 1}],
    }));
    let mut session = Session::new(stuck.clone());
    session.keep_at_most(10_000);
    assert_eq!(session.run(), Pump::Full);
    let (now, kept, digest) = (session.engine().now(), session.engine().stream().kept(), session.digest());
    // Reached after the slice that went beyond the bound.
    assert!((10_001..=14_500).contains(&kept), "{kept}");
    assert!((20_000_000..29_000_000).contains(&now.micros()), "{now:?}");
    assert!(!session.finished());
    // The closed frames stay, and balance; the run does not go on.
    assert!(session.ledger().balances());
    assert_eq!(session.timeline().total(Metric::Offered, usize::MAX), 500.0 * session.timeline().frames() as f64);
    assert_eq!(session.pump(END, NO_LIMIT), Pump::Full);
    assert_eq!((session.engine().now(), session.digest()), (now, digest));
    // Without a lower bound it ends.
    assert_eq!(Session::new(stuck).run(), Pump::Finished);
}

#[test]
fn a_run_can_be_copied_at_any_point() {
    let mut session = Session::new(asked());
    assert_eq!(session.pump(SimTime::from_micros(900_000), NO_LIMIT), Pump::Reached);
    let mut copy = session.clone();
    assert_eq!(session.run(), Pump::Finished);
    assert_eq!(copy.run(), Pump::Finished);
    assert_eq!(copy.digest(), session.digest());
    assert_eq!(copy.summary(), session.summary());
}

/// Keeps the latest instant at which a mapping did anything.
#[derive(Default)]
struct Latest(SimTime);

impl Observer for Latest {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        if let Fact::InvocationStarted { .. } | Fact::InvocationThrottled { .. } | Fact::Read { .. } = fact {
            self.0 = self.0.max(at);
        }
    }
}

/// Four shards share two executions: who gets the next one depends on when the others end, so that no lane goes further
/// than the outcome that is missing.
#[test]
fn lanes_that_share_concurrency_wait_for_each_other() {
    let scenario = scenario(&json!({
        "length_s": 60,
        "traffic": {"curve": [{"kind": "constant", "per_s": 300}]},
        "stream": {"shards": 4},
        "consumers": [{
            "handler": "host", "fixed_ms": 40, "per_record_ms": 5, "spread": 0.5, "init_ms": 100, "idle_life_s": 1,
            "reserved_concurrency": 2, "throttle_wait_ms": 20, "throttle_wait_max_ms": 500,
        }],
    }));
    let fails = |id: InvocationId| (id.number() + u64::from(id.shard())).is_multiple_of(5);
    let outcome = |id| if fails(id) { Outcome::Failed } else { Outcome::Succeeded };
    let digest = |answers_late: bool| {
        let (mut engine, mut seen, mut stops) = (Engine::new(&scenario), (Latest::default(), Digest::default()), 0);
        loop {
            let step = engine.advance(END, NO_LIMIT, &mut seen);
            let asked = engine.take_invocations();
            match step {
                Step::Waiting(id) => {
                    stops += 1;
                    assert!(seen.0.0 <= engine.now(), "a lane did something at {:?}", seen.0.0);
                    // Late: only what is needed now; early: whatever is asked.
                    let given = if answers_late { vec![id] } else { asked.iter().map(|of| of.id).collect() };
                    for id in given {
                        engine.accept(id, outcome(id)).expect("it runs");
                    }
                }
                Step::Reached => break,
                other => panic!("{other:?}"),
            }
        }
        (seen.1.get(), stops)
    };
    let ((early, few), (late, many)) = (digest(false), digest(true));
    assert_eq!(early, late);
    assert!((100..many).contains(&few), "{few} and {many} stops");
}
