//! The files of the field table, joined.

use super::super::prices::{AT_HOME, KINDS};
use super::{Field, OPERATION_FIELDS, OWN_FIELDS, PRICE, analytics, direct, firehose, reading, video};

/// Every field, in the order of a canonical document.
pub(in crate::scenario) static FIELDS: &[Field] = &joined::<COUNT>();

/// The fields up to the prices, one for each price of the table, further ones of consumers, and the rest.
const FILES: [&[Field]; 8] = [
    OWN_FIELDS,
    &prices(),
    reading::FIELDS,
    analytics::FIELDS,
    video::FIELDS,
    OPERATION_FIELDS,
    direct::FIELDS,
    firehose::FIELDS,
];

const COUNT: usize = {
    let (mut count, mut file) = (0, 0);
    while file < FILES.len() {
        count += FILES[file].len();
        file += 1;
    }
    count
};

const fn joined<const N: usize>() -> [Field; N] {
    let (mut fields, mut at, mut file, mut place) = ([OWN_FIELDS[0]; N], 0, 0, 0);
    while at < N {
        if place == FILES[file].len() {
            (file, place) = (file + 1, 0);
            continue;
        }
        fields[at] = FILES[file][place];
        (at, place) = (at + 1, place + 1);
    }
    fields
}

const fn prices() -> [Field; KINDS] {
    let (mut fields, mut at) = ([OWN_FIELDS[0]; KINDS], 0);
    while at < KINDS {
        let price = &AT_HOME[at];
        let about = "Your price of one unit; null takes the table's.";
        fields[at] = Field::num(price.path, price.name, price.field_unit, PRICE, 0, about).optional();
        at += 1;
    }
    fields
}
