//! What the scenarios came to: each with its failures, and each rule with what was and was not tried.

use std::collections::{BTreeMap, BTreeSet};

use facts::Card;
use facts::standing::Text2;
use rules::configuration::Configuration;
use rules::rule::{Clears, Rule, Status};
use rules::scenario::{Outcome, ScenarioFile, Shows};
use serde::{Serialize, Serializer};

/// All scenarios and all rules.
#[derive(Serialize, Debug)]
pub(super) struct Report {
    /// Rules by id.
    pub(super) rules: Vec<OfRule>,
    /// Scenario files by name.
    pub(super) files: Vec<OfFile>,
}

/// A rule (a part of one is a rule here), and how often it was tried in which way.
#[derive(Serialize, Debug, Default)]
pub(super) struct OfRule {
    pub(super) id: String,
    pub(super) name: Text2,
    pub(super) fires: u32,
    pub(super) nearly: u32,
    pub(super) resolves: u32,
    pub(super) retracts: u32,
    /// Its cards and, where there are several, its grounds.
    pub(super) branches: Vec<Branch>,
    /// Kinds of scenario that it should have and has not.
    pub(super) missing: Vec<&'static str>,
    /// What became of the rule's mutants, where they were tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mutants: Option<Mutants>,
}

fn in_english<S: Serializer>(texts: &[Text2], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(texts.iter().map(|text| &text.en))
}

/// Mutants of a rule.
#[derive(Serialize, Debug, Default)]
pub(super) struct Mutants {
    pub(super) tried: u32,
    pub(super) caught: u32,
    /// The changes that no scenario noticed; in JSON in English.
    #[serde(serialize_with = "in_english")]
    pub(super) survived: Vec<Text2>,
}

/// A card or a ground.
#[derive(Serialize, Debug, Clone, PartialEq, Eq)]
pub(super) struct Branch {
    /// `card`, or `ground` with its condition.
    #[serde(flatten)]
    pub(super) what: What,
    /// Some scenario shows it.
    pub(super) shown: bool,
}

#[derive(Serialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    Card(Card),
    Ground(String),
}

/// A scenario file.
#[derive(Serialize, Debug)]
pub(super) struct OfFile {
    pub(super) file: String,
    pub(super) rules: Vec<String>,
    pub(super) scenarios: Vec<OfScenario>,
}

/// A scenario and a line for each expectation that does not hold.
#[derive(Serialize, Debug)]
pub(super) struct OfScenario {
    pub(super) name: String,
    pub(super) shows: &'static str,
    /// In JSON in English.
    #[serde(serialize_with = "in_english")]
    pub(super) failures: Vec<Text2>,
}

impl Report {
    /// Runs `files`, and reports on the rules that are wanted.
    pub(super) fn of(
        files: &[(String, ScenarioFile)],
        configuration: &Configuration,
        wanted: impl Fn(&str) -> bool,
    ) -> Report {
        let mut rules = BTreeMap::new();
        for rule in configuration.rules.iter().filter(|rule| rule.status == Status::On && wanted(&rule.id)) {
            rules.entry(rule.id.to_string()).or_insert_with(|| OfRule::new(rule));
        }
        let files = files.iter().map(|(name, file)| {
            let scenarios = file.scenarios.iter().map(|scenario| {
                let outcome = file.run(scenario, configuration);
                for rule in &file.rules {
                    if let Some(rule) = rules.get_mut(rule.get_ref()) {
                        rule.note(scenario.shows, &outcome);
                    }
                }
                OfScenario { name: scenario.name.clone(), shows: token(scenario.shows), failures: outcome.failures }
            });
            OfFile {
                file: name.clone(),
                scenarios: scenarios.collect(),
                rules: file.rules.iter().map(|rule| rule.get_ref().clone()).collect(),
            }
        });
        let files = files.collect();
        let able: BTreeSet<&str> =
            configuration.rules.iter().filter(|rule| can_resolve(rule)).map(|rule| rule.id.as_str()).collect();
        for (id, rule) in &mut rules {
            rule.missing = rule.missing(able.contains(id.as_str()));
        }
        Report { rules: rules.into_values().collect(), files }
    }

    /// Expectations that do not hold.
    pub(super) fn failures(&self) -> usize {
        self.scenarios().map(|scenario| scenario.failures.len()).sum()
    }

    /// All scenarios.
    pub(super) fn scenarios(&self) -> impl Iterator<Item = &OfScenario> {
        self.files.iter().flat_map(|file| &file.scenarios)
    }

    /// What is left untried, over all rules.
    pub(super) fn gaps(&self) -> usize {
        self.rules.iter().map(|rule| rule.missing.len() + rule.untried().count()).sum()
    }
}

impl OfRule {
    fn new(rule: &Rule) -> OfRule {
        let cards = rule.cards.iter().map(|card| What::Card(card.card));
        let grounds = rule.kind.grounds();
        let grounds = grounds.iter().filter(|_| grounds.len() > 1).map(|ground| What::Ground(ground.text.to_string()));
        let branches = cards.chain(grounds).map(|what| Branch { what, shown: false }).collect();
        OfRule { id: rule.id.to_string(), name: rule.name.clone(), branches, ..OfRule::default() }
    }

    /// Counts a scenario for this rule: one that nearly fires where the rule shows nothing, the others where it
    /// shows something.
    fn note(&mut self, shows: Shows, outcome: &Outcome) {
        let own: Vec<_> = outcome.shown.iter().filter(|shown| *shown.rule == self.id).collect();
        for branch in &mut self.branches {
            branch.shown |= own.iter().any(|shown| match &branch.what {
                What::Card(card) => shown.card == *card,
                What::Ground(ground) => shown.grounds.contains(ground),
            });
        }
        match (shows, own.is_empty()) {
            (Shows::Fires, false) => self.fires += 1,
            (Shows::Resolves, false) => self.resolves += 1,
            (Shows::Retracts, false) => self.retracts += 1,
            (Shows::Nearly, true) => self.nearly += 1,
            _ => {}
        }
    }

    fn missing(&self, can_resolve: bool) -> Vec<&'static str> {
        let kinds = [
            (Shows::Fires, self.fires, true),
            (Shows::Nearly, self.nearly, true),
            (Shows::Resolves, self.resolves, can_resolve),
            (Shows::Retracts, self.retracts, true),
        ];
        let lacking = kinds.into_iter().filter(|(_, count, wanted)| *wanted && *count == 0);
        lacking.map(|(shows, ..)| token(shows)).collect()
    }

    /// Cards and grounds that no scenario shows.
    pub(super) fn untried(&self) -> impl Iterator<Item = &What> {
        self.branches.iter().filter(|branch| !branch.shown).map(|branch| &branch.what)
    }
}

/// Does some card of the rule end as the case goes on?
fn can_resolve(rule: &Rule) -> bool {
    rule.cards.iter().any(|card| card.clears != Clears::Never)
}

/// As scenario files write it.
fn token(shows: Shows) -> &'static str {
    match shows {
        Shows::Fires => "fires",
        Shows::Nearly => "nearly",
        Shows::Resolves => "resolves",
        Shows::Retracts => "retracts",
    }
}
