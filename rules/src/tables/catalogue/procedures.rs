//! `procedures`: special procedures of an item version (hearing, inspection, expert review).

use compact_str::CompactString;

use super::super::notation;
use super::super::table::{Cells, Column, optional, required};
use crate::fault::Fault;

/// Columns of the procedures table.
pub(super) const COLUMNS: &[Column] = &[
    required("item"),
    required("version"),
    required("procedure"),
    optional("name_zh"),
    optional("name_en"),
    optional("charged"),
    optional("required"),
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
pub(super) fn read(cells: &Cells<'_>, faults: &mut Vec<Fault>) -> Option<Procedure> {
    let code = cells.code("procedure", notation::code, faults);
    let charged = cells.value("charged", notation::flag, faults);
    let required = cells.value("required", notation::flag, faults).unwrap_or(true);
    Some(Procedure { code: code?, charged, required })
}
