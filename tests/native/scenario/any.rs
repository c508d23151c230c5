//! Random valid scenarios, small enough to run in a moment.

mod payloads;

pub use payloads::{patterns, payloads};

use payloads::filters;
use proptest::prelude::*;
use std::sync::Arc;
use streamgauge::hash_key::HashKey;
use streamgauge::scenario::{
    Architecture, Arrivals, Autoscaler, Consumer, ConsumerKind, Draws, DurationLaw, DurationModel, Failures, Function,
    HandlerKind, HashKeys, Jitter, Keys, Kpl, OnFailure, Operation, OtherPollers, Part, PlannedOperation, Poison,
    PolicyMetric, Poller, Producer, PutCall, ReadSource, Responses, RetryPolicy, Scenario, SdkMode, Series, SeriesRow,
    Sizes, StartingPosition, Stream, StreamMode, Timeouts, Traffic, Tumbling,
};
use streamgauge::units::{Bytes, Rate, Ratio, SimTime, Span};

/// Any valid scenario of up to two minutes and a few thousand records a second, decided by the model.
pub fn scenario() -> impl Strategy<Value = Scenario> {
    (1_000_000..120_000_000u64).prop_flat_map(|length| {
        let length = Span::from_micros(length);
        let rest = (0..1u64 << 53, traffic(length), producer(), stream(), consumer(), operations(length));
        rest.prop_map(move |(seed, traffic, producer, stream, consumer, mut operations)| {
            // A poller is no mapping.
            let mapped = consumer.kind == ConsumerKind::Lambda;
            operations.retain(|planned| mapped || !matches!(planned.operation, Operation::UpdateMapping { .. }));
            // A deploy changes the code, not the law of its duration.
            for planned in &mut operations {
                if let Operation::DeployFunction { duration, .. } = &mut planned.operation {
                    duration.law = consumer.duration.law;
                }
            }
            // The KPL has no policy to deploy, and no more hosts can die than there are.
            let kpl = matches!(producer.call, PutCall::Kpl(_));
            operations.retain(|planned| match planned.operation {
                Operation::DeployProducer { .. } => !kpl,
                Operation::KillHosts { hosts, .. } => hosts <= producer.hosts,
                _ => true,
            });
            // Aggregated records are filtered only where they are pushed.
            let filtered = !consumer.source.is_pushed() && producer.aggregates();
            let consumer = if filtered { Consumer { filters: Vec::new(), ..consumer } } else { consumer };
            Scenario {
                prices: Default::default(),
                then: Vec::new(),
                deliver: Vec::new(),
                designs: Vec::new(),
                video: None,
                account_concurrency: 1_000,
                filters_max: 5,
                name: "any".to_owned(),
                about: String::new(),
                seed,
                length,
                traffic,
                producer,
                stream,
                consumers: vec![consumer],
                operations,
            }
        })
    })
}

