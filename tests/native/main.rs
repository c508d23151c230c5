//! All native tests, one program.

mod scenario;
