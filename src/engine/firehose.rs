//! A delivery stream of Data Firehose: it takes records in, gathers them, and delivers them together.
//!
//! ```text
//! offers ─▶ producer ─▶ quotas ─▶ (function) ─▶ buffer, one for each partition ─▶ destination
//!              ▲ refused │              │ failed        │ too many partitions          │ given up
//!              └─────────┘              └───────────────┴──▶ error prefix ◀────────────┘ or lost
//! ```
//!
//! One event after the other, in the order of the agenda; of what happens at one instant first what was planned, then
//! the arrival. Records are single ones up to the buffer. In it those that were offered at about the same time are
//! counted together, so that a day's outage of the destination fits into memory.

mod buffer;
mod deliver;
mod fact;
mod places;
mod producer;
mod question;
mod quota;
mod slab;
mod state;
mod transform;

pub use buffer::Cohort;
pub use fact::{FirehoseFact, FirehoseObserver, PutLoss, PutQuota, SetAside, Trigger};
pub use producer::Entry;
pub use question::{GivenRecord, Origin, TransformAnswer, Transformation, Verdict};
pub use state::FirehoseState;

use super::agenda::Agenda;
use super::offers::{Offer, Offers};
use super::{Record, Step};
use crate::limits;
use crate::scenario::{Firehose, Owner, Scenario};
use crate::units::{SimTime, Span};
use buffer::Buffers;
use deliver::{Backup, Deliveries};
use producer::Producer;
use quota::Quotas;
use transform::Transformer;

/// A simulation of a delivery stream in some state.
#[derive(Clone, Debug)]
pub struct FirehoseEngine {
    firehose: Firehose,
    now: u64,
    end: u64,
    offers: Offers,
    agenda: Agenda<Event>,
    /// Nothing where a data stream is the source.
    producer: Option<Producer>,
    quotas: Quotas,
    transformer: Transformer,
    buffers: Buffers,
    deliveries: Deliveries,
    backup: Backup,
    /// Arrivals and events so far.
    worked: u64,
    keep_max: u64,
}

/// What is planned.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// The oldest record of the call with this number has lingered.
    Lingered(u32),
    /// Refused entries are put again.
    Again(u32),
    /// The quotas are raised.
    QuotasRaised,
    /// The oldest record of the batch with this number has waited for the function.
    BatchDue(u32),
    /// A batch is full; it starts where the function has room for it.
    BatchFull,
    /// An invocation ends.
    Invoked(u32),
    /// The interval of a buffer is over: its partition, and how often that was delivered before.
    Due(u32, u32),
    /// An object lies in the bucket from which it is copied.
    Staged(u32),
    /// An attempt at a delivery is over.
    Attempted(u32),
    /// A delivery is tried again.
    Retried(u32),
    /// What lies under the error prefix with this number is written.
    BackupDue(u32),
}

impl FirehoseEngine {
    /// A delivery stream at the start of a scenario whose traffic a producer puts into it.
    pub fn new(scenario: &Scenario, firehose: &Firehose) -> Self {
        let producer = Some(Producer::new(scenario.seed, firehose));
        Self::with(scenario, firehose, producer, None)
    }

    /// A delivery stream whose source is a data stream: what its reader has read is [given](Self::give) to it. What S3
    /// does not take is kept as long as the retention of that stream lasts. The scenario has no traffic of its own.
    pub fn behind_stream(scenario: &Scenario, firehose: &Firehose, retention: Span) -> Self {
        Self::with(scenario, firehose, None, Some(retention))
    }

    fn with(scenario: &Scenario, firehose: &Firehose, producer: Option<Producer>, retention: Option<Span>) -> Self {
        Self {
            now: 0,
            end: scenario.length.micros(),
            offers: Offers::new(scenario),
            agenda: Agenda::new(),
            producer,
            quotas: Quotas::new(firehose.stream.quotas(&scenario.prices)),
            transformer: Transformer::new(scenario.seed, firehose),
            buffers: Buffers::new(firehose),
            deliveries: Deliveries::new(firehose, retention),
            backup: Backup::default(),
            worked: 0,
            keep_max: limits::FIREHOSE_KEPT_MAX,
            firehose: firehose.clone(),
        }
    }

    /// Stops with [`Step::Full`] when more pieces than this are kept, for a host with less memory.
    pub fn keep_at_most(&mut self, pieces: u64) {
        self.keep_max = pieces.min(limits::FIREHOSE_KEPT_MAX);
    }

