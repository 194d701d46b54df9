//! Item versions with the rows of the other tables that belong to them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use compact_str::CompactString;

use super::super::fault_list::FaultList;
use super::super::suggestion;
use super::super::table::Table;
use super::procedures::Procedure;
use super::{Owned, items};
use crate::catalogue::{Item, Stage, Tariff};
use crate::fault::Fault;

/// One version of one item and where everything about it stands.
pub(super) struct Version {
    /// Row in the items table.
    pub(super) row: u32,
    pub(super) item: Item,
    /// Rows of the other tables.
    pub(super) stages: Vec<(u32, Stage)>,
    pub(super) fees: Vec<(u32, Tariff)>,
    pub(super) procedures: Vec<(u32, Procedure)>,
}

/// Every version, by code and version.
pub(super) struct Versions {
    by_code: BTreeMap<CompactString, BTreeMap<CompactString, Version>>,
}

impl Versions {
    /// Reads the items table.
    pub(super) fn read(table: &Table, faults: &mut FaultList) -> Versions {
        let mut by_code: BTreeMap<CompactString, BTreeMap<CompactString, Version>> = BTreeMap::new();
        for cells in table.rows() {
            let Some(item) = items::read(&cells, faults) else { continue };
            match by_code.entry(item.code.clone()).or_default().entry(item.version.clone()) {
                Entry::Vacant(place) => {
                    let row = cells.row();
                    place.insert(Version { row, item, stages: Vec::new(), fees: Vec::new(), procedures: Vec::new() });
                }
                Entry::Occupied(place) => {
                    let (version, row) = (place.key(), place.get().row);
                    let zh = format!("事项的版本 \"{version}\" 与第 {row} 行重复");
                    let en = format!("version \"{version}\" of the item is already in row {row}");
                    faults.push(cells.fault("version", "CT05", &zh, &en));
                }
            }
        }
        Versions { by_code }
    }

    /// Gives rows of `table` to the versions they name.
    pub(super) fn take<T>(
        &mut self,
        table: &Table,
        rows: Vec<Owned<T>>,
        place: fn(&mut Version) -> &mut Vec<(u32, T)>,
        faults: &mut FaultList,
    ) {
        for Owned { row, item, version, value } in rows {
            match self.by_code.get_mut(&item).and_then(|versions| versions.get_mut(&version)) {
                Some(version) => place(version).push((row, value)),
                None => faults.push(self.unknown(table, row, &item, &version)),
            }
        }
    }

    /// The fault of a row whose owner is not in the items table.
    fn unknown(&self, table: &Table, row: u32, item: &str, version: &str) -> Fault {
        let Some(versions) = self.by_code.get(item) else {
            let zh = format!("事项表中没有事项 \"{item}\"");
            let fault = table.fault(row, "item", "CT06", &zh, &format!("the items table has no item \"{item}\""));
            return match suggestion::nearest(item, self.by_code.keys().map(CompactString::as_str)) {
                Some(near) => fault.help(format!("是否为 \"{near}\"？"), format!("did you mean \"{near}\"?")),
                None => fault,
            };
        };
        let known: Vec<&str> = versions.keys().map(CompactString::as_str).collect();
        let zh = format!("事项 \"{item}\" 没有版本 \"{version}\"");
        let en = format!("item \"{item}\" has no version \"{version}\"");
        let help = suggestion::advice(version, &known);
        table.fault(row, "version", "CT06", &zh, &en).help(help.zh, help.en)
    }

    /// Versions of each item.
    pub(super) fn by_item(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &Version> + Clone)> {
        self.by_code.iter().map(|(code, versions)| (code.as_str(), versions.values()))
    }

    /// Every version.
    pub(super) fn all(&self) -> impl Iterator<Item = &Version> {
        self.by_code.values().flat_map(BTreeMap::values)
    }

    /// The items, complete.
    pub(super) fn into_items(self) -> impl Iterator<Item = Item> {
        self.by_code.into_values().flat_map(BTreeMap::into_values).map(Version::into_item)
    }
}

impl Version {
    fn into_item(self) -> Item {
        let Version { item, stages, fees, procedures, .. } = self;
        let codes = |charged: fn(&Procedure) -> bool| {
            let rows = procedures.iter().map(|(_, procedure)| procedure).filter(|procedure| charged(procedure));
            rows.map(|procedure| procedure.code.clone()).collect::<Vec<_>>()
        };
        let listed = (!procedures.is_empty()).then(|| codes(|procedure| procedure.required));
        let told = procedures.iter().any(|(_, procedure)| procedure.charged.is_some());
        Item {
            charged_procedures: told.then(|| codes(|procedure| procedure.charged == Some(true))),
            procedures: item.procedures.or(listed),
            stages: stages.into_iter().map(|(_, stage)| stage).collect(),
            fees: fees.into_iter().map(|(_, tariff)| tariff).collect(),
            ..item
        }
    }
}
