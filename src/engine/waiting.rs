//! Rejected records between two attempts.
//!
//! Where waits are drawn at random, groups wait in blocks and the agenda knows when each is due. Where every wait of
//! an attempt is equally long, they come due in the order in which they were rejected, and a queue does.

use super::put::backoff;
use super::record::Record;
use crate::scenario::{Jitter, Producer, PutCall, RetryPolicy};
use crate::units::{Ratio, Span};

/// Waits of a policy that draws none, ready to use for each rejected record.
#[derive(Clone, Copy, Debug)]
pub(super) struct FixedWaits {
    pub max_attempts: u16,
    /// µs; `u64::MAX` where records are never too old.
    pub max_age: u64,
    base: u64,
    cap: u64,
    multiplier_milli: u32,
}

impl FixedWaits {
    /// The waits of a producer's policy; none where they are drawn, or answers may not come.
    pub(super) fn of(settings: &Producer) -> Option<Self> {
        match settings.retry {
            RetryPolicy::Again { max_attempts, base, cap, max_age, multiplier_milli, jitter: Jitter::None }
                if settings.timeouts.rate == Ratio::ZERO =>
            {
                Some(Self {
                    max_attempts: max_attempts as u16,
                    max_age: max_age.map_or(u64::MAX, Span::micros),
                    base: base.micros().min(cap.micros()),
                    cap: cap.micros(),
                    multiplier_milli,
                })
            }
            _ => None,
        }
    }

    /// The wait, where it is the same after every attempt, µs.
    pub(super) fn always(&self) -> Option<u64> {
        (self.multiplier_milli == 1_000).then_some(self.base)
    }

    /// The wait after so many attempts, µs.
    #[inline(always)]
    pub(super) const fn after(&self, attempts: u16) -> u64 {
        if self.multiplier_milli == 1_000 { self.base } else { self.grown(attempts) }
    }

    #[inline(never)]
    const fn grown(&self, attempts: u16) -> u64 {
        backoff(self.base, self.cap, self.multiplier_milli, attempts)
    }
}

/// Single records whose waits are fixed: one queue for each length of wait, each in order of time by itself.
#[derive(Clone, Debug)]
pub(super) struct Queues {
    /// The queue that most records are in, by itself: in most runs there is no other.
    first: Queue,
    others: Vec<Queue>,
    /// When the first record of any queue is due, µs; `u64::MAX` while all are empty.
    due: u64,
}

#[derive(Clone, Debug)]
struct Queue {
    wait: u64,
    records: Ring,
}

/// A record that has not arrived anywhere yet, and when it is put again. Where waits are fixed every answer comes, so it
/// is not stored.
#[derive(Clone, Copy, Debug, Default)]
struct Waiting {
    due: u64,
    offered: u64,
    number: u32,
    key: u32,
    size: u32,
    attempt: u16,
    host: u16,
}

impl Queues {
    pub(super) fn new() -> Self {
        Self { first: Queue { wait: u64::MAX, records: Ring::new() }, others: Vec::new(), due: u64::MAX }
    }

    /// Records that wait.
    #[inline]
    pub(super) fn len(&self) -> u64 {
        let others: u64 = self.others.iter().map(|queue| queue.records.len()).sum();
        self.first.records.len() + others
    }

    /// When the next record is due, µs; `u64::MAX` while none waits.
    #[inline]
    pub(super) const fn due(&self) -> u64 {
        self.due
    }

    /// Whether every record that waits here waits so long, and every other one may as well.
    pub(super) fn only(&mut self, wait: u64) -> bool {
        if self.first.wait == u64::MAX {
            self.first.wait = wait;
        }
        self.first.wait == wait && self.others.is_empty()
    }

