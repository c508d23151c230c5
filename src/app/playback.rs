//! Playback: the engine runs as fast as it goes, and the cursor moves over the frames that have arrived.
//!
//! So the same run looks the same at every speed, and going back costs nothing. Where the cursor meets the end of
//! what has arrived it waits there.

use super::action::{BoxEvent, Effect};
use super::compare::{self, Ending, Track};
use super::invocations::{Invocations, Tried};
use super::model::{Message, Model};
use crate::metrics::Timeline;
use crate::metrics::firehose::FirehoseFrames;
use crate::scenario::{Code, Owner, Scenario, packed};
use crate::units::{MICROS_PER_SECOND, SimTime, Span};

/// Blocks of frames that may be on their way at once.
const CREDIT: u32 = 4;
/// A run whose box was ended so often is not started again by itself.
const STOPS_MAX: u32 = 3;
/// The longest time that one tick moves the cursor: after a stall the run goes on where it was.
const TICK_MS_MAX: f64 = 100.0;

/// One run of the engine and what has arrived of it.
pub(super) struct Run {
    pub id: u32,
    /// What has arrived of each stream: the first one, then those that follow.
    pub timelines: Vec<Timeline>,
    /// What has arrived of the delivery streams behind them.
    pub deliveries: Vec<FirehoseFrames>,
    /// What has arrived of the other designs.
    pub others: Vec<Track>,
    pub done: bool,
    pub summary: Option<String>,
    /// What the box said of each design at the end.
    pub endings: Vec<Ending>,
    /// What consumers' code did so far.
    pub invocations: Invocations,
}

/// Where the cursor goes as soon as the frames are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// To an instant.
    At(SimTime),
    /// To the next marked moment.
    NextEvent,
}

impl Run {
    pub fn new(id: u32, scenario: &Scenario) -> Self {
        Self {
            id,
            timelines: compare::timelines(scenario),
            deliveries: compare::deliveries(scenario),
            others: scenario.designs.iter().map(|design| Track::of(scenario, &design.plan)).collect(),
            done: false,
            summary: None,
            endings: Vec::new(),
            invocations: Invocations::default(),
        }
    }

    /// Whether what has arrived can be of a scenario.
    pub fn fits(&self, scenario: &Scenario) -> bool {
        compare::timelines_fit(&self.timelines, &self.deliveries, scenario)
            && self.others.len() == scenario.designs.len()
            && self.others.iter().zip(&scenario.designs).all(|(track, design)| track.fits(&design.plan))
    }

    /// Takes a block of frames of the part with this place among those of all designs. Whether it could be one.
    fn append(&mut self, place: usize, block: &[f64]) -> bool {
        let mut part = place;
        if let Some(timeline) = self.timelines.get_mut(part) {
            return timeline.append(block).is_ok();
        }
        part -= self.timelines.len();
        if let Some(delivery) = self.deliveries.get_mut(part) {
            return delivery.append(block).is_ok();
        }
        part -= self.deliveries.len();
        for track in &mut self.others {
            if part < track.parts() {
                return track.append(part, block).is_ok();
            }
            part -= track.parts();
        }
        false
    }

    /// The instant up to which frames of every design have arrived.
    pub fn received(&self) -> SimTime {
        let own = compare::received(&self.timelines, &self.deliveries);
        self.others.iter().map(Track::received).fold(own, SimTime::min)
    }

    /// What has arrived of the first stream. Those that follow have frames of the same width.
    pub fn timeline(&self) -> &Timeline {
        &self.timelines[0]
    }

    /// Whether this run was ever asked of the engine.
    pub const fn is_open(&self) -> bool {
        self.id > 0
    }
}

/// The instant at which a run of this length ends.
pub(super) const fn end_of(length: Span) -> SimTime {
    SimTime::from_micros(length.micros())
}

impl Model {
    /// The instant up to which frames have arrived.
    pub(super) fn received(&self) -> SimTime {
        self.run.received()
    }

    fn next_run(&mut self) -> Run {
        self.run_count += 1;
        Run::new(self.run_count, &self.scenario)
    }

    fn open_effects(&mut self, run: u32) -> Vec<Effect> {
        let (scenario, code) = (packed::pack(&self.scenario), Code::all(&self.scenario));
        let results = self.results.ask(run, &scenario, &self.scenario);
        let mut effects = vec![Effect::OpenRun { run, scenario, code }, Effect::GrantCredit(CREDIT)];
        effects.extend(results);
        effects
    }

    /// Starts the engine unless it has been started for this scenario.
    fn open_if_needed(&mut self) -> Vec<Effect> {
        if self.run.is_open() || self.incoming.is_some() || self.holds_back_code() {
            return Vec::new();
        }
        // What an engine that failed has left stays in view until another one has come as far.
        if self.cursor > SimTime::ZERO {
            return self.reopen();
        }
        self.run = self.next_run();
        self.open_effects(self.run.id)
    }

