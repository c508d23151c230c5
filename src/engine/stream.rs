//! A data stream: shards with their hash ranges, write and read limits, and the records they keep.

use super::fact::WriteLimit;
use super::record::{Log, Record};
use crate::hash_key::{HashKey, HashRange, even_shard};
use crate::limits;
use crate::scenario::{HashKeys, Scenario, Stream as Settings};
use crate::units::{Ratio, Span};

/// Units of the record bucket: one comes back each µs, so a record takes 1,000 of them.
const RECORD_COST: i64 = 1_000_000_000 / limits::SHARD_RECORDS_PER_SECOND.milli() as i64;
/// Units of the byte bucket: 1 MiB a second is 16,384 units a µs when a byte takes 15,625.
const BYTE_COST: i64 = 15_625;
const BYTE_REFILL: i64 = limits::SHARD_WRITE_BYTES_PER_SECOND.get() as i64 * BYTE_COST / 1_000_000;

/// All shards of a stream, open and closed, and which of the open ones owns each key.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Every shard there ever was, by index. A child stands behind its parents.
    pub shards: Vec<Shard>,
    /// Put calls that were made.
    pub put_calls: u64,
    /// The open shards in order of their hash ranges.
    open: Vec<u32>,
    /// Shard of each key number: every key is hashed once, and again only when its shard is split or merged.
    owner: Vec<u32>,
    retention: u64,
    /// Since when, µs: nothing expires by it before.
    retention_since: u64,
    byte_capacity: i64,
    /// What bytes are rounded up to before they are charged.
    unit: u32,
    /// Where the hash keys of records come from.
    hash_keys: HashKeys,
    /// Whether Kinesis records have several user records.
    aggregated: bool,
    /// Share of the answers to readers that are left empty by injection.
    pub(super) empty_answers: Ratio,
    /// Whether several readers share the limits of its shards.
    pub(super) shared: bool,
}

impl Stream {
    /// The stream of a scenario, with all buckets full.
    pub fn new(scenario: &Scenario) -> Self {
        let Settings { retention, byte_burst, .. } = scenario.stream;
        let shards = scenario.stream.open_at_start();
        let byte_capacity = byte_burst.get() as i64 * BYTE_COST;
        let (hash_keys, keys) = (scenario.traffic.hash_keys, scenario.traffic.keys.count());
        let aggregated = scenario.producer.aggregates();
        let owner_of = |key| even_shard(hash_keys.of_key(key, keys), shards);
        let shard = |index| Shard::new(HashRange::even(index, shards), byte_capacity, 0, aggregated);
        Self {
            shards: (0..shards).map(shard).collect(),
            put_calls: 0,
            open: (0..shards).collect(),
            owner: (0..keys).map(owner_of).collect(),
            retention: retention.micros(),
            retention_since: 0,
            byte_capacity,
            unit: if scenario.stream.rounds_up { limits::THROTTLE_ROUNDING.get() as u32 } else { 1 },
            hash_keys,
            aggregated,
            empty_answers: scenario.stream.empty_answers,
            shared: scenario.limited_readers() > 1,
        }
    }

    /// The shard that owns a key.
    #[inline(always)]
    pub fn owner(&self, key: u32) -> u32 {
        self.owner[key as usize]
    }

    /// The open shards in order of their hash ranges.
    pub fn open(&self) -> &[u32] {
        &self.open
    }

    /// How long a record stays readable, µs.
    #[inline(always)]
    pub const fn retention(&self) -> u64 {
        self.retention
    }

    /// When a record that arrived at an instant expires, µs.
    #[inline(always)]
    pub const fn expiry(&self, arrived: u64) -> u64 {
        let expiry = arrived + self.retention;
        if expiry > self.retention_since { expiry } else { self.retention_since }
    }

    /// Lets records stay readable for another time from now on. What is older than that is gone; what went before
    /// does not come back.
    pub fn set_retention(&mut self, retention: Span, now: u64) {
        (self.retention, self.retention_since) = (retention.micros(), now);
    }

    /// What bytes are rounded up to before they are charged: each record of `PutRecord`, the sum of `PutRecords`.
    #[inline(always)]
    pub const fn unit(&self) -> u32 {
        self.unit
    }

