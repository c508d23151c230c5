//! M/M/c by Erlang's formulas, Little's law, a retry storm's fixed point, eleven days.

use super::{constant, designed, mean, run};
use serde_json::{Value, json};
use streamgauge::engine::Step;
use streamgauge::engine::direct::{DirectEngine, DirectFact, DirectObserver};
use streamgauge::units::SimTime;

/// Chance that all of c servers are busy and none may wait, with so much work offered: Erlang B.
fn erlang_b(servers: u32, erlangs: f64) -> f64 {
    (1..=servers).fold(1.0, |lost, server| erlangs * lost / (f64::from(server) + erlangs * lost))
}

/// Chance to wait where all may: Erlang C.
fn erlang_c(servers: u32, erlangs: f64) -> f64 {
    let lost = erlang_b(servers, erlangs);
    let used = erlangs / f64::from(servers);
    lost / (1.0 - used * (1.0 - lost))
}

/// No patience ends, nothing is refused: what is left is the queue that is meant.
fn patient(more: &Value) -> Value {
    let mut direct = json!({
        "client": { "timeout_s": 0 },
        "balancer": { "idle_timeout_s": 0 },
        "application": { "instances": 1, "vcpus": 400, "workers": 5_000, "backlog": 10_000_000, "memory_mb": 4_000_000 },
        "request": { "cpu_ms": 0, "reads": 0, "writes": 0, "law": "exponential" },
        "database": { "vcpus": 400, "pool": 10_000, "max_connections": 100_000, "pool_wait_s": 0 },
    });
    for (part, fields) in more.as_object().expect("parts") {
        for (name, value) in fields.as_object().expect("fields") {
            direct[part][name] = value.clone();
        }
    }
    direct
}

/// Each place in which requests can wait is M/M/c: vCPUs, workers, connections, the database, another store.
#[test]
fn every_line_waits_as_erlang_says() {
    let (length, service) = (40_000, 0.1);
    for (servers, used) in [(1, 0.5), (4, 0.7), (10, 0.75)] {
        let rate = used * f64::from(servers) / service;
        let lines = [
            ("vCPUs", json!({ "application": { "vcpus": servers }, "request": { "cpu_ms": 100 } })),
            ("workers", json!({ "application": { "workers": servers }, "request": { "slow_ms": 100 } })),
            ("pool", json!({ "database": { "pool": servers, "write_ms": 100 }, "request": { "writes": 1 } })),
            ("database", json!({ "database": { "vcpus": servers, "read_ms": 100 }, "request": { "reads": 1 } })),
            (
                "store",
                json!({
                    "store": { "parallel": servers, "read_share": 1, "read_ms": 100 }, "request": { "reads": 1 },
                }),
            ),
        ];
        let expected = erlang_c(servers, used * f64::from(servers)) * service / (f64::from(servers) * (1.0 - used));
        for (line, parts) in lines {
            let run = run(length, &constant(rate), &patient(&parts));
            let waited = run.recorder().answered().mean().expect("requests were answered").seconds_f64() - service;
            assert!((waited / expected - 1.0).abs() < 0.02, "{line}, {servers}: {waited} s, {expected} s by Erlang");
            let busy = mean(&run, 10, |frame| if line == "vCPUs" { frame.used.0 } else { frame.used.1 });
            if line == "vCPUs" || line == "database" {
                assert!((busy / used - 1.0).abs() < 0.02, "{line}, {servers}: {busy} of {used} used");
            }
        }
    }
}

/// Requests that are in the system, integrated over time.
#[derive(Default)]
struct InSystem {
    end: u64,
    integral: i128,
    waited: u128,
}

impl DirectObserver for InSystem {
    fn observe(&mut self, at: SimTime, fact: DirectFact<'_>) {
        let left = i128::from(self.end - at.micros());
        match fact {
            DirectFact::Offered { .. } => self.integral += left,
            DirectFact::Answered { waited, .. } | DirectFact::Failed { waited, again: false, .. } => {
                self.integral -= left;
                self.waited += u128::from(waited.micros());
            }
            _ => {}
        }
    }
}

/// The mean number in the system is the rate times the mean stay: exactly, once what is still there at the end is
/// counted with the time that it was there.
#[test]
fn littles_law_holds_with_timeouts_and_retries_too() {
    for attempts in [1, 4] {
        let (scenario, direct) = designed(
            600,
            &json!([{ "kind": "steps", "steps": [[0, 150], [300, 0]] }]),
            &json!({
                "client": { "timeout_s": 0.5, "attempts": attempts, "backoff_ms": 100 },
                "application": { "instances": 1, "vcpus": 2, "workers": 20, "backlog": 100 },
                "request": { "cpu_ms": 14, "law": "exponential" },
            }),
        );
        let mut engine = DirectEngine::new(&scenario, &direct);
        let mut system = InSystem { end: engine.end().micros(), ..InSystem::default() };
        assert_eq!(engine.advance(engine.end(), u32::MAX, &mut system), Step::Reached);
        assert_eq!(engine.state().in_flight, 0, "five quiet minutes empty it");
        assert!(system.waited > 0);
        assert_eq!(system.integral, system.waited as i128);
    }
}