    /// Starts the engine for a scenario that is the same up to the cursor. What is shown stays until the new run
    /// has come as far.
    pub(super) fn reopen(&mut self) -> Vec<Effect> {
        if self.holds_back_code() {
            return Vec::new();
        }
        let run = self.next_run();
        let id = run.id;
        self.incoming = Some(run);
        self.frontier = self.cursor;
        self.open_effects(id)
    }

    /// Back to 0:00 with nothing run: the scenario is another one now.
    pub(super) fn start_over(&mut self) -> Vec<Effect> {
        let was_open = self.run.is_open() || self.incoming.is_some();
        self.incoming = None;
        self.run = Run::new(0, &self.scenario);
        (self.cursor, self.frontier, self.goal) = (SimTime::ZERO, SimTime::ZERO, None);
        self.find_events();
        let mut effects = self.pause();
        if was_open {
            effects.push(Effect::CloseRun);
        }
        effects
    }

    pub(super) fn run_or_pause(&mut self) -> Vec<Effect> {
        self.message = None;
        if self.playing {
            return self.pause();
        }
        if let Some(first) = self.problems.first() {
            let points = self.problems.iter().map(|problem| self.problem_text(problem)).collect::<Vec<_>>();
            let sub = self.problem_text(first);
            let head = if points.len() == 1 {
                "One field needs another value before this can run.".to_owned()
            } else {
                format!("{} fields need other values before this can run.", points.len())
            };
            self.message = Some(if points.len() == 1 {
                Message { head, sub, points: Vec::new() }
            } else {
                Message { head, sub: "They are marked in the scenario.".to_owned(), points }
            });
            return Vec::new();
        }
        if self.is_at_end() {
            (self.cursor, self.frontier) = (SimTime::ZERO, SimTime::ZERO);
        }
        self.allow_code();
        self.stops = 0;
        self.playing = true;
        self.goal = None;
        let mut effects = self.open_if_needed();
        effects.push(Effect::StartClock);
        effects
    }

    pub(super) fn pause(&mut self) -> Vec<Effect> {
        if self.playing {
            self.playing = false;
            vec![Effect::StopClock]
        } else {
            Vec::new()
        }
    }

    pub(super) fn reset(&mut self) -> Vec<Effect> {
        (self.cursor, self.frontier, self.goal) = (SimTime::ZERO, SimTime::ZERO, None);
        self.pause()
    }

    pub(super) fn step(&mut self, seconds: i64) -> Vec<Effect> {
        let width = self.run.timeline().width().micros().max(MICROS_PER_SECOND);
        let micros = width.saturating_mul(seconds.unsigned_abs());
        let here = self.cursor.micros();
        let there = if seconds < 0 { here.saturating_sub(micros) } else { here.saturating_add(micros) };
        self.go_to(SimTime::from_micros(there))
    }

    pub(super) fn seek(&mut self, seconds: f64) -> Vec<Effect> {
        self.go_to(SimTime::from_micros((seconds.max(0.0) * MICROS_PER_SECOND as f64).round() as u64))
    }

    fn go_to(&mut self, at: SimTime) -> Vec<Effect> {
        let at = at.min(end_of(self.length()));
        let mut effects = self.pause();
        if !self.problems.is_empty() && !self.run.is_open() {
            return effects;
        }
        if at > SimTime::ZERO {
            effects.extend(self.open_if_needed());
        }
        self.goal = (at > self.received()).then_some(Goal::At(at));
        self.show(at.min(self.received()));
        effects
    }

    pub(super) fn jump(&mut self) -> Vec<Effect> {
        let mut effects = self.pause();
        if !self.problems.is_empty() && !self.run.is_open() {
            return effects;
        }
        effects.extend(self.open_if_needed());
        self.goal = Some(Goal::NextEvent);
        self.strive();
        effects
    }

    /// Goes to the goal if it can be reached with what has arrived.
    fn strive(&mut self) {
        match self.goal {
            Some(Goal::At(at)) => {
                if at <= self.received() || self.run.done {
                    self.goal = None;
                }
                self.show(at.min(self.received()));
            }
            Some(Goal::NextEvent) => {
                let soon = self.cursor + self.run.timeline().width();
                let received = self.received();
                let next = self.events.iter().map(|event| event.at).find(|at| *at > soon && *at <= received);
                if let Some(at) = next.or(self.run.done.then_some(received)) {
                    self.goal = None;
                    self.show(at);
                }
            }
            None => {}
        }
    }

    fn show(&mut self, at: SimTime) {
        self.cursor = at;
        self.frontier = self.frontier.max(at);
    }

    pub(super) fn tick(&mut self, elapsed_ms: f64) -> Vec<Effect> {
        if !self.playing || self.incoming.is_some() {
            return Vec::new();
        }
        let received = self.received();
        let there = self.speed.factor().map_or(received, |factor| {
            let micros = elapsed_ms.clamp(0.0, TICK_MS_MAX) * 1_000.0 * factor;
            SimTime::from_micros(self.cursor.micros() + micros as u64).min(received)
        });
        self.show(there.max(self.cursor));
        if self.is_at_end() { self.pause() } else { Vec::new() }
    }