    /// Says whose function it is that transforms the records: its invocations have that owner.
    pub const fn belong_to(&mut self, owner: Owner) {
        self.transformer.belong_to(owner);
    }

    /// Takes what a reader of the source has read, in order of time, with the place of each in the source; those may be
    /// left out where nobody asks what the function does.
    pub fn give(&mut self, offers: impl IntoIterator<Item = Offer>, origins: impl IntoIterator<Item = Origin>) {
        self.offers.give(offers);
        self.transformer.come_from(origins);
    }

    /// The instant that has been reached: everything before it has happened.
    pub const fn now(&self) -> SimTime {
        SimTime::from_micros(self.now)
    }

    /// The end of the run.
    pub const fn end(&self) -> SimTime {
        SimTime::from_micros(self.end)
    }

    /// Arrivals and events since the start of the run: what a budget counts.
    pub const fn worked(&self) -> u64 {
        self.worked
    }

    /// Runs until everything before `until` has happened, or until about `budget` arrivals and events have. It waits for
    /// the answer to an invocation of the function when that begins.
    pub fn advance(&mut self, until: SimTime, budget: u32, observer: &mut impl FirehoseObserver) -> Step {
        let until = until.micros().clamp(self.now, self.end);
        let enough = self.worked.saturating_add(u64::from(budget));
        loop {
            if let Some(id) = self.begin_answered(observer) {
                return Step::Waiting(id);
            }
            let (planned, arrival) = (self.agenda.next_at(), self.offers.next_at());
            let next = planned.min(arrival);
            if next >= until {
                self.now = until;
                return Step::Reached;
            }
            if self.worked >= enough {
                return Step::Spent;
            }
            self.now = next;
            self.worked += 1;
            if next < planned {
                let record = self.offers.take();
                self.offered(&record, observer);
                continue;
            }
            if self.kept() > self.keep_max {
                return Step::Full;
            }
            if let Some((_, event)) = self.agenda.pop() {
                self.happen(event, observer);
            }
        }
    }

    /// Single records and counted groups of them that are somewhere.
    fn kept(&self) -> u64 {
        let held = self.producer.as_ref().map_or(0, Producer::held);
        held + self.transformer.records() + self.buffers.kept + self.deliveries.kept()
    }

    #[inline(always)]
    fn tell(&self, observer: &mut impl FirehoseObserver, fact: FirehoseFact<'_>) {
        observer.observe(SimTime::from_micros(self.now), fact);
    }

    fn happen(&mut self, event: Event, observer: &mut impl FirehoseObserver) {
        match event {
            Event::Lingered(call) => self.lingered(call, observer),
            Event::Again(group) => self.put_again(group, observer),
            Event::QuotasRaised => {
                let bytes_per_s = self.quotas.raise(self.now);
                self.tell(observer, FirehoseFact::QuotasRaised { bytes_per_s });
            }
            Event::BatchDue(batch) => self.batch_due(batch, observer),
            Event::BatchFull => self.start_batches(observer),
            Event::Invoked(batch) => self.invoked(batch, observer),
            Event::Due(partition, delivered) => self.buffer_due(partition, delivered, observer),
            Event::Staged(slot) => self.staged(slot, observer),
            Event::Attempted(slot) => self.attempted(slot, observer),
            Event::Retried(slot) => self.submit(slot),
            Event::BackupDue(number) => self.backup_due(number, observer),
        }
    }

    #[inline]
    fn offered(&mut self, record: &Record, observer: &mut impl FirehoseObserver) {
        self.tell(observer, FirehoseFact::Offered { record });
        let entry = Entry { offered: self.now, key: record.key, size: record.size, number: record.number };
        if self.producer.is_some() {
            self.gather(entry, observer);
        } else {
            self.tell(observer, FirehoseFact::Accepted { entries: &[entry] });
            self.take_in(&[entry], observer);
        }
    }

    /// Records that the delivery stream has accepted.
    fn take_in(&mut self, entries: &[Entry], observer: &mut impl FirehoseObserver) {
        if self.firehose.stream.transform.memory_mb.is_some() {
            entries.iter().for_each(|entry| self.for_function(*entry));
        } else {
            let now = self.now;
            entries.iter().for_each(|entry| self.buffer_entry(*entry, None, now, observer));
        }
    }
}
