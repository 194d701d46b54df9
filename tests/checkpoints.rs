//! The checkpoint as an operator meets it: a service killed at any moment goes on from it, with any number of workers, and says
//! what it would have said; what is damaged is named; a changed configuration counts from where the start has caught up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use facts::Cause;

use crate::support::city::{city, messages, progress};
use crate::support::eventually::eventually;
use crate::support::said::{assert_same_lines, fold, rows, transitions, wait_said};
use crate::support::service::{TestService, TestSite};
use crate::support::skip::skip;
use crate::support::{copy_folder, program, project};

/// A site whose checkpoint is written every second, and which keeps no closed case in memory; the replay that it is compared with
/// keeps them.
#[track_caller]
fn site(test: &str) -> Option<TestSite> {
    let site = TestSite::with_virtual_clock(test)?.with("WATCHLIGHT_CHECKPOINT_INTERVAL_SECS", "1");
    Some(site.with("WATCHLIGHT_STATE_RETENTION_DAYS", "0"))
}

fn folder(site: &TestSite) -> PathBuf {
    site.data().join("checkpoint")
}

/// Exit code and words of `watchlight checkpoint verify`.
fn verify(folder: &Path) -> (Option<i32>, String) {
    let output = program().args(["checkpoint", "verify"]).arg(folder).output().expect("the program was built");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[track_caller]
fn assert_sound(folder: &Path) {
    let (code, words) = verify(folder);
    assert_eq!(code, Some(0), "{words}");
}

/// A number among the service's metrics.
fn metric(service: &TestService, name: &str) -> Option<u64> {
    let text = service.get("/metrics").body;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    value.split('.').next()?.parse().ok()
}

/// Waits until the checkpoint holds `facts` facts.
#[track_caller]
fn wait_kept(service: &TestService, facts: usize) {
    eventually("the facts are kept", || {
        (metric(service, "watchlight_checkpoint_facts")? >= facts as u64).then_some(())
    });
}

/// Facts that starts have taken from the checkpoint, the last start's.
fn taken(service: &TestService) -> String {
    let log = service.log();
    log.lines().rfind(|line| line.contains("facts of the checkpoint are taken")).unwrap_or_default().to_owned()
}

/// Messages of a part of the city, in eighths.
fn part(from: usize, to: usize) -> impl Iterator<Item = crate::support::wire::Message> {
    let events = city().events();
    messages(&events[events.len() * from / 8..events.len() * to / 8])
}

#[test]
fn killed_at_rest_it_goes_on_as_if_it_had_not_been_and_says_the_same_bytes() {
    let Some(site) = site("killed_at_rest_it_goes_on_as_if_it_had_not_been_and_says_the_same_bytes") else { return };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    wire.send_all(part(0, 5));
    let half = city().events().len() * 5 / 8;
    let there = city().events()[half - 1].arrived.expect("generated facts say when they arrived");
    service.wait_closed(there.plus_millis(-1));
    wait_kept(&service, half);
    // Once more, so that the last cut names all that is said by now.
    eventually("everything closed is said", || {
        let replayed = city().replayed().lines.iter();
        let said = replayed.filter(|line| line_decided_before(line, there)).count() as u64;
        (wire.last_sequence("ALERTS") == said).then_some(())
    });
    service.kill();
    assert_sound(&folder(&site));

    let service = site.start_with(3);
    service.wait_ready();
    assert!(taken(&service).contains("joined="), "{}", service.log());
    wire.send_all(part(5, 8).chain(city().end()));
    service.wait_closed(city().until());
    assert_eq!(service.terminate(), Some(0));
    let mut said: Vec<String> = wire.stored("ALERTS").iter().map(|message| message.text().to_owned()).collect();
    said.sort_unstable();
    assert_same_lines("ALERTS across the kill and the lines of one replay", &said, &city().replayed().lines);
    assert_sound(&folder(&site));
}

/// The cases that the last start took as they were kept.
fn kept_cases(service: &TestService) -> u64 {
    let taken = taken(service);
    let number = taken.split("kept_cases=").nth(1).unwrap_or_else(|| panic!("no number of cases: {taken}"));
    number.chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("a number")
}

#[test]
fn ended_in_order_it_goes_on_from_its_cases_and_when_these_are_damaged_from_the_facts() {
    let test = "ended_in_order_it_goes_on_from_its_cases_and_when_these_are_damaged_from_the_facts";
    let Some(site) = site(test) else { return };
    let mut service = site.start();
    service.wait_ready();
    let wire = site.wire();
    let events = city().events();
    let mut damaged = false;
    for eighth in 0..8 {
        wire.send_all(part(eighth, eighth + 1));
        let sent = events.len() * (eighth + 1) / 8;
        service.wait_closed(events[sent - 1].arrived.expect("generated facts say when they arrived").plus_millis(-1));
        if eighth == 7 {
            break;
        }
        assert_eq!(service.terminate(), Some(0));
        // The manifest before the last may still name what was damaged a run before.
        if !damaged {
            assert_sound(&folder(&site));
        }
        damaged = eighth % 3 == 2;
        if damaged {
            for file in files(&folder(&site), "cases-") {
                let mut bytes = fs::read(&file).expect("ours");
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                fs::write(&file, bytes).expect("ours");
            }
            let (code, words) = verify(&folder(&site));
            assert!(code == Some(1) && words.contains("takes time and changes nothing"), "{words}");
        }
        service = site.start_with(1 + eighth as u64 % 3);
        service.wait_ready();
        let kept = kept_cases(&service);
        assert!(damaged || kept > 0, "{}", service.log());
    }
    wire.send_all(city().end());
    service.wait_closed(city().until());
    assert_eq!(service.terminate(), Some(0));
    let mut said: Vec<String> = wire.stored("ALERTS").iter().map(|message| message.text().to_owned()).collect();
    said.sort_unstable();
    assert_same_lines("ALERTS across eight runs and the lines of one replay", &said, &city().replayed().lines);
}

/// The files of a folder whose names begin with `beginning`.
fn files(folder: &Path, beginning: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the checkpoint's folder").map(|entry| entry.expect("it can be read"));
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(beginning));
    named.map(|entry| entry.path()).collect()
}

