//! All native tests, one program.

mod closed_form;
mod common;
mod picture_text;
