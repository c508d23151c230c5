//! Deliveries: so many at the same time, others wait; what fails is tried again, and then given up.

use super::buffer::Load;
use super::fact::{FirehoseFact, FirehoseObserver, SetAside};
use super::slab::Slab;
use super::{Event, FirehoseEngine};
use crate::limits;
use crate::scenario::{DestinationKind, Firehose};
use crate::units::{MICROS_PER_SECOND, SimTime, Span};
use std::collections::VecDeque;

#[derive(Clone, Debug, Default)]
struct Delivery {
    load: Load,
    /// When it failed first, if it did.
    failed_at: Option<u64>,
    /// Whether the running attempt fails.
    fails: bool,
}

/// What is on the way to the destination.
#[derive(Clone, Debug)]
pub(super) struct Deliveries {
    all: Slab<Delivery>,
    line: VecDeque<u32>,
    running: u32,
    parallel: u32,
    kind: DestinationKind,
    latency: u64,
    /// Bytes a second of one delivery.
    pace: u64,
    stored_milli: u64,
    window: u64,
    every: u64,
    /// Of the data stream that is the source, where S3 is the destination.
    retention: Option<u64>,
    records: u64,
    kept: u64,
}

/// What lies under the error prefix until it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Backup {
    records: u64,
    bytes: u64,
    /// Objects that were written.
    written: u32,
}

impl Deliveries {
    pub fn new(firehose: &Firehose, retention: Option<Span>) -> Self {
        let stream = &firehose.stream;
        let kind = stream.destination.kind;
        Self {
            all: Slab::new(),
            line: VecDeque::new(),
            running: 0,
            parallel: stream.parallel(),
            kind,
            latency: stream.latency().micros(),
            pace: stream.pace().get(),
            stored_milli: stream.format.stored_milli.into(),
            window: stream.retry_window().micros(),
            every: stream.retry_every().micros(),
            retention: retention.filter(|_| kind == DestinationKind::S3).map(Span::micros),
            records: 0,
            kept: 0,
        }
    }

    pub fn place(&mut self) -> u32 {
        self.all.place()
    }

    pub fn load(&mut self, slot: u32) -> &mut Load {
        let delivery = &mut self.all[slot];
        (delivery.failed_at, delivery.fails) = (None, false);
        &mut delivery.load
    }

    pub const fn came(&mut self, records: u64, cohorts: u64) {
        self.records += records;
        self.kept += cohorts;
    }

    /// Deliveries that wait for the destination.
    pub fn waiting(&self) -> u64 {
        self.line.len() as u64
    }

    pub const fn running(&self) -> u32 {
        self.running
    }

    /// Records in deliveries.
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// Cohorts in them.
    pub const fn kept(&self) -> u64 {
        self.kept
    }

    pub fn oldest(&self) -> Option<u64> {
        self.all.iter().filter(|delivery| delivery.load.records > 0).map(|delivery| delivery.load.oldest).min()
    }

    /// Bytes of an object or of a request.
    const fn stored(&self, bytes: u64) -> u64 {
        bytes * self.stored_milli / 1_000
    }
}

/// Time to move so many bytes, µs.
const fn moving(bytes: u64, pace: u64) -> u64 {
    (bytes * MICROS_PER_SECOND).div_ceil(pace)
}

impl FirehoseEngine {
    /// A closed buffer is on its way. What is copied into a cluster is an object in a bucket first.
    pub(super) fn dispatch(&mut self, slot: u32) {
        if self.deliveries.kind == DestinationKind::Redshift {
            let bytes = self.deliveries.stored(self.deliveries.all[slot].load.bytes);
            let time = limits::FIREHOSE_S3_LATENCY.micros() + moving(bytes, limits::FIREHOSE_S3_PACE.get());
            self.agenda.push(self.now + time, Event::Staged(slot));
        } else {
            self.submit(slot);
        }
    }

    pub(super) fn staged(&mut self, slot: u32, observer: &mut impl FirehoseObserver) {
        let Load { records, bytes, .. } = self.deliveries.all[slot].load;
        let bytes = self.deliveries.stored(bytes);
        self.tell(observer, FirehoseFact::Written { records, bytes, backup: false });
        self.submit(slot);
    }

    pub(super) fn submit(&mut self, slot: u32) {
        self.deliveries.line.push_back(slot);
        self.start_next();
    }

    fn start_next(&mut self) {
        let deliveries = &mut self.deliveries;
        if deliveries.running >= deliveries.parallel {
            return;
        }
        let Some(slot) = deliveries.line.pop_front() else { return };
        if deliveries.kind == DestinationKind::Redshift && deliveries.all[slot].failed_at.is_none() {
            self.copy_together(slot);
        }
        let deliveries = &mut self.deliveries;
        deliveries.running += 1;
        let (out, slower_milli) = self.firehose.destination_at(SimTime::from_micros(self.now));
        let delivery = &mut deliveries.all[slot];
        delivery.fails = out;
        let bytes = delivery.load.bytes * deliveries.stored_milli / 1_000;
        let time = if out { deliveries.latency } else { deliveries.latency + moving(bytes, deliveries.pace) };
        self.agenda.push(self.now + time * slower_milli / 1_000, Event::Attempted(slot));
    }

