//! Random cases for the comparison: small, and built directly, so that retention may be seconds.
//!
//! Every instant and span of a case is a whole number of two microseconds, and the retention is odd: so nothing but
//! a random wait can fall on the instant at which a record expires, where the order of the two has no meaning.

use crate::scenario::any::{begins, growth, law};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;
use streamgauge::hash_key::HashKey;
use streamgauge::scenario::{
    Arrivals, Consumer, Draws, DurationModel, Function, HandlerKind, HashKeys, Keys, Operation, OtherPollers, Part,
    PlannedOperation, Producer, PutCall, RetryPolicy, Scenario, SdkMode, Series, SeriesRow, Sizes, StartingPosition,
    Stream, StreamMode, Timeouts, Traffic,
};
use streamgauge::units::{Ratio, SimTime, Span};

/// A scenario, the outcomes that its host gives, and a pace.
#[derive(Clone, Debug)]
pub struct Case {
    pub scenario: Scenario,
    /// Of so many invocations one fails; zero: none does.
    pub fails_one_in: u64,
    pub salt: u64,
    /// How far the engine is asked to run at a time, and with which budget.
    pub stride: Span,
    pub budget: u32,
}

impl Case {
    pub fn succeeds(&self, id: u64) -> bool {
        let stirred = (id ^ self.salt).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        self.fails_one_in == 0 || !stirred.is_multiple_of(self.fails_one_in)
    }
}

pub fn case() -> impl Strategy<Value = Case> {
    (even(prop_oneof![3 => 1_000_000..8_000_000u64, 1 => 8_000_000..60_000_000u64]), any::<bool>()).prop_flat_map(
        |(length, large)| {
            let outcome = (prop_oneof![2 => Just(0u64), 3 => 1..6u64], any::<u64>());
            let pace = (1..5_000_000u64, prop_oneof![Just(1u32), Just(7), Just(u32::MAX)]);
            (scenario(length, large), outcome, pace).prop_map(|(scenario, (fails_one_in, salt), (stride, budget))| {
                Case { scenario, fails_one_in, salt, stride: Span::from_micros(stride), budget }
            })
        },
    )
}

/// Cases in which shards come and go, the mode and the retention change, and calls are refused.
pub fn changing() -> impl Strategy<Value = Case> {
    (even(10_000_000..240_000_000u64), 0..3u8).prop_flat_map(|(length, kind)| {
        let spans = (wait(6_000_000), wait(90_000_000), 0..12u32);
        let mode = prop_oneof![
            4 => Just(StreamMode::Provisioned),
            1 => Just(StreamMode::OnDemand),
            1 => Just(StreamMode::Advantage),
        ];
        // Now and then so many calls that the limits of a day are reached.
        let often = prop_oneof![
            4 => (2..5u32).prop_map(|target| Operation::UpdateShardCount { target }),
            1 => any::<bool>().prop_map(|on| Operation::UpdateStreamMode {
                mode: if on { StreamMode::OnDemand } else { StreamMode::Provisioned }
            }),
        ];
        let changes = prop_oneof![
            4 => vec((even(0..length), call()), 1..16).boxed(),
            1 => vec((even(0..length), often), 20..60).boxed(),
        ];
        let outcome = (prop_oneof![3 => Just(0u64), 1 => 2..6u64], any::<u64>(), 1..30_000_000u64);
        // Large records make an on-demand stream grow with few of them.
        (scenario(length, kind == 0), spans, mode, changes, outcome).prop_map(
            move |(mut scenario, (reshard, scale_after, warm_mib), mode, changes, (fails_one_in, salt, stride))| {
                let stream = &mut scenario.stream;
                let reshard = if changes.len() < 20 { reshard } else { Span::ZERO };
                (stream.reshard, stream.scale_after, stream.mode) = (reshard, scale_after, mode);
                stream.warm_mib = if mode == StreamMode::Advantage { warm_mib } else { 0 };
                stream.other_pollers.count = 0;
                (scenario.consumers[0].position, scenario.consumers[0].start) =
                    (StartingPosition::TrimHorizon, Span::ZERO);
                let of = |(at, operation)| PlannedOperation { at: SimTime::from_micros(at), operation };
                scenario.operations.extend(changes.into_iter().map(of));
                scenario.operations.sort_by_key(|planned| planned.at);
                Case { scenario, fails_one_in, salt, stride: Span::from_micros(stride), budget: u32::MAX }
            },
        )
    })
}

