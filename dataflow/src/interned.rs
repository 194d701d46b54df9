//! Values that many holders share: each is held once, under a number, as long as somebody holds it.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// A value, and how many hold it; a number that nobody holds waits for another value.
struct Entry<T> {
    value: T,
    holders: u32,
}

/// Shared values by number.
pub(crate) struct Interned<T> {
    entries: Vec<Entry<T>>,
    free: Vec<u32>,
    by_value: HashTable<u32>,
}

impl<T> Default for Interned<T> {
    fn default() -> Interned<T> {
        Interned { entries: Vec::new(), free: Vec::new(), by_value: HashTable::new() }
    }
}

impl<T: Hash + Eq> Interned<T> {
    /// The number of a value, held once more.
    pub(crate) fn hold(&mut self, value: T) -> u32 {
        let Interned { entries, free, by_value } = self;
        let hash = hash_of(&value);
        if let Some(number) = by_value.find(hash, |number| entries[*number as usize].value == value).copied() {
            entries[number as usize].holders += 1;
            return number;
        }
        let entry = Entry { value, holders: 1 };
        let number = match free.pop() {
            Some(number) => {
                entries[number as usize] = entry;
                number
            }
            None => {
                entries.push(entry);
                u32::try_from(entries.len() - 1).expect("a worker holds fewer than 2^32 cases")
            }
        };
        by_value.insert_unique(hash, number, |number| hash_of(&entries[*number as usize].value));
        number
    }

    /// A value that is held already is held once more.
    pub(crate) fn hold_again(&mut self, number: u32) {
        self.entries[number as usize].holders += 1;
    }

    /// Somebody holds the value no longer.
    pub(crate) fn release(&mut self, number: u32) {
        let Interned { entries, free, by_value } = self;
        let entry = &mut entries[number as usize];
        entry.holders -= 1;
        if entry.holders == 0 {
            let hash = hash_of(&entry.value);
            by_value.find_entry(hash, |held| *held == number).expect("a value that is held can be found").remove();
            free.push(number);
        }
    }

    /// The value under a number that is held.
    pub(crate) fn get(&self, number: u32) -> &T {
        &self.entries[number as usize].value
    }

    /// The value under each number, from 0 on; `None` where nobody holds one.
    pub(crate) fn values(&self) -> impl Iterator<Item = Option<&T>> {
        self.entries.iter().map(|entry| (entry.holders > 0).then_some(&entry.value))
    }

    /// How many values are held.
    pub(crate) fn len(&self) -> usize {
        self.by_value.len()
    }
}

fn hash_of(value: &impl Hash) -> u64 {
    FxBuildHasher.hash_one(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_its_number_until_nobody_holds_it() {
        let mut texts = Interned::default();
        let a = texts.hold("a");
        assert_eq!(texts.hold("a"), a);
        let b = texts.hold("b");
        assert_ne!(a, b);
        texts.release(a);
        assert_eq!((*texts.get(a), texts.hold("a")), ("a", a));
        texts.release(a);
        texts.release(a);
        assert_eq!((texts.len(), texts.values().collect::<Vec<_>>()), (1, vec![None, Some(&"b")]));
        assert_eq!(texts.hold("c"), a, "the number goes to another value");
        assert_eq!((texts.hold("b"), texts.values().count()), (b, 2));
    }
}
