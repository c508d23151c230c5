//! What the first load transfers, and the budget for it.

use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::process::read;

/// Everything that the first load transfers, compressed as browsers ask for it first; 1 KB is 1,000 bytes.
/// That is little more than what the Rust in use makes of it, with its library built for size; another compiler may
/// differ by some kilobytes.
const BUDGET_BYTES: u64 = 420_000;

/// Prints the sizes of the files named after it: raw, by gzip, by brotli.
const MEASURE: &str = "const z = require('zlib');\
    for (const file of process.argv.slice(1)) {\
        const bytes = require('fs').readFileSync(file);\
        console.log(bytes.length, z.gzipSync(bytes, { level: 9 }).length, z.brotliCompressSync(bytes).length);\
    }";

/// Prints a table of the site's files and fails when they are over the budget.
pub fn check(dist: &Path) -> Outcome {
    let entries = dist.read_dir().map_err(|_| "There is no dist folder; type: cargo xtask build")?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    // What lies in folders is fetched when somebody asks for it.
    files.retain(|file| file.is_file());
    files.sort();
    let measured = read(Command::new("node").args(["-e", MEASURE]).args(&files), "Measuring the site's files")?;
    println!("{:<28} {:>10} {:>10} {:>10}", "file", "bytes", "gzip", "brotli");
    let mut sums = [0; 3];
    for (file, line) in files.iter().zip(measured.lines()) {
        let sizes: Vec<u64> = line.split(' ').filter_map(|size| size.parse().ok()).collect();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        println!("{name:<28} {:>10} {:>10} {:>10}", sizes[0], sizes[1], sizes[2]);
        for (sum, size) in sums.iter_mut().zip(sizes) {
            *sum += size;
        }
    }
    let [raw, gzip, brotli] = sums;
    println!("{:<28} {raw:>10} {gzip:>10} {brotli:>10}", "all of the first load");
    println!("Allowed are {BUDGET_BYTES} bytes by brotli.");
    if brotli > BUDGET_BYTES {
        return Err(format!("The first load transfers {brotli} bytes, which is more than {BUDGET_BYTES}."));
    }
    Ok(())
}
