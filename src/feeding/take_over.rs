//! A changed configuration takes over: at a start once caught up, later when somebody wishes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use dataflow::RunnerError;
use facts::Moment;

use super::Feeding;
use crate::checkpointing::Change;
use crate::reload::{Became, Wish, difference_hash};

/// How long after a failure to log the start's change it is tried again.
const RETRY: Duration = Duration::from_secs(1);

impl Feeding {
    /// The change that the start found, once everything there was is judged up to `now`.
    pub(super) fn take_over_at_start(&mut self, now: Moment) -> Result<(), RunnerError> {
        let waits = self.change_failed.is_some_and(|failed| failed.elapsed() < RETRY);
        let Some(change) = self.change.take_if(|_| !waits) else { return Ok(()) };
        if let Became::NotLogged(error) = self.take_over(&change, now)? {
            if !self.progress.unwritten.swap(true, Ordering::AcqRel) {
                tracing::error!(
                    error,
                    "the changed configuration cannot be logged; the one before stays in force, and it is tried again"
                );
            }
            self.change_failed = Some(Instant::now());
            self.change = Some(change);
        }
        Ok(())
    }

    /// What was wished for since, unless a backlog is judged first.
    pub(super) fn grant_wishes(&mut self) -> Result<(), RunnerError> {
        while self.change.is_none() && self.progress.caught_up.load(Ordering::Acquire) {
            let Ok(Wish { sources, preview, answer }) = self.wishes.try_recv() else { break };
            let now = self.clock.now();
            let became = if sources.configuration.hash == self.in_force.get().hash {
                Became::Unchanged
            } else if let Some(other) = self.other_difference(&sources.configuration, preview.as_deref())? {
                Became::OtherDifference { now: other }
            } else {
                self.take_over(&Change::from(&self.files, sources), now)?
            };
            // Whoever wished may have gone.
            answer.send(became).ok();
        }
        Ok(())
    }

    /// The hash of what `configuration` would change now, where it is not the one that was `seen`.
    fn other_difference(
        &self,
        configuration: &Arc<rules::configuration::Configuration>,
        seen: Option<&str>,
    ) -> Result<Option<String>, RunnerError> {
        let Some(seen) = seen else { return Ok(None) };
        let now = difference_hash(&self.runner.what_if(configuration)?);
        Ok((now != seen).then_some(now))
    }

    /// Logs the change, and puts it in force from `now` on.
    fn take_over(&mut self, change: &Change, now: Moment) -> Result<Became, RunnerError> {
        if let Some(gathering) = &mut self.gathering
            && let Err(error) = gathering.accept(change.set(now))
        {
            return Ok(Became::NotLogged(error.to_string()));
        }
        let Change { sources, cause } = change;
        let at = self.runner.configure(Arc::clone(&sources.configuration), *cause, now)?;
        let hash = &sources.configuration.hash;
        tracing::info!(clock = %at, configuration = hash, %cause, "the changed configuration is in force");
        self.in_force.set(Arc::clone(&sources.configuration));
        self.files.clone_from(&sources.files);
        // Also a clock that stands still closes its instant, so that the change is seen.
        self.progress.told_again.store(true, Ordering::Release);
        Ok(Became::InForce { at, cause: *cause })
    }
}
