//! Frames counted once more from the list of facts: every cell of a timeline, and percentiles from all latencies.

use crate::reference::{Happened, What};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use streamgauge::engine::{ConcurrencyCap, FailureCause, LossCause};
use streamgauge::metrics::{Histogram, Metric, ShardMetric, View};
use streamgauge::scenario::{ConsumerKind, Operation, Scenario};
use streamgauge::session::Session;
use streamgauge::units::Span;

/// The counts of a run, frame by frame.
pub struct Recount {
    frames: usize,
    shards: usize,
    /// What arrived before is not to be read, µs.
    starts_at: u64,
    /// Shards that are open.
    open: usize,
    stream: BTreeMap<Metric, Vec<f64>>,
    shard: BTreeMap<(ShardMetric, usize), Vec<f64>>,
    /// Latencies in µs of the records processed in each frame: put to processed, and offered to processed.
    latencies: Vec<[Vec<u64>; 2]>,
    aggregated: bool,
    order: Order,
    /// A poller has none.
    has_environments: bool,
    environments: Environments,
}

/// Those of the function.
#[derive(Default)]
struct Environments {
    life: u64,
    /// Places of the operations that deploy the function, and when the last one was.
    deploys: Vec<u32>,
    deployed_at: u64,
    busy: u32,
    /// Since when each is idle.
    idle: Vec<u64>,
    /// Each new one takes ten milliseconds of the scaling rate, which lends ten seconds.
    lent_until: u64,
}

/// Records stored after later ones of their key.
#[derive(Default)]
struct Order {
    newest: BTreeMap<u32, u32>,
    overtaken: BTreeMap<u32, u32>,
    /// Since it was last taken.
    new: f64,
    /// The key that was the first to have so many, and how many.
    worst: (u32, u32),
}

impl Order {
    fn stored(&mut self, number: u32, key: u32, copies: u8) {
        let newest = self.newest.entry(key).or_insert(number);
        if number >= *newest {
            *newest = number;
        } else if copies == 0 {
            let overtaken = self.overtaken.entry(key).or_default();
            *overtaken += 1;
            self.new += 1.0;
            if *overtaken > self.worst.1 {
                self.worst = (key, *overtaken);
            }
        }
    }
}

/// A shard between two frames.
#[derive(Default)]
struct Queue {
    /// Number and arrival of every record that is neither processed nor expired, oldest first.
    records: VecDeque<(u32, u64)>,
    running: Option<Running>,
    /// When the new environment has started that is there for what begins next.
    new_starts_until: Option<u64>,
    /// Records before the starting position.
    skipped: u32,
    /// What the last answer said, ms.
    behind: f64,
}

struct Running {
    since: u64,
    records: usize,
    starts_until: u64,
}

