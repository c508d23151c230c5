//! Faults as operations, each against what it must do to the digit.

use crate::common::session;
use serde_json::{Value, json};
use streamgauge::engine::{Engine, Fact, FailureCause, Observer};
use streamgauge::metrics::{Finding, Metric};
use streamgauge::session::Session;
use streamgauge::units::SimTime;

/// A record a second for each of twelve shards, whose functions take so many milliseconds for a batch.
fn document(fixed_ms: u32, operation: &Value) -> Value {
    json!({
        "length_s": 300,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": 12}],
            "arrivals": "even",
            "keys": {"kind": "uniform", "count": 1_200, "explicit_hash_key": "even"},
        },
        "stream": {"shards": 12},
        "consumers": [{"fixed_ms": fixed_ms, "per_record_ms": 0, "init_ms": 50}],
        "operations": [operation],
    })
}

fn found(session: &Session, id: &str) -> Option<Finding> {
    session.findings().into_iter().find(|finding| finding.id == id)
}

/// Concurrency stays at what the throttled account has while it is throttled, every refusal is called injected, and
/// nothing is lost.
#[test]
fn a_throttled_account_runs_no_more_than_it_may() {
    let session =
        session(&document(4_000, &json!({"at_s": 100, "kind": "throttle_account", "concurrency": 3, "for_s": 60})));
    let (timeline, total) = (session.timeline(), |metric| session.timeline().total(metric, usize::MAX));
    let running = timeline.column(Metric::Concurrency);
    assert!(running[60..99].iter().all(|count| *count > 8.0), "{running:?}");
    // What ran when it began ends within four seconds.
    assert!(running[105..160].iter().all(|count| *count == 3.0), "{running:?}");
    assert!(running[175..].iter().all(|count| *count > 8.0), "{running:?}");
    assert!(total(Metric::InjectedThrottles) > 0.0);
    assert_eq!(total(Metric::InjectedThrottles), total(Metric::Throttles));
    assert!(found(&session, "account-throttled").is_some() && found(&session, "concurrency-binds").is_none());
    assert_eq!(total(Metric::Errors), 0.0);
    assert!(session.balances() && session.ledger().discarded == 0);
}

/// What happens to invocations and environments.
#[derive(Default)]
struct Lost {
    environments: u32,
    failed_at: Vec<f64>,
    running: i64,
    running_before: i64,
    made_after: u32,
}

impl Observer for Lost {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::EnvironmentsLost { environments, .. } => {
                self.environments += environments;
                self.running_before = self.running;
            }
            Fact::InvocationFailed { cause, .. } => {
                assert_eq!(cause, FailureCause::EnvironmentLost);
                self.failed_at.push(at.seconds_f64());
                self.running -= 1;
            }
            Fact::InvocationStarted { .. } => self.running += 1,
            Fact::Processed { .. } => self.running -= 1,
            Fact::EnvironmentMade { .. } => self.made_after += u32::from(at >= SimTime::from_micros(100_000_000)),
            _ => {}
        }
    }
}

/// A share of the environments is lost to the environment; what ran in them fails at that instant, and as many are made
/// anew, which start cold.
#[test]
fn a_share_of_the_environments_is_lost_to_the_environment() {
    for (share, fixed_ms) in [(1.0 / 3.0, 20_000), (0.25, 20_000), (1.0, 20_000), (0.0, 20_000), (0.5, 5)] {
        let share = (share * 1e6_f64).floor() / 1e6;
        let document = document(fixed_ms, &json!({"at_s": 100, "kind": "lose_environments", "share": share}));
        let mut engine = Engine::new(&crate::common::scenario(&document));
        let mut lost = Lost::default();
        let _ = engine.advance(SimTime::from_micros(100_000_000), u32::MAX, &mut lost);
        let before = engine.environments(0);
        let _ = engine.advance(SimTime::from_micros(u64::MAX), u32::MAX, &mut lost);
        let expected = (before as f64 * share).round();
        assert_eq!(f64::from(lost.environments), expected, "{share} of {before}");
        assert!(lost.failed_at.iter().all(|at| *at == 100.0), "{:?}", lost.failed_at);
        if fixed_ms > 1_000 && share > 0.0 {
            // All of them work: each shard has more to do than it can.
            assert_eq!((before, lost.running_before), (12, 12));
            assert_eq!((lost.failed_at.len() as f64, f64::from(lost.made_after)), (expected, expected));
        }
    }
    let session = session(&document(20_000, &json!({"at_s": 100, "kind": "lose_environments"})));
    let total = |metric| session.timeline().total(metric, usize::MAX);
    assert_eq!([Metric::EnvironmentsLost, Metric::LostInvocations, Metric::Errors].map(total), [4.0; 3]);
    // They fail in the middle of their work, and are billed for what they did of it.
    assert!(found(&session, "environments-lost").expect("it is found").evidence.starts_with("4 environments"));
    assert!(session.balances());
}

/// When invocations begin and how long they take, in µs.
#[derive(Default)]
struct Times(Vec<(u64, u64)>);

impl Observer for Times {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        if let Fact::InvocationStarted { ends, .. } = fact {
            self.0.push((at.micros(), ends.since(at).micros()));
        }
    }
}

/// Invocations that begin while the function is slow take so many times as long, to the microsecond, of whatever kind the
/// consumer is.
#[test]
fn a_slow_function_takes_a_multiple_of_its_time() {
    for kind in
        [json!({"fixed_ms": 200}), json!({"kind": "poller", "fixed_ms": 200}), json!({"kind": "kcl", "fixed_ms": 200})]
    {
        let mut document = document(0, &json!({"at_s": 100, "kind": "slow_function", "factor": 2.5, "for_s": 60}));
        document["consumers"][0] = kind;
        let mut times = Times::default();
        let mut engine = Engine::new(&crate::common::scenario(&document));
        let _ = engine.advance(SimTime::from_micros(u64::MAX), u32::MAX, &mut times);
        let mut slow = 0;
        for (at, took) in &times.0 {
            let is_slow = (100_000_000..160_000_000).contains(at);
            slow += u32::from(is_slow);
            let per_record = took % 100_000;
            assert!(per_record.is_multiple_of(if is_slow { 3_750 } else { 1_500 }), "{at}: {took}");
            assert!((if is_slow { 500_000..600_000 } else { 200_000..250_000 }).contains(took), "{at}: {took}");
        }
        assert!(slow > 50 && times.0.len() > 200, "{slow} of {}", times.0.len());
        let finding = found(&session(&document), "function-slowed").expect("it is found");
        assert_eq!(finding.evidence, "Invocations that began then took 2.5 times as long from 1:40 on for 1\u{a0}min.");
    }
}
