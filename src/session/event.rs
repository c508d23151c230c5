//! Records as a function's event holds them, in the service's own shape.

use crate::engine::InvokedRecord;
use crate::engine::payload::Payloads;
use crate::engine::sequence::EPOCH_SECONDS;
use crate::errors::{ACCOUNT, STREAM_NAME, shard_id};
use crate::handlers::event::encoded;
use crate::scenario::Scenario;
use crate::scenario::traffic::partition_key;
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
                "data": encoded(&payloads.data(kinds, &of.record)),
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
