//! Checking drafts: defaults, every problem at once, paths, and the canonical form.

use super::any_chain;
use proptest::prelude::*;
use serde_json::{Value, json};
use streamgauge::scenario::{Draft, Problem, PutCall, RetryPolicy, document};
use streamgauge::units::{Rate, SimTime, Span};

/// The smallest document: a curve and nothing else.
fn small() -> Draft {
    Draft::from_value(json!({ "traffic": { "curve": [{ "kind": "constant", "per_s": 50 }] } }))
}

fn problems(draft: &Draft) -> Vec<String> {
    draft.check().err().unwrap_or_default().iter().map(Problem::to_string).collect()
}

/// The problems after writing one value into the smallest document.
fn problems_with(path: &str, value: Value) -> Vec<String> {
    let mut draft = small();
    draft.set(path, value);
    problems(&draft)
}

proptest! {
    #[test]
    fn a_scenario_survives_its_canonical_document(scenario in any_chain::chained()) {
        let draft = document::of(&scenario);
        prop_assert_eq!(problems(&draft), Vec::<String>::new());
        prop_assert_eq!(draft.check(), Ok(scenario.clone()));
        let text = draft.to_json();
        let again = Draft::parse(&text).expect("what is written is JSON");
        prop_assert_eq!(again.check(), Ok(scenario));
        prop_assert_eq!(again.to_json(), text);
    }

    #[test]
    fn no_text_makes_the_check_panic(text in ".{0,80}") {
        let _ = Draft::parse(&text).map(|draft| draft.check());
    }

    #[test]
    fn no_value_anywhere_makes_the_check_panic(which in 0..70usize, value in prop_oneof![
        Just(Value::Null), Just(json!(true)), Just(json!([])), Just(json!({})), Just(json!("even")), Just(json!([[]])),
        Just(json!(-1)), Just(json!(1e300)), Just(json!(18_446_744_073_709_551_615u64)), Just(json!([{}])),
        Just(json!([[1, 2, 3, 4, 5]])), Just(json!(0.000_000_1)),
    ]) {
        let fields = streamgauge::scenario::fields::all();
        let field = &fields[which % fields.len()];
        let mut draft = small();
        draft.set(&field.path.replace('*', "0"), value);
        let _ = draft.check();
        prop_assert_eq!(Draft::parse(&draft.to_json()), Ok(draft));
    }
}

#[test]
fn everything_but_the_curve_has_a_default() {
    let scenario = small().check().expect("the smallest document is whole");
    assert_eq!(scenario.length, Span::from_secs(1_500));
    assert_eq!(scenario.producer.call, PutCall::PutRecords { batch: 500, linger: Span::from_millis(100) });
    assert_eq!(scenario.producer.retry, RetryPolicy::Ignore);
    assert_eq!((scenario.stream.shards, scenario.stream.retention), (2, Span::from_hours(24)));
    assert_eq!(problems(&Draft::from_value(json!({}))).len(), 1);
    assert!(problems(&Draft::from_value(json!({})))[0].starts_with("traffic.curve: is missing"));
    assert!(problems(&Draft::from_value(json!({ "traffic": {} })))[0].starts_with("traffic.curve: is missing"));
}

#[test]
fn a_syntax_error_is_one_problem_with_its_place() {
    let problems = Draft::parse("{\n  \"seed\": 7,,\n}").expect_err("two commas");
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("line 2, column 13"), "{}", problems[0]);
    assert!(Draft::parse("").is_err());
}

