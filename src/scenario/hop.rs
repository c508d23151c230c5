//! What a consumer puts into another stream, and that stream with everything behind it.

use super::canonical::Group;
use super::document::{self, Before, Reader};
use super::{Draft, Problem, Scenario, Traffic};
use crate::limits;
use serde_json::{Map, Value, json};

/// Parts of a document that a stream further down has for itself; the rest it shares with the first one.
pub(super) const OWN: [&str; 7] = ["producer", "stream", "consumers", "stores", "operations", "then", "deliver"];

/// A consumer puts records into another stream when a batch is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// Index of the consumer that puts.
    pub consumer: u32,
    /// Thousandths of a record that are put for each processed one, on the average.
    pub per_record_milli: u32,
    /// Bytes of data of what is put; `None` for as many as the processed record had.
    pub bytes: Option<u32>,
    /// The other stream: what puts into it, its settings, who reads it. Its name is that of the stream; its traffic has
    /// no curve, since what arrives is what the consumer puts.
    pub scenario: Scenario,
}

/// The streams that follow one.
pub(super) fn read(read: &mut Reader<'_>, scenario: &Scenario, streams: u64) -> Vec<Hop> {
    let count = read.items("then");
    if count > 0 && streams == limits::HOPS_MAX {
        let message = format!("a chain has at most {} streams behind the first one; remove this one", limits::HOPS_MAX);
        read.wrong("then", message);
        return Vec::new();
    }
    (0..count).filter_map(|index| hop(read, scenario, index, streams)).collect()
}

fn hop(read: &mut Reader<'_>, scenario: &Scenario, index: usize, streams: u64) -> Option<Hop> {
    let of = |name: &str| format!("then.{index}.{name}");
    let (consumers, consumer) = (scenario.consumers.len(), read.small(&of("consumer")));
    if consumer as usize >= consumers {
        let message = format!("there are {consumers} consumers, counted from 0; choose less than {consumers}");
        read.wrong(&of("consumer"), message);
    }
    let bytes = read.maybe(&of("size_bytes")).map(|bytes| bytes as u32);
    let per_record_milli = read.small(&of("per_record"));
    let own = OWN.iter().filter_map(|part| Some(((*part).to_owned(), read.sound(&of(part))?.clone())));
    let mut draft = Draft::from_value(Value::Object(own.collect::<Map<_, _>>()));
    for shared in ["length_s", "traffic.keys", "traffic.sizes", "traffic.payloads", "account", "prices"] {
        if let Some(value) = read.sound(shared) {
            draft.set(shared, value.clone());
        }
    }
    // Every stream draws numbers of its own.
    let seed = scenario.seed.wrapping_mul(31).wrapping_add(index as u64 + 1) & SEED_BITS;
    draft.set("seed", seed.into());
    if let Some(bytes) = bytes {
        draft.set("traffic.sizes", json!({ "kind": "fixed", "bytes": bytes }));
    }
    let found = read.problems_within(&of(""));
    // Every consumer of a stream has all of its records.
    let share = scenario.traffic.put_millionths.unwrap_or(1_000_000) * u64::from(per_record_milli) / 1_000;
    let records = Traffic { put_millionths: Some(share), ..scenario.traffic.clone() }.expected_records(scenario.length);
    if records > limits::OFFERED_MAX as f64 {
        let message = format!(
            "about {} records would be put; choose fewer for each, for at most {}",
            limits::grouped(records as u64),
            limits::grouped(limits::OFFERED_MAX)
        );
        read.wrong(&of("per_record"), message);
    }
    let before = Before { streams: streams + 1, parts: scenario.traffic.parts.clone(), put_millionths: share };
    match document::build_behind(&draft, found, Some(&before)) {
        Ok(mut behind) => {
            behind.name = read.text(&of("name")).to_owned();
            Some(Hop { consumer, per_record_milli, bytes, scenario: behind })
        }
        Err(problems) => {
            for Problem { path, message } in problems {
                let part = path.split('.').next().unwrap_or_default();
                // What the streams share has been looked at already, but for what this one makes of the sizes.
                if OWN.contains(&part) {
                    read.wrong(&of(&path), message);
                } else if path.starts_with("traffic.sizes") {
                    read.wrong(&of("size_bytes"), message);
                }
            }
            None
        }
    }
}

/// A seed has 53 bits.
const SEED_BITS: u64 = (1 << 53) - 1;

/// A hop as it stands in a canonical document.
pub(super) fn write(hop: &Hop) -> Value {
    let mut group = Group::at("then.0");
    group.word("name", &hop.scenario.name);
    group.number("consumer", hop.consumer.into());
    group.number("per_record", hop.per_record_milli.into());
    group.maybe("size_bytes", hop.bytes.map(u64::from));
    let mut document = document::of(&hop.scenario);
    for part in OWN {
        if let Some(value) = document.take(part) {
            group.value(part, value);
        }
    }
    group.done()
}
