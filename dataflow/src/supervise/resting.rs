//! Cases that come to rest: packed, and sealed when they are over.

use facts::Moment;

use super::{Supervisor, standing_in};
use crate::case_state::CaseState;
use crate::causes::Causes;
use crate::judge::Judge;
use crate::transitions::settled;

impl<J: Judge> Supervisor<J> {
    /// Seals the cases of which the time has come before `bound`.
    pub(super) fn seal_due(&mut self, bound: Moment) {
        let mut stashed = None;
        while let Some((at, slot)) = self.retiring.pop_before(bound) {
            if self.cases.retire(slot) != Some(at) {
                continue;
            }
            // A case for which facts wait keeps its slot; it is looked at again when they enter.
            if stashed.get_or_insert_with(|| self.stashed()).contains(&slot) {
                self.cases.get_mut(slot).retire = None;
            } else {
                self.seal(slot);
            }
        }
    }

    /// Seals a case if it is at rest; else it is looked at again when something happens to it.
    pub(super) fn seal(&mut self, slot: u32) {
        let Supervisor { cases, judge, generation, bound, .. } = self;
        let as_of = bound.plus_millis(-1);
        let case = cases.get_mut(slot);
        if !at_rest(case, judge.as_ref(), *generation) {
            case.retire = None;
            return;
        }
        let lights =
            standing_in(case, judge.as_ref(), as_of.max(case.judged_through)).map(|(light, _)| light).collect();
        cases.seal(slot, lights);
    }

    /// Packs cases at rest that nobody touched lately.
    pub(super) fn rest(&mut self) {
        let Supervisor { cases, judge, generation, .. } = self;
        cases.rest(|case| at_rest(case, judge.as_ref(), *generation));
    }

    /// Forgets of sources which cases followed them that are sealed, or follow others now, when these are many.
    pub(super) fn forget_followers(&mut self) {
        let Supervisor { sources, cases, .. } = self;
        sources.prune(cases.len(), |slot, place| cases.source(slot) == Some(place));
    }
}

/// Is everything said of a case, and nothing waiting in it? Then only facts, time and configurations change it.
pub(super) fn at_rest<J: Judge>(case: &CaseState, judge: &J, generation: u32) -> bool {
    let quiet = case.causes == Causes::default() && case.hold_until.is_none();
    // A case whose source is silent is looked at again when that speaks.
    let heard = case.silent_since.is_none() && !case.heard_again;
    quiet && heard && case.judged_under == generation && settled(case, judge, case.judged_through)
}
