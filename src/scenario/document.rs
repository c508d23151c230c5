//! The versioned file form: a checked document becomes a scenario, a scenario becomes its canonical document.
//!
//! What one field says alone is checked by `walk` against the field table; here the fields are checked against
//! each other. Where a field is wrong or missing, its default stands in, so that every problem shows at once.

use super::fields::{self, Default};
use super::traffic::{Arrivals, Draws, Keys, Part};
use super::{
    Consumer, ConsumerKind, Draft, HashKeys, Operation, PlannedOperation, Problem, Producer, PutCall, Scenario, Stream,
    StreamMode, Traffic, consumer, curve, deliver, design, filter, function, hop, payload, prices, producer, query,
    sizes, stream, video, walk,
};
use crate::limits;
use crate::units::{Ratio, SimTime, Span};
use serde_json::Value;

pub use super::canonical::{VERSION, of};

/// The scenario of a draft, or every problem it has.
pub fn check(draft: &Draft) -> Result<Scenario, Vec<Problem>> {
    draft.check()
}

/// Reads a draft by path. What `walk` found wrong reads as the default.
pub(super) struct Reader<'a> {
    draft: &'a Draft,
    problems: Vec<Problem>,
}

/// Called a hundred times from one place after the other: inlined they would be a tenth of the engine's module.
impl Reader<'_> {
    /// What stands at a path, unless there is a problem with it.
    #[inline(never)]
    pub(super) fn sound(&self, path: &str) -> Option<&Value> {
        self.draft.get(path).filter(|value| !value.is_null() && self.ok(path))
    }

    /// Whether something is written at a path and nothing is wrong with it; null, which says "none", is something.
    pub(super) fn is_written(&self, path: &str) -> bool {
        self.draft.get(path).is_some() && self.ok(path)
    }

    /// Whether nothing was found wrong at a path.
    pub(super) fn ok(&self, path: &str) -> bool {
        !self.problems.iter().any(|problem| problem.path == path)
    }

    /// Reports what two fields say against each other, unless the field has a problem of its own already.
    #[inline(never)]
    pub(super) fn wrong(&mut self, path: &str, message: String) {
        if self.ok(path) {
            self.problems.push(Problem::new(path, message));
        }
    }

    /// What was found wrong inside the group with this beginning of its paths, each at its path inside.
    pub(super) fn problems_within(&self, prefix: &str) -> Vec<Problem> {
        let inside = |problem: &Problem| {
            let path = problem.path.strip_prefix(prefix)?;
            Some(Problem::new(path, problem.message.as_str()))
        };
        self.problems.iter().filter_map(inside).collect()
    }

    /// What was found wrong in some parts of the document.
    pub(super) fn problems_in(&self, parts: &[&str]) -> Vec<Problem> {
        let inside = |problem: &&Problem| parts.contains(&problem.path.split('.').next().unwrap_or_default());
        self.problems.iter().filter(inside).cloned().collect()
    }

    /// Reports many, of one list.
    pub(super) fn wrong_rows(&mut self, path: &str, found: Vec<Problem>) {
        self.problems.extend(walk::shortened(found, path));
    }

    /// A number in units of its last decimal; `None` where nothing is written and the default is nothing.
    #[inline(never)]
    pub(super) fn maybe(&self, path: &str) -> Option<u64> {
        let field = fields::field(path)?;
        let number = field.number()?;
        let written = self.sound(path).and_then(|value| walk::scaled(value, number, "").ok());
        written.or(match field.default {
            Default::Number(scaled) => Some(scaled),
            _ => None,
        })
    }

    /// A number in units of its last decimal.
    #[inline(never)]
    pub(super) fn number(&self, path: &str) -> u64 {
        self.maybe(path).unwrap_or(0)
    }

    /// A number that fits in 32 bits by its range in the table.
    #[inline(never)]
    pub(super) fn small(&self, path: &str) -> u32 {
        u32::try_from(self.number(path)).unwrap_or(u32::MAX)
    }

    /// A time in seconds or milliseconds.
    pub(super) fn span(&self, path: &str) -> Span {
        Span::from_micros(self.number(path))
    }

    /// An instant in seconds.
    pub(super) fn at(&self, path: &str) -> SimTime {
        SimTime::from_micros(self.number(path))
    }

    /// A share from 0 to 1.
    pub(super) fn ratio(&self, path: &str) -> Ratio {
        Ratio::from_millionths(self.small(path)).unwrap_or(Ratio::ONE)
    }

    /// A text or a word of a choice.
    #[inline(never)]
    pub(super) fn text(&self, path: &str) -> &str {
        let default = fields::field(path).map_or("", |field| match field.default {
            Default::Text(text) => text,
            _ => "",
        });
        self.sound(path).and_then(Value::as_str).unwrap_or(default)
    }

    /// What stands at a path, or its default.
    pub(super) fn json(&self, path: &str) -> Value {
        let default = || fields::field(path).and_then(fields::Field::default_value);
        self.sound(path).cloned().or_else(default).unwrap_or(Value::Null)
    }

    /// How many items a list has.
    #[inline(never)]
    pub(super) fn items(&self, path: &str) -> usize {
        self.sound(path).and_then(Value::as_array).map_or(0, Vec::len)
    }
}

