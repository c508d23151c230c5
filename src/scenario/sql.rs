//! Queries of analytics applications as SQL: read natively only, because a parser is larger than everything else that the
//! page fetches for queries; written wherever results are computed.

#[cfg(not(target_arch = "wasm32"))]
mod read;
mod written;

#[cfg(not(target_arch = "wasm32"))]
pub(super) use read::query;
#[cfg(not(target_arch = "wasm32"))]
pub use written::write_plans;
pub use written::{measure_text, number_text, operand_text, text};
