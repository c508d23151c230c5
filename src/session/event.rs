//! Records as a function's event holds them, in the service's own shape.

use crate::engine::payload::Payloads;
use crate::engine::sequence::EPOCH_SECONDS;
use crate::engine::{Invocation, InvokedRecord};
use crate::errors::{ACCOUNT, STREAM_NAME, shard_id};
use crate::scenario::Scenario;
use crate::scenario::timestamp::iso;
use crate::scenario::traffic::partition_key;
use crate::units::{MICROS_PER_SECOND, SimTime};
use serde_json::{Value, json};

/// The event with some records of a shard: `{"Records": […]}`.
///
/// Source: AWS Lambda Developer Guide, “Using Lambda with Kinesis”.
pub fn document(scenario: &Scenario, shard: u32, records: &[InvokedRecord]) -> Value {
    let (payloads, kinds, region) = (Payloads::new(scenario), &scenario.traffic.payloads, scenario.prices.region);
    let record = |of: &InvokedRecord| {
        let (sequence, shard) = (of.sequence_number.to_string(), shard_id(shard));
        json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": partition_key(of.record.key),
                "sequenceNumber": sequence,
                "data": base64(&payloads.data(kinds, &of.record)),
                "approximateArrivalTimestamp": (EPOCH_SECONDS * 1_000 + of.record.arrived / 1_000) as f64 / 1e3,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": format!("{shard}:{sequence}"),
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": format!("arn:aws:iam::{ACCOUNT}:role/lambda-role"),
            "awsRegion": region,
            "eventSourceARN": format!("arn:aws:kinesis:{region}:{ACCOUNT}:stream/{STREAM_NAME}"),
        })
    };
    json!({ "Records": records.iter().map(record).collect::<Vec<_>>() })
}

/// The event of an invocation: its records, and where the mapping has tumbling windows the window with the state that
/// the invocation before left.
pub fn of_invocation(scenario: &Scenario, invocation: &Invocation, state: &Value) -> Value {
    let shard = invocation.id.shard();
    let mut event = document(scenario, shard, &invocation.records);
    if let Some(window) = invocation.window {
        let region = scenario.prices.region;
        let wall = |at: SimTime| iso(EPOCH_SECONDS * MICROS_PER_SECOND + at.micros());
        event["window"] = json!({ "start": wall(window.start), "end": wall(window.end) });
        event["state"] = state.clone();
        event["shardId"] = shard_id(shard).into();
        event["eventSourceARN"] = format!("arn:aws:kinesis:{region}:{ACCOUNT}:stream/{STREAM_NAME}").into();
        event["isFinalInvokeForWindow"] = window.is_final.into();
        event["isWindowTerminatedEarly"] = window.is_early.into();
    }
    event
}

/// Bytes in base64, filled up with equals signs.
fn base64(data: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(data.len().div_ceil(3) * 4);
    for three in data.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= three.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::base64;

    /// The examples of RFC 4648.
    #[test]
    fn base64_is_that_of_the_standard() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }
}
