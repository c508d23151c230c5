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
    let problems = with(json!([{ "kind": "stream", "consumers": [{ "handler": "javascript" }] }]));
    assert!(problems[0].starts_with("designs.0.consumers.0.code: there is no code"), "{problems:#?}");
    let problems =
        with(json!([{ "kind": "direct" }, { "kind": "direct" }, { "kind": "direct" }, { "kind": "direct" }]));
    assert!(problems[0].starts_with("designs: has 4 items"));
}

#[test]
fn every_problem_of_an_operation_on_a_direct_design_stands_at_its_field() {
    let problems = with(json!([{ "kind": "direct", "direct": { "operations": [
        { "at_s": 9_999, "kind": "database_outage", "for_s": 0, "factor": 2 },
        { "kind": "empty_cache", "for_s": 5 },
        { "at_s": 1, "kind": "lose_instances", "share": 2 },
        { "at_s": 1, "kind": "database_slow", "factor": 0.5 },
        { "at_s": 1, "kind": "flood" },
    ] } }]));
    for part in [
        "0.at_s: is after the end of the run",
        "0.for_s: 0",
        "0.factor: belongs to the kind \"database_slow\"",
        "1.at_s: is missing",
        "1.kind: there is no cache: its hit_ratio is 0",
        "1.for_s: belongs to the kind",
        "2.share: 2",
        "3.factor: 0.5",
        "4.kind: \"flood\" is unknown",
    ] {
        let part = format!("designs.0.direct.operations.{part}");
        assert!(problems.iter().any(|problem| problem.starts_with(&part)), "{part} in {problems:#?}");
    }
}

#[test]
fn every_problem_of_a_delivery_stream_stands_at_its_field() {
    let problems = with(json!([
        { "kind": "firehose", "firehose": {
            "producer": { "batch": 501, "backoff_ms": 9_000, "backoff_max_s": 1 },
            "buffering": { "size_mib": 6, "interval_s": 61 },
            "transform": { "memory_mb": 64, "buffer_kib": 3_000, "size_ratio": 1.9, "dropped_share": 0.7, "failed_share": 0.4 },
            "partitioning": { "partitions": 3 },
            "format": { "conversion": "on" },
            "destination": { "kind": "splunk" },
            "operations": [{ "at_s": 9_999, "kind": "destination_outage", "factor": 2 }, { "kind": "flood" }],
        } },
        { "kind": "firehose", "firehose": {
            "buffering": { "size_mib": 32 }, "partitioning": { "partitions": 3 }, "destination": { "retry_s": 5 },
        } },
        { "kind": "firehose", "direct": {}, "firehose": { "destination": { "kind": "redshift", "parallel": 2 } } },
    ]));
    for part in [
        "designs.0.firehose.producer.batch: 501 is too many",
        "designs.0.firehose.producer.backoff_max_s: is less than the first wait",
        "designs.0.firehose.buffering.size_mib: 6 MiB for Splunk",
        "designs.0.firehose.buffering.interval_s: is too long for Splunk",
        "designs.0.firehose.transform.memory_mb: 64 is too small",
        "designs.0.firehose.transform.size_ratio: the answer to a full batch would have 8 MiB",
        "designs.0.firehose.transform.failed_share: is more than what is not dropped",
        "designs.0.firehose.partitioning.partitions: records are partitioned only on the way to S3",
        "designs.0.firehose.format.conversion: the format is converted only on the way to S3",
        "designs.0.firehose.operations.0.at_s: is after the end of the run",
        "designs.0.firehose.operations.0.factor: belongs to the kind \"destination_slow\"",
        "designs.0.firehose.operations.1.at_s: is missing",
        "designs.0.firehose.operations.1.kind: \"flood\" is unknown",
        "designs.1.firehose.buffering.size_mib: 32 MiB for S3: partitions and conversion need 64 to 128 MiB",
        "designs.1.firehose.destination.retry_s: S3 is tried again for 24 h",
        "designs.2.direct: belongs to the kind \"direct\"",
        "designs.2.firehose.destination.parallel: one COPY runs at a time",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(part)), "{part} in {problems:#?}");
    }
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
