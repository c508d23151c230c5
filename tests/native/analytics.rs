//! Analytics applications: results against a naive recount, windows in closed form, SQL, the bill.

mod naive;

use crate::common::{repeatable, scenario, session};
use naive::recount;
use proptest::prelude::*;
use proptest::test_runner::Config as ProptestConfig;
use serde_json::{Value, json};
use streamgauge::metrics::analytics::Name;
use streamgauge::scenario::traffic::partition_key;
use streamgauge::scenario::{Draft, sql};
use streamgauge::session::{Pump, Session};
use streamgauge::units::SimTime;

/// A record every so many microseconds, evenly, and an application with these settings.
fn steady(length_s: u32, every_us: u32, settings: &Value) -> Value {
    json!({
        "length_s": length_s,
        "traffic": {"curve": [{"kind": "intervals", "intervals": [[0, every_us]]}], "arrivals": "even", "keys": {"kind": "uniform", "count": 7}},
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 1},
        "consumers": [with(json!({"kind": "analytics"}), settings)],
    })
}

fn with(mut base: Value, more: &Value) -> Value {
    base.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    base
}

/// What the application of a run found, as the recount has it.
fn found(session: &Session) -> naive::Recount {
    let results = session.analytics()[0].results();
    let name = |name: &Name| match name {
        Name::All => json!("all"),
        Name::Null => Value::Null,
        Name::Number(number) if number % 1_000_000 == 0 => json!(number / 1_000_000),
        Name::Number(number) => json!(*number as f64 / 1e6),
        Name::Text(text) => json!(text),
        Name::Key(key) => json!(partition_key(*key)),
    };
    let windows = results.newest.iter().map(|window| {
        let rows = window.kept.iter().map(|row| (name(&row.name), row.values.clone())).collect();
        (window.end.micros(), window.at.micros(), rows)
    });
    naive::Recount { windows: windows.collect(), passed: results.passed, late: results.late }
}

/// A hundred records a window, and each result with the first batch that has a record of the next window: within one
/// interval between reads, the put and the work.
#[test]
fn a_steady_stream_fills_every_window_alike() {
    let session = session(&steady(100, 100_000, &json!({"window_s": 10})));
    let results = session.analytics()[0].results();
    assert_eq!((results.windows, results.rows, results.late), (9, 9, 0));
    for window in &results.newest {
        assert_eq!(window.kept[0].values, [Some(100_000_000)], "{window:?}");
        let waited = window.at.micros() - window.end.micros();
        assert!((1..=310_000).contains(&waited), "{window:?}");
    }
    // What is in no result is in the window that is open.
    assert_eq!(results.counted, session.ledger().processed);
    // While one window waits for its result, the next has begun.
    assert_eq!((results.groups, results.groups_peak), (1, 2));
    // A sliding window has them all, at every slide.
    let sliding = json!({"window_s": 10, "slide_s": 2.5});
    let session = crate::common::session(&steady(100, 100_000, &sliding));
    let results = session.analytics()[0].results();
    assert_eq!(results.windows, 39);
    for (place, window) in results.newest.iter().enumerate() {
        let share = (place as i128 + 1).min(4);
        assert_eq!(window.kept[0].values, [Some(25_000_000 * share)], "{window:?}");
    }
}

/// An application that is half as fast as the stream has half of it done, and its results come later and later: the
/// delay of a window is half of its age.
#[test]
fn too_few_units_make_results_late_in_proportion() {
    let settings = json!({"window_s": 10, "kpu_per_s": 50, "parallelism": 1, "read_interval_ms": 0, "limit": 10});
    let session = session(&steady(400, 10_000, &settings));
    let results = session.analytics()[0].results();
    let last = results.newest.back().expect("some windows were over");
    // What arrived until the end of a window is done at twice that time.
    let at = last.at.seconds_f64();
    assert!((at - 2.0 * last.end.seconds_f64()).abs() < 1.0, "{last:?}");
    let ids: Vec<&str> = session.findings().iter().map(|finding| finding.id).collect();
    assert!(ids.contains(&"too-few-subtasks"), "{ids:?}");
    assert!(session.ledger().balances());
}

