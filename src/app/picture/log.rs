//! The log of each shard as the consumer that is shown stands on it: a bar from the oldest kept record to the tip, with
//! the checkpoint, what is in flight and what waits; and beside it the batch with its tries.

mod batch;

use super::Size;
use super::marks::{DONE, FLOW, HATCH, LOST, STRIPES, fill, stroke};
use super::moment::Moment;
use super::scale::coarse;
use super::svg::{Path, Svg, label_width, strong};
use crate::app::log::{LogRow, LogView};
use crate::app::words::int;
use crate::engine::Doing;
use crate::metrics::positions::LANES_MAX;

/// Pictures narrower than this have two lines a row.
const NARROW: f64 = 620.0;

/// Where the columns stand, and how high a row is.
struct Columns {
    unit: f64,
    letter: f64,
    narrow: bool,
    width: f64,
    /// Left and right end of the bars.
    bar: (f64, f64),
    /// Left edge of the batches, and how wide they are.
    batch: (f64, f64),
    /// Where the words about a batch begin.
    words: f64,
    head: f64,
    row: f64,
    /// Records from the left end of a bar to its right end.
    span: f64,
}

/// The picture: the markup inside an `<svg>` of this size. It holds still between two frames of the run.
pub fn log(moment: &Moment, size: Size) -> String {
    if size.width < 1.0 || size.height < 1.0 {
        return String::new();
    }
    let mut svg = Svg::new();
    let Some((view, columns)) = laid_out(moment, size) else {
        let (x, y) = (size.width / 2.0, size.height / 2.0);
        svg.text(x, y, "m ink2", "The logs are shown once the run has begun.");
        return svg.finish();
    };
    columns.heads(&mut svg);
    for (place, row) in view.rows.iter().enumerate() {
        columns.draw_row(&mut svg, row, columns.head + place as f64 * columns.row);
    }
    let y = columns.head + view.rows.len() as f64 * columns.row;
    columns.foot(&mut svg, &view, y);
    svg.finish()
}

/// The picture in words.
pub fn log_text(moment: &Moment) -> String {
    let title = moment.scenario.title_of(moment.timeline.consumer);
    match LogView::of(moment.scenario, moment.timeline, moment.frames(), LANES_MAX) {
        Some(view) => view.text(&title),
        None => format!("Where {title} stands on each shard is shown once the run has begun."),
    }
}

/// As many rows as there is room for, and where everything stands.
fn laid_out(moment: &Moment, size: Size) -> Option<(LogView, Columns)> {
    let u = size.rem;
    let letter = if size.room { u * 1.12 } else { u };
    let narrow = size.width < NARROW;
    let (head, foot) = (24.0 * u, 36.0 * u);
    let least = if narrow { 34.0 } else { 17.0 } * letter;
    let room = size.height - head - foot;
    let most = ((room / least) as usize).clamp(1, LANES_MAX);
    let view = LogView::of(moment.scenario, moment.timeline, moment.frames(), most)?;
    let row = (room / view.rows.len().max(1) as f64).clamp(least, if narrow { 64.0 } else { 88.0 } * u);
    let (name, batch, words) = (98.0 * letter, 84.0 * u, 212.0 * letter);
    let (bar, batch, words) = if narrow {
        ((0.0, size.width - 62.0 * u), (size.width - 54.0 * u, 54.0 * u), size.width)
    } else {
        let right = size.width - words;
        ((name, right - batch - 152.0 * letter), (right - batch - 8.0 * u, batch), right + 4.0 * u)
    };
    let span = coarse((view.longest() as f64 * 1.06).max(200.0));
    Some((view, Columns { unit: u, letter, narrow, width: size.width, bar, batch, words, head, row, span }))
}

impl Columns {
    fn heads(&self, svg: &mut Svg) {
        let y = 12.0 * self.unit;
        let (left, right) = self.bar;
        if self.narrow {
            svg.text(0.0, y, "ink2", "Log, up to the tip");
            return svg.text(self.width, y, "ink2 e", "waits · oldest · batch");
        }
        svg.text(0.0, y, "ink2", "Shard");
        self.legend(svg, left, right, y);
        svg.text(self.batch.0 - 10.0 * self.unit, y, "ink2 e", "waits · oldest");
        svg.text(self.batch.0, y, "ink2", "Batch");
    }

