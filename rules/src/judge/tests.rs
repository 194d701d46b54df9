//! The shipped rules against their scenario files: each fires, nearly fires, and is taken back.

pub(super) mod kinds;
mod twin_agrees;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use facts::{History, Moment, line};
use jiff::tz::TimeZone;

use super::{Case, Judgement, explain, judge, rejudge, touched};
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

pub(super) fn scenario_files() -> Vec<(String, ScenarioFile)> {
    let files = files_below(&config_folder().join("rules"));
    let cases = files.into_iter().filter(|(path, _)| path.ends_with(".cases.toml"));
    cases
        .map(|(path, bytes)| {
            let file = ScenarioFile::parse(&path, &bytes);
            let file = file.unwrap_or_else(|fault| panic!("{}", fault.render(facts::proof::Lang::En)));
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
            file.failures(&configuration).into_iter().map(move |failure| format!("{path}: {}", failure.en))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_shipped_rule_has_scenarios_that_fire_nearly_fire_and_take_back() {
    let mut shown: BTreeMap<String, BTreeSet<Shows>> = BTreeMap::new();
    for (_, file) in scenario_files() {
        for rule in &file.rules {
            shown
                .entry(rule.get_ref().clone())
                .or_default()
                .extend(file.scenarios.iter().map(|scenario| scenario.shows));
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

/// The history of every scenario, fact by fact: judging what a fact touched is judging the whole.
#[test]
fn every_scenario_judged_fact_by_fact_is_judged_as_a_whole() {
    let configuration = shipped();
    for (path, file) in scenario_files() {
        for scenario in &file.scenarios {
            let facts = file.facts(scenario, &configuration.zone).expect("a scenario's events are events");
            let mut cases: BTreeMap<String, (History, Judgement)> = BTreeMap::new();
            for (arrived, event) in facts {
                let (history, by_halves) = cases.entry(event.case.to_string()).or_default();
                let change = history.join(event.clone(), None, &configuration.zone);
                let case = Case::at("C", history, Moment::MAX);
                let rules = touched(&case, &configuration, &event, &change);
                *by_halves = rejudge(&case, &configuration, std::mem::take(by_halves), &rules);
                let whole = judge(&case, &configuration);
                assert_eq!(*by_halves, whole, "{path}: {}: after what arrived at {arrived}", scenario.name);
            }
        }
    }
}

/// Joins `lines`, judging after each only what it touched; gives the history and both judgements.
fn judged_by_halves(lines: &[&str], configuration: &Configuration) -> (History, Judgement, Judgement) {
    let (mut history, mut by_halves) = (History::new(), Judgement::default());
    for text in lines {
        let event = line::read(text.as_bytes(), None).expect("a line of the schema").event;
        let change = history.join(event.clone(), None, &configuration.zone);
        let case = Case::at("C", &history, Moment::MAX);
        let rules = touched(&case, configuration, &event, &change);
        by_halves = rejudge(&case, configuration, by_halves, &rules);
    }
    let whole = judge(&Case::at("C", &history, Moment::MAX), configuration);
    (history, by_halves, whole)
}

/// The owner of a case that was neither submitted nor accepted is the office of its first fact: an earlier one
/// that comes late may bring another profile, and with it other rules.
#[test]
fn an_earlier_fact_of_another_region_brings_that_regions_rules() {
    let configuration = shipped();
    let lines = [
        r#"{"id":"1","source":"s","case":"C","activity":"special_started","at":"2026-03-04T08:30:00+08:00","level":"county","region":"430102","dept":"D","special":{"kind":"B","granted":1}}"#,
        r#"{"id":"2","source":"s","case":"C","activity":"special_started","at":"2026-03-03T08:30:00+08:00","level":"county","region":"360902","dept":"D","special":{"kind":"B","granted":0}}"#,
        r#"{"id":"2","op":"delete","source":"s","case":"C","level":"county","region":"360902","dept":"D"}"#,
    ];
    let rules_of = |judgement: &Judgement| -> Vec<String> {
        let labels = judgement.findings.iter().map(|finding| configuration.rule(finding.rule).label.to_string());
        labels.filter(|label| label.starts_with("OD-08")).collect()
    };
    for (count, label) in [(1, "OD-08@1+hunan-2018"), (2, "OD-08@1+national"), (3, "OD-08@1+hunan-2018")] {
        let (_, by_halves, whole) = judged_by_halves(&lines[..count], &configuration);
        assert_eq!(rules_of(&by_halves), [label], "after {count} facts");
        assert_eq!(by_halves, whole, "after {count} facts");
    }
}

/// The ledger takes a fee from any activity, and so do the event sets of fees.
#[test]
fn a_fee_counts_whatever_activity_carries_it() {
    let configuration = shipped();
    let lines = [
        r#"{"id":"1","source":"s","case":"C","activity":"accepted","at":"2026-03-02T10:00:00+08:00","level":"county","region":"360902","dept":"D","item":"ZR-205"}"#,
        r#"{"id":"2","source":"s","case":"C","activity":"stage_completed","at":"2026-03-03T10:00:00+08:00","level":"county","region":"360902","dept":"D","stage":"x","fee":{"act":"charged","code":"ZR-DJF-Z","amount":"80.01"}}"#,
    ];
    let (history, by_halves, whole) = judged_by_halves(&lines, &configuration);
    assert_eq!(by_halves, whole, "judging what was touched is judging the whole");
    assert!(whole.findings.iter().any(|finding| finding.instance.contains('@')), "the ledger sees it: {whole:?}");
    let mut files = files_below(&config_folder());
    files.retain(|path, _| site::is_part(path));
    let rule = "[[rule]]\nid = 'X-1'\nfamily = 'irregular-fee'\nkind = 'condition'\nname = { zh = 'a', en = 'a' }\nbasis = 'b'\ncard = 'red'\non = 'fee_charged'\nwhen = \"event.fee.amount > 80元\"\n";
    files.insert("rules/x.toml".into(), rule.into());
    let zone = TimeZone::get("Asia/Shanghai").expect("the zone is built in");
    let configuration = site::load(&files, &zone).expect("the rule is good").configuration;
    let judgement = judge(&Case::at("C", &history, Moment::MAX), &configuration);
    let lit = |id: &str| judgement.findings.iter().any(|finding| configuration.rule(finding.rule).id == id);
    assert!(lit("X-1"), "the event set sees it, too: {judgement:?}");
}

/// A case pays under several codes: each light tells of its own.
#[test]
fn the_reason_of_a_fee_light_names_the_code_it_is_about() {
    let configuration = shipped();
    let lines = [
        r#"{"id":"1","source":"s","case":"C","activity":"accepted","at":"2026-03-02T10:00:00+08:00","level":"county","region":"360902","dept":"D","item":"ZR-205"}"#,
        r#"{"id":"2","source":"s","case":"C","activity":"fee","at":"2026-03-03T10:00:00+08:00","level":"county","region":"360902","dept":"D","fee":{"act":"charged","code":"ZR-GBF","amount":"10.00"}}"#,
        r#"{"id":"3","source":"s","case":"C","activity":"fee","at":"2026-03-03T10:00:00+08:00","level":"county","region":"360902","dept":"D","fee":{"act":"charged","code":"ZR-DJF-Z","amount":"80.01"}}"#,
    ];
    let (history, _, whole) = judged_by_halves(&lines, &configuration);
    let finding = whole.findings.iter().find(|finding| finding.instance.contains('@')).expect("a fee light");
    let now: Moment = "2026-03-03T10:00:00+08:00".parse().expect("an instant");
    let case = Case::at("C", &history, Moment::MAX);
    let card = finding.at(now).expect("it stands").card;
    let explained =
        explain(&case, &configuration, finding.rule, &finding.instance, card, now).expect("it is explained");
    let told = "80.01 yuan charged under ZR-DJF-Z, lawful 80.00 yuan, 0.01 yuan too much";
    assert!(explained.reason.en.contains(told), "{}", explained.reason.en);
    assert!(explained.reason.zh.contains("ZR-DJF-Z 净收 80.01元"), "{}", explained.reason.zh);
}
