//! What a change of configuration may concern among packed cases, told without unpacking one.
//!
//! A packed case holds two numbers: that of its outline (owner, items, sources), and that of the rules that found something in
//! it. Cases share both, so a change is put to some thousands of outlines and sets of rules, and every case then to a table.
//!
//! Packed bytes name a rule by its place in the case's set of rules ([`crate::packed_case`]). Where a change moves rules, the
//! case gets the number of the set with the new places, and its bytes stay as they are.
//!
//! Invariant: what is not within [`Reach`] keeps its judgement ([`Judge::carry`]); a test holds it over random cases.

use rules::change::{ConfigurationChange, Outline};
use rules::finding::RuleIndex;

use crate::interned::Interned;
use crate::judge::Judge;
use crate::planted::planted;

/// The numbers that a packed case holds.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Outlined {
    outline: u32,
    rules: u32,
}

/// All outlines and sets of rules of the packed cases of a worker.
#[derive(Default)]
pub(crate) struct Outlines {
    outlines: Interned<Outline>,
    rules: Interned<Box<[RuleIndex]>>,
}

impl Outlines {
    /// The numbers of a case.
    pub(crate) fn hold(&mut self, outline: Outline, rules: Box<[RuleIndex]>) -> Outlined {
        Outlined { outline: self.outlines.hold(outline), rules: self.rules.hold(rules) }
    }

    /// A case is packed no longer.
    pub(crate) fn release(&mut self, case: Outlined) {
        self.outlines.release(case.outline);
        self.rules.release(case.rules);
    }

    /// The rules that found something in a case, by their places in the bytes.
    pub(crate) fn rules(&self, case: Outlined) -> &[RuleIndex] {
        self.rules.get(case.rules)
    }

    /// What `change` to the configuration `judge` may concern.
    pub(crate) fn reach<J: Judge>(&self, judge: &J, change: &ConfigurationChange) -> Reach {
        let concerned = |outline: Option<&Outline>| outline.is_none_or(|outline| judge.concerned(change, outline));
        let gone = |rules: &[RuleIndex]| rules.iter().any(|rule| change.place_of(*rule).is_none());
        let gone = |rules: Option<&Box<[RuleIndex]>>| rules.is_none_or(|rules| gone(rules));
        Reach {
            outlines: self.outlines.values().map(concerned).collect(),
            rules: self.rules.values().map(|rules| gone(rules) && !planted!(GoneRulesOverlooked)).collect(),
        }
    }

    /// The new number of every set of rules of which `change` keeps all; each is held until it is given to
    /// [`Outlines::settle`].
    pub(crate) fn moves(&mut self, change: &ConfigurationChange) -> Moves {
        if change.keeps_places() || planted!(MovedRulesKeepTheirPlaces) {
            return Moves(Vec::new());
        }
        let moved = |rules: &[RuleIndex]| rules.iter().map(|rule| change.place_of(*rule)).collect::<Option<_>>();
        let moved: Vec<Option<Box<[RuleIndex]>>> =
            self.rules.values().map(|rules| rules.and_then(|rules| moved(rules))).collect();
        Moves(moved.into_iter().map(|rules| rules.map(|rules| self.rules.hold(rules))).collect())
    }

    /// Gives a case the number of the same rules at their new places.
    pub(crate) fn move_rules(&mut self, case: &mut Outlined, moves: &Moves) {
        if let Some(moved) = moves.0.get(case.rules as usize).copied().flatten().filter(|moved| *moved != case.rules) {
            self.rules.hold_again(moved);
            self.rules.release(std::mem::replace(&mut case.rules, moved));
        }
    }

    /// All cases have their numbers.
    pub(crate) fn settle(&mut self, moves: Moves) {
        moves.0.into_iter().flatten().for_each(|number| self.rules.release(number));
    }

    /// Bytes that this takes: exact but for long texts.
    pub(crate) fn bytes(&self) -> usize {
        let outlines = self.outlines.len() * (size_of::<Outline>() + 2 * size_of::<compact_str::CompactString>());
        outlines + self.rules.len() * (size_of::<Box<[RuleIndex]>>() + 4 * size_of::<RuleIndex>())
    }
}

/// What a change may concern.
pub(crate) struct Reach {
    outlines: Vec<bool>,
    rules: Vec<bool>,
}

impl Reach {
    /// May it concern this case?
    pub(crate) fn holds(&self, case: Outlined) -> bool {
        self.outlines[case.outline as usize] || self.rules[case.rules as usize]
    }
}

/// The new numbers of sets of rules, by their old ones; none where no rule moves.
#[must_use = "the new numbers are held until all cases have theirs"]
pub(crate) struct Moves(Vec<Option<u32>>);
