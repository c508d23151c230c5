//! All native tests, one program.

mod app;
mod picture_text;