/// A consumer of which nothing is written.
pub(super) fn consumer_by_default() -> Consumer {
    let draft = Draft::from_value(Value::Null);
    consumer::read(&mut Reader { draft: &draft, problems: Vec::new() }, 0)
}

/// Builds the scenario and checks the fields against each other.
pub(super) fn build(draft: &Draft, problems: Vec<Problem>) -> Result<Scenario, Vec<Problem>> {
    build_behind(draft, problems, None)
}

/// What lies before a stream.
pub(super) struct Before {
    /// Streams.
    pub streams: u64,
    /// The curve of the first one.
    pub parts: Vec<Part>,
    /// Millionths of a record that are put for each of the first one.
    pub put_millionths: u64,
}

/// The same for a stream that follows others.
pub(super) fn build_behind(
    draft: &Draft,
    problems: Vec<Problem>,
    before: Option<&Before>,
) -> Result<Scenario, Vec<Problem>> {
    let mut read = Reader { draft, problems };
    let length = read.span("length_s");
    let producer = producer::read(&mut read);
    // A scenario without a list has one consumer with all defaults.
    let consumers: Vec<Consumer> =
        (0..read.items("consumers").max(1)).map(|index| consumer::read(&mut read, index)).collect();
    let account_concurrency = read.small("account.concurrency");
    let filters_max = read.small("account.filters_per_mapping");
    let mut reserved = 0;
    for (index, consumer) in consumers.iter().enumerate() {
        function::fits_account(&mut read, index, reserved, account_concurrency);
        filter::fit_account(&mut read, index, consumer.filters.len(), filters_max);
        if !consumer.filters.is_empty() && !consumer.source.is_pushed() && producer.aggregates() {
            let message = "aggregated records of the KPL are filtered only where they are pushed; choose SubscribeToShard, turn \
                           aggregation off, or remove it";
            read.wrong(&format!("consumers.{index}.filter_criteria"), message.to_owned());
        }
        reserved += consumer.function.reserved.unwrap_or(0);
    }
    let stream = stream::read(&mut read);
    consumer::registered_fit(&mut read, &consumers, stream.mode);
    let mut scenario = Scenario {
        name: read.text("name").to_owned(),
        about: read.text("about").to_owned(),
        seed: read.number("seed"),
        length,
        traffic: traffic(&mut read, length, &stream),
        producer,
        stream,
        prices: prices::read(&read),
        operations: operations(&mut read, length, producer, &consumers),
        consumers,
        account_concurrency,
        filters_max,
        then: Vec::new(),
        deliver: Vec::new(),
        designs: Vec::new(),
        video: None,
    };
    if let Some(before) = before {
        let Traffic { parts, put_millionths, .. } = &mut scenario.traffic;
        (*parts, *put_millionths) = (before.parts.clone(), Some(before.put_millionths));
    }
    query::fit(&mut read, &scenario);
    scenario.then = hop::read(&mut read, &scenario, before.map_or(0, |before| before.streams));
    scenario.deliver = deliver::read(&mut read, &scenario);
    scenario.designs = design::read(&mut read, &scenario);
    scenario.video = video::read(&mut read);
    if read.problems.is_empty() { Ok(scenario) } else { Err(in_order(read.problems)) }
}

