//! The reading half of a lane: one iterator on one shard, with the calls that move it.

use super::fact::{Fact, Observer};
use super::fan_out::Subscription;
use super::lane::{Desk, Who};
use super::record::Log;
use super::rng::{Actor, Rng};
use super::stream::Stream;
use crate::errors::ServiceError;
use crate::limits;
use crate::scenario::ConsumerKind;
use crate::units::{Ratio, SimTime, Span};

/// Where a reader stands in a shard. Positions are sequence indices of the shard's log.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) reader: u32,
    /// Whether its reads meet the limits of the shard.
    limited: bool,
    pub(super) shard: u32,
    /// It reads nothing before, µs: by injection.
    pub frozen_until: u64,
    /// Its subscription, where records are pushed to it.
    pub push: Option<Subscription>,
    /// Everything before it has been read.
    pub fetched: u64,
    /// When the base interval allows the next poll, and when the limits do, µs.
    pub poll_base: u64,
    pub poll_soon: u64,
    /// When the iterator was issued that its next read has, µs; `None` before the first.
    iterator: Option<u64>,
    /// Whether the last answer did not reach the tip.
    pub behind: bool,
    /// Whether the last answer was the last one of a closed shard.
    pub at_end: bool,
    /// Records that arrived before this instant lie before its starting position, µs; zero once it is behind it.
    pub starts_at: u64,
    /// Records before its starting position, and whether that was told.
    pub skipped: u64,
    skipped_told: bool,
    /// Decides which answers are empty, and how pauses vary.
    reading: Rng,
}

impl Source {
    /// A source at the oldest record of its shard that arrived at `starts_at` or later; its first poll is due at
    /// `first_poll`.
    pub fn new(who: &Who, shard: u32, first_poll: u64) -> Self {
        Self {
            reader: who.reader,
            limited: who.limited,
            shard,
            frozen_until: 0,
            push: Subscription::of(who.source, who.limited),
            fetched: 0,
            poll_base: first_poll,
            poll_soon: 0,
            iterator: None,
            behind: false,
            at_end: false,
            starts_at: who.starts_at,
            skipped: 0,
            skipped_told: false,
            reading: Rng::of(who.seed, Actor::Reading { reader: who.actor, shard }),
        }
    }

    /// Leaves what lies before its starting position behind. The log holds everything that arrived before `to`. A
    /// lane reads nothing before all of that is done.
    pub fn skip(&mut self, log: &Log, to: u64) {
        let next = log.seen_by(self.starts_at, self.fetched, u64::MAX);
        self.skipped += next - self.fetched;
        self.fetched = next;
        if to >= self.starts_at {
            self.starts_at = 0;
        }
    }

    /// When it may read next, µs: now, if that is past.
    pub fn next_read(&self, desk: &Desk<'_, impl Observer>) -> u64 {
        let at = match self.push {
            Some(_) => self.pushed_at(desk.stream),
            None if self.behind => self.poll_soon,
            None => self.poll_base,
        };
        at.max(desk.now)
    }

    /// One `GetRecords` call: up to `limit` records or 10 MiB from where the last one ended. False where the call
    /// was refused, which returns nothing. Or one event, where they are pushed.
    pub fn read(&mut self, limit: u64, desk: &mut Desk<'_, impl Observer>) -> bool {
        let (reader, shard) = (self.reader, self.shard);
        if self.skipped > 0 && !self.skipped_told {
            self.skipped_told = true;
            desk.say(Fact::Skipped { reader, shard, records: self.skipped });
        }
        if let Some(subscription) = self.push {
            self.take_event(subscription, desk);
            return true;
        }
        // Lambda's pollers read on while the function works, so that only other loops find theirs too old.
        if desk.settings.kind != ConsumerKind::Lambda && !self.has_iterator(desk) {
            return false;
        }
        let state = &mut desk.stream.shards[shard as usize];
        if self.limited && !state.may_read(desk.now) {
            // The lane still knows nothing of the tip.
            self.behind = true;
            desk.say(Fact::ReadThrottled { reader, shard });
            return false;
        }
        self.iterator = Some(desk.now);
        let log = &state.log;
        let empty = u64::from(desk.stream.empty_answers.millionths());
        // Nothing is drawn where nothing lies ahead.
        let withheld = empty > 0
            && log.seen_by(desk.now, self.fetched, 1) > self.fetched
            && self.reading.below(u64::from(Ratio::ONE.millionths())) < empty;
        let limit = if withheld { 0 } else { limit.min(limits::GET_RECORDS_RECORDS_MAX) };
        let most = log.after_entries(self.fetched, limit) - self.fetched;
        let mut end = log.seen_by(desk.now, self.fetched, most);
        let mut bytes = log.bytes_between(self.fetched, end);
        while bytes > limits::GET_RECORDS_BYTES_MAX.get() && log.last_entry(end) > self.fetched {
            end = log.last_entry(end);
            bytes = log.bytes_between(self.fetched, end);
        }
        let records = log.entries_between(self.fetched, end) as u32;
        let tip = log.seen_by(desk.now, end, 1);
        self.behind = end < tip;
        let arrived = if self.behind { log.get(end).arrived } else { desk.now };
        let behind = Span::from_micros(desk.now - arrived);
        self.at_end = state.closed_at <= desk.now && end == log.tail();
        if self.limited {
            state.charge_read(desk.now, bytes, desk.stream.shared);
        }
        self.fetched = end;
        let at = SimTime::from_micros(desk.now);
        desk.observer.batch(at, Fact::Read { reader, shard, records, bytes, behind, withheld });
        true
    }

    /// Whether the next read has an iterator that is good: where the one it had expired, a new one is taken after the
    /// last record read. False where that call is refused.
    fn has_iterator(&mut self, desk: &mut Desk<'_, impl Observer>) -> bool {
        let issued = self.iterator.unwrap_or(desk.now);
        if desk.now - issued > limits::ITERATOR_LIFE.micros() {
            let (created, now) = (SimTime::from_micros(issued), SimTime::from_micros(desk.now));
            let (reader, shard, error) = (self.reader, self.shard, ServiceError::ExpiredIterator { created, now });
            desk.say(Fact::IteratorExpired { reader, shard, error });
            let state = &mut desk.stream.shards[shard as usize];
            if self.limited && !state.may_take_iterator(desk.now) {
                return false;
            }
            self.iterator = Some(desk.now);
        }
        true
    }

    /// A pause, in µs. Where several poll a shard it is longer at random by up to a tenth: keeping step, it would
    /// always be the same one that is refused.
    pub fn pause(&mut self, micros: u64, stream: &Stream) -> u64 {
        let varies =
            if self.limited && stream.shared { self.reading.below(micros / limits::POLLERS_SPREAD + 1) } else { 0 };
        micros + varies
    }
}
