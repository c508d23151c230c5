//! Scenarios: drafts, problems, the canonical document, the schema, presets and imported tables.

pub mod any;
pub mod any_chain;
pub mod any_designs;
pub mod any_firehose;
mod csv_series;
mod designs;
mod document;
mod fields;
mod packed;
mod presets;
mod schema;
