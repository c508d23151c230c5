//! The curve of records offered over time, with the distribution of their keys and sizes. Data only; the
//! engine's `arrivals` turns it into records.

use super::Payload;
use crate::hash_key::{HashKey, HashRange};
use crate::units::{Rate, Ratio, SimTime, Span};
use std::sync::Arc;

/// What is offered to the producer.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// The rate at each instant is the sum of the parts. Never empty.
    pub parts: Vec<Part>,
    /// How arrivals fall inside the curve.
    pub arrivals: Arrivals,
    /// Partition keys.
    pub keys: Keys,
    /// Where the hash key comes from that decides the shard.
    pub hash_keys: HashKeys,
    /// Sizes of the data blobs, without the partition key.
    pub sizes: Sizes,
    /// Kinds of payloads; at least one.
    pub payloads: Vec<Payload>,
    /// Where the random numbers for keys and sizes come from.
    pub draws: Draws,
    /// For a stream into which a consumer puts: how many millionths of a record for each of the first stream. What
    /// arrives is then what the consumer puts; the curve is that of the first stream, for whoever wants to know what
    /// can be expected.
    pub put_millionths: Option<u64>,
}

/// Where the hash key of a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashKeys {
    /// The MD5 of its partition key.
    OfPartitionKey,
    /// `ExplicitHashKey`: key number k of n has k parts of n of the hash space below it, so that all shards get equally
    /// many keys.
    Even,
    /// `ExplicitHashKey`: the same for every record.
    Explicit(HashKey),
}

impl HashKeys {
    /// Hash key of the records that have one of so many partition keys.
    pub fn of_key(self, key: u32, keys: u32) -> HashKey {
        match self {
            Self::OfPartitionKey => HashKey::of(&partition_key(key)),
            Self::Even => HashRange::even(key, keys).start(),
            Self::Explicit(hash_key) => hash_key,
        }
    }
}

/// The partition key with a number.
pub fn partition_key(key: u32) -> String {
    format!("device-{key:09}")
}

/// One summand of the curve.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// The same rate throughout.
    Constant {
        /// Records per second.
        rate: Rate,
    },
    /// From one rate to another in a straight line; `from` before it, `to` after it.
    Ramp {
        /// Rate before the ramp.
        from: Rate,
        /// Rate after the ramp.
        to: Rate,
        /// When it begins.
        start: SimTime,
        /// How long it takes.
        over: Span,
    },
    /// A base rate, and for a while a multiple of it.
    Spike {
        /// Rate outside the spike.
        base: Rate,
        /// Peak as a multiple of the base, in thousandths (100× is 100,000).
        factor_milli: u64,
        /// When it begins to rise.
        start: SimTime,
        /// Time from base to peak.
        rise: Span,
        /// Time at the peak.
        hold: Span,
        /// Time from peak back to base.
        fall: Span,
    },
    /// A sine with a period of 24 hours between two rates.
    DayWave {
        /// Lowest rate.
        low: Rate,
        /// Highest rate.
        high: Rate,
        /// Time of day of the highest rate, counted from the start of the run; below 24 h.
        peak_at: Span,
    },
    /// A rate from each instant on; zero before the first. Instants strictly increase.
    Steps {
        /// Instant and rate.
        steps: Vec<(SimTime, Rate)>,
    },
    /// Counts recorded somewhere real. Each count is kept to the record.
    Series(Arc<Series>),
    /// From each instant on, a record after every so long a time; none after a time of zero. Instants strictly
    /// increase; the distance to the next record is the one in force when a record arrives.
    Intervals {
        /// Instant and distance.
        rows: Arc<Vec<(SimTime, Span)>>,
    },
    /// Clock-aligned bursts: many hosts that all put on the minute.
    Bursts {
        /// From the beginning of one burst to that of the next, above zero.
        every: Span,
        /// When the first one begins.
        start: SimTime,
        /// Records in each.
        records: u64,
        /// Time over which they are spread evenly, at most `every`.
        over: Span,
    },
}

/// Where the random numbers for keys and sizes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draws {
    /// One xoshiro256++ generator, from the scenario's seed.
    Xoshiro,
    /// Two linear congruential generators of 32 bits with fixed seeds, as workloads for comparison use them.
    Lcg,
}

/// An imported series.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Where it comes from, in words; may be empty.
    pub source: String,
    /// Rows in order of time; they do not overlap.
    pub rows: Vec<SeriesRow>,
}

/// One recorded interval: so many records, spread over `length` from `at` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesRow {
    /// Start of the interval, from the start of the run.
    pub at: SimTime,
    /// Length of the interval, above zero.
    pub length: Span,
    /// Records in it.
    pub count: u64,
    /// Bytes in it, where the series has sizes: the records of the row share them evenly, to the byte.
    pub bytes: Option<u64>,
}

