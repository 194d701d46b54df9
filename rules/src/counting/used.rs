//! What a clock has used, what is left, and by how much it is over.

use facts::moment::Moment;

use super::day_line::Days;
use super::line::Line;
use super::mark::Mark;
use super::reckoning::civil_days;
use super::span::{Span, Unit};
use super::{Clock, Counting, Extension, Limit, paused_days, sorted_pauses};
use crate::pause::union;

/// What a used amount counts.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Measure {
    /// Whole working days.
    WorkingDays,
    /// Whole civil days.
    Days,
    /// Seconds of office time.
    WorkingSecs,
    /// Seconds.
    Secs,
}

/// An exact amount of time that a clock has counted.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Used {
    /// How much; negative only where something is left by less than nothing.
    pub number: i64,
    /// Of what.
    pub measure: Measure,
}

impl Clock<'_> {
    /// What a limit in `unit` has used up by `until`: whole days under `legal` (the start day never,
    /// the day of `until` already), else seconds. Pauses that begin after `until` are not seen.
    #[must_use]
    pub fn used(&self, unit: Unit, until: Moment) -> Used {
        let calendar = self.calendar;
        let mut pauses = sorted_pauses(self.pauses);
        pauses.retain(|(from, _)| *from <= until);
        let start = self.counted_from();
        let until = until.max(start);
        if self.counting == Counting::Legal && unit.counts_days() {
            let (days, measure) = match unit {
                Unit::WorkingDays => (Days::Working, Measure::WorkingDays),
                _ => (Days::Civil, Measure::Days),
            };
            let (first, end) = (calendar.day_of(start) + 1, calendar.day_of(until) + 1);
            let number = days.counted(calendar, first, end, &paused_days(calendar, &pauses));
            return Used { number, measure };
        }
        let paused = union(pauses.iter().copied());
        let passed = |line: Line| line.passed(calendar, start, until, &paused);
        match unit {
            Unit::WorkingDays => Used { number: passed(Line::WorkingSecs), measure: Measure::WorkingSecs },
            Unit::Days | Unit::Months => Used { number: passed(Line::CivilMillis) / 1000, measure: Measure::Secs },
            Unit::Hours | Unit::Minutes | Unit::Seconds => {
                Used { number: passed(Line::Millis) / 1000, measure: Measure::Secs }
            }
        }
    }

    /// By how many of the limit's units the clock is over at `until`: the greatest n for which
    /// `over >= n` stands; 0 or less is in time. For a date or an instant in civil days. None while
    /// an open pause keeps the limit from falling due.
    #[must_use]
    pub fn over(&self, limit: &Limit, extensions: &[Extension], until: Moment) -> Option<i64> {
        let stands = |number: i64| self.mark(limit, Mark::Over(number), extensions).map(|mark| mark.after <= until);
        if !stands(1)? {
            return self.over_ahead(limit, extensions, until, &stands);
        }
        // Doubling, then halving: the marks stand in order.
        let mut standing = 1;
        let mut step = 1;
        while stands(standing + step).unwrap_or(false) && step < 1 << 20 {
            standing += step;
            step *= 2;
        }
        while step > 0 {
            if stands(standing + step).unwrap_or(false) {
                standing += step;
            }
            step /= 2;
        }
        Some(standing)
    }

    fn over_ahead(
        &self,
        limit: &Limit,
        extensions: &[Extension],
        until: Moment,
        stands: &impl Fn(i64) -> Option<bool>,
    ) -> Option<i64> {
        let least = match limit {
            // Marks at the start stand before anything is used.
            Limit::Span(span) => match self.total(*span, extensions, until) {
                total if self.used(span.unit, until).number == 0 => return Some(-total),
                total => 1 - total,
            },
            Limit::Date(_) | Limit::Instant(_) => -100_000,
        };
        let (mut below, mut above) = (least.min(0), 1);
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            if stands(middle)? { below = middle } else { above = middle }
        }
        Some(below)
    }

    /// A length and the extensions of its unit that act and are known at `until`.
    fn total(&self, span: Span, extensions: &[Extension], until: Moment) -> i64 {
        let acting = self.acting_extensions(&Limit::Span(span), extensions);
        let known = acting.iter().filter(|extension| extension.by.unit == span.unit && extension.at <= until);
        span.number + known.map(|extension| extension.by.number).sum::<i64>()
    }

    /// What is left of a length at `until`, extensions that act included: whole days under `legal`,
    /// else seconds. Never 0 or more once the limit has passed.
    #[must_use]
    pub fn left(&self, span: Span, extensions: &[Extension], until: Moment) -> Used {
        let used = self.used(span.unit, until);
        let limit = Limit::Span(span);
        let total = self.total(span, extensions, until);
        let day = self.calendar.day_of(self.counted_from());
        let whole = match (used.measure, span.unit) {
            (Measure::WorkingSecs, _) => total.saturating_mul(self.calendar.standard_secs_of(day)),
            (Measure::Days, _) => civil_days(day, Span::new(total, span.unit)),
            (Measure::Secs, Unit::Days | Unit::Months) => {
                civil_days(day, Span::new(total, span.unit)).saturating_mul(86_400)
            }
            (Measure::Secs, unit) => total.saturating_mul(unit.exact_millis() / 1000),
            _ => total,
        };
        let passed = self.mark(&limit, Mark::Due, extensions).is_some_and(|due| due.after <= until);
        let left = whole - used.number;
        Used { number: if passed { left.min(-1) } else { left.max(0) }, measure: used.measure }
    }
}
