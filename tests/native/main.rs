//! All native tests, one program.

mod app;
mod closed_form;
mod common;
mod picture_text;
mod reference;
mod runs;
mod scenario;
mod vectors;
