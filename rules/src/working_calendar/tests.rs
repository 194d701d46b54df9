//! The calendar as shipped, its answers against a naive model, and the faults of its files.

use std::process::Command;

use jiff::civil::Date;
use proptest::prelude::*;

use facts::event_time::{EventTime, date_of, day_number};
use facts::moment::Moment;

use super::samples::{at, bare, cn, config_folder, date, local, naive_works, zone};
use super::{DayKind, Fault, OfficeHours, WorkingCalendar, YearFile};

fn days_of(year: i16) -> impl Iterator<Item = Date> {
    (day_number(jiff::civil::date(year, 1, 1))..day_number(jiff::civil::date(year + 1, 1, 1))).map(date_of)
}

// ---- The shipped years ------------------------------------------------------------------------

#[test]
fn working_days_a_year_are_those_published() {
    for (year, working) in [(2010, 250), (2018, 250), (2023, 249), (2024, 251), (2025, 248), (2026, 248)] {
        assert_eq!(days_of(year).filter(|date| cn().is_working(*date)).count(), working, "{year}");
        assert_eq!(
            cn().working_days_in(jiff::civil::date(year, 1, 1), jiff::civil::date(year + 1, 1, 1)),
            working as i64
        );
    }
}

/// The table of the annual notices of 2024 to 2026: every listed day off is off, every make-up day
/// works, every other day is what the week says.
#[test]
fn notices_of_2024_to_2026_are_followed_to_the_day() {
    let notices = [
        (
            2024,
            "01-01 02-10..02-17 04-04..04-06 05-01..05-05 06-10 09-15..09-17 10-01..10-07",
            "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
        ),
        (
            2025,
            "01-01 01-28..02-04 04-04..04-06 05-01..05-05 05-31..06-02 10-01..10-08",
            "01-26 02-08 04-27 09-28 10-11",
        ),
        (
            2026,
            "01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07",
            "01-04 02-14 02-28 05-09 09-20 10-10",
        ),
    ];
    for (year, off, make_up) in notices {
        let day = |text: &str| date(&format!("{year}-{text}"));
        let is_off = |date: Date| {
            off.split(' ').any(|stretch| {
                let (from, to) = stretch.split_once("..").unwrap_or((stretch, stretch));
                (day(from)..=day(to)).contains(&date)
            })
        };
        for date in days_of(year) {
            let kind = cn().day(date);
            if is_off(date) {
                assert!(matches!(kind, DayKind::Holiday { .. }), "{date} {kind:?}");
            } else if make_up.split(' ').any(|text| day(text) == date) {
                assert!(matches!(kind, DayKind::MakeUp { .. }), "{date} {kind:?}");
            } else {
                let weekend = date.weekday().to_monday_zero_offset() >= 5;
                assert_eq!(kind, if weekend { DayKind::Weekend } else { DayKind::Work }, "{date}");
            }
        }
    }
}

#[test]
fn a_day_off_names_its_festival_and_notice() {
    let DayKind::Holiday { name, notice } = cn().day(date("2026-10-01")) else { panic!("a holiday") };
    assert_eq!(name, "国庆节");
    assert!(notice.contains("202511"), "{notice}");
    assert_eq!(cn().day(date("2026-10-10")).name(), Some("国庆节"));
    assert_eq!(cn().day(date("2026-10-10")).token(), "makeup");
    // The last days of 2018 were changed by the notice for 2019.
    let DayKind::Holiday { notice, .. } = cn().day(date("2018-12-31")) else { panic!("a holiday") };
    assert!(notice.contains("2018-12"), "{notice}");
}

#[test]
fn a_listed_weekday_that_works_is_a_plain_working_day() {
    assert_eq!(cn().day(date("2020-02-03")), DayKind::Work);
    assert_eq!(cn().day(date("2020-01-19")).token(), "makeup");
}

#[test]
fn years_without_a_file_count_monday_to_friday() {
    for year in [1990, 2009, 2027, 2109, 2110, 2500] {
        assert!(!cn().covered(year), "{year}");
        for date in days_of(year) {
            assert_eq!(cn().is_working(date), date.weekday().to_monday_zero_offset() < 5, "{date}");
        }
    }
    assert!((2010..=2026).all(|year| cn().covered(year)));
    assert_eq!(cn().last_covered_year(), Some(2026));
}

