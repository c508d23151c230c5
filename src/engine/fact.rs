//! What happened: one fact at one time. Everything that is counted, shown or billed derives from facts.

use super::failure::{FailureCause, GivenUp};
use super::invocation::InvokedRecord;
use super::lambda::ConcurrencyCap;
use super::record::{Record, Run};
use super::stores::WriteRefusal;
use crate::errors::ServiceError;
use crate::hash_key::HashRange;
use crate::scenario::StreamMode;
use crate::units::{SimTime, Span};

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Fact<'a> {
    /// A record was offered to the producer.
    Offered {
        /// The record; its attempt is 1.
        record: &'a Record,
    },
    /// The producer made a put call.
    PutCalled {
        /// Records in it.
        entries: u32,
        /// Number of the attempt; above 1 it repeats failed entries.
        attempt: u32,
    },
    /// A shard stored a record.
    Stored {
        /// Index of the shard.
        shard: u32,
        /// The record as stored.
        record: &'a Record,
        /// Bytes of its Kinesis record; zero for a user record that is not the first in it.
        bytes: u32,
    },
    /// A shard rejected a record.
    Throttled {
        /// Index of the shard.
        shard: u32,
        /// The record, with the number of the attempt.
        record: &'a Record,
        /// Which of the two write limits bound.
        limit: WriteLimit,
    },
    /// The answer to a put call did not reach the producer; the scenario makes it so. What the call stored is stored.
    Unanswered {
        /// Records in the call.
        entries: u32,
    },
    /// Hosts of the producer died, with what they held.
    HostsDied {
        /// How many.
        hosts: u32,
    },
    /// A record was lost at the producer.
    Lost {
        /// The record.
        record: &'a Record,
        /// Why.
        cause: LossCause,
    },
    /// A `GetRecords` call was answered.
    Read {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// Records in the answer.
        records: u32,
        /// Bytes in the answer.
        bytes: u64,
        /// `MillisBehindLatest`, to the microsecond: age of the oldest record that lies ahead of the answer; zero
        /// where none does.
        behind: Span,
        /// Whether it brought nothing although records lay ahead: an injected effect.
        withheld: bool,
    },
    /// A `GetRecords` call was refused.
    ReadThrottled {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
    },
    /// A `GetRecords` call came with an iterator that had expired; a new one is taken after the last record read.
    IteratorExpired {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// The answer.
        error: ServiceError,
    },
    /// A consumer with enhanced fan-out called `SubscribeToShard`: for the first time, or since a subscription was over.
    Subscribed {
        /// Which reader: 0 is the consumer of the scenario.
        reader: u32,
        /// Index of the shard.
        shard: u32,
    },
    /// A subscription pushed an event.
    Pushed {
        /// Which reader: 0 is the consumer of the scenario.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// Records in the event.
        records: u32,
        /// Bytes in the event.
        bytes: u64,
        /// `MillisBehindLatest`, to the microsecond: age of the oldest record that the rate held back; zero where none
        /// is.
        behind: Span,
    },
    /// Workers of a KCL application died.
    WorkersDied {
        /// Which consumer.
        reader: u32,
        /// How many.
        workers: u32,
    },
    /// A worker died that held the lease of a shard: it stands idle until another one takes it.
    LeaseLost {
        /// Which consumer.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// Records since the last checkpoint: the next owner processes them again.
        again: u64,
        /// When the batch began that ended with the worker, if one ran.
        started: Option<SimTime>,
    },
    /// Records were processed that had been processed before: duplicates, from a checkpoint that a death left behind.
    Reprocessed {
        /// Which consumer.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// How many.
        records: u64,
    },
    /// A KCL application wrote a checkpoint into its lease table.
    Checkpointed {
        /// Which consumer.
        reader: u32,
        /// Index of the shard.
        shard: u32,
    },
    /// The lease table refused a checkpoint: it has too little capacity. The application tries again a little later.
    CheckpointRefused {
        /// Which consumer.
        reader: u32,
        /// Index of the shard.
        shard: u32,
    },
    /// A lease was not renewed in time, since its table refused it: its living worker loses it.
    LeaseExpired {
        /// Which consumer.
        reader: u32,
        /// Index of the shard.
        shard: u32,
    },
    /// Workers called their lease table: renewals, takeovers, scans.
    LeaseTableCalled {
        /// Which consumer.
        reader: u32,
        /// Write units used.
        writes: u32,
        /// Halves of read units used.
        half_reads: u32,
        /// Calls that were refused.
        refused: u32,
    },
    /// Lambda refused an invocation: 429, `TooManyRequestsException`. The mapping asks again; no retry is used up.
    InvocationThrottled {
        /// Which reader: 0 is the consumer of the scenario.
        reader: u32,
        /// Index of the shard whose records it would have had.
        shard: u32,
        /// What was full.
        cap: ConcurrencyCap,
    },
    /// A new execution environment was made for the invocation that begins at this instant: a cold start.
    EnvironmentMade {
        /// Which reader: 0 is the consumer of the scenario.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// How much of the invocation's time its start takes.
        init: Span,
    },
    /// Execution environments were lost, by injection. What ran in them fails at the same instant.
    EnvironmentsLost {
        /// Which consumer's function had them.
        reader: u32,
        /// How many, busy and idle.
        environments: u32,
    },
    /// An invocation began.
    InvocationStarted {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard whose records it has.
        shard: u32,
        /// Its number.
        id: u64,
        /// Records in the batch.
        records: u32,
        /// How often this batch has been tried, this time included.
        attempt: u32,
        /// When its own work will end, unless its environment is lost before; what it writes to a store comes on top.
        ends: SimTime,
    },
    /// An invocation succeeded; its records are processed.
    Processed {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// Number of the invocation.
        id: u64,
        /// When it began.
        started: SimTime,
        /// The batch.
        batch: Run<'a>,
    },
    /// An invocation failed; its batch will be tried again.
    InvocationFailed {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// Number of the invocation.
        id: u64,
        /// When it began.
        started: SimTime,
        /// Why.
        cause: FailureCause,
        /// Whether the function named the records that failed, which is no error of the function.
        by_item: bool,
        /// The records before the first that failed: they are processed.
        done: Run<'a>,
    },
    /// A store has done a write.
    Written {
        /// Which consumer's.
        reader: u32,
        /// Index of the shard whose records it has.
        shard: u32,
        /// How many.
        records: u32,
        /// Those of them that were written before.
        again: u32,
        /// Write units of a key-value table that it took.
        units: u32,
        /// How long it waited for a connection.
        waited: Span,
    },
    /// A write that was asked for is not done; its invocation fails.
    WriteRefused {
        /// Which consumer's.
        reader: u32,
        /// Index of the shard whose records it has.
        shard: u32,
        /// Why.
        why: WriteRefusal,
    },
    /// Records were given up after retries, or because of their age.
    Discarded {
        /// Which, and why.
        given_up: GivenUp,
        /// The records, where the report of them carries their payloads.
        records: &'a [InvokedRecord],
    },
    /// Records aged out of retention before they were processed.
    Expired {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// How many.
        records: u64,
    },
    /// A mapping passed over records that match none of its patterns: they are read, and no batch has them.
    FilteredOut {
        /// Which consumer.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// How many.
        records: u64,
        /// Those of them whose data is no JSON, as the patterns need it.
        unreadable: u64,
    },
    /// The last invocation of a tumbling window succeeded.
    WindowEnded {
        /// Which consumer.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// Where the window ends, by arrival of records.
        end: SimTime,
        /// Whether its state had grown too large: the same window goes on with a fresh one.
        early: bool,
    },
    /// A reader took its first iterator of a shard behind records that it is not to read.
    Skipped {
        /// Which reader: the consumers of the scenario first.
        reader: u32,
        /// Index of the shard.
        shard: u32,
        /// How many records lie before its starting position, those that are gone included.
        records: u64,
    },
    /// An operation was applied, or asked for.
    OperationApplied {
        /// Its place among the operations of the run, from zero.
        index: u32,
    },
    /// The service refused a call to its control plane; nothing has changed.
    Refused {
        /// Whose call it was.
        by: By,
        /// The answer.
        error: ServiceError,
    },
    /// The scaling policy called `UpdateShardCount`.
    PolicyCalled {
        /// Open shards before.
        from: u32,
        /// Open shards that it asks for.
        target: u32,
    },
    /// A shard was made and is open.
    ShardOpened {
        /// Its index.
        shard: u32,
        /// The shards that it came from.
        parents: [Option<u32>; 2],
        /// The hash keys that it owns.
        range: HashRange,
    },
    /// A shard takes no more records.
    ShardClosed {
        /// Its index.
        shard: u32,
    },
    /// What was going on with the stream is done: it is ACTIVE again.
    StreamActive,
    /// The stream is in another capacity mode.
    ModeChanged {
        /// The mode.
        mode: StreamMode,
    },
    /// Records stay readable for another time.
    RetentionChanged {
        /// How long.
        retention: Span,
    },
}

