//! All native tests, one program.

mod app;
