//! Rows of an .xlsx workbook.
//!
//! Cells are taken one at a time, never as the rectangle they span: one stray cell at the end of a
//! sheet would make that rectangle larger than any memory.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use jiff::civil::Date;

use super::super::fault_list::FaultList;
use super::{Cell, Row, StoredAs, cell_name, place};
use crate::fault::Fault;

/// Cells read of one sheet at most: some ten times the catalogue of a province.
const CELLS_MAX: usize = 2_000_000;

/// Bytes of text in one sheet at most; many cells may share one long text that the file holds once.
const TEXT_MAX: usize = 128 << 20;

/// Bytes that the parts of a workbook may hold when unpacked: a small file may unpack to terabytes.
const UNPACKED_MAX: u64 = 256 << 20;

/// Digits a spreadsheet keeps of a number; further ones are zeros that nobody typed.
const DIGITS_MAX: usize = 15;

/// Why there are no rows.
enum Unreadable {
    Workbook(XlsxError),
    Panicked,
    Bomb,
    TooManyCells,
    TooMuchText,
    NoSheet,
}

/// The rows that hold anything, or `None` when the bytes are no workbook.
pub(super) fn rows<S: AsRef<str>>(file: &str, titles: &[S], bytes: &[u8], faults: &mut FaultList) -> Option<Vec<Row>> {
    // The reader of workbooks is foreign code on a file from outside, and this runs while lights are
    // judged: arithmetic that fails on a crafted file must cost that file, not the service.
    let cells = catch_unwind(AssertUnwindSafe(|| cells(file, titles, bytes))).unwrap_or(Err(Unreadable::Panicked));
    match cells {
        Ok((rows, found)) => {
            faults.extend(found);
            let row = |(number, cells): (u32, BTreeMap<u32, Cell>)| Row { number, cells: cells.into_iter().collect() };
            Some(rows.into_iter().map(row).collect())
        }
        Err(why) => {
            faults.push(unreadable(file, bytes, &why));
            None
        }
    }
}

type Rows = BTreeMap<u32, BTreeMap<u32, Cell>>;

/// The names of the sheets that a reader sees.
pub(super) fn sheet_names(bytes: &[u8]) -> Option<Vec<String>> {
    let names = || {
        let book = open(bytes).ok()?;
        let sheets = book.sheets_metadata().iter();
        let seen = sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible);
        Some(seen.map(|sheet| sheet.name.clone()).collect())
    };
    catch_unwind(AssertUnwindSafe(names)).ok().flatten()
}

fn open(bytes: &[u8]) -> Result<Xlsx<Cursor<&[u8]>>, Unreadable> {
    if unpacks_to_more_than(UNPACKED_MAX, bytes) {
        return Err(Unreadable::Bomb);
    }
    calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(Unreadable::Workbook)
}

/// Do the parts of the package hold more than `limit` bytes? They are unpacked to see, since what a package says of
/// itself may be wrong; a part that cannot be unpacked is left to the reader to tell.
fn unpacks_to_more_than(limit: u64, bytes: &[u8]) -> bool {
    let Ok(mut package) = zip::ZipArchive::new(Cursor::new(bytes)) else { return false };
    let mut left = limit;
    for place in 0..package.len() {
        let Ok(part) = package.by_index(place) else { continue };
        let read = io::copy(&mut part.take(left + 1), &mut io::sink()).unwrap_or(0);
        match left.checked_sub(read) {
            Some(rest) => left = rest,
            None => return true,
        }
    }
    false
}

fn cells<S: AsRef<str>>(file: &str, titles: &[S], bytes: &[u8]) -> Result<(Rows, Vec<Fault>), Unreadable> {
    let mut book = open(bytes)?;
    let name = sheet_name(&book, titles).ok_or(Unreadable::NoSheet)?;
    let mut reader = book.worksheet_cells_reader(&name).map_err(Unreadable::Workbook)?;
    let (mut rows, mut faults, mut count, mut letters) = (Rows::new(), Vec::new(), 0, 0);
    while let Some(cell) = reader.next_cell().map_err(Unreadable::Workbook)? {
        count += 1;
        if count > CELLS_MAX {
            return Err(Unreadable::TooManyCells);
        }
        let (row, column) = cell.get_position();
        let (row, column) = (row.saturating_add(1), column.saturating_add(1));
        let text = match written_out(cell.get_value()) {
            Ok(None) => continue,
            Ok(Some(text)) => text,
            Err(refused) => {
                faults.push(refused.fault(file, row, column));
                Cell { text: String::new(), stored_as: StoredAs::Refused }
            }
        };
        letters += text.text.len();
        if letters > TEXT_MAX {
            return Err(Unreadable::TooMuchText);
        }
        rows.entry(row).or_default().insert(column, text);
    }
    Ok((rows, faults))
}

/// The sheet named as the table, else the first one a reader sees.
fn sheet_name<S: AsRef<str>>(book: &Xlsx<Cursor<&[u8]>>, titles: &[S]) -> Option<String> {
    let work = || book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let called = |title: &S| work().find(|sheet| sheet.name.trim().eq_ignore_ascii_case(title.as_ref()));
    let sheet =
        titles.iter().find_map(called).or_else(|| work().find(|sheet| sheet.visible == SheetVisible::Visible))?;
    Some(sheet.name.clone())
}

/// A value that cannot be told without loss.
enum Refused {
    Digits(String),
    NotFinite,
    Duration,
    Formula(String),
}

