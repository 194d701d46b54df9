//! What a clock shows, as spans in the limit's own unit: what people and `clock.NAME.x` read.

use facts::Moment;

use crate::counting::{Clock, Extension, Limit, Measure, Span, Unit, Used};

/// Used, left and over at one instant.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Measured {
    /// Begun units count whole: one second over five days is six.
    pub(crate) used: Span,
    /// Negative when over.
    pub(crate) left: Span,
    /// From 0.
    pub(crate) over: Span,
}

/// The clock at `now`; `None` for a limit that is no span, or that an open pause keeps from falling due.
pub(crate) fn at(clock: &Clock<'_>, limit: &Limit, extensions: &[Extension], now: Moment) -> Option<Measured> {
    let Limit::Span(limit_span) = limit else {
        let over = clock.over(limit, extensions, now)?.max(0);
        let days = |number| Span::new(number, Unit::Days);
        return Some(Measured { used: days(0), left: days(-over), over: days(over) });
    };
    let used = begun(clock, *limit_span, clock.used(limit_span.unit, now));
    let over = clock.over(limit, extensions, now)?.max(0);
    let left = if over > 0 { -over } else { begun(clock, *limit_span, clock.left(*limit_span, extensions, now)) };
    let span = |number| Span::new(number, limit_span.unit);
    Some(Measured { used: span(used), left: span(left), over: span(over) })
}

/// An exact amount in begun units of the limit.
fn begun(clock: &Clock<'_>, limit: Span, used: Used) -> i64 {
    let secs = match (used.measure, limit.unit) {
        (Measure::WorkingDays | Measure::Days, _) => return used.number,
        (Measure::WorkingSecs, _) => clock.calendar.standard_day_secs(clock.calendar.date(clock.counted_from())),
        (Measure::Secs, Unit::Hours) => 3_600,
        (Measure::Secs, Unit::Minutes) => 60,
        (Measure::Secs, Unit::Seconds) => 1,
        (Measure::Secs, _) => 86_400,
    };
    used.number.div_euclid(secs) + i64::from(used.number.rem_euclid(secs) > 0)
}
