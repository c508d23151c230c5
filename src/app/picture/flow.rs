//! A design as one flow, small: what comes, what does not fit, how old the oldest work is, what is done. Several of
//! them stand side by side on one scale, so that equal widths are equal rates, whatever the design is made of.

use super::forecast::Forecast;
use super::marks::{DONE, FLOW, HATCH, LOST, STRIPES, fill, stroke};
use super::moment::{Moment, Reading};
use super::noise::{along_swing, scattered, travelled};
use super::svg::{Path, Svg, label_width};
use super::{Motion, Size};
use crate::text::{count, escape, int, rate, span_text};
use crate::words::si;

/// More channels than this are drawn as one.
const CHANNELS_MAX: usize = 12;
/// With more channels than this each has no words of its own.
const WORDED_MAX: usize = 6;
/// No channel is drawn wider than so many times the highest offered rate of the whole.
const ROOM_MAX: f64 = 2.5;

/// What work passes through side by side: a shard, an application.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Channel {
    /// What it is; plain text.
    pub label: String,
    /// Accepted, per second.
    pub taken: f64,
    /// Rejected or failed, per second.
    pub lost: f64,
    /// Done, per second.
    pub done: f64,
    /// Accepted per second at the most, where that is known.
    pub room: Option<f64>,
    /// The highest rate that is offered to it.
    pub peak: f64,
    /// Age of the oldest work that is not done, in seconds.
    pub age: f64,
    /// Whether that is late.
    pub late: bool,
}

/// A design at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flow {
    /// What is counted where it is not records: a no-break space and a word, or nothing.
    pub unit: &'static str,
    /// Offered, per second.
    pub offered: f64,
    /// The highest rate that is offered.
    pub peak: f64,
    /// Side by side, from the top down.
    pub channels: Vec<Channel>,
    /// Done so far, and the word for it.
    pub done: (f64, &'static str),
    /// Lost so far, and the word for it.
    pub lost: (f64, &'static str),
    /// Whether something is being lost right now.
    pub losing: bool,
}

/// What the flows that stand side by side have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Pixels of one record a second.
    pub rate: f64,
    /// Seconds at the far end of a channel.
    pub age: f64,
}

impl Flow {
    /// A stream as one of its consumers sees it.
    pub fn of_stream(moment: &Moment) -> Self {
        let (forecast, shown) = Forecast::at(moment);
        let reading = Reading::of(moment, &forecast, &shown);
        let channel = |(place, shard): (usize, &super::moment::ShardReading)| Channel {
            label: format!("Shard {}", shard.id),
            taken: shard.accepted,
            lost: shard.rejected,
            done: shard.processed,
            room: Some(reading.room),
            peak: forecast.peak * forecast.shares.get(place).copied().unwrap_or(0.0),
            age: shard.age,
            late: shard.age > reading.patience,
        };
        let mut channels: Vec<Channel> = reading.shards.iter().enumerate().map(channel).collect();
        if channels.len() > CHANNELS_MAX {
            let name = format!("{} shards", int(channels.len() as f64));
            channels = vec![together(&channels, name)];
        }
        let gone = reading.lost_total + reading.expired_total + reading.discarded_total;
        Self {
            unit: "",
            offered: reading.offered,
            peak: forecast.peak,
            channels,
            done: (reading.processed_total, "processed"),
            lost: (gone, "lost"),
            losing: reading.losing > 0.002 * reading.offered,
        }
    }

    /// Height of a channel as drawn, per second.
    fn height(&self, channel: &Channel) -> f64 {
        channel.room.unwrap_or(channel.peak).clamp(self.peak * 0.02, self.peak * ROOM_MAX)
    }

    /// What hangs below a channel at the worst, per second.
    fn below(&self, channel: &Channel) -> f64 {
        (channel.peak - self.height(channel)).max(0.0)
    }

    /// Pixels that do not depend on the scale.
    fn fixed(&self, u: f64) -> f64 {
        let each = if self.channels.len() > WORDED_MAX { 5.0 } else { 21.0 };
        // A head for words, and what is lost below.
        (each * self.channels.len() as f64 + 20.0 + 26.0) * u
    }
}

