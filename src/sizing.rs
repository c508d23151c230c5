//! Sizing: which design of a scenario meets a goal for the least money, found by running the engine.
//!
//! [`Ranges`] say which fields of a document may have which values; all combinations of them are the designs of a
//! [`Plan`]. A [`Search`] hands out one design after the other, in order of what it costs at least, takes what the runs
//! gave, and ends when nothing that is left could be cheaper. It knows no threads: a host runs as many at a time as it
//! has workers, and the answer is the same for any number of them.
//!
//! ```
//! use streamgauge::scenario::presets;
//! use streamgauge::sizing::{Attempt, Effort, Goal, Plan, Ranges, Search};
//!
//! let mut draft = presets::draft("poison-record").expect("a preset");
//! draft.set("length_s", 120.into());
//! draft.set("consumers.0.poison_key", serde_json::Value::Null);
//! let ranges = Ranges::read(["stream.shards=1..4", "consumers.0.batch_size=10,100"]).expect("no problems");
//! let plan = Plan::new(&draft, ranges).expect("no problems");
//! let goal = Goal { lag: streamgauge::units::Span::from_secs(5), ..Goal::default() };
//! let mut search = Search::new(&plan, goal, Effort::Cheapest);
//! while let Some(job) = search.next_job() {
//!     search.accept(Attempt::run(&plan, &job));
//! }
//! let best = search.best().expect("one shard is enough for 200 records a second");
//! assert_eq!(plan.draft(best.candidate).get("stream.shards"), Some(&1.into()));
//! ```
//!
//! Why it is enough to run a part of the designs: the price of shards and commitments is known before a run, so a
//! design has a lower bound ([`Floor`](crate::cost::Floor)). Designs are tried in order of it, and when it exceeds the
//! cost of the best that was found, the rest is dearer, whatever its runs would say. A run that has lost a record, or
//! whose lag is certain to be beyond what matters, is stopped. Nothing else is assumed: that more shards or larger
//! batches were always better, say, which is not true of every design.

mod desk;
mod plan;
mod ranges;
mod report;
mod search;
pub mod shown;
mod trial;

pub use desk::Desk;
pub use plan::Plan;
pub use ranges::{Range, Ranges};
pub use report::{document, reasons, tally, value_text, verdict};
pub use search::{Effort, Job, Search};
pub use trial::{Attempt, End, Stop, Trial};

use crate::limits;
use crate::scenario::Problem;
use crate::text;
use crate::units::Span;

/// Designs that one plan may have.
pub const CANDIDATES_MAX: usize = 20_000;
/// Designs under way at the same time at most. They begin together in waves, the first ones smaller, so that what one
/// finds stops no other by chance.
pub const WAVE: usize = 16;
/// Of a hundred records so many are to be done within the lag of a goal.
pub const DONE_OF_HUNDRED: u64 = 99;
/// A run in which more than one record in so many is not done at its end says too little of the lag and of the cost.
pub const UNDONE_ONE_IN: u64 = 10;

/// What a design has to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal {
    /// Records that may be lost: at the producer, expired, or given up.
    pub lost: u64,
    /// Of 100 records that are offered, 99 are to be done within so much by each consumer; [`Trial::lag`] says what
    /// counts.
    pub lag: Span,
    /// Of 100 records that are stored, 99 are to be stored within so much; `None` does not ask.
    pub wait: Option<Span>,
    /// What 30 days may cost, in cents; `None` does not ask.
    pub budget_cents: Option<u64>,
}

impl Default for Goal {
    /// Nothing lost, and 99 of 100 records done within a minute.
    fn default() -> Self {
        Self { lost: 0, lag: Span::from_secs(60), wait: None, budget_cents: None }
    }
}

impl Goal {
    /// Reads `lag=60s,lost=0,wait=500ms,cost=200`, in one text or several; what is not named stays as it is by default.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Vec<Problem>> {
        let (mut goal, mut problems) = (Self::default(), Vec::new());
        for part in texts.into_iter().flat_map(|text| text.split(',')) {
            let (name, value) = part.split_once('=').map_or((part, ""), |(name, value)| (name.trim(), value.trim()));
            if let Err(wanted) = goal.set(name, value) {
                let (path, given) = if value.is_empty() || wanted.starts_with("one") {
                    ("goal".to_owned(), part)
                } else {
                    (format!("goal.{name}"), value)
                };
                problems.push(Problem::new(path, format!("\"{given}\" does not stand here; write {wanted}")));
            }
        }
        if problems.is_empty() { Ok(goal) } else { Err(problems) }
    }

    /// Sets one part of it: `lag`, `lost`, `wait` or `cost`.
    ///
    /// # Errors
    /// What could have been written, in a few words.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        match name {
            "lost" => value.parse().map(|lost| self.lost = lost).map_err(|_| "a number of records, such as 0"),
            "lag" => span(value).map(|lag| self.lag = lag).ok_or("a time, such as 60s, 500ms, 2min or 1h"),
            "wait" => span(value).map(|wait| self.wait = Some(wait)).ok_or("a time, such as 60s, 500ms or 2min"),
            "cost" => cents(value).map(|cents| self.budget_cents = Some(cents)).ok_or("dollars, such as 200"),
            _ => Err("one of lag, lost, wait and cost"),
        }
    }

    /// The goal as a sentence.
    pub fn text(&self) -> String {
        let lost = match self.lost {
            0 => "nothing lost".to_owned(),
            lost => format!("at most {} lost", limits::grouped(lost)),
        };
        let within = |span: Span| text::span_text(span.seconds_f64());
        let wait = self
            .wait
            .map_or(String::new(), |wait| format!(", 99\u{a0}% of all records stored within {}", within(wait)));
        let cost = self
            .budget_cents
            .map_or(String::new(), |cents| format!(", at most {} in 30 days", crate::words::dollars_cents(cents)));
        format!("{lost}, 99\u{a0}% of all records done within {}{wait}{cost}", within(self.lag))
    }

    /// Whether a run may stand on the frontier: it came to its end, lost no more than it may, and kept nobody waiting.
    pub fn allows(&self, trial: &Trial) -> bool {
        let waits = self.wait.is_none_or(|most| trial.wait.is_some_and(|wait| wait <= most));
        trial.end == End::Complete && trial.lost <= self.lost && trial.lag.is_some() && waits
    }

    /// Whether a run reached the goal.
    pub fn met_by(&self, trial: &Trial) -> bool {
        let pays = self.budget_cents.is_none_or(|most| trial.month_cents <= most);
        self.allows(trial) && trial.lag.is_some_and(|lag| lag <= self.lag) && pays
    }
}

/// A time with its unit: `500ms`, `60s`, `2min`, `1h`.
fn span(text: &str) -> Option<Span> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let micros = match text[unit_at..].trim() {
        "ms" => 1e3,
        "s" => 1e6,
        "min" | "m" => 60e6,
        "h" => 3_600e6,
        _ => return None,
    };
    let value = text::number(&text[..unit_at])? * micros;
    (value <= limits::RUN_LENGTH_MAX.micros() as f64).then(|| Span::from_micros(value.round() as u64))
}

/// Dollars in cents.
fn cents(text: &str) -> Option<u64> {
    let dollars = text::number(text.trim_start_matches('$'))?;
    (0.0..=1e9).contains(&dollars).then(|| (dollars * 100.0).round() as u64)
}
