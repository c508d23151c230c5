//! How a direct design stands at an instant, for those who count.

use super::DirectEngine;
pub use super::work::Counts;

/// Where requests are, and what was used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectState {
    /// Requests that are neither answered nor given up.
    pub in_flight: u64,
    /// Attempts with a worker.
    pub working: u64,
    /// Attempts that wait for a worker.
    pub backlog: u64,
    /// Attempts with a worker that wait for a vCPU.
    pub cpu_line: u64,
    /// Attempts with a worker that wait for a connection.
    pub pool_line: u64,
    /// Statements that wait, at the primary and at the replicas.
    pub database_line: u64,
    /// Connections that the database has.
    pub connections: u64,
    /// Instances that take requests.
    pub up: u64,
    /// Instances that are paid for.
    pub paid: u64,
    /// Slow steps that wait for a worker in the background.
    pub background_line: u64,
    /// Slow steps with one.
    pub background_running: u64,
    /// vCPU-microseconds of computing so far, and of instances that were up.
    pub cpu: (u64, u64),
    /// vCPU-microseconds of statements so far, at the primary and at all replicas together.
    pub database: (u64, u64),
    /// vCPUs of the primary, and of each replica.
    pub database_vcpus: u32,
    /// Replicas.
    pub replicas: u32,
    /// Instance-microseconds that are paid for so far.
    pub paid_for: u64,
    /// Where statements went so far.
    pub counts: Counts,
}

impl DirectEngine {
    /// How it stands at the instant that has been reached.
    pub fn state(&self) -> DirectState {
        let (now, work) = (self.now, &self.work);
        let sum = |of: &dyn Fn(&super::fleet::Instance) -> u64| self.fleet.instances.iter().map(of).sum::<u64>();
        DirectState {
            in_flight: self.in_flight,
            working: sum(&|each| each.running.len() as u64),
            backlog: sum(&|each| each.backlog.len() as u64),
            cpu_line: sum(&|each| each.cpu.waiting()),
            pool_line: work.pool_waiting,
            database_line: work.database.iter().map(super::Station::waiting).sum(),
            connections: work.connections.into(),
            up: self.fleet.up().into(),
            paid: self.fleet.paid().into(),
            background_line: work.background.waiting(),
            background_running: work.background.busy().into(),
            cpu: (self.fleet.worked(now), self.fleet.capacity(now)),
            database: (
                work.database[0].worked(now),
                work.database[1..].iter().map(|replica| replica.worked(now)).sum(),
            ),
            database_vcpus: self.direct.database.vcpus,
            replicas: self.direct.replicas.count,
            paid_for: self.fleet.paid_for(now),
            counts: work.counts,
        }
    }
}
