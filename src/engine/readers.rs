//! Everything that reads the stream, moved through a slice of time.
//!
//! Readers of one shard share its read limits, so they are moved together in order of time. Shards of pollers share
//! nothing but lineage: a child is read when its parents are done, and parents stand before their children. So they
//! are moved one after the other. Lambda's environments and stores are shared by all shards: where there are any, all lanes
//! are moved together in order of time, those of one instant by shard and reader, and where one lacks an outcome none
//! goes further.

mod faults;
mod leases;
mod shared;
mod stores;
mod subtasks;

use super::fact::Observer;
use super::fault::Slow;
use super::filter::Filter;
use super::invocation::{Answer, Invocation, InvocationId};
use super::kcl::Lease;
use super::lambda::Lambda;
use super::lane::{Lane, LaneState, Who};
use super::lease_table::LeaseTable;
use super::mapping::base64_bytes;
use super::stores::Stores;
use super::stream::Stream;
use crate::limits;
use crate::scenario::{Consumer as Settings, ConsumerKind, Poller, ReadSource, Scenario, StartingPosition};
use crate::units::Span;
use shared::Shared;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// All readers with their lanes.
#[derive(Clone, Debug)]
pub struct Readers {
    /// How many readers are consumers of the scenario.
    consumers: u32,
    shared: Shared,
    /// By shard, then by reader.
    lanes: Vec<Vec<Lane>>,
    /// Of each consumer; none where it has no workers.
    workers: Vec<leases::Workers>,
    /// Until when each consumer stands still, µs.
    frozen: Vec<u64>,
    /// How slow each consumer's function is, by injection.
    slow: Vec<Slow>,
    /// Whether lanes share something that the order of their calls decides about.
    together: bool,
    /// What each consumer's mapping lets through; none where it is everything.
    filters: Vec<Option<Arc<Filter>>>,
    /// Shards that wait for an outcome, or for parents that do, with the instant, in the present advance.
    held: Vec<(u32, u64)>,
    /// Shards that have something to do in the present advance, with the instant; kept for its memory.
    order: Vec<Reverse<(u64, u32)>>,
    /// Where each shard has its place in it, as the instant; others that it has are over.
    places: Vec<u64>,
    /// Steps of lanes so far.
    worked: u64,
}

impl Readers {
    /// The readers of a scenario. The first polls of the lanes are spread over one base interval.
    pub fn new(scenario: &Scenario) -> Self {
        let (others, consumers) = (scenario.stream.other_pollers, &scenario.consumers);
        let other = Settings {
            kind: ConsumerKind::Poller(Poller { limit: others.limit, idle: others.idle, always_sleeps: true }),
            source: ReadSource::GetRecords,
            start: Span::ZERO,
            position: StartingPosition::TrimHorizon,
            read_limits: consumers.iter().any(|consumer| consumer.read_limits),
            filters: Vec::new(),
            writes: None,
            ..consumers[0].clone()
        };
        let mut settings = consumers.clone();
        settings.resize(consumers.len() + others.count as usize, other);
        let lambda = Lambda::new(scenario.account_concurrency, &settings);
        let tables: Vec<LeaseTable> = settings.iter().map(leases::table_of).collect();
        let stores = Stores::new(scenario.seed, &scenario.stores);
        let mut readers = Self {
            together: lambda.is_shared() || tables.iter().any(LeaseTable::is_limited) || !stores.is_empty(),
            consumers: consumers.len() as u32,
            shared: Shared {
                seed: scenario.seed,
                settings,
                lambda,
                tables,
                stores,
                payload_per_record: base64_bytes(scenario.stream.max_record.get()),
                asked: Vec::new(),
            },
            lanes: Vec::new(),
            workers: consumers.iter().map(leases::workers_of).collect(),
            frozen: vec![0; consumers.len()],
            slow: vec![Slow::default(); consumers.len()],
            filters: consumers.iter().map(|consumer| Filter::new(scenario, consumer).map(Arc::new)).collect(),
            held: Vec::new(),
            order: Vec::new(),
            places: Vec::new(),
            worked: 0,
        };
        let shards = scenario.stream.open_at_start();
        let limited = u64::from(scenario.limited_readers()).max(1);
        for shard in 0..shards {
            let mut before = 0;
            let lane = |(reader, settings): (u32, &Settings)| {
                let interval = match settings.kind {
                    // Subscriptions do not share what polls do.
                    _ if settings.source.is_pushed() => 0,
                    ConsumerKind::Lambda => limits::MAPPING_POLL_INTERVAL.micros(),
                    ConsumerKind::Poller(poller) => poller.idle.micros(),
                    ConsumerKind::Kcl(kcl) => kcl.idle.micros(),
                    ConsumerKind::Analytics(of) => of.interval.micros(),
                };
                let spread = interval * u64::from(shard) / u64::from(shards);
                // Readers that share the limits of a shard do not begin together.
                let apart = if settings.shares_reads() { interval * before / limited } else { 0 };
                before += u64::from(settings.shares_reads());
                let first_poll = settings.start.micros() + spread + apart;
                Lane::new(readers.who(reader, settings), shard, Some(first_poll))
            };
            let lanes = (0..).zip(&readers.shared.settings).map(lane).collect();
            readers.lanes.push(lanes);
        }
        readers
    }

