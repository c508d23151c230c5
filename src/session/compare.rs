//! Designs side by side: a run of each on the same arrivals, and what tells them apart.

use super::{DirectRun, FirehoseRun, Handler, Pump, Session};
use crate::engine::Digest;
use crate::metrics::{Histogram, Ledger};
use crate::scenario::{Plan, Scenario};
use crate::units::{SimTime, Span};
use crate::{text, words};
use serde_json::{Value, json};

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

/// One measure of every design.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// A short name for machines.
    pub id: &'static str,
    /// The same for people.
    pub name: &'static str,
    /// What it means.
    pub about: &'static str,
    /// Unit of the values.
    pub unit: &'static str,
    /// One value for each design; nothing where there is none to give.
    pub values: Vec<Option<f64>>,
    /// The same as people read them.
    pub texts: Vec<String>,
}

impl Measure {
    /// Places of the designs whose value is lowest, which is best in every measure but one, where all are.
    pub fn best(&self) -> Vec<usize> {
        let least = self.values.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let is_best = |value: &Option<f64>| value.is_some_and(|value| value <= least);
        (0..self.values.len()).filter(|place| is_best(&self.values[*place])).collect()
    }
}

/// What one design did, in numbers that all designs have.
struct Outcome {
    offered: u64,
    /// Failed in the client's face: an error, or a record that the producer lost.
    failed: u64,
    /// When and why first; empty where nothing failed or that is not known.
    first_failed: Option<(SimTime, &'static str)>,
    /// Accepted, and never done.
    lost_later: u64,
    /// Neither done nor failed at the end.
    open: u64,
    waits: Histogram,
    late: Histogram,
    month_cents: u64,
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

    fn outcome(&self) -> Outcome {
        match self {
            Self::Stream(session) => {
                let frames = session.timeline().frames();
                let consumers = 0..session.scenario().consumers.len();
                let ledgers = consumers.clone().map(|each| Ledger::after(session.seen_by(each), frames));
                let later = |ledger: &Ledger| ledger.expired + ledger.discarded;
                let ledgers: Vec<Ledger> = ledgers.collect();
                let latest = consumers.map(|each| session.recorder().offer_latency(each));
                let late = latest.max_by_key(|late| late.quantile(990)).unwrap_or_default();
                let ledger = session.ledger();
                Outcome {
                    offered: ledger.offered,
                    failed: ledger.lost(),
                    first_failed: None,
                    lost_later: ledgers.iter().map(later).max().unwrap_or(0),
                    open: ledger.at_producer
                        + ledgers.iter().map(|ledger| ledger.waiting + ledger.in_flight).max().unwrap_or(0),
                    waits: session.put_waits().cloned().unwrap_or_default(),
                    late,
                    month_cents: session.month_total_cents(),
                }
            }
            Self::Direct(run) => {
                let (ledger, recorder) = (run.ledger(), run.recorder());
                let mut waits = recorder.answered().clone();
                waits.add_all(recorder.failed());
                let mut late = recorder.answered().clone();
                late.add_all(recorder.late());
                Outcome {
                    offered: ledger.offered,
                    failed: ledger.failures(),
                    first_failed: recorder.first_failed().map(|(at, cause)| (at, cause.text())),
                    lost_later: ledger.dropped,
                    open: ledger.in_flight + ledger.pending,
                    waits,
                    late,
                    month_cents: run.bill().month_total_cents,
                }
            }
            Self::Firehose(run) => {
                let (ledger, recorder) = (run.ledger(), run.recorder());
                Outcome {
                    offered: ledger.offered,
                    failed: ledger.lost_at_producer(),
                    first_failed: recorder.first_lost().map(|(at, cause)| (at, cause.text())),
                    lost_later: ledger.lost + ledger.aside(),
                    open: ledger.at_producer + ledger.open(),
                    waits: recorder.waits().clone(),
                    late: recorder.late().clone(),
                    month_cents: run.bill().month_total_cents,
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

    /// The matrix: what matters to those who wait, to those who depend on the work, and to those who pay.
    pub fn measures(&self) -> Vec<Measure> {
        let outcomes: Vec<Outcome> = self.runs.iter().map(Run::outcome).collect();
        let of =
            |id, name, about, unit, value: &dyn Fn(&Outcome) -> Option<f64>, text: &dyn Fn(f64, &Outcome) -> String| {
                let values: Vec<Option<f64>> = outcomes.iter().map(value).collect();
                let texts = values.iter().zip(&outcomes);
                let texts = texts.map(|(value, outcome)| value.map_or("–".to_owned(), |value| text(value, outcome)));
                Measure { id, name, about, unit, texts: texts.collect(), values }
            };
        let ms = |span: Option<Span>| span.map(Span::millis_f64);
        let spans = |value: f64, _: &Outcome| text::span_text(value / 1_000.0);
        let counts = |value: f64, outcome: &Outcome| match value {
            0.0 => "none".to_owned(),
            _ => format!("{} ({})", text::int(value), words::percent(value / (outcome.offered.max(1) as f64))),
        };
        vec![
            of(
                "client_wait_p50",
                "The client waits, median",
                "Until a request is answered or fails, retries included; until a record is stored.",
                "ms",
                &|outcome| ms(outcome.waits.quantile(500)),
                &spans,
            ),
            of(
                "client_wait_p99",
                "The client waits, p99",
                "The longest wait of 99 clients in 100.",
                "ms",
                &|outcome| ms(outcome.waits.quantile(990)),
                &spans,
            ),
            of(
                "failed",
                "Fails in the client’s face",
                "Requests without an answer after the last attempt; records that the producer lost.",
                "",
                &|outcome| Some(outcome.failed as f64),
                &counts,
            ),
            of(
                "done_p99",
                "Done after, p99",
                "From offered until the work is done, slow steps in the background included.",
                "ms",
                &|outcome| ms(outcome.late.quantile(990)),
                &spans,
            ),
            of(
                "lost_later",
                "Accepted, then lost",
                "Expired, given up, or without room in a queue.",
                "",
                &|outcome| Some(outcome.lost_later as f64),
                &counts,
            ),
            of(
                "open",
                "Not done at the end",
                "Under way or waiting when the run ends.",
                "",
                &|outcome| Some(outcome.open as f64),
                &counts,
            ),
            of(
                "month_cost",
                "Costs, 30 days",
                "At list prices; of a stream without the application that puts into it.",
                "USD",
                &|outcome| Some(outcome.month_cents as f64 / 100.0),
                &|_, outcome| words::dollars_cents(outcome.month_cents),
            ),
        ]
    }

    /// The matrix and the sentences as one JSON object.
    pub fn document(&self) -> Value {
        let measure = |measure: &Measure| {
            json!({
                "id": measure.id, "name": measure.name, "about": measure.about, "unit": measure.unit,
                "values": measure.values, "best": measure.best(),
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
        let outcomes: Vec<Outcome> = self.runs.iter().map(Run::outcome).collect();
        let mut said = Vec::new();
        let failing: Vec<usize> = (0..outcomes.len()).filter(|place| outcomes[*place].failed > 0).collect();
        for place in &failing {
            let Outcome { failed, offered, first_failed, .. } = &outcomes[*place];
            let first = first_failed
                .map_or(String::new(), |(at, why)| format!(", the first at {}: {why}", text::clock(at.seconds_f64())));
            said.push(format!(
                "{} fails {} of {} in the client’s face{first}.",
                self.titles[*place],
                words::percent(*failed as f64 / (*offered).max(1) as f64),
                text::int(*offered as f64),
            ));
        }
        let others: Vec<&str> = (0..outcomes.len())
            .filter(|place| !failing.contains(place))
            .map(|place| self.titles[place].as_str())
            .collect();
        if !others.is_empty() {
            said.push(format!("{} {} nobody.", listed(&others), if others.len() == 1 { "fails" } else { "fail" }));
        }
        let tail = |of: &dyn Fn(&Outcome) -> &Histogram| -> Vec<Option<f64>> {
            outcomes.iter().map(|outcome| of(outcome).quantile(990).map(Span::seconds_f64)).collect()
        };
        said.extend(self.apart(&tail(&|outcome| &outcome.waits), |title, value, first| {
            let whom = if first { "Of 100 clients 99 wait at most" } else { "" };
            format!("{whom} {} with {title}", text::span_text(value)).trim().to_owned()
        }));
        said.extend(self.apart(&tail(&|outcome| &outcome.late), |title, value, first| {
            let what = if first { "Of what is done, 99 % is done within" } else { "" };
            format!("{what} {} by {title}", text::span_text(value)).trim().to_owned()
        }));
        let costs: Vec<Option<f64>> = outcomes.iter().map(|outcome| Some(outcome.month_cents as f64)).collect();
        said.extend(self.apart(&costs, |title, value, first| {
            let what = if first { "30 days cost" } else { "" };
            format!("{what} {} with {title}", words::dollars_cents(value as u64)).trim().to_owned()
        }));
        said
    }

    /// The lowest and the highest of some values and how far they are apart; nothing where they are about the same.
    fn apart(&self, values: &[Option<f64>], say: impl Fn(&str, f64, bool) -> String) -> Option<String> {
        let known = || values.iter().enumerate().filter_map(|(place, value)| Some((place, (*value)?)));
        let (low, least) = known().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let (high, most) = known().max_by(|a, b| a.1.total_cmp(&b.1))?;
        if most <= least * APART {
            return None;
        }
        let (first, second) = (say(&self.titles[low], least, true), say(&self.titles[high], most, false));
        let times = if least > 0.0 { format!(": {} times as much", words::short(most / least)) } else { String::new() };
        Some(format!("{first}, and {second}{times}."))
    }
}

/// Values that are closer together are about the same.
const APART: f64 = 1.1;

/// Names in one sentence: `a`, `a and b`, `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
