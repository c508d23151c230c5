//! The engine's observer that counts: facts become frames and latency histograms.

mod consumer;

use super::histogram::Histogram;
use super::note::{Note, NoteKind};
use super::positions;
use super::timeline::{Metric, ShardMetric, Timeline};
use crate::engine::record::Run;
use crate::engine::{Engine, Fact, InvokedRecord, LossCause, Observer, Record, WriteLimit};
use crate::hash_key::HashKey;
use crate::limits;
use crate::scenario::Scenario;
use crate::units::SimTime;
use consumer::ConsumerCounts;

/// Batches that a run tells one by one when they are given up; beyond it they are only counted.
const GIVEN_UP_TOLD_MAX: u32 = 500;

/// Counts facts into the frame that is open, and closes frames when told.
#[derive(Clone, Debug)]
pub struct Recorder {
    timeline: Timeline,
    frame_start: SimTime,
    shards: Vec<ShardCounts>,
    counts: Counts,
    /// What the engine itself had counted when the frame began: records that were offered, and put calls.
    before: (u64, u64),
    consumers: Vec<ConsumerCounts>,
    order: Order,
    /// Batches that were given up and told one by one.
    told_given_up: u32,
    /// Records of them that reports carry.
    told_records: u64,
    /// Lanes of each consumer whose positions are kept of a frame.
    lanes_of_each: usize,
}

/// Whether the records of a key are stored in the order in which they were offered.
#[derive(Clone, Debug, Default)]
struct Order {
    /// For each key one more than the number of its newest record that is stored.
    newest: Vec<u32>,
    /// For each key the records stored after later ones.
    overtaken: Vec<u32>,
    /// The key with most of them, and how many it has.
    worst: (u32, u32),
}

/// What is counted in the open frame for the stream as a whole. Sums over shards are taken when it closes.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    put_units: u64,
    stored_kib: u64,
    read_bytes: u64,
    lost: [u64; 5],
    overtaken: u64,
    duplicates: u64,
    unanswered: u64,
    get_records_calls: u64,
    read_records: u64,
    subscriptions: u64,
    pushed_events: u64,
    pushed_records: u64,
    pushed_bytes: u64,
}

/// What is counted in the open frame for one shard.
#[derive(Clone, Copy, Debug, Default)]
struct ShardCounts {
    read_throttled: u64,
    /// What the shard itself had counted when the frame began.
    before: Before,
}

/// What a shard counts by itself.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    /// First attempts.
    offered: u64,
    stored: u64,
    bytes: u64,
    throttled: u64,
    /// Kinesis records: stored, and rejected.
    entries: u64,
    rejected: u64,
}

