//! The hash space of a stream: partition key to 128-bit hash key by MD5, and the ranges that shards own.

use md5::{Digest, Md5};
use std::fmt;

/// A position in the hash space, 0 to 2¹²⁸ − 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HashKey(u128);

impl HashKey {
    /// The lowest hash key.
    pub const MIN: Self = Self(0);
    /// The highest hash key.
    pub const MAX: Self = Self(u128::MAX);

    /// A hash key from its number.
    pub const fn new(value: u128) -> Self {
        Self(value)
    }

    /// The number.
    pub const fn get(self) -> u128 {
        self.0
    }

    /// The hash key of a partition key: the MD5 of its UTF-8 bytes, read as a big-endian number.
    pub fn of(partition_key: &str) -> Self {
        Self::of_bytes(partition_key.as_bytes())
    }

    /// The hash key of a partition key given as UTF-8 bytes.
    pub fn of_bytes(partition_key: &[u8]) -> Self {
        let digest: [u8; 16] = Md5::digest(partition_key).into();
        Self(u128::from_be_bytes(digest))
    }
}

impl fmt::Display for HashKey {
    /// The decimal string that the service uses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A range of hash keys with both ends inside. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashRange {
    start: HashKey,
    end: HashKey,
}

impl HashRange {
    /// The whole hash space.
    pub const ALL: Self = Self { start: HashKey::MIN, end: HashKey::MAX };

    /// The range from `start` to `end`, both inside; `None` if `end` lies before `start`.
    pub fn new(start: HashKey, end: HashKey) -> Option<Self> {
        (start <= end).then_some(Self { start, end })
    }

    /// The lowest hash key inside.
    pub const fn start(self) -> HashKey {
        self.start
    }

    /// The highest hash key inside.
    pub const fn end(self) -> HashKey {
        self.end
    }

    /// Whether `key` lies inside.
    pub fn contains(self, key: HashKey) -> bool {
        self.start <= key && key <= self.end
    }

    /// Range `index` of `count` even ones: each is ⌊2¹²⁸ ÷ count⌋ long, the last one takes the remainder.
    pub fn even(index: u32, count: u32) -> Self {
        assert!(index < count, "shard {index} of {count}");
        if count == 1 {
            return Self::ALL;
        }
        let step = even_step(count);
        let start = step * u128::from(index);
        let end = if index + 1 == count { u128::MAX } else { start + step - 1 };
        Self { start: HashKey(start), end: HashKey(end) }
    }

    /// Splits into everything below `key` and the rest; `None` unless `key` lies inside and above the start.
    pub fn split_at(self, key: HashKey) -> Option<(Self, Self)> {
        let inside = self.start < key && key <= self.end;
        inside.then(|| (Self { start: self.start, end: HashKey(key.0 - 1) }, Self { start: key, end: self.end }))
    }

    /// One range out of this one and the one that follows it; `None` unless they touch.
    pub fn merge(self, next: Self) -> Option<Self> {
        (self.end.0.checked_add(1) == Some(next.start.0)).then_some(Self { start: self.start, end: next.end })
    }
}

/// The shard that owns `key` when `count` shards divide the hash space evenly.
pub fn even_shard(key: HashKey, count: u32) -> u32 {
    if count == 1 {
        return 0;
    }
    u32::try_from(key.0 / even_step(count)).unwrap_or(u32::MAX).min(count - 1)
}

/// ⌊2¹²⁸ ÷ count⌋ for a count of at least two.
fn even_step(count: u32) -> u128 {
    let count = u128::from(count);
    // 2¹²⁸ does not fit: divide 2¹²⁸ − 1, which gives one less exactly when count divides 2¹²⁸.
    if count.is_power_of_two() { u128::MAX / count + 1 } else { u128::MAX / count }
}
