//! The page as data: what is typed, what runs, what is shown, and what each action does to it.

mod shown;

use super::action::{Action, Effect, Speed, Theme};
use super::compare::CompareState;
use super::event::Event;
use super::handbook::Handbook;
use super::handler::HandlerState;
use super::invocations::Tried;
use super::parts::{self, Parts};
use super::playback::{Goal, Run};
use super::reading::{self, Reader, Reading};
use super::results::Results;
use super::share::Sharing;
use super::start::Start;
use super::verdict::{self, Verdict};
use super::video::Kept;
use super::words::span_text;
use super::{capacity, events, form, playback};
use crate::cost;
use crate::metrics::{Finding, View};
use crate::scenario::{Draft, Problem, Scenario, presets};
use crate::units::{SimTime, Span};

/// How often the verdict may change while it is watched, in milliseconds.
const VERDICT_EVERY_MS: f64 = 350.0;
/// How often a screen reader is told, in milliseconds.
const ANNOUNCE_EVERY_MS: f64 = 5_000.0;

/// Of the document, of the run, of the stream and of the consumer that are shown, and of the frames that have arrived.
pub type RunState = [usize; 5];

/// What the page has to tell instead of a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What happened, in a sentence.
    pub head: String,
    /// What to do about it.
    pub sub: String,
    /// Single points, such as every problem of a file.
    pub points: Vec<String>,
}

/// The whole page.
pub struct Model {
    pub(super) draft: Draft,
    /// Texts in fields that cannot be read as what they should be; they stay as they were typed.
    pub(super) raw: Vec<(String, String)>,
    pub(super) problems: Vec<Problem>,
    /// Counts the changes of the document.
    pub(super) revision: u32,
    /// The last draft that could be run.
    pub(super) scenario: Scenario,
    pub(super) preset: Option<String>,
    /// Whether anything was changed since the document was opened.
    pub(super) edited: bool,
    /// The preset whose table is on its way, and the second to show when it is there.
    pub(super) awaited: Option<(String, Option<f64>)>,
    /// What is shown. Empty before the first run.
    pub(super) run: Run,
    /// A run that replaces the shown one as soon as it has come as far as the cursor.
    pub(super) incoming: Option<Run>,
    pub(super) run_count: u32,
    /// What its queries found.
    pub(super) results: Results,
    /// What its cameras send.
    pub(super) video: Kept,
    /// The last event that was run through code outside of a run, and how many there were.
    pub(super) tried: Option<Tried>,
    pub(super) try_count: u32,
    /// How often the box was ended since somebody pressed Run, and whether the run goes on with the next one.
    pub(super) stops: u32,
    pub(super) resumes: bool,
    pub(super) events: Vec<Event>,
    /// Place of the stream that was chosen to be shown.
    pub(super) stream: usize,
    /// Index of the consumer that was chosen to be shown.
    pub(super) consumer: usize,
    pub(super) playing: bool,
    pub(super) speed: Speed,
    pub(super) cursor: SimTime,
    pub(super) frontier: SimTime,
    pub(super) goal: Option<Goal>,
    pub(super) message: Option<Message>,
    pub(super) sharing: Sharing,
    /// What is shown for whoever asks, once it has come; and whether it is on its way.
    handbook: Option<Handbook>,
    handbook_asked: bool,
    theme: Theme,
    present: bool,
    pub(super) sheet: bool,
    log: bool,
    /// The change of the document for which somebody is finding a size.
    pub(super) sized: u32,
    /// What it does in views that are drawn later, once that is here.
    pub(super) parts: Option<&'static Parts>,
    /// What waits until those have come.
    pub(super) waiting: Vec<Action>,
    pub(super) handler: HandlerState,
    pub(super) compare: CompareState,
    /// Milliseconds of watching: the time that moving marks follow.
    watched_ms: f64,
    verdict: Verdict,
    verdict_at_ms: f64,
    announced: String,
    announced_at_ms: f64,
}

