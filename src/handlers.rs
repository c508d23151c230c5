//! Runs the code of a consumer: JavaScript as Lambda takes it, and modules that somebody compiled.
//!
//! An event goes in as bytes, a reply comes out as JSON, with what was logged, the fuel that was used, and the virtual
//! time that it took. Nothing of it depends on the machine: the engine that runs JavaScript is itself a WebAssembly
//! module on fuel ([`metering`](crate::metering)), and its clock is moved by fuel and by waits for timers. The page's
//! worker has a host of its own, `www/handlers/host.js`, that does the same step by step; the two share the prelude
//! (what a handler finds around it), the limits, and a list of expected outcomes.
//!
//! | file | what it is |
//! | --- | --- |
//! | [`event`] | the events of Lambda and Firehose, written from records |
//! | `machine` | one instance of the engine: its memory, its counters, its clock |
//! | [`module`] | what a module of WebAssembly must offer and may ask for |
//! | `module_host` | runs such modules |
//! | `values` | what the host reads, writes and calls in an instance |
//! | `imports` | the few functions that the engine may call |
//! | `time` | virtual time: fuel and waits |
//! | `environment` | an execution environment: code loaded once, invoked again and again |
//!
//! # What is absent
//!
//! No file, no network, no clock and no chance of the machine: a handler cannot reach what this module does not have.

#[cfg(not(target_arch = "wasm32"))]
mod environment;
pub mod event;
#[cfg(not(target_arch = "wasm32"))]
mod imports;
#[cfg(not(target_arch = "wasm32"))]
mod machine;
#[cfg(any(not(target_arch = "wasm32"), feature = "meter-module"))]
pub mod module;
#[cfg(not(target_arch = "wasm32"))]
mod module_host;
#[cfg(not(target_arch = "wasm32"))]
mod time;
#[cfg(not(target_arch = "wasm32"))]
mod values;

#[cfg(not(target_arch = "wasm32"))]
pub use environment::{Environment, Request, Settings};
#[cfg(not(target_arch = "wasm32"))]
pub use machine::{EngineError, HandlerEngine, QUICKJS};
#[cfg(not(target_arch = "wasm32"))]
pub use module_host::{ModuleEngine, ModuleEnvironment, ModuleRequest};

use serde::Deserialize;

/// What one environment and one invocation may use. All figures are the box's own, not Lambda's, except the size of a
/// reply, the time for loading and the memory that has a whole processor.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct Limits {
    /// Most fuel of loading the code, and of one invocation beside what its event gives. Who needs more is taken to
    /// need for ever.
    pub fuel: i32,
    /// More fuel for each byte of the event: large batches are work, too.
    pub fuel_per_event_byte: i32,
    /// Fuel for each step of a promise, beside what it uses.
    pub job_fuel: i32,
    /// Fuel for each turn of the event loop, beside what it uses.
    pub turn_fuel: i32,
    /// Fuel for each call of a host function, beside what it uses.
    pub host_call_fuel: i32,
    /// Fuel for each byte that is logged.
    pub log_fuel_per_byte: i32,
    /// Depth of calls, in bytes of an estimated stack; what is deeper is a `RangeError`.
    pub depth_bytes: i32,
    /// Stack that JavaScript's functions may use inside the engine, in bytes.
    pub stack_bytes: i32,
    /// Memory of one environment, in pages of 64 KiB.
    pub memory_pages: u32,
    /// Bytes of text that one invocation may log; lines beyond are counted.
    pub log_bytes: usize,
    /// Lines that one invocation may log; lines beyond are counted.
    pub log_lines: usize,
    /// Largest reply in bytes, Lambda's own limit.
    pub reply_bytes: usize,
    /// Environments of a run that keep their state from one invocation to the next, divided among the consumers that have
    /// code; others load their code each time.
    pub environments_kept: u32,
    /// Largest source text in bytes.
    pub source_bytes: usize,
    /// Largest uploaded module in bytes.
    pub module_bytes: usize,
    /// Memory of an uploaded module, in pages of 64 KiB.
    pub module_pages: u32,
    /// Time for loading the code, in milliseconds, Lambda's own limit.
    pub init_ms: u64,
    /// Memory setting in MB from which on one thread has a whole processor, Lambda's own figure.
    pub full_cpu_mb: u64,
}

impl Limits {
    /// The limits in use, from the file that the page's host reads as well.
    ///
    /// # Panics
    /// Never: a test reads the same file.
    pub fn standard() -> Self {
        let file = include_str!("../www/handlers/limits.json");
        serde_json::from_str(file).expect("the file of limits has a number for each of them")
    }
}

/// How an invocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The handler answered.
    Succeeded = 0,
    /// The handler reported or threw an error, or its code did not load.
    Failed = 1,
    /// The time of the function was over, or the fuel of the box.
    TimedOut = 2,
    /// More memory was asked for than there is, and the process was ended.
    OutOfMemory = 3,
    /// The process ended itself.
    Exited = 4,
    /// The engine itself came to an end, such as by too deep a nesting.
    Crashed = 5,
}

impl Status {
    const ALL: [Self; 6] =
        [Self::Succeeded, Self::Failed, Self::TimedOut, Self::OutOfMemory, Self::Exited, Self::Crashed];

    /// The status with this number, if there is one.
    pub fn by_number(number: u64) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// A few words for a person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::OutOfMemory => "out of memory",
            Self::Exited => "exited",
            Self::Crashed => "crashed",
        }
    }
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Virtual nanoseconds since the invocation began.
    pub at: u64,
    /// Lambda's word for the level: `INFO`, `WARN`, `ERROR`, `DEBUG` or `TRACE`.
    pub level: String,
    /// The text.
    pub text: String,
}

/// The lines of one invocation, within their bounds.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug, Default)]
struct Logs {
    lines: Vec<LogLine>,
    bytes: usize,
    dropped: u64,
}

#[cfg(not(target_arch = "wasm32"))]
impl Logs {
    fn push(&mut self, at: u64, level: String, text: &[u8], limits: &Limits) {
        if self.lines.len() >= limits.log_lines || self.bytes + text.len() > limits.log_bytes {
            self.dropped += 1;
            return;
        }
        self.bytes += text.len();
        self.lines.push(LogLine { at, level, text: String::from_utf8_lossy(text).into_owned() });
    }
}

/// What came of an invocation, or of loading the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The handler's answer as JSON, or an error as Lambda describes it: `errorType`, `errorMessage`, often `trace`.
    pub reply: String,
    /// Whether the fuel of the box ended it, before the time of the function did.
    pub capped: bool,
    /// What was logged.
    pub logs: Vec<LogLine>,
    /// Lines that were not kept.
    pub dropped: u64,
    /// Fuel that was used.
    pub fuel: u64,
    /// Size of the environment's memory at the end, in bytes.
    pub memory: u64,
    /// Virtual time that it took, in nanoseconds: processor time from fuel, and waits.
    pub duration: u64,
    /// Loading the code, when the environment had to be made anew within this invocation; its time is not part of
    /// `duration`.
    pub init: Option<Box<Outcome>>,
    /// Whether the environment is gone, so that the next invocation begins by loading the code again.
    pub dead: bool,
}

/// Virtual processor time of so much fuel in nanoseconds. With a whole processor, one unit is one nanosecond: an
/// estimate, between what compiled and what interpreted code takes on Lambda.
pub const fn cpu_ns(fuel: u64, memory_mb: u64, limits: &Limits) -> u64 {
    let memory = if memory_mb < limits.full_cpu_mb { memory_mb } else { limits.full_cpu_mb };
    fuel * limits.full_cpu_mb / memory
}
