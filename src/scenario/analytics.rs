//! An analytics application on the stream, as Managed Service for Apache Flink runs it: processing units, subtasks, how
//! it reads, and what holds its windows up. What it computes is its [`Query`](super::Query).

use super::canonical::Group;
use super::document::Reader;
use super::{Consumer, HandlerKind};
use crate::limits;
use crate::units::Span;

/// The settings of an analytics application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Analytics {
    /// `Parallelism`: subtasks, each with the shards whose number it is by this.
    pub parallelism: u32,
    /// `ParallelismPerKPU`: subtasks of one processing unit, 1 to 8.
    pub per_kpu: u32,
    /// Records per second of one processing unit, in thousandths.
    pub kpu_milli: u64,
    /// Records in one answer at most, 1 to 10,000.
    pub limit: u32,
    /// From the end of the work on one answer of a shard to the next read.
    pub interval: Span,
    /// From one look for new shards to the next.
    pub discovery: Span,
    /// From one checkpoint to the next.
    pub checkpoint: Span,
    /// Which time of a record decides about its windows.
    pub event_time: EventTime,
    /// How far the watermark stays behind the newest record: so late a record may come and still count.
    pub lateness: Span,
    /// A shard of which nothing came for so long, and nothing waits, does not hold windows up; zero where each always
    /// does.
    pub shard_idle: Span,
}

/// Which time of a record is its event time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventTime {
    /// When the stream stored it: `ApproximateArrivalTimestamp`.
    Arrival,
    /// When it was offered to the producer: the payload's `{time}`. A record that was put again is out of order.
    Offered,
}

impl EventTime {
    /// The word in a document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Arrival => "arrival",
            Self::Offered => "offered",
        }
    }
}

impl Analytics {
    /// Processing units that the subtasks need.
    pub const fn kpus(&self) -> u32 {
        self.parallelism.div_ceil(self.per_kpu)
    }

    /// Processing units that are paid for.
    pub const fn billed_kpus(&self) -> u32 {
        self.kpus() + limits::ANALYTICS_ORCHESTRATION_KPUS as u32
    }

    /// Records per second of one subtask, in thousandths: those of a unit share it.
    pub const fn subtask_milli(&self) -> u64 {
        let milli = self.kpu_milli / self.per_kpu as u64;
        if milli == 0 { 1 } else { milli }
    }

    /// When a shard whose parents are done at `done` is begun, in µs: at the next look for shards.
    pub const fn begins(&self, done: u64) -> u64 {
        let every = self.discovery.micros();
        if every == 0 { done } else { done.div_ceil(every) * every }
    }
}

/// Reads the settings of one consumer of a document.
pub(super) fn read(read: &mut Reader<'_>, of: &impl Fn(&str) -> String) -> Analytics {
    let settings = Analytics {
        parallelism: read.small(&of("parallelism")).max(1),
        per_kpu: read.small(&of("parallelism_per_kpu")).max(1),
        kpu_milli: read.number(&of("kpu_per_s")),
        limit: read.small(&of("limit")),
        interval: read.span(&of("read_interval_ms")),
        discovery: read.span(&of("discovery_s")),
        checkpoint: read.span(&of("checkpoint_interval_s")),
        event_time: match read.text(&of("event_time")) {
            "offered" => EventTime::Offered,
            _ => EventTime::Arrival,
        },
        lateness: read.span(&of("lateness_s")),
        shard_idle: read.span(&of("shard_idle_s")),
    };
    let (kpus, most) = (u64::from(settings.kpus()), limits::ANALYTICS_KPUS_MAX);
    if kpus > most {
        let message =
            format!("needs {kpus} KPUs, and an application has {most} at most; choose less, or more in a KPU");
        read.wrong(&of("parallelism"), message);
    }
    settings
}

/// Reports code beside a query.
pub(super) fn fits(read: &mut Reader<'_>, of: &impl Fn(&str) -> String, consumer: &Consumer) {
    if consumer.handler != HandlerKind::Model {
        let message = "an analytics application runs its query and no handler; choose \"model\"";
        read.wrong(&of("handler"), message.to_owned());
    }
}

/// Its fields in the group of its consumer.
pub(super) fn write(group: &mut Group, of: &Analytics) {
    group.number("parallelism", of.parallelism.into());
    group.number("parallelism_per_kpu", of.per_kpu.into());
    group.number("kpu_per_s", of.kpu_milli);
    group.number("limit", of.limit.into());
    group.span("read_interval_ms", of.interval);
    group.span("discovery_s", of.discovery);
    group.span("checkpoint_interval_s", of.checkpoint);
    group.word("event_time", of.event_time.word());
    group.span("lateness_s", of.lateness);
    group.span("shard_idle_s", of.shard_idle);
}
