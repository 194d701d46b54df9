//! Rule files: `[[rule]]` tables, their parts and versions, before their keys are read.
//!
//! A part is the rule's keys, overridden by its own. What comes out is one table for each part,
//! in which every value still knows its place.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::faults::Faults;
use super::source::At;
use super::texts;
use super::tree::{Entry, Raw, Table, Tree};
use super::vocabulary::{SECTIONS, place_text};

/// One part of one version of one rule, as written.
#[derive(Clone, Debug)]
pub(crate) struct RawRule {
    /// Without the part.
    pub(crate) id: String,
    pub(crate) version: u32,
    pub(crate) part: Option<String>,
    /// Keys, without `id`, `version` and `part`.
    pub(crate) table: Table,
    /// The id, for faults of the rule as a whole.
    pub(crate) at: At,
}

impl RawRule {
    /// `XX-15`, or `XX-15.future` for a part.
    pub(crate) fn full_id(&self) -> String {
        match &self.part {
            Some(part) => format!("{}.{part}", self.id),
            None => self.id.clone(),
        }
    }

    /// Does `XX-05`, `XX-05@2`, `XX-15.future` or `XX-15.future@1` name this?
    pub(crate) fn named_by(&self, target: &str) -> bool {
        let (id, version) = match target.split_once('@') {
            Some((id, version)) => (id, Some(version)),
            None => (target, None),
        };
        let id_fits = id == self.id || id == self.full_id();
        id_fits && version.is_none_or(|version| version.parse() == Ok(self.version))
    }
}

/// Reads the rules of a file.
pub(crate) fn read(file: &Table, faults: &mut Faults<'_>) -> Vec<RawRule> {
    let mut allowed = vec!["rule"];
    allowed.extend(SECTIONS);
    if file.entries.is_empty() && is_blank(faults.sources().text(file.at.file)) {
        let name = faults.sources().name(file.at.file).to_owned();
        faults.add_file(&name, texts::empty_file());
    }
    // One fault for a rule without its heading, not one for each of its keys.
    let bare = |entry: &&Entry| {
        !allowed.contains(&entry.key.as_str()) && super::compile::key_names().any(|key| key == entry.key)
    };
    match file.entries.iter().find(bare) {
        Some(entry) => faults.add(entry.key_at, texts::no_rule_heading(&entry.key)),
        None => faults.unknown_keys(file, "file", &allowed),
    }
    let Some(entry) = file.get("rule") else { return Vec::new() };
    let Raw::List(rules) = &entry.value.value else {
        faults.add(
            entry.key_at,
            texts::wrong_value(
                "rule",
                ("[[rule]]（双方括号）", "[[rule]], with two brackets"),
                entry.value.value.kind(),
            ),
        );
        return Vec::new();
    };
    rules.iter().flat_map(|rule| parts(rule, faults)).collect()
}

/// Is there nothing but comments?
fn is_blank(text: &str) -> bool {
    text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
}

fn parts(tree: &Tree, faults: &mut Faults<'_>) -> Vec<RawRule> {
    let Some(table) = faults.table("rule", tree) else { return Vec::new() };
    let mut table = Table { at: tree.at, ..table.clone() };
    let id = faults.required(&table, "rule", "id").cloned();
    let id = id.and_then(|entry| Some((identifier("id", &entry.value, faults)?, entry.value.at)));
    let at = id.as_ref().map_or(tree.at, |(_, at)| *at);
    // A rule without a good id is checked all the same, under a name nothing can refer to.
    let id = id.map_or_else(|| "?".to_owned(), |(id, _)| id);
    table.remove("id");
    let version = match table.remove("version") {
        Some(entry) => faults.integer("version", &entry.value, 1).unwrap_or(1),
        None => 1,
    };
    table.at = at;
    let whole = |table, part| RawRule { id: id.clone(), version, part, table, at };
    let Some(parts) = table.remove("part") else { return vec![whole(table, None)] };
    let mut out = Vec::new();
    let mut seen: BTreeMap<String, At> = BTreeMap::new();
    for tree in faults.list("part", &parts.value).unwrap_or(&[]) {
        let Some(part) = faults.table("part", tree) else { continue };
        let mut part = Table { at: tree.at, ..part.clone() };
        let Some(name) = faults.required(&part, "part", "id").cloned() else { continue };
        let Some(id) = identifier("id", &name.value, faults) else { continue };
        if let Some(first) = seen.insert(id.clone(), name.value.at) {
            let first = place_text(first, faults);
            faults.add(name.value.at, texts::twice(("部分", "the part"), &id, Some(&first)));
            continue;
        }
        part.remove("id");
        let mut merged = overridden(&table, &part);
        merged.at = name.value.at;
        out.push(RawRule { at: name.value.at, ..whole(merged, Some(id)) });
    }
    out
}

