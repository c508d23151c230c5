//! `size`: the cheapest design that meets a goal, searched on all cores.

use super::report::{plain, row, table, wrapped};
use super::{Failure, code, link, pretty, read, title};
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, PoisonError};
use streamgauge::scenario::{Draft, Scenario, presets};
use streamgauge::session::code::Code;
use streamgauge::sizing::{self, Attempt, Effort, Goal, Job, Plan, Ranges, Search, Trial, WAVE};
use streamgauge::text;
use streamgauge::words::dollars_cents;

/// The frontier is shown up to so many times the cost of the cheapest design.
const TIMES: u64 = 2;

/// What `size` is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// A scenario file, the id of a preset, a link, or - for the standard input
    #[arg(value_name = "FILE-OR-PRESET")]
    what: String,
    /// What is to be reached: lag=60s (99 of 100 records are done within it), lost=0, wait=500ms (until they are
    /// stored), cost=200 (dollars in 30 days); several with commas
    #[arg(long, value_name = "NAME=VALUE", default_value = "lag=60s,lost=0")]
    goal: Vec<String>,
    /// A field and its values: stream.shards=1..64 doubles, 1..64+1 steps, 128,256,512 is a list. Without any, what is
    /// worth varying in this scenario
    #[arg(long, value_name = "PATH=VALUES")]
    vary: Vec<String>,
    /// Runs so many designs at a time, instead of one a core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    jobs: Option<u16>,
    /// Stops at the cheapest design, without the frontier around it
    #[arg(long, conflicts_with = "all")]
    cheapest: bool,
    /// Runs every design to its end
    #[arg(long)]
    all: bool,
    /// Seed of the runs, instead of the scenario's own
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Writes the scenario file of the cheapest design
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Prints one JSON object instead of tables
    #[arg(long)]
    json: bool,
}

