//! What is done to a direct design on purpose, with numbers that can be worked out by hand.

use super::run;
use serde_json::{Value, json};
use streamgauge::engine::direct::Cause;
use streamgauge::metrics::direct::DirectFrame;
use streamgauge::session::DirectRun;

/// Ten requests a second at whole tenths, each a write of a tenth of a millisecond, and room for all of them.
fn parts(more: &Value) -> Value {
    let mut direct = json!({
        "client": { "timeout_s": 0 },
        "balancer": { "idle_timeout_s": 0 },
        "application": { "instances": 3, "vcpus": 1, "workers": 1_000, "memory_mb": 100_000, "backlog": 0 },
        "request": { "cpu_ms": 0, "reads": 0, "writes": 1, "spread": 0 },
        "database": { "vcpus": 1, "write_ms": 0.1, "read_ms": 0.1, "pool": 1_000, "max_connections": 10_000, "pool_wait_s": 0 },
    });
    for (part, fields) in more.as_object().expect("parts") {
        match fields {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| direct[part][name] = value.clone()),
            list => direct[part] = list.clone(),
        }
    }
    direct
}

/// A hundred seconds of it.
fn even(more: &Value) -> DirectRun {
    run(100, &json!([{ "kind": "intervals", "intervals": [[0, 100_000]] }]), &parts(more))
}

fn operation(kind: &str, fields: &Value) -> Value {
    let mut operation = json!({ "at_s": 20.05, "kind": kind });
    for (name, value) in fields.as_object().expect("fields") {
        operation[name] = value.clone();
    }
    json!([operation])
}

fn failed(run: &DirectRun, cause: Cause) -> u64 {
    let ledger = run.ledger();
    assert_eq!(ledger.failures(), ledger.failed[cause as usize], "{:?}", ledger.failed);
    ledger.failures()
}

/// From 20.05 s to 30.05 s nothing is begun. A hundred requests come, and wait as they are told to.
#[test]
fn while_the_primary_fails_over_requests_wait_or_fail_as_their_timeout_says() {
    let outage = operation("database_outage", &json!({ "for_s": 10 }));
    let patient = even(&json!({ "operations": outage }));
    assert_eq!(patient.ledger().failures(), 0);
    // The first of them came 50 ms after it began, and is the first to be done after it.
    let longest = patient.recorder().answered().quantile(1_000).expect("answered").millis_f64();
    assert!((longest / 9_950.1 - 1.0).abs() < 0.02, "{longest}");
    // Whoever came more than 3 s before its end has gone.
    let impatient = even(&json!({ "operations": outage, "client": { "timeout_s": 3 } }));
    assert_eq!(failed(&impatient, Cause::ClientTimeout), 70);
    // The work that they left is done for nobody after it.
    assert_eq!(impatient.frames().iter().map(|frame| frame.wasted).sum::<u64>(), 70);
    // Whoever comes back finds it up again: attempts at 0, 4 and 8 s.
    let client = json!({ "timeout_s": 3, "attempts": 4, "backoff_ms": 1_000, "backoff_max_s": 1, "jitter": "none" });
    assert_eq!(even(&json!({ "operations": outage, "client": client })).ledger().failures(), 0);
    // With one connection all others wait for it, at most 3 s.
    let database = json!({ "pool": 1, "pool_wait_s": 3 });
    let pooled = even(&json!({ "operations": outage, "application": { "instances": 1 }, "database": database }));
    // The first has it; those have waited too long that came in the 7 s after it.
    assert_eq!(failed(&pooled, Cause::PoolWait), 69);
    let is_injected = |run: &DirectRun| run.findings().iter().any(|finding| finding.id == "operations");
    assert!(is_injected(&patient) && !is_injected(&even(&json!({}))));
    // Reads of replicas go on.
    let read = json!({ "operations": outage, "request": { "reads": 1, "writes": 0 }, "replicas": { "count": 1 } });
    let longest = even(&read).recorder().answered().quantile(1_000).expect("answered").millis_f64();
    assert!(longest < 0.11, "{longest}");
}

