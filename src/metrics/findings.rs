//! Sentences that explain a run: cause, evidence, remedy. Each follows from the timeline up to a frame and
//! from the scenario, never from a guess.

mod changing;
mod failing;
mod function;
mod injected;
mod putting;
mod reading;
mod retention;
mod stores;
mod subtasks;
mod uneven;
mod workers;

use super::timeline::{Metric, ShardMetric};
use super::view::View;
use crate::limits;
use crate::scenario::{Consumer, ConsumerKind, RetryPolicy, Scenario, capacity};
use crate::text::{clock, int, span_text};
use crate::units::SimTime;
use crate::words::{capital, percent, rate_text, shards};
use serde_json::{Value, json};

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// A short name for machines: `hot-shard`, `failed-entries-ignored`, `falling-behind`, …
    pub id: &'static str,
    /// What it is about, which decides its sign and colour.
    pub tone: Tone,
    /// The cause, as a heading.
    pub cause: String,
    /// The evidence, with its numbers.
    pub evidence: String,
    /// What would help.
    pub remedy: String,
    /// The change that tries the remedy.
    pub remedy_try: Option<Try>,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Records were throttled or lost.
    Lost,
    /// Work is late.
    Late,
    /// Money is wasted.
    Cost,
    /// Nothing broke.
    Good,
}

/// A change to the scenario that tries a remedy.
#[derive(Clone, Debug, PartialEq)]
pub struct Try {
    /// The words on the button.
    pub label: String,
    /// Paths in the scenario document and their new values.
    pub edits: Vec<(String, Value)>,
}

impl Try {
    /// One edit. Called in so many places that it is worth a function.
    #[inline(never)]
    pub fn edit(path: &str, value: Value) -> Vec<(String, Value)> {
        vec![(path.to_owned(), value)]
    }
}

/// What looks for one finding, and whether it looks at what each consumer does.
type Look<'a> = (fn(&Seen<'a>) -> Option<Finding>, bool);

/// The findings after the first `frames` frames, most important first: about the stream once, about what consumers do
/// for each of them.
pub fn findings(scenario: &Scenario, timeline: View<'_>, frames: usize) -> Vec<Finding> {
    let frames = frames.min(timeline.frames());
    if frames == 0 {
        return Vec::new();
    }
    let seen = |consumer| Seen::new(scenario, timeline.seen_by(consumer), frames);
    let seen: Vec<Seen<'_>> = (0..timeline.consumers()).map(seen).collect();
    let looks: [Look<'_>; 43] = [
        (Seen::uneven, false),
        (Seen::ignored, false),
        (Seen::given_up, false),
        (Seen::buffer_full, false),
        (Seen::hosts_died, false),
        (Seen::on_demand_lag, false),
        (Seen::micro_bursts, false),
        (Seen::rounding_loss, false),
        (Seen::too_few_shards, false),
        (Seen::too_small_alone, false),
        (Seen::expired, true),
        (Seen::will_lose, true),
        (Seen::backlog_in_parents, true),
        (Seen::workers_died, true),
        (Seen::lease_table_refuses, true),
        (Seen::workers_and_shards, true),
        (Seen::account_throttled, true),
        (Seen::environments_lost, true),
        (Seen::slowed, true),
        (Seen::concurrency_binds, true),
        (Seen::timeouts, true),
        (Seen::store_refuses, true),
        (Seen::waits_after_outage, true),
        (Seen::store_busy, true),
        (Seen::falling_behind, true),
        (Seen::catching_up, true),
        (Seen::cold_starts, true),
        (Seen::blocked, true),
        (Seen::discarded, true),
        (Seen::failing, true),
        (Seen::few_keys, true),
        (Seen::tiny_batches, true),
        (Seen::written_twice, true),
        (Seen::overtaken, false),
        (Seen::duplicates, false),
        (Seen::reads_throttled, true),
        (Seen::empty_answers, true),
        (Seen::iterators_expire, true),
        (Seen::skipped, true),
        (Seen::filtered_out, true),
        (Seen::windows_end_early, true),
        (Seen::policy_overshoots, false),
        (Seen::refused, false),
    ];
    let mut found = Vec::new();
    for (look, of_each) in looks {
        for (consumer, seen) in seen.iter().enumerate().take(if of_each { seen.len() } else { 1 }) {
            found.extend(look(seen).map(|mut finding| {
                if of_each {
                    finding.cause = scenario.with_title(consumer, finding.cause);
                }
                finding
            }));
        }
    }
    if found.is_empty() && frames == timeline.frames_total() { vec![seen[0].nothing_broke()] } else { found }
}

