//! The scenario files of config/rules, run through the twin: they are the shared specification.
//!
//! Their form is told in rules/src/scenario.rs; it is read here a second time, since the twin may not
//! use the engine.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::*;

fn texts(value: &Value) -> Vec<&str> {
    let list = value.as_array().expect("a list");
    list.iter().map(|each| each.as_str().expect("a text")).collect()
}

fn tables(value: &Value) -> Vec<&Table> {
    let list = value.as_array().expect("a list");
    list.iter().map(|each| each.as_table().expect("a table")).collect()
}

/// A light that names no instance fits any.
fn fits(shown: &str, wanted: &str) -> bool {
    let any_instance = wanted.split(' ').count() == 2 && shown.starts_with(&format!("{wanted} "));
    shown == wanted || any_instance
}

fn facts_of(base: &Table, scenario: &Table, zone: &TimeZone) -> Vec<(Event, Moment)> {
    let events = tables(&scenario["events"]).into_iter().enumerate().map(|(place, own)| {
        let mut event = base.clone();
        event.insert("id".into(), (place + 1).to_string().into());
        event.extend(own.clone());
        serde_json::to_string(&event).expect("a table is JSON")
    });
    let events: Vec<String> = events.collect();
    known(&events.iter().map(String::as_str).collect::<Vec<_>>(), zone)
}

fn read(path: &Path) -> Table {
    let text = std::fs::read_to_string(path).expect("a scenario file can be read");
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A line for each expectation that does not hold, and the number looked at.
fn failures(path: &Path, file: &Table) -> (Vec<String>, usize) {
    let (catalogue, calendar) = shipped();
    let rules = texts(&file["rules"]);
    let base = file.get("base").and_then(Value::as_table).cloned().unwrap_or_default();
    let (mut failures, mut count) = (Vec::new(), 0);
    for scenario in tables(&file["scenario"]) {
        let facts = facts_of(&base, scenario, &calendar.zone);
        for expectation in tables(&scenario["expect"]) {
            count += 1;
            let at = expectation["at"].as_str().expect("an instant");
            let standing = lights(&facts, &catalogue, &calendar, TwinProfile::National, moment(at));
            let watched: Vec<_> = standing.into_iter().filter(|light| rules.contains(&light.rule.as_str())).collect();
            let (mut shown, mut wanted) = (shown(&watched), texts(&expectation["lights"]));
            shown.sort();
            wanted.sort_unstable();
            if shown.len() != wanted.len() || !shown.iter().zip(&wanted).all(|(shown, wanted)| fits(shown, wanted)) {
                failures.push(format!(
                    "{}: {} at {at}: wanted {wanted:?}, got {shown:?}",
                    path.display(),
                    scenario["name"]
                ));
            }
        }
    }
    (failures, count)
}

fn scenario_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the rules' folder can be read") {
        let path = entry.expect("the rules' folder can be read").path();
        if path.is_dir() {
            scenario_files(&path, found);
        } else if path.to_string_lossy().ends_with(".cases.toml") {
            found.push(path);
        }
    }
}

#[test]
fn the_twin_agrees_with_every_scenario_beside_the_rules() {
    let mut files = Vec::new();
    scenario_files(&project("config/rules"), &mut files);
    let all = files.len();
    let mut files: Vec<(PathBuf, Table)> = files.into_iter().map(|path| (path.clone(), read(&path))).collect();
    files.retain(|(_, file)| texts(&file["rules"]).iter().all(|rule| crate::RULES.contains(rule)));
    println!("the twin knows the rules of {} of {all} scenario files", files.len());
    assert!(files.len() >= crate::RULES.len(), "only {} scenario files", files.len());
    let (mut faults, mut count) = (Vec::new(), 0);
    for (path, file) in &files {
        let (failures, looked_at) = failures(path, file);
        faults.extend(failures);
        count += looked_at;
    }
    assert!(count > 100, "only {count} expectations");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
