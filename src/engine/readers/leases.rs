//! The workers of KCL applications: who holds which lease, deaths, returns, and consumers that stand still.
//!
//! Leases change hands between two slices of time only. In a slice each worker's speed is divided evenly among the
//! shards that it worked on at the last change, so that shards need not know of each other.

use super::super::fact::{Fact, Observer};
use super::super::lease_table::{Calls, LeaseTable};
use super::super::position::WorkerState;
use super::super::stream::Stream;
use super::Readers;
use crate::scenario::{Consumer, ConsumerKind, Kcl, LeaseTable as Settings};
use crate::units::{SimTime, Span};

/// The workers of one application: when each is up again, µs; zero for one that never died.
pub(super) type Workers = Vec<u64>;

/// The workers of a consumer, all up.
pub(super) fn workers_of(consumer: &Consumer) -> Workers {
    match consumer.kind {
        ConsumerKind::Kcl(kcl) => vec![0; kcl.workers as usize],
        _ => Vec::new(),
    }
}

/// The lease table of a reader; one that nobody uses where it is no KCL application.
pub(super) fn table_of(reader: &Consumer) -> LeaseTable {
    LeaseTable::new(match reader.kind {
        ConsumerKind::Kcl(kcl) => kcl.table,
        _ => Settings::OnDemand,
    })
}

impl Readers {
    /// The settings of a consumer that is a KCL application.
    pub fn application(&self, consumer: u32) -> Option<Kcl> {
        match self.shared.settings[..self.consumers as usize].get(consumer as usize)?.kind {
            ConsumerKind::Kcl(kcl) => Some(kcl),
            _ => None,
        }
    }

    /// Lets workers of an application die for a while, those with the lowest numbers that are up. Gives how long their
    /// leases run on.
    pub fn kill_workers(
        &mut self,
        consumer: u32,
        workers: u32,
        down: Span,
        now: u64,
        stream: &mut Stream,
        observer: &mut impl Observer,
    ) -> Option<Span> {
        let Some(kcl) = self.application(consumer) else {
            return self.start_again(consumer, down, now, stream, observer);
        };
        let of = &mut self.workers[consumer as usize];
        let up = (0..of.len()).filter(|worker| of[*worker] <= now);
        let dying: Vec<usize> = up.take(workers as usize).collect();
        for worker in &dying {
            of[*worker] = now.saturating_add(down.micros()).max(now + 1);
        }
        let at = SimTime::from_micros(now);
        observer.observe(at, Fact::WorkersDied { reader: consumer, workers: dying.len() as u32 });
        for lanes in &mut self.lanes {
            let lane = &mut lanes[consumer as usize];
            if lane.lease.and_then(|lease| lease.owner).is_some_and(|owner| dying.contains(&(owner as usize))) {
                let mut desk = self.shared.desk(consumer as usize, now, stream, observer);
                lane.lose_lease(now + kcl.failover.micros(), &mut desk);
            }
        }
        Some(kcl.failover)
    }

    /// Workers of an application look at the leases: those that nobody holds any more go one by one to whoever has
    /// fewest; then each worker that has two less than another takes one from it. A worker that cannot read the lease
    /// table takes none this time, and a lease that cannot be written stays where it is.
    pub fn take_leases(&mut self, consumer: u32, now: u64, observer: &mut impl Observer) {
        let Some(kcl) = self.application(consumer) else { return self.look_for_shards(consumer, now) };
        let (mut calls, leases) = (Calls::default(), self.lanes.len() as u64);
        let table = &mut self.shared.tables[consumer as usize];
        let mut sees = |up_at: &u64| *up_at <= now && table.count_scan(now, leases, &mut calls);
        let up: Vec<bool> = self.workers[consumer as usize].iter().map(&mut sees).collect();
        let mut held = vec![0u32; up.len()];
        let mut lanes: Vec<_> = self.lanes.iter_mut().map(|lanes| &mut lanes[consumer as usize]).collect();
        lanes.retain(|lane| lane.ended_at().is_none());
        for owner in lanes.iter().filter_map(|lane| lane.lease.and_then(|lease| lease.owner)) {
            held[owner as usize] += 1;
        }
        let fewest = |held: &[u32]| (0..up.len()).filter(|worker| up[*worker]).min_by_key(|worker| held[*worker]);
        let free = |lease: super::Lease| lease.owner.is_none() && lease.free_at <= now;
        for lane in lanes.iter_mut().filter(|lane| lane.lease.is_some_and(free)) {
            let Some(worker) = fewest(&held) else { break };
            if !table.count_write(now, &mut calls) {
                continue;
            }
            held[worker] += 1;
            lane.lease_to(worker as u32, kcl.checkpoint, now);
        }
        for taker in (0..up.len()).filter(|worker| up[*worker]) {
            let Some(from) = (0..up.len()).rev().max_by_key(|worker| held[*worker]) else { break };
            if held[taker] + 2 > held[from] {
                continue;
            }
            let theirs = |lease: super::Lease| lease.owner == Some(from as u32);
            if let Some(lane) = lanes.iter_mut().rev().find(|lane| lane.lease.is_some_and(theirs))
                && table.count_write(now, &mut calls)
            {
                lane.hand_over(taker as u32, now);
                (held[taker], held[from]) = (held[taker] + 1, held[from] - 1);
            }
        }
        let mut active = vec![0u32; up.len()];
        let owner_of = |lane: &super::Lane| lane.lease.and_then(|lease| lease.owner).filter(|_| lane.is_active());
        for owner in lanes.iter().filter_map(|lane| owner_of(lane)) {
            active[owner as usize] += 1;
        }
        for lane in &mut lanes {
            if let Some(lease) = &mut lane.lease {
                lease.shares = lease.owner.map_or(0, |owner| active[owner as usize]);
            }
        }
        say(consumer, now, calls, observer);
    }

