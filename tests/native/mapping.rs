//! An event source mapping with every setting acting in time: retries, age, bisecting, partial responses,
//! parallelization, and what an on-failure destination is told.

mod answers;
mod order;
mod windows;

use crate::common::{scenario, session};
use serde_json::{Value, json};
use streamgauge::engine::{Condition, Engine, Fact, GivenUp, Observer};
use streamgauge::metrics::{Finding, Metric, NoteKind, ShardMetric};
use streamgauge::scenario::Draft;
use streamgauge::session::{Pump, Session, failure};
use streamgauge::units::SimTime;

/// What a mapping did: invocations with their instant, shard, records and attempt, and what it gave up.
#[derive(Default)]
pub struct Seen {
    pub started: Vec<(f64, u32, u32, u32)>,
    pub given_up: Vec<(f64, GivenUp)>,
}

impl Observer for Seen {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::InvocationStarted { shard, records, attempt, .. } => {
                self.started.push((at.seconds_f64(), shard, records, attempt));
            }
            Fact::Discarded { given_up, .. } => self.given_up.push((at.seconds_f64(), given_up)),
            _ => {}
        }
    }
}

/// Everything that a mapping does in a run.
pub fn seen(document: &Value) -> Seen {
    let mut seen = Seen::default();
    let mut engine = Engine::new(&scenario(document));
    let _ = engine.advance(SimTime::from_micros(u64::MAX), u32::MAX, &mut seen);
    seen
}

/// So many records at once to one shard at the beginning, and a mapping with these settings.
fn burst(records: u32, length_s: u32, consumer: &Value) -> Value {
    json!({
        "length_s": length_s,
        "traffic": {
            "curve": [{"kind": "bursts", "every_s": 3_600, "start_s": 0.5, "records": records, "within_ms": 0}],
            "arrivals": "even",
        },
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 1},
        "consumers": [consumer],
    })
}

/// A consumer with more settings.
fn with(mut consumer: Value, settings: &Value) -> Value {
    consumer.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    consumer
}

/// One record, and a mapping with these settings on top of a quick function.
fn one_record(settings: &Value) -> Value {
    burst(1, 300, &with(json!({"fixed_ms": 5, "per_record_ms": 0}), settings))
}

/// 40 records/s on four shards by many keys.
fn steady(settings: &Value) -> Value {
    let consumer = with(json!({"batch_size": 10, "fixed_ms": 5, "per_record_ms": 1}), settings);
    json!({
        "length_s": 600,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": 40}],
            "arrivals": "even",
            "keys": {"kind": "uniform", "count": 1_000},
        },
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 4},
        "consumers": [consumer],
    })
}

fn total(session: &Session, metric: Metric) -> f64 {
    session.timeline().total(metric, usize::MAX)
}

/// What was measured against the service: a function that always fails, one record a batch, unlimited retries and a
/// maximum age of 60 s is invoked 8 times before the record is given up.
#[test]
fn a_function_that_always_fails_is_invoked_eight_times_in_a_minute() {
    let seen = seen(&one_record(&json!({"batch_size": 1, "max_record_age_s": 60, "error_rate": 1})));
    assert_eq!(seen.started.len(), 8, "{:?}", seen.started);
    let attempts: Vec<u32> = seen.started.iter().map(|(.., attempt)| *attempt).collect();
    assert_eq!(attempts, [1, 2, 3, 4, 5, 6, 7, 8]);
    let [(at, given_up)] = seen.given_up[..] else { panic!("{:?}", seen.given_up) };
    assert_eq!((given_up.condition, given_up.invocations, given_up.records), (Condition::RecordAgeExceeded, 8, 1));
    // It is given up when it is a minute old, and not at the next try that would have come.
    assert!((at - 60.5).abs() < 0.01, "{at}");
}

/// `approximateInvokeCount` is the retries and one more; with no retry at all it is one.
#[test]
fn retries_are_counted_as_the_service_counts_them() {
    for retries in [0, 1, 3] {
        let seen = seen(&one_record(&json!({"max_retries": retries, "error_rate": 1})));
        assert_eq!(seen.started.len(), retries + 1);
        let [(_, given_up)] = seen.given_up[..] else { panic!("{:?}", seen.given_up) };
        assert_eq!(
            (given_up.condition, given_up.invocations as usize),
            (Condition::RetryAttemptsExhausted, retries + 1)
        );
    }
}

/// The waits double from the setting up to its cap.
#[test]
fn the_waits_between_tries_double_up_to_the_cap() {
    let settings = json!({"retry_base_ms": 100, "retry_cap_s": 1, "max_retries": 6, "error_rate": 1, "fixed_ms": 0});
    let seen = seen(&one_record(&settings));
    let waits: Vec<i64> =
        seen.started.windows(2).map(|pair| ((pair[1].0 - pair[0].0) * 1_000.0).round() as i64).collect();
    assert_eq!(waits, [100, 200, 400, 800, 1_000, 1_000]);
}

