//! The picture of the stream: what stands around the lanes, and the order in which everything is drawn.

use super::forecast::Forecast;
use super::layout::{Detail, Layout};
use super::marks::{DONE, LOST, STRIPES, WAIT, fill, stroke};
use super::moment::{Moment, Reading};
use super::scale::{AgeAxis, round_below};
use super::svg::{Path, Svg, label_width, strong};
use super::{Motion, Size};
use crate::metrics::{Metric, ShardMetric};
use crate::scenario::{PutCall, RetryPolicy};
use crate::text::{count, escape, int, rate, span_text};

/// A picture under construction.
pub(super) struct Scene<'a> {
    pub moment: &'a Moment<'a>,
    pub forecast: Forecast,
    pub reading: Reading,
    pub layout: Layout,
    pub axis: AgeAxis,
    /// Running time of the animation, where there is one.
    pub motion: Option<Motion>,
    pub svg: Svg,
    /// Words that have to lie on top of everything.
    pub words: Svg,
    pub streaks: Streaks,
    /// Green bands on their way to the destination: right edge, floor, height.
    pub outlets: Vec<(f64, f64, f64)>,
    /// Where what is said under the producer ends.
    producer_foot: f64,
}

/// Short white dashes that run along bands; one path for each colour below.
#[derive(Default)]
pub(super) struct Streaks {
    pub flow: Path,
    pub done: Path,
}

impl<'a> Scene<'a> {
    /// Reads the moment and decides where everything stands.
    pub fn new(moment: &'a Moment<'a>, size: Size, motion: Option<Motion>) -> Self {
        let (forecast, shown) = Forecast::at(moment);
        let reading = Reading::of(moment, &forecast, &shown);
        let peaks = peaks(moment, &forecast, &shown);
        let layout = Layout::new(size, &forecast, reading.room, &peaks);
        let oldest = moment.timeline.column(Metric::IteratorAgeMs).iter().copied().fold(0.0, f64::max) / 1e3;
        let retention = moment.scenario.stream.retention.seconds_f64();
        let lag = forecast.lag.max(oldest);
        let axis = AgeAxis::new(lag, moment.width(), retention, &layout);
        Self {
            moment,
            forecast,
            reading,
            layout,
            axis,
            motion,
            svg: Svg::new(),
            words: Svg::new(),
            streaks: Streaks::default(),
            outlets: Vec::new(),
            producer_foot: 0.0,
        }
    }

    /// Draws everything.
    pub fn draw(mut self) -> String {
        self.column_heads();
        if !self.layout.narrow {
            self.producer();
        }
        match self.layout.detail {
            Detail::Heat => self.heat_map(),
            Detail::Full | Detail::Dense | Detail::Row => self.all_lanes(),
        }
        if !self.layout.narrow {
            self.destination();
        }
        self.account();
        if self.motion.is_some() {
            let look = format!("class=\"dots\" {} stroke-opacity=\".6\"", stroke("#fff", 1.3 * self.layout.unit));
            self.svg.path(&look, &self.streaks.flow);
            self.svg.path(&look, &self.streaks.done);
        }
        self.svg.add(&self.words);
        self.svg.finish()
    }

    /// Pixels of a rate.
    pub fn px(&self, rate: f64) -> f64 {
        rate * self.layout.scale
    }

    /// A band is never thinner than this, so that a trickle can be seen.
    pub fn band(&self, rate: f64) -> f64 {
        self.px(rate).max(0.9)
    }

    /// Height of the rejected band of a shard, as drawn.
    pub fn rejected_band(&self, shard: usize) -> f64 {
        let Some(lane) = self.layout.lanes.get(shard) else { return 0.0 };
        let wanted = self.px(self.reading.shards[shard].rejected);
        // The layout has kept this much room below the floor.
        let kept = (lane.end - lane.bottom - self.layout.fall).max(0.0);
        wanted.min(kept).min(self.layout.rejected_max)
    }