    /// Hands each record that is due before `until`, at most so many, with the instant and its next attempt to `put`, in
    /// the only queue that there is. Where that says so, it waits once more, as long as all others do; else it is gone.
    /// Says how many they were, and the instant of the last.
    #[inline(always)]
    pub(super) fn turn(
        &mut self,
        until: u64,
        most: u32,
        wait: u64,
        mut put: impl FnMut(u64, Record) -> bool,
    ) -> (u32, u64) {
        let Ring { places, head, tail } = &mut self.first.records;
        let places = places.as_mut_slice();
        let mask = places.len() - 1;
        let (mut from, mut to, mut count, mut now) = (*head, *tail, 0, 0);
        while count < most && from != to {
            let place = from & mask;
            let mut record = places[place].record();
            let due = places[place].due;
            if due >= until {
                break;
            }
            (from, count, now) = (from + 1, count + 1, due);
            record.attempt += 1;
            if put(due, record) {
                // Its old place is free, so there is one.
                places[to & mask] = Waiting { due: due + wait, attempt: record.attempt, ..places[place] };
                to += 1;
            }
        }
        (*head, *tail) = (from, to);
        self.due = self.first.records.due();
        (count, now)
    }

    /// Lets a record wait.
    #[inline(always)]
    pub(super) fn admit(&mut self, now: u64, wait: u64, record: Record) {
        let queue = if self.first.wait == wait { &mut self.first } else { self.queue(wait) };
        let Record { offered, number, key, size, attempt, host, .. } = record;
        let due = now + wait;
        queue.records.push(Waiting { due, offered, number, key, size, attempt, host: u16::from(host) });
        self.due = self.due.min(due);
    }

    #[cold]
    #[inline(never)]
    fn queue(&mut self, wait: u64) -> &mut Queue {
        if self.first.wait == u64::MAX {
            self.first.wait = wait;
            return &mut self.first;
        }
        let known = self.others.iter().position(|queue| queue.wait == wait);
        let place = known.unwrap_or_else(|| {
            self.others.push(Queue { wait, records: Ring::new() });
            self.others.len() - 1
        });
        &mut self.others[place]
    }

    /// Takes the record that is due next out, with the instant; of two that are due at once, the one that waited
    /// longer.
    #[inline(always)]
    pub(super) fn release_next(&mut self) -> Option<(u64, Record)> {
        let waiting = if self.others.is_empty() { self.first.records.pop()? } else { self.pop_any()? };
        self.due = self.first.records.due();
        if !self.others.is_empty() {
            self.due = self.others.iter().map(|queue| queue.records.due()).fold(self.due, u64::min);
        }
        Some((waiting.due, waiting.record()))
    }

    /// Takes the record that is due next out of one of several queues.
    #[cold]
    #[inline(never)]
    fn pop_any(&mut self) -> Option<Waiting> {
        // A longer wait began earlier.
        let next = std::iter::once(&mut self.first).chain(&mut self.others);
        next.min_by_key(|queue| (queue.records.due(), u64::MAX - queue.wait))?.records.pop()
    }

    /// Takes the records of some hosts out.
    pub(super) fn take_of(&mut self, is_one: impl Fn(u8) -> bool, into: &mut Vec<Record>) {
        for queue in std::iter::once(&mut self.first).chain(&mut self.others) {
            let mut kept = Ring::new();
            while let Some(waiting) = queue.records.pop() {
                if is_one(waiting.host as u8) { into.push(waiting.record()) } else { kept.push(waiting) }
            }
            queue.records = kept;
        }
        let rings = || std::iter::once(&self.first).chain(&self.others).map(|queue| &queue.records);
        self.due = rings().map(Ring::due).fold(u64::MAX, u64::min);
    }
}

/// A queue that never moves what it holds while it has room; places are found by a mask.
#[derive(Clone, Debug)]
struct Ring {
    places: Vec<Waiting>,
    head: usize,
    tail: usize,
}

impl Ring {
    fn new() -> Self {
        const ROOM: usize = 64;
        Self { places: vec![Waiting::default(); ROOM], head: 0, tail: 0 }
    }

    const fn len(&self) -> u64 {
        (self.tail - self.head) as u64
    }

