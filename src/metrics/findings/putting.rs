//! What is to be said about how records are put: order, duplicates, hosts that die, records too small to be put alone.

use super::{Finding, Seen, Tone, Try};
use crate::limits;
use crate::metrics::timeline::Metric;
use crate::scenario::traffic::partition_key;
use crate::scenario::{Kpl, PutCall, capacity};
use crate::text::{int, span_text};
use crate::words::percent;
use serde_json::json;

/// Aggregation is worth a word where it puts at least this many records into one.
const WORTH_AGGREGATING: f64 = 2.0;

impl Seen<'_> {
    /// Records stored after later ones of their key.
    pub(super) fn overtaken(&self) -> Option<Finding> {
        let overtaken = self.total(Metric::Overtaken);
        let key = self.timeline.gauge(Metric::OvertakenKey, self.frames) as u32;
        let most = self.timeline.gauge(Metric::OvertakenMost, self.frames);
        let stored = self.total(Metric::Stored).max(1.0);
        let producer = &self.scenario.producer;
        // Hosts know nothing of each other, so the one remedy of the service does not help then.
        let alone = producer.hosts == 1 && !producer.ordered && !matches!(producer.call, PutCall::Kpl(_));
        (overtaken > 0.0).then(|| Finding {
            id: "overtaken",
            tone: Tone::Late,
            cause: "Records are stored out of order".to_owned(),
            evidence: format!(
                "{} records, {} of what is stored, came after later ones of their key: they were put again. Key {} has \
                 {} of them.",
                int(overtaken),
                percent(overtaken / stored),
                partition_key(key),
                int(most)
            ),
            remedy:
                "Let the consumer order by a number of the record’s own, or put with SequenceNumberForOrdering, one \
                     after the other."
                    .to_owned(),
            remedy_try: alone.then(|| Try {
                label: "Try puts in order".to_owned(),
                edits: vec![
                    ("producer.call".to_owned(), json!("PutRecord")),
                    ("producer.order".to_owned(), json!("by_key")),
                ],
            }),
        })
    }

    /// Records stored twice, since an answer did not come.
    pub(super) fn duplicates(&self) -> Option<Finding> {
        let (duplicates, unanswered) = (self.total(Metric::Duplicates), self.total(Metric::Unanswered));
        (duplicates > 0.0).then(|| Finding {
            id: "duplicates",
            tone: Tone::Late,
            cause: "Records are stored twice".to_owned(),
            evidence: format!(
                "{} put calls were not answered, by injection, and were made again after {}: {} records are stored once \
                 more.",
                int(unanswered),
                span_text(self.scenario.producer.timeouts.after.seconds_f64()),
                int(duplicates)
            ),
            remedy: "At least once is what a stream promises: let the consumer know a record that it has seen.".to_owned(),
            remedy_try: None,
        })
    }

    /// Records lost in the memory of hosts that died.
    pub(super) fn hosts_died(&self) -> Option<Finding> {
        let lost = self.total(Metric::LostHostDied);
        let call = self.scenario.producer.call;
        (lost > 0.0).then(|| Finding {
            id: "host-died",
            tone: Tone::Lost,
            cause: "Hosts died with records in memory".to_owned(),
            evidence: format!("{} records were in the hosts’ buffers, or found no host that was up.", int(lost)),
            remedy: "Shorter buffering loses less with a host; what must not be lost is acknowledged only when it is \
                     stored."
                .to_owned(),
            remedy_try: match call {
                PutCall::PutRecords { .. } => Some(("producer.linger_ms", 10)),
                PutCall::Kpl(_) => Some(("producer.buffered_ms", 20)),
                PutCall::PutRecord => None,
            }
            .map(|(path, millis)| Try {
                label: "Try shorter buffering".to_owned(),
                edits: Try::edit(path, json!(millis)),
            }),
        })
    }

    /// The limit on records binds while bytes have room: many records could share one.
    pub(super) fn too_small_alone(&self) -> Option<Finding> {
        let aggregates = matches!(self.scenario.producer.call, PutCall::Kpl(Kpl { aggregates: true, .. }));
        if self.throttled == 0.0 || self.bytes_bind || aggregates {
            return None;
        }
        let data = capacity::record_bytes(self.scenario);
        let by_bytes = limits::SHARD_WRITE_BYTES_PER_SECOND.get() as f64 / data;
        let times = by_bytes / limits::SHARD_RECORDS_PER_SECOND.per_second_f64();
        (times >= WORTH_AGGREGATING).then(|| Finding {
            id: "too-small-alone",
            tone: Tone::Lost,
            cause: "Records are too small to be put alone".to_owned(),
            evidence: format!(
                "A shard is full at {} records/s, {} of its bytes. Aggregated by the KPL, {} would fit.",
                int(limits::SHARD_RECORDS_PER_SECOND.per_second_f64()),
                percent(1.0 / times),
                int(by_bytes)
            ),
            remedy: "Aggregate: many user records in one Kinesis record, which the consumer takes apart.".to_owned(),
            remedy_try: Some(Try {
                label: "Try the KPL".to_owned(),
                edits: vec![(
                    "producer".to_owned(),
                    json!({"call": "KPL", "hosts": self.scenario.producer.hosts, "buffer": self.scenario.producer.buffer}),
                )],
            }),
        })
    }
}