/// Was this transition decided before `instant`?
fn line_decided_before(line: &str, instant: facts::Moment) -> bool {
    let transition: facts::Transition = serde_json::from_str(line).expect("replay writes transitions");
    transition.decided_at < instant
}

#[test]
fn killed_at_any_moment_it_ends_with_the_lights_of_a_run_that_was_not() {
    let Some(site) = site("killed_at_any_moment_it_ends_with_the_lights_of_a_run_that_was_not") else { return };
    let mut service = site.start();
    service.wait_ready();
    let wire = site.wire();
    let events = city().events();
    // Killed while it reads, while it speaks, while a cut is written, and at once after a start.
    for round in 0..8 {
        wire.send_all(part(round, round + 1));
        let sent = events.len() * (round + 1) / 8;
        match round % 4 {
            0 => wait_kept(&service, sent.min(events.len() / 16)),
            1 => eventually("it reads", || (metric(&service, "watchlight_ingest_sequence")? > 0).then_some(())),
            2 => wait_kept(&service, sent),
            _ => {}
        }
        service.kill();
        let (code, words) = verify(&folder(&site));
        assert_eq!(code, Some(0), "after round {round}: {words}");
        service = site.start_with(round as u64 % 3 + 1);
    }
    service.wait_ready();
    wire.send_all(city().end());
    service.wait_closed(city().until());
    let expected = &city().replayed().standing;
    wait_said(&wire, expected);
    service.wait_ledger(wire.last_sequence("ALERTS"));
    assert_same_lines("the ledger and the lights of replay", &rows(&service.lights()), expected);
    wait_kept(&service, events.len());
    assert_eq!(service.terminate(), Some(0));
    assert_same_lines("the fold of ALERTS and the lights of replay", &fold(&transitions(&wire)), expected);
    let (code, words) = verify(&folder(&site));
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains(&format!(": {} facts in ", events.len())), "each fact is kept once: {words}");

    // Ended in order, nothing is left to do: a start takes all facts from the checkpoint and says nothing.
    let said = wire.last_sequence("ALERTS");
    let service = site.start_with(4);
    service.wait_ready();
    assert!(taken(&service).contains("fed=0"), "{}", taken(&service));
    assert_same_lines("the ledger after the start", &rows(&service.lights()), expected);
    service.wait_closed(city().until());
    assert_eq!(service.terminate(), Some(0));
    assert_eq!(wire.last_sequence("ALERTS"), said);
}

