//! The sample city: Yichun's regions and a catalogue of items made for it.
//!
//! The regions are facts (statistics-bureau codes of 2023, from the public
//! Administrative-divisions-of-China collection); the items, limits and fees of
//! `config/catalogue` are invented and only look like a city's own. Both are built in, so that a
//! generator needs no folder. The tables hold no quoted cells; lists inside a cell use `;`.
//! Not here: the calendar (`calendar`), which office handles which case (`draft`).

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use facts::{Department, Fen, Level, Region};
use jiff::civil::Date;

use crate::calendar::{Day, day};

const REGIONS: (&str, &str) = ("config/regions/yichun.csv", include_str!("../../config/regions/yichun.csv"));
const ITEMS: (&str, &str) = ("config/catalogue/items.csv", include_str!("../../config/catalogue/items.csv"));
const STAGES: (&str, &str) = ("config/catalogue/stages.csv", include_str!("../../config/catalogue/stages.csv"));
const FEES: (&str, &str) = ("config/catalogue/fees.csv", include_str!("../../config/catalogue/fees.csv"));

/// A built-in file that does not say what the sample city needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {message}")]
pub struct Fault {
    /// The file.
    pub path: String,
    /// Line number, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(path: &str, line: usize, message: &str) -> Fault {
        Fault { path: path.to_owned(), line, message: message.to_owned() }
    }
}

/// One stage of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Stage code.
    pub code: CompactString,
    /// Must every case pass it?
    pub required: bool,
    /// Its limit, in working days.
    pub limit: u32,
    /// Stages that may follow.
    pub next: Vec<CompactString>,
    /// Stages that a case may be sent back to from here.
    pub returns: Vec<CompactString>,
    /// Positions that may act here.
    pub positions: Vec<CompactString>,
}

/// One row of an item's fee schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tariff {
    /// Fee code.
    pub code: CompactString,
    /// The most that may be charged for one unit.
    pub max: Fen,
    /// First day it may be charged.
    pub from: Day,
    /// First day it may no longer be charged.
    pub until: Option<Day>,
}

/// An approval item, in the version in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Item code.
    pub code: CompactString,
    /// Promised limit, in working days.
    pub promise: u32,
    /// Statutory limit, in working days.
    pub statutory: u32,
    /// May anything be charged?
    pub charges: bool,
    /// Handled by several departments together?
    pub joint: bool,
    /// Levels that handle it.
    pub levels: Vec<Level>,
    /// Departments that handle it.
    pub depts: Vec<Department>,
    /// Materials that an application must carry.
    pub materials: Vec<CompactString>,
    /// Accounts that may be paid.
    pub payees: Vec<CompactString>,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
    /// Its fee schedule.
    pub tariffs: Vec<Tariff>,
}

impl Item {
    /// Promised for the next working day at the latest: handled on the spot (即办件).
    #[must_use]
    pub fn instant(&self) -> bool {
        self.promise <= 1
    }

    /// The stage with this code.
    #[must_use]
    pub fn stage(&self, code: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.code == code)
    }

    /// May a case go from stage `from` to stage `to`, onward or back?
    #[must_use]
    pub fn knows_edge(&self, from: &str, to: &str) -> bool {
        self.stage(from).is_some_and(|stage| stage.next.iter().chain(&stage.returns).any(|code| code == to))
    }

    /// The row for this fee code.
    #[must_use]
    pub fn tariff(&self, code: &str) -> Option<&Tariff> {
        self.tariffs.iter().find(|tariff| tariff.code == code)
    }
}

/// Regions and items.
#[derive(Clone, Debug)]
pub struct City {
    /// 省
    pub province: Region,
    /// 市
    pub city: Region,
    /// Counties, each as often as it has townships: drawing one gives the big ones more cases.
    pub counties: Vec<Region>,
    /// Townships.
    pub townships: Vec<Region>,
    items: BTreeMap<CompactString, Arc<Item>>,
}

impl City {
    /// Reads the tables that are built in, each item in the version in force on `date`.
    ///
    /// # Errors
    /// When a table does not have the catalogue's form.
    pub fn load(date: Date) -> Result<City, Fault> {
        let mut city = City {
            province: region(&Row::none(), "36")?,
            city: region(&Row::none(), "360900")?,
            counties: Vec::new(),
            townships: Vec::new(),
            items: items(date)?,
        };
        for row in rows(REGIONS)? {
            if row.get("level")? == "township" {
                city.townships.push(region(&row, row.get("code")?)?);
                city.counties.push(region(&row, row.get("parent")?)?);
            }
        }
        Ok(city)
    }

    /// All items, by code.
    pub fn items(&self) -> impl Iterator<Item = &Arc<Item>> {
        self.items.values()
    }

    /// The item with this code.
    ///
    /// # Panics
    /// When the catalogue has none: scripts name only items of the built-in tables.
    #[must_use]
    pub fn item(&self, code: &str) -> Arc<Item> {
        self.items.get(code).expect("scripts name items of the built-in catalogue").clone()
    }
}

