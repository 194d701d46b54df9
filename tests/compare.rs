//! `watchlight digest` and `watchlight compare`: whatever holds the lights, the same lights have one digest; where they
//! part, the bucket, the case and what each side holds are named.

use std::path::{Path, PathBuf};

use facts::transition::StandingLine;

use crate::support::city::{city, messages};
use crate::support::replayed::City;
use crate::support::service::TestSite;
use crate::support::{program, project};

const CASES: usize = 400;

/// What a command prints, and its exit code.
#[track_caller]
fn run(line: &[&str]) -> (Option<i32>, String) {
    let output = program().current_dir(project()).env("WATCHLIGHT_LOG", "error").args(line).output();
    let output = output.expect("the program was built with the tests");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line:?}");
    (output.status.code(), String::from_utf8(output.stdout).expect("it prints UTF-8"))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

/// A small city, and its events judged and written in every form.
struct Forms {
    city: City,
    until: String,
    events: PathBuf,
    transitions: PathBuf,
    standing: PathBuf,
    standing_lines: Vec<StandingLine>,
    digest: String,
}

fn forms() -> Forms {
    let city = City::generate(CASES, 1);
    let replayed = city.replay(&[city.events()], 2);
    let lines: Vec<String> =
        replayed.standing.iter().map(|line| serde_json::to_string(line).expect("text and numbers")).collect();
    Forms {
        until: city.generated.until().to_string(),
        events: city.events(),
        transitions: city.write("out.ndjson", &replayed.transitions.lines().collect::<Vec<_>>()),
        standing: city.write("standing.ndjson", &lines),
        standing_lines: replayed.standing,
        digest: replayed.digest,
        city,
    }
}

#[test]
fn every_form_of_the_same_lights_has_the_digest_that_replay_tells() {
    let forms = forms();
    for side in [&forms.events, &forms.transitions, &forms.standing] {
        let (code, told) = run(&["digest", text(side), "--until", &forms.until]);
        assert_eq!((code, told.lines().last()), (Some(0), Some(format!("digest {}", forms.digest).as_str())), "{told}");
    }
    let (_, told) = run(&["digest", text(&forms.events), "--until", &forms.until]);
    let hash = &crate::support::shipped_configuration().hash;
    assert!(told.contains(&format!("clock {}, configuration {hash}, ", forms.until)), "{told}");
    let (_, told) = run(&["digest", text(&forms.standing)]);
    assert!(told.contains("clock not told, configuration not told, "), "{told}");

    let (_, buckets) = run(&["digest", text(&forms.standing), "--buckets"]);
    let buckets: String = buckets.lines().filter(|line| line.contains('\t')).map(|line| format!("{line}\n")).collect();
    use sha2::Digest as _;
    assert_eq!(facts::digest::hex(&sha2::Sha256::digest(buckets)), forms.digest, "recomputable by anyone");

    let (code, json) = run(&["digest", text(&forms.events), "--until", &forms.until, "--json"]);
    assert_eq!(code, Some(0));
    let digest = forms.city.write("digest.json", &[json.trim()]);
    for side in [&forms.transitions, &forms.standing, &digest] {
        let (code, told) = run(&["compare", text(side), text(&forms.events), "--until", &forms.until]);
        assert_eq!((code, told.lines().last()), (Some(0), Some("equal")), "{told}");
    }
    let (code, told) = run(&["compare", text(&digest), text(&forms.events)]);
    assert_eq!(code, Some(0), "events are judged up to where the other side stands: {told}");
}

#[test]
fn a_light_that_one_side_lacks_is_named_with_what_was_said_of_it() {
    let forms = forms();
    let events = std::fs::read_to_string(&forms.events).expect("the events were written");
    let light = forms.standing_lines.iter().find(|line| line.instance == "-").expect("something stands");
    // Without its facts the case has no light.
    let kept: Vec<&str> = events.lines().filter(|line| !line.contains(&format!("\"{}\"", light.case))).collect();
    let without = forms.city.write("without.ndjson", &kept);
    let (code, told) = run(&["compare", text(&forms.events), text(&without), "--until", &forms.until]);
    assert_eq!(code, Some(1), "{told}");
    let StandingLine { case, rule, card, light: lamp, since, level, region, dept, .. } = light;
    let day = since.date(&crate::support::shipped_configuration().zone);
    assert!(told.contains("\ndifferent: "), "{told}");
    assert!(told.contains(&format!(", the first is {day} {level} {region} {dept} (A ")), "{told}");
    assert!(told.contains(&format!("\ncase {case}, rule {rule}, instance -\n")), "{told}");
    let held = format!("  A: card {card}, light {lamp}, since {since}, {level} {region} {dept}; said at ");
    assert!(told.contains(&held) && told.contains(", cause deadline, revision "), "{told}");
    assert!(told.ends_with("  B: no light\n"), "{told}");
}

