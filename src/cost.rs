//! Quantities times a dated price table: the bill of a run, line by line, each line tied to its cause.

mod advice;
mod direct;
mod firehose;
mod floor;
mod quantities;
mod stores;
mod video;

pub use crate::scenario::prices;
pub use advice::findings;
pub use direct::direct_bill;
pub use firehose::firehose_bill;
pub use floor::Floor;
pub use video::video_bill;

use crate::metrics::View;
use crate::scenario::{Part, Scenario, StreamMode};
use crate::units::{PicoUsd, SimTime, Span};
use crate::{text, words};
use quantities::{Quantity, Use};

/// Thirty days, to which a run is extrapolated: 720 hours.
pub const MONTH: Span = Span::from_hours(720);

/// The bill of a run up to some frame, and its extrapolation to 30 days.
#[derive(Clone, Debug, Default, PartialEq)]
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
    pub price_book: String,
    /// The same arrivals in every capacity mode, the stream's own as it ran; empty before the run is over.
    pub compared: Vec<Compared>,
}

/// 30 days of the same arrivals in one capacity mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The mode.
    pub mode: StreamMode,
    /// Open shards, for provisioned mode: those of the run, or as many as would have been enough.
    pub shards: u32,
    /// All lines, in cents.
    pub month_cents: u64,
}

