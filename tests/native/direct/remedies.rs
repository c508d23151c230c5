//! Each remedy of the article helps where it should, and no further.

use super::{constant, mean, run};
use serde_json::{Value, json};
use streamgauge::session::DirectRun;

/// 8 vCPUs of application, a database of two: three reads of 4 ms and a write of 8 ms are 20 ms of the primary, so that
/// it does 100 requests a second.
fn parts(more: &Value) -> Value {
    let mut direct = json!({
        "client": { "timeout_s": 0 },
        "balancer": { "idle_timeout_s": 0 },
        "application": { "instances": 4, "vcpus": 8, "workers": 25, "backlog": 1_000_000 },
        "request": { "cpu_ms": 5, "reads": 3, "writes": 1, "law": "uniform", "spread": 0.5 },
        "database": { "vcpus": 2, "read_ms": 4, "write_ms": 8, "pool_wait_s": 0, "pool": 1_000, "max_connections": 100_000 },
    });
    for (part, fields) in more.as_object().expect("parts") {
        for (name, value) in fields.as_object().expect("fields") {
            direct[part][name] = value.clone();
        }
    }
    direct
}

/// Answers a second under far too much load.
fn throughput(more: &Value) -> f64 {
    mean(&run(120, &constant(3_000.0), &parts(more)), 60, |frame| frame.answered as f64)
}

fn near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 0.02, "{found}, {expected} expected");
}

/// 2 vCPUs over 20 ms; the writes alone let it do 250 a second, whatever is done for the reads.
#[test]
fn replicas_and_a_cache_help_until_the_writes_of_the_primary_bind() {
    near(throughput(&json!({})), 100.0);
    // One replica does 2 / 12 ms of reads.
    near(throughput(&json!({ "replicas": { "count": 1 } })), 2.0 / 0.012);
    near(throughput(&json!({ "replicas": { "count": 2 } })), 250.0);
    near(throughput(&json!({ "replicas": { "count": 10 } })), 250.0);
    near(throughput(&json!({ "cache": { "hit_ratio": 0.5 } })), 2.0 / (0.006 + 0.008));
    near(throughput(&json!({ "cache": { "hit_ratio": 0.99 } })), 2.0 / (0.000_12 + 0.008));
    near(throughput(&json!({ "cache": { "hit_ratio": 1 }, "replicas": { "count": 15 } })), 250.0);
    // Then only the writes themselves help: a faster one, fewer of them, a larger primary.
    let read_free = |more: Value| {
        let mut all = json!({ "cache": { "hit_ratio": 1 } });
        all.as_object_mut().expect("parts").extend(more.as_object().expect("parts").clone());
        throughput(&all)
    };
    near(read_free(json!({ "database": { "write_ms": 4 } })), 500.0);
    near(read_free(json!({ "store": { "write_share": 0.5, "write_ms": 1 } })), 500.0);
    near(read_free(json!({ "database": { "vcpus": 8 } })), 1_000.0);
}

#[test]
fn an_optimised_query_and_another_store_take_their_part_of_the_work_away() {
    near(throughput(&json!({ "database": { "read_ms": 1 } })), 2.0 / (0.003 + 0.008));
    near(throughput(&json!({ "store": { "read_share": 0.75, "read_ms": 1 } })), 2.0 / (0.003 + 0.008));
    // A store that does one thing at a time binds itself: 1 / (3 × 0.75 × 10 ms) a second.
    near(throughput(&json!({ "store": { "read_share": 0.75, "read_ms": 10, "parallel": 1 } })), 1.0 / 0.0225);
}

#[test]
fn machines_help_where_computing_binds_and_only_there() {
    let computing = |more: Value| {
        let mut all = json!({
            "application": { "instances": 1, "vcpus": 1 },
            "request": { "cpu_ms": 20, "reads": 0 },
            "database": { "write_ms": 1 },
        });
        for (name, value) in more.as_object().expect("fields") {
            all["application"][name] = value.clone();
        }
        throughput(&all)
    };
    near(computing(json!({})), 50.0);
    near(computing(json!({ "vcpus": 4 })), 200.0);
    near(computing(json!({ "instances": 4 })), 200.0);
    // The database binds: more machines only wait more.
    near(throughput(&json!({ "application": { "instances": 40, "workers": 3 } })), 100.0);
}

