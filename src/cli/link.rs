//! Links on the command line: a scenario file becomes a link, a link becomes the scenario file again.

use super::Failure;
use streamgauge::link::{self, Link, LinkError};
use streamgauge::scenario::{Draft, Problem, presets};

/// Whether somebody gave a link rather than a file or a preset.
pub fn is_one(what: &str) -> bool {
    what.contains("#k") || what.contains("#s=")
}

/// The link of a draft, with the address of a page before it. Only a sound scenario gets one.
pub fn of(draft: &Draft, base: &str) -> Result<String, Failure> {
    draft.check().map_err(Failure::Problems)?;
    let link = link::encode(draft).map_err(|error| failure(&error))?;
    Ok(format!("{}{link}\n", base.split('#').next().unwrap_or_default()))
}

/// The draft behind a link.
pub fn open(text: &str) -> Result<Draft, Failure> {
    match link::decode(text).map_err(|error| failure(&error))? {
        Link::Document(draft) => Ok(draft),
        Link::Preset(short) => {
            let mut draft = presets::draft(short.preset).expect("a short link names a preset that exists");
            short.apply(&mut draft);
            for problem in &short.ignored {
                eprintln!("{problem}");
            }
            Ok(draft)
        }
    }
}

fn failure(error: &LinkError) -> Failure {
    Failure::Problems(vec![Problem::new("", format!("{error} {}", error.advice()))])
}
