//! A little model of a run, for tests of pictures: not the engine, but consistent numbers of the right shape.

use std::collections::VecDeque;
use streamgauge::app::event::{Event, EventKind};
use streamgauge::metrics::{Metric, ShardMetric, Timeline};
use streamgauge::scenario::{
    Arrivals, Consumer, DurationModel, HandlerKind, Keys, Part, PutCall, RetryPolicy, Scenario, Sizes, Traffic,
};
use streamgauge::units::{Rate, Ratio, SimTime, Span};

/// The scenario of the first visit: 50 records/s, a hundred times that for ten minutes, two shards, no retries.
pub fn sudden_popularity() -> Scenario {
    let spike = Part::Spike {
        base: Rate::per_second(50),
        factor_milli: 100_000,
        start: SimTime::from_micros(120_000_000),
        rise: Span::from_secs(12),
        hold: Span::from_secs(600),
        fall: Span::from_secs(45),
    };
    Scenario {
        name: "Sudden popularity".to_owned(),
        about: String::new(),
        seed: 7,
        length: Span::from_secs(1_500),
        traffic: Traffic {
            put_millionths: None,
            draws: streamgauge::scenario::Draws::Xoshiro,
            payloads: vec![Default::default()],
            parts: vec![spike],
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
            duration: duration(1_500),
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
        operations: Vec::new(),
    }
}

/// A function that takes 30 ms and so many microseconds a record.
pub fn duration(per_record_micros: u64) -> DurationModel {
    DurationModel {
        fixed: Span::from_millis(30),
        per_record: Span::from_micros(per_record_micros),
        spread: Ratio::ZERO,
        law: streamgauge::scenario::DurationLaw::Uniform,
    }
}

/// Retries with backoff that never give up.
pub fn retries() -> RetryPolicy {
    RetryPolicy::Again {
        max_attempts: 100,
        base: Span::from_millis(100),
        cap: Span::from_secs(20),
        max_age: None,
        multiplier_milli: 2_000,
        jitter: streamgauge::scenario::Jitter::Full,
    }
}

/// One shard of the model.
#[derive(Default)]
struct Lane {
    carry: f64,
    tokens: f64,
    held: f64,
    queue: VecDeque<(f64, f64)>,
    waiting: f64,
    in_flight: f64,
    oldest_in_flight: f64,
    free_at: f64,
}

/// Runs the model: `shares` says how the records divide over the shards.
pub fn run(scenario: &Scenario, shares: &[f64]) -> Timeline {
    let shards = shares.len();
    let width = Timeline::width_for(scenario.length, shards);
    let mut timeline = Timeline::new(scenario.length, width, shards, 1);
    let mut lanes: Vec<Lane> = shares.iter().map(|_| Lane::default()).collect();
    let (tick, seconds) = (0.1_f64.max(width.seconds_f64() / 100.0), width.seconds_f64());
    let bytes = match scenario.traffic.sizes {
        Sizes::Fixed { bytes } => f64::from(bytes) + 16.0,
        _ => 1_024.0,
    };
    let room = (1_048_576.0 / bytes).floor().min(1_000.0);
    let duration = scenario.consumers[0].duration;
    let batch = f64::from(scenario.consumers[0].batch_size);
    let keeps = matches!(scenario.producer.retry, RetryPolicy::Again { .. });
    for frame in 0..timeline.frames_total() {
        let mut stream = vec![0.0; Metric::COUNT];
        let mut shard = vec![0.0; ShardMetric::COUNT * shards];
        for step in 0..(seconds / tick).round() as usize {
            let now = frame as f64 * seconds + step as f64 * tick;
            let rate = scenario.traffic.rate_at(SimTime::from_micros((now * 1e6) as u64));
            for (index, lane) in lanes.iter_mut().enumerate() {
                let mut add =
                    |metric: ShardMetric, value: f64| shard[index * ShardMetric::COUNT + metric.index()] += value;
                lane.carry += rate * shares[index] * tick;
                let offered = lane.carry.floor();
                lane.carry -= offered;
                let wants = offered + lane.held;
                lane.tokens = (lane.tokens + room * tick).min(room);
                let accepted = wants.min(lane.tokens.floor());
                lane.tokens -= accepted;
                let rejected = wants - accepted;
                let kept = if keeps { rejected.min(scenario.producer.buffer as f64 * shares[index]) } else { 0.0 };
                let tried = if keeps { rejected.min((offered - accepted).max(room * tick * 0.4)) } else { rejected };
                add(ShardMetric::Offered, offered);
                add(ShardMetric::Stored, accepted);
                add(ShardMetric::StoredBytes, accepted * bytes);
                add(ShardMetric::Throttled, tried);
                stream[Metric::Offered.index()] += offered;
                stream[Metric::Stored.index()] += accepted;
                stream[Metric::StoredBytes.index()] += accepted * bytes;
                stream[Metric::Throttled.index()] += tried;
                stream[Metric::Retried.index()] += if keeps { tried } else { 0.0 };
                let lost = if keeps { Metric::LostBufferFull } else { Metric::LostIgnored };
                stream[lost.index()] += rejected - kept;
                lane.held = kept;
                if accepted > 0.0 {
                    lane.queue.push_back((now, accepted));
                    lane.waiting += accepted;
                }
                // The function: finishes, then takes the next batch, at most once a second when it has caught up.
                while lane.free_at <= now {
                    add(ShardMetric::Processed, lane.in_flight);
                    stream[Metric::Processed.index()] += lane.in_flight;
                    lane.in_flight = 0.0;
                    if lane.waiting < 1.0 {
                        lane.free_at = now + tick;
                        break;
                    }
                    let mut took = 0.0;
                    lane.oldest_in_flight = lane.queue.front().map_or(now, |(at, _)| *at);
                    while let Some((_, count)) = lane.queue.front_mut() {
                        let part = count.min(batch - took);
                        (took, *count) = (took + part, *count - part);
                        if *count > 0.0 {
                            break;
                        }
                        lane.queue.pop_front();
                    }
                    lane.waiting -= took;
                    lane.in_flight = took;
                    let busy = duration.fixed.seconds_f64() + duration.per_record.seconds_f64() * took;
                    let pause = if lane.waiting < 1.0 { (1.0 - busy).max(0.0) } else { 0.0 };
                    lane.free_at = lane.free_at.max(now - tick) + busy + pause;
                    add(ShardMetric::BusyMs, busy * 1e3);
                    stream[Metric::Invocations.index()] += 1.0;
                }
            }
        }
        let now = (frame + 1) as f64 * seconds;
        let mut oldest: f64 = 0.0;
        for (index, lane) in lanes.iter().enumerate() {
            let first =
                if lane.in_flight > 0.0 { Some(lane.oldest_in_flight) } else { lane.queue.front().map(|q| q.0) };
            let age = first.map_or(0.0, |at| now - at) * 1e3;
            oldest = oldest.max(age);
            shard[index * ShardMetric::COUNT + ShardMetric::IteratorAgeMs.index()] = age;
            shard[index * ShardMetric::COUNT + ShardMetric::Waiting.index()] = lane.waiting;
            shard[index * ShardMetric::COUNT + ShardMetric::InFlight.index()] = lane.in_flight;
        }
        stream[Metric::OpenShards.index()] = shards as f64;
        stream[Metric::AtProducer.index()] = lanes.iter().map(|lane| lane.held).sum();
        stream[Metric::Waiting.index()] = lanes.iter().map(|lane| lane.waiting).sum();
        stream[Metric::InFlight.index()] = lanes.iter().map(|lane| lane.in_flight).sum();
        stream[Metric::IteratorAgeMs.index()] = oldest;
        let p50 = oldest.max(550.0) * 0.98;
        stream[Metric::PutLatencyP50Ms.index()] = p50;
        stream[Metric::PutLatencyP99Ms.index()] = p50.max(1_000.0) * 1.02;
        timeline.push(&stream, &shard);
    }
    timeline
}

/// The moments that the time axis marks.
pub fn events(timeline: &Timeline) -> Vec<Event> {
    let first = |metric: Metric| timeline.seen_by(0).column(metric).iter().position(|value| *value > 0.0);
    let mut events = Vec::new();
    let mut push = |frame: usize, kind: EventKind, text: &str| {
        events.push(Event { at: timeline.end_of(frame), kind, text: text.to_owned() });
    };
    match first(Metric::LostIgnored) {
        Some(frame) => push(frame, EventKind::FirstLoss, "first throttle, first loss"),
        None => {
            if let Some(frame) = first(Metric::Throttled) {
                push(frame, EventKind::FirstThrottle, "first throttle");
            }
        }
    }
    let ages = timeline.seen_by(0).column(Metric::IteratorAgeMs);
    let latest = (0..ages.len()).fold(0, |best, frame| if ages[frame] > ages[best] { frame } else { best });
    if ages[latest] > 3_000.0 {
        push(latest, EventKind::LatestWork, "latest work");
        if let Some(after) = ages[latest..].iter().position(|age| *age < 3_000.0) {
            push(latest + after, EventKind::CaughtUp, "caught up");
        }
    }
    events
}
