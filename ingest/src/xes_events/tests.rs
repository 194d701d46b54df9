//! What becomes of small logs, and the counts of two real ones.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::*;
use crate::EventFile;

const MAP: &str = r#"format = 1
source = "log"
absent = ["UNKNOWN"]
[office]
level = "county"
region = "360902"
dept = "D1"
[case]
id = "trace:concept:name"
prefix = "X-"
[only]
"event:lifecycle:transition" = ["complete"]
[event]
activity = "event:concept:name"
at = "event:time:timestamp"
officer = "event:org:resource"
item = { from = "trace:item", on = "first" }
[event.attrs]
channel = { from = "trace:channel", type = "text", on = ["accepted"] }
[activities]
"T1" = "accepted"
[[case_event]]
activity = "submitted"
place = "before"
at = "trace:startdate"
[case_event.attrs]
deadline = { from = "trace:deadline", type = "instant" }
[[case_event]]
activity = "closed"
at = "trace:enddate"
outcome = { constant = "other" }
[[case_event]]
activity = "fee"
at = "trace:startdate"
requires = ["trace:fees"]
fee = { act = { constant = "total" }, amount = "trace:fees", rounding = "half_up" }
"#;

/// A log of the given traces; each line of a trace is `trace key value`, or `event name time resource transition`.
fn log_of(traces: &[&str]) -> String {
    let mut log = "<log>".to_owned();
    for trace in traces {
        log.push_str("<trace>");
        for line in trace.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let text = |log: &mut String, key: &str, value: &str| {
                write!(log, "<string key=\"{key}\" value=\"{value}\"/>").expect("memory takes all");
            };
            match words[..] {
                ["trace", key, value] => text(&mut log, key, value),
                ["event", name, time, resource, transition] => {
                    log.push_str("<event>");
                    text(&mut log, "concept:name", name);
                    text(&mut log, "time:timestamp", time);
                    text(&mut log, "org:resource", resource);
                    text(&mut log, "lifecycle:transition", transition);
                    log.push_str("</event>");
                }
                _ => panic!("{line} is neither"),
            }
        }
        log.push_str("</trace>");
    }
    log + "</log>"
}

/// Keeps the lines in the order in which they come.
fn into(out: &mut String) -> impl FnMut(Moment, &str) -> io::Result<()> {
    |_, line| {
        out.push_str(line);
        out.push('\n');
        Ok(())
    }
}

fn import(log: &str, map: &str) -> (Report, String) {
    let map = XesMap::parse("map.toml", map).expect("a good map");
    let mut out = String::new();
    let report = import_xes(log.as_bytes(), &map, into(&mut out)).expect("reads to its end");
    (report, out)
}

const CASE: &str = "trace concept:name 7
trace item I-1
trace channel Post
trace fees 1.2345E3
trace startdate 2026-01-05T09:00:00+08:00
trace deadline 2026-02-05T00:00:00+08:00
trace enddate 2026-01-09T09:00:00+08:00
event T0 2026-01-05T09:00:00+08:00 r1 start
event T1 2026-01-05T09:00:00+08:00 r1 complete
event T2 2026-01-06T09:00:00+08:00 UNKNOWN complete";

#[test]
fn a_trace_becomes_facts_and_what_is_known_late_comes_late() {
    let (report, lines) = import(&log_of(&[CASE]), MAP);
    let expected = r#"{"id":"submitted","seq":-1,"source":"log","case":"X-7","activity":"submitted","at":"2026-01-05T01:00:00Z","level":"county","region":"360902","dept":"D1","attrs":{"deadline":"2026-02-04T16:00:00Z"}}
{"id":"2","seq":2,"source":"log","case":"X-7","activity":"accepted","at":"2026-01-05T01:00:00Z","level":"county","region":"360902","dept":"D1","item":"I-1","officer":"r1","attrs":{"channel":"Post"}}
{"id":"3","seq":3,"source":"log","case":"X-7","activity":"T2","at":"2026-01-06T01:00:00Z","level":"county","region":"360902","dept":"D1"}
{"id":"closed","seq":1000000,"source":"log","case":"X-7","activity":"closed","at":"2026-01-09T01:00:00Z","level":"county","region":"360902","dept":"D1","outcome":"other"}
{"id":"fee","seq":1000001,"source":"log","case":"X-7","activity":"fee","at":"2026-01-05T01:00:00Z","level":"county","region":"360902","dept":"D1","fee":{"act":"total","amount":"1234.50"}}
"#;
    assert_eq!(lines, expected);
    assert_eq!((report.traces, report.events, report.events_skipped, report.facts), (1, 3, 1, 5));
    assert_eq!(report.amounts_rounded, 0);
    assert_eq!(report.activities["T2"], 1);
    let span = report.span.map(|(first, last)| format!("{first} {last}"));
    assert_eq!(span.as_deref(), Some("2026-01-05T01:00:00Z 2026-01-09T01:00:00Z"));
}

