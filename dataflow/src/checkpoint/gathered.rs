//! Facts since the last cut, encoded, by case slot.

use facts::Moment;

use super::case_slot::{SLOTS, case_slot};
use super::record;
use super::segment::Totals;
use crate::entry::Entry;

/// A slot's records are divided into groups of about this many bytes: a group is never divided again.
const GROUP_BYTES: usize = 256 * 1024;

/// Records of one slot, one after the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Group {
    /// Records in it.
    pub(crate) facts: u32,
    /// The greatest instant at which one of them enters.
    pub(crate) last_enters: Moment,
    /// The records.
    pub(crate) bytes: Vec<u8>,
}

/// Facts that are in no segment yet. Memory: their stored form, some 150 bytes a fact, and 24 KiB.
#[derive(Clone, Debug)]
pub struct Gathered {
    slots: Vec<Vec<Group>>,
    totals: Totals,
    bytes: usize,
}

impl Default for Gathered {
    fn default() -> Gathered {
        Gathered { slots: vec![Vec::new(); usize::from(SLOTS)], totals: Totals::default(), bytes: 0 }
    }
}

impl Gathered {
    /// Adds a fact that stood in line `line` of its message.
    pub fn add(&mut self, entry: &Entry, line: u32) {
        let groups = &mut self.slots[usize::from(case_slot(&entry.event.case))];
        if groups.last().is_none_or(|group| group.bytes.len() >= GROUP_BYTES) {
            groups.push(Group { facts: 0, last_enters: Moment::MIN, bytes: Vec::new() });
        }
        let group = groups.last_mut().expect("one was pushed where there was none");
        let before = group.bytes.len();
        let hash = record::write(entry, line, &mut group.bytes);
        group.facts += 1;
        group.last_enters = group.last_enters.max(entry.enters);
        self.bytes += group.bytes.len() - before;
        self.totals.add(entry.enters, hash);
    }

    /// Adds all of `later`.
    pub fn append(&mut self, later: Gathered) {
        for (slot, mut groups) in self.slots.iter_mut().zip(later.slots) {
            slot.append(&mut groups);
        }
        self.totals.extend(&later.totals);
        self.bytes += later.bytes;
    }

    /// No facts?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.totals.facts == 0
    }

    /// How many facts.
    #[must_use]
    pub fn facts(&self) -> u64 {
        self.totals.facts
    }

    /// Bytes of their stored form, before packing.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The greatest instant at which one of them enters.
    #[must_use]
    pub fn last_enters(&self) -> Option<Moment> {
        self.totals.enters.map(|(_, last)| last)
    }

    /// Groups in the order of slots.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (u16, &Group)> {
        (0..SLOTS).zip(&self.slots).flat_map(|(slot, groups)| groups.iter().map(move |group| (slot, group)))
    }

    pub(crate) fn totals(&self) -> &Totals {
        &self.totals
    }
}
