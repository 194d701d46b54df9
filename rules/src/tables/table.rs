//! A table: a sheet whose columns are known by name, and typed access to its cells.
//!
//! Columns stand in any order. A column outside the known ones is refused, so that a misspelt name
//! never reads as an empty column; columns named `x_...` are the site's own, ignored with a warning.
//! Every fault names file, row and column. An empty cell is missing, never a default.

use compact_str::CompactString;
use facts::standing::Text2;

use super::notation::Refusal;
use super::sheet::{self, Cell, Row, Sheet, StoredAs};
use super::suggestion;
use crate::fault::Fault;

/// One column a table may have.
#[derive(Copy, Clone, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// Must be in the header.
    pub(super) required: bool,
}

/// A column that must be in the header.
pub(super) const fn required(name: &'static str) -> Column {
    Column { name, required: true }
}

/// A column that may be left out.
pub(super) const fn optional(name: &'static str) -> Column {
    Column { name, required: false }
}

/// A sheet with its header understood.
pub(super) struct Table {
    file: String,
    /// Names with their column numbers.
    columns: Vec<(&'static str, u32)>,
    rows: Vec<Row>,
}

impl Table {
    /// Understands the header of `sheet`; `None` when rows cannot be read by it.
    pub(super) fn new(file: &str, sheet: Sheet, known: &[Column], faults: &mut Vec<Fault>) -> Option<Table> {
        let mut columns: Vec<(&'static str, u32)> = Vec::new();
        let mut sound = true;
        for (number, cell) in &sheet.header.cells {
            let name = cell.plain().to_lowercase();
            let fault = |code, zh, en| Fault::error(file, sheet::place(sheet.header.number, *number), code, zh, en);
            if let Some(column) = known.iter().find(|column| column.name == name) {
                if columns.iter().any(|(known, _)| *known == column.name) {
                    sound = false;
                    faults.push(fault(
                        "CT03",
                        format!("列 \"{name}\" 出现两次"),
                        format!("column \"{name}\" appears twice"),
                    ));
                } else {
                    columns.push((column.name, *number));
                }
            } else if name.starts_with("x_") {
                let zh = format!("列 \"{name}\" 不读入");
                faults.push(fault("CT19", zh, format!("column \"{name}\" is not read")).warning());
            } else if cell.stored_as != StoredAs::Refused {
                let allowed: Vec<&str> = known.iter().map(|column| column.name).collect();
                let Text2 { zh, en } = suggestion::advice(&name, &allowed);
                let fault = fault(
                    "CT02",
                    format!("没有列 \"{}\"", clipped(&name)),
                    format!("there is no column \"{}\"", clipped(&name)),
                );
                faults.push(
                    fault.help(format!("{zh}；自用的列以 x_ 开头"), format!("{en}. Name a column of your own x_...")),
                );
            }
        }
        for column in known.iter().filter(|column| column.required) {
            if columns.iter().all(|(name, _)| *name != column.name) {
                sound = false;
                let place = sheet::place(sheet.header.number, 1);
                let name = column.name;
                faults.push(Fault::error(
                    file,
                    place,
                    "CT03",
                    format!("缺少列 \"{name}\""),
                    format!("column \"{name}\" is missing"),
                ));
            }
        }
        let table = Table { file: file.to_owned(), columns, rows: sheet.rows };
        if let Some(edge) = sheet.header.cells.last().map(|(column, _)| *column) {
            table.refuse_cells_beyond(edge, faults);
        }
        sound.then_some(table)
    }

    /// A cell right of the last column: most often a comma too many, which has moved the cells before it.
    fn refuse_cells_beyond(&self, edge: u32, faults: &mut Vec<Fault>) {
        for row in &self.rows {
            if let Some((column, _)) = row.cells.iter().find(|(column, _)| *column > edge) {
                let cell = sheet::cell_name(row.number, *column);
                let (zh, en) = (format!("{cell}：该列没有列名"), format!("{cell}: the column has no name"));
                faults.push(Fault::error(&self.file, sheet::place(row.number, *column), "CT18", zh, en).help(
                    "检查该行是否多一个逗号；含逗号的文字要加引号".into(),
                    "look for a comma too many in the row; text that holds a comma is put in quotes".into(),
                ));
            }
        }
    }

    /// The rows, each with typed access.
    pub(super) fn rows(&self) -> impl Iterator<Item = Cells<'_>> {
        self.rows.iter().map(|row| Cells { table: self, row })
    }

