//! `fees`: the tariff; one row for each fee code of an item version and period.

use super::super::fault_list::FaultList;
use super::super::notation;
use super::super::table::{Cells, Column, Holds, optional, required};
use super::period;
use crate::catalogue::Tariff;

/// Columns of the fees table; `min` and `max` are yuan for one unit of quantity.
pub(in crate::tables) const COLUMNS: &[Column] = &[
    required("item", "事项编码", Holds::Code),
    required("version", "版本", Holds::Code),
    required("code", "收费编码", Holds::Code),
    required("name_zh", "名称", Holds::Name),
    optional("name_en", "英文名称", Holds::Name),
    required("basis", "收费依据", Holds::Text),
    optional("from", "生效日期", Holds::Day),
    optional("until", "失效日期", Holds::Day),
    optional("min", "最低金额", Holds::Amount),
    optional("max", "最高金额", Holds::Amount),
    optional("early", "可否预收", Holds::Flag),
    optional("payees", "收款单位", Holds::Texts),
];

/// One row of the tariff.
pub(super) fn read(cells: &Cells<'_>, faults: &mut FaultList) -> Option<Tariff> {
    let code = cells.code("code", notation::code, faults);
    let (from, until) = period(cells, faults);
    let basis = cells.value("basis", notation::text, faults);
    if basis.is_none() {
        let (zh, en) = ("收费没有依据文件", "the fee names no document behind it");
        faults.push(cells.fault("basis", "CT23", zh, en).warning());
    }
    let min = cells.value("min", notation::amount, faults);
    let max = cells.value("max", notation::amount, faults);
    if let (Some(min), Some(max)) = (min, max)
        && max < min
    {
        let (zh, en) =
            (format!("上限 {max} 元低于下限 {min} 元"), format!("the greatest amount {max} is below the least, {min}"));
        faults.push(cells.fault("max", "CT16", &zh, &en));
    }
    let tariff = Tariff {
        name: cells.name("name_zh", faults),
        basis: basis.unwrap_or_default(),
        from,
        until,
        min,
        max,
        early: cells.value("early", notation::flag, faults),
        payees: cells.list("payees", notation::text, faults),
        ..Tariff::default()
    };
    Some(Tariff { code: code?, ..tariff })
}
