//! Where the consumer that is shown stands on the log of each shard at the cursor: numbers, and the words for them.
//!
//! The page's picture, its table and the command line show the same rows.

use super::words::{int, span_text};
use crate::engine::{Condition, Doing, LanePosition, PartPosition, Tried, TryEnd};
use crate::metrics::outlook::gone_frames;
use crate::metrics::{ConsumerPosition, ShardMetric, View};
use crate::scenario::Scenario;
use crate::text::clock;
use crate::units::{SimTime, Span};

/// What became of a batch stays in view for so long after its end, or for three frames where those are longer.
const STORY_STAYS: Span = Span::from_secs(30);

/// Heads of the columns of [`LogRow::cells`].
pub const HEADS: [&str; 9] =
    ["Shard", "Oldest kept", "Checkpoint", "Read up to", "Tip", "In flight", "Waiting", "Age of the oldest", "Batch"];

/// Where a consumer stands.
#[derive(Clone, Debug, PartialEq)]
pub struct LogView {
    /// The instant that it is about.
    pub at: SimTime,
    /// The shards that block or are furthest behind, in order of their ranges, parents before their children.
    pub rows: Vec<LogRow>,
    /// Shards that have no row.
    pub more: Option<More>,
    /// The workers of a KCL application, in words.
    pub workers: String,
}

/// What the shards without a row have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct More {
    /// How many they are.
    pub shards: usize,
    /// Records in them that are not processed.
    pub backlog: f64,
    /// Age of the oldest of these, in seconds.
    pub age: f64,
}

/// Where a consumer stands in one shard.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    /// Index of the shard.
    pub shard: u32,
    /// Whether it takes no more records.
    pub closed: bool,
    /// The shards that it came from, where they are not read to their end.
    pub parents: Vec<u32>,
    /// Records that are older than the retention: the log begins behind them.
    pub tail: u64,
    /// The places on the log, and what is worked on.
    pub lane: LanePosition,
    /// Stored records that wait for an invocation.
    pub waiting: f64,
    /// Records in running invocations.
    pub in_flight: f64,
    /// Age of the oldest record that is not processed, in seconds.
    pub age: f64,
    /// The instant that the row is about.
    at: SimTime,
    /// What became of a batch is told from here on.
    since: SimTime,
}

impl LogView {
    /// Where the consumer whose view it is stands after so many frames, in at most so many rows; `None` before the
    /// first frame, or where it is not known.
    pub fn of(scenario: &Scenario, timeline: View<'_>, frames: usize, most: usize) -> Option<Self> {
        let frames = frames.min(timeline.frames());
        let ConsumerPosition { mut lanes, workers } = timeline.positions(frames)?;
        let at = timeline.end_of(frames - 1);
        lanes.retain(|(shard, _)| (*shard as usize) < timeline.shards());
        let gauge = |metric, shard: usize| timeline.shard_column(metric, shard)[frames - 1];
        let age = |shard: usize| gauge(ShardMetric::IteratorAgeMs, shard) / 1e3;
        while lanes.len() > most.max(1) {
            // The one that matters least. There are sixteen at most: no sort of the library is worth its code here.
            let matters_less = |one: usize, other: usize| {
                let [a, b] =
                    [&lanes[one], &lanes[other]].map(|(shard, lane)| (lane.is_blocked(), age(*shard as usize)));
                !a.0 && b.0 || a.0 == b.0 && a.1 < b.1
            };
            let least = (1..lanes.len()).fold(0, |least, one| if matters_less(one, least) { one } else { least });
            lanes.remove(least);
        }
        let gone = gone_frames(scenario, timeline, frames);
        let stays = STORY_STAYS.max(Span::from_micros(3 * timeline.width().micros()));
        let row = |(shard, lane): (u32, LanePosition)| {
            let index = shard as usize;
            let info = timeline.shard(index);
            let unread =
                |parent: &u32| lane.parts.iter().any(|part| part.doing == Doing::AwaitsParents) && *parent < shard;
            LogRow {
                shard,
                closed: !info.is_open_at(at),
                parents: info.parents.into_iter().flatten().filter(unread).collect(),
                tail: (timeline.shard_total(ShardMetric::Stored, index, gone) as u64).min(lane.tip),
                waiting: gauge(ShardMetric::Waiting, index),
                in_flight: gauge(ShardMetric::InFlight, index),
                age: age(index),
                at,
                since: SimTime::from_micros(at.micros().saturating_sub(stays.micros())),
                lane,
            }
        };
        // A child stands behind the last of its parents.
        let start = |shard: u32| {
            let info = timeline.shard(shard as usize);
            let parents = info.parents.into_iter().flatten().filter(|parent| (*parent as usize) < timeline.shards());
            parents.map(|parent| timeline.shard(parent as usize).range[0]).fold(info.range[0], f64::max)
        };
        // Lanes come in order of the shards.
        let mut rows: Vec<LogRow> = Vec::with_capacity(lanes.len());
        for row in lanes.into_iter().map(row) {
            let place = rows.iter().rposition(|before| start(before.shard) <= start(row.shard));
            rows.insert(place.map_or(0, |place| place + 1), row);
        }
        let mut view = Self { at, rows, more: None, workers: String::new() };
        if !workers.is_empty() {
            view.workers = view.workers_text(&workers);
        }
        view.more = view.others(timeline, frames);
        Some(view)
    }

