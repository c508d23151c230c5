//! All native tests, one program.

mod picture_text;