#[test]
fn each_fact_comes_with_the_instant_at_which_it_becomes_known() {
    let map = MAP.replace("at = \"trace:enddate\"", "at = \"trace:enddate\"\narrived = \"trace:deadline\"");
    let map = XesMap::parse("map.toml", &map).expect("a good map");
    let mut known = Vec::new();
    let keep = |at: Moment, _: &str| {
        known.push(at.to_string());
        Ok(())
    };
    import_xes(log_of(&[CASE]).as_bytes(), &map, keep).expect("reads to its end");
    let expected = ["01-05T01:00", "01-05T01:00", "01-06T01:00", "02-04T16:00", "01-05T01:00"];
    assert_eq!(known, expected.map(|at| format!("2026-{at}:00Z")));
}

#[test]
fn rounded_amounts_are_counted() {
    let (report, lines) = import(&log_of(&[&CASE.replace("1.2345E3", "12.345")]), MAP);
    assert_eq!(report.amounts_rounded, 1);
    assert!(lines.contains("\"amount\":\"12.35\""), "{lines}");
}

#[test]
fn of_several_fees_the_first_with_an_amount_counts() {
    let fees = r#"fee = [
  { act = { constant = "charged" }, amount = { from = "trace:fees", on = ["accepted"] }, rounding = "half_up" },
  { act = { constant = "receipted" }, amount = "event:paid" },
]
[event.attrs]"#;
    let paid = log_of(&[CASE]).replace("value=\"T2\"/>", "value=\"T2\"/><string key=\"paid\" value=\"12.5\"/>");
    let (report, lines) = import(&paid, &MAP.replace("[event.attrs]", fees));
    let fee = |id: &str| {
        let line = lines.lines().find(|line| line.starts_with(&format!("{{\"id\":\"{id}\""))).expect("a fact");
        line.split_once("\"fee\":").map(|(_, fee)| fee.split_once('}').expect("an object").0.to_owned())
    };
    assert_eq!(report.faults.first(), None);
    assert_eq!(fee("2").as_deref(), Some("{\"act\":\"charged\",\"amount\":\"1234.50\""));
    assert_eq!(fee("3").as_deref(), Some("{\"act\":\"receipted\",\"amount\":\"12.50\""));
}

#[test]
fn an_open_case_has_no_closing_and_no_fee_without_an_amount() {
    let open: Vec<&str> = CASE.lines().filter(|line| !line.contains("enddate") && !line.contains("fees")).collect();
    let (report, _) = import(&log_of(&[&open.join("\n")]), MAP);
    assert_eq!(report.activities.keys().collect::<Vec<_>>(), ["T2", "accepted", "submitted"]);
}

#[test]
fn a_trace_comes_in_whole_or_not_at_all() {
    let nameless = CASE.replace("trace concept:name 7\n", "");
    let timeless = CASE.replace("2026-01-06T09:00:00+08:00", "soon");
    let ancient = CASE.replace("2026-01-06", "1816-01-06").replace("name 7", "name 8");
    let (report, lines) = import(&log_of(&[&nameless, &timeless, &ancient, &CASE.replace("name 7", "name 9")]), MAP);
    let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 3);
    assert!(faults[0].starts_with("trace 1, byte 5: the trace has no trace:concept:name"), "{}", faults[0]);
    assert!(
        faults[1].starts_with("trace 2 (X-7), byte ") && faults[1].ends_with("\"soon\" is no time"),
        "{}",
        faults[1]
    );
    assert!(
        faults[2]
            .ends_with("time_out_of_range in field \"at\": 1816-01-06T01:00:00Z is outside 1990-01-01 to 2100-01-01"),
        "{}",
        faults[2]
    );
    assert_eq!((report.traces, report.traces_refused, report.facts), (4, 3, 5));
    assert!(lines.lines().all(|line| line.contains("\"case\":\"X-9\"")));
}

#[test]
fn unknown_activities_are_kept_skipped_or_refused_as_the_map_says() {
    let with = |choice: &str| format!("other_activities = \"{choice}\"\n{MAP}");
    let (report, _) = import(&log_of(&[CASE]), &with("skip"));
    assert_eq!((report.facts, report.events_skipped), (4, 2));
    let (report, _) = import(&log_of(&[CASE]), &with("refuse"));
    assert_eq!((report.facts, report.traces_refused), (0, 1));
    assert_eq!(report.faults[0].fault.detail, "the activity \"T2\" is not in [activities] of the map");
}

