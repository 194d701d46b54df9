//! Pauses: what they leave out, how they join, how a cap cuts them, when they act.

use facts::event_time::EventTime;

use super::{clock, mark_at, open_pause, pause, shown, span, wd};
use crate::counting::Counting::{self, Elapsed, Legal};
use crate::counting::{Limit, Span};
use crate::pause::{CutPause, Pause};
use crate::working_calendar::samples::{at, cn, date};

fn due_with(counting: Counting, start: &str, limit: &str, pauses: &[CutPause]) -> String {
    mark_at(&clock(start, counting, pauses), limit, "due")
}

const START: &str = "2026-03-02 10:00:00"; // a Monday; no feast until 04-04

#[test]
fn under_legal_the_day_a_pause_begins_is_not_counted_and_the_day_it_ends_is() {
    let due = |from: &str, to: &str| due_with(Legal, START, "5wd", &[pause(from, to)]);
    assert_eq!(due("2026-03-04 09:00", "2026-03-04 17:00"), "2026-03-09 18:00:00", "within a day nothing changes");
    assert_eq!(due("2026-03-04 17:59", "2026-03-05 08:31"), "2026-03-10 18:00:00", "one night is one day");
    assert_eq!(due("2026-03-04 09:00", "2026-03-06 09:00"), "2026-03-11 18:00:00");
    assert_eq!(due("2026-03-06 09:00", "2026-03-08 09:00"), "2026-03-10 18:00:00", "a weekend adds nothing");
    assert_eq!(
        due("2026-03-02 11:00", "2026-03-03 09:00"),
        "2026-03-09 18:00:00",
        "the start day is not counted anyway"
    );
    assert_eq!(due("2026-02-26 11:00", "2026-03-04 09:00"), "2026-03-10 18:00:00", "begun before the clock");
}

#[test]
fn under_elapsed_the_seconds_of_a_pause_are_not_counted() {
    let due = |from: &str, to: &str| due_with(Elapsed, START, "5wd", &[pause(from, to)]);
    assert_eq!(due("2026-03-04 09:00", "2026-03-04 10:30"), "2026-03-09 11:30:00");
    assert_eq!(due("2026-03-04 12:00", "2026-03-04 13:30"), "2026-03-09 10:00:00", "noon counts for nothing");
    assert_eq!(due("2026-03-04 10:00:00.900", "2026-03-04 10:00:01.100"), "2026-03-09 10:00:01", "both floored");
    assert_eq!(due("2026-03-06 18:00", "2026-03-09 08:30"), "2026-03-09 10:00:00", "nor does a weekend");
    assert_eq!(due("2026-03-01 11:00", "2026-03-02 10:30"), "2026-03-09 10:30:00", "begun before the clock");
}

#[test]
fn nested_overlapping_and_touching_pauses_count_once() {
    let whole = [pause("2026-03-04 09:00", "2026-03-10 09:00")];
    let nested = [pause("2026-03-04 09:00", "2026-03-10 09:00"), pause("2026-03-05 09:00", "2026-03-06 09:00")];
    let overlapping = [pause("2026-03-05 09:00", "2026-03-10 09:00"), pause("2026-03-04 09:00", "2026-03-06 09:00")];
    let touching = [pause("2026-03-06 09:00", "2026-03-10 09:00"), pause("2026-03-04 09:00", "2026-03-06 09:00")];
    for counting in [Legal, Elapsed] {
        for limit in ["5wd", "10d", "100h"] {
            let expected = due_with(counting, START, limit, &whole);
            for pauses in [&nested[..], &overlapping, &touching] {
                assert_eq!(due_with(counting, START, limit, pauses), expected, "{counting:?} {limit}");
            }
        }
    }
}

