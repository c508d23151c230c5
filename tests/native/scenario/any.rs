//! Random valid scenarios, small enough to run in a moment.

use proptest::prelude::*;
use std::sync::Arc;
use streamgauge::scenario::{
    Arrivals, Consumer, DurationModel, HandlerKind, Jitter, Keys, Operation, Part, PlannedOperation, Producer, PutCall,
    RetryPolicy, Scenario, Series, SeriesRow, Sizes, Stream, Traffic,
};
use streamgauge::units::{Bytes, Rate, Ratio, SimTime, Span};

/// Any valid scenario of up to two minutes and a few thousand records a second, decided by the model.
pub fn scenario() -> impl Strategy<Value = Scenario> {
    (1_000_000..120_000_000u64).prop_flat_map(|length| {
        let length = Span::from_micros(length);
        let rest = (0..1u64 << 53, traffic(length), producer(), stream(), consumer(), operations(length));
        rest.prop_map(move |(seed, traffic, producer, stream, consumer, operations)| Scenario {
            name: "any".to_owned(),
            about: String::new(),
            seed,
            length,
            traffic,
            producer,
            stream,
            consumer,
            operations,
        })
    })
}

fn rate() -> impl Strategy<Value = Rate> {
    (0..1_500_000u64).prop_map(Rate::from_milli)
}

fn ratio() -> impl Strategy<Value = Ratio> {
    let some = (0..=1_000_000u32).prop_map(|millionths| Ratio::from_millionths(millionths).expect("at most one"));
    prop_oneof![3 => Just(Ratio::ZERO), 3 => some, 1 => Just(Ratio::ONE)]
}

fn instant(length: Span) -> impl Strategy<Value = SimTime> {
    (0..length.micros()).prop_map(SimTime::from_micros)
}

fn span(most: Span) -> impl Strategy<Value = Span> {
    prop_oneof![1 => Just(Span::ZERO), 4 => (0..=most.micros()).prop_map(Span::from_micros)]
}

fn part(length: Span) -> impl Strategy<Value = Part> {
    let ramp = (rate(), rate(), instant(length), span(length));
    let spike = (0..20_000u64, 0..100_000u64, instant(length), span(length), span(length), span(length));
    let wave = (rate(), rate(), 0..86_400_000_000u64);
    let steps = proptest::collection::btree_map(0..length.micros(), rate(), 1..6);
    prop_oneof![
        rate().prop_map(|rate| Part::Constant { rate }),
        ramp.prop_map(|(from, to, start, over)| Part::Ramp { from, to, start, over }),
        spike.prop_map(|(base, factor_milli, start, rise, hold, fall)| {
            Part::Spike { base: Rate::from_milli(base), factor_milli, start, rise, hold, fall }
        }),
        wave.prop_map(|(a, b, peak)| Part::DayWave { low: a.min(b), high: a.max(b), peak_at: Span::from_micros(peak) }),
        steps.prop_map(|steps| Part::Steps {
            steps: steps.into_iter().map(|(at, rate)| (SimTime::from_micros(at), rate)).collect()
        }),
        series(length).prop_map(|rows| Part::Series(Arc::new(Series { source: "any".to_owned(), rows }))),
    ]
}

/// Rows between random cuts, some left out, so that there are gaps.
fn series(length: Span) -> impl Strategy<Value = Vec<SeriesRow>> {
    let cuts = proptest::collection::btree_set(0..=length.micros(), 2..8);
    let cells = proptest::collection::vec((0..3_000u64, proptest::option::of(0..2_000u64), any::<bool>()), 8);
    (cuts, cells).prop_map(|(cuts, cells)| {
        let cuts: Vec<u64> = cuts.into_iter().collect();
        let row = |(pair, (count, mean, _)): (&[u64], (u64, Option<u64>, bool))| SeriesRow {
            at: SimTime::from_micros(pair[0]),
            length: Span::from_micros(pair[1] - pair[0]),
            count,
            bytes: mean.map(|mean| (mean * count).saturating_sub(count / 2)),
        };
        let all = cuts.windows(2).zip(cells);
        all.enumerate().filter(|(i, (_, (_, _, keep)))| *i == 0 || *keep).map(|(_, cell)| row(cell)).collect()
    })
}

