//! Each unit under each convention, and the edges of days, months, years and zones.

use facts::event_time::EventTime;

use super::{clock, due, instant, mark_at, shown, span, wd};
use crate::counting::Counting::{Elapsed, Legal};
use crate::counting::{Clock, Ends, Limit, Start};
use crate::working_calendar::samples::{at, bare, cn, date, local};

#[test]
fn the_limit_instant_is_in_time_and_the_next_millisecond_is_not() {
    let due = due(&clock("2026-01-05 10:00:00", Legal, &[]), &wd(5));
    assert_eq!(shown(due.at), "2026-01-12 18:00:00");
    assert!(due.in_time(at("2026-01-12 17:59:59.999")));
    assert!(due.in_time(at("2026-01-12 18:00:00.000")));
    assert!(!due.in_time(at("2026-01-12 18:00:00.001")));
}

/// Used up exactly at closing time: the night is still in time, the first second of the next is not.
#[test]
fn an_elapsed_limit_used_up_at_closing_time_is_over_after_the_next_opening() {
    let due = due(&clock("2026-01-05 08:30:00", Elapsed, &[]), &wd(5));
    assert_eq!(shown(due.at), "2026-01-09 18:00:00");
    assert_eq!(shown(due.after), "2026-01-12 08:30:01");
    assert!(due.in_time(at("2026-01-12 08:30:00.999")));
    assert!(!due.in_time(at("2026-01-12 08:30:01")));
}

#[test]
fn elapsed_floors_the_start_to_the_second() {
    for start in ["2026-01-05 10:00:00", "2026-01-05 10:00:00.001", "2026-01-05 10:00:00.999"] {
        let due = due(&clock(start, Elapsed, &[]), &wd(1));
        assert_eq!((shown(due.at), shown(due.after)), ("2026-01-06 10:00:00".into(), "2026-01-06 10:00:01".into()));
    }
}

#[test]
fn elapsed_starts_at_the_next_opening_when_the_office_is_closed() {
    for (start, expected) in [
        ("2026-01-05 12:30:00", "2026-01-06 12:00:00"),
        ("2026-01-05 20:00:00", "2026-01-06 18:00:00"),
        ("2026-01-03 09:00:00", "2026-01-04 18:00:00"),
        ("2026-02-14 17:00:00", "2026-02-24 17:00:00"),
    ] {
        assert_eq!(mark_at(&clock(start, Elapsed, &[]), "1wd", "due"), expected, "{start}");
    }
}

#[test]
fn civil_days_end_with_the_day_under_legal_and_at_the_same_time_under_elapsed() {
    let by = |counting, limit: &str| mark_at(&clock("2026-03-02 15:20:10.250", counting, &[]), limit, "due");
    assert_eq!(by(Legal, "3d"), "2026-03-05 23:59:59.999");
    assert_eq!(by(Elapsed, "3d"), "2026-03-05 15:20:10.25");
    assert_eq!(by(Legal, "5d"), "2026-03-09 23:59:59.999", "a Saturday rolls to Monday");
    assert_eq!(by(Elapsed, "5d"), "2026-03-07 15:20:10.25", "no roll");
    assert_eq!(by(Legal, "1mo"), "2026-04-02 23:59:59.999");
    assert_eq!(by(Elapsed, "1mo"), "2026-04-02 15:20:10.25");
}

#[test]
fn a_roll_takes_the_first_working_day_make_up_sundays_included() {
    let due = |start: &str, limit: &str| mark_at(&clock(start, Legal, &[]), limit, "due");
    assert_eq!(due("2025-12-30 10:00", "3d"), "2026-01-04 23:59:59.999", "01-02 is off, Sunday 01-04 works");
    assert_eq!(due("2026-05-06 10:00", "3d"), "2026-05-09 23:59:59.999", "a Saturday that works");
}

#[test]
fn months_end_on_the_same_day_or_the_last_of_the_month() {
    for (start, limit, expected) in [
        ("2026-01-31", "1mo", "2026-02-28"),
        ("2024-01-31", "1mo", "2024-02-29"),
        ("2024-02-29", "12mo", "2025-02-28"),
        ("2023-11-30", "3mo", "2024-02-29"),
        ("2025-10-31", "1mo", "2025-11-30"),
        ("2024-02-28", "1d", "2024-02-29"),
        ("2023-02-28", "1d", "2023-03-01"),
        ("2025-12-31", "1mo", "2026-01-31"),
    ] {
        let clock = Clock { roll: false, ..clock(&format!("{start} 10:00"), Legal, &[]) };
        assert_eq!(mark_at(&clock, limit, "due"), format!("{expected} 23:59:59.999"), "{start} + {limit}");
    }
}

