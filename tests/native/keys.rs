//! Ten thousand keys find their shards, by an independent computation: the digest as four 32-bit words, long division
//! and comparison word by word.

use md5::{Digest as _, Md5};
use serde_json::json;
use streamgauge::engine::stream::Stream;
use streamgauge::hash_key::{HashKey, even_shard};

type Words = [u32; 4];

/// The hash key of a partition key, most significant word first.
fn hashed(key: &str) -> Words {
    let digest: [u8; 16] = Md5::digest(key.as_bytes()).into();
    std::array::from_fn(|word| digest[word * 4..word * 4 + 4].iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

/// ⌊2¹²⁸ ÷ n⌋ by schoolbook division of 1 0 0 0 0, for n of at least two.
fn step(n: u32) -> Words {
    let (mut rest, mut quotient) = (1u64, [0; 4]);
    for place in &mut quotient {
        let here = rest << 32;
        *place = (here / u64::from(n)) as u32;
        rest = here % u64::from(n);
    }
    quotient
}

/// The shard of `n` even ones: counts how often the step fits below the hash, and the last shard takes the rest.
fn shard_of(hash: Words, n: u32) -> u32 {
    if n == 1 {
        return 0;
    }
    let step = step(n);
    // Multiples of the step by repeated doubling: the largest count whose multiple is not above the hash.
    let multiple = |count: u32| -> [u64; 5] {
        let (mut carry, mut words) = (0u64, [0u64; 5]);
        for place in (0..4).rev() {
            let here = u64::from(step[place]) * u64::from(count) + carry;
            words[place + 1] = here & 0xffff_ffff;
            carry = here >> 32;
        }
        words[0] = carry;
        words
    };
    let wide = [0, u64::from(hash[0]), u64::from(hash[1]), u64::from(hash[2]), u64::from(hash[3])];
    let (mut low, mut high) = (0, n);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if multiple(middle) <= wide { low = middle } else { high = middle }
    }
    low
}

/// Keys as people choose them: ids, addresses, words of other scripts.
fn keys() -> impl Iterator<Item = String> {
    (0..10_000u32).map(|i| match i % 4 {
        0 => format!("device-{i:09}"),
        1 => format!("user/{}@example.org", i.wrapping_mul(2_654_435_761)),
        2 => format!("Gerät №{i} 設備 {}", char::from_u32(0x1f300 + i % 300).expect("a character")),
        _ => format!("{:08x}-{:04x}", i.wrapping_mul(0x9e37_79b9), i),
    })
}

#[test]
fn ten_thousand_keys_land_on_the_same_shard_at_every_size() {
    for shards in [1, 2, 3, 5, 7, 10, 100, 1_000, 4_999] {
        for key in keys() {
            let expected = shard_of(hashed(&key), shards);
            assert_eq!(even_shard(HashKey::of(&key), shards), expected, "{key} among {shards} shards");
        }
    }
}

#[test]
fn after_random_splits_and_merges_each_key_is_with_the_shard_whose_range_holds_it() {
    let scenario = crate::common::scenario(&json!({
        "traffic": {
            "curve": [{"kind": "constant", "per_s": 1}],
            "keys": {"kind": "uniform", "count": 10_000},
        },
        "stream": {"shards": 7},
    }));
    let mut stream = Stream::new(&scenario);
    let mut random = 88_172_645_463_325_252u64;
    let mut below = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % bound as u64) as usize
    };
    for round in 0..400u64 {
        let open = stream.open().to_vec();
        let place = below(open.len());
        if below(5) < 3 || open.len() < 2 {
            let range = stream.shards[open[place] as usize].range;
            let width = range.end().get() - range.start().get();
            let key = range.start().get() + 2 + (width - 3) / 1_000 * below(1_000) as u128;
            stream.split(round, open[place], HashKey::new(key));
        } else {
            let place = place.min(open.len() - 2);
            stream.merge(round, open[place], open[place + 1]);
        }
        if round % 40 != 39 {
            continue;
        }
        for key in 0..10_000u32 {
            let hash = hashed(&format!("device-{key:09}"));
            let number = hash.iter().fold(0u128, |sum, word| sum << 32 | u128::from(*word));
            let holds = |shard: &&u32| {
                let range = stream.shards[**shard as usize].range;
                range.start().get() <= number && number <= range.end().get()
            };
            let holders: Vec<&u32> = stream.open().iter().filter(holds).collect();
            assert_eq!(holders, [&stream.owner(key)], "key {key} after {round} changes");
        }
    }
    assert!(stream.shards.len() > 400);
}
