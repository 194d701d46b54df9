//! From a checkpoint into a fresh dataflow, with any number of workers.

mod kept_cases;

use std::ops::Range;
use std::thread;

use facts::Moment;

use self::kept_cases::Kept;
use super::case_slot::SLOTS;
use super::fault::CheckpointError;
use super::folder::{Checkpoint, check_segment};
use super::record::StoredFact;
use super::segment::{GroupView, Segment, groups, read_group};
use crate::entry::Entry;
use crate::judge::Judge;
use crate::planted::planted;
use crate::runner::{Runner, RunnerError};
use crate::sources::SourceState;

/// Facts handed to a worker at a time.
const PIECE: usize = 4_096;

/// Facts after those of which everything was said: what they change may still have to be said.
#[derive(Default)]
#[must_use = "facts that are not fed are lost to judgement"]
pub struct Later {
    facts: Vec<StoredFact>,
    sources: Vec<SourceState>,
    now: Moment,
    joined: u64,
    kept: u64,
}

impl Checkpoint {
    /// Hands the facts that entered up to [`Manifest::said_through`](super::Manifest::said_through) to `runner`, which was
    /// just started and is silent, and which judges each case once; cases that `engine` kept beside the facts under the same
    /// configuration go there as they were, with the facts since. What was said is for whoever reads ALERTS to tell it
    /// next ([`Runner::read_back`]), all of it at once; then the rest is fed.
    ///
    /// # Errors
    /// When a segment is not what was written, or the dataflow fails. The runner is of no use then.
    pub fn restore<J: Judge>(&mut self, runner: &Runner<J>, engine: &str) -> Result<Later, CheckpointError> {
        let Some(manifest) = self.manifest() else { return Ok(Later::default()) };
        let segments: Vec<Segment> = manifest
            .segments
            .iter()
            .map(|entry| check_segment(self.storage.as_ref(), entry))
            .collect::<Result<_, _>>()?;
        let said = manifest.said_through.as_ref();
        let through = said.map_or(Moment::MIN, |said| said.through);
        let kept = kept_cases::take_in(self.storage.as_ref(), manifest, runner, engine, through)?;
        let loaded = load(&segments, runner, through, &kept)?;
        if let Some(said) = said {
            runner.restored(said.through, said.waiting.clone())?;
        }
        let joined = manifest.facts().saturating_sub(loaded.later.len() as u64);
        let (sources, now) = (manifest.sources.clone(), manifest.clock.now);
        loaded.since.into_iter().for_each(|(slot, bytes)| self.since.came(slot, bytes));
        // To be written anew before all others.
        kept.unreadable.iter().for_each(|slot| self.since.came(slot, u64::MAX));
        Ok(Later { facts: loaded.later, sources, now, joined, kept: kept.cases })
    }
}

impl Later {
    /// Facts that were joined before these.
    #[must_use]
    pub fn joined(&self) -> u64 {
        self.joined
    }

