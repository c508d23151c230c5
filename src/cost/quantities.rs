//! What a run used, frame by frame, in the units that are billed.

use super::{MONTH, Month};
use crate::limits;
use crate::metrics::usage::{IDLE_BELOW, Usage};
use crate::metrics::{Metric, NoteKind, View};
use crate::scenario::{Architecture, ConsumerKind, LeaseTable, Scenario, StreamMode};
use crate::units::Span;
use crate::{text, words};

const GB: f64 = (1u64 << 30) as f64;
const HOUR_S: f64 = 3_600.0;
/// Retention that costs nothing, and retention up to which the first price holds.
const FREE: Span = limits::RETENTION_DEFAULT;
const EXTENDED: Span = limits::EXTENDED_RETENTION;

/// One billed quantity.
#[derive(Clone, Debug)]
pub(super) struct Quantity {
    /// Id of its price.
    pub price: &'static str,
    /// The consumer that it is for, if it is for one.
    pub consumer: Option<usize>,
    /// Of each frame.
    pub frames: Vec<f64>,
    /// What 30 days have besides what the frames extrapolate to.
    pub month_more: f64,
}

/// The open shards and the mode of each frame.
pub(super) struct Use {
    /// Shard-seconds of open shards in provisioned mode.
    shard_s: Vec<f64>,
    /// The mode at the end of each frame.
    modes: Vec<StreamMode>,
    seconds: Vec<f64>,
}

impl Use {
    /// What the run used; or what it would have in one mode with so many shards throughout.
    pub fn of(scenario: &Scenario, timeline: View<'_>, instead: Option<(StreamMode, u32)>) -> Self {
        let frames = timeline.frames();
        let end = |frame: usize| timeline.end_of(frame).seconds_f64();
        let start = |frame: usize| frame.checked_sub(1).map_or(0.0, end);
        let seconds: Vec<f64> = (0..frames).map(|frame| end(frame) - start(frame)).collect();
        if let Some((mode, shards)) = instead {
            let shard_s = seconds.iter().map(|seconds| seconds * f64::from(shards)).collect();
            return Self { shard_s, modes: vec![mode; frames], seconds };
        }
        let mut notes = timeline.notes().peekable();
        let (mut open, mut mode) = (f64::from(scenario.stream.open_at_start()), scenario.stream.mode);
        let (mut shard_s, mut modes) = (Vec::with_capacity(frames), Vec::with_capacity(frames));
        for frame in 0..frames {
            let (mut at, mut sum) = (start(frame), 0.0);
            while let Some(note) = notes.next_if(|note| note.at.seconds_f64() < end(frame)) {
                sum += open * (note.at.seconds_f64() - at);
                at = note.at.seconds_f64();
                match note.what {
                    NoteKind::Opened { .. } => open += 1.0,
                    NoteKind::Closed { .. } => open -= 1.0,
                    NoteKind::Mode { mode: new } => mode = new,
                    _ => {}
                }
            }
            shard_s.push(sum + open * (end(frame) - at));
            modes.push(mode);
        }
        Self { shard_s, modes, seconds }
    }

