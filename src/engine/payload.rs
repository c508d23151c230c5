//! The payload of a record, made when somebody looks: a pure function of the seed and the record.

use super::record::Record;
use super::rng::split_mix;
use super::sequence::EPOCH_SECONDS;
use crate::scenario::Scenario;
use crate::scenario::payload::{Data, Made, Making, Node, Payload, Piece};

/// Fills what is left of a record's size.
const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
/// The name of the field that does.
const FILL: &str = "\"fill\":\"";

/// Decides which record carries what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payloads {
    seed: u64,
    /// For each kind the sum of the shares up to it.
    bounds: Vec<u64>,
}

impl Payloads {
    /// The payloads of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let mut sum = 0;
        let bound = |payload: &Payload| {
            sum += u64::from(payload.share.millionths());
            sum
        };
        Self { seed: split_mix(scenario.seed ^ SALT), bounds: scenario.traffic.payloads.iter().map(bound).collect() }
    }

    /// Index of the kind that a record with a number carries.
    #[inline]
    pub fn kind(&self, number: u32) -> usize {
        let [.., last] = self.bounds[..] else { return 0 };
        if self.bounds.len() == 1 {
            return 0;
        }
        let draw = self.draw(number, 0, last);
        self.bounds.iter().position(|bound| draw < *bound).unwrap_or(0)
    }

    /// A number from 0 to `bound` − 1, the same whenever the place in the record is looked at.
    #[inline]
    fn draw(&self, number: u32, place: u32, bound: u64) -> u64 {
        let bits = split_mix(self.seed ^ (u64::from(number) << 32 | u64::from(place)));
        ((u128::from(bits) * u128::from(bound)) >> 64) as u64
    }

    /// What is made for a record as a whole number; nothing where it is no number.
    #[inline]
    pub(crate) fn whole(&self, made: &Made, record: &Record) -> Option<i64> {
        match &made.what {
            Making::Number => Some(i64::from(record.number)),
            Making::Time => Some((EPOCH_SECONDS * 1_000 + record.offered / 1_000) as i64),
            Making::Between { low, high } => {
                let choices = (high.wrapping_sub(*low) as u64).saturating_add(1);
                Some(low.wrapping_add(self.draw(record.number, made.place, choices) as i64))
            }
            Making::Key | Making::OneOf { .. } => None,
        }
    }

    /// Which of the texts is made for a record, where it is one of several.
    #[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
    pub(crate) fn choice(&self, made: &Made, record: &Record) -> usize {
        match &made.what {
            Making::OneOf { texts } => self.draw(record.number, made.place, texts.len() as u64) as usize,
            _ => 0,
        }
    }

    /// Hands over the text of what is made for a record.
    #[inline]
    pub(super) fn spell(&self, made: &Made, record: &Record, take: &mut impl FnMut(&[u8])) {
        match &made.what {
            Making::Key => {
                take(b"device-");
                digits(u64::from(record.key), 9, take);
            }
            Making::OneOf { texts } => {
                let place = self.draw(record.number, made.place, texts.len() as u64);
                take(texts.get(place as usize).map_or(b"", |text| text.as_bytes()));
            }
            Making::Number | Making::Time | Making::Between { .. } => {
                let whole = self.whole(made, record).unwrap_or(0);
                if whole < 0 {
                    take(b"-");
                }
                digits(whole.unsigned_abs(), 1, take);
            }
        }
    }

    /// Hands over a text, piece by piece.
    #[inline]
    pub(crate) fn spell_all(&self, pieces: &[Piece], record: &Record, take: &mut impl FnMut(&[u8])) {
        for piece in pieces {
            match piece {
                Piece::Plain(text) => take(text.as_bytes()),
                Piece::Made(made) => self.spell(made, record, take),
            }
        }
    }

    /// The data of a record: its template, filled up to its size. A field `fill` takes what is left of an object, blanks
    /// what is left of other JSON. A template that does not fit is whole all the same.
    pub fn data(&self, payloads: &[Payload], record: &Record) -> Vec<u8> {
        let size = record.size as usize;
        let mut out = Vec::with_capacity(size);
        let Some(payload) = payloads.get(self.kind(record.number)) else { return out };
        let letters = |count: usize| {
            let first = self.draw(record.number, u32::MAX, 26) as usize;
            (first..first + count).map(|place| LETTERS[place % 26])
        };
        match &payload.data {
            Data::Plain(pieces) => {
                self.spell_all(pieces, record, &mut |part| out.extend_from_slice(part));
                out.extend(letters(size.saturating_sub(out.len())));
            }
            Data::Json(node) => {
                self.json(node, record, &mut out);
                let left = size.saturating_sub(out.len());
                match node {
                    // A comma, the name, and the quotation mark at the end.
                    Node::Fields(fields) if left >= FILL.len() + 2 => {
                        out.pop();
                        let comma = if fields.is_empty() { "" } else { "," };
                        out.extend_from_slice(comma.as_bytes());
                        out.extend_from_slice(FILL.as_bytes());
                        out.extend(letters(left - FILL.len() - 1 - comma.len()));
                        out.extend_from_slice(b"\"}");
                    }
                    _ => out.extend(std::iter::repeat_n(b' ', left)),
                }
            }
        }
        out
    }

    fn json(&self, node: &Node, record: &Record, out: &mut Vec<u8>) {
        match node {
            Node::Null => out.extend_from_slice(b"null"),
            Node::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Node::Number(number) => out.extend_from_slice(number.as_bytes()),
            Node::Text(pieces) => {
                out.push(b'"');
                self.spell_all(pieces, record, &mut |part| escape(part, out));
                out.push(b'"');
            }
            Node::Made(made) => self.spell(made, record, &mut |part| out.extend_from_slice(part)),
            Node::List(list) => {
                out.push(b'[');
                for (place, item) in list.iter().enumerate() {
                    out.extend_from_slice(if place > 0 { b"," } else { b"" });
                    self.json(item, record, out);
                }
                out.push(b']');
            }
            Node::Fields(fields) => {
                out.push(b'{');
                for (place, (name, item)) in fields.iter().enumerate() {
                    out.extend_from_slice(if place > 0 { b",\"" } else { b"\"" });
                    escape(name.as_bytes(), out);
                    out.extend_from_slice(b"\":");
                    self.json(item, record, out);
                }
                out.push(b'}');
            }
        }
    }
}

/// Sets the draws of payloads apart from those that decide which record is poison.
const SALT: u64 = 0x7061_796c_6f61_6473;

/// Hands over the digits of a number, at least so many.
#[inline]
fn digits(mut number: u64, least: usize, take: &mut impl FnMut(&[u8])) {
    let mut text = [b'0'; 20];
    let mut at = text.len();
    while number > 0 {
        at -= 1;
        text[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    take(&text[at.min(text.len() - least)..]);
}

/// A part of a text as JSON writes it.
fn escape(part: &[u8], out: &mut Vec<u8>) {
    for byte in part {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            0..b' ' => {
                out.extend_from_slice(b"\\u00");
                out.extend([byte >> 4, byte & 15].map(|half| b"0123456789abcdef"[half as usize]));
            }
            _ => out.push(*byte),
        }
    }
}