/// An independent package knows the same days: `tools/check_calendar.py` installs and asks it. Where
/// it is not installed the test says so, and fails under `CI=true`, which installs it first.
#[test]
fn days_agree_with_an_independent_package() {
    let root = config_folder().join("../..");
    let run = Command::new("python3").arg(root.join("tools/check_calendar.py")).args(["--offline", "--print"]).output();
    let output = match run {
        Ok(output) if output.status.success() => output.stdout,
        refused => {
            let reason =
                refused.map_or_else(|fault| fault.to_string(), |run| String::from_utf8_lossy(&run.stderr).into());
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!ci, "the oracle must be installed in CI: tools/check_calendar.py ({reason})");
            eprintln!("SKIPPED days_agree_with_an_independent_package: run tools/check_calendar.py first ({reason})");
            return;
        }
    };
    let text = String::from_utf8(output).expect("UTF-8");
    let mut days = 0;
    for line in text.lines() {
        let (day, kind) = line.split_once(' ').expect("day and kind");
        assert_eq!(cn().is_working(date(day)), kind == "work", "{day}");
        days += 1;
    }
    assert_eq!(days, (2010..=2026).map(|year| days_of(year).count()).sum::<usize>());
}

// ---- Days -------------------------------------------------------------------------------------

#[test]
fn nth_working_day_skips_holidays_and_takes_make_up_days() {
    let nth = |from: &str, n| cn().nth_working_day_after(date(from), n).to_string();
    assert_eq!(nth("2025-09-26", 1), "2025-09-28", "a Sunday that works");
    assert_eq!(nth("2025-09-26", 5), "2025-10-10");
    assert_eq!(nth("2025-12-31", 1), "2026-01-04");
    assert_eq!(nth("2026-10-03", 0), "2026-10-08", "on a day off 0 is the next working day");
    assert_eq!(nth("2026-10-08", 0), "2026-10-08");
    assert_eq!(nth("2026-10-08", -1), "2026-09-30");
    assert_eq!(nth("2026-10-03", -1), "2026-09-30");
}

