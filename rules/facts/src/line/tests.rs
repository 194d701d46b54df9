//! What a line may say, what quarantine says of one that may not, and that writing loses nothing.

use super::*;

const FULL: &str = r#"{"id":"1","version":2,"seq":3,"source":"oa","case":"C-1","activity":"closed","at":"2026-01-05T01:00:00Z","level":"county","region":"360902","dept":"D1","item":"I1","item_version":"2","case_type":"promised","linked_case":"C-0","stage":"S1","officer":"7","position":"P","outcome":"granted","reason":"无","materials":["甲","乙"],"reported_limit":{"number":7,"unit":"wd"},"promise_date":"2026-01-09","fee":{"act":"charged","code":"F","amount":"12.50","quantity":"2","receipt":"R"},"special":{"kind":"B","no":"1","granted":5,"unit":"d"},"attrs":{"a":"x","b":1.50,"c":true}}"#;

fn fields(line: &str) -> String {
    format!(
        r#"{{"id":"1","source":"oa","case":"C-1","activity":"accepted","at":"2026-01-05T09:00:00+08:00","level":"county","region":"360902","dept":"D1"{line}}}"#
    )
}

#[track_caller]
fn check_fault(line: &str, expected: &str) {
    let fault = read(line.as_bytes(), None).expect_err("the line is refused");
    assert_eq!(fault.to_string(), expected);
}

#[test]
fn a_full_line_is_its_own_canonical_form() {
    let event = read(FULL.as_bytes(), None).expect("reads").event;
    assert_eq!(write(&event), FULL);
}

