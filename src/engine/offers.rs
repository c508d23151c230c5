//! What is offered, ahead of time: arrivals with their keys and sizes, made a block at a time.
//!
//! Traffic depends on nothing that happens to it, so it can be made in tight loops, one for the times, one for the
//! keys and sizes. What is made ahead changes nothing in what is told when.

use super::arrivals::ArrivalTimes;
use super::draws::{Draws, KeyDraw, SizeDraw};
use super::record::Record;
use crate::scenario::Scenario;
use std::collections::VecDeque;

/// Offers in a block.
pub(super) const BLOCK: usize = 256;

/// A record before it has a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// When it arrives, µs.
    pub at: u64,
    /// Number of its partition key.
    pub key: u32,
    /// Bytes of data.
    pub size: u32,
}

/// Stands for a size that is drawn, until it is.
pub(super) const DRAWN: u32 = u32::MAX;

/// The offers of a scenario in order of time.
#[derive(Clone, Debug)]
pub struct Offers {
    times: ArrivalTimes,
    draws: Draws,
    keys: KeyDraw,
    sizes: SizeDraw,
    block: Box<[Offer; BLOCK]>,
    /// Offers in the block.
    len: usize,
    /// Place of the next offer in the block.
    next: usize,
    next_at: u64,
    /// Number of the next record.
    number: u32,
    /// What a consumer of another stream has put, in order of time, beyond the block.
    given: VecDeque<Offer>,
}

impl Offers {
    /// The offers of a scenario, from its start to its end.
    pub fn new(scenario: &Scenario) -> Self {
        let mut offers = Self {
            times: ArrivalTimes::new(scenario),
            draws: Draws::new(scenario),
            keys: KeyDraw::new(scenario.traffic.keys),
            sizes: SizeDraw::new(scenario.traffic.sizes),
            block: Box::new([Offer::default(); BLOCK]),
            len: 0,
            next: 0,
            next_at: u64::MAX,
            number: 0,
            given: VecDeque::new(),
        };
        offers.fill();
        offers
    }

    /// When the next record arrives, µs; `u64::MAX` after the last.
    #[inline]
    pub const fn next_at(&self) -> u64 {
        self.next_at
    }

    /// How many records have been taken.
    pub const fn taken(&self) -> u32 {
        self.number
    }

    /// Takes the record that arrives at [`next_at`](Self::next_at).
    #[inline(always)]
    pub fn take(&mut self) -> Record {
        let Offer { at, key, size } = self.block[self.next & (BLOCK - 1)];
        self.next += 1;
        if self.next < self.len {
            self.next_at = self.block[self.next & (BLOCK - 1)].at;
        } else {
            self.fill();
        }
        let number = self.number;
        self.number += 1;
        Record { offered: at, number, key, size, attempt: 1, ..Record::default() }
    }

    /// Offers what has been put from outside, in order of time and not before anything that was taken. Only for a
    /// scenario without traffic of its own.
    pub fn give(&mut self, offers: impl IntoIterator<Item = Offer>) {
        self.given.extend(offers);
        if self.next >= self.len {
            self.fill();
        }
    }

    #[inline(never)]
    fn fill(&mut self) {
        self.len = self.times.fill(&mut self.block);
        self.draws.fill(&self.keys, &self.sizes, &mut self.block[..self.len]);
        while self.len < BLOCK
            && let Some(offer) = self.given.pop_front()
        {
            self.block[self.len] = offer;
            self.len += 1;
        }
        let block = &self.block[..self.len];
        self.next = 0;
        self.next_at = block.first().map_or(u64::MAX, |offer| offer.at);
    }
}
