//! `watchlight replay`: events from files through the same judgement as the service, under a virtual clock.
//!
//! What is written is sorted by clock, case, rule and instance, and byte-equal for
//! every batch size and number of workers.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use facts::digest::LightsDigest;
use facts::transition::StandingLine;
use facts::{Light, Transition};

use crate::cli::{Exit, Language, ReplayArgs};
use crate::config_folder;
use crate::output_file::{create, refuse_overwriting};
use crate::play::Play;
use crate::settings::{self, Sources};
use crate::terminal::say;

/// Replays the files of `args`.
///
/// # Errors
/// When the configuration is refused, or a file cannot be read or written.
pub(crate) fn run(args: &ReplayArgs, language: Language) -> anyhow::Result<Exit> {
    refuse_overwriting(args.out.iter().chain(&args.standing), &args.events)?;
    let flags = args.workers.flag().into_iter().collect();
    let settings = settings::load(&Sources::of_process(&args.config.folder, flags))?;
    let site = config_folder::load(&args.config.folder, &settings.zone, language.into())?;
    let hash = site.configuration.hash.clone();
    let play = Play::of(&args.events, Arc::new(site.configuration), args.until, &settings)?;
    let mut out = args.out.as_deref().map(create).transpose()?;
    let mut transitions = 0_u64;
    let write = |transition: Transition| {
        transitions += 1;
        let Some(out) = &mut out else { return Ok(()) };
        writeln!(out, "{}", transition.to_line()).context("could not write the transitions")
    };
    let (replayed, (standing, judged)) =
        play.run(|_| true, write, |runner| Ok((runner.standing()?, runner.judged_by_worker())))?;
    if let Some(out) = &mut out {
        out.flush().context("could not write the transitions")?;
    }
    if let Some(path) = &args.standing {
        write_standing(path, &standing.lights)?;
    }
    let count = |light: Light| standing.lights.iter().filter(|line| line.light == light).count();
    say!("facts {}  refused lines {}  after the end {}", replayed.facts, replayed.refused, replayed.after_the_end)?;
    say!("transitions {transitions}  standing: red {}  yellow {}", count(Light::Red), count(Light::Yellow))?;
    say!("clock {}  configuration {hash}  judged by worker {judged:?}", play.until)?;
    if args.digest {
        let lights: Vec<_> = standing.lights.iter().map(StandingLine::light).collect();
        say!("digest {}", LightsDigest::of(&lights, &settings.zone).total())?;
    }
    Ok(Exit::Fine)
}

fn write_standing(path: &Path, lines: &[StandingLine]) -> anyhow::Result<()> {
    let mut out = create(path)?;
    for line in lines {
        let text = serde_json::to_string(line).context("a standing light holds only text")?;
        writeln!(out, "{text}").with_context(|| format!("could not write {}", path.display()))?;
    }
    out.flush().with_context(|| format!("could not write {}", path.display()))
}
