//! `procedures`: special procedures of an item version (hearing, inspection, expert review).

use compact_str::CompactString;

use super::super::fault_list::FaultList;
use super::super::notation;
use super::super::table::{Cells, Column, Holds, optional, required};

/// Columns of the procedures table.
pub(in crate::tables) const COLUMNS: &[Column] = &[
    required("item", "事项编码", Holds::Code),
    required("version", "版本", Holds::Code),
    required("procedure", "程序编码", Holds::Code),
    optional("name_zh", "名称", Holds::Name),
    optional("name_en", "英文名称", Holds::Name),
    optional("charged", "可否收费", Holds::Flag),
    optional("required", "是否必经", Holds::Flag),
];

/// One procedure of an item.
pub(super) struct Procedure {
    pub(super) code: CompactString,
    /// May charge.
    pub(super) charged: Option<bool>,
    /// Mandatory, unless the table says no.
    pub(super) required: bool,
}

/// One row.
pub(super) fn read(cells: &Cells<'_>, faults: &mut FaultList) -> Option<Procedure> {
    let code = cells.code("procedure", notation::code, faults);
    let charged = cells.value("charged", notation::flag, faults);
    let required = cells.value("required", notation::flag, faults).unwrap_or(true);
    Some(Procedure { code: code?, charged, required })
}