    /// Records that the logs keep for readers.
    pub fn kept(&self) -> u64 {
        self.shards.iter().map(|shard| shard.log.tail() - shard.log.head()).sum()
    }

    /// Appends a Kinesis record of so many bytes in all that was admitted to a shard, with its user records.
    pub fn store_aggregate(&mut self, shard: u32, records: &[Record], bytes: u32) {
        self.shards[shard as usize].log.push_aggregate(records, bytes);
    }

    /// Lets a shard forget everything before `index`: every reader has passed it.
    #[inline(always)]
    pub fn trim(&mut self, shard: u32, index: u64) {
        self.shards[shard as usize].log.trim(index);
    }

    /// Splits an open shard at a hash key inside it: the lower child ends below the key. The children are empty and
    /// rested; what the parent holds stays there. Gives the indices of the children.
    pub fn split(&mut self, now: u64, shard: u32, key: HashKey) -> [u32; 2] {
        let (low, high) = self.shards[shard as usize].range.split_at(key).expect("the key was checked");
        let place = self.place(shard);
        let children = [low, high].map(|range| self.add(now, range, [Some(shard), None]));
        self.open.splice(place..=place, children);
        self.close(now, shard, [Some(children[0]), Some(children[1])]);
        children
    }

    /// Merges two open shards whose ranges touch, the lower one first. Gives the index of the child.
    pub fn merge(&mut self, now: u64, low: u32, high: u32) -> u32 {
        let [a, b] = [low, high].map(|shard| self.shards[shard as usize].range);
        let range = a.merge(b).expect("the pair was checked");
        let place = self.place(low);
        let child = self.add(now, range, [Some(low), Some(high)]);
        self.open.splice(place..=place + 1, [child]);
        self.close(now, low, [Some(child), None]);
        self.close(now, high, [Some(child), None]);
        child
    }

    fn place(&self, shard: u32) -> usize {
        self.open.iter().position(|open| *open == shard).expect("the shard was checked to be open")
    }

    fn add(&mut self, now: u64, range: HashRange, parents: [Option<u32>; 2]) -> u32 {
        let mut shard = Shard::new(range, self.byte_capacity, now, self.aggregated);
        shard.parents = parents;
        self.shards.push(shard);
        self.shards.len() as u32 - 1
    }

    /// Closes a shard and gives its keys to its children.
    fn close(&mut self, now: u64, shard: u32, children: [Option<u32>; 2]) {
        let parent = &mut self.shards[shard as usize];
        (parent.closed_at, parent.children) = (now, children);
        let keys = self.owner.len();
        for key in 0..keys {
            if self.owner[key] == shard {
                let hash = self.hash_keys.of_key(key as u32, keys as u32);
                let owns = |child: &u32| self.shards[*child as usize].range.contains(hash);
                self.owner[key] = children.into_iter().flatten().find(owns).expect("children cover their parent");
            }
        }
    }
}

/// One shard.
#[derive(Clone, Debug)]
pub struct Shard {
    /// The hash keys it owns.
    pub range: HashRange,
    /// Its records that a reader has not passed yet.
    pub log: Log,
    /// When it was made, µs.
    pub created_at: u64,
    /// When it was closed to writers, µs; `u64::MAX` while it is open.
    pub closed_at: u64,
    /// The shards that it came from: none, one that was split, or two that were merged.
    pub parents: [Option<u32>; 2],
    /// The shards that came from it.
    pub children: [Option<u32>; 2],
    /// User records that came to it for the first time.
    pub first_attempts: u64,
    /// User records that it rejected, each attempt counted.
    pub rejected_records: u64,
    /// How many of them were not the first in their Kinesis record.
    rejected_beside: u64,
    /// Bytes of them.
    pub rejected_bytes: u64,
    write: WriteBuckets,
    read: ReadBuckets,
    iterators: CallBucket,
}

impl Shard {
    fn new(range: HashRange, byte_capacity: i64, now: u64, aggregated: bool) -> Self {
        Self {
            range,
            log: if aggregated { Log::of_aggregates() } else { Log::new() },
            created_at: now,
            closed_at: u64::MAX,
            parents: [None; 2],
            children: [None; 2],
            first_attempts: 0,
            rejected_records: 0,
            rejected_beside: 0,
            rejected_bytes: 0,
            write: WriteBuckets::new(byte_capacity),
            read: ReadBuckets { calls: CallBucket::FULL, bytes_free_at: 0, slack: 0 },
            iterators: CallBucket::FULL,
        }
    }

