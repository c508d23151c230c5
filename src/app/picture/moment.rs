//! A run at the cursor, as the numbers that a picture shows: one account of every shard and of the whole.

use super::forecast::Forecast;
use crate::app::event::Event;
use crate::app::reading::{LOSSES, frames_at};
use crate::limits::SHARD_WRITE_BYTES_PER_SECOND;
use crate::metrics::{Metric, ShardMetric, View};
use crate::scenario::{Consumer, Producer, Scenario, capacity};
use crate::units::SimTime;

/// A run, and the instant of it that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// What determines the run.
    pub scenario: &'a Scenario,
    /// What is known of it.
    pub timeline: View<'a>,
    /// The cursor in seconds of the run; may lie within a frame.
    pub at: f64,
    /// The furthest second shown so far.
    pub frontier: f64,
    /// What happened, in order of time.
    pub events: &'a [Event],
}

/// Rates are means over so many seconds, or over one frame where frames are wider.
const WINDOW_S: f64 = 5.0;

impl Moment<'_> {
    /// The cursor as an instant of the run.
    pub(super) fn instant(&self) -> SimTime {
        SimTime::from_micros((self.at.max(0.0) * 1e6).round() as u64)
    }

    /// Frames that are complete at the cursor.
    pub(super) fn frames(&self) -> usize {
        frames_at(&self.timeline, self.instant()).min(self.timeline.frames())
    }

    /// The end of the last complete frame: what is shown is known up to there.
    pub(super) fn known_instant(&self) -> SimTime {
        self.frames().checked_sub(1).map_or(SimTime::ZERO, |last| self.timeline.end_of(last))
    }

    /// The shards to show, in order of their ranges: the open ones, and beside its children each closed one that still
    /// holds records.
    pub(super) fn shown_shards(&self) -> Vec<usize> {
        let (at, frames) = (self.known_instant(), self.frames());
        let gauge = |metric, shard| Self::gauge(self.timeline.shard_column(metric, shard), frames);
        let holds = |shard| gauge(ShardMetric::Waiting, shard) + gauge(ShardMetric::InFlight, shard) > 0.0;
        let of = |shard: usize| self.timeline.shard(shard);
        let shown = |shard: &usize| of(*shard).is_open_at(at) || (of(*shard).created_at <= at && holds(*shard));
        let mut shards: Vec<usize> = (0..self.timeline.shards()).filter(shown).collect();
        shards.sort_by(|a, b| of(*a).range[0].total_cmp(&of(*b).range[0]).then(a.cmp(b)));
        shards
    }

    /// Width of a frame in seconds.
    pub(super) fn width(&self) -> f64 {
        self.timeline.width().seconds_f64().max(1e-6)
    }

    /// Frames over which rates are averaged.
    pub(super) fn window(&self) -> usize {
        ((WINDOW_S / self.width()) as usize).max(1)
    }

    /// Seconds that frames `from..to` cover; the last frame of a run may be short.
    pub(super) fn covered(&self, from: usize, to: usize) -> f64 {
        let end = |frames: usize| if frames == 0 { 0.0 } else { self.timeline.end_of(frames - 1).seconds_f64() };
        (end(to) - end(from)).max(1e-6)
    }

    /// Mean rate of a count over the window that ends with frame `frames`, per second.
    pub(super) fn rate(&self, column: &[f64], frames: usize) -> f64 {
        self.rate_over(column, frames, self.window())
    }

    /// Mean rate of a count over the `window` frames before `frames`, per second.
    pub(super) fn rate_over(&self, column: &[f64], frames: usize, window: usize) -> f64 {
        let to = frames.min(column.len());
        let from = to.saturating_sub(window);
        if from == to { 0.0 } else { column[from..to].iter().sum::<f64>() / self.covered(from, to) }
    }

    /// A gauge after `frames` frames.
    pub(super) fn gauge(column: &[f64], frames: usize) -> f64 {
        frames.min(column.len()).checked_sub(1).map_or(0.0, |last| column[last])
    }
}

/// One shard at the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct ShardReading {
    /// Its index in the timeline.
    pub id: usize,
    /// It takes no more records, and is only read to its end.
    pub closed: bool,
    /// Where its range begins and ends, as parts of the hash space.
    pub range: [f64; 2],
    /// Stored, records per second.
    pub accepted: f64,
    /// Stored, bytes per second.
    pub bytes: f64,
    /// Rejected attempts per second.
    pub rejected: f64,
    /// Processed, records per second.
    pub processed: f64,
    /// Stored records that wait.
    pub waiting: f64,
    /// Records in the running invocation.
    pub in_flight: f64,
    /// Share of the time in which an invocation ran, 0 to 1.
    pub busy: f64,
    /// Age of the oldest record that is not processed, seconds.
    pub age: f64,
    /// Its accepted rate is all that it can take, or it rejects.
    pub full: bool,
}

impl ShardReading {
    /// Stored and not processed.
    pub fn backlog(&self) -> f64 {
        self.waiting + self.in_flight
    }
}

