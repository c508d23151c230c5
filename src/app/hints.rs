//! Sentences beside the knobs: what the numbers mean against the limits, before anything runs.

use super::capacity;
use super::words::{self, NBSP, int, rate, si, span_text};
use crate::limits;
use crate::scenario::{ConsumerKind, Part, PutCall, RetryPolicy, Scenario, SdkMode};
use crate::units::{SimTime, Span};

/// A sentence about a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The sentence.
    pub text: String,
    /// What it warns of.
    pub tone: HintTone,
}

/// What a hint warns of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintTone {
    /// Nothing.
    Plain,
    /// Records will be throttled or lost.
    Bad,
    /// Work will be late.
    Late,
}

impl Hint {
    /// A sentence that warns of nothing.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: HintTone::Plain }
    }

    fn new(text: String, tone: HintTone, warns: bool) -> Self {
        Self { text, tone: if warns { tone } else { HintTone::Plain } }
    }
}

/// How many records the traffic offers in all.
pub fn offered_in_all(scenario: &Scenario) -> String {
    format!("{} records", si(scenario.traffic.expected_records(scenario.length)))
}

/// About the traffic itself.
pub fn traffic(scenario: &Scenario) -> Vec<Hint> {
    let [Part::Series(series)] = scenario.traffic.parts.as_slice() else { return Vec::new() };
    if series.source.is_empty() { Vec::new() } else { vec![Hint::plain(format!("Source: {}", series.source))] }
}

/// How many keys there are and what a record costs.
pub fn keys_and_sizes(scenario: &Scenario) -> Vec<Hint> {
    let count = scenario.traffic.keys.count();
    let keys = if count == 1 { "One key.".to_owned() } else { format!("{} keys.", int(f64::from(count))) };
    let unit = limits::PUT_PAYLOAD_UNIT.get() as f64;
    let units = (capacity::mean_size(scenario.traffic.sizes) / unit).ceil().max(1.0);
    let plural = if units == 1.0 { "" } else { "s" };
    let kb = limits::PUT_PAYLOAD_UNIT.get() / 1_024;
    vec![Hint::plain(format!("{keys} A record is {} PUT unit{plural} of {kb}{NBSP}KB.", int(units)))]
}

/// The producer's call, in a few words.
pub fn call(scenario: &Scenario) -> String {
    match scenario.producer.call {
        PutCall::PutRecord => "PutRecord".to_owned(),
        PutCall::PutRecords { batch, .. } => format!("PutRecords × {}", int(f64::from(batch))),
        PutCall::Kpl(_) => "KPL".to_owned(),
    }
}

/// What becomes of rejected records.
pub fn producer(scenario: &Scenario, at: SimTime) -> Vec<Hint> {
    let (producer, _) = capacity::in_force(scenario, 0, at);
    let buffer = int(producer.buffer as f64);
    if let PutCall::Kpl(kpl) = producer.call {
        let ttl = span_text(kpl.ttl.seconds_f64());
        return vec![Hint::plain(format!("Rejected records are put again until they are {ttl} old."))];
    }
    vec![match producer.retry {
        RetryPolicy::Ignore => Hint::new("Ignored entries are lost.".to_owned(), HintTone::Bad, true),
        RetryPolicy::SdkOnly { mode } if producer.call == PutCall::PutRecord => {
            let attempts = if mode == SdkMode::Legacy { limits::LEGACY_ATTEMPTS } else { limits::SDK_ATTEMPTS };
            Hint::plain(format!("The SDK tries a throttled call {attempts} times in all, then it is lost."))
        }
        RetryPolicy::SdkOnly { .. } => {
            Hint::new("Entries that fail inside a 200 answer are lost.".to_owned(), HintTone::Bad, true)
        }
        RetryPolicy::Again { .. } => Hint::plain(format!("Up to {buffer} records wait here.")),
    }]
}

/// Room in the shards against the peak.
pub fn stream(scenario: &Scenario) -> Vec<Hint> {
    let peak = scenario.traffic.peak_rate(scenario.length);
    let each = capacity::room_per_shard(scenario);
    let room = capacity::room(scenario);
    let hot = capacity::hottest_share(scenario.traffic.keys) * peak;
    if scenario.stream.open_at_start() > 1 && hot > each {
        let (hot, each) = (int(rate(hot)), int(each));
        let text = format!("One key brings {hot} records/s and can use one shard, {each}.");
        return vec![Hint::new(text, HintTone::Bad, true)];
    }
    let mut hints = Vec::new();
    let pollers = scenario.stream.other_pollers;
    let readers = scenario.limited_readers();
    if readers > 1 {
        // A consumer asks once a second at least.
        let consumers = f64::from(readers - pollers.count);
        let asked = consumers + f64::from(pollers.count) / pollers.idle.seconds_f64();
        let answered = limits::SHARD_READ_CALLS_PER_SECOND.per_second_f64();
        let text = format!("All pollers ask a shard {} times a second; it answers {answered}.", words::short(asked));
        hints.push(Hint::new(text, HintTone::Late, asked > answered));
    }
    let why = if capacity::bytes_bind(scenario) { ": 1 MiB/s a shard binds" } else { "" };
    let text = format!("Room for {} records/s{why}, peak is {}.", int(room), int(rate(peak)));
    hints.insert(0, Hint::new(text, HintTone::Bad, peak > room));
    hints
}

/// Speed of a consumer's function against what a shard can bring.
pub fn consumer(scenario: &Scenario, of: usize, at: SimTime) -> Vec<Hint> {
    let (_, consumer) = capacity::in_force(scenario, of, at);
    let speed = capacity::function_per_shard(scenario, &consumer);
    let room = capacity::room_per_shard(scenario);
    let peak = scenario.traffic.peak_rate(scenario.length);
    let even = peak / f64::from(scenario.stream.open_at_start());
    let brings = room.min(even.max(capacity::hottest_share(scenario.traffic.keys) * peak));
    let does = match consumer.work(1) {
        Span::ZERO => "Does no work with what it reads".to_owned(),
        _ => format!("Processes {} records/s a shard", int(speed)),
    };
    let text = format!("{does}; a full shard brings {}.", int(room));
    let mut hints = vec![Hint::new(text, HintTone::Late, speed < brings)];
    if consumer.kind == ConsumerKind::Lambda {
        let full = capacity::full_batch_seconds(scenario, &consumer);
        let timeout = consumer.function.timeout.seconds_f64();
        if full > timeout {
            let text = format!("A full batch takes {} and is cut off after {}.", span_text(full), span_text(timeout));
            hints.push(Hint::new(text, HintTone::Late, true));
        }
        let (runs, shards) = (capacity::concurrency(scenario, &consumer), scenario.stream.open_at_start());
        if runs < shards * consumer.parallelization {
            let text =
                format!("Runs {} times at once at most, for {}.", int(runs.into()), words::shards(shards.into()));
            hints.push(Hint::new(text, HintTone::Late, speed * f64::from(runs) < peak));
        }
    }
    if consumer.injected_error_rate.millionths() > 0 {
        hints.push(Hint::plain("A failed batch is tried again and holds up its shard."));
    }
    if consumer.batching_window > Span::ZERO {
        let window = span_text(consumer.batching_window.seconds_f64());
        hints.push(Hint::plain(format!("A batch that is not full waits up to {window}.")));
    }
    hints
}
