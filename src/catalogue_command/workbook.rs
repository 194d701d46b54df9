//! Tables as an .xlsx workbook: a sheet for each, with its headings held in view.
//!
//! Every cell is text, and so is every cell that is typed below: a spreadsheet makes a number of the code `0012` and a
//! day of `1-2`, which no reader can undo. The same tables give the same bytes.

use anyhow::Context;
use rules::tables::{Grid, TableName};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet};

/// Letters that a column shows.
const COLUMN_WIDTH: u32 = 18;

/// The bytes of a workbook with these tables.
///
/// # Errors
/// When a table has no name for a sheet, or more rows than a sheet holds.
pub(super) fn of(tables: &[(TableName, Grid)]) -> anyhow::Result<Vec<u8>> {
    let mut book = Workbook::new();
    // A workbook is dated; a date of its own would make two exports of one catalogue differ.
    let dated = ExcelDateTime::from_ymd(2026, 1, 1)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&dated));
    let text = Format::new().set_num_format("@");
    for (name, grid) in tables {
        let title = name.title(grid.chinese);
        let sheet = book.add_worksheet();
        write(sheet, &title, grid, &text).with_context(|| format!("could not make the sheet {title}"))?;
    }
    Ok(book.save_to_buffer()?)
}

fn write(sheet: &mut Worksheet, title: &str, grid: &Grid, text: &Format) -> anyhow::Result<()> {
    sheet.set_name(title)?;
    sheet.set_freeze_panes(1, 0)?;
    let heading = text.clone().set_bold();
    for (column, name) in (0..).zip(grid.headings()) {
        sheet.set_column_width(column, COLUMN_WIDTH)?;
        sheet.set_column_format(column, text)?;
        sheet.write_string_with_format(0, column, name, &heading)?;
    }
    for (row, cells) in (1..).zip(&grid.rows) {
        for (column, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string_with_format(row, column, cell, text)?;
        }
    }
    Ok(())
}
