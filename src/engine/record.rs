//! A record on its way, and the log of a shard that keeps records in arrival order.

use crate::limits;

/// Bytes that count against every limit: data and partition key.
#[inline(always)]
pub const fn bytes_of(size: u32) -> u32 {
    size + limits::PARTITION_KEY_BYTES.get() as u32
}

/// A record. Its payload is not stored: [`Payloads::data`](super::payload::Payloads::data) makes it from the seed and
/// the record.
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
    pub attempt: u16,
    /// Number of the producer's host that has it.
    pub host: u8,
    /// How often the stream had stored it before, without the producer's knowing.
    pub copies: u8,
}

/// A record as a log keeps it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stored {
    /// The record.
    pub record: Record,
    /// Bytes of everything stored before it, so that a run of records needs no summing up.
    bytes_before: u64,
}

/// The records of a shard in order of arrival, numbered from zero: a ring that grows and never moves a record
/// while it has room.
#[derive(Clone, Debug)]
pub struct Log {
    ring: Vec<Stored>,
    /// Bytes of everything stored.
    bytes: u64,
    head: u64,
    tail: u64,
    /// When the newest record arrived, µs.
    newest: u64,
    /// For each record of the ring the number of the Kinesis record that it is in. Empty where each is one of its own.
    entry_of: Vec<u32>,
    /// Kinesis records that were ever stored here, where some have several user records.
    entries: u32,
}

/// Records up to which the end of an answer is looked for one by one.
const SHORT_ANSWER: u64 = 24;

impl Log {
    /// An empty log.
    pub fn new() -> Self {
        const ROOM: usize = 256;
        let ring = vec![Stored::default(); ROOM];
        Self { ring, bytes: 0, head: 0, tail: 0, newest: 0, entry_of: Vec::new(), entries: 0 }
    }

    /// An empty log for Kinesis records that have several user records each.
    pub fn of_aggregates() -> Self {
        let log = Self::new();
        Self { entry_of: vec![0; log.ring.len()], ..log }
    }

    /// Sequence index of the oldest record that is kept.
    #[inline(always)]
    pub const fn head(&self) -> u64 {
        self.head
    }

    /// Sequence index that the next record will get.
    #[inline(always)]
    pub const fn tail(&self) -> u64 {
        self.tail
    }

    /// Bytes of everything that was ever stored here, partition keys included.
    #[inline(always)]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends a record.
    #[inline(always)]
    pub fn push(&mut self, record: Record) {
        if self.tail - self.head == self.ring.len() as u64 {
            self.grow();
        }
        let slot = self.slot(self.tail);
        self.newest = record.arrived;
        self.ring[slot] = Stored { record, bytes_before: self.bytes };
        self.bytes += u64::from(bytes_of(record.size));
        self.tail += 1;
    }

    /// Appends a Kinesis record of so many bytes in all with its user records, which arrive together.
    pub fn push_aggregate(&mut self, records: &[Record], bytes: u32) {
        let before = self.bytes;
        for record in records {
            self.push(*record);
            let slot = self.slot(self.tail - 1);
            self.entry_of[slot] = self.entries;
            // All bytes stand with the first, so that they add up between any two Kinesis records.
            self.bytes = before + u64::from(bytes);
        }
        self.entries += 1;
    }

    /// Kinesis records that were ever stored here.
    #[inline(always)]
    pub fn entries(&self) -> u64 {
        if self.entry_of.is_empty() { self.tail } else { u64::from(self.entries) }
    }

    /// Number of the Kinesis record that a user record is in; at the tail, of the one that comes next.
    #[inline(always)]
    fn entry(&self, index: u64) -> u64 {
        if index == self.tail { u64::from(self.entries) } else { u64::from(self.entry_of[self.slot(index)]) }
    }

    /// Kinesis records from the beginning of one up to the beginning of another.
    #[inline(always)]
    pub fn entries_between(&self, from: u64, to: u64) -> u64 {
        if self.entry_of.is_empty() { to - from } else { self.entry(to) - self.entry(from) }
    }

    /// Where so many Kinesis records end, counted from the beginning of one, and not beyond the tail.
    #[inline(always)]
    pub fn after_entries(&self, from: u64, entries: u64) -> u64 {
        if self.entry_of.is_empty() { self.tail.min(from.saturating_add(entries)) } else { self.find(from, entries) }
    }

