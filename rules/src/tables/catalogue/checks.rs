//! What only shows when rows meet: doubles, overlapping periods, edges to stages that do not exist,
//! stage limits beyond the promise.

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::civil::Date;

use super::super::fault_list::FaultList;
use super::super::suggestion;
use super::super::table::Table;
use super::items::written;
use super::versions::{Version, Versions};
use crate::catalogue::stages_take;

/// Stages of a version are known once each, and `next` and `returns` lead to them.
pub(super) fn stages(table: &Table, versions: &Versions, faults: &mut FaultList) {
    for version in versions.all() {
        doubles(table, "stage", version.stages.iter().map(|(row, stage)| (*row, &stage.code)), faults);
        let known: Vec<&str> = version.stages.iter().map(|(_, stage)| stage.code.as_str()).collect();
        for (row, stage) in &version.stages {
            for (column, targets) in [("next", &stage.next), ("returns", &stage.returns)] {
                for target in targets.iter().filter(|target| !known.contains(&target.as_str())) {
                    let zh = format!("该事项没有环节 \"{target}\"");
                    let en = format!("the item has no stage \"{target}\"");
                    let help = suggestion::advice(target, &known);
                    faults.push(table.fault(*row, column, "CT15", &zh, &en).help(help.zh, help.en));
                }
            }
        }
    }
}

/// A fee code has one row at a time.
pub(super) fn fees(table: &Table, versions: &Versions, faults: &mut FaultList) {
    for version in versions.all() {
        let mut by_code: BTreeMap<&str, Vec<Period>> = BTreeMap::new();
        for (row, tariff) in &version.fees {
            let period = Period { row: *row, from: tariff.from, until: tariff.until };
            by_code.entry(&tariff.code).or_default().push(period);
        }
        for (code, periods) in by_code {
            for (earlier, later) in neighbours(periods).filter(|(earlier, later)| earlier.overlaps(later)) {
                let zh = format!("收费 \"{code}\" 与第 {} 行的有效期重叠", earlier.row);
                let en = format!("fee \"{code}\" is in force in row {} at the same time", earlier.row);
                faults.push(table.fault(later.row, "code", "CT14", &zh, &en));
            }
        }
    }
}

/// A procedure is listed once, and the mandatory ones of an item are in the table.
pub(super) fn procedures(table: &Table, items: &Table, versions: &Versions, faults: &mut FaultList) {
    for version in versions.all() {
        doubles(table, "procedure", version.procedures.iter().map(|(row, one)| (*row, &one.code)), faults);
        let known: Vec<&str> = version.procedures.iter().map(|(_, procedure)| procedure.code.as_str()).collect();
        let named = version.item.procedures.iter().flatten();
        for code in named.filter(|code| !known.contains(&code.as_str())) {
            let zh = format!("{} 中该事项没有程序 \"{code}\"", table.file());
            let en = format!("{} has no procedure \"{code}\" of this item", table.file());
            let help = suggestion::advice(code, &known);
            faults.push(items.fault(version.row, "procedures", "CT15", &zh, &en).help(help.zh, help.en));
        }
    }
}

/// Versions of an item follow each other; its promise has room for its stages; tariff and charging agree.
pub(super) fn items(table: &Table, versions: &Versions, with_fees: bool, faults: &mut FaultList) {
    for (code, of_item) in versions.by_item() {
        let period =
            |version: &Version| Period { row: version.row, from: version.item.from, until: version.item.until };
        for (earlier, later) in neighbours(of_item.clone().map(period).collect()) {
            tell_neighbours(table, code, &earlier, &later, faults);
        }
        for version in of_item {
            tell_crowded(table, version, faults);
            if with_fees {
                tell_charging(table, version, faults);
            }
        }
    }
}

fn tell_neighbours(table: &Table, code: &str, earlier: &Period, later: &Period, faults: &mut FaultList) {
    let row = earlier.row;
    if earlier.overlaps(later) {
        let zh = format!("事项 \"{code}\" 与第 {row} 行的版本同时有效");
        let en = format!("item \"{code}\" has the version of row {row} in force at the same time");
        faults.push(table.fault(later.row, "from", "CT14", &zh, &en).help(
            "前一版本的 until 应为后一版本的 from".into(),
            "until of the earlier version is from of the later one".into(),
        ));
    } else if let (Some(until), Some(from)) = (earlier.until, later.from)
        && until < from
    {
        let zh = format!("{until} 至 {from}（不含）没有有效版本：其间受理的办件不能判定");
        let en = format!("no version is in force from {until} until {from}: cases accepted then cannot be judged");
        faults.push(table.fault(later.row, "from", "CT24", &zh, &en).warning());
    }
}

/// The limits of the required stages add up to more than the promise.
fn tell_crowded(table: &Table, version: &Version, faults: &mut FaultList) {
    let Some(promise) = version.item.promise else { return };
    let sum = stages_take(version.stages.iter().map(|(_, stage)| stage), promise.unit);
    if sum.number > promise.number {
        let (sum, promise) = (written(sum), written(promise));
        let zh = format!("必经环节的时限合计 {sum}，超过承诺时限 {promise}");
        let en = format!("the limits of the required stages add up to {sum}, beyond the promise {promise}");
        faults.push(table.fault(version.row, "promise", "CT20", &zh, &en).warning());
    }
}

fn tell_charging(table: &Table, version: &Version, faults: &mut FaultList) {
    let (zh, en) = match (version.item.charges, version.fees.is_empty()) {
        (Some(false), false) => {
            ("事项不收费，收费表中却有标准", "the item charges nothing, yet the fees table lists it")
        }
        (Some(true), true) => (
            "事项收费，收费表中却没有标准：每笔收费都将亮灯",
            "the item charges, yet the fees table has no row: every charge will light",
        ),
        _ => return,
    };
    faults.push(table.fault(version.row, "charges", "CT23", zh, en).warning());
}

/// A row and the days it is in force.
#[derive(Copy, Clone)]
struct Period {
    row: u32,
    from: Option<Date>,
    until: Option<Date>,
}

impl Period {
    /// Is there a day in both? `later` begins no earlier than this one.
    fn overlaps(&self, later: &Period) -> bool {
        self.until.is_none_or(|until| later.from.is_none_or(|from| from < until))
    }
}

/// Each period with the longest-lasting one before it, by first day. Periods without a day in them are told elsewhere.
fn neighbours(mut periods: Vec<Period>) -> impl Iterator<Item = (Period, Period)> {
    periods.retain(|period| period.from.zip(period.until).is_none_or(|(from, until)| from < until));
    periods.sort_by_key(|period| (period.from, period.row));
    let mut longest: Option<Period> = None;
    periods.into_iter().filter_map(move |period| {
        let before = longest;
        let outlasts =
            before.is_none_or(|before| before.until.is_some_and(|end| period.until.is_none_or(|until| until > end)));
        if outlasts {
            longest = Some(period);
        }
        before.map(|before| (before, period))
    })
}

/// Tells each code of a version that an earlier row has already.
fn doubles<'a>(
    table: &Table,
    column: &str,
    rows: impl Iterator<Item = (u32, &'a CompactString)>,
    faults: &mut FaultList,
) {
    let mut first: BTreeMap<&str, u32> = BTreeMap::new();
    for (row, code) in rows {
        let earlier = *first.entry(code).or_insert(row);
        if earlier != row {
            let zh = format!("\"{code}\" 与第 {earlier} 行重复");
            let en = format!("\"{code}\" of this item version is already in row {earlier}");
            faults.push(table.fault(row, column, "CT05", &zh, &en));
        }
    }
}
