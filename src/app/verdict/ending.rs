//! What is said at the end: what was lost and how, how late the rest was, or that it held.

use super::state::State;
use super::{Verdict, verdict_of};
use crate::app::reading::LOSSES;
use crate::app::words::{self, capital, span_text};
use crate::metrics::Metric;
use crate::scenario::{Operation, PlannedOperation, RetryPolicy};

impl State<'_> {
    pub(super) fn at_the_end(&self) -> Verdict {
        let (worst, _) = self.worst();
        // Records that waited at the producer were late before the stream ever saw them.
        let (offer, _) = self.reading.peak(Metric::OfferLatencyP99Ms);
        let held = offer / 1_000.0 > 1.2 * worst && offer / 1_000.0 > self.late_after.seconds_f64();
        let late = if held { offer / 1_000.0 } else { worst };
        let was_late = late > self.late_after.seconds_f64();
        let lost = self.gone();
        let shards = capital(&self.shards());
        let when = self.when_done(held);
        if lost > 0 {
            let share = words::percent(lost as f64 / self.ledger.offered.max(1) as f64);
            let gone = format!("{{lost:{}}}, {share} of all", words::records(lost as f64));
            let subject = self.who_lost(&shards);
            let head = if was_late {
                format!("{subject} {gone}; the rest was up to {{wait:{}\u{a0}late}}.", span_text(late))
            } else {
                format!("{subject} {gone}.")
            };
            let done = if was_late { when } else { format!("What was accepted was done within {}.", span_text(late)) };
            return verdict_of(&head, &format!("{}{done}", self.how_lost()));
        }
        if was_late {
            let head = format!("Nothing was lost. Work was up to {{wait:{}\u{a0}late}}.", span_text(late));
            return verdict_of(&head, &when);
        }
        let peak = words::int(words::rate(self.scenario.traffic.peak_rate(self.scenario.length)));
        verdict_of(
            "It holds: {done:nothing lost, nothing late}.",
            &format!(
                "{shards} took the peak of {peak} records/s; the oldest record never waited longer than {}.",
                span_text(worst)
            ),
        )
    }

    /// The subject and verb of the sentence about what is gone.
    fn who_lost(&self, shards: &str) -> String {
        let ledger = &self.ledger;
        if ledger.expired > ledger.lost() {
            "Retention ran out for".to_owned()
        } else if ledger.discarded > ledger.lost() {
            "The mapping gave up".to_owned()
        } else {
            format!("{shards} lost")
        }
    }

    /// How the largest loss came about, and from when on.
    fn how_lost(&self) -> String {
        let first = self.reading.first(|frame| LOSSES.iter().any(|metric| self.reading.value(*metric, frame) > 0.0));
        let Some(first) = first else { return String::new() };
        let ledger = &self.ledger;
        let causes = [ledger.lost_exhausted, ledger.lost_too_old, ledger.lost_buffer_full, ledger.lost_host_died];
        let most = causes.into_iter().fold(ledger.lost_ignored, u64::max);
        let what = if most == ledger.lost_ignored {
            let changed = |planned: &PlannedOperation| matches!(planned.operation, Operation::DeployProducer { .. });
            if self.scenario.producer.retry == RetryPolicy::Ignore && !self.scenario.operations.iter().any(changed) {
                "ignored every failed entry"
            } else {
                "lost failed entries that nobody looked at"
            }
        } else if most == ledger.lost_exhausted {
            "used up its attempts"
        } else if most == ledger.lost_too_old {
            "gave up what had grown too old"
        } else if most == ledger.lost_host_died {
            "lost what its hosts held when they died"
        } else {
            "ran out of buffer"
        };
        format!("The producer {what} from {first} on. ")
    }

    /// When the last late record was done, or what still waits.
    fn when_done(&self, held: bool) -> String {
        let waiting = self.reading.backlog() + self.ledger.at_producer as f64;
        if self.is_late() || self.holds_back() {
            return format!("{} still wait.{}", words::records(waiting), self.time_to_loss());
        }
        let counted = if held { " Lateness counts from the first attempt, for 99 of 100 records." } else { "" };
        match self.reading.caught_up(self.late_after) {
            Some(at) => format!("The last late record was done at {at}.{counted}"),
            None if held => counted.trim_start().to_owned(),
            None => String::new(),
        }
    }
}
