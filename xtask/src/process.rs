//! Running other programs, with lines that a person can follow.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Outcome;

/// Announces a step.
pub fn say(line: &str) {
    eprintln!("==> {line}");
}

/// Runs a program to its end with its output shown; `what` completes "… failed".
pub fn run(command: &mut Command, what: &str) -> Outcome {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("{what} failed; its own lines above say why.")),
        Err(error) => Err(missing(command, what, &error)),
    }
}

/// Runs a program quietly and returns what it printed; its complaints are shown when it fails.
pub fn read(command: &mut Command, what: &str) -> Outcome<String> {
    let output = command.output().map_err(|error| missing(command, what, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{what} failed; its own lines above say why."))
}

/// Whether a program runs and is content, without showing anything.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// The full path of a program, looked up as the shell does.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| is_program(file))
}

/// Whether this file exists and is a file.
pub fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file())
}

/// Runs a step and says how long it took.
pub fn timed<T>(line: &str, step: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    say(line);
    let start = Instant::now();
    let done = step()?;
    say(&format!("{line}: done in {:.1} s", start.elapsed().as_secs_f64()));
    Ok(done)
}

/// The cargo that runs this tool.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::place::root());
    command
}

fn missing(command: &Command, what: &str, error: &std::io::Error) -> String {
    format!("{what} needs the program '{}', which did not start ({error}).", command.get_program().to_string_lossy())
}
