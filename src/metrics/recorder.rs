//! The engine's observer that counts: facts become frames and latency histograms.

use super::histogram::Histogram;
use super::note::{Note, NoteKind};
use super::timeline::{Metric, ShardMetric, Timeline};
use crate::engine::record::Run;
use crate::engine::{Engine, Fact, LossCause, Observer, Record, WriteLimit};
use crate::hash_key::HashKey;
use crate::limits;
use crate::scenario::Scenario;
use crate::units::{SimTime, Span};

/// Batches that a run tells one by one when they are given up; beyond it they are only counted.
const GIVEN_UP_TOLD_MAX: u32 = 500;

/// The reader that the ledger speaks of.
const CONSUMER: u32 = 0;

/// Counts facts into the frame that is open, and closes frames when told.
#[derive(Clone, Debug)]
pub struct Recorder {
    timeline: Timeline,
    frame_start: SimTime,
    shards: Vec<ShardCounts>,
    counts: Counts,
    /// What the engine itself had counted when the frame began: records that were offered, and put calls.
    before: (u64, u64),
    put_latency: Latency,
    offer_latency: Latency,
    order: Order,
    /// Batches that were given up and told one by one.
    told_given_up: u32,
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
    expired: u64,
    invocations: u64,
    errors: u64,
    item_failures: u64,
    redelivered: u64,
    discarded: u64,
    given_up: u64,
    duration_ms: u64,
    get_records_calls: u64,
    read_records: u64,
    consumer_reads: u64,
    consumer_reads_refused: u64,
    empty_answers: u64,
    iterators_expired: u64,
    subscriptions: u64,
    pushed_events: u64,
    pushed_records: u64,
    pushed_bytes: u64,
}

/// What is counted in the open frame for one shard.
#[derive(Clone, Copy, Debug, Default)]
struct ShardCounts {
    processed: u64,
    read_throttled: u64,
    busy: u64,
    /// Since when the running invocation counts for this frame.
    busy_since: Option<SimTime>,
    /// How far behind the last answer to the consumer was.
    behind: Span,
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

/// A latency: over the open frame, and over the run.
#[derive(Clone, Debug, Default)]
struct Latency {
    frame: Histogram,
    run: Histogram,
}

impl Recorder {
    /// A recorder for a run of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let shards = scenario.stream.open_at_start() as usize;
        let width = Timeline::width_of(scenario);
        let keys = scenario.traffic.keys.count() as usize;
        Self {
            timeline: Timeline::new(scenario.length, width, shards),
            frame_start: SimTime::ZERO,
            shards: vec![ShardCounts::default(); shards],
            counts: Counts::default(),
            before: (0, 0),
            put_latency: Latency::default(),
            offer_latency: Latency::default(),
            order: Order { newest: vec![0; keys], overtaken: vec![0; keys], worst: (0, 0) },
            told_given_up: 0,
        }
    }

    /// The frames closed so far.
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// End of the open frame; `None` when every frame of the run is closed.
    pub fn frame_end(&self) -> Option<SimTime> {
        let frame = self.timeline.frames();
        (frame < self.timeline.frames_total()).then(|| self.timeline.end_of(frame))
    }

    /// Put to processed, over the closed frames.
    pub const fn put_latency(&self) -> &Histogram {
        &self.put_latency.run
    }

    /// Offered to processed, over the closed frames.
    pub const fn offer_latency(&self) -> &Histogram {
        &self.offer_latency.run
    }

