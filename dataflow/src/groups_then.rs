//! What groups gave a case at an earlier instant: by what was known then, and by what is known now.
//!
//! A group at an instant is made of all cases that were in it there, also of those that have left it since. So every worker
//! looks through all of its cases, sealed ones too, as for a preview; nothing is changed. Both are judged by the
//! configuration in force, so that what differs is what was learnt.

use std::collections::BTreeMap;

use compact_str::CompactString;
use facts::{History, Moment};
use rules::finding::RuleIndex;
use rules::judge::{Case, Contribution, GroupCard};

use crate::case_state::CaseState;
use crate::groups::{Explained, GroupLight};
use crate::judge::Judge;

/// Lights that groups gave a case at an earlier instant, sorted by rule and instance.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupsThen {
    /// By what had arrived by then.
    pub known_then: Vec<GroupLight>,
    /// By what is known now.
    pub known_now: Vec<GroupLight>,
}

/// The groups that a case was in at an instant, by either knowledge.
#[derive(Clone, Debug)]
pub(crate) struct GroupsAsked {
    at: Moment,
    groups: Sides<Vec<(RuleIndex, CompactString)>>,
}

/// Something by what was known then, and by what is known now.
#[derive(Clone, Default, Debug)]
struct Sides<T> {
    then: T,
    now: T,
}

/// What the cases of one worker brought into the groups that were asked for.
#[derive(Default)]
pub(crate) struct BroughtThen(Sides<Vec<Contribution>>);

impl GroupsAsked {
    /// The groups of a case with this history at `at`; `None` where it was in none.
    pub(crate) fn of<J: Judge>(case: &str, history: &History, judge: &J, at: Moment) -> Option<GroupsAsked> {
        let groups = |history: &History| judge.groups_of(&Case::at(case, history, at));
        let groups = Sides { then: groups(&history.known_at(at, judge.zone())), now: groups(history) };
        (!groups.then.is_empty() || !groups.now.is_empty()).then_some(GroupsAsked { at, groups })
    }

    /// Adds what a case brought into these groups.
    pub(crate) fn consider<J: Judge>(&self, case: &CaseState, judge: &J, brought: &mut BroughtThen) {
        let GroupsAsked { at, groups } = self;
        let BroughtThen(brought) = brought;
        let given = |history: &History, asked: &[(RuleIndex, CompactString)]| -> Vec<Contribution> {
            let known = Case::at(&case.id, history, *at);
            let groups = judge.groups_of(&known).into_iter().filter(|group| asked.contains(group));
            let give = |(rule, key)| Contribution { rule, key, case: case.id.clone(), records: known.records.to_vec() };
            groups.map(give).collect()
        };
        brought.now.extend(given(&case.history, &groups.now));
        if !groups.then.is_empty() {
            brought.then.extend(given(&case.history.known_at(*at, judge.zone()), &groups.then));
        }
    }

    /// The lights that these groups gave the case when this is all that cases brought.
    pub(crate) fn lights<J: Judge>(&self, case: &str, judge: &J, brought: Vec<BroughtThen>) -> GroupsThen {
        let mut all = Sides::<Vec<Contribution>>::default();
        for BroughtThen(Sides { then, now }) in brought {
            all.then.extend(then);
            all.now.extend(now);
        }
        let lights = |given: Vec<Contribution>| lights_on(case, judge, given, self.at);
        GroupsThen { known_then: lights(all.then), known_now: lights(all.now) }
    }
}

/// The lights of a case in the groups of these contributions.
fn lights_on<J: Judge>(case: &str, judge: &J, given: Vec<Contribution>, at: Moment) -> Vec<GroupLight> {
    let mut groups: BTreeMap<(RuleIndex, CompactString), Vec<Contribution>> = BTreeMap::new();
    for contribution in given {
        groups.entry((contribution.rule, contribution.key.clone())).or_default().push(contribution);
    }
    let mut lights = Vec::new();
    for ((rule, key), given) in groups {
        let of_case = judge.judge_group(rule, &key, &given).into_iter().filter(|found| found.case == case);
        lights.extend(of_case.map(|found| {
            let holding = found.finding.spans.iter().filter(|span| span.holds(at));
            let explained = holding.filter_map(|span| {
                let asked = GroupCard { case, instance: &found.finding.instance, card: span.card };
                let explanation = judge.explain_group(rule, &key, &given, asked, at)?;
                Some(Explained { card: span.card, explanation })
            });
            GroupLight { explained: explained.collect(), finding: found.finding }
        }));
    }
    lights.sort_by(|a, b| (a.finding.rule, &a.finding.instance).cmp(&(b.finding.rule, &b.finding.instance)));
    lights
}
