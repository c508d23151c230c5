//! The modules: the page's in two parts, with its JavaScript glue, and those with plain exports only.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::process::{read, run, say, timed};
use crate::toolchain::{TARGET, Toolchain};
use crate::{Outcome, node, place};

/// What the compiler may have used; the optimiser must be told.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-mutable-globals",
    "--enable-multivalue",
    "--enable-reference-types",
];

/// The script that loads the second part of the page's module, as its first part asks for it.
const LOADER: &str = "./later.js";

/// The functions that the worker calls.
const ENGINE_EXPORTS: [&str; 7] =
    ["sg_alloc", "sg_open", "sg_pump", "sg_take_frames", "sg_summary", "sg_out_ptr", "sg_out_len"];

/// The finished modules.
#[derive(Clone, Debug)]
pub struct Modules {
    /// The page's module.
    pub page: PathBuf,
    /// The part of it that is fetched when something of it is to be shown.
    pub later: PathBuf,
    /// JavaScript around the page's module, made by wasm-bindgen, with its snippets beside it.
    pub glue: PathBuf,
    /// The engine's module.
    pub engine: PathBuf,
    /// The module that puts others on fuel.
    pub meter: PathBuf,
    /// The handlers in Rust that the page brings along, by name.
    pub handlers: Vec<(String, PathBuf)>,
    /// The module that packs and reads links.
    pub link: PathBuf,
    /// The module that answers the questions of a search for a size.
    pub size: PathBuf,
}

/// Cargo's arguments for the page's module.
pub const PAGE: [&str; 4] = ["--bin", "streamgauge", "--profile", "page"];
/// What the linker has to leave in the page's module so that it can be cut in two.
pub const CUT: [&str; 2] = ["--", "-Clink-arg=--emit-relocs"];
/// Cargo's arguments for the engine's module.
pub const ENGINE: [&str; 7] =
    ["--bin", "streamgauge-engine", "--no-default-features", "--features", "engine-module", "--profile", "engine"];

/// Cargo's arguments for the modules that put others on fuel and that pack and read links: one library for both.
pub const OTHERS: [&str; 9] = [
    "--bin",
    "streamgauge-meter",
    "--bin",
    "streamgauge-link",
    "--no-default-features",
    "--features",
    "meter-module,link-module",
    "--profile",
    "page",
];

/// Cargo's arguments for the module that answers the questions of a search for a size.
pub const SIZE: [&str; 7] =
    ["--bin", "streamgauge-size", "--no-default-features", "--features", "size-module", "--profile", "engine"];

/// Builds the example of a compiled handler and returns its place.
pub fn example() -> Outcome<PathBuf> {
    let toolchain = Toolchain::ready()?;
    node::ready()?;
    compile(&toolchain, &["--package", "order-totals", "--profile", "engine"], "the example")?;
    let built = keep(&toolchain, "engine", "order_totals")?;
    let module = place::stage().join("order-totals.wasm");
    unless_done(&place::stage().join("order-totals.done"), &built, &[&module], || {
        timed("Shrinking the example", || optimise(&built, &module, &["-O3"]))
    })?;
    say(&format!("The example stands in {}", module.display()));
    Ok(module)
}

/// Builds all modules; what is up to date is left as it is.
pub fn build() -> Outcome<Modules> {
    let toolchain = Toolchain::ready()?;
    node::ready()?;
    say(&format!(
        "Building for wasm32 with {}, the standard library included; the first time takes some minutes",
        toolchain.describe()
    ));
    // A module's last step has one core busy for a minute or more, so the two profiles, which stand in folders of their
    // own, are built side by side.
    std::thread::scope(|scope| {
        let engine = scope.spawn(|| {
            compile(&toolchain, &ENGINE, "the engine's module")
                .and_then(|()| compile(&toolchain, &SIZE, "the module of sizes"))
        });
        let page = compile(&toolchain, &[&PAGE[..], &CUT].concat(), "the page's module")
            .and_then(|()| compile(&toolchain, &OTHERS, "the modules that the page fetches later"));
        let engine = engine.join().unwrap_or_else(|_| Err("Building the engine's module broke off.".to_owned()));
        page.and(engine)
    })?;
    let engine = keep(&toolchain, "engine", "streamgauge-engine")?;
    let page = keep(&toolchain, "page", "streamgauge")?;
    let meter = keep(&toolchain, "page", "streamgauge-meter")?;
    let link = keep(&toolchain, "page", "streamgauge-link")?;
    let size = keep(&toolchain, "engine", "streamgauge-size")?;
    let stage = place::stage();
    std::fs::create_dir_all(&stage).map_err(|error| format!("{} cannot be made ({error}).", stage.display()))?;

    let modules = Modules {
        page: stage.join("page.wasm"),
        later: stage.join("later.wasm"),
        glue: stage.join("glue/page.js"),
        engine: stage.join("engine.wasm"),
        meter: stage.join("meter.wasm"),
        handlers: brought(&toolchain)?,
        link: stage.join("link.wasm"),
        size: stage.join("size.wasm"),
    };
    // The optimiser hardly uses a second core, and the page's module takes it as long as all others.
    std::thread::scope(|scope| {
        let others = scope.spawn(|| shrink_others(&modules, [&engine, &meter, &link, &size]));
        let page = shrink_page(&modules, &page);
        let others = others.join().unwrap_or_else(|_| Err("Shrinking the modules broke off.".to_owned()));
        page.and(others)
    })?;
    // The worker calls both by the same names.
    for module in [&modules.engine, &modules.size] {
        for fault in engine_faults(module)? {
            say(&format!("{} does not keep to its interface: {fault}", module.display()));
        }
    }
    Ok(modules)
}

