//! Two clocks: what was known of a case when a card was sent, and what is known now; from files and from a service.

use serde_json::Value;

use crate::support::city::progress;
use crate::support::program;
use crate::support::service::TestSite;

const CONFIG: [(&str, &str); 3] = [
    ("site/watchlight.toml", "zone = \"Asia/Shanghai\"\n"),
    (
        "site/profiles/site.toml",
        "id = \"site\"\ndefault = true\n[defaults]\nzone = \"Asia/Shanghai\"\ncalendar = \"cn\"\ncounting = \"legal\"\n",
    ),
    (
        "site/rules/late.toml",
        "[[rule]]\nid = \"L-01\"\nfamily = \"overdue\"\nkind = \"deadline\"\nname = { zh = \"超时\", en = \"Late\" }\n\
         basis = \"办法第三条\"\nstart = \"accepted\"\nstop = \"closed\"\nlimit = \"3wd\"\ncards = { yellow = \"due\" }\n",
    ),
];

/// A fact of case B-1 that arrived at another time than it is dated.
fn fact(id: &str, version: u32, activity: &str, at: &str, arrived: &str, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","version":{version},"source":"s","case":"B-1","activity":"{activity}","at":"2026-03-{at}:00+08:00","arrived":"2026-03-{arrived}:00+08:00","level":"county","region":"360902","dept":"D"{more}}}"#
    )
}

