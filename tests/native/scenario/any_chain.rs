//! Random chains of streams.

use super::any::{scenario, several};
use proptest::prelude::*;
use streamgauge::scenario::{Arrivals, Draws, Hop, Scenario, Sizes, Traffic};

/// A scenario whose consumers put into one to three other streams, one of them perhaps behind another.
pub fn chained() -> impl Strategy<Value = Scenario> {
    let hop = (scenario(), 0..4u32, 0..2_500u32, proptest::option::of(1..20_000u32));
    (several(), proptest::collection::vec(hop, 1..4), any::<bool>()).prop_map(|(mut first, hops, deep)| {
        let mut hops = hops.into_iter().map(|(behind, consumer, milli, bytes)| (behind, consumer, milli.max(1), bytes));
        let last = if deep { hops.next_back() } else { None };
        for hop in hops {
            follow(&mut first, hop);
        }
        if let Some(hop) = last {
            match first.then.pop() {
                Some(mut before) => {
                    follow(&mut before.scenario, hop);
                    first.then.push(before);
                }
                None => follow(&mut first, hop),
            }
        }
        first
    })
}

/// Lets a stream follow another one, with what they share taken from there.
fn follow(before: &mut Scenario, (behind, consumer, per_record_milli, bytes): (Scenario, u32, u32, Option<u32>)) {
    let mut operations = behind.operations.clone();
    operations.retain(|planned| planned.at.micros() < before.length.micros());
    let sizes = bytes.map_or(before.traffic.sizes, |bytes| Sizes::Fixed { bytes });
    let share = before.traffic.put_millionths.unwrap_or(1_000_000);
    let traffic = Traffic {
        parts: before.traffic.parts.clone(),
        put_millionths: Some(share * u64::from(per_record_milli) / 1_000),
        arrivals: Arrivals::Poisson,
        keys: before.traffic.keys,
        hash_keys: before.traffic.hash_keys,
        sizes,
        payloads: before.traffic.payloads.clone(),
        draws: Draws::Xoshiro,
    };
    let seed = before.seed.wrapping_mul(31).wrapping_add(before.then.len() as u64 + 1) & ((1 << 53) - 1);
    let scenario = Scenario { seed, length: before.length, traffic, operations, ..behind };
    let consumer = consumer % before.consumers.len() as u32;
    before.then.push(Hop { consumer, per_record_milli, bytes, scenario });
}
