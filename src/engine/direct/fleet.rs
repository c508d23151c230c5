//! The instances of the application, and the policy that starts them and takes them away.

use super::station::{Level, Station};
use crate::scenario::Direct;
use std::collections::VecDeque;

/// What an instance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It is not there.
    Off,
    /// It was asked for.
    Starting,
    /// It takes requests.
    Up,
    /// It ran out of memory, and its workers start again.
    Restarting,
    /// It finishes what it has.
    Draining,
}

/// A machine with its worker processes.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub doing: Doing,
    /// Attempts that workers have.
    pub running: Vec<u32>,
    /// Attempts that wait for a worker.
    pub backlog: VecDeque<u32>,
    /// Memory that the workers take, MB.
    pub memory: u32,
    pub cpu: Station<u32>,
    /// Connections of its pool that are held.
    pub connections: u32,
    /// Who waits for one: a slot and its generation.
    pub pool_line: VecDeque<(u32, u32)>,
}

#[derive(Clone, Debug)]
pub(super) struct Fleet {
    pub instances: Vec<Instance>,
    vcpus: u32,
    /// The instance that the balancer asks next.
    next: usize,
    /// vCPUs of instances that are up.
    capacity: Level,
    /// Instances that are paid for.
    paid: Level,
    /// When the policy looked last: work and capacity so far.
    looked: (u64, u64),
    /// Looks in a row that asked for fewer.
    fewer: u32,
}

/// What the policy wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Nothing,
    /// So many instances, of so many.
    More {
        from: u32,
        to: u32,
    },
    /// One instance less.
    Fewer {
        from: u32,
        which: usize,
    },
}

impl Fleet {
    pub fn new(direct: &Direct) -> Self {
        let mut fleet = Self {
            instances: Vec::new(),
            vcpus: direct.application.vcpus,
            next: 0,
            capacity: Level::default(),
            paid: Level::default(),
            looked: (0, 0),
            fewer: 0,
        };
        for _ in 0..direct.application.instances {
            let instance = fleet.start(0);
            fleet.turn(0, instance, Doing::Up);
        }
        fleet
    }

    /// An instance that was not there is starting.
    pub fn start(&mut self, now: u64) -> usize {
        let off = self.instances.iter().position(|instance| instance.doing == Doing::Off);
        let place = off.unwrap_or(self.instances.len());
        if place == self.instances.len() {
            self.instances.push(Instance {
                doing: Doing::Off,
                running: Vec::new(),
                backlog: VecDeque::new(),
                memory: 0,
                cpu: Station::new(self.vcpus),
                connections: 0,
                pool_line: VecDeque::new(),
            });
        }
        self.turn(now, place, Doing::Starting);
        place
    }

    /// Changes what an instance does.
    pub fn turn(&mut self, now: u64, place: usize, doing: Doing) {
        self.instances[place].doing = doing;
        let count = |of: &dyn Fn(Doing) -> bool| self.instances.iter().filter(|each| of(each.doing)).count() as u32;
        let (up, paid) = (count(&|doing| doing == Doing::Up), count(&|doing| doing != Doing::Off));
        self.capacity.set(now, up * self.vcpus);
        self.paid.set(now, paid);
    }

    /// The instance that gets the next request: each that is up in turn.
    #[inline]
    pub fn pick(&mut self) -> Option<usize> {
        for _ in 0..self.instances.len() {
            let place = self.next;
            self.next = if place + 1 == self.instances.len() { 0 } else { place + 1 };
            if self.instances[place].doing == Doing::Up {
                return Some(place);
            }
        }
        None
    }

    /// Instances that take requests.
    pub const fn up(&self) -> u32 {
        self.capacity.get() / self.vcpus
    }

    /// Instances that are paid for.
    pub const fn paid(&self) -> u32 {
        self.paid.get()
    }

    /// Instance-microseconds that are paid for.
    pub const fn paid_for(&self, now: u64) -> u64 {
        self.paid.area(now)
    }

    /// vCPU-microseconds of instances that were up.
    pub const fn capacity(&self, now: u64) -> u64 {
        self.capacity.area(now)
    }

    /// vCPU-microseconds of computing.
    pub fn worked(&self, now: u64) -> u64 {
        self.instances.iter().map(|instance| instance.cpu.worked(now)).sum()
    }

    /// The policy looks: target tracking, as many instances as would have been at the target.
    pub fn look(&mut self, now: u64, direct: &Direct, most: u32) -> Wish {
        let (worked, capacity) = (self.worked(now), self.capacity(now));
        let (work, room) = (worked - self.looked.0, capacity - self.looked.1);
        self.looked = (worked, capacity);
        let there = |doing| self.instances.iter().filter(|each| each.doing == doing).count() as u32;
        let up = there(Doing::Up);
        let from = up + there(Doing::Starting) + there(Doing::Restarting);
        // A draining instance still works, so its work may exceed the room of those that are up.
        let at_target = u128::from(room) * u128::from(direct.autoscaling.target_percent);
        let needed = (u128::from(work) * 100 * u128::from(up)).checked_div(at_target.max(1)).unwrap_or(0);
        let rest = u128::from(needed * at_target < u128::from(work) * 100 * u128::from(up));
        let to = ((needed + rest).min(most.into()) as u32).max(direct.application.instances);
        self.fewer = if to < from { self.fewer + 1 } else { 0 };
        if to > from {
            return Wish::More { from, to };
        }
        let last_up = self.instances.iter().rposition(|each| each.doing == Doing::Up);
        match last_up {
            Some(which) if self.fewer >= direct.autoscaling.in_after && up > 1 => {
                self.fewer = 0;
                Wish::Fewer { from, which }
            }
            _ => Wish::Nothing,
        }
    }
}
