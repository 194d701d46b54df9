//! RL47: names of regions, departments, items and sources in rules and profiles that no table of the folder lists.
//!
//! Facts may name what no table lists, so none of this refuses the set; and where a table is empty, or the folder has none,
//! nothing is held against it.

use std::collections::BTreeSet;

use compact_str::CompactString;
use facts::Region;

use super::faults::{Faults, Say};
use super::rule_file::RawRule;
use super::source::At;
use super::texts::nearest;
use super::tree::Raw;
use crate::expression::{CaseField, EventField, Expr, Name, Node};
use crate::tables::Tables;

/// Digits of a province, and of a county, in a region code.
const PROVINCE: usize = 2;
const COUNTY: usize = 6;

/// What the tables list.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// Twelve digits each.
    regions: BTreeSet<String>,
    /// Departments that an item names.
    depts: BTreeSet<CompactString>,
    items: BTreeSet<CompactString>,
    sources: BTreeSet<CompactString>,
}

/// A kind of name that a table lists.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Naming {
    Region,
    Dept,
    Item,
    Source,
}

impl Naming {
    /// What a text that is compared with this expression names, if it is such a name.
    pub(crate) fn of(node: &Node) -> Option<Naming> {
        match &node.expr {
            Expr::Name(Name::Event(_, field)) => match field {
                EventField::Region | EventField::County => Some(Naming::Region),
                EventField::Dept => Some(Naming::Dept),
                EventField::Item => Some(Naming::Item),
                EventField::Source => Some(Naming::Source),
                _ => None,
            },
            Expr::Name(Name::Case(field) | Name::CaseOf(_, field)) => match field {
                CaseField::Region => Some(Naming::Region),
                CaseField::Dept => Some(Naming::Dept),
                CaseField::Item => Some(Naming::Item),
                _ => None,
            },
            Expr::Coalesce(value, _) => Naming::of(value),
            _ => None,
        }
    }
}

impl Listed {
    /// What these tables list.
    pub(crate) fn of(tables: &Tables) -> Listed {
        let depts = tables.catalogue.items().flat_map(|item| item.depts.iter().flatten());
        Listed {
            regions: tables.regions.keys().map(|code| format!("{code:012}")).collect(),
            depts: depts.cloned().collect(),
            items: tables.catalogue.items().map(|item| item.code.clone()).collect(),
            sources: tables.sources.keys().cloned().collect(),
        }
    }

    /// Holds the regions and departments of `applies_to` against the tables. Items are held against them by RL22.
    pub(crate) fn scope(&self, rule: &RawRule, faults: &mut Faults<'_>) {
        let Some(Raw::Table(scope)) = rule.table.get("applies_to").map(|entry| &entry.value.value) else { return };
        for (key, naming) in [("regions", Naming::Region), ("depts", Naming::Dept)] {
            let Some(Raw::List(prefixes)) = scope.get(key).map(|entry| &entry.value.value) else { continue };
            for tree in prefixes {
                if let Raw::Text(prefix) = &tree.value {
                    self.prefix(naming, prefix, tree.at, faults);
                }
            }
        }
    }

    /// Holds the regions of a profile against the table. A profile may be written for provinces that this site does not list.
    pub(crate) fn profile_region(&self, prefix: &str, at: At, faults: &mut Faults<'_>) {
        let of_province = |code: &String| prefix.get(..PROVINCE).is_some_and(|province| code.starts_with(province));
        if self.regions.iter().any(of_province) {
            self.prefix(Naming::Region, prefix, at, faults);
        }
    }

    fn prefix(&self, naming: Naming, prefix: &str, at: At, faults: &mut Faults<'_>) {
        match naming {
            Naming::Region if !is_code(prefix) || self.regions.is_empty() || self.has_region(prefix) => {}
            Naming::Region => {
                // A province or city does not fill the digits of what lies below it.
                let filled = |beginning: &&str| !beginning.ends_with("00");
                let beginnings = self.regions.iter().filter_map(|code| code.get(..prefix.len()));
                let beginnings: BTreeSet<&str> = beginnings.filter(filled).collect();
                faults.add(at, not_listed(naming, prefix, nearest(prefix, beginnings)));
            }
            _ if prefix.is_empty() || self.depts.is_empty() => {}
            _ => {
                if !self.depts.iter().any(|dept| dept.starts_with(prefix)) {
                    let near = nearest(prefix, self.depts.iter().map(CompactString::as_str));
                    faults.add(at, not_listed(naming, prefix, near));
                }
            }
        }
    }

    /// Does a region begin so? Below a county of which the table has no townships, every code does.
    fn has_region(&self, prefix: &str) -> bool {
        let begins = |prefix: &str| self.regions.iter().any(|code| code.starts_with(prefix));
        let below = |county: &str| {
            let mut codes = self.regions.iter().filter(|code| code.starts_with(county));
            codes.clone().next().is_some() && codes.all(|code| code[COUNTY..].bytes().all(|digit| digit == b'0'))
        };
        begins(prefix) || prefix.len() > COUNTY && below(&prefix[..COUNTY])
    }

