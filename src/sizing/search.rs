//! The order in which designs are tried, and when to stop.

use super::{Goal, Plan, Stop, Trial, WAVE};
use crate::units::Span;

/// How much of a plan is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Until the cheapest design that meets the goal is found.
    Cheapest,
    /// Until the frontier of cost against lag is known, up to so many times the cost of the cheapest.
    Frontier {
        /// How many times.
        times: u64,
    },
    /// Every design, each to its end.
    All,
}

/// A design to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its place in the plan.
    pub candidate: usize,
    /// When its run is of no use.
    pub stop: Stop,
}

/// A search under way: it hands out designs and takes what their runs came to.
#[derive(Clone, Debug)]
pub struct Search {
    goal: Goal,
    effort: Effort,
    /// What each design costs at least, in cents.
    floors: Vec<u64>,
    /// The designs in order of that, and how many of them have been begun.
    order: Vec<usize>,
    begun: usize,
    /// Jobs of this wave that have not been handed out, the next one last; and how many are out.
    waiting: Vec<Job>,
    out: usize,
    trials: Vec<Option<Trial>>,
}

impl Search {
    /// A search at its start.
    pub fn new(plan: &Plan, goal: Goal, effort: Effort) -> Self {
        Self::over(plan.floors().to_vec(), goal, effort)
    }

    /// A search over designs of which only the lower bounds of their costs are known, in cents.
    pub fn over(floors: Vec<u64>, goal: Goal, effort: Effort) -> Self {
        let mut order: Vec<usize> = (0..floors.len()).collect();
        order.sort_by_key(|candidate| floors[*candidate]);
        let trials = vec![None; floors.len()];
        Self { goal, effort, floors, order, begun: 0, waiting: Vec::new(), out: 0, trials }
    }

    /// The next design to run; `None` where there is none, or none before those that are under way have come back.
    pub fn next_job(&mut self) -> Option<Job> {
        if self.waiting.is_empty() && self.out == 0 {
            self.begin_wave();
        }
        let job = self.waiting.pop()?;
        self.out += 1;
        Some(job)
    }

    /// Takes what a run came to. One that was not asked for, or came twice, changes nothing.
    pub fn accept(&mut self, trial: Trial) {
        let begun = self.order[..self.begun].contains(&trial.candidate);
        let waits = self.waiting.iter().any(|job| job.candidate == trial.candidate);
        if begun && !waits && self.trials[trial.candidate].is_none() {
            self.trials[trial.candidate] = Some(trial);
            self.out -= 1;
        }
    }

    /// Whether nothing is left to run.
    pub fn is_finished(&self) -> bool {
        self.waiting.is_empty() && self.out == 0 && self.wave().is_empty()
    }

    /// The goal.
    pub const fn goal(&self) -> &Goal {
        &self.goal
    }

    /// What was asked of it.
    pub const fn effort(&self) -> Effort {
        self.effort
    }

    /// How many designs there are.
    pub fn candidates(&self) -> usize {
        self.order.len()
    }

    /// What a design costs at least, in cents.
    pub fn floor(&self, candidate: usize) -> u64 {
        self.floors[candidate]
    }

    /// What the run of a design came to, where there was one.
    pub fn trial(&self, candidate: usize) -> Option<&Trial> {
        self.trials.get(candidate)?.as_ref()
    }

    /// All runs that came back, in order of their designs.
    pub fn trials(&self) -> impl Iterator<Item = &Trial> + '_ {
        self.trials.iter().flatten()
    }

    /// The cheapest that meets the goal; of equally cheap ones the quickest, and of those the first of the plan.
    pub fn best(&self) -> Option<&Trial> {
        self.trials().filter(|trial| self.goal.met_by(trial)).min_by_key(|trial| rank(trial))
    }

    /// Designs of which none is both cheaper and quicker than another, the cheapest first; those that lose more than
    /// they may, or cost more than is looked at, are left out.
    pub fn frontier(&self) -> Vec<&Trial> {
        let most = self.most();
        let allowed = |trial: &&Trial| self.goal.allows(trial) && most.is_none_or(|most| trial.month_cents <= most);
        let mut all: Vec<&Trial> = self.trials().filter(allowed).collect();
        all.sort_by_key(|trial| rank(trial));
        let mut quickest = None;
        all.retain(|trial| {
            let quicker = quickest.is_none_or(|quickest| trial.lag < quickest);
            if quicker {
                quickest = Some(trial.lag);
            }
            quicker
        });
        all
    }

    /// Nothing that costs more than this is looked at, as far as that is known.
    fn most(&self) -> Option<u64> {
        let best = self.best().map(|best| best.month_cents);
        let most = match self.effort {
            Effort::Cheapest => best,
            Effort::Frontier { times } => best.map(|cents| cents.saturating_mul(times)),
            Effort::All => return None,
        };
        most.into_iter().chain(self.goal.budget_cents).min()
    }

    /// The designs of the next wave: the cheapest that were not begun, as far as they may be of use.
    fn wave(&self) -> &[usize] {
        let (left, most) = (&self.order[self.begun..], self.most());
        let size = self.begun.clamp(WAVE / 4, WAVE);
        let of_use = left.iter().take(size).take_while(|each| most.is_none_or(|most| self.floors[**each] <= most));
        &left[..of_use.count()]
    }

    fn begin_wave(&mut self) {
        let jobs = self.wave().iter().rev().map(|candidate| Job { candidate: *candidate, stop: self.stop(*candidate) });
        let jobs: Vec<Job> = jobs.collect();
        self.begun += jobs.len();
        self.waiting = jobs;
    }

    /// When a design is of no use: where it loses too much, and where it is later than one that is certainly not
    /// dearer. All of a wave know what the waves before have found, and nothing of each other, so that it does not
    /// matter in which order they come back.
    fn stop(&self, candidate: usize) -> Stop {
        let watches_puts = self.goal.wait.is_some();
        if self.effort == Effort::All {
            return Stop { lost: None, lag: None, watches_puts };
        }
        let cheaper = |trial: &&Trial| self.goal.allows(trial) && trial.month_cents <= self.floors[candidate];
        let quickest = self.trials().filter(cheaper).filter_map(|trial| trial.lag).min();
        let goal = (self.effort == Effort::Cheapest).then_some(self.goal.lag);
        Stop { lost: Some(self.goal.lost), lag: quickest.into_iter().chain(goal).min(), watches_puts }
    }
}

/// Cheaper before dearer, then quicker before slower, then as they stand in the plan.
fn rank(trial: &Trial) -> (u64, Option<Span>, usize) {
    (trial.month_cents, trial.lag, trial.candidate)
}
