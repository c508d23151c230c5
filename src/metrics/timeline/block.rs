//! Frames as a block of numbers: the form in which they leave the box.

use super::{Metric, Note, NoteKind, ShardMetric, Timeline};
use crate::limits;

/// So many bytes of positions go into one number: as many as it holds exactly.
const PACK: usize = 6;

/// A few bytes as a number.
fn packed(bytes: &[u8]) -> f64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)) as f64
}

/// The bytes in a number.
fn unpacked(number: f64) -> impl Iterator<Item = u8> {
    (number as u64).to_le_bytes().into_iter().take(PACK)
}

impl Timeline {
    /// Frames `from..to` as one block of numbers, with their notes before their columns: the form in which they leave
    /// the box.
    pub fn encode(&self, from: usize, to: usize) -> Vec<f64> {
        let notes: Vec<&Note> =
            self.notes.iter().filter(|(frame, _)| (from..to).contains(frame)).map(|(_, note)| note).collect();
        // Shards that were made later have no part in these frames.
        let opened = |(frame, note): &&(usize, Note)| *frame >= to && matches!(note.what, NoteKind::Opened { .. });
        let shards = self.shards() - self.notes.iter().filter(opened).count();
        let mut block = vec![from as f64, (to - from) as f64, shards as f64, notes.len() as f64];
        notes.iter().for_each(|note| note.encode(&mut block));
        let columns = self.shards[..shards].iter().flat_map(|shard| &shard.columns);
        let bytes = (from..to).map(|frame| self.positions.bytes_of(frame));
        block.extend(bytes.clone().map(|bytes| bytes.len() as f64));
        bytes.for_each(|bytes| block.extend(bytes.chunks(PACK).map(packed)));
        for column in self.stream.iter().chain(columns) {
            block.extend_from_slice(&column[from..to]);
        }
        block
    }

    /// How many frames have about so many bytes when they are [encoded](Self::encode), at least one. Frames from
    /// before a shard was made have less; notes come on top.
    pub fn frames_in(&self, bytes: usize) -> usize {
        let columns = Metric::columns(self.consumers) + ShardMetric::columns(self.consumers) * self.shards();
        let positions = self.positions.bytes_each().div_ceil(PACK);
        (bytes / ((columns + positions) * size_of::<f64>())).max(1)
    }

    /// Appends a block made by [`encode`](Self::encode). The block comes from outside: anything that does not
    /// continue this timeline exactly is refused and changes nothing.
    pub fn append(&mut self, block: &[f64]) -> Result<(), BlockError> {
        let [from, count, shards, notes, rest @ ..] = block else { return Err(BlockError) };
        let mut rest = rest;
        let (count, shards, notes) = (*count as usize, *shards as usize, *notes as usize);
        let mut read = Vec::new();
        for _ in 0..notes.min(block.len()) {
            read.push(Note::decode(&mut rest).ok_or(BlockError)?);
        }
        let (lengths, after) = rest.split_at_checked(count).ok_or(BlockError)?;
        rest = after;
        let mut positions = Vec::with_capacity(lengths.len());
        for length in lengths {
            let length = *length as usize;
            let (numbers, after) = rest.split_at_checked(length.div_ceil(PACK)).ok_or(BlockError)?;
            let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| unpacked(*number)).collect();
            bytes.truncate(length);
            positions.push(bytes);
            rest = after;
        }
        let opens = read.iter().filter_map(|note| match note.what {
            NoteKind::Opened { shard, .. } => Some(shard as usize),
            _ => None,
        });
        let in_order = opens.clone().eq(self.shards()..self.shards() + opens.clone().count());
        let columns = Metric::columns(self.consumers) + ShardMetric::columns(self.consumers) * shards;
        let fits = *from == self.frames() as f64
            && in_order
            && shards == self.shards() + opens.count()
            && shards <= limits::SHARDS_EVER_MAX as usize
            && self.frames() + count <= self.frames_total()
            && rest.len() == columns * count;
        if !fits {
            return Err(BlockError);
        }
        read.into_iter().for_each(|note| self.note(note));
        positions.iter().for_each(|bytes| self.positions.push_bytes(bytes));
        if count > 0 {
            let own = self.shards.iter_mut().flat_map(|shard| &mut shard.columns);
            for (column, part) in self.stream.iter_mut().chain(own).zip(rest.chunks_exact(count)) {
                column.extend_from_slice(part);
            }
        }
        Ok(())
    }
}

/// A block of frames that does not continue the timeline it was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockError;

impl std::fmt::Display for BlockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the block of frames does not continue the timeline")
    }
}

impl std::error::Error for BlockError {}
