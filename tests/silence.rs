//! Silence is not green (semantics 26), end to end: a source that says nothing has one light, its cases are grey, what comes
//! due meanwhile waits, and once it has told what it had to tell, everything is as if it had never been silent.
//!
//! The site of these tests is the shipped one, in which the source `window` may say nothing for 48 hours. The promise of
//! seven working days for a case accepted on Monday, 2026-03-02, ends on Wednesday, 2026-03-11, with the office hours.

use std::fs;
use std::path::Path;
use std::process::Command;

use facts::{Cause, Kind, Moment, Transition, transition::About};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::city::progress;
use crate::support::eventually::eventually;
use crate::support::machine::TestMachine;
use crate::support::replayed::Replay;
use crate::support::said::{fold, rows, transitions};
use crate::support::service::{LONG_SILENCE, TestService, TestSite};
use crate::support::skip::skip;
use crate::support::wire::{Message, Wire};
use crate::support::{copy_folder, program, project};

const OFFICE: &str = "approval.county.360902.SCJG";
const SOURCE: &str = "county.360902.SCJG/window";

/// The shipped configuration with a silence for one source; dropped, the folder is gone.
struct QuietSite {
    site: TestSite,
    config: TempDir,
}

fn configuration() -> TempDir {
    let config = tempfile::tempdir().expect("a temporary folder can be made");
    copy_folder(&project().join("config"), config.path());
    fs::write(config.path().join("sources/window.toml"), "silence = \"48h\"\n").expect("a folder takes a file");
    config
}

impl QuietSite {
    #[track_caller]
    fn with_virtual_clock(test: &str) -> Option<QuietSite> {
        let site = TestSite::with_virtual_clock(test)?;
        let mut site = site.with("WATCHLIGHT_CHECKPOINT_INTERVAL_SECS", "1");
        let config = configuration();
        site.config = config.path().to_owned();
        Some(QuietSite { site, config })
    }
}

fn at(text: &str) -> Moment {
    format!("2026-03-{text}+08:00").parse().expect("an instant")
}

/// A fact of the office's window that happened at one instant and came at another.
fn came(case: &str, id: &str, activity: &str, happened: &str, arrived: &str) -> Message {
    let (happened, arrived) = (at(happened), at(arrived));
    let outcome = if activity == "closed" { r#","outcome":"granted""# } else { "" };
    let line = format!(
        r#"{{"id":"{id}","source":"window","case":"{case}","activity":"{activity}","at":"{happened}","arrived":"{arrived}","level":"county","region":"360902","dept":"SCJG","item":"SC-201","case_type":"promised"{outcome}}}"#
    );
    (OFFICE.to_owned(), line)
}

fn accepted(case: &str, happened: &str) -> Message {
    came(case, "1", "accepted", happened, happened)
}

/// The window says that it has sent everything.
fn beat(happened: &str) -> Message {
    let happened = at(happened);
    let line = format!(
        r#"{{"source":"window","activity":"progress","at":"{happened}","arrived":"{happened}","level":"county","region":"360902","dept":"SCJG"}}"#
    );
    (OFFICE.to_owned(), line)
}

/// Moves the clock past `until`, and waits until that is closed.
#[track_caller]
fn go_on(service: &TestService, wire: &Wire, until: &str) {
    let until = at(until);
    wire.send_all([progress(until), progress(until.plus_millis(1))]);
    service.wait_closed(until);
}

/// What was said of sources.
fn of_sources(wire: &Wire) -> Vec<Transition> {
    let mut said = transitions(wire);
    fold(&said);
    said.retain(|said| said.about == About::Source);
    said
}

/// What was said of the promise of one case.
fn promise(wire: &Wire, case: &str) -> Vec<Transition> {
    let mut said = transitions(wire);
    said.retain(|said| said.case == case && said.rule == "OD-05");
    said
}

fn counted(service: &TestService, light: &str) -> i64 {
    service.json("/api/counts")["total"][light].as_i64().expect("a count")
}

/// The promise among the lights of a case, as its page shows it.
fn promise_of(service: &TestService, case: &str) -> Option<Value> {
    let live = service.json(&format!("/api/cases/{case}"))["live"].clone();
    let lights = live["lights"].as_array().cloned().unwrap_or_default();
    lights.into_iter().find(|light| light["rule"] == "OD-05")
}

/// The week before the window falls silent: its last word is of Monday, 2026-03-09, 17:00.
fn before() -> Vec<Message> {
    vec![
        accepted("S-1", "02T10:00:00"),
        accepted("S-2", "02T11:00:00"),
        beat("04T10:00:00"),
        beat("06T09:00:00"),
        beat("08T08:00:00"),
        accepted("S-3", "09T16:00:00"),
        beat("09T17:00:00"),
    ]
}

/// What the window had to tell: both cases were closed in time. Three messages of one instant, as a virtual clock does not
/// wait for what else comes late.
fn backlog(came_at: [&str; 3]) -> [Message; 3] {
    let [first, second, third] = came_at;
    [beat(first), came("S-1", "2", "closed", "11T14:00:00", second), came("S-2", "2", "closed", "11T15:00:00", third)]
}

/// The digest and the rows that `watchlight replay` finds at `until`.
#[track_caller]
fn replayed(messages: &[Message], config: &Path, until: &str) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("events.ndjson");
    let text: String = messages.iter().map(|(_, line)| format!("{line}\n")).collect();
    fs::write(&file, text).expect("a folder takes a file");
    let replayed = Replay { files: &[&file], config, until: Some(at(until)), workers: 2 }.run();
    let rows = replayed.lights().iter().map(|light| light.row()).collect();
    (replayed.digest, rows)
}

