//! What designs came to, in numbers that all kinds have; what is shown side by side, and what is said of it.
//!
//! The command line makes these numbers from its runs; the page is told most of them by the box, and adds what a month
//! costs, since prices stay with it.

use super::behind::{Behind, Binding};
use crate::engine::direct::Cause;
use crate::units::{SimTime, Span};
use crate::{text, words};
use serde_json::Value;
use std::fmt::Write as _;

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
    /// Which of them count: how soon a design answers says nothing where it fails many.
    pub counts: Vec<bool>,
}

impl Measure {
    /// Places of the designs whose value is lowest of those that count.
    pub fn best(&self) -> Vec<usize> {
        let counted = || self.values.iter().zip(&self.counts).map(|(value, counts)| value.filter(|_| *counts));
        let least = counted().flatten().fold(f64::INFINITY, f64::min);
        let is_best = |value: &Option<f64>| value.is_some_and(|value| value <= least);
        counted().enumerate().filter(|(_, value)| is_best(value)).map(|(place, _)| place).collect()
    }
}

/// What one design did, in numbers that all designs have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Records or requests that it was offered.
    pub offered: u64,
    /// Failed in the client's face: an error, or a record that the producer lost.
    pub failed: u64,
    /// When and why first; empty where nothing failed or that is not known.
    pub first_failed: Option<(SimTime, Cause)>,
    /// Accepted, and never done.
    pub lost_later: u64,
    /// Neither done nor failed at the end.
    pub open: u64,
    /// What clients waited: the median and the 99th percentile.
    pub waits: [Option<Span>; 2],
    /// From offered until done: the 99th percentile.
    pub late: Option<Span>,
    /// 30 days, in cents.
    pub month_cents: u64,
    /// How far it was behind with its work; nothing where it kept up, and of a direct design, whose clients wait.
    pub behind: Option<Behind>,
    /// The part of a direct design that was used up.
    pub binding: Option<Binding>,
}

impl Tally {
    /// Whether it answers nearly everybody, so that how soon it does can be compared with others.
    const fn answers(&self) -> bool {
        self.failed.saturating_mul(FEW) <= self.offered
    }

    /// The numbers as the box sends them: a list of JSON, without those that the page reads from the frames. Written by
    /// hand, so that the
    /// engine's module needs no JSON library.
    pub fn write(&self, out: &mut String) {
        let micros = |span: Option<Span>| span.map_or(-1, |span| span.micros() as i64);
        let (at, cause) = self.first_failed.map_or((-1, 0), |(at, cause)| (at.micros() as i64, cause as u8));
        // Writing into a string cannot fail.
        let _ = write!(
            out,
            "[{},{},{},{},{},{},{},{at},{cause}]",
            self.offered,
            self.failed,
            self.lost_later,
            self.open,
            micros(self.waits[0]),
            micros(self.waits[1]),
            micros(self.late),
        );
    }

    /// What [`write`](Self::write) wrote.
    pub fn read(list: &Value) -> Option<Self> {
        let count = |place: usize| list[place].as_u64();
        let span = |place: usize| Some(list[place].as_i64()?).map(|micros| u64::try_from(micros).ok());
        let first = span(7)?.map(SimTime::from_micros);
        let cause = *Cause::ALL.get(usize::try_from(count(8)?).ok()?)?;
        Some(Self {
            offered: count(0)?,
            failed: count(1)?,
            lost_later: count(2)?,
            open: count(3)?,
            waits: [span(4)?.map(Span::from_micros), span(5)?.map(Span::from_micros)],
            late: span(6)?.map(Span::from_micros),
            first_failed: first.map(|at| (at, cause)),
            ..Self::default()
        })
    }
}

/// The matrix: what matters to those who wait, to those who depend on the work, and to those who pay.
pub fn measures(tallies: &[Tally]) -> Vec<Measure> {
    let of = |id, name, about, unit, value: &dyn Fn(&Tally) -> Option<f64>, text: &dyn Fn(f64, &Tally) -> String| {
        let values: Vec<Option<f64>> = tallies.iter().map(value).collect();
        let texts = values.iter().zip(tallies);
        let texts = texts.map(|(value, tally)| value.map_or("–".to_owned(), |value| text(value, tally)));
        let counts = tallies.iter().map(|tally| unit != "ms" || tally.answers()).collect();
        Measure { id, name, about, unit, texts: texts.collect(), values, counts }
    };
    let ms = |span: Option<Span>| span.map(Span::millis_f64);
    let spans = |value: f64, _: &Tally| text::span_text(value / 1_000.0);
    let counts = |value: f64, tally: &Tally| match value {
        0.0 => "none".to_owned(),
        _ => format!("{} ({})", text::int(value), words::percent(value / (tally.offered.max(1) as f64))),
    };
    vec![
        of(
            "client_wait_p50",
            "The client waits, median",
            "Until a request is answered or fails, retries included; until a record is stored.",
            "ms",
            &|tally| ms(tally.waits[0]),
            &spans,
        ),
        of(
            "client_wait_p99",
            "The client waits, p99",
            "The longest wait of 99 clients in 100.",
            "ms",
            &|tally| ms(tally.waits[1]),
            &spans,
        ),
        of(
            "failed",
            "Fails in the client’s face",
            "Requests without an answer after the last attempt; records that the producer lost.",
            "",
            &|tally| Some(tally.failed as f64),
            &counts,
        ),
        of(
            "done_p99",
            "Done after, p99",
            "From offered until the work is done, slow steps in the background included.",
            "ms",
            &|tally| ms(tally.late),
            &spans,
        ),
        of(
            "lost_later",
            "Accepted, then lost",
            "Expired, given up, or without room in a queue.",
            "",
            &|tally| Some(tally.lost_later as f64),
            &counts,
        ),
        of(
            "open",
            "Not done at the end",
            "Under way or waiting when the run ends.",
            "",
            &|tally| Some(tally.open as f64),
            &counts,
        ),
        of(
            "month_cost",
            "Costs, 30 days",
            "At list prices; of a stream without the application that puts into it.",
            "USD",
            &|tally| Some(tally.month_cents as f64 / 100.0),
            &|_, tally| words::dollars_cents(tally.month_cents),
        ),
    ]
}

