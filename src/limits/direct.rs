//! Bounds and estimates of the direct architecture.

use super::sources::{ALB, FPM, MYSQL, OURS, TYPICAL};
use super::{Count, Limit, Value};
use crate::text::for_people;
use crate::units::{Rate, Span};

limits! { DIRECT:
    /// Designs beside the document's own.
    DESIGNS_MAX: Count = 3, "designs", OURS, documented;
    /// Attempts of a client at one request.
    CLIENT_ATTEMPTS_MAX: Count = 100, "attempts", OURS, documented;
    /// Instances of an application.
    INSTANCES_MAX: Count = 200, "instances", OURS, documented;
    /// vCPUs of a machine.
    VCPUS_MAX: Count = 448, "vCPUs", OURS, documented;
    /// Memory of a machine, MB.
    INSTANCE_MEMORY_MAX_MB: Count = 4_000_000, "MB", OURS, documented;
    /// Worker processes of an instance, and workers in the background.
    WORKERS_MAX: Count = 100_000, "workers", OURS, documented;
    /// Requests that may wait at an instance, and steps that may wait for workers in the background.
    BACKLOG_MAX: Count = 10_000_000, "requests", OURS, documented;
    /// Statements of a request.
    STATEMENTS_MAX: Count = 1_000, "statements", OURS, documented;
    /// Connections to a database.
    CONNECTIONS_MAX: Count = 100_000, "connections", OURS, documented;
    /// Attempts that are under way at the same time in a direct design, those included whose client has gone; beyond it
    /// the run stops and says so.
    ATTEMPTS_MAX: Count = 12_000_000, "attempts", OURS, documented;

    /// A client gives an attempt up after this.
    CLIENT_TIMEOUT: Span = Span::from_secs(30), "s", TYPICAL, estimated;
    /// Wait of a client before its second attempt.
    CLIENT_BACKOFF: Span = Span::from_millis(500), "ms", TYPICAL, estimated;
    /// Longest wait of a client between two attempts.
    CLIENT_BACKOFF_CAP: Span = Span::from_secs(20), "s", TYPICAL, estimated;
    /// An Application Load Balancer answers with 504 when its target has sent nothing for so long.
    ALB_IDLE_TIMEOUT: Span = Span::from_secs(60), "s", ALB, estimated;
    /// New connections a second in one capacity unit of a load balancer; each attempt is one.
    ALB_LCU_CONNECTIONS: Rate = Rate::per_second(25), "connections/s", ALB, estimated;
    /// Active connections in one capacity unit of a load balancer.
    ALB_LCU_ACTIVE: Count = 3_000, "connections", ALB, estimated;
    /// Requests that wait at an instance for a worker; others are refused.
    LISTEN_BACKLOG: Count = 511, "requests", FPM, estimated;
    /// Memory that the system of an instance takes, MB.
    SYSTEM_MEMORY_MB: Count = 1_024, "MB", FPM, estimated;
    /// Memory of a worker process while it works, MB.
    WORKER_MEMORY_MB: Count = 80, "MB", FPM, estimated;
    /// Memory of a worker process that works on a heavy request, MB.
    HEAVY_MEMORY_MB: Count = 250, "MB", FPM, estimated;
    /// How long an instance is away that ran out of memory.
    WORKERS_RESTART: Span = Span::from_secs(10), "s", TYPICAL, estimated;
    /// CPU utilisation at which a scaling policy aims, in percent.
    SCALING_TARGET_PERCENT: Count = 60, "%", TYPICAL, estimated;
    /// How often a scaling policy looks.
    SCALING_PERIOD: Span = Span::from_secs(60), "s", TYPICAL, estimated;
    /// From the call of a scaling policy until a new instance takes requests.
    INSTANCE_START: Span = Span::from_secs(180), "s", TYPICAL, estimated;
    /// A policy takes an instance away after so many looks in a row that ask for fewer.
    SCALING_IN_LOOKS: Count = 15, "looks", TYPICAL, estimated;
    /// Connections that a database of 8 GiB takes: its memory over 12,582,880 bytes.
    DATABASE_CONNECTIONS: Count = 680, "connections", MYSQL, estimated;
    /// Connections of an instance's pool.
    POOL_CONNECTIONS: Count = 100, "connections", TYPICAL, estimated;
    /// How long a request waits for a connection of the pool.
    POOL_WAIT: Span = Span::from_secs(30), "s", TYPICAL, estimated;
    /// Read replicas of one primary.
    REPLICAS_MAX: Count = 15, "replicas", MYSQL, estimated;
    /// How long until a write is seen on a replica.
    REPLICA_LAG: Span = Span::from_millis(20), "ms", TYPICAL, estimated;
    /// Time of a cache's answer.
    CACHE_HIT: Span = Span::from_millis(1), "ms", TYPICAL, estimated;
    /// Time of a call to another store.
    STORE_CALL: Span = Span::from_millis(5), "ms", TYPICAL, estimated;
    /// What putting a step into a queue takes.
    ENQUEUE: Span = Span::from_millis(5), "ms", TYPICAL, estimated;
}

/// The files of limits beside the first.
const FILES: [&[Limit]; 4] = [super::analytics::ANALYTICS, super::video::VIDEO, DIRECT, super::firehose::FIREHOSE];

/// How many limits there are with those of the first file.
pub(super) const fn count(first: &[Limit]) -> usize {
    let (mut count, mut file) = (first.len(), 0);
    while file < FILES.len() {
        count += FILES[file].len();
        file += 1;
    }
    count
}

/// Those of the first file, and then the others.
pub(super) const fn joined<const N: usize>(first: &[Limit]) -> [Limit; N] {
    let (mut limits, mut at, mut file, mut place) = ([first[0]; N], 0, 0, 0);
    while at < N {
        let from = if file == 0 { first } else { FILES[file - 1] };
        if place == from.len() {
            (file, place) = (file + 1, 0);
            continue;
        }
        limits[at] = from[place];
        (at, place) = (at + 1, place + 1);
    }
    limits
}
