//! The verdict: the run at the cursor in one sentence for the back row, and one line of why.
//!
//! It speaks only of what has happened up to the cursor, so it is the same at every speed and however far the
//! engine has run ahead. Numbers in it are rounded as a person would say them, and add up as they are shown.

mod ending;
mod state;

use super::words::{self, span_text};
use crate::metrics::View;
use crate::scenario::{Part, Scenario};
use state::State;

/// A sentence and the line below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The sentence.
    pub head: Vec<Piece>,
    /// Why, or what follows from it.
    pub sub: Vec<Piece>,
}

/// A run of letters with the same meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The letters.
    pub text: String,
    /// What they speak of.
    pub tone: Tone,
}

/// What a piece of a sentence speaks of, which decides its colour and weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    Plain,
    /// Emphasis without a meaning of its own.
    Strong,
    /// Records that come in.
    Flow,
    /// Records that are lost.
    Lost,
    /// Records that are done.
    Done,
    /// Records that wait.
    Wait,
}

impl Verdict {
    /// The head as plain text.
    pub fn head_text(&self) -> String {
        plain(&self.head)
    }

    /// The line below as plain text.
    pub fn sub_text(&self) -> String {
        plain(&self.sub)
    }

    /// Both, for a screen reader.
    pub fn spoken(&self) -> String {
        format!("{} {}", self.head_text(), self.sub_text())
    }
}

fn plain(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}

/// Pieces of a sentence from text in which `{flow:…}`, `{lost:…}`, `{done:…}`, `{wait:…}` and `{strong:…}` mark
/// what has a meaning.
pub fn pieces(marked: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut push = |text: &str, tone| {
        if !text.is_empty() {
            pieces.push(Piece { text: text.to_owned(), tone });
        }
    };
    let mut rest = marked;
    while let Some((before, after)) = rest.split_once('{') {
        push(before, Tone::Plain);
        let (inside, behind) = after.split_once('}').unwrap_or((after, ""));
        let (name, text) = inside.split_once(':').unwrap_or(("", inside));
        push(
            text,
            match name {
                "flow" => Tone::Flow,
                "lost" => Tone::Lost,
                "done" => Tone::Done,
                "wait" => Tone::Wait,
                _ => Tone::Strong,
            },
        );
        rest = behind;
    }
    push(rest, Tone::Plain);
    pieces
}

fn verdict_of(head: &str, sub: &str) -> Verdict {
    Verdict { head: pieces(head), sub: pieces(sub) }
}

/// Before the run: what is going to happen, as a question. `passing` says how long it will take to watch.
pub fn question(scenario: &Scenario, passing: &str) -> Verdict {
    let shards = words::shards(u64::from(scenario.stream.open_at_start()));
    let peak = scenario.traffic.peak_rate(scenario.length);
    let per_second = |rate: f64| words::rate_text(rate);
    let what = match scenario.traffic.parts.as_slice() {
        [Part::Constant { rate }] => {
            let length = span_text(scenario.length.seconds_f64());
            format!("{} records a second for {length}.", per_second(rate.per_second_f64()))
        }
        [Part::Ramp { from, to, over, .. }] => {
            let (from, to) = (per_second(from.per_second_f64()), per_second(to.per_second_f64()));
            format!("From {from} to {to} records a second within {}.", span_text(over.seconds_f64()))
        }
        [Part::Spike { base, hold, .. }] => {
            let (base, hold) = (per_second(base.per_second_f64()), span_text(hold.seconds_f64()));
            format!("{base} records a second, then {} for {hold}.", words::int(peak))
        }
        [Part::DayWave { low, high, .. }] => {
            let (low, high) = (per_second(low.per_second_f64()), per_second(high.per_second_f64()));
            format!("Between {low} and {high} records a second, in the course of a day.")
        }
        [Part::Series(series)] => {
            let total: u64 = series.rows.iter().map(|row| row.count).sum();
            let (length, total) = (span_text(scenario.length.seconds_f64()), words::records(total as f64));
            format!("{length} as recorded: {total}, up to {} a second.", per_second(peak))
        }
        _ => format!("Up to {} records a second.", per_second(peak)),
    };
    verdict_of(
        &format!("{what} Will {shards} hold?"),
        &format!("{{strong:Press Run.}} {passing} Nothing is sent anywhere."),
    )
}

/// The verdict after the first `frames` frames, with the title of the consumer that it speaks of where there are several. With no frame there is nothing to say yet: ask
/// [`question`] instead.
pub fn verdict(scenario: &Scenario, timeline: View<'_>, frames: usize) -> Verdict {
    let view = State::new(scenario, timeline, frames);
    let mut verdict = if frames >= timeline.frames_total() && timeline.frames() == timeline.frames_total() {
        view.at_the_end()
    } else if view.loss > view.noise {
        view.losing()
    } else if view.is_late() {
        if view.falls_behind() { view.falling_behind() } else { view.draining() }
    } else if view.holds_back() {
        view.sending_again()
    } else {
        view.calm()
    };
    if scenario.consumers.len() > 1 {
        let title = format!("{}: ", scenario.title_of(timeline.consumer));
        verdict.head.insert(0, Piece { text: title, tone: Tone::Plain });
    }
    verdict
}
