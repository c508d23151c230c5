//! How quantities are written: the one place that rounds, groups, abbreviates and spells out.
//!
//! `1,850,233` where something is counted, `1.85 million` in a sentence; `8:40` for a moment, `2 min 57 s` for a
//! span; a no-break space between a number and its unit.

use crate::text;
pub use crate::text::{clock, int, span_text};
use crate::units::PicoUsd;

/// The no-break space that stands between a number and its unit.
pub const NBSP: char = '\u{a0}';

/// A count in little room: counted below a million, `3.19 M` from there on.
pub fn si(count: f64) -> String {
    if count >= 999.5e6 {
        format!("{:.2}{NBSP}bn", count / 1e9)
    } else if count >= 999_500.0 {
        format!("{:.2}{NBSP}M", count / 1e6)
    } else {
        int(count)
    }
}

/// A quantity that need not be whole: `0.42`, `7.5`, `1,209`.
pub fn short(value: f64) -> String {
    if value >= 99.5 || value == value.round() {
        int(value)
    } else if value >= 9.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// A count in a sentence: `1.85 million`, `436,000`, `1,234`.
pub fn rough(count: f64) -> String {
    if count >= 1e9 {
        format!("{:.2}{NBSP}billion", count / 1e9)
    } else if count >= 999_500.0 {
        format!("{:.2}{NBSP}million", count / 1e6)
    } else if count >= 1e5 {
        int((count / 1e3).round() * 1e3)
    } else {
        int(count)
    }
}

/// A count that is only approximately of interest: to the thousand above 10,000.
pub fn about(count: f64) -> String {
    if count >= 999_500.0 {
        rough(count)
    } else if count >= 1e4 {
        int((count / 1e3).round() * 1e3)
    } else if count >= 1e3 {
        int((count / 10.0).round() * 10.0)
    } else {
        int(count)
    }
}

/// A rate rounded so that it does not flicker: to 10 from 1,000 on, to 5 from 100 on, to a whole number below.
pub fn rate(per_second: f64) -> f64 {
    let unit = if per_second >= 1_000.0 {
        10.0
    } else if per_second >= 100.0 {
        5.0
    } else {
        1.0
    };
    (per_second / unit).round() * unit
}

/// A rate for a headline: to 50 above 500, otherwise like [`rate`].
pub fn coarse_rate(per_second: f64) -> f64 {
    if per_second > 500.0 { (per_second / 50.0).round() * 50.0 } else { rate(per_second) }
}

/// A rate in words: a whole number, and one decimal where a whole number would say nothing.
pub fn rate_text(per_second: f64) -> String {
    if per_second > 0.0 && per_second < 10.0 && (per_second - per_second.round()).abs() > 0.05 {
        format!("{per_second:.1}")
    } else {
        int(rate(per_second))
    }
}

/// A share from 0 to 1 as percent; something never reads as nothing, and not all never reads as all.
pub fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.01 {
        format!("<{NBSP}1{NBSP}%")
    } else if share < 1.0 && share > 0.99 {
        format!(">{NBSP}99{NBSP}%")
    } else {
        format!("{}{NBSP}%", (share * 100.0).round())
    }
}

/// Whole percents of a sum that add up to 100. Nothing is an empty text.
pub fn percents<const N: usize>(counts: [u64; N]) -> [String; N] {
    let whole = text::percents(counts);
    std::array::from_fn(|i| if counts[i] == 0 { String::new() } else { text::percent(whole[i], counts[i]) })
}

/// Dollars from a count of 10⁻⁴ dollars, as the bill of a run shows them: `$0.0232`.
pub fn dollars_e4(e4: u64) -> String {
    format!("${}.{:04}", int((e4 / 10_000) as f64), e4 % 10_000)
}

/// Dollars from cents, as the 30-day column shows them: `$28.48`.
pub fn dollars_cents(cents: u64) -> String {
    format!("${}.{:02}", int((cents / 100) as f64), cents % 100)
}

/// Dollars with all their decimals, as prices have them: `$0.015`, `$0.000000014`.
pub fn dollars_exact(usd: PicoUsd) -> String {
    let pico = usd.get();
    let decimals = format!("{:012}", pico % 1_000_000_000_000);
    format!("${}.{:0<2}", pico / 1_000_000_000_000, decimals.trim_end_matches('0'))
}

/// A small count in letters.
pub fn count_word(count: u64) -> String {
    const WORDS: [&str; 11] = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    WORDS.get(count as usize).map_or_else(|| int(count as f64), |word| (*word).to_owned())
}

/// `two shards`, `one shard`, `24 shards`.
pub fn shards(count: u64) -> String {
    format!("{} shard{}", count_word(count), if count == 1 { "" } else { "s" })
}

/// `one registered consumer`, `three registered consumers`.
pub fn registered(count: u64) -> String {
    format!("{} registered consumer{}", count_word(count), if count == 1 { "" } else { "s" })
}

/// `1 record`, `7 records`, `1.85 million records`.
pub fn records(count: f64) -> String {
    format!("{}{NBSP}record{}", rough(count), if count == 1.0 { "" } else { "s" })
}

/// The same text with its first letter as a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| std::iter::once(first.to_ascii_uppercase()).chain(letters).collect())
}

/// A number as a field shows it: grouped from 1,000 on, decimals as far as they say something.
pub fn field_number(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text.split_once('.') {
        Some((whole, decimals)) => match text::number(whole) {
            Some(whole) if whole.abs() >= 1_000.0 => format!("{}.{decimals}", int(whole)),
            _ => text.to_owned(),
        },
        None => int(value),
    }
}
