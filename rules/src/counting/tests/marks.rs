//! Marks: ahead of and after the due instant, at the start, as a share, and under extensions.

use super::{clock, extension, instant, mark_at, mark_extended, pause, shown, span, wd};
use crate::counting::Counting::{Elapsed, Legal};
use crate::counting::{Clock, Limit, Mark, Measure, Span, Used};
use crate::working_calendar::samples::{at, cn, date};

#[test]
fn a_mark_is_counted_on_the_same_clock_as_the_limit() {
    let clock = clock("2018-10-15 10:00:00", Legal, &[]);
    assert_eq!(mark_at(&clock, "7wd", "due - 3wd"), "2018-10-19 18:00:00", "the fourth counted day");
    assert_eq!(mark_at(&clock, "7wd", "over >= -2"), "2018-10-19 18:00:00");
    assert_eq!(mark_at(&clock, "7wd", "due - 1wd"), "2018-10-23 18:00:00");
    assert_eq!(mark_at(&clock, "7wd", "due"), "2018-10-24 18:00:00");
    assert_eq!(mark_at(&clock, "7wd", "over >= 1"), "2018-10-24 18:00:00");
    assert_eq!(mark_at(&clock, "7wd", "due + 1wd"), "2018-10-25 18:00:00");
    assert_eq!(mark_at(&clock, "7wd", "over >= 2"), "2018-10-25 18:00:00");
}

#[test]
fn a_mark_at_or_before_the_start_stands_at_the_start() {
    for counting in [Legal, Elapsed] {
        let clock = clock("2026-01-05 10:00:00", counting, &[]);
        for (limit, mark) in [("2wd", "due - 3wd"), ("1wd", "over >= -2"), ("5d", "due - 9d"), ("2h", "due - 24h")] {
            assert_eq!(mark_at(&clock, limit, mark), "2026-01-05 10:00:00", "{counting:?} {limit} {mark}");
        }
    }
    assert_eq!(mark_at(&clock("2026-01-05 10:00:00", Elapsed, &[]), "3wd", "due - 3wd"), "2026-01-05 10:00:00");
}

/// One working day ahead of a limit of one lies the close of the start day, if that is still to come.
#[test]
fn a_mark_with_nothing_left_to_count_is_the_close_of_the_start_day() {
    let mark = |start: &str| mark_at(&clock(start, Legal, &[]), "1wd", "due - 1wd");
    assert_eq!(mark("2026-01-05 10:00:00"), "2026-01-05 18:00:00");
    assert_eq!(mark("2026-01-05 19:00:00"), "2026-01-05 19:00:00", "after closing time");
    assert_eq!(mark("2026-01-10 10:00:00"), "2026-01-10 10:00:00", "a Saturday");
}

/// With nothing used yet, a mark exactly at the start holds from the first second used; one before
/// it holds as soon as the clock runs.
#[test]
fn a_mark_at_the_start_holds_from_the_first_second_used() {
    let clock = clock("2026-01-03 10:00:00", Elapsed, &[]);
    let after = |limit: &str, mark: &str| {
        let due = clock.mark(&span(limit), mark.parse().expect("a mark"), &[]).expect("no pause");
        assert_eq!(shown(due.at), "2026-01-03 10:00:00");
        shown(due.after)
    };
    assert_eq!(after("3wd", "due - 3wd"), "2026-01-04 08:30:01");
    assert_eq!(after("2wd", "due - 3wd"), "2026-01-03 10:00:00.001");
}

#[test]
fn marks_in_another_unit_are_counted_from_the_due_instant() {
    let clock = clock("2026-01-05 10:00:00", Legal, &[]);
    assert_eq!(mark_at(&clock, "5wd", "due"), "2026-01-12 18:00:00");
    assert_eq!(mark_at(&clock, "5wd", "due + 1d"), "2026-01-13 23:59:59.999");
    assert_eq!(mark_at(&clock, "5wd", "due - 2d"), "2026-01-10 23:59:59.999");
    assert_eq!(mark_at(&clock, "5wd", "due + 24h"), "2026-01-13 18:00:00");
    assert_eq!(mark_at(&clock, "5wd", "due - 24h"), "2026-01-11 18:00:00");
    assert_eq!(mark_at(&clock, "10d", "due"), "2026-01-15 23:59:59.999");
    assert_eq!(mark_at(&clock, "10d", "due - 2wd"), "2026-01-13 18:00:00");
    assert_eq!(mark_at(&clock, "10d", "due + 2wd"), "2026-01-19 18:00:00");
    assert_eq!(mark_at(&clock, "1mo", "due - 5d"), "2026-01-31 23:59:59.999");
}