#[test]
fn an_id_given_twice_is_a_fault_not_a_lost_event() {
    let map = MAP.replace("[event.attrs]", "id = \"event:org:resource\"\n[event.attrs]");
    let (report, _) = import(&log_of(&[&CASE.replace("UNKNOWN", "r1")]), &map);
    assert_eq!(report.faults[0].fault.detail, "the id \"r1\" is given to a second event of the case");
}

#[test]
fn a_broken_log_says_what_was_written_before() {
    let log = log_of(&[CASE, CASE]);
    let map = XesMap::parse("map.toml", MAP).expect("a good map");
    let mut out = String::new();
    let error = import_xes(&log.as_bytes()[..log.len() - 30], &map, into(&mut out)).expect_err("cut short");
    assert_eq!(error.to_string(), "could not read the log beyond trace 1; 5 facts were taken until there");
    assert_eq!(out.lines().count(), 5);
}

/// A real log beside the repository; absent logs are told, not failed.
fn real_log(test: &str, name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    let found = beside.exists().then_some(beside);
    if found.is_none() {
        println!("SKIPPED: {test} (no {name} beside the repository)");
    }
    found
}

fn import_file(log: &Path, map: &str) -> (Report, String) {
    let map = XesMap::parse("map.toml", map).expect("a good map");
    let mut out = String::new();
    let report =
        import_xes(std::fs::File::open(log).expect("it exists"), &map, into(&mut out)).expect("reads to its end");
    (report, out)
}

#[test]
fn the_receipt_log_comes_in_whole_by_the_shipped_map() {
    let test = "the_receipt_log_comes_in_whole_by_the_shipped_map";
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/examples/receipt/map.toml");
    let map = std::fs::read_to_string(shipped).expect("shipped");
    XesMap::parse("map.toml", &map).expect("the shipped map is good, log or no log");
    let Some(log) = real_log(test, "receipt/receipt.xes.gz") else { return };
    let (report, lines) = import_file(&log, &map);
    assert_eq!((report.traces, report.traces_refused, report.events), (1_434, 0, 8_577));
    let count = |activity: &str| report.activities[activity];
    assert_eq!((count("submitted"), count("accepted"), count("closed")), (1_434, 1_434, 1_329));
    assert_eq!((report.facts, report.activities.len()), (8_577 + 1_434 + 1_434 + 1_329, 27 + 3));
    let mut file = EventFile::from_reader("receipt", io::Cursor::new(lines), None).expect("memory reads");
    let mut read = 0;
    while let Some(batch) = file.next_batch(1_000).expect("memory reads") {
        assert!(batch.refused.is_empty(), "{}", batch.refused[0]);
        read += batch.facts.len() as u64;
    }
    assert_eq!(read, report.facts);
}

#[test]
fn a_log_with_midnights_fees_and_two_forms_of_time_comes_in_whole() {
    let test = "a_log_with_midnights_fees_and_two_forms_of_time_comes_in_whole";
    let Some(log) = real_log(test, "bpic15_2/BPIC15_2.xes.gz") else { return };
    let map = r#"format = 1
source = "bpic15-2"
zone = "Europe/Amsterdam"
midnight_is_day = true
[office]
level = "county"
region = "360902"
dept = "BWT"
[case]
id = "trace:concept:name"
[event]
activity = { constant = "stage_completed" }
stage = "event:concept:name"
at = "event:time:timestamp"
officer = "event:org:resource"
[event.attrs]
finished = { from = "event:dateFinished", type = "instant" }
due = { from = "event:dueDate", type = "instant" }
[[case_event]]
activity = "submitted"
place = "before"
at = "trace:startDate"
[[case_event]]
activity = "closed"
at = "trace:endDate"
outcome = { constant = "other" }
[[case_event]]
activity = "fee"
at = "trace:startDate"
requires = ["trace:SUMleges"]
fee = { act = { constant = "charged" }, code = { constant = "leges" }, amount = "trace:SUMleges", rounding = "half_up" }
"#;
    let (report, _) = import_file(&log, map);
    assert_eq!((report.traces, report.events), (832, 44_354), "{:?}", report.faults.first());
    assert_eq!(report.traces_refused, 0, "{}", report.faults[0]);
    assert_eq!(report.activities["fee"], 579);
    assert_eq!(report.activities["closed"], 711);
}
