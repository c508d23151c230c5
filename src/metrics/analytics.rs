//! What an analytics application computes: windows over event time, their groups, and when each result comes.
//!
//! What the application has processed comes with the facts, lane by lane. It is gathered until a frame closes and then
//! taken in order of time, so that a result does not depend on how a run is moved. A window is over when the watermark
//! reaches its end: the newest event time of the shard that is furthest behind, less the allowed lateness. Then its
//! groups are emitted, at that instant. A record that comes after all of its windows is dropped as late.

mod compiled;
mod panes;
mod watermark;

pub use compiled::Name;

use super::histogram::Histogram;
use crate::engine::record::Run;
use crate::engine::sequence::EPOCH_SECONDS;
use crate::engine::{Engine, Record};
use crate::limits;
use crate::scenario::filter::NUMERIC_SCALE;
use crate::scenario::query::{Function, Query};
use crate::scenario::{Analytics as Settings, ConsumerKind, EventTime, Scenario};
use crate::units::{MICROS_PER_SECOND, SimTime};
use compiled::{Compiled, Seen};
use panes::{Pane, Sum};
use std::collections::VecDeque;
use std::sync::Arc;
use watermark::Watermark;

/// Microseconds from 1970 to the beginning of a run.
const EPOCH: u64 = EPOCH_SECONDS * MICROS_PER_SECOND;
/// Rows of one window that are kept where the query has no order.
const WINDOW_ROWS: usize = 1_000;
/// Measures of a query at most.
const MEASURES: usize = limits::ANALYTICS_MEASURES_MAX as usize;

/// An analytics application at work.
#[derive(Clone, Debug)]
pub struct Analytics {
    consumer: u32,
    settings: Settings,
    query: Arc<Query>,
    compiled: Compiled,
    /// What was processed in the open frame.
    batches: Vec<Batch>,
    records: Vec<Record>,
    watermark: Watermark,
    /// Shards that are read to their end.
    ended: Vec<bool>,
    /// No shard is idle before, µs of the run.
    idle_from: u64,
    /// In order of time; they lie apart where nothing came.
    panes: VecDeque<Pane>,
    spare: Vec<Pane>,
    merged: Pane,
    /// Windows that end here or before are over, µs since 1970.
    over_to: u64,
    rows: Vec<(u32, [Option<i128>; MEASURES])>,
    /// Rows that are kept of a window at most.
    window_rows: usize,
    results: Results,
}

/// Records that were processed together.
#[derive(Clone, Copy, Debug)]
struct Batch {
    at: u64,
    shard: u32,
    from: usize,
    to: usize,
}

/// What came of a query.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Windows that emitted something.
    pub windows: u64,
    /// Rows that they emitted: groups, or those of them that are first in order.
    pub rows: u64,
    /// Records that count in a window.
    pub counted: u64,
    /// Records for which the conditions of the query do not hold.
    pub passed: u64,
    /// Records that came after all of their windows were over.
    pub late: u64,
    /// Records of new groups for which there was no room.
    pub no_room: u64,
    /// Groups of the windows that are open.
    pub groups: u64,
    /// The most that there were.
    pub groups_peak: u64,
    /// From the end of a window to its result.
    pub delays: Histogram,
    /// The newest windows, the oldest of them first.
    pub newest: VecDeque<Window>,
    kept: usize,
}

/// The result of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where it begins; before the run, that is zero.
    pub start: SimTime,
    /// Records at this instant or later are not in it.
    pub end: SimTime,
    /// When its result came.
    pub at: SimTime,
    /// Rows that it emitted.
    pub rows: u64,
    /// The first of them: by the order of the query, or else by name.
    pub kept: Vec<Row>,
}

/// One group of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What the group is called.
    pub name: Name,
    /// Its measures in millionths; none where there was no number.
    pub values: Vec<Option<i128>>,
}

