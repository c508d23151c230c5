//! The command line: runs, checks and lists scenarios with the same library as the page.

mod analytics;
mod code;
mod compare;
mod firehose;
mod handle;
mod link;
mod report;
mod size;
mod stores;
mod video;

use clap::{Parser, Subcommand};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use streamgauge::engine::{Invocation, Outcome};
use streamgauge::handlers::HandlerEngine;
use streamgauge::limits::grouped;
use streamgauge::scenario::packed::pack;
use streamgauge::scenario::{Draft, Problem, Scenario, presets, schema};
use streamgauge::session::code::Code;
use streamgauge::session::{Pump, Run, Session, VideoRun};
use streamgauge::text;

/// Puts a traffic spike on a Kinesis data stream and its Lambda function, and shows where it breaks, how late the
/// work gets done, what is lost and what it costs. Nothing is sent anywhere.
#[derive(Parser)]
#[command(name = "streamgauge", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a scenario to its end and prints what happened
    Run {
        /// A scenario file, the id of a preset, a link, or - for the standard input
        #[arg(value_name = "FILE-OR-PRESET")]
        what: String,
        /// Seed of the run, instead of the scenario's own
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// JavaScript or a module that decides each batch; before it whose, from zero: 1=index.js of the second
        /// consumer, deliver.0=index.js or designs.0=index.js of a delivery stream, then.0.consumers.0=index.js of a
        /// consumer of a stream that follows. The first consumer's where nothing stands there
        #[arg(long, value_name = "[WHOSE=]FILE")]
        handler: Vec<code::Given>,
        /// Prints one JSON object instead of tables
        #[arg(long)]
        json: bool,
    },
    /// Runs all designs of a scenario on the same arrivals and prints them side by side
    Compare {
        /// A scenario file, the id of a preset, or - for the standard input
        #[arg(value_name = "FILE-OR-PRESET")]
        what: String,
        /// Seed of the runs, instead of the scenario's own
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// JavaScript or a module that decides each batch, as for a run; designs.0.consumers.0=index.js of a consumer
        /// of another design
        #[arg(long, value_name = "[WHOSE=]FILE")]
        handler: Vec<code::Given>,
        /// Prints one JSON object instead of tables
        #[arg(long)]
        json: bool,
    },
    /// Searches the cheapest design that meets a goal, by running many, and shows the frontier of cost against lag
    Size(size::Arguments),
    /// Says everything that is wrong with a scenario file
    Check {
        /// A scenario file, the id of a preset, or - for the standard input
        file: String,
    },
    /// Prints a scenario file with what its SQL queries say written into the fields beside them, as the page needs it
    Plan {
        /// A scenario file, the id of a preset, or - for the standard input
        file: String,
    },
    /// Lists the presets, or prints the scenario file of one
    Presets {
        /// The preset whose scenario file to print
        id: Option<String>,
    },
    /// Prints the link that carries a scenario, code included
    Link {
        /// A scenario file, the id of a preset, or - for the standard input
        file: String,
        /// Address of the page that is to open it
        #[arg(long, value_name = "URL", default_value = "")]
        base: String,
    },
    /// Prints the scenario file that a link carries
    Open {
        /// The link: a whole address, or what stands in it from the # on
        link: String,
    },
    /// Prints a scenario as the page hands it to the engine's module; for tests of that module
    #[command(hide = true)]
    Pack {
        /// A scenario file, the id of a preset, or - for the standard input
        what: String,
    },
    /// Puts the JavaScript engine of handlers on fuel, as the page loads it
    #[command(hide = true)]
    Meter {
        /// QuickJS-ng's module, from its package
        module: PathBuf,
        /// Where to write the module on fuel
        output: PathBuf,
    },
    /// Runs a handler, JavaScript or a compiled module, on one event, and prints what came of it
    Handle(handle::Arguments),
    /// Prints the JSON schema of scenario files
    Schema,
    /// Says how everything is modelled: rules, constants, sources, departures
    Model {
        /// Prints one JSON object, with what each field of a scenario says, instead of text
        #[arg(long)]
        json: bool,
    },
}

