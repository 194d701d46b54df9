//! The feeding thread's side of the checkpoint: facts since the last cut, and when to cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

use dataflow::checkpoint::{
    CheckpointError, ClockMark, ConfigLog, ConfigurationSet, Cut, Gathered, StreamMark, StreamPosition,
};
use dataflow::{AskedWaiting, Entry, Runner, RunnerError};
use facts::Moment;
use ingest::jetstream::Position;
use ingest::{Mark, StreamIdentity};
use tokio::sync::watch;

use super::said_so_far::SaidSoFar;
use crate::clock::Clock;

/// Facts that may gather while none can be written, in bytes of their stored form; then the feeding waits.
const BYTES_MAX: usize = 256 * 1024 * 1024;
/// A cut is made before its time when so much has gathered.
const BYTES_MUCH: usize = 32 * 1024 * 1024;
/// How often a feeding that waits looks whether it may go on.
const WAIT: Duration = Duration::from_millis(20);

/// A cut on its way, and the question what waits to be said at it.
pub(crate) struct Asked {
    pub(crate) cut: Cut,
    pub(crate) waiting: Option<AskedWaiting>,
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
    pub(crate) cuts: SyncSender<Asked>,
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
        self.moved = false;
    }

    /// Cuts when it is time, and waits when too much has gathered.
    ///
    /// # Errors
    /// When the dataflow has failed.
    pub(crate) fn look(&mut self, clock: &Clock, runner: &Runner) -> Result<(), RunnerError> {
        while self.facts.bytes() >= BYTES_MAX && self.busy.load(Ordering::Acquire) {
            if *self.stop.borrow() {
                return Ok(());
            }
            thread::park_timeout(WAIT);
        }
        let due = self.last_cut.elapsed() >= self.interval || self.facts.bytes() >= BYTES_MUCH;
        // A clock that no fact has moved has nothing before it to keep.
        let begun = clock.now() > Moment::MIN;
        if due && begun && (self.moved || self.said.has_table()) && !self.busy.load(Ordering::Acquire) {
            self.cut(clock, runner)?;
        }
        Ok(())
    }

    /// Makes the last cut: everything fed is in it.
    ///
    /// # Errors
    /// When the dataflow has failed.
    pub(crate) fn finish(mut self, clock: &Clock, runner: &Runner) -> Result<(), RunnerError> {
        if self.moved && clock.now() > Moment::MIN { self.cut(clock, runner) } else { Ok(()) }
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
        self.busy.store(true, Ordering::Release);
        // A writer that is gone has told why; the next start reads these facts again.
        drop(self.cuts.send(Asked { cut, waiting }));
        self.moved = false;
        self.last_cut = Instant::now();
        Ok(())
    }
}
