//! Where things stand in the picture of the stream: columns, lanes, and the one scale of all widths.

use super::Size;
use super::forecast::{Forecast, LANES_MAX};

/// Below this width the producer's and the destination's columns give way.
const NARROW: f64 = 620.0;
/// Pictures lower than this, in units, leave out what producer and destination are.
const LOW: f64 = 170.0;

/// How much a lane can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Up to three lanes where there is room: axis, headroom bars, everything.
    Full,
    /// A lane with one line of words above it.
    Dense,
    /// A lane with its number before it and one word behind it.
    Row,
    /// No lanes: rows of a heat map.
    Heat,
}

/// The vertical extent of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lane {
    /// The line of the limit.
    pub top: f64,
    /// The floor.
    pub bottom: f64,
    /// Where the room below the floor ends.
    pub end: f64,
}

/// Everything that has a place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// Pixels of a design unit: one at a desk.
    pub unit: f64,
    /// The same for the widths of words.
    pub letter: f64,
    pub width: f64,
    pub height: f64,
    /// Phone width.
    pub narrow: bool,
    /// Too low for the words of producer and destination.
    pub low: bool,
    /// Projector.
    pub room: bool,
    pub detail: Detail,
    /// Where the bands begin.
    pub source: f64,
    /// Where the shards begin.
    pub gate: f64,
    /// Where the lanes end.
    pub end: f64,
    /// Left edge and width of the function's boxes.
    pub function: f64,
    pub function_width: f64,
    /// Where the destination stands.
    pub sink: f64,
    /// Pixels of one record per second.
    pub scale: f64,
    /// No rejected band is drawn wider than this.
    pub rejected_max: f64,
    /// Room below a rejected band for what drops out of it.
    pub fall: f64,
    /// The lanes; in a heat map a single one, the block of all rows.
    pub lanes: Vec<Lane>,
    /// The height at which producer and destination stand.
    pub middle: f64,
}

/// What a lane needs besides its width to scale.
struct Spacing {
    label: f64,
    /// Below the floor, whether or not something falls there.
    info: f64,
    gap: f64,
    /// Room below a rejected band for what drops out of it.
    fall: f64,
    /// Lanes lower than this stop being lanes.
    lane_min: f64,
    /// No lane is higher than this.
    lane_max: f64,
}

impl Layout {
    /// The layout for a stream that is expected to behave like `forecast`. `peaks` are the highest rates that
    /// each shard has to do with, records per second.
    pub fn new(size: Size, forecast: &Forecast, room_for_each: f64, peaks: &[f64]) -> Self {
        let u = size.rem;
        let narrow = size.width < NARROW;
        let by_width = |narrow_value: f64, value: f64| if narrow { narrow_value } else { value };
        // In a room letters are larger than the unit says, and there is more width to give.
        let source = by_width(0.0, if size.room { 126.0 } else { 112.0 }) * u;
        let gate = source + by_width(64.0, if size.room { 164.0 } else { 138.0 }) * u;
        let destination = if size.room { 114.0 } else { 98.0 } * u;
        let end = size.width - by_width(52.0 * u, destination + 126.0 * u);
        let mut layout = Self {
            unit: u,
            letter: if size.room { u * 1.1 } else { u },
            width: size.width,
            height: size.height,
            narrow,
            low: !narrow && size.height < LOW * u,
            room: size.room,
            detail: Detail::Heat,
            source,
            gate,
            end: end.max(gate + 20.0),
            function: end + by_width(12.0, 26.0) * u,
            function_width: by_width(28.0, 44.0) * u,
            sink: size.width - destination,
            scale: 0.0,
            rejected_max: f64::INFINITY,
            fall: 26.0 * u,
            lanes: Vec::new(),
            middle: 0.0,
        };
        let count = forecast.shares.len();
        if !layout.place_lanes_of(count, room_for_each, peaks) {
            layout.place_block(room_for_each * count as f64, forecast.peak);
        }
        let (first, last) = (layout.lanes[0], layout.lanes[layout.lanes.len() - 1]);
        layout.middle = (first.top + last.bottom) / 2.0;
        layout
    }

    /// Tries the most detailed lanes first. False if there is no room for any.
    fn place_lanes_of(&mut self, count: usize, room_for_each: f64, peaks: &[f64]) -> bool {
        let (full, dense) = (self.spacing(Detail::Full), self.spacing(Detail::Dense));
        let (rows, tight) = (self.row_spacing(false), self.row_spacing(true));
        match count {
            0..=3 if self.place_lanes(Detail::Full, &full, room_for_each, peaks) => true,
            0..=6 if self.place_lanes(Detail::Dense, &dense, room_for_each, peaks) => true,
            0..=LANES_MAX
                if self.place_lanes(Detail::Row, &rows, room_for_each, peaks)
                    || self.place_lanes(Detail::Row, &tight, room_for_each, peaks) =>
            {
                // The words stand between lane and function.
                self.end -= self.letter * if self.narrow { 50.0 } else { 48.0 };
                true
            }
            _ => false,
        }
    }

