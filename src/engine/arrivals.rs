//! The traffic curve becomes records: when each arrives, which key it has, how large it is.
//!
//! A source walks a curve in slices of constant rate. Inside a slice, a gap drawn in *records* (one, or
//! exponential with mean one) is stretched by the slice's time per record; what is left of a gap at the end of a
//! slice is carried into the next, so counts are those of the curve's integral, not of its pieces.

use super::offers::{BLOCK, DRAWN, Offer};
use super::rng::{Actor, Exponential, Rng};
use crate::scenario::{Arrivals as Spacing, Part, Scenario, Series, SeriesRow, Traffic};
use crate::units::{Rate, SimTime, Span};
use std::sync::Arc;

/// One record in 2⁻³² records.
const ONE_Q32: u64 = 1 << 32;
/// No slice of a curve is longer, so that rounding the time per record costs nothing that could be seen.
const SLICE_MAX: u64 = 60_000_000;
/// Where the curve bends smoothly, slices are this long, or a ten-thousandth of the piece if that is longer.
const SLICE_BENT: u64 = 100_000;

/// Arrival times of a whole traffic: one source for the summed curve, and one for each imported series.
#[derive(Clone, Debug)]
pub struct ArrivalTimes {
    sources: Vec<AnySource>,
    exponential: Arc<Exponential>,
    next_at: u64,
    next_source: usize,
}

impl ArrivalTimes {
    /// The arrivals of a scenario, from its start to its end.
    pub fn new(scenario: &Scenario) -> Self {
        let Traffic { parts, arrivals, .. } = &scenario.traffic;
        let rng = |number| Rng::of(scenario.seed, Actor::Arrivals(number));
        let own = |part: &&Part| matches!(part, Part::Series(_) | Part::Intervals { .. } | Part::Bursts { .. });
        // Into a stream that follows another one a consumer puts, and nobody else.
        let parts = if scenario.traffic.put_millionths.is_some() { &[][..] } else { parts };
        let (series, curve): (Vec<&Part>, Vec<&Part>) = parts.iter().partition(own);
        let end = scenario.length.micros();
        let exponential = Arc::new(Exponential::new());
        let mut sources = Vec::new();
        if !curve.is_empty() {
            let curve = Curve::new(curve.into_iter().cloned().collect(), scenario.length);
            sources.push(Source::start(Slices::Curve(curve), *arrivals, rng(0), &exponential));
        }
        for (number, part) in (1..).zip(series) {
            sources.push(match part {
                Part::Series(series) => {
                    let slices = Slices::Series { series: Arc::clone(series), row: 0, end };
                    Source::start(slices, *arrivals, rng(number), &exponential)
                }
                Part::Intervals { rows } => AnySource::Timetable(Timetable::new(Arc::clone(rows), end)),
                Part::Bursts { every, start, records, over } => AnySource::Bursts(Bursts {
                    every: every.micros(),
                    from: start.micros(),
                    records: *records,
                    over: over.micros(),
                    index: 0,
                    end,
                }),
                _ => continue,
            });
        }
        let mut times = Self { sources, exponential, next_at: u64::MAX, next_source: 0 };
        times.find_next();
        times
    }

    /// Fills a block with arrivals as far as there are any: their times, and their sizes where a series brings them.
    /// Says how many there are.
    pub(super) fn fill(&mut self, block: &mut [Offer; BLOCK]) -> usize {
        if let [AnySource::Timetable(timetable)] = self.sources.as_mut_slice() {
            return timetable.fill(block);
        }
        for (place, offer) in block.iter_mut().enumerate() {
            if self.next_at == u64::MAX {
                return place;
            }
            let at = self.next_at;
            let (size, next_at) = match &mut self.sources[self.next_source] {
                AnySource::Timetable(timetable) => {
                    timetable.advance();
                    (DRAWN, timetable.next_at)
                }
                AnySource::Curve(source) => {
                    let size = source.given_size();
                    source.advance(&self.exponential);
                    (size, source.next_at)
                }
                AnySource::Bursts(bursts) => {
                    bursts.advance();
                    (DRAWN, bursts.next_at())
                }
            };
            self.next_at = next_at;
            if self.sources.len() > 1 {
                self.find_next();
            }
            *offer = Offer { at, key: 0, size };
        }
        BLOCK
    }

