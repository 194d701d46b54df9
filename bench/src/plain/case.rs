//! One case of the plain program: its records, and what was last said of it.

use compact_str::CompactString;
use facts::Moment;

use super::PlainLight;
use super::fact::{Fact, LineFact, What};

/// A case.
pub(super) struct Case {
    pub(super) id: CompactString,
    /// Its records by business time, deleted ones included.
    pub(super) facts: Vec<Fact>,
    /// The lights that were said to stand.
    pub(super) lit: Vec<PlainLight>,
    /// When time alone may light it.
    pub(super) wake: Option<Moment>,
}

impl Case {
    pub(super) fn new(id: &str) -> Case {
        Case { id: id.into(), facts: Vec::new(), lit: Vec::new(), wake: None }
    }

    /// Joins what a line says; false where it changes nothing that a rule asks for.
    pub(super) fn join(&mut self, line: &LineFact<'_>) -> bool {
        let known = self.facts.iter().position(|fact| line.is_of(fact));
        if known.is_some_and(|place| self.facts[place].version >= line.version()) {
            return false;
        }
        let before = known.map(|place| self.facts.remove(place));
        let fact = line.fact();
        let speaks = |fact: &Fact| fact.item.is_some() || !matches!(fact.what, What::Other);
        let asked = speaks(&fact) || before.is_some_and(|before| speaks(&before));
        let place =
            self.facts.partition_point(|held| (held.at, &held.source, &held.id) < (fact.at, &fact.source, &fact.id));
        self.facts.insert(place, fact);
        asked
    }
}