/// What tells the designs apart, in sentences.
pub fn sentences(titles: &[String], tallies: &[Tally]) -> Vec<String> {
    differences(titles, tallies).into_iter().map(|(sentence, _)| sentence).collect()
}

/// The same, each with whether it says more than a headline does that has what every design lost, how late it was and what
/// it costs.
pub fn differences(titles: &[String], tallies: &[Tally]) -> Vec<(String, bool)> {
    let mut said = Vec::new();
    let answers: Vec<bool> = tallies.iter().map(Tally::answers).collect();
    let failing: Vec<usize> = (0..tallies.len()).filter(|place| tallies[*place].failed > 0).collect();
    for place in &failing {
        let Tally { failed, offered, first_failed, binding, .. } = &tallies[*place];
        let first = first_failed.map_or(String::new(), |(at, why)| {
            format!(", the first at {}: {}", text::clock(at.seconds_f64()), why.text())
        });
        let binds = binding.map_or(String::new(), |binding| format!("; {}", binding.sentence()));
        let sentence = format!(
            "{} fails {} of {} in the client’s face{first}{binds}.",
            titles[*place],
            words::percent(*failed as f64 / (*offered).max(1) as f64),
            text::int(*offered as f64),
        );
        said.push((sentence, true));
    }
    let others: Vec<&str> =
        (0..tallies.len()).filter(|place| !failing.contains(place)).map(|place| titles[place].as_str()).collect();
    if !others.is_empty() {
        said.push((format!("{} {} nobody.", listed(&others), if others.len() == 1 { "fails" } else { "fail" }), false));
    }
    let tail = |of: &dyn Fn(&Tally) -> Option<Span>| -> Vec<Option<f64>> {
        tallies.iter().map(|tally| of(tally).map(Span::seconds_f64)).collect()
    };
    for (title, tally) in titles.iter().zip(tallies) {
        said.extend(tally.behind.map(|Behind { most, until }| {
            let end = match until {
                Some(until) => format!("has caught up at {}", text::clock(until.seconds_f64())),
                None => "has not caught up when the run ends".to_owned(),
            };
            (format!("{title} is behind by {} at most, and {end}.", text::span_text(most)), false)
        }));
    }
    let waits = apart(titles, &tail(&|tally| tally.waits[1]), &answers, |title, value, first| {
        let whom = if first { "Of 100 clients 99 wait at most" } else { "" };
        format!("{whom} {} with {title}", text::span_text(value)).trim().to_owned()
    });
    let late = apart(titles, &tail(&|tally| tally.late), &answers, |title, value, first| {
        let what = if first { "Of what is done, 99 % is done within" } else { "" };
        format!("{what} {} by {title}", text::span_text(value)).trim().to_owned()
    });
    said.extend(waits.into_iter().chain(late).map(|sentence| (sentence, true)));
    let costs: Vec<u64> = tallies.iter().map(|tally| tally.month_cents).collect();
    said.extend(costs_apart(titles, &costs).map(|sentence| (sentence, false)));
    said
}

/// What a month of the designs costs, in cents, in a sentence; nothing where it is about the same.
pub fn costs_apart(titles: &[String], cents: &[u64]) -> Option<String> {
    let costs: Vec<Option<f64>> = cents.iter().map(|cents| Some(*cents as f64)).collect();
    apart(titles, &costs, &vec![true; cents.len()], |title, value, first| {
        let what = if first { "30 days cost" } else { "" };
        format!("{what} {} with {title}", words::dollars_cents(value as u64)).trim().to_owned()
    })
}

/// The lowest of some values that counts, the highest, and how far they are apart; nothing where they are about the same.
fn apart(
    titles: &[String],
    values: &[Option<f64>],
    counts: &[bool],
    say: impl Fn(&str, f64, bool) -> String,
) -> Option<String> {
    let known = || values.iter().enumerate().filter_map(|(place, value)| Some((place, (*value)?)));
    let (low, least) = known().filter(|(place, _)| counts[*place]).min_by(|a, b| a.1.total_cmp(&b.1))?;
    let (high, most) = known().max_by(|a, b| a.1.total_cmp(&b.1))?;
    if most <= least * APART {
        return None;
    }
    let (first, second) = (say(&titles[low], least, true), say(&titles[high], most, false));
    let times = if least > 0.0 { format!(": {} times as much", words::short(most / least)) } else { String::new() };
    Some(format!("{first}, and {second}{times}."))
}

/// One in so many may fail where it is said how soon others are answered.
const FEW: u64 = 100;
/// Values that are closer together are about the same.
const APART: f64 = 1.1;

/// Names in one sentence: `a`, `a and b`, `a, b and c`.
pub fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
