//! A station: so many servers, and one line in front of them.

use std::collections::VecDeque;

/// A number that changes now and then, and its integral over time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    value: u32,
    /// Until `since`.
    area: u64,
    since: u64,
}

impl Level {
    /// Changes the number.
    #[inline]
    pub const fn set(&mut self, now: u64, value: u32) {
        (self.area, self.since, self.value) = (self.area(now), now, value);
    }

    /// The number.
    pub const fn get(&self) -> u32 {
        self.value
    }

    /// Its integral up to now.
    pub const fn area(&self, now: u64) -> u64 {
        self.area + self.value as u64 * (now - self.since)
    }
}

/// Servers that take what waits in the order in which it came. `T` says who waits.
///
/// With exponential times and random arrivals this is M/M/c. Sharing the servers among all that is there would give
/// the same utilisation, and with one server and exponential times the same mean.
#[derive(Clone, Debug)]
pub struct Station<T> {
    servers: u32,
    busy: Level,
    line: VecDeque<(T, u64)>,
    /// Whether no server begins anything.
    shut: bool,
}

impl<T: Copy> Station<T> {
    /// A station where nobody is.
    pub fn new(servers: u32) -> Self {
        Self { servers, busy: Level::default(), line: VecDeque::new(), shut: false }
    }

    /// Somebody comes with so much work; says when it is done where a server is free.
    #[inline]
    pub fn enter(&mut self, now: u64, who: T, work: u64) -> Option<u64> {
        if self.busy.get() < self.servers && !self.shut {
            self.busy.set(now, self.busy.get() + 1);
            return Some(now + work);
        }
        self.line.push_back((who, work));
        None
    }

    /// A server is done: who is next, and when that is done.
    #[inline]
    pub fn leave(&mut self, now: u64) -> Option<(T, u64)> {
        if !self.shut
            && let Some((who, work)) = self.line.pop_front()
        {
            return Some((who, now + work));
        }
        self.busy.set(now, self.busy.get() - 1);
        None
    }

    /// Whether servers begin anything from now on; what is worked on goes on.
    pub const fn shut(&mut self, shut: bool) {
        self.shut = shut;
    }

    /// A server that is free begins what waits first: who that is, and when it is done.
    pub fn begin(&mut self, now: u64) -> Option<(T, u64)> {
        if self.shut || self.is_full() {
            return None;
        }
        let (who, work) = self.line.pop_front()?;
        self.busy.set(now, self.busy.get() + 1);
        Some((who, now + work))
    }

    /// Everybody is gone.
    pub fn clear(&mut self, now: u64) {
        self.busy.set(now, 0);
        self.line.clear();
    }

    /// Whether somebody who comes has to wait.
    pub const fn is_full(&self) -> bool {
        self.busy.get() >= self.servers
    }

    /// How many wait.
    pub fn waiting(&self) -> u64 {
        self.line.len() as u64
    }

    /// How many are worked on.
    pub const fn busy(&self) -> u32 {
        self.busy.get()
    }

    /// Server-microseconds of work up to now.
    pub const fn worked(&self, now: u64) -> u64 {
        self.busy.area(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_wait_are_served_in_order_and_time_at_work_is_counted() {
        let mut station = Station::new(2);
        assert_eq!(station.enter(0, 'a', 10), Some(10));
        assert_eq!(station.enter(5, 'b', 10), Some(15));
        assert_eq!(station.enter(6, 'c', 4), None);
        assert_eq!(station.enter(7, 'd', 1), None);
        assert_eq!((station.waiting(), station.worked(8)), (2, 11));
        assert_eq!(station.leave(10), Some(('c', 14)));
        assert_eq!(station.leave(14), Some(('d', 15)));
        assert_eq!((station.leave(15), station.leave(15)), (None, None));
        assert_eq!((station.busy(), station.worked(20)), (0, 25));
        station.enter(20, 'e', 100);
        station.clear(30);
        assert_eq!((station.busy(), station.worked(50)), (0, 35));
    }

    #[test]
    fn a_station_that_is_shut_ends_what_it_has_and_begins_nothing() {
        let mut station = Station::new(2);
        assert_eq!(station.enter(0, 'a', 10), Some(10));
        station.shut(true);
        assert_eq!((station.enter(1, 'b', 5), station.enter(2, 'c', 6), station.enter(3, 'd', 7)), (None, None, None));
        assert_eq!((station.leave(10), station.busy()), (None, 0));
        assert_eq!(station.begin(15), None);
        station.shut(false);
        assert_eq!([station.begin(20), station.begin(20), station.begin(20)], [Some(('b', 25)), Some(('c', 26)), None]);
        assert_eq!((station.busy(), station.waiting()), (2, 1));
        assert_eq!(station.leave(25), Some(('d', 32)));
    }
}
