//! Round numbers for scales: the next nice value, ticks of an axis of ages, ticks of a plot.

use super::layout::Layout;
use super::svg::label_width;
use crate::text::{int, span_text};

/// Ends of a scale of spans, in seconds.
const SPANS_S: [f64; 25] = [
    60.0,
    120.0,
    180.0,
    240.0,
    300.0,
    360.0,
    480.0,
    600.0,
    900.0,
    1_200.0,
    1_800.0,
    2_400.0,
    3_600.0,
    5_400.0,
    7_200.0,
    10_800.0,
    14_400.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    345_600.0,
    604_800.0,
    1_209_600.0,
    2_678_400.0,
];

/// Distances of ticks on a scale of spans, in seconds.
const STEPS_S: [f64; 22] = [
    15.0,
    30.0,
    60.0,
    120.0,
    180.0,
    300.0,
    600.0,
    900.0,
    1_200.0,
    1_800.0,
    3_600.0,
    7_200.0,
    10_800.0,
    14_400.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    259_200.0,
    604_800.0,
    864_000.0,
    1_209_600.0,
];

/// The power of ten at or below a positive value.
fn magnitude(value: f64) -> f64 {
    libm::pow(10.0, libm::floor(libm::log10(value) + 1e-9))
}

/// The smallest of `steps` times a power of ten that is at least `value`; zero and below give the first step.
fn next_of(value: f64, steps: &[f64]) -> f64 {
    if value.is_nan() || value <= 0.0 {
        return steps[0];
    }
    let unit = magnitude(value);
    steps.iter().map(|step| step * unit).find(|end| *end >= value * (1.0 - 1e-9)).unwrap_or(10.0 * unit)
}

/// The next round number: the end of a scale that is to be halved by a line.
pub fn nice(value: f64) -> f64 {
    next_of(value, &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0])
}

/// The next of 1, 2 or 5 times a power of ten: the end of a scale that changes seldom.
pub fn coarse(value: f64) -> f64 {
    next_of(value, &[1.0, 2.0, 5.0, 10.0])
}

/// The largest round number (1, 2 or 5 times a power of ten) that is at most `value`.
pub fn round_below(value: f64) -> f64 {
    if value.is_nan() || value <= 0.0 {
        return 0.0;
    }
    let unit = magnitude(value);
    [5.0, 2.0, 1.0].into_iter().map(|step| step * unit).find(|end| *end <= value * (1.0 + 1e-9)).unwrap_or(unit)
}

/// The end of a scale of spans that has to hold `seconds`: below a minute a round number of seconds, above it a
/// round number of minutes, hours or days.
pub fn nice_span(seconds: f64) -> f64 {
    if seconds <= 50.0 {
        return next_of(seconds.max(1e-3), &[1.0, 2.0, 4.0, 5.0, 6.0, 8.0, 10.0]);
    }
    SPANS_S.into_iter().find(|end| *end >= seconds).unwrap_or(seconds)
}

/// The axis of ages along a lane.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AgeAxis {
    /// Age at the far end, in seconds.
    pub span: f64,
    /// Ages with a tick, in seconds, and their words.
    pub ticks: Vec<(f64, String)>,
    /// Words at the far end.
    pub far: String,
}

