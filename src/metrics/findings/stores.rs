//! Findings about the stores that consumers write to: what they hold up, what they refuse, what they get twice.

use super::{Finding, Seen, Tone, Try};
use crate::metrics::timeline::Metric;
use crate::scenario::{Operation, PlannedOperation, StoreFault, WriteStore, capacity};
use crate::text::{clock, int, span_text};
use crate::units::SimTime;
use crate::words::rate_text;
use serde_json::json;

/// Records a write that a remedy tries.
const TOGETHER: u32 = 25;
/// Writes wait in so many frames at least before a store is said to hold work up.
const BUSY_FRAMES: usize = 3;
/// A wait after an outage is worth a sentence from so many seconds on.
const WAITS_LONG_S: f64 = 5.0;

impl<'a> Seen<'a> {
    /// The store that the consumer writes to, with its place in the document.
    fn store(&self) -> Option<(&'a WriteStore, u32)> {
        let place = self.scenario.consumers[self.timeline.consumer].writes?.store;
        Some((&self.scenario.stores[place as usize], place))
    }

    /// From when on writes waited for connections, how many frames that was, and by how much the lag grew, in seconds.
    fn waits_for_store(&self) -> Option<(usize, f64)> {
        let connections = f64::from(self.store()?.0.connections?);
        let (busy, waiting) =
            (self.timeline.column(Metric::StoreConnections), self.timeline.column(Metric::StoreWaiting));
        let full = |frame: &usize| busy[*frame] >= connections && waiting[*frame] > 0.0;
        let frames: Vec<usize> = (0..self.frames).filter(full).collect();
        let (first, last) = (*frames.first()?, *frames.last()?);
        let ages = self.timeline.column(Metric::IteratorAgeMs);
        let before = first.checked_sub(1).map_or(0.0, |frame| ages[frame]);
        let worst = ages[first..=last].iter().copied().fold(0.0, f64::max);
        let grown = (worst - before) / 1e3;
        let late = capacity::late_after(self.scenario, self.consumer()).seconds_f64();
        (frames.len() >= BUSY_FRAMES && grown > late).then_some((first, grown))
    }

    /// Whether it is the store that makes the consumer late.
    pub(super) fn store_binds(&self) -> bool {
        self.waits_for_store().is_some() || self.store_failures() > 0.0
    }

    /// Writes that were asked for and not done, but for those whose invocation was over.
    pub(super) fn store_failures(&self) -> f64 {
        self.total(Metric::WritesRefused) + self.total(Metric::WritesThrottled)
    }

    pub(super) fn store_busy(&self) -> Option<Finding> {
        let (first, grown) = self.waits_for_store()?;
        let (store, place) = self.store()?;
        let most = self.timeline.column(Metric::WriteWaitP99Ms)[..self.frames].iter().copied().fold(0.0, f64::max);
        let takes = store.records_per_second().unwrap_or(f64::INFINITY);
        let together = (store.records * 10).max(TOGETHER);
        let label = format!("Try {together} records a write");
        let edits = Try::edit(&format!("stores.{place}.records_per_write"), json!(together));
        Some(Finding {
            id: "store-busy",
            tone: Tone::Late,
            cause: format!("{} holds the consumer up", store.name),
            evidence: format!(
                "All of its {} connections were busy from {} on: writes waited up to {}, and the consumer’s lag grew by {}. It \
                 takes about {} records/s, and {} at a time are in one write.",
                int(store.connections.unwrap_or(0).into()),
                clock(self.timeline.end_of(first).seconds_f64()),
                span_text(most / 1e3),
                span_text(grown),
                rate_text(takes),
                store.records
            ),
            remedy:
                "More records in a write: its own time is paid less often. More connections help while the store has \
                     room behind them; a faster function does not."
                    .to_owned(),
            remedy_try: (together < 1_000).then_some(Try { label, edits }),
        })
    }

