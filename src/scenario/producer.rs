//! What puts the records: hosts, calls, what happens with rejected records and with answers that do not come.

use super::canonical::Group;
use super::document::Reader;
use crate::units::{Bytes, Ratio, Span};
use serde_json::Value;

/// What puts records: one application on some hosts, with an SDK or the KPL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Producer {
    /// Hosts that take the records in turn, 1 to 200. Each gathers its own calls and has its own client.
    pub hosts: u32,
    /// Which call it makes.
    pub call: PutCall,
    /// How many records fit in its memory, all hosts together, waiting for a batch or for another try. Beyond it, new
    /// records are lost.
    pub buffer: u64,
    /// What it does with a record that was rejected; the KPL has its own way.
    pub retry: RetryPolicy,
    /// Answers that do not come.
    pub timeouts: Timeouts,
    /// Whether it puts with `SequenceNumberForOrdering`: a record waits while an earlier one of its key does.
    pub ordered: bool,
}

/// The call that a producer makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutCall {
    /// One record a call.
    PutRecord,
    /// Several records a call; the call is sent when it is full or when its oldest record has waited `linger`.
    PutRecords {
        /// Records in a full call, 1 to 500.
        batch: u32,
        /// How long the oldest record of a call waits for company.
        linger: Span,
    },
    /// The Kinesis Producer Library makes `PutRecords` calls.
    Kpl(Kpl),
}

/// Settings of the Kinesis Producer Library, by its own names in the comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kpl {
    /// `AggregationEnabled`.
    pub aggregates: bool,
    /// `RecordMaxBufferedTime`.
    pub buffered: Span,
    /// `AggregationMaxSize`, bytes.
    pub aggregate_bytes: u32,
    /// `AggregationMaxCount`, user records.
    pub aggregate_count: u32,
    /// `CollectionMaxCount`, Kinesis records.
    pub collect_count: u32,
    /// `CollectionMaxSize`.
    pub collect_bytes: Bytes,
    /// `RateLimit`: percent of a shard's limits that one host sends to it.
    pub rate_percent: u32,
    /// `RecordTtl`.
    pub ttl: Span,
    /// `FailIfThrottled`: throttled records are given up instead of put again.
    pub fail_if_throttled: bool,
}

/// What a producer does with a rejected record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryPolicy {
    /// Nothing: it does not look at the answer. The record is lost.
    Ignore,
    /// What the SDK does by itself: it repeats a call that failed as a whole, so a throttled `PutRecord` is tried
    /// again, while entries that failed inside a 200 answer of `PutRecords` are lost.
    SdkOnly {
        /// The SDK's retry mode.
        mode: SdkMode,
    },
    /// Failed entries are sent again after a backoff that grows exponentially.
    Again {
        /// Attempts in all, the first included; 1 to 100.
        max_attempts: u32,
        /// Longest wait before the first retry; it grows with each retry.
        base: Span,
        /// The wait never grows beyond this.
        cap: Span,
        /// A record older than this is given up; `None` means it never is.
        max_age: Option<Span>,
        /// What the longest wait is multiplied by with each retry, in thousandths; 1,000 keeps it as it is.
        multiplier_milli: u32,
        /// Which part of the longest wait is waited.
        jitter: Jitter,
    },
}

impl RetryPolicy {
    /// Whether the SDK limits the rate at which it sends.
    #[inline]
    pub const fn is_adaptive(self) -> bool {
        matches!(self, Self::SdkOnly { mode: SdkMode::Adaptive })
    }
}

/// A retry mode of the AWS SDKs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SdkMode {
    /// Standard, as in JavaScript v3.
    Standard,
    /// Standard with `SMITHY_NEW_RETRIES_2026`.
    Standard2026,
    /// Standard, as in Python.
    PythonStandard,
    /// Legacy, the old default of Python: more attempts and no budget.
    Legacy,
    /// Adaptive: standard, and a limiter of the rate at which the client sends.
    Adaptive,
}

impl SdkMode {
    const WORDS: [(Self, &'static str); 5] = [
        (Self::Standard, "standard"),
        (Self::Standard2026, "standard_2026"),
        (Self::PythonStandard, "python_standard"),
        (Self::Legacy, "legacy"),
        (Self::Adaptive, "adaptive"),
    ];

    /// The mode as a document has it.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(mode, _)| *mode == self).map_or("standard", |(_, word)| word)
    }

    fn of_word(word: &str) -> Self {
        Self::WORDS.iter().find(|(_, known)| *known == word).map_or(Self::Standard, |(mode, _)| *mode)
    }
}

/// Which part of a backoff is waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// A random share of it, from none to all.
    Full,
    /// Half of it and a random share of the other half.
    Equal,
    /// All of it.
    None,
}

impl Jitter {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Equal => "equal",
            Self::None => "none",
        }
    }

    pub(super) fn of_word(word: &str) -> Self {
        match word {
            "equal" => Self::Equal,
            "none" => Self::None,
            _ => Self::Full,
        }
    }
}

/// Answers of put calls that do not reach the producer, though the stream did its part. A fault that is injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Share of calls without an answer.
    pub rate: Ratio,
    /// How long the producer waits for one.
    pub after: Span,
}

impl Producer {
    /// Whether one host puts, every call is answered at once, and nothing holds records back.
    pub fn is_plain(&self) -> bool {
        self.hosts == 1
            && !self.ordered
            && self.timeouts.rate == Ratio::ZERO
            && !self.retry.is_adaptive()
            && !matches!(self.call, PutCall::Kpl(_))
    }

