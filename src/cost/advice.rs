//! Findings about money, beside those of the run: shards that idle, rounding that is paid for, another capacity mode
//! that would cost less for the same arrivals.

use super::{Bill, Compared};
use crate::limits;
use crate::metrics::usage::{self, IDLE_BELOW, Usage, share};
use crate::metrics::{self, Finding, Metric, Tone, Try, View};
use crate::scenario::{ConsumerKind, Scenario, StreamMode, capacity};
use crate::words::{capital, dollars_cents, percent, shards};
use crate::{text, words};
use serde_json::json;

/// Room above the peak that advice leaves, as the findings of the run do.
const HEADROOM: f64 = 1.2;
/// Shards are called idle when more than this share of their hours was: below, the peaks may well need them.
const IDLE_SHARE: f64 = 0.5;
/// Nothing is called idle before it ran this long, in seconds: a shorter run is one spike.
const IDLE_AFTER_S: f64 = 300.0;
/// Fewer shards are worth advice from a quarter less on: resharding costs time and calls.
const WORTH: f64 = 0.75;
/// Another mode is worth advice from a tenth less on: the month is extrapolated, and no better than that.
const CHEAPER: f64 = 0.9;
/// Rounding is worth advice where it is most of a line that is most of the bill.
const MOST: f64 = 0.5;

/// What explains a run and its bill after the first `frames` frames, most important first. What is said of money needs
/// the whole run: before a spike every stream looks idle.
pub fn findings(scenario: &Scenario, timeline: View<'_>, frames: usize) -> Vec<Finding> {
    let mut found = metrics::findings(scenario, timeline, frames);
    if timeline.frames() > 0 && frames >= timeline.frames_total() {
        let bill = super::bill(scenario, timeline, frames);
        let money = Money { scenario, timeline, bill };
        found.extend([money.idle_shards(), money.paid_rounding(), money.cheaper_mode()].into_iter().flatten());
    }
    found
}

/// Shards that would have carried the peak and the functions' work with 20 % to spare, keys permitting.
pub(super) fn enough(scenario: &Scenario, timeline: View<'_>) -> u32 {
    let total = |metric| timeline.total(metric, timeline.frames());
    let full = share(1.0 / usage::together(timeline), total(Metric::StoredBytes) / total(Metric::Stored).max(1.0));
    let functions = scenario.consumers.iter().filter(|consumer| consumer.kind == ConsumerKind::Lambda);
    let speeds = functions.map(|consumer| capacity::function_per_shard(scenario, consumer));
    let speed = speeds.fold(f64::INFINITY, f64::min);
    let needed = scenario.traffic.peak_rate(scenario.length) * full.max(1.0 / speed) * HEADROOM;
    (needed.ceil() as u32).clamp(1, limits::SHARDS_MAX as u32)
}

struct Money<'a> {
    scenario: &'a Scenario,
    timeline: View<'a>,
    bill: Bill,
}

