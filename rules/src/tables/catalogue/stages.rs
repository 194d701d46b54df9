//! `stages`: one row for each stage of an item version.

use super::super::fault_list::FaultList;
use super::super::notation;
use super::super::table::{Cells, Column, Holds, optional, required};
use crate::catalogue::Stage;

/// Columns of the stages table.
pub(in crate::tables) const COLUMNS: &[Column] = &[
    required("item", "事项编码", Holds::Code),
    required("version", "版本", Holds::Code),
    required("stage", "环节编码", Holds::Code),
    required("name_zh", "名称", Holds::Name),
    optional("name_en", "英文名称", Holds::Name),
    required("order", "顺序", Holds::Order),
    required("required", "是否必经", Holds::Flag),
    optional("limit", "环节时限", Holds::Span),
    optional("next", "后续环节", Holds::Codes),
    optional("returns", "可退回环节", Holds::Codes),
    optional("positions", "办理岗位", Holds::Codes),
    optional("levels", "办理层级", Holds::Levels),
    optional("risk", "廉政风险点", Holds::Flag),
];

/// One stage. Stages of one order may run beside each other.
pub(super) fn read(cells: &Cells<'_>, faults: &mut FaultList) -> Option<Stage> {
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
