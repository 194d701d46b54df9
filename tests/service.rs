//! The running service: what it says, what its pages tell, which servers it refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Output;

use facts::{Kind, Transition};
use serde_json::Value;

use crate::support::city::{city, messages, progress};
use crate::support::eventually::eventually;
use crate::support::said::{assert_same_lines, fold, rows, transitions};
use crate::support::service::TestSite;
use crate::support::wire::{Message, Wire};
use crate::support::{program, project};

#[test]
fn a_file_sent_through_nats_says_the_same_lines_as_its_replay() {
    let Some(site) = TestSite::with_virtual_clock("a_file_sent_through_nats_says_the_same_lines_as_its_replay") else {
        return;
    };
    let service = site.start();
    // From here on it says what changes: the stream is empty and it has seen that.
    service.wait_ready();
    let wire = site.wire();
    wire.send_all(messages(city().events()));
    assert_eq!(wire.last_sequence("APPROVALS"), city().events().len() as u64, "a message's sequence is its line");
    wire.send_all(city().end());
    service.wait_closed(city().until());
    assert_eq!(service.terminate(), Some(0));

    let stored = wire.stored("ALERTS");
    let mut said: Vec<String> = stored.iter().map(|message| message.text().to_owned()).collect();
    said.sort_unstable();
    assert_same_lines("the payloads of ALERTS and the lines of replay", &said, &city().replayed().lines);
    for message in &stored {
        let transition: Transition = serde_json::from_str(message.text()).expect("ALERTS holds transitions");
        assert_eq!(message.subject, transition.subject(), "each stands on the subject of its office and its lamp");
    }
    let covered = bench::scenario::rules();
    let mut told = fold(&transitions(&wire));
    told.retain(|row| row.split('\t').nth(1).is_some_and(|rule| covered.contains(&rule)));
    assert_same_lines("the lights told and the generator's truth", &told, &city().truth());
}

/// One service over the whole city, asked everything: starting it once for each question would cost a minute.
#[test]
fn the_pages_of_a_running_service_agree_with_each_other_and_with_the_city() {
    let test = "the_pages_of_a_running_service_agree_with_each_other_and_with_the_city";
    let Some(site) = TestSite::with_virtual_clock(test) else { return };
    // Made by a short life of the service, so that the streams are the product's own.
    assert_eq!(site.start().terminate(), Some(0));
    let wire = site.wire();
    let [last, after] = city().end();
    wire.send_all(messages(city().events()).chain([last]));

    let service = site.start();
    let waiting = service.get("/ready");
    assert_eq!((waiting.status, waiting.json()["ready"].as_bool()), (503, Some(false)), "{}", waiting.body);
    let reasons = waiting.json()["reasons"].as_array().cloned().unwrap_or_default();
    assert!(!reasons.is_empty(), "who must wait is told for what");
    for reason in &reasons {
        assert!(["gate", "zh", "en"].iter().all(|name| reason[*name].as_str().is_some_and(|text| !text.is_empty())));
    }
    let health = service.get("/health");
    assert_eq!((health.status, &health.json()["status"]), (200, &Value::from("alive")), "alive, though not ready");
    service.wait_ready();
    assert_eq!(service.json("/ready"), serde_json::json!({"ready": true, "reasons": []}));

    assert_eq!(wire.last_sequence("ALERTS"), 0, "judged in silence");
    wire.send_all([after]);
    service.wait_closed(city().until());
    let standing = city().replayed().standing.len() as u64;
    eventually("the net difference is said", || (wire.last_sequence("ALERTS") >= standing).then_some(()));
    assert_eq!(wire.last_sequence("ALERTS"), standing, "the net of eleven weeks is the lights that stand");
    service.wait_ledger(wire.last_sequence("ALERTS"));
    let lights = service.lights();
    assert_same_lines("the ledger's lights and those of replay", &rows(&lights), &city().replayed().standing);

    check_counts(&service.json("/api/counts"), &lights);
    eventually("the figures of the workers are looked at once more", || {
        (service.metric("watchlight_dataflow_cases") == Some(known_cases() as f64)).then_some(())
    });
    check_metrics(&service.metrics(), &lights);
    check_case(&service, &lights);

    let unknown = service.get("/api/cases/NO-SUCH-CASE");
    assert_eq!((unknown.status, unknown.content_type.as_str()), (404, "application/problem+json"));
    assert_eq!(unknown.json()["code"], "unknown_case");
    let nothing = service.get("/api/nothing");
    assert_eq!((nothing.status, nothing.content_type.as_str()), (404, "application/problem+json"));
    let wrong = service.get("/api/lights?lihgt=red");
    assert_eq!((wrong.status, wrong.content_type.as_str()), (400, "application/problem+json"));
    assert_eq!(service.terminate(), Some(0));
}

