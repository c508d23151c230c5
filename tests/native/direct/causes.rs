//! Where each failure comes from, with numbers that can be worked out by hand.

use super::{constant, run};
use serde_json::{Value, json};
use streamgauge::engine::direct::Cause;
use streamgauge::session::DirectRun;

/// Ten requests a second, one second of work each, and nothing that is in the way.
fn parts(more: &Value) -> Value {
    let mut direct = json!({
        "client": { "timeout_s": 0 },
        "balancer": { "idle_timeout_s": 0 },
        "application": { "instances": 1, "vcpus": 1, "workers": 20, "backlog": 0 },
        "request": { "cpu_ms": 0, "reads": 0, "writes": 0, "slow_ms": 1_000, "spread": 0 },
    });
    for (part, fields) in more.as_object().expect("parts") {
        for (name, value) in fields.as_object().expect("fields") {
            direct[part][name] = value.clone();
        }
    }
    direct
}

fn even(parts: &Value) -> DirectRun {
    run(100, &json!([{ "kind": "intervals", "intervals": [[0, 100_000]] }]), parts)
}

fn failed(run: &DirectRun, cause: Cause) -> u64 {
    let ledger = run.ledger();
    assert_eq!(ledger.failures(), ledger.failed[cause as usize], "{:?}", ledger.failed);
    ledger.failures()
}

#[test]
fn with_a_worker_for_each_nothing_fails() {
    let run = even(&parts(&json!({})));
    assert_eq!((run.ledger().offered, run.ledger().failures(), run.ledger().in_flight), (1_000, 0, 10));
    assert_eq!(run.recorder().answered().mean().expect("answered").micros(), 1_000_000);
}

#[test]
fn a_full_backlog_refuses_with_502() {
    // Five workers take five a second; the other five are refused.
    let run = even(&parts(&json!({ "application": { "workers": 5 } })));
    assert_eq!(failed(&run, Cause::Refused), 500);
}

#[test]
fn a_balancer_without_a_target_answers_503() {
    // The first request needs more memory than there is, so the instance is away for 5 s again and again.
    let run = even(&parts(&json!({
        "application": {
            "memory_mb": 1_000, "reserved_mb": 500, "worker_mb": 100, "heavy_share": 1, "heavy_mb": 600,
            "restart_s": 5.05,
        },
    })));
    let ledger = run.ledger();
    // One in every 51 finds it up, and kills it.
    let killed = ledger.failed[Cause::OutOfMemory as usize];
    assert_eq!((ledger.answered, killed), (0, 20));
    assert_eq!(ledger.failed[Cause::NoTarget as usize], 980);
}

#[test]
fn memory_that_runs_out_takes_everything_on_the_instance_with_it() {
    // Room for eight; the ninth is too much.
    let run = even(&parts(&json!({
        "application": { "memory_mb": 1_000, "reserved_mb": 200, "worker_mb": 100, "restart_s": 0.05 },
    })));
    let ledger = run.ledger();
    let frames = run.frames();
    let died: u64 = frames.iter().map(|frame| frame.out_of_memory).sum();
    // Nine come within 0.8 s, before the first is done: all fail, and 0.1 s later it begins again.
    assert_eq!((died, ledger.answered), (111, 0));
    assert_eq!(failed(&run, Cause::OutOfMemory), 999);
    assert_eq!(ledger.in_flight, 1);
}

#[test]
fn a_silent_target_is_a_504_and_an_impatient_client_is_none() {
    let idle = even(&parts(&json!({ "balancer": { "idle_timeout_s": 1 }, "request": { "slow_ms": 1_200 } })));
    assert_eq!(failed(&idle, Cause::GatewayTimeout), 990);
    let client = even(&parts(&json!({ "client": { "timeout_s": 0.7 }, "balancer": { "idle_timeout_s": 2 } })));
    assert_eq!(failed(&client, Cause::ClientTimeout), 993);
    assert_eq!(client.frames().iter().map(|frame| frame.wasted).sum::<u64>(), 990);
    // An answer at the very instant is an answer.
    let just = even(&parts(&json!({ "client": { "timeout_s": 1 } })));
    assert_eq!(just.ledger().failures(), 0);
}

#[test]
fn connections_run_out_at_the_pool_and_at_the_database() {
    let database = |more: Value| {
        let mut parts =
            parts(&json!({ "request": { "slow_ms": 0, "reads": 1 }, "database": { "vcpus": 100, "read_ms": 1_000 } }));
        for (name, value) in more.as_object().expect("fields") {
            parts["database"][name] = value.clone();
        }
        parts
    };
    // Four connections serve four a second. Whoever waits longer than 0.25 s gets an error.
    let pool = even(&database(json!({ "pool": 4, "pool_wait_s": 0.25 })));
    let lost = failed(&pool, Cause::PoolWait);
    assert!((598..=602).contains(&lost), "{lost}");
    let refused = even(&database(json!({ "pool": 100, "max_connections": 3 })));
    assert_eq!(failed(&refused, Cause::Connections), 700);
    // Two instances with pools of two each want four of three.
    let mut two = database(json!({ "pool": 2, "max_connections": 3, "pool_wait_s": 0.001 }));
    two["application"]["instances"] = json!(2);
    let ledger = even(&two).ledger();
    assert!(ledger.failed[Cause::Connections as usize] > 0 && ledger.failed[Cause::PoolWait as usize] > 0);
    assert_eq!(ledger.failures(), 700);
}

#[test]
fn a_client_tries_again_as_often_and_as_late_as_it_may() {
    let run = even(&parts(&json!({
        "client": { "attempts": 3, "backoff_ms": 1_000, "backoff_max_s": 1.5, "jitter": "none" },
        "application": { "workers": 1, "backlog": 0 },
        "request": { "slow_ms": 3_600_000 },
    })));
    let ledger = run.ledger();
    // One is worked on for ever. Those until 98.9 s come a second time, those until 97.4 s a third time.
    assert_eq!((ledger.offered, ledger.attempts), (1_000, 1_000 + 989 + 974));
    assert_eq!(run.recorder().failed().mean().expect("some failed").micros(), 2_500_000);
    assert_eq!(failed(&run, Cause::Refused), ledger.offered - ledger.in_flight);
}

#[test]
fn requests_are_given_to_instances_in_turn() {
    // Each of three instances has room for three; with nine under way nothing is refused.
    let run = run(
        50,
        &json!([{ "kind": "intervals", "intervals": [[0, 100_000]] }]),
        &parts(&json!({ "application": { "instances": 3, "workers": 3 }, "request": { "slow_ms": 900 } })),
    );
    assert_eq!(run.ledger().failures(), 0);
    assert_eq!(run.frames()[10].state.working, 9);
}

#[test]
fn a_curve_of_nothing_offers_nothing() {
    let run = run(10, &constant(0.0), &parts(&json!({})));
    assert_eq!(run.ledger().offered, 0);
    assert_eq!(run.frames().len(), 10);
}
