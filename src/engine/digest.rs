//! The digest of a run: two numbers by which two runs are the same or are not.

use super::fact::{By, Fact, LossCause, Observer, WriteLimit};
use super::record::{Record, Run};
use crate::units::SimTime;

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

    /// The digest of this run and of one that follows from it.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self { written: mix(self.written, other.get()), ..self }
    }

    /// What a direct design or a delivery stream tells: when, what kind of fact, its numbers.
    #[inline(always)]
    pub(super) const fn told(&mut self, at: SimTime, kind: u64, numbers: u64) {
        self.write(pair(at.micros() << 4 | kind, numbers));
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
            Fact::Read { .. } | Fact::InvocationStarted { .. } => self.batch(at, fact),
            Fact::ReadThrottled { reader, shard } => self.add(pair(now << 4 | 6, lane(reader, shard))),
            Fact::IteratorExpired { reader, shard, .. } => self.add(pair(now << 4 | 12, lane(reader, shard))),
            Fact::Subscribed { reader, shard } => self.add(pair(now << 4 | 15, lane(reader, shard))),
            Fact::Pushed { reader, shard, records, bytes, .. } => {
                self.add(pair(now << 4 | 14, lane(reader, shard) ^ u64::from(records)) ^ bytes << 16);
            }
            Fact::InvocationThrottled { reader, shard, cap } => {
                self.add(pair(now << 4 | 8, lane(reader, shard) | cap as u64));
            }
            Fact::EnvironmentMade { .. } => {} // When the invocation ends says the same.
            Fact::EnvironmentsLost { reader, environments } => {
                self.add(pair(now << 4 | 4, lane(reader, 0) ^ 1 << 25 ^ u64::from(environments)));
            }
            Fact::WorkersDied { reader, workers } => {
                self.add(pair(now << 4 | 4, lane(reader, 0) ^ 1 << 24 ^ u64::from(workers)));
            }
            Fact::LeaseLost { reader, shard, again, .. } => self.add(pair(now << 4 | 3, lane(reader, shard) ^ again)),
            Fact::Reprocessed { reader, shard, records } => {
                self.add(pair(now << 4 | 2, lane(reader, shard) ^ records));
            }
            // Calls that are answered follow from the other facts.
            Fact::LeaseTableCalled { refused: 0, .. } => {}
            Fact::LeaseTableCalled { reader, writes, refused, .. } => {
                self.add(pair(now << 4 | 3, lane(reader, 0) ^ 1 << 25 ^ u64::from(refused)) ^ u64::from(writes) << 32);
            }
            Fact::CheckpointRefused { reader, shard } => self.add(pair(now << 4 | 1, lane(reader, shard) ^ 1 << 25)),
            Fact::LeaseExpired { reader, shard } => self.add(pair(now << 4 | 1, lane(reader, shard) ^ 1 << 26)),
            Fact::Checkpointed { reader, shard } => self.add(pair(now << 4 | 1, lane(reader, shard))),
            Fact::InvocationFailed { reader, shard, id, cause, done, .. } => {
                let failed = lane(reader, shard) | cause as u64 ^ (done.len() as u64) << 8;
                self.add(pair(now << 4 | 9, failed) ^ id.rotate_left(16));
            }
            Fact::Discarded { given_up: of, .. } => {
                let batch = lane(of.reader, of.shard) ^ of.records;
                self.add(pair(now << 4 | 13, batch) ^ pair(of.first.0, u64::from(of.invocations)));
            }
            Fact::Expired { reader, shard, records } => self.add(pair(now << 4 | 10, lane(reader, shard) ^ records)),
            Fact::WindowEnded { reader, shard, end, early } => {
                self.add(pair(now << 4 | 7, lane(reader, shard) ^ 1 << 25 ^ u64::from(early)) ^ end.micros() << 8);
            }
            Fact::FilteredOut { reader, shard, records, .. } => self.add(pair(now << 4, lane(reader, shard) ^ records)),
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
    fn batch(&mut self, at: SimTime, fact: Fact<'_>) {
        let now = at.micros();
        let lane = |reader: u32, shard: u32| u64::from(reader) << 56 | u64::from(shard) << 32;
        match fact {
            // How far behind an answer is follows from the other facts.
            Fact::Read { reader, shard, records, bytes, withheld, .. } => {
                let read = lane(reader, shard) ^ u64::from(records) ^ u64::from(withheld) << 31;
                self.add(pair(now << 4 | 5, read) ^ bytes << 16);
            }
            Fact::InvocationStarted { reader, shard, id, records, attempt, ends } => {
                let batch = lane(reader, shard) ^ u64::from(records);
                self.add(pair(now << 4 | 7, batch) ^ pair(ends.micros(), id << 16 | u64::from(attempt)));
            }
            _ => {}
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
