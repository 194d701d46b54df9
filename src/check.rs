//! `watchlight check`: the configuration folder is read as the service would read it, and every fault is printed.
//!
//! Nothing is started and the network is not touched. Faults go to standard output in the language asked for, the
//! settings' first, then by file and place; a closing line tells what was found. Warnings leave the exit code at 0.

use std::path::Path;

use facts::proof::Lang;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rules::configuration::Configuration;
use rules::fault::{Fault, Place, Severity};
use rules::scenario::ScenarioFile;
use rules::site::{self, Site};

use crate::cli::{CheckArgs, Exit, Language};
use crate::clock::Reading;
use crate::config_folder;
use crate::settings::{self, SettingsError, Sources};
use crate::terminal::say;

/// The code of faults of settings; their words say the rest.
const SETTING: &str = "ST01";
/// How the names of scenario files end.
pub(crate) const SCENARIO_ENDING: &str = ".cases.toml";

/// Checks the configuration of `args` and prints what is wrong with it.
///
/// # Errors
/// When the folder is missing or a file in it cannot be read.
pub(crate) fn run(args: &CheckArgs, language: Language) -> anyhow::Result<Exit> {
    let (folder, lang) = (args.config.folder.as_path(), language.into());
    let (zone, mut faults) = match settings::load(&Sources::of_process(folder, Vec::new())) {
        Ok(settings) => (settings.zone, Vec::new()),
        // The other files can be read without the settings: no fault of theirs depends on the site's zone.
        Err(SettingsError::Faulty(faulty)) => (TimeZone::UTC, faulty.iter().map(of_setting).collect()),
        Err(error) => return Err(error.into()),
    };
    let mut of_files = Vec::new();
    let site = match site::load(&config_folder::read(folder)?, &zone) {
        Ok(Site { configuration, warnings }) => {
            of_files.extend(warnings);
            of_files.extend(ending_calendars(&configuration, Reading::now().wall.date(&zone)));
            Some(configuration)
        }
        Err(found) => {
            of_files.extend(found);
            None
        }
    };
    let scenarios = scenarios(folder, site.as_ref(), &mut of_files)?;
    of_files.sort_by(Fault::in_order);
    faults.extend(of_files.into_iter().map(|fault| below(folder, fault)));
    for fault in &faults {
        say!("{}", fault.render(lang))?;
    }
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).count();
    let warnings = faults.len() - errors;
    let folder = folder.display();
    match site.filter(|_| errors == 0) {
        Some(configuration) => {
            let holds = holdings(&configuration, &scenarios, lang);
            say!(
                "{}",
                lang.pick(
                    format!("{folder}：没有错误，警告 {warnings}；{holds}"),
                    format!("{folder}: no faults, warnings {warnings}; {holds}"),
                )
            )?;
            Ok(Exit::Fine)
        }
        None => {
            say!(
                "{}",
                lang.pick(
                    format!("{folder}：错误 {errors}，警告 {warnings}"),
                    format!("{folder}: errors {errors}, warnings {warnings}"),
                )
            )?;
            Ok(Exit::FaultsFound)
        }
    }
}

/// Days that the twenty working days of the general statutory limit take at least.
const HORIZON_DAYS: i64 = 28;