impl Model {
    /// The page at its start, with what has to be done at once.
    pub fn new(start: &Start) -> (Self, Vec<Effect>) {
        // A preset that is made of a table is opened when the table has come.
        let asked = presets::by_id(&start.preset);
        let preset = asked.filter(|preset| preset.table_file().is_none()).unwrap_or(&presets::ALL[0]);
        let draft = preset.plain();
        let scenario = draft.check().expect("every preset is tested to be free of problems");
        let mut model = Self {
            draft,
            raw: Vec::new(),
            problems: Vec::new(),
            revision: 0,
            run: Run::new(0, &scenario),
            speed: Speed::for_length(scenario.length.seconds_f64()),
            scenario,
            preset: Some(preset.id.to_owned()),
            edited: false,
            awaited: None,
            incoming: None,
            run_count: 0,
            results: Results::default(),
            video: Kept::default(),
            tried: None,
            try_count: 0,
            stops: 0,
            resumes: false,
            events: Vec::new(),
            stream: 0,
            consumer: 0,
            playing: false,
            cursor: SimTime::ZERO,
            frontier: SimTime::ZERO,
            goal: None,
            message: None,
            sharing: Sharing::default(),
            handbook: None,
            handbook_asked: false,
            theme: start.theme,
            present: start.present,
            sheet: start.sheet,
            log: start.log,
            sized: 0,
            parts: parts::at_start(),
            waiting: Vec::new(),
            handler: HandlerState::new(start.handler),
            compare: CompareState { open: start.compare || preset.compares(), form: None },
            watched_ms: 0.0,
            verdict: Verdict::default(),
            verdict_at_ms: 0.0,
            announced: String::new(),
            announced_at_ms: 0.0,
        };
        model.find_events();
        let mut effects = vec![Effect::SetTheme(start.theme), Effect::SetPresent(start.present)];
        effects.extend(model.begin(start));
        // What came by link waits for a press.
        let foreign = start.link.is_some() || model.has_foreign_code();
        let seconds = start.at_seconds.filter(|seconds| *seconds > 0.0 && !foreign);
        if let Some(asked) = asked.filter(|asked| asked.id != preset.id) {
            effects.extend(model.choose_preset(asked.id));
            model.awaited = model.awaited.map(|(id, _)| (id, seconds));
        } else if let Some(seconds) = seconds {
            effects.extend(model.seek(seconds));
        }
        model.renew_verdict(&mut effects, true);
        (model, effects)
    }

    /// Does what an action asks for and says what the surroundings have to do.
    pub fn update(&mut self, action: Action) -> Vec<Effect> {
        let ticked = matches!(action, Action::Tick { .. } | Action::Box(_));
        let mut effects = match action {
            Action::Edit { path, text } => self.edit(&path, &text),
            Action::Nudge { path, steps } => self.nudge(&path, steps),
            Action::Set(values) => self.set_all(&values),
            Action::ShowStream(place) => {
                (self.stream, self.consumer) = (place, 0);
                self.show_consumers_handler();
                self.find_events();
                Vec::new()
            }
            Action::ShowConsumer(index) => {
                self.consumer = index;
                self.show_consumers_handler();
                self.find_events();
                Vec::new()
            }
            Action::ChoosePreset(id) => {
                self.forget_link();
                self.choose_preset(&id)
            }
            Action::FileUnreadable { name } => {
                self.tell(format!("{name} could not be read."), "Try to drop it again, or choose it with the button.");
                Vec::new()
            }
            Action::RunOrPause => self.run_or_pause(),
            Action::Reset => self.reset(),
            Action::Step(seconds) => self.step(seconds),
            Action::Seek { seconds } => self.seek(seconds),
            Action::JumpToNextEvent => self.jump(),
            Action::SetSpeed(speed) => {
                self.speed = speed;
                Vec::new()
            }
            Action::Tick { elapsed_ms } => {
                self.watched_ms += elapsed_ms;
                self.tick(elapsed_ms)
            }
            Action::Box(event) => self.hear(event),
            Action::TogglePresent => {
                self.present = !self.present;
                vec![Effect::SetPresent(self.present), Effect::SetFullscreen(self.present)]
            }
            Action::SetTheme(theme) => {
                self.theme = theme;
                let value = theme.name().to_owned();
                vec![Effect::SetTheme(theme), Effect::SavePreference { key: "theme", value }]
            }
            Action::OpenSheet(open) => {
                self.sheet = open;
                Vec::new()
            }
            Action::ToggleLog => {
                self.log = !self.log;
                Vec::new()
            }
            Action::ToggleHandler => self.toggle_handler(),
            Action::ToggleCompare => self.toggle_compare(),
            Action::DismissMessage => {
                self.message = None;
                Vec::new()
            }
            Action::SaveScenario => vec![self.save()],
            Action::Link(action) => self.link(action),
            Action::FindSize => self.find_size(),
            Action::Results(text) => self.take_results(text),
            Action::AskHandbook if self.handbook_asked => Vec::new(),
            Action::AskHandbook => {
                self.handbook_asked = true;
                vec![Effect::FetchHandbook]
            }
            Action::Handbook(text) => {
                self.handbook = text.as_deref().and_then(Handbook::read);
                // What could not be had is asked for again.
                self.handbook_asked = self.handbook.is_some();
                self.revision += 1;
                Vec::new()
            }
            rare => self.act_rarely(rare),
        };
        self.mind_work(&mut effects);
        self.renew_verdict(&mut effects, !(ticked && self.playing));
        effects
    }

