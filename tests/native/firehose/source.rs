//! A data stream as the source of a delivery stream.

use crate::common::{scenario, session};
use serde_json::{Value, json};
use streamgauge::scenario::{Draft, document};
use streamgauge::session::{Pump, Session};
use streamgauge::units::{SimTime, Span};

/// A stream that a function and Firehose read.
fn read_twice(length_s: u64, retention_h: u64, firehose: &Value) -> Value {
    json!({
        "length_s": length_s,
        "traffic": {
            "curve": [{ "kind": "intervals", "intervals": [[0, 1_000_000]] }],
            "sizes": { "kind": "fixed", "bytes": 1_000 },
        },
        "stream": { "shards": 2, "retention_h": retention_h },
        "consumers": [
            { "kind": "lambda" },
            { "kind": "poller", "idle_ms": 1_000, "fixed_ms": 0, "per_record_ms": 0, "starting_position": "LATEST" },
        ],
        "deliver": [{ "consumer": 1, "firehose": firehose }],
    })
}

#[test]
fn what_the_poller_reads_is_delivered() {
    let run = session(&read_twice(1_200, 24, &json!({ "buffering": { "interval_s": 60 } })));
    assert!(run.balances());
    let (stream, firehose) = (run.ledger(), run.deliver()[0].ledger());
    assert_eq!((stream.offered, firehose.offered), (1_200, firehose.accepted));
    // The last ones may lie in the stream until the next read.
    assert!((1_197..=1_200).contains(&firehose.offered), "{firehose:?}");
    assert!(firehose.delivered >= 1_080 && firehose.lost_at_producer() + firehose.at_producer == 0, "{firehose:?}");
    let late = run.deliver()[0].recorder().late().quantile(1_000).expect("delivered").seconds_f64();
    assert!((59.0..61.5).contains(&late), "{late}");
    assert_eq!(run.month_total_cents(), run.bill().month_total_cents + run.deliver()[0].bill().month_total_cents);
    assert_eq!(run.summary()["deliver"][0]["ledger"]["offered"], firehose.offered);
    // Both consumers share the reads, and the stream itself does not know of what comes after.
    let mut alone = read_twice(1_200, 24, &json!({}));
    alone.as_object_mut().expect("a document").remove("deliver");
    assert_eq!(session(&alone).ledger(), stream);
}

/// Two days without S3: what is older than the retention is lost, with a week of it nothing is.
#[test]
fn the_retention_of_the_stream_decides_what_is_lost() {
    let broken = json!({
        "buffering": { "interval_s": 900 },
        "operations": [{ "at_s": 900, "kind": "destination_outage", "for_s": 172_800 }],
    });
    let mut document = read_twice(200_000, 24, &broken);
    document["traffic"]["curve"][0]["intervals"] = json!([[0, 10_000_000]]);
    document["consumers"][0] = json!({ "kind": "poller", "idle_ms": 300_000, "fixed_ms": 0, "per_record_ms": 0 });
    let day = session(&document).deliver()[0].ledger();
    document["stream"]["retention_h"] = json!(168);
    let week = session(&document).deliver()[0].ledger();
    assert_eq!((week.lost, week.aside()), (0, 0));
    // Buffers whose oldest record comes a day before the end of the outage: 87,300 s, 97 of them and perhaps one more.
    assert!((96 * 90..=98 * 90).contains(&day.lost), "{day:?}");
    assert!(day.balances() && week.balances() && week.delivered >= 19_800, "{week:?}");
}

/// A chain, with a delivery stream behind each stream, does not depend on its pace, and neither does its digest.
#[test]
fn delivery_streams_follow_at_any_pace() {
    let mut document = read_twice(300, 24, &json!({ "buffering": { "interval_s": 20 } }));
    let mut behind = read_twice(300, 24, &json!({ "destination": { "kind": "splunk" } }));
    let behind = behind.as_object_mut().expect("a document");
    behind.retain(|name, _| ["stream", "consumers", "deliver"].contains(&name.as_str()));
    behind.insert("consumer".to_owned(), json!(0));
    document["then"] = json!([behind]);
    let checked = scenario(&document);
    let mut one = Session::new(checked.clone());
    assert_eq!(one.run(), Pump::Finished);
    let (mut other, mut until) = (Session::new(checked.clone()), SimTime::ZERO);
    loop {
        match other.pump(until, 777) {
            Pump::Finished => break,
            Pump::Reached => until += Span::from_micros(7_654_321),
            Pump::Spent => assert!(other.balances()),
            stop => panic!("it stopped with {stop:?}"),
        }
    }
    assert_eq!((one.digest(), one.summary()), (other.digest(), other.summary()));
    assert!(one.then()[0].deliver()[0].ledger().delivered > 200);
    // The document says the same again, and so does the packed form.
    let again = Draft::parse(&document::of(&checked).to_json()).expect("it is JSON").check();
    assert_eq!(again.as_ref(), Ok(&checked));
    let packed = streamgauge::scenario::packed::pack(&checked);
    let unpacked = streamgauge::scenario::packed::unpack(&packed).expect("what was packed");
    assert_eq!(
        (&unpacked.deliver, &unpacked.then[0].scenario.deliver),
        (&checked.deliver, &checked.then[0].scenario.deliver)
    );
}

#[test]
fn problems_of_a_delivery_stream_stand_at_their_fields() {
    let mut document = read_twice(300, 24, &json!({ "producer": { "batch": 1 }, "buffering": { "size_mib": 0 } }));
    document["deliver"].as_array_mut().expect("a list").extend([
        json!({ "consumer": 0 }),
        json!({ "consumer": 2 }),
        json!({ "consumer": 1, "firehose": { "destination": { "kind": "s3", "retry_s": 60 } } }),
    ]);
    let problems = Draft::from_value(document).check().expect_err("problems");
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for part in [
        "deliver.0.firehose.producer: the stream is the source",
        "deliver.0.firehose.buffering.size_mib: 0 is too small",
        "deliver.1.consumer: Firehose reads as a \"poller\" does",
        "deliver.2.consumer: there are 2 consumers",
        "deliver.3.firehose.destination.retry_s: S3 is tried again for 24 h",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(part)), "{part} in {problems:#?}");
    }
}
