//! Random payloads, and patterns over them.

use proptest::prelude::*;
use serde_json::{Value, json};
use streamgauge::scenario::Payload;
use streamgauge::scenario::filter::Pattern;
use streamgauge::units::Ratio;

/// Some kinds of payloads, at least one with a share.
pub fn payloads() -> impl Strategy<Value = Vec<Payload>> {
    let pool = json!([
        {"type": "{order|refund|Order}", "amount": "{0..300}", "at": "{time}", "n": "{number}"},
        {"type": "{ping|pong}-{1..3}", "of": {"device": "{key}", "ok": true, "none": null}, "tags": ["a", "{b|c}", 7]},
        {"amount": -12.5, "type": "order \"quoted\" \\ {{braced}", "of": {"device": "x", "ok": false}},
        ["order", "{-5..5}"],
        "not JSON: {number} {key}",
        {},
    ]);
    let traffic = json!({"curve": [{"kind": "constant", "per_s": 1}], "payloads": pool_of(&pool)});
    let all = crate::common::scenario(&json!({ "traffic": traffic })).traffic.payloads;
    let kinds = proptest::sample::subsequence(all, 1..=4);
    (kinds, proptest::collection::vec(super::ratio(), 4)).prop_map(|(mut kinds, shares)| {
        for (kind, share) in kinds.iter_mut().zip(shares) {
            kind.share = share;
        }
        kinds[0].share = kinds[0].share.max(Ratio::from_millionths(1).expect("below one"));
        kinds
    })
}

fn pool_of(pool: &Value) -> Vec<Value> {
    pool.as_array().expect("a list").iter().map(|data| json!({ "data": data })).collect()
}

/// Patterns, of which any number may be together.
pub fn patterns() -> Value {
    json!([
        {"data": {"type": ["order"]}},
        {"data": {"type": [{"prefix": "p"}, {"suffix": "-2"}], "of": {"ok": [true]}}},
        {"data": {"amount": [{"numeric": [">", 100, "<=", 200.5]}]}},
        {"data": {"amount": [{"numeric": ["=", -12.5]}, 7]}},
        {"data": {"type": [{"anything-but": ["order", "ping-1"]}]}},
        {"data": {"type": [{"equals-ignore-case": "ORDER"}], "amount": [{"exists": true}]}},
        {"data": {"amount": [{"exists": false}]}},
        {"data": {"of": {"none": [null]}}},
        {"data": {"tags": ["b", {"numeric": ["<", 8]}]}},
        {"data": {"$or": [{"amount": [3, 4, 5]}, {"of": {"device": [{"prefix": "device-00000000"}]}}]}},
        {"partitionKey": [{"suffix": "7"}], "data": {"n": [{"anything-but": [3]}]}},
        {"partitionKey": [{"anything-but": ["device-000000001"]}]},
        {"data": {"type": ["order \"quoted\" \\ {braced}"]}},
    ])
}

/// Any few of these patterns, or none.
pub(super) fn filters() -> impl Strategy<Value = Vec<Pattern>> {
    let all = patterns();
    let of = |pattern: &Value| {
        let traffic = json!({"curve": [{"kind": "constant", "per_s": 1}]});
        let document = json!({"traffic": traffic, "consumers": [{"filter_criteria": [pattern]}]});
        crate::common::scenario(&document).consumers[0].filters[0].clone()
    };
    let all: Vec<Pattern> = all.as_array().expect("a list").iter().map(of).collect();
    prop_oneof![2 => Just(Vec::new()), 1 => proptest::sample::subsequence(all, 0..=5)]
}