    /// Whether rejected records are sent again.
    pub fn retries(&self) -> bool {
        if matches!(self.moment.scenario.producer.call, PutCall::Kpl(_)) {
            return true;
        }
        match self.reading.producer.retry {
            RetryPolicy::Ignore => false,
            RetryPolicy::SdkOnly { .. } => matches!(self.moment.scenario.producer.call, PutCall::PutRecord),
            RetryPolicy::Again { .. } => true,
        }
    }

    /// Whether what is rejected is being lost right now.
    pub fn losing(&self) -> bool {
        !self.retries() || self.reading.losing > 0.02 * self.reading.sum(|shard| shard.rejected).max(1.0)
    }

    fn column_heads(&mut self) {
        let (u, y) = (self.layout.unit, 12.0 * self.layout.unit);
        let shards = self.reading.open();
        let offered = rate(self.reading.offered);
        let title = escape(self.reading.consumer.title());
        let failing = match self.reading.failing {
            share if share >= 0.005 => {
                format!(" <tspan class=\"t-lost strong\">{:.0}\u{a0}% fail</tspan>", share * 100.0)
            }
            _ => String::new(),
        };
        let each = if self.reading.bytes_bind {
            "1\u{a0}MiB/s".to_owned()
        } else {
            let limit = int(self.reading.by_count);
            if self.layout.narrow { format!("{limit}/s") } else { format!("{limit} records/s") }
        };
        let stream = format!("{} × {each}", int(shards as f64));
        let layout = &self.layout;
        if layout.narrow {
            self.svg.text(0.0, y, "ink2", &format!("{} offered/s", strong("ink", &offered)));
            self.svg.text(layout.end, y, "ink2 e", &stream);
            self.svg.text(layout.width, y, "ink2 e", if failing.is_empty() { &title } else { failing.trim_start() });
        } else {
            if !layout.low {
                self.svg.text(0.0, y, "ink2", "Producer");
                self.svg.text(layout.sink + 4.0 * u, y, "ink2", "Destination");
            }
            let order = if layout.detail == Detail::Heat { ", by hash range" } else { "" };
            self.svg.text(layout.gate, y, "ink2", &format!("Stream, {stream}{order}"));
            if layout.detail == Detail::Row {
                self.svg.text(layout.gate - 12.0 * u, y, "e", "shard");
            }
            self.svg.text(layout.function, y, "ink2", &format!("{title}{failing}"));
        }
    }

    /// The producer: what comes, beside what will come, and what it holds back.
    fn producer(&mut self) {
        let (u, x) = (self.layout.unit, self.layout.source);
        let height = self.peak_band();
        let middle = self.source_middle(height);
        let top = middle - height / 2.0;
        let outline = Path::at(x - 9.0 * u, top).across(x).down(top + height).across(x - 9.0 * u);
        self.svg.path("class=\"ghost\"", &outline);

        if self.layout.low {
            self.svg.text(0.0, middle - 2.0 * u, "ink strong", &format!("{}/s", rate(self.reading.offered)));
            self.svg.text(0.0, middle + 12.0 * u, "", "offered");
            return;
        }
        let y = self.producer_line();
        self.svg.text(0.0, y - 12.0 * u, "fig", &rate(self.reading.offered));
        self.svg.text(0.0, y + 5.0 * u, "ink2", "records/s offered");
        let call = match self.moment.scenario.producer.call {
            PutCall::PutRecord => "PutRecord".to_owned(),
            PutCall::PutRecords { batch, .. } => format!("PutRecords × {batch}"),
            PutCall::Kpl(_) => "KPL".to_owned(),
        };
        let call = match self.moment.scenario.producer.hosts {
            1 => call,
            hosts => format!("{hosts} × {call}"),
        };
        self.svg.text(0.0, y + 22.0 * u, "", &call);
        let timeline = self.moment.timeline;
        let again = self.moment.rate(timeline.column(Metric::Retried), self.reading.frames);
        let habit = match self.reading.producer.retry {
            _ if again >= 0.5 => format!("again: {}", strong("ink2", &format!("{}/s", rate(again)))),
            _ if matches!(self.moment.scenario.producer.call, PutCall::Kpl(_)) => "aggregates".to_owned(),
            RetryPolicy::Ignore => "ignores failures".to_owned(),
            RetryPolicy::SdkOnly { .. } => "as the SDK does".to_owned(),
            RetryPolicy::Again { .. } => "sends again".to_owned(),
        };
        self.svg.text(0.0, y + 37.0 * u, "", &habit);
        if self.moment.at < self.forecast.peak_at && self.reading.offered < 0.8 * self.forecast.peak {
            let words = format!("peak {}/s", rate(self.forecast.peak));
            // Beside its mark, or above the producer's figure where that stands in the way.
            self.svg.text(x - 12.0 * u, (top + 4.0 * u).min(y - 32.0 * u), "e", &words);
        }
        if self.shows_memory() {
            self.memory(y);
        }
    }