/// Channels as one.
fn together(channels: &[Channel], label: String) -> Channel {
    let sum = |of: fn(&Channel) -> f64| channels.iter().map(of).sum::<f64>();
    Channel {
        label,
        taken: sum(|channel| channel.taken),
        lost: sum(|channel| channel.lost),
        done: sum(|channel| channel.done),
        room: Some(sum(|channel| channel.room.unwrap_or(0.0))),
        peak: sum(|channel| channel.peak),
        age: channels.iter().map(|channel| channel.age).fold(0.0, f64::max),
        late: channels.iter().any(|channel| channel.late),
    }
}

/// The scale on which all of some flows fit into pictures of this size.
pub fn rate_scale(flows: &[Flow], size: Size) -> f64 {
    let fits = |flow: &Flow| {
        let wanted: f64 = flow.channels.iter().map(|channel| flow.height(channel) + flow.below(channel)).sum();
        let room = (size.height - flow.fixed(size.rem)).max(12.0);
        (room / wanted.max(1e-9)).min(0.34 * size.height / flow.peak.max(1e-9))
    };
    flows.iter().map(fits).fold(f64::INFINITY, f64::min)
}

/// Where things stand from left to right.
struct Columns {
    source: f64,
    gate: f64,
    end: f64,
    function: f64,
    sink: f64,
    u: f64,
}

/// The markup inside an `<svg>` of this size. Streaks are drawn where there is motion.
pub fn flow(flow: &Flow, scale: Scale, size: Size, motion: Option<Motion>) -> String {
    if size.width < 1.0 || size.height < 1.0 || flow.channels.is_empty() {
        return String::new();
    }
    let u = size.rem;
    let source = 62.0 * u;
    let gate = source + (0.14 * size.width).clamp(30.0, 80.0 * u);
    let sink = size.width - 72.0 * u;
    let function = sink - 54.0 * u;
    let at = Columns { source, gate, end: function - 5.0 * u, function, sink, u };
    let worded = flow.channels.len() <= WORDED_MAX;
    let (above, between) = if worded { (16.0 * u, 5.0 * u) } else { (0.0, 5.0 * u) };
    let drawn = |channel: &Channel| flow.height(channel) * scale.rate;
    let hung = |channel: &Channel| flow.below(channel) * scale.rate;
    let whole: f64 = flow.channels.iter().map(|channel| above + drawn(channel) + hung(channel) + between).sum();
    let mut y = 18.0 * u + ((size.height - 44.0 * u - whole) / 2.0).max(0.0);
    let tops: Vec<f64> = flow
        .channels
        .iter()
        .map(|channel| {
            let top = y + above;
            y = top + drawn(channel) + hung(channel) + between;
            top
        })
        .collect();
    let last = flow.channels.len() - 1;
    let middle = (tops[0] + tops[last] + drawn(&flow.channels[last])) / 2.0;
    // What is sent again may be many times what was offered: the band is cut, and still is the widest.
    let cut = 1.6 * flow.peak * scale.rate / flow.channels.len() as f64;
    let bands: Vec<(f64, f64)> = flow
        .channels
        .iter()
        .map(|channel| {
            let taken = (channel.taken * scale.rate).min(drawn(channel)).max(0.9);
            (taken, (channel.lost * scale.rate).min(cut))
        })
        .collect();
    // Where the lowest drop falls.
    let mut falls = 0.0f64;
    let total: f64 = bands.iter().map(|(taken, lost)| taken + lost).sum();
    let mut svg = Svg::new();
    let mut words = Svg::new();
    let mut streaks = Path::new();
    ghost(&mut svg, flow.peak * scale.rate, middle, &at);
    let mut from = middle - total / 2.0;
    let mut outlets = Vec::new();
    for (place, channel) in flow.channels.iter().enumerate() {
        let (top, (taken, lost)) = (tops[place], bands[place]);
        let bottom = top + drawn(channel);
        if lost > 0.6 {
            falls = falls.max(bottom + lost.max(11.0 * u) + 26.0 * u);
            hook(&mut svg, (from + taken, lost), bottom, flow.losing, (&at, motion));
        }
        let mut band = Path::new();
        band.add_band((at.source, from), (at.gate, bottom - taken), (at.source + at.gate) / 2.0, taken);
        svg.path(&fill(FLOW), &band);
        let done = lane(&mut svg, channel, (top, bottom, taken), scale, &at);
        outlets.push((bottom - done, done));
        if let Some(motion) = motion {
            streak(&mut streaks, (from, bottom - taken), taken, done, bottom, (&at, motion.seconds));
        }
        if worded {
            let (class, said) =
                if channel.late { ("t-wait strong", span_text(channel.age)) } else { ("", escape(&channel.label)) };
            words.text(at.gate + 3.0 * u, top - 4.0 * u, class, &said);
        }
        from += taken + lost;
    }
    if !worded {
        let oldest = flow.channels.iter().map(|channel| channel.age).fold(0.0, f64::max);
        let (class, said) = if flow.channels.iter().any(|channel| channel.late) {
            ("t-wait strong", format!("oldest {}", span_text(oldest)))
        } else {
            let room = flow.channels[0].room.map_or_else(String::new, |room| format!(" × {}/s", int(room)));
            ("", format!("{} shards{room}", int(flow.channels.len() as f64)))
        };
        words.text(at.gate + 3.0 * u, tops[0] - 6.0 * u, class, &said);
    }
    outlet(&mut svg, &outlets, middle, &at);
    svg.path("class=\"dots\" fill=\"none\" stroke=\"#fff\" stroke-width=\"1.3\" stroke-opacity=\".6\"", &streaks);
    svg.add(&words);
    svg.text(0.0, middle - 2.0 * u, "ink strong", &format!("{}{}/s", rate(flow.offered), flow.unit));
    svg.text(0.0, middle + 12.0 * u, "", "offered");
    // In little room, or it runs into the next column.
    svg.text(at.sink + 8.0 * u, middle - 2.0 * u, "ink strong", &si(flow.done.0));
    svg.text(at.sink + 8.0 * u, middle + 12.0 * u, "t-done", flow.done.1);
    if flow.lost.0 >= 1.0 {
        let said = format!("{} {}", count(flow.lost.0), flow.lost.1);
        // Under what is offered, or beyond the wall where it would run into what falls there.
        let meets = falls > size.height - 16.0 * u;
        let wide = meets && 14.0 * u + label_width(said.chars().count(), u) > at.gate - 18.0 * u;
        let x = if wide { at.gate + 8.0 * u } else { 0.0 };
        let mut drop = Path::new();
        drop.add_drop(x + 5.0 * u, size.height - 8.0 * u, 6.0 * u);
        svg.path(&fill(LOST), &drop);
        svg.text(x + 14.0 * u, size.height - 4.0 * u, "t-lost strong", &said);
    }
    svg.finish()
}

