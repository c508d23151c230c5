//! The rewriter's WebAssembly module: checks a compiled module that somebody brings and puts it on fuel, in the worker
//! that will run it. The page fetches it when there is such a module.

use std::cell::RefCell;
use streamgauge::handlers::Limits;
use streamgauge::handlers::module::prepare;

thread_local! {
    /// What crosses the border: the module in, then the prepared module or a sentence out.
    static BYTES: RefCell<Vec<u8>> = RefCell::default();
}

fn main() {}

/// Makes room for `len` bytes of input and says where.
#[unsafe(no_mangle)]
pub extern "C" fn sg_alloc(len: u32) -> *mut u8 {
    BYTES.with_borrow_mut(|bytes| {
        bytes.clear();
        bytes.resize(len as usize, 0);
        bytes.as_mut_ptr()
    })
}

/// Prepares the module that fills the input. 0: the output is the module on fuel. 1: the output is a sentence that
/// says why it cannot run here.
#[unsafe(no_mangle)]
pub extern "C" fn sg_prepare() -> u32 {
    BYTES.with_borrow_mut(|bytes| match prepare(bytes, &Limits::standard()) {
        Ok(prepared) => {
            *bytes = prepared;
            0
        }
        Err(sentence) => {
            *bytes = sentence.into_bytes();
            1
        }
    })
}

/// Where the output is.
#[unsafe(no_mangle)]
pub extern "C" fn sg_out_ptr() -> *const u8 {
    BYTES.with_borrow(Vec::as_ptr)
}

/// How many bytes the output has.
#[unsafe(no_mangle)]
pub extern "C" fn sg_out_len() -> u32 {
    BYTES.with_borrow(|bytes| bytes.len() as u32)
}
