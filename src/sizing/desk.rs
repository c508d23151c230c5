//! A search over a border that only takes texts: each question is one JSON object, and so is its answer.
//!
//! | `ask` | with | answer |
//! | --- | --- | --- |
//! | `plan` | `document`, `vary` (ranges as texts; `null` for those that are worth it), `goal` (texts by name) | `vary`, `columns`, `designs` (each its values as texts), `names`, `edits`, `floors`, `current`, `fields`, `notes`, `offered`, `goal`, `lag_us`, `head`; or `problems` |
//! | `step` | `floors`, `goal`, `trials` | `jobs` to run next, `finished`, `best`, `frontier` |
//! | `run` | `document`, `edits`, `job`, `offered` | a trial |
//! | `report` | `document`, `vary`, `goal`, `trials` | `head`, `sub`, `tally`, `reasons`, `outcomes`, `result` |
//! | `results` | `packed` (a scenario as the engine takes it), `run` | `run`, `full`, `applications`: what came of the query of each |
//!
//! Nothing is kept between questions, so that any worker may answer any of them: what a search knows is its trials.

use super::{
    Attempt, Effort, End, Goal, Job, Plan, Range, Ranges, Search, Stop, Trial, document, report, shown, tally,
};
use crate::engine::{Invocation, Outcome};
use crate::limits::grouped;
use crate::scenario::{Draft, Handling, Owner, Problem};
use crate::session::results::Results;
use crate::units::{SimTime, Span};
use crate::words::capital;
use crate::words::dollars_cents;
use serde_json::{Value, json};

/// The frontier is searched up to so many times the cost of the cheapest design.
const TIMES: u64 = 2;

/// One question, and its answer as soon as there is one.
#[derive(Debug)]
pub struct Desk {
    run: Option<Work>,
    answer: Value,
}

/// What takes longer than its question.
#[derive(Debug)]
enum Work {
    Trial(Box<Attempt>, usize),
    Results(Box<Results>),
}

impl Desk {
    /// Takes a question. Only runs take longer than this.
    ///
    /// # Errors
    /// A sentence, where it is none of the questions.
    pub fn open(text: &str) -> Result<Self, String> {
        let question: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let answered = |answer| Self { run: None, answer };
        match question["ask"].as_str() {
            Some("plan") => Ok(answered(match planned(&question) {
                Ok((plan, goal)) => plan_of(&plan, &goal),
                Err(problems) => {
                    let told = |problem: &Problem| json!({ "path": problem.path, "message": problem.message });
                    json!({ "problems": problems.iter().map(told).collect::<Vec<_>>() })
                }
            })),
            Some("step") => Ok(answered(step(&question).ok_or("the floors, the goal or a trial cannot be read")?)),
            Some("run") => run(&question).ok_or_else(|| "the design or its job cannot be read".to_owned()),
            Some("report") => {
                let (plan, goal) = planned(&question).map_err(|_| "the plan cannot be read")?;
                let search = replayed(Search::new(&plan, goal, EFFORT), &question).ok_or("a trial cannot be read")?.0;
                Ok(answered(report_of(&plan, &search, &question)))
            }
            Some("results") => {
                let results = Results::open(&question).ok_or("the scenario cannot be read")?;
                Ok(Self { run: Some(Work::Results(Box::new(results))), answer: Value::Null })
            }
            _ => Err("this is none of the questions: plan, step, run, report, results".to_owned()),
        }
    }

    /// Does about so many arrivals and events; whether there is an answer.
    pub fn pump(&mut self, budget: u32) -> bool {
        let answer = match &mut self.run {
            None => return true,
            Some(Work::Trial(attempt, candidate)) => {
                let end = attempt.pump(budget, &mut |_: &Invocation| Outcome::Succeeded);
                end.map(|end| trial_value(&attempt.trial(*candidate, end)))
            }
            Some(Work::Results(results)) => results.pump(budget).then(|| results.answer()),
        };
        let Some(answer) = answer else { return false };
        (self.answer, self.run) = (answer, None);
        true
    }

    /// The answer; `null` before there is one.
    pub const fn answer(&self) -> &Value {
        &self.answer
    }
}

const EFFORT: Effort = Effort::Frontier { times: TIMES };