    /// What the shards without a row have in common.
    fn others(&self, timeline: View<'_>, frames: usize) -> Option<More> {
        let mut more = More { shards: 0, backlog: 0.0, age: 0.0 };
        for shard in (0..timeline.shards()).filter(|shard| !self.rows.iter().any(|row| row.shard as usize == *shard)) {
            let gauge = |metric| timeline.shard_column(metric, shard)[frames - 1];
            let backlog = gauge(ShardMetric::Waiting) + gauge(ShardMetric::InFlight);
            if backlog > 0.0 || timeline.shard(shard).is_open_at(self.at) {
                more.shards += 1;
                more.backlog += backlog;
                more.age = more.age.max(gauge(ShardMetric::IteratorAgeMs) / 1e3);
            }
        }
        (more.shards > 0).then_some(more)
    }

    fn workers_text(&self, workers: &[crate::engine::WorkerState]) -> String {
        let up = workers.iter().filter(|worker| worker.up).count();
        let each = workers.iter().map(|worker| if worker.up { worker.leases.to_string() } else { "down".to_owned() });
        let each = each.collect::<Vec<_>>().join(", ");
        format!("{up} of {} workers up; shards of each: {each}", workers.len())
    }

    /// The records that the longest backlog of a row has.
    pub fn longest(&self) -> u64 {
        self.rows.iter().map(|row| row.lane.tip - row.lane.checkpoint.min(row.lane.tip)).max().unwrap_or(0)
    }

    /// What it shows, in a few sentences: what is blocked first.
    pub fn text(&self, title: &str) -> String {
        const TOLD_MAX: usize = 6;
        let those = |blocked: bool| self.rows.iter().filter(move |row| row.lane.is_blocked() == blocked);
        let rows = those(true).chain(those(false));
        let mut sentences = vec![format!("Where {title} stands at {}.", clock(self.at.seconds_f64()))];
        sentences.extend(rows.take(TOLD_MAX).map(|row| format!("{}: {}; {}.", row.name(), row.backlog(), row.doing())));
        if let Some(more) = self.more {
            sentences.push(format!("{}.", more.text()));
        }
        if !self.workers.is_empty() {
            sentences.push(format!("{}.", self.workers));
        }
        sentences.join(" ")
    }
}

impl More {
    /// How many they are, and what waits in them.
    pub fn text(self) -> String {
        let shards =
            if self.shards == 1 { "One more shard".to_owned() } else { format!("{} more shards", self.shards) };
        match self.backlog {
            0.0 => format!("{shards}: nothing waits"),
            backlog => format!("{shards}: {} records wait, the oldest {}", int(backlog), span_text(self.age)),
        }
    }
}

impl LogRow {
    /// What it is called.
    pub fn name(&self) -> String {
        format!("Shard {}", self.shard)
    }

    /// The instant that it is about.
    pub const fn at(&self) -> SimTime {
        self.at
    }

    /// What stands beside its name: that it is closed, who works on it.
    pub fn note(&self) -> String {
        match self.lane.lease {
            Some(lease) => match lease.owner {
                Some(owner) if self.closed => format!("closed, worker {owner}"),
                Some(owner) => format!("worker {owner}"),
                None => "no worker".to_owned(),
            },
            None if self.closed => "closed".to_owned(),
            None => String::new(),
        }
    }

    /// How much is not processed, and how old the oldest of it is.
    pub fn backlog(&self) -> String {
        match self.waiting + self.in_flight {
            0.0 => "nothing waits".to_owned(),
            backlog => format!("{} · {}", int(backlog), span_text(self.age)),
        }
    }

    /// The part that says most: one that fails, then one that was refused, then one that works.
    pub fn leading(&self) -> Option<&PartPosition> {
        let rank = |part: &&PartPosition| match part.doing {
            _ if part.is_failing() => (3, part.attempt),
            Doing::WaitsToRetry => (2, 0),
            Doing::Runs => (1, 0),
            _ => (0, 0),
        };
        self.lane.parts.iter().rev().max_by_key(rank)
    }

