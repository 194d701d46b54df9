//! What a run tried: without it, agreement could mean that nothing happened.

use std::collections::BTreeMap;

use facts::{Kind, Transition};
use twin::random::Feature;

use super::regime::Regime;
use super::world::{Dealt, World};

/// What happened to one rule, in how many histories.
#[derive(Clone, Default, Debug)]
pub(super) struct OfRule {
    /// A card was raised or became worse.
    pub(super) fired: u64,
    /// See [`super::nearly`].
    pub(super) nearly: u64,
    /// A card was taken back.
    pub(super) retracted: u64,
}

/// Counts over many worlds.
#[derive(Clone, Default, Debug)]
pub(super) struct Tally {
    pub(super) histories: u64,
    pub(super) worlds: u64,
    /// Record versions fed.
    pub(super) facts: u64,
    pub(super) transitions: u64,
    /// Instants of a history at which the fold and the twin were compared.
    pub(super) instants: u64,
    /// Instants of a world at which the standing lights and the fold were compared.
    pub(super) looks: u64,
    /// Endings whose wording was compared with the twin.
    pub(super) endings: u64,
    pub(super) features: BTreeMap<Feature, u64>,
    pub(super) ways: BTreeMap<&'static str, u64>,
    pub(super) kinds: BTreeMap<&'static str, u64>,
    pub(super) causes: BTreeMap<&'static str, u64>,
    pub(super) rules: BTreeMap<String, OfRule>,
}

impl Tally {
    /// Takes note of one history.
    pub(super) fn history(&mut self, world: &World, case: &Dealt, said: &[&Transition], regimes: &[Regime]) {
        self.histories += 1;
        self.facts += case.deliveries.len() as u64;
        self.transitions += said.len() as u64;
        for feature in &case.features {
            *self.features.entry(*feature).or_default() += 1;
        }
        let tie = case.features.contains(&Feature::Tie) && !case.features.contains(&Feature::Numbered);
        let turn = world.turn.filter(|turn| case.deliveries[0].enters < turn.at);
        let ways = [
            (case.permuted, "in another order"),
            (case.redelivered, "again"),
            (tie, "tie without seq"),
            (turn.is_some(), "configuration changed in mid-run"),
        ];
        let changed_to = turn.map(|turn| (true, regimes[turn.to].name));
        for (_, way) in ways.into_iter().chain(changed_to).filter(|(so, _)| *so) {
            *self.ways.entry(way).or_default() += 1;
        }
        let mut fired: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
        for said in said {
            *self.kinds.entry(said.kind.token()).or_default() += 1;
            *self.causes.entry(said.cause.token()).or_default() += 1;
            let (up, back) = fired.entry(&said.rule).or_default();
            *up |= matches!(said.kind, Kind::Raised | Kind::Escalated);
            *back |= said.kind == Kind::Retracted;
        }
        for (rule, (up, back)) in fired {
            let of_rule = self.rules.entry(rule.to_owned()).or_default();
            of_rule.fired += u64::from(up);
            of_rule.retracted += u64::from(back);
        }
    }

    /// Adds what another lane counted.
    pub(super) fn add(&mut self, other: Tally) {
        self.histories += other.histories;
        self.worlds += other.worlds;
        self.facts += other.facts;
        self.transitions += other.transitions;
        self.instants += other.instants;
        self.looks += other.looks;
        self.endings += other.endings;
        other.features.into_iter().for_each(|(feature, count)| *self.features.entry(feature).or_default() += count);
        other.ways.into_iter().for_each(|(way, count)| *self.ways.entry(way).or_default() += count);
        other.kinds.into_iter().for_each(|(kind, count)| *self.kinds.entry(kind).or_default() += count);
        other.causes.into_iter().for_each(|(cause, count)| *self.causes.entry(cause).or_default() += count);
        for (rule, of_rule) in other.rules {
            let own = self.rules.entry(rule).or_default();
            own.fired += of_rule.fired;
            own.nearly += of_rule.nearly;
            own.retracted += of_rule.retracted;
        }
    }
}
