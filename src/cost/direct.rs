//! The bill of a direct design: machines by the hour, the rest by use.

use super::quantities::Quantity;
use super::{Bill, BillLine, Grid, Month};
use crate::limits;
use crate::metrics::direct::DirectFrame;
use crate::scenario::{Direct, Scenario};
use crate::units::{Ratio, Span};
use crate::{text, words};

const HOUR_S: f64 = 3_600.0;
/// Sending a step into the queue, receiving it and deleting it.
const QUEUE_CALLS: f64 = 3.0;

/// The bill of frames of this width, and its extrapolation to 30 days.
pub fn direct_bill(scenario: &Scenario, direct: &Direct, width: Span, frames: &[DirectFrame]) -> Bill {
    let grid = Grid { width, length: scenario.length, frames: frames.len() };
    let month = Month::of(scenario, grid);
    let used = Used { direct, grid, frames };
    let line = |(price, column, cause): (&'static str, Vec<f64>, String)| -> Option<BillLine> {
        let run: f64 = column.iter().sum();
        let whole = month.quantity(grid, &column);
        let quantity = Quantity { price, consumer: None, frames: column, month_more: 0.0 };
        super::line(scenario, &quantity, cause, run, whole)
    };
    let lines: Vec<BillLine> = used.quantities().into_iter().filter_map(line).collect();
    Bill {
        run_total_e4: lines.iter().map(|line| line.run_e4).sum(),
        month_total_cents: lines.iter().map(|line| line.month_cents).sum(),
        lines,
        extrapolation: month.sentence(grid),
        price_book: format!("{}, list price", scenario.prices.region),
        compared: Vec::new(),
    }
}

struct Used<'a> {
    direct: &'a Direct,
    grid: Grid,
    frames: &'a [DirectFrame],
}

impl Used<'_> {
    /// Ids of prices, quantities of each frame, causes.
    fn quantities(&self) -> Vec<(&'static str, Vec<f64>, String)> {
        let Direct { application, database, replicas, cache, background, .. } = self.direct;
        let end = |frame: usize| self.grid.end_of(frame).seconds_f64();
        let seconds: Vec<f64> =
            (0..self.frames.len()).map(|frame| end(frame) - frame.checked_sub(1).map_or(0.0, end)).collect();
        let clock: f64 = seconds.iter().sum();
        let hours = |of: f64| seconds.iter().map(|seconds| seconds / HOUR_S * of).collect::<Vec<f64>>();
        let each = |of: &dyn Fn(&DirectFrame) -> f64| self.frames.iter().map(of).collect::<Vec<f64>>();
        let sum = |of: &dyn Fn(&DirectFrame) -> u64| self.frames.iter().map(of).sum::<u64>() as f64;
        let mut all = Vec::new();
        all.push(("balancer_hour", hours(1.0), format!("1 × {}", text::clock(clock))));
        let units = self.frames.iter().zip(&seconds).map(|(frame, seconds)| {
            let new = frame.sent as f64 / seconds / limits::ALB_LCU_CONNECTIONS.per_second_f64();
            let active = (frame.state.working + frame.state.backlog) as f64 / limits::ALB_LCU_ACTIVE as f64;
            new.max(active) * seconds / HOUR_S
        });
        all.push((
            "balancer_lcu_hour",
            units.collect(),
            format!("{} connections", text::int(sum(&|frame| frame.sent))),
        ));
        let vcpus = f64::from(application.vcpus);
        let behind = self.background_vcpus();
        let machines = self.frames.iter().zip(&seconds);
        let machines = machines.map(|(frame, seconds)| (frame.instance_s * vcpus + seconds * behind) / HOUR_S);
        let average = self.frames.iter().map(|frame| frame.instance_s).sum::<f64>() / clock.max(1e-9);
        let mut cause = format!("{} × {vcpus} vCPUs × {}", words::short(average), text::clock(clock));
        if background.workers > 0 {
            cause.push_str(&format!(", and {behind} vCPUs for {} workers in the background", background.workers));
        }
        all.push(("instance_vcpu_hour", machines.collect(), cause));
        let nodes = f64::from(1 + replicas.count);
        all.push((
            "database_vcpu_hour",
            hours(nodes * f64::from(database.vcpus)),
            format!("{nodes} × {} vCPUs × {}", database.vcpus, text::clock(clock)),
        ));
        if cache.hit_ratio > Ratio::ZERO {
            all.push(("cache_hour", hours(1.0), format!("1 × {}", text::clock(clock))));
        }
        let reads = sum(&|frame| frame.counts.store_reads);
        if reads > 0.0 {
            let column = each(&|frame| frame.counts.store_reads as f64);
            all.push(("store_read", column, format!("{} reads", text::int(reads))));
        }
        let writes = sum(&|frame| frame.counts.store_writes);
        if writes > 0.0 {
            let column = each(&|frame| frame.counts.store_writes as f64);
            all.push(("store_write", column, format!("{} writes", text::int(writes))));
        }
        if background.workers > 0 {
            let column = each(&|frame| (frame.handed_over - frame.dropped) as f64 * QUEUE_CALLS);
            let steps = sum(&|frame| frame.handed_over - frame.dropped);
            all.push(("queue_request", column, format!("{QUEUE_CALLS} calls for each of {} steps", text::int(steps))));
        }
        all
    }

    /// vCPUs of the workers in the background: each has as many of them as one of the application.
    fn background_vcpus(&self) -> f64 {
        let (workers, vcpus) = (self.direct.workers().max(1), self.direct.application.vcpus);
        (u64::from(self.direct.background.workers) * u64::from(vcpus)).div_ceil(u64::from(workers)) as f64
    }
}
