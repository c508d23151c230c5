//! Facts as plain values that own what they say, so that two lists of them can be compared.

use streamgauge::engine::{By, ConcurrencyCap, Fact, FailureCause, LossCause, Observer, WriteLimit};
use streamgauge::errors::ServiceError;
use streamgauge::scenario::StreamMode;
use streamgauge::units::SimTime;

/// What happened, and when in µs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    pub at: u64,
    pub what: What,
}

/// A fact in which records are named by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Subscribed {
        shard: u32,
    },
    Pushed {
        shard: u32,
        records: u32,
        bytes: u64,
        behind: u64,
    },
    IteratorExpired {
        shard: u32,
        error: ServiceError,
    },
    Skipped {
        shard: u32,
        records: u64,
    },
    Offered {
        number: u32,
        key: u32,
        size: u32,
    },
    PutCalled {
        entries: u32,
        attempt: u32,
    },
    Stored {
        shard: u32,
        number: u32,
        attempt: u32,
        copies: u8,
        bytes: u32,
    },
    Unanswered {
        entries: u32,
    },
    HostsDied {
        hosts: u32,
    },
    Throttled {
        shard: u32,
        number: u32,
        attempt: u32,
        limit: WriteLimit,
    },
    Lost {
        number: u32,
        cause: LossCause,
    },
    Read {
        shard: u32,
        records: u32,
        bytes: u64,
        behind: u64,
        withheld: bool,
    },
    ReadThrottled {
        shard: u32,
    },
    /// A read call of another poller; refused where there is no answer.
    OtherRead {
        reader: u32,
        shard: u32,
        answer: Option<(u32, u64)>,
    },
    OtherExpired {
        reader: u32,
        shard: u32,
        records: u64,
    },
    Started {
        shard: u32,
        id: u64,
        records: u32,
        attempt: u32,
        ends: u64,
    },
    Processed {
        shard: u32,
        id: u64,
        started: u64,
        numbers: Vec<u32>,
    },
    InvocationThrottled {
        shard: u32,
        cap: ConcurrencyCap,
    },
    EnvironmentMade {
        shard: u32,
        init: u64,
    },
    Failed {
        shard: u32,
        id: u64,
        started: u64,
        cause: FailureCause,
    },
    Expired {
        shard: u32,
        records: u64,
    },
    /// What only the consumer's account shows: it concerns no record that is still to be worked on.
    FilteredOut {
        shard: u32,
        records: u64,
    },
    WindowEnded {
        shard: u32,
        early: bool,
    },
    Operation {
        index: u32,
    },
    Refused {
        by: By,
        error: ServiceError,
    },
    Policy {
        from: u32,
        target: u32,
    },
    Opened {
        shard: u32,
        parents: [Option<u32>; 2],
        start: u128,
        end: u128,
    },
    Closed {
        shard: u32,
    },
    Active,
    Retention {
        micros: u64,
    },
    Mode {
        mode: StreamMode,
    },
}

/// An observer that keeps everything.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    pub facts: Vec<Happened>,
}

impl Observer for Collector {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        let at = at.micros();
        let what = match fact {
            Fact::Offered { record } => {
                assert_eq!((record.offered, record.arrived, record.attempt), (at, 0, 1));
                What::Offered { number: record.number, key: record.key, size: record.size }
            }
            Fact::PutCalled { entries, attempt } => What::PutCalled { entries, attempt },
            Fact::Stored { shard, record, bytes } => {
                assert_eq!(record.arrived, at);
                What::Stored {
                    shard,
                    number: record.number,
                    attempt: record.attempt.into(),
                    copies: record.copies,
                    bytes,
                }
            }
            Fact::Throttled { shard, record, limit } => {
                What::Throttled { shard, number: record.number, attempt: record.attempt.into(), limit }
            }
            Fact::Unanswered { entries } => What::Unanswered { entries },
            Fact::HostsDied { hosts } => What::HostsDied { hosts },
            Fact::Lost { record, cause } => What::Lost { number: record.number, cause },
            Fact::Read { reader: 0, shard, records, bytes, behind, withheld } => {
                What::Read { shard, records, bytes, behind: behind.micros(), withheld }
            }
            Fact::Read { reader, shard, records, bytes, .. } => {
                What::OtherRead { reader, shard, answer: Some((records, bytes)) }
            }
            Fact::Subscribed { reader: 0, shard } => What::Subscribed { shard },
            Fact::Pushed { reader: 0, shard, records, bytes, behind } => {
                What::Pushed { shard, records, bytes, behind: behind.micros() }
            }
            Fact::IteratorExpired { reader: 0, shard, error } => What::IteratorExpired { shard, error },
            Fact::ReadThrottled { reader: 0, shard } => What::ReadThrottled { shard },
            Fact::ReadThrottled { reader, shard } => What::OtherRead { reader, shard, answer: None },
            Fact::InvocationStarted { reader: 0, shard, id, records, attempt, ends } => {
                What::Started { shard, id, records, attempt, ends: ends.micros() }
            }
            Fact::Processed { reader: 0, shard, id, started, batch } => {
                let numbers = batch.iter().map(|record| record.number).collect();
                What::Processed { shard, id, started: started.micros(), numbers }
            }
            Fact::InvocationFailed { reader: 0, shard, id, started, cause, .. } => {
                What::Failed { shard, id, started: started.micros(), cause }
            }
            Fact::InvocationThrottled { reader: 0, shard, cap } => What::InvocationThrottled { shard, cap },
            Fact::EnvironmentMade { reader: 0, shard, init } => What::EnvironmentMade { shard, init: init.micros() },
            Fact::Skipped { reader: 0, shard, records } => What::Skipped { shard, records },
            Fact::Expired { reader: 0, shard, records } => What::Expired { shard, records },
            Fact::Expired { reader, shard, records } => What::OtherExpired { reader, shard, records },
            Fact::FilteredOut { reader: 0, shard, records, .. } => What::FilteredOut { shard, records },
            Fact::WindowEnded { reader: 0, shard, early, .. } => What::WindowEnded { shard, early },
            Fact::OperationApplied { index } => What::Operation { index },
            Fact::Refused { by, error } => What::Refused { by, error },
            Fact::PolicyCalled { from, target } => What::Policy { from, target },
            Fact::ShardOpened { shard, parents, range } => {
                What::Opened { shard, parents, start: range.start().get(), end: range.end().get() }
            }
            Fact::ShardClosed { shard } => What::Closed { shard },
            Fact::StreamActive => What::Active,
            Fact::ModeChanged { mode } => What::Mode { mode },
            Fact::RetentionChanged { retention } => What::Retention { micros: retention.micros() },
            other => panic!("only the consumer works: {other:?}"),
        };
        self.facts.push(Happened { at, what });
    }
}
