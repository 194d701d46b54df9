//! The plain program, against which the engine's speed is measured, does the whole job: its lights are those of `replay`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;

use facts::Light;
use tempfile::TempDir;

use crate::support::copy_folder;
use crate::support::project;
use crate::support::replayed::{City, Replay};

const CASES: usize = 4_000;

/// What both programs tell of a light.
type Told = (String, String, String, Light);

#[test]
fn the_plain_program_lights_what_the_engine_lights() {
    let city = City::generate(CASES, 3);
    let (until, events) = (city.generated.until(), city.events());
    let config = three_rules();
    let replay = Replay { files: &[&events], config: config.path(), until: Some(until), workers: 1 };
    let about = |instance: &str| instance.split('@').next().unwrap_or_default().to_owned();
    let by_engine = replay.run().lights().into_iter();
    let by_engine: BTreeSet<Told> = by_engine
        .map(|light| (light.case.to_string(), light.rule.to_string(), about(&light.instance), light.light))
        .collect();
    let reader = BufReader::new(File::open(events).expect("the events were written"));
    let run = bench::plain::run(reader, std::io::sink(), until).expect("the plain program reads the generator's lines");
    let by_hand = run.standing.into_iter();
    let by_hand: BTreeSet<Told> = by_hand
        .map(|(case, light)| (case.to_string(), light.rule.to_string(), light.about.to_string(), light.light))
        .collect();
    let missing: Vec<_> = by_engine.difference(&by_hand).take(5).collect();
    let extra: Vec<_> = by_hand.difference(&by_engine).take(5).collect();
    assert_eq!((missing, extra), (vec![], vec![]), "missing, extra; {} stand", by_engine.len());
    for rule in ["OD-05", "FE-04", "PS-01"] {
        assert!(by_engine.iter().any(|(_, of, ..)| of == rule), "{rule} lights nothing");
    }
}

#[test]
fn the_three_rules_are_the_shipped_ones() {
    let read = |path: &str| std::fs::read_to_string(project().join(path)).expect("a file of the project");
    let three = read("bench/three-rules.toml");
    let shipped = ["overdue/case_limits", "fee/charges", "process/stages"];
    let shipped = shipped.map(|name| read(&format!("config/rules/{name}.toml"))).concat();
    let rules: Vec<&str> = three.split("[[rule]]\n").skip(1).map(str::trim).collect();
    assert_eq!(rules.len(), 3);
    for rule in rules {
        assert!(shipped.contains(rule), "not as shipped:\n{rule}");
    }
}

/// The shipped configuration with the three rules in the place of all others.
fn three_rules() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    copy_folder(&project().join("config"), folder.path());
    let rules = folder.path().join("rules");
    let entries = std::fs::read_dir(&rules).expect("the rules were copied");
    for family in entries.map(|entry| entry.expect("a folder can be read").path()).filter(|path| path.is_dir()) {
        std::fs::remove_dir_all(family).expect("what was copied can be removed");
    }
    // Its profile words a rule that is not among the three.
    std::fs::remove_file(folder.path().join("profiles/hunan-2018.toml")).expect("what was copied can be removed");
    std::fs::copy(project().join("bench/three-rules.toml"), rules.join("three.toml")).expect("a file can be copied");
    folder
}
