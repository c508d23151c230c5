//! A log-linear histogram of latencies: 128 bins for each doubling, so a quantile is right within 0.4 %.

use crate::units::Span;
use std::ops::Range;

/// Bins for each doubling of the value, as a power of two.
const PRECISION: u32 = 7;
/// Bins for values below 2⁴⁸ µs, which is longer than any run.
const BINS: usize = ((48 - PRECISION) as usize + 1) << PRECISION;

/// Counts of spans in µs.
#[derive(Clone, Debug)]
pub struct Histogram {
    bins: Box<[u32; BINS]>,
    /// No value is below the one or above the other.
    least: u64,
    most: u64,
    count: u64,
    sum: u128,
}

impl Histogram {
    /// An empty histogram.
    pub fn new() -> Self {
        let bins = vec![0; BINS].into_boxed_slice().try_into().expect("it has that length");
        Self { bins, least: u64::MAX, most: 0, count: 0, sum: 0 }
    }

    /// Counts one value in µs.
    #[inline]
    pub fn add(&mut self, micros: u64) {
        self.bin(micros);
        self.counted(micros, micros, micros, 1);
    }

    /// Counts the same value in µs so many times.
    pub fn add_many(&mut self, micros: u64, times: u32) {
        if times > 0 {
            self.bins[bin_of(micros)] += times;
            self.counted(micros, micros, micros.saturating_mul(times.into()), times.into());
        }
    }

    /// Counts one value in its bin; [`counted`](Self::counted) tells the rest for many of them at once.
    #[inline(always)]
    pub(super) fn bin(&mut self, micros: u64) {
        self.bins[bin_of(micros)] += 1;
    }

    /// Notes the range and the sum of values that have been put into bins. The range may be wider than the values.
    #[inline(always)]
    pub(super) fn counted(&mut self, least: u64, most: u64, sum: u64, count: u64) {
        self.least = self.least.min(least);
        self.most = self.most.max(most);
        self.count += count;
        self.sum += u128::from(sum);
    }

    /// The sum of (number of its bin + 1) over all values, with 32 bins for each doubling: equal for equal histograms,
    /// and what the shared benchmark of other engines prints.
    pub fn checksum(&self) -> u64 {
        const COARSE: u32 = 5;
        let coarse = |edge: u64| {
            let shift = (u64::BITS - edge.leading_zeros()).saturating_sub(COARSE + 1);
            (u64::from(shift) << COARSE) + (edge >> shift)
        };
        self.bins().map(|(edge, count)| (coarse(edge) + 1) * u64::from(count)).sum()
    }

    /// Number of values.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The mean, exact; `None` without values.
    pub fn mean(&self) -> Option<Span> {
        self.sum.checked_div(u128::from(self.count)).map(|mean| Span::from_micros(mean as u64))
    }

    /// The smallest value that at least `permille` thousandths of all values do not exceed, as the middle of its
    /// bin; `None` without values.
    pub fn quantile(&self, permille: u64) -> Option<Span> {
        self.quantiles([permille])[0]
    }

    /// Several of them, the lower ones first.
    pub fn quantiles<const N: usize>(&self, permilles: [u64; N]) -> [Option<Span>; N] {
        quantiles(self.count, permilles, self.range(), |bin| u64::from(self.bins[bin]))
    }

    /// Quantiles of the values of two histograms together.
    pub fn quantiles_with<const N: usize>(&self, other: &Self, permilles: [u64; N]) -> [Option<Span>; N] {
        if other.count == 0 {
            return self.quantiles(permilles);
        }
        let (own, range) = (self.range(), other.range());
        let both = if own.is_empty() { range } else { own.start.min(range.start)..own.end.max(range.end) };
        let in_bin = |bin| u64::from(self.bins[bin]) + u64::from(other.bins[bin]);
        quantiles(self.count + other.count, permilles, both, in_bin)
    }

    /// The value of a rank, the smallest being 1, as the middle of its bin; `None` where there are not so many.
    pub fn of_rank(&self, rank: u64) -> Option<Span> {
        let mut seen = 0;
        let reaches = |bin: &usize| {
            seen += u64::from(self.bins[*bin]);
            seen >= rank
        };
        self.range().find(reaches).map(middle)
    }

    /// Number of values in bins whose middle is above a span: what a quantile of at most that span leaves out.
    pub fn above(&self, span: Span) -> u64 {
        let from = bin_of(span.micros());
        let above = self.range().rev().take_while(|bin| *bin >= from).filter(|bin| middle(*bin) > span);
        above.map(|bin| u64::from(self.bins[bin])).sum()
    }

    /// Bins outside of it are zero.
    fn range(&self) -> Range<usize> {
        if self.count == 0 { 0..0 } else { bin_of(self.least)..bin_of(self.most) + 1 }
    }

