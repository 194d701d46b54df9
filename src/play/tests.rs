//! On a stream in disorder, what `replay --out` writes, line by line, is the same to the byte for every batch size and number of workers.

use std::fs;
use std::path::Path;

use super::*;
use crate::cli::Language;
use crate::config_folder;

const CASES: usize = 250;

/// The lines of a generated week out of order: each a few hundred places too early or too late, every ninth again.
fn disordered() -> (Vec<String>, Moment) {
    let profile = bench::Profile::named("yichun-week").expect("the shipped profile is sound");
    let week = bench::generate(&bench::Options { cases: CASES, seed: 12, profile }).expect("the shipped city is sound");
    let mut text = Vec::new();
    week.write_events(&mut text).expect("memory takes what is written");
    let text = String::from_utf8(text).expect("events are written as UTF-8");
    let twice = text.lines().enumerate().flat_map(|(place, line)| {
        let again = (place % 9 == 8).then_some((place * 7 + 400, line));
        std::iter::once((place + place * 7_919 % 300, line)).chain(again)
    });
    let mut lines: Vec<(usize, &str)> = twice.collect();
    lines.sort_unstable();
    (lines.into_iter().map(|(_, line)| line.to_owned()).collect(), week.until())
}

#[test]
fn batches_and_workers_change_no_byte_of_a_disordered_replay() {
    let zone = TimeZone::get("Asia/Shanghai").expect("the zone is built in");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let site = config_folder::load(&config, &zone, Language::En.into()).expect("the shipped configuration is sound");
    let configuration = Arc::new(site.configuration);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let paths = [folder.path().join("events.ndjson")];
    let (lines, until) = disordered();
    fs::write(&paths[0], lines.join("\n")).expect("a file can be written there");
    let replay = |batch_lines: usize, workers: usize| -> Vec<String> {
        let play = Play { paths: &paths, configuration: Arc::clone(&configuration), until, zone: &zone, workers };
        let mut written = Vec::new();
        let write = |transition: Transition| {
            written.push(transition.to_line());
            Ok(())
        };
        play.run_in_batches(batch_lines, |_| true, write, |_| Ok(())).expect("the file can be read");
        written
    };
    let expected = replay(BATCH_LINES, 1);
    assert!(expected.len() > CASES / 2, "{} transitions: there is something to compare", expected.len());
    for batch_lines in [1, 7, 1_024, usize::MAX] {
        for workers in 1..=4 {
            let written = replay(batch_lines, workers);
            assert!(written == expected, "batches of {batch_lines}, {workers} workers: other bytes");
        }
    }
}
