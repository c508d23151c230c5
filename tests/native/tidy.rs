//! What no compiler checks: which module may use which, first lines, lengths, words that must not stay, sources.

use std::fs;
use std::path::{Path, PathBuf};
use streamgauge::cost::prices;
use streamgauge::limits;

/// The library's modules from left to right: each uses only what stands before it, or on its own step.
const ORDER: [&[&str]; 12] = [
    &["units", "text", "metering"],
    &["hash_key", "words"],
    &["limits"],
    &["errors", "handlers"],
    &["scenario"],
    &["engine", "link"],
    &["metrics"],
    &["cost"],
    &["session", "rules"],
    &["sizing"],
    &["app"],
    &["web"],
];

/// Longest file, in lines.
const LINES_MAX: usize = 500;

/// Methods of floating-point numbers whose results differ between native code and WebAssembly. Clippy knows the type
/// of what they are called on, so it also refuses `log`, which other types have, too.
const PLATFORM_MATHS: [&str; 24] = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "exp", "exp2", "exp_m1",
    "hypot", "ln", "ln_1p", "log10", "log2", "powf", "powi", "sin", "sin_cos", "sinh", "tan",
];

struct File {
    /// Path from the root of the repository, with slashes.
    path: String,
    text: String,
}

impl File {
    fn is(&self, ending: &str) -> bool {
        self.path.ends_with(ending)
    }

    fn under(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    /// The text without comments and without the tests at its end: what runs.
    fn code(&self) -> String {
        let code = self.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Everything written by hand: sources, tests, pages, scripts and texts.
fn files() -> Vec<File> {
    let mut found = Vec::new();
    for name in ["src", "tests", "sdk", "xtask", "www", ".ci", ".cargo"] {
        walk(&root().join(name), &mut found);
    }
    for name in ["Cargo.toml", "README.md", "index.html", ".clippy.toml", "rustfmt.toml", "package.json"] {
        read(&root().join(name), &mut found);
    }
    assert!(found.iter().filter(|file| file.is(".rs")).count() > 50);
    found
}

fn walk(folder: &Path, found: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a folder can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match path.is_dir() {
            true if ["target", "node_modules", "dist"].contains(&name.as_str()) => {}
            true => walk(&path, found),
            false => read(&path, found),
        }
    }
}

/// Keeps a file if it is text.
fn read(path: &Path, found: &mut Vec<File>) {
    if let Ok(text) = fs::read_to_string(path) {
        let path = path.strip_prefix(root()).expect("it lies in the repository");
        let path = path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        found.push(File { path, text });
    }
}

fn none(problems: &[String]) {
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The place of a module in the order; `None` for a name that is no module of the library.
fn place(module: &str) -> Option<usize> {
    ORDER.iter().position(|step| step.contains(&module))
}

/// Modules of the library that a text names after `prefix::`, alone or in braces.
fn named(code: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, found) in code.match_indices(&format!("{prefix}::")) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + found.len()..];
        let mut depth = 0;
        let mut word = String::new();
        let mut first = true;
        // The first word of each branch of a use tree; below it, everything is inside that module.
        for c in rest.chars().chain([';']) {
            if c.is_alphanumeric() || c == '_' {
                word.push(c);
                continue;
            }
            if first && depth <= 1 && !word.is_empty() {
                names.push(std::mem::take(&mut word));
            }
            word.clear();
            match c {
                '{' => {
                    depth += 1;
                    first = depth == 1;
                }
                '}' => depth -= 1,
                ',' if depth == 1 => first = true,
                ' ' | '\n' => {}
                _ => first = false,
            }
            if depth <= 0 {
                break;
            }
        }
    }
    names
}

#[test]
fn use_trees_are_read_as_the_compiler_reads_them() {
    let code =
        "use crate::units::{Span, Ratio};\nuse crate::{engine::{Engine, fact}, limits, text::int};\nmy_crate::app";
    assert_eq!(named(code, "crate"), ["units", "engine", "limits", "text"]);
    assert_eq!(named("let x = streamgauge::app::picture::text(1);", "streamgauge"), ["app"]);
    assert_eq!(named("f(crate::limits::ALL, crate::units::Span)", "crate"), ["limits", "units"]);
}

