//! What a search found, in sentences and as one JSON object.

use super::{Effort, End, Plan, Search, Trial};
use crate::limits::grouped;
use crate::text;
use crate::units::Span;
use crate::words::dollars_cents;
use serde_json::{Map, Value, json};

/// Why the best design is the best: what its neighbours would do, those with one value before or after. Where no design
/// meets the goal: what keeps the nearest ones from it. Fields are called by their paths.
pub fn reasons(plan: &Plan, search: &Search) -> Vec<String> {
    reasons_named(plan, search, &|path, value| format!("{path} {}", value_text(value)))
}

/// The same with fields and their values as `name` calls them.
pub(super) fn reasons_named(plan: &Plan, search: &Search, name: &dyn Fn(&str, &Value) -> String) -> Vec<String> {
    let Some(best) = search.best() else { return nearest(plan, search, name) };
    let mut said = Vec::new();
    for (range, of) in plan.ranges().0.iter().enumerate() {
        for after in [false, true] {
            let Some(other) = plan.neighbour(best.candidate, range, after) else { continue };
            let value = |candidate: usize| plan.values(candidate)[range];
            let (Some(now), Some(then)) = (value(best.candidate), value(other)) else { continue };
            let what = match search.trial(other) {
                Some(trial) if search.goal().met_by(trial) => {
                    let more = trial.month_cents - best.month_cents;
                    let same =
                        if more == 0 { "as cheap".to_owned() } else { format!("{} dearer", dollars_cents(more)) };
                    format!("{same}, 99\u{a0}% done within {}", within(trial.lag))
                }
                Some(trial) => verdict(search, trial),
                None => format!("not run, since 30 days cost {} at least", dollars_cents(search.floor(other))),
            };
            said.push(format!("{} instead of {}: {what}.", name(&of.path, then), value_text(now)));
        }
    }
    said
}

/// How many designs were run, and how they ended.
pub fn tally(plan: &Plan, search: &Search) -> String {
    let count = |end: End| search.trials().filter(|trial| trial.end == end).count();
    let run = search.trials().count();
    let ends: Vec<String> = [
        (End::Complete, "to the end"),
        (End::Lost, "stopped for what they lost"),
        (End::Late, "stopped as too late"),
        (End::Full, "stopped with more records waiting than a run can hold"),
    ]
    .into_iter()
    .filter(|(end, _)| count(*end) > 0)
    .map(|(end, words)| format!("{} {words}", grouped(count(end) as u64)))
    .collect();
    let refused = match plan.refused() {
        (0, _) => String::new(),
        (1, Some(why)) => format!(" One more contradicts itself: {why}."),
        (many, why) => {
            let why = why.map_or(String::new(), |why| format!(", the first: {why}"));
            format!(" {} more contradict themselves{why}.", grouped(many as u64))
        }
    };
    let all = search.candidates();
    let rest = match search.best() {
        Some(best) if run < all && search.effort() == Effort::Cheapest => {
            format!(" The others cost more than {} at least.", dollars_cents(best.month_cents))
        }
        _ => String::new(),
    };
    if run == 0 {
        let least = (0..all).map(|candidate| search.floor(candidate)).min().map_or(String::new(), dollars_cents);
        return format!("No design was run: 30 days of the cheapest cost {least} at least.{refused}");
    }
    let (run, all) = (grouped(run as u64), grouped(all as u64));
    format!("{run} of {all} designs were run: {}.{rest}{refused}", ends.join(", "))
}

