//! Modules of WebAssembly that somebody compiled, from Rust or anything else: what they must offer, what they may ask
//! for, and how records and answers are laid out. The crate in `sdk/` hides all of it behind one macro.
//!
//! A module exports its `memory` and three functions:
//!
//! | function | what it does |
//! | --- | --- |
//! | `streamgauge_abi() -> i32` | says which form of this interface it has: [`ABI`] |
//! | `streamgauge_alloc(bytes: i32) -> i32` | makes room for a batch and says where |
//! | `streamgauge_handle(at: i32, bytes: i32) -> i64` | handles the batch there; where its answer is, times 2³², plus its length |
//!
//! All numbers are little-endian and of 32 bits, unless said otherwise. A batch is the number of its records, then for
//! each record its arrival in milliseconds since 1970 (64 bits), the lengths of its key, its sequence number and its
//! data, and these three, one after the other ([`event::binary`](super::event::binary) writes it). An answer is 0 and
//! the positions of the records that failed, or 1 and a message in UTF-8 when all of it failed.
//!
//! It may import these from `streamgauge`:
//!
//! | function | what it does |
//! | --- | --- |
//! | `log(level: i32, at: i32, bytes: i32)` | writes a line; levels from 0: ERROR, WARN, INFO, DEBUG, TRACE |
//! | `now() -> i64` | virtual nanoseconds since 1970 |
//! | `remaining() -> i64` | virtual nanoseconds until the timeout |
//! | `random() -> i64` | 64 bits of seeded chance |
//! | `sleep(ns: i64)` | waits for so long in virtual time |

use super::Limits;
use crate::metering::{self, Charge, Export, Import, Options};
use wasmparser::ValType::{self, I32, I64};

/// The form of the interface described here.
pub const ABI: i32 = 1;

/// Levels of the log by number.
pub const LEVELS: [&str; 5] = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

/// Instructions of a body or a turn of a loop for one unit of fuel.
const INSTRUCTIONS_PER_FUEL: u32 = 32;

const fn import(name: &'static str, params: &'static [ValType], results: &'static [ValType]) -> Import {
    Import { module: "streamgauge", name, params, results }
}

const IMPORTS: [Import; 5] = [
    import("log", &[I32, I32, I32], &[]),
    import("now", &[], &[I64]),
    import("remaining", &[], &[I64]),
    import("random", &[], &[I64]),
    import("sleep", &[I64], &[]),
];

/// Functions that a module must export, with their parameters and results.
const EXPORTS: [(&str, &[ValType], &[ValType]); 3] = [
    ("streamgauge_abi", &[], &[I32]),
    ("streamgauge_alloc", &[I32], &[I32]),
    ("streamgauge_handle", &[I32, I32], &[I64]),
];

/// Checks a module and puts it on fuel: what every host runs.
///
/// # Errors
/// One sentence for the person who made it, when it cannot be run here: it is too large, is refused by
/// [`metering::meter`], or does not offer what it must.
pub fn prepare(module: &[u8], limits: &Limits) -> Result<Vec<u8>, String> {
    if module.len() > limits.module_bytes {
        return Err(format!(
            "This module has {} bytes, and {} are allowed; build it with optimisation and without debug information.",
            module.len(),
            limits.module_bytes
        ));
    }
    let charge = Charge::BySize { per: INSTRUCTIONS_PER_FUEL };
    let options = Options { charge, memory_max: limits.module_pages, refused_traps: false, imports: &IMPORTS };
    let sentence = |refusal: metering::Refusal| format!("This module cannot run here: {refusal}.");
    let metered = metering::meter(module, &options).map_err(sentence)?;
    let exports = metering::exports(module).map_err(sentence)?;
    let found = |name: &str| exports.iter().find(|(known, _)| known == name).map(|(_, export)| export);
    if found("memory") != Some(&Export::Memory) {
        return Err("This module does not export its memory as 'memory'.".to_owned());
    }
    for (name, params, results) in EXPORTS {
        match found(name) {
            Some(Export::Function(of)) if of.params() == params && of.results() == results => {}
            Some(_) => return Err(format!("This module exports '{name}' with other parameters or results.")),
            None => {
                let advice = "write handler!(your_function) once in your program";
                return Err(format!("This module does not export a function '{name}'; {advice}."));
            }
        }
    }
    Ok(metered)
}
