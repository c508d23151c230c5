//! How far designs fell behind, and which part of a direct design bound: read from the frames, so that the page and the
//! command line say the same of the same run.

use crate::metrics::direct::DirectFrame;
use crate::metrics::firehose::FirehoseFrame;
use crate::metrics::{Metric, Timeline, View};
use crate::scenario::capacity::{self, DirectPart};
use crate::scenario::{Direct, Firehose, Scenario};
use crate::text;
use crate::units::{SimTime, Span};

/// What clients wait for an answer is late beyond this, in seconds.
pub const PATIENCE_S: f64 = 2.0;
/// A part is used up where it works for more than this share of a frame.
const BOUND: f64 = 0.98;

/// How far a design was behind with its work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behind {
    /// Seconds at the most.
    pub most: f64,
    /// From then on nothing was late any more; `None` where it still was at the end.
    pub until: Option<SimTime>,
}

impl Behind {
    /// What a column of lateness in seconds says, one number a frame; nothing where it never was beyond `patience`.
    pub fn of(late: &[f64], patience: f64, width: Span) -> Option<Self> {
        let last = late.iter().rposition(|late| *late > patience)?;
        let until = SimTime::from_micros(width.micros() * (last as u64 + 1));
        Some(Self { most: late.iter().copied().fold(0.0, f64::max), until: (last + 1 < late.len()).then_some(until) })
    }
}

/// From so many seconds on, work of a stream is late.
pub fn stream_patience(scenario: &Scenario, at: SimTime) -> f64 {
    let (_, consumer) = capacity::in_force(scenario, 0, at);
    capacity::late_after(scenario, &consumer).seconds_f64()
}

/// A record of a delivery stream is late that is not delivered soon after its buffers were due, in seconds.
pub fn firehose_patience(firehose: &Firehose) -> f64 {
    let stream = &firehose.stream;
    let function = stream.transform.memory_mb.map_or(Span::ZERO, |_| stream.transform.interval);
    (stream.interval() + function + stream.latency()).seconds_f64() + PATIENCE_S
}

/// Age of the oldest record of a stream that is not done, in seconds, at the end of each frame: by the consumer that is
/// furthest behind, and with what still waits at the producer.
pub fn stream_late(timeline: &Timeline) -> Vec<f64> {
    let held = timeline.seen_by(0).column(Metric::AtProducer);
    let column = |view: View<'_>, metric, frame: usize| view.column(metric)[frame];
    let late = |frame: usize| {
        let views = (0..timeline.consumers()).map(|consumer| timeline.seen_by(consumer));
        let of = |view| {
            let done = column(view, Metric::OfferLatencyP99Ms, frame);
            column(view, Metric::IteratorAgeMs, frame).max(if held[frame] > 0.0 { done } else { 0.0 }) / 1e3
        };
        views.map(of).fold(0.0, f64::max)
    };
    (0..timeline.frames()).map(late).collect()
}

/// The same of a delivery stream: age of the oldest record that is not delivered.
pub fn firehose_late(frames: &[FirehoseFrame]) -> Vec<f64> {
    frames.iter().map(|frame| frame.state.freshness.map_or(0.0, Span::seconds_f64)).collect()
}

/// The part of a direct design that was used up for longest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binding {
    /// Which one.
    pub part: DirectPart,
    /// Requests a second that it allows, in the long run.
    pub room: f64,
    /// Requests a second that the writes alone leave to the primary.
    pub writes_alone: f64,
}

impl Binding {
    /// What the frames of a design show; nothing where no part was used up.
    pub fn of(direct: &Direct, frames: &[DirectFrame]) -> Option<Self> {
        let instances = frames.iter().map(|frame| frame.state.up).max()?;
        let bounds = capacity::direct_bounds(direct, instances);
        // Of the other store nobody measures how much of it is used.
        let used: [fn(&DirectFrame) -> f64; 3] = [|frame| frame.used.0, |frame| frame.used.1, |frame| frame.used.2];
        let bound = |of: fn(&DirectFrame) -> f64| frames.iter().filter(|frame| of(frame) >= BOUND).count();
        let each = used.into_iter().zip(bounds).map(|(of, bounds)| (bound(of), bounds));
        let (frames, (room, part)) = each.max_by_key(|(frames, _)| *frames)?;
        let writes_alone = capacity::direct_writes_alone(direct);
        (frames > 0).then_some(Self { part, room, writes_alone })
    }

    /// What binds, in a sentence.
    pub fn sentence(&self) -> String {
        let rate = |rate: f64| text::int(rate);
        match self.part {
            DirectPart::Computing => {
                format!("the vCPUs of its instances bind: {} requests a second with all that were up", rate(self.room))
            }
            DirectPart::Primary => format!(
                "the primary of the database binds: {} requests a second, and {} if it had only to write",
                rate(self.room),
                rate(self.writes_alone)
            ),
            DirectPart::Writes => {
                format!("the primary’s writes bind: {} requests a second is all", rate(self.room))
            }
            DirectPart::Replicas => format!("the replicas bind: {} requests a second", rate(self.room)),
            DirectPart::Store => format!("the other store binds: {} requests a second", rate(self.room)),
        }
    }
}
