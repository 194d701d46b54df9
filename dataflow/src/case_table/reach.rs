//! Cases and a change of configuration: which of them it may concern, without unpacking one that is packed.

use rules::change::ConfigurationChange;

use super::{CaseTable, Place};
use crate::case_state::CaseState;
use crate::judge::Judge;
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

impl CaseTable {
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
