//! The link's WebAssembly module: packs a scenario into a link, reads one back, and draws QR codes. The page fetches it
//! when somebody shares or opens a link.

use std::cell::RefCell;
use streamgauge::link;

thread_local! {
    /// What crosses the border: a text in, JSON out.
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

/// Makes a link: the input is the page's address, a line end, and a document or a fragment. See [`link::made`].
#[unsafe(no_mangle)]
pub extern "C" fn sg_make() {
    answer(|text| {
        let (base, what) = text.split_once('\n').unwrap_or_default();
        link::made(base, what)
    });
}

/// Opens a link: the input is the text from the `#` on. See [`link::opened`].
#[unsafe(no_mangle)]
pub extern "C" fn sg_open() {
    answer(link::opened);
}

fn answer(of: impl Fn(&str) -> serde_json::Value) {
    BYTES.with_borrow_mut(|bytes| *bytes = of(&String::from_utf8_lossy(bytes)).to_string().into_bytes());
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