/// The designs and the goal, or everything that is wrong with either.
fn planned(question: &Value) -> Result<(Plan, Goal), Vec<Problem>> {
    let draft = Draft::from_value(question["document"].clone());
    let (goal, mut problems) = goal_of(&question["goal"]);
    let ranges = question["vary"].as_array().map(|texts| {
        if texts.is_empty() {
            let message = "nothing is varied; write the values to try into a field, or choose another field to vary";
            problems.push(Problem::new("", message));
        }
        Ranges::read(texts.iter().filter_map(Value::as_str))
    });
    let scenario = match draft.check() {
        Ok(scenario) => scenario,
        Err(more) => return Err([problems, more].concat()),
    };
    let own = scenario.streams().len() as u32;
    let runs = |(owner, handling): &(Owner, Handling)| {
        owner.stream().is_some_and(|stream| stream < own) && handling.kind.is_code()
    };
    for (owner, _) in Owner::all(&scenario).filter(runs) {
        let message = format!(
            "{} runs code of its own, which this search does not; choose the model as its handler, or find the size on \
             the command line with streamgauge size",
            capital(&owner.title(&scenario))
        );
        problems.push(Problem::new(format!("{}.handler", owner.path(&scenario)), message));
    }
    match ranges.unwrap_or_else(|| Ok(Ranges::proposed(&scenario))).and_then(|ranges| Plan::new(&draft, ranges)) {
        Ok(plan) if problems.is_empty() => Ok((plan, goal)),
        Ok(_) => Err(problems),
        Err(more) => Err([problems, more].concat()),
    }
}

/// A goal from texts by name, as fields of a form have them: `{"lag": "60 s", "lost": "1,000", "wait": "", "cost": ""}`.
/// What is empty is not asked, except the lag, without which there is no goal.
fn goal_of(texts: &Value) -> (Goal, Vec<Problem>) {
    let (mut goal, mut problems) = (Goal::default(), Vec::new());
    for name in ["lag", "lost", "wait", "cost"] {
        let text = texts[name].as_str().unwrap_or_default().trim().replace(',', "");
        if text.is_empty() && name != "lag" {
            continue;
        }
        if let Err(wanted) = goal.set(name, &text) {
            let given = if text.is_empty() { String::new() } else { format!("\"{text}\" does not stand here; ") };
            problems.push(Problem::new(format!("goal.{name}"), format!("{given}write {wanted}")));
        }
    }
    (goal, problems)
}

fn plan_of(plan: &Plan, goal: &Goal) -> Value {
    let paths = || plan.ranges().0.iter().map(|range| range.path.as_str());
    let column =
        |path| json!({ "path": path, "title": shown::title(plan.scenario(), path), "unit": shown::unit(path) });
    let all = || 0..plan.len();
    let values = |candidate| -> Vec<String> {
        let values = paths().zip(plan.values(candidate));
        values.map(|(path, value)| value.map_or("–".to_owned(), |value| shown::value(path, value))).collect()
    };
    json!({
        "vary": plan.ranges().0.iter().map(Range::text).collect::<Vec<_>>(),
        "columns": paths().map(column).collect::<Vec<_>>(),
        "designs": all().map(values).collect::<Vec<_>>(),
        "names": all().map(|candidate| shown::name(plan, candidate)).collect::<Vec<_>>(),
        "edits": all().map(|candidate| plan.edits(candidate)).collect::<Vec<_>>(),
        "floors": plan.floors(),
        "current": plan.current(),
        "fields": shown::variable(plan),
        "notes": shown::notes(plan),
        "offered": plan.offered(),
        "goal": goal.text(),
        "lag_us": goal.lag.micros(),
        "lag_text": report::within(Some(goal.lag)),
        "cost_cents": goal.budget_cents,
        "head": shown::question(plan),
    })
}

