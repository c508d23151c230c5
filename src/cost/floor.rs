//! What 30 days cost at least, before anything runs: the part of a bill that no run of a design can lower.

use super::quantities::Quantity;
use super::{MONTH, line};
use crate::limits;
use crate::scenario::{
    Architecture, Consumer, ConsumerKind, DurationLaw, Operation, Part, PlannedOperation, PutCall, Scenario,
    StartingPosition, StreamMode,
};
use crate::units::{Ratio, Span};

const GB: f64 = (1u64 << 30) as f64;
const MONTH_HOURS: f64 = MONTH.seconds_f64() / 3_600.0;

/// Bounds for the bills of designs that all meet the same arrivals.
#[derive(Clone, Copy, Debug)]
pub struct Floor {
    /// Records with which each consumer is done at least.
    done: f64,
    /// How often the run counts in 30 days, at least.
    times: f64,
}

impl Floor {
    /// Bounds for runs of the traffic of a scenario in which each consumer is done with at least so many records.
    pub fn new(scenario: &Scenario, done: u64) -> Self {
        let often = MONTH.seconds_f64() / scenario.length.seconds_f64();
        // A spike may count once a day, with calm between: what the calm costs depends on the run, and is left out.
        let spikes = scenario.traffic.parts.iter().any(|part| matches!(part, Part::Spike { .. }));
        let times = if spikes { often.min(30.0) } else { often };
        Self { done: done as f64, times }
    }

    /// Cents that 30 days of a design cost at least, with all streams that follow.
    pub fn cents(&self, scenario: &Scenario) -> u64 {
        let lines = self.stream(scenario).into_iter().chain(self.functions(scenario));
        // Sums of floats may round the other way than in the bill: a cent a line is left to them.
        let cents = lines.map(|(price, quantity)| cents(scenario, price, quantity).saturating_sub(1)).sum::<u64>();
        // How much is put into the streams that follow is not known.
        let further = Self { done: 0.0, ..*self };
        cents + scenario.then.iter().map(|hop| further.cents(&hop.scenario)).sum::<u64>()
    }

    /// Quantities of the stream.
    fn stream(&self, scenario: &Scenario) -> Vec<(&'static str, f64)> {
        let stream = &scenario.stream;
        if scenario.operations.iter().any(|planned| planned.operation.reshards()) {
            return Vec::new();
        }
        let registered = scenario.consumers.iter().filter(|consumer| consumer.source.is_pushed()).count() as f64;
        // Aggregation puts many records into one.
        let single = if matches!(scenario.producer.call, PutCall::Kpl(_)) { 0.0 } else { self.done * self.times };
        match stream.mode {
            StreamMode::Provisioned => {
                let shards = if stream.scales() { 1 } else { stream.open_at_start() };
                let shard_hours = f64::from(shards) * MONTH_HOURS;
                let mut all = vec![
                    ("shard_hour", shard_hours),
                    ("put_unit", single),
                    ("fan_out_shard_hour", registered * shard_hours),
                ];
                if stream.retention > limits::RETENTION_DEFAULT {
                    all.push(("extended_shard_hour", shard_hours));
                }
                all
            }
            // Each record is rounded up to a kibibyte.
            StreamMode::OnDemand => vec![("stream_hour", MONTH_HOURS), ("in_gb", single * 1_024.0 / GB)],
            StreamMode::Advantage => {
                let committed = limits::ADVANTAGE_COMMITMENT.get() as f64 / GB * MONTH.seconds_f64();
                vec![("advantage_in_gb", committed), ("advantage_out_gb", committed)]
            }
        }
    }

    /// Quantities of the functions.
    fn functions(&self, scenario: &Scenario) -> Vec<(&'static str, f64)> {
        let deploys = |planned: &PlannedOperation| {
            matches!(planned.operation, Operation::UpdateMapping { .. } | Operation::DeployFunction { .. })
        };
        if scenario.operations.iter().any(deploys) || matches!(scenario.producer.call, PutCall::Kpl(_)) {
            return Vec::new();
        }
        let of = |consumer: &Consumer| {
            let price = match consumer.function.architecture {
                Architecture::X86 => "lambda_gb_second",
                Architecture::Arm => "lambda_arm_gb_second",
            };
            let gb_seconds = self.seconds(consumer) * f64::from(consumer.memory_mb) / 1_024.0;
            [("lambda_request", (self.done / f64::from(consumer.batch_size)).floor() * self.times), (price, gb_seconds)]
        };
        let reads_all = |consumer: &&Consumer| {
            consumer.kind == ConsumerKind::Lambda
                && consumer.filters.is_empty()
                && consumer.position == StartingPosition::TrimHorizon
        };
        scenario.consumers.iter().filter(reads_all).flat_map(of).collect()
    }

    /// Seconds for which a function runs in 30 days at least: the shortest time that its records can take, full batches
    /// all of them.
    fn seconds(&self, consumer: &Consumer) -> f64 {
        if consumer.waits_for_code() || consumer.duration.law != DurationLaw::Uniform {
            return 0.0;
        }
        // Many at once, so that the part of a microsecond that is cut off does not count; and a thousandth for it.
        const MANY: u64 = 1_000_000;
        let bare = |span: Span| consumer.function.stretched(span, consumer.memory_mb).seconds_f64();
        let each = bare(consumer.duration.per_record * MANY) / MANY as f64;
        let full = (self.done / f64::from(consumer.batch_size)).floor();
        let shortest = Ratio::ONE.as_f64() - consumer.duration.spread.as_f64();
        (each * self.done + bare(consumer.duration.fixed) * full) * shortest * 0.999 * self.times
    }
}

/// A quantity of 30 days at the scenario's price, in cents.
fn cents(scenario: &Scenario, price: &'static str, quantity: f64) -> u64 {
    let of = Quantity { price, consumer: None, frames: Vec::new(), month_more: 0.0 };
    line(scenario, &of, String::new(), quantity, quantity).map_or(0, |line| line.month_cents)
}
