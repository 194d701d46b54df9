//! The catalogue's four tables: items, stages, fees, procedures.
//!
//! Each table says which item and version a row belongs to; rows are read first, then given to
//! their versions, then checked together, and every fault of every table is told at once.
//! Reading order: `items`, `stages`, `fees`, `procedures`, then what only shows when the
//! tables meet: `versions` and `checks`.
//!
//! Decisions: `item` and `version` are needed in every row, so that a row can be audited alone.
//! Names in `procedures` are for readers of the table only. `procedures` of an item, where given,
//! are its mandatory ones and must be in the procedures table if there is one; where not given, all
//! its rows there that do not say `required` = no are mandatory.

mod checks;
mod fees;
mod items;
mod procedures;
mod stages;
mod versions;

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::civil::Date;

pub(super) use self::fees::COLUMNS as FEES;
pub(super) use self::items::COLUMNS as ITEMS;
pub(super) use self::procedures::COLUMNS as PROCEDURES;
pub(super) use self::stages::COLUMNS as STAGES;
use self::versions::Versions;
use super::fault_list::FaultList;
use super::kind::TableKind;
use super::notation;
use super::table::{Cells, Table};
use crate::catalogue::Catalogue;
use crate::fault::Fault;

/// A row that belongs to one version of one item.
struct Owned<T> {
    row: u32,
    item: CompactString,
    version: CompactString,
    value: T,
}

/// A table as found among the files.
enum Opened {
    /// No such file.
    Absent,
    /// Its form is wrong; told.
    Refused,
    /// Its rows can be read.
    Table(Table),
}

impl Opened {
    fn table(&self) -> Option<&Table> {
        match self {
            Opened::Table(table) => Some(table),
            Opened::Absent | Opened::Refused => None,
        }
    }
}

/// Reads `catalogue/<table>.csv` or `.xlsx` for the four tables. The catalogue holds what could be
/// read; it may be used only if no fault is an error.
pub fn read(files: &BTreeMap<String, Vec<u8>>, faults: &mut FaultList) -> Catalogue {
    let mut open = |kind| open(files, kind, faults);
    let items = open(TableKind::Items);
    let stages = open(TableKind::Stages);
    let fees = open(TableKind::Fees);
    let procedures = open(TableKind::Procedures);
    tell_absent(&items, &stages, [&fees, &procedures], faults);

    let Opened::Table(items) = &items else {
        // Rows of the other tables are still read, so that their own faults are told.
        read_rows(stages.table(), stages::read, faults);
        read_rows(fees.table(), fees::read, faults);
        read_rows(procedures.table(), procedures::read, faults);
        return Catalogue::default();
    };
    let mut versions = Versions::read(items, faults);
    if let Some(table) = stages.table() {
        let rows = read_rows(Some(table), stages::read, faults);
        versions.take(table, rows, |version| &mut version.stages, faults);
        checks::stages(table, &versions, faults);
    }
    if let Some(table) = fees.table() {
        let rows = read_rows(Some(table), fees::read, faults);
        versions.take(table, rows, |version| &mut version.fees, faults);
        checks::fees(table, &versions, faults);
    }
    if let Some(table) = procedures.table() {
        let rows = read_rows(Some(table), procedures::read, faults);
        versions.take(table, rows, |version| &mut version.procedures, faults);
        checks::procedures(table, items, &versions, faults);
    }
    checks::items(items, &versions, fees.table().is_some(), faults);
    Catalogue::new(versions.into_items())
}

fn open(files: &BTreeMap<String, Vec<u8>>, kind: TableKind, faults: &mut FaultList) -> Opened {
    match super::find(files, "catalogue", kind.name(), faults) {
        None => Opened::Absent,
        Some((file, bytes)) => match super::open(file, kind, bytes, faults) {
            Some(table) => Opened::Table(table),
            None => Opened::Refused,
        },
    }
}

/// The warning that there is no catalogue at all; it matters where a rule asks it something.
pub(crate) fn no_catalogue() -> Fault {
    let zh = "没有事项目录（items.csv、stages.csv）：时限、收费、流程的规则无法判定";
    let en = "there is no catalogue (items.csv, stages.csv): limits, fees and stages cannot be judged";
    Fault::error("catalogue", None, "CT21", zh.into(), en.into()).warning()
}

/// No catalogue at all is a site that has not begun; half a catalogue is a mistake.
fn tell_absent(items: &Opened, stages: &Opened, others: [&Opened; 2], faults: &mut FaultList) {
    let absent = |opened: &Opened| matches!(opened, Opened::Absent);
    let missing = |file: &str, zh: &str, en: &str| Fault::error(file, None, "CT21", zh.into(), en.into());
    match (absent(items), absent(stages)) {
        (true, true) if others.into_iter().all(absent) => faults.push(no_catalogue()),
        (true, _) => faults.push(missing("catalogue/items.csv", "缺少事项表", "the items table is missing")),
        (false, true) => faults.push(
            missing("catalogue/stages.csv", "有事项表而没有环节表", "there are items but no stages table").help(
                "事项没有环节时，也要有只含列名的环节表".into(),
                "where no item has stages, keep a stages table that holds its column names only".into(),
            ),
        ),
        (false, false) => {}
    }
}

/// Reads the rows of a table that have an owner.
fn read_rows<T>(
    table: Option<&Table>,
    read: fn(&Cells<'_>, &mut FaultList) -> Option<T>,
    faults: &mut FaultList,
) -> Vec<Owned<T>> {
    let Some(table) = table else { return Vec::new() };
    let owned = |cells: Cells<'_>| {
        let item = cells.code("item", notation::code, faults);
        let version = cells.code("version", notation::code, faults);
        let value = read(&cells, faults);
        Some(Owned { row: cells.row(), item: item?, version: version?, value: value? })
    };
    table.rows().filter_map(owned).collect()
}

/// `from` (included) and `until` (excluded) of a row.
fn period(cells: &Cells<'_>, faults: &mut FaultList) -> (Option<Date>, Option<Date>) {
    let from = cells.value("from", notation::date, faults);
    let until = cells.value("until", notation::date, faults);
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        let zh = format!("止期 {until} 不晚于起期 {from}");
        let en = format!("the period ends on {until}, not after it begins on {from}");
        faults.push(
            cells
                .fault("until", "CT13", &zh, &en)
                .help("until 是失效的第一天（不含）".into(), "until is the first day no longer in force".into()),
        );
    }
    (from, until)
}

#[cfg(test)]
mod tests;