    /// The file it was read from.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// A fault in the named column of a row.
    pub(super) fn fault(&self, row: u32, column: &str, code: &'static str, zh: &str, en: &str) -> Fault {
        let number = self.columns.iter().find(|(name, _)| *name == column).map_or(1, |(_, number)| *number);
        let cell = sheet::cell_name(row, number);
        let (zh, en) = (format!("{cell}（{column}）：{zh}"), format!("{cell} ({column}): {en}"));
        Fault::error(&self.file, sheet::place(row, number), code, zh, en)
    }
}

/// The cells of one row, by column name.
#[derive(Copy, Clone)]
pub(super) struct Cells<'a> {
    table: &'a Table,
    row: &'a Row,
}

/// Reads one value from its plain text.
type Read<T> = fn(&str) -> Result<T, Refusal>;

impl Cells<'_> {
    /// The row number.
    pub(super) fn row(&self) -> u32 {
        self.row.number
    }

    /// A fault in the named column.
    pub(super) fn fault(&self, column: &str, code: &'static str, zh: &str, en: &str) -> Fault {
        self.table.fault(self.row.number, column, code, zh, en)
    }

    /// The value in a column; `None` when it is missing, or wrong and told.
    pub(super) fn value<T>(&self, column: &str, read: Read<T>, faults: &mut Vec<Fault>) -> Option<T> {
        let cell = self.cell(column)?;
        self.read(column, &cell.plain(), read, faults)
    }

    /// As [`Cells::value`] for a column that must hold something.
    pub(super) fn needed<T>(&self, column: &str, read: Read<T>, faults: &mut Vec<Fault>) -> Option<T> {
        if self.cell(column).is_none() {
            faults.push(self.fault(column, "CT04", "不能为空", "must not be empty"));
        }
        self.value(column, read, faults)
    }

    /// A code that must be there.
    pub(super) fn code(
        &self,
        column: &str,
        read: Read<CompactString>,
        faults: &mut Vec<Fault>,
    ) -> Option<CompactString> {
        if self.became_a_day(column, faults) { None } else { self.needed(column, read, faults) }
    }

    /// The values of a list separated by `;`. `None` for an empty cell: missing is not an empty list.
    pub(super) fn list<T>(&self, column: &str, read: Read<T>, faults: &mut Vec<Fault>) -> Option<Vec<T>> {
        let cell = self.cell(column).filter(|cell| cell.stored_as != StoredAs::Refused)?;
        if self.became_a_day(column, faults) {
            return None;
        }
        let plain = cell.plain();
        let parts = plain.split(';').map(str::trim).filter(|part| !part.is_empty());
        Some(parts.filter_map(|part| self.read(column, part, read, faults)).collect())
    }

    /// Tells when a spreadsheet made a day of a code such as `1-2`.
    fn became_a_day(&self, column: &str, faults: &mut Vec<Fault>) -> bool {
        let day = self.cell(column).is_some_and(|cell| cell.stored_as == StoredAs::Day);
        if day {
            let (zh, en) = ("电子表格已把代码变为日期", "the spreadsheet has made a date of the code");
            faults.push(self.fault(column, "CT17", zh, en).help(
                "先把该列设为“文本”格式，再重新输入".into(),
                "format the column as text first, then type the code again".into(),
            ));
        }
        day
    }

    /// A name from the column `zh`, which must hold something, and `name_en`, for which the Chinese stands in.
    pub(super) fn name(&self, zh: &str, faults: &mut Vec<Fault>) -> Text2 {
        if self.cell(zh).is_none() {
            faults.push(self.fault(zh, "CT04", "不能为空", "must not be empty"));
        }
        let text = |column| self.cell(column).map(|cell| cell.text.clone());
        let zh = text(zh).unwrap_or_default();
        Text2 { en: text("name_en").unwrap_or_else(|| zh.clone()), zh }
    }

    /// The cell in a column, unless it is empty.
    fn cell(&self, column: &str) -> Option<&Cell> {
        let (_, number) = self.table.columns.iter().find(|(name, _)| *name == column)?;
        self.row.cell(*number)
    }

    fn read<T>(&self, column: &str, plain: &str, read: Read<T>, faults: &mut Vec<Fault>) -> Option<T> {
        if self.cell(column).is_some_and(|cell| cell.stored_as == StoredAs::Refused) {
            return None;
        }
        match read(plain) {
            Ok(value) => Some(value),
            Err(Refusal { code, text, help }) => {
                let value = clipped(plain);
                let (zh, en) = (format!("\"{value}\" {}", text.zh), format!("\"{value}\" {}", text.en));
                faults.push(self.fault(column, code, &zh, &en).help(help.zh, help.en));
                None
            }
        }
    }
}

/// At most sixty characters of a value, for messages.
fn clipped(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
