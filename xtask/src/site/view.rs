//! The handler view: its script with editor, samples and events, its styles, and the handlers in Rust. The page fetches
//! all of it when somebody opens the view.

use super::{Site, bytes, module, quoted, style, text};
use crate::{Outcome, place, wasm};
use std::fmt::Write as _;
use std::path::Path;

/// Adds the files and returns the name of the script, which knows the others.
pub(super) fn add(site: &Site, modules: &wasm::Modules) -> Outcome<String> {
    let root = place::root();
    let sheet = site.add("data/view", "css", &style(&root.join("www/view/view.css"), "view.css")?)?;
    let mut compiled = String::new();
    for (name, file) in &modules.handlers {
        let file = site.add(&format!("data/{name}"), "wasm", &bytes(file)?)?;
        let _ = writeln!(compiled, "{}: {},", quoted(name), quoted(&file));
    }
    let samples = root.join("www/handlers/samples");
    let sources = texts(&samples)?;
    let events = texts(&samples.join("events"))?;
    let entry = format!(
        "import index from \"{}\";\nimport View, {{ take }} from \"{}\";\n\
         const sources = {{\n{sources}}};\nconst events = {{\n{events}}};\nconst compiled = {{\n{compiled}}};\n\
         const brought = {{\n\
         samples: index.samples.map((one) => ({{ ...one, code: sources[one.file] }})),\n\
         events: index.events.map((one) => ({{ ...one, text: events[`${{one.id}}.json`] }})),\n\
         modules: index.modules.map((one) => ({{ ...one, file: compiled[one.id] }})),\n\
         }};\n\
         const sheet = document.createElement(\"link\");\n\
         sheet.rel = \"stylesheet\";\nsheet.href = new URL({}, document.baseURI);\n\
         export const styled = new Promise((resolve) => {{ sheet.onload = sheet.onerror = resolve; }});\n\
         document.head.append(sheet);\n\
         export const open = (place, act) => new View(place, act, brought);\nexport {{ take }};\n",
        samples.join("index.json").display(),
        root.join("www/view/view.js").display(),
        quoted(&sheet),
    );
    let file = place::stage().join("view-entry.js");
    std::fs::write(&file, entry).map_err(|error| format!("{} cannot be written ({error}).", file.display()))?;
    site.add("data/view", "js", &module(&file, "view.js", &[])?)
}

/// Every text of a folder as members of an object, by the file's name.
fn texts(folder: &Path) -> Outcome<String> {
    let entries = folder.read_dir().map_err(|error| format!("{} cannot be read ({error}).", folder.display()))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    let mut members = String::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name != "index.json" {
            let _ = writeln!(members, "{}: {},", quoted(&name), quoted(&text(&file)?));
        }
    }
    Ok(members)
}
