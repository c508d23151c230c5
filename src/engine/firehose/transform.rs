//! The function of a delivery stream: batches wait for it, it takes its time, fails, drops.
//!
//! A model says what it answers, or somebody outside: then the engine asks when an invocation begins, and stands still
//! until it has the answer.

use super::fact::{FirehoseFact, FirehoseObserver, SetAside};
use super::places::Places;
use super::producer::Entry;
use super::question::{GivenRecord, Origin, TransformAnswer, Transformation, Verdict};
use super::slab::Slab;
use super::{Event, FirehoseEngine};
use crate::engine::lambda::within_spread;
use crate::engine::rng::{Actor, Rng};
use crate::engine::{AcceptError, InvocationId, Record};
use crate::limits;
use crate::scenario::{Firehose, Owner, Transform};
use crate::units::SimTime;
use std::collections::VecDeque;

/// A batch with the function, or waiting for it.
#[derive(Clone, Debug, Default)]
struct Batch {
    entries: Vec<Entry>,
    /// The same records as the function sees them, where somebody outside is asked.
    given: Vec<GivenRecord>,
    bytes: u64,
    /// When the first of them was accepted.
    opened: u64,
    attempts: u32,
    /// How long the running invocation takes by the model, µs.
    needs: u64,
    /// Whether the running invocation fails.
    fails: bool,
    /// The number of the running invocation, and its environment.
    number: u64,
    environment: u32,
    answer: Option<TransformAnswer>,
}

#[derive(Clone, Debug)]
pub(super) struct Transformer {
    /// Whether somebody outside says what the function does, and how long it takes.
    asks: bool,
    waits: bool,
    owner: u32,
    open: Vec<Entry>,
    open_given: Vec<GivenRecord>,
    /// Where the records lie that a data stream has handed over and that have not come to the function.
    origins: VecDeque<Origin>,
    open_bytes: u64,
    opened: u64,
    /// Batches that were begun.
    begun: u32,
    batches: Slab<Batch>,
    line: VecDeque<u32>,
    running: u32,
    records: u64,
    /// Invocations that were begun.
    invocations: u64,
    places: Places,
    /// Batches whose invocation waits for an answer, in the order in which they began.
    asked: Vec<u32>,
    questions: Vec<Transformation>,
    duration: Rng,
    failure: Rng,
    answer: Rng,
}

