//! Payloads and filter criteria: what records carry, and which of them a mapping passes over, against a naive reading
//! of the JSON.

mod naive;

use crate::common::{repeatable, scenario, session};
use crate::scenario::any;
use naive::matches;
use proptest::prelude::*;
use serde_json::{Value, json};
use streamgauge::engine::payload::Payloads;
use streamgauge::engine::{Invocation, Outcome, Record};
use streamgauge::metrics::Metric;
use streamgauge::scenario::traffic::partition_key;
use streamgauge::scenario::{Draft, Payload, Scenario};
use streamgauge::session::{Pump, Session};

/// A stream with these payloads, evenly offered, and a mapping with these settings.
fn document(payloads: &Value, consumer: &Value) -> Value {
    json!({
        "length_s": 120,
        "traffic": {
            "curve": [{"kind": "bursts", "every_s": 3_600, "start_s": 0.5, "records": 2_000, "within_ms": 20_000}],
            "arrivals": "even",
            "sizes": {"kind": "uniform", "min_bytes": 60, "max_bytes": 400},
            "keys": {"kind": "uniform", "count": 50},
            "payloads": payloads,
        },
        "stream": {"shards": 2},
        "consumers": [consumer],
    })
}

/// The run of a scenario whose host takes everything, and the records that it was given, each once.
fn handed_out(scenario: Scenario) -> (Session, Vec<Record>) {
    let (mut session, mut records) = (Session::new(scenario), Vec::new());
    let end = session.run_with(&mut |invocation: &Invocation| {
        records.extend(invocation.records.iter().map(|record| record.record));
        Outcome::Succeeded
    });
    assert_eq!(end, Pump::Finished);
    (session, records)
}

fn record(number: u32, key: u32, size: u32) -> Record {
    Record { number, key, size, offered: u64::from(number) * 1_000, ..Record::default() }
}

fn payloads_of(payloads: &Value) -> (Payloads, Vec<Payload>) {
    let scenario = scenario(&document(payloads, &json!({})));
    (Payloads::new(&scenario), scenario.traffic.payloads)
}

/// What is made is what the words in braces say, and fills the record to the byte.
#[test]
fn a_payload_is_its_template_filled_up_to_the_size() {
    let template = json!([{"data": {
        "n": "{number}", "key": "{key}", "at": "{time}", "amount": "{-3..3}", "state": "{new|paid}",
        "text": "{{{number} of {key}", "half": 0.5, "list": [null, true, "\"{1..1}\""],
    }}]);
    let (payloads, kinds) = payloads_of(&template);
    let (mut amounts, mut states) = (Vec::new(), Vec::new());
    for number in 0..2_000 {
        let data = payloads.data(&kinds, &record(number, 12, 400));
        assert_eq!(data.len(), 400);
        let value: Value = serde_json::from_slice(&data).expect("it is JSON");
        assert_eq!(
            (&value["n"], &value["key"], &value["half"]),
            (&json!(number), &json!("device-000000012"), &json!(0.5))
        );
        assert_eq!(value["at"], json!(1_767_225_600_000u64 + u64::from(number)));
        assert_eq!(value["text"], format!("{{{number} of device-000000012"));
        assert_eq!(value["list"], json!([null, true, "\"1\""]));
        amounts.push(value["amount"].as_i64().expect("a number"));
        states.push(value["state"].as_str().expect("a text").to_owned());
        assert_eq!(data, payloads.data(&kinds, &record(number, 12, 400)), "looked at twice");
    }
    // Seven amounts and two states, each as likely: within five standard deviations.
    for amount in -3..=3 {
        let count = amounts.iter().filter(|of| **of == amount).count();
        assert!(count.abs_diff(2_000 / 7) < 80, "{amount}: {count}");
    }
    let new = states.iter().filter(|of| *of == "new").count();
    assert!(new.abs_diff(1_000) < 112, "{new}");
    // Two things that are made in one payload are drawn apart.
    let both = amounts.iter().zip(&states).filter(|(amount, state)| **amount == 3 && *state == "new").count();
    assert!(both.abs_diff(143) < 60, "{both}");
}

