//! Counting: where a mark of a limit lies, and from when on its card holds.
//!
//! A mark's `since` is the last instant that is in time, its `from` the first at which the card holds.
//! By law a day is the unit, so the millisecond after is late; in office seconds one more whole second must be used.
//! A pause is not counted: by law the working days from the one it begins on up to the one before it
//! ends, else its office seconds.

use facts::Moment;
use facts::event::SpanUnit;
use jiff::civil::Date;

use crate::calendar::{TwinCalendar, next};
use crate::catalogue::Span;

/// Counting convention.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Counting {
    Legal,
    Elapsed,
}

/// When a limit begins to run.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Start {
    /// The instant that orders the fact.
    pub(crate) at: Moment,
    /// Only the day is known: the limit runs from that day's close.
    pub(crate) day_only: bool,
}

/// [`from`, `to`); without end when `to` is not known.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pause {
    pub(crate) from: Moment,
    pub(crate) to: Option<Moment>,
}

/// A place on a clock.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    pub(crate) since: Moment,
    pub(crate) from: Moment,
}

/// Counts in one calendar by one convention.
#[derive(Copy, Clone)]
pub(crate) struct Clock<'a> {
    pub(crate) calendar: &'a TwinCalendar,
    pub(crate) counting: Counting,
}

impl Clock<'_> {
    /// The mark `offset` units from where `limit` is used up; `None` when an open pause keeps it from
    /// ever being reached. A mark at or before the start stands at the start.
    pub(crate) fn mark(&self, start: Start, limit: Span, offset: i64, pauses: &[Pause]) -> Option<Mark> {
        let begin = self.begin(start);
        let number = limit.number + offset;
        match (limit.unit, self.counting) {
            _ if number < 0 => Some(instant(begin)),
            (SpanUnit::WorkingDays, Counting::Elapsed) => self.office_seconds(begin, number, pauses),
            (SpanUnit::WorkingDays, Counting::Legal) if number == 0 => Some(instant(self.close_of_start(begin))),
            _ if number == 0 => Some(instant(begin)),
            (SpanUnit::WorkingDays, Counting::Legal) => {
                let day = self.nth_working_day(self.calendar.date(start.at), number, pauses)?;
                Some(instant(self.calendar.close(day)))
            }
            (SpanUnit::Hours, _) => Some(instant(begin.plus_millis(number * 3_600_000))),
            (unit, Counting::Legal) => {
                Some(instant(self.calendar.end_of_day(self.nth_day(start, limit, unit, offset))))
            }
            (unit, Counting::Elapsed) => {
                let civil = begin.civil(&self.calendar.zone);
                Some(instant(self.calendar.instant(later(civil.date(), number, unit), civil.time())))
            }
        }
    }

    /// A limit in days of the calendar that would end on a day off ends on the next that works; marks after
    /// it count on from there, marks before it from the start.
    fn nth_day(&self, start: Start, limit: Span, unit: SpanUnit, offset: i64) -> Date {
        let first = self.calendar.date(start.at);
        if offset < 0 {
            return later(first, limit.number + offset, unit);
        }
        let mut due = later(first, limit.number, unit);
        while !self.calendar.works(due) {
            due = next(due);
        }
        later(due, offset, unit)
    }

    /// A limit that starts on a day runs from the day's close.
    fn begin(&self, start: Start) -> Moment {
        if start.day_only { self.calendar.close(self.calendar.date(start.at)) } else { start.at }
    }

    /// Where nothing is left to be counted: the close of the start's day, if that is still to come.
    fn close_of_start(&self, begin: Moment) -> Moment {
        let day = self.calendar.date(begin);
        if self.calendar.works(day) { self.calendar.close(day).max(begin) } else { begin }
    }

    /// The `number`-th working day after `start` on which nothing pauses.
    fn nth_working_day(&self, start: Date, number: i64, pauses: &[Pause]) -> Option<Date> {
        let (mut day, mut counted) = (start, 0);
        while counted < number {
            day = next(day);
            let date = |moment: Moment| self.calendar.date(moment);
            if pauses.iter().any(|pause| pause.to.is_none() && date(pause.from) <= day) {
                return None;
            }
            let paused =
                pauses.iter().any(|pause| date(pause.from) <= day && pause.to.is_some_and(|to| day < date(to)));
            if self.calendar.works(day) && !paused {
                counted += 1;
            }
        }
        Some(day)
    }

    /// Where `days` standard days of office seconds are used, and where one second more is.
    fn office_seconds(&self, begin: Moment, days: i64, pauses: &[Pause]) -> Option<Mark> {
        let standard_day: i64 = self.calendar.periods.iter().map(|(open, close)| seconds_between(*open, *close)).sum();
        let limit = standard_day * days;
        let since = if days <= 0 { begin } else { Moment::from_millis(self.used_up(begin, limit, pauses)? * 1000) };
        let from = Moment::from_millis(self.used_up(begin, limit + 1, pauses)? * 1000);
        Some(Mark { since, from })
    }

    /// The second (of the epoch) at which `seconds` office seconds have passed since `begin`.
    fn used_up(&self, begin: Moment, seconds: i64, pauses: &[Pause]) -> Option<i64> {
        let (mut day, mut left) = (self.calendar.date(begin), seconds);
        let paused = |second: i64| {
            pauses
                .iter()
                .any(|pause| pause.from.secs_floor() <= second && pause.to.is_none_or(|to| second < to.secs_floor()))
        };
        loop {
            for (from, to) in self.pieces(day, begin, pauses) {
                if paused(from) {
                    continue;
                }
                if to - from >= left {
                    return Some(from + left);
                }
                left -= to - from;
            }
            let stands = |pause: &Pause| pause.to.is_none() && self.calendar.date(pause.from) <= day;
            if pauses.iter().any(stands) {
                return None;
            }
            day = next(day);
        }
    }

    /// The office time of `day` after `begin`, cut wherever a pause begins or ends.
    fn pieces(&self, day: Date, begin: Moment, pauses: &[Pause]) -> Vec<(i64, i64)> {
        if !self.calendar.works(day) {
            return Vec::new();
        }
        let mut pieces = Vec::new();
        for (open, close) in &self.calendar.periods {
            let open = self.calendar.instant(day, *open).secs_floor().max(begin.secs_floor());
            let close = self.calendar.instant(day, *close).secs_floor();
            if open >= close {
                continue;
            }
            let ends = pauses.iter().flat_map(|pause| [Some(pause.from), pause.to]).flatten().map(Moment::secs_floor);
            let mut cuts: Vec<i64> = ends.filter(|cut| (open..close).contains(cut)).chain([open, close]).collect();
            cuts.sort_unstable();
            pieces.extend(cuts.windows(2).map(|pair| (pair[0], pair[1])).filter(|(from, to)| from < to));
        }
        pieces
    }
}

/// The limit instant itself is in time.
fn instant(since: Moment) -> Mark {
    Mark { since, from: since.plus_millis(1) }
}

fn later(day: Date, number: i64, unit: SpanUnit) -> Date {
    let span = jiff::Span::new();
    let span = if unit == SpanUnit::Months { span.months(number) } else { span.days(number) };
    day.checked_add(span).expect("limits are short")
}

fn seconds_between(open: jiff::civil::Time, close: jiff::civil::Time) -> i64 {
    (i64::from(close.hour()) - i64::from(open.hour())) * 3600
        + (i64::from(close.minute()) - i64::from(open.minute())) * 60
}
