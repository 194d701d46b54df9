//! The published vectors: Hunan's rule documents for `elapsed`, the annual notices for `legal`.

use facts::event_time::EventTime;
use facts::moment::Moment;

use super::{clock, due, mark_at, mark_extended, shown, span, wd};
use crate::counting::Counting::{Elapsed, Legal};
use crate::counting::{Clock, Mark, Start};
use crate::pause::Pause;
use crate::working_calendar::samples::{at, cn, date};

const START: &str = "2018-10-15 10:00:00";

/// Clock, limit, mark, instant: a card is due from one second after.
const ELAPSED: [(&str, &str, &str); 9] = [
    // Case, promise 7 and statutory limit 10 working days.
    ("7wd", "over >= -2", "2018-10-19 10:00:00"),
    ("7wd", "over >= 1", "2018-10-24 10:00:00"),
    ("10wd", "over >= 1", "2018-10-29 10:00:00"),
    // Special procedure, granted 7 working days.
    ("7wd", "over >= -2", "2018-10-19 10:00:00"),
    ("7wd", "over >= 1", "2018-10-24 10:00:00"),
    ("7wd", "over >= 2", "2018-10-25 10:00:00"),
    // Consultation and complaint, 5 working days.
    ("5wd", "over >= -2", "2018-10-17 10:00:00"),
    ("5wd", "over >= 1", "2018-10-22 10:00:00"),
    ("5wd", "over >= 2", "2018-10-23 10:00:00"),
];

#[test]
fn elapsed_marks_stand_where_hunan_puts_them() {
    for (limit, mark, instant) in ELAPSED {
        let clock = clock(START, Elapsed, &[]);
        assert_eq!(mark_at(&clock, limit, mark), instant, "{limit} {mark}");
    }
}

#[test]
fn an_elapsed_card_holds_from_one_second_after() {
    for (limit, mark, instant) in ELAPSED {
        let clock = clock(START, Elapsed, &[]);
        let due = clock.mark(&span(limit), mark.parse().expect("a mark"), &[]).expect("no pause");
        assert_eq!(due.after, at(instant).plus_millis(1000), "{limit} {mark}");
        assert!(due.in_time(at(instant).plus_millis(999)), "milliseconds only order");
        assert!(!due.in_time(at(instant).plus_millis(1000)), "one second over counts");
    }
}

/// Three days of special procedure, granted and taken, move the row of the case by three days.
#[test]
fn a_special_procedure_of_three_days_moves_the_case_by_three() {
    for (from, to) in [
        ("2018-10-16 10:00:00", Some("2018-10-19 10:00:00")),
        ("2018-10-16 09:00:00", Some("2018-10-30 09:00:00")),
        ("2018-10-17 15:00:00", None),
    ] {
        let taken = Pause {
            from: EventTime::Instant(at(from)),
            to: to.map(|to| EventTime::Instant(at(to))),
            cap: "3wd".parse().ok(),
            ground: "hearing".into(),
        };
        let pauses = [taken.cut(Elapsed, cn())];
        let clock = clock(START, Elapsed, &pauses);
        assert_eq!(mark_at(&clock, "7wd", "over >= -2"), "2018-10-24 10:00:00", "{from}");
        assert_eq!(mark_at(&clock, "7wd", "over >= 1"), "2018-10-29 10:00:00", "{from}");
        assert_eq!(mark_at(&clock, "10wd", "over >= 1"), "2018-11-01 10:00:00", "{from}");
    }
}

#[test]
fn legal_limits_end_at_close_of_business_of_the_nth_working_day() {
    for (accepted, limit, expected) in [
        ("2025-09-26", 5, "2025-10-10"),
        ("2025-09-26", 20, "2025-10-30"),
        ("2026-04-30", 1, "2026-05-06"),
        ("2025-12-31", 1, "2026-01-04"),
        ("2025-03-03", 10, "2025-03-17"),
    ] {
        for time in ["00:00:00", "08:30:00", "10:00:00", "17:59:59.999", "23:59:59"] {
            let clock = clock(&format!("{accepted} {time}"), Legal, &[]);
            let due = due(&clock, &wd(limit));
            assert_eq!(shown(due.at), format!("{expected} 18:00:00"), "{accepted} {time} + {limit}wd");
            assert_eq!(due.after, due.at.plus_millis(1));
        }
        let day = Start::of(EventTime::day(date(accepted)), cn());
        let due = due(&Clock::plain(day, Legal, cn()), &wd(limit));
        assert_eq!(shown(due.at), format!("{expected} 18:00:00"), "{accepted} + {limit}wd");
    }
}

