//! Quantities times a dated price book: the bill of a run, line by line, each line tied to its cause.

pub mod prices;

use crate::metrics::{Metric, Timeline};
use crate::scenario::{Part, Scenario};
use crate::text;
use crate::units::{PicoUsd, Span};
use crate::words;
use prices::{Price, PriceBook, US_EAST_1};

/// Thirty days, to which a run is extrapolated: 720 hours.
pub const MONTH: Span = Span::from_hours(720);

/// The bill of a run up to some frame, and its extrapolation to 30 days.
#[derive(Clone, Debug, PartialEq)]
pub struct Bill {
    /// The lines. Amounts are rounded line by line, so that the column adds up by hand.
    pub lines: Vec<BillLine>,
    /// Sum of the run column, as rounded: units of 10⁻⁴ dollars.
    pub run_total_e4: u64,
    /// Sum of the 30-day column, as rounded: cents.
    pub month_total_cents: u64,
    /// How the 30 days were extrapolated, as a sentence.
    pub extrapolation: String,
    /// Region and kind of price, e.g. `us-east-1, list price`.
    pub price_book: &'static str,
}

/// One line of the bill.
#[derive(Clone, Debug, PartialEq)]
pub struct BillLine {
    /// What is charged, in the service's words.
    pub name: &'static str,
    /// Where the quantity comes from, with its numbers.
    pub cause: String,
    /// Quantity of this run, in `unit`.
    pub quantity: f64,
    /// Quantity of 30 days, in `unit`.
    pub month_quantity: f64,
    /// Unit of the quantity.
    pub unit: &'static str,
    /// Price of one unit.
    pub unit_price: PicoUsd,
    /// When the price was taken down, e.g. `2024-07`.
    pub dated: &'static str,
    /// This run, rounded to 10⁻⁴ dollars.
    pub run_e4: u64,
    /// 30 days, rounded to cents.
    pub month_cents: u64,
}

/// The bill after the first `frames` frames; the 30-day column extrapolates from all frames of the timeline.
pub fn bill(scenario: &Scenario, timeline: &Timeline, frames: usize) -> Bill {
    let PriceBook { name, shard_hour, put_unit, lambda_request, lambda_gb_second } = US_EAST_1;
    let frames = frames.min(timeline.frames());
    let month = Month::of(scenario, timeline);
    let shards = f64::from(scenario.stream.shards);
    let hours = |frames: usize| frames.checked_sub(1).map_or(0.0, |last| timeline.end_of(last).seconds_f64() / 3_600.0);
    let gb_seconds = |ms: f64| ms / 1_000.0 * f64::from(scenario.consumer.memory_mb) / 1_024.0;
    let counted = |metric| (timeline.total(metric, frames), month.quantity(timeline, metric));
    let (units, month_units) = counted(Metric::PutUnits);
    let (requests, month_requests) = counted(Metric::Invocations);
    let (duration, month_duration) = counted(Metric::DurationMs);
    let (gb_s, month_gb_s) = (gb_seconds(duration), gb_seconds(month_duration));
    let run_clock = text::clock(hours(frames) * 3_600.0);
    let memory = scenario.consumer.memory_mb;
    let lines = vec![
        line(
            shard_hour,
            format!("{shards} × {run_clock}"),
            shards * hours(frames),
            shards * MONTH.seconds_f64() / 3_600.0,
        ),
        line(put_unit, format!("{} × 25 KB", text::int(units)), units, month_units),
        line(lambda_request, format!("{} invocations", text::int(requests)), requests, month_requests),
        line(lambda_gb_second, format!("{} GB-s at {memory} MB", words::short(gb_s)), gb_s, month_gb_s),
    ];
    Bill {
        run_total_e4: lines.iter().map(|line| line.run_e4).sum(),
        month_total_cents: lines.iter().map(|line| line.month_cents).sum(),
        lines,
        extrapolation: month.sentence(timeline),
        price_book: name,
    }
}

fn line(price: Price, cause: String, quantity: f64, month_quantity: f64) -> BillLine {
    let amount = |quantity: f64| PicoUsd::new((quantity * price.usd.get() as f64).round() as u128);
    BillLine {
        name: price.name,
        cause,
        quantity,
        month_quantity,
        unit: price.unit,
        unit_price: price.usd,
        dated: price.dated,
        run_e4: amount(quantity).rounded(4) as u64,
        month_cents: amount(month_quantity).rounded(2) as u64,
    }
}

/// How a run stands for 30 days.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Month {
    /// The run once a day, and for the rest of each day what its first `calm` frames were like.
    OnceADay { calm: usize },
    /// The run over and over.
    Repeated,
}

impl Month {
    /// A calm of fewer frames says too little about ordinary traffic.
    const CALM_FRAMES_MIN: usize = 10;

    fn of(scenario: &Scenario, timeline: &Timeline) -> Self {
        let has_spike = scenario.traffic.parts.iter().any(|part| matches!(part, Part::Spike { .. }));
        let first_corner = scenario.traffic.parts.iter().filter_map(|part| part.corners().first().copied()).min();
        let calm = first_corner.map_or(0, |at| (at.micros() / timeline.width().micros()) as usize);
        let calm = calm.min(timeline.frames());
        if has_spike && calm >= Self::CALM_FRAMES_MIN && timeline.length() < Span::from_hours(24) {
            Self::OnceADay { calm }
        } else {
            Self::Repeated
        }
    }

    /// A counted quantity over 30 days.
    fn quantity(self, timeline: &Timeline, metric: Metric) -> f64 {
        let frames = timeline.frames();
        let Some(last) = frames.checked_sub(1) else { return 0.0 };
        let (run, run_s, month_s) =
            (timeline.total(metric, frames), timeline.end_of(last).seconds_f64(), MONTH.seconds_f64());
        match self {
            Self::Repeated => run * month_s / run_s,
            Self::OnceADay { calm } => {
                let calm_s = timeline.end_of(calm - 1).seconds_f64();
                run * 30.0 + timeline.total(metric, calm) / calm_s * (month_s - run_s * 30.0)
            }
        }
    }

    fn sentence(self, timeline: &Timeline) -> String {
        let length = text::span_text(timeline.length().seconds_f64());
        match self {
            Self::OnceADay { .. } => "30 days: base traffic, and this spike once a day.".to_owned(),
            Self::Repeated if timeline.length() == MONTH => "30 days: this run.".to_owned(),
            Self::Repeated => format!("30 days: extrapolated from this run of {length}, repeated for 720 h."),
        }
    }
}
