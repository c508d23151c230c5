//! Frames of a delivery stream in numbers, for the page.

use super::{FirehoseFrame, FirehoseRecorder};
use crate::metrics::frames::{self, Frames, Numbered};
use crate::units::Span;

/// Whole numbers of a frame.
const WHOLE: usize = 29;

/// The frames of a delivery stream that have arrived.
pub type FirehoseFrames = Frames<FirehoseFrame>;

/// What is shown of a frame, and what its bill is made of.
fn whole(frame: &mut FirehoseFrame) -> [&mut u64; WHOLE] {
    let FirehoseFrame { lost_put: [lost_a, lost_b, lost_c], set_aside: [aside_a, aside_b, aside_c], .. } = frame;
    let [throttled_a, throttled_b, throttled_c] = &mut frame.throttled;
    let state = &mut frame.state;
    [
        &mut frame.offered,
        &mut frame.calls,
        &mut frame.accepted,
        &mut frame.accepted_bytes,
        &mut frame.billed,
        throttled_a,
        throttled_b,
        throttled_c,
        lost_a,
        lost_b,
        lost_c,
        &mut frame.invocations,
        &mut frame.errors,
        &mut frame.invoked_us,
        &mut frame.dropped,
        aside_a,
        aside_b,
        aside_c,
        &mut frame.delivered,
        &mut frame.delivered_bytes,
        &mut frame.objects.0,
        &mut frame.backups,
        &mut frame.lost,
        &mut state.at_producer,
        &mut state.in_transform,
        &mut state.buffered,
        &mut state.in_delivery,
        &mut state.deliveries_waiting,
        &mut state.quota,
    ]
}

impl Numbered for FirehoseFrame {
    /// The whole ones, how late its records were, and how old the oldest is.
    const EACH: usize = WHOLE + 3;

    fn numbers(&self) -> impl Iterator<Item = f64> {
        let mut frame = *self;
        let age = frame.state.freshness.map_or(f64::NAN, |age| age.micros() as f64);
        let measured = [frame.late_ms.0, frame.late_ms.1, age];
        whole(&mut frame).map(|count| *count as f64).into_iter().chain(measured)
    }

    fn of(numbers: &[f64]) -> Self {
        let mut frame = Self::default();
        whole(&mut frame).into_iter().zip(numbers).for_each(|(place, number)| *place = *number as u64);
        if let [p50, p99, age] = numbers[WHOLE..] {
            frame.late_ms = (p50, p99);
            frame.state.freshness = (!age.is_nan()).then(|| Span::from_micros(age as u64));
        }
        frame
    }
}

impl FirehoseRecorder {
    /// Frames `from..to` as one block of numbers: where it begins, how many there are, then frame by frame.
    pub fn encode(&self, from: usize, to: usize) -> Vec<f64> {
        frames::encode(self.frames(), from, to)
    }

    /// How many frames have about so many bytes when they are [encoded](Self::encode), at least one.
    pub const fn frames_in(&self, bytes: usize) -> usize {
        frames::frames_in::<FirehoseFrame>(bytes)
    }
}
