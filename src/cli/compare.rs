//! What `run` prints of designs that are no stream, and what `compare` prints of all designs side by side.

use super::code;
use super::report::{bill, findings, plain, row, table, wrapped};
use std::fmt::Write as _;
use streamgauge::engine::direct::Cause;
use streamgauge::limits::grouped;
use streamgauge::metrics::Histogram;
use streamgauge::scenario::{Plan, Scenario};
use streamgauge::session::code::Code;
use streamgauge::session::{Comparison, DirectRun, Handler, Measure, Pump, Run};
use streamgauge::{text, words};

/// The finished runs of the designs of a scenario that are no stream, with their titles; `handler` decides what the
/// scenario leaves open.
///
/// # Errors
/// A sentence about the first that could not go to its end.
pub fn other_runs(scenario: &Scenario, handler: &mut impl Handler) -> Result<Vec<(String, Run)>, String> {
    let own = Scenario { designs: Vec::new(), ..scenario.clone() };
    let mut runs = Vec::new();
    for (title, (place, design)) in scenario.design_titles().into_iter().skip(1).zip((0..).zip(&scenario.designs)) {
        if matches!(design.plan, Plan::Stream(_)) {
            continue;
        }
        let mut run = Run::simple(&own, place, &design.plan);
        if run.run_with(handler) == Pump::Full {
            return Err(full(&title));
        }
        runs.push((title, run));
    }
    Ok(runs)
}

/// What is said of such a design.
pub fn other(title: &str, run: &Run) -> String {
    match run {
        Run::Direct(run) => direct(title, run),
        Run::Firehose(run) => super::firehose::firehose(title, run),
        Run::Stream(_) => String::new(),
    }
}

fn full(title: &str) -> String {
    format!(
        "The run of {title} stopped: more is under way than a run can hold. Choose a shorter run, lower rates, or \
         shorter queues."
    )
}

/// What is said of a direct design.
fn direct(title: &str, run: &DirectRun) -> String {
    let ledger = run.ledger();
    let share = |part: u64| match ledger.offered {
        0 => String::new(),
        offered => plain(&words::percent(part as f64 / offered as f64)),
    };
    let mut out = format!("\n── {title}: digest {:016x}\n\n", run.digest().get());
    let mut rows = vec![row(["Requests", "", "of all"]), row(["offered", &grouped(ledger.offered), ""])];
    rows.push(row(["  answered", &grouped(ledger.answered), &share(ledger.answered)]));
    let failed = Cause::ALL.iter().zip(ledger.failed);
    let failed = failed.map(|(cause, count)| (format!("  failed: {}", cause.text()), count));
    for (name, count) in failed.chain([("  under way".to_owned(), ledger.in_flight)]).filter(|(_, count)| *count > 0) {
        rows.push(row([&name, &grouped(count), &share(count)]));
    }
    rows.push(row(["attempts, retries included", &grouped(ledger.attempts), &share(ledger.attempts)]));
    if ledger.handed_over > 0 {
        rows.push(row(["steps for the background", &grouped(ledger.handed_over), ""]));
        rows.push(row(["  done", &grouped(ledger.done), ""]));
        rows.push(row(["  waiting or running", &grouped(ledger.pending), ""]));
        rows.push(row(["  lost: queue full", &grouped(ledger.dropped), ""]));
    }
    let balance = if ledger.balances() { "The account balances." } else { "The account does not balance." };
    let _ = writeln!(out, "{}{balance}\n", table(&rows, &[false, true, true]));
    let latency = |name: &str, histogram: &Histogram| {
        let at = |permille| {
            let span = histogram.quantile(permille);
            span.map_or("–".to_owned(), |span| plain(&text::span_text(span.seconds_f64())))
        };
        vec![name.to_owned(), at(500), at(990), at(1_000)]
    };
    let mut rows = vec![
        row(["The client waits", "half", "99 %", "all"]),
        latency("for an answer", run.recorder().answered()),
        latency("for a failure", run.recorder().failed()),
    ];
    if ledger.done > 0 {
        rows.push(latency("for steps in the background", run.recorder().late()));
    }
    let _ = writeln!(out, "{}", table(&rows, &[false, true, true, true]));
    out.push_str(&bill(&run.bill()));
    out.push_str(&findings(&run.findings()));
    out
}

/// All designs of a scenario side by side: as text, or as one JSON object. `code` decides what it is asked.
///
/// # Errors
/// A sentence about the first that could not go to its end.
pub fn compare(scenario: &Scenario, mut code: Option<Code>, json: bool) -> Result<String, String> {
    let mut comparison = Comparison::new(scenario);
    let end = match &mut code {
        Some(code) => comparison.run_with(code),
        None => comparison.run(),
    };
    end.map_err(|place| full(&comparison.titles()[place]))?;
    if json {
        let mut document = comparison.document();
        if let Some(code) = &code {
            document["handlers"] = code::document(scenario, &code.reports().collect::<Vec<_>>());
        }
        return Ok(super::pretty(&document));
    }
    let mut out = String::new();
    let traffic = comparison.runs()[0].digest().traffic();
    let _ = writeln!(
        out,
        "{}: {}, seed {}, the same arrivals for all: traffic {traffic:016x}\n",
        super::title(scenario),
        plain(&text::span_text(scenario.length.seconds_f64())),
        scenario.seed,
    );
    let head = std::iter::once(String::new()).chain(comparison.titles().iter().cloned()).collect();
    let line = |measure: &Measure| {
        let best = measure.best();
        let tells = best.len() < measure.values.len();
        let cell = |(place, text): (usize, &String)| {
            let mark = if tells && best.contains(&place) { " ●" } else { "  " };
            format!("{}{mark}", plain(text))
        };
        std::iter::once(measure.name.to_owned()).chain(measure.texts.iter().enumerate().map(cell)).collect()
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(comparison.measures().iter().map(line)).collect();
    let right: Vec<bool> = (0..=comparison.titles().len()).map(|column| column > 0).collect();
    let _ = writeln!(out, "{}● best of all\n", table(&rows, &right));
    for sentence in comparison.sentences() {
        let _ = writeln!(out, "{}", wrapped(&sentence, 0));
    }
    if let Some(code) = &code {
        let _ = write!(out, "\n{}", code::report(scenario, &code.reports().collect::<Vec<_>>()));
    }
    Ok(out)
}
