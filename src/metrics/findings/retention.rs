//! Findings about retention: what has expired, what will, and when a backlog is gone.

use super::{Finding, Seen, Tone, Try};
use crate::limits;
use crate::metrics::note::NoteKind;
use crate::metrics::outlook::{self, Outlook};
use crate::metrics::timeline::Metric;
use crate::scenario::{ConsumerKind, Operation};
use crate::text::{clock, int, span_text};
use crate::units::Span;
use crate::words::{rate_text, short};
use serde_json::json;

const HOUR: u64 = Span::from_hours(1).micros();

impl Seen<'_> {
    /// The consumer as the subject of a sentence.
    fn reader(&self) -> &'static str {
        match self.consumer().kind {
            ConsumerKind::Lambda => "the event source mapping",
            ConsumerKind::Poller(_) => "the poller",
            ConsumerKind::Kcl(_) => "the KCL application",
            ConsumerKind::Analytics(_) => "the analytics application",
        }
    }

    fn outlook(&self) -> Outlook {
        Outlook::after(self.scenario, self.timeline, self.frames)
    }

    pub(super) fn expired(&self) -> Option<Finding> {
        let expired = self.total(Metric::Expired);
        if expired == 0.0 {
            return None;
        }
        let column = self.timeline.column(Metric::Expired);
        // A retention that was lowered takes at once what is older.
        let mut before = self.scenario.stream.retention;
        let mut lowered = None;
        for (at, note) in self.notes() {
            if let NoteKind::Retention { retention } = *note {
                let frame = (at.micros() / self.timeline.width().micros()) as usize;
                if retention < before && column[frame] > 0.0 {
                    lowered = Some((at, retention, column[frame]));
                }
                before = retention;
            }
        }
        let how = match lowered {
            Some((at, retention, at_once)) => format!(
                " {} of them went when the retention was lowered to {} at {}.",
                int(at_once),
                span_text(retention.seconds_f64()),
                clock(at.seconds_f64())
            ),
            None => String::new(),
        };
        let now = outlook::retention(self.scenario, self.timeline, self.frames);
        Some(Finding {
            id: "expired",
            tone: Tone::Lost,
            cause: "Records expired before they were processed".to_owned(),
            evidence: format!(
                "{} records were older than the retention, now {}, before {} had worked them off.{how}",
                int(expired),
                span_text(now.seconds_f64()),
                self.reader()
            ),
            remedy:
                "A stream only buys time: the function must catch up within the retention. What has expired does not \
                     come back when it is raised."
                    .to_owned(),
            remedy_try: self.try_retention(now),
        })
    }

    /// The backlog grows older and will reach the retention.
    pub(super) fn will_lose(&self) -> Option<Finding> {
        let outlook = self.outlook();
        let time = outlook.time_to_loss.filter(|time| outlook.loss_is_near && *time > 0.0)?;
        let now = outlook::retention(self.scenario, self.timeline, self.frames);
        let at = self.timeline.end_of(self.frames - 1).seconds_f64() + time;
        Some(Finding {
            id: "will-lose",
            tone: Tone::Lost,
            cause: "Records will begin to expire".to_owned(),
            evidence: format!(
                "The oldest record that {} has not worked off is {} old, the retention is {}. Its age grows by {} each \
                 hour: the first record expires in {}, at {}.",
                self.reader(),
                span_text(outlook.age),
                span_text(outlook.retention),
                span_text((outlook.growth * 3_600.0).min(3_600.0)),
                span_text(time),
                clock(at)
            ),
            remedy:
                "Raise the retention before then, which saves only what has not expired, or make the consumer faster."
                    .to_owned(),
            remedy_try: self.try_retention(now),
        })
    }

    /// The backlog shrinks: when it will be gone.
    pub(super) fn catching_up(&self) -> Option<Finding> {
        let outlook = self.outlook();
        let time = outlook.caught_up_in?;
        let spare = outlook.processed - outlook.stored;
        let at = self.timeline.end_of(self.frames - 1).seconds_f64() + time;
        Some(Finding {
            id: "catching-up",
            tone: Tone::Late,
            cause: "The backlog is being worked off".to_owned(),
            evidence: format!(
                "In the shard that takes longest {} records wait; {} a second are processed and {} come in. {} ÷ {} a \
                 second: caught up in {}, at {}.",
                int(outlook.backlog),
                rate_text(outlook.processed),
                rate_text(outlook.stored),
                int(outlook.backlog),
                short(spare),
                span_text(time),
                clock(at)
            ),
            remedy: "Spare capacity decides: twice as much of it halves the time.".to_owned(),
            remedy_try: None,
        })
    }

    /// Twice the retention, where it is not changed during the run in any case.
    fn try_retention(&self, now: Span) -> Option<Try> {
        let changes = |operation: Operation| matches!(operation, Operation::UpdateRetention { .. });
        let hours = (2 * now.micros() / HOUR).min(limits::RETENTION_MAX.micros() / HOUR);
        let fixed = self.scenario.operations.iter().any(|planned| changes(planned.operation));
        (!fixed && hours * HOUR > now.micros()).then(|| Try {
            label: format!("Try a retention of {}", span_text(hours as f64 * 3_600.0)),
            edits: Try::edit("stream.retention_h", json!(hours)),
        })
    }
}