/// Makes the page's module smaller, in its two parts.
fn shrink_page(modules: &Modules, page: &Path) -> Outcome {
    let stage = place::stage();
    unless_done(&stage.join("page.done"), page, &[&modules.page, &modules.later, &modules.glue], || {
        timed("Cutting the page's module, making its JavaScript with wasm-bindgen, then shrinking both parts", || {
            let glue = stage.join("glue");
            // Snippets of an earlier build must not stay behind.
            let _ = std::fs::remove_dir_all(&glue);
            let (first, later) = cut(page, &stage.join("cut"))?;
            // Functions that are written alike stand beside each other by their names, which brotli likes.
            optimise(&bind(&first, &glue)?, &modules.page, &["-Oz", "--reorder-functions-by-name"])?;
            optimise(&later, &modules.later, &["-Oz", "--reorder-functions-by-name"])
        })
    })
}

/// Makes the other modules smaller, those with an engine also faster.
fn shrink_others(modules: &Modules, [engine, meter, link, size]: [&Path; 4]) -> Outcome {
    let stage = place::stage();
    unless_done(&stage.join("engine.done"), engine, &[&modules.engine], || {
        timed("Shrinking the engine's module", || optimise(engine, &modules.engine, &["-O3"]))
    })?;
    unless_done(&stage.join("meter.done"), meter, &[&modules.meter], || {
        timed("Shrinking the module that puts others on fuel", || optimise(meter, &modules.meter, &["-Oz"]))
    })?;
    unless_done(&stage.join("link.done"), link, &[&modules.link], || {
        timed("Shrinking the module of links", || optimise(link, &modules.link, &["-Oz"]))
    })?;
    unless_done(&stage.join("size.done"), size, &[&modules.size], || {
        timed("Shrinking the module of sizes", || optimise(size, &modules.size, &["-O3"]))
    })
}

/// Builds the handlers in Rust that the page brings along.
fn brought(toolchain: &Toolchain) -> Outcome<Vec<(String, PathBuf)>> {
    let package = ["build", "--package", "streamgauge-handlers", "--examples", "--profile", "page"];
    run(toolchain.cargo(package[0]).args(&package[1..]), "Building the handlers in Rust")?;
    let folder = place::root().join("sdk/handlers/examples");
    let entries = folder.read_dir().map_err(|error| format!("{} cannot be read ({error}).", folder.display()))?;
    let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| stem(entry.path())).collect();
    names.sort();
    let stage = place::stage().join("handlers");
    std::fs::create_dir_all(&stage).map_err(|error| format!("{} cannot be made ({error}).", stage.display()))?;
    let small = |name: String| {
        let file = format!("{}.wasm", name.replace('-', "_"));
        let built = toolchain.target_dir().join(TARGET).join("page/examples").join(file);
        let module = stage.join(format!("{name}.wasm"));
        unless_done(&stage.join(format!("{name}.done")), &built, &[&module], || optimise(&built, &module, &["-Oz"]))?;
        Ok((name, module))
    };
    names.into_iter().map(small).collect()
}

/// Compiles what `arguments` name.
fn compile(toolchain: &Toolchain, arguments: &[&str], what: &str) -> Outcome {
    let subcommand = if arguments.contains(&"--") { "rustc" } else { "build" };
    run(toolchain.cargo(subcommand).args(arguments), &format!("Building {what} for wasm32"))
}