fn traffic(length: Span) -> impl Strategy<Value = Traffic> {
    let keys = prop_oneof![
        Just(Keys::One),
        (1..2_000u32).prop_map(|count| Keys::Uniform { count }),
        (1..2_000u32, 0..=4_000u32).prop_map(|(count, exponent_milli)| Keys::Zipf { count, exponent_milli }),
        (2..2_000u32, ratio()).prop_map(|(count, share)| Keys::Hot { count, share }),
    ];
    let large = || prop_oneof![8 => 1..4_000u32, 1 => 1..=1_048_560u32];
    let sizes = prop_oneof![
        large().prop_map(|bytes| Sizes::Fixed { bytes }),
        (large(), large()).prop_map(|(a, b)| Sizes::Uniform { min: a.min(b), max: a.max(b) }),
        (large(), 0..=4_000u32, large()).prop_map(|(a, sigma_milli, b)| Sizes::LogNormal {
            median: a.min(b),
            sigma_milli,
            cap: a.max(b)
        }),
    ];
    let arrivals = prop_oneof![Just(Arrivals::Even), Just(Arrivals::Poisson)];
    (proptest::collection::vec(part(length), 1..4), arrivals, keys, sizes)
        .prop_map(|(parts, arrivals, keys, sizes)| Traffic { parts, arrivals, keys, sizes })
}

pub fn jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![Just(Jitter::Full), Just(Jitter::Equal), Just(Jitter::None)]
}

fn retry() -> impl Strategy<Value = RetryPolicy> {
    let age = proptest::option::of((1_000..60_000_000u64).prop_map(Span::from_micros));
    prop_oneof![
        Just(RetryPolicy::Ignore),
        Just(RetryPolicy::SdkOnly),
        (1..=100u32, 1_000..5_000_000u64, 1_000..20_000_000u64, age, jitter(), 1_000..=10_000u32).prop_map(
            |(max_attempts, a, b, max_age, jitter, multiplier_milli)| {
                RetryPolicy::Again {
                    max_attempts,
                    multiplier_milli,
                    jitter,
                    base: Span::from_micros(a.min(b)),
                    cap: Span::from_micros(a.max(b)),
                    max_age,
                }
            }
        ),
    ]
}

fn producer() -> impl Strategy<Value = Producer> {
    let call = prop_oneof![
        1 => Just(PutCall::PutRecord),
        3 => (1..=500u32, span(Span::from_secs(2))).prop_map(|(batch, linger)| PutCall::PutRecords { batch, linger }),
    ];
    (call, 500..20_000u64, retry()).prop_map(|(call, buffer, retry)| Producer { call, buffer, retry })
}

fn stream() -> impl Strategy<Value = Stream> {
    (1..8u32, 24..=8_760u64, 1..=10u64).prop_map(|(shards, hours, mib)| Stream {
        shards,
        retention: Span::from_hours(hours),
        byte_burst: Bytes::from_mib(mib),
    })
}

fn duration() -> impl Strategy<Value = DurationModel> {
    // With the largest batch of 1,000 below the limit of Lambda, whatever the spread.
    (span(Span::from_secs(2)), span(Span::from_millis(20)), ratio())
        .prop_map(|(fixed, per_record, spread)| DurationModel { fixed, per_record, spread })
}

fn consumer() -> impl Strategy<Value = Consumer> {
    (1..=1_000u32, 0..=10u64, 128..=10_240u32, duration(), ratio()).prop_map(
        |(batch_size, window, memory_mb, duration, injected_error_rate)| Consumer {
            kind: streamgauge::scenario::ConsumerKind::Lambda,
            read_limits: true,
            batch_size,
            batching_window: Span::from_secs(window),
            memory_mb,
            handler: HandlerKind::Model,
            duration,
            injected_error_rate,
        },
    )
}

fn operations(length: Span) -> impl Strategy<Value = Vec<PlannedOperation>> {
    let operation = prop_oneof![
        (1..=1_000u32, 0..=10u64).prop_map(|(batch_size, window)| Operation::UpdateMapping {
            batch_size,
            batching_window: Span::from_secs(window)
        }),
        (duration(), ratio())
            .prop_map(|(duration, injected_error_rate)| Operation::DeployFunction { duration, injected_error_rate }),
        retry().prop_map(|retry| Operation::DeployProducer { retry }),
    ];
    let planned = (instant(length), operation).prop_map(|(at, operation)| PlannedOperation { at, operation });
    proptest::collection::vec(planned, 0..4).prop_map(|mut planned| {
        planned.sort_by_key(|planned| planned.at);
        planned
    })
}