    /// Everything that is billed, in the order of the bill.
    pub fn quantities(&self, scenario: &Scenario, timeline: View<'_>, frames: usize, month: Month) -> Vec<Quantity> {
        let in_mode = |mode: StreamMode, value: &dyn Fn(usize) -> f64| -> Vec<f64> {
            (0..self.modes.len()).map(|frame| if self.modes[frame] == mode { value(frame) } else { 0.0 }).collect()
        };
        let of = |metric: Metric, frame: usize| timeline.column(metric)[frame];
        let gb = |metric: Metric, unit: f64| move |frame: usize| timeline.column(metric)[frame] * unit / GB;
        let plain = |price, frames| Quantity { price, consumer: None, frames, month_more: 0.0 };
        let seconds_in = |mode| in_mode(mode, &|frame| self.seconds[frame]).iter().sum::<f64>();
        let mut all = Vec::new();
        let registered = registered(scenario);
        let pushed =
            |price, mode| (registered > 0.0).then(|| plain(price, in_mode(mode, &gb(Metric::PushedBytes, 1.0))));
        if seconds_in(StreamMode::Provisioned) > 0.0 {
            let mode = StreamMode::Provisioned;
            all.push(plain("shard_hour", in_mode(mode, &|frame| self.shard_s[frame] / HOUR_S)));
            all.push(plain("put_unit", in_mode(mode, &|frame| of(Metric::PutUnits, frame))));
            if scenario.stream.retention > FREE {
                all.push(plain("extended_shard_hour", in_mode(mode, &|frame| self.shard_s[frame] / HOUR_S)));
            }
            let stored = in_mode(mode, &gb(Metric::StoredBytes, 1.0));
            all.extend(self.kept("long_gb_month", scenario, timeline, stored, month, EXTENDED, Span::ZERO));
            if registered > 0.0 {
                let hours = in_mode(mode, &|frame| registered * self.shard_s[frame] / HOUR_S);
                all.push(plain("fan_out_shard_hour", hours));
            }
            all.extend(pushed("fan_out_gb", mode));
        }
        if seconds_in(StreamMode::OnDemand) > 0.0 {
            let mode = StreamMode::OnDemand;
            all.push(plain("stream_hour", in_mode(mode, &|frame| self.seconds[frame] / HOUR_S)));
            all.push(plain("in_gb", in_mode(mode, &gb(Metric::StoredKib, 1_024.0))));
            all.push(plain("out_gb", in_mode(mode, &gb(Metric::ReadBytes, 1.0))));
            all.extend(pushed("on_demand_fan_out_gb", mode));
            let stored = || in_mode(mode, &gb(Metric::StoredBytes, 1.0));
            all.extend(self.kept("extended_gb_month", scenario, timeline, stored(), month, FREE, EXTENDED));
            all.extend(self.kept("long_gb_month", scenario, timeline, stored(), month, EXTENDED, Span::ZERO));
        }
        if seconds_in(StreamMode::Advantage) > 0.0 {
            let mode = StreamMode::Advantage;
            for (price, metric, unit) in
                [("advantage_in_gb", Metric::StoredKib, 1_024.0), ("advantage_out_gb", Metric::ReadBytes, 1.0)]
            {
                let used = in_mode(mode, &gb(metric, unit));
                // The commitment is for the account and holds for at least a day: what falls short is billed too.
                let floor = limits::ADVANTAGE_COMMITMENT.get() as f64 / GB;
                let month_used = month.quantity(timeline, &used);
                let month_floor = floor * MONTH.seconds_f64() * (seconds_in(mode) / self.seconds.iter().sum::<f64>());
                let run: f64 = used[..frames].iter().sum();
                let run_floor: f64 = floor * self.seconds[..frames].iter().sum::<f64>();
                let short = (run_floor - run).max(0.0);
                let mut with_floor = used;
                if let Some(last) = with_floor.get_mut(frames.saturating_sub(1)) {
                    *last += short;
                }
                let month_with = month.quantity(timeline, &with_floor);
                let month_more = month_used.max(month_floor) - month_with;
                all.push(Quantity { price, consumer: None, frames: with_floor, month_more });
            }
            all.extend(pushed("advantage_fan_out_gb", mode));
            let stored = in_mode(mode, &gb(Metric::StoredBytes, 1.0));
            all.extend(self.kept("advantage_gb_month", scenario, timeline, stored, month, FREE, Span::ZERO));
        }
        for (index, consumer) in scenario.consumers.iter().enumerate() {
            if let ConsumerKind::Kcl(kcl) = consumer.kind {
                let own = timeline.seen_by(index);
                let hours = |units: u32| self.seconds.iter().map(|s| s / HOUR_S * f64::from(units)).collect();
                let lines: [(&str, Vec<f64>); 2] = match kcl.table {
                    LeaseTable::OnDemand => [
                        ("lease_write", own.column(Metric::LeaseWrites).to_vec()),
                        ("lease_read", own.column(Metric::LeaseReads).to_vec()),
                    ],
                    LeaseTable::Provisioned { reads, writes } => {
                        [("lease_write_hour", hours(writes)), ("lease_read_hour", hours(reads))]
                    }
                };
                all.extend(lines.map(|(price, frames)| Quantity { consumer: Some(index), ..plain(price, frames) }));
            }
            if let ConsumerKind::Analytics(of) = consumer.kind {
                let start = consumer.start.seconds_f64();
                let mut end = 0.0;
                let runs = self.seconds.iter().map(|seconds| {
                    end += seconds;
                    (end - start).clamp(0.0, *seconds)
                });
                let runs: Vec<f64> = runs.collect();
                let of_time = |each: f64, unit: f64| runs.iter().map(|seconds| seconds / unit * each).collect();
                let storage = f64::from(of.kpus()) * limits::ANALYTICS_KPU_STORAGE_GB as f64;
                let lines: [(&str, Vec<f64>); 2] = [
                    ("kpu_hour", of_time(of.billed_kpus().into(), HOUR_S)),
                    ("kpu_storage_gb_month", of_time(storage, MONTH.seconds_f64())),
                ];
                all.extend(lines.map(|(price, frames)| Quantity { consumer: Some(index), ..plain(price, frames) }));
            }
            if consumer.kind != ConsumerKind::Lambda {
                continue;
            }
            let (own, memory) = (timeline.seen_by(index), f64::from(consumer.memory_mb) / 1_024.0);
            let seconds = own.column(Metric::DurationMs).iter().map(|ms| ms / 1_000.0 * memory);
            let duration = match consumer.function.architecture {
                Architecture::X86 => "lambda_gb_second",
                Architecture::Arm => "lambda_arm_gb_second",
            };
            let lines = [("lambda_request", own.column(Metric::Invocations).to_vec()), (duration, seconds.collect())];
            all.extend(lines.map(|(price, frames)| Quantity { consumer: Some(index), ..plain(price, frames) }));
        }
        all
    }

