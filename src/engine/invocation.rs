//! The engine's question to a handler, and the answer.

use super::record::Record;
use super::sequence::SequenceNumber;
use crate::scenario::Owner;
use crate::units::{Bytes, SimTime, Span};

/// Names one invocation of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvocationId {
    consumer: u32,
    shard: u32,
    number: u64,
}

impl InvocationId {
    pub(super) const fn new(consumer: u32, shard: u32, number: u64) -> Self {
        Self { consumer, shard, number }
    }

    /// The same invocation where its stream has this number among all that run.
    pub(crate) const fn in_stream(self, stream: u32) -> Self {
        let Owner::Consumer { place, .. } = self.owner() else { return self };
        Self { consumer: Owner::Consumer { stream, place }.number(), ..self }
    }

    /// The [number](Owner::number) of the owner: of a consumer of the first stream its place there.
    pub const fn consumer(self) -> u32 {
        self.consumer
    }

    /// Whose function it is.
    pub const fn owner(self) -> Owner {
        Owner::of_number(self.consumer)
    }

    /// Its number, counted from zero over the invocations of its consumer and shard.
    pub const fn number(self) -> u64 {
        self.number
    }

    /// Index of the shard whose records it has; zero where it belongs to none.
    pub const fn shard(self) -> u32 {
        self.shard
    }
}

/// A batch for the function. Its end is fixed when it starts: the outcome can only change what comes after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Which one it is.
    pub id: InvocationId,
    /// How often this batch has been tried, this time included.
    pub attempt: u32,
    /// When it began.
    pub started: SimTime,
    /// When it ends; when it began, where that is for the answer to say.
    pub ends: SimTime,
    /// The execution environment that it runs in, by its number among those of its consumer: one that is gone leaves its
    /// number to a later one. What is no function has one for each shard.
    pub environment: u32,
    /// Whether that environment is new: a cold start.
    pub cold: bool,
    /// The tumbling window that it belongs to, where the mapping has any.
    pub window: Option<InvokedWindow>,
    /// The records in order; none in the last invocation of a window.
    pub records: Vec<InvokedRecord>,
}

/// A tumbling window as a handler sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvokedWindow {
    /// When it begins, by arrival of records.
    pub start: SimTime,
    /// When it ends.
    pub end: SimTime,
    /// Size of the state that the invocations before have built up, as the scenario models it.
    pub state: Bytes,
    /// `isFinalInvokeForWindow`.
    pub is_final: bool,
    /// `isWindowTerminatedEarly`.
    pub is_early: bool,
}

/// A record as a handler sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvokedRecord {
    /// Its sequence number in the shard.
    pub sequence_number: SequenceNumber,
    /// The record. Its partition key's text and its payload are made on demand, by `traffic::partition_key`
    /// and [`Payloads::data`](super::payload::Payloads::data).
    pub record: Record,
}

/// The answer to an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The whole batch is done.
    Succeeded,
    /// The function failed, or its answer lacks the state that a tumbling window needs: the whole batch is tried again.
    Failed,
    /// The function named records that failed, of which the first has this place in the batch, from zero: what comes
    /// before it is done, the rest is tried again. A mapping without `ReportBatchItemFailures` ignores it.
    FailedFrom(u32),
}

/// What came of an invocation: an outcome, and where the scenario says that the time is the code's, how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What comes after.
    pub outcome: Outcome,
    /// How long the code ran and waited. What takes as long as the timeout and failed has timed out.
    pub took: Span,
    /// How long the code took to load, within the start of a new environment.
    pub init: Span,
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, took: Span::ZERO, init: Span::ZERO }
    }
}

impl InvokedRecord {
    /// The record with a sequence index in a shard.
    pub(crate) const fn new(shard: u32, index: u64, record: Record) -> Self {
        let arrived = SimTime::from_micros(record.arrived);
        Self { sequence_number: SequenceNumber::new(shard, index, arrived), record }
    }
}
