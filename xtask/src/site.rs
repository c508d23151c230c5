//! The static site: bundles, policies and names with content hashes, written into `dist/`.

mod view;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::process::{cargo, read, run, say, timed};
use crate::{Outcome, node, place, wasm};

/// Builds everything and returns the folder of the site.
pub fn build() -> Outcome<PathBuf> {
    let modules = wasm::build()?;
    let dist = timed("Putting the site together", || assemble(&modules))?;
    say(&format!("The site stands in {}, ready for any static host", dist.display()));
    Ok(dist)
}

fn assemble(modules: &wasm::Modules) -> Outcome<PathBuf> {
    let root = place::root();
    let dist = place::dist();
    // A new folder each time, so that no file of an earlier build is served for ever.
    let _ = std::fs::remove_dir_all(&dist);
    std::fs::create_dir_all(&dist).map_err(|error| format!("{} cannot be made ({error}).", dist.display()))?;
    let site = Site { dist };

    let page = site.add("page", "wasm", &bytes(&modules.page)?)?;
    let engine = site.add("engine", "wasm", &bytes(&modules.engine)?)?;
    let script = site.add("page", "js", &bundle_script(modules)?)?;
    let style = site.add("page", "css", &bundle_style()?)?;

    let worker = minified(&root.join("www/worker.js"))?;
    let relay = minified(&root.join("www/relay.js"))?;
    let policy = format!(
        "default-src 'none'; script-src '{}' 'wasm-unsafe-eval'; worker-src blob:; base-uri 'none'; form-action 'none'",
        hash(&relay)
    );
    let sandbox = text(&root.join("www/sandbox.html"))?;
    let sandbox = fill(&sandbox, &[("policy", &policy), ("worker", &worker), ("relay", &relay)])?;
    let sandbox = site.add("sandbox", "html", sandbox.as_bytes())?;

    // Style attributes are allowed because the drawing sets them; style elements and inline scripts are not.
    let policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
                  style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; worker-src 'none'; \
                  frame-src 'self'; base-uri 'none'; form-action 'none'";
    std::fs::create_dir_all(site.dist.join("data")).map_err(|error| format!("dist/data cannot be made ({error})."))?;
    let handbook = site.add("data/handbook", "json", read(&mut handbook()?, "Writing the handbook")?.as_bytes())?;
    let plots = site.add("data/plots", "js", &bundle_plots()?)?;
    let later = site.add("data/later", "wasm", &bytes(&modules.later)?)?;
    let quickjs = site.add("data/quickjs", "wasm", &metered_quickjs()?)?;
    let handlers = site.add("data/handlers", "js", &bundle_handlers()?)?;
    let meter = site.add("data/meter", "wasm", &bytes(&modules.meter)?)?;
    let view = view::add(&site, modules)?;
    let link = site.add("data/link", "wasm", &bytes(&modules.link)?)?;
    let links = site.add("data/links", "js", &bundle_links(&link)?)?;
    let size = site.add("data/size", "wasm", &bytes(&modules.size)?)?;
    let sizing = site.add("data/sizing", "js", &bundle_sizing(&site, &size)?)?;
    let names = [
        ("policy", policy),
        ("page", page.as_str()),
        ("later", later.as_str()),
        ("engine", engine.as_str()),
        ("sandbox", sandbox.as_str()),
        ("script", script.as_str()),
        ("style", style.as_str()),
        ("handbook", handbook.as_str()),
        ("plots", plots.as_str()),
        ("quickjs", quickjs.as_str()),
        ("handlers", handlers.as_str()),
        ("meter", meter.as_str()),
        ("view", view.as_str()),
        ("links", links.as_str()),
        ("sizing", sizing.as_str()),
    ];
    let data = root.join("www/data");
    for file in data.read_dir().map_err(|error| format!("www/data cannot be read ({error})."))?.flatten() {
        site.write(&format!("data/{}", file.file_name().display()), &bytes(&file.path())?)?;
    }
    let index = fill(&text(&root.join("index.html"))?, &names)?;
    site.write("index.html", index.as_bytes())?;
    Ok(site.dist)
}

/// Builds the command line and returns its place. The profile is that of the native tests, which build it as well.
pub fn command_line() -> Outcome<PathBuf> {
    let arguments = ["build", "--package", "streamgauge", "--bin", "streamgauge", "--profile", "test"];
    run(cargo().args(arguments), "Building the command line")?;
    Ok(place::target().join("debug").join(format!("streamgauge{}", std::env::consts::EXE_SUFFIX)))
}

/// What writes the texts that the page fetches only when somebody asks for them.
fn handbook() -> Outcome<Command> {
    let mut command = Command::new(command_line()?);
    command.args(["model", "--json"]);
    Ok(command)
}