    /// The workers of an application renew the leases that they hold, and one of them looks for new shards where it is
    /// time for that. A lease that was not renewed for the failover time is lost, though its worker lives.
    pub fn renew_leases(
        &mut self,
        consumer: u32,
        every: Span,
        now: u64,
        stream: &mut Stream,
        observer: &mut impl Observer,
    ) {
        let Some(kcl) = self.application(consumer) else { return };
        let Self { lanes, shared, .. } = self;
        let (table, mut calls, count) = (&mut shared.tables[consumer as usize], Calls::default(), lanes.len());
        let since = now - every.micros();
        let syncs = |at: u64| at.checked_div(kcl.shard_sync.micros()).unwrap_or(0);
        for _ in syncs(since)..syncs(now) {
            table.count_scan(now, count as u64, &mut calls);
        }
        let (first, mut next) = (table.first, None);
        for step in 0..count {
            let shard = (first + step) % count;
            let lane = &mut lanes[shard][consumer as usize];
            let is_over = lane.ended_at().is_some();
            let Some(lease) = lane.lease.as_mut().filter(|lease| lease.owner.is_some() && !is_over) else { continue };
            if shared.tables[consumer as usize].count_write(now, &mut calls) {
                lease.renewed_at = now;
                continue;
            }
            next = next.or(Some(shard));
            if lease.renewed_at + kcl.failover.micros() <= now {
                let at = SimTime::from_micros(now);
                observer.observe(at, Fact::LeaseExpired { reader: consumer, shard: shard as u32 });
                let mut desk = shared.desk(consumer as usize, now, stream, observer);
                lane.lose_lease(now, &mut desk);
            }
        }
        shared.tables[consumer as usize].first = next.unwrap_or(first);
        say(consumer, now, calls, observer);
    }

    /// How the workers of a consumer stand.
    pub fn worker_states(&self, consumer: u32, now: u64) -> Vec<WorkerState> {
        let up = |up_at: &u64| WorkerState { up: *up_at <= now, leases: 0 };
        let mut states: Vec<WorkerState> = self.workers[consumer as usize].iter().map(up).collect();
        let lanes = self.lanes.iter().map(|lanes| &lanes[consumer as usize]);
        for lease in lanes.filter(|lane| lane.ended_at().is_none()).filter_map(|lane| lane.lease) {
            if let Some(worker) = lease.owner.and_then(|owner| states.get_mut(owner as usize)) {
                worker.leases += 1;
            }
        }
        states
    }

    /// Lets a consumer stand still until an instant: nothing is read and nothing is begun. What runs ends.
    pub fn freeze(&mut self, consumer: u32, until: u64) {
        if let Some(frozen) = self.frozen.get_mut(consumer as usize) {
            *frozen = until.max(*frozen);
            for lanes in &mut self.lanes {
                lanes[consumer as usize].source.frozen_until = *frozen;
            }
        }
    }
}

/// Tells what calls to a lease table took.
fn say(reader: u32, now: u64, calls: Calls, observer: &mut impl Observer) {
    let Calls { writes, half_reads, refused } = calls;
    if writes + half_reads + refused > 0 {
        observer.observe(SimTime::from_micros(now), Fact::LeaseTableCalled { reader, writes, half_reads, refused });
    }
}
