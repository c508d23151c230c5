//! The result of a run as one JSON object: what the command line prints and what the box sends when it is done.

use super::{FirehoseRun, Session, failure};
use crate::cost::Bill;
use crate::engine::{By, Digest};
use crate::errors::shard_id;
use crate::metrics::timeline::MetricKind;
use crate::metrics::{Finding, Histogram, Ledger, Metric, Note, NoteKind};
use crate::scenario::{Deliver, Hop, OnFailure, Scenario};
use crate::units::Span;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

impl Session {
    /// The result so far: [`essence`](Self::essence), `metrics`, `time_to_loss_s` and
    /// `caught_up_in_s` if it went on so, `consumers`, `bill`, `notes` and `findings`. What a consumer does is said of
    /// the first, and in `consumers` of each. Streams that follow have the same in `then`.
    pub fn summary(&self) -> Value {
        let mut summary = self.essence();
        summary["metrics"] = self.metrics(0, |_| true);
        summary["time_to_loss_s"] = self.outlook(0).time_to_loss.into();
        summary["caught_up_in_s"] = self.outlook(0).caught_up_in.into();
        summary["consumers"] = self.consumers();
        summary["bill"] = bill(&self.bill());
        summary["notes"] = self.timeline().notes().map(|of| note(self.scenario(), of)).collect();
        summary["findings"] = self.findings().iter().map(finding).collect();
        if !self.then().is_empty() {
            summary["then"] = self.scenario().then.iter().zip(self.then()).map(then).collect();
        }
        if !self.deliver().is_empty() {
            summary["deliver"] = self.scenario().deliver.iter().zip(self.deliver()).map(deliver).collect();
        }
        if self.then().len() + self.deliver().len() > 0 {
            summary["all_streams_month_usd"] = (self.month_total_cents() as f64 / 100.0).into();
        }
        summary
    }

    /// What each consumer did, in the order of the scenario.
    fn consumers(&self) -> Value {
        let of = |index: usize| {
            let ledger = Ledger::after(self.seen_by(index), self.timeline().frames());
            let summary = json!({
                "name": self.scenario().title_of(index),
                "ledger": grouped(|put| read_part(&ledger, "", put)),
                "metrics": self.metrics(index, Metric::is_of_consumer),
                "latency": grouped(|put| self.latencies(index, "", put)),
                "time_to_loss_s": self.outlook(index).time_to_loss,
                "caught_up_in_s": self.outlook(index).caught_up_in,
                "positions": self.positions(index as u32),
            });
            self.with_query(index, summary)
        };
        (0..self.scenario().consumers.len()).map(of).collect()
    }

    /// The part of the result that the columns of the timeline do not hold, and the ledger beside it: `digest`,
    /// `traffic_digest`, `length_s`, `frame_s`, `ledger`, `work`, `latency`, with the title and the seed.
    pub fn essence(&self) -> Value {
        let mut essence = grouped(|put| self.each(put));
        essence["scenario"] = self.scenario().name.clone().into();
        essence["seed"] = self.scenario().seed.into();
        essence
    }

    /// The essence as the box sends it when a run is over: one JSON object without groups, `ledger.lost.all` and so
    /// on. It is written by hand, so that the engine's module needs neither a JSON library nor decimals of floats.
    pub fn essence_text(&self) -> String {
        let mut text = String::new();
        self.each(&mut |group, name, item| {
            text.push_str(if text.is_empty() { "{\"" } else { ",\"" });
            if !group.is_empty() {
                text.push_str(group);
                text.push('.');
            }
            text.push_str(name);
            text.push_str("\":");
            item.write(&mut text);
        });
        text.push('}');
        text
    }

    /// Calls `put` with everything in the essence: the groups that it is in, its name, what it is.
    fn each(&self, put: Put<'_>) {
        let timeline = self.seen_by(0);
        put("", "digest", Item::Digest(self.digest().get()));
        put("", "traffic_digest", Item::Digest(Digest::traffic(self.digest())));
        put("", "length_s", Item::Seconds(timeline.length()));
        put("", "frame_s", Item::Seconds(timeline.width()));
        let ledger = self.ledger();
        for (name, count) in [
            ("offered", ledger.offered),
            ("stored", ledger.stored),
            ("duplicates", ledger.duplicates),
            ("at_producer", ledger.at_producer),
        ] {
            put("ledger", name, Item::Whole(count));
        }
        read_part(&ledger, "ledger", put);
        put("ledger", "balances", Item::Is(self.balances()));
        for (name, count) in [
            ("ignored", ledger.lost_ignored),
            ("retries_exhausted", ledger.lost_exhausted),
            ("too_old", ledger.lost_too_old),
            ("buffer_full", ledger.lost_buffer_full),
            ("host_died", ledger.lost_host_died),
            ("all", ledger.lost()),
        ] {
            put("ledger.lost", name, Item::Whole(count));
        }
        // What the run did, counted: rejected attempts, reads that were answered, invocations that ended.
        let frames = timeline.frames();
        let running = timeline.gauge(Metric::Concurrency, frames);
        for (name, count) in [
            ("throttled", timeline.total(Metric::Throttled, frames)),
            ("reads", timeline.total(Metric::GetRecordsCalls, frames)),
            ("invocations_ended", timeline.total(Metric::Invocations, frames) - running),
            ("invocations_running", running),
        ] {
            put("work", name, Item::Sum(count));
        }
        self.latencies(0, "latency.", put);
    }

