//! The stream of a scenario: its capacity mode, how it is resharded, and the policy that scales it.

use super::document::Reader;
use super::fields::{self, number_value};
use crate::errors::ServiceError;
use crate::hash_key::HashKey;
use crate::units::{Bytes, Ratio, Span};
use serde_json::{Map, Value};

/// A data stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Capacity mode at the start.
    pub mode: StreamMode,
    /// Open shards at the start, dividing the hash space evenly. In on-demand mode: what it has grown to.
    pub shards: u32,
    /// How long a record stays readable.
    pub retention: Span,
    /// Depth of each shard's byte bucket. One second's worth is the strict reading; AWS also describes a tank of
    /// 10 MiB, and it is not documented whether that holds for a stream with 1 MiB records.
    pub byte_burst: Bytes,
    /// Data and partition key of its largest record: `MaxRecordSizeInKiB`.
    pub max_record: Bytes,
    /// Whether bytes are rounded up to kibibytes before they are charged, as documented.
    pub rounds_up: bool,
    /// How long a split or a merge takes, and each wave of `UpdateShardCount`.
    pub reshard: Span,
    /// On-demand: time from a load to the shards for it.
    pub scale_after: Span,
    /// On-demand Advantage: warm throughput in MiB/s; zero for none.
    pub warm_mib: u32,
    /// A policy that calls `UpdateShardCount`.
    pub autoscaler: Option<Autoscaler>,
    /// Other applications that read the stream.
    pub other_pollers: OtherPollers,
    /// Share of the answers that bring nothing although records lie ahead. An effect that is injected, and called so
    /// wherever it shows.
    pub empty_answers: Ratio,
}

/// Applications beside the consumer that read the stream with `GetRecords`: plain loops whose work takes no time.
/// They share the read limits of each shard with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherPollers {
    /// How many there are.
    pub count: u32,
    /// How long each sleeps after an answer.
    pub idle: Span,
    /// Records in one of their answers at most.
    pub limit: u32,
}

impl Stream {
    /// Open shards at the start: as many as it has, or as warm throughput needs.
    pub const fn open_at_start(&self) -> u32 {
        if self.warm_mib > self.shards { self.warm_mib } else { self.shards }
    }

    /// Whether the number of shards can change during the run, by the service or by a policy.
    pub const fn scales(&self) -> bool {
        self.mode.is_on_demand() || self.autoscaler.is_some()
    }
}

/// Capacity mode of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamMode {
    /// Shards that are paid for and changed by hand.
    Provisioned,
    /// On-demand Standard.
    OnDemand,
    /// On-demand in an account with On-demand Advantage.
    Advantage,
}

impl StreamMode {
    /// Whether the service scales the stream by itself.
    pub const fn is_on_demand(self) -> bool {
        !matches!(self, Self::Provisioned)
    }

    /// The word in a document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Provisioned => "provisioned",
            Self::OnDemand => "on_demand",
            Self::Advantage => "on_demand_advantage",
        }
    }

    /// The name, as the service writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Provisioned => "Provisioned",
            Self::OnDemand => "On-demand Standard",
            Self::Advantage => "On-demand Advantage",
        }
    }

    pub(super) fn of_word(word: &str) -> Self {
        let all = [Self::Provisioned, Self::OnDemand, Self::Advantage];
        all.into_iter().find(|mode| mode.word() == word).unwrap_or(Self::Provisioned)
    }
}

/// A scaling policy as people write it: it looks at a metric now and then, and calls `UpdateShardCount`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autoscaler {
    /// What it looks at.
    pub metric: PolicyMetric,
    /// How often it looks, and over how long a time it looks back.
    pub period: Span,
    /// How old the numbers are that it sees.
    pub delay: Span,
    /// It scales out when the metric was above this for `periods` looks; in the metric's unit.
    pub out_above: u32,
    /// By how many percent of the open shards it scales out; 100 doubles.
    pub out_percent: u32,
    /// It scales in when the metric was below this for `periods` looks; zero never does.
    pub in_below: u32,
    /// By how many percent of the open shards it scales in; 50 halves.
    pub in_percent: u32,
    /// Looks in a row that have to agree.
    pub periods: u32,
    /// After a call it does nothing for so long.
    pub cooldown: Span,
    /// Fewest shards that it asks for.
    pub min_shards: u32,
    /// Most shards that it asks for.
    pub max_shards: u32,
}

/// What a scaling policy looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyMetric {
    /// Stored records or bytes as a share of what the open shards accept, whichever is higher; percent.
    Utilization,
    /// `WriteProvisionedThroughputExceeded`, records in a period.
    Throttled,
    /// `GetRecords.IteratorAgeMilliseconds` of the consumer, in seconds.
    IteratorAge,
}

impl PolicyMetric {
    /// The word in a document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Utilization => "utilization",
            Self::Throttled => "throttled",
            Self::IteratorAge => "iterator_age",
        }
    }

    fn of_word(word: &str) -> Self {
        let all = [Self::Utilization, Self::Throttled, Self::IteratorAge];
        all.into_iter().find(|metric| metric.word() == word).unwrap_or(Self::Utilization)
    }
}

