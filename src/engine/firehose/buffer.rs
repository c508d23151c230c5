//! Buffers: one, or one for each partition; each is delivered at its size or after its interval.

use super::fact::{FirehoseFact, FirehoseObserver, SetAside, Trigger};
use super::producer::Entry;
use super::{Event, FirehoseEngine};
use crate::scenario::Firehose;
use std::sync::Arc;

/// Pieces into which an interval is cut: records that were offered in the same one are counted together.
const PIECES: u64 = 1_024;
/// Shortest piece, µs.
const PIECE_MIN: u64 = 1_000;

/// Records that were offered in the same piece of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// Which piece.
    pub piece: u64,
    /// How many they are.
    pub records: u32,
    /// Sum of the times since the beginning of the piece, µs.
    pub since: u64,
}

#[derive(Clone, Debug, Default)]
struct Buffer {
    records: u64,
    bytes: u64,
    /// When its first record came.
    opened: u64,
    /// When the oldest of its records was accepted.
    oldest: u64,
    cohorts: Vec<Cohort>,
    /// How often it was delivered.
    delivered: u32,
    /// Size at which it is delivered.
    full: u64,
    /// Deliveries of this partition that are under way, and the open buffer.
    active: u32,
}

/// What is delivered.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    pub partition: u32,
    /// Zero where there is nothing.
    pub records: u64,
    pub bytes: u64,
    /// When its first record came into the buffer, and when the buffer was closed.
    pub opened: u64,
    pub closed: u64,
    pub oldest: u64,
    pub cohorts: Vec<Cohort>,
}

/// Partitions that the function names; there are no more than may be active. Their places follow those to which keys are dealt; a place is used again once
/// its partition is no longer active.
#[derive(Clone, Debug, Default)]
struct Named {
    /// The active ones in order, with their places.
    places: Vec<(Arc<str>, u32)>,
    /// The name of each place, after those of the keys.
    names: Vec<Option<Arc<str>>>,
    free: Vec<u32>,
}

impl Named {
    /// Where a name stands among the active ones, or would.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.places.binary_search_by(|(known, _)| (**known).cmp(name))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Buffers {
    all: Vec<Buffer>,
    interval: u64,
    full: u64,
    full_most: u64,
    piece: u64,
    partitioned: bool,
    active_max: u32,
    named: Named,
    /// Partitions with an open buffer or a delivery.
    pub active: u32,
    /// Records in open buffers.
    pub records: u64,
    /// Cohorts in them.
    pub kept: u64,
}

impl Buffers {
    pub fn new(firehose: &Firehose) -> Self {
        let stream = &firehose.stream;
        let interval = stream.interval().micros();
        let full = stream.buffer_bytes().get();
        let one = Buffer { full, ..Buffer::default() };
        Self {
            all: vec![one; stream.partitioning.count.max(1) as usize],
            interval,
            full,
            full_most: stream.destination.kind.sizes().1.get(),
            piece: (interval / PIECES).max(PIECE_MIN),
            partitioned: stream.is_partitioned(),
            active_max: stream.partitioning.active_max,
            named: Named::default(),
            active: 0,
            records: 0,
            kept: 0,
        }
    }

    /// Length of a piece of time, µs.
    pub const fn piece(&self) -> u64 {
        self.piece
    }

    /// When the oldest record in them was accepted.
    pub fn oldest(&self) -> Option<u64> {
        self.all.iter().filter(|buffer| buffer.records > 0).map(|buffer| buffer.oldest).min()
    }

    /// A delivery of a partition has come to its end.
    pub fn ended(&mut self, partition: u32) {
        let buffer = &mut self.all[partition as usize];
        buffer.active -= 1;
        if buffer.active == 0 {
            self.active -= 1;
            self.forget(partition);
        }
    }

    /// The place of a partition, and whether it is one that may not become active.
    fn place(&self, entry: &Entry, name: Option<&Arc<str>>) -> Option<u32> {
        match name {
            _ if !self.partitioned => Some(0),
            Some(name) => self.named.find(name).ok().map(|at| self.named.places[at].1),
            None => Some(entry.key % self.keyed()),
        }
    }

    /// Places to which keys are dealt.
    fn keyed(&self) -> u32 {
        (self.all.len() - self.named.names.len()) as u32
    }