/// The worst lamp of each case that has one, by county.
fn worst_by_county(lights: &[Value]) -> BTreeMap<(String, &'static str), i64> {
    let mut worst: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
    for light in lights {
        let text = |name: &str| light[name].as_str().expect("a light has text");
        let (county, red) = (&text("region")[..6], text("light") == "red");
        let case = worst.entry(text("case")).or_insert((county, red));
        case.1 |= red;
    }
    let mut counted = BTreeMap::new();
    for (county, red) in worst.into_values() {
        *counted.entry((county.to_owned(), if red { "red" } else { "yellow" })).or_default() += 1;
    }
    counted
}

#[track_caller]
fn check_counts(counts: &Value, lights: &[Value]) {
    let mut told: BTreeMap<(String, &'static str), i64> = BTreeMap::new();
    let mut cases = 0;
    for row in counts["rows"].as_array().expect("counts have rows") {
        let county = row["region"].as_str().expect("a row has its county");
        for light in ["red", "yellow"] {
            let count = row["lights"][light].as_i64().expect("a count");
            if count > 0 {
                told.insert((county.to_owned(), light), count);
            }
        }
        cases +=
            ["red", "yellow", "green", "grey"].iter().filter_map(|light| row["lights"][light].as_i64()).sum::<i64>();
    }
    assert_eq!(told, worst_by_county(lights), "each case counts once, by its worst light");
    let lit: i64 = told.values().sum();
    assert!(
        (lit + 1..=known_cases()).contains(&cases),
        "an open case without a light is green: {cases}, {lit} are lit"
    );
    let judged = counts["judged_by_worker"].as_array().expect("each worker tells");
    assert!(judged.len() == 2 && judged.iter().all(|count| count.as_u64() > Some(0)), "both workers judge: {judged:?}");
}

/// How many cases the city tells of.
fn known_cases() -> i64 {
    let known: BTreeSet<&str> = city().events().iter().map(|event| event.case.as_str()).collect();
    known.len() as i64
}

#[track_caller]
fn check_metrics(metrics: &BTreeMap<String, f64>, lights: &[Value]) {
    let names: BTreeSet<&str> = metrics.keys().map(|series| series.split('{').next().unwrap_or(series)).collect();
    for name in [
        "watchlight_ingest_messages_total",
        "watchlight_ingest_lines_total",
        "watchlight_ingest_bytes_total",
        "watchlight_ingest_unknown_fields_total",
        "watchlight_ingest_pending",
        "watchlight_ingest_sequence",
        "watchlight_ingest_connected",
        "watchlight_alerts_published_total",
        "watchlight_ledger_sequence",
        "watchlight_ledger_lag",
        "watchlight_http_requests_total",
        "watchlight_cases",
        "watchlight_sources",
        "watchlight_sources_silent",
        "watchlight_dataflow_judged_total",
        "watchlight_dataflow_cases",
        "watchlight_dataflow_wakes",
        "watchlight_dataflow_bytes",
        "watchlight_clock_seconds",
    ] {
        assert!(names.contains(name), "/metrics tells {name}; it tells {names:?}");
    }
    let held = metrics.iter().filter(|(series, _)| series.starts_with("watchlight_dataflow_cases{"));
    assert_eq!(held.map(|(_, cases)| *cases as i64).sum::<i64>(), known_cases(), "every case is held by one worker");
    for ((county, light), cases) in worst_by_county(lights) {
        let series = [
            format!("watchlight_cases{{region=\"{county}\",light=\"{light}\"}}"),
            format!("watchlight_cases{{light=\"{light}\",region=\"{county}\"}}"),
        ];
        let told = series.iter().find_map(|series| metrics.get(series));
        assert_eq!(told.map(|told| *told as i64), Some(cases), "cases of {county} that are {light}");
    }
}

#[track_caller]
fn check_case(service: &crate::support::service::TestService, lights: &[Value]) {
    let red = lights.iter().find(|light| light["light"] == "red").expect("the city has red lights");
    let case = red["case"].as_str().expect("a light names its case");
    let page = service.json(&format!("/api/cases/{case}"));
    let keys: BTreeSet<&str> =
        city().events().iter().filter(|event| event.case == case).map(|event| event.id.as_str()).collect();
    let events = page["live"]["events"].as_array().expect("a timeline");
    let shown: BTreeSet<&str> = events.iter().filter_map(|event| event["line"]["id"].as_str()).collect();
    assert_eq!(shown, keys, "the timeline holds every record of the case");
    let instants: Vec<&str> = events.iter().filter_map(|event| event["at"].as_str()).collect();
    assert!(instants.is_sorted(), "in the order of business time: {instants:?}");
    let standing = page["live"]["lights"].as_array().expect("lights");
    let of_case = lights.iter().filter(|light| light["case"] == case).count();
    assert_eq!(standing.len(), of_case, "the worker and the ledger hold the same lights");
    let english = service.json(&format!("/api/cases/{case}?lang=en"));
    for (zh, en) in standing.iter().zip(english["live"]["lights"].as_array().expect("lights")) {
        let lines = |light: &Value| light["proof_lines"].as_array().cloned().unwrap_or_default();
        assert!(!lines(zh).is_empty() && !lines(en).is_empty(), "each light has its reckoning in words: {zh}");
        assert_ne!(lines(zh), lines(en), "in Chinese, and in English when asked");
        assert!(zh["proof"].is_object(), "and as data");
    }
    let said = page["transitions"].as_array().expect("what was said");
    assert!(said.len() >= of_case && said.iter().all(|each| each["transition"]["case"] == case));
}

/// One fact of an office of the county `region`, arriving when it happened unless `arrived` is named in `more`.
fn fact(region: &str, id: &str, case: &str, at: &str, more: &str) -> Message {
    let arrived = if more.contains("\"arrived\"") { String::new() } else { format!(r#","arrived":"{at}""#) };
    let line = format!(
        r#"{{"id":"{id}","source":"window","case":"{case}","activity":"accepted","at":"{at}","level":"county","region":"{region}","dept":"SCJG","item":"SC-201","case_type":"promised"{arrived}{more}}}"#
    );
    (format!("approval.county.{region}.SCJG"), line)
}

fn clock_at(text: &str) -> Message {
    progress(text.parse().expect("an instant"))
}

/// Kind, region and revision of what was said of one rule of one case.
fn told(wire: &Wire, case: &str, rule: &str) -> Vec<(Kind, String, u32)> {
    let said = transitions(wire);
    fold(&said);
    let of_light = said.iter().filter(|said| said.case == case && said.rule == rule);
    of_light.map(|said| (said.kind, said.region.to_string(), said.revision)).collect()
}

/// Ten days past its promise of seven working days, a case moves from one county to another.
#[test]
fn a_case_that_moves_to_another_office_is_retracted_there_and_raised_here() {
    let test = "a_case_that_moves_to_another_office_is_retracted_there_and_raised_here";
    let Some(site) = TestSite::with_virtual_clock(test) else { return };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    let moved = r#","arrived":"2026-03-16T10:00:00+08:00""#;
    wire.send_all([
        fact("360902", "1", "M-1", "2026-03-02T10:00:00+08:00", ""),
        clock_at("2026-03-12T09:00:00+08:00"),
        fact("360902", "1", "M-1", "2026-03-02T10:00:00+08:00", &format!(r#","op":"delete"{moved}"#)),
        fact("360921", "1", "M-1", "2026-03-02T10:00:00+08:00", moved),
        clock_at("2026-03-16T11:00:00+08:00"),
    ]);
    service.wait_closed("2026-03-16T10:59:59.999+08:00".parse().expect("an instant"));
    eventually("the move is said", || (told(&wire, "M-1", "OD-05").len() == 3).then_some(()));
    let expected = [(Kind::Raised, "360902", 1), (Kind::Retracted, "360902", 2), (Kind::Raised, "360921", 3)];
    assert_eq!(
        told(&wire, "M-1", "OD-05"),
        expected.map(|(kind, region, revision)| (kind, region.to_owned(), revision))
    );
    service.wait_ledger(wire.last_sequence("ALERTS"));
    assert!(service.lights().iter().all(|light| light["region"] == "360921"), "the ledger has moved with it");
    let counts = service.json("/api/counts");
    let counted: Vec<&Value> = counts["rows"].as_array().expect("rows").iter().map(|row| &row["region"]).collect();
    assert_eq!(counted, ["360921"], "and so have the counts");
    assert_eq!(service.terminate(), Some(0));
}

/// Two counties have a record 1 of a source called window in one case. They are two records.
#[test]
fn an_office_replaces_and_deletes_only_what_it_said_itself() {
    let Some(site) = TestSite::with_virtual_clock("an_office_replaces_and_deletes_only_what_it_said_itself") else {
        return;
    };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    let records = || -> Vec<String> {
        let page = service.json("/api/cases/T-1");
        let events = page["live"]["events"].as_array().cloned().unwrap_or_default();
        events.iter().map(|event| event["line"]["region"].as_str().unwrap_or_default().to_owned()).collect()
    };
    wire.send_all([
        fact("360902", "1", "T-1", "2026-03-02T10:00:00+08:00", ""),
        fact("360921", "1", "T-1", "2026-03-03T10:00:00+08:00", ""),
        clock_at("2026-03-12T09:00:00+08:00"),
    ]);
    service.wait_closed("2026-03-12T08:59:59.999+08:00".parse().expect("an instant"));
    assert_eq!(records(), ["360902", "360921"], "neither has replaced the other");
    let delete = r#","op":"delete","arrived":"2026-03-12T10:00:00+08:00""#;
    wire.send_all([
        fact("360921", "1", "T-1", "2026-03-03T10:00:00+08:00", delete),
        clock_at("2026-03-12T11:00:00+08:00"),
    ]);
    service.wait_closed("2026-03-12T10:59:59.999+08:00".parse().expect("an instant"));
    assert_eq!(records(), ["360902"], "the second office has taken its own back, and nothing else");
    eventually("the promise is exceeded", || (!told(&wire, "T-1", "OD-05").is_empty()).then_some(()));
    assert_eq!(told(&wire, "T-1", "OD-05"), [(Kind::Raised, "360902".to_owned(), 1)], "the light never moved");
    wire.send_all([
        fact("360902", "1", "T-1", "2026-03-02T10:00:00+08:00", &delete.replace("T10", "T12")),
        clock_at("2026-03-12T13:00:00+08:00"),
    ]);
    eventually("who raised it can take it back", || {
        let told = told(&wire, "T-1", "OD-05");
        (told.last()?.0 == Kind::Retracted && told.len() == 2).then_some(())
    });
    assert_eq!(service.terminate(), Some(0));
}

/// A server that greets as told and answers pings, and nothing else.
fn pretend_server(version: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback has a free port");
    let address = listener.local_addr().expect("a listener has an address");
    let greeting = format!(
        "INFO {{\"server_id\":\"x\",\"version\":\"{version}\",\"max_payload\":1048576,\"jetstream\":true}}\r\n"
    );
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let greeting = greeting.clone();
            std::thread::spawn(move || converse(stream, &greeting));
        }
    });
    address
}

fn converse(mut stream: std::net::TcpStream, greeting: &str) -> Option<()> {
    stream.write_all(greeting.as_bytes()).ok()?;
    let mut heard = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        heard.extend_from_slice(&piece[..count]);
        while let Some(end) = heard.windows(6).position(|six| six == b"PING\r\n") {
            heard.drain(..end + 6);
            stream.write_all(b"PONG\r\n").ok()?;
        }
    }
}

/// `watchlight run` against `server`, to its end.
fn run_against(server: &str) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut command = program();
    command.args(["run", "--listen", "127.0.0.1:0", "--config"]).arg(project().join("config"));
    command.env("WATCHLIGHT_NATS_URL", server).env("WATCHLIGHT_DATA", folder.path().join("data"));
    command.output().expect("the program was built with the tests")
}

