//! Readings of the documents that a careful engineer might settle otherwise, one test each.

use super::*;

/// The lights at `at`, instances left out where `-`.
#[track_caller]
fn check(profile: TwinProfile, facts: &[&str], at: &str, expected: &[&str]) {
    let (_, calendar) = shipped();
    let base = r#"{"source":"w","case":"P","level":"county","region":"360902","dept":"X","id":"#;
    let lines: Vec<String> =
        facts.iter().enumerate().map(|(place, fact)| format!("{base}\"{}\",{fact}}}", place + 1)).collect();
    let facts = known(&lines.iter().map(String::as_str).collect::<Vec<_>>(), &calendar.zone);
    assert_eq!(shown(&lights_of(&facts, profile, moment(at))), expected);
}

#[track_caller]
fn national(facts: &[&str], at: &str, expected: &[&str]) {
    check(TwinProfile::National, facts, at, expected);
}

#[test]
fn a_withdrawal_told_by_its_day_ends_the_duty_of_that_day() {
    let facts = [
        r#""activity":"submitted","at":"2026-03-02T15:00:00+08:00","item":"SC-201""#,
        r#""activity":"withdrawn","at":"2026-03-02""#,
    ];
    national(&facts, "2026-04-30T10:00:00+08:00", &[]);
}

#[test]
fn a_decision_told_by_its_day_ends_the_light_when_the_office_opens() {
    let facts = [
        r#""activity":"submitted","at":"2026-03-02T15:00:00+08:00","item":"SC-201""#,
        r#""activity":"not_accepted","at":"2026-03-11","reason":"off plan""#,
    ];
    national(&facts[..1], "2026-03-11T08:29:59+08:00", &["OD-01 red -", "OD-04 warning -"]);
    // By now it is known that the acceptance was deemed: a decision after the due instant does not move it.
    national(&facts, "2026-03-11T08:29:59+08:00", &["OD-01 red -", "OD-04 warning -"]);
    national(&facts, "2026-03-11T08:30:00+08:00", &["OD-04 warning -"]);
}

#[test]
fn a_procedure_granted_no_days_is_not_late_in_whatever_unit() {
    let facts = [
        r#""activity":"submitted","at":"2026-03-02T15:00:00+08:00""#,
        r#""activity":"not_accepted","at":"2026-03-03T10:00:00+08:00","reason":"off plan""#,
        r#""activity":"special_started","at":"2026-03-03T15:00:00+08:00","special":{"kind":"B","granted":0,"unit":"d"}"#,
    ];
    national(&facts, "2026-04-30T10:00:00+08:00", &[]);
}

#[test]
fn a_stage_that_the_graph_does_not_know_hides_no_step() {
    let facts = [
        r#""activity":"accepted","at":"2026-03-02T10:00:00+08:00","item":"SC-201""#,
        r#""activity":"stage_completed","at":"2026-03-03T10:00:00+08:00","stage":"handle""#,
        r#""activity":"stage_completed","at":"2026-03-03T11:00:00+08:00","stage":"archive""#,
        r#""activity":"stage_completed","at":"2026-03-03T12:00:00+08:00","stage":"approve""#,
    ];
    national(&facts, "2026-03-03T12:00:00+08:00", &["PS-03 red handle>approve"]);
}

#[test]
fn a_warning_before_the_start_stands_at_once_and_one_at_the_start_after_a_second_of_work() {
    let before = [r#""activity":"accepted","at":"2026-03-07T10:00:00+08:00","item":"BM-101""#];
    check(TwinProfile::Hunan2018, &before, "2026-03-07T10:00:00.001+08:00", &["OD-04 warning -"]);
    let at = [r#""activity":"accepted","at":"2026-03-07T10:00:00+08:00","item":"ZJ-206""#];
    check(TwinProfile::Hunan2018, &at, "2026-03-09T08:30:00.999+08:00", &[]);
    check(TwinProfile::Hunan2018, &at, "2026-03-09T08:30:01+08:00", &["OD-04 warning -"]);
}

#[test]
fn an_extension_after_the_due_instant_lowers_the_warning_and_keeps_the_card() {
    let facts = [
        r#""activity":"accepted","at":"2026-03-02T15:00:00+08:00","item":"SC-201""#,
        r#""activity":"special_started","at":"2026-03-12T15:00:00+08:00","special":{"kind":"A","granted":3,"ground":"x","approver":"1"}"#,
    ];
    national(&facts, "2026-03-12T14:59:59+08:00", &["OD-04 warning -", "OD-05 yellow -"]);
    national(&facts, "2026-03-12T15:00:00+08:00", &["OD-05 yellow -"]);
    national(&facts, "2026-03-13T18:00:00.001+08:00", &["OD-04 warning -", "OD-05 yellow -"]);
}

#[test]
fn a_refund_by_receipt_alone_pays_back_what_was_charged_under_it() {
    let facts = [
        r#""activity":"accepted","at":"2026-03-02T10:00:00+08:00","item":"ZR-205""#,
        r#""activity":"fee","at":"2026-03-02T11:00:00+08:00","fee":{"act":"charged","code":"KK","amount":"5.00","period":"1","receipt":"R1"}"#,
        r#""activity":"fee","at":"2026-03-02T12:00:00+08:00","fee":{"act":"charged","amount":"-5.00","receipt":"R1"}"#,
    ];
    national(&facts[..2], "2026-03-02T12:00:00+08:00", &["FE-03 red KK@county.360902.X/w/2"]);
    national(&facts, "2026-03-02T12:00:00+08:00", &[]);
}

#[test]
fn a_code_out_of_force_has_no_standard_to_exceed() {
    let facts = [
        r#""activity":"accepted","at":"2026-03-30T10:00:00+08:00","item":"ZR-205""#,
        r#""activity":"fee","at":"2026-04-01T11:00:00+08:00","fee":{"act":"charged","code":"ZR-GBF","amount":"90.00"}"#,
    ];
    national(&facts, "2026-04-01T11:00:00+08:00", &["FE-03 red ZR-GBF@county.360902.X/w/2"]);
}

#[test]
fn an_appeal_covers_the_card_it_names_and_no_worse_one() {
    let facts = [
        r#""activity":"submitted","at":"2026-03-02T10:00:00+08:00","item":"ZZ""#,
        r#""activity":"waived","at":"2026-03-07T10:00:00+08:00","attrs":{"rule":"OD-01","instance":"-","card":"warning"}"#,
    ];
    national(&facts, "2026-03-07T09:59:59+08:00", &["OD-01 warning -"]);
    national(&facts, "2026-03-07T10:00:00+08:00", &[]);
    // By then the acceptance is deemed, and an acceptance calls for the item.
    national(&facts, "2026-03-09T18:00:00.001+08:00", &["DQ-05 warning -", "OD-01 red -"]);
}
