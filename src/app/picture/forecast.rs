//! What a run can be expected to reach: how the keys divide over the shards, the highest rate, the longest lag.
//!
//! Scales have to be chosen before the run has shown its worst moment, and they should not jump when it does. So
//! a coarse fluid model is followed through the run: it decides how much room a picture keeps, never a number
//! that is shown.

use super::moment::Moment;
use crate::hash_key::even_shard;
use crate::limits::SHARD_WRITE_BYTES_PER_SECOND;
use crate::scenario::{HashKeys, Keys, Part, Scenario, Traffic, capacity};
use crate::units::SimTime;

/// Above this many shards a picture does not tell one lane from the other, and neither does the forecast.
pub(super) const LANES_MAX: usize = 12;

/// Keys whose home is looked up one by one; the rest are taken to spread evenly.
const KEYS_PLACED: u32 = 128;

/// Steps in which the fluid model goes through the run.
const STEPS: usize = 400;

/// What to expect of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Highest offered rate, records per second.
    pub peak: f64,
    /// When it is reached first, in seconds.
    pub peak_at: f64,
    /// Mean bytes of a record with its key.
    pub mean_bytes: f64,
    /// Records per second that the limit on records alone leaves a shard.
    pub by_count: f64,
    /// Records per second that one shard accepts: by count or by bytes, whichever binds.
    pub room: f64,
    /// Share of the records that each shard gets. Even where there are more shards than lanes are drawn for.
    pub shares: Vec<f64>,
    /// Longest time that a stored record waits, in seconds.
    pub lag: f64,
    /// Most records that wait in the stream.
    pub backlog: f64,
}

impl Forecast {
    /// The forecast for a scenario.
    pub fn of(scenario: &Scenario, consumer: usize) -> Self {
        let shares = shares(&scenario.traffic, scenario.stream.open_at_start());
        let (mean_bytes, by_count) = (capacity::record_bytes(scenario), capacity::by_count(scenario));
        let room = room(mean_bytes, by_count);
        let mut forecast = Self { peak: 0.0, peak_at: 0.0, mean_bytes, by_count, room, shares, lag: 0.0, backlog: 0.0 };
        let (width, steps) = steps(scenario, consumer);
        let (peak_at, peak) = peak(scenario, width, &steps);
        forecast.peak = peak;
        forecast.peak_at = peak_at;
        let alike = forecast.shares.windows(2).all(|pair| pair[0] == pair[1]);
        let followed = if alike { 1 } else { forecast.shares.len() };
        for shard in 0..followed {
            let (lag, backlog) = forecast.follow_shard(scenario, width, &steps, forecast.shares[shard]);
            forecast.lag = forecast.lag.max(lag);
            forecast.backlog += backlog * if alike { forecast.shares.len() as f64 } else { 1.0 };
        }
        forecast
    }

    /// The forecast for the shards that a moment shows: those at the start, until some have come or gone.
    pub fn at(moment: &Moment) -> (Self, Vec<usize>) {
        let mut forecast = Self::of(moment.scenario, moment.timeline.consumer);
        let timeline = moment.timeline;
        let start = moment.scenario.stream.open_at_start() as usize;
        if timeline.shards() <= start {
            return (forecast, (0..start).collect());
        }
        let shown = moment.shown_shards();
        let ranges: Vec<[f64; 2]> = shown.iter().map(|shard| timeline.shard(*shard).range).collect();
        let open = |shard: &usize| timeline.shard(*shard).is_open_at(moment.known_instant());
        forecast.shares = shares_of(&moment.scenario.traffic, &ranges);
        for (share, shard) in forecast.shares.iter_mut().zip(&shown) {
            *share *= f64::from(u8::from(open(shard)));
        }
        (forecast, shown)
    }

    /// Longest lag in seconds and largest backlog of a shard that gets `share` of the traffic.
    fn follow_shard(&self, scenario: &Scenario, width: f64, steps: &[Step], share: f64) -> (f64, f64) {
        let retention = scenario.stream.retention.seconds_f64();
        let (mut held, mut stored, mut done) = (0.0_f64, 0.0_f64, 0.0_f64);
        // Stored in all after each step: where it passes `done` lies the arrival of the oldest waiting record.
        let mut stored_by = Vec::with_capacity(steps.len());
        let (mut oldest, mut lag, mut backlog) = (0, 0.0_f64, 0.0_f64);
        for (index, step) in steps.iter().enumerate() {
            let wants = step.offered * share * width + held;
            let accepted = wants.min(self.room * width);
            held = if step.sends_again { (wants - accepted).min(scenario.producer.buffer as f64 * share) } else { 0.0 };
            stored += accepted;
            stored_by.push(stored);
            done = stored.min(done + step.function * width);
            while stored_by.get(oldest).is_some_and(|by| *by <= done) {
                oldest += 1;
            }
            lag = lag.max((index + 1 - oldest) as f64 * width);
            backlog = backlog.max(stored - done);
        }
        (if backlog < 1.0 { 0.0 } else { lag.min(retention) }, backlog)
    }
}

/// A step of the fluid model.
#[derive(Clone, Copy)]
struct Step {
    /// Offered in its middle, records per second.
    offered: f64,
    /// Rejected records are sent again.
    sends_again: bool,
    /// Records per second that the function can process from one shard.
    function: f64,
}

/// Width of a step in seconds, and the steps.
fn steps(scenario: &Scenario, of: usize) -> (f64, Vec<Step>) {
    let width = scenario.length.seconds_f64() / STEPS as f64;
    let step = |index: usize| {
        let at = SimTime::from_micros(((index as f64 + 0.5) * width * 1e6) as u64);
        let (producer, consumer) = capacity::in_force(scenario, of, at);
        Step {
            offered: scenario.traffic.rate_at(at),
            sends_again: capacity::sends_again(&producer),
            function: capacity::function_per_shard(scenario, &consumer),
        }
    };
    (width, (0..STEPS).map(step).collect())
}

