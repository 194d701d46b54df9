//! Cases that have come to rest for good, out of memory: packed, on disk, read back when somebody asks.
//!
//! ```text
//! seal ─► fresh (in memory, by place) ──when large──► run (a file, sorted by place)
//! take, read ◄── fresh, then runs from the newest to the oldest: filter ─► index ─► one frame
//! ```
//!
//! The place of a case is the hash of its number, turned so that the cases of one slot of the checkpoint lie side by side.
//! Eight runs of like size are merged into one, up to a gibibyte, so that there are few of them.
//!
//! - Memory: what is fresh (at most [`FRESH_BYTES`]), and some two bytes a case on disk.
//! - A case that is taken back and sealed again stands in a newer place; what an older run still holds of it is never
//!   found. Whoever walks over all cases asks which are live.
//! - Files have no name: they are gone with the process, however it ends. All of it follows from the facts, and the
//!   checkpoint holds those.
//! - A run that cannot be written stays in memory and is tried again; one that cannot be read ends the worker: the facts
//!   in it must not be missed in silence.
//!
//! Not here: which case is sealed when.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use compact_str::CompactString;

use crate::case_hash::case_hash;
use crate::checkpoint::SLOTS;

mod filter;
mod run;

use run::{Run, RunReader, RunWriter};

/// A run is written when so much is fresh.
const FRESH_BYTES: usize = 16 * 1024 * 1024;

/// Runs of one level that are merged.
const MERGED: usize = 8;
/// Runs of this level stay as they are: a merge takes seconds, and the worker waits for it.
const LEVEL_MAX: u8 = 2;

/// What orders cases on disk.
type Key = (u64, CompactString);

/// Bits of a hash that tell the slot of the checkpoint.
const SLOT_BITS: u32 = SLOTS.trailing_zeros();

/// The place of a case among all: by slot, then by the rest of the hash.
fn place_of(id: &str) -> u64 {
    case_hash(id).rotate_right(SLOT_BITS)
}

/// The hash of a case at a place.
fn hash_at(place: u64) -> u64 {
    place.rotate_left(SLOT_BITS)
}

/// The sealed cases of one worker.
pub(crate) struct ColdStore {
    folder: PathBuf,
    fresh: BTreeMap<Key, Box<[u8]>>,
    fresh_bytes: usize,
    /// Fresh bytes at which a run is written: more after a failure.
    full_at: usize,
    /// Oldest first.
    runs: Vec<Run>,
    /// Cases sealed.
    cases: usize,
}

impl ColdStore {
    /// An empty store that writes its files in `folder`, which is made when it is needed.
    pub(crate) fn new(folder: &Path) -> ColdStore {
        ColdStore {
            folder: folder.to_owned(),
            fresh: BTreeMap::new(),
            fresh_bytes: 0,
            full_at: FRESH_BYTES,
            runs: Vec::new(),
            cases: 0,
        }
    }

    /// What is in it, as a store of its own; nothing is left.
    pub(crate) fn emptied(&mut self) -> ColdStore {
        let empty = ColdStore::new(&self.folder);
        std::mem::replace(self, empty)
    }

    /// How many cases are sealed.
    pub(crate) fn len(&self) -> usize {
        self.cases
    }

    /// Bytes of memory that they take.
    pub(crate) fn bytes(&self) -> usize {
        self.fresh_bytes + self.runs.iter().map(Run::bytes).sum::<usize>()
    }

    /// Seals a case, which is not sealed.
    pub(crate) fn seal(&mut self, id: &str, packed: Box<[u8]>) {
        self.fresh_bytes += packed.len();
        self.fresh.insert((place_of(id), id.into()), packed);
        self.cases += 1;
        if self.fresh_bytes >= self.full_at {
            self.write_run();
        }
    }

    /// Takes a case back; `None` when it is not sealed. It must be live before the next question for it.
    pub(crate) fn take(&mut self, id: &str) -> Option<Box<[u8]>> {
        if self.cases == 0 {
            return None;
        }
        let packed = match self.fresh.remove(&(place_of(id), id.into())) {
            Some(packed) => {
                self.fresh_bytes -= packed.len();
                packed
            }
            None => self.find(id)?,
        };
        self.cases -= 1;
        Some(packed)
    }

    /// The bytes of a case that is not live; `None` when it is not sealed.
    pub(crate) fn read(&self, id: &str) -> Option<Box<[u8]>> {
        let fresh = if self.fresh.is_empty() { None } else { self.fresh.get(&(place_of(id), id.into())).cloned() };
        fresh.or_else(|| self.find(id))
    }

    /// Among the runs, the newest first.
    fn find(&self, id: &str) -> Option<Box<[u8]>> {
        let place = place_of(id);
        self.runs.iter().rev().find_map(|run| readable(run.find(place, id)))
    }

