//! A compiler for wasm32 that can build the standard library from its sources: the one in use, or Debian's.
//!
//! The standard library is built with the page because that halves what the page would carry of it: no text of
//! panics, no places in files, and small algorithms instead of fast ones where the library has both.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{cargo, find, is_program, read, run, say, succeeds};
use crate::{Outcome, apt, place};

/// The target of both modules.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's packages: a newer compiler, its cargo, the sources of its standard library, and a linker.
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-16"];

/// Where a toolchain keeps the sources of its standard library.
const SOURCES: &str = "lib/rustlib/src/rust/library/std/src/lib.rs";

/// What the compiler is told for wasm32 code; the first switch allows the second. A panic in the page or in the
/// engine ends it without a text, which nobody would read there: the same code says more in the native tests.
const FLAGS: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none";

/// A way to build for wasm32 that works on this machine.
#[derive(Clone, Debug)]
pub enum Toolchain {
    /// The Rust in use has the sources of its standard library.
    Own,
    /// Debian's compiler and sources.
    Debian {
        /// Name of the linker.
        linker: String,
    },
}

impl Toolchain {
    /// Finds a toolchain; installs what is missing.
    pub fn ready() -> Outcome<Self> {
        // A machine that has both can be told to take the second, so that both ways are tried on one machine.
        let debian_asked = std::env::var_os("STREAMGAUGE_WASM_COMPILER").is_some_and(|name| name == "debian");
        if !debian_asked && has_sources()? {
            return Ok(Self::Own);
        }
        // What stands here already comes before anything that has to be fetched.
        if let Some(linker) = debian_linker() {
            return Ok(Self::Debian { linker });
        }
        if !debian_asked && let Some(own) = ask_rustup()? {
            return Ok(own);
        }
        apt::install(&PACKAGES, "the WebAssembly build").map_err(|sentence| {
            format!("No compiler for {TARGET}: type `rustup component add rust-src`. {sentence}")
        })?;
        match debian_linker() {
            Some(linker) => Ok(Self::Debian { linker }),
            None => Err(format!(
                "The packages {} are installed, but their compiler, sources or linker are not where Debian puts \
                 them; type `rustup component add rust-src`.",
                PACKAGES.join(" ")
            )),
        }
    }

    /// One line that says which it is.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Own => "the Rust in use",
            Self::Debian { .. } => "Debian's rustc",
        }
    }

    /// `cargo clippy` for wasm32, where there is one. Debian's toolchain has none, but the Rust in use may have it
    /// and the target's standard library as well.
    pub fn clippy(&self) -> Outcome<Option<Command>> {
        if !succeeds(cargo().args(["clippy", "--version"])) {
            return Ok(None);
        }
        match self {
            Self::Own => Ok(Some(self.cargo("clippy"))),
            Self::Debian { .. } if has_target()? => {
                let mut command = cargo();
                command.args(["clippy", "--target", TARGET, "--target-dir"]).arg(place::wasm_target("clippy"));
                Ok(Some(command))
            }
            Self::Debian { .. } => Ok(None),
        }
    }

    /// Cargo's target folder of this toolchain.
    pub fn target_dir(&self) -> PathBuf {
        match self {
            Self::Own => place::wasm_target("own"),
            Self::Debian { .. } => place::wasm_target("debian"),
        }
    }

    /// `cargo <subcommand>` for wasm32.
    pub fn cargo(&self, subcommand: &str) -> Command {
        let mut command = match self {
            Self::Own => cargo(),
            Self::Debian { linker } => {
                let mut command = Command::new("/usr/bin/cargo");
                command.current_dir(place::root());
                forget_outer_cargo(&mut command);
                command.env("RUSTC", "/usr/bin/rustc");
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                command
            }
        };
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
            .env("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", FLAGS)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        command.arg(subcommand).args(["--target", TARGET, "--target-dir"]).arg(self.target_dir());
        command
    }
}

/// Another compiler must not inherit what the cargo around this tool set for itself.
fn forget_outer_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let kept = name == "CARGO_HOME" || name.starts_with("CARGO_NET_") || name.starts_with("CARGO_HTTP_");
        let set_by_cargo = name == "CARGO" || name.starts_with("CARGO_") || name.starts_with("RUSTC");
        let set_by_rustup = name == "RUSTUP_TOOLCHAIN" || name == "RUST_RECURSION_COUNT";
        let misleading = name == "RUSTFLAGS" || name == "RUSTDOC" || name == "LD_LIBRARY_PATH";
        if !kept && (set_by_cargo || set_by_rustup || misleading) {
            command.env_remove(&*name);
        }
    }
}

/// The normal way: rustup adds the sources to the Rust in use.
fn ask_rustup() -> Outcome<Option<Toolchain>> {
    if find("rustup").is_none() {
        return Ok(None);
    }
    say("This Rust has no sources of its standard library; asking rustup for them");
    let added = run(Command::new("rustup").args(["component", "add", "rust-src"]), "rustup component add rust-src");
    if added.is_ok() && has_sources()? {
        return Ok(Some(Toolchain::Own));
    }
    say("rustup could not add them; trying Debian's packages instead");
    Ok(None)
}

fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// Whether the Rust in use can build the standard library, and has a linker for the result.
fn has_sources() -> Outcome<bool> {
    let sysroot = PathBuf::from(read(rustc().args(["--print", "sysroot"]), "Asking rustc for its folders")?);
    let libdir = read(rustc().args(["--print", "target-libdir"]), "Asking rustc for its folders")?;
    let linker = Path::new(&libdir).with_file_name("bin").join(format!("rust-lld{}", std::env::consts::EXE_SUFFIX));
    Ok(sysroot.join(SOURCES).exists() && is_program(&linker))
}

/// Whether the Rust in use has the target's standard library ready-made.
fn has_target() -> Outcome<bool> {
    let mut rustc = rustc();
    let libdir = read(rustc.args(["--print", "target-libdir", "--target", TARGET]), "Asking rustc for its folders")?;
    let Ok(entries) = Path::new(&libdir).read_dir() else { return Ok(false) };
    Ok(entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-")))
}

/// The linker of Debian's toolchain, when all of that toolchain is installed.
fn debian_linker() -> Option<String> {
    let rustc = Path::new("/usr/bin/rustc");
    if !is_program(rustc) || !is_program(Path::new("/usr/bin/cargo")) {
        return None;
    }
    let sysroot = Command::new(rustc).env_remove("LD_LIBRARY_PATH").args(["--print", "sysroot"]).output().ok()?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    sysroot.join(SOURCES).exists().then_some(())?;
    // Version 16 is the one asked for; another one that is there already does as well.
    let mut names = std::iter::once("wasm-ld-16".to_owned()).chain((14..=30).rev().map(|n| format!("wasm-ld-{n}")));
    names.find(|name| is_program(&Path::new("/usr/bin").join(name)))
}
