//! What happens rarely and is told one by one, beside the columns: shards that open and close, calls that are
//! refused, what a scaling policy does.

use crate::engine::{By, Condition, FailureCause, GivenUp, InvokedRecord, Record, SequenceNumber};
use crate::errors::ServiceError;
use crate::limits;
use crate::scenario::StreamMode;
use crate::units::{SimTime, Span};

/// One rare thing, and when it happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// When.
    pub at: SimTime,
    /// What.
    pub what: NoteKind,
}

/// What a note says.
#[derive(Clone, Debug, PartialEq)]
pub enum NoteKind {
    /// A shard was made and is open.
    Opened {
        /// Its index.
        shard: u32,
        /// The shards that it came from.
        parents: [Option<u32>; 2],
        /// Where its range begins and ends, as parts of the hash space.
        range: [f64; 2],
    },
    /// A shard takes no more records.
    Closed {
        /// Its index.
        shard: u32,
    },
    /// An operation of the run was applied, or asked for.
    Operation {
        /// Its place among the operations of the run.
        index: u32,
    },
    /// The service refused a call.
    Refused {
        /// Whose call it was.
        by: By,
        /// Name of the error, as the service spells it.
        name: String,
        /// Its message.
        message: String,
    },
    /// The scaling policy called `UpdateShardCount`.
    Policy {
        /// Open shards before.
        from: u32,
        /// Open shards that it asks for.
        target: u32,
    },
    /// The stream is ACTIVE again.
    Active,
    /// The stream is in another capacity mode.
    Mode {
        /// The mode.
        mode: StreamMode,
    },
    /// Records stay readable for another time.
    Retention {
        /// How long.
        retention: Span,
    },
    /// An event source mapping gave records up; with those whose payload its report carries.
    GivenUp(GivenUp, Vec<InvokedRecord>),
}

impl NoteKind {
    /// What the service answered.
    pub(super) fn refused(by: By, error: ServiceError) -> Self {
        Self::Refused { by, name: error.name().to_owned(), message: error.message() }
    }
}

/// Stands for nothing in a block of numbers.
const NONE: f64 = -1.0;

impl Note {
    /// Appends the note to a block of numbers: instant, kind, four numbers, and the characters of two texts.
    pub(super) fn encode(&self, block: &mut Vec<f64>) {
        let shard = |of: Option<u32>| of.map_or(NONE, f64::from);
        let (kind, numbers, texts) = match &self.what {
            NoteKind::Opened { shard: of, parents: [a, b], range: [start, end] } => {
                block.extend([self.at.micros() as f64, 0.0, f64::from(*of), shard(*a), shard(*b), *start, *end]);
                return;
            }
            NoteKind::GivenUp(of, records) => {
                let failure =
                    of.failure.map_or(NONE, |(cause, by_item)| f64::from(cause as u8 * 2 + u8::from(by_item)));
                block.extend([
                    self.at.micros() as f64,
                    8.0,
                    f64::from(of.reader),
                    f64::from(of.shard),
                    of.records as f64,
                ]);
                block.extend([f64::from(of.condition as u8), f64::from(of.invocations), failure]);
                for (index, at) in [of.first, of.last] {
                    block.extend([index as f64, at.micros() as f64]);
                }
                block.push(records.len() as f64);
                for InvokedRecord { sequence_number, record } in records {
                    block.extend([sequence_number.index() as f64, record.arrived as f64, record.offered as f64]);
                    block.extend([record.number, record.key, record.size].map(f64::from));
                }
                return;
            }
            NoteKind::Closed { shard } => (1.0, [f64::from(*shard), 0.0], None),
            NoteKind::Operation { index } => (2.0, [f64::from(*index), 0.0], None),
            NoteKind::Refused { by, name, message } => {
                let by = if let By::Operation(index) = by { f64::from(*index) } else { NONE };
                (3.0, [by, 0.0], Some((name, message)))
            }
            NoteKind::Policy { from, target } => (4.0, [f64::from(*from), f64::from(*target)], None),
            NoteKind::Active => (5.0, [0.0; 2], None),
            NoteKind::Mode { mode } => (7.0, [f64::from(*mode as u8), 0.0], None),
            NoteKind::Retention { retention } => (6.0, [retention.micros() as f64, 0.0], None),
        };
        block.extend([self.at.micros() as f64, kind, numbers[0], numbers[1]]);
        if let Some((name, message)) = texts {
            for text in [name, message] {
                block.push(text.chars().count() as f64);
                block.extend(text.chars().map(|c| f64::from(u32::from(c))));
            }
        }
    }