/// The page's JavaScript: the entry, wasm-bindgen's glue and its snippets.
fn bundle_script(modules: &wasm::Modules) -> Outcome<Vec<u8>> {
    let glue = format!("--alias:streamgauge-page={}", modules.glue.display());
    module(&place::root().join("www/main.js"), "page.js", &["--loader:.css=empty", &glue])
}

/// The library of the time plots, which the page fetches when a run has something to plot.
fn bundle_plots() -> Outcome<Vec<u8>> {
    let entry = place::stage().join("plots-entry.js");
    std::fs::write(&entry, "export { default } from \"uplot\";\n")
        .map_err(|error| format!("{} cannot be written ({error}).", entry.display()))?;
    module(&entry, "plots.js", &[])
}

/// What packs and reads links, which the page fetches when somebody shares or opens one. It knows its module's name.
fn bundle_links(link: &str) -> Outcome<Vec<u8>> {
    let name = link.trim_start_matches("data/");
    module(&place::root().join("www/links/links.js"), "links.js", &[&format!("--define:LINK_MODULE=\"{name}\"")])
}

/// What finds a size, which the page fetches when somebody asks for one. It knows the names of its module and its sheet.
fn bundle_sizing(site: &Site, module_file: &str) -> Outcome<Vec<u8>> {
    let folder = place::root().join("www/sizing");
    let sheet = site.add("data/sizing", "css", &style(&folder.join("sizing.css"), "sizing.css")?)?;
    let named = |name: &str, file: &str| format!("--define:{name}=\"{}\"", file.trim_start_matches("data/"));
    let names = [named("SIZE_MODULE", module_file), named("SIZE_SHEET", &sheet)];
    module(&folder.join("sizing.js"), "sizing.js", &names.each_ref().map(String::as_str))
}

/// The JavaScript engine on fuel, which the page fetches for a scenario that has a handler's code.
fn metered_quickjs() -> Outcome<Vec<u8>> {
    let output = place::stage().join("quickjs.wasm");
    let mut command = Command::new(command_line()?);
    command.arg("meter").arg(place::root().join("node_modules/quickjs-wasi/inlined.wasm")).arg(&output);
    run(&mut command, "Putting the JavaScript engine on fuel")?;
    bytes(&output)
}

/// The host of handlers as a plain script, with the sources of the prelude as they are: what they cost in fuel depends
/// on each of their letters, and the native host has the same.
fn bundle_handlers() -> Outcome<Vec<u8>> {
    let folder = place::root().join("www/handlers");
    let prelude = ["bytes.js", "console.js", "hashes.js", "lambda.js"].map(|name| text(&folder.join(name)));
    let mut entry = format!(
        "import {{ HandlerEngine, ModuleEngine, Status }} from \"{}\";\nimport {{ Rows }} from \"{}\";\nimport {{ Code }} from \"{}\";\n\
         import limits from \"{}\";\nexport {{ ModuleEngine, Rows, Status, limits }};\n\
         export const code = (tools, given) => new Code({{ ...tools, sources, limits }}, given);\n\
         export const create = (module) => new HandlerEngine(module, sources, limits);\n\
         const sources = [\n",
        folder.join("host.js").display(),
        folder.join("rows.js").display(),
        folder.join("code.js").display(),
        folder.join("limits.json").display(),
    );
    for source in prelude {
        let _ = writeln!(entry, "{},", quoted(&source?));
    }
    entry.push_str("];\n");
    let file = place::stage().join("handlers-entry.js");
    std::fs::write(&file, entry).map_err(|error| format!("{} cannot be written ({error}).", file.display()))?;
    bundle(&file, "handlers.js", &["--format=iife", "--global-name=streamgaugeHandlers"])
}

/// A text as a string of JavaScript.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            _ if letter < ' ' || letter == '\u{2028}' || letter == '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", letter as u32);
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// A script with everything that it imports, as one module.
fn module(entry: &Path, name: &str, more: &[&str]) -> Outcome<Vec<u8>> {
    bundle(entry, name, &[&["--format=esm"], more].concat())
}

fn bundle(entry: &Path, name: &str, more: &[&str]) -> Outcome<Vec<u8>> {
    let output = place::stage().join(name);
    let mut esbuild = node::tool("esbuild/bin/esbuild")?;
    esbuild.arg(entry).args(["--bundle", "--minify", "--target=es2022", "--legal-comments=eof", "--charset=utf8"]);
    esbuild.arg("--log-level=warning").args(more).arg(format!("--outfile={}", output.display()));
    run(&mut esbuild, &format!("Bundling {name}"))?;
    bytes(&output)
}

