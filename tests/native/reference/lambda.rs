//! Lambda of the naive model: a list of environments, each of which is looked at.

use super::happened::What;
use super::model::{Due, Model, longest_wait};
use super::shard::Bucket;
use streamgauge::engine::ConcurrencyCap;
use streamgauge::engine::rng::{Exponential, Rng};
use streamgauge::scenario::{Consumer, DurationLaw, Scenario};

pub struct Lambda {
    environments: Vec<Environment>,
    /// How often the function was deployed.
    version: u32,
    new_ones: Bucket,
    exponential: Exponential,
}

#[derive(Clone, Copy, Debug)]
struct Environment {
    version: u32,
    /// Whose batch it has.
    busy: Option<u32>,
    used: u64,
}

impl Lambda {
    pub fn new() -> Self {
        let new_ones = Bucket::full(1_000, 100);
        Self { environments: Vec::new(), version: 0, new_ones, exponential: Exponential::new() }
    }

    pub fn deploy(&mut self) {
        self.version += 1;
        self.environments.retain(|environment| environment.busy.is_some());
    }

    pub fn ended(&mut self, shard: u32, now: u64) {
        let is_it = |environment: &Environment| environment.busy == Some(shard);
        let place = self.environments.iter().position(is_it).expect("it runs somewhere");
        let mut environment = self.environments.remove(place);
        (environment.busy, environment.used) = (None, now);
        if environment.version == self.version {
            self.environments.push(environment);
        }
    }

    /// A new environment or one that was there takes the batch of a shard: true for a new one.
    fn take(&mut self, shard: u32, now: u64, scenario: &Scenario) -> Result<bool, ConcurrencyCap> {
        let function = scenario.consumers[0].function;
        let busy = self.environments.iter().filter(|environment| environment.busy.is_some()).count();
        match function.reserved {
            Some(reserved) if busy >= reserved as usize => return Err(ConcurrencyCap::Reserved),
            None if busy >= scenario.account_concurrency as usize => return Err(ConcurrencyCap::Account),
            _ => {}
        }
        let lives = |environment: &Environment| now < environment.used + function.idle_life.micros();
        self.environments.retain(|environment| environment.busy.is_some() || lives(environment));
        let idle = self.environments.iter_mut().filter(|environment| environment.busy.is_none());
        if let Some(last) = idle.max_by_key(|environment| environment.used) {
            last.busy = Some(shard);
            return Ok(false);
        }
        if !self.new_ones.has(now, 1) {
            return Err(ConcurrencyCap::ScalingRate);
        }
        self.new_ones.take(now, 1);
        self.environments.push(Environment { version: self.version, busy: Some(shard), used: now });
        Ok(true)
    }
}

impl Model<'_> {
    /// When an invocation of so many records would end, whether it is cut off, and where its environment is new how long
    /// that takes to start; nothing where it is refused and asked for again later.
    pub fn environment(&mut self, shard: u32, records: u64, attempt: u32) -> Option<(u64, bool, Option<u64>)> {
        let consumer = self.scenario.consumers[0].clone();
        let function = consumer.function;
        match self.lambda.take(shard, self.now, &self.scenario) {
            Err(cap) => {
                self.say(What::InvocationThrottled { shard, cap });
                let lane = &mut self.lanes[shard as usize];
                lane.refused(attempt);
                let (base, most) = (function.throttle_wait.micros(), function.throttle_wait_max.micros());
                let wait = longest_wait(base, most, lane.refusals);
                self.note(self.now + wait, Due::InvokeAgain(shard));
                None
            }
            Ok(new) => {
                let rng = &mut self.lanes[shard as usize].begins();
                let mean = consumer.duration.fixed.micros() + consumer.duration.per_record.micros() * records;
                let computes = u128::from(function.cpu_share.millionths()) * u128::from(mean);
                // Less than a vCPU's memory makes what computes slower in proportion.
                let memory = u128::from(consumer.memory_mb.min(1_769));
                let longer = (computes * (1_769 - memory) / (memory * 1_000_000)) as u64;
                let needs = match consumer.duration.law {
                    DurationLaw::Uniform => varied(mean + longer, &consumer, rng),
                    DurationLaw::Exponential => {
                        let times = self.lambda.exponential.draw_q32(rng);
                        ((u128::from(mean + longer) * u128::from(times)) >> 32) as u64
                    }
                };
                let starts = match function.init.micros() {
                    0 => 0,
                    init if new => varied(init, &consumer, rng),
                    _ => 0,
                };
                let timeout = function.timeout.micros();
                Some((self.now + starts + needs.min(timeout), needs > timeout, new.then_some(starts)))
            }
        }
    }
}

/// A time within the spread of the consumer's duration.
fn varied(mean: u64, consumer: &Consumer, rng: &mut Rng) -> u64 {
    let spread = u64::from(consumer.duration.spread.millionths());
    let factor = if spread == 0 { 1_000_000 } else { 1_000_000 - spread + rng.below(2 * spread + 1) };
    (u128::from(mean) * u128::from(factor) / 1_000_000) as u64
}
