//! Puts that keep the order of their key, as `SequenceNumberForOrdering` asks for: a record waits at the producer while
//! an earlier one of the same key and host is still to be stored.

use super::record::Record;
use std::collections::{BTreeMap, VecDeque};

/// Keys with a record that waits for another try, and the records behind it.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    behind: BTreeMap<(u8, u32), VecDeque<Record>>,
    len: u64,
}

impl Line {
    /// Records that stand behind others.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// Lets a record stand in line where an earlier one of its key waits; gives it back where none does.
    pub(super) fn join(&mut self, record: Record) -> Option<Record> {
        let Some(line) = self.behind.get_mut(&(record.host, record.key)) else { return Some(record) };
        line.push_back(record);
        self.len += 1;
        None
    }

    /// A record waits for another try: later ones of its key will stand behind it.
    pub(super) fn waits(&mut self, record: &Record) {
        self.behind.entry((record.host, record.key)).or_default();
    }

    /// A record is stored or given up: the next of its key, or nothing where the line ends with it.
    pub(super) fn settled(&mut self, record: &Record) -> Option<Record> {
        let place = (record.host, record.key);
        let next = self.behind.get_mut(&place)?.pop_front();
        match next {
            Some(_) => self.len -= 1,
            None => {
                self.behind.remove(&place);
            }
        }
        next
    }

    /// Takes the records of some hosts out.
    pub(super) fn take_of(&mut self, is_one: impl Fn(u8) -> bool, into: &mut Vec<Record>) {
        let before = into.len();
        for line in self.behind.iter().filter(|((host, _), _)| is_one(*host)).map(|(_, line)| line) {
            into.extend(line);
        }
        self.len -= (into.len() - before) as u64;
        self.behind.retain(|(host, _), _| !is_one(*host));
    }
}
