//! Node and the few npm packages that bundle, shrink and test the page.

use std::process::Command;

use crate::process::{find, is_program, read, run, say};
use crate::{Outcome, place};

/// The oldest Node that runs everything here.
const OLDEST: u32 = 20;

/// Checks Node and installs the packages of `package-lock.json` when they are missing or stale, then prepares the
/// JavaScript engine, as `streamgauge::handlers::QUICKJS` says why.
pub fn ready() -> Outcome {
    let advice = format!("install Node {OLDEST} or later from https://nodejs.org and try again.");
    if find("node").is_none() {
        return Err(format!("Node is missing; {advice}"));
    }
    let version = read(Command::new("node").arg("--version"), "Asking Node for its version")?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|n| n.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST) {
        return Err(format!("Node {version} is too old; {advice}"));
    }
    let root = place::root();
    let mut wanted = Vec::new();
    for name in ["package-lock.json", "package.json"] {
        wanted.extend(std::fs::read(root.join(name)).map_err(|_| format!("{name} is missing."))?);
    }
    let stamp = root.join("node_modules/.streamgauge-lock");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    say("Installing the npm packages of package-lock.json (esbuild, binaryen, uplot, quickjs-wasi, playwright-core)");
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut install = Command::new(npm);
    install.current_dir(&root).args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    run(&mut install, "npm ci").map_err(|_| {
        "npm could not install the packages; check the connection to the npm registry, then type: npm ci".to_owned()
    })?;
    say("Putting small functions of the JavaScript engine where they are called, once for all (some 30 seconds)");
    let mut inline = Command::new(npm);
    inline.current_dir(&root).args(["run", "--silent", "quickjs"]);
    run(&mut inline, "npm run quickjs")?;
    std::fs::write(&stamp, wanted).map_err(|error| format!("{} cannot be written ({error}).", stamp.display()))
}

/// A program of an npm package, run by Node; `script` is its path inside `node_modules`.
pub fn tool(script: &str) -> Outcome<Command> {
    let file = place::root().join("node_modules").join(script);
    if !is_program(&file) {
        return Err(format!("node_modules/{script} is missing; type: npm ci"));
    }
    let mut command = Command::new("node");
    command.arg(file).env("NODE_PATH", place::root().join("node_modules"));
    Ok(command)
}
