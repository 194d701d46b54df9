//! The files hold together: a second reckoning in another language comes to the same lights.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use super::*;
use crate::generate::{Options, generate};
use crate::profile::Profile;

/// A folder of its own for one test, gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = env::temp_dir().join(format!("watchlight-bench-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary folder takes a folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(cases: usize, seed: u64) -> Generated {
    let profile = Profile::named("yichun-week").expect("built in");
    generate(&Options { cases, seed, profile }).expect("the built-in city holds together")
}

/// Runs tools/check_truth.py on the plans of `run` and on `truth`.
fn check_truth(run: &Generated, folder: &Path, truth: &[u8]) -> Output {
    let (plans_path, truth_path) = (folder.join("plans.ndjson"), folder.join("TRUTH.csv"));
    let mut plans = Vec::new();
    run.write_plans(&mut plans).expect("memory takes all bytes");
    fs::write(&plans_path, plans).expect("the plans are written");
    fs::write(&truth_path, truth).expect("the truth is written");
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/check_truth.py");
    let output = Command::new("python3").arg(tool).arg(plans_path).arg(truth_path).output();
    output.expect("python3 is installed; the truth is checked with it")
}

fn truth_of(run: &Generated) -> Vec<u8> {
    let mut truth = Vec::new();
    run.write_truth(&mut truth).expect("memory takes all bytes");
    truth
}

#[test]
fn a_second_reckoning_comes_to_the_same_lights() {
    let folder = Folder::new("same");
    for (cases, seed) in [(6_000, 1), (3_000, 2), (3_000, 3)] {
        let run = run(cases, seed);
        let output = check_truth(&run, &folder.0, &truth_of(&run));
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "seed {seed}: {told}");
        assert!(told.ends_with(" 0 differences\n"), "{told}");
    }
}

#[test]
fn a_light_left_out_of_the_truth_is_found() {
    let folder = Folder::new("left-out");
    let run = run(300, 4);
    let truth = String::from_utf8(truth_of(&run)).expect("text");
    let (kept, left_out) = truth.trim_end().rsplit_once('\n').expect("the truth has rows");
    let output = check_truth(&run, &folder.0, format!("{kept}\n").as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let case = left_out.split(',').next().expect("a row has cells");
    assert!(told.contains(&format!("missing from the truth: {case}")), "{told}");
}

#[test]
fn the_truth_has_a_header_and_quotes_what_holds_a_comma() {
    let truth = String::from_utf8(truth_of(&run(2_000, 5))).expect("text");
    let mut lines = truth.lines();
    assert_eq!(lines.next(), Some(TRUTH_HEADER));
    let twice = lines.clone().find(|line| line.contains(",FE-07,")).expect("someone was charged twice");
    assert!(twice.contains(",\"CG-ZDF,") || twice.contains(",\"SL-BCF,"), "{twice}");
    assert!(
        lines.clone().zip(lines.skip(1)).all(|(a, b)| a.split(',').next() <= b.split(',').next()),
        "sorted by case"
    );
}

#[test]
fn what_was_written_is_counted_and_hashed() {
    let run = run(50, 6);
    let mut bytes = Vec::new();
    let written = run.write_events(&mut bytes).expect("memory takes all bytes");
    assert_eq!(written.bytes, bytes.len() as u64);
    assert_eq!(written.lines as usize, run.event_count());
    assert_eq!(written.sha256, hex(&Sha256::digest(&bytes)));
    assert_eq!(written.sha256, run.hash());
}
