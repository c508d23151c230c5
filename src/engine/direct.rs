//! The direct architecture: the application does everything in the request.
//!
//! A request is offered at the instant at which the stream designs are offered the same record. The balancer gives it
//! to each instance in turn; a worker process computes, sends its statements to the database, does the slow step, and
//! answers. Clients that wait too long go away, and come back: the work on what they left goes on for nobody.
//!
//! One event after the other, in the order of the agenda; of what happens at one instant first what was planned, then
//! clients and balancers that lose patience, then requests that waited too long for a connection, then the arrival. So
//! an answer at the instant of the timeout is an answer.

mod attempt;
mod draws;
mod fact;
mod fault;
mod fleet;
mod state;
mod station;
mod work;

pub use fact::{Cause, DirectFact, DirectObserver};
pub use state::{Counts, DirectState};
pub use station::{Level, Station};

use super::agenda::Agenda;
use super::offers::Offers;
use super::{Record, Step};
use crate::limits;
use crate::scenario::{Direct, DirectFaultKind, Scenario};
use crate::units::{SimTime, Span};
use attempt::{Attempt, Attempts, Place};
use draws::Draws;
use fleet::{Doing, Fleet, Wish};
use std::collections::VecDeque;
use work::Work;

/// A simulation of a direct design in some state.
#[derive(Clone, Debug)]
pub struct DirectEngine {
    direct: Direct,
    now: u64,
    end: u64,
    /// Worker processes of an instance.
    workers: usize,
    offers: Offers,
    agenda: Agenda<Event>,
    attempts: Attempts,
    /// When a client or the balancer loses patience: instant, slot, generation. In order, since the patience of all is
    /// the same.
    patience: VecDeque<(u64, u32, u32)>,
    /// The same for those who wait for a connection.
    pool_waits: VecDeque<(u64, u32, u32)>,
    fleet: Fleet,
    work: Work,
    draws: Draws,
    /// Requests without an end.
    in_flight: u64,
    /// Events so far.
    worked: u64,
    keep_max: u64,
}

/// What is planned.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A client tries again.
    Again(u32),
    /// The computing of an attempt is done.
    Computed(u32),
    /// A statement is done, at a station.
    Stated(u32, u16),
    /// A wait of an attempt is over: a cache's answer, its slow step.
    Waited(u32),
    /// An attempt hands its slow step over.
    HandedOver(u32),
    /// A slow step that was handed over then is done in the background.
    Done(u64),
    /// An instance takes requests.
    Up(u16),
    /// The policy looks.
    Look,
    /// The cache loses all.
    CacheEmptied,
    /// An operation begins, or is over.
    Operation(u16, bool),
}

impl DirectEngine {
    /// A direct design at the start of a scenario whose traffic it gets.
    pub fn new(scenario: &Scenario, direct: &Direct) -> Self {
        let mut agenda = Agenda::new();
        if direct.autoscaling.max_instances.is_some() {
            agenda.push(direct.autoscaling.period.micros(), Event::Look);
        }
        if let Some(at) = direct.cache.restart_at {
            agenda.push(at.micros(), Event::CacheEmptied);
        }
        for (place, fault) in (0..).zip(&direct.faults) {
            let event = match fault.kind {
                DirectFaultKind::EmptyCache => Event::CacheEmptied,
                _ => Event::Operation(place, true),
            };
            agenda.push(fault.at.micros(), event);
        }
        Self {
            direct: direct.clone(),
            now: 0,
            end: scenario.length.micros(),
            workers: direct.workers() as usize,
            offers: Offers::new(scenario),
            agenda,
            attempts: Attempts::default(),
            patience: VecDeque::new(),
            pool_waits: VecDeque::new(),
            fleet: Fleet::new(direct),
            work: Work::new(scenario, direct),
            draws: Draws::new(scenario.seed, direct),
            in_flight: 0,
            worked: 0,
            keep_max: limits::ATTEMPTS_MAX,
        }
    }

    /// Stops with [`Step::Full`] when more attempts than this are under way, for a host with less memory.
    pub fn keep_at_most(&mut self, attempts: u64) {
        self.keep_max = attempts.min(limits::ATTEMPTS_MAX);
    }

    /// The instant that has been reached: everything before it has happened.
    pub const fn now(&self) -> SimTime {
        SimTime::from_micros(self.now)
    }

    /// The end of the run.
    pub const fn end(&self) -> SimTime {
        SimTime::from_micros(self.end)
    }

    /// Events since the start of the run: what a budget counts.
    pub const fn worked(&self) -> u64 {
        self.worked
    }