impl Transformer {
    pub fn new(seed: u64, firehose: &Firehose) -> Self {
        let of = |part| Rng::of(seed, Actor::Firehose(part));
        Self {
            asks: firehose.asks(),
            waits: firehose.handling.waits_for_code(),
            owner: Owner::Design(0).number(),
            open: Vec::new(),
            open_given: Vec::new(),
            origins: VecDeque::new(),
            open_bytes: 0,
            opened: 0,
            begun: 0,
            batches: Slab::new(),
            line: VecDeque::new(),
            running: 0,
            records: 0,
            invocations: 0,
            places: Places::new(limits::LAMBDA_IDLE_LIFE),
            asked: Vec::new(),
            questions: Vec::new(),
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

    /// Whose function it is.
    pub const fn belong_to(&mut self, owner: Owner) {
        self.owner = owner.number();
    }

    /// Where the next records lie that come to the function.
    pub fn come_from(&mut self, origins: impl IntoIterator<Item = Origin>) {
        if self.asks {
            self.origins.extend(origins);
        }
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
        let Transformer { asks, open, open_given, open_bytes, opened, origins, begun, records, .. } =
            &mut self.transformer;
        *records += 1;
        if open.is_empty() {
            *opened = self.now;
            let at = self.now + self.firehose.stream.transform.interval.micros();
            self.agenda.push(at, Event::BatchDue(*begun));
        }
        open.push(entry);
        if *asks {
            let Entry { offered, key, size, number } = entry;
            let put = Record { offered, arrived: self.now, number, key, size, attempt: 1, ..Record::default() };
            let origin = origins.pop_front();
            open_given.push(GivenRecord { record: origin.map_or(put, |origin| origin.of.record), origin });
        }
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
        batch.given.clear();
        std::mem::swap(&mut batch.entries, &mut transformer.open);
        std::mem::swap(&mut batch.given, &mut transformer.open_given);
        (batch.opened, batch.attempts) = (transformer.opened, 0);
        batch.bytes = std::mem::take(&mut transformer.open_bytes);
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
        let Transformer { asks, waits, batches, duration, failure, .. } = &mut self.transformer;
        let batch = &mut batches[slot];
        let modelled = (fixed + per_record * batch.entries.len() as u64).micros();
        let needs = if *waits { 0 } else { within_spread(modelled, spread, duration) };
        let injected = failure.below(1_000_000) < u64::from(error_rate.millionths());
        // The service hands nothing over that has more in base64.
        let refused = batch.bytes.div_ceil(3) * 4 > limits::FIREHOSE_TRANSFORM_PAYLOAD.get();
        batch.fails = injected || refused;
        batch.attempts += 1;
        let known = batch.fails || needs > timeout.micros();
        if *asks && !refused && (*waits || !known) {
            batch.needs = needs;
            self.ask(slot);
        } else {
            self.begin(slot, needs, 0, observer);
        }
    }

    /// An invocation begins that takes so many microseconds once its environment has started for so many.
    fn begin(&mut self, slot: u32, needs: u64, init: u64, observer: &mut impl FirehoseObserver) {
        let timeout = self.firehose.stream.transform.timeout.micros();
        let batch = &mut self.transformer.batches[slot];
        batch.fails |= needs > timeout;
        let time = init + needs.min(timeout);
        let records = batch.entries.len() as u32;
        let invoked = FirehoseFact::Invoked { records, attempt: batch.attempts, time, fails: batch.fails };
        self.agenda.push(self.now + time, Event::Invoked(slot));
        self.tell(observer, invoked);
    }

    /// Hands an invocation out for its answer.
    fn ask(&mut self, slot: u32) {
        let Transformer { owner, batches, invocations, places, asked, questions, .. } = &mut self.transformer;
        let batch = &mut batches[slot];
        let (environment, cold) = places.take(self.now);
        (batch.number, batch.environment) = (*invocations, environment);
        *invocations += 1;
        asked.push(slot);
        questions.push(Transformation {
            id: InvocationId::new(*owner, 0, batch.number),
            attempt: batch.attempts,
            started: SimTime::from_micros(self.now),
            ends: SimTime::from_micros(self.now + batch.needs),
            environment,
            cold,
            records: batch.given.clone(),
        });
    }

    /// Begins what was asked and answered; gives the first that was not.
    #[inline]
    pub(super) fn begin_answered(&mut self, observer: &mut impl FirehoseObserver) -> Option<InvocationId> {
        if self.transformer.asked.is_empty() { None } else { self.begin_those(observer) }
    }

    #[cold]
    fn begin_those(&mut self, observer: &mut impl FirehoseObserver) -> Option<InvocationId> {
        let Transformer { owner, asked, batches, .. } = &self.transformer;
        let open = asked.iter().map(|slot| &batches[*slot]).find(|batch| batch.answer.is_none());
        if let Some(batch) = open {
            return Some(InvocationId::new(*owner, 0, batch.number));
        }
        let asked = std::mem::take(&mut self.transformer.asked);
        for slot in &asked {
            let batch = &mut self.transformer.batches[*slot];
            let Some(TransformAnswer { records, took, init }) = &batch.answer else { continue };
            batch.fails |= records.is_none();
            let (needs, init) = match self.transformer.waits {
                true => (took.micros(), init.micros()),
                false => (batch.needs, 0),
            };
            self.begin(*slot, needs, init, observer);
        }
        self.transformer.asked = asked;
        self.transformer.asked.clear();
        None
    }

    /// The invocations that wait for an answer and have not been taken yet.
    pub fn take_transformations(&mut self) -> Vec<Transformation> {
        std::mem::take(&mut self.transformer.questions)
    }

    /// Gives the answer to an invocation of the function.
    ///
    /// # Errors
    /// When no invocation with this id waits for one.
    pub fn accept(&mut self, id: InvocationId, answer: TransformAnswer) -> Result<(), AcceptError> {
        let Transformer { owner, asked, batches, .. } = &mut self.transformer;
        let asks = |slot: &&u32| *owner == id.consumer() && batches[**slot].number == id.number();
        let slot = asked.iter().find(asks).copied().ok_or(AcceptError)?;
        match &mut batches[slot].answer {
            Some(_) => Err(AcceptError),
            open => {
                *open = Some(answer);
                Ok(())
            }
        }
    }

    pub(super) fn invoked(&mut self, slot: u32, observer: &mut impl FirehoseObserver) {
        let batch = &mut self.transformer.batches[slot];
        let answer = batch.answer.take();
        if answer.is_some() {
            self.transformer.places.give_back(batch.environment, self.now);
        }
        if batch.fails && batch.attempts <= self.firehose.stream.transform.retries {
            return self.invoke(slot, observer);
        }
        let (mut entries, opened, fails) = (std::mem::take(&mut batch.entries), batch.opened, batch.fails);
        let mut answers = Answers::default();
        match answer.and_then(|answer| answer.records).filter(|_| !fails) {
            Some(records) => self.as_answered(&entries, &records, opened, &mut answers, observer),
            None => self.by_model(&entries, fails, opened, &mut answers, observer),
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

    /// Deals with the records of a batch as the answer says.
    fn as_answered(
        &mut self,
        entries: &[Entry],
        records: &[Verdict],
        opened: u64,
        answers: &mut Answers,
        observer: &mut impl FirehoseObserver,
    ) {
        let said = records.iter().chain(std::iter::repeat(&Verdict::Failed));
        for (entry, verdict) in entries.iter().zip(said) {
            match verdict {
                Verdict::Ok { bytes, partition } => {
                    answers.ok += 1;
                    self.buffer_entry(Entry { size: *bytes, ..*entry }, partition.as_ref(), opened, observer);
                }
                Verdict::Dropped => answers.dropped += 1,
                Verdict::Failed => answers.fail(entry),
            }
        }
    }

    /// Deals with them as the shares of the model say, or as a failure does.
    fn by_model(
        &mut self,
        entries: &[Entry],
        fails: bool,
        opened: u64,
        answers: &mut Answers,
        observer: &mut impl FirehoseObserver,
    ) {
        let settings = self.firehose.stream.transform;
        let dropped = u64::from(settings.dropped.millionths());
        let failed = dropped + u64::from(settings.failed.millionths());
        for entry in entries {
            let die = if fails || failed == 0 { 1_000_000 } else { self.transformer.answer.below(1_000_000) };
            if fails || (die >= dropped && die < failed) {
                answers.fail(entry);
            } else if die < dropped {
                answers.dropped += 1;
            } else {
                answers.ok += 1;
                let size = (u64::from(entry.size) * u64::from(settings.size_milli) / 1_000).max(1) as u32;
                self.buffer_entry(Entry { size, ..*entry }, None, opened, observer);
            }
        }
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

impl Answers {
    fn fail(&mut self, entry: &Entry) {
        self.failed += 1;
        self.failed_bytes += u64::from(entry.size);
    }
}
