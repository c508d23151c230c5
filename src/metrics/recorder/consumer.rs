//! What the recorder counts for one consumer.

use super::super::histogram::Histogram;
use super::super::latency::Latencies;
use crate::engine::record::Run;
use crate::engine::{ConcurrencyCap, Engine, Fact, FailureCause, WriteRefusal};
use crate::metrics::timeline::{Metric, ShardMetric};
use crate::units::{SimTime, Span};

/// What is counted for one consumer: in the open frame, and its latencies over the run.
#[derive(Clone, Debug, Default)]
pub(super) struct ConsumerCounts {
    counts: Counts,
    /// By shard.
    lanes: Vec<LaneCounts>,
    /// Of the open frame.
    latencies: Latencies,
    /// Over the closed frames.
    pub run_latencies: Latencies,
    /// How long writes waited at its store: in the open frame, and over the closed ones. Nothing before the first.
    waits: Option<Box<[Histogram; 2]>>,
}

/// What is counted in the open frame for all shards together.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    expired: u64,
    invocations: u64,
    errors: u64,
    item_failures: u64,
    redelivered: u64,
    discarded: u64,
    given_up: u64,
    throttles: u64,
    scaling_throttles: u64,
    timeouts: u64,
    cold_starts: u64,
    init: u64,
    duration_ms: u64,
    reads: u64,
    reads_refused: u64,
    empty_answers: u64,
    iterators_expired: u64,
    reprocessed: u64,
    filtered: u64,
    unreadable: u64,
    windows: u64,
    lease_writes: u64,
    lease_half_reads: u64,
    lease_refused: u64,
    leases_expired: u64,
    injected_throttles: u64,
    environments_lost: u64,
    lost_invocations: u64,
    early_windows: u64,
    leases_lost: u64,
    checkpoints: u64,
    writes: u64,
    written: u64,
    written_again: u64,
    write_units: u64,
    writes_refused: u64,
    writes_throttled: u64,
    writes_given_up: u64,
}

/// What is counted in the open frame for one shard.
#[derive(Clone, Copy, Debug, Default)]
struct LaneCounts {
    processed: u64,
    busy: u64,
    /// Since when the running invocations count for this frame, and how many they are.
    busy_since: Option<SimTime>,
    running: u32,
    /// How far behind the last answer was.
    behind: Span,
}

impl ConsumerCounts {
    pub fn new(shards: usize) -> Self {
        Self { lanes: vec![LaneCounts::default(); shards], ..Self::default() }
    }

    pub fn shard_opened(&mut self) {
        self.lanes.push(LaneCounts::default());
    }

    /// A read was answered.
    #[inline]
    pub fn read(&mut self, shard: u32, behind: Span, withheld: bool) {
        self.counts.reads += 1;
        self.counts.empty_answers += u64::from(withheld);
        self.lanes[shard as usize].behind = behind;
    }

    /// An invocation began.
    #[inline]
    pub fn started(&mut self, at: SimTime, shard: u32, records: u32, attempt: u32) {
        self.counts.invocations += 1;
        self.counts.redelivered += if attempt > 1 { u64::from(records) } else { 0 };
        let lane = &mut self.lanes[shard as usize];
        lane.running += 1;
        lane.busy_since = lane.busy_since.or(Some(at));
    }