/// Accepted in time, closed in time, but the closing came late; one stage was corrected, one deleted.
fn facts() -> Vec<String> {
    vec![
        fact("1", 1, "accepted", "02T10:00", "02T10:00", ""),
        fact("3", 1, "stage_completed", "03T09:00", "03T09:00", r#","officer":"007""#),
        fact("4", 1, "stage_completed", "03T10:00", "03T10:00", r#","officer":"007""#),
        fact("2", 1, "closed", "05T17:00", "07T09:00", r#","outcome":"granted""#),
        fact("3", 2, "stage_completed", "03T09:00", "08T09:00", r#","officer":"008""#),
        fact("4", 2, "stage_completed", "03T10:00", "09T09:00", r#","op":"delete""#),
        fact("5", 1, "delivered", "10T09:00", "10T09:00", ""),
    ]
}

#[test]
fn explain_tells_what_was_known_then_and_what_was_learnt_since() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, text) in CONFIG {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("folders can be made there");
        std::fs::write(path, text).expect("files can be written there");
    }
    std::fs::write(folder.path().join("events.ndjson"), facts().join("\n")).expect("files can be written there");
    let explain = |more: &str| {
        let line = format!("explain B-1 --events events.ndjson --config site {more}");
        let output = program().current_dir(folder.path()).env("WATCHLIGHT_LOG", "error").args(line.split(' ')).output();
        let output = output.expect("the program was built with the tests");
        (
            output.status.code(),
            String::from_utf8(output.stdout).expect("it prints UTF-8"),
            String::from_utf8(output.stderr).expect("it prints UTF-8"),
        )
    };
    let (code, told, _) = explain("--known-at 2026-03-06T12:00:00+08:00");
    assert_eq!(code, Some(0), "{told}");
    let (_, part) = told.split_once("no light stands\n\n").expect("nothing stands now");
    insta::assert_snapshot!(part, @r"
    what was known at 2026-03-06 12:00:00
      learnt since
        corrected: 2026-03-03 09:00:00  stage_completed (stage completed) [3]  officer=007  arrived 2026-03-03 09:00:00  now  2026-03-03 09:00:00  stage_completed (stage completed) [3]  officer=008  arrived 2026-03-08 09:00:00
        deleted: 2026-03-03 10:00:00  stage_completed (stage completed) [4]  officer=007  arrived 2026-03-03 10:00:00
        came late: 2026-03-05 17:00:00  closed [2]  outcome=granted  arrived 2026-03-07 09:00:00
        came: 2026-03-10 09:00:00  delivered [5]  arrived 2026-03-10 09:00:00
      lights
        L-01: not so, by what is known now
          then yellow since 2026-03-05 18:00:00; then, by what is known now, none; now none
    ");
    let (_, told, _) = explain("--known-at 2026-03-06T12:00:00+08:00 --lang zh");
    for line in [
        "2026-03-06 12:00:00 时所知\n  此后得知\n    更正：2026-03-03 09:00:00  stage_completed",
        "    迟到：2026-03-05 17:00:00  closed（办结） [2]  outcome=granted  到达 2026-03-07 09:00:00\n",
        "    L-01：按现在所知，当时不应如此\n      当时 黄牌，自 2026-03-05 18:00:00 起；按现在所知当时应为 无；现在 无\n",
    ] {
        assert!(told.contains(line), "{line}\nis not in\n{told}");
    }

    // Then, of the same instant: the card that stood by what was known at it.
    let (_, told, _) = explain("--at 2026-03-06T12:00:00+08:00 --known-at 2026-03-06T12:00:00+08:00");
    assert!(told.contains("  learnt since\n    nothing\n"), "{told}");
    assert!(told.contains("    L-01: rightly shown, by what is known now\n"), "{told}");
    // Before its time there was no card to be shown.
    let (_, told, _) = explain("--at 2026-03-06T12:00:00+08:00 --known-at 2026-03-04T12:00:00+08:00");
    assert!(told.contains("    L-01: not then; it arose later\n"), "{told}");
    let (code, _, refused) = explain("--at 2026-03-06T12:00:00+08:00 --known-at 2026-03-07T12:00:00+08:00");
    assert_eq!(code, Some(3));
    assert!(refused.contains("lies after the clock, which stands at 2026-03-06T04:00:00Z"), "{refused}");
}

/// One receipt in two cases, as a rule across cases.
const TWICE: &str = "[[rule]]\nid = \"G-01\"\nfamily = \"irregular-fee\"\nkind = \"condition\"\n\
    name = { zh = \"一票两用\", en = \"One receipt twice\" }\nbasis = \"办法第九条\"\n\
    group = { by = [\"event.fee.receipt\"], window = \"365d\", cards_on = \"all\" }\non = \"fee_charged\"\n\
    when = \"size(minus(values(fee_charged, case_id), [event.case_id])) > 0\"\ncard = \"red\"\n";

/// Three cases: B-1 and B-2 were told to have one receipt, until B-2 was corrected; that B-3 had the one of B-1, too, came
/// late.
fn receipts() -> Vec<String> {
    let fee = |case: &str, version: u32, at: &str, arrived: &str, receipt: &str| {
        let more = format!(r#","fee":{{"act":"charged","code":"F","amount":"5.00","receipt":"{receipt}"}}"#);
        fact("f", version, "fee", at, arrived, &more).replace("B-1", case)
    };
    vec![
        fact("1", 1, "accepted", "02T10:00", "02T10:00", ""),
        fee("B-1", 1, "02T11:00", "02T11:00", "R-7"),
        fee("B-2", 1, "03T11:00", "03T11:00", "R-7"),
        fee("B-2", 2, "03T11:00", "08T11:00", "R-8"),
        fee("B-3", 1, "04T11:00", "09T11:00", "R-8"),
    ]
}

/// What is told of a group is asked of all its cases, as they were known then: also of one that has left it.
#[test]
fn lights_across_cases_are_told_as_they_were_known_then() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, text) in CONFIG.into_iter().chain([("site/rules/twice.toml", TWICE)]) {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("folders can be made there");
        std::fs::write(path, text).expect("files can be written there");
    }
    std::fs::write(folder.path().join("events.ndjson"), receipts().join("\n")).expect("files can be written there");
    let explain = |case: &str| {
        let (at, known_at) = ("2026-03-10T09:00:00+08:00", "2026-03-06T12:00:00+08:00");
        let line = format!("explain {case} --events events.ndjson --config site --at {at} --known-at {known_at}");
        let output = program().current_dir(folder.path()).env("WATCHLIGHT_LOG", "error").args(line.split(' ')).output();
        let output = output.expect("the program was built with the tests");
        let said = String::from_utf8(output.stdout).expect("it prints UTF-8");
        let (_, lights) = said.split_once("  lights\n").unwrap_or_else(|| panic!("{said}"));
        lights.lines().take(2).map(|line| line.trim_start().to_owned() + "\n").collect::<String>()
    };
    insta::assert_snapshot!(explain("B-1"), @r"
    G-01 R-7/B-2/county.360902.D/s/f: not so, by what is known now
    then red since 2026-03-03 11:00:00; then, by what is known now, none; now none
    ");
    insta::assert_snapshot!(explain("B-3"), @r"
    G-01 R-8/B-3/county.360902.D/s/f: should have been shown; it was not known
    then none; then, by what is known now, red since 2026-03-04 11:00:00; now red since 2026-03-04 11:00:00
    ");

    let Some(site) = TestSite::with_virtual_clock("lights_across_cases_are_told_as_they_were_known_then") else {
        return;
    };
    let mut site = site;
    site.config = folder.path().join("site");
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    for line in receipts() {
        wire.send("approval.county.360902.D", line);
    }
    let end = "2026-03-10T01:00:00Z".parse().expect("an instant");
    wire.send_all([progress(end), progress(end.plus_millis(1))]);
    service.wait_closed(end);
    let then = |case: &str| -> [Vec<String>; 2] {
        let live = &service.json(&format!("/api/cases/{case}?known_at=2026-03-06T12:00:00%2B08:00"))["live"];
        ["lights", "by_today"].map(|side| {
            let lights = live["then"][side].as_array().expect("a list of lights");
            lights
                .iter()
                .map(|light| light["rule"].as_str().expect("a rule").to_owned())
                .filter(|rule| rule == "G-01")
                .collect()
        })
    };
    assert_eq!(then("B-1"), [vec!["G-01".to_owned()], vec![]]);
    assert_eq!(then("B-2"), [vec!["G-01".to_owned()], vec!["G-01".to_owned()]]);
    assert_eq!(then("B-3"), [vec![], vec!["G-01".to_owned()]]);
}

#[test]
fn a_service_tells_what_it_knew_then() {
    let Some(site) = TestSite::with_virtual_clock("a_service_tells_what_it_knew_then") else { return };
    let service = site.start();
    service.wait_ready();
    // Refused without a reason; the reason came with a correction, and the record of a stage was taken back.
    let facts = [
        fact("1", 1, "accepted", "02T10:00", "02T10:00", ""),
        fact("4", 1, "stage_completed", "03T10:00", "03T10:00", r#","officer":"007""#),
        fact("2", 1, "closed", "05T17:00", "05T17:00", r#","outcome":"refused""#),
        fact("2", 2, "closed", "05T17:00", "07T09:00", r#","outcome":"refused","reason":"材料不全""#),
        fact("4", 2, "stage_completed", "03T10:00", "09T09:00", r#","op":"delete""#),
    ];
    let wire = site.wire();
    for line in &facts {
        wire.send("approval.county.360902.D", line.clone());
    }
    let end = "2026-03-10T01:00:00Z".parse().expect("an instant");
    wire.send_all([progress(end), progress(end.plus_millis(1))]);
    service.wait_closed(end);

    let case = service.json("/api/cases/B-1?known_at=2026-03-06T12:00:00%2B08:00");
    let live = &case["live"];
    let then = &live["then"];
    assert_eq!(then["known_at"], "2026-03-06T04:00:00Z");
    let rules = |lights: &Value| -> Vec<String> {
        let lights = lights.as_array().expect("a list of lights");
        lights.iter().map(|light| light["rule"].as_str().expect("a rule").to_owned()).collect()
    };
    let red = "PS-11".to_owned();
    assert!(rules(&then["lights"]).contains(&red), "{then:#}");
    assert!(!then["lights"][0]["proof_lines"].as_array().expect("a proof").is_empty(), "{then:#}");
    assert!(!rules(&then["by_today"]).contains(&red) && !rules(&live["lights"]).contains(&red), "{live:#}");
    let news: Vec<(&str, &str, &str)> = then["news"]
        .as_array()
        .expect("a list of news")
        .iter()
        .map(|news| {
            let arrived = |side: &str| news[side]["arrived"].as_str().unwrap_or("-");
            (news["kind"].as_str().expect("a kind"), arrived("before"), arrived("after"))
        })
        .collect();
    assert_eq!(
        news,
        [("deleted", "2026-03-03T02:00:00Z", "-"), ("corrected", "2026-03-05T09:00:00Z", "2026-03-07T01:00:00Z"),]
    );
    assert_eq!(service.json("/api/cases/B-1")["live"].get("then"), None, "only where it is asked for");
}