    /// Closes the open frame; the engine stands at its end and is read for the gauges.
    pub fn close_frame(&mut self, engine: &Engine) {
        let now = engine.now();
        let (mut values, mut retried) = ([0.0; Metric::COUNT], 0);
        let (mut entries, mut rejected) = (0, 0);
        let mut shard_values = vec![0.0; ShardMetric::COUNT * self.shards.len()];
        for (index, counts) in self.shards.iter_mut().enumerate() {
            let lane = engine.lane(index as u32);
            if let Some(since) = &mut counts.busy_since {
                counts.busy += now.since(*since).micros();
                *since = now;
            }
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
            let age = lane.oldest_arrival.map_or(0.0, |at| now.since(at).millis_f64());
            let of = |metric| match metric {
                ShardMetric::Offered => offered as f64,
                ShardMetric::Stored => stored as f64,
                ShardMetric::StoredBytes => bytes as f64,
                ShardMetric::Throttled => throttled as f64,
                ShardMetric::Processed => counts.processed as f64,
                ShardMetric::Waiting => lane.waiting as f64,
                ShardMetric::InFlight => lane.in_flight as f64,
                ShardMetric::BusyMs => counts.busy as f64 / 1_000.0,
                ShardMetric::ReadThrottled => counts.read_throttled as f64,
                ShardMetric::IteratorAgeMs => age,
            };
            for metric in ShardMetric::ALL {
                shard_values[index * ShardMetric::COUNT + metric.index()] = of(*metric);
            }
            for (stream, shard) in SUMMED {
                values[stream.index()] += of(shard);
            }
            values[Metric::Skipped.index()] += lane.skipped as f64;
            let oldest = &mut values[Metric::IteratorAgeMs.index()];
            *oldest = oldest.max(age);
            let behind = &mut values[Metric::MillisBehindLatest.index()];
            *behind = behind.max(counts.behind.millis_f64());
            let ShardCounts { busy_since, behind, before, .. } = *counts;
            *counts = ShardCounts { busy_since, behind, before, ..ShardCounts::default() };
        }
        let counts = std::mem::take(&mut self.counts);
        let counted = (engine.offered(), engine.stream().put_calls);
        let before = std::mem::replace(&mut self.before, counted);
        let middle_and_tail = |latency: &Latency| {
            latency.frame.quantiles([500, 990]).map(|span| span.map_or(f64::NAN, |span| span.millis_f64()))
        };
        let [put, offer] = [&self.put_latency, &self.offer_latency].map(middle_and_tail);
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
            (Metric::Expired, counts.expired as f64),
            (Metric::Invocations, counts.invocations as f64),
            (Metric::Errors, counts.errors as f64),
            (Metric::ItemFailures, counts.item_failures as f64),
            (Metric::Redelivered, counts.redelivered as f64),
            (Metric::Discarded, counts.discarded as f64),
            (Metric::GivenUp, counts.given_up as f64),
            (Metric::DurationMs, counts.duration_ms as f64),
            (Metric::OpenShards, engine.stream().open().len() as f64),
            (Metric::Concurrency, engine.concurrency() as f64),
            (Metric::GetRecordsCalls, counts.get_records_calls as f64),
            (Metric::ReadRecords, counts.read_records as f64),
            (Metric::ConsumerReads, counts.consumer_reads as f64),
            (Metric::ConsumerReadsRefused, counts.consumer_reads_refused as f64),
            (Metric::EmptyAnswers, counts.empty_answers as f64),
            (Metric::IteratorsExpired, counts.iterators_expired as f64),
            (Metric::Subscriptions, counts.subscriptions as f64),
            (Metric::PushedEvents, counts.pushed_events as f64),
            (Metric::PushedRecords, counts.pushed_records as f64),
            (Metric::PushedBytes, counts.pushed_bytes as f64),
            (Metric::PutLatencyP50Ms, put[0]),
            (Metric::PutLatencyP99Ms, put[1]),
            (Metric::OfferLatencyP50Ms, offer[0]),
            (Metric::OfferLatencyP99Ms, offer[1]),
        ];
        for (metric, value) in own {
            values[metric.index()] = value;
        }
        self.timeline.push(&values, &shard_values);
        for latency in [&mut self.put_latency, &mut self.offer_latency] {
            latency.frame.drain_into(&mut latency.run);
        }
        self.frame_start = now;
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

    #[inline(always)]
    fn count_processed(&mut self, at: SimTime, shard: u32, batch: Run<'_>) {
        self.shards[shard as usize].processed += batch.len() as u64;
        for part in [batch.0, batch.1] {
            Histogram::add_batch(&mut self.put_latency.frame, &mut self.offer_latency.frame, at.micros(), part);
        }
    }