fn items(date: Date) -> Result<BTreeMap<CompactString, Arc<Item>>, Fault> {
    let mut items = BTreeMap::new();
    let (stage_rows, fee_rows) = (rows(STAGES)?, rows(FEES)?);
    for row in rows(ITEMS)? {
        if row.date("from")?.is_some_and(|from| day(date) < from)
            || row.date("until")?.is_some_and(|until| day(date) >= until)
        {
            continue;
        }
        // An item whose promise was never published has no case here but one that says so.
        if row.get("promise")?.is_empty() {
            continue;
        }
        let (code, version) = (row.get("item")?, row.get("version")?);
        let mine = |other: &&Row| other.get("item") == Ok(code) && other.get("version") == Ok(version);
        let item = Item {
            code: code.into(),
            promise: row.working_days("promise")?,
            statutory: row.working_days("statutory")?,
            charges: row.get("charges")? == "yes",
            joint: row.get("joint")? == "yes",
            levels: row.list("levels")?.iter().filter_map(|token| Level::from_token(token)).collect(),
            depts: row.list("depts")?.iter().filter_map(|code| Department::new(code)).collect(),
            materials: row.list("materials")?,
            payees: row.list("payees")?,
            stages: stage_rows.iter().filter(mine).map(stage).collect::<Result<_, _>>()?,
            tariffs: fee_rows.iter().filter(mine).map(tariff).collect::<Result<_, _>>()?,
        };
        items.insert(item.code.clone(), Arc::new(item));
    }
    Ok(items)
}

fn stage(row: &Row) -> Result<Stage, Fault> {
    Ok(Stage {
        code: row.get("stage")?.into(),
        required: row.get("required")? == "yes",
        limit: row.working_days("limit")?,
        next: row.list("next")?,
        returns: row.list("returns")?,
        positions: row.list("positions")?,
    })
}

fn tariff(row: &Row) -> Result<Tariff, Fault> {
    let max = row.get("max")?;
    Ok(Tariff {
        code: row.get("code")?.into(),
        max: Fen::parse(max).map_err(|error| row.fault(&format!("max \"{max}\" {error}")))?,
        from: row.date("from")?.unwrap_or(Day::MIN),
        until: row.date("until")?,
    })
}

fn region(row: &Row, code: &str) -> Result<Region, Fault> {
    code.parse().map_err(|error: facts::address::BadRegion| row.fault(&error.to_string()))
}

/// One row of a table, by column name.
struct Row {
    path: &'static str,
    line: usize,
    cells: BTreeMap<&'static str, &'static str>,
}

impl Row {
    fn none() -> Row {
        Row { path: REGIONS.0, line: 0, cells: BTreeMap::new() }
    }

    fn fault(&self, message: &str) -> Fault {
        Fault::new(self.path, self.line, message)
    }

    fn get(&self, column: &str) -> Result<&'static str, Fault> {
        self.cells.get(column).copied().ok_or_else(|| self.fault(&format!("no column \"{column}\"")))
    }

    fn list(&self, column: &str) -> Result<Vec<CompactString>, Fault> {
        Ok(self.get(column)?.split(';').filter(|cell| !cell.is_empty()).map(CompactString::from).collect())
    }

    fn working_days(&self, column: &str) -> Result<u32, Fault> {
        let text = self.get(column)?;
        let number = text.strip_suffix("wd").and_then(|number| number.parse().ok());
        number.ok_or_else(|| self.fault(&format!("{column} \"{text}\" is not a number of working days such as 7wd")))
    }

    fn date(&self, column: &str) -> Result<Option<Day>, Fault> {
        let text = self.get(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        let date: Date = text.parse().map_err(|_| self.fault(&format!("{column} \"{text}\" is not a date")))?;
        Ok(Some(day(date)))
    }
}

fn rows((path, text): (&'static str, &'static str)) -> Result<Vec<Row>, Fault> {
    let mut lines = text.lines().enumerate();
    let header: Vec<&str> = lines.next().map(|(_, line)| line.split(',').collect()).unwrap_or_default();
    let row = |(place, line): (usize, &'static str)| {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.len() != header.len() {
            let message = format!("{} cells under a header of {}", cells.len(), header.len());
            return Err(Fault::new(path, place + 1, &message));
        }
        Ok(Row { path, line: place + 1, cells: header.iter().copied().zip(cells).collect() })
    };
    lines.filter(|(_, line)| !line.is_empty()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn city() -> City {
        City::load(jiff::civil::date(2026, 5, 11)).expect("built in")
    }

    #[test]
    fn the_city_has_ten_counties_and_219_townships() {
        let city = city();
        assert_eq!(city.townships.len(), 219);
        let mut counties = city.counties.clone();
        counties.dedup();
        assert_eq!(counties.len(), 10);
        assert!(city.townships.iter().all(|township| township.starts_with("3609")));
    }

    #[test]
    fn every_item_can_be_handled_within_its_promise() {
        let city = city();
        for item in city.items() {
            let required: u32 = item.stages.iter().filter(|stage| stage.required).map(|stage| stage.limit).sum();
            assert!(required <= item.promise && item.promise <= item.statutory, "{}", item.code);
            assert!(!item.depts.is_empty() && !item.levels.is_empty(), "{}", item.code);
            assert_eq!(item.charges, !item.tariffs.is_empty(), "{}", item.code);
            assert_eq!(item.charges, !item.payees.is_empty(), "{}", item.code);
        }
    }

    #[test]
    fn every_edge_leads_to_a_stage_of_the_item() {
        let city = city();
        for item in city.items() {
            for stage in &item.stages {
                let known = |code: &CompactString| item.stage(code).is_some();
                assert!(stage.next.iter().chain(&stage.returns).all(known), "{} {}", item.code, stage.code);
            }
        }
    }

    #[test]
    fn the_version_in_force_is_read() {
        assert_eq!(city().item("WJ-203").promise, 5);
        let before = City::load(jiff::civil::date(2025, 12, 31)).expect("built in");
        assert_eq!(before.item("WJ-203").promise, 7);
    }
}