    /// What a reader's lanes know of it.
    fn who(&self, reader: u32, settings: &Settings) -> Who {
        let passes = reader >= self.consumers;
        // Nobody draws other numbers because there is another consumer.
        let actor = match reader {
            0 => 0,
            _ if passes => reader - self.consumers + 1,
            _ => reader + limits::OTHER_POLLERS_MAX as u32,
        };
        Who {
            seed: self.shared.seed,
            reader,
            actor,
            passes,
            limited: settings.read_limits,
            source: settings.source,
            leased: settings.checkpoint_interval().is_some(),
            starts_at: starts_at(settings),
            parts: if passes { 1 } else { settings.parallelization },
            filter: self.filters.get(reader as usize).cloned().flatten(),
        }
    }

    /// Tells the readers that no record's data is larger than this, so that most batches need no summing up.
    pub fn expect_sizes_up_to(&mut self, bytes: u64) {
        self.shared.payload_per_record = base64_bytes(bytes);
    }

    /// Makes the lanes of a shard that came from others.
    pub fn open(&mut self, shard: u32) {
        // A child that is opened after the readers began has no record from before.
        let lane = |(reader, settings)| Lane::new(self.who(reader, settings), shard, None);
        let mut lanes: Vec<Lane> = (0..).zip(&self.shared.settings).map(lane).collect();
        for (lane, until) in lanes.iter_mut().zip(&self.frozen) {
            lane.source.frozen_until = *until;
        }
        lanes.iter_mut().zip(&self.slow).for_each(|(lane, slow)| lane.slow = *slow);
        self.lanes.push(lanes);
    }

    /// Moves every lane up to `to`. Gives the earliest invocation whose outcome is missing, with the instant at which
    /// it ends; lanes of pollers that need no outcome are at `to` all the same.
    pub fn advance(
        &mut self,
        to: u64,
        stream: &mut Stream,
        observer: &mut impl Observer,
    ) -> Option<(u64, InvocationId)> {
        if self.together {
            return self.advance_together(to, stream, observer);
        }
        let mut missing: Option<(u64, InvocationId)> = None;
        self.held.clear();
        for shard in 0..self.lanes.len() {
            let held = self.held_before(shard as u32, stream);
            if let Some(found) = self.advance_shard(shard, to.min(held), stream, observer) {
                self.held.push((shard as u32, found.0));
                if missing.is_none_or(|(at, _)| found.0 < at) {
                    missing = Some(found);
                }
            } else if held < u64::MAX {
                self.held.push((shard as u32, held));
            }
        }
        missing
    }