    /// Runs until everything before `until` has happened, or until about `budget` events have.
    pub fn advance(&mut self, until: SimTime, budget: u32, observer: &mut impl DirectObserver) -> Step {
        let until = until.micros().clamp(self.now, self.end);
        let enough = self.worked.saturating_add(u64::from(budget));
        loop {
            let first = |line: &VecDeque<(u64, u32, u32)>| line.front().map_or(u64::MAX, |(at, ..)| *at);
            let (planned, arrival) = (self.agenda.next_at(), self.offers.next_at());
            let (patience, pool_wait) = (first(&self.patience), first(&self.pool_waits));
            let next = planned.min(arrival).min(patience).min(pool_wait);
            if next >= until {
                self.now = until;
                return Step::Reached;
            }
            if self.attempts.used() > self.keep_max {
                return Step::Full;
            }
            if self.worked >= enough {
                return Step::Spent;
            }
            self.now = next;
            self.worked += 1;
            if next == planned {
                if let Some((_, event)) = self.agenda.pop() {
                    self.happen(event, observer);
                }
            } else if next == patience {
                self.lose_patience(observer);
            } else if next == pool_wait {
                self.give_up_on_pool(observer);
            } else {
                let record = self.offers.take();
                self.offered(&record, observer);
            }
        }
    }

    #[inline(always)]
    fn tell(&self, observer: &mut impl DirectObserver, fact: DirectFact<'_>) {
        observer.observe(SimTime::from_micros(self.now), fact);
    }

    #[inline]
    fn happen(&mut self, event: Event, observer: &mut impl DirectObserver) {
        match event {
            Event::Again(slot) => self.send(slot, observer),
            Event::Computed(slot) => self.computed(slot, observer),
            Event::Stated(slot, station) => self.stated(slot, station, observer),
            Event::Waited(slot) => self.go_on(slot, observer),
            Event::HandedOver(slot) => {
                if self.attempts[slot].place != Place::Ruin {
                    self.hand_over(observer);
                }
                self.go_on(slot, observer);
            }
            Event::Done(handed_over) => {
                self.tell(observer, DirectFact::Done { late: Span::from_micros(self.now - handed_over) });
                if let Some((handed_over, at)) = self.work.background.leave(self.now) {
                    self.agenda.push(at, Event::Done(handed_over));
                }
            }
            Event::Up(instance) => {
                self.fleet.turn(self.now, instance.into(), Doing::Up);
                self.tell(observer, DirectFact::Up { instance: instance.into() });
            }
            Event::Look => self.look(observer),
            Event::CacheEmptied => {
                self.work.empty_cache();
                self.tell(observer, DirectFact::CacheEmptied);
            }
            Event::Operation(place, begins) => self.operate(place, begins, observer),
        }
    }

    fn offered(&mut self, record: &Record, observer: &mut impl DirectObserver) {
        self.tell(observer, DirectFact::Offered { record });
        self.in_flight += 1;
        let slot = self.attempts.put(Attempt {
            first_at: self.now,
            key: record.key,
            number: record.number,
            memory: 0,
            index: 0,
            generation: 0,
            instance: 0,
            reads: 0,
            writes: 0,
            attempt: 1,
            place: Place::Client,
            listening: true,
            connected: false,
            writing: false,
            slow: false,
        });
        self.send(slot, observer);
    }

    /// An attempt goes to the balancer.
    fn send(&mut self, slot: u32, observer: &mut impl DirectObserver) {
        let attempt = &mut self.attempts[slot];
        attempt.listening = true;
        let (number, generation) = (attempt.number, attempt.generation);
        let sent = DirectFact::Sent { number, attempt: attempt.attempt.into() };
        self.tell(observer, sent);
        let patience = [self.direct.client.timeout, self.direct.balancer.idle_timeout].into_iter().flatten().min();
        if let Some(patience) = patience {
            self.patience.push_back((self.now + patience.micros(), slot, generation));
        }
        let Some(place) = self.fleet.pick() else {
            self.failed(slot, Cause::NoTarget, observer);
            return self.attempts.free(slot);
        };
        let instance = &mut self.fleet.instances[place];
        self.attempts[slot].instance = place as u16;
        if instance.running.len() < self.workers {
            self.begin(slot, observer);
        } else if instance.backlog.len() < self.direct.application.backlog as usize {
            instance.backlog.push_back(slot);
            self.attempts[slot].place = Place::Backlog;
        } else {
            self.failed(slot, Cause::Refused, observer);
            self.attempts.free(slot);
        }
    }

    /// The client has its answer.
    fn answered(&mut self, slot: u32, observer: &mut impl DirectObserver) {
        let attempt = &mut self.attempts[slot];
        attempt.listening = false;
        let (number, waited) = (attempt.number, Span::from_micros(self.now - attempt.first_at));
        self.in_flight -= 1;
        self.tell(observer, DirectFact::Answered { number, waited });
    }

