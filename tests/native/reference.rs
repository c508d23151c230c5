//! The engine against a naive model, fact by fact, over thousands of random small scenarios.

mod control;
mod happened;
mod lambda;
mod lane;
mod model;
pub mod random;
mod shard;

pub use happened::{Collector, Happened, What};

use crate::common::repeatable;
use lane::Phase;
use model::{Asked, Model, Offer};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use random::Case;
use std::collections::{BTreeMap, BTreeSet};
use streamgauge::engine::rng::{Actor, Rng};
use streamgauge::engine::{Engine, Outcome, Step};
use streamgauge::scenario::{Keys, Part, Scenario, Sizes};
use streamgauge::units::SimTime;

proptest! {
    #![proptest_config(repeatable(2_400))]

    #[test]
    fn engine_and_naive_model_agree_on_every_fact(case in random::case()) {
        agree(&case)?;
    }

    #[test]
    fn they_agree_where_shards_come_and_go(case in random::changing()) {
        agree(&case)?;
    }
}

/// Everything that the engine and the model can be asked about is the same.
fn agree(case: &Case) -> Result<(), TestCaseError> {
    let succeeds = |id: u64| case.succeeds(id);
    let mut model = Model::new(&case.scenario, &succeeds);
    model.run(&offers(&case.scenario));
    let (engine, facts, mut asked) = run_engine(case);
    compare(&expiries_first(in_one_order(facts)), &expiries_first(in_one_order(model.facts.clone())))?;
    // Lanes are asked about one after the other, each in order of time.
    model.asked.sort_by_key(|(shard, id, ..)| (*shard, *id));
    asked.sort_by_key(|(shard, id, ..)| (*shard, *id));
    prop_assert_eq!(asked, model.asked.clone());
    prop_assert_eq!(engine.at_producer(), model.held_unstored());
    prop_assert_eq!(engine.shards() as usize, model.shards.len());
    for shard in 0..engine.shards() {
        let (lane, state) = (&model.lanes[shard as usize], &model.shards[shard as usize]);
        let running = matches!(lane.phase, Phase::Running { .. });
        let in_flight = if running { lane.batch as u64 } else { 0 };
        let found = engine.lane(0, shard);
        prop_assert_eq!(found.in_flight, in_flight);
        prop_assert_eq!(found.skipped, state.skipped);
        prop_assert_eq!(found.waiting, state.kept.len() as u64 - in_flight);
        prop_assert_eq!(found.oldest_arrival.map(SimTime::micros), state.kept.first().map(|kept| kept.arrived));
    }
    Ok(())
}

/// The model is only worth something if the scenarios reach every kind of fact.
#[test]
fn the_compared_scenarios_reach_every_kind_of_fact() {
    let counts = kinds_of_facts(random::case(), 300);
    let wanted = [
        "Offered",
        "PutCalled",
        "PutCalled again",
        "Stored",
        "Throttled Records",
        "Throttled Bytes",
        "Lost Ignored",
        "Lost Exhausted",
        "Lost TooOld",
        "Lost BufferFull",
        "Lost HostDied",
        "Stored again",
        "Unanswered",
        "HostsDied",
        "Read",
        "ReadThrottled",
        "OtherRead",
        "OtherExpired",
        "Skipped",
        "Started",
        "Started again",
        "Processed",
        "EnvironmentMade",
        "EnvironmentMade slowly",
        "InvocationThrottled Reserved",
        "InvocationThrottled Account",
        "Failed Handler",
        "Failed Injected",
        "Failed TimedOut",
        "Expired",
        "Operation",
    ];
    for kind in wanted {
        assert!(counts.get(kind).is_some_and(|count| *count >= 3), "{kind} is rare: {counts:?}");
    }
    let counts = kinds_of_facts(random::changing(), 300);
    let wanted = [
        "Opened of one",
        "Opened of two",
        "Closed",
        "Active",
        "Mode",
        "Retention",
        "Refused ResourceInUseException",
        "Refused ResourceNotFoundException",
        "Refused InvalidArgumentException",
        "Refused LimitExceededException",
        "Refused ValidationException",
    ];
    for kind in wanted {
        assert!(counts.get(kind).is_some_and(|count| *count >= 3), "{kind} is rare: {counts:?}");
    }
}

/// In how many of so many cases each kind of fact happens.
fn kinds_of_facts(cases: impl Strategy<Value = Case>, count: u32) -> BTreeMap<String, u32> {
    let mut runner = TestRunner::new(repeatable(1));
    let mut counts = BTreeMap::new();
    for _ in 0..count {
        let case = cases.new_tree(&mut runner).expect("the strategy rejects little").current();
        let mut kinds = BTreeSet::new();
        for happened in run_engine(&case).1 {
            let text = format!("{:?}", happened.what);
            let name = text.split([' ', '{']).next().unwrap_or_default().to_owned();
            kinds.insert(match happened.what {
                What::Throttled { limit, .. } => format!("{name} {limit:?}"),
                What::Lost { cause, .. } => format!("{name} {cause:?}"),
                What::Failed { cause, .. } => format!("{name} {cause:?}"),
                What::InvocationThrottled { cap, .. } => format!("{name} {cap:?}"),
                What::EnvironmentMade { init: 1.., .. } => format!("{name} slowly"),
                What::Stored { copies, .. } if copies > 0 => format!("{name} again"),
                What::Opened { parents: [_, second], .. } => {
                    format!("{name} of {}", if second.is_some() { "two" } else { "one" })
                }
                What::Refused { error, .. } => format!("{name} {}", error.name()),
                What::PutCalled { attempt, .. } | What::Started { attempt, .. } if attempt > 1 => {
                    format!("{name} again")
                }
                _ => name,
            });
        }
        kinds.into_iter().for_each(|kind| *counts.entry(kind).or_insert(0) += 1);
    }
    counts
}