impl Analytics {
    /// The applications of a scenario, before the first record.
    pub fn all(scenario: &Scenario) -> Vec<Self> {
        let of = |(consumer, of): (u32, &crate::scenario::Consumer)| match (of.kind, &of.plan) {
            (ConsumerKind::Analytics(settings), Some(plan)) => {
                Some(Self::new(scenario, consumer, settings, plan, of.start.micros()))
            }
            _ => None,
        };
        (0..).zip(&scenario.consumers).filter_map(of).collect()
    }

    fn new(scenario: &Scenario, consumer: u32, settings: Settings, query: &Arc<Query>, start: u64) -> Self {
        let shards = scenario.stream.open_at_start() as usize;
        let compiled = Compiled::new(scenario, query);
        let (lateness, idle) = (settings.lateness.micros(), settings.shard_idle.micros());
        Self {
            consumer,
            settings,
            query: Arc::clone(query),
            batches: Vec::new(),
            records: Vec::new(),
            watermark: Watermark::new(shards, start, lateness, idle),
            ended: vec![false; shards],
            idle_from: 0,
            panes: VecDeque::new(),
            spare: Vec::new(),
            merged: Pane::new(compiled.fields()),
            over_to: 0,
            rows: Vec::new(),
            window_rows: WINDOW_ROWS,
            results: Results::default(),
            compiled,
        }
    }

    /// Keeps the first `of_window` rows of each window, so that windows from long ago are kept as well; of all together
    /// as many as usual.
    pub const fn keep_first(&mut self, of_window: usize) {
        self.window_rows = of_window;
    }

    /// Index of its consumer.
    pub const fn consumer(&self) -> u32 {
        self.consumer
    }

    /// Its settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Its query.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// What came of it, over the closed frames.
    pub const fn results(&self) -> &Results {
        &self.results
    }

    /// Gathers what the application has processed.
    pub fn processed(&mut self, at: SimTime, shard: u32, batch: Run<'_>) {
        let from = self.records.len();
        self.records.extend(batch.iter());
        if self.records.len() > from {
            self.batches.push(Batch { at: at.micros(), shard, from, to: self.records.len() });
        }
    }

    /// A frame closes, at whose end the engine stands.
    pub fn close_frame(&mut self, engine: &Engine) {
        let shards = engine.shards() as usize;
        self.watermark.grow(shards);
        self.ended.resize(shards, false);
        let mut ends = Vec::new();
        for shard in (0..shards).filter(|shard| !self.ended[*shard]) {
            if let Some(at) = engine.lane_ended_at(self.consumer, shard as u32) {
                ends.push((at.micros(), shard));
            }
        }
        let (mut batches, records) = (std::mem::take(&mut self.batches), std::mem::take(&mut self.records));
        batches.sort_by_key(|batch| (batch.at, batch.shard));
        ends.sort_unstable();
        let mut ends = ends.into_iter().peekable();
        for (place, batch) in batches.iter().enumerate() {
            let coming = &batches[place..];
            while let Some((at, shard)) = ends.next_if(|(at, _)| *at < batch.at) {
                self.idle_until(at, coming, &records, engine);
                self.end_of(shard, at, engine);
            }
            self.idle_until(batch.at, coming, &records, engine);
            self.count(*batch, &records[batch.from..batch.to]);
        }
        for (at, shard) in ends {
            self.idle_until(at, &[], &records, engine);
            self.end_of(shard, at, engine);
        }
        self.idle_until(engine.now().micros(), &[], &records, engine);
        (self.batches, self.records) = (batches, records);
        self.batches.clear();
        self.records.clear();
    }

    /// Shards of which nothing came are idle, up to an instant.
    fn idle_until(&mut self, until: u64, coming: &[Batch], records: &[Record], engine: &Engine) {
        while self.idle_from < until {
            let Some((at, shard)) = self.watermark.next_idle() else { return };
            self.idle_from = at;
            if at >= until {
                return;
            }
            // What waited there then was done later in this frame, or waits still.
            let next = coming.iter().find(|batch| batch.shard as usize == shard);
            let oldest = match next {
                Some(batch) => Some(records[batch.from].arrived),
                None => engine.lane(self.consumer, shard as u32).oldest_arrival.map(SimTime::micros),
            };
            self.watermark.look_at(shard, oldest.is_some_and(|arrived| arrived < at), at);
            self.emit(at);
        }
    }

