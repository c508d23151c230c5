//! Hash keys, ranges and sequence numbers against vectors that `tests/vectors/make.py` computed without this crate.

use serde_json::Value;
use streamgauge::engine::SequenceNumber;
use streamgauge::hash_key::{HashKey, HashRange, even_shard};
use streamgauge::scenario::traffic::partition_key;
use streamgauge::units::SimTime;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/hash.json")).expect("the script writes JSON")
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap_or_else(|| panic!("{name} is a list"))
}

fn number(value: &Value) -> u128 {
    value.as_str().and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("{value} is a number"))
}

fn small(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is a small number"))
}

#[test]
fn hash_keys_and_their_owners_match_the_vectors() {
    let vectors = vectors();
    let counts: Vec<u32> = list(&vectors, "shard_counts").iter().map(|count| small(count) as u32).collect();
    let keys = list(&vectors, "keys");
    assert!(keys.len() > 200);
    for entry in keys {
        let key = entry["key"].as_str().expect("a key is a text");
        let hash = HashKey::of(key);
        assert_eq!(hash.get(), number(&entry["hash"]), "hash key of {key:?}");
        assert_eq!(hash.to_string(), entry["hash"].as_str().expect("digits"));
        for (count, owner) in counts.iter().zip(list(entry, "owners")) {
            assert_eq!(u64::from(even_shard(hash, *count)), small(owner), "owner of {key:?} among {count}");
            let range = HashRange::even(small(owner) as u32, *count);
            assert!(range.contains(hash), "{key:?} in shard {owner} of {count}");
        }
    }
}

#[test]
fn the_simulated_producers_keys_are_among_the_vectors() {
    let vectors = vectors();
    let keys: Vec<&str> = list(&vectors, "keys").iter().filter_map(|entry| entry["key"].as_str()).collect();
    for key in [0, 1, 13, 159, 999_999, 123_456_789] {
        assert!(keys.contains(&partition_key(key).as_str()), "{}", partition_key(key));
    }
}

#[test]
fn even_ranges_match_the_vectors_and_cover_the_space() {
    for entry in list(&vectors(), "ranges") {
        let count = small(&entry["shards"]) as u32;
        let mut next = Some(0);
        for (index, expected) in (0..).zip(list(entry, "ranges")) {
            let range = HashRange::even(index, count);
            assert_eq!(range.start().get(), number(&expected[0]), "start of shard {index} of {count}");
            assert_eq!(range.end().get(), number(&expected[1]), "end of shard {index} of {count}");
            assert_eq!(next, Some(range.start().get()), "no gap and no overlap before shard {index} of {count}");
            next = range.end().get().checked_add(1);
        }
        assert_eq!(next, None, "{count} shards reach the end of the space");
    }
}

#[test]
fn the_edges_of_ranges_have_their_owner() {
    for entry in list(&vectors(), "edges") {
        let (hash, count) = (HashKey::new(number(&entry["hash"])), small(&entry["shards"]) as u32);
        assert_eq!(u64::from(even_shard(hash, count)), small(&entry["owner"]), "{hash} among {count}");
    }
}

/// The table of the fact sheet, by its digits.
#[test]
fn two_three_and_five_shards_are_cut_where_the_service_cuts_them() {
    let starts = |count: u32| (0..count).map(|index| HashRange::even(index, count).start().to_string()).collect();
    let two: Vec<String> = starts(2);
    assert_eq!(two, ["0", "170141183460469231731687303715884105728"]);
    let three: Vec<String> = starts(3);
    assert_eq!(three, ["0", "113427455640312821154458202477256070485", "226854911280625642308916404954512140970"]);
    let five: Vec<String> = starts(5);
    let expected = [
        "0",
        "68056473384187692692674921486353642291",
        "136112946768375385385349842972707284582",
        "204169420152563078078024764459060926873",
        "272225893536750770770699685945414569164",
    ];
    assert_eq!(five, expected);
    assert_eq!(HashRange::even(4, 5).end().to_string(), "340282366920938463463374607431768211455");
}

#[test]
fn sequence_numbers_match_the_vectors() {
    for entry in list(&vectors(), "sequence_numbers") {
        let [shard, index, micros] = ["shard", "index", "micros"].map(|name| small(&entry[name]));
        let found = SequenceNumber::new(shard as u32, index, SimTime::from_micros(micros)).to_string();
        assert_eq!(Some(found.as_str()), entry["number"].as_str(), "shard {shard}, index {index}, at {micros} µs");
    }
}
