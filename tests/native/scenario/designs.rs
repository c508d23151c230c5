//! Other designs in a document: problems at their fields, and the same document again.

use proptest::prelude::*;
use serde_json::{Value, json};
use streamgauge::scenario::{Draft, document};

fn with(designs: Value) -> Vec<String> {
    let draft = Draft::from_value(json!({
        "traffic": { "curve": [{ "kind": "constant", "per_s": 50 }] }, "designs": designs,
    }));
    draft.check().map_or_else(|problems| problems.iter().map(ToString::to_string).collect(), |_| Vec::new())
}

#[test]
fn every_problem_of_a_design_stands_at_its_field() {
    let problems = with(json!([
            { "kind": "direct", "direct": {
                "client": { "attempts": 0, "backoff_ms": 9_000, "backoff_max_s": 1 },
                "application": { "instances": 4, "memory_mb": 512, "reserved_mb": 500, "worker_mb": 100, "heavy_share": 0.1, "heavy_mb": 50 },
                "autoscaling": { "max_instances": 3 },
                "request": { "law": "normal" },
                "stream": {},
            } },
            { "kind": "stream", "stream": { "shards": 0 }, "consumers": [{ "handler": "host" }], "direct": {} },
            { "kind": "queue" },
    ]));
    for part in [
        "designs.0.direct.stream: there is no field",
        "designs.0.direct.client.attempts: 0 is too few",
        "designs.0.direct.client.backoff_max_s: is less than the first wait",
        "designs.0.direct.application.memory_mb: no worker of 100 MB fits",
        "designs.0.direct.application.heavy_mb: is less",
        "designs.0.direct.autoscaling.max_instances: 3 are fewer than the 4",
        "designs.0.direct.request.law: \"normal\" is unknown",
        "designs.1.direct: belongs to the kind \"direct\"",
        "designs.1.stream.shards: 0 is too few",
        "designs.2.kind: \"queue\" is unknown",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(part)), "{part} in {problems:#?}");
    }
    let problems = with(json!([{ "kind": "stream", "consumers": [{ "handler": "host" }] }]));
    assert!(problems[0].starts_with("designs.0.consumers.0.handler: code runs in the first design only"));
    let problems =
        with(json!([{ "kind": "direct" }, { "kind": "direct" }, { "kind": "direct" }, { "kind": "direct" }]));
    assert!(problems[0].starts_with("designs: has 4 items"));
}

proptest! {
    #![proptest_config(crate::common::repeatable(64))]

    #[test]
    fn a_document_with_designs_says_the_same_again(scenario in super::any_designs::designed()) {
        let text = document::of(&scenario).to_json();
        let again = Draft::parse(&text).expect("what is written is JSON");
        prop_assert_eq!(again.check(), Ok(scenario));
    }
}
