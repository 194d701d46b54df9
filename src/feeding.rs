//! From the stream to the dataflow: the thread that moves the supervision clock.
//!
//! T never passes what the stream has told (semantics 13): facts enter at their arrival, and the clock
//! follows the wall only while nothing is unread and the server was heard. Until the sequence that the
//! stream had at the start is reached, the dataflow judges silently; then the net difference is said.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use dataflow::{Entry, Runner, RunnerError};
use facts::{Activity, Moment};
use ingest::{Batch, Feed, jetstream::Next};
use jiff::tz::TimeZone;

use crate::clock::{self, Clock};

/// The longest sleep between two looks at the clock (semantics 17).
const PARK_MAX: Duration = Duration::from_millis(100);
/// How long a fact waits before a frozen clock is asked again.
const FROZEN_WAIT: Duration = Duration::from_millis(500);

/// What others may know of the feeding.
#[derive(Default)]
pub(crate) struct Progress {
    /// Everything that was in the stream at the start is judged, and differences are said.
    pub(crate) caught_up: AtomicBool,
    /// The clock stands still until somebody acts.
    pub(crate) frozen: AtomicBool,
}

/// Feeds a runner from a stream until the feed ends.
pub(crate) struct Feeding {
    pub(crate) feed: Feed,
    pub(crate) runner: Arc<Runner>,
    pub(crate) clock: Clock,
    pub(crate) zone: TimeZone,
    /// Up to this sequence everything is judged before anything is said.
    pub(crate) silent_until: u64,
    pub(crate) progress: Arc<Progress>,
}

impl Feeding {
    /// Runs until reading has ended and everything read is fed.
    ///
    /// # Errors
    /// When the dataflow has failed.
    pub(crate) fn run(mut self) -> Result<(), RunnerError> {
        let mut position = 0;
        loop {
            // Asked before the look: if this holds and the look finds nothing, everything is taken.
            let drained = self.feed.drained();
            match self.feed.try_next() {
                Next::Batch(batch) => {
                    position = batch.last_sequence;
                    self.take(batch)?;
                    if position >= self.silent_until {
                        self.announce()?;
                    }
                }
                Next::Ended => return Ok(()),
                Next::Nothing => {
                    if drained {
                        if position >= self.silent_until {
                            self.announce()?;
                        }
                        self.follow()?;
                    }
                    thread::park_timeout(PARK_MAX);
                }
            }
        }
    }

    /// Feeds one batch at its instants.
    fn take(&mut self, batch: Batch) -> Result<(), RunnerError> {
        for gap in &batch.gaps {
            tracing::error!(first = gap.first, last = gap.last, "the stream does not hold these messages any more");
        }
        let mut entries = Vec::with_capacity(batch.facts.len());
        for fact in batch.facts {
            let (at, arrived) = (fact.event.at.moment(&self.zone), fact.event.arrived);
            match self.enter(at, arrived) {
                // A fact about its source, not about a case: it has moved the clock.
                Some(_) if fact.event.activity == Activity::Progress => {}
                Some(enters) => entries.push(Entry { enters, sequence: Some(fact.sequence), event: fact.event }),
                None => {
                    tracing::warn!(sequence = fact.sequence, "a fact that arrives after the end of the run is left out")
                }
            }
        }
        self.runner.feed(entries, self.clock.now())
    }

    /// The instant at which a fact enters, waiting while the clock is frozen; `None` after the end.
    fn enter(&mut self, at: Moment, arrived: Option<Moment>) -> Option<Moment> {
        loop {
            match self.clock.enter(at, arrived) {
                clock::Entry::At(enters) => {
                    self.progress.frozen.store(false, Ordering::Relaxed);
                    return Some(enters);
                }
                clock::Entry::AfterTheEnd => return None,
                clock::Entry::Frozen(freeze) => {
                    if !self.progress.frozen.swap(true, Ordering::Relaxed) {
                        tracing::error!(%freeze, "the supervision clock stands still");
                    }
                    thread::park_timeout(FROZEN_WAIT);
                }
            }
        }
    }

    /// Everything that was there at the start is judged: from here on differences are said.
    fn announce(&mut self) -> Result<(), RunnerError> {
        if self.progress.caught_up.load(Ordering::Relaxed) {
            return Ok(());
        }
        let at = self.runner.announce(self.clock.now())?;
        tracing::info!(clock = %at, "caught up; differences are said from here on");
        self.progress.caught_up.store(true, Ordering::Release);
        Ok(())
    }

    /// Lets the clock follow the wall; a virtual clock stays where the last fact left it.
    fn follow(&mut self) -> Result<(), RunnerError> {
        match self.clock.follow() {
            Ok(now) => {
                self.progress.frozen.store(false, Ordering::Relaxed);
                self.runner.advance(now)
            }
            Err(freeze) => {
                if !self.progress.frozen.swap(true, Ordering::Relaxed) {
                    tracing::error!(%freeze, "the supervision clock stands still");
                }
                Ok(())
            }
        }
    }
}
