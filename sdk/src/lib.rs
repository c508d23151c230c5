//! Handlers for Streamgauge in Rust, compiled to WebAssembly: one function from a batch of records to the positions of
//! those that failed.
//!
//! ```
//! use streamgauge_handler::{Batch, Level, handler, log};
//!
//! handler!(count_orders);
//!
//! /// Fails the records that are no orders; the others of the batch are not tried again.
//! fn count_orders(batch: &Batch<'_>) -> Result<Vec<usize>, String> {
//!     let mut failed = Vec::new();
//!     for (position, record) in batch.records().enumerate() {
//!         if !record.data.starts_with(b"{") {
//!             log(Level::Warn, &format!("{} is no order", record.sequence));
//!             failed.push(position);
//!         }
//!     }
//!     Ok(failed)
//! }
//! # let batch = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, b'k', b'9', b'x'];
//! # assert_eq!(count_orders(&Batch::new(&batch)), Ok(vec![0]));
//! ```
//!
//! Build it as a `cdylib` with `cargo build --release --target wasm32-unknown-unknown`. Statics live as long as an
//! execution environment does, as on Lambda. Time is virtual: it passes by work and by [`sleep`]. A panic ends the
//! environment, and its text stands in the log.
//!
//! The same code compiles natively, so that it can be tested there: [`log`] then prints, the clock stands still, and
//! chance is always the same.

use std::time::Duration;

/// The form of the interface between module and host that this crate has.
pub const ABI: i32 = 1;

/// Records of one shard, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    bytes: &'a [u8],
}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its partition key.
    pub key: &'a str,
    /// Its sequence number, in decimal digits.
    pub sequence: &'a str,
    /// Its data.
    pub data: &'a [u8],
    /// Its approximate arrival, in milliseconds since 1970.
    pub arrival_ms: u64,
}

impl<'a> Batch<'a> {
    /// A batch from the bytes that the host hands over.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        word(self.bytes, 0)
    }

    /// Whether there is none, which Lambda never hands over.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records, the oldest first.
    pub fn records(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let mut rest = self.bytes.get(4..).unwrap_or_default();
        (0..self.len()).map_while(move |_| {
            let (head, after) = rest.split_at_checked(20)?;
            let arrival = head.first_chunk::<8>()?;
            let (key, after) = after.split_at_checked(word(head, 8))?;
            let (sequence, after) = after.split_at_checked(word(head, 12))?;
            let (data, after) = after.split_at_checked(word(head, 16))?;
            rest = after;
            Some(Record {
                key: str::from_utf8(key).ok()?,
                sequence: str::from_utf8(sequence).ok()?,
                data,
                arrival_ms: u64::from_le_bytes(*arrival),
            })
        })
    }
}

fn word(bytes: &[u8], at: usize) -> usize {
    let four = bytes.get(at..at + 4).and_then(|part| part.first_chunk::<4>());
    four.map_or(0, |four| u32::from_le_bytes(*four) as usize)
}

/// Levels of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something failed.
    Error = 0,
    /// Something is odd.
    Warn = 1,
    /// What happens.
    Info = 2,
    /// What helps to find a fault.
    Debug = 3,
    /// Everything.
    Trace = 4,
}

