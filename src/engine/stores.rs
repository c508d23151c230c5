//! Stores that consumers write to: connections with one line in front of them, write units, and faults on purpose.
//!
//! An invocation asks for each of its writes; a store does one write on each connection, and the others wait in the
//! order in which they came. With exponential times and random arrivals it is M/M/c. When a write is done the lane is
//! told that asked for it, at the same instant and before any lane moves.

use super::agenda::Agenda;
use super::fault::Slow;
use super::lease_table::Bucket;
use super::rng::{Actor, Exponential, Rng};
use crate::scenario::{DurationLaw, StoreFault, StoreKind, WriteStore as Settings};
use crate::units::Span;
use std::collections::VecDeque;

/// The stores of a stream's consumers.
#[derive(Clone, Debug)]
pub(super) struct Stores {
    stores: Vec<Store>,
    exponential: Box<Exponential>,
}

/// A write, from when it is asked for until it is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Write {
    pub reader: u32,
    pub shard: u32,
    pub part: u32,
    /// Number of the invocation.
    pub id: u64,
    /// Its records, as sequence indices of the shard's log: from one up to another, those of other parts left out.
    pub from: u64,
    pub to: u64,
    pub records: u32,
    /// Write units of a key-value table that it takes.
    pub units: u32,
    /// When it was asked for, and when it left the line, µs.
    pub asked: u64,
    pub began: u64,
}

/// Why a write to a store is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteRefusal {
    /// The store is gone, by injection.
    Outage,
    /// All connections are in use, and as many writes wait as may.
    Full,
    /// The table has no write units left.
    Throttled,
    /// Its invocation ended while it waited for a connection.
    Waited,
}

#[derive(Clone, Debug)]
struct Store {
    settings: Settings,
    units: Bucket,
    rng: Rng,
    busy: u32,
    line: VecDeque<Write>,
    ends: Agenda<Write>,
    /// Until when it refuses everything, by injection, µs.
    out_until: u64,
    slow: Slow,
    /// Connections that it has less by injection, and until when, µs; `u64::MAX` where it has all.
    fewer: (u32, u64),
}

impl Stores {
    /// Stores where nobody writes yet.
    pub fn new(seed: u64, settings: &[Settings]) -> Self {
        let store = |(place, settings): (u32, &Settings)| Store {
            units: Bucket::new(settings.units.map(u64::from)),
            settings: settings.clone(),
            rng: Rng::of(seed, Actor::Store(place)),
            busy: 0,
            line: VecDeque::new(),
            ends: Agenda::new(),
            out_until: 0,
            slow: Slow::default(),
            fewer: (0, u64::MAX),
        };
        Self { stores: (0..).zip(settings).map(store).collect(), exponential: Box::default() }
    }

    /// Whether there are any, so that lanes have to be moved in order of time.
    pub const fn is_empty(&self) -> bool {
        self.stores.is_empty()
    }

    /// When a store has something to do, µs, and which; `u64::MAX` where none has.
    #[inline]
    pub fn first_due(&self) -> (u64, usize) {
        let dues = self.stores.iter().map(Store::due).zip(0..);
        dues.min().unwrap_or((u64::MAX, 0))
    }

    /// A store does what is due now. Gives the write that is done, if one is.
    pub fn step(&mut self, store: usize, now: u64) -> Option<Write> {
        let Self { stores, exponential } = self;
        let store = &mut stores[store];
        let done = if store.ends.next_at() == now { store.ends.pop().map(|(_, write)| write) } else { None };
        store.busy -= u32::from(done.is_some());
        store.fill(now, exponential);
        done
    }

    /// Somebody asks for a write.
    pub fn ask(&mut self, store: u32, write: Write) -> Result<(), WriteRefusal> {
        let Self { stores, exponential } = self;
        let (store, now) = (&mut stores[store as usize], write.asked);
        if now < store.out_until {
            return Err(WriteRefusal::Outage);
        }
        let waits = store.busy >= store.connections(now);
        if waits && store.line.len() >= store.settings.waiting as usize {
            return Err(WriteRefusal::Full);
        }
        if !store.units.take(now, write.units.into()) {
            return Err(WriteRefusal::Throttled);
        }
        store.line.push_back(write);
        store.fill(now, exponential);
        Ok(())
    }

    /// An invocation waits no longer. Gives how many of its writes did.
    pub fn leave(&mut self, store: u32, of: (u32, u32, u64)) -> u32 {
        let line = &mut self.stores[store as usize].line;
        let before = line.len();
        line.retain(|write| (write.reader, write.shard, write.id) != of);
        (before - line.len()) as u32
    }

    /// A fault, for so long. Gives the writes that fail with it.
    pub fn fail(&mut self, store: u32, what: StoreFault, span: Span, now: u64) -> Vec<Write> {
        let until = now.saturating_add(span.micros());
        let Some(store) = self.stores.get_mut(store as usize) else { return Vec::new() };
        match what {
            StoreFault::Slow { factor_milli } => store.slow = Slow { factor_milli, until },
            StoreFault::Connections { lost } => store.fewer = (lost, until),
            StoreFault::Outage => {
                store.out_until = until.max(store.out_until);
                store.busy = 0;
                let mut failed: Vec<Write> = store.ends.iter().copied().collect();
                // In the order in which they were asked for, whatever the order of their ends.
                failed.sort_by_key(|write| (write.asked, write.shard, write.reader, write.part, write.from));
                store.ends.retain(|_| false);
                failed.extend(store.line.drain(..));
                return failed;
            }
        }
        Vec::new()
    }

    /// Whether a store counts write units.
    pub fn counts_units(&self, store: u32) -> bool {
        self.stores[store as usize].settings.kind == StoreKind::KeyValue
    }

    /// Records that go into one write of a store.
    pub fn records(&self, store: u32) -> u32 {
        self.stores[store as usize].settings.records
    }

    /// Connections of a store that are in use, and writes that wait for one.
    pub fn load(&self, store: u32) -> (u32, usize) {
        let of = &self.stores[store as usize];
        (of.busy, of.line.len())
    }
}

impl Store {
    /// When it has something to do: a write is done, or lost connections are back for which writes wait.
    fn due(&self) -> u64 {
        let ends = self.ends.next_at();
        if self.line.is_empty() { ends } else { ends.min(self.fewer.1) }
    }

    fn connections(&self, now: u64) -> u32 {
        let (fewer, until) = self.fewer;
        let all = self.settings.connections.unwrap_or(u32::MAX);
        if until < u64::MAX && now < until { all.saturating_sub(fewer) } else { all }
    }

    /// Begins the writes for which there are connections.
    fn fill(&mut self, now: u64, exponential: &Exponential) {
        if now >= self.fewer.1 {
            self.fewer = (0, u64::MAX);
        }
        while self.busy < self.connections(now)
            && let Some(mut write) = self.line.pop_front()
        {
            write.began = now;
            let mean = self.settings.work(write.records.into()).micros();
            let takes = match self.settings.law {
                DurationLaw::Exponential => {
                    ((u128::from(mean) * u128::from(exponential.draw_q32(&mut self.rng))) >> 32) as u64
                }
                DurationLaw::Uniform => mean,
            };
            self.busy += 1;
            self.ends.push(now.saturating_add(self.slow.stretched(takes, now)), write);
        }
    }
}