impl Recorder {
    /// A recorder for a run of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let shards = scenario.stream.open_at_start() as usize;
        let width = Timeline::width_of(scenario);
        let keys = scenario.traffic.keys.count() as usize;
        let consumers = scenario.consumers.len();
        let parts: u32 = scenario.consumers.iter().map(|consumer| consumer.parallelization).sum();
        Self {
            timeline: Timeline::new(scenario.length, width, shards, consumers),
            frame_start: SimTime::ZERO,
            shards: vec![ShardCounts::default(); shards],
            counts: Counts::default(),
            before: (0, 0),
            consumers: vec![ConsumerCounts::new(shards); consumers],
            order: Order { newest: vec![0; keys], overtaken: vec![0; keys], worst: (0, 0) },
            told_given_up: 0,
            told_records: 0,
            lanes_of_each: positions::lanes_of_each(parts as usize),
        }
    }

    /// The frames closed so far.
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Start of the open frame: the end of the closed ones.
    pub const fn frame_start(&self) -> SimTime {
        self.frame_start
    }

    /// End of the open frame; `None` when every frame of the run is closed.
    pub fn frame_end(&self) -> Option<SimTime> {
        let frame = self.timeline.frames();
        (frame < self.timeline.frames_total()).then(|| self.timeline.end_of(frame))
    }

    /// Put to processed by a consumer, over the closed frames.
    pub fn put_latency(&self, consumer: usize) -> Histogram {
        self.consumers[consumer].run_latencies.put()
    }

    /// How long writes of a consumer waited at its store, over the closed frames; nothing where it wrote none.
    pub fn write_waits(&self, consumer: usize) -> Option<&Histogram> {
        self.consumers[consumer].run_waits()
    }

    /// Offered to processed by a consumer, over the closed frames.
    pub fn offer_latency(&self, consumer: usize) -> Histogram {
        self.consumers[consumer].run_latencies.offer()
    }

    /// Closes the open frame; the engine stands at its end and is read for the gauges.
    pub fn close_frame(&mut self, engine: &Engine) {
        let consumers = self.consumers.len();
        let (mut values, mut retried) = (vec![0.0; Metric::columns(consumers)], 0);
        let (mut entries, mut rejected) = (0, 0);
        let width = ShardMetric::columns(consumers);
        let mut shard_values = vec![0.0; width * self.shards.len()];
        for (index, counts) in self.shards.iter_mut().enumerate() {
            // What a shard counts by itself is not counted a second time for each record.
            let shard = &engine.stream().shards[index];
            let counted = Before {
                offered: shard.first_attempts,
                stored: shard.log.tail(),
                bytes: shard.log.bytes(),
                throttled: shard.rejected_records,
                entries: shard.log.entries(),
                rejected: shard.rejected_entries(),
            };
            let before = std::mem::replace(&mut counts.before, counted);
            let (stored, bytes) = (counted.stored - before.stored, counted.bytes - before.bytes);
            let throttled = counted.throttled - before.throttled;
            entries += counted.entries - before.entries;
            rejected += counted.rejected - before.rejected;
            let offered = counted.offered - before.offered;
            retried += stored + throttled - offered;
            let own = [
                (ShardMetric::Offered, offered),
                (ShardMetric::Stored, stored),
                (ShardMetric::StoredBytes, bytes),
                (ShardMetric::Throttled, throttled),
                (ShardMetric::ReadThrottled, counts.read_throttled),
            ];
            for (metric, value) in own {
                shard_values[index * width + metric.index()] = value as f64;
            }
            for (stream, shard) in SUMMED {
                values[stream.index()] += shard_values[index * width + shard.index()];
            }
            *counts = ShardCounts { before: counts.before, ..ShardCounts::default() };
        }
        let counts = std::mem::take(&mut self.counts);
        let counted = (engine.offered(), engine.stream().put_calls);
        let before = std::mem::replace(&mut self.before, counted);
        let own = [
            (Metric::Offered, (counted.0 - before.0) as f64),
            (Metric::PutCalls, (counted.1 - before.1) as f64),
            (Metric::Retried, retried as f64),
            (Metric::PutUnits, counts.put_units as f64),
            (Metric::StoredKib, counts.stored_kib as f64),
            (Metric::ReadBytes, counts.read_bytes as f64),
            (Metric::LostIgnored, counts.lost[LossCause::Ignored as usize] as f64),
            (Metric::LostExhausted, counts.lost[LossCause::Exhausted as usize] as f64),
            (Metric::LostTooOld, counts.lost[LossCause::TooOld as usize] as f64),
            (Metric::LostBufferFull, counts.lost[LossCause::BufferFull as usize] as f64),
            (Metric::LostHostDied, counts.lost[LossCause::HostDied as usize] as f64),
            (Metric::IncomingRecords, entries as f64),
            (Metric::WriteThrottled, rejected as f64),
            (Metric::Duplicates, counts.duplicates as f64),
            (Metric::Unanswered, counts.unanswered as f64),
            (Metric::Overtaken, counts.overtaken as f64),
            (Metric::OvertakenKey, f64::from(self.order.worst.0)),
            (Metric::OvertakenMost, f64::from(self.order.worst.1)),
            (Metric::AtProducer, engine.at_producer() as f64),
            (Metric::OpenShards, engine.stream().open().len() as f64),
            (Metric::GetRecordsCalls, counts.get_records_calls as f64),
            (Metric::ReadRecords, counts.read_records as f64),
            (Metric::Subscriptions, counts.subscriptions as f64),
            (Metric::PushedEvents, counts.pushed_events as f64),
            (Metric::PushedRecords, counts.pushed_records as f64),
            (Metric::PushedBytes, counts.pushed_bytes as f64),
        ];
        for (metric, value) in own {
            values[metric.index()] = value;
        }
        for (index, consumer) in self.consumers.iter_mut().enumerate() {
            consumer.close_frame(engine, index, &mut values, &mut shard_values);
        }
        self.timeline.push(&values, &shard_values);
        self.timeline.push_positions(engine, self.lanes_of_each);
        self.frame_start = engine.now();
    }

    /// A record of a key is stored after a later one, or once more. It comes in parts, so that where this is not called
    /// the record stays in registers.
    #[cold]
    #[inline(never)]
    fn stored_late(&mut self, key: u32, copies: u8) {
        if copies > 0 {
            self.counts.duplicates += 1;
            return;
        }
        self.counts.overtaken += 1;
        let overtaken = &mut self.order.overtaken[key as usize];
        *overtaken += 1;
        if *overtaken > self.order.worst.1 {
            self.order.worst = (key, *overtaken);
        }
    }

    /// What another poller missed is no consumer's loss.
    fn of_reader(&mut self, reader: u32, at: SimTime, fact: Fact<'_>) {
        if let Some(consumer) = self.consumers.get_mut(reader as usize) {
            consumer.observe(at, fact);
        }
    }

    fn note(&mut self, at: SimTime, what: NoteKind) {
        self.timeline.note(Note { at, what });
    }
}

