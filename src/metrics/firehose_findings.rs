//! What a delivery stream shows: what it refuses, what it sets aside, what is late, what would help.

use super::firehose::FirehoseFrame;
use super::{Finding, Tone};
use crate::engine::firehose::{PutQuota, SetAside};
use crate::limits;
use crate::scenario::Firehose;
use crate::units::Span;
use crate::{text, words};

/// What the frames of a delivery stream show, what matters most first.
pub fn firehose_findings(firehose: &Firehose, width: Span, frames: &[FirehoseFrame]) -> Vec<Finding> {
    let found = Found { firehose, width, frames };
    let all = [
        found.lost(),
        found.lost_at_producer(),
        found.delivery(),
        found.function(),
        found.partitions(),
        found.throttled(),
        found.waiting(),
        found.rounding(),
    ];
    let mut all: Vec<Finding> = all.into_iter().flatten().collect();
    if all.is_empty() && frames.iter().any(|frame| frame.delivered > 0) {
        all.push(Finding {
            id: "nothing-broke",
            tone: Tone::Good,
            cause: "Everything is accepted and delivered within its buffer".to_owned(),
            evidence: format!("The buffer is delivered after {} at the latest.", found.interval()),
            remedy: String::new(),
            remedy_try: None,
        });
    }
    all
}

struct Found<'a> {
    firehose: &'a Firehose,
    width: Span,
    frames: &'a [FirehoseFrame],
}

