//! Scenarios: drafts, problems, the canonical document, the schema, presets and imported tables.

pub mod any;
pub mod any_chain;
mod csv_series;
mod document;
mod fields;
mod packed;
mod presets;
mod schema;