/// CA13: calendars whose last year ends before what begins today is due by the general statutory limit; beyond it every
/// Monday to Friday counts.
fn ending_calendars(configuration: &Configuration, today: Date) -> Vec<Fault> {
    let Ok(due) = today.checked_add(jiff::Span::new().days(HORIZON_DAYS)) else { return Vec::new() };
    let mut faults: Vec<Fault> = Vec::new();
    for calendar in configuration.calendars.values() {
        let Some(last) = calendar.last_covered_year().filter(|last| *last < due.year()) else { continue };
        let zh =
            format!("日历只到 {last} 年：今天起算的 20 个工作日要数到 {due}，{last} 年以后每个周一至周五都算工作日");
        let en = format!(
            "the calendar ends with {last}: twenty working days from today reach {due}, and after {last} every Monday to \
             Friday counts"
        );
        let file = format!("calendars/{}", calendar.id());
        let fault = Fault::error(&file, None, "CA13", zh, en).warning();
        let next = last + 1;
        let fault = fault.help(
            format!("按放假通知补上 {file}/{next}.toml"),
            format!("add {file}/{next}.toml from the notice on holidays"),
        );
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    faults
}

/// Scenario files and scenarios that can be read.
#[derive(Default)]
struct Scenarios {
    files: usize,
    scenarios: usize,
}

/// Reads the scenario files beside the rules; running them is not part of a check.
fn scenarios(folder: &Path, site: Option<&Configuration>, faults: &mut Vec<Fault>) -> anyhow::Result<Scenarios> {
    let mut read = Scenarios::default();
    let wanted = |name: &str| name.starts_with("rules/") && name.ends_with(SCENARIO_ENDING);
    for (name, bytes) in config_folder::read_where(folder, wanted)? {
        match ScenarioFile::parse(&name, &bytes) {
            Ok(file) => {
                read.files += 1;
                read.scenarios += file.scenarios.len();
                // Without a sound set nobody knows which rules there are.
                faults.extend(site.into_iter().flat_map(|site| file.unknown_rules(&name, &bytes, site)));
            }
            Err(fault) => faults.push(*fault),
        }
    }
    Ok(read)
}

/// A fault of a setting in the form of all other faults; its place may be a variable or a flag.
fn of_setting(fault: &settings::Fault) -> Fault {
    let (zh, en) = (fault.zh.clone(), fault.en.clone());
    let settings::Place::File { path, line, column } = &fault.place else {
        return Fault::error(&fault.place.to_string(), None, SETTING, zh, en);
    };
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let place = Place { line: number(*line), column: number(*column), width: 0 };
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let source = text.lines().nth(line - 1).map(str::to_owned);
    Fault { source, ..Fault::error(&path.display().to_string(), Some(place), SETTING, zh, en) }
}

/// The fault with its file named from where the program was started.
fn below(folder: &Path, fault: Fault) -> Fault {
    Fault { file: folder.join(&fault.file).display().to_string(), ..fault }
}

/// What a sound folder holds.
fn holdings(configuration: &Configuration, scenarios: &Scenarios, lang: Lang) -> String {
    let profiles: Vec<String> = configuration
        .profiles
        .iter()
        .map(|profile| format!("{} {}", profile.id, profile.rules.len() + profile.groups.len()))
        .collect();
    let items = configuration.catalogue.items().count();
    let mut calendars: Vec<String> = configuration
        .calendars
        .values()
        .map(|calendar| {
            let id = calendar.id();
            match calendar.last_covered_year() {
                Some(year) => lang.pick(format!("{id} 至 {year} 年"), format!("{id} through {year}")),
                None => lang.pick(format!("{id} 无年度文件"), format!("{id} without a year's file")),
            }
        })
        .collect();
    calendars.dedup();
    let Scenarios { files, scenarios } = scenarios;
    lang.pick(
        format!(
            "规则：{}；事项 {items}；日历：{}；场景 {scenarios}（{files} 个文件）",
            profiles.join("、"),
            calendars.join("、")
        ),
        format!(
            "rules: {}; items {items}; calendars: {}; scenarios {scenarios} in {files} files",
            profiles.join(", "),
            calendars.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_that_ends_before_what_begins_today_is_due_is_told() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let zone = TimeZone::get("Asia/Shanghai").expect("bundled");
        let site = config_folder::load(&folder, &zone, Lang::En).expect("the shipped folder is sound").configuration;
        let last = site.calendars.values().filter_map(|calendar| calendar.last_covered_year()).max().expect("years");
        let told = |month, day| -> Vec<String> {
            let found = ending_calendars(&site, jiff::civil::date(last, month, day));
            found.iter().map(|fault| fault.render(Lang::En)).collect()
        };
        assert_eq!(told(12, 3), [""; 0], "they end with the year");
        let next = last + 1;
        assert_eq!(
            told(12, 4),
            [format!(
                "calendars/cn warning CA13 the calendar ends with {last}: twenty working days from today reach {next}-01-01, \
                 and after {last} every Monday to Friday counts\n  = add calendars/cn/{next}.toml from the notice on holidays"
            )]
        );
    }
}