#[test]
fn every_problem_shows_at_once_in_the_order_of_the_document() {
    let text = r#"{
        "streamgauge": 2, "sead": 1, "length_s": 0.5,
        "traffic": { "curve": [{ "kind": "spike", "base_per_s": "many", "rate": 4 }], "keys": { "kind": "hott" } },
        "producer": { "batch": 501, "retry": { "kind": "ignore", "base_ms": 5 } },
        "stream": { "shards": 0 },
        "consumers": 5,
        "operations": [{ "at_s": 1 }]
    }"#;
    let found = problems(&Draft::parse(text).expect("JSON"));
    let expected = [
        "sead: there is no field of this name; did you mean \"seed\"?",
        "streamgauge: 2 is too large; choose 1",
        "length_s: 0.5 is too small; choose 1 to 2,678,400 s",
        "traffic.curve.0.rate: there is no field of this name; the fields here are kind, base_per_s, factor, start_s, \
         rise_s, hold_s, fall_s",
        "traffic.curve.0.base_per_s: \"many\" is not a number; choose 0 to 10,000,000 records/s",
        "traffic.keys.kind: \"hott\" is unknown; did you mean \"hot\"? choose one of \"one\", \"uniform\", \"zipf\", \"hot\"",
        "producer.batch: 501 is too many; choose 1 to 500 records. The service says: ValidationException: 1 validation \
         error detected: Value '501' at 'records' failed to satisfy constraint: Member must have length less than or \
         equal to 500",
        "producer.retry.base_ms: belongs to the kind \"again\", not to \"ignore\"; remove it or change kind",
        "stream.shards: 0 is too few; choose 1 to 1,000 shards. The service says: ValidationException: 1 validation error \
         detected: Value '0' at 'shardCount' failed to satisfy constraint: Member must have value greater than or equal \
         to 1",
        "consumers: 5 is not a list; write [ … ] here",
        "operations.0.kind: is missing; choose one of \"update_mapping\", \"deploy_function\", \"kill_hosts\", \"kill_workers\", \
         \"freeze_consumer\", \"throttle_account\", \"lose_environments\", \"slow_function\", \"store_outage\", \
         \"slow_store\", \"lose_connections\", \"deploy_producer\", \"split_shard\", \"merge_shards\", \
         \"update_shard_count\", \"update_retention\", \"update_stream_mode\", \"update_warm_throughput\"",
    ];
    assert_eq!(found, expected);
}

#[test]
fn problems_of_one_item_stay_together() {
    let parts = json!([{ "kind": "spike", "hold_s": -1, "factor": -1 }, { "kind": "constant", "per_s": -1, "x": 1 }]);
    let mut draft = small();
    draft.set("traffic.curve", parts);
    let found = draft.check().expect_err("four mistakes");
    let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
    let expected = ["0.factor", "0.hold_s", "1.x", "1.per_s"].map(|path| format!("traffic.curve.{path}"));
    assert_eq!(paths, expected);
}

#[test]
fn a_name_without_its_unit_is_understood() {
    let found = problems_with("traffic.curve.0", json!({ "kind": "spike", "base": 4 }));
    assert_eq!(found, ["traffic.curve.0.base: there is no field of this name; did you mean \"base_per_s\"?"]);
}

#[test]
fn numbers_keep_the_decimals_that_their_unit_has() {
    let mut draft = small();
    draft.set("traffic.curve.0.per_s", json!(0.125));
    draft.set("length_s", json!(12.000_001));
    draft.set("producer.linger_ms", json!(0.001));
    draft.set("stream.shards", json!(3.0));
    let scenario = draft.check().expect("all within their decimals");
    assert_eq!(scenario.traffic.rate_at(SimTime::ZERO), Rate::from_milli(125).per_second_f64());
    assert_eq!(scenario.length, Span::from_micros(12_000_001));
    assert_eq!(scenario.stream.shards, 3);
    let too_fine = problems_with("traffic.curve.0.per_s", json!(0.0001));
    assert_eq!(too_fine, ["traffic.curve.0.per_s: 0.0001 has too many decimals; write at most 3"]);
    let half = problems_with("stream.shards", json!(2.5));
    assert_eq!(half, ["stream.shards: 2.5 is not a whole number; choose 1 to 1,000 shards"]);
    for bad in [json!(-1), json!(1e300), json!(null), json!("2"), json!(1001)] {
        assert_eq!(problems_with("stream.shards", bad.clone()).len(), 1, "{bad}");
    }
}

