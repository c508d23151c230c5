//! Findings about batches that fail: what blocks a shard, what was given up, and what keeps a consumer from working on
//! several batches of a shard at a time.

use super::{Finding, Seen, Tone, Try};
use crate::engine::Condition;
use crate::errors::shard_id;
use crate::metrics::note::NoteKind;
use crate::metrics::timeline::{Metric, ShardMetric};
use crate::metrics::view::View;
use crate::scenario::{HandlerKind, OnFailure, Responses, capacity};
use crate::text::{int, span_text};
use crate::words::percent;
use serde_json::{Value, json};

/// A shard that works through nothing for so long, while a batch of it fails, is called blocked; seconds.
const BLOCKED_AFTER: f64 = 30.0;

impl Seen<'_> {
    pub(super) fn failing(&self) -> Option<Finding> {
        // Those that time out, or whose environment or store was lost, have findings of their own.
        let others = self.total(Metric::Timeouts) + self.total(Metric::LostInvocations) + self.store_failures();
        let errors = self.total(Metric::Errors) - others;
        let invocations = self.total(Metric::Invocations);
        if errors <= 0.0 || !self.blocked.is_empty() {
            return None;
        }
        let consumer = self.consumer();
        let edits =
            [(consumer.injected_error_rate.millionths() > 0, "error_rate"), (consumer.poison.is_some(), "poison_rate")];
        let edits: Vec<(String, Value)> =
            edits.into_iter().filter(|(on, _)| *on).map(|(_, field)| (self.path(field), json!(0))).collect();
        Some(Finding {
            id: "invocations-fail",
            tone: Tone::Late,
            cause: "Invocations fail".to_owned(),
            evidence: format!(
                "{} of {} invocations failed{}. A batch that fails is tried again in place and blocks its shard{}.",
                int(errors),
                int(invocations),
                if consumer.handler == HandlerKind::Model { ", by an injected fault" } else { "" },
                if consumer.parallelization > 1 { ", or its part of it" } else { "" },
            ),
            remedy: "Mend the function; until then its shard waits.".to_owned(),
            remedy_try: (!edits.is_empty()).then(|| Try { label: "Try without errors".to_owned(), edits }),
        })
    }

    /// A batch that always fails stops its shard.
    pub(super) fn blocked(&self) -> Option<Finding> {
        let (blocked, consumer) = (&self.blocked, self.consumer());
        let (shard, seconds) = blocked.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let waiting: f64 = blocked
            .iter()
            .map(|(shard, _)| self.timeline.shard_column(ShardMetric::Waiting, *shard)[self.frames - 1])
            .sum();
        let others = self.timeline.gauge(Metric::OpenShards, self.frames) as usize;
        let others = others.saturating_sub(blocked.len());
        let poison = consumer.poison.is_some();
        let what = if poison { "poison record, by injection," } else { "batch that always fails" };
        let edits = vec![
            (self.path("bisect"), json!("on")),
            (self.path("responses"), json!("items")),
            (self.path("max_retries"), json!(2)),
            (self.path("on_failure"), json!("sqs")),
        ];
        Some(Finding {
            id: "shard-blocked",
            tone: Tone::Late,
            cause: match blocked.len() {
                1 => format!("One failing batch blocks {}", shard_id(shard as u32)),
                count => format!("Failing batches block {count} shards"),
            },
            evidence: format!(
                "A {what} is tried again in place: for {} nothing of {} was processed, and {} records wait behind. {}",
                span_text(seconds),
                if blocked.len() == 1 { "this shard" } else { "the slowest of them" },
                int(waiting),
                match others {
                    0 => "No other shard is left.".to_owned(),
                    1 => "The other shard goes on.".to_owned(),
                    count => format!("The other {count} shards go on."),
                }
            ),
            remedy: match (consumer.failures.max_retries, consumer.failures.max_record_age) {
                (None, None) => "It goes on until the records expire. Bisecting with partial responses and a few \
                                 retries gives up the record alone, and reports it."
                    .to_owned(),
                _ => "Bisecting with partial responses gives up the record alone, and reports it.".to_owned(),
            },
            remedy_try: Some(Try { label: "Try isolating it".to_owned(), edits }),
        })
    }

    /// Records that the mapping gave up.
    pub(super) fn discarded(&self) -> Option<Finding> {
        let (records, batches) = (self.total(Metric::Discarded), self.total(Metric::GivenUp));
        if records == 0.0 {
            return None;
        }
        let consumer = self.consumer();
        let end = self.timeline.end_of(self.frames - 1);
        let told = self.timeline.notes().filter(|note| note.at <= end).filter_map(|note| match &note.what {
            NoteKind::GivenUp(of, _) if of.reader as usize == self.timeline.consumer => Some(of.condition),
            _ => None,
        });
        let (too_old, all) =
            told.fold((0, 0), |(old, all), of| (old + u32::from(of == Condition::RecordAgeExceeded), all + 1));
        let condition = match too_old {
            0 => Condition::RetryAttemptsExhausted.word(),
            old if old == all => Condition::RecordAgeExceeded.word(),
            _ => "retries and age",
        };
        let each = records / batches;
        let report = match consumer.failures.on_failure {
            OnFailure::None => "without a trace: there is no on-failure destination",
            OnFailure::Sqs => "and reported to the SQS queue",
            OnFailure::Sns => "and reported to the SNS topic",
            OnFailure::S3 => "and kept in the S3 bucket",
        };
        let coarse =
            each > 1.5 && !(consumer.failures.bisect && consumer.failures.responses == Responses::ItemFailures);
        let (remedy, edits) = if coarse {
            let edits = vec![(self.path("bisect"), json!("on")), (self.path("responses"), json!("items"))];
            let remedy =
                "Whole batches go for the sake of one record: bisecting with partial responses gives up only that.";
            (remedy, Some(("Try bisecting", edits)))
        } else if consumer.failures.on_failure == OnFailure::None {
            let edits = vec![(self.path("on_failure"), json!("sqs"))];
            ("With a destination they can be found and sent again.", Some(("Try a queue", edits)))
        } else {
            ("Work off what the destination got; the stream keeps the records until they expire.", None)
        };
        Some(Finding {
            id: "given-up",
            tone: Tone::Lost,
            cause: "Records were given up".to_owned(),
            evidence: format!(
                "{} records in {} batches, {} each on average, were given up after {condition}, {report}.",
                int(records),
                int(batches),
                if each < 1.05 { "one".to_owned() } else { format!("{each:.1}") },
            ),
            remedy: remedy.to_owned(),
            remedy_try: edits.map(|(label, edits)| Try { label: label.to_owned(), edits }),
        })
    }

    /// More invocations a shard were allowed than the keys let run.
    pub(super) fn few_keys(&self) -> Option<Finding> {
        let consumer = self.consumer();
        let factor = f64::from(consumer.parallelization);
        let late = capacity::late_after(self.scenario, consumer).millis_f64();
        let (age, running) = (self.timeline.column(Metric::IteratorAgeMs), self.timeline.column(Metric::Concurrency));
        let open = self.timeline.column(Metric::OpenShards);
        // Only while work is late is every part of a shard that has records at work.
        let busy: Vec<f64> =
            (0..self.frames).filter(|frame| age[*frame] > late).map(|frame| running[frame] / open[frame]).collect();
        let mean = busy.iter().sum::<f64>() / busy.len() as f64;
        if factor < 2.0 || busy.len() as f64 * self.width < BLOCKED_AFTER || mean > 0.5 * factor {
            return None;
        }
        Some(Finding {
            id: "parallelization-defeated",
            tone: Tone::Late,
            cause: "Few keys defeat the parallelization factor".to_owned(),
            evidence: format!(
                "{} invocations of a shard may run at a time; while work was late {mean:.1} did on average, {} of them. A \
                 key stays with one invocation, so that its records stay in order.",
                int(factor),
                percent(mean / factor)
            ),
            remedy:
                "Spread the load over more partition keys, or make the work of one record shorter; a larger factor \
                     gains nothing."
                    .to_owned(),
            remedy_try: None,
        })
    }

    /// Invocations whose fixed time is most of what they take, because their batches are small.
    pub(super) fn tiny_batches(&self) -> Option<Finding> {
        let consumer = self.consumer();
        let (records, invocations) = (self.total(Metric::Processed), self.total(Metric::Invocations));
        let each = records / invocations.max(1.0);
        let fixed = consumer.duration.fixed.seconds_f64();
        let share = fixed / (fixed + consumer.duration.per_record.seconds_f64() * each).max(1e-9);
        let often = invocations / (self.frames as f64 * self.width);
        if !consumer.is_mapping() || invocations < 5_000.0 || often < 5.0 || each > 5.0 || share < 0.5 {
            return None;
        }
        Some(Finding {
            id: "tiny-batches",
            tone: Tone::Cost,
            cause: "Batches are too small for their invocations".to_owned(),
            evidence: format!(
                "{each:.1} records a batch, of {} that it may have: {} of the billed time is what an invocation takes \
                 before its first record.",
                int(f64::from(consumer.batch_size)),
                percent(share)
            ),
            remedy: "A batching window lets batches fill up, for so much more delay.".to_owned(),
            remedy_try: Some(Try {
                label: "Try a window of 5 s".to_owned(),
                edits: vec![(self.path("batching_window_s"), json!(5))],
            }),
        })
    }
}

/// Shards in which nothing was processed for a while although records wait and batches fail, with for how many seconds.
pub(super) fn blocked_shards(timeline: View<'_>, frames: usize) -> Vec<(usize, f64)> {
    let failed = timeline.column(Metric::Errors).iter().zip(timeline.column(Metric::ItemFailures));
    let fails: Vec<bool> = failed.map(|(errors, items)| errors + items > 0.0).take(frames).collect();
    let blocked = |shard: usize| {
        let processed = &timeline.shard_column(ShardMetric::Processed, shard)[..frames];
        let waiting = &timeline.shard_column(ShardMetric::Waiting, shard)[..frames];
        let still = processed.iter().zip(waiting).rev().take_while(|(done, waits)| **done == 0.0 && **waits > 0.0);
        let still = still.count();
        let seconds = still as f64 * timeline.width().seconds_f64();
        let failing = fails[frames - still..].iter().any(|fails| *fails);
        (seconds >= BLOCKED_AFTER && failing).then_some((shard, seconds))
    };
    (0..timeline.shards()).filter_map(blocked).collect()
}
