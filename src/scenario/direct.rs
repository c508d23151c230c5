//! The direct architecture: clients, a load balancer, an application that does everything in the request, its database.
//!
//! Every remedy is off by default and is switched on by one number: more instances, a policy that starts them,
//! replicas, a cache, another store, workers in the background.

use super::document::Reader;
use super::groups::groups;
use super::{DurationLaw, Jitter};
use crate::units::{Ratio, Span};

groups! {
    /// The application that does everything in the request, and what stands around it.
    Direct in "designs.0.direct";
    /// Who sends requests, and what they do when none is answered.
    Client client {
        /// An attempt without an answer is given up after this; the work on it goes on. `None` for never.
        timeout: Option<Span> = "timeout_s",
        /// Attempts at one request, the first included.
        attempts: u32 = "attempts",
        /// Wait before the second attempt; it doubles.
        backoff: Span = "backoff_ms",
        /// The wait never grows beyond this.
        backoff_max: Span = "backoff_max_s",
        /// Which part of the wait is waited.
        jitter: Jitter = "jitter",
    }
    /// The load balancer.
    Balancer balancer {
        /// A target that has sent nothing for so long: 504. `None` for never.
        idle_timeout: Option<Span> = "idle_timeout_s",
    }
    /// Instances of the application, all of one kind.
    Application application {
        /// At the start.
        instances: u32 = "instances",
        /// Of each instance: requests that compute at the same time.
        vcpus: u32 = "vcpus",
        /// Of each instance, MB.
        memory_mb: u32 = "memory_mb",
        /// What the system takes of it, MB.
        reserved_mb: u32 = "reserved_mb",
        /// Worker processes of an instance; `None` for as many as fit its memory.
        workers: Option<u32> = "workers",
        /// Memory of a worker while it works on a request, MB.
        worker_mb: u32 = "worker_mb",
        /// Share of the requests that need more.
        heavy_share: Ratio = "heavy_share",
        /// Memory of a worker that works on one of those, MB.
        heavy_mb: u32 = "heavy_mb",
        /// Requests that may wait at an instance for a worker.
        backlog: u32 = "backlog",
        /// How long an instance is away that ran out of memory.
        restart: Span = "restart_s",
    }
    /// A policy that starts instances.
    Autoscaling autoscaling {
        /// Most instances; `None` for no policy.
        max_instances: Option<u32> = "max_instances",
        /// It aims at this CPU utilisation, in percent.
        target_percent: u32 = "target_percent",
        /// How often it looks, and over how long a time.
        period: Span = "period_s",
        /// From its call until a new instance takes requests.
        start: Span = "start_s",
        /// An instance is taken away after so many looks in a row that ask for fewer.
        in_after: u32 = "in_after",
    }
    /// What a request does, one step after the other.
    Request request {
        /// Computing.
        cpu: Span = "cpu_ms",
        /// Reads of the database.
        reads: u32 = "reads",
        /// Writes to it.
        writes: u32 = "writes",
        /// A step that only waits, such as a call to somebody else's service.
        slow: Span = "slow_ms",
        /// How the times of steps vary.
        law: DurationLaw = "law",
        /// Half width of the uniform law.
        spread: Ratio = "spread",
    }
    /// The primary of the database, and the pools of connections to it.
    Database database {
        /// Of the primary and of each replica: statements that are worked on at the same time.
        vcpus: u32 = "vcpus",
        /// Time of a read.
        read: Span = "read_ms",
        /// Time of a write.
        write: Span = "write_ms",
        /// Connections that it takes, all instances together.
        max_connections: u32 = "max_connections",
        /// Connections of each instance's pool.
        pool: u32 = "pool",
        /// A request fails that has waited so long for a connection of the pool; `None` for never.
        pool_wait: Option<Span> = "pool_wait_s",
    }
    /// Copies of the database that answer reads.
    Replicas replicas {
        /// How many; 0 for none.
        count: u32 = "count",
        /// How long until a write is seen there.
        lag: Span = "lag_ms",
    }
    /// A cache in front of the reads.
    Cache cache {
        /// Share of the reads that a warm cache answers; 0 for no cache.
        hit_ratio: Ratio = "hit_ratio",
        /// Time of such an answer.
        hit: Span = "hit_ms",
        /// Misses until it is warm; 0 for warm from the start.
        entries: u32 = "entries",
        /// When it is emptied, if it is.
        restart_at: Option<Span> = "restart_at_s",
    }
    /// A store made for a part of the work: search, analytics, key-value.
    Store store {
        /// Share of the reads that go there.
        read_share: Ratio = "read_share",
        /// Share of the writes that go there.
        write_share: Ratio = "write_share",
        /// Time of a read.
        read: Span = "read_ms",
        /// Time of a write.
        write: Span = "write_ms",
        /// Calls that it works on at the same time; `None` for any number.
        parallel: Option<u32> = "parallel",
    }
    /// Workers that do the slow step after the answer.
    Background background {
        /// How many; 0 leaves the step in the request.
        workers: u32 = "workers",
        /// What handing it over takes.
        enqueue: Span = "enqueue_ms",
        /// Steps that may wait; `None` for any number.
        queue: Option<u32> = "queue",
    }
}

impl Direct {
    /// Reads the group at a path and checks its fields against each other.
    pub(super) fn read(read: &mut Reader<'_>, path: &str) -> Self {
        let direct = Self::groups(read, path);
        let mut wrong = |name: &str, message: String| read.wrong(&format!("{path}.{name}"), message);
        let Application { instances, memory_mb, reserved_mb, worker_mb, heavy_mb, heavy_share, .. } =
            direct.application;
        if reserved_mb + worker_mb > memory_mb {
            let least = reserved_mb + worker_mb;
            let message = format!(
                "no worker of {worker_mb} MB fits beside the {reserved_mb} MB of the system; choose {least} or more"
            );
            wrong("application.memory_mb", message);
        }
        if heavy_share > Ratio::ZERO && heavy_mb < worker_mb {
            let message = format!("is less than the {worker_mb} MB of any other request; choose {worker_mb} or more");
            wrong("application.heavy_mb", message);
        }
        if let Some(most) = direct.autoscaling.max_instances.filter(|most| *most < instances) {
            let message = format!("{most} are fewer than the {instances} at the start; choose {instances} or more");
            wrong("autoscaling.max_instances", message);
        }
        let Client { backoff, backoff_max, .. } = direct.client;
        if backoff > backoff_max {
            let message = format!("is less than the first wait; choose {} s or more", backoff.seconds_f64());
            wrong("client.backoff_max_s", message);
        }
        direct
    }

    /// Worker processes of each instance.
    pub const fn workers(&self) -> u32 {
        let Application { workers, memory_mb, reserved_mb, worker_mb, .. } = self.application;
        match workers {
            Some(workers) => workers,
            None => memory_mb.saturating_sub(reserved_mb) / worker_mb,
        }
    }
}
