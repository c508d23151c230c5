//! Which key a record has and how large it is: tables made once, then a few nanoseconds a draw.

use super::offers::{DRAWN, Offer};
use super::rng::{Actor, Rng};
use crate::scenario::{Keys, Scenario, Sizes};
use crate::units::Ratio;

/// Where two uniform 32-bit numbers come from for each record: one for its key, one for its size.
#[derive(Clone, Debug)]
pub enum Draws {
    /// The halves of one draw.
    Xoshiro(Rng),
    /// Two linear congruential generators: the last number of the keys' and of the sizes'.
    Lcg(u32, u32),
}

impl Draws {
    /// The generator that a scenario asks for.
    pub fn new(scenario: &Scenario) -> Self {
        match scenario.traffic.draws {
            crate::scenario::Draws::Xoshiro => Self::Xoshiro(Rng::of(scenario.seed, Actor::Records)),
            crate::scenario::Draws::Lcg => Self::Lcg(12_345, 67_890),
        }
    }

    /// Two numbers for each offer, handed to `place` with it: for its key, and for its size.
    #[inline(always)]
    fn for_each(&mut self, block: &mut [Offer], mut place: impl FnMut(&mut Offer, u32, u32)) {
        const fn step(state: u32) -> u32 {
            state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)
        }
        match self {
            Self::Xoshiro(rng) => {
                // Its state is in registers for as long as the loop goes.
                let mut state = rng.clone();
                for offer in block {
                    let draw = state.next_u64();
                    place(offer, (draw >> 32) as u32, draw as u32);
                }
                *rng = state;
            }
            Self::Lcg(key, size) => {
                let (mut for_key, mut for_size) = (*key, *size);
                for offer in block {
                    (for_key, for_size) = (step(for_key), step(for_size));
                    place(offer, for_key, for_size);
                }
                (*key, *size) = (for_key, for_size);
            }
        }
    }

    /// Gives each offer its key, and its size where it has none yet. One loop for each kind of tables, so that nothing
    /// is asked twice.
    #[inline(never)]
    pub(super) fn fill(&mut self, keys: &KeyDraw, sizes: &SizeDraw, block: &mut [Offer]) {
        match keys {
            KeyDraw::Table { cumulated, guide } => {
                self.fill_sizes(|draw| look_up(cumulated, guide, draw), sizes, block)
            }
            _ => self.fill_sizes(|draw| keys.key(draw), sizes, block),
        }
    }

    #[inline(always)]
    fn fill_sizes(&mut self, key: impl Fn(u32) -> u32, sizes: &SizeDraw, block: &mut [Offer]) {
        if let SizeDraw::Uniform { min, choices } = *sizes {
            self.for_each(block, |offer, for_key, for_size| {
                offer.key = key(for_key);
                if offer.size == DRAWN {
                    offer.size = min + scale(for_size, choices);
                }
            });
        } else {
            self.for_each(block, |offer, for_key, for_size| {
                offer.key = key(for_key);
                if offer.size == DRAWN {
                    offer.size = sizes.size(for_size);
                }
            });
        }
    }
}

/// The first key whose last draw is not below a draw.
#[inline(always)]
fn look_up(cumulated: &[u32], guide: &[u32], draw: u32) -> u32 {
    let mut key = guide[(draw >> 16) as usize] as usize;
    while draw > cumulated[key] {
        key += 1;
    }
    key as u32
}

/// A distribution of key numbers.
#[derive(Clone, Debug)]
pub enum KeyDraw {
    /// Always key 0.
    One,
    /// Every key alike.
    Uniform {
        /// Number of keys.
        count: u32,
    },
    /// Key 0 below the threshold, the others alike above it.
    Hot {
        /// The share of key 0 as a fraction of 2³².
        threshold: u64,
        /// Number of the other keys.
        others: u32,
    },
    /// By cumulated weight.
    Table {
        /// The draws up to entry k belong to keys 0 to k.
        cumulated: Vec<u32>,
        /// For each value of the upper 16 bits, the first key that a draw with these bits can have.
        guide: Vec<u32>,
    },
}

