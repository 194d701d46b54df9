//! What a change of configuration can change in which case, so that only those cases are judged again.
//!
//! Two sets are compared as they are judged, not as files: a comment or a moved line changes nothing. Too much is only
//! slow, too little is wrong: what cannot be told apart cheaply touches every case.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use facts::{Address, Record};

use crate::catalogue::{Catalogue, Item};
use crate::configuration::{Configuration, Profile};
use crate::finding::{Judgement, RuleIndex};
use crate::judge::{Case, Touched, deems};
use crate::rule::{Rule, Scope};

/// The difference between two sets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConfigurationChange {
    /// Every case may be judged otherwise.
    Everything,
    /// Only what is named.
    Parts(Box<Parts>),
}

/// Parts that differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parts {
    /// The place that each rule of the old set has in the new one; `None` for one that is gone or different.
    places: Vec<Option<RuleIndex>>,
    /// Rules of the new set that the old one has not, by profile, ascending.
    rules: BTreeMap<CompactString, Vec<RuleIndex>>,
    /// Items of which a version came, went or is different.
    items: BTreeSet<CompactString>,
    /// Sources whose codes mean something else.
    sources: BTreeSet<CompactString>,
    /// Every rule that is judged over several cases is kept, in each profile.
    keeps_groups: bool,
}

/// What of a case decides whether a change can concern it, beside the rules that found something in it. Many cases share one.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Outline {
    /// The office that owns it.
    pub owner: Option<Address>,
    /// Items that its facts name, those dated ahead included, ascending.
    pub items: Vec<CompactString>,
    /// Sources of these facts, ascending.
    pub sources: Vec<CompactString>,
}

impl Outline {
    /// The outline of a case with these facts, those dated ahead included.
    #[must_use]
    pub fn of(owner: Option<&Address>, records: &[Record]) -> Outline {
        let events = || records.iter().map(|record| &record.event);
        let items = events().filter_map(|event| event.detail().item.as_ref());
        Outline {
            owner: owner.cloned(),
            items: ascending(items),
            sources: ascending(events().map(|event| &event.source)),
        }
    }
}

/// Each once.
fn ascending<'a>(texts: impl Iterator<Item = &'a CompactString>) -> Vec<CompactString> {
    let mut found: Vec<CompactString> = Vec::new();
    for text in texts {
        if let Err(place) = found.binary_search(text) {
            found.insert(place, text.clone());
        }
    }
    found
}

impl ConfigurationChange {
    /// May a case of this outline be judged otherwise under `new`, where all rules that found something in it are kept? If
    /// not, [`Parts::carry`] keeps its judgement, but for the places of rules.
    #[must_use]
    pub fn concerns(&self, outline: &Outline, new: &Configuration) -> bool {
        match self {
            ConfigurationChange::Everything => true,
            ConfigurationChange::Parts(parts) => parts.concerns(outline, new),
        }
    }

    /// The place in the new set of a rule of the old one; `None` for one that is gone or different.
    #[must_use]
    pub fn place_of(&self, rule: RuleIndex) -> Option<RuleIndex> {
        match self {
            ConfigurationChange::Everything => None,
            ConfigurationChange::Parts(parts) => parts.places.get(rule.0 as usize).copied().flatten(),
        }
    }

    /// Does every rule that is kept keep its place?
    #[must_use]
    pub fn keeps_places(&self) -> bool {
        match self {
            ConfigurationChange::Everything => false,
            ConfigurationChange::Parts(parts) => {
                let mut places = parts.places.iter().enumerate();
                places.all(|(old, new)| new.is_none_or(|new| new == index(old)))
            }
        }
    }

    /// Is every rule that is judged over several cases kept? Then a group in which no case is judged by other parts gives the
    /// lights that it gave.
    #[must_use]
    pub fn keeps_groups(&self) -> bool {
        matches!(self, ConfigurationChange::Parts(parts) if parts.keeps_groups)
    }

    /// Are groups kept, and does every case mean what it meant? Then all groups give the lights that they gave.
    #[must_use]
    pub fn keeps_lights_of_groups(&self) -> bool {
        matches!(self, ConfigurationChange::Parts(parts)
            if parts.keeps_groups && parts.items.is_empty() && parts.sources.is_empty())
    }

    /// Compares `old` with `new`.
    #[must_use]
    pub fn between(old: &Configuration, new: &Configuration) -> ConfigurationChange {
        let same_frame = same_regions(&old.profiles, &new.profiles)
            && old.zone == new.zone
            && old.calendars == new.calendars
            && old.clocks == new.clocks
            && old.activities == new.activities
            && old.silence == new.silence;
        let places = places(old, new);
        let deeming = |rules: &[Rule], gone: &dyn Fn(usize) -> bool| {
            rules.iter().enumerate().any(|(place, rule)| gone(place) && deems(rule))
        };
        let kept: BTreeSet<RuleIndex> = places.iter().flatten().copied().collect();
        let is_new = |place: usize| !kept.contains(&index(place));
        let facts_made = deeming(&old.rules, &|place| places[place].is_none()) || deeming(&new.rules, &is_new);
        if !same_frame || facts_made || fee_codes(&old.catalogue) != fee_codes(&new.catalogue) {
            return ConfigurationChange::Everything;
        }
        let mut rules = BTreeMap::new();
        for profile in &new.profiles {
            let fresh: Vec<RuleIndex> = profile.rules.iter().copied().filter(|rule| !kept.contains(rule)).collect();
            if !fresh.is_empty() {
                rules.insert(profile.id.clone(), fresh);
            }
        }
        let items = changed(&versions(&old.catalogue), &versions(&new.catalogue));
        let sources = changed(&old.sources, &new.sources);
        let keeps_groups = old.profiles.iter().zip(&new.profiles).all(|(old, new)| {
            old.groups.iter().map(|rule| places[rule.0 as usize]).eq(new.groups.iter().copied().map(Some))
        });
        ConfigurationChange::Parts(Box::new(Parts { places, rules, items, sources, keeps_groups }))
    }
}

