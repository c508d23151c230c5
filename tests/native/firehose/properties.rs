//! What must hold of every delivery stream.

use crate::common::repeatable;
use crate::scenario::any_firehose::firehose;
use proptest::prelude::*;
use streamgauge::engine::firehose::{GivenRecord, TransformAnswer, Transformation, Verdict};
use streamgauge::engine::{Answer, Invocation};
use streamgauge::metrics::firehose::{FIREHOSE_COLUMNS, FirehoseLedger};
use streamgauge::scenario::{Firehose, Scenario};
use streamgauge::session::{FirehoseRun, Handler, Pump};
use streamgauge::units::{SimTime, Span};

fn finished(scenario: &Scenario, firehose: &Firehose) -> FirehoseRun {
    let mut run = FirehoseRun::new(scenario, firehose);
    assert_eq!(run.run_with(&mut Judge), Pump::Finished);
    run
}

/// Says what a function does, of each record the same whenever it is asked.
struct Judge;

impl Handler for Judge {
    fn handle(&mut self, _: &Invocation) -> Answer {
        panic!("there is no consumer")
    }

    fn transform(&mut self, of: &Transformation) -> TransformAnswer {
        let verdict = |given: &GivenRecord| match given.record.number.wrapping_mul(2_654_435_761) >> 28 {
            0 => Verdict::Dropped,
            1 => Verdict::Failed,
            name @ 2..6 => Verdict::Ok { bytes: given.record.size / 2, partition: Some(name.to_string().into()) },
            _ => Verdict::Ok { bytes: given.record.size, partition: None },
        };
        let fails = (of.id.number() + u64::from(of.attempt)).is_multiple_of(5);
        let took = Span::from_micros(1_000 + of.id.number() * 7_919 % 3_000_000);
        let init = if of.cold { Span::from_micros(200_000) } else { Span::ZERO };
        TransformAnswer { records: (!fails).then(|| of.records.iter().map(verdict).collect()), took, init }
    }
}

/// Everything in the frames, so that equal ones are equal where a statistic has nothing to say, too.
fn bits(run: &FirehoseRun) -> Vec<u64> {
    run.frames().iter().flat_map(|frame| FIREHOSE_COLUMNS.iter().map(|(.., of)| of(frame).to_bits())).collect()
}

proptest! {
    #![proptest_config(repeatable(50))]

    #[test]
    fn the_account_balances_in_every_frame((scenario, firehose) in (crate::scenario::any::scenario(), firehose())) {
        let run = finished(&scenario, &firehose);
        for frames in 0..=run.frames().len() {
            let ledger = FirehoseLedger::after(&run.frames()[..frames]);
            prop_assert!(ledger.balances(), "after {} frames: {:?}", frames, ledger);
        }
        let stream = &firehose.stream;
        for frame in run.frames() {
            let state = frame.state;
            prop_assert!(state.at_producer <= u64::from(stream.producer.buffer));
            prop_assert!(state.invocations <= stream.transform.parallel);
            prop_assert!(state.deliveries <= stream.parallel());
            prop_assert!(state.deliveries == stream.parallel() || state.deliveries_waiting == 0);
            prop_assert!(!stream.is_partitioned() || state.partitions <= stream.partitioning.active_max);
            // Something is under way, and then it has an age.
            let open = state.in_transform + state.buffered + state.in_delivery;
            prop_assert_eq!(open > 0, state.freshness.is_some(), "{:?}", state);
            prop_assert!(frame.billed * 5_120 >= frame.accepted_bytes);
        }
        // Each delivered record has one time.
        prop_assert_eq!(run.recorder().late().count(), run.ledger().delivered);
        prop_assert_eq!(run.recorder().waits().count(), run.ledger().accepted);
    }

    #[test]
    fn a_delivery_stream_does_not_depend_on_its_pace(
        (scenario, firehose) in (crate::scenario::any::scenario(), firehose()),
        stride in 1..20_000_000u64,
        budget in 1..50_000u32,
    ) {
        let one = finished(&scenario, &firehose);
        let (mut other, mut until) = (FirehoseRun::new(&scenario, &firehose), SimTime::ZERO);
        loop {
            match other.pump(until, budget) {
                Pump::Finished => break,
                Pump::Reached => until += Span::from_micros(stride),
                Pump::Spent => prop_assert!(other.ledger().balances()),
                Pump::Waiting(id) => {
                    let asked = other.take_transformations();
                    prop_assert_eq!(asked[0].id, id);
                    // In whichever order they are answered.
                    for question in asked.iter().rev() {
                        prop_assert_eq!(other.accept(question.id, Judge.transform(question)), Ok(()));
                        prop_assert!(other.accept(question.id, Judge.transform(question)).is_err());
                    }
                }
                stop @ Pump::Full => prop_assert!(false, "it stopped with {stop:?}"),
            }
        }
        prop_assert_eq!(one.digest(), other.digest());
        prop_assert_eq!(bits(&one), bits(&other));
        prop_assert_eq!(one.bill(), other.bill());
    }
}
