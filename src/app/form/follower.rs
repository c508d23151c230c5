//! The group of a stream that follows: what is put into it, its shards, and its first consumer.

use super::{Group, Source};
use crate::scenario::Owner;

impl Source<'_> {
    pub(super) fn follower(&self, place: usize) -> Group {
        let of = |name: &str| format!("then.{place}.{name}");
        let knobs = |names: &[&str]| names.iter().filter_map(|name| self.knob(&of(name))).collect::<Vec<_>>();
        let mut main = knobs(&["per_record", "stream.shards"]);
        let mut more =
            knobs(&["name", "consumer", "size_bytes", "stream.mode", "producer.call", "producer.retry.kind"]);
        let kind = self.chosen(&of("consumers.0.kind"));
        match kind.as_str() {
            "kcl" => main.extend(knobs(&["consumers.0.workers", "consumers.0.per_record_ms"])),
            "poller" => main.extend(knobs(&["consumers.0.limit", "consumers.0.per_record_ms"])),
            _ => {
                main.extend(knobs(&["consumers.0.batch_size", "consumers.0.per_record_ms"]));
                more.extend(knobs(&["consumers.0.batching_window_s", "consumers.0.parallelization_factor"]));
            }
        }
        more.extend(knobs(&["consumers.0.kind", "consumers.0.fixed_ms", "consumers.0.error_rate"]));
        let hop = &self.scenario.then[place];
        let before = self.scenario.then[..place].iter().map(|hop| hop.scenario.streams().len()).sum::<usize>();
        let first = Owner::Consumer { stream: before as u32 + 1, place: 0 };
        Group {
            title: self.scenario.hop_title(place),
            small: format!("{} puts into it", self.scenario.title_of(hop.consumer as usize)),
            knobs: main,
            more_label: "Name, size, mode, calls, consumer".to_owned(),
            more,
            stream: Some(place),
            handler: (kind == "lambda").then_some(first),
            changes: Some(self.changes(&of("operations"))),
            ..Group::default()
        }
    }
}