#[test]
fn after_an_outage_everything_is_as_if_there_had_been_none() {
    let test = "after_an_outage_everything_is_as_if_there_had_been_none";
    let Some(QuietSite { site, config }) = QuietSite::with_virtual_clock(test) else { return };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    wire.send_all(before());
    go_on(&service, &wire, "11T17:00:00");
    assert_eq!((of_sources(&wire), counted(&service, "grey")), (vec![], 0), "48 hours are in time");
    let green = counted(&service, "green");

    go_on(&service, &wire, "11T17:00:01");
    let said = eventually("the light of the source is said", || of_sources(&wire).first().cloned());
    assert_eq!((said.case.as_str(), said.kind, said.cause), (SOURCE, Kind::Raised, Cause::Silence));
    assert_eq!((said.since, said.decided_at), (at("11T17:00:00"), at("11T17:00:00.001")));
    assert!(said.reason.en.contains("48 h") && said.reason.zh.contains("48 小时"), "{:?}", said.reason);
    assert_eq!((counted(&service, "grey"), counted(&service, "green")), (green, 0), "what was green is unknown");
    assert!(green > 0);
    let live = service.json("/api/cases/S-3")["live"].clone();
    assert_eq!(live["silent_since"], Value::from(at("11T17:00:00.001").to_string()));
    let sources = service.json("/api/sources?silent=true");
    assert_eq!((&sources["silent"], &sources["sources"][0]["source"]), (&Value::from(1), &Value::from("window")));
    assert_eq!(sources["sources"][0]["confirmed_up_to"], Value::from(at("09T17:00:00").to_string()));

    // The promises end at 18:00, and nobody knows whether they were kept.
    go_on(&service, &wire, "12T09:00:00");
    let waits = promise_of(&service, "S-1").expect("its page shows what waits");
    assert_eq!((&waits["light"], &waits["held_until"]), (&"grey".into(), &at("12T18:00:00.001").to_string().into()));
    assert!(service.json("/api/digest?case=S-1").is_object());
    assert_eq!(promise(&wire, "S-1"), vec![], "it is not said");
    let on_the_page: Vec<Value> = service.lights().into_iter().filter(|light| light["case"] == SOURCE).collect();
    assert_eq!(on_the_page.len(), 1, "the list shows the light of the source");
    assert_eq!((&on_the_page[0]["rule"], &on_the_page[0]["about"]), (&said.rule.as_str().into(), &"source".into()));
    assert!(
        service.json("/api/digest")["rows"].as_array().is_none_or(|rows| rows.iter().all(|row| row["case"] != SOURCE))
    );

    // Restarted in the middle, with other workers: nothing is said twice.
    let told = transitions(&wire);
    let during = service.json("/api/digest")["digest"].clone();
    service.wait_ledger(wire.last_sequence("ALERTS"));
    assert_eq!(service.terminate(), Some(0));
    let ledger = format!("sqlite://{}", site.data().join("ledger.sqlite").display());
    for kept in [site.data().join("checkpoint").display().to_string(), ledger] {
        let output = program().args(["digest", &kept, "--config"]).arg(config.path()).output().expect("it was built");
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        let digest = words.lines().find_map(|line| line.strip_prefix("digest ")).unwrap_or_default();
        assert_eq!(during, digest, "{kept}: {words}{}", String::from_utf8_lossy(&output.stderr));
    }
    let service = site.start_with(3);
    service.wait_ready();
    go_on(&service, &wire, "12T10:00:00");
    assert_eq!(transitions(&wire), told, "and nothing is said twice");
    assert_eq!((counted(&service, "grey"), counted(&service, "green")), (green, 0));
    assert_eq!(service.json("/api/sources?silent=true")["silent"], 1);

    let late = backlog(["12T11:00:00"; 3]);
    wire.send_all(late.clone());
    go_on(&service, &wire, "12T12:00:00");
    let cleared = eventually("the light of the source ends", || of_sources(&wire).get(1).cloned());
    assert_eq!((cleared.kind, cleared.cause), (Kind::Cleared, Cause::Silence));
    assert_eq!(cleared.decided_at, at("12T11:00:00"));
    assert_eq!(counted(&service, "grey"), 0);
    let digest = service.json("/api/digest")["digest"].clone();
    let all = transitions(&wire);
    assert_eq!(service.terminate(), Some(0));
    for case in ["S-1", "S-2"] {
        assert_eq!(promise(&wire, case), vec![], "no card of {case} was wrongly said");
    }
    assert_eq!(of_sources(&wire).len(), 2, "once there and once gone");

    let of_run: Vec<Message> = before().into_iter().chain(late).chain([progress(at("12T12:00:00"))]).collect();
    let (same, rows_of_run) = replayed(&of_run, config.path(), "12T12:00:00");
    assert_eq!(digest, Value::from(same), "the digest of a replay of the same facts");
    assert_eq!(fold(&all), rows_of_run, "what was said is what stands");
    let in_time = backlog(["11T13:00:00", "11T14:00:00", "11T15:00:00"]);
    let without: Vec<Message> = before().into_iter().chain(in_time).chain([progress(at("12T12:00:00"))]).collect();
    let (none, _) = replayed(&without, config.path(), "12T12:00:00");
    assert_eq!(digest, Value::from(none), "the digest of a run without an outage");
}

