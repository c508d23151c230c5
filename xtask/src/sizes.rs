//! What the first load transfers, and the budget for it.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::Outcome;

/// Everything that the first load transfers, compressed; 1 KB is 1,000 bytes.
const BUDGET_BYTES: usize = 350_000;

/// Prints a table of the site's files and fails when they are over the budget.
pub fn check(dist: &Path) -> Outcome {
    let entries = dist.read_dir().map_err(|_| "There is no dist folder; type: cargo xtask build")?;
    let mut files = Vec::new();
    for entry in entries.flatten() {
        let content =
            std::fs::read(entry.path()).map_err(|error| format!("A file of dist is unreadable ({error})."))?;
        let packed = gzip(&content).map_err(|error| format!("Packing failed ({error})."))?;
        files.push((entry.file_name().to_string_lossy().into_owned(), content.len(), packed));
    }
    files.sort_by_key(|(_, _, packed)| std::cmp::Reverse(*packed));
    println!("{:<28} {:>10} {:>10}", "file", "bytes", "gzipped");
    for (name, raw, packed) in &files {
        println!("{name:<28} {raw:>10} {packed:>10}");
    }
    let raw: usize = files.iter().map(|(_, raw, _)| raw).sum();
    let packed: usize = files.iter().map(|(_, _, packed)| packed).sum();
    println!("{:<28} {raw:>10} {packed:>10}  of {BUDGET_BYTES} allowed", "all of the first load");
    if packed > BUDGET_BYTES {
        return Err(format!("The first load transfers {packed} bytes, which is more than {BUDGET_BYTES}."));
    }
    Ok(())
}

fn gzip(content: &[u8]) -> std::io::Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?.len())
}
