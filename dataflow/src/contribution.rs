//! What a case brings into the groups of rules that judge several cases at once (`group` of a rule).
//!
//! A contribution follows from the facts of its case, like a finding: nothing of it is kept on disk, and a start makes it
//! anew. All records of the case go with it, packed once for all groups that the case is in.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use facts::{Address, Moment};
use rules::finding::RuleIndex;
use rules::judge::{Contribution, Explanation, GroupCard, group_key_of};
use serde::{Deserialize, Serialize};

use crate::case_hash::case_hash;
use crate::causes::Causes;
use crate::judge::Judge;
use crate::packed_case::unpack_records;
use crate::resting_groups::Members;

/// Names a group, whichever profile or version of the rule judges it: what was said of a light outlives both.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) struct GroupKey {
    /// Rule id.
    pub(crate) rule: CompactString,
    /// What the cases of the group share.
    pub(crate) key: CompactString,
}

impl GroupKey {
    /// The group that gives a light; `None` for one of a case's own, by which the rule may once have judged.
    pub(crate) fn of_light<J: Judge>(judge: &J, rule: &str, instance: &str) -> Option<GroupKey> {
        let key = group_key_of(instance).filter(|_| judge.groups_by(rule))?;
        Some(GroupKey { rule: rule.into(), key })
    }

    /// Spreads groups over workers.
    pub(crate) fn hash(&self) -> u64 {
        case_hash(&format!("{}\0{}", self.rule, self.key))
    }

    /// The worker that holds the group when there are `workers` of them.
    pub(crate) fn worker(&self, workers: usize) -> usize {
        (self.hash() % workers as u64) as usize
    }
}

/// What a case brings into a group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Brought {
    /// Places of the rules that judge the group with this case in it: one, unless versions of the rule overlap.
    pub(crate) rules: Vec<u32>,
    /// The office that owns the case.
    pub(crate) owner: Address,
    /// Approval item, where known.
    pub(crate) item: Option<CompactString>,
    /// The first instant at which the source that the case follows was silent, while it is.
    pub(crate) silent_since: Option<Moment>,
    /// The last instant whose records see the last of its own; `None` where no window bounds them.
    pub(crate) seen_until: Option<Moment>,
    /// All records that the clock has reached, packed.
    pub(crate) records: Arc<[u8]>,
}

/// A change of what a case brings into a group, or of what is known of its source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GroupNews {
    /// The instant.
    pub(crate) at: Moment,
    /// The group.
    pub(crate) group: GroupKey,
    /// Case number.
    pub(crate) case: CompactString,
    /// What happened to the case at that instant.
    pub(crate) causes: Causes,
    /// Its source has just spoken again.
    pub(crate) heard_again: bool,
    /// What it brings from now on; `None` when it is in the group no longer.
    pub(crate) brought: Option<Brought>,
}

/// What all cases of a group bring, unpacked when somebody asks.
pub(crate) struct Gathered<'a> {
    key: &'a str,
    brought: &'a Members,
    /// Reads what rests.
    resting: &'a dyn Fn() -> Members,
    by_rule: OnceCell<BTreeMap<RuleIndex, Vec<Contribution>>>,
}

impl<'a> Gathered<'a> {
    /// What these cases bring into the group of `key`, and others whose contributions rest.
    pub(crate) fn of(key: &'a str, brought: &'a Members, resting: &'a dyn Fn() -> Members) -> Gathered<'a> {
        Gathered { key, brought, resting, by_rule: OnceCell::new() }
    }

    /// The contributions to each rule; more than one where cases of several profiles share a key.
    pub(crate) fn by_rule(&self) -> &BTreeMap<RuleIndex, Vec<Contribution>> {
        self.by_rule.get_or_init(|| {
            let mut by_rule: BTreeMap<RuleIndex, Vec<Contribution>> = BTreeMap::new();
            let resting = (self.resting)();
            for (case, brought) in resting.iter().chain(self.brought) {
                for rule in brought.rules.iter().copied().map(RuleIndex) {
                    let records = unpack_records(&brought.records, case);
                    let given = Contribution { rule, key: self.key.into(), case: case.clone(), records };
                    by_rule.entry(rule).or_default().push(given);
                }
            }
            by_rule
        })
    }

    /// Why a card of one of the cases holds at `now`; `None` when it does not.
    pub(crate) fn explain<J: Judge>(
        &self,
        judge: &J,
        rule: RuleIndex,
        asked: GroupCard<'_>,
        now: Moment,
    ) -> Option<Explanation> {
        judge.explain_group(rule, self.key, self.by_rule().get(&rule)?, asked, now)
    }
}
