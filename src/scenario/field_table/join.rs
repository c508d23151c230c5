//! The tables of several files in one.

use super::Field;

/// Rows of all tables together.
pub(super) const fn length(parts: &[&[Field]]) -> usize {
    let (mut part, mut sum) = (0, 0);
    while part < parts.len() {
        sum += parts[part].len();
        part += 1;
    }
    sum
}

/// The rows of all tables, one table after the other.
pub(super) const fn joined<const N: usize>(parts: &[&[Field]]) -> [Field; N] {
    let (mut fields, mut at) = ([parts[0][0]; N], 0);
    let mut part = 0;
    while part < parts.len() {
        let mut place = 0;
        while place < parts[part].len() {
            fields[at] = parts[part][place];
            (at, place) = (at + 1, place + 1);
        }
        part += 1;
    }
    fields
}