impl Found<'_> {
    fn sum(&self, of: impl Fn(&FirehoseFrame) -> u64) -> u64 {
        self.frames.iter().map(of).sum()
    }

    fn aside(&self, why: SetAside) -> u64 {
        self.sum(|frame| frame.set_aside[why as usize])
    }

    fn interval(&self) -> String {
        text::span_text(self.firehose.stream.interval().seconds_f64())
    }

    /// The destination at the beginning of a sentence.
    fn destination(&self) -> String {
        words::capital(self.firehose.stream.destination.kind.name())
    }

    /// Whether the destination was broken on purpose.
    fn injected(&self) -> &'static str {
        if self.firehose.faults.is_empty() { "" } else { " The fault was injected." }
    }

    fn finding(id: &'static str, tone: Tone, cause: String, evidence: String, remedy: String) -> Option<Finding> {
        Some(Finding { id, tone, cause, evidence, remedy, remedy_try: None })
    }

    fn lost(&self) -> Option<Finding> {
        let lost = self.sum(|frame| frame.lost);
        (lost > 0).then_some(())?;
        Self::finding(
            "firehose-lost",
            Tone::Lost,
            format!("{} did not take records for as long as they are kept", self.destination()),
            format!("{} are lost.{}", words::records(lost as f64), self.injected()),
            "A data stream as the source keeps them for up to a year instead of a day.".to_owned(),
        )
    }

    fn lost_at_producer(&self) -> Option<Finding> {
        let lost = self.sum(|frame| frame.lost_put.iter().sum());
        (lost > 0).then_some(())?;
        Self::finding(
            "firehose-lost-at-producer",
            Tone::Lost,
            "The producer loses what is refused".to_owned(),
            format!("{} never reached the delivery stream.", words::records(lost as f64)),
            "More attempts, a larger memory, a higher quota asked for in time, or a data stream in front of it."
                .to_owned(),
        )
    }

    fn throttled(&self) -> Option<Finding> {
        let throttled = |quota: PutQuota| self.sum(|frame| frame.throttled[quota as usize]);
        let all = self.sum(FirehoseFrame::refused);
        (all > 0).then_some(())?;
        let worst = PutQuota::ALL.into_iter().max_by_key(|quota| throttled(*quota))?;
        let frames = self.frames.iter().filter(|frame| frame.refused() > 0).count() as f64;
        let first = self.frames.first().map_or(0, |frame| frame.state.quota);
        let last = self.frames.last().map_or(0, |frame| frame.state.quota);
        let raised = if last > first {
            format!(
                " It raised the quotas by itself, to {} MiB/s in the end.",
                words::short(last as f64 / f64::from(1 << 20))
            )
        } else {
            String::new()
        };
        Self::finding(
            "firehose-throttled",
            Tone::Late,
            format!("The quota of {} a second is used up", worst.name()),
            format!(
                "ServiceUnavailableException for {} entries, in {}.{raised}",
                text::int(all as f64),
                text::span_text(frames * self.width.seconds_f64())
            ),
            match worst {
                PutQuota::Requests => "More records in each call.",
                PutQuota::Records | PutQuota::Bytes => {
                    "Ask for a higher quota before the spike, or put into a data stream."
                }
            }
            .to_owned(),
        )
    }

    fn delivery(&self) -> Option<Finding> {
        let aside = self.aside(SetAside::Delivery);
        (aside > 0).then_some(())?;
        let window = self.firehose.stream.retry_window().seconds_f64();
        Self::finding(
            "firehose-backed-up",
            Tone::Lost,
            format!("{} did not take records while they were tried again", self.destination()),
            format!(
                "{} lie in the backup bucket after {} of tries.{}",
                words::records(aside as f64),
                text::span_text(window),
                self.injected()
            ),
            "They are not lost, but somebody has to bring them in; a longer retry window does it for shorter outages."
                .to_owned(),
        )
    }

    fn function(&self) -> Option<Finding> {
        let aside = self.aside(SetAside::Processing);
        (aside > 0).then_some(())?;
        let (invocations, errors) = (self.sum(|frame| frame.invocations), self.sum(|frame| frame.errors));
        Self::finding(
            "firehose-processing-failed",
            Tone::Lost,
            "The function fails on records".to_owned(),
            format!(
                "{} lie under processing-failed; {} of {} invocations failed.",
                words::records(aside as f64),
                text::int(errors as f64),
                text::int(invocations as f64)
            ),
            "A function that answers for each record by itself, and smaller batches where it runs out of time."
                .to_owned(),
        )
    }

    fn partitions(&self) -> Option<Finding> {
        let aside = self.aside(SetAside::Partitions);
        (aside > 0).then_some(())?;
        Self::finding(
            "firehose-partitions",
            Tone::Lost,
            "More partitions are active than may be".to_owned(),
            format!(
                "{} lie under the error prefix; {} may be active.",
                words::records(aside as f64),
                text::int(f64::from(self.firehose.stream.partitioning.active_max))
            ),
            "Fewer partitions, a shorter interval, or a higher limit.".to_owned(),
        )
    }

    /// Deliveries wait in line, or the function does not keep up.
    fn waiting(&self) -> Option<Finding> {
        let worst = self.frames.iter().map(|frame| frame.state.deliveries_waiting).max()?;
        (worst > 0).then_some(())?;
        Self::finding(
            "firehose-destination-bound",
            Tone::Late,
            format!("{} takes less than comes", self.destination()),
            format!("{} deliveries waited for it at the worst.{}", text::int(worst as f64), self.injected()),
            "A destination that takes more at a time, or larger buffers.".to_owned(),
        )
    }

    /// Small records are billed as if they were larger.
    fn rounding(&self) -> Option<Finding> {
        let (bytes, billed) = (self.sum(|frame| frame.accepted_bytes), self.sum(|frame| frame.billed));
        let times = (billed * limits::FIREHOSE_BILLED.get()) as f64 / bytes.max(1) as f64;
        let records = self.sum(|frame| frame.accepted);
        (times >= 3.0).then_some(())?;
        Self::finding(
            "firehose-rounding",
            Tone::Cost,
            "Small records are billed as 5 KB".to_owned(),
            format!(
                "{} bytes each on the average: {} times as much is billed as comes.",
                text::int(bytes as f64 / records.max(1) as f64),
                words::short(times)
            ),
            "Several records in one, with a line break between them, cost less.".to_owned(),
        )
    }
}