#[test]
fn fields_are_checked_against_each_other() {
    let cases = [
        ("traffic.keys", json!({ "kind": "hot", "count": 1 }), "traffic.keys.count"),
        ("traffic.sizes", json!({ "kind": "uniform", "min_bytes": 9, "max_bytes": 8 }), "traffic.sizes.max_bytes"),
        (
            "traffic.sizes",
            json!({ "kind": "log_normal", "median_bytes": 9, "cap_bytes": 8 }),
            "traffic.sizes.cap_bytes",
        ),
        ("producer.buffer", json!(499), "producer.buffer"),
        ("producer.retry", json!({ "kind": "again", "base_ms": 200, "cap_ms": 100 }), "producer.retry.cap_ms"),
        ("consumers.0.per_record_ms", json!(9_000), "consumers.0.per_record_ms"),
        ("traffic.curve.0.per_s", json!(10_000_000), "traffic.curve"),
        (
            "traffic.curve.0",
            json!({ "kind": "spike", "base_per_s": 1_000, "factor": 99_999 }),
            "traffic.curve.0.factor",
        ),
        ("traffic.curve.0", json!({ "kind": "ramp", "start_s": 1_500 }), "traffic.curve.0.start_s"),
        (
            "traffic.curve.0",
            json!({ "kind": "day_wave", "low_per_s": 9, "high_per_s": 8 }),
            "traffic.curve.0.high_per_s",
        ),
        ("traffic.curve.0", json!({ "kind": "steps", "steps": [[0, 1], [0, 2]] }), "traffic.curve.0.steps.1"),
        ("traffic.curve.0", json!({ "kind": "steps", "steps": [[0, 1], [1_500, 2]] }), "traffic.curve.0.steps.1"),
        ("traffic.curve.0", json!({ "kind": "series", "rows": [[0, 60, 1], [59, 60, 1]] }), "traffic.curve.0.rows.1"),
        ("traffic.curve.0", json!({ "kind": "series", "rows": [[1_441, 60, 1]] }), "traffic.curve.0.rows.0"),
        ("traffic.curve.0", json!({ "kind": "series", "rows": [[0, 60, 0, 5]] }), "traffic.curve.0.rows.0"),
        ("traffic.curve.0", json!({ "kind": "series", "rows": [[0, 60, 1, 1_048_561]] }), "traffic.curve.0.rows.0"),
        ("operations.0", json!({ "at_s": 1_500, "kind": "deploy_producer" }), "operations.0.at_s"),
        (
            "operations.0",
            json!({ "at_s": 1, "kind": "deploy_function", "fixed_ms": 899_999 }),
            "operations.0.per_record_ms",
        ),
    ];
    for (path, value, at) in cases {
        let mut draft = small();
        draft.set(path, value.clone());
        let found = draft.check().expect_err(path);
        assert_eq!(found.iter().map(|problem| problem.path.as_str()).collect::<Vec<_>>(), [at], "{path} {value}");
    }
}

