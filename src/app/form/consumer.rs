//! The group of a consumer: the fields of its kind.

use super::super::{hints, words};
use super::{Group, Source};
use crate::scenario::{Owner, ReadSource};

/// What a mapping and its function have beside what every consumer has.
const LAMBDA_KNOBS: &[&str] = &[
    "batching_window_s",
    "memory_mb",
    "architecture",
    "cpu_share",
    "timeout_s",
    "reserved_concurrency",
    "init_ms",
    "idle_life_s",
    "throttle_wait_ms",
    "throttle_wait_max_ms",
];

/// What an analytics application has beside what every consumer has.
const ANALYTICS_KNOBS: &[&str] = &[
    "parallelism_per_kpu",
    "window_s",
    "slide_s",
    "group_by",
    "measures",
    "where",
    "having",
    "top",
    "order_by",
    "order",
    "event_time",
    "lateness_s",
    "shard_idle_s",
    "limit",
    "read_interval_ms",
    "checkpoint_interval_s",
    "discovery_s",
];

impl Source<'_> {
    pub(super) fn consumer(&self, index: usize, count: usize) -> Group {
        let of = |name: &str| format!("consumers.{index}.{name}");
        let chosen = self.chosen(&of("kind"));
        let (lambda, kcl) = (chosen == "lambda", chosen == "kcl");
        let kind = match chosen.as_str() {
            "lambda" => "Lambda",
            "kcl" => "KCL",
            "analytics" => "Analytics",
            _ => "Poller",
        };
        let several = count > 1;
        let name = if several { self.chosen(&of("name")) } else { String::new() };
        let others = self.scenario.stream.other_pollers.count + count as u32 - 1;
        let knobs = |names: &[&str]| names.iter().filter_map(|name| self.knob(&of(name))).collect::<Vec<_>>();
        let mut more = knobs(if several { &["name"] } else { &[] });
        more.extend(match chosen.as_str() {
            "kcl" => knobs(&[
                "limit",
                "kcl_idle_ms",
                "failover_s",
                "checkpoint_s",
                "shard_sync_s",
                "parent_poll_s",
                "lease_table",
            ]),
            "poller" => knobs(&["idle_ms", "sleeps"]),
            "analytics" => knobs(ANALYTICS_KNOBS),
            _ => knobs(LAMBDA_KNOBS),
        });
        if self.chosen(&of("lease_table")) == "provisioned" && kcl {
            more.extend(knobs(&["lease_write_units", "lease_read_units"]));
        }
        // The account is shared: its field stands with the first function.
        let is_lambda = |index: usize| self.chosen(&format!("consumers.{index}.kind")) == "lambda";
        let first = lambda && !(0..index).any(is_lambda);
        more.extend(self.knobs(if first { &["account.concurrency"][..] } else { &[] }.iter().copied()));
        more.extend(knobs(&["source", "start_s", "starting_position"]));
        if self.chosen(&of("starting_position")) == "AT_TIMESTAMP" {
            more.extend(knobs(&["starting_at_s"]));
        }
        let pushed = self.chosen(&of("source")) == ReadSource::PUSHED;
        if pushed {
            more.extend(knobs(&["fan_out_ms"]));
        }
        if lambda {
            more.extend(knobs(&[
                "filter_criteria",
                "parallelization_factor",
                "bisect",
                "responses",
                "max_retries",
                "max_record_age_s",
            ]));
            more.extend(knobs(&["on_failure", "tumbling_window_s"]));
            if self.scenario.consumers.get(index).is_some_and(|consumer| consumer.tumbling.is_on()) {
                more.extend(knobs(&["window_wait_s", "state_bytes_per_record"]));
            }
        }
        more.extend(knobs(&[
            "spread",
            "duration_law",
            "error_rate",
            "poison_rate",
            "poison_key",
            "retry_base_ms",
            "retry_cap_s",
        ]));
        if chosen != "analytics" {
            more.extend(knobs(&["writes_to"]));
            more.extend(knobs(if self.chosen(&of("writes_to")).is_empty() { &[] } else { &["writes_at_a_time"] }));
        }
        more.extend(knobs(&["kind", "read_limits"]));
        Group {
            title: match name.as_str() {
                "" if several => format!("{kind} {}", index + 1),
                "" => kind.to_owned(),
                _ => name,
            },
            small: match others {
                _ if pushed => "each shard is pushed to it".to_owned(),
                0 => "polls each shard".to_owned(),
                1 => "polls each shard, and one other does".to_owned(),
                count => format!("polls each shard, and {} others do", words::count_word(count.into())),
            },
            knobs: match chosen.as_str() {
                "kcl" => knobs(&["workers", "worker_per_s", "fixed_ms", "per_record_ms"]),
                "poller" => knobs(&["limit", "fixed_ms", "per_record_ms"]),
                "analytics" => knobs(&["parallelism", "kpu_per_s"]),
                _ => knobs(&["batch_size", "fixed_ms", "per_record_ms"]),
            },
            // A draft that cannot run may have more of them than the scenario.
            hints: match self.scenario.consumers.get(index) {
                Some(_) => hints::consumer(self.scenario, index, self.cursor),
                None => Vec::new(),
            },
            more_label: if lambda { "Window, memory, start, failures" } else { "Sleep, start, failures" }.to_owned(),
            more,
            consumer: Some((index, several)),
            handler: lambda.then_some(Owner::Consumer { stream: 0, place: index as u32 }),
            ..Group::default()
        }
    }
}