/// One poison record with the defaults blocks its shard to the end of the run, and no other.
#[test]
fn a_poison_record_blocks_its_shard_and_no_other() {
    let mut document = steady(&json!({}));
    document["consumers"][0]["poison_key"] = 7.into();
    // Key 7 comes once: at a rate of 40/s over 1,000 keys its first record is met soon, and nothing passes it.
    let session = session(&document);
    let timeline = session.timeline();
    let frames = timeline.frames();
    let waiting = |shard: usize| timeline.shard_column(ShardMetric::Waiting, shard)[frames - 1];
    let blocked: Vec<usize> = (0..4).filter(|shard| waiting(*shard) > 2_000.0).collect();
    assert_eq!(blocked.len(), 1, "{:?}", (0..4).map(waiting).collect::<Vec<_>>());
    for shard in (0..4).filter(|shard| !blocked.contains(shard)) {
        assert!(waiting(shard) < 30.0, "shard {shard} waits with {}", waiting(shard));
    }
    assert_eq!(total(&session, Metric::Discarded), 0.0);
    assert!(session.ledger().balances());
}

/// Bisecting and partial responses isolate each poison record: it alone is given up, everything else is processed.
#[test]
fn bisecting_with_partial_responses_isolates_poison_records() {
    let settings = json!({
        "bisect": "on", "responses": "items", "max_retries": 2, "poison_rate": 0.01, "on_failure": "sqs", "batch_size": 100,
    });
    let document = steady(&settings);
    let seen = seen(&document);
    assert!(seen.given_up.len() > 150, "{}", seen.given_up.len());
    assert!(seen.given_up.iter().all(|(_, given_up)| given_up.records == 1));
    let session = session(&document);
    let ledger = session.ledger();
    assert_eq!(ledger.discarded, seen.given_up.len() as u64);
    assert!(ledger.waiting < 200 && ledger.balances(), "{ledger:?}");
    // No error of the function: it answered, and named what failed.
    assert_eq!(total(&session, Metric::Errors), 0.0);
    assert!(total(&session, Metric::ItemFailures) >= 3.0 * seen.given_up.len() as f64);
}

/// Bisecting alone does the same with more invocations, and without it whole batches go.
#[test]
fn without_either_whole_batches_are_given_up() {
    let run = |settings: &Value| seen(&steady(settings)).given_up.iter().map(|(_, of)| of.records).collect::<Vec<_>>();
    let bisected = run(&json!({"bisect": "on", "max_retries": 1, "poison_rate": 0.002, "batch_size": 100}));
    assert!(!bisected.is_empty() && bisected.iter().all(|records| *records == 1), "{bisected:?}");
    let whole = run(&json!({"max_retries": 1, "poison_rate": 0.002, "batch_size": 100, "batching_window_s": 5}));
    assert!(!whole.is_empty() && whole.iter().all(|records| *records > 10), "{whole:?}");
    // Partial responses alone save what comes before the poison record, not what comes after it in its batch.
    let partial = json!({"responses": "items", "max_retries": 1, "poison_rate": 0.002, "batch_size": 100, "batching_window_s": 5});
    let partial = run(&partial);
    assert!(partial.iter().sum::<u64>() < whole.iter().sum::<u64>(), "{partial:?} {whole:?}");
    assert!(partial.iter().any(|records| *records > 1));
}

/// A split uses up no retry: with none allowed, a batch of eight is still taken apart down to its poison record.
#[test]
fn a_split_uses_up_no_retry() {
    let mut document = one_record(&json!({"bisect": "on", "max_retries": 0, "batch_size": 8, "poison_key": 3}));
    document["traffic"]["curve"][0]["records"] = 8.into();
    document["traffic"]["keys"] = json!({"kind": "uniform", "count": 8});
    for seed in 0..20 {
        document["seed"] = seed.into();
        let seen = seen(&document);
        let session = session(&document);
        let poisoned = seen.given_up.iter().map(|(_, of)| of.records).sum::<u64>();
        assert!(
            seen.given_up.iter().all(|(_, of)| of.records == 1 && of.condition == Condition::RetryAttemptsExhausted)
        );
        assert_eq!((session.ledger().processed, session.ledger().discarded), (8 - poisoned, poisoned));
    }
}