    /// A place for a partition that the function has named and that is not active.
    fn make_place(&mut self, name: &Arc<str>) -> u32 {
        let place = self.named.free.pop().unwrap_or_else(|| {
            self.all.push(Buffer { full: self.full, ..Buffer::default() });
            self.named.names.push(None);
            self.all.len() as u32 - 1
        });
        let index = place - self.keyed();
        self.named.names[index as usize] = Some(Arc::clone(name));
        if let Err(at) = self.named.find(name) {
            self.named.places.insert(at, (Arc::clone(name), place));
        }
        place
    }

    /// A partition is no longer active: if the function has named it, its place is free.
    fn forget(&mut self, place: u32) {
        if let Some(index) = place.checked_sub(self.keyed())
            && let Some(name) = self.named.names[index as usize].take()
        {
            if let Ok(at) = self.named.find(&name) {
                self.named.places.remove(at);
            }
            self.named.free.push(place);
        }
    }
}

impl FirehoseEngine {
    /// A record comes into its buffer, that of the partition that the function has named, if it has; the oldest of those
    /// that come with it was accepted at `since`.
    #[inline]
    pub(super) fn buffer_entry(
        &mut self,
        entry: Entry,
        partition: Option<&Arc<str>>,
        since: u64,
        observer: &mut impl FirehoseObserver,
    ) {
        let buffers = &mut self.buffers;
        let place = buffers.place(&entry, partition);
        let active = place.is_some_and(|place| buffers.all[place as usize].active > 0);
        if !active && buffers.partitioned && buffers.active >= buffers.active_max {
            return self.set_aside(1, entry.size.into(), SetAside::Partitions, observer);
        }
        let place = match (place, partition) {
            (None, Some(name)) => buffers.make_place(name) as usize,
            (place, _) => place.unwrap_or(0) as usize,
        };
        let buffer = &mut buffers.all[place];
        if buffer.records == 0 {
            buffers.active += u32::from(buffer.active == 0);
            buffer.active += 1;
            (buffer.opened, buffer.oldest, buffer.full) = (self.now, since, buffers.full);
            self.agenda.push(self.now + buffers.interval, Event::Due(place as u32, buffer.delivered));
        }
        buffer.records += 1;
        buffers.records += 1;
        buffer.bytes += u64::from(entry.size);
        buffer.oldest = buffer.oldest.min(since);
        let (piece, rest) = (entry.offered / buffers.piece, entry.offered % buffers.piece);
        match buffer.cohorts.last_mut() {
            Some(last) if last.piece == piece => {
                last.records += 1;
                last.since += rest;
            }
            _ => {
                buffer.cohorts.push(Cohort { piece, records: 1, since: rest });
                buffers.kept += 1;
            }
        }
        if buffer.bytes >= buffer.full {
            // Where deliveries wait for the destination the buffer grows, so that fewer and larger ones follow.
            if self.deliveries.waiting() > 0 && buffer.full < buffers.full_most {
                buffer.full = buffers.full_most;
            }
            if buffer.bytes >= buffer.full {
                self.close(place as u32, Trigger::Size, observer);
            }
        }
    }

    pub(super) fn buffer_due(&mut self, partition: u32, delivered: u32, observer: &mut impl FirehoseObserver) {
        let buffer = &self.buffers.all[partition as usize];
        if buffer.delivered == delivered && buffer.records > 0 {
            self.close(partition, Trigger::Interval, observer);
        }
    }

    fn close(&mut self, partition: u32, by: Trigger, observer: &mut impl FirehoseObserver) {
        let slot = self.deliveries.place();
        let load = self.deliveries.load(slot);
        let buffer = &mut self.buffers.all[partition as usize];
        load.cohorts.clear();
        std::mem::swap(&mut load.cohorts, &mut buffer.cohorts);
        (load.partition, load.opened, load.closed, load.oldest) = (partition, buffer.opened, self.now, buffer.oldest);
        (load.records, load.bytes) = (std::mem::take(&mut buffer.records), std::mem::take(&mut buffer.bytes));
        buffer.delivered = buffer.delivered.wrapping_add(1);
        let (records, bytes, opened, cohorts) = (load.records, load.bytes, load.opened, load.cohorts.len() as u64);
        self.buffers.records -= records;
        self.buffers.kept -= cohorts;
        self.deliveries.came(records, cohorts);
        self.tell(observer, FirehoseFact::Closed { partition, records, bytes, opened, by });
        self.dispatch(slot);
    }
}
