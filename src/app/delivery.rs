//! What the delivery streams behind the streams of a run did up to the cursor.

use super::model::Model;
use super::verdict::{Piece, Tone, Verdict, pieces};
use super::words::{int, percents, short, span_text};
use crate::cost::{Bill, firehose_bill};
use crate::engine::firehose::SetAside;
use crate::metrics::Finding;
use crate::metrics::firehose::{FirehoseFrame, FirehoseFrames, FirehoseLedger};
use crate::metrics::firehose_findings::firehose_findings;
use crate::scenario::DestinationKind;

/// How a verdict begins that claims for all what holds for the stream alone, and what the rest is joined with.
const CLAIMS: [(&str, &str); 2] = [("Nothing is lost, but", ", and"), ("Nothing was lost.", ".")];

/// Takes the claim out of a verdict that nothing was lost: so many records were not delivered.
fn say_missing(verdict: &mut Verdict, missing: u64) {
    let (were, records) = if missing == 1 { ("was", "record") } else { ("were", "records") };
    let gone = format!("{}\u{a0}{records}", int(missing as f64));
    let all = verdict.head_text().to_lowercase();
    let begins = |text: &str| CLAIMS.into_iter().find(|(claim, _)| text.starts_with(claim));
    let claim = verdict.head.first().and_then(|piece| begins(&piece.text));
    if let Some((claim, joint)) = claim {
        verdict.head[0].text.replace_range(..claim.len(), &format!(" {were} not delivered{joint}"));
        verdict.head.insert(0, Piece { text: gone, tone: Tone::Lost });
    } else if ["nothing lost", "nothing is lost"].iter().any(|claim| all.contains(claim)) {
        verdict.head = pieces(&format!("The stream holds, but {{lost:{gone}}} {were} not delivered."));
    }
    for piece in &mut verdict.sub {
        piece.text = piece.text.replace("Nothing was lost", "The stream lost nothing");
    }
}

/// One delivery stream at the cursor.
pub struct Delivery {
    /// What it is called.
    pub title: String,
    /// Where it delivers.
    pub destination: &'static str,
    /// Where its records are: a name, how many, their share.
    pub rows: Vec<[String; 3]>,
    /// Records that it was given.
    pub given: String,
    /// Its objects and how late they are, in sentences.
    pub said: Vec<String>,
    /// What it costs so far.
    pub bill: Bill,
    /// What its frames show.
    pub findings: Vec<Finding>,
}

impl Model {
    /// Whether there are any.
    pub fn delivers(&self) -> bool {
        self.scenario.streams().into_iter().any(|stream| !stream.deliver.is_empty())
    }

    /// Says what of their records did not come where it should so far. Nobody reads then that nothing is lost.
    pub(super) fn say_deliveries(&self, verdict: &mut Verdict) {
        let (mut said, mut missing) = (String::new(), 0);
        for ((_, deliver), got) in self.scenario.deliveries().into_iter().zip(&self.run.deliveries) {
            let ledger = FirehoseLedger::after(&got.frames()[..complete(got, self.cursor.micros())]);
            let (title, count) = (deliver.title(), |count: u64| int(count as f64));
            missing += ledger.lost + ledger.aside();
            if ledger.lost > 0 {
                said.push_str(&format!(" {title} {{lost:lost {} records}}.", count(ledger.lost)));
            }
            if ledger.aside() > 0 {
                let there = match deliver.firehose.stream.destination.kind {
                    DestinationKind::S3 => "with the others",
                    kind => &format!("in {}", kind.name()),
                };
                let (lie, records) = if ledger.aside() == 1 { ("lies", "record") } else { ("lie", "records") };
                said.push_str(&format!(
                    " {{lost:{} {records}}} of {title} {lie} aside in S3, under the error prefix, and not {there}.",
                    count(ledger.aside())
                ));
            }
        }
        if missing > 0 {
            say_missing(verdict, missing);
        }
        verdict.sub.extend(pieces(&said));
    }

    /// Each of them at the cursor.
    pub fn deliveries(&self) -> Vec<Delivery> {
        let all = self.scenario.deliveries().into_iter().zip(&self.run.deliveries);
        all.map(|((stream, deliver), got)| {
            let frames = &got.frames()[..complete(got, self.cursor.micros())];
            let ledger = FirehoseLedger::after(frames);
            Delivery {
                title: deliver.title().to_owned(),
                destination: deliver.firehose.stream.destination.kind.name(),
                rows: rows(&ledger),
                given: int(ledger.offered as f64),
                said: said(frames),
                bill: firehose_bill(stream, &deliver.firehose, got.width(), frames),
                findings: firehose_findings(&deliver.firehose, got.width(), frames),
            }
        })
        .collect()
    }
}

/// Frames that are complete at an instant, of those that have arrived.
fn complete(got: &FirehoseFrames, at: u64) -> usize {
    let (total, arrived) = (got.frames_total(), got.frames().len());
    let end = total.checked_sub(1).map_or(0, |last| got.end_of(last).micros());
    let complete = if at >= end { total } else { (at / got.width().micros().max(1)) as usize };
    complete.min(arrived)
}

/// Where the records are; what is empty and would be a surprise is left out.
fn rows(ledger: &FirehoseLedger) -> Vec<[String; 3]> {
    let mut all = vec![
        ("Delivered".to_owned(), ledger.delivered),
        ("With the function".to_owned(), ledger.in_transform),
        ("In the buffer".to_owned(), ledger.buffered),
        ("In deliveries".to_owned(), ledger.in_delivery),
        ("Dropped by the function".to_owned(), ledger.dropped),
    ];
    all.extend(
        SetAside::ALL.iter().zip(ledger.set_aside).map(|(why, count)| (format!("Error prefix: {}", why.text()), count)),
    );
    all.push(("Lost: not delivered in time".to_owned(), ledger.lost));
    const ALWAYS: [usize; 2] = [0, 2];
    let shown = all.iter().enumerate().filter(|(place, (_, count))| *count > 0 || ALWAYS.contains(place));
    shown
        .map(|(_, (name, count))| {
            let [share, _] = percents([*count, ledger.offered.saturating_sub(*count)]);
            [name.clone(), int(*count as f64), share]
        })
        .collect()
}

fn said(frames: &[FirehoseFrame]) -> Vec<String> {
    let sum = |of: fn(&FirehoseFrame) -> u64| frames.iter().map(of).sum::<u64>();
    let (objects, backups) = (sum(|frame| frame.objects.0), sum(|frame| frame.backups));
    let mut said = Vec::new();
    if objects > 0 {
        let mean = sum(|frame| frame.delivered_bytes) as f64 / objects as f64;
        let kib = short(mean / 1024.0);
        said.push(format!("{} objects of {kib} KiB on the average, before compression.", int(objects as f64)));
    }
    if backups > 0 {
        said.push(format!("{} objects under the error prefix.", int(backups as f64)));
    }
    let late = |frame: &FirehoseFrame| (frame.late_ms.0 / 1e3, frame.late_ms.1 / 1e3);
    if let Some((half, nearly)) = frames.iter().rev().map(late).find(|(half, _)| !half.is_nan()) {
        let most = frames.iter().map(|frame| late(frame).1).fold(0.0, f64::max);
        said.push(format!(
            "From read to delivered, last: half within {}, 99 % within {}; so far at most {}.",
            span_text(half),
            span_text(nearly),
            span_text(most)
        ));
    }
    if let Some(age) = frames.last().and_then(|frame| frame.state.freshness) {
        said.push(format!("The oldest record that is not delivered is {} old.", span_text(age.seconds_f64())));
    }
    said
}