#[test]
fn another_since_another_clock_and_another_configuration_are_told() {
    let forms = forms();
    let mut lines = forms.standing_lines.clone();
    let moved = lines.first_mut().expect("something stands");
    let was = moved.since;
    moved.since = moved.since.plus_millis(1);
    let (case, is) = (moved.case.clone(), moved.since);
    let lines: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).expect("text and numbers")).collect();
    let other = forms.city.write("moved.ndjson", &lines);
    let (code, told) = run(&["compare", text(&other), text(&forms.transitions), "--lang", "zh"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("注意：有一方未说明所处时刻") && told.contains("注意：有一方未说明所用配置"), "{told}");
    assert!(told.contains(&format!("办件 {case}，")), "{told}");
    assert!(told.contains(&format!("自 {is}，")) && told.contains(&format!("自 {was}，")), "{told}");

    let earlier = forms.city.generated.until().plus_millis(-3 * 24 * 3_600_000).to_string();
    let (code, json) = run(&["digest", text(&forms.events), "--until", &earlier, "--json"]);
    assert_eq!(code, Some(0));
    let digest = forms.city.write("earlier.json", &[json.trim()]);
    let (code, told) = run(&["compare", text(&digest), text(&forms.events), "--until", &forms.until]);
    assert_eq!(code, Some(1));
    assert!(told.contains(&format!("note: the clocks differ (A {earlier}, B {})", forms.until)), "{told}");
    assert!(told.contains("one side is a digest only"), "{told}");

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let site = folder.path().join("site");
    copy(&project().join("config"), &site);
    let limits = site.join("rules/overdue/case_limits.toml");
    let rules = std::fs::read_to_string(&limits).expect("the shipped rules");
    let changed = rules.replace("cards.warning = \"due - 1wd\"", "cards.warning = \"due - 2wd\"");
    assert_ne!(changed, rules);
    std::fs::write(&limits, changed).expect("a file can be written there");
    let (events, until) = (text(&forms.events), forms.until.as_str());
    let (code, told) = run(&["compare", events, events, "--until", until, "--config-b", text(&site)]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("note: the sides are judged by different configurations"), "{told}");
    let [a, b] = ["  A: ", "  B: "].map(|side| told.lines().find(|line| line.starts_with(side)).expect("both tell"));
    assert!(a.contains("card warning, ") && b.contains("card warning, ") && a[5..] != b[5..], "other days: {told}");
}

#[test]
fn a_service_its_ledger_and_a_replay_of_its_events_are_equal() {
    let Some(site) = TestSite::with_virtual_clock("a_service_its_ledger_and_a_replay_of_its_events_are_equal") else {
        return;
    };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    wire.send_all(messages(city().events()).chain(city().end()));
    service.wait_closed(city().until());
    let said = city().replayed().lines.len() as u64;
    service.wait_ledger(said);

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let events = folder.path().join("events.ndjson");
    let mut lines: Vec<String> = messages(city().events()).map(|(_, line)| line + "\n").collect();
    std::fs::write(&events, lines.concat()).expect("a file can be written there");
    let ledger = format!("sqlite://{}", site.data().join("ledger.sqlite").display());
    for (a, b) in [(service.base(), text(&events)), (&ledger, service.base()), (&ledger, text(&events))] {
        let until = city().until().to_string();
        let (code, told) = run(&["compare", a, b, "--until", &until]);
        assert_eq!((code, told.lines().last()), (Some(0), Some("equal")), "{told}");
    }
    let (_, told) = run(&["digest", &ledger]);
    assert!(told.contains("clock not told, last said at "), "{told}");

    chains_are_whole(&["--service", service.base()]);

    // A side that lacks the facts of one lit case parts from the service there.
    let case = service.lights()[0]["case"].as_str().expect("a light has its case").to_owned();
    lines.retain(|line| !line.contains(&format!("\"{case}\"")));
    std::fs::write(&events, lines.concat()).expect("a file can be written there");
    let (code, told) = run(&["compare", text(&events), service.base()]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains(&format!("\ncase {case}, rule ")) && told.contains("  A: no light\n  B: card "), "{told}");
    let (code, by_ledger) = run(&["compare", text(&events), &ledger, "--until", &city().until().to_string()]);
    assert_eq!((code, by_ledger.lines().last()), (Some(1), told.lines().last()), "{by_ledger}");

    // What the service left on disk: its facts, judged again, give the same lights.
    assert_eq!(service.terminate(), Some(0));
    let checkpoint = site.data().join("checkpoint");
    let (code, told) = run(&["compare", text(&checkpoint), &ledger]);
    assert_eq!((code, told.lines().last()), (Some(0), Some("equal")), "{told}");
    let hash = &crate::support::shipped_configuration().hash;
    assert!(told.contains(&format!("clock {}, configuration {hash}, ", city().until())), "{told}");
    let export = folder.path().join("export");
    let (code, told) = run(&["export", text(&checkpoint), "--out", text(&export)]);
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = run(&["compare", text(&export), &ledger]);
    assert_eq!((code, told.lines().last()), (Some(0), Some("equal")), "{told}");
    if let Some((code, told)) = python("tools/verify_proofs.py", &[text(&export)]) {
        assert_eq!((code, told.lines().last()), (Some(0), Some("everything holds")), "{told}");
    }
}