#[test]
fn what_waits_in_vain_is_said_with_the_remark_and_once() {
    let test = "what_waits_in_vain_is_said_with_the_remark_and_once";
    let Some(QuietSite { site, config }) = QuietSite::with_virtual_clock(test) else { return };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    wire.send_all(before());
    go_on(&service, &wire, "12T18:00:00");
    eventually("the light of the source is said", || of_sources(&wire).first().cloned());
    assert_eq!(promise(&wire, "S-1"), vec![], "it waits for a day");
    // Killed, so that the next start has the table of last messages to find again.
    service.kill();
    let service = site.start_with(1);
    service.wait_ready();
    go_on(&service, &wire, "12T18:00:01");
    let said = eventually("it is said after all", || promise(&wire, "S-1").first().cloned());
    assert_eq!((said.kind, said.cause, said.card.token()), (Kind::Raised, Cause::Silence, "yellow"));
    assert_eq!((said.since, said.decided_at), (at("11T18:00:00"), at("12T18:00:00.001")));
    assert!(said.warnings.iter().any(|warning| warning == "source_silent"), "{:?}", said.warnings);
    assert!(
        said.reason.zh.contains("来源静默") && said.reason.en.contains("the source is silent"),
        "{:?}",
        said.reason
    );
    let shown = promise_of(&service, "S-1").expect("it stands");
    assert_eq!((&shown["light"], &shown["held_until"]), (&"yellow".into(), &Value::Null));
    assert_eq!(service.terminate(), Some(0));
    let service = site.start();
    service.wait_ready();
    go_on(&service, &wire, "12T19:00:00");
    assert_eq!((promise(&wire, "S-1").len(), promise(&wire, "S-2").len(), of_sources(&wire).len()), (1, 1, 1));

    // Closed in time, and told two days later: then nothing is left of it.
    let late = backlog(["13T09:00:00", "13T09:00:00", "13T09:00:02"]);
    wire.send_all(late.clone());
    go_on(&service, &wire, "13T10:00:00");
    let ended = eventually("it is taken back", || promise(&wire, "S-1").get(1).cloned());
    assert_eq!(ended.kind, Kind::Retracted);
    let digest = service.json("/api/digest")["digest"].clone();
    service.wait_ledger(wire.last_sequence("ALERTS"));
    assert_eq!(rows(&service.lights()), fold(&transitions(&wire)), "the light of the source has left the list");
    assert_eq!(service.terminate(), Some(0));
    let of_run: Vec<Message> = before().into_iter().chain(late).chain([progress(at("13T10:00:00"))]).collect();
    assert_eq!(digest, Value::from(replayed(&of_run, config.path(), "13T10:00:00").0));
}

