//! Writes a scenario as its canonical document: every field, in the order of the table, nothing left to defaults.

use super::fields::{self, number_value};
use super::traffic::{Arrivals, Draws, Keys, Part};
use super::{Draft, HashKeys, Operation, Scenario, consumer, payload, producer, sizes, stream};
use crate::units::{MICROS_PER_SECOND, SimTime, Span};
use serde_json::{Map, Value, json};

/// Version of the file form that this program reads and writes.
pub const VERSION: u64 = 1;

/// The canonical document of a scenario; checking it gives the same scenario again.
pub fn of(scenario: &Scenario) -> Draft {
    let parts = scenario.traffic.parts.iter().map(part).collect::<Vec<_>>();
    let operations = scenario.operations.iter().map(|planned| {
        let mut group = Group::at("operations.0");
        group.time("at_s", planned.at);
        operation(&mut group, planned.operation);
        group.done()
    });
    let mut document = Group::at("");
    document.number("streamgauge", VERSION);
    document.word("name", &scenario.name);
    document.word("about", &scenario.about);
    document.number("seed", scenario.seed);
    document.span("length_s", scenario.length);
    document.value(
        "traffic",
        json!({
            "curve": parts,
            "arrivals": match scenario.traffic.arrivals { Arrivals::Even => "even", Arrivals::Poisson => "poisson" },
            "keys": keys(scenario.traffic.keys, scenario.traffic.hash_keys),
            "sizes": sizes::write(scenario.traffic.sizes),
            "payloads": payload::write(&scenario.traffic.payloads),
            "draws": match scenario.traffic.draws { Draws::Xoshiro => "xoshiro", Draws::Lcg => "lcg" },
        }),
    );
    document.value("producer", producer::write(&scenario.producer));
    document.value("stream", stream::write(&scenario.stream));
    document.value("consumers", scenario.consumers.iter().map(consumer::write).collect::<Vec<_>>().into());
    let mut account = Group::at("account");
    account.number("concurrency", scenario.account_concurrency.into());
    account.number("filters_per_mapping", scenario.filters_max.into());
    document.value("account", account.done());
    document.value("prices", super::prices::write(&scenario.prices));
    document.value("operations", operations.collect::<Vec<_>>().into());
    document.value("then", scenario.then.iter().map(super::hop::write).collect::<Vec<_>>().into());
    document.value("designs", scenario.designs.iter().map(super::design::write).collect::<Vec<_>>().into());
    document.value("deliver", scenario.deliver.iter().map(super::deliver::write).collect::<Vec<_>>().into());
    if let Some(video) = &scenario.video {
        document.value("video", super::video::write(video));
    }
    Draft::from_value(document.done())
}

/// A group of the document that is being written.
pub(super) struct Group {
    path: &'static str,
    map: Map<String, Value>,
}

impl Group {
    pub(super) fn at(path: &'static str) -> Self {
        Self { path, map: Map::new() }
    }

    pub(super) fn value(&mut self, name: &str, value: Value) {
        self.map.insert(name.to_owned(), value);
    }

    pub(super) fn word(&mut self, name: &str, word: &str) {
        self.value(name, word.into());
    }

    /// A number in units of the last decimal that its field has.
    pub(super) fn number(&mut self, name: &str, scaled: u64) {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        let number = fields::field(&path).and_then(fields::Field::number);
        self.value(name, number.map_or(scaled.into(), |number| number_value(number, scaled)));
    }

    /// A number, or null.
    pub(super) fn maybe(&mut self, name: &str, scaled: Option<u64>) {
        match scaled {
            Some(scaled) => self.number(name, scaled),
            None => self.value(name, Value::Null),
        }
    }

    pub(super) fn span(&mut self, name: &str, span: Span) {
        self.number(name, span.micros());
    }

    pub(super) fn time(&mut self, name: &str, at: SimTime) {
        self.number(name, at.micros());
    }

    pub(super) fn done(self) -> Value {
        Value::Object(self.map)
    }
}

fn part(part: &Part) -> Value {
    let mut group = Group::at("traffic.curve.0");
    match part {
        Part::Constant { rate } => {
            group.word("kind", "constant");
            group.number("per_s", rate.milli());
        }
        Part::Ramp { from, to, start, over } => {
            group.word("kind", "ramp");
            group.number("from_per_s", from.milli());
            group.number("to_per_s", to.milli());
            group.time("start_s", *start);
            group.span("over_s", *over);
        }
        Part::Spike { base, factor_milli, start, rise, hold, fall } => {
            group.word("kind", "spike");
            group.number("base_per_s", base.milli());
            group.number("factor", *factor_milli);
            group.time("start_s", *start);
            group.span("rise_s", *rise);
            group.span("hold_s", *hold);
            group.span("fall_s", *fall);
        }
        Part::DayWave { low, high, peak_at } => {
            group.word("kind", "day_wave");
            group.number("low_per_s", low.milli());
            group.number("high_per_s", high.milli());
            group.span("peak_at_s", *peak_at);
        }
        Part::Intervals { rows: list } => {
            group.word("kind", "intervals");
            let cells = list.iter().map(|(at, gap)| vec![at.micros(), gap.micros()]);
            group.value("intervals", rows("intervals", cells));
        }
        Part::Bursts { every, start, records, over } => {
            group.word("kind", "bursts");
            group.span("every_s", *every);
            group.time("start_s", *start);
            group.number("records", *records);
            group.span("within_ms", *over);
        }
        Part::Steps { steps } => {
            group.word("kind", "steps");
            group.value("steps", rows("steps", steps.iter().map(|(at, rate)| vec![at.micros(), rate.milli()])));
        }
        Part::Series(series) => {
            group.word("kind", "series");
            group.word("source", &series.source);
            group.value("rows", series_rows(&series.rows));
        }
    }
    group.done()
}

