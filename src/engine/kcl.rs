//! The lease of one shard in a KCL application: who works on it, and from where the next one would go on.

use super::fact::{Fact, Observer};
use super::invocation::InvocationId;
use super::lane::{Desk, Lane};
use super::part::Phase;
use super::poller;
use crate::limits;
use crate::scenario::Poller;
use crate::units::{SimTime, Span};

/// A lease. Positions are sequence indices of the shard's log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lease {
    /// The worker that holds it.
    pub owner: Option<u32>,
    /// Shards that its owner works on, this one included: they share its speed.
    pub shares: u32,
    /// When another worker can take it, µs.
    pub free_at: u64,
    /// When its owner renewed it last, µs.
    pub renewed_at: u64,
    /// Where the next owner begins.
    pub checkpoint: u64,
    /// The next checkpoint comes with the first batch that ends then or later, µs.
    checkpoint_at: u64,
    /// Everything before it is done, by whatever owner.
    pub done_to: u64,
}

impl Lease {
    /// Records before `at` are none of its business, or done for good.
    pub fn pass(&mut self, at: u64) {
        self.checkpoint = self.checkpoint.max(at);
        self.done_to = self.done_to.max(at);
    }

    /// A batch that ends at `end` is processed. Gives where in it the records begin that were not processed before.
    pub fn processed(&mut self, end: u64) -> u64 {
        let before = self.done_to;
        self.done_to = before.max(end);
        before
    }

    /// Time of a batch at the speed of a worker, µs: a worker divides it evenly among its shards.
    pub fn takes(&self, records: u64, worker_milli: u64) -> u64 {
        (records * u64::from(self.shares.max(1)) * 1_000_000_000).div_ceil(worker_milli)
    }
}

impl Lane {
    /// A worker takes the lease, and begins when the lane may.
    pub(super) fn lease_to(&mut self, owner: u32, checkpoint: Span, now: u64) {
        let Some(lease) = &mut self.lease else { return };
        lease.owner = Some(owner);
        lease.renewed_at = now;
        lease.checkpoint_at = now + checkpoint.micros();
        let part = &mut self.parts[0];
        if part.phase == Phase::Gathering {
            part.next_at = now.max(self.source.poll_base);
        }
    }

    /// The worker that holds the lease hands it to another, with a checkpoint; what runs ends with the new one.
    pub(super) fn hand_over(&mut self, owner: u32, now: u64) {
        let position = self.parts[0].position;
        if let Some(lease) = &mut self.lease {
            lease.owner = Some(owner);
            lease.renewed_at = now;
            lease.checkpoint = lease.checkpoint.max(position);
        }
    }

    /// Whether there will be work on it: it has begun, and is not at its end.
    pub(super) fn is_active(&self) -> bool {
        !matches!(self.parts[0].phase, Phase::AwaitingParents | Phase::Ended { .. })
    }

    /// The worker that holds the lease dies: a batch that runs is worth nothing, and the next owner goes on from the
    /// checkpoint, when the lease has run out at `free_at`.
    pub(super) fn lose_lease(&mut self, free_at: u64, desk: &mut Desk<'_, impl Observer>) {
        let (reader, shard) = (self.reader, self.shard);
        let Some(lease) = &mut self.lease else { return };
        (lease.owner, lease.free_at) = (None, free_at);
        let part = &mut self.parts[0];
        if !matches!(part.phase, Phase::Gathering | Phase::Running { .. } | Phase::Backoff { .. }) {
            return;
        }
        // What is older than the retention is not read once more; what of it was not processed yet is gone.
        let log = &desk.stream.shards[shard as usize].log;
        let (passed, in_hand) = (part.position.max(part.resume), part.batch_end);
        let (mut from, mut expired) = (lease.checkpoint, 0);
        while from < passed && desk.stream.expiry(log.get(from).arrived) <= desk.now {
            expired += u64::from(from >= lease.done_to && from < in_hand);
            from += 1;
        }
        let again = lease.done_to.saturating_sub(from);
        lease.pass(from);
        self.done += expired;
        let started = if let Phase::Running { id, started, .. } = part.phase {
            desk.asked.retain(|asked| asked.id != InvocationId::new(reader, shard, id));
            Some(SimTime::from_micros(started))
        } else {
            None
        };
        part.stand_at(from);
        (part.phase, part.next_at) = (Phase::Gathering, u64::MAX);
        (self.source.fetched, self.source.behind, self.source.at_end) = (from, true, false);
        if expired > 0 {
            desk.say(Fact::Expired { reader, shard, records: expired });
        }
        desk.say(Fact::LeaseLost { reader, shard, again, started });
    }

    /// After a batch: a checkpoint, where it is time for one.
    pub(super) fn checkpoint(&mut self, end: u64, every: Span, desk: &mut Desk<'_, impl Observer>) {
        let (reader, shard) = (self.reader, self.shard);
        if let Some(lease) = &mut self.lease
            && desk.now >= lease.checkpoint_at
        {
            if !desk.table.write(desk.now) {
                // The next batch but a second later tries again, and a death until then costs more.
                lease.checkpoint_at = desk.now + limits::KCL_CHECKPOINT_RETRY.micros();
                return desk.say(Fact::CheckpointRefused { reader, shard });
            }
            lease.checkpoint = lease.checkpoint.max(end);
            lease.checkpoint_at = desk.now + every.micros();
            desk.say(Fact::Checkpointed { reader, shard });
        }
    }
}

/// Reads up to a limit and works as the record processor of a shard does, while a worker holds its lease.
pub(super) fn gather(lane: &mut Lane, limit: u32, idle: Span, desk: &mut Desk<'_, impl Observer>) {
    if lane.lease.is_some_and(|lease| lease.owner.is_none()) {
        lane.parts[0].next_at = u64::MAX;
        return;
    }
    poller::gather(lane, Poller { limit, idle, always_sleeps: true }, desk);
}
