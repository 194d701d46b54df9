//! Files judged under a virtual clock: what `replay`, `explain`, `digest`, `compare` and `export` share.
//!
//! The clock stands at `arrived` where lines carry it, else at the highest `at` so far, and never passes the end
//! (semantics 15). Not here: what is printed or written of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use dataflow::{Closings, Entry, Options, Runner, RunnerError, SourceState};
use facts::{Activity, Event, Moment, Transition};
use indicatif::ProgressBar;
use ingest::event_file::{EventFile, STANDARD_INPUT};
use jiff::tz::TimeZone;
use rules::configuration::Configuration;

use crate::clock::{self, VirtualClock};
use crate::settings::Settings;
use crate::terminal;

/// Lines read, judged and fed at a time: large enough to spread the cost of a step, small enough to
/// keep memory flat.
const BATCH_LINES: usize = 8_192;

/// What is judged, by what, up to where.
pub(crate) struct Play<'a> {
    /// Files of events, in this order.
    pub(crate) paths: &'a [PathBuf],
    /// What judges.
    pub(crate) configuration: Arc<Configuration>,
    /// Where the clock stops.
    pub(crate) until: Moment,
    /// The site's zone, in which a civil day begins.
    pub(crate) zone: &'a TimeZone,
    /// Threads that judge.
    pub(crate) workers: usize,
    /// How long closed cases stay in memory; `None` for ever.
    pub(crate) retention: Option<Duration>,
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

