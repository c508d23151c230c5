//! What reads the stream: a Lambda event source mapping with its function, or a loop around `GetRecords`.

use super::analytics::{self, Analytics};
use super::canonical::Group;
use super::document::{self, Reader};
use super::filter::{self, Pattern};
use super::function::{self, Function};
use super::handler::{DurationFrom, HandlerKind, Handling};
use super::kcl::{self, Kcl};
use super::query::{self, Query};
use super::reading::{ReadSource, StartingPosition};
use super::stores::{self, Store, Writing};
use super::stream::StreamMode;
use super::tumbling::{self, Tumbling};
use crate::errors::ServiceError;
use crate::limits;
use crate::units::{MICROS_PER_SECOND, Ratio, SimTime, Span};
use serde_json::Value;
use std::sync::Arc;

/// What reads the stream, with its function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// What people call it; it does not influence the run. May be empty.
    pub name: String,
    /// How it reads.
    pub kind: ConsumerKind,
    /// How records come to it.
    pub source: ReadSource,
    /// When it begins.
    pub start: Span,
    /// Where in the stream it begins.
    pub position: StartingPosition,
    /// Whether its reads meet the limits of a shard. Without them a run says what the readers would take.
    pub read_limits: bool,
    /// `BatchSize`, 1 to 10,000.
    pub batch_size: u32,
    /// `MaximumBatchingWindowInSeconds` as a span, 0 to 300 s.
    pub batching_window: Span,
    /// `ParallelizationFactor`, 1 to 10: invocations of one shard at a time.
    pub parallelization: u32,
    /// `FilterCriteria`: records that match none of these are passed over; none lets every record through.
    pub filters: Vec<Pattern>,
    /// Tumbling windows.
    pub tumbling: Tumbling,
    /// What becomes of a batch that fails.
    pub failures: Failures,
    /// Wait before a failed batch is tried again for the first time; it doubles with each failure.
    pub retry_base: Span,
    /// The wait between tries never grows beyond this.
    pub retry_cap: Span,
    /// Records on which the function always fails: a fault that is injected.
    pub poison: Option<Poison>,
    /// Memory of the function in MB; it sets the price of a second, and its part of a vCPU.
    pub memory_mb: u32,
    /// What else a Lambda function is; of no meaning for a poller.
    pub function: Function,
    /// Who decides what an invocation does.
    pub handler: HandlerKind,
    /// The source text of its JavaScript; may stand there unused.
    pub code: Arc<str>,
    /// Its compiled module in base64; may stand there unused.
    pub module: Arc<str>,
    /// Who says how long an invocation takes.
    pub duration_from: DurationFrom,
    /// How long an invocation takes.
    pub duration: DurationModel,
    /// Share of invocations that fail. A fault that is injected, and called so wherever it shows.
    pub injected_error_rate: Ratio,
    /// Where it writes, if it writes anywhere.
    pub writes: Option<Writing>,
    /// The SQL that the plan of an analytics application was read from; may be empty.
    pub query: Arc<str>,
    /// What an analytics application computes; others have none.
    pub plan: Option<Arc<Query>>,
}

impl Consumer {
    /// Whether it is an event source mapping.
    pub const fn is_mapping(&self) -> bool {
        matches!(self.kind, ConsumerKind::Lambda)
    }

    /// Whether its reads are some of those that share the limits of a shard.
    pub const fn shares_reads(&self) -> bool {
        self.read_limits && !self.source.is_pushed()
    }

    /// Records in one batch at most.
    pub const fn batch_max(&self) -> u32 {
        match self.kind {
            ConsumerKind::Lambda => self.batch_size,
            ConsumerKind::Poller(poller) => poller.limit,
            ConsumerKind::Kcl(kcl) => kcl.limit,
            ConsumerKind::Analytics(analytics) => analytics.limit,
        }
    }