/// Four shards on one subtask or on four: the speed is that of the subtasks.
#[test]
fn shards_share_their_subtask() {
    for (parallelism, per_kpu, share) in [(1, 1, 0.25), (2, 1, 0.5), (4, 1, 1.0), (4, 4, 0.25)] {
        let mut document = steady(
            120,
            2_500,
            &json!({"kpu_per_s": 100, "parallelism": parallelism, "parallelism_per_kpu": per_kpu, "limit": 50}),
        );
        document["stream"]["shards"] = 4.into();
        document["traffic"]["keys"] = json!({"kind": "uniform", "count": 1_000});
        document["traffic"]["keys"]["explicit_hash_key"] = json!("even");
        let ledger = session(&document).ledger();
        let done = ledger.processed as f64 / ledger.stored as f64;
        assert!((done - share).abs() < 0.06, "{parallelism} on {per_kpu}: {done}");
    }
}

/// A start from the last checkpoint reads again, counts once, and is late by the pause.
#[test]
fn a_start_from_a_checkpoint_counts_each_record_once() {
    let settings = json!({"window_s": 10, "checkpoint_interval_s": 20, "group_by": "partition_key"});
    let mut document = steady(120, 5_000, &settings);
    document["operations"] = json!([{"at_s": 55, "kind": "kill_workers", "down_s": 15}]);
    let session = session(&document);
    let ledger = session.ledger();
    // Every twenty seconds: what was read since the one at 40 s is read again.
    assert!((2_600..=3_400).contains(&ledger.reprocessed), "{ledger:?}");
    assert!(ledger.balances() && ledger.waiting < 200, "{ledger:?}");
    let found = found(&session);
    assert_eq!(found.windows.len(), 11);
    for (end, at, rows) in &found.windows {
        assert_eq!(rows.iter().map(|(_, values)| values[0].expect("a count")).sum::<i128>(), 2_000_000_000);
        let held = *end == 60_000_000 || *end == 70_000_000;
        assert!(held || at - end < 1_000_000, "{end} {at}");
    }
    let paused = found.windows.iter().find(|(end, ..)| *end == 60_000_000).expect("a window");
    assert!(paused.1 >= 70_000_000, "{}", paused.1);
}

/// A shard without records holds every window up, until it counts as idle.
#[test]
fn an_empty_shard_holds_windows_up() {
    let run = |idle: Value| {
        let mut document = steady(100, 100_000, &json!({"window_s": 10, "shard_idle_s": idle}));
        document["stream"]["shards"] = 2.into();
        document["traffic"]["keys"] = json!({"kind": "one"});
        session(&document)
    };
    let never = run(json!(0));
    assert_eq!(never.analytics()[0].results().windows, 0);
    let after = run(json!(35));
    let first = &after.analytics()[0].results().newest[0];
    assert_eq!((first.end, first.at), (SimTime::from_micros(10_000_000), SimTime::from_micros(35_000_000)));
    assert_eq!(after.analytics()[0].results().windows, 9);
}

/// The bill has the units, one for the orchestration, and storage of the former.
#[test]
fn units_and_storage_are_paid_for() {
    let session = session(&steady(3_600, 10_000_000, &json!({"parallelism": 5, "parallelism_per_kpu": 4})));
    let bill = session.bill();
    let line = |name: &str| bill.lines.iter().find(|line| line.name == name).expect("it is billed").clone();
    let units = line("Analytics processing units");
    assert!((units.quantity - 3.0).abs() < 1e-9);
    assert_eq!(units.run_e4, 3_300);
    assert_eq!(units.month_cents, 23_760);
    assert_eq!(line("Analytics running storage").month_cents, 1_000);
}

/// Results do not depend on how a run is moved.
#[test]
fn results_are_the_same_at_any_pace() {
    let settings = json!({"window_s": 5, "group_by": "partition_key", "measures": [["sum", "reading"]]});
    let mut document = steady(60, 2_000, &settings);
    document["stream"]["shards"] = 3.into();
    let whole = session(&document);
    let mut slow = Session::new(scenario(&document));
    while slow.pump(slow.engine().end(), 97) != Pump::Finished {}
    assert_eq!(found(&whole), found(&slow));
    assert!(found(&whole).windows.len() == 11);
}

/// The application with this query in the place of its fields.
fn with_query(query: &str) -> Result<streamgauge::scenario::Scenario, Vec<streamgauge::scenario::Problem>> {
    let mut document = steady(60, 10_000, &json!({"query": query}));
    document["streamgauge"] = 1.into();
    document["traffic"]["payloads"] = json!([{"share": 1, "data": {"ticker": "{A|B}", "price": "{1..9}", "order": {"item": "x{number}"}, "at": "{time}"}}]);
    Draft::from_value(document).check()
}

