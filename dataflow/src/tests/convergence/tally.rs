//! What a run tried: without it, agreement could mean that nothing happened.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use facts::{Kind, Transition};
use twin::random::Feature;

use super::regime::Regime;
use super::world::{Dealt, World};

/// What happened to one rule, in how many histories.
#[derive(Clone, Default, Debug)]
pub(super) struct OfRule {
    /// A card was raised or became worse.
    pub(super) fired: u64,
    /// None was, and a record missing or a day later would have raised one: see [`super::nearly`].
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

/// In a full run each of these happens in at least so many histories, and fewer in a smaller run, in proportion.
const AT_LEAST: u64 = 100;
const FULL_RUN: u64 = 100_000;

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { histories, worlds, facts, transitions, instants, looks, endings, .. } = self;
        writeln!(
            out,
            "{histories:>9} histories in {worlds} worlds, {facts} record versions fed, {transitions} transitions said"
        )?;
        writeln!(
            out,
            "{instants:>9} instants of a history at which what was said, folded, was compared with the twin"
        )?;
        writeln!(
            out,
            "{looks:>9} instants of a world at which the standing lights and counts were compared with the fold"
        )?;
        writeln!(out, "{endings:>9} endings of a card whose wording was compared with the twin")?;
        writeln!(out, "\nhistories with")?;
        let features = self.features.iter().map(|(feature, count)| (spoken(&format!("{feature:?}")), *count));
        let ways = self.ways.iter().map(|(way, count)| ((*way).to_owned(), *count));
        for row in features.chain(ways).collect::<Vec<_>>().chunks(3) {
            let cells: Vec<String> = row.iter().map(|(name, count)| format!("{count:>9} {name:<42}")).collect();
            writeln!(out, "{}", cells.concat().trim_end())?;
        }
        let told = |counts: &BTreeMap<&str, u64>| -> String {
            counts.iter().map(|(name, count)| format!("  {name} {count}")).collect()
        };
        writeln!(out, "\ntransitions by kind:{}\nby cause:{}", told(&self.kinds), told(&self.causes))?;
        writeln!(out, "\n{:<8}{:>10}{:>14}{:>12}   (histories)", "rule", "fired", "nearly fired", "retracted")?;
        for (rule, OfRule { fired, nearly, retracted }) in &self.rules {
            writeln!(out, "{rule:<8}{fired:>10}{nearly:>14}{retracted:>12}")?;
        }
        Ok(())
    }
}

/// `OverlappingPauses` as `overlapping pauses`.
fn spoken(name: &str) -> String {
    let mut spoken = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !spoken.is_empty() {
            spoken.push(' ');
        }
        spoken.extend(letter.to_lowercase());
    }
    spoken
}

impl Tally {
    /// What was tried too rarely to say that it holds.
    pub(super) fn rare(&self, shipped: &BTreeSet<String>) -> Vec<String> {
        let least = (AT_LEAST * self.histories / FULL_RUN).max(1);
        let features = self.features.iter().map(|(feature, count)| (format!("{feature:?}"), *count));
        let ways = self.ways.iter().map(|(way, count)| ((*way).to_owned(), *count));
        let none = OfRule::default();
        let rules = shipped.iter().flat_map(|rule| {
            let OfRule { fired, nearly, retracted } = self.rules.get(rule).unwrap_or(&none);
            let of = |what: &str, count: u64| (format!("{rule} {what}"), count);
            [of("fired", *fired), of("nearly fired", *nearly), of("retracted", *retracted)]
        });
        let rare = features.chain(ways).chain(rules).filter(|(_, count)| *count < least);
        rare.map(|(what, count)| format!("{what}: {count}, fewer than {least}")).collect()
    }

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
        for rule in super::nearly::nearly_fired(case, said, regimes) {
            self.rules.entry(rule).or_default().nearly += 1;
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
