//! From the stream to the dataflow: the thread that moves the supervision clock.
//!
//! T never passes what the stream has told (semantics 13): facts enter at their arrival, and the clock
//! follows the wall only while nothing is unread and the server was heard. Until the sequence that the
//! stream had at the start is reached, the dataflow judges silently; then the net difference is said.

mod take_over;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use dataflow::{Entry, Runner, RunnerError};
use facts::{Activity, Moment};
use ingest::{Batch, Feed, jetstream::Next};
use jiff::tz::TimeZone;
use rules::site::Files;

use crate::checkpointing::{Change, Gathering};
use crate::freeze_board::FreezeBoard;
use crate::guarded_clock::{Entered, GuardedClock};
use crate::in_force::InForce;
use crate::reload::Wish;
use crate::voice::Voice;

/// The longest sleep between two looks at the clock (semantics 17).
const PARK_MAX: Duration = Duration::from_millis(100);

/// What others may know of the feeding, and tell it.
#[derive(Default)]
pub(crate) struct Progress {
    /// Everything there was is judged, and differences are said.
    pub(crate) caught_up: AtomicBool,
    /// Why the clock stands still, if it does.
    pub(crate) freeze: Arc<FreezeBoard>,
    /// The dataflow was told what ALERTS holds, or to judge otherwise, and may have something to say where the clock stands.
    pub(crate) told_again: AtomicBool,
    /// The checkpoint cannot be written.
    pub(crate) unwritten: AtomicBool,
}

/// Feeds a runner from a stream until the feed ends.
pub(crate) struct Feeding {
    pub(crate) feed: Feed,
    pub(crate) runner: Arc<Runner>,
    pub(crate) clock: GuardedClock,
    pub(crate) voice: Voice,
    pub(crate) zone: TimeZone,
    /// Everything up to this sequence was fed before.
    pub(crate) position: u64,
    /// Up to this sequence everything is judged before anything is said.
    pub(crate) silent_until: u64,
    /// A configuration to take over when caught up.
    pub(crate) change: Option<Change>,
    /// When it last could not be logged.
    pub(crate) change_failed: Option<Instant>,
    /// Configurations that are wished for while it runs.
    pub(crate) wishes: Receiver<Wish>,
    /// The files of the configuration in force.
    pub(crate) files: Files,
    /// Who judges, for those who explain.
    pub(crate) in_force: InForce,
    /// The checkpoint, where one is kept.
    pub(crate) gathering: Option<Gathering>,
    pub(crate) progress: Arc<Progress>,
    /// Facts entered at the instant at which the clock stands.
    pub(crate) entered: bool,
}

/// Whether there may be more to feed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Fed {
    All,
    /// Reading has ended, or the service stops and the clock is frozen: the rest waits for the next start.
    Stopped,
}

impl Feeding {
    /// Runs until reading has ended and everything read is fed.
    ///
    /// # Errors
    /// When the dataflow has failed.
    pub(crate) fn run(mut self) -> Result<(), RunnerError> {
        while self.turn()? == Fed::All {
            self.grant_wishes()?;
            if let Some(gathering) = &mut self.gathering {
                gathering.look(&self.clock.clock, &self.runner)?;
            }
        }
        match self.gathering {
            Some(gathering) => gathering.finish(&self.clock.clock, &self.runner),
            None => Ok(()),
        }
    }

    /// Takes what is there, or waits a little.
    fn turn(&mut self) -> Result<Fed, RunnerError> {
        // Asked before the look: if this holds and the look finds nothing, everything is taken.
        let drained = self.feed.drained();
        match self.feed.try_next() {
            Next::Batch(batch) => {
                let (last, mark) = (batch.last_sequence, batch.mark);
                if self.take(batch)? == Fed::Stopped {
                    self.gathering.iter_mut().for_each(Gathering::discard);
                    return Ok(Fed::Stopped);
                }
                self.position = last;
                self.gathering.iter_mut().for_each(|gathering| gathering.taken(last, mark));
                let now = self.clock.now();
                if self.position >= self.silent_until && self.voice.keeps_up(self.clock.lag(now)) {
                    self.caught_up(now)?;
                }
            }
            Next::Ended => return Ok(Fed::Stopped),
            Next::Nothing => {
                if drained {
                    self.follow()?;
                }
                thread::park_timeout(PARK_MAX);
            }
        }
        Ok(Fed::All)
    }

    /// Feeds one batch at its instants.
    fn take(&mut self, batch: Batch) -> Result<Fed, RunnerError> {
        for gap in &batch.gaps {
            tracing::error!(first = gap.first, last = gap.last, "the stream does not hold these messages any more");
        }
        let mut fed = Fed::All;
        let stood = self.clock.now();
        let mut entries = Vec::with_capacity(batch.facts.len());
        for fact in batch.facts {
            let (at, arrived) = (fact.event.at.moment(&self.zone), fact.event.arrived);
            match self.clock.enter(at, arrived) {
                Entered::At(enters) => {
                    let entry = Entry { enters, sequence: Some(fact.sequence), event: fact.event };
                    // A fact about its source, not about a case: it has moved the clock, and tells that its source speaks.
                    if entry.event.activity != Activity::Progress {
                        self.gathering.iter_mut().for_each(|gathering| gathering.fact(&entry, fact.line));
                    }
                    entries.push(entry);
                }
                Entered::AfterTheEnd => {
                    tracing::warn!(sequence = fact.sequence, "a fact that arrives after the end of the run is left out")
                }
                Entered::Stopped => {
                    fed = Fed::Stopped;
                    break;
                }
            }
        }
        self.voice.before(self.clock.lag(stood), self.clock.now())?;
        self.entered |= !entries.is_empty();
        self.runner.feed(entries, self.clock.now())?;
        Ok(fed)
    }

    /// Lets the clock follow the wall; a virtual clock stays where the last fact left it.
    ///
    /// A clock that stands does not close its instant. A millisecond more does, where something must be said again
    /// there, or where facts entered and the wall clock is still on its way to T.
    fn follow(&mut self) -> Result<(), RunnerError> {
        let stood = self.clock.now();
        let Some(mut now) = self.clock.follow() else { return Ok(()) };
        let told_again = self.progress.told_again.swap(false, Ordering::AcqRel);
        let entered = std::mem::take(&mut self.entered) && self.clock.is_wall();
        if now == stood && (told_again || entered) {
            now = self.clock.end_instant();
        }
        self.voice.before(self.clock.lag(stood), now)?;
        self.runner.advance(now)?;
        if self.position >= self.silent_until { self.caught_up(now) } else { Ok(()) }
    }

    /// Everything there is has been judged up to `now`: a changed configuration takes over, and differences are said.
    fn caught_up(&mut self, now: Moment) -> Result<(), RunnerError> {
        self.take_over_at_start(now)?;
        self.voice.caught_up(now)
    }
}