/// Problems in the order of a canonical document, item by item; unknown names first in their group.
fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    let key = |problem: &Problem| {
        let mut prefix = String::new();
        let places = problem.path.split('.').map(|part| {
            prefix = walk::join(&prefix, part);
            let place = || fields::all().iter().position(|field| field.path == fields::pattern(&prefix)).unwrap_or(0);
            part.parse().unwrap_or_else(|_| place())
        });
        places.collect::<Vec<usize>>()
    };
    problems.sort_by_cached_key(key);
    problems
}

fn traffic(read: &mut Reader<'_>, length: Span, stream: &Stream) -> Traffic {
    let count = |read: &Reader<'_>| read.small("traffic.keys.count");
    let keys = match read.text("traffic.keys.kind") {
        "one" => Keys::One,
        "zipf" => Keys::Zipf { count: count(read), exponent_milli: read.small("traffic.keys.exponent") },
        "hot" => Keys::Hot { count: count(read), share: read.ratio("traffic.keys.share") },
        _ => Keys::Uniform { count: count(read) },
    };
    if matches!(keys, Keys::Hot { count: 1, .. }) {
        read.wrong("traffic.keys.count", "1 is too few beside a hot key; choose 2 or more".to_owned());
    }
    let hash_keys = match read.text("traffic.keys.explicit_hash_key") {
        "" => HashKeys::OfPartitionKey,
        "even" => HashKeys::Even,
        _ => stream::hash_key(read, "traffic.keys.explicit_hash_key")
            .map_or(HashKeys::OfPartitionKey, HashKeys::Explicit),
    };
    let sizes = sizes::read(read);
    let parts: Vec<Part> = (0..read.items("traffic.curve"))
        .filter_map(|i| curve::part(read, &format!("traffic.curve.{i}"), length))
        .collect();
    sizes::fit(read, sizes, &parts, stream);
    let arrivals = if read.text("traffic.arrivals") == "even" { Arrivals::Even } else { Arrivals::Poisson };
    let draws = if read.text("traffic.draws") == "lcg" { Draws::Lcg } else { Draws::Xoshiro };
    let payloads = payload::read(read);
    let traffic = Traffic { parts, arrivals, keys, hash_keys, sizes, payloads, draws, put_millionths: None };
    let offered = traffic.expected_records(length);
    let sound = !read.problems.iter().any(|problem| problem.path.starts_with("traffic.curve"));
    if sound && offered > limits::OFFERED_MAX as f64 {
        let message = format!(
            "offers about {} records; choose a shorter run or lower rates, for at most {}",
            limits::grouped(offered as u64),
            limits::grouped(limits::OFFERED_MAX)
        );
        read.wrong("traffic.curve", message);
    }
    traffic
}

/// Reports a field without which a call to the service says nothing.
fn needed(read: &mut Reader<'_>, path: &str) {
    if read.draft.get(path).is_none() {
        let label = fields::field(path).map_or("a value", |field| field.label);
        read.wrong(path, format!("ValidationException: {label} is missing; write it here"));
    }
}

