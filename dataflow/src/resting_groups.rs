//! What cases brought into groups whose windows have passed: out of memory, read back when the group is judged again.
//!
//! A contribution all of whose records are further back than the window of its rule is seen by no record that is dated by
//! the clock. It may still matter: a light that stands rests on it, and a late record sees what was there in its time. So
//! it is stored and not dropped, and a group that is judged is judged whole. Nothing that is said or shown can tell.
//!
//! All of it follows from the facts of the cases: the files have no name, and a new configuration empties the store, since
//! every case then brings again what it brings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use compact_str::CompactString;
use rules::change::ConfigurationChange;
use rules::finding::RuleIndex;

use crate::cold_store::ColdStore;
use crate::contribution::{Brought, GroupKey};

/// What each case of a group brings.
pub(crate) type Members = BTreeMap<CompactString, Brought>;

/// Where a group's older contributions are.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) enum Rest {
    /// None was ever stored.
    #[default]
    Never,
    /// Some are in the store.
    Stored,
    /// All are in memory; what the store still holds of the group counts no longer.
    TakenBack,
}

/// The contributions at rest of one worker's groups.
pub(crate) struct RestingGroups {
    folder: PathBuf,
    store: ColdStore,
}

impl RestingGroups {
    /// An empty store that writes its files in `folder`.
    pub(crate) fn new(folder: PathBuf) -> RestingGroups {
        RestingGroups { store: ColdStore::new(&folder), folder }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.store = ColdStore::new(&self.folder);
    }

    /// Gives the rules that contributions name the places that `change` gives them, where all of them are kept. `counts` tells
    /// of a group whether what is stored of it still counts.
    ///
    /// # Panics
    /// When a rule is not kept.
    pub(crate) fn carry_over(&mut self, change: &ConfigurationChange, counts: impl Fn(&GroupKey) -> bool) {
        for packed in self.store.emptied().into_cases() {
            let (name, mut members) = unpacked(&packed);
            let group = key_of(name);
            if counts(&group) {
                let rules = members.values_mut().flat_map(|brought| &mut brought.rules);
                rules.for_each(|rule| {
                    *rule = change.place_of(RuleIndex(*rule)).expect("the rules of groups are kept").0
                });
                self.put(&group, &members);
            }
        }
    }

    /// Stores what rests of a group of which nothing is stored.
    pub(crate) fn put(&mut self, group: &GroupKey, members: &Members) {
        let name = name_of(group);
        let packed = postcard::to_stdvec(&(&name, members)).expect("contributions have known lengths");
        self.store.seal(&name, packed.into());
    }

    /// Takes back what is stored of a group that is not live, or is known to have something stored.
    pub(crate) fn take(&mut self, group: &GroupKey) -> Option<Members> {
        self.store.take(&name_of(group)).map(|packed| members_of(&packed))
    }

    /// What is stored of a group that is known to have something stored.
    pub(crate) fn read(&self, group: &GroupKey) -> Members {
        self.store.read(&name_of(group)).map(|packed| members_of(&packed)).unwrap_or_default()
    }

    /// Bytes of memory that the store takes.
    pub(crate) fn bytes(&self) -> usize {
        self.store.bytes()
    }
}

/// What a group is called in the store.
fn name_of(group: &GroupKey) -> String {
    format!("{}\0{}", group.rule, group.key)
}

/// The group that is called so.
fn key_of(name: &str) -> GroupKey {
    let (rule, key) = name.split_once('\0').expect("a name is made of a rule and a key");
    GroupKey { rule: rule.into(), key: key.into() }
}

fn members_of(packed: &[u8]) -> Members {
    unpacked(packed).1
}

/// The name of a group, and what is stored of it.
fn unpacked(packed: &[u8]) -> (&str, Members) {
    postcard::from_bytes(packed).expect("contributions are read by the process that stored them")
}