impl Bill {
    /// The modes side by side, in one line: `Provisioned with 12 shards $207.45, …`.
    pub fn compared_text(&self) -> String {
        let one = |compared: &Compared| {
            let with = match compared.mode {
                StreamMode::Provisioned => format!(" with {}", words::shards(u64::from(compared.shards))),
                StreamMode::OnDemand | StreamMode::Advantage => String::new(),
            };
            format!("{}{with} {}", compared.mode.name(), words::dollars_cents(compared.month_cents))
        };
        self.compared.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// One line of the bill.
#[derive(Clone, Debug, PartialEq)]
pub struct BillLine {
    /// What is charged, in the service's words, with the consumer's title before them where there are several.
    pub name: String,
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
    /// When the price was taken down, e.g. `2024-07`, and where it holds if that is not the chosen region; `your price`
    /// where the scenario sets it.
    pub dated: String,
    /// This run, rounded to 10⁻⁴ dollars.
    pub run_e4: u64,
    /// 30 days, rounded to cents.
    pub month_cents: u64,
}

/// The bill after the first `frames` frames; the 30-day column extrapolates from all frames of the timeline.
pub fn bill(scenario: &Scenario, timeline: View<'_>, frames: usize) -> Bill {
    let month = Month::of(scenario, timeline);
    let used = Use::of(scenario, timeline, None);
    let mut bill = bill_of(scenario, timeline, &used, frames.min(timeline.frames()), month);
    if frames > 0 && frames >= timeline.frames_total() {
        bill.compared = compared(scenario, timeline, bill.month_total_cents);
    }
    bill
}

/// Every mode for the same arrivals; the stream's own costs what it cost.
fn compared(scenario: &Scenario, timeline: View<'_>, month_cents: u64) -> Vec<Compared> {
    [StreamMode::Provisioned, StreamMode::OnDemand, StreamMode::Advantage]
        .map(|mode| {
            if mode == scenario.stream.mode {
                return Compared { mode, shards: scenario.stream.open_at_start(), month_cents };
            }
            let shards = advice::enough(scenario, timeline);
            Compared { mode, shards, month_cents: month_in(scenario, timeline, mode, shards) }
        })
        .to_vec()
}

/// What 30 days of the same arrivals, as the run stored them, would cost in another capacity mode; in cents. For
/// provisioned, with so many shards throughout.
pub fn month_in(scenario: &Scenario, timeline: View<'_>, mode: StreamMode, shards: u32) -> u64 {
    let month = Month::of(scenario, timeline);
    let used = Use::of(scenario, timeline, Some((mode, shards)));
    bill_of(scenario, timeline, &used, timeline.frames(), month).month_total_cents
}

fn bill_of(scenario: &Scenario, timeline: View<'_>, used: &Use, frames: usize, month: Month) -> Bill {
    let line = |quantity: &Quantity| {
        let run: f64 = quantity.frames[..frames].iter().sum();
        let whole = month.quantity(timeline, &quantity.frames) + quantity.month_more;
        line(scenario, quantity, quantity.cause(scenario, timeline, frames, run), run, whole)
    };
    let mut lines: Vec<BillLine> = used.quantities(scenario, timeline, frames, month).iter().filter_map(line).collect();
    lines.extend(stores::lines(scenario, timeline, frames, month));
    Bill {
        run_total_e4: lines.iter().map(|line| line.run_e4).sum(),
        month_total_cents: lines.iter().map(|line| line.month_cents).sum(),
        lines,
        extrapolation: month.sentence(timeline),
        price_book: format!("{}, list price", scenario.prices.region),
        compared: Vec::new(),
    }
}

/// A line at the scenario's price, or else the table's.
fn line(scenario: &Scenario, of: &Quantity, cause: String, quantity: f64, month_quantity: f64) -> Option<BillLine> {
    let id = of.price;
    let price = prices::in_region(scenario.prices.region, id)?;
    let (usd, dated) = match scenario.prices.own.iter().find(|(own, _)| *own == id) {
        Some((_, usd)) => (*usd, "your price".to_owned()),
        None if price.region == scenario.prices.region => (price.usd, price.dated.to_owned()),
        None => (price.usd, format!("{}, {}", price.dated, price.region)),
    };
    let borrowed = price.region != scenario.prices.region && dated.ends_with(price.region);
    let cause = if borrowed { format!("{cause}; price of {}", price.region) } else { cause };
    let amount = |quantity: f64| PicoUsd::new((quantity * usd.get() as f64).round() as u128);
    Some(BillLine {
        name: of.consumer.map_or(price.name.to_owned(), |index| scenario.with_title(index, price.name.to_owned())),
        cause,
        quantity,
        month_quantity,
        unit: price.unit,
        unit_price: usd,
        dated,
        run_e4: amount(quantity).rounded(4) as u64,
        month_cents: amount(month_quantity).rounded(2) as u64,
    })
}

/// The frames of a run.
#[derive(Clone, Copy, Debug)]
struct Grid {
    width: Span,
    length: Span,
    frames: usize,
}

impl Grid {
    fn end_of(self, frame: usize) -> SimTime {
        (SimTime::ZERO + Span::from_micros(self.width.micros() * (frame as u64 + 1))).min(SimTime::ZERO + self.length)
    }
}

impl From<View<'_>> for Grid {
    fn from(timeline: View<'_>) -> Self {
        Self { width: timeline.width(), length: timeline.length(), frames: timeline.frames() }
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

    fn of(scenario: &Scenario, grid: impl Into<Grid>) -> Self {
        let grid = grid.into();
        let has_spike = scenario.traffic.parts.iter().any(|part| matches!(part, Part::Spike { .. }));
        let first_corner = scenario.traffic.parts.iter().filter_map(|part| part.corners().first().copied()).min();
        let calm = first_corner.map_or(0, |at| (at.micros() / grid.width.micros()) as usize);
        let calm = calm.min(grid.frames);
        if has_spike && calm >= Self::CALM_FRAMES_MIN && grid.length < Span::from_hours(24) {
            Self::OnceADay { calm }
        } else {
            Self::Repeated
        }
    }

    /// A quantity of 30 days, from that of each frame.
    fn quantity(self, grid: impl Into<Grid>, column: &[f64]) -> f64 {
        let grid = grid.into();
        let Some(last) = column.len().checked_sub(1) else { return 0.0 };
        let sum = |frames: usize| column[..frames].iter().sum::<f64>();
        let (run, run_s, month_s) = (sum(column.len()), grid.end_of(last).seconds_f64(), MONTH.seconds_f64());
        match self {
            Self::Repeated => run * month_s / run_s,
            Self::OnceADay { calm } => {
                let calm_s = grid.end_of(calm - 1).seconds_f64();
                run * 30.0 + sum(calm) / calm_s * (month_s - run_s * 30.0)
            }
        }
    }

    fn sentence(self, grid: impl Into<Grid>) -> String {
        let grid = grid.into();
        let length = text::span_text(grid.length.seconds_f64());
        match self {
            Self::OnceADay { .. } => "30 days: base traffic, and this spike once a day.".to_owned(),
            Self::Repeated if grid.length == MONTH => "30 days: this run.".to_owned(),
            Self::Repeated => format!("30 days: extrapolated from this run of {length}, repeated for 720 h."),
        }
    }
}