/// Every size at which the template fits is met exactly, whatever is left; where it does not fit it is whole.
#[test]
fn every_size_is_met_where_the_template_fits() {
    for template in
        [json!({"a": "{number}"}), json!({}), json!(["{key}"]), json!("text {number}"), json!({"a": {"b": 1}})]
    {
        let (payloads, kinds) = payloads_of(&json!([{ "data": template }]));
        let least = payloads.data(&kinds, &record(5, 1, 0)).len();
        for size in 1..200 {
            let data = payloads.data(&kinds, &record(5, 1, size));
            assert_eq!(data.len(), least.max(size as usize), "{template} in {size} bytes");
            assert_eq!(
                serde_json::from_slice::<Value>(&data).is_ok(),
                !template.is_string(),
                "{template} in {size} bytes"
            );
        }
    }
}

/// Shares are parts of their sum.
#[test]
fn kinds_come_by_their_shares() {
    let (payloads, _) = payloads_of(&json!([
        {"share": 0.1, "data": {"a": 1}}, {"share": 0, "data": {"b": 1}}, {"share": 0.3, "data": {"c": 1}},
    ]));
    let mut counts = [0u32; 3];
    for number in 0..100_000 {
        counts[payloads.kind(number)] += 1;
    }
    assert_eq!(counts[1], 0);
    // A quarter, within five standard deviations.
    assert!(counts[0].abs_diff(25_000) < 700, "{counts:?}");
}

proptest! {
    #![proptest_config(repeatable(200))]

    /// A mapping hands out what a naive reading of the JSON lets through, in whatever batches, and the ledger balances.
    #[test]
    fn what_is_handed_out_matches_and_nothing_else(
        payloads in any::payloads(),
        picked in proptest::sample::subsequence((0..13usize).collect::<Vec<_>>(), 1..=5),
        batch in 1..200u32,
        factor in 1..4u32,
        window in 0..3u32,
        seed: u32,
    ) {
        let patterns: Vec<Value> = picked.iter().map(|place| any::patterns()[*place].clone()).collect();
        let consumer = json!({
            "handler": "host", "batch_size": batch, "parallelization_factor": factor, "batching_window_s": window,
            "fixed_ms": 1, "per_record_ms": 0, "filter_criteria": patterns,
        });
        let mut scenario = scenario(&document(&json!([]), &consumer));
        (scenario.seed, scenario.traffic.payloads) = (seed.into(), payloads);
        let (made, kinds) = (Payloads::new(&scenario), scenario.traffic.payloads.clone());
        let (session, handed) = handed_out(scenario);
        let passes = |record: &Record| {
            let data = serde_json::from_slice(&made.data(&kinds, record)).ok();
            patterns.iter().any(|pattern| matches(pattern, data.as_ref(), &partition_key(record.key)))
        };
        for record in &handed {
            prop_assert!(passes(record), "{:?}", String::from_utf8(made.data(&kinds, record)));
        }
        let ledger = session.ledger();
        prop_assert!(ledger.balances(), "{:?}", ledger);
        prop_assert_eq!(ledger.stored, 2_000);
        prop_assert_eq!((ledger.processed, ledger.filtered), (handed.len() as u64, 2_000 - handed.len() as u64));
        let mut numbers: Vec<u32> = handed.iter().map(|record| record.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), handed.len());
        // Nothing that passes was left away.
        let missing = (0..2_000).filter(|number| numbers.binary_search(number).is_err());
        let mut all = scenario_records(&session);
        for number in missing {
            let record = all.remove(&number).expect("it was stored");
            prop_assert!(!passes(&record), "{number} was left away");
        }
    }
}

/// Every record of a run by its number, as another consumer without a filter sees them.
fn scenario_records(session: &Session) -> std::collections::BTreeMap<u32, Record> {
    let mut scenario = session.scenario().clone();
    scenario.consumers[0].filters.clear();
    let (_, handed) = handed_out(scenario);
    handed.into_iter().map(|record| (record.number, record)).collect()
}