/// A limit that rolls: marks ahead of it keep their counted day, marks after it follow its rest.
#[test]
fn marks_ahead_of_a_rolled_limit_stay_and_marks_after_it_follow() {
    let clock = clock("2026-03-02 10:00:00", Legal, &[]);
    assert_eq!(mark_at(&clock, "5d", "due"), "2026-03-09 23:59:59.999");
    assert_eq!(mark_at(&clock, "5d", "due - 1d"), "2026-03-06 23:59:59.999", "the fourth counted day");
    assert_eq!(mark_at(&clock, "5d", "over >= -2"), "2026-03-04 23:59:59.999");
    assert_eq!(mark_at(&clock, "5d", "due + 1d"), "2026-03-10 23:59:59.999");
    assert_eq!(mark_at(&clock, "5d", "over >= 2"), "2026-03-10 23:59:59.999");
    assert_eq!(mark_at(&clock, "2h", "due - 30min"), "2026-03-02 11:30:00");
}

#[test]
fn marks_ahead_of_a_date_or_an_instant_are_counted_back_from_it() {
    let marked = |counting, limit: &Limit, mark: &str| {
        let clock = clock("2026-01-05 10:00:00", counting, &[]);
        shown(clock.mark(limit, mark.parse().expect("a mark"), &[]).expect("no pause").at)
    };
    let sunday = Limit::Date(date("2026-03-08"));
    assert_eq!(marked(Legal, &sunday, "due - 2wd"), "2026-03-05 18:00:00");
    assert_eq!(marked(Elapsed, &sunday, "due - 2wd"), "2026-03-04 18:00:00", "as early as two days are left");
    assert_eq!(marked(Legal, &sunday, "due - 3d"), "2026-03-05 23:59:59.999");
    assert_eq!(marked(Legal, &sunday, "over >= 2"), "2026-03-09 23:59:59.999");
    let morning = Limit::Instant(at("2026-03-10 09:30"));
    assert_eq!(marked(Legal, &morning, "due - 24h"), "2026-03-09 09:30:00");
    assert_eq!(marked(Elapsed, &morning, "due - 2d"), "2026-03-08 09:30:00");
    assert_eq!(marked(Elapsed, &morning, "due - 1wd"), "2026-03-09 09:30:00");
}

#[test]
fn a_share_rounds_up_to_whole_days_under_legal() {
    let legal = clock("2026-03-02 10:00:00", Legal, &[]);
    assert_eq!(mark_at(&legal, "7wd", "80%"), "2026-03-10 18:00:00", "5.6 days: the sixth");
    assert_eq!(mark_at(&legal, "10wd", "80%"), "2026-03-12 18:00:00");
    assert_eq!(mark_at(&legal, "10wd", "100%"), "2026-03-16 18:00:00");
    assert_eq!(mark_at(&legal, "10wd", "1%"), "2026-03-03 18:00:00");
    assert_eq!(mark_at(&legal, "10wd", "0%"), "2026-03-02 10:00:00");
    assert_eq!(mark_at(&legal, "10d", "25%"), "2026-03-05 23:59:59.999");
    assert_eq!(mark_at(&legal, "1mo", "50%"), "2026-03-18 23:59:59.999", "15.5 of 31 days: the 16th");
    assert_eq!(mark_at(&legal, "10wd", "150%"), "2026-03-23 18:00:00");
    let elapsed = clock("2026-03-02 10:00:00", Elapsed, &[]);
    assert_eq!(mark_at(&elapsed, "7wd", "50%"), "2026-03-05 15:30:00", "three days and a half");
    assert_eq!(mark_at(&elapsed, "10h", "50%"), "2026-03-02 15:00:00");
    let fixed = Limit::Date(date("2026-03-12"));
    let half = |clock: &Clock<'_>| shown(clock.mark(&fixed, Mark::Percent(50), &[]).expect("no pause").at);
    assert_eq!(half(&legal), "2026-03-07 23:59:59.999");
}

#[test]
fn a_share_of_an_extended_limit_is_a_share_of_the_whole() {
    let clock = clock("2026-03-02 10:00:00", Legal, &[]);
    let granted = [extension("2026-03-03 09:00", "10wd")];
    assert_eq!(mark_extended(&clock, "10wd", "50%", &granted), "2026-03-16 18:00:00");
}

// ---- Extensions -------------------------------------------------------------------------------

#[test]
fn an_extension_moves_marks_ahead_and_leaves_those_that_were_passed() {
    let clock = clock("2018-10-15 10:00:00", Legal, &[]);
    // The pre-warning stood at the close of 10-19; the extension came on the 22nd, before the due day.
    let granted = [extension("2018-10-22 09:00", "10wd")];
    assert_eq!(mark_extended(&clock, "7wd", "due - 3wd", &granted), "2018-10-19 18:00:00");
    assert_eq!(mark_extended(&clock, "7wd", "due", &granted), "2018-11-07 18:00:00");
    // Granted at once it moves both.
    let early = [extension("2018-10-15 11:00", "10wd")];
    assert_eq!(mark_extended(&clock, "7wd", "due - 3wd", &early), "2018-11-02 18:00:00");
}

#[test]
fn an_extension_at_the_last_instant_acts_and_a_moment_later_it_does_not() {
    let clock = clock("2018-10-15 10:00:00", Legal, &[]);
    let by = |at: &str| mark_extended(&clock, "7wd", "due", &[extension(at, "1wd")]);
    assert_eq!(by("2018-10-24 18:00:00"), "2018-10-25 18:00:00");
    assert_eq!(by("2018-10-24 18:00:00.001"), "2018-10-24 18:00:00");
}

