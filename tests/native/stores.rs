//! Stores that consumers write to, against queueing theory and closed forms.

use crate::common::{repeatable, scenario, session};
use crate::scenario::any;
use proptest::prelude::*;
use serde_json::{Value, json};
use streamgauge::app::form::{operations_to_add, stores::first_store};
use streamgauge::engine::{Engine, Fact, Observer, Step, WriteRefusal};
use streamgauge::metrics::{Ledger, Metric};
use streamgauge::scenario::packed::{pack, unpack};
use streamgauge::scenario::{
    Draft, DurationLaw, Operation, PlannedOperation, Scenario, StoreFault, StoreKind, WriteStore, Writing, document,
};
use streamgauge::session::{Pump, Session};
use streamgauge::units::{PicoUsd, SimTime, Span};

/// What is told of writes.
#[derive(Default)]
struct Told {
    writes: u64,
    records: u64,
    again: u64,
    waited: u128,
    refused: Vec<WriteRefusal>,
}

impl Observer for Told {
    fn observe(&mut self, _: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::Written { records, again, waited, .. } => {
                self.writes += 1;
                self.records += u64::from(records);
                self.again += u64::from(again);
                self.waited += u128::from(waited.micros());
            }
            Fact::WriteRefused { why, .. } => self.refused.push(why),
            _ => {}
        }
    }
}

fn run(document: &Value) -> Told {
    let (mut engine, mut told) = (Engine::new(&scenario(document)), Told::default());
    while !matches!(engine.advance(engine.end(), u32::MAX, &mut told), Step::Reached) {}
    told
}

/// Waits in a store when writes come at random: each shard is read once a second, a millisecond after the one before
/// it, one record is a batch, and its own work takes an exponential time, so that the writes of a thousand shards are a
/// Poisson process.
fn mean_wait(rate: u32, store: &Value, seed: u64, length: u32) -> f64 {
    let told = run(&json!({
        "seed": seed,
        "length_s": length,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": rate}],
            "keys": {"kind": "uniform", "count": 100_000},
        },
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 1_000},
        "stores": [store],
        "consumers": [{
            "kind": "poller", "limit": 1, "idle_ms": 1_000, "read_limits": "lifted", "writes_to": "db",
            "fixed_ms": 200, "per_record_ms": 0, "duration_law": "exponential",
        }],
    }));
    assert!(told.refused.is_empty() && told.again == 0);
    told.waited as f64 / told.writes as f64 / 1e3
}

/// Erlang's C formula: the mean wait with `c` servers that take `service` each, at a load of `erlangs`.
fn erlang_c(c: u32, erlangs: f64, service: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..c {
        term *= erlangs / f64::from(k);
        sum += term;
    }
    let last = term * erlangs / f64::from(c) * f64::from(c) / (f64::from(c) - erlangs);
    last / (sum + last) * service / (f64::from(c) - erlangs)
}

#[test]
fn waits_agree_with_erlangs_formula() {
    for (c, service, seed) in [(4, 7.0, 1), (2, 3.0, 2)] {
        let wait = mean_wait(400, &json!({"name": "db", "connections": c, "write_ms": service}), seed, 1_000);
        let expected = erlang_c(c, 0.4 * service, service);
        assert!((wait / expected - 1.0).abs() < 0.02, "{c} connections: {wait} ms, {expected} ms");
    }
}

/// One connection and writes that all take the same time: half the wait of M/M/1.
#[test]
fn waits_for_writes_of_one_length_are_those_of_m_d_1() {
    let (service, rate) = (1.5, 0.4);
    let wait = mean_wait(400, &json!({"name": "db", "connections": 1, "write_ms": service, "law": "fixed"}), 1, 500);
    let load = rate * service;
    let expected = load * service / (2.0 * (1.0 - load));
    assert!((wait / expected - 1.0).abs() < 0.02, "{wait} ms, {expected} ms");
}

/// A record every 100 ms, each written in 10 ms by an invocation of up to a thousand of them.
fn steady(store: &Value, consumer: &Value, operations: &Value) -> Value {
    let mut of = json!({
        "batch_size": 1_000, "fixed_ms": 0, "per_record_ms": 0, "writes_to": "db", "timeout_s": 900, "retry_cap_s": 10,
    });
    of.as_object_mut().expect("it is one").extend(consumer.as_object().expect("it is one").clone());
    json!({
        "length_s": 7_200,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": 10}],
            "arrivals": "even",
            "keys": {"kind": "one"},
            "sizes": {"kind": "fixed", "bytes": 100},
        },
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 1},
        "stores": [store],
        "consumers": [of],
        "operations": operations,
    })
}

