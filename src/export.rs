//! `watchlight export`: a run with all that its lights rest on, as files that need nothing of ours to be read.
//!
//! ```text
//! export.json         what the run stands for: clock, configuration, counts, digest
//! configuration.json  rules, profiles, items, calendars, zones and code maps as data
//! facts.ndjson        every version of every record that was judged, with the instant at which it entered
//! transitions.ndjson  every change of a light, with its proof
//! standing.ndjson     the lights that stand at the end, each with its proof as of the end
//! ```
//!
//! Judged are files of events, or the facts of a checkpoint by its own configuration; then the transitions are those of
//! judging them anew, and not what was said on the way.
//!
//! docs/export.md describes the form. tools/verify_proofs.py reads it and works every light out again, with no code of
//! ours.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use alerts::CaseLight;
use anyhow::{Context, bail};
use dataflow::{Entry, Runner, RunnerError};
use facts::digest::LightsDigest;
use facts::{StandingLight, Transition};
use rules::configuration::Configuration;
use serde_json::{Value, json};

mod conditions;
mod folder;
mod rule_data;
mod tables;

pub(crate) use folder::{About, STANDING, TRANSITIONS};
use folder::{CONFIGURATION, Lines, Written};

use crate::case_desk::case_view;
use crate::cli::{Exit, ExportArgs, Language};
use crate::config_folder;
use crate::play::{self, Play};
use crate::settings::{self, Sources};
use crate::side::checkpoint;
use crate::terminal::say;

/// Judges the events of `args` and writes the run to a folder.
///
/// # Errors
/// When the configuration is refused, a file cannot be read, or the folder cannot be written or is not empty.
pub(crate) fn run(args: &ExportArgs, language: Language) -> anyhow::Result<Exit> {
    let flags = args.workers.flag().into_iter().collect();
    let settings = settings::load(&Sources::of_process(&args.config.folder, flags))?;
    let out = &args.out;
    let (mut facts, mut transitions);
    let (lights, configuration, as_of) = match args.events.as_slice() {
        [folder] if folder.is_dir() => {
            if args.until.is_some() {
                bail!("a checkpoint stands where its clock stood: --until is for files of events");
            }
            let (looked, configuration) = checkpoint::open(folder, &settings.zone)?;
            empty_folder(out)?;
            (facts, transitions) = Written::pair(out)?;
            looked.facts.iter().for_each(|entry| facts.fact(entry));
            let (workers, until) = (settings.workers.get(), looked.manifest.clock.now);
            let judge = Arc::clone(&configuration);
            let lights = play::judge_entries(
                judge,
                workers,
                looked.facts,
                looked.manifest.sources,
                until,
                |said| transitions.transition(&said),
                |runner| proven(runner, &configuration),
            )?;
            (lights, configuration, until.plus_millis(-1))
        }
        events => {
            let site = config_folder::load(&args.config.folder, &settings.zone, language.into())?;
            let configuration = Arc::new(site.configuration);
            let play = Play::of(events, Arc::clone(&configuration), args.until, &settings)?;
            empty_folder(out)?;
            (facts, transitions) = Written::pair(out)?;
            let note = |entry: &Entry| facts.fact(entry);
            let told = |said: Transition| transitions.transition(&said);
            let (_, lights) = play.run_noting(|_| true, note, told, |runner| proven(runner, &configuration))?;
            (lights, configuration, play.until)
        }
    };
    let (lights, cases) = lights;
    write_standing(out, cases)?;
    write_json(out, CONFIGURATION, &as_data(&configuration))?;
    let about = about(&lights, &configuration, as_of, [facts.finish()?, transitions.finish()?]);
    about.write(out)?;
    say!("facts {}  transitions {}  lights {}  {}", about.facts, about.transitions, about.lights, out.display())?;
    say!("clock {as_of}  configuration {}", configuration.hash)?;
    say!("digest {}", about.digest)?;
    Ok(Exit::Fine)
}

