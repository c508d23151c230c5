//! The function of a delivery stream, by a model: batches wait for it, it takes its time, fails, drops.

use super::fact::{FirehoseFact, FirehoseObserver, SetAside};
use super::producer::Entry;
use super::slab::Slab;
use super::{Event, FirehoseEngine};
use crate::engine::lambda::within_spread;
use crate::engine::rng::{Actor, Rng};
use crate::scenario::Transform;
use std::collections::VecDeque;

/// A batch with the function, or waiting for it.
#[derive(Clone, Debug, Default)]
struct Batch {
    entries: Vec<Entry>,
    /// When the first of them was accepted.
    opened: u64,
    attempts: u32,
    /// Whether the running invocation fails.
    fails: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Transformer {
    open: Vec<Entry>,
    open_bytes: u64,
    opened: u64,
    /// Batches that were begun.
    begun: u32,
    batches: Slab<Batch>,
    line: VecDeque<u32>,
    running: u32,
    records: u64,
    duration: Rng,
    failure: Rng,
    answer: Rng,
}

impl Transformer {
    pub fn new(seed: u64) -> Self {
        let of = |part| Rng::of(seed, Actor::Firehose(part));
        Self {
            open: Vec::new(),
            open_bytes: 0,
            opened: 0,
            begun: 0,
            batches: Slab::new(),
            line: VecDeque::new(),
            running: 0,
            records: 0,
            duration: of(1),
            failure: of(2),
            answer: of(3),
        }
    }

    /// Records that wait for the function or are with it.
    pub const fn records(&self) -> u64 {
        self.records
    }

    pub const fn running(&self) -> u32 {
        self.running
    }

    /// When the oldest of them was accepted.
    pub fn oldest(&self) -> Option<u64> {
        let open = (!self.open.is_empty()).then_some(self.opened);
        self.batches.iter().filter(|batch| !batch.entries.is_empty()).map(|batch| batch.opened).chain(open).min()
    }
}

impl FirehoseEngine {
    /// An accepted record waits for the function.
    pub(super) fn for_function(&mut self, entry: Entry) {
        let most = self.firehose.stream.transform_bytes().get();
        let Transformer { open, open_bytes, opened, begun, records, .. } = &mut self.transformer;
        *records += 1;
        if open.is_empty() {
            *opened = self.now;
            let at = self.now + self.firehose.stream.transform.interval.micros();
            self.agenda.push(at, Event::BatchDue(*begun));
        }
        open.push(entry);
        *open_bytes += u64::from(entry.size);
        if *open_bytes >= most {
            self.close_batch();
            self.agenda.push(self.now, Event::BatchFull);
        }
    }

    pub(super) fn batch_due(&mut self, batch: u32, observer: &mut impl FirehoseObserver) {
        if self.transformer.begun == batch && !self.transformer.open.is_empty() {
            self.close_batch();
            self.start_batches(observer);
        }
    }

    /// A batch is full, or has waited.
    fn close_batch(&mut self) {
        let transformer = &mut self.transformer;
        let slot = transformer.batches.place();
        let batch = &mut transformer.batches[slot];
        batch.entries.clear();
        std::mem::swap(&mut batch.entries, &mut transformer.open);
        (batch.opened, batch.attempts) = (transformer.opened, 0);
        transformer.open_bytes = 0;
        transformer.begun = transformer.begun.wrapping_add(1);
        transformer.line.push_back(slot);
    }

    pub(super) fn start_batches(&mut self, observer: &mut impl FirehoseObserver) {
        while self.transformer.running < self.firehose.stream.transform.parallel
            && let Some(slot) = self.transformer.line.pop_front()
        {
            self.transformer.running += 1;
            self.invoke(slot, observer);
        }
    }

    fn invoke(&mut self, slot: u32, observer: &mut impl FirehoseObserver) {
        let Transform { fixed, per_record, spread, timeout, error_rate, .. } = self.firehose.stream.transform;
        let Transformer { batches, duration, failure, .. } = &mut self.transformer;
        let batch = &mut batches[slot];
        let records = batch.entries.len() as u64;
        let whole = within_spread((fixed + per_record * records).micros(), spread, duration);
        let time = whole.min(timeout.micros());
        let injected = failure.below(1_000_000) < u64::from(error_rate.millionths());
        batch.fails = injected || whole > time;
        batch.attempts += 1;
        let invoked =
            FirehoseFact::Invoked { records: records as u32, attempt: batch.attempts, time, fails: batch.fails };
        self.agenda.push(self.now + time, Event::Invoked(slot));
        self.tell(observer, invoked);
    }

    pub(super) fn invoked(&mut self, slot: u32, observer: &mut impl FirehoseObserver) {
        let settings = self.firehose.stream.transform;
        let batch = &mut self.transformer.batches[slot];
        if batch.fails && batch.attempts <= settings.retries {
            return self.invoke(slot, observer);
        }
        let (mut entries, opened, fails) = (std::mem::take(&mut batch.entries), batch.opened, batch.fails);
        let mut answers = Answers::default();
        let dropped = u64::from(settings.dropped.millionths());
        let failed = dropped + u64::from(settings.failed.millionths());
        for entry in &entries {
            let die = if fails || failed == 0 { 1_000_000 } else { self.transformer.answer.below(1_000_000) };
            let size = u64::from(entry.size);
            if fails || (die >= dropped && die < failed) {
                answers.failed += 1;
                answers.failed_bytes += size;
            } else if die < dropped {
                answers.dropped += 1;
            } else {
                answers.ok += 1;
                let size = (size * u64::from(settings.size_milli) / 1_000).max(1) as u32;
                self.buffer_entry(Entry { size, ..*entry }, opened, observer);
            }
        }
        self.transformer.records -= entries.len() as u64;
        entries.clear();
        self.transformer.batches[slot].entries = entries;
        self.transformer.batches.free(slot);
        self.transformer.running -= 1;
        self.tell(observer, FirehoseFact::Transformed { ok: answers.ok, dropped: answers.dropped });
        if answers.failed > 0 {
            self.set_aside(answers.failed.into(), answers.failed_bytes, SetAside::Processing, observer);
        }
        self.start_batches(observer);
    }
}

/// What the function said of a batch.
#[derive(Clone, Copy, Debug, Default)]
struct Answers {
    ok: u32,
    dropped: u32,
    failed: u32,
    failed_bytes: u64,
}
