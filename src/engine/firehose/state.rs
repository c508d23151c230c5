//! How a delivery stream stands at an instant, for those who count.

use super::FirehoseEngine;
use super::producer::Producer;
use crate::units::{SimTime, Span};

/// Where records are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirehoseState {
    /// With the producer: in a call that is gathered, or waiting to be put again.
    pub at_producer: u64,
    /// With the function, or waiting for it.
    pub in_transform: u64,
    /// In open buffers.
    pub buffered: u64,
    /// In deliveries: running, waiting for the destination, waiting to be tried again.
    pub in_delivery: u64,
    /// Invocations that run.
    pub invocations: u32,
    /// Deliveries that run.
    pub deliveries: u32,
    /// Deliveries that wait for the destination.
    pub deliveries_waiting: u64,
    /// Partitions with an open buffer or a delivery.
    pub partitions: u32,
    /// Bytes that the quota lets in a second.
    pub quota: u64,
    /// `DataFreshness`: since the oldest record was accepted that is neither delivered nor given up; nothing where
    /// there is none.
    pub freshness: Option<Span>,
}

impl FirehoseEngine {
    /// How it stands at the instant that has been reached.
    pub fn state(&self) -> FirehoseState {
        let oldest =
            [self.transformer.oldest(), self.buffers.oldest(), self.deliveries.oldest()].into_iter().flatten().min();
        let age = |oldest: u64| SimTime::from_micros(self.now).since(SimTime::from_micros(oldest));
        FirehoseState {
            at_producer: self.producer.as_ref().map_or(0, Producer::held),
            in_transform: self.transformer.records(),
            buffered: self.buffers.records,
            in_delivery: self.deliveries.records(),
            invocations: self.transformer.running(),
            deliveries: self.deliveries.running(),
            deliveries_waiting: self.deliveries.waiting(),
            partitions: self.buffers.active,
            quota: self.quotas.bytes_per_second(),
            freshness: oldest.map(age),
        }
    }
}
