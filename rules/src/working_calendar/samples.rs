//! Calendars for the tests of this crate: the one a site gets, and small ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use facts::moment::Moment;

use super::{OfficeHours, WorkingCalendar, YearFile};

pub(crate) fn config_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/calendars")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// The shipped year files, read one by one.
pub(crate) fn cn_years() -> Vec<YearFile> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(config_folder().join("cn"))
        .expect("config/calendars/cn is there")
        .map(|entry| entry.expect("readable").path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| YearFile::read(&path.display().to_string(), &read(path)).expect("shipped files have no faults"))
        .collect()
}

fn cn_hours() -> OfficeHours {
    let path = config_folder().join("office-hours.toml");
    OfficeHours::read("office-hours.toml", &read(&path)).expect("the shipped file has no faults")
}

/// The calendar that the product ships.
pub(crate) fn cn() -> &'static WorkingCalendar {
    static CALENDAR: LazyLock<WorkingCalendar> = LazyLock::new(|| {
        WorkingCalendar::new("cn", &zone("Asia/Shanghai"), cn_years(), cn_hours()).expect("no faults")
    });
    &CALENDAR
}

/// Days listed by the shipped files, for naive models: true for a day off.
pub(crate) fn cn_listed() -> &'static BTreeMap<Date, bool> {
    static LISTED: LazyLock<BTreeMap<Date, bool>> = LazyLock::new(|| {
        let days = cn_years().into_iter().flat_map(|year| year.days);
        days.map(|(date, day)| (date, day.off)).collect()
    });
    &LISTED
}

/// Whether a day works, reckoned without the tables.
pub(crate) fn naive_works(date: Date) -> bool {
    use jiff::civil::Weekday::{Saturday, Sunday};
    match cn_listed().get(&date) {
        Some(off) => !off,
        None => !matches!(date.weekday(), Saturday | Sunday),
    }
}

pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("bundled zone")
}

/// A calendar without year files.
pub(crate) fn bare(zone_name: &str, periods: &str) -> WorkingCalendar {
    let hours = format!("[[office_hours]]\nfrom = 1990-01-01\nperiods = [{periods}]\n");
    WorkingCalendar::read("bare", &zone(zone_name), &[], ("hours.toml", &hours)).expect("no faults")
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap_or_else(|_| panic!("\"{text}\" is a date"))
}

/// An instant by the clocks of Shanghai: `2018-10-15 10:00:00`, seconds and fraction optional.
pub(crate) fn at(text: &str) -> Moment {
    local(text, "Asia/Shanghai")
}

/// An instant by the clocks of a zone.
pub(crate) fn local(text: &str, zone_name: &str) -> Moment {
    let civil: jiff::civil::DateTime = text.parse().unwrap_or_else(|_| panic!("\"{text}\" is a civil time"));
    Moment::from_civil(civil, &zone(zone_name))
}
