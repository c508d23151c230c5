//! What consumers put into other streams: gathered while one stream runs, handed on when a frame closes.
//!
//! Nothing that happens further down reaches back, so a stream is moved to the end of a frame first, and those that
//! follow it then. The function that puts does not wait for the call, and does not fail with it: the producer of the
//! stream that follows has its own retries.

use crate::engine::firehose::Origin;
use crate::engine::record::Run;
use crate::engine::{Fact, InvokedRecord, Observer, Offer};
use crate::limits;
use crate::metrics::Histogram;
use crate::scenario::{Deliver, Hop, Scenario};
use crate::units::SimTime;

/// Records for each processed one, where exactly one is meant.
const ONE_MILLI: u32 = 1_000;

/// What the consumers of one stream put, one tap for each stream that follows, then one for each delivery stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Taps {
    taps: Vec<Tap>,
    /// From offered to stored, where somebody asks.
    pub put_waits: Option<Box<Histogram>>,
}

/// What one consumer puts into one stream.
#[derive(Clone, Debug)]
struct Tap {
    consumer: u32,
    per_record_milli: u32,
    bytes: Option<u32>,
    /// Bytes of data that the stream takes.
    room: u32,
    /// For each shard what is owed of the next record, in thousandths.
    owed: Vec<u32>,
    /// What was put since the last frame closed.
    put: Vec<Put>,
    /// Where each of it lies in the stream, if somebody asks.
    origins: Option<Vec<Origin>>,
    handed_on: u64,
}

/// A record that was put.
#[derive(Clone, Copy, Debug)]
struct Put {
    /// The shard that it comes from.
    shard: u32,
    /// How many were put before it since the last frame closed.
    place: u32,
    offer: Offer,
}

impl Taps {
    pub fn new(scenario: &Scenario) -> Self {
        let tap = |hop: &Hop| Tap {
            consumer: hop.consumer,
            per_record_milli: hop.per_record_milli,
            bytes: hop.bytes,
            room: (hop.scenario.stream.max_record.get() - limits::PARTITION_KEY_BYTES.get()) as u32,
            owed: Vec::new(),
            put: Vec::new(),
            origins: None,
            handed_on: 0,
        };
        // A delivery stream takes what its poller reads as it is.
        let delivered = |deliver: &Deliver| Tap {
            consumer: deliver.consumer,
            per_record_milli: ONE_MILLI,
            bytes: None,
            room: u32::MAX,
            owed: Vec::new(),
            put: Vec::new(),
            origins: deliver.firehose.asks().then(Vec::new),
            handed_on: 0,
        };
        let taps = scenario.then.iter().map(tap).chain(scenario.deliver.iter().map(delivered));
        Self { taps: taps.collect(), put_waits: None }
    }

    /// What was put into each stream and then into each delivery stream since the last call, in order of time; at one
    /// instant in order of the shards. With where it lies in the stream, if somebody asks for that.
    pub fn hand_on(&mut self) -> impl Iterator<Item = (Vec<Offer>, Vec<Origin>)> + '_ {
        self.taps.iter_mut().map(|tap| {
            tap.put.sort_by_key(|put| (put.offer.at, put.shard));
            tap.handed_on += tap.put.len() as u64;
            let mut origins = Vec::new();
            if let Some(all) = &mut tap.origins {
                origins.extend(tap.put.iter().map(|put| all[put.place as usize]));
                all.clear();
            }
            (tap.put.drain(..).map(|put| put.offer).collect(), origins)
        })
    }

    /// Records that were handed on to a stream, or to a delivery stream behind the streams.
    pub fn handed_on(&self, stream: usize) -> u64 {
        self.taps[stream].handed_on
    }

    fn done(&mut self, at: SimTime, reader: u32, shard: u32, batch: Run<'_>) {
        for tap in self.taps.iter_mut().filter(|tap| tap.consumer == reader) {
            tap.done(at.micros(), shard, batch);
        }
    }
}

impl Tap {
    fn done(&mut self, at: u64, shard: u32, batch: Run<'_>) {
        if self.owed.len() <= shard as usize {
            self.owed.resize(shard as usize + 1, 0);
        }
        let owed = &mut self.owed[shard as usize];
        for (index, record) in (batch.from..).zip(batch.iter()) {
            *owed += self.per_record_milli;
            let offer = Offer { at, key: record.key, size: self.bytes.unwrap_or(record.size).min(self.room) };
            while *owed >= ONE_MILLI {
                *owed -= ONE_MILLI;
                self.put.push(Put { shard, place: self.put.len() as u32, offer });
                if let Some(origins) = &mut self.origins {
                    origins.push(Origin { shard, of: InvokedRecord::new(shard, index, *record) });
                }
            }
        }
    }
}

impl Observer for Taps {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::Processed { reader, shard, batch, .. } => self.done(at, reader, shard, batch),
            Fact::InvocationFailed { reader, shard, done, .. } => self.done(at, reader, shard, done),
            _ => {}
        }
    }

    #[inline(always)]
    fn offered(&mut self, _: SimTime, _: &crate::engine::Record) {}

    #[inline(always)]
    fn put_called(&mut self, _: SimTime, _: u32, _: u32) {}

    #[inline(always)]
    fn stored(&mut self, at: SimTime, _: u32, record: &crate::engine::Record, _: u32) {
        if let Some(waits) = &mut self.put_waits {
            waits.add(at.micros() - record.offered);
        }
    }

    #[inline(always)]
    fn throttled(&mut self, _: SimTime, _: u32, _: &crate::engine::Record, _: crate::engine::WriteLimit) {}

    #[inline(always)]
    fn lost(&mut self, _: SimTime, _: &crate::engine::Record, _: crate::engine::LossCause) {}

    #[inline(always)]
    fn batch(&mut self, _: SimTime, _: Fact<'_>) {}

    #[inline(always)]
    fn processed(&mut self, at: SimTime, reader: u32, shard: u32, _: u64, _: SimTime, batch: Run<'_>) {
        if !self.taps.is_empty() {
            self.done(at, reader, shard, batch);
        }
    }
}
