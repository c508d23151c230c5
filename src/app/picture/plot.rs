//! The time plots as numbers: columns decimated to the width of the plot, a scale that keeps still, a limit.

mod concurrency;

pub use concurrency::cap;

use super::decimate::{Buckets, smooth};
use super::forecast::Forecast;
use super::scale::{Line, YScale, nice};
use super::strip::silhouette;
use crate::metrics::{Metric, View};
use crate::scenario::Scenario;
use crate::text::int;
use concurrency::Concurrency;

/// A time plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartKind {
    /// Records per second: offered, accepted, processed.
    Rates,
    /// Iterator age.
    Age,
    /// Records that wait in the stream.
    Backlog,
    /// Environments of a function, or workers of a KCL application.
    Concurrency,
    /// Time from put to processed: median and 99th percentile.
    Latency,
}

impl ChartKind {
    /// All plots, from the top of the stack down.
    pub const ALL: [Self; 5] = [Self::Rates, Self::Age, Self::Backlog, Self::Concurrency, Self::Latency];

    /// A short name for machines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rates => "rates",
            Self::Age => "age",
            Self::Backlog => "backlog",
            Self::Concurrency => "concurrency",
            Self::Latency => "latency",
        }
    }
}

/// What a plot draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// Seconds of the run at the right end of the plot.
    pub length: f64,
    /// Seconds at which the columns have their values: the ends of frames.
    pub xs: Vec<f64>,
    /// Rates: offered, accepted, processed, per second. Age: seconds. Backlog: records. Latency: median and 99th
    /// percentile in seconds. Concurrency: environments, busy ones, those of them that have started, the most that could
    /// be busy, shards without a worker. NaN where there is nothing.
    pub columns: Vec<Vec<f64>>,
    /// The vertical scale.
    pub scale: YScale,
    /// A limit, where it lies inside the scale.
    pub limit: Option<Line>,
    /// What the curve promises, at equal distances over the whole run: shown before the run. Empty where there is
    /// no such promise.
    pub promise: Vec<f64>,
}

/// Seconds over which rates that come in are averaged; what the function finishes comes in lumps.
const SMOOTH_IN_S: f64 = 5.0;
const SMOOTH_OUT_S: f64 = 8.0;

/// A plot of everything that is known of a run, for a width of `pixels`.
pub fn plot(kind: ChartKind, scenario: &Scenario, timeline: View<'_>, pixels: f64) -> Plot {
    let buckets = Buckets::new(timeline.frames(), timeline.frames_total(), pixels.max(1.0) as usize);
    let xs = buckets.positions(|frame| timeline.end_of(frame).seconds_f64());
    let forecast = Forecast::of(scenario, timeline.consumer);
    let length = scenario.length.seconds_f64();
    let plain = |columns: Vec<Vec<f64>>, scale: YScale| Plot {
        length,
        xs: xs.clone(),
        columns,
        scale,
        limit: None,
        promise: Vec::new(),
    };
    match kind {
        ChartKind::Rates => rates(scenario, timeline, &forecast, buckets, plain),
        ChartKind::Age => {
            let ages = scaled(timeline.column(Metric::IteratorAgeMs), 1e-3);
            let scale = YScale::ages(most(&ages).max(forecast.lag));
            plain(vec![buckets.values(&ages)], scale)
        }
        ChartKind::Backlog => {
            let waiting = timeline.column(Metric::Waiting).iter().zip(timeline.column(Metric::InFlight));
            let backlog: Vec<f64> = waiting.map(|(waiting, in_flight)| waiting + in_flight).collect();
            let scale = YScale::counts(most(&backlog).max(forecast.backlog));
            plain(vec![buckets.values(&backlog)], scale)
        }
        ChartKind::Concurrency => match concurrency::concurrency(scenario, timeline) {
            Some(Concurrency { columns, scale, limit }) => {
                Plot { limit, ..plain(columns.iter().map(|column| buckets.values(column)).collect(), scale) }
            }
            None => plain(vec![vec![f64::NAN; xs.len()]; 5], YScale::few(1.0)),
        },
        ChartKind::Latency => {
            let median = scaled(timeline.column(Metric::PutLatencyP50Ms), 1e-3);
            let high = scaled(timeline.column(Metric::PutLatencyP99Ms), 1e-3);
            let scale = YScale::latencies(most(&high).max(forecast.lag));
            plain(vec![buckets.values(&median), buckets.values(&high)], scale)
        }
    }
}

fn rates(
    scenario: &Scenario,
    timeline: View<'_>,
    forecast: &Forecast,
    buckets: Buckets,
    plain: impl Fn(Vec<Vec<f64>>, YScale) -> Plot,
) -> Plot {
    let width = timeline.width().seconds_f64().max(1e-6);
    let per_second = |metric: Metric, seconds: f64| {
        let mut rates = smooth(timeline.column(metric), (seconds / width) as usize);
        // The last frame of a run may be short: it counts less and would look like a fall.
        let rest = timeline.length().seconds_f64() / width;
        if timeline.frames() as f64 > rest && rates.len() > 1 {
            let last = rates.len() - 1;
            rates[last] = rates[last - 1];
        }
        for rate in &mut rates {
            *rate /= width;
        }
        rates
    };
    let columns = [
        per_second(Metric::Offered, SMOOTH_IN_S),
        per_second(Metric::Stored, SMOOTH_IN_S),
        per_second(Metric::Processed, SMOOTH_OUT_S),
    ];
    let seen = columns.iter().map(|column| most(column)).fold(0.0, f64::max);
    let top = if seen > forecast.peak * 1.08 { nice(seen) } else { forecast.peak };
    let scale = YScale::rates(top);
    let limit = forecast.room * f64::from(scenario.stream.open_at_start());
    let changes = scenario.stream.scales() || scenario.operations.iter().any(|planned| planned.operation.reshards());
    let when = if changes { " at the start" } else { "" };
    let limit = (limit < scale.max).then(|| Line { value: limit, label: format!("limit {}/s{when}", int(limit)) });
    let promise = silhouette(scenario, 400);
    Plot { limit, promise, ..plain(columns.iter().map(|column| buckets.values(column)).collect(), scale) }
}

fn scaled(column: &[f64], factor: f64) -> Vec<f64> {
    column.iter().map(|value| value * factor).collect()
}

/// The largest value that is a number; zero if there is none.
fn most(column: &[f64]) -> f64 {
    column.iter().copied().fold(0.0, f64::max)
}
