//! Frames of a direct design in numbers, for the page.

use super::{DirectFrame, DirectRecorder};
use crate::engine::direct::Cause;
use crate::metrics::frames::{self, Frames, Numbered};

/// Whole numbers of a frame, without the failures.
const WHOLE: usize = 20;
/// Numbers that were measured.
const MEASURED: usize = 6;

/// The frames of a direct design that have arrived.
pub type DirectFrames = Frames<DirectFrame>;

/// What is shown of a frame, and what its bill is made of: whole numbers, measured ones, and failures by cause.
fn places(frame: &mut DirectFrame) -> ([&mut u64; WHOLE], [&mut f64; MEASURED], &mut [u64; Cause::COUNT]) {
    let (state, counts) = (&mut frame.state, &mut frame.counts);
    let whole = [
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
    let measured = [
        &mut frame.waited_ms.0,
        &mut frame.waited_ms.1,
        &mut frame.used.0,
        &mut frame.used.1,
        &mut frame.used.2,
        &mut frame.instance_s,
    ];
    (whole, measured, &mut frame.failed)
}

impl Numbered for DirectFrame {
    const EACH: usize = WHOLE + MEASURED + Cause::COUNT;

    fn numbers(&self) -> impl Iterator<Item = f64> {
        let mut frame = *self;
        let (whole, measured, failed) = places(&mut frame);
        let whole = whole.map(|count| *count as f64);
        let failed = failed.map(|count| count as f64);
        whole.into_iter().chain(measured.map(|number| *number)).chain(failed)
    }

    fn of(numbers: &[f64]) -> Self {
        let mut each = numbers.iter().copied();
        let mut next = || each.next().unwrap_or(0.0);
        let mut frame = Self::default();
        let (whole, measured, failed) = places(&mut frame);
        whole.into_iter().for_each(|place| *place = next() as u64);
        measured.into_iter().for_each(|place| *place = next());
        failed.iter_mut().for_each(|place| *place = next() as u64);
        frame
    }
}

impl DirectRecorder {
    /// Frames `from..to` as one block of numbers: where it begins, how many there are, then frame by frame.
    pub fn encode(&self, from: usize, to: usize) -> Vec<f64> {
        frames::encode(self.frames(), from, to)
    }

    /// How many frames have about so many bytes when they are [encoded](Self::encode), at least one.
    pub const fn frames_in(&self, bytes: usize) -> usize {
        frames::frames_in::<DirectFrame>(bytes)
    }
}
