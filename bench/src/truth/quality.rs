//! The lights for faults of the data: each a warning, from the fact that shows it.

use std::collections::BTreeSet;

use compact_str::CompactString;
use facts::{Activity, Card, Moment, Region};

use super::{Case, earlier};
use crate::case_plan::{MAPPED_SOURCE, NO_PROMISE, PlannedFact, What, code_of};

/// How far ahead of its arrival a fact may be dated, in milliseconds.
const SKEW_MILLIS: i64 = 300_000;

/// What the catalogue knows of the item that a case names.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum ItemKnown {
    /// All of it.
    Whole,
    /// Not its promise.
    WithoutPromise,
    /// Nothing: it is not named, or not listed.
    Not,
}

impl Case<'_> {
    /// The last fact that names an item decides.
    pub(super) fn item_known(&self) -> ItemKnown {
        let named = self.plan.facts.iter().rev().find_map(|fact| self.plan.names(fact).item);
        match named.as_deref() {
            Some(code) if code == self.plan.item.code => ItemKnown::Whole,
            Some(NO_PROMISE) => ItemKnown::WithoutPromise,
            _ => ItemKnown::Not,
        }
    }

    /// DQ-01 to DQ-11; `deemed` is the acceptance that silence made.
    pub(super) fn quality(&mut self, deemed: Option<Moment>) {
        self.items(deemed);
        let plan = self.plan;
        for (place, fact) in plan.facts.iter().enumerate() {
            let before = &plan.facts[..place];
            let faults = [
                ("DQ-01", fact.rival.is_some()),
                ("DQ-03", undeclared(&fact.what)),
                ("DQ-04", self.has_unmapped_code(fact)),
                ("DQ-07", self.stage_without_limit(&fact.what)),
                ("DQ-08", before.iter().any(|other| other.id == fact.id && other.office != fact.office)),
                ("DQ-09", self.in_another_county(before, fact)),
                ("DQ-10", self.says_otherwise(before, fact)),
            ];
            for (rule, _) in faults.into_iter().filter(|(_, fault)| *fault) {
                self.light(rule, &plan.record_of(fact), Card::Warning, fact.at);
            }
            if fact.at.millis() - fact.arrived.millis() > SKEW_MILLIS {
                self.light("DQ-11", &plan.record_of(fact), Card::Warning, fact.arrived);
            }
        }
        for ghost in &plan.ghosts {
            if let Some((again, true)) = ghost.again {
                self.light("DQ-02", &plan.record(&ghost.id), Card::Warning, again);
            }
        }
    }

    /// DQ-05, DQ-06: from what first calls for the item, or for its limits.
    fn items(&mut self, deemed: Option<Moment>) {
        let calls = |what: &What| {
            use What::{Accepted, Closed, Fee, StageCompleted, StageStarted};
            matches!(what, Accepted | StageStarted(_) | StageCompleted(..) | Fee(_) | Closed(..))
        };
        let accepted = self.first(|what| *what == What::Accepted);
        let (rule, since) = match self.item_known() {
            ItemKnown::Whole => return,
            ItemKnown::WithoutPromise => ("DQ-06", earlier(accepted, deemed)),
            ItemKnown::Not => ("DQ-05", earlier(self.first(calls), deemed)),
        };
        if let Some(since) = since {
            self.light(rule, "-", Card::Warning, since);
        }
    }

    fn has_unmapped_code(&self, fact: &PlannedFact) -> bool {
        let case_type = self.plan.names(fact).case_type;
        let other = match &fact.what {
            What::StageStarted(stage) | What::StageCompleted(stage, _) => Some(stage.as_str()),
            What::Closed(outcome, _) => Some(*outcome),
            _ => None,
        };
        let mut words = [case_type, other].into_iter().flatten();
        self.plan.source == MAPPED_SOURCE && words.any(|word| code_of(word).is_none())
    }

    fn stage_without_limit(&self, what: &What) -> bool {
        let What::StageStarted(stage) = what else { return false };
        match self.item_known() {
            ItemKnown::Whole => self.plan.item.stage(stage).is_none(),
            ItemKnown::WithoutPromise => true,
            ItemKnown::Not => false,
        }
    }

    fn county(&self, fact: &PlannedFact) -> Option<Region> {
        fact.office.as_ref().unwrap_or(&self.plan.owner).region.county()
    }

    fn in_another_county(&self, before: &[PlannedFact], fact: &PlannedFact) -> bool {
        let owning = |fact: &&PlannedFact| matches!(fact.what, What::Submitted | What::Accepted);
        let counties: BTreeSet<Region> = before.iter().filter(owning).filter_map(|fact| self.county(fact)).collect();
        let here = Some(fact).filter(owning).and_then(|fact| self.county(fact));
        here.is_some_and(|here| counties.iter().any(|there| *there != here))
    }

    fn says_otherwise(&self, before: &[PlannedFact], fact: &PlannedFact) -> bool {
        let now = self.plan.names(fact);
        let before = || before.iter().rev().map(|fact| self.plan.names(fact));
        let item: Option<CompactString> = before().find_map(|names| names.item);
        let case_type = before().find_map(|names| names.case_type);
        let differ = |known: Option<&str>, said: Option<&str>| known.is_some() && said.is_some() && known != said;
        differ(item.as_deref(), now.item.as_deref()) || differ(case_type, now.case_type)
    }
}

fn undeclared(what: &What) -> bool {
    matches!(what, What::Other(name) if matches!(Activity::from_name(name), Activity::Other(_)))
}