#[test]
fn a_server_older_than_2_10_is_refused_with_what_to_do() {
    let address = pretend_server("2.9.10");
    let output = run_against(&format!("nats://{address}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    let last = told.lines().last().unwrap_or_default();
    assert_eq!(
        last,
        format!(
            "watchlight: the server at nats://{address} is nats-server \"2.9.10\"; at least 2.10.0 is needed, since \
             older ones drop settings without a word. tools/install-nats.sh installs a current one"
        )
    );
    assert_eq!(output.stdout, b"", "no page was promised");
}

#[test]
fn a_server_older_than_2_12_7_is_warned_of() {
    // It answers nothing beyond the greeting, so the start ends; the warning comes before that.
    let output = run_against(&format!("nats://{}", pretend_server("2.12.6")));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    let warned = told.lines().any(|line| {
        line.contains("WARN") && line.contains("2.12.6") && line.contains("2.12.7") && line.contains("update it")
    });
    assert!(warned, "{told}");
    let last = told.lines().last().unwrap_or_default();
    assert!(last.starts_with("watchlight: could not create stream APPROVALS"), "{last}");
}

#[test]
fn a_server_that_is_not_there_is_told_with_its_address() {
    let output = run_against("nats://127.0.0.1:1");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("could not connect to NATS at nats://127.0.0.1:1"), "{told}");
}