    /// GB-months of what is kept between two ages (`to` of zero: to the end of its retention), as it is in the steady
    /// state of the month; the run itself is billed in proportion to its length.
    #[expect(clippy::too_many_arguments, reason = "a sentence about one line of the bill")]
    fn kept(
        &self,
        price: &'static str,
        scenario: &Scenario,
        timeline: View<'_>,
        stored: Vec<f64>,
        month: Month,
        from: Span,
        to: Span,
    ) -> Option<Quantity> {
        let until = if to == Span::ZERO { scenario.stream.retention } else { scenario.stream.retention.min(to) };
        let kept_s = until.micros().saturating_sub(from.micros()) as f64 / 1e6;
        if kept_s <= 0.0 {
            return None;
        }
        let gb_months = month.quantity(timeline, &stored) * kept_s / MONTH.seconds_f64();
        let total: f64 = self.seconds.iter().sum();
        let frames: Vec<f64> = self.seconds.iter().map(|seconds| gb_months * seconds / MONTH.seconds_f64()).collect();
        let more = gb_months - month.quantity(timeline, &frames);
        (total > 0.0).then_some(Quantity { price, consumer: None, frames, month_more: more })
    }
}

impl Quantity {
    /// Where the quantity comes from, in words.
    pub fn cause(&self, scenario: &Scenario, timeline: View<'_>, frames: usize, run: f64) -> String {
        let clock = frames.checked_sub(1).map_or(0.0, |last| timeline.end_of(last).seconds_f64());
        let total = |metric| timeline.total(metric, frames);
        let gb = |gb: f64| format!("{} GB", words::short(gb));
        match self.price {
            "shard_hour" => shards(scenario, timeline, frames, clock, run),
            "put_unit" => {
                let throttled = total(Metric::Throttled);
                let free = if throttled > 0.0 {
                    format!("; {} rejected attempts cost nothing", text::int(throttled))
                } else {
                    String::new()
                };
                // The same bytes in full units.
                let full = (total(Metric::StoredBytes) / limits::PUT_PAYLOAD_UNIT.get() as f64).ceil();
                let rounding = rounding(run, full);
                let wasted = if rounding >= TOLD {
                    format!(", {} of it rounding: by bytes {} would do", words::percent(rounding), text::int(full))
                } else {
                    String::new()
                };
                format!("{} × 25 KB{wasted}{free}", text::int(run))
            }
            "extended_shard_hour" => format!(
                "{} shard-hours kept beyond 24 h, up to {}",
                words::short(run),
                text::span_text(scenario.stream.retention.min(EXTENDED).seconds_f64())
            ),
            "stream_hour" => format!("1 stream × {}", text::clock(clock)),
            "in_gb" | "advantage_in_gb" => {
                let (used, exact) = (total(Metric::StoredKib) * 1_024.0 / GB, total(Metric::StoredBytes) / GB);
                let rounding = rounding(used, exact);
                let wasted = if rounding >= TOLD {
                    let share = words::percent(rounding);
                    format!(", {share} of it rounding to 1 KB: {} by bytes", gb(exact))
                } else {
                    String::new()
                };
                let short = if (run - used) / run.max(1e-12) > COMMITTED {
                    " stored, the rest is the commitment of 25 MiB/s"
                } else {
                    ""
                };
                format!("{}{wasted}{short}", gb(used))
            }
            "out_gb" | "advantage_out_gb" => {
                let used = total(Metric::ReadBytes) / GB;
                let short = (run - used) / run.max(1e-12) > COMMITTED;
                if short { format!("{} read, the rest is the commitment of 25 MiB/s", gb(used)) } else { gb(used) }
            }
            "fan_out_shard_hour" => {
                let registered = registered(scenario) as u64;
                format!("{} × {} shard-hours", words::registered(registered), words::short(run / registered as f64))
            }
            "fan_out_gb" | "on_demand_fan_out_gb" | "advantage_fan_out_gb" => {
                format!("{} pushed to {}", gb(run), words::registered(registered(scenario) as u64))
            }
            "lease_write" => format!("{} checkpoints, renewals and takeovers of leases", text::int(run)),
            "lease_read" => format!("{} units of scans", text::int(run)),
            "lease_write_hour" | "lease_read_hour" => {
                format!("{} units × {}", text::int(run * HOUR_S / clock.max(1e-9)), text::clock(clock))
            }
            "kpu_hour" | "kpu_storage_gb_month" => {
                let kind = scenario.consumers[self.consumer.unwrap_or(0)].kind;
                let kpus = if let ConsumerKind::Analytics(of) = kind { of.kpus() } else { 0 };
                if self.price == "kpu_hour" {
                    let more = limits::ANALYTICS_ORCHESTRATION_KPUS;
                    format!("{kpus} KPU{} and {more} for the orchestration", if kpus == 1 { "" } else { "s" })
                } else {
                    format!("{kpus} × {} GB", limits::ANALYTICS_KPU_STORAGE_GB)
                }
            }
            "lambda_request" => format!("{} invocations", text::int(run)),
            "lambda_gb_second" | "lambda_arm_gb_second" => {
                let (consumer, memory) =
                    (self.consumer.unwrap_or(0), scenario.consumers[self.consumer.unwrap_or(0)].memory_mb);
                let total = |metric| timeline.seen_by(consumer).total(metric, frames);
                let cold = total(Metric::InitDurationMs) / total(Metric::DurationMs).max(1.0);
                let cold = if cold >= TOLD {
                    format!(", {} of it cold starts", words::percent(cold.min(1.0)))
                } else {
                    String::new()
                };
                format!("{} GB-s at {} MB{cold}", words::short(run), memory)
            }
            // Retention by what is kept: the quantity is that of the steady state, in proportion to the run.
            _ => {
                let from = if self.price == "long_gb_month" { EXTENDED } else { FREE };
                let to = scenario.stream.retention;
                let to = if self.price == "extended_gb_month" { to.min(EXTENDED) } else { to };
                format!(
                    "{} kept from {} of age to {}",
                    gb(run / clock.max(1e-9) * MONTH.seconds_f64()),
                    text::span_text(from.seconds_f64()),
                    text::span_text(to.seconds_f64())
                )
            }
        }
    }
}

