//! Instants near where something happens: opening, noon, close, midnight, days off, the edge of a limit.

use facts::event::SpanUnit;
use facts::{EventTime, Moment};
use jiff::civil::{Date, Time, date, time};

use super::Feature;
use super::dice::Dice;
use crate::TwinCalendar;
use crate::calendar::next;
use crate::catalogue::Span;
use crate::clock::{Clock, Counting, Start};

/// Days around the holidays of 2026, and plain ones.
const FIRST_DAYS: [Date; 10] = [
    date(2026, 2, 6),
    date(2026, 2, 11),
    date(2026, 2, 13),
    date(2026, 2, 14),
    date(2026, 2, 15),
    date(2026, 2, 24),
    date(2026, 2, 27),
    date(2026, 3, 9),
    date(2026, 4, 24),
    date(2026, 4, 30),
];

/// Times of day at which counting changes.
const EDGES: [(i8, i8, i8); 16] = [
    (0, 0, 0),
    (0, 0, 1),
    (8, 29, 59),
    (8, 30, 0),
    (8, 30, 1),
    (11, 59, 59),
    (12, 0, 0),
    (12, 0, 1),
    (13, 29, 59),
    (13, 30, 0),
    (13, 30, 1),
    (17, 59, 59),
    (18, 0, 0),
    (18, 0, 1),
    (20, 15, 0),
    (23, 59, 59),
];

/// The day on which a case begins.
pub(super) fn first_day(dice: &mut Dice<'_>) -> Date {
    let mut day = dice.pick(&FIRST_DAYS);
    for _ in 0..dice.below(4) {
        day = next(day);
    }
    day
}

/// A time of day, often an edge.
pub(super) fn time_of_day(dice: &mut Dice<'_>) -> Time {
    if dice.percent(35) {
        let (hour, minute, second) = dice.pick(&EDGES);
        let millis = match dice.below(6) {
            0 if dice.chance(Feature::Milliseconds, 100) => 1,
            1 if dice.chance(Feature::Milliseconds, 100) => 999,
            _ => 0,
        };
        return time(hour, minute, second, millis * 1_000_000);
    }
    let minute = dice.between(8 * 60 + 30, 18 * 60);
    let part = |number: i64| i8::try_from(number).expect("hours and minutes are small");
    time(part(minute / 60), part(minute % 60), 0, 0)
}

/// An instant at or after `after`: the same one, the same day, or up to `days_most` days later.
pub(super) fn later(dice: &mut Dice<'_>, calendar: &TwinCalendar, after: Moment, days_most: i64) -> Moment {
    if dice.chance(Feature::Tie, 8) {
        return after;
    }
    let days = if dice.percent(40) { dice.between(0, 1) } else { dice.between(0, days_most) };
    let mut day = calendar.date(after);
    for _ in 0..days {
        day = next(day);
    }
    let at = calendar.instant(day, time_of_day(dice));
    if at >= after { at } else { after.plus_millis(dice.between(0, 7_200) * 1000) }
}

/// The edge of a limit of working days that started at `start`, by law or in office seconds.
pub(super) fn edge(dice: &mut Dice<'_>, calendar: &TwinCalendar, start: Moment, days: i64) -> Moment {
    let counting = if dice.percent(60) { Counting::Legal } else { Counting::Elapsed };
    let clock = Clock { calendar, counting };
    let span = Span { number: days, unit: SpanUnit::WorkingDays };
    let mark = clock.mark(Start { at: start, day_only: false }, span, 0, &[]).expect("nothing pauses it");
    let at = dice.pick(&[mark.since, mark.from]);
    let off = dice.pick(&[0, 0, 0, -1000, 1000, -60_000, 60_000]);
    at.plus_millis(off)
}

/// The instant as a source may tell it.
pub(super) fn told(dice: &mut Dice<'_>, calendar: &TwinCalendar, at: Moment) -> EventTime {
    if dice.chance(Feature::DateOnly, 6) { EventTime::day(calendar.date(at)) } else { EventTime::Instant(at) }
}
