//! Chance, from a seed.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::Feature;

/// Random numbers, and what they have brought about.
pub struct Dice<'a> {
    random: ChaCha8Rng,
    without: &'a [Feature],
    pub(super) shown: BTreeSet<Feature>,
}

impl<'a> Dice<'a> {
    /// The numbers of `seed`; what `without` names never happens.
    #[must_use]
    pub fn new(seed: u64, without: &'a [Feature]) -> Dice<'a> {
        Dice { random: ChaCha8Rng::seed_from_u64(seed), without, shown: BTreeSet::new() }
    }

    /// A number from 0, below `end`.
    ///
    /// # Panics
    /// When `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("a small number");
        usize::try_from(self.random.next_u64() % end).expect("a small number")
    }

    /// A number from `first` to `last`.
    ///
    /// # Panics
    /// When `last` comes before `first`.
    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        let count = usize::try_from(last - first + 1).expect("last is not before first");
        first + i64::try_from(self.below(count)).expect("a small number")
    }

    /// True in `percent` of a hundred draws.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of a list.
    ///
    /// # Panics
    /// When the list is empty.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Does this history get `feature` here? One that is left out costs the same number of draws.
    pub(super) fn chance(&mut self, feature: Feature, percent: usize) -> bool {
        let happens = self.percent(percent) && !self.without.contains(&feature);
        if happens {
            self.shown.insert(feature);
        }
        happens
    }
}