/// Room above the peak that a remedy leaves.
const HEADROOM: f64 = 1.2;

/// What the findings look at.
struct Seen<'a> {
    scenario: &'a Scenario,
    timeline: View<'a>,
    frames: usize,
    width: f64,
    /// Records per second that a shard has room for, with the sizes that were seen.
    room: f64,
    /// Whether the byte limit binds before the record limit.
    bytes_bind: bool,
    /// Highest rate offered so far.
    peak: f64,
    throttled: f64,
    /// Shards that stand still for a batch that fails, with for how many seconds.
    blocked: Vec<(usize, f64)>,
}

impl<'a> Seen<'a> {
    fn new(scenario: &'a Scenario, timeline: View<'a>, frames: usize) -> Self {
        let width = timeline.width().seconds_f64();
        let (stored, bytes) = (timeline.total(Metric::Stored, frames), timeline.total(Metric::StoredBytes, frames));
        // What is charged: PutRecord rounds each record up.
        let charged =
            if capacity::rounds_each(scenario) { timeline.total(Metric::StoredKib, frames) * 1_024.0 } else { bytes };
        let mean = if stored > 0.0 { charged / stored } else { capacity::charged_bytes(scenario) };
        let by_bytes = (limits::SHARD_WRITE_BYTES_PER_SECOND.get() as f64 / mean).floor();
        // What the KPL puts together counts once against the limit on records.
        let entries = timeline.total(Metric::IncomingRecords, frames);
        let together = if entries > 0.0 { (stored / entries).max(1.0) } else { 1.0 };
        let by_count = limits::SHARD_RECORDS_PER_SECOND.per_second_f64() * together;
        // The curve itself, as far as the run has come: a count of random arrivals exceeds it now and then.
        let peak = scenario.traffic.peak_rate(timeline.end_of(frames - 1).since(SimTime::ZERO));
        Self {
            scenario,
            timeline,
            frames,
            width,
            room: by_count.min(by_bytes),
            bytes_bind: by_bytes < by_count,
            peak,
            throttled: timeline.total(Metric::Throttled, frames),
            blocked: failing::blocked_shards(timeline, frames),
        }
    }

    /// The highest rate that a counted column held for a quarter of a minute, so that a burst does not count.
    fn sustained(&self, column: &[f64]) -> f64 {
        let frames = ((15.0 / self.width).round() as usize).clamp(1, self.frames);
        let (mut sum, mut highest) = (0.0, 0.0f64);
        for frame in 0..self.frames {
            sum += column[frame] - if frame >= frames { column[frame - frames] } else { 0.0 };
            highest = highest.max(sum);
        }
        highest / (frames as f64 * self.width)
    }

    /// The highest sustained rate that any shard stored.
    fn fullest(&self) -> f64 {
        let shards = 0..self.timeline.shards();
        shards.map(|shard| self.sustained(self.timeline.shard_column(ShardMetric::Stored, shard))).fold(0.0, f64::max)
    }

    /// The consumer whose columns it looks at.
    fn consumer(&self) -> &Consumer {
        &self.scenario.consumers[self.timeline.consumer]
    }

    /// Where a field of that consumer stands in the document.
    fn path(&self, field: &str) -> String {
        format!("consumers.{}.{field}", self.timeline.consumer)
    }

    fn total(&self, metric: Metric) -> f64 {
        self.timeline.total(metric, self.frames)
    }

    fn shard_count(&self) -> f64 {
        f64::from(self.scenario.stream.open_at_start())
    }

    /// The shard that rejected most, and its share of what was offered while anything was rejected.
    fn hottest(&self) -> Option<(usize, f64)> {
        let column = |metric, shard| &self.timeline.shard_column(metric, shard)[..self.frames];
        let under_load: Vec<usize> =
            (0..self.frames).filter(|frame| self.timeline.column(Metric::Throttled)[*frame] > 0.0).collect();
        let offered = |shard| under_load.iter().map(|frame| column(ShardMetric::Offered, shard)[*frame]).sum::<f64>();
        let offered: Vec<f64> = (0..self.timeline.shards()).map(offered).collect();
        let all: f64 = offered.iter().sum();
        let rejected = |shard: &usize| self.timeline.shard_total(ShardMetric::Throttled, *shard, self.frames);
        let most = (0..self.timeline.shards()).max_by(|a, b| rejected(a).total_cmp(&rejected(b)))?;
        (all > 0.0).then(|| (most, offered[most] / all))
    }