    #[cold]
    fn find(&self, from: u64, entries: u64) -> u64 {
        let wanted = self.entry(from).saturating_add(entries);
        let (mut low, mut high) = (from, self.tail);
        while low < high {
            let middle = low.midpoint(high);
            if self.entry(middle) < wanted { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Where the last Kinesis record before `end` begins.
    #[inline(always)]
    pub fn last_entry(&self, end: u64) -> u64 {
        if self.entry_of.is_empty() {
            return end - 1;
        }
        let entry = self.entry(end - 1);
        let mut start = end - 1;
        while start > self.head && self.entry(start - 1) == entry {
            start -= 1;
        }
        start
    }

    /// Where the Kinesis record ends that begins at `from`.
    #[inline]
    pub fn entry_end(&self, from: u64) -> u64 {
        if self.entry_of.is_empty() { from + 1 } else { self.find(from, 1) }
    }

    /// Bytes of data in the Kinesis record that begins at `from`, and where it ends.
    pub fn data_of(&self, from: u64) -> (u64, u64) {
        if self.entry_of.is_empty() {
            return (u64::from(self.get(from).size), from + 1);
        }
        let end = self.find(from, 1);
        let key = if end == from + 1 { limits::PARTITION_KEY_BYTES } else { limits::KPL_AGGREGATE_KEY_BYTES };
        (self.bytes_between(from, end) - key.get(), end)
    }

    /// The record with a sequence index between head and tail.
    #[inline(always)]
    pub fn get(&self, index: u64) -> &Record {
        &self.stored(index).record
    }

    /// The same, as the log keeps it.
    #[inline(always)]
    pub fn stored(&self, index: u64) -> &Stored {
        debug_assert!((self.head..self.tail).contains(&index));
        &self.ring[self.slot(index)]
    }

    /// The first index from `from` on, and not beyond `most` more, whose record arrived at `now` or later: what a
    /// reader at that instant does not see.
    #[inline(always)]
    pub fn seen_by(&self, now: u64, from: u64, most: u64) -> u64 {
        let end = self.tail.min(from.saturating_add(most));
        if from >= end || self.newest < now || self.get(end - 1).arrived < now {
            return end.max(from);
        }
        // The record at `end − 1` is not seen. Most answers are short: their end is found soonest one by one. Beyond
        // that it looks ahead in doubling steps, then halves what is left.
        let near = end.min(from + SHORT_ANSWER);
        let mut seen = from;
        while seen < near && self.get(seen).arrived < now {
            seen += 1;
        }
        if seen < near { seen } else { self.seen_beyond(now, near, end) }
    }

    #[inline(never)]
    fn seen_beyond(&self, now: u64, from: u64, end: u64) -> u64 {
        let (mut seen, mut step) = (from, 1);
        while seen + step < end && self.get(seen + step - 1).arrived < now {
            seen += step;
            step *= 2;
        }
        let mut unseen = (seen + step).min(end);
        while seen < unseen {
            let middle = seen.midpoint(unseen);
            if self.get(middle).arrived < now {
                seen = middle + 1;
            } else {
                unseen = middle;
            }
        }
        seen
    }

    /// The last end of a Kinesis record between two indices up to which there are at most so many bytes; `from` where
    /// there is none.
    pub fn within_bytes(&self, from: u64, to: u64, bytes: u64) -> u64 {
        if self.bytes_between(from, to) <= bytes {
            return to;
        }
        // The user records of a Kinesis record have all their bytes with the first.
        let (mut fits, mut exceeds) = (from, to);
        while exceeds - fits > 1 {
            let middle = fits.midpoint(exceeds);
            if self.bytes_between(from, middle) <= bytes { fits = middle } else { exceeds = middle }
        }
        fits
    }

    /// Bytes of the records from one index up to another, partition keys included.
    #[inline(always)]
    pub fn bytes_between(&self, from: u64, to: u64) -> u64 {
        self.bytes_up_to(to) - self.bytes_up_to(from)
    }

    #[inline(always)]
    fn bytes_up_to(&self, index: u64) -> u64 {
        if index == self.tail { self.bytes } else { self.ring[self.slot(index)].bytes_before }
    }

    /// Forgets everything before `index`.
    #[inline(always)]
    pub fn trim(&mut self, index: u64) {
        debug_assert!((self.head..=self.tail).contains(&index));
        self.head = index;
    }

    /// The records from one index up to another, as the two runs in which the ring holds them.
    #[inline(always)]
    pub fn run(&self, from: u64, to: u64) -> Run<'_> {
        debug_assert!(self.head <= from && from <= to && to <= self.tail);
        if from == to {
            return Run { from, first: &[], rest: &[] };
        }
        let (first, last) = (self.slot(from), self.slot(to - 1));
        if first <= last {
            Run { from, first: &self.ring[first..=last], rest: &[] }
        } else {
            Run { from, first: &self.ring[first..], rest: &self.ring[..=last] }
        }
    }

    #[inline(always)]
    fn slot(&self, index: u64) -> usize {
        index as usize & (self.ring.len() - 1)
    }

    /// A ring twice over is a ring of twice the length: every record is at its new place, and at another one where
    /// nobody looks.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.ring.extend_from_within(..);
        self.entry_of.extend_from_within(..);
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

/// Records of a log, as the two slices that hold them.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Sequence index of the first. The others follow it, unless the batch of a filter was gathered.
    pub from: u64,
    /// The records up to the end of the ring.
    pub first: &'a [Stored],
    /// Those from its beginning.
    pub rest: &'a [Stored],
}

impl<'a> Run<'a> {
    /// Number of records.
    pub const fn len(self) -> usize {
        self.first.len() + self.rest.len()
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The records in order.
    pub fn iter(self) -> impl Iterator<Item = &'a Record> {
        self.first.iter().chain(self.rest).map(|stored| &stored.record)
    }
}