    /// When the first is due; `u64::MAX` without one.
    #[inline(always)]
    fn due(&self) -> u64 {
        if self.head == self.tail { u64::MAX } else { self.places[self.head & (self.places.len() - 1)].due }
    }

    #[inline(always)]
    fn push(&mut self, waiting: Waiting) {
        if self.tail - self.head == self.places.len() {
            self.grow();
        }
        let place = self.tail & (self.places.len() - 1);
        self.places[place] = waiting;
        self.tail += 1;
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<Waiting> {
        if self.head == self.tail {
            return None;
        }
        let waiting = self.places[self.head & (self.places.len() - 1)];
        self.head += 1;
        Some(waiting)
    }

    /// Twice over it is a ring of twice the length, as the log of a shard is.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.places.extend_from_within(..);
    }
}

impl Waiting {
    #[inline]
    const fn record(&self) -> Record {
        let Self { offered, number, key, size, attempt, host, .. } = *self;
        Record { offered, arrived: 0, number, key, size, attempt, host: host as u8, copies: 0 }
    }
}

/// Records of one call that wait for the same retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The first of its blocks.
    first: u32,
    records: u32,
    pub(super) attempts: u16,
}

/// Rejected records between two attempts: blocks of places that lie side by side, chained for larger groups and
/// used again when they are free.
#[derive(Clone, Debug)]
pub(super) struct WaitingRoom {
    /// Places of all blocks, block after block.
    places: Vec<Record>,
    /// Places in a block: one where calls have one record, several where a chain of single places would cost a
    /// look elsewhere in memory for each record.
    block: usize,
    /// For each block the next of its group, or the next free one.
    next: Vec<Option<u32>>,
    /// First free block.
    free: Option<u32>,
    pub(super) len: u64,
}

impl WaitingRoom {
    pub(super) fn new(call: PutCall) -> Self {
        let block = match call {
            PutCall::PutRecord => 1,
            PutCall::PutRecords { .. } | PutCall::Kpl(_) => 16,
        };
        Self { places: Vec::new(), block, next: Vec::new(), free: None, len: 0 }
    }

    pub(super) fn admit(&mut self, records: &[Record], attempts: u16) -> Group {
        let mut first = None;
        for chunk in records.rchunks_exact(self.block) {
            first = Some(self.fill(chunk, first));
        }
        // The chunk that is not full comes first in the chain and in the group.
        let rest = records.rchunks_exact(self.block).remainder();
        if !rest.is_empty() {
            first = Some(self.fill(rest, first));
        }
        self.len += records.len() as u64;
        let first = first.expect("a group has at least one record");
        Group { first, records: records.len() as u32, attempts }
    }

    /// The host whose call a group belongs to.
    pub(super) fn host(&self, group: Group) -> u8 {
        self.places[group.first as usize * self.block].host
    }

    /// Puts a chunk into a free block, before the block `next` of its group.
    fn fill(&mut self, chunk: &[Record], next: Option<u32>) -> u32 {
        let block = self.free.unwrap_or(self.next.len() as u32);
        if self.free.is_none() {
            self.places.resize(self.places.len() + self.block, Record::default());
            self.next.push(None);
        }
        self.free = self.next[block as usize];
        self.next[block as usize] = next;
        let start = block as usize * self.block;
        self.places[start..start + chunk.len()].copy_from_slice(chunk);
        block
    }

    /// Takes a group out, and says how many of its records the stream has stored without the producer's knowing.
    pub(super) fn release(&mut self, group: Group, into: &mut Vec<Record>) -> u64 {
        let before = into.len();
        let mut left = group.records as usize;
        let mut block = Some(group.first);
        while let Some(index) = block {
            let start = index as usize * self.block;
            let records = if left.is_multiple_of(self.block) { self.block } else { left % self.block };
            into.extend_from_slice(&self.places[start..start + records]);
            left -= records;
            block = self.next[index as usize];
            self.next[index as usize] = self.free;
            self.free = Some(index);
        }
        self.len -= u64::from(group.records);
        super::put::stored_of(&into[before..])
    }
}
