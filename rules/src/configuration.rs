//! One set of configuration: everything beside the facts and the clock that a light depends on.

use std::collections::BTreeMap;

use compact_str::CompactString;
use facts::Address;
use facts::standing::Text2;
use jiff::tz::TimeZone;

use crate::catalogue::Catalogue;
use crate::finding::RuleIndex;
use crate::rule::{Deadline, ManualRule, Rule};
use crate::silence::SilenceRule;
use crate::source_map::SourceMap;
use crate::working_calendar::WorkingCalendar;

/// A profile: the rules as they apply in its regions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// Id, such as `national`.
    pub id: CompactString,
    /// Region code prefixes; the longest one that fits a case wins.
    pub regions: Vec<CompactString>,
    /// Used where no region fits.
    pub default: bool,
    /// Zone in which days are counted.
    pub zone: TimeZone,
    /// Places in [`Configuration::rules`] of the rules whose lights stand, in file order.
    pub rules: Vec<RuleIndex>,
    /// Places of the rules that are judged over several cases.
    pub groups: Vec<RuleIndex>,
    /// Places of the rules that are judged for analysts alone.
    pub shadow: Vec<RuleIndex>,
}

/// A clock of the vocabulary, for `clock.NAME.x` in conditions; judged with a profile's counting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedClock {
    /// Name.
    pub name: CompactString,
    /// Start, stop, cancel, limit, pauses, extension.
    pub deadline: Deadline,
}

/// An activity of the vocabulary.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeclaredActivity {
    /// What staff read.
    pub name: Text2,
    /// May happen several times in a case.
    pub repeats: bool,
}

/// A loaded, checked and resolved set of configuration.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// SHA-256 over the set's files, hex: names it in digests and logs.
    pub hash: String,
    /// The site's zone: where the digest's days begin.
    pub zone: TimeZone,
    /// Every rule of every profile.
    pub rules: Vec<Rule>,
    /// Rules that people judge.
    pub manual: Vec<ManualRule>,
    /// Profiles, by id.
    pub profiles: Vec<Profile>,
    /// Items.
    pub catalogue: Catalogue,
    /// Calendars by id.
    pub calendars: BTreeMap<CompactString, WorkingCalendar>,
    /// Clocks by place.
    pub clocks: Vec<NamedClock>,
    /// Declared and closed activities by name.
    pub activities: BTreeMap<CompactString, DeclaredActivity>,
    /// Code maps by source.
    pub sources: BTreeMap<CompactString, SourceMap>,
    /// The light of a silent source, where the set has one.
    pub silence: Option<SilenceRule>,
    /// Region names by twelve-digit code.
    pub regions: BTreeMap<u64, Text2>,
}

impl Configuration {
    /// The profile of a case with this owner: the longest region prefix that fits, else the default.
    ///
    /// # Panics
    /// Never for a configuration that was loaded: loading refuses a set without a default profile.
    #[must_use]
    pub fn profile(&self, owner: &Address) -> &Profile {
        let fit = |profile: &&Profile| {
            let fitting = profile.regions.iter().filter(|prefix| owner.region.starts_with(prefix));
            fitting.map(|prefix| prefix.len()).max()
        };
        let best = self.profiles.iter().filter(|profile| fit(profile).is_some()).max_by_key(fit);
        best.or_else(|| self.profiles.iter().find(|profile| profile.default))
            .expect("loading refuses a set without a default profile")
    }

    /// Is a rule judged over several cases?
    #[must_use]
    pub fn has_groups(&self) -> bool {
        self.profiles.iter().any(|profile| !profile.groups.is_empty())
    }

    /// Is the rule of this id judged over several cases, in any profile?
    #[must_use]
    pub fn groups_by(&self, id: &str) -> bool {
        let mut grouping = self.profiles.iter().flat_map(|profile| &profile.groups);
        grouping.any(|index| self.rule(*index).id == id)
    }

    /// The rule at a place.
    #[must_use]
    pub fn rule(&self, index: RuleIndex) -> &Rule {
        &self.rules[index.0 as usize]
    }
}
