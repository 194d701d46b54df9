//! `watchlight bench` as a load tester runs it, against real servers.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::eventually::eventually;
use crate::support::nats::TestNats;
use crate::support::program;
use crate::support::proxy::{Proxy, Way};
use crate::support::wire::Wire;

/// Runs `watchlight bench` with these words; the settings are those of no site.
fn bench(folder: &Path, words: &[&str]) -> Output {
    let mut command = program();
    command.current_dir(folder).arg("bench").args(words);
    command.output().expect("the program was built with the tests")
}

/// A folder whose `config` holds the settings file of a site that changed nothing.
fn site() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::create_dir(folder.path().join("config")).expect("a folder can be made there");
    fs::write(folder.path().join("config/watchlight.toml"), "").expect("a file can be written there");
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn check_exit(output: &Output, code: i32) -> String {
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{told}\n{}", text(&output.stderr));
    told
}

#[track_caller]
fn figures(path: &Path) -> Value {
    let written = fs::read_to_string(path).expect("the command has written it");
    serde_json::from_str(&written).expect("figures are JSON")
}

#[test]
fn one_seed_gives_the_same_bytes_under_both_names_and_from_a_profile_file() {
    let folder = site();
    let profile = crate::support::project().join("bench/profiles/county.toml");
    let profile = profile.to_str().expect("a plain path");
    let shared = ["--cases", "300", "--seed", "5", "--truth", "t.csv"];
    let hash = |told: String| told.lines().last().and_then(|line| line.split_whitespace().nth(1)).map(str::to_owned);
    let made = bench(folder.path(), &[&["generate", "--profile", "county", "--out", "a"][..], &shared].concat());
    let by_name = hash(check_exit(&made, 0));
    let made = bench(folder.path(), &[&["generate", "--profile", profile, "--out", "b"][..], &shared].concat());
    assert_eq!(hash(check_exit(&made, 0)), by_name);
    assert_eq!(by_name.as_deref().map(str::len), Some(64));
    let mut short = program();
    short.current_dir(folder.path()).args(["generate", "--profile", "county", "--out", "c"]).args(shared);
    check_exit(&short.output().expect("the program was built with the tests"), 0);
    let read = |name: &str| fs::read(folder.path().join(name)).expect("it was written");
    assert!(read("a") == read("b") && read("a") == read("c"));
}

#[test]
fn a_publication_stores_every_event_on_time_and_says_so() {
    let Some(nats) = TestNats::start("a_publication_stores_every_event_on_time_and_says_so") else { return };
    let folder = site();
    let url = nats.server().url();
    let words = [
        "publish",
        "--nats",
        &url,
        "--cases",
        "60",
        "--rate",
        "2000",
        "--connections",
        "3",
        "--events-per-message",
        "4",
        "--lag-max",
        "5000",
        "--json",
        "f.json",
    ];
    let told = check_exit(&bench(folder.path(), &words), 0);
    assert!(told.contains("valid run: the schedule was kept"), "{told}");
    let written = figures(&folder.path().join("f.json"));
    let stored = Wire::connect(&url).stored("APPROVALS");
    assert_eq!(written["messages"], stored.len());
    let lines: usize = stored.iter().map(|message| message.text().lines().count()).sum();
    assert_eq!(written["events"], lines);
    assert!(lines > stored.len(), "some messages carry several events");
    let ids: std::collections::BTreeSet<_> = stored.iter().map(|message| message.header("Nats-Msg-Id")).collect();
    assert_eq!(ids.len(), stored.len(), "every message has an id of its own");
    assert!(stored.iter().all(|message| message.header("Watchlight-Replay").is_empty()));
    // A second load would be judged together with the first.
    let refused = bench(folder.path(), &words);
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("or say --append"), "{}", text(&refused.stderr));
}

