//! The result of a run as one JSON object: what the command line prints and what the box sends when it is done.

use super::{Session, failure};
use crate::cost::Bill;
use crate::engine::{By, Digest};
use crate::errors::shard_id;
use crate::metrics::timeline::MetricKind;
use crate::metrics::{Finding, Histogram, Ledger, Metric, Note, NoteKind};
use crate::scenario::{OnFailure, Scenario};
use serde_json::{Map, Value, json};

impl Session {
    /// The result so far: [`essence`](Self::essence), `metrics`, `time_to_loss_s` and
    /// `caught_up_in_s` if it went on so, `bill`, `notes` and `findings`.
    pub fn summary(&self) -> Value {
        let mut summary = self.essence();
        summary["metrics"] = self.metrics();
        summary["time_to_loss_s"] = self.outlook().time_to_loss.into();
        summary["caught_up_in_s"] = self.outlook().caught_up_in.into();
        summary["bill"] = bill(&self.bill());
        summary["notes"] = self.timeline().notes().map(|of| note(self.scenario(), of)).collect();
        summary["findings"] = self.findings().iter().map(finding).collect();
        summary
    }

    /// The part of the result that the columns of the timeline do not hold, and the ledger beside it: `digest`,
    /// `traffic_digest`, `length_s`, `frame_s`, `ledger`, `work`, `latency`. The box sends it when a run is over; the page
    /// makes everything else from the columns.
    pub fn essence(&self) -> Value {
        let recorder = self.recorder();
        json!({
            "scenario": self.scenario().name,
            "seed": self.scenario().seed,
            "digest": hex(self.digest().get()),
            "traffic_digest": hex(Digest::traffic(self.digest())),
            "length_s": self.timeline().length().seconds_f64(),
            "frame_s": self.timeline().width().seconds_f64(),
            "ledger": ledger(&self.ledger()),
            "work": self.work(),
            "latency": {
                "put_to_processed": latency(recorder.put_latency()),
                "offered_to_processed": latency(recorder.offer_latency()),
            },
        })
    }

    /// What the run did, counted: rejected attempts, reads that were answered, invocations that ended.
    fn work(&self) -> Value {
        let (timeline, frames) = (self.timeline(), self.timeline().frames());
        let running = timeline.gauge(Metric::Concurrency, frames);
        json!({
            "throttled": timeline.total(Metric::Throttled, frames),
            "reads": timeline.total(Metric::GetRecordsCalls, frames),
            "invocations_ended": timeline.total(Metric::Invocations, frames) - running,
            "invocations_running": running,
        })
    }

    /// For each metric its unit, and the sum of counts, or the last and the highest value of gauges.
    fn metrics(&self) -> Value {
        let timeline = self.timeline();
        let of = |metric: &Metric| {
            let column = timeline.column(*metric);
            let highest = column.iter().copied().filter(|value| !value.is_nan()).fold(0.0, f64::max);
            let value = match metric.kind() {
                MetricKind::Count => json!({"unit": metric.unit(), "sum": timeline.total(*metric, column.len())}),
                MetricKind::Gauge => {
                    json!({"unit": metric.unit(), "last": timeline.gauge(*metric, column.len()), "max": highest})
                }
                MetricKind::Statistic => json!({"unit": metric.unit(), "max": highest}),
            };
            (metric.name().to_owned(), value)
        };
        Value::Object(Metric::ALL.iter().map(of).collect::<Map<_, _>>())
    }
}

fn hex(digest: u64) -> String {
    format!("{digest:016x}")
}

fn ledger(ledger: &Ledger) -> Value {
    json!({
        "offered": ledger.offered,
        "stored": ledger.stored,
        "duplicates": ledger.duplicates,
        "at_producer": ledger.at_producer,
        "lost": {
            "ignored": ledger.lost_ignored,
            "retries_exhausted": ledger.lost_exhausted,
            "too_old": ledger.lost_too_old,
            "buffer_full": ledger.lost_buffer_full,
            "host_died": ledger.lost_host_died,
            "all": ledger.lost(),
        },
        "processed": ledger.processed,
        "waiting": ledger.waiting,
        "in_flight": ledger.in_flight,
        "expired": ledger.expired,
        "discarded": ledger.discarded,
        "skipped": ledger.skipped,
        "balances": ledger.balances(),
    })
}