/// Searches, and prints what was found.
pub fn size(arguments: &Arguments) -> Result<String, Failure> {
    let mut draft = read(&arguments.what)?;
    if let Some(seed) = arguments.seed {
        draft.set("seed", seed.into());
    }
    let (plan, goal, scenario) = planned(&draft, arguments)?;
    let with_code = Code::is_some(&scenario);
    if with_code {
        // What does not load is told before anything runs.
        code::load(&scenario).map_err(Failure::Run)?;
    }
    let effort = match (arguments.all, arguments.cheapest) {
        (true, _) => Effort::All,
        (_, true) => Effort::Cheapest,
        _ => Effort::Frontier { times: TIMES },
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = arguments.jobs.map_or(cores, usize::from).min(WAVE);
    let search = run(&plan, Search::new(&plan, goal, effort), jobs, with_code);
    let link = |candidate: usize| link_of(arguments, &plan, candidate);
    if let (Some(file), Some(best)) = (&arguments.write, search.best()) {
        let text = plan.draft(best.candidate).to_json();
        std::fs::write(file, text).map_err(|error| Failure::Run(format!("{}: {error}", file.display())))?;
    }
    if arguments.json {
        let mut document = sizing::document(&plan, &search, link);
        document["scenario"] = scenario.name.clone().into();
        document["seed"] = scenario.seed.into();
        return Ok(pretty(&document));
    }
    Ok(report(&scenario, &plan, &search, link))
}

/// The designs and the goal, or everything that is wrong with either.
fn planned(draft: &Draft, arguments: &Arguments) -> Result<(Plan, Goal, Scenario), Failure> {
    let goal = Goal::read(arguments.goal.iter().map(String::as_str));
    let scenario = draft.check();
    let ranges = Ranges::read(arguments.vary.iter().map(String::as_str));
    let mut problems = Vec::new();
    let (goal, ranges) = (goal.map_err(|more| problems.extend(more)), ranges.map_err(|more| problems.extend(more)));
    let scenario = scenario.map_err(|more| problems.extend(more));
    let (Ok(goal), Ok(scenario), Ok(mut ranges)) = (goal, scenario, ranges) else {
        return Err(Failure::Problems(problems));
    };
    problems.extend(code::asks_a_program(&scenario));
    if ranges.0.is_empty() {
        ranges = Ranges::proposed(&scenario);
    }
    match Plan::new(draft, ranges) {
        Ok(plan) if problems.is_empty() => Ok((plan, goal, scenario)),
        Ok(_) => Err(Failure::Problems(problems)),
        Err(more) => {
            problems.extend(more);
            Err(Failure::Problems(problems))
        }
    }
}

/// Runs a search with so many threads.
fn run(plan: &Plan, search: Search, jobs: usize, with_code: bool) -> Search {
    let (shared, returned) = (Mutex::new(search), Condvar::new());
    let work = || {
        let mut search = shared.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(job) = search.next_job() else {
                if search.is_finished() {
                    break;
                }
                search = returned.wait(search).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(search);
            let trial = attempt(plan, &job, with_code);
            search = shared.lock().unwrap_or_else(PoisonError::into_inner);
            search.accept(trial);
            progress(&search);
            returned.notify_all();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(work);
        }
    });
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
    shared.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn attempt(plan: &Plan, job: &Job, with_code: bool) -> Trial {
    if !with_code {
        return Attempt::run(plan, job);
    }
    // Each run has environments of its own, as each has in the first.
    let scenario = plan.draft(job.candidate).check().ok();
    match scenario.and_then(|scenario| code::load(&scenario).ok()) {
        Some(mut code) => Attempt::run_with(plan, job, &mut code),
        None => Trial::refused(job.candidate),
    }
}

/// One line that is written again and again, for a person who waits.
fn progress(search: &Search) {
    let mut stderr = std::io::stderr();
    if !stderr.is_terminal() {
        return;
    }
    let best = search.best().map_or("none meets the goal yet".to_owned(), |best| {
        format!("cheapest so far {}", dollars_cents(best.month_cents))
    });
    let _ = write!(stderr, "\r\x1b[K{} of {} designs run, {best}", search.trials().count(), search.candidates());
    let _ = stderr.flush();
}

/// The link of a design: short where it changes a preset, with everything in it otherwise.
fn link_of(arguments: &Arguments, plan: &Plan, candidate: usize) -> Option<String> {
    match presets::by_id(&arguments.what) {
        Some(preset) if arguments.seed.is_none() => {
            let text = |value: &serde_json::Value| match value {
                serde_json::Value::String(word) => word.clone(),
                serde_json::Value::Null => String::new(),
                other => other.to_string(),
            };
            let edits = plan.edits(candidate).into_iter().map(|(path, value)| format!("&{path}={}", text(&value)));
            Some(format!("#s={}{}", preset.id, edits.collect::<String>()))
        }
        _ => link::of(&plan.draft(candidate), "").ok().map(|link| link.trim().to_owned()),
    }
}

fn report(scenario: &Scenario, plan: &Plan, search: &Search, link: impl Fn(usize) -> Option<String>) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {}, seed {}\n",
        title(scenario),
        plain(&text::span_text(scenario.length.seconds_f64())),
        scenario.seed
    );
    let _ = writeln!(out, "{}\n", wrapped(&format!("Goal: {}.", search.goal().text()), 0));
    let _ = writeln!(out, "{}\n", wrapped(&sizing::tally(plan, search), 0));
    let best = search.best().copied();
    let frontier = search.frontier();
    if !frontier.is_empty() {
        out.push_str(&designs(plan, search, &frontier));
        out.push_str("● the cheapest that meets the goal; none of the others is both cheaper and quicker\n\n");
    }
    let Some(best) = best else {
        let _ = writeln!(out, "No design meets the goal.\n");
        for reason in sizing::reasons(plan, search) {
            let _ = writeln!(out, "{}", wrapped(&reason, 0));
        }
        return out;
    };
    let _ = writeln!(out, "Around the cheapest");
    for reason in sizing::reasons(plan, search) {
        let _ = writeln!(out, "- {}", wrapped(&reason, 2));
    }
    if let Some(link) = link(best.candidate) {
        let _ = writeln!(out, "\nstreamgauge run '{link}'");
    }
    out
}

/// Designs in a table, a line each.
fn designs(plan: &Plan, search: &Search, trials: &[&Trial]) -> String {
    let best = search.best().map(|best| best.candidate);
    let asks_wait = search.goal().wait.is_some();
    let mut head: Vec<String> = vec![String::new()];
    head.extend(plan.ranges().0.iter().map(|range| range.path.clone()));
    head.extend(row(["lost", "99 % done within", "30 days"]));
    if asks_wait {
        head.push("99 % stored within".to_owned());
    }
    let mut rows = vec![head];
    for trial in trials {
        let within = |span: Option<_>| {
            span.map_or("–".to_owned(), |span: streamgauge::units::Span| plain(&text::span_text(span.seconds_f64())))
        };
        let mut cells = vec![if best == Some(trial.candidate) { "●" } else { "" }.to_owned()];
        cells.extend(
            plan.values(trial.candidate).into_iter().map(|value| value.map_or("–".to_owned(), sizing::value_text)),
        );
        cells.push(streamgauge::limits::grouped(trial.lost));
        cells.extend([within(trial.lag), dollars_cents(trial.month_cents)]);
        if asks_wait {
            cells.push(within(trial.wait));
        }
        rows.push(cells);
    }
    let right: Vec<bool> = (0..rows[0].len()).map(|column| column > 0).collect();
    table(&rows, &right)
}