/// The page's styles: uPlot's first, then the tokens, then the others by name.
fn bundle_style() -> Outcome<Vec<u8>> {
    let folder = place::root().join("www");
    let entries = folder.read_dir().map_err(|error| format!("www cannot be read ({error})."))?;
    let mut sheets: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    sheets.retain(|path| path.extension().is_some_and(|extension| extension == "css"));
    sheets.sort_by_key(|path| (!path.ends_with("tokens.css"), path.clone()));
    let mut entry = String::from("@import \"uplot/dist/uPlot.min.css\";\n");
    for sheet in sheets {
        let _ = writeln!(entry, "@import \"{}\";", sheet.display());
    }
    let input = place::stage().join("entry.css");
    std::fs::write(&input, entry).map_err(|error| format!("{} cannot be written ({error}).", input.display()))?;
    style(&input, "page.css")
}

/// A sheet with everything that it imports.
fn style(input: &Path, name: &str) -> Outcome<Vec<u8>> {
    let output = place::stage().join(name);
    let mut esbuild = node::tool("esbuild/bin/esbuild")?;
    esbuild.arg(input).args(["--bundle", "--minify", "--log-level=warning", "--target=es2022"]);
    // Nothing that a sheet names is fetched from elsewhere: what is not in the bundle fails to build.
    esbuild.args(["--loader:.svg=dataurl"]).arg(format!("--outfile={}", output.display()));
    run(&mut esbuild, &format!("Bundling {name}"))?;
    bytes(&output)
}

/// A script that stands inside a page, without its comments.
fn minified(file: &Path) -> Outcome<String> {
    let mut esbuild = node::tool("esbuild/bin/esbuild")?;
    esbuild.arg(file).args(["--minify", "--target=es2022", "--log-level=warning", "--legal-comments=none"]);
    let script = read(&mut esbuild, &format!("Shrinking {}", file.display()))?;
    if script.contains("</script") || script.contains("<!--") {
        return Err(format!("{} holds text that would end the script element around it.", file.display()));
    }
    Ok(script)
}

/// Fills the places in double braces; each name must be used, and no place may stay empty.
fn fill(template: &str, values: &[(&str, &str)]) -> Outcome<String> {
    let mut rest = template;
    let mut filled = String::new();
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or("A place in a page's template is not closed.")?;
        let value = values.iter().find(|(known, _)| *known == name);
        let (_, value) = value.ok_or_else(|| format!("A page's template asks for an unknown '{name}'."))?;
        filled.push_str(before);
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    match values.iter().find(|(name, _)| !template.contains(&format!("{{{{{name}}}}}"))) {
        Some((unused, _)) => Err(format!("A page's template does not use '{unused}'.")),
        None => Ok(filled),
    }
}

/// The form in which a content security policy names a script that stands in the page.
fn hash(script: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(script.as_bytes())))
}

struct Site {
    dist: PathBuf,
}

impl Site {
    /// Writes a file whose name changes with its content, and returns the name.
    fn add(&self, stem: &str, extension: &str, content: &[u8]) -> Outcome<String> {
        let digest = Sha256::digest(content);
        let mut name = format!("{stem}-");
        for byte in &digest[..5] {
            let _ = write!(name, "{byte:02x}");
        }
        let _ = write!(name, ".{extension}");
        self.write(&name, content)?;
        Ok(name)
    }

    fn write(&self, name: &str, content: &[u8]) -> Outcome {
        let file = self.dist.join(name);
        std::fs::write(&file, content).map_err(|error| format!("{} cannot be written ({error}).", file.display()))
    }
}

fn bytes(file: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(file).map_err(|error| format!("{} cannot be read ({error}).", file.display()))
}

fn text(file: &Path) -> Outcome<String> {
    std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read ({error}).", file.display()))
}

#[cfg(test)]
mod tests {
    use super::{fill, hash, quoted};

    #[test]
    fn every_place_is_filled_and_every_value_used() {
        assert_eq!(fill("a {{x}} b {{y}}", &[("x", "1"), ("y", "{{x}}")]), Ok("a 1 b {{x}}".to_owned()));
        assert!(fill("a {{x}}", &[]).is_err());
        assert!(fill("a", &[("x", "1")]).is_err());
        assert!(fill("a {{x", &[("x", "1")]).is_err());
    }

    #[test]
    fn a_text_becomes_a_string_of_javascript() {
        assert_eq!(quoted("a\n\"b\\ \u{2028}é\u{1}"), r#""a\n\"b\\ \u2028é\u0001""#);
    }

    #[test]
    fn a_script_is_named_as_policies_name_it() {
        // The example of the Content Security Policy specification.
        assert_eq!(hash("alert('Hello, world.');"), "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
    }
}
