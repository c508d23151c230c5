//! What the sentences choose from: the rates around the cursor and the account up to it, and the sentences that
//! are said while the run goes on.

use super::{Verdict, verdict_of};
use crate::app::capacity;
use crate::app::reading::{LOSSES, Reading};
use crate::app::words::{self, capital, rough, span_text};
use crate::metrics::{Ledger, Metric, Outlook, ShardMetric, View};
use crate::scenario::{Consumer, Part, Producer, Scenario};
use crate::units::{SimTime, Span};

/// The offered rate over the last seconds: the curve's own where what came agrees with it, so that chance does not
/// flicker in the sentence.
fn calm_rate(scenario: &Scenario, reading: &Reading, window: f64) -> f64 {
    let (came, curve) = (reading.rate(Metric::Offered, window), scenario.traffic.rate_at(reading.at()));
    let chance = 0.03 * curve + 3.0 * (curve / window).sqrt();
    if (came - curve).abs() <= chance { curve } else { came }
}

/// What the sentences choose from: the rates around the cursor and the account up to it.
pub(super) struct State<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) reading: Reading<'a>,
    pub(super) producer: Producer,
    pub(super) consumer: Consumer,
    pub(super) ledger: Ledger,
    pub(super) outlook: Outlook,
    /// Records per second, rounded: offered, stored, processed.
    pub(super) offered: f64,
    pub(super) stored: f64,
    pub(super) processed: f64,
    /// Records lost per second, and the rate below which it is noise.
    pub(super) loss: f64,
    pub(super) noise: f64,
    /// Age of the oldest record in seconds, and the age from which on it is late.
    pub(super) age: f64,
    pub(super) late_after: Span,
    /// End of the rise and of the fall of the spike, if the traffic is one.
    pub(super) spike: Option<(SimTime, SimTime)>,
}

impl<'a> State<'a> {
    pub(super) fn new(scenario: &'a Scenario, timeline: View<'a>, frames: usize) -> Self {
        let reading = Reading::new(timeline, frames);
        let (producer, consumer) = capacity::in_force(scenario, timeline.consumer, reading.at());
        // Fifteen seconds are calm to read; where the traffic is changing they would lag behind it.
        let (long, short) = (reading.rate(Metric::Offered, 15.0), reading.rate(Metric::Offered, 3.0));
        let changing = (long - short).abs() > 0.08 * long.max(short) && (long - short).abs() > 20.0;
        let window: f64 = if changing { 3.0 } else { 15.0 };
        let loss = reading.loss_rate(window.min(5.0));
        let spike = match scenario.traffic.parts.as_slice() {
            [Part::Spike { start, rise, hold, fall, .. }] => Some((*start, *start + *rise + *hold + *fall)),
            _ => None,
        };
        Self {
            scenario,
            producer,
            ledger: reading.ledger(),
            outlook: Outlook::after(scenario, timeline, reading.frames()),
            offered: words::coarse_rate(calm_rate(scenario, &reading, window)),
            stored: words::coarse_rate(reading.rate(Metric::Stored, window)),
            processed: words::rate(reading.rate(Metric::Processed, if changing { 5.0 } else { 20.0 })),
            loss,
            noise: (short * 0.002).max(0.5),
            age: reading.age(),
            late_after: capacity::late_after(scenario, &consumer),
            consumer,
            spike,
            reading,
        }
    }

    /// Open shards.
    fn open(&self) -> u64 {
        self.reading.open_shards(self.scenario)
    }

    /// The shards as a subject.
    pub(super) fn shards(&self) -> String {
        words::shards(self.open())
    }

    /// Verb ending for the shards as a subject.
    pub(super) fn verb(&self, plural: &str) -> String {
        if self.open() == 1 { format!("{plural}s") } else { plural.to_owned() }
    }

    pub(super) fn is_late(&self) -> bool {
        self.age > self.late_after.seconds_f64()
    }

