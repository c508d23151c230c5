//! Pictures of a run as SVG markup: data in, strings out. No browser, no Yew, no state.

pub use crate::text;