/// `tools/check_chain.py` finds nothing to say of these messages.
#[track_caller]
fn chains_are_whole(arguments: &[&str]) {
    if let Some((code, told)) = python("tools/check_chain.py", arguments) {
        assert_eq!((code, told.lines().last()), (Some(0), Some("every chain is whole")), "{told}");
    }
}

/// What a script prints, and its exit code; none (and a skip) without python3.
#[track_caller]
fn python(script: &str, arguments: &[&str]) -> Option<(Option<i32>, String)> {
    let mut command = std::process::Command::new("python3");
    let command = command.arg("-B").arg(project().join(script)).args(arguments);
    match command.output() {
        Ok(output) => {
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{script}");
            Some((output.status.code(), String::from_utf8(output.stdout).expect("it prints UTF-8")))
        }
        Err(error) => {
            crate::support::skip::skip("compare", &format!("no python3: {error}"));
            None
        }
    }
}

#[test]
fn a_message_that_is_lost_changed_or_too_much_breaks_its_chain() {
    let forms = forms();
    let (said, standing) = (text(&forms.transitions), text(&forms.standing));
    chains_are_whole(&[said, "--standing", standing]);
    let lines: Vec<String> =
        std::fs::read_to_string(said).expect("it was written").lines().map(str::to_owned).collect();
    let second = lines.iter().position(|line| line.contains("\"revision\":2,")).expect("a light that changed");
    let light: facts::Transition = serde_json::from_str(&lines[second]).expect("a transition");
    let name = format!("case {}, rule {}, instance {}: ", light.case, light.rule, light.instance);
    let broken = |lines: Vec<String>, expected: &str| {
        let path = forms.city.write("broken.ndjson", &lines);
        if let Some((code, told)) = python("tools/check_chain.py", &[text(&path), "--standing", standing]) {
            assert_eq!(code, Some(1), "{told}");
            assert!(told.lines().any(|line| line.contains(&name) && line.contains(expected)), "{expected} in\n{told}");
        }
    };
    let mut lost = lines.clone();
    lost.retain(|line| {
        let said: facts::Transition = serde_json::from_str(line).expect("a transition");
        (&said.case, &said.rule, &said.instance, said.revision) != (&light.case, &light.rule, &light.instance, 1)
    });
    broken(lost, "revision is 2; the chain asks for 1");
    let mut twice = lines.clone();
    twice.insert(second + 1, lines[second].clone());
    broken(twice, "revision is 2; the chain asks for 3");
    let mut changed = lines.clone();
    changed[second] = lines[second].replacen("\"card_before\":\"", "\"card_before\":\"x", 1);
    broken(changed, "card_before is x");
}

#[test]
fn what_is_no_side_is_refused_with_what_is() {
    let refused = |side: &str| {
        let output = program().current_dir(project()).args(["digest", side]).output();
        let output = output.expect("the program was built with the tests");
        assert_eq!(output.status.code(), Some(3), "{side}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(refused("nats://127.0.0.1").contains("a service is http://..., a ledger sqlite://... or postgres://..."));
    assert!(refused("Cargo.toml").contains("its first line is no event, transition, standing light or digest"));
    assert!(refused("config").contains("is no folder of an export or a checkpoint"));
    assert!(
        refused("sqlite:///nowhere/ledger.sqlite")
            .contains("could not open the ledger sqlite:///nowhere/ledger.sqlite")
    );
    assert!(refused("http://127.0.0.1:1").contains("http://127.0.0.1:1/api/digest does not answer"));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made there");
    for entry in std::fs::read_dir(from).expect("a shipped folder can be read") {
        let path = entry.expect("a shipped folder can be read").path();
        let target = to.join(path.file_name().expect("it lies in the folder"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, target).expect("a shipped file can be copied");
        }
    }
}
