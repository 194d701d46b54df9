//! Profiles: the rules as they apply in a region. A profile chooses counting, zone, calendar and
//! lights, and overrides rules by id; it never changes what a rule watches.

use std::collections::BTreeMap;

use compact_str::CompactString;
use facts::Light;
use jiff::tz::TimeZone;

use super::compile::{COUNTINGS, Defaults, FAMILIES};
use super::faults::Faults;
use super::keys;
use super::rule_file::{RawRule, overridden};
use super::source::At;
use super::texts;
use super::tree::{Raw, Table, Tree};
use super::vocabulary::{ListValue, Vocabulary, list_value, place_text};
use crate::counting::Counting;
use crate::rule::Family;

/// Keys that an override may have.
pub(crate) const OVERRIDABLE: &[&str] = &[
    "status",
    "issue",
    "cards",
    "limit",
    "params",
    "counting",
    "calendar",
    "roll",
    "ends",
    "grace",
    "clears",
    "message",
    "applies_to",
];

/// A profile as written.
#[derive(Debug)]
pub(crate) struct RawProfile {
    pub(crate) id: String,
    at: At,
    extends: Option<(String, At)>,
    pub(crate) regions: Vec<(CompactString, At)>,
    pub(crate) default: bool,
    counting: Option<Counting>,
    zone: Option<TimeZone>,
    calendar: Option<CompactString>,
    held: BTreeMap<Family, bool>,
    lights: [Option<Light>; 3],
    lists: BTreeMap<String, (ListValue, At)>,
    overrides: Vec<Override>,
}

#[derive(Debug)]
struct Override {
    target: String,
    at: At,
    /// Without `why`.
    table: Table,
}

/// A profile with everything it takes from those it extends.
#[derive(Debug)]
pub(crate) struct Resolved<'p> {
    pub(crate) id: String,
    pub(crate) regions: Vec<CompactString>,
    pub(crate) default: bool,
    pub(crate) zone: TimeZone,
    pub(crate) defaults: Defaults,
    pub(crate) lists: BTreeMap<String, ListValue>,
    /// From the root of `extends` on.
    overrides: Vec<&'p Override>,
}

/// Reads a profile file.
pub(crate) fn read(file: &Table, faults: &mut Faults<'_>) -> Option<RawProfile> {
    faults.unknown_keys(file, "profile", keys::PROFILE);
    let id = faults.required(file, "profile", "id");
    let id = id.and_then(|entry| Some((faults.text("id", &entry.value)?.to_owned(), entry.value.at)));
    let extends = file.get("extends");
    let extends = extends.and_then(|entry| Some((faults.text("extends", &entry.value)?.to_owned(), entry.value.at)));
    let regions = file.get("regions").map(|entry| faults.texts("regions", &entry.value)).unwrap_or_default();
    let default = file.get("default").and_then(|entry| faults.flag("default", &entry.value)).unwrap_or(false);
    let (id, at) = id?;
    let mut profile = RawProfile {
        id,
        at,
        extends,
        regions: regions.into_iter().map(|(text, at)| (text.into(), at)).collect(),
        default,
        counting: None,
        zone: None,
        calendar: None,
        held: BTreeMap::new(),
        lights: [None; 3],
        lists: BTreeMap::new(),
        overrides: Vec::new(),
    };
    for (region, at) in &profile.regions {
        if region.is_empty() || region.len() > 12 || !region.bytes().all(|byte| byte.is_ascii_digit()) {
            let say = texts::syntax(
                format!("\"{region}\" 不是行政区划代码的前几位"),
                format!("\"{region}\" is no beginning of a region code"),
            );
            faults.add(*at, say);
        }
    }
    if let Some(table) = file.get("defaults").and_then(|entry| faults.table("defaults", &entry.value)) {
        profile.read_defaults(table, faults);
    }
    if let Some(table) = file.get("lists").and_then(|entry| faults.table("lists", &entry.value)) {
        for entry in &table.entries {
            if let Some(list) = list_value(&entry.key, &entry.value, faults) {
                profile.lists.insert(entry.key.clone(), (list, entry.key_at));
            }
        }
    }
    if let Some(table) = file.get("rules").and_then(|entry| faults.table("rules", &entry.value)) {
        for entry in &table.entries {
            if let Some(table) = faults.table(&entry.key, &entry.value) {
                let table = checked_override(table, entry.key_at, faults);
                profile.overrides.push(Override { target: entry.key.clone(), at: entry.key_at, table });
            }
        }
    }
    Some(profile)
}

