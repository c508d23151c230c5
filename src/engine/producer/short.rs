//! The short way: one host puts each record by itself, every call is answered at once, and nothing holds records back.
//!
//! Most runs go this way, and most of what they compute is here: arrivals and retries in one loop, which touches nothing
//! that neither of them needs. A record that is rejected once more stays in its queue, at the other end.

use super::super::agenda::Agenda;
use super::super::fact::{LossCause, Observer};
use super::super::offers::Offers;
use super::super::put::{Bench, charged_alone, put_entry};
use super::super::record::Record;
use super::super::stream::Stream;
use super::super::waiting::Group;
use super::Producer;
use crate::scenario::PutCall;
use crate::units::SimTime;

impl Producer {
    /// Whether records go the short way.
    #[inline]
    pub fn is_short(&self) -> bool {
        self.plain && self.settings.call == PutCall::PutRecord
    }

    /// Lets records arrive, and those that waited a fixed time be put again, each at its instant and in the order of
    /// time, as long as that is before `until` and nothing that they do brings something else before it. Says how many
    /// they were, at most `most`, and the instant of the last.
    ///
    /// The parts of the engine come one by one, so that the compiler knows that none of them is a part of another.
    #[inline(never)]
    pub fn run_short(
        &mut self,
        until: u64,
        most: u32,
        offers: &mut Offers,
        stream: &mut Stream,
        agenda: &mut Agenda<Group>,
        observer: &mut impl Observer,
    ) -> (u32, u64) {
        // Where every wait is equally long, one queue has all records that wait, in order. Else they come one by one.
        let fixed = self.fixed.filter(|fixed| fixed.always().is_some_and(|wait| self.queues.only(wait)));
        let (max_attempts, max_age, wait) =
            fixed.map_or((0, 0, 0), |fixed| (fixed.max_attempts, fixed.max_age, fixed.after(1)));
        let (mut due, mut until) = (self.queues.due(), until);
        if fixed.is_none() {
            if due <= offers.next_at() {
                self.put_next_due(&mut Bench { now: due, stream, agenda, observer });
                return (1, due);
            }
            (due, until) = (u64::MAX, until.min(due));
        }
        // Nothing but this queue changes here.
        let mut waiting = self.queues.len();
        let room = self.settings.buffer.saturating_sub(self.held() - waiting);
        let client = &mut self.hosts[0].client;
        let (mut left, mut now, mut refused) = (most, 0, 0);
        while left > 0 {
            let arrival = offers.next_at();
            if due.min(arrival) >= until {
                break;
            }
            if due <= arrival {
                let end = until.min(arrival.saturating_add(1));
                let count;
                (count, now) = self.queues.turn(end, left, wait, |now, record| {
                    let at = SimTime::from_micros(now);
                    observer.put_called(at, 1, u32::from(record.attempt));
                    let bench =
                        &mut Bench { now, stream: &mut *stream, agenda: &mut *agenda, observer: &mut *observer };
                    if put_entry(record, charged_alone(&record, bench), bench).is_ok() {
                        client.succeeded(record.attempt);
                        return false;
                    }
                    let tries_left = record.attempt < max_attempts;
                    let again = tries_left && now - record.offered <= max_age;
                    if !again {
                        observer.lost(at, &record, if tries_left { LossCause::TooOld } else { LossCause::Exhausted });
                    }
                    again
                });
                left -= count;
                (due, waiting) = (self.queues.due(), self.queues.len());
                continue;
            }
            left -= 1;
            now = arrival;
            let (at, record) = (SimTime::from_micros(now), offers.take());
            observer.offered(at, &record);
            if waiting >= room {
                refused += 1;
                observer.lost(at, &record, LossCause::BufferFull);
                continue;
            }
            observer.put_called(at, 1, 1);
            let bench = &mut Bench { now, stream: &mut *stream, agenda: &mut *agenda, observer: &mut *observer };
            if put_entry(record, charged_alone(&record, bench), bench).is_ok() {
                client.succeeded(1);
            } else if max_attempts > 1 {
                self.queues.admit(now, wait, record);
                waiting += 1;
                due = due.min(now + wait);
            } else {
                // It may wait in the agenda, and be the next there. Taken apart, so that until here it is in registers.
                let record = Record { offered: now, number: record.number, ..record };
                self.rejected_one(record, &mut Bench { now, stream, agenda, observer });
                break;
            }
        }
        let count = most - left;
        stream.put_calls += u64::from(count - refused);
        (count, now)
    }
}
