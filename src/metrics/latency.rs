//! The two latencies of a consumer: from put to processed, and from offered to processed.

use super::histogram::Histogram;
use crate::engine::record::{Record, Run, Stored};
use crate::units::SimTime;

/// Both latencies of the records that a consumer has processed.
///
/// Most records are stored as soon as they are offered, and then both are the same: it is counted once.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies {
    /// Of records that were stored when they were offered.
    prompt: Histogram,
    /// From put, of the others.
    put: Histogram,
    /// From offered, of the others.
    offer: Histogram,
}

impl Latencies {
    /// Counts the records of a batch that is done at `at`.
    #[inline]
    pub fn add(&mut self, at: SimTime, batch: Run<'_>) {
        for part in [batch.first, batch.rest] {
            self.add_part(at.micros(), part);
        }
    }

    /// The records are in order of arrival.
    #[inline(always)]
    fn add_part(&mut self, at: u64, records: &[Stored]) {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return };
        let (mut all, mut late) = (0, Late::default());
        for Stored { record: Record { arrived, offered, .. }, .. } in records {
            let latency = at - arrived;
            all += latency;
            if offered == arrived {
                self.prompt.bin(latency);
            } else {
                self.put.bin(latency);
                self.offer.bin(at - offered);
                late.add(latency, at - offered);
            }
        }
        let (least, most, count) = (at - last.record.arrived, at - first.record.arrived, records.len() as u64);
        if late.count < count {
            self.prompt.counted(least, most, all - late.put, count - late.count);
        }
        if late.count > 0 {
            self.put.counted(least, most, late.put, late.count);
            // None is offered after it arrived, so that none is offered after the last arrival.
            self.offer.counted(least, late.most, late.offer, late.count);
        }
    }

    /// From put to processed.
    pub fn put(&self) -> Histogram {
        let mut all = self.prompt.clone();
        all.add_all(&self.put);
        all
    }

    /// From offered to processed.
    pub fn offer(&self) -> Histogram {
        let mut all = self.prompt.clone();
        all.add_all(&self.offer);
        all
    }

    /// Median and 99th percentile in ms, from put and from offered; NaN without values.
    pub fn middles_and_tails(&self) -> [[f64; 2]; 2] {
        let of = |late: &Histogram| {
            let found = self.prompt.quantiles_with(late, [500, 990]);
            found.map(|span| span.map_or(f64::NAN, |span| span.millis_f64()))
        };
        let put = of(&self.put);
        [put, if self.offer.count() == 0 { put } else { of(&self.offer) }]
    }

    /// Moves all counts and is empty afterwards.
    pub fn drain_into(&mut self, other: &mut Self) {
        self.prompt.drain_into(&mut other.prompt);
        self.put.drain_into(&mut other.put);
        self.offer.drain_into(&mut other.offer);
    }
}

/// What is summed up over the late records of a batch.
#[derive(Default)]
struct Late {
    count: u64,
    put: u64,
    offer: u64,
    /// Longest latency from offered.
    most: u64,
}

impl Late {
    #[inline(always)]
    fn add(&mut self, put: u64, offer: u64) {
        self.count += 1;
        self.put += put;
        self.offer += offer;
        self.most = self.most.max(offer);
    }
}