#[test]
fn sql_says_what_the_fields_say() {
    for (query, fields) in [
        ("SELECT COUNT(*) FROM stream GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)", json!({})),
        (
            "select ticker, count(*) as n, Sum(s.price) from stream as s where s.price >= 2.5 and ticker <> 'B' \
             group by ticker, hop(ts, interval '5' second, interval '1' hour) having count(*) > 3 order by n desc limit 5",
            json!({
                "window_s": 3_600, "slide_s": 5, "group_by": "ticker", "measures": [["count"], ["sum", "price"]],
                "where": [["price", ">=", 2.5], ["ticker", "<>", "B"]], "having": [[0, ">", 3]], "top": 5,
            }),
        ),
        (
            "SELECT partition_key, TUMBLE_END(ts, INTERVAL '0.5' SECOND), MIN(\"at\"), COUNT(\"order\".item) FROM s \
             WHERE partition_key = 'device-000000001' AND price BETWEEN -1 AND 4 AND 'A' = ticker \
             GROUP BY TUMBLE(ts, INTERVAL '0.5' SECOND), partition_key ORDER BY AVG(price) LIMIT 1",
            json!({
                "window_s": 0.5, "group_by": "partition_key",
                "measures": [["min", "at"], ["count", "order.item"], ["avg", "price"]],
                "where": [["partition_key", "=", "device-000000001"], ["price", ">=", -1], ["price", "<=", 4], ["ticker", "=", "A"]],
                "top": 1, "order_by": 2, "order": "ascending",
            }),
        ),
    ] {
        let read = with_query(query).unwrap_or_else(|problems| panic!("{query}: {problems:?}"));
        let mut document = streamgauge::scenario::document::of(&read);
        for name in
            ["query", "window_s", "slide_s", "group_by", "measures", "where", "having", "top", "order_by", "order"]
        {
            document.remove(&format!("consumers.0.{name}"));
        }
        for (name, value) in fields.as_object().expect("an object") {
            document.set(&format!("consumers.0.{name}"), value.clone());
        }
        let written = document.check().unwrap_or_else(|problems| panic!("{fields}: {problems:?}"));
        assert_eq!(read.consumers[0].plan, written.consumers[0].plan, "{query}");
        // And as text once more.
        let text = sql::text(read.consumers[0].plan.as_ref().expect("a plan"));
        let again = with_query(&text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        assert_eq!(again.consumers[0].plan, read.consumers[0].plan, "{text}");
    }
}

#[test]
fn what_sql_cannot_say_here_is_refused_with_its_place() {
    let tumble = "GROUP BY TUMBLE(ts, INTERVAL '10' SECOND)";
    for (query, says) in [
        ("SELEC 1", "this is no SQL"),
        ("DELETE FROM stream", "takes one SELECT"),
        ("SELECT COUNT(*) FROM stream", "there is no window"),
        (&*format!("SELECT ticker, COUNT(*) FROM stream {tumble}"), "add it to GROUP BY (line 1, column 8)"),
        (&*format!("SELECT COUNT(DISTINCT ticker) FROM stream {tumble}"), "DISTINCT is not taken"),
        (&*format!("SELECT MEDIAN(price) FROM stream {tumble}"), "MEDIAN is not taken"),
        (&*format!("SELECT COUNT(*) FROM stream JOIN other ON a = b {tumble}"), "joins are not taken"),
        (&*format!("SELECT COUNT(*) FROM stream WHERE price > 1 OR price < 0 {tumble}"), "OR is not taken"),
        (&*format!("SELECT COUNT(*) FROM stream WHERE price > ticker {tumble}"), "only a number or a text"),
        (&*format!("SELECT COUNT(*) FROM stream {tumble} ORDER BY COUNT(*)"), "an order needs LIMIT"),
        (&*format!("SELECT COUNT(*) FROM stream {tumble} LIMIT 3"), "LIMIT needs an ORDER BY"),
        (&*format!("SELECT COUNT(*) FROM stream {tumble} ORDER BY COUNT(*) LIMIT 0"), "from 1 to 1000"),
        (&*format!("SELECT SUM(prise) FROM stream {tumble}"), "did you mean \"price\"?"),
        (&*format!("SELECT SUM(ticker) FROM stream {tumble}"), "\"ticker\" is a number in no payload"),
        (
            "SELECT COUNT(*) FROM s GROUP BY HOP(ts, INTERVAL '3' SECOND, INTERVAL '10' SECOND)",
            "whole number of slides",
        ),
        ("SELECT COUNT(*) FROM s GROUP BY HOP(ts, INTERVAL '3' SECOND)", "HOP takes a time, a slide and a length"),
        ("SELECT COUNT(*) FROM s GROUP BY SESSION(ts, INTERVAL '3' SECOND)", "SESSION is no window"),
        ("SELECT COUNT(*) FROM s GROUP BY TUMBLE(ts, INTERVAL '3' MONTH)", "SECOND, MINUTE, HOUR or DAY"),
        (&*format!("{}1{}", "(".repeat(500), ")".repeat(500)), "is nested too deep"),
    ] {
        let problems = with_query(query).expect_err(query);
        assert_eq!(problems[0].path, "consumers.0.query", "{query}: {problems:?}");
        assert!(problems[0].message.contains(says), "{query}: {}", problems[0]);
    }
}

#[test]
fn fields_that_say_nonsense_are_refused_each_at_its_place() {
    for (settings, path, says) in [
        (json!({"window_s": 10, "slide_s": 3}), "slide_s", "whole number of slides"),
        (json!({"window_s": 3_600, "slide_s": 1}), "slide_s", "more than 1000 windows"),
        (json!({"group_by": "devise"}), "group_by", "did you mean \"device\"?"),
        (json!({"measures": []}), "measures", "is empty"),
        (json!({"measures": [["cuont"]]}), "measures.0", "did you mean \"count\"?"),
        (json!({"measures": [["sum"]]}), "measures.0", "needs a field"),
        (json!({"measures": [["count"], ["sum", "device"]]}), "measures.1", "is a number in no payload"),
        (json!({"where": [["reading", "!=", 5]]}), "where.0", "compares by one of"),
        (json!({"where": [["reading", "=", "x"]]}), "where.0", "is a text in no payload"),
        (json!({"where": [["partition_key", "=", 5]]}), "where.0", "is a text; compare it with one"),
        (json!({"having": [[1, ">", 5]]}), "having.0", "there are 1 measures"),
        (json!({"order_by": 1}), "order_by", "choose less than 1"),
        (json!({"parallelism": 33}), "parallelism", "needs 33 KPUs"),
        (json!({"handler": "host"}), "handler", "no handler"),
        (json!({"batch_size": 5}), "batch_size", ""),
        (
            json!({"query": "SELECT COUNT(*) FROM s GROUP BY TUMBLE(t, INTERVAL '5' SECOND)", "window_s": 6}),
            "query",
            "another thing",
        ),
    ] {
        let mut document = steady(60, 10_000, &settings);
        document["streamgauge"] = 1.into();
        let problems = Draft::from_value(document).check().expect_err(path);
        assert_eq!(problems[0].path, format!("consumers.0.{path}"), "{problems:?}");
        assert!(problems[0].message.contains(says), "{}", problems[0]);
    }
}

const GROUPS: [&str; 6] = ["", "partition_key", "type", "item.shop", "price", "text"];

fn measures() -> impl Strategy<Value = Vec<Value>> {
    let all = vec![
        json!(["count"]),
        json!(["count", "price"]),
        json!(["sum", "price"]),
        json!(["avg", "price"]),
        json!(["min", "price"]),
        json!(["max", "small"]),
    ];
    proptest::sample::subsequence(all, 1..=4)
}

fn conditions() -> impl Strategy<Value = Vec<Value>> {
    let all = vec![
        json!(["price", ">", 40]),
        json!(["small", "<=", 1.5]),
        json!(["item.shop", "<>", "west"]),
        json!(["partition_key", "<", "device-000000012"]),
        json!(["text", ">=", "n-5"]),
    ];
    proptest::sample::subsequence(all, 0..=2)
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..repeatable(24) })]

    /// Windows, groups, measures, times and orders, with rejected records, splits, standstills and starts from a
    /// checkpoint: every row of every window is what a recount finds, and comes when it says.
    #[test]
    fn results_are_those_of_a_naive_recount(
        (slide, slides) in (1..8u32, 1..5u32),
        group in 0..GROUPS.len(),
        measures in measures(),
        conditions in conditions(),
        (top, order, least) in (prop::option::of(1..4u32), any::<bool>(), 0..3u32),
        (offered, lateness, idle) in (any::<bool>(), 0..4u32, prop_oneof![Just(0u32), 1..8u32]),
        (shards, parallelism, speed, pushed) in (1..4u32, 1..3u32, 60..400u32, any::<bool>()),
        happens in 0..4u32,
        seed: u32,
    ) {
        let application = json!({
            "kind": "analytics", "window_s": slide * slides, "slide_s": slide, "group_by": GROUPS[group], "measures": measures,
            "where": conditions, "having": [[0, ">=", least]], "top": top, "order": if order { "ascending" } else { "descending" },
            "event_time": if offered { "offered" } else { "arrival" }, "lateness_s": lateness, "shard_idle_s": idle,
            "parallelism": parallelism, "kpu_per_s": speed, "limit": 40, "checkpoint_interval_s": 7,
            "source": if pushed { "SubscribeToShard" } else { "GetRecords" },
        });
        let operations = match happens {
            0 => json!([]),
            1 => json!([{"at_s": 14, "kind": "freeze_consumer", "for_s": 9}]),
            2 => json!([{"at_s": 14, "kind": "kill_workers", "down_s": 6}]),
            _ => json!([{"at_s": 8, "kind": "split_shard", "shard": 0}]),
        };
        let document = json!({
            "seed": seed,
            "length_s": 60,
            "traffic": {
                "curve": [
                    {"kind": "constant", "per_s": 8},
                    {"kind": "bursts", "every_s": 3_600, "start_s": 10, "records": 1_200, "within_ms": 300},
                ],
                "keys": {"kind": "zipf", "count": 20, "exponent": 1},
                "payloads": [
                    {"share": 0.5, "data": {"type": "order", "price": "{-50..100}", "item": {"shop": "{north|west}"}, "text": "n-{number}"}},
                    {"share": 0.3, "data": {"type": "visit", "price": 1.25, "small": "{0..3}", "item": null, "text": "n-5"}},
                    {"share": 0.2, "data": "no JSON"},
                ],
            },
            "producer": {"retry": {"kind": "again", "base_ms": 700, "max_attempts": 50}},
            "stream": {"shards": shards, "reshard_s": 5},
            "consumers": [application],
            "operations": operations,
        });
        let session = session(&document);
        prop_assert!(session.balances());
        let mut expected = recount(session.scenario());
        // So many rows of a window are kept; how many there were is counted.
        let rows: u64 = expected.windows.iter().map(|(_, _, rows)| rows.len() as u64).sum();
        prop_assert_eq!(session.analytics()[0].results().rows, rows);
        expected.windows.iter_mut().for_each(|(_, _, rows)| rows.truncate(1_000));
        prop_assert_eq!(found(&session), expected);
    }
}

