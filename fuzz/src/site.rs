//! What analysts write: rules, conditions, scenarios, tables, calendars.
//!
//! Each piece comes into a small site that is good without it. A set is refused with faults that name
//! their file, or it judges a dozen facts about two cases without a panic.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use facts::proof::Lang;
use facts::{Event, Moment, line};
use jiff::tz::TimeZone;
use rules::scenario::{ScenarioFile, lights_at};
use rules::site::{self, Files};

/// The small site that every piece comes into.
static BASE: LazyLock<Files> = LazyLock::new(|| {
    let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
    BTreeMap::from([
        file("vocabulary.toml", include_str!("../site/vocabulary.toml")),
        file("profiles/national.toml", include_str!("../site/profiles/national.toml")),
        file("calendars/office-hours.toml", include_str!("../site/calendars/office-hours.toml")),
        file("calendars/cn/2026.toml", include_str!("../site/calendars/cn/2026.toml")),
        file("catalogue/items.csv", include_str!("../site/catalogue/items.csv")),
        file("catalogue/stages.csv", include_str!("../site/catalogue/stages.csv")),
        file("catalogue/fees.csv", include_str!("../site/catalogue/fees.csv")),
        file("catalogue/procedures.csv", include_str!("../site/catalogue/procedures.csv")),
        file("regions/yichun.csv", include_str!("../site/regions/yichun.csv")),
        file("sources/window.toml", include_str!("../site/sources/window.toml")),
        file("rules/condition.toml", &CONDITION_RULE.replace(CONDITION_PLACE, "true")),
    ])
});
/// A rule with a place for a condition.
const CONDITION_RULE: &str = include_str!("../site/rules/condition.toml");
const CONDITION_PLACE: &str = "@CONDITION@";

static ZONE: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Asia/Shanghai").expect("the zone is built in"));

/// The facts that a good set judges, each with its arrival.
static FACTS: LazyLock<Vec<(Moment, Event)>> = LazyLock::new(|| {
    let read = |text: &str| line::read(text.as_bytes(), None).unwrap_or_else(|fault| panic!("{text}: {fault}")).event;
    let events = include_str!("../site/events.ndjson").lines().map(read);
    events.map(|event| (event.arrived.unwrap_or_else(|| event.at.moment(&ZONE)), event)).collect()
});

/// A rule file.
pub fn rule_file(bytes: &[u8]) {
    load_with("rules/overdue/own.toml", bytes.to_vec());
}

/// A condition, in a rule that is good but for it.
pub fn condition(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    load_with("rules/condition.toml", CONDITION_RULE.replace(CONDITION_PLACE, text).into_bytes());
}

/// Any other text file of a site: its path on the first line, its content below.
pub fn table(bytes: &[u8]) {
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let Ok(path) = std::str::from_utf8(&bytes[..end]) else { return };
    load_with(path, bytes.get(end + 1..).unwrap_or_default().to_vec());
}

/// A workbook in the place of the catalogue's items.
pub fn workbook(bytes: &[u8]) {
    let mut files = BASE.clone();
    files.remove("catalogue/items.csv");
    files.insert("catalogue/items.xlsx".to_owned(), bytes.to_vec());
    load(&files);
}

/// A scenario file, run against the small site.
pub fn scenario(bytes: &[u8]) {
    static SITE: LazyLock<rules::configuration::Configuration> =
        LazyLock::new(|| site::load(&BASE, &ZONE).expect("the small site is good").configuration);
    if let Ok(file) = ScenarioFile::parse("own.cases.toml", bytes) {
        let unknown = file.unknown_rules("own.cases.toml", bytes, &SITE);
        assert!(unknown.iter().all(|fault| !fault.render(Lang::En).is_empty()));
        assert!(file.failures(&SITE).iter().all(|failure| !failure.en.is_empty()));
    }
}

fn load_with(path: &str, bytes: Vec<u8>) {
    let mut files = BASE.clone();
    files.insert(path.to_owned(), bytes);
    load(&files);
}

/// Loads a set: faults can be printed and say something, a good set judges.
fn load(files: &Files) {
    match site::load(files, &ZONE) {
        Ok(site) => {
            for now in ["2026-03-05T18:00:00+08:00", "2026-04-21T09:00:00+08:00", "2030-01-01T00:00:00Z"] {
                let lights = lights_at(&FACTS, &site.configuration, now.parse().expect("an instant"));
                assert!(lights.iter().all(|light| !light.rule.is_empty()));
            }
        }
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a fault");
            for fault in faults {
                assert!(!fault.file.is_empty() && !fault.text.zh.is_empty() && !fault.text.en.is_empty(), "{fault:?}");
                assert!(!fault.render(Lang::Zh).is_empty());
                assert!(!fault.render(Lang::En).is_empty());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_site_is_good_and_lights_a_case() {
        let site = site::load(&BASE, &ZONE).expect("a good site");
        let end = "2030-01-01T00:00:00Z".parse().expect("an instant");
        assert!(!lights_at(&FACTS, &site.configuration, end).is_empty());
    }
}
