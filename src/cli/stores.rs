//! What `run` prints of the store that a consumer writes to.

use super::report::{plain, row, table};
use streamgauge::limits::grouped;
use streamgauge::metrics::Metric;
use streamgauge::session::Session;
use streamgauge::text;

/// What a consumer wrote, and how long it waited; nothing where it writes nowhere.
pub fn report(session: &Session, consumer: usize) -> String {
    let scenario = session.scenario();
    let Some(writing) = scenario.consumers[consumer].writes else { return String::new() };
    let store = &scenario.stores[writing.store as usize];
    let timeline = session.seen_by(consumer);
    let count = |metric| timeline.total(metric, timeline.frames()) as u64;
    let again = if store.idempotent { "  records written once more" } else { "  records written twice" };
    let mut rows = vec![row([&format!("Writes to {}, {}", store.name, store.kind.name()), ""])];
    for (name, metric) in [
        ("done", Metric::Writes),
        ("  records in them", Metric::Written),
        (again, Metric::WrittenAgain),
        ("  write units", Metric::WriteUnits),
        ("refused", Metric::WritesRefused),
        ("throttled", Metric::WritesThrottled),
        ("given up while they waited", Metric::WritesGivenUp),
    ] {
        if count(metric) > 0 || metric == Metric::Writes {
            rows.push(row([name, &grouped(count(metric))]));
        }
    }
    let waits = session.recorder().write_waits(consumer);
    for (name, permille) in [("wait of half of them", 500), ("wait of 99 %", 990), ("longest wait", 1_000)] {
        if let Some(wait) = waits.and_then(|waits| waits.quantile(permille)) {
            rows.push(row([name, &plain(&text::span_text(wait.seconds_f64()))]));
        }
    }
    if let Some(all) = store.connections {
        let most = timeline.column(Metric::StoreConnections).iter().copied().fold(0.0, f64::max);
        rows.push(row(["most connections in use", &format!("{most} of {all}")]));
    }
    format!("{}\n", table(&rows, &[false, true]))
}