impl KeyDraw {
    /// The tables for a distribution.
    pub fn new(keys: Keys) -> Self {
        match keys {
            Keys::One => Self::One,
            Keys::Uniform { count } => Self::Uniform { count },
            Keys::Hot { count, share } => Self::Hot { threshold: threshold(share), others: count - 1 },
            Keys::Zipf { count, exponent_milli } => {
                let exponent = f64::from(exponent_milli) / 1_000.0;
                let weight = |k: u32| 1.0 / libm::pow(f64::from(k + 1), exponent);
                let total: f64 = (0..count).map(weight).sum();
                let mut sum = 0.0;
                let cumulate = |k| {
                    sum += weight(k);
                    (sum / total * 4_294_967_296.0) as u64
                };
                let mut cumulated: Vec<u64> = (0..count).map(cumulate).collect();
                *cumulated.last_mut().expect("there is at least one key") = 1 << 32;
                let first_above = |slot: u64| cumulated.partition_point(|&bound| bound <= slot << 16) as u32;
                let guide = (0..1 << 16).map(first_above).collect();
                // The last draw of each key, so that 32 bits hold it. A key without any draw is never looked at.
                let cumulated = cumulated.into_iter().map(|bound| bound.saturating_sub(1) as u32).collect();
                Self::Table { cumulated, guide }
            }
        }
    }

    /// The key that a uniform 32-bit number stands for.
    #[inline]
    pub fn key(&self, draw: u32) -> u32 {
        match self {
            Self::One => 0,
            Self::Uniform { count } => scale(draw, *count),
            Self::Hot { threshold, others } => {
                let above = u64::from(draw).checked_sub(*threshold);
                // Stretches the rest of the interval over the other keys.
                above.map_or(0, |rest| 1 + (rest * u64::from(*others) / ((1 << 32) - threshold)) as u32)
            }
            Self::Table { cumulated, guide } => look_up(cumulated, guide, draw),
        }
    }
}

/// A distribution of data sizes in bytes.
#[derive(Clone, Debug)]
pub enum SizeDraw {
    /// From `min`, one of `choices` sizes alike.
    Uniform {
        /// Smallest size.
        min: u32,
        /// Number of sizes.
        choices: u32,
    },
    /// Large below the threshold.
    Mixed {
        /// The share of the large ones as a fraction of 2³².
        threshold: u64,
        /// Size of the large ones.
        large: u32,
        /// Size of the others.
        others: u32,
    },
    /// Between neighbouring quantiles of the distribution.
    Quantiles(Vec<u32>),
}

impl SizeDraw {
    /// Steps of the quantile table; between them sizes are interpolated.
    const STEPS: u32 = 4_096;

    /// The tables for a distribution.
    pub fn new(sizes: Sizes) -> Self {
        match sizes {
            Sizes::Fixed { bytes } => Self::Uniform { min: bytes, choices: 1 },
            Sizes::Uniform { min, max } => Self::Uniform { min, choices: max - min + 1 },
            Sizes::Mixed { bytes, large_bytes, large_share } => {
                Self::Mixed { threshold: threshold(large_share), large: large_bytes, others: bytes }
            }
            Sizes::LogNormal { median, sigma_milli, cap } => {
                let sigma = f64::from(sigma_milli) / 1_000.0;
                let quantile = |step: u32| {
                    // The ends of the table stand for the middle of the outermost half steps.
                    let p = (f64::from(step) / f64::from(Self::STEPS)).clamp(2.5e-5, 1.0 - 2.5e-5);
                    let size = f64::from(median) * libm::exp(sigma * normal_quantile(p));
                    (size.min(f64::from(cap)) as u32).max(1)
                };
                Self::Quantiles((0..=Self::STEPS).map(quantile).collect())
            }
        }
    }

