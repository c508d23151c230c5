//! Frames of a design that is no stream as blocks of numbers: the form in which they leave the box, and what the page
//! keeps of them.

use super::Timeline;
use super::timeline::BlockError;
use crate::scenario::Scenario;
use crate::units::{SimTime, Span};

/// A frame that can be told in numbers.
pub trait Numbered: Sized {
    /// Numbers of a frame.
    const EACH: usize;

    /// The frame as that many numbers.
    fn numbers(&self) -> impl Iterator<Item = f64>;

    /// The frame of that many numbers.
    fn of(numbers: &[f64]) -> Self;
}

/// Frames as one block of numbers: where it begins, how many there are, then frame by frame.
pub(super) fn encode<F: Numbered>(frames: &[F], from: usize, to: usize) -> Vec<f64> {
    let mut block = vec![from as f64, (to - from) as f64];
    frames[from..to].iter().for_each(|frame| block.extend(frame.numbers()));
    block
}

/// How many frames have about so many bytes when they are encoded, at least one.
pub(super) const fn frames_in<F: Numbered>(bytes: usize) -> usize {
    let frames = bytes / (F::EACH * size_of::<f64>());
    if frames > 0 { frames } else { 1 }
}

/// The frames of a design that have arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Frames<F> {
    width: Span,
    length: Span,
    frames: Vec<F>,
}

impl<F: Numbered> Frames<F> {
    /// None yet, of a run of this scenario.
    pub fn new(scenario: &Scenario) -> Self {
        Self { width: Timeline::width_of(scenario), length: scenario.length, frames: Vec::new() }
    }

    /// Width of a frame; the last one may be shorter.
    pub const fn width(&self) -> Span {
        self.width
    }

    /// The frames, in order.
    pub fn frames(&self) -> &[F] {
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

    /// Appends a block of frames in numbers. It comes from outside: what does not continue these frames exactly is
    /// refused and changes nothing.
    ///
    /// # Errors
    /// When it does not.
    pub fn append(&mut self, block: &[f64]) -> Result<(), BlockError> {
        let [from, count, rest @ ..] = block else { return Err(BlockError) };
        let (from, count) = (*from as usize, *count as usize);
        let fits = from == self.frames.len()
            && count <= self.frames_total() - from
            && rest.len() == count.saturating_mul(F::EACH);
        if !fits {
            return Err(BlockError);
        }
        self.frames.extend(rest.chunks_exact(F::EACH).map(F::of));
        Ok(())
    }
}