/// What is too large for the stream is said as the service says it; what no shard could store is said, too.
#[test]
fn a_record_has_to_fit_into_the_stream() {
    let with = |kib: u64, burst: u64, sizes: Value| {
        let mut draft = small();
        draft.set("stream.max_record_kib", json!(kib));
        draft.set("stream.byte_burst_mib", json!(burst));
        draft.set("traffic.sizes", sizes);
        problems(&draft)
    };
    let fixed = |bytes: u64| json!({ "kind": "fixed", "bytes": bytes });
    assert_eq!(with(1_024, 1, fixed(1_048_560)), Vec::<String>::new());
    assert_eq!(
        with(1_024, 10, fixed(1_048_561)),
        ["traffic.sizes.bytes: ValidationException: 1 validation error detected: Value \
             'java.nio.HeapByteBuffer[pos=0 lim=1048561 cap=1048561]' at 'data' failed to satisfy constraint: Member must \
             have length less than or equal to 1048560; choose at most that, or set stream.max_record_kib to 1025 or more"]
    );
    assert_eq!(
        with(2_048, 1, fixed(2_000_000)),
        ["stream.byte_burst_mib: 1 MiB never hold a record of 2,000,016 bytes with its key: no shard could ever \
             store it; choose 2 or more"]
    );
    assert_eq!(with(2_048, 2, fixed(2_000_000)), Vec::<String>::new());
    assert_eq!(with(10_240, 10, fixed(10 * 1_048_576 - 16)), Vec::<String>::new());
    let large = |name: &str, value: Value| {
        let found = with(1_024, 10, value);
        assert!(found.len() == 1 && found[0].starts_with(&format!("traffic.sizes.{name}: ValidationEx")), "{found:?}");
    };
    large("max_bytes", json!({ "kind": "uniform", "min_bytes": 1, "max_bytes": 2_000_000 }));
    large("cap_bytes", json!({ "kind": "log_normal", "cap_bytes": 2_000_000 }));
    large("large_bytes", json!({ "kind": "mixed", "large_bytes": 2_000_000 }));
    let small_one = json!({ "kind": "mixed", "bytes": 600, "large_bytes": 500 });
    assert_eq!(
        with(1_024, 1, small_one),
        ["traffic.sizes.large_bytes: 500 is smaller than the others, 600; choose 600 or more"]
    );
    // A series that brings its sizes.
    let series = |kib: u64, burst: u64| {
        let mut draft = small();
        draft.set("traffic.curve.0", json!({ "kind": "series", "rows": [[0, 1, 2, 4_000_000]] }));
        draft.set("stream", json!({ "max_record_kib": kib, "byte_burst_mib": burst }));
        draft.check().map_or_else(|found| found.into_iter().map(|problem| problem.path).collect(), |_| Vec::new())
    };
    assert_eq!(series(1_024, 1), ["traffic.curve.0.rows.0"]);
    assert_eq!(series(2_048, 1), ["stream.byte_burst_mib"]);
    assert_eq!(series(2_048, 2), Vec::<String>::new());
}

/// What a request could not say either is refused with the service's own name and message, at its field, and all of it
/// at once.
#[test]
fn the_service_refuses_bad_requests_in_its_own_words() {
    let mut draft = small();
    draft.set("producer.batch", json!(0));
    draft.set("consumers", json!([{}, {"batch_size": 10_001}]));
    draft.set("stream", json!({"shards": 0, "retention_h": 23, "max_record_kib": 10_241, "mode": "ON-DEMAND"}));
    draft.set("traffic.keys", json!({"kind": "one", "explicit_hash_key": "340282366920938463463374607431768211456"}));
    draft.set(
        "operations",
        json!([
            {"at_s": 1, "kind": "split_shard", "shard": 0, "new_starting_hash_key": "007"},
            {"at_s": 1, "kind": "update_shard_count", "target_shards": 0},
            {"at_s": 1, "kind": "update_retention", "retention_h": 8_761},
        ]),
    );
    let found = draft.check().expect_err("everything is wrong");
    let says = |path: &str| {
        let of = found.iter().filter(|problem| problem.path == path).map(|problem| problem.message.as_str());
        let of = of.collect::<Vec<_>>().join("; ");
        of.split_once("The service says: ")
            .map_or_else(|| format!("{path}: nothing: {of}"), |(_, says)| says.to_owned())
    };
    let validation = |member: &str, value: &str, constraint: &str| {
        format!(
            "ValidationException: 1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
             Member must {constraint}"
        )
    };
    assert_eq!(says("producer.batch"), validation("records", "0", "have length greater than or equal to 1"));
    assert_eq!(says("stream.shards"), validation("shardCount", "0", "have value greater than or equal to 1"));
    assert_eq!(
        says("stream.retention_h"),
        "InvalidArgumentException: Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is \
         too short."
    );
    assert_eq!(
        says("stream.max_record_kib"),
        validation("maxRecordSizeInKiB", "10241", "have value less than or equal to 10240")
    );
    assert_eq!(
        says("stream.mode"),
        validation("streamModeDetails.streamMode", "ON-DEMAND", "satisfy enum value set: [ON_DEMAND, PROVISIONED]")
    );
    assert_eq!(
        says("traffic.keys.explicit_hash_key"),
        "InvalidArgumentException: Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified \
         value was 340282366920938463463374607431768211456"
    );
    let pattern = "satisfy regular expression pattern: 0|([1-9]\\d{0,38})";
    assert_eq!(says("operations.0.new_starting_hash_key"), validation("newStartingHashKey", "007", pattern));
    let target = validation("targetShardCount", "0", "have value greater than or equal to 1");
    assert_eq!(says("operations.1.target_shards"), target);
    let batch = validation("batchSize", "10001", "have value less than or equal to 10000");
    assert_eq!(says("consumers.1.batch_size"), batch);
    let hours = validation("retentionPeriodHours", "8761", "have value less than or equal to 8760");
    assert_eq!(says("operations.2.retention_h"), hours);
}

