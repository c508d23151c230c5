//! What the service itself says to a value that it does not take: the name and the message of its error, for the fields
//! that stand in one of its requests.

use super::fields::{Field, Kind};
use crate::errors::ServiceError;
use serde_json::Value;

/// Fields of a document that are members of a request: path, member, and what is limited of it.
const MEMBERS: &[(&str, &str, What)] = &[
    ("producer.batch", "records", What::Length),
    ("stream.shards", "shardCount", What::Value),
    ("stream.retention_h", "retentionPeriodHours", What::Value),
    ("stream.max_record_kib", "maxRecordSizeInKiB", What::Value),
    ("stream.warm_mib", "warmThroughputMiBps", What::Value),
    ("stream.mode", "streamModeDetails.streamMode", What::Word),
    ("traffic.keys.explicit_hash_key", "explicitHashKey", What::HashKey),
    ("operations.*.new_starting_hash_key", "newStartingHashKey", What::HashKey),
    ("consumers.*.limit", "limit", What::Value),
    ("consumers.*.batch_size", "batchSize", What::Value),
    ("consumers.*.batching_window_s", "maximumBatchingWindowInSeconds", What::Value),
];

/// What a constraint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The number itself.
    Value,
    /// How many there are.
    Length,
    /// One of a few words.
    Word,
    /// A hash key as a decimal number.
    HashKey,
}

/// The error that a request with this value is answered with, if the field stands in one and the value is a number or
/// a text.
pub(super) fn refusal(field: &Field, path: &str, value: &Value) -> Option<String> {
    let (_, member, what) = MEMBERS.iter().find(|(known, ..)| *known == field.path)?;
    let given = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    // An operation that changes a field is another request.
    let member = match *member {
        "shardCount" if path.starts_with("operations.") => "targetShardCount",
        member => member,
    };
    let constraint = match (what, field.kind) {
        (What::Value | What::Length, Kind::Number(number)) => {
            let (given, low, high) = (value.as_f64()?, number.as_f64(number.min), number.as_f64(number.max));
            if (low..=high).contains(&given) {
                return None;
            }
            let low = given < low;
            // The service has a message of its own for this one.
            if field.path == "stream.retention_h" && low && value.as_u64().is_some() {
                let hours = value.as_u64().and_then(|hours| u32::try_from(hours).ok()).unwrap_or(u32::MAX);
                return Some(ServiceError::RetentionTooShort { hours }.to_string());
            }
            let (side, bound) = if low { ("greater", number.min) } else { ("less", number.max) };
            let subject = if *what == What::Length { "have length" } else { "have value" };
            format!("Member must {subject} {side} than or equal to {}", number.as_f64(bound))
        }
        (What::Word, _) => "Member must satisfy enum value set: [ON_DEMAND, PROVISIONED]".to_owned(),
        (What::HashKey, _) => return Some(of_hash_key(member, &given)),
        _ => return None,
    };
    Some(validation(member, &given, &constraint))
}

/// The answer to a text that is no hash key.
pub(super) fn of_hash_key(member: &str, given: &str) -> String {
    let is_decimal = given.bytes().all(|byte| byte.is_ascii_digit());
    let in_pattern = is_decimal && (given == "0" || (1..=39).contains(&given.len()) && !given.starts_with('0'));
    if in_pattern {
        let name = if member == "explicitHashKey" { "ExplicitHashKey" } else { "NewStartingHashKey" };
        return format!(
            "InvalidArgumentException: Invalid {name}. {name} must be in the range: [0, 2^128-1]. Specified value was \
             {given}"
        );
    }
    validation(member, given, "Member must satisfy regular expression pattern: 0|([1-9]\\d{0,38})")
}

fn validation(member: &str, given: &str, constraint: &str) -> String {
    format!(
        "ValidationException: 1 validation error detected: Value '{given}' at '{member}' failed to satisfy constraint: \
         {constraint}"
    )
}
