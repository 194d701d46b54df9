//! `watchlight rules test`, over the shipped rules and over a folder with faults; and the page that lists the rules.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{program, project};

/// Exit code, standard output and standard error.
fn rules_test(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = program().current_dir(folder).args(["rules", "test"]).args(arguments).output();
    let output = output.expect("the program was built with the tests");
    let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_shipped_rule_fires_nearly_fires_ends_and_is_taken_back_in_its_scenarios() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (json, junit) = (folder.path().join("r.json"), folder.path().join("r.xml"));
    let paths = [json.to_str().expect("UTF-8"), junit.to_str().expect("UTF-8")];
    let (code, said, _) = rules_test(project(), &["--json", paths[0], "--junit", paths[1]]);
    assert_eq!(code, Some(0), "{said}");
    let report: Value = serde_json::from_slice(&fs::read(&json).expect("it was written")).expect("it is JSON");
    let list = |value: &Value, key: &str| value[key].as_array().unwrap_or_else(|| panic!("no {key}")).clone();
    let rules = list(&report, "rules");
    assert!(rules.len() > 80, "only {} rules", rules.len());
    for rule in &rules {
        assert_eq!(list(rule, "missing"), Vec::<Value>::new(), "{}: no such scenario", rule["id"]);
        for branch in list(rule, "branches").iter().filter(|branch| branch["shown"] == false) {
            // No item of the shipped catalogue lacks a statutory limit.
            assert_eq!(rule["id"], "DQ-06", "{branch} is shown by no scenario");
        }
    }
    let scenarios: usize = list(&report, "files").iter().map(|file| list(file, "scenarios").len()).sum();
    let junit = fs::read_to_string(&junit).expect("it was written");
    assert_eq!(junit.matches("<testcase ").count(), scenarios);
    assert!(junit.contains(&format!("tests=\"{scenarios}\" failures=\"0\"")), "{}", &junit[..200]);
}

#[test]
fn the_scenarios_notice_nearly_every_change_of_a_shipped_rule() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let json = folder.path().join("r.json");
    let (code, said, _) = rules_test(project(), &["--mutate", "--json", json.to_str().expect("UTF-8")]);
    assert_eq!(code, Some(0), "{said}");
    let report: Value = serde_json::from_slice(&fs::read(&json).expect("it was written")).expect("it is JSON");
    let (mut tried, mut caught, mut few) = (0, 0, Vec::new());
    for rule in report["rules"].as_array().expect("a list") {
        let count = |key: &str| rule["mutants"][key].as_u64().unwrap_or_else(|| panic!("no {key}: {}", rule["id"]));
        if count("tried") < 10 {
            few.push(rule["id"].to_string());
        }
        tried += count("tried");
        caught += count("caught");
    }
    assert!(few.is_empty(), "less than ten changes of {}", few.join(", "));
    assert!(caught * 100 >= tried * 95, "{caught} of {tried} were noticed");
}

/// A folder with one rule and these scenarios.
fn folder(scenarios: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let write = |name: &str, text: &str| {
        let path = folder.path().join("site").join(name);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("folders can be made there");
        fs::write(path, text).expect("files can be written there");
    };
    write("watchlight.toml", "zone = \"Asia/Shanghai\"\n");
    write(
        "profiles/site.toml",
        "id = \"site\"\ndefault = true\n[defaults]\nzone = \"Asia/Shanghai\"\ncalendar = \"cn\"\ncounting = \"legal\"\n",
    );
    write(
        "rules/fees.toml",
        r#"[[rule]]
id     = "L-01"
family = "irregular-fee"
kind   = "condition"
name   = { zh = "收费异常", en = "Odd fee" }
basis  = "办法"
on     = "fee_charged"
card   = "yellow"
[[rule.part]]
id     = "much"
any_of = ["event.fee.amount > 100元", "empty(event.fee.code)"]
"#,
    );
    write("rules/fees.cases.toml", scenarios);
    folder
}