    /// Takes a note off the front of a block; `None` where the block holds none.
    pub(super) fn decode(block: &mut &[f64]) -> Option<Self> {
        let mut next = || {
            let (first, rest) = block.split_first()?;
            *block = rest;
            Some(*first)
        };
        let whole = |value: f64| {
            (value >= 0.0 && value <= f64::from(u32::MAX) && value as u32 as f64 == value).then_some(value as u32)
        };
        let at = SimTime::from_micros(next()? as u64);
        let what = match next()? as u32 {
            0 => {
                let shard = whole(next()?)?;
                let parents = [whole(next()?), whole(next()?)];
                NoteKind::Opened { shard, parents, range: [next()?, next()?] }
            }
            1 => NoteKind::Closed { shard: (whole(next()?)?, next()?).0 },
            2 => NoteKind::Operation { index: (whole(next()?)?, next()?).0 },
            3 => {
                let by = whole(next()?).map_or(By::Policy, By::Operation);
                next()?;
                let mut text = || {
                    let length = whole(next()?)?;
                    (0..length.min(TEXT_MAX)).map(|_| char::from_u32(whole(next()?)?)).collect::<Option<String>>()
                };
                NoteKind::Refused { by, name: text()?, message: text()? }
            }
            4 => NoteKind::Policy { from: whole(next()?)?, target: whole(next()?)? },
            5 => (NoteKind::Active, next()?, next()?).0,
            6 => (NoteKind::Retention { retention: Span::from_micros(next()? as u64) }, next()?).0,
            7 => {
                let mode = match (next()? as u32, next()?).0 {
                    0 => StreamMode::Provisioned,
                    1 => StreamMode::OnDemand,
                    _ => StreamMode::Advantage,
                };
                NoteKind::Mode { mode }
            }
            8 => {
                let (reader, shard, records) = (whole(next()?)?, whole(next()?)?, next()? as u64);
                let condition =
                    if next()? == 0.0 { Condition::RetryAttemptsExhausted } else { Condition::RecordAgeExceeded };
                let invocations = whole(next()?)?;
                let failure = whole(next()?).and_then(|code| Some((cause(code / 2)?, code % 2 == 1)));
                let mut place = || Some((next()? as u64, SimTime::from_micros(next()? as u64)));
                let (first, last) = (place()?, place()?);
                let count = whole(next()?)?.min(limits::REPORT_RECORDS_MAX as u32);
                let kept = (0..count).map(|_| {
                    let (index, arrived, offered) = (next()? as u64, next()? as u64, next()? as u64);
                    let (number, key, size) = (whole(next()?)?, whole(next()?)?, whole(next()?)?);
                    let sequence_number = SequenceNumber::new(shard, index, SimTime::from_micros(arrived));
                    let record = Record { offered, arrived, number, key, size, ..Record::default() };
                    Some(InvokedRecord { sequence_number, record })
                });
                let kept = kept.collect::<Option<Vec<_>>>()?;
                NoteKind::GivenUp(
                    GivenUp { reader, shard, records, condition, invocations, failure, first, last },
                    kept,
                )
            }
            _ => return None,
        };
        Some(Self { at, what })
    }
}

/// The cause with a number.
fn cause(number: u32) -> Option<FailureCause> {
    FailureCause::ALL.into_iter().find(|cause| *cause as u32 == number)
}

/// Longest text of a note, in characters.
const TEXT_MAX: u32 = 1_000;

/// A shard over the run, as the notes tell it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShardInfo {
    /// The shards that it came from.
    pub parents: [Option<u32>; 2],
    /// Where its range begins and ends, as parts of the hash space.
    pub range: [f64; 2],
    /// When it was made.
    pub created_at: SimTime,
    /// When it was closed to writers; `None` while it is open.
    pub closed_at: Option<SimTime>,
}

impl ShardInfo {
    /// Whether it was open at an instant.
    pub fn is_open_at(&self, at: SimTime) -> bool {
        self.created_at <= at && self.closed_at.is_none_or(|closed| at < closed)
    }

    /// Its part of the hash space.
    pub fn share(&self) -> f64 {
        self.range[1] - self.range[0]
    }
}