    pub(super) fn store_refuses(&self) -> Option<Finding> {
        let (store, place) = self.store()?;
        let (refused, throttled) = (self.total(Metric::WritesRefused), self.total(Metric::WritesThrottled));
        if refused + throttled == 0.0 {
            return None;
        }
        let broken = self
            .scenario
            .operations
            .iter()
            .any(|planned| matches!(planned.operation, Operation::BreakStore { store, .. } if store == place));
        let units = store.units.filter(|_| throttled > 0.0);
        let remedy_try = units.map(|units| {
            let label = format!("Try {} write units", int(f64::from(units) * 2.0));
            Try { label, edits: Try::edit(&format!("stores.{place}.write_units"), json!(units * 2)) }
        });
        Some(Finding {
            id: "store-refuses",
            tone: Tone::Late,
            cause: format!("{} refuses writes{}", store.name, if broken { ", by injection" } else { "" }),
            evidence: format!(
                "{} writes were refused and {} throttled. Each fails its invocation as a thrown error would: the batch is tried \
                 again in place, and its shard waits.",
                int(refused),
                int(throttled)
            ),
            remedy: if units.is_some() {
                "More write units, or fewer writes: capacity that is not there is waited for in the stream."
            } else {
                "The stream keeps what cannot be written; retention is the time that there is. A bound on retries gives \
                 records up that an outage would only have delayed."
            }
            .to_owned(),
            remedy_try,
        })
    }

    /// Of the outages of the store that are over, the one after which the mapping waited longest before its next try:
    /// when the store was back, and for how long the mapping waited then, in seconds.
    fn waited_after_outage(&self) -> Option<(SimTime, f64)> {
        let (_, place) = self.store()?;
        let ages = &self.timeline.column(Metric::IteratorAgeMs)[..self.frames];
        let waited = |planned: &PlannedOperation| {
            let Operation::BreakStore { store, what: StoreFault::Outage, span } = planned.operation else {
                return None;
            };
            let back = planned.at + span;
            let first =
                (0..self.frames).find(|frame| self.timeline.end_of(*frame) > back).filter(|_| store == place)?;
            // Where nothing is tried the oldest record grows older by the clock.
            let stands = |of: &&[f64]| of[1] - of[0] > 900.0 * self.width;
            let still = ages[first.saturating_sub(1)..].windows(2).take_while(stands).count();
            Some((back, still as f64 * self.width))
        };
        let outages = self.scenario.operations.iter().filter_map(waited);
        outages.max_by(|one, other| one.1.total_cmp(&other.1))
    }

    /// A mapping tries a batch again at times that it has set itself, whatever the store does meanwhile.
    pub(super) fn waits_after_outage(&self) -> Option<Finding> {
        if !self.consumer().is_mapping() {
            return None;
        }
        let (store, (back, waited)) = (self.store()?.0, self.waited_after_outage()?);
        let (base, cap) = (self.consumer().retry_base, self.consumer().retry_cap);
        (waited > WAITS_LONG_S).then(|| Finding {
            id: "waits-after-outage",
            tone: Tone::Late,
            cause: "The mapping waits on after the outage".to_owned(),
            evidence: format!(
                "{} was back at {}, but the last batch was not tried again for another {}: after each failure a mapping waits twice \
                 as long, from {} to {} (estimated).",
                store.name,
                clock(back.seconds_f64()),
                span_text(waited),
                span_text(base.seconds_f64()),
                span_text(cap.seconds_f64()),
            ),
            remedy: "Nothing is lost by it. Keep records for the outage, for this wait, and for as long as it takes to work the \
                     backlog off."
                .to_owned(),
            remedy_try: None,
        })
    }

    pub(super) fn written_twice(&self) -> Option<Finding> {
        let (store, place) = self.store()?;
        let again = self.total(Metric::WrittenAgain);
        (again > 0.0 && !store.idempotent).then(|| Finding {
            id: "written-twice",
            tone: Tone::Lost,
            cause: format!("{} has records twice", store.name),
            evidence: format!(
                "{} of {} records were written again after their invocation had failed, and this store does not know them.",
                int(again),
                int(self.total(Metric::Written))
            ),
            remedy: "Write by a key that the record brings along, such as its sequence number: then the same write once more \
                     changes nothing."
                .to_owned(),
            remedy_try: Some(Try {
                label: "Try idempotent writes".to_owned(),
                edits: Try::edit(&format!("stores.{place}.idempotent"), json!("on")),
            }),
        })
    }
}
