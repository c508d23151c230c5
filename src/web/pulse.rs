//! Signs of life of the box: questions that were asked and answered.

use std::cell::Cell;

/// Signs of life.
#[derive(Default)]
pub(super) struct Pulse {
    pub asked: Cell<u32>,
    pub answered: Cell<u32>,
    pub misses: Cell<u32>,
    pub seconds_waited: Cell<u32>,
    pub last_ms: Cell<f64>,
}

impl Pulse {
    pub fn reset(&self) {
        self.forgive();
        self.seconds_waited.set(0);
    }

    /// Takes every question as answered.
    pub fn forgive(&self) {
        self.answered.set(self.asked.get());
        self.misses.set(0);
    }
}
