//! Rules are files: one copied under a new id, with activities and numbers of its own, judges without a build,
//! a number changed in a file changes the lights, and a file that cannot be right is refused by its place.

use std::fs;
use std::path::{Path, PathBuf};

use facts::Moment;

use crate::support::replayed::{Replay, Replayed};
use crate::support::{program, project};

/// A borrowing desk: nothing in the program knows of books.
const VOCABULARY: &str = r#"
[activities]
lent          = { zh = "借出", en = "lent" }
returned_book = { zh = "归还", en = "returned", repeats = true }
"#;

/// OD-12 with another id, other activities and another limit.
const COPY: &str = r#"
[[rule]]
id     = "LB-07"
family = "overdue"
kind   = "deadline"
name   = { zh = "逾期未还", en = "Not returned" }
basis  = "借阅规则第三条"
start  = "lent"
stop   = "returned_book"
limit  = "3wd"
cards.warning = "due - 1wd"
cards.red     = { at = "due", clears = "ended" }
message.zh = "{case.id} 应于 {due|date} 归还"
message.en = "{case.id} is due back on {due|date}"
"#;

/// Lent on Tuesday: the third working day after it is Friday, 2026-03-06.
const EVENTS: [(&str, &str, &str); 6] = [
    ("B-1", "lent", "2026-03-03T10:00:00+08:00"),
    ("B-2", "lent", "2026-03-03T10:00:00+08:00"),
    ("B-3", "lent", "2026-03-03T10:00:00+08:00"),
    ("B-2", "returned_book", "2026-03-06T18:00:00+08:00"),
    ("B-3", "returned_book", "2026-03-07T09:00:00+08:00"),
    ("B-4", "lent", "2026-03-04T10:00:00+08:00"),
];

/// A configuration folder that starts as a copy of the shipped one.
struct Folder(tempfile::TempDir);

impl Folder {
    fn shipped() -> Folder {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        copy(&project().join("config"), &folder.path().join("config"));
        Folder(folder)
    }

    fn config(&self) -> PathBuf {
        self.0.path().join("config")
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.config().join(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be made there");
        fs::write(&path, text).expect("a file can be written there");
        path
    }

    fn append(&self, name: &str, text: &str) {
        let before = fs::read_to_string(self.config().join(name)).expect("a shipped file");
        self.write(name, &format!("{before}{text}"));
    }

    /// Puts `to` where `from` stands, exactly once.
    #[track_caller]
    fn change(&self, name: &str, from: &str, to: &str) {
        let before = fs::read_to_string(self.config().join(name)).expect("a shipped file");
        assert_eq!(before.matches(from).count(), 1, "{name} says {from:?} once");
        self.write(name, &before.replace(from, to));
    }

    fn lends(&self) {
        self.append("vocabulary.toml", VOCABULARY);
        self.write("rules/site/library.toml", COPY);
    }

    #[track_caller]
    fn replay(&self, until: &str) -> Replayed {
        let events = self.events();
        let until: Moment = until.parse().expect("an instant");
        Replay { files: &[&events], config: &self.config(), until: Some(until), workers: 1 }.run()
    }

    fn events(&self) -> PathBuf {
        let lines = (1..).zip(EVENTS).map(|(id, (case, activity, at))| {
            format!(
                r#"{{"id":"{id}","source":"desk","case":"{case}","activity":"{activity}","at":"{at}","level":"county","region":"360902","dept":"LIB"}}"#
            )
        });
        let path = self.0.path().join("events.ndjson");
        fs::write(&path, lines.collect::<Vec<_>>().join("\n")).expect("a file can be written there");
        path
    }
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made there");
    for entry in fs::read_dir(from).expect("a shipped folder") {
        let entry = entry.expect("a shipped folder can be read");
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).expect("a file can be copied");
        }
    }
}