#[test]
fn many_bad_rows_are_counted() {
    let rows: Vec<Value> = (0..1_000).map(|_| json!([0, 1])).collect();
    let found = problems_with("traffic.curve.0", json!({ "kind": "series", "rows": rows }));
    assert_eq!(found.len(), 21);
    assert_eq!(
        found[..2],
        [
            "traffic.curve.0.rows: these rows have 980 more problems than are shown; correct those first",
            "traffic.curve.0.rows.0: has 2 numbers; write a row of [at_s, length_s, count, bytes]",
        ]
    );
}

#[test]
fn an_operation_changes_what_it_names_and_nothing_else() {
    let mut draft = small();
    draft.set("consumers.0.batching_window_s", json!(7));
    draft.set("operations.0", json!({ "at_s": 20, "kind": "update_mapping", "batch_size": 9 }));
    draft.set("operations.1", json!({ "at_s": 10, "kind": "update_mapping", "batching_window_s": 3 }));
    let scenario = draft.check().expect("both are whole");
    let at: Vec<f64> = scenario.operations.iter().map(|planned| planned.at.seconds_f64()).collect();
    assert_eq!(at, [10.0, 20.0]);
    let canonical = document::of(&scenario);
    assert_eq!(canonical.get("operations.0.batch_size"), Some(&json!(100)));
    assert_eq!(canonical.get("operations.1.batch_size"), Some(&json!(9)));
    assert_eq!(canonical.get("operations.1.batching_window_s"), Some(&json!(3)));
}

#[test]
fn a_poller_knows_neither_a_mapping_nor_the_time_limit_of_lambda() {
    let mut draft = small();
    draft.set("consumers.0", json!({ "kind": "poller", "fixed_ms": 900_000, "per_record_ms": 1_000 }));
    draft.set("operations.0", json!({ "at_s": 10, "kind": "deploy_function", "per_record_ms": 2_000 }));
    assert_eq!(problems(&draft), Vec::<String>::new());
    draft.set("operations.1", json!({ "at_s": 20, "kind": "update_mapping", "batch_size": 9 }));
    assert_eq!(
        problems(&draft),
        ["operations.1.kind: there is no mapping: the consumer is a \"poller\"; remove this operation"]
    );
}