impl Parts {
    /// What of `case` is to be judged again under `new`, of whose rules `judgement` is given the places; `None` in
    /// [`Touched`] means that the judgement is what a new one would be.
    ///
    /// `judgement` must be that of the old set.
    pub fn carry(&self, case: &Case<'_>, new: &Configuration, judgement: &mut Judgement) -> Touched {
        let events = || case.records.iter().chain(case.held).map(|record| &record.event);
        let item = |item: &CompactString| self.items.contains(item);
        let of_item = !self.items.is_empty() && events().any(|event| event.detail().item.as_ref().is_some_and(item));
        let of_source = !self.sources.is_empty() && events().any(|event| self.sources.contains(&event.source));
        let Some(owner) = judgement.owner.as_ref().filter(|_| !of_item && !of_source) else { return Touched::All };
        let profile = new.profile(owner);
        let had = judgement.findings.len();
        judgement.findings.retain_mut(|finding| {
            let place = self.places[finding.rule.0 as usize];
            finding.rule = place.unwrap_or(finding.rule);
            place.is_some()
        });
        judgement.findings.sort_by(|a, b| a.rule.cmp(&b.rule).then_with(|| a.instance.cmp(&b.instance)));
        // Items that the case had before count, too.
        let items = || case.records.iter().filter_map(|record| record.event.detail().item.as_ref());
        let reaches = |rule: &RuleIndex| may_reach(&new.rule(*rule).scope, items(), owner);
        let fresh = self.rules.get(&profile.id).into_iter().flatten().copied();
        let fresh: Vec<RuleIndex> = fresh.filter(reaches).collect();
        // A finding that is gone must be said to be gone, though no rule is left to be judged.
        if fresh.is_empty() && judgement.findings.len() == had { Touched::None } else { Touched::Rules(fresh) }
    }

    fn concerns(&self, outline: &Outline, new: &Configuration) -> bool {
        let Some(owner) = &outline.owner else { return true };
        let fresh = || self.rules.get(&new.profile(owner).id).into_iter().flatten();
        outline.items.iter().any(|item| self.items.contains(item))
            || outline.sources.iter().any(|source| self.sources.contains(source))
            || fresh().any(|rule| may_reach(&new.rule(*rule).scope, outline.items.iter(), owner))
    }
}

fn index(place: usize) -> RuleIndex {
    RuleIndex(u32::try_from(place).expect("there are fewer than 2^32 rules"))
}

/// Profiles that take the same cases and count days in the same zone.
fn same_regions(old: &[Profile], new: &[Profile]) -> bool {
    let frame =
        |profile: &Profile| (profile.id.clone(), profile.regions.clone(), profile.default, profile.zone.clone());
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| frame(old) == frame(new))
}

/// For each rule of `old` the place of its equal in `new`. The label names version and profile: rules of one label are
/// compared in the order of the files.
fn places(old: &Configuration, new: &Configuration) -> Vec<Option<RuleIndex>> {
    let mut labelled: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (place, rule) in new.rules.iter().enumerate().rev() {
        labelled.entry((&rule.id, &rule.label)).or_default().push(place);
    }
    let mut places = Vec::with_capacity(old.rules.len());
    for rule in &old.rules {
        let equal = labelled.get_mut(&(rule.id.as_str(), rule.label.as_str())).and_then(|found| {
            let at = found.iter().rposition(|place| new.rules[*place] == *rule)?;
            Some(index(found.remove(at)))
        });
        places.push(equal);
    }
    places
}

/// May the rule reach a case of these items, as far as office and item tell?
fn may_reach<'a>(scope: &Scope, mut items: impl Iterator<Item = &'a CompactString>, owner: &Address) -> bool {
    scope.fits_office(owner) && (scope.items.is_empty() || items.any(|item| scope.fits_item(item)))
}

/// Versions of each item.
fn versions(catalogue: &Catalogue) -> BTreeMap<&CompactString, Vec<&Item>> {
    let mut versions: BTreeMap<&CompactString, Vec<&Item>> = BTreeMap::new();
    for item in catalogue.items() {
        versions.entry(&item.code).or_default().push(item);
    }
    versions
}

/// Which items list which fees: whether another item lists a fee concerns the cases of all.
fn fee_codes(catalogue: &Catalogue) -> BTreeSet<(&str, &str)> {
    catalogue.items().flat_map(|item| item.fees.iter().map(|fee| (fee.code.as_str(), item.code.as_str()))).collect()
}

/// Keys whose value differs, or that one of the two does not have.
fn changed<K: Ord + AsRef<str>, V: PartialEq>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> BTreeSet<CompactString> {
    let keys = old.keys().chain(new.keys());
    keys.filter(|key| old.get(*key) != new.get(*key)).map(|key| CompactString::from(key.as_ref())).collect()
}

#[cfg(test)]
mod tests;
