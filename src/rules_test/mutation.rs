//! Rules with one thing changed, each against the scenarios of its rule: one that no scenario notices shows what they
//! leave untried.
//!
//! The rule of the default profile is changed; rules beside it are not judged but those that deem facts.

use rules::configuration::Configuration;
use rules::finding::RuleIndex;
use rules::mutants::mutants;
use rules::rule::{Kind, Rule, Status};
use rules::scenario::ScenarioFile;

use super::report::{Mutants, Report};

/// Tries the mutants of every rule of `report`.
pub(super) fn try_all(report: &mut Report, files: &[(String, ScenarioFile)], configuration: &Configuration) {
    for of_rule in &mut report.rules {
        let own: Vec<&ScenarioFile> = files
            .iter()
            .map(|(_, file)| file)
            .filter(|file| file.rules.iter().any(|rule| *rule.get_ref() == of_rule.id))
            .collect();
        let mut alone = configuration.clone();
        let Some(index) = alone_in_default(&mut alone, &of_rule.id) else { continue };
        let mut tally = Mutants::default();
        for mutant in mutants(configuration.rule(index)) {
            alone.rules[index.0 as usize] = mutant.rule;
            tally.tried += 1;
            let noticed = |file: &&ScenarioFile| {
                file.scenarios.iter().any(|scenario| !file.run(scenario, &alone).failures.is_empty())
            };
            if own.iter().any(noticed) {
                tally.caught += 1;
            } else {
                tally.survived.push(mutant.change);
            }
        }
        of_rule.mutants = Some(tally);
    }
}

/// Leaves in each profile the rule `id` and those that it may rest on; gives its place in the default profile.
fn alone_in_default(configuration: &mut Configuration, id: &str) -> Option<RuleIndex> {
    let Configuration { profiles, rules, .. } = configuration;
    let deems = |rule: &Rule| matches!(&rule.kind, Kind::Deadline(deadline) if deadline.deems.is_some());
    for profile in profiles.iter_mut() {
        profile.rules.retain(|index| {
            let rule = &rules[index.0 as usize];
            rule.id == id || deems(rule)
        });
        profile.groups.retain(|index| rules[index.0 as usize].id == id);
    }
    let default = profiles.iter().find(|profile| profile.default)?;
    let is_it = |index: &RuleIndex| {
        let rule = &rules[index.0 as usize];
        rule.id == id && rule.status == Status::On
    };
    default.rules.iter().chain(&default.groups).copied().find(is_it)
}
