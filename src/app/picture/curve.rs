//! The little curve of the traffic beside its fields, and what dragging its handles means.

use super::Size;
use super::forecast::Forecast;
use super::marks::{FLOW, fill, stroke};
use super::strip::silhouette;
use super::svg::{Path, Svg};
use crate::scenario::{Part, Scenario};
use crate::text::rate;

/// Room above the curve, so that a dragged peak can grow.
const HEADROOM: f64 = 1.2;

/// Where the curve stands in its drawing.
struct Frame {
    width: f64,
    height: f64,
    /// Rate at the top.
    top_rate: f64,
    /// Records per second that the whole stream has room for.
    limit: f64,
    /// Highest rate of the curve.
    peak: f64,
    /// Length of the run in seconds.
    length: f64,
}

impl Frame {
    const FOOT: f64 = 2.0;
    const ABOVE: f64 = 8.0;

    fn new(scenario: &Scenario, size: Size) -> Self {
        let forecast = Forecast::of(scenario, 0);
        let (limit, peak) = (forecast.room * f64::from(scenario.stream.open_at_start()), forecast.peak);
        // The limit is in the picture wherever that leaves the curve a visible height.
        let top_rate = if limit < peak * 4.0 { (peak * HEADROOM).max(limit * 1.15) } else { peak * HEADROOM };
        let (top_rate, length) = (top_rate.max(1e-6), scenario.length.seconds_f64().max(1e-6));
        Self { width: size.width, height: size.height, top_rate, limit, peak, length }
    }

    fn x(&self, seconds: f64) -> f64 {
        seconds / self.length * self.width
    }

    fn y(&self, rate: f64) -> f64 {
        self.height - Self::FOOT - rate / self.top_rate * (self.height - Self::FOOT - Self::ABOVE)
    }

    fn seconds(&self, x: f64) -> f64 {
        x / self.width.max(1.0) * self.length
    }

    fn rate(&self, y: f64) -> f64 {
        (self.height - Self::FOOT - y) / (self.height - Self::FOOT - Self::ABOVE).max(1.0) * self.top_rate
    }
}

/// A single spike, in numbers.
struct Spike {
    base: f64,
    peak: f64,
    start: f64,
    rise: f64,
    hold: f64,
    fall: f64,
}

impl Spike {
    /// The spike, where the traffic is one spike and nothing else.
    fn of(scenario: &Scenario) -> Option<Self> {
        let [Part::Spike { base, factor_milli, start, rise, hold, fall }] = scenario.traffic.parts.as_slice() else {
            return None;
        };
        let base = base.per_second_f64();
        Some(Self {
            base,
            peak: base * *factor_milli as f64 / 1e3,
            start: start.seconds_f64(),
            rise: rise.seconds_f64(),
            hold: hold.seconds_f64(),
            fall: fall.seconds_f64(),
        })
    }

    /// When it stops being at its peak.
    fn end(&self) -> f64 {
        self.start + self.rise + self.hold
    }
}

/// The traffic's curve with the stream's limit; a single spike has two handles, `data-handle="peak"` and `"end"`.
pub fn curve(scenario: &Scenario, size: Size) -> String {
    let frame = Frame::new(scenario, size);
    let spike = Spike::of(scenario);
    let line = match &spike {
        Some(spike) => Path::at(0.0, frame.y(spike.base))
            .across(frame.x(spike.start))
            .line(frame.x(spike.start + spike.rise), frame.y(spike.peak))
            .across(frame.x(spike.end()))
            .line(frame.x(spike.end() + spike.fall), frame.y(spike.base))
            .across(size.width.max(frame.x(spike.end() + spike.fall))),
        None => sampled(scenario, &frame),
    };
    let foot = size.height - Frame::FOOT;
    let mut svg = Svg::new();
    svg.path(&format!("{} fill-opacity=\".14\"", fill(FLOW)), &line.clone().down(foot).across(0.0).close());
    let limit = frame.limit;
    if limit < frame.top_rate {
        let y = frame.y(limit);
        svg.path("class=\"lim\"", &Path::at(0.0, y).across(size.width));
        // Above the line, unless the drawing ends there or the curve is in the way.
        let above = y - frame.y(frame.peak);
        let words_y = if y < 12.0 || (0.0..14.0).contains(&above) { y + 11.0 * size.rem } else { y - 3.0 };
        svg.text(size.width, words_y, "e", &format!("{}/s", rate(limit)));
    }
    svg.path(&stroke(FLOW, 2.0), &line);
    svg.path("class=\"hair\"", &Path::at(0.0, foot + 0.5).across(size.width));
    if let Some(spike) = spike {
        handles(&mut svg, &frame, &spike);
    }
    svg.finish()
}

fn sampled(scenario: &Scenario, frame: &Frame) -> Path {
    let heights = silhouette(scenario, ((frame.width * 2.0) as usize).clamp(2, 600));
    let mut line = Path::at(0.0, frame.y(heights[0]));
    for (column, height) in heights.iter().enumerate() {
        line.add_line((column as f64 + 0.5) / heights.len() as f64 * frame.width, frame.y(*height));
    }
    line.across(frame.width)
}

fn handles(svg: &mut Svg, frame: &Frame, spike: &Spike) {
    let look = "fill=\"var(--paper)\" stroke=\"var(--ink)\" stroke-width=\"2\"";
    let y = frame.y(spike.peak);
    let x = frame.x(spike.start + spike.rise + spike.hold / 2.0);
    svg.raw("<g class=\"h\" data-handle=\"peak\">");
    svg.circle("fill=\"transparent\"", x, y, 13.0);
    svg.circle(look, x, y, 4.5);
    svg.raw("</g><g class=\"h\" data-handle=\"end\">");
    let x = frame.x(spike.end());
    svg.circle("fill=\"transparent\"", x, y, 13.0);
    svg.rect(look, x - 4.0, y - 4.0, 8.0, 8.0);
    svg.raw("</g>");
}

/// What it means to drag `handle` to a point: the path of a field in the scenario document and its new value.
pub fn curve_from_pointer(
    scenario: &Scenario,
    size: Size,
    handle: &str,
    x: f64,
    y: f64,
) -> Option<(&'static str, f64)> {
    let spike = Spike::of(scenario)?;
    let frame = Frame::new(scenario, size);
    match handle {
        "peak" if spike.base > 0.0 => {
            let factor = (frame.rate(y) / spike.base).max(1.0);
            let factor = if factor >= 10.0 { factor.round() } else { (factor * 10.0).round() / 10.0 };
            Some(("traffic.curve.0.factor", factor))
        }
        "end" => {
            // Whole tens of seconds in a short run, whole minutes in a day.
            let step = if frame.length > 7_200.0 { 60.0 } else { 10.0 };
            let longest = (frame.length - spike.start - spike.rise).max(step);
            let hold = frame.seconds(x) - spike.start - spike.rise;
            Some(("traffic.curve.0.hold_s", ((hold / step).round() * step).clamp(step, longest)))
        }
        _ => None,
    }
}
