//! What a worker does for a request after its computing: the database with its pools, the cache, the other store, the
//! slow step.

use super::attempt::{Attempt, Place};
use super::draws::{Draws, Of};
use super::{Cause, DirectEngine, DirectFact, DirectObserver, Event, Station};
use crate::scenario::{Direct, Scenario};
use crate::units::Span;

/// Station of the primary; those of the replicas follow.
pub(super) const PRIMARY: u16 = 0;
/// Station of the other store.
const STORE: u16 = u16::MAX;

/// What all instances share.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// The primary, then the replicas.
    pub database: Vec<Station<u32>>,
    pub store: Station<u32>,
    /// Slow steps with the instants at which they were handed over.
    pub background: Station<u64>,
    /// Connections that the database has.
    pub connections: u32,
    /// Requests that wait for a connection of their pool.
    pub pool_waiting: u64,
    /// The replica that answers next.
    next_replica: u16,
    /// Misses that the cache has kept.
    kept: u64,
    /// A statement takes so many thousandths of its time: more than a thousand while the database is slow on purpose.
    pub slow_milli: u64,
    /// For each key when it was written last, µs, and one more; only where there are replicas.
    written: Vec<u64>,
    pub counts: Counts,
}

/// Where statements went so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Reads that the cache answered.
    pub hits: u64,
    /// Reads that it did not.
    pub misses: u64,
    /// Reads of the primary.
    pub primary_reads: u64,
    /// Reads of replicas.
    pub replica_reads: u64,
    /// Writes to the primary.
    pub writes: u64,
    /// Reads of the other store.
    pub store_reads: u64,
    /// Writes to it.
    pub store_writes: u64,
}

impl Counts {
    /// What came since an earlier count.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            hits: self.hits - earlier.hits,
            misses: self.misses - earlier.misses,
            primary_reads: self.primary_reads - earlier.primary_reads,
            replica_reads: self.replica_reads - earlier.replica_reads,
            writes: self.writes - earlier.writes,
            store_reads: self.store_reads - earlier.store_reads,
            store_writes: self.store_writes - earlier.store_writes,
        }
    }
}

impl Work {
    pub fn new(scenario: &Scenario, direct: &Direct) -> Self {
        let replicas = direct.replicas.count as usize;
        let keys = if replicas > 0 { scenario.traffic.keys.count() as usize } else { 0 };
        Self {
            database: (0..=replicas).map(|_| Station::new(direct.database.vcpus)).collect(),
            store: Station::new(direct.store.parallel.unwrap_or(u32::MAX)),
            background: Station::new(direct.background.workers),
            connections: 0,
            pool_waiting: 0,
            next_replica: 0,
            kept: 0,
            slow_milli: 1_000,
            written: vec![0; keys],
            counts: Counts::default(),
        }
    }

    pub const fn empty_cache(&mut self) {
        self.kept = 0;
    }

    /// Whether the cache answers a read. While it fills, its hit ratio grows with what it holds.
    fn answers(&mut self, direct: &Direct, draws: &mut Draws) -> bool {
        let (whole, entries) = (u64::from(direct.cache.hit_ratio.millionths()), u64::from(direct.cache.entries));
        if whole == 0 {
            return false;
        }
        let ratio = if self.kept >= entries { whole } else { whole * self.kept / entries };
        let hit = draws.is_hit(ratio);
        if hit {
            self.counts.hits += 1;
        } else {
            self.counts.misses += 1;
            self.kept += 1;
        }
        hit
    }
}

impl DirectEngine {
    /// The next step of an attempt whose last one is done.
    pub(super) fn go_on(&mut self, slot: u32, observer: &mut impl DirectObserver) {
        let attempt = &mut self.attempts[slot];
        if attempt.place == Place::Ruin {
            if attempt.connected {
                self.work.connections -= 1;
            }
            return self.attempts.free(slot);
        }
        if attempt.reads > 0 {
            attempt.reads -= 1;
            return self.read(slot, observer);
        }
        if attempt.writes > 0 {
            attempt.writes -= 1;
            attempt.writing = true;
            return if self.draws.is_for_store(self.direct.store.write_share) {
                self.work.counts.store_writes += 1;
                self.call_store(slot, self.direct.store.write);
            } else {
                self.statement(slot, observer);
            };
        }
        if attempt.connected {
            self.release(slot);
        }
        if self.attempts[slot].slow {
            self.attempts[slot].slow = false;
            return if self.direct.background.workers > 0 {
                self.agenda.push(self.now + self.direct.background.enqueue.micros(), Event::HandedOver(slot));
            } else {
                let time = self.draws.time(Of::Slow, self.direct.request.slow);
                self.agenda.push(self.now + time, Event::Waited(slot));
            };
        }
        self.leave(slot, None, observer);
    }