/// The facts of the engine, run at the case's pace, and what it asked.
pub fn run_engine(case: &Case) -> (Engine, Vec<Happened>, Vec<Asked>) {
    let mut engine = Engine::new(&case.scenario);
    let (mut collector, mut asked) = (Collector::default(), Vec::new());
    let mut until = SimTime::ZERO;
    loop {
        let step = engine.advance(until, case.budget, &mut collector);
        let invocations = engine.take_invocations();
        for invocation in &invocations {
            let numbers = invocation.records.iter().map(|r| (r.sequence_number.index(), r.record.number));
            asked.push((invocation.id.shard(), invocation.id.number(), invocation.attempt, numbers.collect()));
            let outcome = if case.succeeds(invocation.id.number()) { Outcome::Succeeded } else { Outcome::Failed };
            engine.accept(invocation.id, outcome).expect("the invocation runs");
        }
        match step {
            Step::Reached if engine.now() == engine.end() => return (engine, collector.facts, asked),
            Step::Reached => until += case.stride,
            Step::Waiting(id) => assert!(invocations.iter().any(|invocation| invocation.id == id)),
            Step::Spent => {}
            Step::Full => panic!("a small scenario fills no memory"),
        }
    }
}

/// What the series of a case offers, by the plain rules: a row's records lie evenly in it, in the order of time and,
/// at one instant, of the series; keys and sizes come from the upper and lower half of one draw a record.
fn offers(scenario: &Scenario) -> Vec<Offer> {
    let mut arrivals = Vec::new();
    for part in &scenario.traffic.parts {
        let Part::Series(series) = part else { panic!("cases are made of series") };
        for row in series.rows.iter().filter(|row| row.count > 0) {
            for i in 0..row.count {
                let at = row.at.micros() + row.length.micros() * i / row.count;
                let size = row.bytes.map(|bytes| bytes / row.count + u64::from(i < bytes % row.count));
                arrivals.push((at, size));
            }
        }
    }
    arrivals.sort_by_key(|(at, _)| *at);
    let mut rng = Rng::of(scenario.seed, Actor::Records);
    let offer = |(number, (at, size)): (u32, (u64, Option<u64>))| {
        let draw = rng.next_u64();
        let part_of = |half: u64, choices: u32| (((half & 0xffff_ffff) * u64::from(choices)) >> 32) as u32;
        let key = match scenario.traffic.keys {
            Keys::One => 0,
            Keys::Uniform { count } => part_of(draw >> 32, count),
            _ => panic!("cases have plain keys"),
        };
        let size = match (size, scenario.traffic.sizes) {
            (Some(size), _) => size as u32,
            (None, Sizes::Fixed { bytes }) => bytes,
            (None, Sizes::Uniform { min, max }) => min + part_of(draw, max - min + 1),
            _ => panic!("cases have plain sizes"),
        };
        Offer { at, number, key, size, host: 0, copies: 0 }
    };
    (0..).zip(arrivals).map(offer).collect()
}

/// In order of time; at one instant writers first, then shard by shard. Between writers and lanes, and between lanes,
/// order has no meaning.
pub fn in_one_order(mut facts: Vec<Happened>) -> Vec<Happened> {
    facts.sort_by_key(|happened| (happened.at, place(&happened.what)));
    facts
}

/// Zero for writers, one more than its shard for a lane.
fn place(what: &What) -> u32 {
    match what {
        What::Expired { shard, .. }
        | What::Read { shard, .. }
        | What::ReadThrottled { shard }
        | What::Skipped { shard, .. }
        | What::IteratorExpired { shard, .. }
        | What::OtherRead { shard, .. }
        | What::OtherExpired { shard, .. }
        | What::InvocationThrottled { shard, .. }
        | What::EnvironmentMade { shard, .. }
        | What::Started { shard, .. }
        | What::Processed { shard, .. }
        | What::Failed { shard, .. } => 1 + shard,
        _ => 0,
    }
}

/// At one instant, what comes before or after an expiry in its lane has no meaning either.
fn expiries_first(mut facts: Vec<Happened>) -> Vec<Happened> {
    facts.sort_by_key(|Happened { at, what }| {
        (*at, place(what), !matches!(what, What::Expired { .. } | What::OtherExpired { .. }))
    });
    facts
}

/// Equal, or the first difference with what led to it.
fn compare(engine: &[Happened], model: &[Happened]) -> Result<(), TestCaseError> {
    let length = engine.len().max(model.len());
    let Some(first) = (0..length).find(|&i| engine.get(i) != model.get(i)) else { return Ok(()) };
    let from = first.saturating_sub(6);
    let show = |facts: &[Happened]| {
        let lines = facts.iter().enumerate().skip(from).take(first - from + 4);
        lines.map(|(i, fact)| format!("  {i} {fact:?}\n")).collect::<String>()
    };
    Err(TestCaseError::fail(format!("fact {first} differs\nengine:\n{}model:\n{}", show(engine), show(model))))
}
