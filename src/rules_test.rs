//! `watchlight rules test`: every scenario beside the rules is judged as events are judged, and what the scenarios
//! leave untried is told.
//!
//! A failed scenario is a fault; a gap (a rule without a scenario of some kind, a card or ground that no scenario
//! shows) is told and leaves the exit code at 0. Nothing is started and the network is not touched.

mod junit;
mod mutation;
mod report;
mod told;

use std::io::Write as _;

use anyhow::{Context, bail};
use facts::proof::Lang;
use rules::configuration::Configuration;
use rules::fault::Fault;
use rules::scenario::ScenarioFile;

use crate::check::SCENARIO_ENDING;
use crate::cli::{Exit, Language, TestArgs};
use crate::config_folder;
use crate::output_file::{create, refuse_overwriting};
use crate::settings::{self, Sources};
use crate::terminal::say;

pub(crate) use junit::escaped;
use report::Report;

/// Runs the scenarios that `args` names and tells what came of them.
///
/// # Errors
/// When the configuration cannot be loaded, no rule has the id asked for, or a result cannot be written.
pub(crate) fn run(args: &TestArgs, language: Language) -> anyhow::Result<Exit> {
    let (folder, lang) = (args.config.folder.as_path(), Lang::from(language));
    refuse_overwriting(args.junit.iter().chain(&args.json), [])?;
    let zone = settings::load(&Sources::of_process(folder, Vec::new()))?.zone;
    let configuration = config_folder::load(folder, &zone, lang)?.configuration;
    let wanted = |id: &str| args.rule.as_ref().is_none_or(|rule| is_part_of(id, rule));
    if let Some(rule) = args.rule.as_ref().filter(|_| !configuration.rules.iter().any(|rule| wanted(&rule.id))) {
        bail!("there is no rule {rule} in {}", folder.display());
    }
    let (mut files, mut faults) = (Vec::new(), Vec::new());
    for (name, bytes) in config_folder::read_where(folder, is_scenario_file)? {
        match read(&name, &bytes, &configuration) {
            Ok(file) => files.push((name, file)),
            Err(found) => faults.extend(found),
        }
    }
    for fault in &faults {
        say!("{}", fault.render(lang))?;
    }
    files.retain(|(_, file)| file.rules.iter().any(|rule| wanted(rule.get_ref())));
    let mut report = Report::of(&files, &configuration, wanted);
    if args.mutate {
        mutation::try_all(&mut report, &files, &configuration);
    }
    told::tell(&report, lang)?;
    if let Some(path) = &args.json {
        let mut out = create(path)?;
        serde_json::to_writer_pretty(&mut out, &report)
            .with_context(|| format!("could not write {}", path.display()))?;
        out.flush().with_context(|| format!("could not write {}", path.display()))?;
    }
    if let Some(path) = &args.junit {
        let mut out = create(path)?;
        junit::write(&report, &mut out).with_context(|| format!("could not write {}", path.display()))?;
    }
    let fine = faults.is_empty() && report.failures() == 0;
    Ok(if fine { Exit::Fine } else { Exit::FaultsFound })
}

fn is_scenario_file(name: &str) -> bool {
    name.starts_with("rules/") && name.ends_with(SCENARIO_ENDING)
}

/// Is `id` the rule, or a part of it?
fn is_part_of(id: &str, rule: &str) -> bool {
    id.strip_prefix(rule).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn read(name: &str, bytes: &[u8], configuration: &Configuration) -> Result<ScenarioFile, Vec<Fault>> {
    let file = ScenarioFile::parse(name, bytes).map_err(|fault| vec![*fault])?;
    let faults = file.unknown_rules(name, bytes, configuration);
    if faults.is_empty() { Ok(file) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_stands_for_its_parts_but_not_for_a_longer_id() {
        assert!(is_part_of("X-1", "X-1") && is_part_of("X-1.often", "X-1"));
        assert!(!is_part_of("X-12", "X-1") && !is_part_of("X-1", "X-1.often"));
    }
}
