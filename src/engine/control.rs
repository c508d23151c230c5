//! The control plane of a stream: calls that change it, the time they take, and who else makes them.
//!
//! A call is answered at once, with an error or not; what it starts happens later, wave after wave of splits and
//! merges. While something is going on the stream is UPDATING and takes no other call. On-demand mode watches the
//! load and splits by itself; a scaling policy watches metrics and calls like anybody else.

use super::Change;
use super::agenda::Agenda;
use super::fact::{By, Fact, Observer};
use super::policy::Policy;
use super::readers::Readers;
use super::stream::Stream;
use crate::errors::ServiceError;
use crate::hash_key::{HashKey, HashRange};
use crate::limits;
use crate::scenario::{Operation, Scenario, Stream as Settings, StreamMode};
use crate::units::{SimTime, Span};
use std::collections::VecDeque;

const DAY: u64 = Span::from_hours(24).micros();

/// What a call works with.
#[derive(Debug)]
pub(super) struct Office<'a, O> {
    /// Now, µs.
    pub now: u64,
    /// The stream that is changed.
    pub stream: &'a mut Stream,
    /// Its readers, who follow.
    pub readers: &'a mut Readers,
    /// Where it notes what comes later.
    pub changes: &'a mut Agenda<Change>,
    /// Who is told.
    pub observer: &'a mut O,
}

impl<O: Observer> Office<'_, O> {
    fn say(&mut self, fact: Fact<'_>) {
        self.observer.observe(SimTime::from_micros(self.now), fact);
    }

    /// Splits a shard and gives its children.
    fn split(&mut self, shard: u32, key: HashKey) -> [u32; 2] {
        let children = self.stream.split(self.now, shard, key);
        self.say(Fact::ShardClosed { shard });
        children.into_iter().for_each(|child| self.opened(child));
        children
    }

    fn merge(&mut self, low: u32, high: u32) {
        let child = self.stream.merge(self.now, low, high);
        self.say(Fact::ShardClosed { shard: low });
        self.say(Fact::ShardClosed { shard: high });
        self.opened(child);
    }

    fn opened(&mut self, shard: u32) {
        self.readers.open(shard);
        let of = &self.stream.shards[shard as usize];
        let (parents, range) = (of.parents, of.range);
        self.say(Fact::ShardOpened { shard, parents, range });
    }
}

/// The state of the control plane.
#[derive(Clone, Debug)]
pub struct Control {
    settings: Settings,
    mode: StreamMode,
    /// What is going on; `None` while the stream is ACTIVE.
    job: Option<Job>,
    /// When `UpdateShardCount` was called in the last 24 hours, µs.
    updates: VecDeque<u64>,
    /// When the mode was switched in the last 24 hours, µs.
    switches: VecDeque<u64>,
    warm: u32,
    watch: Watch,
    policy: Option<Policy>,
}

/// What an accepted call has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Split {
        shard: u32,
        key: HashKey,
    },
    Merge {
        low: u32,
        high: u32,
    },
    /// Splits and merges until so many shards divide the hash space evenly.
    Uniform {
        target: u32,
    },
    /// A change that only takes time.
    Wait,
}

/// What the load of the stream was at the last looks.
#[derive(Clone, Debug, Default)]
struct Watch {
    /// Records and bytes that came to each shard up to the last look, rejected ones included.
    seen: Vec<(u64, u64)>,
    /// Pieces that are planned for each shard already.
    planned: Vec<u32>,
    /// Shards' worth of load in each of the last minutes.
    needed: VecDeque<u32>,
    /// What looks have planned and is still to come, oldest first.
    plans: VecDeque<Plan>,
}

/// Splits that a look at the load has planned.
#[derive(Clone, Debug)]
struct Plan {
    /// Shards, and the even pieces that each is to end up in: a power of two.
    wanted: Vec<(u32, u32)>,
    /// Open shards that cover twice the load.
    most: usize,
}

impl Control {
    /// The control plane at the start of a run; notes when it looks for the first time.
    pub(super) fn new(scenario: &Scenario, changes: &mut Agenda<Change>) -> Self {
        let settings = scenario.stream;
        let policy = settings.autoscaler.map(Policy::new);
        if let Some(policy) = &policy {
            changes.push(policy.settings.period.micros(), Change::Policy);
        }
        if settings.mode.is_on_demand() {
            changes.push(limits::ON_DEMAND_WATCH.micros(), Change::Watch);
        }
        Self {
            settings,
            mode: settings.mode,
            job: None,
            updates: VecDeque::new(),
            switches: VecDeque::new(),
            warm: settings.warm_mib,
            watch: Watch::default(),
            policy,
        }
    }

