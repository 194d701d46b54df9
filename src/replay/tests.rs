//! On a stream in disorder, what is written is the same to the byte for every batch size and number of workers.

use std::fs;

use super::*;

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
    let (events, out) = (folder.path().join("events.ndjson"), folder.path().join("transitions"));
    let (lines, until) = disordered();
    fs::write(&events, lines.join("\n")).expect("a file can be written there");
    let replay = |batch_lines: usize, workers: usize| -> Vec<u8> {
        let options = Options { workers, ..Options::default() };
        let (runner, closings) = Runner::start(&options, Arc::clone(&configuration)).expect("workers start");
        let files = std::slice::from_ref(&events);
        feed_in_batches(files, &runner, until, &zone, |_| true, batch_lines).expect("the file can be read");
        runner.finish().expect("no worker fails");
        write_transitions(closings, Some(&out)).expect("a file can be written there");
        fs::read(&out).expect("it was written")
    };
    let expected = replay(BATCH_LINES, 1);
    let said = expected.iter().filter(|byte| **byte == b'\n').count();
    assert!(said > CASES / 2, "{said} transitions: there is something to compare");
    for batch_lines in [1, 7, 1_024, usize::MAX] {
        for workers in 1..=4 {
            let written = replay(batch_lines, workers);
            assert!(written == expected, "batches of {batch_lines}, {workers} workers: other bytes");
        }
    }
}