/// Reads the stream of a document and checks its fields against each other.
pub(super) fn read(read: &mut Reader<'_>) -> Stream {
    let stream = Stream {
        mode: StreamMode::of_word(read.text("stream.mode")),
        shards: read.small("stream.shards"),
        retention: Span::from_hours(read.number("stream.retention_h")),
        byte_burst: Bytes::from_mib(read.number("stream.byte_burst_mib")),
        max_record: Bytes::new(read.number("stream.max_record_kib") << 10),
        rounds_up: read.text("stream.rounding") != "none",
        reshard: read.span("stream.reshard_s"),
        scale_after: read.span("stream.scale_after_s"),
        warm_mib: read.small("stream.warm_mib"),
        autoscaler: autoscaler(read),
        other_pollers: OtherPollers {
            count: read.small("stream.other_pollers.count"),
            idle: read.span("stream.other_pollers.idle_ms"),
            limit: read.small("stream.other_pollers.limit"),
        },
        empty_answers: read.ratio("stream.empty_answers"),
    };
    if stream.warm_mib > 0 && stream.mode != StreamMode::Advantage {
        let message = format!("{}; choose 0, or the mode \"on_demand_advantage\"", ServiceError::NotAdvantage);
        read.wrong("stream.warm_mib", message);
    }
    if stream.autoscaler.is_some() && stream.mode.is_on_demand() {
        let message = format!("{} Choose \"none\", or the mode \"provisioned\"", ServiceError::OnDemand);
        read.wrong("stream.autoscaler.kind", message);
    }
    stream
}

fn autoscaler(read: &mut Reader<'_>) -> Option<Autoscaler> {
    if read.text("stream.autoscaler.kind") != "policy" {
        return None;
    }
    let of = |name: &str| format!("stream.autoscaler.{name}");
    let policy = Autoscaler {
        metric: PolicyMetric::of_word(read.text(&of("metric"))),
        period: read.span(&of("period_s")),
        delay: read.span(&of("delay_s")),
        out_above: read.small(&of("out_above")),
        out_percent: read.small(&of("out_percent")),
        in_below: read.small(&of("in_below")),
        in_percent: read.small(&of("in_percent")),
        periods: read.small(&of("periods")),
        cooldown: read.span(&of("cooldown_s")),
        min_shards: read.small(&of("min_shards")),
        max_shards: read.small(&of("max_shards")),
    };
    if policy.max_shards < policy.min_shards {
        let message = format!("{} is fewer than the fewest; choose {} or more", policy.max_shards, policy.min_shards);
        read.wrong(&of("max_shards"), message);
    }
    if policy.in_below > policy.out_above {
        let message = format!("would scale in what it scales out; choose at most {}", policy.out_above);
        read.wrong(&of("in_below"), message);
    }
    Some(policy)
}

/// A hash key as the service takes it: a decimal number below 2¹²⁸.
pub(super) fn hash_key(read: &mut Reader<'_>, path: &str) -> Option<HashKey> {
    let text = read.sound(path)?.as_str()?.to_owned();
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let value = text.parse::<u128>().ok().filter(|_| digits);
    if value.is_none() {
        let member = if path.ends_with("explicit_hash_key") { "explicitHashKey" } else { "newStartingHashKey" };
        let message = format!(
            "\"{text}\" is no hash key; write a decimal number from 0 to {} without sign or leading zeros. The service \
             says: {}",
            HashKey::MAX,
            super::request::of_hash_key(member, &text)
        );
        read.wrong(path, message);
    }
    value.map(HashKey::new)
}

/// The stream's group in a canonical document.
pub(super) fn write(stream: &Stream) -> Value {
    let mut group = Map::new();
    let number = |group: &mut Map<String, Value>, path: &str, scaled: u64| {
        let value = fields::field(path).and_then(fields::Field::number).map(|number| number_value(number, scaled));
        group.insert(path.rsplit('.').next().unwrap_or(path).to_owned(), value.unwrap_or_else(|| scaled.into()));
    };
    group.insert("mode".to_owned(), stream.mode.word().into());
    number(&mut group, "stream.shards", stream.shards.into());
    number(&mut group, "stream.retention_h", stream.retention.micros() / Span::from_hours(1).micros());
    number(&mut group, "stream.byte_burst_mib", stream.byte_burst.get() >> 20);
    number(&mut group, "stream.max_record_kib", stream.max_record.get() >> 10);
    group.insert("rounding".to_owned(), if stream.rounds_up { "documented" } else { "none" }.into());
    number(&mut group, "stream.reshard_s", stream.reshard.micros());
    number(&mut group, "stream.scale_after_s", stream.scale_after.micros());
    number(&mut group, "stream.warm_mib", stream.warm_mib.into());
    let mut policy = Map::new();
    match stream.autoscaler {
        None => {
            policy.insert("kind".to_owned(), "none".into());
        }
        Some(of) => {
            policy.insert("kind".to_owned(), "policy".into());
            policy.insert("metric".to_owned(), of.metric.word().into());
            for (name, scaled) in [
                ("period_s", of.period.micros()),
                ("delay_s", of.delay.micros()),
                ("out_above", of.out_above.into()),
                ("out_percent", of.out_percent.into()),
                ("in_below", of.in_below.into()),
                ("in_percent", of.in_percent.into()),
                ("periods", of.periods.into()),
                ("cooldown_s", of.cooldown.micros()),
                ("min_shards", of.min_shards.into()),
                ("max_shards", of.max_shards.into()),
            ] {
                number(&mut policy, &format!("stream.autoscaler.{name}"), scaled);
            }
        }
    }
    group.insert("autoscaler".to_owned(), policy.into());
    number(&mut group, "stream.empty_answers", stream.empty_answers.millionths().into());
    let (mut others, pollers) = (Map::new(), stream.other_pollers);
    number(&mut others, "stream.other_pollers.count", pollers.count.into());
    number(&mut others, "stream.other_pollers.idle_ms", pollers.idle.micros());
    number(&mut others, "stream.other_pollers.limit", pollers.limit.into());
    group.insert("other_pollers".to_owned(), others.into());
    group.into()
}
