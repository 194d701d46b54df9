//! `watchlight replay`: events from files through the same judgement as the service, under a virtual clock.
//!
//! The clock stands at `arrived` where lines carry it, else at the highest `at` so far, and never passes
//! the end (semantics 15). What is written is sorted by clock, case, rule and instance, and byte-equal for
//! every batch size and number of workers.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, anyhow, bail};
use dataflow::{Closings, Entry, Options, Runner};
use facts::digest::LightsDigest;
use facts::transition::StandingLine;
use facts::{Activity, Event, Light, Moment};
use indicatif::ProgressBar;
use ingest::event_file::{EventFile, STANDARD_INPUT};
use ingest::quarantine::RefusedLine;
use jiff::tz::TimeZone;

use crate::cli::{Exit, Language, ReplayArgs};
use crate::clock::{self, VirtualClock};
use crate::output_file::{create, refuse_overwriting};
use crate::settings::{self, Sources};
use crate::terminal::say;
use crate::{config_folder, terminal};

/// Lines read, judged and fed at a time: large enough to spread the cost of a step, small enough to
/// keep memory flat.
const BATCH_LINES: usize = 8_192;

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
    let until = match args.until {
        Some(until) => until,
        None => highest_at(&args.events, &settings.zone)?,
    };
    let options = Options { workers: settings.workers.get(), ..Options::default() };
    let (runner, closings) = Runner::start(&options, Arc::new(site.configuration))?;
    let out = args.out.clone();
    let writer =
        thread::Builder::new().name("transitions".into()).spawn(move || write_transitions(closings, out.as_deref()));
    let writer = writer.context("could not start the thread that writes transitions")?;
    let replayed = feed(&args.events, &runner, until, &settings.zone, |_| true)?;
    let standing = runner.standing()?;
    let judged = runner.judged_by_worker();
    runner.finish()?;
    let transitions = writer.join().map_err(|_| anyhow!("the thread that writes transitions failed"))??;
    if let Some(path) = &args.standing {
        write_standing(path, &standing.lights)?;
    }
    let count = |light: Light| standing.lights.iter().filter(|line| line.light == light).count();
    say!("facts {}  refused lines {}  after the end {}", replayed.facts, replayed.refused, replayed.after_the_end)?;
    say!("transitions {transitions}  standing: red {}  yellow {}", count(Light::Red), count(Light::Yellow))?;
    say!("clock {until}  configuration {hash}  judged by worker {judged:?}")?;
    if args.digest {
        let lights: Vec<_> = standing.lights.iter().map(StandingLine::light).collect();
        say!("digest {}", LightsDigest::of(&lights, &settings.zone).total())?;
    }
    Ok(Exit::Fine)
}

/// What became of the lines.
#[derive(Default)]
pub(crate) struct Replayed {
    /// Wanted facts that entered.
    pub(crate) facts: u64,
    /// Lines that are no facts.
    pub(crate) refused: u64,
    /// Wanted facts that arrived after the end.
    pub(crate) after_the_end: u64,
}

/// Feeds every wanted fact at its instant of the clock, then lets the clock run on to `until`, and closes it. Facts
/// that are not wanted move the clock, too.
///
/// # Errors
/// When a file cannot be read or the dataflow fails.
pub(crate) fn feed(
    paths: &[PathBuf],
    runner: &Runner,
    until: Moment,
    zone: &TimeZone,
    wanted: impl Fn(&Event) -> bool,
) -> anyhow::Result<Replayed> {
    let mut clock = VirtualClock::new(Some(until));
    let mut replayed = Replayed::default();
    let mut lines_before = 0;
    for path in paths {
        let mut file = EventFile::open(path)?;
        let bar = progress(&file);
        let mut last_line = 0;
        while let Some(batch) = file.next_batch(BATCH_LINES)? {
            batch.refused.iter().for_each(tell_refused);
            replayed.refused += batch.refused.len() as u64;
            let mut entries = Vec::with_capacity(batch.facts.len());
            for (line, event) in batch.facts {
                last_line = line.max(last_line);
                // Progress moves the clock; it is a fact about its source, not about a case.
                let judged = event.activity != Activity::Progress && wanted(&event);
                match clock.enter(event.at.moment(zone), event.arrived) {
                    clock::Entry::At(_) | clock::Entry::AfterTheEnd if !judged => {}
                    clock::Entry::At(enters) => {
                        replayed.facts += 1;
                        entries.push(Entry { enters, sequence: Some(lines_before + line), event });
                    }
                    clock::Entry::AfterTheEnd => replayed.after_the_end += 1,
                    clock::Entry::Frozen(freeze) => bail!("a virtual clock does not freeze: {freeze}"),
                }
            }
            runner.feed(entries, clock.now())?;
            bar.set_position(file.bytes_read());
        }
        bar.finish_and_clear();
        lines_before += last_line;
    }
    let end = clock.finish();
    // The end itself belongs to the run: close it, too.
    runner.advance(end.plus_millis(1))?;
    Ok(replayed)
}

fn progress(file: &EventFile) -> ProgressBar {
    match file.bytes_total() {
        Some(total) if terminal::is_watched() => terminal::bytes_bar(total),
        _ => ProgressBar::hidden(),
    }
}

fn tell_refused(line: &RefusedLine) {
    terminal::remark(line);
}

/// The default end: the highest `at` of the files, which takes one more reading of them.
///
/// # Errors
/// When a file cannot be read or is standard input, or there is no event.
pub(crate) fn highest_at(paths: &[PathBuf], zone: &TimeZone) -> anyhow::Result<Moment> {
    let mut highest = None;
    let (mut refused, mut first_refused) = (0, None);
    for path in paths {
        if path.as_os_str() == STANDARD_INPUT {
            bail!("events from standard input can be read once only: say with --until where the clock stops");
        }
        let mut file = EventFile::open(path)?;
        while let Some(batch) = file.next_batch(BATCH_LINES)? {
            let at = batch.facts.iter().map(|(_, event)| event.at.moment(zone)).max();
            highest = highest.max(at);
            refused += batch.refused.len();
            first_refused = first_refused.or_else(|| batch.refused.into_iter().next());
        }
    }
    highest.ok_or_else(|| match first_refused {
        Some(first) => anyhow!("the files hold no event: all {refused} lines are refused; {first}"),
        None => anyhow!("the files hold no event; there is nothing to replay"),
    })
}

/// Writes every transition as it is closed; returns how many there were.
fn write_transitions(closings: Closings, path: Option<&Path>) -> anyhow::Result<u64> {
    let mut out = path.map(create).transpose()?;
    let mut count = 0;
    while let Some(closed) = closings.recv() {
        count += closed.transitions.len() as u64;
        let Some(out) = &mut out else { continue };
        for transition in &closed.transitions {
            writeln!(out, "{}", transition.to_line()).context("could not write the transitions")?;
        }
    }
    if let Some(out) = &mut out {
        out.flush().context("could not write the transitions")?;
    }
    Ok(count)
}

fn write_standing(path: &Path, lines: &[StandingLine]) -> anyhow::Result<()> {
    let mut out = create(path)?;
    for line in lines {
        let text = serde_json::to_string(line).context("a standing light holds only text")?;
        writeln!(out, "{text}").with_context(|| format!("could not write {}", path.display()))?;
    }
    out.flush().with_context(|| format!("could not write {}", path.display()))
}