#[test]
fn what_is_damaged_is_named_and_the_manifest_before_is_used() {
    let Some(site) = site("what_is_damaged_is_named_and_the_manifest_before_is_used") else { return };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    let sent = |eighths: usize| city().events().len() * eighths / 8;
    wire.send_all(part(0, 1));
    wait_kept(&service, sent(1));
    wire.send_all(part(1, 2));
    wait_kept(&service, sent(2));
    service.kill();
    let newest = named(&folder(&site), "manifest-").pop().expect("it was written");
    flip(&newest);
    let (code, words) = verify(&folder(&site));
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains(&newest.display().to_string()) && words.contains("offset 0"), "{words}");
    let service = site.start();
    service.wait_ready();
    assert!(service.log().contains("the one before is tried"), "{}", service.log());
    wait_kept(&service, sent(2));
    assert_eq!(service.terminate(), Some(0));

    // A segment that every manifest names: no start goes on without it.
    let segment = named(&folder(&site), "facts-").remove(0);
    flip(&segment);
    let (code, words) = verify(&folder(&site));
    assert_eq!(code, Some(1), "{words}");
    let (code, words) = site.refused();
    assert_eq!(code, Some(3), "{words}");
    assert!(words.contains(&segment.display().to_string()) && words.contains("move it away"), "{words}");
    fs::rename(folder(&site), site.data().join("damaged")).expect("ours");
    let service = site.start();
    service.wait_ready();
    wait_kept(&service, sent(2));
}

/// Files of a folder whose name begins with `beginning`, sorted.
fn named(folder: &Path, beginning: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the service has made it");
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(beginning)))
        .collect();
    found.sort_unstable();
    found
}

/// Changes one bit in the middle of a file.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("it was written");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).expect("ours");
}

#[test]
fn a_folder_of_other_streams_and_a_folder_in_use_are_refused() {
    let Some(site) = site("a_folder_of_other_streams_and_a_folder_in_use_are_refused") else { return };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    wire.send_all(part(0, 1));
    wait_kept(&service, city().events().len() / 8);
    let (code, words) = site.refused();
    assert_eq!(code, Some(3), "{words}");
    assert!(words.contains("is another watchlight running on it?"), "{words}");
    assert_eq!(service.terminate(), Some(0));
    wire.remove("APPROVALS");
    let (code, words) = site.refused();
    assert_eq!(code, Some(3), "{words}");
    assert!(words.contains("it is another stream") && words.contains("new checkpoint folder"), "{words}");
}

