//! `regions/*.csv`: codes, names, levels and parents of administrative divisions.
//!
//! Codes compare right-padded with zeros to twelve digits. A row without a parent is the top of what
//! the site watches; every other parent must be in the tables and of a higher level. Divisions
//! governed directly have codes that do not begin like their parent's, so that is not asked.

use std::collections::BTreeMap;

use facts::standing::Text2;
use facts::{Level, Region};

use super::fault_list::FaultList;
use super::kind::TableKind;
use super::notation;
use super::table::{Cells, Column, Holds, Table, optional, required};
use crate::fault::Fault;

/// Columns of a regions table.
pub(super) const COLUMNS: &[Column] = &[
    required("code", "区划代码", Holds::Code),
    required("name", "名称", Holds::Name),
    optional("name_en", "英文名称", Holds::Name),
    required("level", "层级", Holds::Level),
    required("parent", "上级区划", Holds::Code),
];

/// One division and where it stands.
struct Division {
    table: usize,
    row: u32,
    name: Text2,
    level: Option<Level>,
    parent: Option<Region>,
}

/// Reads every table of the folder; names by padded code.
pub fn read(files: &BTreeMap<String, Vec<u8>>, faults: &mut FaultList) -> BTreeMap<u64, Text2> {
    let mut tables = Vec::new();
    for (file, bytes) in super::tables_of(files, "regions") {
        tables.extend(super::open(file, TableKind::Regions, bytes, faults));
    }
    let mut divisions: BTreeMap<u64, Division> = BTreeMap::new();
    for (index, table) in tables.iter().enumerate() {
        for cells in table.rows() {
            let Some((code, division)) = division(&cells, index, faults) else { continue };
            match divisions.get(&code.number()) {
                None => drop(divisions.insert(code.number(), division)),
                Some(other) => faults.push(double(&cells, &tables[other.table], other.row)),
            }
        }
    }
    check_parents(&tables, &divisions, faults);
    divisions.into_iter().map(|(code, division)| (code, division.name)).collect()
}

fn division(cells: &Cells<'_>, table: usize, faults: &mut FaultList) -> Option<(Region, Division)> {
    let code = cells.code("code", notation::region, faults);
    let level = cells.needed("level", notation::level, faults);
    let parent = cells.value("parent", notation::region, faults);
    let name = cells.name("name", faults);
    let region = |code: compact_str::CompactString| code.parse::<Region>().ok();
    Some((region(code?)?, Division { table, row: cells.row(), name, level, parent: parent.and_then(region) }))
}

fn double(cells: &Cells<'_>, table: &Table, row: u32) -> Fault {
    let zh = format!("与 {} 第 {row} 行是同一行政区划", table.file());
    let en = format!("is the same region as in row {row} of {}", table.file());
    cells.fault("code", "RG01", &zh, &en)
}

fn check_parents(tables: &[Table], divisions: &BTreeMap<u64, Division>, faults: &mut FaultList) {
    for division in divisions.values() {
        let Some(parent) = division.parent else { continue };
        let fault = |code, zh: &str, en: &str| tables[division.table].fault(division.row, "parent", code, zh, en);
        match divisions.get(&parent.number()) {
            None => faults.push(
                fault("RG02", &format!("没有行政区划 {parent}"), &format!("there is no region {parent}")).help(
                    "补上该行，或留空（本站最上一级）".into(),
                    "add its row, or leave the parent empty (the top of this site)".into(),
                ),
            ),
            Some(above) => {
                if let (Some(upper), Some(lower)) = (above.level, division.level)
                    && upper >= lower
                {
                    let zh = format!("上级 {parent} 的层级 {upper} 不高于 {lower}");
                    let en = format!("the parent {parent} is a {upper}, which is not above a {lower}");
                    faults.push(fault("RG03", &zh, &en));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