    /// The latencies of a consumer's records, in groups whose names begin with `within`.
    fn latencies(&self, consumer: usize, within: &str, put: Put<'_>) {
        let recorder = self.recorder();
        for (name, histogram) in [
            ("put_to_processed", recorder.put_latency(consumer)),
            ("offered_to_processed", recorder.offer_latency(consumer)),
        ] {
            let group = &[within, name].concat();
            put(group, "unit", Item::Milliseconds);
            put(group, "count", Item::Whole(histogram.count()));
            put(group, "checksum", Item::Whole(histogram.checksum()));
            put(group, "mean", Item::Millis(histogram.mean()));
            for (name, permille) in [("p50", 500), ("p90", 900), ("p99", 990), ("p999", 999), ("max", 1_000)] {
                put(group, name, Item::Millis(histogram.quantile(permille)));
            }
        }
    }

    /// For each metric its unit, and the sum of counts, or the last and the highest value of gauges.
    fn metrics(&self, consumer: usize, kept: fn(Metric) -> bool) -> Value {
        let timeline = self.seen_by(consumer);
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
        Value::Object(Metric::ALL.iter().filter(|metric| kept(**metric)).map(of).collect::<Map<_, _>>())
    }
}

/// Takes one thing after the other: the groups that it is in, its name, what it is.
type Put<'a> = &'a mut dyn FnMut(&str, &str, Item);

/// Everything that is put, in its groups.
fn grouped(each: impl FnOnce(Put<'_>)) -> Value {
    let mut all = json!({});
    each(&mut |group, name, item| {
        let groups = group.split('.').filter(|part| !part.is_empty());
        groups.fold(&mut all, |place, part| &mut place[part])[name] = item.value();
    });
    all
}

/// How a consumer stands to the records that are stored.
fn read_part(ledger: &Ledger, group: &str, put: Put<'_>) {
    for (name, count) in [
        ("processed", ledger.processed),
        ("waiting", ledger.waiting),
        ("in_flight", ledger.in_flight),
        ("expired", ledger.expired),
        ("discarded", ledger.discarded),
        ("skipped", ledger.skipped),
    ] {
        put(group, name, Item::Whole(count));
    }
    // Only a mapping with patterns can have any.
    if ledger.filtered > 0 {
        put(group, "filtered", Item::Whole(ledger.filtered));
    }
    // Only a KCL application can have any.
    if ledger.reprocessed > 0 {
        put(group, "reprocessed", Item::Whole(ledger.reprocessed));
    }
}

/// One value of the essence.
enum Item {
    Digest(u64),
    Whole(u64),
    /// A sum of counts, which columns hold as floats.
    Sum(f64),
    Seconds(Span),
    /// Nothing where nothing was measured.
    Millis(Option<Span>),
    /// The unit of the latter.
    Milliseconds,
    Is(bool),
}

impl Item {
    fn value(self) -> Value {
        match self {
            Self::Digest(digest) => format!("{digest:016x}").into(),
            Self::Whole(count) => count.into(),
            Self::Sum(count) => count.into(),
            Self::Seconds(span) => span.seconds_f64().into(),
            Self::Millis(span) => span.map(Span::millis_f64).into(),
            Self::Milliseconds => "ms".into(),
            Self::Is(it) => it.into(),
        }
    }

    fn write(self, text: &mut String) {
        // Writing into a string cannot fail.
        let _ = match self {
            Self::Digest(digest) => write!(text, "\"{digest:016x}\""),
            Self::Whole(count) => write!(text, "{count}"),
            Self::Sum(count) => write!(text, "{}", count as u64),
            Self::Seconds(span) => write!(text, "{}.{:06}", span.micros() / 1_000_000, span.micros() % 1_000_000),
            Self::Millis(Some(span)) => write!(text, "{}.{:03}", span.micros() / 1_000, span.micros() % 1_000),
            Self::Millis(None) => write!(text, "null"),
            Self::Milliseconds => write!(text, "\"ms\""),
            Self::Is(it) => write!(text, "{it}"),
        };
    }
}

/// The quantiles of times, ms.
pub(super) fn latency(histogram: &Histogram) -> Value {
    let ms = |span: Option<Span>| span.map(Span::millis_f64);
    json!({
        "unit": "ms",
        "count": histogram.count(),
        "mean": ms(histogram.mean()),
        "p50": ms(histogram.quantile(500)),
        "p90": ms(histogram.quantile(900)),
        "p99": ms(histogram.quantile(990)),
        "p999": ms(histogram.quantile(999)),
        "max": ms(histogram.quantile(1_000)),
    })
}

pub(super) fn bill(bill: &Bill) -> Value {
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
        NoteKind::GivenUp(of, records) => {
            let reported =
                scenario.consumers.get(of.reader as usize).is_some_and(|by| by.failures.on_failure != OnFailure::None);
            let mut told = json!({
                "at_s": at_s,
                "what": "given up",
                "consumer": of.reader,
                "shard": shard_id(of.shard),
                "records": of.records,
                "condition": of.condition.word(),
            });
            if reported {
                told["report"] = failure::document(scenario, note.at, of, records);
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

pub(super) fn finding(finding: &Finding) -> Value {
    json!({
        "id": finding.id,
        "cause": finding.cause,
        "evidence": finding.evidence,
        "remedy": finding.remedy,
    })
}

/// The result of a delivery stream, with who reads for it.
fn deliver((deliver, run): (&Deliver, &FirehoseRun)) -> Value {
    let mut summary = run.summary();
    summary["name"] = deliver.title().into();
    summary["read_by_consumer"] = deliver.consumer.into();
    summary
}

/// The result of a stream that follows, with who puts into it.
fn then((hop, session): (&Hop, &Session)) -> Value {
    let mut summary = session.summary();
    summary["put_by_consumer"] = hop.consumer.into();
    summary
}
