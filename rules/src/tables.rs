//! The tables a site edits: catalogue, regions and code maps of sources, from bytes to data.
//!
//! Pure: files come in as bytes by their path below `config/`, data and faults go out. Every fault of
//! every file is told at once, by file, row and column, in Chinese and English; nothing here panics on
//! any bytes. The data may be used only if no fault is an error.
//!
//! Reading order: a file as rows of cells ([`sheet`]), how single values are written (`notation`),
//! named columns (`table`), which tables there are (`kind`), then the tables: [`catalogue`], [`regions`],
//! [`source_map`]; and a table as cells alone, to be compared and written ([`Grid`]).
//!
//! | code | tells |
//! | --- | --- |
//! | CT01 | a file that is no table: encoding, damaged workbook, open quote, empty |
//! | CT02, CT03, CT18, CT19 | unknown column; missing or doubled column; cell under no column; `x_` column left out (warning) |
//! | CT04 | empty cell in a column that needs a value |
//! | CT05, CT06 | key given twice; item or version that the items table does not have |
//! | CT07 to CT12 | wrong limit, date, amount, flag, order, code |
//! | CT13, CT14, CT24 | period that ends before it begins; periods that overlap; gap between versions (warning) |
//! | CT15 | stage or procedure that does not exist |
//! | CT16 | greatest amount below the least |
//! | CT17 | value a spreadsheet has spoilt: digits lost, code made a date, formula error |
//! | CT20, RL21, CT23 | stages or promise beyond their limit; tariff and charging disagree (warnings) |
//! | CT25 | the rest of more than two hundred faults of one file |
//! | CT21, CT22 | table missing; file twice or of no known name |
//! | RG01 to RG03 | region given twice; unknown parent; parent not of a higher level |
//! | SM01 to SM06 | source map: syntax, unknown key, type, value, source given twice, stage in no item (warning) |
//!
//! Not here: rules and vocabulary ([`crate::language`]), calendars ([`crate::working_calendar`]).

pub mod catalogue;
mod fault_list;
mod grid;
mod kind;
mod notation;
pub mod regions;
pub mod sheet;
pub mod silence;
pub mod source_map;
mod suggestion;
mod table;

use std::collections::BTreeMap;

use compact_str::CompactString;
use facts::standing::Text2;

pub use self::fault_list::FaultList;
pub use self::grid::{CellChange, Grid, GridChanges, RowChange, TextForm};
pub use self::kind::{TableKind, TableName};
pub use self::suggestion::nearest;
use self::table::Table;
use crate::catalogue::Catalogue;
use crate::fault::Fault;
use crate::silence::SilenceRule;
use crate::source_map::SourceMap;

/// What the tables of a configuration hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tables {
    /// Items with stages, tariffs and procedures.
    pub catalogue: Catalogue,
    /// Region names by twelve-digit code.
    pub regions: BTreeMap<u64, Text2>,
    /// Code maps by source.
    pub sources: BTreeMap<CompactString, SourceMap>,
    /// The light of a silent source.
    pub silence: Option<SilenceRule>,
    /// Everything wrong with them, by file and place.
    pub faults: Vec<Fault>,
}

/// Reads `catalogue/`, `regions/`, `sources/` and `silence.toml` among `files`, which are named by their path below
/// the configuration folder, with `/`. Other files are left alone.
#[must_use]
pub fn load(files: &BTreeMap<String, Vec<u8>>) -> Tables {
    let mut list = FaultList::default();
    tell_strangers(files, &mut list);
    let catalogue = catalogue::read(files, &mut list);
    let regions = regions::read(files, &mut list);
    let mut faults = list.into_vec();
    let stages = catalogue.items().flat_map(|item| item.stages.iter().map(|stage| stage.code.as_str())).collect();
    let sources = source_map::read_all(files, &stages, &mut faults);
    let silence = silence::read(files, &mut faults);
    faults.sort_by(|a, b| (&a.file, a.place, a.code).cmp(&(&b.file, b.place, b.code)));
    Tables { catalogue, regions, sources, silence, faults }
}

