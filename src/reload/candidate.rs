//! A folder as it might be put in force: read, loaded, and held against its own scenarios.

use std::path::Path;
use std::sync::Arc;

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

/// The set in `folder`, if all of it is sound and its scenarios hold.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn of_folder(folder: &Path, zone: &TimeZone) -> Result<Sources, Vec<Fault>> {
    let wanted = |name: &str| site::is_part(name) || is_scenario(name);
    let files = config_folder::read_where(folder, wanted).map_err(|error| vec![unreadable(&format!("{error:#}"))])?;
    of_files(files, zone)
}

/// The same of files in memory, scenarios among them.
///
/// # Errors
/// As [`of_folder`].
pub(super) fn of_files(files: Files, zone: &TimeZone) -> Result<Sources, Vec<Fault>> {
    let (scenarios, files): (Files, Files) = files.into_iter().partition(|(name, _)| is_scenario(name));
    let mut faults = Vec::new();
    match site::load(&files, zone) {
        Ok(site) => {
            for (name, bytes) in &scenarios {
                faults.extend(failing(name, bytes, &site.configuration));
            }
            if faults.is_empty() {
                return Ok(Sources { configuration: Arc::new(site.configuration), files });
            }
        }
        Err(found) => faults.extend(found.into_iter().filter(|fault| fault.severity == Severity::Error)),
    }
    faults.sort_by(Fault::in_order);
    Err(faults)
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
                let (zh, en) = (format!("场景不成立：{failure}"), format!("a scenario does not hold: {failure}"));
                faults.push(Fault::error(name, None, SCENARIO_FAILS, zh, en));
            }
            faults
        }
    }
}

fn unreadable(why: &str) -> Fault {
    Fault::error("", None, UNREADABLE, format!("配置目录无法读取：{why}"), format!("the folder cannot be read: {why}"))
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
        let set = of_files(shipped(), &TimeZone::UTC.clone());
        let zone = TimeZone::get("Asia/Shanghai").expect("bundled");
        let set = set.or_else(|_| of_files(shipped(), &zone)).expect("sound");
        assert!(set.files.keys().all(|name| !is_scenario(name)), "scenarios are no part of the set");
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
        let faults = of_files(files, &zone).map(drop).expect_err("its scenarios say otherwise");
        assert!(
            faults.iter().all(|fault| fault.code == SCENARIO_FAILS && fault.file.ends_with(SCENARIO_ENDING)),
            "{faults:?}"
        );
    }
}
