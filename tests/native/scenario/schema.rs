//! What the schema refuses, the check refuses too. The other half, the schema against the same samples, runs where
//! a schema validator is at hand: `tests/browser/schema.test.mjs`.

use serde_json::{Value, json};
use streamgauge::scenario::Draft;

#[test]
fn what_the_schema_refuses_the_check_refuses_too() {
    let bad: Vec<(String, Value)> =
        serde_json::from_str(include_str!("../../schema/bad.json")).expect("the samples are pairs of path and value");
    assert!(bad.len() >= 40, "only {} samples", bad.len());
    for (path, value) in bad {
        let mut draft = Draft::from_value(json!({ "traffic": { "curve": [{ "kind": "constant", "per_s": 50 }] } }));
        assert!(draft.check().is_ok());
        draft.set(&path, value.clone());
        assert!(draft.check().is_err(), "the check allows {path} = {value}");
    }
}
