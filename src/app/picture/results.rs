//! Lines through the windows of a query: a measure of one group, and how late each result came. They are drawn in a box of
//! their own units, which the page stretches.

use super::marks::{STRIPES, fill};
use super::svg::{Path, Svg};

/// Width and height of the box.
pub const SPARK: (f64, f64) = (100.0, 20.0);
/// The same of the delays.
pub const DELAYS: (f64, f64) = (240.0, 40.0);

/// A value at an instant, in seconds of the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When.
    pub at: f64,
    /// How much.
    pub value: f64,
}

/// Where a point stands in a box, for a run that is so long and a value that is the largest.
fn place(point: Point, (length, most): (f64, f64), (width, height): (f64, f64)) -> (f64, f64) {
    let share = |part: f64, whole: f64| if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 };
    (share(point.at, length) * width, height - 1.0 - share(point.value, most) * (height - 2.0))
}

/// A line through points, inside an `<svg>` whose box is [`SPARK`].
pub fn spark(points: &[Point], scale: (f64, f64)) -> String {
    let mut svg = Svg::new();
    svg.path("class=\"hair\" vector-effect=\"non-scaling-stroke\"", &Path::at(0.0, SPARK.1 - 0.5).across(SPARK.0));
    let mut line = Path::new();
    for (index, point) in points.iter().enumerate() {
        let (x, y) = place(*point, scale, SPARK);
        if index == 0 {
            line = Path::at(x, y);
        }
        line.add_line(x, y);
    }
    svg.path("class=\"line s-done\" vector-effect=\"non-scaling-stroke\"", &line);
    svg.finish()
}

/// How late results came up to the cursor, striped like all that waits, inside an `<svg>` whose box is [`DELAYS`].
pub fn delays(points: &[Point], cursor: f64, scale: (f64, f64)) -> String {
    let mut svg = Svg::new();
    let foot = DELAYS.1 - 1.0;
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        let mut area = Path::at(place(*first, scale, DELAYS).0, foot);
        let mut line = Path::new();
        for point in points {
            let (x, y) = place(*point, scale, DELAYS);
            line = if line.is_empty() { Path::at(x, y) } else { line };
            line.add_line(x, y);
            area.add_line(x, y);
        }
        svg.path(&fill(STRIPES), &area.line(place(*last, scale, DELAYS).0, foot).close());
        svg.path("class=\"line s-wait\" vector-effect=\"non-scaling-stroke\"", &line);
    }
    svg.path("class=\"hair\" vector-effect=\"non-scaling-stroke\"", &Path::at(0.0, foot).across(DELAYS.0));
    let x = place(Point { at: cursor, value: 0.0 }, scale, DELAYS).0;
    svg.path("class=\"flag\" vector-effect=\"non-scaling-stroke\"", &Path::at(x, 0.0).down(DELAYS.1));
    svg.finish()
}