#[test]
fn hours_and_minutes_are_exact_under_both() {
    for counting in [Legal, Elapsed] {
        let due = |limit: &str| due(&clock("2026-10-01 22:15:30.125", counting, &[]), &span(limit));
        assert_eq!(shown(due("24h").at), "2026-10-02 22:15:30.125");
        assert_eq!(shown(due("30min").at), "2026-10-01 22:45:30.125");
        assert_eq!(due("30min").after, due("30min").at.plus_millis(1));
    }
}

#[test]
fn dates_end_with_their_day_and_instants_at_themselves() {
    for counting in [Legal, Elapsed] {
        let clock = clock("2026-03-02 10:00", counting, &[]);
        assert_eq!(shown(due(&clock, &Limit::Date(date("2026-03-07"))).at), "2026-03-07 23:59:59.999", "no roll");
        let exact = due(&clock, &Limit::Instant(at("2026-03-07 09:30")));
        assert_eq!((exact.at, exact.after), (at("2026-03-07 09:30"), at("2026-03-07 09:30:00.001")));
    }
}

#[test]
fn nothing_at_all_ends_today_or_on_the_next_working_day() {
    let due = |start: &str, limit: &str| mark_at(&clock(start, Legal, &[]), limit, "due");
    assert_eq!(due("2026-01-05 10:00", "0wd"), "2026-01-05 18:00:00");
    assert_eq!(due("2026-01-05 18:00", "0wd"), "2026-01-05 18:00:00", "the last instant of the day");
    assert_eq!(due("2026-01-02 10:00", "0wd"), "2026-01-04 18:00:00", "a day off");
    assert_eq!(due("2026-01-05 18:30", "0wd"), "2026-01-06 18:00:00", "no limit ends before it begins");
    assert_eq!(due("2026-01-05 10:00", "0d"), "2026-01-05 23:59:59.999");
    assert_eq!(due("2026-01-03 10:00", "0d"), "2026-01-04 23:59:59.999", "rolls");
    assert_eq!(mark_at(&clock("2026-01-05 10:00", Elapsed, &[]), "0wd", "due"), "2026-01-05 10:00:00", "at once");
    assert_eq!(mark_at(&clock("2026-01-05 10:00", Legal, &[]), "0wd", "due + 1wd"), "2026-01-06 18:00:00");
}

#[test]
fn ends_overrides_when_on_its_last_day_a_limit_ends() {
    let ended = |counting, limit: &Limit, ends| {
        let clock = Clock { ends: Some(ends), ..clock("2026-01-05 10:00:00", counting, &[]) };
        shown(due(&clock, limit).at)
    };
    for (limit, by_instant, by_day, by_office) in [
        (wd(5), "2026-01-12 10:00:00", "2026-01-12 23:59:59.999", "2026-01-12 18:00:00"),
        (span("3d"), "2026-01-08 10:00:00", "2026-01-08 23:59:59.999", "2026-01-08 18:00:00"),
        (span("24h"), "2026-01-06 10:00:00", "2026-01-06 23:59:59.999", "2026-01-06 18:00:00"),
        (
            Limit::Instant(at("2026-01-08 09:30")),
            "2026-01-08 09:30:00",
            "2026-01-08 23:59:59.999",
            "2026-01-08 18:00:00",
        ),
        (Limit::Date(date("2026-01-08")), "2026-01-08 00:00:00", "2026-01-08 23:59:59.999", "2026-01-08 18:00:00"),
    ] {
        for counting in [Legal, Elapsed] {
            assert_eq!(ended(counting, &limit, Ends::Instant), by_instant, "{counting:?} {limit:?}");
            assert_eq!(ended(counting, &limit, Ends::Day), by_day, "{counting:?} {limit:?}");
            assert_eq!(ended(counting, &limit, Ends::Office), by_office, "{counting:?} {limit:?}");
        }
    }
}

#[test]
fn a_start_that_is_a_day_counts_from_its_close() {
    let day = |text: &str| Start::of(EventTime::day(date(text)), cn());
    let due = |counting, limit: &str| shown(due(&Clock::plain(day("2026-01-05"), counting, cn()), &span(limit)).at);
    assert_eq!(due(Legal, "5wd"), "2026-01-12 18:00:00");
    assert_eq!(due(Elapsed, "5wd"), "2026-01-12 18:00:00");
    assert_eq!(due(Legal, "24h"), "2026-01-06 18:00:00");
    assert_eq!(due(Legal, "0wd"), "2026-01-05 18:00:00");
    // The first moment of the day says the same: only the flag matters.
    let flagged = Start { moment: at("2026-01-05 00:00"), is_day: true };
    assert_eq!(
        Clock::plain(flagged, Elapsed, cn()).due(&wd(5)),
        Clock::plain(day("2026-01-05"), Elapsed, cn()).due(&wd(5))
    );
}

