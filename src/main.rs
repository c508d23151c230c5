//! The one program of this package: natively the command line, in WebAssembly the page.

fn main() {}