    fn write_run(&mut self) {
        let written = RunWriter::create(&self.folder, self.fresh.len(), 0).and_then(|mut writer| {
            self.fresh.iter().try_for_each(|((place, _), packed)| writer.add(*place, packed))?;
            writer.finish()
        });
        match written {
            Ok(run) => {
                self.runs.push(run);
                self.fresh.clear();
                (self.fresh_bytes, self.full_at) = (0, FRESH_BYTES);
                (0..LEVEL_MAX).for_each(|level| self.merge(level));
            }
            Err(error) => {
                let folder = self.folder.display();
                tracing::error!(%folder, %error, "sealed cases cannot be written and stay in memory; make room");
                self.full_at = self.fresh_bytes + FRESH_BYTES;
            }
        }
    }

    /// Merges the runs of a level when there are enough of them.
    fn merge(&mut self, level: u8) {
        // Older runs have the same level or a higher one.
        let start = self.runs.partition_point(|run| run.level > level);
        let old = &self.runs[start..];
        let old = &old[..old.partition_point(|run| run.level == level)];
        if old.len() < MERGED {
            return;
        }
        let written = RunWriter::create(&self.folder, old.iter().map(|run| run.cases).sum(), level + 1);
        let written = written.and_then(|mut writer| {
            let newest_first = old.iter().rev().map(|run| RunReader::of(run).map(readable));
            Merged::of(newest_first).try_for_each(|(place, packed)| writer.add(place, &packed))?;
            writer.finish()
        });
        let end = start + old.len();
        match written {
            Ok(run) => drop(self.runs.splice(start..end, [run])),
            Err(error) => tracing::warn!(%error, "files of sealed cases could not be merged; they stay as they are"),
        }
    }

    /// The cases of one slot of the checkpoint once, each as it was sealed last. Those that are live again come, too.
    pub(crate) fn in_slot(&self, slot: u16) -> impl Iterator<Item = Box<[u8]>> {
        let first = u64::from(slot) << (u64::BITS - SLOT_BITS);
        let last = first | u64::MAX >> SLOT_BITS;
        let fresh = self.fresh.range((first, CompactString::default())..);
        let fresh = fresh.map(|((place, _), packed)| (*place, packed.clone()));
        let fresh: Box<dyn Iterator<Item = Sealed> + '_> = Box::new(fresh.take_while(move |(place, _)| *place <= last));
        let runs = self.runs.iter().rev().map(move |run| -> Box<dyn Iterator<Item = Sealed> + '_> {
            let from_first = RunReader::from(run, first).map(readable).skip_while(move |(place, _)| *place < first);
            Box::new(from_first.take_while(move |(place, _)| *place <= last))
        });
        Merged::of(std::iter::once(fresh).chain(runs)).map(|(_, packed)| packed)
    }

    /// All cases once, in the order of their places, each as it was sealed last. Those that are live again come, too.
    pub(crate) fn into_cases(self) -> impl Iterator<Item = Box<[u8]>> {
        let fresh = self.fresh.into_iter().map(|((place, _), packed)| (place, packed));
        let fresh: Box<dyn Iterator<Item = Sealed>> = Box::new(fresh);
        let runs = self.runs.into_iter().rev();
        let runs = runs.map(|run| -> Box<dyn Iterator<Item = Sealed>> { Box::new(RunReader::of(run).map(readable)) });
        Merged::of(std::iter::once(fresh).chain(runs)).map(|(_, packed)| packed)
    }
}

/// What was read, or the worker's end.
fn readable<T>(read: std::io::Result<T>) -> T {
    read.unwrap_or_else(|error| panic!("sealed cases cannot be read back: {error}; their facts are in the checkpoint"))
}

/// A case with its place.
type Sealed = (u64, Box<[u8]>);

/// Sources in the order of places as one, without what a newer source holds.
struct Merged<I: Iterator<Item = Sealed>> {
    /// Newest first.
    sources: Vec<std::iter::Peekable<I>>,
    /// Numbers of the cases at `place` that came.
    same: Vec<CompactString>,
    place: u64,
}

impl<I: Iterator<Item = Sealed>> Merged<I> {
    /// Of sources that come newest first: of one case the first one counts.
    fn of(sources: impl Iterator<Item = I>) -> Merged<I> {
        Merged { sources: sources.map(Iterator::peekable).collect(), same: Vec::new(), place: 0 }
    }
}

impl<I: Iterator<Item = Sealed>> Iterator for Merged<I> {
    type Item = Sealed;

    fn next(&mut self) -> Option<Sealed> {
        loop {
            let heads = self.sources.iter_mut().enumerate();
            let heads = heads.filter_map(|(number, source)| source.peek().map(|(place, _)| (*place, number)));
            let (place, number) = heads.min()?;
            let (_, packed) = self.sources[number].next()?;
            if place != self.place {
                (self.place, self.same) = (place, Vec::new());
            }
            let id = CompactString::from(crate::packed_case::id_of(&packed));
            if !self.same.contains(&id) {
                self.same.push(id);
                return Some((place, packed));
            }
        }
    }
}

#[cfg(test)]
mod tests;
