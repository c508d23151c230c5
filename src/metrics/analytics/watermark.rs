//! How far event time has come: the shard that is furthest behind decides, unless it is idle.

/// What is known of one shard.
#[derive(Clone, Copy, Debug)]
struct Shard {
    /// The newest event time that was read, µs since 1970; zero before the first record.
    newest: u64,
    /// When something came of it last, µs of the run.
    came_at: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Its parents are not read to their end, or it has not begun.
    Waits,
    /// It holds windows up.
    Counts,
    /// Nothing came for a while, and nothing waits.
    Idle,
    /// It was read to its end.
    Ended,
}

/// The watermark of an application.
#[derive(Clone, Debug)]
pub struct Watermark {
    shards: Vec<Shard>,
    lateness: u64,
    /// Zero where shards are never idle, µs.
    idle: u64,
    /// Windows that end here or before are over, µs since 1970. It never goes back.
    at: u64,
}

impl Watermark {
    /// Before the first record of these shards, which are begun at an instant.
    pub fn new(shards: usize, begins: u64, lateness: u64, idle: u64) -> Self {
        let shard = Shard { newest: 0, came_at: begins, state: State::Counts };
        Self { shards: vec![shard; shards], lateness, idle, at: 0 }
    }

    /// Where it stands, µs since 1970.
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// Shards that are there from now on, and wait for those that they came from.
    pub fn grow(&mut self, shards: usize) {
        let shard = Shard { newest: 0, came_at: 0, state: State::Waits };
        self.shards.resize(shards.max(self.shards.len()), shard);
    }

    /// A batch of a shard was done, up to an event time.
    pub fn came(&mut self, shard: usize, newest: u64, now: u64) {
        let of = &mut self.shards[shard];
        let was = (of.newest, of.state);
        (of.newest, of.came_at, of.state) = (newest.max(of.newest), now, State::Counts);
        // Only the shard that held it up can move it.
        if was.1 != State::Counts || was.0 <= self.at.saturating_add(self.lateness) {
            self.look();
        }
    }

    /// A shard was read to its end. The shards that came from it, and from no other that is still read, hold windows up
    /// in its place: their records are as old as its last ones.
    pub fn ended(&mut self, shard: usize, children: &[(usize, Vec<usize>)], now: u64) {
        self.shards[shard].state = State::Ended;
        for (child, parents) in children {
            let done = parents.iter().all(|parent| self.shards[*parent].state == State::Ended);
            if done && self.shards[*child].state == State::Waits {
                let newest = parents.iter().map(|parent| self.shards[*parent].newest).min().unwrap_or(0);
                self.shards[*child] = Shard { newest, came_at: now, state: State::Counts };
            }
        }
        self.look();
    }

    /// When the next shard may be idle, and which, if nothing comes of it; of those that are so at one instant the
    /// first. Nothing where none is.
    pub fn next_idle(&self) -> Option<(u64, usize)> {
        if self.idle == 0 {
            return None;
        }
        let counting = self.shards.iter().enumerate().filter(|(_, of)| of.state == State::Counts);
        counting.map(|(shard, of)| (of.came_at + self.idle, shard)).min()
    }

    /// A shard is idle, or is not: something waits there, and the time begins anew with what comes.
    pub fn look_at(&mut self, shard: usize, waits: bool, now: u64) {
        if waits {
            self.shards[shard].came_at = now;
        } else {
            self.shards[shard].state = State::Idle;
            self.look();
        }
    }

    fn look(&mut self) {
        let counting = self.shards.iter().filter(|of| of.state == State::Counts);
        if let Some(newest) = counting.map(|of| of.newest).min() {
            self.at = self.at.max(newest.saturating_sub(self.lateness));
        }
    }
}
