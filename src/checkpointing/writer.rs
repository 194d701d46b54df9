//! The thread that writes checkpoints.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use dataflow::checkpoint::{CaseCut, Checkpoint, Cut, SaidThrough, SlotSet};
use dataflow::{AskedCases, AskedWaiting};
use facts::Moment;
use tokio::sync::watch;

use super::gathering::Asked;
use super::kept_cases::KeptCases;
use super::said_so_far::SaidSoFar;
use crate::feeding::Progress;
use crate::figures;

/// How long a cut waits for what it brought about to be said; then it names the instant up to which everything was.
const SAID_PATIENCE: Duration = Duration::from_secs(2);
/// How long after a failure a cut is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often a writer that waits for its next try looks whether the service stops.
const LOOK: Duration = Duration::from_millis(100);
/// More waiting cases than these are a flood of late facts: the next start feeds them again instead.
const WAITING_MAX: usize = 10_000;

/// Writes cuts until nobody makes any more.
pub(crate) struct Writer {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) cuts: Receiver<Asked>,
    pub(crate) busy: Arc<AtomicBool>,
    pub(crate) said: Arc<SaidSoFar>,
    /// Which cases are to be written next.
    pub(crate) kept: Arc<KeptCases>,
    /// What the last cut named.
    pub(crate) said_through: Option<SaidThrough>,
    pub(crate) progress: Arc<Progress>,
    /// Turns true when the service stops.
    pub(crate) stop: watch::Receiver<bool>,
}

impl Writer {
    /// Writes each cut, trying again until it is written. A stop is waited for by one try only.
    pub(crate) fn run(mut self) {
        while let Ok(Asked { mut cut, waiting, cases }) = self.cuts.recv() {
            let asked = cases.is_some();
            cut.cases = cases.and_then(AskedCases::wait).map(|(slots, handed)| CaseCut { slots, handed });
            self.find_said_through(waiting);
            cut.said_through.clone_from(&self.said_through);
            cut.said = self.said.take_table();
            while !self.commit(&cut) {
                if self.stopped_within(RETRY) {
                    tracing::error!(
                        "the last cut of the checkpoint is not written; the next start goes on from the one before"
                    );
                    // Nobody need wait for another one.
                    self.kept.want(SlotSet::default(), false);
                    self.busy.store(false, Ordering::Release);
                    return;
                }
            }
            self.choose_cases(&cut, asked);
            self.busy.store(false, Ordering::Release);
        }
    }

    /// Tells which cases the next cut should write. Workers that are silent give none: then not before something comes.
    fn choose_cases(&self, cut: &Cut, asked: bool) {
        let Some(engine) = self.kept.engine() else { return };
        let last = *self.stop.borrow();
        let said = self.said_through.as_ref().map_or(Moment::MIN, |said| said.through);
        let unsaid = cut.cases.as_ref().is_some_and(|cases| cases.handed.through > said);
        let none = asked && cut.cases.is_none() || unsaid && last;
        let wanted = if none { SlotSet::default() } else { self.checkpoint.wanted_cases(engine, last) };
        self.kept.want(wanted, unsaid && !last);
    }

    /// Everything closed before the cut is said, now or soon; or what was named before stays.
    fn find_said_through(&mut self, asked: Option<AskedWaiting>) {
        let Some(answer) = asked.and_then(AskedWaiting::wait) else { return };
        let usable = answer.speaking && answer.as_of > Moment::from_millis(0) && answer.cases.len() <= WAITING_MAX;
        if usable && self.said.wait(answer.as_of, SAID_PATIENCE) {
            self.said_through = Some(SaidThrough { through: answer.as_of, waiting: answer.cases });
        }
    }

    fn commit(&mut self, cut: &Cut) -> bool {
        let began = Instant::now();
        match self.checkpoint.commit(cut) {
            Ok(()) => {
                if self.progress.unwritten.swap(false, Ordering::AcqRel) {
                    tracing::info!("the checkpoint is written again");
                }
                if let Some(manifest) = self.checkpoint.manifest() {
                    figures::checkpoint(manifest, began.elapsed());
                }
                true
            }
            Err(error) => {
                figures::checkpoint_failed();
                if !self.progress.unwritten.swap(true, Ordering::AcqRel) {
                    tracing::error!(%error, "the checkpoint cannot be written; it is tried again, and facts gather meanwhile");
                }
                false
            }
        }
    }

    fn stopped_within(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        while Instant::now() < until {
            if *self.stop.borrow() {
                return true;
            }
            thread::park_timeout(LOOK);
        }
        *self.stop.borrow()
    }
}
