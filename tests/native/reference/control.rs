//! The control plane of the naive model: shards that come and go, calls that are refused, modes and their lag. Every
//! answer is found by looking at all shards.

use super::happened::What;
use super::lane::{Lane, Phase};
use super::model::{Due, Model};
use super::shard::Shard;
use streamgauge::engine::By;
use streamgauge::errors::ServiceError;
use streamgauge::scenario::{Operation, StreamMode};

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;

/// What happens to the stream at some time, before anything else of that instant.
#[derive(Clone, Debug)]
pub enum Change {
    Operation(usize),
    /// What was begun is done, or its next wave is.
    Wave,
    Watch,
    Grow,
    Retention(u64),
}

#[derive(Clone, Debug)]
enum Job {
    Split { shard: u32, key: u128 },
    Merge { low: u32, high: u32 },
    Uniform { target: u32 },
    Wait,
}

/// The state of the control plane.
#[derive(Default)]
pub struct Control {
    job: Option<Job>,
    /// Instants of the calls that count against a limit.
    updates: Vec<u64>,
    switches: Vec<u64>,
    warm: u32,
    /// What came to each shard up to the last look, and the pieces planned for it; absent shards have none.
    looks: Vec<(u64, u64, u32)>,
    needed: Vec<u32>,
    /// Shards with their pieces, and the most shards, of each look that is still to act.
    plans: Vec<(Vec<(u32, u32)>, usize)>,
}

