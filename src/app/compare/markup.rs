//! The matrix as markup: rows are measures, columns are designs. Places that are drawn into are empty and named.

use super::Side;
use super::saying::latest;
use super::words::about;
use crate::app::model::Model;
use crate::limits;
use crate::session::tally::{self, Measure, Tally};
use crate::text::{clock, escape, int, percent, percents, span_text};
use crate::words::dollars_e4;
use std::fmt::Write as _;

/// Rows of small plots: name, what they show.
const ROWS: [(&str, &str); 3] = [
    ("Records per second", "offered, accepted, failed; green: done"),
    ("Late by", "oldest work not done; requests: p99"),
    ("Waiting", "neither done nor failed"),
];

impl Model {
    /// What stands still while a run goes on: heads, names of rows, and empty places for what is drawn. A place is an
    /// element with `data-p`: `flow 0` for the picture of the first design, `plot 0 2` for its third plot, `bar 0`,
    /// `numbers`. A button says in `data-act` what it does: a word, and the place of a design.
    pub fn compare_skeleton(&self) -> String {
        let (titles, sides) = (self.designs(), self.sides());
        let titles: Vec<String> = titles.iter().map(|title| escape(title)).collect();
        let mut out = String::new();
        let row = |out: &mut String, class: &str, name: &str, what: &str, cell: &dyn Fn(usize, &str) -> String| {
            let _ = write!(out, "<div class=\"m{class}\" role=\"row\"><div class=\"n\" role=\"rowheader\">");
            if !name.is_empty() {
                let _ = write!(out, "<strong>{name}</strong>{what}");
            }
            out.push_str("</div>");
            titles.iter().enumerate().for_each(|(place, title)| out.push_str(&cell(place, title)));
            out.push_str("</div>");
        };
        let who = |title: &str| format!("<em class=\"who\">{title}</em>");
        row(&mut out, " head", "", "", &|place, title| {
            let said = escape(&about(&sides[place]));
            format!(
                "<div role=\"columnheader\"><h2>{title}</h2><p>{said}</p><div class=\"acts\">{}</div></div>",
                self.acts(place)
            )
        });
        row(&mut out, " pics", "The flow", "one scale: equal width, equal rate", &|place, title| {
            let label = format!("{title}: the flow");
            format!(
                "<div class=\"pic\" role=\"cell\">{}<svg data-p=\"flow {place}\" role=\"img\" aria-label=\"{label}\"></svg></div>",
                who(title)
            )
        });
        for (plot, (name, what)) in ROWS.into_iter().enumerate() {
            // In a room there is place for the first of them.
            let class = if plot == 0 { "" } else { " less" };
            row(&mut out, class, name, what, &|place, title| {
                format!(
                    "<div class=\"p\" role=\"cell\">{}<svg data-p=\"plot {place} {plot}\" role=\"img\" aria-label=\"{title}: {name}\"></svg><div class=\"cur\"></div></div>",
                    who(title)
                )
            });
        }
        let end = clock(self.length().seconds_f64());
        row(&mut out, " axes", "", "", &|_, _| {
            format!("<div class=\"ax\" role=\"cell\"><span>0:00</span><span>{end}</span></div>")
        });
        row(&mut out, " bars", "Ledger", "where everything is", &|place, title| {
            format!(
                "<div class=\"b\" role=\"cell\">{}<svg data-p=\"bar {place}\" role=\"img\" aria-label=\"{title}: ledger\"></svg></div>",
                who(title)
            )
        });
        out.push_str("<div data-p=\"numbers\"></div>");
        out
    }

    /// What can be done with a design.
    fn acts(&self, place: usize) -> String {
        let act = |what: &str, words: &str, title: &str, pressed: bool| {
            let pressed = if pressed { " aria-pressed=\"true\"" } else { "" };
            format!("<button class=\"btn\" data-act=\"{what} {place}\" title=\"{title}\"{pressed}>{words}</button>")
        };
        let stream = matches!(self.sides().get(place), Some(Side::Stream(..)));
        let mut acts = String::new();
        if stream {
            acts.push_str(&act("open", "Open", "Opens this design in the workbench; c comes back", false));
        }
        if place > 0 || !stream {
            let shown = self.compare.form == Some(place);
            acts.push_str(&act("form", "Change", "Its fields, beside the others", shown));
            acts.push_str(&act("remove", "Remove", "Takes this design away", false));
        }
        acts
    }