    /// The document as typed.
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// What the scenario column is made from.
    pub fn form(&self) -> form::Source<'_> {
        form::Source {
            draft: &self.draft,
            raw: &self.raw,
            problems: &self.problems,
            scenario: &self.scenario,
            timeline: self.run.timeline().seen_by(0),
            cursor: self.cursor,
            handbook: self.handbook(),
        }
    }

    /// A number that changes whenever the scenario column does: with the document, and with the operations that
    /// are in force at the cursor.
    pub fn form_state(&self) -> (u32, usize) {
        let passed = self.scenario.operations.iter().filter(|planned| planned.at <= self.cursor).count();
        (self.revision, passed)
    }

    /// Numbers that change whenever the frames in view do: of the document, of the run, of the consumer that is shown,
    /// and how many have arrived.
    pub fn run_state(&self) -> RunState {
        [self.revision as usize, self.run.id as usize, self.stream(), self.consumer(), self.timeline().frames()]
    }

    /// Rules, constants and what the fields say, once they have come.
    pub const fn handbook(&self) -> Option<&Handbook> {
        self.handbook.as_ref()
    }

    /// Whether they are on their way.
    pub const fn awaits_handbook(&self) -> bool {
        self.handbook_asked && self.handbook.is_none()
    }

    /// What keeps the draft from being run, each at its field.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The scenario: the last draft that could be run.
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The stream that is shown, with what reads it: the scenario itself, or one that follows.
    pub fn shown(&self) -> &Scenario {
        self.scenario.streams()[self.stream()]
    }

    /// Place of the stream that is shown.
    pub fn stream(&self) -> usize {
        self.stream.min(self.run.timelines.len().min(self.scenario.streams().len()) - 1)
    }

    /// What the streams are called; empty where there is one only.
    pub fn streams(&self) -> Vec<String> {
        if self.scenario.then.is_empty() { Vec::new() } else { self.scenario.stream_titles() }
    }

    /// Id of the chosen preset, as long as nothing was changed in it.
    pub fn preset(&self) -> Option<&str> {
        self.preset.as_deref()
    }

    /// Whether the document is another one than what was opened.
    pub const fn is_edited(&self) -> bool {
        self.edited
    }

    /// The frames that have arrived, as the consumer sees them that is shown.
    pub fn timeline(&self) -> View<'_> {
        self.run.timelines[self.stream()].seen_by(self.consumer())
    }

    /// Index of the consumer that is shown.
    pub fn consumer(&self) -> usize {
        self.consumer.min(self.run.timelines[self.stream()].consumers() - 1)
    }

    /// The marked moments, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The instant that is shown.
    pub const fn cursor(&self) -> SimTime {
        self.cursor
    }

    /// The latest instant that was shown in this run.
    pub const fn frontier(&self) -> SimTime {
        self.frontier
    }

    /// Length of the run.
    pub const fn length(&self) -> Span {
        self.scenario.length
    }

    /// Whether nothing was shown yet.
    pub fn is_first_visit(&self) -> bool {
        self.frontier == SimTime::ZERO
    }

    /// Whether the cursor stands at the end of a finished run.
    pub fn is_at_end(&self) -> bool {
        self.run.done && self.cursor >= playback::end_of(self.length())
    }

    /// Complete frames at the cursor.
    pub fn frames(&self) -> usize {
        reading::frames_at(&self.run.timelines[self.stream()], self.cursor)
    }

    /// The numbers at the cursor.
    pub fn reading(&self) -> Reading<'_> {
        Reading::new(self.timeline(), self.frames())
    }

    /// The sentence at the cursor, renewed at most three times a second while it is watched.
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// How each consumer stands at the cursor; empty where there is one only.
    pub fn readers(&self) -> Vec<Reader> {
        let all = 0..self.run.timelines[self.stream()].consumers();
        let of = |consumer| Reader::new(self.shown(), self.timeline().seen_by(consumer), self.frames());
        if all.len() > 1 { all.map(of).collect() } else { Vec::new() }
    }

    /// What explains the run up to the cursor.
    pub fn findings(&self) -> Vec<Finding> {
        cost::findings(self.shown(), self.timeline(), self.frames())
    }

    /// What stands on the filled button.
    pub fn button(&self) -> &'static str {
        if self.playing {
            "Pause"
        } else if self.is_at_end() {
            "Run again"
        } else if self.cursor > SimTime::ZERO {
            "Resume"
        } else if self.compares() {
            "Run all"
        } else {
            "Run"
        }
    }

    /// Puts a message where the verdict stands.
    pub(super) fn tell(&mut self, head: impl Into<String>, sub: impl Into<String>) {
        self.message = Some(Message { head: head.into(), sub: sub.into(), points: Vec::new() });
    }

    /// Looks for the marked moments again.
    pub(super) fn find_events(&mut self) {
        self.events = events::events(self.shown(), self.timeline());
    }

    fn passing(&self) -> String {
        let length = self.length().seconds_f64();
        let of_traffic = format!("{} of traffic pass", span_text(length));
        match self.speed.factor() {
            Some(1.0) => format!("{of_traffic} in real time."),
            Some(factor) => format!("{of_traffic} in {}.", span_text(length / factor)),
            None => format!("{of_traffic} as fast as they are computed."),
        }
    }

    pub(super) fn renew_verdict(&mut self, effects: &mut Vec<Effect>, at_once: bool) {
        let due = self.watched_ms - self.verdict_at_ms >= VERDICT_EVERY_MS;
        if at_once || due || self.is_at_end() {
            self.verdict_at_ms = self.watched_ms;
            self.verdict = if self.compares() {
                let passing = self.passing();
                self.parts.map_or_else(Verdict::default, |parts| (parts.verdict)(self, &passing))
            } else if self.frames() == 0 {
                verdict::question(&self.scenario, &self.passing())
            } else {
                verdict::verdict(self.shown(), self.timeline(), self.frames())
            };
            if let Some(parts) = self.parts.filter(|_| self.frames() > 0 && !self.compares()) {
                let mut verdict = std::mem::take(&mut self.verdict);
                (parts.say_deliveries)(self, &mut verdict);
                self.verdict = verdict;
            }
        }
        // What is typed, dragged or stepped is heard where it is typed; only what plays has to be told.
        let quiet = self.watched_ms - self.announced_at_ms < ANNOUNCE_EVERY_MS && !self.is_at_end();
        let spoken =
            self.message.as_ref().map_or_else(|| self.verdict.spoken(), |it| format!("{} {}", it.head, it.sub));
        if self.announced.is_empty() {
            self.announced = spoken;
        } else if spoken != self.announced && (!quiet || !self.playing) {
            self.announced_at_ms = self.watched_ms;
            self.announced = spoken.clone();
            effects.push(Effect::Announce(spoken));
        }
    }

    /// The age from which on work counts as late at the cursor, in seconds.
    pub fn late_after_seconds(&self) -> f64 {
        let (_, consumer) = capacity::in_force(self.shown(), self.consumer(), self.cursor);
        capacity::late_after(self.shown(), &consumer).seconds_f64()
    }
}
