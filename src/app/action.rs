//! Everything that can happen to the page, and everything the page can ask its surroundings to do.

use crate::scenario::{Code, Owner, Problem};
use serde_json::Value;

/// Something that happened: a press, a key, a file, a message from the box, a moment of time.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A field was typed into or chosen from.
    Edit {
        /// Path of the knob, as the form gave it.
        path: String,
        /// What stands in the field now.
        text: String,
    },
    /// A field was stepped up or down with a button.
    Nudge {
        /// Path of the knob.
        path: String,
        /// So many steps, negative for down.
        steps: i64,
    },
    /// Values were set by something other than a field, such as a handle on the curve.
    Set(Vec<(String, Value)>),
    /// One more summand of the traffic curve.
    AddPart,
    /// One summand of the traffic curve less.
    RemovePart(usize),
    /// One more consumer.
    AddConsumer,
    /// A consumer less, by its index.
    RemoveConsumer(usize),
    /// Another stream, into which the consumer with this place puts.
    AddStream(usize),
    /// One stream that follows the first less, with all behind it.
    RemoveStream(usize),
    /// Another stream is shown, by its place among all.
    ShowStream(usize),
    /// Another consumer shall be shown, by its index.
    ShowConsumer(usize),
    /// A change at the instant in view, by the kind of its operation: a call to the service, or hosts that die.
    AddOperation(&'static str),
    /// A change during the run is taken back.
    RemoveOperation(String),
    /// A change at the instant in view, of a kind, in the list at a path.
    AddChange(String, &'static str),
    /// One more delivery stream behind the stream.
    AddDelivery,
    /// A delivery stream less, by its place.
    RemoveDelivery(usize),
    /// A preset was chosen by its id.
    ChoosePreset(String),
    /// The table of a preset has come; without text it could not be had.
    Table {
        /// Name of the preset.
        preset: String,
        /// The table.
        text: Option<String>,
    },
    /// A file was dropped on the page or chosen.
    OpenFile {
        /// Its name.
        name: String,
        /// Its content.
        text: String,
    },
    /// A file could not be read.
    FileUnreadable {
        /// Its name.
        name: String,
    },
    /// The one filled button: run, pause, resume, run again.
    RunOrPause,
    /// Back to 0:00.
    Reset,
    /// So many seconds on or back.
    Step(i64),
    /// The slider was moved.
    Seek {
        /// Seconds since the start of the run.
        seconds: f64,
    },
    /// On to the next marked moment, or to the end.
    JumpToNextEvent,
    /// Another speed of playback.
    SetSpeed(Speed),
    /// Time went by in front of the screen.
    Tick {
        /// Milliseconds since the tick before.
        elapsed_ms: f64,
    },
    /// The box reported something.
    Box(BoxEvent),
    /// Into presenting, or out of it.
    TogglePresent,
    /// From light to dark or back.
    SetTheme(Theme),
    /// The sheet with the scenario on a phone was opened or closed.
    OpenSheet(bool),
    /// From the picture of the stream to that of the logs, or back.
    ToggleLog,
    /// The handler view was opened or closed.
    ToggleHandler,
    /// From the workbench to the designs side by side, or back.
    ToggleCompare,
    /// Somebody did something with a design.
    Compare {
        /// What, in a word.
        what: String,
        /// Place of the design, the scenario's own first.
        place: usize,
    },
    /// Code is to be written for the function of this owner.
    WriteHandler(Owner),
    /// Somebody did something in the handler view.
    Handler {
        /// What, in a word.
        what: String,
        /// A text with it: code, a choice, a field's value; may be empty.
        text: String,
    },
    /// The remedy of a finding was pressed.
    TryFinding(usize),
    /// A message was read.
    DismissMessage,
    /// The scenario shall be saved as a file.
    SaveScenario,
    /// Something about links and what is kept of somebody's own work.
    Link(LinkAction),
    /// A size is to be found for the design that is typed.
    FindSize,
    /// A size was taken over: what it changes, as JSON, paths with values; empty where nobody took one, and nothing where
    /// the search could not be had.
    TakeSize(Option<String>),
    /// The results of the queries of a run have come, as JSON; empty where another run took the place of this one, and
    /// nothing where they could not be had.
    Results(Option<String>),
    /// Somebody comes near what the handbook explains.
    AskHandbook,
    /// The handbook has come; without text it could not be had.
    Handbook(Option<String>),
    /// One event is to be run through the code of a consumer: this one, or the first batch of the scenario.
    TryEvent {
        /// Index of the consumer.
        consumer: u32,
        /// The event as JSON.
        event: Option<String>,
    },
}

impl Action {
    /// What a key does, as the browser names it: space or Page Down for the filled button, Page Up back to 0:00,
    /// comma and full stop for a step, n for the next event, l for the logs, h for the handler view, c for the designs
    /// side by side, z to find a size, Escape out of sheet and message.
    pub fn for_key(key: &str) -> Option<Self> {
        match key {
            " " | "PageDown" => Some(Self::RunOrPause),
            "PageUp" => Some(Self::Reset),
            "," => Some(Self::Step(-1)),
            "." => Some(Self::Step(1)),
            "n" => Some(Self::JumpToNextEvent),
            "l" => Some(Self::ToggleLog),
            "h" => Some(Self::ToggleHandler),
            "c" => Some(Self::ToggleCompare),
            "z" => Some(Self::FindSize),
            "Escape" => Some(Self::OpenSheet(false)),
            _ => None,
        }
    }
}

/// What can happen with links, and with what is kept of somebody's own work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkAction {
    /// The link of this scenario is wanted.
    Share,
    /// The link was made, as the link's module answers; without text the module could not be had.
    Made(Option<String>),
    /// The link is to be put into the clipboard.
    Copy,
    /// It was, or the browser refused.
    Copied(bool),
    /// The dialogue of the link was closed.
    Close,
    /// A link stands in the address.
    Open(String),
    /// It was read, as the link's module answers; without text the module could not be had.
    Opened(Option<String>),
    /// What was kept is wanted back.
    BackToMine,
    /// The line above the verdict was read.
    DismissNotice,
    /// What was changed may be saved now.
    KeepWork,
    /// The browser refused to save it.
    WorkUnsaved,
}

