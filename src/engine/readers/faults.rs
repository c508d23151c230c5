//! Faults that are injected into consumers and into Lambda as a whole.

use super::super::fact::{Fact, Observer};
use super::super::fault::{Share, Slow};
use super::Readers;
use crate::units::{Ratio, SimTime};

impl Readers {
    /// All functions together may run so many at the same time until an instant.
    pub fn throttle_account(&mut self, concurrency: u32, until: u64) {
        self.shared.lambda.throttle(concurrency, until);
    }

    /// A share of the environments of every function is lost: of those that work first, by shard, then of the idle
    /// ones. What runs in them fails at this instant.
    pub fn lose_environments(&mut self, share: Ratio, now: u64, observer: &mut impl Observer) {
        for reader in 0..self.consumers {
            if !self.shared.settings[reader as usize].is_mapping() {
                continue;
            }
            let (mut share, mut lost) = (Share::new(share), 0);
            for lanes in &mut self.lanes {
                lost += lanes[reader as usize].lose_environments(&mut share, now, &mut self.shared.asked);
            }
            lost += self.shared.lambda.lose_idle(reader, &mut share, now);
            if lost > 0 {
                observer.observe(SimTime::from_micros(now), Fact::EnvironmentsLost { reader, environments: lost });
            }
        }
    }

    /// A consumer's function is slow for a while.
    pub(in super::super) fn slow_down(&mut self, consumer: u32, slow: Slow) {
        if let Some(of) = self.slow.get_mut(consumer as usize) {
            *of = slow;
            for lanes in &mut self.lanes {
                lanes[consumer as usize].slow = slow;
            }
        }
    }
}
