//! Instants as tables write them: ISO 8601, or a number of seconds or milliseconds.

use crate::text::number;

/// Numbers from here on are milliseconds since 1970, as consoles export them: as seconds they would lie beyond the
/// year 5000.
const MILLIS_FROM: f64 = 1e11;

/// Microseconds since 1970, or since wherever plain seconds begin. `None` where the text is no instant.
///
/// Understood are `2014-04-10T00:04:00Z`, the same with a blank for the `T`, without seconds, with decimals of
/// seconds, with an offset such as `+02:00` or without any, a date alone, and a plain number.
pub fn micros(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(number) = number(text) {
        let scale = if number.abs() >= MILLIS_FROM { 1e3 } else { 1e6 };
        let micros = (number * scale).round();
        return (micros.abs() < 9e15).then_some(micros as i64);
    }
    let (date, rest) = text.split_at_checked(10)?;
    let days = days(date)?;
    let clock = rest.strip_prefix(['T', 't', ' ']).unwrap_or(rest).trim();
    if clock.is_empty() && rest.is_empty() {
        return Some(days * 86_400_000_000);
    }
    let (clock, offset) = offset(clock)?;
    Some(days * 86_400_000_000 + time_of_day(clock)? - offset)
}

/// So many microseconds since 1970 as the service writes an instant: `2026-01-01T00:00:05.250Z`.
pub fn iso(micros: u64) -> String {
    let (days, millis) = ((micros / 86_400_000_000) as i64, micros / 1_000 % 86_400_000);
    // The date whose count of days is this one: an estimate of the year that is never too small, then counting down.
    let mut year = 1970 + days / 365;
    let first = |year: i64, month: i64| self::days(&format!("{year:04}-{month:02}-01")).unwrap_or(0);
    while first(year, 1) > days {
        year -= 1;
    }
    let month = (1..=12).rev().find(|month| first(year, *month) <= days).unwrap_or(1);
    let day = days - first(year, month) + 1;
    let (s, ms) = (millis / 1_000, millis % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{ms:03}Z", s / 3_600, s / 60 % 60, s % 60)
}

/// Days from 1970-01-01 to a date such as `2014-04-10`.
fn days(date: &str) -> Option<i64> {
    let parts: Vec<&str> = date.split(['-', '/']).collect();
    let [year, month, day] = parts[..] else { return None };
    let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = lengths.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if !(1..=*length).contains(&day) {
        return None;
    }
    // Leap days before a year: every fourth year, without the centuries, with every fourth century.
    let leaps = |year: i64| (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    let before: i64 = lengths[..month as usize - 1].iter().sum();
    Some((year - 1970) * 365 + leaps(year) - leaps(1970) + before + day - 1)
}

/// Splits the offset from Greenwich off a time of day, in microseconds.
fn offset(clock: &str) -> Option<(&str, i64)> {
    if let Some(clock) = clock.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    if let Some(clock) = clock.strip_suffix("UTC") {
        return Some((clock.trim_end(), 0));
    }
    let Some(at) = clock.rfind(['+', '-']) else { return Some((clock, 0)) };
    let sign = if clock.as_bytes()[at] == b'+' { 1 } else { -1 };
    let hours = clock[at + 1..].replace(':', "");
    let (hours, minutes) = hours.split_at_checked(2)?;
    let minutes = if minutes.is_empty() { 0 } else { digits(minutes, 2)? };
    Some((clock[..at].trim_end(), sign * (digits(hours, 2)? * 60 + minutes) * 60_000_000))
}

/// Microseconds since midnight of a time such as `00:04` or `00:04:00.5`.
fn time_of_day(clock: &str) -> Option<i64> {
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let seconds = parts.next().unwrap_or("0");
    let (second, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, "0"));
    let second: i64 = if second == "0" { 0 } else { digits(second, 2)? };
    if parts.next().is_some() || hour > 24 || minute > 59 || second > 60 || fraction.is_empty() {
        return None;
    }
    // Six decimals are microseconds; more are cut off.
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Some(((hour * 60 + minute) * 60 + second) * 1_000_000 + digits(&fraction, 6)?)
}

/// A number of exactly `count` digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}