/// An export in a folder of its own.
#[track_caller]
fn exported(messages: &[Message], config: &Path, until: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("events.ndjson");
    let text: String = messages.iter().map(|(_, line)| format!("{line}\n")).collect();
    fs::write(&file, text).expect("a folder takes a file");
    let mut export = program();
    export.arg("export").arg(&file).arg("--config").arg(config).args(["--until", &at(until).to_string(), "--out"]);
    let output = export.arg(folder.path().join("run")).output().expect("the program was built with the tests");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// What a tool says of an export; none without python3.
fn tool(name: &str, arguments: &[&Path]) -> Option<(Option<i32>, String)> {
    let mut script = Command::new("python3");
    script.arg(project().join("tools").join(name)).env("PYTHONDONTWRITEBYTECODE", "1");
    for argument in arguments {
        script.arg(argument);
    }
    let output = script.output().ok()?;
    let words = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    Some((output.status.code(), words.into_owned()))
}

/// Before, while and after a card waits, and after the window spoke: what an export says is found by a second reckoning.
#[test]
fn an_export_with_silent_sources_is_reckoned_again() {
    let config = configuration();
    let late = backlog(["13T09:00:00", "13T09:00:00", "13T09:00:02"]);
    let messages: Vec<Message> = before().into_iter().chain(late).collect();
    for (until, silent) in [("11T16:00:00", 0), ("12T09:00:00", 1), ("12T18:00:01", 1), ("13T10:00:00", 2)] {
        let export = exported(&messages, config.path(), until);
        let run = export.path().join("run");
        let Some((code, words)) = tool("verify_proofs.py", &[&run]) else {
            return skip("an_export_with_silent_sources_is_reckoned_again", "there is no python3");
        };
        assert_eq!(code, Some(0), "{until}: {words}");
        let said = fs::read_to_string(run.join("transitions.ndjson")).expect("the export has it");
        assert_eq!(said.matches(r#""about":"source""#).count(), silent, "{until}");
        let (standing, file) = (run.join("standing.ndjson"), run.join("transitions.ndjson"));
        let chains = tool("check_chain.py", &[&file, Path::new("--standing"), &standing]).expect("python3 is there");
        assert_eq!(chains.0, Some(0), "{until}: {}", chains.1);
        if until == "12T09:00:00" {
            let lines: Vec<&str> = said.lines().filter(|line| !line.contains(r#""about":"source""#)).collect();
            fs::write(&file, lines.join("\n")).expect("a file can be written");
            let (code, words) = tool("verify_proofs.py", &[&run]).expect("python3 is there");
            assert_eq!(code, Some(1), "without the silence, what waits is missing: {words}");
            assert!(words.contains("missing is"), "{words}");
        }
    }
}

/// Ten days pass on the machine while the server is away, or the clock is wrong: T stands, and silence is a function of T.
#[test]
fn a_clock_that_stands_makes_no_source_silent() {
    let Some(site) = TestSite::with_wall_clock("a_clock_that_stands_makes_no_source_silent") else { return };
    let config = configuration();
    let machine = TestMachine::at("2031-03-03T10:00:00+08:00");
    let mut site = site;
    site.config = config.path().to_owned();
    let service = site.start_on(machine.clocks());
    service.wait_ready();
    let wire = site.wire();
    let heard = || service.json("/api/sources")["sources"].as_array().is_some_and(|sources| !sources.is_empty());
    let silent = || service.json("/api/sources")["silent"].clone();
    wire.send_all([accepted("S-1", "02T10:00:00")]);
    eventually("the source is known", || heard().then_some(()));
    assert_eq!(silent(), 0, "what the stream stamps years before entered now");

    machine.jump(10 * 86_400);
    eventually("the clock stands", || (service.metric("watchlight_clock_frozen") == Some(1.0)).then_some(()));
    assert_eq!((silent(), of_sources(&wire).len()), (0.into(), 0), "the wall clock is no reason");
    machine.jump(-10 * 86_400);
    eventually("the clock goes on", || (service.metric("watchlight_clock_frozen") == Some(0.0)).then_some(()));

    site.nats.pause();
    let asked = std::time::Instant::now();
    eventually("the server is missed", || {
        (asked.elapsed() > LONG_SILENCE && service.get("/ready").body.contains("\"gate\":\"nats\"")).then_some(())
    });
    machine.pass(10 * 86_400);
    assert_eq!(silent(), 0, "who cannot hear does not say that nobody speaks");
    site.nats.resume();
    service.wait_ready();
    // Heard again, and drained: now it is known that nothing was sent.
    eventually("the source is silent", || (silent() == 1).then_some(()));
    eventually("its light is said", || of_sources(&wire).first().cloned());
    service.end();
}
