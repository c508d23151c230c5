//! The engine's WebAssembly module: a run of each design behind plain functions, without wasm-bindgen and without Yew.
//!
//! It holds one scenario at a time; its designs run in step. Texts and blocks of frames leave through one buffer, which stays valid until the
//! next call. The other side is the worker in `www/`.

use std::cell::RefCell;
use streamgauge::scenario::packed::unpack;
use streamgauge::session::{Comparison, Pump, Run};
use streamgauge::units::Span;

#[path = "engine_main/questions.rs"]
mod questions;

use questions::Desk;

/// The runs, and the buffers that cross the border.
#[derive(Default)]
struct Host {
    input: Vec<u8>,
    output: Vec<u8>,
    designs: Option<Comparison>,
    desk: Option<Desk>,
    /// Frames of each part of each design that have been taken.
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
        let scenario = std::str::from_utf8(&host.input).ok().and_then(unpack);
        host.desk = scenario.as_ref().map(|_| Desk::default());
        host.designs = scenario.map(|scenario| {
            if scenario.designs.is_empty() { Comparison::alone(scenario) } else { Comparison::new(&scenario) }
        });
        if host.designs.is_some() {
            return 0;
        }
        // The page packs what it has checked, so this is no fault of the scenario.
        host.output = b"what the page handed over is not a scenario as this engine knows it; reload the page".to_vec();
        1
    })
}

/// Does about so many arrivals and events of each design. 0: there is more to do. 1: all runs are over. 2: one cannot
/// go on, since too many records wait. 3: no run is open. 4: code is asked.
#[unsafe(no_mangle)]
pub extern "C" fn sg_pump(budget: u32) -> u32 {
    HOST.with_borrow_mut(|host| {
        let (Some(designs), Some(desk)) = (&mut host.designs, &mut host.desk) else { return 3 };
        match designs.pump(budget) {
            Pump::Finished => 1,
            Pump::Full => 2,
            Pump::Spent | Pump::Reached | Pump::Waiting(_) => u32::from(desk.collect(designs)) * 4,
        }
    })
}

/// Puts the next question to a function's code into the output. 0: there is none.
#[unsafe(no_mangle)]
pub extern "C" fn sg_ask() -> u32 {
    HOST.with_borrow_mut(|host| {
        let (Some(designs), Some(desk)) = (&host.designs, &mut host.desk) else { return 0 };
        desk.ask(designs).map_or(0, |question| {
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
/// a line each. 3: the input says of each record what becomes of it. The code took so many microseconds, and so many to
/// load.
#[unsafe(no_mangle)]
pub extern "C" fn sg_answer(kind: u32, took: f64, init: f64) {
    HOST.with_borrow_mut(|host| {
        let (Some(designs), Some(desk)) = (&mut host.designs, &mut host.desk) else { return };
        let said = std::str::from_utf8(&host.input).unwrap_or_default();
        let micros = |value: f64| Span::from_micros(value as u64);
        desk.answer(designs, kind, said, micros(took), micros(init));
    });
}

/// Puts closed frames of one part of a design that have not been taken into the output, as 64-bit floats: the place of
/// the part among those of all designs, then the form in which its kind is encoded. Says how many: as many as have
/// about `bytes`, and at least one where there is one.
#[unsafe(no_mangle)]
pub extern "C" fn sg_take_frames(bytes: u32) -> u32 {
    HOST.with_borrow_mut(|host| {
        let Some(designs) = &host.designs else { return 0 };
        let parts = designs.runs().iter().flat_map(|run| (0..run.parts()).map(move |part| (run, part)));
        for (place, (run, part)) in parts.enumerate() {
            if host.taken.len() <= place {
                host.taken.push(0);
            }
            let taken = &mut host.taken[place];
            if let Some((count, block)) = Run::block(run, part, *taken, bytes as usize) {
                *taken += count;
                host.output.clear();
                let numbers = std::iter::once(place as f64).chain(block);
                host.output.extend(numbers.flat_map(f64::to_le_bytes));
                return count as u32;
            }
        }
        0
    })
}

/// Puts the essence of the run into the output, as JSON: digests, ledger, latencies; of several designs what each did.
#[unsafe(no_mangle)]
pub extern "C" fn sg_summary() {
    HOST.with_borrow_mut(|host| {
        if let Some(designs) = &host.designs {
            host.output = designs.essence_text().into_bytes();
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