    /// What the marks of the bars are.
    fn legend(&self, svg: &mut Svg, left: f64, right: f64, y: f64) {
        let (u, letter) = (self.unit, self.letter);
        if right - left < 300.0 * letter {
            return svg.text(left, y, "ink2", "Log, from the checkpoint to the tip");
        }
        let mut x = left;
        for (look, width, words) in [
            ("fill=\"var(--ink)\"".to_owned(), 2.5 * u, "checkpoint"),
            (fill(DONE), 12.0 * u, "in flight"),
            (fill(STRIPES), 12.0 * u, "waits"),
        ] {
            svg.rect(&look, x, y - 9.0 * u, width, 11.0 * u);
            svg.text(x + width + 5.0 * u, y, "ink2", words);
            x += width + 20.0 * u + label_width(words.len(), letter);
        }
        svg.text(right, y, "ink2 e", "tip");
    }

    fn draw_row(&self, svg: &mut Svg, row: &LogRow, top: f64) {
        let (u, letter) = (self.unit, self.letter);
        let blocked = row.lane.is_blocked();
        let (late, name) = (row.waiting + row.in_flight > 0.0, row.name());
        let class = if blocked { "t-lost strong" } else { "ink strong" };
        let name = format!("<tspan class=\"{class}\">{name}</tspan>");
        let note = row.note();
        let backlog = if late { strong("t-wait", &row.backlog()) } else { row.backlog() };
        let rule = Path::at(0.0, top).across(self.width);
        svg.path("class=\"hair\"", &rule);
        if blocked {
            // A second sign beside the colour of the words.
            svg.rect(
                &format!("{} stroke=\"{LOST}\"", fill(HATCH)),
                -9.0 * u,
                top + 3.0 * u,
                5.0 * u,
                self.row - 6.0 * u,
            );
        }
        if self.narrow {
            let line = top + 12.0 * letter;
            svg.text(0.0, line, "", &format!("{name} {note}"));
            svg.text(self.width, line, "e", &backlog);
            let bar = (self.row - 20.0 * letter - 5.0 * u).clamp(6.0 * u, 16.0 * u);
            let y = top + 17.0 * letter;
            self.bar(svg, row, y, bar);
            self.batches(svg, row, y, bar);
            if self.row > 48.0 * letter {
                let (class, words) = (if blocked { "t-lost strong" } else { "ink2" }, row.doing());
                let words = brief(&words, (self.width / label_width(1, letter)) as usize);
                svg.text(0.0, y + bar + 12.0 * letter, class, words);
            }
            return;
        }
        let middle = top + self.row / 2.0;
        let two_lines = self.row >= 34.0 * letter;
        let line = middle + 4.0 * letter;
        if two_lines && !note.is_empty() {
            svg.text(0.0, middle - 3.0 * letter, "", &name);
            svg.text(0.0, middle + 12.0 * letter, "", &note);
        } else {
            let note = if note.is_empty() { note } else { format!(" {}", note.replace("closed, worker", "closed,")) };
            svg.text(0.0, line, "", &format!("{name}{note}"));
        }
        let height = (self.row - 7.0 * u).min(if self.row > 70.0 * u { 30.0 } else { 22.0 } * u);
        self.bar(svg, row, middle - height / 2.0, height);
        svg.text(self.batch.0 - 10.0 * u, line, "e", &backlog);
        let height = (self.row - 6.0 * u).min(64.0 * u);
        self.batches(svg, row, middle - height / 2.0, height);
        let class = if blocked { "t-lost strong" } else { "ink2" };
        let letters = ((self.width - self.words) / label_width(1, letter)) as usize;
        let words = row.doing();
        match broken(&words, letters).filter(|_| two_lines) {
            Some((first, second)) => {
                svg.text(self.words, middle - 3.0 * letter, class, first);
                svg.text(self.words, middle + 12.0 * letter, class, second);
            }
            None => svg.text(self.words, line, class, brief(&words, letters)),
        }
    }

    /// Where a place on the log of a row stands.
    fn x(&self, row: &LogRow, place: u64) -> f64 {
        let (left, right) = self.bar;
        let behind = row.lane.tip.saturating_sub(place) as f64;
        (right - behind / self.span * (right - left)).max(left)
    }