    pub(super) fn hear(&mut self, event: BoxEvent) -> Vec<Effect> {
        match event {
            BoxEvent::Ready if std::mem::take(&mut self.resumes) => self.open_if_needed(),
            BoxEvent::Ready | BoxEvent::Opened { .. } => Vec::new(),
            BoxEvent::Refused { run, problems } => {
                if run != self.run_count {
                    return Vec::new();
                }
                let points = problems.iter().map(|problem| self.problem_text(problem)).collect();
                let effects = self.give_up();
                let head = "The engine does not take this scenario.".to_owned();
                self.message = Some(Message { head, sub: "Change what is named here and run it.".to_owned(), points });
                effects
            }
            BoxEvent::Frames { run, block, rows } => self.take_frames(run, &block, &rows),
            BoxEvent::Tried { id, result } => {
                if id == self.try_count {
                    self.tried = Some(Tried::read(&result));
                }
                Vec::new()
            }
            BoxEvent::Done { run, summary, rows } => {
                if let Some(run) = self.run_named(run) {
                    // Rows that cannot be read are none.
                    let _ = run.invocations.take(&rows);
                    run.done = true;
                    run.endings = Ending::all(&summary);
                    run.summary = Some(summary);
                }
                self.settle(true);
                Vec::new()
            }
            BoxEvent::Failed { message } => {
                let mut effects = self.give_up();
                effects.push(Effect::RestartBox);
                self.tell_stopped(&message);
                effects
            }
            BoxEvent::Stopped { reason } => self.stopped(&reason),
        }
    }

    /// The box was ended. A run is deterministic, so the next box makes it again up to where it was and goes on; what
    /// stops again and again waits until somebody presses Run.
    fn stopped(&mut self, reason: &str) -> Vec<Effect> {
        self.stops += 1;
        let under_way = self.incoming.is_some() || self.run.is_open() && !self.run.done;
        if !under_way || self.stops >= STOPS_MAX {
            let effects = self.give_up();
            self.tell_stopped(reason);
            return effects;
        }
        self.incoming = None;
        if !self.run.done {
            self.run.id = 0;
        }
        self.resumes = true;
        self.tell("The engine was ended and starts anew.", format!("{reason} The run goes on from here."));
        Vec::new()
    }

    /// Asks for one event to be run through the code of a consumer.
    pub(super) fn try_event(&mut self, consumer: u32, event: Option<String>) -> Vec<Effect> {
        let handling = Owner::of_number(consumer).handling(&self.scenario);
        let code = handling.as_ref().and_then(Code::of);
        let Some(code) = code else {
            self.tried = Some(Tried::Refused("This function has no code that could be run.".to_owned()));
            return Vec::new();
        };
        if self.holds_back_code() {
            return Vec::new();
        }
        self.try_count += 1;
        self.tried = Some(Tried::Asked);
        let scenario = packed::pack(&self.scenario);
        vec![Effect::TryCode { id: self.try_count, scenario, consumer, code, event }]
    }

    fn tell_stopped(&mut self, why: &str) {
        self.tell("The engine stopped.", format!("{why} What has arrived is still here. Press Run to start again."));
    }

    fn run_named(&mut self, id: u32) -> Option<&mut Run> {
        match &mut self.incoming {
            Some(run) if run.id == id => Some(run),
            _ if self.run.id == id => Some(&mut self.run),
            _ => None,
        }
    }

    fn take_frames(&mut self, run: u32, block: &[f64], rows: &str) -> Vec<Effect> {
        let Some(run) = self.run_named(run) else { return Vec::new() };
        // Frames of another design mark nothing in this one.
        let own = block.first().is_some_and(|place| (*place as usize) < run.timelines.len());
        // The place of the part comes first.
        let appended = match block {
            [place, rest @ ..] => run.append(*place as usize, rest),
            [] => false,
        };
        let read = run.invocations.take(rows).is_some();
        if !read || !appended {
            let mut effects = self.give_up();
            effects.push(Effect::RestartBox);
            self.tell("The engine sent something that is not a run.", "Press Run to start again.");
            return effects;
        }
        self.settle(own);
        vec![Effect::GrantCredit(1)]
    }

    /// After something arrived: shows the new run if it has come far enough, marks, and goes where it should.
    fn settle(&mut self, own: bool) {
        let far_enough = |run: &Run, cursor| {
            let complete = super::reading::frames_at(run.timeline(), cursor);
            let until = complete.checked_sub(1).map_or(SimTime::ZERO, |last| run.timeline().end_of(last));
            run.done || until <= run.received()
        };
        if let Some(run) = self.incoming.take_if(|run| far_enough(run, self.cursor)) {
            self.run = run;
            self.find_events();
        } else if own {
            self.find_events();
        }
        self.strive();
    }

    /// Forgets the run under way, so that the next press on Run starts another; what is shown stays.
    fn give_up(&mut self) -> Vec<Effect> {
        self.incoming = None;
        self.goal = None;
        if !self.run.done {
            self.run.id = 0;
        }
        self.pause()
    }
}