    fn end_of(&mut self, shard: usize, at: u64, engine: &Engine) {
        self.ended[shard] = true;
        let stream = engine.stream();
        let children = stream.shards[shard].children.into_iter().flatten().map(|child| {
            let parents = stream.shards[child as usize].parents.into_iter().flatten();
            (child as usize, parents.map(|parent| parent as usize).collect())
        });
        self.watermark.ended(shard, &children.collect::<Vec<_>>(), at);
        self.emit(at);
    }

    /// A batch was done: its records join their panes, and the watermark moves.
    fn count(&mut self, batch: Batch, records: &[Record]) {
        let (over, slide, size) = (self.watermark.at(), self.query.slide.micros(), self.query.size.micros());
        let offered = self.settings.event_time == EventTime::Offered;
        let (mut newest, mut pane, mut from, mut to) = (0, 0, 0, 0);
        for record in records {
            let time = EPOCH + if offered { record.offered } else { record.arrived };
            newest = newest.max(time);
            let group = match self.compiled.look(record) {
                Seen::Group(group) => group,
                Seen::Passed => {
                    self.results.passed += 1;
                    continue;
                }
                Seen::NoRoom => {
                    self.results.no_room += 1;
                    continue;
                }
            };
            if !(from..to).contains(&time) {
                let start = time - time % slide;
                if start + size <= over {
                    self.results.late += 1;
                    continue;
                }
                (pane, from, to) = (self.pane(start), start, start + slide);
            }
            let of = &mut self.panes[pane];
            let before = of.len();
            if of.add(group, self.compiled.values(), self.results.groups < limits::ANALYTICS_STATE_MAX) {
                self.results.counted += 1;
            } else {
                self.results.no_room += 1;
            }
            self.results.groups += (of.len() - before) as u64;
        }
        self.results.groups_peak = self.results.groups_peak.max(self.results.groups);
        self.watermark.came(batch.shard as usize, newest, batch.at);
        self.emit(batch.at);
    }

    /// Place of the pane that begins at an instant; it is made where there is none.
    fn pane(&mut self, start: u64) -> usize {
        let place = self.panes.partition_point(|pane| pane.start < start);
        if self.panes.get(place).is_none_or(|pane| pane.start != start) {
            let mut pane = self.spare.pop().unwrap_or_else(|| Pane::new(self.compiled.fields()));
            pane.clear(start);
            self.panes.insert(place, pane);
        }
        place
    }

    /// Emits the windows that are over by now.
    fn emit(&mut self, now: u64) {
        let (over, slide, size) = (self.watermark.at(), self.query.slide.micros(), self.query.size.micros());
        if over < self.over_to + slide {
            return;
        }
        while let Some(oldest) = self.panes.front().map(|pane| pane.start) {
            let end = (self.over_to + slide).max(oldest + slide);
            if end > over {
                break;
            }
            self.result_of(end.saturating_sub(size), end, now);
            self.over_to = end;
            while self.panes.front().is_some_and(|pane| pane.start + size <= end)
                && let Some(pane) = self.panes.pop_front()
            {
                self.results.groups -= pane.len() as u64;
                self.spare.push(pane);
            }
        }
        self.over_to = self.over_to.max(over - over % slide);
    }

