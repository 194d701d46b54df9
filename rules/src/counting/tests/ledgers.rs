//! The day ledger: every day, what it counted and why, and that it sums to the limit.

use super::{clock, extension, pause, span, wd};
use crate::counting::Counting::{Elapsed, Legal};
use crate::counting::{Clock, Extension, Limit, Mark};
use crate::working_calendar::samples::at;

fn lines(clock: &Clock<'_>, limit: &Limit, extensions: &[Extension]) -> Vec<String> {
    let due = clock.mark(limit, Mark::Due, extensions).expect("no open pause");
    let days = clock.ledger(limit, extensions, due.at);
    let note = |note: &Option<_>| note.as_ref().map(|note| format!(" {note}")).unwrap_or_default();
    days.iter().map(|day| format!("{} {} {}{}", day.date, day.counted, day.why, note(&day.note))).collect()
}

#[test]
fn a_legal_ledger_names_each_day() {
    let pauses = [pause("2026-02-13 10:00", "2026-02-24 09:00")];
    assert_eq!(
        lines(&clock("2026-02-11 10:00", Legal, &pauses), &wd(2), &[]),
        [
            "2026-02-11 0 start",
            "2026-02-12 1 work",
            "2026-02-13 0 pause hearing",
            "2026-02-14 0 pause hearing",
            "2026-02-15 0 holiday 春节",
            "2026-02-16 0 holiday 春节",
            "2026-02-17 0 holiday 春节",
            "2026-02-18 0 holiday 春节",
            "2026-02-19 0 holiday 春节",
            "2026-02-20 0 holiday 春节",
            "2026-02-21 0 holiday 春节",
            "2026-02-22 0 holiday 春节",
            "2026-02-23 0 holiday 春节",
            "2026-02-24 1 work",
        ]
    );
    assert_eq!(
        lines(&clock("2026-02-12 10:00", Legal, &[]), &wd(2), &[]),
        ["2026-02-12 0 start", "2026-02-13 1 work", "2026-02-14 1 makeup 春节"]
    );
}

#[test]
fn an_elapsed_ledger_counts_seconds_and_names_the_pause_that_took_some() {
    let pauses = [pause("2026-03-06 10:00", "2026-03-06 11:00")];
    assert_eq!(
        lines(&clock("2026-03-05 14:00", Elapsed, &pauses), &wd(2), &[]),
        [
            "2026-03-05 14400 work",
            "2026-03-06 25200 work hearing",
            "2026-03-07 0 weekend",
            "2026-03-08 0 weekend",
            "2026-03-09 18000 work",
        ]
    );
}

#[test]
fn a_ledger_of_civil_days_counts_up_to_the_limit_and_shows_the_roll() {
    assert_eq!(
        lines(&clock("2026-03-04 10:00", Legal, &[]), &span("3d"), &[]),
        [
            "2026-03-04 0 start",
            "2026-03-05 1 calendar",
            "2026-03-06 1 calendar",
            "2026-03-07 1 calendar",
            "2026-03-08 0 weekend",
            "2026-03-09 0 work",
        ]
    );
    let granted = [extension("2026-03-05 09:00", "2d")];
    let days = lines(&clock("2026-03-04 10:00", Legal, &[]), &span("3d"), &granted);
    assert_eq!(days.last().map(String::as_str), Some("2026-03-09 1 calendar"));
}

#[test]
fn a_ledger_in_hours_counts_the_seconds_of_each_day() {
    assert_eq!(
        lines(&clock("2026-03-04 22:00", Legal, &[]), &span("24h"), &[]),
        ["2026-03-04 7200 calendar", "2026-03-05 79200 calendar"]
    );
}

#[test]
fn ledgers_sum_to_the_limit() {
    let pauses = [pause("2025-09-29 10:00", "2025-10-13 15:00"), pause("2025-10-10 10:00", "2025-10-16 11:30")];
    for start in ["2025-09-24 10:00", "2025-09-27 10:00", "2025-09-26 20:00", "2025-09-28 07:00"] {
        for number in [1, 3, 7, 20] {
            for (counting, unit) in [(Legal, 1), (Elapsed, 28_800)] {
                let clock = clock(start, counting, &pauses);
                let due = clock.due(&wd(number)).expect("no open pause");
                let sum: i64 = clock.ledger(&wd(number), &[], due.at).iter().map(|day| day.counted).sum();
                assert_eq!(sum, number * unit, "{counting:?} {start} {number}wd");
            }
        }
    }
}

#[test]
fn a_ledger_without_a_due_instant_runs_to_the_given_end() {
    let open = [super::open_pause("2026-03-05 10:00")];
    let days = clock("2026-03-04 10:00", Legal, &open).ledger(&wd(5), &[], at("2026-03-06 12:00"));
    let whys: Vec<&str> = days.iter().map(|day| day.why.as_str()).collect();
    assert_eq!(whys, ["start", "pause", "pause"]);
}