    /// One COPY takes all objects that wait and have not failed yet.
    fn copy_together(&mut self, first: u32) {
        let Deliveries { all, line, .. } = &mut self.deliveries;
        let mut left = VecDeque::new();
        for slot in line.drain(..) {
            if all[slot].failed_at.is_some() {
                left.push_back(slot);
                continue;
            }
            let load = std::mem::take(&mut all[slot].load);
            let into = &mut all[first].load;
            into.records += load.records;
            into.bytes += load.bytes;
            into.oldest = into.oldest.min(load.oldest);
            into.cohorts.extend(load.cohorts);
            all.free(slot);
            self.buffers.ended(load.partition);
        }
        *line = left;
    }

    pub(super) fn attempted(&mut self, slot: u32, observer: &mut impl FirehoseObserver) {
        self.deliveries.running -= 1;
        if self.deliveries.all[slot].fails {
            self.failed(slot, observer);
        } else {
            self.delivered(slot, observer);
        }
        self.start_next();
    }

    fn delivered(&mut self, slot: u32, observer: &mut impl FirehoseObserver) {
        let load = std::mem::take(&mut self.deliveries.all[slot].load);
        let Load { partition, records, bytes, opened, closed, .. } = load;
        let (stored, piece) = (self.deliveries.stored(bytes), self.buffers.piece());
        if self.deliveries.kind == DestinationKind::S3 {
            self.tell(observer, FirehoseFact::Written { records, bytes: stored, backup: false });
        }
        let cohorts = &load.cohorts;
        self.tell(
            observer,
            FirehoseFact::Delivered { partition, records, bytes, stored, opened, closed, cohorts, piece },
        );
        self.ended(slot, load);
    }

    /// A delivery is no longer under way.
    fn ended(&mut self, slot: u32, load: Load) {
        self.deliveries.records -= load.records;
        self.deliveries.kept -= load.cohorts.len() as u64;
        self.buffers.ended(load.partition);
        // Its memory is used again.
        self.deliveries.all[slot].load.cohorts = load.cohorts;
        self.deliveries.all.free(slot);
    }

    /// An attempt failed. The last one is at the very end of the window.
    fn failed(&mut self, slot: u32, observer: &mut impl FirehoseObserver) {
        let Deliveries { all, retention, window, every, .. } = &mut self.deliveries;
        let delivery = &mut all[slot];
        let first = *delivery.failed_at.get_or_insert(self.now);
        let until = retention.map_or(first + *window, |retention| delivery.load.oldest + retention);
        let (again, records) = (self.now < until, delivery.load.records);
        if again {
            self.agenda.push((self.now + *every).min(until), Event::Retried(slot));
        }
        self.tell(observer, FirehoseFact::DeliveryFailed { records, again });
        if again {
            return;
        }
        let load = std::mem::take(&mut self.deliveries.all[slot].load);
        match self.deliveries.kind {
            DestinationKind::S3 => {
                self.tell(observer, FirehoseFact::Lost { records, bytes: load.bytes });
            }
            // The objects are there already; a manifest that names them is written.
            DestinationKind::Redshift => {
                self.tell(observer, FirehoseFact::SetAside { records, why: SetAside::Delivery });
                self.tell(observer, FirehoseFact::Written { records: 0, bytes: 0, backup: true });
            }
            DestinationKind::OpenSearch | DestinationKind::Splunk | DestinationKind::Http => {
                self.set_aside(records, load.bytes, SetAside::Delivery, observer);
            }
        }
        self.ended(slot, load);
    }

    /// Records come under the error prefix of the bucket, which has a buffer of its own.
    pub(super) fn set_aside(&mut self, records: u64, bytes: u64, why: SetAside, observer: &mut impl FirehoseObserver) {
        self.tell(observer, FirehoseFact::SetAside { records, why });
        let backup = &mut self.backup;
        if backup.records == 0 {
            self.agenda.push(self.now + limits::FIREHOSE_INTERVAL.micros(), Event::BackupDue(backup.written));
        }
        backup.records += records;
        backup.bytes += bytes;
        if backup.bytes >= limits::FIREHOSE_BUFFER.get() {
            self.write_backup(observer);
        }
    }

    pub(super) fn backup_due(&mut self, number: u32, observer: &mut impl FirehoseObserver) {
        if self.backup.written == number && self.backup.records > 0 {
            self.write_backup(observer);
        }
    }

    fn write_backup(&mut self, observer: &mut impl FirehoseObserver) {
        let Backup { records, bytes, written } = std::mem::take(&mut self.backup);
        self.backup.written = written.wrapping_add(1);
        self.tell(observer, FirehoseFact::Written { records, bytes, backup: true });
    }
}