    /// Height of the highest offered rate; cut where rejected bands are.
    fn peak_band(&self) -> f64 {
        let room = self.reading.room;
        let share = |share: &f64| {
            let rate = self.forecast.peak * share;
            let over = (self.px(rate - room)).max(0.0);
            self.px(rate.min(room)) + over.min(self.layout.rejected_max)
        };
        let height = match self.layout.detail {
            Detail::Heat => {
                let block = self.px(room * self.reading.shards.len() as f64);
                self.px(self.forecast.peak).min(block + self.layout.rejected_max)
            }
            _ => self.forecast.shares.iter().map(share).sum(),
        };
        height.max(3.0)
    }

    /// Where a stack of bands of this height is centred: beside the lanes, and inside the picture.
    pub fn source_middle(&self, stack: f64) -> f64 {
        let (first, last) =
            (self.layout.head() + stack / 2.0, self.layout.height - 6.0 * self.layout.unit - stack / 2.0);
        self.layout.middle.min(last).max(first)
    }

    /// The line on which the producer's words hang, so that they stay clear of what is counted below.
    fn producer_line(&self) -> f64 {
        let u = self.layout.unit;
        let counted = if self.reading.lost_total > 0.0 { 42.0 * u } else { 10.0 * u };
        let below = if self.shows_memory() { 92.0 * u } else { 40.0 * u };
        self.layout.middle.min(self.layout.height - counted - below)
    }

    /// Whether the producer keeps records long enough to be worth a picture.
    pub fn shows_memory(&self) -> bool {
        self.retries() || self.reading.at_producer > 4.0 * self.batch()
    }

    fn batch(&self) -> f64 {
        match self.moment.scenario.producer.call {
            PutCall::PutRecord => 1.0,
            PutCall::PutRecords { batch, .. } => f64::from(batch),
            PutCall::Kpl(kpl) => self.reading.offered * kpl.buffered.seconds_f64() * 2.0,
        }
    }

    /// The producer's memory: a striped bar, as long as its buffer is full.
    fn memory(&mut self, y: f64) {
        let u = self.layout.unit;
        let (held, buffer) = (self.reading.at_producer, self.moment.scenario.producer.buffer as f64);
        let (top, width, height) = (y + 62.0 * u, 92.0 * u, 11.0 * u);
        let share = if buffer > 0.0 { (held / buffer).clamp(0.0, 1.0) } else { 0.0 };
        let words = format!("{} wait", strong("t-wait", &int(held)));
        self.svg.text(0.0, top - 5.0 * u, "", &words);
        self.svg.rect("fill=\"var(--rule)\"", 0.0, top, width, height);
        if held >= 1.0 {
            self.svg.rect(&fill(STRIPES), 0.0, top, (share * width).max(2.0), height);
        }
        let full = share > 0.985;
        let tick = Path::at(width, top - 3.0 * u).down(top + height + 3.0 * u);
        self.svg.path(&stroke("var(--ink)", if full { 2.5 } else { 1.25 }), &tick);
        self.svg.text(0.0, top + height + 12.0 * u, "", &format!("room for {}", int(buffer)));
        self.producer_foot = top + height + 16.0 * u;
    }

