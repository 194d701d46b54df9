//! What analysts ask: what time will bring, why a rule shows no card, what keeps a case green; a page for each rule; and a
//! comparison as a workbook.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use alerts::{ForecastPage, ForecastRow};
use facts::{Event, Moment, Transition, line};

use crate::support::city::{city, messages, progress};
use crate::support::service::TestSite;
use crate::support::{program, project};

/// Runs the program in the project's folder; what it prints.
#[track_caller]
fn run(arguments: &[&str]) -> String {
    let output = program().current_dir(project()).env("WATCHLIGHT_LOG", "error").args(arguments).output();
    let output = output.expect("the program was built with the tests");
    let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
    let (said, remarks) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}{remarks}");
    said
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Writes what had arrived by `now` of the city.
fn known_at(now: Moment, to: &Path) {
    let known = |event: &&Event| event.arrived.is_some_and(|arrived| arrived <= now);
    let lines: Vec<String> = city().events().iter().filter(known).map(line::write).collect();
    fs::write(to, lines.join("\n") + "\n").expect("a file can be written there");
}

/// The whole city in the middle of its week, and the ten days after it.
#[test]
fn what_is_foreseen_of_the_city_is_what_a_replay_without_more_facts_says() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = |name: &str| folder.path().join(name);
    let days = |days: i64| days * 24 * 3_600_000;
    let now = city().until().plus_millis(-days(3));
    let until = now.plus_millis(days(10));
    known_at(now, &path("known.ndjson"));
    let (events, json, out) = (path("known.ndjson"), path("forecast.json"), path("out.ndjson"));
    let (now_text, until_text) = (now.to_string(), until.to_string());
    let forecast = |more: [&str; 2]| {
        let asked = ["forecast", "--until", &until_text, "--at", &now_text];
        let files = ["--events", text(&events), "--json", text(&json)];
        run(&[&asked[..], &files, &more].concat())
    };
    let said = forecast(["--rows", "3"]);
    run(&["replay", text(&events), "--until", &until_text, "--out", text(&out)]);
    let found: ForecastPage = serde_json::from_slice(&fs::read(&json).expect("it was written")).expect("documented");
    assert_eq!((found.as_of, found.until, found.next), (now, until, None));
    let told = fs::read_to_string(&out).expect("it was written");
    let then = told.lines().map(|line| serde_json::from_str::<Transition>(line).expect("a transition"));
    let then: Vec<ForecastRow> = then.filter(|said| said.decided_at > now).map(ForecastRow::from).collect();
    assert!(then.len() > 50, "only {} changes", then.len());
    assert_eq!(found.total, then.len() as u64);
    for (foreseen, then) in found.changes.iter().zip(&then) {
        assert_eq!(foreseen, then);
    }
    assert_eq!(found.changes.len(), then.len());
    assert!(said.contains(&format!("{} changes of lights", then.len())), "{said}");
    assert!(said.contains(&format!("... {} changes more", then.len() - 3)), "{said}");

    let rule = then[0].rule.clone();
    forecast(["--rule", &rule]);
    let narrowed: ForecastPage = serde_json::from_slice(&fs::read(&json).expect("it was written")).expect("documented");
    let of_rule: Vec<&ForecastRow> = then.iter().filter(|row| row.rule == rule).collect();
    assert_eq!(narrowed.changes.iter().collect::<Vec<_>>(), of_rule);
}

const EVENTS: &str = r#"{"id":"1","source":"window","case":"YB-1","activity":"accepted","at":"2026-03-02T10:00:00+08:00","arrived":"2026-03-02T10:00:00+08:00","level":"county","region":"360902","dept":"SCJG","item":"SC-201","case_type":"promised"}
"#;

#[test]
fn explain_tells_why_a_rule_shows_no_card_and_what_keeps_a_case_green() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let events = folder.path().join("events.ndjson");
    fs::write(&events, EVENTS).expect("a file can be written there");
    let explain = |more: &[&str]| {
        let line = ["explain", "YB-1", "--events", text(&events), "--at", "2026-03-04T10:00:00+08:00"];
        run(&[&line, more].concat())
    };
    let said = explain(&["--why-not", "OD-05"]);
    assert!(said.contains("OD-05@1+national Promise exceeded"), "{said}");
    assert!(said.contains("the limit is not reached: 7wd, due 2026-03-11 18:00:00"), "{said}");
    let said = explain(&["--why-not", "OD-05", "--lang", "zh"]);
    assert!(said.contains("未到期限：7wd，应于 2026-03-11 18:00:00 前"), "{said}");
    let said = explain(&["--keep-green"]);
    assert!(said.contains("do closed") && said.contains("2026-03-11 18:00:00 at the latest"), "{said}");
    let said = explain(&["--keep-green", "--lang", "zh"]);
    assert!(said.contains("办理 closed") && said.contains("最迟 2026-03-11 18:00:00"), "{said}");
}