#[cfg(target_arch = "wasm32")]
mod host {
    #[link(wasm_import_module = "streamgauge")]
    unsafe extern "C" {
        pub safe fn log(level: i32, at: *const u8, bytes: usize);
        pub safe fn now() -> i64;
        pub safe fn remaining() -> i64;
        pub safe fn random() -> i64;
        pub safe fn sleep(ns: i64);
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod host {
    pub fn now() -> i64 {
        0
    }

    pub fn remaining() -> i64 {
        i64::MAX
    }

    pub fn random() -> i64 {
        0x5851_f42d_4c95_7f2d
    }

    pub fn sleep(_: i64) {}
}

/// Writes a line of the log.
pub fn log(level: Level, text: &str) {
    #[cfg(target_arch = "wasm32")]
    host::log(level as i32, text.as_ptr(), text.len());
    #[cfg(not(target_arch = "wasm32"))]
    eprintln!("{level:?}: {text}");
}

/// The virtual time since 1970.
pub fn now() -> Duration {
    Duration::from_nanos(host::now().unsigned_abs())
}

/// The virtual time until the timeout of the function.
pub fn remaining() -> Duration {
    Duration::from_nanos(host::remaining().unsigned_abs())
}

/// Chance: the same in each run of a scenario.
pub fn random() -> u64 {
    host::random().cast_unsigned()
}

/// Waits, as for an answer from elsewhere. It takes virtual time only.
pub fn sleep(wait: Duration) {
    host::sleep(i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX));
}

/// Makes a function the handler of this module: `fn(&Batch<'_>) -> Result<Vec<usize>, String>`, which gives the
/// positions of the records that failed, or why all of them did.
#[macro_export]
macro_rules! handler {
    ($function:path) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn streamgauge_abi() -> i32 {
                $crate::ABI
            }

            #[unsafe(no_mangle)]
            extern "C" fn streamgauge_alloc(bytes: usize) -> *mut u8 {
                $crate::inside::alloc(bytes)
            }

            #[unsafe(no_mangle)]
            extern "C" fn streamgauge_handle(_: *const u8, bytes: usize) -> u64 {
                $crate::inside::handle($function, bytes)
            }
        };
    };
}

/// What [`handler!`] is made of; not for others.
#[doc(hidden)]
pub mod inside {
    use super::{Batch, Level, log};
    use std::cell::RefCell;

    #[derive(Default)]
    struct Rooms {
        batch: Vec<u8>,
        answer: Vec<u8>,
        started: bool,
    }

    thread_local! {
        static ROOMS: RefCell<Rooms> = RefCell::default();
    }

    pub fn alloc(bytes: usize) -> *mut u8 {
        ROOMS.with_borrow_mut(|rooms| {
            if !rooms.started {
                rooms.started = true;
                std::panic::set_hook(Box::new(|info| log(Level::Error, &info.to_string())));
            }
            rooms.batch.resize(bytes, 0);
            rooms.batch.as_mut_ptr()
        })
    }

    /// The batch is what was written where [`alloc`] said.
    pub fn handle(function: fn(&Batch<'_>) -> Result<Vec<usize>, String>, bytes: usize) -> u64 {
        ROOMS.with_borrow_mut(|Rooms { batch, answer, .. }| {
            answer.clear();
            match function(&Batch::new(&batch[..bytes.min(batch.len())])) {
                Ok(failed) => {
                    answer.extend(0_u32.to_le_bytes());
                    answer.extend(failed.into_iter().flat_map(|position| (position as u32).to_le_bytes()));
                }
                Err(message) => {
                    answer.extend(1_u32.to_le_bytes());
                    answer.extend(message.as_bytes());
                }
            }
            (answer.as_ptr() as u64) << 32 | answer.len() as u64
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, Record, inside};

    fn batch() -> Vec<u8> {
        let mut bytes = 2_u32.to_le_bytes().to_vec();
        for (key, sequence, data, arrival) in [("a", "17", &b"\0x"[..], 5_u64), ("\u{e9}", "18", b"", 6)] {
            bytes.extend(arrival.to_le_bytes());
            bytes.extend([key.len(), sequence.len(), data.len()].iter().flat_map(|n| (*n as u32).to_le_bytes()));
            bytes.extend([key.as_bytes(), sequence.as_bytes(), data].concat());
        }
        bytes
    }

    #[test]
    fn a_batch_is_read_as_it_was_written() {
        let bytes = batch();
        let records: Vec<Record<'_>> = Batch::new(&bytes).records().collect();
        let expected = [
            Record { key: "a", sequence: "17", data: b"\0x", arrival_ms: 5 },
            Record { key: "\u{e9}", sequence: "18", data: b"", arrival_ms: 6 },
        ];
        assert_eq!(records, expected);
        for cut in 0..bytes.len() {
            assert!(Batch::new(&bytes[..cut]).records().count() < 2);
        }
    }

    #[test]
    fn an_answer_is_a_list_or_a_message() {
        let bytes = batch();
        let at = inside::alloc(bytes.len());
        assert!(!at.is_null());
        assert_eq!(inside::handle(|_| Ok(vec![1, 0]), bytes.len()) as u32, 12);
        assert_eq!(inside::handle(|_| Err("no".to_owned()), bytes.len()) as u32, 6);
    }
}
