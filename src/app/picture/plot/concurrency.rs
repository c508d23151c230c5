//! What works for a consumer over the run against what may: a function's environments and its caps, or the workers of
//! a KCL application.

use super::super::scale::{Line, YScale};
use crate::metrics::{Metric, View};
use crate::scenario::{ConsumerKind, Scenario};
use crate::text::int;

/// Concurrency of a consumer: columns, a scale that holds them, and the cap.
pub struct Concurrency {
    /// Environments, busy ones, those of them that have started, the most that could be busy, shards that no worker has;
    /// for a KCL application the busy ones are the workers that are up. NaN where there is nothing, or nothing inside the
    /// scale.
    pub columns: Vec<Vec<f64>>,
    /// The vertical scale.
    pub scale: YScale,
    /// The cap, if it lies inside the scale.
    pub limit: Option<Line>,
}

/// Environments that may be busy at once: the function's reserved concurrency, or what the account has left for those
/// that reserve none; and whether it is reserved.
pub fn cap(scenario: &Scenario, consumer: usize) -> (u32, bool) {
    let reserved = |index: usize| {
        let of = &scenario.consumers[index];
        of.function.reserved.filter(|_| of.kind == ConsumerKind::Lambda)
    };
    let taken: u32 = (0..scenario.consumers.len()).filter_map(reserved).sum();
    let left = scenario.account_concurrency.saturating_sub(taken);
    reserved(consumer).map_or((left, false), |reserved| (reserved, true))
}

/// The concurrency of the consumer whose view it is; none for a plain poller.
pub fn concurrency(scenario: &Scenario, timeline: View<'_>) -> Option<Concurrency> {
    let of = |metric| timeline.column(metric).to_vec();
    let nothing = || vec![f64::NAN; timeline.frames()];
    let most = |column: &[f64]| column.iter().copied().fold(0.0, f64::max);
    match scenario.consumers[timeline.consumer].kind {
        ConsumerKind::Poller(_) | ConsumerKind::Analytics(_) => None,
        ConsumerKind::Kcl(kcl) => {
            let (up, free) = (of(Metric::WorkersUp), of(Metric::LeasesFree));
            let workers = f64::from(kcl.workers);
            let scale = YScale::few(workers.max(most(&free)));
            let columns = vec![nothing(), up.clone(), up, nothing(), free];
            let label = format!("{} worker{}", int(workers), if kcl.workers == 1 { "" } else { "s" });
            Some(Concurrency { columns, scale, limit: Some(Line { value: workers, label }) })
        }
        ConsumerKind::Lambda => {
            let (environments, busy) = (of(Metric::Environments), of(Metric::Concurrency));
            let ready = busy.iter().zip(timeline.column(Metric::Starting)).map(|(busy, starting)| busy - starting);
            let ready: Vec<f64> = ready.collect();
            let (cap, reserved) = cap(scenario, timeline.consumer);
            let highest = most(&environments).max(most(&busy));
            let holds = f64::from(cap) <= 2.5 * highest.max(2.0);
            let scale = YScale::few(if holds { highest.max(f64::from(cap)) } else { highest });
            let others = others_busy(scenario, timeline, reserved);
            let room = timeline.column(Metric::ScalingRoom);
            let most_now = (0..environments.len()).map(|frame| {
                let by_rate = environments[frame] + room[frame];
                let now = by_rate.min(f64::from(cap) - others[frame]);
                // Where it is the cap itself, that has a line.
                if now <= scale.max && now < f64::from(cap) { now } else { f64::NAN }
            });
            let most_now = most_now.collect();
            let label = format!("{} {}", int(f64::from(cap)), if reserved { "reserved" } else { "in the account" });
            let limit = holds.then_some(Line { value: f64::from(cap), label });
            Some(Concurrency { columns: vec![environments, busy, ready, most_now, nothing()], scale, limit })
        }
    }
}

/// What other functions use of the account's concurrency in each frame.
fn others_busy(scenario: &Scenario, timeline: View<'_>, reserved: bool) -> Vec<f64> {
    let mut busy = vec![0.0; timeline.frames()];
    for (index, other) in scenario.consumers.iter().enumerate() {
        let shares = other.kind == ConsumerKind::Lambda && other.function.reserved.is_none() && !reserved;
        if shares && index != timeline.consumer {
            for (sum, of) in busy.iter_mut().zip(timeline.seen_by(index).column(Metric::Concurrency)) {
                *sum += of;
            }
        }
    }
    busy
}
