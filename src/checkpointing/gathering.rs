//! The feeding thread's side of the checkpoint: facts since the last cut, and when to cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

use dataflow::checkpoint::{
    CheckpointError, ClockMark, ConfigLog, ConfigurationSet, Cut, Gathered, StreamMark, StreamPosition,
};
use dataflow::{AskedCases, AskedWaiting, Entry, Runner, RunnerError};
use facts::Moment;
use ingest::jetstream::Position;
use ingest::{Mark, StreamIdentity};
use tokio::sync::watch;

use super::kept_cases::KeptCases;
use super::said_so_far::SaidSoFar;
use crate::clock::Clock;
use crate::feeding::Progress;

/// A cut is made before its time when so much has gathered.
const BYTES_MUCH: usize = 32 * 1024 * 1024;
/// How long an orderly end writes cases beside the facts, at most.
const KEEPING_MAX: Duration = Duration::from_secs(15);
/// How often a feeding that waits looks whether it may go on.
const WAIT: Duration = Duration::from_millis(20);

/// A cut on its way, and what the workers were asked at it.
pub(crate) struct Asked {
    pub(crate) cut: Cut,
    /// What waits to be said.
    pub(crate) waiting: Option<AskedWaiting>,
    /// Cases to be written beside the facts.
    pub(crate) cases: Option<AskedCases>,
}

/// Gathers and cuts.
pub(crate) struct Gathering {
    pub(crate) facts: Gathered,
    pub(crate) stream: StreamIdentity,
    pub(crate) position: Position,
    /// The position moved since the last cut.
    pub(crate) moved: bool,
    pub(crate) last_cut: Instant,
    pub(crate) interval: Duration,
    /// Bytes of facts, in their stored form, that may gather while none can be written; then the feeding waits.
    pub(crate) memory: usize,
    pub(crate) cuts: SyncSender<Asked>,
    /// Which cases are to be written next.
    pub(crate) kept: Arc<KeptCases>,
    pub(crate) progress: Arc<Progress>,
    /// What was fed last is not in the checkpoint, and is read again: nothing more may be kept.
    pub(crate) discarded: bool,
    /// A cut is on its way.
    pub(crate) busy: Arc<AtomicBool>,
    pub(crate) said: Arc<SaidSoFar>,
    pub(crate) log: ConfigLog,
    /// Turns true when the service stops.
    pub(crate) stop: watch::Receiver<bool>,
}

impl Gathering {
    /// A fact that enters.
    pub(crate) fn fact(&mut self, entry: &Entry, line: u32) {
        self.facts.add(entry, line);
    }

    /// All messages up to `last_sequence` are fed.
    pub(crate) fn taken(&mut self, last_sequence: u64, mark: Option<Mark>) {
        self.position.last_sequence = last_sequence;
        mark.into_iter().for_each(|mark| self.position.marks.add(mark));
        self.moved = true;
    }

    /// A batch was fed in part: what gathered since the last cut is read again by the next start.
    pub(crate) fn discard(&mut self) {
        self.facts = Gathered::default();
        (self.moved, self.discarded) = (false, true);
    }

    /// Cuts when it is time, and waits when too much has gathered.
    ///
    /// # Errors
    /// When the dataflow has failed.
    pub(crate) fn look(&mut self, clock: &Clock, runner: &Runner) -> Result<(), RunnerError> {
        if !self.has_room() {
            return Ok(());
        }
        let due = self.last_cut.elapsed() >= self.interval || self.facts.bytes() >= BYTES_MUCH.min(self.memory);
        // A clock that no fact has moved has nothing before it to keep.
        let begun = clock.now() > Moment::MIN;
        let wanted = self.moved || self.said.has_table() || self.kept.due() && self.speaks();
        if due && begun && wanted && !self.busy.load(Ordering::Acquire) {
            self.cut(clock, runner)?;
        }
        Ok(())
    }

    /// Waits until more may gather; false when the service stops before.
    fn has_room(&self) -> bool {
        let full = || self.facts.bytes() >= self.memory && self.busy.load(Ordering::Acquire);
        if !full() {
            return true;
        }
        let mib = self.memory >> 20;
        tracing::warn!(mib, "facts gather faster than the checkpoint's folder takes them; reading waits until it has");
        while full() {
            if *self.stop.borrow() {
                return false;
            }
            thread::park_timeout(WAIT);
        }
        tracing::info!("the checkpoint's folder has taken what gathered; reading goes on");
        true
    }

    /// Is everything judged and said that there was?
    fn speaks(&self) -> bool {
        self.progress.caught_up.load(Ordering::Acquire)
    }

    /// Makes the last cuts: everything fed is in them, and the cases that changed.
    ///
    /// # Errors
    /// When the dataflow has failed.
    pub(crate) fn finish(mut self, clock: &Clock, runner: &Runner) -> Result<(), RunnerError> {
        let keeps_cases = self.kept.engine().is_some() && self.speaks();
        if self.discarded || clock.now() == Moment::MIN || !self.moved && !keeps_cases {
            return Ok(());
        }
        let until = Instant::now() + KEEPING_MAX;
        self.cut(clock, runner)?;
        while keeps_cases && self.is_written(until) && self.kept.due() {
            self.cut(clock, runner)?;
        }
        Ok(())
    }

    /// Waits until the cut on its way is written; false when that takes longer than `until`.
    fn is_written(&self, until: Instant) -> bool {
        while self.busy.load(Ordering::Acquire) && Instant::now() < until {
            thread::park_timeout(WAIT);
        }
        Instant::now() < until
    }

    /// Logs a configuration; only then may it take effect.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn accept(&mut self, set: ConfigurationSet) -> Result<(), CheckpointError> {
        self.log.accept(set)
    }

    fn cut(&mut self, clock: &Clock, runner: &Runner) -> Result<(), RunnerError> {
        let marks = self.position.marks.newest_first().map(|mark| StreamMark {
            sequence: mark.sequence,
            timestamp: mark.timestamp,
            hash: mark.hash,
        });
        let mut marks: Vec<StreamMark> = marks.collect();
        marks.reverse();
        let StreamIdentity { name, created } = self.stream.clone();
        let cut = Cut {
            facts: std::mem::take(&mut self.facts),
            // Asked for; whoever writes it waits for them.
            cases: None,
            clock: ClockMark { now: clock.now(), highest_at: clock.highest_at() },
            streams: vec![StreamPosition { name, created, last_sequence: self.position.last_sequence, marks }],
            sources: runner.sources(),
            // Whoever writes it finds out.
            said_through: None,
            said: None,
            configuration: self.log.sets().last().map(|set| set.hash.clone()).unwrap_or_default(),
            engine: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let waiting = Some(runner.ask_waiting()?);
        let slots = self.kept.take();
        let cases = match self.kept.engine().filter(|_| self.speaks() && !slots.is_empty()) {
            Some(engine) => Some(runner.ask_cases(slots, engine)?),
            None => None,
        };
        self.busy.store(true, Ordering::Release);
        // A writer that is gone has told why; the next start reads these facts again.
        drop(self.cuts.send(Asked { cut, waiting, cases }));
        self.moved = false;
        self.last_cut = Instant::now();
        Ok(())
    }
}