    /// Takes any other fact about what it reads and does.
    pub fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::Pushed { shard, behind, .. } => self.lanes[shard as usize].behind = behind,
            Fact::ReadThrottled { .. } => self.counts.reads_refused += 1,
            Fact::IteratorExpired { .. } => self.counts.iterators_expired += 1,
            Fact::InvocationThrottled { cap, .. } => {
                self.counts.throttles += 1;
                self.counts.scaling_throttles += u64::from(cap == ConcurrencyCap::ScalingRate);
                self.counts.injected_throttles += u64::from(cap == ConcurrencyCap::Injected);
            }
            Fact::EnvironmentsLost { environments, .. } => self.counts.environments_lost += u64::from(environments),
            Fact::EnvironmentMade { init, .. } => {
                self.counts.cold_starts += 1;
                self.counts.init += init.micros();
            }
            Fact::InvocationFailed { shard, started, cause, by_item, done, .. } => {
                self.counts.timeouts += u64::from(cause == FailureCause::TimedOut);
                self.counts.lost_invocations += u64::from(cause == FailureCause::EnvironmentLost);
                self.counts.errors += u64::from(!by_item);
                self.counts.item_failures += u64::from(by_item);
                self.processed(at, shard, started, done);
            }
            Fact::FilteredOut { records, unreadable, .. } => {
                self.counts.filtered += records;
                self.counts.unreadable += unreadable;
            }
            Fact::WindowEnded { early, .. } => {
                self.counts.windows += u64::from(!early);
                self.counts.early_windows += u64::from(early);
            }
            Fact::Discarded { given_up, .. } => {
                self.counts.discarded += given_up.records;
                self.counts.given_up += 1;
            }
            Fact::LeaseLost { shard, started, .. } => {
                self.counts.leases_lost += 1;
                if let Some(started) = started {
                    self.invocation_ended(at, shard, started);
                }
            }
            Fact::Written { records, again, units, waited, .. } => {
                self.counts.writes += 1;
                self.counts.written += u64::from(records);
                self.counts.written_again += u64::from(again);
                self.counts.write_units += u64::from(units);
                self.waits.get_or_insert_default()[0].add(waited.micros());
            }
            Fact::WriteRefused { why, .. } => match why {
                WriteRefusal::Outage | WriteRefusal::Full => self.counts.writes_refused += 1,
                WriteRefusal::Throttled => self.counts.writes_throttled += 1,
                WriteRefusal::Waited => self.counts.writes_given_up += 1,
            },
            Fact::Reprocessed { records, .. } => self.counts.reprocessed += records,
            Fact::Checkpointed { .. } => {
                self.counts.checkpoints += 1;
                self.counts.lease_writes += 1;
            }
            Fact::CheckpointRefused { .. } => self.counts.lease_refused += 1,
            Fact::LeaseExpired { .. } => self.counts.leases_expired += 1,
            Fact::LeaseTableCalled { writes, half_reads, refused, .. } => {
                self.counts.lease_writes += u64::from(writes);
                self.counts.lease_half_reads += u64::from(half_reads);
                self.counts.lease_refused += u64::from(refused);
            }
            Fact::Expired { records, .. } => self.counts.expired += records,
            // Records that are passed over are a gauge, since that happens before the consumer begins.
            _ => {}
        }
    }

    #[inline]
    pub fn processed(&mut self, at: SimTime, shard: u32, started: SimTime, batch: Run<'_>) {
        self.lanes[shard as usize].processed += batch.len() as u64;
        self.latencies.add(at, batch);
        self.invocation_ended(at, shard, started);
    }

    fn invocation_ended(&mut self, at: SimTime, shard: u32, started: SimTime) {
        let lane = &mut self.lanes[shard as usize];
        lane.running -= 1;
        if lane.running == 0
            && let Some(since) = lane.busy_since.take()
        {
            lane.busy += at.since(since).micros();
        }
        // Lambda bills whole milliseconds, rounded up.
        self.counts.duration_ms += at.since(started).micros().div_ceil(1_000);
    }

    /// Closes the open frame: writes the columns of this consumer, those of the stream into `values`, those of the
    /// shards into `shard_values`.
    pub fn close_frame(&mut self, engine: &Engine, consumer: usize, values: &mut [f64], shard_values: &mut [f64]) {
        let now = engine.now();
        let width = shard_values.len() / self.lanes.len();
        let (mut age, mut behind, mut skipped, mut unended) = (0.0f64, Span::ZERO, 0, 0);
        for (shard, counts) in self.lanes.iter_mut().enumerate() {
            let lane = engine.lane(consumer as u32, shard as u32);
            if let Some(since) = &mut counts.busy_since {
                counts.busy += now.since(*since).micros();
                *since = now;
            }
            let oldest = lane.oldest_arrival.map_or(0.0, |at| now.since(at).millis_f64());
            let own = [
                (ShardMetric::Processed, counts.processed as f64),
                (ShardMetric::Waiting, lane.waiting as f64),
                (ShardMetric::InFlight, lane.in_flight as f64),
                (ShardMetric::BusyMs, counts.busy as f64 / 1_000.0),
                (ShardMetric::IteratorAgeMs, oldest),
            ];
            for (metric, value) in own {
                shard_values[shard * width + metric.place(consumer)] = value;
            }
            for (stream, metric) in SUMMED {
                values[stream.place(consumer)] += shard_values[shard * width + metric.place(consumer)];
            }
            age = age.max(oldest);
            behind = behind.max(counts.behind);
            skipped += lane.skipped;
            unended += u64::from(!engine.lane_flags(consumer as u32, shard as u32).1);
            let LaneCounts { busy_since, running, behind, .. } = *counts;
            *counts = LaneCounts { busy_since, running, behind, ..LaneCounts::default() };
        }
        let counts = std::mem::take(&mut self.counts);
        let [put, offer] = self.latencies.middles_and_tails();
        let wait = self.write_waits();
        let (connections, waiting) = engine.store_load(consumer as u32);
        let workers = engine.workers(consumer as u32);
        let up = workers.iter().filter(|worker| worker.up).count();
        let held: u64 = workers.iter().map(|worker| u64::from(worker.leases)).sum();
        let free = if workers.is_empty() { 0 } else { unended.saturating_sub(held) };
        let own = [
            (Metric::Expired, counts.expired as f64),
            (Metric::Skipped, skipped as f64),
            (Metric::Invocations, counts.invocations as f64),
            (Metric::Errors, counts.errors as f64),
            (Metric::ItemFailures, counts.item_failures as f64),
            (Metric::Redelivered, counts.redelivered as f64),
            (Metric::FilteredOut, counts.filtered as f64),
            (Metric::Unreadable, counts.unreadable as f64),
            (Metric::Windows, counts.windows as f64),
            (Metric::EarlyWindows, counts.early_windows as f64),
            (Metric::Discarded, counts.discarded as f64),
            (Metric::GivenUp, counts.given_up as f64),
            (Metric::Throttles, counts.throttles as f64),
            (Metric::ScalingThrottles, counts.scaling_throttles as f64),
            (Metric::InjectedThrottles, counts.injected_throttles as f64),
            (Metric::EnvironmentsLost, counts.environments_lost as f64),
            (Metric::LostInvocations, counts.lost_invocations as f64),
            (Metric::Timeouts, counts.timeouts as f64),
            (Metric::ColdStarts, counts.cold_starts as f64),
            (Metric::InitDurationMs, counts.init as f64 / 1_000.0),
            (Metric::Environments, engine.environments(consumer as u32) as f64),
            (Metric::Starting, engine.starting(consumer as u32) as f64),
            (Metric::ScalingRoom, engine.scaling_room(consumer as u32) as f64),
            (Metric::WorkersUp, up as f64),
            (Metric::LeasesFree, free as f64),
            (Metric::DurationMs, counts.duration_ms as f64),
            (Metric::Concurrency, engine.concurrency(consumer as u32) as f64),
            (Metric::ConsumerReads, counts.reads as f64),
            (Metric::ConsumerReadsRefused, counts.reads_refused as f64),
            (Metric::EmptyAnswers, counts.empty_answers as f64),
            (Metric::IteratorsExpired, counts.iterators_expired as f64),
            (Metric::Reprocessed, counts.reprocessed as f64),
            (Metric::LeasesLost, counts.leases_lost as f64),
            (Metric::LeaseWrites, counts.lease_writes as f64),
            (Metric::LeaseReads, counts.lease_half_reads as f64 / 2.0),
            (Metric::LeaseRefused, counts.lease_refused as f64),
            (Metric::LeasesExpired, counts.leases_expired as f64),
            (Metric::Checkpoints, counts.checkpoints as f64),
            (Metric::Writes, counts.writes as f64),
            (Metric::Written, counts.written as f64),
            (Metric::WrittenAgain, counts.written_again as f64),
            (Metric::WriteUnits, counts.write_units as f64),
            (Metric::WritesRefused, counts.writes_refused as f64),
            (Metric::WritesThrottled, counts.writes_throttled as f64),
            (Metric::WritesGivenUp, counts.writes_given_up as f64),
            (Metric::StoreConnections, connections.into()),
            (Metric::StoreWaiting, waiting as f64),
            (Metric::WriteWaitP50Ms, wait[0]),
            (Metric::WriteWaitP99Ms, wait[1]),
            (Metric::MillisBehindLatest, behind.millis_f64()),
            (Metric::IteratorAgeMs, age),
            (Metric::PutLatencyP50Ms, put[0]),
            (Metric::PutLatencyP99Ms, put[1]),
            (Metric::OfferLatencyP50Ms, offer[0]),
            (Metric::OfferLatencyP99Ms, offer[1]),
        ];
        for (metric, value) in own {
            values[metric.place(consumer)] = value;
        }
        self.latencies.drain_into(&mut self.run_latencies);
    }
}

impl ConsumerCounts {
    /// Median and 99th percentile of the waits of writes in the open frame, in ms; they go to those of the run.
    fn write_waits(&mut self) -> [f64; 2] {
        let Some([open, run]) = self.waits.as_deref_mut() else { return [f64::NAN; 2] };
        let found = open.quantiles([500, 990]).map(|span| span.map_or(f64::NAN, |span| span.millis_f64()));
        open.drain_into(run);
        found
    }

    /// How long writes waited over the closed frames, if there were any.
    pub fn run_waits(&self) -> Option<&Histogram> {
        self.waits.as_deref().map(|[_, run]| run)
    }
}

/// Stream-level metrics that are sums over shards.
const SUMMED: [(Metric, ShardMetric); 3] = [
    (Metric::Processed, ShardMetric::Processed),
    (Metric::Waiting, ShardMetric::Waiting),
    (Metric::InFlight, ShardMetric::InFlight),
];
