//! What happened: one fact at one time. Everything that is counted, shown or billed derives from facts.

use super::failure::{FailureCause, GivenUp};
use super::record::{Record, Run};
use crate::errors::ServiceError;
use crate::hash_key::HashRange;
use crate::scenario::StreamMode;
use crate::units::{SimTime, Span};

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
        /// Bytes of its Kinesis record; zero for a user record that is not the first in it.
        bytes: u32,
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
    /// The answer to a put call did not reach the producer; the scenario makes it so. What the call stored is stored.
    Unanswered {
        /// Records in the call.
        entries: u32,
    },
    /// Hosts of the producer died, with what they held.
    HostsDied {
        /// How many.
        hosts: u32,
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
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// Records in the answer.
        records: u32,
        /// Bytes in the answer.
        bytes: u64,
        /// `MillisBehindLatest`, to the microsecond: age of the oldest record that lies ahead of the answer; zero
        /// where none does.
        behind: Span,
        /// Whether it brought nothing although records lay ahead: an injected effect.
        withheld: bool,
    },
    /// A `GetRecords` call was refused.
    ReadThrottled {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
    },
    /// A `GetRecords` call came with an iterator that had expired; a new one is taken after the last record read.
    IteratorExpired {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// The answer.
        error: ServiceError,
    },
    /// An invocation began.
    InvocationStarted {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
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
        /// Which reader: the consumers of the scenario first.
        reader: u32,
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
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// Number of the invocation.
        id: u64,
        /// When it began.
        started: SimTime,
        /// Why.
        cause: FailureCause,
        /// Whether the function named the records that failed, which is no error of the function.
        by_item: bool,
        /// The records before the first that failed: they are processed.
        done: Run<'a>,
    },
    /// Records were given up after retries, or because of their age.
    Discarded {
        /// Which, and why.
        given_up: GivenUp,
    },
    /// Records aged out of retention before they were processed.
    Expired {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// How many.
        records: u64,
    },
    /// A reader took its first iterator of a shard behind records that it is not to read.
    Skipped {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// How many records lie before its starting position, those that are gone included.
        records: u64,
    },
    /// An operation was applied, or asked for.
    OperationApplied {
        /// Its place among the operations of the run, from zero.
        index: u32,
    },
    /// The service refused a call to its control plane; nothing has changed.
    Refused {
        /// Whose call it was.
        by: By,
        /// The answer.
        error: ServiceError,
    },
    /// The scaling policy called `UpdateShardCount`.
    PolicyCalled {
        /// Open shards before.
        from: u32,
        /// Open shards that it asks for.
        target: u32,
    },
    /// A shard was made and is open.
    ShardOpened {
        /// Its index.
        shard: u32,
        /// The shards that it came from.
        parents: [Option<u32>; 2],
        /// The hash keys that it owns.
        range: HashRange,
    },
    /// A shard takes no more records.
    ShardClosed {
        /// Its index.
        shard: u32,
    },
    /// What was going on with the stream is done: it is ACTIVE again.
    StreamActive,
    /// The stream is in another capacity mode.
    ModeChanged {
        /// The mode.
        mode: StreamMode,
    },
    /// Records stay readable for another time.
    RetentionChanged {
        /// How long.
        retention: Span,
    },
}

/// Who called the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The operation with this place among the operations of the run.
    Operation(u32),
    /// The scaling policy.
    Policy,
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
    /// The host that held it died, or no host was there to take it.
    HostDied,
}

/// Something that is told every fact.
///
/// Facts of the writing side come in order of time, and so do those of one lane. Between them there is no order: the
/// engine moves writers and readers through a slice of time one after the other.
///
/// The facts that happen for each record have methods of their own, so that an observer who counts can be inlined;
/// by default they end in [`observe`](Observer::observe) like all others.
pub trait Observer {
    /// Takes a fact.
    fn observe(&mut self, at: SimTime, fact: Fact<'_>);

    /// Takes [`Fact::Offered`].
    #[inline]
    fn offered(&mut self, at: SimTime, record: &Record) {
        self.observe(at, Fact::Offered { record });
    }

    /// Takes [`Fact::PutCalled`].
    #[inline]
    fn put_called(&mut self, at: SimTime, entries: u32, attempt: u32) {
        self.observe(at, Fact::PutCalled { entries, attempt });
    }

    /// Takes [`Fact::Stored`].
    #[inline]
    fn stored(&mut self, at: SimTime, shard: u32, record: &Record, bytes: u32) {
        self.observe(at, Fact::Stored { shard, record, bytes });
    }

    /// Takes [`Fact::Throttled`].
    #[inline]
    fn throttled(&mut self, at: SimTime, shard: u32, record: &Record, limit: WriteLimit) {
        self.observe(at, Fact::Throttled { shard, record, limit });
    }

    /// Takes [`Fact::Lost`].
    #[inline]
    fn lost(&mut self, at: SimTime, record: &Record, cause: LossCause) {
        self.observe(at, Fact::Lost { record, cause });
    }

    /// Takes [`Fact::Processed`].
    #[inline]
    fn processed(&mut self, at: SimTime, reader: u32, shard: u32, id: u64, started: SimTime, batch: Run<'_>) {
        self.observe(at, Fact::Processed { reader, shard, id, started, batch });
    }
}

impl Observer for () {
    #[inline]
    fn observe(&mut self, _: SimTime, _: Fact<'_>) {}
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        self.0.observe(at, fact);
        self.1.observe(at, fact);
    }

