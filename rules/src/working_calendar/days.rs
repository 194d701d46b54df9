//! The days of a calendar as dense tables with prefix sums.
//!
//! Days are numbers since 1970-01-01. A *rank* numbers the working days; rank 0 is the first working
//! day of the table, negative ranks lie before it. Outside the table Monday to Friday count, by
//! formula, so every question has an answer and none walks day by day.
//! Units: days, and whole working seconds since the first day of the table.

use super::office_hours::{OfficeHours, OfficeRow};
use super::zone_table::ZoneTable;
use facts::Moment;

/// Milliseconds of a civil day without a clock change.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// Days that jiff can name; arithmetic is clamped to them.
const DAY_MAX: i64 = 2_900_000;

/// What a day is, before names are looked up.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Plain {
    Work,
    MakeUp,
    Weekend,
    Holiday,
}

impl Plain {
    fn works(self) -> bool {
        matches!(self, Plain::Work | Plain::MakeUp)
    }
}

/// Day tables over `[first, first + kinds.len())`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Days {
    first: i32,
    kinds: Vec<Plain>,
    /// Working days before each day; one entry more than days.
    days_before: Vec<u32>,
    /// Working seconds before each day; one entry more than days.
    secs_before: Vec<i64>,
    /// The working days, by rank.
    working: Vec<i32>,
    /// Seconds of a working day, where all of the table have the same.
    uniform_secs: Option<i64>,
    zone: ZoneTable,
    hours: OfficeHours,
}

/// A day number kept inside what a date can name.
pub(crate) fn clamp_day(day: i64) -> i32 {
    i32::try_from(day.clamp(-DAY_MAX, DAY_MAX)).expect("clamped")
}

/// Weekdays before a day, counted from an arbitrary Monday.
fn weekdays_before(day: i32) -> i64 {
    let since_monday = i64::from(day) + 3;
    since_monday.div_euclid(7) * 5 + since_monday.rem_euclid(7).min(5)
}

/// The weekday with this rank: the inverse of [`weekdays_before`].
fn weekday_of_rank(rank: i64) -> i32 {
    clamp_day(rank.div_euclid(5) * 7 + rank.rem_euclid(5) - 3)
}

/// True for Saturday and Sunday.
pub(super) fn is_weekend(day: i32) -> bool {
    (i64::from(day) + 3).rem_euclid(7) >= 5
}

/// What a day is of which nobody says anything.
fn of_weekday(day: i32) -> Plain {
    if is_weekend(day) { Plain::Weekend } else { Plain::Work }
}

impl Days {
    /// Tables over `[first, end)`: `listed` says of days what they are, the others are what their weekday is.
    pub(super) fn new(
        (first, end): (i32, i32),
        listed: impl Iterator<Item = (i32, Plain)>,
        zone: ZoneTable,
        hours: OfficeHours,
    ) -> Days {
        let kinds = (first..end).map(of_weekday).collect();
        let (days_before, secs_before, working) = (Vec::new(), Vec::new(), Vec::new());
        let mut days = Days { first, kinds, days_before, secs_before, working, uniform_secs: None, zone, hours };
        for (day, kind) in listed {
            if let Some(index) = days.index(day) {
                days.kinds[index] = kind;
            }
        }
        days.working = (first..end).filter(|day| days.works(*day)).collect();
        days.sum_up(end);
        days
    }

    fn sum_up(&mut self, end: i32) {
        let (mut count, mut secs) = (0_u32, 0_i64);
        let mut lengths: Vec<i64> = Vec::new();
        self.days_before = Vec::with_capacity(self.kinds.len() + 1);
        self.secs_before = Vec::with_capacity(self.kinds.len() + 1);
        self.days_before.push(0);
        self.secs_before.push(0);
        for day in self.first..end {
            if self.works(day) {
                let length = self.actual_day_secs(day);
                count += 1;
                secs += length;
                if lengths.last() != Some(&length) {
                    lengths.push(length);
                }
            }
            self.days_before.push(count);
            self.secs_before.push(secs);
        }
        self.uniform_secs = (lengths.len() == 1).then(|| lengths[0]);
    }

    fn end(&self) -> i32 {
        self.first + i32::try_from(self.kinds.len()).expect("a table of a few hundred years")
    }

    fn index(&self, day: i32) -> Option<usize> {
        let index = usize::try_from(i64::from(day) - i64::from(self.first)).ok()?;
        (index < self.kinds.len()).then_some(index)
    }

    pub(super) fn kind(&self, day: i32) -> Plain {
        match self.index(day) {
            Some(index) => self.kinds[index],
            None => of_weekday(day),
        }
    }

    pub(super) fn works(&self, day: i32) -> bool {
        self.kind(day).works()
    }

