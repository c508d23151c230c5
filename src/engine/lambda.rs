//! Lambda behind the mapping: a function's execution environments, and the caps on how many may work at once.
//!
//! An invocation takes the environment that was used last, or makes one, which is a cold start. Environments have numbers,
//! so that the state of a handler's code stays with its own; a number is used again when its environment is gone.

use super::fault::Share;
use super::rng::{Exponential, Rng};
use crate::limits;
use crate::scenario::{Consumer as Settings, ConsumerKind, DurationLaw};
use crate::units::Ratio;
use std::collections::VecDeque;

/// Time after which the scaling rate allows one more environment, µs.
const SCALE_GAP: u64 = limits::LAMBDA_SCALE_SPAN.micros() / limits::LAMBDA_SCALE_STEP;

/// Everything of Lambda that the readers of a stream use.
#[derive(Clone, Debug)]
pub(super) struct Lambda {
    /// By reader; none for one that is no function.
    functions: Vec<Option<Function>>,
    /// What the account has left for functions without reserved concurrency, and how much of it works.
    unreserved: u32,
    unreserved_busy: u32,
    /// By injection all functions together may run so many until an instant, µs.
    injected: (u32, u64),
    /// Its table is no part of a lane.
    exponential: Box<Exponential>,
}

/// One function.
#[derive(Clone, Debug)]
struct Function {
    reserved: Option<u32>,
    idle_life: u64,
    busy: u32,
    /// Since when each idle environment is idle, µs, and its number; the oldest first.
    idle: VecDeque<(u64, u32)>,
    /// Numbers of environments that are gone.
    free: Vec<u32>,
    /// Numbers that were ever given.
    numbers: u32,
    /// Environments that began to work before this instant are gone when they end, µs.
    deployed_at: u64,
    /// What the scaling rate has lent: with nothing lent it lies in the past, each new environment moves it on, µs.
    lent_until: u64,
}

/// What keeps Lambda from running one more invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConcurrencyCap {
    /// The function's reserved concurrency.
    Reserved,
    /// What the account has left for functions that reserve none.
    Account,
    /// The rate at which a function gains environments.
    ScalingRate,
    /// What the account has for a while, by injection.
    Injected,
}

/// What becomes of an invocation that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The idle environment with this number takes it.
    Warm(u32),
    /// A new environment does.
    Cold(u32),
    /// It is refused.
    Throttled(ConcurrencyCap),
}

impl Lambda {
    /// No environment is there yet.
    pub fn new(account: u32, readers: &[Settings]) -> Self {
        let lambda = |settings: &Settings| settings.kind == ConsumerKind::Lambda;
        let function = |settings: &Settings| {
            lambda(settings).then(|| Function {
                reserved: settings.function.reserved,
                idle_life: settings.function.idle_life.micros(),
                busy: 0,
                idle: VecDeque::new(),
                free: Vec::new(),
                numbers: 0,
                deployed_at: 0,
                lent_until: 0,
            })
        };
        let functions: Vec<Option<Function>> = readers.iter().map(function).collect();
        let reserved = functions.iter().flatten().filter_map(|function| function.reserved).sum();
        Self {
            functions,
            unreserved: account.saturating_sub(reserved),
            unreserved_busy: 0,
            injected: (0, 0),
            exponential: Box::default(),
        }
    }

    /// Whether lanes share anything here, so that they have to be moved in order of time.
    pub fn is_shared(&self) -> bool {
        self.functions.iter().any(Option::is_some)
    }

    /// A reader asks for an invocation.
    pub fn begin(&mut self, reader: u32, now: u64) -> Start {
        let throttled = now < self.injected.1 && self.busy() >= self.injected.0;
        let Some(function) = &mut self.functions[reader as usize] else { return Start::Warm(0) };
        if throttled {
            return Start::Throttled(ConcurrencyCap::Injected);
        }
        let full = match function.reserved {
            Some(reserved) => (function.busy >= reserved).then_some(ConcurrencyCap::Reserved),
            None => (self.unreserved_busy >= self.unreserved).then_some(ConcurrencyCap::Account),
        };
        if let Some(cap) = full {
            return Start::Throttled(cap);
        }
        function.forget_old(now);
        let start = if let Some((_, number)) = function.idle.pop_back() {
            Start::Warm(number)
        } else {
            let lent_until = function.lent_until.max(now) + SCALE_GAP;
            if lent_until > now + SCALE_GAP * limits::LAMBDA_SCALE_STEP {
                return Start::Throttled(ConcurrencyCap::ScalingRate);
            }
            function.lent_until = lent_until;
            Start::Cold(function.new_number())
        };
        function.busy += 1;
        self.unreserved_busy += u32::from(function.reserved.is_none());
        start
    }

