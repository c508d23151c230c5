//! What must hold of streams that follow one another, over random chains.

use crate::common::{bits, repeatable};
use crate::scenario::any_chain;
use proptest::prelude::*;
use std::collections::BTreeMap;
use streamgauge::engine::{Digest, Engine, Fact, Observer, Record, Step};
use streamgauge::metrics::{Ledger, Metric};
use streamgauge::scenario::{Hop, Scenario};
use streamgauge::session::{Pump, Session};
use streamgauge::units::{SimTime, Span};

/// What a consumer has done, with the shard that it comes from, as facts tell it.
#[derive(Default)]
struct Done(BTreeMap<u32, Vec<(SimTime, u32, Record)>>);

impl Observer for Done {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        if let Fact::Processed { reader, shard, batch, .. }
        | Fact::InvocationFailed { reader, shard, done: batch, .. } = fact
        {
            self.0.entry(reader).or_default().extend(batch.iter().map(|record| (at, shard, *record)));
        }
    }
}

/// Everything that the consumers of one stream have done in a run of its own.
fn done(scenario: &Scenario) -> Done {
    let mut done = Done::default();
    let mut engine = Engine::new(scenario);
    while engine.advance(engine.end(), u32::MAX, &mut done) != Step::Reached {}
    done
}

/// The digest of what arrives at a stream, taken from what was done before it: for each shard a record is put whenever
/// enough thousandths of one have come together.
fn arrives(hop: &Hop, done: &Done) -> (u64, u64) {
    let mut put = Vec::new();
    let mut owed = BTreeMap::<u32, u64>::new();
    for (at, shard, record) in done.0.get(&hop.consumer).into_iter().flatten() {
        let before = *owed.get(shard).unwrap_or(&0);
        let after = before + u64::from(hop.per_record_milli);
        owed.insert(*shard, after);
        for _ in before / 1_000..after / 1_000 {
            put.push((*at, *shard, Record { size: hop.bytes.unwrap_or(record.size), ..*record }));
        }
    }
    put.sort_by_key(|(at, shard, _)| (*at, *shard));
    let mut digest = Digest::default();
    for (at, _, record) in &put {
        digest.offered(*at, record);
    }
    (put.len() as u64, digest.traffic())
}

fn finished(scenario: &Scenario) -> Session {
    let mut session = Session::new(scenario.clone());
    assert_eq!(session.run(), Pump::Finished);
    session
}

fn without_followers(scenario: &Scenario) -> Scenario {
    Scenario { then: Vec::new(), ..scenario.clone() }
}

proptest! {
    #![proptest_config(repeatable(60))]

    /// Each stream gets what the consumer before it has done, at the instants at which it was done, and all accounts
    /// balance in every frame.
    #[test]
    fn what_is_put_arrives(scenario in any_chain::chained()) {
        let session = finished(&scenario);
        prop_assert!(session.balances());
        prop_assert_eq!(session.then().len(), scenario.then.len());
        let before = done(&without_followers(&scenario));
        for (hop, behind) in scenario.then.iter().zip(session.then()) {
            let (count, traffic) = arrives(hop, &before);
            prop_assert_eq!(behind.ledger().offered, count);
            prop_assert_eq!(behind.digest().traffic(), traffic);
            prop_assert_eq!(behind.timeline().total(Metric::Offered, behind.timeline().frames()), count as f64);
            prop_assert_eq!(behind.timeline().frames(), session.timeline().frames());
            for frame in 0..=behind.timeline().frames() {
                prop_assert!(Ledger::after(behind.timeline(), frame).balances());
            }
        }
    }

    /// Nothing reaches back, and no stream knows of its sisters.
    #[test]
    fn a_stream_is_as_it_is_without_those_that_follow(scenario in any_chain::chained()) {
        let session = finished(&scenario);
        let alone = finished(&without_followers(&scenario));
        prop_assert_eq!(bits(&session.timeline()), bits(&alone.timeline()));
        prop_assert_eq!(session.digest().traffic(), alone.digest().traffic());
        prop_assert_ne!(session.digest().get(), alone.digest().get());
        for place in 0..scenario.then.len() {
            let one = Scenario { then: vec![scenario.then[place].clone()], ..scenario.clone() };
            prop_assert_eq!(bits(&finished(&one).then()[0].timeline()), bits(&session.then()[place].timeline()));
        }
    }

    #[test]
    fn a_chain_does_not_depend_on_its_pace(
        scenario in any_chain::chained(),
        stride in 1..20_000_000u64,
        budget in 1..50_000u32,
    ) {
        let one = finished(&scenario);
        let (mut other, mut until) = (Session::new(scenario.clone()), SimTime::ZERO);
        loop {
            match other.pump(until, budget) {
                Pump::Finished => break,
                Pump::Reached => until += Span::from_micros(stride),
                Pump::Spent => prop_assert!(other.balances()),
                stop => prop_assert!(false, "it stopped with {stop:?}"),
            }
        }
        prop_assert_eq!(one.digest(), other.digest());
        prop_assert_eq!(one.summary(), other.summary());
    }
}
