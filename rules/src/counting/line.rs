//! The lines along which `elapsed` time and exact hours run, and the walk along one that leaves
//! pauses out.
//!
//! Invariant: positions on a line never fall as time goes on, up to the hour that a clock change
//! repeats, which counts as no time.

use facts::moment::Moment;

use crate::working_calendar::WorkingCalendar;

/// A measure of time.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Line {
    /// Whole seconds of office time.
    WorkingSecs,
    /// Milliseconds that clocks of the zone show: civil days have 24 hours on it.
    CivilMillis,
    /// Milliseconds.
    Millis,
}

impl Line {
    /// Where an instant lies on the line.
    pub(super) fn position(self, calendar: &WorkingCalendar, at: Moment) -> i64 {
        match self {
            Line::WorkingSecs => calendar.secs_at(at),
            Line::CivilMillis => calendar.civil_millis(at),
            Line::Millis => at.millis(),
        }
    }

    /// The first instant at this position.
    fn moment(self, calendar: &WorkingCalendar, position: i64) -> Moment {
        match self {
            Line::WorkingSecs => calendar.at_secs(position),
            Line::CivilMillis => calendar.civil_moment(position),
            Line::Millis => Moment::from_millis(position),
        }
    }

    /// The instant `amount` further on than `start`, stretches of `paused` left out; `start` itself
    /// for nothing or less, none if a stretch without end comes first.
    pub(super) fn advance(
        self,
        calendar: &WorkingCalendar,
        start: Moment,
        amount: i64,
        paused: &[(Moment, Option<Moment>)],
    ) -> Option<Moment> {
        if amount <= 0 {
            return Some(start);
        }
        let (mut cursor, mut rest) = (self.position(calendar, start), amount);
        for &(from, to) in paused.iter().filter(|(_, to)| to.is_none_or(|to| to > start)) {
            let gap = (self.position(calendar, from.max(start)) - cursor).max(0);
            if rest <= gap {
                break;
            }
            rest -= gap;
            cursor = self.position(calendar, to?);
        }
        Some(self.moment(calendar, cursor.saturating_add(rest)))
    }

    /// How far `end` lies after `start`, stretches of `paused` left out; never negative.
    pub(super) fn passed(
        self,
        calendar: &WorkingCalendar,
        start: Moment,
        end: Moment,
        paused: &[(Moment, Option<Moment>)],
    ) -> i64 {
        let position = |at: Moment| self.position(calendar, at);
        let between = |from: Moment, to: Moment| if to <= from { 0 } else { (position(to) - position(from)).max(0) };
        let stopped: i64 = paused.iter().map(|&(from, to)| between(from.max(start), to.unwrap_or(end).min(end))).sum();
        (between(start, end) - stopped).max(0)
    }
}