    /// The size that a uniform 32-bit number stands for.
    #[inline]
    pub fn size(&self, draw: u32) -> u32 {
        match self {
            Self::Uniform { min, choices } => min + scale(draw, *choices),
            Self::Mixed { threshold, large, others } => {
                if u64::from(draw) < *threshold {
                    *large
                } else {
                    *others
                }
            }
            Self::Quantiles(table) => {
                let step = (draw >> 20) as usize;
                let (low, high) = (u64::from(table[step]), u64::from(table[step + 1]));
                (low + (((high - low) * u64::from(draw & 0xf_ffff)) >> 20)) as u32
            }
        }
    }
}

/// Draws of 32 bits below this are so large a share of all.
const fn threshold(share: Ratio) -> u64 {
    ((share.millionths() as u64) << 32) / Ratio::ONE.millionths() as u64
}

/// A number from 0 to `choices` − 1 out of a uniform 32-bit number.
#[inline]
const fn scale(draw: u32, choices: u32) -> u32 {
    ((draw as u64 * choices as u64) >> 32) as u32
}

/// The quantile of the standard normal distribution, by Newton's method on its distribution function.
fn normal_quantile(p: f64) -> f64 {
    let distribution = |x: f64| 0.5 * libm::erfc(-x / core::f64::consts::SQRT_2);
    let density = |x: f64| libm::exp(-x * x / 2.0) / libm::sqrt(core::f64::consts::TAU);
    // From the side on which the function is convex, so that the iteration cannot overshoot.
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    let mut x = 0.0;
    for _ in 0..60 {
        let step = (distribution(x) - p) / density(x);
        x -= step.clamp(-0.5, 0.5);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles_match_the_tables() {
        for (p, x) in [(0.5, 0.0), (0.975, 1.959_963_985), (0.01, -2.326_347_874), (2.5e-5, -4.055_626_98)] {
            assert!((normal_quantile(p) - x).abs() < 1e-6, "quantile of {p} is {}", normal_quantile(p));
        }
    }

    #[test]
    fn every_key_of_a_table_is_reachable_at_its_own_weight() {
        let draw = KeyDraw::new(Keys::Zipf { count: 100, exponent_milli: 1_000 });
        let mut counts = [0u32; 100];
        for i in 0..1u32 << 20 {
            counts[draw.key(i << 12) as usize] += 1;
        }
        let harmonic: f64 = (1..=100).map(|k| 1.0 / f64::from(k)).sum();
        for (k, count) in (1..).zip(counts) {
            let expected = f64::from(1 << 20) / harmonic / f64::from(k);
            assert!((f64::from(count) - expected).abs() < 2.0, "key {k}: {count}, expected {expected}");
        }
    }

    #[test]
    fn a_hot_key_has_its_share_and_the_others_divide_the_rest() {
        let share = Ratio::from_millionths(600_000).expect("below one");
        let draw = KeyDraw::new(Keys::Hot { count: 5, share });
        let mut counts = [0u32; 5];
        for i in 0..1u32 << 20 {
            counts[draw.key(i << 12) as usize] += 1;
        }
        assert!(counts[0].abs_diff(629_146) <= 1, "{counts:?}");
        assert!(counts[1..].iter().all(|count| count.abs_diff(104_858) <= 2), "{counts:?}");
    }

    #[test]
    fn log_normal_sizes_have_their_median_and_stay_below_the_cap() {
        let draw = SizeDraw::new(Sizes::LogNormal { median: 1_000, sigma_milli: 1_000, cap: 20_000 });
        let mut sizes: Vec<u32> = (0..1u32 << 16).map(|i| draw.size(i << 16)).collect();
        sizes.sort_unstable();
        assert!(sizes[1 << 15].abs_diff(1_000) <= 2, "median {}", sizes[1 << 15]);
        // One standard deviation above: e¹ times the median.
        let above = sizes[(0.841_345 * 65_536.0) as usize];
        assert!(above.abs_diff(2_718) <= 10, "one sigma above {above}");
        assert_eq!(sizes.last(), Some(&20_000));
    }
}