fn checked_override(table: &Table, at: At, faults: &mut Faults<'_>) -> Table {
    let mut table = Table { at, ..table.clone() };
    match table.remove("why") {
        Some(why) => {
            faults.text("why", &why.value);
        }
        None => faults.add(at, texts::missing_key("rules", "why")),
    }
    for entry in &table.entries {
        if !OVERRIDABLE.contains(&entry.key.as_str()) {
            faults.add(entry.key_at, texts::override_key(&entry.key, OVERRIDABLE));
        }
    }
    table.entries.retain(|entry| OVERRIDABLE.contains(&entry.key.as_str()));
    table
}

impl RawProfile {
    fn read_defaults(&mut self, table: &Table, faults: &mut Faults<'_>) {
        faults.unknown_keys(table, "defaults", keys::DEFAULTS);
        self.counting = table.get("counting").and_then(|entry| faults.one_of("counting", &entry.value, &COUNTINGS));
        self.zone = table.get("zone").and_then(|entry| zone(&entry.value, faults));
        let calendar = table.get("calendar").and_then(|entry| faults.text("calendar", &entry.value));
        self.calendar = calendar.map(CompactString::from);
        if let Some(issue) = table.get("issue").and_then(|entry| faults.table("issue", &entry.value)) {
            for entry in &issue.entries {
                let Some((_, family)) = FAMILIES.iter().find(|(name, _)| *name == entry.key) else {
                    let names = FAMILIES.map(|(name, _)| name);
                    faults.add(entry.key_at, texts::unknown_key("issue", &entry.key, &names));
                    continue;
                };
                let held = faults.one_of(&entry.key, &entry.value, &[("auto", false), ("confirm", true)]);
                self.held.extend(held.map(|held| (*family, held)));
            }
        }
        if let Some(lights) = table.get("lights").and_then(|entry| faults.table("lights", &entry.value)) {
            faults.unknown_keys(lights, "lights", keys::LEVELS);
            let colours = [("green", Light::Green), ("yellow", Light::Yellow), ("red", Light::Red)];
            for (place, card) in ["warning", "yellow", "red"].into_iter().enumerate() {
                let entry = lights.get(card);
                self.lights[place] = entry.and_then(|entry| faults.one_of(card, &entry.value, &colours));
            }
        }
    }
}

fn zone(tree: &Tree, faults: &mut Faults<'_>) -> Option<TimeZone> {
    let name = faults.text("zone", tree)?;
    let found = TimeZone::get(name).ok();
    if found.is_none() {
        let say = texts::profile(format!("没有名为 \"{name}\" 的时区"), format!("there is no time zone \"{name}\""))
            .help("写 IANA 名称，如 \"Asia/Shanghai\"", "write an IANA name such as \"Asia/Shanghai\"");
        faults.add(tree.at, say);
    }
    found
}

/// Every profile with what it takes from those it extends; checks default, prefixes and targets.
pub(crate) fn resolve<'p>(
    profiles: &'p [RawProfile],
    vocabulary: &Vocabulary,
    rules: &[RawRule],
    faults: &mut Faults<'_>,
) -> Vec<Resolved<'p>> {
    check_ids(profiles, faults);
    check_default(profiles, faults);
    check_prefixes(profiles, faults);
    for profile in profiles {
        check_lists(profile, vocabulary, faults);
        check_targets(profile, rules, faults);
    }
    profiles.iter().map(|profile| merged(profile, &chain(profile, profiles, faults), vocabulary)).collect()
}

