//! What the code of a handler can and cannot do, in plain words. Its numbers are those that the box runs on.

use crate::handlers::Limits;
use crate::text::int;

/// Titles, each with its sentences.
pub fn about() -> Vec<(&'static str, Vec<String>)> {
    let limits = Limits::standard();
    let mib = |bytes: u64| format!("{} MiB", int(bytes as f64 / f64::from(1 << 20)));
    let kib = |bytes: usize| format!("{} KiB", int(bytes as f64 / 1_024.0));
    let pages = |pages: u32| mib(u64::from(pages) << 16);
    let number = |value: u64| int(value as f64);
    let all = |sentences: &[&str]| sentences.iter().map(|sentence| (*sentence).to_owned()).collect();
    vec![
        (
            "What it has",
            all(&[
                "The event and the context that Lambda hands over: records with base64 data, sequence numbers and arrival \
                 times; getRemainingTimeInMillis and awsRequestId.",
                "exports.handler or export const handler; async functions, plain values, and callbacks where the version of Node \
                 still takes them.",
                "The language as of 2023 and later: classes, destructuring, generators, async iteration, BigInt, regular \
                 expressions with names and lookbehind.",
                "console, Buffer, atob and btoa, TextEncoder and TextDecoder, structuredClone, timers, crypto.randomUUID and \
                 getRandomValues.",
                "Everything that stands outside of the function lives as long as its execution environment, as on Lambda: one for \
                 each concurrent invocation, a fresh one after a cold start.",
            ]),
        ),
        (
            "What it cannot do",
            all(&[
                "Reach a network: there is no fetch, no socket, no SDK. Wait for a timer in place of an answer from elsewhere.",
                "Read or write files, or start processes.",
                "Import other modules: one file is the whole handler.",
                "See the real time, or real chance. Date, performance.now and Math.random are virtual: the same run gives the same \
                 values everywhere.",
                "See this page, its storage, or another tab.",
            ]),
        ),
        (
            "How time is counted",
            vec![
                format!(
                    "Time passes by work and by waits. A unit of fuel is counted at the beginning of each function and each turn \
                     of a loop, inside the interpreter as well; from {} MB on it is taken to last one nanosecond (estimated), and \
                     with less memory longer in proportion.",
                    number(limits.full_cpu_mb)
                ),
                "A wait for a timer passes at once, and counts in full. What is billed is work and waits together.".to_owned(),
                "So a handler takes the same time on a fast machine and on a slow one, in each browser, and on the command line."
                    .to_owned(),
            ],
        ),
        (
            "Where it ends",
            vec![
                format!(
                    "After {} units of fuel, and {} more for each byte of its event, an invocation is taken to run for ever: it \
                     times out as on Lambda. The timeout of the function may come earlier.",
                    number(limits.fuel as u64),
                    number(limits.fuel_per_event_byte as u64)
                ),
                format!(
                    "An environment has {} of memory, a compiled module {}. Who asks for more is ended as a process without \
                     memory is, and the next invocation begins with a cold start.",
                    pages(limits.memory_pages),
                    pages(limits.module_pages)
                ),
                format!(
                    "Calls may lie about {} deep; what is deeper is a RangeError.",
                    kib(limits.depth_bytes as usize)
                ),
                format!(
                    "Of one invocation {} lines of log are kept, or {}; the others are counted.",
                    number(limits.log_lines as u64),
                    kib(limits.log_bytes)
                ),
                format!("A reply may have {} bytes, as on Lambda.", number(limits.reply_bytes as u64)),
                format!("Loading the code may take {} s, as on Lambda.", number(limits.init_ms / 1_000)),
                format!(
                    "Source text may have {}, a compiled module {}.",
                    kib(limits.source_bytes),
                    mib(limits.module_bytes as u64)
                ),
            ],
        ),
        (
            "Why a stranger’s link is safe to open",
            all(&[
                "Code that comes with a link is shown, and runs only when you say so.",
                "It runs in a machine of its own inside the page: JavaScript in an interpreter that is itself a WebAssembly module, a \
                 compiled module with nothing but five functions to call. Neither ever meets the browser.",
                "That machine stands in a worker, in a frame without an origin, under a policy that allows no request of any kind.",
                "What comes out of it is taken as text and numbers, never as markup or code.",
                "If it does not answer, it is ended and started anew; the page goes on.",
            ]),
        ),
    ]
}