/// Stream-level metrics that are sums over shards.
const SUMMED: [(Metric, ShardMetric); 4] = [
    (Metric::Stored, ShardMetric::Stored),
    (Metric::StoredBytes, ShardMetric::StoredBytes),
    (Metric::Throttled, ShardMetric::Throttled),
    (Metric::ReadThrottled, ShardMetric::ReadThrottled),
];

impl Observer for Recorder {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::Offered { record } => self.offered(at, record),
            Fact::PutCalled { entries, attempt } => self.put_called(at, entries, attempt),
            Fact::Stored { shard, record, bytes } => self.stored(at, shard, record, bytes),
            Fact::Throttled { shard, record, limit } => self.throttled(at, shard, record, limit),
            Fact::Processed { reader, shard, id, started, batch } => {
                self.processed(at, reader, shard, id, started, batch);
            }
            Fact::Lost { record, cause } => self.lost(at, record, cause),
            Fact::Unanswered { .. } => self.counts.unanswered += 1,
            Fact::HostsDied { .. } => {}
            Fact::Read { .. } | Fact::InvocationStarted { .. } => self.batch(at, fact),
            Fact::ReadThrottled { reader, shard } => {
                self.shards[shard as usize].read_throttled += 1;
                self.of_reader(reader, at, fact);
            }
            Fact::Subscribed { .. } => self.counts.subscriptions += 1,
            Fact::Pushed { reader, records, bytes, .. } => {
                self.counts.pushed_events += 1;
                self.counts.pushed_records += u64::from(records);
                self.counts.pushed_bytes += bytes;
                self.of_reader(reader, at, fact);
            }
            Fact::Discarded { given_up, records } => {
                self.of_reader(given_up.reader, at, fact);
                // A run may give up millions of records one by one; the first ones tell how.
                if self.told_given_up < GIVEN_UP_TOLD_MAX {
                    self.told_given_up += 1;
                    // Only as many as the reports of a run can carry; a report beyond them goes without.
                    let carried = self.told_records + records.len() as u64;
                    let kept = if carried <= limits::REPORT_RECORDS_MAX { records } else { &[] };
                    self.told_records += kept.len() as u64;
                    let kept = kept.iter().map(|of| {
                        // What only the producer knows of a record is not told.
                        let Record { offered, arrived, number, key, size, .. } = of.record;
                        let record = Record { offered, arrived, number, key, size, ..Record::default() };
                        InvokedRecord { record, ..*of }
                    });
                    self.note(at, NoteKind::GivenUp(given_up, kept.collect()));
                }
            }
            Fact::WorkersDied { .. } => {}
            Fact::IteratorExpired { reader, .. }
            | Fact::LeaseLost { reader, .. }
            | Fact::Reprocessed { reader, .. }
            | Fact::Checkpointed { reader, .. }
            | Fact::CheckpointRefused { reader, .. }
            | Fact::LeaseExpired { reader, .. }
            | Fact::LeaseTableCalled { reader, .. }
            | Fact::InvocationThrottled { reader, .. }
            | Fact::EnvironmentMade { reader, .. }
            | Fact::EnvironmentsLost { reader, .. }
            | Fact::InvocationFailed { reader, .. }
            | Fact::Expired { reader, .. }
            | Fact::FilteredOut { reader, .. }
            | Fact::Written { reader, .. }
            | Fact::WriteRefused { reader, .. }
            | Fact::WindowEnded { reader, .. }
            | Fact::Skipped { reader, .. } => self.of_reader(reader, at, fact),
            Fact::OperationApplied { index } => self.note(at, NoteKind::Operation { index }),
            Fact::Refused { by, error } => self.note(at, NoteKind::refused(by, error)),
            Fact::PolicyCalled { from, target } => self.note(at, NoteKind::Policy { from, target }),
            Fact::ShardOpened { shard, parents, range } => {
                self.shards.push(ShardCounts::default());
                self.consumers.iter_mut().for_each(ConsumerCounts::shard_opened);
                let part = |key: HashKey| key.get() as f64 / u128::MAX as f64;
                self.note(at, NoteKind::Opened { shard, parents, range: [part(range.start()), part(range.end())] });
            }
            Fact::ShardClosed { shard } => self.note(at, NoteKind::Closed { shard }),
            Fact::StreamActive => self.note(at, NoteKind::Active),
            Fact::ModeChanged { mode } => self.note(at, NoteKind::Mode { mode }),
            Fact::RetentionChanged { retention } => self.note(at, NoteKind::Retention { retention }),
        }
    }

    // The engine counts these.
    #[inline(always)]
    fn offered(&mut self, _: SimTime, _: &Record) {}

    #[inline(always)]
    fn put_called(&mut self, _: SimTime, _: u32, _: u32) {}

    #[inline(always)]
    fn batch(&mut self, at: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::Read { reader, shard, records, bytes, behind, withheld } => {
                self.counts.read_bytes += bytes;
                self.counts.get_records_calls += 1;
                self.counts.read_records += u64::from(records);
                if let Some(consumer) = self.consumers.get_mut(reader as usize) {
                    consumer.read(shard, behind, withheld);
                }
            }
            Fact::InvocationStarted { reader, shard, records, attempt, .. } => {
                if let Some(consumer) = self.consumers.get_mut(reader as usize) {
                    consumer.started(at, shard, records, attempt);
                }
            }
            _ => {}
        }
    }

    #[expect(clippy::manual_div_ceil, reason = "`div_ceil` looks at the rest of each division, once a record")]
    #[inline(always)]
    fn stored(&mut self, _: SimTime, _: u32, record: &Record, bytes: u32) {
        let newest = &mut self.order.newest[record.key as usize];
        if record.number < *newest {
            self.stored_late(record.key, record.copies);
        } else {
            *newest = record.number + 1;
        }
        const UNIT: u32 = limits::PUT_PAYLOAD_UNIT.get() as u32;
        self.counts.stored_kib += u64::from((bytes + 1_023) / 1_024);
        self.counts.put_units += u64::from((bytes + UNIT - 1) / UNIT);
    }

    #[inline(always)]
    fn throttled(&mut self, _: SimTime, _: u32, _: &Record, _: WriteLimit) {}

    #[inline(always)]
    fn lost(&mut self, _: SimTime, _: &Record, cause: LossCause) {
        self.counts.lost[cause as usize] += 1;
    }

    #[inline]
    fn processed(&mut self, at: SimTime, reader: u32, shard: u32, _: u64, started: SimTime, batch: Run<'_>) {
        self.consumers[reader as usize].processed(at, shard, started, batch);
    }
}
