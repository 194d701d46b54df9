//! A checkpoint folder in use: opened at its newest good manifest, cut, tidied.
//!
//! Names: `manifest-N`, `facts-N`, `cases-N`, `said-N` with one ever greater N, so that no name is used twice: a file whose
//! fate is unknown after a failure is left behind, never written again, and removed once no manifest names it.

use std::sync::Arc;

use facts::Transition;

use super::case_cache::{self, CaseCut, Since};
use super::compaction;
use super::fault::CheckpointError;
use super::gathered::Gathered;
use super::manifest::{ClockMark, MANIFEST_MAX, Manifest, SaidEntry, SaidThrough, SegmentEntry, StreamPosition};
use super::said_table::{self, SaidTable};
use super::segment::{Segment, SegmentWriter, place};
use super::slot_set::SlotSet;
use super::storage::Storage;
use crate::sources::SourceState;

/// Manifests kept: the newest, and one to fall back to.
const MANIFESTS_KEPT: usize = 2;
/// A manifest is written under this name first.
const UNFINISHED: &str = "manifest.unfinished";
/// A file that is there since the first manifest was: without it, a folder whose manifests are lost would look like one in
/// which the first cut was never finished, and what is left in it would be removed.
const BEGUN: &str = "begun";
const BEGUN_TEXT: &[u8] = b"a checkpoint is kept in this folder; without a manifest it is damaged\n";

/// What one cut adds to the checkpoint.
#[derive(Clone, Debug)]
pub struct Cut {
    /// Facts since the last cut.
    pub facts: Gathered,
    /// The cases of some slots, none later than the clock.
    pub cases: Option<CaseCut>,
    /// The clock.
    pub clock: ClockMark,
    /// How far each stream was read: to the message of the last fact.
    pub streams: Vec<StreamPosition>,
    /// When each source was heard.
    pub sources: Vec<SourceState>,
    /// Up to where everything was said.
    pub said_through: Option<SaidThrough>,
    /// A newer table of last messages, if there is one.
    pub said: Option<SaidTable>,
    /// Hash of the configuration in force.
    pub configuration: String,
    /// Version of this program.
    pub engine: String,
}

/// A checkpoint folder in use.
pub struct Checkpoint {
    pub(super) storage: Arc<dyn Storage>,
    /// Oldest first; at most [`MANIFESTS_KEPT`].
    manifests: Vec<Manifest>,
    /// Greater than that of every file.
    next: u64,
    /// The folder is marked as one that has held a manifest.
    begun: bool,
    /// What came since cases were written.
    pub(super) since: Since,
}

impl Checkpoint {
    /// Opens the folder at its newest good manifest; an empty folder has none. What no manifest names is removed.
    ///
    /// # Errors
    /// When it cannot be read, holds manifests and none of them is good, or held one and holds none any more.
    pub fn open(storage: Arc<dyn Storage>) -> Result<Checkpoint, CheckpointError> {
        let names = list(storage.as_ref())?;
        let next = names.iter().filter_map(|name| number(name)).max().unwrap_or(0) + 1;
        let mut manifests = Vec::new();
        let mut faults = Vec::new();
        for name in manifest_names(&names) {
            match good_manifest(storage.as_ref(), name) {
                Ok(manifest) => manifests.insert(0, manifest),
                Err(fault) if manifests.is_empty() => {
                    tracing::error!(%fault, "a manifest of the checkpoint cannot be used; the one before is tried");
                    faults.push(fault);
                }
                Err(fault) => tracing::warn!(%fault, "an older manifest of the checkpoint cannot be used"),
            }
            if manifests.len() == MANIFESTS_KEPT {
                break;
            }
        }
        if manifests.is_empty() && !faults.is_empty() {
            return Err(CheckpointError::no_good_manifest(&faults));
        }
        let begun = names.iter().any(|name| name == BEGUN);
        if manifests.is_empty() && begun {
            return Err(CheckpointError::ManifestsLost { folder: storage.place() });
        }
        let checkpoint = Checkpoint { storage, manifests, next, begun, since: Since::default() };
        // With a fault, what could not be used is left for a person to look at.
        if faults.is_empty() {
            checkpoint.tidy();
        }
        Ok(checkpoint)
    }

