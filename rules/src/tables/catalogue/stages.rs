//! `stages`: one row for each stage of an item version.

use super::super::notation;
use super::super::table::{Cells, Column, optional, required};
use crate::catalogue::Stage;
use crate::fault::Fault;

/// Columns of the stages table.
pub(super) const COLUMNS: &[Column] = &[
    required("item"),
    required("version"),
    required("stage"),
    required("name_zh"),
    optional("name_en"),
    required("order"),
    required("required"),
    optional("limit"),
    optional("next"),
    optional("returns"),
    optional("positions"),
    optional("levels"),
    optional("risk"),
];

/// One stage. Stages of one order may run beside each other.
pub(super) fn read(cells: &Cells<'_>, faults: &mut Vec<Fault>) -> Option<Stage> {
    let code = cells.code("stage", notation::code, faults);
    let order = cells.needed("order", notation::order, faults);
    let required = cells.needed("required", notation::flag, faults);
    let stage = Stage {
        name: cells.name("name_zh", faults),
        limit: cells.value("limit", notation::span, faults),
        next: cells.list("next", notation::code, faults).unwrap_or_default(),
        returns: cells.list("returns", notation::code, faults).unwrap_or_default(),
        positions: cells.list("positions", notation::code, faults),
        levels: cells.list("levels", notation::level, faults),
        risk: cells.value("risk", notation::flag, faults),
        ..Stage::default()
    };
    // A row without a sound order still stands for its stage, so that `next` of others finds it.
    Some(Stage { code: code?, order: order.unwrap_or_default(), required: required.unwrap_or_default(), ..stage })
}