/// The profile and those it extends, from the root on; up to a name that is not there.
fn chain<'p>(profile: &'p RawProfile, profiles: &'p [RawProfile], faults: &mut Faults<'_>) -> Vec<&'p RawProfile> {
    let mut chain = vec![profile];
    let mut last = profile;
    while let Some((name, at)) = &last.extends {
        let Some(next) = profiles.iter().find(|profile| profile.id == *name) else {
            let known: Vec<&str> = profiles.iter().map(|profile| profile.id.as_str()).collect();
            faults.add(*at, texts::unknown_name(("配置", "profile"), name, &known));
            break;
        };
        if chain.iter().any(|seen| seen.id == next.id) {
            faults.add(*at, texts::profile("extends 绕回自身", "`extends` goes in a circle"));
            break;
        }
        chain.push(next);
        last = next;
    }
    chain.reverse();
    chain
}

fn merged<'p>(profile: &'p RawProfile, chain: &[&'p RawProfile], vocabulary: &Vocabulary) -> Resolved<'p> {
    fn last<T>(chain: &[&RawProfile], pick: impl Fn(&RawProfile) -> Option<T>) -> Option<T> {
        chain.iter().rev().find_map(|profile| pick(profile))
    }
    let light = |place: usize, default| last(chain, |profile| profile.lights[place]).unwrap_or(default);
    let held = |family: &Family| last(chain, |profile| profile.held.get(family).copied()).unwrap_or(false);
    let defaults = Defaults {
        profile: profile.id.clone(),
        counting: last(chain, |profile| profile.counting).unwrap_or(Counting::Legal),
        calendar: last(chain, |profile| profile.calendar.clone()).unwrap_or_else(|| "cn".into()),
        held: FAMILIES.iter().map(|(_, family)| *family).filter(held).collect(),
        warning: light(0, Light::Yellow),
        yellow: light(1, Light::Yellow),
        red: light(2, Light::Red),
    };
    let mut lists = vocabulary.lists.clone();
    for profile in chain {
        lists.extend(profile.lists.iter().map(|(name, (list, _))| (name.clone(), list.clone())));
    }
    Resolved {
        id: profile.id.clone(),
        regions: profile.regions.iter().map(|(region, _)| region.clone()).collect(),
        default: profile.default,
        zone: last(chain, |profile| profile.zone.clone()).unwrap_or_else(site_zone),
        defaults,
        lists,
        overrides: chain.iter().flat_map(|profile| &profile.overrides).collect(),
    }
}

/// The zone where no profile names one.
fn site_zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").expect("the zone data that is built in has Asia/Shanghai")
}

fn check_ids(profiles: &[RawProfile], faults: &mut Faults<'_>) {
    for (place, profile) in profiles.iter().enumerate() {
        let fine = !profile.id.is_empty()
            && profile.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !fine {
            faults.add(
                profile.at,
                texts::profile(
                    "id 须由字母、数字、\"-\"、\"_\" 组成",
                    "the id must be letters, digits, \"-\" or \"_\"",
                ),
            );
        }
        if let Some(first) = profiles[..place].iter().find(|first| first.id == profile.id) {
            let first = place_text(first.at, faults);
            faults.add(profile.at, texts::twice(("配置", "the profile"), &profile.id, Some(&first)));
        }
    }
}

fn check_default(profiles: &[RawProfile], faults: &mut Faults<'_>) {
    let mut defaults = profiles.iter().filter(|profile| profile.default);
    match (defaults.next(), defaults.next()) {
        (Some(first), Some(second)) => {
            let say = texts::profile(
                format!("{} 与 {} 都是 default = true", first.id, second.id),
                format!("{} and {} both say default = true", first.id, second.id),
            );
            faults.add(second.at, say);
        }
        (None, _) => {
            let say = texts::profile("没有 default = true 的配置", "no profile says default = true").help(
                "在 profiles/ 的一个文件中写 default = true，它用于没有其他配置的地区",
                "write default = true in one file of profiles/; it serves the regions that have no other",
            );
            faults.add_file("profiles", say);
        }
        _ => {}
    }
}