    /// The result of the window between two instants.
    fn result_of(&mut self, start: u64, end: u64, now: u64) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.clear();
        let mut panes = self.panes.iter().take_while(|pane| pane.start < end);
        if self.query.slide == self.query.size {
            panes.for_each(|pane| self.rows_of(pane, &mut rows));
        } else if let (Some(first), None) = (panes.next(), panes.next()) {
            self.rows_of(first, &mut rows);
        } else {
            let mut merged = std::mem::take(&mut self.merged);
            merged.clear(start);
            self.panes.iter().take_while(|pane| pane.start < end).for_each(|pane| merged.add_all(pane));
            self.rows_of(&merged, &mut rows);
            self.merged = merged;
        }
        let emitted = self.query.top.map_or(rows.len(), |top| rows.len().min(top.rows as usize)) as u64;
        let kept = self.first(&mut rows);
        self.rows = rows;
        if emitted == 0 {
            return;
        }
        let results = &mut self.results;
        results.windows += 1;
        results.rows += emitted;
        results.delays.add((EPOCH + now).saturating_sub(end));
        results.kept += kept.len();
        let of_run = |time: u64| SimTime::from_micros(time.saturating_sub(EPOCH));
        let at = SimTime::from_micros(now);
        results.newest.push_back(Window { start: of_run(start), end: of_run(end), at, rows: emitted, kept });
        while results.kept > limits::ANALYTICS_ROWS_KEPT as usize
            && let Some(window) = results.newest.pop_front()
        {
            results.kept -= window.kept.len();
        }
    }

    /// The groups of a pane or of several for which the conditions hold, with their measures.
    fn rows_of(&self, pane: &Pane, rows: &mut Vec<(u32, [Option<i128>; MEASURES])>) {
        for (entry, sums) in pane.entries() {
            let mut values = [None; MEASURES];
            for ((value, measure), place) in values.iter_mut().zip(&self.query.measures).zip(&self.compiled.places) {
                *value = match place {
                    None => Some(i128::from(entry.records) * i128::from(NUMERIC_SCALE)),
                    Some(place) => measured(measure.function, &sums[*place]),
                };
            }
            let holds = self.query.having.iter().all(|having| {
                values[having.measure as usize].is_some_and(|value| having.is.holds(value.cmp(&having.with.into())))
            });
            if holds {
                rows.push((entry.group, values));
            }
        }
    }

    /// The first rows by the order of the query, or else by name.
    fn first(&self, rows: &mut [(u32, [Option<i128>; MEASURES])]) -> Vec<Row> {
        let by_name = |a: u32, b: u32| self.compiled.order(a, b);
        let order = |a: &(u32, [Option<i128>; MEASURES]), b: &(u32, [Option<i128>; MEASURES])| {
            let Some(top) = self.query.top else { return by_name(a.0, b.0) };
            let by_measure = match (a.1[top.measure as usize], b.1[top.measure as usize]) {
                (Some(a), Some(b)) if top.descending => b.cmp(&a),
                (Some(a), Some(b)) => a.cmp(&b),
                // What has no number is last.
                (a, b) => b.is_some().cmp(&a.is_some()),
            };
            by_measure.then_with(|| by_name(a.0, b.0))
        };
        let most = self.query.top.map_or(WINDOW_ROWS, |top| top.rows as usize).min(self.window_rows).min(rows.len());
        if most == 0 {
            return Vec::new();
        }
        if most < rows.len() {
            rows.select_nth_unstable_by(most - 1, order);
        }
        rows[..most].sort_unstable_by(order);
        let measures = self.query.measures.len();
        let row = |(group, values): &(u32, [Option<i128>; MEASURES])| Row {
            name: self.compiled.name(*group),
            values: values[..measures].to_vec(),
        };
        rows[..most].iter().map(row).collect()
    }
}

/// A measure of what is known of a field.
fn measured(function: Function, of: &Sum) -> Option<i128> {
    if function == Function::Count {
        return Some(i128::from(of.count) * i128::from(NUMERIC_SCALE));
    }
    (of.count > 0).then(|| match function {
        Function::Count | Function::Sum => of.sum,
        Function::Avg => of.sum / i128::from(of.count),
        Function::Min => of.least.into(),
        Function::Max => of.most.into(),
    })
}