#[test]
fn working_days_between_leaves_the_first_day_out() {
    assert_eq!(cn().working_days_between(date("2025-03-03"), date("2025-03-17")), 10);
    assert_eq!(cn().working_days_between(date("2025-03-17"), date("2025-03-03")), -10);
    assert_eq!(cn().working_days_in(date("2025-03-06"), date("2025-03-17")), 7);
    assert_eq!(cn().working_days_between(date("2025-03-03"), date("2025-03-03")), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn day_tables_agree_with_walking(from in 13_000_i32..21_500, length in 0_i32..900) {
        let walked: Vec<Date> = (from + 1..=from + length).map(date_of).filter(|date| naive_works(*date)).collect();
        let first = date_of(from);
        prop_assert_eq!(cn().working_days_between(first, date_of(from + length)), walked.len() as i64);
        for (index, date) in walked.iter().enumerate() {
            prop_assert_eq!(cn().nth_working_day_after(first, index as i64 + 1), *date);
        }
        if let Some(last) = walked.last() {
            let back = cn().working_days_in(first, *last);
            prop_assert_eq!(cn().nth_working_day_after(*last, -back), cn().nth_working_day_after(first, 0));
        }
    }

    /// Far outside the table too: the formula continues it without a seam.
    #[test]
    fn ranks_have_no_seam(rank in -3_000_000_i64..3_000_000) {
        let day = cn().of_rank(rank);
        if day.abs() < 2_800_000 {
            prop_assert!(cn().works(day));
            prop_assert_eq!(cn().rank(day), rank);
            prop_assert_eq!(cn().rank(day + 1), rank + 1);
        }
    }
}

// ---- Office time ------------------------------------------------------------------------------

#[test]
fn office_hours_open_and_close_the_day() {
    let day = date("2026-01-05");
    assert_eq!(cn().opening(day), at("2026-01-05 08:30:00"));
    assert_eq!(cn().close_of_business(day), at("2026-01-05 18:00:00"));
    assert_eq!(cn().end_of_day(day), at("2026-01-05 23:59:59.999"));
    assert_eq!(cn().standard_day_secs(day), 8 * 3600);
    assert_eq!(cn().office_periods(day).len(), 2);
    assert_eq!(cn().close_of_business(date("2026-01-01")), at("2026-01-01 18:00:00"), "on a day off: when it would");
}

#[test]
fn only_office_seconds_of_working_days_count() {
    let between = |a: &str, b: &str| cn().working_seconds_between(at(a), at(b));
    assert_eq!(between("2026-01-05 08:30:00", "2026-01-05 18:00:00"), 28_800);
    assert_eq!(between("2026-01-05 11:59:59", "2026-01-05 13:30:01"), 2, "noon does not count");
    assert_eq!(between("2026-01-05 18:00:00", "2026-01-06 08:30:00"), 0, "nor does the night");
    assert_eq!(between("2025-12-31 17:00:00", "2026-01-04 09:30:00"), 7_200, "across New Year to a working Sunday");
    assert_eq!(between("2026-01-06 08:30:10", "2026-01-06 08:30:00"), -10);
    assert_eq!(between("2026-01-05 10:00:00.999", "2026-01-05 10:00:01.000"), 1, "both floored");
    assert_eq!(between("2026-01-05 10:00:00.001", "2026-01-05 10:00:00.999"), 0);
}

#[test]
fn adding_seconds_ends_at_the_close_not_at_the_next_opening() {
    let add = |from: &str, secs| cn().add_working_seconds(at(from), secs);
    assert_eq!(add("2026-01-05 08:30:00", 28_800), at("2026-01-05 18:00:00"));
    assert_eq!(add("2026-01-05 08:30:00", 28_801), at("2026-01-06 08:30:01"));
    assert_eq!(add("2026-01-05 08:30:00", 12_600), at("2026-01-05 12:00:00"));
    assert_eq!(add("2026-01-05 08:30:00", 12_601), at("2026-01-05 13:30:01"));
    assert_eq!(add("2026-01-03 12:00:00", 1), at("2026-01-04 08:30:01"));
    assert_eq!(add("2026-01-03 12:00:00.500", 0), at("2026-01-03 12:00:00.500"));
    assert_eq!(add("2026-01-05 09:30:00", -3_600), at("2026-01-04 18:00:00"), "as early as so many had passed");
}

#[test]
fn office_time_is_known_to_the_second() {
    assert!(cn().is_office_time(at("2026-01-05 08:30:00")));
    assert!(!cn().is_office_time(at("2026-01-05 12:00:00")));
    assert!(!cn().is_office_time(at("2026-01-05 08:29:59.999")));
    assert!(!cn().is_office_time(at("2026-01-01 10:00:00")));
}

#[test]
fn a_day_alone_counts_from_its_close_and_stops_at_its_opening() {
    let day = EventTime::day(date("2026-01-05"));
    assert_eq!(cn().counts_from(day), at("2026-01-05 18:00:00"));
    assert_eq!(cn().stops_at(day), at("2026-01-05 08:30:00"));
    let instant = EventTime::Instant(at("2026-01-05 10:00:00"));
    assert_eq!(
        (cn().counts_from(instant), cn().stops_at(instant)),
        (at("2026-01-05 10:00:00"), at("2026-01-05 10:00:00"))
    );
}

/// Counts seconds one by one.
fn naive_secs(calendar: &WorkingCalendar, from: i64, to: i64) -> i64 {
    let zone = calendar.zone();
    let counts = |second: i64| {
        let civil = Moment::from_millis(second * 1000).civil(zone);
        let time = i64::from(civil.hour()) * 3600 + i64::from(civil.minute()) * 60 + i64::from(civil.second());
        let inside = calendar
            .office_periods(civil.date())
            .iter()
            .any(|p| (i64::from(p.open)..i64::from(p.close)).contains(&time));
        inside && calendar.is_working(civil.date())
    };
    (from..to).filter(|second| counts(*second)).count() as i64
}

/// The clock change of a night shift: an office that never closes has 23 and 25 hours on those days.
#[test]
fn a_clock_change_inside_office_hours_counts_as_it_passes() {
    let hours = "[[office_hours]]\nfrom = 1990-01-01\nperiods = [\"00:00-24:00\"]\n";
    let sundays = "year = 2026\nnotice = \"n\"\n[[day]]\ndate = 2026-03-29\nname = \"s\"\noff = false\n[[day]]\ndate = 2026-10-25\nname = \"s\"\noff = false\n";
    let calendar = WorkingCalendar::read("nl", &zone("Europe/Amsterdam"), &[("2026.toml", sundays)], ("h.toml", hours))
        .expect("no faults");
    let ams = |text: &str| local(text, "Europe/Amsterdam");
    let secs = |a: &str, b: &str| calendar.working_seconds_between(ams(a), ams(b));
    assert_eq!(secs("2026-03-29 00:00", "2026-03-30 00:00"), 23 * 3600);
    assert_eq!(secs("2026-10-25 00:00", "2026-10-26 00:00"), 25 * 3600);
    assert_eq!(secs("2026-01-05 00:00", "2026-01-06 00:00"), 24 * 3600);
    assert_eq!(calendar.standard_day_secs(date("2026-03-29")), 24 * 3600, "the standard day is the nominal one");
    for day in ["2026-03-29", "2026-10-25"] {
        let from = ams(&format!("{day} 00:00")).secs_floor();
        for step in 0..25 {
            let secs = step * 3_541;
            let to = from + secs;
            assert_eq!(
                naive_secs(&calendar, from, to),
                calendar.working_seconds_between(Moment::from_millis(from * 1000), Moment::from_millis(to * 1000)),
                "{day} +{secs}"
            );
        }
    }
}

#[test]
fn summer_and_winter_hours_follow_their_rows() {
    let hours = "[[office_hours]]\nfrom = 1990-01-01\nuntil = 2026-06-01\nperiods = [\"09:00-12:00\", \"13:00-17:00\"]\n[[office_hours]]\nfrom = 2026-06-01\nperiods = [\"08:00-12:00\"]\n";
    let calendar = WorkingCalendar::read("x", &zone("Asia/Shanghai"), &[], ("h.toml", hours)).expect("no faults");
    assert_eq!(calendar.standard_day_secs(date("2026-05-29")), 7 * 3600);
    assert_eq!(calendar.standard_day_secs(date("2026-06-01")), 4 * 3600);
    assert_eq!(calendar.close_of_business(date("2026-06-01")), at("2026-06-01 12:00"));
    assert_eq!(calendar.working_seconds_between(at("2026-05-29 16:00"), at("2026-06-01 09:00")), 7_200);
    assert_eq!(calendar.add_working_seconds(at("2026-05-29 16:00"), 7_200), at("2026-06-01 09:00"));
    assert_eq!(calendar.add_working_seconds(at("2026-06-01 09:00"), -7_200), at("2026-05-29 16:00"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn seconds_agree_with_counting_them(start in 1_262_300_000_i64..1_798_700_000, length in 0_i64..400_000, amsterdam: bool) {
        let foreign = bare("Europe/Amsterdam", "\"08:00-11:30\", \"12:15-16:45\"");
        let calendar = if amsterdam { &foreign } else { cn() };
        let (a, b) = (Moment::from_millis(start * 1000 + 400), Moment::from_millis((start + length) * 1000 + 999));
        let counted = calendar.working_seconds_between(a, b);
        prop_assert_eq!(counted, naive_secs(calendar, start, start + length));
        if counted > 0 {
            let reached = calendar.add_working_seconds(a, counted);
            prop_assert!(reached <= b);
            prop_assert_eq!(calendar.working_seconds_between(a, reached), counted);
            prop_assert_eq!(calendar.working_seconds_between(a, reached.plus_millis(-1)), counted - 1, "the first such instant");
        }
    }

    /// Positions run on before and beyond the tables.
    #[test]
    fn seconds_have_no_seam(day in -60_000_i32..120_000, second in 0_i64..86_400) {
        let moment = Moment::from_millis((i64::from(day) * 86_400 + second) * 1000);
        let secs = cn().secs_at(moment);
        let reached = cn().at_secs(secs);
        prop_assert!(reached <= moment);
        prop_assert_eq!(cn().secs_at(reached), secs);
        prop_assert_eq!(cn().secs_at(reached.plus_millis(-1)), secs - 1);
    }
}

#[test]
fn the_ends_of_the_time_line_have_answers() {
    for moment in [Moment::MIN, Moment::MAX] {
        let _ = (cn().date(moment), cn().secs_at(moment), cn().is_office_time(moment));
    }
    assert!(cn().secs_at(Moment::MIN) < 0 && cn().secs_at(Moment::MAX) > 0);
}

// ---- Files and their faults -------------------------------------------------------------------

fn told(faults: Vec<Fault>) -> Vec<String> {
    faults.into_iter().map(|fault| format!("{}:{} {} {}", fault.line, fault.column, fault.code, fault.en)).collect()
}

fn year_faults(text: &str) -> Vec<String> {
    told(YearFile::read("2026.toml", text).expect_err("the file has faults"))
}

fn hours_faults(text: &str) -> Vec<String> {
    told(OfficeHours::read("hours.toml", text).expect_err("the file has faults"))
}

#[test]
fn all_faults_of_a_year_file_are_told_with_their_place() {
    let text = "year = 2026\nnotice = 7\nnotics = \"x\"\n[[day]]\ndate = \"2026-01-01\"\nname = \"元旦\"\noff = true\n[[day]]\ndate = 2025-12-31\nname = \"元旦\"\noff = \"yes\"\n";
    assert_eq!(
        year_faults(text),
        [
            "2:10 CA03 \"notice\" must be text, but is integer",
            "3:1 CA02 unknown key \"notics\"; did you mean \"notice\"?",
            "5:8 CA03 \"date\" must be a date such as 2026-01-01 (no quotes), but is string",
            "11:7 CA03 \"off\" must be true or false, but is string",
        ]
    );
}

#[test]
fn a_day_of_another_year_or_listed_twice_is_refused() {
    let day = |date: &str| format!("[[day]]\ndate = {date}\nname = \"元旦\"\noff = true\n");
    let text = format!("year = 2026\nnotice = \"n\"\n{}{}{}", day("2025-12-31"), day("2026-01-01"), day("2026-01-01"));
    assert_eq!(
        year_faults(&text),
        [
            "4:8 CA05 2025-12-31 is not in 2026; list it in the file of 2025",
            "12:8 CA06 2026-01-01 is listed twice; keep the entry of the later notice",
        ]
    );
}

#[test]
fn missing_keys_and_broken_toml_are_told() {
    assert_eq!(year_faults("notice = \"n\"\n"), ["1:1 CA04 \"year\" is missing"]);
    assert_eq!(
        year_faults("year = 2026\nnotice = \"n\"\n[[day]]\noff = true\n"),
        ["3:1 CA04 \"date\" is missing", "3:1 CA04 \"name\" is missing"]
    );
    let broken = year_faults("year = 2026\nnotice = \"n\n");
    assert!(broken[0].starts_with("2:12 CA01 not valid TOML"), "{broken:?}");
}

#[test]
fn a_moment_is_not_a_day() {
    let faults =
        year_faults("year = 2026\nnotice = \"n\"\n[[day]]\ndate = 2026-01-01T00:00:00\nname = \"n\"\noff = true\n");
    assert_eq!(faults, ["4:8 CA03 \"date\" must be a date such as 2026-01-01 (no quotes), but is datetime"]);
}

#[test]
fn a_place_counts_characters_not_bytes() {
    let faults = YearFile::read("2026.toml", "year = 2026\nnotice = \"国办发明电\" 国").expect_err("a fault");
    assert_eq!((faults[0].line, faults[0].column), (2, 18));
    assert!(faults[0].to_string().starts_with("2026.toml:2:18: 不是有效的 TOML"), "{}", faults[0]);
}

#[test]
fn a_year_has_one_file() {
    let text = "year = 2026\nnotice = \"n\"\n";
    let hours = ("h.toml", "[[office_hours]]\nfrom = 1990-01-01\nperiods = [\"08:00-12:00\"]\n");
    let faults =
        WorkingCalendar::read("cn", &zone("UTC"), &[("a.toml", text), ("b.toml", text)], hours).expect_err("twice");
    assert_eq!(told(faults), ["1:8 CA07 2026 is already covered by a.toml; a year has one file"]);
}

#[test]
fn faults_of_all_files_come_together() {
    let faults =
        WorkingCalendar::read("cn", &zone("UTC"), &[("a.toml", "year = 1"), ("b.toml", "")], ("h.toml", "x = 1"))
            .expect_err("faults");
    let files: Vec<&str> = faults.iter().map(|fault| fault.file.as_str()).collect();
    assert!(["a.toml", "b.toml", "h.toml"].iter().all(|file| files.contains(file)), "{faults:?}");
}

/// A missing row once stopped every card without a word; here the calendar is refused.
#[test]
fn a_covered_day_without_office_hours_is_refused() {
    let hours = "[[office_hours]]\nfrom = 2026-01-01\nuntil = 2026-06-01\nperiods = [\"08:00-12:00\"]\n[[office_hours]]\nfrom = 2026-06-03\nuntil = 2026-12-31\nperiods = [\"08:00-12:00\"]\n";
    let year = "year = 2026\nnotice = \"n\"\n";
    let faults =
        WorkingCalendar::read("cn", &zone("UTC"), &[("2026.toml", year)], ("h.toml", hours)).expect_err("gaps");
    assert_eq!(
        told(faults),
        [
            "5:1 CA12 2026-06-01 to 2026-06-02 have no office hours; add an [[office_hours]] row, or no clock could run",
            "5:1 CA12 2026-12-31 to 2026-12-31 have no office hours; add an [[office_hours]] row, or no clock could run",
        ]
    );
}

#[test]
fn office_hours_that_are_none_are_refused() {
    assert_eq!(
        hours_faults(""),
        ["1:1 CA08 no [[office_hours]]; give from and periods, such as [\"08:30-12:00\", \"13:30-18:00\"]"]
    );
    let row = |periods: &str| format!("[[office_hours]]\nfrom = 2026-01-01\nperiods = [{periods}]\n");
    for bad in
        ["\"8:30-12:00\"", "\"12:00-08:30\"", "\"08:30-24:01\"", "\"08:30\"", "\"08:60-09:00\"", "\"09:00-09:00\""]
    {
        let faults = hours_faults(&row(bad));
        assert!(faults[0].starts_with("3:12 CA09"), "{bad} {faults:?}");
    }
    assert!(hours_faults(&row("\"08:00-12:00\", \"11:00-13:00\""))[0].starts_with("3:27 CA09"));
    assert!(hours_faults(&row(""))[0].starts_with("1:1 CA09"));
    assert!(hours_faults(&row("\"08:00-12:00\"").repeat(2))[0].starts_with("4:1 CA11"));
    let reversed = "[[office_hours]]\nfrom = 2026-01-01\nuntil = 2026-01-01\nperiods = [\"08:00-12:00\"]\n";
    assert!(hours_faults(reversed)[0].starts_with("3:9 CA10"), "{:?}", hours_faults(reversed));
}

#[test]
fn canonical_text_changes_with_what_the_calendar_says_and_only_then() {
    let hours = "[[office_hours]]\nfrom = 1990-01-01\nperiods = [\"08:00-12:00\"]\n";
    let year = "year = 2026\nnotice = \"n\"\n[[day]]\ndate = 2026-01-01\nname = \"元旦\"\noff = true\n";
    let text = |zone_name: &str, year: &str, hours: &str| {
        WorkingCalendar::read("cn", &zone(zone_name), &[("f", year)], ("h", hours)).expect("no faults").canonical_text()
    };
    let base = text("Asia/Shanghai", year, hours);
    assert_eq!(
        base,
        "calendar\tcn\nzone\tAsia/Shanghai\nyear\t2026\nday\t2026-01-01\toff\t元旦\tn\nhours\t1990-01-01\t-\t28800-43200\n"
    );
    assert_eq!(base, text("Asia/Shanghai", &format!("# a remark\n{year}"), hours));
    assert_ne!(base, text("Asia/Shanghai", &year.replace("true", "false"), hours));
    assert_ne!(base, text("Asia/Shanghai", year, &hours.replace("08:00", "08:30")));
    assert_ne!(base, text("Europe/Amsterdam", year, hours));
}
