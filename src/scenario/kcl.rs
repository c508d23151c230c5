//! A KCL application: workers that share the shards of a stream by leases.

use super::canonical::Group;
use super::document::Reader;
use crate::limits;
use crate::units::Span;

/// The settings of a KCL application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kcl {
    /// Workers, 1 to 1,000.
    pub workers: u32,
    /// Records per second of one worker, in thousandths, all its shards together; zero where the duration of a batch
    /// is modelled instead.
    pub worker_milli: u64,
    /// `maxRecords`: records in one answer at most.
    pub limit: u32,
    /// `idleTimeBetweenReads`.
    pub idle: Span,
    /// `failoverTimeMillis`: so long after its last renewal a lease can be taken by another worker.
    pub failover: Span,
    /// From one checkpoint of a shard to the next; zero after each batch.
    pub checkpoint: Span,
    /// `shardSyncIntervalMillis`: how often the application looks for new shards.
    pub shard_sync: Span,
    /// `parentShardPollIntervalMillis`: how often it looks whether the parents of a shard are done.
    pub parent_poll: Span,
    /// The DynamoDB table that holds the leases.
    pub table: LeaseTable,
}

/// The capacity of a lease table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseTable {
    /// It takes every call, and each is paid for.
    OnDemand,
    /// So many units a second, paid for by the hour; what is not used is saved for five minutes.
    Provisioned {
        /// Read units.
        reads: u32,
        /// Write units.
        writes: u32,
    },
}

impl Kcl {
    /// When a shard that was made at `made` and whose parents are done at `done` is begun, in µs: it has to be noticed
    /// first, and then its parents be found done.
    pub fn begins(&self, made: u64, done: u64) -> u64 {
        let next = |from: u64, at: u64, every: Span| match every.micros() {
            0 => at.max(from),
            every => from + at.saturating_sub(from).div_ceil(every) * every,
        };
        let noticed = next(0, made, self.shard_sync);
        next(noticed, done, self.parent_poll)
    }
}

pub(super) fn read(read: &Reader<'_>, of: &impl Fn(&str) -> String) -> Kcl {
    Kcl {
        workers: read.small(&of("workers")).max(1),
        worker_milli: read.maybe(&of("worker_per_s")).unwrap_or(0),
        limit: read.small(&of("limit")),
        idle: read.span(&of("kcl_idle_ms")),
        failover: read.span(&of("failover_s")),
        checkpoint: read.span(&of("checkpoint_s")),
        shard_sync: read.span(&of("shard_sync_s")),
        parent_poll: read.span(&of("parent_poll_s")),
        table: match read.text(&of("lease_table")) {
            "provisioned" => LeaseTable::Provisioned {
                reads: read.small(&of("lease_read_units")),
                writes: read.small(&of("lease_write_units")),
            },
            _ => LeaseTable::OnDemand,
        },
    }
}

pub(super) fn write(group: &mut Group, of: &Kcl) {
    group.number("workers", of.workers.into());
    group.maybe("worker_per_s", (of.worker_milli > 0).then_some(of.worker_milli));
    group.number("limit", of.limit.into());
    group.span("kcl_idle_ms", of.idle);
    group.span("failover_s", of.failover);
    group.span("checkpoint_s", of.checkpoint);
    group.span("shard_sync_s", of.shard_sync);
    group.span("parent_poll_s", of.parent_poll);
    let usual = limits::KCL_TABLE_UNITS as u32;
    let (word, reads, writes) = match of.table {
        LeaseTable::OnDemand => ("on_demand", usual, usual),
        LeaseTable::Provisioned { reads, writes } => ("provisioned", reads, writes),
    };
    group.word("lease_table", word);
    group.number("lease_read_units", reads.into());
    group.number("lease_write_units", writes.into());
}
