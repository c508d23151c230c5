//! Quotas, the producer's retries, and the function.

use super::{every, run};
use serde_json::{Value, json};
use streamgauge::engine::firehose::PutLoss;
use streamgauge::session::FirehoseRun;

fn throttled(run: &FirehoseRun) -> [u64; 3] {
    let mut all = [0; 3];
    for frame in run.frames() {
        all.iter_mut().zip(frame.throttled).for_each(|(all, more)| *all += more);
    }
    all
}

/// One second's worth at once, and then so much a second.
#[test]
fn a_delivery_stream_takes_its_quota_of_bytes() {
    let once = json!({ "producer": { "attempts": 1 }, "quota": { "scale_after_s": 0 } });
    // 10,000 records of 1 KiB a second; 5 MiB are 5,120 of them.
    let run = run(20, &every(100, 1_024), &once);
    let ledger = run.ledger();
    let expected = 5_120.0 * 21.0;
    assert!((ledger.accepted as f64 / expected - 1.0).abs() < 0.01, "{} of {expected}", ledger.accepted);
    assert_eq!(ledger.lost_put[PutLoss::Exhausted as usize], ledger.lost_at_producer());
    assert_eq!(throttled(&run), [0, 0, ledger.lost_at_producer()]);
}

#[test]
fn requests_and_records_have_quotas_of_their_own() {
    let single = json!({ "producer": { "attempts": 1, "batch": 1 }, "quota": { "scale_after_s": 0 } });
    // 4,000 requests a second; 2,000 are taken.
    let requests = run(10, &every(250, 100), &single);
    let accepted = requests.ledger().accepted;
    assert!((accepted as f64 / (2_000.0 * 11.0) - 1.0).abs() < 0.01, "{accepted}");
    assert_eq!(throttled(&requests)[1], requests.ledger().lost_at_producer());
    // In Tokyo 100,000 records a second: a million in ten seconds of tiny ones, and one second's worth more.
    let mut checked = crate::common::scenario(&json!({
        "length_s": 4,
        "traffic": every(5, 1),
        "prices": { "region": "ap-northeast-1" },
        "designs": [{ "kind": "firehose", "firehose": { "producer": { "attempts": 1 }, "quota": { "scale_after_s": 0 } } }],
    }));
    let streamgauge::scenario::Plan::Firehose(firehose) = checked.designs.remove(0).plan else { panic!("a stream") };
    let mut records = FirehoseRun::new(&checked, &firehose);
    assert_eq!(records.run(), streamgauge::session::Pump::Finished);
    let accepted = records.ledger().accepted;
    assert!((accepted as f64 / 500_000.0 - 1.0).abs() < 0.01, "{accepted}");
    assert_eq!(throttled(&records), [records.ledger().lost_at_producer(), 0, 0]);
}

/// Twice the quota is offered; after the delay it is twice as high, and a producer that keeps trying loses nothing.
#[test]
fn throttling_ends_when_the_quotas_are_raised() {
    let settings = |scale_after_s: u64| {
        json!({
            "producer": { "attempts": 100, "backoff_max_s": 5, "buffer": 1_000_000 },
            "quota": { "scale_after_s": scale_after_s },
        })
    };
    let raised = run(60, &every(128, 1_000), &settings(10));
    let frames = raised.frames();
    assert_eq!(raised.ledger().lost_at_producer(), 0);
    let last = frames.last().expect("frames").state;
    // What was refused meanwhile comes on top of what is offered, so one doubling may not be enough.
    assert!([10, 20].contains(&(last.quota >> 20)) && last.at_producer < 2_000, "{last:?}");
    let width = raised.recorder().width().seconds_f64();
    let late = frames.iter().enumerate().filter(|(frame, of)| of.refused() > 0 && *frame as f64 * width > 40.0);
    assert_eq!(late.count(), 0);
    let never = run(60, &every(128, 1_000), &settings(0));
    assert!(never.ledger().at_producer > 100_000, "{:?}", never.ledger());
}