/// The lights that stand, and each with its proof.
fn proven(runner: &Runner, configuration: &Configuration) -> Result<(Vec<StandingLight>, Vec<CaseLight>), RunnerError> {
    let standing = runner.lights()?;
    let cases: BTreeSet<&str> = standing.lights.iter().map(|light| light.case.as_str()).collect();
    let mut proven = Vec::with_capacity(standing.lights.len());
    for case in cases {
        let held = runner.case(case)?;
        let view = held.and_then(|held| case_view(&held, configuration, case, standing.as_of));
        let lights = view.into_iter().flat_map(|view| view.lights);
        // What waits for a silent source does not stand.
        proven.extend(lights.filter(|light| light.held_until.is_none()));
    }
    Ok((standing.lights, proven))
}

fn about(
    lights: &[StandingLight],
    configuration: &Configuration,
    until: facts::Moment,
    [facts, transitions]: [u64; 2],
) -> About {
    About {
        format: folder::FORMAT.to_owned(),
        format_version: folder::FORMAT_VERSION,
        program: format!("watchlight {}", env!("CARGO_PKG_VERSION")),
        as_of: until,
        configuration: configuration.hash.clone(),
        zone: configuration.zone.iana_name().unwrap_or("UTC").to_owned(),
        facts,
        transitions,
        lights: lights.len() as u64,
        digest: LightsDigest::of(lights, &configuration.zone).total(),
    }
}

/// Everything beside facts and clock that a light depends on.
fn as_data(configuration: &Configuration) -> Value {
    let Configuration {
        hash, zone, rules, profiles, catalogue, calendars, clocks, activities, sources, silence, ..
    } = configuration;
    let zones = std::iter::once(zone)
        .chain(profiles.iter().map(|profile| &profile.zone))
        .chain(calendars.values().map(|calendar| calendar.zone()));
    let profiles = profiles.iter().map(|profile| {
        json!({
            "id": profile.id,
            "regions": profile.regions,
            "default": profile.default,
            "zone": profile.zone.iana_name().unwrap_or("UTC"),
            "rules": profile.rules.iter().map(|index| index.0).collect::<Vec<_>>(),
            "groups": profile.groups.iter().map(|index| index.0).collect::<Vec<_>>(),
        })
    });
    let clocks =
        clocks.iter().map(|clock| json!({ "name": clock.name, "deadline": rule_data::deadline(&clock.deadline) }));
    json!({
        "hash": hash,
        "zone": zone.iana_name().unwrap_or("UTC"),
        "zones": tables::zones(zones),
        "profiles": profiles.collect::<Vec<_>>(),
        "rules": rules.iter().map(rule_data::rule).collect::<Vec<_>>(),
        "clocks": clocks.collect::<Vec<_>>(),
        "silence": silence.as_ref().map(|rule| json!({ "rule": rule.id, "hold_ms": rule.hold_ms })),
        "activities": activities.keys().collect::<Vec<_>>(),
        "sources": sources.iter().map(|(name, map)| (name.to_string(), tables::source(map))).collect::<serde_json::Map<_, _>>(),
        "items": catalogue.items().map(tables::item).collect::<Vec<_>>(),
        "calendars": calendars.iter().map(|(id, calendar)| (id.to_string(), tables::calendar(calendar))).collect::<serde_json::Map<_, _>>(),
    })
}

fn write_standing(out: &Path, mut lights: Vec<CaseLight>) -> anyhow::Result<()> {
    lights.sort_by(|a, b| {
        let key = |light: &CaseLight| {
            (light.standing.case.clone(), light.standing.rule.clone(), light.standing.instance.clone())
        };
        key(a).cmp(&key(b))
    });
    let mut file = Lines::create(out, STANDING)?;
    for CaseLight { standing, rule_version, basis, proof, warnings, .. } in &lights {
        let mut said = serde_json::to_value(standing).context("a standing light holds only text")?;
        said["rule_version"] = json!(rule_version);
        said["basis"] = json!(basis);
        said["warnings"] = json!(warnings);
        said["proof"] = json!(proof);
        file.write(&said)?;
    }
    file.finish()
}

fn write_json(out: &Path, name: &str, data: &Value) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(data).context("data of text and numbers")?;
    fs::write(out.join(name), text + "\n").with_context(|| format!("could not write {}", out.join(name).display()))
}

fn empty_folder(out: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(out).with_context(|| format!("could not make the folder {}", out.display()))?;
    let mut inside = fs::read_dir(out).with_context(|| format!("could not read the folder {}", out.display()))?;
    if inside.next().is_some() {
        bail!("the folder {} is not empty; an export goes into a folder of its own", out.display());
    }
    Ok(())
}
