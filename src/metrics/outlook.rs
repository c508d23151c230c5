//! What comes if a run goes on as it does: when the first record will expire, and when the backlog will be gone.
//!
//! Both are straight lines through the last frames, shard by shard, since each shard has a backlog of its own.

use super::note::NoteKind;
use super::timeline::{Metric, ShardMetric};
use super::view::View;
use crate::scenario::{Scenario, capacity};
use crate::units::Span;

/// The time over which speeds are measured, in seconds.
const WINDOW_S: f64 = 60.0;
/// The growth of an age is measured over one part in so many of it, too.
const AGES: f64 = 4.0;
/// An age that grows by less than this, in seconds a second, stands still.
const STILL: f64 = 1e-3;
/// From this part of the retention on, the age of the oldest record is a matter of concern: AWS's advice for alarms.
const CONCERN: f64 = 0.5;

/// What comes if the run goes on as at the end of some frames. Times are in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outlook {
    /// How long a record stays readable now.
    pub retention: f64,
    /// Age of the oldest record of the shard that will lose first, or of the oldest of all.
    pub age: f64,
    /// By how much that age grows, in seconds a second.
    pub growth: f64,
    /// Time until the first record expires; zero where records expire already, `None` where none will.
    pub time_to_loss: Option<f64>,
    /// Time until the last shard with a backlog has none; `None` where there is no backlog, or where one does not
    /// shrink.
    pub caught_up_in: Option<f64>,
    /// Records in the backlog of the shard that takes longest.
    pub backlog: f64,
    /// What is processed there a second.
    pub processed: f64,
    /// What comes to it a second.
    pub stored: f64,
    /// Whether a loss is near: the oldest record is past half of its retention and grows older, or a loss lies within
    /// the run, or behind its end by no more than a tenth of its length.
    pub loss_is_near: bool,
}

impl Outlook {
    /// What comes after the first `frames` frames.
    pub fn after(scenario: &Scenario, timeline: View<'_>, frames: usize) -> Self {
        let frames = frames.min(timeline.frames());
        let mut outlook = Self { retention: retention(scenario, timeline, frames).seconds_f64(), ..Self::default() };
        let Some(last) = frames.checked_sub(1) else { return outlook };
        let (width, at) = (timeline.width().seconds_f64(), timeline.end_of(last));
        let late = capacity::late_after(scenario, &capacity::in_force(scenario, timeline.consumer, at).1).seconds_f64();
        let mut drains = true;
        for shard in 0..timeline.shards() {
            let of = |metric| timeline.shard_column(metric, shard);
            let ages = of(ShardMetric::IteratorAgeMs);
            let age = ages[last] / 1e3;
            if age <= late {
                continue;
            }
            // The backlog there, and how fast it shrinks.
            let window = ((WINDOW_S / width).round() as usize).clamp(1, frames);
            let seconds = at.seconds_f64() - (frames - window) as f64 * width;
            let rate = |metric| of(metric)[frames - window..frames].iter().sum::<f64>() / seconds;
            let (processed, stored) = (rate(ShardMetric::Processed), rate(ShardMetric::Stored));
            let backlog = of(ShardMetric::Waiting)[last] + of(ShardMetric::InFlight)[last];
            let spare = processed - stored;
            let gone_in = (spare > 0.01 * processed).then(|| backlog / spare);
            outlook.loses(timeline, Shard { ages: &ages[..frames], age, width }, gone_in);
            drains &= gone_in.is_some();
            if let Some(time) = gone_in.filter(|time| outlook.caught_up_in.is_none_or(|longest| *time > longest)) {
                outlook.caught_up_in = Some(time);
                (outlook.backlog, outlook.processed, outlook.stored) = (backlog, processed, stored);
            }
        }
        if !drains {
            outlook.caught_up_in = None;
        }
        let expired = timeline.column(Metric::Expired)[..frames].iter().rev();
        let recent = (WINDOW_S / width).round().max(1.0) as usize;
        if outlook.age > 0.0 && expired.take(recent).any(|records| *records > 0.0) {
            outlook.time_to_loss = Some(0.0);
        }
        let (length, now) = (timeline.length().seconds_f64(), at.seconds_f64());
        outlook.loss_is_near = outlook
            .time_to_loss
            .is_some_and(|time| outlook.age >= CONCERN * outlook.retention || now + time <= 1.1 * length);
        outlook
    }

    /// Takes a shard into account: where its age reaches the retention first, it decides. An age may grow while the
    /// backlog shrinks; where that is gone in time, nothing is lost.
    fn loses(&mut self, timeline: View<'_>, shard: Shard<'_>, gone_in: Option<f64>) {
        let growth = shard.growth(timeline);
        let time = (growth > STILL).then(|| ((self.retention - shard.age) / growth).max(0.0));
        let time = time.filter(|time| gone_in.is_none_or(|gone_in| *time < gone_in));
        let first = match (time, self.time_to_loss) {
            (Some(time), Some(first)) => time < first,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => shard.age > self.age,
        };
        if first {
            (self.age, self.growth, self.time_to_loss) = (shard.age, growth, time);
        }
    }
}

/// The ages of a shard's oldest record up to now.
#[derive(Clone, Copy)]
struct Shard<'a> {
    ages: &'a [f64],
    age: f64,
    width: f64,
}

impl Shard<'_> {
    /// By how much the age grows, in seconds a second: over the last minute or over a part of the age, whichever is
    /// less, so that neither a long batch nor what went before a recovery counts.
    fn growth(self, timeline: View<'_>) -> f64 {
        let last = self.ages.len() - 1;
        let over = |seconds: f64| {
            let window = ((seconds / self.width).round() as usize).clamp(1, last.max(1));
            // Only within the time in which there is a backlog at all.
            let back = (1..=window.min(last)).take_while(|back| self.ages[last - back] > 0.0).last();
            back.map_or(1.0, |back| {
                let seconds = timeline.end_of(last).since(timeline.end_of(last - back)).seconds_f64();
                (self.age - self.ages[last - back] / 1e3) / seconds
            })
        };
        over(WINDOW_S).min(over(WINDOW_S.max(self.age / AGES)))
    }
}

/// How long a record stays readable after the first `frames` frames.
pub fn retention(scenario: &Scenario, timeline: View<'_>, frames: usize) -> Span {
    let end = frames.checked_sub(1).map(|last| timeline.end_of(last));
    let changed = timeline.notes().filter_map(|note| match note.what {
        NoteKind::Retention { retention } if end.is_some_and(|end| note.at < end) => Some(retention),
        _ => None,
    });
    changed.last().unwrap_or(scenario.stream.retention)
}

/// How many of the first `frames` frames hold only records that are older than the retention: there every shard's log
/// begins.
pub fn gone_frames(scenario: &Scenario, timeline: View<'_>, frames: usize) -> usize {
    let Some(last) = frames.checked_sub(1) else { return 0 };
    let end = timeline.end_of(last).micros();
    let older = |at: u64, kept: Span| (at.saturating_sub(kept.micros()) / timeline.width().micros().max(1)) as usize;
    // What was gone before a change does not come back.
    let (mut gone, mut kept) = (0, scenario.stream.retention);
    for note in timeline.notes() {
        if let NoteKind::Retention { retention } = note.what
            && note.at.micros() < end
        {
            gone = gone.max(older(note.at.micros(), kept));
            kept = retention;
        }
    }
    gone.max(older(end, kept)).min(frames)
}