    /// Executions of all functions.
    fn busy(&self) -> u32 {
        self.functions.iter().flatten().map(|function| function.busy).sum()
    }

    /// All functions together may run so many until an instant, by injection.
    pub fn throttle(&mut self, concurrency: u32, until: u64) {
        self.injected = (concurrency, until);
    }

    /// A share of a reader's idle environments is lost. Gives how many are.
    pub fn lose_idle(&mut self, reader: u32, share: &mut Share, now: u64) -> u32 {
        let Some(function) = &mut self.functions[reader as usize] else { return 0 };
        function.forget_old(now);
        let before = function.idle.len();
        let Function { idle, free, .. } = function;
        idle.retain(|(_, number)| {
            let stays = !share.picks();
            if !stays {
                free.push(*number);
            }
            stays
        });
        (before - function.idle.len()) as u32
    }

    /// An invocation of a reader ends that began at `started` in an environment, which stays, unless it is lost.
    pub fn end(&mut self, reader: u32, (started, environment): (u64, u32), now: u64, lost: bool) {
        let Some(function) = &mut self.functions[reader as usize] else { return };
        function.busy -= 1;
        self.unreserved_busy -= u32::from(function.reserved.is_none());
        if started >= function.deployed_at && !lost {
            function.idle.push_back((now, environment));
        } else {
            function.free.push(environment);
        }
    }

    /// New code: no environment that is there serves another invocation.
    pub fn deploy(&mut self, reader: u32, now: u64) {
        if let Some(function) = &mut self.functions[reader as usize] {
            function.free.extend(function.idle.drain(..).map(|(_, number)| number));
            function.deployed_at = now;
        }
    }

    /// Environments of a reader, busy or idle.
    pub fn environments(&self, reader: u32, now: u64) -> u64 {
        let of = |function: &Function| {
            let gone = function.idle.partition_point(|(since, _)| since + function.idle_life <= now);
            u64::from(function.busy) + (function.idle.len() - gone) as u64
        };
        self.functions[reader as usize].as_ref().map_or(0, of)
    }

    /// Environments that the scaling rate allows a reader to make now.
    pub fn scaling_room(&self, reader: u32, now: u64) -> u64 {
        let of = |function: &Function| {
            (now + SCALE_GAP * limits::LAMBDA_SCALE_STEP - function.lent_until.max(now)) / SCALE_GAP
        };
        self.functions[reader as usize].as_ref().map_or(0, of)
    }

    /// Time of an invocation with so many records, µs.
    pub fn duration(&self, settings: &Settings, records: u64, rng: &mut Rng) -> u64 {
        let mean = settings.work(records).micros();
        match settings.duration.law {
            DurationLaw::Exponential => ((u128::from(mean) * u128::from(self.exponential.draw_q32(rng))) >> 32) as u64,
            DurationLaw::Uniform => within_spread(mean, settings.duration.spread, rng),
        }
    }
}

impl Function {
    /// Environments that have been idle for too long are gone.
    fn forget_old(&mut self, now: u64) {
        while let Some((_, number)) = self.idle.front().filter(|(since, _)| *since + self.idle_life <= now) {
            self.free.push(*number);
            self.idle.pop_front();
        }
    }

    /// The number of a new environment.
    fn new_number(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.numbers += 1;
            self.numbers - 1
        })
    }
}

/// How long a new environment starts, µs.
pub(super) fn init(settings: &Settings, rng: &mut Rng) -> u64 {
    let mean = settings.function.init.micros();
    // Nothing is drawn where nothing is to vary.
    if mean == 0 { 0 } else { within_spread(mean, settings.duration.spread, rng) }
}

