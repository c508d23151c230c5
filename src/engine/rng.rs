//! Random numbers: one generator per actor, derived from the scenario's seed and the actor's number, so that
//! adding an actor changes no other. The algorithm is xoshiro256++, which needs no wide multiplication and gives
//! the same numbers on every machine.

/// A generator of uniformly distributed 64-bit numbers.
#[derive(Clone, Debug)]
pub struct Rng {
    state: [u64; 4],
}

/// Who draws. The number is part of the scenario's meaning: it must not change.
#[derive(Clone, Copy, Debug)]
pub enum Actor {
    /// Gaps between arrivals of source number n.
    Arrivals(u32),
    /// Keys and sizes.
    Records,
    /// Backoff of the producer.
    Producer,
    /// Answers to put calls that do not reach the producer.
    Answers,
    /// Duration and injected errors of a reader's function on a shard.
    Function {
        /// Number of the reader: 0 is the first consumer, then the other pollers, then the other consumers.
        reader: u32,
        /// Index of the shard.
        shard: u32,
    },
    /// A part of the direct architecture: what its clients, its application, its database draw.
    Direct(u32),
    /// A part of a delivery stream: its producer, its function.
    Firehose(u32),
    /// Which answers to a reader are empty by injection, and its pauses where others read beside it.
    Reading {
        /// Number of the reader, in the same order.
        reader: u32,
        /// Index of the shard.
        shard: u32,
    },
}

impl Rng {
    /// The generator of an actor under a seed.
    pub fn of(seed: u64, actor: Actor) -> Self {
        let number = match actor {
            Actor::Arrivals(n) => 1 << 32 | u64::from(n),
            Actor::Records => 2 << 32,
            Actor::Producer => 3 << 32,
            Actor::Answers => 5 << 32,
            Actor::Direct(part) => 7 << 32 | u64::from(part),
            Actor::Firehose(part) => 9 << 32 | u64::from(part),
            Actor::Function { reader, shard } => (4 | u64::from(reader) << 8) << 32 | u64::from(shard),
            Actor::Reading { reader, shard } => (6 | u64::from(reader) << 8) << 32 | u64::from(shard),
        };
        // SplitMix64 spreads similar seeds over the whole state.
        let mut x = split_mix(seed) ^ number;
        let mut next = || {
            x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
            split_mix(x)
        };
        Self { state: [next(), next(), next(), next()] }
    }

    /// 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number from 0 to `bound` − 1; the bias is below 2⁻³² of a step for bounds up to 2³². Zero for bound zero.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }
}

pub(super) const fn split_mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Exponentially distributed numbers with mean one, by the ziggurat method of Marsaglia and Tsang: in 99 of 100
/// draws a table look-up and a multiplication.
#[derive(Clone, Debug)]
pub struct Exponential {
    /// Right edge of each layer.
    x: [f64; 257],
    /// Density at each edge.
    y: [f64; 257],
}

impl Exponential {
    /// Where the tail begins, and the area of a layer, for 256 layers.
    const TAIL: f64 = 7.697_117_470_131_487;
    const AREA: f64 = 3.949_659_822_581_572e-3;

    /// Makes the tables.
    pub fn new() -> Self {
        let (mut x, mut y) = ([0.0; 257], [0.0; 257]);
        x[0] = Self::AREA / libm::exp(-Self::TAIL);
        x[1] = Self::TAIL;
        for i in 2..256 {
            x[i] = -libm::log(Self::AREA / x[i - 1] + libm::exp(-x[i - 1]));
        }
        for i in 0..257 {
            y[i] = libm::exp(-x[i]);
        }
        Self { x, y }
    }

    /// A draw in units of 2⁻³².
    #[inline]
    pub fn draw_q32(&self, rng: &mut Rng) -> u64 {
        let bits = rng.next_u64();
        let layer = (bits & 0xff) as usize;
        let x = (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64) * self.x[layer];
        let value = if x < self.x[layer + 1] { x } else { self.slow(rng, layer, x) };
        (value * 4_294_967_296.0) as u64
    }

    #[cold]
    fn slow(&self, rng: &mut Rng, mut layer: usize, mut x: f64) -> f64 {
        let unit = |rng: &mut Rng| (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64);
        let mut offset = 0.0;
        loop {
            if x < self.x[layer + 1] {
                return offset + x;
            }
            if layer == 0 {
                // The tail of an exponential is an exponential: start again behind it.
                offset += Self::TAIL;
            } else if self.y[layer] + unit(rng) * (self.y[layer + 1] - self.y[layer]) < libm::exp(-x) {
                return offset + x;
            }
            let bits = rng.next_u64();
            layer = (bits & 0xff) as usize;
            x = (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64) * self.x[layer];
        }
    }
}

impl Default for Exponential {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_xoshiro256_plus_plus() {
        // First outputs of the reference implementation for the state 1, 2, 3, 4.
        let mut rng = Rng { state: [1, 2, 3, 4] };
        let expected = [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386];
        assert_eq!([(); 4].map(|()| rng.next_u64()), expected);
    }

    /// Two actors with one generator would no longer be independent of each other.
    #[test]
    fn every_actor_has_a_generator_of_its_own() {
        let mut actors = vec![Actor::Records, Actor::Producer, Actor::Answers];
        actors.extend([0, 1, 2, 9].map(Actor::Arrivals));
        actors.extend([0, 1, 2, 5].map(Actor::Direct));
        actors.extend([0, 1, 2, 5].map(Actor::Firehose));
        for reader in [0, 1, 2, 20] {
            for shard in [0, 1, 2, 3_999] {
                actors.extend([Actor::Function { reader, shard }, Actor::Reading { reader, shard }]);
            }
        }
        let firsts = actors.iter().map(|actor| Rng::of(7, *actor).next_u64());
        let distinct: std::collections::BTreeSet<u64> = firsts.collect();
        assert_eq!(distinct.len(), actors.len());
    }

    #[test]
    fn exponential_draws_have_the_right_moments_and_tail() {
        let (table, mut rng) = (Exponential::new(), Rng::of(7, Actor::Records));
        let (mut sum, mut square, mut above_one, mut above_nine) = (0.0, 0.0, 0u32, 0u32);
        const N: u32 = 4_000_000;
        for _ in 0..N {
            let x = table.draw_q32(&mut rng) as f64 / 4_294_967_296.0;
            sum += x;
            square += x * x;
            above_one += u32::from(x > 1.0);
            above_nine += u32::from(x > 9.0);
        }
        let n = f64::from(N);
        assert!((sum / n - 1.0).abs() < 0.002, "mean {}", sum / n);
        assert!((square / n - 2.0).abs() < 0.012, "second moment {}", square / n);
        assert!((f64::from(above_one) / n - 0.367_879).abs() < 0.001, "share above 1: {above_one}");
        // e⁻⁹ of four million is 493.6; four standard deviations are 89.
        assert!((405..583).contains(&above_nine), "share above 9: {above_nine}");
    }
}
