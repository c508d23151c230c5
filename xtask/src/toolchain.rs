//! A compiler for wasm32: the one in use if it has the target, otherwise rustup's, otherwise Debian's.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{cargo, find, is_program, read, run, say, succeeds};
use crate::{Outcome, apt, place};

/// The target of both modules.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's packages: a newer compiler, its cargo, the sources of its standard library, and a linker.
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-16"];

/// A way to build for wasm32 that works on this machine.
#[derive(Clone, Debug)]
pub enum Toolchain {
    /// The Rust in use has the target's standard library.
    Own,
    /// Debian's compiler builds the standard library itself, from its sources.
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
        if !debian_asked && has_target()? {
            return Ok(Self::Own);
        }
        // What stands here already comes before anything that has to be fetched.
        if let Some(linker) = debian_linker() {
            return Ok(Self::Debian { linker });
        }
        if !debian_asked && let Some(own) = ask_rustup()? {
            return Ok(own);
        }
        apt::install(&PACKAGES, "the WebAssembly build")
            .map_err(|sentence| format!("No compiler for {TARGET}: type `rustup target add {TARGET}`. {sentence}"))?;
        match debian_linker() {
            Some(linker) => Ok(Self::Debian { linker }),
            None => Err(format!(
                "The packages {} are installed, but their compiler, sources or linker are not where Debian puts \
                 them; type `rustup target add {TARGET}`.",
                PACKAGES.join(" ")
            )),
        }
    }

    /// One line that says which it is.
    pub fn describe(&self) -> String {
        match self {
            Self::Own => format!("the Rust in use, with its standard library for {TARGET}"),
            Self::Debian { .. } => "Debian's rustc, which builds the standard library once".to_owned(),
        }
    }

    /// Whether clippy can look at wasm32 code; Debian's toolchain has none.
    pub fn has_clippy(&self) -> bool {
        matches!(self, Self::Own) && succeeds(cargo().args(["clippy", "--version"]))
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
                command
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                command
            }
        };
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

/// The normal way: rustup adds the target to the Rust in use.
fn ask_rustup() -> Outcome<Option<Toolchain>> {
    if find("rustup").is_none() {
        return Ok(None);
    }
    say(&format!("This Rust has no standard library for {TARGET}; asking rustup for it"));
    let added = run(Command::new("rustup").args(["target", "add", TARGET]), "rustup target add");
    if added.is_ok() && has_target()? {
        return Ok(Some(Toolchain::Own));
    }
    say("rustup could not add it; trying Debian's packages instead");
    Ok(None)
}

fn has_target() -> Outcome<bool> {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
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
    let sources = sysroot.join("lib/rustlib/src/rust/library/std/src/lib.rs");
    sources.exists().then_some(())?;
    // Version 16 is the one asked for; another one that is there already does as well.
    let mut names = std::iter::once("wasm-ld-16".to_owned()).chain((14..=30).rev().map(|n| format!("wasm-ld-{n}")));
    names.find(|name| is_program(&Path::new("/usr/bin").join(name)))
}
