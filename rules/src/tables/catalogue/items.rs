//! `items`: one row for each version of each item.

use super::super::fault_list::FaultList;
use super::super::notation;
use super::super::table::{Cells, Column, Holds, optional, required};
use super::period;
use crate::catalogue::Item;
use crate::counting::{Span, Unit};

/// Columns of the items table.
pub(in crate::tables) const COLUMNS: &[Column] = &[
    required("item", "事项编码", Holds::Code),
    required("version", "版本", Holds::Code),
    required("name_zh", "名称", Holds::Name),
    optional("name_en", "英文名称", Holds::Name),
    optional("item_type", "事项类别", Holds::Text),
    optional("from", "生效日期", Holds::Day),
    optional("until", "失效日期", Holds::Day),
    optional("promise", "承诺时限", Holds::Span),
    optional("statutory", "法定时限", Holds::Span),
    optional("charges", "是否收费", Holds::Flag),
    optional("joint", "是否联办", Holds::Flag),
    optional("site_visit", "是否现场勘验", Holds::Flag),
    optional("levels", "办理层级", Holds::Levels),
    optional("regions", "办理区划", Holds::Codes),
    optional("depts", "办理部门", Holds::Codes),
    optional("procedures", "必经程序", Holds::Codes),
    optional("materials", "必需材料", Holds::Texts),
    optional("materials_optional", "可选材料", Holds::Texts),
    optional("payees", "收款单位", Holds::Texts),
];

/// One item version; stages, fees and procedures come from the other tables.
pub(super) fn read(cells: &Cells<'_>, faults: &mut FaultList) -> Option<Item> {
    let code = cells.code("item", notation::code, faults);
    let version = cells.code("version", notation::code, faults);
    let (from, until) = period(cells, faults);
    let item = Item {
        name: cells.name("name_zh", faults),
        item_type: cells.value("item_type", notation::text, faults),
        from,
        until,
        promise: cells.value("promise", notation::span, faults),
        statutory: cells.value("statutory", notation::span, faults),
        charges: cells.value("charges", notation::flag, faults),
        joint: cells.value("joint", notation::flag, faults),
        site_visit: cells.value("site_visit", notation::flag, faults),
        levels: cells.list("levels", notation::level, faults),
        regions: cells.list("regions", notation::region, faults),
        depts: cells.list("depts", notation::department, faults),
        procedures: cells.list("procedures", notation::code, faults),
        materials: cells.list("materials", notation::text, faults),
        materials_optional: cells.list("materials_optional", notation::text, faults),
        payees: cells.list("payees", notation::text, faults),
        ..Item::default()
    };
    if let (Some(promise), Some(statutory)) = (item.promise, item.statutory)
        && certainly_longer(promise, statutory)
    {
        let (promise, statutory) = (written(promise), written(statutory));
        let zh = format!("承诺时限 {promise} 长于法定时限 {statutory}");
        let en = format!("the promise {promise} is longer than the statute {statutory}");
        faults.push(cells.fault("promise", "RL21", &zh, &en).warning());
    }
    Some(Item { code: code?, version: version?, ..item })
}

/// Is `a` longer than `b` whatever the calendar? Days are not compared with hours.
fn certainly_longer(a: Span, b: Span) -> bool {
    // A working day takes a calendar day or more, a month 28 to 31 days.
    let days_least = |span: Span| match span.unit {
        Unit::WorkingDays | Unit::Days => Some(span.number),
        Unit::Months => Some(span.number * 28),
        Unit::Hours | Unit::Minutes | Unit::Seconds => None,
    };
    let days_most = |span: Span| match span.unit {
        Unit::Days => Some(span.number),
        Unit::Months => Some(span.number * 31),
        Unit::WorkingDays | Unit::Hours | Unit::Minutes | Unit::Seconds => None,
    };
    let longer = |a: Option<i64>, b: Option<i64>| a.zip(b).is_some_and(|(a, b)| a > b);
    if a.unit == b.unit {
        a.number > b.number
    } else {
        longer(days_least(a), days_most(b)) || longer(a.exact_secs(), b.exact_secs())
    }
}

/// A limit as the tables write it.
pub(super) fn written(span: Span) -> String {
    span.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_different_units_are_compared_only_where_no_calendar_can_change_the_answer() {
        let span = |text| notation::span(text).expect(text);
        let longer = |a, b| certainly_longer(span(a), span(b));
        assert!(longer("25wd", "20wd"));
        assert!(!longer("20wd", "20wd"));
        assert!(longer("31wd", "30d"), "31 working days are more than 30 days");
        assert!(!longer("20wd", "20d"), "a last day off may move the 20th day");
        assert!(!longer("60d", "20wd"), "sixty days may all be days off");
        assert!(longer("2mo", "55d"));
        assert!(!longer("1mo", "30d"));
        assert!(longer("61min", "1h"));
        assert!(!longer("48h", "1d"));
    }
}