    /// The counts that are not zero, each with the lower edge of its bin in µs.
    pub fn bins(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.range().map(|bin| (lower_edge(bin), self.bins[bin])).filter(|(_, count)| *count > 0)
    }

    /// Adds all counts of another histogram.
    pub fn add_all(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let range = other.range();
        for (to, from) in self.bins[range.clone()].iter_mut().zip(&other.bins[range]) {
            *to += from;
        }
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
        self.count += other.count;
        self.sum += other.sum;
    }

    /// Moves all counts into another histogram and is empty afterwards.
    pub fn drain_into(&mut self, other: &mut Self) {
        if self.count == 0 {
            return;
        }
        other.add_all(self);
        let range = self.range();
        self.bins[range].fill(0);
        (self.least, self.most, self.count, self.sum) = (u64::MAX, 0, 0, 0);
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

/// The middles of the bins in which the values of some ranks lie.
#[inline(always)]
fn quantiles<const N: usize>(
    count: u64,
    permilles: [u64; N],
    range: Range<usize>,
    in_bin: impl Fn(usize) -> u64,
) -> [Option<Span>; N] {
    let ranks = permilles.map(|permille| (count * permille).div_ceil(1_000).max(1));
    let (mut found, mut seen) = ([None; N], 0);
    let mut wanted = found.iter_mut().zip(ranks);
    let Some((mut place, mut rank)) = wanted.next() else { return found };
    for bin in range {
        seen += in_bin(bin);
        while seen >= rank {
            *place = Some(middle(bin));
            match wanted.next() {
                Some(next) => (place, rank) = next,
                None => return found,
            }
        }
    }
    found
}

#[inline]
fn bin_of(micros: u64) -> usize {
    let shift = (u64::BITS - micros.leading_zeros()).saturating_sub(PRECISION + 1);
    (((shift as usize) << PRECISION) + (micros >> shift) as usize).min(BINS - 1)
}

const fn middle(bin: usize) -> Span {
    Span::from_micros((lower_edge(bin) + lower_edge(bin + 1) - 1).div_ceil(2))
}

const fn lower_edge(bin: usize) -> u64 {
    let doubling = bin >> PRECISION;
    if doubling <= 1 {
        return bin as u64;
    }
    let shift = doubling - 1;
    ((bin - (shift << PRECISION)) as u64) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bin() {
        for exponent in 0..47 {
            for offset in [0, 1, 3, 77, 1 << (exponent / 2)] {
                let value = (1u64 << exponent) + offset;
                let bin = bin_of(value);
                assert!(lower_edge(bin) <= value && value < lower_edge(bin + 1), "value {value}, bin {bin}");
            }
        }
    }

    #[test]
    fn quantiles_are_within_four_thousandths() {
        let mut histogram = Histogram::new();
        (1..=100_000).for_each(|i| histogram.add(i * 37));
        for (permille, exact) in [(500, 1_850_000.0), (990, 3_663_000.0), (1_000, 3_700_000.0)] {
            let found = histogram.quantile(permille).map_or(0.0, |span| span.micros() as f64);
            assert!((found / exact - 1.0).abs() < 0.004, "{permille}: {found} for {exact}");
        }
        assert_eq!(histogram.mean(), Some(Span::from_micros(37 * 100_001 / 2)));
    }

    #[test]
    fn a_quantile_exceeds_a_span_exactly_where_too_many_values_are_above_it() {
        let mut histogram = Histogram::new();
        (1..=1_000u64).for_each(|i| histogram.add(i * i * 97));
        for permille in [1, 10, 500, 990, 1_000] {
            let found = histogram.quantile(permille);
            assert_eq!(histogram.of_rank(permille), found);
            for span in [0, 96, 24_000_000, 95_000_000, 97_000_000, 200_000_000].map(Span::from_micros) {
                let exceeds = found.expect("there are values") > span;
                assert_eq!(exceeds, histogram.above(span) > 1_000 - permille, "{permille} {span:?}");
            }
        }
        assert_eq!((histogram.of_rank(1_001), Histogram::new().above(Span::ZERO)), (None, 0));
        histogram.add_many(5, 3);
        histogram.add_many(7, 0);
        assert_eq!((histogram.count(), histogram.of_rank(3)), (1_003, Some(Span::from_micros(5))));
    }

    #[test]
    fn draining_moves_everything() {
        let (mut a, mut b) = (Histogram::new(), Histogram::new());
        [5, 70_000, 9_000_000_000].into_iter().for_each(|value| a.add(value));
        b.add(6);
        a.drain_into(&mut b);
        assert_eq!((a.count(), b.count(), a.bins().count(), b.bins().count()), (0, 4, 0, 4));
    }
}