fn latency(histogram: &Histogram) -> Value {
    let millis = |permille| histogram.quantile(permille).map(|span| span.millis_f64());
    json!({
        "unit": "ms",
        "count": histogram.count(),
        "checksum": histogram.checksum(),
        "mean": histogram.mean().map(|span| span.millis_f64()),
        "p50": millis(500),
        "p90": millis(900),
        "p99": millis(990),
        "p999": millis(999),
        "max": millis(1_000),
    })
}

fn bill(bill: &Bill) -> Value {
    let line = |line: &crate::cost::BillLine| {
        json!({
            "name": line.name,
            "cause": line.cause,
            "quantity": line.quantity,
            "unit": line.unit,
            "unit_price_usd": line.unit_price.get() as f64 / 1e12,
            "dated": line.dated,
            "run_usd": line.run_e4 as f64 / 1e4,
            "month_usd": line.month_cents as f64 / 1e2,
        })
    };
    json!({
        "price_book": bill.price_book,
        "lines": bill.lines.iter().map(line).collect::<Vec<_>>(),
        "run_usd": bill.run_total_e4 as f64 / 1e4,
        "month_usd": bill.month_total_cents as f64 / 1e2,
        "extrapolation": bill.extrapolation,
        "same_arrivals_month_usd": bill.compared.iter().map(|compared| {
            (compared.mode.word().to_owned(), json!(compared.month_cents as f64 / 1e2))
        }).collect::<Map<_, _>>(),
    })
}

fn note(scenario: &Scenario, note: &Note) -> Value {
    let at_s = note.at.seconds_f64();
    match &note.what {
        NoteKind::Opened { shard, parents, .. } => {
            let parents: Vec<String> = parents.iter().flatten().map(|parent| shard_id(*parent)).collect();
            json!({"at_s": at_s, "what": "shard opened", "shard": shard_id(*shard), "parents": parents})
        }
        NoteKind::Closed { shard } => json!({"at_s": at_s, "what": "shard closed", "shard": shard_id(*shard)}),
        NoteKind::Operation { index } => json!({"at_s": at_s, "what": "operation", "index": index}),
        NoteKind::Refused { by, name, message } => {
            let by = if *by == By::Policy { "policy" } else { "operation" };
            json!({"at_s": at_s, "what": "refused", "by": by, "name": name, "message": message})
        }
        NoteKind::Policy { from, target } => {
            json!({"at_s": at_s, "what": "policy called UpdateShardCount", "from": from, "target": target})
        }
        NoteKind::GivenUp(of) => {
            let reported =
                scenario.consumers.get(of.reader as usize).is_some_and(|by| by.on_failure != OnFailure::None);
            let mut told = json!({
                "at_s": at_s,
                "what": "given up",
                "consumer": of.reader,
                "shard": shard_id(of.shard),
                "records": of.records,
                "condition": of.condition.word(),
            });
            if reported {
                told["report"] = failure::document(scenario, note.at, of);
            }
            told
        }
        NoteKind::Active => json!({"at_s": at_s, "what": "stream active"}),
        NoteKind::Mode { mode } => json!({"at_s": at_s, "what": "mode", "mode": mode.word()}),
        NoteKind::Retention { retention } => {
            json!({"at_s": at_s, "what": "retention", "hours": retention.seconds_f64() / 3_600.0})
        }
    }
}

fn finding(finding: &Finding) -> Value {
    json!({
        "id": finding.id,
        "cause": finding.cause,
        "evidence": finding.evidence,
        "remedy": finding.remedy,
    })
}
