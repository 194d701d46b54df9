//! Which cases are in which groups, as the operator that holds the cases knows it: what it tells of them, it tells once.
//!
//! A case at rest stays packed: what it brings is with its groups, and here is only which groups these are.

use compact_str::CompactString;
use facts::Moment;
use hashbrown::HashMap;
use rules::finding::RuleIndex;
use rules::judge::Case;
use rustc_hash::FxBuildHasher;

use crate::case_state::CaseState;
use crate::causes::Causes;
use crate::contribution::{Brought, GroupKey, GroupNews};
use crate::judge::Judge;
use crate::packed_case::pack_records;
use crate::planted::planted;

/// What was last told of a case that is in groups.
#[derive(Clone)]
struct Told {
    groups: Vec<GroupKey>,
    silent_since: Option<Moment>,
}

/// What happened to a case at an instant.
#[derive(Copy, Clone)]
pub(crate) struct Happened {
    /// The instant.
    pub(crate) at: Moment,
    /// Why.
    pub(crate) causes: Causes,
    /// Its facts, or the configuration, are others than before: it may bring something else.
    pub(crate) changed: bool,
    /// Its source has just spoken again.
    pub(crate) heard_again: bool,
}

impl Happened {
    /// A case tells again what it brings, for `causes`: it was not judged anew.
    pub(crate) fn anew(at: Moment, causes: Causes) -> Happened {
        Happened { at, causes, changed: true, heard_again: false }
    }
}

/// The groups of all cases of a worker. Empty where no rule groups.
#[derive(Default)]
pub(crate) struct Memberships {
    told: HashMap<CompactString, Told, FxBuildHasher>,
}

impl Memberships {
    /// Forgets what was told, for other rules across cases: those that hold the groups forget it, too.
    pub(crate) fn forget(&mut self) {
        self.told.clear();
    }

    /// Tells what differs in the groups of a case after something happened to it.
    #[inline(never)] // Instructions are counted for it: tools/count_instructions.py.
    pub(crate) fn tell<J: Judge>(&mut self, case: &CaseState, judge: &J, happened: Happened, out: &mut Vec<GroupNews>) {
        let Happened { at, causes, changed, heard_again } = happened;
        let told = self.told.get(&case.id);
        let stirred = told.is_some_and(|told| told.silent_since != case.silent_since) || heard_again;
        if !changed && (told.is_none() || !stirred) {
            return;
        }
        let known = Case::at(&case.id, &case.history, at);
        let groups = judge.groups_of(&known);
        if groups.is_empty() && told.is_none() {
            return;
        }
        let news = |group: GroupKey, brought: Option<Brought>| GroupNews {
            at,
            group,
            case: case.id.clone(),
            causes,
            heard_again,
            brought,
        };
        let mut by_key: Vec<(GroupKey, Vec<u32>)> = Vec::with_capacity(groups.len());
        for (rule, key) in groups {
            let group = GroupKey { rule: judge.rule(rule).id.into(), key };
            match by_key.iter_mut().find(|(held, _)| *held == group) {
                Some((_, rules)) => rules.push(rule.0),
                None => by_key.push((group, vec![rule.0])),
            }
        }
        let left = told.into_iter().flat_map(|told| &told.groups);
        let left = left.filter(|group| !by_key.iter().any(|(held, _)| held == *group));
        out.extend(left.filter(|_| !planted!(GroupKeepsWhoLeft)).map(|group| news(group.clone(), None)));
        let Some(owner) = case.judgement.owner.as_ref().filter(|_| !by_key.is_empty()) else {
            self.told.remove(&case.id);
            return;
        };
        let records = pack_records(known.records).into();
        let last = known.records.last().map_or(at, |record| record.at);
        let groups = by_key.iter().map(|(group, _)| group.clone()).collect();
        out.extend(by_key.into_iter().map(|(group, rules)| {
            let (owner, item, silent_since) = (owner.clone(), case.judgement.item.clone(), case.silent_since);
            let records = std::sync::Arc::clone(&records);
            // Of several versions the one that looks back furthest counts.
            let seen_until = rules.iter().map(|rule| judge.seen_in_group_until(RuleIndex(*rule), last));
            let seen_until = seen_until.collect::<Option<Vec<Moment>>>().and_then(|seen| seen.into_iter().max());
            news(group, Some(Brought { rules, owner, item, silent_since, seen_until, records }))
        }));
        self.told.insert(case.id.clone(), Told { groups, silent_since: case.silent_since });
    }

    /// Those of one case.
    pub(crate) fn of_case(&self, case: &str) -> Memberships {
        let told = self.told.get_key_value(case).map(|(case, told)| (case.clone(), told.clone()));
        Memberships { told: told.into_iter().collect() }
    }

    /// Is the case in a group?
    pub(crate) fn holds(&self, case: &str) -> bool {
        self.told.contains_key(case)
    }

    /// Bytes that this takes, without long keys.
    pub(crate) fn bytes(&self) -> usize {
        let one = size_of::<CompactString>() + size_of::<Told>() + size_of::<GroupKey>();
        self.told.len() * one
    }
}
