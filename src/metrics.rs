//! Facts become frames: counters and gauges over time, latency histograms, the ledger and the findings.
//!
//! The [`Recorder`] is the engine's observer; what it leaves behind is a [`Timeline`] of columns, the only thing
//! that crosses from the box to the page. Everything shown derives from it.

#[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
pub mod analytics;
pub mod direct;
pub mod direct_findings;
pub mod findings;
pub mod firehose;
pub mod firehose_findings;
pub mod frames;
pub mod histogram;
mod latency;
pub mod ledger;
pub mod note;
pub mod outlook;
pub mod positions;
pub mod recorder;
pub mod timeline;
pub mod usage;
pub mod view;

pub use findings::{Finding, Tone, Try, findings};
pub use histogram::Histogram;
pub use ledger::Ledger;
pub use note::{Note, NoteKind, ShardInfo};
pub use outlook::Outlook;
pub use positions::ConsumerPosition;
pub use recorder::Recorder;
pub use timeline::{Metric, ShardMetric, Timeline};
pub use view::View;
