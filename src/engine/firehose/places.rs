//! The execution environments of a delivery stream's function.

use crate::units::Span;
use std::collections::VecDeque;

/// Environments by their numbers. An invocation takes the one that was used last, or makes one.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// Since when each idle one is idle, µs, and its number; the oldest first.
    idle: VecDeque<(u64, u32)>,
    /// Numbers of those that are gone.
    free: Vec<u32>,
    /// Numbers that were ever given.
    made: u32,
    idle_life: u64,
}

impl Places {
    pub const fn new(idle_life: Span) -> Self {
        Self { idle: VecDeque::new(), free: Vec::new(), made: 0, idle_life: idle_life.micros() }
    }

    /// The environment of an invocation that begins, and whether it is new.
    pub fn take(&mut self, now: u64) -> (u32, bool) {
        while let Some((_, number)) = self.idle.front().filter(|(since, _)| *since + self.idle_life <= now) {
            self.free.push(*number);
            self.idle.pop_front();
        }
        if let Some((_, number)) = self.idle.pop_back() {
            return (number, false);
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.made += 1;
            self.made - 1
        });
        (number, true)
    }

    /// An invocation has ended in an environment, which stays for a while.
    pub fn give_back(&mut self, number: u32, now: u64) {
        self.idle.push_back((now, number));
    }
}

#[cfg(test)]
mod tests {
    use super::Places;
    use crate::units::Span;

    #[test]
    fn the_environment_that_was_used_last_is_taken_and_old_ones_go() {
        let mut places = Places::new(Span::from_micros(10));
        assert_eq!([places.take(0), places.take(0), places.take(1)], [(0, true), (1, true), (2, true)]);
        places.give_back(1, 2);
        places.give_back(0, 5);
        assert_eq!(places.take(6), (0, false));
        places.give_back(0, 7);
        // The second has been idle for ten microseconds.
        assert_eq!(places.take(12), (0, false));
        assert_eq!(places.take(12), (1, true));
        assert_eq!(places.take(12), (3, true));
    }
}