/// Where the peak will be, or was: dotted.
fn ghost(svg: &mut Svg, height: f64, middle: f64, at: &Columns) {
    let (top, bottom) = (middle - height / 2.0, middle + height / 2.0);
    let outline = Path::at(at.source - 7.0 * at.u, top).across(at.source).down(bottom).across(at.source - 7.0 * at.u);
    svg.path("class=\"ghost\"", &outline);
}

/// What does not fit turns down before the wall; drops fall where it is lost.
fn hook(svg: &mut Svg, (y, height): (f64, f64), floor: f64, losing: bool, (at, motion): (&Columns, Option<Motion>)) {
    let u = at.u;
    let (x, end) = (at.gate - 15.0 * u, at.gate - 4.0 * u);
    let (top, middle) = (floor + 3.0 * u, (at.source + at.gate - 15.0 * u) / 2.0);
    let band = Path::at(at.source, y).swing(y, middle, x, top).corner((end, top), end, top + 11.0 * u);
    let foot = top + height.max(11.0 * u);
    let band = band.down(foot).across(x).swing(foot, middle, at.source, y + height).close();
    svg.path(&format!("{} stroke=\"{LOST}\" stroke-width=\".75\"", fill(HATCH)), &band);
    svg.path(&stroke("var(--ink)", 2.25), &Path::at(at.gate, floor).down(foot));
    if losing {
        let mut drops = Path::new();
        for drop in 0..5 {
            let [across, phase, pace] = scattered(drop);
            let seconds = motion.map_or(0.0, |motion| motion.seconds);
            let fallen = travelled(phase, 0.6 + pace * 0.5, seconds);
            drops.add_drop(x + (across - 0.4) * 18.0 * u, foot + (4.0 + fallen * 16.0) * u, 4.0 * u);
        }
        svg.path(&fill(LOST), &drops);
    }
}

