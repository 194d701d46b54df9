//! Analysts change the rules while the service runs: a preview shows what would change, an activation changes exactly that
//! and judges only the cases that it touches, and a folder with a fault changes nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use facts::transition::StandingLine;
use facts::{Cause, line};
use reqwest::header::HeaderValue;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::city::{city, messages};
use crate::support::eventually::eventually;
use crate::support::said::{assert_same_lines, fold, transitions, wait_said};
use crate::support::service::{TestService, TestSite};
use crate::support::wire::wait;
use crate::support::{copy_folder, program, project};

/// The media type of a workbook.
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A site with a configuration folder of its own.
struct Office {
    site: TestSite,
    config: TempDir,
}

impl Office {
    /// `None`, and a skip, where there is no nats-server. `when` is the setting `reload.when`.
    #[track_caller]
    fn open(test: &str, when: &str) -> Option<Office> {
        let mut site = TestSite::with_virtual_clock(test)?.with("WATCHLIGHT_RELOAD_WHEN", when);
        let config = tempfile::tempdir().expect("a temporary folder can be made");
        copy_folder(&project().join("config"), config.path());
        site.config = config.path().to_owned();
        Some(Office { site, config })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.config.path().join(name)
    }

    /// Replaces text of a file that has it.
    #[track_caller]
    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.file(name)).expect("a shipped file");
        assert!(text.contains(from), "{name} has {from}");
        fs::write(self.file(name), text.replace(from, to)).expect("ours");
    }

    /// The promise of one item of the catalogue becomes shorter.
    fn shorten_a_promise(&self) {
        self.edit(
            "catalogue/items.csv",
            "Food business licence,license,2025-01-01,,7wd",
            "Food business licence,license,2025-01-01,,2wd",
        );
    }

    /// The service with the whole city judged.
    #[track_caller]
    fn judged(&self) -> TestService {
        let service = self.site.start();
        service.wait_ready();
        self.site.wire().send_all(messages(city().events()).chain(city().end()));
        service.wait_closed(city().until());
        wait_said(&self.site.wire(), &city().replayed().standing);
        service
    }

    /// What `watchlight replay` finds under the folder as it is now.
    fn replayed(&self) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (events, standing) = (folder.path().join("events.ndjson"), folder.path().join("standing.ndjson"));
        let lines: Vec<String> = city().events().iter().map(|event| line::write(event) + "\n").collect();
        fs::write(&events, lines.concat()).expect("ours");
        let output = program()
            .arg("replay")
            .arg(&events)
            .arg("--config")
            .arg(self.config.path())
            .args(["--until", &city().until().to_string(), "--standing"])
            .arg(&standing)
            .output()
            .expect("the program was built");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = fs::read_to_string(&standing).expect("it was written");
        let row = |line: &str| serde_json::from_str::<StandingLine>(line).expect("a standing light").light().row();
        let mut rows: Vec<String> = text.lines().map(row).collect();
        rows.sort_unstable();
        rows
    }
}