impl AgeAxis {
    /// An axis for records that grow at least as old as `lag` seconds. `width` is that of
    /// a frame, below which nothing can be told apart.
    pub fn new(lag: f64, width: f64, retention: f64, layout: &Layout) -> Self {
        let (length, letter) = (layout.length(), layout.letter);
        let wanted = (lag * 1.08).max(60.0).max(width * 20.0);
        let span = SPANS_S.into_iter().find(|end| *end >= wanted).unwrap_or(wanted).min(retention);
        let most = (length / (70.0 * letter)).clamp(2.0, 5.0);
        let step = STEPS_S.into_iter().find(|step| span / step <= most + 0.01).unwrap_or(span);
        let (name, seconds) = match span {
            ..=120.0 => ("s", 1.0),
            ..=7_200.0 => ("min", 60.0),
            ..=172_800.0 => ("h", 3_600.0),
            _ => ("days", 86_400.0),
        };
        let far = if layout.narrow {
            String::new()
        } else if span < retention {
            format!("kept {} ›", span_text(retention))
        } else {
            format!("{}, then gone", span_text(retention))
        };
        let far_width = label_width(far.chars().count(), letter) + 14.0 * letter;
        let room = if far.is_empty() { 0.0 } else { far_width / length * span };
        let mut ticks = Vec::new();
        let mut age = step;
        while age < span - 1e-6 {
            let value = age / seconds;
            let short = format!("{value:.1}");
            let short = short.trim_end_matches(".0");
            let words = match ticks.len() {
                0 => format!("{short}\u{a0}{name} old"),
                _ => short.to_owned(),
            };
            ticks.push((age, if age > span - room { String::new() } else { words }));
            age += step;
        }
        ticks.push((span, String::new()));
        Self { span, ticks, far }
    }
}

/// A line across a plot: its value and its words.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Where.
    pub value: f64,
    /// The words at its right end.
    pub label: String,
}

/// The vertical scale of a plot.
#[derive(Clone, Debug, PartialEq)]
pub struct YScale {
    /// Value at the foot; above zero where the scale is logarithmic.
    pub min: f64,
    /// Value at the top.
    pub max: f64,
    /// Whether equal factors are equally far apart.
    pub log: bool,
    /// Lines with labels, from the top down.
    pub lines: Vec<Line>,
}

impl YScale {
    /// Rates up to `peak` records per second; the peak itself has the line.
    pub fn rates(peak: f64) -> Self {
        let top = if peak > 0.0 { peak } else { 1.0 };
        let lines = vec![Line { value: top, label: format!("{}/s", int_or_decimal(top)) }];
        Self { min: 0.0, max: top * 1.01, log: false, lines }
    }

    /// Ages up to `seconds`, in seconds.
    pub fn ages(seconds: f64) -> Self {
        let max = nice_span(seconds.max(10.0));
        let lines = [max, max / 2.0].map(|value| Line { value, label: span_text(value) });
        Self { min: 0.0, max, log: false, lines: lines.to_vec() }
    }

    /// Counts of records up to `most`.
    pub fn counts(most: f64) -> Self {
        let max = nice(most.max(400.0));
        let lines = [max, max / 2.0].map(|value| Line { value, label: int(value) });
        Self { min: 0.0, max, log: false, lines: lines.to_vec() }
    }

    /// Counts of things of which there may be few.
    pub fn few(most: f64) -> Self {
        let max = nice(most.max(2.0) * 1.05);
        let half = (max / 2.0).floor();
        let lines = [max.floor(), half].map(|value| Line { value, label: int(value) });
        Self { min: 0.0, max, log: false, lines: lines.to_vec() }
    }

    /// Latencies up to `seconds`, in seconds, on a logarithmic scale from 0.1 s on.
    pub fn latencies(seconds: f64) -> Self {
        const MIN: f64 = 0.1;
        let (max, marks): (f64, &[f64]) = match seconds {
            ..=100.0 => (110.0, &[10.0, 1.0]),
            ..=1_000.0 => (1_100.0, &[600.0, 30.0, 1.0]),
            ..=10_000.0 => (11_000.0, &[3_600.0, 60.0, 1.0]),
            _ => (200_000.0, &[86_400.0, 600.0, 1.0]),
        };
        let lines = marks.iter().map(|value| Line { value: *value, label: span_text(*value) }).collect();
        Self { min: MIN, max, log: true, lines }
    }
}

fn int_or_decimal(value: f64) -> String {
    if value < 10.0 && (value - value.round()).abs() > 0.05 { format!("{value:.1}") } else { int(value) }
}
