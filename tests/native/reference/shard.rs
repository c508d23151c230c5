//! A shard of the naive model: buckets that are refilled step by step, and a plain list of records.

use md5::{Digest, Md5};

/// A record that the stream keeps.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    pub number: u32,
    pub size: u32,
    pub arrived: u64,
    /// Its place among all records that this shard ever stored.
    pub index: u64,
    /// Whether the mapping has read it.
    pub read: bool,
}

/// A token bucket: `level` millionths of a token, `refill` millionths of a token a microsecond.
#[derive(Clone, Debug)]
pub struct Bucket {
    level: u128,
    capacity: u128,
    refill: u128,
    last: u64,
}

impl Bucket {
    /// A full bucket of `capacity` tokens into which `per_second` tokens flow back each second.
    pub fn full(capacity: u64, per_second: u64) -> Self {
        let capacity = u128::from(capacity) * 1_000_000;
        Self { level: capacity, capacity, refill: u128::from(per_second), last: 0 }
    }

    fn refill(&mut self, now: u64) {
        self.level = self.capacity.min(self.level + self.refill * u128::from(now - self.last));
        self.last = now;
    }

    pub fn has(&mut self, now: u64, tokens: u64) -> bool {
        self.refill(now);
        self.level >= u128::from(tokens) * 1_000_000
    }

    /// Takes the tokens, or all that there are.
    pub fn take(&mut self, now: u64, tokens: u64) {
        self.refill(now);
        self.level = self.level.saturating_sub(u128::from(tokens) * 1_000_000);
    }
}

/// One shard.
#[derive(Clone, Debug)]
pub struct Shard {
    first_hash: u128,
    last_hash: u128,
    pub records: Bucket,
    pub bytes: Bucket,
    pub read_calls: Bucket,
    /// Until when the answers so far take at 2 MiB a second.
    pub read_debt: Debt,
    pub kept: Vec<Kept>,
    /// Every record that it ever stored.
    pub all: Vec<Kept>,
    pub stored: u64,
    /// Records that the consumer is not to read.
    pub skipped: u64,
}

/// Millionths of a byte that have been answered and have not flowed through 2 MiB/s yet.
#[derive(Clone, Debug, Default)]
pub struct Debt {
    owed: u128,
    last: u64,
    /// Bytes of the last answer.
    pub answer: u64,
}

impl Debt {
    /// Whether so many bytes or less are owed.
    pub fn is_below(&mut self, now: u64, bytes: u64) -> bool {
        self.owed = self.owed.saturating_sub(2 * 1_048_576 * u128::from(now - self.last));
        self.last = now;
        self.owed <= u128::from(bytes) * 1_000_000
    }

    pub fn add(&mut self, bytes: u64) {
        self.owed += u128::from(bytes) * 1_000_000;
        self.answer = bytes;
    }
}

impl Shard {
    pub fn new(index: u32, count: u32, byte_burst: u64) -> Self {
        // ⌊2¹²⁸ ÷ n⌋ = ⌊(2¹²⁸ − n) ÷ n⌋ + 1, and 2¹²⁸ − n fits where n is at least one.
        let n = u128::from(count);
        let step = if count == 1 { 0 } else { (u128::MAX - (n - 1)) / n + 1 };
        let first_hash = step * u128::from(index);
        let last_hash = if index == count - 1 { u128::MAX } else { first_hash + step - 1 };
        Self {
            first_hash,
            last_hash,
            records: Bucket::full(1_000, 1_000),
            bytes: Bucket::full(byte_burst, 1_048_576),
            read_calls: Bucket::full(5, 5),
            read_debt: Debt::default(),
            kept: Vec::new(),
            all: Vec::new(),
            stored: 0,
            skipped: 0,
        }
    }

    /// Whether a read call is answered: not before what was answered has flowed, or all but a second's worth of it where
    /// several read small answers.
    pub fn may_read(&mut self, now: u64, shared: bool) -> bool {
        let second = 2 * 1_048_576;
        let left = if shared && self.read_debt.answer <= second { second } else { 0 };
        self.read_calls.has(now, 1) && self.read_debt.is_below(now, left)
    }

    pub fn owns(&self, key: u32) -> bool {
        let digest: [u8; 16] = Md5::digest(format!("device-{key:09}")).into();
        let hash = digest.iter().fold(0u128, |hash, byte| hash * 256 + u128::from(*byte));
        (self.first_hash..=self.last_hash).contains(&hash)
    }
}