fn check_prefixes(profiles: &[RawProfile], faults: &mut Faults<'_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for profile in profiles {
        for (region, at) in &profile.regions {
            if let Some(first) = seen.insert(region, &profile.id) {
                let say = texts::profile(
                    format!("地区 {region} 已属于 {first}"),
                    format!("the region {region} already belongs to {first}"),
                );
                faults.add(*at, say);
            }
        }
    }
}

fn check_lists(profile: &RawProfile, vocabulary: &Vocabulary, faults: &mut Faults<'_>) {
    for (name, (list, at)) in &profile.lists {
        match vocabulary.lists.get(name) {
            Some(declared) if declared.of == list.of || declared.members.is_empty() || list.members.is_empty() => {}
            Some(_) => {
                let say = texts::wrong_type(
                    format!("列表 {name} 的成员与原定义不同类"),
                    format!("members of the list {name} have another type than declared"),
                );
                faults.add(*at, say);
            }
            None => {
                let known: Vec<&str> = vocabulary.lists.keys().map(String::as_str).collect();
                faults.add(*at, texts::unknown_name(("列表", "list"), name, &known));
            }
        }
    }
}

fn check_targets(profile: &RawProfile, rules: &[RawRule], faults: &mut Faults<'_>) {
    for over in &profile.overrides {
        if rules.iter().any(|rule| rule.named_by(&over.target) && super::compile::is_manual(rule)) {
            let say = texts::not_together(
                format!("{} 由人判断（manual），没有可改的参数", over.target),
                format!("{} is judged by people (manual), there is nothing to override", over.target),
            );
            faults.add(over.at, say);
            continue;
        }
        if !rules.iter().any(|rule| rule.named_by(&over.target)) {
            let ids: Vec<String> = rules.iter().map(RawRule::full_id).collect();
            let mut known: Vec<&str> = ids.iter().map(String::as_str).collect();
            known.sort_unstable();
            known.dedup();
            faults.add(over.at, texts::unknown_name(("规则", "rule"), &over.target, &known));
        }
    }
}

impl Resolved<'_> {
    /// The rule with this profile's overrides in place.
    pub(crate) fn applied(&self, rule: &RawRule, faults: &mut Faults<'_>) -> RawRule {
        let mut out = rule.clone();
        for over in self.overrides.iter().filter(|over| rule.named_by(&over.target)) {
            check_narrower(&out.table, &over.table, faults);
            let at = out.table.at;
            out.table = overridden(&out.table, &over.table);
            out.table.at = at;
        }
        out
    }
}

/// An override may only narrow what a rule applies to.
fn check_narrower(base: &Table, over: &Table, faults: &mut Faults<'_>) {
    let scope = |table: &'_ Table| match table.get("applies_to").map(|entry| entry.value.value.clone()) {
        Some(Raw::Table(table)) => Some(table),
        _ => None,
    };
    let (Some(base), Some(over)) = (scope(base), scope(over)) else { return };
    for entry in &over.entries {
        let Some(before) = base.get(&entry.key) else { continue };
        let narrower = match (&before.value.value, &entry.value.value) {
            (Raw::List(before), Raw::List(after)) => {
                after.iter().all(|new| before.iter().any(|old| covers(&entry.key, &old.value, &new.value)))
            }
            _ => false,
        };
        if !narrower {
            faults.add(entry.key_at, texts::override_widens(&entry.key));
        }
    }
}

fn covers(key: &str, old: &Raw, new: &Raw) -> bool {
    let (Raw::Text(old), Raw::Text(new)) = (old, new) else { return false };
    match key {
        "regions" | "depts" => new.starts_with(old.as_str()),
        "items" => old == new || super::lints::glob(old, new),
        _ => old == new,
    }
}