/// A report from the box. Each names the run that it belongs to; reports of runs that were given up are ignored.
#[derive(Clone, Debug, PartialEq)]
pub enum BoxEvent {
    /// The engine is there, at the start or after another one was ended.
    Ready,
    /// The engine took the scenario.
    Opened {
        /// The run.
        run: u32,
    },
    /// The engine refused the scenario.
    Refused {
        /// The run.
        run: u32,
        /// What is wrong with it.
        problems: Vec<Problem>,
    },
    /// Frames, in the form of `Timeline::encode`.
    Frames {
        /// The run.
        run: u32,
        /// The block.
        block: Vec<f64>,
        /// What consumers' code did, as JSON; empty where it did nothing.
        rows: String,
    },
    /// The run reached its end.
    Done {
        /// The run.
        run: u32,
        /// What the engine says about the whole of it, as JSON.
        summary: String,
        /// What consumers' code did last, as JSON; empty where it did nothing.
        rows: String,
    },
    /// One event was run through code.
    Tried {
        /// Number of the try.
        id: u32,
        /// What came of it, as JSON.
        result: String,
    },
    /// The engine failed, in this run or as a whole.
    Failed {
        /// What happened.
        message: String,
    },
    /// The engine was ended because it did not behave; another one is being started.
    Stopped {
        /// Why.
        reason: String,
    },
}