    /// What may be added, for the line below the matrix.
    pub fn compare_offers(&self) -> Vec<(&'static str, &'static str)> {
        if self.scenario.designs.len() >= limits::DESIGNS_MAX as usize {
            return Vec::new();
        }
        vec![
            ("copy", "Add a copy of the first"),
            ("direct", "Add an application that does all in the request"),
            ("firehose", "Add a Firehose delivery stream"),
        ]
    }

    /// The rows of numbers at the cursor: at the end those that the command line prints, before it what is known.
    pub fn compare_numbers(&self) -> String {
        let titles: Vec<String> = self.designs().iter().map(|title| escape(title)).collect();
        let sides = self.sides();
        let tallies = self.tallies();
        let measures = tallies.as_ref().map_or_else(|| self.so_far(&sides), |tallies| tally::measures(tallies));
        let at_end = tallies.is_some();
        let mut out = String::new();
        for (row, measure) in measures.iter().enumerate() {
            let best = measure.best();
            let tells = at_end && best.len() < measure.values.len();
            // It stands there from the start, so that nothing jumps at the end.
            let about = if row == 0 { "● best, at the end" } else { "" };
            let _ = write!(
                out,
                "<div class=\"m\" role=\"row\" data-m=\"{}\"><div class=\"n\" role=\"rowheader\" title=\"{}\"><strong>{}</strong>{about}</div>",
                measure.id,
                escape(measure.about),
                measure.name
            );
            for (place, (title, text)) in titles.iter().zip(&measure.texts).enumerate() {
                let class = if tells && best.contains(&place) { " best" } else { "" };
                let (text, small) = text.split_once(" (").map_or((text.as_str(), ""), |(text, rest)| (text, rest));
                let lost = matches!(measure.id, "failed" | "lost_later")
                    && measure.values[place].is_some_and(|value| value > 0.0);
                let lost = if lost { " class=\"t-lost\"" } else { "" };
                let small = small.trim_end_matches(')');
                let _ = write!(
                    out,
                    "<div class=\"v{class}\" role=\"cell\"><em class=\"who\">{title}</em><b{lost}>{}</b> <small>{}</small></div>",
                    escape(text),
                    escape(small)
                );
            }
            out.push_str("</div>");
        }
        out.push_str("<ul class=\"said\" aria-label=\"What tells them apart\">");
        if let Some(tallies) = tallies {
            for (sentence, more) in tally::differences(&self.designs(), &tallies) {
                // A room has the headline, and no place to say it twice.
                let class = if more { "" } else { " class=\"hide-room\"" };
                let _ = write!(out, "<li{class}>{}</li>", escape(&sentence));
            }
        }
        out.push_str("</ul>");
        out
    }

    /// The rows before the end: the same names, with what the frames up to the cursor say.
    fn so_far(&self, sides: &[Side<'_>]) -> Vec<Measure> {
        let ats: Vec<usize> = sides.iter().map(|side| side.frames(self.cursor())).collect();
        let accounts: Vec<_> = sides.iter().zip(&ats).map(|(side, at)| side.account(*at)).collect();
        let started = ats.iter().any(|at| *at > 0);
        tally::measures(&vec![Tally::default(); sides.len()])
            .into_iter()
            .map(|measure| {
                let texts = accounts.iter().zip(sides).zip(&ats).map(|((account, side), at)| {
                    let of_all = |count: u64| match count {
                        0 => "none so far".to_owned(),
                        _ => {
                            let [share, _] = percents([count, account.offered.saturating_sub(count)]);
                            format!("{} ({} so far)", int(count as f64), percent(share, count))
                        }
                    };
                    if !started {
                        return "–".to_owned();
                    }
                    match measure.id {
                        "failed" => of_all(account.failed),
                        "lost_later" => of_all(account.lost_later),
                        "open" => format!("{} (now)", int(account.waiting as f64)),
                        "done_p99" => {
                            let late = latest(side, *at);
                            if late > 0.0 {
                                format!("{} (at the latest so far)", span_text(late))
                            } else {
                                "–".to_owned()
                            }
                        }
                        "month_cost" => format!("{} (so far)", dollars_e4(side.cost(*at).0)),
                        _ => "– (at the end)".to_owned(),
                    }
                });
                let texts = texts.collect();
                let values = accounts.iter().map(|account| match measure.id {
                    "failed" => Some(account.failed as f64),
                    "lost_later" => Some(account.lost_later as f64),
                    _ => None,
                });
                Measure { values: values.collect(), texts, ..measure }
            })
            .collect()
    }
}
