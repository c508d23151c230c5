//! What must hold of each consumer, over random scenarios with several of both kinds.

use super::outcome;
use crate::common::{bits, repeatable};
use crate::reference::random::Case;
use crate::scenario::any;
use proptest::prelude::*;
use streamgauge::engine::Invocation;
use streamgauge::metrics::{Ledger, Metric, ShardMetric, View};
use streamgauge::scenario::{Consumer, ConsumerKind, DurationLaw, HandlerKind, Operation, PlannedOperation, Scenario};
use streamgauge::session::{Pump, Session};
use streamgauge::units::{Ratio, Span};

/// A case with one to four consumers, half of them decided by the host.
fn case() -> impl Strategy<Value = Case> {
    (any::several(), any::<u8>(), 0..5u64, any::<u64>(), 1..20_000_000u64, 1..100_000u32).prop_map(
        |(mut scenario, hosts, fails_one_in, salt, stride, budget)| {
            for (index, consumer) in scenario.consumers.iter_mut().enumerate() {
                consumer.handler = if hosts >> index & 1 == 1 { HandlerKind::Host } else { HandlerKind::Model };
            }
            Case { scenario, fails_one_in, salt, stride: Span::from_micros(stride), budget }
        },
    )
}

fn finished(case: &Case) -> Session {
    super::finished(case)
}

/// Everything that a consumer sees of its own, and what it shares with others where the stream alone decides it.
fn seen(view: View<'_>) -> Vec<Vec<u64>> {
    // All readers together, refused or not.
    let of_all = [
        Metric::GetRecordsCalls,
        Metric::ReadThrottled,
        Metric::ReadRecords,
        Metric::ReadBytes,
        Metric::Subscriptions,
        Metric::PushedEvents,
        Metric::PushedRecords,
        Metric::PushedBytes,
    ];
    let bits = |column: &[f64]| column.iter().map(|value| value.to_bits()).collect();
    let stream = Metric::ALL.iter().filter(|metric| !of_all.contains(metric)).map(|metric| bits(view.column(*metric)));
    let shards = 0..view.shards();
    let shards = shards.flat_map(|shard| {
        let own = ShardMetric::ALL.iter().filter(|metric| **metric != ShardMetric::ReadThrottled);
        own.map(move |metric| bits(view.shard_column(*metric, shard)))
    });
    stream.chain(shards).collect()
}

/// Without limits and without chance.
fn plain(mut consumer: Consumer) -> Consumer {
    consumer.read_limits = false;
    (consumer.duration.spread, consumer.injected_error_rate) = (Ratio::ZERO, Ratio::ZERO);
    consumer.duration.law = DurationLaw::Uniform;
    // What one function reserves, the others have not.
    consumer.function.reserved = None;
    consumer.handler = HandlerKind::Model;
    consumer
}

/// Whether an operation limits what all functions share.
fn is_shared(planned: &PlannedOperation) -> bool {
    matches!(planned.operation, Operation::ThrottleAccount { .. })
}

fn with(scenario: &Scenario, consumers: Vec<Consumer>) -> Case {
    let mut scenario = Scenario { consumers, ..scenario.clone() };
    scenario.operations.retain(|planned| planned.operation.consumer().is_none() && !is_shared(planned));
    Case { scenario, fails_one_in: 0, salt: 0, stride: Span::from_secs(1), budget: u32::MAX }
}

