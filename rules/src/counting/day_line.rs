//! Counting whole days, as `legal` does: working days or civil days, paused days left out.

use crate::working_calendar::{WorkingCalendar, clamp_day};

/// Which days count.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Days {
    /// Working days.
    Working,
    /// Civil days.
    Civil,
}

impl Days {
    /// Days of this sort before `day`.
    fn rank(self, calendar: &WorkingCalendar, day: i32) -> i64 {
        match self {
            Days::Working => calendar.rank(day),
            Days::Civil => i64::from(day),
        }
    }

    fn of_rank(self, calendar: &WorkingCalendar, rank: i64) -> i32 {
        match self {
            Days::Working => calendar.of_rank(rank),
            Days::Civil => clamp_day(rank),
        }
    }

    /// The n-th counted day from `first` on, `first` included; none if a pause without end comes
    /// before it. `paused` holds whole days `[from, to)`. For n below 1 the first counted day.
    pub(super) fn nth_from(
        self,
        calendar: &WorkingCalendar,
        first: i32,
        n: i64,
        paused: &[(i32, Option<i32>)],
    ) -> Option<i32> {
        let (mut cursor, mut rest) = (self.rank(calendar, first), n.max(1));
        for &(from, to) in paused.iter().filter(|(_, to)| to.is_none_or(|to| to > first)) {
            let gap = self.rank(calendar, from.max(first)) - cursor;
            if rest <= gap {
                break;
            }
            rest -= gap;
            cursor = self.rank(calendar, to?);
        }
        Some(self.of_rank(calendar, cursor + rest - 1))
    }

    /// The n-th day of this sort before `day`, for n of 1 or more.
    pub(super) fn nth_before(self, calendar: &WorkingCalendar, day: i32, n: i64) -> i32 {
        self.of_rank(calendar, self.rank(calendar, day) - n.max(1))
    }

    /// Counted days in `[first, end)`.
    pub(super) fn counted(
        self,
        calendar: &WorkingCalendar,
        first: i32,
        end: i32,
        paused: &[(i32, Option<i32>)],
    ) -> i64 {
        let between = |from: i32, to: i32| {
            if to <= from { 0 } else { self.rank(calendar, to) - self.rank(calendar, from) }
        };
        let stopped: i64 = paused.iter().map(|&(from, to)| between(from.max(first), to.unwrap_or(end).min(end))).sum();
        between(first, end) - stopped
    }
}