/// The rows of a series as they stand in a document.
pub(super) fn series_rows(list: &[super::SeriesRow]) -> Value {
    let cells = |row: &super::SeriesRow| {
        [Some(row.at.micros()), Some(row.length.micros()), Some(row.count), row.bytes].into_iter().flatten().collect()
    };
    rows("rows", list.iter().map(cells))
}

/// Rows of numbers, each in units of the last decimal of its column.
fn rows(name: &str, list: impl Iterator<Item = Vec<u64>>) -> Value {
    let field = fields::field(&format!("traffic.curve.0.{name}"));
    let columns = match field.map(|field| field.kind) {
        Some(fields::Kind::Rows(rows)) => rows.columns,
        _ => &[],
    };
    let row = |cells: Vec<u64>| -> Value {
        cells.into_iter().zip(columns).map(|(cell, (_, number))| number_value(*number, cell)).collect()
    };
    list.map(row).collect()
}

fn keys(keys: Keys, hash_keys: HashKeys) -> Value {
    let mut group = Group::at("traffic.keys");
    match keys {
        Keys::One => group.word("kind", "one"),
        Keys::Uniform { .. } => group.word("kind", "uniform"),
        Keys::Zipf { .. } => group.word("kind", "zipf"),
        Keys::Hot { .. } => group.word("kind", "hot"),
    }
    if keys != Keys::One {
        group.number("count", keys.count().into());
    }
    match keys {
        Keys::Zipf { exponent_milli, .. } => group.number("exponent", exponent_milli.into()),
        Keys::Hot { share, .. } => group.number("share", share.millionths().into()),
        Keys::One | Keys::Uniform { .. } => {}
    }
    match hash_keys {
        HashKeys::OfPartitionKey => group.value("explicit_hash_key", Value::Null),
        HashKeys::Even => group.word("explicit_hash_key", "even"),
        HashKeys::Explicit(key) => group.word("explicit_hash_key", &key.to_string()),
    }
    group.done()
}

fn operation(group: &mut Group, operation: Operation) {
    match operation {
        Operation::UpdateMapping { consumer, batch_size, batching_window, failures } => {
            group.word("kind", "update_mapping");
            group.number("consumer", consumer.into());
            group.number("batch_size", batch_size.into());
            group.number("batching_window_s", batching_window.micros() / MICROS_PER_SECOND);
            super::consumer::write_failures(group, failures);
        }
        Operation::DeployFunction { consumer, duration: model, injected_error_rate, poison } => {
            group.word("kind", "deploy_function");
            group.number("consumer", consumer.into());
            super::consumer::write_duration(group, model, injected_error_rate);
            super::consumer::write_poison(group, poison);
        }
        Operation::DeployProducer { retry: policy } => {
            group.word("kind", "deploy_producer");
            group.value("retry", producer::write_retry(policy));
        }
        Operation::KillHosts { hosts, down } => {
            group.word("kind", "kill_hosts");
            group.number("hosts", hosts.into());
            group.span("down_s", down);
        }
        Operation::KillWorkers { consumer, workers, down } => {
            group.word("kind", "kill_workers");
            group.number("consumer", consumer.into());
            group.number("workers", workers.into());
            group.span("down_s", down);
        }
        Operation::FreezeConsumer { consumer, span } => {
            group.word("kind", "freeze_consumer");
            group.number("consumer", consumer.into());
            group.span("for_s", span);
        }
        Operation::ThrottleAccount { concurrency, span } => {
            group.word("kind", "throttle_account");
            group.number("concurrency", concurrency.into());
            group.span("for_s", span);
        }
        Operation::LoseEnvironments { share } => {
            group.word("kind", "lose_environments");
            group.number("share", share.millionths().into());
        }
        Operation::SlowFunction { consumer, factor_milli, span } => {
            group.word("kind", "slow_function");
            group.number("consumer", consumer.into());
            group.number("factor", factor_milli.into());
            group.span("for_s", span);
        }
        Operation::SplitShard { shard, new_starting_hash_key } => {
            group.word("kind", "split_shard");
            group.number("shard", shard.into());
            if let Some(key) = new_starting_hash_key {
                group.word("new_starting_hash_key", &key.to_string());
            }
        }
        Operation::MergeShards { shard, adjacent } => {
            group.word("kind", "merge_shards");
            group.number("shard", shard.into());
            group.number("adjacent_shard", adjacent.into());
        }
        Operation::UpdateShardCount { target } => {
            group.word("kind", "update_shard_count");
            group.number("target_shards", target.into());
        }
        Operation::UpdateRetention { retention } => {
            group.word("kind", "update_retention");
            group.number("retention_h", retention.micros() / Span::from_hours(1).micros());
        }
        Operation::UpdateStreamMode { mode } => {
            group.word("kind", "update_stream_mode");
            group.word("mode", mode.word());
        }
        Operation::UpdateWarmThroughput { mib } => {
            group.word("kind", "update_warm_throughput");
            group.number("warm_mib", mib.into());
        }
    }
}