/// Consumers that are registered with the stream, for as long as the run.
fn registered(scenario: &Scenario) -> f64 {
    scenario.consumers.iter().filter(|consumer| consumer.source.is_pushed()).count() as f64
}

/// A share of a line that is worth a word.
const TOLD: f64 = 0.05;
/// A line exceeds what was used by more than rounding of the numbers explains: the commitment.
const COMMITTED: f64 = 0.005;

/// The share of what is billed that only rounding up made.
fn rounding(billed: f64, exact: f64) -> f64 {
    if billed > 0.0 { ((billed - exact) / billed).max(0.0) } else { 0.0 }
}

/// Shard-hours, and how many of them idled.
fn shards(scenario: &Scenario, timeline: View<'_>, frames: usize, clock: f64, run: f64) -> String {
    let at_start = f64::from(scenario.stream.open_at_start());
    let idle = Usage::of(timeline, frames).idle_share();
    let idle = if idle >= TOLD {
        format!(", {} of it under {} use", words::percent(idle), words::percent(IDLE_BELOW))
    } else {
        String::new()
    };
    if (run * HOUR_S - at_start * clock).abs() < 1e-6 * run.max(1.0) * HOUR_S {
        format!("{at_start} × {}{idle}", text::clock(clock))
    } else {
        format!("{} on average × {}{idle}", words::short(run * HOUR_S / clock.max(1e-9)), text::clock(clock))
    }
}
