//! Office hours: which seconds of a working day count, valid from and until a day.
//!
//! Units: seconds since civil midnight in the calendar's zone. Invariant: the periods of a row are
//! in order, do not touch backwards and lie inside one civil day; rows do not overlap.

use jiff::civil::Date;
use smallvec::SmallVec;

use facts::event_time::day_number;

use super::Fault;
use super::document::{Document, Placed, Table};

/// A period of office time on a day: `[open, close)` in seconds since civil midnight.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Period {
    /// First second that counts.
    pub open: u32,
    /// First second that no longer counts; 86,400 is midnight at the day's end.
    pub close: u32,
}

/// Office hours valid over `[from, until)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfficeRow {
    /// First day.
    pub from: Date,
    /// First day no longer covered; none: for ever.
    pub until: Option<Date>,
    /// The periods of a day, in order, at least one.
    pub periods: SmallVec<[Period; 4]>,
    pub(super) from_day: i32,
    pub(super) until_day: i32,
    pub(super) at: (usize, usize),
}

/// All rows of a calendar, in order of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfficeHours {
    /// The file as the caller named it.
    pub file: String,
    /// At least one row.
    pub rows: Vec<OfficeRow>,
}

impl OfficeRow {
    /// Seconds of a working day under these hours.
    #[must_use]
    pub fn day_secs(&self) -> i64 {
        self.periods.iter().map(|period| i64::from(period.close - period.open)).sum()
    }

    pub(super) fn open(&self) -> u32 {
        self.periods.first().expect("a row has a period").open
    }

    pub(super) fn close(&self) -> u32 {
        self.periods.last().expect("a row has a period").close
    }
}

impl OfficeHours {
    /// Reads the office hours.
    ///
    /// # Errors
    /// All faults of the file: TOML syntax, keys and types, periods that are no periods or out of
    /// order, rows that overlap, no row at all.
    pub fn read(file: &str, text: &str) -> Result<OfficeHours, Vec<Fault>> {
        let mut document = Document::new(file, text);
        let root = document.parse();
        let root = Table::root(&root);
        document.refuse_unknown_keys(&root, &["office_hours"]);
        let tables = document.tables(&root, "office_hours");
        if tables.is_empty() {
            document.fault(
                &root.place(),
                "CA08",
                "没有 [[office_hours]]；请写明 from 和 periods，如 [\"08:30-12:00\", \"13:30-18:00\"]".to_owned(),
                "no [[office_hours]]; give from and periods, such as [\"08:30-12:00\", \"13:30-18:00\"]".to_owned(),
            );
        }
        let mut rows: Vec<OfficeRow> = Vec::new();
        for table in tables {
            if let Some(row) = read_row(&mut document, &table) {
                refuse_overlap(&mut document, &rows, &row, &table);
                rows.push(row);
            }
        }
        let faults = document.into_faults();
        if !faults.is_empty() {
            return Err(faults);
        }
        rows.sort_by_key(|row| row.from_day);
        Ok(OfficeHours { file: file.to_owned(), rows })
    }

    /// The row that covers a day; outside all rows the nearest earlier one, before the first the first.
    pub(super) fn row(&self, day: i32) -> &OfficeRow {
        let after = self.rows.partition_point(|row| row.from_day <= day);
        &self.rows[after.saturating_sub(1)]
    }

    /// One fault for each stretch of `[first, end)` that no row covers.
    pub(super) fn gaps(&self, first: i32, end: i32) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut covered = first;
        let last = self.rows.last().expect("there is a row").at;
        for row in &self.rows {
            if row.from_day > covered && covered < end {
                faults.push(self.gap(row.at, covered, row.from_day.min(end)));
            }
            covered = covered.max(row.until_day);
        }
        if covered < end {
            faults.push(self.gap(last, covered, end));
        }
        faults
    }

    fn gap(&self, (line, column): (usize, usize), from: i32, until: i32) -> Fault {
        let (from, last) = (facts::event_time::date_of(from), facts::event_time::date_of(until - 1));
        Fault {
            file: self.file.clone(),
            line,
            column,
            code: "CA12",
            zh: format!("{from} 至 {last} 没有办公时间；请补一行 [[office_hours]]，否则期间无法计时"),
            en: format!("{from} to {last} have no office hours; add an [[office_hours]] row, or no clock could run"),
        }
    }
}

fn refuse_overlap<'t>(document: &mut Document<'t>, rows: &[OfficeRow], row: &OfficeRow, table: &Table<'_, 't>) {
    let clash = rows.iter().find(|other| row.from_day < other.until_day && other.from_day < row.until_day);
    if let Some(other) = clash {
        let from = other.from;
        document.fault(
            &table.place(),
            "CA11",
            format!("与 {from} 起的一行重叠；请给前一行写 until"),
            format!("overlaps the row from {from}; give the earlier row an until"),
        );
    }
}

fn read_row<'t>(document: &mut Document<'t>, table: &Table<'_, 't>) -> Option<OfficeRow> {
    document.refuse_unknown_keys(table, &["from", "until", "periods"]);
    let from = document.needed_date(table, "from");
    let until = document.date(table, "until");
    let texts = document.needed_texts(table, "periods");
    if let (Some(from), Some(until)) = (&from, &until)
        && until.value <= from.value
    {
        document.fault(
            &until.place,
            "CA10",
            format!("until {} 不晚于 from {}；until 是第一个不再适用的日子", until.value, from.value),
            format!("until {} is not after from {}; it is the first day no longer covered", until.value, from.value),
        );
    }
    let at = document.line_column(table.place().start);
    let periods = read_periods(document, table, &texts?)?;
    let (from, until) = (from?.value, until.map(|until| until.value));
    let (from_day, until_day) = (day_number(from), until.map_or(i32::MAX, day_number));
    Some(OfficeRow { from, until, periods, from_day, until_day, at })
}

fn read_periods<'t>(
    document: &mut Document<'t>,
    table: &Table<'_, 't>,
    texts: &[Placed<String>],
) -> Option<SmallVec<[Period; 4]>> {
    let mut periods: SmallVec<[Period; 4]> = SmallVec::new();
    for text in texts {
        let Some(period) = Period::parse(&text.value) else {
            let written = &text.value;
            document.fault(
                &text.place,
                "CA09",
                format!("\"{written}\" 不是时段；写作 \"08:30-12:00\"，起早于止"),
                format!("\"{written}\" is not a period; write \"08:30-12:00\", the begin before the end"),
            );
            continue;
        };
        if periods.last().is_some_and(|last| last.close > period.open) {
            document.fault(
                &text.place,
                "CA09",
                format!("\"{}\" 早于前一时段的结束；请按时间先后排列", text.value),
                format!("\"{}\" begins before the period ahead of it ends; put them in order", text.value),
            );
        }
        periods.push(period);
    }
    if texts.is_empty() {
        document.fault(
            &table.place(),
            "CA09",
            "periods 为空；至少写一个时段".to_owned(),
            "periods is empty; give at least one".to_owned(),
        );
    }
    (!periods.is_empty()).then_some(periods)
}

impl Period {
    /// Reads `HH:MM-HH:MM`; `24:00` is the end of the day.
    fn parse(text: &str) -> Option<Period> {
        let (open, close) = text.split_once('-')?;
        let period = Period { open: clock_secs(open)?, close: clock_secs(close)? };
        (period.open < period.close).then_some(period)
    }
}

fn clock_secs(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two_digits = |part: &str| (part.len() == 2).then(|| part.parse::<u32>().ok()).flatten();
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    let secs = hour * 3600 + minute * 60;
    (minute < 60 && secs <= 86_400).then_some(secs)
}