    /// How many records the traffic of a scenario offers: counted, not estimated.
    pub fn count(scenario: &Scenario) -> u64 {
        let (mut times, mut block, mut count) = (Self::new(scenario), [Offer::default(); BLOCK], 0);
        loop {
            match times.fill(&mut block) {
                0 => return count,
                filled => count += filled as u64,
            }
        }
    }

    fn find_next(&mut self) {
        let earliest = self.sources.iter().map(AnySource::next_at).enumerate().min_by_key(|(_, at)| *at);
        (self.next_source, self.next_at) = earliest.unwrap_or((0, u64::MAX));
    }
}

/// A stretch of time in which records have the same expected distance.
#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    start: u64,
    /// Length in 2⁻²⁰ µs.
    length_q20: u64,
    /// Time per record in 2⁻²⁰ µs; zero where nothing arrives.
    step_q20: u64,
    /// Where a row of a series lies behind it: records still to come, and the bytes that all of them share.
    row: Option<RowState>,
}

#[derive(Clone, Copy, Debug)]
struct RowState {
    left: u64,
    count: u64,
    bytes: Option<u64>,
}

/// Where arrivals come from.
#[derive(Clone, Debug)]
enum AnySource {
    Curve(Source),
    Timetable(Timetable),
    Bursts(Bursts),
}

impl AnySource {
    fn next_at(&self) -> u64 {
        match self {
            Self::Curve(source) => source.next_at,
            Self::Timetable(timetable) => timetable.next_at,
            Self::Bursts(bursts) => bursts.next_at(),
        }
    }
}

/// A record every so many microseconds.
#[derive(Clone, Debug)]
struct Timetable {
    rows: Arc<Vec<(SimTime, Span)>>,
    /// The row after the one in force, and when it begins.
    row: usize,
    row_at: u64,
    interval: u64,
    next_at: u64,
    end: u64,
}

impl Timetable {
    fn new(rows: Arc<Vec<(SimTime, Span)>>, end: u64) -> Self {
        let first = rows.first().map_or(u64::MAX, |(at, _)| at.micros());
        let mut timetable = Self { rows, row: 0, row_at: 0, interval: 0, next_at: first, end };
        timetable.find_row();
        timetable
    }

    fn fill(&mut self, block: &mut [Offer; BLOCK]) -> usize {
        let mut len = 0;
        while len < BLOCK && self.next_at != u64::MAX {
            let (mut at, interval, row_at) = (self.next_at, self.interval, self.row_at);
            for offer in &mut block[len..] {
                if at >= row_at {
                    break;
                }
                *offer = Offer { at, key: 0, size: DRAWN };
                at += interval;
                len += 1;
            }
            self.next_at = at;
            if at >= row_at {
                self.find_row();
            }
        }
        len
    }

    #[inline]
    fn advance(&mut self) {
        self.next_at += self.interval;
        if self.next_at >= self.row_at {
            self.find_row();
        }
    }

    /// Finds the row in force at the next arrival; where it has none, the arrival is at the beginning of the next
    /// row that has some.
    #[cold]
    fn find_row(&mut self) {
        loop {
            let at = |row: usize| self.rows.get(row).map_or(u64::MAX, |(at, _)| at.micros());
            while at(self.row) <= self.next_at && self.row < self.rows.len() {
                self.interval = self.rows[self.row].1.micros();
                self.row += 1;
            }
            self.row_at = at(self.row).min(self.end);
            if self.next_at >= self.end {
                (self.next_at, self.row_at) = (u64::MAX, u64::MAX);
                return;
            }
            if self.interval > 0 {
                return;
            }
            self.next_at = at(self.row);
        }
    }
}

