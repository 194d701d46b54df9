//! A new configuration comes into force.
//!
//! It is compared with the one before, and only cases that the difference may concern are looked at: packed ones are told by
//! their outlines ([`crate::outlines`]). Of these, [`carried`] says what is judged again. Groups stay as they are where all
//! their rules do; those operators decide alike ([`crate::groups`]).

use std::sync::Arc;

use facts::{Cause, Moment};
use hashbrown::HashSet;
use rules::change::ConfigurationChange;
use rules::judge::{Case, Touched};
use rustc_hash::FxBuildHasher;

use super::Supervisor;
use crate::case_state::CaseState;
use crate::case_table::{SealedReach, Step};
use crate::controls::change_at_instant;
use crate::judge::Judge;
use crate::memberships::Happened;
use crate::packed_case::unpack;
use crate::planted::planted;

/// Cases judged again by a new configuration before those at rest are packed again.
const REST_EVERY: usize = 1_024;

impl<J: Judge> Supervisor<J> {
    /// Puts `judge` in force. What it changes in a case is found out when that is settled.
    pub(super) fn configure(&mut self, judge: &Arc<J>, cause: Cause) {
        let change = change_at_instant(judge.as_ref(), self.judge.as_ref(), self.configured);
        if !change.keeps_groups() {
            self.memberships.forget();
        }
        self.changed = Some((self.generation, change));
        self.judge = Arc::clone(judge);
        self.groups = judge.has_groups();
        self.generation += 1;
        self.configured.add(cause);
    }

    /// Every case that the new configuration may concern, sealed ones too, at `at`.
    pub(super) fn settle_every_case(&mut self, at: Moment) {
        let concerned = self.carry_over();
        if self.changed.as_ref().is_some_and(|(_, change)| !change.keeps_groups()) {
            let mut settled = concerned.iter().peekable();
            for slot in self.cases.all() {
                if settled.next_if_eq(&&slot).is_none() {
                    self.contribute(slot, at);
                }
            }
        }
        for slots in concerned.chunks(REST_EVERY) {
            slots.iter().for_each(|slot| self.settle(*slot, at, &mut Vec::new()));
            self.rest();
        }
        self.tell_sources(at);
        if planted!(SealedNotJudgedAnew) {
            return;
        }
        self.settle_sealed(at);
        self.cases.note_sealed_under(self.generation);
    }

    /// Every sealed case that the new configuration may concern, at `at`. All others stay sealed, and keep their judgement.
    fn settle_sealed(&mut self, at: Moment) {
        let judge = Arc::clone(&self.judge);
        let stashed = self.stashed();
        let changed = self.changed.clone().filter(|(before, _)| *before == self.cases.sealed_under());
        let Some((_, change)) = changed else {
            for packed in self.cases.unseal_all() {
                if !self.cases.is_live(&packed) {
                    let slot = self.cases.unsealed(&packed);
                    self.settle_unsealed(slot, at, &stashed);
                }
            }
            return;
        };
        let mut reach = SealedReach::of(judge.as_ref(), &change);
        if change.keeps_places() && change.keeps_groups() {
            for id in self.cases.sealed_within(&mut reach) {
                let slot = self.cases.slot(&id);
                self.settle_unsealed(slot, at, &stashed);
            }
            return;
        }
        // The bytes of all of them name rules by places that have moved, or all bring again what they bring into groups.
        for packed in self.cases.unseal_all() {
            if self.cases.is_live(&packed) {
                continue;
            }
            if reach.holds(&packed) {
                let slot = self.cases.unsealed(&packed);
                self.settle_unsealed(slot, at, &stashed);
            } else {
                if !change.keeps_groups() {
                    self.contribute_sealed(&packed, at);
                }
                self.cases.keep_sealed(packed, &change);
            }
        }
    }

    /// A case that was sealed until now; it is sealed again if it still may be.
    fn settle_unsealed(&mut self, slot: u32, at: Moment, stashed: &HashSet<u32, FxBuildHasher>) {
        self.settle(slot, at, &mut Vec::new());
        if self.cases.retire(slot).is_some_and(|retire| retire <= at) && !stashed.contains(&slot) {
            self.seal(slot);
        }
        if self.cases.taken_back().is_multiple_of(REST_EVERY as u64) {
            self.rest();
        }
    }

    /// Notes of packed cases that the new configuration keeps their judgement, where it does. Returns the slots of all others.
    fn carry_over(&mut self) -> Vec<u32> {
        let Supervisor { cases, judge, generation, changed, .. } = self;
        let Some((before, change)) = changed else { return cases.all() };
        cases.carry_over(Step { judge: judge.as_ref(), change, before: *before, after: *generation })
    }

    /// Tells the groups of the case in `slot` what it brings at `at`, without judging or unpacking it: for a case that has
    /// its judgement and is not settled there. Does nothing where no rule groups.
    pub(crate) fn contribute(&mut self, slot: u32, at: Moment) {
        if self.groups {
            let Supervisor { cases, judge, configured, memberships, output, .. } = self;
            let anew = Happened::anew(at, *configured);
            cases.look_at(slot, |case| memberships.tell(case, judge.as_ref(), anew, &mut output.group_news));
        }
    }

    /// The same for a packed case that has no slot, because it is about to be sealed.
    pub(crate) fn contribute_sealed(&mut self, packed: &[u8], at: Moment) {
        if self.groups {
            let Supervisor { cases, judge, configured, memberships, output, .. } = self;
            let case = unpack(packed, cases.texts());
            memberships.tell(&case, judge.as_ref(), Happened::anew(at, *configured), &mut output.group_news);
        }
    }
}

/// What of a case that another configuration judged is to be judged again; what is kept gets the rules' new places.
pub(super) fn carried<J: Judge>(
    case: &mut CaseState,
    judge: &J,
    changed: Option<&(u32, ConfigurationChange)>,
    at: Moment,
) -> Touched {
    match changed {
        Some((before, change)) if case.judged_under == *before => {
            let CaseState { id, history, judgement, .. } = case;
            judge.carry(change, &Case::at(id, history, at), judgement)
        }
        _ => Touched::All,
    }
}
