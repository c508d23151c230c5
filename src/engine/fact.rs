//! What happened: one fact at one time. Everything that is counted, shown or billed derives from facts.

use super::record::{Record, Run};
use crate::units::SimTime;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Fact<'a> {
    /// A record was offered to the producer.
    Offered {
        /// The record; its attempt is 1.
        record: &'a Record,
    },
    /// The producer made a put call.
    PutCalled {
        /// Records in it.
        entries: u32,
        /// Number of the attempt; above 1 it repeats failed entries.
        attempt: u32,
    },
    /// A shard stored a record.
    Stored {
        /// Index of the shard.
        shard: u32,
        /// The record as stored.
        record: &'a Record,
    },
    /// A shard rejected a record.
    Throttled {
        /// Index of the shard.
        shard: u32,
        /// The record, with the number of the attempt.
        record: &'a Record,
        /// Which of the two write limits bound.
        limit: WriteLimit,
    },
    /// A record was lost at the producer.
    Lost {
        /// The record.
        record: &'a Record,
        /// Why.
        cause: LossCause,
    },
    /// A `GetRecords` call was answered.
    Read {
        /// Index of the shard.
        shard: u32,
        /// Records in the answer.
        records: u32,
        /// Bytes in the answer.
        bytes: u64,
    },
    /// A `GetRecords` call was refused.
    ReadThrottled {
        /// Index of the shard.
        shard: u32,
    },
    /// An invocation began.
    InvocationStarted {
        /// Index of the shard whose records it has.
        shard: u32,
        /// Its number.
        id: u64,
        /// Records in the batch.
        records: u32,
        /// How often this batch has been tried, this time included.
        attempt: u32,
        /// When it will end.
        ends: SimTime,
    },
    /// An invocation succeeded; its records are processed.
    Processed {
        /// Index of the shard.
        shard: u32,
        /// Number of the invocation.
        id: u64,
        /// When it began.
        started: SimTime,
        /// The batch.
        batch: Run<'a>,
    },
    /// An invocation failed; its batch will be tried again.
    InvocationFailed {
        /// Index of the shard.
        shard: u32,
        /// Number of the invocation.
        id: u64,
        /// When it began.
        started: SimTime,
        /// Whether the scenario's injected error rate made it fail.
        injected: bool,
    },
    /// Records aged out of retention before they were processed.
    Expired {
        /// Index of the shard.
        shard: u32,
        /// How many.
        records: u64,
    },
    /// An operation was applied.
    OperationApplied {
        /// Its place among the operations of the run, from zero.
        index: u32,
    },
}

/// One of the two write limits of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteLimit {
    /// 1,000 records a second.
    Records,
    /// 1 MiB a second.
    Bytes,
}

/// Why a record was lost at the producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossCause {
    /// Nobody looked at the failed entry, or the SDK does not retry it.
    Ignored,
    /// All attempts, or the retry budget, were used up.
    Exhausted,
    /// It was older than the producer keeps trying.
    TooOld,
    /// The producer's buffer was full.
    BufferFull,
}

/// Something that is told every fact.
pub trait Observer {
    /// Takes a fact. Facts come in order of time.
    fn observe(&mut self, at: SimTime, fact: Fact<'_>);
}

impl Observer for () {
    #[inline]
    fn observe(&mut self, _: SimTime, _: Fact<'_>) {}
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline]
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        self.0.observe(at, fact);
        self.1.observe(at, fact);
    }
}

impl<O: Observer> Observer for &mut O {
    #[inline]
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        (**self).observe(at, fact);
    }
}

/// The determinism witness: a 64-bit digest of the traffic and one of everything that followed from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    traffic: u64,
    facts: u64,
}

impl Digest {
    /// Digest of the offered records alone: equal for designs that are compared on the same arrivals.
    pub const fn traffic(self) -> u64 {
        self.traffic
    }

    /// Digest of all facts.
    pub const fn get(self) -> u64 {
        mix(self.facts, self.traffic)
    }
}

/// Stirs a word into a digest.
#[inline]
const fn mix(state: u64, word: u64) -> u64 {
    let product = (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 29)
}

/// Two words as one, before they meet the digest: off the chain of dependent multiplications.
#[inline]
const fn pair(a: u64, b: u64) -> u64 {
    a.wrapping_mul(0xd6e8_feb8_6659_fd93) ^ b.rotate_left(24)
}

impl Observer for Digest {
    #[inline]
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        let at = at.micros();
        let ids = |record: &Record| u64::from(record.number) << 32 | u64::from(record.key);
        let word = match fact {
            Fact::Offered { record } => {
                self.traffic = mix(self.traffic, pair(at, ids(record)) ^ u64::from(record.size));
                return;
            }
            Fact::Stored { shard, record } => pair(at << 4 | 1, ids(record)) ^ u64::from(shard) << 40,
            Fact::Throttled { shard, record, limit } => {
                pair(at << 4 | 2, ids(record))
                    ^ u64::from(shard) << 40
                    ^ (limit as u64) << 8
                    ^ u64::from(record.attempt)
            }
            Fact::Lost { record, cause } => pair(at << 4 | 3, ids(record)) ^ cause as u64,
            Fact::PutCalled { entries, attempt } => pair(at << 4 | 4, u64::from(entries) << 32 | u64::from(attempt)),
            Fact::Read { shard, records, bytes } => {
                pair(at << 4 | 5, u64::from(shard) << 32 | u64::from(records)) ^ bytes
            }
            Fact::ReadThrottled { shard } => pair(at << 4 | 6, u64::from(shard)),
            Fact::InvocationStarted { shard, id, records, attempt, ends } => {
                let batch = u64::from(shard) << 32 | u64::from(records);
                pair(at << 4 | 7, batch) ^ pair(ends.micros(), id << 16 | u64::from(attempt))
            }
            Fact::Processed { shard, id, batch, .. } => {
                pair(at << 4 | 8, u64::from(shard) << 32 | batch.len() as u64) ^ id.rotate_left(16)
            }
            Fact::InvocationFailed { shard, id, injected, .. } => {
                pair(at << 4 | 9, u64::from(shard) << 1 | u64::from(injected)) ^ id.rotate_left(16)
            }
            Fact::Expired { shard, records } => pair(at << 4 | 10, u64::from(shard) << 32 ^ records),
            Fact::OperationApplied { index } => pair(at << 4 | 11, u64::from(index)),
        };
        self.facts = mix(self.facts, word);
    }
}
