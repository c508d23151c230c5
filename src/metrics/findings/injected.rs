//! Findings about faults that the scenario injects into Lambda: what they did, and how a design bears them.

use super::{Finding, Seen, Tone};
use crate::metrics::timeline::Metric;
use crate::scenario::{ConsumerKind, Operation};
use crate::text::{clock, int, span_text};
use crate::units::SimTime;

impl Seen<'_> {
    /// Invocations that were refused while the account was throttled.
    pub(super) fn account_throttled(&self) -> Option<Finding> {
        let refused = self.total(Metric::InjectedThrottles);
        (refused > 0.0).then(|| Finding {
            id: "account-throttled",
            tone: Tone::Late,
            cause: "The account was throttled, by injection".to_owned(),
            evidence: format!(
                "{} invocations were answered with TooMany\u{200b}Requests\u{200b}Exception while all functions together had less \
                 concurrency. The mapping asked again: no retry was used up, nothing was lost, and records waited.",
                int(refused)
            ),
            remedy: "What another team’s function takes of the account, it takes of yours: reserved concurrency keeps a part, \
                     and retention is the time that there is."
                .to_owned(),
            remedy_try: None,
        })
    }

    /// Environments that were lost, and what ran in them.
    pub(super) fn environments_lost(&self) -> Option<Finding> {
        let (lost, failed) = (self.total(Metric::EnvironmentsLost), self.total(Metric::LostInvocations));
        let retries = self.consumer().failures.max_retries;
        (lost > 0.0).then(|| Finding {
            id: "environments-lost",
            tone: Tone::Late,
            cause: "Environments were lost, by injection".to_owned(),
            evidence: format!(
                "{} environments were gone at once, and {} invocations failed with them. Their batches were sent again, to new \
                 environments that start cold: work that was half done was done twice.",
                int(lost),
                int(failed)
            ),
            remedy: match retries {
                Some(0) => "Without retries such a batch is given up: MaximumRetryAttempts of 1 or more bears it.".to_owned(),
                _ => "Code has to bear being run twice with the same records; short starts make the new environments useful \
                      sooner."
                    .to_owned(),
            },
            remedy_try: None,
        })
    }

    /// When the function was slowed down.
    pub(super) fn slowed(&self) -> Option<Finding> {
        let (of, seen) = (self.timeline.consumer as u32, self.timeline.end_of(self.frames - 1));
        let slow = self.scenario.operations.iter().filter(|planned| planned.at < seen).filter_map(|planned| {
            match planned.operation {
                Operation::SlowFunction { consumer, factor_milli, span } if consumer == of => {
                    Some((planned.at, f64::from(factor_milli) / 1e3, span))
                }
                _ => None,
            }
        });
        let said = |(at, factor, span): (SimTime, f64, crate::units::Span)| {
            format!("{factor} times as long from {} on for {}", clock(at.seconds_f64()), span_text(span.seconds_f64()))
        };
        let all: Vec<String> = slow.map(said).collect();
        let is_lambda = self.consumer().kind == ConsumerKind::Lambda;
        (!all.is_empty()).then(|| Finding {
            id: "function-slowed",
            tone: Tone::Late,
            cause: "The function was slowed down, by injection".to_owned(),
            evidence: format!("Invocations that began then took {}.", all.join(", and ")),
            remedy: if is_lambda {
                "A slow dependency looks like this: concurrency, the bill and the iterator age grow together. A timeout below \
                 the batch’s usual time would make it worse."
            } else {
                "A slow dependency looks like this: the backlog grows until it is over, and needs spare capacity to drain."
            }
            .to_owned(),
            remedy_try: None,
        })
    }
}
