//! A record on its way, and the log of a shard that keeps records in arrival order.

use crate::engine::rng::{Actor, Rng};
use crate::limits;

/// Bytes that count against every limit: data and partition key.
#[inline]
pub const fn bytes_of(size: u32) -> u32 {
    size + limits::PARTITION_KEY_BYTES.get() as u32
}

/// A record. Its payload is not stored: it follows from the seed and the record's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// When it was offered to the producer, µs.
    pub offered: u64,
    /// When the stream stored it, µs; zero before that.
    pub arrived: u64,
    /// Its number among all offered records.
    pub number: u32,
    /// Number of its partition key.
    pub key: u32,
    /// Bytes of data, without the key.
    pub size: u32,
    /// Number of the attempt that it is in, or that stored it; the first is 1.
    pub attempt: u32,
}

/// The partition key with a number.
pub fn partition_key(key: u32) -> String {
    format!("device-{key:09}")
}

/// The data of a record: JSON text with the record's number, its key and a reading, filled up to `size` bytes.
/// Sizes too small for that hold the beginning of the text.
pub fn payload(seed: u64, record: &Record) -> Vec<u8> {
    let mut rng = Rng::of(seed ^ u64::from(record.number), Actor::Records);
    let reading = rng.below(100_000);
    let (number, key) = (record.number, partition_key(record.key));
    let head = format!(
        "{{\"record\":{number},\"device\":\"{key}\",\"reading\":{}.{:03},\"fill\":\"",
        reading / 1_000,
        reading % 1_000
    );
    let size = record.size as usize;
    let mut data = head.into_bytes();
    while data.len() + 2 < size {
        data.push(b"abcdefghijklmnopqrstuvwxyz"[rng.below(26) as usize]);
    }
    data.extend_from_slice(b"\"}");
    data.truncate(size);
    data
}

/// The records of a shard in order of arrival, numbered from zero: a ring that grows and never moves a record
/// while it has room.
#[derive(Clone, Debug)]
pub struct Log {
    ring: Vec<Record>,
    head: u64,
    tail: u64,
}

impl Log {
    /// An empty log.
    pub fn new() -> Self {
        Self { ring: vec![Record::default(); 256], head: 0, tail: 0 }
    }

    /// Sequence index of the oldest record that is kept.
    #[inline]
    pub const fn head(&self) -> u64 {
        self.head
    }

    /// Sequence index that the next record will get.
    #[inline]
    pub const fn tail(&self) -> u64 {
        self.tail
    }

    /// Appends a record.
    #[inline]
    pub fn push(&mut self, record: Record) {
        if self.tail - self.head == self.ring.len() as u64 {
            self.grow();
        }
        let slot = self.slot(self.tail);
        self.ring[slot] = record;
        self.tail += 1;
    }

    /// The record with a sequence index between head and tail.
    #[inline]
    pub fn get(&self, index: u64) -> &Record {
        debug_assert!((self.head..self.tail).contains(&index));
        &self.ring[self.slot(index)]
    }

    /// Forgets everything before `index`.
    #[inline]
    pub fn trim(&mut self, index: u64) {
        debug_assert!((self.head..=self.tail).contains(&index));
        self.head = index;
    }

    /// The records from one index up to another, as the two runs in which the ring holds them.
    #[inline]
    pub fn run(&self, from: u64, to: u64) -> Run<'_> {
        debug_assert!(self.head <= from && from <= to && to <= self.tail);
        if from == to {
            return Run(&[], &[]);
        }
        let (first, last) = (self.slot(from), self.slot(to - 1));
        if first <= last { Run(&self.ring[first..=last], &[]) } else { Run(&self.ring[first..], &self.ring[..=last]) }
    }

    #[inline]
    fn slot(&self, index: u64) -> usize {
        index as usize & (self.ring.len() - 1)
    }

    #[cold]
    fn grow(&mut self) {
        let mut ring = vec![Record::default(); self.ring.len() * 2];
        for index in self.head..self.tail {
            ring[index as usize & (self.ring.len() * 2 - 1)] = *self.get(index);
        }
        self.ring = ring;
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

/// Consecutive records of a log.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a>(pub &'a [Record], pub &'a [Record]);

impl<'a> Run<'a> {
    /// Number of records.
    pub const fn len(self) -> usize {
        self.0.len() + self.1.len()
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The records in order.
    pub fn iter(self) -> impl Iterator<Item = &'a Record> {
        self.0.iter().chain(self.1)
    }
}