    /// The capacity mode.
    pub const fn mode(&self) -> StreamMode {
        self.mode
    }

    /// Whether the stream is UPDATING.
    pub const fn is_updating(&self) -> bool {
        self.job.is_some()
    }

    /// A call to the control plane. What is refused changes nothing.
    pub(super) fn call(
        &mut self,
        operation: Operation,
        office: &mut Office<'_, impl Observer>,
    ) -> Result<(), ServiceError> {
        match operation {
            Operation::SplitShard { shard, new_starting_hash_key } => {
                self.may_reshard()?;
                let range = open_range(shard, office.stream)?;
                let (start, end) = (range.start().get(), range.end().get());
                let middle = start + (end - start) / 2;
                let key = new_starting_hash_key.map_or(middle, HashKey::get);
                if key <= start.saturating_add(1) || key >= end {
                    return Err(ServiceError::SplitKey { shard, key, start, end });
                }
                room_for(1, office.stream)?;
                self.begin(Job::Split { shard, key: HashKey::new(key) }, self.settings.reshard, office);
            }
            Operation::MergeShards { shard, adjacent } => {
                self.may_reshard()?;
                let (a, b) = (open_range(shard, office.stream)?, open_range(adjacent, office.stream)?);
                let (low, high) = if a.start() < b.start() { (shard, adjacent) } else { (adjacent, shard) };
                let touches = if a.start() < b.start() { a.merge(b) } else { b.merge(a) };
                if touches.is_none() {
                    return Err(ServiceError::NotAdjacent { shard, adjacent });
                }
                room_for(1, office.stream)?;
                self.begin(Job::Merge { low, high }, self.settings.reshard, office);
            }
            Operation::UpdateShardCount { target } => self.update_shard_count(target, office)?,
            Operation::UpdateRetention { retention } => {
                let hours = (retention.micros() / Span::from_hours(1).micros()) as u32;
                self.may_change()?;
                if retention < limits::RETENTION_MIN {
                    return Err(ServiceError::RetentionTooShort { hours });
                }
                if retention.micros() == office.stream.retention() {
                    return Err(ServiceError::RetentionUnchanged { hours });
                }
                // Raising takes effect in minutes; lowering almost at once.
                let lower = retention.micros() < office.stream.retention();
                let takes = if lower { Span::default() } else { limits::MODE_SWITCH_SPAN };
                office.changes.push(office.now + takes.micros(), Change::Retention(retention));
                self.begin(Job::Wait, limits::MODE_SWITCH_SPAN, office);
            }
            Operation::UpdateStreamMode { mode } => {
                self.may_change()?;
                recent(&mut self.switches, office.now);
                if self.switches.len() as u64 >= limits::MODE_SWITCHES_PER_DAY {
                    return Err(ServiceError::TooManySwitches);
                }
                self.switches.push_back(office.now);
                if mode.is_on_demand() && !self.mode.is_on_demand() {
                    self.watch = Watch::default();
                    let _ = self.look(office);
                    office.changes.push(office.now + limits::ON_DEMAND_WATCH.micros(), Change::Watch);
                }
                self.mode = mode;
                office.say(Fact::ModeChanged { mode });
                self.begin(Job::Wait, limits::MODE_SWITCH_SPAN, office);
            }
            Operation::UpdateWarmThroughput { mib } => {
                self.may_change()?;
                if self.mode != StreamMode::Advantage {
                    return Err(ServiceError::NotAdvantage);
                }
                let lower = mib < self.warm;
                self.warm = mib;
                let open = office.stream.open().len() as u32;
                // Lowering keeps what the last hour needed; raising keeps what there is.
                let needed = self.watch.needed.iter().copied().max().unwrap_or(1);
                let floor = if lower { needed } else { open };
                let target = mib.max(floor).min(limits::SHARDS_MAX as u32).max(1);
                self.begin(Job::Uniform { target }, limits::MODE_SWITCH_SPAN, office);
            }
            Operation::UpdateMapping { .. }
            | Operation::DeployFunction { .. }
            | Operation::DeployProducer { .. }
            | Operation::KillWorkers { .. }
            | Operation::FreezeConsumer { .. }
            | Operation::ThrottleAccount { .. }
            | Operation::LoseEnvironments { .. }
            | Operation::SlowFunction { .. }
            | Operation::BreakStore { .. }
            | Operation::KillHosts { .. } => {}
        }
        Ok(())
    }

