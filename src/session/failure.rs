//! What an on-failure destination is told of a batch that was given up, in the service's own shape.

use super::event;
use crate::engine::sequence::EPOCH_SECONDS;
use crate::engine::{Condition, GivenUp, InvokedRecord, SequenceNumber};
use crate::errors::{ACCOUNT, STREAM_NAME, shard_id};
use crate::scenario::Scenario;
use crate::scenario::printer::compact;
use crate::scenario::timestamp::iso;
use crate::units::{MICROS_PER_SECOND, SimTime};
use serde_json::{Value, json};

/// The document about a batch that was given up at an instant: what a queue or a topic gets. A bucket gets the event
/// with the batch beside it, as a text, where its records are at hand.
///
/// Source: AWS Lambda Developer Guide, “Retain discarded batch records”; what is null or missing follows the tests of
/// an emulator against the service.
pub fn document(scenario: &Scenario, at: SimTime, of: &GivenUp, records: &[InvokedRecord]) -> Value {
    let region = scenario.prices.region;
    let function = scenario.consumers.get(of.reader as usize).map_or("function", |consumer| consumer.title());
    let function: String = function.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let sequence = |(index, arrived): (u64, SimTime)| SequenceNumber::new(of.shard, index, arrived).to_string();
    let mut document = json!({
        "requestContext": {
            "requestId": request_id(scenario.seed, of),
            "functionArn": format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{function}"),
            "condition": of.condition.word(),
            "approximateInvokeCount": of.invocations,
        },
        "version": "1.0",
        "timestamp": wall(at),
        "KinesisBatchInfo": {
            "shardId": shard_id(of.shard),
            "startSequenceNumber": sequence(of.first),
            "endSequenceNumber": sequence(of.last),
            "approximateArrivalOfFirstRecord": wall(of.first.1),
            "approximateArrivalOfLastRecord": wall(of.last.1),
            "batchSize": of.records,
            "streamArn": format!("arn:aws:kinesis:{region}:{ACCOUNT}:stream/{STREAM_NAME}"),
        },
    });
    // Records that are too old are given up without a last answer of the function.
    if of.condition == Condition::RetryAttemptsExhausted {
        let by_item = of.failure.is_some_and(|(_, by_item)| by_item);
        document["responseContext"] = json!({
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": if by_item { Value::Null } else { "Unhandled".into() },
        });
    }
    if !records.is_empty() {
        document["payload"] = compact(&event::document(scenario, of.shard, records)).into();
    }
    document
}

/// An instant of the run as the service writes it.
fn wall(at: SimTime) -> String {
    iso(EPOCH_SECONDS * MICROS_PER_SECOND + at.micros())
}

/// A name that is the same for the same batch: made from the seed, as everything is.
fn request_id(seed: u64, of: &GivenUp) -> String {
    let mix = |word: u64| {
        (seed ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xd6e8_feb8_6659_fd93)
    };
    let place = u64::from(of.reader) << 48 ^ u64::from(of.shard) << 32;
    let (high, low) = (mix(place ^ of.first.0), mix(place ^ of.last.0 << 8 ^ u64::from(of.invocations)));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}