    /// The tries of a batch that are still told: those of one that fails, or has ended a short while ago.
    pub fn story<'p>(&self, part: &'p PartPosition) -> &'p [Tried] {
        let lately = part.tried.last().is_some_and(|last| last.at >= self.since);
        if part.is_failing() || lately { &part.tried } else { &[] }
    }

    /// What is being done with it, in a few words.
    pub fn doing(&self) -> String {
        let Some(part) = self.leading() else { return String::new() };
        let later = |until: SimTime| {
            let left = until.micros().saturating_sub(self.at.micros());
            format!("at {} (in {})", clock(until.seconds_f64()), span_text(left as f64 / 1e6))
        };
        let records =
            |count: u64| if count == 1 { "1 record".to_owned() } else { format!("{} records", int(count as f64)) };
        if let Some(until) = self.lane.frozen_until.filter(|_| part.doing != Doing::Runs) {
            return format!("stands still, goes on {}", later(until));
        }
        if let Some(lease) = self.lane.lease.filter(|lease| lease.owner.is_none()) {
            let again = if lease.again > 0 { format!(", {} once more", records(lease.again)) } else { String::new() };
            return match lease.free_at > self.at {
                true => format!("no worker until {}{again}", clock(lease.free_at.seconds_f64())),
                false => format!("waits for a worker{again}"),
            };
        }
        let busy = self.lane.parts.iter().filter(|part| part.doing == Doing::Runs).count();
        let others = match self.lane.parts.len() {
            1 => String::new(),
            all => format!("{busy} of {all} run; "),
        };
        let story = self.story(part);
        let words = match part.doing {
            Doing::AwaitsParents => match self.parents.as_slice() {
                [] => "waits for the shards it came from".to_owned(),
                [one] => format!("waits for shard {one}"),
                [first, rest @ ..] => format!("waits for shards {first} and {}", rest[0]),
            },
            Doing::Ended => "read to its end".to_owned(),
            Doing::Runs if part.is_failing() => {
                format!("try {} of {}, {}", part.attempt, records(part.records), self.left(part))
            }
            Doing::WaitsToRetry if part.is_failing() => {
                format!("blocked: {} failed, try {} {}", records(part.records), part.attempt + 1, later(part.until))
            }
            Doing::WaitsToRetry if part.refusals > 0 => {
                format!("refused {} ×, asks again {}", part.refusals, later(part.until))
            }
            Doing::WaitsToRetry => format!("{} wait to begin {}", records(part.records), later(part.until)),
            Doing::Runs if part.starts_until > self.at => format!("cold start for {}", records(part.records)),
            Doing::Runs => format!("{} in work, {}", records(part.records), self.left(part)),
            Doing::Gathers => match (self.lane.read - self.lane.reached.min(self.lane.read), self.lane.on_way) {
                (0, Some(on_way)) if on_way > 0 => format!("{} on their way", records(on_way)),
                (0, _) if self.lane.tip > self.lane.read => "between two polls".to_owned(),
                (0, _) => "at the tip".to_owned(),
                (gathered, _) => format!("gathers, has {}", records(gathered)),
            },
        };
        match ended(story).filter(|_| !part.is_failing()) {
            Some(ended) => format!("{others}{ended}"),
            None => format!("{others}{words}"),
        }
    }

    fn left(&self, part: &PartPosition) -> String {
        let left = part.until.micros().saturating_sub(self.at.micros());
        format!("{} to go", span_text(left as f64 / 1e6))
    }

    /// The row as cells under [`HEADS`].
    pub fn cells(&self) -> [String; 9] {
        let places = [self.tail, self.lane.checkpoint, self.lane.read, self.lane.tip].map(|place| int(place as f64));
        let [tail, checkpoint, read, tip] = places;
        let name = match self.note() {
            note if note.is_empty() => self.name(),
            note => format!("{}, {note}", self.name()),
        };
        let age = if self.waiting + self.in_flight > 0.0 { span_text(self.age) } else { "–".to_owned() };
        [name, tail, checkpoint, read, tip, int(self.in_flight), int(self.waiting), age, self.doing()]
    }
}

/// How a batch that had failed ended.
fn ended(story: &[Tried]) -> Option<String> {
    let (first, last) = (story.first()?, story.last()?);
    let given_up: u64 =
        story.iter().filter(|tried| matches!(tried.how, TryEnd::GivenUp(_))).map(|tried| tried.end - tried.done).sum();
    let all = first.end - first.from;
    let why = story.iter().rev().find_map(|tried| match tried.how {
        TryEnd::GivenUp(Condition::RetryAttemptsExhausted) => Some("retries used up"),
        TryEnd::GivenUp(Condition::RecordAgeExceeded) => Some("too old"),
        _ => None,
    });
    let at = clock(last.at.seconds_f64());
    Some(match why {
        Some(why) => format!("{} of {} given up by {at}: {why}", int(given_up as f64), int(all as f64)),
        None => format!("{} done by {at} with try {}", int(all as f64), last.attempt),
    })
}
