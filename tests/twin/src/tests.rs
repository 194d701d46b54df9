//! The twin against what the documents say in numbers, and against the scenario files beside the rules.

mod golden;
mod random;
mod readings;
mod scenarios;

use std::path::PathBuf;

use facts::{Event, Moment, StandingLight, line};
use jiff::tz::TimeZone;

use crate::{TwinCalendar, TwinCatalogue, TwinProfile, lights};

/// A file or folder of the project.
fn project(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The catalogue and the calendar that the project ships.
pub(crate) fn shipped() -> (TwinCatalogue, TwinCalendar) {
    let table = |name: &str| read(&format!("config/catalogue/{name}.csv"));
    let catalogue = TwinCatalogue::read(&table("items"), &table("stages"), &table("fees"));
    let years: Vec<String> = (2018..=2026).map(|year| read(&format!("config/calendars/cn/{year}.toml"))).collect();
    let years: Vec<&str> = years.iter().map(String::as_str).collect();
    let zone = TimeZone::get("Asia/Shanghai").expect("jiff carries the zones");
    (catalogue, TwinCalendar::read(&years, zone))
}

/// Facts in the line form, which carry their arrival; what does not say when it came came at its time.
fn known(lines: &[&str], zone: &TimeZone) -> Vec<(Event, Moment)> {
    let read = |text: &&str| line::read(text.as_bytes(), None).unwrap_or_else(|fault| panic!("{text}: {fault}")).event;
    let with_arrival = |event: Event| {
        let arrived = event.arrived.unwrap_or_else(|| event.at.moment(zone));
        (event, arrived)
    };
    lines.iter().map(read).map(with_arrival).collect()
}

fn moment(text: &str) -> Moment {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn shown(lights: &[StandingLight]) -> Vec<String> {
    lights.iter().map(|light| format!("{} {} {}", light.rule, light.card, light.instance)).collect()
}

fn lights_of(facts: &[(Event, Moment)], profile: TwinProfile, t: Moment) -> Vec<StandingLight> {
    let (catalogue, calendar) = shipped();
    lights(facts, &catalogue, &calendar, profile, t)
}
