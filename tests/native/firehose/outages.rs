//! What an outage of the destination does, to the record: what is tried again, what is backed up, what is lost.

use super::{every, run};
use serde_json::{Value, json};
use streamgauge::session::FirehoseRun;

/// A record a second, a buffer every minute, and an hour's outage after the first.
fn hour(destination: &Value) -> FirehoseRun {
    let settings = json!({
        "producer": { "linger_ms": 0 },
        "buffering": { "interval_s": 60 },
        "destination": destination,
        "operations": [{ "at_s": 3_600, "kind": "destination_outage", "for_s": 3_600 }],
    });
    run(14_400, &every(1_000_000, 1_000), &settings)
}

/// Buffers are closed at whole minutes. One that is closed at `c` fails first at `c` plus the latency, and is saved
/// where the window is still open when the outage ends.
fn given_up(latency_s: f64, window_s: f64) -> u64 {
    (60..120).filter(|minute| f64::from(*minute) * 60.0 + latency_s + window_s < 7_200.0).count() as u64 * 60
}

#[test]
fn an_hours_outage_of_s3_loses_nothing() {
    let ledger = hour(&json!({ "kind": "s3" })).ledger();
    assert_eq!((ledger.offered, ledger.lost, ledger.aside()), (14_400, 0, 0));
    // What was closed is delivered; the last minute is in the buffer.
    assert_eq!((ledger.delivered, ledger.buffered), (14_340, 60));
}

#[test]
fn other_destinations_back_up_what_their_retry_window_says() {
    for kind in ["opensearch", "splunk", "http"] {
        for window in [0, 120, 300, 1_800, 3_599, 3_600, 7_200] {
            let run = hour(&json!({ "kind": kind, "retry_s": window, "latency_ms": 700 }));
            let ledger = run.ledger();
            let expected = given_up(0.7, f64::from(window));
            assert_eq!(ledger.set_aside, [0, 0, expected], "{kind}, {window} s");
            assert_eq!((ledger.lost, ledger.delivered), (0, 14_340 - expected), "{kind}, {window} s");
        }
    }
    // By the defaults: 300 s and half a second.
    for kind in ["opensearch", "splunk", "http"] {
        assert_eq!(hour(&json!({ "kind": kind })).ledger().aside(), given_up(0.5, 300.0), "{kind}");
    }
}

/// An object is staged within 0.21 s, and a COPY takes 5 s. Copies that wait for each other fail a little later, far from
/// the next minute.
#[test]
fn redshift_names_in_manifests_what_it_did_not_copy() {
    for window in [0, 600, 1_800, 3_600] {
        let run = hour(&json!({ "kind": "redshift", "retry_s": window }));
        let ledger = run.ledger();
        let expected = given_up(5.3, f64::from(window));
        assert_eq!(ledger.set_aside, [0, 0, expected], "{window} s");
        // All objects lie in the bucket all the same; each that was given up is named once.
        let (objects, _, manifests) = run.objects();
        assert_eq!((objects, manifests), (239, expected / 60));
        assert_eq!(ledger.delivered + expected, 14_340);
    }
}

/// 25 hours without S3: what failed in the first hour is lost, and nothing else.
#[test]
fn s3_loses_what_is_older_than_a_day() {
    let settings = json!({
        "producer": { "linger_ms": 0 },
        "buffering": { "interval_s": 900 },
        "operations": [{ "at_s": 3_600, "kind": "destination_outage", "for_s": 90_000 }],
    });
    let ledger = run(110_000, &every(10_000_000, 1_000), &settings).ledger();
    // Buffers of 90 records are closed every 900 s; those that failed first before 93,600 − 86,400 s were given up.
    let lost = (4..104).filter(|quarter| f64::from(*quarter) * 900.0 + 0.2 + 86_400.0 < 93_600.0).count() as u64;
    assert_eq!((lost, ledger.lost), (4, 4 * 90));
    assert_eq!(ledger.aside(), 0);
    assert_eq!(ledger.delivered, (110_000 / 900) * 90 - 360);
}

#[test]
fn a_slow_destination_takes_so_many_times_as_long() {
    let settings = json!({
        "producer": { "linger_ms": 0 },
        "buffering": { "interval_s": 60 },
        "destination": { "kind": "http", "latency_ms": 2_000 },
        "operations": [{ "at_s": 300, "kind": "destination_slow", "for_s": 300, "factor": 10 }],
    });
    let run = run(900, &every(1_000_000, 1_000), &settings);
    let late = run.recorder().late();
    // The oldest of a minute waits for the others, then 2 s or 20 s; 60,000 bytes at 5 MiB/s are 0.011 s.
    let most = late.quantile(1_000).expect("delivered").seconds_f64();
    assert!((most - 80.1).abs() < 0.5, "{most}");
    assert_eq!(run.ledger().delivered, 14 * 60);
    let slow = run.frames().iter().filter(|frame| frame.late_ms.1 > 70_000.0).count();
    assert_eq!(slow, 5, "five buffers are closed in these five minutes");
}
