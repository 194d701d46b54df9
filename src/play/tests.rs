//! On a stream in disorder, what `replay --out` writes, line by line, is the same to the byte for every batch size and number of
//! workers, and however early closed cases leave memory; so are lights, reasons and counts at the end.

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
    let replay = |batch_lines: usize, workers: usize, days: Option<u64>| {
        let retention = days.map(|days| Duration::from_secs(days * 24 * 60 * 60));
        let configuration = Arc::clone(&configuration);
        let play = Play { paths: &paths, configuration, until, zone: &zone, workers, retention };
        let mut written = Vec::new();
        let write = |transition: Transition| {
            written.push(transition.to_line());
            Ok(())
        };
        let shown = |runner: &Runner| {
            let standing: Vec<String> = runner.standing()?.lights.iter().map(|line| format!("{line:?}")).collect();
            let sealed: u64 = runner.gauges().iter().map(|gauges| gauges.sealed).sum();
            Ok((standing, runner.lights()?.lights, runner.counts().rows, sealed > 0))
        };
        let ran = play.run_in_batches(batch_lines, |_| true, |_| {}, write, shown);
        let (_, (standing, lights, counts, sealed)) = ran.expect("the file can be read");
        assert_eq!(sealed, days.is_some(), "{days:?} days");
        (written, standing, lights, counts)
    };
    let expected = replay(BATCH_LINES, 1, None);
    assert!(expected.0.len() > CASES / 2, "{} transitions: there is something to compare", expected.0.len());
    for batch_lines in [1, 7, 1_024, usize::MAX] {
        for workers in 1..=4 {
            let days = [None, Some(0), Some(10)][batch_lines.wrapping_add(workers) % 3];
            let written = replay(batch_lines, workers, days);
            assert!(written == expected, "batches of {batch_lines}, {workers} workers, {days:?} days: other bytes");
        }
    }
}
