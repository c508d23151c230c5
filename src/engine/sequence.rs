//! Sequence numbers as the service prints them: 56 decimal digits that grow with time inside a shard.

use crate::units::SimTime;
use std::fmt;

/// The second, since 1970, at which every run begins: 2026-01-01T00:00:00Z.
pub const EPOCH_SECONDS: u64 = 1_767_225_600;

/// A sequence number of version 2. Its layout was worked out by the authors of an emulator (kinesalite), not
/// published by the service: 47 hexadecimal digits, printed as a decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SequenceNumber {
    index: u64,
    seconds: u64,
    shard: u32,
}

impl SequenceNumber {
    /// The number of the record with a sequence index in a shard, stored at an instant of the run.
    pub const fn new(shard: u32, index: u64, at: SimTime) -> Self {
        Self { index, seconds: EPOCH_SECONDS + at.micros() / 1_000_000, shard }
    }

    /// Index of the record in its shard, from zero.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// The 47 hexadecimal digits: version, second of the shard's creation, low digit of the shard's index,
    /// sequence index, two unknown zeros, second of arrival, shard index, version.
    fn hex(self) -> String {
        let Self { index, seconds, shard } = self;
        format!("2{EPOCH_SECONDS:09x}{:x}{index:016x}00{seconds:09x}{shard:08x}2", shard & 15)
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The number has 188 bits: two 94-bit halves would do, long multiplication by digits is plainer.
        let mut decimal = vec![0u8];
        for digit in self.hex().chars().filter_map(|c| c.to_digit(16)) {
            let mut carry = digit;
            for place in &mut decimal {
                let value = u32::from(*place) * 16 + carry;
                *place = (value % 10) as u8;
                carry = value / 10;
            }
            while carry > 0 {
                decimal.push((carry % 10) as u8);
                carry /= 10;
            }
        }
        decimal.iter().rev().try_for_each(|digit| write!(f, "{digit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_have_56_digits_and_grow() {
        let texts: Vec<String> = [(0, 0), (1, 0), (2, 5_000_000), (1 << 40, 86_400_000_000)]
            .map(|(index, at)| SequenceNumber::new(3, index, SimTime::from_micros(at)).to_string())
            .into();
        assert!(texts.iter().all(|text| text.len() == 56), "{texts:?}");
        assert!(texts.is_sorted());
    }

    #[test]
    fn a_sequence_number_is_its_layout_in_decimal() {
        // 0x2 0 6955b900 … computed with an independent big-number implementation.
        let text = SequenceNumber::new(0, 0, SimTime::ZERO).to_string();
        let value = text.bytes().fold([0u64; 4], |limbs, digit| {
            let mut carry = u128::from(digit - b'0');
            limbs.map(|limb| {
                let wide = u128::from(limb) * 10 + carry;
                carry = wide >> 64;
                wide as u64
            })
        });
        let hex = format!("{:x}{:016x}{:016x}", value[2], value[1], value[0]);
        assert_eq!(hex, "206955b900000000000000000000006 955b900000000002".replace(' ', ""));
    }
}
