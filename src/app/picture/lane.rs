//! One lane: the band that comes, what does not fit, the log with its checkpoint, and the function that reads it.

use super::layout::{Detail, Lane};
use super::marks::{DONE, FLOW, HATCH, LOST, STRIPES, fill, stroke};
use super::moment::{Moment, ShardReading};
use super::noise::{along_swing, scattered, travelled};
use super::scene::Scene;
use super::svg::{Path, Svg, strong};
use crate::metrics::ShardMetric;
use crate::text::rate;

/// Where a shard's bands leave the producer.
#[derive(Clone, Copy)]
pub(super) struct Source {
    /// Top of the accepted band.
    pub y: f64,
    /// Heights of both bands.
    pub accepted: f64,
    pub rejected: f64,
}

/// A lane in its surroundings.
#[derive(Clone, Copy)]
pub(super) struct LaneView {
    pub shard: usize,
    pub lane: Lane,
    pub reading: ShardReading,
    /// Where the checkpoint stands.
    pub checkpoint: f64,
    /// Height of the processed band; zero where nothing is processed.
    pub processed: f64,
    /// Height of the rejected band as drawn.
    pub rejected: f64,
}

impl Scene<'_> {
    /// Draws every lane, each with its bands.
    pub fn all_lanes(&mut self) {
        let bands: Vec<(f64, f64)> = (0..self.reading.shards.len())
            .map(|shard| {
                // Records smaller than usual may arrive faster than the lane is high: the band stays in its lane.
                let accepted = self.reading.shards[shard].accepted.min(self.reading.room);
                (self.band(accepted), self.rejected_band(shard))
            })
            .collect();
        let total: f64 = bands.iter().map(|(accepted, rejected)| accepted + rejected).sum();
        let mut y = self.source_middle(total) - total / 2.0;
        self.outline_of_the_peak();
        for (shard, (accepted, rejected)) in bands.into_iter().enumerate() {
            self.lane(shard, Source { y, accepted, rejected });
            y += accepted + rejected;
        }
    }

    /// Where the bands of the peak will run, or ran: dotted, while the flow is far below it.
    fn outline_of_the_peak(&mut self) {
        let sent = self.reading.offered.max(self.reading.sum(|shard| shard.accepted + shard.rejected));
        if sent > 0.6 * self.forecast.peak {
            return;
        }
        let room = self.reading.room;
        let height = |share: f64| {
            let peak = self.forecast.peak * share;
            self.px(peak.min(room)) + self.px((peak - room).max(0.0)).min(self.layout.rejected_max)
        };
        let total: f64 = self.forecast.shares.iter().map(|share| height(*share)).sum();
        let (x, gate) = (self.layout.source, self.layout.gate);
        let middle = (x + gate) / 2.0;
        let mut y = self.source_middle(total) - total / 2.0;
        let mut outline = Path::new();
        for (lane, share) in self.layout.lanes.iter().zip(&self.forecast.shares) {
            let band = height(*share);
            // The band stands on the floor; what is higher than the lane hangs below it.
            let foot = lane.bottom.max(lane.top + band);
            outline = outline.to(x, y).swing(y, middle, gate, foot - band);
            outline = outline.to(x, y + band).swing(y + band, middle, gate, foot);
            y += band;
        }
        self.svg.path("class=\"ghost\"", &outline);
    }

    fn lane(&mut self, shard: usize, source: Source) {
        let lane = self.layout.lanes[shard];
        let reading = self.reading.shards[shard];
        let scale = self.layout.length() / self.axis.span;
        let checkpoint = (self.layout.gate + reading.age * scale).min(self.layout.end);
        // A function that catches up may be faster than the shard: the band stays in its lane.
        let processed =
            if reading.processed > 0.0 { self.band(reading.processed).min(lane.bottom - lane.top) } else { 0.0 };
        let view = LaneView { shard, lane, reading, checkpoint, processed, rejected: source.rejected };

        let (top, height) = (lane.top, lane.bottom - lane.top);
        self.svg.rect("class=\"bed\"", self.layout.gate, top, self.layout.length(), height);
        if source.rejected > 0.6 {
            self.rejected_hook(&view, source);
        }
        self.accepted_band(&view, source);
        self.log(&view);
        self.walls(&view);
        self.words_of_lane(&view);
        self.function(&view);
    }

    fn accepted_band(&mut self, view: &LaneView, source: Source) {
        let (x, gate, bottom) = (self.layout.source, self.layout.gate, view.lane.bottom);
        let middle = (x + gate) / 2.0;
        let (from, to) = ((x, source.y), (gate, bottom - source.accepted));
        let mut band = Path::new();
        band.add_band(from, to, middle, source.accepted);
        self.svg.path(&fill(FLOW), &band);
        let Some(motion) = self.motion else { return };
        let streaks = ((view.reading.accepted / self.reading.room * 40.0) as usize).clamp(1, 40);
        for index in 0..streaks {
            let [phase, height, _] = scattered(index + view.shard * 50);
            let way = travelled(phase, 0.55, motion.seconds);
            let (px, py) = along_swing(from, middle, to, way);
            let within =
                if source.accepted > 4.0 { 2.0 + height * (source.accepted - 4.0) } else { source.accepted / 2.0 };
            if source.accepted > 3.0 || index == 0 {
                self.streaks.flow.add_dash(px.min(gate - 6.0), py + within, 6.0);
            }
        }
    }

    /// What does not fit: hatched, turns down before the wall, and falls out of the picture or goes back.
    pub(super) fn rejected_hook(&mut self, view: &LaneView, source: Source) {
        let u = self.layout.unit;
        let (x, gate, bottom, height) = (self.layout.source, self.layout.gate, view.lane.bottom, source.rejected);
        let middle = (x + gate) / 2.0;
        let width = height.min(46.0 * u).min((gate - x) * 0.45);
        let left = gate - width;
        let bend = width.min(height) * 0.8;
        let low = bottom + height + 4.0 * u;
        let from = source.y + source.accepted;
        let hook = Path::at(x, from)
            .swing(from, middle - 4.0, left, bottom)
            .across(gate - bend)
            .corner((gate, bottom), gate, bottom + bend)
            .down(low)
            .across(left)
            .down(bottom + height)
            .swing(bottom + height, middle - 4.0, x, from + height);
        self.svg.path(&format!("{} stroke=\"{LOST}\" stroke-width=\"1\"", fill(HATCH)), &hook);
        if self.px(view.reading.rejected) > height * 1.6 {
            self.cut_mark(x + (left - x) * 0.3, from, bottom, (x, left), height);
        }
        if self.losing() {
            self.drops(view, (left, width), low);
        } else {
            self.way_back(left + width / 2.0, low);
        }
        if let Some(y) = self.rejected_words_at(view) {
            let words = if self.losing() { "rejected" } else { "rejected, sent again" };
            let words = format!("{} {words}", strong("t-lost", &format!("{}/s", rate(view.reading.rejected))));
            self.words.text(gate + 8.0 * u, y, "t-lost", &words);
        }
    }

    /// Where the words beside a rejected band stand; `None` where there is no room for them or no band.
    pub(super) fn rejected_words_at(&self, view: &LaneView) -> Option<f64> {
        let u = self.layout.unit;
        let below = match self.layout.detail {
            Detail::Full => 50.0,
            Detail::Dense | Detail::Row => 12.0,
            Detail::Heat => 42.0,
        };
        let y = (view.lane.bottom + below * u).max(view.lane.bottom + view.rejected + 12.0 * u);
        (view.rejected > 0.6 && y < view.lane.end + 2.0 * u).then_some(y)
    }

    /// Two slanted strokes across a band that would be wider to scale.
    fn cut_mark(&mut self, x: f64, from: f64, to: f64, ends: (f64, f64), height: f64) {
        let share = (x - ends.0) / (ends.1 - ends.0).max(1.0);
        let (_, y) = along_swing((ends.0, from), (ends.0 + ends.1) / 2.0, (ends.1, to), share);
        let mut strokes = Path::new();
        for shift in [0.0, 5.0] {
            strokes = strokes.to(x + shift + 3.0, y - 3.0).line(x + shift - 3.0, y + height + 3.0);
        }
        self.svg.path(&stroke("var(--paper)", 2.5), &strokes);
    }

    fn drops(&mut self, view: &LaneView, (left, width): (f64, f64), low: f64) {
        let u = self.layout.unit;
        let count = (4 + (view.reading.rejected / 130.0).round() as usize).min(16);
        let seconds = self.motion.map_or(7.3, |motion| motion.seconds);
        let reach = view.lane.end - low - 4.0 * u;
        // Where lanes lie close together nothing can be seen to fall.
        if self.layout.fall < 10.0 * u {
            return;
        }
        let reach = reach.max(10.0 * u);
        let mut drops = Path::new();
        for index in 0..count {
            let [phase, place, pace] = scattered(index + view.shard * 20);
            let fallen = travelled(phase, 0.9 + pace * 0.5, seconds);
            let y = low + 4.0 * u + fallen * reach;
            drops.add_drop(left + 3.0 + place * (width - 6.0).max(0.0), y, (4.2 - fallen * 1.6) * u);
        }
        self.svg.path(&fill(LOST), &drops);
    }

    /// An arrow that turns back to the producer below what was rejected.
    fn way_back(&mut self, x: f64, y: f64) {
        let u = self.layout.unit;
        if self.layout.fall < 10.0 * u {
            return;
        }
        let (to, turn) = (x - 22.0 * u, y + 14.0 * u);
        let way = Path::at(x, y + 2.0 * u).corner((x, turn), x - 10.0 * u, turn).across(to + 4.0 * u);
        let head = Path::at(to - 5.0 * u, turn).line(to + 5.0 * u, turn - 5.0 * u).line(to + 5.0 * u, turn + 5.0 * u);
        let head = head.close();
        self.words.path(&stroke("var(--paper)", 5.0 * u), &way);
        self.words.path(&stroke("var(--paper)", 3.0 * u), &head);
        self.words.path(&stroke(LOST, 2.0 * u), &way);
        self.words.path(&fill(LOST), &head);
    }

    /// The log: x is the age of a record, height the rate at which records of that age arrived.
    fn log(&mut self, view: &LaneView) {
        let (gate, end, bottom, x) = (self.layout.gate, self.layout.end, view.lane.bottom, view.checkpoint);
        if self.reading.idle {
            self.svg.rect(&format!("{} fill-opacity=\".35\"", fill(FLOW)), gate, bottom - 1.0, end - gate, 1.0);
            return;
        }
        let behind = view.reading.age > self.reading.patience;
        let (waiting, processed_before, oldest) = self.profile(view, behind);
        if let Some(past) = processed_before {
            let past = past.line(oldest, bottom).close();
            self.svg.path("fill=\"var(--ink)\" fill-opacity=\".07\"", &past);
        }
        if view.reading.age > 1.5 {
            self.svg.path(&fill(STRIPES), &waiting.line(x, bottom).close());
        }
        let u = self.layout.unit;
        let outlet = self.layout.function;
        if view.processed > 0.0 {
            self.svg.rect(&fill(DONE), x, bottom - view.processed, outlet - x, view.processed);
        }
        if let Some(motion) = self.motion.filter(|_| view.processed > 3.0) {
            let streaks = (view.reading.processed / self.reading.room * 42.0) as usize + 1;
            for index in 0..streaks.min(42) {
                let [phase, height, _] = scattered(500 + index + view.shard * 7);
                let way = travelled(phase, 0.35, motion.seconds);
                let y = bottom - 2.0 - height * (view.processed - 4.0).max(0.0);
                self.streaks.done.add_dash(x + 4.0 + way * (outlet - x - 12.0).max(0.0), y, 6.0);
            }
        }
        let bar = Path::at(x, view.lane.top - 3.0 * u).down(bottom + 3.0 * u);
        self.svg.path(&stroke("var(--ink)", 2.0), &bar);
        if view.reading.in_flight > 0.0 && behind {
            let box_height = view.processed.max(4.0 * u);
            let look = "fill=\"var(--paper)\" stroke=\"var(--ink)\" stroke-width=\"1.25\"";
            self.svg.rect(look, x, bottom - box_height, 7.0 * u, box_height);
        }
    }

    /// The outline of what waits, of what was processed and is still kept, and the x of the run's first record.
    fn profile(&self, view: &LaneView, behind: bool) -> (Path, Option<Path>, f64) {
        let moment = self.moment;
        let column = moment.timeline.shard_column(ShardMetric::Stored, view.reading.id);
        let (gate, bottom, x) = (self.layout.gate, view.lane.bottom, view.checkpoint);
        let length = self.layout.length();
        let pixels = if self.layout.detail == Detail::Full { 3.0 } else { 6.0 };
        let bins = ((length / pixels) as usize).clamp(24, 200);
        let floor = if behind { 5.0 * self.layout.unit } else { 0.9 };
        let run = moment.covered(0, self.reading.frames);
        let oldest = (gate + run / self.axis.span * length).min(self.layout.end);
        let smooth = (4.0 / moment.width()).ceil() as usize;

        let mut waiting = Outline::new(gate, bottom);
        let mut past: Option<Outline> = None;
        for bin in 0..=bins {
            let age = bin as f64 / bins as f64 * self.axis.span;
            let at = gate + bin as f64 / bins as f64 * length;
            if at > oldest {
                break;
            }
            let frames = self.reading.frames.saturating_sub((age / moment.width()) as usize).max(1);
            let height = self.px(moment.rate_over(column, frames, smooth).min(self.reading.room));
            if at <= x + length / bins as f64 {
                waiting.point(at.min(x), bottom - height.max(floor));
            }
            if at >= x {
                past.get_or_insert_with(|| Outline::new(x, bottom)).point(at, bottom - height.max(0.9));
            }
        }
        (waiting.finish(), past.map(Outline::finish), oldest)
    }

    /// Limit, floor, and the wall that rejected records run into.
    fn walls(&mut self, view: &LaneView) {
        let u = self.layout.unit;
        let (gate, end, lane) = (self.layout.gate, self.layout.end, view.lane);
        self.svg.path("class=\"lim\"", &Path::at(gate, lane.top).across(end));
        self.svg.path("class=\"floor\"", &Path::at(gate, lane.top - 4.0 * u).down(lane.bottom).across(end));
        if view.rejected > 0.6 {
            let low = lane.bottom + view.rejected.max(8.0 * u);
            self.svg.path(&stroke("var(--ink)", 2.5), &Path::at(gate, lane.bottom).down(low));
        }
    }

    /// The function that reads this shard: how much of the time it is busy.
    fn function(&mut self, view: &LaneView) {
        let u = self.layout.unit;
        let (x, width, lane) = (self.layout.function, self.layout.function_width, view.lane);
        let height = (lane.bottom - lane.top).clamp(13.0 * u, 60.0 * u);
        let top = lane.bottom - height;
        self.svg.rect("class=\"box\"", x, top, width, height);
        let inner = (height - 2.0) * view.reading.busy;
        let look = format!("{} fill-opacity=\".22\"", fill(DONE));
        self.svg.rect(&look, x + 1.0, lane.bottom - 1.0 - inner, width - 2.0, inner);
        let percent = match (self.reading.idle, self.layout.narrow) {
            (true, _) => "–".to_owned(),
            (_, true) => format!("{:.0}", view.reading.busy * 100.0),
            (_, false) => format!("{:.0}\u{a0}%", view.reading.busy * 100.0),
        };
        self.svg.text(x + width / 2.0, lane.bottom - height / 2.0 + 4.0 * u, "m ink strong", &percent);
        if self.layout.detail == Detail::Full && !self.layout.narrow {
            self.svg.text(x, lane.bottom + 13.0 * u, "", "busy");
            let processed = format!("{}/s", rate(view.reading.processed));
            self.svg.text(x, lane.bottom + 28.0 * u, "ink2", &processed);
        }
        self.outlets.push((x + width, lane.bottom, view.processed));
    }

    /// A headroom bar with the limit at its right end, bold where it binds.
    pub(super) fn headroom(svg: &mut Svg, at: (f64, f64), width: f64, u: f64, bar: &Headroom) {
        let (x, y) = at;
        svg.text(x, y, "", &format!("<tspan class=\"ink2\">{}</tspan> {}", bar.value, bar.unit));
        svg.rect("fill=\"var(--rule)\"", x, y + 4.0 * u, width, 5.0 * u);
        svg.rect(&fill(FLOW), x, y + 4.0 * u, bar.used.clamp(0.0, 1.0) * width, 5.0 * u);
        let tick = Path::at(x + width, y + 1.5 * u).down(y + 11.5 * u);
        svg.path(&stroke("var(--ink)", if bar.binds { 2.5 } else { 1.25 }), &tick);
    }
}

