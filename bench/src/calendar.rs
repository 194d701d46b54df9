//! Working days of the sample city, counted in the plainest way.
//!
//! This is the truth's own counting: it shares no code with the rules that it is there to check.
//! Days are civil days, numbered from 1970-01-01; a [`Moment`] is reached from a day and a second of
//! that day. Clocks in China have shown UTC+8 without a change since 1991, so the offset is a constant.
//! Not here: calendars of other regions, and years outside the files named below.

use std::ops::Range;

use facts::Moment;
use facts::event_time::{date_of, day_number};
use jiff::civil::Date;
use serde::Deserialize;

use crate::city::Fault;

/// The years whose calendars the sample city lives in.
const FILES: [(&str, &str); 2] = [
    ("config/calendars/cn/2025.toml", include_str!("../../config/calendars/cn/2025.toml")),
    ("config/calendars/cn/2026.toml", include_str!("../../config/calendars/cn/2026.toml")),
];
/// UTC+8, in milliseconds.
const OFFSET_MILLIS: i64 = 8 * 3_600_000;
const DAY_MILLIS: i64 = 24 * 3_600_000;
/// Office hours begin, in seconds of the day (08:30).
pub const OPEN_SECOND: i64 = 8 * 3600 + 1800;
/// Office hours end, in seconds of the day (18:00).
pub const CLOSE_SECOND: i64 = 18 * 3600;

/// A civil day: days since 1970-01-01.
pub type Day = i32;
/// Days on which a clock stands still: from the day it stopped, up to the day it ran again.
pub type Pause = Range<Day>;

/// The instant `second` seconds into `day`.
#[must_use]
pub fn instant(day: Day, second: i64) -> Moment {
    Moment::from_millis(i64::from(day) * DAY_MILLIS + second * 1000 - OFFSET_MILLIS)
}

/// Close of business on `day`: the last instant of a limit that ends there.
#[must_use]
pub fn close_of(day: Day) -> Moment {
    instant(day, CLOSE_SECOND)
}

/// The civil day on which `moment` lies.
///
/// # Panics
/// For instants millions of years away.
#[must_use]
pub fn day_of(moment: Moment) -> Day {
    Day::try_from((moment.millis() + OFFSET_MILLIS).div_euclid(DAY_MILLIS)).expect("plans stay near the present")
}

/// The civil date on which `moment` lies.
#[must_use]
pub fn date(moment: Moment) -> Date {
    date_of(day_of(moment))
}

/// Seconds into its civil day.
#[must_use]
pub fn second_of(moment: Moment) -> i64 {
    (moment.millis() + OFFSET_MILLIS).rem_euclid(DAY_MILLIS) / 1000
}

/// `date` as a day.
#[must_use]
pub fn day(date: Date) -> Day {
    day_number(date)
}

/// The working days of the covered years, in order.
#[derive(Clone, Debug)]
pub struct WorkingDays {
    days: Vec<Day>,
}

#[derive(Deserialize)]
struct YearFile {
    year: i16,
    #[serde(default)]
    day: Vec<DayRow>,
}

#[derive(Deserialize)]
struct DayRow {
    date: toml::value::Datetime,
    off: bool,
}

impl WorkingDays {
    /// Reads the calendars that are built in.
    ///
    /// # Errors
    /// When a file is not of the calendar form.
    pub fn load() -> Result<WorkingDays, Fault> {
        let mut days = Vec::new();
        for (path, text) in FILES {
            let file: YearFile = toml::from_str(text).map_err(|error| Fault::new(path, 0, &error.to_string()))?;
            let mut listed = Vec::with_capacity(file.day.len());
            for row in &file.day {
                let text = row.date.to_string();
                let date: Date = text.parse().map_err(|_| Fault::new(path, 0, &format!("\"{text}\" is not a date")))?;
                listed.push((day(date), row.off));
            }
            let works = |number: Day| {
                let weekend = (number + 3).rem_euclid(7) >= 5;
                listed.iter().find(|(day, _)| *day == number).map_or(!weekend, |(_, off)| !off)
            };
            let first = day(jiff::civil::date(file.year, 1, 1));
            let last = day(jiff::civil::date(file.year, 12, 31));
            days.extend((first..=last).filter(|number| works(*number)));
        }
        Ok(WorkingDays { days })
    }