/// Such a scenario with one to four consumers; operations concern any of them.
pub fn several() -> impl Strategy<Value = Scenario> {
    (scenario(), proptest::collection::vec(consumer(), 0..4)).prop_map(|(mut scenario, mut others)| {
        if scenario.producer.aggregates() {
            others.iter_mut().filter(|of| !of.source.is_pushed()).for_each(|of| of.filters.clear());
        }
        scenario.consumers.extend(others);
        let consumers = scenario.consumers.clone();
        for (place, planned) in scenario.operations.iter_mut().enumerate() {
            if let Operation::UpdateMapping { consumer, .. } | Operation::DeployFunction { consumer, .. } =
                &mut planned.operation
            {
                *consumer = (place % consumers.len()) as u32;
            }
            if let Operation::DeployFunction { consumer, duration, .. } = &mut planned.operation {
                duration.law = consumers[*consumer as usize].duration.law;
            }
        }
        scenario.operations.retain(|planned| match planned.operation {
            Operation::UpdateMapping { consumer, .. } => consumers[consumer as usize].kind == ConsumerKind::Lambda,
            _ => true,
        });
        scenario
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
    let intervals =
        proptest::collection::btree_map(0..length.micros(), prop_oneof![1 => Just(0u64), 4 => 500..2_000_000u64], 1..6);
    let bursts = (1_000..20_000_000u64, instant(length), 1..300u64, 0..=1_000u64);
    prop_oneof![
        intervals.prop_map(|rows| {
            let row = |(at, gap)| (SimTime::from_micros(at), Span::from_micros(gap));
            Part::Intervals { rows: Arc::new(rows.into_iter().map(row).collect()) }
        }),
        bursts.prop_map(|(every, start, records, permille)| Part::Bursts {
            every: Span::from_micros(every / 1_000 * 1_000),
            start,
            records: records.min(1 + every / 10_000),
            over: Span::from_micros(every / 1_000 * permille),
        }),
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
        (large(), large(), ratio()).prop_map(|(a, b, large_share)| Sizes::Mixed {
            bytes: a.min(b),
            large_bytes: a.max(b),
            large_share
        }),
        (large(), large()).prop_map(|(a, b)| Sizes::Uniform { min: a.min(b), max: a.max(b) }),
        (large(), 0..=4_000u32, large()).prop_map(|(a, sigma_milli, b)| Sizes::LogNormal {
            median: a.min(b),
            sigma_milli,
            cap: a.max(b)
        }),
    ];
    let arrivals = prop_oneof![Just(Arrivals::Even), Just(Arrivals::Poisson)];
    let draws = prop_oneof![3 => Just(Draws::Xoshiro), 1 => Just(Draws::Lcg)];
    let hash_keys = prop_oneof![
        6 => Just(HashKeys::OfPartitionKey),
        1 => Just(HashKeys::Even),
        1 => any::<u128>().prop_map(|key| HashKeys::Explicit(HashKey::new(key))),
    ];
    (proptest::collection::vec(part(length), 1..4), arrivals, keys, hash_keys, sizes, payloads(), draws).prop_map(
        |(parts, arrivals, keys, hash_keys, sizes, payloads, draws)| Traffic {
            parts,
            arrivals,
            keys,
            hash_keys,
            sizes,
            payloads,
            draws,
            put_millionths: None,
        },
    )
}

/// A retry mode of the SDKs.
pub fn sdk_mode() -> impl Strategy<Value = SdkMode> {
    prop_oneof![
        Just(SdkMode::Standard),
        Just(SdkMode::Standard2026),
        Just(SdkMode::PythonStandard),
        Just(SdkMode::Legacy),
        Just(SdkMode::Adaptive),
    ]
}

fn retry() -> impl Strategy<Value = RetryPolicy> {
    let age = proptest::option::of((1_000..60_000_000u64).prop_map(Span::from_micros));
    prop_oneof![
        Just(RetryPolicy::Ignore),
        sdk_mode().prop_map(|mode| RetryPolicy::SdkOnly { mode }),
        (1..=100u32, 1_000..5_000_000u64, 1_000..20_000_000u64, age, growth()).prop_map(
            |(max_attempts, a, b, max_age, (multiplier_milli, jitter))| RetryPolicy::Again {
                max_attempts,
                base: Span::from_micros(a.min(b)),
                cap: Span::from_micros(a.max(b)),
                max_age,
                multiplier_milli,
                jitter,
            }
        ),
    ]
}

/// What a backoff grows by, and its jitter.
pub fn growth() -> impl Strategy<Value = (u32, Jitter)> {
    let by = prop_oneof![2 => Just(2_000u32), 1 => Just(1_000), 1 => 1_000..4_000u32];
    (by, prop_oneof![2 => Just(Jitter::Full), 1 => Just(Jitter::Equal), 2 => Just(Jitter::None)])
}

fn producer() -> impl Strategy<Value = Producer> {
    let call = prop_oneof![
        1 => Just(PutCall::PutRecord),
        2 => kpl().prop_map(PutCall::Kpl),
        3 => (1..=500u32, span(Span::from_secs(2))).prop_map(|(batch, linger)| PutCall::PutRecords { batch, linger }),
    ];
    let timeouts = prop_oneof![3 => Just(0u32), 1 => 0..=1_000_000u32];
    let rest = (1..6u32, timeouts, 1_000..8_000_000u64, any::<bool>());
    (call, 500..20_000u64, retry(), rest).prop_map(|(call, buffer, retry, (hosts, lost, after, ordered))| {
        let rate = Ratio::from_millionths(lost).expect("at most one");
        let timeouts = Timeouts { rate, after: Span::from_micros(after) };
        // The KPL has its own way with rejected records.
        let retry = if matches!(call, PutCall::Kpl(_)) { RetryPolicy::Ignore } else { retry };
        Producer { hosts, call, buffer, retry, timeouts, ordered: ordered && call == PutCall::PutRecord }
    })
}

fn kpl() -> impl Strategy<Value = Kpl> {
    let aggregate = (any::<bool>(), 64..60_000u32, prop_oneof![Just(1_000_000u32), 1..200u32]);
    let collect = (1..=500u32, 52_224..6_000_000u64);
    let rest = (1_000..2_000_000u64, 1..400u32, 2_000_001..40_000_000u64, any::<bool>());
    (aggregate, collect, rest).prop_map(|(aggregate, collect, (buffered, rate_percent, ttl, fail_if_throttled))| Kpl {
        aggregates: aggregate.0,
        buffered: Span::from_micros(buffered),
        aggregate_bytes: aggregate.1,
        aggregate_count: aggregate.2,
        collect_count: collect.0,
        collect_bytes: Bytes::new(collect.1),
        rate_percent,
        ttl: Span::from_micros(ttl),
        fail_if_throttled,
    })
}

fn stream() -> impl Strategy<Value = Stream> {
    let spans = (span(Span::from_secs(60)), span(Span::from_secs(900)), 1..20u32, any::<u32>());
    let mode = prop_oneof![
        6 => Just(StreamMode::Provisioned),
        1 => Just(StreamMode::OnDemand),
        1 => Just(StreamMode::Advantage),
    ];
    (1..8u32, 24..=8_760u64, 1..=10u64, spans, mode, prop::option::of(policy())).prop_map(
        |(shards, hours, mib, (reshard, scale_after, warm, size), mode, policy)| Stream {
            mode,
            reshard,
            scale_after,
            warm_mib: if mode == StreamMode::Advantage { warm } else { 0 },
            autoscaler: policy.filter(|_| mode == StreamMode::Provisioned),
            other_pollers: OtherPollers {
                count: (size >> 8) % 4,
                idle: Span::from_millis(10 + u64::from(size >> 10) % 3_000),
                limit: 1 + (size >> 16) % 10_000,
            },
            empty_answers: Ratio::from_millionths((size >> 20) * 200 * (size % 2)).expect("below one"),
            max_record: Bytes::new((1_024 + u64::from(size) % 9_217) << 10),
            rounds_up: size % 3 > 0,
            ..crate::common::stream(shards, hours, mib)
        },
    )
}

fn policy() -> impl Strategy<Value = Autoscaler> {
    let metric =
        prop_oneof![Just(PolicyMetric::Utilization), Just(PolicyMetric::Throttled), Just(PolicyMetric::IteratorAge)];
    let times = (1..30u64, 0..60u64, 0..60u64).prop_map(|times| (times.0, times.1, times.2));
    (metric, times, 2..100u32, 1..300u32, 0..50u32, 1..99u32, 1..4u32, 1..12u32).prop_map(
        |(metric, (period, delay, cooldown), out_above, out_percent, below, in_percent, periods, shards)| Autoscaler {
            metric,
            period: Span::from_secs(period),
            delay: Span::from_secs(delay),
            out_above,
            out_percent,
            in_below: below.min(out_above - 1),
            in_percent,
            periods,
            cooldown: Span::from_secs(cooldown),
            min_shards: 1 + shards / 4,
            max_shards: shards + 4,
        },
    )
}

fn duration() -> impl Strategy<Value = DurationModel> {
    // With the largest batch of 1,000 below the limit of Lambda, whatever the spread.
    (span(Span::from_secs(2)), span(Span::from_millis(20)), ratio(), law())
        .prop_map(|(fixed, per_record, spread, law)| DurationModel { fixed, per_record, spread, law })
}

pub fn law() -> impl Strategy<Value = DurationLaw> {
    prop_oneof![3 => Just(DurationLaw::Uniform), 1 => Just(DurationLaw::Exponential)]
}

fn function() -> impl Strategy<Value = Function> {
    let ms = |max: u64| (1..=max).prop_map(Span::from_millis);
    let reserved = prop::option::of(0..=20u32);
    let rest = (1..=900u64, ms(2_000), (1..=600u64).prop_map(Span::from_secs), ms(5_000), ms(60_000));
    (any::<bool>(), ratio(), reserved, rest).prop_map(
        |(arm, cpu_share, reserved, (timeout, init, life, first, most))| {
            Function {
                architecture: if arm { Architecture::Arm } else { Architecture::X86 },
                // The largest batch stays below the limit of Lambda with the least memory, too.
                cpu_share: Ratio::from_millionths(cpu_share.millionths() / 2).expect("half of a share is one"),
                timeout: Span::from_secs(timeout),
                reserved,
                init,
                idle_life: life,
                throttle_wait: first,
                throttle_wait_max: most,
            }
        },
    )
}

/// A consumer of either kind.
pub fn consumer() -> impl Strategy<Value = Consumer> {
    let idle = (1_000..3_000_000u64).prop_map(Span::from_micros);
    let poller = (1..=10_000u32, idle, any::<bool>());
    let poller = poller.prop_map(|(limit, idle, always_sleeps)| Poller { limit, idle, always_sleeps });
    let begins = begins(Span::from_secs(20));
    (lambda(), prop::option::of(poller), any::<bool>(), begins).prop_map(|(lambda, poller, read_limits, begins)| {
        let (start, position) = begins;
        let source = source(position);
        let lambda = Consumer { read_limits, source, start, position, ..lambda };
        match poller {
            None => lambda,
            // What only a mapping has stands at its default.
            Some(poller) => Consumer {
                kind: ConsumerKind::Poller(poller),
                batch_size: 100,
                batching_window: Span::ZERO,
                memory_mb: 512,
                function: Function::default(),
                failures: Consumer::default().failures,
                filters: Vec::new(),
                tumbling: Default::default(),
                parallelization: 1,
                ..lambda
            },
        }
    })
}

/// Records are pushed to one in three, by where it begins.
fn source(position: StartingPosition) -> ReadSource {
    match position {
        StartingPosition::AtTimestamp(at) => {
            ReadSource::SubscribeToShard { delay: Span::from_micros(1_000 + at.micros() % 200_000) }
        }
        _ => ReadSource::GetRecords,
    }
}

/// When a consumer begins, and where in the stream.
pub fn begins(latest: Span) -> impl Strategy<Value = (Span, StartingPosition)> {
    let start = prop_oneof![2 => Just(0u64), 1 => 0..latest.micros()].prop_map(|start| start / 2 * 2);
    (start, 0..4u32, 0..=1_000u64).prop_map(|(start, kind, part)| {
        let at = SimTime::from_micros(start / 1_000 * part);
        let position = match kind {
            0 => StartingPosition::Latest,
            1 => StartingPosition::AtTimestamp(at),
            _ => StartingPosition::TrimHorizon,
        };
        (Span::from_micros(start), position)
    })
}

/// Any way with failed batches.
fn failures() -> impl Strategy<Value = Failures> {
    let retries = prop::option::of(0..=4u32);
    let age = prop::option::of((60..=120u64).prop_map(Span::from_secs));
    let to = prop_oneof![Just(OnFailure::None), Just(OnFailure::Sqs), Just(OnFailure::Sns), Just(OnFailure::S3)];
    let responses = prop_oneof![Just(Responses::Whole), Just(Responses::ItemFailures)];
    (any::<bool>(), retries, age, responses, to).prop_map(
        |(bisect, max_retries, max_record_age, responses, on_failure)| Failures {
            bisect,
            max_retries,
            max_record_age,
            responses,
            on_failure,
        },
    )
}

/// Windows of some seconds, or none.
fn tumbling() -> impl Strategy<Value = Tumbling> {
    let some = (1..=30u64, span(Span::from_secs(20)), 0..50_000u64);
    let some = some.prop_map(|(window, wait, bytes)| Tumbling {
        window: Span::from_secs(window),
        wait,
        state_per_record: Bytes::new(bytes),
    });
    prop_oneof![2 => Just(Consumer::default().tumbling), 1 => some]
}

/// Few poison records, or none.
fn poison() -> impl Strategy<Value = Option<Poison>> {
    let rate = (1..=20_000u32).prop_map(|rate| Ratio::from_millionths(rate).expect("below one"));
    prop::option::of((rate, prop::option::of(0..50u32)).prop_map(|(rate, key)| Poison { rate, key }))
}

fn lambda() -> impl Strategy<Value = Consumer> {
    let failing = (failures(), poison(), 1..=10u32, span(Span::from_secs(2)), filters(), tumbling());
    (1..=1_000u32, 0..=10u64, 128..=10_240u32, duration(), ratio(), function(), failing).prop_map(
        |(batch_size, window, memory_mb, duration, injected_error_rate, function, failing)| Consumer {
            function,
            failures: failing.0,
            filters: failing.4,
            tumbling: failing.5,
            poison: failing.1,
            // One invocation of a shard at a time where there are windows.
            parallelization: if failing.5.is_on() { 1 } else { failing.2 },
            retry_base: failing.3 + Span::from_millis(1),
            kind: ConsumerKind::Lambda,
            start: Span::ZERO,
            position: StartingPosition::TrimHorizon,
            read_limits: true,
            batch_size,
            batching_window: Span::from_secs(window),
            memory_mb,
            handler: HandlerKind::Model,
            duration,
            injected_error_rate,
            ..Consumer::default()
        },
    )
}

fn operations(length: Span) -> impl Strategy<Value = Vec<PlannedOperation>> {
    let operation = prop_oneof![
        (1..6u32, span(Span::from_secs(60))).prop_map(|(hosts, down)| Operation::KillHosts { hosts, down }),
        (1..=1_000u32, 0..=10u64, failures()).prop_map(|(batch_size, window, failures)| Operation::UpdateMapping {
            consumer: 0,
            batch_size,
            batching_window: Span::from_secs(window),
            failures,
        }),
        (duration(), ratio(), poison()).prop_map(|(duration, injected_error_rate, poison)| {
            Operation::DeployFunction { consumer: 0, duration, injected_error_rate, poison }
        }),
        (0..20u32, 1..30_000_000u64).prop_map(|(concurrency, span)| Operation::ThrottleAccount {
            concurrency,
            span: Span::from_micros(1_000_000 + span),
        }),
        ratio().prop_map(|share| Operation::LoseEnvironments { share }),
        (1_000..20_000u32, 1..30u64).prop_map(|(factor_milli, span)| Operation::SlowFunction {
            consumer: 0,
            factor_milli,
            span: Span::from_secs(span),
        }),
        retry().prop_map(|retry| Operation::DeployProducer { retry }),
        (0..12u32, prop::option::of(any::<u128>()))
            .prop_map(|(shard, key)| Operation::SplitShard { shard, new_starting_hash_key: key.map(HashKey::new) }),
        (0..12u32, 0..12u32).prop_map(|(shard, adjacent)| Operation::MergeShards { shard, adjacent }),
        (1..20u32).prop_map(|target| Operation::UpdateShardCount { target }),
        (24..100u64).prop_map(|hours| Operation::UpdateRetention { retention: Span::from_hours(hours) }),
        prop_oneof![Just(StreamMode::Provisioned), Just(StreamMode::OnDemand), Just(StreamMode::Advantage)]
            .prop_map(|mode| Operation::UpdateStreamMode { mode }),
        (0..20u32).prop_map(|mib| Operation::UpdateWarmThroughput { mib }),
    ];
    let planned = (instant(length), operation).prop_map(|(at, operation)| PlannedOperation { at, operation });
    proptest::collection::vec(planned, 0..4).prop_map(|mut planned| {
        planned.sort_by_key(|planned| planned.at);
        planned
    })
}
