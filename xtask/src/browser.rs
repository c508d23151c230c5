//! The browser that drives the page in tests: one that is installed, or Debian's chromium.

use std::path::PathBuf;

use crate::process::{find, is_program};
use crate::{Outcome, apt};

/// Names under which systems install Chromium or Chrome.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// Where it lies on a Mac.
const MAC: [&str; 2] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// Finds a browser, or installs one.
pub fn ready() -> Outcome<PathBuf> {
    if let Some(asked) = std::env::var_os("STREAMGAUGE_BROWSER") {
        return Ok(PathBuf::from(asked));
    }
    if let Some(browser) = installed() {
        return Ok(browser);
    }
    apt::install(&["chromium"], "the browser tests").map_err(|sentence| {
        format!("No Chromium or Chrome was found: install one, or name it in STREAMGAUGE_BROWSER. {sentence}")
    })?;
    installed().ok_or_else(|| "The package chromium is installed, but there is no program of that name.".to_owned())
}

fn installed() -> Option<PathBuf> {
    let known = NAMES.iter().find_map(|name| find(name));
    known.or_else(|| MAC.iter().map(PathBuf::from).find(|file| is_program(file)))
}
