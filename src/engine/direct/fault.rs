//! What goes wrong with the parts of a direct design: by itself, or on purpose.

use super::attempt::Place;
use super::fleet::Doing;
use super::work::PRIMARY;
use super::{Cause, DirectEngine, DirectFact, DirectObserver, Event};
use crate::scenario::DirectFaultKind;
use crate::units::{SimTime, Span};

impl DirectEngine {
    /// An instance kills its workers.
    #[cold]
    pub(super) fn run_out_of_memory(&mut self, place: u16, observer: &mut impl DirectObserver) {
        // The attempt that was too much has no event yet.
        let last = self.fleet.instances[usize::from(place)].running.last().copied();
        let away = self.direct.application.restart;
        self.crash(place, Cause::OutOfMemory, last, away, observer);
    }

    /// An instance loses everything and is away. Statements that run go on in the database, for nobody. `without` is an
    /// attempt of which nothing is coming, though a worker has it.
    fn crash(
        &mut self,
        place: u16,
        cause: Cause,
        without: Option<u32>,
        away: Span,
        observer: &mut impl DirectObserver,
    ) {
        let instance = &mut self.fleet.instances[usize::from(place)];
        let running = std::mem::take(&mut instance.running);
        let waiting = std::mem::take(&mut instance.backlog);
        (instance.memory, instance.connections) = (0, 0);
        instance.pool_line.clear();
        instance.cpu.clear(self.now);
        let draining = instance.doing == Doing::Draining;
        self.fleet.turn(self.now, place.into(), if draining { Doing::Off } else { Doing::Restarting });
        let (instance, requests) = (place.into(), (running.len() + waiting.len()) as u32);
        self.tell(
            observer,
            match cause {
                Cause::OutOfMemory => DirectFact::OutOfMemory { instance, requests },
                _ => DirectFact::InstanceLost { instance, requests },
            },
        );
        for slot in running.into_iter().chain(waiting) {
            if self.attempts[slot].listening {
                self.failed(slot, cause, observer);
            }
            match self.attempts[slot].place {
                Place::Worker if Some(slot) != without => self.attempts[slot].place = Place::Ruin,
                place => {
                    self.work.pool_waiting -= u64::from(place == Place::PoolLine);
                    self.attempts.free(slot);
                }
            }
        }
        if draining {
            self.tell(observer, DirectFact::Down { instance });
        } else {
            self.agenda.push(self.now + away.micros(), Event::Up(place));
        }
    }

    /// An operation begins. Of those that overlap the slowest counts, and the primary is back when the last is over.
    #[cold]
    pub(super) fn begins(&mut self, place: u16, observer: &mut impl DirectObserver) {
        let fault = self.direct.faults[usize::from(place)];
        self.tell(observer, DirectFact::Began { operation: place.into() });
        match fault.kind {
            DirectFaultKind::DatabaseOutage => self.work.database[usize::from(PRIMARY)].shut(),
            DirectFaultKind::DatabaseSlow { .. } => self.slow_down(),
            DirectFaultKind::LoseInstances { share } => {
                let up = u64::from(self.fleet.up());
                let lost = (up * u64::from(share.millionths())).div_ceil(1_000_000) as usize;
                let places = (0..).zip(&self.fleet.instances).filter(|(_, each)| each.doing == Doing::Up);
                let places: Vec<u16> = places.map(|(place, _)| place).take(lost).collect();
                for instance in places {
                    self.crash(instance, Cause::InstanceLost, None, fault.span, observer);
                }
            }
            DirectFaultKind::EmptyCache => {
                self.work.empty_cache();
                self.tell(observer, DirectFact::CacheEmptied);
            }
        }
        if fault.span > Span::ZERO {
            self.agenda.push(self.now + fault.span.micros(), Event::Ends(place));
        }
    }

    #[cold]
    pub(super) fn ends(&mut self, place: u16, observer: &mut impl DirectObserver) {
        self.tell(observer, DirectFact::Ended { operation: place.into() });
        self.slow_down();
        let now = SimTime::from_micros(self.now);
        let fault = self.direct.faults[usize::from(place)];
        let mut faults = self.direct.faults.iter();
        let out = faults.any(|other| other.kind == DirectFaultKind::DatabaseOutage && other.is_on(now));
        if fault.kind == DirectFaultKind::DatabaseOutage && !out {
            for (slot, at) in self.work.database[usize::from(PRIMARY)].open(self.now) {
                self.agenda.push(at, Event::Stated(slot, PRIMARY));
            }
        }
    }

    /// How slow the database is by now.
    fn slow_down(&mut self) {
        let now = SimTime::from_micros(self.now);
        let slow = self.direct.faults.iter().filter_map(|fault| match fault.kind {
            DirectFaultKind::DatabaseSlow { factor_milli } if fault.is_on(now) => Some(u64::from(factor_milli)),
            _ => None,
        });
        self.work.slow_milli = slow.max().unwrap_or(1_000);
    }
}