/// A call to the control plane; many of them make no sense where they come.
fn call() -> impl Strategy<Value = Operation> {
    let key = proptest::option::of(prop_oneof![any::<u128>(), 0..3u128, Just(u128::MAX)].prop_map(HashKey::new));
    let mode = prop_oneof![Just(StreamMode::Provisioned), Just(StreamMode::OnDemand), Just(StreamMode::Advantage)];
    prop_oneof![
        4 => (0..9u32, key).prop_map(|(shard, new_starting_hash_key)| Operation::SplitShard { shard, new_starting_hash_key }),
        3 => (0..9u32, 0..9u32).prop_map(|(shard, adjacent)| Operation::MergeShards { shard, adjacent }),
        4 => (1..14u32).prop_map(|target| Operation::UpdateShardCount { target }),
        1 => (20..60u64).prop_map(|hours| Operation::UpdateRetention { retention: Span::from_hours(hours) }),
        1 => mode.prop_map(|mode| Operation::UpdateStreamMode { mode }),
        1 => (0..12u32).prop_map(|mib| Operation::UpdateWarmThroughput { mib }),
    ]
}

fn even(micros: impl Strategy<Value = u64>) -> impl Strategy<Value = u64> {
    micros.prop_map(|micros| micros / 2 * 2)
}

fn scenario(length: u64, large: bool) -> impl Strategy<Value = Scenario> {
    let rest = (
        (0..1u64 << 53, prop_oneof![1 => 1..4u32, 3 => Just(1_000)]),
        traffic(length, large),
        producer(),
        stream(length),
        consumer(length),
        operations(length),
    );
    rest.prop_map(move |((seed, account_concurrency), traffic, producer, stream, consumer, operations)| Scenario {
        filters_max: 5,
        prices: Default::default(),
        then: Vec::new(),
        deliver: Vec::new(),
        designs: Vec::new(),
        video: None,
        account_concurrency,
        name: "any".to_owned(),
        about: String::new(),
        seed,
        length: Span::from_micros(length),
        traffic,
        producer,
        stream,
        consumers: vec![consumer],
        operations,
    })
}

/// Records of a byte up to the largest; in a case with large ones there are fewer.
fn size(large: bool) -> BoxedStrategy<u64> {
    const LARGEST: u64 = 1_048_560;
    if large {
        // 786,432 bytes are a mebibyte in base64: six of them fill a payload exactly.
        prop_oneof![2 => 1..LARGEST, 1 => Just(LARGEST), 1 => Just(786_432), 2 => 1..3_000u64].boxed()
    } else {
        prop_oneof![6 => 1..3_000u64, 1 => Just(1), 1 => Just(1_008), 1 => 1..60_000u64].boxed()
    }
}

fn traffic(length: u64, large: bool) -> impl Strategy<Value = Traffic> {
    let keys = prop_oneof![1 => Just(Keys::One), 3 => (1..40u32).prop_map(|count| Keys::Uniform { count })];
    let sizes = (size(large), size(large), any::<bool>()).prop_map(|(a, b, fixed)| match fixed {
        true => Sizes::Fixed { bytes: a as u32 },
        false => Sizes::Uniform { min: a.min(b) as u32, max: a.max(b) as u32 },
    });
    let part = |rows| Part::Series(Arc::new(Series { source: String::new(), rows }));
    (vec(series(length, large), 1..=2), keys, sizes, any::<bool>()).prop_map(move |(mut parts, keys, sizes, given)| {
        if !given {
            // The mapping takes a short cut where no series brings its own sizes.
            parts.iter_mut().flatten().for_each(|row: &mut SeriesRow| row.bytes = None);
        }
        Traffic {
            put_millionths: None,
            parts: parts.into_iter().map(part).collect(),
            arrivals: Arrivals::Even,
            keys,
            hash_keys: HashKeys::OfPartitionKey,
            sizes,
            payloads: vec![Default::default()],
            draws: Draws::Xoshiro,
        }
    })
}