    /// Charges a Kinesis record of so many bytes, with so many user records, to both write buckets, or to none if one
    /// of them holds too little.
    #[inline(always)]
    pub fn admit(&mut self, now: u64, bytes: u32, user_records: u32) -> Result<(), WriteLimit> {
        let taken = self.write.take(now as i64, i64::from(bytes));
        if taken.is_err() {
            self.rejected_records += u64::from(user_records);
            self.rejected_beside += u64::from(user_records - 1);
            self.rejected_bytes += u64::from(bytes);
        }
        taken
    }

    /// Kinesis records and bytes that it ever stored.
    pub fn stored(&self) -> (u64, u64) {
        (self.log.entries(), self.log.bytes())
    }

    /// Kinesis records and bytes that came to it, those that it rejected included.
    pub fn came(&self) -> (u64, u64) {
        (self.log.entries() + self.rejected_entries(), self.log.bytes() + self.rejected_bytes)
    }

    /// Kinesis records that it rejected, each attempt counted.
    pub const fn rejected_entries(&self) -> u64 {
        self.rejected_records - self.rejected_beside
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

    /// Whether a `GetShardIterator` call is answered at `now`.
    pub fn may_take_iterator(&mut self, now: u64) -> bool {
        self.iterators.take(now)
    }

    /// Charges the bytes of an answer: further calls are refused until they have been read at 2 MiB a second; on a
    /// shared shard, until a second's worth or less is left of them.
    pub fn charge_read(&mut self, now: u64, bytes: u64, shared: bool) {
        self.read.charge(now, bytes, shared);
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

    #[inline(always)]
    fn take(&mut self, now: i64, bytes: i64) -> Result<(), WriteLimit> {
        let records = self.records_empty_at.max(now - RECORD_CAPACITY) + RECORD_COST;
        if records > now {
            return Err(WriteLimit::Records);
        }
        let byte_now = now * BYTE_REFILL;
        let bytes = self.bytes_empty_at.max(byte_now - self.byte_capacity) + bytes * BYTE_COST;
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

/// A bucket of five calls a second, for `GetRecords` and for `GetShardIterator` each; it holds a second's calls.
#[derive(Clone, Copy, Debug)]
struct CallBucket {
    /// When it was last empty, µs.
    empty_at: i64,
}

impl CallBucket {
    const COST: i64 = 1_000_000_000 / limits::SHARD_READ_CALLS_PER_SECOND.milli() as i64;
    const CAPACITY: i64 = 1_000_000;
    const FULL: Self = Self { empty_at: -Self::CAPACITY };

    fn take(&mut self, now: u64) -> bool {
        let empty_at = self.empty_at.max(now as i64 - Self::CAPACITY) + Self::COST;
        let allowed = empty_at <= now as i64;
        if allowed {
            self.empty_at = empty_at;
        }
        allowed
    }
}

const _: () = assert!(
    limits::SHARD_READ_CALLS_PER_SECOND.milli() == limits::SHARD_ITERATOR_CALLS_PER_SECOND.milli(),
    "both calls have the same limit"
);

/// The read limits of a shard, shared by everything that polls it.
#[derive(Clone, Copy, Debug)]
struct ReadBuckets {
    calls: CallBucket,
    /// When everything read so far has passed at 2 MiB a second, µs.
    bytes_free_at: u64,
    /// How long before that the next call may come, µs.
    slack: u64,
}

impl ReadBuckets {
    fn take_call(&mut self, now: u64) -> bool {
        now + self.slack >= self.bytes_free_at && self.calls.take(now)
    }

    fn charge(&mut self, now: u64, bytes: u64, shared: bool) {
        let takes = (bytes * 1_000_000).div_ceil(limits::SHARD_READ_BYTES_PER_SECOND.get());
        self.bytes_free_at = now.max(self.bytes_free_at) + takes;
        // The small answers of one reader must not refuse the others. After a large one there is silence in any case.
        self.slack = if shared && takes <= 1_000_000 { 1_000_000 } else { 0 };
    }
}
