//! What a worker answers at its last closed instant. No answer changes anything that is said or shown.

use std::sync::Arc;

use facts::transition::StandingLine;
use facts::{History, Moment, StandingLight};
use rules::finding::{Judgement, RuleIndex};
use rules::judge::Case;

use super::Supervisor;
use crate::case_state::CaseState;
use crate::case_table::SealedReach;
use crate::ending;
use crate::entry::{AllWaiting, Waiting};
use crate::forecast::{ForecastQuestion, ForecastShare};
use crate::groups::{GroupLight, line as listed};
use crate::groups_then::{BroughtThen, GroupsAsked};
use crate::holding::Holding;
use crate::judge::Judge;
use crate::planted::planted;
use crate::said::Said;
use crate::transitions::shown;
use crate::what_if::WhatIfShare;
/// The lights that stand at a closed instant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standing<Row = StandingLine> {
    /// The last closed instant.
    pub as_of: Moment,
    /// Sorted by case, rule and instance.
    pub lights: Vec<Row>,
}

impl<Row> Standing<Row> {
    /// With these, too.
    pub(crate) fn and(mut self, more: Vec<Row>) -> Standing<Row> {
        self.lights.extend(more);
        self
    }
}

/// All that is held of one case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseView {
    /// The last closed instant.
    pub as_of: Moment,
    /// Facts, those held for the future included.
    pub history: History,
    /// Findings on the facts that the clock has reached.
    pub judgement: Judgement,
    /// What was last said of each light.
    pub said: Vec<Said>,
    /// The first instant at which its source was silent, while it is.
    pub silent_since: Option<Moment>,
    /// Which lights wait for it; `None` where none do.
    pub holding: Option<Holding>,
    /// The lights that groups give it, sorted by rule and instance.
    pub of_groups: Vec<GroupLight>,
}

/// What a worker holds.
pub(crate) struct Sizes {
    /// Cases in memory.
    pub(crate) cases: usize,
    /// Open cases.
    pub(crate) open: usize,
    /// Cases on disk.
    pub(crate) sealed: usize,
    /// Wake-ups waiting, stale ones included.
    pub(crate) wakes: usize,
    /// Bytes of cases in memory and wake-ups.
    pub(crate) bytes: usize,
    /// Bytes of memory for cases on disk.
    pub(crate) sealed_bytes: usize,
}

impl<J: Judge> Supervisor<J> {
    /// What waits to be said.
    pub(crate) fn waiting(&mut self) -> AllWaiting {
        let Supervisor { waiting, cases, .. } = self;
        // A case in which something waits is awake.
        let one = |slot: &u32| {
            let CaseState { id, causes, hold_until, .. } = cases.if_awake(*slot)?;
            hold_until.map(|until| Waiting { case: id.clone(), group: None, causes: *causes, until })
        };
        waiting.retain(|slot| one(slot).is_some());
        let all = waiting.iter().filter_map(one).collect();
        AllWaiting { as_of: self.as_of(), speaking: self.place.announcing, cases: all }
    }

    /// What `other` would change at the last closed instant, if it were in force. Nothing is changed, and no case that is
    /// packed or sealed is taken back for it.
    pub(crate) fn what_if(&self, other: &Arc<J>) -> WhatIfShare {
        let change = other.change_from(&self.judge);
        let groups = (self.groups || other.has_groups()) && !change.keeps_lights_of_groups();
        let mut share = WhatIfShare::new(self.as_of(), groups);
        let mut consider = |case: &CaseState| share.consider(case, self.judge.as_ref(), other.as_ref(), &change);
        if groups {
            self.cases.each(&mut consider);
            self.cases.each_sealed(|_| true, consider);
        } else {
            self.cases.each_concerned(other.as_ref(), &change, &mut consider);
            let mut reach = SealedReach::of(other.as_ref(), &change);
            self.cases.each_sealed(|packed| reach.holds(packed), consider);
        }
        share
    }

    /// What the cases here brought at an earlier instant into the groups that are asked for. Nothing is changed, and no case
    /// is taken back for it.
    pub(crate) fn brought_then(&self, asked: &GroupsAsked) -> BroughtThen {
        let mut brought = BroughtThen::default();
        let mut consider = |case: &CaseState| asked.consider(case, self.judge.as_ref(), &mut brought);
        self.cases.each(&mut consider);
        self.cases.each_sealed(|_| true, consider);
        brought
    }

