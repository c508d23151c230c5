//! What must hold in every run, over random scenarios: many small ones with short retention, fewer large ones.

mod chains;
mod consumers;
mod recount;

use crate::common::{bits, repeatable};
use crate::reference::random::{self, Case};
use crate::reference::{What, in_one_order, run_engine};
use crate::scenario::any;
use proptest::prelude::*;
use recount::Recount;
use std::collections::BTreeMap;
use streamgauge::engine::{Digest, Engine, Invocation, Outcome};
use streamgauge::metrics::{Ledger, Metric, ShardMetric};
use streamgauge::scenario::{Arrivals, Consumer, HandlerKind, Operation, Part, PutCall, RetryPolicy, SdkMode};
use streamgauge::session::{Pump, Session};
use streamgauge::units::{Ratio, SimTime, Span};

/// A larger scenario, half of the time with a host that decides.
fn large() -> impl Strategy<Value = Case> {
    (any::scenario(), any::<bool>(), 0..5u64, any::<u64>(), 1..20_000_000u64, 1..100_000u32).prop_map(
        |(mut scenario, host, fails_one_in, salt, stride, budget)| {
            scenario.consumers[0].handler = if host { HandlerKind::Host } else { HandlerKind::Model };
            // A question about an invocation that was lost is withdrawn, and the paces of these runs answer all.
            let loses = |operation: &Operation| matches!(operation, Operation::LoseEnvironments { .. });
            scenario.operations.retain(|planned| !(host && loses(&planned.operation)));
            Case { scenario, fails_one_in, salt, stride: Span::from_micros(stride), budget }
        },
    )
}

/// The same with batches that succeed or fail as a whole, one at a time, and are tried until they expire: what a naive
/// account of the facts follows.
fn whole_batches() -> impl Strategy<Value = Case> {
    large().prop_map(|mut case| {
        let plain = Consumer::default();
        for consumer in &mut case.scenario.consumers {
            (consumer.failures, consumer.poison, consumer.parallelization) = (plain.failures, None, 1);
            consumer.filters.clear();
        }
        // Nor does the account follow environments that are lost.
        case.scenario.operations.retain(|planned| !matches!(planned.operation, Operation::LoseEnvironments { .. }));
        for planned in &mut case.scenario.operations {
            match &mut planned.operation {
                Operation::UpdateMapping { failures, .. } => *failures = plain.failures,
                Operation::DeployFunction { poison, .. } => *poison = None,
                _ => {}
            }
        }
        case
    })
}

/// The run of a case in one go, each outcome given when the run stops for it.
fn finished(case: &Case) -> Session {
    let mut session = Session::new(case.scenario.clone());
    let end = session.run_with(&mut |invocation: &Invocation| outcome(case, invocation));
    assert_eq!(end, Pump::Finished);
    session
}

fn outcome(case: &Case, invocation: &Invocation) -> Outcome {
    if case.succeeds(invocation.id.number()) { Outcome::Succeeded } else { Outcome::Failed }
}

/// The same run in pieces, with outcomes given early or late, in any order, and operations by hand on the way.
fn in_pieces(case: &Case, operations: &[(usize, Operation)]) -> Session {
    let mut session = Session::new(case.scenario.clone());
    let (mut until, mut open, mut pieces) = (SimTime::ZERO, Vec::new(), 0);
    loop {
        let pump = session.pump(until, case.budget);
        pieces += 1;
        for (_, operation) in operations.iter().filter(|(piece, _)| *piece == pieces) {
            let _ = session.apply(*operation);
        }
        open.extend(session.take_invocations());
        // Every other time whatever is known is kept back until it is needed.
        if pieces % 2 == 0 {
            for invocation in open.drain(..).rev() {
                session.accept(invocation.id, outcome(case, &invocation)).expect("it runs");
            }
        }
        match pump {
            Pump::Finished => return session,
            Pump::Reached => until += case.stride,
            Pump::Spent => {}
            Pump::Waiting(id) => {
                if let Some(place) = open.iter().position(|invocation: &Invocation| invocation.id == id) {
                    let invocation = open.remove(place);
                    session.accept(id, outcome(case, &invocation)).expect("it runs");
                }
            }
            Pump::Full => panic!("a scenario of this size fills no memory"),
        }
    }
}

