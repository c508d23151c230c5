//! Attempts at requests, from the instant at which one is sent until the last work on it is done.

/// Where an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// With the client: between two attempts.
    Client,
    /// In the backlog of an instance.
    Backlog,
    /// With a worker that waits for a vCPU.
    CpuLine,
    /// With a worker that waits for a connection of the pool.
    PoolLine,
    /// With a worker, and something is coming: the end of its computing, of a statement, of a wait.
    Worker,
    /// Its worker is gone, and something is coming all the same.
    Ruin,
}

/// One attempt at a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    /// When the first attempt was sent, µs.
    pub first_at: u64,
    /// Number of the partition key.
    pub key: u32,
    /// Number of the request.
    pub number: u32,
    /// Memory that it takes, MB.
    pub memory: u32,
    /// Its place in the list of what its instance works on.
    pub index: u32,
    /// How often its slot was used.
    pub generation: u32,
    pub instance: u16,
    /// Statements that are still to be done.
    pub reads: u16,
    pub writes: u16,
    /// From one.
    pub attempt: u8,
    pub place: Place,
    /// Whether the client waits for it.
    pub listening: bool,
    /// Whether it holds a connection.
    pub connected: bool,
    /// Whether the statement that it waits to send is a write.
    pub writing: bool,
    /// Whether its slow step is still to be done.
    pub slow: bool,
}

/// Attempts in slots that are used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    slots: Vec<Attempt>,
    free: Vec<u32>,
}

impl Attempts {
    /// Puts one in; its generation is that of the slot.
    #[inline]
    pub fn put(&mut self, attempt: Attempt) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                let place = &mut self.slots[slot as usize];
                *place = Attempt { generation: place.generation, ..attempt };
                slot
            }
            None => {
                self.slots.push(attempt);
                self.slots.len() as u32 - 1
            }
        }
    }

    #[inline]
    pub fn free(&mut self, slot: u32) {
        let place = &mut self.slots[slot as usize];
        place.generation = place.generation.wrapping_add(1);
        self.free.push(slot);
    }

    /// The attempt in a slot, unless it is another one by now.
    #[inline]
    pub fn same(&mut self, (slot, generation): (u32, u32)) -> Option<&mut Attempt> {
        Some(&mut self.slots[slot as usize]).filter(|attempt| attempt.generation == generation)
    }

    /// Slots in use.
    pub const fn used(&self) -> u64 {
        (self.slots.len() - self.free.len()) as u64
    }
}

impl std::ops::Index<u32> for Attempts {
    type Output = Attempt;

    #[inline]
    fn index(&self, slot: u32) -> &Attempt {
        &self.slots[slot as usize]
    }
}

impl std::ops::IndexMut<u32> for Attempts {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut Attempt {
        &mut self.slots[slot as usize]
    }
}
