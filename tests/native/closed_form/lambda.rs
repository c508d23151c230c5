//! Lambda against what queueing theory and the price list say of it.

use crate::common::{scenario, session};
use serde_json::{Value, json};
use streamgauge::engine::{Engine, Fact, Observer, Step};
use streamgauge::metrics::Metric;
use streamgauge::units::{SimTime, Span};

/// How long invocations wait for an environment: from the first time that one is refused to its start.
#[derive(Default)]
struct Waits {
    refused_at: Vec<Option<u64>>,
    begun: u64,
    waited: u128,
    worked: u128,
}

impl Observer for Waits {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::InvocationThrottled { shard, .. } => {
                let shard = shard as usize;
                self.refused_at.resize(self.refused_at.len().max(shard + 1), None);
                self.refused_at[shard].get_or_insert(at.micros());
            }
            Fact::InvocationStarted { shard, ends, .. } => {
                let since = self.refused_at.get_mut(shard as usize).and_then(Option::take);
                self.begun += 1;
                self.waited += u128::from(at.micros() - since.unwrap_or(at.micros()));
                self.worked += u128::from(ends.since(at).micros());
            }
            _ => {}
        }
    }
}

/// Mean wait and mean service in seconds, invocations a second, and executions at the same time on average.
struct Measured {
    wait: f64,
    service: f64,
    rate: f64,
    busy: f64,
}

/// A function that may run `servers` times at once and takes so long on average, exponentially distributed, whatever the
/// batch. Where it is refused it asks again so soon that it does not count.
fn measured(
    servers: u32,
    service_ms: u64,
    shards: u32,
    per_s: f64,
    length_s: u32,
    seed: u32,
    source: &str,
) -> Measured {
    let mut scenario = scenario(&json!({
        "seed": seed,
        "length_s": length_s,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": per_s}],
            "keys": {"kind": "uniform", "count": 100_000},
            "sizes": {"kind": "fixed", "bytes": 100},
        },
        "producer": {"call": "PutRecord"},
        "stream": {"shards": shards},
        "consumers": [{
            "batch_size": 10_000, "fixed_ms": service_ms, "per_record_ms": 0, "duration_law": "exponential",
            "reserved_concurrency": servers, "source": source,
        }],
    }));
    let soon = Span::from_micros(service_ms * 10);
    (scenario.consumers[0].function.throttle_wait, scenario.consumers[0].function.throttle_wait_max) = (soon, soon);
    let mut waits = Waits::default();
    let mut engine = Engine::new(&scenario);
    assert_eq!(engine.advance(engine.end(), u32::MAX, &mut waits), Step::Reached);
    let (begun, length) = (waits.begun as f64, f64::from(length_s));
    Measured {
        wait: waits.waited as f64 / 1e6 / begun,
        service: waits.worked as f64 / 1e6 / begun,
        rate: begun / length,
        busy: waits.worked as f64 / 1e6 / length,
    }
}

fn within(found: f64, expected: f64, share: f64, what: &str) {
    assert!((found - expected).abs() <= expected * share, "{what}: {found}, by the formula {expected}");
}

/// The probability that an arrival waits: Erlang's C, from his B by its recursion.
fn erlang_c(servers: u32, offered: f64) -> f64 {
    let b = (1..=servers).fold(1.0, |b, n| offered * b / (f64::from(n) + offered * b));
    let share = offered / f64::from(servers);
    b / (1.0 - share * (1.0 - b))
}

/// Few records on many shards, pushed one by one: invocations are asked for as a Poisson process. (Polls once a second
/// would make it more regular, and the waits shorter by two hundredths.)
#[test]
fn waiting_for_an_environment_is_that_of_erlang() {
    for (servers, shards, per_s, length_s) in [(1, 250, 5.0, 60_000), (4, 900, 22.0, 20_000)] {
        let (mut found, mut expected) = (0.0, 0.0);
        for seed in 1..=4 {
            let of = measured(servers, 100, shards, per_s, length_s, seed, "SubscribeToShard");
            let offered = of.rate * of.service;
            let wait = erlang_c(servers, offered) * of.service / (f64::from(servers) - offered);
            let what = format!("{servers} environments, seed {seed}");
            within(of.service, 0.1, 0.01, &format!("service, {what}"));
            within(of.wait, wait, 0.02, &format!("mean wait, {what}"));
            within(of.busy, offered, 1e-9, &format!("executions, {what}"));
            within(of.rate, per_s, 0.02, &format!("throughput, {what}"));
            (found, expected) = (found + of.wait, expected + wait);
        }
        within(found, expected, 0.01, &format!("mean wait of all runs, {servers} environments"));
    }
}

