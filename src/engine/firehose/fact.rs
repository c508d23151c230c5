//! What a delivery stream tells: one thing that happened, at one time.

use super::buffer::Cohort;
use super::producer::Entry;
use crate::engine::{Digest, Observer as _, Record};
use crate::units::SimTime;

/// Which quota refused an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PutQuota {
    /// Records a second.
    Records,
    /// Requests a second; the whole call is refused.
    Requests,
    /// Bytes a second.
    Bytes,
}

impl PutQuota {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Records, Self::Requests, Self::Bytes];
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Its name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Requests => "requests",
            Self::Bytes => "bytes",
        }
    }
}

/// How a record was lost before it was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PutLoss {
    /// The last attempt was refused.
    Exhausted,
    /// The producer's memory was full.
    BufferFull,
    /// It is larger than a record may be.
    TooLarge,
}

impl PutLoss {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Exhausted, Self::BufferFull, Self::TooLarge];
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Its name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::BufferFull => "buffer_full",
            Self::TooLarge => "too_large",
        }
    }

    /// The same for people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Exhausted => "last attempt refused",
            Self::BufferFull => "producer’s buffer full",
            Self::TooLarge => "larger than a record may be",
        }
    }
}

/// Why records lie under the error prefix of the bucket instead of at the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SetAside {
    /// `processing-failed`: the function failed, or said so of them.
    Processing,
    /// More partitions were active than may be.
    Partitions,
    /// The destination did not take them for the time of its retries.
    Delivery,
}

impl SetAside {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Processing, Self::Partitions, Self::Delivery];
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Its name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processing => "processing_failed",
            Self::Partitions => "too_many_partitions",
            Self::Delivery => "delivery_failed",
        }
    }

    /// The same for people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Processing => "processing failed",
            Self::Partitions => "too many partitions",
            Self::Delivery => "the destination did not take them",
        }
    }
}

/// Why a buffer is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// It has reached its size.
    Size,
    /// Its interval is over.
    Interval,
}

/// One thing that happened in a delivery stream.
#[derive(Clone, Copy, Debug)]
pub enum FirehoseFact<'a> {
    /// A record is offered: the traffic's, or what a reader of the source has read.
    Offered {
        /// The record.
        record: &'a Record,
    },
    /// `PutRecordBatch` was called.
    Called {
        /// Entries of the call.
        entries: u32,
        /// Number of the attempt, from one.
        attempt: u32,
    },
    /// Records were accepted, of one call.
    Accepted {
        /// Which.
        entries: &'a [Entry],
    },
    /// Entries of a call were refused.
    Throttled {
        /// How many, by quota.
        records: [u32; PutQuota::COUNT],
    },
    /// Records were lost before they were accepted.
    LostAtProducer {
        /// How many.
        records: u32,
        /// How.
        cause: PutLoss,
    },
    /// The delivery stream takes twice as much from now on.
    QuotasRaised {
        /// Bytes a second.
        bytes_per_s: u64,
    },
    /// An invocation of the function starts.
    Invoked {
        /// Records of its batch.
        records: u32,
        /// Number of the attempt at it, from one.
        attempt: u32,
        /// How long it takes, µs.
        time: u64,
        /// Whether it fails.
        fails: bool,
    },
    /// The function has answered for a batch, or is not asked again.
    Transformed {
        /// Records that go on.
        ok: u32,
        /// Records that it drops, as it was meant.
        dropped: u32,
    },
    /// Records come under the error prefix.
    SetAside {
        /// How many.
        records: u64,
        /// Why.
        why: SetAside,
    },
    /// A buffer is closed and is going to be delivered.
    Closed {
        /// Its partition; 0 where there is none.
        partition: u32,
        /// Records in it.
        records: u64,
        /// Bytes in it, before compression.
        bytes: u64,
        /// When its first record came, µs.
        opened: u64,
        /// Why.
        by: Trigger,
    },
    /// An attempt at a delivery failed.
    DeliveryFailed {
        /// Records in it.
        records: u64,
        /// Whether another follows.
        again: bool,
    },
    /// An object lies in the bucket.
    Written {
        /// Records in it; none in a manifest.
        records: u64,
        /// Its bytes.
        bytes: u64,
        /// Whether it lies under the error prefix.
        backup: bool,
    },
    /// Records are where they should be.
    Delivered {
        /// Their partition; 0 where there is none.
        partition: u32,
        /// How many.
        records: u64,
        /// Their bytes, before compression.
        bytes: u64,
        /// Their bytes as they are stored.
        stored: u64,
        /// When the first of them came into its buffer, µs.
        opened: u64,
        /// When that buffer was closed, µs.
        closed: u64,
        /// When they were offered.
        cohorts: &'a [Cohort],
        /// Length of the pieces of time that cohorts count, µs.
        piece: u64,
    },
    /// Records are lost: the bucket did not take them for as long as they are kept.
    Lost {
        /// How many.
        records: u64,
        /// Their bytes.
        bytes: u64,
    },
}

/// Takes what a delivery stream tells.
pub trait FirehoseObserver {
    /// Takes one fact.
    fn observe(&mut self, at: SimTime, fact: FirehoseFact<'_>);
}

impl<A: FirehoseObserver, B: FirehoseObserver> FirehoseObserver for (A, B) {
    #[inline(always)]
    fn observe(&mut self, at: SimTime, fact: FirehoseFact<'_>) {
        self.0.observe(at, fact);
        self.1.observe(at, fact);
    }
}

impl FirehoseObserver for Digest {
    #[inline(always)]
    fn observe(&mut self, at: SimTime, fact: FirehoseFact<'_>) {
        let pair = |high: u64, low: u64| high << 32 ^ low;
        match fact {
            FirehoseFact::Offered { record } => self.offered(at, record),
            FirehoseFact::Called { entries, attempt } => self.told(at, 0, pair(entries.into(), attempt.into())),
            FirehoseFact::Accepted { entries } => {
                let bytes: u64 = entries.iter().map(|entry| u64::from(entry.size)).sum();
                self.told(at, 1, pair(entries.len() as u64, bytes));
            }
            FirehoseFact::Throttled { records: [a, b, c] } => {
                self.told(at, 2, pair(a.into(), 0) ^ u64::from(b) << 16 ^ u64::from(c));
            }
            FirehoseFact::LostAtProducer { records, cause } => self.told(at, 3, pair(records.into(), cause as u64)),
            FirehoseFact::QuotasRaised { bytes_per_s } => self.told(at, 4, bytes_per_s),
            FirehoseFact::Invoked { records, attempt, time, fails } => {
                self.told(at, 5, pair(records.into(), time) ^ u64::from(attempt) << 56 ^ u64::from(fails) << 55);
            }
            FirehoseFact::Transformed { ok, dropped } => self.told(at, 6, pair(ok.into(), dropped.into())),
            FirehoseFact::SetAside { records, why } => self.told(at, 7, pair(records, why as u64)),
            FirehoseFact::Closed { partition, records, bytes, .. } => {
                self.told(at, 8, pair(records, bytes) ^ u64::from(partition) << 48);
            }
            FirehoseFact::DeliveryFailed { records, again } => self.told(at, 9, pair(records, again.into())),
            FirehoseFact::Written { records, bytes, backup } => {
                self.told(at, 10, pair(records, bytes) ^ u64::from(backup) << 63);
            }
            FirehoseFact::Delivered { records, bytes, closed, .. } => {
                self.told(at, 11, pair(records, bytes) ^ closed << 8);
            }
            FirehoseFact::Lost { records, bytes } => self.told(at, 12, pair(records, bytes)),
        }
    }
}