#[test]
fn a_legal_pause_leaves_its_working_days_out() {
    let pauses = [super::pause("2025-03-06 10:00:00", "2025-03-17 10:00:00")];
    let clock = clock("2025-03-03 09:00:00", Legal, &pauses);
    assert_eq!(mark_at(&clock, "10wd", "due"), "2025-03-26 18:00:00");
    let days = clock.ledger(&wd(10), &[], at("2025-03-26 18:00:00"));
    assert_eq!(days.iter().filter(|day| day.why == "pause").count(), 7);
    assert_eq!(days.iter().map(|day| day.counted).sum::<i64>(), 10);
}

/// Documents issued on 2025-09-11, 20 civil days: 10-01, which rolls to the first day after the feast.
#[test]
fn civil_days_of_tender_law_roll_over_the_feast() {
    let clock = clock("2025-09-11 15:00:00", Legal, &[]);
    assert_eq!(mark_at(&clock, "20d", "due"), "2025-10-09 23:59:59.999");
    let unrolled = Clock { roll: false, ..clock };
    assert_eq!(mark_at(&unrolled, "20d", "due"), "2025-10-01 23:59:59.999");
}

/// Art. 42: ten more days with the head's approval.
#[test]
fn an_extension_adds_to_the_limit() {
    let clock = clock("2025-09-26 10:00:00", Legal, &[]);
    let granted = [super::extension("2025-10-20 10:00:00", "10wd")];
    assert_eq!(mark_extended(&clock, "10wd", "due", &granted), "2025-10-16 18:00:00", "asked too late");
    assert_eq!(mark_extended(&clock, "20wd", "due", &granted), mark_at(&clock, "30wd", "due"));
}

// ---- The two conventions agree on the date ----------------------------------------------------

/// The same due date when accepted in or after office hours or on a day off; one working day earlier
/// by `elapsed` when accepted before opening on a working day.
#[test]
fn both_conventions_name_the_same_date_but_for_acceptance_before_opening() {
    let first = date("2024-11-01");
    for offset in 0..450 {
        let day = first.saturating_add(jiff::Span::new().days(offset));
        for (hour, minute, second) in [
            (0, 0, 0),
            (8, 29, 59),
            (8, 30, 0),
            (8, 30, 1),
            (12, 0, 0),
            (12, 45, 0),
            (13, 30, 0),
            (17, 59, 59),
            (18, 0, 0),
            (23, 59, 59),
        ] {
            let moment = Moment::from_civil(day.at(hour, minute, second, 0), cn().zone());
            let start = Start { moment, is_day: false };
            for limit in [1, 2, 5, 7, 10, 20] {
                let by = |counting| cn().date(due(&Clock::plain(start, counting, cn()), &wd(limit)).at);
                let (legal, elapsed) = (by(Legal), by(Elapsed));
                // Up to the opening itself nothing of the day is gone, so all of it is counted.
                let before_opening = cn().is_working(day) && moment <= cn().opening(day);
                let expected = if before_opening { cn().nth_working_day_after(legal, -1) } else { legal };
                assert_eq!(elapsed, expected, "{} + {limit}wd", shown(moment));
            }
        }
    }
}

#[test]
fn over_and_shifted_marks_are_the_same_instants() {
    for counting in [Legal, Elapsed] {
        let clock = clock(START, counting, &[]);
        for limit in ["4wd", "7wd", "10wd", "10d", "48h"] {
            for (over, offset) in [(1, 0), (2, 1), (0, -1), (-2, -3)] {
                let unit = span(limit).unit();
                let shifted = Mark::Shifted(crate::counting::Span::new(offset, unit));
                let by = |mark| clock.mark(&span(limit), mark, &[]).expect("no pause");
                assert_eq!(by(Mark::Over(over)), by(shifted), "{counting:?} {limit} {over}");
            }
        }
    }
}