/// Filters do not disturb what comes after them: a full batch has so many records that match, and bisecting, partial
/// responses, retention and retries see only those.
#[test]
fn batches_are_full_of_what_matches() {
    let payloads = json!([{"share": 0.1, "data": {"type": "order"}}, {"share": 0.9, "data": {"type": "ping"}}]);
    let filter = json!([{"data": {"type": ["order"]}}]);
    let consumer = json!({"batch_size": 20, "batching_window_s": 60, "filter_criteria": filter, "per_record_ms": 0});
    let mut run = document(&payloads, &consumer);
    run["stream"]["shards"] = 1.into();
    let filtered = session(&run);
    let (ledger, total) = (filtered.ledger(), |metric| filtered.timeline().total(metric, usize::MAX));
    assert!(ledger.filtered.abs_diff(1_800) < 70 && ledger.waiting == 0 && ledger.balances(), "{ledger:?}");
    assert_eq!(total(Metric::Invocations), (ledger.processed as f64 / 20.0).ceil());
    run["consumers"][0]["poison_rate"] = 0.05.into();
    run["consumers"][0]["max_retries"] = 1.into();
    run["consumers"][0]["bisect"] = "on".into();
    let poisoned = session(&run).ledger();
    assert_eq!(poisoned.filtered, ledger.filtered);
    assert!(poisoned.discarded > 0 && poisoned.discarded + poisoned.processed == ledger.processed, "{poisoned:?}");
    assert!(poisoned.balances());
}

/// User records of the KPL are filtered one by one where they are pushed, whatever else is in their Kinesis record.
#[test]
fn aggregated_records_are_filtered_by_user_record() {
    let payloads = json!([{"share": 0.3, "data": {"type": "order"}}, {"share": 0.7, "data": {"type": "ping"}}]);
    let filter = json!([{"data": {"type": ["order"]}}]);
    let consumer =
        json!({"handler": "host", "source": "SubscribeToShard", "batch_size": 15, "filter_criteria": filter});
    let mut run = document(&payloads, &consumer);
    run["producer"] = json!({"call": "KPL"});
    let scenario = scenario(&run);
    let (made, kinds) = (Payloads::new(&scenario), scenario.traffic.payloads.clone());
    let (session, handed) = handed_out(scenario);
    assert!(session.timeline().total(Metric::IncomingRecords, usize::MAX) < 1_000.0, "they are aggregated");
    let ledger = session.ledger();
    assert_eq!((ledger.processed + ledger.filtered, ledger.processed), (2_000, handed.len() as u64));
    assert!(ledger.filtered.abs_diff(1_400) < 110 && ledger.balances(), "{ledger:?}");
    for record in handed {
        let data: Value = serde_json::from_slice(&made.data(&kinds, &record)).expect("it is JSON");
        assert_eq!(data["type"], "order");
    }
}

/// A pattern on data drops what is no JSON, and the finding says so; a pattern on the key alone does not look at it.
#[test]
fn what_is_no_json_is_dropped_and_found() {
    let payloads = json!([{"share": 0.5, "data": {"type": "order"}}, {"share": 0.5, "data": "order {number}"}]);
    let run = |filter: Value| session(&document(&payloads, &json!({ "filter_criteria": filter })));
    let dropped = run(json!([{"data": {"type": [{"exists": true}, {"exists": false}]}}]));
    assert!(dropped.ledger().filtered.abs_diff(1_000) < 120, "{:?}", dropped.ledger());
    assert_eq!(dropped.timeline().total(Metric::Unreadable, usize::MAX) as u64, dropped.ledger().filtered);
    let finding = |session: &Session| session.findings().into_iter().find(|finding| finding.id == "filtered-out");
    assert!(finding(&dropped).expect("it is found").evidence.contains("carry no JSON"));
    let by_key = run(json!([{"partitionKey": [{"prefix": "device-"}]}]));
    assert_eq!((by_key.ledger().filtered, finding(&by_key)), (0, None));
    let nothing = run(json!([{"partitionKey": ["device-000000099"]}]));
    assert_eq!((nothing.ledger().processed, nothing.ledger().filtered), (0, 2_000));
    assert!(finding(&nothing).expect("it is found").evidence.contains("was not invoked once"));
    // Nothing waits, so nothing grows old.
    assert_eq!(nothing.timeline().gauge(Metric::IteratorAgeMs, usize::MAX), 0.0);
}