    fn update_shard_count(&mut self, target: u32, office: &mut Office<'_, impl Observer>) -> Result<(), ServiceError> {
        self.may_reshard()?;
        let open = office.stream.open().len() as u32;
        let factor = limits::UPDATE_SHARD_COUNT_FACTOR as u32;
        if target > open * factor || target * factor < open {
            return Err(ServiceError::TargetOutOfRange { target, open });
        }
        recent(&mut self.updates, office.now);
        if self.updates.len() as u64 >= limits::UPDATE_SHARD_COUNT_CALLS {
            return Err(ServiceError::TooManyUpdates);
        }
        room_for(target.saturating_sub(open), office.stream)?;
        self.updates.push_back(office.now);
        self.begin(Job::Uniform { target }, self.settings.reshard, office);
        Ok(())
    }

    fn may_change(&self) -> Result<(), ServiceError> {
        if self.job.is_some() { Err(ServiceError::NotActive) } else { Ok(()) }
    }

    fn may_reshard(&self) -> Result<(), ServiceError> {
        if self.mode.is_on_demand() {
            return Err(ServiceError::OnDemand);
        }
        self.may_change()
    }

    fn begin(&mut self, job: Job, takes: Span, office: &mut Office<'_, impl Observer>) {
        self.job = Some(job);
        office.changes.push(office.now + takes.micros(), Change::Wave);
    }

    /// The time of a job, or of its next wave, is over.
    pub(super) fn wave(&mut self, office: &mut Office<'_, impl Observer>) {
        match self.job.take() {
            Some(Job::Split { shard, key }) => {
                office.split(shard, key);
            }
            Some(Job::Merge { low, high }) => office.merge(low, high),
            Some(Job::Uniform { target }) => {
                if uniform_wave(target, office) {
                    return self.begin(Job::Uniform { target }, self.settings.reshard, office);
                }
            }
            Some(Job::Wait) | None => {}
        }
        office.say(Fact::StreamActive);
    }

    /// On-demand mode looks at the load of the last minute, and plans splits.
    pub(super) fn watch(&mut self, office: &mut Office<'_, impl Observer>) {
        if !self.mode.is_on_demand() {
            return;
        }
        let plan = self.look(office);
        if !plan.wanted.is_empty() {
            self.watch.plans.push_back(plan);
            office.changes.push(office.now + self.settings.scale_after.micros(), Change::Grow);
        }
        office.changes.push(office.now + limits::ON_DEMAND_WATCH.micros(), Change::Watch);
    }

    /// Measures what came since the last look. Plans pieces for the shards that had too much, and how many shards
    /// cover twice the load.
    fn look(&mut self, office: &Office<'_, impl Observer>) -> Plan {
        let seconds = limits::ON_DEMAND_WATCH.micros() as f64 / 1e6;
        let bytes_above = limits::ON_DEMAND_SPLIT_ABOVE.get() as f64 * seconds;
        let records_above = limits::ON_DEMAND_SPLIT_ABOVE_RECORDS.per_second_f64() * seconds;
        let watch = &mut self.watch;
        watch.seen.resize(office.stream.shards.len(), (0, 0));
        watch.planned.resize(office.stream.shards.len(), 1);
        let (mut wanted, mut needed) = (Vec::new(), 0.0);
        for shard in office.stream.open() {
            let came = office.stream.shards[*shard as usize].came();
            let seen = std::mem::replace(&mut watch.seen[*shard as usize], came);
            let (records, bytes) = ((came.0 - seen.0) as f64, (came.1 - seen.1) as f64);
            let load = (records / records_above).max(bytes / bytes_above);
            needed += load / 2.0;
            let pieces = (load.ceil() as u32).max(1).next_power_of_two();
            let planned = &mut watch.planned[*shard as usize];
            if load > 1.0 && pieces > *planned {
                *planned = pieces;
                wanted.push((*shard, pieces));
            }
        }
        watch.needed.push_back(needed.ceil() as u32);
        let looks = limits::WARM_LOOKS_BACK.micros() / limits::ON_DEMAND_WATCH.micros();
        while watch.needed.len() as u64 > looks {
            watch.needed.pop_front();
        }
        // A load of one fills half a shard: the sum of loads in shards covers twice the load.
        Plan { wanted, most: (needed * 2.0).ceil() as usize }
    }

    /// The oldest plan happens: its shards, or what has become of them, are halved level by level until they are in so
    /// many pieces, or until there are shards for twice the load.
    pub(super) fn grow(&mut self, office: &mut Office<'_, impl Observer>) {
        let Some(plan) = self.watch.plans.pop_front().filter(|_| self.mode.is_on_demand()) else { return };
        let region = limits::ON_DEMAND_WRITE_MAX.get() / limits::SHARD_WRITE_BYTES_PER_SECOND.get();
        let most = plan.most.min(region.min(limits::SHARDS_MAX) as usize);
        let mut level = plan.wanted;
        while !level.is_empty() {
            let mut next = Vec::new();
            for (shard, pieces) in level {
                let of = &office.stream.shards[shard as usize];
                let (closed, range) = (of.closed_at != u64::MAX, of.range);
                let children = match of.children {
                    [Some(low), Some(high)] => [low, high],
                    // Merged away, or enough: nothing to halve.
                    _ if closed || office.stream.open().len() >= most || room_for(1, office.stream).is_err() => {
                        continue;
                    }
                    _ => {
                        let (start, end) = (range.start().get(), range.end().get());
                        office.split(shard, HashKey::new(start + (end - start) / 2))
                    }
                };
                next.extend(children.into_iter().map(|child| (child, pieces / 2)).filter(|(_, pieces)| *pieces > 1));
            }
            level = next;
        }
    }