    fn bar(&self, svg: &mut Svg, row: &LogRow, top: f64, height: f64) {
        let u = self.unit;
        let (left, right) = self.bar;
        let lane = &row.lane;
        let at = |place| self.x(row, place);
        let (tail, checkpoint, reached, read) = (at(row.tail), at(lane.checkpoint), at(lane.reached), at(lane.read));
        let span = |svg: &mut Svg, look: &str, from: f64, to: f64, least: f64| {
            if to > from || least > 0.0 {
                let from = from.min(right - least);
                svg.rect(look, from, top, (to - from).max(least).min(right - from), height);
            }
        };
        // What is kept; beyond it the log has no records.
        span(svg, "class=\"bed\"", tail, right, 0.0);
        span(svg, "fill=\"var(--rule)\"", tail, checkpoint, 0.0);
        // Processed since the last checkpoint: it would be processed once more.
        span(svg, &format!("{} fill-opacity=\".35\"", fill(DONE)), checkpoint, reached, 0.0);
        if reached < read {
            span(svg, &format!("{} fill-opacity=\".75\"", fill(STRIPES)), reached, read, 0.0);
        }
        span(svg, &fill(STRIPES), read, right, 0.0);
        if let Some(on_way) = lane.on_way.filter(|records| *records > 0) {
            span(svg, &format!("{} fill-opacity=\".55\"", fill(FLOW)), at(lane.tip.saturating_sub(on_way)), right, 2.0);
        }
        for part in &lane.parts {
            let (from, to) = (at(part.from), at(part.end));
            match part.doing {
                Doing::Runs if !part.is_failing() => span(svg, &fill(DONE), from, to, 4.0 * u),
                Doing::Runs | Doing::WaitsToRetry if part.is_failing() => {
                    span(svg, "fill=\"var(--paper)\"", from, to, 5.0 * u);
                    span(svg, &format!("{} stroke=\"{LOST}\"", fill(HATCH)), from, to, 5.0 * u);
                }
                Doing::WaitsToRetry => span(svg, "class=\"box\"", from, to, 4.0 * u),
                _ => {}
            }
        }
        let ends = Path::at(right, top - 2.0 * u).down(top + height + 2.0 * u);
        svg.path("class=\"floor\"", &ends);
        if row.lane.read > row.lane.reached && read < right - 1.0 {
            svg.path(&stroke("var(--ink-2)", 1.25), &Path::at(read, top + height * 0.5).down(top + height));
        }
        let bar = Path::at(checkpoint, top - 2.5 * u).down(top + height + 2.5 * u);
        svg.path(&stroke("var(--ink)", 2.25), &bar);
        // The log goes on to the left.
        if tail <= left && row.lane.tip as f64 - self.span > row.tail as f64 {
            let (y, size) = (top + height / 2.0, (height * 0.3).min(4.0 * u));
            let mark =
                Path::at(left + 3.0 * u + size, y - size).line(left + 3.0 * u, y).line(left + 3.0 * u + size, y + size);
            svg.path(&stroke("var(--ink-3)", 1.25), &mark);
        }
    }

    /// The scale, the shards without a row, the workers.
    fn foot(&self, svg: &mut Svg, view: &LogView, top: f64) {
        let (u, letter) = (self.unit, self.letter);
        let (left, right) = self.bar;
        svg.path("class=\"hair\"", &Path::at(0.0, top).across(self.width));
        let y = top + 13.0 * letter;
        let ticks = Path::at(left, top).down(top + 4.0 * u).to((left + right) / 2.0, top).down(top + 4.0 * u);
        svg.path("class=\"tick\"", &ticks.to(right, top).down(top + 4.0 * u));
        svg.text(left, y, "", &format!("{} records back", int(self.span)));
        if right - left > 290.0 * letter {
            svg.text((left + right) / 2.0, y, "m", &int(self.span / 2.0));
        }
        svg.text(right, y, "e", "tip");
        let more = view.more.map(|more| more.text()).unwrap_or_default();
        let all = [more, view.workers.clone()];
        let words = all.iter().filter(|words| !words.is_empty()).cloned().collect::<Vec<_>>().join(" · ");
        if self.narrow {
            svg.text(0.0, y + 15.0 * letter, "ink2", &words);
        } else if !words.is_empty() {
            svg.text(self.width, y + if words.chars().count() > 60 { 15.0 * letter } else { 0.0 }, "e ink2", &words);
        }
    }
}

/// A sentence in two lines, where it has more letters than one holds.
fn broken(words: &str, letters: usize) -> Option<(&str, &str)> {
    if words.chars().count() <= letters {
        return None;
    }
    let fits = |at: &usize| words[..*at].chars().count() <= letters;
    let space = words.match_indices(' ').map(|(at, _)| at).take_while(fits).last()?;
    Some((&words[..space], &words[space + 1..]))
}

/// As much of a sentence as one line holds: what cells and clocks say, too, goes first.
fn brief(words: &str, letters: usize) -> &str {
    let fits = |words: &&str| words.chars().count() <= letters;
    let without_clock = words.split_once(" (").map_or(words, |(first, _)| first);
    let without_cells = without_clock.split_once("; ").map_or(without_clock, |(_, rest)| rest);
    let first = without_cells.split_once([',', ':']).map_or(without_cells, |(first, _)| first);
    [words, without_clock, without_cells].into_iter().find(fits).unwrap_or(first)
}
