//! What a mapping with `ReportBatchItemFailures` or tumbling windows reads out of a function's answer.

use crate::engine::{Invocation, Outcome};
use serde_json::Value;
use std::collections::BTreeMap;

/// The outcome of an invocation whose function returned a value.
///
/// | the function returned | what it means |
/// | --- | --- |
/// | null, `""`, `{}`, a list that is empty or null | the batch succeeded |
/// | items with sequence numbers of the batch | it goes on from the lowest of them |
/// | an item without an identifier, or one that is not in the batch | the whole batch failed |
/// | no `state`, where the mapping has tumbling windows | the invocation failed |
/// | anything else | the whole batch failed (ours: not documented) |
///
/// Source: AWS Lambda Developer Guide, “Using Lambda with Kinesis”, and the tests of an emulator against the service.
pub fn outcome(returned: &Value, invocation: &Invocation) -> Outcome {
    /// The batch failed from its first record on, and the function itself did not.
    const WHOLE: Outcome = Outcome::FailedFrom(0);
    // A tumbling window goes on with the state that the answer brings; without one the invocation has failed.
    if invocation.window.is_some() && returned.get("state").is_none() {
        return Outcome::Failed;
    }
    let items = match returned {
        Value::Null => return Outcome::Succeeded,
        Value::String(text) if text.is_empty() => return Outcome::Succeeded,
        Value::Object(answer) => match answer.get("batchItemFailures") {
            None | Some(Value::Null) => return Outcome::Succeeded,
            Some(Value::Array(items)) => items,
            Some(_) => return WHOLE,
        },
        _ => return WHOLE,
    };
    if items.is_empty() {
        return Outcome::Succeeded;
    }
    let named = items.iter().map(|item| item.get("itemIdentifier")?.as_str());
    named.collect::<Option<Vec<&str>>>().map_or(WHOLE, |named| failed_from(named, invocation))
}

/// What comes of a batch of which these sequence numbers failed: one that is not in it stands for the whole of it.
pub fn failed_from<'a>(named: impl IntoIterator<Item = &'a str>, invocation: &Invocation) -> Outcome {
    // Written once each, since an answer may name all of ten thousand records.
    let places: BTreeMap<String, u32> =
        invocation.records.iter().map(|record| record.sequence_number.to_string()).zip(0..).collect();
    let first = named.into_iter().map(|name| places.get(name).copied()).collect::<Option<Vec<u32>>>();
    Outcome::FailedFrom(first.and_then(|places| places.into_iter().min()).unwrap_or(0))
}