    /// Place of the first working day that is not before `day`.
    #[must_use]
    pub fn place_from(&self, day: Day) -> usize {
        self.days.partition_point(|working| *working < day)
    }

    /// The working day at `place`.
    ///
    /// # Panics
    /// Beyond the covered years.
    #[must_use]
    pub fn at(&self, place: usize) -> Day {
        self.days[place]
    }

    /// Is `day` a working day?
    #[must_use]
    pub fn works(&self, day: Day) -> bool {
        self.days.binary_search(&day).is_ok()
    }

    /// The last instant of a limit of `limit` working days that began at `start`: close of business
    /// of the `limit`-th working day after the day of `start`, days inside `pauses` not counted. A
    /// limit of none ends when the start's own day closes, or the next working day if that is none.
    /// `None` when the covered years end first.
    #[must_use]
    pub fn due(&self, start: Moment, limit: u32, pauses: &[Pause]) -> Option<Moment> {
        let start = day_of(start);
        let counts = |day: Day| !pauses.iter().any(|pause| pause.contains(&day));
        let last = match limit.checked_sub(1) {
            None => self.days[self.place_from(start)..].first(),
            Some(before) => {
                let after = &self.days[self.place_from(start + 1)..];
                after.iter().filter(|day| counts(**day)).nth(before as usize)
            }
        };
        last.map(|day| close_of(*day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(start: &str, limit: u32, pauses: &[(&str, &str)]) -> String {
        let day = |text: &str| day(text.parse::<Date>().expect(text));
        let pauses: Vec<Pause> = pauses.iter().map(|(from, to)| day(from)..day(to)).collect();
        let days = WorkingDays::load().expect("built in");
        let start = format!("{start}+08:00").parse().expect(start);
        days.due(start, limit, &pauses).expect("covered").local(&jiff::tz::TimeZone::fixed(jiff::tz::offset(8)))
    }

    /// The worked examples of legal counting that come with the State Council's days off.
    #[test]
    fn legal_vectors_hold() {
        assert_eq!(due("2025-09-26T10:00:00", 5, &[]), "2025-10-10T18:00:00+08:00");
        assert_eq!(due("2025-09-26T10:00:00", 20, &[]), "2025-10-30T18:00:00+08:00");
        assert_eq!(due("2026-04-30T17:59:59", 1, &[]), "2026-05-06T18:00:00+08:00");
        assert_eq!(due("2025-12-31T09:00:00", 1, &[]), "2026-01-04T18:00:00+08:00");
        assert_eq!(due("2025-03-03T09:00:00", 10, &[]), "2025-03-17T18:00:00+08:00");
        assert_eq!(due("2025-03-03T09:00:00", 10, &[("2025-03-06", "2025-03-17")]), "2025-03-26T18:00:00+08:00");
    }

    #[test]
    fn a_limit_of_no_days_ends_with_the_day() {
        assert_eq!(due("2026-05-15T17:00:00", 0, &[]), "2026-05-15T18:00:00+08:00");
        assert_eq!(due("2026-05-16T17:00:00", 0, &[]), "2026-05-18T18:00:00+08:00");
    }

    #[test]
    fn make_up_saturdays_work_and_holidays_do_not() {
        let days = WorkingDays::load().expect("built in");
        let works = |text: &str| days.works(day(text.parse::<Date>().expect(text)));
        assert!(works("2026-05-09"), "the Saturday that makes up for the May holiday");
        assert!(!works("2026-05-05") && !works("2026-05-10") && works("2026-05-06"));
    }
}
