//! Virtual time within one stretch of work: fuel that was used, and waits.

use super::Limits;

/// One stretch of work on one environment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Time {
    /// Instant at which it began, in nanoseconds since 1970.
    pub(super) start: u64,
    /// Longest duration, in nanoseconds.
    pub(super) timeout: u64,
    /// Memory setting in MB, no more than what has a whole processor.
    memory: u64,
    /// Memory setting that has a whole processor.
    full: u64,
    waited: u64,
    /// Fuel that the box gives at most.
    cap: i32,
    /// Fuel that was given altogether: what was used is what is missing from it.
    granted: i32,
}

impl Time {
    /// A stretch that begins at `start` nanoseconds since 1970, with so many MB of memory, at most `timeout`
    /// nanoseconds, and an event of so many bytes.
    pub(super) fn new(start: u64, memory_mb: u64, timeout: u64, event_bytes: usize, limits: &Limits) -> Self {
        let event = i32::try_from(event_bytes).unwrap_or(i32::MAX).saturating_mul(limits.fuel_per_event_byte);
        let full = limits.full_cpu_mb;
        let cap = limits.fuel.saturating_add(event);
        let mut time = Self { start, timeout, memory: memory_mb.clamp(1, full), full, waited: 0, cap, granted: 0 };
        time.granted = time.allowance();
        time
    }

    /// Fuel that the time left allows, and no more than the box gives to one run.
    fn allowance(&self) -> i32 {
        let time = (self.timeout - self.waited) * self.memory / self.full;
        i32::try_from(time).unwrap_or(i32::MAX).min(self.cap)
    }

    /// Fuel that was given altogether.
    pub(super) const fn granted(&self) -> i32 {
        self.granted
    }

    /// Fuel that was used when so much is left.
    pub(super) fn used(&self, left: i32) -> u64 {
        (i64::from(self.granted) - i64::from(left)).unsigned_abs()
    }

    /// Virtual nanoseconds since the beginning.
    pub(super) fn elapsed(&self, left: i32) -> u64 {
        self.waited + self.used(left) * self.full / self.memory
    }

    /// Waits for so many nanoseconds and gives the fuel that is left then; nothing when the time is over before.
    pub(super) fn wait(&mut self, ns: u64, left: i32) -> Option<i32> {
        let elapsed = self.elapsed(left);
        if elapsed.saturating_add(ns) >= self.timeout {
            self.run_out(left);
            return None;
        }
        let used = self.used(left) as i32;
        self.waited += ns;
        self.granted = self.allowance();
        Some(self.granted - used)
    }

    /// Lets the rest of the time pass.
    pub(super) fn run_out(&mut self, left: i32) {
        self.waited += self.timeout.saturating_sub(self.elapsed(left));
    }

    /// Whether the box, and not the time, ended a stretch that has so much fuel left.
    pub(super) fn capped(&self, left: i32) -> bool {
        left < 0 && self.granted == self.cap
    }
}
