//! The shipped rules against their scenario files: each fires, nearly fires, and is taken back.

mod twin_agrees;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::configuration::Configuration;
use crate::scenario::{ScenarioFile, Shows};
use crate::site::{self, Files};

fn config_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config")
}

/// Every file below `folder`, by its path with `/`.
fn files_below(folder: &Path) -> Files {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(&here).expect("the folder is there") {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below the folder").to_string_lossy().into_owned();
                files.insert(name, fs::read(&path).expect("a file can be read"));
            }
        }
    }
    files
}

/// The configuration that the project ships, without its examples.
pub(super) fn shipped() -> Configuration {
    let files = files_below(&config_folder()).into_iter().filter(|(path, _)| site::is_part(path)).collect();
    let zone = TimeZone::get("Asia/Shanghai").expect("the zone is built in");
    site::load(&files, &zone)
        .map_err(|faults| {
            faults.iter().map(|fault| fault.render(facts::proof::Lang::En)).collect::<Vec<_>>().join("\n")
        })
        .unwrap_or_else(|faults| panic!("{faults}"))
        .configuration
}

fn scenario_files() -> Vec<(String, ScenarioFile)> {
    let files = files_below(&config_folder().join("rules"));
    let cases = files.into_iter().filter(|(path, _)| path.ends_with(".cases.toml"));
    cases
        .map(|(path, bytes)| {
            let text = String::from_utf8(bytes).expect("a scenario file is UTF-8");
            let file = ScenarioFile::read(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
            (path, file)
        })
        .collect()
}

#[test]
fn every_scenario_of_the_shipped_rules_holds() {
    let configuration = shipped();
    let failures: Vec<String> = scenario_files()
        .iter()
        .flat_map(|(path, file)| {
            file.failures(&configuration).into_iter().map(move |failure| format!("{path}: {failure}"))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_shipped_rule_has_scenarios_that_fire_nearly_fire_and_take_back() {
    let mut shown: BTreeMap<String, BTreeSet<Shows>> = BTreeMap::new();
    for (_, file) in scenario_files() {
        for rule in &file.rules {
            shown.entry(rule.clone()).or_default().extend(file.scenarios.iter().map(|scenario| scenario.shows));
        }
    }
    for rule in &shipped().rules {
        let shown = shown.get(rule.id.as_str()).cloned().unwrap_or_default();
        assert!(shown.contains(&Shows::Fires), "{}: no scenario fires", rule.id);
        assert!(shown.contains(&Shows::Nearly), "{}: no scenario nearly fires", rule.id);
        let back = shown.contains(&Shows::Resolves) || shown.contains(&Shows::Retracts);
        assert!(back, "{}: no scenario resolves or retracts", rule.id);
    }
}
