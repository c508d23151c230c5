//! A data stream: shards with their hash ranges, write and read limits, and the records they keep.

use super::fact::WriteLimit;
use super::record::{Log, Record, partition_key};
use crate::hash_key::{HashKey, HashRange, even_shard};
use crate::limits;
use crate::scenario::{Scenario, Stream as Settings};

/// Units of the record bucket: one comes back each µs, so a record takes 1,000 of them.
const RECORD_COST: i64 = 1_000_000_000 / limits::SHARD_RECORDS_PER_SECOND.milli() as i64;
/// Units of the byte bucket: 1 MiB a second is 16,384 units a µs when a byte takes 15,625.
const BYTE_COST: i64 = 15_625;
const BYTE_REFILL: i64 = limits::SHARD_WRITE_BYTES_PER_SECOND.get() as i64 * BYTE_COST / 1_000_000;

/// All shards of a stream, and which of them owns each key.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The shards in order of their hash ranges.
    pub shards: Vec<Shard>,
    /// Shard of each key number: every key is hashed once.
    owner: Vec<u32>,
    retention: u64,
    /// Records kept in all logs together.
    kept: u64,
}

impl Stream {
    /// The stream of a scenario, with all buckets full.
    pub fn new(scenario: &Scenario) -> Self {
        let Settings { shards, retention, byte_burst } = scenario.stream;
        let owner_of = |key| even_shard(HashKey::of(&partition_key(key)), shards);
        let shard = |index| Shard::new(HashRange::even(index, shards), byte_burst.get() as i64 * BYTE_COST);
        Self {
            shards: (0..shards).map(shard).collect(),
            owner: (0..scenario.traffic.keys.count()).map(owner_of).collect(),
            retention: retention.micros(),
            kept: 0,
        }
    }

    /// The shard that owns a key.
    #[inline]
    pub fn owner(&self, key: u32) -> u32 {
        self.owner[key as usize]
    }

    /// How long a record stays readable, µs.
    pub const fn retention(&self) -> u64 {
        self.retention
    }

    /// Records that the logs keep for readers.
    pub const fn kept(&self) -> u64 {
        self.kept
    }

    /// Appends a record that was admitted to a shard.
    #[inline]
    pub fn store(&mut self, shard: u32, record: Record) {
        self.shards[shard as usize].log.push(record);
        self.kept += 1;
    }

    /// Lets a shard forget everything before `index`: every reader has passed it.
    pub fn trim(&mut self, shard: u32, index: u64) {
        let log = &mut self.shards[shard as usize].log;
        self.kept -= index - log.head();
        log.trim(index);
    }
}

/// One shard.
#[derive(Clone, Debug)]
pub struct Shard {
    /// The hash keys it owns.
    pub range: HashRange,
    /// Its records that a reader has not passed yet.
    pub log: Log,
    /// When the next expiry event in the agenda is due, µs; `u64::MAX` while there is none.
    pub expiry_at: u64,
    write: WriteBuckets,
    read: ReadBuckets,
}

impl Shard {
    fn new(range: HashRange, byte_capacity: i64) -> Self {
        Self {
            range,
            log: Log::new(),
            expiry_at: u64::MAX,
            write: WriteBuckets::new(byte_capacity),
            read: ReadBuckets { calls_empty_at: -ReadBuckets::CALL_CAPACITY, bytes_free_at: 0 },
        }
    }

    /// Charges a record of so many bytes to both write buckets, or to none if one of them holds too little.
    #[inline]
    pub fn admit(&mut self, now: u64, bytes: u32) -> Result<(), WriteLimit> {
        self.write.take(now as i64, i64::from(bytes))
    }

    /// Charges the rest of a `PutRecords` call's rounding, as far as the byte bucket holds it.
    pub fn charge_rounding(&mut self, now: u64, bytes: u32) {
        self.write.drain_bytes(now as i64, i64::from(bytes));
    }

    /// Whether a `GetRecords` call is answered at `now`; the answer's bytes are charged by
    /// [`charge_read`](Self::charge_read).
    pub fn may_read(&mut self, now: u64) -> bool {
        self.read.take_call(now)
    }

    /// Charges the bytes of an answer: further calls are refused until they have been read at 2 MiB a second.
    pub fn charge_read(&mut self, now: u64, bytes: u64) {
        self.read.charge(now, bytes);
    }
}

/// The two token buckets in front of a shard. A bucket is kept as the instant at which it was last empty, so
/// that refilling costs nothing: it holds what came back since then, up to its capacity.
#[derive(Clone, Copy, Debug)]
struct WriteBuckets {
    records_empty_at: i64,
    /// In µs × refill, so that it is a whole number.
    bytes_empty_at: i64,
    byte_capacity: i64,
}

/// The burst of the record bucket in its units.
const RECORD_CAPACITY: i64 = limits::SHARD_RECORDS_BURST as i64 * RECORD_COST;

impl WriteBuckets {
    const fn new(byte_capacity: i64) -> Self {
        Self { records_empty_at: -RECORD_CAPACITY, bytes_empty_at: -byte_capacity, byte_capacity }
    }

    #[inline]
    fn take(&mut self, now: i64, bytes: i64) -> Result<(), WriteLimit> {
        let byte_now = now * BYTE_REFILL;
        let records = self.records_empty_at.max(now - RECORD_CAPACITY) + RECORD_COST;
        let bytes = self.bytes_empty_at.max(byte_now - self.byte_capacity) + bytes * BYTE_COST;
        if records > now {
            return Err(WriteLimit::Records);
        }
        if bytes > byte_now {
            return Err(WriteLimit::Bytes);
        }
        self.records_empty_at = records;
        self.bytes_empty_at = bytes;
        Ok(())
    }

    fn drain_bytes(&mut self, now: i64, bytes: i64) {
        let byte_now = now * BYTE_REFILL;
        let bytes = self.bytes_empty_at.max(byte_now - self.byte_capacity) + bytes * BYTE_COST;
        self.bytes_empty_at = bytes.min(byte_now);
    }
}

/// The read limits of a shard, shared by everything that polls it.
#[derive(Clone, Copy, Debug)]
struct ReadBuckets {
    /// When the call bucket was last empty, µs; it holds a second's calls.
    calls_empty_at: i64,
    /// When everything read so far has passed at 2 MiB a second, µs.
    bytes_free_at: u64,
}

impl ReadBuckets {
    const CALL_COST: i64 = 1_000_000_000 / limits::SHARD_READ_CALLS_PER_SECOND.milli() as i64;
    const CALL_CAPACITY: i64 = 1_000_000;

    fn take_call(&mut self, now: u64) -> bool {
        let empty_at = self.calls_empty_at.max(now as i64 - Self::CALL_CAPACITY) + Self::CALL_COST;
        let allowed = empty_at <= now as i64 && now >= self.bytes_free_at;
        if allowed {
            self.calls_empty_at = empty_at;
        }
        allowed
    }

    fn charge(&mut self, now: u64, bytes: u64) {
        let rate = limits::SHARD_READ_BYTES_PER_SECOND.get();
        self.bytes_free_at = now.max(self.bytes_free_at) + (bytes * 1_000_000).div_ceil(rate);
    }
}
