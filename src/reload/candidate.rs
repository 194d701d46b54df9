//! A folder as it might be put in force: read, loaded, and held against its own scenarios.

use std::path::Path;
use std::sync::Arc;

use facts::standing::Text2;
use jiff::tz::TimeZone;
use rules::configuration::Configuration;
use rules::fault::{Fault, Severity};
use rules::scenario::ScenarioFile;
use rules::site::{self, Files};

use crate::checkpointing::Sources;
use crate::config_folder;

/// The code of a folder or file that cannot be read.
const UNREADABLE: &str = "CF01";
/// The code of a scenario that does not hold.
const SCENARIO_FAILS: &str = "SC03";
/// How the names of scenario files end.
const SCENARIO_ENDING: &str = ".cases.toml";

/// A set that may be put in force.
pub(crate) struct Candidate {
    /// The set.
    pub(crate) sources: Sources,
    /// Scenarios that do not hold under changed tables; their rules are those in force.
    pub(crate) warnings: Vec<Fault>,
}

/// The set in `folder`, if all of it is sound and its scenarios hold.
///
/// Scenarios show that rules do what they are meant to. Where the rules are those of `in_force` and only tables differ (a day
/// off, a promise), scenarios that rest on the old tables do not stand in the way; they are told.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn of_folder(
    folder: &Path,
    zone: &TimeZone,
    in_force: Option<&Configuration>,
) -> Result<Candidate, Vec<Fault>> {
    let wanted = |name: &str| site::is_part(name) || is_scenario(name);
    let files =
        config_folder::read_where(folder, wanted).map_err(|error| vec![unreadable(folder, &format!("{error:#}"))])?;
    of_files(files, zone, in_force)
}

/// The same of files in memory, scenarios among them.
///
/// # Errors
/// As [`of_folder`].
pub(super) fn of_files(
    files: Files,
    zone: &TimeZone,
    in_force: Option<&Configuration>,
) -> Result<Candidate, Vec<Fault>> {
    let (scenarios, files): (Files, Files) = files.into_iter().partition(|(name, _)| is_scenario(name));
    let mut faults = Vec::new();
    match site::load(&files, zone) {
        Ok(site) => {
            for (name, bytes) in &scenarios {
                faults.extend(failing(name, bytes, &site.configuration));
            }
            let same_rules = in_force.is_some_and(|in_force| same_rules(in_force, &site.configuration));
            if faults.iter().all(|fault| same_rules && fault.code == SCENARIO_FAILS) {
                let sources = Sources { configuration: Arc::new(site.configuration), files };
                return Ok(Candidate { sources, warnings: faults });
            }
        }
        Err(found) => faults.extend(found.into_iter().filter(|fault| fault.severity == Severity::Error)),
    }
    faults.sort_by(Fault::in_order);
    Err(faults)
}

/// Do both judge by the same rules, whatever their tables say?
fn same_rules(one: &Configuration, other: &Configuration) -> bool {
    one.rules == other.rules && one.clocks == other.clocks && one.activities == other.activities
}

fn is_scenario(name: &str) -> bool {
    name.starts_with("rules/") && name.ends_with(SCENARIO_ENDING) && !name.split('/').any(|part| part.starts_with('.'))
}

/// What is wrong with one scenario file under `configuration`.
fn failing(name: &str, bytes: &[u8], configuration: &Configuration) -> Vec<Fault> {
    match ScenarioFile::parse(name, bytes) {
        Err(fault) => vec![*fault],
        Ok(file) => {
            let mut faults = file.unknown_rules(name, bytes, configuration);
            for failure in file.failures(configuration) {
                let Text2 { zh, en } = failure;
                let (zh, en) = (format!("场景不成立：{zh}"), format!("a scenario does not hold: {en}"));
                faults.push(Fault::error(name, None, SCENARIO_FAILS, zh, en));
            }
            faults
        }
    }
}

fn unreadable(folder: &Path, why: &str) -> Fault {
    Fault::error(
        &folder.display().to_string(),
        None,
        UNREADABLE,
        format!("配置目录无法读取：{why}"),
        format!("the folder cannot be read: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Files {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        config_folder::read_where(&folder, |name| site::is_part(name) || is_scenario(name)).expect("it is shipped")
    }

    #[test]
    fn the_shipped_folder_is_sound_and_its_scenarios_hold() {
        let zone = TimeZone::get("Asia/Shanghai").expect("bundled");
        let set = of_files(shipped(), &zone, None).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert!(
            set.warnings.is_empty() && set.sources.files.keys().all(|name| !is_scenario(name)),
            "scenarios are no part of the set"
        );
    }

    #[test]
    fn a_rule_that_breaks_its_own_scenario_is_refused_by_name() {
        let zone = TimeZone::get("Asia/Shanghai").expect("bundled");
        let mut files = shipped();
        let (name, text) = files
            .iter()
            .find(|(name, _)| name.ends_with("overdue/case_limits.toml"))
            .map(|(name, bytes)| (name.clone(), String::from_utf8(bytes.clone()).expect("UTF-8")))
            .expect("a shipped file");
        assert!(text.contains("over >= 1"), "{text}");
        files.insert(name, text.replace("over >= 1", "over >= 3").into_bytes());
        let in_force = of_files(shipped(), &zone, None).map(|set| set.sources.configuration);
        let in_force = in_force.unwrap_or_else(|faults| panic!("{faults:?}"));
        let faults = of_files(files, &zone, Some(&in_force)).map(drop).expect_err("its scenarios say otherwise");
        assert!(
            faults.iter().all(|fault| fault.code == SCENARIO_FAILS && fault.file.ends_with(SCENARIO_ENDING)),
            "{faults:?}"
        );
    }

    #[test]
    fn a_shorter_promise_is_no_fault_of_a_rule() {
        let zone = TimeZone::get("Asia/Shanghai").expect("bundled");
        let mut files = shipped();
        let items = String::from_utf8(files["catalogue/items.csv"].clone()).expect("UTF-8");
        assert!(items.contains("license,2025-01-01,,7wd"), "{items}");
        files.insert(
            "catalogue/items.csv".to_owned(),
            items.replace("license,2025-01-01,,7wd", "license,2025-01-01,,6wd").into(),
        );
        let in_force = of_files(shipped(), &zone, None).map(|set| set.sources.configuration);
        let in_force = in_force.unwrap_or_else(|faults| panic!("{faults:?}"));
        let set = of_files(files, &zone, Some(&in_force)).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert!(!set.warnings.is_empty(), "the scenarios count on seven days");
    }
}
