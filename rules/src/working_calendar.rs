//! Working calendars: which days and which seconds count.
//!
//! A working day is a Monday to Friday that no notice takes off, or a make-up day that a notice
//! puts to work. A year without a file counts Monday to Friday ([`WorkingCalendar::covered`] says
//! so). Days are civil days of the calendar's zone, never 24-hour multiples.
//!
//! Units: days and whole seconds; milliseconds only order, so instants are floored to the second
//! where seconds are counted. All questions are answered from tables built once, in constant or
//! logarithmic time. Source of the days: the State Council's annual notices, one file a year.
//! Not here: limits, pauses and marks ([`crate::counting`]), reading the files from disk.

mod days;
mod document;
mod fault;
mod office_hours;
mod year_file;
mod zone_table;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use compact_str::CompactString;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use facts::event_time::{EventTime, date_of, day_number};
use facts::moment::Moment;

pub(crate) use days::{DAY_MS, clamp_day};
use days::{Days, Plain};
pub use fault::Fault;
pub use office_hours::{OfficeHours, OfficeRow, Period};
pub use year_file::{ListedDay, YearFile};
use zone_table::ZoneTable;

/// The table always covers these years, so that one of them is never reckoned by formula.
const TABLE_YEARS: (i16, i16) = (1990, 2110);

/// What a day is, and who says so.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum DayKind<'c> {
    /// An ordinary working day.
    Work,
    /// A Saturday or Sunday that a notice puts to work.
    MakeUp {
        /// Name of the festival.
        name: &'c str,
        /// The notice.
        notice: &'c str,
    },
    /// A Saturday or Sunday.
    Weekend,
    /// A day off by notice.
    Holiday {
        /// Name of the festival.
        name: &'c str,
        /// The notice.
        notice: &'c str,
    },
}

impl<'c> DayKind<'c> {
    /// True for days that count.
    #[must_use]
    pub fn works(self) -> bool {
        matches!(self, DayKind::Work | DayKind::MakeUp { .. })
    }

    /// The word that a proof uses: `work`, `makeup`, `weekend`, `holiday`.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            DayKind::Work => "work",
            DayKind::MakeUp { .. } => "makeup",
            DayKind::Weekend => "weekend",
            DayKind::Holiday { .. } => "holiday",
        }
    }

    /// The festival behind a holiday or make-up day.
    #[must_use]
    pub fn name(self) -> Option<&'c str> {
        match self {
            DayKind::MakeUp { name, .. } | DayKind::Holiday { name, .. } => Some(name),
            DayKind::Work | DayKind::Weekend => None,
        }
    }
}

/// The days and office hours by which an office counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkingCalendar {
    id: CompactString,
    zone: TimeZone,
    years: BTreeSet<i16>,
    listed: BTreeMap<i32, ListedDay>,
    days: Days,
}