    /// The scaling policy looks at its metric and may call.
    pub(super) fn look_as_policy(&mut self, office: &mut Office<'_, impl Observer>) {
        let Some(mut policy) = self.policy.take() else { return };
        if let Some(target) = policy.look(office) {
            let (from, answer) = (office.stream.open().len() as u32, self.update_shard_count(target, office));
            office.say(Fact::PolicyCalled { from, target });
            match answer {
                Ok(()) => policy.quiet_until = office.now + policy.settings.cooldown.micros(),
                Err(error) => office.say(Fact::Refused { by: By::Policy, error }),
            }
        }
        office.changes.push(office.now + policy.settings.period.micros(), Change::Policy);
        self.policy = Some(policy);
    }
}

/// Forgets what is older than a day.
fn recent(calls: &mut VecDeque<u64>, now: u64) {
    while calls.front().is_some_and(|at| at + DAY <= now) {
        calls.pop_front();
    }
}

fn open_range(shard: u32, stream: &Stream) -> Result<HashRange, ServiceError> {
    let found = stream.shards.get(shard as usize).filter(|of| of.closed_at == u64::MAX);
    found.map(|of| of.range).ok_or(ServiceError::ShardNotFound { shard })
}

/// Whether so many more open shards fit into the quota, and what they need into the run.
fn room_for(more: u32, stream: &Stream) -> Result<(), ServiceError> {
    let (open, ever) = (stream.open().len() as u32, stream.shards.len() as u32);
    let (limit, ever_limit) = (limits::SHARDS_MAX as u32, limits::SHARDS_EVER_MAX as u32);
    if open + more > limit {
        return Err(ServiceError::ShardLimit { open, more, limit });
    }
    // A split makes two shards out of one.
    let made = 2 * more.max(1);
    if ever + made > ever_limit {
        return Err(ServiceError::ShardLimit { open: ever, more: made, limit: ever_limit });
    }
    Ok(())
}

/// One wave on the way to `target` even shards: splits where a boundary is missing, then merges of what lies
/// between two boundaries. Says whether another wave is needed.
fn uniform_wave(target: u32, office: &mut Office<'_, impl Observer>) -> bool {
    let starts: Vec<HashKey> = (1..target).map(|index| HashRange::even(index, target).start()).collect();
    let wave = limits::RESHARD_WAVE as usize;
    if office.stream.shards.len() + 2 * wave > limits::SHARDS_EVER_MAX as usize {
        return false;
    }
    let splits = missing_boundaries(&starts, office.stream);
    if splits.is_empty() {
        for (low, high) in superfluous_boundaries(&starts, office.stream).into_iter().take(wave) {
            office.merge(low, high);
        }
    } else {
        for (shard, key) in splits.into_iter().take(wave) {
            office.split(shard, key);
        }
    }
    let stream = &office.stream;
    !missing_boundaries(&starts, stream).is_empty() || !superfluous_boundaries(&starts, stream).is_empty()
}

/// For each open shard that boundaries of the even division cross, the one in their middle.
fn missing_boundaries(starts: &[HashKey], stream: &Stream) -> Vec<(u32, HashKey)> {
    let crossed = |shard: &u32| {
        let range = stream.shards[*shard as usize].range;
        let from = starts.partition_point(|start| *start <= range.start());
        let to = starts.partition_point(|start| *start <= range.end());
        (from < to).then(|| (*shard, starts[from.midpoint(to)]))
    };
    stream.open().iter().filter_map(crossed).collect()
}

/// Pairs of open shards between which the even division has no boundary; each shard in one pair at most.
fn superfluous_boundaries(starts: &[HashKey], stream: &Stream) -> Vec<(u32, u32)> {
    let (mut pairs, mut open) = (Vec::new(), stream.open());
    while let [low, high, ..] = open {
        let boundary = stream.shards[*high as usize].range.start();
        if starts.binary_search(&boundary).is_ok() {
            open = &open[1..];
        } else {
            pairs.push((*low, *high));
            open = &open[2..];
        }
    }
    pairs
}
