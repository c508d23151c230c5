//! Designs side by side: a run of each on the same arrivals, and what tells them apart.

pub mod behind;
mod step;
pub mod tally;

use super::{DirectRun, FirehoseRun, Handler, Pump, Session};
use crate::engine::{Digest, Invocation, Outcome};
use crate::metrics::{Histogram, Ledger};
use crate::scenario::{Owner, Plan, Scenario};
use crate::units::SimTime;
pub use behind::{Behind, Binding};
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
    /// A run of a plan that is no stream, at its start: the design with this place beside the first, on the traffic of a
    /// scenario. Of a stream its own design alone.
    pub fn simple(own: &Scenario, place: u32, plan: &Plan) -> Self {
        match plan {
            Plan::Stream(scenario) => Self::Stream(Box::new(Session::new((**scenario).clone()))),
            Plan::Direct(direct) => Self::Direct(Box::new(DirectRun::new(own, direct))),
            Plan::Firehose(firehose) => {
                let mut run = FirehoseRun::new(own, firehose);
                run.belong_to(Owner::Design(place));
                Self::Firehose(Box::new(run))
            }
        }
    }

    /// Runs until everything before `until` has happened, or until about `budget` events have.
    pub fn pump(&mut self, until: SimTime, budget: u32) -> Pump {
        match self {
            Self::Stream(session) => session.pump(until, budget),
            Self::Direct(run) => run.pump(until, budget),
            Self::Firehose(run) => run.pump(until, budget),
        }
    }

    /// Runs to the end, or until it is full, asking `handler` for every outcome that the scenario leaves open.
    pub fn run_with(&mut self, handler: &mut impl Handler) -> Pump {
        match self {
            Self::Stream(session) => session.run_with(handler),
            Self::Direct(run) => run.run(),
            Self::Firehose(run) => run.run_with(handler),
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

    /// How far it was behind with its work.
    fn behind(&self) -> Option<Behind> {
        match self {
            Self::Stream(session) => {
                let (timeline, scenario) = (session.timeline(), session.scenario());
                let patience = behind::stream_patience(scenario, SimTime::ZERO + scenario.length);
                Behind::of(&behind::stream_late(&timeline), patience, timeline.width())
            }
            Self::Direct(_) => None,
            Self::Firehose(run) => {
                let (late, patience) = (behind::firehose_late(run.frames()), behind::firehose_patience(run.firehose()));
                Behind::of(&late, patience, run.recorder().width())
            }
        }
    }

    /// The part that bound, of a direct design.
    fn binding(&self) -> Option<Binding> {
        match self {
            Self::Direct(run) => Binding::of(run.direct(), run.frames()),
            Self::Stream(_) | Self::Firehose(_) => None,
        }
    }

    /// What it did so far, in numbers that all designs have; without what the page reads from the frames itself.
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
                    lost_later: ledgers.iter().map(later).max().unwrap_or(0),
                    open: ledger.at_producer
                        + ledgers.iter().map(|ledger| ledger.waiting + ledger.in_flight).max().unwrap_or(0),
                    waits: session.put_waits().map_or([None; 2], |waits| waits.quantiles([500, 990])),
                    late,
                    ..Tally::default()
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
                    ..Tally::default()
                }
            }
            Self::Firehose(run) => {
                let (ledger, recorder) = (run.ledger(), run.recorder());
                Tally {
                    offered: ledger.offered,
                    failed: ledger.lost_at_producer(),
                    lost_later: ledger.lost + ledger.aside(),
                    open: ledger.at_producer + ledger.open(),
                    waits: recorder.waits().quantiles([500, 990]),
                    late: tail(recorder.late()),
                    ..Tally::default()
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
        let stream = |of: &Scenario, number: u32| {
            let mut session = Session::new(of.clone());
            session.watch_puts();
            session.belong_to(number);
            Run::Stream(Box::new(session))
        };
        let others = (0..).zip(&scenario.designs).map(|(place, design)| match &design.plan {
            Plan::Stream(of) => stream(of, scenario.number_of_design(place as usize)),
            plan => Run::simple(&own, place, plan),
        });
        let runs = std::iter::once(stream(&own, 0)).chain(others).collect();
        Self { titles, runs }
    }

    /// Runs all to the end; every outcome that the scenario leaves open is a success. Where one of them is full it says
    /// which.
    ///
    /// # Errors
    /// The place of the first design that could not go to its end.
    pub fn run(&mut self) -> Result<(), usize> {
        self.run_with(&mut |_: &Invocation| Outcome::Succeeded)
    }

    /// The same with a handler, whose code may be the scenario's.
    ///
    /// # Errors
    /// The place of the first design that could not go to its end.
    pub fn run_with(&mut self, handler: &mut impl Handler) -> Result<(), usize> {
        let full = self.runs.iter_mut().position(|run| run.run_with(handler) == Pump::Full);
        full.map_or(Ok(()), Err)
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
        let of = |run: &Run| Tally {
            month_cents: run.month_cents(),
            behind: run.behind(),
            binding: run.binding(),
            ..run.tally()
        };
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
