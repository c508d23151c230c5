//! Who decides what an invocation does, and the code that does it: of a consumer, or of the function of a delivery
//! stream.

use super::canonical::Group;
use super::document::Reader;
use super::{Consumer, Deliver, Firehose, Plan, Scenario};
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
    /// A consumer, by its place in the scenario.
    Consumer(u32),
    /// A delivery stream behind the scenario's stream, by its place there.
    Deliver(u32),
    /// A design that is a delivery stream, by its place among the designs beside the first.
    Design(u32),
}

impl Owner {
    /// Numbers of one kind of owners: there are fewer of each.
    const KIND: u32 = 1_000;

    /// One number for each owner.
    pub const fn number(self) -> u32 {
        match self {
            Self::Consumer(place) => place,
            Self::Deliver(place) => Self::KIND + place,
            Self::Design(place) => 2 * Self::KIND + place,
        }
    }

    /// The owner with a number.
    pub const fn of_number(number: u32) -> Self {
        let place = number % Self::KIND;
        match number / Self::KIND {
            0 => Self::Consumer(place),
            1 => Self::Deliver(place),
            _ => Self::Design(place),
        }
    }

    /// The group of a document in which its code stands.
    pub fn path(self) -> String {
        match self {
            Self::Consumer(place) => format!("consumers.{place}"),
            Self::Deliver(place) => format!("deliver.{place}.firehose.transform"),
            Self::Design(place) => format!("designs.{place}.firehose.transform"),
        }
    }

    /// What people call it: of a consumer its title, of others whose function it is.
    pub fn title(self, scenario: &Scenario) -> String {
        match self {
            Self::Consumer(place) => scenario.title_of(place as usize),
            Self::Deliver(place) => {
                let title = scenario.deliver.get(place as usize).map_or("Firehose", Deliver::title);
                format!("the function of {title}")
            }
            Self::Design(place) => {
                let titles = scenario.design_titles();
                format!("the function of {}", titles.get(place as usize + 1).map_or("Firehose", String::as_str))
            }
        }
    }

    /// Memory of the function in MB, which decides its share of a processor: what is no function has a whole one.
    pub fn memory_mb(self, scenario: &Scenario) -> u64 {
        let set = match self {
            Self::Consumer(place) => {
                let of = scenario.consumers.get(place as usize).filter(|of| of.is_mapping());
                of.map(|of| of.memory_mb)
            }
            Self::Deliver(_) | Self::Design(_) => self.firehose(scenario).and_then(|of| of.stream.transform.memory_mb),
        };
        set.map_or(limits::LAMBDA_VCPU_MB, u64::from)
    }

    /// The delivery stream whose function it is.
    pub fn firehose(self, scenario: &Scenario) -> Option<&Firehose> {
        match self {
            Self::Consumer(_) => None,
            Self::Deliver(place) => scenario.deliver.get(place as usize).map(|deliver| &deliver.firehose),
            Self::Design(place) => match &scenario.designs.get(place as usize)?.plan {
                Plan::Firehose(firehose) => Some(firehose),
                Plan::Stream(_) | Plan::Direct(_) => None,
            },
        }
    }

    /// What decides for it, if the scenario has it.
    pub fn handling(self, scenario: &Scenario) -> Option<Handling> {
        match self {
            Self::Consumer(place) => scenario.consumers.get(place as usize).map(Consumer::handling),
            Self::Deliver(_) | Self::Design(_) => self.firehose(scenario).map(|of| of.handling.clone()),
        }
    }

    /// All that a scenario has: its consumers, what delivers behind its stream, the delivery streams among its designs.
    pub fn all(scenario: &Scenario) -> impl Iterator<Item = (Self, Handling)> + '_ {
        let consumers = (0..scenario.consumers.len() as u32).map(Self::Consumer);
        let deliver = (0..scenario.deliver.len() as u32).map(Self::Deliver);
        let designs = (0..scenario.designs.len() as u32).map(Self::Design);
        let owners = consumers.chain(deliver).chain(designs);
        owners.filter_map(|owner| Some((owner, owner.handling(scenario)?)))
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

impl Reader<'_> {
    /// Reports the handlers of a stream that is not the first one: nobody would be asked what they do.
    pub(super) fn no_code(&mut self, stream: &Scenario, of: &impl Fn(&str) -> String, place: &str) {
        for (owner, handling) in Owner::all(stream) {
            if handling.kind != HandlerKind::Model {
                let path = of(&format!("{}.handler", owner.path()));
                self.wrong(&path, format!("code runs {place} only; choose \"model\""));
            }
        }
    }
}