    /// What time alone will change in the cases that have an instant of their own up to the end that is asked for. A
    /// sealed case has none.
    pub(crate) fn forecast(&self, asked: &ForecastQuestion) -> ForecastShare {
        let mut foreseen = ForecastShare::new(self.as_of());
        let beside = (&self.sources, self.groups.then_some(&self.memberships));
        let due = self.next.upto(asked.until).filter(|(at, slot)| self.cases.wake(*slot) == Some(*at));
        let mut slots: Vec<u32> = due.map(|(_, slot)| slot).collect();
        slots.sort_unstable();
        slots.dedup();
        self.cases.each_of(slots, |case| foreseen.consider(case, beside, self.judge.as_ref(), asked));
        foreseen
    }

    /// The cards of cases that stand, as `row` shows them. A silent source's is none of a case.
    fn standing<Row>(&self, row: impl Fn(&CaseState, &StandingLight, RuleIndex) -> Row) -> Standing<Row> {
        let as_of = self.as_of();
        let mut lights = Vec::new();
        self.cases.each_lit(|case| {
            let standing = standing_in(case, self.judge.as_ref(), as_of);
            lights.extend(standing.map(|(light, rule)| row(case, &light, rule)));
        });
        Standing { as_of, lights }
    }

    /// The cards that stand.
    pub(crate) fn lights(&self) -> Standing<StandingLight> {
        let mut standing = self.standing(|_, light, _| light.clone());
        let sealed = self.cases.sealed_lights().filter(|_| !planted!(SealedLightsForgotten));
        standing.lights.extend(sealed.flat_map(|(_, lights)| lights).cloned());
        standing
    }

    /// The cards that stand, with the reason for each.
    pub(crate) fn lines(&self) -> Standing<StandingLine> {
        let as_of = self.as_of();
        let line = |case: &CaseState, light: &StandingLight, rule| {
            let known = Case::at(&case.id, &case.history, as_of);
            let explained = self.judge.explain(&known, rule, &light.instance, light.card, as_of);
            let reason = explained.map_or_else(|| ending::unexplained(light.card, &light.rule), |why| why.reason);
            listed(light.clone(), reason)
        };
        let mut standing = self.standing(line);
        for (id, _) in self.cases.sealed_lights() {
            let judge = self.judge.as_ref();
            let lines = self.cases.look(id, |case| {
                standing_in(case, judge, as_of).map(|(light, rule)| line(case, &light, rule)).collect::<Vec<_>>()
            });
            standing.lights.extend(lines.into_iter().flatten());
        }
        standing
    }

    /// All that is held of a case with facts.
    pub(crate) fn case(&self, id: &str) -> Option<CaseView> {
        let as_of = self.as_of();
        let view = self.cases.look(id, |case| {
            let known = case.judged_under != 0 && case.history != History::new();
            known.then(|| CaseView {
                as_of,
                history: case.history.clone(),
                judgement: case.judgement.clone(),
                said: case.said.clone(),
                silent_since: case.silent_since,
                holding: case.holding(self.judge.as_ref()),
                of_groups: Vec::new(),
            })
        });
        view.flatten()
    }

    /// How often a sealed case was taken back so far.
    pub(crate) fn taken_back(&self) -> u64 {
        self.cases.taken_back()
    }

    /// How often a case was given to judgement so far, and how often because of a change of configuration.
    pub(crate) fn judged(&self) -> (u64, u64) {
        (self.judged, self.rejudged)
    }

    /// How many cases and wake-ups there are, and what they take.
    pub(crate) fn sizes(&self) -> Sizes {
        let (wakes, retiring) = (self.next.len(), self.retiring.len());
        Sizes {
            cases: self.cases.len(),
            open: self.open,
            sealed: self.cases.sealed(),
            wakes,
            bytes: self.cases.bytes() + self.memberships.bytes() + (wakes + retiring) * size_of::<(Moment, u32)>(),
            sealed_bytes: self.cases.sealed_bytes(),
        }
    }
}

/// The lights that stand in a case at `as_of`, with the rules that give them.
pub(crate) fn standing_in<'c, J: Judge>(
    case: &'c CaseState,
    judge: &'c J,
    as_of: Moment,
) -> impl Iterator<Item = (StandingLight, RuleIndex)> + 'c {
    let owner = case.judgement.owner.as_ref();
    owner.into_iter().flat_map(move |owner| {
        let holding = case.holding(judge);
        shown(judge, &case.judgement, as_of, holding.as_ref()).into_iter().map(move |now| {
            let light = StandingLight {
                case: case.id.clone(),
                rule: now.rule.id.into(),
                instance: now.instance.clone(),
                card: now.span.card,
                light: now.span.light,
                since: now.span.since,
                owner: owner.clone(),
            };
            (light, now.index)
        })
    })
}
