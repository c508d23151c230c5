//! What the run says at the cursor: the numbers beside the plots and behind the sentences. One place computes
//! them, so that text, table and picture agree.

use super::{capacity, words};
use crate::metrics::{Ledger, Metric, ShardMetric, Timeline, View};
use crate::scenario::Scenario;
use crate::units::{SimTime, Span};

/// How many frames are complete at an instant: at the end of the run all of them are.
pub fn frames_at(timeline: &Timeline, at: SimTime) -> usize {
    if at >= SimTime::from_micros(timeline.length().micros()) {
        timeline.frames_total()
    } else {
        (at.micros() / timeline.width().micros().max(1)) as usize
    }
}

/// Losses at the producer, all causes.
pub const LOSSES: [Metric; 5] =
    [Metric::LostIgnored, Metric::LostExhausted, Metric::LostTooOld, Metric::LostBufferFull, Metric::LostHostDied];

/// How a consumer stands, in a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// What it is called.
    pub title: String,
    /// Age of its oldest record, and how many records wait for it.
    pub state: String,
    /// Whether it is late.
    pub late: bool,
}

impl Reader {
    /// The consumer whose view it is, after some frames.
    pub fn new(scenario: &Scenario, timeline: View<'_>, frames: usize) -> Self {
        let reading = Reading::new(timeline, frames);
        let (age, backlog) = (reading.age(), reading.backlog());
        let (_, consumer) = capacity::in_force(scenario, timeline.consumer, reading.at());
        Self {
            title: scenario.title_of(timeline.consumer),
            state: match backlog {
                0.0 => "nothing waits".to_owned(),
                _ => format!("{} wait, oldest {}", words::int(backlog), words::span_text(age)),
            },
            late: age > capacity::late_after(scenario, &consumer).seconds_f64(),
        }
    }
}

/// A view of a timeline that ends at a frame.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    timeline: View<'a>,
    frames: usize,
}

impl<'a> Reading<'a> {
    /// The first `frames` frames, or as many as there are.
    pub fn new(timeline: View<'a>, frames: usize) -> Self {
        Self { timeline, frames: frames.min(timeline.frames()) }
    }

    /// Frames in view.
    pub const fn frames(&self) -> usize {
        self.frames
    }

    /// The instant at which the view ends.
    pub fn at(&self) -> SimTime {
        self.frames.checked_sub(1).map_or(SimTime::ZERO, |last| self.timeline.end_of(last))
    }

    /// Shards that are open, or that open with the run.
    pub fn open_shards(&self, scenario: &Scenario) -> u64 {
        match self.frames {
            0 => u64::from(scenario.stream.open_at_start()),
            frames => self.timeline.gauge(Metric::OpenShards, frames) as u64,
        }
    }

    /// Every shard there was.
    pub fn shards(&self) -> usize {
        self.timeline.shards()
    }

    /// The account of every record.
    pub fn ledger(&self) -> Ledger {
        Ledger::after(self.timeline, self.frames)
    }

    /// First frame of a window of about `seconds` that ends the view, and the window's exact length in seconds.
    fn window(&self, seconds: f64) -> (usize, f64) {
        let count = ((seconds / self.timeline.width().seconds_f64()).round() as usize).clamp(1, self.frames.max(1));
        let first = self.frames.saturating_sub(count);
        let from = first.checked_sub(1).map_or(SimTime::ZERO, |before| self.timeline.end_of(before));
        (first, self.at().since(from).seconds_f64())
    }

    /// Mean rate of a count over the last `seconds`, per second.
    pub fn rate(&self, metric: Metric, seconds: f64) -> f64 {
        let (first, length) = self.window(seconds);
        let sum: f64 = self.timeline.column(metric)[first..self.frames].iter().sum();
        if length > 0.0 { sum / length } else { 0.0 }
    }

    /// Mean rate of a shard's count over the last `seconds`, per second.
    pub fn shard_rate(&self, metric: ShardMetric, shard: usize, seconds: f64) -> f64 {
        let (first, length) = self.window(seconds);
        let sum: f64 = self.timeline.shard_column(metric, shard)[first..self.frames].iter().sum();
        if length > 0.0 { sum / length } else { 0.0 }
    }

    /// Rate of losses at the producer, all causes.
    pub fn loss_rate(&self, seconds: f64) -> f64 {
        LOSSES.into_iter().map(|metric| self.rate(metric, seconds)).sum()
    }

    /// A gauge at the end of the view.
    pub fn gauge(&self, metric: Metric) -> f64 {
        self.timeline.gauge(metric, self.frames)
    }

    /// The latest value of a statistic within the last `seconds`; `None` where there is none.
    pub fn statistic(&self, metric: Metric, seconds: f64) -> Option<f64> {
        let (first, _) = self.window(seconds);
        self.timeline.column(metric)[first..self.frames].iter().rev().copied().find(|value| !value.is_nan())
    }

    /// Age of the oldest record that is stored and not processed, in seconds.
    pub fn age(&self) -> f64 {
        self.gauge(Metric::IteratorAgeMs) / 1_000.0
    }

    /// `MillisBehindLatest`, in seconds: age of the oldest record that the last read did not bring.
    pub fn behind(&self) -> f64 {
        self.gauge(Metric::MillisBehindLatest) / 1_000.0
    }

    /// Stored records that are not processed yet: waiting or in a running invocation.
    pub fn backlog(&self) -> f64 {
        self.gauge(Metric::Waiting) + self.gauge(Metric::InFlight)
    }

    /// Highest value of a column in view and the end of its frame; zero at the start where there is none.
    pub fn peak(&self, metric: Metric) -> (f64, SimTime) {
        let column = self.timeline.column(metric)[..self.frames].iter().copied().enumerate();
        column.filter(|(_, value)| !value.is_nan()).fold((0.0, SimTime::ZERO), |best, (frame, value)| {
            if value > best.0 { (value, self.timeline.end_of(frame)) } else { best }
        })
    }

    /// End of the first frame in view for which `seen` holds.
    pub fn first(&self, seen: impl Fn(usize) -> bool) -> Option<SimTime> {
        (0..self.frames).find(|frame| seen(*frame)).map(|frame| self.timeline.end_of(frame))
    }

    /// The instant from which on the oldest record stayed within `usual`; `None` where it never was late or still is.
    pub fn caught_up(&self, usual: Span) -> Option<SimTime> {
        let limit = usual.millis_f64();
        let ages = &self.timeline.column(Metric::IteratorAgeMs)[..self.frames];
        let last_late = ages.iter().rposition(|age| *age > limit)?;
        (last_late + 1 < self.frames).then(|| self.timeline.end_of(last_late + 1))
    }

    /// Values of a metric in the frame at `frame`.
    pub fn value(&self, metric: Metric, frame: usize) -> f64 {
        self.timeline.column(metric).get(frame).copied().unwrap_or(0.0)
    }
}