/// What a run that missed the goal did, in a few words.
pub fn verdict(search: &Search, trial: &Trial) -> String {
    let goal = search.goal();
    let at = text::clock(trial.at.seconds_f64());
    match trial.end {
        End::Lost => format!("loses records, {} by {at}", grouped(trial.lost)),
        End::Late => format!("too late, certain by {at}"),
        End::Full => format!("more records wait than a run can hold, at {at}"),
        End::Refused => "contradicts itself".to_owned(),
        End::Complete if trial.lost > goal.lost => format!("loses {} records", grouped(trial.lost)),
        End::Complete => match (trial.lag, trial.wait) {
            (None, _) => format!("{} records are not done at the end", grouped(trial.open)),
            (Some(lag), _) if lag > goal.lag => format!("99\u{a0}% done within {}", within(Some(lag))),
            (_, Some(wait)) if goal.wait.is_some_and(|most| wait > most) => {
                format!("99\u{a0}% stored within {}", within(Some(wait)))
            }
            _ => format!("30 days cost {}", dollars_cents(trial.month_cents)),
        },
    }
}

/// Where nothing meets the goal: the quickest design that loses nothing, or the one that loses last.
fn nearest(plan: &Plan, search: &Search, name: &dyn Fn(&str, &Value) -> String) -> Vec<String> {
    let named = |trial: &Trial| {
        let ranges = plan.ranges().0.iter().zip(plan.values(trial.candidate));
        let values = ranges.filter_map(|(range, value)| Some(name(&range.path, value?)));
        values.collect::<Vec<_>>().join(", ")
    };
    let quickest = search.trials().filter(|trial| search.goal().allows(trial)).min_by_key(|trial| trial.lag);
    let said = |trial: &Trial| format!("{}: {}.", named(trial), verdict(search, trial));
    if let Some(quickest) = quickest {
        return vec![format!("The quickest is {}", said(quickest))];
    }
    // The one that lasts longest.
    let last = search.trials().max_by_key(|trial| (trial.at, std::cmp::Reverse(trial.lost)));
    last.map(|trial| format!("The one that fails last is {}", said(trial))).into_iter().collect()
}

/// The whole result. `link` gives the link of a design, where it has one.
pub fn document(plan: &Plan, search: &Search, link: impl Fn(usize) -> Option<String>) -> Value {
    let ranges: Map<String, Value> =
        plan.ranges().0.iter().map(|range| (range.path.clone(), range.values.clone().into())).collect();
    let (goal, ms) = (search.goal(), |span: Option<Span>| span.map(Span::millis_f64));
    let usd = |cents: u64| cents as f64 / 100.0;
    let trial = |trial: &Trial| {
        let values = plan.ranges().0.iter().zip(plan.values(trial.candidate));
        let values: Map<String, Value> =
            values.map(|(range, value)| (range.path.clone(), value.cloned().unwrap_or(Value::Null))).collect();
        let complete = trial.end == End::Complete;
        json!({
            "values": values,
            "end": trial.end.word(),
            "at_s": trial.at.seconds_f64(),
            "meets_goal": goal.met_by(trial),
            "lost": trial.lost,
            "open": trial.open,
            "lag_p99_ms": ms(trial.lag),
            "wait_p99_ms": ms(trial.wait),
            "month_usd": complete.then(|| usd(trial.month_cents)),
            "month_usd_at_least": usd(search.floor(trial.candidate)),
            "digest": format!("{:016x}", trial.digest),
        })
    };
    let opened = |of: &Trial| {
        let mut value = trial(of);
        value["link"] = link(of.candidate).into();
        value
    };
    json!({
        "goal": {
            "lost": goal.lost,
            "lag_p99_ms": goal.lag.millis_f64(),
            "wait_p99_ms": ms(goal.wait),
            "month_usd": goal.budget_cents.map(usd),
        },
        "ranges": ranges,
        "offered": plan.offered(),
        "designs": search.candidates(),
        "refused": plan.refused().0,
        "run": search.trials().count(),
        "cheapest": search.best().map(opened),
        "frontier": search.frontier().into_iter().map(opened).collect::<Vec<_>>(),
        "reasons": reasons(plan, search),
        "trials": search.trials().map(trial).collect::<Vec<_>>(),
    })
}

/// A value as a table shows it.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), grouped),
        other => other.to_string(),
    }
}

pub(super) fn within(span: Option<Span>) -> String {
    span.map_or_else(|| "–".to_owned(), |span| text::span_text(span.seconds_f64()))
}
