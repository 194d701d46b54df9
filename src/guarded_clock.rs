//! The supervision clock as the feeding holds it: what must wait while it is frozen waits here, but not once the
//! service stops.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use facts::Moment;
use tokio::sync::watch;

use crate::clock::{Clock, Entry, Freeze};
use crate::feeding::Progress;

/// How long a fact waits before a frozen clock, or a stop, is asked about again.
const FROZEN_WAIT: Duration = Duration::from_millis(100);

/// The clock, who is told that it stands, and who ends the waiting.
pub(crate) struct GuardedClock {
    pub(crate) clock: Clock,
    pub(crate) progress: Arc<Progress>,
    /// Turns true when the service stops.
    pub(crate) stop: watch::Receiver<bool>,
}

/// What becomes of a fact that comes in.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Entered {
    /// It enters at this T.
    At(Moment),
    /// It arrived after the end of the run.
    AfterTheEnd,
    /// The service stops while the clock is frozen: this fact and all after it are for the next start.
    Stopped,
}

impl GuardedClock {
    /// T.
    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// How far `at` lies behind the machine's clock.
    pub(crate) fn lag(&self, at: Moment) -> Duration {
        self.clock.lag(at)
    }

    /// Does time move it?
    pub(crate) fn is_wall(&self) -> bool {
        self.clock.is_wall()
    }

    /// Ends the instant at which the clock stands; T afterwards.
    pub(crate) fn end_instant(&mut self) -> Moment {
        self.clock.end_instant();
        self.clock.now()
    }

    /// Moves T to where a fact enters, waiting while the clock is frozen.
    pub(crate) fn enter(&mut self, at: Moment, arrived: Option<Moment>) -> Entered {
        loop {
            match self.clock.enter(at, arrived) {
                Entry::At(enters) => {
                    self.runs();
                    return Entered::At(enters);
                }
                Entry::AfterTheEnd => return Entered::AfterTheEnd,
                Entry::Frozen(freeze) if self.stands(freeze) => continue,
                Entry::Frozen(_) => {}
            }
            // A dropped sender means the same as true: nobody keeps the service up.
            if *self.stop.borrow() || self.stop.has_changed().is_err() {
                return Entered::Stopped;
            }
            thread::park_timeout(FROZEN_WAIT);
        }
    }

    /// Moves T with the wall clock; `None` while it is frozen.
    pub(crate) fn follow(&mut self) -> Option<Moment> {
        match self.clock.follow() {
            Ok(now) => {
                self.runs();
                Some(now)
            }
            Err(freeze) if self.stands(freeze) => self.follow(),
            Err(_) => None,
        }
    }

    fn runs(&self) {
        if self.progress.freeze.runs() {
            tracing::warn!(clock = %self.now(), "the supervision clock goes on");
        }
    }

    /// Tells that the clock stands; true when a person has confirmed that it may go on.
    fn stands(&mut self, freeze: Freeze) -> bool {
        let confirmed = self.progress.freeze.stands(freeze);
        if confirmed {
            self.clock.confirm(freeze);
        }
        confirmed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Machine, Reading};

    /// A machine whose wall clock has stopped at `wall`.
    fn machine_at(wall: Moment) -> Machine {
        Machine::read_by(move || Reading { wall, monotonic: Duration::ZERO })
    }

    fn guarded(wall: Moment) -> (watch::Sender<bool>, GuardedClock) {
        let (stop, stopped) = watch::channel(false);
        let clock = Clock::wall(machine_at(wall));
        (stop, GuardedClock { clock, progress: Arc::default(), stop: stopped })
    }

    #[test]
    fn a_fact_that_waits_for_a_frozen_clock_ends_its_wait_when_the_service_stops() {
        let nine: Moment = "2026-01-05T09:00:00Z".parse().expect("an instant");
        let (stop, mut guarded) = guarded(nine);
        let progress = Arc::clone(&guarded.progress);
        let ahead = nine.plus_millis(120_000);
        let waiting = thread::spawn(move || guarded.enter(ahead, Some(ahead)));
        while progress.freeze.lasting().is_none() {
            thread::yield_now();
        }
        stop.send_replace(true);
        assert_eq!(waiting.join().expect("it ends"), Entered::Stopped);
        assert!(progress.freeze.lasting().is_some(), "and nothing was let in");
    }

    #[test]
    fn a_fact_that_may_enter_does_so_although_the_service_stops() {
        let nine: Moment = "2026-01-05T09:00:00Z".parse().expect("an instant");
        let (stop, mut guarded) = guarded(nine);
        stop.send_replace(true);
        assert_eq!(guarded.enter(nine, Some(nine)), Entered::At(nine), "what was read is judged");
    }
}