/// Why nothing was printed.
enum Failure {
    /// Problems of the input: one a line, exit status 2.
    Problems(Vec<Problem>),
    /// The run could not go to its end: exit status 1.
    Run(String),
}

/// Reads the arguments, does what they say, and gives the exit status: 0, 1 where a run could not go to its end,
/// 2 where the input was wrong.
pub fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run { what, seed, handler, json } => run(&what, seed, &handler, json),
        Command::Compare { what, seed, handler, json } => compare_designs(&what, seed, &handler, json),
        Command::Size(arguments) => size::size(&arguments),
        Command::Check { file } => check(&file),
        Command::Plan { file } => read(&file).and_then(|draft| planned(&draft)).map(|draft| draft.to_json()),
        Command::Presets { id } => list_presets(id.as_deref()),
        Command::Pack { what } => {
            read(&what).and_then(|draft| draft.check().map_err(Failure::Problems)).map(|s| pack(&s))
        }
        Command::Link { file, base } => {
            read(&file).and_then(|draft| planned(&draft)).and_then(|draft| link::of(&draft, &base))
        }
        Command::Open { link } => link::open(&link).map(|draft| draft.to_json()),
        Command::Handle(arguments) => handle::handle(&arguments).map_err(Failure::Run),
        Command::Meter { module, output } => meter(&module, &output).map(|()| String::new()),
        Command::Schema => Ok(pretty(&schema::schema())),
        Command::Model { json: true } => Ok(pretty(&streamgauge::app::handbook::document())),
        Command::Model { json: false } => Ok(report::model()),
    };
    match done {
        Ok(text) => {
            // A reader that has seen enough, such as `head`, closes the pipe; that is no failure.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(Failure::Run(message)) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
        Err(Failure::Problems(problems)) => {
            for problem in problems {
                eprintln!("{problem}");
            }
            ExitCode::from(2)
        }
    }
}

fn planned(draft: &Draft) -> Result<Draft, Failure> {
    analytics::planned(draft).map_err(Failure::Problems)
}

/// A scenario with what the command line adds to it, and its code, loaded.
fn prepared(what: &str, seed: Option<u64>, handler: &[code::Given]) -> Result<(Scenario, Option<Code>), Failure> {
    let mut draft = read(what)?;
    if let Some(seed) = seed {
        draft.set("seed", seed.into());
    }
    code::write(&mut draft, handler).map_err(Failure::Run)?;
    let scenario = draft.check().map_err(Failure::Problems)?;
    let problems = code::asks_a_program(&scenario);
    if !problems.is_empty() {
        return Err(Failure::Problems(problems));
    }
    let code = Code::is_some(&scenario).then(|| code::load(&scenario)).transpose().map_err(Failure::Run)?;
    Ok((scenario, code))
}

fn compare_designs(what: &str, seed: Option<u64>, handler: &[code::Given], json: bool) -> Result<String, Failure> {
    let (scenario, code) = prepared(what, seed, handler)?;
    compare::compare(&scenario, code, json).map_err(Failure::Run)
}

