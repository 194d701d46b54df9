//! A table: a sheet whose columns are known by name, and typed access to its cells.
//!
//! Columns stand in any order. A column outside the known ones is refused, so that a misspelt name
//! never reads as an empty column; columns named `x_...` are the site's own, ignored with a warning.
//! Every fault names file, row and column. An empty cell is missing, never a default.

use compact_str::CompactString;
use facts::standing::Text2;

use super::fault_list::FaultList;
use super::notation::Refusal;
use super::sheet::{self, Cell, Row, Sheet, StoredAs};
use super::suggestion;
use crate::fault::Fault;

/// One column a table may have.
#[derive(Copy, Clone, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// The Chinese heading, which stands for the name.
    pub(super) zh: &'static str,
    /// Must be in the header.
    pub(super) required: bool,
    /// What its cells hold.
    pub(super) holds: Holds,
}

/// How the names of columns begin that are the site's own.
pub(super) const OWN: &str = "x_";

/// What the cells of a column hold.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Holds {
    /// A name, in its own letters.
    Name,
    /// Text in its plain form.
    Text,
    Texts,
    Code,
    Codes,
    Span,
    Day,
    Amount,
    Flag,
    Order,
    Level,
    Levels,
}

/// A column that must be in the header.
pub(super) const fn required(name: &'static str, zh: &'static str, holds: Holds) -> Column {
    Column { name, zh, required: true, holds }
}

/// A column that may be left out.
pub(super) const fn optional(name: &'static str, zh: &'static str, holds: Holds) -> Column {
    Column { name, zh, required: false, holds }
}

impl Column {
    /// Is this the column that a heading, in its plain form, names?
    pub(super) fn is_called(&self, heading: &str) -> bool {
        heading == self.zh || heading.eq_ignore_ascii_case(self.name)
    }
}

/// A known column where a sheet has it.
struct Found {
    name: &'static str,
    number: u32,
    /// As the sheet calls it.
    heading: String,
}

/// Headings of one sheet that are told to be unknown; a sheet of a million columns is no table.
const STRANGERS_MAX: usize = 100;

/// A sheet with its header understood.
pub(super) struct Table {
    file: String,
    columns: Vec<Found>,
    rows: Vec<Row>,
}

