//! The project's two commands: `cargo xtask serve` and `cargo xtask test`, and what they are made of.

mod apt;
mod browser;
mod checks;
mod node;
mod place;
mod process;
mod serve;
mod site;
mod sizes;
mod toolchain;
mod wasm;

use std::process::ExitCode;

/// What a step answers: nothing, or one sentence that says what to do.
type Outcome<T = ()> = Result<T, String>;

const USAGE: &str = "\
Usage: cargo xtask <command>

  build              write the static site into dist/
  serve [--port N]   build what is missing or stale, then serve dist/ on this machine
  example            build the example of a handler in Rust, sdk/example, as WebAssembly
  test [stage…]      everything that CI runs, or the named stages only

Stages:";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["build"] => site::build().map(|_| ()),
        ["example"] => wasm::example().map(|_| ()),
        ["serve"] => serve::build_and_serve(None),
        ["serve", "--port", port] => match port.parse() {
            Ok(port) => serve::build_and_serve(Some(port)),
            Err(_) => Err(format!("'{port}' is no port; type a number from 1 to 65535.")),
        },
        ["test", stages @ ..] => checks::run(stages),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            for stage in checks::STAGES {
                println!("  {:<18} {}", stage.name, stage.says);
            }
            Ok(())
        }
        other => Err(format!("There is no command '{}'; `cargo xtask help` lists them.", other.join(" "))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("\nxtask: {sentence}");
            ExitCode::FAILURE
        }
    }
}
