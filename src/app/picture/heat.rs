//! Many shards: rows of cells by hash range. A cell's place is the age of its records, its strength their rate.

use super::lane::{LaneView, Source};
use super::lane_words::hash_range;
use super::layout::Lane;
use super::marks::{DONE, FLOW, HATCH, STRIPES, fill};
use super::moment::ShardReading;
use super::scene::Scene;
use super::svg::{Path, label_width, strong};
use crate::metrics::ShardMetric;
use crate::text::{int, rate};

/// Cells of a row.
const CELLS: usize = 48;

/// Frames that are looked at for one cell; wide cells are sampled.
const SAMPLES: usize = 4;

/// Strengths of a cell: opacities for each fifth of a shard's room.
const STRENGTHS: [f64; 5] = [0.16, 0.34, 0.54, 0.76, 1.0];

/// What the records of a cell are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CellKind {
    Processed,
    Waiting,
    Rejected,
}

/// Paint of each kind of cell.
const PAINTS: [(CellKind, &str); 3] =
    [(CellKind::Processed, DONE), (CellKind::Waiting, STRIPES), (CellKind::Rejected, HATCH)];

/// A kind and a strength.
type Cell = (CellKind, usize);

/// Neighbouring shards that share a row.
#[derive(Clone, Copy)]
struct Row {
    first: usize,
    last: usize,
    /// The shard that the row shows: the one under most pressure.
    shown: usize,
    top: f64,
    height: f64,
}

