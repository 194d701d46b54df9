//! Which cases a rule reaches: `applies_to` and `in_force`.

use compact_str::CompactString;
use facts::Level;

use super::Compiler;
use crate::language::keys;
use crate::language::source::At;
use crate::language::texts;
use crate::language::types::{CASE_TYPES, LEVELS, Seat};
use crate::rule::{InForce, InForceBy, Scope};

impl Compiler<'_, '_, '_> {
    pub(super) fn scope(&mut self) -> Scope {
        let Some(tree) = self.tree("applies_to") else { return Scope::default() };
        let Some(table) = self.checker.faults.table("applies_to", tree) else { return Scope::default() };
        self.checker.faults.unknown_keys(table, "applies_to", keys::APPLIES_TO);
        let mut listed = |key: &str| -> Vec<(CompactString, At)> {
            let Some(entry) = table.get(key) else { return Vec::new() };
            let texts = self.checker.faults.texts(key, &entry.value);
            if texts.is_empty()
                && matches!(&entry.value.value, crate::language::tree::Raw::List(list) if list.is_empty())
            {
                let say = crate::language::faults::Say::new(
                    "RL27",
                    format!("{key} 为空列表"),
                    format!("{key} is an empty list"),
                )
                .help("不限则删去该参数", "to reach all, leave the key out");
                self.checker.faults.add(entry.value.at, say);
            }
            texts.into_iter().map(|(text, at)| (text.into(), at)).collect()
        };
        let levels = listed("levels");
        let (regions, depts, items) = (listed("regions"), listed("depts"), listed("items"));
        let (item_types, case_types) = (listed("item_types"), listed("case_types"));
        let condition = table
            .get("where")
            .and_then(|entry| self.checker.condition("where", &entry.value, &Seat { case: true, ..Seat::default() }));
        for (region, at) in &regions {
            if region.is_empty() || region.len() > 12 || !region.bytes().all(|byte| byte.is_ascii_digit()) {
                let say = texts::syntax(
                    format!("\"{region}\" 不是行政区划代码的前几位"),
                    format!("\"{region}\" is no beginning of a region code"),
                );
                self.checker.faults.add(*at, say);
            }
        }
        for (item, at) in &items {
            let inner = item.strip_prefix('*').unwrap_or(item);
            let inner = inner.strip_suffix('*').unwrap_or(inner);
            if inner.contains('*') || item.is_empty() {
                let say = texts::syntax(
                    "事项编码中 * 只能在开头或结尾",
                    "in item codes * stands only at the beginning or the end",
                );
                self.checker.faults.add(*at, say);
            }
        }
        for (case_type, at) in &case_types {
            if !CASE_TYPES.contains(&case_type.as_str()) {
                self.checker.faults.add(*at, texts::never_that_value("case_type", case_type, CASE_TYPES));
            }
        }
        let levels = levels.into_iter().filter_map(|(level, at)| {
            let found = Level::from_token(&level);
            if found.is_none() {
                self.checker.faults.add(at, texts::never_that_value("level", &level, LEVELS));
            }
            found
        });
        let plain = |texts: Vec<(CompactString, At)>| texts.into_iter().map(|(text, _)| text).collect();
        Scope {
            levels: levels.collect(),
            regions: plain(regions),
            depts: plain(depts),
            items: plain(items),
            item_types: plain(item_types),
            case_types: plain(case_types),
            condition,
        }
    }

    pub(super) fn in_force(&mut self) -> InForce {
        let Some(tree) = self.tree("in_force") else { return InForce::default() };
        let Some(table) = self.checker.faults.table("in_force", tree) else { return InForce::default() };
        self.checker.faults.unknown_keys(table, "in_force", keys::IN_FORCE);
        let by = [("accepted", InForceBy::Accepted), ("submitted", InForceBy::Submitted), ("first", InForceBy::First)];
        let by = table.get("by").and_then(|entry| self.checker.faults.one_of("by", &entry.value, &by));
        let mut date = |key: &str| table.get(key).and_then(|entry| self.checker.faults.date(key, &entry.value));
        let (from, until) = (date("from"), date("until"));
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            let say = texts::not_together("until 须晚于 from", "`until` must lie after `from`");
            self.checker.faults.add(tree.at, say);
        }
        InForce { by: by.unwrap_or_default(), from, until }
    }
}