#[test]
fn what_a_record_cannot_be_is_lost_with_its_cause() {
    let traffic = |bytes: u64| {
        json!({
            "curve": [{ "kind": "intervals", "intervals": [[0, 100_000]] }], "sizes": { "kind": "fixed", "bytes": bytes },
        })
    };
    let fits = run(10, &traffic(1_024_000), &json!({ "quota": { "mib_per_s": 20 } }));
    assert_eq!(fits.ledger().accepted + fits.ledger().at_producer, 100);
    let too_large = run(10, &traffic(1_024_001), &json!({ "quota": { "mib_per_s": 20 } }));
    assert_eq!(too_large.ledger().lost_put, [0, 0, 100]);
    // Four of them are no call of 4 MiB: each call has at most four.
    let calls: u64 = fits.frames().iter().map(|frame| frame.calls).sum();
    assert!((24..=100).contains(&calls), "{calls}");
}

fn transformed(transform: &Value) -> FirehoseRun {
    let mut settings = json!({
        "producer": { "linger_ms": 0 },
        "buffering": { "interval_s": 60 },
        "transform": { "memory_mb": 128, "interval_s": 10, "fixed_ms": 100, "per_record_ms": 0 },
    });
    let fields = transform.as_object().expect("fields");
    settings["transform"].as_object_mut().expect("a group").extend(fields.clone());
    run(10_000, &every(100_000, 1_000), &settings)
}

#[test]
fn the_function_drops_fails_and_is_asked_again() {
    // Ten records a second for 10,000 s; a batch has the records of 10 s.
    let answered = |run: &FirehoseRun| run.ledger().accepted - run.ledger().in_transform;
    let plain = transformed(&json!({}));
    let sum = |run: &FirehoseRun| run.frames().iter().map(|frame| frame.invocations).sum::<u64>();
    assert_eq!((sum(&plain), plain.ledger().accepted), (999, 100_000));
    let shares = transformed(&json!({ "dropped_share": 0.2, "failed_share": 0.1 }));
    let of = |part: u64| part as f64 / answered(&shares) as f64;
    assert!((of(shares.ledger().dropped) - 0.2).abs() < 0.004, "{}", of(shares.ledger().dropped));
    assert!((of(shares.ledger().set_aside[0]) - 0.1).abs() < 0.003, "{}", of(shares.ledger().set_aside[0]));
    // Four attempts at each batch, and then all of it is set aside: an invocation that runs at the end is none of them.
    for (settings, time) in [(json!({ "error_rate": 1 }), 0.1), (json!({ "fixed_ms": 90_000, "timeout_s": 2 }), 2.0)] {
        let failing = transformed(&settings);
        assert_eq!(failing.ledger().set_aside, [answered(&failing), 0, 0], "{time}");
        assert_eq!(failing.ledger().delivered, 0);
        assert!((4 * 999 - 4..=4 * 999).contains(&sum(&failing)), "{}", sum(&failing));
    }
    // One attempt in two fails: a batch is given up after four of them, one in sixteen.
    let half = transformed(&json!({ "error_rate": 0.5 }));
    let share = half.ledger().set_aside[0] as f64 / answered(&half) as f64;
    assert!((share - 1.0 / 16.0).abs() < 0.02, "{share}");
}

/// Five at a time, 20 s each, for batches of 10 s: a quarter of a batch a second are done, a tenth comes. With one at a
/// time it is half of what comes.
#[test]
fn the_function_has_room_for_so_many_at_a_time() {
    let five = transformed(&json!({ "fixed_ms": 20_000 }));
    assert!(five.ledger().in_transform < 500, "{:?}", five.ledger());
    let one = transformed(&json!({ "fixed_ms": 20_000, "parallel": 1 }));
    let share = one.ledger().in_transform as f64 / 100_000.0;
    assert!((share - 0.5).abs() < 0.01, "{share}");
}
