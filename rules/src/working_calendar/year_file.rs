//! One year of a calendar: the days off and the make-up working days of the annual notice.
//!
//! Invariant: every listed day lies in the file's year and is listed once, so that the files of a
//! calendar never speak about the same day.

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::civil::Date;

use super::Fault;
use super::document::{Document, Table};

/// A day that differs from the plain Monday to Friday, as a notice lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedDay {
    /// Name of the festival.
    pub name: CompactString,
    /// True for a day off, false for a make-up working day.
    pub off: bool,
    /// The notice that says so.
    pub notice: CompactString,
}

/// A year's file after all its own checks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct YearFile {
    /// The file as the caller named it.
    pub file: String,
    /// Line and column of the year, for faults that concern several files.
    pub(super) at: (usize, usize),
    /// The year that the file covers.
    pub year: i16,
    /// The days it lists.
    pub days: BTreeMap<Date, ListedDay>,
}

impl YearFile {
    /// Reads one year's file.
    ///
    /// # Errors
    /// All faults of the file: TOML syntax, unknown or missing keys, wrong types, days of another
    /// year, days listed twice.
    pub fn read(file: &str, text: &str) -> Result<YearFile, Vec<Fault>> {
        let mut document = Document::new(file, text);
        let root = document.parse();
        let root = Table::root(&root);
        document.refuse_unknown_keys(&root, &["year", "notice", "day"]);
        let year = document.needed_year(&root, "year");
        let notice = document.needed_text(&root, "notice").map_or_else(String::new, |notice| notice.value);
        let mut days = BTreeMap::new();
        for table in document.tables(&root, "day") {
            let Some((date, place, day)) = read_day(&mut document, &table, &notice) else { continue };
            if let Some(year) = year.as_ref().filter(|year| year.value != date.year()) {
                let (own, year) = (date.year(), year.value);
                document.fault(
                    &place,
                    "CA05",
                    format!("{date} 不在 {year} 年；请写入 {own} 年的文件"),
                    format!("{date} is not in {year}; list it in the file of {own}"),
                );
            } else if days.insert(date, day).is_some() {
                document.fault(
                    &place,
                    "CA06",
                    format!("{date} 列了两次；请保留后发通知的一条"),
                    format!("{date} is listed twice; keep the entry of the later notice"),
                );
            }
        }
        let at = year.as_ref().map_or((1, 1), |year| document.line_column(year.place.start));
        let faults = document.into_faults();
        match year {
            Some(year) if faults.is_empty() => Ok(YearFile { file: file.to_owned(), at, year: year.value, days }),
            _ => Err(faults),
        }
    }
}

fn read_day<'t>(
    document: &mut Document<'t>,
    table: &Table<'_, 't>,
    notice: &str,
) -> Option<(Date, std::ops::Range<usize>, ListedDay)> {
    document.refuse_unknown_keys(table, &["date", "name", "off", "notice"]);
    let date = document.needed_date(table, "date");
    let name = document.needed_text(table, "name");
    let off = document.needed_flag(table, "off");
    let own_notice = document.text(table, "notice");
    let date = date?;
    let notice = own_notice.map_or_else(|| CompactString::from(notice), |own| own.value.into());
    Some((date.value, date.place, ListedDay { name: name?.value.into(), off: off?.value, notice }))
}
