//! Ways to supervise, each twice: as the operator reads it from the files, and as the twin was told.
//!
//! Of the shipped rules these are the ones that the twin knows ([`twin::RULES`]).
//! The twin's side of a changed rule is a number handed to it, never the changed file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use facts::proof::Lang;
use facts::{Cause, Event, Moment, StandingLight};
use jiff::tz::TimeZone;
use rules::configuration::Configuration;
use rules::site::{self, Files};
use twin::random::Dice;
use twin::{TwinCalendar, TwinCatalogue, TwinProfile, TwinRules};

use super::world::Province;

/// One configuration.
pub(super) struct Regime {
    /// What is different from the shipped one.
    pub(super) name: &'static str,
    /// The cause with which a change to it is told.
    pub(super) cause: Cause,
    /// For the operator.
    pub(super) configuration: Arc<Configuration>,
    pub(super) calendar: TwinCalendar,
    catalogue: TwinCatalogue,
    delivery_days: i64,
    grace_hours: i64,
    /// A rule that is not in force.
    without: Option<&'static str>,
}

impl Regime {
    /// The twin's lights at `t` of one case whose offices lie in `place`, sorted.
    pub(super) fn lights(&self, known: &[(Event, Moment)], place: Province, t: Moment) -> Vec<StandingLight> {
        let profile = match place {
            Province::National => TwinProfile::National,
            Province::Hunan => TwinProfile::Hunan2018,
            Province::Both => match twin::owner(known, &self.catalogue, &self.calendar, t) {
                Some(owner) if owner.region.starts_with("43") => TwinProfile::Hunan2018,
                _ => TwinProfile::National,
            },
        };
        let rules = TwinRules { profile, delivery_days: self.delivery_days, grace_hours: self.grace_hours };
        let mut lights = twin::lights(known, &self.catalogue, &self.calendar, rules, t);
        lights.retain(|light| self.without.is_none_or(|rule| light.rule != rule));
        lights
    }
}

/// The shipped configuration.
pub(super) const SHIPPED: usize = 0;

/// The shipped configuration first, then what it may change to.
pub(super) fn regimes() -> Vec<Regime> {
    let holiday = "\n[[day]]\ndate = 2026-03-12\nname = \"临时放假\"\noff = true\n\n[[day]]\ndate = 2026-03-14\nname = \"调休\"\noff = false\n\n[[day]]\ndate = 2026-05-08\nname = \"临时放假\"\noff = true\n";
    let shipped = Draft::shipped();
    vec![
        shipped.clone().read("shipped", Cause::Rule),
        shipped.clone().add("calendars/cn/2026.toml", holiday).read("two days off, one made up", Cause::Calendar),
        shipped
            .clone()
            .replace("catalogue/items.csv", ",7wd,20wd,", ",4wd,15wd,")
            .replace("catalogue/items.csv", ",5wd,20wd,", ",8wd,20wd,")
            .replace("catalogue/fees.csv", "80.00,80.00", "10.00,10.00")
            .read("other promises and standards", Cause::Catalogue),
        Draft { delivery_days: 6, grace_hours: 48, without: Some("PS-07"), ..shipped }
            .replace("rules/overdue/acceptance.toml", "limit  = \"10wd\"", "limit  = \"6wd\"")
            .replace("rules/process/closing.toml", "grace  = \"24h\"", "grace  = \"48h\"")
            .drop_file("rules/process/people.toml")
            .read("two other limits, one rule gone", Cause::Rule),
    ]
}

/// The shipped configuration with edits drawn at random, for no twin: every shipped rule is in it.
pub(super) fn edited(dice: &mut Dice<'_>) -> Configuration {
    let mut draft = Draft::shipped();
    for (path, before, after) in EDITS {
        if dice.percent(25) {
            draft = draft.replace(path, before, after);
        }
    }
    if dice.percent(25) {
        draft = draft.drop_file("rules/process/people.toml");
    }
    draft.load("edited")
}