    /// The producer holds clearly more than what the calls under way explain.
    pub(super) fn holds_back(&self) -> bool {
        let held = self.ledger.at_producer as f64;
        held > 500.0 && held > 2.0 * self.offered.max(self.stored)
    }

    pub(super) fn falls_behind(&self) -> bool {
        let slope = self.stored - self.processed;
        slope > 20.0_f64.max(0.02 * self.processed) || self.holds_back() && self.offered >= self.stored
    }

    /// Share of the offered records that is gone: lost, expired or discarded.
    pub(super) fn gone(&self) -> u64 {
        self.ledger.lost() + self.ledger.expired + self.ledger.discarded
    }

    /// The shard that rejects nearly everything that is rejected, if others have room.
    pub(super) fn hot_shard(&self) -> Option<(usize, f64)> {
        let shards = self.reading.shards();
        if shards < 2 {
            return None;
        }
        let rates: Vec<f64> =
            (0..shards).map(|shard| self.reading.shard_rate(ShardMetric::Throttled, shard, 10.0)).collect();
        let total: f64 = rates.iter().sum();
        let (shard, most) =
            rates.iter().copied().enumerate().fold((0, 0.0), |best, one| if one.1 > best.1 { one } else { best });
        (total > 0.0 && most > 0.8 * total).then(|| (shard, self.reading.shard_rate(ShardMetric::Offered, shard, 10.0)))
    }

    /// What the producer does with rejected records, as the reason of a loss.
    pub(super) fn why_lost(&self) -> String {
        let held = words::int(self.producer.buffer as f64);
        let (metric, _) = LOSSES
            .into_iter()
            .map(|metric| (metric, self.reading.rate(metric, 15.0)))
            .fold((Metric::LostIgnored, 0.0), |best, one| if one.1 > best.1 { one } else { best });
        match metric {
            Metric::LostExhausted => "The producer gives a record up after its last attempt.".to_owned(),
            Metric::LostTooOld => "The producer gives up what has grown too old.".to_owned(),
            Metric::LostBufferFull => format!("The producer’s buffer is full: {held} records wait in it already."),
            _ => "The producer ignores the failed entries.".to_owned(),
        }
    }

    pub(super) fn losing(&self) -> Verdict {
        // What is shown has to add up: what was offered was either taken or lost, unless the producer holds some.
        let difference = self.offered - self.stored;
        let agrees = (difference - self.loss).abs() < 0.1 * self.offered.max(1.0);
        let lost = if agrees && difference > 0.0 { difference } else { words::coarse_rate(self.loss) };
        let head = format!(
            "{} {} {{flow:{}}} of {} records a second; {{lost:{} {} lost}}.",
            capital(&self.shards()),
            self.verb("take"),
            words::int(self.stored),
            words::int(self.offered),
            words::rate_text(lost),
            if lost == 1.0 { "is" } else { "are" },
        );
        let sub = if self.is_late() {
            let slope = words::rate(self.stored - self.processed);
            let follows = if slope > 0.0 {
                format!("the backlog grows by {}", words::int(slope))
            } else {
                "the backlog does not grow".to_owned()
            };
            let held =
                self.holds_back() && self.ledger.at_producer + self.ledger.at_producer / 50 >= self.producer.buffer;
            format!(
                "{}What is accepted waits {}: {} a second are processed, {follows}.{}",
                if held { "The producer’s buffer is full. " } else { "" },
                span_text(self.age),
                words::int(self.processed),
                self.errors(),
            )
        } else if let Some((shard, offered)) = self.hot_shard() {
            let room = words::int(capacity::room_per_shard(self.scenario));
            let key = capacity::hottest_share(self.scenario.traffic.keys);
            if key * self.offered > capacity::room_per_shard(self.scenario) {
                let brings = words::int(words::rate(key * self.offered));
                format!("Shard {shard} is full: one key brings {brings} records/s and can use one shard only, {room}.")
            } else {
                let offered = words::int(words::rate(offered));
                format!("Shard {shard} is full: its keys bring {offered} records/s, it takes {room}. Others have room.")
            }
        } else {
            let room = words::int(capacity::room_per_shard(self.scenario));
            let each = if self.open() == 1 { "The shard" } else { "Each shard" };
            format!("{each} is full at {room} records/s{}. {}", self.binding(), self.why_lost())
        };
        verdict_of(&head, &sub)
    }