/// Many records on thirty shards, each looked at once a second: thirty invocations a second, exactly even.
#[test]
fn even_invocations_wait_as_in_d_m_1() {
    let of = measured(1, 20, 30, 450.0, 10_000, 7, "GetRecords");
    within(of.rate, 30.0, 0.001, "throughput");
    // The root of σ = exp(−(1 − σ) ÷ ρ) below one.
    let load = of.rate * of.service;
    let sigma = (0..200).fold(0.5, |sigma, _| libm::exp(-(1.0 - sigma) / load));
    within(of.wait, of.service * sigma / (1.0 - sigma), 0.02, "mean wait");
}

/// Forty shards with more to do than they can: `c` environments work all the time.
#[test]
fn reserved_concurrency_is_throughput_times_duration() {
    for reserved in [0, 1, 7, 25] {
        let session = session(&json!({
            "length_s": 120,
            "traffic": {"curve": [{"kind": "constant", "per_s": 4_000}], "keys": {"kind": "uniform", "count": 5_000}},
            "stream": {"shards": 40},
            "consumers": [{
                "batch_size": 10, "fixed_ms": 90, "per_record_ms": 1,
                "reserved_concurrency": reserved, "throttle_wait_ms": 1, "throttle_wait_max_ms": 2,
            }],
        }));
        let timeline = session.timeline();
        let processed: f64 = timeline.column(Metric::Processed)[20..].iter().sum();
        within(processed / 100.0, f64::from(reserved) * 10.0 / 0.1, 0.02, &format!("{reserved} reserved"));
        let highest = timeline.column(Metric::Concurrency).iter().copied().fold(0.0, f64::max);
        assert_eq!(highest, f64::from(reserved));
        assert_eq!(timeline.gauge(Metric::Environments, 120), f64::from(reserved));
        assert_eq!(timeline.total(Metric::Errors, 120), 0.0);
    }
}

/// 2,000 parts of 200 shards all have work for a minute: a thousand environments at once, then a hundred a second.
#[test]
fn environments_after_a_burst_grow_by_a_hundred_a_second() {
    let session = session(&json!({
        "length_s": 15,
        "traffic": {
            "curve": [{"kind": "steps", "steps": [[0, 50_000], [1, 0]]}],
            "keys": {"kind": "uniform", "count": 100_000},
        },
        "stream": {"shards": 200},
        "account": {"concurrency": 5_000},
        "consumers": [{
            "parallelization_factor": 10, "batch_size": 10, "fixed_ms": 60_000, "per_record_ms": 0,
            "throttle_wait_ms": 10, "throttle_wait_max_ms": 10,
        }],
    }));
    let timeline = session.timeline();
    // The first look that finds a record lies within the first half of a second.
    for second in 2..15 {
        let found = timeline.gauge(Metric::Environments, second);
        let most = (1_000.0 + 100.0 * second as f64).min(2_000.0);
        let least = (1_000.0 + 100.0 * (second as f64 - 0.5)).min(2_000.0) - 2.0;
        assert!((least..=most).contains(&found), "{found} after {second} s, {least} to {most} by the bucket");
    }
    assert!(timeline.total(Metric::ScalingThrottles, 15) > 1_000.0);
    assert_eq!(timeline.total(Metric::ScalingThrottles, 15), timeline.total(Metric::Throttles, 15));
    let finding = session.findings().into_iter().find(|finding| finding.id == "concurrency-binds").expect("it binds");
    assert_eq!(finding.cause, "The function gains environments too slowly");
}

