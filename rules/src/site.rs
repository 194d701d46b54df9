//! A configuration folder as one checked set: rules, catalogue, calendars, code maps.
//!
//! Files come in as bytes by their path below `config/`; a set is refused with all its faults. The
//! hash names the set: SHA-256 over the files that a light can depend on.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use facts::digest::hex;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::configuration::Configuration;
use crate::fault::{Fault, Place, Severity};
use crate::language;
use crate::rule::{Rule, Status};
use crate::tables;
use crate::working_calendar::WorkingCalendar;

/// The files of a configuration folder, by path below it, with `/`.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Office hours where the folder has none (semantics 28).
const OFFICE_HOURS: &str = "[[office_hours]]\nfrom = 1990-01-01\nperiods = [\"08:30-12:00\", \"13:30-18:00\"]\n";

/// Folders whose files a light can depend on.
const FOLDERS: &[&str] = &["rules/", "profiles/", "catalogue/", "calendars/", "sources/", "regions/"];

/// A loaded set, and what should be looked at.
#[derive(Debug)]
pub struct Site {
    /// The set.
    pub configuration: Configuration,
    /// Warnings.
    pub warnings: Vec<Fault>,
}

/// Does a light depend on this file? Not on hidden ones and copies, which editors leave behind.
#[must_use]
pub fn is_part(path: &str) -> bool {
    // What editors and mounts leave beside the files.
    let left_behind = path.ends_with('~') || path.split('/').any(|part| part.starts_with('.'));
    let in_folder = || FOLDERS.iter().any(|folder| path.starts_with(folder));
    let named = path == "vocabulary.toml" || path == tables::silence::FILE;
    named || in_folder() && !path.ends_with(".cases.toml") && !left_behind
}

/// Loads a folder. `zone` is the site's: the digest's days begin in it, and profiles may name another.
///
/// # Errors
/// Every fault of every file, warnings included, when one of them is an error.
pub fn load(files: &Files, zone: &TimeZone) -> Result<Site, Vec<Fault>> {
    let mut tables = tables::load(files);
    let mut faults = std::mem::take(&mut tables.faults);
    let loaded = language::load(files, Some(&tables)).map_err(|found| faults.extend(found)).ok();
    let mut configuration = loaded.map(|loaded| {
        faults.extend(loaded.warnings);
        Configuration {
            hash: hash(files),
            zone: zone.clone(),
            rules: loaded.rules,
            manual: loaded.manual,
            profiles: loaded.profiles,
            catalogue: tables.catalogue,
            calendars: BTreeMap::new(),
            clocks: loaded.clocks,
            activities: loaded.activities,
            sources: tables.sources,
            silence: tables.silence,
            regions: tables.regions,
        }
    });
    if let Some(configuration) = &mut configuration {
        faults.extend(taken_id(configuration));
        faults.extend(calendars(files, configuration));
        let asks = |rule: &Rule| rule.status != Status::Off && rule.reads.reads_catalogue();
        if !configuration.rules.iter().any(asks) {
            let unasked = tables::catalogue::no_catalogue();
            faults.retain(|fault| *fault != unasked);
        }
    } else {
        faults.extend(calendar(files, "cn", zone).err().unwrap_or_default());
    }
    faults.sort_by(Fault::in_order);
    match configuration {
        Some(configuration) if faults.iter().all(|fault| fault.severity == Severity::Warning) => {
            Ok(Site { configuration, warnings: faults })
        }
        _ => Err(faults),
    }
}

/// A rule's id is permanent, and one: the light of a silent source shares none with a rule about cases.
fn taken_id(configuration: &Configuration) -> Option<Fault> {
    let silence = configuration.silence.as_ref()?;
    configuration.rules.iter().any(|rule| rule.id == silence.id).then(|| {
        let (zh, en) = (format!("规则编号 {} 已被使用", silence.id), format!("the id {} is a rule's", silence.id));
        Fault::error(tables::silence::FILE, None, "SI03", zh, en)
    })
}

/// Gives every rule its calendar in its profile's zone.
fn calendars(files: &Files, configuration: &mut Configuration) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut failed: BTreeSet<CompactString> = BTreeSet::new();
    let Configuration { rules, profiles, calendars, .. } = configuration;
    for profile in profiles.iter() {
        let zone_name = profile.zone.iana_name().unwrap_or("UTC");
        for index in profile.rules.iter().chain(&profile.shadow).chain(&profile.groups) {
            let rule = &mut rules[index.0 as usize];
            let key: CompactString = format!("{}/{zone_name}", rule.calendar).into();
            if !calendars.contains_key(&key) && failed.insert(key.clone()) {
                match calendar(files, &rule.calendar, &profile.zone) {
                    Ok(calendar) => {
                        calendars.insert(key.clone(), calendar);
                    }
                    Err(found) => faults.extend(found),
                }
            }
            rule.calendar = key;
        }
    }
    faults.dedup();
    faults
}

/// The calendar `calendars/<id>/<year>.toml` with its office hours, or the folder's, or the default ones.
fn calendar(files: &Files, id: &str, zone: &TimeZone) -> Result<WorkingCalendar, Vec<Fault>> {
    let folder = format!("calendars/{id}/");
    let own_hours = format!("{folder}office-hours.toml");
    let mut faults = Vec::new();
    let mut text = |path: &str| -> Option<String> {
        let bytes = files.get(path)?;
        let text = String::from_utf8(bytes.clone()).ok();
        if text.is_none() {
            let (zh, en) = ("文件不是 UTF-8 编码".to_owned(), "the file is not UTF-8".to_owned());
            faults.push(Fault::error(path, None, "CA01", zh, en));
        }
        text
    };
    let years: Vec<(String, String)> = files
        .keys()
        .filter(|path| path.starts_with(&folder) && path.ends_with(".toml") && **path != own_hours)
        .filter_map(|path| Some((path.clone(), text(path)?)))
        .collect();
    let hours_file = if files.contains_key(&own_hours) { own_hours } else { "calendars/office-hours.toml".to_owned() };
    let hours = text(&hours_file).unwrap_or_else(|| OFFICE_HOURS.to_owned());
    let years: Vec<(&str, &str)> = years.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    let read = WorkingCalendar::read(id, zone, &years, (&hours_file, &hours));
    let read = read.map_err(|found| found.into_iter().map(|fault| of_calendar(fault, files)).collect::<Vec<_>>());
    match read {
        Ok(calendar) if faults.is_empty() => Ok(calendar),
        Ok(_) => Err(faults),
        Err(found) => Err(faults.into_iter().chain(found).collect()),
    }
}

fn of_calendar(fault: crate::working_calendar::Fault, files: &Files) -> Fault {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let place = Place { line: count(fault.line), column: count(fault.column), width: 0 };
    let source = files.get(&fault.file).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let line = source.and_then(|text| text.lines().nth(fault.line.saturating_sub(1))).map(str::to_owned);
    Fault { source: line, ..Fault::error(&fault.file, Some(place), fault.code, fault.zh, fault.en) }
}

/// SHA-256 over (path, length, bytes) of the files that a light can depend on, hex.
fn hash(files: &Files) -> String {
    let mut hasher = Sha256::new();
    for (path, bytes) in files.iter().filter(|(path, _)| is_part(path)) {
        hasher.update(format!("{path}\t{}\n", bytes.len()));
        hasher.update(bytes);
    }
    hex(&hasher.finalize())
}