    /// The destination, with everything that has arrived.
    fn destination(&mut self) {
        let (u, x) = (self.layout.unit, self.layout.sink);
        let total: f64 = self.outlets.iter().map(|(_, _, height)| height).sum();
        let low = self.layout.low;
        let wall = (40.0 * u).max(total + 12.0 * u);
        // Below the head of the column, with its figure in between.
        let middle = if low { self.layout.middle } else { self.layout.middle.max(60.0 * u + wall / 2.0) };
        let mut floor = middle + total / 2.0;
        let mut bands = Path::new();
        for (from, bottom, height) in self.outlets.iter().rev() {
            if *height > 0.0 {
                bands.add_band((*from, bottom - height), (x, floor - height), (from + x) / 2.0, *height);
            }
            floor -= height;
        }
        self.svg.path(&fill(DONE), &bands);
        self.svg.path(&stroke("var(--ink)", 2.5), &Path::at(x, middle - wall / 2.0).down(middle + wall / 2.0));
        let right = self.layout.width;
        if low {
            self.svg.text(x + 8.0 * u, middle - 2.0 * u, "ink strong", &count(self.reading.processed_total));
            self.svg.text(x + 8.0 * u, middle + 12.0 * u, "t-done", "processed ✓");
            return;
        }
        self.svg.text(right, middle - wall / 2.0 - 24.0 * u, "fig e", &count(self.reading.processed_total));
        self.svg.text(right, middle - wall / 2.0 - 8.0 * u, "e t-done", "processed ✓");
        let to =
            self.moment.scenario.then.iter().position(|hop| hop.consumer as usize == self.moment.timeline.consumer);
        let store = self.reading.consumer.writes.map(|of| &self.moment.scenario.stores[of.store as usize]);
        let to = match (to, store) {
            (Some(place), _) => escape(&self.moment.scenario.hop_title(place)),
            (None, Some(store)) => escape(&store.name),
            (None, None) => "Database".to_owned(),
        };
        self.svg.text(x + 8.0 * u, middle - u, "ink2", &to);
        if let Some(store) = store {
            return self.store(store.connections, (x + 8.0 * u, middle + 13.0 * u));
        }
        let each = self.reading.consumer.duration.per_record.seconds_f64();
        if each > 0.0 {
            self.svg.text(x + 8.0 * u, middle + 13.0 * u, "", &format!("{} each", span_text(each)));
        }
    }

    /// How the store stands that the consumer writes to: connections in use, and writes that wait for one.
    fn store(&mut self, connections: Option<u32>, (x, y): (f64, f64)) {
        let (u, frames) = (self.layout.unit, self.moment.frames());
        let gauge = |metric| Moment::gauge(self.moment.timeline.column(metric), frames);
        let (used, waiting) = (gauge(Metric::StoreConnections), gauge(Metric::StoreWaiting));
        let used = match connections {
            Some(all) => format!("{} of {} in use", int(used), int(all.into())),
            None => format!("{} writes", int(used)),
        };
        self.svg.text(x, y, "", &used);
        if waiting > 0.0 {
            self.svg.text(x, y + 14.0 * u, "t-wait strong", &format!("{} wait", int(waiting)));
        }
    }