    /// Whether its Kinesis records have several user records.
    pub const fn aggregates(&self) -> bool {
        matches!(self.call, PutCall::Kpl(Kpl { aggregates: true, .. }))
    }
}

/// Reads the producer's group.
pub(super) fn read(read: &mut Reader<'_>) -> Producer {
    let kpl = |read: &Reader<'_>| Kpl {
        aggregates: read.text("producer.aggregation") != "off",
        buffered: read.span("producer.buffered_ms"),
        aggregate_bytes: read.small("producer.aggregation_bytes"),
        aggregate_count: read.small("producer.aggregation_count"),
        collect_count: read.small("producer.collection_count"),
        collect_bytes: Bytes::new(read.number("producer.collection_bytes")),
        rate_percent: read.small("producer.rate_percent"),
        ttl: read.span("producer.ttl_s"),
        fail_if_throttled: read.text("producer.if_throttled") == "fail",
    };
    let producer = Producer {
        hosts: read.small("producer.hosts"),
        call: match read.text("producer.call") {
            "PutRecord" => PutCall::PutRecord,
            "KPL" => PutCall::Kpl(kpl(read)),
            _ => PutCall::PutRecords { batch: read.small("producer.batch"), linger: read.span("producer.linger_ms") },
        },
        buffer: read.number("producer.buffer"),
        retry: retry(read, "producer.retry"),
        timeouts: Timeouts { rate: read.ratio("producer.timeout_rate"), after: read.span("producer.timeout_ms") },
        ordered: read.text("producer.order") == "by_key",
    };
    match producer.call {
        PutCall::PutRecords { batch, .. } if producer.buffer < u64::from(batch) => {
            let message = format!("{} records cannot fill a call of {batch}; choose {batch} or more", producer.buffer);
            read.wrong("producer.buffer", message);
        }
        PutCall::Kpl(kpl) if kpl.ttl <= kpl.buffered => {
            let message = format!("is no longer than the buffering; choose more than {} s", kpl.buffered.seconds_f64());
            read.wrong("producer.ttl_s", message);
        }
        _ => {}
    }
    producer
}

/// Reads a policy for rejected records.
pub(super) fn retry(read: &mut Reader<'_>, path: &str) -> RetryPolicy {
    let of = |name: &str| format!("{path}.{name}");
    match read.text(&of("kind")) {
        "sdk" => RetryPolicy::SdkOnly { mode: SdkMode::of_word(read.text(&of("mode"))) },
        "again" => {
            let (base, cap) = (read.span(&of("base_ms")), read.span(&of("cap_ms")));
            if base > cap {
                let message = format!("is shorter than the first backoff; choose {} ms or more", base.millis_f64());
                read.wrong(&of("cap_ms"), message);
            }
            RetryPolicy::Again {
                max_attempts: read.small(&of("max_attempts")),
                base,
                cap,
                max_age: read.maybe(&of("max_age_s")).map(Span::from_micros),
                multiplier_milli: read.small(&of("multiplier")),
                jitter: Jitter::of_word(read.text(&of("jitter"))),
            }
        }
        _ => RetryPolicy::Ignore,
    }
}

/// The producer's group in a canonical document.
pub(super) fn write(producer: &Producer) -> Value {
    let mut group = Group::at("producer");
    group.number("hosts", producer.hosts.into());
    match producer.call {
        PutCall::PutRecord => {
            group.word("call", "PutRecord");
            group.word("order", if producer.ordered { "by_key" } else { "none" });
        }
        PutCall::PutRecords { batch, linger } => {
            group.word("call", "PutRecords");
            group.number("batch", batch.into());
            group.span("linger_ms", linger);
        }
        PutCall::Kpl(kpl) => {
            group.word("call", "KPL");
            group.word("aggregation", if kpl.aggregates { "on" } else { "off" });
            group.span("buffered_ms", kpl.buffered);
            group.number("aggregation_bytes", kpl.aggregate_bytes.into());
            group.number("aggregation_count", kpl.aggregate_count.into());
            group.number("collection_count", kpl.collect_count.into());
            group.number("collection_bytes", kpl.collect_bytes.get());
            group.number("rate_percent", kpl.rate_percent.into());
            group.span("ttl_s", kpl.ttl);
            group.word("if_throttled", if kpl.fail_if_throttled { "fail" } else { "again" });
        }
    }
    group.number("buffer", producer.buffer);
    group.number("timeout_rate", producer.timeouts.rate.millionths().into());
    group.span("timeout_ms", producer.timeouts.after);
    if !matches!(producer.call, PutCall::Kpl(_)) {
        group.value("retry", write_retry(producer.retry));
    }
    group.done()
}

/// A policy for rejected records in a canonical document.
pub(super) fn write_retry(policy: RetryPolicy) -> Value {
    let mut group = Group::at("producer.retry");
    match policy {
        RetryPolicy::Ignore => group.word("kind", "ignore"),
        RetryPolicy::SdkOnly { mode } => {
            group.word("kind", "sdk");
            group.word("mode", mode.word());
        }
        RetryPolicy::Again { max_attempts, base, cap, max_age, multiplier_milli, jitter } => {
            group.word("kind", "again");
            group.number("max_attempts", max_attempts.into());
            group.span("base_ms", base);
            group.span("cap_ms", cap);
            match max_age {
                Some(age) => group.span("max_age_s", age),
                None => group.value("max_age_s", Value::Null),
            }
            group.number("multiplier", multiplier_milli.into());
            group.word("jitter", jitter.word());
        }
    }
    group.done()
}
