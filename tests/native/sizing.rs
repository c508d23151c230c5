//! Sizing finds what a sweep over every design finds, however many workers it has and in whatever order they come back.

mod border;
mod command;
mod floor;
mod plans;
mod search;

use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use streamgauge::scenario::{Draft, presets};
use streamgauge::sizing::{Attempt, Effort, Goal, Job, Plan, Ranges, Search, Trial};

/// Runs a search as so many workers would: each has one job at a time, and `turn` says whose comes back next.
fn searched(
    mut search: Search,
    workers: usize,
    mut turn: impl FnMut(usize) -> usize,
    run: impl Fn(&Job) -> Trial,
) -> Search {
    let mut under_way: Vec<Job> = Vec::new();
    loop {
        while under_way.len() < workers
            && let Some(job) = search.next_job()
        {
            under_way.push(job);
        }
        if under_way.is_empty() {
            assert!(search.is_finished());
            return search;
        }
        let job = under_way.swap_remove(turn(under_way.len()));
        search.accept(run(&job));
    }
}

/// A preset with some fields changed: shorter, and its spike smaller.
fn small(id: &str, edits: &[(&str, Value)]) -> Draft {
    let mut draft = presets::draft(id).expect("a preset");
    for (path, value) in edits {
        draft.set(path, value.clone());
    }
    draft
}

fn spike(base_per_s: u32, factor: u32) -> Value {
    json!([{
        "kind": "spike", "base_per_s": base_per_s, "factor": factor, "start_s": 20, "rise_s": 5, "hold_s": 12, "fall_s": 5
    }])
}

/// The five scenarios in which both have to agree: documents, ranges, goals.
fn five() -> [(&'static str, Draft, &'static [&'static str], &'static str); 5] {
    let length = ("length_s", json!(75));
    let spikes = ("traffic.curve", spike(40, 100));
    [
        (
            "sudden popularity",
            small("sudden-popularity", &[length.clone(), spikes.clone()]),
            &["stream.mode=provisioned,on_demand", "stream.shards=1..12+1", "consumers.0.batch_size=20,100"],
            "lag=5s",
        ),
        (
            "with retries",
            small("with-retries", &[length.clone(), spikes.clone()]),
            &["stream.shards=1..6+1", "consumers.0.parallelization_factor=1,2,10"],
            "lag=20s",
        ),
        (
            "hot key",
            small("hot-key", &[length.clone(), ("traffic.curve", spike(15, 100))]),
            &["stream.shards=1..8+1", "producer.retry.kind=ignore,again", "producer.retry.max_attempts=3,100"],
            "lag=30s",
        ),
        (
            "slow consumer",
            small(
                "slow-consumer",
                &[length.clone(), ("traffic.curve", spike(20, 100)), ("consumers.0.cpu_share", json!(0.5))],
            ),
            &[
                "stream.shards=2,3,4,6,12",
                "consumers.0.memory_mb=512,1024,1769",
                "consumers.0.parallelization_factor=1,4",
            ],
            "lag=5s",
        ),
        (
            "many consumers",
            small(
                "many-consumers",
                &[
                    length,
                    ("traffic.curve", spike(200, 5)),
                    ("consumers.0.poison_key", Value::Null),
                    ("operations", json!([])),
                ],
            ),
            &[
                "stream.shards=1..4+1",
                "consumers.2.source=GetRecords,SubscribeToShard",
                "consumers.0.batch_size=10,100",
            ],
            "lag=10s",
        ),
    ]
}

fn plan(draft: &Draft, ranges: &[&str]) -> Plan {
    let ranges = Ranges::read(ranges.iter().copied()).expect("sound ranges");
    Plan::new(draft, ranges).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn the_search_finds_what_a_sweep_finds() {
    for (name, draft, ranges, goal) in five() {
        let (plan, goal) = (plan(&draft, ranges), Goal::read([goal]).expect("a sound goal"));
        // A job is run once: that the same job always gives the same is for other tests.
        let known = RefCell::new(BTreeMap::new());
        let run = |job: &Job| {
            let key = (job.candidate, job.stop.lost, job.stop.lag);
            *known.borrow_mut().entry(key).or_insert_with(|| Attempt::run(&plan, job))
        };
        let sweep = searched(Search::new(&plan, goal, Effort::All), 1, |_| 0, run);
        let best = sweep.best().unwrap_or_else(|| panic!("{name}: no design meets the goal"));
        assert_eq!(sweep.trials().count(), plan.len());
        // Some design misses the goal, or there would be nothing to find.
        assert!(sweep.trials().any(|trial| !goal.met_by(trial)), "{name}");
        for trial in sweep.trials() {
            let floor = sweep.floor(trial.candidate);
            assert!(trial.lag.is_none() || trial.lost > 0 || floor <= trial.month_cents, "{name}: {trial:?} {floor}");
        }
        let times = 2;
        let within = |trial: &&Trial| trial.month_cents <= best.month_cents * times;
        let frontier: Vec<Trial> = sweep.frontier().into_iter().filter(within).copied().collect();
        let cheapest = searched(Search::new(&plan, goal, Effort::Cheapest), 1, |_| 0, run);
        assert_eq!(cheapest.best(), Some(best), "{name}");
        assert!(cheapest.trials().count() < plan.len(), "{name}: {} designs", plan.len());
        let mut whole: Vec<Search> = Vec::new();
        for workers in [1, 2, 5] {
            let mut turns = (workers as u64 * 977) | 1;
            let shuffled = |len: usize| {
                turns = turns.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (turns >> 33) as usize % len
            };
            let effort = Effort::Frontier { times };
            let search = searched(Search::new(&plan, goal, effort), workers, shuffled, run);
            assert_eq!(search.best(), Some(best), "{name}, {workers} workers");
            let found: Vec<Trial> = search.frontier().into_iter().copied().collect();
            assert_eq!(found, frontier, "{name}, {workers} workers");
            whole.push(search);
        }
        for other in &whole[1..] {
            assert!(whole[0].trials().eq(other.trials()), "{name}");
        }
    }
}