/// A time, times a random factor within `1 ± spread`.
pub(super) fn within_spread(mean: u64, spread: Ratio, rng: &mut Rng) -> u64 {
    let spread = u64::from(spread.millionths());
    if spread == 0 {
        return mean;
    }
    let one = u64::from(Ratio::ONE.millionths());
    let factor = one - spread + rng.below(2 * spread + 1);
    (u128::from(mean) * u128::from(factor) / u128::from(one)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Draft;
    use serde_json::json;

    fn lambda(account: u32, function: serde_json::Value) -> Lambda {
        let document = json!({
            "streamgauge": 1,
            "traffic": {"curve": [{"kind": "constant", "per_s": 1}]},
            "account": {"concurrency": account},
            "consumers": [function],
        });
        let scenario = Draft::from_value(document).check().expect("a valid scenario");
        Lambda::new(scenario.account_concurrency, &scenario.consumers)
    }

    /// A thousand at once, then a hundred a second, as long as more are wanted; and a rest saves nothing up.
    #[test]
    fn environments_after_a_burst_are_those_of_the_bucket() {
        let mut lambda = lambda(5_000, json!({}));
        let mut busy = 0u64;
        let mut ask = |lambda: &mut Lambda, now: u64, wanted: u64| {
            while busy < wanted && matches!(lambda.begin(0, now), Start::Cold(_)) {
                busy += 1;
            }
            assert_eq!(lambda.environments(0, now), busy);
            busy
        };
        for ms in (0..30_000).step_by(7) {
            let expected = (1_000 + ms / 10).min(2_500);
            assert_eq!(ask(&mut lambda, ms * 1_000, 2_500), expected, "after {ms} ms");
            // What was not made could have been, up to a step at a time.
            assert_eq!(lambda.scaling_room(0, ms * 1_000), (1_000 + ms / 10 - expected).min(1_000));
        }
        // An hour later the step is whole again, and no more than that.
        assert_eq!(ask(&mut lambda, 3_600_000_000, 5_000), 3_500);
        assert_eq!(lambda.begin(0, 3_600_000_000), Start::Throttled(ConcurrencyCap::ScalingRate));
        assert_eq!(ask(&mut lambda, 3_700_000_000, 6_000), 4_500);
        assert_eq!(ask(&mut lambda, 3_800_000_000, 6_000), 5_000);
        assert_eq!(lambda.begin(0, 3_800_000_000), Start::Throttled(ConcurrencyCap::Account));
    }

    #[test]
    fn the_environment_that_was_used_last_is_taken_and_the_others_age() {
        let mut lambda = lambda(1_000, json!({"idle_life_s": 10, "reserved_concurrency": 3}));
        let second = 1_000_000;
        assert_eq!([0; 3].map(|now| lambda.begin(0, now)), [0, 1, 2].map(Start::Cold));
        assert_eq!(lambda.begin(0, 0), Start::Throttled(ConcurrencyCap::Reserved));
        (0..3).for_each(|number| lambda.end(0, (0, number), (u64::from(number) + 1) * second, false));
        // The one that is idle since 3 s works on; that of 1 s is gone at 11 s, that of 2 s at 12 s.
        for at in 4..=11 {
            assert_eq!(lambda.environments(0, at * second), if at < 11 { 3 } else { 2 });
            assert_eq!(lambda.begin(0, at * second), Start::Warm(2));
            lambda.end(0, (at * second, 2), at * second + second / 2, false);
        }
        assert_eq!(lambda.environments(0, 12 * second - 1), 2);
        assert_eq!(lambda.environments(0, 12 * second), 1);
        assert_eq!(lambda.begin(0, 12 * second), Start::Warm(2));
        // The numbers of those that are gone are given again, the one that went last first.
        assert_eq!(lambda.begin(0, 12 * second), Start::Cold(1));
        // What began before a deploy is gone when it ends, what began with it stays.
        lambda.deploy(0, 13 * second);
        assert_eq!(lambda.begin(0, 13 * second), Start::Cold(0));
        lambda.end(0, (12 * second, 2), 14 * second, false);
        lambda.end(0, (13 * second, 0), 14 * second, false);
        assert_eq!(lambda.environments(0, 14 * second), 2);
        lambda.end(0, (12 * second, 1), 14 * second, false);
        assert_eq!(lambda.environments(0, 14 * second), 1);
    }

    /// Reserved concurrency is taken out of the account's; the others share what is left.
    #[test]
    fn functions_share_what_is_not_reserved() {
        let both = lambda(120, json!({}));
        let reserved = Function { reserved: Some(20), ..both.functions[0].clone().expect("a function") };
        let mut lambda = Lambda { unreserved: 100, functions: [both.functions, vec![Some(reserved)]].concat(), ..both };
        lambda.functions.push(lambda.functions[0].clone());
        assert_eq!((0..200).filter(|_| matches!(lambda.begin(1, 0), Start::Cold(_))).count(), 20);
        assert_eq!((0..70).filter(|_| matches!(lambda.begin(0, 0), Start::Cold(_))).count(), 70);
        assert_eq!((0..70).filter(|_| matches!(lambda.begin(2, 0), Start::Cold(_))).count(), 30);
        lambda.end(0, (0, 7), 1, false);
        lambda.end(1, (0, 5), 1, false);
        assert_eq!(
            [2, 2, 1, 1].map(|reader| lambda.begin(reader, 1)),
            [
                Start::Cold(30),
                Start::Throttled(ConcurrencyCap::Account),
                Start::Warm(5),
                Start::Throttled(ConcurrencyCap::Reserved),
            ]
        );
    }
}
