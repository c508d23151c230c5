//! What a direct design tells: one thing that happened, at one time.

use crate::engine::{Digest, Observer as _, Record};
use crate::units::{SimTime, Span};

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cause {
    /// The client did not wait any longer.
    ClientTimeout,
    /// 502: every worker of the target is busy, and its backlog is full.
    Refused,
    /// 502: the target ran out of memory, and the request was with it.
    OutOfMemory,
    /// 503: no target is up.
    NoTarget,
    /// 504: the target sent nothing for the idle timeout.
    GatewayTimeout,
    /// 500: no connection of the pool came free in time.
    PoolWait,
    /// 500: the database takes no more connections.
    Connections,
    /// 502: the instance was lost, and the request was with it.
    InstanceLost,
}

impl Cause {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::ClientTimeout,
        Self::Refused,
        Self::OutOfMemory,
        Self::NoTarget,
        Self::GatewayTimeout,
        Self::PoolWait,
        Self::Connections,
        Self::InstanceLost,
    ];
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Its name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientTimeout => "client_timeout",
            Self::Refused => "refused_502",
            Self::OutOfMemory => "out_of_memory_502",
            Self::NoTarget => "no_target_503",
            Self::GatewayTimeout => "gateway_timeout_504",
            Self::PoolWait => "pool_500",
            Self::Connections => "connections_500",
            Self::InstanceLost => "instance_lost_502",
        }
    }

    /// The same for people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::ClientTimeout => "the client gave up",
            Self::Refused => "502, workers and backlog full",
            Self::OutOfMemory => "502, out of memory",
            Self::NoTarget => "503, no target",
            Self::GatewayTimeout => "504, idle timeout",
            Self::PoolWait => "500, no connection in time",
            Self::Connections => "500, too many connections",
            Self::InstanceLost => "502, instance lost",
        }
    }
}

/// One thing that happened in a direct design.
#[derive(Clone, Copy, Debug)]
pub enum DirectFact<'a> {
    /// A request is offered: the traffic's record.
    Offered {
        /// The record.
        record: &'a Record,
    },
    /// An attempt is made, the first or a later one.
    Sent {
        /// Number of the request.
        number: u32,
        /// Number of the attempt, from one.
        attempt: u32,
    },
    /// A request is answered.
    Answered {
        /// Number of the request.
        number: u32,
        /// Since its first attempt.
        waited: Span,
    },
    /// An attempt failed.
    Failed {
        /// Number of the request.
        number: u32,
        /// Why.
        cause: Cause,
        /// Since the first attempt.
        waited: Span,
        /// Whether another one follows; else the request has failed.
        again: bool,
    },
    /// Work on an attempt came to its end for nobody.
    Wasted {
        /// Number of the request.
        number: u32,
    },
    /// A replica answered a read that does not show the last write of its key.
    Stale {
        /// Number of the request.
        number: u32,
    },
    /// An instance ran out of memory, and its workers are gone with what they did.
    OutOfMemory {
        /// Which.
        instance: u32,
        /// Requests that were with it.
        requests: u32,
    },
    /// An instance was lost on purpose, with what its workers did.
    InstanceLost {
        /// Which.
        instance: u32,
        /// Requests that were with it.
        requests: u32,
    },
    /// An operation begins, or is over.
    Operation {
        /// Its place among the operations of the design, from zero.
        operation: u32,
        /// Whether it begins.
        begins: bool,
    },
    /// An instance takes requests.
    Up {
        /// Which.
        instance: u32,
    },
    /// An instance is gone.
    Down {
        /// Which.
        instance: u32,
    },
    /// The scaling policy asks for another number of instances.
    Scaled {
        /// Instances there are, those that start included.
        from: u32,
        /// Instances it asks for.
        to: u32,
    },
    /// The cache lost all that it held.
    CacheEmptied,
    /// A slow step was handed over; `kept` is whether the queue had room for it.
    HandedOver {
        /// Whether it waits there or runs; else it is lost.
        kept: bool,
    },
    /// A slow step was done in the background.
    Done {
        /// Since it was handed over.
        late: Span,
    },
}

/// Takes what a direct design tells.
pub trait DirectObserver {
    /// Takes one fact.
    fn observe(&mut self, at: SimTime, fact: DirectFact<'_>);
}

impl<A: DirectObserver, B: DirectObserver> DirectObserver for (A, B) {
    #[inline(always)]
    fn observe(&mut self, at: SimTime, fact: DirectFact<'_>) {
        self.0.observe(at, fact);
        self.1.observe(at, fact);
    }
}

impl DirectObserver for Digest {
    #[inline(always)]
    fn observe(&mut self, at: SimTime, fact: DirectFact<'_>) {
        let pair = |high: u32, low: u64| u64::from(high) << 32 ^ low;
        match fact {
            DirectFact::Offered { record } => self.offered(at, record),
            DirectFact::Sent { number, attempt } => self.told(at, 0, pair(number, attempt.into())),
            DirectFact::Answered { number, waited } => self.told(at, 1, pair(number, waited.micros())),
            DirectFact::Failed { number, cause, again, .. } => {
                self.told(at, 2, pair(number, u64::from(again) << 8 | cause as u64));
            }
            DirectFact::Wasted { number } => self.told(at, 3, number.into()),
            DirectFact::Stale { number } => self.told(at, 4, number.into()),
            DirectFact::OutOfMemory { instance, requests } => self.told(at, 5, pair(instance, requests.into())),
            DirectFact::Up { instance } => self.told(at, 6, instance.into()),
            DirectFact::Down { instance } => self.told(at, 7, instance.into()),
            DirectFact::Scaled { from, to } => self.told(at, 8, pair(from, to.into())),
            DirectFact::CacheEmptied => self.told(at, 9, 0),
            DirectFact::HandedOver { kept } => self.told(at, 10, kept.into()),
            DirectFact::Done { late } => self.told(at, 11, late.micros()),
            DirectFact::InstanceLost { instance, requests } => self.told(at, 12, pair(instance, requests.into())),
            DirectFact::Operation { operation, begins } => self.told(at, 13, pair(operation, begins.into())),
        }
    }
}