/// `watchlight reload` against a service.
fn reload(service: &TestService, more: &[&str]) -> Output {
    let asked = program().args(["--lang", "en", "reload", "--server", service.base()]).args(more).output();
    asked.expect("the program was built")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// (case, rule, instance) with the card after it, of what a preview tells.
fn previewed(preview: &Value) -> Vec<String> {
    let rows = preview["differences"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let row = |row: &Value| {
        let after = row["after"]["card"].as_str().unwrap_or("none").to_owned();
        [text(&row["case"]), text(&row["rule"]), text(&row["instance"]), after].join("\t")
    };
    rows.iter().map(row).collect()
}

/// The workbook that the service answers with is the one that the command writes, and names the preview.
#[track_caller]
fn same_workbook(service: &TestService, office: &Office, hash: &str) {
    let url = format!("{}/api/rules/preview?lang=en", service.base());
    let (status, headers, answered) = wait(async {
        let asked = service.client().post(url).header("Content-Type", "application/json").body("{}");
        let answer = asked.header("Accept", format!("text/html, {WORKBOOK};q=0.9")).send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
    })
    .expect("the service answers");
    assert_eq!((status, &headers["content-type"]), (200, &HeaderValue::from_static(WORKBOOK)), "{answered:?}");
    assert_eq!(headers["content-disposition"], format!("attachment; filename=\"preview-{hash}.xlsx\""));

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let written = folder.path().join("diff.xlsx");
    let mut diff = program();
    diff.args(["--lang", "en", "rules", "diff", "--server", service.base()]).arg(office.config.path());
    let output = diff.arg("--xlsx").arg(&written).output().expect("the program was built");
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert!(words(&output).contains(hash), "{}", words(&output));
    assert!(fs::read(&written).expect("it was written") == answered, "the service and the command write one workbook");
}

#[test]
fn a_preview_is_what_its_activation_does_and_only_touched_cases_are_judged() {
    let test = "a_preview_is_what_its_activation_does_and_only_touched_cases_are_judged";
    let Some(office) = Office::open(test, "asked") else { return };
    let service = office.judged();
    let before = transitions(&office.site.wire());
    let in_force = service.get("/api/rules").json()["configuration"].clone();

    office.shorten_a_promise();
    let preview = service.post("/api/rules/preview", r#"{"rows":100000}"#);
    assert_eq!(preview.status, 200, "{}", preview.body);
    let preview = preview.json();
    let with_item = city()
        .events()
        .iter()
        .filter(|event| event.detail().item.as_deref() == Some("SC-201"))
        .map(|event| &event.case);
    let touched = with_item.collect::<std::collections::BTreeSet<_>>().len() as u64;
    assert_eq!(preview["judged"], json!(touched), "the cases of the item, and no others");
    assert!(preview["all"]["gained"].as_u64() > Some(0), "{}", preview["all"]);
    assert_eq!(service.get("/api/rules").json()["configuration"], in_force, "a preview changes nothing");

    same_workbook(&service, &office, preview["hash"].as_str().expect("a hash"));

    let refused = reload(&service, &["--preview", "0123"]);
    assert_eq!(refused.status.code(), Some(1), "{}", words(&refused));
    assert!(words(&refused).contains("something else than the preview"), "{}", words(&refused));
    assert_eq!(transitions(&office.site.wire()).len(), before.len(), "nothing was said for it");

    let done = reload(&service, &["--wait", "--preview", preview["hash"].as_str().expect("a hash")]);
    assert_eq!(done.status.code(), Some(0), "{}", words(&done));
    assert!(words(&done).contains(&format!("{touched} cases judged again")), "{}", words(&done));
    let expected = office.replayed();
    wait_said(&office.site.wire(), &expected);
    let said = transitions(&office.site.wire());
    let after = &said[before.len()..];
    assert!(after.iter().all(|said| said.cause == Cause::Catalogue), "{after:?}");
    let mut changed: Vec<String> = after
        .iter()
        .map(|said| [said.case.as_str(), said.rule.as_str(), said.instance.as_str(), &said.card.to_string()].join("\t"))
        .collect();
    // A card that is taken back and raised anew, for another legal instant, is one difference.
    changed.sort_unstable();
    let again = |row: &String| {
        changed
            .iter()
            .filter(|other| other.rsplit_once('\t').map(|(key, _)| key) == row.rsplit_once('\t').map(|(key, _)| key))
            .count()
            > 1
    };
    let twice: Vec<String> = changed.iter().filter(|row| again(row) && row.ends_with("\tnone")).cloned().collect();
    changed.retain(|row| !twice.contains(row));
    assert_same_lines("what was said and what the preview told", &changed, &previewed(&preview));

    let again = reload(&service, &[]);
    assert!(words(&again).contains("nothing has changed"), "{}", words(&again));
    assert_eq!(service.terminate(), Some(0));
    assert_same_lines("the fold of ALERTS and a replay under the new folder", &fold(&said), &expected);
}

#[test]
fn a_folder_with_a_fault_changes_nothing_and_is_told_and_a_sound_one_takes_over_by_itself() {
    let test = "a_folder_with_a_fault_changes_nothing_and_is_told_and_a_sound_one_takes_over_by_itself";
    let Some(office) = Office::open(test, "changed") else { return };
    let service = office.judged();
    let said = transitions(&office.site.wire()).len();
    let rule = "rules/overdue/case_limits.toml";
    let sound = fs::read_to_string(office.file(rule)).expect("a shipped file");

    // A typing error, then a rule that its own scenarios contradict.
    for (fault, code) in [(sound.replace("cards", "crads"), "RL01"), (sound.replace("over >= 1", "over >= 3"), "SC03")]
    {
        fs::write(office.file(rule), fault).expect("ours");
        eventually("the fault is told by the API", || {
            let told = service.get("/api/rules").json();
            told["refused"].as_array()?.iter().any(|fault| fault["code"] == code).then_some(())
        });
        assert_eq!(service.metric("watchlight_configuration_refused"), Some(1.0));
        let output = reload(&service, &[]);
        assert_eq!(output.status.code(), Some(1), "{}", words(&output));
        assert!(words(&output).contains(code) && words(&output).contains("rules/overdue/"), "{}", words(&output));
    }
    assert!(service.log().contains("the changed configuration is refused"), "{}", service.log());
    assert_eq!(transitions(&office.site.wire()).len(), said, "no light changed");

    fs::write(office.file(rule), sound).expect("ours");
    office.shorten_a_promise();
    let expected = office.replayed();
    assert_ne!(expected, city().replayed().standing, "the promise matters");
    wait_said(&office.site.wire(), &expected);
    eventually("the fault is gone", || (service.metric("watchlight_configuration_refused")? == 0.0).then_some(()));
    assert_eq!(service.get("/api/rules").json()["refused"], json!([]));
    service.kill();

    // The log of configurations holds the change: a start says nothing more.
    let said = transitions(&office.site.wire()).len();
    let service = office.site.start();
    service.wait_ready();
    assert_eq!(service.terminate(), Some(0));
    assert_eq!(transitions(&office.site.wire()).len(), said);
}

#[test]
fn a_new_holiday_shows_what_it_would_change_before_it_does() {
    let test = "a_new_holiday_shows_what_it_would_change_before_it_does";
    let Some(office) = Office::open(test, "asked") else { return };
    let service = office.judged();
    let files: serde_json::Map<String, Value> = files_below(office.config.path(), "")
        .into_iter()
        .filter(|(name, _)| !name.ends_with(".xlsx"))
        .map(|(name, text)| (name, Value::from(text)))
        .collect();
    let mut wanted = files;
    let year = wanted["calendars/cn/2026.toml"].as_str().expect("a text").to_owned();
    let holiday = "\n[[day]]\ndate = 2026-03-04\nname = \"放假\"\noff = true\n";
    assert!(year.contains("[[day]]"), "the form of the file: {}", &year[..300]);
    wanted.insert("calendars/cn/2026.toml".to_owned(), Value::from(year + holiday));
    let preview = service.post("/api/rules/preview", &json!({ "files": wanted }).to_string());
    assert_eq!(preview.status, 200, "{}", preview.body);
    let preview = preview.json();
    let (withdrawn, better) = (&preview["all"]["withdrawn"], &preview["all"]["better"]);
    assert!(withdrawn.as_u64() > Some(0) || better.as_u64() > Some(0), "a day off helps: {}", preview["all"]);
    assert_eq!(preview["all"]["gained"], json!(0), "it hurts nobody: {}", preview["all"]);
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn a_folder_that_is_gone_is_told_and_the_rules_in_force_stay_until_it_is_back() {
    let test = "a_folder_that_is_gone_is_told_and_the_rules_in_force_stay_until_it_is_back";
    let Some(office) = Office::open(test, "changed") else { return };
    let service = office.judged();
    let before = transitions(&office.site.wire());
    let in_force = service.get("/api/rules").json()["configuration"].clone();
    let aside = office.config.path().with_extension("aside");
    fs::rename(office.config.path(), &aside).expect("it can be moved");
    let told = eventually("the service says that its folder is gone", || {
        let told = service.get("/api/rules").json();
        (told["refused"][0]["code"] == "CF01").then_some(told)
    });
    assert_eq!(told["configuration"], in_force, "what was in force stays so");
    assert_eq!(told["refused"][0]["file"], office.config.path().to_string_lossy().as_ref());
    eventually("a figure tells it", || (service.metric("watchlight_configuration_refused")? == 1.0).then_some(()));
    let asked = reload(&service, &[]);
    assert_eq!(asked.status.code(), Some(1), "{}", words(&asked));
    assert!(service.log().contains("CF01 "), "{}", service.log());
    assert!(words(&asked).contains(" CF01 the folder cannot be read: "), "{}", words(&asked));
    fs::rename(&aside, office.config.path()).expect("it can be moved back");
    eventually("it is back", || (service.metric("watchlight_configuration_refused")? == 0.0).then_some(()));
    assert_eq!(service.get("/api/rules").json()["refused"], json!([]));
    assert_eq!(transitions(&office.site.wire()), before, "no light was touched");
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn a_preview_of_what_is_no_configuration_says_what_is_wrong() {
    let test = "a_preview_of_what_is_no_configuration_says_what_is_wrong";
    let Some(office) = Office::open(test, "asked") else { return };
    let service = office.site.start();
    service.wait_ready();
    for (body, status, said) in [
        (r#"{"files":{"../x":""}}"#.to_owned(), 400, "is no path below the configuration folder"),
        (r#"{"files":{"rules/a\u0000.toml":""}}"#.to_owned(), 400, "is no path below the configuration folder"),
        (r#"{"files":{"/etc/passwd":""}}"#.to_owned(), 400, "is no path below the configuration folder"),
        (r#"{"files":3}"#.to_owned(), 400, "invalid type: integer `3`, expected a map"),
        (r#"{"file":{}}"#.to_owned(), 400, "unknown field `file`, expected `files` or `rows`"),
        (r#"{"files":{"rules/a.toml":"[[rule]]\nid = 3\n"}}"#.to_owned(), 422, "RL"),
        (json!({ "files": { "rules/a.toml": "#".repeat(5 << 20) } }).to_string(), 422, "larger than 4 MiB"),
    ] {
        let answer = service.post("/api/rules/preview", &body);
        let shown: String = body.chars().take(60).collect();
        assert_eq!(answer.status, status, "{shown}: {}", answer.body);
        assert!(answer.body.contains(said), "{shown}: {}", answer.body);
    }
    let long = service.post("/api/rules/reload", &" ".repeat(5 << 10));
    assert_eq!((long.status, long.json()["code"].as_str()), (413, Some("body_too_large")), "{}", long.body);
    assert_eq!(service.get("/api/rules").json()["refused"], json!([]), "what is only asked about is not in force");
    let nowhere = program().args(["--lang", "en", "reload", "--server", "nonsense"]).output().expect("it was built");
    assert_eq!(nowhere.status.code(), Some(3));
    assert_eq!(
        words(&nowhere),
        "watchlight: \"nonsense\" is no address of a service; write it as http://127.0.0.1:8600\n"
    );
    assert_eq!(service.terminate(), Some(0));
}

/// Text files by path below a folder.
fn files_below(folder: &Path, prefix: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("readable") {
        let entry = entry.expect("readable");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("known").is_dir() {
            files.extend(files_below(&entry.path(), &format!("{name}/")));
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push((name, text));
        }
    }
    files
}

#[test]
fn a_diff_over_events_tells_what_two_replays_differ_in() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let changed = folder.path().join("config");
    copy_folder(&project().join("config"), &changed);
    let items = changed.join("catalogue/items.csv");
    let text = fs::read_to_string(&items).expect("shipped");
    fs::write(&items, text.replace("license,2025-01-01,,7wd", "license,2025-01-01,,2wd")).expect("ours");
    let events = folder.path().join("events.ndjson");
    let lines: Vec<String> = city().events().iter().map(|event| line::write(event) + "\n").collect();
    fs::write(&events, lines.concat()).expect("ours");
    let out = folder.path().join("diff.json");
    let diff = |new: &Path| {
        let until = city().until().to_string();
        let output = program()
            .args(["--lang", "en", "rules", "diff"])
            .args([&project().join("config"), new])
            .arg("--events")
            .arg(&events)
            .args(["--until", &until, "--rows", "1", "--json"])
            .arg(&out)
            .output()
            .expect("the program was built");
        (output.status.code(), words(&output))
    };
    let (code, told) = diff(&changed);
    assert_eq!(code, Some(0), "{told}");
    let found: Value = serde_json::from_str(&fs::read_to_string(&out).expect("written")).expect("JSON");
    assert!(told.contains("lights more") && told.contains(found["hash"].as_str().expect("a hash")), "{told}");
    assert!(found["all"]["gained"].as_u64() > Some(0), "{told}");
    let rows = found["differences"].as_array().expect("a list");
    let after: std::collections::BTreeSet<String> = rows
        .iter()
        .filter(|row| row["before"].is_null())
        .map(|row| row["case"].as_str().expect("a case").to_owned())
        .collect();
    let lit_before: Vec<&str> = city().replayed().standing.iter().filter_map(|row| row.split('\t').next()).collect();
    assert!(after.iter().any(|case| !lit_before.contains(&case.as_str())), "cases without a light get one");

    let (code, told) = diff(&project().join("config"));
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("0 cases judged by both"), "nothing differs, so nothing is judged: {told}");

    fs::write(changed.join("rules/overdue/case_limits.toml"), "[[rule]]\nid = 3\n").expect("ours");
    let (code, told) = diff(&changed);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("case_limits.toml:2"), "{told}");

    let nowhere = folder.path().join("nowhere");
    let (code, told) = diff(&nowhere);
    assert_ne!(code, Some(0), "{told}");
    assert!(told.contains(nowhere.to_str().expect("UTF-8")), "{told}");
}
