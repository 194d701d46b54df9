//! What another configuration would change at the last closed instant, without putting it in force.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use facts::{Address, Card, Light, Moment, StandingLight};
use rules::change::ConfigurationChange;
use rules::judge::{Case, Touched};

use crate::case_state::CaseState;
use crate::causes::Causes;
use crate::contribution::GroupNews;
use crate::groups;
use crate::judge::Judge;
use crate::memberships::{Happened, Memberships};
use crate::transitions::{Shown, shown};

/// A card as it stands under one configuration.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Lamp {
    /// Card.
    pub card: Card,
    /// Light.
    pub light: Light,
    /// The legal instant.
    pub since: Moment,
}

/// One light that another configuration would raise, take away or change.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Difference {
    /// Case number.
    pub case: CompactString,
    /// Rule id.
    pub rule: CompactString,
    /// Instance.
    pub instance: CompactString,
    /// The office that owns the case.
    pub owner: Address,
    /// What stands now.
    pub before: Option<Lamp>,
    /// What would stand.
    pub after: Option<Lamp>,
}

/// What another configuration would change.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WhatIf {
    /// The last closed instant.
    pub as_of: Moment,
    /// Cases that were judged by both.
    pub judged: u64,
    /// Lights that differ, sorted by case, rule and instance.
    pub differences: Vec<Difference>,
}

/// What one worker finds: differences in its cases, and what is needed to find those of groups.
pub(crate) struct WhatIfShare {
    found: WhatIf,
    /// Groups may give other lights.
    groups: bool,
    /// What its cases would bring into groups.
    news: Vec<GroupNews>,
    memberships: Memberships,
    /// The lights that the groups that it holds give now.
    of_groups: Vec<StandingLight>,
}

impl WhatIfShare {
    /// Nothing looked at yet.
    pub(crate) fn new(as_of: Moment, groups: bool) -> WhatIfShare {
        let found = WhatIf { as_of, ..WhatIf::default() };
        WhatIfShare { found, groups, news: Vec::new(), memberships: Memberships::default(), of_groups: Vec::new() }
    }

    /// Judges a case by both, if `change` may make a difference in it, and notes which groups it would be in.
    pub(crate) fn consider<J: Judge>(&mut self, case: &CaseState, judge: &J, other: &J, change: &ConfigurationChange) {
        self.found.consider(case, judge, other, change);
        if self.groups {
            let at = self.found.as_of;
            let happened = Happened { at, causes: Causes::default(), changed: true, heard_again: false };
            self.memberships.tell(case, other, happened, &mut self.news);
        }
    }

    /// With the lights that groups give now.
    pub(crate) fn beside(self, of_groups: Vec<StandingLight>) -> WhatIfShare {
        WhatIfShare { of_groups, ..self }
    }

    /// Joins what all workers found, and judges the groups that there would be under `other`.
    pub(crate) fn join<J: Judge>(shares: Vec<WhatIfShare>, other: &Arc<J>) -> WhatIf {
        let groups = shares.iter().any(|share| share.groups);
        let (mut found, mut before, mut news) = (Vec::new(), Vec::new(), Vec::new());
        for share in shares {
            found.push(share.found);
            before.extend(share.of_groups);
            news.extend(share.news);
        }
        let mut found = WhatIf::join(found);
        if groups {
            let after = groups::lights_of(news, other, found.as_of);
            found.compare(&before, &after);
        }
        found.differences.sort_unstable();
        found
    }
}

impl WhatIf {
    /// Adds the lights of groups that differ.
    fn compare(&mut self, before: &[StandingLight], after: &[StandingLight]) {
        type Key<'a> = (&'a str, &'a str, &'a str);
        fn keyed(lights: &[StandingLight]) -> BTreeMap<Key<'_>, &StandingLight> {
            let keyed = |light| {
                let StandingLight { case, rule, instance, .. }: &StandingLight = light;
                ((case.as_str(), rule.as_str(), instance.as_str()), light)
            };
            lights.iter().map(keyed).collect()
        }
        let (before, after) = (keyed(before), keyed(after));
        let lamp = |light: &&StandingLight| Lamp { card: light.card, light: light.light, since: light.since };
        let named: BTreeMap<Key<'_>, &StandingLight> =
            before.iter().chain(&after).map(|(key, light)| (*key, *light)).collect();
        for ((case, rule, instance), light) in named {
            let of = |lights: &BTreeMap<Key<'_>, &StandingLight>| lights.get(&(case, rule, instance)).map(lamp);
            let (before, after) = (of(&before), of(&after));
            if before != after {
                let (case, rule, instance) = (case.into(), rule.into(), instance.into());
                let owner = light.owner.clone();
                self.differences.push(Difference { case, rule, instance, owner, before, after });
            }
        }
    }

    /// Judges a case by both, if `change` may make a difference in it.
    pub(crate) fn consider<J: Judge>(&mut self, case: &CaseState, judge: &J, other: &J, change: &ConfigurationChange) {
        let known = Case::at(&case.id, &case.history, self.as_of);
        let mut carried = case.judgement.clone();
        let judgement = match other.carry(change, &known, &mut carried) {
            Touched::None => return,
            Touched::All => other.judge(&known),
            rules @ Touched::Rules(_) => other.rejudge(&known, carried, &rules),
        };
        self.judged += 1;
        let before = shown(judge, &case.judgement, self.as_of, case.holding(judge).as_ref());
        let after = shown(other, &judgement, self.as_of, case.holding(other).as_ref());
        let Some(owner) = judgement.owner.as_ref().or(case.judgement.owner.as_ref()) else { return };
        let of = |now: &Shown<'_>| (CompactString::from(now.rule.id), now.instance.clone());
        for now in &before {
            let other = after.iter().find(|other| of(other) == of(now));
            push(self, &case.id, owner, Some(now), other);
        }
        for now in after.iter().filter(|now| !before.iter().any(|other| of(other) == of(now))) {
            push(self, &case.id, owner, None, Some(now));
        }
    }
}

fn push(
    found: &mut WhatIf,
    case: &CompactString,
    owner: &Address,
    before: Option<&Shown<'_>>,
    after: Option<&Shown<'_>>,
) {
    let lamp = |now: &Shown<'_>| Lamp { card: now.span.card, light: now.span.light, since: now.span.since };
    let Some(named) = after.or(before) else { return };
    let (rule, instance) = (named.rule.id.into(), named.instance.clone());
    let (before, after) = (before.map(lamp), after.map(lamp));
    if before != after {
        let (case, owner) = (case.clone(), owner.clone());
        found.differences.push(Difference { case, rule, instance, owner, before, after });
    }
}

impl WhatIf {
    /// Joins what all workers found.
    pub(crate) fn join(parts: impl IntoIterator<Item = WhatIf>) -> WhatIf {
        let mut all: Option<WhatIf> = None;
        for part in parts {
            match &mut all {
                None => all = Some(part),
                Some(all) => {
                    all.as_of = all.as_of.min(part.as_of);
                    all.judged += part.judged;
                    all.differences.extend(part.differences);
                }
            }
        }
        let mut all = all.unwrap_or_default();
        all.differences.sort_unstable();
        all
    }
}

impl Difference {
    /// Is the light that would stand worse (`Greater`) or better (`Less`) than the one that stands?
    #[must_use]
    pub fn direction(&self) -> Ordering {
        let rank = |lamp: &Option<Lamp>| lamp.as_ref().map(|lamp| (lamp.card, lamp.light));
        rank(&self.after).cmp(&rank(&self.before))
    }
}
