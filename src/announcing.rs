//! From the dataflow to ALERTS: per light one unbroken chain (semantics 29).
//!
//! Keeps per light the last message known to be stored. A transition is published only if it continues
//! that chain. When ALERTS refuses one, or its answer stays unknown, ALERTS is read to its end, the
//! dataflow is told what each light of the batch really said last, and says again what differs.
//!
//! A server that is away is waited for, but not for ever once the service stops: what is not said then is the
//! difference that the next start finds.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use alerts::{Outcome, PublishFault, Publisher};
use compact_str::CompactString;
use dataflow::checkpoint::SaidTable;
use dataflow::{Closings, ReadBack, Runner, RunnerError};
use facts::Transition;
use facts::standing::Text2;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::checkpointing::SaidSoFar;
use crate::feeding::Progress;

/// Transitions published at a time.
const BATCH: usize = 1_024;
/// A table of last messages is handed on after so many new ones, or after one for so many lights where that is more.
const TABLE_MESSAGES: u64 = 4_096;
const TABLE_SHARE: u64 = 8;
/// How long a stopping service waits for ALERTS to take a batch.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Case, rule, instance.
type LightKey = (CompactString, CompactString, CompactString);

/// Why nothing more can be said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnnouncingError {
    /// ALERTS needs a person.
    #[error(transparent)]
    Publish(#[from] PublishFault),
    /// The dataflow has failed.
    #[error(transparent)]
    Dataflow(#[from] RunnerError),
}

/// Publishes what the dataflow closes.
pub(crate) struct Announcing {
    publisher: Publisher,
    runner: Arc<Runner>,
    runtime: Handle,
    last: HashMap<LightKey, Transition>,
    /// The ALERTS sequence that the last table handed on covers.
    table_covers: u64,
    /// Whoever writes checkpoints, where one is kept.
    said: Option<Arc<SaidSoFar>>,
    progress: Arc<Progress>,
    /// Turns true when the service stops.
    stop: watch::Receiver<bool>,
}

fn key(transition: &Transition) -> LightKey {
    (transition.case.clone(), transition.rule.clone(), transition.instance.clone())
}

/// What the chain needs of a message: proof, evidence and reason stay in ALERTS.
fn slim(transition: &Transition) -> Transition {
    Transition { proof: None, evidence: Vec::new(), reason: Text2::default(), ..transition.clone() }
}

impl Announcing {
    /// A table that holds what ALERTS holds, and a dataflow that knows it. `table` is what ALERTS held up to where the
    /// publisher begins.
    ///
    /// # Errors
    /// When ALERTS cannot be used, or the dataflow has failed.
    pub(crate) async fn open(
        mut publisher: Publisher,
        runner: Arc<Runner>,
        table: Vec<Transition>,
        said_so_far: Option<Arc<SaidSoFar>>,
        progress: Arc<Progress>,
        stop: watch::Receiver<bool>,
    ) -> Result<Announcing, AnnouncingError> {
        let table_covers = publisher.covered();
        let said = publisher.read_again().await?;
        let runtime = Handle::current();
        let mut announcing = Announcing {
            publisher,
            runner,
            runtime,
            last: HashMap::with_capacity(table.len()),
            table_covers,
            said: said_so_far,
            progress,
            stop,
        };
        announcing.last.extend(table.into_iter().map(|last| (key(&last), last)));
        announcing.note(&said.last);
        announcing.tell_all()?;
        Ok(announcing)
    }

    /// Publishes until the dataflow ends, or the service stops and the server stays away.
    ///
    /// # Errors
    /// When a person must act on ALERTS, or the dataflow has failed.
    pub(crate) fn run(mut self, closings: &Closings) -> Result<(), AnnouncingError> {
        while let Some(closed) = closings.recv() {
            let mut rest = closed.transitions.as_slice();
            while !rest.is_empty() {
                let (batch, later) = rest.split_at(rest.len().min(BATCH));
                if self.publish(batch)?.is_break() {
                    tracing::warn!(
                        unsaid = rest.len(),
                        "the server stays away; what is unsaid is said at the next start"
                    );
                    return Ok(());
                }
                rest = later;
            }
            if let Some(said) = &self.said {
                said.said(closed.through);
            }
            self.hand_table_on((self.last.len() as u64 / TABLE_SHARE).max(TABLE_MESSAGES));
        }
        self.hand_table_on(1);
        Ok(())
    }

    /// Breaks off when the service stops and ALERTS does not answer.
    fn publish(&mut self, closed: &[Transition]) -> Result<ControlFlow<()>, AnnouncingError> {
        let mut batch: Vec<Transition> = Vec::with_capacity(closed.len());
        let mut revisions: HashMap<LightKey, u32> = HashMap::new();
        for transition in closed {
            let key = key(transition);
            let stored = self.last.get(&key).map_or(0, |last| last.revision);
            let revision = revisions.entry(key).or_insert(stored);
            // One that rests on a refused message does not continue the chain: the dataflow says it again.
            if transition.revision == *revision + 1 {
                *revision += 1;
                batch.push(transition.clone());
            }
        }
        if batch.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let given_up = given_up(self.stop.clone());
        let outcome = self.runtime.block_on(async {
            tokio::select! {
                outcome = self.publisher.publish(&batch) => Some(outcome),
                () = given_up => None,
            }
        });
        let Some(outcome) = outcome else { return Ok(ControlFlow::Break(())) };
        match outcome? {
            Outcome::Stored { .. } => self.note(&batch),
            Outcome::ReadAgain { said, last_sequence } => {
                tracing::warn!(last_sequence, lights = said.len(), "alerts were read again");
                self.note(&said);
                let touched = batch.iter().chain(&said).map(key).collect();
                self.tell(touched)?;
                // Only now: the instant at which it is said again must end after the dataflow was told.
                self.progress.told_again.store(true, Ordering::Release);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Gives the table to whoever writes checkpoints when ALERTS holds `messages` that the last one does not cover: a start
    /// reads so many at most.
    fn hand_table_on(&mut self, messages: u64) {
        let (Some(said), Some(created_micros)) = (&self.said, self.publisher.created_micros()) else { return };
        let covered = self.publisher.covered();
        if covered >= self.table_covers + messages {
            said.offer(SaidTable::of(created_micros, covered, self.last.values()));
            self.table_covers = covered;
        }
    }

    fn note(&mut self, stored: &[Transition]) {
        for transition in stored {
            self.last.insert(key(transition), slim(transition));
        }
    }

    /// Tells the dataflow what ALERTS holds, all of it.
    fn tell_all(&self) -> Result<(), AnnouncingError> {
        self.read_back(self.last.values().cloned().map(ReadBack::from).collect())
    }

    /// Tells the dataflow what ALERTS holds of these lights.
    fn tell(&self, mut lights: Vec<LightKey>) -> Result<(), AnnouncingError> {
        lights.sort_unstable();
        lights.dedup();
        let read = lights.into_iter().map(|(case, rule, instance)| {
            let light = (case, rule, instance);
            let last = self.last.get(&light).cloned().map(Box::new);
            let (case, rule, instance) = light;
            ReadBack { case, rule, instance, last }
        });
        self.read_back(read.collect())
    }

    fn read_back(&self, read: Vec<ReadBack>) -> Result<(), AnnouncingError> {
        if read.is_empty() {
            return Ok(());
        }
        match self.runner.read_back(read) {
            // The service stops: what is to be said again is the difference that the next start finds.
            Err(RunnerError::Ended) => Ok(()),
            told => Ok(told.map(drop)?),
        }
    }
}

/// Ready when the service has been stopping for [`STOP_PATIENCE`].
async fn given_up(mut stop: watch::Receiver<bool>) {
    // A dropped sender means the same as true: nobody keeps the service up.
    stop.wait_for(|stop| *stop).await.ok();
    tokio::time::sleep(STOP_PATIENCE).await;
}
