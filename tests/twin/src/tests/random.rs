//! The generator: one seed one history, every feature tried, every rule lit.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::random::{Feature, RandomCase, interesting_instants, random_case, statistics, turning_points};

const ALL_RULES: [&str; 27] = [
    "DQ-01", "DQ-02", "DQ-03", "DQ-04", "DQ-05", "DQ-06", "DQ-07", "DQ-08", "DQ-09", "DQ-10", "DQ-11", "FE-01",
    "FE-03", "FE-04", "FE-07", "OD-01", "OD-04", "OD-05", "OD-06", "OD-07", "OD-08", "OD-12", "PS-01", "PS-03",
    "PS-04", "PS-07", "PS-11",
];

fn cases(count: u64, calendar: &TwinCalendar) -> Vec<RandomCase> {
    (0..count).map(|seed| random_case(seed, calendar, &[])).collect()
}

#[test]
fn a_seed_gives_one_history() {
    let (_, calendar) = shipped();
    let lines = |seed| -> Vec<String> {
        random_case(seed, &calendar, &[]).facts.iter().map(|(event, _)| line::write(event)).collect()
    };
    assert_eq!(lines(7), lines(7));
    assert_ne!(lines(7), lines(8));
}

#[test]
fn every_fact_survives_its_line_form() {
    let (_, calendar) = shipped();
    for case in cases(200, &calendar) {
        for (event, _) in case.facts.iter().filter(|(event, _)| event.op == facts::Op::Put) {
            let text = line::write(event);
            let read = line::read(text.as_bytes(), None).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_eq!(read.event, *event, "{text}");
        }
    }
}

/// A hundredth of a thousand histories is the least that may count as tried.
#[test]
fn a_thousand_histories_try_every_feature() {
    let (_, calendar) = shipped();
    let counts = statistics(&cases(1000, &calendar));
    println!("{counts:#?}");
    let rare: Vec<_> = counts.iter().filter(|(_, count)| **count < 10).collect();
    assert!(rare.is_empty(), "{rare:?}");
    assert!(counts.len() >= 50, "only {} features were tried", counts.len());
}

#[test]
fn a_feature_that_is_left_out_does_not_happen() {
    let (_, calendar) = shipped();
    let without = [Feature::DateOnly, Feature::FutureDated];
    for seed in 0..200 {
        let case = random_case(seed, &calendar, &without);
        assert!(case.facts.iter().all(|(event, _)| !event.at.is_day()), "seed {seed}");
        assert!(without.iter().all(|feature| !case.features.contains(feature)), "seed {seed}");
    }
}

/// Random histories that light nothing would prove nothing.
#[test]
fn random_histories_light_every_rule_in_both_profiles() {
    let (catalogue, calendar) = shipped();
    let mut lit: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for case in cases(150, &calendar) {
        for instant in interesting_instants(&case.facts, &calendar).into_iter().step_by(9) {
            for profile in [TwinProfile::National, TwinProfile::Hunan2018] {
                for light in lights(&case.facts, &catalogue, &calendar, profile, instant) {
                    lit.entry(light.rule.to_string()).or_default().insert(case.seed);
                }
            }
        }
    }
    for rule in ALL_RULES {
        let histories = lit.get(rule).map_or(0, BTreeSet::len);
        assert!(histories >= 5, "{rule} was lit in {histories} histories");
    }
}

/// The law of the system, in the twin's own small world: how facts come does not matter, only what has come.
#[test]
fn the_order_of_the_facts_does_not_matter() {
    let (catalogue, calendar) = shipped();
    for case in cases(60, &calendar) {
        let mut backwards = case.facts.clone();
        backwards.reverse();
        for instant in interesting_instants(&case.facts, &calendar).into_iter().step_by(23) {
            let of = |facts: &[(Event, Moment)]| lights(facts, &catalogue, &calendar, TwinProfile::National, instant);
            assert_eq!(of(&case.facts), of(&backwards), "seed {} at {instant}", case.seed);
        }
    }
}

#[test]
fn turning_points_are_exact() {
    let line = r#"{"id":"1","source":"oa","case":"R","activity":"accepted","at":"2026-03-02T10:00:00+08:00","level":"county","region":"360902","dept":"X","item":"SC-201"}"#;
    let (catalogue, calendar) = shipped();
    let facts = known(&[line], &calendar.zone);
    let lights = |t| lights(&facts, &catalogue, &calendar, TwinProfile::National, t);
    let points = turning_points(&[moment("2026-03-11T00:00:00Z"), moment("2026-03-12T00:00:00Z")], lights);
    assert_eq!(points, [moment("2026-03-11T18:00:00+08:00"), moment("2026-03-11T18:00:00.001+08:00")]);
}