fn run(what: &str, seed: Option<u64>, handler: &[code::Given], json: bool) -> Result<String, Failure> {
    let (scenario, mut code) = prepared(what, seed, handler)?;
    let mut session = Session::new(scenario);
    let end = match &mut code {
        Some(code) => session.run_with(code),
        None => session.run(),
    };
    if end == Pump::Full {
        let message = format!(
            "The run stopped at {}: more records wait than a run can hold. Choose a shorter run, lower rates, or a \
             consumer that keeps up.",
            text::clock(session.engine().now().seconds_f64())
        );
        return Err(Failure::Run(message));
    }
    let others = match &mut code {
        Some(code) => compare::other_runs(session.scenario(), code),
        None => compare::other_runs(session.scenario(), &mut |_: &Invocation| Outcome::Succeeded),
    };
    let others = others.map_err(Failure::Run)?;
    Ok(if json {
        let mut summary = session.summary();
        for (title, run) in &others {
            let kind = match run {
                Run::Direct(_) => "direct",
                Run::Firehose(_) => "firehose",
                Run::Stream(_) => continue,
            };
            let mut result = run.summary();
            result["design"] = title.as_str().into();
            match summary[kind].as_array_mut() {
                Some(results) => results.push(result),
                None => summary[kind] = serde_json::Value::Array(vec![result]),
            }
        }
        if let Some(video) = VideoRun::of(session.scenario()) {
            summary["video"] = video.summary();
        }
        if let Some(code) = &code {
            summary["handlers"] = code::document(session.scenario(), &code::of_a_run(session.scenario(), code));
        }
        pretty(&summary)
    } else {
        let scenario = session.scenario();
        let code = code
            .map_or_else(String::new, |code| format!("\n{}", code::report(scenario, &code::of_a_run(scenario, &code))));
        let others = others.iter().map(|(title, run)| compare::other(title, run)).collect::<String>();
        let video = VideoRun::of(session.scenario()).map_or_else(String::new, |run| video::report(&run));
        report::report(&session) + &code + &others + &video
    })
}

fn meter(module: &Path, output: &Path) -> Result<(), Failure> {
    let of = |path: &Path, error: std::io::Error| Failure::Run(format!("{}: {error}", path.display()));
    let original = std::fs::read(module).map_err(|error| of(module, error))?;
    let metered = HandlerEngine::metered(&original)
        .map_err(|refusal| Failure::Run(format!("{}: {refusal}", module.display())))?;
    std::fs::write(output, metered).map_err(|error| of(output, error))
}

fn check(file: &str) -> Result<String, Failure> {
    let scenario = read(file)?.check().map_err(Failure::Problems)?;
    let records = scenario.traffic.expected_records(scenario.length);
    Ok(format!(
        "{}: no problems. It offers about {} records in {}.\n",
        title(&scenario),
        grouped(records.round() as u64),
        report::plain(&text::span_text(scenario.length.seconds_f64()))
    ))
}

fn list_presets(id: Option<&str>) -> Result<String, Failure> {
    if let Some(id) = id {
        return match presets::draft(id) {
            Some(draft) => Ok(draft.to_json()),
            None => Err(Failure::Problems(vec![Problem::new("", no_preset(id))])),
        };
    }
    let mut out = String::new();
    for preset in presets::ALL {
        let _ = writeln!(out, "{}\n    {}\n", preset.id, report::wrapped(preset.about, 4));
    }
    out.push_str("Run one with: streamgauge run ID. Start your own from one with: streamgauge presets ID > FILE\n");
    Ok(out)
}

/// The draft behind a path, a preset's id, a link or `-`.
fn read(what: &str) -> Result<Draft, Failure> {
    if link::is_one(what) {
        return link::open(what);
    }
    let text = if what == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else if let Some(draft) = presets::draft(what) {
        return Ok(draft);
    } else {
        std::fs::read_to_string(what)
    };
    let text = text.map_err(|error| {
        let message = match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no such file, and {}", no_preset(what)),
            std::io::ErrorKind::InvalidData => "this is not a text file; scenario files are JSON in UTF-8".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        Failure::Problems(vec![Problem::new(what, message)])
    })?;
    Draft::parse(&text).map_err(Failure::Problems)
}

fn no_preset(id: &str) -> String {
    let ids: Vec<&str> = presets::ALL.iter().map(|preset| preset.id).collect();
    format!("there is no preset \"{id}\"; choose one of {}", ids.join(", "))
}

fn title(scenario: &Scenario) -> &str {
    if scenario.name.is_empty() { "Scenario" } else { &scenario.name }
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