    /// Time of an invocation with so many records, before any chance.
    pub fn work(&self, records: u64) -> Span {
        let plain = self.duration.fixed + self.duration.per_record * records;
        match self.kind {
            ConsumerKind::Lambda => self.function.stretched(plain, self.memory_mb),
            ConsumerKind::Poller(_) | ConsumerKind::Kcl(_) => plain,
            ConsumerKind::Analytics(analytics) => {
                let micros = u128::from(records) * 1_000_000_000 / u128::from(analytics.subtask_milli());
                Span::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
            }
        }
    }

    /// Records per second of one of its workers or subtasks, in thousandths, where its shards share that.
    pub const fn worker_milli(&self) -> Option<u64> {
        match self.kind {
            ConsumerKind::Kcl(kcl) if kcl.worker_milli > 0 => Some(kcl.worker_milli),
            ConsumerKind::Analytics(analytics) => Some(analytics.subtask_milli()),
            _ => None,
        }
    }

    /// From one checkpoint of a shard to the next, where it writes any.
    pub const fn checkpoint_interval(&self) -> Option<Span> {
        match self.kind {
            ConsumerKind::Kcl(kcl) => Some(kcl.checkpoint),
            ConsumerKind::Analytics(analytics) => Some(analytics.checkpoint),
            ConsumerKind::Lambda | ConsumerKind::Poller(_) => None,
        }
    }

    /// Whether the length of an invocation is known only when its code has answered.
    pub fn waits_for_code(&self) -> bool {
        self.duration_from == DurationFrom::Code && self.handler != HandlerKind::Model
    }

    /// Who decides what its invocations do.
    pub fn handling(&self) -> Handling {
        let (code, module) = (Arc::clone(&self.code), Arc::clone(&self.module));
        Handling { kind: self.handler, code, module, duration_from: self.duration_from }
    }

    /// An invocation that takes longer is ended; only Lambda does that.
    pub const fn timeout(&self) -> Span {
        match self.kind {
            ConsumerKind::Lambda => self.function.timeout,
            _ => Span::from_micros(u64::MAX),
        }
    }

    /// What it is called on the page: its name, or what it is.
    pub fn title(&self) -> &str {
        match self.kind {
            _ if !self.name.is_empty() => &self.name,
            ConsumerKind::Lambda => "Lambda",
            ConsumerKind::Poller(_) => "Poller",
            ConsumerKind::Kcl(_) => "KCL",
            ConsumerKind::Analytics(_) => "Analytics",
        }
    }
}

impl Default for Consumer {
    /// What a document has that says nothing of its consumer.
    fn default() -> Self {
        document::consumer_by_default()
    }
}

/// What a mapping does with a batch that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// `BisectBatchOnFunctionError`.
    pub bisect: bool,
    /// `MaximumRetryAttempts`, 0 to 10,000; `None` tries until the records expire.
    pub max_retries: Option<u32>,
    /// `MaximumRecordAgeInSeconds` as a span, 60 s to 7 days; `None` for any age.
    pub max_record_age: Option<Span>,
    /// `FunctionResponseTypes`.
    pub responses: Responses,
    /// Where what is given up is reported.
    pub on_failure: OnFailure,
}

/// Whether the mapping asks which records of a batch failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Responses {
    /// It does not: a batch succeeds or fails as a whole.
    Whole,
    /// `ReportBatchItemFailures`: it goes on from the first record that failed.
    ItemFailures,
}

/// The on-failure destination of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// None: what is given up is gone without a trace.
    None,
    /// A queue, which gets the metadata of the batch.
    Sqs,
    /// A topic, which gets the metadata of the batch.
    Sns,
    /// A bucket, which gets the metadata and the event itself.
    S3,
}

impl OnFailure {
    const ALL: [Self; 4] = [Self::None, Self::Sqs, Self::Sns, Self::S3];

    /// The word in a document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sqs => "sqs",
            Self::Sns => "sns",
            Self::S3 => "s3",
        }
    }
}

/// Records on which the function always fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poison {
    /// Share of all records.
    pub rate: Ratio,
    /// Number of a key all of whose records are.
    pub key: Option<u32>,
}