/// In an outage of an hour nothing is done and nothing is lost: the lag is as old as the outage, and a little later,
/// when the batch is tried again, the backlog is written at the pace of the store.
#[test]
fn an_hours_outage_is_an_hours_lag_and_drains_at_the_pace_of_the_store() {
    let store = json!({"name": "db", "write_ms": 10, "law": "fixed"});
    let operations = json!([{"at_s": 600, "kind": "store_outage", "store": "db", "for_s": 3_600}]);
    let session = session(&steady(&store, &json!({}), &operations));
    let timeline = session.timeline();
    let (ages, width) = (timeline.column(Metric::IteratorAgeMs), timeline.width().seconds_f64());
    let at = |seconds: f64| ages[(seconds / width) as usize - 1] / 1e3;
    // Frames end on whole seconds; a batch polls once a second.
    for seconds in [1_200.0, 2_400.0, 4_200.0] {
        let expected = seconds - 600.0;
        assert!((at(seconds) - expected).abs() <= 1.2, "{} at {seconds}", at(seconds));
    }
    // 36,000 records and those that come meanwhile, at 100 a second with 10 coming.
    let drained = 4_200.0 + 36_000.0 / 90.0;
    let found = (0..ages.len()).filter(|frame| ages[*frame] > 12_000.0).max().expect("it was late");
    let found = (found + 1) as f64 * width;
    assert!((found - drained).abs() < 30.0, "{found} {drained}");
    assert!(session.balances());
    let ledger = session.ledger();
    assert_eq!((ledger.discarded, ledger.expired), (0, 0));
    let total = |metric| timeline.total(metric, usize::MAX);
    assert!(total(Metric::Written) - total(Metric::WrittenAgain) >= ledger.processed as f64);
    assert!(session.findings().iter().any(|of| of.id == "store-refuses" && of.cause.contains("injection")));
}

/// After an outage of a minute the mapping waits until its next try: 0.45 s, doubled each time, come to 114.75 s after the
/// ninth failure, so the store has been back for 54.75 s by then.
#[test]
fn a_mapping_waits_on_after_an_outage_as_long_as_its_doubled_waits_say() {
    let store = json!({"name": "db", "write_ms": 10, "law": "fixed"});
    let operations = json!([{"at_s": 600, "kind": "store_outage", "store": "db", "for_s": 60}]);
    let mut document = steady(&store, &json!({"retry_cap_s": 60}), &operations);
    document["length_s"] = json!(1_200);
    let findings = session(&document).findings();
    let finding = findings.iter().find(|of| of.id == "waits-after-outage").expect("it waits");
    let evidence = finding.evidence.replace('\u{a0}', " ");
    // The first try that fails comes up to a second after the outage began, and frames are a second long.
    let waits: Vec<bool> = (54..=56).map(|seconds| evidence.contains(&format!("for another {seconds} s"))).collect();
    assert!(waits.contains(&true) && evidence.contains("db was back at 11:00"), "{evidence}");
    // Waits of four seconds at most are not worth a sentence.
    document["consumers"][0]["retry_cap_s"] = json!(4);
    assert!(session(&document).findings().iter().all(|of| of.id != "waits-after-outage"));
}

/// A timeout cuts the writes: what was written is written again, and is counted to the record.
#[test]
fn a_timeout_cuts_the_writes_and_their_records_are_written_twice() {
    // Two hundred writes of 10 ms do not fit into a second: each try of the first batch writes a hundred.
    let store = json!({"name": "db", "write_ms": 10, "law": "fixed"});
    let consumer = json!({"start_s": 20, "batch_size": 200, "timeout_s": 1, "max_retries": 3});
    let mut document = steady(&store, &consumer, &json!([]));
    document["length_s"] = json!(60);
    let session = session(&document);
    let (timeline, ledger) = (session.timeline(), session.ledger());
    let total = |metric| timeline.total(metric, usize::MAX);
    assert_eq!(ledger.discarded, 200);
    assert_eq!(total(Metric::Timeouts), 4.0);
    // A write is under way at the cut and is done all the same; the next try begins with the first record again.
    let (written, again) = (total(Metric::Written), total(Metric::WrittenAgain));
    let once = written - again;
    assert!((once - ledger.processed as f64 - 100.0).abs() <= 1.0, "{written} {again} {}", ledger.processed);
    assert!((again - 300.0).abs() <= 4.0, "{again}");
    assert!(session.findings().iter().any(|of| of.id == "written-twice"));
    assert!(session.balances());
}