    /// Office hours of a day; outside the table those of its nearest day.
    pub(super) fn row(&self, day: i32) -> &OfficeRow {
        self.hours.row(day.clamp(self.first, self.end() - 1))
    }

    pub(super) fn hours(&self) -> &OfficeHours {
        &self.hours
    }

    pub(super) fn zone(&self) -> &ZoneTable {
        &self.zone
    }

    /// Working days before `day`: its rank if it works.
    pub(super) fn rank(&self, day: i32) -> i64 {
        let (first, end) = (self.first, self.end());
        if day < first {
            weekdays_before(day) - weekdays_before(first)
        } else if day < end {
            i64::from(self.days_before[usize::try_from(day - first).expect("inside the table")])
        } else {
            self.total_days() + weekdays_before(day) - weekdays_before(end)
        }
    }

    /// The working day with this rank.
    pub(super) fn of_rank(&self, rank: i64) -> i32 {
        let total = self.total_days();
        if rank < 0 {
            weekday_of_rank(rank + weekdays_before(self.first))
        } else if rank < total {
            self.working[usize::try_from(rank).expect("checked")]
        } else {
            weekday_of_rank(rank - total + weekdays_before(self.end()))
        }
    }

    fn total_days(&self) -> i64 {
        i64::try_from(self.working.len()).expect("a table of a few hundred years")
    }

    fn total_secs(&self) -> i64 {
        *self.secs_before.last().expect("there is a first entry")
    }

    /// The office periods of a day on the time line: UTC seconds, `[open, close)`.
    fn periods_utc(&self, day: i32) -> impl Iterator<Item = (i64, i64)> + '_ {
        let midnight = i64::from(day) * DAY_MS;
        self.row(day).periods.iter().map(move |period| {
            let utc = |secs: u32| self.zone.moment(midnight + i64::from(secs) * 1000).secs_floor();
            let open = utc(period.open);
            (open, utc(period.close).max(open))
        })
    }

    /// Seconds that a working day really has: a clock change inside office hours counts.
    fn actual_day_secs(&self, day: i32) -> i64 {
        let midnight = i64::from(day) * DAY_MS;
        if !self.zone.changes_between(midnight, midnight + DAY_MS) {
            return self.row(day).day_secs();
        }
        self.periods_utc(day).map(|(open, close)| close - open).sum()
    }

    /// Working seconds before a day.
    fn secs_before_day(&self, day: i32) -> i64 {
        let (first, end) = (self.first, self.end());
        if day < first {
            self.rank(day) * self.row(first).day_secs()
        } else if day < end {
            self.secs_before[usize::try_from(day - first).expect("inside the table")]
        } else {
            self.total_secs() + (self.rank(day) - self.total_days()) * self.row(end - 1).day_secs()
        }
    }

    /// The civil day on which an instant lies.
    pub(super) fn day(&self, moment: Moment) -> i32 {
        clamp_day(self.zone.local(moment).div_euclid(DAY_MS))
    }

    /// Whole working seconds before an instant, fractions of a second cut off.
    pub(super) fn secs_at(&self, moment: Moment) -> i64 {
        let day = self.day(moment);
        let before = self.secs_before_day(day);
        if !self.works(day) {
            return before;
        }
        let now = moment.secs_floor();
        before + self.periods_utc(day).map(|(open, close)| now.clamp(open, close) - open).sum::<i64>()
    }

    /// The first instant at which `secs` working seconds have passed.
    pub(super) fn at_secs(&self, secs: i64) -> Moment {
        let day = self.day_of_secs(secs);
        let mut rest = secs - self.secs_before_day(day);
        let mut last = self.zone.moment(i64::from(day) * DAY_MS).secs_floor();
        for (open, close) in self.periods_utc(day) {
            last = close;
            if rest <= close - open {
                last = open + rest;
                break;
            }
            rest -= close - open;
        }
        Moment::from_millis(last.saturating_mul(1000))
    }

    /// The working day in which the `secs`-th working second lies.
    fn day_of_secs(&self, secs: i64) -> i32 {
        let total = self.total_secs();
        if secs <= 0 {
            let length = self.row(self.first).day_secs();
            return self.of_rank((secs - 1).div_euclid(length));
        }
        if secs > total {
            let length = self.row(self.end() - 1).day_secs();
            return self.of_rank(self.total_days() + (secs - total - 1).div_euclid(length));
        }
        if let Some(length) = self.uniform_secs {
            return self.of_rank((secs - 1).div_euclid(length));
        }
        let after = self.secs_before.partition_point(|&before| before < secs);
        self.first + i32::try_from(after - 1).expect("inside the table")
    }
}