    #[inline(always)]
    fn offered(&mut self, at: SimTime, record: &Record) {
        self.0.offered(at, record);
        self.1.offered(at, record);
    }

    #[inline(always)]
    fn put_called(&mut self, at: SimTime, entries: u32, attempt: u32) {
        self.0.put_called(at, entries, attempt);
        self.1.put_called(at, entries, attempt);
    }

    #[inline(always)]
    fn stored(&mut self, at: SimTime, shard: u32, record: &Record, bytes: u32) {
        self.0.stored(at, shard, record, bytes);
        self.1.stored(at, shard, record, bytes);
    }

    #[inline(always)]
    fn throttled(&mut self, at: SimTime, shard: u32, record: &Record, limit: WriteLimit) {
        self.0.throttled(at, shard, record, limit);
        self.1.throttled(at, shard, record, limit);
    }

    #[inline(always)]
    fn lost(&mut self, at: SimTime, record: &Record, cause: LossCause) {
        self.0.lost(at, record, cause);
        self.1.lost(at, record, cause);
    }

    #[inline(always)]
    fn processed(&mut self, at: SimTime, reader: u32, shard: u32, id: u64, started: SimTime, batch: Run<'_>) {
        self.0.processed(at, reader, shard, id, started, batch);
        self.1.processed(at, reader, shard, id, started, batch);
    }
}

/// The determinism witness: a 64-bit digest of the traffic and one of everything that followed from it.
///
/// What writers did is chained in its order. What readers did is summed up, since the order in which facts of
/// different lanes are told is no part of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    traffic: u64,
    written: u64,
    read: u64,
}

impl Digest {
    /// Digest of the offered records alone: equal for designs that are compared on the same arrivals.
    pub const fn traffic(self) -> u64 {
        self.traffic
    }

    /// Digest of all facts.
    pub const fn get(self) -> u64 {
        mix(mix(self.written, self.traffic), self.read)
    }

    #[inline(always)]
    const fn write(&mut self, word: u64) {
        self.written = mix(self.written, word);
    }

    #[inline(always)]
    const fn add(&mut self, word: u64) {
        self.read = self.read.wrapping_add(mix(mix(word, 0), word >> 32));
    }
}

/// Stirs a word into a digest.
#[inline(always)]
const fn mix(state: u64, word: u64) -> u64 {
    let product = (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 29)
}

/// Two words as one, before they meet the digest: off the chain of dependent multiplications.
#[inline(always)]
const fn pair(a: u64, b: u64) -> u64 {
    a.wrapping_mul(0xd6e8_feb8_6659_fd93) ^ b.rotate_left(24)
}

/// What names a record: its number, and what the shard did with it.
#[inline(always)]
fn named(record: &Record, shard: u32, rest: u64) -> u64 {
    (u64::from(record.number) << 32 | u64::from(shard) << 12 | u64::from(record.attempt) << 4) ^ rest
}

