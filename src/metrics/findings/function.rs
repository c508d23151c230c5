//! Findings about Lambda: invocations that are refused or cut off, environments that take long to start.

use super::{Finding, HEADROOM, Seen, Tone, Try};
use crate::limits;
use crate::metrics::timeline::Metric;
use crate::scenario::capacity;
use crate::text::{int, span_text};
use crate::words::{percent, rate_text};
use serde_json::json;

/// Cold starts are told from this share of the billed duration on.
const TOLD: f64 = 0.1;

impl Seen<'_> {
    /// States that grow beyond what a tumbling window may hand on.
    pub(super) fn windows_end_early(&self) -> Option<Finding> {
        let (early, whole) = (self.total(Metric::EarlyWindows), self.total(Metric::Windows));
        let tumbling = self.consumer().tumbling;
        let records = limits::TUMBLING_STATE_MAX.get() / tumbling.state_per_record.get().max(1);
        // A window that leaves a fifth of the room, where records are spread evenly over the shards.
        let open = self.timeline.gauge(Metric::OpenShards, self.frames).max(1.0);
        let each = self.sustained(self.timeline.column(Metric::Processed)) / open;
        let seconds = (records as f64 * 0.8 / each.max(1e-9)).floor();
        let fits = (1.0..tumbling.window.seconds_f64()).contains(&seconds);
        (early > 0.0).then(|| Finding {
            id: "windows-end-early",
            tone: Tone::Late,
            cause: "Windows end early".to_owned(),
            evidence: format!(
                "{} times the state of a shard’s window grew beyond 1\u{a0}MiB, which {} records fill: the function was given \
                 an unfinished result with isWindowTerminatedEarly, and began again with an empty state. {} windows ended \
                 when they were over.",
                int(early),
                int(records as f64),
                int(whole)
            ),
            remedy: "Keep less for each record, or shorter windows, or more shards.".to_owned(),
            remedy_try: fits.then(|| Try {
                label: format!("Try windows of {}", span_text(seconds)),
                edits: Try::edit(&self.path("tumbling_window_s"), json!(seconds as u64)),
            }),
        })
    }

    /// Invocations that Lambda refused, and which cap did it.
    pub(super) fn concurrency_binds(&self) -> Option<Finding> {
        let refused = self.total(Metric::Throttles) - self.total(Metric::InjectedThrottles);
        let scaling = self.total(Metric::ScalingThrottles);
        if refused == 0.0 {
            return None;
        }
        let consumer = self.consumer();
        let account = self.scenario.account_concurrency;
        let allowed = capacity::concurrency(self.scenario, consumer);
        let reserved_by_others: u32 =
            self.scenario.consumers.iter().filter_map(|other| other.function.reserved).sum::<u32>()
                - consumer.function.reserved.unwrap_or(0);
        // What all shards together can use, and what the load takes with full batches.
        let shards = self.timeline.gauge(Metric::OpenShards, self.frames);
        let most = shards * f64::from(consumer.parallelization);
        let stored = self.sustained(self.timeline.column(Metric::Stored));
        let full = capacity::full_batch(self.scenario, consumer);
        let each = full / capacity::full_batch_seconds(self.scenario, consumer).max(1e-6);
        let needed = (stored / each * HEADROOM).ceil().min(most);
        let enough = format!(
            "{} records/s keep {} executions busy with full batches, 20\u{a0}% room included; {} shards use {} at most.",
            rate_text(stored),
            int(needed),
            int(shards),
            int(most)
        );
        let waits = "No retry is used up and nothing is lost, but the shard waits.";
        let asked = "answered with TooMany\u{200b}Requests\u{200b}Exception";
        let (cause, evidence, remedy, edits) = if scaling * 2.0 > refused {
            let step = int(limits::LAMBDA_SCALE_STEP as f64);
            let span = span_text(limits::LAMBDA_SCALE_SPAN.seconds_f64());
            (
                "The function gains environments too slowly",
                format!("{} invocations were {asked}: {step} environments are made in {span}. {waits}", int(refused)),
                "Larger batches need fewer environments; what is reserved does not come faster.".to_owned(),
                None,
            )
        } else if let Some(reserved) = consumer.function.reserved {
            let evidence = format!("{} invocations were {asked}: {reserved} were reserved. {waits}", int(refused));
            let left = u64::from(account.saturating_sub(reserved_by_others));
            let most_reserved = left.saturating_sub(limits::LAMBDA_UNRESERVED_MIN) as f64;
            let wanted = needed.max(f64::from(reserved) + 1.0).min(most_reserved);
            let edits = (wanted > f64::from(reserved)).then(|| {
                (format!("Try {} reserved", int(wanted)), (self.path("reserved_concurrency"), json!(wanted as u64)))
            });
            ("Reserved concurrency is too low", evidence, enough, edits)
        } else {
            let evidence = format!(
                "{} invocations were {asked}: the account allows {allowed} executions at the same time. {waits}",
                int(refused)
            );
            let wanted = (needed.max(f64::from(allowed) + 1.0) + f64::from(reserved_by_others)).ceil();
            let edit = ("account.concurrency".to_owned(), json!(wanted as u64));
            let edits = Some((format!("Try an account with {}", int(wanted)), edit));
            ("The account’s concurrency is used up", evidence, enough, edits)
        };
        Some(Finding {
            id: "concurrency-binds",
            tone: Tone::Late,
            cause: cause.to_owned(),
            evidence,
            remedy,
            remedy_try: edits.map(|(label, edit)| Try { label, edits: vec![edit] }),
        })
    }

    /// Invocations that did not finish in time.
    pub(super) fn timeouts(&self) -> Option<Finding> {
        let (cut_off, invocations) = (self.total(Metric::Timeouts), self.total(Metric::Invocations));
        // Where a store makes invocations wait, another timeout would only cut another wait.
        if cut_off == 0.0 || self.total(Metric::WritesGivenUp) > 0.0 {
            return None;
        }
        let consumer = self.consumer();
        let timeout = consumer.function.timeout.seconds_f64();
        let full = capacity::full_batch_seconds(self.scenario, consumer);
        let longest = full * (1.0 + consumer.duration.spread.as_f64());
        let wanted = (longest * HEADROOM).ceil().clamp(1.0, limits::LAMBDA_TIMEOUT_MAX.seconds_f64());
        Some(Finding {
            id: "function-times-out",
            tone: Tone::Late,
            cause: "The function times out".to_owned(),
            evidence: format!(
                "{} of {} invocations were cut off after {}; a full batch takes {}. The batch is tried again in place, and \
                 takes as long again.",
                int(cut_off),
                int(invocations),
                span_text(timeout),
                span_text(full)
            ),
            remedy: "A longer timeout, or a smaller batch. Where the work is computing, more memory makes it faster."
                .to_owned(),
            remedy_try: (wanted > timeout).then(|| Try {
                label: format!("Try a timeout of {}", span_text(wanted)),
                edits: vec![(self.path("timeout_s"), json!(wanted as u64))],
            }),
        })
    }

    /// Environments whose start is a large part of the work, or makes it late.
    pub(super) fn cold_starts(&self) -> Option<Finding> {
        let (made, init) = (self.total(Metric::ColdStarts), self.total(Metric::InitDurationMs));
        let share = init / self.total(Metric::DurationMs).max(1.0);
        let each = init / made.max(1.0) / 1e3;
        let (starts, ages) = (self.timeline.column(Metric::ColdStarts), self.timeline.column(Metric::IteratorAgeMs));
        let while_starting = (0..self.frames).filter(|frame| starts[*frame] > 0.0);
        let age = while_starting.map(|frame| ages[frame] / 1e3).fold(0.0, f64::max);
        let late = age > capacity::late_after(self.scenario, self.consumer()).seconds_f64();
        // An age that has other reasons is not the cold starts'.
        let makes_late = late && each * 4.0 > age;
        if init == 0.0 || !(share >= TOLD || makes_late) {
            return None;
        }
        let lives = span_text(self.consumer().function.idle_life.seconds_f64());
        Some(Finding {
            id: "cold-starts",
            tone: if makes_late { Tone::Late } else { Tone::Cost },
            cause: if makes_late { "Cold starts make it late" } else { "Cold starts are billed" }.to_owned(),
            evidence: format!(
                "{} environments were made, each {} before its first batch: {} of the billed duration. Meanwhile the oldest \
                 record was up to {} old.",
                int(made),
                span_text(each),
                percent(share.min(1.0)),
                span_text(age)
            ),
            remedy: format!(
                "Load less at the start. An environment is kept for {lives} without work; each deploy makes all of them new."
            ),
            remedy_try: None,
        })
    }
}