/// How arrivals fall inside the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// Evenly spaced: the n-th record arrives when the curve's integral reaches n.
    Even,
    /// A Poisson process whose rate is the curve. Inside a row of a series: uniformly random, the count kept.
    Poisson,
}

/// How partition keys are drawn. Key number k is the text `device-` and k with nine digits: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Every record has key 0.
    One,
    /// Each of `count` keys is as likely as the other.
    Uniform {
        /// Number of keys, 1 to 1,000,000.
        count: u32,
    },
    /// Key k has a weight of 1 / (k + 1)^exponent.
    Zipf {
        /// Number of keys, 1 to 1,000,000.
        count: u32,
        /// Exponent in thousandths, 0 to 4,000.
        exponent_milli: u32,
    },
    /// Key 0 has `share` of all records, the others divide the rest evenly.
    Hot {
        /// Number of keys with the hot one, 2 to 1,000,000.
        count: u32,
        /// Share of the hot key.
        share: Ratio,
    },
}

/// How sizes of the data blob are drawn, in bytes. Rows of a series that have sizes override it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizes {
    /// Always the same.
    Fixed {
        /// Bytes.
        bytes: u32,
    },
    /// Every size from `min` to `max` is as likely as the other.
    Uniform {
        /// Smallest, bytes.
        min: u32,
        /// Largest, bytes.
        max: u32,
    },
    /// Log-normal, cut off at `cap`.
    LogNormal {
        /// Median, bytes.
        median: u32,
        /// Standard deviation of the logarithm, in thousandths.
        sigma_milli: u32,
        /// Largest, bytes; larger draws become this.
        cap: u32,
    },
    /// Two sizes: a few records are large.
    Mixed {
        /// Size of most records, bytes.
        bytes: u32,
        /// Size of the others, bytes.
        large_bytes: u32,
        /// Share of the large ones.
        large_share: Ratio,
    },
}

impl Keys {
    /// Number of different keys.
    pub const fn count(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Uniform { count } | Self::Zipf { count, .. } | Self::Hot { count, .. } => count,
        }
    }
}

impl Traffic {
    /// Hash key of the records that have the partition key with a number.
    pub fn hash_key(&self, key: u32) -> HashKey {
        self.hash_keys.of_key(key, self.keys.count())
    }

    /// The offered rate at an instant, in records per second.
    pub fn rate_at(&self, at: SimTime) -> f64 {
        self.parts.iter().map(|part| part.rate_at(at).per_second_f64()).sum::<f64>() * self.share()
    }

    /// Records for each of the curve.
    fn share(&self) -> f64 {
        self.put_millionths.map_or(1.0, |millionths| millionths as f64 / 1e6)
    }

    /// The highest offered rate over a run of `length`, in records per second, looked for at 2,000 instants and
    /// at every corner of the curve.
    pub fn peak_rate(&self, length: Span) -> f64 {
        let end = length.micros();
        let grid = (0..2_000).map(|i| end / 2_000 * i);
        let corners = self.parts.iter().flat_map(Part::corners).filter(|at| at.micros() < end).map(SimTime::micros);
        grid.chain(corners).map(|at| self.rate_at(SimTime::from_micros(at))).fold(0.0, f64::max)
    }

    /// Records that a run of `length` is expected to offer: the area under the curve, for checks and sentences.
    pub fn expected_records(&self, length: Span) -> f64 {
        self.parts.iter().map(|part| part.expected_records(length)).sum::<f64>() * self.share()
    }
}

impl Part {
    /// This summand's rate at an instant, rounded down to a thousandth of a record per second.
    pub fn rate_at(&self, at: SimTime) -> Rate {
        match self {
            Self::Constant { rate } => *rate,
            Self::Ramp { from, to, start, over } => between(*from, *to, *start, *over, at),
            Self::Spike { base, start, rise, hold, fall, .. } => {
                let (peak, falls) = (self.peak(), *start + *rise + *hold);
                if at < falls {
                    between(*base, peak, *start, *rise, at)
                } else {
                    between(peak, *base, falls, *fall, at)
                }
            }
            Self::DayWave { low, high, peak_at } => {
                let (low, high) = (low.milli() as f64, high.milli() as f64);
                let phase = (at.seconds_f64() - peak_at.seconds_f64()) / 86_400.0;
                let wave = libm::cos(phase * core::f64::consts::TAU);
                Rate::from_milli(((low + high) / 2.0 + (high - low) / 2.0 * wave) as u64)
            }
            Self::Steps { steps } => {
                let before = steps.partition_point(|(from, _)| *from <= at);
                before.checked_sub(1).map_or(Rate::default(), |i| steps[i].1)
            }
            Self::Intervals { rows } => {
                let before = rows.partition_point(|(from, _)| *from <= at);
                let gap = before.checked_sub(1).map_or(0, |i| rows[i].1.micros());
                Rate::from_milli(1_000_000_000u64.checked_div(gap).unwrap_or(0))
            }
            Self::Bursts { every, start, records, over } => {
                if at < *start {
                    return Rate::default();
                }
                let over = over.micros().max(1);
                let inside = at.since(*start).micros() % every.micros() < over;
                let milli = u128::from(*records) * 1_000_000_000 / u128::from(over);
                Rate::from_milli(if inside { u64::try_from(milli).unwrap_or(u64::MAX) } else { 0 })
            }
            Self::Series(series) => {
                let before = series.rows.partition_point(|row| row.at <= at);
                let row = before.checked_sub(1).map(|i| series.rows[i]).filter(|row| at < row.at + row.length);
                let milli = |row: SeriesRow| u128::from(row.count) * 1_000_000_000 / u128::from(row.length.micros());
                Rate::from_milli(row.map_or(0, |row| milli(row) as u64))
            }
        }
    }

