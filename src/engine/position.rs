//! Where a consumer stands in a shard, to look at: places on the log, batches as they go, the lease.
//!
//! Nothing here changes anything. Places are sequence indices of the shard's log: so many records lie before them.

use super::Engine;
use super::lane::Lane;
use super::part::{Part, Phase};
use super::readers::Readers;
use super::record::Log;
use super::stream::Stream;
use super::tries::Tried;
use crate::units::SimTime;

/// Where a consumer stands in one shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LanePosition {
    /// Everything before it is done, and it would go on from here after a restart.
    pub checkpoint: u64,
    /// Where its oldest batch begins, or its next one. Beyond the checkpoint only for a KCL application.
    pub reached: u64,
    /// Everything before it has been read or pushed.
    pub read: u64,
    /// Records that the shard ever stored.
    pub tip: u64,
    /// Records that are on their way to a consumer to which they are pushed.
    pub on_way: Option<u64>,
    /// Until when the consumer stands still, by injection.
    pub frozen_until: Option<SimTime>,
    /// The lease of a KCL application.
    pub lease: Option<LeasePosition>,
    /// What works on the shard: one part, or as many as the mapping's parallelization factor.
    pub parts: Vec<PartPosition>,
}

/// The lease of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeasePosition {
    /// The worker that holds it.
    pub owner: Option<u32>,
    /// When another worker can take it, where nobody holds it.
    pub free_at: SimTime,
    /// Records behind the place reached that were processed before: they are processed once more.
    pub again: u64,
}

/// What one part of a lane does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartPosition {
    /// What it is doing.
    pub doing: Doing,
    /// Where its batch begins.
    pub from: u64,
    /// Where its batch ends; where it begins if it has none.
    pub end: u64,
    /// Records in the batch, those of other parts left out.
    pub records: u64,
    /// Number of the try that runs or ran last, counted from the first of the whole batch; zero before it.
    pub attempt: u32,
    /// How often in a row Lambda refused to begin.
    pub refusals: u32,
    /// When the invocation began that runs.
    pub since: SimTime,
    /// Until when the environment of the invocation that runs is still starting.
    pub starts_until: SimTime,
    /// When the invocation ends, or the next try begins.
    pub until: SimTime,
    /// Ends of the pieces of a split batch that come next, in order.
    pub pieces: Vec<u64>,
    /// What became of the last batch that failed.
    pub tried: Vec<Tried>,
}

/// What a part of a lane is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// The shards that this one came from are not read to their end.
    AwaitsParents,
    /// It reads and gathers.
    #[default]
    Gathers,
    /// A batch is being worked on.
    Runs,
    /// A batch failed or was refused and waits for another try.
    WaitsToRetry,
    /// The shard is closed and everything in it is done.
    Ended,
}

/// A worker of a KCL application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerState {
    /// Whether it is up.
    pub up: bool,
    /// Leases that it holds of shards that are not at their end.
    pub leases: u32,
}

impl LanePosition {
    /// Whether a batch has failed and blocks the shard, or a part of it.
    pub fn is_blocked(&self) -> bool {
        self.parts.iter().any(PartPosition::is_failing)
    }
}

impl PartPosition {
    /// Whether it has a batch that failed before: waiting for the next try, or in it.
    pub fn is_failing(&self) -> bool {
        match self.doing {
            Doing::Runs => self.attempt > 1,
            Doing::WaitsToRetry => self.attempt > 0,
            _ => false,
        }
    }
}

impl Engine {
    /// Where a consumer stands in a shard.
    pub fn position(&self, consumer: u32, shard: u32) -> LanePosition {
        self.readers.position(consumer, shard, self.now, &self.stream)
    }

    /// Whether a failed batch blocks a shard for a consumer, and whether it is done with all of it: what
    /// [`position`](Self::position) says of it at less cost.
    pub fn lane_flags(&self, consumer: u32, shard: u32) -> (bool, bool) {
        let lane = self.readers.lane(consumer, shard);
        (lane.parts.iter().any(Part::is_failing), lane.ended_at().is_some())
    }

    /// Execution environments of a consumer's function that are still starting for the invocation that has them.
    pub fn starting(&self, consumer: u32) -> u64 {
        self.readers.starting(consumer, self.now)
    }

    /// Execution environments that the scaling rate lets a consumer's function make at this instant; zero for a
    /// consumer that is no function.
    pub fn scaling_room(&self, consumer: u32) -> u64 {
        self.readers.scaling_room(consumer, self.now)
    }

    /// The workers of a consumer; none where it is no KCL application.
    pub fn workers(&self, consumer: u32) -> Vec<WorkerState> {
        self.readers.worker_states(consumer, self.now)
    }
}

impl Readers {
    fn position(&self, reader: u32, shard: u32, now: u64, stream: &Stream) -> LanePosition {
        self.lane(reader, shard).look(now, &stream.shards[shard as usize].log)
    }
}

impl Lane {
    /// How it stands, to look at.
    pub(super) fn look(&self, now: u64, log: &Log) -> LanePosition {
        let at = SimTime::from_micros;
        let reached = self.parts.iter().map(|part| part.position).min().unwrap_or(0);
        let lease = self.lease.map(|lease| LeasePosition {
            owner: lease.owner,
            free_at: at(lease.free_at.max(now)),
            again: lease.done_to.saturating_sub(reached),
        });
        LanePosition {
            checkpoint: self.position(),
            reached,
            read: self.source.fetched,
            tip: log.tail(),
            on_way: self.source.on_way(now, log),
            frozen_until: (self.source.frozen_until > now).then(|| at(self.source.frozen_until)),
            lease,
            parts: (0..self.parts.len()).map(|part| self.look_at_part(part, now, log)).collect(),
        }
    }

    fn look_at_part(&self, index: usize, now: u64, log: &Log) -> PartPosition {
        let at = SimTime::from_micros;
        let part = &self.parts[index];
        let (doing, attempt, since) = match part.phase {
            Phase::AwaitingParents => (Doing::AwaitsParents, 0, 0),
            Phase::Gathering => (Doing::Gathers, 0, 0),
            Phase::Running { started, attempt, .. } => (Doing::Runs, attempt, started),
            // Nobody sees it like this: no frame ends before the answer is there.
            Phase::Asked { begun, .. } => (Doing::Runs, begun.attempt, part.next_at),
            Phase::Backoff { attempts } => (Doing::WaitsToRetry, attempts, 0),
            Phase::Ended { .. } => (Doing::Ended, 0, 0),
        };
        let has_batch = matches!(doing, Doing::Runs | Doing::WaitsToRetry);
        let end = if has_batch { part.batch_end } else { part.position };
        PartPosition {
            doing,
            from: part.position,
            end,
            records: if has_batch { self.count(index, part.position, end, log) } else { 0 },
            attempt,
            refusals: part.refusals,
            since: at(since),
            starts_until: at(if has_batch { part.starts_until.max(now) } else { 0 }),
            until: at(if has_batch { part.next_at } else { 0 }),
            pieces: part.pieces_ends().collect(),
            tried: part.tries.list().to_vec(),
        }
    }
}

impl Part {
    /// Whether it has a batch that failed before.
    pub(super) fn is_failing(&self) -> bool {
        match self.phase {
            Phase::Running { attempt, .. } => attempt > 1,
            Phase::Backoff { attempts } => attempts > 0,
            _ => false,
        }
    }

    /// Whether the environment of its invocation is still starting.
    pub(super) const fn is_starting(&self, now: u64) -> bool {
        self.is_running() && self.starts_until > now
    }
}