#[test]
fn pauses_over_a_feast_leave_out_only_days_that_would_count() {
    // Qingming 2026: 04-04 to 04-06 are off (Saturday to Monday).
    let over = [pause("2026-04-03 09:00", "2026-04-07 09:00")];
    assert_eq!(due_with(Legal, "2026-04-01 10:00", "3wd", &[]), "2026-04-07 18:00:00");
    assert_eq!(due_with(Legal, "2026-04-01 10:00", "3wd", &over), "2026-04-08 18:00:00");
    assert_eq!(due_with(Elapsed, "2026-04-01 10:00", "3wd", &over), "2026-04-08 10:00:00");
}

#[test]
fn calendar_day_limits_leave_paused_civil_days_out() {
    let three_days = [pause("2026-03-04 10:00", "2026-03-07 10:00")];
    assert_eq!(due_with(Legal, START, "7d", &[]), "2026-03-09 23:59:59.999");
    assert_eq!(due_with(Legal, START, "7d", &three_days), "2026-03-12 23:59:59.999");
    assert_eq!(due_with(Elapsed, START, "7d", &three_days), "2026-03-12 10:00:00");
    assert_eq!(due_with(Legal, START, "1mo", &three_days), "2026-04-07 23:59:59.999", "04-05 is Qingming");
    assert_eq!(due_with(Legal, START, "48h", &three_days), "2026-03-04 10:00:00", "too late to act");
    assert_eq!(due_with(Legal, START, "72h", &three_days), "2026-03-08 10:00:00");
}

#[test]
fn a_pause_that_ends_on_the_rolled_day_lets_it_count() {
    // 5 civil days end on Saturday and roll to Monday, which is paused until Wednesday.
    let pauses = [pause("2026-03-09 09:00", "2026-03-11 09:00")];
    assert_eq!(due_with(Legal, START, "5d", &pauses), "2026-03-11 23:59:59.999");
}

#[test]
fn an_open_pause_keeps_the_limit_from_falling_due() {
    let open = [open_pause("2026-03-04 09:00")];
    for counting in [Legal, Elapsed] {
        for limit in ["5wd", "10d", "1mo", "100h"] {
            assert_eq!(due_with(counting, START, limit, &open), "never", "{counting:?} {limit}");
        }
    }
    let clock = clock(START, Legal, &open);
    assert_eq!(mark_at(&clock, "5wd", "due - 4wd"), "2026-03-03 18:00:00", "a mark before it stands");
    assert_eq!(clock.over(&wd(5), &[], at("2026-05-01 10:00")), None);
    let fixed = Limit::Date(date("2026-03-10"));
    assert_eq!(shown(clock.due(&fixed).expect("fixed").at), "2026-03-10 23:59:59.999", "a date is fixed");
}

/// Used up at the very instant the pause begins: one more second would be over, and it never comes.
#[test]
fn an_open_pause_at_the_last_instant_stops_the_light() {
    assert_eq!(due_with(Elapsed, START, "1wd", &[open_pause("2026-03-03 10:00:00")]), "never");
    assert_eq!(due_with(Elapsed, START, "1wd", &[open_pause("2026-03-03 10:00:01")]), "2026-03-03 10:00:00");
    assert_eq!(due_with(Legal, START, "1wd", &[open_pause("2026-03-03 18:00:00")]), "never");
    assert_eq!(due_with(Legal, START, "1wd", &[open_pause("2026-03-03 18:00:00.001")]), "2026-03-03 18:00:00");
}

#[test]
fn a_pause_moves_marks_ahead_and_leaves_those_that_were_passed() {
    let pauses = [pause("2026-03-05 20:00", "2026-03-16 09:00")];
    let clock = clock(START, Legal, &pauses);
    // Three days were used at the close of 03-05, and that mark was passed in the evening. For what
    // was still ahead the day on which the pause begins is not counted.
    assert_eq!(mark_at(&clock, "5wd", "due - 2wd"), "2026-03-05 18:00:00");
    assert_eq!(mark_at(&clock, "5wd", "due - 1wd"), "2026-03-17 18:00:00");
    assert_eq!(mark_at(&clock, "5wd", "due"), "2026-03-18 18:00:00");
}

