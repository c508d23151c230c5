//! The stages of `cargo xtask test`, each of which can be run alone by its name.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::process::{cargo, say, succeeds};
use crate::toolchain::Toolchain;
use crate::{Outcome, browser, node, place, site, sizes, wasm};

/// One stage.
pub struct Stage {
    /// The word that names it on the command line.
    pub name: &'static str,
    /// What it does, in a few words.
    pub says: &'static str,
    work: fn() -> Outcome,
}

/// Browser tests that measure how long something takes: nothing else may run beside them.
const TIMED: [&str; 6] = ["2-box", "3-page", "5-handlers", "6-modules", "9-code", "10-compare"];

/// All stages, in the order in which they run.
pub const STAGES: [Stage; 7] = [
    Stage { name: "format", says: "the code is formatted", work: format },
    Stage { name: "clippy", says: "no warning in native code", work: clippy },
    Stage { name: "clippy-wasm", says: "no warning in code for wasm32", work: clippy_wasm },
    Stage { name: "native", says: "unit, property and golden tests", work: native },
    Stage { name: "docs", says: "the documentation builds without a warning", work: docs },
    Stage { name: "site", says: "the site builds and the first load is small", work: build_site },
    Stage { name: "browser", says: "the page in a real browser, same digests as natively", work: drive },
];

/// Runs the named stages, or all of them, to the end, and fails when one failed.
pub fn run(names: &[&str]) -> Outcome {
    if let Some(unknown) = names.iter().find(|name| STAGES.iter().all(|stage| stage.name != **name)) {
        return Err(format!("There is no stage '{unknown}'; `cargo xtask help` lists them."));
    }
    let chosen = STAGES.iter().filter(|stage| names.is_empty() || names.contains(&stage.name));
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for stage in chosen {
        say(&format!("Stage {}: {}", stage.name, stage.says));
        let start = Instant::now();
        // The browser would only test the site of an earlier build.
        let outcome = if stage.name == "browser" && failed.contains(&"site") {
            Err("There is no new site to test.".to_owned())
        } else {
            (stage.work)()
        };
        let seconds = start.elapsed().as_secs_f64();
        match outcome {
            Ok(()) => lines.push(format!("  passed  {:<12} {seconds:>6.0} s", stage.name)),
            Err(sentence) => {
                eprintln!("xtask: {sentence}");
                lines.push(format!("  FAILED  {:<12} {seconds:>6.0} s  {sentence}", stage.name));
                failed.push(stage.name);
            }
        }
    }
    println!("\nStages:\n{}", lines.join("\n"));
    if failed.is_empty() {
        println!("All {} stages passed.", lines.len());
        return Ok(());
    }
    Err(format!("{} of {} stages failed; one alone: cargo xtask test {}", failed.len(), lines.len(), failed[0]))
}

fn format() -> Outcome {
    run_cargo(&["fmt", "--all", "--check"], "The format check; `cargo fmt --all` mends it, and")
}

fn clippy() -> Outcome {
    run_cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], "clippy")
}

fn clippy_wasm() -> Outcome {
    let toolchain = Toolchain::ready()?;
    for module in [&wasm::PAGE[..], &wasm::ENGINE[..], &wasm::SIZE[..], &wasm::OTHERS[..]] {
        if let Some(mut clippy) = toolchain.clippy()? {
            crate::process::run(clippy.args(module).args(["--", "-D", "warnings"]), "clippy for wasm32")?;
        } else {
            say("There is no clippy for wasm32 here, so its compiler's warnings are denied instead");
            // The real build, so that the stage after next finds it done; only warnings of our own code count.
            let cut = if module == wasm::PAGE { &wasm::CUT[..] } else { &[] };
            let mut command = toolchain.cargo(if cut.is_empty() { "build" } else { "rustc" });
            command.args(["-Zwarnings", "--config", "build.warnings='deny'"]).args(module).args(cut);
            crate::process::run(&mut command, "The build for wasm32 without warnings")?;
        }
    }
    Ok(())
}

fn native() -> Outcome {
    // The JavaScript engine, which handlers run on natively as well, is one of the npm packages.
    node::ready()?;
    // The tests run optimised and with assertions; the tool itself is not worth that.
    if succeeds(cargo().args(["nextest", "--version"])) {
        run_cargo(&["nextest", "run", "--package", "streamgauge", "--no-fail-fast"], "The native tests")?;
        run_cargo(&["test", "--package", "streamgauge", "--doc"], "The examples in the documentation")?;
    } else {
        run_cargo(&["test", "--package", "streamgauge", "--no-fail-fast"], "The native tests")?;
    }
    let handlers =
        ["streamgauge-handler", "order-totals", "streamgauge-handlers"].map(|package| ["--package", package]);
    let handlers = [&["test", "--profile", "xtask"], handlers.as_flattened()].concat();
    run_cargo(&handlers, "The tests of the crate for compiled handlers")?;
    run_cargo(&["test", "--package", "xtask", "--profile", "xtask"], "The tests of xtask")
}

fn docs() -> Outcome {
    let mut command = cargo();
    command.args(["doc", "--package", "streamgauge", "--lib", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    crate::process::run(&mut command, "The documentation")
}

fn build_site() -> Outcome {
    let dist = site::build()?;
    sizes::check(&dist)?;
    for module in ["engine.wasm", "size.wasm"] {
        let faults = wasm::engine_faults(&place::stage().join(module))?;
        if !faults.is_empty() {
            return Err(format!("{module}: {}.", faults.join("; ")));
        }
    }
    Ok(())
}

fn drive() -> Outcome {
    node::ready()?;
    let browser = browser::ready()?;
    if !place::dist().join("index.html").exists() {
        site::build()?;
    }
    let command_line = site::command_line()?;
    let example = wasm::example()?;
    let folder = place::root().join("tests/browser");
    let entries = folder.read_dir().map_err(|_| "The folder tests/browser is missing.")?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    // Their names put the digests first: when they differ, nothing else on the page means anything.
    files.sort();
    let timed = |file: &PathBuf| TIMED.iter().any(|name| file.ends_with(format!("{name}.test.mjs")));
    let (timed, others): (Vec<_>, Vec<_>) = files.into_iter().partition(timed);
    let run = |files: Vec<PathBuf>, at_once: u32| {
        let mut command = Command::new("node");
        command
            .current_dir(place::root())
            .args(["--test", &format!("--test-concurrency={at_once}"), "--test-reporter=spec"])
            .args(files)
            .env("STREAMGAUGE_BROWSER", &browser)
            .env("STREAMGAUGE_SITE", place::dist())
            .env("STREAMGAUGE_COMMAND", &command_line)
            .env("STREAMGAUGE_EXAMPLE", &example)
            .env("STREAMGAUGE_PICTURES", place::target().join("pictures"));
        crate::process::run(&mut command, "The browser tests")
    };
    // All of them run to their end, so that one answer names everything that failed.
    let outcome = run(others, 2);
    outcome.and(run(timed, 1))
}

fn run_cargo(arguments: &[&str], what: &str) -> Outcome {
    crate::process::run(cargo().args(arguments), what)
}