fn report_of(plan: &Plan, search: &Search, question: &Value) -> Value {
    let asked = question["trials"].as_array().into_iter().flatten().filter_map(|trial| trial["candidate"].as_u64());
    let outcomes = asked.map(|candidate| search.trial(candidate as usize).map(|trial| shown::outcome(search, trial)));
    let mut result = document(plan, search, |_| None);
    result["scenario"] = plan.scenario().name.clone().into();
    result["seed"] = plan.scenario().seed.into();
    json!({
        "head": shown::head(plan, search),
        "sub": shown::sub(plan, search),
        "tally": tally(plan, search),
        "reasons": shown::reasons(plan, search),
        "outcomes": outcomes.collect::<Vec<_>>(),
        "result": result,
    })
}

fn step(question: &Value) -> Option<Value> {
    let floors = question["floors"].as_array()?.iter().map(Value::as_u64).collect::<Option<Vec<_>>>()?;
    let goal = goal_of(&question["goal"]).0;
    let (search, jobs) = replayed(Search::over(floors, goal, EFFORT), question)?;
    let job = |job: &Job| {
        json!({
            "candidate": job.candidate,
            "lost": job.stop.lost,
            "lag_us": job.stop.lag.map(Span::micros),
            "watches_puts": job.stop.watches_puts,
        })
    };
    Some(json!({
        "finished": jobs.is_empty(),
        "jobs": jobs.iter().map(job).collect::<Vec<_>>(),
        "best": search.best().map(|best| best.candidate),
        "frontier": search.frontier().into_iter().map(|trial| trial.candidate).collect::<Vec<_>>(),
    }))
}

/// The search as it is after some trials, and the jobs that come next.
fn replayed(mut search: Search, question: &Value) -> Option<(Search, Vec<Job>)> {
    let trials = question["trials"].as_array()?.iter().map(trial).collect::<Option<Vec<Trial>>>()?;
    let mut next = Vec::new();
    while let Some(job) = search.next_job() {
        match trials.iter().find(|trial| trial.candidate == job.candidate) {
            Some(trial) => search.accept(*trial),
            None => next.push(job),
        }
    }
    Some((search, next))
}

fn run(question: &Value) -> Option<Desk> {
    let mut draft = Draft::from_value(question["document"].clone());
    draft.remove("designs");
    for edit in question["edits"].as_array()? {
        draft.set(edit[0].as_str()?, edit[1].clone());
    }
    let job = &question["job"];
    let candidate = job["candidate"].as_u64()? as usize;
    let lag = job["lag_us"].as_u64().map(Span::from_micros);
    let stop = Stop { lost: job["lost"].as_u64(), lag, watches_puts: job["watches_puts"].as_bool()? };
    let Ok(scenario) = draft.check() else {
        return Some(Desk { run: None, answer: trial_value(&Trial::refused(candidate)) });
    };
    let attempt = Attempt::new(scenario, stop, question["offered"].as_u64()?);
    Some(Desk { run: Some(Work::Trial(Box::new(attempt), candidate)), answer: Value::Null })
}

fn trial_value(trial: &Trial) -> Value {
    let complete = trial.end == End::Complete;
    json!({
        "candidate": trial.candidate,
        "end": trial.end.word(),
        "at_us": trial.at.micros(),
        "lost": trial.lost,
        "lag_us": trial.lag.map(Span::micros),
        "wait_us": trial.wait.map(Span::micros),
        "open": trial.open,
        "month_cents": trial.month_cents,
        "digest": format!("{:016x}", trial.digest),
        // As people read them.
        "told": {
            "lost": grouped(trial.lost),
            "lag": report::within(trial.lag),
            "wait": report::within(trial.wait),
            "month": if complete { dollars_cents(trial.month_cents) } else { "–".to_owned() },
        },
    })
}

fn trial(value: &Value) -> Option<Trial> {
    let micros = |name: &str| value[name].as_u64().map(Span::from_micros);
    let ends = [End::Complete, End::Lost, End::Late, End::Full, End::Refused];
    Some(Trial {
        candidate: value["candidate"].as_u64()? as usize,
        end: ends.into_iter().find(|end| value["end"] == end.word())?,
        at: SimTime::from_micros(value["at_us"].as_u64()?),
        lost: value["lost"].as_u64()?,
        lag: micros("lag_us"),
        wait: micros("wait_us"),
        open: value["open"].as_u64()?,
        month_cents: value["month_cents"].as_u64()?,
        digest: u64::from_str_radix(value["digest"].as_str()?, 16).ok()?,
    })
}
