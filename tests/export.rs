//! `watchlight export` and `tools/verify_proofs.py`: a run is accepted light by light by a reckoning that shares nothing
//! with the program, and one tampered day, amount, record or instant is named with its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::replayed::City;
use crate::support::skip::skip;
use crate::support::{program, project};

/// For the run that must be accepted.
const CASES: usize = 6_000;
/// For runs that are tampered with.
const FEW_CASES: usize = 1_000;

/// An export in a folder of its own.
struct Export {
    folder: TempDir,
}

impl Export {
    #[track_caller]
    fn of(city: &City) -> Export {
        Export::by(city, &project().join("config"))
    }

    /// An export judged by a configuration folder.
    #[track_caller]
    fn by(city: &City, config: &Path) -> Export {
        let export = Export { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        let output = program()
            .arg("export")
            .arg(city.events())
            .arg("--config")
            .arg(config)
            .args(["--until", &city.generated.until().to_string(), "--out"])
            .arg(export.path(""))
            .output()
            .expect("the program was built with the tests");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        export
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn lines(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).expect("the export has it");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    /// The same export with one file changed.
    fn with(&self, name: &str, change: impl FnOnce(String) -> String) -> Export {
        let other = Export { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        for entry in fs::read_dir(self.folder.path()).expect("the export can be read") {
            let path = entry.expect("the export can be read").path();
            fs::copy(&path, other.path(file_name(&path))).expect("a file can be copied");
        }
        let before = fs::read_to_string(other.path(name)).expect("the export has it");
        let after = change(before.clone());
        assert_ne!(before, after, "something was tampered with");
        fs::write(other.path(name), after).expect("a file can be written");
        other
    }

    /// The same export with line `place` (from 0) of a file changed.
    fn with_line(&self, name: &str, place: usize, change: impl FnOnce(&mut Value)) -> Export {
        self.with(name, |text| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let mut line: Value = serde_json::from_str(&lines[place]).expect("a line is JSON");
            change(&mut line);
            lines[place] = line.to_string();
            lines.join("\n") + "\n"
        })
    }

    /// What the verifier says, and its exit code; none (and a skip) without python3.
    fn verified(&self, test: &str) -> Option<(Option<i32>, String)> {
        let mut script = Command::new("python3");
        script.arg(project().join("tools/verify_proofs.py")).arg(self.folder.path());
        match script.env("PYTHONDONTWRITEBYTECODE", "1").output() {
            Ok(output) => {
                assert_eq!(String::from_utf8_lossy(&output.stderr), "");
                Some((output.status.code(), String::from_utf8(output.stdout).expect("it prints UTF-8")))
            }
            Err(error) => {
                skip(test, &format!("no python3: {error}"));
                None
            }
        }
    }

    /// The verifier must refuse it and say so in a line with all of `words`.
    #[track_caller]
    fn named(&self, words: &[&str]) {
        let Some((code, told)) = self.verified("export::one_tampered_place_is_named") else { return };
        assert_eq!(code, Some(1), "{told}");
        let named = told.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(named, "{words:?} in one line of\n{told}");
    }
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a plain name")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

/// How the verifier names a light.
fn light(line: &Value) -> String {
    format!("case {}, rule {}, instance {}:", text(line, "case"), text(line, "rule"), text(line, "instance"))
}

/// The first line that `wanted` takes, with its place.
#[track_caller]
fn first(lines: &[Value], wanted: impl Fn(&Value) -> bool) -> (usize, Value) {
    let found = lines.iter().enumerate().find(|(_, line)| wanted(line));
    found.map(|(place, line)| (place, line.clone())).expect("the city has such a light")
}

#[test]
fn every_light_of_the_sample_city_holds() {
    let city = City::generate(CASES, 1);
    let export = Export::of(&city);
    let replayed = city.replay(&[city.events()], 2);
    let about: Value = serde_json::from_str(&fs::read_to_string(export.path("export.json")).expect("it is there"))
        .expect("it is JSON");
    assert_eq!(text(&about, "digest"), replayed.digest, "an export is a replay");
    assert_eq!(
        fs::read_to_string(export.path("transitions.ndjson")).expect("it is there"),
        replayed.transitions,
        "to the byte"
    );
    let Some((code, told)) = export.verified("export::every_light_of_the_sample_city_holds") else { return };
    assert_eq!(code, Some(0), "{told}");
    let counts = format!("lights {}  transitions {}  ", replayed.standing.len(), replayed.transitions.lines().count());
    assert!(told.contains(&counts) && told.ends_with("everything holds\n"), "{told}");

    let compared = program()
        .arg("compare")
        .arg(export.path(""))
        .arg(city.events())
        .current_dir(project())
        .output()
        .expect("the program was built with the tests");
    let told = String::from_utf8_lossy(&compared.stdout).into_owned();
    assert_eq!((compared.status.code(), told.lines().last()), (Some(0), Some("equal")), "{told}");
}

/// Rules of kinds that a shipped rule need not have; most of the sample city's cases fall under one of them.
const KINDS: &str = r#"
[fields]
parts = { type = "list:money", columns = "part_*" }

[[rule]]
id     = "XK-01"
family = "process-skip"
kind   = "forbids"
name   = { zh = "禁止", en = "Forbidden" }
basis  = "规则"
event  = "stage_completed"
after  = "stage_completed | accepted"
unless = "supplement_received"
within = "3wd"
later_than = "10min"
same   = ["case.item"]
where  = "event.stage != (earlier.stage ?? '')"
clears = "seen(closed[outcome == 'granted'])"
cards  = { yellow = {}, red = "earlier.activity == 'accepted'" }

[[rule]]
id     = "XK-02"
family = "process-skip"
kind   = "count"
name   = { zh = "次数", en = "Count" }
basis  = "规则"
of     = "any"
by     = ["source", "dept"]
max    = 2
within = "30d"
clears = "seen(reopened)"
cards  = { warning = {}, yellow = "count >= 5" }

[[rule]]
id     = "XK-03"
family = "process-skip"
kind   = "count"
name   = { zh = "太少", en = "Too few" }
basis  = "规则"
of     = "fee_charged"
min    = 2
at     = "closed"
card   = "yellow"

[[rule]]
id       = "XK-04"
family   = "process-skip"
kind     = "requires"
name     = { zh = "紧接", en = "Directly" }
basis    = "规则"
event    = "closed"
before   = "accepted"
directly = true
card     = "warning"

[[rule]]
id       = "XK-05"
family   = "process-skip"
kind     = "forbids"
name     = { zh = "紧接禁止", en = "Directly forbidden" }
basis    = "规则"
event    = "closed"
after    = "any"
directly = true
each     = "first"
ties     = "lenient"
card     = "warning"

[[rule]]
id     = "XK-06"
family = "irregular-fee"
kind   = "condition"
name   = { zh = "列表", en = "List" }
basis  = "规则"
on     = "closed"
when   = "total(case.attrs.parts) > 5元 && !known(event.attrs.parts)"
card   = "yellow"
"#;

/// A rule of each kind that judges several cases at once; the officers of the sample city share their cases.
const ACROSS: &str = r#"[[rule]]
id       = "XG-01"
family   = "overdue"
kind     = "deadline"
name     = { zh = "同日同事项", en = "One clock over several cases" }
basis    = "规则"
group    = { by = ["event.officer"] }
start    = "stage_completed"
each     = "first"
stop_when = "cases(closed) >= cases(stage_completed) && count(stage_completed) > 3"
limit    = "24h"
cards    = { yellow = "due", red = "due + 48h" }

[[rule]]
id     = "XG-02"
family = "process-skip"
kind   = "count"
name   = { zh = "一人多件", en = "Many by one person" }
basis  = "规则"
group  = { by = ["event.officer", "event.stage"], window = "3d", cards_on = "last" }
of     = "stage_completed"
by     = ["officer"]
max    = 2
within = "12h"
cards  = { yellow = {}, red = "count >= 5" }

[[rule]]
id     = "XG-03"
family = "process-skip"
kind   = "forbids"
name   = { zh = "紧跟", en = "Right after" }
basis  = "规则"
group  = { by = ["event.officer"], window = "1d" }
event  = "stage_completed"
after  = "stage_completed"
within = "10min"
same   = ["stage"]
where  = "event.case_id != earlier.case_id && event.case.item == earlier.case.item"
card   = "warning"

[[rule]]
id     = "XG-04"
family = "process-skip"
kind   = "requires"
name   = { zh = "先有一件", en = "One before" }
basis  = "规则"
group  = { by = ["event.officer"], window = "2d", cards_on = "first" }
event  = "stage_completed"
before = "stage_completed[stage == 'approve']"
where  = "item.known && case.open"
card   = "warning"

[[rule]]
id     = "XG-05"
family = "process-skip"
kind   = "condition"
name   = { zh = "同时在办", en = "Many at once" }
basis  = "规则"
group  = { by = ["event.region", "event.dept", "event.stage"], window = "5d", cards_on = "last" }
on     = "case"
when   = "cases(stage_completed) >= 3 && distinct(stage_completed, officer) < 2"
cards  = { yellow = { after = "2h" } }

[[rule]]
id     = "XG-06"
family = "irregular-fee"
kind   = "condition"
name   = { zh = "同额", en = "The same sum" }
basis  = "规则"
group  = { by = ["event.fee.code", "event.fee.amount"], window = "90d", cards_on = "all" }
on     = "fee_charged"
when   = "size(minus(values(fee_charged, case_id), [event.case_id])) > 0 && sum(fee_charged, fee.amount) > 1元"
cards  = { yellow = {}, red = "count(fee_charged) > 5" }

[[rule]]
id     = "XG-07"
family = "process-skip"
kind   = "separation"
name   = { zh = "一人两职", en = "One person, two acts" }
basis  = "规则"
group  = { by = ["event.officer"] }
by     = "officer"
card   = "yellow"
acts   = ["stage_completed[stage == 'handle']", "stage_completed[stage == 'approve']"]
"#;

/// A copy of the shipped configuration with more rules.
fn config_with(rules: &str, folder: &Path) -> PathBuf {
    let config = folder.join("config");
    crate::copied_rule::copy(&project().join("config"), &config);
    fs::write(config.join("rules/more.toml"), rules).expect("a file can be written there");
    config
}

/// Which cases share a key, and which of them are lit, is worked out again as well.
#[test]
fn lights_of_rules_across_cases_hold_and_a_tampered_place_is_named() {
    // Few cases: every fact of one asks for its groups. The seed gives each rule a light.
    let city = City::generate(200, 6);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let export = Export::by(&city, &config_with(ACROSS, folder.path()));
    let standing = export.lines("standing.ndjson");
    for rule in ["XG-01", "XG-04", "XG-06", "XG-07"] {
        assert!(standing.iter().any(|line| line["rule"] == rule), "{rule} lights a case");
    }
    let Some((code, told)) = export.verified("export::lights_of_rules_across_cases_hold") else { return };
    assert_eq!(code, Some(0), "{told}");

    // One person did both, in two cases: the record of one of them names somebody else.
    let last_act = |line: &Value| {
        let act =
            line["proof"]["acts"].as_array().and_then(|acts| acts.last()).expect("the acts of a separation").clone();
        let fields = act[1]["fields"].as_array().expect("a record of a group names its case");
        let case = fields.iter().filter_map(Value::as_str).find_map(|field| field.strip_prefix("case="));
        (case.expect("its case").to_owned(), text(&act[1], "id").to_owned())
    };
    let (place, shared) = first(&standing, |line| line["rule"] == "XG-07" && line["case"] == last_act(line).0);
    let (case, id) = last_act(&shared);
    let person = text(&shared["proof"], "person").to_owned();
    let facts = export.lines("facts.ndjson");
    let (fact, _) = first(&facts, |line| line["fact"]["case"] == *case && line["fact"]["id"] == *id);
    let tampered = export.with("facts.ndjson", |text| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[fact] = lines[fact].replace(&person, "somebody-else");
        lines.join("\n") + "\n"
    });
    let name = format!("standing.ndjson line {}, ", place + 1);
    tampered.named(&[&name, &light(&shared), "no such light by the facts of the cases that share its key"]);

    // The legal instant of a clock over several cases.
    let (place, late) = first(&standing, |line| line["rule"] == "XG-01");
    let moved = "2026-04-01T10:00:00.001Z";
    let tampered = export.with_line("standing.ndjson", place, |line| line["since"] = moved.into());
    let since = format!("since: the export says {moved}; reckoned is {}", text(&late, "since"));
    tampered.named(&[&format!("standing.ndjson line {}, ", place + 1), &light(&late), &since]);

    // A light of a group is left out.
    let tampered = export.with("standing.ndjson", |text| {
        let kept = text.lines().enumerate().filter(|(index, _)| *index != place);
        kept.map(|(_, line)| format!("{line}\n")).collect()
    });
    tampered.named(&["standing.ndjson: missing is ", &format!("case {}, rule XG-01, ", text(&late, "case"))]);
}

/// The verifier knows every kind, shipped or not.
#[test]
fn kinds_that_no_shipped_rule_has_hold_too() {
    let city = City::generate(FEW_CASES, 3);
    let mut lines = city.lines();
    for line in
        lines.iter_mut().filter(|line| line.contains("\"activity\":\"accepted\"") && !line.contains("\"attrs\""))
    {
        let event = line.strip_suffix('}').expect("a line is an object").to_owned();
        *line = format!("{event},\"attrs\":{{\"part_10\":\"2.00\",\"part_2\":\"3.01\",\"part_x\":\"9.00\"}}}}");
    }
    let events = city.write("events.ndjson", &lines);
    assert_eq!(events, city.events());
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let export = Export::by(&city, &config_with(KINDS, folder.path()));
    let standing = export.lines("standing.ndjson");
    for rule in ["XK-01", "XK-02", "XK-03", "XK-04", "XK-05", "XK-06"] {
        let lit = standing.iter().filter(|line| line["rule"] == rule).count();
        assert!(lit >= 20, "{rule} lights {lit} cases");
    }
    let Some((code, told)) = export.verified("export::kinds_that_no_shipped_rule_has_hold_too") else { return };
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn one_tampered_place_is_named() {
    let city = City::generate(FEW_CASES, 2);
    let export = Export::of(&city);
    let standing = export.lines("standing.ndjson");
    let days = |line: &Value| line["proof"]["days"].as_array().map_or(0, Vec::len);
    let line_name = |file: &str, place: usize| format!("{file} line {}, ", place + 1);

    // A day of a ledger.
    let (place, late) = first(&standing, |line| days(line) > 2);
    let day = text(&late["proof"]["days"][2], "date").to_owned();
    let tampered = export.with_line("standing.ndjson", place, |line| line["proof"]["days"][2]["counted"] = 7.into());
    let name = line_name("standing.ndjson", place);
    tampered.named(&[&name, &light(&late), &format!("proof.days[2] ({day}).counted: the export says 7; ")]);

    // The legal instant of a card.
    let moved = "2026-04-01T10:00:00.001Z";
    let tampered = export.with_line("standing.ndjson", place, |line| line["since"] = moved.into());
    let since = format!("since: the export says {moved}; reckoned is {}", text(&late, "since"));
    tampered.named(&[&name, &light(&late), &since]);

    // An amount of a fact: the sum of the ledger is another.
    let (place, paid) = first(&standing, |line| line["proof"]["kind"] == "fee");
    let record = text(&paid["proof"]["ledger"][0], "id").to_owned();
    let of_record = |line: &Value, case: &Value, id: &str| line["fact"]["case"] == *case && line["fact"]["id"] == *id;
    let facts = export.lines("facts.ndjson");
    let (fact, _) = first(&facts, |line| of_record(line, &paid["case"], &record));
    let tampered = export.with("facts.ndjson", |text| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[fact] = lines[fact].replace("\"amount\":\"", "\"amount\":\"9");
        lines.join("\n") + "\n"
    });
    let fen = &paid["proof"]["ledger"][0]["fen"];
    let ledger = format!("proof.ledger[0] (record {record}).fen: the export says {fen}; reckoned is ");
    tampered.named(&[&line_name("standing.ndjson", place), &light(&paid), &ledger]);

    // A record is gone: the light that rests on it has lost its start.
    let (place, late) = first(&standing, |line| line["proof"]["kind"] == "deadline");
    let start = text(&late["proof"]["start"], "id").to_owned();
    let tampered = export.with("facts.ndjson", |text| {
        let kept = text.lines().zip(&facts).filter(|(_, line)| !of_record(line, &late["case"], &start));
        kept.map(|(line, _)| format!("{line}\n")).collect()
    });
    let lost = format!("records that are not among the facts: {start}");
    tampered.named(&[&line_name("standing.ndjson", place), &light(&late), &lost]);
    tampered.named(&["export.json: facts: the export says "]);

    // A record is gone that made a light go: the light is missing.
    let closed = |line: &&Value| line["fact"]["activity"] == "closed";
    let lit: Vec<&Value> = standing.iter().map(|line| &line["case"]).collect();
    let transitions = export.lines("transitions.ndjson");
    let cleared = transitions.iter().find(|line| {
        let case = &line["case"];
        let closing = facts.iter().filter(closed).filter(|fact| fact["fact"]["case"] == *case).count();
        line["kind"] == "cleared" && line["cause"] == "event" && closing == 1 && !lit.contains(&case)
    });
    let cleared = cleared.expect("the city has a light that a closing cleared");
    let tampered = export.with("facts.ndjson", |text| {
        let gone = |line: &Value| closed(&line) && line["fact"]["case"] == cleared["case"];
        let kept = text.lines().zip(&facts).filter(|(_, line)| !gone(line));
        kept.map(|(line, _)| format!("{line}\n")).collect()
    });
    tampered.named(&["standing.ndjson: missing is ", &format!("case {}, ", text(cleared, "case"))]);

    // A day off of the calendar is made to work.
    let holiday = |line: &Value| line["proof"]["days"].as_array()?.iter().position(|day| day["why"] == "holiday");
    let (place, late) = first(&standing, |line| holiday(line).is_some());
    let at = holiday(&late).expect("it was looked for");
    let day = text(&late["proof"]["days"][at], "date").to_owned();
    let tampered = export.with("configuration.json", |text| {
        let mut data: Value = serde_json::from_str(&text).expect("it is JSON");
        let days = data["calendars"]["cn/Asia/Shanghai"]["days"].as_array_mut().expect("listed days");
        days.retain(|listed| listed["date"] != *day);
        data.to_string()
    });
    let of_day = format!("proof.days[{at}] ({day}).counted: the export says 0; reckoned is 1");
    tampered.named(&[&line_name("standing.ndjson", place), &light(&late), &of_day]);

    // A transition is gone: the chain is broken where it stood.
    let (place, again) = first(&transitions, |line| line["revision"] == 2);
    let gone = transitions
        .iter()
        .position(|line| line["revision"] == 1 && light(line) == light(&again))
        .expect("the one before it");
    let tampered = export.with("transitions.ndjson", |text| {
        let kept = text.lines().enumerate().filter(|(index, _)| *index != gone);
        kept.map(|(_, line)| format!("{line}\n")).collect()
    });
    let revision = "revision: the export says 2; the chain before it asks for 1";
    tampered.named(&[&line_name("transitions.ndjson", place - 1), &light(&again), revision]);
}

#[test]
fn an_export_goes_into_a_folder_of_its_own() {
    let city = City::generate(20, 1);
    let output = program()
        .arg("export")
        .arg(city.events())
        .arg("--config")
        .arg(project().join("config"))
        .arg("--out")
        .arg(project())
        .output()
        .expect("the program was built with the tests");
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not empty; an export goes into a folder of its own"));
}