    /// The newest manifest; `None` for a new folder.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifests.last()
    }

    /// How many lights the table of last messages holds.
    #[must_use]
    pub fn lights_said(&self) -> usize {
        let said = self.manifest().and_then(|manifest| manifest.said.as_ref());
        said.map_or(0, |said| usize::try_from(said.lights).unwrap_or(usize::MAX))
    }

    /// Hands the last message of each light, without what stays in ALERTS, to `each`; returns when ALERTS was made (in
    /// microseconds since 1970) and the sequence that they cover. `None` while there is no table.
    ///
    /// # Errors
    /// When the table is not what was written.
    pub fn said(&self, mut each: impl FnMut(Transition)) -> Result<Option<(i64, u64)>, CheckpointError> {
        let Some(entry) = self.manifest().and_then(|manifest| manifest.said.as_ref()) else { return Ok(None) };
        said_table::read(self.storage.as_ref(), &entry.file, &mut each)?;
        Ok(Some((entry.created_micros, entry.sequence)))
    }

    /// Writes a cut durably, then merges segments where there are many, and removes what is not needed any more.
    ///
    /// # Errors
    /// When the cut cannot be written: the checkpoint is what it was before, and the same cut may be tried again. A
    /// failure to merge or to remove is only logged.
    pub fn commit(&mut self, cut: &Cut) -> Result<(), CheckpointError> {
        let before = self.manifest();
        let mut segments = before.map(|manifest| manifest.segments.clone()).unwrap_or_default();
        let mut said = before.and_then(|manifest| manifest.said.clone());
        let mut cases = before.map(|manifest| manifest.cases.clone()).unwrap_or_default();
        let storage = Arc::clone(&self.storage);
        if !cut.facts.is_empty() {
            let name = self.name("facts");
            let mut writer = SegmentWriter::create(storage.as_ref(), name.clone())?;
            for (slot, group) in cut.facts.groups() {
                writer.group(slot, group.facts, group.last_enters, &group.bytes)?;
            }
            let totals = *cut.facts.totals();
            segments.push(SegmentEntry { file: name, bytes: writer.finish(totals)?, totals });
        }
        if let Some(table) = &cut.said {
            said = Some(self.write_said(table)?);
        }
        let mut written = None;
        if let Some(cut) = &cut.cases {
            let name = self.name("cases");
            match case_cache::write(storage.as_ref(), name, cut, &cases) {
                Ok(with_these) => (cases, written) = (with_these, Some(&cut.slots)),
                // Facts must not wait for what follows from them.
                Err(error) => {
                    tracing::warn!(%error, "cases could not be kept beside the facts; a later cut tries again")
                }
            }
        }
        let manifest = Manifest {
            number: self.take_number(),
            clock: cut.clock,
            said_through: cut.said_through.clone(),
            configuration: cut.configuration.clone(),
            engine: cut.engine.clone(),
            streams: cut.streams.clone(),
            sources: cut.sources.clone(),
            said,
            cases,
            segments,
        };
        self.publish(manifest)?;
        self.since.cut(&cut.facts, written);
        if let Err(error) = self.merge() {
            tracing::error!(%error, "segments of the checkpoint could not be merged; they stay as they are");
        }
        self.tidy();
        Ok(())
    }

    /// The slots whose cases the next cut should write, for starts of `engine`: a bounded part of those that need it. `last`:
    /// nothing comes after, and all of which anything came need it.
    #[must_use]
    pub fn wanted_cases(&self, engine: &str, last: bool) -> SlotSet {
        self.manifest().map_or(SlotSet::EMPTY, |manifest| self.since.wanted(manifest, engine, last))
    }

    fn write_said(&mut self, table: &SaidTable) -> Result<SaidEntry, CheckpointError> {
        let file = self.name("said");
        let system = |what| CheckpointError::system(what, place(self.storage.as_ref(), &file));
        let mut output = self.storage.create(&file).map_err(system("create"))?;
        output.write(&table.frames).map_err(system("write"))?;
        output.sync().map_err(system("make durable"))?;
        Ok(SaidEntry {
            file,
            bytes: table.frames.len() as u64,
            lights: table.lights,
            created_micros: table.created_micros,
            sequence: table.sequence,
        })
    }

    /// Makes a manifest the newest one: its files are durable, then their names, then it.
    fn publish(&mut self, manifest: Manifest) -> Result<(), CheckpointError> {
        let name = format!("manifest-{:010}", manifest.number);
        let system = |what| CheckpointError::system(what, place(self.storage.as_ref(), &name));
        let mut output = self.storage.create(UNFINISHED).map_err(system("create"))?;
        output.write(manifest.to_text().as_bytes()).map_err(system("write"))?;
        output.sync().map_err(system("make durable"))?;
        self.storage.sync_folder().map_err(system("make durable the files of"))?;
        self.storage.rename(UNFINISHED, &name).map_err(system("rename"))?;
        self.storage.sync_folder().map_err(system("make durable the name of"))?;
        self.manifests.push(manifest);
        let surplus = self.manifests.len().saturating_sub(MANIFESTS_KEPT);
        self.manifests.drain(..surplus);
        if !self.begun {
            match self.mark_begun() {
                Ok(()) => self.begun = true,
                Err(error) => {
                    tracing::warn!(%error, "the checkpoint could not be marked as begun; the next cut tries again")
                }
            }
        }
        Ok(())
    }

    fn mark_begun(&self) -> std::io::Result<()> {
        let mut output = self.storage.create(BEGUN)?;
        output.write(BEGUN_TEXT)?;
        output.sync()?;
        self.storage.sync_folder()
    }

    /// Merges segments of like size until there are few.
    fn merge(&mut self) -> Result<(), CheckpointError> {
        while let Some(merged) = self.manifest().and_then(|manifest| compaction::worth_merging(&manifest.segments)) {
            let name = self.name("facts");
            let storage = Arc::clone(&self.storage);
            let manifest = self.manifest().expect("it names the segments to be merged").clone();
            let (old, mut kept): (Vec<_>, Vec<_>) =
                manifest.segments.into_iter().partition(|segment| merged.contains(&segment.file));
            kept.push(compaction::merge(storage.as_ref(), &old, name)?);
            let number = self.take_number();
            self.publish(Manifest { number, segments: kept, ..manifest })?;
        }
        Ok(())
    }

    /// Removes what no kept manifest names. What cannot be removed now is removed another time.
    fn tidy(&self) {
        let kept = |name: &str| {
            number(name).is_none() && name != UNFINISHED
                || self.manifests.iter().any(|manifest| {
                    number(name) == Some(manifest.number) && name.starts_with("manifest-")
                        || manifest.files().any(|file| file == name)
                })
        };
        let names = list(self.storage.as_ref()).unwrap_or_default();
        for name in names.iter().filter(|name| !kept(name)) {
            if let Err(error) = self.storage.remove(name) {
                tracing::warn!(file = name, %error, "a file of the checkpoint that is not needed could not be removed");
            }
        }
    }

    fn take_number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    fn name(&mut self, kind: &str) -> String {
        format!("{kind}-{:010}", self.take_number())
    }
}

