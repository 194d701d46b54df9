//! Which days work, and from when to when: the files of config/calendars.

use std::collections::BTreeMap;

use facts::Moment;
use jiff::civil::{Date, Time, Weekday, time};
use jiff::tz::TimeZone;

/// Working days and office hours in one zone.
#[derive(Clone, Debug)]
pub struct TwinCalendar {
    /// Days that differ from Monday to Friday: does the day work?
    listed: BTreeMap<Date, bool>,
    /// Office hours of a working day, in order.
    pub(crate) periods: Vec<(Time, Time)>,
    /// The zone of civil days.
    pub(crate) zone: TimeZone,
}

impl TwinCalendar {
    /// The calendar that the texts of the year files (`config/calendars/cn/<year>.toml`) make, with the
    /// office hours 08:30-12:00 and 13:30-18:00. A day of a year without a file works from Monday to Friday.
    ///
    /// # Panics
    /// When a `[[day]]` has no date or does not say whether it is `off`.
    #[must_use]
    pub fn read(years: &[&str], zone: TimeZone) -> TwinCalendar {
        let mut listed = BTreeMap::new();
        for day in years.iter().flat_map(|text| text.split("[[day]]").skip(1)) {
            let value = |key: &str| {
                let line = day.lines().find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix('='));
                line.unwrap_or_else(|| panic!("a day of the calendar has no {key}: {day}")).trim()
            };
            let date: Date = value("date").parse().expect("the date of a day is a date");
            listed.insert(date, value("off") == "false");
        }
        let periods = vec![(time(8, 30, 0, 0), time(12, 0, 0, 0)), (time(13, 30, 0, 0), time(18, 0, 0, 0))];
        TwinCalendar { listed, periods, zone }
    }

    /// The zone of civil days.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Does `date` work?
    pub(crate) fn works(&self, date: Date) -> bool {
        let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        self.listed.get(&date).copied().unwrap_or(!weekend)
    }

    pub(crate) fn date(&self, moment: Moment) -> Date {
        moment.date(&self.zone)
    }

    pub(crate) fn instant(&self, date: Date, at: Time) -> Moment {
        Moment::from_civil(date.to_datetime(at), &self.zone)
    }

    /// Close of business on `date`.
    pub(crate) fn close(&self, date: Date) -> Moment {
        self.instant(date, self.periods.last().expect("office hours have at least one period").1)
    }

    /// Opening on `date`.
    pub(crate) fn opening(&self, date: Date) -> Moment {
        self.instant(date, self.periods.first().expect("office hours have at least one period").0)
    }

    /// The last millisecond of `date`.
    pub(crate) fn end_of_day(&self, date: Date) -> Moment {
        self.instant(next(date), time(0, 0, 0, 0)).plus_millis(-1)
    }
}

/// The day after.
pub(crate) fn next(date: Date) -> Date {
    date.tomorrow().expect("days of cases lie far from the calendar's end")
}
