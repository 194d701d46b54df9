//! The day ledger of a proof: each civil day of a clock, what it counted, and why.

use compact_str::CompactString;

use facts::event_time::date_of;
use facts::moment::Moment;
use facts::proof::DayLine;

use super::day_line::Days;
use super::line::Line;
use super::reckoning::{add_up, civil_days};
use super::span::Unit;
use super::{Clock, Counting, Extension, Limit, paused_days, sorted_pauses};
use crate::pause::union;

/// A ledger stops after so many days; who reads a proof has stopped long before.
const LINES_MAX: i64 = 3_660;

impl Clock<'_> {
    /// Each day from the start day to the day of `until`, as the limit counts it: days under `legal`,
    /// seconds otherwise. Only pauses that begin by `until` act. The reason is `start` for the day
    /// that `legal` leaves out, `pause` where a pause took all of a day that would count (its ground
    /// in the note), `calendar` for a civil day that counts, else what the day is, with the name of
    /// the festival. Days over which a limit in civil days rolled count nothing.
    #[must_use]
    pub fn ledger(&self, limit: &Limit, extensions: &[Extension], until: Moment) -> Vec<DayLine> {
        let calendar = self.calendar;
        let unit = limit.unit();
        let mut pauses = sorted_pauses(self.pauses);
        pauses.retain(|(from, _)| *from <= until);
        let stretches = union(pauses.iter().copied());
        let days_off = paused_days(calendar, &pauses);
        let start = self.counted_from();
        let first = calendar.day_of(start);
        let whole_days = self.counting == Counting::Legal && unit.counts_days();
        let (days, line) = match unit {
            Unit::WorkingDays => (Days::Working, Line::WorkingSecs),
            Unit::Days | Unit::Months => (Days::Civil, Line::CivilMillis),
            Unit::Hours | Unit::Minutes | Unit::Seconds => (Days::Civil, Line::Millis),
        };
        let mut rest = self.civil_days_of_limit(limit, extensions);
        let mut lines = Vec::new();
        for day in first..=calendar.day_of(until).max(first) {
            if i64::from(day - first) >= LINES_MAX {
                break;
            }
            let (counted, would) = if whole_days {
                let count = |paused: &[_]| days.counted(calendar, day.max(first + 1), day + 1, paused);
                (count(&days_off), count(&[]))
            } else {
                let from = calendar.start_of(day).max(start);
                let to = calendar.start_of(day + 1).min(until.max(start));
                let scale = if line == Line::WorkingSecs { 1 } else { 1000 };
                let count = |paused: &[_]| line.passed(calendar, from, to, paused) / scale;
                (count(&stretches), count(&[]))
            };
            let rolled = rest.as_mut().is_some_and(|rest| {
                *rest -= counted;
                *rest < 0
            });
            lines.push(if rolled {
                self.day_line(day, Unit::WorkingDays, false, 0, 0)
            } else {
                self.day_line(day, unit, whole_days && day == first, counted, would)
            });
        }
        lines
    }

    /// How many civil days count, where whole ones do and the last may roll.
    fn civil_days_of_limit(&self, limit: &Limit, extensions: &[Extension]) -> Option<i64> {
        let acting = self.acting_extensions(limit, extensions);
        let (Limit::Span(span), rest) = add_up(limit, &acting) else { return None };
        let whole = self.counting == Counting::Legal && matches!(span.unit, Unit::Days | Unit::Months);
        let first = self.calendar.day_of(self.counted_from());
        (whole && rest.is_empty()).then(|| civil_days(first, span))
    }

    fn day_line(&self, day: i32, unit: Unit, is_start: bool, counted: i64, would: i64) -> DayLine {
        let kind = self.calendar.day_kind(day);
        let ground = (counted < would).then(|| self.ground_on(day)).flatten();
        let (why, note) = if is_start {
            ("start", None)
        } else if counted < would && counted == 0 {
            ("pause", ground)
        } else if unit == Unit::WorkingDays {
            (kind.token(), ground.or_else(|| kind.name().map(CompactString::from)))
        } else {
            ("calendar", ground)
        };
        DayLine { date: date_of(day), counted, why: why.into(), note }
    }

    /// The ground of the first pause that touches a day.
    fn ground_on(&self, day: i32) -> Option<CompactString> {
        let (from, to) = (self.calendar.start_of(day), self.calendar.start_of(day + 1));
        let touches = |pause: &&crate::pause::CutPause| pause.from < to && pause.to.is_none_or(|end| end > from);
        let ground = self.pauses.iter().filter(touches).min_by_key(|pause| pause.from)?.ground.clone();
        (!ground.is_empty()).then_some(ground)
    }
}
