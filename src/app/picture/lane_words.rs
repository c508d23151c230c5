//! The words of a lane: its name and hash range, how far behind it is, its axis of ages, its headroom.

use super::lane::{Headroom, LaneView, end_of, oldest_so_far};
use super::layout::Detail;
use super::scene::Scene;
use super::svg::{Path, label_width, strong};
use crate::limits::SHARD_WRITE_BYTES_PER_SECOND;
use crate::metrics::ShardMetric;
use crate::text::{clock, int, rate, span_text};
use crate::units::Bytes;

/// A hash range by its first sixteen bits: `0000… – 7fff…`.
pub(super) fn hash_range([start, end]: [f64; 2]) -> String {
    const STEPS: f64 = 65_536.0;
    // What lies on a sixteenth bit is meant to, whatever the last digit of the quotient says.
    let edge = |part: f64| (part * STEPS + 1e-6).floor();
    let last = if (end * STEPS - edge(end)).abs() < 1e-5 { edge(end) - 1.0 } else { edge(end) };
    format!("{:04x}… – {:04x}…", edge(start) as u32, last.max(edge(start)) as u32)
}

impl Scene<'_> {
    pub(super) fn words_of_lane(&mut self, view: &LaneView) {
        match self.layout.detail {
            Detail::Full => self.full_words(view),
            Detail::Dense | Detail::Heat => self.one_line(view),
            Detail::Row => self.one_word(view),
        }
    }

    /// Name, hash range, and whatever else the line above the lane has room for.
    fn name(&self, view: &LaneView, with_range: bool) -> String {
        let mut name = strong("ink", &format!("Shard {}", view.reading.id));
        if view.reading.closed {
            name.push_str(&format!("<tspan dx=\"{}\">closed</tspan>", (6.0 * self.layout.unit).round()));
        }
        if with_range {
            let range = hash_range(view.reading.range);
            name.push_str(&format!("<tspan dx=\"{}\">hash {range}</tspan>", (6.0 * self.layout.unit).round()));
        }
        name
    }

    /// Rejections that have no words beside a band.
    fn few_rejected(&self, view: &LaneView) -> Option<String> {
        (self.rejected_words_at(view).is_none() && view.reading.rejected >= 0.05)
            .then(|| format!("{}/s rejected", rate(view.reading.rejected)))
    }

    /// The number of the shard before the lane; behind it how late it is, or else how much it takes.
    fn one_word(&mut self, view: &LaneView) {
        let u = self.layout.unit;
        let (reading, lane) = (view.reading, view.lane);
        let y = (lane.top + lane.bottom) / 2.0 + 4.0 * u;
        self.words.words_on_paper(self.layout.gate - 5.0 * u, y, "ink strong e", &view.reading.id.to_string());
        if view.shard + 1 == self.reading.shards.len() && !self.layout.narrow {
            self.age_axis(view);
        }
        let x = self.layout.function - 5.0 * u;
        if let Some(rejected) = self.few_rejected(view) {
            self.words.words_on_paper(x, y, "t-lost strong e", rejected.trim_end_matches(" rejected"));
        } else if reading.age > self.reading.patience {
            // Seconds do not matter any more once there are many minutes.
            let age = if reading.age < 600.0 { reading.age } else { (reading.age / 60.0).floor() * 60.0 };
            self.words.words_on_paper(x, y, "t-wait strong e", &span_text(age));
        } else {
            let class = if reading.full { "ink strong e" } else { "ink2 e" };
            self.words.words_on_paper(x, y, class, &format!("{}/s", rate(reading.accepted)));
        }
    }

    /// Everything in one line above the lane.
    fn one_line(&mut self, view: &LaneView) {
        let u = self.layout.unit;
        let y = view.lane.top - 5.0 * u;
        let reading = view.reading;
        let mut parts = vec![(format!("{} of {}/s", rate(reading.accepted), rate(self.reading.room)), "")];
        if let Some(rejected) = self.few_rejected(view) {
            parts.push((rejected, "t-lost strong"));
        }
        if reading.waiting > 200.0_f64.min(self.reading.room / 5.0) {
            parts.push((format!("{} wait", int(reading.waiting)), ""));
        }
        if let Some(behind) = self.behind(reading.age) {
            parts.push((behind, "t-wait strong"));
        }
        // A phone has room for one thing: that it is late, or else how full it is.
        if self.layout.narrow {
            let late = reading.age > self.reading.patience;
            parts.drain(if late { 0..parts.len() - 1 } else { 1..parts.len() });
        }
        let letters: usize = parts.iter().map(|(words, _)| words.chars().count() + 3).sum();
        let room = self.layout.length() - label_width(letters, self.layout.letter);
        let with_range = !self.layout.narrow && room > label_width(30, self.layout.letter);
        let words: Vec<String> =
            parts.iter().map(|(words, class)| format!("<tspan class=\"{class}\">{words}</tspan>")).collect();
        let name = self.name(view, with_range);
        self.svg.text(self.layout.gate + 4.0, y, "", &name);
        self.svg.text(self.layout.end, y, "e", &words.join(" · "));
    }

    fn full_words(&mut self, view: &LaneView) {
        let u = self.layout.unit;
        let (gate, end, lane) = (self.layout.gate, self.layout.end, view.lane);
        let y = lane.top - 5.0 * u;
        let behind = self.behind(view.reading.age);
        // Beside the checkpoint where there is room above the processed band, else in the line above the lane.
        let inside = !self.layout.narrow
            && lane.bottom - lane.top - view.processed > 13.5 * u
            && view.checkpoint + 130.0 * u < end;
        let mut right = match &behind {
            Some(words) if !inside => strong("t-wait", words),
            _ if self.layout.narrow => String::new(),
            _ => format!("limit {}", self.limit()),
        };
        let mut right_letters = 20;
        if let Some(rejected) = self.few_rejected(view) {
            right_letters += rejected.chars().count() + 3;
            let joint = if right.is_empty() { "" } else { " · " };
            right = format!("{}{joint}{right}", strong("t-lost", &rejected));
        }
        let letters = 36 + right_letters;
        let with_range = !self.layout.narrow && label_width(letters, self.layout.letter) < self.layout.length();
        let name = self.name(view, with_range);
        self.svg.text(gate + 4.0, y, "", &name);
        self.svg.text(end, y, "e", &right);
        if let (Some(words), true) = (&behind, inside) {
            let beside = lane.bottom - view.processed - 4.5 * u;
            self.words.text(view.checkpoint + 11.0 * u, beside, "t-wait strong", words);
        }
        if behind.is_none() && !self.reading.idle {
            self.high_water_mark(view);
        }
        self.age_axis(view);
        self.headroom_bars(view);
    }

    /// What one shard accepts, in words.
    pub(super) fn limit(&self) -> String {
        if self.reading.bytes_bind {
            format!("1\u{a0}MiB/s, {} records/s", rate(self.reading.room))
        } else {
            format!("{}/s", int(self.reading.by_count))
        }
    }

    /// The oldest that a record of this shard has been, once it has caught up again.
    fn high_water_mark(&mut self, view: &LaneView) {
        let column = self.moment.timeline.shard_column(ShardMetric::IteratorAgeMs, view.reading.id);
        let (oldest, frame) = oldest_so_far(column, self.reading.frames);
        if oldest < 20.0 || oldest < view.reading.age + 20.0 || oldest < 2.0 * self.reading.patience {
            return;
        }
        let u = self.layout.unit;
        let lane = view.lane;
        let x = (self.layout.gate + oldest / self.axis.span * self.layout.length()).min(self.layout.end);
        let look = self.high_water();
        self.svg.path(&look, &Path::at(x, lane.top).down(lane.bottom));
        let span = strong("t-wait", &span_text(oldest));
        let words = match self.layout.narrow {
            true => span,
            false => format!("latest work at {}: {span}", clock(end_of(self.moment, frame))),
        };
        let y = (lane.top + lane.bottom) / 2.0 + 4.0 * u;
        // A short mark has its words on the far side.
        if x - self.layout.gate > label_width(32, self.layout.letter)
            || self.layout.narrow && x - self.layout.gate > label_width(12, self.layout.letter)
        {
            self.words.text(x - 6.0 * u, y, "e t-wait", &words);
        } else {
            self.words.text(x + 6.0 * u, y, "t-wait", &words);
        }
    }

    /// Ages along the floor.
    pub(super) fn age_axis(&mut self, view: &LaneView) {
        let u = self.layout.unit;
        let (gate, length, bottom) = (self.layout.gate, self.layout.length(), view.lane.bottom);
        let y = bottom + 13.0 * u;
        self.svg.text(gate + 4.0, y, "", "tip");
        let mut ticks = Path::new();
        for (age, words) in &self.axis.ticks {
            let x = gate + age / self.axis.span * length;
            ticks.add_tick(x, bottom, 4.0 * u);
            if !words.is_empty() {
                self.svg.text(x, y, "m", words);
            }
        }
        self.svg.path("class=\"tick\"", &ticks);
        if !self.axis.far.is_empty() {
            self.svg.text(self.layout.end, y, "e", &self.axis.far);
        }
    }

    fn headroom_bars(&mut self, view: &LaneView) {
        let u = self.layout.unit;
        let (x, y) = (self.layout.gate + 4.0, view.lane.bottom + 28.0 * u);
        let width = match self.layout.narrow {
            true => (self.layout.length() - 12.0) / 2.0,
            false => (150.0 * u).min((self.layout.length() - 20.0 * u) * 0.31),
        };
        let reading = view.reading;
        let (full, bytes_bind) = (reading.full, self.reading.bytes_bind);
        let records = Headroom {
            value: rate(reading.accepted.min(self.reading.by_count)),
            unit: "records/s",
            used: reading.accepted / self.reading.by_count,
            binds: full && !bytes_bind,
        };
        let bytes = Headroom {
            value: format!("{:.2}", reading.bytes / Bytes::MIB.get() as f64),
            unit: "MiB/s",
            used: reading.bytes / SHARD_WRITE_BYTES_PER_SECOND.get() as f64,
            binds: full && bytes_bind,
        };
        // Where two bars and the backlog would run into each other, the bar of the nearer limit stays.
        let tight = !self.layout.narrow && width < 100.0 * u;
        if tight {
            let nearer = if bytes.used > records.used { &bytes } else { &records };
            Self::headroom(&mut self.svg, (x, y), 100.0 * u, u, nearer);
        } else {
            Self::headroom(&mut self.svg, (x, y), width, u, &records);
            Self::headroom(&mut self.svg, (x + width + 14.0 * u, y), width, u, &bytes);
        }
        if !self.layout.narrow && reading.backlog() > 50.0_f64.min(self.reading.room) {
            let words = format!("{} wait", strong("t-wait", &int(reading.backlog())));
            self.svg.text(self.layout.end, y, "e", &words);
        }
    }
}