/// `base` with the keys of `over`; a single `card` counts as a table of cards.
pub(crate) fn overridden(base: &Table, over: &Table) -> Table {
    let mut base = base.clone();
    if over.get("card").is_some() {
        base.remove("cards");
    } else if over.get("cards").is_some()
        && let Some(card) = base.remove("card")
        && let Raw::Text(level) = &card.value.value
    {
        let natural = Tree { value: Raw::Table(Table { entries: Vec::new(), at: card.value.at }), at: card.value.at };
        let entry = super::tree::Entry { key: level.clone(), key_at: card.value.at, value: natural };
        let cards = Tree { value: Raw::Table(Table { entries: vec![entry], at: card.value.at }), at: card.value.at };
        base.entries.push(super::tree::Entry { key: "cards".to_owned(), key_at: card.key_at, value: cards });
    }
    base.merged(over)
}

fn identifier(key: &str, tree: &Tree, faults: &mut Faults<'_>) -> Option<String> {
    let text = faults.text(key, tree)?;
    let fine = !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !fine {
        let say = texts::syntax(
            format!("{key} 须为 1 至 64 个字母、数字、\"-\" 或 \"_\""),
            format!("{key} must be 1 to 64 letters, digits, \"-\" or \"_\""),
        );
        faults.add(tree.at, say);
    }
    fine.then(|| text.to_owned())
}

/// Versions of one id must be different and tile the dates of their cases.
pub(crate) fn check_versions(rules: &[RawRule], faults: &mut Faults<'_>) {
    let mut by_id: BTreeMap<(&str, Option<&str>), Vec<&RawRule>> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.id != "?") {
        by_id.entry((&rule.id, rule.part.as_deref())).or_default().push(rule);
    }
    for versions in by_id.values_mut() {
        versions.sort_by_key(|rule| rule.version);
        for pair in versions.windows(2) {
            if pair[0].version == pair[1].version {
                let first = place_text(pair[0].at, faults);
                let name = format!("{}@{}", pair[1].full_id(), pair[1].version);
                faults.add(pair[1].at, texts::twice(("规则", "the rule"), &name, Some(&first)));
            } else {
                check_pair(pair[0], pair[1], faults);
            }
        }
    }
}

fn check_pair(first: &RawRule, second: &RawRule, faults: &mut Faults<'_>) {
    let (until, from) = (in_force(first, "until"), in_force(second, "from"));
    let at = second.table.get("in_force").map_or(second.at, |entry| entry.value.at);
    let say =
        |gap, day: String| texts::versions_do_not_tile(&first.full_id(), first.version, second.version, gap, &day);
    match (until, from) {
        (Some(until), Some(from)) if until < from => {
            if second.table.get("gap_before").is_none() {
                faults.add(at, say(true, until.to_string()));
            }
        }
        (Some(until), Some(from)) if until == from => {}
        (_, Some(from)) => faults.add(at, say(false, from.to_string())),
        (_, None) => faults.add(at, say(false, "…".to_owned())),
    }
}

fn in_force(rule: &RawRule, key: &str) -> Option<Date> {
    let Raw::Table(table) = &rule.table.get("in_force")?.value.value else { return None };
    match table.get(key)?.value.value {
        Raw::Date(date) => Some(date),
        _ => None,
    }
}