const SCENARIOS: &str = r#"rules = ["L-01.much"]
base = { case = "A", source = "s", level = "county", region = "360902", dept = "D", activity = "fee" }
[[scenario]]
name = "too much"
shows = "fires"
events = [{ at = "2026-03-02T10:00:00+08:00", fee = { act = "charged", code = "X", amount = "100.01" } }]
expect = [{ at = "2026-03-02T10:00:00+08:00", lights = ["L-01.much yellow"] }]
[[scenario]]
name = "just right"
shows = "nearly"
events = [{ at = "2026-03-02T10:00:00+08:00", fee = { act = "charged", code = "X", amount = "100.00" } }]
expect = [{ at = "2026-03-02T10:00:00+08:00", lights = [] }]
"#;

#[test]
fn what_no_scenario_tries_is_told_and_is_no_fault() {
    let folder = folder(SCENARIOS);
    let (code, said, _) = rules_test(folder.path(), &["--config", "site"]);
    assert_eq!(code, Some(0), "{said}");
    insta::assert_snapshot!(said, @r#"
    L-01.much Odd fee: fires 1, nearly 1, resolves 0, retracts 0
        no scenario retracts; no scenario meets `empty(event.fee.code)`
    1 rules, 2 scenarios in 1 files: 0 failures, 2 gaps
    "#);
    let (_, said, _) = rules_test(folder.path(), &["--config", "site", "--rule", "L-01", "--lang", "zh"]);
    insta::assert_snapshot!(said, @r#"
    L-01.much 收费异常：亮灯 1，差一点 1，消除 0，撤回 0
        没有“撤回”的场景；没有场景用到 `empty(event.fee.code)`
    规则 1，场景 2（1 个文件）：不符 0，缺口 2
    "#);
}

#[test]
fn an_expectation_that_does_not_hold_fails_the_run_and_is_in_both_reports() {
    let folder = folder(&SCENARIOS.replace("amount = \"100.00\"", "amount = \"100.02\""));
    let (code, said, _) = rules_test(folder.path(), &["--config", "site", "--junit", "r.xml", "--json", "r.json"]);
    assert_eq!(code, Some(1), "{said}");
    let failure = "at 2026-03-02T10:00:00+08:00: expected [], got [\"L-01.much yellow county.360902.D/s/1\"]";
    assert!(said.contains(&format!("rules/fees.cases.toml: just right: {failure}")), "{said}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it was written");
    let report: Value = serde_json::from_str(&read("r.json")).expect("it is JSON");
    assert_eq!(report["files"][0]["scenarios"][1]["failures"][0], failure);
    assert!(read("r.xml").contains("<failure message=\"1 expectations\">at 2026-03-02"), "{}", read("r.xml"));
}

#[test]
fn a_scenario_file_that_cannot_be_read_is_a_fault_and_a_rule_that_is_not_there_stops_it() {
    let folder = folder(&SCENARIOS.replace("\"nearly\"", "\"almost\""));
    let (code, said, _) = rules_test(folder.path(), &["--config", "site"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("SC01"), "{said}");
    let (code, _, complained) = rules_test(folder.path(), &["--config", "site", "--rule", "L-02"]);
    assert_eq!((code, complained.trim_end()), (Some(3), "watchlight: there is no rule L-02 in site"));
}

/// A rule of a rule file, with its parts.
struct Listed {
    id: String,
    row: String,
}

/// Every rule of `config/rules`, as the page lists it.
fn listed() -> Vec<Listed> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![project().join("config/rules")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the rules can be read") {
            let path = entry.expect("the rules can be read").path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".toml") && !name.ends_with(".cases.toml") {
                let file: toml::Table = fs::read_to_string(&path).expect("UTF-8").parse().expect("it is TOML");
                let rules = file.get("rule").and_then(toml::Value::as_array).cloned().unwrap_or_default();
                found.extend(rules.iter().map(|rule| {
                    let listed = list(rule);
                    (listed.id.clone(), listed)
                }));
            }
        }
    }
    found.into_values().collect()
}

