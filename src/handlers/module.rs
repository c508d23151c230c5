//! Modules of WebAssembly that somebody compiled.
