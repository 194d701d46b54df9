//! The catalogue: approval items with versions, stages, tariffs and procedures.
//!
//! Pure data; [`crate::language`] reads the tables. An empty cell is missing, never a default.

use std::collections::BTreeMap;

use compact_str::CompactString;
use facts::standing::Text2;
use facts::{Fen, Level};
use jiff::civil::Date;

use crate::counting::{Span, Unit};

/// One version of one item.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Item {
    /// Item code (事项编码).
    pub code: CompactString,
    /// Version.
    pub version: CompactString,
    /// Name.
    pub name: Text2,
    /// Kind of item (许可, 便民服务 ...).
    pub item_type: Option<CompactString>,
    /// First day in force.
    pub from: Option<Date>,
    /// First day no longer in force.
    pub until: Option<Date>,
    /// Promised limit (承诺时限).
    pub promise: Option<Span>,
    /// Statutory limit (法定时限).
    pub statutory: Option<Span>,
    /// Charges a fee.
    pub charges: Option<bool>,
    /// Handled jointly (联办).
    pub joint: Option<bool>,
    /// Needs a site visit.
    pub site_visit: Option<bool>,
    /// Levels that may handle it.
    pub levels: Option<Vec<Level>>,
    /// Regions that may handle it.
    pub regions: Option<Vec<CompactString>>,
    /// Departments that may handle it.
    pub depts: Option<Vec<CompactString>>,
    /// Mandatory procedures (procedures.csv).
    pub procedures: Option<Vec<CompactString>>,
    /// Those of them that may charge.
    pub charged_procedures: Option<Vec<CompactString>>,
    /// Mandatory materials.
    pub materials: Option<Vec<CompactString>>,
    /// Optional materials.
    pub materials_optional: Option<Vec<CompactString>>,
    /// Lawful payees.
    pub payees: Option<Vec<CompactString>>,
    /// Stages by ascending order.
    pub stages: Vec<Stage>,
    /// Tariff rows.
    pub fees: Vec<Tariff>,
}

/// One stage of an item.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stage {
    /// Stage code.
    pub code: CompactString,
    /// Name.
    pub name: Text2,
    /// Place in the order.
    pub order: u32,
    /// Must be visited.
    pub required: bool,
    /// Stage limit.
    pub limit: Option<Span>,
    /// Stages that may follow.
    pub next: Vec<CompactString>,
    /// Stages it may go back to (退回).
    pub returns: Vec<CompactString>,
    /// Positions that may act.
    pub positions: Option<Vec<CompactString>>,
    /// Levels that may act.
    pub levels: Option<Vec<Level>>,
    /// Integrity risk point (廉政风险点).
    pub risk: Option<bool>,
}

/// One row of an item's tariff.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tariff {
    /// Fee code.
    pub code: CompactString,
    /// Name.
    pub name: Text2,
    /// Document behind it.
    pub basis: CompactString,
    /// First day in force.
    pub from: Option<Date>,
    /// First day no longer in force.
    pub until: Option<Date>,
    /// Least amount for one unit.
    pub min: Option<Fen>,
    /// Greatest amount for one unit.
    pub max: Option<Fen>,
    /// May be charged before acceptance.
    pub early: Option<bool>,
    /// Lawful payees.
    pub payees: Option<Vec<CompactString>>,
}

/// All items.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Catalogue {
    items: BTreeMap<CompactString, Vec<Item>>,
}

impl Catalogue {
    /// A catalogue of these item versions; stages are put in order.
    #[must_use]
    pub fn new(versions: impl IntoIterator<Item = Item>) -> Catalogue {
        let mut items: BTreeMap<CompactString, Vec<Item>> = BTreeMap::new();
        for mut item in versions {
            item.stages.sort_by_key(|stage| stage.order);
            items.entry(item.code.clone()).or_default().push(item);
        }
        for versions in items.values_mut() {
            versions.sort_by(|a, b| a.from.cmp(&b.from).then_with(|| a.version.cmp(&b.version)));
        }
        Catalogue { items }
    }

    /// The named version of an item; without a name, the version in force on `day`.
    #[must_use]
    pub fn find(&self, code: &str, version: Option<&str>, day: Option<Date>) -> Option<&Item> {
        let versions = self.items.get(code)?;
        match (version, day) {
            (Some(version), _) => versions.iter().find(|item| item.version == version),
            (None, Some(day)) => versions.iter().find(|item| item.in_force_on(day)),
            (None, None) => versions.last(),
        }
    }

    /// Every version of every item, by code.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values().flatten()
    }

    /// Does an item other than `code` list this fee?
    #[must_use]
    pub fn fee_elsewhere(&self, code: &str, fee: &str) -> bool {
        self.items().any(|item| item.code != code && item.fees.iter().any(|tariff| tariff.code == fee))
    }
}

impl Item {
    /// Is this version in force on `day`?
    #[must_use]
    pub fn in_force_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }

    /// The stage with this code.
    #[must_use]
    pub fn stage(&self, code: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.code == code)
    }
}

/// What the required stages take in `unit`, stages of one order beside each other. Limits in other units are left out:
/// the sum is the least it can be.
pub(crate) fn stages_take<'a>(stages: impl IntoIterator<Item = &'a Stage>, unit: Unit) -> Span {
    let mut longest: BTreeMap<u32, i64> = BTreeMap::new();
    for stage in stages.into_iter().filter(|stage| stage.required) {
        if let Some(limit) = stage.limit.filter(|limit| limit.unit == unit) {
            let of_order = longest.entry(stage.order).or_default();
            *of_order = limit.number.max(*of_order);
        }
    }
    Span { number: longest.values().sum(), unit }
}
