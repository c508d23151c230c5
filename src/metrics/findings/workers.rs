//! Findings about the workers of a KCL application: how many there are, and what a death cost.

use super::{Finding, Seen, Tone, Try};
use crate::limits;
use crate::metrics::timeline::Metric;
use crate::scenario::{ConsumerKind, Kcl, LeaseTable};
use crate::text::{int, span_text};
use crate::words::{rate_text, shards};
use serde_json::json;

impl Seen<'_> {
    fn application(&self) -> Option<Kcl> {
        if let ConsumerKind::Kcl(kcl) = self.consumer().kind { Some(kcl) } else { None }
    }

    /// What the deaths of workers cost.
    pub(super) fn workers_died(&self) -> Option<Finding> {
        let lost = self.total(Metric::LeasesLost) - self.total(Metric::LeasesExpired);
        let again = self.total(Metric::Reprocessed);
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

    /// A lease table with too little capacity: checkpoints come late, and leases are lost that nobody gave up.
    pub(super) fn lease_table_refuses(&self) -> Option<Finding> {
        let (refused, expired) = (self.total(Metric::LeaseRefused), self.total(Metric::LeasesExpired));
        let kcl = self.application().filter(|_| refused > 0.0)?;
        let LeaseTable::Provisioned { writes, .. } = kcl.table else { return None };
        let shards_open = self.timeline.gauge(Metric::OpenShards, self.frames);
        let renewals = shards_open * limits::KCL_RENEWALS as f64 / kcl.failover.seconds_f64();
        let lost = match expired {
            0.0 => "Checkpoints came late, so that a death costs more.".to_owned(),
            _ => format!(
                "{} leases were not renewed in time: shards went from worker to worker, and {} records were processed twice.",
                int(expired),
                int(self.total(Metric::Reprocessed))
            ),
        };
        Some(Finding {
            id: "lease-table-throttled",
            tone: Tone::Late,
            cause: "The lease table is too small".to_owned(),
            evidence: format!(
                "DynamoDB refused {} calls: {} write units a second are provisioned, and renewing the leases of {} alone takes \
                 {:.1}. {lost}",
                int(refused),
                int(f64::from(writes)),
                shards(shards_open as u64),
                renewals
            ),
            remedy:
                "An on-demand table takes every call; rarer checkpoints and a longer failover time need fewer units."
                    .to_owned(),
            remedy_try: Some(Try {
                label: "Try an on-demand table".to_owned(),
                edits: vec![(self.path("lease_table"), json!("on_demand"))],
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