/// The report of a batch out of retries has the published shape, and the one of a batch that is too old lacks the
/// function's last answer.
#[test]
fn a_report_has_the_published_shape() {
    let report = |settings: &Value| {
        let session = session(&one_record(settings));
        let note = session.timeline().notes().find_map(|note| match &note.what {
            NoteKind::GivenUp(of, records) => Some(failure::document(session.scenario(), note.at, of, records)),
            _ => None,
        });
        note.expect("a batch is given up")
    };
    let mut exhausted = report(&json!({"max_retries": 3, "error_rate": 1, "on_failure": "sqs"}));
    let id = exhausted["requestContext"]["requestId"].take();
    let parts: Vec<usize> = id.as_str().expect("a text").split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12]);
    let sequence = exhausted["KinesisBatchInfo"]["startSequenceNumber"].take();
    assert_eq!(sequence, exhausted["KinesisBatchInfo"]["endSequenceNumber"].take());
    assert_eq!(sequence.as_str().expect("a text").len(), 56);
    assert_eq!(
        exhausted,
        json!({
            "requestContext": {
                "requestId": null,
                "functionArn": "arn:aws:lambda:us-east-1:111122223333:function:Lambda",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 4,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": "2026-01-01T00:00:04.170Z",
            "KinesisBatchInfo": {
                "shardId": "shardId-000000000000",
                "startSequenceNumber": null,
                "endSequenceNumber": null,
                "approximateArrivalOfFirstRecord": "2026-01-01T00:00:00.500Z",
                "approximateArrivalOfLastRecord": "2026-01-01T00:00:00.500Z",
                "batchSize": 1,
                "streamArn": "arn:aws:kinesis:us-east-1:111122223333:stream/streamgauge",
            },
        })
    );
    let by_item = report(&json!({"max_retries": 1, "poison_rate": 1, "responses": "items", "on_failure": "sns"}));
    assert_eq!(by_item["responseContext"]["functionError"], Value::Null);
    assert_eq!(by_item["requestContext"]["approximateInvokeCount"], 2);
    let old = report(&json!({"max_record_age_s": 60, "error_rate": 1, "on_failure": "s3"}));
    assert_eq!(old.get("responseContext"), None);
    // A bucket gets the event, which is the batch; a queue or a topic does not.
    assert_eq!((exhausted.get("payload"), by_item.get("payload")), (None, None));
    let event: Value = serde_json::from_str(old["payload"].as_str().expect("a text")).expect("it is JSON");
    let [record] = &event["Records"].as_array().expect("a list")[..] else { panic!("{event}") };
    let number = &old["KinesisBatchInfo"]["startSequenceNumber"];
    assert_eq!(record["kinesis"]["sequenceNumber"], *number);
    assert_eq!(record["eventID"], format!("shardId-000000000000:{}", number.as_str().expect("a text")));
    assert_eq!(record["kinesis"]["approximateArrivalTimestamp"], 1_767_225_600.5);
    // 512 bytes of JSON in base64, which begins with a brace and a quotation mark.
    let data = record["kinesis"]["data"].as_str().expect("a text");
    assert!(data.len() == 684 && data.starts_with("eyJ"), "{data}");
    assert_eq!(old["requestContext"]["condition"], "RecordAgeExceeded");
}

/// What is found in a finished run, by its id.
fn found(session: &Session, id: &str) -> Option<Finding> {
    session.findings().into_iter().find(|finding| finding.id == id)
}

/// Each of the findings about failing batches, where it belongs and nowhere else.
#[test]
fn findings_say_what_blocks_and_what_would_free_it() {
    let mut document = steady(&json!({}));
    document["consumers"][0]["poison_key"] = 7.into();
    let blocked = session(&document);
    let finding = found(&blocked, "shard-blocked").expect("a shard is blocked");
    assert!(
        finding.evidence.contains("poison record, by injection") && finding.evidence.contains("3 shards go on"),
        "{finding:?}"
    );
    assert!(found(&blocked, "invocations-fail").is_none() && found(&blocked, "given-up").is_none());
    assert!(found(&blocked, "falling-behind").is_none(), "the function is fast enough");
    // Where the function is too slow for the other shards, that is said beside it.
    let slow = session(&steady(&json!({"poison_key": 7, "per_record_ms": 120})));
    assert!(found(&slow, "shard-blocked").is_some() && found(&slow, "falling-behind").is_some());
    // The remedy is tried, and frees the shard.
    let mut draft = Draft::from_value(document);
    for (path, value) in finding.remedy_try.expect("it can be tried").edits {
        draft.set(&path, value);
    }
    let mut freed = Session::new(draft.check().expect("a remedy is sound"));
    assert_eq!(freed.run(), Pump::Finished);
    assert!(found(&freed, "shard-blocked").is_none());
    let given_up = found(&freed, "given-up").expect("the poison records are given up");
    assert!(
        given_up.evidence.contains("one each on average") && given_up.evidence.contains("SQS queue"),
        "{given_up:?}"
    );
    assert!(freed.ledger().waiting < 200, "{:?}", freed.ledger());
}

/// A factor of ten with one hot key: one invocation runs, and the finding says that the keys are why.
#[test]
fn a_hot_key_defeats_the_factor_and_the_finding_says_so() {
    let document = |keys: Value| {
        json!({
            "length_s": 300,
            "traffic": {"curve": [{"kind": "constant", "per_s": 300}], "keys": keys},
            "producer": {"call": "PutRecord"},
            "stream": {"shards": 1},
            "consumers": [{"batch_size": 10, "fixed_ms": 0, "per_record_ms": 10, "parallelization_factor": 10}],
        })
    };
    let hot = session(&document(json!({"kind": "hot", "count": 1_000, "share": 0.95})));
    let finding = found(&hot, "parallelization-defeated").expect("the hot key is found");
    assert!(finding.evidence.starts_with("10 invocations of a shard may run"), "{finding:?}");
    let many = session(&document(json!({"kind": "uniform", "count": 1_000})));
    assert!(found(&many, "parallelization-defeated").is_none());
}
