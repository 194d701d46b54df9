//! From a checkpoint into a fresh dataflow, with any number of workers.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use facts::Moment;

use super::fault::CheckpointError;
use super::folder::{Checkpoint, check_segment};
use super::record::StoredFact;
use super::segment::{FrameEntry, Segment, read_content};
use crate::entry::Entry;
use crate::judge::Judge;
use crate::runner::{Runner, RunnerError};
use crate::sources::SourceState;

/// Facts handed to a worker at a time.
const PIECE: usize = 4_096;

/// Facts after those of which everything was said: what they change may still have to be said.
#[must_use = "facts that are not fed are lost to judgement"]
pub struct Later {
    facts: Vec<StoredFact>,
    sources: Vec<SourceState>,
    now: Moment,
    joined: u64,
}

impl Checkpoint {
    /// Hands the facts that entered up to [`Manifest::said_through`](super::Manifest::said_through) to `runner`, which was
    /// just started and is silent, and lets it judge each case once. What was said is for whoever reads ALERTS to tell it
    /// next ([`Runner::read_back`]); then the rest is fed.
    ///
    /// # Errors
    /// When a segment is not what was written, or the dataflow fails. The runner is of no use then.
    pub fn restore<J: Judge>(&self, runner: &Runner<J>) -> Result<Later, CheckpointError> {
        let Some(manifest) = self.manifest() else {
            return Ok(Later { facts: Vec::new(), sources: Vec::new(), now: Moment::MIN, joined: 0 });
        };
        let segments: Vec<Segment> = manifest
            .segments
            .iter()
            .map(|entry| check_segment(self.storage.as_ref(), entry))
            .collect::<Result<_, _>>()?;
        let said = manifest.said_through.as_ref();
        let facts = load(&segments, runner, said.map_or(Moment::MIN, |said| said.through))?;
        if let Some(said) = said {
            runner.restored(said.through, said.waiting.clone())?;
        }
        let joined = manifest.facts().saturating_sub(facts.len() as u64);
        Ok(Later { facts, sources: manifest.sources.clone(), now: manifest.clock.now, joined })
    }
}

impl Later {
    /// Facts that were joined before these.
    #[must_use]
    pub fn joined(&self) -> u64 {
        self.joined
    }

    /// How many facts are left to feed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Is nothing left to feed?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Feeds them at their own instants, and lets the clock run on to where it stood. Which sources are silent is told
    /// then: of what they said, progress is not among the facts.
    ///
    /// # Errors
    /// When the dataflow has failed.
    pub fn feed<J: Judge>(self, runner: &Runner<J>) -> Result<(), RunnerError> {
        let Later { mut facts, sources, now, .. } = self;
        // Order within an instant changes nothing.
        facts.sort_unstable_by_key(|fact| (fact.enters, fact.sequence, fact.line));
        let mut entries = facts.into_iter().map(StoredFact::entry).peekable();
        while entries.peek().is_some() {
            let piece: Vec<Entry> = entries.by_ref().take(PIECE).collect();
            let open = piece.last().map_or(Moment::MIN, |last| last.enters);
            runner.feed_again(piece, open)?;
        }
        runner.feed_again(Vec::new(), now)?;
        runner.restore_sources(sources)
    }
}

/// Reads all frames, as many at a time as there are workers, and hands the facts that entered up to `through` to the
/// workers. Returns the later ones.
fn load<J: Judge>(
    segments: &[Segment],
    runner: &Runner<J>,
    through: Moment,
) -> Result<Vec<StoredFact>, CheckpointError> {
    let frames: Vec<(&Segment, &FrameEntry)> =
        segments.iter().flat_map(|segment| segment.index.frames.iter().map(move |entry| (segment, entry))).collect();
    let next = AtomicUsize::new(0);
    let later = Mutex::new(Vec::new());
    let read = || -> Result<(), CheckpointError> {
        let mut entries = Vec::new();
        let mut held = Vec::new();
        while let Some((segment, entry)) = frames.get(next.fetch_add(1, Ordering::Relaxed)) {
            let content = segment.content(entry)?;
            let all = read_content(&content, |_, fact, _| {
                if fact.enters <= through { entries.push(fact.entry()) } else { held.push(fact) }
            });
            all.map_err(|fault| segment.misshapen(entry, fault))?;
            while entries.len() >= PIECE {
                runner.restore(entries.split_off(entries.len() - PIECE))?;
            }
        }
        runner.restore(entries)?;
        later.lock().unwrap_or_else(std::sync::PoisonError::into_inner).append(&mut held);
        Ok(())
    };
    let readers = runner.workers().min(frames.len());
    thread::scope(|scope| {
        let running: Vec<_> = (0..readers).map(|_| scope.spawn(read)).collect();
        running.into_iter().try_for_each(|reader| reader.join().expect("a reader of frames returns its faults"))
    })?;
    Ok(later.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}
