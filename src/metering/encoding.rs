//! The few pieces of WebAssembly's binary format that rewriting has to write.

use wasmparser::{RefType, ValType};

/// A section of a module that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// Types of functions.
    Type,
    /// What is imported.
    Import,
    /// The type of each function.
    Function,
    /// Tables of functions.
    Table,
    /// The memory.
    Memory,
    /// Variables of the module.
    Global,
    /// What is exported.
    Export,
    /// Contents of tables.
    Element,
    /// How many pieces of data there are.
    DataCount,
    /// Bodies of functions.
    Code,
    /// Contents of the memory.
    Data,
}

impl Section {
    /// All of them with their numbers, in the order in which they stand in a module.
    pub(super) const ORDER: [(Self, u8); 11] = [
        (Self::Type, 1),
        (Self::Import, 2),
        (Self::Function, 3),
        (Self::Table, 4),
        (Self::Memory, 5),
        (Self::Global, 6),
        (Self::Export, 7),
        (Self::Element, 9),
        (Self::DataCount, 12),
        (Self::Code, 10),
        (Self::Data, 11),
    ];
}

/// An unsigned number in as few bytes as it needs, seven bits each.
pub(super) fn unsigned(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(5);
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A signed number in the same way.
pub(super) fn signed(mut value: i64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(5);
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        let done = (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0);
        if done {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// The unsigned number at the beginning of `bytes`, and how many bytes it takes; it was validated before.
pub(super) fn read_unsigned(bytes: &[u8]) -> (u64, usize) {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return (value, at + 1);
        }
    }
    (value, bytes.len())
}

/// A name: its length, then its bytes.
pub(super) fn name(text: &str) -> Vec<u8> {
    [unsigned(text.len() as u64), text.as_bytes().to_vec()].concat()
}

/// A smallest and a largest size.
pub(super) fn limits(least: u32, most: u32) -> Vec<u8> {
    [vec![0x01], unsigned(u64::from(least)), unsigned(u64::from(most))].concat()
}

/// Appends a section with its number and its length.
pub(super) fn section(out: &mut Vec<u8>, id: u8, content: &[u8]) {
    out.push(id);
    out.extend(unsigned(content.len() as u64));
    out.extend(content);
}

/// The byte of a value's type; `None` for one that the features in use do not have.
pub(super) fn value_type(of: ValType) -> Option<u8> {
    match of {
        ValType::I32 => Some(0x7f),
        ValType::I64 => Some(0x7e),
        ValType::F32 => Some(0x7d),
        ValType::F64 => Some(0x7c),
        ValType::V128 => None,
        ValType::Ref(RefType::FUNCREF) => Some(0x70),
        ValType::Ref(RefType::EXTERNREF) => Some(0x6f),
        ValType::Ref(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{read_unsigned, signed, unsigned};

    #[test]
    fn numbers_are_written_as_the_format_says() {
        // The example of the DWARF standard, from which the format has its numbers.
        assert_eq!(unsigned(624_485), [0xe5, 0x8e, 0x26]);
        assert_eq!(signed(-123_456), [0xc0, 0xbb, 0x78]);
        assert_eq!((unsigned(0), signed(0)), (vec![0], vec![0]));
        assert_eq!((signed(63), signed(64)), (vec![0x3f], vec![0xc0, 0x00]));
        assert_eq!((signed(-64), signed(-65)), (vec![0x40], vec![0xbf, 0x7f]));
        for value in [0, 1, 127, 128, 16_384, u64::from(u32::MAX)] {
            let bytes = unsigned(value);
            assert_eq!(read_unsigned(&bytes), (value, bytes.len()));
        }
    }
}
