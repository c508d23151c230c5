//! What became of a batch that failed: its tries and the pieces that it was split into, as they ended.

use super::failure::{Condition, FailureCause};
use super::part::{Part, Phase};
use crate::units::SimTime;

/// Tries of one batch that are kept: enough for a batch of ten thousand that is halved down to one record.
pub const TRIES_MAX: usize = 32;

/// One try of a batch or of a piece of it, or several that ended alike. Places are sequence indices of the shard's
/// log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Where the piece began.
    pub from: u64,
    /// Where it ended.
    pub end: u64,
    /// Everything before this was processed.
    pub done: u64,
    /// Number of the last of these tries, counted from the first of the whole batch; zero where none was made.
    pub attempt: u32,
    /// How many tries in a row ended so.
    pub times: u32,
    /// When the last of them ended.
    pub at: SimTime,
    /// How they ended.
    pub how: TryEnd,
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryEnd {
    /// The piece is processed.
    Succeeded,
    /// It failed; what is not done waits for another try.
    Retried(FailureCause),
    /// It failed and was split in two.
    Split(FailureCause),
    /// It was given up.
    GivenUp(Condition),
}

/// The tries of the last batch of a part that failed, from its first failure on. A batch that never fails leaves
/// nothing here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tries(Vec<Tried>);

impl Tries {
    /// What was tried, in order.
    pub fn list(&self) -> &[Tried] {
        &self.0
    }

    /// Whether what begins at a place is a part of the batch that these tries are about.
    pub fn include(&self, from: u64) -> bool {
        self.0.first().is_some_and(|first| (first.from..first.end).contains(&from))
    }

    /// A try of a piece has ended; everything before `done` is processed.
    pub fn ended(&mut self, (from, end): (u64, u64), done: u64, attempt: u32, how: TryEnd, now: u64) {
        self.note(Tried { from, end, done, attempt, times: 1, at: SimTime::from_micros(now), how });
    }

    /// The records of a piece up to a place are too old to be tried.
    pub fn too_old(&mut self, from: u64, to: u64, now: u64) {
        let attempt = self.0.last().filter(|_| self.include(from)).map_or(0, |last| last.attempt);
        self.ended((from, to), from, attempt, TryEnd::GivenUp(Condition::RecordAgeExceeded), now);
    }

    /// A try has ended. What lies outside the batch so far begins another one.
    #[cold]
    fn note(&mut self, tried: Tried) {
        if !self.include(tried.from) {
            self.0.clear();
        }
        if let Some(last) = self.0.last_mut()
            && let (TryEnd::Retried(_), TryEnd::Retried(_)) = (last.how, tried.how)
            && (last.from, last.end, last.done, tried.done) == (tried.from, tried.end, tried.from, tried.from)
        {
            *last = Tried { times: last.times + tried.times, ..tried };
            return;
        }
        if self.0.len() == TRIES_MAX {
            // The first one is the whole batch, against which the pieces are seen.
            self.0.remove(1);
        }
        self.0.push(tried);
    }
}

impl Part {
    /// The invocation that runs has succeeded: told of where its batch had failed before.
    #[inline]
    pub(super) fn succeeded(&mut self, now: u64) {
        let (from, end) = (self.position, self.batch_end);
        if self.tries.include(from)
            && let Phase::Running { attempt, .. } = self.phase
        {
            self.tries.ended((from, end), end, attempt, TryEnd::Succeeded, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(from: u64, end: u64, attempt: u32, how: TryEnd) -> Tried {
        let done = if how == TryEnd::Succeeded { end } else { from };
        Tried { from, end, done, attempt, times: 1, at: SimTime::ZERO, how }
    }

    #[test]
    fn tries_alike_are_one_and_another_batch_begins_anew() {
        let (mut tries, again) = (Tries::default(), TryEnd::Retried(FailureCause::Poison));
        assert!(!tries.include(0));
        (1..=3).for_each(|attempt| tries.note(tried(0, 100, attempt, again)));
        assert_eq!(tries.list(), [Tried { times: 3, ..tried(0, 100, 3, again) }]);
        tries.note(tried(0, 100, 4, TryEnd::Split(FailureCause::Poison)));
        tries.note(tried(0, 50, 5, TryEnd::Succeeded));
        assert!(tries.include(50) && !tries.include(100));
        assert_eq!(tries.list().len(), 3);
        tries.note(tried(100, 200, 1, again));
        assert_eq!(tries.list(), [tried(100, 200, 1, again)]);
        // What is read once more after a worker's death is another batch, too.
        tries.note(tried(80, 180, 1, again));
        assert_eq!(tries.list(), [tried(80, 180, 1, again)]);
    }

    #[test]
    fn the_whole_batch_stays_when_there_are_too_many() {
        let mut tries = Tries::default();
        tries.note(tried(0, 1_000, 1, TryEnd::Split(FailureCause::Poison)));
        (0..200).for_each(|at| tries.note(tried(at, at + 1, 2, TryEnd::Succeeded)));
        assert_eq!((tries.list().len(), tries.list()[0].end), (TRIES_MAX, 1_000));
        assert_eq!(tries.list()[TRIES_MAX - 1].from, 199);
    }
}
