//! Who decides what an invocation does, and the code that does it: of a consumer, or of the function of a delivery
//! stream.

use super::canonical::Group;
use super::document::Reader;
use super::{Consumer, Deliver, Design, Firehose, Plan, Scenario};
use crate::handlers::event::{decoded, decoded_len};
use crate::limits;
use std::sync::Arc;

/// Who decides the outcome of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerKind {
    /// The engine: it succeeds unless the injected error rate says otherwise.
    Model,
    /// A program that uses this crate: the engine hands the invocation out and waits for an outcome.
    Host,
    /// The consumer's JavaScript, which whoever runs the scenario runs for it.
    JavaScript,
    /// The consumer's compiled module, likewise.
    Module,
}

impl HandlerKind {
    const ALL: [Self; 4] = [Self::Model, Self::Host, Self::JavaScript, Self::Module];

    /// The word in a document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Host => "host",
            Self::JavaScript => "javascript",
            Self::Module => "module",
        }
    }

    /// Whether code that stands in the scenario decides.
    pub const fn is_code(self) -> bool {
        matches!(self, Self::JavaScript | Self::Module)
    }
}

/// Who says how long an invocation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurationFrom {
    /// The scenario: its end is known when it begins.
    Model,
    /// The code's own virtual time, of which fuel and waits are the parts. A handler of the model has none.
    Code,
}

/// Whose function it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A consumer.
    Consumer {
        /// Number of its stream among [all](Scenario::all_streams).
        stream: u32,
        /// Its place among the consumers of that stream.
        place: u32,
    },
    /// A delivery stream that is behind a stream.
    Deliver {
        /// Number of that stream among [all](Scenario::all_streams).
        stream: u32,
        /// Its place behind that stream.
        place: u32,
    },
    /// A design that is a delivery stream, by its place among the designs beside the first.
    Design(u32),
}

/// A stream of a scenario: of its own design, or of one beside it.
#[derive(Clone, Debug)]
pub struct Placed<'a> {
    /// The beginning of the paths of its fields: nothing for the first, `then.0.`, `designs.1.`, `designs.1.then.0.`.
    pub path: String,
    /// What it is called beside the first, which has no title.
    pub title: String,
    /// The stream.
    pub stream: &'a Scenario,
}

impl Scenario {
    /// Every stream that runs, in the order of their numbers: the own one, those that follow it, then those of each
    /// design beside it.
    pub fn all_streams(&self) -> Vec<Placed<'_>> {
        let mut all = self.placed("", "");
        let titles = self.design_titles();
        for (place, (design, title)) in self.designs.iter().zip(&titles[1..]).enumerate() {
            if let Plan::Stream(stream) = &design.plan {
                all.extend(stream.placed(&format!("designs.{place}."), title));
            }
        }
        all
    }

    /// This stream and those that follow it, where `path` and `title` are those of this one.
    fn placed(&self, path: &str, title: &str) -> Vec<Placed<'_>> {
        let titles = self.stream_titles();
        let placed = |(place, stream)| {
            let title = match (place, title) {
                (0, title) => title.to_owned(),
                (_, "") => titles[place].clone(),
                (_, title) => format!("{} of {title}", titles[place]),
            };
            Placed { path: format!("{path}{}", self.stream_path(place)), title, stream }
        };
        self.streams().into_iter().enumerate().map(placed).collect()
    }

    /// Number of the first stream of a design, by its place among those beside the first, where it is a stream.
    pub fn number_of_design(&self, design: usize) -> u32 {
        let of = |design: &Design| match &design.plan {
            Plan::Stream(stream) => stream.streams().len(),
            Plan::Direct(_) | Plan::Firehose(_) => 0,
        };
        (self.streams().len() + self.designs.iter().take(design).map(of).sum::<usize>()) as u32
    }
}

impl Owner {
    /// Numbers of one kind of owners in one place: there are fewer of each.
    const KIND: u32 = 1_000;

    /// One number for each owner: first those of the first stream and the designs, then two kinds for each other stream.
    pub const fn number(self) -> u32 {
        match self {
            Self::Consumer { stream: 0, place } => place,
            Self::Deliver { stream: 0, place } => Self::KIND + place,
            Self::Design(place) => 2 * Self::KIND + place,
            Self::Consumer { stream, place } => (2 * stream + 1) * Self::KIND + place,
            Self::Deliver { stream, place } => (2 * stream + 2) * Self::KIND + place,
        }
    }

    /// The owner with a number.
    pub const fn of_number(number: u32) -> Self {
        let place = number % Self::KIND;
        match number / Self::KIND {
            0 => Self::Consumer { stream: 0, place },
            1 => Self::Deliver { stream: 0, place },
            2 => Self::Design(place),
            kind if kind % 2 == 1 => Self::Consumer { stream: kind / 2, place },
            kind => Self::Deliver { stream: kind / 2 - 1, place },
        }
    }