/// Rows with their records at one instant, or a whole number of microseconds apart.
fn series(length: u64, large: bool) -> impl Strategy<Value = Vec<SeriesRow>> {
    let most = if large { 12u64 } else { 80 };
    let count = prop_oneof![4 => 0..most, 2 => Just(1), 1 => 0..most * 10];
    let apart = even(prop_oneof![3 => Just(0u64), 2 => 1..2_000u64, 2 => 1..200_000u64]);
    let pause = even(prop_oneof![1 => Just(0u64), 2 => 0..length / 50, 2 => 0..length / 8]);
    let row = (pause, count, apart, proptest::option::of(size(large)), 0..7u64);
    // Now and then more small records at once than a shard takes.
    let flood = (even(0..length), 1_000..2_500u64, even(0..200u64), (1..600u64).prop_map(Some), Just(0));
    let row = if large { row.boxed() } else { prop_oneof![40 => row, 1 => flood].boxed() };
    vec(row, 1..30).prop_map(|cells| {
        let mut rows = Vec::new();
        let mut at = 0;
        for (pause, count, apart, size, odd) in cells {
            at += pause;
            let length = (apart * count).max(1);
            // Within the limit of a record, and rarely a whole number of bytes each.
            let bytes = size.map(|size| (size * count).saturating_sub(odd.min(count)).max(count));
            let (at_time, length) = (SimTime::from_micros(at), Span::from_micros(length));
            rows.push(SeriesRow { at: at_time, length, count, bytes });
            at += length.micros().next_multiple_of(2);
        }
        rows
    })
}

fn wait(most: u64) -> impl Strategy<Value = Span> {
    prop_oneof![1 => Just(Span::ZERO), 3 => even(0..=most).prop_map(Span::from_micros)]
}

fn share(millionths: u32) -> Ratio {
    Ratio::from_millionths(millionths).expect("at most one")
}

fn ratio() -> impl Strategy<Value = Ratio> {
    prop_oneof![4 => Just(Ratio::ZERO), 2 => (0..=1_000_000u32).prop_map(share), 1 => Just(Ratio::ONE)]
}

fn retry() -> impl Strategy<Value = RetryPolicy> {
    // A fifth of a second is also a common time to gather a call: then its oldest record is exactly so old.
    let age = prop_oneof![1 => Just(200_000), 3 => 0..3_000_000u64];
    let age = proptest::option::of(age.prop_map(Span::from_micros));
    let again = (1..=12u32, wait(500_000), wait(4_000_000), age);
    prop_oneof![
        1 => Just(RetryPolicy::Ignore),
        2 => crate::scenario::any::sdk_mode().prop_filter_map("the model knows no rate limiter", |mode| {
            (mode != SdkMode::Adaptive).then_some(RetryPolicy::SdkOnly { mode })
        }),
        4 => (again, growth()).prop_map(|((max_attempts, base, cap, max_age), (multiplier_milli, jitter))| {
            RetryPolicy::Again { max_attempts, base, cap, max_age, multiplier_milli, jitter }
        }),
    ]
}

fn producer() -> impl Strategy<Value = Producer> {
    let batch = prop_oneof![Just(500u32), 1..60u32];
    let call = prop_oneof![
        1 => Just(PutCall::PutRecord),
        2 => (batch, prop_oneof![wait(300_000), Just(Span::from_millis(200))]).prop_map(|(batch, linger)| PutCall::PutRecords { batch, linger }),
    ];
    let buffer = prop_oneof![1 => 1..100u64, 3 => Just(10_000_000u64)];
    let lost = prop_oneof![3 => Just(Ratio::ZERO), 1 => ratio()];
    let rest = (prop_oneof![2 => Just(1u32), 1 => 2..5u32], lost, even(1_000..3_000_000u64), any::<bool>());
    (call, buffer, retry(), rest).prop_map(|(call, buffer, retry, (hosts, rate, after, ordered))| {
        let timeouts = Timeouts { rate, after: Span::from_micros(after) };
        Producer { hosts, call, buffer, retry, timeouts, ordered: ordered && call == PutCall::PutRecord }
    })
}