/// One record every five seconds into one shard: each invocation has an environment of its own where idle ones live
/// shorter, and all have the same where they live longer.
#[test]
fn a_cold_start_is_billed_with_its_invocation() {
    let run = |own: Value| {
        let mut consumer = json!({"fixed_ms": 30, "per_record_ms": 1.5, "init_ms": 250});
        consumer.as_object_mut().expect("an object").extend(own.as_object().expect("an object").clone());
        session(&json!({
            "length_s": 600,
            "traffic": {"curve": [{"kind": "constant", "per_s": 0.2}], "arrivals": "even"},
            "producer": {"call": "PutRecord"},
            "stream": {"shards": 1},
            "consumers": [consumer],
            "operations": [{"at_s": 301.5, "kind": "deploy_function"}],
        }))
    };
    // 281.5 ms and 31.5 ms are rounded up to the millisecond.
    for (own, cold_of, cold, warm) in [
        (json!({"idle_life_s": 4}), 120.0, 282.0, 32.0),
        // Before the deploy and after it.
        (json!({"idle_life_s": 60}), 2.0, 282.0, 32.0),
        (json!({"idle_life_s": 60, "architecture": "arm64", "memory_mb": 2_048}), 2.0, 282.0, 32.0),
        // What computes takes 1,769 ÷ 128 times as long, and the start does not.
        (json!({"idle_life_s": 60, "cpu_share": 1, "memory_mb": 128}), 2.0, 686.0, 436.0),
        (json!({"idle_life_s": 60, "cpu_share": 0.5, "memory_mb": 884}), 2.0, 298.0, 48.0),
        (json!({"idle_life_s": 60, "cpu_share": 1, "memory_mb": 10_240}), 2.0, 282.0, 32.0),
    ] {
        let of = run(own.clone());
        let total = |metric| of.timeline().total(metric, 600);
        let (invocations, starts) = (total(Metric::Invocations), total(Metric::ColdStarts));
        assert!((119.0..=120.0).contains(&invocations), "{own}: {invocations}");
        assert!((starts - cold_of).abs() <= 1.0 || cold_of == 2.0 && starts == 2.0, "{own}: {starts}");
        assert_eq!(total(Metric::InitDurationMs), starts * 250.0, "{own}");
        let billed = starts * cold + (invocations - starts) * warm;
        assert_eq!(total(Metric::DurationMs), billed, "{own}");
        let bill = of.bill();
        let line = bill.lines.iter().find(|line| line.unit == "GB-second").expect("duration is billed");
        let arm = own["architecture"] == "arm64";
        let memory = own["memory_mb"].as_f64().unwrap_or(512.0);
        assert_eq!(line.name, if arm { "Lambda duration, arm64" } else { "Lambda duration" });
        assert_eq!(line.unit_price.get(), if arm { 13_333_400 } else { 16_666_700 });
        within(line.quantity, billed / 1e3 * memory / 1_024.0, 1e-9, &own.to_string());
    }
}

/// A batch of a hundred takes 1.6 s: a timeout of a second cuts it off, each time again.
#[test]
fn what_takes_longer_than_the_timeout_is_cut_off_and_tried_again() {
    let session = session(&json!({
        "length_s": 60,
        "traffic": {"curve": [{"kind": "constant", "per_s": 200}], "arrivals": "even"},
        "stream": {"shards": 1},
        "consumers": [{"fixed_ms": 100, "per_record_ms": 15, "timeout_s": 1, "init_ms": 500}],
    }));
    let total = |metric| session.timeline().total(metric, 60);
    let ended = total(Metric::Invocations) - session.timeline().gauge(Metric::Concurrency, 60);
    assert!(ended >= 5.0);
    assert_eq!((total(Metric::Timeouts), total(Metric::Errors)), (ended, ended));
    // The start of the environment does not count towards the timeout.
    assert_eq!(total(Metric::DurationMs), ended * 1_000.0 + 500.0);
    let finding =
        session.findings().into_iter().find(|finding| finding.id == "function-times-out").expect("it is told");
    assert!(finding.evidence.contains("a full batch takes 1.6"), "{}", finding.evidence);
    assert!(session.findings().iter().all(|finding| finding.id != "invocations-fail"));
}

#[test]
fn the_findings_name_the_cap_that_binds() {
    let run = |consumer: Value, account: u32| {
        session(&json!({
            "length_s": 120,
            "traffic": {"curve": [{"kind": "constant", "per_s": 2_000}], "keys": {"kind": "uniform", "count": 5_000}},
            "stream": {"shards": 20},
            "account": {"concurrency": account},
            "consumers": [consumer],
        }))
    };
    let found = |consumer: Value, account: u32| {
        let session = run(consumer, account);
        session.findings().into_iter().find(|finding| finding.id == "concurrency-binds")
    };
    // A full batch takes 180 ms: 2,000 records/s keep 3.6 executions busy, with 20 % room 5.
    let reserved = found(json!({"reserved_concurrency": 2}), 1_000).expect("it binds");
    assert_eq!(reserved.cause, "Reserved concurrency is too low");
    assert!(reserved.remedy.contains("keep 5 executions busy"), "{}", reserved.remedy);
    assert_eq!(reserved.remedy_try.expect("it can be raised").label, "Try 5 reserved");
    let account = found(json!({}), 3).expect("it binds");
    assert_eq!(account.cause, "The account’s concurrency is used up");
    assert_eq!(account.remedy_try.expect("it can be raised").label, "Try an account with 5");
    // What they say helps does.
    assert_eq!(found(json!({"reserved_concurrency": 20}), 1_000), None);
    assert_eq!(found(json!({}), 20), None);
}
