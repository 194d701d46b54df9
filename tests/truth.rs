//! The generator knows which lights its cases must end in, by a reckoning of its own that shares no code with
//! the rules, and `tools/check_truth.py` reckons once more from the plans. All three must agree to the row.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::process::Command;

use facts::{Card, StandingLight, Transition};

use crate::support::replayed::City;
use crate::support::skip::skip;
use crate::support::{project, shipped_configuration};

const CASES: usize = 6_000;
/// How often each rule must have been broken and, by the script of the case, nearly broken.
const TRIED_MIN: usize = 20;

#[test]
fn lights_stand_exactly_where_the_first_seed_says() {
    check(1);
}

#[test]
fn lights_stand_exactly_where_the_second_seed_says() {
    check(2);
}

fn check(seed: u64) {
    let city = City::generate(CASES, seed);
    let replayed = city.replay(&[city.events()], 2);
    let truth: BTreeSet<StandingLight> = city.generated.truth().iter().cloned().collect();
    let mut lights: BTreeSet<StandingLight> = replayed.lights().into_iter().collect();
    assert_eq!(lights.len(), replayed.standing.len(), "a light stands once");
    let known = bench::scenario::rules();
    println!("the truth covers {} of {} rules", known.len(), shipped_rules());
    lights.retain(|light| known.contains(&light.rule.as_str()));
    let missing: Vec<_> = truth.difference(&lights).take(5).map(StandingLight::row).collect();
    let extra: Vec<_> = lights.difference(&truth).take(5).map(StandingLight::row).collect();
    assert_eq!((missing, extra), (vec![], vec![]), "missing, extra; {} stand", truth.len());
    assert!(lights.iter().all(|light| light.card != Card::None), "a green row is not written");
    each_rule_was_lit(&replayed.transitions);
    a_third_reckoning_agrees(&city, seed);
}

/// How many rules the project ships, parts counted each.
fn shipped_rules() -> usize {
    shipped_configuration().rules.iter().map(|rule| rule.id.clone()).collect::<BTreeSet<_>>().len()
}

/// Every rule that the generator tries has lit cases on the way, whether or not the lights still stand.
fn each_rule_was_lit(transitions: &str) {
    let mut lit: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in transitions.lines() {
        let said: Transition = serde_json::from_str(line).expect("a transition is JSON of a known form");
        if said.card != Card::None {
            lit.entry(said.rule.into()).or_default().insert(said.case.into());
        }
    }
    for rule in bench::scenario::rules() {
        let cases = lit.get(rule).map_or(0, BTreeSet::len);
        assert!(cases >= TRIED_MIN, "{rule} was lit in {cases} cases only");
    }
}

fn a_third_reckoning_agrees(city: &City, seed: u64) {
    let (plans, truth) = (city.path("plans.ndjson"), city.path("truth.csv"));
    let create = |path| File::create(path).expect("a file can be written there");
    city.generated.write_plans(&mut create(&plans)).expect("a file can be written there");
    city.generated.write_truth(&mut create(&truth)).expect("a file can be written there");
    let mut script = Command::new("python3");
    script.arg(project().join("tools/check_truth.py")).args([&plans, &truth]);
    match script.output() {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stdout);
            assert_eq!(
                output.status.code(),
                Some(0),
                "seed {seed}:\n{told}{}",
                String::from_utf8_lossy(&output.stderr)
            );
            assert!(told.trim_end().ends_with(", 0 differences"), "{told}");
        }
        Err(error) => skip("truth::a_third_reckoning_agrees", &format!("no python3: {error}")),
    }
}