fn stream(length: u64) -> impl Strategy<Value = Stream> {
    let retention =
        prop_oneof![1 => Just(86_400_000_000), 2 => even(300_000..length + 300_000).prop_map(|micros| micros + 1)];
    let pollers = (0..4u32, even(20_000..2_000_000u64), prop_oneof![1..20u32, Just(10_000)]);
    let pollers = pollers.prop_map(|(count, idle, limit)| OtherPollers { count, idle: Span::from_micros(idle), limit });
    let empty = prop_oneof![2 => Just(Ratio::ZERO), 1 => (0..=900_000u32).prop_map(share)];
    let burst = prop_oneof![Just(1u64), Just(10)];
    (1..=4u32, retention, burst, any::<bool>(), pollers, empty).prop_map(
        |(shards, retention, mib, rounds_up, other_pollers, empty_answers)| Stream {
            rounds_up,
            other_pollers,
            empty_answers,
            retention: Span::from_micros(retention),
            ..crate::common::stream(shards, 24, mib)
        },
    )
}

fn duration() -> impl Strategy<Value = DurationModel> {
    (wait(1_500_000), wait(5_000), ratio(), law()).prop_map(|(fixed, per_record, spread, law)| DurationModel {
        fixed,
        per_record,
        spread,
        law,
    })
}

fn function() -> impl Strategy<Value = Function> {
    let reserved = prop_oneof![2 => Just(None), 1 => (0..4u32).prop_map(Some)];
    let timeout = prop_oneof![1 => even(2..1_500_000u64), 2 => Just(900_000_000)];
    let life = prop_oneof![1 => even(2..4_000_000u64), 1 => Just(600_000_000)];
    let waits = (even(20_000..900_000u64), even(100_000..5_000_000u64));
    (reserved, timeout, life, waits, wait(600_000), ratio()).prop_map(
        |(reserved, timeout, life, (first, most), init, cpu_share)| Function {
            cpu_share,
            reserved,
            init,
            timeout: Span::from_micros(timeout),
            idle_life: Span::from_micros(life),
            throttle_wait: Span::from_micros(first),
            throttle_wait_max: Span::from_micros(most),
            ..Function::default()
        },
    )
}

fn batch_size() -> impl Strategy<Value = u32> {
    prop_oneof![1..20u32, 20..400u32, Just(10_000)]
}

fn consumer(length: u64) -> impl Strategy<Value = Consumer> {
    let handler = prop_oneof![Just(HandlerKind::Model), Just(HandlerKind::Host)];
    let begins = begins(Span::from_micros(length));
    let lambda = (function(), prop_oneof![1 => Just(128u32), 1 => 128..4_000u32]);
    (batch_size(), wait(3_000_000), handler, duration(), ratio(), begins, lambda).prop_map(
        |(
            batch_size,
            batching_window,
            handler,
            duration,
            injected_error_rate,
            (start, position),
            (function, memory_mb),
        )| Consumer {
            function,
            kind: streamgauge::scenario::ConsumerKind::Lambda,
            start,
            position,
            read_limits: true,
            batch_size,
            batching_window,
            memory_mb,
            handler,
            duration,
            injected_error_rate,
            ..Consumer::default()
        },
    )
}

fn operations(length: u64) -> impl Strategy<Value = Vec<PlannedOperation>> {
    let operation = prop_oneof![
        (batch_size(), wait(2_000_000)).prop_map(|(batch_size, batching_window)| Operation::UpdateMapping {
            consumer: 0,
            batch_size,
            batching_window,
            failures: Consumer::default().failures,
        }),
        (duration(), ratio()).prop_map(|(duration, injected_error_rate)| Operation::DeployFunction {
            consumer: 0,
            duration,
            injected_error_rate,
            poison: None,
        }),
        retry().prop_map(|retry| Operation::DeployProducer { retry }),
        (1..3u32, wait(4_000_000)).prop_map(|(hosts, down)| Operation::KillHosts { hosts, down }),
    ];
    vec((even(0..length), operation), 0..3).prop_map(|planned| {
        let of = |(at, operation)| PlannedOperation { at: SimTime::from_micros(at), operation };
        let mut planned: Vec<PlannedOperation> = planned.into_iter().map(of).collect();
        planned.sort_by_key(|planned| planned.at);
        planned
    })
}
