//! Which maps are taken, and the exact words for those that are not.

use super::*;

const GOOD: &str = r#"format = 1
source = "log"
zone = "Asia/Shanghai"
absent = ["UNKNOWN"]
other_activities = "refuse"
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
officer = { from = "event:org:resource", on = ["closed"] }
item = { constant = "I1", on = "first" }
[event.attrs]
channel = { from = "trace:channel", type = "text", on = "first" }
[activities]
"T1" = "accepted"
[[case_event]]
activity = "closed"
at = "trace:enddate"
outcome = { constant = "other" }
[[case_event]]
activity = "fee"
at = "trace:enddate"
id = { constant = "fee-1" }
requires = ["trace:amount"]
fee = { act = { constant = "charged" }, amount = "trace:amount", rounding = "half_up" }
"#;

#[track_caller]
fn check_faults(text: &str, expected: &[&str]) {
    let error = XesMap::parse("map.toml", text).expect_err("the map is refused");
    assert_eq!(error.to_string().lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_whole_map_is_taken() {
    let map = XesMap::parse("map.toml", GOOD).expect("good");
    assert_eq!(map.activities().into_iter().collect::<Vec<_>>(), ["accepted", "closed", "fee"]);
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    check_faults(
        &GOOD.replace("officer", "oficer"),
        &["map.toml:18:1 XM01 unknown key \"oficer\"; did you mean \"officer\"?"],
    );
    check_faults(
        &GOOD.replace("\"text\"", "\"txt\""),
        &["map.toml:21:44 XM01 unknown value \"txt\"; did you mean \"text\"?"],
    );
    check_faults(
        &GOOD.replace("\"refuse\"", "\"colour\""),
        &["map.toml:5:20 XM01 unknown value \"colour\"; known are keep, refuse, skip"],
    );
    check_faults(
        &GOOD.replace("\"I1\", on = \"first\"", "\"I1\", on = \"frist\""),
        &["map.toml:19:32 XM01 unknown value \"frist\"; did you mean \"first\"?"],
    );
}

#[test]
fn faults_are_told_in_chinese_too_and_columns_count_characters() {
    let text = GOOD.replace("constant = \"I1\", on = \"first\"", "constant = \"许可\", onn = \"first\"");
    let error = XesMap::parse("map.toml", &text).expect_err("the map is refused");
    let MapFault { line, column, width, ref text, .. } = error.faults[0];
    assert_eq!((line, column, width), (19, 27, 3));
    assert_eq!(text.zh, "没有键 \"onn\"；是否要写 \"on\"？");
    let error = XesMap::parse("map.toml", "format = 1\n").expect_err("the map is refused");
    assert_eq!(error.faults[0].text.zh, "缺少键 \"source\"");
}

#[test]
fn all_faults_are_told_at_once() {
    let text = GOOD
        .replace("format = 1", "format = 2")
        .replace("Asia/Shanghai", "Asia/Shangrila")
        .replace("\"county\"", "\"village\"")
        .replace("\"360902\"", "\"36O902\"")
        .replace("\"D1\"", "\"D 1\"")
        .replace("\"trace:concept:name\"", "\"event:concept:name\"")
        .replace("at = \"event:time:timestamp\"", "at = \"time:timestamp\"")
        .replace("\"charged\"", "\"charge\"")
        .replace("\"fee-1\"", "\"closed\"");
    check_faults(
        &text,
        &[
            "map.toml:1:10 XM02 format is 2; this program reads 1",
            "map.toml:3:8 XM04 \"Asia/Shangrila\" is no time zone; write one as Asia/Shanghai",
            "map.toml:7:9 XM05 level \"village\" is none of province, city, county, township",
            "map.toml:8:10 XM05 region code \"36O902\" is not 2 to 12 digits",
            "map.toml:9:8 XM05 dept \"D 1\" cannot be a subject token: no spaces, \".\", \"*\" or \">\"",
            "map.toml:11:6 XM06 \"event:concept:name\" is said of an event, but here only the case is known",
            "map.toml:17:6 XM06 \"time:timestamp\" is neither trace:<key> nor event:<key>; a fixed value is written { constant = \"time:timestamp\" }",
            "map.toml:29:12 XM10 a second case event has the id \"closed\"; give it one with id = { constant = \"...\" }",
            "map.toml:33:15 XM09 \"charge\" is no act of a fee's life; known are calculated, reduced, noticed, charged, receipted, reconciled, refunded, revoked, total",
        ],
    );
}