proptest! {
    #![proptest_config(repeatable(60))]

    #[test]
    fn the_account_of_each_consumer_balances_in_every_frame(case in case()) {
        let session = finished(&case);
        prop_assert!(session.balances());
        let consumers = case.scenario.consumers.len();
        prop_assert_eq!(session.timeline().consumers(), consumers);
        for (index, consumer) in case.scenario.consumers.iter().enumerate() {
            let view = session.seen_by(index);
            for frame in 0..view.frames() {
                let mut oldest = 0.0f64;
                let ledger = Ledger::after(view, frame + 1);
                prop_assert!(ledger.balances(), "consumer {index} after {} frames: {ledger:?}", frame + 1);
                prop_assert_eq!(ledger.stored, Ledger::after(session.timeline(), frame + 1).stored);
                for shard in 0..view.shards() {
                    let of = |metric| view.shard_column(metric, shard)[frame];
                    let backlog = of(ShardMetric::Waiting) + of(ShardMetric::InFlight);
                    prop_assert_eq!(backlog > 0.0, of(ShardMetric::IteratorAgeMs) > 0.0);
                    oldest = oldest.max(of(ShardMetric::IteratorAgeMs));
                }
                prop_assert_eq!(view.column(Metric::IteratorAgeMs)[frame], oldest);
            }
            let billed = session.bill().lines.iter().filter(|line| line.name.contains("Lambda")).count();
            let functions = case.scenario.consumers.iter().filter(|other| other.kind == ConsumerKind::Lambda).count();
            prop_assert_eq!(billed, 2 * functions, "{:?}", consumer.kind);
        }
        // What the stream counts of reads is that of the consumers, where nobody else reads.
        if case.scenario.stream.other_pollers.count == 0 {
            let frames = session.timeline().frames();
            let of = |metric| (0..consumers).map(|index| session.seen_by(index).total(metric, frames)).sum::<f64>();
            let total = |metric| session.timeline().total(metric, frames);
            prop_assert_eq!(of(Metric::ConsumerReads), total(Metric::GetRecordsCalls));
            prop_assert_eq!(of(Metric::ConsumerReadsRefused), total(Metric::ReadThrottled));
        }
    }

    #[test]
    fn several_consumers_do_not_depend_on_their_pace(case in case()) {
        let (one, other) = (finished(&case), super::in_pieces(&case, &[]));
        prop_assert_eq!(one.digest(), other.digest());
        prop_assert_eq!(bits(&one.timeline()), bits(&other.timeline()));
        let mut replay = Session::replay(case.scenario.clone(), &other.trace());
        prop_assert_eq!(replay.pump(replay.engine().end(), u32::MAX), Pump::Finished);
        prop_assert_eq!(replay.summary(), other.summary());
    }

    #[test]
    fn another_consumer_changes_no_traffic_and_nobody_else_without_shared_limits(
        case in case(),
        more in any::consumer(),
    ) {
        let mut case = case;
        case.scenario.operations.retain(|planned| !is_shared(planned));
        let alone = finished(&case);
        let mut other = case.clone();
        other.scenario.consumers.push(plain(more));
        let both = finished(&other);
        prop_assert_eq!(alone.digest().traffic(), both.digest().traffic());
        for index in 0..case.scenario.consumers.len() {
            prop_assert_eq!(seen(alone.seen_by(index)), seen(both.seen_by(index)), "consumer {}", index);
        }
    }

    #[test]
    fn without_limits_and_chance_each_consumer_has_the_result_that_it_has_alone(case in case()) {
        let mut scenario = case.scenario.clone();
        scenario.operations.retain(|planned| !is_shared(planned));
        scenario.stream.empty_answers = Ratio::ZERO;
        let consumers: Vec<Consumer> = scenario.consumers.into_iter().map(plain).collect();
        scenario.consumers = Vec::new();
        // The policy looks at the first consumer.
        scenario.stream.autoscaler = None;
        let together = finished(&with(&scenario, consumers.clone()));
        for (index, consumer) in consumers.into_iter().enumerate() {
            let alone = finished(&with(&scenario, vec![consumer]));
            prop_assert_eq!(seen(alone.timeline()), seen(together.seen_by(index)), "consumer {}", index);
            prop_assert_eq!(
                alone.recorder().put_latency(0).checksum(),
                together.recorder().put_latency(index).checksum()
            );
        }
    }

    #[test]
    fn an_invocation_says_whose_it_is(case in case()) {
        let mut session = Session::new(case.scenario.clone());
        let mut asked = vec![0u32; case.scenario.consumers.len()];
        let end = session.run_with(&mut |invocation: &Invocation| {
            asked[invocation.id.consumer() as usize] += 1;
            outcome(&case, invocation)
        });
        prop_assert_eq!(end, Pump::Finished);
        for (index, consumer) in case.scenario.consumers.iter().enumerate() {
            let injected = consumer.injected_error_rate != Ratio::ZERO
                || consumer.poison.is_some()
                || case.scenario.operations.iter().any(|planned| planned.operation.consumer() == Some(index as u32));
            let begun = session.seen_by(index).total(Metric::Invocations, session.timeline().frames());
            match consumer.handler {
                HandlerKind::Model => prop_assert_eq!(asked[index], 0),
                HandlerKind::Host if !injected => {
                    // Those that run at the end need no answer yet.
                    let running = session.seen_by(index).gauge(Metric::Concurrency, session.timeline().frames());
                    prop_assert!(f64::from(asked[index]) <= begun && f64::from(asked[index]) >= begun - running);
                }
                _ => prop_assert!(f64::from(asked[index]) <= begun),
            }
        }
    }
}
