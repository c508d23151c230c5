//! Numbers and spans as people read them: `1,850,233`, `2 min 57 s`, `8:40`.
//!
//! A unit follows its number after a no-break space, so that a line never ends between the two.

/// A text for people only. The WebAssembly modules leave it out; the page fetches the handbook for it.
pub const fn for_people(text: &'static str) -> &'static str {
    if cfg!(target_arch = "wasm32") { "" } else { text }
}

/// A text of a form. The engine's module leaves it out.
pub const fn for_form(text: &'static str) -> &'static str {
    if cfg!(all(target_arch = "wasm32", not(any(feature = "page", feature = "size-module")))) { "" } else { text }
}

/// A text as JSON. Written here, because the engine's module has no library for it.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..' ' => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// Reads a decimal number: `1850`, `-0.5`, `1e6`. What the standard library does for it needs a table of ten kilobytes,
/// which the page would have to load.
pub fn number(text: &str) -> Option<f64> {
    let (plain, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (sign, plain) = plain.strip_prefix('-').map_or((1.0, plain), |plain| (-1.0, plain));
    let (whole, decimals) = plain.split_once('.').unwrap_or((plain, ""));
    if whole.is_empty() && decimals.is_empty() {
        return None;
    }
    let (mut digits, mut dropped) = (0u64, 0);
    for byte in whole.bytes().chain(decimals.bytes()) {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        // Digits beyond the nineteenth say nothing in a number of 53 bits.
        if dropped == 0 && digits < u64::MAX / 10 {
            digits = digits * 10 + digit;
        } else {
            dropped += 1;
        }
    }
    let power = exponent.parse::<i16>().ok().map(i32::from)? + dropped - decimals.len() as i32;
    let scale = (0..power.abs().min(400)).fold(1.0, |scale, _| scale * 10.0);
    Some(sign * if power < 0 { digits as f64 / scale } else { digits as f64 * scale })
}

/// A no-break space.
const NBSP: char = '\u{a0}';

/// What stands where there is nothing to say.
const NOTHING: &str = "–";

/// A whole number with a comma before every three digits: `1,850,233`. Rounds half away from zero.
pub fn int(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    let rounded = value.round();
    let digits = format!("{:.0}", rounded.abs());
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if rounded < 0.0 {
        text.push('−');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count as the picture has room for it: to the record below a hundred million, `927.9 M` from there on.
pub fn count(records: f64) -> String {
    match records {
        99_999_999.5..1e11 => format!("{:.1}{NBSP}M", records / 1e6),
        1e11.. => format!("{:.1}{NBSP}bn", records / 1e9),
        _ => int(records),
    }
}

/// A rate without its unit, rounded to what an eye needs: `1,480`, `26`, `0.5`.
pub fn rate(per_second: f64) -> String {
    if !per_second.is_finite() {
        NOTHING.to_owned()
    } else if per_second >= 99.5 {
        int((per_second / 10.0).round() * 10.0)
    } else if !(0.05..9.95).contains(&per_second) || (per_second - per_second.round()).abs() < 0.05 {
        int(per_second)
    } else {
        format!("{per_second:.1}")
    }
}

/// A span of time: `950 ms`, `8.2 s`, `42 s`, `2 min 57 s`, `1 h 5 min`, `3 d 4 h`. The second unit is left out
/// where it is zero.
pub fn span_text(seconds: f64) -> String {
    if !seconds.is_finite() {
        return NOTHING.to_owned();
    }
    let seconds = seconds.max(0.0);
    if seconds < 0.0095 {
        let millis = seconds * 1_000.0;
        let short = if seconds == 0.0 { "0".to_owned() } else { format!("{millis:.1}") };
        return format!("{}{NBSP}ms", short.trim_end_matches(".0"));
    }
    if seconds < 0.995 {
        let millis = seconds * 1_000.0;
        let millis = if millis < 99.5 { millis.round() } else { (millis / 10.0).round() * 10.0 };
        return format!("{millis:.0}{NBSP}ms");
    }
    if seconds < 9.95 {
        let short = format!("{seconds:.1}");
        return format!("{}{NBSP}s", short.trim_end_matches(".0"));
    }
    let whole = seconds.round() as u64;
    let (large, large_unit, small, small_unit) = match whole {
        ..60 => return format!("{whole}{NBSP}s"),
        60..3_600 => (whole / 60, "min", whole % 60, "s"),
        3_600..172_800 => (whole / 3_600, "h", whole / 60 % 60, "min"),
        _ => (whole / 86_400, "d", whole / 3_600 % 24, "h"),
    };
    if small == 0 {
        format!("{large}{NBSP}{large_unit}")
    } else {
        format!("{large}{NBSP}{large_unit}{NBSP}{small}{NBSP}{small_unit}")
    }
}

/// A time in the run as its clock shows it: `8:40`, `1:02:03`, and from two days on `3 d 4:00`.
pub fn clock(seconds: f64) -> String {
    if !seconds.is_finite() {
        return NOTHING.to_owned();
    }
    // The clock shows the second that has been reached, never one that is still to come.
    let whole = (seconds.max(0.0) + 1e-6) as u64;
    let (hours, minutes, rest) = (whole / 3_600, whole / 60 % 60, whole % 60);
    match hours {
        0 => format!("{minutes}:{rest:02}"),
        1..48 => format!("{hours}:{minutes:02}:{rest:02}"),
        _ => format!("{}{NBSP}d{NBSP}{}:{minutes:02}", hours / 24, hours % 24),
    }
}

/// Parts of a whole in per cent, rounded so that they add up to 100: the largest remainders get what is missing.
/// All zeros stay zeros.
pub fn percents<const N: usize>(parts: [u64; N]) -> [u32; N] {
    let total: u128 = parts.iter().map(|part| u128::from(*part)).sum();
    let mut percents = [0; N];
    if total == 0 {
        return percents;
    }
    let mut by_remainder: Vec<(u128, usize)> = Vec::with_capacity(N);
    for (place, part) in parts.into_iter().enumerate() {
        let scaled = u128::from(part) * 100;
        percents[place] = (scaled / total) as u32;
        by_remainder.push((scaled % total, place));
    }
    by_remainder.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let missing = 100 - percents.iter().sum::<u32>();
    for (_, place) in by_remainder.into_iter().take(missing as usize) {
        percents[place] += 1;
    }
    percents
}

/// One entry of [`percents`] as shown: `59 %`, and `< 1 %` where something is there but rounds to nothing.
pub fn percent(percent: u32, part: u64) -> String {
    match (percent, part) {
        (0, 1..) => format!("<{NBSP}1{NBSP}%"),
        _ => format!("{percent}{NBSP}%"),
    }
}

/// Text made safe for the content and the attributes of markup.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
