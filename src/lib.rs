//! Streamgauge: a traffic spike on a streaming architecture, simulated exactly.

pub mod app;
pub mod cost;
pub mod engine;
pub mod hash_key;
pub mod limits;
pub mod metrics;
pub mod scenario;
pub mod session;
pub mod text;
pub mod units;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
pub mod web;
pub mod words;