impl Table {
    /// Understands the header of `sheet`; `None` when rows cannot be read by it.
    pub(super) fn new(file: &str, sheet: Sheet, known: &[Column], faults: &mut FaultList) -> Option<Table> {
        let mut columns: Vec<Found> = Vec::new();
        let (mut sound, mut strangers) = (true, 0);
        for (number, cell) in &sheet.header.cells {
            let heading = cell.plain();
            let fault = |code, zh, en| Fault::error(file, sheet::place(sheet.header.number, *number), code, zh, en);
            if let Some(column) = known.iter().find(|column| column.is_called(&heading)) {
                if columns.iter().any(|found| found.name == column.name) {
                    sound = false;
                    faults.push(fault(
                        "CT03",
                        format!("列 \"{heading}\" 出现两次"),
                        format!("column \"{heading}\" appears twice"),
                    ));
                } else {
                    columns.push(Found { name: column.name, number: *number, heading });
                }
            } else if heading.to_lowercase().starts_with(OWN) {
                let zh = format!("列 \"{heading}\" 不读入");
                faults.push(fault("CT19", zh, format!("column \"{heading}\" is not read")).warning());
            } else if cell.stored_as != StoredAs::Refused {
                strangers += 1;
                if strangers > STRANGERS_MAX {
                    continue;
                }
                let Text2 { zh, en } = near_heading(&heading, known);
                let fault = fault(
                    "CT02",
                    format!("没有列 \"{}\"", clipped(&heading)),
                    format!("there is no column \"{}\"", clipped(&heading)),
                );
                faults.push(
                    fault.help(format!("{zh}；自用的列以 x_ 开头"), format!("{en}. Name a column of your own x_...")),
                );
            }
        }
        for column in known.iter().filter(|column| column.required) {
            if columns.iter().all(|found| found.name != column.name) {
                sound = false;
                let place = sheet::place(sheet.header.number, 1);
                let name = column.name;
                faults.push(Fault::error(
                    file,
                    place,
                    "CT03",
                    format!("缺少列 \"{name}\"（{}）", column.zh),
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
    fn refuse_cells_beyond(&self, edge: u32, faults: &mut FaultList) {
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
        let found = self.columns.iter().find(|found| found.name == column);
        let (number, heading) = found.map_or((1, column), |found| (found.number, found.heading.as_str()));
        let cell = sheet::cell_name(row, number);
        let (zh, en) = (format!("{cell}（{heading}）：{zh}"), format!("{cell} ({heading}): {en}"));
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
    pub(super) fn value<T>(&self, column: &str, read: Read<T>, faults: &mut FaultList) -> Option<T> {
        let cell = self.cell(column)?;
        self.read(column, &cell.plain(), read, faults)
    }

    /// As [`Cells::value`] for a column that must hold something.
    pub(super) fn needed<T>(&self, column: &str, read: Read<T>, faults: &mut FaultList) -> Option<T> {
        if self.cell(column).is_none() {
            faults.push(self.empty(column));
        }
        self.value(column, read, faults)
    }

    /// A code that must be there.
    pub(super) fn code(
        &self,
        column: &str,
        read: Read<CompactString>,
        faults: &mut FaultList,
    ) -> Option<CompactString> {
        if self.became_a_day(column, faults) { None } else { self.needed(column, read, faults) }
    }

    /// The values of a list separated by `;`. `None` for an empty cell: missing is not an empty list.
    pub(super) fn list<T>(&self, column: &str, read: Read<T>, faults: &mut FaultList) -> Option<Vec<T>> {
        let cell = self.cell(column).filter(|cell| cell.stored_as != StoredAs::Refused)?;
        if self.became_a_day(column, faults) {
            return None;
        }
        let plain = cell.plain();
        let parts = plain.split(';').map(str::trim).filter(|part| !part.is_empty());
        Some(parts.filter_map(|part| self.read(column, part, read, faults)).collect())
    }

    /// Tells when a spreadsheet made a day of a code such as `1-2`.
    fn became_a_day(&self, column: &str, faults: &mut FaultList) -> bool {
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
    pub(super) fn name(&self, zh: &str, faults: &mut FaultList) -> Text2 {
        if self.cell(zh).is_none() {
            faults.push(self.empty(zh));
        }
        let text = |column| self.cell(column).map(|cell| cell.text.clone());
        let zh = text(zh).unwrap_or_default();
        Text2 { en: text("name_en").unwrap_or_else(|| zh.clone()), zh }
    }

    /// The fault of an empty cell in a column that must hold something.
    fn empty(&self, column: &str) -> Fault {
        let fault = self.fault(column, "CT04", "不能为空", "must not be empty");
        if !self.table.file.to_ascii_lowercase().ends_with(".xlsx") {
            return fault;
        }
        fault.help(
            "合并的单元格只有左上一格有值：请取消合并，每行填写".into(),
            "merged cells hold their value in the first one only: unmerge them and fill every row".into(),
        )
    }

    /// The cell in a column, unless it is empty.
    fn cell(&self, column: &str) -> Option<&Cell> {
        let found = self.table.columns.iter().find(|found| found.name == column)?;
        self.row.cell(found.number)
    }

    fn read<T>(&self, column: &str, plain: &str, read: Read<T>, faults: &mut FaultList) -> Option<T> {
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

/// What to say about an unknown heading; one in Chinese is answered in Chinese headings.
fn near_heading(heading: &str, known: &[Column]) -> Text2 {
    let of = |spelt: fn(&Column) -> &'static str| known.iter().map(spelt).collect::<Vec<_>>();
    let allowed = if heading.is_ascii() { of(|column| column.name) } else { of(|column| column.zh) };
    suggestion::advice(&heading.to_lowercase(), &allowed)
}

/// At most sixty characters of a value, for messages.
fn clipped(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