/// Bursts on the clock.
#[derive(Clone, Debug)]
struct Bursts {
    every: u64,
    /// When the present burst begins.
    from: u64,
    records: u64,
    over: u64,
    /// Place of the next record in its burst.
    index: u64,
    end: u64,
}

impl Bursts {
    fn next_at(&self) -> u64 {
        let at = self.from + self.over * self.index / self.records;
        if at < self.end { at } else { u64::MAX }
    }

    fn advance(&mut self) {
        self.index += 1;
        if self.index == self.records {
            (self.index, self.from) = (0, self.from + self.every);
        }
    }
}

#[derive(Clone, Debug)]
enum Slices {
    Curve(Curve),
    Series { series: Arc<Series>, row: usize, end: u64 },
}

#[derive(Clone, Debug)]
struct Source {
    slices: Slices,
    slice: Slice,
    /// Position of the next arrival in the slice, in 2⁻²⁰ µs.
    at_q20: u64,
    next_at: u64,
    spacing: Spacing,
    rng: Rng,
}

impl Source {
    /// A source with its first arrival: at once where arrivals are even, after a gap where they are random.
    fn start(slices: Slices, spacing: Spacing, rng: Rng, exponential: &Exponential) -> AnySource {
        let mut source = Self { slices, slice: Slice::default(), at_q20: 0, next_at: u64::MAX, spacing, rng };
        let first = match spacing {
            Spacing::Even => 0,
            Spacing::Poisson => exponential.draw_q32(&mut source.rng),
        };
        source.enter_next(first, exponential);
        AnySource::Curve(source)
    }

    #[inline]
    fn advance(&mut self, exponential: &Exponential) {
        if let Some(row) = &mut self.slice.row {
            row.left -= 1;
            if row.left == 0 {
                return self.enter_next(0, exponential);
            }
        }
        let room = self.slice.length_q20 - self.at_q20;
        let (gap, step) = match self.spacing {
            Spacing::Even => (ONE_Q32, u128::from(self.slice.step_q20)),
            Spacing::Poisson => {
                let gap = exponential.draw_q32(&mut self.rng);
                (gap, (u128::from(gap) * u128::from(self.slice.step_q20)) >> 32)
            }
        };
        if step < u128::from(room) {
            self.at_q20 += step as u64;
            self.next_at = self.slice.start + (self.at_q20 >> 20);
        } else if self.slice.row.is_some() {
            // Rounding, where a microsecond has more records than steps: the count is kept all the same.
            self.at_q20 = self.slice.length_q20 - 1;
            self.next_at = self.slice.start + (self.at_q20 >> 20);
        } else {
            let passed = (u128::from(room) << 32) / u128::from(self.slice.step_q20);
            self.enter_next(gap - passed as u64, exponential);
        }
    }

    /// Goes to the slice in which a gap of so many 2⁻³² records ends.
    #[cold]
    fn enter_next(&mut self, mut gap: u64, exponential: &Exponential) {
        loop {
            let Some(slice) = self.slices.next() else {
                self.next_at = u64::MAX;
                return;
            };
            self.slice = slice;
            self.at_q20 = 0;
            if let Some(row) = slice.row {
                return self.enter_row(row, exponential);
            }
            if slice.step_q20 == 0 {
                continue;
            }
            let step = (u128::from(gap) * u128::from(slice.step_q20)) >> 32;
            if step < u128::from(slice.length_q20) {
                self.at_q20 = step as u64;
                self.next_at = slice.start + (self.at_q20 >> 20);
                return;
            }
            gap -= ((u128::from(slice.length_q20) << 32) / u128::from(slice.step_q20)) as u64;
        }
    }