    fn ignored(&self) -> Option<Finding> {
        let lost = self.total(Metric::LostIgnored);
        let sdk_only = matches!(self.scenario.producer.retry, RetryPolicy::SdkOnly { .. });
        let cause =
            if sdk_only { "The SDK does not repeat failed entries" } else { "The producer ignores failed entries" };
        (lost > 0.0).then(|| Finding {
            id: "failed-entries-ignored",
            tone: Tone::Lost,
            cause: cause.to_owned(),
            evidence: format!(
                "{} entries came back as ProvisionedThroughput\u{200b}ExceededException{}.",
                int(lost),
                match self.scenario.producer.call {
                    crate::scenario::PutCall::PutRecord => "",
                    _ => " in answers with status 200",
                }
            ),
            remedy: "Send failed entries again, with backoff.".to_owned(),
            remedy_try: Some(self.try_retries("Try with retries", 50)),
        })
    }

    fn given_up(&self) -> Option<Finding> {
        let (exhausted, old) = (self.total(Metric::LostExhausted), self.total(Metric::LostTooOld));
        (exhausted + old > 0.0).then(|| Finding {
            id: "retries-exhausted",
            tone: Tone::Lost,
            cause: "Retries give up too soon".to_owned(),
            evidence: format!(
                "{} records were given up, {} after their last attempt, {} for their age.",
                int(exhausted + old),
                int(exhausted),
                int(old)
            ),
            remedy: "Retries must outlast the overload, or there must be room for the peak.".to_owned(),
            remedy_try: Some(self.try_shards(self.peak / self.room)),
        })
    }

    fn buffer_full(&self) -> Option<Finding> {
        let lost = self.total(Metric::LostBufferFull);
        (lost > 0.0).then(|| Finding {
            id: "buffer-full",
            tone: Tone::Lost,
            cause: "The producer’s buffer overflows".to_owned(),
            evidence: format!("{} records fit; {} did not.", int(self.scenario.producer.buffer as f64), int(lost)),
            remedy: "Retries buy time, not room: add shards.".to_owned(),
            remedy_try: Some(self.try_shards(self.peak / self.room)),
        })
    }

    fn too_few_shards(&self) -> Option<Finding> {
        let needed = self.peak / self.room;
        let by_hand = !self.scenario.stream.scales();
        let enough = self.peak <= self.room * self.shard_count() || !by_hand;
        if self.throttled == 0.0 || enough || self.is_hot().is_some() {
            return None;
        }
        let have = u64::from(self.scenario.stream.open_at_start());
        let share = self.room * capacity_bytes(self) / limits::SHARD_WRITE_BYTES_PER_SECOND.get() as f64;
        let binding = if self.bytes_bind {
            format!("bytes bind: {} records of this size fill 1 MiB/s", int(self.room))
        } else {
            format!("records bind; bytes reach only {} of 1 MiB/s", percent(share))
        };
        Some(Finding {
            id: "too-few-shards",
            tone: Tone::Lost,
            cause: format!("{} {} too few for the peak", capital(&shards(have)), if have == 1 { "is" } else { "are" }),
            evidence: format!("{} records/s meet {have} × {}; {binding}.", rate_text(self.peak), int(self.room)),
            remedy: format!(
                "{} shards carry the peak, {} leave 20\u{a0}% room.",
                int(needed.ceil()),
                int((needed * HEADROOM).ceil())
            ),
            remedy_try: Some(self.try_shards(needed)),
        })
    }