#[test]
fn a_pause_begun_after_the_limit_passed_changes_nothing() {
    for counting in [Legal, Elapsed] {
        for limit in ["5wd", "5d", "1mo", "24h"] {
            let plain = clock(START, counting, &[]);
            let due = plain.due(&span(limit)).expect("no pause");
            let late = [CutPause { from: due.after, to: None, ground: "tender".into() }];
            assert_eq!(clock(START, counting, &late).due(&span(limit)), Some(due), "{counting:?} {limit}");
        }
    }
}

// ---- Caps -------------------------------------------------------------------------------------

fn capped(counting: Counting, from: &str, to: Option<&str>, cap: &str) -> CutPause {
    let pause = Pause {
        from: EventTime::Instant(at(from)),
        to: to.map(|to| EventTime::Instant(at(to))),
        cap: Some(cap.parse::<Span>().expect("a span")),
        ground: "appraisal".into(),
    };
    pause.cut(counting, cn())
}

#[test]
fn a_pause_that_overruns_its_grant_stops_the_clock_for_the_grant_only() {
    let legal = capped(Legal, "2026-03-04 10:00", Some("2026-03-31 10:00"), "5wd");
    assert_eq!(shown(legal.to.expect("cut")), "2026-03-11 18:00:00");
    assert_eq!(due_with(Legal, START, "5wd", &[legal]), "2026-03-16 18:00:00", "five days later");
    let elapsed = capped(Elapsed, "2026-03-04 10:00", Some("2026-03-31 10:00"), "5wd");
    assert_eq!(shown(elapsed.to.expect("cut")), "2026-03-11 10:00:00");
    assert_eq!(due_with(Elapsed, START, "5wd", &[elapsed]), "2026-03-16 10:00:00");
}

#[test]
fn an_open_pause_with_a_grant_ends_with_it() {
    let cut = capped(Legal, "2026-03-04 10:00", None, "2wd");
    assert_eq!(due_with(Legal, START, "5wd", &[cut]), "2026-03-11 18:00:00");
}

#[test]
fn a_pause_shorter_than_its_grant_ends_when_it_ends() {
    let cut = capped(Legal, "2026-03-04 10:00", Some("2026-03-05 09:00"), "20wd");
    assert_eq!(shown(cut.to.expect("ended")), "2026-03-05 09:00:00");
}

#[test]
fn a_grant_of_nothing_is_no_cap() {
    assert_eq!(capped(Legal, "2026-03-04 10:00", None, "0wd").to, None);
    let ended = capped(Elapsed, "2026-03-04 10:00", Some("2026-06-04 10:00"), "0wd");
    assert_eq!(shown(ended.to.expect("ended")), "2026-06-04 10:00:00");
}

#[test]
fn grants_in_other_units_cut_as_they_count() {
    let end = |counting, cap: &str| shown(capped(counting, "2026-03-04 10:00", None, cap).to.expect("cut"));
    assert_eq!(end(Legal, "10d"), "2026-03-16 23:59:59.999", "a Saturday rolls to Monday");
    assert_eq!(end(Elapsed, "10d"), "2026-03-14 10:00:00");
    assert_eq!(end(Legal, "24h"), "2026-03-05 10:00:00");
}

/// The reading kinder to the office: stopped from the opening of the first day to the close of the last.
#[test]
fn a_pause_in_days_stops_from_opening_to_close() {
    let days = Pause {
        from: EventTime::day(date("2026-03-04")),
        to: Some(EventTime::day(date("2026-03-05"))),
        cap: None,
        ground: "hearing".into(),
    };
    let cut = days.cut(Elapsed, cn());
    assert_eq!(
        (shown(cut.from), shown(cut.to.expect("ended"))),
        ("2026-03-04 08:30:00".into(), "2026-03-05 18:00:00".into())
    );
    assert_eq!(due_with(Elapsed, START, "5wd", &[cut]), "2026-03-11 10:00:00");
    assert_eq!(due_with(Legal, START, "5wd", &[days.cut(Legal, cn())]), "2026-03-10 18:00:00", "the last day counts");
}
