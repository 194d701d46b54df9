//! One reckoning: the mark of a limit for pauses and extensions that are known to act.
//!
//! Lengths of one unit add up before they are counted; a length of another unit is counted on from
//! where the first ends. Marks in the limit's own unit are counted on the same clock (limit plus
//! offset), so that pauses act on them; others are counted from the due instant.

use facts::event_time::{date_of, day_number};
use facts::moment::Moment;

use super::day_line::Days;
use super::line::Line;
use super::mark::Mark;
use super::span::{Span, Unit};
use super::{Clock, Counting, Due, Ends, Extension, Limit, paused_days};
use crate::pause::{Union, union};
use crate::working_calendar::{DAY_MS, WorkingCalendar, clamp_day};

/// A place in time that counting arrives at.
#[derive(Copy, Clone)]
enum Point {
    /// The start: a mark that lies at or before it.
    Start,
    /// A whole day, with the end that its unit has of itself.
    Day { day: i32, ends: Ends },
    /// An instant, and the first from which one more unit of the line has passed.
    Instant { at: Moment, after: Moment },
}

/// A clock with the pauses that act.
pub(super) struct Reckoning<'a> {
    clock: &'a Clock<'a>,
    calendar: &'a WorkingCalendar,
    /// The instant from which time counts, and its day.
    start: Moment,
    start_day: i32,
    /// Time of day of an `ends = instant` end, in milliseconds.
    time_of_day: i64,
    paused: Union<Moment>,
    paused_days: Union<i32>,
}

