//! The strip of invocations: a stroke for each, shard under shard, under the slider of the run.

use super::Size;
use super::marks::{DONE, LOST, fill, stroke};
use super::svg::{Path, Svg, label_width};
use crate::app::invocations::Row;
use crate::text::clock;
use crate::units::Span;

/// Shards that have a line of their own; more share one.
const LINES_MAX: usize = 6;

/// The strokes of these invocations over the whole run. Where several begin within a pixel, one stroke stands for them,
/// and it says so if one of them has failed.
pub fn calls(rows: &[&Row], length: Span, size: Size) -> String {
    let mut svg = Svg::new();
    if size.width < 1.0 || size.height < 1.0 {
        return svg.finish();
    }
    let u = size.rem;
    let columns = size.width.ceil() as usize + 1;
    let seconds = length.seconds_f64().max(1e-6);
    let x_of = |row: &Row| row.started.seconds_f64() / seconds * size.width;
    let mut shards: Vec<u32> = rows.iter().map(|row| row.shard).collect();
    shards.sort_unstable();
    shards.dedup();
    let apart = shards.len() <= LINES_MAX;
    let lines = if apart { shards.len().max(1) } else { 1 };
    // What happened in each pixel of each line: something, and something that failed.
    let mut seen = vec![[false; 2]; columns * lines];
    for row in rows {
        let line = if apart { shards.binary_search(&row.shard).unwrap_or(0) } else { 0 };
        let column = (x_of(row) as usize).min(columns - 1);
        let cell = &mut seen[line * columns + column];
        cell[usize::from(row.failed())] = true;
    }
    let top = 13.0 * u;
    let height = (size.height - top - 2.0) / lines as f64;
    let (mut done, mut failed) = (Path::new(), Path::new());
    for (place, [ok, bad]) in seen.iter().enumerate() {
        let (line, column) = (place / columns, place % columns);
        let foot = top + (line + 1) as f64 * height - 1.5 * u;
        let x = column as f64 + 0.5;
        if *bad {
            failed = failed.to(x, foot - height * 0.96).down(foot);
        } else if *ok {
            done = done.to(x, foot - height * 0.66).down(foot);
        }
    }
    svg.path("class=\"tick\"", &Path::at(0.0, size.height - 1.0).across(size.width));
    svg.path(&stroke(DONE, 1.25), &done);
    svg.path(&stroke(LOST, 3.0 * u), &failed);
    let first = rows.iter().filter(|row| row.failed()).min_by_key(|row| row.started);
    if let Some(first) = first {
        let (x, words) = (x_of(first), format!("{} first failure", clock(first.started.seconds_f64())));
        let mut drop = Path::new();
        drop.add_drop(x, 6.0 * u, 5.0 * u);
        svg.path(&fill(LOST), &drop);
        let fits = x + label_width(words.chars().count(), u) + 9.0 * u < size.width;
        let (at, class) = if fits { (x + 9.0 * u, "t-lost") } else { (x - 9.0 * u, "t-lost e") };
        svg.text(at, 10.0 * u, class, &words);
    }
    if shards.len() == 1 && rows.iter().all(|row| row.verdicts.is_some()) {
        // What transforms the records of a delivery stream belongs to no shard.
    } else if apart && height >= 11.0 * u && size.width > 500.0 {
        for (line, shard) in shards.iter().enumerate() {
            let foot = top + (line + 1) as f64 * height - 1.5 * u;
            svg.words_on_paper(size.width, foot - 1.0 * u, "e", &format!("shard {shard}"));
        }
    } else if let [top, .., bottom] = shards[..] {
        let order = if apart { ", from the top" } else { "" };
        svg.text(size.width, 10.0 * u, "e", &format!("shards {top} to {bottom}{order}"));
    }
    svg.finish()
}