/// A channel: what waits striped, as long as it is old, then what is done. Returns the height of the latter.
fn lane(svg: &mut Svg, channel: &Channel, (top, bottom, taken): (f64, f64, f64), scale: Scale, at: &Columns) -> f64 {
    let (u, length) = (at.u, at.end - at.gate);
    let height = bottom - top;
    svg.rect("class=\"bed\"", at.gate, top, length, height);
    let checkpoint = at.gate + (channel.age / scale.age.max(1e-9)).min(1.0) * length;
    let done = if channel.done > 0.0 { (channel.done * scale.rate).clamp(0.9, height.max(0.9)) } else { 0.0 };
    if channel.late {
        let stripes = taken.max(5.0).min(height.max(5.0));
        svg.rect(&fill(STRIPES), at.gate, bottom - stripes, checkpoint - at.gate, stripes);
    }
    svg.rect(&fill(DONE), checkpoint, bottom - done, at.end - checkpoint, done);
    if channel.room.is_some() {
        svg.path("class=\"lim\"", &Path::at(at.gate, top).across(at.end));
    }
    svg.path("class=\"floor\"", &Path::at(at.gate, bottom).across(at.end));
    svg.path(&stroke("var(--ink)", 2.25), &Path::at(at.gate, top - 2.0 * u).down(bottom + 1.0));
    if channel.late {
        svg.path(&stroke("var(--ink)", 2.25), &Path::at(checkpoint, top - 2.0 * u).down(bottom + 1.0));
    }
    // What does the work: as high as its lane, and never too flat to be seen.
    let shown = height.clamp(8.0 * u, 40.0 * u).max(done);
    svg.rect("class=\"box\"", at.function, bottom - shown, 24.0 * u, shown);
    if done > 0.0 {
        svg.rect(&format!("{} fill-opacity=\".25\"", fill(DONE)), at.function, bottom - shown, 24.0 * u, shown);
    }
    done
}

/// From the functions to the destination.
fn outlet(svg: &mut Svg, outlets: &[(f64, f64)], middle: f64, at: &Columns) {
    let total: f64 = outlets.iter().map(|(_, height)| height).sum();
    let (u, from) = (at.u, at.function + 24.0 * at.u);
    let mut bands = Path::new();
    let mut y = middle - total / 2.0;
    for (top, height) in outlets {
        if *height > 0.0 {
            bands.add_band((from, *top), (at.sink, y), (from + at.sink) / 2.0, *height);
        }
        y += height;
    }
    svg.path(&fill(DONE), &bands);
    let wall = (30.0 * u).max(total + 8.0 * u) / 2.0;
    svg.path(&stroke("var(--ink)", 2.5), &Path::at(at.sink, middle - wall).down(middle + wall));
}

/// Short dashes along what comes and what is done.
fn streak(path: &mut Path, (from, to): (f64, f64), taken: f64, done: f64, bottom: f64, (at, seconds): (&Columns, f64)) {
    let length = 7.0 * at.u;
    let some = |height: f64| if height < 2.5 { 0 } else { ((height / 5.0) as usize).clamp(1, 8) };
    for dash in 0..some(taken) {
        let [across, phase, _] = scattered(dash + 40);
        let share = travelled(phase, 0.9, seconds);
        let offset = (0.1 + 0.8 * across) * taken;
        let middle = (at.source + at.gate) / 2.0;
        let (x, y) = along_swing((at.source, from + offset), middle, (at.gate - length, to + offset), share);
        path.add_dash(x, y, length);
    }
    for dash in 0..some(done) {
        let [across, phase, _] = scattered(dash + 80);
        let x = at.gate + travelled(phase, 0.45, seconds) * (at.end - at.gate - length);
        path.add_dash(x, bottom - (0.1 + 0.8 * across) * done, length);
    }
}