#[test]
fn amounts_as_numbers_and_epoch_times_are_read_from_their_text() {
    let line =
        fields(r#","fee":{"act":"charged","amount":12.5}"#).replace(r#""2026-01-05T09:00:00+08:00""#, "1767574800000");
    let event = read(line.as_bytes(), None).expect("reads").event;
    assert_eq!(event.detail().fee.as_ref().and_then(|fee| fee.amount), Some(Fen::new(1_250)));
    assert_eq!(event.at.to_string(), "2026-01-05T01:00:00Z");
}

#[test]
fn unknown_fields_are_counted_and_not_kept() {
    let read = read(fields(r#","applicant":"x","phone":{"a":[1]}"#).as_bytes(), None).expect("reads");
    assert_eq!(read.unknown_fields, 2);
    assert!(!write(&read.event).contains("applicant"));
}

#[test]
fn escaped_text_and_null_are_plain_text_and_absence() {
    let event = read(fields(r#","reason":"\u4e2d\n","stage":null"#).as_bytes(), None).expect("reads").event;
    assert_eq!(event.detail().reason.as_deref(), Some("中"));
    assert_eq!(event.detail().stage, None);
}

#[test]
fn a_character_that_no_database_stores_is_refused() {
    check_fault(&fields(r#","reason":"a\u0000b""#), "field_mistyped in field \"reason\": holds the character U+0000");
    let line = fields("").replace("C-1", "C\\u00001");
    check_fault(&line, "field_mistyped in field \"case\": holds the character U+0000");
    assert!(read(fields(r#","reason":"a\\u0000b""#).as_bytes(), None).is_ok(), "a backslash and four digits");
}

#[test]
fn a_time_that_is_none_is_told_with_what_may_stand_there() {
    let at = |at: &str| fields("").replace(r#""2026-01-05T09:00:00+08:00""#, at);
    check_fault(
        &at("true"),
        "field_mistyped in field \"at\": invalid type: boolean `true`, expected a text or whole milliseconds",
    );
    check_fault(
        &at("1767574800"),
        "time_out_of_range in field \"at\": 1970-01-21T10:59:34.8Z is outside 1990-01-01 to 2100-01-01; \
         a number counts milliseconds, this one looks like seconds",
    );
    let day_off = "is neither RFC 3339 with an offset nor a civil date";
    for text in ["2026-02-30", "2026-01-05T09:00:00+25:00", "2026-01-05T24:00:00Z"] {
        check_fault(&at(&format!("{text:?}")), &format!("field_mistyped in field \"at\": {text:?} {day_off}"));
    }
    let leap = read(at("\"2016-12-31T23:59:60Z\"").as_bytes(), None).expect("a leap second is an instant").event;
    assert_eq!(leap.at.to_string(), "2016-12-31T23:59:59Z");
}

#[test]
fn identities_are_trimmed_and_normalised() {
    assert_eq!(identity("  ＡＢ－１ "), "AB-1");
}

#[test]
fn a_delete_needs_only_its_key_and_is_final_without_a_version() {
    let line = r#"{"id":"1","op":"delete","source":"oa","case":"C","level":"city","region":"360900","dept":"D"}"#;
    let event = read(line.as_bytes(), None).expect("reads").event;
    assert_eq!((event.op, event.version), (Op::Delete, Event::FINAL));
    assert_eq!(write(&event), line);
}

#[test]
fn the_subject_is_believed_and_not_the_line() {
    let subject = Address::from_subject("approval", "approval.county.360921.D1").expect("an address");
    let fault = read(fields("").as_bytes(), Some(&subject)).expect_err("disagrees");
    assert_eq!(
        fault.to_string(),
        "subject_disagrees in field \"region\": the line says approval.county.360902.D1, its subject approval.county.360921.D1"
    );
    let padded = Address::from_subject("approval", "approval.county.360902000000.D1").expect("an address");
    assert!(read(fields("").as_bytes(), Some(&padded)).is_ok(), "codes compare padded");
}

#[test]
fn every_fault_names_the_field_and_what_stands_there() {
    check_fault("{", "not_json: EOF while parsing an object at line 1 column 1");
    check_fault("[1]", "not_an_object: the line is a list");
    check_fault(
        &fields(r#","version":"2""#),
        "field_mistyped in field \"version\": invalid type: string \"2\", expected u32",
    );
    check_fault(&fields(r#","version":0"#), "field_mistyped in field \"version\": is 0; versions start at 1");
    check_fault(
        &fields(r#","fee":{"act":"charged","amount":"1.005"}"#),
        "bad_amount in field \"fee.amount\": \"1.005\" has more than two decimals",
    );
    check_fault(
        &fields(r#","fee":{"act":"charged","amount":1e20}"#),
        "bad_amount in field \"fee.amount\": \"1e20\" is not a decimal number of yuan",
    );
    check_fault(
        &fields(r#","fee":{"act":"paid"}"#),
        "field_mistyped in field \"fee.act\": \"paid\" is no act of a fee's life",
    );
    check_fault(
        &fields(r#","special":{"granted":"5"}"#),
        "field_mistyped in field \"special.granted\": invalid type: string \"5\", expected u32",
    );
    check_fault(
        &fields(r#","attrs":{"a":[1]}"#),
        "attrs_not_flat in field \"attrs.a\": attrs.a is not a string, number or boolean",
    );
    check_fault(
        &fields(r#","materials":"a;b""#),
        "field_mistyped in field \"materials\": invalid type: string \"a;b\", expected a sequence",
    );
    check_fault(
        &fields("").replace("2026-01-05", "1989-12-31"),
        "time_out_of_range in field \"at\": 1989-12-31T01:00:00Z is outside 1990-01-01 to 2100-01-01",
    );
    check_fault(
        &fields("").replace("+08:00", ""),
        "field_mistyped in field \"at\": \"2026-01-05T09:00:00\" is neither RFC 3339 with an offset nor a civil date",
    );
    check_fault(
        &fields("").replace("\"C-1\"", "\" \""),
        "field_missing in field \"case\": is required, and absent or empty",
    );
    check_fault(&fields(r#","id":"2""#), "not_json: duplicate field `id` at line 1 column 143");
}

#[test]
fn bytes_nesting_and_length_are_bounded() {
    let reason = |line: &[u8]| read(line, None).expect_err("refused").reason;
    assert_eq!(reason(b"{\"id\":\"\xff\"}"), Reason::NotUtf8);
    let deep = fields(&format!(r#","x":{}{}"#, "[".repeat(NESTING_MAX), "]".repeat(NESTING_MAX)));
    assert_eq!(reason(deep.as_bytes()), Reason::NestingTooDeep);
    let brackets_in_text = fields(&format!(r#","reason":"{}""#, "[".repeat(100)));
    assert!(read(brackets_in_text.as_bytes(), None).is_ok(), "brackets in text do not nest");
    assert_eq!(reason(fields(&format!(r#","x":"{}""#, "a".repeat(LINE_BYTES_MAX))).as_bytes()), Reason::LineTooLong);
}

#[test]
fn progress_needs_neither_id_nor_case() {
    let line = r#"{"source":"oa","activity":"progress","at":"2026-01-05T01:00:00Z","level":"city","region":"360900","dept":"D"}"#;
    assert_eq!(write(&read(line.as_bytes(), None).expect("reads").event), line);
}
