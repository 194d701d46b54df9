//! A rule's way of counting: its calendar and conventions, for limits, grace and conditions.

use facts::Moment;
use jiff::civil::Date;

use crate::configuration::Configuration;
use crate::counting::{Clock, Counting, Due, Ends, Limit, Span, Start, Unit};
use crate::pause::CutPause;
use crate::rule::Rule;
use crate::working_calendar::WorkingCalendar;

/// How a rule counts.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Reckoning<'a> {
    pub(crate) calendar: &'a WorkingCalendar,
    pub(crate) counting: Counting,
    pub(crate) ends: Option<Ends>,
    pub(crate) roll: bool,
}

impl<'a> Reckoning<'a> {
    /// The reckoning of `rule`.
    ///
    /// # Panics
    /// Never for a loaded configuration: loading refuses a rule whose calendar is not there.
    pub(crate) fn of(rule: &Rule, configuration: &'a Configuration) -> Reckoning<'a> {
        let calendar =
            configuration.calendars.get(&rule.calendar).expect("loading refuses a rule without its calendar");
        Reckoning { calendar, counting: rule.counting, ends: rule.ends, roll: rule.roll }
    }

    /// A clock that starts at `start` with these pauses.
    pub(crate) fn clock<'c>(&self, start: Start, pauses: &'c [CutPause]) -> Clock<'c>
    where
        'a: 'c,
    {
        let Reckoning { calendar, counting, ends, roll } = *self;
        Clock { start, counting, ends, roll, pauses, calendar }
    }

    /// When a span from `at` on falls due.
    pub(crate) fn due(&self, at: Moment, is_day: bool, span: Span) -> Option<Due> {
        self.clock(Start { moment: at, is_day }, &[]).due(&Limit::Span(span))
    }

    /// The last instant of a span from `at` on.
    pub(crate) fn due_of(&self, at: Moment, is_day: bool, span: Span) -> Option<Moment> {
        self.due(at, is_day, span).map(|due| due.at)
    }

    /// The first instant after a grace from `at` on; a span the calendar cannot hold gives none.
    pub(crate) fn after_grace(&self, at: Moment, grace: Span) -> Moment {
        self.due(at, false, grace).map_or(at, |due| due.after)
    }

    /// `at` moved by a span, keeping the time of day where days are counted.
    pub(crate) fn shift(&self, at: Moment, span: Span) -> Option<Moment> {
        if let Some(secs) = span.exact_secs() {
            return Some(at.plus_millis(secs.checked_mul(1000)?));
        }
        let civil = at.civil(self.calendar.zone());
        let day = self.shift_day(civil.date(), span)?;
        Some(Moment::from_civil(day.to_datetime(civil.time()), self.calendar.zone()))
    }

    /// A day moved by a span of days; exact spans move no day.
    pub(crate) fn shift_day(&self, day: Date, span: Span) -> Option<Date> {
        match span.unit {
            Unit::WorkingDays => Some(self.calendar.nth_working_day_after(day, span.number)),
            Unit::Days => day.checked_add(jiff::Span::new().try_days(span.number).ok()?).ok(),
            Unit::Months => day.checked_add(jiff::Span::new().try_months(span.number).ok()?).ok(),
            Unit::Hours | Unit::Minutes | Unit::Seconds => None,
        }
    }

    /// Working days after `a` up to and with `b`.
    pub(crate) fn working_days_between(&self, a: Date, b: Date) -> i64 {
        self.calendar.working_days_between(a, b)
    }

    /// A lower bound is kept by what falls on the N-th day or later; an exact one by what is no sooner.
    pub(crate) fn on_or_after_last_day(&self, from: Moment, span: Span, at: Moment) -> bool {
        let Some(due) = self.due_of(from, false, span) else { return false };
        if span.exact_secs().is_some() {
            return at >= due;
        }
        self.calendar.date(at) >= self.calendar.date(due)
    }
}