/// What may be edited: parts of items, of a source, of rules for all and of rules for some cases.
const EDITS: [(&str, &str, &str); 7] = [
    ("catalogue/items.csv", ",7wd,20wd,", ",4wd,15wd,"),
    ("catalogue/items.csv", ",5wd,20wd,", ",8wd,20wd,"),
    ("catalogue/fees.csv", "80.00,80.00", "10.00,10.00"),
    ("sources/example.toml", "5 = \"lapsed\"", "5 = \"other\""),
    ("rules/overdue/acceptance.toml", "limit  = \"10wd\"", "limit  = \"6wd\""),
    ("rules/overdue/case_limits.toml", "over >= 1", "over >= 2"),
    ("rules/process/closing.toml", "grace  = \"24h\"", "grace  = \"48h\""),
];

/// The files of a configuration, and what the twin must know beside them.
#[derive(Clone)]
struct Draft {
    files: Files,
    delivery_days: i64,
    grace_hours: i64,
    without: Option<&'static str>,
}

impl Draft {
    fn shipped() -> Draft {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
        let mut files = BTreeMap::new();
        let mut folders: Vec<PathBuf> = vec![config.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a shipped folder can be read") {
                let path = entry.expect("a shipped folder can be read").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let below = path.strip_prefix(&config).expect("it lies below the folder");
                let name = below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
                if site::is_part(&name) {
                    files.insert(name, fs::read(&path).expect("a shipped file can be read"));
                }
            }
        }
        Draft { files, delivery_days: 10, grace_hours: 24, without: None }
    }

    fn text(&self, path: &str) -> String {
        let bytes = self.files.get(path).unwrap_or_else(|| panic!("the project ships {path}"));
        String::from_utf8(bytes.clone()).expect("a shipped file is UTF-8")
    }

    fn add(mut self, path: &str, more: &str) -> Draft {
        let text = self.text(path) + more;
        self.files.insert(path.to_owned(), text.into_bytes());
        self
    }

    fn replace(mut self, path: &str, before: &str, after: &str) -> Draft {
        let text = self.text(path);
        assert!(text.contains(before), "{path} does not say {before}");
        self.files.insert(path.to_owned(), text.replace(before, after).into_bytes());
        self
    }

    fn drop_file(mut self, path: &str) -> Draft {
        self.files.remove(path).unwrap_or_else(|| panic!("the project ships {path}"));
        self
    }

    fn load(&self, name: &str) -> Configuration {
        let zone = TimeZone::get("Asia/Shanghai").expect("the zone is built in");
        let site = site::load(&self.files, &zone).unwrap_or_else(|faults| {
            let faults: Vec<String> = faults.iter().map(|fault| fault.render(Lang::En)).collect();
            panic!("{name}: {}", faults.join("\n"))
        });
        site.configuration
    }

    fn read(self, name: &'static str, cause: Cause) -> Regime {
        let zone = TimeZone::get("Asia/Shanghai").expect("the zone is built in");
        let mut configuration = self.load(name);
        let Configuration { profiles, rules, .. } = &mut configuration;
        for profile in profiles {
            profile.rules.retain(|rule| twin::RULES.contains(&rules[rule.0 as usize].id.as_str()));
            // The twin judges one case at a time.
            profile.groups.clear();
        }
        let years: Vec<String> = (2018..=2026).map(|year| self.text(&format!("calendars/cn/{year}.toml"))).collect();
        let years: Vec<&str> = years.iter().map(String::as_str).collect();
        let table = |name: &str| self.text(&format!("catalogue/{name}.csv"));
        Regime {
            name,
            cause,
            configuration: Arc::new(configuration),
            calendar: TwinCalendar::read(&years, zone),
            catalogue: TwinCatalogue::read(&table("items"), &table("stages"), &table("fees")),
            delivery_days: self.delivery_days,
            grace_hours: self.grace_hours,
            without: self.without,
        }
    }
}
