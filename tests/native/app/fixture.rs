//! A scenario and a timeline made by a model of a dozen lines: enough for sentences, no substitute for the engine.

use streamgauge::app::{Start, Theme};
use streamgauge::metrics::{Metric, ShardMetric, Timeline};
use streamgauge::scenario::{
    Arrivals, Consumer, DurationModel, HandlerKind, Keys, Part, PutCall, RetryPolicy, Scenario, Sizes, Traffic,
};
use streamgauge::units::{Rate, Ratio, SimTime, Span};

/// A page that is opened for the first time, with a preset or, without its name, as it comes.
pub fn start(preset: &str) -> Start {
    Start {
        preset: preset.to_owned(),
        theme: Theme::System,
        present: false,
        at_seconds: None,
        sheet: false,
        log: false,
        handler: false,
        compare: false,
        link: None,
        work: String::new(),
        work_at: String::new(),
        earlier: String::new(),
    }
}

/// Sudden popularity: 50 records/s, a hundredfold from 2:00 for ten minutes, two shards, failures ignored.
pub fn scenario() -> Scenario {
    Scenario {
        name: "Sudden popularity".to_owned(),
        about: String::new(),
        seed: 7,
        length: Span::from_secs(1_500),
        traffic: Traffic {
            put_millionths: None,
            draws: streamgauge::scenario::Draws::Xoshiro,
            payloads: vec![Default::default()],
            parts: vec![Part::Spike {
                base: Rate::per_second(50),
                factor_milli: 100_000,
                start: SimTime::from_micros(120_000_000),
                rise: Span::from_secs(12),
                hold: Span::from_secs(600),
                fall: Span::from_secs(45),
            }],
            arrivals: Arrivals::Poisson,
            keys: Keys::Uniform { count: 10_000 },
            hash_keys: streamgauge::scenario::HashKeys::OfPartitionKey,
            sizes: Sizes::Fixed { bytes: 512 },
        },
        producer: crate::common::producer(
            PutCall::PutRecords { batch: 500, linger: Span::from_millis(100) },
            400_000,
            RetryPolicy::Ignore,
        ),
        stream: crate::common::stream(2, 24, 1),
        consumers: vec![Consumer {
            kind: streamgauge::scenario::ConsumerKind::Lambda,
            start: Span::ZERO,
            position: streamgauge::scenario::StartingPosition::TrimHorizon,
            read_limits: true,
            batch_size: 100,
            batching_window: Span::ZERO,
            memory_mb: 512,
            function: Default::default(),
            handler: HandlerKind::Model,
            duration: DurationModel {
                fixed: Span::from_millis(30),
                per_record: Span::from_micros(1_500),
                spread: Ratio::ZERO,
                law: streamgauge::scenario::DurationLaw::Uniform,
            },
            injected_error_rate: Ratio::ZERO,
            ..Consumer::default()
        }],
        prices: Default::default(),
        then: Vec::new(),
        deliver: Vec::new(),
        designs: Vec::new(),
        video: None,
        account_concurrency: 1_000,
        filters_max: 5,
        stores: Vec::new(),
        operations: Vec::new(),
    }
}

/// The timeline of a scenario as flows: a second's offer meets the room of the shards, what is rejected is lost or
/// waits at the producer, and the function takes what it can.
pub fn timeline(scenario: &Scenario) -> Timeline {
    let shards = scenario.stream.shards as usize;
    let mut timeline = Timeline::new(scenario.length, Span::from_secs(1), shards, 1);
    let again = matches!(scenario.producer.retry, RetryPolicy::Again { .. });
    let batch = f64::from(scenario.consumers[0].batch_size);
    let duration = scenario.consumers[0].duration;
    let speed = batch / (duration.fixed.seconds_f64() + duration.per_record.seconds_f64() * batch) * shards as f64;
    let room = 1_000.0 * shards as f64;
    let (mut held, mut waiting, mut stored_sum, mut processed_sum) = (0.0_f64, 0.0_f64, 0.0, 0.0);
    let mut stored_until: Vec<f64> = vec![0.0];
    for second in 0..timeline.frames_total() {
        let offered = scenario.traffic.rate_at(SimTime::from_micros(second as u64 * 1_000_000)).round();
        let pool = offered + held;
        let stored = pool.min(room);
        let rejected = pool - stored;
        let lost = if again { (rejected - scenario.producer.buffer as f64).max(0.0) } else { rejected };
        held = rejected - lost;
        waiting += stored;
        let processed = waiting.min(speed.round());
        waiting -= processed;
        stored_sum += stored;
        processed_sum += processed;
        stored_until.push(stored_sum);
        // The oldest waiting record arrived when as many had been stored as are processed now.
        let oldest = stored_until.partition_point(|stored| *stored <= processed_sum) as f64 - 1.0;
        let age = if waiting > 0.0 { (second as f64 + 1.0 - oldest).max(0.1) } else { 0.0 };
        let mut stream = vec![0.0; Metric::COUNT];
        let mut set = |metric: Metric, value| stream[metric.index()] = value;
        set(Metric::Offered, offered);
        set(Metric::Stored, stored);
        set(Metric::Throttled, rejected);
        set(if again { Metric::LostBufferFull } else { Metric::LostIgnored }, lost);
        set(Metric::AtProducer, held);
        set(Metric::OpenShards, shards as f64);
        set(Metric::Processed, processed);
        set(Metric::Waiting, waiting);
        set(Metric::IteratorAgeMs, age * 1_000.0);
        set(Metric::OfferLatencyP99Ms, (age + held / room) * 1_000.0);
        set(Metric::PutLatencyP99Ms, age * 1_000.0);
        let mut shard = vec![0.0; ShardMetric::COUNT * shards];
        for (metric, value) in
            [(ShardMetric::Offered, offered), (ShardMetric::Stored, stored), (ShardMetric::Throttled, rejected)]
        {
            shard.chunks_exact_mut(ShardMetric::COUNT).for_each(|of| of[metric.index()] = value / shards as f64);
        }
        timeline.push(&stream, &shard);
    }
    timeline
}
