//! What puts into a delivery stream: it gathers calls, and puts again what was refused.

use super::fact::{FirehoseFact, FirehoseObserver, PutLoss, PutQuota};
use super::slab::Slab;
use super::{Event, FirehoseEngine};
use crate::engine::rng::{Actor, Rng};
use crate::limits;
use crate::scenario::{Firehose, FirehoseProducer, Jitter};

/// A record on its way to the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it was offered, µs.
    pub offered: u64,
    /// Number of its partition key.
    pub key: u32,
    /// Bytes of data.
    pub size: u32,
    /// Its number among all that were offered.
    pub number: u32,
}

/// Entries that were refused together.
#[derive(Clone, Debug, Default)]
struct Group {
    entries: Vec<Entry>,
    /// Attempts so far.
    attempts: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Producer {
    settings: FirehoseProducer,
    /// The call that is being gathered.
    call: Vec<Entry>,
    call_bytes: u64,
    /// Calls that were begun.
    calls: u32,
    groups: Slab<Group>,
    /// Records in its memory.
    held: u64,
    rng: Rng,
    /// What a call was answered with.
    accepted: Vec<Entry>,
}

impl Producer {
    pub fn new(seed: u64, firehose: &Firehose) -> Self {
        Self {
            settings: firehose.stream.producer,
            call: Vec::new(),
            call_bytes: 0,
            calls: 0,
            groups: Slab::new(),
            held: 0,
            rng: Rng::of(seed, Actor::Firehose(0)),
            accepted: Vec::new(),
        }
    }

    pub const fn held(&self) -> u64 {
        self.held
    }

    /// Wait after so many attempts, µs.
    fn backoff(&mut self, attempts: u32) -> u64 {
        let doubled = self.settings.backoff.micros() << (attempts - 1).min(32);
        let bound = doubled.min(self.settings.backoff_max.micros());
        match self.settings.jitter {
            Jitter::Full => self.rng.below(bound + 1),
            Jitter::Equal => bound / 2 + self.rng.below(bound - bound / 2 + 1),
            Jitter::None => bound,
        }
    }
}

impl FirehoseEngine {
    /// A record is offered to the producer.
    #[inline]
    pub(super) fn gather(&mut self, entry: Entry, observer: &mut impl FirehoseObserver) {
        let Some(producer) = &mut self.producer else { return };
        let size = u64::from(entry.size);
        let cause = if size > limits::FIREHOSE_RECORD_MAX.get() {
            Some(PutLoss::TooLarge)
        } else if producer.held >= u64::from(producer.settings.buffer) {
            Some(PutLoss::BufferFull)
        } else {
            None
        };
        if let Some(cause) = cause {
            return self.tell(observer, FirehoseFact::LostAtProducer { records: 1, cause });
        }
        producer.held += 1;
        if producer.call_bytes + size > limits::FIREHOSE_BATCH_BYTES_MAX.get() {
            self.send_call(observer);
        }
        let Some(producer) = &mut self.producer else { return };
        producer.call.push(entry);
        producer.call_bytes += size;
        if producer.call.len() >= producer.settings.batch as usize {
            self.send_call(observer);
        } else if producer.call.len() == 1 {
            let at = self.now + producer.settings.linger.micros();
            self.agenda.push(at, Event::Lingered(producer.calls));
        }
    }

    pub(super) fn lingered(&mut self, call: u32, observer: &mut impl FirehoseObserver) {
        if self.producer.as_ref().is_some_and(|producer| producer.calls == call && !producer.call.is_empty()) {
            self.send_call(observer);
        }
    }

    fn send_call(&mut self, observer: &mut impl FirehoseObserver) {
        let Some(producer) = &mut self.producer else { return };
        let group = producer.groups.place();
        let Group { entries, attempts } = &mut producer.groups[group];
        std::mem::swap(entries, &mut producer.call);
        producer.call.clear();
        *attempts = 0;
        producer.call_bytes = 0;
        producer.calls = producer.calls.wrapping_add(1);
        self.put(group, observer);
    }

    pub(super) fn put_again(&mut self, group: u32, observer: &mut impl FirehoseObserver) {
        self.put(group, observer);
    }

    /// A call. Its entries are judged one by one, in order; those that were refused stay in the group.
    fn put(&mut self, group: u32, observer: &mut impl FirehoseObserver) {
        let Some(producer) = &mut self.producer else { return };
        let Producer { groups, accepted, .. } = producer;
        let Group { entries, attempts } = &mut groups[group];
        let called = FirehoseFact::Called { entries: entries.len() as u32, attempt: *attempts + 1 };
        *attempts += 1;
        let mut refused = [0; PutQuota::COUNT];
        accepted.clear();
        match self.quotas.request(self.now) {
            Err(quota) => refused[quota as usize] += entries.len() as u32,
            Ok(()) => entries.retain(|entry| match self.quotas.entry(entry.size) {
                Ok(()) => {
                    accepted.push(*entry);
                    false
                }
                Err(quota) => {
                    refused[quota as usize] += 1;
                    true
                }
            }),
        }
        let (left, attempts) = (entries.len() as u32, *attempts);
        producer.held -= accepted.len() as u64;
        let accepted = std::mem::take(accepted);
        self.tell(observer, called);
        self.tell(observer, FirehoseFact::Accepted { entries: &accepted });
        self.take_in(&accepted, observer);
        let Some(producer) = &mut self.producer else { return };
        producer.accepted = accepted;
        if left == 0 {
            return producer.groups.free(group);
        }
        let again = attempts < producer.settings.attempts;
        if again {
            let at = self.now + producer.backoff(attempts);
            self.agenda.push(at, Event::Again(group));
        } else {
            producer.held -= u64::from(left);
            producer.groups.free(group);
        }
        self.tell(observer, FirehoseFact::Throttled { records: refused });
        if !again {
            self.tell(observer, FirehoseFact::LostAtProducer { records: left, cause: PutLoss::Exhausted });
        }
        if let Some(after) = self.firehose.stream.quota.scale_after
            && !self.quotas.raising
        {
            self.quotas.raising = true;
            self.agenda.push(self.now + after.micros(), Event::QuotasRaised);
        }
    }
}
