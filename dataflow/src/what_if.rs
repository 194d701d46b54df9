//! What another configuration would change at the last closed instant, without putting it in force.

use std::cmp::Ordering;

use compact_str::CompactString;
use facts::{Address, Card, Light, Moment};
use rules::judge::{Case, Touched};

use crate::judge::Judge;
use crate::supervise::Supervisor;
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

impl<J: Judge> Supervisor<J> {
    /// Judges the cases that `other` may judge otherwise, and tells where its lights differ. Nothing is changed.
    pub(crate) fn what_if(&self, other: &J) -> WhatIf {
        let change = other.change_from(self.judge());
        let as_of = self.as_of();
        let mut found = WhatIf { as_of, ..WhatIf::default() };
        for case in self.cases() {
            let known = Case::at(&case.id, &case.history, as_of);
            let mut carried = case.judgement.clone();
            let judgement = match other.carry(&change, &known, &mut carried) {
                Touched::None => continue,
                Touched::All => other.judge(&known),
                rules @ Touched::Rules(_) => other.rejudge(&known, carried, &rules),
            };
            found.judged += 1;
            let before = shown(self.judge(), &case.judgement, as_of, case.holding(self.judge()).as_ref());
            let after = shown(other, &judgement, as_of, case.holding(other).as_ref());
            let Some(owner) = judgement.owner.as_ref().or(case.judgement.owner.as_ref()) else { continue };
            let of = |now: &Shown<'_>| (CompactString::from(now.rule.id), now.instance.clone());
            for now in &before {
                let other = after.iter().find(|other| of(other) == of(now));
                push(&mut found, &case.id, owner, Some(now), other);
            }
            for now in after.iter().filter(|now| !before.iter().any(|other| of(other) == of(now))) {
                push(&mut found, &case.id, owner, None, Some(now));
            }
        }
        found.differences.sort_unstable();
        found
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
