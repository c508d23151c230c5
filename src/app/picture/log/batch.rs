//! The batches of a shard as they go: how far an invocation is, and the tries of a batch that failed with the pieces
//! that it was split into, the whole on top and what became of it below.

use super::super::marks::{DONE, HATCH, LOST, STRIPES, fill, stroke};
use super::super::svg::{Path, Svg};
use super::Columns;
use crate::app::log::LogRow;
use crate::engine::{Doing, PartPosition, TryEnd};

/// A piece of a batch, and how it ended or stands.
struct Piece {
    from: u64,
    end: u64,
    /// Everything before this is processed.
    done: u64,
    look: Look,
}

/// How a piece is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Done,
    Failed,
    GivenUp,
    Runs,
    Waits,
}

impl Columns {
    /// What works on a shard: a cell for each part, or the tries of the one that fails.
    pub(super) fn batches(&self, svg: &mut Svg, row: &LogRow, top: f64, height: f64) {
        let u = self.unit;
        let (left, width) = self.batch;
        let told = row.leading().filter(|part| !row.story(part).is_empty());
        let cells = row.lane.parts.len();
        let (cell_height, story_top) = match told {
            // One part needs no cell beside its tries; several have theirs above them.
            Some(_) if cells == 1 => (0.0, top),
            Some(_) if height >= 18.0 * u => (height * 0.4, top + height * 0.4 + 2.0 * u),
            Some(_) => (height, top + height),
            None => (height.min(16.0 * u), top + height),
        };
        if cell_height > 0.0 {
            let each = width / cells.max(1) as f64;
            let y = if told.is_some() { top } else { top + (height - cell_height) / 2.0 };
            for (place, part) in row.lane.parts.iter().enumerate() {
                let x = left + place as f64 * each;
                cell(svg, part, row, (x, y), ((each - 1.5 * u).max(2.0), cell_height));
            }
        }
        if let Some(part) = told.filter(|_| story_top + 3.0 * u < top + height) {
            tries(svg, part, row, (left, story_top), (width, top + height - story_top), u);
        }
    }
}

/// One part: as far filled as its invocation has got, hatched while its batch fails.
fn cell(svg: &mut Svg, part: &PartPosition, row: &LogRow, at: (f64, f64), size: (f64, f64)) {
    let ((x, y), (width, height)) = (at, size);
    match part.doing {
        Doing::Runs => {
            let (began, ends) = (part.since.micros(), part.until.micros());
            let share = row.at().micros().saturating_sub(began) as f64 / (ends.saturating_sub(began)).max(1) as f64;
            let paint = if part.is_failing() { fill(HATCH) } else { format!("{} fill-opacity=\".55\"", fill(DONE)) };
            svg.rect("class=\"box\"", x, y, width, height);
            svg.rect(&paint, x + 1.0, y + 1.0, (width - 2.0) * share.clamp(0.0, 1.0), height - 2.0);
        }
        Doing::WaitsToRetry if part.is_failing() => {
            svg.rect(&format!("{} stroke=\"{LOST}\"", fill(HATCH)), x, y, width, height);
        }
        Doing::WaitsToRetry => svg.rect("class=\"lim\"", x, y, width, height),
        Doing::Gathers if part.from < row.lane.read && row.lane.parts.len() == 1 => {
            svg.rect("class=\"ghost\"", x, y, width, height);
            svg.rect(&fill(STRIPES), x + 1.0, y + 1.0, width * 0.16, height - 2.0);
        }
        _ => svg.rect("class=\"ghost\"", x, y, width, height),
    }
}

/// The tries of a batch: each piece as wide as its part of the batch, below the piece that it came from.
fn tries(svg: &mut Svg, part: &PartPosition, row: &LogRow, at: (f64, f64), size: (f64, f64), u: f64) {
    let story = row.story(part);
    let Some(whole) = story.first() else { return };
    let mut pieces: Vec<Piece> = story
        .iter()
        .map(|tried| Piece {
            from: tried.from,
            end: tried.end,
            done: tried.done,
            look: match tried.how {
                TryEnd::Succeeded => Look::Done,
                TryEnd::GivenUp(_) => Look::GivenUp,
                TryEnd::Retried(_) | TryEnd::Split(_) => Look::Failed,
            },
        })
        .collect();
    if part.is_failing() {
        let look = if part.doing == Doing::Runs { Look::Runs } else { Look::Waits };
        pieces.push(Piece { from: part.from, end: part.end, done: part.from, look });
        let mut from = part.end;
        for end in &part.pieces {
            pieces.push(Piece { from, end: *end, done: from, look: Look::Waits });
            from = *end;
        }
    }
    let level = |index: usize| {
        let piece = &pieces[index];
        pieces[..index].iter().filter(|before| before.from <= piece.from && piece.end <= before.end).count()
    };
    let levels: Vec<usize> = (0..pieces.len()).map(level).collect();
    let deepest = levels.iter().copied().max().unwrap_or(0) + 1;
    let ((left, top), (width, height)) = (at, size);
    let step = (height / deepest as f64).min(9.0 * u);
    let all = (whole.end - whole.from).max(1) as f64;
    let x = |place: u64| left + (place.clamp(whole.from, whole.end) - whole.from) as f64 / all * width;
    let mut crosses = Path::new();
    for (piece, level) in pieces.iter().zip(levels) {
        let (from, to) = (x(piece.from), x(piece.end));
        let (y, high) = (top + level as f64 * step, (step - 1.0).max(1.0));
        let wide = (to - from - 0.75).max(1.75);
        match piece.look {
            Look::Done => svg.rect(&fill(DONE), from, y, wide, high),
            Look::Failed => svg.rect(&fill(HATCH), from, y, wide, high),
            Look::GivenUp => {
                svg.rect(&fill(LOST), from, y, wide.max(3.0 * u), high);
                let (middle, arm) = (from + wide.max(3.0 * u) / 2.0, (high / 2.0).clamp(1.5 * u, 3.0 * u));
                let y = y + high / 2.0;
                crosses = crosses.to(middle - arm, y - arm).line(middle + arm, y + arm);
                crosses = crosses.to(middle + arm, y - arm).line(middle - arm, y + arm);
            }
            Look::Runs => {
                svg.rect("class=\"box\"", from, y, wide, high);
            }
            Look::Waits => svg.rect(&fill(STRIPES), from, y, wide, high),
        }
        if piece.done > piece.from && piece.look == Look::Failed {
            svg.rect(&fill(DONE), from, y, (x(piece.done) - from).max(1.0), high);
        }
    }
    svg.path(&stroke("var(--ink)", 1.5), &crosses);
}