    /// Names the limit that binds where it is not the usual one.
    pub(super) fn binding(&self) -> &'static str {
        if capacity::bytes_bind(self.scenario) { ", because 1 MiB/s binds" } else { "" }
    }

    /// A sentence about injected errors, if they happen now.
    pub(super) fn errors(&self) -> String {
        let (errors, all) = (self.reading.rate(Metric::Errors, 30.0), self.reading.rate(Metric::Invocations, 30.0));
        if errors > 0.0 && all > 0.0 {
            // Where code decides, errors are its own.
            let code = self.consumer.handler.is_code();
            let cause = if code { "" } else { ", as injected," };
            format!(" {} of the invocations fail{cause} and are tried again.", words::percent(errors / all))
        } else {
            String::new()
        }
    }

    /// A sentence about the first record that will expire, where that is near.
    pub(super) fn time_to_loss(&self) -> String {
        let outlook = self.outlook;
        match outlook.time_to_loss.filter(|_| outlook.loss_is_near) {
            Some(0.0) => " Records {lost:expire} now.".to_owned(),
            Some(time) => format!(" The first record {{lost:expires}} in {}.", span_text(time)),
            None => String::new(),
        }
    }

    pub(super) fn falling_behind(&self) -> Verdict {
        let nothing = if self.gone() > 0 { "Nothing is lost now" } else { "Nothing is lost" };
        let head = format!("{nothing}, but work is {{wait:{}\u{a0}late}} and falling behind.", span_text(self.age));
        let sub = if self.holds_back() {
            let (held, backlog) = (self.ledger.at_producer as f64, self.reading.backlog());
            format!("{} records wait at the producer, {} in the stream.", words::int(held), words::int(backlog))
        } else {
            let (stored, processed) = (words::int(words::rate(self.stored)), words::int(self.processed));
            format!(
                "{stored} records/s come in, the function processes {processed}.{}{}",
                self.errors(),
                self.time_to_loss()
            )
        };
        verdict_of(&head, &sub)
    }

    pub(super) fn draining(&self) -> Verdict {
        let waiting = self.reading.backlog() + self.ledger.at_producer as f64;
        let over = self.spike.is_some_and(|(_, end)| self.reading.at() >= end);
        let late = span_text(self.age);
        let head = if over {
            format!("The spike is over. Work is {{wait:{late}\u{a0}late}}, {} records wait.", words::about(waiting))
        } else {
            format!("Work is {{wait:{late}\u{a0}late}}: {} records wait.", words::about(waiting))
        };
        let spare = self.reading.rate(Metric::Processed, 60.0) - self.reading.rate(Metric::Stored, 60.0);
        let left = self.scenario.length.seconds_f64() - self.reading.at().seconds_f64();
        let rate = words::int(self.processed);
        let mut sub = if spare <= 0.01 * self.processed {
            format!("{rate} records/s are processed, as many come in: the backlog stays.")
        } else if waiting / spare > left {
            format!("At {rate} records/s it will not catch up within this run.")
        } else {
            format!("At {rate} records/s the backlog is gone in {}.", span_text(waiting / spare))
        };
        sub.push_str(&self.errors());
        sub.push_str(&self.time_to_loss());
        if self.gone() > 0 {
            sub.push_str(&format!(" The {} lost records do not come back.", rough(self.gone() as f64)));
        }
        verdict_of(&head, &sub)
    }

    /// The stream is not late, but the producer holds records back and tries them again.
    pub(super) fn sending_again(&self) -> Verdict {
        let held = words::about(self.ledger.at_producer as f64);
        let so_far = if self.gone() > 0 { "nothing is lost now" } else { "nothing is lost" };
        let head = if self.offered > self.stored {
            format!(
                "{} {} {{flow:{}}} of {} records a second; {{wait:{held} wait}} at the producer.",
                capital(&self.shards()),
                self.verb("take"),
                words::int(self.stored),
                words::int(self.offered),
            )
        } else {
            format!("{{wait:{held} records}} still wait at the producer; {so_far}.")
        };
        let room = words::int(capacity::room_per_shard(self.scenario) * self.open() as f64);
        let grows = self.offered - self.stored;
        let sub = if grows > 0.0 {
            format!(
                "{} for {room} records/s{}. What is rejected is sent again: {} more a second, {so_far} so far.",
                if self.open() == 1 { "The shard has room" } else { "The shards have room" },
                self.binding(),
                words::int(words::rate(grows)),
            )
        } else {
            let spare = (self.stored - self.offered).max(1.0);
            let left = span_text(self.ledger.at_producer as f64 / spare);
            format!(
                "{} a second are stored, {} are new: sent in {left}.",
                words::int(self.stored),
                words::int(self.offered)
            )
        };
        verdict_of(&head, &sub)
    }

    pub(super) fn calm(&self) -> Verdict {
        let at = self.reading.at();
        let room_each = words::int(capacity::room_per_shard(self.scenario));
        let offered = words::rate_text(calm_rate(self.scenario, &self.reading, 15.0));
        if let Some((start, _)) = self.spike.filter(|(start, _)| at < *start) {
            let each = if self.open() == 1 { "The shard" } else { "Each shard" };
            return verdict_of(
                &format!("All {offered} records a second pass. Nothing is late, nothing is lost."),
                &format!("{each} could take {room_each} a second. The spike begins at {start}."),
            );
        }
        let (worst, worst_at) = self.worst();
        let recovered = self.gone() > 0 || worst > self.late_after.seconds_f64();
        let in_spike = self.spike.is_some_and(|(_, end)| at < end);
        if (recovered || self.spike.is_some()) && !in_spike {
            let lost = if self.gone() > 0 {
                format!("{{lost:{}}} are gone for good.", words::records(self.gone() as f64))
            } else if recovered {
                "{done:Nothing was lost}.".to_owned()
            } else {
                "{done:Nothing was lost, nothing was late}.".to_owned()
            };
            let head = if worst > self.late_after.seconds_f64() { "Caught up." } else { "The rush is over." };
            let sub = if worst > self.late_after.seconds_f64() {
                format!("At worst, work was {} late, at {worst_at}.", span_text(worst))
            } else {
                format!("The oldest record never waited longer than {}.", span_text(worst))
            };
            return verdict_of(&format!("{head} {lost}"), &sub);
        }
        if self.offered == 0.0 {
            return verdict_of(
                "No records come in. Nothing waits.",
                &format!("Each shard could take {room_each} a second."),
            );
        }
        let room = words::int(capacity::room_per_shard(self.scenario) * self.open() as f64);
        let function = capacity::function_per_shard(self.scenario, &self.consumer) * (self.open() as f64);
        verdict_of(
            &format!("{offered} records a second pass: {{done:nothing lost, nothing late}}."),
            &format!(
                "{} {} room for {room} records/s{}.{}",
                capital(&self.shards()),
                if self.open() == 1 { "has" } else { "have" },
                // Who reads and does no work with it has no speed of its own.
                match self.consumer.work(1) {
                    Span::ZERO => String::new(),
                    _ => format!(", the function for {}", words::int(words::rate(function))),
                },
                self.errors(),
            ),
        )
    }

    /// The highest age of the oldest record so far, in seconds, and when.
    pub(super) fn worst(&self) -> (f64, SimTime) {
        let (worst, at) = self.reading.peak(Metric::IteratorAgeMs);
        (worst / 1_000.0, at)
    }
}