#[test]
fn an_operation_concerns_the_consumer_that_it_names() {
    let mut draft = small();
    draft.set("consumers", json!([{ "batch_size": 5 }, { "batch_size": 7 }, { "kind": "poller" }]));
    let deploy = |consumer: u64| json!({ "at_s": 10, "kind": "deploy_function", "consumer": consumer, "fixed_ms": 1 });
    draft.set("operations.0", json!({ "at_s": 20, "kind": "update_mapping", "consumer": 1, "batching_window_s": 3 }));
    draft.set("operations.1", deploy(2));
    let scenario = draft.check().expect("whole");
    let canonical = document::of(&scenario);
    // In order of time.
    assert_eq!(canonical.get("operations.0.consumer"), Some(&json!(2)));
    assert_eq!(canonical.get("operations.1.consumer"), Some(&json!(1)));
    assert_eq!(canonical.get("operations.1.batch_size"), Some(&json!(7)), "what that consumer has, not the first");
    draft.set("operations.1", deploy(3));
    assert_eq!(problems(&draft), ["operations.1.consumer: there are 3 consumers, counted from 0; choose less than 3"]);
    draft.set("operations.1", deploy(50));
    assert_eq!(problems(&draft), ["operations.1.consumer: 50 is too large; choose 0 to 49"]);
    draft.set("operations", json!([{ "at_s": 20, "kind": "update_mapping", "consumer": 2, "batch_size": 3 }]));
    assert!(problems(&draft)[0].starts_with("operations.0.kind: there is no mapping"));
    draft.set("operations", json!([{ "at_s": 20, "kind": "kill_hosts", "consumer": 1 }]));
    let found = problems(&draft);
    assert!(found.len() == 1 && found[0].starts_with("operations.0.consumer: belongs to the kind"), "{found:?}");
    // Without another, there is only the first.
    draft.set("consumers", json!([{}]));
    draft.set("operations", json!([deploy(1)]));
    assert_eq!(problems(&draft), ["operations.0.consumer: there is one consumer; choose less than 1"]);
}

#[test]
fn a_list_of_consumers_is_neither_empty_nor_endless() {
    let found = problems_with("consumers", json!([]));
    assert!(found.len() == 1 && found[0].starts_with("consumers: is empty; write at least 1 item"), "{found:?}");
    let found = problems_with("consumers", vec![json!({}); 51].into());
    assert!(found.len() == 1 && found[0].starts_with("consumers: has 51 items"), "{found:?}");
    assert_eq!(problems_with("consumers", vec![json!({}); 50].into()), Vec::<String>::new());
}

#[test]
fn paths_read_write_and_remove() {
    let mut draft = Draft::from_value(Value::Null);
    draft.set("traffic.curve.0.per_s", json!(5));
    draft.set("traffic.curve.9.kind", json!("constant"));
    assert_eq!(draft.value(), &json!({ "traffic": { "curve": [{ "per_s": 5 }, { "kind": "constant" }] } }));
    assert_eq!(draft.get("traffic.curve.1.kind"), Some(&json!("constant")));
    assert_eq!(draft.get("traffic.curve.2.kind"), None);
    assert_eq!(draft.get_or_default("stream.shards"), Some(json!(2)));
    draft.remove("traffic.curve.0");
    assert_eq!(draft.get("traffic.curve"), Some(&json!([{ "kind": "constant" }])));
    draft.remove("nothing.here");
}

#[test]
fn choosing_another_kind_drops_what_only_the_old_one_has() {
    let mut draft = small();
    draft.set("traffic.keys", json!({ "kind": "hot", "count": 5, "share": 0.5 }));
    draft.set("traffic.keys.kind", json!("uniform"));
    assert_eq!(draft.get("traffic.keys"), Some(&json!({ "kind": "uniform", "count": 5 })));
    draft.set("producer.batch", json!(10));
    draft.set("producer.call", json!("PutRecord"));
    assert_eq!(problems(&draft), Vec::<String>::new());
}