/// The operations in order of time; what an operation does not name stays as it was.
fn operations(
    read: &mut Reader<'_>,
    length: Span,
    producer: Producer,
    consumers: &[Consumer],
) -> Vec<PlannedOperation> {
    let mut order: Vec<usize> = (0..read.items("operations")).collect();
    order.sort_by_key(|i| read.at(&format!("operations.{i}.at_s")));
    let (mut now, mut policy, mut planned) = (consumers.to_vec(), producer.retry, Vec::new());
    for i in order {
        let of = |name: &str| format!("operations.{i}.{name}");
        let at = read.at(&of("at_s"));
        if at.micros() >= length.micros() {
            let message = format!("is after the end of the run; choose less than {} s", length.seconds_f64());
            read.wrong(&of("at_s"), message);
        }
        let index = read.small(&of("consumer"));
        let Some(now) = now.get_mut(index as usize) else {
            let message = format!(
                "there {}; choose less than {}",
                if consumers.len() == 1 {
                    "is one consumer".to_owned()
                } else {
                    format!("are {} consumers, counted from 0", consumers.len())
                },
                consumers.len()
            );
            read.wrong(&of("consumer"), message);
            continue;
        };
        let operation = match read.text(&of("kind")) {
            "update_mapping" => {
                if now.kind != ConsumerKind::Lambda {
                    let message = "there is no mapping: the consumer is a \"poller\"; remove this operation";
                    read.wrong(&of("kind"), message.to_owned());
                }
                if read.sound(&of("batch_size")).is_some() {
                    now.batch_size = read.small(&of("batch_size"));
                }
                if read.sound(&of("batching_window_s")).is_some() {
                    now.batching_window = Span::from_secs(read.number(&of("batching_window_s")));
                }
                consumer::duration_fits(read, &of("batch_size"), now);
                now.failures = consumer::failures(read, &of, now.failures);
                let Consumer { batch_size, batching_window, failures, .. } = *now;
                Operation::UpdateMapping { consumer: index, batch_size, batching_window, failures }
            }
            "deploy_function" => {
                if read.sound(&of("fixed_ms")).is_some() {
                    now.duration.fixed = read.span(&of("fixed_ms"));
                }
                if read.sound(&of("per_record_ms")).is_some() {
                    now.duration.per_record = read.span(&of("per_record_ms"));
                }
                if read.sound(&of("spread")).is_some() {
                    now.duration.spread = read.ratio(&of("spread"));
                }
                if read.sound(&of("error_rate")).is_some() {
                    now.injected_error_rate = read.ratio(&of("error_rate"));
                }
                consumer::duration_fits(read, &of("per_record_ms"), now);
                now.poison = consumer::poison(read, &of, now.poison);
                let Consumer { duration, injected_error_rate, poison, .. } = *now;
                Operation::DeployFunction { consumer: index, duration, injected_error_rate, poison }
            }
            "deploy_producer" => {
                if matches!(producer.call, PutCall::Kpl(_)) {
                    let message = "the KPL has its own way with rejected records; remove this operation";
                    read.wrong(&of("kind"), message.to_owned());
                }
                if read.sound(&of("retry")).is_some() {
                    policy = producer::retry(read, &of("retry"));
                }
                Operation::DeployProducer { retry: policy }
            }
            "kill_hosts" => {
                let hosts = read.small(&of("hosts"));
                if hosts > producer.hosts {
                    let message = format!("there are {}; choose as many or fewer", producer.hosts);
                    read.wrong(&of("hosts"), message);
                }
                Operation::KillHosts { hosts, down: read.span(&of("down_s")) }
            }
            "kill_workers" => {
                let workers = read.small(&of("workers"));
                match now.kind {
                    ConsumerKind::Kcl(kcl) if workers > kcl.workers => {
                        read.wrong(&of("workers"), format!("there are {}; choose as many or fewer", kcl.workers));
                    }
                    ConsumerKind::Kcl(_) | ConsumerKind::Analytics(_) => {}
                    _ => read.wrong(&of("kind"), "the consumer has no workers; remove this operation".to_owned()),
                }
                Operation::KillWorkers { consumer: index, workers, down: read.span(&of("down_s")) }
            }
            "freeze_consumer" => Operation::FreezeConsumer { consumer: index, span: read.span(&of("for_s")) },
            "throttle_account" => Operation::ThrottleAccount {
                concurrency: read.small(&of("concurrency")),
                span: read.span(&of("for_s")),
            },
            "lose_environments" => Operation::LoseEnvironments { share: read.ratio(&of("share")) },
            "slow_function" => Operation::SlowFunction {
                consumer: index,
                factor_milli: read.small(&of("factor")),
                span: read.span(&of("for_s")),
            },
            "split_shard" => Operation::SplitShard {
                shard: read.small(&of("shard")),
                new_starting_hash_key: stream::hash_key(read, &of("new_starting_hash_key")),
            },
            "merge_shards" => {
                Operation::MergeShards { shard: read.small(&of("shard")), adjacent: read.small(&of("adjacent_shard")) }
            }
            "update_shard_count" => {
                needed(read, &of("target_shards"));
                Operation::UpdateShardCount { target: read.small(&of("target_shards")) }
            }
            "update_retention" => {
                needed(read, &of("retention_h"));
                Operation::UpdateRetention { retention: Span::from_hours(read.number(&of("retention_h"))) }
            }
            "update_stream_mode" => {
                needed(read, &of("mode"));
                Operation::UpdateStreamMode { mode: StreamMode::of_word(read.text(&of("mode"))) }
            }
            "update_warm_throughput" => {
                needed(read, &of("warm_mib"));
                Operation::UpdateWarmThroughput { mib: read.small(&of("warm_mib")) }
            }
            _ => continue,
        };
        planned.push(PlannedOperation { at, operation });
    }
    planned
}
