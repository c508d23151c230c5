//! What a scenario promises before it runs: room in the shards, speed of the function, what the hottest key brings.
//!
//! These are the closed forms a person would work out on paper. Sentences and hints use them; the engine never
//! does, and where a run says otherwise the run is right.

use crate::limits;
use crate::scenario::{
    Consumer, ConsumerKind, Keys, Operation, Part, Producer, PutCall, ReadSource, RetryPolicy, Scenario, Sizes,
};
use crate::units::{SimTime, Span};

/// Mean size of a data blob in bytes.
pub fn mean_size(sizes: Sizes) -> f64 {
    match sizes {
        Sizes::Fixed { bytes } => f64::from(bytes),
        Sizes::Uniform { min, max } => f64::from(min) / 2.0 + f64::from(max) / 2.0,
        Sizes::Mixed { bytes, large_bytes, large_share } => {
            f64::from(bytes) + (f64::from(large_bytes) - f64::from(bytes)) * large_share.as_f64()
        }
        Sizes::LogNormal { median, sigma_milli, cap } => {
            let sigma = f64::from(sigma_milli) / 1_000.0;
            (f64::from(median) * libm::exp(sigma * sigma / 2.0)).min(f64::from(cap))
        }
    }
}

/// Bytes that a record of mean size takes of a shard's limit: data and partition key. A series that is the whole
/// traffic and brings its sizes knows them.
pub fn record_bytes(scenario: &Scenario) -> f64 {
    let drawn = mean_size(scenario.traffic.sizes);
    let data = match scenario.traffic.parts.as_slice() {
        [Part::Series(series)] => {
            let (mut records, mut bytes) = (0.0, 0.0);
            for row in &series.rows {
                let count = row.count as f64;
                records += count;
                bytes += row.bytes.map_or(count * drawn, |bytes| bytes as f64);
            }
            if records > 0.0 { bytes / records } else { drawn }
        }
        _ => drawn,
    };
    data + beside_data(scenario, data)
}

/// Bytes beside the data of a user record: its partition key, or what the KPL's format takes.
fn beside_data(scenario: &Scenario, data: f64) -> f64 {
    let key = limits::PARTITION_KEY_BYTES.get() as f64;
    let PutCall::Kpl(kpl) = scenario.producer.call else { return key };
    // Tags and lengths; a key stands in the table once, however many records have it.
    const FRAME: f64 = 7.0;
    let together = (f64::from(kpl.aggregate_bytes) / (data + FRAME)).min(f64::from(kpl.aggregate_count));
    if !kpl.aggregates || together < 2.0 {
        return key;
    }
    let keys = f64::from(scenario.traffic.keys.count()) / f64::from(scenario.stream.open_at_start());
    FRAME + (key + 2.0) * (keys / together).min(1.0)
}

/// User records in a full Kinesis record of the KPL; one without aggregation.
pub fn records_together(scenario: &Scenario) -> f64 {
    match scenario.producer.call {
        PutCall::Kpl(kpl) if kpl.aggregates => {
            let together = (f64::from(kpl.aggregate_bytes) / record_bytes(scenario)).floor();
            together.min(f64::from(kpl.aggregate_count)).max(1.0)
        }
        _ => 1.0,
    }
}

/// Whether each record is rounded up before it is charged to a shard; in larger calls only the sum is.
pub fn rounds_each(scenario: &Scenario) -> bool {
    scenario.stream.rounds_up && scenario.producer.call == PutCall::PutRecord
}

/// Bytes that a record of mean size is charged to a shard. Sizes that differ are rounded up by half a step on average.
pub fn charged_bytes(scenario: &Scenario) -> f64 {
    let (bytes, step) = (record_bytes(scenario), limits::THROTTLE_ROUNDING.get() as f64);
    match scenario.traffic.sizes {
        _ if !rounds_each(scenario) => bytes,
        Sizes::Fixed { .. } => (bytes / step).ceil() * step,
        _ => bytes + step / 2.0,
    }
}

/// Records per second that one shard accepts in the long run, by whichever limit binds.
pub fn room_per_shard(scenario: &Scenario) -> f64 {
    by_count(scenario).min((limits::SHARD_WRITE_BYTES_PER_SECOND.get() as f64 / charged_bytes(scenario)).floor())
}

/// Whether the limit on bytes binds before the limit on records.
pub fn bytes_bind(scenario: &Scenario) -> bool {
    room_per_shard(scenario) < by_count(scenario)
}

/// User records per second that the limit on records leaves a shard.
pub fn by_count(scenario: &Scenario) -> f64 {
    limits::SHARD_RECORDS_PER_SECOND.per_second_f64() * records_together(scenario)
}

/// Records per second that the whole stream accepts in the long run, keys permitting.
pub fn room(scenario: &Scenario) -> f64 {
    room_per_shard(scenario) * f64::from(scenario.stream.open_at_start())
}