impl WorkingCalendar {
    /// Reads a whole calendar: the files of its years and its office hours, each as (file, text).
    ///
    /// # Errors
    /// All faults of all files.
    pub fn read(
        id: &str,
        zone: &TimeZone,
        years: &[(&str, &str)],
        office_hours: (&str, &str),
    ) -> Result<WorkingCalendar, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut files = Vec::with_capacity(years.len());
        for (file, text) in years {
            match YearFile::read(file, text) {
                Ok(year) => files.push(year),
                Err(found) => faults.extend(found),
            }
        }
        let hours = OfficeHours::read(office_hours.0, office_hours.1).map_err(|found| faults.extend(found));
        match hours {
            Ok(hours) if faults.is_empty() => WorkingCalendar::new(id, zone, files, hours),
            _ => Err(faults),
        }
    }

    /// A calendar of checked files.
    ///
    /// # Errors
    /// A year that two files claim; a day between the first and the last covered year without
    /// office hours.
    pub fn new(
        id: &str,
        zone: &TimeZone,
        files: Vec<YearFile>,
        hours: OfficeHours,
    ) -> Result<WorkingCalendar, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut years: BTreeMap<i16, String> = BTreeMap::new();
        let mut listed = BTreeMap::new();
        for file in files {
            if let Some(other) = years.get(&file.year) {
                faults.push(year_twice(&file, other));
                continue;
            }
            listed.extend(file.days.into_iter().map(|(date, day)| (day_number(date), day)));
            years.insert(file.year, file.file);
        }
        let year_start = |year: i16| day_number(jiff::civil::date(year, 1, 1));
        let mut table = TABLE_YEARS;
        if let (Some((&first, _)), Some((&last, _))) = (years.first_key_value(), years.last_key_value()) {
            faults.extend(hours.gaps(year_start(first), year_start(last + 1)));
            table = (table.0.min(first), table.1.max(last + 1));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let kind = |day: i32, listed: &ListedDay| match listed.off {
            true => Plain::Holiday,
            false if days::is_weekend(day) => Plain::MakeUp,
            false => Plain::Work,
        };
        let named = listed.iter().map(|(day, listed)| (*day, kind(*day, listed)));
        let span = (year_start(table.0), year_start(table.1));
        let days = Days::new(span, named, ZoneTable::new(zone), hours);
        let years = years.into_keys().collect();
        Ok(WorkingCalendar { id: id.into(), zone: zone.clone(), years, listed, days })
    }

    /// The calendar's name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The zone in which its days lie.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// IANA name of the zone.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// True when a file says which days of the year are off.
    #[must_use]
    pub fn covered(&self, year: i16) -> bool {
        self.years.contains(&year)
    }

    /// The last year with a file, for the warning at start.
    #[must_use]
    pub fn last_covered_year(&self) -> Option<i16> {
        self.years.last().copied()
    }

    /// What a day is.
    #[must_use]
    pub fn day(&self, date: Date) -> DayKind<'_> {
        self.day_kind(day_number(date))
    }

    pub(crate) fn day_kind(&self, day: i32) -> DayKind<'_> {
        let named = || {
            let listed = self.listed.get(&day).expect("holidays and make-up days are listed");
            (listed.name.as_str(), listed.notice.as_str())
        };
        match self.days.kind(day) {
            Plain::Work => DayKind::Work,
            Plain::Weekend => DayKind::Weekend,
            Plain::MakeUp => {
                let (name, notice) = named();
                DayKind::MakeUp { name, notice }
            }
            Plain::Holiday => {
                let (name, notice) = named();
                DayKind::Holiday { name, notice }
            }
        }
    }

    /// True when the day counts.
    #[must_use]
    pub fn is_working(&self, date: Date) -> bool {
        self.days.works(day_number(date))
    }

    pub(crate) fn works(&self, day: i32) -> bool {
        self.days.works(day)
    }

    /// Working days after `a` up to and with `b`; negative when `b` is the earlier one. So
    /// `nth_working_day_after(a, working_days_between(a, b)) == b` for a working day `b > a`.
    #[must_use]
    pub fn working_days_between(&self, a: Date, b: Date) -> i64 {
        self.rank(day_number(b) + 1) - self.rank(day_number(a) + 1)
    }

    /// Working days in `[from, until)`; negative when `until` is the earlier one.
    #[must_use]
    pub fn working_days_in(&self, from: Date, until: Date) -> i64 {
        self.rank(day_number(until)) - self.rank(day_number(from))
    }

    /// The n-th working day after `date`; for 0 `date` itself or the next working day; for negative
    /// n the working day so many before `date`.
    #[must_use]
    pub fn nth_working_day_after(&self, date: Date, n: i64) -> Date {
        let day = day_number(date);
        let rank = match n {
            1.. => self.rank(day + 1) + n - 1,
            _ => self.rank(day) + n,
        };
        date_of(self.of_rank(rank))
    }

    /// Working days before a day.
    pub(crate) fn rank(&self, day: i32) -> i64 {
        self.days.rank(day)
    }

    /// The working day with so many before it.
    pub(crate) fn of_rank(&self, rank: i64) -> i32 {
        self.days.of_rank(rank)
    }

    /// The instant at which the office opens; on a day off, when it would.
    #[must_use]
    pub fn opening(&self, date: Date) -> Moment {
        self.opening_of(day_number(date))
    }

    pub(crate) fn opening_of(&self, day: i32) -> Moment {
        self.civil_moment(i64::from(day) * DAY_MS + i64::from(self.days.row(day).open()) * 1000)
    }

    /// The instant at which the office closes; on a day off, when it would.
    #[must_use]
    pub fn close_of_business(&self, date: Date) -> Moment {
        self.closing_of(day_number(date))
    }

    pub(crate) fn closing_of(&self, day: i32) -> Moment {
        self.civil_moment(i64::from(day) * DAY_MS + i64::from(self.days.row(day).close()) * 1000)
    }

    /// The last millisecond of a civil day.
    #[must_use]
    pub fn end_of_day(&self, date: Date) -> Moment {
        self.end_of(day_number(date))
    }

    pub(crate) fn end_of(&self, day: i32) -> Moment {
        self.start_of(day + 1).plus_millis(-1)
    }

    /// The first instant of a civil day.
    pub(crate) fn start_of(&self, day: i32) -> Moment {
        self.civil_moment(i64::from(day) * DAY_MS)
    }

    /// The office periods in force on a day, whether it works or not.
    #[must_use]
    pub fn office_periods(&self, date: Date) -> &[Period] {
        &self.days.row(day_number(date)).periods
    }

    /// Seconds of a standard day under the office hours in force on `date`.
    #[must_use]
    pub fn standard_day_secs(&self, date: Date) -> i64 {
        self.standard_secs_of(day_number(date))
    }

    pub(crate) fn standard_secs_of(&self, day: i32) -> i64 {
        self.days.row(day).day_secs()
    }

    /// True when the instant lies inside office hours of a working day.
    #[must_use]
    pub fn is_office_time(&self, moment: Moment) -> bool {
        self.days.secs_at(moment.plus_millis(1000)) > self.days.secs_at(moment)
    }

    /// Whole working seconds from `a` to `b`, both floored to the second; negative when `b` is earlier.
    #[must_use]
    pub fn working_seconds_between(&self, a: Moment, b: Moment) -> i64 {
        self.days.secs_at(b) - self.days.secs_at(a)
    }

    /// The first instant at which `secs` more working seconds have passed; `moment` itself for 0; for
    /// negative `secs` the first instant at which so many fewer had passed.
    #[must_use]
    pub fn add_working_seconds(&self, moment: Moment, secs: i64) -> Moment {
        if secs == 0 {
            return moment;
        }
        self.days.at_secs(self.days.secs_at(moment).saturating_add(secs))
    }

    /// Working seconds before an instant, from an arbitrary origin.
    pub(crate) fn secs_at(&self, moment: Moment) -> i64 {
        self.days.secs_at(moment)
    }

    /// The first instant with so many working seconds before it.
    pub(crate) fn at_secs(&self, secs: i64) -> Moment {
        self.days.at_secs(secs)
    }

    /// The civil day of an instant.
    #[must_use]
    pub fn date(&self, moment: Moment) -> Date {
        date_of(self.day_of(moment))
    }

    pub(crate) fn day_of(&self, moment: Moment) -> i32 {
        self.days.day(moment)
    }

    /// What clocks show: milliseconds since the civil 1970-01-01T00:00:00.
    pub(crate) fn civil_millis(&self, moment: Moment) -> i64 {
        self.days.zone().local(moment)
    }

    /// The instant at which clocks show so many civil milliseconds.
    pub(crate) fn civil_moment(&self, local: i64) -> Moment {
        self.days.zone().moment(local)
    }

    /// When something that begins or resumes a clock takes effect: a day alone counts from its close.
    #[must_use]
    pub fn counts_from(&self, at: EventTime) -> Moment {
        match at {
            EventTime::Instant(moment) => moment,
            EventTime::Day(day) => self.closing_of(day),
        }
    }

    /// When something that stops or pauses a clock takes effect: a day alone counts from its opening.
    #[must_use]
    pub fn stops_at(&self, at: EventTime) -> Moment {
        match at {
            EventTime::Instant(moment) => moment,
            EventTime::Day(day) => self.opening_of(day),
        }
    }

    /// Everything that can change what the calendar answers or a proof shows, as stable text: the
    /// input of the configuration's content hash.
    #[must_use]
    pub fn canonical_text(&self) -> String {
        let mut text = format!("calendar\t{}\nzone\t{}\n", self.id, self.zone_name());
        for year in &self.years {
            writeln!(text, "year\t{year}").expect("writing to a String");
        }
        for (day, listed) in &self.listed {
            let off = if listed.off { "off" } else { "work" };
            writeln!(text, "day\t{}\t{off}\t{}\t{}", date_of(*day), listed.name, listed.notice)
                .expect("writing to a String");
        }
        for row in &self.days.hours().rows {
            let until = row.until.map_or_else(|| "-".to_owned(), |until| until.to_string());
            write!(text, "hours\t{}\t{until}", row.from).expect("writing to a String");
            for period in &row.periods {
                write!(text, "\t{}-{}", period.open, period.close).expect("writing to a String");
            }
            text.push('\n');
        }
        text
    }
}

fn year_twice(file: &YearFile, other: &str) -> Fault {
    let (line, column) = file.at;
    let year = file.year;
    Fault {
        file: file.file.clone(),
        line,
        column,
        code: "CA07",
        zh: format!("{year} 年已由 {other} 给出；一年只能有一个文件"),
        en: format!("{year} is already covered by {other}; a year has one file"),
    }
}