#[test]
fn a_stop_that_is_a_day_counts_from_its_opening() {
    let due = due(&clock("2026-01-05 10:00", Elapsed, &[]), &wd(5));
    assert_eq!(shown(due.at), "2026-01-12 10:00:00");
    assert!(due.in_time(cn().stops_at(EventTime::day(date("2026-01-12")))), "the reading kinder to the office");
    assert!(!due.in_time(cn().stops_at(EventTime::day(date("2026-01-13")))));
}

#[test]
fn days_are_civil_days_across_a_clock_change() {
    let calendar = bare("Europe/Amsterdam", "\"09:00-12:30\", \"13:00-17:30\"");
    let ams = |text: &str| local(text, "Europe/Amsterdam");
    let due = |start: &str, counting, limit: &str| {
        due(&Clock::plain(instant(ams(start)), counting, &calendar), &span(limit)).at
    };
    // Clocks go forward on 2026-03-29 and back on 2026-10-25.
    assert_eq!(due("2026-03-27 10:00", Legal, "1wd"), ams("2026-03-30 17:30"));
    assert_eq!(due("2026-03-27 10:00", Elapsed, "1wd"), ams("2026-03-30 10:00"));
    assert_eq!(due("2026-03-28 10:00", Elapsed, "2d"), ams("2026-03-30 10:00"), "two days are 47 hours");
    assert_eq!(due("2026-03-28 10:00", Elapsed, "48h"), ams("2026-03-30 11:00"), "hours are hours");
    assert_eq!(due("2026-10-24 10:00", Elapsed, "2d"), ams("2026-10-26 10:00"));
    assert_eq!(due("2026-10-24 10:00", Legal, "2d"), ams("2026-10-26 23:59:59.999"));
    assert_eq!(due("2026-03-28 02:30", Elapsed, "1d"), ams("2026-03-29 03:30"), "a time that is skipped");
}

#[test]
fn limits_in_working_days_say_when_they_leave_the_covered_years() {
    let uncovered = |start: &str, limit: Limit| {
        let clock = clock(start, Legal, &[]);
        clock.calendar_uncovered(&limit, clock.due(&limit).map(|due| due.at))
    };
    assert!(!uncovered("2026-12-01 10:00", wd(10)));
    assert!(!uncovered("2026-12-30 10:00", wd(1)), "12-31 is the last covered day");
    assert!(uncovered("2026-12-30 10:00", wd(2)));
    assert!(uncovered("2026-12-31 10:00", wd(1)));
    assert!(uncovered("2027-05-03 10:00", wd(1)));
    assert!(!uncovered("2009-12-31 10:00", wd(1)), "the start day is not counted");
    assert!(uncovered("2009-12-30 10:00", wd(5)));
    for limit in [span("30d"), span("1mo"), span("48h"), Limit::Date(date("2027-02-01"))] {
        assert!(!uncovered("2026-12-30 10:00", limit), "{limit:?} needs no days off");
    }
    assert_eq!(
        mark_at(&clock("2026-12-31 10:00", Legal, &[]), "1wd", "due"),
        "2027-01-01 18:00:00",
        "Monday to Friday"
    );
    let open = clock("2026-12-31 10:00", Legal, &[]);
    assert!(open.calendar_uncovered(&wd(5), None), "without an end the first counted day decides");
}

#[test]
fn years_join_without_a_seam() {
    let due = |start: &str, limit| shown(due(&clock(start, Legal, &[]), &wd(limit)).at);
    assert_eq!(due("2018-12-28 10:00", 1), "2018-12-29 18:00:00", "a Saturday that works");
    assert_eq!(due("2018-12-28 10:00", 2), "2019-01-02 18:00:00");
    assert_eq!(due("2011-12-30 10:00", 1), "2011-12-31 18:00:00");
    assert_eq!(due("2022-12-30 10:00", 1), "2023-01-03 18:00:00");
}

#[test]
fn absurd_limits_have_answers() {
    for counting in [Legal, Elapsed] {
        for unit in crate::counting::Unit::ALL {
            for number in [i64::MIN, -1, 1_000_000, i64::MAX] {
                let limit = Limit::Span(crate::counting::Span::new(number, unit));
                assert!(clock("2026-01-05 10:00", counting, &[]).due(&limit).is_some(), "{limit:?}");
            }
        }
    }
}
