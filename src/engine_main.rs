//! The engine's WebAssembly module: one session behind plain functions, without wasm-bindgen and without Yew.
//!
//! It holds one run at a time. Texts and blocks of frames leave through one buffer, which stays valid until the
//! next call. The other side is the worker in `www/`.

use std::cell::RefCell;
use streamgauge::scenario::packed::unpack;
use streamgauge::session::{Pump, Session};
use streamgauge::units::Span;

#[path = "engine_main/questions.rs"]
mod questions;

use questions::Desk;

/// The run, and the buffers that cross the border.
#[derive(Default)]
struct Host {
    input: Vec<u8>,
    output: Vec<u8>,
    session: Option<Session>,
    desk: Option<Desk>,
    /// Frames of each stream that have been taken.
    taken: Vec<usize>,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::default();
}

fn main() {}

/// Makes room for `len` bytes of input and says where.
#[unsafe(no_mangle)]
pub extern "C" fn sg_alloc(len: u32) -> *mut u8 {
    HOST.with_borrow_mut(|host| {
        host.input.resize(len as usize, 0);
        host.input.as_mut_ptr()
    })
}

/// Opens the packed scenario that fills the input buffer; the arguments repeat where it is. 0: open. 1: refused, the
/// output holds the reason. The run before is gone either way.
#[unsafe(no_mangle)]
pub extern "C" fn sg_open(_ptr: u32, _len: u32) -> u32 {
    HOST.with_borrow_mut(|host| {
        host.taken.clear();
        host.session = std::str::from_utf8(&host.input).ok().and_then(unpack).map(Session::new);
        host.desk = host.session.as_ref().map(|session| Desk::new(session.scenario()));
        if host.session.is_some() {
            return 0;
        }
        // The page packs what it has checked, so this is no fault of the scenario.
        host.output = b"what the page handed over is not a scenario as this engine knows it; reload the page".to_vec();
        1
    })
}

/// Does about so many arrivals and events. 0: there is more to do. 1: the run is over. 2: it cannot go on, since
/// too many records wait. 3: no run is open. 4: the code of consumers is asked.
#[unsafe(no_mangle)]
pub extern "C" fn sg_pump(budget: u32) -> u32 {
    HOST.with_borrow_mut(|host| {
        let (Some(session), Some(desk)) = (&mut host.session, &mut host.desk) else { return 3 };
        match session.pump(session.engine().end(), budget) {
            Pump::Finished => 1,
            Pump::Full => 2,
            Pump::Spent | Pump::Reached | Pump::Waiting(_) => {
                if desk.collect(session) {
                    4
                } else {
                    0
                }
            }
        }
    })
}

/// Puts the next question to a consumer's code into the output. 0: there is none.
#[unsafe(no_mangle)]
pub extern "C" fn sg_ask() -> u32 {
    HOST.with_borrow_mut(|host| {
        let (Some(session), Some(desk)) = (&host.session, &mut host.desk) else { return 0 };
        desk.ask(session.scenario()).map_or(0, |question| {
            host.output = question;
            1
        })
    })
}

/// Takes the state of a tumbling window out of the input, with which the code answered the question asked last; nothing
/// where it gave none.
#[unsafe(no_mangle)]
pub extern "C" fn sg_keep_state() {
    HOST.with_borrow_mut(|host| {
        let state = String::from_utf8(host.input.clone()).ok().filter(|state| !state.is_empty());
        if let Some(desk) = &mut host.desk {
            desk.keep_state(state);
        }
    });
}

/// Takes the answer to the question asked last. 0: it succeeded. 1: it failed. 2: the input names the records that did,
/// a line each. The code took so many microseconds, and so many to load.
#[unsafe(no_mangle)]
pub extern "C" fn sg_answer(kind: u32, took: f64, init: f64) {
    HOST.with_borrow_mut(|host| {
        let (Some(session), Some(desk)) = (&mut host.session, &mut host.desk) else { return };
        let failed = std::str::from_utf8(&host.input).unwrap_or_default();
        let micros = |value: f64| Span::from_micros(value as u64);
        desk.answer(session, kind, failed, micros(took), micros(init));
    });
}

/// Puts closed frames of one stream that have not been taken into the output, as 64-bit floats: the place of the
/// stream, then the form of `Timeline::encode`. Says how many: as many as have about `bytes`, and at least one where
/// there is one.
#[unsafe(no_mangle)]
pub extern "C" fn sg_take_frames(bytes: u32) -> u32 {
    HOST.with_borrow_mut(|host| {
        let Some(session) = &host.session else { return 0 };
        let streams = session.streams();
        host.taken.resize(streams.len(), 0);
        for (place, (stream, taken)) in streams.into_iter().zip(&mut host.taken).enumerate() {
            let timeline = stream.timeline();
            let to = timeline.frames().min(*taken + timeline.frames_in(bytes as usize));
            if to > *taken {
                let count = to - std::mem::replace(taken, to);
                let block = timeline.encode(to - count, to);
                host.output.clear();
                let numbers = std::iter::once(place as f64).chain(block);
                host.output.extend(numbers.flat_map(f64::to_le_bytes));
                return count as u32;
            }
        }
        0
    })
}

/// Puts the essence of the run into the output, as JSON: digests, ledger, latencies.
#[unsafe(no_mangle)]
pub extern "C" fn sg_summary() {
    HOST.with_borrow_mut(|host| {
        if let Some(session) = &host.session {
            host.output = session.essence_text().into_bytes();
        }
    });
}

/// Where the output is.
#[unsafe(no_mangle)]
pub extern "C" fn sg_out_ptr() -> *const u8 {
    HOST.with_borrow(|host| host.output.as_ptr())
}

/// How many bytes the output has.
#[unsafe(no_mangle)]
pub extern "C" fn sg_out_len() -> u32 {
    HOST.with_borrow(|host| host.output.len() as u32)
}