/// A service is asked the same, by the command and by its addresses.
#[test]
fn a_running_service_answers_as_files_do() {
    let test = "a running service answers as files do";
    let Some(site) = TestSite::with_virtual_clock(test) else { return };
    let service = site.start();
    service.wait_ready();
    let event: Event = line::read(EVENTS.trim_end().as_bytes(), None).expect("a fact").event;
    let now: Moment = "2026-03-04T10:00:00+08:00".parse().expect("an instant");
    site.wire().send_all(messages(&[event]).chain([progress(now), progress(now.plus_millis(1))]));
    service.wait_closed(now);

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (events, by_files, by_service) =
        (folder.path().join("events.ndjson"), folder.path().join("files.json"), folder.path().join("service.json"));
    fs::write(&events, EVENTS).expect("a file can be written there");
    let until = ["forecast", "--until", "2026-06-30T10:00:00+08:00", "--json"];
    run(&[&until[..], &[text(&by_files), "--events", text(&events), "--at", "2026-03-04T10:00:00+08:00"]].concat());
    run(&[&until[..], &[text(&by_service), "--server", service.base()]].concat());
    let read = |path: &Path| -> ForecastPage {
        serde_json::from_slice(&fs::read(path).expect("it was written")).expect("documented")
    };
    let (by_files, by_service) = (read(&by_files), read(&by_service));
    assert!(by_files.total > 2, "{by_files:?}");
    assert_eq!(by_service.changes, by_files.changes);

    let (known_at, here) = (["--known-at", "2026-03-03T10:00:00+08:00"], ["--at", "2026-03-04T10:00:00+08:00"]);
    for more in [&[][..], &["--lang", "zh"], &known_at, &["--why-not", "OD-05"], &["--keep-green", "--lang", "zh"]] {
        let of_files = run(&[&["explain", "YB-1", "--events", text(&events)], &here[..], more].concat());
        let of_service = run(&[&["explain", "YB-1", "--server", service.base()], more].concat());
        assert_eq!(of_service, of_files, "{more:?}");
    }
    let unknown = program().args(["--lang", "zh", "explain", "没有/这件?", "--server", service.base()]).output();
    let unknown = unknown.expect("the program was built with the tests");
    assert_eq!(unknown.status.code(), Some(1), "{}", String::from_utf8_lossy(&unknown.stderr));
    let said = String::from_utf8(unknown.stdout).expect("it prints UTF-8");
    assert_eq!(said, "没有办件 没有/这件? 的记录和亮灯信息；请核对办件编号\n");

    let told = service.json("/api/cases/YB-1/why-not?rule=OD-05&lang=en");
    assert_eq!(told["answers"][0]["reasons"][0]["reason"], "running", "{told}");
    let told = service.json("/api/cases/YB-1/keep-green");
    assert_eq!(told["to_come"][0]["acts"][0]["activity"], "closed", "{told}");
    assert_eq!(service.terminate(), Some(0));
}

/// The ids of all rules, from `rules list`: what stands before the version.
fn rule_ids() -> BTreeSet<String> {
    let listed = run(&["rules", "list"]);
    let label = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    let id =
        |label: String| label.split('@').next().unwrap_or_default().split('.').next().unwrap_or_default().to_owned();
    listed.lines().map(label).map(id).collect()
}

#[test]
fn every_rule_has_a_page_and_every_link_leads_somewhere() {
    let ids = rule_ids();
    assert!(ids.len() > 80, "only {} rules", ids.len());
    for (format, lang) in [("html", "zh"), ("html", "en"), ("md", "zh"), ("md", "en")] {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        run(&["rules", "doc", "--out", text(folder.path()), "--format", format, "--lang", lang]);
        let read =
            |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let index = read(&format!("index.{format}"));
        let mut drawn = 0;
        for id in &ids {
            assert!(index.contains(&format!("{id}.{format}")), "the index does not lead to {id}");
            let page = read(&format!("{id}.{format}"));
            assert!(page.contains(&format!("index.{format}")), "{id} does not lead back");
            assert!(page.lines().any(|line| line.contains(id.as_str())), "{id}");
            for placeholder in ["TODO", "FIXME", "<script", "None,", "http://", "https://"] {
                assert!(!page.contains(placeholder), "{id}.{format} has {placeholder}");
            }
            drawn += usize::from(page.contains(if format == "html" { "<svg" } else { "```text" }));
        }
        assert!(drawn * 10 > ids.len() * 8, "only {drawn} of {} pages have a drawing ({format})", ids.len());
        let files = fs::read_dir(folder.path()).expect("our folder").count();
        assert_eq!(files, ids.len() + 1, "a page for each rule and the index");
    }
}

#[test]
fn a_comparison_is_written_as_a_workbook() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("events.ndjson"), EVENTS).expect("a file can be written there");
    let (events, book) = (path("events.ndjson"), path("diff.xlsx"));
    let changed = path("changed");
    crate::support::copy_folder(&project().join("config"), &changed);
    let items = changed.join("catalogue/items.csv");
    let table = fs::read_to_string(&items).expect("a shipped table");
    let (from, to) = ("Food business licence,license,2025-01-01,,7wd", "Food business licence,license,2025-01-01,,2wd");
    assert!(table.contains(from));
    fs::write(&items, table.replace(from, to)).expect("ours");
    let said = run(&[
        "rules",
        "diff",
        "config",
        text(&changed),
        "--events",
        text(&events),
        "--until",
        "2026-03-09T10:00:00+08:00",
        "--xlsx",
        text(&book),
    ]);
    assert!(said.contains("gained"), "{said}");
    let bytes = fs::read(&book).expect("it was written");
    assert!(bytes.starts_with(b"PK"), "a workbook is an archive");
}