fn list(rule: &toml::Value) -> Listed {
    let text = |value: &toml::Value, key: &str| value.get(key).and_then(toml::Value::as_str).unwrap_or("").to_owned();
    let in_both = |key: &str| rule.get(key).map(|both| (text(both, "zh"), text(both, "en"))).unwrap_or_default();
    let parts = rule.get("part").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let mut cards = Vec::new();
    let mut kinds = Vec::new();
    for each in std::iter::once(rule).chain(&parts) {
        let table = each.get("cards").and_then(toml::Value::as_table);
        let of_table = table.into_iter().flat_map(|table| table.keys().cloned());
        cards.extend(of_table.chain(each.get("card").and_then(toml::Value::as_str).map(str::to_owned)));
        kinds.extend(each.get("kind").and_then(toml::Value::as_str).map(str::to_owned));
    }
    let worth = |card: &String| ["warning", "yellow", "red"].iter().position(|known| known == card);
    cards.sort_by_key(worth);
    cards.dedup();
    kinds.dedup();
    let id = text(rule, "id");
    let own: Vec<String> = parts.iter().map(|part| format!("`{}`", text(part, "id"))).collect();
    let ((zh, en), (_, note)) = (in_both("name"), in_both("note"));
    if text(rule, "status") == "manual" {
        kinds.push("manual".to_owned());
    }
    let (cards, kinds, own) = (cards.join(", "), kinds.join(", "), own.join(" "));
    let basis = text(rule, "basis");
    Listed { row: format!("| {id} | {zh} {en} | {kinds} | {cards} | {own} | {basis} | {note} |"), id }
}

#[test]
fn the_page_lists_every_rule_that_is_shipped() {
    let page = fs::read_to_string(project().join("docs/rules.md")).expect("the page is there");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ") && line.contains('-')).collect();
    let listed = listed();
    let missing: Vec<&str> = listed.iter().map(|rule| rule.row.as_str()).filter(|row| !rows.contains(row)).collect();
    assert!(missing.is_empty(), "docs/rules.md lacks\n{}", missing.join("\n"));
    let ids: Vec<&str> = listed.iter().map(|rule| rule.id.as_str()).collect();
    let of_page = rows.iter().filter_map(|row| row.strip_prefix("| ")?.split(' ').next());
    let unknown: Vec<&str> =
        of_page.filter(|id| id.starts_with(char::is_alphabetic) && id.contains('-') && !ids.contains(id)).collect();
    assert!(unknown.is_empty(), "docs/rules.md lists rules that are not there: {unknown:?}");
}

#[test]
fn what_a_source_does_not_send_is_told_as_not_observed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let event = |activity: &str, more: &str| {
        format!(
            "{{\"id\":\"{activity}\",\"source\":\"s\",\"case\":\"A\",\"activity\":\"{activity}\",\"at\":\"2026-03-02T10:00:00+08:00\",\"level\":\"county\",\"region\":\"360902\",\"dept\":\"D\"{more}}}\n"
        )
    };
    let lines = event("submitted", "")
        + &event("accepted", ",\"item\":\"SC-201\"")
        + &event("closed", ",\"outcome\":\"granted\"");
    let path = folder.path().join("e.ndjson");
    fs::write(&path, lines).expect("a file can be written there");
    let output = program()
        .current_dir(project())
        .args(["rules", "coverage", "--lang", "en", "--events"])
        .arg(&path)
        .output()
        .expect("the program was built with the tests");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("it prints UTF-8");
    let told = |id: &str| said.lines().find(|line| line.split(' ').next() == Some(id)).map(str::to_owned);
    assert_eq!(told("OD-05"), None, "the promise needs an acceptance, a closing and an item");
    assert_eq!(
        told("OD-12").as_deref(),
        Some("OD-12 Delivery late: not observed: delivered"),
        "what was granted is never delivered, or nobody says so"
    );
    assert_eq!(
        told("OD-02").as_deref(),
        Some("OD-02 Online pre-acceptance late: not observed: attrs.channel"),
        "an acceptance, too, ends the wait"
    );
    let hearing = told("OD-14.held").expect("there was no hearing");
    assert_eq!(hearing, "OD-14.held Hearing late: never began; not observed: hearing_requested, hearing_held");
    assert!(said.lines().last().is_some_and(|last| last.starts_with("3 events; ")), "{said}");
}
