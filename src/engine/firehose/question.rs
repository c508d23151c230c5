//! The question of a delivery stream to whoever decides what its function does, and the answer.

use crate::engine::{InvocationId, InvokedRecord, Record};
use crate::units::{SimTime, Span};
use std::sync::Arc;

/// A batch for the function of a delivery stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transformation {
    /// Which invocation it is. It belongs to no shard.
    pub id: InvocationId,
    /// How often this batch has been tried, this time included.
    pub attempt: u32,
    /// When it begins.
    pub started: SimTime,
    /// When it ends; when it begins, where that is for the answer to say.
    pub ends: SimTime,
    /// The execution environment that it runs in, by its number among those of the function: one that is gone leaves its
    /// number to a later one.
    pub environment: u32,
    /// Whether that environment is new: a cold start.
    pub cold: bool,
    /// The records in order.
    pub records: Vec<GivenRecord>,
}

/// A record as the function sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenRecord {
    /// The record: as the producer of the delivery stream put it, or as the source stored it. It arrived when one of
    /// them took it.
    pub record: Record,
    /// Where it lies in the data stream, if that is the source.
    pub origin: Option<Origin>,
}

/// Where a record lies in the data stream that is the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Index of the shard.
    pub shard: u32,
    /// The record there.
    pub of: InvokedRecord,
}

/// What becomes of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `Ok`: it goes on.
    Ok {
        /// Bytes of the data that came back.
        bytes: u32,
        /// The `partitionKeys` of the answer as one text, where it gave any. Without dynamic partitioning they mean
        /// nothing.
        partition: Option<Arc<str>>,
    },
    /// `Dropped`: it is not delivered, as it was meant.
    Dropped,
    /// `ProcessingFailed`, or the answer lacks the record: it goes under the error prefix.
    Failed,
}

/// The answer to an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransformAnswer {
    /// What becomes of each record, in the order of the question: of those beyond the list the answer said nothing.
    /// `None` where the invocation failed and is tried again.
    pub records: Option<Vec<Verdict>>,
    /// How long the code ran and waited, where the scenario says that the time is the code's. What takes as long as the
    /// timeout and failed has timed out.
    pub took: Span,
    /// How long the code took to load, within the start of a new environment.
    pub init: Span,
}

impl TransformAnswer {
    /// Every record goes on as it is.
    pub fn unchanged(of: &Transformation) -> Self {
        let ok = |given: &GivenRecord| Verdict::Ok { bytes: given.record.size, partition: None };
        Self { records: Some(of.records.iter().map(ok).collect()), took: Span::ZERO, init: Span::ZERO }
    }

    /// The invocation failed.
    pub const fn failed() -> Self {
        Self { records: None, took: Span::ZERO, init: Span::ZERO }
    }
}
