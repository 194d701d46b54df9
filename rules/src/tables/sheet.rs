//! A sheet: a header and rows of cells, from CSV or .xlsx bytes.
//!
//! Invariants: rows and columns are numbered from 1 as a spreadsheet shows them (a line break inside
//! quotes begins no row, an empty line is one); empty cells and empty rows are left out; the first row
//! that holds anything is the header. A cell is text: what a workbook stores as a number or a day is
//! written out exactly or refused, never rounded.
//! Not here: what the columns mean (`super::table`).

mod csv_rows;
mod encoding;
mod workbook;

use unicode_normalization::UnicodeNormalization;

use super::fault_list::FaultList;
use crate::fault::{Fault, Place};

/// A header and the rows below it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sheet {
    /// Column names.
    pub header: Row,
    /// The rows that hold anything, in order.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Row number, from 1.
    pub number: u32,
    /// Cells that hold anything with their column numbers from 1, ascending.
    pub cells: Vec<(u32, Cell)>,
}

/// One cell that holds something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    /// Its text without white space around it; a day as `2026-01-31`.
    pub text: String,
    /// What the file said it is.
    pub stored_as: StoredAs,
}

/// What a workbook stores a cell as; cells of CSV are text.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum StoredAs {
    /// Text.
    Text,
    /// A number, written out without loss.
    Number,
    /// A day.
    Day,
    /// A value that cannot be read; the fault has been told already.
    Refused,
}

impl Row {
    /// The cell in this column, `None` when it is empty.
    #[must_use]
    pub fn cell(&self, column: u32) -> Option<&Cell> {
        let place = self.cells.binary_search_by_key(&column, |(column, _)| *column).ok()?;
        Some(&self.cells[place].1)
    }
}

impl Cell {
    /// A cell of text, `None` for white space alone.
    fn text(text: &str) -> Option<Cell> {
        let text = text.trim();
        (!text.is_empty()).then(|| Cell { text: text.to_owned(), stored_as: StoredAs::Text })
    }

    /// The text with full-width letters, digits and signs in their plain form (NFKC).
    #[must_use]
    pub fn plain(&self) -> String {
        let plain: String = self.text.nfkc().collect();
        plain.trim().to_owned()
    }
}

/// Reads the sheet in `bytes`; `file` names it in faults and tells its form by its ending.
///
/// Of a workbook the sheet called after the first of `titles` that one is called after is read, without one the first.
/// CSV is UTF-8 or UTF-16 by its mark, else UTF-8 where it is that, else GB18030.
pub(super) fn read<S: AsRef<str>>(file: &str, titles: &[S], bytes: &[u8], faults: &mut FaultList) -> Option<Sheet> {
    let rows = if file.to_ascii_lowercase().ends_with(".xlsx") {
        workbook::rows(file, titles, bytes, faults)?
    } else {
        csv_rows::rows(file, bytes, faults)?
    };
    let mut rows = rows.into_iter();
    let Some(header) = rows.next() else {
        let fault = Fault::error(file, None, "CT01", "文件是空的".into(), "the file is empty".into());
        faults.push(fault.help("第一行应为列名".into(), "the first row holds the column names".into()));
        return None;
    };
    Some(Sheet { header, rows: rows.collect() })
}

/// The names of the sheets of a workbook that a reader sees, in order; `None` when the bytes are no workbook.
#[must_use]
pub fn sheet_names(bytes: &[u8]) -> Option<Vec<String>> {
    workbook::sheet_names(bytes)
}

/// The place of a cell in a table.
pub(super) fn place(row: u32, column: u32) -> Option<Place> {
    Some(Place { line: row, column, width: 0 })
}

/// A cell as spreadsheets name it: `H3`.
pub(super) fn cell_name(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{row}")
}

#[cfg(test)]
mod tests;