    /// Room above the lanes for the heads of the columns.
    pub fn head(&self) -> f64 {
        if self.narrow { 20.0 * self.unit } else { 22.0 * self.unit }
    }

    /// Room below the lanes for what is counted on a phone.
    fn foot(&self) -> f64 {
        if self.narrow { 40.0 * self.unit } else { 6.0 * self.unit }
    }

    /// Room for one axis of ages below all lanes.
    fn axis(&self, detail: Detail) -> f64 {
        if detail == Detail::Row && !self.narrow { 12.0 * self.unit } else { 0.0 }
    }

    /// Length of a lane.
    pub fn length(&self) -> f64 {
        self.end - self.gate
    }

    fn spacing(&self, detail: Detail) -> Spacing {
        let u = self.unit;
        let dense = detail != Detail::Full;
        Spacing {
            label: if dense { 15.0 } else { 19.0 } * u,
            info: match (dense, self.narrow) {
                (true, _) => 2.0 * u,
                (false, true) => 46.0 * u,
                (false, false) => 40.0 * u,
            },
            gap: if dense { 5.0 } else { 9.0 } * u,
            fall: 26.0 * u,
            lane_min: if dense { 6.5 } else { 16.0 } * u,
            lane_max: 75.0 * u,
        }
    }

    /// The spacing of rows: with room for drops below a rejected band, or tight, where most of them reject.
    fn row_spacing(&self, tight: bool) -> Spacing {
        let u = self.unit;
        let (fall, lane_min) = if tight { (3.0 * u, 8.0 * u) } else { (16.0 * u, 10.0 * u) };
        Spacing { label: 2.0 * u, info: 0.0, gap: 3.0 * u, fall, lane_min, lane_max: 30.0 * u }
    }

    /// Chooses the scale so that the worst moment fits. Where the lanes would become too flat for that, rejected
    /// bands are cut instead. False if there is no room for lanes of this detail.
    fn place_lanes(&mut self, detail: Detail, space: &Spacing, room_for_each: f64, peaks: &[f64]) -> bool {
        let available = self.height - self.head() - self.foot() - self.axis(detail);
        let below = |peak: f64, scale: f64, cut: f64| {
            let over = if peak > room_for_each * 1.015 { (peak - room_for_each) * scale } else { 0.0 };
            if over > 0.0 { (over.min(cut) + space.fall).max(space.info) } else { space.info }
        };
        let lane =
            |peak: f64, scale: f64, cut: f64| space.label + room_for_each * scale + below(peak, scale, cut) + space.gap;
        let needed = |scale: f64, cut: f64| peaks.iter().map(|peak| lane(*peak, scale, cut)).sum::<f64>();

        // A cut at two lane heights still reads as "much more than fits".
        let (scale_min, scale_max) = (space.lane_min / room_for_each, space.lane_max / room_for_each);
        let cut_of = |scale: f64| 2.2 * room_for_each * scale;
        let (scale, cut) = if needed(scale_min, f64::INFINITY) <= available {
            (largest(scale_min, scale_max, |scale| needed(scale, f64::INFINITY) <= available), f64::INFINITY)
        } else if needed(scale_min, cut_of(scale_min)) <= available {
            let scale = largest(scale_min, scale_max, |scale| needed(scale, cut_of(scale)) <= available);
            (scale, cut_of(scale))
        } else if needed(scale_min, 6.0 * self.unit) <= available + space.gap {
            // Below the last lane no gap is needed.
            (scale_min, 6.0 * self.unit)
        } else {
            return false;
        };

        self.detail = detail;
        self.scale = scale;
        self.fall = space.fall;
        self.rejected_max = cut;
        let spare = (available - needed(scale, cut)).clamp(0.0, 30.0 * self.unit);
        let mut y = self.head() + spare / 2.0;
        for peak in peaks {
            let top = y + space.label;
            let bottom = top + room_for_each * scale;
            let end = bottom + below(*peak, scale, cut);
            self.lanes.push(Lane { top, bottom, end });
            y = end + space.gap;
        }
        true
    }

    /// One block for all rows of a heat map, with the axis below and room for what falls.
    fn place_block(&mut self, room_for_all: f64, peak: f64) {
        let u = self.unit;
        let top = self.head() + 21.0 * u;
        let available = (self.height - self.foot() - top - 44.0 * u).max(24.0 * u);
        let over = ((peak - room_for_all) / room_for_all).clamp(0.0, 1.2);
        let block = if over > 0.0 { available / (1.0 + over) } else { available };
        self.detail = Detail::Heat;
        self.scale = block / room_for_all;
        self.rejected_max = (available - block).max(18.0 * u);
        self.lanes = vec![Lane { top, bottom: top + block, end: top + available + 20.0 * u }];
    }
}

/// The largest value between `low` and `high` for which `fits` holds; it holds for `low`.
fn largest(low: f64, high: f64, fits: impl Fn(f64) -> bool) -> f64 {
    if fits(high) {
        return high;
    }
    let (mut low, mut high) = (low, high);
    for _ in 0..30 {
        let middle = (low + high) / 2.0;
        if fits(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