/// A line with a bound refuses what goes beyond it, and a table what goes over its units.
#[test]
fn a_full_line_refuses_and_units_throttle() {
    let full = json!({"name": "db", "write_ms": 100, "law": "fixed", "connections": 1, "waiting_max": 3});
    let told = run(&steady(&full, &json!({"writes_at_a_time": 10, "start_s": 60, "max_retries": 0}), &json!([])));
    assert!(told.refused.contains(&WriteRefusal::Full) && told.refused.contains(&WriteRefusal::Waited));
    // Ten records a second of one unit each meet two units a second, after a burst of five minutes' worth.
    let few = json!({"name": "db", "kind": "key_value", "write_ms": 1, "write_units": 2});
    let told = run(&steady(&few, &json!({}), &json!([])));
    assert!(told.refused.iter().all(|why| *why == WriteRefusal::Throttled) && !told.refused.is_empty());
    let most = 2 * 7_200 + 600;
    assert!(told.records <= most && told.records + 30 > most, "{} {most}", told.records);
}

/// Two consumers of one store wait for each other: together they take what it gives, and not more.
#[test]
fn consumers_of_one_store_share_its_connections() {
    let store = json!({"name": "db", "write_ms": 40, "law": "fixed", "connections": 1});
    let mut document = steady(&store, &json!({}), &json!([]));
    document["length_s"] = json!(600);
    let alone = session(&document).ledger().processed;
    let own = document["consumers"][0].clone();
    document["consumers"] = json!([own, own]);
    let both = session(&document);
    let done: Vec<u64> = (0..2).map(|of| both.seen_by(of).total(Metric::Written, usize::MAX) as u64).collect();
    // Alone the consumer is done with its ten a second; together they want twenty of 25 and still have them.
    assert!(alone > 5_900, "{alone}");
    assert!(done.iter().all(|of| *of > 5_850), "{done:?}");
    document["stores"][0]["write_ms"] = json!(80);
    let both = session(&document);
    let done: u64 = (0..2).map(|of| both.seen_by(of).total(Metric::Written, usize::MAX) as u64).sum();
    let most = 600_000 / 80;
    assert!(done <= most && done + 40 > most, "{done} {most}");
    assert!(both.findings().iter().any(|of| of.id == "store-busy"), "{:?}", both.findings());
}

/// Lost connections go when they are free, and come back.
#[test]
fn lost_connections_make_the_line_longer_until_they_are_back() {
    let store = json!({"name": "db", "write_ms": 1_500, "law": "fixed", "connections": 10});
    let operations = json!([{"at_s": 100, "kind": "lose_connections", "store": "db", "connections": 8, "for_s": 50}]);
    let mut document = steady(&store, &json!({"writes_at_a_time": 50}), &operations);
    document["length_s"] = json!(300);
    let session = session(&document);
    let used = session.timeline().column(Metric::StoreConnections);
    assert!(used[..100].iter().any(|count| *count > 4.0));
    assert!(used[102..149].iter().all(|count| *count <= 2.0), "{used:?}");
    assert!(used[151..200].iter().any(|count| *count > 9.0), "{used:?}");
}

/// What a consumer or an operation says of a store that is not there.
#[test]
fn problems_name_the_store() {
    let mut document = steady(&json!({"name": "db"}), &json!({"writes_to": "bd"}), &json!([]));
    document["operations"] = json!([
        {"at_s": 1, "kind": "store_outage", "store": "warehouse"},
        {"at_s": 2, "kind": "lose_connections", "store": "db", "connections": 21},
        {"at_s": 3, "kind": "lose_connections", "store": "table"},
    ]);
    document["stores"] = json!([{"name": "db"}, {"name": "table", "kind": "key_value"}, {"name": "db"}, {"name": ""}]);
    let problems = Draft::from_value(document).check().expect_err("it is full of mistakes");
    let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let expected = [
        "consumers.0.writes_to: there is no store \"bd\"; did you mean \"db\"?",
        "stores.2.name: \"db\" is the name of another store; choose another",
        "stores.3.name: is empty; consumers name the store that they write to",
        "operations.0.store: there is no store \"warehouse\"; the stores are db, table",
        "operations.1.connections: there are 20; choose as many or fewer",
        "operations.2.kind: the store counts no connections; remove this operation",
    ];
    assert_eq!(found, expected);
}

/// On the page a name in “Writes to” makes a store, unless there is one of that name; then the store can be broken.
#[test]
fn a_name_makes_a_store_on_the_page() {
    let offers = |of: Option<&Scenario>| operations_to_add(of).iter().any(|(kind, _)| *kind == "store_outage");
    assert!(!offers(None));
    let mut draft = Draft::from_value(steady(&json!({"name": "db"}), &json!({}), &json!([])));
    let path = "consumers.0.writes_to";
    assert_eq!(first_store(&draft, path, "db"), None);
    assert_eq!(first_store(&draft, path, ""), None);
    let (place, store) = first_store(&draft, path, "other").expect("it is new");
    draft.set(path, json!("other"));
    draft.set(&place, store);
    let checked = draft.check().expect("it is a scenario");
    assert!(offers(Some(&checked)));
    assert_eq!(checked.consumers[0].writes.map(|of| checked.stores[of.store as usize].name.as_str()), Some("other"));
}