/// All names.
pub(super) fn list(storage: &dyn Storage) -> Result<Vec<String>, CheckpointError> {
    storage.list().map_err(CheckpointError::system("list the folder", storage.place()))
}

/// The manifests among `names`, newest first.
pub(super) fn manifest_names(names: &[String]) -> Vec<&str> {
    let mut found: Vec<(u64, &str)> = names
        .iter()
        .filter(|name| name.starts_with("manifest-"))
        .filter_map(|name| Some((number(name)?, name.as_str())))
        .collect();
    found.sort_unstable();
    found.into_iter().rev().map(|(_, name)| name).collect()
}

/// The number of a file that this module names.
fn number(name: &str) -> Option<u64> {
    let (kind, number) = name.split_once('-')?;
    ["manifest", "facts", "cases", "said"].contains(&kind).then(|| number.parse().ok()).flatten()
}

/// A whole file and its place, for messages.
pub(super) fn read_all(storage: &dyn Storage, name: &str, size_max: u64) -> Result<(String, Vec<u8>), CheckpointError> {
    let file = place(storage, name);
    let read = |source| CheckpointError::System { what: "read", file: file.clone(), source };
    let input = storage.open(name).map_err(read)?;
    let size = input.size().map_err(read)?;
    let length = usize::try_from(size).ok().filter(|_| size <= size_max);
    let length =
        length.ok_or_else(|| CheckpointError::damaged(file.clone(), 0, format!("{size} bytes are too many")))?;
    let mut bytes = vec![0; length];
    input.read_at(0, &mut bytes).map_err(read)?;
    Ok((file, bytes))
}

/// The manifest `name`.
pub(super) fn read_manifest(storage: &dyn Storage, name: &str) -> Result<Manifest, CheckpointError> {
    let (file, bytes) = read_all(storage, name, MANIFEST_MAX)?;
    Manifest::read(&bytes).map_err(|fault| CheckpointError::damaged(file, 0, fault))
}

/// A manifest whose files are all there and as long as they were written.
pub(super) fn good_manifest(storage: &dyn Storage, name: &str) -> Result<Manifest, CheckpointError> {
    let manifest = read_manifest(storage, name)?;
    for entry in &manifest.segments {
        check_segment(storage, entry)?;
    }
    if let Some(said) = &manifest.said {
        check_said(storage, said)?;
    }
    Ok(manifest)
}

/// A segment that is what its manifest says, as far as its index tells.
pub(super) fn check_segment(storage: &dyn Storage, entry: &SegmentEntry) -> Result<Segment, CheckpointError> {
    check_size(storage, &entry.file, entry.bytes)?;
    let segment = Segment::open(storage, &entry.file)?;
    if segment.index.totals != entry.totals {
        return Err(CheckpointError::damaged(
            segment.file,
            0,
            "its index adds up to something else than its manifest says",
        ));
    }
    Ok(segment)
}

/// A table that is as long as its manifest says, with sound frames: it is needed as a whole.
pub(super) fn check_said(storage: &dyn Storage, entry: &SaidEntry) -> Result<(), CheckpointError> {
    check_size(storage, &entry.file, entry.bytes)?;
    let lights = said_table::count(storage, &entry.file)?;
    if lights != entry.lights {
        let fault = format!("it holds {lights} lights, its manifest says {}", entry.lights);
        return Err(CheckpointError::damaged(place(storage, &entry.file), 0, fault));
    }
    Ok(())
}

fn check_size(storage: &dyn Storage, name: &str, expected: u64) -> Result<(), CheckpointError> {
    let file = place(storage, name);
    let size = storage.open(name).and_then(|input| input.size());
    let size = size.map_err(|source| CheckpointError::System { what: "read", file: file.clone(), source })?;
    if size != expected {
        return Err(CheckpointError::damaged(file, size.min(expected), format!("{size} bytes instead of {expected}")));
    }
    Ok(())
}
