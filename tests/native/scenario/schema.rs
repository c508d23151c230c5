//! The schema says what the check says, as far as a schema can.

use super::presets::golden;
use serde_json::{Value, json};
use streamgauge::scenario::{Draft, presets, schema};

fn validator() -> jsonschema::Validator {
    jsonschema::draft202012::new(&schema::schema()).expect("the schema is a schema")
}

#[test]
fn the_schema_is_one() {
    jsonschema::draft202012::meta::validate(&schema::schema()).expect("it follows draft 2020-12");
}

#[test]
fn presets_and_golden_scenarios_follow_the_schema() {
    let validator = validator();
    let presets = presets::ALL.iter().map(|preset| (preset.id.to_owned(), preset.draft()));
    for (name, draft) in presets.chain(golden()) {
        let errors: Vec<String> = validator.iter_errors(draft.value()).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn what_the_schema_refuses_the_check_refuses_too() {
    let validator = validator();
    let bad: &[(&str, Value)] = &[
        ("streamgauge", json!(2)),
        ("sead", json!(7)),
        ("seed", json!(-1)),
        ("seed", json!(1.5)),
        ("name", json!(5)),
        ("name", json!("x".repeat(121))),
        ("length_s", json!(0)),
        ("length_s", json!("long")),
        ("traffic", json!([])),
        ("traffic.curve", json!([])),
        ("traffic.curve", json!({})),
        ("traffic.curve.0", json!({})),
        ("traffic.curve.0.kind", json!("cliff")),
        ("traffic.curve.0.factor", json!(2)),
        ("traffic.curve.0.per_s", json!(-0.5)),
        ("traffic.curve.0", json!({ "kind": "steps" })),
        ("traffic.curve.0", json!({ "kind": "steps", "steps": [] })),
        ("traffic.curve.0", json!({ "kind": "steps", "steps": [[1]] })),
        ("traffic.curve.0", json!({ "kind": "steps", "steps": [[1, 2, 3]] })),
        ("traffic.curve.0", json!({ "kind": "series", "rows": [[0, 0, 5]] })),
        ("traffic.curve.0", json!({ "kind": "series", "rows": [[0, 1, 5.5]] })),
        ("traffic.arrivals", json!("random")),
        ("traffic.keys", json!({ "share": 0.5 })),
        ("traffic.keys.count", json!(0)),
        ("traffic.keys.count", json!(1_000_001)),
        ("traffic.sizes.bytes", json!(1_048_561)),
        ("producer.batch", json!(501)),
        ("producer.call", json!("putRecords")),
        ("producer.retry", json!({ "kind": "ignore", "max_attempts": 3 })),
        ("producer.retry", json!({ "kind": "again", "max_attempts": 101 })),
        ("stream.shards", json!(0)),
        ("stream.retention_h", json!(23)),
        ("stream.byte_burst_mib", json!(11)),
        ("consumer.batch_size", json!(10_001)),
        ("consumer.batching_window_s", json!(301)),
        ("consumer.memory_mb", json!(64)),
        ("consumer.error_rate", json!(1.1)),
        ("operations", json!([{ "kind": "deploy_producer" }])),
        ("operations", json!([{ "at_s": 1, "kind": "deploy_producer", "batch_size": 5 }])),
        ("operations", json!([{ "at_s": 1, "kind": "deploy_producer", "retry": { "kind": "never" } }])),
    ];
    for (path, value) in bad {
        let mut draft = Draft::from_value(json!({ "traffic": { "curve": [{ "kind": "constant", "per_s": 50 }] } }));
        assert!(validator.is_valid(draft.value()) && draft.check().is_ok());
        draft.set(path, value.clone());
        assert!(draft.check().is_err(), "the check allows {path} = {value}");
        assert!(!validator.is_valid(draft.value()), "the schema allows {path} = {value}");
    }
}