/// Instant in seconds and height of the highest offered rate: at a step or at a corner of the curve.
fn peak(scenario: &Scenario, width: f64, steps: &[Step]) -> (f64, f64) {
    let mut best = (0.0, 0.0);
    let mut see = |at: f64, rate: f64| {
        if rate > best.1 * 1.000_001 {
            best = (at, rate);
        }
    };
    let parts = &scenario.traffic.parts;
    let mut corners: Vec<SimTime> = Vec::new();
    for part in parts {
        match part {
            Part::Series(series) if parts.len() == 1 => {
                for row in &series.rows {
                    see(row.at.seconds_f64(), row.count as f64 / row.length.seconds_f64());
                }
            }
            // A long series beside other parts is looked at where the steps fall.
            Part::Series(series) if series.rows.len() > 2 * STEPS => {}
            other => corners.extend(other.corners()),
        }
    }
    let end = SimTime::ZERO + scenario.length;
    corners.retain(|at| *at < end);
    corners.sort_unstable();
    for at in corners {
        see(at.seconds_f64(), scenario.traffic.rate_at(at));
    }
    for (index, step) in steps.iter().enumerate() {
        see((index as f64 + 0.5) * width, step.offered);
    }
    best
}

/// Records per second that a shard accepts when records, keys included, have this mean size in bytes.
fn room(mean_bytes: f64, by_count: f64) -> f64 {
    let by_bytes = SHARD_WRITE_BYTES_PER_SECOND.get() as f64 / mean_bytes.max(1.0);
    // A shard that takes one large record every few seconds has room for a part of a record per second.
    let by_bytes = if by_bytes >= 1.0 { by_bytes.floor() } else { by_bytes };
    by_count.min(by_bytes)
}

/// Share of the records that each of `shards` shards gets.
fn shares(traffic: &Traffic, shards: u32) -> Vec<f64> {
    let n = shards.max(1) as usize;
    let part = |index: usize| index as f64 / n as f64;
    let ranges: Vec<[f64; 2]> = (0..n).map(|index| [part(index), part(index + 1)]).collect();
    let mut shares = shares_of(traffic, &ranges);
    if n <= LANES_MAX {
        // Where a key lies on the edge of a range, only whole numbers tell.
        let (weights, spread) = placed(traffic);
        shares = vec![spread / n as f64; n];
        for (key, weight) in (0..).zip(weights) {
            shares[even_shard(traffic.hash_key(key), shards.max(1)) as usize] += weight;
        }
    }
    shares
}

/// Share of the records that each of some ranges of the hash space gets. Every range gets its part where there are
/// more of them than lanes are drawn for.
pub(super) fn shares_of(traffic: &Traffic, ranges: &[[f64; 2]]) -> Vec<f64> {
    let width = |[start, end]: &[f64; 2]| end - start;
    if ranges.len() > LANES_MAX {
        return ranges.iter().map(width).collect();
    }
    let (weights, spread) = placed(traffic);
    let mut shares: Vec<f64> = ranges.iter().map(|range| spread * width(range)).collect();
    for (key, weight) in (0..).zip(weights) {
        let at = traffic.hash_key(key).get() as f64 / u128::MAX as f64;
        if let Some(place) = ranges.iter().position(|[start, end]| (*start..*end).contains(&at)) {
            shares[place] += weight;
        }
    }
    shares
}

/// The weights of the keys that are looked up one by one, and what is left for all others together.
fn placed(traffic: &Traffic) -> (Vec<f64>, f64) {
    let keys = traffic.keys;
    if matches!(traffic.hash_keys, HashKeys::Explicit(_)) {
        return (vec![1.0], 0.0);
    }
    let count = keys.count();
    let placed = count.min(KEYS_PLACED);
    let weights: Vec<f64> = match keys {
        Keys::One => vec![1.0],
        // Many keys of equal weight are even to within a few per cent: not worth looking up.
        Keys::Uniform { count } if count > KEYS_PLACED => Vec::new(),
        Keys::Uniform { count } => vec![1.0 / f64::from(count); count as usize],
        Keys::Hot { count, share } => {
            let rest = (1.0 - share.as_f64()) / f64::from(count.max(2) - 1);
            let placed = if count > KEYS_PLACED { 1 } else { count };
            (0..placed).map(|k| if k == 0 { share.as_f64() } else { rest }).collect()
        }
        Keys::Zipf { count, exponent_milli } => zipf_weights(count, f64::from(exponent_milli) / 1e3, placed),
    };
    let spread = (1.0 - weights.iter().sum::<f64>()).max(0.0);
    (weights, spread)
}

/// Shares of the first `placed` of `count` keys whose weight falls with a power of their number.
fn zipf_weights(count: u32, exponent: f64, placed: u32) -> Vec<f64> {
    let weights: Vec<f64> = (1..=placed).map(|k| libm::pow(f64::from(k), -exponent)).collect();
    // The sum of the rest as the area under the curve.
    let (from, to) = (f64::from(placed) + 0.5, f64::from(count) + 0.5);
    let rest = if count <= placed {
        0.0
    } else if (exponent - 1.0).abs() < 1e-6 {
        libm::log(to / from)
    } else {
        (libm::pow(to, 1.0 - exponent) - libm::pow(from, 1.0 - exponent)) / (1.0 - exponent)
    };
    let total = weights.iter().sum::<f64>() + rest;
    weights.into_iter().map(|weight| weight / total).collect()
}