/// How a consumer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsumerKind {
    /// A Lambda event source mapping with its function.
    Lambda,
    /// A loop around `GetRecords`.
    Poller(Poller),
    /// A KCL application.
    Kcl(Kcl),
    /// An analytics application.
    Analytics(Analytics),
}

/// A loop around `GetRecords`: reads, works on what it read, reads again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poller {
    /// `Limit`: records in one answer at most, 1 to 10,000.
    pub limit: u32,
    /// How long it sleeps after an answer without records, or after each.
    pub idle: Span,
    /// Whether it sleeps after each answer, as the KCL does, or only after one without records.
    pub always_sleeps: bool,
}

/// How long an invocation takes: `(fixed + per_record × records)`, times a random factor of mean one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurationModel {
    /// Time of an invocation before its first record.
    pub fixed: Span,
    /// Time for each record.
    pub per_record: Span,
    /// Half width of the uniform random factor around one.
    pub spread: Ratio,
    /// Which law the factor follows.
    pub law: DurationLaw,
}

/// The law of the random factor of a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurationLaw {
    /// Uniform within `1 ± spread`.
    Uniform,
    /// Exponential with mean one: mostly short, now and then very long.
    Exponential,
}

/// Reads one consumer of a document and checks its fields against each other.
pub(super) fn read(read: &mut Reader<'_>, index: usize) -> Consumer {
    let of = |name: &str| format!("consumers.{index}.{name}");
    let handling = Handling::read(read, &of);
    let consumer = Consumer {
        name: read.text(&of("name")).to_owned(),
        kind: match read.text(&of("kind")) {
            "poller" => ConsumerKind::Poller(Poller {
                limit: read.small(&of("limit")),
                idle: read.span(&of("idle_ms")),
                always_sleeps: read.text(&of("sleeps")) == "always",
            }),
            "kcl" => ConsumerKind::Kcl(kcl::read(read, &of)),
            "analytics" => ConsumerKind::Analytics(analytics::read(read, &of)),
            _ => ConsumerKind::Lambda,
        },
        source: match read.text(&of("source")) {
            ReadSource::PUSHED => ReadSource::SubscribeToShard { delay: read.span(&of("fan_out_ms")) },
            _ => ReadSource::GetRecords,
        },
        start: read.span(&of("start_s")),
        position: match read.text(&of("starting_position")) {
            "LATEST" => StartingPosition::Latest,
            "AT_TIMESTAMP" => StartingPosition::AtTimestamp(read.at(&of("starting_at_s"))),
            _ => StartingPosition::TrimHorizon,
        },
        read_limits: read.text(&of("read_limits")) != "lifted",
        batch_size: read.small(&of("batch_size")),
        batching_window: Span::from_secs(read.number(&of("batching_window_s"))),
        parallelization: read.small(&of("parallelization_factor")).max(1),
        filters: filter::read(read, &of("filter_criteria")),
        tumbling: tumbling::read(read, &of),
        failures: {
            let none = Failures {
                bisect: false,
                max_retries: None,
                max_record_age: None,
                responses: Responses::Whole,
                on_failure: OnFailure::None,
            };
            failures(read, &of, none)
        },
        retry_base: read.span(&of("retry_base_ms")),
        retry_cap: read.span(&of("retry_cap_s")),
        poison: poison(read, &of, None),
        memory_mb: read.small(&of("memory_mb")),
        function: function::read(read, index),
        handler: handling.kind,
        code: handling.code,
        module: handling.module,
        duration_from: handling.duration_from,
        duration: DurationModel {
            fixed: read.span(&of("fixed_ms")),
            per_record: read.span(&of("per_record_ms")),
            spread: read.ratio(&of("spread")),
            law: if read.text(&of("duration_law")) == "exponential" {
                DurationLaw::Exponential
            } else {
                DurationLaw::Uniform
            },
        },
        injected_error_rate: read.ratio(&of("error_rate")),
        writes: stores::writing(read, &of),
        query: read.text(&of("query")).into(),
        plan: (read.text(&of("kind")) == "analytics").then(|| query::read(read, &of).into()),
    };
    if consumer.plan.is_some() {
        analytics::fits(read, &of, &consumer);
    }
    duration_fits(read, &of("per_record_ms"), &consumer);
    consumer.handling().fits(read, &of);
    if consumer.handler == HandlerKind::Module && consumer.tumbling.is_on() {
        let message = "a module keeps no state of a window; choose 0, or \"javascript\"";
        read.wrong(&of("tumbling_window_s"), message.to_owned());
    }
    if let StartingPosition::AtTimestamp(at) = consumer.position
        && at.micros() > consumer.start.micros()
    {
        let message = format!("{}; choose less", ServiceError::TimestampInFuture { at, now: consumer.start });
        read.wrong(&of("starting_at_s"), message);
    }
    consumer
}

