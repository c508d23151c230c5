//! The sizing's WebAssembly module: answers the questions of a search, and what came of queries, in workers like the
//! engine's and behind the same functions. The page fetches it when somebody asks for a size, or when a scenario has a
//! query.

use std::cell::RefCell;
use streamgauge::sizing::Desk;

/// The question that is open, and the buffers that cross the border.
#[derive(Default)]
struct Host {
    input: Vec<u8>,
    output: Vec<u8>,
    desk: Option<Desk>,
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

/// Takes the question that fills the input buffer. 0: taken. 1: refused, the output says why.
#[unsafe(no_mangle)]
pub extern "C" fn sg_open(_ptr: u32, _len: u32) -> u32 {
    HOST.with_borrow_mut(|host| {
        host.desk = None;
        match Desk::open(&String::from_utf8_lossy(&host.input)) {
            Ok(desk) => {
                host.desk = Some(desk);
                0
            }
            Err(message) => {
                host.output = message.into_bytes();
                1
            }
        }
    })
}

/// Does about so many arrivals and events. 0: there is more to do. 1: there is an answer. 3: no question is open.
#[unsafe(no_mangle)]
pub extern "C" fn sg_pump(budget: u32) -> u32 {
    HOST.with_borrow_mut(|host| match &mut host.desk {
        Some(desk) => u32::from(desk.pump(budget)),
        None => 3,
    })
}

/// Says that there are no frames: only the answer leaves.
#[unsafe(no_mangle)]
pub extern "C" fn sg_take_frames(_bytes: u32) -> u32 {
    0
}

/// Puts the answer into the output, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn sg_summary() {
    HOST.with_borrow_mut(|host| {
        if let Some(desk) = &host.desk {
            host.output = desk.answer().to_string().into_bytes();
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