    /// The frame at whose end work was latest, and how late, in seconds. What stands still for one batch does not count:
    /// it would not go faster with a faster function.
    fn latest(&self) -> Option<(usize, f64)> {
        let latest = |ages: &[f64]| {
            let worst = ages[..self.frames].iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            worst.map(|(frame, age)| (frame, age / 1e3))
        };
        if self.blocked.is_empty() {
            return latest(self.timeline.column(Metric::IteratorAgeMs));
        }
        let moves = |shard: &usize| self.blocked.iter().all(|(blocked, _)| blocked != shard);
        let shards = (0..self.timeline.shards()).filter(moves);
        let each = shards.filter_map(|shard| latest(self.timeline.shard_column(ShardMetric::IteratorAgeMs, shard)));
        each.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn falling_behind(&self) -> Option<Finding> {
        if self.store_binds() {
            return None;
        }
        let (frame, age) = self.latest()?;
        let at = self.timeline.end_of(frame);
        let (_, consumer) = capacity::in_force(self.scenario, self.timeline.consumer, at);
        if age <= capacity::late_after(self.scenario, &consumer).seconds_f64().max(20.0) {
            return None;
        }
        let speed = capacity::function_per_shard(self.scenario, &consumer);
        let busiest = self.fullest();
        // Where invocations are refused, a function that is fast enough is not the cause.
        if self.total(Metric::Throttles) > 0.0 && speed > busiest {
            return None;
        }
        let full = capacity::full_batch(self.scenario, &consumer);
        if let ConsumerKind::Analytics(of) = consumer.kind {
            return self.subtasks_behind(of, at, age);
        }
        let field = if consumer.kind == ConsumerKind::Lambda { "batch_size" } else { "limit" };
        let took = capacity::full_batch_seconds(self.scenario, &consumer);
        let evidence = format!(
            "One batch of a shard at a time: {} records in {}, {} records/s a shard; the fullest shard stored {}. Late by \
             {} at {}.",
            int(full),
            span_text(took),
            rate_text(speed),
            rate_text(busiest),
            span_text(age),
            clock(at.seconds_f64())
        );
        // With more records a batch, the fixed part of an invocation weighs less.
        let larger = (f64::from(consumer.batch_max()) * 10.0).min(limits::MAPPING_BATCH_MAX as f64);
        let records = larger * capacity::records_together(self.scenario);
        let with_larger = records / consumer.work(records as u64).seconds_f64().max(1e-6);
        let total = self.sustained(self.timeline.column(Metric::Stored));
        let (remedy, remedy_try) = if with_larger > busiest * 1.05 && with_larger > speed * 1.2 {
            let edits = Try::edit(&self.path(field), json!(larger as u64));
            let label = format!("Try batches of {}", int(larger));
            ("Larger batches: the fixed time of an invocation is paid less often.".to_owned(), Try { label, edits })
        } else {
            let needed = (self.peak.max(total) / speed).max(self.peak / self.room);
            (
                "Make the function faster, or add shards: each gets an invocation of its own.".to_owned(),
                self.try_shards(needed),
            )
        };
        Some(Finding {
            id: "falling-behind",
            tone: Tone::Late,
            cause: "The function is slower than the shard".to_owned(),
            evidence,
            remedy,
            remedy_try: Some(remedy_try),
        })
    }

    fn nothing_broke(&self) -> Finding {
        let fullest = self.fullest();
        let mean = self.total(Metric::Offered) / self.timeline.length().seconds_f64() / self.shard_count();
        Finding {
            id: "nothing-broke",
            tone: Tone::Good,
            cause: "Nothing broke".to_owned(),
            evidence: format!(
                "Peak {} records/s on {}, never over {} of a shard’s limit.",
                rate_text(self.peak),
                shards(u64::from(self.scenario.stream.open_at_start())),
                percent(fullest / self.room)
            ),
            remedy: format!("Over the whole run a shard uses {} of its room.", percent(mean / self.room)),
            remedy_try: match self.scenario.traffic.parts.as_slice() {
                [crate::scenario::Part::Spike { factor_milli, .. }] => Some(Try {
                    label: "Try twice the spike".to_owned(),
                    edits: Try::edit("traffic.curve.0.factor", json!(*factor_milli as f64 / 500.0)),
                }),
                _ => None,
            },
        }
    }

    fn try_shards(&self, needed: f64) -> Try {
        let count = ((needed * HEADROOM).ceil() as u64).clamp(1, limits::SHARDS_MAX);
        Try { label: format!("Try {}", shards(count)), edits: Try::edit("stream.shards", json!(count)) }
    }

    fn try_retries(&self, label: &str, attempts: u32) -> Try {
        let policy = json!({"kind": "again", "max_attempts": attempts, "base_ms": 100, "cap_ms": 5_000});
        Try { label: label.to_owned(), edits: Try::edit("producer.retry", policy) }
    }
}

/// Mean bytes of a stored record, key included.
fn capacity_bytes(seen: &Seen<'_>) -> f64 {
    let stored = seen.total(Metric::Stored).max(1.0);
    seen.total(Metric::StoredBytes) / stored
}
