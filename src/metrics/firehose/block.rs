//! Frames of a delivery stream as a block of numbers: the form in which they leave the box, and what the page keeps.

use super::{FirehoseFrame, FirehoseRecorder};
use crate::metrics::Timeline;
use crate::metrics::timeline::BlockError;
use crate::scenario::Scenario;
use crate::units::{SimTime, Span};

/// Whole numbers of a frame.
const WHOLE: usize = 29;
/// All numbers of a frame: the whole ones, how late its records were, and how old the oldest is.
const EACH: usize = WHOLE + 3;

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

/// A frame as numbers.
fn numbers(mut frame: FirehoseFrame) -> [f64; EACH] {
    let age = frame.state.freshness.map_or(f64::NAN, |age| age.micros() as f64);
    let measured = [frame.late_ms.0, frame.late_ms.1, age];
    let mut all = [0.0; EACH];
    let each = whole(&mut frame).map(|count| *count as f64);
    all.iter_mut().zip(each.into_iter().chain(measured)).for_each(|(place, number)| *place = number);
    all
}

/// The frame of these numbers.
fn frame(numbers: &[f64]) -> FirehoseFrame {
    let mut frame = FirehoseFrame::default();
    whole(&mut frame).into_iter().zip(numbers).for_each(|(place, number)| *place = *number as u64);
    if let [p50, p99, age] = numbers[WHOLE..] {
        frame.late_ms = (p50, p99);
        frame.state.freshness = (!age.is_nan()).then(|| Span::from_micros(age as u64));
    }
    frame
}

impl FirehoseRecorder {
    /// Frames `from..to` as one block of numbers: where it begins, how many there are, then frame by frame.
    pub fn encode(&self, from: usize, to: usize) -> Vec<f64> {
        let mut block = vec![from as f64, (to - from) as f64];
        self.frames()[from..to].iter().for_each(|frame| block.extend(numbers(*frame)));
        block
    }

    /// How many frames have about so many bytes when they are [encoded](Self::encode), at least one.
    pub fn frames_in(&self, bytes: usize) -> usize {
        (bytes / (EACH * size_of::<f64>())).max(1)
    }
}

/// The frames of a delivery stream that have arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct FirehoseFrames {
    width: Span,
    length: Span,
    frames: Vec<FirehoseFrame>,
}

impl FirehoseFrames {
    /// None yet, of a run of this scenario.
    pub fn new(scenario: &Scenario) -> Self {
        Self { width: Timeline::width_of(scenario), length: scenario.length, frames: Vec::new() }
    }

    /// Width of a frame; the last one may be shorter.
    pub const fn width(&self) -> Span {
        self.width
    }

    /// The frames, in order.
    pub fn frames(&self) -> &[FirehoseFrame] {
        &self.frames
    }

    /// Frames that the whole run has.
    pub fn frames_total(&self) -> usize {
        self.length.micros().div_ceil(self.width.micros().max(1)) as usize
    }

    /// The end of a frame, cut at the end of the run.
    pub fn end_of(&self, frame: usize) -> SimTime {
        SimTime::from_micros((self.width.micros() * (frame as u64 + 1)).min(self.length.micros()))
    }

    /// Appends a block made by [`FirehoseRecorder::encode`]. It comes from outside: what does not continue these frames
    /// exactly is refused and changes nothing.
    ///
    /// # Errors
    /// When it does not.
    pub fn append(&mut self, block: &[f64]) -> Result<(), BlockError> {
        let [from, count, rest @ ..] = block else { return Err(BlockError) };
        let (from, count) = (*from as usize, *count as usize);
        let fits = from == self.frames.len()
            && count <= self.frames_total() - from
            && rest.len() == count.saturating_mul(EACH);
        if !fits {
            return Err(BlockError);
        }
        self.frames.extend(rest.chunks_exact(EACH).map(frame));
        Ok(())
    }
}
