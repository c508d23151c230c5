//! The verdict over all designs: one clause for each, and what late means.

use super::Side;
use crate::app::model::Model;
use crate::app::verdict::{Verdict, pieces};
use crate::app::words::{count_word, int, rate_text, rough, span_text};
use crate::scenario::Part;
use crate::session::{Behind, tally};
use crate::text::clock;
use crate::units::SimTime;

/// How a design stands at the cursor.
struct Standing {
    title: String,
    /// Failing per second; zero where that is noise.
    failing: f64,
    /// Gone so far.
    gone: u64,
    /// Late by so many seconds now.
    late: f64,
    is_late: bool,
    /// How far it was behind so far.
    behind: Option<Behind>,
    /// Whether less waits than a while ago.
    draining: bool,
    direct: bool,
}

impl Standing {
    fn of(title: String, side: &Side<'_>, at: SimTime) -> Self {
        let frames = side.frames(at);
        let columns = side.columns();
        let until = |column: &[f64]| column[..frames.min(column.len())].to_vec();
        let (late, waiting) = (until(&columns.late), until(&columns.waiting));
        let [offered, _, failed, _] = columns.rates.each_ref().map(|column| until(column));
        let last = |column: &[f64]| column.iter().rev().copied().find(|value| !value.is_nan()).unwrap_or(0.0);
        let failing = last(&failed);
        let noise = (0.002 * last(&offered)).max(0.5);
        let patience = side.patience(at);
        let account = side.account(frames);
        let before = waiting.len().checked_sub(15).map_or(0.0, |place| waiting[place]);
        Self {
            title,
            failing: if failing > noise { failing } else { 0.0 },
            gone: account.failed + account.lost_later,
            late: last(&late),
            is_late: last(&late) > patience,
            behind: Behind::of(&late, patience, side.grid().0),
            draining: last(&waiting) < before * 0.995,
            direct: matches!(side, Side::Direct(..)),
        }
    }

    fn fails(&self) -> &'static str {
        if self.direct { "fails" } else { "loses" }
    }

    /// What it does now; nothing where it keeps up.
    fn now(&self) -> Option<String> {
        let Self { title, .. } = self;
        let late = format!("{{wait:{}\u{a0}late}}", span_text(self.late));
        if self.failing > 0.0 {
            return Some(format!("{title} {} {{lost:{} a second}}", self.fails(), rate_text(self.failing)));
        }
        self.is_late.then(|| format!("{title} is {late}{}", if self.draining { " and draining" } else { "" }))
    }

    /// What it came to. Of a design that fails its clients it matters little how late it is.
    fn at_the_end(&self) -> String {
        let Self { title, gone, .. } = self;
        let late = self.behind.map_or(String::new(), |Behind { most, until }| {
            let until = match until {
                Some(until) if !self.direct => format!(", caught up at {}", clock(until.seconds_f64())),
                _ => String::new(),
            };
            format!(", up to {{wait:{}\u{a0}late}}{until}", span_text(most))
        });
        match (gone, self.direct) {
            (0, true) => format!("{title} failed nobody{late}"),
            (0, false) => format!("{title} lost none{late}"),
            (_, true) => format!("{title} failed {{lost:{} requests}}", rough(*gone as f64)),
            (_, false) => format!("{title} lost {{lost:{} records}}", rough(*gone as f64)),
        }
    }
}

impl Model {
    /// The sentence over the designs at the cursor; `passing` says how long the run is to be watched.
    pub(in crate::app) fn compare_verdict(&self, passing: &str) -> Verdict {
        let sides = self.sides();
        let titles = self.designs();
        let said = |head: String, sub: String| Verdict { head: pieces(&head), sub: pieces(&sub) };
        if sides.len() < 2 {
            let head = "One design. Add another, and both get the same arrivals.".to_owned();
            return said(
                head,
                "A copy of this one with one thing changed, or an application that does everything in the request."
                    .to_owned(),
            );
        }
        let all = count_word(sides.len() as u64);
        if sides.iter().all(|side| side.frames(self.cursor()) == 0) {
            let what = match self.scenario.traffic.parts.as_slice() {
                [Part::Spike { .. }] => "One spike",
                _ => "One traffic",
            };
            let head = format!("{what}, {all} designs, the same arrivals. Which one holds?");
            return said(head, format!("{{strong:Press Run all.}} {passing} Nothing is sent anywhere."));
        }
        let standing = titles.iter().zip(&sides).map(|(title, side)| Standing::of(title.clone(), side, self.cursor()));
        let standing: Vec<Standing> = standing.collect();
        if self.is_over(&sides) {
            let clauses: Vec<String> = standing.iter().map(Standing::at_the_end).collect();
            let costs: Vec<u64> = sides.iter().map(|side| side.cost(side.frames(self.cursor())).1).collect();
            let sub = tally::costs_apart(&titles, &costs).unwrap_or_default();
            return said(format!("{}.", clauses.join("; ")), sub);
        }
        let lates = standing.iter().map(|one| format!("{}: {}", one.title, span_text(one.late)));
        let sub = format!(
            "Late is the age of the oldest work not done; of requests what 99 in 100 wait at most. {}.",
            lates.collect::<Vec<_>>().join(", ")
        );
        let clauses: Vec<String> = standing.iter().filter_map(Standing::now).collect();
        let fine: Vec<&str> = standing.iter().filter(|one| one.now().is_none()).map(|one| one.title.as_str()).collect();
        let gone: u64 = standing.iter().map(|one| one.gone).sum();
        let head = match (clauses.is_empty(), fine.as_slice()) {
            (true, _) if gone == 0 => format!("In the calm all {all} do the same work."),
            (true, _) => {
                let lost = standing.iter().filter(|one| one.gone > 0);
                let lost = lost.map(|one| {
                    format!(
                        "{} {} {{lost:{}}} for good",
                        one.title,
                        if one.direct { "failed" } else { "lost" },
                        int(one.gone as f64)
                    )
                });
                format!("{}. Now all {all} keep up.", lost.collect::<Vec<_>>().join("; "))
            }
            (false, []) => format!("{}.", clauses.join("; ")),
            (false, fine) => {
                let keep = if fine.len() == 1 { "keeps" } else { "keep" };
                format!("{}; {} {keep} up.", clauses.join("; "), tally::listed(fine))
            }
        };
        said(head, sub)
    }
}

/// Late by so many seconds at the most in the first frames of a design.
pub(super) fn latest(side: &Side<'_>, frames: usize) -> f64 {
    let late = side.columns().late;
    late[..frames.min(late.len())].iter().copied().fold(0.0, f64::max)
}
