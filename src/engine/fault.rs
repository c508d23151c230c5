//! Faults that are injected into what works on the records: a slow function, and environments that are lost.

use super::failure::FailureCause;
use super::invocation::{Invocation, InvocationId};
use super::lane::Lane;
use super::part::{Phase, Verdict};
use crate::units::Ratio;

/// A function that takes longer for a while.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slow {
    /// How many times as long, in thousandths.
    pub factor_milli: u32,
    /// Until when, µs; zero where it never did.
    pub until: u64,
}

impl Slow {
    /// How long something takes that is begun now, µs.
    #[inline]
    pub fn stretched(self, micros: u64, now: u64) -> u64 {
        if now >= self.until {
            return micros;
        }
        let longer = u128::from(micros) * u128::from(self.factor_milli) / 1_000;
        u64::try_from(longer).unwrap_or(u64::MAX)
    }
}

/// Picks an exact share of things that come one after the other, evenly spread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    millionths: u64,
    seen: u64,
}

impl Share {
    /// Has picked nothing yet.
    pub fn new(share: Ratio) -> Self {
        Self { millionths: share.millionths().into(), seen: 0 }
    }

    /// Whether the next one is picked.
    pub fn picks(&mut self) -> bool {
        let one = u64::from(Ratio::ONE.millionths());
        // Half of one is added, so that a third of three is one.
        let picked = |count: u64| (count * self.millionths + one / 2) / one;
        self.seen += 1;
        picked(self.seen) > picked(self.seen - 1)
    }
}

impl Lane {
    /// Lets a share of what runs end now, since its environment is lost. Gives how many do.
    pub(super) fn lose_environments(&mut self, share: &mut Share, now: u64, asked: &mut Vec<Invocation>) -> u32 {
        let (reader, shard, mut lost) = (self.reader, self.shard, 0);
        for part in &mut self.parts {
            if let Phase::Running { id, verdict, .. } = &mut part.phase
                && share.picks()
            {
                // An answer that nobody has given yet is not asked for any more.
                asked.retain(|asked| asked.id != InvocationId::new(reader, shard, *id));
                *verdict = Verdict::Fails(FailureCause::EnvironmentLost, 0);
                part.next_at = now;
                lost += 1;
            }
        }
        lost
    }
}