impl Scene<'_> {
    /// Draws the block of rows with everything that leads to it and away from it.
    pub fn heat_map(&mut self) {
        let block = self.layout.lanes[0];
        let rows = self.rows(block);
        let totals = self.totals();
        let rejected = self.px(totals.rejected).min(self.layout.rejected_max);
        self.bands_to_rows(&rows, rejected);
        self.svg.rect("class=\"bed\"", self.layout.gate, block.top, self.layout.length(), block.bottom - block.top);
        if !self.reading.idle {
            self.cells(&rows);
        }
        let view = LaneView {
            shard: 0,
            lane: block,
            reading: totals,
            checkpoint: self.layout.gate,
            processed: 0.0,
            rejected: if rejected > 0.6 { rejected } else { 0.0 },
        };
        if rejected > 0.6 {
            let accepted = self.band(totals.accepted);
            let y = self.source_middle(accepted + rejected) - (accepted + rejected) / 2.0;
            self.rejected_hook(&view, Source { y, accepted, rejected });
        }
        let (gate, end) = (self.layout.gate, self.layout.end);
        let outline = Path::at(gate, block.top - 4.0 * self.layout.unit).down(block.bottom).across(end);
        self.svg.path("class=\"floor\"", &outline);
        self.age_axis(&view);
        self.words_of_block(&rows, block);
        self.one_function(&rows, block);
    }

    /// Sums over all shards; the age is that of the oldest.
    fn totals(&self) -> ShardReading {
        let reading = &self.reading;
        ShardReading {
            accepted: reading.sum(|shard| shard.accepted),
            bytes: reading.sum(|shard| shard.bytes),
            rejected: reading.sum(|shard| shard.rejected),
            processed: reading.sum(|shard| shard.processed),
            waiting: reading.sum(|shard| shard.waiting),
            in_flight: reading.sum(|shard| shard.in_flight),
            busy: reading.sum(|shard| shard.busy) / reading.shards.len().max(1) as f64,
            age: reading.shards.iter().map(|shard| shard.age).fold(0.0, f64::max),
            full: reading.shards.iter().any(|shard| shard.full),
            ..ShardReading::default()
        }
    }

    fn rows(&self, block: Lane) -> Vec<Row> {
        let shards = self.reading.shards.len();
        let height = block.bottom - block.top;
        let most = ((height / (2.5 * self.layout.unit)) as usize).clamp(1, 96);
        let each = shards.div_ceil(most);
        let count = shards.div_ceil(each);
        let pressure = |shard: &usize| {
            let reading = &self.reading.shards[*shard];
            reading.rejected * 1e3 + reading.accepted + reading.age
        };
        (0..count)
            .map(|row| {
                let (first, last) = (row * each, ((row + 1) * each).min(shards) - 1);
                let shown = (first..=last)
                    .fold(first, |best, shard| if pressure(&shard) > pressure(&best) { shard } else { best });
                let top = block.top + height * first as f64 / shards as f64;
                let bottom = block.top + height * (last + 1) as f64 / shards as f64;
                Row { first, last, shown, top, height: bottom - top }
            })
            .collect()
    }

    fn bands_to_rows(&mut self, rows: &[Row], rejected: f64) {
        let (x, gate) = (self.layout.source, self.layout.gate);
        let heights: Vec<f64> = rows
            .iter()
            .map(|row| {
                let accepted: f64 = self.reading.shards[row.first..=row.last].iter().map(|shard| shard.accepted).sum();
                self.px(accepted).max(0.35)
            })
            .collect();
        let stack = heights.iter().sum::<f64>() + rejected;
        let mut y = self.source_middle(stack) - stack / 2.0;
        let mut bands = Path::new();
        for (row, height) in rows.iter().zip(heights) {
            bands.add_band((x, y), (gate, row.top + row.height - height), (x + gate) / 2.0, height);
            y += height;
        }
        self.svg.path(&fill(FLOW), &bands);
    }

    fn cells(&mut self, rows: &[Row]) {
        let mut paths: Vec<Path> = vec![Path::new(); PAINTS.len() * STRENGTHS.len()];
        let width = self.layout.length() / CELLS as f64;
        let gap = if rows.first().is_some_and(|row| row.height > 4.0) { 1.0 } else { 0.0 };
        for row in rows {
            let cells = self.cells_of(row.shown);
            let mut from = 0;
            while from < CELLS {
                let same = (from..CELLS).take_while(|cell| cells[*cell] == cells[from]).count();
                if let Some((kind, strength)) = cells[from] {
                    let kind = PAINTS.iter().position(|(paint, _)| *paint == kind).unwrap_or(0);
                    let path = &mut paths[kind * STRENGTHS.len() + strength];
                    let left = self.layout.gate + from as f64 * width;
                    path.add_rect(left, row.top, same as f64 * width, row.height - gap);
                }
                from += same;
            }
        }
        for (index, path) in paths.iter().enumerate() {
            let (_, paint) = PAINTS[index / STRENGTHS.len()];
            let look = format!("{} fill-opacity=\"{}\"", fill(paint), STRENGTHS[index % STRENGTHS.len()]);
            self.svg.path(&look, path);
        }
    }

    /// The cells of a shard, from the tip on.
    fn cells_of(&self, shard: usize) -> [Option<Cell>; CELLS] {
        let moment = self.moment;
        let reading = &self.reading.shards[shard];
        let stored = moment.timeline.shard_column(ShardMetric::Stored, reading.id);
        let throttled = moment.timeline.shard_column(ShardMetric::Throttled, reading.id);
        let behind = reading.age > self.reading.patience;
        let frames_of = |age: f64| age / moment.width();
        let cell_frames = frames_of(self.axis.span / CELLS as f64);
        let mut cells = [None; CELLS];
        for (index, cell) in cells.iter_mut().enumerate() {
            let young = (index as f64 * cell_frames) as usize;
            if young >= self.reading.frames {
                break;
            }
            let frames = self.reading.frames - young;
            let window = (cell_frames.ceil() as usize).clamp(1, SAMPLES);
            let accepted = moment.rate_over(stored, frames, window);
            let rejected = moment.rate_over(throttled, frames, window);
            let age = (index as f64 + 0.5) / CELLS as f64 * self.axis.span;
            let strength = |share: f64| ((share * STRENGTHS.len() as f64) as usize).min(STRENGTHS.len() - 1);
            *cell = if rejected > 0.02 * self.reading.room {
                Some((CellKind::Rejected, strength(rejected / (accepted + rejected) + 0.3)))
            } else if accepted <= 0.0 {
                None
            } else {
                let kind = if behind && age < reading.age { CellKind::Waiting } else { CellKind::Processed };
                Some((kind, strength(accepted / self.reading.room)))
            };
        }
        cells
    }

    /// The head line names the shard under most pressure; the line below the axis counts.
    fn words_of_block(&mut self, rows: &[Row], block: Lane) {
        let u = self.layout.unit;
        let (gate, end) = (self.layout.gate, self.layout.end);
        let hardest = self.reading.hardest();
        let shard = self.reading.shards[hardest];
        let mut parts = vec![format!("{} of {}/s", rate(shard.accepted), rate(self.reading.room))];
        if shard.rejected >= 0.05 {
            parts.push(strong("t-lost", &format!("{}/s rejected", rate(shard.rejected))));
        }
        if let Some(behind) = self.behind(shard.age) {
            parts.push(strong("t-wait", &behind));
        }
        let y = block.top - 8.0 * u;
        if self.reading.idle {
            self.svg.text(
                if self.layout.narrow { 0.0 } else { gate + 4.0 },
                y,
                "",
                "a row for each shard, hash 0000… on top",
            );
            return;
        }
        // On a phone the last words are the ones that matter.
        if self.layout.narrow && parts.len() > 1 {
            parts.remove(0);
        }
        let lead = if self.layout.narrow { "" } else { " is fullest" };
        let words = format!("{}{lead}: {}", strong("ink", &format!("Shard {}", shard.id)), parts.join(" · "));
        self.svg.text(if self.layout.narrow { 0.0 } else { gate + 4.0 }, y, "", &words);
        let range = format!("hash {}", hash_range(shard.range));
        if self.layout.length() > label_width(76, self.layout.letter) {
            self.svg.text(end, y, "e", &range);
        }
        if let Some(row) = rows.iter().find(|row| (row.first..=row.last).contains(&hardest)) {
            let (middle, size) = (row.top + row.height / 2.0, 4.5 * u);
            let marks = Path::at(gate - 2.0, middle)
                .line(gate - 2.0 - 1.6 * size, middle - size)
                .line(gate - 2.0 - 1.6 * size, middle + size)
                .close()
                .to(end + 2.0, middle)
                .line(end + 2.0 + 1.6 * size, middle - size)
                .line(end + 2.0 + 1.6 * size, middle + size)
                .close();
            self.words.path("fill=\"var(--ink)\" stroke=\"var(--paper)\" stroke-width=\"1\"", &marks);
        }
        self.counts(rows, block);
    }

    fn counts(&mut self, rows: &[Row], block: Lane) {
        let u = self.layout.unit;
        let count = |of: &dyn Fn(&ShardReading) -> bool| self.reading.shards.iter().filter(|shard| of(shard)).count();
        let full = count(&|shard| shard.full);
        let late = count(&|shard| shard.age > self.reading.patience);
        let mut words = Vec::new();
        if let Some(row) = rows.first().filter(|row| row.last > row.first) {
            words.push(format!("{} shards a row", row.last - row.first + 1));
        }
        if full > 0 {
            words.push(strong("ink", &format!("{} full", int(full as f64))));
        }
        let rejected = self.reading.sum(|shard| shard.rejected);
        if rejected >= 0.05 && !self.layout.narrow {
            words.push(strong("t-lost", &format!("{}/s rejected", rate(rejected))));
        }
        if late > 0 {
            words.push(strong("t-wait", &format!("{} behind", int(late as f64))));
        }
        let backlog = self.reading.sum(ShardReading::backlog);
        if backlog > 200.0 && !self.layout.narrow {
            words.push(format!("{} wait", strong("t-wait", &int(backlog))));
        }
        self.svg.text(self.layout.end, block.bottom + 28.0 * u, "e", &words.join(" · "));
    }

    /// One box for the function of all shards.
    fn one_function(&mut self, rows: &[Row], block: Lane) {
        let u = self.layout.unit;
        let (end, x, width) = (self.layout.end, self.layout.function, self.layout.function_width);
        let mut bands = Path::new();
        let all = self.px(self.reading.sum(|shard| shard.processed));
        if all > 0.8 * rows.len() as f64 {
            for row in rows {
                let processed: f64 =
                    self.reading.shards[row.first..=row.last].iter().map(|shard| shard.processed).sum();
                let (bottom, height) = (row.top + row.height, self.px(processed).min(row.height));
                bands.add_rect(end, bottom - height, x - end, height);
                self.outlets.push((x + width, bottom, height));
            }
        } else if all > 0.0 {
            // Threads this fine would only shimmer: one band for all.
            let height = all.max(0.9);
            let bottom = (block.top + block.bottom + height) / 2.0;
            bands.add_rect(end, bottom - height, x - end, height);
            self.outlets.push((x + width, bottom, height));
        }
        self.svg.path(&fill(DONE), &bands);
        let (top, height) = (block.top, block.bottom - block.top);
        let busy = self.totals().busy;
        self.svg.rect("class=\"box\"", x, top, width, height);
        let inner = (height - 2.0) * busy;
        let look = format!("{} fill-opacity=\".22\"", fill(DONE));
        self.svg.rect(&look, x + 1.0, block.bottom - 1.0 - inner, width - 2.0, inner);
        let percent = match (self.reading.idle, self.layout.narrow) {
            (true, _) => "–".to_owned(),
            (_, true) => format!("{:.0}", busy * 100.0),
            (_, false) => format!("{:.0}\u{a0}%", busy * 100.0),
        };
        self.svg.text(x + width / 2.0, (top + block.bottom) / 2.0 + 4.0 * u, "m ink strong", &percent);
        if !self.layout.narrow {
            self.svg.text(x, block.bottom + 13.0 * u, "", "busy");
            let processed = format!("{}/s", rate(self.reading.sum(|shard| shard.processed)));
            self.svg.text(x, block.bottom + 28.0 * u, "ink2", &processed);
        }
    }
}