/// Takes a module that was compiled with a profile, and returns its place.
fn keep(toolchain: &Toolchain, profile: &str, name: &str) -> Outcome<PathBuf> {
    // A copy of its own, because checkouts may share the folder of the compiler.
    let built = toolchain.target_dir().join(TARGET).join(profile).join(format!("{name}.wasm"));
    let copy = place::stage().join(format!("{name}.raw.wasm"));
    std::fs::create_dir_all(place::stage())
        .and_then(|()| std::fs::copy(&built, &copy))
        .map_err(|error| format!("{} cannot be copied ({error}).", built.display()))?;
    Ok(copy)
}

/// Does `work` unless it was done for exactly this input and its results still stand.
fn unless_done(stamp: &Path, input: &Path, results: &[&Path], work: impl FnOnce() -> Outcome) -> Outcome {
    let bytes = std::fs::read(input).map_err(|error| format!("{} cannot be read ({error}).", input.display()))?;
    let mark = format!("{:x?} {}", Sha256::digest(&bytes), env!("CARGO_PKG_VERSION"));
    let same = std::fs::read_to_string(stamp).is_ok_and(|before| before == mark);
    if same && results.iter().all(|file| file.exists()) {
        return Ok(());
    }
    work()?;
    std::fs::write(stamp, mark).map_err(|error| format!("{} cannot be written ({error}).", stamp.display()))
}

/// Cuts the page's module in two and returns the first part and the second.
fn cut(input: &Path, folder: &Path) -> Outcome<(PathBuf, PathBuf)> {
    let bytes = std::fs::read(input).map_err(|error| format!("{} cannot be read ({error}).", input.display()))?;
    let first = folder.join("page.wasm");
    let mut options = wasm_split_cli_support::Options::new(&bytes);
    options.output_dir = folder;
    options.main_out_path = &first;
    // The script of this name stands in `www`; the one that is made here knows nothing of names with hashes.
    options.link_name = LOADER;
    std::fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made ({error}).", folder.display()))?;
    let parts = wasm_split_cli_support::transform(options)
        .map_err(|error| format!("The page's module could not be cut: {error:#}."))?;
    match parts.split_modules.as_slice() {
        [later] => Ok((first, later.clone())),
        parts => Err(format!("The page's module fell into {} parts beside the first; one is expected.", parts.len())),
    }
}

/// Runs wasm-bindgen and returns the path of the module that belongs to the JavaScript.
fn bind(input: &Path, folder: &Path) -> Outcome<PathBuf> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name("page").typescript(false).omit_default_module_path(true);
    // The second part shares the table of functions, whose name is the linker's.
    bindgen.keep_lld_exports(true);
    bindgen
        .web(true)
        .and_then(|bindgen| bindgen.generate(folder))
        .map_err(|error| format!("wasm-bindgen failed: {error:#}."))?;
    let (from, to) = (place::root().join("www/later.js"), folder.join(LOADER));
    std::fs::copy(from, &to).map_err(|error| format!("{} cannot be copied ({error}).", to.display()))?;
    Ok(folder.join("page_bg.wasm"))
}

fn optimise(input: &Path, output: &Path, passes: &[&str]) -> Outcome {
    let mut command: Command = node::tool("binaryen/bin/wasm-opt")?;
    command.arg("--generate-global-effects").args(passes);
    command.args(["--strip-debug", "--strip-producers", "--strip-target-features"]).args(FEATURES);
    // The linker leaves the first kilobyte free, and a new memory is all zeros.
    command.args(["--low-memory-unused", "--zero-filled-memory"]);
    // Passes are repeated until nothing becomes smaller any more.
    command.arg("--converge");
    // A large function that is called once stays one: inlined, it takes more bytes by brotli, and a loop that meets each
    // record would share its registers with all that surrounds it.
    command.args(["--one-caller-inline-max-function-size", "60"]);
    run(command.arg("-o").arg(output).arg(input), "wasm-opt")
}

/// What the engine's module lacks: it must need nothing from outside and offer what the worker calls.
pub fn engine_faults(file: &Path) -> Outcome<Vec<String>> {
    let script = "const m = new WebAssembly.Module(require('fs').readFileSync(process.argv[1]));\
        const names = WebAssembly.Module.exports(m).map(e => e.name);\
        for (const i of WebAssembly.Module.imports(m)) console.log('it imports ' + i.module + '.' + i.name);\
        for (const n of process.argv.slice(2)) if (!names.includes(n)) console.log('it does not export ' + n);";
    let mut command = Command::new("node");
    command.arg("-e").arg(script).arg(file).arg("memory").args(ENGINE_EXPORTS);
    let faults = read(&mut command, "Looking into the engine's module")?;
    Ok(faults.lines().map(str::to_owned).collect())
}
