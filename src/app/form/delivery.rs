//! The group of a delivery stream that takes what a poller of the stream reads.

use super::{Group, Source};
use crate::scenario::{Deliver, Owner};

/// The fields that matter most, and the others.
const MAIN: [&str; 4] = ["destination.kind", "buffering.size_mib", "buffering.interval_s", "destination.retry_s"];
const MORE: [&str; 9] = [
    "transform.memory_mb",
    "transform.fixed_ms",
    "transform.per_record_ms",
    "transform.interval_s",
    "transform.error_rate",
    "partitioning.partitions",
    "format.conversion",
    "destination.latency_ms",
    "destination.parallel",
];

impl Source<'_> {
    pub(super) fn delivery(&self, place: usize, deliver: &Deliver) -> Group {
        let of = |name: &str| format!("deliver.{place}.{name}");
        let knobs = |names: &[&str]| {
            names.iter().filter_map(|name| self.knob(&of(&format!("firehose.{name}")))).collect::<Vec<_>>()
        };
        let mut more = Vec::from_iter(self.knob(&of("name")));
        more.extend(knobs(&MORE));
        Group {
            title: deliver.title().to_owned(),
            small: format!("Firehose, reads as {}", self.scenario.title_of(deliver.consumer as usize)),
            knobs: knobs(&MAIN),
            more_label: "Name, function, partitions, form, destination".to_owned(),
            more,
            changes: Some(self.changes(&of("firehose.operations"))),
            delivery: Some(place),
            handler: Some(Owner::Deliver { stream: 0, place: place as u32 }),
            ..Group::default()
        }
    }
}
