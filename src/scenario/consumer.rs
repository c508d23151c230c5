//! What reads the stream: a Lambda event source mapping with its function, or a loop around `GetRecords`.

use super::canonical::Group;
use super::document::Reader;
use super::function::{self, Function};
use crate::errors::ServiceError;
use crate::limits;
use crate::units::{MICROS_PER_SECOND, Ratio, SimTime, Span};
use serde_json::Value;

/// What reads the stream, with its function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// What people call it; it does not influence the run. May be empty.
    pub name: String,
    /// How it reads.
    pub kind: ConsumerKind,
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
    /// Memory of the function in MB; it sets the price of a second, and its part of a vCPU.
    pub memory_mb: u32,
    /// What else a Lambda function is; of no meaning for a poller.
    pub function: Function,
    /// Who decides what an invocation does.
    pub handler: HandlerKind,
    /// How long an invocation takes.
    pub duration: DurationModel,
    /// Share of invocations that fail. A fault that is injected, and called so wherever it shows.
    pub injected_error_rate: Ratio,
}

impl Consumer {
    /// Records in one batch at most.
    pub const fn batch_max(&self) -> u32 {
        match self.kind {
            ConsumerKind::Lambda => self.batch_size,
            ConsumerKind::Poller(poller) => poller.limit,
        }
    }

    /// Time of an invocation with so many records, before any chance.
    pub fn work(&self, records: u64) -> Span {
        let plain = self.duration.fixed + self.duration.per_record * records;
        match self.kind {
            ConsumerKind::Lambda => self.function.stretched(plain, self.memory_mb),
            ConsumerKind::Poller(_) => plain,
        }
    }

    /// An invocation that takes longer is ended; only Lambda does that.
    pub const fn timeout(&self) -> Span {
        match self.kind {
            ConsumerKind::Lambda => self.function.timeout,
            ConsumerKind::Poller(_) => Span::from_micros(u64::MAX),
        }
    }

    /// What it is called on the page: its name, or what it is.
    pub fn title(&self) -> &str {
        match self.kind {
            _ if !self.name.is_empty() => &self.name,
            ConsumerKind::Lambda => "Lambda",
            ConsumerKind::Poller(_) => "Poller",
        }
    }
}

/// How a consumer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsumerKind {
    /// A Lambda event source mapping with its function.
    Lambda,
    /// A loop around `GetRecords`.
    Poller(Poller),
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

/// Where in the stream a consumer begins, as iterator types say it. What lies before is not read, by choice. Shards
/// that are opened later are read from their beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingPosition {
    /// At the oldest record that is kept.
    TrimHorizon,
    /// Behind the newest record at the instant at which it begins.
    Latest,
    /// At the first record that arrived then or later.
    AtTimestamp(SimTime),
}

impl StartingPosition {
    /// The word in a document, which is the service's.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TrimHorizon => "TRIM_HORIZON",
            Self::Latest => "LATEST",
            Self::AtTimestamp(_) => "AT_TIMESTAMP",
        }
    }

    /// What arrived before this instant is not read by a consumer that begins at `start`.
    pub const fn from(self, start: Span) -> SimTime {
        match self {
            Self::TrimHorizon => SimTime::ZERO,
            Self::Latest => SimTime::from_micros(start.micros()),
            Self::AtTimestamp(at) => at,
        }
    }
}

/// Who decides the outcome of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerKind {
    /// The engine: it succeeds unless the injected error rate says otherwise.
    Model,
    /// The host: the engine hands the invocation out and waits for an outcome.
    Host,
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
    let consumer = Consumer {
        name: read.text(&of("name")).to_owned(),
        kind: match read.text(&of("kind")) {
            "poller" => ConsumerKind::Poller(Poller {
                limit: read.small(&of("limit")),
                idle: read.span(&of("idle_ms")),
                always_sleeps: read.text(&of("sleeps")) == "always",
            }),
            _ => ConsumerKind::Lambda,
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
        memory_mb: read.small(&of("memory_mb")),
        function: function::read(read, index),
        handler: if read.text(&of("handler")) == "host" { HandlerKind::Host } else { HandlerKind::Model },
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
    };
    duration_fits(read, &of("per_record_ms"), &consumer);
    if let StartingPosition::AtTimestamp(at) = consumer.position
        && at.micros() > consumer.start.micros()
    {
        let message = format!("{}; choose less", ServiceError::TimestampInFuture { at, now: consumer.start });
        read.wrong(&of("starting_at_s"), message);
    }
    consumer
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
pub(super) fn write(of: &Consumer) -> Value {
    let mut group = Group::at("consumers.0");
    group.word("name", &of.name);
    match of.kind {
        ConsumerKind::Lambda => {
            group.word("kind", "lambda");
            group.number("batch_size", of.batch_size.into());
            group.number("batching_window_s", of.batching_window.micros() / MICROS_PER_SECOND);
            group.number("memory_mb", of.memory_mb.into());
            function::write(&mut group, &of.function);
        }
        ConsumerKind::Poller(poller) => {
            group.word("kind", "poller");
            group.number("limit", poller.limit.into());
            group.span("idle_ms", poller.idle);
            group.word("sleeps", if poller.always_sleeps { "always" } else { "when_empty" });
        }
    }
    group.span("start_s", of.start);
    group.word("starting_position", of.position.word());
    let at = if let StartingPosition::AtTimestamp(at) = of.position { at } else { SimTime::ZERO };
    group.time("starting_at_s", at);
    group.word("read_limits", if of.read_limits { "kept" } else { "lifted" });
    group.word("handler", if of.handler == HandlerKind::Host { "host" } else { "model" });
    write_duration(&mut group, of.duration, of.injected_error_rate);
    let exponential = of.duration.law == DurationLaw::Exponential;
    group.word("duration_law", if exponential { "exponential" } else { "uniform" });
    group.done()
}

/// The fields that a deploy of the function changes.
pub(super) fn write_duration(group: &mut Group, duration: DurationModel, error_rate: Ratio) {
    group.span("fixed_ms", duration.fixed);
    group.span("per_record_ms", duration.per_record);
    group.number("spread", duration.spread.millionths().into());
    group.number("error_rate", error_rate.millionths().into());
}
