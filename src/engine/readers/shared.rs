//! What the lanes of all readers share, and what a lane is lent of it for one step.

use super::super::invocation::Invocation;
use super::super::lambda::Lambda;
use super::super::lane::Desk;
use super::super::lease_table::LeaseTable;
use super::super::stores::Stores;
use super::super::stream::Stream;
use crate::scenario::Consumer as Settings;

/// What stands beside the lanes, so that it can be lent to one of them.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub seed: u64,
    /// The consumers of the scenario first, then the other pollers.
    pub settings: Vec<Settings>,
    pub lambda: Lambda,
    /// The lease table of each reader that has one.
    pub tables: Vec<LeaseTable>,
    pub stores: Stores,
    /// No record's data takes more of a payload than this.
    pub payload_per_record: u64,
    /// Invocations handed to the host and not yet taken.
    pub asked: Vec<Invocation>,
}

impl Shared {
    /// What a lane of this reader works with at `now`, µs.
    #[inline]
    pub fn desk<'a, O>(
        &'a mut self,
        reader: usize,
        now: u64,
        stream: &'a mut Stream,
        observer: &'a mut O,
    ) -> Desk<'a, O> {
        Desk {
            now,
            seed: self.seed,
            stream,
            settings: &self.settings[reader],
            lambda: &mut self.lambda,
            table: &mut self.tables[reader],
            stores: &mut self.stores,
            payload_per_record: self.payload_per_record,
            asked: &mut self.asked,
            observer,
        }
    }
}