    /// The fault of a text that a condition compares with such a name, if no table lists it.
    pub(crate) fn compared(&self, naming: Naming, text: &str) -> Option<Say> {
        let among = |names: &BTreeSet<CompactString>| {
            let near = || nearest(text, names.iter().map(CompactString::as_str));
            (!names.is_empty() && !names.contains(text)).then(|| not_listed(naming, text, near()))
        };
        match naming {
            // The empty text stands for a missing value in `(x ?? '')`.
            _ if text.is_empty() => None,
            Naming::Region => self.compared_region(text),
            Naming::Dept => among(&self.depts),
            Naming::Item => among(&self.items),
            Naming::Source => among(&self.sources),
        }
    }

    /// A region is compared as facts show it: six, nine or twelve digits.
    fn compared_region(&self, text: &str) -> Option<Say> {
        if self.regions.is_empty() {
            return None;
        }
        let shown = text.parse::<Region>().ok().map(|region| region.to_string());
        match shown {
            Some(shown) if self.has_region(&shown) => {
                (shown != text).then(|| not_listed(Naming::Region, text, Some(&shown)))
            }
            _ => {
                let shown = |code: &String| Some(code.parse::<Region>().ok()?.to_string());
                let mut codes: Vec<String> = self.regions.iter().filter_map(shown).collect();
                // Of two that are equally near the county is meant.
                codes.sort_by_key(|code| code.ends_with("00"));
                Some(not_listed(Naming::Region, text, nearest(text, codes.iter().map(String::as_str))))
            }
        }
    }
}

fn is_code(prefix: &str) -> bool {
    (1..=12).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_digit())
}

/// RL47
fn not_listed(naming: Naming, name: &str, near: Option<&str>) -> Say {
    let (zh, en) = match naming {
        Naming::Region => ("行政区划表中没有", "no table of regions lists"),
        Naming::Dept => ("事项表没有列出部门", "no item of the catalogue lists the department"),
        Naming::Item => ("事项表中没有事项", "the catalogue has no item"),
        Naming::Source => ("sources/ 中没有来源", "no file in sources/ is of the source"),
    };
    let (near_zh, near_en) = match near {
        Some(near) => (format!("，是否为 \"{near}\"？"), format!("; did you mean \"{near}\"?")),
        None => (String::new(), String::new()),
    };
    let (help_zh, help_en) = match naming {
        Naming::Region => {
            ("若名称无误，在 regions/ 的表中补上该行", "if the code is right, add its row to a table in regions/")
        }
        Naming::Dept => {
            ("若名称无误，写入事项表的 depts（办理部门）列", "if it is right, name it in the column depts of the items")
        }
        Naming::Item => ("若编码无误，在事项表中补上该事项", "if the code is right, add the item to the catalogue"),
        Naming::Source => (
            "若名称无误，在 sources/ 中为它建一个文件（可以为空）",
            "if it is right, make a file for it in sources/, which may be empty",
        ),
    };
    Say::new("RL47", format!("{zh} \"{name}\"{near_zh}"), format!("{en} \"{name}\"{near_en}"))
        .warning()
        .help(help_zh, help_en)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(codes: &[&str]) -> Listed {
        Listed { regions: codes.iter().map(|code| format!("{code:0<12}")).collect(), ..Listed::default() }
    }

    #[test]
    fn townships_are_held_against_the_table_only_where_it_lists_those_of_the_county() {
        let counties = listed(&["36", "3609", "360902", "360921"]);
        for known in ["3", "36", "3609", "360902", "360902000000", "360902001"] {
            assert!(counties.has_region(known), "{known}");
        }
        for unknown in ["63", "3690", "360903", "360903001"] {
            assert!(!counties.has_region(unknown), "{unknown}");
        }
        let townships = listed(&["360902", "360902001", "360921"]);
        assert!(townships.has_region("360902001") && townships.has_region("360921007"));
        assert!(!townships.has_region("360902002"));
    }

    #[test]
    fn a_region_is_compared_as_facts_show_it() {
        let counties = listed(&["36", "3609", "360902"]);
        assert!(counties.compared_region("360902").is_none());
        assert!(counties.compared_region("360902001").is_none());
        let say = |text| counties.compared_region(text).expect("a fault").text.en;
        assert_eq!(say("3609"), "no table of regions lists \"3609\"; did you mean \"360900\"?");
        assert_eq!(say("360920"), "no table of regions lists \"360920\"; did you mean \"360902\"?");
        assert_eq!(say("袁州区"), "no table of regions lists \"袁州区\"");
        assert!(Listed::default().compared_region("1").is_none(), "there is no table");
    }
}