/// The value as text, `None` where the cell is empty.
fn written_out(value: &DataRef<'_>) -> Result<Option<Cell>, Refused> {
    let stored = |text: String, stored_as| Ok(Some(Cell { text, stored_as }));
    match value {
        DataRef::Empty => Ok(None),
        DataRef::String(text) => Ok(Cell::text(text)),
        DataRef::SharedString(text) => Ok(Cell::text(text)),
        DataRef::Bool(flag) => stored(if *flag { "yes" } else { "no" }.to_owned(), StoredAs::Text),
        DataRef::Int(number) => stored(exact(number.to_string())?, StoredAs::Number),
        DataRef::Float(number) if number.is_finite() => stored(exact(number.to_string())?, StoredAs::Number),
        DataRef::Float(_) => Err(Refused::NotFinite),
        DataRef::DateTime(instant) if instant.is_duration() => Err(Refused::Duration),
        DataRef::DateTime(instant) => stored(day(*instant), StoredAs::Day),
        DataRef::DateTimeIso(text) => stored(text.strip_suffix("T00:00:00").unwrap_or(text).to_owned(), StoredAs::Day),
        DataRef::DurationIso(_) => Err(Refused::Duration),
        DataRef::Error(error) => Err(Refused::Formula(error.to_string())),
    }
}

/// The number as written out, unless it has more digits than a spreadsheet keeps.
fn exact(text: String) -> Result<String, Refused> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.trim_start_matches('0').len() > DIGITS_MAX { Err(Refused::Digits(text)) } else { Ok(text) }
}

/// `2026-01-31`; with the time of day where the cell has one, which no column of days accepts.
fn day(instant: ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = instant.to_ymd_hms_milli();
    let date = i16::try_from(year).ok().zip(i8::try_from(month).ok()).zip(i8::try_from(day).ok());
    let date = date.and_then(|((year, month), day)| Date::new(year, month, day).ok());
    match (date, (hour, minute, second, milli)) {
        (Some(date), (0, 0, 0, 0)) => date.to_string(),
        (Some(date), _) => format!("{date} {hour:02}:{minute:02}:{second:02}"),
        (None, _) => format!("{year}-{month}-{day}"),
    }
}

impl Refused {
    fn fault(self, file: &str, row: u32, column: u32) -> Fault {
        let cell = cell_name(row, column);
        let fault = |zh, en| Fault::error(file, place(row, column), "CT17", zh, en);
        match self {
            Refused::Digits(text) => fault(
                format!("{cell}：数字 {text} 超过 {DIGITS_MAX} 位，电子表格已丢失后面的数字"),
                format!("{cell}: the number {text} has more than {DIGITS_MAX} digits, of which the spreadsheet lost the last"),
            )
            .help(
                "先把该列设为“文本”格式，再重新输入".into(),
                "format the column as text first, then type the value again".into(),
            ),
            Refused::NotFinite => {
                fault(format!("{cell}：不是有限的数字"), format!("{cell}: the number is not finite"))
            }
            Refused::Duration => fault(format!("{cell}：单元格是时长格式"), format!("{cell}: the cell is formatted as a duration"))
                .help(
                    "把该列设为“文本”格式，时限写作 7wd".into(),
                    "format the column as text; a limit is written 7wd".into(),
                ),
            Refused::Formula(error) => {
                fault(format!("{cell}：公式结果是 {error}"), format!("{cell}: the formula gives {error}"))
                    .help("改正公式，或只保留值".into(), "repair the formula or keep its value only".into())
            }
        }
    }
}

fn unreadable(file: &str, bytes: &[u8], why: &Unreadable) -> Fault {
    let fault = |zh: String, en: String| Fault::error(file, None, "CT01", zh, en);
    let save_again = |fault: Fault| {
        fault.help(
            "请用电子表格打开，另存为 .xlsx（不加密）或“CSV UTF-8”".into(),
            "open it in a spreadsheet and save it as .xlsx (not encrypted) or \"CSV UTF-8\"".into(),
        )
    };
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return save_again(fault(
            "这是旧式 .xls 或加密的工作簿".into(),
            "this is an old .xls or an encrypted workbook".into(),
        ));
    }
    match why {
        Unreadable::Workbook(error) => {
            save_again(fault(format!("不能读取工作簿：{error}"), format!("the workbook cannot be read: {error}")))
        }
        Unreadable::Panicked => save_again(fault(
            "工作簿内部损坏，不能读取".into(),
            "the workbook is damaged inside and cannot be read".into(),
        )),
        Unreadable::Bomb => fault(
            format!("工作簿解压后超过 {} MiB", UNPACKED_MAX >> 20),
            format!("the workbook unpacks to more than {} MiB", UNPACKED_MAX >> 20),
        )
        .help("删去图片和无关的工作表".into(), "remove pictures and sheets that are no table".into()),
        Unreadable::TooMuchText => fault(
            format!("工作表的文字超过 {} MiB", TEXT_MAX >> 20),
            format!("the sheet holds more than {} MiB of text", TEXT_MAX >> 20),
        ),
        Unreadable::TooManyCells => {
            fault(format!("工作表超过 {CELLS_MAX} 个单元格"), format!("the sheet has more than {CELLS_MAX} cells"))
                .help("删去表外的格式和空列".into(), "clear formats and columns beyond the table".into())
        }
        Unreadable::NoSheet => fault("工作簿没有可见的工作表".into(), "the workbook has no visible sheet".into()),
    }
}