#[test]
fn the_scenario_in_the_readme_is_whole() {
    let readme = include_str!("../../../README.md");
    let (_, rest) = readme.split_once("```json\n").expect("an example in JSON");
    let (example, _) = rest.split_once("```").expect("the end of the example");
    assert_eq!(problems(&Draft::parse(example).expect("JSON")), Vec::<String>::new());
}

/// What Lambda itself would refuse, in its own words.
#[test]
fn reserved_concurrency_leaves_the_account_a_hundred() {
    let refused = |account: u32, reserved: u32| {
        let mut draft = small();
        draft.set("account.concurrency", account.into());
        draft.set("consumers.0.reserved_concurrency", reserved.into());
        problems(&draft)
    };
    assert_eq!(refused(1_000, 900), Vec::<String>::new());
    assert_eq!(
        refused(1_000, 901),
        [
            "consumers.0.reserved_concurrency: InvalidParameterValueException: Specified ReservedConcurrentExecutions for \
          function decreases account's UnreservedConcurrentExecution below its minimum value of [100]. Choose 900 or \
          fewer, or raise the account's concurrency of 1000"
        ]
    );
    assert_eq!(refused(100, 0), Vec::<String>::new());
    assert_eq!(problems_with("consumers.0.timeout_s", 901.into()).len(), 1);
    assert_eq!(problems_with("consumers.0.timeout_s", 0.into()).len(), 1);
    assert_eq!(problems_with("consumers.0.init_ms", 10_001.into()).len(), 1);
    assert_eq!(problems_with("consumers.0.architecture", "x86".into()).len(), 1);
}

/// What is wrong with a stream that follows stands at its field there; what it shares is said once.
#[test]
fn problems_of_a_stream_that_follows_stand_at_its_fields() {
    let wrong = json!([{
        "consumer": 4,
        "per_record": 0,
        "streem": {},
        "stream": { "shards": 0, "max_record_kib": 1024 },
        "consumers": [{ "handler": "host" }, { "batch_size": 20_000 }],
        "operations": [{ "at_s": 9_999, "kind": "kill_hosts" }],
        "then": [{ "producer": { "hosts": "many" } }],
    }]);
    let problems = problems_with("then", wrong);
    let at = |path: &str| problems.iter().any(|problem| problem.starts_with(&format!("{path}: ")));
    for path in [
        "then.0.consumer",
        "then.0.per_record",
        "then.0.streem",
        "then.0.stream.shards",
        "then.0.consumers.1.batch_size",
        "then.0.operations.0.at_s",
        "then.0.then.0.producer.hosts",
    ] {
        assert!(at(path), "{path} is not among {problems:#?}");
    }
    assert_eq!(problems.len(), 7, "{problems:#?}");
}

#[test]
fn what_is_put_has_to_fit_the_stream_and_the_run() {
    let hop = |hop: Value| problems_with("then", json!([hop]));
    assert!(hop(json!({})).is_empty());
    assert_eq!(hop(json!({ "size_bytes": 1_048_576 })).len(), 1, "the key does not fit beside it");
    assert!(hop(json!({ "size_bytes": 1_048_576 }))[0].starts_with("then.0.size_bytes: "));
    let code = hop(json!({ "consumers": [{ "handler": "javascript" }] }));
    assert!(code[0].starts_with("then.0.consumers.0.code: "), "{code:?}");
    // Nothing is wrong with what the streams share but what is wrong with the first one.
    let mut draft = small();
    draft.set("traffic.keys", json!({ "kind": "hot", "count": 1 }));
    draft.set("then", json!([{}]));
    assert_eq!(problems(&draft).len(), 1);
    // Five behind one another are one too many.
    let deep = |depth: usize| (0..depth).fold(json!([]), |then, _| json!([{ "then": then }]));
    assert!(problems_with("then", deep(4)).is_empty());
    let too_deep = problems_with("then", deep(5));
    assert!(too_deep[0].starts_with("then.0.then.0.then.0.then.0.then: "), "{too_deep:?}");
}