/// Something the page asks of its surroundings.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Start a run in the box, giving up the one before.
    OpenRun {
        /// Number of the run, larger than any before.
        run: u32,
        /// The scenario, packed for the box.
        scenario: String,
        /// What its consumers run, by their index.
        code: Vec<(u32, Code)>,
    },
    /// Run one event through code in the box, and answer with `BoxEvent::Tried`.
    TryCode {
        /// Number of the try.
        id: u32,
        /// The scenario, packed for the box.
        scenario: String,
        /// Index of the consumer.
        consumer: u32,
        /// Its code.
        code: Code,
        /// The event as JSON; none for the first batch of the scenario.
        event: Option<String>,
    },
    /// Allow the box to send so many more blocks of frames.
    GrantCredit(u32),
    /// Give the run up; its reports are not wanted any more.
    CloseRun,
    /// End the box and start a new one.
    RestartBox,
    /// Send ticks.
    StartClock,
    /// Send no more ticks.
    StopClock,
    /// Wear another theme.
    SetTheme(Theme),
    /// Lay the page out for a room, or for a desk again.
    SetPresent(bool),
    /// Take the whole screen, or give it back.
    SetFullscreen(bool),
    /// Remember a preference of this person on this machine.
    SavePreference {
        /// Its name.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// Let a screen reader say something, politely.
    Announce(String),
    /// Fetch the table of a preset and answer with `Action::Table`.
    FetchTable {
        /// Name of the preset.
        preset: String,
        /// The file under the root of the site.
        file: String,
    },
    /// Have the link of a document, or the address of a fragment, made and answer with `LinkAction::Made`.
    MakeLink(String),
    /// Have a link read and answer with `LinkAction::Opened`.
    ReadLink(String),
    /// Let somebody find a size for a document and answer with `Action::TakeSize`.
    FindSize(String),
    /// Have the question of a run's results answered, with `Action::Results`.
    AskResults(String),
    /// Put a text into the clipboard and answer with `LinkAction::Copied`.
    Copy(String),
    /// Answer with `LinkAction::KeepWork` in a moment, once for all changes until then.
    SaveSoon,
    /// Keep somebody's own work on this machine; answer with `LinkAction::WorkUnsaved` where that fails.
    SaveWork {
        /// What is being changed.
        work: String,
        /// What was changed before it; empty where there is nothing.
        earlier: String,
    },
    /// Fetch the handbook and answer with `Action::Handbook`.
    FetchHandbook,
    /// Offer a file to save.
    Download {
        /// Its name.
        name: String,
        /// Its content.
        text: String,
    },
}

/// Speed of playback: simulated seconds that pass in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// Real time.
    X1,
    /// Ten times.
    X10,
    /// A minute a second.
    X60,
    /// Five minutes a second.
    X300,
    /// As fast as the engine goes.
    Fast,
}

impl Speed {
    /// Every speed, slowest first.
    pub const ALL: [Self; 5] = [Self::X1, Self::X10, Self::X60, Self::X300, Self::Fast];

    /// Simulated seconds in a second; `None` where nothing holds the run back.
    pub const fn factor(self) -> Option<f64> {
        match self {
            Self::X1 => Some(1.0),
            Self::X10 => Some(10.0),
            Self::X60 => Some(60.0),
            Self::X300 => Some(300.0),
            Self::Fast => None,
        }
    }

    /// What stands on its button.
    pub const fn label(self) -> &'static str {
        match self {
            Self::X1 => "1×",
            Self::X10 => "10×",
            Self::X60 => "60×",
            Self::X300 => "300×",
            Self::Fast => "max",
        }
    }

    /// What its button does, in words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::X1 => "Real time",
            Self::X10 => "Ten seconds a second",
            Self::X60 => "A minute a second",
            Self::X300 => "Five minutes a second",
            Self::Fast => "As fast as the engine goes",
        }
    }

    /// The slowest speed at which a run of so many seconds can be watched within half a minute or little more.
    pub fn for_length(seconds: f64) -> Self {
        let watchable = |speed: &Self| speed.factor().is_none_or(|factor| seconds / factor <= 45.0);
        Self::ALL.into_iter().skip(2).find(watchable).unwrap_or(Self::Fast)
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    System,
    /// Ink on paper.
    Light,
    /// Paper on ink.
    Dark,
}

impl Theme {
    /// The word for it in markup and preferences.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme with this name; the system's for any other.
    pub fn by_name(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}
