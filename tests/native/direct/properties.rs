//! What must hold of every direct design.

use crate::common::repeatable;
use crate::scenario::any_designs::{designed, direct};
use proptest::prelude::*;
use streamgauge::metrics::direct::{COLUMNS, DirectLedger};
use streamgauge::scenario::{Direct, Plan, Scenario};
use streamgauge::session::{Comparison, DirectRun, Pump, Run, Session};
use streamgauge::units::{SimTime, Span};

fn finished(scenario: &Scenario, direct: &Direct) -> DirectRun {
    let mut run = DirectRun::new(scenario, direct);
    assert_eq!(run.run(), Pump::Finished);
    run
}

/// Everything in the frames, so that equal ones are equal where a statistic has nothing to say, too.
fn bits(run: &DirectRun) -> Vec<u64> {
    run.frames().iter().flat_map(|frame| COLUMNS.iter().map(|(.., of)| of(frame).to_bits())).collect()
}

proptest! {
    #![proptest_config(repeatable(120))]

    #[test]
    fn the_account_balances_in_every_frame((scenario, direct) in (crate::scenario::any::scenario(), direct())) {
        let run = finished(&scenario, &direct);
        for frames in 0..=run.frames().len() {
            let ledger = DirectLedger::after(&run.frames()[..frames]);
            prop_assert!(ledger.balances(), "after {} frames: {:?}", frames, ledger);
        }
        for frame in run.frames() {
            let state = frame.state;
            prop_assert!(state.working >= state.cpu_line + state.pool_line);
            let instances = u64::from(direct.autoscaling.max_instances.unwrap_or(direct.application.instances));
            prop_assert!(state.up <= state.paid && state.paid <= instances.max(direct.application.instances.into()));
            prop_assert!(state.working <= state.paid * u64::from(direct.workers()));
            prop_assert!(state.backlog <= state.paid * u64::from(direct.application.backlog));
            prop_assert!(state.connections <= u64::from(direct.database.max_connections));
            prop_assert!(frame.used.0.is_nan() || frame.used.0 >= 0.0);
            prop_assert!(frame.used.1 <= 1.000_001, "{}", frame.used.1);
            // Each attempt ends once for the client.
            prop_assert!(frame.failures() <= frame.attempts_failed.iter().sum::<u64>());
        }
    }

    /// The same requests, bit for bit, as the stream design gets.
    #[test]
    fn all_designs_get_the_same_traffic(scenario in designed()) {
        let mut comparison = Comparison::new(&scenario);
        prop_assert_eq!(comparison.run(), Ok(()));
        let traffic: Vec<u64> = comparison.runs().iter().map(|run| run.digest().traffic()).collect();
        let own = Scenario { designs: Vec::new(), ..scenario.clone() };
        let mut alone = Session::new(own);
        let _ = alone.run();
        prop_assert_eq!(&traffic, &vec![alone.digest().traffic(); scenario.designs.len() + 1]);
        let Run::Stream(session) = &comparison.runs()[0] else { panic!("the document's own design") };
        prop_assert_eq!(session.digest(), alone.digest());
        prop_assert_eq!(session.summary(), alone.summary());
    }

    #[test]
    fn a_direct_design_does_not_depend_on_its_pace(
        (scenario, direct) in (crate::scenario::any::scenario(), direct()),
        stride in 1..20_000_000u64,
        budget in 1..50_000u32,
    ) {
        let one = finished(&scenario, &direct);
        let (mut other, mut until) = (DirectRun::new(&scenario, &direct), SimTime::ZERO);
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

    /// Packed as for the box and taken out again, the designs run the same.
    #[test]
    fn packed_designs_are_the_same(scenario in designed()) {
        let text = streamgauge::scenario::packed::pack(&scenario);
        let again = streamgauge::scenario::packed::unpack(&text).expect("what was packed");
        prop_assert_eq!(again.designs.len(), scenario.designs.len());
        for (a, b) in again.designs.iter().zip(&scenario.designs) {
            match (&a.plan, &b.plan) {
                (Plan::Direct(a), Plan::Direct(b)) => prop_assert_eq!(a, b),
                (Plan::Firehose(a), Plan::Firehose(b)) => prop_assert_eq!(a, b),
                (Plan::Stream(a), Plan::Stream(b)) => {
                    prop_assert_eq!((&a.producer, &a.stream, &a.seed), (&b.producer, &b.stream, &b.seed));
                }
                _ => prop_assert!(false, "another kind"),
            }
        }
    }
}
