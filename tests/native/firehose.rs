//! Delivery streams, against formulas and a naive model, and over random settings.

mod buffering;
mod handler;
mod outages;
mod properties;
mod quotas;
mod source;
mod story;
mod totals;

use crate::common::scenario;
use serde_json::{Value, json};
use streamgauge::engine::Step;
use streamgauge::engine::firehose::{Entry, FirehoseEngine, FirehoseFact, FirehoseObserver, Trigger};
use streamgauge::scenario::{Firehose, Plan, Scenario};
use streamgauge::session::{FirehoseRun, Pump};
use streamgauge::units::SimTime;

/// A checked scenario with one delivery stream.
pub fn designed(length_s: u64, traffic: &Value, firehose: &Value) -> (Scenario, Firehose) {
    let checked = scenario(&json!({
        "length_s": length_s,
        "traffic": traffic,
        "designs": [{ "kind": "firehose", "firehose": firehose }],
    }));
    let Plan::Firehose(firehose) = &checked.designs[0].plan else { panic!("a delivery stream") };
    let firehose = (**firehose).clone();
    (Scenario { designs: Vec::new(), ..checked }, firehose)
}

/// The finished run of such a delivery stream.
pub fn run(length_s: u64, traffic: &Value, firehose: &Value) -> FirehoseRun {
    let (scenario, firehose) = designed(length_s, traffic, firehose);
    let mut run = FirehoseRun::new(&scenario, &firehose);
    assert_eq!(run.run(), Pump::Finished);
    assert!(run.ledger().balances(), "{:?}", run.ledger());
    run
}

/// A record of so many bytes every so many microseconds, the first of them at the start.
pub fn every(micros: u64, bytes: u64) -> Value {
    json!({
        "curve": [{ "kind": "intervals", "intervals": [[0, micros]] }],
        "sizes": { "kind": "fixed", "bytes": bytes },
    })
}

/// A buffer that was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    pub at: u64,
    pub partition: u32,
    pub records: u64,
    pub bytes: u64,
    pub opened: u64,
    pub by: Trigger,
}

/// A delivery that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    pub at: u64,
    pub records: u64,
    pub stored: u64,
    pub opened: u64,
    pub closed: u64,
}

/// Everything that a delivery stream told and that models need.
#[derive(Debug, Default)]
pub struct Seen {
    pub accepted: Vec<(u64, Entry)>,
    pub closed: Vec<Closed>,
    pub delivered: Vec<Delivered>,
}

impl FirehoseObserver for Seen {
    fn observe(&mut self, at: SimTime, fact: FirehoseFact<'_>) {
        let at = at.micros();
        match fact {
            FirehoseFact::Accepted { entries } => self.accepted.extend(entries.iter().map(|entry| (at, *entry))),
            FirehoseFact::Closed { partition, records, bytes, opened, by } => {
                self.closed.push(Closed { at, partition, records, bytes, opened, by });
            }
            FirehoseFact::Delivered { records, stored, opened, closed, .. } => {
                self.delivered.push(Delivered { at, records, stored, opened, closed });
            }
            _ => {}
        }
    }
}

/// What such a delivery stream tells.
pub fn seen(scenario: &Scenario, firehose: &Firehose) -> Seen {
    let (mut engine, mut seen) = (FirehoseEngine::new(scenario, firehose), Seen::default());
    assert_eq!(engine.advance(engine.end(), u32::MAX, &mut seen), Step::Reached);
    seen
}