    /// Cases that were taken as they were kept beside the facts.
    #[must_use]
    pub fn kept_cases(&self) -> u64 {
        self.kept
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

/// What reading all facts leaves.
#[derive(Default)]
struct Loaded {
    /// Facts that are to be fed.
    later: Vec<StoredFact>,
    /// Bytes of facts that came to slots whose cases were kept, since.
    since: Vec<(u16, u64)>,
}

/// Reads facts, slot by slot, in as many threads as there are workers, and hands those that entered up to `through`
/// to the workers: of each case all at once, or all that its kept form does not hold.
fn load<J: Judge>(
    segments: &[Segment],
    runner: &Runner<J>,
    through: Moment,
    kept: &Kept,
) -> Result<Loaded, CheckpointError> {
    let forgetful = planted!(FactsSinceKeptCasesForgotten);
    let read = |slots: Range<u16>| -> Result<Loaded, CheckpointError> {
        let mut loaded = Loaded::default();
        let cursors = segments.iter().map(|segment| Cursor::at(segment, slots.clone(), Some(kept)));
        let mut cursors: Vec<Cursor<'_>> = cursors.collect::<Result<_, _>>()?;
        for slot in slots {
            let (mut entries, mut since) = (Vec::new(), 0);
            for cursor in &mut cursors {
                cursor.take(slot, |group| {
                    let mut new = 0;
                    read_group(group, |fact, _| match fact.enters {
                        enters if enters <= kept.through(slot) => {}
                        enters if enters > through => loaded.later.push(fact),
                        _ if forgetful && kept.through(slot) > Moment::MIN => {}
                        _ => {
                            new += 1;
                            entries.push(fact.entry());
                        }
                    })?;
                    since += group.records.len() as u64 * new / u64::from(group.facts.max(1));
                    Ok(())
                })?;
            }
            if since > 0 {
                loaded.since.push((slot, since));
            }
            if !entries.is_empty() {
                runner.restore(entries, through)?;
            }
        }
        Ok(loaded)
    };
    let mut all = Loaded::default();
    for loaded in in_ranges(runner.workers(), read)? {
        all.later.extend(loaded.later);
        all.since.extend(loaded.since);
    }
    Ok(all)
}

/// Divides all slots among as many threads as there are workers.
fn in_ranges<T: Send>(
    workers: usize,
    read: impl Fn(Range<u16>) -> Result<T, CheckpointError> + Sync,
) -> Result<Vec<T>, CheckpointError> {
    let readers = u16::try_from(workers).unwrap_or(SLOTS).clamp(1, SLOTS);
    let bound = |reader: u16| (u32::from(SLOTS) * u32::from(reader) / u32::from(readers)) as u16;
    thread::scope(|scope| {
        let read = &read;
        let running: Vec<_> =
            (0..readers).map(|reader| scope.spawn(move || read(bound(reader)..bound(reader + 1)))).collect();
        running.into_iter().map(|reader| reader.join().expect("a reader of frames returns its faults")).collect()
    })
}

/// A group that was not handed over yet.
struct Left {
    slot: u16,
    facts: u32,
    last_enters: Moment,
    /// Its place in the frame's content.
    range: Range<usize>,
}

/// Where reading stands in one segment.
struct Cursor<'s> {
    segment: &'s Segment,
    /// Frames and groups with nothing that kept cases do not hold are passed over; a frame's check sum is looked at all the
    /// same, for the day on which the kept cases are of no use.
    kept: Option<&'s Kept>,
    /// Slots from here on are for others to read.
    end: u16,
    /// The frame after the one at hand.
    next: usize,
    content: Vec<u8>,
    /// The groups left, last first.
    left: Vec<Left>,
}

impl<'s> Cursor<'s> {
    /// At the first group of these slots.
    fn at(segment: &'s Segment, slots: Range<u16>, kept: Option<&'s Kept>) -> Result<Cursor<'s>, CheckpointError> {
        let next = segment.index.frames.partition_point(|frame| frame.slots.1 < slots.start);
        let mut cursor = Cursor { segment, kept, end: slots.end, next, content: Vec::new(), left: Vec::new() };
        cursor.fill()?;
        while cursor.left.last().is_some_and(|left| left.slot < slots.start) {
            cursor.left.pop();
            cursor.fill()?;
        }
        Ok(cursor)
    }

    /// Hands all groups of `slot` to `each`; slots are asked for in ascending order.
    fn take(
        &mut self,
        slot: u16,
        mut each: impl FnMut(&GroupView<'_>) -> Result<(), String>,
    ) -> Result<(), CheckpointError> {
        while let Some(Left { facts, last_enters, range, .. }) = self.left.pop_if(|left| left.slot == slot) {
            let needed = self.kept.is_none_or(|kept| last_enters > kept.through(slot));
            if needed {
                let group = GroupView { slot, facts, last_enters, start: range.start, records: &self.content[range] };
                each(&group).map_err(|fault| self.misshapen(fault))?;
            }
            self.fill()?;
        }
        Ok(())
    }

    /// Reads the next frame that is needed when the last one is used up.
    fn fill(&mut self) -> Result<(), CheckpointError> {
        while self.left.is_empty() {
            let next = self.segment.index.frames.get(self.next).filter(|frame| frame.slots.0 < self.end);
            let Some(entry) = next else { return Ok(()) };
            self.next += 1;
            if self.kept.is_some_and(|kept| kept.holds_all(entry)) {
                self.segment.prove(entry)?;
                continue;
            }
            self.content = self.segment.content(entry)?;
            let found = groups(&self.content, self.segment.form).map_err(|fault| self.misshapen(fault))?;
            let left = |group: &GroupView<'_>| Left {
                slot: group.slot,
                facts: group.facts,
                last_enters: group.last_enters,
                range: group.start..group.start + group.records.len(),
            };
            self.left = found.iter().rev().map(left).collect();
        }
        Ok(())
    }

    /// That the frame at hand is not made of groups.
    fn misshapen(&self, fault: String) -> CheckpointError {
        self.segment.misshapen(&self.segment.index.frames[self.next - 1], fault)
    }
}
