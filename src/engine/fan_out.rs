//! Enhanced fan-out: the subscription of one consumer to one shard. Records are pushed to it, at a rate of its own.
//!
//! An event comes as soon as the oldest record that was not pushed has been on its way for the delay, and carries
//! what has come so far, as far as the rate allows. While the consumer works it takes no event; up to a second's worth
//! waits for it then.

use super::fact::{Fact, Observer};
use super::lane::Desk;
use super::record::Log;
use super::source::Source;
use super::stream::{Shard, Stream};
use crate::limits;
use crate::scenario::ReadSource;
use crate::units::Span;

/// What a subscription may push at once: a second's worth, in µs.
const BURST: i64 = 1_000_000;

/// The subscription of one consumer to one shard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subscription {
    /// From the arrival of a record until it is seen, µs.
    delay: u64,
    /// When everything it might have pushed had been pushed, µs; `None` where its rate has no limit.
    empty_at: Option<i64>,
    /// Calls of `SubscribeToShard` so far.
    calls: u64,
}

/// How long so many bytes take at the rate of a subscription, µs.
const fn takes(bytes: u64) -> i64 {
    (bytes * 1_000_000).div_ceil(limits::FAN_OUT_BYTES_PER_SECOND.get()) as i64
}

impl Subscription {
    /// A subscription, where a consumer has them.
    pub fn of(source: ReadSource, limited: bool) -> Option<Self> {
        let ReadSource::SubscribeToShard { delay } = source else { return None };
        Some(Self { delay: delay.micros(), empty_at: limited.then_some(-BURST), calls: 0 })
    }

    /// When the event with the record at `next` can come, or the news that the shard ends, µs.
    fn due(&self, next: u64, shard: &Shard) -> u64 {
        let log = &shard.log;
        if next == log.tail() {
            return shard.closed_at.saturating_add(self.delay);
        }
        let pushed = log.get(next).arrived + self.delay;
        let Some(empty_at) = self.empty_at else { return pushed };
        let bytes = log.bytes_between(next, log.entry_end(next));
        pushed.max((empty_at + takes(bytes).min(BURST)).max(0) as u64)
    }

    /// Bytes that may be pushed at `now`.
    fn allows(&self, now: u64) -> u64 {
        self.empty_at.map_or(u64::MAX, |empty_at| {
            let micros = (now as i64 - empty_at).clamp(0, BURST) as u64;
            micros * limits::FAN_OUT_BYTES_PER_SECOND.get() / 1_000_000
        })
    }
}

impl Source {
    /// When something is pushed next, or the subscription is renewed if nothing can be taken; µs.
    #[inline(never)]
    pub fn wakes_at(&self, takes: bool, stream: &Stream) -> u64 {
        let Some(of) = self.push.filter(|_| !self.at_end) else { return u64::MAX };
        let call = self.poll_base.saturating_add(of.calls * limits::FAN_OUT_SUBSCRIPTION.micros());
        if takes { call.min(self.pushed_at(stream)) } else { call }
    }

    /// When something is pushed next, µs; not before the first subscription.
    pub fn pushed_at(&self, stream: &Stream) -> u64 {
        let Some(of) = self.push.filter(|_| !self.at_end) else { return u64::MAX };
        of.due(self.fetched, &stream.shards[self.shard as usize]).max(self.poll_base).max(self.frozen_until)
    }

    /// Records that were stored so lately that they are on their way; none where they are not pushed.
    pub fn on_way(&self, now: u64, log: &Log) -> Option<u64> {
        let delay = self.push?.delay;
        let seen = log.seen_by((now + 1).saturating_sub(delay), self.fetched, u64::MAX);
        Some(log.tail() - seen)
    }

    /// Calls `SubscribeToShard` where it is time to: at first, and whenever a subscription is over.
    pub fn subscribe(&mut self, desk: &mut Desk<'_, impl Observer>) {
        let (reader, shard) = (self.reader, self.shard);
        if self.wakes_at(false, desk.stream) <= desk.now
            && let Some(of) = &mut self.push
        {
            of.calls += 1;
            desk.say(Fact::Subscribed { reader, shard });
        }
    }

    /// Takes one event.
    pub fn take_event(&mut self, mut of: Subscription, desk: &mut Desk<'_, impl Observer>) {
        let (reader, shard, now) = (self.reader, self.shard, desk.now);
        let state = &desk.stream.shards[shard as usize];
        let log = &state.log;
        // A record that arrived a delay ago is there at this very instant.
        let ready = log.seen_by((now + 1).saturating_sub(of.delay), self.fetched, u64::MAX);
        let mut end = ready;
        if ready > self.fetched {
            let fits = log.within_bytes(self.fetched, ready, of.allows(now));
            end = fits.max(log.entry_end(self.fetched));
        }
        let (records, bytes) = (log.entries_between(self.fetched, end) as u32, log.bytes_between(self.fetched, end));
        of.empty_at = of.empty_at.map(|empty_at| empty_at.max(now as i64 - BURST) + takes(bytes));
        self.push = Some(of);
        self.behind = end < ready;
        let behind = Span::from_micros(if self.behind { now - log.get(end).arrived } else { 0 });
        self.at_end = state.closed_at.saturating_add(of.delay) <= now && end == log.tail();
        self.fetched = end;
        desk.say(Fact::Pushed { reader, shard, records, bytes, behind });
    }
}