    fn read(&mut self, slot: u32, observer: &mut impl DirectObserver) {
        self.attempts[slot].writing = false;
        if self.work.answers(&self.direct, &mut self.draws) {
            return self.agenda.push(self.now + self.direct.cache.hit.micros(), Event::Waited(slot));
        }
        if self.draws.is_for_store(self.direct.store.read_share) {
            self.work.counts.store_reads += 1;
            return self.call_store(slot, self.direct.store.read);
        }
        self.statement(slot, observer);
    }

    fn call_store(&mut self, slot: u32, mean: Span) {
        let time = self.draws.time(Of::Statement, mean);
        if let Some(at) = self.work.store.enter(self.now, slot, time) {
            self.agenda.push(at, Event::Stated(slot, STORE));
        }
    }

    /// A statement for the database: where the attempt has no connection, it gets one of its pool, or waits for it.
    fn statement(&mut self, slot: u32, observer: &mut impl DirectObserver) {
        let attempt = &mut self.attempts[slot];
        if attempt.connected {
            return self.submit(slot);
        }
        let instance = &mut self.fleet.instances[usize::from(attempt.instance)];
        if instance.connections >= self.direct.database.pool {
            attempt.place = Place::PoolLine;
            self.work.pool_waiting += 1;
            let generation = attempt.generation;
            instance.pool_line.push_back((slot, generation));
            if let Some(wait) = self.direct.database.pool_wait {
                self.pool_waits.push_back((self.now + wait.micros(), slot, generation));
            }
            return;
        }
        if self.work.connections >= self.direct.database.max_connections {
            return self.leave(slot, Some(Cause::Connections), observer);
        }
        instance.connections += 1;
        self.work.connections += 1;
        attempt.connected = true;
        self.submit(slot);
    }

    fn submit(&mut self, slot: u32) {
        let Direct { database, replicas, .. } = &self.direct;
        let writing = self.attempts[slot].writing;
        let mut station = PRIMARY;
        if writing {
            self.work.counts.writes += 1;
        } else if replicas.count == 0 {
            self.work.counts.primary_reads += 1;
        } else {
            self.work.counts.replica_reads += 1;
            self.work.next_replica = self.work.next_replica % replicas.count as u16 + 1;
            station = self.work.next_replica;
        }
        let time = self.draws.time(Of::Statement, if writing { database.write } else { database.read });
        let time = if self.work.slow_milli == 1_000 { time } else { time * self.work.slow_milli / 1_000 };
        if let Some(at) = self.work.database[usize::from(station)].enter(self.now, slot, time) {
            self.agenda.push(at, Event::Stated(slot, station));
        }
    }

    /// A statement is done. Of an attempt whose worker is gone it counts all the same.
    pub(super) fn stated(&mut self, slot: u32, station: u16, observer: &mut impl DirectObserver) {
        let place = if station == STORE { &mut self.work.store } else { &mut self.work.database[usize::from(station)] };
        if let Some((next, at)) = place.leave(self.now) {
            self.agenda.push(at, Event::Stated(next, station));
        }
        let Attempt { key, number, writing, .. } = self.attempts[slot];
        if station == PRIMARY && writing {
            if let Some(written) = self.work.written.get_mut(key as usize) {
                *written = self.now + 1;
            }
        } else if station != PRIMARY && station != STORE {
            let written = self.work.written[key as usize];
            // A write at the very instant of the read is not seen there either.
            if written > 0 && self.now - (written - 1) < self.direct.replicas.lag.micros() {
                self.tell(observer, DirectFact::Stale { number });
            }
        }
        self.go_on(slot, observer);
    }

    /// A connection goes to the next who waits for one of its pool, or back.
    fn release(&mut self, slot: u32) {
        self.attempts[slot].connected = false;
        let instance = &mut self.fleet.instances[usize::from(self.attempts[slot].instance)];
        while let Some((next, generation)) = instance.pool_line.pop_front() {
            if let Some(attempt) = self.attempts.same((next, generation))
                && attempt.place == Place::PoolLine
            {
                (attempt.place, attempt.connected) = (Place::Worker, true);
                self.work.pool_waiting -= 1;
                return self.submit(next);
            }
        }
        instance.connections -= 1;
        self.work.connections -= 1;
    }

    pub(super) fn give_up_on_pool(&mut self, observer: &mut impl DirectObserver) {
        let Some((_, slot, generation)) = self.pool_waits.pop_front() else { return };
        if let Some(attempt) = self.attempts.same((slot, generation))
            && attempt.place == Place::PoolLine
        {
            attempt.place = Place::Worker;
            self.work.pool_waiting -= 1;
            self.leave(slot, Some(Cause::PoolWait), observer);
        }
    }

    pub(super) fn hand_over(&mut self, observer: &mut impl DirectObserver) {
        let Self { work, now, .. } = self;
        let room = self.direct.background.queue.is_none_or(|most| work.background.waiting() < u64::from(most));
        let kept = room || !work.background.is_full();
        if kept {
            let time = self.draws.time(Of::Slow, self.direct.request.slow);
            if let Some(at) = work.background.enter(*now, *now, time) {
                self.agenda.push(at, Event::Done(*now));
            }
        }
        self.tell(observer, DirectFact::HandedOver { kept });
    }
}