fn always_true_of_a_run(case: &Case) -> Result<(), TestCaseError> {
    let session = finished(case);
    let timeline = session.timeline();
    let shards = 0..timeline.shards();
    prop_assert_eq!(timeline.frames(), timeline.frames_total());
    for frames in 0..=timeline.frames() {
        let ledger = Ledger::after(timeline, frames);
        prop_assert!(ledger.balances(), "after {} frames: {:?}", frames, ledger);
    }
    for frame in 0..timeline.frames() {
        let mut oldest = 0.0f64;
        for shard in shards.clone() {
            let of = |metric| timeline.shard_column(metric, shard)[frame];
            let backlog = of(ShardMetric::Waiting) + of(ShardMetric::InFlight);
            let age = of(ShardMetric::IteratorAgeMs);
            prop_assert_eq!(
                backlog > 0.0,
                age > 0.0,
                "frame {} shard {}: {} records, {} ms",
                frame,
                shard,
                backlog,
                age
            );
            oldest = oldest.max(age);
        }
        let of = |metric: Metric| timeline.column(metric)[frame];
        prop_assert_eq!(of(Metric::IteratorAgeMs), oldest);
        prop_assert_eq!(of(Metric::Waiting) + of(Metric::InFlight) > 0.0, oldest > 0.0);
    }
    // The ranges of the open shards cover the hash space without overlap.
    let stream = session.engine().stream();
    let mut next = Some(0);
    for shard in stream.open() {
        let of = &stream.shards[*shard as usize];
        prop_assert_eq!(of.closed_at, u64::MAX);
        prop_assert_eq!(Some(of.range.start().get()), next);
        next = of.range.end().get().checked_add(1);
    }
    prop_assert_eq!(next, None);
    // A child stands behind its parents, and is as old as they are when they are closed.
    for (index, shard) in stream.shards.iter().enumerate() {
        for parent in shard.parents.into_iter().flatten() {
            prop_assert!((parent as usize) < index);
            prop_assert_eq!(stream.shards[parent as usize].closed_at, shard.created_at);
        }
    }
    Ok(())
}

fn each_record_has_one_fate_and_shards_keep_their_order(case: &Case) -> Result<(), TestCaseError> {
    let (engine, facts, _) = run_engine(case);
    let facts = in_one_order(facts);
    let may_be_stored = case.scenario.producer.timeouts.rate != Ratio::ZERO;
    // Number of a record to its fate; of a shard to the records that it stored and those that it handed on.
    let (mut offered, mut ended) = (0, BTreeMap::new());
    let mut stored: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut processed: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for happened in &facts {
        match &happened.what {
            What::Offered { number, .. } => {
                prop_assert_eq!(*number, offered);
                offered += 1;
            }
            What::Stored { shard, number, copies: 1.., .. } => {
                prop_assert!(ended.contains_key(number), "record {} is stored for the first time", number);
                stored.entry(*shard).or_default().push(*number);
            }
            What::Stored { shard, number, .. } => {
                prop_assert!(ended.insert(*number, happened.at).is_none(), "record {} is stored twice", number);
                stored.entry(*shard).or_default().push(*number);
            }
            What::Lost { number, .. } => {
                prop_assert!(ended.insert(*number, happened.at).is_none(), "record {} is stored or lost", number);
            }
            What::Throttled { number, .. } => prop_assert!(may_be_stored || !ended.contains_key(number)),
            What::Processed { shard, numbers, .. } => processed.entry(*shard).or_default().extend(numbers),
            _ => {}
        }
    }
    prop_assert_eq!(u64::from(offered), ended.len() as u64 + engine.at_producer());
    for (shard, processed) in processed {
        let mut order = stored[&shard].iter();
        for number in processed {
            // Each is found behind the one before it, so none comes twice and none overtakes.
            prop_assert!(order.any(|stored| *stored == number), "record {} of shard {} out of order", number, shard);
        }
    }
    Ok(())
}

fn pace_does_not_matter(case: &Case) -> Result<(), TestCaseError> {
    let (one, other) = (finished(case), in_pieces(case, &[]));
    prop_assert_eq!(one.digest(), other.digest());
    prop_assert_eq!(bits(&one.timeline()), bits(&other.timeline()));
    // The facts that an observer sees are those of the digest.
    let mut digest = Digest::default();
    let mut engine = Engine::new(&case.scenario);
    if case.scenario.consumers[0].handler == HandlerKind::Model {
        let _ = engine.advance(engine.end(), u32::MAX, &mut digest);
        prop_assert_eq!(digest, one.digest());
    }
    Ok(())
}

