//! Frames of a direct design as a block of numbers: the form in which they leave the box, and what the page keeps.

use super::{DirectFrame, DirectRecorder};
use crate::engine::direct::Cause;
use crate::metrics::Timeline;
use crate::metrics::timeline::BlockError;
use crate::scenario::Scenario;
use crate::units::{SimTime, Span};

/// Numbers of a frame.
const EACH: usize = 26 + Cause::COUNT;

/// What is shown of a frame, and what its bill is made of, one number each.
fn numbers(frame: &DirectFrame) -> [f64; EACH] {
    let (state, counts) = (&frame.state, &frame.counts);
    let whole = [
        frame.offered,
        frame.sent,
        frame.retried,
        frame.answered,
        frame.wasted,
        frame.handed_over,
        frame.dropped,
        frame.done,
        state.in_flight,
        state.working,
        state.backlog,
        state.cpu_line,
        state.pool_line,
        state.database_line,
        state.up,
        state.background_line,
        state.background_running,
        counts.store_reads,
        counts.store_writes,
        frame.out_of_memory,
    ];
    let measured = [frame.waited_ms.0, frame.waited_ms.1, frame.used.0, frame.used.1, frame.used.2, frame.instance_s];
    let mut all = [0.0; EACH];
    let failed = frame.failed.iter().map(|count| *count as f64);
    let each = whole.iter().map(|count| *count as f64).chain(measured).chain(failed);
    all.iter_mut().zip(each).for_each(|(place, number)| *place = number);
    all
}

/// The frame of these numbers.
fn frame(numbers: &[f64]) -> DirectFrame {
    let mut each = numbers.iter().copied();
    let mut next = || each.next().unwrap_or(0.0);
    let mut frame = DirectFrame::default();
    let (state, counts) = (&mut frame.state, &mut frame.counts);
    let whole: [&mut u64; 20] = [
        &mut frame.offered,
        &mut frame.sent,
        &mut frame.retried,
        &mut frame.answered,
        &mut frame.wasted,
        &mut frame.handed_over,
        &mut frame.dropped,
        &mut frame.done,
        &mut state.in_flight,
        &mut state.working,
        &mut state.backlog,
        &mut state.cpu_line,
        &mut state.pool_line,
        &mut state.database_line,
        &mut state.up,
        &mut state.background_line,
        &mut state.background_running,
        &mut counts.store_reads,
        &mut counts.store_writes,
        &mut frame.out_of_memory,
    ];
    whole.into_iter().for_each(|place| *place = next() as u64);
    let measured = [
        &mut frame.waited_ms.0,
        &mut frame.waited_ms.1,
        &mut frame.used.0,
        &mut frame.used.1,
        &mut frame.used.2,
        &mut frame.instance_s,
    ];
    measured.into_iter().for_each(|place| *place = next());
    frame.failed.iter_mut().for_each(|place| *place = next() as u64);
    frame
}

impl DirectRecorder {
    /// Frames `from..to` as one block of numbers: where it begins, how many there are, then frame by frame.
    pub fn encode(&self, from: usize, to: usize) -> Vec<f64> {
        let mut block = vec![from as f64, (to - from) as f64];
        self.frames()[from..to].iter().for_each(|frame| block.extend(numbers(frame)));
        block
    }

    /// How many frames have about so many bytes when they are [encoded](Self::encode), at least one.
    pub fn frames_in(&self, bytes: usize) -> usize {
        (bytes / (EACH * size_of::<f64>())).max(1)
    }
}

/// The frames of a direct design that have arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectFrames {
    width: Span,
    length: Span,
    frames: Vec<DirectFrame>,
}

impl DirectFrames {
    /// None yet, of a run of this scenario.
    pub fn new(scenario: &Scenario) -> Self {
        Self { width: Timeline::width_of(scenario), length: scenario.length, frames: Vec::new() }
    }

    /// Width of a frame; the last one may be shorter.
    pub const fn width(&self) -> Span {
        self.width
    }

    /// The frames, in order.
    pub fn frames(&self) -> &[DirectFrame] {
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

    /// Appends a block made by [`DirectRecorder::encode`]. It comes from outside: what does not continue these frames
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
