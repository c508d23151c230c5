//! Designs side by side, without a browser: columns are designs, rows are measures, and one scale holds along a row.
//!
//! The engine runs all designs of a scenario in step, so that one slider moves through all of them. Until the run is
//! over the numbers are those of the frames up to the cursor; at its end they are the ones that the command line prints.

mod changing;
mod form;
mod markup;
mod saying;
mod track;
mod words;

pub use track::{Account, Columns, Side, Track};
pub(super) use track::{deliveries, received, timelines, timelines_fit};

use super::faults::Stretch;
use super::model::Model;
use super::picture::flow::{self, Flow, Scale};
use super::picture::{self, Band, Motion, Size, Small, SmallSpan, YScale};
use crate::scenario::{Plan, capacity};
use crate::session::tally::{self, Measure, Tally};
use crate::units::SimTime;
use serde_json::Value;

/// What the view keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CompareState {
    /// Whether it is shown.
    pub open: bool,
    /// Place of the design whose fields are shown beside the others.
    pub form: Option<usize>,
}

/// What the box said of one design at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// The digest of its facts.
    pub digest: String,
    /// What it did, without what it costs.
    pub tally: Tally,
}

impl Ending {
    /// Those of all designs, as the box's summary has them; none where there is one design only.
    pub(super) fn all(summary: &str) -> Vec<Self> {
        let summary: Value = serde_json::from_str(summary).unwrap_or_default();
        let ending =
            |of: &Value| Some(Self { digest: of["digest"].as_str()?.to_owned(), tally: Tally::read(&of["tally"])? });
        let all: Option<Vec<Self>> = summary["designs"].as_array().and_then(|all| all.iter().map(ending).collect());
        all.unwrap_or_default()
    }
}

/// A plot of the view, in the order of its rows.
pub const PLOTS: [&str; 3] = ["rates", "late", "waiting"];

/// Everything that is drawn of the designs, on the scales that they share.
pub struct Board {
    columns: Vec<Columns>,
    accounts: Vec<Account>,
    spans: Vec<SmallSpan>,
    scales: [YScale; 3],
    limits: Vec<Option<f64>>,
    /// What is done to each on purpose.
    bands: Vec<Vec<Band>>,
    /// Seconds at the far end of every channel.
    age: f64,
}

impl Model {
    /// Whether the designs are shown side by side.
    pub const fn compares(&self) -> bool {
        self.compare.open
    }

    /// What the designs are called, the scenario's own first.
    pub fn designs(&self) -> Vec<String> {
        self.scenario.design_titles()
    }

