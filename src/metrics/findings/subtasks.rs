//! The finding about an analytics application that does not keep up.

use super::{Finding, Seen, Tone, Try};
use crate::metrics::timeline::Metric;
use crate::scenario::Analytics;
use crate::text::{clock, int, span_text};
use crate::units::SimTime;
use crate::words::{rate_text, shards};
use serde_json::json;

impl Seen<'_> {
    /// The subtasks are slower than what the stream brings; so late they were at an instant.
    pub(super) fn subtasks_behind(&self, of: Analytics, at: SimTime, age: f64) -> Option<Finding> {
        let open = self.timeline.gauge(Metric::OpenShards, self.frames);
        let one = of.subtask_milli() as f64 / 1e3;
        let stored = self.sustained(self.timeline.column(Metric::Stored));
        let needed = (stored * super::HEADROOM / one).ceil().min(open).max(f64::from(of.parallelism));
        let grows = needed > f64::from(of.parallelism);
        Some(Finding {
            id: "too-few-subtasks",
            tone: Tone::Late,
            cause: "The subtasks are slower than the stream".to_owned(),
            evidence: format!(
                "{} × {} records/s; the stream stored {} in {}. Late by {} at {}.",
                of.parallelism,
                rate_text(one),
                rate_text(stored),
                shards(open as u64),
                span_text(age),
                clock(at.seconds_f64())
            ),
            remedy: if grows {
                format!("More parallelism: up to {} subtasks can read side by side, one for each shard.", int(open))
            } else {
                "Fewer subtasks in a processing unit, so that each is faster; or more shards, and more subtasks."
                    .to_owned()
            },
            remedy_try: Some(if grows {
                let edits = Try::edit(&self.path("parallelism"), json!(needed as u64));
                Try { label: format!("Try {} subtasks", int(needed)), edits }
            } else {
                self.try_shards(stored / one)
            }),
        })
    }
}
