//! Whether differences are said (semantics 13): not before everything of the start is judged, not while the clock is
//! far behind the machine's, not before the site's own first instant. Then the net difference is said, and from there
//! on each as it comes.
//!
//! Invariant: a silence begins before the facts and instants that it covers are fed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use dataflow::{Runner, RunnerError};
use facts::Moment;

use crate::feeding::Progress;

/// Who is this little behind, though never drained, has caught up.
const CAUGHT_UP: Duration = Duration::from_secs(1);

/// Falls silent and speaks again.
pub(crate) struct Voice {
    runner: Arc<Runner>,
    progress: Arc<Progress>,
    /// Further behind than this nothing is said.
    catch_up: Duration,
    /// Nothing is said before this instant of the clock.
    issue_from: Moment,
    state: State,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum State {
    /// Differences wait until the clock has caught up.
    Behind,
    /// Caught up, before the site's first instant.
    TooEarly,
    /// Differences are said.
    Speaking,
}

impl Voice {
    /// A voice that is silent until [`Voice::caught_up`] is first called.
    pub(crate) fn new(
        runner: Arc<Runner>,
        progress: Arc<Progress>,
        catch_up: Duration,
        issue_from: Option<Moment>,
    ) -> Voice {
        Voice { runner, progress, catch_up, issue_from: issue_from.unwrap_or(Moment::MIN), state: State::Behind }
    }

    /// To be told before the clock moves on to `to` by facts or instants of which the oldest lies `lag` behind the
    /// machine's clock.
    ///
    /// # Errors
    /// When the dataflow has failed.
    pub(crate) fn before(&mut self, lag: Duration, to: Moment) -> Result<(), RunnerError> {
        if lag > self.catch_up && self.state != State::Behind {
            let at = self.runner.hush()?;
            self.state = State::Behind;
            self.progress.caught_up.store(false, Ordering::Release);
            tracing::warn!(clock = %at, lag_secs = lag.as_secs(), "far behind; differences are said when it has caught up");
        }
        if self.state == State::TooEarly && to >= self.issue_from {
            self.speak(self.issue_from)?;
        }
        Ok(())
    }

    /// Everything there is has been judged up to `now`, or all but the last second of it.
    ///
    /// # Errors
    /// When the dataflow has failed.
    pub(crate) fn caught_up(&mut self, now: Moment) -> Result<(), RunnerError> {
        if self.state != State::Behind {
            return Ok(());
        }
        self.state = State::TooEarly;
        if now >= self.issue_from {
            self.speak(now)?;
        } else {
            tracing::info!(clock = %now, issue_from = %self.issue_from, "caught up; nothing is said before issue_from");
        }
        self.progress.caught_up.store(true, Ordering::Release);
        Ok(())
    }

    /// Has a clock that is `lag` behind caught up, though it is always busy?
    pub(crate) fn keeps_up(&self, lag: Duration) -> bool {
        lag <= CAUGHT_UP && self.state == State::Behind
    }

    fn speak(&mut self, at: Moment) -> Result<(), RunnerError> {
        let at = self.runner.announce(at)?;
        self.state = State::Speaking;
        tracing::info!(clock = %at, "caught up; differences are said from here on");
        Ok(())
    }
}
