//! The order of a search by itself, over designs whose runs are made up.

use super::searched;
use crate::common::repeatable;
use proptest::prelude::*;
use streamgauge::sizing::{Effort, End, Goal, Job, Search, Stop, Trial};
use streamgauge::units::{SimTime, Span};

/// A made-up design: what it costs at least, how much more it costs, what it loses, how late it is.
type Design = (u64, u64, u64, Option<u64>);

/// What a run comes to that is stopped as a real one may be: where it is of no use, or, now and then, too late to stop.
fn run(designs: &[Design], job: &Job) -> Trial {
    let (floor, more, lost, lag) = designs[job.candidate];
    let Stop { lost: most, lag: longest, .. } = job.stop;
    let lag = lag.map(Span::from_secs);
    let hides = job.candidate.is_multiple_of(3);
    let end = if !hides && most.is_some_and(|most| lost > most) {
        End::Lost
    } else if !hides && longest.is_some_and(|longest| lag.is_none_or(|lag| lag > longest)) {
        End::Late
    } else {
        End::Complete
    };
    let complete = end == End::Complete;
    Trial {
        candidate: job.candidate,
        end,
        at: SimTime::ZERO,
        lost,
        lag: lag.filter(|_| complete),
        wait: None,
        open: 0,
        month_cents: if complete { floor + more } else { 0 },
        digest: job.candidate as u64,
    }
}

fn design() -> impl Strategy<Value = Design> {
    (
        0..200u64,
        prop_oneof![Just(0), 0..60u64],
        prop_oneof![3 => Just(0), 1 => 1..9u64],
        prop::option::weighted(0.9, 0..20u64),
    )
}

proptest! {
    #![proptest_config(repeatable(400))]

    #[test]
    fn a_search_agrees_with_a_sweep_whatever_comes_back_when(
        designs in prop::collection::vec(design(), 0..150),
        lag in 0..20u64,
        budget in prop::option::weighted(0.2, 0..250u64),
        turns in prop::collection::vec(any::<prop::sample::Index>(), 200),
        times in 1..4u64,
    ) {
        let goal = Goal { lag: Span::from_secs(lag), budget_cents: budget, ..Goal::default() };
        let floors: Vec<u64> = designs.iter().map(|design| design.0).collect();
        let search = |effort, workers: usize| {
            let mut turns = turns.iter().cycle();
            let turn = |len: usize| turns.next().map_or(0, |turn| turn.index(len));
            searched(Search::over(floors.clone(), goal, effort), workers, turn, |job| run(&designs, job))
        };
        let sweep = search(Effort::All, 1);
        prop_assert_eq!(sweep.trials().count(), designs.len());
        for workers in [1, 2, 5] {
            let cheapest = search(Effort::Cheapest, workers);
            prop_assert_eq!(cheapest.best(), sweep.best());
            let frontier = search(Effort::Frontier { times }, workers);
            prop_assert_eq!(frontier.best(), sweep.best());
            let most = sweep.best().map(|best| best.month_cents * times).into_iter().chain(budget).min();
            let expected = sweep.frontier().into_iter().filter(|trial| most.is_none_or(|most| trial.month_cents <= most));
            prop_assert!(frontier.frontier().into_iter().eq(expected));
            // Not only what it finds is the same, but also what it runs.
            let alone = search(Effort::Frontier { times }, 1);
            prop_assert!(frontier.trials().eq(alone.trials()));
        }
    }

    #[test]
    fn nothing_on_the_frontier_is_beaten_and_everything_beside_it_is(designs in prop::collection::vec(design(), 1..60)) {
        let floors = designs.iter().map(|design| design.0).collect();
        let sweep = searched(Search::over(floors, Goal::default(), Effort::All), 3, |_| 0, |job| run(&designs, job));
        let frontier = sweep.frontier();
        let beats = |a: &Trial, b: &Trial| {
            a.month_cents <= b.month_cents && a.lag <= b.lag && (a.month_cents < b.month_cents || a.lag < b.lag)
        };
        for trial in sweep.trials().filter(|trial| sweep.goal().allows(trial)) {
            let beaten = sweep.trials().any(|other| sweep.goal().allows(other) && beats(other, trial));
            let stands = frontier.iter().any(|other| (other.month_cents, other.lag) == (trial.month_cents, trial.lag));
            prop_assert_eq!(stands, !beaten);
        }
        prop_assert!(frontier.windows(2).all(|pair| pair[0].month_cents < pair[1].month_cents && pair[0].lag > pair[1].lag));
    }
}

#[test]
fn what_was_not_asked_for_changes_nothing() {
    let designs: Vec<Design> = vec![(10, 0, 0, Some(1)), (20, 0, 0, Some(1))];
    let mut search = Search::over(vec![10, 20], Goal::default(), Effort::Cheapest);
    let trial = |candidate| run(&designs, &Job { candidate, stop: Stop::default() });
    search.accept(trial(1));
    assert_eq!(search.trials().count(), 0);
    let jobs: Vec<Job> = std::iter::from_fn(|| search.next_job()).collect();
    assert_eq!(jobs.len(), 2);
    search.accept(trial(0));
    search.accept(trial(0));
    assert!(!search.is_finished());
    search.accept(trial(1));
    assert!(search.is_finished() && search.next_job().is_none());
}
