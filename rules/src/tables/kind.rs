//! Which tables a site keeps, where they lie in its folder and how their sheets are called.

use unicode_normalization::UnicodeNormalization;

use super::catalogue;
use super::regions;
use super::table::Column;

/// A kind of table.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TableKind {
    /// Items with their limits.
    Items,
    /// Stages of items.
    Stages,
    /// The tariff.
    Fees,
    /// Special procedures of items.
    Procedures,
    /// Administrative divisions; a site may keep them in several files.
    Regions,
}

impl TableKind {
    /// Every kind.
    pub const ALL: [TableKind; 5] =
        [TableKind::Items, TableKind::Stages, TableKind::Fees, TableKind::Procedures, TableKind::Regions];

    /// Its name, which is also that of its file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            TableKind::Items => "items",
            TableKind::Stages => "stages",
            TableKind::Fees => "fees",
            TableKind::Procedures => "procedures",
            TableKind::Regions => "regions",
        }
    }

    /// Its name in Chinese, as sheets may be called.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            TableKind::Items => "事项",
            TableKind::Stages => "环节",
            TableKind::Fees => "收费",
            TableKind::Procedures => "程序",
            TableKind::Regions => "行政区划",
        }
    }

    /// The columns it may have.
    pub(super) const fn columns(self) -> &'static [Column] {
        match self {
            TableKind::Items => catalogue::ITEMS,
            TableKind::Stages => catalogue::STAGES,
            TableKind::Fees => catalogue::FEES,
            TableKind::Procedures => catalogue::PROCEDURES,
            TableKind::Regions => regions::COLUMNS,
        }
    }

    /// The columns that together name a row.
    pub(super) const fn key(self) -> &'static [&'static str] {
        match self {
            TableKind::Items => &["item", "version"],
            TableKind::Stages => &["item", "version", "stage"],
            TableKind::Fees => &["item", "version", "code", "from"],
            TableKind::Procedures => &["item", "version", "procedure"],
            TableKind::Regions => &["code"],
        }
    }
}

/// One table of a site: its kind, and of several files of regions which one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TableName {
    /// The kind.
    pub kind: TableKind,
    /// The file of regions, without its ending: `yichun`.
    pub part: Option<String>,
}

impl TableName {
    /// The table that a sheet or a file without its ending is called after: `items`, `事项`, `regions-yichun`.
    #[must_use]
    pub fn of(title: &str) -> Option<TableName> {
        let plain: String = title.nfkc().collect();
        let plain = plain.trim().to_lowercase();
        TableKind::ALL.into_iter().find_map(|kind| {
            let rest = [kind.name(), kind.zh()].into_iter().find_map(|name| plain.strip_prefix(name))?;
            match rest.strip_prefix('-') {
                None => rest.is_empty().then_some(TableName { kind, part: None }),
                Some(part) => {
                    let sound = !part.is_empty() && !part.starts_with('.') && !part.contains(['/', '\\']);
                    (kind == TableKind::Regions && sound).then(|| TableName { kind, part: Some(part.to_owned()) })
                }
            }
        })
    }

    /// What its sheet and its file outside the folder are called.
    #[must_use]
    pub fn title(&self, chinese: bool) -> String {
        let name = if chinese { self.kind.zh() } else { self.kind.name() };
        match &self.part {
            Some(part) => format!("{name}-{part}"),
            None => name.to_owned(),
        }
    }

    /// Where it lies in a configuration folder, without the ending of its file.
    #[must_use]
    pub fn stem(&self) -> String {
        match (self.kind, &self.part) {
            (TableKind::Regions, part) => format!("regions/{}", part.as_deref().unwrap_or("regions")),
            (kind, _) => format!("catalogue/{}", kind.name()),
        }
    }

    /// The table that a file of a configuration folder holds.
    #[must_use]
    pub fn of_file(path: &str) -> Option<TableName> {
        let (folder, name) = path.split_once('/')?;
        let (stem, ending) = name.rsplit_once('.')?;
        let stem = stem.to_lowercase();
        let table = matches!(ending.to_ascii_lowercase().as_str(), "csv" | "xlsx");
        if !table || stem.starts_with(['~', '.']) || stem.contains('/') {
            return None;
        }
        match folder {
            "regions" => Some(TableName { kind: TableKind::Regions, part: Some(stem) }),
            "catalogue" => {
                let kinds = TableKind::ALL.into_iter().filter(|kind| *kind != TableKind::Regions);
                kinds.into_iter().find(|kind| kind.name() == stem).map(|kind| TableName { kind, part: None })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_known_by_the_names_of_sheets_and_files() {
        let name = |kind, part: Option<&str>| Some(TableName { kind, part: part.map(str::to_owned) });
        assert_eq!(TableName::of(" Items "), name(TableKind::Items, None));
        assert_eq!(TableName::of("环节"), name(TableKind::Stages, None));
        assert_eq!(TableName::of("行政区划-yichun"), name(TableKind::Regions, Some("yichun")));
        for stranger in ["itemss", "items-2", "regions-", "regions-../x", "说明", ""] {
            assert_eq!(TableName::of(stranger), None, "{stranger}");
        }
        assert_eq!(TableName::of_file("catalogue/Fees.XLSX"), name(TableKind::Fees, None));
        assert_eq!(TableName::of_file("regions/yichun.csv"), name(TableKind::Regions, Some("yichun")));
        for stranger in ["catalogue/regions.csv", "catalogue/a/items.csv", "items.csv", "catalogue/~$items.xlsx"] {
            assert_eq!(TableName::of_file(stranger), None, "{stranger}");
        }
    }

    #[test]
    fn the_columns_that_name_a_row_are_columns_and_no_two_headings_are_alike() {
        for kind in TableKind::ALL {
            let columns = kind.columns();
            assert!(kind.key().iter().all(|key| columns.iter().any(|column| column.name == *key)), "{kind:?}");
            for (place, column) in columns.iter().enumerate() {
                let alike = |other: &Column| other.name == column.name || other.zh == column.zh;
                assert!(!columns[..place].iter().any(alike), "{kind:?} {}", column.name);
            }
        }
    }
}
