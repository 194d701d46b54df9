//! What a newcomer hands over by mistake: folders for files, files for folders, results over inputs, files of
//! another kind. Each is told in words, at once, and nothing is lost.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::eventually::eventually;
use crate::support::{program, project};

const EVENT: &str = r#"{"id":"1","source":"s","case":"A","activity":"accepted","at":"2026-03-02T10:00:00+08:00","level":"county","region":"360902","dept":"D"}"#;

/// A folder with the shipped configuration in `site/` and one event in `events.ndjson`.
fn folder() -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("folders can be made there");
        for entry in fs::read_dir(from).expect("the shipped folder can be read").flatten() {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).expect("files can be written there");
            }
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    copy(&project().join("config"), &folder.path().join("site"));
    fs::write(folder.path().join("events.ndjson"), format!("{EVENT}\n")).expect("a file can be written there");
    folder
}

fn command(folder: &Path, line: &str) -> Command {
    let mut command = program();
    command.current_dir(folder).env("WATCHLIGHT_LOG", "error").args(line.split_whitespace());
    command
}

fn run(folder: &Path, line: &str) -> Output {
    command(folder, line).output().expect("the program was built with the tests")
}

/// The command cannot start, and says so with these words.
#[track_caller]
fn check_refused(folder: &Path, line: &str, expected: &str) {
    let output = run(folder, line);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{line}: {said}");
    assert!(said.contains(expected), "{line}: {said}");
}

#[test]
fn a_folder_or_a_device_in_place_of_a_configuration_file_is_named() {
    let folder = folder();
    let site = folder.path().join("site");
    let check = "check --config site";
    let not_followed = "it is a folder, or a link to one, which is not followed";
    symlink("../rules", site.join("rules/loop")).expect("links can be made there");
    check_refused(folder.path(), check, &format!("could not read rules/loop: {not_followed}"));
    fs::remove_file(site.join("rules/loop")).expect("it is there");
    fs::create_dir(site.join("rules/late.toml")).expect("folders can be made there");
    check_refused(folder.path(), check, &format!("could not read rules/late.toml: {not_followed}"));
    fs::remove_dir(site.join("rules/late.toml")).expect("it is there");
    symlink("/dev/zero", site.join("rules/zero.toml")).expect("links can be made there");
    check_refused(folder.path(), check, "could not read rules/zero.toml: it is no plain file");
    fs::remove_file(site.join("rules/zero.toml")).expect("it is there");
    let pipe = Command::new("mkfifo").arg(site.join("rules/pipe.toml")).status();
    assert!(pipe.expect("coreutils are there").success());
    let mut child = command(folder.path(), check).spawn().expect("the program was built with the tests");
    let ended = eventually("a pipe keeps nobody waiting", || child.try_wait().expect("our own child"));
    assert_eq!(ended.code(), Some(3));
}

#[test]
fn what_editors_and_mounts_leave_beside_the_files_changes_nothing() {
    let folder = folder();
    let site = folder.path().join("site");
    let hash = || {
        let output = run(folder.path(), "replay events.ndjson --config site");
        let said = String::from_utf8(output.stdout).expect("it prints UTF-8");
        said.split("configuration ").nth(1).expect("the hash is told").to_owned()
    };
    let before = hash();
    for name in ["rules/.late.toml.swp", "rules/process/people.toml~", "catalogue/.~lock.items.csv#"] {
        fs::write(site.join(name), b"\xff\xfe").expect("files can be written there");
    }
    symlink("rules", site.join("rules/..data")).expect("links can be made there");
    assert_eq!(hash(), before);
}

#[test]
fn results_are_not_written_over_what_is_read_nor_over_each_other() {
    let folder = folder();
    for line in [
        "replay events.ndjson --config site --out events.ndjson",
        "replay events.ndjson --config site --standing ./site/../events.ndjson",
        "replay events.ndjson --config site --out same --standing same",
        "generate --cases 3 --out same --truth same",
        "generate --cases 3 --out a --truth b --plans ./a",
        "import xes events.ndjson --map site/examples/receipt/map.toml --out events.ndjson",
    ] {
        check_refused(folder.path(), line, ", which would be lost; name another");
    }
    let kept = fs::read_to_string(folder.path().join("events.ndjson")).expect("it is still there");
    assert_eq!(kept, format!("{EVENT}\n"));
}

#[test]
fn a_file_of_another_kind_is_told_as_such() {
    let folder = folder();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(EVENT.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    fs::write(folder.path().join("utf16.ndjson"), utf16).expect("a file can be written there");
    let all_refused = "the files hold no event: all 1 lines are refused; utf16.ndjson:1: not_utf8: first bad byte at 0";
    check_refused(folder.path(), "replay utf16.ndjson --config site", all_refused);
    check_refused(folder.path(), "explain A --events utf16.ndjson --config site", all_refused);
    check_refused(folder.path(), "replay site --config site", "could not read site beyond line 0");
    let import = "import xes events.ndjson --map site/examples/receipt/map.toml --out out.ndjson";
    check_refused(folder.path(), import, "the file is no XES log: there is no element <log> in it");
    assert_eq!(run(folder.path(), "check --config site/watchlight.toml").status.code(), Some(3));
    assert_eq!(run(folder.path(), "replay events.ndjson --until 2026-03-02T10:00:00+25:00").status.code(), Some(2));
    let nameless = command(folder.path(), "explain --events events.ndjson").arg("").output();
    assert_eq!(nameless.expect("the program was built with the tests").status.code(), Some(2));
}

#[test]
fn a_folder_without_rules_is_warned_of() {
    let folder = folder();
    let site = folder.path().join("site");
    fs::remove_dir_all(site.join("rules")).expect("it is there");
    fs::remove_file(site.join("profiles/hunan-2018.toml")).expect("it is there");
    let output = run(folder.path(), "check --config site");
    let said = String::from_utf8(output.stdout).expect("it prints UTF-8");
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.starts_with("site/rules warning RL39 there is no file of rules: nothing will be judged"), "{said}");
}