    /// Whether it transforms records of a delivery stream.
    pub const fn transforms(self) -> bool {
        !matches!(self, Self::Consumer { .. })
    }

    /// Number of its stream; none where it has no stream.
    pub const fn stream(self) -> Option<u32> {
        match self {
            Self::Consumer { stream, .. } | Self::Deliver { stream, .. } => Some(stream),
            Self::Design(_) => None,
        }
    }

    /// Its stream, with where it stands.
    fn placed(self, scenario: &Scenario) -> Option<Placed<'_>> {
        scenario.all_streams().into_iter().nth(self.stream()? as usize)
    }

    /// Its stream alone: this is asked for each invocation.
    fn stream_of(self, scenario: &Scenario) -> Option<&Scenario> {
        let mut place = self.stream()? as usize;
        let designs = scenario.designs.iter().filter_map(|design| match &design.plan {
            Plan::Stream(stream) => Some(&**stream),
            Plan::Direct(_) | Plan::Firehose(_) => None,
        });
        for first in std::iter::once(scenario).chain(designs) {
            if place == 0 {
                return Some(first);
            }
            let streams = first.streams();
            if let Some(stream) = streams.get(place) {
                return Some(stream);
            }
            place -= streams.len();
        }
        None
    }

    /// The group of a document in which its code stands.
    pub fn path(self, scenario: &Scenario) -> String {
        let of = self.placed(scenario).map_or_else(String::new, |placed| placed.path);
        match self {
            Self::Consumer { place, .. } => format!("{of}consumers.{place}"),
            Self::Deliver { place, .. } => format!("{of}deliver.{place}.firehose.transform"),
            Self::Design(place) => format!("designs.{place}.firehose.transform"),
        }
    }

    /// What people call it: of a consumer its title, of others whose function it is, and where that is not said by the
    /// first stream.
    pub fn title(self, scenario: &Scenario) -> String {
        if let Self::Design(place) = self {
            let titles = scenario.design_titles();
            return format!("the function of {}", titles.get(place as usize + 1).map_or("Firehose", String::as_str));
        }
        let Some(Placed { title: of, stream, .. }) = self.placed(scenario) else { return String::new() };
        let title = match self {
            Self::Consumer { place, .. } => stream.title_of(place as usize),
            Self::Deliver { place, .. } | Self::Design(place) => {
                let title = stream.deliver.get(place as usize).map_or("Firehose", Deliver::title);
                format!("the function of {title}")
            }
        };
        if of.is_empty() { title } else { format!("{title} of {of}") }
    }

    /// The consumer, with its stream.
    pub fn consumer(self, scenario: &Scenario) -> Option<(&Scenario, &Consumer)> {
        let Self::Consumer { place, .. } = self else { return None };
        let stream = self.stream_of(scenario)?;
        Some((stream, stream.consumers.get(place as usize)?))
    }

    /// The delivery stream whose function it is, with the scenario whose records it gets.
    pub fn firehose(self, scenario: &Scenario) -> Option<(&Scenario, &Firehose)> {
        match self {
            Self::Consumer { .. } => None,
            Self::Deliver { place, .. } => {
                let stream = self.stream_of(scenario)?;
                Some((stream, &stream.deliver.get(place as usize)?.firehose))
            }
            Self::Design(place) => match &scenario.designs.get(place as usize)?.plan {
                Plan::Firehose(firehose) => Some((scenario, firehose)),
                Plan::Stream(_) | Plan::Direct(_) => None,
            },
        }
    }

    /// Memory of the function in MB, which decides its share of a processor: what is no function has a whole one.
    pub fn memory_mb(self, scenario: &Scenario) -> u64 {
        let consumer = self.consumer(scenario).map(|(_, consumer)| consumer.share_mb());
        let firehose = || self.firehose(scenario).map(|(_, firehose)| firehose.share_mb());
        consumer.or_else(firehose).unwrap_or(limits::LAMBDA_VCPU_MB)
    }

    /// What decides for it, if the scenario has it.
    pub fn handling(self, scenario: &Scenario) -> Option<Handling> {
        let consumer = self.consumer(scenario).map(|(_, consumer)| consumer.handling());
        consumer.or_else(|| Some(self.firehose(scenario)?.1.handling.clone()))
    }

    /// All that a scenario has: the consumers of its streams, what delivers behind them, the delivery streams among its
    /// designs.
    pub fn all(scenario: &Scenario) -> impl Iterator<Item = (Self, Handling)> + '_ {
        let mut owners = Vec::new();
        for (number, Placed { stream: of, .. }) in (0..).zip(scenario.all_streams()) {
            owners.extend((0..of.consumers.len() as u32).map(|place| Self::Consumer { stream: number, place }));
            owners.extend((0..of.deliver.len() as u32).map(|place| Self::Deliver { stream: number, place }));
        }
        owners.extend((0..scenario.designs.len() as u32).map(Self::Design));
        owners.into_iter().filter_map(|owner| Some((owner, owner.handling(scenario)?)))
    }
}