#[test]
fn a_module_uses_only_what_stands_to_its_left() {
    let mut problems = Vec::new();
    for file in files().iter().filter(|file| file.under("src/") && file.is(".rs")) {
        let module = file.path["src/".len()..].split(['/', '.']).next().unwrap_or_default().to_owned();
        let code = file.code();
        let (uses, last) = match module.as_str() {
            "lib" | "main" => continue,
            // Programs: they use the library by its name.
            "ui" => (named(&code, "streamgauge"), place("web")),
            "cli" => (named(&code, "streamgauge"), place("app")),
            "link_main" => (named(&code, "streamgauge"), place("link")),
            "meter_main" => (named(&code, "streamgauge"), place("handlers")),
            "size_main" => (named(&code, "streamgauge"), place("sizing")),
            "engine_main" => (named(&code, "streamgauge"), place("session")),
            "web" => (named(&code, "crate"), place("web")),
            name => match place(name) {
                Some(place) => (named(&code, "crate"), Some(place)),
                None => {
                    problems.push(format!("{}: {name} has no place in the order of modules", file.path));
                    continue;
                }
            },
        };
        for used in uses {
            let at = place(&used);
            if at.is_none() && used.starts_with(|c: char| c.is_lowercase()) && used != module {
                problems.push(format!("{}: uses {used}, which has no place in the order of modules", file.path));
            }
            // The page's own wasm may reach the box, and only it.
            let in_web = module == "web" && used == "app";
            if at > last || in_web {
                problems.push(format!("{}: uses {used}, which stands to the right of {module}", file.path));
            }
        }
    }
    none(&problems);
}

#[test]
fn every_file_says_in_its_first_line_what_it_is() {
    let mut problems = Vec::new();
    for file in files().iter().filter(|file| file.is(".rs")) {
        let first = file.text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") || first.len() < 15 {
            problems.push(format!("{}: begins with {first:?}", file.path));
        }
    }
    none(&problems);
}

#[test]
fn no_file_is_too_long_to_read() {
    let mut problems = Vec::new();
    for file in files().iter().filter(|file| [".rs", ".mjs", ".js", ".css"].iter().any(|ending| file.is(ending))) {
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            problems.push(format!("{}: {lines} lines; {LINES_MAX} are allowed", file.path));
        }
    }
    none(&problems);
}

/// Written in two halves, so that this file does not hold them.
fn banned() -> Vec<String> {
    let halves = [
        ("TO", "DO"),
        ("FIX", "ME"),
        ("XX", "X"),
        ("HA", "CK"),
        ("to", "do!"),
        ("unimple", "mented!"),
        ("db", "g!("),
        ("#[ig", "nore"),
        ("allow(dead", "_code)"),
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("/ho", "me/"),
        ("/tm", "p/"),
        ("C:\\", "Users"),
    ];
    halves.map(|(a, b)| format!("{a}{b}")).into()
}

#[test]
fn nothing_is_left_for_later_and_no_machine_is_named() {
    let mut problems = Vec::new();
    let banned = banned();
    for file in files() {
        for (number, line) in (1..).zip(file.text.lines()) {
            for word in banned.iter().filter(|word| has_word(line, word)) {
                problems.push(format!("{}:{number}: {word}", file.path));
            }
        }
    }
    none(&problems);
}

/// Whether a line has the word, not as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + word.len()..].chars().next());
        let joined_before = word.starts_with(char::is_alphanumeric) && is_letter(before);
        let joined_after = word.ends_with(char::is_alphanumeric) && is_letter(after);
        !joined_before && !joined_after
    })
}

#[test]
fn the_library_has_no_platform_maths_no_clock_and_no_unordered_map() {
    let mut problems = Vec::new();
    let words = ["HashMap", "HashSet", "Instant::now", "SystemTime", "std::thread", "RandomState"];
    for file in files().iter().filter(|file| file.under("src/") && file.is(".rs")) {
        let program = ["src/ui", "src/cli", "src/main.rs"].iter().any(|part| file.under(part));
        for (number, line) in (1..).zip(file.code().lines()) {
            for name in PLATFORM_MATHS {
                let called = line.contains(&format!(".{name}(")) || line.contains(&format!("f64::{name}"));
                if called && !program {
                    problems.push(format!("{}:{number}: {name}; use libm", file.path));
                }
            }
            for word in words.iter().filter(|word| has_word(line, word) && !program) {
                problems.push(format!("{}:{number}: {word}", file.path));
            }
            if line.contains(".unwrap()") {
                problems.push(format!("{}:{number}: unwrap; say with expect why it holds", file.path));
            }
        }
    }
    none(&problems);
}

#[test]
fn every_figure_has_a_source_and_a_date() {
    let dated = |date: &str| {
        let year = date.split('-').next().and_then(|year| year.parse::<u32>().ok());
        year.is_some_and(|year| (2009..=2027).contains(&year))
    };
    for limit in limits::ALL {
        let source = limit.source;
        assert!(!source.tag.is_empty() && source.text.len() > 3, "{} has no source", limit.name);
        assert!(dated(source.date), "{} has no date: {:?}", limit.name, source.date);
        assert!(limit.about.len() > 10, "{} is not explained", limit.name);
    }
    for price in prices::ALL {
        assert!(!price.source.is_empty() && dated(price.dated), "{}", price.name);
    }
}
