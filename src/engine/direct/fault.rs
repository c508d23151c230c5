//! What goes wrong with the parts of a direct design: by itself, or on purpose.

use super::attempt::Place;
use super::fleet::Doing;
use super::work::PRIMARY;
use super::{Cause, DirectEngine, DirectFact, DirectObserver, Event};
use crate::scenario::DirectFaultKind;
use crate::units::{SimTime, Span};

/// Thousandths of a time that is as it always is.
const ONCE: u64 = 1_000;

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

    /// An operation begins or is over. Of those that overlap the slowest counts, and the primary is back when the last is
    /// over.
    #[cold]
    pub(super) fn operate(&mut self, place: u16, begins: bool, observer: &mut impl DirectObserver) {
        let fault = self.direct.faults[usize::from(place)];
        self.tell(observer, DirectFact::Operation { operation: place.into(), begins });
        if begins {
            self.agenda.push(self.now + fault.span.micros(), Event::Operation(place, false));
        }
        let now = SimTime::from_micros(self.now);
        let (mut slow, mut out) = (ONCE, false);
        for other in self.direct.faults.iter().filter(|other| other.is_on(now)) {
            match other.kind {
                DirectFaultKind::DatabaseSlow { factor_milli } => slow = slow.max(factor_milli.into()),
                DirectFaultKind::DatabaseOutage => out = true,
                DirectFaultKind::LoseInstances { .. } | DirectFaultKind::EmptyCache => {}
            }
        }
        self.work.slow_milli = slow;
        let primary = &mut self.work.database[usize::from(PRIMARY)];
        primary.shut(out);
        while let Some((slot, at)) = primary.begin(self.now) {
            self.agenda.push(at, Event::Stated(slot, PRIMARY));
        }
        if let (true, DirectFaultKind::LoseInstances { share }) = (begins, fault.kind) {
            let mut left = (u64::from(self.fleet.up()) * u64::from(share.millionths())).div_ceil(1_000_000);
            for place in 0..self.fleet.instances.len() {
                if left > 0 && self.fleet.instances[place].doing == Doing::Up {
                    left -= 1;
                    self.crash(place as u16, Cause::InstanceLost, None, fault.span, observer);
                }
            }
        }
    }
}
