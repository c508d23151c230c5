//! Findings about the workers of a KCL application: how many there are, and what a death cost.

use super::{Finding, Seen, Tone, Try};
use crate::metrics::timeline::Metric;
use crate::scenario::{ConsumerKind, Kcl};
use crate::text::{int, span_text};
use crate::words::{rate_text, shards};
use serde_json::json;

impl Seen<'_> {
    fn application(&self) -> Option<Kcl> {
        if let ConsumerKind::Kcl(kcl) = self.consumer().kind { Some(kcl) } else { None }
    }

    /// What the deaths of workers cost.
    pub(super) fn workers_died(&self) -> Option<Finding> {
        let (lost, again) = (self.total(Metric::LeasesLost), self.total(Metric::Reprocessed));
        let kcl = self.application().filter(|_| lost > 0.0)?;
        let less = (kcl.checkpoint.seconds_f64() / 10.0).floor();
        Some(Finding {
            id: "workers-died",
            tone: Tone::Late,
            cause: "A worker’s shards stood idle".to_owned(),
            evidence: format!(
                "{} had no worker for {} or more; {} records since the last checkpoints were processed twice.",
                shards(lost as u64),
                span_text(kcl.failover.seconds_f64()),
                int(again)
            ),
            remedy: "More frequent checkpoints leave less to do again, and work must bear to be done twice.".to_owned(),
            remedy_try: (again > 0.0 && less < kcl.checkpoint.seconds_f64()).then(|| Try {
                label: format!("Try checkpoints every {}", span_text(less)),
                edits: vec![(self.path("checkpoint_s"), json!(less as u64))],
            }),
        })
    }

    /// Workers without a shard, or shards that share the speed of too few workers.
    pub(super) fn workers_and_shards(&self) -> Option<Finding> {
        let kcl = self.application()?;
        let open = self.timeline.gauge(Metric::OpenShards, self.frames);
        if f64::from(kcl.workers) > open {
            return Some(Finding {
                id: "more-workers-than-shards",
                tone: Tone::Cost,
                cause: "More workers than shards".to_owned(),
                evidence: format!("{} workers share {}: a shard has one worker.", kcl.workers, shards(open as u64)),
                remedy: "What is beyond the number of shards does nothing, except to take over when one dies."
                    .to_owned(),
                remedy_try: Some(Try {
                    label: format!("Try {} workers", int(open)),
                    edits: vec![(self.path("workers"), json!(open as u64))],
                }),
            });
        }
        let stored = self.sustained(self.timeline.column(Metric::Stored));
        let speed = kcl.worker_milli as f64 / 1e3 * f64::from(kcl.workers);
        let needed = (stored * super::HEADROOM / (kcl.worker_milli as f64 / 1e3)).ceil().min(open);
        (kcl.worker_milli > 0 && stored > speed && needed > f64::from(kcl.workers)).then(|| Finding {
            id: "too-few-workers",
            tone: Tone::Late,
            cause: "Too few workers".to_owned(),
            evidence: format!(
                "{} workers process {} records/s together; the stream stored {}.",
                kcl.workers,
                rate_text(speed),
                rate_text(stored)
            ),
            remedy: format!("Up to {} can work side by side, one for each shard.", int(open)),
            remedy_try: Some(Try {
                label: format!("Try {} workers", int(needed)),
                edits: vec![(self.path("workers"), json!(needed as u64))],
            }),
        })
    }
}
