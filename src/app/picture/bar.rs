//! The ledger as one bar: where the records are.

use super::Size;
use super::marks::{DONE, HATCH, STRIPES, fill};
use super::svg::{Svg, label_width};
use crate::metrics::Ledger;
use crate::text::{percent, percents};

/// One stacked bar: processed, waiting, lost; with words inside where they fit and `labelled` asks for them. What a
/// consumer does not read by choice is grey.
pub fn ledger_bar(ledger: &Ledger, size: Size, labelled: bool) -> String {
    let waiting = ledger.waiting + ledger.in_flight + ledger.at_producer;
    let lost = ledger.lost() + ledger.expired + ledger.discarded;
    parts_bar([ledger.processed, waiting, lost, ledger.skipped + ledger.filtered], "processed", size, labelled)
}

/// The same of four counts: done, by the word for it, waiting, lost, not read.
pub fn parts_bar(counts: [u64; 4], done: &str, size: Size, labelled: bool) -> String {
    let total: u64 = counts.iter().sum();
    let mut svg = Svg::new();
    if total == 0 {
        let look = "fill=\"none\" stroke=\"var(--rule-2)\" stroke-dasharray=\"2 3\"";
        svg.rect(look, 0.5, 0.5, size.width - 1.0, size.height - 1.0);
        return svg.finish();
    }
    let u = size.rem;
    let letter = if size.room { u * 1.1 } else { u };
    let shares = percents(counts);
    let looks = [(DONE, done), (STRIPES, "waiting"), (HATCH, "lost"), ("var(--rule)", "not read")];
    let mut x = 0.0;
    for ((count, share), (paint, name)) in counts.into_iter().zip(shares).zip(looks) {
        let width = count as f64 / total as f64 * size.width;
        if width > 0.4 {
            svg.rect(&fill(paint), x, 0.0, width, size.height);
            let words = format!("{} {name}", percent(share, count));
            // Strong letters, in the widest font that is usual.
            let plate = label_width(words.chars().count(), letter) * 1.26 + 8.0 * u;
            if labelled && width > plate + 8.0 * u {
                svg.rect("fill=\"var(--paper)\"", x + 4.0 * u, size.height / 2.0 - 8.5 * u, plate, 17.0 * u);
                svg.text(x + 8.0 * u, size.height / 2.0 + 4.0 * u, "ink strong", &words);
            }
        }
        x += width;
    }
    svg.finish()
}