    /// Moves all lanes together in order of time, up to `to` or to the instant at which an outcome is missing.
    fn advance_together(
        &mut self,
        to: u64,
        stream: &mut Stream,
        observer: &mut impl Observer,
    ) -> Option<(u64, InvocationId)> {
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        self.places.clear();
        for shard in 0..self.lanes.len() {
            self.skip(shard, to, stream);
            let (due, _) = self.first_due(shard, stream);
            self.places.push(due);
            if due < to {
                order.push(Reverse((due, shard as u32)));
            }
        }
        let mut order = BinaryHeap::from(order);
        let mut missing = None;
        loop {
            let first = order.peek().map_or((u64::MAX, 0), |first| first.0);
            let (done, store) = self.shared.stores.first_due();
            if first.0.min(done) >= to {
                break;
            }
            if done <= first.0 {
                if let Some(shard) = self.step_store(store, done, stream, observer)
                    && done < self.places[shard as usize]
                {
                    order.push(Reverse((done, shard)));
                }
                continue;
            }
            let (due, shard) = first;
            let (next, reader) = self.first_due(shard as usize, stream);
            let mut ended = false;
            // Where it is later, the shard has come to have two places, and this one counts no longer.
            if next == due {
                let (has_ended, lacks) = self.step(shard as usize, reader, due, stream, observer);
                missing = lacks.map(|id| (due, id));
                if missing.is_some() {
                    break;
                }
                ended = has_ended;
            }
            let next = self.first_due(shard as usize, stream).0;
            let place = &mut self.places[shard as usize];
            if due == *place || next < *place {
                *place = next;
                if let Some(mut first) = order.peek_mut() {
                    first.0.0 = next;
                }
            } else {
                order.pop();
            }
            if ended {
                self.begin_children(shard, stream);
                for child in stream.shards[shard as usize].children.into_iter().flatten() {
                    self.places[child as usize] = self.first_due(child as usize, stream).0;
                    order.push(Reverse((self.places[child as usize], child)));
                }
            }
        }
        self.order = order.into_vec();
        (0..self.lanes.len()).for_each(|shard| self.trim(shard, stream));
        missing
    }

    /// Where the shards that a shard came from stand, if they lack an outcome: it may not run ahead of them, since it is
    /// read from where they end.
    fn held_before(&self, shard: u32, stream: &Stream) -> u64 {
        if self.held.is_empty() {
            return u64::MAX;
        }
        let parents = stream.shards[shard as usize].parents;
        let of = self.held.iter().filter(|(held, _)| parents.contains(&Some(*held)));
        of.map(|(_, at)| *at).min().unwrap_or(u64::MAX)
    }

    #[inline]
    fn advance_shard(
        &mut self,
        shard: usize,
        to: u64,
        stream: &mut Stream,
        observer: &mut impl Observer,
    ) -> Option<(u64, InvocationId)> {
        let before = self.worked;
        let (mut ended, mut missing) = (false, None);
        let skips = self.skip(shard, to, stream);
        loop {
            let (due, reader) = self.first_due(shard, stream);
            if due >= to {
                break;
            }
            let (has_ended, lacks) = self.step(shard, reader, due, stream, observer);
            ended |= has_ended;
            missing = lacks.map(|id| (due, id));
            if missing.is_some() {
                break;
            }
        }
        if self.worked > before || skips {
            self.trim(shard, stream);
        }
        if ended {
            self.begin_children(shard as u32, stream);
        }
        missing
    }

    /// Leaves what lies before starting positions behind, as far as the log goes; whether there was anything to do.
    fn skip(&mut self, shard: usize, to: u64, stream: &Stream) -> bool {
        let mut skips = false;
        for lane in self.lanes[shard].iter_mut().filter(|lane| lane.may_skip()) {
            lane.skip(&stream.shards[shard].log, to);
            skips = true;
        }
        skips
    }

    /// When a shard has something to do, and which of its readers.
    #[inline]
    fn first_due(&self, shard: usize, stream: &Stream) -> (u64, usize) {
        let dues = self.lanes[shard].iter().map(|lane| lane.due(stream)).zip(0..);
        dues.min().unwrap_or((u64::MAX, 0))
    }

    /// Moves one lane at the instant at which it is due. Whether it has come to the end of its shard, and which
    /// outcome it lacks.
    #[inline]
    fn step(
        &mut self,
        shard: usize,
        reader: usize,
        now: u64,
        stream: &mut Stream,
        observer: &mut impl Observer,
    ) -> (bool, Option<InvocationId>) {
        let lane = &mut self.lanes[shard][reader];
        let lacks = lane.step(&mut self.shared.desk(reader, now, stream, observer));
        self.worked += u64::from(lacks.is_none());
        (lane.ended_at().is_some(), lacks)
    }