/// 100 requests a second of 20 ms on one vCPU: 2 vCPUs of work. At 60 % that is four instances; the policy sees at
/// most 100 % of what is there, so it goes by way of 1 / 0.6 = two, two periods and two starts later.
#[test]
fn autoscaling_comes_late_by_its_period_and_its_start() {
    let scaling = json!({
        "application": { "instances": 1, "vcpus": 1, "workers": 80 },
        "request": { "cpu_ms": 20, "reads": 0, "writes": 0, "spread": 0 },
        "autoscaling": { "max_instances": 10, "period_s": 60, "start_s": 120, "target_percent": 60, "in_after": 5 },
    });
    let run = run(3_600, &json!([{ "kind": "steps", "steps": [[0, 100], [1_800, 20]] }]), &parts(&scaling));
    let up = |second: usize| run.frames()[second].state.up;
    let paid = |second: usize| run.frames()[second].state.paid;
    assert_eq!((up(59), paid(59)), (1, 1));
    assert_eq!((up(179), paid(61)), (1, 2));
    assert_eq!(up(181), 2);
    assert!((4..=7).contains(&up(1_799)), "{}", up(1_799));
    let used = mean(&run, 1_700, |frame| frame.used.0);
    assert!(used < 0.65, "{used}");
    // 20 a second need one instance at 40 %: one is taken away after five looks, then after five again.
    let before = up(1_799);
    assert_eq!(up(1_800 + 299), before);
    assert_eq!(up(1_800 + 361), before - 1);
    assert_eq!(up(3_599), 1);
    // What starts is paid for, too.
    let seconds: f64 = run.frames().iter().map(|frame| frame.instance_s).sum();
    let up_seconds: f64 = run.frames().iter().map(|frame| frame.state.up as f64).sum();
    assert!(seconds > up_seconds + 3.0 * 115.0, "{seconds} {up_seconds}");
    // A database that binds leaves the CPU idle, and the policy sees nothing to do.
    let blind = super::run(
        600,
        &constant(150.0),
        &parts(&json!({ "autoscaling": { "max_instances": 100, "period_s": 60, "start_s": 60 } })),
    );
    assert_eq!(blind.frames().last().expect("frames").state.paid, 4);
}

/// A cold cache lets everything through: it is as good as none until it has filled, and again when it is emptied.
#[test]
fn a_cache_is_cold_at_first_and_after_a_restart() {
    let run = run(
        300,
        &constant(150.0),
        &parts(&json!({ "cache": { "hit_ratio": 0.9, "entries": 3_000, "restart_at_s": 200 } })),
    );
    let ratio = |from: usize, to: usize| {
        let (hits, misses) = run.frames()[from..to]
            .iter()
            .fold((0, 0), |(hits, misses), frame| (hits + frame.counts.hits, misses + frame.counts.misses));
        hits as f64 / (hits + misses) as f64
    };
    assert!(ratio(0, 2) < 0.2, "{}", ratio(0, 2));
    assert!((ratio(100, 200) - 0.9).abs() < 0.01, "{}", ratio(100, 200));
    assert!(ratio(200, 202) < 0.2, "{}", ratio(200, 202));
    assert!((ratio(280, 300) - 0.9).abs() < 0.02, "{}", ratio(280, 300));
}

/// One key, a write in each request, reads that come a moment after the write of another: with so little lag none is
/// stale, with more than the gap all are.
#[test]
fn replicas_show_old_data_for_as_long_as_their_lag() {
    let stale = |lag: f64| {
        let checked = crate::common::scenario(&json!({
            "length_s": 60,
            "traffic": {
                "curve": [{ "kind": "intervals", "intervals": [[0, 100_000]] }],
                "keys": { "kind": "one" },
            },
            "designs": [{ "kind": "direct", "direct": parts(&json!({
                "request": { "cpu_ms": 0, "reads": 1, "writes": 1, "spread": 0 },
                "replicas": { "count": 2, "lag_ms": lag },
            })) }],
        }));
        let streamgauge::scenario::Plan::Direct(direct) = &checked.designs[0].plan else { panic!("a direct design") };
        let mut run = DirectRun::new(&checked, direct);
        let _ = run.run();
        run.frames().iter().map(|frame| frame.stale).sum::<u64>()
    };
    // A request writes 12 ms after it came; the next reads 92 ms after that.
    assert_eq!(stale(91.9), 0);
    assert_eq!(stale(92.1), 599);
}

/// The slow step of two seconds holds a worker; in the background it holds none, and is late there instead.
#[test]
fn the_slow_step_in_the_background_leaves_the_answer_fast() {
    let slow = |workers: u32, queue: Value| {
        run(
            200,
            &constant(40.0),
            &parts(&json!({
                "application": { "instances": 1, "workers": 20, "backlog": 100 },
                "request": { "cpu_ms": 5, "reads": 0, "writes": 0, "slow_ms": 2_000 },
                "background": { "workers": workers, "queue": queue, "enqueue_ms": 5 },
            })),
        )
    };
    let inside = slow(0, Value::Null);
    // Twenty workers do ten a second; the rest is refused.
    near(mean(&inside, 100, |frame| frame.answered as f64), 10.0);
    let outside = slow(100, Value::Null);
    assert_eq!(outside.ledger().failures(), 0);
    assert!(outside.recorder().answered().quantile(990).expect("answered").millis_f64() < 20.0);
    near(outside.recorder().late().mean().expect("done").seconds_f64(), 2.0);
    // Forty workers in the background do twenty a second; nothing is lost while there is room, only late.
    let late = slow(40, Value::Null);
    assert_eq!((late.ledger().failures(), late.ledger().dropped), (0, 0));
    near(mean(&late, 100, |frame| frame.done as f64), 20.0);
    let bounded = slow(40, json!(100));
    assert_eq!(bounded.ledger().failures(), 0);
    near(mean(&bounded, 100, |frame| frame.done as f64), 20.0);
    assert!(
        bounded.ledger().dropped > 3_000 && (120..=140).contains(&bounded.ledger().pending),
        "{:?}",
        bounded.ledger()
    );
}