/// What a draft says of a pattern or a template that is wrong, at its place.
#[test]
fn what_is_wrong_with_patterns_and_templates_is_said_at_its_place() {
    let said = |path: &str, value: Value| {
        let mut draft = Draft::from_value(json!({"traffic": {"curve": [{"kind": "constant", "per_s": 1}]}}));
        draft.set(path, value);
        let problems = draft.check().expect_err("it is wrong");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let filter = |value: Value| said("consumers.0.filter_criteria", value);
    for (value, expected) in [
        (json!({}), "consumers.0.filter_criteria: a group of fields does not stand here; write a list, [ … ]"),
        (json!([[]]), "consumers.0.filter_criteria.0: is no pattern; write { \"data\": { … } }"),
        (
            json!([{"dta": {"a": [1]}}]),
            "consumers.0.filter_criteria.0.dta: records are not filtered by \"dta\"; did you mean \"data\"?",
        ),
        (json!([{"data": {"a": 1}}]), "consumers.0.filter_criteria.0.data.a: is no list; write [1]"),
        (
            json!([{"data": {"a": []}}]),
            "consumers.0.filter_criteria.0.data.a: is an empty list; write what the value may be",
        ),
        (json!([{"data": {}}]), "consumers.0.filter_criteria.0.data: is empty, and matches nothing; name a field"),
        (
            json!([{"data": ["x"]}]),
            "consumers.0.filter_criteria.0.data: is a list, and the data are JSON; write { \"data\": { … } }",
        ),
        (json!([{"data": {"a": [{"prefx": "b"}]}}]), "\"prefx\" is no operator; did you mean \"prefix\"?"),
        (
            json!([{"data": {"a": [{"numeric": [">", 5, "<", 3]}]}}]),
            "numeric ends below where it begins; turn it round",
        ),
        (json!([{"data": {"a": [{"numeric": ["~", 5]}]}}]), "numeric takes [\"=\", 5], or one or two comparisons"),
        (json!([{"data": {"a": [{"numeric": [">", 1e11]}]}}]), "numbers lie between −5,000,000,000 and 5,000,000,000"),
        (json!([{"data": {"a": [{"exists": 1}]}}]), "exists takes true or false"),
        (json!([{"data": {"$or": [{"a": [1]}]}}]), "takes a list of two patterns or more"),
        (json!(vec![json!({"data": {"a": [1]}}); 6]), "has 6 patterns, and a mapping may have 5"),
    ] {
        let found = filter(value.clone());
        assert!(found.contains(expected), "{value}: {found}");
    }
    for (value, expected) in [
        (
            json!({"a": "{foo}"}),
            "traffic.payloads.0.data.a: {foo} makes nothing; write {number}, {key}, {time}, {1..500} or {new|paid|sent}",
        ),
        (json!({"a": "{9..2}"}), "{9..2} begins above its end; turn it round"),
        (json!({"a": "{number"}), "a brace is open; close it, or double it to keep it"),
        (json!(7), "7 does not stand here; write a group, { … } or a list, [ … ] or a text"),
    ] {
        let found = said("traffic.payloads.0.data", value.clone());
        assert!(found.contains(expected), "{value}: {found}");
    }
    let nested = (0..12).fold(json!(1), |inner, _| json!({ "a": inner }));
    assert!(said("traffic.payloads.0.data", nested).contains("lies more than 8 levels deep"));
    assert!(said("traffic.payloads", json!([{"share": 0}])).contains("every share is 0"));
    // What the KPL aggregates is filtered only where it is pushed.
    let mut draft = Draft::from_value(json!({
        "traffic": {"curve": [{"kind": "constant", "per_s": 1}]},
        "producer": {"call": "KPL"},
        "consumers": [{"filter_criteria": [{"data": {"a": [1]}}]}],
    }));
    assert!(draft.check().is_err());
    draft.set("consumers.0.source", "SubscribeToShard".into());
    assert!(draft.check().is_ok());
    draft.set("consumers.0.source", "GetRecords".into());
    draft.set("producer.aggregation", "off".into());
    assert!(draft.check().is_ok());
    draft.set("account.filters_per_mapping", 10.into());
    draft.set("consumers.0.filter_criteria", json!(vec![json!({"data": {"a": [1]}}); 10]));
    assert!(draft.check().is_ok());
}
