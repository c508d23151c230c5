//! What must hold of every delivery stream.

use crate::common::repeatable;
use crate::scenario::any_firehose::firehose;
use proptest::prelude::*;
use streamgauge::metrics::firehose::{FIREHOSE_COLUMNS, FirehoseLedger};
use streamgauge::scenario::{Firehose, Scenario};
use streamgauge::session::{FirehoseRun, Pump};
use streamgauge::units::{SimTime, Span};

fn finished(scenario: &Scenario, firehose: &Firehose) -> FirehoseRun {
    let mut run = FirehoseRun::new(scenario, firehose);
    assert_eq!(run.run(), Pump::Finished);
    run
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
                stop => prop_assert!(false, "it stopped with {stop:?}"),
            }
        }
        prop_assert_eq!(one.digest(), other.digest());
        prop_assert_eq!(bits(&one), bits(&other));
        prop_assert_eq!(one.bill(), other.bill());
    }
}
