//! Where things are: the repository, the build folders, the site.

use std::env;
use std::path::PathBuf;

/// The top of the repository.
pub fn root() -> PathBuf {
    match env::var_os("CARGO_MANIFEST_DIR") {
        // Cargo sets it for `cargo run`, to the folder of this package.
        Some(xtask) => PathBuf::from(xtask).parent().expect("xtask lies inside the repository").to_path_buf(),
        None => env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
    }
}

/// Cargo's target folder for native builds.
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// Cargo's target folder for WebAssembly builds by the compiler called `compiler`: two compilers never share one.
pub fn wasm_target(compiler: &str) -> PathBuf {
    match env::var_os("STREAMGAUGE_WASM_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => target().join(format!("wasm-{compiler}")),
    }
}

/// Half-made parts of the site.
pub fn stage() -> PathBuf {
    target().join("site")
}

/// The finished site.
pub fn dist() -> PathBuf {
    root().join("dist")
}
