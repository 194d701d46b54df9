//! A table as its cells, each in one way of writing: what is exported, compared and written back.
//!
//! Cells are taken as the reader of the table understands them (`７个工作日` and `7wd` are one limit), so that a
//! spreadsheet that stores or formats a value otherwise makes no difference; what the reader would refuse stays as it
//! is. Not here: whether the table is sound ([`super::load`]).

use std::collections::BTreeMap;

use encoding_rs::GB18030;

use super::fault_list::FaultList;
use super::kind::TableKind;
use super::notation::{self, Refusal};
use super::sheet::{self, Cell};
use super::table::{Column, Holds, OWN};
use crate::fault::Fault;

/// The cells of a table by row and column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grid {
    /// Which table.
    pub kind: TableKind,
    /// Names of its columns; those of the site's own begin with `x_`.
    pub columns: Vec<String>,
    /// Cells of each row, one for each column; an empty cell is an empty text.
    pub rows: Vec<Vec<String>>,
    /// Its headings are Chinese.
    pub chinese: bool,
}

/// How a CSV file is stored.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum TextForm {
    /// UTF-8.
    Utf8,
    /// UTF-8 with the mark by which spreadsheet programs know it.
    Utf8Marked,
    /// GB18030, as spreadsheet programs in China save by themselves.
    Gb18030,
}

impl Grid {
    /// The cells of the table in `bytes`. Columns that no reader takes are left out; an empty line and an empty row are
    /// no row.
    ///
    /// # Errors
    /// What keeps the file from being read; cells are not judged here.
    pub fn read(kind: TableKind, file: &str, bytes: &[u8]) -> Result<Grid, Vec<Fault>> {
        let mut faults = FaultList::default();
        let Some(sheet) = sheet::read(file, &super::titles_in(kind, file), bytes, &mut faults) else {
            return Err(faults.into_vec());
        };
        let known = |heading: &str| kind.columns().iter().find(|column| column.is_called(heading));
        let mut columns: Vec<(u32, String, Option<&Column>)> = Vec::new();
        let mut chinese = false;
        for (number, cell) in &sheet.header.cells {
            let heading = cell.plain();
            let column = known(&heading);
            let own = heading.to_lowercase().starts_with(OWN);
            let name = column.map_or_else(|| heading.clone(), |column| column.name.to_owned());
            if (column.is_some() || own) && columns.iter().all(|(_, other, _)| *other != name) {
                chinese |= column.is_some_and(|column| column.zh == heading);
                columns.push((*number, name, column));
            }
        }
        let rows = sheet.rows.iter().map(|row| {
            let cell = |(number, _, column): &(u32, String, Option<&Column>)| {
                let cell = row.cell(*number)?;
                Some(written(column.map_or(Holds::Name, |column| column.holds), cell))
            };
            columns.iter().map(|column| cell(column).unwrap_or_default()).collect()
        });
        let rows = rows.collect();
        Ok(Grid { kind, columns: columns.into_iter().map(|(_, name, _)| name).collect(), rows, chinese })
    }

    /// The cell of a row in the named column; empty where the table has no such column.
    #[must_use]
    pub fn cell<'a>(&self, row: &'a [String], column: &str) -> &'a str {
        let place = self.columns.iter().position(|name| name == column);
        place.and_then(|place| row.get(place)).map_or("", String::as_str)
    }

    /// The cells that name a row.
    #[must_use]
    pub fn key(&self, row: &[String]) -> Vec<String> {
        self.kind.key().iter().map(|column| self.cell(row, column).to_owned()).collect()
    }

    /// What a column is called in the grid's language.
    #[must_use]
    pub fn heading<'a>(&self, column: &'a str, chinese: bool) -> &'a str {
        let known = self.kind.columns().iter().find(|known| known.name == column);
        known.filter(|_| chinese).map_or(column, |known| known.zh)
    }

    /// The headings as they are written.
    pub fn headings(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| self.heading(column, self.chinese))
    }

    /// The same rows under `columns` first, then under what columns of its own it has more.
    #[must_use]
    pub fn arranged_as(&self, columns: &[String]) -> Grid {
        let kept = columns.iter().filter(|column| self.columns.contains(column));
        let more = self.columns.iter().filter(|column| !columns.contains(column));
        let columns: Vec<String> = kept.chain(more).cloned().collect();
        let row = |row: &Vec<String>| columns.iter().map(|column| self.cell(row, column).to_owned()).collect();
        Grid { rows: self.rows.iter().map(row).collect(), columns, ..*self }
    }

    /// The table as the bytes of a CSV file.
    ///
    /// # Panics
    /// Never: memory takes every row, and all rows are of one length.
    #[must_use]
    pub fn csv(&self, form: TextForm) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.headings()).expect("memory takes it");
        for row in &self.rows {
            writer.write_record(row).expect("rows are as long as the header");
        }
        let text = String::from_utf8(writer.into_inner().expect("memory takes it")).expect("cells are text");
        match form {
            TextForm::Utf8 => text.into_bytes(),
            TextForm::Utf8Marked => [&b"\xef\xbb\xbf"[..], text.as_bytes()].concat(),
            // Every character has its place in GB18030.
            TextForm::Gb18030 => GB18030.encode(&text).0.into_owned(),
        }
    }
}