/// A scenario whose consumers write to some stores, some of which break.
fn with_stores() -> impl Strategy<Value = Scenario> {
    let store = (0..5u32, 1..4u32, 0..20u32, 1..60_000u64, 1..40u32, prop::option::of(1..400u32), any::<bool>());
    let fault = (0..3u32, 0..3u32, 1..40u64, 0..100u64);
    let stores = proptest::collection::vec(store, 1..4);
    let faults = proptest::collection::vec(fault, 0..4);
    (any::several(), stores, faults, any::<u64>()).prop_map(|(mut scenario, stores, faults, mut dice)| {
        type Drawn = (u32, u32, u32, u64, u32, Option<u32>, bool);
        let store = |(place, (kind, connections, waiting, micros, records, units, exponential)): (usize, Drawn)| {
            let kind = StoreKind::ALL[kind as usize];
            WriteStore {
                name: format!("store {place}"),
                kind,
                connections: kind.has_connections().then_some(connections),
                waiting: if kind.has_connections() { waiting } else { 1_000 },
                time: Span::from_micros(micros),
                per_record: Span::from_micros(micros / 50),
                law: if exponential { DurationLaw::Exponential } else { DurationLaw::Uniform },
                records,
                units: units.filter(|_| kind == StoreKind::KeyValue),
                idempotent: exponential,
                hour: None,
                million: units.map(|units| PicoUsd::new(units.into())),
            }
        };
        scenario.stores = stores.into_iter().enumerate().map(store).collect();
        let count = scenario.stores.len() as u32;
        let mut throw = |most: u32| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((dice >> 33) % u64::from(most)) as u32
        };
        for consumer in scenario.consumers.iter_mut().filter(|of| of.plan.is_none()) {
            let (store, parallel) = (throw(count), 1 + throw(4));
            consumer.writes = (throw(5) > 0).then_some(Writing { store, parallel });
        }
        let length = scenario.length.micros();
        for (store, what, seconds, percent) in faults {
            let store = store % count;
            let what = match what {
                0 => StoreFault::Outage,
                1 => StoreFault::Slow { factor_milli: 1_000 + 100 * seconds as u32 },
                _ => StoreFault::Connections { lost: 1 },
            };
            if matches!(what, StoreFault::Connections { .. }) && scenario.stores[store as usize].connections.is_none() {
                continue;
            }
            let operation = Operation::BreakStore { store, what, span: Span::from_secs(seconds) };
            let at = SimTime::from_micros(length * percent / 100);
            scenario.operations.push(PlannedOperation { at, operation });
        }
        scenario.operations.sort_by_key(|planned| planned.at);
        scenario
    })
}

proptest! {
    #![proptest_config(repeatable(24))]

    /// The account balances in every frame, what is processed was written, and the pace changes nothing; the scenario is
    /// the same behind its document and behind the box's door.
    #[test]
    fn any_stores_keep_the_account_at_any_pace(scenario in with_stores(), pace in 1..2_000u32) {
        let again = document::of(&scenario).check();
        prop_assert_eq!(again.as_ref(), Ok(&scenario));
        let mut session = Session::new(scenario.clone());
        prop_assert_eq!(session.run(), Pump::Finished);
        for consumer in 0..scenario.consumers.len() {
            let seen = session.seen_by(consumer);
            for frame in 1..=seen.frames() {
                prop_assert!(Ledger::after(seen, frame).balances(), "consumer {}, frame {}", consumer, frame);
                let total = |metric| seen.total(metric, frame);
                if scenario.consumers[consumer].writes.is_some() {
                    let once = total(Metric::Written) - total(Metric::WrittenAgain);
                    prop_assert!(once >= total(Metric::Processed), "{} {}", once, total(Metric::Processed));
                }
            }
        }
        let mut packed = unpack(&pack(&scenario)).expect("what is packed can be unpacked");
        for (store, known) in packed.stores.iter_mut().zip(&scenario.stores) {
            (store.name, store.million) = (known.name.clone(), known.million);
        }
        prop_assert_eq!(&packed.stores, &scenario.stores);
        let mut other = Session::new(unpack(&pack(&scenario)).expect("it is whole"));
        while other.pump(SimTime::from_micros(u64::MAX), pace) != Pump::Finished {}
        prop_assert_eq!(other.digest(), session.digest());
    }
}