/// What a headroom bar says.
pub(super) struct Headroom {
    pub value: String,
    pub unit: &'static str,
    /// Share of the limit in use.
    pub used: f64,
    /// Whether this limit is the one that holds records back.
    pub binds: bool,
}

/// An outline of heights that leaves out points which change nothing.
struct Outline {
    path: Path,
    last: Option<(f64, f64)>,
    skipped: bool,
}

impl Outline {
    fn new(x: f64, floor: f64) -> Self {
        Self { path: Path::at(x, floor), last: None, skipped: false }
    }

    fn point(&mut self, x: f64, y: f64) {
        match self.last {
            Some((_, last_y)) if (last_y - y).abs() < 0.15 => {
                self.skipped = true;
                self.last = Some((x, last_y));
            }
            Some((last_x, last_y)) => {
                if self.skipped {
                    self.path.add_line(last_x, last_y);
                    self.skipped = false;
                }
                self.path.add_line(x, y);
                self.last = Some((x, y));
            }
            None => {
                self.path.add_line(x, y);
                self.last = Some((x, y));
            }
        }
    }

    fn finish(mut self) -> Path {
        if let (true, Some((x, y))) = (self.skipped, self.last) {
            self.path.add_line(x, y);
        }
        self.path
    }
}

/// Of a column of ages in milliseconds, the largest so far: seconds, and the frame in which it was.
pub(super) fn oldest_so_far(column: &[f64], frames: usize) -> (f64, usize) {
    let mut best = (0.0, 0);
    for (frame, age) in column[..frames.min(column.len())].iter().enumerate() {
        if *age > best.0 {
            best = (*age, frame);
        }
    }
    (best.0 / 1e3, best.1)
}

/// The second at which a frame ends.
pub(super) fn end_of(moment: &Moment, frame: usize) -> f64 {
    moment.timeline.end_of(frame).seconds_f64()
}