/// The longer of two that overlap is what counts.
#[test]
fn outages_that_overlap_are_over_when_the_last_is() {
    let at = |at: f64, span: u64| json!({ "at_s": at, "kind": "database_outage", "for_s": span });
    let answered = |run: &DirectRun, second: usize| run.frames()[second].answered;
    for operations in [json!([at(20.0, 10), at(25.0, 10)]), json!([at(20.0, 15), at(22.0, 3)])] {
        let run = even(&json!({ "operations": operations }));
        assert_eq!((answered(&run, 18), answered(&run, 26), answered(&run, 32)), (10, 0, 0));
        assert!(answered(&run, 35) > 100, "{}", answered(&run, 35));
        assert_eq!(run.ledger().failures(), 0);
    }
}

#[test]
fn a_slow_database_takes_a_factor_longer_for_as_long_as_it_is_slow() {
    let slow = operation("database_slow", &json!({ "for_s": 10, "factor": 500 }));
    let run = even(&json!({ "operations": slow }));
    let waited = |second: usize| run.frames()[second].waited_ms.1;
    assert!(waited(10) < 0.11 && waited(40) < 0.11, "{} {}", waited(10), waited(40));
    assert!((waited(25) / 50.0 - 1.0).abs() < 0.02, "{}", waited(25));
    // Half of the primary's time, and a thousandth.
    assert!((run.frames()[25].used.1 - 0.5).abs() < 0.01 && (run.frames()[40].used.1 - 0.001).abs() < 0.000_3);
}

/// One of three instances is lost with the requests that it has: of 2 s of work at ten a second, a third.
#[test]
fn instances_are_lost_with_what_they_do_and_come_back() {
    let more = |share: f64| {
        json!({
            "request": { "writes": 0, "slow_ms": 2_000 },
            "operations": operation("lose_instances", &json!({ "for_s": 10, "share": share })),
        })
    };
    let up = |run: &DirectRun, second: usize| run.frames()[second].state.up;
    let run = even(&more(0.333_333));
    assert_eq!((up(&run, 10), up(&run, 25), up(&run, 35)), (3, 2, 3));
    let lost = failed(&run, Cause::InstanceLost);
    assert!((6..=7).contains(&lost), "{lost}");
    // Of all of them nobody is there: 20 at once, and 100 that find none.
    let run = even(&more(1.0));
    assert_eq!((up(&run, 25), up(&run, 35)), (0, 3));
    let ledger = run.ledger();
    assert_eq!((ledger.failed[Cause::InstanceLost as usize], ledger.failed[Cause::NoTarget as usize]), (20, 100));
    assert_eq!(ledger.failures(), 120);
    // They are paid for all the time.
    let paid: f64 = run.frames().iter().map(|frame| frame.instance_s).sum();
    assert!((paid - 300.0).abs() < 1e-6, "{paid}");
}

/// A cache of `n` entries whose warm hit ratio is `h` has, after m misses, the ratio h·m/n; so of `r` reads a second it
/// has missed m(t), with m' = r·(1 − h·m/n): m(t) = (n/h)·(1 − e^(−r·h·t/n)), until it is full.
#[test]
fn an_emptied_cache_fills_along_the_curve_of_its_misses() {
    let (reads, hit, entries) = (10.0 * 20.0, 0.9, 2_000.0);
    let run = even(&json!({
        "request": { "reads": 20, "writes": 0 },
        "database": { "read_ms": 0 },
        "cache": { "hit_ratio": hit, "hit_ms": 0, "entries": entries },
        "operations": [{ "at_s": 60, "kind": "empty_cache" }],
    }));
    let missed = |from: usize, to: usize| {
        run.frames()[from..to].iter().map(|frame: &DirectFrame| frame.counts.misses as f64).sum::<f64>()
    };
    for (from, seconds) in [(0, 5), (0, 15), (60, 5), (60, 15)] {
        let expected = entries / hit * (1.0 - libm::exp(-reads * hit * seconds as f64 / entries));
        let found = missed(from, from + seconds);
        assert!((found / expected - 1.0).abs() < 0.06, "{found} misses in {seconds} s from {from}, not {expected}");
    }
    // Warm again: a tenth of the reads.
    assert!((missed(90, 100) / (reads * 10.0 * (1.0 - hit)) - 1.0).abs() < 0.25, "{}", missed(90, 100));
}