    /// What left the picture, counted; and where nothing did, the scale of all widths.
    fn account(&mut self) {
        let (u, height, narrow) = (self.layout.unit, self.layout.height, self.layout.narrow);
        let y = height - if narrow { 8.0 } else { 6.0 } * u;
        let lost = self.reading.lost_total;
        if lost > 0.0 {
            let mut drop = Path::new();
            drop.add_drop(7.0 * u, y - 9.0 * u, 9.0 * u);
            self.svg.path(&fill(LOST), &drop);
            self.svg.text(19.0 * u, y, "fig t-lost", &count(lost));
            if narrow {
                self.svg.text(19.0 * u, y - 22.0 * u, "t-lost", "lost");
            } else if !self.layout.low {
                self.svg.text(0.0, y - 24.0 * u, "t-lost", "lost at the producer");
            }
        } else if !narrow && !self.layout.low {
            self.scale_of_widths(y);
        }
        self.gone_in_the_stream(y);
        if narrow {
            self.svg.text(self.layout.width, y, "fig e", &count(self.reading.processed_total));
            self.svg.text(self.layout.width, y - 22.0 * u, "e t-done", "processed ✓");
            if self.reading.at_producer >= 1.0 && self.shows_memory() {
                let x = self.layout.width * 0.53;
                self.svg.text(x, y, "m t-wait strong", &int(self.reading.at_producer));
                self.svg.text(x, y - 22.0 * u, "m t-wait", "at the producer");
            }
        }
    }

    /// Records that were stored and will not be processed.
    fn gone_in_the_stream(&mut self, y: f64) {
        let u = self.layout.unit;
        let gone = [(self.reading.expired_total, "expired"), (self.reading.discarded_total, "discarded")];
        let (mut markup, mut letters) = (String::new(), 0);
        for (records, what) in gone.into_iter().filter(|(records, _)| *records > 0.0) {
            let (number, joint) = (int(records), if markup.is_empty() { "" } else { " · " });
            letters += joint.len() + number.len() + 1 + what.len();
            markup.push_str(&format!("{joint}{} {what}", strong("t-lost", &number)));
        }
        if markup.is_empty() || self.layout.narrow && self.shows_memory() {
            return;
        }
        let x = if self.layout.narrow { self.layout.width * 0.62 } else { self.layout.end };
        self.words.text(x, y, "e t-lost", &markup);
        let mut drop = Path::new();
        // The numbers are bold, and wider than other letters.
        drop.add_drop(x - label_width(letters, self.layout.letter) - 9.0 * u, y - 5.0 * u, 5.0 * u);
        self.words.path(&fill(LOST), &drop);
    }

    fn scale_of_widths(&mut self, y: f64) {
        let u = self.layout.unit;
        let value = round_below(45.0 * u / self.layout.scale.max(1e-12));
        let height = self.px(value);
        // A low picture has no room for both, and whoever waits is more than a scale.
        if y - height < self.producer_foot {
            return;
        }
        let (rate, plural) = (rate(value), if value == 1.0 { "" } else { "s" });
        self.svg.path(&stroke("var(--ink-2)", 3.0), &Path::at(2.0, y).down(y - height));
        let words = format!("this wide: {rate} record{plural}/s");
        self.svg.text(10.0 * u, y - height / 2.0 + 4.0 * u, "", &words);
    }

    /// A word for the oldest waiting record.
    pub fn behind(&self, age: f64) -> Option<String> {
        (age > self.reading.patience).then(|| format!("{} behind", span_text(age)))
    }

    /// Colour and dash of a mark that says how far back work once was.
    pub fn high_water(&self) -> String {
        format!("{} stroke-dasharray=\"2 3\"", stroke(WAIT, 2.0))
    }
}

/// The highest rate that each shard has to do with: what the forecast says, and more where the run says so. In
/// coarse steps, so that the picture keeps still.
fn peaks(moment: &Moment, forecast: &Forecast, shown: &[usize]) -> Vec<f64> {
    let expected = forecast.shares.iter().map(|share| share * forecast.peak);
    if forecast.shares.len() > super::forecast::LANES_MAX {
        return expected.collect();
    }
    expected
        .zip(shown)
        .map(|(expected, shard)| {
            if *shard >= moment.timeline.shards() {
                return expected;
            }
            let column = moment.timeline.shard_column(ShardMetric::Offered, *shard);
            let seen = column.iter().copied().fold(0.0, f64::max) / moment.width();
            if seen <= expected * 1.12 {
                return expected;
            }
            let step = libm::ceil(libm::log(seen / expected.max(1e-6)) / libm::log(1.2));
            expected.max(1e-6) * libm::pow(1.2, step)
        })
        .collect()
}
