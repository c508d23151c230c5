//! Small time plots that stand side by side on one scale: rates with what failed, or one column of numbers.

use super::Size;
use super::decimate::Buckets;
use super::marks::{FLOW, HATCH, STRIPES, fill};
use super::scale::YScale;
use super::svg::{Path, Svg};
use crate::text::escape;

/// What a small plot shows; every column has one number a frame.
pub enum Small<'a> {
    /// Per second: offered, accepted, failed, done.
    Rates([&'a [f64]; 4]),
    /// A line.
    Line(&'a [f64]),
    /// A striped area: what waits.
    Waiting(&'a [f64]),
}

/// Where a small plot stands in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Frames of the whole run.
    pub total: usize,
    /// Frames up to the cursor.
    pub at: usize,
    /// Frames up to the furthest instant that was shown.
    pub frontier: usize,
}

/// A stretch of the run in which something is done on purpose: where it begins and ends as shares of the run, and its
/// words, empty where they stand in another plot.
pub type Band = (f64, f64, String);

/// The markup inside an `<svg>` of this size. What lies after the cursor is pale, and what was never shown is not there.
pub fn small(
    what: &Small<'_>,
    scale: &YScale,
    limit: Option<(f64, &str)>,
    bands: &[Band],
    span: Span,
    size: Size,
) -> String {
    let plot = Plotter { scale, span, size };
    let mut svg = Svg::new();
    let (width, foot) = (size.width, size.height - 0.5);
    for (from, until, _) in bands {
        svg.rect("fill=\"var(--ink)\" fill-opacity=\".1\"", from * width, 0.0, ((until - from) * width).max(2.0), foot);
    }
    for line in &scale.lines {
        svg.path("class=\"hair\"", &Path::at(0.0, plot.y(line.value)).across(width));
    }
    match what {
        Small::Rates([offered, accepted, failed, done]) => {
            let both: Vec<f64> = accepted.iter().zip(*failed).map(|(accepted, failed)| accepted + failed).collect();
            let (lower, upper) = (plot.line(accepted), plot.line(&both));
            if failed.iter().any(|failed| *failed > 0.0) {
                svg.path(&fill(HATCH), &plot.area(upper));
                svg.path(&fill("var(--paper)"), &plot.area(lower.clone()));
            }
            svg.path(&fill(FLOW), &plot.area(lower));
            svg.path("class=\"line s-off\"", &plot.line(offered).0);
            svg.path("class=\"line\" stroke=\"var(--paper)\" stroke-width=\"4\"", &plot.line(done).0);
            svg.path("class=\"line s-done\"", &plot.line(done).0);
        }
        Small::Line(column) => svg.path("class=\"line s-wait\"", &plot.line(column).0),
        Small::Waiting(column) => {
            svg.path(&fill(STRIPES), &plot.area(plot.line(column)));
            svg.path("class=\"line s-wait\"", &plot.line(column).0);
        }
    }
    let cursor = span.at as f64 / span.total.max(1) as f64 * width;
    if span.frontier > span.at {
        svg.rect("fill=\"var(--paper)\" fill-opacity=\".72\"", cursor, 0.0, width - cursor, size.height);
    }
    if let Some((value, words)) = limit.filter(|(value, _)| *value < scale.max) {
        svg.path("class=\"lim\"", &Path::at(0.0, plot.y(value)).across(width));
        svg.words_on_paper(width, plot.y(value) - 3.0, "e", &escape(words));
    }
    for line in &scale.lines {
        svg.words_on_paper(width, plot.y(line.value) + 11.0 * size.rem, "e", &line.label);
    }
    for (from, until, words) in bands.iter().filter(|band| !band.2.is_empty()) {
        // On the side where there is more room.
        let (x, class) = if *from < 0.5 { (from * width + 3.0, "s") } else { (until * width - 3.0, "e") };
        svg.words_on_paper(x, size.height - 5.0 * size.rem, class, &escape(words));
    }
    svg.path("class=\"hair\"", &Path::at(0.0, foot).across(width));
    svg.finish()
}

struct Plotter<'a> {
    scale: &'a YScale,
    span: Span,
    size: Size,
}

impl Plotter<'_> {
    fn y(&self, value: f64) -> f64 {
        let share = (value / self.scale.max.max(1e-9)).clamp(0.0, 1.0);
        self.size.height - 0.5 - share * (self.size.height - 3.0)
    }

    /// The line of a column, and where it ends.
    fn line(&self, column: &[f64]) -> (Path, f64) {
        let frames = column.len().min(self.span.frontier.max(self.span.at));
        let total = self.span.total.max(1);
        let buckets = Buckets::new(frames, total, (self.size.width / 2.0).max(1.0) as usize);
        let xs = buckets.positions(|frame| (frame + 1) as f64 / total as f64 * self.size.width);
        let (mut path, mut end) = (Path::new(), 0.0);
        for (x, value) in xs.into_iter().zip(buckets.values(&column[..frames])).filter(|(_, value)| !value.is_nan()) {
            if path.is_empty() {
                path = Path::at(0.0, self.y(value));
            }
            path.add_line(x, self.y(value));
            end = x;
        }
        (path, end)
    }

    fn area(&self, (line, end): (Path, f64)) -> Path {
        if line.is_empty() { line } else { line.line(end, self.y(0.0)).line(0.0, self.y(0.0)).close() }
    }
}
