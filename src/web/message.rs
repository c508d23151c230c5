//! What comes out of the box, read as what it is: a message from a stranger. Types, sizes and numbers are checked.

use js_sys::{ArrayBuffer, Float64Array, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// A block of frames is at most so long, in bytes; the worker aims at 256 KiB, but sends at least one whole frame.
const BLOCK_BYTES_MAX: u32 = 8 << 20;

/// A block says in three numbers what it is before its columns begin.
const BLOCK_BYTES_MIN: u32 = 3 * 8;

/// A text is at most so long, in UTF-16 units.
const TEXT_LEN_MAX: u32 = 16 << 20;

/// What the page hears about the box.
#[derive(Clone, Debug, PartialEq)]
pub enum BoxEvent {
    /// The engine is there; what was opened before this waits no longer.
    Ready,
    /// The engine took the scenario of a run.
    Opened {
        /// The run, as it was named when it was opened.
        id: u32,
    },
    /// The engine refused the scenario of a run.
    Refused {
        /// The run.
        id: u32,
        /// What is wrong: JSON, a list of problems.
        message: String,
    },
    /// Frames of a run. Each of these uses up one credit.
    Frames {
        /// The run.
        id: u32,
        /// The block, in the form of `Timeline::encode`; what it says is not checked.
        block: Vec<f64>,
        /// What consumers' code did: JSON, or empty.
        rows: String,
    },
    /// A run came to its end, and all its frames were sent.
    Done {
        /// The run.
        id: u32,
        /// The summary: JSON.
        summary: String,
        /// What consumers' code did last: JSON, or empty.
        rows: String,
    },
    /// One event was run through code.
    Tried {
        /// The try, as it was named when it was asked for.
        id: u32,
        /// What came of it: JSON.
        result: String,
    },
    /// A run cannot go on, or, where `id` is 0, the engine cannot start.
    Failed {
        /// The run.
        id: u32,
        /// Why, in words.
        message: String,
    },
    /// The box was ended because it did not behave; its run is lost, and a new box is being started.
    Stopped {
        /// Why, in words.
        reason: String,
    },
}

/// A message from the worker.
pub(super) enum Message {
    /// Something that the page hears about.
    Event(BoxEvent),
    /// The answer to a ping.
    Pong {
        /// The number that the ping carried.
        n: u32,
    },
}

impl Message {
    /// Reads a message; none if it is not one.
    pub(super) fn read(data: &JsValue) -> Option<Self> {
        let id = || whole(data, "id");
        let event = match text(data, "type")?.as_str() {
            "ready" => BoxEvent::Ready,
            "opened" => BoxEvent::Opened { id: id()? },
            "refused" => BoxEvent::Refused { id: id()?, message: text(data, "message")? },
            "frames" => BoxEvent::Frames { id: id()?, block: block(data)?, rows: text(data, "rows")? },
            "done" => BoxEvent::Done { id: id()?, summary: text(data, "summary")?, rows: text(data, "rows")? },
            "tried" => BoxEvent::Tried { id: id()?, result: text(data, "result")? },
            "failed" => BoxEvent::Failed { id: id()?, message: text(data, "message")? },
            "pong" => return Some(Self::Pong { n: whole(data, "n")? }),
            _ => return None,
        };
        Some(Self::Event(event))
    }
}

/// A field of a message. What arrived was copied by the browser, so asking for it runs no code of the sender's.
fn field(data: &JsValue, name: &str) -> Option<JsValue> {
    if !data.is_object() {
        return None;
    }
    Reflect::get(data, &JsValue::from_str(name)).ok()
}

pub(super) fn text(data: &JsValue, name: &str) -> Option<String> {
    let value = field(data, name)?.dyn_into::<js_sys::JsString>().ok()?;
    (value.length() <= TEXT_LEN_MAX).then(|| String::from(value))
}

fn whole(data: &JsValue, name: &str) -> Option<u32> {
    let value = field(data, name)?.as_f64()?;
    let fits = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
    fits.then_some(value as u32)
}

fn block(data: &JsValue) -> Option<Vec<f64>> {
    let buffer = field(data, "buffer")?.dyn_into::<ArrayBuffer>().ok()?;
    let bytes = buffer.byte_length();
    let fits = bytes % 8 == 0 && (BLOCK_BYTES_MIN..=BLOCK_BYTES_MAX).contains(&bytes);
    fits.then(|| Float64Array::new(&buffer).to_vec())
}