    /// The area under this summand over a run of `length`, in records.
    pub fn expected_records(&self, length: Span) -> f64 {
        match self {
            Self::Series(series) => series.rows.iter().map(|row| row.count as f64).sum(),
            Self::DayWave { low, high, peak_at } => {
                let (low, high, turn) =
                    (low.per_second_f64(), high.per_second_f64(), core::f64::consts::TAU / 86_400.0);
                let sine = |seconds: f64| libm::sin((seconds - peak_at.seconds_f64()) * turn) / turn;
                (low + high) / 2.0 * length.seconds_f64()
                    + (high - low) / 2.0 * (sine(length.seconds_f64()) - sine(0.0))
            }
            Self::Intervals { rows } => {
                // Exact: where the next record is, however many rows its interval reaches over.
                let (end, mut next, mut count) = (length.micros(), 0, 0u64);
                for (i, (at, gap)) in rows.iter().enumerate() {
                    let (from, gap) = (at.micros().max(next), gap.micros());
                    let to = rows.get(i + 1).map_or(end, |(next, _)| next.micros().min(end));
                    if from >= to {
                        continue;
                    }
                    let records = if gap == 0 { 0 } else { (to - from).div_ceil(gap) };
                    count += records;
                    next = if gap == 0 { to } else { from + records * gap };
                }
                count as f64
            }
            Self::Bursts { every, start, records, over } => {
                let left = length.micros().saturating_sub(start.micros());
                let (whole, rest) = (left / every.micros(), left % every.micros());
                let part = (rest as f64 / over.micros().max(1) as f64).min(1.0);
                (whole as f64 + part) * *records as f64
            }
            // Straight between its corners, so the rate in the middle of a segment is the segment's mean.
            _ => {
                let inner = self.corners().into_iter().map(SimTime::micros).filter(|at| *at < length.micros());
                let edges: Vec<u64> = core::iter::once(0).chain(inner).chain([length.micros()]).collect();
                let area = |edge: &[u64]| {
                    let middle = SimTime::from_micros(edge[0].midpoint(edge[1]));
                    self.rate_at(middle).per_second_f64() * Span::from_micros(edge[1] - edge[0]).seconds_f64()
                };
                edges.windows(2).map(area).sum()
            }
        }
    }

    /// The instants at which the curve bends or jumps, in order.
    pub fn corners(&self) -> Vec<SimTime> {
        match self {
            Self::Constant { .. } | Self::DayWave { .. } => Vec::new(),
            // The first bursts stand for all: there can be very many.
            Self::Bursts { every, start, over, .. } => {
                (0..16).flat_map(|burst| [*start + *every * burst, *start + *every * burst + *over]).collect()
            }
            Self::Intervals { rows } => rows.iter().map(|(at, _)| *at).collect(),
            Self::Ramp { start, over, .. } => vec![*start, *start + *over],
            Self::Spike { start, rise, hold, fall, .. } => {
                let (top, falls) = (*start + *rise, *start + *rise + *hold);
                vec![*start, top, falls, falls + *fall]
            }
            Self::Steps { steps } => steps.iter().map(|(at, _)| *at).collect(),
            Self::Series(series) => series.rows.iter().flat_map(|row| [row.at, row.at + row.length]).collect(),
        }
    }

    /// The rate at the top of a spike; for other parts, zero.
    fn peak(&self) -> Rate {
        match self {
            Self::Spike { base, factor_milli, .. } => {
                let milli = u128::from(base.milli()) * u128::from(*factor_milli) / 1_000;
                Rate::from_milli(u64::try_from(milli).unwrap_or(u64::MAX))
            }
            _ => Rate::default(),
        }
    }
}

/// A straight line from one rate to another; flat before and after it.
fn between(from: Rate, to: Rate, start: SimTime, over: Span, at: SimTime) -> Rate {
    if at < start {
        return from;
    }
    let passed = at.since(start).micros();
    if passed >= over.micros() {
        return to;
    }
    let (a, b) = (i128::from(from.milli()), i128::from(to.milli()));
    let milli = a + (b - a) * i128::from(passed) / i128::from(over.micros());
    Rate::from_milli(milli as u64)
}
