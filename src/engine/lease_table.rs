//! The lease table of a KCL application: a DynamoDB table with a capacity of reads and writes a second, where it is
//! provisioned, and what was used of it.

use crate::limits;
use crate::scenario::LeaseTable as Settings;
use crate::units::MICROS_PER_SECOND;

/// A table at work.
#[derive(Clone, Debug)]
pub(super) struct LeaseTable {
    writes: Bucket,
    /// In halves of a unit: a read that need not be consistent takes half of one.
    reads: Bucket,
    /// Where the next renewals begin, so that it is not always the same lease that goes without.
    pub first: usize,
}

/// What calls to a table took, and how many were refused.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calls {
    pub writes: u32,
    pub half_reads: u32,
    pub refused: u32,
}

/// Units that come back evenly, up to a burst.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    /// Units a second; none where there is no limit.
    rate: Option<u64>,
    /// What is there, in millionths of a unit.
    level: u64,
    at: u64,
}

impl Bucket {
    /// Full: nothing was used of it for long.
    pub fn new(rate: Option<u64>) -> Self {
        let mut bucket = Self { rate, level: 0, at: 0 };
        bucket.level = rate.map_or(0, |rate| rate * limits::DYNAMODB_BURST.micros());
        bucket
    }

    /// Takes so many units, or none of them.
    pub fn take(&mut self, now: u64, units: u64) -> bool {
        let Some(rate) = self.rate else { return true };
        let came = now.saturating_sub(self.at).saturating_mul(rate);
        self.level = self.level.saturating_add(came).min(rate * limits::DYNAMODB_BURST.micros());
        self.at = self.at.max(now);
        let needed = units * MICROS_PER_SECOND;
        let enough = needed <= self.level;
        self.level -= if enough { needed } else { 0 };
        enough
    }
}

impl LeaseTable {
    /// A table that was not used for long.
    pub fn new(settings: Settings) -> Self {
        let (writes, reads) = match settings {
            Settings::OnDemand => (None, None),
            Settings::Provisioned { reads, writes } => (Some(u64::from(writes)), Some(2 * u64::from(reads))),
        };
        Self { writes: Bucket::new(writes), reads: Bucket::new(reads), first: 0 }
    }

    /// Whether calls may be refused, so that who comes first matters.
    pub const fn is_limited(&self) -> bool {
        self.writes.rate.is_some()
    }

    /// Writes one lease.
    pub fn write(&mut self, now: u64) -> bool {
        self.writes.take(now, 1)
    }

    /// Writes one lease, and keeps account of it.
    pub fn count_write(&mut self, now: u64, calls: &mut Calls) -> bool {
        let done = self.write(now);
        calls.writes += u32::from(done);
        calls.refused += u32::from(!done);
        done
    }

    /// Scans all leases, and keeps account of it.
    pub fn count_scan(&mut self, now: u64, leases: u64, calls: &mut Calls) -> bool {
        let bytes = leases * limits::KCL_LEASE_BYTES.get();
        let halves = bytes.div_ceil(limits::DYNAMODB_READ_UNIT.get()).max(1);
        let done = self.reads.take(now, halves);
        calls.half_reads += if done { halves as u32 } else { 0 };
        calls.refused += u32::from(!done);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was not used for five minutes is there at once, then what comes back; a call takes all of what it needs or
    /// nothing.
    #[test]
    fn a_table_gives_its_burst_and_then_its_rate() {
        let mut table = LeaseTable::new(Settings::Provisioned { reads: 1, writes: 2 });
        let second = MICROS_PER_SECOND;
        assert_eq!((0..1_000).filter(|_| table.write(0)).count(), 600);
        assert_eq!((1..=100).map(|at| (0..10).filter(|_| table.write(at * second)).count()).sum::<usize>(), 200);
        assert_eq!((0..10_000).filter(|_| table.write(10_000 * second)).count(), 600);
        let mut calls = Calls::default();
        // Nine leases of half a KiB are more than one block of four: two halves of a unit.
        assert_eq!((0..1_000).filter(|_| table.count_scan(0, 9, &mut calls)).count(), 300);
        assert_eq!((calls.half_reads, calls.refused, calls.writes), (600, 700, 0));
        let mut open = LeaseTable::new(Settings::OnDemand);
        assert!((0..100_000).all(|_| open.write(0)) && !open.is_limited());
    }
}