    /// Starts a row of a series. Random arrivals with a fixed count are sorted uniform numbers, and those are
    /// exponential gaps divided by the sum of all of them and one more: the sum is taken with a copy of the
    /// generator, which then draws the same gaps again.
    fn enter_row(&mut self, row: RowState, exponential: &Exponential) {
        let length = u128::from(self.slice.length_q20);
        match self.spacing {
            Spacing::Even => self.slice.step_q20 = (length / u128::from(row.count)) as u64,
            Spacing::Poisson => {
                let mut ahead = self.rng.clone();
                let sum: u128 = (0..=row.count).map(|_| u128::from(exponential.draw_q32(&mut ahead))).sum();
                // A sum of zero needs every gap below 2⁻³²; then all arrive at once.
                self.slice.step_q20 = (length << 32).checked_div(sum).map_or(1, |step| step as u64).max(1);
                let first = exponential.draw_q32(&mut self.rng);
                let at = (u128::from(first) * u128::from(self.slice.step_q20)) >> 32;
                self.at_q20 = at.min(length - 1) as u64;
            }
        }
        self.next_at = self.slice.start + (self.at_q20 >> 20);
    }

    /// The next record's size where a row of a series fixes it, else [`DRAWN`].
    #[inline]
    fn given_size(&self) -> u32 {
        match self.slice.row {
            Some(RowState { left, count, bytes: Some(bytes) }) => {
                // The first `bytes mod count` records are one byte larger, so the row's bytes are exact.
                let larger = count - left < bytes % count;
                (bytes / count) as u32 + u32::from(larger)
            }
            _ => DRAWN,
        }
    }
}

impl Slices {
    fn next(&mut self) -> Option<Slice> {
        match self {
            Self::Curve(curve) => curve.next_slice(),
            Self::Series { series, row, end } => loop {
                let SeriesRow { at, length, count, bytes } = *series.rows.get(*row)?;
                *row += 1;
                if at.micros() >= *end {
                    return None;
                }
                if count > 0 {
                    let row = Some(RowState { left: count, count, bytes });
                    return Some(Slice { start: at.micros(), length_q20: length.micros() << 20, step_q20: 1, row });
                }
            },
        }
    }
}

/// The sum of all parts that are formulas, cut at its corners.
#[derive(Clone, Debug)]
struct Curve {
    parts: Vec<Part>,
    /// Corners inside the run and its end, in order, each once.
    corners: Vec<u64>,
    corner: usize,
    at: u64,
    smooth: bool,
}

impl Curve {
    fn new(parts: Vec<Part>, length: Span) -> Self {
        let end = length.micros();
        let mut corners: Vec<u64> = parts.iter().flat_map(Part::corners).map(SimTime::micros).collect();
        corners.retain(|at| (1..end).contains(at));
        corners.push(end);
        corners.sort_unstable();
        corners.dedup();
        let smooth = parts.iter().any(|part| matches!(part, Part::DayWave { .. }));
        Self { parts, corners, corner: 0, at: 0, smooth }
    }

    fn rate(&self, at: u64) -> u64 {
        self.parts.iter().map(|part| part.rate_at(SimTime::from_micros(at))).map(Rate::milli).sum()
    }

    fn next_slice(&mut self) -> Option<Slice> {
        let corner = *self.corners.get(self.corner)?;
        let piece_start = self.corner.checked_sub(1).map_or(0, |before| self.corners[before]);
        // Between corners the sum of the parts is a straight line, unless a wave is among them.
        let flat = !self.smooth && self.rate(piece_start) == self.rate(corner - 1);
        let longest = if flat { SLICE_MAX } else { SLICE_BENT.max((corner - piece_start) / 10_000).min(SLICE_MAX) };
        let (start, end) = (self.at, corner.min(self.at + longest));
        self.at = end;
        if end == corner {
            self.corner += 1;
        }
        let milli = self.rate(start + (end - start) / 2);
        // 10⁹ µs × 2²⁰ over thousandths of a record per second.
        let step_q20 = (1_000_000_000u64 << 20).checked_div(milli).map_or(0, |step| step.max(1));
        Some(Slice { start, length_q20: (end - start) << 20, step_q20, row: None })
    }
}
