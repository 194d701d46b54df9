//! One group: what its cases bring, and the lights that it gives them.
//!
//! A light of a group is held as that of a case is, in the shape of a case without facts; the facts are those that all cases
//! of the group bring.

use std::collections::BTreeMap;

use compact_str::CompactString;
use facts::{Cause, Moment};
use rules::change::ConfigurationChange;
use rules::finding::{Finding, Judgement, RuleIndex};

use crate::case_state::CaseState;
use crate::causes::Causes;
use crate::contribution::{Brought, Gathered, GroupKey, GroupNews};
use crate::judge::Judge;
use crate::lit::Rows;
use crate::planted::planted;

/// A group of cases.
pub(crate) struct Group {
    /// Its name.
    pub(crate) key: GroupKey,
    /// What each case brings.
    pub(crate) brought: BTreeMap<CompactString, Brought>,
    /// The lights of each case that has, or had, any.
    pub(crate) lights: BTreeMap<CompactString, CaseState>,
    /// The configuration that judged it last.
    pub(crate) judged_under: u32,
    /// The next instant at which something may change by itself.
    pub(crate) wake: Option<Moment>,
}

impl Group {
    /// A group that nobody is in.
    pub(crate) fn new(key: GroupKey, judged_under: u32) -> Group {
        Group { key, brought: BTreeMap::new(), lights: BTreeMap::new(), judged_under, wake: None }
    }

    /// Takes what a case brings from now on, where it brought `before`; returns what happened by it.
    pub(crate) fn take(&mut self, news: GroupNews, before: Option<&Brought>) -> Causes {
        let GroupNews { case, mut causes, heard_again, brought, .. } = news;
        let silence = |brought: Option<&Brought>| brought.and_then(|brought| brought.silent_since);
        let before = self.brought.get(&case).or(before);
        if heard_again || before.is_some() && brought.is_some() && silence(before) != silence(brought.as_ref()) {
            causes.add(Cause::Silence);
        }
        if let Some(light) = self.lights.get_mut(&case) {
            light.silent_since = silence(brought.as_ref());
            light.heard_again |= heard_again;
        }
        match brought {
            Some(brought) => drop(self.brought.insert(case, brought)),
            None => drop(self.brought.remove(&case)),
        }
        causes
    }

    /// Goes on under a configuration that keeps the rules of groups: they get their new places.
    pub(crate) fn carry_over(&mut self, change: &ConfigurationChange, generation: u32) {
        self.judged_under = generation;
        if change.keeps_places() || planted!(GroupKeepsOldPlaces) {
            return;
        }
        let place = |rule: RuleIndex| change.place_of(rule).expect("the rules of groups are kept");
        let rules = self.brought.values_mut().flat_map(|brought| &mut brought.rules);
        rules.for_each(|rule| *rule = place(RuleIndex(*rule)).0);
        for light in self.lights.values_mut() {
            light.judgement.findings.iter_mut().for_each(|finding| finding.rule = place(finding.rule));
            sort(&mut light.judgement.findings);
        }
    }

    /// Judges what the cases bring.
    pub(crate) fn judge<J: Judge>(&mut self, judge: &J, at: Moment) {
        let Group { key, brought, lights, .. } = self;
        let gathered = Gathered::of(&key.key, brought);
        let mut findings: BTreeMap<CompactString, Vec<Finding>> = BTreeMap::new();
        for (rule, given) in gathered.by_rule() {
            let given = if planted!(GroupForgetsAMember) { &given[given.len().min(2) - 1..] } else { given };
            for found in judge.judge_group(*rule, &key.key, given) {
                findings.entry(found.case).or_default().push(found.finding);
            }
        }
        for (case, findings) in &mut findings {
            sort(findings);
            if !lights.contains_key(case) {
                let light = CaseState { judged_through: at, ..CaseState::new(case) };
                lights.insert(case.clone(), light);
            }
        }
        for (case, light) in lights {
            let of_case = brought.get(case);
            light.silent_since = of_case.and_then(|brought| brought.silent_since);
            light.judgement = Judgement {
                owner: of_case.map(|brought| brought.owner.clone()),
                item: of_case.and_then(|brought| brought.item.clone()),
                // Its own facts show whether it is.
                open: false,
                findings: findings.remove(case).unwrap_or_default(),
            };
        }
    }

    /// Lets go of lights that nothing was ever said of and that hold nothing any more.
    pub(crate) fn forget_the_unlit(&mut self) {
        self.lights.retain(|_, light| {
            let idle = light.said.is_empty() && light.judgement.findings.is_empty() && light.hold_until.is_none();
            !idle || light.rows != Rows::default()
        });
    }

    /// Is there nothing to keep?
    pub(crate) fn is_empty(&self) -> bool {
        self.brought.is_empty() && self.lights.is_empty()
    }
}

fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| a.rule.cmp(&b.rule).then_with(|| a.instance.cmp(&b.instance)));
}