impl<'a> Reckoning<'a> {
    pub(super) fn new(clock: &'a Clock<'a>, limit: &Limit, pauses: &[(Moment, Option<Moment>)]) -> Reckoning<'a> {
        let calendar = clock.calendar;
        let start = clock.counted_from();
        // A date or an instant is fixed: nothing is counted towards it, so nothing stops it.
        let pauses = if matches!(limit, Limit::Span(_)) { pauses } else { &[] };
        let time_of_day = match limit {
            Limit::Date(_) => 0,
            Limit::Span(_) | Limit::Instant(_) => calendar.civil_millis(start).rem_euclid(DAY_MS),
        };
        Reckoning {
            clock,
            calendar,
            start,
            start_day: calendar.day_of(start),
            time_of_day,
            paused: union(pauses.iter().copied()),
            paused_days: paused_days(calendar, pauses),
        }
    }

    pub(super) fn mark(&self, limit: &Limit, mark: Mark, extensions: &[Extension]) -> Option<Due> {
        let (limit, rest) = add_up(limit, extensions);
        let unit = limit.unit();
        let shift = match mark {
            Mark::Over(number) => Span::new(number.saturating_sub(1), unit),
            Mark::Shifted(span) => span,
            Mark::Due | Mark::Percent(_) => Span::new(0, unit),
        };
        let whole = |point: Point| self.finish(point);
        if let Mark::Percent(share) = mark
            && share != 100
        {
            return self.share(&limit, &rest, share).and_then(whole);
        }
        let point = match limit {
            Limit::Span(span) if rest.is_empty() => match self.on_one_line(span, shift) {
                Some((span, offset)) => self.counted(span, offset)?,
                None => self.shifted(self.counted(span, 0)?, shift)?,
            },
            _ => self.shifted(self.chain(&limit, &rest)?, shift)?,
        };
        whole(point)
    }

    /// A limit and an offset in one unit, where both run along one line.
    fn on_one_line(&self, span: Span, shift: Span) -> Option<(Span, i64)> {
        let minutes = |span: Span| span.number.saturating_mul(span.unit.exact_millis() / 60_000);
        match (span.unit, shift.unit) {
            (own, other) if own == other => Some((span, shift.number)),
            (Unit::Months, Unit::Days) => {
                Some((Span { number: self.civil_days_of(span), unit: Unit::Days }, shift.number))
            }
            (Unit::Hours, Unit::Minutes) | (Unit::Minutes, Unit::Hours) => {
                Some((Span { number: minutes(span), unit: Unit::Minutes }, minutes(shift)))
            }
            _ => None,
        }
    }

    /// The end of the limit and of the lengths that follow it, each counted on from the one before.
    fn chain(&self, limit: &Limit, rest: &[Span]) -> Option<Point> {
        let mut point = match *limit {
            Limit::Span(span) => self.counted(span, 0)?,
            Limit::Date(date) => Point::Day { day: day_number(date), ends: Ends::Day },
            Limit::Instant(at) => Point::Instant { at, after: at.plus_millis(1) },
        };
        for span in rest {
            point = self.further(point, *span, self.clock.roll)?;
        }
        Some(point)
    }

    /// The end of a span plus `offset` of its own unit, counted from the start. Where the last day of
    /// a limit rolls, marks ahead of it do not, and marks after it are counted from where it came to
    /// rest: so a pause can only delay a mark.
    fn counted(&self, span: Span, offset: i64) -> Option<Point> {
        let number = span.number.saturating_add(offset);
        if offset != 0 && number <= 0 && (number < 0 || self.clock.counting == Counting::Legal) {
            return Some(self.start_day_or_start(number, span.unit));
        }
        match (span.unit, self.clock.counting) {
            (Unit::WorkingDays, Counting::Legal) => self.legal_working_day(number),
            (Unit::Days | Unit::Months, Counting::Legal) => match offset {
                ..0 => self.legal_civil_day(self.civil_days_of(Span { number, unit: span.unit }), false),
                _ => {
                    let last = self.legal_civil_day(self.civil_days_of(span), self.clock.roll)?;
                    self.shifted(last, Span { number: offset, unit: span.unit })
                }
            },
            _ => {
                let span = Span { number, unit: span.unit };
                self.elapsed(self.start, self.amount(span))
            }
        }
    }

    /// The mark of nothing to count: under `legal` working days the close of the start day, the working
    /// day before the first counted one, if the office still was to close on it; else the start.
    fn start_day_or_start(&self, number: i64, unit: Unit) -> Point {
        let works = || self.calendar.is_working(date_of(self.start_day));
        let open = || self.start <= self.calendar.closing_of(self.start_day);
        if number == 0 && unit == Unit::WorkingDays && works() && open() {
            return Point::Day { day: self.start_day, ends: Ends::Office };
        }
        Point::Start
    }

    /// `legal`: close of business of the N-th working day after the start day; for 0 of the start day
    /// if the office still was to close on it, else of the next working day.
    fn legal_working_day(&self, number: i64) -> Option<Point> {
        let first = if number > 0 || self.start > self.calendar.closing_of(self.start_day) {
            self.start_day + 1
        } else {
            self.start_day
        };
        let day = Days::Working.nth_from(self.calendar, first, number, &self.paused_days)?;
        Some(Point::Day { day, ends: Ends::Office })
    }

    /// `legal`: the N-th civil day after the start day, moved to the next working day if it is off.
    fn legal_civil_day(&self, number: i64, roll: bool) -> Option<Point> {
        let first = self.start_day + i32::from(number > 0);
        let day = Days::Civil.nth_from(self.calendar, first, number, &self.paused_days)?;
        let day = if roll { self.rolled(day)? } else { day };
        Some(Point::Day { day, ends: Ends::Day })
    }

    fn rolled(&self, day: i32) -> Option<i32> {
        if self.calendar.works(day) {
            return Some(day);
        }
        Days::Working.nth_from(self.calendar, day, 1, &self.paused_days)
    }

    fn civil_days_of(&self, span: Span) -> i64 {
        civil_days(self.start_day, span)
    }

    /// The line a span runs along where days are not counted whole, and its length there.
    fn amount(&self, span: Span) -> (Line, i64) {
        match span.unit {
            Unit::WorkingDays => {
                (Line::WorkingSecs, span.number.saturating_mul(self.calendar.standard_secs_of(self.start_day)))
            }
            Unit::Days | Unit::Months => (Line::CivilMillis, self.civil_days_of(span).saturating_mul(DAY_MS)),
            Unit::Hours | Unit::Minutes | Unit::Seconds => {
                (Line::Millis, span.number.saturating_mul(span.unit.exact_millis()))
            }
        }
    }

    /// So far along a line from an instant, pauses left out.
    fn elapsed(&self, from: Moment, (line, amount): (Line, i64)) -> Option<Point> {
        if amount < 0 {
            return Some(Point::Start);
        }
        let at = line.advance(self.calendar, from, amount, &self.paused)?;
        let after = line.advance(self.calendar, from, amount.saturating_add(1), &self.paused)?;
        Some(Point::Instant { at, after })
    }

    /// A mark that stands `shift` away from where the limit ends.
    fn shifted(&self, point: Point, shift: Span) -> Option<Point> {
        match shift.number {
            0 => Some(point),
            1.. => self.further(point, shift, false),
            _ => Some(self.earlier(point, shift)),
        }
    }

    /// The end of a span counted on from a point, which must not be the start.
    fn further(&self, point: Point, span: Span, roll: bool) -> Option<Point> {
        let at = self.finish(point)?.at;
        if !span.unit.counts_days() || self.clock.counting == Counting::Elapsed {
            if span.unit == Unit::Months {
                let days = civil_days(self.calendar.day_of(at), span);
                return self.elapsed(at, (Line::CivilMillis, days.saturating_mul(DAY_MS)));
            }
            return self.elapsed(at, self.amount(span));
        }
        let day = self.day_of(point);
        let nth = |days: Days, number| days.nth_from(self.calendar, day + 1, number, &self.paused_days);
        match span.unit {
            Unit::WorkingDays => Some(Point::Day { day: nth(Days::Working, span.number)?, ends: Ends::Office }),
            _ => {
                let day = nth(Days::Civil, civil_days(day, span))?;
                Some(Point::Day { day: if roll { self.rolled(day)? } else { day }, ends: Ends::Day })
            }
        }
    }

    /// A mark ahead of where the limit ends; `shift.number` is negative.
    fn earlier(&self, point: Point, shift: Span) -> Point {
        let Some(due) = self.finish(point) else { return point };
        let back = -shift.number;
        let instant = |at: Moment| Point::Instant { at, after: at.plus_millis(1) };
        if !shift.unit.counts_days() {
            return instant(due.at.plus_millis(-back.saturating_mul(shift.unit.exact_millis())));
        }
        let day = self.day_of(point);
        if self.clock.counting == Counting::Legal {
            let nth = |days: Days, number| days.nth_before(self.calendar, day, number);
            return match shift.unit {
                Unit::WorkingDays => Point::Day { day: nth(Days::Working, back), ends: Ends::Office },
                Unit::Days => Point::Day { day: nth(Days::Civil, back), ends: Ends::Day },
                _ => Point::Day { day: clamp_day(i64::from(day) + civil_days(day, shift)), ends: Ends::Day },
            };
        }
        match shift.unit {
            Unit::WorkingDays => {
                let secs = back.saturating_mul(self.calendar.standard_secs_of(self.start_day));
                let at = self.calendar.add_working_seconds(due.at, -secs);
                Point::Instant { at, after: self.calendar.add_working_seconds(at, 1) }
            }
            _ => {
                let shifted = civil_days(day, shift).saturating_mul(DAY_MS);
                instant(self.calendar.civil_moment(self.calendar.civil_millis(due.at).saturating_add(shifted)))
            }
        }
    }

    /// A share of the counted limit: whole days rounded up under `legal`, else the line's own unit.
    fn share(&self, limit: &Limit, rest: &[Span], percent: u32) -> Option<Point> {
        let part = |whole: i64| whole.saturating_mul(i64::from(percent)).saturating_add(99).div_euclid(100);
        let legal = self.clock.counting == Counting::Legal;
        if let (Limit::Span(span), true) = (limit, rest.is_empty()) {
            if span.number <= 0 {
                return self.counted(*span, 0);
            }
            if !(legal && span.unit.counts_days()) {
                let (line, whole) = self.amount(*span);
                return self.elapsed(self.start, (line, part(whole)));
            }
            let days = match span.unit {
                Unit::WorkingDays => *span,
                _ => Span { number: self.civil_days_of(*span), unit: Unit::Days },
            };
            return match part(days.number) {
                ..=0 => Some(Point::Start),
                number => self.counted(days, number - days.number),
            };
        }
        let end = self.chain(limit, rest)?;
        if let (Point::Day { day, .. }, true) = (end, legal) {
            let whole =
                Days::Civil.counted(self.calendar, self.start_day + 1, day.saturating_add(1), &self.paused_days);
            let number = part(whole);
            return if number <= 0 { Some(Point::Start) } else { self.legal_civil_day(number, false) };
        }
        let whole = Line::Millis.passed(self.calendar, self.start, self.finish(end)?.at, &self.paused);
        self.elapsed(self.start, (Line::Millis, part(whole)))
    }

    fn day_of(&self, point: Point) -> i32 {
        match point {
            Point::Start => self.start_day,
            Point::Day { day, .. } => day,
            Point::Instant { at, .. } => self.calendar.day_of(at),
        }
    }

    /// The two instants of a point, with the clock's own `ends` where it has one.
    fn finish(&self, point: Point) -> Option<Due> {
        let at_start = Due { at: self.start, after: self.start.plus_millis(1) };
        let (day, ends) = match (point, self.clock.ends) {
            (Point::Start, _) => return Some(at_start),
            (Point::Instant { at, after }, None | Some(Ends::Instant)) => {
                return Some(if after <= self.start { at_start } else { Due { at: at.max(self.start), after } });
            }
            (Point::Instant { at, .. }, Some(ends)) => (self.calendar.day_of(at), ends),
            (Point::Day { day, ends }, own) => (day, own.unwrap_or(ends)),
        };
        let at = match ends {
            Ends::Office => self.calendar.closing_of(day),
            Ends::Day => self.calendar.end_of(day),
            Ends::Instant => self.calendar.civil_moment(i64::from(day) * DAY_MS + self.time_of_day),
        };
        Some(if at <= self.start { at_start } else { Due { at, after: at.plus_millis(1) } })
    }
}

/// The limit with all extensions of its own unit added, and the others in order.
pub(super) fn add_up(limit: &Limit, extensions: &[Extension]) -> (Limit, Vec<Span>) {
    let mut limit = *limit;
    let mut rest = Vec::new();
    for extension in extensions {
        match &mut limit {
            Limit::Span(span) if span.unit == extension.by.unit && rest.is_empty() => {
                *span = Span::new(span.number.saturating_add(extension.by.number), span.unit);
            }
            _ => rest.push(extension.by),
        }
    }
    (limit, rest)
}

/// Civil days of a span from a day on: months go to the same day of the month, or its last day.
pub(super) fn civil_days(day: i32, span: Span) -> i64 {
    match span.unit {
        Unit::Months => {
            let months = jiff::Span::new().try_months(span.number).unwrap_or_default();
            i64::from(day_number(date_of(day).saturating_add(months))) - i64::from(day)
        }
        _ => span.number,
    }
}
