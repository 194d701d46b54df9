//! The judgement against the reference twin: a second evaluator, written from the documents alone, on
//! random histories, at the instants where lights turn.
//!
//! `WATCHLIGHT_TWIN_CASES` says how many histories; a difference names its seed.

use std::collections::BTreeMap;
use std::fs;

use facts::{Event, Moment, StandingLight};
use jiff::tz::TimeZone;
use twin::random::{RandomCase, interesting_instants, random_case, statistics};
use twin::{RULES, TwinCalendar, TwinCatalogue, TwinProfile, lights};

use super::{config_folder, shipped};
use crate::scenario::lights_at;

/// Histories in an ordinary run.
const CASES: u64 = 300;

fn read(path: &str) -> String {
    fs::read_to_string(config_folder().join(path)).expect("the project ships it")
}

fn calendar() -> TwinCalendar {
    let years: Vec<String> = (2010..=2026).map(|year| read(&format!("calendars/cn/{year}.toml"))).collect();
    let years: Vec<&str> = years.iter().map(String::as_str).collect();
    TwinCalendar::read(&years, TimeZone::get("Asia/Shanghai").expect("the zone is built in"))
}

fn catalogue() -> TwinCatalogue {
    TwinCatalogue::read(&read("catalogue/items.csv"), &read("catalogue/stages.csv"), &read("catalogue/fees.csv"))
}

fn sorted(mut lights: Vec<StandingLight>) -> Vec<String> {
    lights.sort();
    lights.iter().map(StandingLight::row).collect()
}

#[test]
fn the_twin_sees_the_same_lights_in_random_histories() {
    let (configuration, calendar, catalogue) = (shipped(), calendar(), catalogue());
    let cases = std::env::var("WATCHLIGHT_TWIN_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let mut instants = 0_usize;
    let mut fired: BTreeMap<String, usize> = BTreeMap::new();
    let mut differences = Vec::new();
    let mut histories: Vec<RandomCase> = Vec::new();
    for seed in 0..cases {
        let case = random_case(seed, &calendar, &[]);
        let known: Vec<(Moment, Event)> = case.facts.iter().map(|(event, arrived)| (*arrived, event.clone())).collect();
        for now in interesting_instants(&case.facts, &calendar) {
            instants += 1;
            let expected = sorted(lights(&case.facts, &catalogue, &calendar, TwinProfile::National, now));
            let mut judged = lights_at(&known, &configuration, now);
            judged.retain(|light| RULES.contains(&light.rule.as_str()));
            for light in &judged {
                *fired.entry(light.rule.to_string()).or_default() += 1;
            }
            let judged = sorted(judged);
            if judged != expected {
                differences.push(format!("seed {seed} at {now}:\n  twin  {expected:?}\n  judge {judged:?}"));
                break;
            }
        }
        histories.push(case);
    }
    println!("{cases} histories, {instants} instants; features {:?}; lights {fired:?}", statistics(&histories));
    let shown: Vec<&String> = differences.iter().take(10).collect();
    assert!(differences.is_empty(), "{} of {cases} histories differ: {shown:#?}", differences.len());
    for rule in RULES {
        assert!(fired.get(rule).is_some_and(|times| *times >= 20), "{rule} hardly fires: {fired:?}");
    }
}
