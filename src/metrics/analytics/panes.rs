//! The state of a query: what is added up of each group in each pane. A pane is as long as windows are apart; a window
//! is some panes in a row, so that a record is added to one of them, however many windows it is in.

/// Where a group is looked for first, in a table of any length.
#[inline]
const fn hash(group: u32) -> usize {
    ((group as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize
}

/// What is known of the values of one field in one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Values.
    pub count: u64,
    /// Their sum, in millionths.
    pub sum: i128,
    /// The smallest.
    pub least: i64,
    /// The largest.
    pub most: i64,
}

impl Sum {
    const NONE: Self = Self { count: 0, sum: 0, least: i64::MAX, most: i64::MIN };

    #[inline]
    fn add(&mut self, value: i64) {
        self.count += 1;
        self.sum += i128::from(value);
        self.least = self.least.min(value);
        self.most = self.most.max(value);
    }

    fn add_all(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }
}

/// A group in a pane.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its number.
    pub group: u32,
    /// Records.
    pub records: u64,
}

/// One pane: a table of groups by open addressing, whose memory is used again.
#[derive(Clone, Debug, Default)]
pub struct Pane {
    /// Where it begins, in µs since 1970.
    pub start: u64,
    /// Places of entries plus one, by the hash of the group; zero where there is none. A power of two of them, at least
    /// twice as many as entries.
    slots: Vec<u32>,
    entries: Vec<Entry>,
    /// As many for each entry as the query looks at fields.
    sums: Vec<Sum>,
    fields: usize,
}

impl Pane {
    /// An empty pane for values of so many fields.
    pub fn new(fields: usize) -> Self {
        Self { fields, slots: vec![0; 16], ..Self::default() }
    }

    /// Forgets everything, and keeps its memory.
    pub fn clear(&mut self, start: u64) {
        self.start = start;
        self.slots.fill(0);
        self.entries.clear();
        self.sums.clear();
    }

    /// Groups in it.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Its groups, each with what is known of its fields.
    pub fn entries(&self) -> impl Iterator<Item = (Entry, &[Sum])> {
        let sums = |place: usize| &self.sums[place * self.fields..(place + 1) * self.fields];
        self.entries.iter().enumerate().map(move |(place, entry)| (*entry, sums(place)))
    }

    /// Adds a record with the values of its fields to a group. False where the group is new and there is no room for
    /// another one.
    #[inline]
    pub fn add(&mut self, group: u32, values: &[Option<i64>], has_room: bool) -> bool {
        let Some(place) = self.place(group, has_room) else { return false };
        self.entries[place].records += 1;
        if self.fields > 0 {
            let sums = &mut self.sums[place * self.fields..(place + 1) * self.fields];
            for (sum, value) in sums.iter_mut().zip(values) {
                if let Some(value) = value {
                    sum.add(*value);
                }
            }
        }
        true
    }

    /// Adds everything of another pane.
    pub fn add_all(&mut self, other: &Self) {
        for (entry, sums) in other.entries() {
            let Some(place) = self.place(entry.group, true) else { continue };
            self.entries[place].records += entry.records;
            let own = &mut self.sums[place * self.fields..(place + 1) * self.fields];
            own.iter_mut().zip(sums).for_each(|(own, sum)| own.add_all(sum));
        }
    }

    /// Where a group stands; a new one is made where there is room.
    #[inline]
    fn place(&mut self, group: u32, has_room: bool) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut slot = hash(group) & mask;
        loop {
            match self.slots[slot] {
                0 => break,
                place if self.entries[place as usize - 1].group == group => return Some(place as usize - 1),
                _ => slot = (slot + 1) & mask,
            }
        }
        has_room.then(|| self.make(group, slot))
    }

    #[cold]
    fn make(&mut self, group: u32, slot: usize) -> usize {
        let place = self.entries.len();
        self.entries.push(Entry { group, records: 0 });
        self.sums.resize((place + 1) * self.fields, Sum::NONE);
        self.slots[slot] = place as u32 + 1;
        if self.entries.len() * 2 > self.slots.len() {
            let length = self.slots.len() * 2;
            self.slots.clear();
            self.slots.resize(length, 0);
            for (place, entry) in (1..).zip(&self.entries) {
                let mut slot = hash(entry.group) & (length - 1);
                while self.slots[slot] != 0 {
                    slot = (slot + 1) & (length - 1);
                }
                self.slots[slot] = place;
            }
        }
        place
    }
}