/// The engine's module gets the plan and not its text.
#[test]
fn a_plan_goes_into_the_box() {
    let text = include_str!("../golden/analytics/scenario.json");
    let scenario = Draft::parse(text).expect("it is JSON").check().expect("it is sound");
    let arrived =
        streamgauge::scenario::packed::unpack(&streamgauge::scenario::packed::pack(&scenario)).expect("whole");
    for (sent, arrived) in scenario.consumers.iter().zip(&arrived.consumers) {
        assert_eq!((&sent.plan, sent.kind), (&arrived.plan, arrived.kind));
        assert!(sent.plan.is_some() && arrived.query.is_empty());
    }
}

/// A file with a query gets the fields that the page needs, and stays the same scenario.
#[test]
fn a_query_is_written_out_into_fields() {
    let text = include_str!("../golden/analytics/scenario.json");
    let draft = Draft::parse(text).expect("it is JSON");
    let (mut value, mut problems) = (draft.value().clone(), Vec::new());
    sql::write_plans(&mut value, "", &mut problems);
    let written = Draft::from_value(value);
    assert_eq!(problems, []);
    assert_eq!(written.get("consumers.1.slide_s"), Some(&json!(5)));
    assert_eq!(written.get("consumers.0.slide_s"), None);
    assert_eq!(written.check(), draft.check());
}
