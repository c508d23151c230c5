//! The agenda: rare events in the order of (time, sequence number).
//!
//! It is a radix heap. Pushes and pops cost a few moves whatever its size, and times never run backwards, which
//! is all that it asks for. Events of one time come out in the order in which they were put in, because equal
//! times always share a bucket and buckets are emptied from the front: the sequence number is the place in line.

/// Events of type `E`, each due at a time in microseconds.
#[derive(Clone, Debug)]
pub struct Agenda<E> {
    /// Bucket 0 holds events due at `last`; bucket b those whose time first differs from it in bit b − 1.
    buckets: Vec<Vec<(u64, E)>>,
    /// Time of the latest pop.
    last: u64,
    /// Earliest time in the agenda; `u64::MAX` when it is empty.
    next: u64,
    /// Position in bucket 0 of the next event to pop.
    front: usize,
    len: usize,
}

impl<E: Copy> Agenda<E> {
    /// An empty agenda.
    pub fn new() -> Self {
        Self { buckets: (0..=64).map(|_| Vec::new()).collect(), last: 0, next: u64::MAX, front: 0, len: 0 }
    }

    /// Number of events.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing to do.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// When the next event is due; `u64::MAX` when there is none.
    #[inline]
    pub const fn next_at(&self) -> u64 {
        self.next
    }

    /// Puts an event in. `at` must not lie before the latest pop.
    pub fn push(&mut self, at: u64, event: E) {
        debug_assert!(at >= self.last, "an event at {at} after one at {}", self.last);
        self.buckets[bucket_of(at, self.last)].push((at, event));
        self.next = self.next.min(at);
        self.len += 1;
    }

    /// The next event without taking it out.
    pub fn peek(&mut self) -> Option<(u64, E)> {
        if self.len == 0 {
            return None;
        }
        if self.next == self.last {
            return Some(self.buckets[0][self.front]);
        }
        // Equal times share a bucket in order, so the first one with the earliest time is next.
        let bucket = &self.buckets[bucket_of(self.next, self.last)];
        bucket.iter().find(|(at, _)| *at == self.next).copied()
    }

    /// Keeps only some events, in their order.
    pub fn retain(&mut self, keep: impl Fn(&E) -> bool) {
        self.buckets[0].drain(..self.front);
        self.front = 0;
        for bucket in &mut self.buckets {
            bucket.retain(|(_, event)| keep(event));
        }
        self.len = self.buckets.iter().map(Vec::len).sum();
        self.next = self.buckets.iter().flatten().map(|(at, _)| *at).min().unwrap_or(u64::MAX);
    }

    /// Every event, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &E> {
        self.buckets[0][self.front..].iter().chain(self.buckets[1..].iter().flatten()).map(|(_, event)| event)
    }

    /// Takes the next event out.
    pub fn pop(&mut self) -> Option<(u64, E)> {
        if self.len == 0 {
            return None;
        }
        if self.next != self.last {
            let from = bucket_of(self.next, self.last);
            self.last = self.next;
            let mut moved = std::mem::take(&mut self.buckets[from]);
            for (at, event) in moved.drain(..) {
                self.buckets[bucket_of(at, self.last)].push((at, event));
            }
            // Hands the emptied bucket its memory back.
            self.buckets[from] = moved;
        }
        let event = self.buckets[0][self.front];
        self.front += 1;
        self.len -= 1;
        if self.front == self.buckets[0].len() {
            self.buckets[0].clear();
            self.front = 0;
            let rest = self.buckets.iter().find(|bucket| !bucket.is_empty());
            self.next = rest.and_then(|bucket| bucket.iter().map(|(at, _)| *at).min()).unwrap_or(u64::MAX);
        }
        Some(event)
    }
}

impl<E: Copy> Default for Agenda<E> {
    fn default() -> Self {
        Self::new()
    }
}

/// The bucket of a time, seen from the latest pop.
#[inline]
const fn bucket_of(at: u64, last: u64) -> usize {
    (u64::BITS - (at ^ last).leading_zeros()) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn events_come_in_order_of_time_and_then_of_arrival() {
        let mut agenda = Agenda::new();
        let mut reference = BTreeSet::new();
        let (mut state, mut now, mut sequence) = (1u64, 0u64, 0u64);
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let die = state >> 60;
            if die < 9 || agenda.is_empty() {
                let far = [0, 1, 3, 50, 1_000, 1_000_000][(state >> 33) as usize % 6];
                let at = now + (state >> 40) % (far + 1);
                agenda.push(at, sequence);
                reference.insert((at, sequence));
                sequence += 1;
            } else {
                let first = reference.pop_first();
                assert_eq!(agenda.peek(), first);
                assert_eq!(agenda.next_at(), first.map_or(u64::MAX, |(at, _)| at));
                assert_eq!(agenda.pop(), first);
                now = first.map_or(now, |(at, _)| at);
            }
            assert_eq!(agenda.len(), reference.len());
        }
    }
}