    /// The client does not wait for this attempt any longer. Another one follows, where there is one left.
    fn failed(&mut self, slot: u32, cause: Cause, observer: &mut impl DirectObserver) {
        let attempt = &mut self.attempts[slot];
        attempt.listening = false;
        let attempt = *attempt;
        let again = u32::from(attempt.attempt) < self.direct.client.attempts;
        let waited = Span::from_micros(self.now - attempt.first_at);
        self.tell(observer, DirectFact::Failed { number: attempt.number, cause, waited, again });
        if !again {
            self.in_flight -= 1;
            return;
        }
        let next =
            Attempt { attempt: attempt.attempt + 1, place: Place::Client, connected: false, generation: 0, ..attempt };
        let next = self.attempts.put(next);
        let wait = self.draws.backoff(&self.direct.client, attempt.attempt.into());
        self.agenda.push(self.now + wait, Event::Again(next));
    }

    fn lose_patience(&mut self, observer: &mut impl DirectObserver) {
        let Some((_, slot, generation)) = self.patience.pop_front() else { return };
        if self.attempts.same((slot, generation)).is_none_or(|attempt| !attempt.listening) {
            return;
        }
        let (client, balancer) = (self.direct.client.timeout, self.direct.balancer.idle_timeout);
        let client_first = client.is_some_and(|client| balancer.is_none_or(|balancer| client <= balancer));
        self.failed(slot, if client_first { Cause::ClientTimeout } else { Cause::GatewayTimeout }, observer);
    }

    /// A worker takes an attempt.
    fn begin(&mut self, slot: u32, observer: &mut impl DirectObserver) {
        let Direct { application, request, .. } = &self.direct;
        let heavy = self.draws.is_heavy(application.heavy_share);
        let memory = if heavy { application.heavy_mb } else { application.worker_mb };
        let attempt = &mut self.attempts[slot];
        let instance = &mut self.fleet.instances[usize::from(attempt.instance)];
        (attempt.memory, attempt.index, attempt.place) = (memory, instance.running.len() as u32, Place::Worker);
        (attempt.reads, attempt.writes) = (request.reads as u16, request.writes as u16);
        attempt.slow = request.slow > Span::ZERO;
        instance.running.push(slot);
        instance.memory += memory;
        let time = self.draws.time(draws::Of::Cpu, request.cpu);
        if instance.memory + application.reserved_mb > application.memory_mb {
            let place = attempt.instance;
            return self.run_out_of_memory(place, observer);
        }
        match instance.cpu.enter(self.now, slot, time) {
            Some(at) => self.agenda.push(at, Event::Computed(slot)),
            None => self.attempts[slot].place = Place::CpuLine,
        }
    }

    fn computed(&mut self, slot: u32, observer: &mut impl DirectObserver) {
        let Attempt { instance, place, .. } = self.attempts[slot];
        if place != Place::Ruin
            && let Some((next, at)) = self.fleet.instances[usize::from(instance)].cpu.leave(self.now)
        {
            self.attempts[next].place = Place::Worker;
            self.agenda.push(at, Event::Computed(next));
        }
        self.go_on(slot, observer);
    }

    /// A worker is done with an attempt, which it answers or not, and takes the next.
    fn leave(&mut self, slot: u32, failed: Option<Cause>, observer: &mut impl DirectObserver) {
        let Attempt { instance: place, index, memory, number, listening, .. } = self.attempts[slot];
        match failed {
            _ if !listening => self.tell(observer, DirectFact::Wasted { number }),
            None => self.answered(slot, observer),
            Some(cause) => self.failed(slot, cause, observer),
        }
        self.attempts.free(slot);
        let instance = &mut self.fleet.instances[usize::from(place)];
        instance.memory -= memory;
        instance.running.swap_remove(index as usize);
        if let Some(moved) = instance.running.get(index as usize) {
            self.attempts[*moved].index = index;
        }
        if let Some(next) = instance.backlog.pop_front() {
            self.begin(next, observer);
        } else if instance.running.is_empty() && instance.doing == Doing::Draining {
            self.fleet.turn(self.now, place.into(), Doing::Off);
            self.tell(observer, DirectFact::Down { instance: place.into() });
        }
    }

    fn look(&mut self, observer: &mut impl DirectObserver) {
        let Some(most) = self.direct.autoscaling.max_instances else { return };
        match self.fleet.look(self.now, &self.direct, most) {
            Wish::Nothing => {}
            Wish::More { from, to } => {
                self.tell(observer, DirectFact::Scaled { from, to });
                for _ in from..to {
                    let place = self.fleet.start(self.now) as u16;
                    self.agenda.push(self.now + self.direct.autoscaling.start.micros(), Event::Up(place));
                }
            }
            Wish::Fewer { from, which } => {
                self.tell(observer, DirectFact::Scaled { from, to: from - 1 });
                let idle = self.fleet.instances[which].running.is_empty();
                self.fleet.turn(self.now, which, if idle { Doing::Off } else { Doing::Draining });
                if idle {
                    self.tell(observer, DirectFact::Down { instance: which as u32 });
                }
            }
        }
        self.agenda.push(self.now + self.direct.autoscaling.period.micros(), Event::Look);
    }
}