#[test]
fn a_configuration_changed_while_it_was_away_counts_from_where_it_has_caught_up() {
    let test = "a_configuration_changed_while_it_was_away_counts_from_where_it_has_caught_up";
    let Some(mut site) = site(test) else { return };
    let config = tempfile::tempdir().expect("a temporary folder can be made");
    copy_folder(&project().join("config"), config.path());
    site.config = config.path().to_owned();
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    wire.send_all(part(0, 6));
    wait_kept(&service, city().events().len() * 6 / 8);
    assert_eq!(service.terminate(), Some(0));
    let before = transitions(&wire);

    let rules = config.path().join("rules/fee");
    fs::remove_dir_all(&rules).expect("the shipped rules on fees lie there");
    let service = site.start();
    service.wait_ready();
    // The change takes effect at the instant at which the clock stands; the next one closes it.
    let there = city().events()[city().events().len() * 6 / 8].arrived.expect("generated facts say when they arrived");
    wire.send_all([progress(there), progress(there.plus_millis(1))]);
    service.wait_closed(there);
    let said = eventually("the lights of the rules that are gone are withdrawn", || {
        let said = transitions(&wire);
        fold(&said).iter().all(|row| !row.contains("\tFE-")).then_some(said)
    });
    let after = &said[before.len()..];
    assert!(!after.is_empty() && after.iter().all(|said| said.cause == Cause::Rule), "{after:?}");
    service.kill();
    let (code, words) = verify(&folder(&site));
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("2 sets of configuration"), "{words}");

    // The log holds the change: it is none any more.
    let service = site.start();
    service.wait_ready();
    assert_eq!(service.terminate(), Some(0));
    assert_eq!(transitions(&wire).len(), said.len());
    assert!(verify(&folder(&site)).1.contains("2 sets of configuration"));
}

/// A file system of a few hundred kilobytes, gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, and a skip, where this user may not make one.
    fn mount(test: &str, folder: &Path) -> Option<SmallDisk> {
        fs::create_dir_all(folder).expect("temporary folders can be made");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(folder).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            skip(test, "a small file system can be made by root only");
            return None;
        }
        Some(SmallDisk(folder.to_owned()))
    }

    fn grow(&self) {
        let grown = Command::new("mount").args(["-o", "remount,size=64m"]).arg(&self.0).status();
        assert!(grown.is_ok_and(|status| status.success()), "what was mounted can be made larger");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// What gathers while the disk takes nothing has a bound: then reading waits, and goes on by itself.
#[test]
fn with_too_much_gathered_before_a_full_disk_reading_waits() {
    let test = "with_too_much_gathered_before_a_full_disk_reading_waits";
    let Some(site) = site(test) else { return };
    let site = site.with("WATCHLIGHT_CHECKPOINT_MEMORY_MIB", "1");
    let Some(disk) = SmallDisk::mount(test, &folder(&site)) else { return };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    // The city alone fits into the least memory that can be set; what comes again gathers again.
    (0..3).for_each(|_| wire.send_all(messages(city().events())));
    wire.send_all(city().end());
    eventually("it says that reading waits", || service.log().contains("reading waits until it has").then_some(()));
    let closed = service.metric("watchlight_clock_seconds").expect("the clock is told");
    let end = city().until().secs_floor() as f64;
    assert!(closed < end, "the clock stands at {closed} before the end, {end}");
    disk.grow();
    service.wait_closed(city().until());
    wait_said(&wire, &city().replayed().standing);
    wait_kept(&service, city().events().len());
    service.kill();
    assert_sound(&folder(&site));
    drop(disk);
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let test = "a_full_disk_is_told_and_nothing_is_lost";
    let Some(site) = site(test) else { return };
    let Some(disk) = SmallDisk::mount(test, &folder(&site)) else { return };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    wire.send_all(messages(city().events()).chain(city().end()));
    eventually("it says that its disk is full", || {
        let ready = service.get("/ready");
        (ready.status == 503 && ready.body.contains("\"gate\":\"checkpoint\"")).then_some(())
    });
    service.wait_closed(city().until());
    wait_said(&wire, &city().replayed().standing);
    disk.grow();
    wait_kept(&service, city().events().len());
    service.wait_ready();
    service.kill();
    assert_sound(&folder(&site));
    let service = site.start();
    service.wait_ready();
    assert_same_lines("the ledger after the start", &rows(&service.lights()), &city().replayed().standing);
    service.kill();
    drop(disk);
}
