//! What is read out of a function's answer: by a mapping with `ReportBatchItemFailures` or tumbling windows, and by a
//! delivery stream.

use super::question::record_id;
use crate::engine::firehose::{GivenRecord, Transformation, Verdict};
use crate::engine::{Invocation, Outcome};
use crate::handlers::event::decoded_len;
use crate::text::quoted;
use serde_json::Value;
use std::sync::Arc;

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
    let places = Places::of(invocation.records.iter().map(|record| record.sequence_number.to_string()));
    let first = named.into_iter().map(|name| places.get(name)).collect::<Option<Vec<u32>>>();
    Outcome::FailedFrom(first.and_then(|places| places.into_iter().min()).unwrap_or(0))
}

/// What becomes of the records of a delivery stream whose function returned a value.
///
/// | the function returned for a record | what it means |
/// | --- | --- |
/// | `Ok` with data in base64 | it goes on, with that data and with its `metadata.partitionKeys` |
/// | `Dropped` | it is not delivered |
/// | `ProcessingFailed`, another word, or nothing | it has failed |
/// | two answers, or data that is not base64 | it has failed (ours: not documented) |
///
/// Ids that are not in the batch mean nothing; an answer without a list of records fails them all.
///
/// Source: Amazon Data Firehose Developer Guide, “Transform source data”.
pub fn verdicts(returned: &Value, of: &Transformation) -> Vec<Verdict> {
    let answers = returned.get("records").and_then(Value::as_array).into_iter().flatten();
    said_of(answers.filter_map(|answer| Some((answer.get("recordId")?.as_str()?, verdict(answer)))), of)
}

/// What becomes of the records, of what was said of some of them by their ids; the others have failed.
fn said_of<'a>(said: impl IntoIterator<Item = (&'a str, Verdict)>, of: &Transformation) -> Vec<Verdict> {
    let mut verdicts = vec![None; of.records.len()];
    let places = Places::of(of.records.iter().map(record_id));
    for (id, said) in said {
        if let Some(place) = places.get(id) {
            let verdict = &mut verdicts[place as usize];
            *verdict = Some(if verdict.is_none() { said } else { Verdict::Failed });
        }
    }
    verdicts.into_iter().map(|verdict| verdict.unwrap_or(Verdict::Failed)).collect()
}

/// The places of records in a batch, by their names.
struct Places(Vec<(String, u32)>);

impl Places {
    fn of(names: impl Iterator<Item = String>) -> Self {
        let mut places: Vec<(String, u32)> = names.zip(0..).collect();
        places.sort_unstable();
        Self(places)
    }

    fn get(&self, name: &str) -> Option<u32> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok().map(|at| self.0[at].1)
    }
}

/// What the box says of such records: a line for each with its id, `O` and the bytes of its data and perhaps its
/// partition, `D`, or `F`, with tabs between.
pub fn verdicts_of_lines(lines: &str, of: &Transformation) -> Vec<Verdict> {
    let verdict = |words: &str| {
        let mut words = words.split('\t');
        match words.next() {
            Some("O") => match words.next().and_then(|bytes| bytes.parse().ok()) {
                Some(bytes) => Verdict::Ok { bytes, partition: words.next().map(Into::into) },
                None => Verdict::Failed,
            },
            Some("D") => Verdict::Dropped,
            _ => Verdict::Failed,
        }
    };
    said_of(lines.lines().filter_map(|line| line.split_once('\t')).map(|(id, words)| (id, verdict(words))), of)
}

fn verdict(answer: &Value) -> Verdict {
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    match text("result") {
        Some("Dropped") => Verdict::Dropped,
        Some("Ok") => match text("data").and_then(decoded_len) {
            Some(bytes) => Verdict::Ok { bytes: bytes as u32, partition: partition(answer) },
            None => Verdict::Failed,
        },
        _ => Verdict::Failed,
    }
}

/// The partition that an answer names: its keys in order, each with its value, as one text.
fn partition(answer: &Value) -> Option<Arc<str>> {
    let keys = answer.get("metadata")?.get("partitionKeys")?.as_object()?;
    let mut pairs: Vec<String> = keys.iter().map(|(key, value)| format!("{}:{value}", quoted(key))).collect();
    pairs.sort_unstable();
    (!pairs.is_empty()).then(|| pairs.join(",").into())
}

/// What becomes of the records of which a compiled module has named some as failed; the others go on as they are.
pub fn verdicts_of_module(returned: &Value, of: &Transformation) -> Vec<Verdict> {
    let items = returned.get("batchItemFailures").and_then(Value::as_array).into_iter().flatten();
    verdicts_but_failed(items.filter_map(|item| item.get("itemIdentifier")?.as_str()), of)
}

/// The same of the ids of those that failed.
pub fn verdicts_but_failed<'a>(failed: impl IntoIterator<Item = &'a str>, of: &Transformation) -> Vec<Verdict> {
    let places = Places::of(of.records.iter().map(record_id));
    let unchanged = |given: &GivenRecord| Verdict::Ok { bytes: given.record.size, partition: None };
    let mut verdicts: Vec<Verdict> = of.records.iter().map(unchanged).collect();
    for place in failed.into_iter().filter_map(|id| places.get(id)) {
        verdicts[place as usize] = Verdict::Failed;
    }
    verdicts
}