/// Refused requests come back after a wait that is long beside the service, so that attempts are about Poisson: the
/// chance p of being refused is Erlang's for the load that p itself makes, λ (1 + p + p² + …).
#[test]
fn a_retry_storm_finds_its_fixed_point() {
    for (servers, erlangs, attempts) in [(4, 3.0, 3), (10, 9.0, 4), (10, 14.0, 5)] {
        let service = 0.1;
        let run = run(
            12_000,
            &constant(erlangs / service),
            &patient(&json!({
                "client": { "attempts": attempts, "backoff_ms": 20_000, "backoff_max_s": 20, "jitter": "full" },
                "application": { "workers": servers, "backlog": 0 },
                "request": { "slow_ms": 100 },
            })),
        );
        let power = |refused: f64, times: u32| (0..times).fold(1.0, |all, _| all * refused);
        let load = |refused: f64| erlangs * (0..attempts).map(|times| power(refused, times)).sum::<f64>();
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if erlang_b(servers, load(middle)) > middle { low = middle } else { high = middle }
        }
        // The first minutes have too few retries, and the last have not failed yet.
        let frames = &run.frames()[100..5_900];
        let sent: u64 = frames.iter().map(|frame| frame.sent).sum();
        let refused: u64 = frames.iter().flat_map(|frame| frame.attempts_failed).sum();
        let (offered, failed) =
            frames.iter().fold((0, 0), |(offered, failed), frame| (offered + frame.offered, failed + frame.failures()));
        let found = refused as f64 / sent as f64;
        assert!((found / low - 1.0).abs() < 0.05, "{servers}: refused {found}, {low} by the fixed point");
        let (factor, expected) = (sent as f64 / offered as f64, load(low) / erlangs);
        assert!((factor / expected - 1.0).abs() < 0.05, "{servers}: {factor} attempts, {expected} expected");
        let (lost, expected) = (failed as f64 / offered as f64, power(low, attempts));
        assert!((lost - expected).abs() < 0.05 * expected.max(0.05), "{servers}: {lost} failed, {expected} expected");
    }
}

/// One non-optimised second is eleven days for a million requests: with one connection the last is answered 11.57 days
/// after it came.
#[test]
fn a_query_of_one_second_takes_eleven_days_for_a_million_requests() {
    let seconds = 1_000_001;
    let run = run(
        seconds,
        &json!([{ "kind": "intervals", "intervals": [[0, 1], [1, 0]] }]),
        &patient(&json!({
            "database": { "pool": 1, "read_ms": 1_000 },
            "request": { "reads": 1, "law": "uniform", "spread": 0 },
        })),
    );
    let answered = run.recorder().answered();
    assert_eq!(answered.count(), 1_000_000);
    // They come within a second, a microsecond apart, and are answered a second apart: k + 1 s, less k µs.
    assert_eq!(answered.mean().expect("answered").micros(), 500_000_000_000);
    let days = answered.quantile(1_000).expect("answered").seconds_f64() / 86_400.0;
    assert!((days - 1_000_000.0 / 86_400.0).abs() < 0.05, "{days} days");
    let worked = run.frames().last().expect("frames").state.database.0;
    assert_eq!(worked, 1_000_000_000_000, "11.574 days of work, to the microsecond");
    assert!((worked as f64 / 86_400e6 - 11.574).abs() < 0.001);
    assert_eq!(run.ledger().answered, 1_000_000);
}

/// A client that gives up before its answer can be there leaves work behind that is done for nobody: of an overload
/// with retries nothing at all is answered any more, though every vCPU is busy.
#[test]
fn an_overload_with_impatient_clients_answers_nobody() {
    let parts = |attempts: u32, timeout: f64| {
        json!({
            "client": { "timeout_s": timeout, "attempts": attempts, "backoff_ms": 100, "backoff_max_s": 1 },
            "application": { "instances": 1, "vcpus": 4, "workers": 100, "memory_mb": 16_000, "backlog": 2_000 },
            "request": { "cpu_ms": 20, "reads": 0, "writes": 0 },
        })
    };
    // Room for 200 a second; 250 come for a minute, then 150 again.
    let curve = json!([{ "kind": "steps", "steps": [[0, 150], [60, 260], [180, 150]] }]);
    let patient = run(600, &curve, &parts(1, 0.0));
    let calm = mean(&patient, 500, |frame| frame.answered as f64);
    assert!((calm / 150.0 - 1.0).abs() < 0.1, "it recovers: {calm}");
    let storm = run(600, &curve, &parts(5, 1.0));
    let (good, used) = (mean(&storm, 500, |frame| frame.answered as f64), mean(&storm, 500, |frame| frame.used.0));
    assert!(good < 20.0 && used > 0.99, "five minutes later it still answers {good} a second, with {used} used");
    let retried: u64 = storm.frames().iter().map(|frame| frame.retried).sum();
    assert!(retried > storm.ledger().offered, "{retried}");
}
