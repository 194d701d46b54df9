//! From a checkpoint into a fresh dataflow, with any number of workers.

use std::ops::Range;
use std::thread;

use facts::Moment;

use super::case_slot::SLOTS;
use super::fault::CheckpointError;
use super::folder::{Checkpoint, check_segment};
use super::record::StoredFact;
use super::segment::{GroupView, Segment, groups, read_group};
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
    /// just started and is silent, and which judges each case once. What was said is for whoever reads ALERTS to tell it
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

/// Reads all facts, slot by slot, in as many threads as there are workers, and hands those that entered up to `through`
/// to the workers: of each case all at once. Returns the later ones.
fn load<J: Judge>(
    segments: &[Segment],
    runner: &Runner<J>,
    through: Moment,
) -> Result<Vec<StoredFact>, CheckpointError> {
    let readers = u16::try_from(runner.workers()).unwrap_or(SLOTS).clamp(1, SLOTS);
    let read = |reader: u16| -> Result<Vec<StoredFact>, CheckpointError> {
        let bound = |reader: u16| (u32::from(SLOTS) * u32::from(reader) / u32::from(readers)) as u16;
        let slots = bound(reader)..bound(reader + 1);
        let mut later = Vec::new();
        let cursors = segments.iter().map(|segment| Cursor::at(segment, slots.start));
        let mut cursors: Vec<Cursor<'_>> = cursors.collect::<Result<_, _>>()?;
        for slot in slots {
            let mut entries = Vec::new();
            for cursor in &mut cursors {
                cursor.take(slot, |fact| {
                    if fact.enters <= through { entries.push(fact.entry()) } else { later.push(fact) }
                })?;
            }
            if !entries.is_empty() {
                runner.restore(entries, through)?;
            }
        }
        Ok(later)
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..readers).map(|reader| scope.spawn(move || read(reader))).collect();
        let read = running.into_iter().map(|reader| reader.join().expect("a reader of frames returns its faults"));
        Ok(read.collect::<Result<Vec<_>, CheckpointError>>()?.concat())
    })
}

/// Where reading stands in one segment.
struct Cursor<'s> {
    segment: &'s Segment,
    /// The frame after the one at hand.
    next: usize,
    content: Vec<u8>,
    /// Slot, facts and place in `content` of the groups left, last first.
    left: Vec<(u16, u32, Range<usize>)>,
}

impl<'s> Cursor<'s> {
    /// At the first group of `slot` or a later one.
    fn at(segment: &'s Segment, slot: u16) -> Result<Cursor<'s>, CheckpointError> {
        let next = segment.index.frames.partition_point(|frame| frame.slots.1 < slot);
        let mut cursor = Cursor { segment, next, content: Vec::new(), left: Vec::new() };
        cursor.fill()?;
        while cursor.left.last().is_some_and(|(held, ..)| *held < slot) {
            cursor.left.pop();
            cursor.fill()?;
        }
        Ok(cursor)
    }

    /// Hands all facts of `slot` to `each`; slots are asked for in ascending order.
    fn take(&mut self, slot: u16, mut each: impl FnMut(StoredFact)) -> Result<(), CheckpointError> {
        while let Some((_, facts, range)) = self.left.pop_if(|(held, ..)| *held == slot) {
            let group = GroupView { slot, facts, start: range.start, records: &self.content[range] };
            let read = read_group(&group, |fact, _| each(fact));
            read.map_err(|fault| self.misshapen(fault))?;
            self.fill()?;
        }
        Ok(())
    }

    /// Reads the next frame when the last one is used up.
    fn fill(&mut self) -> Result<(), CheckpointError> {
        while self.left.is_empty() {
            let Some(entry) = self.segment.index.frames.get(self.next) else { return Ok(()) };
            self.next += 1;
            self.content = self.segment.content(entry)?;
            let found = groups(&self.content).map_err(|fault| self.misshapen(fault))?;
            let place =
                |group: &GroupView<'_>| (group.slot, group.facts, group.start..group.start + group.records.len());
            self.left = found.iter().rev().map(place).collect();
        }
        Ok(())
    }

    /// That the frame at hand is not made of groups.
    fn misshapen(&self, fault: String) -> CheckpointError {
        self.segment.misshapen(&self.segment.index.frames[self.next - 1], fault)
    }
}
