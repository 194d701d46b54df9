//! What must not stop, mislead or lose anything: wrong subjects, broken bytes, absurd values, other offices'
//! records. Each bad line is kept in QUARANTINE as it came, with its reason; each good one is judged.

use std::collections::BTreeMap;

use facts::digest::hex;
use sha2::{Digest, Sha256};

use crate::support::eventually::eventually;
use crate::support::said::{fold, transitions};
use crate::support::service::{TestService, TestSite};
use crate::support::wire::{Stored, Wire};

const SUBJECT: &str = "approval.county.360902.SCJG";
/// As much of a refused line as is kept.
const KEPT_BYTES: usize = 64 * 1024;

/// A good line: a case accepted in March 2025 and never closed, so that its promise is long exceeded.
/// `more` is written before the closing brace.
fn line(case: &str, more: &str) -> String {
    format!(
        r#"{{"id":"1","source":"window","case":"{case}","activity":"accepted","at":"2025-03-03T10:00:00+08:00","level":"county","region":"360902","dept":"SCJG","item":"SC-201","case_type":"promised"{more}}}"#
    )
}

/// What is sent in one message, and what must become of its lines.
struct Sent {
    subject: &'static str,
    payload: Vec<u8>,
    /// Line number, reason, the line as it came.
    refused: Vec<(u64, &'static str, Vec<u8>)>,
    /// Cases of the lines that are facts.
    good: Vec<&'static str>,
}

fn bad_on(subject: &'static str, reason: &'static str, payload: impl Into<Vec<u8>>) -> Sent {
    let payload = payload.into();
    Sent { subject, refused: vec![(1, reason, payload.clone())], payload, good: Vec::new() }
}

fn bad(reason: &'static str, payload: impl Into<Vec<u8>>) -> Sent {
    bad_on(SUBJECT, reason, payload)
}

fn good(case: &'static str, payload: impl Into<Vec<u8>>) -> Sent {
    Sent { subject: SUBJECT, payload: payload.into(), refused: Vec::new(), good: vec![case] }
}

/// Personal data in fields that the schema does not know: accepted, counted, stored nowhere.
const PERSONAL: [&str; 3] = ["36220119900101004X", "欧阳某某", "13979500000"];

fn attack() -> Vec<Sent> {
    let at = |instant: &str| line("X", "").replace("2025-03-03T10:00:00+08:00", instant);
    let fee = |amount: &str| line("X", &format!(r#","fee":{{"act":"charged","code":"F","amount":{amount}}}"#));
    let deep = |levels: usize| line("X", &format!(r#","x":{}{}"#, "[".repeat(levels), "]".repeat(levels)));
    let [id_card, name, phone] = PERSONAL;
    let personal = format!(r#","applicant":{{"name":"{name}","id_card":"{id_card}"}},"phone":"{phone}","_":null"#);
    let mixed = [
        line("GOOD-1", "").as_bytes(),
        b"\nthis is no event\n\xff\xfe{}\n\n",
        line("GOOD-2", "").as_bytes(),
        b"\r\n",
        at("1850-01-01T00:00:00Z").as_bytes(),
        b"\n",
    ]
    .concat();
    vec![
        bad_on("approval.county.360902", "bad_subject", line("X", "")),
        bad_on("approval.village.360902.SCJG", "bad_subject", line("X", "")),
        bad_on("approval.county.36x902.SCJG", "bad_subject", line("X", "")),
        bad_on("approval.county.360902.SCJG.more", "bad_subject", line("X", "")),
        bad("not_json", "{"),
        bad("not_json", "no json"),
        bad("not_json", line("X", r#","id":"2""#)),
        bad("not_an_object", "[1]"),
        bad("not_an_object", "null"),
        bad("not_utf8", b"{\"id\":\"\xff\"}".as_slice()),
        bad("line_too_long", line("X", &format!(r#","x":"{}""#, "a".repeat(300 * 1024)))),
        bad("nesting_too_deep", deep(16)),
        bad("nesting_too_deep", "[".repeat(100_000)),
        bad("field_missing", line(" ", "")),
        bad("field_missing", line("X", "").replace(r#""dept":"SCJG","#, "")),
        bad("field_mistyped", line("X", r#","version":"two""#)),
        bad("field_mistyped", line("X", "").replace("+08:00", "")),
        bad("attrs_not_flat", line("X", r#","attrs":{"a":{"b":1}}"#)),
        bad("time_out_of_range", at("1850-01-01T00:00:00Z")),
        bad("time_out_of_range", at("2200-01-01T00:00:00Z")),
        bad("beyond_horizon", at("2001-01-01T00:00:00Z")),
        bad("bad_amount", fee("\"99999999999999999999\"")),
        bad("bad_amount", fee("1e308")),
        bad("bad_amount", fee("\"1.005\"")),
        bad("bad_amount", fee("\"100000000000.01\"")),
        bad_on("approval.county.360921.SCJG", "subject_disagrees", line("GOOD-1", "")),
        bad_on("approval.county.360902.SZJJ", "subject_disagrees", line("GOOD-1", r#","op":"delete""#)),
        Sent {
            subject: SUBJECT,
            payload: mixed,
            refused: vec![
                (2, "not_json", b"this is no event".to_vec()),
                (3, "not_utf8", b"\xff\xfe{}".to_vec()),
                (6, "time_out_of_range", at("1850-01-01T00:00:00Z").into_bytes()),
            ],
            good: vec!["GOOD-1", "GOOD-2"],
        },
        Sent { subject: SUBJECT, payload: Vec::new(), refused: Vec::new(), good: Vec::new() },
        good("MARKED", [b"\xef\xbb\xbf", line("MARKED", "").as_bytes()].concat()),
        good("SPREAD", line("SPREAD", "").replace(',', ",\n")),
        good("SIXTEEN", deep(15).replace("\"X\"", "\"SIXTEEN\"")),
        good("PERSONAL", line("PERSONAL", &personal)),
        // Under its own subject an office may delete what it likes; it is never another's record.
        Sent {
            subject: "approval.county.360921.SCJG",
            payload: line("GOOD-2", r#","op":"delete""#).replace("360902", "360921").into_bytes(),
            refused: Vec::new(),
            good: vec!["GOOD-2"],
        },
    ]
}

#[test]
fn hostile_input_is_kept_counted_and_passed_by() {
    let Some(site) = TestSite::with_wall_clock("hostile_input_is_kept_counted_and_passed_by") else { return };
    // The good cases lie months back; how long what is late waits is another test's matter.
    let site = site.with("WATCHLIGHT_PUBLISH_SETTLE_SECS", "0");
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    let attack = attack();
    let sent: Vec<(u64, &Sent)> =
        attack.iter().map(|sent| (wire.send(sent.subject, sent.payload.clone()), sent)).collect();
    // Larger than what leaves room for the headers of quarantine: the server itself refuses it, and tells the sender.
    let too_large = wire.try_send(SUBJECT, vec![b'x'; 1024 * 1024 - 4 * 1024]).expect_err("refused");
    assert!(too_large.to_string().contains("message size exceeds maximum"), "{too_large}");
    wire.send(SUBJECT, line("AFTER", ""));

    for case in ["GOOD-1", "GOOD-2", "MARKED", "SPREAD", "SIXTEEN", "PERSONAL", "AFTER"] {
        let raised = || transitions(&wire).into_iter().find(|said| said.case == case && said.rule == "OD-05");
        let said = eventually(&format!("case {case} is judged"), raised);
        assert_eq!(said.owner().subject("approval"), SUBJECT, "{case} belongs to the office that accepted it");
    }
    fold(&transitions(&wire));
    check_quarantine(&wire, &sent);
    check_figures(&service, &attack);
    check_other_offices(&service, &wire);
    assert_eq!(service.terminate(), Some(0));
    check_personal_data(&site.data(), &wire);
}

/// Each refused line stands in QUARANTINE once, as it came, with its reason; nothing else does.
#[track_caller]
fn check_quarantine(wire: &Wire, sent: &[(u64, &Sent)]) {
    let stored = wire.stored("QUARANTINE");
    let key = |message: &Stored| {
        let number = |name: &str| message.header(name).parse::<u64>().expect("a place in the stream");
        (number("sequence"), number("line"))
    };
    let mut by_place: BTreeMap<(u64, u64), &Stored> = BTreeMap::new();
    for message in &stored {
        assert!(by_place.insert(key(message), message).is_none(), "a line is kept once: {:?}", key(message));
    }
    for (sequence, sent) in sent {
        for (number, reason, line) in &sent.refused {
            let place = (*sequence, *number);
            let kept = by_place.remove(&place).unwrap_or_else(|| panic!("{reason} at {place:?} is kept"));
            assert_eq!(kept.header("reason"), *reason, "{place:?}: {}", kept.header("detail"));
            assert!(kept.subject.starts_with(&format!("quarantine.{reason}.")), "{}", kept.subject);
            assert_eq!((kept.header("subject"), kept.header("stream")), (sent.subject, "APPROVALS"));
            assert!(kept.payload == line[..line.len().min(KEPT_BYTES)], "{reason} at {place:?} is kept unchanged");
            assert_eq!(kept.header("sha256"), hex(&Sha256::digest(line)), "the hash is that of the whole line");
            assert_eq!(kept.header("bytes"), line.len().to_string());
            assert!(!kept.header("detail").is_empty(), "{reason}: what stands there and what may");
        }
    }
    assert!(by_place.is_empty(), "nothing else is in quarantine: {:?}", by_place.keys());
}

/// Good and refused lines are all the lines there were, and each reason is counted.
#[track_caller]
fn check_figures(service: &TestService, attack: &[Sent]) {
    let mut by_reason: BTreeMap<&str, i64> = BTreeMap::new();
    for (_, reason, _) in attack.iter().flat_map(|sent| &sent.refused) {
        *by_reason.entry(reason).or_default() += 1;
    }
    let refused: i64 = by_reason.values().sum();
    let good = attack.iter().map(|sent| sent.good.len() as i64).sum::<i64>() + 1;
    let metrics = service.metrics();
    for (reason, count) in by_reason {
        let of_reason = |series: &str| {
            series.starts_with("watchlight_quarantined_total{") && series.contains(&format!("reason=\"{reason}\""))
        };
        let told: i64 = metrics.iter().filter(|(series, _)| of_reason(series)).map(|(_, value)| *value as i64).sum();
        assert_eq!(told, count, "lines counted as {reason}");
    }
    assert_eq!(metrics["watchlight_ingest_lines_total"] as i64, good + refused, "no line is lost");
    assert_eq!(metrics["watchlight_ingest_messages_total"] as i64, attack.len() as i64 + 1);
    assert!(metrics["watchlight_ingest_unknown_fields_total"] >= 3.0, "unknown fields are counted");
}

/// The delete that another office sent under its own subject took nothing away.
#[track_caller]
fn check_other_offices(service: &TestService, wire: &Wire) {
    let page = service.json("/api/cases/GOOD-2");
    assert_eq!(page["live"]["events"].as_array().map(Vec::len), Some(1), "the record of 360902 stands");
    let taken_back: Vec<_> =
        transitions(wire).into_iter().filter(|said| said.case == "GOOD-2" && said.revision > 1).collect();
    assert!(taken_back.is_empty(), "and nothing said of it was taken back: {taken_back:?}");
}

/// What the schema does not know is stored nowhere but in the stream it came on.
#[track_caller]
fn check_personal_data(data: &std::path::Path, wire: &Wire) {
    let mut texts: Vec<(String, Vec<u8>)> = Vec::new();
    let mut folders = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the service has written its folders") {
            let path = entry.expect("their entries can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                texts.push((path.display().to_string(), std::fs::read(&path).expect("its files can be read")));
            }
        }
    }
    assert!(!texts.is_empty(), "the ledger is there");
    for stream in ["ALERTS", "QUARANTINE"] {
        let stored = wire.stored(stream);
        texts.extend(stored.iter().map(|message| (format!("{stream} {}", message.sequence), message.payload.to_vec())));
    }
    for (place, text) in texts {
        for personal in PERSONAL {
            let found = text.windows(personal.len()).any(|piece| piece == personal.as_bytes());
            assert!(!found, "{place} holds {personal}");
        }
    }
}
