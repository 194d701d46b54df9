//! A cut is written whole or not at all, whatever fails and whenever the power goes: a start finds the last cut that was
//! acknowledged, or the one that was being written.

use std::sync::Arc;

use facts::Moment;

use super::support::{assert_whole, cut, open, position, reach};
use crate::checkpoint::storage::simulated::{Fault, Simulated};
use crate::checkpoint::{CheckpointError, ConfigLog, ConfigurationSet, verify};

/// Enough cuts for segments to be merged.
const CUTS: u64 = 11;

/// Cuts after each message until one fails; returns how far the checkpoint then goes.
fn cut_until_it_fails(folder: &Simulated) -> u64 {
    let Ok(mut checkpoint) = open(folder) else { return 0 };
    for to in 1..=CUTS {
        if checkpoint.commit(&cut(to - 1, to)).is_err() {
            return to - 1;
        }
    }
    CUTS
}

/// Steps of a run in which nothing fails.
fn steps() -> usize {
    let folder = Simulated::default();
    assert_eq!(cut_until_it_fails(&folder), CUTS);
    folder.steps()
}

#[track_caller]
fn assert_sound(folder: &Simulated, what: &str) {
    let verified = verify(folder).unwrap_or_else(|error| panic!("{what}: {error}"));
    let findings: Vec<String> = verified.findings.iter().map(|finding| finding.error.to_string()).collect();
    // These cuts name a configuration that no log holds.
    assert!(findings.iter().all(|finding| finding.contains("does not hold the configuration")), "{what}: {findings:?}");
}

#[test]
fn cuts_are_found_again_and_segments_merged() {
    let folder = Simulated::default();
    assert_eq!(cut_until_it_fails(&folder), CUTS);
    let checkpoint = open(&folder).expect("nothing failed");
    assert_eq!(reach(&checkpoint), CUTS);
    assert_whole(&checkpoint, "reopened");
    assert_eq!(folder.named("manifest-").len(), 2, "the newest and one to fall back to");
    assert!(folder.named("facts-").len() < 8, "{:?}", folder.named("facts-"));
    assert_sound(&folder, "reopened");
}

#[test]
fn a_crash_at_any_step_leaves_the_last_cut_or_the_one_under_way() {
    for step in 0..steps() {
        for seed in 0..4 {
            let folder = Simulated::default();
            folder.fail_at(step, Fault::Crash);
            let acknowledged = cut_until_it_fails(&folder);
            let folder = folder.restart(seed);
            let what = format!("crash at step {step}, seed {seed}");
            let mut checkpoint = open(&folder).unwrap_or_else(|error| panic!("{what}: {error}"));
            let found = reach(&checkpoint);
            assert!(found == acknowledged || found == acknowledged + 1, "{what}: {found} after {acknowledged}");
            assert_whole(&checkpoint, &what);
            assert_sound(&folder, &what);
            let go_on = checkpoint.commit(&cut(found, found + 2));
            go_on.unwrap_or_else(|error| panic!("{what}: {error}"));
        }
    }
}

#[test]
fn a_cut_that_failed_can_be_tried_again_and_loses_nothing() {
    for step in 0..steps() {
        let folder = Simulated::default();
        let mut checkpoint = open(&folder).expect("an empty folder");
        folder.fail_at(step, Fault::Once);
        for to in 1..=CUTS {
            let cut = cut(to - 1, to);
            if checkpoint.commit(&cut).is_err() {
                assert_eq!(reach(&checkpoint), to - 1, "step {step}: what it was before");
                checkpoint.commit(&cut).unwrap_or_else(|error| panic!("step {step}, again: {error}"));
            }
        }
        assert_whole(&checkpoint, &format!("failure at step {step}"));
        let folder = folder.restart(step as u64);
        let checkpoint = open(&folder).expect("nothing is damaged");
        assert_eq!(reach(&checkpoint), CUTS, "step {step}: what was acknowledged is durable");
        assert_whole(&checkpoint, &format!("restart after a failure at step {step}"));
    }
}

#[test]
fn a_full_disk_refuses_cuts_until_there_is_room() {
    for step in (0..steps()).step_by(3) {
        let folder = Simulated::default();
        let mut checkpoint = open(&folder).expect("an empty folder");
        folder.fail_at(step, Fault::Full);
        let cut_off = (1..=CUTS).find(|to| checkpoint.commit(&cut(to - 1, *to)).is_err());
        let Some(to) = cut_off else { continue };
        let refused = checkpoint.commit(&cut(to - 1, to + 1)).expect_err("it is still full");
        assert!(matches!(&refused, CheckpointError::System { .. }), "{refused}");
        folder.mend();
        checkpoint.commit(&cut(to - 1, to + 2)).unwrap_or_else(|error| panic!("step {step}, with room: {error}"));
        assert_whole(&checkpoint, &format!("full from step {step} on"));
    }
}

fn set(number: u8) -> ConfigurationSet {
    let files = [("rules/a.toml".to_owned(), vec![number; 3_000])].into();
    ConfigurationSet {
        effective: Moment::from_millis(number.into()),
        hash: format!("{number}"),
        engine: "0.1.0".into(),
        files,
    }
}

#[test]
fn a_set_of_configuration_is_logged_whole_or_not_at_all() {
    for fault in [Fault::Crash, Fault::Once] {
        for step in 0..12 {
            for seed in 0..4 {
                let folder = Simulated::default();
                let mut log = ConfigLog::open(Arc::new(folder.clone())).expect("an empty folder");
                folder.fail_at(step, fault);
                let accepted: Vec<u8> = (1..=4).filter(|number| log.accept(set(*number)).is_ok()).collect();
                let what = format!("{fault:?} at step {step}, seed {seed}");
                let folder = folder.restart(seed);
                let mut log = ConfigLog::open(Arc::new(folder)).unwrap_or_else(|error| panic!("{what}: {error}"));
                let found: Vec<u8> = log.sets().iter().map(|found| found.effective.millis() as u8).collect();
                assert!(log.sets().iter().zip(&found).all(|(found, number)| *found == set(*number)), "{what}");
                let under_way = found.split_last().is_some_and(|(_, before)| before == accepted);
                assert!(found == accepted || fault == Fault::Crash && under_way, "{what}: {found:?}, not {accepted:?}");
                log.accept(set(9)).unwrap_or_else(|error| panic!("{what}: {error}"));
            }
        }
    }
}

#[test]
fn an_empty_folder_has_no_manifest() {
    let checkpoint = open(&Simulated::default()).expect("an empty folder");
    assert_eq!(checkpoint.manifest(), None);
    assert_eq!(position(1).marks.len(), 1);
}