impl<'a> Play<'a> {
    /// The files of `paths` up to `until`, or to the highest `at` in them, as `settings` say.
    ///
    /// # Errors
    /// As [`highest_at`].
    pub(crate) fn of(
        paths: &'a [PathBuf],
        configuration: Arc<Configuration>,
        until: Option<Moment>,
        settings: &'a Settings,
    ) -> anyhow::Result<Play<'a>> {
        let until = match until {
            Some(until) => until,
            None => highest_at(paths, &settings.zone)?,
        };
        let (workers, retention) = (settings.workers.get(), Some(settings.state.retention));
        Ok(Play { paths, configuration, until, zone: &settings.zone, workers, retention })
    }

    /// Judges the `wanted` facts, hands each transition to `each` as it is closed, and at the end asks the runner.
    ///
    /// The facts that are not wanted only move the clock.
    ///
    /// # Errors
    /// When a file cannot be read, the dataflow fails, or `each` does.
    pub(crate) fn run<R>(
        &self,
        wanted: impl Fn(&Event) -> bool,
        each: impl FnMut(Transition) -> anyhow::Result<()> + Send,
        ask: impl FnOnce(&Runner) -> Result<R, RunnerError>,
    ) -> anyhow::Result<(Replayed, R)> {
        self.run_noting(wanted, |_| {}, each, ask)
    }

    /// As [`Play::run`], and hands each fact that enters to `note`, in the order of the files.
    ///
    /// # Errors
    /// As [`Play::run`].
    pub(crate) fn run_noting<R>(
        &self,
        wanted: impl Fn(&Event) -> bool,
        note: impl FnMut(&Entry),
        each: impl FnMut(Transition) -> anyhow::Result<()> + Send,
        ask: impl FnOnce(&Runner) -> Result<R, RunnerError>,
    ) -> anyhow::Result<(Replayed, R)> {
        self.run_in_batches(BATCH_LINES, wanted, note, each, ask)
    }

    /// As [`Play::run_noting`], with the most lines a batch: they change no byte of what is said.
    fn run_in_batches<R>(
        &self,
        batch_lines: usize,
        wanted: impl Fn(&Event) -> bool,
        note: impl FnMut(&Entry),
        each: impl FnMut(Transition) -> anyhow::Result<()> + Send,
        ask: impl FnOnce(&Runner) -> Result<R, RunnerError>,
    ) -> anyhow::Result<(Replayed, R)> {
        let feed = |runner: &Runner| self.feed(runner, batch_lines, wanted, note);
        judged(Arc::clone(&self.configuration), self.workers, self.retention, feed, each, ask)
    }

    /// Feeds the wanted facts that arrived by the end, each as the clock has it enter.
    fn feed(
        &self,
        runner: &Runner,
        batch_lines: usize,
        wanted: impl Fn(&Event) -> bool,
        mut note: impl FnMut(&Entry),
    ) -> anyhow::Result<Replayed> {
        let mut clock = VirtualClock::new(Some(self.until));
        let mut replayed = Replayed::default();
        let mut lines_before = 0;
        for path in self.paths {
            let mut file = EventFile::open(path)?;
            let bar = progress(&file);
            let mut last_line = 0;
            while let Some(batch) = file.next_batch(batch_lines)? {
                batch.refused.iter().for_each(terminal::remark);
                replayed.refused += batch.refused.len() as u64;
                let mut entries = Vec::with_capacity(batch.facts.len());
                for (line, event) in batch.facts {
                    last_line = line.max(last_line);
                    // Progress moves the clock and tells that its source speaks; it is no fact about a case.
                    let of_case = event.activity != Activity::Progress;
                    match clock.enter(event.at.moment(self.zone), event.arrived) {
                        clock::Entry::At(_) | clock::Entry::AfterTheEnd if !wanted(&event) => {}
                        clock::Entry::At(enters) => {
                            replayed.facts += u64::from(of_case);
                            let entry = Entry { enters, sequence: Some(lines_before + line), event };
                            if of_case {
                                note(&entry);
                            }
                            entries.push(entry);
                        }
                        clock::Entry::AfterTheEnd => replayed.after_the_end += u64::from(of_case),
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
}

/// Judges facts that are in memory, in the order in which they entered, up to just before `until`; else as [`Play::run`].
///
/// `sources` tells which were silent then, from there on only: what they said beside facts is not known here.
///
/// # Errors
/// When the dataflow fails, or `each` does.
pub(crate) fn judge_entries<R>(
    configuration: Arc<Configuration>,
    workers: usize,
    mut entries: Vec<Entry>,
    sources: Vec<SourceState>,
    until: Moment,
    each: impl FnMut(Transition) -> anyhow::Result<()> + Send,
    ask: impl FnOnce(&Runner) -> Result<R, RunnerError>,
) -> anyhow::Result<R> {
    let feed = |runner: &Runner| {
        while !entries.is_empty() {
            let later = entries.split_off(entries.len().min(BATCH_LINES));
            let open = entries.last().map_or(Moment::MIN, |last| last.enters);
            runner.feed_again(std::mem::replace(&mut entries, later), open)?;
        }
        runner.feed_again(Vec::new(), until.plus_millis(-1))?;
        runner.restore_sources(sources)?;
        Ok(runner.advance(until)?)
    };
    judged(configuration, workers, None, feed, each, ask).map(|((), answer)| answer)
}

/// A dataflow that is fed, asked at the end, and finished; `each` takes what it says.
fn judged<F, R>(
    configuration: Arc<Configuration>,
    workers: usize,
    retention: Option<Duration>,
    feed: impl FnOnce(&Runner) -> anyhow::Result<F>,
    each: impl FnMut(Transition) -> anyhow::Result<()> + Send,
    ask: impl FnOnce(&Runner) -> Result<R, RunnerError>,
) -> anyhow::Result<(F, R)> {
    let options = Options { workers, retention, ..Options::default() };
    let (runner, closings) = Runner::start(&options, configuration)?;
    thread::scope(|scope| {
        let reader = thread::Builder::new().name("transitions".into()).spawn_scoped(scope, || read(closings, each));
        let reader = reader.context("could not start the thread that takes transitions")?;
        let fed = feed(&runner)?;
        let answer = ask(&runner)?;
        runner.finish()?;
        reader.join().map_err(|_| anyhow!("the thread that takes transitions failed"))??;
        Ok((fed, answer))
    })
}

fn read(closings: Closings, mut each: impl FnMut(Transition) -> anyhow::Result<()>) -> anyhow::Result<()> {
    while let Some(closed) = closings.recv() {
        closed.transitions.into_iter().try_for_each(&mut each)?;
    }
    Ok(())
}

fn progress(file: &EventFile) -> ProgressBar {
    match file.bytes_total() {
        Some(total) if terminal::is_watched() => terminal::bytes_bar(total),
        _ => ProgressBar::hidden(),
    }
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
        None => anyhow!("the files hold no event; there is nothing to judge"),
    })
}

#[cfg(test)]
mod tests;