#[test]
fn a_replay_goes_into_a_stream_of_its_own_and_never_where_a_service_listens() {
    let Some(nats) = TestNats::start("a_replay_goes_into_a_stream_of_its_own") else { return };
    let folder = site();
    let url = nats.server().url();
    let load = ["publish", "--nats", &url, "--cases", "20", "--pace", "fastest"];
    check_exit(&bench(folder.path(), &load), 0);
    let wire = Wire::connect(&url);
    let real = wire.stored("APPROVALS").len();
    for wrong in [&["--replay", "--prefix", "approval"][..], &["--stream", "APPROVALS"]] {
        let output = bench(folder.path(), &[&load[..], wrong].concat());
        check_exit(&output, 2);
        assert!(text(&output.stderr).contains("replay"), "{}", text(&output.stderr));
    }
    let again = ["publish", "--nats", &url, "--stream", "APPROVALS", "--replay", "--pace", "fastest"];
    check_exit(&bench(folder.path(), &again), 0);
    assert_eq!(wire.stored("APPROVALS").len(), real, "nothing was added to what a service reads");
    let replayed = wire.stored("REPLAY");
    assert_eq!(replayed.len(), real);
    assert!(replayed.iter().all(|message| message.subject.starts_with("replay.")));
    assert!(replayed.iter().all(|message| !message.header("Watchlight-Replay").is_empty()));
}

#[test]
fn a_run_that_could_not_keep_its_schedule_is_invalid_and_says_why() {
    let Some(nats) = TestNats::start("a_run_that_could_not_keep_its_schedule") else { return };
    let folder = site();
    let url = nats.server().url();
    // A billion events an hour, with one message at a time on its way: no server answers that fast.
    let words =
        ["publish", "--nats", &url, "--cases", "200", "--rate", "1000000000/h", "--window", "1", "--lag-max", "1"];
    let told = check_exit(&bench(folder.path(), &words), 1);
    assert!(told.contains("INVALID run: 1 message in 100 was handed over"), "{told}");
    assert!(told.contains("waited for an answer"), "{told}");
}

/// Measures with these words; the run's folder is `run`.
fn measure(folder: &Path, words: &[&str]) -> Output {
    let config = crate::support::project().join("config");
    let config = config.to_str().expect("a plain path");
    bench(folder, &[&["measure", "--out", "run", "--lag-max", "60000", "--config", config][..], words].concat())
}

#[test]
fn a_run_on_a_private_server_finds_every_light_of_the_truth_and_keeps_its_figures() {
    if let Err(error) = watchlight::nats_server::find_for_process() {
        return crate::support::skip::skip("a_run_on_a_private_server_finds_every_light", &error.to_string());
    }
    let folder = site();
    let told = check_exit(&measure(folder.path(), &["--cases", "400", "--rate", "1000", "--connections", "2"]), 0);
    assert!(told.contains("valid run"), "{told}");
    let run = figures(&folder.path().join("run/run.json"));
    let count = |path: &str| run.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("{path}: {run}"));
    assert_eq!(
        (count("/alerts/missed"), count("/alerts/false_alerts"), count("/alerts/duplicate")),
        (0, 0, 0),
        "{run}"
    );
    assert_eq!((count("/alerts/equal"), count("/load/lost")), (count("/alerts/expected"), 0));
    assert!(count("/event/count") > 50 && count("/deadline/count") > 5, "{run}");
    assert_eq!(count("/event/count") + count("/deadline/count"), count("/alerts/heard"), "each has its cause");
    assert_eq!(count("/alerts/unattributed"), 0);
    assert!(count("/used/service/cpu_ms") > 0 && count("/used/service/memory_kib") > 1000, "{run}");
    assert_eq!(run["machine"]["config_sha256"].as_str().map(str::len), Some(64));
    let read = |name: &str| fs::read_to_string(folder.path().join("run").join(name)).expect("it was written");
    let report = read("report.html");
    assert_eq!(report.matches("<svg").count(), 2);
    assert!(!report.contains("http://") && !report.contains("https://"), "the page needs nothing from elsewhere");
    assert!(read("event.hgrm").contains("Total count") && read("run.hlog").contains("Tag=deadline"));
    // A second run into the same folder would hide the first.
    check_exit(&measure(folder.path(), &["--cases", "400"]), 3);
}

