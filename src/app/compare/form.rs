//! The fields of one design among several, in the groups of its kind.

use crate::app::form::{Group, Knob, Source};
use crate::app::model::Model;
use crate::scenario::{Owner, Plan, fields};

/// Parts of a direct design in the order of the way that a request takes, with the fields that matter most; where none
/// is named, all do.
const DIRECT: [(&str, &[&str]); 10] = [
    ("client", &["timeout_s", "attempts"]),
    ("balancer", &[]),
    ("application", &["instances", "vcpus", "memory_mb", "workers"]),
    ("autoscaling", &["max_instances"]),
    ("request", &["cpu_ms", "reads", "writes", "slow_ms"]),
    ("database", &["vcpus", "read_ms", "write_ms", "pool"]),
    ("replicas", &["count"]),
    ("cache", &["hit_ratio"]),
    ("store", &["read_share", "write_share"]),
    ("background", &["workers"]),
];

/// Parts of a delivery stream in the order of the way that a record takes, in the same manner.
const FIREHOSE: [(&str, &[&str]); 7] = [
    ("producer", &["batch", "attempts"]),
    ("quota", &[]),
    ("buffering", &[]),
    ("transform", &["memory_mb", "per_record_ms"]),
    ("partitioning", &["partitions"]),
    ("format", &[]),
    ("destination", &["kind", "parallel", "retry_s"]),
];

/// Fields of a stream design: those that matter most, and the others, of each part.
const STREAM: [(&str, &[&str], &[&str]); 3] = [
    (
        "producer",
        &["producer.call", "producer.retry.kind"],
        &["producer.hosts", "producer.batch", "producer.linger_ms", "producer.buffer", "producer.retry.max_attempts"],
    ),
    ("stream", &["stream.shards", "stream.mode"], &["stream.retention_h", "stream.byte_burst_mib"]),
    (
        "consumers.0",
        &["consumers.0.batch_size", "consumers.0.per_record_ms"],
        &[
            "consumers.0.kind",
            "consumers.0.fixed_ms",
            "consumers.0.batching_window_s",
            "consumers.0.parallelization_factor",
            "consumers.0.memory_mb",
            "consumers.0.error_rate",
        ],
    ),
];

impl Model {
    /// The fields of the design that is being changed, with its title; none where none is.
    pub fn design_form(&self) -> Option<(String, Vec<Group>)> {
        let place = self.compare.form?;
        let title = self.designs().get(place)?.clone();
        let plan = &self.scenario.designs.get(place.checked_sub(1)?)?.plan;
        Some((title, self.form().of_design(place - 1, plan)))
    }
}

impl Source<'_> {
    /// The groups of a design beside the scenario's own.
    fn of_design(&self, index: usize, plan: &Plan) -> Vec<Group> {
        let of = |name: &str| format!("designs.{index}.{name}");
        let knobs = |paths: &[String]| paths.iter().filter_map(|path| self.knob(path)).collect::<Vec<Knob>>();
        let group = |part: &str, knobs: Vec<Knob>, more: Vec<Knob>| {
            let title = fields::field(&of(part)).map_or_else(String::new, |field| field.label.to_owned());
            let more_label = if more.is_empty() { String::new() } else { "More".to_owned() };
            Group { title, knobs, more_label, more, ..Group::default() }
        };
        let mut groups = vec![Group { title: "Design".to_owned(), knobs: knobs(&[of("name")]), ..Group::default() }];
        let list = match plan {
            Plan::Direct(_) => "direct.operations",
            Plan::Firehose(_) => "firehose.operations",
            Plan::Stream(_) => "operations",
        };
        match plan {
            Plan::Direct(_) | Plan::Firehose(_) => {
                let (kind, parts) = match plan {
                    Plan::Firehose(_) => ("firehose", &FIREHOSE[..]),
                    _ => ("direct", &DIRECT[..]),
                };
                for (part, first) in parts {
                    // Code stands in the handler view.
                    let names = fields::children(&of(&format!("{kind}.{part}"))).into_iter().map(|child| child.name);
                    let names = names.filter(|name| !["handler", "code", "module", "duration_from"].contains(name));
                    let (main, rest): (Vec<&str>, Vec<&str>) =
                        names.partition(|name| first.is_empty() || first.contains(name));
                    let part = format!("{kind}.{part}");
                    let paths = |names: Vec<&str>| {
                        names.into_iter().map(|name| of(&format!("{part}.{name}"))).collect::<Vec<_>>()
                    };
                    let handler = (part == "firehose.transform").then_some(Owner::Design(index as u32));
                    groups.push(Group { handler, ..group(&part, knobs(&paths(main)), knobs(&paths(rest))) });
                }
            }
            Plan::Stream(_) => {
                for (part, main, rest) in STREAM {
                    let paths = |names: &[&str]| names.iter().map(|name| of(name)).collect::<Vec<_>>();
                    let lambda = part == "consumers.0" && self.chosen(&of("consumers.0.kind")) == "lambda";
                    let first = || Owner::Consumer { stream: self.scenario.number_of_design(index), place: 0 };
                    let handler = lambda.then(first);
                    groups.push(Group { handler, ..group(part, knobs(&paths(main)), knobs(&paths(rest))) });
                }
            }
        }
        let title = "Changes during the run".to_owned();
        groups.push(Group { title, changes: Some(self.changes(&of(list))), ..Group::default() });
        groups
    }
}