/// Who called the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The operation with this place among the operations of the run.
    Operation(u32),
    /// The scaling policy.
    Policy,
}

/// One of the two write limits of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteLimit {
    /// 1,000 records a second.
    Records,
    /// 1 MiB a second.
    Bytes,
}

/// Why a record was lost at the producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossCause {
    /// Nobody looked at the failed entry, or the SDK does not retry it.
    Ignored,
    /// All attempts, or the retry budget, were used up.
    Exhausted,
    /// It was older than the producer keeps trying.
    TooOld,
    /// The producer's buffer was full.
    BufferFull,
    /// The host that held it died, or no host was there to take it.
    HostDied,
}

/// Something that is told every fact.
///
/// Facts of the writing side come in order of time, and so do those of one lane; between them there is no order.
/// The facts of each record have methods of their own, to be inlined; by default they end in [`Observer::observe`].
pub trait Observer {
    /// Takes a fact.
    fn observe(&mut self, at: SimTime, fact: Fact<'_>);

    /// Takes [`Fact::Offered`].
    #[inline]
    fn offered(&mut self, at: SimTime, record: &Record) {
        self.observe(at, Fact::Offered { record });
    }

    /// Takes [`Fact::PutCalled`].
    #[inline]
    fn put_called(&mut self, at: SimTime, entries: u32, attempt: u32) {
        self.observe(at, Fact::PutCalled { entries, attempt });
    }

    /// Takes [`Fact::Stored`].
    #[inline]
    fn stored(&mut self, at: SimTime, shard: u32, record: &Record, bytes: u32) {
        self.observe(at, Fact::Stored { shard, record, bytes });
    }

    /// Takes a fact that happens for each batch: [`Fact::Read`] or [`Fact::InvocationStarted`]. Where it is told, which
    /// of them it is is known, so that nothing has to be asked.
    #[inline]
    fn batch(&mut self, at: SimTime, fact: Fact<'_>) {
        self.observe(at, fact);
    }

    /// Takes [`Fact::Throttled`].
    #[inline]
    fn throttled(&mut self, at: SimTime, shard: u32, record: &Record, limit: WriteLimit) {
        self.observe(at, Fact::Throttled { shard, record, limit });
    }

    /// Takes [`Fact::Lost`].
    #[inline]
    fn lost(&mut self, at: SimTime, record: &Record, cause: LossCause) {
        self.observe(at, Fact::Lost { record, cause });
    }

    /// Takes [`Fact::Processed`].
    #[inline]
    fn processed(&mut self, at: SimTime, reader: u32, shard: u32, id: u64, started: SimTime, batch: Run<'_>) {
        self.observe(at, Fact::Processed { reader, shard, id, started, batch });
    }
}

impl Observer for () {
    #[inline]
    fn observe(&mut self, _: SimTime, _: Fact<'_>) {}
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        self.0.observe(at, fact);
        self.1.observe(at, fact);
    }