impl Recount {
    pub fn of(scenario: &Scenario, width: Span, facts: &[Happened]) -> Self {
        let (length, width) = (scenario.length.micros(), width.micros());
        let mut recount = Self {
            frames: length.div_ceil(width) as usize,
            shards: scenario.stream.open_at_start() as usize,
            open: scenario.stream.open_at_start() as usize,
            starts_at: scenario.consumers[0].position.from(scenario.consumers[0].start).micros(),
            stream: BTreeMap::new(),
            shard: BTreeMap::new(),
            latencies: Vec::new(),
            aggregated: scenario.producer.aggregates(),
            order: Order::default(),
            has_environments: scenario.consumers[0].kind == ConsumerKind::Lambda,
            environments: Environments {
                life: scenario.consumers[0].function.idle_life.micros(),
                deploys: (0..)
                    .zip(&scenario.operations)
                    .filter(|(_, planned)| matches!(planned.operation, Operation::DeployFunction { consumer: 0, .. }))
                    .map(|(index, _)| index)
                    .collect(),
                ..Environments::default()
            },
        };
        let mut queues: Vec<Queue> = (0..recount.shards).map(|_| Queue::default()).collect();
        let mut offered = BTreeMap::new();
        let mut at_producer = 0i64;
        let mut facts = facts.iter().peekable();
        for frame in 0..recount.frames {
            recount.latencies.push(Default::default());
            let (start, end) = (frame as u64 * width, length.min((frame as u64 + 1) * width));
            while let Some(Happened { at, what }) = facts.next_if(|happened| happened.at < end) {
                recount.count(frame, *at, what, &mut queues, &mut offered, &mut at_producer, start);
            }
            let idle =
                recount.environments.idle.iter().filter(|since| *since + recount.environments.life > end).count();
            let environments = if recount.has_environments { recount.environments.busy as usize + idle } else { 0 };
            recount.add(Metric::Environments, frame, environments as f64);
            let lent = recount.environments.lent_until.max(end) - end;
            let room = if recount.has_environments { (10_000_000 - lent) / 10_000 } else { 0 };
            recount.add(Metric::ScalingRoom, frame, room as f64);
            recount.add(Metric::AtProducer, frame, at_producer as f64);
            recount.add(Metric::OvertakenKey, frame, f64::from(recount.order.worst.0));
            recount.add(Metric::OvertakenMost, frame, f64::from(recount.order.worst.1));
            let mut oldest = 0.0f64;
            for (shard, queue) in queues.iter().enumerate() {
                let in_flight = queue.running.as_ref().map_or(0, |running| running.records);
                let waiting = (queue.records.len() - in_flight) as f64;
                let age = queue.records.front().map_or(0.0, |(_, arrived)| (end - arrived) as f64 / 1e3);
                oldest = oldest.max(age);
                recount.add_both(Metric::Waiting, ShardMetric::Waiting, shard, frame, waiting);
                recount.add_both(Metric::InFlight, ShardMetric::InFlight, shard, frame, in_flight as f64);
                recount.add_shard(ShardMetric::IteratorAgeMs, shard, frame, age);
                if let Some(running) = &queue.running {
                    let busy = (end - running.since.max(start)) as f64 / 1e3;
                    recount.add_shard(ShardMetric::BusyMs, shard, frame, busy);
                    recount.add(Metric::Concurrency, frame, 1.0);
                    let starting = running.starts_until > end;
                    recount.add(Metric::Starting, frame, f64::from(u8::from(starting)));
                }
            }
            recount.add(Metric::Skipped, frame, queues.iter().map(|queue| f64::from(queue.skipped)).sum());
            recount.add(Metric::MillisBehindLatest, frame, queues.iter().map(|queue| queue.behind).fold(0.0, f64::max));
            recount.add(Metric::IteratorAgeMs, frame, oldest);
            recount.add(Metric::OpenShards, frame, recount.open as f64);
        }
        recount
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one pass over the facts")]
    fn count(
        &mut self,
        frame: usize,
        at: u64,
        what: &What,
        queues: &mut Vec<Queue>,
        offered: &mut BTreeMap<u32, (u64, u32, u32)>,
        at_producer: &mut i64,
        frame_start: u64,
    ) {
        match what {
            What::Offered { number, size, key } => {
                offered.insert(*number, (at, *size, *key));
                *at_producer += 1;
                self.add(Metric::Offered, frame, 1.0);
            }
            What::PutCalled { entries, attempt } => {
                self.add(Metric::PutCalls, frame, 1.0);
                assert!(*attempt >= 1 && *entries >= 1);
            }
            What::Unanswered { .. } => self.add(Metric::Unanswered, frame, 1.0),
            What::HostsDied { .. } => {}
            What::Stored { shard, number, attempt, copies, bytes } => {
                let i = *shard as usize;
                let (data, bytes) = (offered[number].1, f64::from(*bytes));
                assert!(self.aggregated || bytes == f64::from(data + 16));
                if at < self.starts_at {
                    queues[i].skipped += 1;
                } else {
                    queues[i].records.push_back((*number, at));
                }
                // A record that is stored while its host does not know is no longer the producer's alone.
                if *copies == 0 {
                    *at_producer -= 1;
                } else {
                    self.add(Metric::Duplicates, frame, 1.0);
                }
                self.add(Metric::IncomingRecords, frame, f64::from(u8::from(bytes > 0.0)));
                self.add_both(Metric::Stored, ShardMetric::Stored, i, frame, 1.0);
                self.add_both(Metric::StoredBytes, ShardMetric::StoredBytes, i, frame, bytes);
                self.add(Metric::PutUnits, frame, (bytes / 25_600.0).ceil());
                self.add(Metric::StoredKib, frame, (bytes / 1_024.0).ceil());
                self.first_or_again(*attempt, i, frame);
                self.order.stored(*number, offered[number].2, *copies);
                let overtaken = std::mem::take(&mut self.order.new);
                self.add(Metric::Overtaken, frame, overtaken);
            }
            What::Throttled { shard, attempt, .. } => {
                let i = *shard as usize;
                self.add_both(Metric::Throttled, ShardMetric::Throttled, i, frame, 1.0);
                self.add(Metric::WriteThrottled, frame, 1.0);
                self.first_or_again(*attempt, i, frame);
            }
            What::Lost { cause, .. } => {
                *at_producer -= 1;
                let metric = match cause {
                    LossCause::Ignored => Metric::LostIgnored,
                    LossCause::Exhausted => Metric::LostExhausted,
                    LossCause::TooOld => Metric::LostTooOld,
                    LossCause::BufferFull => Metric::LostBufferFull,
                    LossCause::HostDied => Metric::LostHostDied,
                };
                self.add(metric, frame, 1.0);
            }
            What::Read { shard, records, bytes, behind, withheld } => {
                self.read(frame, *records, *bytes);
                self.add(Metric::ConsumerReads, frame, 1.0);
                self.add(Metric::EmptyAnswers, frame, f64::from(u8::from(*withheld)));
                queues[*shard as usize].behind = *behind as f64 / 1e3;
            }
            What::Subscribed { .. } => self.add(Metric::Subscriptions, frame, 1.0),
            What::Pushed { shard, records, bytes, behind } => {
                self.add(Metric::PushedEvents, frame, 1.0);
                self.add(Metric::PushedRecords, frame, f64::from(*records));
                self.add(Metric::PushedBytes, frame, *bytes as f64);
                queues[*shard as usize].behind = *behind as f64 / 1e3;
            }
            What::OtherRead { answer: Some((records, bytes)), .. } => self.read(frame, *records, *bytes),
            What::OtherRead { shard, answer: None, .. } => {
                self.add_both(Metric::ReadThrottled, ShardMetric::ReadThrottled, *shard as usize, frame, 1.0);
            }
            What::OtherExpired { .. } => {}
            What::IteratorExpired { .. } => self.add(Metric::IteratorsExpired, frame, 1.0),
            What::ReadThrottled { shard } => {
                self.add(Metric::ConsumerReadsRefused, frame, 1.0);
                self.add_both(Metric::ReadThrottled, ShardMetric::ReadThrottled, *shard as usize, frame, 1.0);
            }
            What::InvocationThrottled { cap, .. } => {
                self.add(Metric::Throttles, frame, 1.0);
                let scaling = *cap == ConcurrencyCap::ScalingRate;
                self.add(Metric::ScalingThrottles, frame, f64::from(u8::from(scaling)));
                let injected = *cap == ConcurrencyCap::Injected;
                self.add(Metric::InjectedThrottles, frame, f64::from(u8::from(injected)));
            }
            What::EnvironmentMade { shard, init } => {
                queues[*shard as usize].new_starts_until = Some(at + init);
                self.environments.lent_until = self.environments.lent_until.max(at) + 10_000;
                self.add(Metric::ColdStarts, frame, 1.0);
                self.add(Metric::InitDurationMs, frame, *init as f64 / 1e3);
            }
            What::Started { shard, records, attempt, .. } => {
                self.add(Metric::Redelivered, frame, if *attempt > 1 { f64::from(*records) } else { 0.0 });
                let starts_until = queues[*shard as usize].new_starts_until.take();
                if starts_until.is_none() && self.has_environments {
                    self.environments.idle.pop().expect("an idle one takes it");
                }
                self.environments.busy += 1;
                queues[*shard as usize].running =
                    Some(Running { since: at, records: *records as usize, starts_until: starts_until.unwrap_or(0) });
                self.add(Metric::Invocations, frame, 1.0);
            }
            What::Processed { shard, started, numbers, .. } => {
                let i = *shard as usize;
                for number in numbers {
                    let (first, arrived) = queues[i].records.pop_front().expect("it was stored");
                    assert_eq!(first, *number);
                    let [put, offer] = &mut self.latencies[frame];
                    put.push(at - arrived);
                    offer.push(at - offered[number].0);
                }
                self.add_both(Metric::Processed, ShardMetric::Processed, i, frame, numbers.len() as f64);
                self.ended(i, frame, at, *started, frame_start, queues);
            }
            What::Failed { shard, started, cause, .. } => {
                self.add(Metric::Errors, frame, 1.0);
                self.add(Metric::Timeouts, frame, f64::from(u8::from(*cause == FailureCause::TimedOut)));
                self.ended(*shard as usize, frame, at, *started, frame_start, queues);
            }
            What::Expired { shard, records } => {
                let queue = &mut queues[*shard as usize];
                let first = queue.running.as_ref().map_or(0, |running| running.records);
                queue.records.drain(first..first + *records as usize);
                self.add(Metric::Expired, frame, *records as f64);
            }
            What::WindowEnded { early, .. } => {
                self.add(if *early { Metric::EarlyWindows } else { Metric::Windows }, frame, 1.0);
            }
            What::Opened { shard, .. } => {
                assert_eq!(*shard as usize, queues.len(), "shards are numbered as they are made");
                queues.push(Queue::default());
                (self.shards, self.open) = (queues.len(), self.open + 1);
            }
            What::Closed { .. } => self.open -= 1,
            What::Operation { index } if self.environments.deploys.contains(index) => {
                self.environments.deployed_at = at;
                self.environments.idle.clear();
            }
            What::Operation { .. }
            | What::Skipped { .. }
            | What::FilteredOut { .. }
            | What::Refused { .. }
            | What::Policy { .. }
            | What::Active
            | What::Mode { .. }
            | What::Retention { .. } => {}
        }
    }

    fn first_or_again(&mut self, attempt: u32, shard: usize, frame: usize) {
        if attempt == 1 {
            self.add_shard(ShardMetric::Offered, shard, frame, 1.0);
        } else {
            self.add(Metric::Retried, frame, 1.0);
        }
    }

    fn read(&mut self, frame: usize, records: u32, bytes: u64) {
        self.add(Metric::GetRecordsCalls, frame, 1.0);
        self.add(Metric::ReadBytes, frame, bytes as f64);
        self.add(Metric::ReadRecords, frame, f64::from(records));
    }

    fn ended(&mut self, shard: usize, frame: usize, at: u64, started: u64, frame_start: u64, queues: &mut [Queue]) {
        let running = queues[shard].running.take().expect("it began");
        assert_eq!(running.since, started);
        self.environments.busy -= 1;
        if started >= self.environments.deployed_at {
            self.environments.idle.push(at);
        }
        self.add(Metric::DurationMs, frame, (at - started).div_ceil(1_000) as f64);
        self.add_shard(ShardMetric::BusyMs, shard, frame, (at - started.max(frame_start)) as f64 / 1e3);
    }

    fn add(&mut self, metric: Metric, frame: usize, value: f64) {
        self.stream.entry(metric).or_insert_with(|| vec![0.0; self.frames])[frame] += value;
    }

    fn add_shard(&mut self, metric: ShardMetric, shard: usize, frame: usize, value: f64) {
        self.shard.entry((metric, shard)).or_insert_with(|| vec![0.0; self.frames])[frame] += value;
    }

    fn add_both(&mut self, metric: Metric, shard_metric: ShardMetric, shard: usize, frame: usize, value: f64) {
        self.add(metric, frame, value);
        self.add_shard(shard_metric, shard, frame, value);
    }

    /// Every cell of the timeline but the percentiles.
    pub fn compare(&self, timeline: View<'_>) -> Result<(), TestCaseError> {
        let none = vec![0.0; self.frames];
        let percentiles =
            [Metric::PutLatencyP50Ms, Metric::PutLatencyP99Ms, Metric::OfferLatencyP50Ms, Metric::OfferLatencyP99Ms];
        // How many user records share a rejected Kinesis record is no fact.
        let unknown = |metric: &Metric| self.aggregated && *metric == Metric::WriteThrottled;
        for metric in Metric::ALL.iter().filter(|metric| !percentiles.contains(metric) && !unknown(metric)) {
            let expected = self.stream.get(metric).unwrap_or(&none);
            same(timeline.column(*metric), expected, &format!("{metric:?}"))?;
        }
        for metric in ShardMetric::ALL {
            for shard in 0..self.shards {
                let expected = self.shard.get(&(*metric, shard)).unwrap_or(&none);
                same(timeline.shard_column(*metric, shard), expected, &format!("{metric:?} of shard {shard}"))?;
            }
        }
        Ok(())
    }

    /// Percentiles of each frame and of the run against the exact ones.
    pub fn compare_latencies(&self, session: &Session) -> Result<(), TestCaseError> {
        let timeline = session.timeline();
        let columns = [
            [(Metric::PutLatencyP50Ms, 500), (Metric::PutLatencyP99Ms, 990)],
            [(Metric::OfferLatencyP50Ms, 500), (Metric::OfferLatencyP99Ms, 990)],
        ];
        let histograms = [session.recorder().put_latency(0), session.recorder().offer_latency(0)];
        for (kind, (columns, histogram)) in columns.into_iter().zip(histograms).enumerate() {
            let mut all = Vec::new();
            for frame in 0..self.frames {
                let mut latencies = self.latencies[frame][kind].clone();
                latencies.sort_unstable();
                for (metric, permille) in columns {
                    let found = timeline.column(metric)[frame];
                    match exact(&latencies, permille) {
                        Some(exact) => near(found * 1e3, exact, &format!("{metric:?} of frame {frame}"))?,
                        None => prop_assert!(found.is_nan()),
                    }
                }
                all.extend(latencies);
            }
            all.sort_unstable();
            compare_histogram(&histogram, &all)?;
        }
        Ok(())
    }
}

fn compare_histogram(histogram: &Histogram, sorted: &[u64]) -> Result<(), TestCaseError> {
    prop_assert_eq!(histogram.count(), sorted.len() as u64);
    let sum: u128 = sorted.iter().map(|value| u128::from(*value)).sum();
    let mean = sum.checked_div(sorted.len() as u128).map(|mean| Span::from_micros(mean as u64));
    prop_assert_eq!(histogram.mean(), mean);
    for permille in [1, 100, 500, 900, 990, 999, 1_000] {
        match (histogram.quantile(permille), exact(sorted, permille)) {
            (Some(found), Some(exact)) => near(found.micros() as f64, exact, &format!("{permille} ‰"))?,
            (found, exact) => prop_assert_eq!(found.is_none(), exact.is_none()),
        }
    }
    Ok(())
}

/// The smallest value that so many thousandths of all values do not exceed.
fn exact(sorted: &[u64], permille: u64) -> Option<u64> {
    let rank = (sorted.len() * permille as usize).div_ceil(1_000).max(1);
    sorted.get(rank - 1).copied()
}

/// Within the stated error of the histogram: 0.4 %, or the microsecond to which it rounds.
fn near(found: f64, exact: u64, what: &str) -> Result<(), TestCaseError> {
    let exact = exact as f64;
    prop_assert!((found - exact).abs() <= exact * 0.004 + 1.0, "{}: {} µs, exactly {} µs", what, found, exact);
    Ok(())
}

fn same(found: &[f64], expected: &[f64], what: &str) -> Result<(), TestCaseError> {
    let differs = |i: &usize| (found[*i] - expected[*i]).abs() > 1e-6;
    prop_assert_eq!(found.len(), expected.len());
    if let Some(frame) = (0..found.len()).find(differs) {
        let message = format!("{what}, frame {frame}: {}, recounted {}", found[frame], expected[frame]);
        return Err(TestCaseError::fail(message));
    }
    Ok(())
}