    fn note(&mut self, at: SimTime, what: NoteKind) {
        self.timeline.note(Note { at, what });
    }

    fn invocation_ended(&mut self, at: SimTime, shard: u32, started: SimTime) {
        let counts = &mut self.shards[shard as usize];
        if let Some(since) = counts.busy_since.take() {
            counts.busy += at.since(since).micros();
        }
        // Lambda bills whole milliseconds, rounded up.
        self.counts.duration_ms += at.since(started).micros().div_ceil(1_000);
    }
}

/// Stream-level metrics that are sums over shards.
const SUMMED: [(Metric, ShardMetric); 7] = [
    (Metric::Stored, ShardMetric::Stored),
    (Metric::StoredBytes, ShardMetric::StoredBytes),
    (Metric::Throttled, ShardMetric::Throttled),
    (Metric::Processed, ShardMetric::Processed),
    (Metric::Waiting, ShardMetric::Waiting),
    (Metric::InFlight, ShardMetric::InFlight),
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
            Fact::Read { reader, shard, records, bytes, behind, withheld } => {
                self.counts.read_bytes += bytes;
                self.counts.get_records_calls += 1;
                self.counts.read_records += u64::from(records);
                if reader == CONSUMER {
                    self.counts.consumer_reads += 1;
                    self.counts.empty_answers += u64::from(withheld);
                    self.shards[shard as usize].behind = behind;
                }
            }
            Fact::ReadThrottled { reader, shard } => {
                self.shards[shard as usize].read_throttled += 1;
                self.counts.consumer_reads_refused += u64::from(reader == CONSUMER);
            }
            Fact::IteratorExpired { reader, .. } => self.counts.iterators_expired += u64::from(reader == CONSUMER),
            Fact::Subscribed { .. } => self.counts.subscriptions += 1,
            Fact::Pushed { reader, shard, records, bytes, behind } => {
                self.counts.pushed_events += 1;
                self.counts.pushed_records += u64::from(records);
                self.counts.pushed_bytes += bytes;
                if reader == CONSUMER {
                    self.shards[shard as usize].behind = behind;
                }
            }
            Fact::InvocationStarted { shard, records, attempt, .. } => {
                self.counts.invocations += 1;
                self.counts.redelivered += if attempt > 1 { u64::from(records) } else { 0 };
                self.shards[shard as usize].busy_since = Some(at);
            }
            Fact::InvocationFailed { shard, started, by_item, done, .. } => {
                self.counts.errors += u64::from(!by_item);
                self.counts.item_failures += u64::from(by_item);
                self.count_processed(at, shard, done);
                self.invocation_ended(at, shard, started);
            }
            Fact::Discarded { given_up } => {
                self.counts.discarded += given_up.records;
                self.counts.given_up += 1;
                // A run may give up millions of records one by one; the first ones tell how.
                if self.told_given_up < GIVEN_UP_TOLD_MAX {
                    self.told_given_up += 1;
                    self.note(at, NoteKind::GivenUp(given_up));
                }
            }
            // What another poller missed is not the consumer's loss.
            Fact::Expired { reader, records, .. } => {
                self.counts.expired += if reader == CONSUMER { records } else { 0 };
            }
            // Counted as a gauge, since records are passed over before the consumer begins.
            Fact::Skipped { .. } => {}
            Fact::OperationApplied { index } => self.note(at, NoteKind::Operation { index }),
            Fact::Refused { by, error } => self.note(at, NoteKind::refused(by, error)),
            Fact::PolicyCalled { from, target } => self.note(at, NoteKind::Policy { from, target }),
            Fact::ShardOpened { shard, parents, range } => {
                self.shards.push(ShardCounts::default());
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
    fn processed(&mut self, at: SimTime, _: u32, shard: u32, _: u64, started: SimTime, batch: Run<'_>) {
        self.count_processed(at, shard, batch);
        self.invocation_ended(at, shard, started);
    }
}
