//! Cases and a change of configuration: which of them it may concern, without unpacking one that is packed or sealed.

use compact_str::CompactString;
use hashbrown::HashMap;
use rules::change::{ConfigurationChange, Outline};
use rules::finding::RuleIndex;
use rustc_hash::FxBuildHasher;

use super::{CaseTable, Place};
use crate::case_state::CaseState;
use crate::checkpoint::SLOTS;
use crate::judge::Judge;
use crate::packed_case::{at_places, head_of, id_of, unpack};
use crate::planted::planted;
use crate::said::Texts;

/// A change of configuration.
#[derive(Copy, Clone)]
pub(crate) struct Step<'a, J> {
    /// The new one.
    pub(crate) judge: &'a J,
    /// What it changes.
    pub(crate) change: &'a ConfigurationChange,
    /// The number of the one before.
    pub(crate) before: u32,
    /// Its own.
    pub(crate) after: u32,
}

/// What a change may concern among sealed cases. Their bytes tell; each outline is put to the change once.
pub(crate) struct SealedReach<'a, J> {
    judge: &'a J,
    change: &'a ConfigurationChange,
    outlines: HashMap<Outline, bool, FxBuildHasher>,
}

impl<'a, J: Judge> SealedReach<'a, J> {
    /// That of `change`, to the configuration `judge`.
    pub(crate) fn of(judge: &'a J, change: &'a ConfigurationChange) -> SealedReach<'a, J> {
        SealedReach { judge, change, outlines: HashMap::default() }
    }

    /// May it concern the case of these bytes?
    pub(crate) fn holds(&mut self, packed: &[u8]) -> bool {
        let SealedReach { judge, change, outlines } = self;
        let (_, head) = head_of(packed);
        let gone = head.rules().any(|rule| change.place_of(rule).is_none());
        gone && !planted!(GoneRulesOfSealedOverlooked)
            || *outlines.entry(head.outline()).or_insert_with_key(|outline| judge.concerned(change, outline))
    }
}

impl CaseTable {
    /// The bytes of every sealed case.
    fn sealed_cases(&self) -> impl Iterator<Item = Box<[u8]>> {
        let slots = (0..SLOTS).filter(|_| self.cold.len() > 0);
        slots.flat_map(|slot| self.cold.in_slot(slot)).filter(|packed| !self.is_live(packed))
    }

    /// Numbers of the sealed cases that the change may concern. None is unsealed for it.
    pub(crate) fn sealed_within<J: Judge>(&self, reach: &mut SealedReach<'_, J>) -> Vec<CompactString> {
        let within = self.sealed_cases().filter(|packed| reach.holds(packed));
        within.map(|packed| id_of(&packed).into()).collect()
    }

    /// Hands the sealed cases whose bytes are `wanted` to `each`. None is unsealed for it.
    pub(crate) fn each_sealed(&self, mut wanted: impl FnMut(&[u8]) -> bool, mut each: impl FnMut(&CaseState)) {
        let mut texts = Texts::default();
        for packed in self.sealed_cases().filter(|packed| wanted(packed)) {
            let case = unpack(&packed, &mut texts);
            each(&CaseState { judged_under: self.sealed_under, ..case });
        }
    }

    /// Seals a case again that [`CaseTable::unseal_all`] handed out, as it was: a change that keeps all its rules has moved
    /// them. The lights that stand in it are those that stood.
    ///
    /// # Panics
    /// When a rule is not kept.
    pub(crate) fn keep_sealed(&mut self, packed: Box<[u8]>, change: &ConfigurationChange) {
        let (id, head) = head_of(&packed);
        let overlooked = |rule| planted!(GoneRulesOfSealedOverlooked).then_some(rule);
        let place = |rule| change.place_of(rule).or_else(|| overlooked(rule));
        let place = |rule| place(rule).expect("whoever is sealed as it was keeps its rules");
        let rules: Vec<RuleIndex> = head.rules().map(place).collect();
        let moved = at_places(&packed, &rules).filter(|_| !planted!(MovedRulesOfSealedKeepTheirPlaces));
        let id = CompactString::from(id);
        self.cold.seal(&id, moved.unwrap_or(packed));
    }

    /// Notes of every packed case that the change cannot concern that the new configuration keeps its judgement. Returns the
    /// slots of all other live cases, ascending.
    pub(crate) fn carry_over<J: Judge>(&mut self, step: Step<'_, J>) -> Vec<u32> {
        let Step { judge, change, before, after } = step;
        let CaseTable { places, outlines, moved, .. } = self;
        let reach = outlines.reach(judge, change);
        let moves = outlines.moves(change);
        *moved |= !change.keeps_places();
        let mut concerned = Vec::new();
        for (slot, place) in (0..).zip(places) {
            match place {
                Place::Free => {}
                Place::Packed(packed) if packed.judged_under == before && !reach.holds(packed.outlined) => {
                    packed.judged_under = after;
                    outlines.move_rules(&mut packed.outlined, &moves);
                }
                Place::Packed(_) | Place::Awake(_) => concerned.push(slot),
            }
        }
        outlines.settle(moves);
        concerned
    }

    /// Hands every live case that the change may concern, if it is made, to `each`, and maybe others.
    pub(crate) fn each_concerned<J: Judge>(
        &self,
        judge: &J,
        change: &ConfigurationChange,
        mut each: impl FnMut(&CaseState),
    ) {
        let reach = self.outlines.reach(judge, change);
        let mut texts = Texts::default();
        let concerned = |place: &&Place| !matches!(place, Place::Packed(packed) if !reach.holds(packed.outlined));
        for place in self.places.iter().filter(concerned) {
            place.show(&self.outlines, &mut texts, &mut each).unwrap_or_default();
        }
    }

    /// Hands every live case to `each`.
    pub(crate) fn each(&self, mut each: impl FnMut(&CaseState)) {
        let mut texts = Texts::default();
        self.places.iter().for_each(|place| place.show(&self.outlines, &mut texts, &mut each).unwrap_or_default());
    }
}
