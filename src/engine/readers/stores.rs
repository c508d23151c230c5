//! Stores beside the lanes: what they have done reaches the lane that asked for it.

use super::super::fact::{Fact, Observer};
use super::super::stores::WriteRefusal;
use super::super::stream::Stream;
use super::Readers;
use crate::scenario::StoreFault;
use crate::units::{SimTime, Span};

impl Readers {
    /// A store does what is due now. Gives the shard that has something to do then.
    pub(super) fn step_store(
        &mut self,
        store: usize,
        now: u64,
        stream: &Stream,
        observer: &mut impl Observer,
    ) -> Option<u32> {
        self.worked += 1;
        let write = self.shared.stores.step(store, now)?;
        let log = &stream.shards[write.shard as usize].log;
        let fact = self.lanes[write.shard as usize][write.reader as usize].wrote(write, now, log);
        observer.observe(SimTime::from_micros(now), fact);
        Some(write.shard)
    }

    /// A store is broken for a while, by injection. What it works on, and what waits, fails in an outage.
    pub fn break_store(
        &mut self,
        (store, what, span): (u32, StoreFault, Span),
        now: u64,
        observer: &mut impl Observer,
    ) {
        for write in self.shared.stores.fail(store, what, span, now) {
            let (reader, shard) = (write.reader, write.shard);
            self.lanes[shard as usize][reader as usize].write_lost(write, now);
            let fact = Fact::WriteRefused { reader, shard, why: WriteRefusal::Outage };
            observer.observe(SimTime::from_micros(now), fact);
        }
    }

    /// Connections in use of the store that a consumer writes to, and writes that wait for one.
    pub fn store_load(&self, consumer: u32) -> (u32, usize) {
        self.shared.settings[consumer as usize].writes.map_or((0, 0), |writes| self.shared.stores.load(writes.store))
    }
}