/// The whole run at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    /// Frames that are complete.
    pub frames: usize,
    /// Nothing has happened yet: rates are what the curve promises.
    pub idle: bool,
    /// Offered by the curve, records per second.
    pub offered: f64,
    /// Records per second that a shard has room for.
    pub room: f64,
    /// Records per second that the limit on records alone leaves a shard.
    pub by_count: f64,
    /// The limit on bytes binds before the limit on records.
    pub bytes_bind: bool,
    /// Every shard.
    pub shards: Vec<ShardReading>,
    /// The producer as the operations so far have left it.
    pub producer: Producer,
    /// The consumer as the operations so far have left it.
    pub consumer: Consumer,
    /// Lost at the producer per second, all causes.
    pub losing: f64,
    /// Records in the producer's memory.
    pub at_producer: f64,
    /// Share of the invocations in the window that failed.
    pub failing: f64,
    /// Counted from the start: processed, lost at the producer, expired, discarded.
    pub processed_total: f64,
    /// Lost at the producer so far.
    pub lost_total: f64,
    /// Expired in the stream so far.
    pub expired_total: f64,
    /// Discarded by the mapping so far.
    pub discarded_total: f64,
    /// Before the consumer's starting position.
    pub skipped: f64,
    /// Records that the mapping's filter criteria passed over.
    pub filtered: f64,
    /// A lag below this many seconds is the mapping's ordinary pace.
    pub patience: f64,
}

impl Reading {
    /// Reads a moment. Before the first frame the forecast's shares divide what the curve offers.
    pub fn of(moment: &Moment, forecast: &Forecast, shown: &[usize]) -> Self {
        let (timeline, frames) = (moment.timeline, moment.frames());
        let at = moment.instant();
        let of = moment.timeline.consumer;
        let (producer, mut consumer) = capacity::in_force(moment.scenario, of, at);
        consumer.name = moment.scenario.title_of(of);
        // At the very end of a run a recorded series has nothing left; its last instant still has.
        let last = SimTime::from_micros(moment.scenario.length.micros().saturating_sub(1));
        let offered = moment.scenario.traffic.rate_at(at.min(last));
        let Forecast { mean_bytes, room, .. } = *forecast;
        let idle = frames == 0;
        let known = moment.known_instant();
        let shards = shown
            .iter()
            .enumerate()
            .map(|(place, shard)| {
                let reading = if idle || *shard >= timeline.shards() {
                    let accepted = (offered * forecast.shares[place]).min(room);
                    ShardReading { accepted, bytes: accepted * mean_bytes, ..ShardReading::default() }
                } else {
                    read_shard(moment, *shard, frames, room)
                };
                let part = |place: usize| place as f64 / shown.len() as f64;
                let info = (*shard < timeline.shards()).then(|| timeline.shard(*shard));
                let range = info.map_or([part(place), part(place + 1)], |info| info.range);
                let closed = info.is_some_and(|info| !info.is_open_at(known));
                ShardReading { id: *shard, closed, range, ..reading }
            })
            .collect();
        let invocations = moment.rate(timeline.column(Metric::Invocations), frames);
        let errors = moment.rate(timeline.column(Metric::Errors), frames);
        Self {
            frames,
            idle,
            offered,
            room,
            by_count: forecast.by_count,
            bytes_bind: room < forecast.by_count,
            shards,
            producer,
            losing: LOSSES.iter().map(|loss| moment.rate(timeline.column(*loss), frames)).sum(),
            at_producer: timeline.gauge(Metric::AtProducer, frames),
            failing: if invocations > 0.0 { (errors / invocations).min(1.0) } else { 0.0 },
            processed_total: timeline.total(Metric::Processed, frames),
            lost_total: LOSSES.iter().map(|loss| timeline.total(*loss, frames)).sum(),
            expired_total: timeline.total(Metric::Expired, frames),
            discarded_total: timeline.total(Metric::Discarded, frames),
            skipped: timeline.gauge(Metric::Skipped, frames),
            filtered: timeline.total(Metric::FilteredOut, frames),
            patience: capacity::late_after(moment.scenario, &consumer).seconds_f64(),
            consumer,
        }
    }

    /// Shards that are open.
    pub fn open(&self) -> usize {
        self.shards.iter().filter(|shard| !shard.closed).count()
    }

    /// Sum of a rate over all shards.
    pub fn sum(&self, of: impl Fn(&ShardReading) -> f64) -> f64 {
        self.shards.iter().map(of).sum()
    }

    /// The shard that is under most pressure: by rejections, then by use of its room, then by lag.
    pub fn hardest(&self) -> usize {
        let pressure = |shard: &ShardReading| {
            shard.rejected * 1e3 + shard.accepted / self.room.max(1e-9) + shard.age / 1e3 + shard.backlog() / 1e6
        };
        let mut hardest = 0;
        for (index, shard) in self.shards.iter().enumerate() {
            if pressure(shard) > pressure(&self.shards[hardest]) {
                hardest = index;
            }
        }
        hardest
    }
}

fn read_shard(moment: &Moment, shard: usize, frames: usize, room: f64) -> ShardReading {
    let timeline = moment.timeline;
    let rate = |metric| moment.rate(timeline.shard_column(metric, shard), frames);
    let gauge = |metric| Moment::gauge(timeline.shard_column(metric, shard), frames);
    let accepted = rate(ShardMetric::Stored);
    let bytes = rate(ShardMetric::StoredBytes);
    let rejected = rate(ShardMetric::Throttled);
    let used = (accepted / room.max(1e-9)).max(bytes / SHARD_WRITE_BYTES_PER_SECOND.get() as f64);
    ShardReading {
        accepted,
        bytes,
        rejected,
        processed: rate(ShardMetric::Processed),
        waiting: gauge(ShardMetric::Waiting),
        in_flight: gauge(ShardMetric::InFlight),
        busy: (rate(ShardMetric::BusyMs) / 1e3).clamp(0.0, 1.0),
        age: gauge(ShardMetric::IteratorAgeMs) / 1e3,
        full: used > 0.985,
        ..ShardReading::default()
    }
}