    /// Every design with what has arrived of it, the scenario's own first.
    pub fn sides(&self) -> Vec<Side<'_>> {
        let own = Side::Stream(&self.scenario, &self.run.timelines, &self.run.deliveries);
        let others = self.scenario.designs.iter().zip(&self.run.others);
        let others = others.filter_map(|(design, track)| match (&design.plan, track) {
            (Plan::Stream(scenario), Track::Stream(timelines, deliveries)) => {
                Some(Side::Stream(scenario, timelines, deliveries))
            }
            (Plan::Direct(direct), Track::Direct(frames)) => Some(Side::Direct(&self.scenario, direct, frames)),
            (Plan::Firehose(firehose), Track::Firehose(frames)) => {
                Some(Side::Firehose(&self.scenario, firehose, frames))
            }
            _ => None,
        });
        std::iter::once(own).chain(others).collect()
    }

    /// What the box said of each design, once the run is over.
    pub fn endings(&self) -> &[Ending] {
        &self.run.endings
    }

    /// Whether the end of the run is in view, and known of every design.
    fn is_over(&self, sides: &[Side<'_>]) -> bool {
        self.is_at_end() && self.run.endings.len() == sides.len()
    }

    /// What each design came to, with what a month of it costs; nothing before the end is in view.
    pub fn tallies(&self) -> Option<Vec<Tally>> {
        let sides = self.sides();
        let tally = |(side, ending): (&Side<'_>, &Ending)| Tally {
            month_cents: side.cost(side.frames(self.cursor())).1,
            behind: side.behind(side.frames(self.cursor()), self.cursor()),
            binding: side.binding(),
            ..ending.tally.clone()
        };
        self.is_over(&sides).then(|| sides.iter().zip(&self.run.endings).map(tally).collect())
    }

    /// The measures of all designs: what the command line prints of the same run.
    pub fn measures(&self) -> Option<Vec<Measure>> {
        self.tallies().map(|tallies| tally::measures(&tallies))
    }

    /// What is drawn at the cursor.
    pub fn board(&self) -> Board {
        let sides = self.sides();
        let peak = self.scenario.traffic.peak_rate(self.scenario.length);
        let columns: Vec<Columns> = sides.iter().map(Side::columns).collect();
        let most = |of: &dyn Fn(&Columns) -> &Vec<f64>| {
            columns.iter().flat_map(|columns| of(columns).iter().copied()).fold(0.0, f64::max)
        };
        let late = most(&|columns| &columns.late);
        let stacked = columns.iter().flat_map(|columns| columns.rates[1].iter().zip(&columns.rates[2]));
        let stacked = stacked.map(|(accepted, failed)| accepted + failed).fold(0.0, f64::max);
        let seen = most(&|columns| &columns.rates[0]).max(stacked);
        // Chance does not move the scale.
        let top = if seen > peak * 1.08 { picture::nice(seen) } else { peak };
        let scales = [YScale::rates(top), YScale::ages(late), YScale::counts(most(&|columns| &columns.waiting))];
        let frames = |at: SimTime| move |side: &Side<'_>| side.frames(at);
        let ats: Vec<usize> = sides.iter().map(frames(self.cursor())).collect();
        let shown = sides.iter().map(frames(self.frontier()));
        let spans = sides.iter().zip(&ats).zip(shown);
        let limit = |side: &Side<'_>| match side {
            Side::Stream(scenario, ..) => Some(capacity::by_count(scenario) * f64::from(scenario.stream.shards)),
            Side::Direct(_, direct, _) => Some(capacity::direct_room(direct, direct.application.instances.into()).0),
            // Its quota is in bytes, and rises.
            Side::Firehose(..) => None,
        };
        let share = |at: SimTime| at.seconds_f64() / self.length().seconds_f64().max(1e-9);
        let band = |of: Stretch| (share(of.at), share(of.at + of.span).min(1.0), of.text);
        Board {
            bands: sides.iter().map(|side| side.faults().into_iter().map(band).collect()).collect(),
            accounts: sides.iter().zip(&ats).map(|(side, at)| side.account(*at)).collect(),
            spans: spans.map(|((side, at), frontier)| SmallSpan { total: side.grid().1, at: *at, frontier }).collect(),
            age: scales[1].max,
            limits: sides.iter().map(limit).collect(),
            scales,
            columns,
        }
    }

    /// A design as a flow at the cursor, on the scale of all of them: the markup inside an `<svg>` of this size.
    pub fn compare_flow(&self, design: usize, size: Size, motion: Option<Motion>, age: f64) -> String {
        let peak = self.scenario.traffic.peak_rate(self.scenario.length);
        let flows: Vec<Flow> = self.sides().iter().map(|side| side.flow(self.cursor(), peak)).collect();
        let scale = Scale { rate: flow::rate_scale(&flows, size), age };
        flows.get(design).map_or_else(String::new, |of| flow::flow(of, scale, size, motion))
    }
}

impl Board {
    /// Seconds at the far end of every channel.
    pub const fn age(&self) -> f64 {
        self.age
    }

    /// How many designs there are.
    pub fn designs(&self) -> usize {
        self.columns.len()
    }

    /// One of the plots of a design: the markup inside an `<svg>` of this size.
    pub fn plot(&self, design: usize, plot: usize, size: Size) -> String {
        let Columns { rates: [offered, accepted, failed, done], late, waiting } = &self.columns[design];
        let what = match plot {
            0 => Small::Rates([offered, accepted, failed, done]),
            1 => Small::Line(late),
            _ => Small::Waiting(waiting),
        };
        let limit = self.limits[design].filter(|_| plot == 0);
        let words = limit.map(|limit| format!("limit {}/s", crate::text::int(limit)));
        let limit = limit.zip(words.as_deref());
        let mut bands = self.bands[design].clone();
        if plot > 0 {
            bands.iter_mut().for_each(|band| band.2.clear());
        }
        picture::small(&what, &self.scales[plot], limit, &bands, self.spans[design], size)
    }

    /// Where the records of a design are, as a bar.
    pub fn bar(&self, design: usize, size: Size) -> String {
        let Account { done, waiting, failed, lost_later, passed_over, .. } = self.accounts[design];
        picture::parts_bar([done, waiting, failed + lost_later, passed_over], "done", size, true)
    }
}