impl TextForm {
    /// How a CSV file is stored that reads as text; UTF-16 is written back as marked UTF-8.
    #[must_use]
    pub fn of(bytes: &[u8]) -> TextForm {
        match encoding_rs::Encoding::for_bom(bytes) {
            Some(_) => TextForm::Utf8Marked,
            None if std::str::from_utf8(bytes).is_ok() => TextForm::Utf8,
            None => TextForm::Gb18030,
        }
    }
}

/// A cell in the one way of writing of its column.
fn written(holds: Holds, cell: &Cell) -> String {
    let plain = cell.plain();
    let each = |one: fn(&str) -> String| {
        let parts = plain.split(';').map(str::trim).filter(|part| !part.is_empty());
        parts.map(one).collect::<Vec<_>>().join(";")
    };
    match holds {
        Holds::Name => cell.text.clone(),
        Holds::Text | Holds::Code => plain,
        Holds::Texts | Holds::Codes => each(str::to_owned),
        Holds::Span => shown(&plain, notation::span),
        Holds::Day => shown(&plain, notation::date),
        Holds::Amount => shown(&plain, notation::amount),
        Holds::Order => shown(&plain, notation::order),
        Holds::Level => level(&plain),
        Holds::Levels => each(level),
        Holds::Flag => match notation::flag(&plain) {
            Ok(flag) => if flag { "yes" } else { "no" }.to_owned(),
            Err(_) => plain,
        },
    }
}

fn level(plain: &str) -> String {
    notation::level(plain).map_or_else(|_| plain.to_owned(), |level| level.token().to_owned())
}

/// The value as it is written, or the text that is none.
fn shown<T: ToString>(plain: &str, read: fn(&str) -> Result<T, Refusal>) -> String {
    read(plain).map_or_else(|_| plain.to_owned(), |value| value.to_string())
}

/// What differs between two tables of one kind, by the names of rows; their order is no difference.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GridChanges {
    /// Rows that came.
    pub added: Vec<Vec<String>>,
    /// Rows that went.
    pub removed: Vec<Vec<String>>,
    /// Rows of which cells differ.
    pub changed: Vec<RowChange>,
}

/// One row of which cells differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowChange {
    /// The cells that name it.
    pub key: Vec<String>,
    /// The cells that differ.
    pub cells: Vec<CellChange>,
}

/// One cell that differs; an empty text is an empty cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CellChange {
    /// The column.
    pub column: String,
    /// What it held.
    pub old: String,
    /// What it holds.
    pub new: String,
}

impl GridChanges {
    /// Compares `old` with `new`; without an old table every row is new.
    #[must_use]
    pub fn between(old: Option<&Grid>, new: &Grid) -> GridChanges {
        let none = Grid { kind: new.kind, columns: Vec::new(), rows: Vec::new(), chinese: false };
        let old = old.unwrap_or(&none);
        let (before, after) = (by_key(old), by_key(new));
        let mut changes = GridChanges::default();
        for (key, row) in &before {
            if !after.contains_key(key) {
                changes.removed.push(key.cells.clone());
            } else if let Some(change) = row_change(&key.cells, (old, row), (new, after[key])) {
                changes.changed.push(change);
            }
        }
        let added = after.keys().filter(|key| !before.contains_key(key));
        changes.added = added.map(|key| key.cells.clone()).collect();
        changes
    }

    /// Is there nothing that differs?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// The name of a row; a name given twice stands for two rows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    cells: Vec<String>,
    nth: u32,
}

fn by_key(grid: &Grid) -> BTreeMap<Key, &[String]> {
    let mut rows: BTreeMap<Key, &[String]> = BTreeMap::new();
    for row in &grid.rows {
        let mut key = Key { cells: grid.key(row), nth: 0 };
        while rows.contains_key(&key) {
            key.nth += 1;
        }
        rows.insert(key, row);
    }
    rows
}

fn row_change(key: &[String], old: (&Grid, &[String]), new: (&Grid, &[String])) -> Option<RowChange> {
    let more = new.0.columns.iter().filter(|column| !old.0.columns.contains(column));
    let cells = old.0.columns.iter().chain(more).filter_map(|column| {
        let (was, is) = (old.0.cell(old.1, column), new.0.cell(new.1, column));
        (was != is).then(|| CellChange { column: column.clone(), old: was.to_owned(), new: is.to_owned() })
    });
    let cells: Vec<CellChange> = cells.collect();
    (!cells.is_empty()).then(|| RowChange { key: key.to_vec(), cells })
}

#[cfg(test)]
mod tests;