#[test]
fn a_fact_that_is_left_out_shows_as_exactly_one_miss() {
    if let Err(error) = watchlight::nats_server::find_for_process() {
        return crate::support::skip::skip("a_fact_that_is_left_out_shows_as_exactly_one_miss", &error.to_string());
    }
    let profile = ::bench::Profile::named("yichun-week").expect("built in");
    let city =
        ::bench::generate(&::bench::Options { cases: 1_000, seed: 1, profile }).expect("the built-in city is sound");
    let lights_of = |case: &str| city.truth().iter().filter(|light| light.case == case).count();
    // A charge for what is free: the light hangs on this one record, and nothing else does.
    let light = city.truth().iter().find(|light| light.rule == "FE-01" && lights_of(&light.case) == 1);
    let light = light.expect("a case in this city has this light alone");
    let record = light.instance.rsplit('/').next().expect("the light names its record");
    let left_out = format!("{}/{record}", light.case);
    let folder = site();
    let output = measure(folder.path(), &["--cases", "1000", "--rate", "3000", "--leave-out", &left_out]);
    let told = check_exit(&output, 1);
    assert!(told.contains("missed 1  false 0"), "{told}");
    assert!(told.contains(&format!("缺 missing: {}", light.case)), "{told}");
}

/// The project's configuration.
fn config() -> String {
    crate::support::project().join("config").to_string_lossy().into_owned()
}

#[test]
fn two_runs_of_one_load_have_the_same_lights_and_limits_decide_the_exit_code() {
    let test = "two_runs_of_one_load_have_the_same_lights";
    if let Err(error) = watchlight::nats_server::find_for_process() {
        return crate::support::skip::skip(test, &error.to_string());
    }
    let folder = site();
    let config = config();
    let run = |out: &str, seed: &str| {
        let words = ["measure", "--cases", "200", "--rate", "500", "--lag-max", "60000", "--config", &config];
        check_exit(&bench(folder.path(), &[&words[..], &["--seed", seed, "--out", out]].concat()), 0)
    };
    for (out, seed) in [("a", "1"), ("b", "1"), ("c", "2")] {
        run(out, seed);
    }
    let compare = |words: &[&str]| bench(folder.path(), &[&["compare"], words].concat());
    let told = check_exit(&compare(&["a", "b"]), 0);
    assert!(told.contains("the same lights stand") && told.contains("event due to alert p99:"), "{told}");
    let told = check_exit(&compare(&["a", "c"]), 1);
    assert!(told.contains("other lights stand") && told.contains("the two runs had different events"), "{told}");
    let limits = "[event]\np50_ms = 0\n[alerts]\nmissed = 0\n[compare]\nsame_lights = true\n";
    fs::write(folder.path().join("limits.toml"), limits).expect("a file can be written there");
    let told = check_exit(&compare(&["a", "b", "--thresholds", "limits.toml", "--junit", "j.xml"]), 1);
    assert!(told.contains("not kept event.p50_ms"), "{told}");
    let xml = fs::read_to_string(folder.path().join("j.xml")).expect("it was written");
    assert_eq!(
        cases_of(&xml),
        [("valid", true), ("event.p50_ms", false), ("alerts.missed", true), ("compare.same_lights", true)]
            .map(|(name, kept)| (name.to_owned(), kept))
    );
}

/// The test cases of a JUnit file, with whether each passed.
#[track_caller]
fn cases_of(xml: &str) -> Vec<(String, bool)> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut cases: Vec<(String, bool)> = Vec::new();
    loop {
        match reader.read_event().expect("it is XML") {
            Event::Start(start) if start.name().as_ref() == "testcase" => {
                let name = start.try_get_attribute("name").expect("sound attributes").expect("a case has a name");
                cases.push((name.value.into_owned(), true));
            }
            Event::Start(start) | Event::Empty(start) if start.name().as_ref() == "failure" => {
                cases.last_mut().expect("a failure lies in its case").1 = false;
            }
            Event::Eof => return cases,
            _ => {}
        }
    }
}