/// Share of all records that the hottest key has, and whether it stands out from an even spread.
pub fn hottest_share(keys: Keys) -> f64 {
    match keys {
        Keys::One => 1.0,
        Keys::Uniform { count } => 1.0 / f64::from(count),
        Keys::Hot { share, .. } => share.as_f64(),
        Keys::Zipf { count, exponent_milli } => {
            // The harmonic sum, its tail by the integral: close enough for a sentence, and quick for a million keys.
            const HEAD: u32 = 1_000;
            let exponent = f64::from(exponent_milli) / 1_000.0;
            let head: f64 = (1..=count.min(HEAD)).map(|k| libm::pow(f64::from(k), -exponent)).sum();
            let (from, to) = (f64::from(HEAD) + 0.5, f64::from(count) + 0.5);
            let tail = if count <= HEAD {
                0.0
            } else if (exponent - 1.0).abs() < 1e-9 {
                libm::log(to / from)
            } else {
                (libm::pow(to, 1.0 - exponent) - libm::pow(from, 1.0 - exponent)) / (1.0 - exponent)
            };
            1.0 / (head + tail)
        }
    }
}

/// User records in a full batch: what the KPL puts together counts once against the batch size.
pub fn full_batch(scenario: &Scenario, consumer: &Consumer) -> f64 {
    f64::from(consumer.batch_max()) * records_together(scenario)
}

/// Mean time of an invocation with a full batch.
pub fn full_batch_seconds(scenario: &Scenario, consumer: &Consumer) -> f64 {
    consumer.work(full_batch(scenario, consumer) as u64).seconds_f64()
}

/// Records per second that the function processes of one shard when batches are full, and where a shard may have
/// several invocations at a time, when its keys are spread over all of them.
pub fn function_per_shard(scenario: &Scenario, consumer: &Consumer) -> f64 {
    let workers = match consumer.kind {
        ConsumerKind::Kcl(kcl) => kcl.workers,
        ConsumerKind::Analytics(of) => of.parallelism,
        ConsumerKind::Lambda | ConsumerKind::Poller(_) => 1,
    };
    if let Some(speed) = consumer.worker_milli() {
        // The busiest worker has this many shards.
        let shards = scenario.stream.open_at_start().div_ceil(workers);
        return speed as f64 / 1e3 / f64::from(shards);
    }
    let one = full_batch(scenario, consumer) / full_batch_seconds(scenario, consumer).max(1e-6);
    one * f64::from(consumer.parallelization)
}

/// Invocations of a function that may run at the same time: what it reserves, or what the account has left.
pub fn concurrency(scenario: &Scenario, consumer: &Consumer) -> u32 {
    let reserved = scenario.consumers.iter().filter_map(|other| other.function.reserved).sum();
    consumer.function.reserved.unwrap_or_else(|| scenario.account_concurrency.saturating_sub(reserved))
}

/// The oldest record may be this old without anything being late: a poll, the batching window, two full batches,
/// and never less than three seconds.
pub fn late_after(scenario: &Scenario, consumer: &Consumer) -> Span {
    let (wait, batch) = match consumer.kind {
        ConsumerKind::Lambda => {
            (limits::MAPPING_POLL_INTERVAL + consumer.batching_window, full_batch_seconds(scenario, consumer))
        }
        ConsumerKind::Analytics(of) => (of.interval, of.interval.seconds_f64()),
        ConsumerKind::Kcl(kcl) => (kcl.idle, consumer.duration.fixed.seconds_f64() + kcl.idle.seconds_f64()),
        // An answer may have far more records than usually wait: what comes during one sleep counts as a batch.
        ConsumerKind::Poller(poller) => {
            (poller.idle, consumer.duration.fixed.seconds_f64() + poller.idle.seconds_f64())
        }
    };
    let batches = (2.0 * batch * 1e6) as u64;
    let wait = if let ReadSource::SubscribeToShard { delay } = consumer.source { delay } else { wait };
    let usual = Span::from_micros(wait.micros() + batches);
    usual.max(Span::from_secs(3))
}

/// Producer and one of the consumers as the operations up to `at` have left them.
pub fn in_force(scenario: &Scenario, of: usize, at: SimTime) -> (Producer, Consumer) {
    let (mut producer, mut consumer) = (scenario.producer, scenario.consumers[of].clone());
    for planned in scenario.operations.iter().filter(|planned| planned.at <= at) {
        match planned.operation {
            Operation::UpdateMapping { consumer: to, batch_size, batching_window, failures } if to as usize == of => {
                consumer.batch_size = batch_size;
                consumer.batching_window = batching_window;
                consumer.failures = failures;
            }
            Operation::DeployFunction { consumer: to, duration, injected_error_rate, poison } if to as usize == of => {
                consumer.duration = duration;
                consumer.injected_error_rate = injected_error_rate;
                consumer.poison = poison;
            }
            Operation::DeployProducer { retry } => producer.retry = retry,
            // The others change the stream, or another consumer.
            _ => {}
        }
    }
    (producer, consumer)
}

/// Whether a producer tries rejected entries again by itself.
pub const fn sends_again(producer: &Producer) -> bool {
    matches!(producer.retry, RetryPolicy::Again { .. }) || matches!(producer.call, PutCall::Kpl(_))
}
