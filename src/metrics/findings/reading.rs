//! Findings about reading: limits that readers share, answers that bring nothing.

use super::{Finding, Seen, Tone, Try};
use crate::limits;
use crate::metrics::timeline::Metric;
use crate::scenario::{ConsumerKind, ReadSource, StartingPosition};
use crate::text::{clock, int, span_text};
use crate::words::{count_word, percent};
use serde_json::json;

impl Seen<'_> {
    /// Reads that a shard refused, and who else asked it.
    pub(super) fn reads_throttled(&self) -> Option<Finding> {
        let (refused, calls) = (self.total(Metric::ConsumerReadsRefused), self.total(Metric::ConsumerReads));
        if refused <= calls * 0.05 {
            return None;
        }
        let others = self.scenario.limited_readers().saturating_sub(1);
        let shared = match others {
            0 => "a shard gives 2\u{a0}MiB/s and 5 calls a second.".to_owned(),
            1 => "another poller shares the 2\u{a0}MiB/s and the 5 calls a second that a shard gives.".to_owned(),
            count => format!(
                "{} other pollers share the 2\u{a0}MiB/s and the 5 calls a second that a shard gives.",
                count_word(count.into())
            ),
        };
        let (remedy, remedy_try) = if others == 0 {
            ("More shards give more to read; smaller records take less.".to_owned(), None)
        } else {
            let edits = vec![(self.path("source"), json!(ReadSource::PUSHED))];
            let remedy = "Fewer applications that poll, or each less often; enhanced fan-out pays here: it gives each its \
                          own 2\u{a0}MiB/s.";
            (remedy.to_owned(), Some(Try { label: "Try enhanced fan-out".to_owned(), edits }))
        };
        Some(Finding {
            id: "reads-throttled",
            tone: Tone::Late,
            cause: if others == 0 { "Reads are throttled" } else { "Too many read the same shards" }.to_owned(),
            evidence: format!(
                "{} of the consumer’s {} GetRecords calls were refused: {shared}",
                int(refused),
                int(refused + calls)
            ),
            remedy,
            remedy_try,
        })
    }

    /// Answers that were left empty on purpose, and what they did.
    pub(super) fn empty_answers(&self) -> Option<Finding> {
        let (empty, reads) = (self.total(Metric::EmptyAnswers), self.total(Metric::ConsumerReads));
        let behind =
            self.timeline.column(Metric::MillisBehindLatest)[..self.frames].iter().copied().fold(0.0, f64::max);
        (empty > 0.0).then(|| Finding {
            id: "empty-answers",
            tone: Tone::Late,
            cause: "Empty answers with records ahead".to_owned(),
            evidence: format!(
                "{} answers, {} of all, brought nothing although records lay ahead: injected, as the service may do it now and \
                 then. MillisBehindLatest was up to {}.",
                int(empty),
                percent(empty / reads.max(1.0)),
                span_text(behind / 1e3)
            ),
            remedy: "Go on with NextShardIterator; only MillisBehindLatest says whether the end is reached.".to_owned(),
            remedy_try: Some(Try {
                label: "Try without empty answers".to_owned(),
                edits: Try::edit("stream.empty_answers", json!(0)),
            }),
        })
    }

    /// More than five minutes between two reads of a poller.
    pub(super) fn iterators_expire(&self) -> Option<Finding> {
        let expired = self.total(Metric::IteratorsExpired);
        let ConsumerKind::Poller(poller) = self.consumer().kind else { return None };
        if expired == 0.0 {
            return None;
        }
        let life = limits::ITERATOR_LIFE.seconds_f64();
        // A batch that leaves a fifth of the time.
        let each = self.consumer().duration.per_record.seconds_f64();
        let left = (life - self.consumer().duration.fixed.seconds_f64()) * 0.8;
        let limit = if each > 0.0 { (left / each).floor() } else { 0.0 };
        let fits = limit >= 1.0 && limit < f64::from(poller.limit);
        Some(Finding {
            id: "iterators-expire",
            tone: Tone::Late,
            cause: "Iterators expire".to_owned(),
            evidence: format!(
                "{} GetRecords calls came with an iterator older than {} and were answered with \
                 ExpiredIterator\u{200b}Exception. The poller took a new one with GetShardIterator, \
                 AFTER_SEQUENCE_NUMBER, and nothing was lost; a loop that ends with that error reads nothing more.",
                int(expired),
                span_text(life)
            ),
            remedy: "Read again within five minutes: smaller answers, or reading and working apart.".to_owned(),
            remedy_try: fits.then(|| Try {
                label: format!("Try answers of {}", int(limit)),
                edits: Try::edit(&self.path("limit"), json!(limit as u64)),
            }),
        })
    }

    /// Patterns that drop what they cannot read, or everything.
    pub(super) fn filtered_out(&self) -> Option<Finding> {
        let (filtered, unreadable) = (self.total(Metric::FilteredOut), self.total(Metric::Unreadable));
        let records = int(filtered);
        let none_left = filtered > 0.0 && self.total(Metric::Invocations) == 0.0;
        if unreadable == 0.0 && !none_left {
            return None;
        }
        let evidence = if unreadable > 0.0 {
            format!(
                "{} of the {records} records that were filtered out carry no JSON: a pattern on data drops them without an \
                 error, a report or a retry.",
                int(unreadable)
            )
        } else {
            format!("All {records} records that were read match no pattern: the function was not invoked once.")
        };
        Some(Finding {
            id: "filtered-out",
            tone: Tone::Lost,
            cause: if unreadable > 0.0 {
                "The filter drops what is no JSON"
            } else {
                "The filter lets nothing through"
            }
            .to_owned(),
            evidence,
            remedy:
                "FilteredOutEventCount is the only trace of what a filter drops; without FilterCriteria the function \
                     gets every record."
                    .to_owned(),
            remedy_try: Some(Try {
                label: "Try without a filter".to_owned(),
                edits: Try::edit(&self.path("filter_criteria"), json!([])),
            }),
        })
    }

    /// Records that the consumer's starting position leaves behind.
    pub(super) fn skipped(&self) -> Option<Finding> {
        let skipped = self.timeline.gauge(Metric::Skipped, self.frames);
        let consumer = &self.consumer();
        (skipped > 0.0).then(|| Finding {
            id: "skipped",
            tone: Tone::Late,
            cause: format!("What came before {} is not read", consumer.position.word()),
            evidence: format!(
                "{} records arrived before {} and are not read, by choice.",
                int(skipped),
                clock(consumer.position.from(consumer.start).seconds_f64())
            ),
            remedy: "TRIM_HORIZON reads them too, as far as they are kept.".to_owned(),
            remedy_try: Some(Try {
                label: "Try TRIM_HORIZON".to_owned(),
                edits: Try::edit(&self.path("starting_position"), json!(StartingPosition::TrimHorizon.word())),
            }),
        })
    }
}
