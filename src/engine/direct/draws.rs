//! What a direct design leaves to chance, each thing with a generator of its own: switching a cache on does not change
//! how long the computing of any request takes.

use crate::engine::rng::{Actor, Exponential, Rng};
use crate::scenario::{Client, Direct, DurationLaw, Jitter};
use crate::units::{Ratio, Span};

#[derive(Clone, Debug)]
pub(super) struct Draws {
    law: DurationLaw,
    spread: u64,
    exponential: Box<Exponential>,
    cpu: Rng,
    statement: Rng,
    slow: Rng,
    hit: Rng,
    store: Rng,
    heavy: Rng,
    backoff: Rng,
}

/// Which step of a request a time is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    Cpu,
    Statement,
    Slow,
}

impl Draws {
    pub fn new(seed: u64, direct: &Direct) -> Self {
        let of = |part| Rng::of(seed, Actor::Direct(part));
        Self {
            law: direct.request.law,
            spread: direct.request.spread.millionths().into(),
            exponential: Box::default(),
            cpu: of(0),
            statement: of(1),
            slow: of(2),
            hit: of(3),
            store: of(4),
            heavy: of(5),
            backoff: of(6),
        }
    }

    /// How long a step takes, µs.
    #[inline]
    pub fn time(&mut self, of: Of, mean: Span) -> u64 {
        let rng = match of {
            Of::Cpu => &mut self.cpu,
            Of::Statement => &mut self.statement,
            Of::Slow => &mut self.slow,
        };
        let mean = mean.micros();
        match self.law {
            DurationLaw::Exponential => {
                ((u128::from(mean) * u128::from(self.exponential.draw_q32(rng)) + (1 << 31)) >> 32) as u64
            }
            DurationLaw::Uniform if self.spread == 0 || mean == 0 => mean,
            DurationLaw::Uniform => {
                let half = mean * self.spread / 1_000_000;
                mean - half + rng.below(2 * half + 1)
            }
        }
    }

    /// Whether a read is a hit, given the share of hits in millionths.
    #[inline]
    pub fn is_hit(&mut self, millionths: u64) -> bool {
        self.hit.below(1_000_000) < millionths
    }

    /// Whether a statement is for the other store.
    #[inline]
    pub fn is_for_store(&mut self, share: Ratio) -> bool {
        share > Ratio::ZERO && self.store.below(1_000_000) < u64::from(share.millionths())
    }

    /// Whether a request is heavy.
    #[inline]
    pub fn is_heavy(&mut self, share: Ratio) -> bool {
        share > Ratio::ZERO && self.heavy.below(1_000_000) < u64::from(share.millionths())
    }

    /// Wait before the attempt that follows so many failed ones, µs.
    pub fn backoff(&mut self, client: &Client, failed: u32) -> u64 {
        let doubled = client.backoff.micros() << (failed - 1).min(32);
        let bound = doubled.min(client.backoff_max.micros());
        match client.jitter {
            Jitter::Full => self.backoff.below(bound + 1),
            Jitter::Equal => bound / 2 + self.backoff.below(bound - bound / 2 + 1),
            Jitter::None => bound,
        }
    }
}
