//! All native tests, one program.