    /// Lets the log forget what every reader of a shard is done with.
    fn trim(&self, shard: usize, stream: &mut Stream) {
        let done = self.lanes[shard].iter().map(Lane::position).min().unwrap_or(0);
        stream.trim(shard as u32, done);
    }

    /// Lets the children of a shard begin for every reader that is done with all their parents.
    fn begin_children(&mut self, shard: u32, stream: &Stream) {
        for child in stream.shards[shard as usize].children.into_iter().flatten() {
            for reader in 0..self.shared.settings.len() {
                let parents = stream.shards[child as usize].parents.into_iter().flatten();
                let ends = parents.map(|parent| self.lanes[parent as usize][reader].ended_at());
                let all: Option<Vec<u64>> = ends.collect();
                if let Some(at) = all.and_then(|ends| ends.into_iter().max()) {
                    let at = match self.shared.settings[reader].kind {
                        ConsumerKind::Kcl(kcl) => kcl.begins(stream.shards[shard as usize].closed_at, at),
                        ConsumerKind::Analytics(of) => of.begins(at),
                        _ => at,
                    };
                    self.lanes[child as usize][reader].begin(at);
                }
            }
        }
    }

    /// Invocations that the host has to answer, each handed out once.
    pub fn take_asked(&mut self) -> Vec<Invocation> {
        std::mem::take(&mut self.shared.asked)
    }

    /// Takes an answer; false if no running invocation with this id lacks one.
    pub fn accept(&mut self, asked: InvocationId, answer: Answer) -> bool {
        let lanes = self.lanes.get_mut(asked.shard() as usize);
        let lane = lanes.and_then(|lanes| lanes.get_mut(asked.consumer() as usize));
        lane.is_some_and(|lane| lane.accept(asked, answer))
    }

    /// The settings of a consumer, to change what holds from now on; `None` where there is no such consumer.
    pub fn settings(&mut self, consumer: u32) -> Option<&mut Settings> {
        self.shared.settings[..self.consumers as usize].get_mut(consumer as usize)
    }

    /// A consumer's function is deployed anew: its environments are new from now on.
    pub fn deploy(&mut self, consumer: u32, now: u64) {
        if consumer < self.consumers {
            self.shared.lambda.deploy(consumer, now);
        }
    }

    /// Invocations of a consumer that run.
    pub fn running(&self, consumer: u32) -> u64 {
        self.lanes.iter().map(|lanes| lanes[consumer as usize].running() as u64).sum()
    }

    /// The lane of a reader in a shard.
    pub(super) fn lane(&self, reader: u32, shard: u32) -> &Lane {
        &self.lanes[shard as usize][reader as usize]
    }

    /// Environments of a consumer's function that are still starting.
    pub fn starting(&self, consumer: u32, now: u64) -> u64 {
        let of = |lanes: &Vec<Lane>| lanes[consumer as usize].parts.iter().filter(|part| part.is_starting(now)).count();
        self.lanes.iter().map(|lanes| of(lanes) as u64).sum()
    }

    /// Environments that a consumer's function may make now.
    pub fn scaling_room(&self, consumer: u32, now: u64) -> u64 {
        self.shared.lambda.scaling_room(consumer, now)
    }

    /// Execution environments of a consumer's function, busy or idle.
    pub fn environments(&self, consumer: u32, now: u64) -> u64 {
        self.shared.lambda.environments(consumer, now)
    }

    /// The state of a reader's lane.
    pub fn state(&self, reader: u32, shard: u32, stream: &Stream) -> LaneState {
        self.lane(reader, shard).state(&stream.shards[shard as usize].log)
    }

    /// Age of the oldest record that the first consumer has not processed, µs.
    pub fn oldest_age(&self, now: u64, stream: &Stream) -> u64 {
        let oldest = (0..self.lanes.len() as u32).filter_map(|shard| self.state(0, shard, stream).oldest_arrival);
        oldest.min().map_or(0, |arrival| now - arrival.micros())
    }

    /// Steps of lanes since the start of the run.
    pub const fn worked(&self) -> u64 {
        self.worked
    }
}

/// Before this instant records lie before the starting position, µs.
const fn starts_at(settings: &Settings) -> u64 {
    settings.position.from(settings.start).micros()
}