impl Model<'_> {
    /// The changes that the start of a run brings.
    pub fn plan_changes(&mut self) {
        self.control.warm = self.scenario.stream.warm_mib;
        for (index, planned) in self.scenario.operations.clone().iter().enumerate() {
            self.note_change(planned.at.micros(), Change::Operation(index));
        }
        if self.scenario.stream.mode.is_on_demand() {
            self.note_change(MINUTE, Change::Watch);
        }
    }

    pub fn change(&mut self, change: Change) {
        match change {
            Change::Operation(index) => self.operation(index),
            Change::Wave => self.wave(),
            Change::Watch => self.watch(),
            Change::Grow => self.grow(),
            Change::Retention(micros) => {
                self.scenario.stream.retention = streamgauge::units::Span::from_micros(micros);
                for shard in 0..self.shards.len() as u32 {
                    let arrivals: Vec<u64> = self.shards[shard as usize].kept.iter().map(|kept| kept.arrived).collect();
                    arrivals.into_iter().for_each(|at| self.expect_expiry(shard, (at + micros).max(self.now)));
                }
                self.say(What::Retention { micros });
            }
        }
    }

    fn operation(&mut self, index: usize) {
        self.say(What::Operation { index: self.applied });
        let by = By::Operation(self.applied);
        self.applied += 1;
        let operation = self.scenario.operations[index].operation;
        let consumer = &mut self.scenario.consumers[0];
        match operation {
            Operation::UpdateMapping { consumer: 0, batch_size, batching_window, .. } => {
                (consumer.batch_size, consumer.batching_window) = (batch_size, batching_window);
            }
            Operation::DeployFunction { consumer: 0, duration, injected_error_rate, .. } => {
                self.lambda.deploy();
                (consumer.duration, consumer.injected_error_rate) = (duration, injected_error_rate);
            }
            Operation::DeployProducer { retry } => self.scenario.producer.retry = retry,
            Operation::KillHosts { hosts, down } => self.kill(hosts, down.micros()),
            call => {
                if let Err(error) = self.call(call) {
                    self.say(What::Refused { by, error });
                }
            }
        }
    }

    fn call(&mut self, call: Operation) -> Result<(), ServiceError> {
        let reshards = matches!(
            call,
            Operation::SplitShard { .. } | Operation::MergeShards { .. } | Operation::UpdateShardCount { .. }
        );
        if reshards && self.scenario.stream.mode.is_on_demand() {
            return Err(ServiceError::OnDemand);
        }
        if self.control.job.is_some() {
            return Err(ServiceError::NotActive);
        }
        let now = self.now;
        let reshard = self.scenario.stream.reshard.micros();
        let open = self.open();
        let range = |shard: u32| match open.iter().find(|index| **index == shard) {
            Some(index) => Ok((self.shards[*index as usize].first_hash, self.shards[*index as usize].last_hash)),
            None => Err(ServiceError::ShardNotFound { shard }),
        };
        match call {
            Operation::SplitShard { shard, new_starting_hash_key } => {
                let (start, end) = range(shard)?;
                let key = new_starting_hash_key.map_or(start + (end - start) / 2, |key| key.get());
                // More than one above the start, and below the end.
                if key < start || key - start < 2 || key >= end {
                    return Err(ServiceError::SplitKey { shard, key, start, end });
                }
                self.begin(Job::Split { shard, key }, reshard);
            }
            Operation::MergeShards { shard, adjacent } => {
                let (a, b) = (range(shard)?, range(adjacent)?);
                let follows = |low: (u128, u128), high: (u128, u128)| low.1 < u128::MAX && low.1 + 1 == high.0;
                let (low, high) = match () {
                    () if follows(a, b) => (shard, adjacent),
                    () if follows(b, a) => (adjacent, shard),
                    () => return Err(ServiceError::NotAdjacent { shard, adjacent }),
                };
                self.begin(Job::Merge { low, high }, reshard);
            }
            Operation::UpdateShardCount { target } => {
                let count = open.len() as u32;
                if target > 2 * count || 2 * target < count {
                    return Err(ServiceError::TargetOutOfRange { target, open: count });
                }
                if self.control.updates.iter().filter(|at| *at + DAY > now).count() >= 10 {
                    return Err(ServiceError::TooManyUpdates);
                }
                self.control.updates.push(now);
                self.begin(Job::Uniform { target }, reshard);
            }
            Operation::UpdateRetention { retention } => {
                let hours = (retention.micros() / 3_600_000_000) as u32;
                let before = self.scenario.stream.retention.micros();
                if retention.micros() < DAY {
                    return Err(ServiceError::RetentionTooShort { hours });
                }
                if retention.micros() == before {
                    return Err(ServiceError::RetentionUnchanged { hours });
                }
                let takes = if retention.micros() < before { 0 } else { MINUTE };
                self.note_change(now + takes, Change::Retention(retention.micros()));
                self.begin(Job::Wait, MINUTE);
            }
            Operation::UpdateStreamMode { mode } => {
                if self.control.switches.iter().filter(|at| *at + DAY > now).count() >= 2 {
                    return Err(ServiceError::TooManySwitches);
                }
                self.control.switches.push(now);
                if mode.is_on_demand() && !self.scenario.stream.mode.is_on_demand() {
                    (self.control.looks, self.control.needed, self.control.plans) = Default::default();
                    let _ = self.look();
                    self.note_change(now + MINUTE, Change::Watch);
                }
                self.scenario.stream.mode = mode;
                self.say(What::Mode { mode });
                self.begin(Job::Wait, MINUTE);
            }
            Operation::UpdateWarmThroughput { mib } => {
                if self.scenario.stream.mode != StreamMode::Advantage {
                    return Err(ServiceError::NotAdvantage);
                }
                let needed = self.control.needed.iter().copied().max().unwrap_or(1);
                let floor = if mib < self.control.warm { needed } else { open.len() as u32 };
                self.control.warm = mib;
                self.begin(Job::Uniform { target: mib.max(floor).clamp(1, 1_000) }, MINUTE);
            }
            other => panic!("no call to the service: {other:?}"),
        }
        Ok(())
    }

    fn begin(&mut self, job: Job, takes: u64) {
        self.control.job = Some(job);
        self.note_change(self.now + takes, Change::Wave);
    }

    fn wave(&mut self) {
        match self.control.job.take() {
            Some(Job::Split { shard, key }) => {
                self.split(shard, key);
            }
            Some(Job::Merge { low, high }) => self.merge(low, high),
            Some(Job::Uniform { target }) => {
                self.uniform_wave(target);
                if !self.missing(target).is_empty() || !self.superfluous(target).is_empty() {
                    return self.begin(Job::Uniform { target }, self.scenario.stream.reshard.micros());
                }
            }
            Some(Job::Wait) | None => {}
        }
        self.say(What::Active);
    }

    fn uniform_wave(&mut self, target: u32) {
        let missing = self.missing(target);
        if missing.is_empty() {
            for (low, high) in self.superfluous(target).into_iter().take(10) {
                self.merge(low, high);
            }
        }
        for (shard, key) in missing.into_iter().take(10) {
            self.split(shard, key);
        }
    }

    /// Where each shard of the even division but the first begins.
    fn starts(target: u32) -> Vec<u128> {
        (1..target).map(|index| Shard::new(index, target, 1).first_hash).collect()
    }

    /// Open shards that a start lies inside of, and the one in the middle: of an even number the upper one of the two
    /// where the first has an odd place in the whole list.
    fn missing(&self, target: u32) -> Vec<(u32, u128)> {
        let starts = Self::starts(target);
        let of = |shard: u32| {
            let Shard { first_hash, last_hash, .. } = self.shards[shard as usize];
            let inside: Vec<usize> =
                (0..starts.len()).filter(|i| (first_hash + 1..=last_hash).contains(&starts[*i])).collect();
            let (first, last) = (inside.first()?, inside.last()?);
            Some((shard, starts[(first + last).div_ceil(2)]))
        };
        self.open().into_iter().filter_map(of).collect()
    }

    /// Neighbours between which the even division has no boundary, each shard in one pair.
    fn superfluous(&self, target: u32) -> Vec<(u32, u32)> {
        let (starts, open) = (Self::starts(target), self.open());
        let (mut pairs, mut place) = (Vec::new(), 1);
        while place < open.len() {
            let boundary = self.shards[open[place] as usize].first_hash;
            if starts.contains(&boundary) {
                place += 1;
            } else {
                pairs.push((open[place - 1], open[place]));
                place += 2;
            }
        }
        pairs
    }

    /// Open shards in the order of their hash keys.
    pub fn open(&self) -> Vec<u32> {
        let mut open: Vec<u32> =
            (0..self.shards.len() as u32).filter(|i| self.shards[*i as usize].closed_at.is_none()).collect();
        open.sort_by_key(|i| self.shards[*i as usize].first_hash);
        open
    }

    fn split(&mut self, shard: u32, key: u128) -> [u32; 2] {
        let Shard { first_hash, last_hash, .. } = self.shards[shard as usize];
        self.close(shard);
        [(first_hash, key - 1), (key, last_hash)].map(|range| self.make(range, [Some(shard), None]))
    }

    fn merge(&mut self, low: u32, high: u32) {
        let range = (self.shards[low as usize].first_hash, self.shards[high as usize].last_hash);
        self.close(low);
        self.close(high);
        self.make(range, [Some(low), Some(high)]);
    }

    fn close(&mut self, shard: u32) {
        self.shards[shard as usize].closed_at = Some(self.now);
        self.say(What::Closed { shard });
    }

    fn make(&mut self, (start, end): (u128, u128), parents: [Option<u32>; 2]) -> u32 {
        let shard = self.shards.len() as u32;
        let mut made = Shard::new(0, 1, self.scenario.stream.byte_burst.get());
        (made.first_hash, made.last_hash, made.parents) = (start, end, parents);
        self.shards.push(made);
        let mut lane = Lane::new(shard, 1, &self.scenario);
        lane.phase = Phase::AwaitingParents;
        self.lanes.push(lane);
        self.others.push(Vec::new());
        self.say(What::Opened { shard, parents, start, end });
        shard
    }

    /// A closed shard is read to its end: those that came from it begin when all their parents are.
    pub fn lane_ended(&mut self, shard: u32) {
        self.lanes[shard as usize].phase = Phase::Ended;
        for child in 0..self.shards.len() as u32 {
            let parents = self.shards[child as usize].parents;
            let ended = |parent: u32| self.lanes[parent as usize].phase == Phase::Ended;
            let begins = parents.contains(&Some(shard)) && parents.into_iter().flatten().all(ended);
            if begins && self.lanes[child as usize].phase == Phase::AwaitingParents {
                self.lanes[child as usize].phase = Phase::Gathering;
                self.lanes[child as usize].begin(self.now);
                self.note(self.now, Due::Wake(child));
            }
        }
    }

    fn watch(&mut self) {
        if !self.scenario.stream.mode.is_on_demand() {
            return;
        }
        let plan = self.look();
        if !plan.0.is_empty() {
            self.control.plans.push(plan);
            self.note_change(self.now + self.scenario.stream.scale_after.micros(), Change::Grow);
        }
        self.note_change(self.now + MINUTE, Change::Watch);
    }

    /// The shards that had more than half of what they take in the last minute, with the pieces for it, and how many
    /// shards cover twice all that came.
    fn look(&mut self) -> (Vec<(u32, u32)>, usize) {
        self.control.looks.resize(self.shards.len(), (0, 0, 1));
        let (mut wanted, mut halves) = (Vec::new(), 0.0);
        for shard in self.open() {
            let of = &self.shards[shard as usize];
            let (seen_records, seen_bytes, planned) = self.control.looks[shard as usize];
            let records = (of.came_records - seen_records) as f64 / (500.0 * 60.0);
            let bytes = (of.came_bytes - seen_bytes) as f64 / (500.0 * 1_024.0 * 60.0);
            let load = records.max(bytes);
            halves += load / 2.0;
            let pieces = (0..).map(|level| 1u32 << level).find(|pieces| f64::from(*pieces) >= load).expect("some do");
            let grows = load > 1.0 && pieces > planned;
            if grows {
                wanted.push((shard, pieces));
            }
            self.control.looks[shard as usize] = (of.came_records, of.came_bytes, if grows { pieces } else { planned });
        }
        self.control.needed.push(halves.ceil() as u32);
        if self.control.needed.len() > 60 {
            self.control.needed.remove(0);
        }
        (wanted, (halves * 2.0).ceil() as usize)
    }

    fn grow(&mut self) {
        if self.control.plans.is_empty() {
            return;
        }
        let (mut level, most) = self.control.plans.remove(0);
        if !self.scenario.stream.mode.is_on_demand() {
            return;
        }
        while !level.is_empty() {
            let mut next = Vec::new();
            for (shard, pieces) in level {
                let heirs: Vec<u32> = (0..self.shards.len() as u32)
                    .filter(|child| self.shards[*child as usize].parents == [Some(shard), None])
                    .collect();
                let of = &self.shards[shard as usize];
                let halves = match heirs[..] {
                    [low, high] => vec![low, high],
                    _ if of.closed_at.is_some() || self.open().len() >= most.min(1_000) => continue,
                    _ => self.split(shard, of.first_hash + (of.last_hash - of.first_hash) / 2).to_vec(),
                };
                if pieces > 2 {
                    next.extend(halves.into_iter().map(|half| (half, pieces / 2)));
                }
            }
            level = next;
        }
    }
}