impl Money<'_> {
    fn total(&self, metric: Metric) -> f64 {
        self.timeline.total(metric, self.timeline.frames())
    }

    fn month_in(&self, mode: StreamMode) -> Option<&Compared> {
        self.bill.compared.iter().find(|compared| compared.mode == mode)
    }

    fn idle_shards(&self) -> Option<Finding> {
        let (scenario, timeline) = (self.scenario, self.timeline);
        let usage = Usage::of(timeline, timeline.frames());
        let have = scenario.stream.open_at_start();
        let needed = enough(scenario, timeline);
        // Where the service or a policy sets the number of shards, it is not the scenario's to lower.
        let by_hand = !scenario.stream.scales();
        let short = timeline.length().seconds_f64() < IDLE_AFTER_S || self.total(Metric::Throttled) > 0.0;
        if !by_hand || short || usage.idle_share() < IDLE_SHARE || f64::from(needed) > f64::from(have) * WORTH {
            return None;
        }
        let now = super::month_in(scenario, timeline, StreamMode::Provisioned, have);
        let then = super::month_in(scenario, timeline, StreamMode::Provisioned, needed);
        let count = shards(u64::from(needed));
        Some(Finding {
            id: "idle-shards",
            tone: Tone::Cost,
            cause: "Shards are idle".to_owned(),
            evidence: format!(
                "Of {} shard-hours {} were under {} use.",
                words::short(usage.open_s / 3_600.0),
                percent(usage.idle_share()),
                percent(IDLE_BELOW)
            ),
            remedy: format!(
                "{} would carry the peak with 20\u{a0}% room, for {} less in 30 days.",
                capital(&count),
                dollars_cents(now.saturating_sub(then))
            ),
            remedy_try: Some(Try { label: format!("Try {count}"), edits: Try::edit("stream.shards", json!(needed)) }),
        })
    }

    fn paid_rounding(&self) -> Option<Finding> {
        let line =
            self.bill.lines.iter().find(|line| line.unit == super::prices::by_id("put_unit").map_or("", |p| p.unit))?;
        let (units, bytes) = (self.total(Metric::PutUnits), self.total(Metric::StoredBytes));
        let full = (bytes / limits::PUT_PAYLOAD_UNIT.get() as f64).ceil();
        let rounding = if units > 0.0 { (units - full) / units } else { 0.0 };
        let of_bill = line.month_cents as f64 / self.bill.month_total_cents.max(1) as f64;
        (rounding >= MOST && of_bill >= MOST).then(|| Finding {
            id: "paid-rounding",
            tone: Tone::Cost,
            cause: "Most of the bill is rounding".to_owned(),
            evidence: format!(
                "PUT payload units are {} of {} in 30 days, and {} of them are rounding: {} bytes are billed \
                 as 25\u{a0}KB.",
                dollars_cents(line.month_cents),
                dollars_cents(self.bill.month_total_cents),
                percent(rounding),
                text::int(bytes / units)
            ),
            remedy: format!(
                "Aggregate records, as the KPL does: filled units would be {} instead of {}. Larger calls do not help, \
                 each record is rounded by itself.",
                text::int(full),
                text::int(units)
            ),
            remedy_try: None,
        })
    }

    fn cheaper_mode(&self) -> Option<Finding> {
        let now = self.month_in(self.scenario.stream.mode)?;
        let best = self.bill.compared.iter().min_by_key(|compared| compared.month_cents)?;
        if best.mode == now.mode || best.month_cents as f64 > now.month_cents as f64 * CHEAPER {
            return None;
        }
        let (why, but) = match best.mode {
            StreamMode::Provisioned => (
                "On-demand pays for every GB in and out; shards that are well used carry it for less.",
                "Somebody has to set the number of shards, and what exceeds them is throttled.",
            ),
            StreamMode::OnDemand => (
                "On-demand pays by the KB and for no idle shard.",
                "But a load that more than doubles is throttled until its shards are split, for up to 15 minutes.",
            ),
            StreamMode::Advantage => (
                "With so much data the commitment of 25\u{a0}MiB/s is used, and a GB costs 60\u{a0}% less.",
                "But the commitment is the whole account’s, and is paid whatever comes.",
            ),
        };
        let mut edits = vec![("stream.mode".to_owned(), json!(best.mode.word()))];
        if best.mode == StreamMode::Provisioned {
            edits.push(("stream.shards".to_owned(), json!(best.shards)));
        } else if self.scenario.stream.autoscaler.is_some() {
            edits.push(("stream.autoscaler".to_owned(), json!({"kind": "none"})));
        }
        Some(Finding {
            id: "cheaper-mode",
            tone: Tone::Cost,
            cause: format!("{} would be cheaper", best.mode.name()),
            evidence: format!("30 days of these arrivals: {}. {why}", self.bill.compared_text()),
            remedy: but.to_owned(),
            remedy_try: Some(Try { label: format!("Try {}", best.mode.name()), edits }),
        })
    }
}