/// Names of the catalogue's tables.
const CATALOGUE_TABLES: [&str; 4] = ["items", "stages", "fees", "procedures"];

/// Endings of files that look like tables.
const SHEET_ENDINGS: [&str; 6] = [".csv", ".xlsx", ".xls", ".tsv", ".txt", ".ods"];

/// A table under a name nobody reads is a table somebody misses.
fn tell_strangers(files: &BTreeMap<String, Vec<u8>>, faults: &mut FaultList) {
    for (file, name) in files.keys().filter_map(|file| Some((file, file.strip_prefix("catalogue/")?))) {
        let lower = name.to_lowercase();
        let Some(ending) = SHEET_ENDINGS.iter().find(|ending| lower.ends_with(**ending)) else { continue };
        let stem = lower.strip_suffix(ending).unwrap_or(&lower);
        // "~$items.xlsx" is the mark of an open workbook.
        let read = CATALOGUE_TABLES.contains(&stem) && matches!(*ending, ".csv" | ".xlsx");
        if !read && !stem.starts_with(['~', '.']) {
            let help = suggestion::advice(stem, &CATALOGUE_TABLES);
            let (zh, en) =
                ("目录中没有这个表，不读入".to_owned(), "the catalogue has no such table; it is not read".to_owned());
            let fault = Fault::error(file, None, "CT22", zh, en).warning();
            faults.push(fault.help(format!("{}（.csv 或 .xlsx）", help.zh), format!("{} (.csv or .xlsx)", help.en)));
        }
    }
}

/// The file that holds a table: `<folder>/<table>.csv` or `.xlsx`, not both.
fn find<'a>(
    files: &'a BTreeMap<String, Vec<u8>>,
    folder: &str,
    table: &str,
    faults: &mut FaultList,
) -> Option<(&'a str, &'a [u8])> {
    let wanted = [".csv", ".xlsx"].map(|ending| format!("{table}{ending}"));
    let mut found = tables_of(files, folder).filter(|(file, _)| {
        let name = file.rsplit('/').next().unwrap_or(file).to_lowercase();
        wanted.contains(&name)
    });
    let first = found.next()?;
    for (other, _) in found {
        let (zh, en) = (format!("与 {} 是同一个表", first.0), format!("is the same table as {}", first.0));
        faults.push(Fault::error(other, None, "CT22", zh, en).help("只保留一个".into(), "keep one of them".into()));
    }
    Some(first)
}

/// The CSV files and workbooks right in a folder.
fn tables_of<'a>(files: &'a BTreeMap<String, Vec<u8>>, folder: &str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    let folder = format!("{folder}/");
    files.iter().filter_map(move |(file, bytes)| {
        let name = file.strip_prefix(&folder)?.to_lowercase();
        let table = name.ends_with(".csv") || name.ends_with(".xlsx");
        let hidden = name.starts_with(['~', '.']) || name.contains('/');
        (table && !hidden).then_some((file.as_str(), bytes.as_slice()))
    })
}

/// Reads a file as a table of this kind.
fn open(file: &str, kind: TableKind, bytes: &[u8], faults: &mut FaultList) -> Option<Table> {
    let titles = titles_in(kind, file);
    let sheet = sheet::read(file, &titles, bytes, faults)?;
    Table::new(file, sheet, kind.columns(), faults)
}

/// What the sheet of a table may be called in its workbook, the surest name first.
fn titles_in(kind: TableKind, file: &str) -> Vec<String> {
    let own = TableName::of_file(file).into_iter().filter(|own| own.kind == kind);
    let plain = TableName { kind, part: None };
    own.chain([plain]).flat_map(|name| [name.title(false), name.title(true)]).collect()
}

#[cfg(test)]
mod test_workbook;
#[cfg(test)]
mod tests;
