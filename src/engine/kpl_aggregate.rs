//! An aggregated Kinesis record in the KPL's own format, counted to the byte without being written: a magic number, a
//! protocol-buffers message with a table of partition keys and the user records, and an MD5 of it.

use super::record::Record;
use crate::limits;

/// User records of one shard that are gathered into one Kinesis record.
#[derive(Clone, Debug)]
pub(super) struct Aggregate {
    pub records: Vec<Record>,
    /// The distinct keys in order, each with its place in the table.
    keys: Vec<(u32, u32)>,
    /// Bytes of the message so far.
    message: u64,
    /// The earliest instant at which one of its records should have been sent on.
    pub deadline: u64,
    /// When it is sealed; `u64::MAX` until that is set.
    pub due: u64,
    /// Tells it from others that have had its place.
    pub serial: u32,
}

/// A Kinesis record of the library: one user record as it is, or several in one.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub records: Vec<Record>,
    /// Bytes of data.
    pub data: u64,
    /// Bytes of its partition key.
    key: u64,
    pub deadline: u64,
}

impl Entry {
    /// Bytes of data and partition key.
    pub(super) const fn bytes(&self) -> u32 {
        (self.data + self.key) as u32
    }
}

const KEY: u64 = limits::PARTITION_KEY_BYTES.get();

impl Aggregate {
    /// An aggregate with its first record.
    pub(super) fn new(serial: u32, record: Record, deadline: u64) -> Self {
        let mut aggregate =
            Self { records: Vec::new(), keys: Vec::new(), message: 0, deadline: u64::MAX, due: u64::MAX, serial };
        aggregate.add(record, deadline);
        aggregate
    }

    /// Bytes of data: of the one record, or of the format with all of them.
    pub(super) fn data_bytes(&self) -> u64 {
        match &self.records[..] {
            [one] => u64::from(one.size),
            _ => limits::KPL_AGGREGATE_BYTES.get() + self.message,
        }
    }

    /// Bytes of data with another record.
    pub(super) fn bytes_with(&self, record: &Record) -> u64 {
        let (_, added) = self.added(record);
        limits::KPL_AGGREGATE_BYTES.get() + self.message + added
    }

    /// Adds a record.
    pub(super) fn add(&mut self, record: Record, deadline: u64) {
        let (place, added) = self.added(&record);
        if let Err(place) = place {
            self.keys.insert(place, (record.key, self.keys.len() as u32));
        }
        self.message += added;
        self.records.push(record);
        self.deadline = self.deadline.min(deadline);
    }

    /// No record is added any more.
    pub(super) fn seal(self) -> Entry {
        let data = self.data_bytes();
        let key = if self.records.len() == 1 { KEY } else { limits::KPL_AGGREGATE_KEY_BYTES.get() };
        Entry { records: self.records, data, key, deadline: self.deadline }
    }

    /// Where the record's key stands, or would, and the bytes that it adds to the message.
    fn added(&self, record: &Record) -> (Result<usize, usize>, u64) {
        let place = self.keys.binary_search_by_key(&record.key, |(key, _)| *key);
        let (index, table) = match place {
            Ok(place) => (u64::from(self.keys[place].1), 0),
            Err(_) => (self.keys.len() as u64, field(KEY)),
        };
        let inner = 1 + varint(index) + field(u64::from(record.size));
        (place, table + field(inner))
    }
}

/// Bytes of a field with so many bytes: tag, length, content.
const fn field(bytes: u64) -> u64 {
    1 + varint(bytes) + bytes
}

/// Bytes of a number in the variable-length form, seven bits a byte.
const fn varint(number: u64) -> u64 {
    let bits = (u64::BITS - number.leading_zeros()) as u64;
    if bits == 0 { 1 } else { bits.div_ceil(7) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: u32, size: u32) -> Record {
        Record { key, size, ..Record::default() }
    }

    #[test]
    fn a_single_record_is_put_as_it_is() {
        let entry = Aggregate::new(1, record(1, 100), 0).seal();
        assert_eq!((entry.data, entry.bytes()), (100, 116));
    }

    #[test]
    fn bytes_are_those_of_the_format_written_out() {
        // The message written byte by byte, as the format says.
        let written = |records: &[(u32, u32)]| {
            let number = |mut value: usize, out: &mut Vec<u8>| {
                while value >= 0x80 {
                    out.push(value as u8 | 0x80);
                    value >>= 7;
                }
                out.push(value as u8);
            };
            let block = |tag: u8, content: &[u8], out: &mut Vec<u8>| {
                out.push(tag << 3 | 2);
                number(content.len(), out);
                out.extend_from_slice(content);
            };
            let (mut keys, mut message, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
            for (key, size) in records {
                let index = keys.iter().position(|known| known == key).unwrap_or_else(|| {
                    keys.push(*key);
                    block(1, format!("device-{key:09}").as_bytes(), &mut message);
                    keys.len() - 1
                });
                let mut body = vec![1 << 3];
                number(index, &mut body);
                block(3, &vec![0; *size as usize], &mut body);
                block(3, &body, &mut bodies);
            }
            4 + message.len() + bodies.len() + 16
        };
        let sizes = [1, 100, 127, 128, 511, 16_383, 16_384, 40, 40, 7];
        let records: Vec<(u32, u32)> = (0..400).map(|i| (i * 37 % 151, sizes[i as usize % sizes.len()])).collect();
        let mut aggregate = Aggregate::new(1, record(records[0].0, records[0].1), 0);
        for (count, (key, size)) in records.iter().enumerate().skip(1) {
            let promised = aggregate.bytes_with(&record(*key, *size));
            aggregate.add(record(*key, *size), 0);
            assert_eq!(aggregate.data_bytes(), written(&records[..=count]) as u64);
            assert_eq!(promised, aggregate.data_bytes());
        }
    }
}
