//! The time strip: the traffic as a silhouette over the whole run, and what happened on it.

use super::Size;
use super::marks::{DONE, HATCH, LOST, STRIPES, WAIT, fill, stroke};
use super::moment::Moment;
use super::svg::{Path, Svg, label_width};
use crate::app::event::{Event, EventKind};
use crate::scenario::{Part, Scenario};
use crate::text::{clock, escape};
use crate::units::SimTime;

/// Below this width events keep their marks and lose their words.
const NARROW: f64 = 620.0;

/// The offered rate along the run: highest value in each of `columns` equal intervals, corners included.
pub(super) fn silhouette(scenario: &Scenario, columns: usize) -> Vec<f64> {
    let length = scenario.length.micros() as f64;
    let rate = |micros: f64| scenario.traffic.rate_at(SimTime::from_micros(micros as u64));
    let mut heights: Vec<f64> = (0..columns)
        .map(|column| {
            let middle = (column as f64 + 0.5) / columns as f64 * length;
            rate(middle)
        })
        .collect();
    for part in &scenario.traffic.parts {
        let Part::Series(series) = part else { continue };
        // A row narrower than a column would fall between two looks at the curve.
        for row in &series.rows {
            if (row.length.micros() as f64) < length / columns as f64 {
                let column = (row.at.micros() as f64 / length * columns as f64) as usize;
                if let Some(height) = heights.get_mut(column) {
                    *height = height.max(row.count as f64 / row.length.seconds_f64());
                }
            }
        }
    }
    heights
}

/// The traffic of the whole run with its events; what lies before the cursor is darker.
pub fn time_strip(moment: &Moment, size: Size) -> String {
    let narrow = size.width < NARROW;
    let u = size.rem;
    let top = if narrow { 15.0 } else { 19.0 } * u;
    let length = moment.scenario.length.seconds_f64().max(1e-6);
    let x_of = |seconds: f64| seconds / length * size.width;
    let heights = silhouette(moment.scenario, ((size.width / 2.0) as usize).clamp(2, 1_000));
    let peak = heights.iter().copied().fold(0.0, f64::max).max(1e-9);
    let foot = size.height - 1.0;
    let point = |column: usize| {
        let x = (column as f64 + 0.5) / heights.len() as f64 * size.width;
        (x, foot - heights[column] / (peak * 1.05) * (foot - top))
    };
    let outline = |until: f64| {
        let mut line = Path::at(0.0, point(0).1);
        for (x, y) in (0..heights.len()).map(point).take_while(|(x, _)| *x <= until) {
            line.add_line(x, y);
        }
        let column = ((until / size.width * heights.len() as f64) as usize).min(heights.len() - 1);
        line.add_line(until, point(column).1);
        line
    };
    let area = |until: f64| outline(until).line(until, foot).line(0.0, foot).close();

    let mut svg = Svg::new();
    svg.path("fill=\"var(--rule)\"", &area(size.width));
    if moment.at > 0.0 {
        svg.path("fill=\"var(--ink-3)\" fill-opacity=\".55\"", &area(x_of(moment.at.min(length))));
    }
    svg.path("class=\"line s-off\"", &outline(size.width));
    let shown = |event: &&Event| {
        matches!(event.kind, EventKind::Operation | EventKind::Injected)
            || event.at.seconds_f64() <= moment.frontier.max(moment.at) + 1e-6
    };
    let events: Vec<&Event> = moment.events.iter().filter(shown).collect();
    let places: Vec<f64> = events.iter().map(|event| x_of(event.at.seconds_f64())).collect();
    for (event, x) in events.iter().zip(&places) {
        svg.path("class=\"flag\"", &Path::at(*x, top - 4.0 * u).down(size.height));
        mark(&mut svg, event.kind, *x, top, u);
    }
    if !narrow {
        event_words(&mut svg, &events, &places, size, top);
    }
    svg.finish()
}

fn mark(svg: &mut Svg, kind: EventKind, x: f64, top: f64, u: f64) {
    let square = |svg: &mut Svg, paint: &str, edge: &str| {
        let look = format!("{} stroke=\"{edge}\"", fill(paint));
        svg.rect("fill=\"var(--paper)\"", x - 5.0 * u, top - 14.0 * u, 10.0 * u, 10.0 * u);
        svg.rect(&look, x - 5.0 * u, top - 14.0 * u, 10.0 * u, 10.0 * u);
    };
    match kind {
        EventKind::FirstLoss => {
            let mut drop = Path::new();
            drop.add_drop(x, top - 8.0 * u, 5.5 * u);
            svg.path(&fill(LOST), &drop);
        }
        EventKind::FirstThrottle => square(svg, HATCH, LOST),
        EventKind::LatestWork => square(svg, STRIPES, WAIT),
        EventKind::CaughtUp => {
            svg.circle(&fill(DONE), x, top - 9.0 * u, 5.5 * u);
            let tick =
                Path::at(x - 2.6 * u, top - 9.0 * u).line(x - 0.6 * u, top - 7.0 * u).line(x + 2.8 * u, top - 11.0 * u);
            svg.path(&stroke("#fff", 1.5 * u), &tick);
        }
        EventKind::Shards => {
            for side in [-4.0, 0.0, 4.0] {
                let bar = Path::at(x + side * u, top - 14.0 * u).down(top - 4.0 * u);
                svg.path(&stroke("var(--ink)", 2.0 * u), &bar);
            }
        }
        EventKind::Refused => {
            let (low, high) = (top - 4.0 * u, top - 14.0 * u);
            for (from, to) in [(high, low), (low, high)] {
                svg.path(&stroke(LOST, 2.0 * u), &Path::at(x - 5.0 * u, from).line(x + 5.0 * u, to));
            }
        }
        EventKind::Operation | EventKind::Injected => {
            let flag = Path::at(x - 5.0 * u, top - 14.0 * u).across(x + 5.0 * u).line(x, top - 4.0 * u);
            svg.path("fill=\"var(--ink)\"", &flag.close());
        }
    }
}

/// Words beside the marks: right or left of them, whole or the time alone, as there is room.
fn event_words(svg: &mut Svg, events: &[&Event], places: &[f64], size: Size, top: f64) {
    let (width, u) = (size.width, size.rem);
    let letter = if size.room { u } else { u * 0.95 };
    let mut used = 0.0;
    for (index, (event, x)) in events.iter().zip(places).enumerate() {
        let next = places.get(index + 1).map_or(width + 22.0 * u, |next| next - 8.0 * u);
        let time = clock(event.at.seconds_f64());
        let short = label_width(time.chars().count() + 1, letter);
        let long = label_width(time.chars().count() + 2 + event.text.chars().count(), letter);
        let time = format!("<tspan class=\"ink\">{time}</tspan>");
        let words = escape(&event.text);
        let (right, left) = (x + 8.0 * u, x - 8.0 * u);
        let fits_right = |length: f64| right >= used && right + length <= next;
        let fits_left = |length: f64| left - length >= used;
        let y = top - 5.0 * u;
        if fits_right(long) {
            svg.text(right, y, "ev", &format!("{time} {words}"));
            used = right + long;
        } else if fits_left(long) {
            svg.text(left, y, "ev e", &format!("{words} {time}"));
            used = right;
        } else if fits_right(short) {
            svg.text(right, y, "ev", &time);
            used = right + short;
        } else if fits_left(short) {
            svg.text(left, y, "ev e", &time);
            used = right;
        } else {
            used = right;
        }
    }
}