impl Consumer {
    /// Memory in MB that decides its code's share of a processor: what is no function has a whole one.
    pub fn share_mb(&self) -> u64 {
        if self.is_mapping() { self.memory_mb.into() } else { limits::LAMBDA_VCPU_MB }
    }
}

impl Firehose {
    /// Memory of its function in MB, which decides its code's share of a processor.
    pub fn share_mb(&self) -> u64 {
        self.stream.transform.memory_mb.map_or(limits::LAMBDA_VCPU_MB, u64::from)
    }
}

/// Who decides what the invocations of a function do, and how long they take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handling {
    /// Who decides what an invocation does.
    pub kind: HandlerKind,
    /// The source text of its JavaScript; may stand there unused.
    pub code: Arc<str>,
    /// Its compiled module in base64; may stand there unused.
    pub module: Arc<str>,
    /// Who says how long an invocation takes.
    pub duration_from: DurationFrom,
}

impl Handling {
    /// Whether the length of an invocation is known only when its code has answered.
    pub fn waits_for_code(&self) -> bool {
        self.duration_from == DurationFrom::Code && self.kind != HandlerKind::Model
    }

    /// Bytes of the code that decides; none where no code does.
    pub fn code_bytes(&self) -> usize {
        match self.kind {
            HandlerKind::JavaScript => self.code.len(),
            HandlerKind::Module => self.module.len() / 4 * 3,
            HandlerKind::Model | HandlerKind::Host => 0,
        }
    }

    /// The fields of a group that are about it.
    pub(super) fn read(read: &Reader<'_>, of: &impl Fn(&str) -> String) -> Self {
        let word = read.text(&of("handler"));
        let from = read.text(&of("duration_from"));
        Self {
            kind: HandlerKind::ALL.into_iter().find(|kind| kind.word() == word).unwrap_or(HandlerKind::Model),
            code: read.text(&of("code")).into(),
            module: read.text(&of("module")).into(),
            duration_from: if from == "code" { DurationFrom::Code } else { DurationFrom::Model },
        }
    }

    /// The same in a canonical document.
    pub(super) fn write(&self, group: &mut Group) {
        group.word("handler", self.kind.word());
        for (name, text) in [("code", &self.code), ("module", &self.module)] {
            if !text.is_empty() {
                group.word(name, text);
            }
        }
        group.word("duration_from", if self.duration_from == DurationFrom::Code { "code" } else { "model" });
    }

    /// Reports code that is missing or too large.
    pub(super) fn fits(&self, read: &mut Reader<'_>, of: &impl Fn(&str) -> String) {
        let (code, module) = (&*self.code, &*self.module);
        match self.kind {
            HandlerKind::JavaScript if code.trim().is_empty() => {
                read.wrong(&of("code"), "there is no code; write a handler here, or choose \"model\"".to_owned());
            }
            HandlerKind::Module if module.is_empty() => {
                read.wrong(&of("module"), "there is no module; upload one, or choose \"model\"".to_owned());
            }
            _ => {}
        }
        let most = limits::HANDLER_SOURCE_MAX;
        if code.len() as u64 > most.get() {
            let (has, most) = (limits::grouped(code.len() as u64), limits::grouped(most.get()));
            read.wrong(&of("code"), format!("has {has} bytes; shorten it to at most {most}"));
        }
        let Some(bytes) = decoded_len(module) else {
            return read.wrong(&of("module"), "this is not base64; upload the module again".to_owned());
        };
        let most = limits::HANDLER_MODULE_MAX.get();
        if bytes > most {
            let (has, most) = (limits::grouped(bytes), limits::grouped(most));
            read.wrong(&of("module"), format!("has {has} bytes; a module may have at most {most}"));
        }
    }
}

/// The code of a function, for whoever runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// The source text of JavaScript.
    JavaScript(Arc<str>),
    /// A compiled module.
    Module(Arc<[u8]>),
}

impl Code {
    /// The code that decides for a function, if some does.
    pub fn of(handling: &Handling) -> Option<Self> {
        match handling.kind {
            HandlerKind::Model | HandlerKind::Host => None,
            HandlerKind::JavaScript => Some(Self::JavaScript(Arc::clone(&handling.code))),
            HandlerKind::Module => Some(Self::Module(decoded(&handling.module).unwrap_or_default().into())),
        }
    }

    /// The code of all functions of a scenario, by the [number](Owner::number) of their owners.
    pub fn all(scenario: &Scenario) -> Vec<(u32, Self)> {
        Owner::all(scenario).filter_map(|(owner, handling)| Some((owner.number(), Self::of(&handling)?))).collect()
    }
}