    #[inline(always)]
    fn offered(&mut self, at: SimTime, record: &Record) {
        self.0.offered(at, record);
        self.1.offered(at, record);
    }

    #[inline(always)]
    fn put_called(&mut self, at: SimTime, entries: u32, attempt: u32) {
        self.0.put_called(at, entries, attempt);
        self.1.put_called(at, entries, attempt);
    }

    #[inline(always)]
    fn stored(&mut self, at: SimTime, shard: u32, record: &Record, bytes: u32) {
        self.0.stored(at, shard, record, bytes);
        self.1.stored(at, shard, record, bytes);
    }

    #[inline(always)]
    fn batch(&mut self, at: SimTime, fact: Fact<'_>) {
        self.0.batch(at, fact);
        self.1.batch(at, fact);
    }

    #[inline(always)]
    fn throttled(&mut self, at: SimTime, shard: u32, record: &Record, limit: WriteLimit) {
        self.0.throttled(at, shard, record, limit);
        self.1.throttled(at, shard, record, limit);
    }

    #[inline(always)]
    fn lost(&mut self, at: SimTime, record: &Record, cause: LossCause) {
        self.0.lost(at, record, cause);
        self.1.lost(at, record, cause);
    }

    #[inline(always)]
    fn processed(&mut self, at: SimTime, reader: u32, shard: u32, id: u64, started: SimTime, batch: Run<'_>) {
        self.0.processed(at, reader, shard, id, started, batch);
        self.1.processed(at, reader, shard, id, started, batch);
    }
}
