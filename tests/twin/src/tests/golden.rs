//! The vectors of the Hunan rules of 2018 and of the law (domain 2.3.4).

use facts::event::SpanUnit;

use super::*;
use crate::catalogue::Span;
use crate::clock::{Clock, Counting, Pause, Start};

fn day(date: &str) -> Start {
    Start { at: moment(&format!("{date}T10:00:00+08:00")), day_only: false }
}

/// The last instant in time and the first that is late.
#[track_caller]
fn check(counting: Counting, start: Start, days: i64, pauses: &[(&str, &str)], since: &str, from: &str) {
    let (_, calendar) = shipped();
    let pause = |(from, to): &(&str, &str)| Pause { from: moment(from), to: Some(moment(to)) };
    let pauses: Vec<Pause> = pauses.iter().map(pause).collect();
    let clock = Clock { calendar: &calendar, counting };
    let mark =
        clock.mark(start, Span { number: days, unit: SpanUnit::WorkingDays }, 0, &pauses).expect("no open pause");
    assert_eq!((mark.since, mark.from), (moment(since), moment(from)));
}

#[track_caller]
fn legal(start: &str, days: i64, pauses: &[(&str, &str)], due: &str) {
    let (since, from) = (format!("{due}T18:00:00+08:00"), format!("{due}T18:00:00.001+08:00"));
    check(Counting::Legal, day(start), days, pauses, &since, &from);
}

#[track_caller]
fn elapsed(days: i64, due: &str) {
    let (since, from) = (format!("{due}T10:00:00+08:00"), format!("{due}T10:00:01+08:00"));
    check(Counting::Elapsed, day("2018-10-15"), days, &[], &since, &from);
}

#[test]
fn office_seconds_of_2018_fall_where_the_rules_say() {
    // A promise of 7 and a statute of 10 days: warned of, yellow, red.
    elapsed(7 - 3, "2018-10-19");
    elapsed(7, "2018-10-24");
    elapsed(10, "2018-10-29");
    // A special procedure of 7 days: red a day after yellow.
    elapsed(7 + 1, "2018-10-25");
    // A consultation of 5 days.
    elapsed(5 - 3, "2018-10-17");
    elapsed(5, "2018-10-22");
    elapsed(5 + 1, "2018-10-23");
}

#[test]
fn three_days_of_a_special_procedure_move_the_case_by_three() {
    let pause = [("2018-10-16T10:00:00+08:00", "2018-10-19T10:00:00+08:00")];
    let (since, from) = ("2018-10-29T10:00:00+08:00", "2018-10-29T10:00:01+08:00");
    check(Counting::Elapsed, day("2018-10-15"), 7, &pause, since, from);
}

#[test]
fn pauses_that_overlap_count_once() {
    let pauses = [
        ("2018-10-16T10:00:00+08:00", "2018-10-19T10:00:00+08:00"),
        ("2018-10-17T08:30:00+08:00", "2018-10-18T12:00:00+08:00"),
    ];
    let (since, from) = ("2018-10-29T10:00:00+08:00", "2018-10-29T10:00:01+08:00");
    check(Counting::Elapsed, day("2018-10-15"), 7, &pauses, since, from);
}

#[test]
fn what_is_used_up_at_the_close_is_late_after_the_next_opening() {
    let start = Start { at: moment("2018-10-15T08:30:00+08:00"), day_only: false };
    let (since, from) = ("2018-10-15T18:00:00+08:00", "2018-10-16T08:30:01+08:00");
    check(Counting::Elapsed, start, 1, &[], since, from);
}

#[test]
fn working_days_by_law_end_at_the_close_of_business() {
    legal("2025-09-26", 5, &[], "2025-10-10");
    legal("2025-09-26", 20, &[], "2025-10-30");
    legal("2026-04-30", 1, &[], "2026-05-06");
    legal("2025-12-31", 1, &[], "2026-01-04");
    legal("2025-03-03", 10, &[], "2025-03-17");
}

#[test]
fn the_day_a_pause_begins_is_not_counted_the_day_it_ends_is() {
    legal("2025-03-03", 10, &[("2025-03-06T09:00:00+08:00", "2025-03-17T09:00:00+08:00")], "2025-03-26");
}

/// The whole way from facts to lights, by office seconds.
#[test]
fn a_case_is_warned_of_and_carded_to_the_second() {
    let lines = [
        r#"{"id":"1","source":"oa","case":"H","activity":"accepted","at":"2026-03-02T10:00:00+08:00","level":"county","region":"430102","dept":"X","item":"SC-201"}"#,
    ];
    let (_, calendar) = shipped();
    let facts = known(&lines, &calendar.zone);
    let at = |text: &str| shown(&lights_of(&facts, TwinProfile::Hunan2018, moment(text)));
    assert!(at("2026-03-06T10:00:00+08:00").is_empty());
    assert_eq!(at("2026-03-06T10:00:01+08:00"), ["OD-04 warning -"]);
    assert_eq!(at("2026-03-11T10:00:00+08:00"), ["OD-04 warning -"]);
    assert_eq!(at("2026-03-11T10:00:01+08:00"), ["OD-04 warning -", "OD-05 yellow -"]);
    assert_eq!(at("2026-03-30T10:00:01+08:00"), ["OD-04 warning -", "OD-05 yellow -", "OD-06 red -"]);
}
