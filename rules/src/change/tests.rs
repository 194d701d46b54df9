use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::tz::TimeZone;

use super::{ConfigurationChange, Parts};
use crate::configuration::Configuration;
use crate::site::{self, Files};

/// The shipped folder.
fn shipped() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let mut files = Files::new();
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(root.join(&below)).expect("it is shipped") {
            let entry = entry.expect("readable");
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.file_type().expect("known").is_dir() {
                folders.push(name + "/");
            } else if site::is_part(&name) {
                files.insert(name, fs::read(entry.path()).expect("readable"));
            }
        }
    }
    files
}

fn load(files: &Files) -> Configuration {
    let zone = TimeZone::get("Asia/Shanghai").expect("bundled");
    site::load(files, &zone).expect("a sound folder").configuration
}

/// The shipped folder with `from` replaced in the file `name`, against the shipped one.
#[track_caller]
fn after(name: &str, from: &str, to: &str) -> ConfigurationChange {
    let mut files = shipped();
    let text = String::from_utf8(files[name].clone()).expect("UTF-8");
    assert!(text.contains(from), "{name} has {from}");
    files.insert(name.to_owned(), text.replace(from, to).into_bytes());
    ConfigurationChange::between(&load(&shipped()), &load(&files))
}

#[track_caller]
fn parts(change: ConfigurationChange) -> Parts {
    match change {
        ConfigurationChange::Parts(parts) => *parts,
        ConfigurationChange::Everything => panic!("only parts differ"),
    }
}

#[test]
fn a_comment_and_an_empty_line_change_nothing() {
    let parts = parts(after("rules/overdue/case_limits.toml", "[[rule]]", "\n# to be read\n[[rule]]"));
    assert!(parts.rules.is_empty() && parts.items.is_empty() && parts.sources.is_empty(), "{parts:?}");
    assert!(parts.places.iter().all(Option::is_some), "every rule is kept");
}

#[test]
fn a_promise_concerns_the_cases_of_its_item() {
    let parts = parts(after("catalogue/items.csv", "license,2025-01-01,,7wd", "license,2025-01-01,,6wd"));
    assert_eq!(parts.items, BTreeSet::from(["SC-201".into()]));
    assert!(parts.rules.is_empty() && parts.sources.is_empty(), "{parts:?}");
    assert!(parts.places.iter().all(Option::is_some), "every rule is kept");
}

#[test]
fn a_limit_concerns_its_rule_in_each_profile() {
    let change = after("rules/overdue/case_limits.toml", "over >= 1", "over >= 2");
    let parts = parts(change);
    assert!(!parts.rules.is_empty() && parts.items.is_empty(), "{parts:?}");
    let fresh: usize = parts.rules.values().map(Vec::len).sum();
    let gone = parts.places.iter().filter(|place| place.is_none()).count();
    assert_eq!(fresh, gone, "each profile has the rule anew and no longer as it was");
    let kept = parts.places.iter().flatten().count();
    assert!(kept > 0 && kept < parts.places.len(), "other rules are what they were");
}

#[test]
fn a_day_off_concerns_everybody() {
    let day = "[[day]]\ndate = 2026-01-02\nname = \"元旦\"\noff = true\n";
    assert_eq!(after("calendars/cn/2026.toml", day, ""), ConfigurationChange::Everything);
}
