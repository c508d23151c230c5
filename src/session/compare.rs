//! Designs side by side: a run of each on the same arrivals, and what tells them apart.

mod step;
pub mod tally;

use super::{DirectRun, FirehoseRun, Handler, Pump, Session};
use crate::engine::Digest;
use crate::metrics::{Histogram, Ledger};
use crate::scenario::{Plan, Scenario};
use crate::units::SimTime;
use serde_json::{Value, json};
pub use tally::{Measure, Tally};

/// A run of one design.
#[derive(Clone, Debug)]
pub enum Run {
    /// A stream with its producer and its consumers.
    Stream(Box<Session>),
    /// The application does everything in the request.
    Direct(Box<DirectRun>),
    /// A delivery stream.
    Firehose(Box<FirehoseRun>),
}

/// Runs of all designs of a scenario, its own first.
#[derive(Clone, Debug)]
pub struct Comparison {
    titles: Vec<String>,
    runs: Vec<Run>,
}

impl Run {
    /// Runs until everything before `until` has happened, or until about `budget` events have.
    pub fn pump(&mut self, until: SimTime, budget: u32) -> Pump {
        match self {
            Self::Stream(session) => session.pump(until, budget),
            Self::Direct(run) => run.pump(until, budget),
            Self::Firehose(run) => run.pump(until, budget),
        }
    }

    /// Runs to the end, or until it is full.
    pub fn run(&mut self) -> Pump {
        match self {
            Self::Stream(session) => session.run(),
            Self::Direct(run) => run.run(),
            Self::Firehose(run) => run.run(),
        }
    }

    /// The determinism witness.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Stream(session) => session.digest(),
            Self::Direct(run) => run.digest(),
            Self::Firehose(run) => run.digest(),
        }
    }

    /// The result so far as one JSON object.
    pub fn summary(&self) -> Value {
        match self {
            Self::Stream(session) => session.summary(),
            Self::Direct(run) => run.summary(),
            Self::Firehose(run) => run.summary(),
        }
    }

    /// 30 days of it, in cents.
    fn month_cents(&self) -> u64 {
        match self {
            Self::Stream(session) => session.month_total_cents(),
            Self::Direct(run) => run.bill().month_total_cents,
            Self::Firehose(run) => run.bill().month_total_cents,
        }
    }

    /// What it did so far, in numbers that all designs have; without what a month of it costs.
    pub fn tally(&self) -> Tally {
        let tail = |histogram: &Histogram| histogram.quantile(990);
        match self {
            Self::Stream(session) => {
                let frames = session.timeline().frames();
                let consumers = 0..session.scenario().consumers.len();
                let ledgers = consumers.clone().map(|each| Ledger::after(session.seen_by(each), frames));
                let later = |ledger: &Ledger| ledger.expired + ledger.discarded;
                let ledgers: Vec<Ledger> = ledgers.collect();
                let latest = consumers.map(|each| session.recorder().offer_latency(each));
                let late = latest.map(|late| tail(&late)).max().flatten();
                let ledger = session.ledger();
                Tally {
                    offered: ledger.offered,
                    failed: ledger.lost(),
                    first_failed: None,
                    lost_later: ledgers.iter().map(later).max().unwrap_or(0),
                    open: ledger.at_producer
                        + ledgers.iter().map(|ledger| ledger.waiting + ledger.in_flight).max().unwrap_or(0),
                    waits: session.put_waits().map_or([None; 2], |waits| waits.quantiles([500, 990])),
                    late,
                    month_cents: 0,
                }
            }
            Self::Direct(run) => {
                let (ledger, recorder) = (run.ledger(), run.recorder());
                let mut waits = recorder.answered().clone();
                waits.add_all(recorder.failed());
                let mut late = recorder.answered().clone();
                late.add_all(recorder.late());
                Tally {
                    offered: ledger.offered,
                    failed: ledger.failures(),
                    first_failed: recorder.first_failed(),
                    lost_later: ledger.dropped,
                    open: ledger.in_flight + ledger.pending,
                    waits: waits.quantiles([500, 990]),
                    late: tail(&late),
                    month_cents: 0,
                }
            }
            Self::Firehose(run) => {
                let (ledger, recorder) = (run.ledger(), run.recorder());
                Tally {
                    offered: ledger.offered,
                    failed: ledger.lost_at_producer(),
                    first_failed: None,
                    lost_later: ledger.lost + ledger.aside(),
                    open: ledger.at_producer + ledger.open(),
                    waits: recorder.waits().quantiles([500, 990]),
                    late: tail(recorder.late()),
                    month_cents: 0,
                }
            }
        }
    }
}

impl Comparison {
    /// All designs of a scenario, each at its start.
    pub fn new(scenario: &Scenario) -> Self {
        let titles = scenario.design_titles();
        let own = Scenario { designs: Vec::new(), ..scenario.clone() };
        let stream = |scenario: &Scenario| {
            let mut session = Session::new(scenario.clone());
            session.watch_puts();
            Run::Stream(Box::new(session))
        };
        let others = scenario.designs.iter().map(|design| match &design.plan {
            Plan::Stream(scenario) => stream(scenario),
            Plan::Direct(direct) => Run::Direct(Box::new(DirectRun::new(&own, direct))),
            Plan::Firehose(firehose) => Run::Firehose(Box::new(FirehoseRun::new(&own, firehose))),
        });
        let runs = std::iter::once(stream(&own)).chain(others).collect();
        Self { titles, runs }
    }

    /// Runs all to the end. Where one of them is full it says which.
    ///
    /// # Errors
    /// The place of the first design that could not go to its end.
    pub fn run(&mut self) -> Result<(), usize> {
        let full = self.runs.iter_mut().position(|run| run.run() == Pump::Full);
        full.map_or(Ok(()), Err)
    }

    /// The same with a handler for the first design, whose code may be the scenario's.
    ///
    /// # Errors
    /// The place of the first design that could not go to its end.
    pub fn run_with(&mut self, handler: &mut impl Handler) -> Result<(), usize> {
        if let [Run::Stream(session), ..] = self.runs.as_mut_slice()
            && session.run_with(handler) == Pump::Full
        {
            return Err(0);
        }
        self.run()
    }

    /// What the designs are called.
    pub fn titles(&self) -> &[String] {
        &self.titles
    }

    /// The runs, in the order of the titles.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// What each design did, in numbers.
    pub fn tallies(&self) -> Vec<Tally> {
        let of = |run: &Run| Tally { month_cents: run.month_cents(), ..run.tally() };
        self.runs.iter().map(of).collect()
    }

    /// The matrix: what matters to those who wait, to those who depend on the work, and to those who pay.
    pub fn measures(&self) -> Vec<Measure> {
        tally::measures(&self.tallies())
    }

    /// The matrix and the sentences as one JSON object.
    pub fn document(&self) -> Value {
        let measure = |measure: &Measure| {
            json!({
                "id": measure.id, "name": measure.name, "about": measure.about, "unit": measure.unit,
                "values": measure.values, "texts": measure.texts, "best": measure.best(),
            })
        };
        let traffic: Vec<String> = self.runs.iter().map(|run| format!("{:016x}", run.digest().traffic())).collect();
        json!({
            "designs": self.titles,
            "traffic_digests": traffic,
            "measures": self.measures().iter().map(measure).collect::<Vec<_>>(),
            "sentences": self.sentences(),
            "results": self.runs.iter().map(Run::summary).collect::<Vec<_>>(),
        })
    }

    /// What tells the designs apart, in sentences.
    pub fn sentences(&self) -> Vec<String> {
        tally::sentences(&self.titles, &self.tallies())
    }
}