#[track_caller]
fn check(replayed: &Replayed, expected: &[&str]) {
    let shown: Vec<String> =
        replayed.lights().iter().map(|light| format!("{} {} {}", light.case, light.rule, light.card)).collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_copied_rule_with_declared_activities_lights_without_a_build() {
    let folder = Folder::shipped();
    folder.lends();
    check(&folder.replay("2026-03-06T18:00:00+08:00"), &["B-1 LB-07 warning", "B-3 LB-07 warning"]);
    let late = folder.replay("2026-03-06T18:00:00.001+08:00");
    check(&late, &["B-1 LB-07 red", "B-3 LB-07 red", "B-4 LB-07 warning"]);
    assert_eq!(late.standing[0].reason.zh, "B-1 应于 2026年3月6日 归还");
    assert_eq!(late.standing[0].reason.en, "B-1 is due back on 2026-03-06");
    check(&folder.replay("2026-03-07T09:00:00+08:00"), &["B-1 LB-07 red", "B-4 LB-07 warning"]);
}

/// Undeclared, they are strange words and nothing else.
#[test]
fn the_shipped_rules_alone_only_say_that_they_do_not_know_the_activities() {
    let warned = ["B-1", "B-2", "B-2", "B-3", "B-3", "B-4"].map(|case| format!("{case} DQ-03 warning"));
    let warned: Vec<&str> = warned.iter().map(String::as_str).collect();
    check(&Folder::shipped().replay("2026-03-30T09:00:00+08:00"), &warned);
}

#[test]
fn another_number_in_the_file_is_another_light() {
    let folder = Folder::shipped();
    folder.lends();
    folder.change("rules/site/library.toml", "limit  = \"3wd\"", "limit  = \"4wd\"");
    check(&folder.replay("2026-03-09T18:00:00+08:00"), &["B-1 LB-07 warning"]);
    folder.change("rules/site/library.toml", "due - 1wd", "due - 3wd");
    check(
        &folder.replay("2026-03-06T12:00:00+08:00"),
        &["B-1 LB-07 warning", "B-2 LB-07 warning", "B-3 LB-07 warning", "B-4 LB-07 warning"],
    );
    folder.change("rules/site/library.toml", "cards.red     = { at = \"due\"", "cards.yellow = { at = \"due\"");
    check(&folder.replay("2026-03-09T18:00:00.001+08:00"), &["B-1 LB-07 yellow", "B-4 LB-07 warning"]);
}

/// On trial: analysts see with `explain` what it would light, and nobody else hears of it.
#[test]
fn a_rule_on_trial_lights_nothing_and_is_shown_by_explain_alone() {
    let folder = Folder::shipped();
    folder.lends();
    let silent = {
        folder.change("rules/site/library.toml", "kind   = \"deadline\"", "kind   = \"deadline\"\nstatus = \"off\"");
        folder.replay("2026-03-06T18:00:00.001+08:00")
    };
    folder.change("rules/site/library.toml", "status = \"off\"", "status = \"shadow\"");
    let trial = folder.replay("2026-03-06T18:00:00.001+08:00");
    check(&trial, &[]);
    assert_eq!((&trial.transitions, &trial.digest), (&silent.transitions, &silent.digest), "as if it were off");
    let text = |arguments: &[&str]| {
        let output = program().args(arguments).arg("--config").arg(folder.config()).output();
        let output = output.expect("the program was built with the tests");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it prints UTF-8")
    };
    let events = folder.events();
    let at = "2026-03-06T18:00:00.001+08:00";
    let told =
        text(&["explain", "B-1", "--events", events.to_str().expect("a plain name"), "--at", at, "--lang", "en"]);
    let (lights, shadow) =
        told.split_once("rules on trial (no light stands, none is sent)").expect("it is shown apart");
    assert!(lights.contains("no light stands") && !lights.contains("LB-07"), "{told}");
    assert!(shadow.contains("LB-07") && shadow.contains("B-1 is due back on 2026-03-06"), "{told}");
    let listed = text(&["rules", "list", "--lang", "en"]);
    let row = listed.lines().find(|line| line.starts_with("LB-07@1+national\t")).expect("it is listed");
    assert_eq!(row, "LB-07@1+national\tshadow\tdeadline\toverdue\tNot returned\t借阅规则第三条");
}

/// All faults of all files at once, each by file, line and column; exit code 3, nothing judged.
#[test]
fn a_broken_rule_is_refused_by_file_line_and_column() {
    let folder = Folder::shipped();
    folder.lends();
    folder.change("rules/site/library.toml", "stop   = \"returned_book\"", "stop   = \"returned_boot\"");
    folder.change("rules/site/library.toml", "limit  = \"3wd\"", "limit  = \"3 moons\"");
    let events = folder.events();
    let refused = Replay { files: &[&events], config: &folder.config(), until: None, workers: 1 }.refused();
    assert_eq!(refused.status.code(), Some(3), "cannot start");
    assert_eq!(String::from_utf8_lossy(&refused.stdout), "");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    for place in ["rules/site/library.toml:9:", "rules/site/library.toml:10:"] {
        assert!(told.contains(place), "{place} in:\n{told}");
    }
    assert!(told.contains("\"returned_book\""), "it suggests the activity that was meant:\n{told}");
}
