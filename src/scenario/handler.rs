//! Who decides what an invocation does, and the code that does it.

use super::canonical::Group;
use super::document::Reader;
use super::{Consumer, Scenario};
use crate::handlers::event::decoded;
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

/// The code of a consumer, for whoever runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// The source text of JavaScript.
    JavaScript(Arc<str>),
    /// A compiled module.
    Module(Arc<[u8]>),
}

impl Code {
    /// The code that decides for a consumer, if some does.
    pub fn of(consumer: &Consumer) -> Option<Self> {
        match consumer.handler {
            HandlerKind::Model | HandlerKind::Host => None,
            HandlerKind::JavaScript => Some(Self::JavaScript(Arc::clone(&consumer.code))),
            HandlerKind::Module => Some(Self::Module(decoded(&consumer.module).unwrap_or_default().into())),
        }
    }

    /// The code of all consumers of a scenario, by their index.
    pub fn all(scenario: &Scenario) -> Vec<(u32, Self)> {
        let of = |(index, consumer)| Some((index, Self::of(consumer)?));
        (0..).zip(&scenario.consumers).filter_map(of).collect()
    }
}

/// Who decides.
pub(super) fn kind(read: &Reader<'_>, of: &impl Fn(&str) -> String) -> HandlerKind {
    let word = read.text(&of("handler"));
    HandlerKind::ALL.into_iter().find(|kind| kind.word() == word).unwrap_or(HandlerKind::Model)
}

/// Who says how long it takes.
pub(super) fn duration_from(read: &Reader<'_>, of: &impl Fn(&str) -> String) -> DurationFrom {
    if read.text(&of("duration_from")) == "code" { DurationFrom::Code } else { DurationFrom::Model }
}

/// Reports code that is missing or too large.
pub(super) fn code_fits(read: &mut Reader<'_>, of: &impl Fn(&str) -> String, consumer: &Consumer) {
    let (code, module) = (&*consumer.code, &*consumer.module);
    match consumer.handler {
        HandlerKind::JavaScript if code.trim().is_empty() => {
            read.wrong(&of("code"), "there is no code; write a handler here, or choose \"model\"".to_owned());
        }
        HandlerKind::Module if module.is_empty() => {
            read.wrong(&of("module"), "there is no module; upload one, or choose \"model\"".to_owned());
        }
        _ => {}
    }
    if consumer.handler == HandlerKind::Module && consumer.tumbling.is_on() {
        let message = "a module keeps no state of a window; choose 0, or \"javascript\"";
        read.wrong(&of("tumbling_window_s"), message.to_owned());
    }
    let most = limits::HANDLER_SOURCE_MAX;
    if code.len() as u64 > most.get() {
        let (has, most) = (limits::grouped(code.len() as u64), limits::grouped(most.get()));
        read.wrong(&of("code"), format!("has {has} bytes; shorten it to at most {most}"));
    }
    let Some(bytes) = base64_len(module) else {
        return read.wrong(&of("module"), "this is not base64; upload the module again".to_owned());
    };
    let most = limits::HANDLER_MODULE_MAX.get();
    if bytes > most {
        let (has, most) = (limits::grouped(bytes), limits::grouped(most));
        read.wrong(&of("module"), format!("has {has} bytes; a module may have at most {most}"));
    }
}

/// Bytes that a text in base64 stands for; none if it is not in base64.
fn base64_len(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches('=');
    let filled = text.len() - digits.len() <= 2 && text.len().is_multiple_of(4);
    let sound = digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    (filled && sound).then_some(digits.len() as u64 * 3 / 4)
}

/// The fields about code as they stand in a canonical document.
pub(super) fn write(group: &mut Group, of: &Consumer) {
    group.word("handler", of.handler.word());
    for (name, text) in [("code", &of.code), ("module", &of.module)] {
        if !text.is_empty() {
            group.word(name, text);
        }
    }
    group.word("duration_from", if of.duration_from == DurationFrom::Code { "code" } else { "model" });
}