impl Observer for Digest {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        let now = at.micros();
        let lane = |reader: u32, shard: u32| u64::from(reader) << 56 | u64::from(shard) << 32;
        match fact {
            Fact::Offered { record } => self.offered(at, record),
            Fact::PutCalled { entries, attempt } => self.put_called(at, entries, attempt),
            Fact::Stored { shard, record, bytes } => self.stored(at, shard, record, bytes),
            Fact::Throttled { shard, record, limit } => self.throttled(at, shard, record, limit),
            Fact::Processed { reader, shard, id, started, batch } => {
                self.processed(at, reader, shard, id, started, batch);
            }
            Fact::Unanswered { entries } => self.write(pair(now << 4 | 15, 2 << 60 | u64::from(entries))),
            Fact::HostsDied { hosts } => self.write(pair(now << 4 | 15, 3 << 60 | u64::from(hosts))),
            Fact::Lost { record, cause } => self.lost(at, record, cause),
            // How far behind an answer is follows from the other facts.
            Fact::Read { reader, shard, records, bytes, withheld, .. } => {
                let read = lane(reader, shard) ^ u64::from(records) ^ u64::from(withheld) << 31;
                self.add(pair(now << 4 | 5, read) ^ bytes << 16);
            }
            Fact::ReadThrottled { reader, shard } => self.add(pair(now << 4 | 6, lane(reader, shard))),
            Fact::IteratorExpired { reader, shard, .. } => self.add(pair(now << 4 | 12, lane(reader, shard))),
            Fact::InvocationStarted { reader, shard, id, records, attempt, ends } => {
                let batch = lane(reader, shard) ^ u64::from(records);
                self.add(pair(now << 4 | 7, batch) ^ pair(ends.micros(), id << 16 | u64::from(attempt)));
            }
            Fact::InvocationFailed { reader, shard, id, cause, done, .. } => {
                let failed = lane(reader, shard) | cause as u64 ^ (done.len() as u64) << 8;
                self.add(pair(now << 4 | 9, failed) ^ id.rotate_left(16));
            }
            Fact::Discarded { given_up: of } => {
                let batch = lane(of.reader, of.shard) ^ of.records;
                self.add(pair(now << 4 | 13, batch) ^ pair(of.first.0, u64::from(of.invocations)));
            }
            Fact::Expired { reader, shard, records } => self.add(pair(now << 4 | 10, lane(reader, shard) ^ records)),
            Fact::Skipped { reader, shard, records } => self.add(pair(now << 4 | 11, lane(reader, shard) ^ records)),
            Fact::OperationApplied { index } => self.write(pair(now << 4 | 11, u64::from(index))),
            Fact::Refused { by, error } => {
                let by = if let By::Operation(index) = by { u64::from(index) } else { u64::MAX };
                let name = error.name().bytes().fold(0, |sum, byte| mix(sum, u64::from(byte)));
                self.write(pair(now << 4 | 12, by) ^ name);
            }
            Fact::PolicyCalled { from, target } => {
                self.write(pair(now << 4 | 13, u64::from(from) << 32 | u64::from(target)));
            }
            Fact::ShardOpened { shard, range, .. } => {
                let (start, end) = (range.start().get(), range.end().get());
                let ends = pair(start as u64 ^ (start >> 64) as u64, end as u64 ^ (end >> 64) as u64);
                self.write(pair(now << 4 | 14, u64::from(shard)) ^ ends);
            }
            Fact::ShardClosed { shard } => self.write(pair(now << 4 | 15, u64::from(shard))),
            Fact::StreamActive => self.write(pair(now << 4 | 15, u64::MAX)),
            Fact::ModeChanged { mode } => self.write(pair(now << 4 | 15, 1 << 60 | mode as u64)),
            Fact::RetentionChanged { retention } => self.write(pair(now << 4 | 15, retention.micros() << 16)),
        }
    }

    #[inline(always)]
    fn offered(&mut self, at: SimTime, record: &Record) {
        let word = pair(at.micros(), u64::from(record.key) << 24 ^ u64::from(record.size));
        self.traffic = mix(self.traffic, word);
    }

    /// Calls with one entry are known from the fate of the entry.
    #[inline(always)]
    fn put_called(&mut self, at: SimTime, entries: u32, attempt: u32) {
        if entries > 1 {
            self.write(pair(at.micros() << 4 | 4, u64::from(entries) << 32 | u64::from(attempt)));
        }
    }

    #[inline(always)]
    fn stored(&mut self, at: SimTime, shard: u32, record: &Record, _: u32) {
        self.write(pair(at.micros() << 4 | 1, named(record, shard, 0)));
    }

    #[inline(always)]
    fn throttled(&mut self, at: SimTime, shard: u32, record: &Record, limit: WriteLimit) {
        self.write(pair(at.micros() << 4 | 2, named(record, shard, limit as u64)));
    }

    #[inline(always)]
    fn lost(&mut self, at: SimTime, record: &Record, cause: LossCause) {
        self.write(pair(at.micros() << 4 | 3, named(record, 0, cause as u64)));
    }

    #[inline(always)]
    fn processed(&mut self, at: SimTime, reader: u32, shard: u32, id: u64, _: SimTime, batch: Run<'_>) {
        let lane = u64::from(reader) << 56 | u64::from(shard) << 32;
        self.add(pair(at.micros() << 4 | 8, lane ^ batch.len() as u64) ^ id.rotate_left(16));
    }
}