/// Reports those registered consumers that the stream does not take.
pub(super) fn registered_fit(read: &mut Reader<'_>, consumers: &[Consumer], mode: StreamMode) {
    let most = match mode {
        StreamMode::Advantage => limits::FAN_OUT_CONSUMERS_ADVANTAGE,
        StreamMode::Provisioned | StreamMode::OnDemand => limits::FAN_OUT_CONSUMERS,
    };
    let registered = (0..).zip(consumers).filter(|(_, consumer)| consumer.source.is_pushed());
    for (index, _) in registered.skip(most as usize) {
        let message = format!("{}; choose GetRecords", ServiceError::TooManyConsumers { most: most as u32 });
        read.wrong(&format!("consumers.{index}.source"), message);
    }
}

/// What becomes of failed batches, where it is written; the rest is as before.
pub(super) fn failures(read: &Reader<'_>, of: &impl Fn(&str) -> String, before: Failures) -> Failures {
    let mut now = before;
    let is_written = |name: &str| read.is_written(&of(name));
    if is_written("bisect") {
        now.bisect = read.text(&of("bisect")) == "on";
    }
    if is_written("max_retries") {
        now.max_retries = read.maybe(&of("max_retries")).and_then(|retries| u32::try_from(retries).ok());
    }
    if is_written("max_record_age_s") {
        now.max_record_age = read.maybe(&of("max_record_age_s")).map(Span::from_secs);
    }
    if is_written("responses") {
        now.responses = if read.text(&of("responses")) == "items" { Responses::ItemFailures } else { Responses::Whole };
    }
    if is_written("on_failure") {
        let word = read.text(&of("on_failure"));
        now.on_failure = OnFailure::ALL.into_iter().find(|to| to.word() == word).unwrap_or(OnFailure::None);
    }
    now
}

/// The records on which the function fails, if there are any; what is not written is as before.
pub(super) fn poison(read: &Reader<'_>, of: &impl Fn(&str) -> String, before: Option<Poison>) -> Option<Poison> {
    let Poison { mut rate, mut key } = before.unwrap_or(Poison { rate: Ratio::ZERO, key: None });
    if read.sound(&of("poison_rate")).is_some() {
        rate = read.ratio(&of("poison_rate"));
    }
    if read.is_written(&of("poison_key")) {
        key = read.maybe(&of("poison_key")).and_then(|key| u32::try_from(key).ok());
    }
    (rate > Ratio::ZERO || key.is_some()).then_some(Poison { rate, key })
}

/// Reports a function that could not finish a full batch before Lambda ends it.
pub(super) fn duration_fits(read: &mut Reader<'_>, path: &str, consumer: &Consumer) {
    let Consumer { kind: ConsumerKind::Lambda, duration, batch_size, .. } = *consumer else { return };
    // An exponential duration has no longest: its mean has to fit.
    let spread = if duration.law == DurationLaw::Uniform { duration.spread.millionths() } else { 0 };
    let plain = consumer.work(u64::from(batch_size));
    let slowest = u128::from(plain.micros()) * u128::from(1_000_000 + spread) / 1_000_000;
    if slowest > u128::from(limits::LAMBDA_TIMEOUT_MAX.micros()) {
        let message = format!(
            "a batch of {batch_size} could take {} s, and Lambda ends an invocation after {} s; choose less time or a \
             smaller batch",
            slowest.div_ceil(u128::from(MICROS_PER_SECOND)),
            limits::LAMBDA_TIMEOUT_MAX.seconds_f64()
        );
        read.wrong(path, message);
    }
}

