//! The engine's WebAssembly module.

fn main() {}
