//! The group of a delivery stream that takes what a poller of the stream reads.

use super::{Group, Source};
use crate::scenario::{Deliver, DestinationKind, Owner, Plan};
use crate::text::int;
use crate::units::Span;

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
    /// What holds where a field of a delivery stream is empty: that of its destination, in the unit of the field.
    pub(super) fn usual(&self, path: &str) -> Option<String> {
        let (place, field) = path.split_once(".firehose.")?;
        let (list, place) = place.split_once('.')?;
        let place: usize = place.parse().ok()?;
        let firehose = match list {
            "deliver" => &self.scenario.deliver.get(place)?.firehose,
            _ => match &self.scenario.designs.get(place)?.plan {
                Plan::Firehose(firehose) => firehose,
                Plan::Stream(_) | Plan::Direct(_) => return None,
            },
        };
        let of = &firehose.stream;
        let seconds = |span: Span| span.micros() / 1_000_000;
        let value = match field {
            "buffering.size_mib" => of.buffer_bytes().get() >> 20,
            "buffering.interval_s" => seconds(of.interval()),
            "destination.latency_ms" => of.latency().micros() / 1_000,
            "destination.mib_per_s" => of.pace().get() >> 20,
            "destination.parallel" => of.parallel().into(),
            // Behind a stream its retention counts for S3.
            "destination.retry_s" if list == "deliver" && of.destination.kind == DestinationKind::S3 => return None,
            "destination.retry_s" => seconds(of.retry_window()),
            "destination.retry_every_s" => seconds(of.retry_every()),
            _ => return None,
        };
        Some(int(value as f64))
    }

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
