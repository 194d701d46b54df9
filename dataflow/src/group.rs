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
use crate::resting_groups::{Members, Rest, RestingGroups};

/// What cases bring that is in memory.
#[derive(Copy, Clone, Default)]
pub(crate) struct HeldInMemory {
    /// One for each case in each group.
    pub(crate) contributions: usize,
    /// Bytes of their records.
    pub(crate) bytes: usize,
}

/// A group of cases.
pub(crate) struct Group {
    /// Its name.
    pub(crate) key: GroupKey,
    /// What each case brings, of which a record dated by the clock may see something.
    pub(crate) brought: Members,
    /// Where the rest of it is.
    pub(crate) rest: Rest,
    /// When some of it goes to rest.
    pub(crate) rests: Option<Moment>,
    /// How much is in memory, as it was counted last.
    pub(crate) held: HeldInMemory,
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
        Group {
            key,
            brought: Members::new(),
            rest: Rest::Never,
            rests: None,
            held: HeldInMemory::default(),
            lights: BTreeMap::new(),
            judged_under,
            wake: None,
        }
    }

    /// A copy in which nothing rests and nothing waits; what rests of this one is `resting`.
    pub(crate) fn undisturbed(&self, resting: Members) -> Group {
        let brought = resting.into_iter().chain(self.brought.clone()).collect();
        let lights = self.lights.iter().map(|(case, light)| (case.clone(), light.undisturbed())).collect();
        Group { brought, lights, wake: self.wake, ..Group::new(self.key.clone(), self.judged_under) }
    }

    /// Has everything in memory: whatever happens in a group, all of it is judged.
    pub(crate) fn take_back(&mut self, resting: &mut RestingGroups) {
        if self.rest == Rest::Stored {
            let live = std::mem::take(&mut self.brought);
            let stored = resting.take(&self.key).filter(|_| !planted!(RestingForgotten));
            self.brought = stored.unwrap_or_default();
            self.brought.extend(live);
            self.rest = Rest::TakenBack;
        }
    }

    /// Stores what no record dated after `through` sees.
    pub(crate) fn put_to_rest(&mut self, resting: &mut RestingGroups, through: Moment) {
        let over = |brought: &Brought| brought.seen_until.is_some_and(|until| until <= through);
        if self.brought.values().any(over) {
            let stored = if self.rest == Rest::Stored { resting.take(&self.key) } else { None };
            let mut stored = stored.unwrap_or_default();
            stored.extend(self.brought.extract_if(.., |_, brought| over(brought)));
            resting.put(&self.key, &stored);
            self.rest = Rest::Stored;
        }
        self.rests = self.brought.values().filter_map(|brought| brought.seen_until).min();
    }

    /// What rests of it.
    pub(crate) fn resting(&self, resting: Option<&RestingGroups>) -> Members {
        let stored = resting.filter(|_| self.rest == Rest::Stored);
        stored.map(|resting| resting.read(&self.key)).unwrap_or_default()
    }

    /// Corrects a sum over all groups by what differs in this one since it was counted last.
    pub(crate) fn count_into(&mut self, all: &mut HeldInMemory) {
        let bytes = self.brought.values().map(|brought| brought.records.len()).sum();
        let now = HeldInMemory { contributions: self.brought.len(), bytes };
        let before = std::mem::replace(&mut self.held, now);
        all.contributions = all.contributions + now.contributions - before.contributions;
        all.bytes = all.bytes + now.bytes - before.bytes;
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

    /// Judges what the cases bring, all of which is in memory.
    pub(crate) fn judge<J: Judge>(&mut self, judge: &J, at: Moment) {
        let Group { key, brought, lights, .. } = self;
        let gathered = Gathered::of(&key.key, brought, &Members::new);
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

    /// Is there nothing to keep in memory?
    pub(crate) fn is_empty(&self) -> bool {
        self.brought.is_empty() && self.lights.is_empty()
    }
}

fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| a.rule.cmp(&b.rule).then_with(|| a.instance.cmp(&b.instance)));
}