/// The group of a consumer in a canonical document.
pub(super) fn write(of: &Consumer, stores: &[Store]) -> Value {
    let mut group = Group::at("consumers.0");
    group.word("name", &of.name);
    match of.kind {
        ConsumerKind::Lambda => {
            group.word("kind", "lambda");
            group.number("batch_size", of.batch_size.into());
            group.number("batching_window_s", of.batching_window.micros() / MICROS_PER_SECOND);
            group.number("parallelization_factor", of.parallelization.into());
            group.value("filter_criteria", of.filters.iter().map(filter::write).collect());
            tumbling::write(&mut group, &of.tumbling);
            write_failures(&mut group, of.failures);
            group.number("memory_mb", of.memory_mb.into());
            function::write(&mut group, &of.function);
        }
        ConsumerKind::Kcl(kcl) => {
            group.word("kind", "kcl");
            kcl::write(&mut group, &kcl);
        }
        ConsumerKind::Analytics(of_kind) => {
            group.word("kind", "analytics");
            analytics::write(&mut group, &of_kind);
            group.word("query", &of.query);
            if let Some(plan) = &of.plan {
                query::write(&mut group, plan);
            }
        }
        ConsumerKind::Poller(poller) => {
            group.word("kind", "poller");
            group.number("limit", poller.limit.into());
            group.span("idle_ms", poller.idle);
            group.word("sleeps", if poller.always_sleeps { "always" } else { "when_empty" });
        }
    }
    group.word("source", of.source.word());
    let delay = if let ReadSource::SubscribeToShard { delay } = of.source { delay } else { limits::FAN_OUT_DELAY };
    group.span("fan_out_ms", delay);
    group.span("start_s", of.start);
    group.word("starting_position", of.position.word());
    let at = if let StartingPosition::AtTimestamp(at) = of.position { at } else { SimTime::ZERO };
    group.time("starting_at_s", at);
    group.word("read_limits", if of.read_limits { "kept" } else { "lifted" });
    of.handling().write(&mut group);
    group.span("retry_base_ms", of.retry_base);
    group.span("retry_cap_s", of.retry_cap);
    write_poison(&mut group, of.poison);
    write_duration(&mut group, of.duration, of.injected_error_rate);
    let exponential = of.duration.law == DurationLaw::Exponential;
    group.word("duration_law", if exponential { "exponential" } else { "uniform" });
    stores::write_writing(&mut group, of, stores);
    group.done()
}

/// The fields about batches that fail.
pub(super) fn write_failures(group: &mut Group, of: Failures) {
    group.word("bisect", if of.bisect { "on" } else { "off" });
    group.maybe("max_retries", of.max_retries.map(u64::from));
    group.maybe("max_record_age_s", of.max_record_age.map(|age| age.micros() / MICROS_PER_SECOND));
    group.word("responses", if of.responses == Responses::ItemFailures { "items" } else { "whole" });
    group.word("on_failure", of.on_failure.word());
}

/// The fields about poison records.
pub(super) fn write_poison(group: &mut Group, of: Option<Poison>) {
    let Poison { rate, key } = of.unwrap_or(Poison { rate: Ratio::ZERO, key: None });
    group.number("poison_rate", rate.millionths().into());
    group.maybe("poison_key", key.map(u64::from));
}

/// The fields that a deploy of the function changes.
pub(super) fn write_duration(group: &mut Group, duration: DurationModel, error_rate: Ratio) {
    group.span("fixed_ms", duration.fixed);
    group.span("per_record_ms", duration.per_record);
    group.number("spread", duration.spread.millionths().into());
    group.number("error_rate", error_rate.millionths().into());
}