#[test]
fn a_search_tells_the_highest_rate_that_is_sustained_and_why_a_rate_is_not() {
    let test = "a_search_tells_the_highest_rate_that_is_sustained";
    if let Err(error) = watchlight::nats_server::find_for_process() {
        return crate::support::skip::skip(test, &error.to_string());
    }
    let folder = site();
    let config = config();
    let search = |out: &str, p99_max: &str| {
        let words = ["search", "--from-rate", "40", "--to-rate", "40", "--seconds", "5", "--lag-max", "60000"];
        let more = ["--out", out, "--p99-max", p99_max, "--config", &config];
        bench(folder.path(), &[&words[..], &more].concat())
    };
    let told = check_exit(&search("kept", "60000"), 0);
    assert!(told.contains("highest rate sustained, events a second: 40"), "{told}");
    let told = check_exit(&search("never", "0"), 1);
    assert!(told.contains("ms is beyond 0 ms"), "{told}");
    let found = figures(&folder.path().join("never/search.json"));
    assert_eq!((&found["sustained"], &found["not_sustained"]), (&Value::Null, &Value::from(40)));
    assert_eq!(found["steps"].as_array().map(Vec::len), Some(2), "a rate that failed is tried again");
    for step in found["steps"].as_array().into_iter().flatten() {
        let run = folder.path().join("never").join(step["folder"].as_str().expect("a folder"));
        let count = figures(&run.join("run.json"))["load"]["events"].as_u64().expect("a count");
        assert!((150..300).contains(&count), "about five seconds of forty, of a city that is as large: {count}");
        assert!(run.join("report.html").exists());
    }
    let page = fs::read_to_string(folder.path().join("never/report.html")).expect("it was written");
    assert_eq!(page.matches("<svg").count(), 1);
}

#[test]
fn a_soak_tells_the_slope_of_memory_and_holds_it_against_its_limit() {
    let test = "a_soak_tells_the_slope_of_memory";
    if let Err(error) = watchlight::nats_server::find_for_process() {
        return crate::support::skip::skip(test, &error.to_string());
    }
    let folder = site();
    let config = config();
    let words = ["soak", "--rate", "40", "--seconds", "15", "--lag-max", "60000", "--out", "s", "--config", &config];
    let told = check_exit(&bench(folder.path(), &[&words[..], &["--growth-max", "100000000"]].concat()), 0);
    assert!(told.contains("kept: all of the interval lies within the limit"), "{told}");
    let soak = figures(&folder.path().join("s/soak.json"));
    let [low, middle, high] =
        ["low", "middle", "high"].map(|end| soak["bytes_a_second"][end].as_i64().expect("a slope"));
    assert!(low <= middle && middle <= high, "{soak}");
    let run = figures(&folder.path().join("s/run.json"));
    let open = run["seconds"].as_array().and_then(|seconds| seconds.last()?["open_cases"].as_u64());
    assert!(open > Some(10), "the service says how many cases are open: {run}");
}

/// How long the server is held up.
const STALL: std::time::Duration = std::time::Duration::from_secs(2);

#[test]
fn a_server_that_stalls_shows_in_the_percentiles_although_few_messages_are_on_their_way() {
    let test = "a_server_that_stalls_shows_in_the_percentiles";
    let Some(site_under_test) = crate::support::service::TestSite::with_virtual_clock(test) else { return };
    let service = site_under_test.start();
    let proxy = std::sync::Arc::new(Proxy::start(site_under_test.nats.server().address()));
    let folder = site();
    let profile = ::bench::Profile::named("yichun-week").expect("built in");
    let city =
        ::bench::generate(&::bench::Options { cases: 400, seed: 1, profile }).expect("the built-in city is sound");
    let backlog = city.events().filter(|event| event.arrived < Some(city.replay_from())).count() as u64;
    let wire = site_under_test.wire();
    let stalling = {
        let proxy = std::sync::Arc::clone(&proxy);
        std::thread::spawn(move || {
            eventually("the measured part is under way", || {
                (wire.last_sequence("APPROVALS") > backlog + 100).then_some(())
            });
            proxy.set(Way::Stalled);
            // The stall is what is measured; nothing is waited for.
            std::thread::sleep(STALL);
            proxy.heal();
        })
    };
    let (url, page) = (proxy.url(), service.base().to_owned());
    let words = ["--cases", "400", "--rate", "100", "--nats", &url, "--service", &page, "--append"];
    let output = measure(folder.path(), &words);
    stalling.join().expect("the way was stalled and healed");
    let told = check_exit(&output, 0);
    let run = figures(&folder.path().join("run/run.json"));
    let micros = |path: &str| run.pointer(path).and_then(Value::as_u64).expect("a figure");
    assert!(micros("/event/p999") > 1_000_000, "{told}");
    assert!(micros("/answers/p999") > 1_000_000, "{told}");
    assert!(micros("/answers/p50") < 1_000_000, "most were due while nothing stalled: {told}");
    assert!(micros("/schedule/lag/p99") < 1_000_000, "the load kept coming: {told}");
}