#[test]
fn extensions_act_one_after_the_other() {
    let clock = clock("2018-10-15 10:00:00", Legal, &[]);
    // The second comes after the first due day, but before the extended one.
    let both = [extension("2018-10-25 09:00", "5wd"), extension("2018-10-24 09:00", "3wd")];
    assert_eq!(mark_extended(&clock, "7wd", "due", &both), mark_at(&clock, "15wd", "due"));
    assert_eq!(mark_extended(&clock, "7wd", "due", &both[..1]), mark_at(&clock, "7wd", "due"), "alone it is too late");
    assert_eq!(clock.acting_extensions(&wd(7), &both).len(), 2);
    assert!(clock.acting_extensions(&wd(7), &both[..1]).is_empty());
}

#[test]
fn an_extension_waits_for_a_pause_that_began_in_time() {
    let pauses = [pause("2018-10-23 09:00", "2018-11-01 09:00")];
    let clock = clock("2018-10-15 10:00:00", Legal, &pauses);
    assert_eq!(mark_at(&clock, "7wd", "due"), "2018-11-02 18:00:00");
    let late = [extension("2018-10-30 09:00", "2wd")];
    assert_eq!(mark_extended(&clock, "7wd", "due", &late), "2018-11-06 18:00:00", "the pause kept the limit ahead");
}

#[test]
fn an_extension_in_another_unit_is_counted_on_from_the_limit() {
    let clock = clock("2026-01-05 10:00:00", Legal, &[]);
    let by = |limit: &str, by: &str| mark_extended(&clock, limit, "due", &[extension("2026-01-06 09:00", by)]);
    assert_eq!(by("5wd", "10d"), "2026-01-22 23:59:59.999");
    assert_eq!(by("10d", "5wd"), "2026-01-22 18:00:00");
    assert_eq!(by("5wd", "24h"), "2026-01-13 18:00:00");
    let dated = Limit::Date(date("2026-01-16"));
    let moved = clock.mark(&dated, Mark::Due, &[extension("2026-01-06 09:00", "2wd")]).expect("no pause");
    assert_eq!(shown(moved.at), "2026-01-20 18:00:00");
}

// ---- Used, left, over -------------------------------------------------------------------------

#[test]
fn used_and_left_count_whole_days_under_legal() {
    let clock = clock("2026-01-05 10:00:00", Legal, &[]);
    let told = |until: &str| {
        let until = at(until);
        let (used, left) =
            (clock.used(Span::working_days(5).unit, until), clock.left(Span::working_days(5), &[], until));
        assert_eq!((used.measure, left.measure), (Measure::WorkingDays, Measure::WorkingDays));
        (used.number, left.number, clock.over(&wd(5), &[], until).expect("no pause"))
    };
    assert_eq!(told("2026-01-05 17:00"), (0, 5, -5));
    assert_eq!(told("2026-01-06 09:00"), (1, 4, -4));
    assert_eq!(told("2026-01-11 09:00"), (4, 1, 0), "on Sunday four days are used, and the fifth is next");
    assert_eq!(told("2026-01-12 18:00"), (5, 0, 0), "the last instant in time");
    assert_eq!(told("2026-01-12 18:00:00.001"), (5, -1, 1));
    assert_eq!(told("2026-01-14 10:00"), (7, -2, 2));
}

#[test]
fn used_and_left_count_seconds_under_elapsed() {
    let clock = clock("2026-01-05 10:00:00", Elapsed, &[]);
    let used = clock.used(Span::working_days(1).unit, at("2026-01-05 12:30"));
    assert_eq!(used, Used { number: 7_200, measure: Measure::WorkingSecs });
    assert_eq!(clock.left(Span::working_days(1), &[], at("2026-01-05 12:30")).number, 21_600);
    assert_eq!(clock.left(Span::working_days(1), &[], at("2026-01-06 10:00:00")).number, 0);
    assert_eq!(clock.left(Span::working_days(1), &[], at("2026-01-06 10:00:01")).number, -1);
    let civil = clock.used(Span::days(1).unit, at("2026-01-06 10:00:00.999"));
    assert_eq!(civil, Used { number: 86_400, measure: Measure::Secs });
}

#[test]
fn left_counts_the_extensions_known_by_then() {
    let clock = clock("2026-01-05 10:00:00", Legal, &[]);
    let granted = [extension("2026-01-08 09:00", "10wd")];
    assert_eq!(clock.left(Span::working_days(5), &granted, at("2026-01-07 12:00")).number, 3);
    assert_eq!(clock.left(Span::working_days(5), &granted, at("2026-01-08 12:00")).number, 12);
}

#[test]
fn a_clock_that_has_not_started_has_used_nothing() {
    for counting in [Legal, Elapsed] {
        let clock = Clock::plain(instant(at("2026-01-05 10:00")), counting, cn());
        assert_eq!(clock.used(Span::working_days(1).unit, at("2025-01-05 10:00")).number, 0);
    }
}