fn a_replay_is_the_run(case: &Case) -> Result<(), TestCaseError> {
    let mapping = Operation::UpdateMapping {
        consumer: 0,
        batch_size: 17,
        batching_window: Span::from_millis(700),
        failures: Consumer::default().failures,
    };
    let producer = Operation::DeployProducer { retry: RetryPolicy::SdkOnly { mode: SdkMode::Standard } };
    let run = in_pieces(case, &[(2, mapping), (3, producer), (5, mapping), (9, producer)]);
    let mut replay = Session::replay(case.scenario.clone(), &run.trace());
    prop_assert_eq!(replay.pump(replay.engine().end(), u32::MAX), Pump::Finished);
    prop_assert_eq!(replay.digest(), run.digest());
    prop_assert_eq!(bits(&replay.timeline()), bits(&run.timeline()));
    prop_assert_eq!(&replay.trace().operations, &run.trace().operations);
    prop_assert_eq!(replay.summary(), run.summary());
    Ok(())
}

fn the_seed_decides_and_designs_share_the_traffic(case: &Case) -> Result<(), TestCaseError> {
    let run = finished(case);
    prop_assert_eq!(run.digest(), finished(case).digest());
    let traffic = run.digest().traffic();
    let mut other = case.clone();
    other.scenario.consumers[0].batch_size = 1 + case.scenario.consumers[0].batch_size / 2;
    other.scenario.consumers[0].duration.fixed = Span::from_millis(33);
    other.scenario.stream.shards += 1;
    if !matches!(other.scenario.producer.call, PutCall::Kpl(_)) {
        other.scenario.producer.retry = RetryPolicy::Ignore;
    }
    other.scenario.producer.buffer += 1;
    other.scenario.operations.clear();
    prop_assert_eq!(finished(&other).digest().traffic(), traffic);
    let mut seeded = case.clone();
    seeded.scenario.seed ^= 1;
    // Counts of a series are kept, and all may fall on one instant; timetables and bursts know no chance. Any other
    // curve always shows its randomness.
    let by_chance = |part: &Part| !matches!(part, Part::Series(_) | Part::Intervals { .. } | Part::Bursts { .. });
    let by_curve = case.scenario.traffic.parts.iter().all(by_chance);
    if case.scenario.traffic.arrivals == Arrivals::Poisson && by_curve && run.ledger().offered > 100 {
        prop_assert_ne!(finished(&seeded).digest().traffic(), traffic);
    }
    Ok(())
}

fn frames_are_what_happened_in_them(case: &Case) -> Result<(), TestCaseError> {
    let (_, facts, _) = run_engine(case);
    let facts = in_one_order(facts);
    let session = finished(case);
    let recount = Recount::of(&case.scenario, session.timeline().width(), &facts);
    recount.compare(session.timeline())?;
    recount.compare_latencies(&session)
}

proptest! {
    #![proptest_config(repeatable(500))]

    #[test]
    fn small_runs_balance_and_age_with_their_backlog(case in random::case()) {
        always_true_of_a_run(&case)?;
    }

    #[test]
    fn small_runs_keep_their_order(case in random::case()) {
        each_record_has_one_fate_and_shards_keep_their_order(&case)?;
    }

    #[test]
    fn small_runs_do_not_depend_on_their_pace(case in random::case()) {
        pace_does_not_matter(&case)?;
    }

    #[test]
    fn small_runs_can_be_replayed(case in random::case()) {
        a_replay_is_the_run(&case)?;
    }

    #[test]
    fn small_frames_are_what_happened_in_them(case in random::case()) {
        frames_are_what_happened_in_them(&case)?;
    }
}

proptest! {
    #![proptest_config(repeatable(60))]

    #[test]
    fn large_runs_balance_and_age_with_their_backlog(case in large()) {
        always_true_of_a_run(&case)?;
    }

    #[test]
    fn large_runs_keep_their_order(case in whole_batches()) {
        each_record_has_one_fate_and_shards_keep_their_order(&case)?;
    }

    #[test]
    fn large_runs_do_not_depend_on_their_pace(case in large()) {
        pace_does_not_matter(&case)?;
    }

    #[test]
    fn large_runs_can_be_replayed(case in large()) {
        a_replay_is_the_run(&case)?;
    }

    #[test]
    fn the_seed_decides_everything_and_the_design_nothing_of_the_traffic(case in large()) {
        the_seed_decides_and_designs_share_the_traffic(&case)?;
    }

    #[test]
    fn large_frames_are_what_happened_in_them(case in whole_batches()) {
        frames_are_what_happened_in_them(&case)?;
    }
}
